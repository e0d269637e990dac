/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interval map: removal. */
#include "imap_node.h"

/* A node this empty is joined with a neighbour, if both together leave room for more. */
#define SPARSE(max)	((max) / 4)
#define ROOMY(max)	((max) * 3 / 4)

static unsigned int index_of(const struct imap_leaf *leaf, const struct imap_item *item)
{
	uint32_t ref = pages_ref(item);
	unsigned int i;

	if (leaf->dense)
		return (unsigned int)((item->start - leaf->base) >> leaf->shift);
	for (i = imap_leaf_tags(leaf, imap_tag(leaf, item->start)) - 1; leaf->ref[i] != ref; i--)
		;
	return i;
}

/*
 * What a removal leaves behind the item at @prev, with the one at @next behind it: a bound, and
 * whether it is the gap itself.
 */
static bool gap_bound(const struct imap_leaf *leaf, unsigned int prev, unsigned int next,
		      uint64_t *bound)
{
	*bound = imap_start_max(leaf, next) - imap_start_min(leaf, prev) - leaf->shortest - 1;
	return imap_leaf_is_uniform(leaf);
}

/*
 * The first item of @path's leaf goes, and leaves @gap behind @prev. A run of removals does that
 * again and again: so the way to @prev is raised for all that there is in the leaf.
 */
static void raise_before(struct imap *map, struct imap_path *path, const struct imap_item *prev,
			 uint64_t gap)
{
	struct imap_path other;

	if (gap <= path->before)
		return;
	gap = bits_max(gap, imap_leaf_last(map, path->leaf)->start - prev->last - 1);
	imap_path_seek(map, &other, prev->start);
	imap_path_raise(map, &other, 0, gap);
	path->before = gap;
}

/*
 * The gap that item @at leaves is that of the item before it. If that is in another leaf, the
 * bounds on the way there count.
 */
static void give_gap(struct imap *map, struct imap_path *path, unsigned int at)
{
	const struct imap_leaf *leaf = path->leaf;
	unsigned int before = imap_before_place(leaf, at), behind = imap_behind_place(leaf, at);
	const struct imap_item *prev, *next;
	uint64_t gap;

	if (before != IMAP_END && behind != IMAP_END &&
	    (gap_bound(leaf, before, behind, &gap) ||
	     gap <= path->node[0]->gap[path->index[0]])) {
		imap_path_raise(map, path, 0, gap);
		return;
	}
	if (before != IMAP_END)
		prev = imap_item_at(map, leaf, before);
	else if (leaf->prev)
		prev = imap_leaf_last(map, leaf->prev);
	else
		return;
	next = behind != IMAP_END ? imap_item_at(map, leaf, behind) : imap_behind(map, leaf);
	gap = imap_gap_between(prev, next);
	if (before != IMAP_END)
		imap_path_raise(map, path, 0, gap);
	else
		raise_before(map, path, prev, gap);
}

static void drop_leaf(struct imap *map, struct imap_leaf *leaf)
{
	if (leaf->prev)
		leaf->prev->next = leaf->next;
	else
		map->head = leaf->next;
	if (leaf->next)
		leaf->next->prev = leaf->prev;
	slab_free(&map->nodes, leaf);
}

/* Joins children @i and @i + 1 of @node if they fit well: then the right one is gone. */
static bool join_leaves(struct imap *map, struct imap_inner *node, unsigned int i)
{
	struct imap_leaf *left = node->child[i], *right = node->child[i + 1];

	if (left->count + right->count > ROOMY(IMAP_LEAF_ITEMS))
		return false;
	imap_leaf_join(map, left, right);
	node->gap[i] = bits_max(node->gap[i], node->gap[i + 1]);
	imap_inner_del(node, i + 1);
	drop_leaf(map, right);
	return true;
}

static bool join_inners(struct imap *map, struct imap_inner *node, unsigned int i)
{
	struct imap_inner *left = node->child[i], *right = node->child[i + 1];

	if (left->count + right->count > ROOMY(IMAP_FANOUT))
		return false;
	right->key[0] = node->key[i + 1];
	imap_inner_move(right, 0, left);
	node->gap[i] = bits_max(node->gap[i], node->gap[i + 1]);
	imap_inner_del(node, i + 1);
	slab_free(&map->nodes, right);
	return true;
}

typedef bool join_fn(struct imap *map, struct imap_inner *node, unsigned int i);

static bool join(struct imap *map, struct imap_inner *node, unsigned int i, join_fn *join_pair)
{
	return (i && join_pair(map, node, i - 1)) ||
	       (i + 1u < node->count && join_pair(map, node, i));
}

/* Restores the inner nodes from @level up after that on @path has lost a child. */
static void shrink(struct imap *map, const struct imap_path *path, unsigned int level)
{
	struct imap_inner *node;

	for (; level + 1 < map->height; level++) {
		struct imap_inner *parent = path->node[level + 1];
		unsigned int i = path->index[level + 1];

		node = path->node[level];
		if (!node->count) {
			imap_inner_del(parent, i);
			slab_free(&map->nodes, node);
		} else if (node->count > SPARSE(IMAP_FANOUT) ||
			   !join(map, parent, i, join_inners)) {
			break;
		}
	}
	while (map->height) {
		node = map->root;
		if (node->count > 1)
			break;
		map->root = node->child[0];
		map->height--;
		slab_free(&map->nodes, node);
	}
}

void imap_remove(struct imap *map, struct imap_item *item)
{
	struct imap_path *path = imap_finger(map, item->start);
	struct imap_leaf *leaf = path->leaf;
	struct imap_inner *parent = map->height ? path->node[0] : NULL;
	unsigned int at = index_of(leaf, item);

	if (parent)
		give_gap(map, path, at);
	imap_leaf_del(leaf, at);
	map->count--;

	if (!leaf->count) {
		drop_leaf(map, leaf);
		if (parent)
			imap_inner_del(parent, path->index[0]);
		else
			map->root = NULL;
	} else if (!parent || leaf->count > SPARSE(IMAP_LEAF_ITEMS) ||
		   !join(map, parent, path->index[0], join_leaves)) {
		return;
	}
	if (parent)
		shrink(map, path, 0);
	imap_finger_drop(map);
}
