/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interval map: first fit. */
#include <errno.h>

#include "imap_node.h"

struct request {
	const struct imap *map;
	uint64_t lo, hi;
	uint64_t length, align, offset;
	uint64_t found;
};

enum outcome { NOT_HERE, FOUND, BEYOND };

/* Tries the free bytes [@first, @last]. */
static enum outcome try_gap(struct request *req, uint64_t first, uint64_t last)
{
	uint64_t at = bits_max(first, req->lo);
	uint64_t end = bits_min(last, req->hi);

	if (at > req->hi)
		return BEYOND;
	if (__builtin_add_overflow(at, (req->offset - at) & (req->align - 1), &at))
		return BEYOND;
	if (at > end || end - at < req->length - 1)
		return NOT_HERE;
	req->found = at;
	return FOUND;
}

/*
 * Tries the gaps behind the items of @leaf from @at on. @largest, the largest of them, is right if
 * the outcome is NOT_HERE.
 */
static enum outcome try_leaf(struct request *req, const struct imap_leaf *leaf, unsigned int at,
			     uint64_t *largest)
{
	const struct imap_item *item = imap_item_at(req->map, leaf, at), *next;
	enum outcome outcome;
	uint64_t gap;

	*largest = 0;
	for (; at != IMAP_END; item = next) {
		at = imap_behind_place(leaf, at);
		next = at != IMAP_END ? imap_item_at(req->map, leaf, at) :
					imap_behind(req->map, leaf);
		gap = imap_gap_between(item, next);
		*largest = bits_max(*largest, gap);
		if (gap < req->length)
			continue;
		outcome = try_gap(req, item->last + 1, item->last + gap);
		if (outcome != NOT_HERE)
			return outcome;
	}
	return NOT_HERE;
}

/* Tries the children of @node, at @level, from @at on, and lowers the bounds that were too high. */
static enum outcome try_inner(struct request *req, struct imap_inner *node, unsigned int level,
			      unsigned int at, uint64_t *largest)
{
	enum outcome outcome;
	uint64_t exact;

	for (; at < node->count; at++) {
		if (node->gap[at] < req->length)
			continue;
		if (at && node->key[at] > req->hi)
			return BEYOND;
		if (level)
			outcome = try_inner(req, node->child[at], level - 1, 0, &exact);
		else
			outcome = try_leaf(req, node->child[at],
					   imap_behind_place(node->child[at], IMAP_END), &exact);
		if (outcome != NOT_HERE)
			return outcome;
		node->gap[at] = bits_min(node->gap[at], exact);
	}
	*largest = imap_inner_gap(node);
	return NOT_HERE;
}

/* All gaps behind the items from @leaf's @at on: those of the leaf, then up, and down again. */
static enum outcome try_from(struct request *req, const struct imap_path *path, unsigned int at)
{
	const struct imap *map = req->map;
	enum outcome outcome = NOT_HERE;
	uint64_t exact;
	unsigned int level;

	if (!map->height || path->node[0]->gap[path->index[0]] >= req->length) {
		outcome = try_leaf(req, path->leaf, at, &exact);
		if (outcome == NOT_HERE && map->height)
			exact = imap_leaf_gap(map, path->leaf);
	} else {
		exact = path->node[0]->gap[path->index[0]];
	}
	for (level = 0; level < map->height && outcome == NOT_HERE; level++) {
		struct imap_inner *node = path->node[level];
		unsigned int i = path->index[level];

		node->gap[i] = bits_min(node->gap[i], exact);
		outcome = try_inner(req, node, level, i + 1, &exact);
	}
	return outcome;
}

static enum outcome try_all(struct imap *map, struct request *req)
{
	struct imap_path path;
	const struct imap_leaf *prev;
	const struct imap_item *item;
	enum outcome outcome = NOT_HERE;
	unsigned int at;

	if (!map->root)
		return try_gap(req, 0, UINT64_MAX);

	imap_path_seek(map, &path, req->lo);
	at = imap_leaf_floor(map, path.leaf, req->lo);
	if (at != IMAP_END)
		return try_from(req, &path, at);

	/*
	 * lo is below the leaf's first item: the gap there is another leaf's, or the first of all.
	 */
	prev = path.leaf->prev;
	at = imap_behind_place(path.leaf, IMAP_END);
	item = imap_item_at(map, path.leaf, at);
	if (!prev) {
		if (item->start)
			outcome = try_gap(req, 0, item->start - 1);
	} else {
		const struct imap_item *before = imap_leaf_last(map, prev);

		if (before->last + 1 != item->start)
			outcome = try_gap(req, before->last + 1, item->start - 1);
	}
	return outcome == NOT_HERE ? try_from(req, &path, at) : outcome;
}

int imap_gap(struct imap *map, uint64_t lo, uint64_t hi, uint64_t length, uint64_t align,
	     uint64_t offset, uint64_t *out)
{
	struct request req = {
		.map = map, .lo = lo, .hi = hi,
		.length = length, .align = align, .offset = offset,
	};

	map->finger.before = 0;		/* bounds go down */
	if (lo > hi || hi - lo < length - 1 || try_all(map, &req) != FOUND)
		return -ENOSPC;
	*out = req.found;
	return 0;
}
