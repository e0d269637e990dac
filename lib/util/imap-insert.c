/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interval map: insertion. */
#include <errno.h>

#include "alloc.h"
#include "imap-node.h"

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

/*
 * Where to part a full node that gets one more at @at. In the middle, unless it goes to an end:
 * a run of neighbours, up or down, leaves full nodes behind.
 */
static unsigned int split_at(unsigned int at, unsigned int lowest, unsigned int count)
{
	if (at == count)
		return count;
	return at <= lowest ? lowest : count / 2;
}

static void link_behind(struct imap_leaf *leaf, struct imap_leaf *right)
{
	right->prev = leaf;
	right->next = leaf->next;
	if (leaf->next)
		leaf->next->prev = right;
	leaf->next = right;
}

/* Adds @item at @at to the full @leaf, in two. Returns the new one, on its right. */
static struct imap_leaf *split_leaf(struct imap *map, struct imap_leaf *leaf, unsigned int at,
				    const struct imap_item *item, struct imap_leaf *right)
{
	unsigned int part = split_at(at, 0, IMAP_LEAF_ITEMS);

	imap_leaf_init(right, item->start, leaf->shift);
	link_behind(leaf, right);
	imap_leaf_move(map, leaf, part, right);
	if (at < part || !part)
		imap_leaf_add(map, leaf, at, item);
	else
		imap_leaf_add(map, right, at - part, item);
	return right;
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
	unsigned int part = split_at(at, 1, IMAP_FANOUT);

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

static int insert_split(struct imap *map, struct imap_path *path, unsigned int at,
			const struct imap_item *item)
{
	struct imap_leaf *right;
	struct reserve reserve;
	struct sibling new;
	unsigned int level;

	if (!reserve_fill(map, path, &reserve))
		return -ENOMEM;

	right = split_leaf(map, path->leaf, at, item, reserve.node[--reserve.count]);
	new.key = imap_item_at(map, right, 0)->start;
	new.child = right;
	new.gap = imap_leaf_gap(map, right);
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
	imap_leaf_init(leaf, item->start, IMAP_FIRST_SHIFT);
	imap_leaf_add(map, leaf, 0, item);
	map->root = leaf;
	map->head = leaf;
	return 0;
}

/* Is a part of @item taken? It would be at @at in its leaf. */
static bool overlaps(const struct imap *map, const struct imap_path *path, unsigned int at,
		     const struct imap_item *item)
{
	const struct imap_leaf *leaf = path->leaf;
	const struct imap_item *other = NULL;

	if (at)
		other = imap_item_at(map, leaf, at - 1);
	else if (leaf->prev)
		other = imap_item_at(map, leaf->prev, leaf->prev->count - 1u);
	if (other && other->last >= item->start)
		return true;

	/* The next item is looked at only if what the nodes know of it is not enough. */
	if (at < leaf->count) {
		return imap_tag_floor(leaf, at) <= item->last &&
		       imap_item_at(map, leaf, at)->start <= item->last;
	}
	if (path->hi >= item->last)
		return false;
	other = imap_behind(map, leaf);
	return other && other->start <= item->last;
}

int imap_insert(struct imap *map, struct imap_item *item)
{
	struct imap_path *path;
	unsigned int at;
	int err = 0;

	if (bits_unlikely(!map->root)) {
		err = insert_into_empty(map, item);
	} else {
		path = imap_finger(map, item->start);
		at = imap_leaf_upper(map, path->leaf, item->start);
		if (overlaps(map, path, at, item))
			return -EEXIST;
		if (bits_unlikely(path->leaf->count == IMAP_LEAF_ITEMS)) {
			err = insert_split(map, path, at, item);
		} else {
			imap_leaf_add(map, path->leaf, at, item);
			/* The gap that it parts was that of an item in another leaf. */
			if (!at) {
				imap_path_raise(map, path, 0,
						imap_gap_between(item, imap_item_at(map, path->leaf, 1)));
			}
		}
	}
	if (!err)
		map->count++;
	return err;
}
