/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interval map: is the tree in order? For tests. */
#include "imap_node.h"

enum rule {
	IN_ORDER, NO_COUNT, BAD_TAG, BAD_RANGE, OVERLAP, OUTSIDE_FENCES, BAD_FENCE, BAD_BOUND,
	BAD_LINK, BAD_TOTAL, BAD_ROOT, BAD_FINGER,
};

struct state {
	const struct imap *map;
	const struct imap_leaf *leaf;		/* latest */
	const struct imap_item *item;
	size_t count;
};

static int check_leaf(struct state *state, const struct imap_leaf *leaf, uint64_t lo, uint64_t hi)
{
	unsigned int n = 0, at;

	if (!leaf->count || leaf->count > (leaf->dense ? IMAP_SLOTS : IMAP_LEAF_ITEMS))
		return NO_COUNT;
	if (leaf->dense && !leaf->exact)
		return BAD_TAG;
	if (leaf->prev != state->leaf || (!leaf->prev && state->map->head != leaf) ||
	    (leaf->prev && leaf->prev->next != leaf))
		return BAD_LINK;
	state->leaf = leaf;

	for (at = IMAP_END; (at = imap_behind_place(leaf, at)) != IMAP_END; n++) {
		const struct imap_item *item = imap_item_at(state->map, leaf, at);

		if (imap_start_min(leaf, at) > item->start ||
		    imap_start_max(leaf, at) < item->start ||
		    (leaf->exact && !imap_tag_is_exact(leaf, item->start)))
			return BAD_TAG;
		if (item->last - item->start < leaf->shortest ||
		    item->last - item->start > leaf->longest)
			return BAD_RANGE;
		if (item->start > item->last)
			return BAD_RANGE;
		if (state->item && state->item->last >= item->start)
			return OVERLAP;
		if (item->start < lo || item->start > hi)
			return OUTSIDE_FENCES;
		state->item = item;
		state->count++;
	}
	if (n != leaf->count)
		return NO_COUNT;
	for (; !leaf->dense && n < IMAP_LEAF_ITEMS; n++) {
		if (leaf->tag[n] != INT16_MAX)
			return BAD_TAG;
	}
	return IN_ORDER;
}

/* The largest gap behind an item, by the items alone. */
static uint64_t leaf_gap(const struct imap *map, const struct imap_leaf *leaf)
{
	unsigned int at = imap_behind_place(leaf, IMAP_END), next;
	const struct imap_item *after;
	uint64_t gap = 0;

	for (; at != IMAP_END; at = next) {
		next = imap_behind_place(leaf, at);
		after = next != IMAP_END ? imap_item_at(map, leaf, next) : imap_behind(map, leaf);
		gap = bits_max(gap, imap_gap_between(imap_item_at(map, leaf, at), after));
	}
	return gap;
}

static int check_inner(struct state *state, const struct imap_inner *node, unsigned int level,
		       uint64_t lo, uint64_t hi)
{
	unsigned int i;

	if (!node->count || node->count > IMAP_FANOUT)
		return NO_COUNT;
	for (i = 0; i < node->count; i++) {
		uint64_t first = i ? node->key[i] : lo;
		uint64_t last = i + 1u < node->count ? node->key[i + 1] - 1 : hi;
		uint64_t gap;
		int rule;

		if (first < lo || last > hi || first > last)
			return BAD_FENCE;
		if (level)
			rule = check_inner(state, node->child[i], level - 1, first, last);
		else
			rule = check_leaf(state, node->child[i], first, last);
		if (rule)
			return rule;
		gap = level ? imap_inner_gap(node->child[i]) :
			      leaf_gap(state->map, node->child[i]);
		if (node->gap[i] < gap)
			return BAD_BOUND;
	}
	return IN_ORDER;
}

/* Does the finger point where a search does? */
static int check_finger(const struct imap *map)
{
	const struct imap_path *finger = &map->finger;
	struct imap_path path;

	if (!finger->leaf)
		return IN_ORDER;
	imap_path_seek(map, &path, finger->lo);
	if (path.leaf != finger->leaf || path.lo != finger->lo || path.hi != finger->hi)
		return BAD_FINGER;
	return IN_ORDER;
}

int imap_check(const struct imap *map)
{
	struct state state = { .map = map };
	int rule;

	if (!map->root)
		return map->height || map->count || map->head || map->finger.leaf ||
		       slab_used(&map->nodes) ? BAD_ROOT : IN_ORDER;
	if (map->height)
		rule = check_inner(&state, map->root, map->height - 1, 0, UINT64_MAX);
	else
		rule = check_leaf(&state, map->root, 0, UINT64_MAX);
	if (rule)
		return rule;
	if (state.leaf->next)
		return BAD_LINK;
	if (state.count != map->count)
		return BAD_TOTAL;
	return check_finger(map);
}
