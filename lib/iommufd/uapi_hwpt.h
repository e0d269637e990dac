/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's commands for page tables, and what it tells of an IOMMU; as uapi.h. */
#ifndef IOMMUFD_UAPI_HWPT_H
#define IOMMUFD_UAPI_HWPT_H

#include "uapi.h"

#define UAPI_HWPT_ALLOC		UAPI_IOMMUFD(0x89)
#define UAPI_GET_HW_INFO	UAPI_IOMMUFD(0x8a)
#define UAPI_HWPT_SET_DIRTY	UAPI_IOMMUFD(0x8b)
#define UAPI_HWPT_GET_DIRTY	UAPI_IOMMUFD(0x8c)
#define UAPI_HWPT_INVALIDATE	UAPI_IOMMUFD(0x8d)

/* enum iommufd_hwpt_alloc_flags: Linux 6.7, 6.7, 6.11, 6.15 */
#define UAPI_HWPT_NEST_PARENT	0x1u
#define UAPI_HWPT_DIRTY		0x2u
#define UAPI_HWPT_FAULT		0x4u
#define UAPI_HWPT_PASID		0x8u

/* struct iommu_hwpt_alloc */
struct uapi_hwpt_alloc {
	uint32_t size;
	uint32_t flags;
	uint32_t dev_id;
	uint32_t pt_id;
	uint32_t out_hwpt_id;
	uint32_t reserved;
	uint32_t data_type;
	uint32_t data_len;
	uint64_t data_uptr;
	uint32_t fault_id;
	uint32_t reserved2;
};
UAPI_SIZE(uapi_hwpt_alloc, 48);
UAPI_AT(uapi_hwpt_alloc, flags, 4);
UAPI_AT(uapi_hwpt_alloc, dev_id, 8);
UAPI_AT(uapi_hwpt_alloc, pt_id, 12);
UAPI_AT(uapi_hwpt_alloc, out_hwpt_id, 16);
UAPI_AT(uapi_hwpt_alloc, data_type, 24);
UAPI_AT(uapi_hwpt_alloc, data_len, 28);
UAPI_AT(uapi_hwpt_alloc, data_uptr, 32);
UAPI_AT(uapi_hwpt_alloc, fault_id, 40);

/* Where it ended in Linux 6.6; with data, in 6.7; with a fault queue, in 6.11. */
#define UAPI_HWPT_ALLOC_PLAIN	24u
#define UAPI_HWPT_ALLOC_DATA	40u
#define UAPI_HWPT_ALLOC_FAULT	48u

/* enum iommu_hwpt_data_type: Linux 6.7, 6.13, 7.0 */
#define UAPI_HWPT_DATA_VTD_S1	1u
#define UAPI_HWPT_DATA_SMMUV3	2u
#define UAPI_HWPT_DATA_AMD	3u

/* struct iommu_hwpt_vtd_s1, Linux 6.7 */
struct uapi_vtd_s1 {
	uint64_t flags;
	uint64_t pgtbl_addr;
	uint32_t addr_width;
	uint32_t reserved;
};
UAPI_SIZE(uapi_vtd_s1, 24);
UAPI_AT(uapi_vtd_s1, pgtbl_addr, 8);
UAPI_AT(uapi_vtd_s1, addr_width, 16);

/* enum iommu_hwpt_vtd_s1_flags: bits of the PASID table entry (VT-d 4.1, 9.6) */
#define UAPI_VTD_S1_SRE		0x1u	/* privileged requests are let through */
#define UAPI_VTD_S1_EAFE	0x2u	/* extended accessed flags are set */
#define UAPI_VTD_S1_WPE		0x4u	/* and need R/W to write */

/* struct iommu_hwpt_arm_smmuv3, Linux 6.13: the first two words of the stream table entry */
struct uapi_smmuv3 {
	uint64_t ste[2];		/* little-endian */
};
UAPI_SIZE(uapi_smmuv3, 16);

/* Fields of those that it may have (Arm IHI 0070, 5.2). */
#define UAPI_SMMUV3_STE0	(UINT64_C(0xf) |		/* V, Config */		\
				 UINT64_C(0x3) << 4 |		/* S1Fmt */		\
				 ((UINT64_C(1) << 56) - 64) |	/* S1ContextPtr */	\
				 UINT64_C(0x1f) << 59)		/* S1CDMax */
#define UAPI_SMMUV3_STE1	(UINT64_C(0xff) |		/* S1DSS, S1CIR, S1COR, S1CSH */ \
				 UINT64_C(1) << 27 |		/* S1STALLD */		\
				 UINT64_C(3) << 28)		/* EATS */

/* struct iommu_hwpt_amd_guest, Linux 7.0: the guest's device table entry */
struct uapi_amd {
	uint64_t dte[4];
};
UAPI_SIZE(uapi_amd, 32);

/* struct iommu_hwpt_invalidate, Linux 6.8 */
struct uapi_invalidate {
	uint32_t size;
	uint32_t hwpt_id;
	uint64_t data_uptr;
	uint32_t data_type;
	uint32_t entry_len;
	uint32_t entry_num;		/* out: how many were handled */
	uint32_t reserved;
};
UAPI_SIZE(uapi_invalidate, 32);
UAPI_AT(uapi_invalidate, hwpt_id, 4);
UAPI_AT(uapi_invalidate, data_uptr, 8);
UAPI_AT(uapi_invalidate, data_type, 16);
UAPI_AT(uapi_invalidate, entry_len, 20);
UAPI_AT(uapi_invalidate, entry_num, 24);

/* The most entries that one command takes: Linux 7.3; before, any number. */
#define UAPI_INV_MAX		(1u << 19)

/* enum iommu_hwpt_invalidate_data_type: Linux 6.8, 6.13 */
#define UAPI_INV_VTD_S1		0u
#define UAPI_INV_SMMUV3		1u

/* struct iommu_hwpt_vtd_s1_invalidate, Linux 6.8 */
struct uapi_vtd_s1_inv {
	uint64_t addr;
	uint64_t npages;		/* of 4 KiB; UINT64_MAX, with addr 0: all */
	uint32_t flags;
	uint32_t reserved;
};
UAPI_SIZE(uapi_vtd_s1_inv, 24);
UAPI_AT(uapi_vtd_s1_inv, npages, 8);
UAPI_AT(uapi_vtd_s1_inv, flags, 16);

#define UAPI_VTD_INV_LEAF	0x1u

/* enum iommufd_hw_info_flags, Linux 6.17 */
#define UAPI_HW_INFO_BY_TYPE	0x1u

/* enum iommu_hw_info_type: Linux 6.6, 6.13, 7.0 */
#define UAPI_HW_INFO_NONE	0u
#define UAPI_HW_INFO_INTEL_VTD	1u
#define UAPI_HW_INFO_ARM_SMMUV3	2u
#define UAPI_HW_INFO_TEGRA241	3u	/* Linux 6.17 */
#define UAPI_HW_INFO_AMD	4u

/* enum iommufd_hw_capabilities, Linux 6.7 */
#define UAPI_HW_CAP_DIRTY	0x1u

/* struct iommu_hw_info, Linux 6.7; 6.6 had no capabilities, which are 0 then */
struct uapi_hw_info {
	uint32_t size;
	uint32_t flags;
	uint32_t dev_id;
	uint32_t data_len;
	uint64_t data_uptr;
	uint32_t data_type;
	uint8_t out_max_pasid_log2;	/* Linux 6.15; 0 before */
	uint8_t reserved[3];
	uint64_t out_capabilities;
};
UAPI_SIZE(uapi_hw_info, 40);
UAPI_AT(uapi_hw_info, flags, 4);
UAPI_AT(uapi_hw_info, dev_id, 8);
UAPI_AT(uapi_hw_info, data_len, 12);
UAPI_AT(uapi_hw_info, data_uptr, 16);
UAPI_AT(uapi_hw_info, data_type, 24);
UAPI_AT(uapi_hw_info, out_max_pasid_log2, 28);
UAPI_AT(uapi_hw_info, out_capabilities, 32);

/* struct iommu_hw_info_vtd, Linux 6.6 */
struct uapi_hw_info_vtd {
	uint32_t flags;
	uint32_t reserved;
	uint64_t cap_reg;
	uint64_t ecap_reg;
};
UAPI_SIZE(uapi_hw_info_vtd, 24);
UAPI_AT(uapi_hw_info_vtd, cap_reg, 8);
UAPI_AT(uapi_hw_info_vtd, ecap_reg, 16);

/* enum iommu_hw_info_vtd_flags, Linux 6.7: nothing read-only below nested page tables */
#define UAPI_VTD_ERRATUM_772415	0x1u

/* struct iommu_hw_info_arm_smmuv3, Linux 6.13 */
struct uapi_hw_info_smmuv3 {
	uint32_t flags;
	uint32_t reserved;
	uint32_t idr[6];
	uint32_t iidr;
	uint32_t aidr;
};
UAPI_SIZE(uapi_hw_info_smmuv3, 40);
UAPI_AT(uapi_hw_info_smmuv3, idr, 8);
UAPI_AT(uapi_hw_info_smmuv3, iidr, 32);
UAPI_AT(uapi_hw_info_smmuv3, aidr, 36);

/* enum iommu_hw_info_arm_smmuv3_flags, Linux 7.3: TLBI and CFGI have to be sent twice */
#define UAPI_SMMUV3_REPEAT	0x1u

/* struct iommu_hw_info_amd, Linux 7.0 */
struct uapi_hw_info_amd {
	uint64_t efr;
	uint64_t efr2;
};
UAPI_SIZE(uapi_hw_info_amd, 16);
UAPI_AT(uapi_hw_info_amd, efr2, 8);

/* Extended capability register, first-stage translation (VT-d 4.1, 11.4.3, FSTS). */
#define UAPI_VTD_ECAP_FSTS	(UINT64_C(1) << 47)

/* Extended capability register, snoop control (VT-d 4.1, 11.4.3, SC). */
#define UAPI_VTD_ECAP_SC	(UINT64_C(1) << 7)

/* Capability register, second-stage large pages (VT-d 4.1, 11.4.2, SSLPS). */
#define UAPI_VTD_CAP_2M		(UINT64_C(1) << 34)
#define UAPI_VTD_CAP_1G		(UINT64_C(1) << 35)

/* struct iommu_hwpt_set_dirty_tracking, Linux 6.7 */
struct uapi_set_dirty {
	uint32_t size;
	uint32_t flags;
	uint32_t hwpt_id;
	uint32_t reserved;
};
UAPI_SIZE(uapi_set_dirty, 16);
UAPI_AT(uapi_set_dirty, flags, 4);
UAPI_AT(uapi_set_dirty, hwpt_id, 8);

#define UAPI_SET_DIRTY_ON	0x1u

/* struct iommu_hwpt_get_dirty_bitmap, Linux 6.7 */
struct uapi_get_dirty {
	uint32_t size;
	uint32_t hwpt_id;
	uint32_t flags;
	uint32_t reserved;
	uint64_t iova;
	uint64_t length;
	uint64_t page_size;
	uint64_t data;			/* address of uint64_t[]; bits are set, and none cleared */
};
UAPI_SIZE(uapi_get_dirty, 48);
UAPI_AT(uapi_get_dirty, hwpt_id, 4);
UAPI_AT(uapi_get_dirty, flags, 8);
UAPI_AT(uapi_get_dirty, iova, 16);
UAPI_AT(uapi_get_dirty, length, 24);
UAPI_AT(uapi_get_dirty, page_size, 32);
UAPI_AT(uapi_get_dirty, data, 40);

#define UAPI_GET_DIRTY_NO_CLEAR	0x1u

#endif
