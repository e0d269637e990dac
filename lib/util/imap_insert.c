/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interval map: insertion. */
#include <errno.h>

#include "alloc.h"
#include "imap_node.h"

/* A leaf with at most this many items takes some of a full neighbour's. */
#define ROOM_MAX (IMAP_LEAF_ITEMS * 15 / 16)

/* The nodes a split will take, had before anything changes. */
struct reserve {
	void *node[IMAP_MAX_HEIGHT + 2];
	unsigned int count;
};

static bool reserve_fill(struct imap *map, const struct imap_path *path, struct reserve *reserve)
{
	unsigned int level = 0, need = 1;

	while (level < map->height && path->node[level]->count == IMAP_FANOUT)
		level++;
	if (level == IMAP_MAX_HEIGHT)
		return false;
	need += level + (level == map->height);

	for (reserve->count = 0; reserve->count < need; reserve->count++) {
		void *node = slab_alloc(&map->nodes);

		if (!node) {
			while (reserve->count)
				slab_free(&map->nodes, reserve->node[--reserve->count]);
			return false;
		}
		reserve->node[reserve->count] = node;
	}
	return true;
}

static void link_behind(struct imap_leaf *leaf, struct imap_leaf *right)
{
	right->prev = leaf;
	right->next = leaf->next;
	if (leaf->next)
		leaf->next->prev = right;
	leaf->next = right;
}

/*
 * Adds @item, behind the one at @at, to the full @leaf, in two: @right is the new one. Parts it in
 * the middle, unless the item goes to an end: a run of neighbours, up or down, leaves full leaves
 * behind. Returns where what belongs to the new one begins.
 */
static uint64_t split_leaf(struct imap *map, struct imap_leaf *leaf, unsigned int at,
			   const struct imap_item *item, struct imap_leaf *right)
{
	unsigned int part = leaf->count / 2u;
	struct imap_leaf *into;
	uint64_t key;

	if (at == IMAP_END)
		part = 0;
	else if (imap_behind_place(leaf, at) == IMAP_END)
		part = leaf->count;
	imap_leaf_init(right, item->start, leaf->shift);
	link_behind(leaf, right);
	imap_leaf_part(map, leaf, right, part, item->start, false, &key);
	into = item->start < key ? leaf : right;
	if (!imap_leaf_takes(into, item->start))
		imap_leaf_change(map, into, item->start);
	imap_leaf_add(map, into, imap_leaf_floor(map, into, item->start), item);
	return key;
}

/* What goes into the parent: a new child, and the bound of the one on its left. */
struct sibling {
	uint64_t key;
	void *child;
	uint64_t gap, left_gap;
};

static void split_inner(struct imap_inner *node, unsigned int at, struct sibling *new,
			struct imap_inner *right)
{
	unsigned int part = IMAP_FANOUT / 2;

	/* As leaves: a run of neighbours, up or down, leaves full nodes behind. */
	if (at == IMAP_FANOUT || at == 1)
		part = at;
	right->count = 0;
	imap_inner_move(node, part, right);
	if (at <= part && part < IMAP_FANOUT)
		imap_inner_add(node, at, new->key, new->child, new->gap);
	else
		imap_inner_add(right, at - part, new->key, new->child, new->gap);

	new->key = right->key[0];
	new->child = right;
	new->gap = imap_inner_gap(right);
	new->left_gap = imap_inner_gap(node);
}

static void grow_root(struct imap *map, const struct sibling *new, struct imap_inner *root)
{
	root->count = 0;
	imap_inner_add(root, 0, 0, map->root, new->left_gap);
	imap_inner_add(root, 1, new->key, new->child, new->gap);
	map->root = root;
	map->height++;
}

/* A dense leaf has its window, and shares nothing. */
static unsigned int leaf_count(const struct imap_inner *node, unsigned int i)
{
	const struct imap_leaf *leaf = node->child[i];

	return leaf->dense ? IMAP_LEAF_ITEMS : leaf->count;
}

/*
 * Shares the items of the full leaf on @path with the emptier one of its neighbours, if that has
 * room: better filled leaves, fewer splits. Paths have changed if it does.
 */
static bool make_room(struct imap *map, const struct imap_path *path, uint64_t start)
{
	struct imap_inner *node = path->node[0];
	unsigned int i = path->index[0], least = IMAP_LEAF_ITEMS;
	struct imap_leaf *left, *right;

	if (!map->height || path->leaf->dense)
		return false;
	if (i + 1u < node->count)
		least = leaf_count(node, i + 1);
	if (i && leaf_count(node, i - 1) < least)
		least = leaf_count(node, --i);
	if (least > ROOM_MAX)
		return false;

	left = node->child[i];
	right = node->child[i + 1];
	if (!imap_leaf_part(map, left, right, (IMAP_LEAF_ITEMS + least) / 2, start, true,
			    &node->key[i + 1]))
		return false;
	node->gap[i] = imap_leaf_gap(map, left);
	node->gap[i + 1] = imap_leaf_gap(map, right);
	imap_finger_drop(map);
	return true;
}

static int insert_split(struct imap *map, struct imap_path *path, unsigned int at,
			const struct imap_item *item)
{
	struct reserve reserve;
	struct sibling new;
	unsigned int level;

	if (!reserve_fill(map, path, &reserve))
		return -ENOMEM;

	new.child = reserve.node[--reserve.count];
	new.key = split_leaf(map, path->leaf, at, item, new.child);
	new.gap = imap_leaf_gap(map, new.child);
	new.left_gap = imap_leaf_gap(map, path->leaf);

	for (level = 0; level < map->height; level++) {
		struct imap_inner *node = path->node[level];
		unsigned int i = path->index[level];

		node->gap[i] = new.left_gap;
		if (node->count < IMAP_FANOUT) {
			imap_inner_add(node, i + 1, new.key, new.child, new.gap);
			imap_path_raise(map, path, level + 1, bits_max(new.gap, new.left_gap));
			break;
		}
		split_inner(node, i + 1, &new, reserve.node[--reserve.count]);
	}
	if (reserve.count)
		grow_root(map, &new, reserve.node[--reserve.count]);
	imap_finger_drop(map);
	return 0;
}

static int insert_into_empty(struct imap *map, const struct imap_item *item)
{
	struct imap_leaf *leaf = slab_alloc(&map->nodes);

	if (!leaf)
		return -ENOMEM;
	imap_leaf_init(leaf, item->start, IMAP_PAGE_SHIFT);
	imap_leaf_add(map, leaf, IMAP_END, item);
	map->root = leaf;
	map->head = leaf;
	return 0;
}

/* Does the item at @at in @leaf reach @item? It is looked at only if the leaf can't tell. */
static bool reaches(const struct imap *map, const struct imap_leaf *leaf, unsigned int at,
		    const struct imap_item *item)
{
	if (at == IMAP_END) {
		leaf = leaf->prev;
		return leaf && imap_leaf_last(map, leaf)->last >= item->start;
	}
	return bits_add_sat(imap_start_max(leaf, at), leaf->longest) >= item->start &&
	       imap_item_at(map, leaf, at)->last >= item->start;
}

/* Does @item reach the one at @at? */
static bool is_reached(const struct imap *map, const struct imap_path *path, unsigned int at,
		       const struct imap_item *item)
{
	const struct imap_leaf *leaf = path->leaf;
	const struct imap_item *next;

	if (at != IMAP_END) {
		return imap_start_min(leaf, at) <= item->last &&
		       imap_item_at(map, leaf, at)->start <= item->last;
	}
	if (path->hi >= item->last)
		return false;
	next = imap_behind(map, leaf);
	return next && next->start <= item->last;
}

static int insert_into(struct imap *map, struct imap_path *path, const struct imap_item *item)
{
	struct imap_leaf *leaf = path->leaf;
	unsigned int at = imap_leaf_floor(map, leaf, item->start);
	unsigned int next = imap_behind_place(leaf, at);

	if (reaches(map, leaf, at, item) || is_reached(map, path, next, item))
		return -EEXIST;
	if (bits_unlikely(!imap_leaf_takes(leaf, item->start))) {
		if (imap_leaf_change(map, leaf, item->start))
			return insert_into(map, path, item);
		if (at != IMAP_END && next != IMAP_END && make_room(map, path, item->start))
			return insert_into(map, imap_finger(map, item->start), item);
		return insert_split(map, path, at, item);
	}
	imap_leaf_add(map, leaf, at, item);
	/* The gap that a new first item parts was that of an item in another leaf. */
	if (at == IMAP_END)
		imap_path_raise(map, path, 0,
				imap_gap_between(item, imap_item_at(map, leaf,
					imap_behind_place(leaf, imap_behind_place(leaf, at)))));
	return 0;
}

int imap_insert(struct imap *map, struct imap_item *item)
{
	int err;

	if (bits_unlikely(!map->root))
		err = insert_into_empty(map, item);
	else
		err = insert_into(map, imap_finger(map, item->start), item);
	if (!err)
		map->count++;
	return err;
}
