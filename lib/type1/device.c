/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices by PCI address: found through sysfs, taken from their group. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "type1.h"

/* 0: it is not for the token. Where they are not known, no device has the name with one behind. */
static int why_no_token(const char *name, int error)
{
	if (error == EINVAL)
		return vfio_check_token(name);
	if (error != ENODEV || vfio_check_driver(name))
		return 0;
	return err_set(EOPNOTSUPP, "%s: this kernel takes no VF token for it (Linux 5.7)", name);
}

static int why_no_fd(const struct ioasid_device *device, uint32_t group, int error)
{
	const char *name = device->name;
	int ret = device->vf_token ? why_no_token(name, error) : 0;

	if (ret)
		return ret;
	switch (error) {
	case EACCES:
		return vfio_wants_token(name, device->vf_token);
	case EPERM:
		return err_set(EACCES, "%s: the kernel does not hand it out: %s", name,
			       strerror(error));
	case EBUSY:
		return err_set(EBUSY, "%s: in use by another process", name);
	case EAGAIN:
		return vfio_not_reset(name);
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return err_set(ENOMEM, "%s: no descriptor: %s", name, strerror(error));
	default:
		return err_set(ENODEV, "%s: group %u does not hand it out: %s", name, group,
			       strerror(error));
	}
}

/* A token goes behind the name. */
static int get_fd(const struct ioasid_device *device, const struct t1_group *group)
{
	char uuid[VFIO_UUID_SIZE], with[VFIO_NAME_SIZE];

	if (!device->vf_token)
		return sys_ioctl(group->fd, UAPI_GROUP_GET_DEVICE_FD, device->name);
	vfio_token_text(device->vf_token, uuid);
	snprintf(with, sizeof(with), "%s vf_token=%s", device->name, uuid);
	return sys_ioctl(group->fd, UAPI_GROUP_GET_DEVICE_FD, with);
}

static int open_device(const struct ioasid_device *device, struct t1_device *d)
{
	int ret;

	d->fd = get_fd(device, d->group);
	if (d->fd < 0)
		return why_no_fd(device, d->group->id, -d->fd);
	ret = d->group->page_sizes ? 0 : t1_group_info(device, d->group);
	if (ret)
		sys_close(d->fd);
	return ret;
}

static int find(const char *name, uint32_t *requester, uint32_t *group)
{
	int ret = vfio_parse_address(name, requester);

	if (!ret)
		ret = vfio_check_driver(name);
	if (!ret && vfio_find_group(name, group))
		ret = err_set(ENODEV, "%s is behind no IOMMU (is it switched on? "
			      "intel_iommu=on)", name);
	return ret;
}

static void fill_info(struct ioasid_device *device, uint32_t requester,
		      const struct t1_group *group)
{
	device->info = (struct ioasid_device_info){
		/* A device whose DMA is not coherent cannot be bound. */
		.size = sizeof(device->info), .requester = requester, .coherent = true,
		.group = group->id, .page_sizes = group->page_sizes,
		.address_bits = group->address_bits,
		/* The library walks them, for any IOMMU. */
		.pgtable_formats = pgt_known(), .nesting_software = true,
		.enforce_snoop = group->enforces_snoop, .dirty_tracking = group->dirty_page,
		.max_mappings = group->max_entries < UINT32_MAX ? group->max_entries : 0,
	};
}

int t1_device_bind(struct ioasid_device *device)
{
	uint32_t requester = 0, group = 0;
	struct t1_device *d;
	int ret = find(device->name, &requester, &group);

	if (ret)
		return ret;
	d = mem_calloc(1, sizeof(*d));
	if (!d)
		return err_set(ENOMEM, "no memory for device %s", device->name);
	ret = t1_group_get(device, group, &d->group);
	if (ret) {
		mem_free(d);
		return ret;
	}
	ret = open_device(device, d);
	if (ret) {
		t1_group_put(device->ctx, d->group);
		mem_free(d);
		return ret;
	}
	fill_info(device, requester, d->group);
	device->backend = d;
	return 0;
}

void t1_device_unbind(struct ioasid_device *device)
{
	struct t1_device *d = device->backend;

	sys_close(d->fd);
	t1_group_put(device->ctx, d->group);
	mem_free(d);
}

size_t t1_device_reserved(const struct ioasid_device *device, struct ioasid_range *ranges,
			  size_t n)
{
	const struct t1_group *group = ((const struct t1_device *)device->backend)->group;
	size_t count = (size_t)bits_min(n, group->n_reserved);

	if (count)
		memcpy(ranges, group->reserved, count * sizeof(*ranges));
	return group->n_reserved;
}

int t1_device_fd(const struct ioasid_device *device)
{
	return ((const struct t1_device *)device->backend)->fd;
}

int t1_group_fd(const struct ioasid_device *device)
{
	return ((const struct t1_device *)device->backend)->group->fd;
}
