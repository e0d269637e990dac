/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lib/shadow from inside: how many nodes there are, what they hang on, and when they go. */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "shadow_world.h"

static const struct {
	enum ioasid_pgtable_format format;
	bool on_demand;
} variant[] = {
	{ IOASID_PGTABLE_VTD_SS, false },
	{ IOASID_PGTABLE_VTD_SS, true },
	{ IOASID_PGTABLE_VTD_FS, false },
	{ IOASID_PGTABLE_VTD_FS, true },
	{ IOASID_PGTABLE_ARM_S1, false },
	{ IOASID_PGTABLE_ARM_S1, true },
};

#define VARIANTS ((int)(sizeof(variant) / sizeof(*variant)))

#define HOST UINT64_C(0x100000000)	/* of what is at guest address 0 */

static void all_of_memory(bool big)
{
	root_map(0, TABLES, HOST, RW, big);
	root_map(TABLES, END - TABLES, 0, RW, big);
}

/* Each entry of the table leads to itself: 2^36 pages by one page, and a node for each level. */
START_TEST(table_that_leads_to_itself)
{
	unsigned int i;

	all_of_memory(_i & 1);
	bind(variant[_i / 2].format, variant[_i / 2].on_demand);
	for (i = 0; i < 512; i++)
		gt_store(gt_slot(&w.t, w.t.root, i), gt_table_value(&w.t, w.t.root));
	sync_range(0, ALL);
	for (i = 0; i < 2000; i++) {
		uint64_t iova = rnd(UINT64_C(1) << 47);

		ck_assert_uint_eq(translate(&w.s, iova, RW),
				  (uint64_t)(uintptr_t)w.tables + iova % PAGE);
	}
	ck_assert_uint_eq(count_nodes(&w.s), 4);
	settle();
	sync_range(0, ALL);
	ck_assert_uint_eq(count_nodes(&w.s), 4);
	memset(gt_slot(&w.t, w.t.root, 0), 0, PAGE);
	sync_range(0, ALL);
	ck_assert_uint_eq(count_nodes(&w.s), 1);
	settle();
}
END_TEST

/* Four pages, each of which leads to all four. */
START_TEST(tables_that_lead_to_each_other)
{
	uint64_t page[4];
	unsigned int i, k;

	all_of_memory(_i & 1);
	bind(variant[_i / 2].format, variant[_i / 2].on_demand);
	page[0] = w.t.root;
	for (i = 1; i < 4; i++)
		page[i] = gt_page(&w.t);
	for (k = 0; k < 4; k++)
		for (i = 0; i < 512; i++)
			gt_store(gt_slot(&w.t, page[k], i),
				 gt_table_value(&w.t, page[i % 4]));
	sync_range(0, ALL);
	for (i = 0; i < 4000; i++) {
		uint64_t iova = rnd(UINT64_C(1) << 47);

		ck_assert_uint_eq(translate(&w.s, iova, RW),
				  (uint64_t)(uintptr_t)w.tables + (page[iova / PAGE % 4] - TABLES) +
				  iova % PAGE);
	}
	ck_assert_uint_eq(count_nodes(&w.s), 1 + 3 * 4);
	settle();
}
END_TEST

/*
 * One page as a table of all levels that leads to itself at each lower one (AMD 2.2.3): a node for
 * each level, and one for each level that is on the way between two others.
 */
START_TEST(table_that_leads_to_itself_skipping_levels)
{
	unsigned int i;

	all_of_memory(_i & 1);
	bind(IOASID_PGTABLE_AMD_V1, _i & 2);
	for (i = 0; i < 512; i++)
		gt_store(gt_slot(&w.t, w.t.root, i),
			 i % 4 == 3 ? gt_leaf_value(&w.t, 1, i * PAGE, RW) :
				      gt_table_at(&w.t, 2 + i % 4, w.t.root));
	sync_range(0, ALL);
	for (i = 0; i < 4000; i++) {
		uint64_t iova = rnd(UINT64_C(1) << 48) & (rnd(2) ? ALL : ~(UINT64_C(511) << 12)) &
				(rnd(2) ? ALL : ~(UINT64_C(511) << 21)) &
				(rnd(2) ? ALL : ~(UINT64_C(511) << 30));

		ck_assert_uint_eq(translate(&w.s, iova, RW), referee(iova, RW));
	}
	/* and superpages over two pieces of memory are split: one for each that was used */
	settle();
	sync_range(0, ALL);
	for (i = 0; i < 512; i++)
		gt_store(gt_slot(&w.t, w.t.root, i), i % 4 == 3 ? 0 :
			 gt_table_at(&w.t, 2 + i % 4, w.t.root));
	sync_range(0, ALL);
	settle();
	ck_assert_uint_le(count_nodes(&w.s), 4 + 3);
	memset(gt_slot(&w.t, w.t.root, 0), 0, PAGE);
	sync_range(0, ALL);
	ck_assert_uint_eq(count_nodes(&w.s), 1);
	settle();
}
END_TEST

/* One table in many places is one node, and the last place gives it back. */
START_TEST(shared_table)
{
	uint64_t table;
	unsigned int i;

	all_of_memory(_i & 1);
	bind(variant[_i / 2].format, variant[_i / 2].on_demand);
	gt_map(&w.t, 0, MIB, PAGE, 1, RW);
	table = gt_load(gt_entry(&w.t, 0, 2));
	for (i = 1; i < 100; i++)
		gt_store(gt_entry(&w.t, i * 2 * MIB, 2), table);
	sync_range(0, ALL);
	for (i = 0; i < 100; i++)
		ck_assert_uint_eq(translate(&w.s, i * 2 * MIB, RW), HOST + MIB);
	ck_assert_uint_eq(count_nodes(&w.s), 4);
	settle();
	for (i = 0; i < 100; i++) {
		ck_assert_uint_eq(count_nodes(&w.s), 4);
		gt_unmap(&w.t, i * 2 * MIB, 2 * MIB, 2);
		sync_range(i * 2 * MIB, i * 2 * MIB);
		ck_assert_uint_eq(translate(&w.s, i * 2 * MIB, RW), 0);
		settle();
	}
	ck_assert_uint_eq(count_nodes(&w.s), 3);
}
END_TEST

/* A table that is known from one place comes to another one: it is read there as it is now. */
START_TEST(shared_table_that_has_changed)
{
	all_of_memory(_i & 1);
	bind(variant[_i & ~1].format, false);
	gt_map(&w.t, 0, MIB, PAGE, 1, RW);
	sync_range(0, ALL);
	ck_assert_uint_eq(translate(&w.s, 0, RW), HOST + MIB);
	gt_map(&w.t, 0, 2 * MIB, PAGE, 1, RW);
	gt_store(gt_entry(&w.t, 2 * MIB, 2), gt_load(gt_entry(&w.t, 0, 2)));
	sync_range(2 * MIB, 4 * MIB - 1);
	ck_assert_uint_eq(translate(&w.s, 2 * MIB, RW), HOST + 2 * MIB);
	settle();
}
END_TEST

/* Tables that the guest unlinks, and whole trees, are given back. */
START_TEST(nodes_go)
{
	unsigned int i;
	size_t one;

	all_of_memory(_i & 1);
	bind(variant[_i / 2].format, variant[_i / 2].on_demand);
	settle();
	one = pages_used(&w.pool);
	for (i = 0; i < 64; i++)
		gt_map(&w.t, i * GIB + i * 2 * MIB, i * PAGE, PAGE, 1, RW);
	sync_range(0, ALL);
	for (i = 0; i < 64; i++)
		ck_assert_uint_eq(translate(&w.s, i * GIB + i * 2 * MIB, RW), HOST + i * PAGE);
	ck_assert_uint_eq(count_nodes(&w.s), 2 + 2 * 64);
	settle();
	gt_store(gt_entry(&w.t, 0, 4), 0);
	sync_range(0, ALL);
	ck_assert_uint_eq(count_nodes(&w.s), 1);
	settle();
	ck_assert_uint_eq(pages_used(&w.pool), one);

	gt_map(&w.t, 5 * GIB, 0, 4 * MIB, 1, RW);
	sync_range(0, ALL);
	translate(&w.s, 5 * GIB, RW);
	bind(variant[_i / 2].format, variant[_i / 2].on_demand);	/* another, empty */
	settle();
	ck_assert_uint_eq(pages_used(&w.pool), one);
	ck_assert_uint_eq(translate(&w.s, 5 * GIB, RW), 0);
	shadow_unbind(&w.s, &w.reap);
	settle();
	ck_assert_uint_eq(pages_used(&w.pool), 1);
}
END_TEST

/* A superpage over pieces is split where it is used, and a split is shared and given back too. */
START_TEST(split_superpages)
{
	unsigned int i, first = 0;

	for (i = 0; i < 16; i++) {
		uint64_t host = HOST + (2 * i + 1) * MIB;
		unsigned int k = root_map(i * MIB / 2, MIB / 2, host, RW, _i & 1);

		if (i == 4)
			first = k;
	}
	root_map(TABLES, END - TABLES, 0, RW, false);
	bind(variant[_i / 2].format, variant[_i / 2].on_demand);
	for (i = 0; i < 8; i++)
		gt_map(&w.t, i * 2 * MIB, 2 * MIB, 2 * MIB, 2, i % 2 ? IOASID_READ : RW);
	sync_range(0, ALL);
	ck_assert_uint_le(count_nodes(&w.s), 3);
	for (i = 0; i < 8; i++) {
		ck_assert_uint_eq(translate(&w.s, i * 2 * MIB, IOPT_READ), HOST + 9 * MIB);
		ck_assert_uint_eq(translate(&w.s, i * 2 * MIB + PAGE, IOPT_WRITE),
				  i % 2 ? 0 : HOST + 9 * MIB + PAGE);
	}
	ck_assert_uint_eq(count_nodes(&w.s), 4);	/* one for all eight */
	settle();
	root_unmap(first);
	settle();
	for (i = 0; i < 8; i++) {
		ck_assert_uint_eq(translate(&w.s, i * 2 * MIB, IOPT_READ), 0);
		ck_assert_uint_eq(translate(&w.s, i * 2 * MIB + MIB / 2, IOPT_READ),
				  HOST + 11 * MIB);
	}
	gt_unmap(&w.t, 0, 16 * MIB, 2);
	sync_range(0, ALL);
	settle();
	ck_assert_uint_eq(count_nodes(&w.s), 3);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("shadow");
	TCase *tc = tcase_create("nodes");

	tcase_add_checked_fixture(tc, world_open, world_close);
	tcase_add_loop_test(tc, table_that_leads_to_itself, 0, 2 * VARIANTS);
	tcase_add_loop_test(tc, tables_that_lead_to_each_other, 0, 2 * VARIANTS);
	tcase_add_loop_test(tc, table_that_leads_to_itself_skipping_levels, 0, 4);
	tcase_add_loop_test(tc, shared_table, 0, 2 * VARIANTS);
	tcase_add_loop_test(tc, shared_table_that_has_changed, 0, VARIANTS);
	tcase_add_loop_test(tc, nodes_go, 0, 2 * VARIANTS);
	tcase_add_loop_test(tc, split_superpages, 0, 2 * VARIANTS);
	suite_add_tcase(s, tc);
	add_bare_cases(s);
	add_random_cases(s);
	add_deep_cases(s);
	return run_suite(s);
}
