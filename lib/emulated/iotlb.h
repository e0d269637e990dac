/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cache of translations: an IOMMU's IOTLB, or the device TLB of a device (VT-d 6.2.4, 4.1).
 *
 * A set-associative array. The set is the number of the page modulo the number of sets, whatever
 * the page's size; so a look-up tries each size that has been used, the smallest first.
 *
 * DMA looks up without a lock. Each set has a sequence counter that is odd while the set changes; a
 * look-up that meets a change finds nothing, and its DMA looks again under the lock of the context,
 * which all that changes a cache holds. What a look-up finds can be dropped while the DMA uses it:
 * whoever takes a translation away drains afterwards, even if the cache has it no more, since a DMA
 * in flight may have found it before it was evicted.
 */
#ifndef EMULATED_IOTLB_H
#define EMULATED_IOTLB_H

#include <ioasid/platform.h>

#include "iopt/iopt.h"
#include "pgtable/pgtable.h"

/* What DMA reads of an entry. */
struct iotlb_entry {
	bits_whole tag;		/* of the space; 0: free */
	bits_whole page;	/* its first address, with the log2 of its size in the low bits */
	bits_whole host;	/* of that address, with the permission as in iopt.h */
	bits_whole used;	/* when last, by the cache's clock */
};

/* Where an entry came from. */
struct iotlb_origin {
	uint64_t start, last;	/* what the leaf of the guest's covers */
	uint64_t target;	/* of the page, in the parent's space */
	uint64_t raw[PGT_MAX_LEVELS + 1];	/* the guest's entries, by level */
	unsigned int level;	/* of the leaf */
};

struct iotlb_translation {
	struct iotlb_entry entry;	/* used: of no meaning */
	struct iotlb_origin origin;
};

struct iotlb {
	struct iotlb_entry *entries;	/* set by set */
	struct iotlb_origin *origins;	/* of the same index; read and written under the lock */
	bits_whole *sequences;		/* of the sets */
	uint32_t sets, ways;		/* powers of two */
	uint64_t random;		/* state; 0: the least recently used goes */
	/* Without the lock too. */
	bits_whole sizes;		/* bit n: pages of 2^n bytes came in, */
	uint8_t leaf[64];		/* [n]: of leaves of that log2 at most; under the lock */
	bits_whole clock;		/* a step for each hit and each fill */
	uint64_t fills, misses, evictions, dropped;
};

/* @geometry: a chosen one. 0 or -ENOMEM. */
int iotlb_init(struct iotlb *t, const struct ioasid_platform_iotlb *geometry);
void iotlb_destroy(struct iotlb *t);

/*
 * The translation of @iova with all of @access; into @hit, without a slot. @index receives which
 * entry it is, for a caller with the lock; may be NULL. Without the lock it may miss what is there.
 */
bool iotlb_find(struct iotlb *t, uint64_t tag, uint64_t iova, unsigned int access,
		struct iopt_hit *hit, size_t *index);

/* The entry of that index. */
struct iotlb_translation iotlb_get(const struct iotlb *t, size_t index);

/* Takes in a translation, and replaces the one that there is of the same page. */
void iotlb_fill(struct iotlb *t, const struct iotlb_translation *x);

/*
 * Drops what a change of the guest's table in [@start, @last] concerns, looking at the sets where
 * that can be, or at all of them. True if it had any.
 */
bool iotlb_drop(struct iotlb *t, uint64_t tag, uint64_t start, uint64_t last);

/* The entry with the lowest address of those that end at or after @iova; NULL: there is none. */
const struct iotlb_entry *iotlb_next(const struct iotlb *t, uint64_t tag, uint64_t iova);

static inline uint64_t iotlb_hits(const struct iotlb *t)
{
	return __atomic_load_n(&t->clock, __ATOMIC_RELAXED) - t->fills;
}

static inline unsigned int iotlb_shift(const struct iotlb_entry *e)
{
	return e->page & 63;
}

static inline uint64_t iotlb_start(const struct iotlb_entry *e)
{
	return e->page & IOPT_ADDR;
}

static inline uint64_t iotlb_last(const struct iotlb_entry *e)
{
	return iotlb_start(e) + (UINT64_C(1) << iotlb_shift(e)) - 1;
}

#endif
