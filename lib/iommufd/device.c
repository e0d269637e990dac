/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices by PCI address: found through sysfs, opened, bound to the iommufd. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "iommufd.h"

/* Opens the device's node, /dev/vfio/devices/vfioN. */
static int open_node(const char *name)
{
	char path[VFIO_PATH_SIZE], entry[VFIO_NAME_SIZE / 2], node[VFIO_NAME_SIZE];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", name);
	if (sys_entry(path, 0, entry, sizeof(entry)))
		return iofd_why_no_node(name);
	snprintf(node, sizeof(node), "/dev/vfio/devices/%s", entry);
	fd = sys_open(node);
	return fd < 0 ? vfio_why_not_open(name, node, IOFD_CDEV, -fd) : fd;
}

static int bind(struct ioasid_device *device)
{
	const struct iofd *iofd = device->ctx->backend;
	struct iofd_device *d = device->backend;
	struct uapi_bind bind = { .argsz = sizeof(bind), .iommufd = iofd->fd };
	int ret = sys_ioctl(d->fd, UAPI_BIND, &bind);

	if (ret)
		return iofd_why_not_bound(device, -ret);
	d->id = bind.out_devid;
	return iofd_device_info(device);
}

int iofd_device_bind(struct ioasid_device *device)
{
	struct iofd_device *d;
	uint32_t requester = 0;
	int ret = vfio_parse_address(device->name, &requester);

	if (ret)
		return ret;
	d = mem_calloc(1, sizeof(*d));
	if (!d)
		return err_set(ENOMEM, "no memory for device %s", device->name);
	device->info = (struct ioasid_device_info){
		/* A device whose DMA is not coherent cannot be bound. */
		.size = sizeof(device->info), .requester = requester, .coherent = true,
		/* The library walks them, for any IOMMU. */
		.pgtable_formats = pgt_known(), .nesting_software = true,
	};
	device->backend = d;
	d->fd = open_node(device->name);
	if (d->fd < 0) {
		ret = d->fd;
	} else if (vfio_find_group(device->name, &device->info.group)) {
		sys_close(d->fd);
		ret = err_set(ENODEV, "%s is behind no IOMMU (is it switched on? intel_iommu=on)",
			      device->name);
	} else {
		ret = bind(device);
		if (!ret)
			return 0;
		sys_close(d->fd);
	}
	mem_free(d->reserved);
	mem_free(d);
	device->backend = NULL;
	return ret;
}

void iofd_device_unbind(struct ioasid_device *device)
{
	struct iofd_device *d = device->backend;

	sys_close(d->fd);
	mem_free(d->reserved);
	mem_free(d);
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
	return ((const struct iofd_device *)device->backend)->fd;
}
