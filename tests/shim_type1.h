/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VFIO's containers and groups, played: beside what shim_kernel.h has. */
#ifndef TESTS_SHIM_TYPE1_H
#define TESTS_SHIM_TYPE1_H

#include "shim_kernel.h"

/* Linux 6.12, include/uapi/linux/vfio.h: _IO(';', 100 + number). */
enum shim_t1_command {
	SHIM_API_VERSION = 0x3b64,
	SHIM_CHECK_EXTENSION = 0x3b65,
	SHIM_SET_IOMMU = 0x3b66,
	SHIM_GET_STATUS = 0x3b67,
	SHIM_SET_CONTAINER = 0x3b68,
	SHIM_GET_DEVICE_FD = 0x3b6a,
	SHIM_GET_INFO = 0x3b70,
	SHIM_MAP_DMA = 0x3b71,
	SHIM_UNMAP_DMA = 0x3b72,
	SHIM_DIRTY_PAGES = 0x3b75,	/* Linux 5.8 */
};

#define SHIM_T1_ENTRIES 2048u	/* there is no room for more in a container */

struct shim_range {
	uint64_t first, last;
};

/* What this kernel is like; shim_reset() makes it one of today. */
struct shim_t1 {
	int version;
	bool no_type1, no_unmap_all;
	bool no_snoop_control;
	bool no_group_nodes, noiommu;
	bool not_viable;
	bool no_tokens;			/* before Linux 5.7 */
	int open_container, open_group;	/* errors, 0: none */
	uint64_t page_sizes;		/* 0: it does not tell */
	struct shim_range ranges[4];
	uint32_t n_ranges;		/* 0: it does not tell */
	uint32_t max_entries;
	bool no_avail;			/* it does not tell that */
	uint32_t pad;			/* so much lies before the first capability */
	bool packed;			/* Linux 5.10 to 6.5 aligns no capabilities */
	bool unpadded;			/* a 32-bit x86 kernel pads no structures */
	bool is_iommufd;		/* which plays it: CONFIG_IOMMUFD_VFIO_CONTAINER */
	uint32_t odd_offset;		/* the first capability is there; 0: where it is */
	bool no_migration;		/* it does not record written pages */
	uint64_t dirty_sizes;		/* of these, instead of its smallest pages */
	uint64_t dirty_limit;		/* of a mapping's bitmap, in bytes */
	bool narrows;			/* it reports what was written; else all that is mapped */
	uint32_t claim_ranges;		/* so many ranges are said to be there; 0: those that are */
};

extern struct shim_t1 shim_t1;

struct shim_entry {
	uint64_t iova, size, vaddr;
	uint32_t flags;
};

/* The descriptors: of a group, of its container, of a device; 0: not open. */
int shim_group_fd(uint32_t group);
int shim_container_fd(uint32_t group);

/* A device of the group writes a page, which its container has. */
void shim_write(uint32_t group, uint64_t iova);
/* Does the group's container record written pages? */
bool shim_records(uint32_t group);

/* What is in the container of a group, ascending by IOVA; how many. */
unsigned int shim_entries(uint32_t group, const struct shim_entry **entries);

#endif
