/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's commands for vIOMMUs, as uapi.h has the others: include/uapi/linux/iommufd.h. */
#ifndef IOMMUFD_UAPI_VIOMMU_H
#define IOMMUFD_UAPI_VIOMMU_H

#include "uapi.h"

#define UAPI_VIOMMU_ALLOC	UAPI_IOMMUFD(0x90)
#define UAPI_VDEVICE_ALLOC	UAPI_IOMMUFD(0x91)
#define UAPI_VEVENTQ_ALLOC	UAPI_IOMMUFD(0x93)
#define UAPI_HW_QUEUE_ALLOC	UAPI_IOMMUFD(0x94)

/* enum iommu_viommu_type: Linux 6.13, 6.17 */
#define UAPI_VIOMMU_SMMUV3	1u
#define UAPI_VIOMMU_TEGRA241	2u
#define UAPI_VIOMMU_NO_OTHERS	3u	/* not of these, nor of any other's in Linux 7.3 */

/* struct iommu_viommu_alloc, Linux 6.13; data from 6.17 on */
struct uapi_viommu_alloc {
	uint32_t size;
	uint32_t flags;
	uint32_t type;
	uint32_t dev_id;
	uint32_t hwpt_id;
	uint32_t out_viommu_id;
	uint32_t data_len;
	uint32_t reserved;
	uint64_t data_uptr;
};
UAPI_SIZE(uapi_viommu_alloc, 40);
UAPI_AT(uapi_viommu_alloc, flags, 4);
UAPI_AT(uapi_viommu_alloc, type, 8);
UAPI_AT(uapi_viommu_alloc, dev_id, 12);
UAPI_AT(uapi_viommu_alloc, hwpt_id, 16);
UAPI_AT(uapi_viommu_alloc, out_viommu_id, 20);
UAPI_AT(uapi_viommu_alloc, data_len, 24);
UAPI_AT(uapi_viommu_alloc, data_uptr, 32);

/* As Linux 6.13 has it: a kernel that knows no more refuses what is longer only if it is not 0. */
#define UAPI_VIOMMU_ALLOC_PLAIN offsetof(struct uapi_viommu_alloc, data_len)

/* struct iommu_viommu_tegra241_cmdqv, Linux 6.17 */
struct uapi_viommu_tegra241 {
	uint64_t out_vintf_mmap_offset;
	uint64_t out_vintf_mmap_length;
};
UAPI_SIZE(uapi_viommu_tegra241, 16);
UAPI_AT(uapi_viommu_tegra241, out_vintf_mmap_length, 8);

/* struct iommu_vdevice_alloc, Linux 6.13 */
struct uapi_vdevice_alloc {
	uint32_t size;
	uint32_t viommu_id;
	uint32_t dev_id;
	uint32_t out_vdevice_id;
	uint64_t virt_id;
};
UAPI_SIZE(uapi_vdevice_alloc, 24);
UAPI_AT(uapi_vdevice_alloc, viommu_id, 4);
UAPI_AT(uapi_vdevice_alloc, dev_id, 8);
UAPI_AT(uapi_vdevice_alloc, out_vdevice_id, 12);
UAPI_AT(uapi_vdevice_alloc, virt_id, 16);

/* enum iommu_veventq_type: Linux 6.15, 6.17 */
#define UAPI_VEVENTQ_SMMUV3	1u
#define UAPI_VEVENTQ_TEGRA241	2u

/* struct iommu_veventq_alloc, Linux 6.15 */
struct uapi_veventq_alloc {
	uint32_t size;
	uint32_t flags;
	uint32_t viommu_id;
	uint32_t type;
	uint32_t veventq_depth;
	uint32_t out_veventq_id;
	uint32_t out_veventq_fd;
	uint32_t reserved;
};
UAPI_SIZE(uapi_veventq_alloc, 32);
UAPI_AT(uapi_veventq_alloc, flags, 4);
UAPI_AT(uapi_veventq_alloc, viommu_id, 8);
UAPI_AT(uapi_veventq_alloc, type, 12);
UAPI_AT(uapi_veventq_alloc, veventq_depth, 16);
UAPI_AT(uapi_veventq_alloc, out_veventq_id, 20);
UAPI_AT(uapi_veventq_alloc, out_veventq_fd, 24);

/* struct iommufd_vevent_header, Linux 6.15: a record follows, unless events were lost */
struct uapi_vevent_header {
	uint32_t flags;
	uint32_t sequence;	/* 0 to INT_MAX, and from 0 again */
};
UAPI_SIZE(uapi_vevent_header, 8);
UAPI_AT(uapi_vevent_header, sequence, 4);

#define UAPI_VEVENT_LOST	0x1u
#define UAPI_VEVENT_MAX		0x7fffffffu

/* enum iommu_hw_queue_type, Linux 6.17 */
#define UAPI_HW_QUEUE_TEGRA241	1u

/* struct iommu_hw_queue_alloc, Linux 6.17 */
struct uapi_hw_queue_alloc {
	uint32_t size;
	uint32_t flags;
	uint32_t viommu_id;
	uint32_t type;
	uint32_t index;
	uint32_t out_hw_queue_id;
	uint64_t nesting_parent_iova;
	uint64_t length;
};
UAPI_SIZE(uapi_hw_queue_alloc, 40);
UAPI_AT(uapi_hw_queue_alloc, flags, 4);
UAPI_AT(uapi_hw_queue_alloc, viommu_id, 8);
UAPI_AT(uapi_hw_queue_alloc, type, 12);
UAPI_AT(uapi_hw_queue_alloc, index, 16);
UAPI_AT(uapi_hw_queue_alloc, out_hw_queue_id, 20);
UAPI_AT(uapi_hw_queue_alloc, nesting_parent_iova, 24);
UAPI_AT(uapi_hw_queue_alloc, length, 32);

#endif
