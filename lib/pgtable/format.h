/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a format is, before the abilities of a unit make rules of it. */
#ifndef PGTABLE_FORMAT_H
#define PGTABLE_FORMAT_H

#include <stddef.h>

#include "pgtable/pgtable.h"

#define BIT(n)		(UINT64_C(1) << (n))
#define BITS(high, low) ((~UINT64_C(0) >> (63 - (high))) & (~UINT64_C(0) << (low)))

/* Permissions that an entry gives, and what supervisor requests make of the bits. */
struct permissions {
	uint64_t read, readable; /* readable if (entry & read) == readable */
	uint64_t write, writable;
	uint64_t dirty; /* has to be set for writing, too, unless the unit does that */
	uint64_t supervisor_ignores, write_protect_honours;
	uint64_t user; /* has to be set, and clear for supervisors without user_access */
};

/* What a format gains where caps.wide says that addresses have 52 bits. */
struct wide {
	unsigned addr_bits; /* 0: there is no such thing */
	unsigned top; /* address bits up to this one stand where they belong, ... */
	uint64_t high; /* ... those above stand here, ... */
	unsigned high_shift; /* ... so much lower than they are */
	unsigned big_levels; /* more leaves, */
	unsigned max_levels; /* levels, */
	unsigned max_input; /* and input bits */
};

struct pgt_format {
	enum pgt_id id;
	unsigned page_shift; /* an id can have several, of which caps chooses */
	unsigned index_bits;
	unsigned min_levels, max_levels;
	bool sign_extended;
	bool input_sets_levels; /* the width of input addresses says how many levels there are */
	unsigned concatenated; /* and 2^concatenated root tables can stand side by side, as one, */
	unsigned side_by_side; /* or 2^side_by_side always do */
	/* the widest input address, if that is not what the levels have; or 0 */
	unsigned max_input;
	bool announced; /* see struct pgt */
	bool sizes; /* likewise */
	unsigned addr_bits; /* the widest address an entry has room for */
	unsigned addr_shift; /* an entry has addresses shifted right by this */
	/*
	 * What three bits from here on say, as sets of values: references to tables, and leaves,
	 * above level 1; leaves at level 1. All others are malformed, as are leaves at levels that
	 * are neither in big_levels nor in optional_levels and allowed by caps.
	 */
	unsigned kind_shift;
	uint8_t tables, leaves, last;
	bool next_level; /* the three bits are the next level: of tables, any that is lower */
	unsigned big_levels;
	unsigned optional_levels; /* leaves where caps say so */
	uint64_t present; /* any of these */
	uint64_t need_both; /* all of these, where there are no big leaves */
	uint64_t table_reserved; /* besides the address bits beyond the width */
	uint64_t high_table_reserved; /* from level 4 on */
	uint64_t leaf_reserved;
	uint64_t never; /* reserved in a leaf if all of these are set */
	uint64_t snoop; /* reserved in a leaf without snoop control */
	uint64_t software; /* reserved in all entries unless caps leave them to software */
	uint64_t memory_type; /* reserved in leaves unless caps have memory types */
	uint64_t leaf_ignored; /* address bits with another meaning, or none, in a superpage, ... */
	bool ignored_beyond; /* ... also those that are beyond the width */
	uint64_t accessed; /* has to be set in a leaf, unless the unit does that */
	struct pgt_flags flags; /* what a unit sets that does ... */
	bool always_set; /* ... as all do */
	uint64_t extended; /* set in tables and leaves too, where caps say so */
	uint64_t modifier; /* see struct pgt_rule; the dirty flags are what is modified */
	uint64_t sized; /* see struct pgt_rule */
	unsigned size_only; /* the one size there is, at level 1; 0: all above the level's own */
	bool size_by_zero;
	struct permissions table, leaf;
	struct wide wide;
};

/* All of them, and how many there are. */
extern const struct pgt_format pgt_formats[];
extern const size_t pgt_n_formats;

#endif
