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
 * Where items are close together a leaf is dense: it has a slot for each unit of its window, and a
 * bit that says whether an item starts there. Then nothing is searched or moved. Windows begin at
 * multiples of their size, and so do, where possible, the ranges that leaves are responsible for:
 * as these fill up each becomes one window. Dense leaves are exact.
 *
 * A place is the number of an item's tag, or of its slot.
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
 * Seven nodes make a slab page, and the slots of a leaf one node. A test makes them much smaller,
 * for a tree of many levels.
 */
#ifndef IMAP_SLOTS
#define IMAP_SLOTS	128u
#endif
#define IMAP_WORDS	((IMAP_SLOTS + 63) / 64)
#define IMAP_WINDOW_SHIFT (31 - __builtin_clz(IMAP_SLOTS))
#define IMAP_NODE_SIZE	(48 + 8 * IMAP_WORDS + 4 * IMAP_SLOTS)
#define IMAP_LEAF_ITEMS	((IMAP_NODE_SIZE - 48) / 6 / 8 * 8)
#define IMAP_FANOUT	((IMAP_NODE_SIZE - 8) / 24)

#define IMAP_TAG_RANGE	0x10000
#define IMAP_PAGE_SHIFT	12

#define IMAP_END	(~0u)	/* no place: before the first one, and behind the last one */

struct imap_leaf {
	uint64_t base;			/* no item starts below, or beyond the last tag or slot */
	uint64_t shortest, longest;	/* bounds of last - start */
	struct imap_leaf *next, *prev;
	uint16_t count;
	uint8_t shift;
	bool exact;
	bool dense;
	union {
		struct {
			/* unused: INT16_MAX */
			int16_t tag[IMAP_LEAF_ITEMS] __attribute__((aligned(8)));
			uint32_t ref[IMAP_LEAF_ITEMS];
		};
		struct {
			uint64_t used[IMAP_WORDS];
			uint32_t slot[IMAP_SLOTS];
		};
	};
};

struct imap_inner {
	uint16_t count;
	uint64_t key[IMAP_FANOUT];
	uint64_t gap[IMAP_FANOUT];
	void *child[IMAP_FANOUT];
};

_Static_assert(sizeof(struct imap_leaf) <= IMAP_NODE_SIZE, "leaf");
_Static_assert(sizeof(struct imap_inner) <= IMAP_NODE_SIZE, "inner node");
/* Two leaves with tags have room for what was in all slots, and for one more in either. */
_Static_assert(2 * (IMAP_LEAF_ITEMS - 1) >= IMAP_SLOTS, "tags");

static inline uint32_t imap_ref_at(const struct imap_leaf *leaf, unsigned int at)
{
	return leaf->dense ? leaf->slot[at] : leaf->ref[at];
}

static inline struct imap_item *imap_item_at(const struct imap *map, const struct imap_leaf *leaf,
					     unsigned int at)
{
	return pages_ptr(map->pool, imap_ref_at(leaf, at));
}

/* The first slot in use from @at on. */
static inline unsigned int imap_slot_from(const struct imap_leaf *leaf, unsigned int at)
{
	unsigned int word = at / 64;
	uint64_t bits;

	if (at >= IMAP_SLOTS)
		return IMAP_END;
	for (bits = leaf->used[word] & ~UINT64_C(0) << at % 64; !bits; bits = leaf->used[word])
		if (++word == IMAP_WORDS)
			return IMAP_END;
	return word * 64 + bits_ctz(bits);
}

/* The last slot in use up to @at. */
static inline unsigned int imap_slot_upto(const struct imap_leaf *leaf, unsigned int at)
{
	unsigned int word = at / 64;
	uint64_t bits;

	for (bits = leaf->used[word] & ~UINT64_C(0) >> (63 - at % 64); !bits;
	     bits = leaf->used[word])
		if (!word--)
			return IMAP_END;
	return word * 64 + bits_ilog2(bits);
}

/* The place behind @at; IMAP_END is before the first one. */
static inline unsigned int imap_behind_place(const struct imap_leaf *leaf, unsigned int at)
{
	if (leaf->dense)
		return imap_slot_from(leaf, at + 1);
	return at + 1 < leaf->count ? at + 1 : IMAP_END;
}

/* The place before @at; IMAP_END is behind the last one. */
static inline unsigned int imap_before_place(const struct imap_leaf *leaf, unsigned int at)
{
	unsigned int end = leaf->dense ? IMAP_SLOTS : leaf->count;

	if (!at)
		return IMAP_END;
	at = at < end ? at - 1 : end - 1;
	return leaf->dense ? imap_slot_upto(leaf, at) : at;
}

static inline struct imap_item *imap_leaf_first(const struct imap *map,
						const struct imap_leaf *leaf)
{
	return imap_item_at(map, leaf, imap_behind_place(leaf, IMAP_END));
}

static inline struct imap_item *imap_leaf_last(const struct imap *map,
					       const struct imap_leaf *leaf)
{
	return imap_item_at(map, leaf, imap_before_place(leaf, IMAP_END));
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

/* Can the leaf have it without a change of its kind or its base? */
static inline bool imap_tag_fits(const struct imap_leaf *leaf, uint64_t addr)
{
	return addr >= leaf->base && (addr - leaf->base) >> leaf->shift < IMAP_TAG_RANGE;
}

static inline bool imap_tag_is_exact(const struct imap_leaf *leaf, uint64_t addr)
{
	return bits_is_aligned(addr, UINT64_C(1) << leaf->shift);
}

static inline bool imap_slot_fits(const struct imap_leaf *leaf, uint64_t addr)
{
	return imap_tag_is_exact(leaf, addr) && addr >= leaf->base &&
	       (addr - leaf->base) >> leaf->shift < IMAP_SLOTS;
}

/* The item at @at starts between these two. */
static inline uint64_t imap_start_min(const struct imap_leaf *leaf, unsigned int at)
{
	uint64_t units = leaf->dense ? at : (uint64_t)(leaf->tag[at] - INT16_MIN);

	return leaf->base + (units << leaf->shift);
}

static inline uint64_t imap_start_max(const struct imap_leaf *leaf, unsigned int at)
{
	return imap_start_min(leaf, at) | (leaf->exact ? 0 : (UINT64_C(1) << leaf->shift) - 1);
}

typedef int16_t imap_tags __attribute__((vector_size(16), aligned(8), may_alias));

/* Number of items with a tag of at most @tag. All tags are looked at: no branch depends on one. */
static inline unsigned int imap_leaf_tags(const struct imap_leaf *leaf, int16_t tag)
{
	const imap_tags *tags = (const imap_tags *)leaf->tag;
	imap_tags above = { 0 };
	unsigned int i, n;

	if (leaf->count && leaf->tag[leaf->count - 1] <= tag)
		return leaf->count;		/* a run that grows */
	for (i = 0; i * 8 < leaf->count; i++)
		above += tags[i] > tag;		/* true is -1 */
	n = i * 8;
	for (i = 0; i < 8; i++)
		n += (unsigned int)above[i];
	return n;
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

/* The place of the last item that starts at or below @addr. */
unsigned int imap_leaf_floor(const struct imap *map, const struct imap_leaf *leaf, uint64_t addr);

void imap_leaf_init(struct imap_leaf *leaf, uint64_t around, unsigned int shift);

/* Can it have one more that starts at @start as it is? */
static inline bool imap_leaf_takes(const struct imap_leaf *leaf, uint64_t start)
{
	return leaf->dense ? imap_slot_fits(leaf, start) : leaf->count < IMAP_LEAF_ITEMS;
}

/* Adds @item, which the leaf takes, behind the one at @at. */
void imap_leaf_add(const struct imap *map, struct imap_leaf *leaf, unsigned int at,
		   const struct imap_item *item);
void imap_leaf_del(struct imap_leaf *leaf, unsigned int at);

/* Changes its kind, so that it takes one that starts at @start; false if that does not help. */
bool imap_leaf_change(const struct imap *map, struct imap_leaf *leaf, uint64_t start);

/*
 * Parts the items of two neighbours anew, about @n of them for @left. All or none is meant so: then
 * the item at @start goes to the other one. *@key: the first address that belongs to @right, which
 * is where a window begins if possible. False, with nothing changed: it is not, and @by_window asks
 * for it.
 */
bool imap_leaf_part(const struct imap *map, struct imap_leaf *left, struct imap_leaf *right,
		    unsigned int n, uint64_t start, bool by_window, uint64_t *key);
/* Gives @left all of them. */
void imap_leaf_join(const struct imap *map, struct imap_leaf *left, struct imap_leaf *right);

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
	return leaf->next ? imap_leaf_first(map, leaf->next) : NULL;
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
