/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page requests, as uapi.h: the command, and what is read from and written to its descriptor. */
#ifndef IOMMUFD_UAPI_FAULT_H
#define IOMMUFD_UAPI_FAULT_H

#include "uapi.h"

#define UAPI_FAULT_ALLOC	UAPI_IOMMUFD(0x8e)

/* vfio.h: the registers of a PCI device's configuration, at an offset of its descriptor. */
#define UAPI_REGION_INFO	UAPI_VFIO(8)
#define UAPI_PCI_CONFIG_REGION	7u

/* struct vfio_region_info */
struct uapi_region_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t cap_offset;
	uint64_t size;
	uint64_t offset;
};
UAPI_SIZE(uapi_region_info, 32);
UAPI_AT(uapi_region_info, index, 8);
UAPI_AT(uapi_region_info, size, 16);
UAPI_AT(uapi_region_info, offset, 24);

/* Extended capability register, page requests (VT-d 4.1, 11.4.3, PRS). */
#define UAPI_VTD_ECAP_PRS	(UINT64_C(1) << 29)

/* struct iommu_fault_alloc, Linux 6.11 */
struct uapi_fault_alloc {
	uint32_t size;
	uint32_t flags;
	uint32_t out_fault_id;
	uint32_t out_fault_fd;		/* close-on-exec */
};
UAPI_SIZE(uapi_fault_alloc, 16);
UAPI_AT(uapi_fault_alloc, flags, 4);
UAPI_AT(uapi_fault_alloc, out_fault_id, 8);
UAPI_AT(uapi_fault_alloc, out_fault_fd, 12);

/* enum iommu_hwpt_pgfault_flags, iommu_hwpt_pgfault_perm, Linux 6.11 */
#define UAPI_PGFAULT_PASID	0x1u
#define UAPI_PGFAULT_LAST	0x2u
#define UAPI_PGFAULT_READ	0x1u
#define UAPI_PGFAULT_WRITE	0x2u
#define UAPI_PGFAULT_EXEC	0x4u
#define UAPI_PGFAULT_PRIV	0x8u

/* struct iommu_hwpt_pgfault, Linux 6.11 */
struct uapi_pgfault {
	uint32_t flags;
	uint32_t dev_id;
	uint32_t pasid;
	uint32_t grpid;
	uint32_t perm;
	uint32_t reserved;
	uint64_t addr;
	uint32_t length;		/* a hint */
	uint32_t cookie;		/* the same in all of a group */
};
UAPI_SIZE(uapi_pgfault, 40);
UAPI_AT(uapi_pgfault, dev_id, 4);
UAPI_AT(uapi_pgfault, pasid, 8);
UAPI_AT(uapi_pgfault, grpid, 12);
UAPI_AT(uapi_pgfault, perm, 16);
UAPI_AT(uapi_pgfault, addr, 24);
UAPI_AT(uapi_pgfault, length, 32);
UAPI_AT(uapi_pgfault, cookie, 36);

/* enum iommufd_page_response_code, Linux 6.11 */
#define UAPI_RESPONSE_SUCCESS	0u
#define UAPI_RESPONSE_INVALID	1u

/* struct iommu_hwpt_page_response, Linux 6.11 */
struct uapi_page_response {
	uint32_t cookie;
	uint32_t code;
};
UAPI_SIZE(uapi_page_response, 8);
UAPI_AT(uapi_page_response, code, 4);

#endif
