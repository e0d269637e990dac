/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AArch64 tables: single bits by the manual's sections, and all of it against the referee. */
#include <errno.h>
#include <inttypes.h>

#include "arm_walker.h"
#include "pgtable/pgtable.h"
#include "runner.h"

#define BIT(n) (UINT64_C(1) << (n))

#define VALID	  BIT(0)
#define TABLE	  (BIT(0) | BIT(1))	/* or a page */
#define USER	  BIT(6)		/* AP[1] */
#define READ_ONLY BIT(7)		/* AP[2] */
#define AF	  BIT(10)
#define PAGE_RW	  (TABLE | USER | AF)

static struct pgt make(unsigned levels, const struct pgt_caps *caps)
{
	struct pgt g;

	ck_assert_int_eq(pgt_init(&g, PGT_ARM_S1, levels, caps), 0);
	return g;
}

static const struct pgt_caps plain = { .haw = 48 };

START_TEST(bits_1_and_0_tell_what_a_descriptor_is)
{
	struct pgt g = make(4, &plain);
	unsigned level;

	for (level = 1; level <= 4; level++) {
		ck_assert_int_eq(pgt_classify(&g, level, AF), PGT_NONE);
		ck_assert_int_eq(pgt_classify(&g, level, ~VALID), PGT_NONE);
		ck_assert_int_eq(pgt_classify(&g, level, PAGE_RW), level == 1 ? PGT_LEAF : PGT_TABLE);
	}
	/* D8.3.1: a block is of 2M or 1G; elsewhere the encoding is reserved, and invalid */
	ck_assert_int_eq(pgt_classify(&g, 1, VALID | AF), PGT_NONE);
	ck_assert_int_eq(pgt_classify(&g, 2, VALID | AF), PGT_LEAF);
	ck_assert_int_eq(pgt_classify(&g, 3, VALID | AF), PGT_LEAF);
	ck_assert_int_eq(pgt_classify(&g, 4, VALID | AF), PGT_NONE);
	ck_assert_uint_eq(g.leaf_sizes, BIT(12) | BIT(21) | BIT(30));
}
END_TEST

/* D8.3.1: RES0, which is not reserved in the sense of a fault. */
START_TEST(address_bits_below_a_block_do_nothing)
{
	struct pgt g = make(4, &plain);
	uint64_t low = BIT(21) - BIT(12);

	ck_assert_int_eq(pgt_classify(&g, 2, VALID | AF | low | BIT(21)), PGT_LEAF);
	ck_assert_uint_eq(pgt_addr(&g, 2, VALID | AF | low | BIT(21)), BIT(21));
	ck_assert_uint_eq(pgt_addr(&g, 3, VALID | AF | low | BIT(21) | BIT(30)), BIT(30));
}
END_TEST

START_TEST(addresses_stay_within_the_output_address_size)
{
	struct pgt_caps caps = { .haw = 44 };
	struct pgt g = make(4, &caps);
	unsigned bit;

	ck_assert_uint_eq(pgt_addr(&g, 1, PAGE_RW | BIT(43)), BIT(43));
	for (bit = 44; bit < 48; bit++) {
		ck_assert_int_eq(pgt_reason(&g, 1, PAGE_RW | BIT(bit)), PGT_BAD_WIDTH);
		ck_assert_int_eq(pgt_reason(&g, 2, TABLE | BIT(bit)), PGT_BAD_WIDTH);
		ck_assert_int_eq(pgt_reason(&g, 2, VALID | AF | BIT(bit)), PGT_BAD_WIDTH);
		/* before the access flag is looked at (D8.5.1) */
		ck_assert_int_eq(pgt_reason(&g, 1, TABLE | BIT(bit)), PGT_BAD_WIDTH);
	}
	for (bit = 48; bit < 52; bit++) /* no address bits without 52-bit addresses */
		ck_assert_uint_eq(pgt_addr(&g, 1, PAGE_RW | BIT(bit) | BIT(12)), BIT(12));
	caps.haw = 52;
	g = make(4, &caps);
	ck_assert_uint_eq(pgt_addr(&g, 1, PAGE_RW | BIT(47)), BIT(47));
	ck_assert_uint_eq(g.addr_bits, 48);
}
END_TEST

START_TEST(a_clear_access_flag_faults_unless_hardware_sets_it)
{
	struct pgt_caps caps = plain;
	struct pgt g = make(4, &caps);

	ck_assert_int_eq(pgt_classify(&g, 1, TABLE | USER), PGT_BAD);
	ck_assert_int_eq(pgt_reason(&g, 1, TABLE | USER), PGT_BAD_ACCESSED);
	ck_assert_int_eq(pgt_reason(&g, 2, VALID | USER), PGT_BAD_ACCESSED);
	ck_assert_int_eq(pgt_classify(&g, 2, TABLE), PGT_TABLE); /* not of tables */
	caps.ignore_accessed = true;
	g = make(4, &caps);
	ck_assert_int_eq(pgt_classify(&g, 1, TABLE | USER), PGT_LEAF);
	ck_assert_int_eq(pgt_reason(&g, 1, TABLE | USER), PGT_BAD_NONE);
}
END_TEST

START_TEST(access_permissions_depend_on_privilege)
{
	struct pgt_caps caps = plain;
	struct pgt g = make(4, &caps);

	/* D8.4.1: AP[2:1] = 00, 01, 10, 11 */
	ck_assert_uint_eq(pgt_perm(&g, 1, TABLE | AF), 0);
	ck_assert_uint_eq(pgt_perm(&g, 1, TABLE | AF | USER), PGT_READ | PGT_WRITE);
	ck_assert_uint_eq(pgt_perm(&g, 1, TABLE | AF | READ_ONLY), 0);
	ck_assert_uint_eq(pgt_perm(&g, 1, TABLE | AF | READ_ONLY | USER), PGT_READ);
	caps.supervisor = true;
	g = make(4, &caps);
	ck_assert_uint_eq(pgt_perm(&g, 1, TABLE | AF), PGT_READ | PGT_WRITE);
	ck_assert_uint_eq(pgt_perm(&g, 1, TABLE | AF | USER), PGT_READ | PGT_WRITE);
	ck_assert_uint_eq(pgt_perm(&g, 1, TABLE | AF | READ_ONLY), PGT_READ);
	ck_assert_uint_eq(pgt_perm(&g, 1, TABLE | AF | READ_ONLY | USER), PGT_READ);
}
END_TEST

START_TEST(tables_take_permissions_away)
{
	struct pgt_caps caps = plain;
	struct pgt g = make(4, &caps);

	/* D8.4.2: APTable[0], bit 61, and APTable[1], bit 62 */
	ck_assert_uint_eq(pgt_perm(&g, 2, TABLE), PGT_READ | PGT_WRITE);
	ck_assert_uint_eq(pgt_perm(&g, 2, TABLE | BIT(61)), 0);
	ck_assert_uint_eq(pgt_perm(&g, 2, TABLE | BIT(62)), PGT_READ);
	ck_assert_uint_eq(pgt_perm(&g, 2, TABLE | BIT(60) | BIT(59)), PGT_READ | PGT_WRITE); /* XN */
	caps.supervisor = true;
	g = make(4, &caps);
	ck_assert_uint_eq(pgt_perm(&g, 2, TABLE | BIT(61)), PGT_READ | PGT_WRITE);
	ck_assert_uint_eq(pgt_perm(&g, 2, TABLE | BIT(62)), PGT_READ);
	caps.supervisor = false;
	caps.no_hierarchy = true;
	g = make(4, &caps);
	ck_assert_uint_eq(pgt_perm(&g, 2, TABLE | BIT(61) | BIT(62)), PGT_READ | PGT_WRITE);
}
END_TEST

START_TEST(the_input_size_says_how_many_levels_there_are)
{
	static const unsigned levels[] = { 2, 2, 3, 3, 4, 4 }, bits[] = { 25, 30, 31, 39, 40, 48 };
	struct pgt_caps caps = plain;
	struct pgt g;

	for (size_t i = 0; i < 6; i++) {
		caps.input_bits = bits[i];
		for (unsigned n = 2; n <= 4; n++)
			ck_assert_int_eq(pgt_init(&g, PGT_ARM_S1, n, &caps),
					 n == levels[i] ? 0 : -EOPNOTSUPP);
		g = make(levels[i], &caps);
		ck_assert(pgt_input_ok(&g, BIT(bits[i]) - 1));
		ck_assert(!pgt_input_ok(&g, BIT(bits[i])));
	}
	ck_assert_int_eq(pgt_init(&g, PGT_ARM_S1, 1, &plain), -EOPNOTSUPP);
	ck_assert_int_eq(pgt_init(&g, PGT_ARM_S1, 5, &plain), -EOPNOTSUPP);
}
END_TEST

/* A table in the library's terms and in the referee's. */
struct both {
	struct pgt pgt;
	struct armw_table ref;
};

#define VARIANTS (8 * 3 * 7)

static void make_nth(unsigned n, struct both *b)
{
	static const unsigned oas[] = { 48, 40, 32 }, bits[] = { 48, 40, 39, 36, 31, 30, 25 };
	struct pgt_caps caps = {
		.haw = oas[n / 8 % 3], .input_bits = bits[n / 24 % 7],
		.supervisor = n & 1, .ignore_accessed = n & 2, .no_hierarchy = n & 4,
	};

	b->ref = (struct armw_table){
		.tsz = 64 - caps.input_bits, .oas = caps.haw, .privileged = n & 1, .ha = n & 2,
		.hpd = n & 4,
	};
	b->pgt = make((unsigned)(4 - armw_start_level(&b->ref)), &caps);
}

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void compare(const struct both *b, unsigned level, uint64_t entry)
{
	struct armw_judgement j = armw_judge(&b->ref, 4 - (int)level, entry);
	const struct { enum pgt_kind kind; enum pgt_bad bad; } wants[] = {
		[ARMW_INVALID] = { PGT_NONE, PGT_BAD_NONE },
		[ARMW_TABLE] = { PGT_TABLE, PGT_BAD_NONE },
		[ARMW_BLOCK] = { PGT_LEAF, PGT_BAD_NONE },
		[ARMW_ADDRESS_SIZE] = { PGT_BAD, PGT_BAD_WIDTH },
		[ARMW_ACCESS_FLAG] = { PGT_BAD, PGT_BAD_ACCESSED },
	};
	enum pgt_kind kind = pgt_classify(&b->pgt, level, entry);
	enum pgt_bad bad = pgt_reason(&b->pgt, level, entry);
	unsigned perm = (j.read ? PGT_READ : 0) | (j.write ? PGT_WRITE : 0);

	if (kind != wants[j.kind].kind || bad != wants[j.kind].bad)
		ck_abort_msg("level %u, entry %#" PRIx64 ": %d %d, not %d %d", level, entry, (int)kind,
			     (int)bad, (int)wants[j.kind].kind, (int)wants[j.kind].bad);
	if (kind != PGT_TABLE && kind != PGT_LEAF)
		return;
	if (pgt_addr(&b->pgt, level, entry) != j.address || pgt_perm(&b->pgt, level, entry) != perm)
		ck_abort_msg("level %u, entry %#" PRIx64 ": %#" PRIx64 " %u, not %#" PRIx64 " %u",
			     level, entry, pgt_addr(&b->pgt, level, entry),
			     pgt_perm(&b->pgt, level, entry), j.address, perm);
}

START_TEST(every_bit_and_random_entries_count_as_the_manual_says)
{
	static const uint64_t bases[] = { 0, 1, 2, 3, 0x401, 0x403, 0x441, 0x443, 0x4c3, 0x43 };
	uint64_t seed = (uint64_t)_i;
	struct both b;

	make_nth((unsigned)_i, &b);
	for (unsigned level = 1; level <= b.pgt.levels; level++) {
		for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
			for (unsigned bit = 0; bit < 64; bit++)
				compare(&b, level, bases[i] ^ BIT(bit));
		for (unsigned i = 0; i < 300; i++) {
			uint64_t entry = next_random(&seed);

			compare(&b, level, entry);
			compare(&b, level, entry & next_random(&seed));
			compare(&b, level, (entry & UINT64_C(0x60000ffffffff0fc)) | 0x403);
		}
	}
}
END_TEST

/* A few pages of tables at address 0, which refer to one another in any way. */
#define PAGES 8

static uint64_t memory[PAGES * 512];

static int read_entry(void *opaque, uint64_t addr, uint64_t *entry)
{
	(void)opaque;
	if (addr >= PAGES * 4096)
		return -EFAULT;
	*entry = memory[addr / 8];
	return 0;
}

static enum pgt_fault fault_of(const struct armw_result *r)
{
	if (r->input)
		return PGT_FAULT_INPUT;
	if (r->access)
		return PGT_FAULT_ACCESS;
	if (r->fault == ARMW_INVALID)
		return PGT_FAULT_ABSENT;
	return r->fault == ARMW_BLOCK ? PGT_FAULT_NONE : PGT_FAULT_BAD;
}

static void compare_walks(const struct both *b, uint64_t iova)
{
	struct armw_result r = armw_walk(&b->ref, iova, read_entry, NULL);
	unsigned perm = (r.read ? PGT_READ : 0) | (r.write ? PGT_WRITE : 0);
	struct pgt_walk w;
	bool same;

	pgt_walk(&b->pgt, b->ref.root, iova, read_entry, NULL, &w);
	same = w.fault == fault_of(&r) && w.level == (unsigned)(4 - r.level);
	if (w.fault == PGT_FAULT_NONE)
		same = same && w.addr == r.pa && w.perm == perm;
	if (!same)
		ck_abort_msg("iova %#" PRIx64 ": fault %d at level %u, %#" PRIx64 " %u, not fault "
			     "%d at level %d, %#" PRIx64 " %u",
			     iova, (int)w.fault, w.level, w.addr, w.perm, (int)fault_of(&r),
			     4 - r.level, r.pa, perm);
}

START_TEST(random_walks_end_as_the_referee_says)
{
	uint64_t seed = (uint64_t)_i + 1000;
	struct both b;

	make_nth((unsigned)_i, &b);
	for (size_t i = 0; i < PAGES * 512; i++) {
		uint64_t r = next_random(&seed);

		memory[i] = (r & 0xc0) | (r >> 8 & 9) << 12 | (r >> 16 & 15 ? TABLE : r >> 20 & 3) |
			    (r >> 24 & 15 ? AF : 0) | (r >> 30 & 63 ? 0 : BIT(r >> 40 & 63));
	}
	for (unsigned i = 0; i < 500; i++) {
		uint64_t iova = next_random(&seed) >> (i % 4 ? b.ref.tsz : b.ref.tsz - 1);

		b.ref.root = next_random(&seed) % PAGES * 4096;
		compare_walks(&b, iova);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pgtable-arm");
	TCase *tc = tcase_create("bits");

	tcase_add_test(tc, bits_1_and_0_tell_what_a_descriptor_is);
	tcase_add_test(tc, address_bits_below_a_block_do_nothing);
	tcase_add_test(tc, addresses_stay_within_the_output_address_size);
	tcase_add_test(tc, a_clear_access_flag_faults_unless_hardware_sets_it);
	tcase_add_test(tc, access_permissions_depend_on_privilege);
	tcase_add_test(tc, tables_take_permissions_away);
	tcase_add_test(tc, the_input_size_says_how_many_levels_there_are);
	suite_add_tcase(suite, tc);
	tc = tcase_create("referee");
	tcase_add_loop_test(tc, every_bit_and_random_entries_count_as_the_manual_says, 0, VARIANTS);
	tcase_add_loop_test(tc, random_walks_end_as_the_referee_says, 0, VARIANTS);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
