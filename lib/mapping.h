/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A mapping, as a record of its own. */
#ifndef LIB_MAPPING_H
#define LIB_MAPPING_H

#include "util/imap.h"
#include "util/slab.h"

#define MAPPING_WRITABLE 0x4u	/* the memory may be written; beside IOASID_READ and _WRITE */
#define MAPPING_PACKED	0x8u	/* a copy of what is in a strip */
#define MAPPING_HANDLE	0x10u	/* somebody has the record as a handle */

struct ioasid_space;

struct ioasid_mapping {
	struct imap_item item;
	uint64_t target;		/* a host address, or an address of the parent */
	uint32_t runs;			/* of a record: see mapping_runs(); 8-byte aligned */
	uint32_t flags : 8;
	uint32_t source : 24;		/* 0: plain memory, or none */
};

/* Of a record. */
static inline struct ioasid_space *mapping_space(const struct ioasid_mapping *mapping)
{
	return slab_owner_of(mapping);
}

#endif
