/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PASID tables of all formats, by the bit numbers of the specifications: VT-d 4.1 (9.5, 9.6), Arm
 * IHI 0070 (5.2 to 5.4), 48882 (2.2.6), RISC-V IOMMU 1.0 (3.2).
 */
#include <endian.h>
#include <ioasid/smmuv3.h>

#include "pasid.h"

#define BIT(n) (UINT64_C(1) << (n))

static void store(struct pasid_guest *g, uint64_t at, uint64_t value)
{
	whole_word *word = (whole_word *)(void *)(g->memory + at);

	__atomic_store_n(word, htole64(value), __ATOMIC_RELEASE);
}

static uint64_t load(const struct pasid_guest *g, uint64_t at)
{
	return le64toh(*(const uint64_t *)(const void *)(g->memory + at));
}

static uint64_t new_pages(struct pasid_guest *g, unsigned int n)
{
	uint64_t at = g->next * PAGE;

	g->next += n;
	must(g->next <= TABLE_PAGES, "%ju pages", (uintmax_t)g->next);
	return at;
}

/* An entry that leads to a table, which is made if there is none. */
static uint64_t next_table(struct pasid_guest *g, uint64_t at, unsigned int shift)
{
	uint64_t entry = load(g, at);

	if (!entry) {
		entry = new_pages(g, 1) >> shift | 1;
		store(g, at, entry);
	}
	return (entry & ~UINT64_C(0x3ff)) << shift & ~(PAGE - 1);
}

/* Where a PASID's entry is: the bits of a PASID that choose it, at each level. */
static uint64_t find_entry(struct pasid_guest *g, uint32_t pasid)
{
	static const unsigned int riscv_bits[] = { 0, 8, 17 };
	uint64_t at = g->table.base;
	unsigned int level;

	switch (g->table.format) {
	case IOASID_PASID_TABLE_VTD:
		return next_table(g, at + 8 * (pasid >> 6), 0) + 64 * (pasid & 63);
	case IOASID_PASID_TABLE_SMMUV3:
		at = g->table.smmuv3_ste[0] & ~UINT64_C(0x3f) & (BIT(52) - 1);
		if (g->table.smmuv3_ste[0] & BIT(4)) /* S1Fmt: two levels, of 4K */
			return next_table(g, at + 8 * (pasid >> 6), 0) + 64 * (pasid & 63);
		return at + 64 * pasid;
	case IOASID_PASID_TABLE_AMD:
		for (level = g->table.levels; level > 1; level--)
			at = next_table(g, at + 8 * (pasid >> 9 * (level - 1) & 511), 0);
		return at + 8 * (pasid & 511);
	default:
		for (level = g->table.levels; level > 1; level--)
			at = next_table(g, at + 8 * (pasid >> riscv_bits[level - 1] & 511), 2);
		return at + 16 * (pasid & 255);
	}
}

void set_entry(struct pasid_guest *g, unsigned int i, unsigned int says)
{
	uint64_t at = g->entry_at[i], root = says < TABLES ? g->root[says] : 0;

	switch (g->table.format) {
	case IOASID_PASID_TABLE_VTD: /* P; PGTT: first stage, or pass-through; FSPTPTR */
		store(g, at, 0);
		store(g, at + 16, root);
		store(g, at, says == SAYS_NOTHING ? 0 : 1 | (says == SAYS_BYPASS ? 4 : 1) << 6);
		break;
	case IOASID_PASID_TABLE_SMMUV3: /* T0SZ, EPD1, V, IPS, AA64, R, A, ASET; TTB0 */
		if (says == SAYS_BYPASS)
			return;
		store(g, at, 0);
		store(g, at + 8, root);
		if (says != SAYS_NOTHING)
			store(g, at,
			      16 | BIT(30) | BIT(31) | UINT64_C(5) << 32 | BIT(41) | BIT(45) |
				      BIT(46) | BIT(47));
		break;
	case IOASID_PASID_TABLE_AMD: /* V */
		if (says == SAYS_BYPASS)
			return;
		store(g, at, says == SAYS_NOTHING ? 0 : root | 1);
		break;
	default: /* V; MODE, Sv48 or Bare, PPN */
		store(g, at, 0);
		store(g, at + 8, says < TABLES ? UINT64_C(9) << 60 | root >> 12 : 0);
		store(g, at, says != SAYS_NOTHING);
	}
	/* in between, it said nothing, or what it is now with another root */
	g->said[i] |= 1u << SAYS_NOTHING | 1u << says;
	g->says[i] = says;
}

void set_leaf(struct pasid_guest *g, unsigned int table, unsigned int leaf)
{
	uint64_t page = (DATA + leaf) * PAGE, entry;
	unsigned int i;

	switch (g->table.format) {
	case IOASID_PASID_TABLE_SMMUV3: /* a page, AF, SH, AP[1] */
		entry = page | 3 | 1 << 10 | 3 << 8 | 1 << 6;
		break;
	case IOASID_PASID_TABLE_RISCV: /* V, R, W, U, A, D */
		entry = page >> 2 | 0xd7;
		break;
	default: /* P, R/W, U/S */
		entry = page | 7;
	}
	store(g, g->leaf_at[table], leaf == NO_LEAF ? 0 : entry);
	g->leaf[table] = leaf;
	for (i = 0; i < PASIDS; i++)
		g->leaves[i][table] |= 1u << leaf;
}

void set_word(struct pasid_guest *g, unsigned int word, uint64_t value)
{
	store(g, word % (TABLE_PAGES * 512) * 8, value);
	g->tainted = true;
}

/* Four levels; the roots and what leads to tables are as the format has them. */
static void make_table(struct pasid_guest *g, unsigned int n)
{
	bool riscv = g->table.format == IOASID_PASID_TABLE_RISCV;
	unsigned int bits = riscv ? 1 : g->table.format == IOASID_PASID_TABLE_SMMUV3 ? 3 : 7, level;
	uint64_t at = new_pages(g, 1), next;

	g->root[n] = at;
	for (level = 4; level > 1; level--, at = next) {
		next = new_pages(g, 1);
		store(g, at, next >> (riscv ? 2 : 0) | bits);
	}
	g->leaf_at[n] = at;
	set_leaf(g, n, n);
}

static void describe_smmuv3(struct pasid_guest *g, unsigned int options)
{
	static struct ioasid_smmuv3_regs regs;
	/* IDR0: S1P, TTF, CD2L; IDR1: SSIDSIZE, SIDSIZE; IDR5: GRAN4K, OAS; see 6.3.1 to 6.3.6 */
	const uint32_t idr[6] = {
		1u << 1 | 2u << 2 | 1u << 19, 20u << 6 | 16, 0, 0, 0, 1u << 4 | 5
	};
	unsigned int two_levels = options >> 2 & 1, dss = (options >> 4 & 3) % 3;

	ioasid_smmuv3_regs_init(&regs, idr);
	regs.cr0 = 1;
	g->table.smmuv3_regs = &regs;
	/* V, Config, S1Fmt, S1ContextPtr, S1CDMax; S1DSS */
	g->table.smmuv3_ste[0] = 1 | 5 << 1 | two_levels << 4 | new_pages(g, 4) | UINT64_C(8) << 59;
	g->table.smmuv3_ste[1] = dss;
}

static void describe(struct pasid_guest *g, unsigned int options)
{
	static const uint32_t bits[3][4] = { { 14, 14, 14, 14 },
					     { 9, 18, 20, 20 },
					     { 8, 17, 20, 20 } };
	struct ioasid_pasid_table *t = &g->table;
	unsigned int levels = options >> 2 & 3;

	t->format = (enum ioasid_pasid_table_format)(1 + (options & 3));
	t->max_pasids = options >> 6 & 3;
	if (t->format == IOASID_PASID_TABLE_SMMUV3) {
		describe_smmuv3(g, options);
		return;
	}
	t->base = new_pages(g, 1);
	t->levels = t->format == IOASID_PASID_TABLE_VTD ? 2 : 1 + levels % 3;
	t->pasid_bits =
		bits[t->format == IOASID_PASID_TABLE_VTD ? 0 : t->format - 2][t->levels - 1];
	t->flags = (options >> 4 & 3) % 3; /* RID_BYPASS, RID_BLOCKED */
	if (t->format == IOASID_PASID_TABLE_AMD)
		t->pgtable_levels = 4;
	/*
	 * CAP_REG: 48 bits, 4 levels; ECAP_REG: PT, PASID, PSS, SMTS, SSTS, FSTS (11.4.2, 11.4.3)
	 */
	if (t->format == IOASID_PASID_TABLE_VTD) {
		t->caps[0] = UINT64_C(47) << 16 | 4 << 8 | 6;
		t->caps[1] = BIT(6) | BIT(40) | UINT64_C(19) << 35 | BIT(43) | BIT(46) | BIT(47);
	}
}

void pasid_guest_new(struct pasid_guest *g, uint8_t *memory, unsigned int options)
{
	static const uint32_t numbers[] = { 0, 1, 5, 64, 255, 256, 8191 };
	uint32_t bits, i;

	memset(g, 0, sizeof(*g));
	memset(memory, 0, TABLE_PAGES * PAGE);
	g->memory = memory;
	g->table.size = sizeof(g->table);
	describe(g, options);
	bits = g->table.format == IOASID_PASID_TABLE_SMMUV3 ? 8 : g->table.pasid_bits;
	for (i = 0; i < 7; i++)
		if (numbers[i] >> bits == 0)
			g->pasid[g->n_pasids++] = numbers[i];
	for (i = 0; i < TABLES; i++)
		make_table(g, i);
	for (i = 0; i < g->n_pasids; i++) {
		g->entry_at[i] = find_entry(g, g->pasid[i]);
		g->says[i] = SAYS_NOTHING;
	}
	for (i = 0; i < g->n_pasids; i++)
		note_invalidated(g, i);
}

void note_invalidated(struct pasid_guest *g, unsigned int i)
{
	unsigned int table;

	g->said[i] = 1u << g->says[i];
	for (table = 0; table < TABLES; table++)
		g->leaves[i][table] = 1u << g->leaf[table];
}

bool may_reach(const struct pasid_guest *g, unsigned int i, unsigned int iova, unsigned int got)
{
	unsigned int table;

	if (g->tainted)
		return true;
	if (g->said[i] >> SAYS_BYPASS & 1 && got == iova)
		return true;
	if (g->said[i] >> SAYS_NOTHING & 1 && got == PAGES)
		return true;
	for (table = 0; table < TABLES; table++) {
		if (!(g->said[i] >> table & 1))
			continue;
		if (got == PAGES ? iova || g->leaves[i][table] >> NO_LEAF & 1 :
				   !iova && got >= DATA && g->leaves[i][table] >> (got - DATA) & 1)
			return true;
	}
	return false;
}
