/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's commands as far as this back end gives them: numbers, layouts and flags. Each
 * structure names the one that it stands for in include/uapi/linux/vfio.h, and the first Linux that
 * has it.
 */
#ifndef TYPE1_UAPI_H
#define TYPE1_UAPI_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#define UAPI_SIZE(type, size) static_assert(sizeof(struct type) == (size), #type)
#define UAPI_AT(type, member, at) static_assert(offsetof(struct type, member) == (at), #type)

/* VFIO_BASE is 100; numbers without size and direction. */
#define UAPI_VFIO(nr)		_IO(';', 100 + (nr))

/* On a container, Linux 3.6. The argument of the second and third is a number. */
#define UAPI_GET_API_VERSION	UAPI_VFIO(0)
#define UAPI_CHECK_EXTENSION	UAPI_VFIO(1)
#define UAPI_SET_IOMMU		UAPI_VFIO(2)
/* On a group, Linux 3.6: a structure; the address of a container's descriptor; a name. */
#define UAPI_GROUP_GET_STATUS	UAPI_VFIO(3)
#define UAPI_GROUP_SET_CONTAINER UAPI_VFIO(4)
#define UAPI_GROUP_GET_DEVICE_FD UAPI_VFIO(6)
/* On a container that has an IOMMU, Linux 3.6 */
#define UAPI_IOMMU_GET_INFO	UAPI_VFIO(12)
#define UAPI_MAP_DMA		UAPI_VFIO(13)
#define UAPI_UNMAP_DMA		UAPI_VFIO(14)
/* The same, Linux 5.8 */
#define UAPI_DIRTY_PAGES	UAPI_VFIO(17)

#define UAPI_API_VERSION	0
#define UAPI_DMA_CC_IOMMU	4u	/* VFIO_DMA_CC_IOMMU, Linux 3.13 */
#define UAPI_TYPE1V2_IOMMU	3u	/* VFIO_TYPE1v2_IOMMU, Linux 3.15 */
#define UAPI_UNMAP_ALL		9u	/* VFIO_UNMAP_ALL, Linux 5.12 */

/* VFIO_GROUP_FLAGS_VIABLE: nobody but VFIO drives a device of the group. */
#define UAPI_GROUP_VIABLE	0x1u

/* struct vfio_group_status, Linux 3.6 */
struct uapi_group_status {
	uint32_t argsz;
	uint32_t flags;
};
UAPI_SIZE(uapi_group_status, 8);
UAPI_AT(uapi_group_status, flags, 4);

#define UAPI_INFO_PGSIZES	0x1u
#define UAPI_INFO_CAPS		0x2u

/* struct vfio_iommu_type1_info, Linux 5.4: capabilities follow, each at an offset from its start */
struct uapi_iommu_info {
	uint32_t argsz;			/* out: what all of it needs */
	uint32_t flags;
	uint64_t iova_pgsizes;
	uint32_t cap_offset;		/* 0: they did not fit */
	uint32_t pad;
};
UAPI_SIZE(uapi_iommu_info, 24);
UAPI_AT(uapi_iommu_info, flags, 4);
UAPI_AT(uapi_iommu_info, iova_pgsizes, 8);
UAPI_AT(uapi_iommu_info, cap_offset, 16);

#define UAPI_INFO_LEAST		20u	/* where 32-bit x86 kernels, which do not pad it, end it */

/* struct vfio_info_cap_header, Linux 4.6 */
struct uapi_cap {
	uint16_t id;
	uint16_t version;
	uint32_t next;			/* offset from the start of the whole; 0: the last */
};
UAPI_SIZE(uapi_cap, 8);
UAPI_AT(uapi_cap, version, 2);
UAPI_AT(uapi_cap, next, 4);

/* struct vfio_iommu_type1_info_cap_iova_range, Linux 5.4: ranges follow */
#define UAPI_CAP_IOVA_RANGE	1u
struct uapi_cap_iova_range {
	struct uapi_cap header;
	uint32_t nr_iovas;
	uint32_t reserved;
};
UAPI_SIZE(uapi_cap_iova_range, 16);
UAPI_AT(uapi_cap_iova_range, nr_iovas, 8);

/* struct vfio_iova_range, Linux 5.4 */
struct uapi_iova_range {
	uint64_t start;
	uint64_t end;			/* the last */
};
UAPI_SIZE(uapi_iova_range, 16);
UAPI_AT(uapi_iova_range, end, 8);

/* struct vfio_iommu_type1_info_dma_avail, Linux 5.10 */
#define UAPI_CAP_DMA_AVAIL	3u
struct uapi_cap_dma_avail {
	struct uapi_cap header;
	uint32_t avail;
};
UAPI_SIZE(uapi_cap_dma_avail, 12);
UAPI_AT(uapi_cap_dma_avail, avail, 8);

/*
 * struct vfio_iommu_type1_info_cap_migration, Linux 5.8, with the padding that 64-bit kernels have
 * in it; without, on 32-bit x86, it is shorter, and not taken
 */
#define UAPI_CAP_MIGRATION	2u
struct uapi_cap_migration {
	struct uapi_cap header;
	uint32_t flags;
	uint32_t pad;
	uint64_t pgsize_bitmap;
	uint64_t max_dirty_bitmap_size;	/* in bytes, of one mapping */
};
UAPI_SIZE(uapi_cap_migration, 32);
UAPI_AT(uapi_cap_migration, pgsize_bitmap, 16);
UAPI_AT(uapi_cap_migration, max_dirty_bitmap_size, 24);

#define UAPI_MAP_READ		0x1u
#define UAPI_MAP_WRITE		0x2u

/* struct vfio_iommu_type1_dma_map, Linux 3.6 */
struct uapi_dma_map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t vaddr;
	uint64_t iova;
	uint64_t size;
};
UAPI_SIZE(uapi_dma_map, 32);
UAPI_AT(uapi_dma_map, flags, 4);
UAPI_AT(uapi_dma_map, vaddr, 8);
UAPI_AT(uapi_dma_map, iova, 16);
UAPI_AT(uapi_dma_map, size, 24);

#define UAPI_UNMAP_FLAG_DIRTY	0x1u	/* Linux 5.8: a bitmap follows */
#define UAPI_UNMAP_FLAG_ALL	0x2u	/* Linux 5.12: iova and size are 0 */

/* struct vfio_iommu_type1_dma_unmap, Linux 3.6 */
struct uapi_dma_unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t iova;
	uint64_t size;			/* out: what was unmapped */
};
UAPI_SIZE(uapi_dma_unmap, 24);
UAPI_AT(uapi_dma_unmap, flags, 4);
UAPI_AT(uapi_dma_unmap, iova, 8);
UAPI_AT(uapi_dma_unmap, size, 16);

/* struct vfio_bitmap, Linux 5.8 */
struct uapi_bitmap {
	uint64_t pgsize;		/* that a bit stands for: the smallest of the container's */
	uint64_t size;			/* in bytes */
	uint64_t data;			/* address of uint64_t[size / 8] */
};
UAPI_SIZE(uapi_bitmap, 24);
UAPI_AT(uapi_bitmap, size, 8);
UAPI_AT(uapi_bitmap, data, 16);

/* The former with the latter behind it, for UAPI_UNMAP_FLAG_DIRTY. */
struct uapi_dma_unmap_dirty {
	struct uapi_dma_unmap unmap;
	struct uapi_bitmap bitmap;
};
UAPI_SIZE(uapi_dma_unmap_dirty, 48);
UAPI_AT(uapi_dma_unmap_dirty, bitmap, 24);

#define UAPI_DIRTY_START	0x1u
#define UAPI_DIRTY_STOP		0x2u
#define UAPI_DIRTY_GET		0x4u

/* struct vfio_iommu_type1_dirty_bitmap, Linux 5.8 */
struct uapi_dirty {
	uint32_t argsz;
	uint32_t flags;
};
UAPI_SIZE(uapi_dirty, 8);
UAPI_AT(uapi_dirty, flags, 4);

/* The same with struct vfio_iommu_type1_dirty_bitmap_get behind it, for UAPI_DIRTY_GET. */
struct uapi_dirty_get {
	uint32_t argsz;
	uint32_t flags;
	uint64_t iova;
	uint64_t size;
	struct uapi_bitmap bitmap;
};
UAPI_SIZE(uapi_dirty_get, 48);
UAPI_AT(uapi_dirty_get, flags, 4);
UAPI_AT(uapi_dirty_get, iova, 8);
UAPI_AT(uapi_dirty_get, size, 16);
UAPI_AT(uapi_dirty_get, bitmap, 24);

#endif
