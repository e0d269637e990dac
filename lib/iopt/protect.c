/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Write permission, taken and given back: so that the first write to each page is noticed.
 *
 * Permissions are given page by page, so a larger leaf is split when the first of its pages is
 * written. Until everything is given back it stays so: a page is likely to be written again.
 */
#include <errno.h>

#include "util/bits.h"
#include "iopt/iopt.h"

/* A walk over all of a table: at[] is the next entry of the node of each level. */
struct walk {
	uint64_t *node[IOPT_LEVELS];
	unsigned int at[IOPT_LEVELS];
	unsigned int level, top;
};

static bool walk_begin(struct walk *w, const struct iopt *table)
{
	uint64_t word = table->root.word;

	w->level = w->top = (unsigned int)(word & IOPT_LEVEL);
	w->node[w->top] = iopt_node(word);
	w->at[w->top] = 0;
	return word;
}

/* Goes down where there is a node. The next leaf; NULL: the node has no more, go up or end. */
static uint64_t *walk_next(struct walk *w)
{
	while (w->at[w->level] < IOPT_ENTRIES) {
		uint64_t *slot = &w->node[w->level][w->at[w->level]++];

		if (!(*slot & IOPT_TABLE))
			return slot;
		w->node[--w->level] = iopt_node(*slot);
		w->at[w->level] = 0;
	}
	return NULL;
}

/* Up again. The entry that led to the node; NULL: that was the top. */
static uint64_t *walk_up(struct walk *w)
{
	if (w->level++ == w->top)
		return NULL;
	return &w->node[w->level][w->at[w->level] - 1];
}

void iopt_take_all(struct iopt *table)
{
	struct walk w;
	uint64_t *slot;

	if (!walk_begin(&w, table))
		return;
	do {
		while ((slot = walk_next(&w)))
			iopt_swap(slot, IOPT_WRITE, IOPT_CLEAN);
	} while (walk_up(&w));
}

void iopt_give_all(struct iopt *table, struct reap *reap)
{
	struct walk w;
	uint64_t *slot;

	table->near = NULL;
	if (!walk_begin(&w, table))
		return;
	do {
		while ((slot = walk_next(&w)))
			iopt_swap(slot, IOPT_CLEAN, IOPT_WRITE);
		slot = walk_up(&w);
		if (slot && *slot & IOPT_SPLIT) {
			uint64_t *node = iopt_node(*slot);

			/* What was one leaf is one again, and begins where its first page does. */
			iopt_store(slot, node[0]);
			reap_page(reap, node);
			table->nodes--;
		}
	} while (slot);
}

void iopt_take_write(struct iopt *table, uint64_t iova, uint64_t pages)
{
	struct iopt_hit hit = iopt_walk(&table->root, iova);

	/* All 64 are in one node: below a larger leaf, or beside one, nothing was given. */
	if (!hit.slot || hit.shift != IOPT_SHIFT)
		return;
	for (; pages; pages &= pages - 1)
		iopt_swap(hit.slot + bits_ctz(pages), IOPT_WRITE, IOPT_CLEAN);
}

void iopt_give_write(struct iopt *table, uint64_t iova)
{
	struct iopt_hit hit = iopt_walk(&table->root, iova);

	iopt_swap(hit.slot, IOPT_CLEAN, IOPT_WRITE);
}

/* A node of the next lower level in place of the leaf at @slot, which covers 2^@shift bytes. */
static int split(struct iopt *table, uint64_t *slot, unsigned int shift)
{
	uint64_t *node = pages_alloc_dirty(table->pool), entry = *slot;
	unsigned int i;

	if (!node)
		return -ENOMEM;
	table->nodes++;
	for (i = 0; i < IOPT_ENTRIES; i++)
		node[i] = entry + ((uint64_t)i << (shift - IOPT_BITS));
	/* As iopt.c counts: all entries are in use, and there are no list heads. */
	pages_set_owner(node, (void *)(uintptr_t)IOPT_ENTRIES);
	iopt_store(slot, (uint64_t)(uintptr_t)node | iopt_table_flags(IOPT_PERM) | IOPT_SPLIT);
	return 0;
}

int iopt_split(struct iopt *table, uint64_t iova)
{
	for (;;) {
		struct iopt_hit hit = iopt_walk(&table->root, iova);

		if (!hit.entry || hit.shift == IOPT_SHIFT)
			return 0;
		if (split(table, hit.slot, hit.shift))
			return -ENOMEM;
	}
}

struct iopt_hit iopt_find(const struct iopt *table, uint64_t iova)
{
	struct iopt_hit hit = iopt_walk(&table->root, iova);
	unsigned int level = (unsigned int)(table->root.word & IOPT_LEVEL);
	uint64_t *node = iopt_node(table->root.word);

	if (!hit.entry)
		return hit;
	for (;; level--) {
		hit.slot = &node[iopt_index(iova, level)];
		if (!(*hit.slot & IOPT_TABLE) || *hit.slot & IOPT_SPLIT)
			break;
		node = iopt_node(*hit.slot);
	}
	hit.shift = iopt_shift(level);
	for (hit.entry = *hit.slot; hit.entry & IOPT_TABLE; hit.entry = *iopt_node(hit.entry))
		;
	hit.perm = (unsigned int)hit.entry & (IOPT_PERM | IOPT_CLEAN);
	return hit;
}
