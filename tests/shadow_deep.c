/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shadows on shadows: what goes below goes above, on whichever way it was resolved. */
#include "config.h"

#include <inttypes.h>

#include "shadow_world.h"
#include "vtd_walker.h"

#define DEPTH 8
#define HOST  UINT64_C(0x100000000)

static struct shadow s[DEPTH];	/* s[0] is on w.s */

static void open_deep(void)
{
	unsigned int i;

	world_open();
	for (i = 0; i < DEPTH; i++) {
		struct shadow *on = i ? &s[i - 1] : &w.s;
		const struct shadow_parent up = shadow_as_parent(on);

		on->is_parent = true;
		shadow_init(&s[i], &w.pool, &up, false);
	}
}

static void close_deep(void)
{
	unsigned int i;

	for (i = DEPTH; i--;)
		shadow_destroy(&s[i], &w.reap);
	world_close();
}

static void map(struct shadow *on, uint64_t iova, uint64_t length, uint64_t target)
{
	ck_assert_int_eq(shadow_map(on, iova, length, target, RW, &w.reap), 0);
}

/* Each level is one page further on, so that superpages have to be split at all of them. */
static void chain(unsigned int depth)
{
	unsigned int i;

	map(&w.s, 0, 4 * MIB, 0);
	for (i = 0; i < depth; i++)
		map(&s[i], 0, 4 * MIB - (i + 1) * PAGE, PAGE);
}

static void check_chain(unsigned int depth, uint64_t gone)
{
	unsigned int i;
	uint64_t iova;

	for (i = 0; i < depth; i++)
		for (iova = 0; iova < 4 * MIB - (i + 1) * PAGE; iova += 61 * PAGE) {
			uint64_t target = iova + (i + 1) * PAGE;
			uint64_t is = translate(&s[i], iova, RW);

			ck_assert_msg(is == (target < gone ? 0 : HOST + target),
				      "depth %u: %#" PRIx64 " leads to %#" PRIx64, i, iova, is);
		}
}

START_TEST(chain_follows_the_root)
{
	unsigned int low, round;

	low = root_map(0, MIB, HOST, RW, _i);
	root_map(MIB, 3 * MIB, HOST + MIB, RW, _i);
	chain(DEPTH);
	for (round = 0; round < 4; round++) {
		check_chain(DEPTH, 0);
		root_unmap(low);
		check_chain(DEPTH, MIB);
		low = root_map(0, MIB, HOST, RW, _i);
	}
	for (round = DEPTH; round--;) {
		shadow_unmap(&s[round], 0, 4 * MIB, &w.reap);
		ck_assert_uint_eq(count_nodes(&s[round]), 0);
		ck_assert_uint_eq(s[round].pages, 0);
	}
}
END_TEST

/* A level in the middle goes, and comes back: only what is above it goes with it. */
START_TEST(middle_of_a_chain)
{
	root_map(0, 4 * MIB, HOST, RW, _i);
	chain(DEPTH);
	check_chain(DEPTH, 0);
	shadow_unmap(&s[3], 0, 4 * MIB - 4 * PAGE, &w.reap);
	check_chain(3, 0);
	ck_assert_uint_eq(translate(&s[3], 0, RW), 0);
	ck_assert_uint_eq(translate(&s[4], 0, RW), 0);
	ck_assert_uint_eq(translate(&s[7], MIB, RW), 0);
	map(&s[3], 0, 4 * MIB - 4 * PAGE, PAGE);
	check_chain(DEPTH, 0);
	/* tables and all */
	shadow_unbind(&s[0], &w.reap);
	ck_assert_uint_eq(translate(&s[7], MIB, RW), 0);
	map(&s[0], 0, 4 * MIB - PAGE, PAGE);
	check_chain(DEPTH, 0);
}
END_TEST

/*
 * A middle level of the parent's table loses a permission, and its address stays: entries of the
 * child that lead through it have the permission that they were resolved with, so they have to go.
 * Each of the tables is also in use elsewhere: it does not go, so that nothing goes with it.
 */
START_TEST(permission_of_a_middle_level)
{
	static const enum ioasid_pgtable_format format[] = {
		IOASID_PGTABLE_VTD_SS, IOASID_PGTABLE_VTD_FS,
	};
	unsigned int level;

	root_map(0, TABLES, HOST, RW, _i & 4);
	root_map(TABLES, END - TABLES, 0, RW, _i & 4);
	bind(format[_i & 1], _i & 2);
	gt_map(&w.t, 0, 0, 16 * PAGE, 1, RW);
	gt_map(&w.t, 4 * MIB, 2 * MIB, 2 * MIB, 2, RW);
	for (level = 2; level <= 4; level++)
		gt_store(gt_entry(&w.t, 5 * vtdw_span(level), level),
			 gt_load(gt_entry(&w.t, 0, level)));
	sync_range(0, ALL);
	for (level = 2; level <= 4; level++)
		ck_assert_uint_eq(translate(&w.s, 5 * vtdw_span(level), RW), HOST);
	map(&s[0], GIB, 16 * PAGE, 0);
	map(&s[0], 2 * GIB, 2 * MIB, 4 * MIB);
	map(&s[1], 0, 4 * PAGE, GIB);
	for (level = 2; level <= 4; level++) {
		uint64_t *e = gt_entry(&w.t, 0, level);

		ck_assert_uint_eq(translate(&s[0], GIB + 3 * PAGE, RW), HOST + 3 * PAGE);
		ck_assert_uint_eq(translate(&s[1], 3 * PAGE, RW), HOST + 3 * PAGE);
		ck_assert_uint_eq(translate(&s[0], 2 * GIB, RW), HOST + 2 * MIB);
		gt_store(e, gt_load(e) & ~UINT64_C(2));
		sync_range(0, vtdw_span(level) - 1);
		ck_assert_uint_eq(translate(&s[0], GIB + 3 * PAGE, IOPT_WRITE), 0);
		ck_assert_uint_eq(translate(&s[1], 3 * PAGE, IOPT_WRITE), 0);
		ck_assert_uint_eq(translate(&s[1], 3 * PAGE, IOPT_READ), HOST + 3 * PAGE);
		ck_assert_uint_eq(translate(&s[0], 2 * GIB, IOPT_WRITE),
				  level > 2 ? 0 : HOST + 2 * MIB);
		gt_store(e, gt_load(e) | 2);
		sync_range(0, vtdw_span(level) - 1);
	}
}
END_TEST

/* Two children of one, over the same entries: both go, and neither takes the other's along. */
START_TEST(two_on_one)
{
	const struct shadow_parent up = shadow_as_parent(&w.s);
	unsigned int i;

	shadow_init(&s[1], &w.pool, &up, false);
	root_map(0, 4 * MIB, HOST, RW, _i);
	map(&w.s, 0, 16 * PAGE, 0);
	for (i = 0; i < 2; i++)
		map(&s[i], 0, 16 * PAGE, 0);
	for (i = 0; i < 16; i++) {
		ck_assert_uint_eq(translate(&s[0], i * PAGE, RW), HOST + i * PAGE);
		ck_assert_uint_eq(translate(&s[1], i * PAGE, RW), HOST + i * PAGE);
	}
	shadow_unmap(&s[0], 0, 16 * PAGE, &w.reap);
	ck_assert_uint_eq(translate(&s[0], 0, RW), 0);
	ck_assert_uint_eq(iopt_walk(&s[1].root, 15 * PAGE).perm, RW);
	shadow_unmap(&w.s, 0, 16 * PAGE, &w.reap);
	for (i = 0; i < 16; i++)
		ck_assert_uint_eq(iopt_walk(&s[1].root, i * PAGE).perm, 0);
}
END_TEST

void add_deep_cases(Suite *suite)
{
	TCase *tc = tcase_create("deep");

	tcase_add_checked_fixture(tc, open_deep, close_deep);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, chain_follows_the_root, 0, 2);
	tcase_add_loop_test(tc, middle_of_a_chain, 0, 2);
	tcase_add_loop_test(tc, permission_of_a_middle_level, 0, 8);
	tcase_add_loop_test(tc, two_on_one, 0, 2);
	suite_add_tcase(suite, tc);
}
