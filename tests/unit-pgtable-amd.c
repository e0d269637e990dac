/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of AMD's IOMMU: single bits, by the sections of the specification. */
#include <errno.h>

#include "pgtable/pgtable.h"
#include "runner.h"

#define BIT(n) (UINT64_C(1) << (n))

/* Host tables, 2.2.3. */
#define PR	 BIT(0)
#define IR	 BIT(61)
#define IW	 BIT(62)
#define NEXT(n)	 ((uint64_t)(n) << 9)
#define KIB	 UINT64_C(1024)

static struct pgt make(enum pgt_id id, unsigned levels)
{
	struct pgt_caps caps = { 0 };
	struct pgt g;

	ck_assert_int_eq(pgt_init(&g, id, levels, &caps), 0);
	return g;
}

START_TEST(next_level_tells_tables_from_pages)
{
	struct pgt g = make(PGT_AMD_V1, 5);

	for (unsigned level = 1; level <= 5; level++) {
		ck_assert_int_eq(pgt_classify(&g, level, ~PR), PGT_NONE);
		ck_assert_int_eq(pgt_classify(&g, level, PR), PGT_LEAF);
		for (unsigned next = 1; next < 7; next++) {
			struct pgt_entry e = pgt_decode(&g, level, 0, PR | NEXT(next) | BIT(20));

			ck_assert_int_eq(e.kind, next < level ? PGT_TABLE : PGT_BAD);
			if (next < level)
				ck_assert_uint_eq(level - 1 - e.skip, next);
		}
	}
}
END_TEST

START_TEST(pages_of_the_level_have_its_size)
{
	struct pgt g = make(PGT_AMD_V1, 4);

	ck_assert_uint_eq(pgt_addr(&g, 1, PR | 0x12345000), 0x12345000);
	ck_assert_uint_eq(pgt_addr(&g, 2, PR | 0x12345000), 0x12200000);
	ck_assert_uint_eq(pgt_addr(&g, 3, PR | 0x52345000), 0x40000000);
	ck_assert_uint_eq(pgt_addr(&g, 4, PR | BIT(40) | BIT(30)), BIT(40));
}
END_TEST

/* The lowest 0 of the address, from bit 12 on, tells the size. */
START_TEST(next_level_7_has_the_size_in_the_address)
{
	struct pgt g = make(PGT_AMD_V1, 4);
	uint64_t at = PR | NEXT(7) | 0x40000000;

	/* 8K: bit 12 is 0; entries of even and odd number are its halves */
	ck_assert_uint_eq(pgt_decode(&g, 1, 4, at).addr, 0x40000000);
	ck_assert_uint_eq(pgt_decode(&g, 1, 5, at).addr, 0x40001000);
	/* 64K: bits 12 to 14 are 1, 15 is 0 */
	ck_assert_uint_eq(pgt_decode(&g, 1, 16, at | 0x7000).addr, 0x40000000);
	ck_assert_uint_eq(pgt_decode(&g, 1, 31, at | 0x7000).addr, 0x4000f000);
	ck_assert_uint_eq(pgt_decode(&g, 1, 31, at | 0x7000 | 64 * KIB).addr, 0x4001f000);
	/* 1M, the most at level 1 */
	ck_assert_uint_eq(pgt_decode(&g, 1, 255, at | 0x7f000).addr, 0x400ff000);
	ck_assert_int_eq(pgt_reason(&g, 1, at | 0xff000), PGT_BAD_SIZE);
	/* level 2: no less than 2M, nor as much as 1G */
	ck_assert_int_eq(pgt_reason(&g, 2, at | 0x7f000), PGT_BAD_SIZE);
	ck_assert_uint_eq(pgt_decode(&g, 2, 7, at | 0xff000).addr, 0x40000000);
	ck_assert_uint_eq(pgt_decode(&g, 2, 7, at | 0x1ff000).addr, 0x40200000);
	ck_assert_int_eq(pgt_classify(&g, 2, at | 0x0ffff000), PGT_LEAF);
	ck_assert_int_eq(pgt_reason(&g, 2, at | 0x1ffff000), PGT_BAD_SIZE);
	/* no 0 at all */
	ck_assert_int_eq(pgt_reason(&g, 1, PR | NEXT(7) | (BIT(52) - BIT(12))), PGT_BAD_SIZE);
}
END_TEST

START_TEST(host_permissions_are_those_of_all_levels)
{
	struct pgt g = make(PGT_AMD_V1, 4);

	for (unsigned level = 2; level <= 4; level++) {
		ck_assert_uint_eq(pgt_perm(&g, level, PR | NEXT(1)), 0);
		ck_assert_uint_eq(pgt_perm(&g, level, PR | NEXT(1) | IR), PGT_READ);
		ck_assert_uint_eq(pgt_perm(&g, level, PR | NEXT(1) | IW), PGT_WRITE);
		ck_assert_uint_eq(pgt_perm(&g, level, PR | IR | IW), PGT_READ | PGT_WRITE);
	}
}
END_TEST

START_TEST(reserved_bits_of_host_entries)
{
	struct pgt g = make(PGT_AMD_V1, 4);

	for (unsigned bit = 52; bit < 61; bit++) {
		bool leaf_ok = bit >= 59; /* U and FC */

		ck_assert_int_eq(pgt_classify(&g, 1, PR | BIT(bit)), leaf_ok ? PGT_LEAF : PGT_BAD);
		ck_assert_int_eq(pgt_reason(&g, 2, PR | NEXT(1) | BIT(bit)), PGT_BAD_RESERVED);
	}
	ck_assert_int_eq(pgt_classify(&g, 1, PR | BIT(63) | 0x1fe), PGT_LEAF);
}
END_TEST

START_TEST(level_skipping_needs_zeros)
{
	struct pgt g = make(PGT_AMD_V1, 4);

	/* from level 4 to level 1: bits 21 to 38 of the address are not looked up */
	ck_assert_uint_eq(pgt_skipped(&g, 4, 2, BIT(39) | 0x1ff000), 0);
	ck_assert_uint_ne(pgt_skipped(&g, 4, 2, BIT(21)), 0);
	ck_assert_uint_ne(pgt_skipped(&g, 4, 2, BIT(38)), 0);
}
END_TEST

/* 2.2.6; AMD64 volume 2, 5.3 */
START_TEST(guest_tables_are_those_of_a_processor)
{
	struct pgt g = make(PGT_AMD_V2, 5);

	ck_assert_int_eq(pgt_classify(&g, 1, 0x87), PGT_LEAF); /* bit 7 is PAT */
	ck_assert_int_eq(pgt_classify(&g, 2, 0x200187), PGT_LEAF); /* bit 8 is G */
	ck_assert_int_eq(pgt_classify(&g, 3, 0x40000087), PGT_LEAF);
	ck_assert_int_eq(pgt_classify(&g, 3, 0x1107), PGT_TABLE); /* bit 8 is ignored */
	for (unsigned level = 4; level <= 5; level++) {
		ck_assert_int_eq(pgt_reason(&g, level, 0x1087), PGT_BAD_SIZE);
		ck_assert_int_eq(pgt_reason(&g, level, 0x1107), PGT_BAD_RESERVED);
	}
	ck_assert_uint_eq(pgt_addr(&g, 2, 0x201087), 0x200000); /* bit 12 is PAT */
	ck_assert_int_eq(pgt_reason(&g, 2, 0x202087), PGT_BAD_ALIGN);
	ck_assert_int_eq(pgt_reason(&g, 3, 0x40200087), PGT_BAD_ALIGN);
	ck_assert_uint_eq(pgt_perm(&g, 1, 0x1003), 0); /* a supervisor's */
	ck_assert_uint_eq(pgt_perm(&g, 1, 0x1005), PGT_READ);
	ck_assert(pgt_input_ok(&g, UINT64_MAX << 56));
	ck_assert(!pgt_input_ok(&g, BIT(56)));
}
END_TEST

START_TEST(what_cannot_be_is_refused)
{
	struct pgt_caps caps = { 0 };
	struct pgt g;

	ck_assert_int_eq(pgt_init(&g, PGT_AMD_V1, 0, &caps), -EOPNOTSUPP);
	ck_assert_int_eq(pgt_init(&g, PGT_AMD_V1, 1, &caps), 0);
	ck_assert(!pgt_input_ok(&g, BIT(21)));
	ck_assert_int_eq(pgt_init(&g, PGT_AMD_V1, 7, &caps), -EOPNOTSUPP);
	ck_assert_int_eq(pgt_init(&g, PGT_AMD_V2, 3, &caps), -EOPNOTSUPP);
	ck_assert_int_eq(pgt_init(&g, PGT_AMD_V2, 6, &caps), -EOPNOTSUPP);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pgtable-amd");
	TCase *tc = tcase_create("bits");

	tcase_add_test(tc, next_level_tells_tables_from_pages);
	tcase_add_test(tc, pages_of_the_level_have_its_size);
	tcase_add_test(tc, next_level_7_has_the_size_in_the_address);
	tcase_add_test(tc, host_permissions_are_those_of_all_levels);
	tcase_add_test(tc, reserved_bits_of_host_entries);
	tcase_add_test(tc, level_skipping_needs_zeros);
	tcase_add_test(tc, guest_tables_are_those_of_a_processor);
	tcase_add_test(tc, what_cannot_be_is_refused);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
