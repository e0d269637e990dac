/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shadows on a root that keeps track of the pages that are written: entries are clean until a DMA
 * writes through them, and that asks the parent, who asks its own, down to the root, which takes
 * note. To ask is for one page; so a superpage is split first. All that need memory do so before
 * the root takes note.
 */
#include <errno.h>

#include "util/bits.h"
#include "shadow/node.h"

int node_write(struct shadow_node *n, unsigned int i, const struct pgt_entry *e,
	       struct shadow_node **next)
{
	struct shadow *s = n->shadow;
	int ret;

	if (n->level > 1) {
		/*
		 * The entry stays on the list of its piece, for those that came to lead through it
		 * as a whole: see drop_first(). What it translated is filled in again when used.
		 */
		*next = node_fill_table(n, i, e);
		return *next ? 0 : -ENOMEM;
	}
	*next = NULL;
	ret = s->up.write(s->up.parent, e->addr);
	if (ret)
		return ret;
	iopt_swap(&n->pte[i], IOPT_CLEAN, IOPT_WRITE);
	n->written = s->written = true;
	return 0;
}

int shadow_write(void *opaque, uint64_t iova)
{
	/* It can be written, so that this is all that there can be. */
	return shadow_miss(opaque, iova, IOPT_WRITE) ? -ENOMEM : 0;
}

/* What is known of the parent is not what it gives from now on. */
static void forget_piece(struct shadow *s)
{
	s->piece = (struct shadow_piece){ .start = 1 };
	s->line.flags = 0;
}

/* All leaves of a table that have one permission get the other instead. */
static void swap_all(struct shadow_node *n, unsigned int from, unsigned int to)
{
	unsigned int i;

	for (i = 0; i < IOPT_ENTRIES; i++)
		iopt_swap(&n->pte[i], from, to);
}

void shadow_take_written(struct shadow *s, struct reap *reap)
{
	struct shadow_node *n;

	if (!s->written)
		return;
	for (n = s->tree.nodes; n; n = n->next) {
		if (n->written)
			swap_all(n, IOPT_WRITE, IOPT_CLEAN);
		n->written = false;
	}
	s->written = false;
	reap->drain = true;
}

void shadow_take_all(struct shadow *s, struct reap *reap)
{
	struct shadow_node *n;

	shadow_take_written(s, reap);
	for (n = s->tree.nodes; n; n = n->next)
		swap_all(n, IOPT_WRITE, IOPT_CLEAN);
	s->tracked = true;
	forget_piece(s);
	reap->drain = true;
}

/* A superpage that was split is one again; for want of memory when it is used. */
static void unsplit(struct shadow_node *n, struct reap *reap)
{
	unsigned int i;

	for (i = 0; i < IOPT_ENTRIES; i++) {
		uint64_t raw = n->pte[i] & IOPT_TABLE ? node_raw(n, i) : 0;
		struct pgt_entry e = node_decode(n, i, raw);

		if (e.kind == PGT_LEAF)
			node_change(n, i, raw, &e, reap);
	}
}

void shadow_give_all(struct shadow *s, struct reap *reap)
{
	struct shadow_node *n;

	shadow_take_written(s, reap);
	s->tracked = false;
	forget_piece(s);
	for (n = node_first(s); n; n = node_next(n, reap)) {
		swap_all(n, IOPT_CLEAN, IOPT_WRITE);
		unsplit(n, reap);
	}
}
