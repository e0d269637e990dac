/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the page-table formats say of single entries and addresses. */
#include <errno.h>
#include <string.h>

#include "pgtable/pgtable.h"
#include "runner.h"

#define BIT(n) (UINT64_C(1) << (n))

static const struct pgt_caps plain = { .haw = 46, .page_2m = true, .page_1g = true };

static struct pgt pgt(bool first_stage, unsigned levels, const struct pgt_caps *caps)
{
	struct pgt g;

	ck_assert_int_eq(pgt_init(&g, first_stage ? PGT_VTD_FS : PGT_VTD_SS, levels, caps), 0);
	return g;
}

START_TEST(second_stage_without_read_and_write_is_not_present)
{
	struct pgt g = pgt(false, 4, &plain);

	for (unsigned level = 1; level <= 4; level++)
		ck_assert_int_eq(pgt_classify(&g, level, ~UINT64_C(3)), PGT_NONE);
}
END_TEST

START_TEST(second_stage_pages_may_be_write_only)
{
	struct pgt g = pgt(false, 3, &plain);

	ck_assert_int_eq(pgt_classify(&g, 1, 0x12345002), PGT_LEAF);
	ck_assert_uint_eq(pgt_perm(&g, 1, 0x12345002), PGT_WRITE);
	ck_assert_uint_eq(pgt_addr(&g, 1, 0x12345002), 0x12345000);
	ck_assert_uint_eq(pgt_perm(&g, 1, 0x12345001), PGT_READ);
}
END_TEST

START_TEST(bit_7_of_the_last_level_does_not_matter)
{
	struct pgt ss = pgt(false, 4, &plain), fs = pgt(true, 4, &plain);

	ck_assert_int_eq(pgt_classify(&ss, 1, 0x1083), PGT_LEAF);
	ck_assert_int_eq(pgt_classify(&fs, 1, 0x1087), PGT_LEAF);
	ck_assert_uint_eq(pgt_addr(&ss, 1, 0x1083), 0x1000);
}
END_TEST

START_TEST(large_pages_have_their_size_and_alignment)
{
	struct pgt g = pgt(false, 4, &plain);

	ck_assert_int_eq(pgt_classify(&g, 2, 0x00200083), PGT_LEAF);
	ck_assert_uint_eq(pgt_addr(&g, 2, 0x00200083), 0x00200000);
	ck_assert_uint_eq(pgt_shift(&g, 2), 21);
	ck_assert_int_eq(pgt_classify(&g, 3, 0x40000083), PGT_LEAF);
	ck_assert_uint_eq(pgt_addr(&g, 3, 0x40000083), 0x40000000);
	ck_assert_uint_eq(pgt_shift(&g, 3), 30);
	ck_assert_uint_eq(g.leaf_sizes, BIT(12) | BIT(21) | BIT(30));

	ck_assert_int_eq(pgt_classify(&g, 2, 0x00201083), PGT_BAD);
	ck_assert_int_eq(pgt_reason(&g, 2, 0x00201083), PGT_BAD_ALIGN);
	ck_assert_int_eq(pgt_classify(&g, 3, 0x40200083), PGT_BAD);
	ck_assert_int_eq(pgt_reason(&g, 3, 0x40200083), PGT_BAD_ALIGN);
}
END_TEST

START_TEST(large_pages_that_are_not_allowed_are_malformed)
{
	struct pgt_caps caps = { .haw = 46 };
	struct pgt ss = pgt(false, 5, &caps), fs = pgt(true, 5, &caps);

	ck_assert_int_eq(pgt_reason(&ss, 2, 0x00200083), PGT_BAD_SIZE);
	ck_assert_int_eq(pgt_reason(&ss, 3, 0x40000083), PGT_BAD_SIZE);
	ck_assert_int_eq(pgt_reason(&ss, 4, 0x40000083), PGT_BAD_SIZE);
	ck_assert_int_eq(pgt_reason(&ss, 5, 0x40000083), PGT_BAD_SIZE);
	ck_assert_uint_eq(ss.leaf_sizes, BIT(12));
	ck_assert_int_eq(pgt_reason(&fs, 2, 0x00200087), PGT_BAD_NONE); /* always there */
	ck_assert_int_eq(pgt_reason(&fs, 3, 0x40000087), PGT_BAD_SIZE);
	ck_assert_int_eq(pgt_reason(&fs, 4, 0x40000087), PGT_BAD_SIZE);
	ck_assert_uint_eq(fs.leaf_sizes, BIT(12) | BIT(21));
}
END_TEST

START_TEST(addresses_stay_within_the_host_address_width)
{
	struct pgt_caps caps = { .haw = 39, .page_2m = true };
	struct pgt narrow = pgt(false, 3, &caps), wide;

	caps.haw = 52;
	wide = pgt(false, 3, &caps);
	for (unsigned bit = 39; bit < 52; bit++) {
		ck_assert_int_eq(pgt_classify(&narrow, 1, BIT(bit) | 1), PGT_BAD);
		ck_assert_int_eq(pgt_reason(&narrow, 1, BIT(bit) | 1), PGT_BAD_WIDTH);
		ck_assert_int_eq(pgt_reason(&narrow, 2, BIT(bit) | 1), PGT_BAD_WIDTH);
		ck_assert_int_eq(pgt_reason(&narrow, 2, BIT(bit) | 0x81), PGT_BAD_WIDTH);
		ck_assert_uint_eq(pgt_addr(&wide, 1, BIT(bit) | 1), BIT(bit));
	}
	ck_assert_uint_eq(pgt_addr(&narrow, 1, BIT(38) | 1), BIT(38));
}
END_TEST

START_TEST(snoop_is_reserved_without_snoop_control)
{
	struct pgt_caps caps = plain;
	struct pgt g = pgt(false, 4, &caps);

	ck_assert_int_eq(pgt_reason(&g, 1, 0x1803), PGT_BAD_RESERVED);
	ck_assert_int_eq(pgt_reason(&g, 2, 0x200883), PGT_BAD_RESERVED);
	caps.snoop_control = true;
	g = pgt(false, 4, &caps);
	ck_assert_int_eq(pgt_classify(&g, 1, 0x1803), PGT_LEAF);
	ck_assert_int_eq(pgt_classify(&g, 2, 0x200883), PGT_LEAF);
	ck_assert_int_eq(pgt_reason(&g, 2, 0x1803), PGT_BAD_RESERVED); /* never in others */
}
END_TEST

START_TEST(first_stage_permissions_are_those_of_a_user)
{
	struct pgt g = pgt(true, 4, &plain);

	ck_assert_int_eq(pgt_classify(&g, 1, 0x1003), PGT_LEAF);
	ck_assert_uint_eq(pgt_perm(&g, 1, 0x1003), 0); /* U/S clear: a supervisor's page */
	ck_assert_uint_eq(pgt_perm(&g, 1, 0x1005), PGT_READ);
	ck_assert_uint_eq(pgt_perm(&g, 1, 0x1007), PGT_READ | PGT_WRITE);
	ck_assert_int_eq(pgt_classify(&g, 1, 0x1006), PGT_NONE);
}
END_TEST

START_TEST(first_stage_supervisors_may_do_more)
{
	struct pgt_caps caps = plain;
	struct pgt g;

	caps.supervisor = true;
	g = pgt(true, 4, &caps);
	ck_assert_uint_eq(pgt_perm(&g, 1, 0x1001), PGT_READ | PGT_WRITE);
	caps.write_protect = true;
	g = pgt(true, 4, &caps);
	ck_assert_uint_eq(pgt_perm(&g, 1, 0x1001), PGT_READ);
	ck_assert_uint_eq(pgt_perm(&g, 1, 0x1003), PGT_READ | PGT_WRITE);
}
END_TEST

START_TEST(first_stage_large_pages_have_pat_in_bit_12)
{
	struct pgt g = pgt(true, 4, &plain);

	ck_assert_int_eq(pgt_classify(&g, 2, 0x00201087), PGT_LEAF);
	ck_assert_uint_eq(pgt_addr(&g, 2, 0x00201087), 0x00200000);
	ck_assert_int_eq(pgt_reason(&g, 2, 0x00202087), PGT_BAD_ALIGN);
}
END_TEST

START_TEST(second_stage_input_is_zero_extended)
{
	struct pgt_caps caps = plain;
	struct pgt g = pgt(false, 3, &caps);

	ck_assert(pgt_input_ok(&g, 0));
	ck_assert(pgt_input_ok(&g, BIT(39) - 1));
	ck_assert(!pgt_input_ok(&g, BIT(39)));
	ck_assert(!pgt_input_ok(&g, UINT64_MAX));
	caps.input_bits = 36;
	g = pgt(false, 3, &caps);
	ck_assert(pgt_input_ok(&g, BIT(36) - 1));
	ck_assert(!pgt_input_ok(&g, BIT(36)));
	caps.input_bits = 48; /* more than the levels translate */
	g = pgt(false, 3, &caps);
	ck_assert(!pgt_input_ok(&g, BIT(39)));
}
END_TEST

START_TEST(first_stage_input_is_sign_extended)
{
	struct pgt_caps caps = plain;
	struct pgt g;

	caps.input_bits = 36; /* does not bind first-stage tables */
	for (unsigned levels = 4; levels <= 5; levels++) {
		unsigned width = 12 + 9 * levels;

		g = pgt(true, levels, &caps);
		ck_assert(pgt_input_ok(&g, BIT(width - 1) - 1));
		ck_assert(!pgt_input_ok(&g, BIT(width - 1)));
		ck_assert(!pgt_input_ok(&g, UINT64_MAX << width));
		ck_assert(pgt_input_ok(&g, UINT64_MAX << (width - 1)));
		ck_assert(pgt_input_ok(&g, UINT64_MAX));
		ck_assert_uint_eq(pgt_index(&g, levels, UINT64_MAX), 511);
		ck_assert_uint_eq(pgt_index(&g, levels, UINT64_MAX << (width - 1)), 256);
	}
}
END_TEST

START_TEST(what_cannot_be_is_refused)
{
	struct pgt g, before;
	struct pgt_caps caps = plain;

	memset(&g, 0xa5, sizeof(g));
	before = g;
	ck_assert_int_eq(pgt_init(&g, PGT_VTD_SS, 2, &caps), -EOPNOTSUPP);
	ck_assert_int_eq(pgt_init(&g, PGT_VTD_SS, 6, &caps), -EOPNOTSUPP);
	ck_assert_int_eq(pgt_init(&g, PGT_VTD_FS, 3, &caps), -EOPNOTSUPP);
	ck_assert_int_eq(pgt_init(&g, PGT_VTD_FS, 6, &caps), -EOPNOTSUPP);
	ck_assert_int_eq(pgt_init(&g, (enum pgt_id)0, 4, &caps), -EOPNOTSUPP);
	ck_assert_int_eq(pgt_init(&g, (enum pgt_id)99, 4, &caps), -EOPNOTSUPP);
	caps.haw = 12;
	ck_assert_int_eq(pgt_init(&g, PGT_VTD_SS, 4, &caps), -EINVAL);
	caps.haw = 53;
	ck_assert_int_eq(pgt_init(&g, PGT_VTD_SS, 4, &caps), -EINVAL);
	caps.haw = 52;
	caps.input_bits = 12;
	ck_assert_int_eq(pgt_init(&g, PGT_VTD_SS, 4, &caps), -EINVAL);
	caps.input_bits = 65;
	ck_assert_int_eq(pgt_init(&g, PGT_VTD_SS, 4, &caps), -EINVAL);
	ck_assert_mem_eq(&g, &before, sizeof(g));
}
END_TEST

/* A few pages of tables at address 0. */
#define PAGES 4

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

START_TEST(a_table_that_refers_to_itself_ends_the_walk)
{
	static struct memory m;
	struct pgt g = pgt(false, 4, &plain);
	struct pgt_walk w;

	for (size_t i = 0; i < 512; i++)
		m.entry[i] = 3;
	pgt_walk(&g, 0, 0x123456789, read_entry, &m, &w);
	ck_assert_int_eq(w.fault, PGT_FAULT_NONE);
	ck_assert_uint_eq(w.level, 1);
	ck_assert_uint_eq(w.addr, 0x789);
	ck_assert_uint_eq(m.reads, 4);
}
END_TEST

START_TEST(a_walk_grants_what_all_levels_grant)
{
	static struct memory m;
	struct pgt g = pgt(false, 3, &plain);
	struct pgt_walk w;

	m.entry[0] = 0x1003;
	m.entry[512] = 0x2001; /* read only */
	m.entry[1024] = 0x5003;
	m.entry[1025] = 0x6002;
	pgt_walk(&g, 0, 0x10, read_entry, &m, &w);
	ck_assert_uint_eq(w.perm, PGT_READ);
	ck_assert_uint_eq(w.addr, 0x5010);
	pgt_walk(&g, 0, 0x1010, read_entry, &m, &w);
	ck_assert_int_eq(w.fault, PGT_FAULT_NONE);
	ck_assert_uint_eq(w.perm, 0);
}
END_TEST

START_TEST(a_walk_into_nothing_is_an_access_fault)
{
	static struct memory m;
	struct pgt g = pgt(false, 3, &plain);
	struct pgt_walk w;

	m.entry[0] = 0x7fff003;
	pgt_walk(&g, 0, 0x200000, read_entry, &m, &w);
	ck_assert_int_eq(w.fault, PGT_FAULT_ACCESS);
	ck_assert_uint_eq(w.level, 2);
	ck_assert_uint_eq(w.addr, 0x7fff008);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pgtable");
	TCase *tc = tcase_create("pgtable");

	tcase_add_test(tc, second_stage_without_read_and_write_is_not_present);
	tcase_add_test(tc, second_stage_pages_may_be_write_only);
	tcase_add_test(tc, bit_7_of_the_last_level_does_not_matter);
	tcase_add_test(tc, large_pages_have_their_size_and_alignment);
	tcase_add_test(tc, large_pages_that_are_not_allowed_are_malformed);
	tcase_add_test(tc, addresses_stay_within_the_host_address_width);
	tcase_add_test(tc, snoop_is_reserved_without_snoop_control);
	tcase_add_test(tc, first_stage_permissions_are_those_of_a_user);
	tcase_add_test(tc, first_stage_supervisors_may_do_more);
	tcase_add_test(tc, first_stage_large_pages_have_pat_in_bit_12);
	tcase_add_test(tc, second_stage_input_is_zero_extended);
	tcase_add_test(tc, first_stage_input_is_sign_extended);
	tcase_add_test(tc, what_cannot_be_is_refused);
	tcase_add_test(tc, a_table_that_refers_to_itself_ends_the_walk);
	tcase_add_test(tc, a_walk_grants_what_all_levels_grant);
	tcase_add_test(tc, a_walk_into_nothing_is_an_access_fault);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
