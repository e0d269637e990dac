/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of what a space translates. */
#include <string.h>

#include "guest_tables.h"
#include "support.h"

#define SIZE guest_size
#define TABLES (4 * MIB)

#define MOST 64

/*
 * All runs, asked for @n at a time; pieces of one run are put together. The call has to come to an
 * end, also at the highest address.
 */
static size_t list(const struct ioasid_space *space, uint64_t first, uint64_t last, size_t n,
		   struct ioasid_run *all)
{
	struct ioasid_run runs[MOST];
	uint64_t cursor = first;
	bool done = false;
	size_t total = 0, got, i;
	int calls;

	for (calls = 0; !done; calls++) {
		ck_assert_msg(calls < 100000, "the list has no end");
		got = ioasid_space_query_runs(space, &cursor, last, runs, n, &done);
		ck_assert_uint_le(got, n);
		for (i = 0; i < got; i++) {
			struct ioasid_run *before = total ? &all[total - 1] : NULL;

			ck_assert_uint_gt(runs[i].length, 0);
			ck_assert_uint_eq(runs[i].reserved, 0);
			if (before)
				ck_assert_uint_ge(runs[i].iova, before->iova + before->length);
			if (before && before->iova + before->length == runs[i].iova &&
			    before->target + before->length == runs[i].target &&
			    before->perm == runs[i].perm) {
				before->length += runs[i].length;
				continue;
			}
			ck_assert_uint_lt(total, MOST);
			all[total++] = runs[i];
		}
	}
	return total;
}

static void is_run(const struct ioasid_run *run, uint64_t iova, uint64_t length, uint64_t target,
		   uint32_t perm)
{
	ck_assert_uint_eq(run->iova, iova);
	ck_assert_uint_eq(run->length, length);
	ck_assert_uint_eq(run->target, target);
	ck_assert_uint_eq(run->perm, perm);
}

START_TEST(nothing_is_mapped)
{
	struct ioasid_run all[MOST];
	struct ioasid_space *root, *child;
	struct guest g;

	guest_open(&g, SIZE, 0);
	root = make_space(g.ctx, NULL, 0);
	child = make_space(g.ctx, g.root, 0);
	ck_assert_uint_eq(list(root, 0, UINT64_MAX, 4, all), 0);
	ck_assert_uint_eq(list(child, 0, UINT64_MAX, 4, all), 0);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, TABLES));
	ck_assert_uint_eq(list(child, 0, UINT64_MAX, 4, all), 0);
	guest_close(&g);
}
END_TEST

START_TEST(mappings_of_a_root)
{
	struct ioasid_run all[MOST];
	struct ioasid_space *root;
	uint64_t host;
	struct guest g;
	size_t n;

	guest_open(&g, SIZE, 0);
	host = (uintptr_t)g.memory;
	root = make_space(g.ctx, NULL, 0);
	ck_ok(ioasid_space_map(root, 0, g.memory, 2 * PAGE, RW, NULL));
	ck_ok(ioasid_space_map(root, 2 * PAGE, g.memory + 2 * PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(root, 3 * PAGE, g.memory + 3 * PAGE, PAGE, IOASID_READ, NULL));
	ck_ok(ioasid_space_map(root, 4 * PAGE, g.memory, PAGE, IOASID_READ, NULL));
	ck_ok(ioasid_space_map(root, UINT64_C(1) << 50, g.memory, SIZE, IOASID_WRITE, NULL));
	ck_ok(ioasid_space_map(root, -PAGE, g.memory + PAGE, PAGE, RW, NULL));
	for (n = 1; n < 9; n++) {
		ck_assert_uint_eq(list(root, 0, UINT64_MAX, n, all), 5);
		is_run(&all[0], 0, 3 * PAGE, host, RW);
		is_run(&all[1], 3 * PAGE, PAGE, host + 3 * PAGE, IOASID_READ);
		is_run(&all[2], 4 * PAGE, PAGE, host, IOASID_READ);
		is_run(&all[3], UINT64_C(1) << 50, SIZE, host, IOASID_WRITE);
		is_run(&all[4], -PAGE, PAGE, host + PAGE, RW);
	}
	/* Between the first byte of interest and the last. */
	ck_assert_uint_eq(list(root, 3 * PAGE, 4 * PAGE - 1, 4, all), 1);
	is_run(&all[0], 3 * PAGE, PAGE, host + 3 * PAGE, IOASID_READ);
	ck_assert_uint_eq(list(root, 5 * PAGE, (UINT64_C(1) << 50) - 1, 4, all), 0);
	guest_close(&g);
}
END_TEST

START_TEST(what_a_table_says)
{
	struct guest_table t;
	struct ioasid_run all[MOST];
	struct ioasid_space *child;
	struct guest g;

	guest_open(&g, SIZE, 0);
	/* The tables have a mapping of their own, which stays. */
	ck_ok(ioasid_space_map(g.root, GIB, g.memory + TABLES, SIZE - TABLES, IOASID_READ, NULL));
	child = make_space(g.ctx, g.root, IOASID_FILL_ON_INVALIDATION);
	gt_init(&t, IOASID_PGTABLE_VTD_FS, 4, g.memory + TABLES, GIB, GIB, GIB + SIZE - TABLES);
	gt_map(&t, GIB - 2 * PAGE, PAGE, 2 * PAGE, 1, RW);
	gt_map(&t, GIB, 3 * PAGE, PAGE, 1, RW);
	gt_map(&t, GIB + PAGE, SIZE, PAGE, 1, RW); /* beyond the guest */
	gt_map(&t, GIB + 2 * MIB, 0, 2 * MIB, 2, IOASID_READ);
	gt_map(&t, -PAGE, 7 * PAGE, PAGE, 1, RW);
	ck_ok(bind_table(child, t.format, 4, t.root));
	ck_assert_uint_eq(list(child, 0, UINT64_MAX, 3, all), 3);
	is_run(&all[0], GIB - 2 * PAGE, 3 * PAGE, PAGE, RW);
	is_run(&all[1], GIB + 2 * MIB, 2 * MIB, 0, IOASID_READ);
	is_run(&all[2], -PAGE, PAGE, 7 * PAGE, RW);
	/* What the parent gives counts, in pieces of a superpage too. */
	ck_ok(ioasid_space_unmap(g.root, 0, SIZE, NULL));
	ck_assert_uint_eq(list(child, 0, UINT64_MAX, 3, all), 0);
	ck_ok(ioasid_space_map(g.root, 4 * PAGE, g.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(g.root, 3 * PAGE, g.memory, PAGE, IOASID_WRITE, NULL));
	ck_assert_uint_eq(list(child, 0, UINT64_MAX, 3, all), 2);
	is_run(&all[0], GIB, PAGE, 3 * PAGE, IOASID_WRITE);
	is_run(&all[1], GIB + 2 * MIB + 4 * PAGE, PAGE, 4 * PAGE, IOASID_READ);
	guest_close(&g);
}
END_TEST

START_TEST(filled_on_demand_it_is_what_was_used)
{
	struct guest_table t;
	struct ioasid_run all[MOST];
	struct ioasid_space *child;
	struct guest g;

	guest_open(&g, SIZE, 0);
	child = make_space(g.ctx, g.root, IOASID_FILL_ON_DEMAND);
	gt_init(&t, IOASID_PGTABLE_VTD_SS, 4, g.memory, 0, TABLES, SIZE);
	gt_map(&t, GIB, PAGE, 16 * PAGE, 1, RW);
	ck_ok(bind_table(child, t.format, 4, t.root));
	guest_attach(&g, child);
	ck_assert_uint_eq(list(child, 0, UINT64_MAX, 3, all), 0);
	guest_reaches(&g, GIB + 3 * PAGE, 4 * PAGE, RW);
	ck_assert_uint_ge(list(child, GIB + 3 * PAGE, GIB + 4 * PAGE - 1, 3, all), 1);
	ck_assert_uint_le(all[0].iova, GIB + 3 * PAGE);
	ck_assert_uint_eq(all[0].target - all[0].iova, PAGE - GIB);
	gt_unmap(&t, GIB + 3 * PAGE, PAGE, 1);
	ck_ok(inv_range(g.ctx, child, GIB + 3 * PAGE, PAGE));
	ck_assert_uint_eq(list(child, GIB + 3 * PAGE, GIB + 4 * PAGE - 1, 3, all), 0);
	guest_close(&g);
}
END_TEST

START_TEST(mappings_of_a_child)
{
	struct ioasid_run all[MOST];
	struct ioasid_space *child;
	struct guest g;

	guest_open(&g, SIZE, 0);
	child = make_space(g.ctx, g.root, 0);
	ck_ok(ioasid_space_map_parent(child, GIB, SIZE - PAGE, 2 * PAGE, RW, NULL));
	ck_ok(ioasid_space_map_parent(child, 2 * GIB, 0, SIZE, IOASID_READ, NULL));
	ck_ok(ioasid_space_map_parent(child, 2 * GIB + SIZE, SIZE / 2, PAGE, IOASID_READ, NULL));
	ck_assert_uint_eq(list(child, 0, UINT64_MAX, 5, all), 3);
	is_run(&all[0], GIB, PAGE, SIZE - PAGE, RW);
	is_run(&all[1], 2 * GIB, SIZE, 0, IOASID_READ);
	is_run(&all[2], 2 * GIB + SIZE, PAGE, SIZE / 2, IOASID_READ);
	guest_close(&g);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, nothing_is_mapped);
	tcase_add_test(tc, mappings_of_a_root);
	tcase_add_test(tc, what_a_table_says);
	tcase_add_test(tc, filled_on_demand_it_is_what_was_used);
	tcase_add_test(tc, mappings_of_a_child);
}

int main(void)
{
	Suite *suite = suite_create("runs");

	suite_add_sizes(suite, "runs", add_tests);
	return run_suite(suite);
}
