/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every format, in all its variants, against the referees: entries bit by bit, and walks. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "objects.h"
#include "referee.h"
#include "runner.h"

#define BIT(n) (UINT64_C(1) << (n))

/* A table in the library's terms and in the referee's. */
struct both {
	struct pgt_pair pair;
	struct ioasid_pgtable ref;
};

#define SETS (IOASID_PGTABLE_SET_ACCESSED | IOASID_PGTABLE_SET_DIRTY)

/* Each with all combinations of flags; levels from to, entries that say something. */
static const struct family {
	enum ioasid_pgtable_format format;
	uint32_t from, to;
	uint32_t flags;
	uint32_t widths[3]; /* of addresses in entries; 0: all */
	bool narrow; /* input addresses can be narrower */
	uint64_t bases[6]; /* entries of which each bit is turned */
	uint64_t table, leaf; /* of level 2 and up; pages at the lowest */
	unsigned int shift; /* of addresses in entries, down */
	unsigned int granule; /* log2 of pages */
} families[] = {
	{ IOASID_PGTABLE_VTD_SS, 3, 5, IOASID_PGTABLE_NO_2M | IOASID_PGTABLE_NO_1G | SETS,
	  { 0, 46, 39 }, true, { 0, 1, 2, 3, 0x81, 0x83 }, 3, 0x83, 0, 12 },
	{ IOASID_PGTABLE_VTD_FS, 4, 5, IOASID_PGTABLE_NO_1G | IOASID_PGTABLE_PRIVILEGED |
	  IOASID_PGTABLE_WRITE_PROTECT | IOASID_PGTABLE_SET_EXTENDED, { 0, 46, 39 }, false,
	  { 0, 1, 5, 7, 0x81, 0x87 }, 7, 0x87, 0, 12 },
	{ IOASID_PGTABLE_ARM_S1, 2, 4, IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_IGNORE_ACCESSED |
	  IOASID_PGTABLE_NO_HIERARCHY | SETS, { 0, 40, 32 }, true,
	  { 0, 1, 3, 0x441, 0x443, 0x4c3 }, 3, 0x441, 0, 12 },
	{ IOASID_PGTABLE_ARM_S2, 2, 4, IOASID_PGTABLE_IGNORE_ACCESSED | SETS, { 0, 40, 32 }, true,
	  { 0, 1, 3, 0x441, 0x4c3, 0xc3 }, 3, 0x4c1, 0, 12 },
#define ARM_S1(from, to, granule, wide) \
	{ IOASID_PGTABLE_ARM_S1, from, to, \
	  IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_IGNORE_ACCESSED | \
	  IOASID_PGTABLE_NO_HIERARCHY | SETS | (wide), { 0, 48, 40 }, true, \
	  { 0, 1, 3, 0x441, 0x443, 0x4c3 }, 3, 0x441, 0, granule }
#define ARM_S2(from, to, granule, wide) \
	{ IOASID_PGTABLE_ARM_S2, from, to, IOASID_PGTABLE_IGNORE_ACCESSED | SETS | (wide), \
	  { 0, 50, 40 }, true, { 0, 1, 3, 0x441, 0x4c3, 0xc3 }, 3, 0x4c1, 0, granule }
	ARM_S1(1, 4, 14, 0),
	ARM_S1(1, 3, 16, 0),
	ARM_S2(1, 4, 14, 0),
	ARM_S2(1, 3, 16, 0),
	ARM_S1(1, 5, 12, IOASID_PGTABLE_WIDE),
	ARM_S1(1, 4, 14, IOASID_PGTABLE_WIDE),
	ARM_S1(1, 3, 16, IOASID_PGTABLE_WIDE),
	ARM_S2(1, 5, 12, IOASID_PGTABLE_WIDE),
	ARM_S2(1, 4, 14, IOASID_PGTABLE_WIDE),
	ARM_S2(1, 3, 16, IOASID_PGTABLE_WIDE),
	{ IOASID_PGTABLE_AMD_V1, 1, 5, SETS, { 0, 48, 40 }, true,
	  { 0, 1, BIT(61) | 1, BIT(61) | 0x201, BIT(62) | 0x601, BIT(61) | BIT(62) | 0xfe01 },
	  BIT(61) | BIT(62) | 0x201, BIT(61) | BIT(62) | 1, 0, 12 },
	{ IOASID_PGTABLE_AMD_V2, 4, 5, IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_WRITE_PROTECT,
	  { 0, 46, 39 }, false, { 0, 1, 5, 7, 0x81, 0x87 }, 7, 0x87, 0, 12 },
	{ IOASID_PGTABLE_RISCV, 3, 5, IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_USER_ACCESS |
	  IOASID_PGTABLE_IGNORE_ACCESSED | SETS | IOASID_PGTABLE_SOFTWARE_BITS |
	  IOASID_PGTABLE_MEMORY_TYPES,
	  { 0, 50, 39 }, false,
	  { 0, 1, 0xd7, 0xcf, BIT(63) | 0x20d7, 0xdb }, 1, 0xd7, 2, 12 },
	{ IOASID_PGTABLE_RISCV_S2, 3, 5,
	  IOASID_PGTABLE_IGNORE_ACCESSED | SETS | IOASID_PGTABLE_SOFTWARE_BITS |
	  IOASID_PGTABLE_MEMORY_TYPES, { 0, 50, 39 },
	  false, { 0, 1, 0xd7, 0xcf, BIT(63) | 0x20d7, 0xdb }, 1, 0xd7, 2, 12 },
};

#define FAMILIES ((int)(sizeof(families) / sizeof(*families)))

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void make(const struct family *f, uint32_t levels, uint32_t flags, uint32_t width,
		 uint32_t input, struct both *b)
{
	b->ref = (struct ioasid_pgtable)IOASID_PGTABLE_INIT;
	b->ref.format = f->format;
	b->ref.levels = levels;
	b->ref.flags = flags;
	b->ref.address_bits = width;
	b->ref.input_bits = input;
	b->ref.granule_bits = f->granule == 12 ? 0 : f->granule;
	ck_assert_msg(!pgtable_check(&b->ref, &b->pair), "%s", ioasid_errmsg());
}

static bool is_wide(uint32_t flags)
{
	return flags & IOASID_PGTABLE_WIDE;
}

/* A family that has tables of wide addresses is of these only. */
static bool is_possible(const struct family *f, uint32_t levels, uint32_t flags)
{
	bool both = f->format == IOASID_PGTABLE_RISCV || f->format == IOASID_PGTABLE_RISCV_S2 ||
		    f->format == IOASID_PGTABLE_VTD_SS;

	if (is_wide(f->flags) != is_wide(flags))
		return false;
	if ((flags & SETS) == IOASID_PGTABLE_SET_DIRTY ||
	    (both && (flags & SETS) == IOASID_PGTABLE_SET_ACCESSED))
		return false;
	return levels < 5 || f->format != IOASID_PGTABLE_ARM_S1 || is_wide(flags);
}

/* As many input bits as there can be, some fewer, and at stage 2 those of several root tables. */
static uint32_t input_bits(const struct family *f, uint32_t levels, uint32_t flags, uint32_t kind)
{
	uint32_t page = f->granule, most = page + (page - 3) * levels;
	uint32_t limit = is_wide(flags) || page == 16 ? 52 : 48, least = most - (page - 3) + 1;
	bool arm = f->format == IOASID_PGTABLE_ARM_S1 || f->format == IOASID_PGTABLE_ARM_S2;

	if (kind == 0)
		return 0;
	if (!arm)
		return kind < 3 ? most - kind * 3 : 0;
	if (f->format == IOASID_PGTABLE_ARM_S2 && kind == 3)
		most += 1 + levels; /* 2 to 5 */
	else
		most -= kind * 2;
	if (f->format == IOASID_PGTABLE_ARM_S2 && kind == 3 && levels >= 4)
		most = limit;
	return most > limit ? limit : most < least ? least : most;
}

/* Calls @check with every variant of a family. */
static void each_variant(int i, void (*check)(const struct family *f, struct both *b,
					      uint64_t *seed))
{
	const struct family *f = &families[i];
	uint32_t levels, flags, input;
	uint64_t seed = (uint64_t)i;
	unsigned int w;
	struct both b;

	for (levels = f->from; levels <= f->to; levels++)
		for (w = 0; w < 3; w++)
			for (flags = 0; flags < 0x2000; flags++)
				for (input = 0; input < (f->narrow ? 4u : 1u); input++) {
					if (flags & ~f->flags || !is_possible(f, levels, flags))
						continue;
					make(f, levels, flags, f->widths[w],
					     input_bits(f, levels, flags, input), &b);
					check(f, &b, &seed);
				}
}

/* What a unit that walks the table leaves of an entry. */
static uint64_t used(const struct pgt_flags *flags, enum pgt_kind kind, bool write, uint64_t entry)
{
	if (kind == PGT_TABLE)
		return entry | flags->table;
	entry |= flags->leaf;
	return write ? (entry | flags->dirty) & ~flags->clean : entry;
}

static void compare_used(const struct both *b, unsigned int level, uint64_t entry,
			 const struct pgt_entry *e)
{
	unsigned int access;

	for (access = PGT_READ; access <= PGT_WRITE; access++) {
		bool write = access == PGT_WRITE;
		uint64_t is = used(&b->pair.low.flags, e->kind, write, entry);
		uint64_t should = ref_used(&b->ref, level, write, entry);

		if (e->perm & access && is != should)
			ck_abort_msg("format %d, level %u, entry %#" PRIx64 ": becomes %#" PRIx64
				     ", not %#" PRIx64, (int)b->ref.format, level, entry, is,
				     should);
	}
}

static void compare(const struct both *b, unsigned int level, unsigned int index, uint64_t entry)
{
	static const struct {
		enum pgt_kind kind;
		bool bad, accessed;
	} wants[] = {
		[REF_ABSENT] = { PGT_NONE, false, false },
		[REF_TABLE] = { PGT_TABLE, false, false },
		[REF_PAGE] = { PGT_LEAF, false, false },
		[REF_MALFORMED] = { PGT_BAD, true, false },
		[REF_NOT_ACCESSED] = { PGT_BAD, true, true },
	};
	struct ref_entry r = ref_judge(&b->ref, level, index, entry);
	struct pgt_entry e = pgt_decode(&b->pair.low, level, index, entry);
	unsigned int perm = (r.read ? PGT_READ : 0) | (r.write ? PGT_WRITE : 0);
	enum pgt_bad why = pgt_reason(&b->pair.low, level, entry);

	if (e.kind != wants[r.kind].kind || (why != PGT_BAD_NONE) != wants[r.kind].bad ||
	    (why == PGT_BAD_ACCESSED) != wants[r.kind].accessed)
		ck_abort_msg("format %d, level %u, entry %#" PRIx64 ": %d for %d, not %d",
			     (int)b->ref.format, level, entry, (int)e.kind, (int)why,
			     (int)wants[r.kind].kind);
	if (e.kind != PGT_TABLE && e.kind != PGT_LEAF)
		return;
	if (e.addr != r.address || e.perm != perm ||
	    (e.kind == PGT_TABLE && level - 1 - e.skip != r.level))
		ck_abort_msg("format %d, level %u, entry %u, %#" PRIx64 ": %#" PRIx64 " %u, not %#"
			     PRIx64 " %u", (int)b->ref.format, level, index, entry, e.addr, e.perm,
			     r.address, perm);
	compare_used(b, level, entry, &e);
}

static void compare_entries(const struct family *f, struct both *b, uint64_t *seed)
{
	unsigned int level, bit, i;

	for (level = 1; level <= b->ref.levels; level++) {
		for (i = 0; i < 6; i++)
			for (bit = 0; bit < 64; bit++) {
				compare(b, level, bit * 5, f->bases[i] ^ BIT(bit));
				compare(b, level, bit * 7, (f->bases[i] | UINT64_C(0x3ffffff0000)) ^
					BIT(bit));
			}
		for (i = 0; i < 100; i++) {
			uint64_t r = next_random(seed),
				 mask = next_random(seed) & next_random(seed);

			compare(b, level, r % 512, r);
			compare(b, level, r % 512, r & mask);
			compare(b, level, r % 512, f->leaf | (r & mask));
			compare(b, level, r % 512, f->table | (r & mask & UINT64_C(0xffffffff000)));
			compare(b, level, r % 512, f->leaf | (r & UINT64_C(0x3fffffff000)));
		}
	}
}

START_TEST(entries_count_as_the_specification_says)
{
	each_variant(_i, compare_entries);
}
END_TEST

/* A few tables at address 0, which refer to one another in any way. */
#define ENTRIES 16384

static uint64_t memory[ENTRIES];
static uint64_t end; /* of what can be read */

static unsigned int count_tables(const struct family *f)
{
	return f->granule == 12 ? 8 : f->granule == 14 ? 4 : 2;
}

static int read_entry(void *opaque, uint64_t addr, uint64_t *entry)
{
	unsigned int *reads = opaque;

	++*reads;
	if (addr >= end)
		return -EFAULT;
	*entry = memory[addr / 8];
	return 0;
}

static unsigned int ends[5]; /* walks, by how they ended */

static void compare_walk(const struct both *b, uint64_t iova)
{
	static const enum pgt_fault faults[] = {
		[REF_OK] = PGT_FAULT_NONE, [REF_NO_INPUT] = PGT_FAULT_INPUT,
		[REF_NO_ACCESS] = PGT_FAULT_ACCESS, [REF_NO_ENTRY] = PGT_FAULT_ABSENT,
		[REF_BAD_ENTRY] = PGT_FAULT_BAD,
	};
	unsigned int reads = 0, perm, ignored = 0;
	struct ref_entry r;
	enum ref_fault fault = ref_walk(&b->ref, iova, read_entry, &ignored, &r);
	struct pgt_walk w;

	perm = (r.read ? PGT_READ : 0) | (r.write ? PGT_WRITE : 0);
	ends[fault]++;
	pgt_walk(&b->pair.low, b->ref.root, iova, read_entry, &reads, &w);
	if (w.fault != faults[fault] || w.level != r.level ||
	    (!fault && (w.addr != r.address || w.perm != perm)))
		ck_abort_msg("format %d, %u levels, iova %#" PRIx64
			     ": fault %d at level %u, %#" PRIx64
			     " %u, not fault %d at level %u, %#" PRIx64 " %u",
			     (int)b->ref.format, b->ref.levels, iova, (int)w.fault, w.level, w.addr,
			     w.perm, (int)faults[fault], r.level, r.address, perm);
	if (reads > b->ref.levels)
		ck_abort_msg("iova %#" PRIx64 ": %u reads", iova, reads);
}

static void compare_walks(const struct family *f, struct both *b, uint64_t *seed)
{
	unsigned int tables = count_tables(f), i;

	end = (uint64_t)tables << f->granule;
	for (i = 0; i < end / 8; i++) {
		uint64_t r = next_random(seed);

		/* refers to one of the tables or, less often, beyond them */
		memory[i] = (r >> 8 & (tables | 1)) << f->granule >> f->shift |
			    (r & 15 ? f->table : r & 16 ? f->leaf : (r >> 50 & 0xffe) | 1) |
			    (r >> 30 & 63 ? 0 : BIT(r >> 40 & 63));
		if (f->format == IOASID_PGTABLE_AMD_V1) /* next levels of all kinds */
			memory[i] = (memory[i] & ~UINT64_C(0xe00)) | (r >> 20 & 7) << 9;
		if (r >> 58 < 8)
			memory[i] = r & UINT64_C(1) << 57 ? 0 : f->leaf;
	}
	for (i = 0; i < 60; i++) {
		uint64_t iova = next_random(seed) >> (next_random(seed) % 54);

		if (i % 4 == 1)
			iova = ~iova;
		b->ref.root = next_random(seed) % tables << f->granule;
		compare_walk(b, iova);
	}
}

START_TEST(walks_end_as_the_referee_says)
{
	unsigned int i;

	memset(ends, 0, sizeof(ends));
	each_variant(_i, compare_walks);
	for (i = 0; i < 5; i++) /* or the tables are not as random as they should be */
		ck_assert_uint_ge(ends[i], 20);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pgtable-formats");
	TCase *tc = tcase_create("referee");

	tcase_add_loop_test(tc, entries_count_as_the_specification_says, 0, FAMILIES);
	tcase_add_loop_test(tc, walks_end_as_the_referee_says, 0, FAMILIES);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
