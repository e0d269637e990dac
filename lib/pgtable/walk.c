/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The translation of one address. */
#include "pgtable/pgtable.h"

void pgt_walk(const struct pgt *g, uint64_t root, uint64_t iova, pgt_read_fn read, void *opaque,
	      struct pgt_walk *w)
{
	struct pgt_entry e;
	uint64_t table = root;

	*w = (struct pgt_walk){ .level = g->levels, .perm = PGT_READ | PGT_WRITE, .addr = root };
	if (!pgt_input_ok(g, iova)) {
		w->fault = PGT_FAULT_INPUT;
		return;
	}
	/* The level falls at every step, so a table that refers to itself ends the walk too. */
	for (unsigned level = g->levels; level; level--) {
		w->level = level;
		w->addr = table + 8 * (uint64_t)pgt_index(g, level, iova);
		if (read(opaque, w->addr, &w->entry)) {
			w->fault = PGT_FAULT_ACCESS;
			return;
		}
		e = pgt_decode(g, level, pgt_index(g, level, iova), w->entry);
		switch (e.kind) {
		case PGT_NONE:
			w->fault = PGT_FAULT_ABSENT;
			return;
		case PGT_BAD:
			w->fault = PGT_FAULT_BAD;
			return;
		case PGT_LEAF:
			w->perm &= e.perm;
			w->addr = e.addr | (iova & ((UINT64_C(1) << pgt_shift(g, level)) - 1));
			return;
		case PGT_TABLE:
			w->perm &= e.perm;
			table = e.addr;
			if (e.skip && pgt_skipped(g, level, e.skip, iova)) {
				w->fault = PGT_FAULT_ABSENT;
				return;
			}
			level -= e.skip;
			break;
		}
	}
}
