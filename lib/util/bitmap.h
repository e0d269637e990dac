/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A set of 64-bit numbers, sparse: bitmaps of 32768 numbers each where there are any, in a map. A
 * word beside each of them says which of its cache lines are not 0, so that a scan looks at those
 * only. Locked by its user.
 */
#ifndef UTIL_BITMAP_H
#define UTIL_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imap.h"
#include "pages.h"
#include "slab.h"

struct bitmap {
	struct imap chunks;
	struct slab records;
	size_t pages;			/* of bits */
};

/* Takes no memory yet. A bitmap must stay where it is. */
void bitmap_init(struct bitmap *map, struct pages *pool);

/* Empties it, and gives all memory back. It can be used again. */
void bitmap_reset(struct bitmap *map);

/* 0, or -ENOMEM: unchanged. */
int bitmap_set(struct bitmap *map, uint64_t number);

/*
 * The numbers of the bits that are set in @bits, counted from @first. 0, or -ENOMEM: some of them
 * may be there.
 */
int bitmap_add(struct bitmap *map, uint64_t first, uint64_t bits);

/* Takes [@first, @last] out. */
void bitmap_clear(struct bitmap *map, uint64_t first, uint64_t last);

/*
 * Numbers found: those of the bits that are set in @bits, counted from @first, a multiple of 64.
 */
typedef void bitmap_found(void *data, uint64_t first, uint64_t bits);

/* What of [@first, @last] is in the set, ascending; @clear takes it out. */
void bitmap_scan(struct bitmap *map, uint64_t first, uint64_t last, bool clear,
		 bitmap_found *found, void *data);

/* Pages of memory that it takes. */
size_t bitmap_pages(const struct bitmap *map);

#endif
