/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interval map: look-up and walk. */
#include "imap.h"

#include "imap_node.h"

void imap_init(struct imap *map, struct pages *pool)
{
	memset(map, 0, sizeof(*map));
	map->pool = pool;
	slab_init(&map->nodes, pool, IMAP_NODE_SIZE, map);
}

void imap_destroy(struct imap *map)
{
	slab_destroy(&map->nodes);
	imap_init(map, map->pool);
}

/* The leaf that @addr belongs to; the map must not be empty. Leaves the finger alone. */
static const struct imap_leaf *leaf_of(const struct imap *map, uint64_t addr)
{
	const struct imap_path *finger = &map->finger;
	unsigned int level = map->height;
	const void *node = map->root;

	if (finger->leaf && addr >= finger->lo && addr <= finger->hi)
		return finger->leaf;
	while (level--) {
		const struct imap_inner *inner = node;

		node = inner->child[imap_inner_search(inner, addr)];
	}
	return node;
}

/*
 * Points @iter at the item with the highest start at or below @addr, which may be in the leaf
 * before the one @addr belongs to. NULL if there is none: then @iter is before the first item.
 */
static struct imap_item *seek_floor(struct imap_iter *iter, const struct imap *map, uint64_t addr)
{
	const struct imap_leaf *leaf;
	unsigned int at;

	iter->map = map;
	iter->leaf = NULL;
	if (!map->root)
		return NULL;
	leaf = leaf_of(map, addr);
	at = imap_leaf_floor(map, leaf, addr);
	if (at == IMAP_END) {
		leaf = leaf->prev;
		if (!leaf)
			return NULL;
		at = imap_before_place(leaf, IMAP_END);
	}
	iter->leaf = leaf;
	iter->at = at;
	return imap_item_at(map, leaf, at);
}

/* One item ahead. */
static struct imap_item *step(struct imap_iter *iter)
{
	unsigned int at = iter->leaf ? imap_behind_place(iter->leaf, iter->at) : IMAP_END;

	if (at == IMAP_END) {
		iter->leaf = iter->leaf ? iter->leaf->next : iter->map->head;
		if (!iter->leaf)
			return NULL;
		at = imap_behind_place(iter->leaf, IMAP_END);
	}
	iter->at = at;
	return imap_item_at(iter->map, iter->leaf, at);
}

struct imap_item *imap_iter_first(struct imap_iter *iter, const struct imap *map, uint64_t start,
				  uint64_t last)
{
	struct imap_item *item = seek_floor(iter, map, start);

	iter->last = last;
	if (item && item->last >= start)
		return item;
	return imap_iter_next(iter);
}

struct imap_item *imap_iter_next(struct imap_iter *iter)
{
	struct imap_item *item = step(iter);

	return item && item->start <= iter->last ? item : NULL;
}

struct imap_item *imap_find(const struct imap *map, uint64_t addr)
{
	struct imap_iter iter;
	struct imap_item *item = seek_floor(&iter, map, addr);

	return item && item->last >= addr ? item : NULL;
}

struct imap_item *imap_first(const struct imap *map, uint64_t start, uint64_t last)
{
	struct imap_iter iter;

	return imap_iter_first(&iter, map, start, last);
}

unsigned int imap_crowd(const struct imap *map, unsigned int shift)
{
	const struct imap_leaf *leaf = map->finger.leaf;
	uint64_t first, last;

	if (!leaf)
		return 0;
	first = imap_start_min(leaf, imap_behind_place(leaf, IMAP_END));
	last = imap_start_max(leaf, imap_before_place(leaf, IMAP_END));
	return (first ^ last) >> shift ? 0 : leaf->count;
}

struct imap_item *imap_last_before(const struct imap *map, uint64_t addr)
{
	struct imap_iter iter;
	struct imap_item *item = seek_floor(&iter, map, addr);
	unsigned int at;

	if (!item || item->last < addr)
		return item;
	at = imap_before_place(iter.leaf, iter.at);
	if (at != IMAP_END)
		return imap_item_at(map, iter.leaf, at);
	return iter.leaf->prev ? imap_leaf_last(map, iter.leaf->prev) : NULL;
}

struct imap_item *imap_next(const struct imap *map, const struct imap_item *item)
{
	struct imap_iter iter;

	(void)seek_floor(&iter, map, item->start);
	return step(&iter);
}
