/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices by PCI address, by node and by descriptor: found in sysfs, bound to the iommufd. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "iommufd.h"

/* VFIO's devices are all in sysfs; those with a node have its number there. */
static bool has_node(const char *name, const char *entry)
{
	char path[VFIO_PATH_SIZE], text[VFIO_NAME_SIZE];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.64s/vfio-dev/%s/dev", name, entry);
	return sys_read(path, text, sizeof(text)) != -ENOENT;
}

/* Opens the device's node, /dev/vfio/devices/vfioN. */
static int open_node(const struct ioasid_device *device)
{
	char path[VFIO_PATH_SIZE], entry[VFIO_NAME_SIZE / 4], node[VFIO_NAME_SIZE];
	const char *name = device->name;
	int ret, fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", name);
	ret = sys_entry(path, 0, entry, sizeof(entry));
	if (ret)
		return ret == -ENOENT ? iofd_why_no_node(device) :
					vfio_no_answer(name, path, -ret);
	snprintf(node, sizeof(node), "/dev/vfio/devices/%s", entry);
	fd = sys_open(node);
	if (fd == -ENOENT && !has_node(name, entry))
		return iofd_why_no_node(device);
	return fd < 0 ? vfio_why_not_open(name, node, "", -fd) : fd;
}

int iofd_device_new(struct ioasid_device *device, uint32_t requester, uint32_t group)
{
	struct iofd_device *d = mem_calloc(1, sizeof(*d));

	if (!d)
		return err_set(ENOMEM, "no memory for device %s", device->name);
	d->fd = -1;
	device->info = (struct ioasid_device_info){
		/* A device whose DMA is not coherent cannot be bound. */
		.size = sizeof(device->info), .requester = requester, .group = group,
		.coherent = true,
		/* The library walks them, for any IOMMU. */
		.pgtable_formats = pgt_known(), .nesting_software = true,
	};
	device->backend = d;
	return 0;
}

void iofd_device_free(struct ioasid_device *device)
{
	struct iofd_device *d = device->backend;

	mem_free(d->reserved);
	mem_free(d);
	device->backend = NULL;
}

/*
 * Is nothing in front of it, and may that be? VFIO makes up groups for such devices only where it
 * has groups at all (CONFIG_VFIO_GROUP).
 */
static int check_iommu(const struct ioasid_device *device, uint32_t group, bool *none)
{
	const bool may = device->ctx->flags & IOASID_CTX_NO_IOMMU;

	*none = may && group == IOASID_NO_GROUP;
	if (group == IOASID_NO_GROUP)
		return may ? 0 : iofd_no_iommu(device->name);
	return vfio_check_isolated(device->name, group, may ? none : NULL);
}

/* Asks of the IOMMU take no time, and what is destroyed after them is the context's affair. */
static int find_info(struct ioasid_device *device)
{
	int ret;

	ctx_lock(device->ctx);
	ret = iofd_device_info(device);
	device->info.page_requests = !ret && iofd_has_page_requests(device);
	ctx_unlock(device->ctx);
	return ret;
}

/* The descriptor is the device's if that goes well. */
static int bind(struct ioasid_device *device, int fd, uint32_t requester, uint32_t group)
{
	const struct iofd *iofd = device->ctx->backend;
	struct uapi_bind bind = { .argsz = UAPI_BIND_PLAIN, .iommufd = iofd->fd };
	struct iofd_device *d;
	bool none;
	int ret = check_iommu(device, group, &none);

	if (!ret)
		ret = iofd_device_new(device, requester, group);
	if (ret)
		return ret;
	device->info.no_iommu = none;
	d = device->backend;
	d->fd = fd;
	if (device->vf_token) {
		bind.argsz = sizeof(bind);
		bind.flags = UAPI_BIND_TOKEN;
		bind.token_uuid = (uintptr_t)device->vf_token;
	}
	ret = sys_ioctl(fd, UAPI_BIND, &bind);
	if (ret) {
		ret = iofd_why_not_bound(device, -ret);
	} else {
		d->id = bind.out_devid;
		ret = find_info(device);
	}
	if (ret)
		iofd_device_free(device);
	return ret;
}

/* Both of these: its descriptor, and whose it is. */
static int open_by_path(struct ioasid_device *device, uint32_t *requester, uint32_t *group)
{
	int ret, fd = sys_open(device->name);

	if (fd == -ENOENT)
		return err_set(ENODEV, "there is no %s", device->name);
	if (fd < 0)
		return vfio_why_not_open(device->name, device->name, "", -fd);
	ret = iofd_identify(device, fd, device->name, ENODEV, requester, group);
	if (ret)
		sys_close(fd);
	return ret ? ret : fd;
}

static int open_by_address(const struct ioasid_device *device, uint32_t *requester, uint32_t *group)
{
	int ret = vfio_parse_address(device->name, requester), fd;

	if (ret)
		return ret;
	fd = open_node(device);
	if (fd >= 0 && vfio_find_group(device->name, group))
		*group = IOASID_NO_GROUP;
	return fd;
}

int iofd_device_bind(struct ioasid_device *device)
{
	uint32_t requester = 0, group = 0;
	int fd = strchr(device->name, '/') ? open_by_path(device, &requester, &group) :
					     open_by_address(device, &requester, &group);
	int ret;

	if (fd < 0)
		return fd;
	ret = bind(device, fd, requester, group);
	if (ret)
		sys_close(fd);
	return ret;
}

int iofd_device_bind_fd(struct ioasid_device *device, int fd)
{
	uint32_t requester = 0, group = 0;
	char what[32];
	int ret;

	snprintf(what, sizeof(what), "descriptor %d", fd);
	ret = iofd_identify(device, fd, what, EINVAL, &requester, &group);
	return ret ? ret : bind(device, fd, requester, group);
}

void iofd_device_unbind(struct ioasid_device *device)
{
	const struct iofd_device *d = device->backend;

	if (d->fd >= 0 && !device->lent_fd)
		sys_close(d->fd);
	iofd_device_free(device);
}

uint32_t iofd_device_id(const struct ioasid_device *device)
{
	return ((const struct iofd_device *)device->backend)->id;
}

uint32_t iofd_space_number(const struct ioasid_device *device, uint32_t pasid)
{
	const struct ioasid_space *space = device_space(device, pasid);

	if (!space)	/* in a table of a guest's, PASIDs are its own */
		space = device_space(device, IOASID_NO_PASID);
	return space ? space->id : 0;
}

size_t iofd_device_reserved(const struct ioasid_device *device, struct ioasid_range *ranges,
			    size_t n)
{
	const struct iofd_device *d = device->backend;
	size_t count = (size_t)bits_min(n, d->n_reserved);

	if (count)
		memcpy(ranges, d->reserved, count * sizeof(*ranges));
	return d->n_reserved;
}

int iofd_device_fd(const struct ioasid_device *device)
{
	const struct iofd_device *d = device->backend;

	return d->fd >= 0 ? d->fd : err_set(EOPNOTSUPP, "%s: its descriptor is that of the "
					    "framework that has bound it", device->name);
}
