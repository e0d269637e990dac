/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The formats, and the masks that pgt_init() makes of them. */
#include <errno.h>
#include <stddef.h>

#include "pgtable/pgtable.h"

#define BIT(n)	      (UINT64_C(1) << (n))
#define BITS(high, low) ((~UINT64_C(0) >> (63 - (high))) & (~UINT64_C(0) << (low)))

/* The widest output address an entry has room for. */
#define MAX_HAW 52

/* Bit 7 of an entry above level 1: the entry maps a page (PS). */
#define PS BIT(7)

struct pgt_format {
	enum pgt_id id;
	unsigned page_shift;
	unsigned index_bits;
	unsigned min_levels, max_levels;
	bool sign_extended;
	uint64_t leaf_bit; /* makes a leaf of an entry above level 1 */
	uint64_t present; /* any of these */
	uint64_t table_reserved; /* at every level, besides the address bits beyond the width */
	uint64_t leaf_reserved;
	uint64_t snoop; /* reserved in a leaf without snoop control */
	uint64_t leaf_ignored; /* address bits with another meaning in a superpage */
	uint64_t read, write; /* all of these */
	uint64_t supervisor_ignores; /* of read and write, for a supervisor request */
	uint64_t write_protect_honours; /* of supervisor_ignores, under write protection */
};

static const struct pgt_format formats[] = {
	{
		/*
		 * 9.8. There is no present bit: R = W = 0 means not present (3.7).
		 * Bits 2-6 and 10 and, without SSADE, A and D are ignored. Bit 62 is reserved.
		 */
		.id = PGT_VTD_SS,
		.page_shift = 12,
		.index_bits = 9,
		.min_levels = 3,
		.max_levels = 5,
		.leaf_bit = PS,
		.present = BIT(0) | BIT(1),
		.table_reserved = BIT(62) | BIT(11),
		.leaf_reserved = BIT(62),
		.snoop = BIT(11),
		.read = BIT(0),
		.write = BIT(1),
	},
	{
		/*
		 * 9.7. Bits 52-63 are ignored, bit 63 (XD on a processor) too: there
		 * are no execute requests. Bit 12 of a superpage is PAT. U/S is bit 2.
		 */
		.id = PGT_VTD_FS,
		.page_shift = 12,
		.index_bits = 9,
		.min_levels = 4,
		.max_levels = 5,
		.sign_extended = true,
		.leaf_bit = PS,
		.present = BIT(0),
		.leaf_ignored = BIT(12),
		.read = BIT(0) | BIT(2),
		.write = BIT(0) | BIT(1) | BIT(2),
		.supervisor_ignores = BIT(1) | BIT(2),
		.write_protect_honours = BIT(1),
	},
};

static const struct pgt_format *find_format(enum pgt_id id)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i].id == id)
			return &formats[i];
	return NULL;
}

/* Only the two superpage sizes exist, and 2M always in first-stage tables (9.7, 9.8). */
static bool leaf_allowed(const struct pgt_format *f, unsigned level, const struct pgt_caps *caps)
{
	switch (level) {
	case 1:
		return true;
	case 2:
		return caps->page_2m || f->id == PGT_VTD_FS;
	case 3:
		return caps->page_1g;
	default:
		return false;
	}
}

static void init_rule(struct pgt_rule *r, const struct pgt_format *f, unsigned level,
		      const struct pgt_caps *caps)
{
	uint64_t width = BITS(caps->haw - 1, f->page_shift);
	uint64_t beyond = caps->haw < MAX_HAW ? BITS(MAX_HAW - 1, caps->haw) : 0;
	uint64_t below;

	r->shift = f->page_shift + f->index_bits * (level - 1);
	below = BITS(r->shift - 1, 0) & ~BITS(f->page_shift - 1, 0);
	r->present = f->present;
	r->table_addr = width;
	r->leaf_addr = width & ~below;
	r->table_reserved = f->table_reserved | beyond;
	r->leaf_reserved = f->leaf_reserved | beyond | (below & ~f->leaf_ignored);
	if (!caps->snoop_control)
		r->leaf_reserved |= f->snoop;

	if (level == 1) { /* every entry is a leaf: a mask of nothing always matches */
		r->leaf_mask = r->leaf_match = 0;
	} else if (leaf_allowed(f, level, caps)) {
		r->leaf_mask = r->leaf_match = f->leaf_bit;
	} else { /* no entry is a leaf, and its mark is a reserved bit */
		r->leaf_mask = 0;
		r->leaf_match = f->leaf_bit;
		r->table_reserved |= f->leaf_bit;
	}
}

static void init_permissions(struct pgt_rule *r, const struct pgt_format *f,
			     const struct pgt_caps *caps)
{
	uint64_t ignored = caps->supervisor ? f->supervisor_ignores : 0;

	if (caps->write_protect)
		ignored &= ~f->write_protect_honours;
	r->read = f->read & ~ignored;
	r->write = f->write & ~ignored;
}

int pgt_init(struct pgt *g, enum pgt_id id, unsigned levels, const struct pgt_caps *caps)
{
	const struct pgt_format *f = find_format(id);
	struct pgt new = { .id = id, .levels = levels };

	if (!f || levels < f->min_levels || levels > f->max_levels)
		return -EOPNOTSUPP;
	if (caps->haw <= f->page_shift || caps->haw > MAX_HAW ||
	    (caps->input_bits && (caps->input_bits <= f->page_shift || caps->input_bits > 64)))
		return -EINVAL;

	new.page_shift = f->page_shift;
	new.index_bits = f->index_bits;
	new.sign_extended = f->sign_extended;
	new.input_bits = f->page_shift + f->index_bits * levels;
	if (!f->sign_extended && caps->input_bits && caps->input_bits < new.input_bits)
		new.input_bits = caps->input_bits; /* the lesser of MGAW and AGAW (3.7) */
	for (unsigned level = 1; level <= levels; level++) {
		init_rule(&new.rule[level], f, level, caps);
		init_permissions(&new.rule[level], f, caps);
		if (leaf_allowed(f, level, caps))
			new.leaf_sizes |= BIT(new.rule[level].shift);
	}
	*g = new;
	return 0;
}

enum pgt_bad pgt_reason(const struct pgt *g, unsigned level, uint64_t entry)
{
	const struct pgt_rule *r = &g->rule[level];
	uint64_t set;

	if (pgt_rule_classify(r, entry) != PGT_BAD)
		return PGT_BAD_NONE;
	if (!pgt_rule_is_leaf(r, entry)) {
		set = entry & r->table_reserved;
		/* leaf_match without leaf_mask: no leaf may be here, but the entry is marked so */
		if (!r->leaf_mask && (set & r->leaf_match))
			return PGT_BAD_SIZE;
	} else {
		set = entry & r->leaf_reserved;
		if (set & r->table_addr)
			return PGT_BAD_ALIGN;
	}
	return set & BITS(MAX_HAW - 1, g->page_shift) ? PGT_BAD_WIDTH : PGT_BAD_RESERVED;
}
