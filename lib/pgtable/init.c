/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules that pgt_init() makes of a format and the abilities of a unit. */
#include <errno.h>

#include "pgtable/format.h"

/* The widest output address that a caller may ask for, of formats that have no room for more. */
#define MAX_HAW 52

static const struct pgt_format *find_format(enum pgt_id id, const struct pgt_caps *caps)
{
	unsigned page_shift = caps->granule ? caps->granule : 12;

	for (size_t i = 0; i < pgt_n_formats; i++)
		if (pgt_formats[i].id == id && pgt_formats[i].page_shift == page_shift &&
		    (!caps->wide || pgt_formats[i].wide.addr_bits))
			return &pgt_formats[i];
	return NULL;
}

uint32_t pgt_known(void)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < pgt_n_formats; i++)
		mask |= 1u << pgt_formats[i].id;
	return mask;
}

/* May an entry of @level be a leaf? The 2M and 1G pages of caps are those of 9.7 and 9.8. */
static bool leaf_allowed(const struct pgt_format *f, unsigned level, const struct pgt_caps *caps)
{
	if (level == 1 || f->big_levels & BIT(level) ||
	    (caps->wide && f->wide.big_levels & BIT(level)))
		return true;
	return f->optional_levels & BIT(level) && (level == 2 ? caps->page_2m : caps->page_1g);
}

static unsigned address_bits(const struct pgt_format *f, const struct pgt_caps *caps)
{
	unsigned most = caps->wide ? f->wide.addr_bits : f->addr_bits;

	return caps->haw && caps->haw < most ? caps->haw : most;
}

/* Where the address bits from @low to @high stand in an entry. */
static uint64_t address_field(const struct pgt_format *f, const struct pgt_caps *caps,
			      unsigned high, unsigned low)
{
	unsigned top = caps->wide ? f->wide.top : f->addr_bits - 1;
	uint64_t field = 0;

	for (unsigned bit = low; bit <= high; bit++)
		field |= BIT(bit) >> (bit > top ? f->wide.high_shift : f->addr_shift);
	return field;
}

static enum pgt_kind kind_of(const struct pgt_format *f, unsigned level, bool leaf, unsigned value)
{
	if (level == 1)
		return f->last >> value & 1 ? PGT_LEAF : PGT_BAD;
	if (leaf && f->leaves >> value & 1)
		return PGT_LEAF;
	if (f->next_level)
		return value && value < level ? PGT_TABLE : PGT_BAD;
	return f->tables >> value & 1 ? PGT_TABLE : PGT_BAD;
}

static void init_kinds(struct pgt_rule *r, const struct pgt_format *f, unsigned level, bool leaf)
{
	r->present = f->present;
	r->least = 1;
	if (f->need_both && (level == 1 || !leaf))
		r->present = r->least = f->need_both;
	r->kind_shift = (uint8_t)f->kind_shift;
	for (unsigned i = 0; i < sizeof(r->kind); i++)
		r->kind[i] = (uint8_t)kind_of(f, level, leaf, i);
}

static bool ignores_accessed(const struct pgt_caps *caps)
{
	return caps->ignore_accessed || caps->set_accessed;
}

static struct pgt_flags flags_of(const struct pgt_format *f, const struct pgt_caps *caps)
{
	struct pgt_flags flags = { 0 };

	if (caps->set_accessed || f->always_set) {
		flags.table = f->flags.table;
		flags.leaf = f->flags.leaf;
	}
	if (caps->set_extended) {
		flags.table |= f->extended;
		flags.leaf |= f->extended;
	}
	if (caps->set_dirty || f->always_set) {
		flags.dirty = f->flags.dirty;
		flags.clean = f->flags.clean;
	}
	return flags;
}

static void init_uses(struct pgt_rule *r, const struct pgt_format *f, unsigned level,
		      const struct pgt_caps *caps)
{
	struct pgt_use *table = &r->use[0], *leaf = &r->use[1];
	unsigned haw = address_bits(f, caps), most = caps->wide ? f->wide.addr_bits : f->addr_bits;
	uint64_t width = address_field(f, caps, haw - 1, f->page_shift) & ~r->high;
	uint64_t beyond = address_field(f, caps, most - 1, haw);
	uint64_t below = (BITS(r->shift - 1, 0) & ~BITS(f->page_shift - 1, 0)) >> f->addr_shift;

	table->addr = width;
	leaf->addr = width & ~below;
	table->fixed = f->table_reserved | beyond;
	if (level >= 4)
		table->fixed |= f->high_table_reserved;
	if (f->ignored_beyond)
		beyond &= ~(below & f->leaf_ignored);
	leaf->fixed = f->leaf_reserved | beyond | (below & ~f->leaf_ignored);
	if (!caps->software_bits) {
		table->fixed |= f->software;
		leaf->fixed |= f->software;
	}
	if (!caps->memory_types)
		leaf->fixed |= f->memory_type;
	if (!caps->snoop_control)
		leaf->fixed |= f->snoop;
	if (!ignores_accessed(caps)) {
		leaf->fixed |= f->accessed;
		leaf->value |= f->accessed;
	}
}

/* What takes more than masks. */
static void init_far(struct pgt_rule *r, const struct pgt_format *f, unsigned level,
		     const struct pgt_caps *caps)
{
	r->addr_shift = (uint8_t)f->addr_shift;
	r->never = f->never;
	r->sized = f->sized;
	r->size_by_zero = f->size_by_zero;
	r->size_min = r->shift;
	r->size_max = (uint8_t)(r->shift + f->index_bits - 1);
	if (f->size_only && level == 1)
		r->size_min = r->size_max = (uint8_t)f->size_only;
	else if (f->size_only) /* reserved there */
		r->use[1].fixed |= f->sized;
	if (f->next_level)
		r->next_level = (uint8_t)(level - 1);
	r->modifier = caps->set_dirty ? f->modifier : 0;
	r->modified = f->flags.dirty | f->flags.clean;
	r->far = f->addr_shift || f->never || f->sized || r->high || r->modifier;
}

static void init_permissions(struct pgt_use *use, const struct permissions *p,
			     const struct pgt_caps *caps)
{
	uint64_t ignored = caps->supervisor ? p->supervisor_ignores | p->user : 0;
	uint64_t clear = caps->supervisor && !caps->user_access ? p->user : 0;

	if (caps->write_protect)
		ignored &= ~p->write_protect_honours;
	use->read = (p->read & ~ignored) | clear;
	use->readable = p->readable & ~ignored;
	use->write = (p->write & ~ignored) | clear;
	use->writable = p->writable & ~ignored;
	if (!ignores_accessed(caps)) {
		use->write |= p->dirty;
		use->writable |= p->dirty;
	}
}

static void init_rule(struct pgt_rule *r, const struct pgt_format *f, unsigned level,
		      const struct pgt_caps *caps)
{
	r->shift = (uint8_t)(f->page_shift + f->index_bits * (level - 1));
	r->index_bits = (uint8_t)f->index_bits;
	r->high = caps->wide ? f->wide.high : 0;
	r->high_shift = (uint8_t)f->wide.high_shift;
	init_kinds(r, f, level, leaf_allowed(f, level, caps));
	init_uses(r, f, level, caps);
	init_permissions(&r->use[1], &f->leaf, caps);
	if (!caps->no_hierarchy)
		init_permissions(&r->use[0], &f->table, caps);
	init_far(r, f, level, caps);
}

/* Addresses of so many bits, in a table of so many levels. */
static int init_input(struct pgt *g, const struct pgt_format *f, const struct pgt_caps *caps)
{
	unsigned most = f->page_shift + f->index_bits * g->levels + f->side_by_side;
	unsigned least = most - f->index_bits + 1;
	unsigned limit = caps->wide ? f->wide.max_input : f->max_input;

	g->input_bits = limit && limit < most ? limit : most;
	if (f->input_sets_levels) { /* D8.2.4 */
		if (caps->input_bits)
			g->input_bits = caps->input_bits;
		if (g->input_bits < least || g->input_bits > most + f->concatenated ||
		    g->input_bits > limit)
			return -EOPNOTSUPP;
	} else if (caps->input_bits && caps->input_bits < most && !f->sign_extended &&
		   !f->side_by_side) {
		g->input_bits = caps->input_bits; /* the lesser of MGAW and AGAW (3.7) */
	}
	return 0;
}

int pgt_init(struct pgt *g, enum pgt_id id, unsigned levels, const struct pgt_caps *caps)
{
	const struct pgt_format *f = find_format(id, caps);
	struct pgt new = { .id = id, .levels = levels };

	if (!f || levels < f->min_levels ||
	    levels > (caps->wide ? f->wide.max_levels : f->max_levels))
		return -EOPNOTSUPP;
	if ((caps->haw && caps->haw <= f->page_shift) ||
	    (caps->haw > MAX_HAW && caps->haw > f->addr_bits) ||
	    (caps->input_bits && (caps->input_bits <= f->page_shift || caps->input_bits > 64)))
		return -EINVAL;

	if (init_input(&new, f, caps))
		return -EOPNOTSUPP;
	new.page_shift = f->page_shift;
	new.sign_extended = f->sign_extended;
	new.high = caps->high;
	new.announced = f->announced;
	new.sizes = f->sizes;
	new.supervisor = caps->supervisor;
	new.write_protect = caps->write_protect;
	new.set_extended = caps->set_extended;
	new.addr_field = address_field(f, caps, (caps->wide ? f->wide.addr_bits : f->addr_bits) - 1,
				       f->page_shift);
	new.addr_bits = address_bits(f, caps);
	new.accessed = ignores_accessed(caps) ? 0 : f->accessed;
	new.flags = flags_of(f, caps);
	for (unsigned level = 1; level <= levels; level++) {
		init_rule(&new.rule[level], f, level, caps);
		if (leaf_allowed(f, level, caps))
			new.leaf_sizes |= BIT(new.rule[level].shift);
	}
	if (f->input_sets_levels || f->side_by_side)
		new.rule[levels].index_bits = (uint8_t)(new.input_bits - new.rule[levels].shift);
	*g = new;
	return 0;
}
