/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The formats, and the masks that pgt_init() makes of them. */
#include <errno.h>
#include <stddef.h>

#include "pgtable/pgtable.h"

#define BIT(n)	      (UINT64_C(1) << (n))
#define BITS(high, low) ((~UINT64_C(0) >> (63 - (high))) & (~UINT64_C(0) << (low)))

/* The widest output address an entry has room for. */
#define MAX_HAW 52

/* Permissions that an entry gives. What a supervisor request ignores, and of that what it may not. */
struct permissions {
	uint64_t read, readable; /* readable if (entry & read) == readable */
	uint64_t write, writable;
	uint64_t supervisor_ignores, write_protect_honours;
};

/*
 * Of a big leaf, one above level 1: the levels where it always is, and those where it depends on
 * caps. Other entries with its mark are malformed, or not present if need_both is set.
 */
struct pgt_format {
	enum pgt_id id;
	unsigned page_shift;
	unsigned index_bits;
	unsigned min_levels, max_levels;
	bool sign_extended;
	bool input_sets_levels; /* the width of input addresses says how many levels there are */
	bool announced; /* see struct pgt */
	unsigned addr_bits; /* the widest address an entry has room for */
	unsigned kind_shift; /* what three bits, from here, say above level 1: ... */
	uint8_t tables, leaves; /* ... values of them, as bitmaps */
	unsigned big_levels; /* with big leaves, whatever caps say */
	uint64_t present; /* any of these */
	uint64_t need_both; /* all of these, where there are no big leaves */
	uint64_t table_reserved; /* at every level, besides the address bits beyond the width */
	uint64_t leaf_reserved;
	uint64_t snoop; /* reserved in a leaf without snoop control */
	uint64_t leaf_ignored; /* address bits with another meaning, or none, in a superpage */
	uint64_t accessed; /* has to be set in a leaf, unless the unit does that */
	struct permissions table, leaf;
};

/* P, R/W, U/S, at every level. */
#define X86_PERMISSIONS \
	{ \
		.read = BIT(0) | BIT(2), .readable = BIT(0) | BIT(2), \
		.write = BIT(0) | BIT(1) | BIT(2), .writable = BIT(0) | BIT(1) | BIT(2), \
		.supervisor_ignores = BIT(1) | BIT(2), .write_protect_honours = BIT(1), \
	}

/* Sets of values of the three bits: those with the lowest bit clear, and set. */
#define EVEN 0x55
#define ODD  0xaa

static const struct pgt_format formats[] = {
	{
		/*
		 * 9.8. There is no present bit: R = W = 0 means not present (3.7). Bit 7 (PS)
		 * makes a leaf of an entry above level 1. Bits 2-6 and 10 and, without SSADE, A
		 * and D are ignored. Bit 62 is reserved.
		 */
		.id = PGT_VTD_SS,
		.page_shift = 12,
		.index_bits = 9,
		.min_levels = 3,
		.max_levels = 5,
		.announced = true,
		.addr_bits = 52,
		.kind_shift = 7,
		.tables = EVEN,
		.leaves = ODD,
		.present = BIT(0) | BIT(1),
		.table_reserved = BIT(62) | BIT(11),
		.leaf_reserved = BIT(62),
		.snoop = BIT(11),
		.table = { .read = BIT(0), .readable = BIT(0), .write = BIT(1), .writable = BIT(1) },
		.leaf = { .read = BIT(0), .readable = BIT(0), .write = BIT(1), .writable = BIT(1) },
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
		.addr_bits = 52,
		.kind_shift = 7,
		.tables = EVEN,
		.leaves = ODD,
		.big_levels = BIT(2),
		.present = BIT(0),
		.leaf_ignored = BIT(12),
		.table = X86_PERMISSIONS,
		.leaf = X86_PERMISSIONS,
	},
	{
		/*
		 * D8.3.1: bit 0 is valid, bit 1 tells tables and pages from blocks; blocks are of
		 * 1G and 2M, and elsewhere, with bit 1 clear, an entry is invalid. Address bits
		 * below a block's size are RES0 and do nothing (nT, bit 16, too), as bits 48-50
		 * do without 52-bit addresses. D8.5: AF is bit 10. D8.4.1: AP[1], bit 6, is access
		 * without privilege, AP[2], bit 7, read-only; APTable[0], bit 61, takes away the
		 * first, APTable[1], bit 62, writing. Execute-never bits are nothing to DMA, and
		 * dirty state is software's without HD: DBM, bit 51, is ignored. So is the
		 * contiguous hint, bit 52 (D8.7.1): each entry has its own address.
		 */
		.id = PGT_ARM_S1,
		.page_shift = 12,
		.index_bits = 9,
		.min_levels = 2,
		.max_levels = 4,
		.input_sets_levels = true,
		.addr_bits = 48,
		.kind_shift = 1,
		.tables = ODD,
		.leaves = EVEN,
		.big_levels = BIT(2) | BIT(3),
		.present = BIT(0),
		.need_both = BIT(0) | BIT(1),
		.leaf_ignored = BITS(47, 12),
		.accessed = BIT(10),
		.table = { .read = BIT(61), .write = BIT(62) | BIT(61),
			   .supervisor_ignores = BIT(61) },
		.leaf = { .read = BIT(6), .readable = BIT(6), .write = BIT(7) | BIT(6),
			  .writable = BIT(6), .supervisor_ignores = BIT(6) },
	},
};

static const struct pgt_format *find_format(enum pgt_id id)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i].id == id)
			return &formats[i];
	return NULL;
}

/* May an entry of @level be a leaf? The 2M and 1G pages of caps are those of 9.7 and 9.8. */
static bool leaf_allowed(const struct pgt_format *f, unsigned level, const struct pgt_caps *caps)
{
	if (level == 1 || f->big_levels & BIT(level))
		return true;
	return (level == 2 && caps->page_2m) || (level == 3 && caps->page_1g);
}

static void init_kinds(struct pgt_rule *r, const struct pgt_format *f, unsigned level, bool leaf)
{
	r->present = f->present;
	r->least = 1;
	if (f->need_both && (level == 1 || !leaf))
		r->present = r->least = f->need_both;
	r->kind_shift = (uint8_t)f->kind_shift;
	for (unsigned i = 0; i < sizeof(r->kind); i++) {
		if (level == 1)
			r->kind[i] = PGT_LEAF;
		else if (f->tables >> i & 1)
			r->kind[i] = PGT_TABLE;
		else
			r->kind[i] = leaf && f->leaves >> i & 1 ? PGT_LEAF : PGT_BAD;
	}
}

static unsigned address_bits(const struct pgt_format *f, const struct pgt_caps *caps)
{
	return caps->haw < f->addr_bits ? caps->haw : f->addr_bits;
}

static void init_uses(struct pgt_rule *r, const struct pgt_format *f, const struct pgt_caps *caps)
{
	struct pgt_use *table = &r->use[0], *leaf = &r->use[1];
	unsigned haw = address_bits(f, caps);
	uint64_t width = BITS(haw - 1, f->page_shift);
	uint64_t beyond = haw < f->addr_bits ? BITS(f->addr_bits - 1, haw) : 0;
	uint64_t below = BITS(r->shift - 1, 0) & ~BITS(f->page_shift - 1, 0);

	table->addr = width;
	leaf->addr = width & ~below;
	table->fixed = f->table_reserved | beyond;
	leaf->fixed = f->leaf_reserved | beyond | (below & ~f->leaf_ignored);
	if (!caps->snoop_control)
		leaf->fixed |= f->snoop;
	if (!caps->ignore_accessed) {
		leaf->fixed |= f->accessed;
		leaf->value |= f->accessed;
	}
}

static void init_permissions(struct pgt_use *use, const struct permissions *p,
			     const struct pgt_caps *caps)
{
	uint64_t ignored = caps->supervisor ? p->supervisor_ignores : 0;

	if (caps->write_protect)
		ignored &= ~p->write_protect_honours;
	use->read = p->read & ~ignored;
	use->readable = p->readable & ~ignored;
	use->write = p->write & ~ignored;
	use->writable = p->writable & ~ignored;
}

static void init_rule(struct pgt_rule *r, const struct pgt_format *f, unsigned level,
		      const struct pgt_caps *caps)
{
	r->shift = (uint8_t)(f->page_shift + f->index_bits * (level - 1));
	init_kinds(r, f, level, leaf_allowed(f, level, caps));
	init_uses(r, f, caps);
	init_permissions(&r->use[1], &f->leaf, caps);
	if (!caps->no_hierarchy)
		init_permissions(&r->use[0], &f->table, caps);
}

/* Addresses of so many bits, in a table of so many levels. */
static int init_input(struct pgt *g, const struct pgt_format *f, const struct pgt_caps *caps)
{
	unsigned most = f->page_shift + f->index_bits * g->levels;

	g->input_bits = most;
	if (!caps->input_bits || f->sign_extended)
		return 0;
	if (f->input_sets_levels) {
		if (caps->input_bits > most || caps->input_bits <= most - f->index_bits)
			return -EOPNOTSUPP;
		g->input_bits = caps->input_bits; /* D8.2.4 */
	} else if (caps->input_bits < most) {
		g->input_bits = caps->input_bits; /* the lesser of MGAW and AGAW (3.7) */
	}
	return 0;
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

	if (init_input(&new, f, caps))
		return -EOPNOTSUPP;
	new.page_shift = f->page_shift;
	new.index_bits = f->index_bits;
	new.sign_extended = f->sign_extended;
	new.announced = f->announced;
	new.addr_bits = address_bits(f, caps);
	new.accessed = caps->ignore_accessed ? 0 : f->accessed;
	for (unsigned level = 1; level <= levels; level++) {
		init_rule(&new.rule[level], f, level, caps);
		if (leaf_allowed(f, level, caps))
			new.leaf_sizes |= BIT(new.rule[level].shift);
	}
	*g = new;
	return 0;
}

enum pgt_bad pgt_reason(const struct pgt *g, unsigned level, uint64_t entry)
{
	const struct pgt_rule *r = &g->rule[level];
	const struct pgt_use *use = pgt_rule_use(r, entry);
	uint64_t wrong = (entry & use->fixed) ^ use->value;

	if (pgt_rule_classify(r, entry) != PGT_BAD)
		return PGT_BAD_NONE;
	if (pgt_rule_kind(r, entry) == PGT_BAD)
		return PGT_BAD_SIZE;
	if (pgt_rule_kind(r, entry) == PGT_LEAF && wrong & r->use[0].addr)
		return PGT_BAD_ALIGN;
	if (wrong & BITS(MAX_HAW - 1, g->page_shift))
		return PGT_BAD_WIDTH;
	/* The last that is looked at: D8.5.1. */
	return wrong == g->accessed ? PGT_BAD_ACCESSED : PGT_BAD_RESERVED;
}
