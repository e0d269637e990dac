/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Spaces that are nested in hardware, on VT-d of the kernel's that the test plays. */
#ifndef TESTS_SHIM_HWNEST_H
#define TESTS_SHIM_HWNEST_H

#include "shim_nested.h"

#define NEST	1		/* IOMMU_HWPT_ALLOC_NEST_PARENT */
#define VTD_S1	1		/* IOMMU_HWPT_DATA_VTD_S1; its invalidations are type 0 */
#define FSTS	(UINT64_C(1) << 47)

extern struct ioasid_device *other;
extern struct ioasid_inv *inv;

/* As struct iommu_hwpt_vtd_s1 and iommu_hwpt_vtd_s1_invalidate have it. */
struct s1 {
	uint64_t flags, address;
	uint32_t width, reserved;
};

struct s1_inv {
	uint64_t address, pages;
	uint32_t flags, reserved;
};

/* Objects: devices 1 and 2, and 3 the root's IOAS. The kernel's driver is VT-d's. */
void hwnest_setup(void);
void hwnest_teardown(void);

struct ioasid_space *make_nested(void);
int bind_fs(struct ioasid_space *space, uint64_t address, uint32_t flags);
/* The child is bound to 0x5000, and the device attached to it. */
void attach_bound(void);
/* The nested page table of device @i is of this description. */
void is_bound(unsigned int i, uint64_t address, uint64_t flags);

#endif
