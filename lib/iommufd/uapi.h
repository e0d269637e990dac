/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's commands as far as this back end gives them: numbers, layouts and flags. Each
 * structure names the one that it stands for, in include/uapi/linux/iommufd.h or vfio.h, and the
 * first Linux that has it. They end where that Linux ended them: a kernel that knows more takes the
 * rest for zero. Those of page tables are in uapi_hwpt.h.
 */
#ifndef IOMMUFD_UAPI_H
#define IOMMUFD_UAPI_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#define UAPI_SIZE(type, size) static_assert(sizeof(struct type) == (size), #type)
#define UAPI_AT(type, member, at) static_assert(offsetof(struct type, member) == (at), #type)

/* iommufd.h, IOMMUFD_CMD_*: numbers from 0x80 on, without size and direction. */
#define UAPI_IOMMUFD(nr)	_IO(';', nr)
#define UAPI_DESTROY		UAPI_IOMMUFD(0x80)
#define UAPI_IOAS_ALLOC		UAPI_IOMMUFD(0x81)
#define UAPI_IOAS_ALLOW_IOVAS	UAPI_IOMMUFD(0x82)
#define UAPI_IOAS_COPY		UAPI_IOMMUFD(0x83)
#define UAPI_IOAS_IOVA_RANGES	UAPI_IOMMUFD(0x84)
#define UAPI_IOAS_MAP		UAPI_IOMMUFD(0x85)
#define UAPI_IOAS_UNMAP		UAPI_IOMMUFD(0x86)
#define UAPI_IOAS_MAP_FILE	UAPI_IOMMUFD(0x8f)
#define UAPI_CHANGE_PROCESS	UAPI_IOMMUFD(0x92)

#define UAPI_VFIO_IOAS		UAPI_IOMMUFD(0x88)

#define UAPI_NOIOMMU_GET_PA	UAPI_IOMMUFD(0x95)

/* vfio.h: VFIO_BASE is 100. */
#define UAPI_VFIO(nr)		_IO(';', 100 + (nr))
#define UAPI_BIND		UAPI_VFIO(18)
#define UAPI_ATTACH		UAPI_VFIO(19)
#define UAPI_DETACH		UAPI_VFIO(20)

/* struct iommu_destroy, Linux 6.2 */
struct uapi_destroy {
	uint32_t size;
	uint32_t id;
};
UAPI_SIZE(uapi_destroy, 8);
UAPI_AT(uapi_destroy, id, 4);

/* struct iommu_ioas_alloc, Linux 6.2 */
struct uapi_ioas_alloc {
	uint32_t size;
	uint32_t flags;
	uint32_t out_ioas_id;
};
UAPI_SIZE(uapi_ioas_alloc, 12);
UAPI_AT(uapi_ioas_alloc, flags, 4);
UAPI_AT(uapi_ioas_alloc, out_ioas_id, 8);

/* struct iommu_iova_range, Linux 6.2 */
struct uapi_iova_range {
	uint64_t start;
	uint64_t last;
};
UAPI_SIZE(uapi_iova_range, 16);
UAPI_AT(uapi_iova_range, last, 8);

/* struct iommu_ioas_iova_ranges, Linux 6.2 */
struct uapi_iova_ranges {
	uint32_t size;
	uint32_t ioas_id;
	uint32_t num_iovas;
	uint32_t reserved;
	uint64_t allowed_iovas;		/* address of struct uapi_iova_range[num_iovas] */
	uint64_t out_iova_alignment;
};
UAPI_SIZE(uapi_iova_ranges, 32);
UAPI_AT(uapi_iova_ranges, ioas_id, 4);
UAPI_AT(uapi_iova_ranges, num_iovas, 8);
UAPI_AT(uapi_iova_ranges, allowed_iovas, 16);
UAPI_AT(uapi_iova_ranges, out_iova_alignment, 24);

/* struct iommu_ioas_allow_iovas, Linux 6.2 */
struct uapi_allow_iovas {
	uint32_t size;
	uint32_t ioas_id;
	uint32_t num_iovas;
	uint32_t reserved;
	uint64_t allowed_iovas;		/* address of struct uapi_iova_range[num_iovas] */
};
UAPI_SIZE(uapi_allow_iovas, 24);
UAPI_AT(uapi_allow_iovas, ioas_id, 4);
UAPI_AT(uapi_allow_iovas, num_iovas, 8);
UAPI_AT(uapi_allow_iovas, allowed_iovas, 16);

/* enum iommufd_ioas_map_flags, Linux 6.2 */
#define UAPI_MAP_FIXED_IOVA	0x1u
#define UAPI_MAP_WRITEABLE	0x2u
#define UAPI_MAP_READABLE	0x4u

/* struct iommu_ioas_map, Linux 6.2 */
struct uapi_ioas_map {
	uint32_t size;
	uint32_t flags;
	uint32_t ioas_id;
	uint32_t reserved;
	uint64_t user_va;
	uint64_t length;
	uint64_t iova;
};
UAPI_SIZE(uapi_ioas_map, 40);
UAPI_AT(uapi_ioas_map, flags, 4);
UAPI_AT(uapi_ioas_map, ioas_id, 8);
UAPI_AT(uapi_ioas_map, user_va, 16);
UAPI_AT(uapi_ioas_map, length, 24);
UAPI_AT(uapi_ioas_map, iova, 32);

/* struct iommu_ioas_map_file, Linux 6.13; flags as above */
struct uapi_ioas_map_file {
	uint32_t size;
	uint32_t flags;
	uint32_t ioas_id;
	int32_t fd;
	uint64_t start;			/* in the file */
	uint64_t length;
	uint64_t iova;
};
UAPI_SIZE(uapi_ioas_map_file, 40);
UAPI_AT(uapi_ioas_map_file, flags, 4);
UAPI_AT(uapi_ioas_map_file, ioas_id, 8);
UAPI_AT(uapi_ioas_map_file, fd, 12);
UAPI_AT(uapi_ioas_map_file, start, 16);
UAPI_AT(uapi_ioas_map_file, length, 24);
UAPI_AT(uapi_ioas_map_file, iova, 32);

/* struct iommu_ioas_change_process, Linux 6.13 */
struct uapi_change_process {
	uint32_t size;
	uint32_t reserved;
};
UAPI_SIZE(uapi_change_process, 8);
UAPI_AT(uapi_change_process, reserved, 4);

/* struct iommu_ioas_copy, Linux 6.2; flags as above */
struct uapi_ioas_copy {
	uint32_t size;
	uint32_t flags;
	uint32_t dst_ioas_id;
	uint32_t src_ioas_id;
	uint64_t length;
	uint64_t dst_iova;
	uint64_t src_iova;
};
UAPI_SIZE(uapi_ioas_copy, 40);
UAPI_AT(uapi_ioas_copy, flags, 4);
UAPI_AT(uapi_ioas_copy, dst_ioas_id, 8);
UAPI_AT(uapi_ioas_copy, src_ioas_id, 12);
UAPI_AT(uapi_ioas_copy, length, 16);
UAPI_AT(uapi_ioas_copy, dst_iova, 24);
UAPI_AT(uapi_ioas_copy, src_iova, 32);

/* struct iommu_ioas_unmap, Linux 6.2 */
struct uapi_ioas_unmap {
	uint32_t size;
	uint32_t ioas_id;
	uint64_t iova;
	uint64_t length;
};
UAPI_SIZE(uapi_ioas_unmap, 24);
UAPI_AT(uapi_ioas_unmap, ioas_id, 4);
UAPI_AT(uapi_ioas_unmap, iova, 8);
UAPI_AT(uapi_ioas_unmap, length, 16);

/* struct iommu_ioas_noiommu_get_pa, Linux 7.3 */
struct uapi_get_pa {
	uint32_t size;
	uint32_t flags;
	uint32_t ioas_id;
	uint32_t reserved;
	uint64_t iova;
	uint64_t length;		/* in: at most; out: so much is contiguous */
	uint64_t out_phys;
};
UAPI_SIZE(uapi_get_pa, 40);
UAPI_AT(uapi_get_pa, flags, 4);
UAPI_AT(uapi_get_pa, ioas_id, 8);
UAPI_AT(uapi_get_pa, iova, 16);
UAPI_AT(uapi_get_pa, length, 24);
UAPI_AT(uapi_get_pa, out_phys, 32);

/* enum iommufd_vfio_ioas_op, Linux 6.2 */
#define UAPI_VFIO_IOAS_GET	0u
#define UAPI_VFIO_IOAS_SET	1u
#define UAPI_VFIO_IOAS_CLEAR	2u

/* struct iommu_vfio_ioas, Linux 6.2 */
struct uapi_vfio_ioas {
	uint32_t size;
	uint32_t ioas_id;
	uint16_t op;
	uint16_t reserved;
};
UAPI_SIZE(uapi_vfio_ioas, 12);
UAPI_AT(uapi_vfio_ioas, ioas_id, 4);
UAPI_AT(uapi_vfio_ioas, op, 8);

/* struct vfio_device_bind_iommufd, Linux 6.6 */
struct uapi_bind {
	uint32_t argsz;
	uint32_t flags;
	int32_t iommufd;
	uint32_t out_devid;
	uint64_t token_uuid;		/* address of uint8_t[16], Linux 6.17 */
};
UAPI_SIZE(uapi_bind, 24);
UAPI_AT(uapi_bind, flags, 4);
UAPI_AT(uapi_bind, iommufd, 8);
UAPI_AT(uapi_bind, out_devid, 12);
UAPI_AT(uapi_bind, token_uuid, 16);

#define UAPI_BIND_PLAIN		16u	/* where it ended before */
#define UAPI_BIND_TOKEN		0x1u

/* struct vfio_device_attach_iommufd_pt, Linux 6.6 */
struct uapi_attach {
	uint32_t argsz;
	uint32_t flags;
	uint32_t pt_id;			/* in: an IOAS; out: the page table that was taken */
	uint32_t pasid;			/* Linux 6.15 */
};
UAPI_SIZE(uapi_attach, 16);
UAPI_AT(uapi_attach, flags, 4);
UAPI_AT(uapi_attach, pt_id, 8);
UAPI_AT(uapi_attach, pasid, 12);

#define UAPI_ATTACH_PLAIN	12u	/* where it ended before */
#define UAPI_ATTACH_PASID	0x1u

/* struct vfio_device_detach_iommufd_pt, Linux 6.6 */
struct uapi_detach {
	uint32_t argsz;
	uint32_t flags;
	uint32_t pasid;			/* Linux 6.15 */
};
UAPI_SIZE(uapi_detach, 12);
UAPI_AT(uapi_detach, flags, 4);
UAPI_AT(uapi_detach, pasid, 8);

#define UAPI_DETACH_PLAIN	8u	/* where it ended before */
#define UAPI_DETACH_PASID	0x1u

#endif
