/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a device cannot be had, from what the system shows. */
#include <errno.h>
#include <string.h>

#include "iommufd.h"

int iofd_why_no_node(const char *name)
{
	int ret = vfio_check_driver(name);

	if (ret)
		return ret;
	return err_set(ENODEV,
		       "%s is bound to VFIO, but has no device node: the kernel needs " IOFD_CDEV,
		       name);
}

int iofd_no_iommu(const char *name)
{
	return err_set(ENODEV, "%s is behind no IOMMU (is it switched on? intel_iommu=on)", name);
}

int iofd_why_not_bound(const struct ioasid_device *device, int error)
{
	const char *name = device->name;
	int ret = error == EINVAL ? vfio_check_firmware(name, device->info.group) : 0;

	if (ret)
		return ret;
	switch (error) {
	case EPERM:
		return vfio_why_not_viable(name, device->info.group, ", or its interrupts are not "
					   "isolated (no interrupt remapping; iommufd's "
					   "allow_unsafe_interrupts)");
	case EACCES:		/* Linux 6.17 */
		return vfio_wants_token(name);
	case EBUSY:
		return err_set(EBUSY, "%s: VFIO group %u is open, or the group is in use otherwise",
			       name, device->info.group);
	case EINVAL:
		return err_set(EBUSY,
			       "%s is bound by another process or context already, or held by "
			       "registers of it that are still mapped, or its DMA is not coherent "
			       "with the CPU's caches",
			       name);
	case ENOMEM:
		return err_set(ENOMEM, "%s: the kernel has no memory to bind it", name);
	case ENOTTY:
		return err_set(ENODEV, "%s: this kernel cannot bind to an iommufd (Linux 6.6)",
			       name);
	default:
		return err_set(ENODEV, "%s: the kernel does not bind it: %s", name,
			       strerror(error));
	}
}
