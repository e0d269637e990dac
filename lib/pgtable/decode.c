/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries: what takes more than masks, and why one is malformed. */
#include "pgtable/pgtable.h"

/* The size of the page that a sized leaf is of, as a power of two; 0: none is encoded. */
static unsigned encoded_size(const struct pgt_rule *r, uint64_t addr)
{
	uint64_t marks = (r->size_by_zero ? ~addr : addr) >> 12;

	return marks ? (unsigned)__builtin_ctzll(marks) + 13 : 0;
}

struct pgt_entry pgt_decode_far(const struct pgt_rule *r, unsigned index, uint64_t entry)
{
	uint64_t high = (entry & r->high) << r->high_shift;
	struct pgt_entry e = { pgt_rule_classify(r, entry), pgt_rule_perm(r, entry),
			       (entry & pgt_rule_use(r, entry)->addr) << r->addr_shift | high, 0 };
	uint64_t whole = (entry & r->use[0].addr) << r->addr_shift, mask;
	unsigned size;

	if (r->next_level && e.kind == PGT_TABLE)
		e.skip = r->next_level - (unsigned)(entry >> r->kind_shift & 7);
	if (e.kind != PGT_LEAF)
		return e;
	if (entry & r->modifier)
		e.perm = pgt_rule_perm(r, (entry & ~r->modified) |
					  (r->use[1].writable & r->modified));
	if (r->never && (entry & r->never) == r->never)
		e.kind = PGT_BAD;
	if (r->sized && (entry & r->sized) == r->sized) {
		size = encoded_size(r, whole);
		if (size < r->size_min || size > r->size_max)
			e.kind = PGT_BAD;
		mask = (UINT64_C(1) << size) - 1;
		e.addr = (whole & ~mask) | ((uint64_t)index << r->shift & mask);
	}
	return e;
}

enum pgt_bad pgt_reason(const struct pgt *g, unsigned level, uint64_t entry)
{
	const struct pgt_rule *r = &g->rule[level];
	const struct pgt_use *use = pgt_rule_use(r, entry);
	uint64_t wrong = (entry & use->fixed) ^ use->value;

	if (pgt_classify(g, level, entry) != PGT_BAD)
		return PGT_BAD_NONE;
	/* The last that is looked at: D8.5.1. */
	if (g->accessed && pgt_classify(g, level, entry | g->accessed) != PGT_BAD)
		return PGT_BAD_ACCESSED;
	if (pgt_rule_kind(r, entry) == PGT_BAD)
		return g->sizes ? PGT_BAD_SIZE : PGT_BAD_RESERVED;
	if (pgt_rule_kind(r, entry) == PGT_LEAF)
		wrong &= ~g->accessed;
	if (!wrong) /* what pgt_decode_far() found */
		return r->never && (entry & r->never) == r->never ? PGT_BAD_RESERVED : PGT_BAD_SIZE;
	if (pgt_rule_kind(r, entry) == PGT_LEAF && wrong & r->use[0].addr)
		return PGT_BAD_ALIGN;
	return wrong & g->addr_field ? PGT_BAD_WIDTH : PGT_BAD_RESERVED;
}
