/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the library is compared with: a bare radix walk, and a red-black tree. */
#ifndef BENCH_REFERENCE_H
#define BENCH_REFERENCE_H

#include "bench.h"

/*
 * A page table of four levels and nothing else: 512 entries per node, bit 0 says present. Leaves
 * are at level 1, or at level 2 for pages of 2 MiB.
 */
struct radix {
	uint64_t *root;
};

void radix_init(struct radix *radix);
/* @level is where its leaves are. */
void radix_free(struct radix *radix, unsigned int level);
void radix_map(struct radix *radix, uint64_t iova, uint64_t target, unsigned int level);

static inline uint64_t radix_step(uint64_t entry, uint64_t iova, unsigned int shift)
{
	const uint64_t *node = (const uint64_t *)(uintptr_t)(entry & ~(PAGE - 1));

	return node[iova >> shift & 511];
}

/* Where @iova leads by leaves at level 2; 0: nowhere. */
static inline uint64_t radix_walk_2m(const struct radix *radix, uint64_t iova)
{
	uint64_t entry = radix_step((uint64_t)(uintptr_t)radix->root, iova, 39);

	if (!(entry & 1))
		return 0;
	entry = radix_step(entry, iova, 30);
	if (!(entry & 1))
		return 0;
	entry = radix_step(entry, iova, 21);
	return entry & 1 ? (entry & ~(PAGE - 1)) + (iova & (2 * MIB - 1)) : 0;
}

/* By leaves at level 1. */
static inline uint64_t radix_walk_4k(const struct radix *radix, uint64_t iova)
{
	uint64_t entry = radix_step((uint64_t)(uintptr_t)radix->root, iova, 39);

	if (!(entry & 1))
		return 0;
	entry = radix_step(entry, iova, 30);
	if (!(entry & 1))
		return 0;
	entry = radix_step(entry, iova, 21);
	if (!(entry & 1))
		return 0;
	entry = radix_step(entry, iova, 12);
	return entry & 1 ? (entry & ~(PAGE - 1)) + (iova & (PAGE - 1)) : 0;
}

/* A red-black tree whose nodes are inside what it sorts. */
struct rb_node {
	struct rb_node *parent, *child[2];
	uint64_t key;
	bool red;
};

struct rb_tree {
	struct rb_node *root;
	struct rb_node nil;	/* all leaves */
};

void rb_init(struct rb_tree *tree);

/* The caller sees to it that no node has the key, and finds the node itself. */
void rb_insert(struct rb_tree *tree, struct rb_node *node);
struct rb_node *rb_find(struct rb_tree *tree, uint64_t key);
void rb_remove(struct rb_tree *tree, struct rb_node *node);

#endif
