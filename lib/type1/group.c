/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Groups, each with a container of its own, which it keeps. A device's descriptor ties its group to
 * the container: to take the group elsewhere, all of them would have to be closed, and what is set
 * up in the devices would be lost. So it is mappings that come and go (route.c), and not groups.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "type1.h"

#define GROUP_CONFIG ", which takes CONFIG_VFIO_GROUP"

static int open_group(const char *name, uint32_t id)
{
	char node[VFIO_NAME_SIZE];
	int ret = vfio_check_isolated(name, id, NULL), fd;

	if (ret)
		return ret;
	snprintf(node, sizeof(node), "/dev/vfio/%u", id);
	fd = sys_open(node);
	return fd < 0 ? vfio_why_not_open(name, node, GROUP_CONFIG, -fd) : fd;
}

static int check_viable(const char *name, const struct t1_group *group)
{
	struct uapi_group_status status = { .argsz = sizeof(status) };
	int ret = sys_ioctl(group->fd, UAPI_GROUP_GET_STATUS, &status);

	if (ret)
		return err_set(ENODEV, "%s: group %u: no status: %s", name, group->id,
			       strerror(-ret));
	return status.flags & UAPI_GROUP_VIABLE ? 0 : vfio_why_not_viable(name, group->id, "");
}

/* Where the firmware needs the device: EINVAL since Linux 6.6, EPERM of VT-d's driver before. */
static int why_no_container(const char *name, uint32_t id, int error)
{
	int ret = error == EINVAL || error == EPERM ? vfio_check_firmware(name, id) : 0;

	if (ret)
		return ret;
	switch (error) {
	case ENOMEM:
		return err_set(ENOMEM, "%s: the kernel has no memory to bind group %u", name, id);
	case EBUSY:
		return err_set(EBUSY, "%s: group %u is in use by somebody else", name, id);
	case EPERM:
		return err_set(EPERM,
			       "%s: the interrupts of group %u are not isolated (no interrupt "
			       "remapping; vfio_iommu_type1's allow_unsafe_interrupts)",
			       name, id);
	default:
		return err_set(ENODEV, "%s: group %u gets no address space: %s", name, id,
			       strerror(error));
	}
}

/* The container of the group; with it, and empty, the group is isolated. */
static int open_container(const char *name, struct t1_group *group)
{
	int ret;

	group->container = sys_open(T1_NODE);
	if (group->container < 0)
		return vfio_why_no_kernel(T1_NODE, "CONFIG_VFIO_CONTAINER", "vfio",
					  -group->container);
	ret = sys_ioctl(group->fd, UAPI_GROUP_SET_CONTAINER, &group->container);
	if (!ret)
		ret = t1_ioctl_number(group->container, UAPI_SET_IOMMU, UAPI_TYPE1V2_IOMMU);
	if (!ret)
		return 0;
	sys_close(group->container);
	return why_no_container(name, group->id, -ret);
}

static int open_both(const char *name, struct t1_group *group)
{
	int ret;

	group->fd = open_group(name, group->id);
	if (group->fd < 0)
		return group->fd;
	ret = check_viable(name, group);
	if (!ret)
		ret = open_container(name, group);
	if (ret)
		sys_close(group->fd);
	return ret;
}

int t1_group_get(const struct ioasid_device *device, uint32_t id, struct t1_group **out)
{
	struct t1 *t1 = t1_of(device->ctx);
	struct t1_group *group;
	int ret;

	for (group = t1->groups; group && group->id != id; group = group->next)
		;
	if (!group) {
		group = mem_calloc(1, sizeof(*group));
		if (!group)
			return err_set(ENOMEM, "no memory for device %s", device->name);
		group->id = id;
		ret = open_both(device->name, group);
		if (ret) {
			mem_free(group);
			return ret;
		}
		ctx_lock(device->ctx);
		group->next = t1->groups;
		t1->groups = group;
		ctx_unlock(device->ctx);
	}
	group->devices++;
	*out = group;
	return 0;
}

/* The kernel takes the group out of the container when the group's last descriptor is closed. */
void t1_group_put(struct ioasid_ctx *ctx, struct t1_group *group)
{
	struct t1_group **p;

	if (--group->devices)
		return;
	ctx_lock(ctx);
	for (p = &t1_of(ctx)->groups; *p != group; p = &(*p)->next)
		;
	*p = group->next;
	ctx_unlock(ctx);
	sys_close(group->fd);
	sys_close(group->container);
	mem_free(group->reserved);
	mem_free(group);
}
