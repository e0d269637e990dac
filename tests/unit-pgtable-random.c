/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page-table formats against the reference walker. */
#include <errno.h>
#include <inttypes.h>

#include "pgtable/pgtable.h"
#include "runner.h"
#include "vtd_walker.h"

#define BIT(n) (UINT64_C(1) << (n))

/* A table in the library's terms and in the referee's. */
struct both {
	struct pgt pgt;
	struct vtdw_table ref;
};

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static struct both make(bool first_stage, unsigned levels, const struct pgt_caps *caps)
{
	struct both b = { .ref = {
				  .first_stage = first_stage,
				  .levels = levels,
				  .haw = caps->haw,
				  .mgaw = caps->input_bits,
				  .page_2m = caps->page_2m,
				  .page_1g = caps->page_1g,
				  .snoop_control = caps->snoop_control,
				  .supervisor = caps->supervisor,
				  .write_protect = caps->write_protect,
			  } };

	ck_assert_int_eq(pgt_init(&b.pgt, first_stage ? PGT_VTD_FS : PGT_VTD_SS, levels, caps), 0);
	return b;
}

/* The n-th of all combinations that make a difference: formats, levels, widths, features. */
static bool make_nth(unsigned n, struct both *b)
{
	static const unsigned haws[] = { 52, 39, 46, 13 };
	bool first_stage = n & 1;
	unsigned levels = 3 + (n >> 6) % 3;
	struct pgt_caps caps = {
		.haw = haws[(n >> 6) / 3 % 4],
		.input_bits = n & 2 ? 40 : 0,
		.page_2m = n & 4,
		.page_1g = n & 8,
		.snoop_control = n & 16,
		.supervisor = n & 16,
		.write_protect = n & 32,
	};

	if (first_stage && levels == 3)
		return false;
	*b = make(first_stage, levels, &caps);
	return true;
}

/* A test does one combination of levels and widths at a time, with all features. */
#define FEATURES 64
#define WIDTHS	 (3 * 4)

static void compare(const struct both *b, unsigned level, uint64_t entry)
{
	static const enum pgt_kind kinds[] = {
		[VTDW_ENTRY_ABSENT] = PGT_NONE,
		[VTDW_ENTRY_TABLE] = PGT_TABLE,
		[VTDW_ENTRY_PAGE] = PGT_LEAF,
		[VTDW_ENTRY_MALFORMED] = PGT_BAD,
	};
	struct vtdw_judgement j = vtdw_judge(&b->ref, level, entry);
	enum pgt_kind kind = pgt_classify(&b->pgt, level, entry);
	unsigned perm = (j.read ? PGT_READ : 0) | (j.write ? PGT_WRITE : 0);

	if (kind != kinds[j.kind]) /* an assertion for each entry would take minutes */
		ck_abort_msg("%s stage, level %u, entry %#" PRIx64 ": %d, not %d",
			     b->ref.first_stage ? "first" : "second", level, entry, (int)kind,
			     (int)kinds[j.kind]);
	if ((pgt_reason(&b->pgt, level, entry) != PGT_BAD_NONE) != (kind == PGT_BAD))
		ck_abort_msg("level %u, entry %#" PRIx64 ": wrong reason", level, entry);
	if (kind != PGT_TABLE && kind != PGT_LEAF)
		return;
	if (pgt_addr(&b->pgt, level, entry) != j.address ||
	    pgt_perm(&b->pgt, level, entry) != perm)
		ck_abort_msg("level %u, entry %#" PRIx64 ": %#" PRIx64 " %u, not %#" PRIx64 " %u",
			     level, entry, pgt_addr(&b->pgt, level, entry),
			     pgt_perm(&b->pgt, level, entry), j.address, perm);
}

static void compare_every_bit(const struct both *b)
{
	/* nothing; present in each way; as a superpage, with and without user permission */
	static const uint64_t bases[] = { 0, 1, 2, 3, 5, 7, 0x80, 0x81, 0x82, 0x83, 0x87 };

	for (unsigned level = 1; level <= b->ref.levels; level++)
		for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
			for (unsigned bit = 0; bit < 64; bit++)
				compare(b, level, bases[i] ^ BIT(bit));
}

START_TEST(every_bit_counts_as_the_specification_says)
{
	struct both b;

	for (unsigned n = 0; n < FEATURES; n++)
		if (make_nth((unsigned)_i * FEATURES + n, &b))
			compare_every_bit(&b);
}
END_TEST

static void compare_random_entries(const struct both *b, uint64_t *seed)
{
	for (unsigned level = 1; level <= b->ref.levels; level++)
		for (unsigned i = 0; i < 300; i++) {
			uint64_t entry = next_random(seed);

			compare(b, level, entry);
			/* most random entries are malformed: fewer bits, too */
			compare(b, level, entry & next_random(seed) & next_random(seed));
			compare(b, level, (entry & UINT64_C(0x7fe00fff)) | 1);
		}
}

START_TEST(random_entries_count_as_the_specification_says)
{
	uint64_t seed = (uint64_t)_i;
	struct both b;

	for (unsigned n = 0; n < FEATURES; n++)
		if (make_nth((unsigned)_i * FEATURES + n, &b))
			compare_random_entries(&b, &seed);
}
END_TEST

/* A few pages of tables at address 0, which refer to one another in any way. */
#define PAGES 8

struct memory {
	uint64_t entry[PAGES * 512];
	unsigned reads;
};

static int read_entry(void *opaque, uint64_t addr, uint64_t *entry)
{
	struct memory *m = opaque;

	m->reads++;
	if (addr >= PAGES * 4096)
		return -EFAULT;
	*entry = m->entry[addr / 8];
	return 0;
}

static void compare_walks(const struct both *b, struct memory *m, uint64_t iova)
{
	static const enum pgt_fault faults[] = {
		[VTDW_OK] = PGT_FAULT_NONE,	   [VTDW_INPUT] = PGT_FAULT_INPUT,
		[VTDW_ACCESS] = PGT_FAULT_ACCESS,  [VTDW_ABSENT] = PGT_FAULT_ABSENT,
		[VTDW_MALFORMED] = PGT_FAULT_BAD,
	};
	struct vtdw_result r = vtdw_walk(&b->ref, iova, read_entry, m);
	unsigned perm = (r.read ? PGT_READ : 0) | (r.write ? PGT_WRITE : 0);
	struct pgt_walk w;
	bool same;

	m->reads = 0;
	pgt_walk(&b->pgt, b->ref.root, iova, read_entry, m, &w);
	same = w.fault == faults[r.fault] && w.level == r.level;
	if (r.fault == VTDW_OK)
		same = same && w.addr == r.gpa && w.perm == perm;
	if (!same)
		ck_abort_msg("iova %#" PRIx64 ": fault %d at level %u, %#" PRIx64 " %u, not fault "
			     "%d at level %u, %#" PRIx64 " %u",
			     iova, (int)w.fault, w.level, w.addr, w.perm, (int)faults[r.fault],
			     r.level, r.gpa, perm);
	if (m->reads > b->ref.levels)
		ck_abort_msg("iova %#" PRIx64 ": %u reads", iova, m->reads);
}

static void compare_random_walks(struct both *b, struct memory *m, uint64_t *seed)
{
	for (size_t i = 0; i < PAGES * 512; i++) {
		uint64_t r = next_random(seed);

		/* refers to one of the pages or, less often, beyond them; sometimes a large page */
		m->entry[i] = (r & 7) | (r >> 8 & 9) << 12 | (r >> 20 & 31 ? 0 : 0x80) |
			      (r >> 30 & 63 ? 0 : BIT(r >> 40 & 63));
	}
	for (unsigned i = 0; i < 500; i++) {
		uint64_t r = next_random(seed), iova = r >> (i % 2 ? 0 : 25);

		if (b->ref.first_stage && i % 4 == 1)
			iova |= UINT64_MAX << (11 + 9 * b->ref.levels);
		b->ref.root = next_random(seed) % PAGES * 4096;
		compare_walks(b, m, iova);
	}
}

START_TEST(random_walks_end_as_the_referee_says)
{
	static struct memory m;
	uint64_t seed = (uint64_t)_i + 1000;
	struct both b;

	for (unsigned n = 0; n < FEATURES; n++)
		if (make_nth((unsigned)_i * FEATURES + n, &b))
			compare_random_walks(&b, &m, &seed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pgtable-random");
	TCase *tc = tcase_create("referee");

	tcase_add_loop_test(tc, every_bit_counts_as_the_specification_says, 0, WIDTHS);
	tcase_add_loop_test(tc, random_entries_count_as_the_specification_says, 0, WIDTHS);
	tcase_add_loop_test(tc, random_walks_end_as_the_referee_says, 0, WIDTHS);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
