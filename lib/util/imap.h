/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interval map: ranges that don't overlap, anywhere in 64 bits, with byte granularity.
 *
 * The map is a B+tree of references to the caller's items. An item starts with its range,
 * which must not change while it is in a map, and lives in the map's pool (a slab on it, as a
 * rule): a leaf then needs only 6 bytes for it, a 32-bit reference and 16 bits of its address, or
 * 4 where one item follows another.
 *
 * Ranges are inclusive, [start, last], so that the whole 64-bit space is one too.
 *
 * Functions that take a const map may run side by side; the others need the map for themselves,
 * imap_gap() included. imap_insert(), imap_remove() and imap_destroy() also need the pool.
 */
#ifndef UTIL_IMAP_H
#define UTIL_IMAP_H

#include <stddef.h>
#include <stdint.h>

#include "pages.h"
#include "slab.h"

/* First member of, or anywhere 8-byte aligned in, the caller's record. start <= last. */
struct imap_item {
	uint64_t start;
	uint64_t last;
};

struct imap_leaf;
struct imap_inner;

#define IMAP_MAX_HEIGHT 16

/* The way from the root to a leaf, and what that leaf is responsible for. */
struct imap_path {
	struct imap_inner *node[IMAP_MAX_HEIGHT];	/* [0] is the leaf's parent */
	uint16_t index[IMAP_MAX_HEIGHT];		/* which child of it */
	struct imap_leaf *leaf;				/* NULL: not a path */
	uint64_t lo, hi;
	uint64_t before;	/* a bound of the free bytes before the leaf's first item: */
				/* on the way to the item before it, all say at least so much */
};

struct imap {
	struct pages *pool;
	void *root;			/* NULL if empty, a leaf if height is 0 */
	unsigned int height;		/* levels of inner nodes */
	struct imap_leaf *head;		/* leaf with the lowest item */
	size_t count;
	struct slab nodes;
	struct imap_path finger;	/* of the latest change; makes neighbours cheap */
};

/* Takes no memory yet. A map must stay where it is. */
void imap_init(struct imap *map, struct pages *pool);

/* Drops all nodes; the items are the caller's. The map is empty afterwards, and usable. */
void imap_destroy(struct imap *map);

/* 0, -EEXIST if a part of the range is taken, or -ENOMEM; unchanged on failure. */
int imap_insert(struct imap *map, struct imap_item *item);

/* @item must be in the map. Takes no memory. */
void imap_remove(struct imap *map, struct imap_item *item);

/* The item that @addr is in, or NULL. */
struct imap_item *imap_find(const struct imap *map, uint64_t addr);

/* The lowest item with a byte in [@start, @last], or NULL. */
struct imap_item *imap_first(const struct imap *map, uint64_t start, uint64_t last);

/* The item with the highest last address below @addr, or NULL. */
struct imap_item *imap_last_before(const struct imap *map, uint64_t addr);

/* The item behind @item, which must be in the map, or NULL. An imap_iter is faster. */
struct imap_item *imap_next(const struct imap *map, const struct imap_item *item);

/*
 * How many items are next to that of the latest change, all in one aligned range of 2^@shift bytes;
 * 0 if that is not known at once.
 */
unsigned int imap_crowd(const struct imap *map, unsigned int shift);

static inline size_t imap_count(const struct imap *map)
{
	return map->count;
}

/* Bytes of a range; 0 for all 2^64. */
static inline uint64_t imap_length(const struct imap_item *item)
{
	return item->last - item->start + 1;
}

/*
 * The lowest address a in [@lo, @hi] with a % @align == @offset, and [a, a + @length - 1] within
 * [@lo, @hi] and free. @align is a power of two, @offset below it, @length not 0. 0 and *@out, or
 * -ENOSPC.
 */
int imap_gap(struct imap *map, uint64_t lo, uint64_t hi, uint64_t length, uint64_t align,
	     uint64_t offset, uint64_t *out);

/* A walk in ascending order, valid as long as the map is unchanged. */
struct imap_iter {
	const struct imap *map;
	const struct imap_leaf *leaf;
	unsigned int at;		/* the item's place in it */
	uint64_t last;
};

/* The lowest item with a byte in [@start, @last], as imap_first(), and those behind it. */
struct imap_item *imap_iter_first(struct imap_iter *iter, const struct imap *map, uint64_t start,
				  uint64_t last);
struct imap_item *imap_iter_next(struct imap_iter *iter);

/* for each item in [start, last]; the body must not change the map */
#define imap_for_each(item, iter, map, start, last) \
	for ((item) = imap_iter_first((iter), (map), (start), (last)); (item); \
	     (item) = imap_iter_next(iter))

/* For tests: 0 if the tree is in order, or the number of the rule that is broken. */
int imap_check(const struct imap *map);

#endif
