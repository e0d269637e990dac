/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dirty tracking in the random world: what the checks have written, of all spaces on ROOT. */
#include <errno.h>
#include <string.h>

#include "random_world.h"

void model_wrote(struct world *w, int s, uint64_t page)
{
	uint32_t perm;

	while (w->at[s].parent >= 0) {
		page = model_target(w, s, page, &perm);
		s = w->at[s].parent;
	}
	if (s == ROOT && w->tracking && page < DIRTY_PAGES)
		w->dirty[page] = true;
}

static void call_switch(struct world *w, const uint64_t *draw)
{
	bool on = !w->tracking || draw[1] % 3 == 0;
	struct ioasid_space *root = w->at[ROOT].space;

	/* Neither ever fails for want of memory. */
	arm(w, draw[6]);
	w->armed = false;
	if (on)
		follows(w, ioasid_space_dirty_start(root), 0, "dirty_start");
	else
		follows(w, ioasid_space_dirty_stop(root), 0, "dirty_stop");
	w->tracking = on;
	memset(w->dirty, 0, sizeof(w->dirty));
}

/* Compares bits for pages of 2^@shift from @start on; takes what is reported, or leaves it. */
static void compare_bits(struct world *w, const uint64_t *bits, uint64_t start, uint64_t length,
			 unsigned int shift, bool take)
{
	uint64_t i, k;

	for (i = 0; i < length >> shift; i++) {
		bool got = bits[i / 64] >> i % 64 & 1, want = false;

		for (k = start + (i << shift); k < start + ((i + 1) << shift); k++) {
			want |= w->dirty[k] && model_find(&w->at[ROOT], k);
			w->dirty[k] &= !take;
		}
		if (got != want)
			differs(w, "page %#jx of ROOT (of %u pages) is %s", (uintmax_t)(start +
				(i << shift)), 1u << shift, got ? "dirty" : "clean");
	}
}

#define MOST 512 /* pages that are asked for */

void call_dirty(struct world *w, const uint64_t *draw)
{
	unsigned int shift = draw[2] % 4 ? 0 : (unsigned int)(draw[2] >> 8) % 5;
	uint64_t start = draw[3] % WINDOW >> shift << shift;
	uint64_t length = (1 + draw[4] % 48 + (draw[5] % 8 ? 0 : MOST - 48)) >> shift << shift;
	uint32_t flags = (draw[1] % 3 ? 0 : IOASID_DIRTY_PEEK) |
			 (draw[1] >> 8 & 1 ? IOASID_DIRTY_HOLES : 0);
	uint64_t bits[MOST / 64 + 1] = { 0 }, i;
	int want = w->tracking && length ? 0 : -EINVAL;
	char call[128];

	if (draw[0] % 6 == 0)
		return call_switch(w, draw);
	for (i = 0; i < length; i++)
		if (!(flags & IOASID_DIRTY_HOLES) && !model_find(&w->at[ROOT], start + i))
			want = -EINVAL;
	snprintf(call, sizeof(call), "dirty_read(%#jx, %ju pages, %u, %u)", (uintmax_t)start,
		 (uintmax_t)length, 1u << shift, flags);
	if (follows(w, ioasid_space_dirty_read(w->at[ROOT].space, start * PAGE, length * PAGE,
					       PAGE << shift, flags, bits), want, call))
		compare_bits(w, bits, start, length, shift, !(flags & IOASID_DIRTY_PEEK));
	else if (bits[0])
		differs(w, "%s failed, and set bits", call);
}

/* All of one mapping, with the last bits, and it comes again. */
void call_unmap_dirty(struct world *w, const uint64_t *draw)
{
	struct model_space *m = &w->at[ROOT];
	uint64_t bits[LARGE / 64] = { 0 };
	struct model_mapping one;
	char call[64];

	if (!m->mappings)
		return;
	one = m->mapping[draw[1] % m->mappings];
	snprintf(call, sizeof(call), "unmap_dirty(%#jx, %ju pages)", (uintmax_t)one.start,
		 (uintmax_t)one.length);
	arm(w, draw[6]);
	w->armed = false;
	if (!follows(w,
		     ioasid_space_unmap_dirty(m->space, one.start * PAGE, one.length * PAGE, PAGE,
					      bits, NULL),
		     w->tracking ? 0 : -EINVAL, call))
		return;
	compare_bits(w, bits, one.start, one.length, 0, true);
	model_remove(m, one.start, one.length);
	ck_ok(ioasid_space_map(m->space, one.start * PAGE, w->memory + one.target * PAGE,
			       one.length * PAGE, one.perm, &one.handle));
	model_add(w, ROOT, &one);
}
