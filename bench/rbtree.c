/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A red-black tree, as textbooks have it: one sentinel for all leaves, so that neither rotations
 * nor repairs have special cases.
 */
#include "reference.h"

void rb_init(struct rb_tree *tree)
{
	tree->nil = (struct rb_node){ .parent = &tree->nil, .child = { &tree->nil, &tree->nil } };
	tree->root = &tree->nil;
}

struct rb_node *rb_find(struct rb_tree *tree, uint64_t key)
{
	struct rb_node *node = tree->root;

	while (node != &tree->nil && node->key != key)
		node = node->child[key > node->key];
	return node;
}

/* Puts @b where @a is. */
static void replace(struct rb_tree *tree, struct rb_node *a, struct rb_node *b)
{
	if (a->parent == &tree->nil)
		tree->root = b;
	else
		a->parent->child[a == a->parent->child[1]] = b;
	b->parent = a->parent;
}

/* @node goes down on @side, its other child comes up. */
static void rotate(struct rb_tree *tree, struct rb_node *node, int side)
{
	struct rb_node *up = node->child[!side];

	node->child[!side] = up->child[side];
	if (up->child[side] != &tree->nil)
		up->child[side]->parent = node;
	replace(tree, node, up);
	up->child[side] = node;
	node->parent = up;
}

void rb_insert(struct rb_tree *tree, struct rb_node *node)
{
	struct rb_node *parent = &tree->nil, *at = tree->root, *uncle;
	int side = 0;

	while (at != &tree->nil) {
		parent = at;
		side = node->key > at->key;
		at = at->child[side];
	}
	node->parent = parent;
	node->child[0] = node->child[1] = &tree->nil;
	node->red = true;
	if (parent == &tree->nil)
		tree->root = node;
	else
		parent->child[side] = node;

	while (node->parent->red) {
		parent = node->parent;
		side = parent == parent->parent->child[1];
		uncle = parent->parent->child[!side];
		if (uncle->red) {
			parent->red = uncle->red = false;
			node = parent->parent;
			node->red = true;
			continue;
		}
		if (node == parent->child[!side]) {
			rotate(tree, parent, side);
			parent = node;
		}
		parent->red = false;
		parent->parent->red = true;
		rotate(tree, parent->parent, !side);
		break;
	}
	tree->root->red = false;
}

/* The way to @node has one black node too few. */
static void repair(struct rb_tree *tree, struct rb_node *node)
{
	while (node != tree->root && !node->red) {
		int side = node == node->parent->child[1];
		struct rb_node *sibling = node->parent->child[!side];

		if (sibling->red) {
			sibling->red = false;
			node->parent->red = true;
			rotate(tree, node->parent, side);
			sibling = node->parent->child[!side];
		}
		if (!sibling->child[0]->red && !sibling->child[1]->red) {
			sibling->red = true;
			node = node->parent;
			continue;
		}
		if (!sibling->child[!side]->red) {
			sibling->child[side]->red = false;
			sibling->red = true;
			rotate(tree, sibling, !side);
			sibling = node->parent->child[!side];
		}
		sibling->red = node->parent->red;
		node->parent->red = false;
		sibling->child[!side]->red = false;
		rotate(tree, node->parent, side);
		node = tree->root;
	}
	node->red = false;
}

void rb_remove(struct rb_tree *tree, struct rb_node *node)
{
	struct rb_node *nil = &tree->nil, *next, *child;
	bool red = node->red;

	if (node->child[0] == nil || node->child[1] == nil) {
		child = node->child[node->child[0] == nil];
		replace(tree, node, child);
	} else {
		for (next = node->child[1]; next->child[0] != nil; next = next->child[0])
			;
		red = next->red;
		child = next->child[1];
		if (next->parent == node) {
			child->parent = next;
		} else {
			replace(tree, next, child);
			next->child[1] = node->child[1];
			next->child[1]->parent = next;
		}
		replace(tree, node, next);
		next->child[0] = node->child[0];
		next->child[0]->parent = next;
		next->red = node->red;
	}
	if (!red)
		repair(tree, child);
}
