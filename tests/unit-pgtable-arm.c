/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AArch64 tables: single bits, by the sections of the manual. */
#include <errno.h>

#include "pgtable/pgtable.h"
#include "runner.h"

#define BIT(n) (UINT64_C(1) << (n))

#define VALID	  BIT(0)
#define TABLE	  (BIT(0) | BIT(1))	/* or a page */
#define USER	  BIT(6)		/* AP[1] */
#define READ_ONLY BIT(7)		/* AP[2] */
#define AF	  BIT(10)
#define PAGE_RW	  (TABLE | USER | AF)

static struct pgt make_stage(enum pgt_id id, unsigned levels, const struct pgt_caps *caps)
{
	struct pgt g;

	ck_assert_int_eq(pgt_init(&g, id, levels, caps), 0);
	return g;
}

static struct pgt make(unsigned levels, const struct pgt_caps *caps)
{
	return make_stage(PGT_ARM_S1, levels, caps);
}

static const struct pgt_caps plain = { .haw = 48 };

START_TEST(bits_1_and_0_tell_what_a_descriptor_is)
{
	struct pgt g = make(4, &plain);
	unsigned level;

	for (level = 1; level <= 4; level++) {
		ck_assert_int_eq(pgt_classify(&g, level, AF), PGT_NONE);
		ck_assert_int_eq(pgt_classify(&g, level, ~VALID), PGT_NONE);
		ck_assert_int_eq(pgt_classify(&g, level, PAGE_RW),
				 level == 1 ? PGT_LEAF : PGT_TABLE);
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
	ck_assert_uint_eq(pgt_perm(&g, 2, TABLE | BIT(60) | BIT(59)),
			  PGT_READ | PGT_WRITE); /* XN */
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

START_TEST(stage_2_has_permissions_of_its_own)
{
	struct pgt g = make_stage(PGT_ARM_S2, 4, &plain);

	/* D8.4.3: S2AP = 00, 01, 10, 11 */
	ck_assert_uint_eq(pgt_perm(&g, 1, TABLE | AF), 0);
	ck_assert_uint_eq(pgt_perm(&g, 1, TABLE | AF | BIT(6)), PGT_READ);
	ck_assert_uint_eq(pgt_perm(&g, 1, TABLE | AF | BIT(7)), PGT_WRITE);
	ck_assert_uint_eq(pgt_perm(&g, 2, VALID | AF | BIT(6) | BIT(7)), PGT_READ | PGT_WRITE);
	ck_assert_uint_eq(pgt_perm(&g, 2, TABLE | BIT(61) | BIT(62)), PGT_READ | PGT_WRITE);
	ck_assert_int_eq(pgt_reason(&g, 1, TABLE | BIT(6)), PGT_BAD_ACCESSED);
}
END_TEST

/* D8.2: what TTBR1 translates are the highest addresses there are. */
START_TEST(high_addresses_have_all_upper_bits_set)
{
	struct pgt_caps caps = { .haw = 48, .input_bits = 39, .high = true };
	struct pgt g = make(3, &caps);

	ck_assert(pgt_input_ok(&g, UINT64_MAX));
	ck_assert(pgt_input_ok(&g, UINT64_MAX << 39));
	ck_assert(!pgt_input_ok(&g, (UINT64_MAX << 39) - 1));
	ck_assert(!pgt_input_ok(&g, 0));
	ck_assert_uint_eq(pgt_index(&g, 3, UINT64_MAX), 511);
	ck_assert_uint_eq(pgt_index(&g, 3, UINT64_MAX << 39), 0);
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
	ck_assert_int_eq(pgt_init(&g, PGT_ARM_S1, 0, &plain), -EOPNOTSUPP);
	ck_assert_int_eq(pgt_init(&g, PGT_ARM_S1, 5, &plain), -EOPNOTSUPP);
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
	tcase_add_test(tc, stage_2_has_permissions_of_its_own);
	tcase_add_test(tc, high_addresses_have_all_upper_bits_set);
	tcase_add_test(tc, the_input_size_says_how_many_levels_there_are);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
