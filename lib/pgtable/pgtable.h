/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page-table formats as data, and what an entry of one says.
 *
 * A format is a radix tree of 64-bit little-endian entries. Levels are counted from the leaves:
 * level 1 maps the smallest pages, the root table is at level g->levels. Section numbers without a
 * name are those of the VT-d specification, revision 4.1; those that begin with D8 are of the Arm
 * Architecture Reference Manual for A-profile, DDI 0487, where level 3 is level 1 here. AMD: the
 * AMD I/O Virtualization Technology (IOMMU) Specification, 48882; RISC-V: the privileged
 * architecture, chapters "Supervisor-Level ISA" and, of the second stage, "Hypervisor Extension",
 * whose levels are one less than those here.
 *
 * A table that is merged in software is only read. So accessed and dirty flags that nothing depends
 * on (3.6.2, 3.7.2) are ignored bits there. A unit that walks one sets them: struct pgt_flags.
 */
#ifndef PGTABLE_PGTABLE_H
#define PGTABLE_PGTABLE_H

#include <stdbool.h>
#include <stdint.h>

#define PGT_MAX_LEVELS 5

/* Equal in value to the public enum ioasid_pgtable_format. */
enum pgt_id {
	PGT_VTD_SS = 1, /* VT-d second-stage: 3, 4, 5 levels (3.7, 9.8) */
	PGT_VTD_FS = 2, /* VT-d first-stage, also x86-64: 4, 5 levels (3.6, 9.7) */
	PGT_ARM_S1 = 3, /* AArch64 stage 1: granules of 4K, 16K, 64K, 1 to 5 levels (D8.2, D8.3) */
	PGT_ARM_S2 = 4, /* AArch64 stage 2, likewise; up to 16 root tables side by side */
	PGT_AMD_V1 = 5, /* AMD host tables: 1 to 5 levels (AMD 2.2.3) */
	PGT_AMD_V2 = 6, /* AMD guest tables, x86-64's: 4, 5 levels (AMD 2.2.6, AMD64 vol. 2, 5.3) */
	PGT_RISCV = 7, /* RISC-V Sv39, Sv48, Sv57: 3, 4, 5 levels */
	PGT_RISCV_S2 = 8, /* RISC-V Sv39x4, Sv48x4, Sv57x4, likewise; four roots side by side */
};

enum pgt_kind {
	PGT_NONE, /* not present: maps nothing, all other bits have no meaning */
	PGT_TABLE, /* refers to a table of a lower level, which is the next but for skip */
	PGT_LEAF, /* maps a page of 2^pgt_shift() bytes */
	PGT_BAD, /* present but malformed: faults when used; pgt_reason() says why */
};

enum pgt_bad {
	PGT_BAD_NONE = 0,
	PGT_BAD_SIZE, /* a leaf at a level, or of a size, that is not allowed */
	PGT_BAD_ALIGN, /* a superpage whose address is not a multiple of its size */
	PGT_BAD_WIDTH, /* an address beyond the host address width */
	PGT_BAD_RESERVED, /* any other reserved bit */
	PGT_BAD_ACCESSED, /* nothing wrong, but its access flag is clear, and nobody sets it */
};

/* Permissions of an entry. Along a walk they combine by AND (3.6.1, 3.7.1, D8.4). */
#define PGT_READ  1u
#define PGT_WRITE 2u

/* What the unit that owns the table can do. All zero is the plainest unit. */
struct pgt_caps {
	/* Host address width: 13..52, RISC-V to 56; 0: the most. Addresses are below 2^haw. */
	unsigned haw;
	unsigned input_bits; /* width limit of input addresses (MGAW, 64 - TxSZ); 0: none */
	unsigned granule; /* log2 of the smallest page; 0: 12 */
	bool high; /* Arm: the table of high addresses */
	bool wide; /* Arm: addresses of 52 bits (DS; with 64K pages: an output size of 52) */
	bool page_2m; /* second-stage only: first-stage always has 2M pages */
	bool page_1g;
	bool snoop_control; /* second-stage: bit 11 of a leaf is SNP instead of reserved */
	/*
	 * First stages: whose permissions count. A request without PASID is a user-level one
	 * unless the context entry sets RID_PRIV (9.4), so false is right for it: every level
	 * has to have U/S set. True is for requests with supervisor privilege: U/S is ignored,
	 * and R/W too unless write_protect (WPE of the PASID entry, 9.6) is set.
	 */
	bool supervisor;
	bool write_protect;
	bool user_access; /* RISC-V: supervisor requests may use a user's pages (SUM) */
	bool software_bits; /* RISC-V: some reserved bits are ignored (Svrsw60t59b) */
	bool memory_types; /* RISC-V: so are others, unless all are set (Svpbmt) */
	bool ignore_accessed; /* clear access flags do not fault (Arm: AFFD) */
	/*
	 * The unit sets accessed and dirty flags, so that clear ones do not fault, and Arm: a page
	 * with DBM can be written. In tables of x86-64's format it always does.
	 */
	bool set_accessed;
	bool set_dirty; /* needs set_accessed; RISC-V, VT-d: the same ability */
	bool set_extended; /* VT-d's first stage: extended accessed flags too (EAFE, 3.6.2) */
	bool no_hierarchy; /* attributes in references to tables do not count (Arm: HPD) */
};

/*
 * Accessed and dirty flags: what a unit that walks a table itself changes in it. A shadow changes
 * nothing.
 */
struct pgt_flags {
	uint64_t table, leaf; /* set in each reference to a table, and leaf, that it has used */
	uint64_t dirty, clean; /* set, and cleared, in a leaf that it has written through */
};

/* What an entry of one kind has to be, and what it says. */
struct pgt_use {
	uint64_t fixed, value; /* malformed unless (entry & fixed) == value */
	uint64_t addr; /* address bits */
	uint64_t read, readable; /* readable if (entry & read) == readable */
	uint64_t write, writable; /* writable if (entry & write) == writable */
};

/*
 * All that is needed to judge the entries of one level. Copy it into a local variable before a
 * loop over a table: the compiler then keeps it in registers whatever the loop stores.
 */
struct pgt_rule {
	uint64_t present, least; /* present if (entry & present) >= least: any, or all, of them */
	struct pgt_use use[2]; /* of a reference to a table; of a leaf */
	uint8_t kind[8]; /* enum pgt_kind, by three bits of the entry ... */
	uint8_t kind_shift; /* ... of which this is the lowest */
	uint8_t shift; /* an entry of this level covers 2^shift bytes of input addresses */
	uint8_t index_bits; /* 2^index_bits entries in a table of this level */
	/* The rest is for pgt_decode_far(), where it is needed: */
	bool far;
	uint8_t addr_shift; /* addresses stand so much lower in an entry than they are */
	uint8_t next_level; /* of a table, if the bits of kind say which it is, else 0 */
	uint64_t never; /* malformed if all of these are set */
	/*
	 * A leaf that has this set permits what it will when it has been written: when these bits
	 * are as in one that can be.
	 */
	uint64_t modifier, modified;
	uint64_t high; /* more address bits, */
	uint8_t high_shift; /* which stand so much lower in an entry than they are */
	/*
	 * A leaf with (entry & sized) == sized is one of several that map one page of 2^size_min
	 * to 2^size_max bytes; the page's size stands in the lowest bits of its address, and an
	 * entry's place says which part of the page it maps.
	 */
	uint64_t sized;
	uint8_t size_min, size_max;
	bool size_by_zero; /* the lowest bit that is 0 tells; else the lowest that is 1 */
};

/* One table's format: immutable after pgt_init(), free to copy, nothing to release. */
struct pgt {
	struct pgt_rule rule[PGT_MAX_LEVELS + 1]; /* by level; [0] is unused */
	enum pgt_id id;
	unsigned levels; /* level of the root table */
	unsigned page_shift; /* 2^page_shift: smallest page */
	unsigned input_bits; /* significant bits of an input address */
	bool sign_extended; /* the rest repeats the highest significant bit, else is zero ... */
	bool high; /* ... or all ones */
	unsigned addr_bits; /* of tables and pages: entries with wider addresses are malformed */
	bool announced; /* guests invalidate what they make present, if asked to (caching mode) */
	uint64_t leaf_sizes; /* bitmap of leaf sizes: bit 12 set for 4K, 21 for 2M, 30 for 1G */
	uint64_t accessed; /* the access flag, where leaves have to have it */
	struct pgt_flags flags; /* none, if the unit sets none */
	uint64_t addr_field; /* where addresses stand in entries */
	bool supervisor, write_protect, set_extended; /* as of the unit's abilities */
	bool sizes; /* entries that are neither table nor leaf are leaves of a wrong size */
};

/* A table, or those of low and of high addresses (Arm, TTBR0 and TTBR1: D8.2). */
struct pgt_pair {
	struct pgt low, high; /* levels 0: there is none; the id is that of both */
	uint64_t low_root, high_root;
};

/*
 * Makes *g the format @id with @levels levels on a unit with @caps.
 * -EINVAL: a width in caps is out of range. -EOPNOTSUPP: no such format, or not with so many
 * levels. *g is untouched on failure.
 */
int pgt_init(struct pgt *g, enum pgt_id id, unsigned levels, const struct pgt_caps *caps);

/* All formats there are: a bit for each id. */
uint32_t pgt_known(void);

/* What an entry is, what it permits by itself, and the table or page that it refers to. */
struct pgt_entry {
	enum pgt_kind kind;
	unsigned perm;
	uint64_t addr;
	/* The table's level is so many below the next lower one; address bits of those are zero. */
	unsigned skip;
};

/* The parts of a rule that is not far, and what is common to all. */
static inline enum pgt_kind pgt_rule_kind(const struct pgt_rule *r, uint64_t entry)
{
	return (enum pgt_kind)r->kind[entry >> r->kind_shift & 7];
}

static inline const struct pgt_use *pgt_rule_use(const struct pgt_rule *r, uint64_t entry)
{
	return &r->use[pgt_rule_kind(r, entry) == PGT_LEAF];
}

static inline enum pgt_kind pgt_rule_classify(const struct pgt_rule *r, uint64_t entry)
{
	const struct pgt_use *use = pgt_rule_use(r, entry);

	if ((entry & r->present) < r->least)
		return PGT_NONE;
	return (entry & use->fixed) == use->value ? pgt_rule_kind(r, entry) : PGT_BAD;
}

static inline unsigned pgt_rule_perm(const struct pgt_rule *r, uint64_t entry)
{
	const struct pgt_use *use = pgt_rule_use(r, entry);

	return ((entry & use->read) == use->readable ? PGT_READ : 0) |
	       ((entry & use->write) == use->writable ? PGT_WRITE : 0);
}

/* All about entry number @index of a table whose rule is far. */
struct pgt_entry pgt_decode_far(const struct pgt_rule *r, unsigned index, uint64_t entry);

static inline struct pgt_entry pgt_rule_decode(const struct pgt_rule *r, unsigned index,
					       uint64_t entry)
{
	if (__builtin_expect(r->far, 0))
		return pgt_decode_far(r, index, entry);
	return (struct pgt_entry){ pgt_rule_classify(r, entry), pgt_rule_perm(r, entry),
				   entry & pgt_rule_use(r, entry)->addr, 0 };
}

/* Does an entry say what another one has said? @upgrade: also if it permits more. */
static inline bool pgt_is_same(const struct pgt_entry *was, const struct pgt_entry *is,
			       bool upgrade)
{
	if (was->kind != is->kind)
		return false;
	if (was->kind == PGT_NONE || was->kind == PGT_BAD)
		return true;
	return was->addr == is->addr && was->skip == is->skip &&
	       (upgrade ? was->perm & is->perm : is->perm) == was->perm;
}

/* What @entry, number @index in a table of @level, is. */
static inline struct pgt_entry pgt_decode(const struct pgt *g, unsigned level, unsigned index,
					  uint64_t entry)
{
	return pgt_rule_decode(&g->rule[level], index, entry);
}

/* The same in parts, of the first entry of a table. */
static inline enum pgt_kind pgt_classify(const struct pgt *g, unsigned level, uint64_t entry)
{
	return pgt_decode(g, level, 0, entry).kind;
}

/* PGT_READ and PGT_WRITE as @entry alone grants them; for PGT_TABLE and PGT_LEAF only. */
static inline unsigned pgt_perm(const struct pgt *g, unsigned level, uint64_t entry)
{
	return pgt_decode(g, level, 0, entry).perm;
}

/* The table (PGT_TABLE) or page (PGT_LEAF) that @entry refers to. */
static inline uint64_t pgt_addr(const struct pgt *g, unsigned level, uint64_t entry)
{
	return pgt_decode(g, level, 0, entry).addr;
}

/* Why pgt_classify() says PGT_BAD; PGT_BAD_NONE if it doesn't. Not for hot paths. */
enum pgt_bad pgt_reason(const struct pgt *g, unsigned level, uint64_t entry);

/* log2 of the bytes that one entry of a table of @level covers. */
static inline unsigned pgt_shift(const struct pgt *g, unsigned level)
{
	return g->rule[level].shift;
}

/* Which entry of a table of @level the input address belongs to. */
static inline unsigned pgt_index(const struct pgt *g, unsigned level, uint64_t iova)
{
	return (unsigned)(iova >> g->rule[level].shift) & ((1u << g->rule[level].index_bits) - 1);
}

/* The address bits of the levels that a table entry at @level skips: non-zero leads nowhere. */
static inline uint64_t pgt_skipped(const struct pgt *g, unsigned level, unsigned skip,
				   uint64_t iova)
{
	return (iova & ((UINT64_C(1) << g->rule[level].shift) - 1)) >> g->rule[level - skip].shift;
}

/* Bytes of a root table, or of those that stand side by side in its place. */
static inline uint64_t pgt_root_size(const struct pgt *g)
{
	return UINT64_C(8) << g->rule[g->levels].index_bits;
}

/* Is this an input address that the tables can translate at all? (3.6, 3.7) */
static inline bool pgt_input_ok(const struct pgt *g, uint64_t iova)
{
	unsigned rest = 64 - g->input_bits;

	if (g->sign_extended)
		return (uint64_t)((int64_t)(iova << rest) >> rest) == iova;
	if (g->high)
		iova = ~iova;
	return iova << rest >> rest == iova;
}

/* Reads one entry at a multiple of 8; 0 or -errno, which ends the walk with PGT_FAULT_ACCESS. */
typedef int (*pgt_read_fn)(void *opaque, uint64_t addr, uint64_t *entry);

enum pgt_fault {
	PGT_FAULT_NONE = 0, /* translated */
	PGT_FAULT_INPUT, /* not an input address of this table */
	PGT_FAULT_ACCESS, /* an entry could not be read */
	PGT_FAULT_ABSENT, /* an entry is not present */
	PGT_FAULT_BAD, /* an entry is malformed: pgt_reason(level, entry) */
};

struct pgt_walk {
	enum pgt_fault fault;
	unsigned level; /* of the last entry looked at: of the leaf, if translated */
	unsigned perm; /* permissions of the whole walk; 0 is possible with a leaf */
	uint64_t entry; /* the last entry read */
	uint64_t addr; /* output address of iova itself; if not translated: of the last entry */
};

/* Translates one address, reading each entry once. @w->fault says how it ended. */
void pgt_walk(const struct pgt *g, uint64_t root, uint64_t iova, pgt_read_fn read, void *opaque,
	      struct pgt_walk *w);

#endif
