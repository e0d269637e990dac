/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a device cannot be had, from what the system shows. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "iommufd.h"

#define NAME_SIZE 64

/* The driver that a PCI device is bound to, or NULL. */
static const char *driver_of(const char *name, char *buffer, size_t size)
{
	char path[2 * NAME_SIZE];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", name);
	return sys_link_name(path, buffer, size) ? NULL : buffer;
}

int iofd_why_no_node(const char *name)
{
	char path[2 * NAME_SIZE], text[NAME_SIZE];
	const char *driver = driver_of(name, text, sizeof(text));

	if (driver && (!strncmp(driver, "vfio", 4) || strstr(driver, "-vfio")))
		return err_set(ENODEV, "%s is bound to %s, but has no VFIO device node: the kernel needs "
			       "CONFIG_VFIO_DEVICE_CDEV (Linux 6.6)", name, driver);
	if (driver)
		return err_set(ENODEV, "%s is bound to %s: bind it to vfio-pci", name, driver);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", name);
	if (sys_link_name(path, text, sizeof(text)) == -ENOENT)
		return err_set(ENODEV, "there is no PCI device %s", name);
	return err_set(ENODEV, "%s is bound to no driver: bind it to vfio-pci", name);
}

int iofd_why_not_open(const char *name, const char *node, int error)
{
	switch (error) {
	case ENOENT:
		return err_set(ENODEV, "%s: there is no %s: the kernel needs CONFIG_VFIO_DEVICE_CDEV "
			       "(Linux 6.6)", name, node);
	case EACCES:
	case EPERM:
		return err_set(EACCES, "%s: no permission to open %s for reading and writing", name,
			       node);
	case EBUSY:
		return err_set(EBUSY, "%s: %s is in use, by a VFIO group", name, node);
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return err_set(ENOMEM, "%s: %s: %s", name, node, strerror(error));
	default:
		return err_set(ENODEV, "%s: %s: %s", name, node, strerror(error));
	}
}

/* The kernel has not said why the group is not viable: find somebody in it who is in the way. */
static int why_not_viable(const struct ioasid_device *device)
{
	char path[2 * NAME_SIZE], other[NAME_SIZE], text[NAME_SIZE];
	unsigned int i;

	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%u/devices", device->info.group);
	for (i = 0; !sys_entry(path, i, other, sizeof(other)); i++) {
		const char *driver = driver_of(other, text, sizeof(text));

		if (!driver || !strcmp(other, device->name) || strstr(driver, "vfio") ||
		    !strcmp(driver, "pci-stub") || !strcmp(driver, "pcieport"))
			continue;
		return err_set(EPERM, "group %u of %s is also used by %s, bound to %s",
			       device->info.group, device->name, other, driver);
	}
	return err_set(EPERM, "group %u of %s is used by another process, or its interrupts are not "
		       "isolated (VFIO's allow_unsafe_interrupts)", device->info.group, device->name);
}

int iofd_why_not_bound(const struct ioasid_device *device, int error)
{
	const char *name = device->name;

	switch (error) {
	case EPERM:
		return why_not_viable(device);
	case EBUSY:
		return err_set(EBUSY, "%s: VFIO group %u is open, or the group is in use otherwise", name,
			       device->info.group);
	case EINVAL:
		return err_set(EBUSY, "%s is bound by another process or context already, or its DMA "
			       "is not coherent with the CPU's caches", name);
	case ENOMEM:
		return err_set(ENOMEM, "%s: the kernel has no memory to bind it", name);
	case ENOTTY:
		return err_set(ENODEV, "%s: this kernel cannot bind to an iommufd (Linux 6.6)", name);
	default:
		return err_set(ENODEV, "%s: the kernel does not bind it: %s", name, strerror(error));
	}
}
