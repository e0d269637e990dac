/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nodes of the interval map.
 *
 * A leaf knows an item by its reference and by a tag: the distance of the item's start from the
 * leaf's base, in units of 2^shift. A search compares tags, which are in the leaf, and looks at
 * items only where a tag leaves room for doubt. A leaf whose items all start at a multiple of the
 * unit is exact: its tags leave none. It also knows how long its items are, at least and at most.
 * For mappings of one page size most changes get by without a look at any other item.
 *
 * An inner node has for each child the lowest address that belongs to it (that of child 0 means
 * nothing: its parent knows) and a bound of the free bytes behind any single item in it. The free
 * bytes behind the last item of a child reach into the next one. Insertions leave bounds as they
 * are, too high at worst; imap_gap() lowers those that led it astray, so that none does twice.
 */
#ifndef UTIL_IMAP_NODE_H
#define UTIL_IMAP_NODE_H

#include <string.h>

#include "bits.h"
#include "imap.h"

/*
 * Three nodes make a slab page. Half as large, they are as fast and waste more; a test makes them
 * much smaller, for a tree of many levels.
 */
#ifndef IMAP_NODE_SIZE
#define IMAP_NODE_SIZE	1360u
#endif
#define IMAP_LEAF_ITEMS	((IMAP_NODE_SIZE - 48) / 6 / 8 * 8)
#define IMAP_FANOUT	((IMAP_NODE_SIZE - 8) / 24)

#define IMAP_TAG_RANGE	0x10000
#define IMAP_PAGE_SHIFT	12

struct imap_leaf {
	uint64_t base;			/* no item starts below, or IMAP_TAG_RANGE units above */
	uint64_t shortest, longest;	/* bounds of last - start */
	struct imap_leaf *next, *prev;
	uint16_t count;
	uint8_t shift;
	bool exact;
	int16_t tag[IMAP_LEAF_ITEMS] __attribute__((aligned(8)));	/* unused: INT16_MAX */
	uint32_t ref[IMAP_LEAF_ITEMS];
};

struct imap_inner {
	uint16_t count;
	uint64_t key[IMAP_FANOUT];
	uint64_t gap[IMAP_FANOUT];
	void *child[IMAP_FANOUT];
};

_Static_assert(sizeof(struct imap_leaf) <= IMAP_NODE_SIZE, "leaf");
_Static_assert(sizeof(struct imap_inner) <= IMAP_NODE_SIZE, "inner node");

static inline struct imap_item *imap_item_at(const struct imap *map, const struct imap_leaf *leaf,
					     unsigned int i)
{
	return pages_ptr(map->pool, leaf->ref[i]);
}

static inline int16_t imap_tag(const struct imap_leaf *leaf, uint64_t addr)
{
	uint64_t units;

	if (addr <= leaf->base)
		return INT16_MIN;
	units = (addr - leaf->base) >> leaf->shift;
	if (units >= IMAP_TAG_RANGE)
		return INT16_MAX;
	return (int16_t)((int)units + INT16_MIN);
}

static inline bool imap_tag_fits(const struct imap_leaf *leaf, uint64_t addr)
{
	return addr >= leaf->base && (addr - leaf->base) >> leaf->shift < IMAP_TAG_RANGE;
}

static inline bool imap_tag_is_exact(const struct imap_leaf *leaf, uint64_t addr)
{
	return bits_is_aligned(addr, UINT64_C(1) << leaf->shift);
}

/* Item @i starts between these two. */
static inline uint64_t imap_start_min(const struct imap_leaf *leaf, unsigned int i)
{
	return leaf->base + ((uint64_t)(leaf->tag[i] - INT16_MIN) << leaf->shift);
}

static inline uint64_t imap_start_max(const struct imap_leaf *leaf, unsigned int i)
{
	return imap_start_min(leaf, i) | (leaf->exact ? 0 : (UINT64_C(1) << leaf->shift) - 1);
}

typedef int16_t imap_tags __attribute__((vector_size(16), aligned(8), may_alias));

/* Number of items with a tag of at most @tag. All of the array is looked at: no branches. */
static inline unsigned int imap_leaf_tags(const struct imap_leaf *leaf, int16_t tag)
{
	const imap_tags *tags = (const imap_tags *)leaf->tag;
	imap_tags above = { 0 };
	unsigned int i, n = IMAP_LEAF_ITEMS;

	for (i = 0; i < IMAP_LEAF_ITEMS / 8; i++)
		above += tags[i] > tag;		/* true is -1 */
	for (i = 0; i < 8; i++)
		n += (unsigned int)above[i];
	return n < leaf->count ? n : leaf->count;
}

/* The child of @node that @addr belongs to. */
static inline unsigned int imap_inner_search(const struct imap_inner *node, uint64_t addr)
{
	const uint64_t *key = node->key;
	unsigned int n = node->count;

	while (n > 1) {
		unsigned int half = n / 2;

		key = key[half] <= addr ? key + half : key;
		n -= half;
	}
	return (unsigned int)(key - node->key);
}

/* Number of items in @leaf that start at or below @addr. */
unsigned int imap_leaf_upper(const struct imap *map, const struct imap_leaf *leaf, uint64_t addr);

void imap_leaf_init(struct imap_leaf *leaf, uint64_t around, unsigned int shift);
void imap_leaf_add(const struct imap *map, struct imap_leaf *leaf, unsigned int at,
		   const struct imap_item *item);
void imap_leaf_del(struct imap_leaf *leaf, unsigned int at);
/* Parts the items of two neighbours anew, so that @left has @n of them. */
void imap_leaf_share(const struct imap *map, struct imap_leaf *left, struct imap_leaf *right,
		     unsigned int n);

void imap_inner_add(struct imap_inner *node, unsigned int at, uint64_t key, void *child,
		    uint64_t gap);
void imap_inner_del(struct imap_inner *node, unsigned int at);
void imap_inner_move(struct imap_inner *from, unsigned int at, struct imap_inner *to);

/* Do the tags and the bounds of the length say all of each item? */
static inline bool imap_leaf_is_uniform(const struct imap_leaf *leaf)
{
	return leaf->exact && leaf->shortest == leaf->longest;
}

/* The first item behind the items of @leaf, NULL if none. */
static inline struct imap_item *imap_behind(const struct imap *map, const struct imap_leaf *leaf)
{
	return leaf->next ? imap_item_at(map, leaf->next, 0) : NULL;
}

/* Free bytes between the item @prev and @next, NULL for the end of the space. */
static inline uint64_t imap_gap_between(const struct imap_item *prev, const struct imap_item *next)
{
	return next ? next->start - prev->last - 1 : UINT64_MAX - prev->last;
}

/* The largest gap behind an item of @leaf, exact; the largest bound in @node. */
uint64_t imap_leaf_gap(const struct imap *map, const struct imap_leaf *leaf);
uint64_t imap_inner_gap(const struct imap_inner *node);

/* Raises the bounds on @path, from @level up, to @gap at least. */
void imap_path_raise(const struct imap *map, const struct imap_path *path, unsigned int level,
		     uint64_t gap);

/* The way to @addr; the map must not be empty. */
void imap_path_seek(const struct imap *map, struct imap_path *path, uint64_t addr);

/* The same for a change, by the finger. */
static inline struct imap_path *imap_finger(struct imap *map, uint64_t addr)
{
	struct imap_path *path = &map->finger;

	if (!path->leaf || addr < path->lo || addr > path->hi)
		imap_path_seek(map, path, addr);
	return path;
}

/* Forgets the finger: paths have changed. */
static inline void imap_finger_drop(struct imap *map)
{
	map->finger.leaf = NULL;
}

#endif
