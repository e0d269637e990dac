/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All translations of a range, with what is unresolved resolved on the way. */
#include <errno.h>

#include "shadow/node.h"
#include "util/bits.h"

static void enter(struct shadow_walk *w, struct shadow_node *n, uint64_t base, unsigned int perm)
{
	uint64_t end = node_last(n, base);

	if (n->barren_walk == w->s->walk && n->barren >> perm & 1)
		return;
	w->frame[w->depth++] = (struct shadow_frame){
		.n = n, .base = base, .perm = perm,
		.i = w->start <= base ? 0 : node_index(n, w->start),
		.end = w->last >= end ? node_entries(n) - 1 : node_index(n, w->last),
		.whole = w->start <= base && w->last >= end,
	};
}

static void leave(struct shadow_walk *w)
{
	struct shadow_frame *f = &w->frame[--w->depth];

	if (f->found) {
		if (w->depth)
			f[-1].found = true;
		return;
	}
	if (!f->whole)
		return;
	if (f->n->barren_walk != w->s->walk)
		f->n->barren = 0;
	f->n->barren_walk = w->s->walk;
	f->n->barren |= (uint8_t)(1u << f->perm);
}

static void wait_for(struct shadow_walk *w, uint64_t start, uint64_t last)
{
	w->wait_start = bits_min(w->wait_start, start);
	w->wait_last = bits_max(w->wait_last, last);
}

/* An entry without a translation. Resolved if possible: what DMA then finds there; else 0. */
static uint64_t resolve(struct shadow_walk *w, struct shadow_node *n, unsigned int i)
{
	const struct shadow_parent *up = &w->s->up;
	uint64_t size = UINT64_C(1) << node_shift(n), at;
	enum shadow_fault fault = node_refresh(n, i);
	struct shadow_node *next;
	struct pgt_entry e;

	if (fault == SHADOW_TABLE) {
		wait_for(w, n->addr & IOPT_ADDR, n->addr | (PAGES_SIZE - 1));
		return 0;
	}
	e = node_decode(n, i, node_raw(n, i));
	if (!fault && !node_is_usable(&e))
		return 0;
	if (e.kind == PGT_TABLE)
		size = node_table_size(n, &e);
	at = e.addr;
	if (!fault && (e.kind == PGT_TABLE || size == PAGES_SIZE ||
		       up->first(up->parent, at, at + size - 1, &at)))
		fault = node_fill(n, i, at - e.addr, &e, &next);
	if (fault == SHADOW_NOMEM)
		w->ret = -ENOMEM;
	if (!n->pte[i])
		wait_for(w, e.addr, e.addr + size - 1);
	return n->pte[i];
}

/* How many of the entries behind @i, up to @end, go on where it ends. */
static unsigned int count_next(const struct shadow_node *n, unsigned int i, unsigned int end)
{
	const uint64_t size = UINT64_C(1) << node_shift(n);
	const uint64_t *pte = &n->pte[i], raw = node_raw(n, i);
	unsigned int k;

	for (k = 1; i + k <= end; k++)
		if (pte[k] != pte[0] + k * size || node_raw(n, i + k) != raw + k * size)
			break;
	return k - 1;
}

/* Goes on to the next entries that translate; false: there are none. */
static bool step(struct shadow_walk *w, struct shadow_run *run)
{
	while (w->depth) {
		struct shadow_frame *f = &w->frame[w->depth - 1];
		struct shadow_node *n = f->n;
		unsigned int i = f->i++, perm;
		uint64_t pte, base;

		if (i > f->end) {
			leave(w);
			continue;
		}
		pte = n->pte[i];
		if (!pte && (node_raw(n, i) || n->unread || (n->own && n->shared)))
			pte = resolve(w, n, i);
		perm = f->perm & (unsigned int)pte;
		if (!perm)
			continue;
		base = f->base + ((uint64_t)i << node_shift(n));
		if (pte & IOPT_TABLE) {
			if (n->unread)
				node_doubt(node_child(n, i));
			enter(w, node_child(n, i), base, perm);
			continue;
		}
		f->found = true;
		f->i += count_next(n, i, f->end);
		*run = (struct shadow_run){
			.start = base, .last = base + ((uint64_t)(f->i - i) << node_shift(n)) - 1,
			.target = node_decode(n, i, node_raw(n, i)).addr, .perm = perm,
			.shift = node_shift(n),
		};
		w->host = pte & IOPT_ADDR;
		return true;
	}
	return false;
}

/* Of signed addresses the lower half: no IOMMU of a kernel translates the other. */
static uint64_t last_of_guest(const struct shadow *s)
{
	const struct pgt *pgt = &s->tree.part[0].pgt;

	return (UINT64_C(1) << (pgt->input_bits - pgt->sign_extended)) - 1;
}

void shadow_walk_begin(struct shadow_walk *w, struct shadow *s, uint64_t start, uint64_t last)
{
	const struct shadow_part *part = &s->tree.part[0];
	uint64_t end;

	w->s = s;
	w->depth = 0;
	w->has_ahead = false;
	w->ret = 0;
	w->wait_start = UINT64_MAX;
	w->wait_last = 0;
	w->start = start;
	s->walk++;
	if (!part->top)
		return;
	end = s->tree.mode == SHADOW_GUEST ? last_of_guest(s) : node_last(part->top, 0);
	w->last = bits_min(last, end);
	if (start <= w->last)
		enter(w, part->top, 0, IOPT_PERM);
}

bool shadow_walk_next(struct shadow_walk *w, struct shadow_run *run)
{
	struct shadow_run *ahead = &w->ahead;
	uint64_t host;

	if (!w->has_ahead && !step(w, ahead))
		return false;
	*run = *ahead;
	host = w->host;
	while ((w->has_ahead = step(w, ahead))) {
		uint64_t offset = ahead->start - run->start;

		if (ahead->start != run->last + 1 || ahead->perm != run->perm ||
		    ahead->target != run->target + offset || w->host != host + offset ||
		    ahead->shift != run->shift)
			return true;
		run->last = ahead->last;
	}
	return true;
}

void shadow_walk_skip(struct shadow_walk *w, uint64_t last)
{
	if (!w->has_ahead || w->ahead.start > last)
		return;
	w->has_ahead = false;
	w->depth = 0;
	if (last >= w->last)
		return;
	w->start = last + 1;
	enter(w, w->s->tree.part[0].top, 0, IOPT_PERM);
}

bool shadow_entry(const struct shadow *s, uint64_t iova, struct shadow_run *run)
{
	struct iopt_hit hit = iopt_walk(&s->root, iova);
	const struct shadow_node *n;
	unsigned int i;

	if (!hit.slot || s->tree.mode != SHADOW_GUEST || iova > last_of_guest(s))
		return false;
	n = pages_owner(hit.slot);
	i = (unsigned int)(hit.slot - n->pte);
	if (!hit.entry && (n->unread || n->own || node_raw(n, i)))
		return false;
	*run = (struct shadow_run){ .perm = hit.perm & IOPT_PERM, .shift = hit.shift };
	run->start = iova & ~((UINT64_C(1) << hit.shift) - 1);
	run->last = iova | ((UINT64_C(1) << hit.shift) - 1);
	if (hit.entry)
		run->target = node_decode(n, i, node_raw(n, i)).addr;
	return true;
}

bool shadow_first(void *opaque, uint64_t start, uint64_t last, uint64_t *addr)
{
	struct shadow_walk w;
	struct shadow_run run;

	shadow_walk_begin(&w, opaque, start, last);
	if (!shadow_walk_next(&w, &run))
		return false;
	*addr = bits_max(run.start, start);
	return true;
}
