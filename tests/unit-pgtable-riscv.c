/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RISC-V tables: single bits, by the privileged architecture's chapter on Sv39 to Sv57. */
#include <errno.h>

#include "pgtable/pgtable.h"
#include "runner.h"

#define BIT(n) (UINT64_C(1) << (n))

#define V BIT(0)
#define R BIT(1)
#define W BIT(2)
#define X BIT(3)
#define U BIT(4)
#define A BIT(6)
#define D BIT(7)
#define N BIT(63)
#define PPN(n) ((uint64_t)(n) << 10)
#define PAGE (V | R | W | U | A | D)

static struct pgt make(const struct pgt_caps *caps)
{
	struct pgt g;

	ck_assert_int_eq(pgt_init(&g, PGT_RISCV, 4, caps), 0);
	return g;
}

static const struct pgt_caps plain = { 0 };

START_TEST(read_write_and_execute_tell_tables_from_pages)
{
	struct pgt g = make(&plain);
	unsigned level;

	for (level = 1; level <= 4; level++) {
		ck_assert_int_eq(pgt_classify(&g, level, ~V), PGT_NONE);
		ck_assert_int_eq(pgt_classify(&g, level, V | PPN(1)),
				 level > 1 ? PGT_TABLE : PGT_BAD);
		ck_assert_int_eq(pgt_classify(&g, level, V | A | R), PGT_LEAF);
		ck_assert_int_eq(pgt_classify(&g, level, V | A | X), PGT_LEAF);
		ck_assert_int_eq(pgt_classify(&g, level, V | A | R | X), PGT_LEAF);
		ck_assert_int_eq(pgt_classify(&g, level, V | A | R | W | X), PGT_LEAF);
		/* W = 1 with R = 0 is reserved */
		ck_assert_int_eq(pgt_reason(&g, level, V | A | W), PGT_BAD_RESERVED);
		ck_assert_int_eq(pgt_reason(&g, level, V | A | W | X), PGT_BAD_RESERVED);
	}
	ck_assert_uint_eq(g.leaf_sizes, BIT(12) | BIT(21) | BIT(30) | BIT(39));
}
END_TEST

START_TEST(page_numbers_are_in_bits_10_to_53)
{
	struct pgt_caps caps = { .haw = 40 };
	struct pgt g = make(&plain);

	ck_assert_uint_eq(pgt_addr(&g, 1, PAGE | PPN(0x12345)), 0x12345000);
	ck_assert_uint_eq(pgt_addr(&g, 1, PAGE | BIT(53)), BIT(55));
	ck_assert_uint_eq(pgt_addr(&g, 3, V | PPN(0x12345)), 0x12345000);
	ck_assert_uint_eq(pgt_addr(&g, 2, PAGE | PPN(512)), 0x200000);
	ck_assert_int_eq(pgt_reason(&g, 2, PAGE | PPN(1)), PGT_BAD_ALIGN);
	ck_assert_int_eq(pgt_reason(&g, 3, PAGE | PPN(512)), PGT_BAD_ALIGN);
	g = make(&caps);
	ck_assert_uint_eq(pgt_addr(&g, 1, PAGE | BIT(37)), BIT(39));
	ck_assert_int_eq(pgt_reason(&g, 1, PAGE | BIT(38)), PGT_BAD_WIDTH);
	ck_assert_int_eq(pgt_reason(&g, 2, V | BIT(53)), PGT_BAD_WIDTH);
}
END_TEST

START_TEST(user_pages_are_for_users)
{
	struct pgt_caps caps = { 0 };
	struct pgt g = make(&caps);

	ck_assert_uint_eq(pgt_perm(&g, 1, PAGE), PGT_READ | PGT_WRITE);
	ck_assert_uint_eq(pgt_perm(&g, 1, PAGE & ~W), PGT_READ);
	ck_assert_uint_eq(pgt_perm(&g, 1, PAGE & ~U), 0);
	caps.supervisor = true;
	g = make(&caps);
	ck_assert_uint_eq(pgt_perm(&g, 1, PAGE), 0);
	ck_assert_uint_eq(pgt_perm(&g, 1, PAGE & ~U), PGT_READ | PGT_WRITE);
	caps.user_access = true; /* SUM */
	g = make(&caps);
	ck_assert_uint_eq(pgt_perm(&g, 1, PAGE), PGT_READ | PGT_WRITE);
	ck_assert_uint_eq(pgt_perm(&g, 1, PAGE & ~U), PGT_READ | PGT_WRITE);
}
END_TEST

START_TEST(clear_a_and_d_fault_unless_hardware_sets_them)
{
	struct pgt_caps caps = { 0 };
	struct pgt g = make(&caps);

	ck_assert_int_eq(pgt_reason(&g, 1, PAGE & ~A), PGT_BAD_ACCESSED);
	ck_assert_uint_eq(pgt_perm(&g, 1, PAGE & ~D), PGT_READ);
	caps.ignore_accessed = true; /* Svadu */
	g = make(&caps);
	ck_assert_int_eq(pgt_classify(&g, 1, PAGE & ~A), PGT_LEAF);
	ck_assert_uint_eq(pgt_perm(&g, 1, PAGE & ~D), PGT_READ | PGT_WRITE);
}
END_TEST

START_TEST(reserved_bits)
{
	struct pgt g = make(&plain);
	unsigned bit;

	for (bit = 54; bit < 63; bit++) {
		ck_assert_int_eq(pgt_reason(&g, 1, PAGE | BIT(bit)), PGT_BAD_RESERVED);
		ck_assert_int_eq(pgt_reason(&g, 2, V | BIT(bit)), PGT_BAD_RESERVED);
	}
	ck_assert_int_eq(pgt_reason(&g, 2, V | U), PGT_BAD_RESERVED);
	ck_assert_int_eq(pgt_reason(&g, 2, V | A), PGT_BAD_RESERVED);
	ck_assert_int_eq(pgt_reason(&g, 2, V | D), PGT_BAD_RESERVED);
	ck_assert_int_eq(pgt_classify(&g, 1, PAGE | BIT(5) | BIT(8) | BIT(9)),
			 PGT_LEAF); /* G, RSW */
}
END_TEST

/* Svrsw60t59b */
START_TEST(bits_of_software)
{
	struct pgt_caps caps = { .software_bits = true };
	struct pgt g = make(&caps);

	for (unsigned bit = 54; bit < 61; bit++) {
		ck_assert_int_eq(pgt_classify(&g, 1, PAGE | BIT(bit)),
				 bit < 59 ? PGT_BAD : PGT_LEAF);
		ck_assert_int_eq(pgt_classify(&g, 2, V | BIT(bit)),
				 bit < 59 ? PGT_BAD : PGT_TABLE);
	}
	ck_assert_uint_eq(pgt_addr(&g, 1, PAGE | PPN(5) | BIT(60) | BIT(59)), 0x5000);
}
END_TEST

/* Svpbmt */
START_TEST(memory_types)
{
	struct pgt_caps caps = { .memory_types = true };
	struct pgt g = make(&caps);

	ck_assert_int_eq(pgt_classify(&g, 1, PAGE | BIT(61)), PGT_LEAF);
	ck_assert_int_eq(pgt_classify(&g, 1, PAGE | BIT(62)), PGT_LEAF);
	ck_assert_int_eq(pgt_reason(&g, 1, PAGE | BIT(61) | BIT(62)), PGT_BAD_RESERVED);
	ck_assert_int_eq(pgt_reason(&g, 2, V | BIT(61)), PGT_BAD_RESERVED);
	ck_assert_int_eq(pgt_reason(&g, 2, V | BIT(62)), PGT_BAD_RESERVED);
	ck_assert_uint_eq(pgt_addr(&g, 1, PAGE | PPN(5) | BIT(62)), 0x5000);
}
END_TEST

/* Svnapot */
START_TEST(pages_of_64k_are_sixteen_entries)
{
	struct pgt g = make(&plain);

	for (unsigned i = 0; i < 16; i++)
		ck_assert_uint_eq(pgt_decode(&g, 1, 32 + i, N | PAGE | PPN(0x128)).addr,
				  0x120000 + i * 0x1000);
	for (unsigned low = 0; low < 16; low++)
		ck_assert_int_eq(pgt_reason(&g, 1, N | PAGE | PPN(0x120 + low)),
				 low == 8 ? PGT_BAD_NONE : PGT_BAD_SIZE);
	ck_assert_int_eq(pgt_reason(&g, 2, N | PAGE | PPN(0x1000)), PGT_BAD_RESERVED);
	ck_assert_int_eq(pgt_reason(&g, 2, N | V | PPN(0x1000)), PGT_BAD_RESERVED);
}
END_TEST

START_TEST(addresses_are_sign_extended)
{
	struct pgt g;

	for (unsigned levels = 3; levels <= 5; levels++) {
		unsigned width = 12 + 9 * levels;

		ck_assert_int_eq(pgt_init(&g, PGT_RISCV, levels, &plain), 0);
		ck_assert(pgt_input_ok(&g, BIT(width - 1) - 1));
		ck_assert(!pgt_input_ok(&g, BIT(width - 1)));
		ck_assert(pgt_input_ok(&g, UINT64_MAX << (width - 1)));
	}
	ck_assert_int_eq(pgt_init(&g, PGT_RISCV, 2, &plain), -EOPNOTSUPP);
	ck_assert_int_eq(pgt_init(&g, PGT_RISCV, 6, &plain), -EOPNOTSUPP);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pgtable-riscv");
	TCase *tc = tcase_create("bits");

	tcase_add_test(tc, read_write_and_execute_tell_tables_from_pages);
	tcase_add_test(tc, page_numbers_are_in_bits_10_to_53);
	tcase_add_test(tc, user_pages_are_for_users);
	tcase_add_test(tc, clear_a_and_d_fault_unless_hardware_sets_them);
	tcase_add_test(tc, reserved_bits);
	tcase_add_test(tc, bits_of_software);
	tcase_add_test(tc, memory_types);
	tcase_add_test(tc, pages_of_64k_are_sixteen_entries);
	tcase_add_test(tc, addresses_are_sign_extended);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
