/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether one of VFIO's devices can send page requests, which no command says. It is known for
 * VT-d: its driver serves what the device and the IOMMU have both, if the kernel passes it on.
 */
#include <endian.h>

#include "iommufd.h"
#include "uapi_fault.h"

/* Extended capabilities: a list from 0x100 on in 4 KiB (PCIe 6.0, 7.6.3). */
#define FIRST_CAPABILITY 0x100u
#define CONFIG_SIZE	 4096u
#define CAPABILITY_PRI	 0x13u

/* In front of a virtual function of a device that has them, the kernel refuses (Linux 6.11). */
static bool is_virtual_function(const struct ioasid_device *device)
{
	char name[VFIO_NAME_SIZE];

	return vfio_physical_function(device->name, name, sizeof(name));
}

static bool has_capability(int fd, uint64_t config)
{
	unsigned int at = FIRST_CAPABILITY, left = (CONFIG_SIZE - FIRST_CAPABILITY) / 8;
	uint32_t header;

	while (at >= FIRST_CAPABILITY && left--) {
		if (sys_read_at(fd, config + at, &header, sizeof(header)) != sizeof(header))
			return false;
		header = le32toh(header);
		if ((header & 0xffff) == CAPABILITY_PRI)
			return true;
		at = header >> 20 & ~3u;
	}
	return false;
}

bool iofd_has_page_requests(const struct ioasid_device *device)
{
	const struct iofd_device *d = device->backend;
	struct uapi_region_info region = {
		.argsz = sizeof(region), .index = UAPI_PCI_CONFIG_REGION,
	};

	if (d->hw.type != UAPI_HW_INFO_INTEL_VTD || !(d->hw.vtd.ecap_reg & UAPI_VTD_ECAP_PRS) ||
	    is_virtual_function(device))
		return false;
	return !sys_ioctl(d->fd, UAPI_REGION_INFO, &region) &&
	       has_capability(d->fd, region.offset) && iofd_knows(device->ctx, IOFD_FAULT_QUEUE);
}
