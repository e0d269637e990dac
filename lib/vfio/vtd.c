/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How wide units of VT-d translate. Before Linux 6.12 their driver tells 57 bits of any, or 56
 * where that is the lower half of a first stage (intel_iommu_domain_alloc()), and refuses what is
 * mapped higher than the unit can by -EFAULT. So the unit's capability register is looked at.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sys.h"
#include "util/bits.h"
#include "vfio.h"

#define TOLD_OF_ANY 57u

/* Capability register (VT-d 4.1, 11.4.2): MGAW, less 1; SAGAW: bits 1 to 3 for 39, 48, 57 bits. */
uint64_t vfio_vtd_last(uint64_t cap, uint64_t last)
{
	const uint64_t mgaw = bits_field(cap, 21, 16) + 1, sagaw = bits_field(cap, 11, 9);
	uint64_t width;

	if (last < (UINT64_C(1) << (TOLD_OF_ANY - 1)) - 1 || !sagaw)
		return last;
	width = bits_min(mgaw, 39 + 9 * bits_ilog2(sagaw));
	return width < TOLD_OF_ANY ? last >> (TOLD_OF_ANY - width) : last;
}

uint64_t vfio_last_address(const char *name, uint64_t last)
{
	char path[VFIO_PATH_SIZE], text[VFIO_NAME_SIZE];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu/intel-iommu/cap", name);
	if (sys_read(path, text, sizeof(text)) < 0)
		return last;
	return vfio_vtd_last(strtoull(text, NULL, 16), last);
}
