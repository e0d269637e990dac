/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables whose raw entries follow from what DMA walks, and what happens as an entry comes that does
 * not fit in: it alone changes for DMA, whatever the guest has done to others in the meantime.
 */
#include "config.h"

#include "shadow_world.h"
#include "util/alloc.h"

static const struct {
	enum ioasid_pgtable_format format;
	bool on_demand;
} variant[] = {
	{ IOASID_PGTABLE_VTD_SS, false }, { IOASID_PGTABLE_VTD_SS, true },
	{ IOASID_PGTABLE_VTD_FS, false }, { IOASID_PGTABLE_VTD_FS, true },
	{ IOASID_PGTABLE_ARM_S1, false }, { IOASID_PGTABLE_ARM_S1, true },
	{ IOASID_PGTABLE_RISCV, false },  { IOASID_PGTABLE_AMD_V1, false },
};

#define VARIANTS ((int)(sizeof(variant) / sizeof(*variant)))

#define HOST UINT64_C(0x100000000)	/* of what is at guest address 0 */

static void open_tables(int i)
{
	root_map(TABLES, END - TABLES, 0, RW, true);
	bind(variant[i].format, variant[i].on_demand);
}

/* Does all of an area get what the referee says? */
static void check_pages(uint64_t start, uint64_t length)
{
	uint64_t at;

	for (at = start; at < start + length; at += PAGE) {
		ck_assert_uint_eq(translate(&w.s, at, IOPT_READ), referee(at, IOPT_READ));
		ck_assert_uint_eq(translate(&w.s, at, IOPT_WRITE), referee(at, IOPT_WRITE));
	}
	settle();
}

/* Says whether that took something away from DMA. */
static bool sync_drains(uint64_t start, uint64_t last)
{
	bool drain;

	settle();
	sync_range(start, last);
	drain = w.reap.drain;
	settle();
	return drain;
}

/* The last of the guest's superpages is not whole in the parent. */
START_TEST(superpage_beyond_the_end_of_a_piece)
{
	root_map(0, 3 * MIB, HOST, RW, true);
	open_tables(_i);
	gt_map(&w.t, 0, 0, 4 * MIB, 2, RW);
	sync_range(0, ALL);
	check_pages(0, 4 * MIB);
}
END_TEST

/*
 * Where one page leads that may not fit in, on which way it comes to be read, and what it permits.
 */
static const struct {
	uint64_t to, length;	/* of what is read, from there on or from before */
	unsigned int perm;
} odd[] = {
	{ 3 * MIB, PAGE, RW }, /* like the others */
	{ 3 * MIB, PAGE, IOASID_READ }, /* other flags */
	{ 7 * MIB, PAGE, RW }, /* another piece */
	{ 6 * MIB, PAGE, RW }, /* another piece, to read only */
	{ 5 * MIB, PAGE, RW }, /* nowhere */
	{ 3 * MIB, 3 * PAGE, RW },
	{ 3 * MIB, 3 * PAGE, IOASID_READ },
	{ 7 * MIB, 3 * PAGE, RW },
	{ 6 * MIB, 3 * PAGE, RW },
	{ 5 * MIB, 3 * PAGE, RW },
};

#define ODD ((int)(sizeof(odd) / sizeof(*odd)))

START_TEST(one_of_many_differs)
{
	const uint64_t at = 3 * PAGE;

	root_map(0, 4 * MIB, HOST, RW, true);
	root_map(6 * MIB, MIB, HOST + GIB, IOPT_READ, true);
	root_map(7 * MIB, MIB, HOST + 2 * GIB, RW, true);
	open_tables(_i / ODD);
	gt_map(&w.t, 0, 0, MIB, 1, RW);
	sync_range(0, ALL);
	check_pages(0, 2 * MIB);
	gt_map(&w.t, at, odd[_i % ODD].to, PAGE, 1, odd[_i % ODD].perm);
	gt_map(&w.t, 200 * PAGE, 300 * PAGE, PAGE, 1, RW);	/* not told of */
	gt_map(&w.t, 400 * PAGE, 0, PAGE, 1, RW);
	if (odd[_i % ODD].length > PAGE)
		ck_assert(sync_drains(at - PAGE, at + PAGE));
	else
		ck_assert(sync_drains(at, at));
	ck_assert_uint_eq(translate(&w.s, at, IOPT_READ), referee(at, IOPT_READ));
	ck_assert_uint_eq(translate(&w.s, at, IOPT_WRITE), referee(at, IOPT_WRITE));
	ck_assert_uint_eq(translate(&w.s, 200 * PAGE, RW), HOST + 200 * PAGE);
	if (!variant[_i / ODD].on_demand)
		ck_assert_uint_eq(translate(&w.s, 400 * PAGE, IOPT_READ), 0);
	ck_assert_uint_eq(translate(&w.s, at + PAGE, RW), HOST + at + PAGE);
	ck_assert(sync_drains(0, ALL));
	check_pages(0, 2 * MIB);
	ck_assert(!sync_drains(0, ALL));
}
END_TEST

/*
 * The guest changes all of a table at once: flags, or where it leads, and how many pages that is.
 */
START_TEST(all_differ)
{
	unsigned int some;

	root_map(0, 4 * MIB, HOST, RW, true);
	root_map(4 * MIB, 4 * MIB, HOST + GIB, RW, true);
	open_tables(_i);
	for (some = 1; some <= 512; some = 3 * some + 1) {
		const uint64_t length = some * PAGE;

		gt_map(&w.t, 0, 0, length, 1, RW);
		ck_assert(!sync_drains(0, ALL));
		check_pages(0, 2 * MIB);
		gt_map(&w.t, 0, 4 * MIB, length, 1, RW);
		ck_assert(sync_drains(0, ALL));
		check_pages(0, 2 * MIB);
		gt_map(&w.t, 0, MIB, length, 1, IOASID_READ);
		ck_assert(sync_drains(0, ALL));
		check_pages(0, 2 * MIB);
		gt_unmap(&w.t, 0, 2 * MIB, 1);
		ck_assert(sync_drains(0, ALL));
		check_pages(0, 2 * MIB);
	}
}
END_TEST

/* Malformed, and in a parent that is larger than the addresses of entries can be. */
START_TEST(address_beyond_the_width)
{
	const uint64_t top = UINT64_C(1) << 32;
	struct ioasid_pgtable t = { .format = variant[_i].format, .levels = 4, .input_bits = 48,
				    .address_bits = 32 };

	root_map(top - 4 * MIB, 8 * MIB, HOST, RW, true);
	root_map(TABLES, END - TABLES, 0, RW, true);
	bind_as(&t, variant[_i].on_demand);
	gt_map(&w.t, 0, top - MIB, MIB, 1, RW);
	sync_range(0, ALL);
	check_pages(0, 2 * MIB);
	gt_map(&w.t, 0, top - MIB / 2, MIB, 1, RW);
	sync_range(0, ALL);
	ck_assert_int_eq(shadow_miss(&w.s, MIB - PAGE, IOPT_READ), SHADOW_MALFORMED);
	gt_map(&w.t, 2 * MIB, top - MIB, MIB, 1, RW);
	sync_range(0, ALL);
	gt_map(&w.t, 2 * MIB, top, PAGE, 1, RW);
	sync_range(2 * MIB, 2 * MIB);
	ck_assert_int_eq(shadow_miss(&w.s, 2 * MIB, IOPT_READ), SHADOW_MALFORMED);
	check_pages(2 * MIB, 2 * MIB);
	check_pages(0, 2 * MIB);
}
END_TEST

/*
 * The pieces below a table go and come back: what it said is still known, or is read again if there
 * was no memory to keep it in.
 */
START_TEST(piece_goes_and_comes)
{
	unsigned int piece = root_map(0, 4 * MIB, HOST, RW, true);
	bool kept = _i < VARIANTS;

	open_tables(_i % VARIANTS);
	gt_map(&w.t, 0, 0, MIB, 1, RW);
	gt_map(&w.t, 2 * MIB, 2 * MIB, 2 * MIB, 2, RW);
	sync_range(0, ALL);
	check_pages(0, 4 * MIB);
	mem_fail_nth(kept ? 0 : 1);
	root_unmap(piece);
	mem_fail_nth(0);
	check_pages(0, 4 * MIB);
	root_map(0, 3 * MIB, HOST + GIB, RW, true);
	check_pages(0, 4 * MIB);
	sync_range(0, ALL);
	check_pages(0, 4 * MIB);
}
END_TEST

/*
 * Two tables that lead to different pieces of the parent, or with different flags: a page of the
 * second comes to be like those of the first. What the others said is known for as long as nobody
 * is told of a change.
 */
START_TEST(one_follows_others)
{
	const bool other_piece = _i & 1;
	const uint64_t at[] = { 2 * PAGE, 3 * PAGE, 2 * MIB + 4 * PAGE };
	const uint64_t to = other_piece ? 4 * MIB : 0;
	unsigned int i, piece = root_map(0, 4 * MIB, HOST, RW, true);

	root_map(4 * MIB, 4 * MIB, HOST + GIB, RW, true);
	open_tables(_i / 6);
	gt_map(&w.t, 0, to, MIB, 1, RW);
	gt_map(&w.t, 2 * MIB, 0, MIB, 1, other_piece ? RW : IOASID_READ);
	sync_range(0, ALL);
	check_pages(0, 4 * MIB);
	for (i = 0; i < 3; i++)
		gt_map(&w.t, at[i], to + MIB + i * PAGE, PAGE, 1, RW);
	shadow_begin_pass(&w.s, 0);
	if (_i / 2 % 3 == 0)
		sync_range(0, ALL);
	else if (_i / 2 % 3 == 1)
		ck_assert_int_eq(shadow_sync_pages(&w.s, at, 3, &w.reap), 0);
	else
		for (i = 0; i < 3; i++)
			sync_range(at[i], at[i]);
	check_pages(0, 4 * MIB);
	root_unmap(piece);
	root_map(0, 4 * MIB, HOST + 2 * GIB, RW, true);
	check_pages(0, 4 * MIB);
}
END_TEST

/* The guest changes a page some times, and tells of each. */
static void move_page(uint64_t at, uint64_t to)
{
	unsigned int i;

	for (i = 1; i <= 3; i++) {
		gt_map(&w.t, at, to + i * PAGE, PAGE, 1, RW);
		sync_range(at, at);
	}
}

/* What is known of a piece is not known any more when it has gone, though another continues it. */
START_TEST(page_that_leads_where_a_piece_was)
{
	unsigned int piece;

	root_map(0, 2 * MIB, HOST, RW, true);
	piece = root_map(2 * MIB, 2 * MIB, HOST + 2 * MIB, RW, true);
	open_tables(_i);
	gt_map(&w.t, 0, 0, MIB, 1, RW);
	gt_map(&w.t, 2 * MIB, 2 * MIB, MIB, 1, RW);
	sync_range(0, ALL);
	check_pages(0, 4 * MIB);
	move_page(2 * MIB, 2 * MIB);
	root_unmap(piece);
	move_page(0, 0);
	move_page(PAGE, 2 * MIB);
	check_pages(0, 4 * MIB);
}
END_TEST

/* The same entry is bound in two formats, of which the first lets DMA write. */
START_TEST(flags_that_come_to_mean_less)
{
	static const enum ioasid_pgtable_format format[] = { IOASID_PGTABLE_ARM_S2,
							     IOASID_PGTABLE_ARM_S1 };
	uint64_t flags = 0;
	unsigned int i, k;

	root_map(TABLES, END - TABLES, 0, RW, true);
	for (k = 0; k < 2; k++) {
		bind(format[k], false);
		flags = k ? flags : gt_leaf_value(&w.t, 1, 0, RW);
		for (i = 0; i < 4; i++) {
			gt_store(gt_entry(&w.t, 0, 1), flags | (TABLES + i * PAGE));
			sync_range(0, 0);
			check_pages(0, 2 * PAGE);
		}
	}
	ck_assert_uint_ne(translate(&w.s, 0, IOPT_READ), 0);
}
END_TEST

/*
 * Two pieces that are neighbours in the host too, of which one may only be read: entries that lead
 * to both are not told apart by their addresses. The guest takes away a permission that the parent
 * did not give, or one that it gave; and the parent then gives everything.
 */
START_TEST(neighbours_of_different_permissions)
{
	static const uint64_t to[] = { 0, PAGE, 2 * MIB, 2 * MIB + PAGE, 2 * MIB + 2 * PAGE,
				       2 * MIB + 3 * PAGE, 2 * PAGE };
	const bool first_is_less = _i & 1;
	uint64_t *entry;
	unsigned int i, piece[2];

	piece[0] = root_map(0, 2 * MIB, HOST, first_is_less ? IOPT_READ : RW, true);
	piece[1] = root_map(2 * MIB, 2 * MIB, HOST + 2 * MIB, first_is_less ? RW : IOPT_READ, true);
	open_tables(_i / 4);
	for (i = 0; i < bits_array_size(to); i++)
		gt_map(&w.t, i * PAGE, to[i], PAGE, 1, RW);
	sync_range(0, ALL);
	check_pages(0, 8 * PAGE);
	for (i = 2; i < 6; i++) {
		entry = gt_entry(&w.t, i * PAGE, 1);
		gt_store(entry, _i & 2 ? gt_load(entry) + 2 :
				gt_leaf_value(&w.t, 1, to[i], IOASID_READ));
	}
	sync_range(0, ALL);
	check_pages(0, 8 * PAGE);
	for (i = 0; i < 2; i++) {
		root_unmap(piece[i]);
		root_map(i * 2 * MIB, 2 * MIB, HOST + i * 2 * MIB, RW, true);
	}
	check_pages(0, 8 * PAGE);
}
END_TEST

/*
 * The parent has a piece that begins within a page of the guest's, where an entry has bits that
 * mean nothing.
 */
START_TEST(piece_within_a_larger_page)
{
	struct ioasid_pgtable t = { .format = IOASID_PGTABLE_ARM_S1, .input_bits = 48,
				    .levels = _i == 14 ? 4 : 3, .granule_bits = (uint32_t)_i };
	const uint64_t size = UINT64_C(1) << _i;
	uint64_t *entry;
	unsigned int i;

	root_map(PAGE, 4 * MIB - PAGE, HOST + PAGE, RW, true);
	root_map(TABLES, END - TABLES, 0, RW, true);
	bind_as(&t, false);
	gt_map(&w.t, 0, 2 * size, 4 * size, 1, RW);
	sync_range(0, ALL);
	gt_map(&w.t, 0, 8 * size, size, 1, RW);
	sync_range(0, 0);
	check_pages(0, 8 * size);
	for (i = 0; i < 4; i++) {
		entry = gt_entry(&w.t, i * size, 1);
		gt_store(entry, gt_load(entry) | (i & 1) * PAGE);
	}
	sync_range(0, ALL);
	check_pages(0, 8 * size);
}
END_TEST

/* A table that the parent does not have yet is there for DMA as soon as it has it. */
START_TEST(table_comes_later)
{
	const uint64_t table = END - PAGE;

	root_map(0, 4 * MIB, HOST, RW, true);
	root_map(TABLES, END - TABLES - PAGE, 0, RW, true);
	bind(variant[_i].format, variant[_i].on_demand);
	gt_map(&w.t, 0, 0, PAGE, 1, RW);
	gt_store(gt_entry(&w.t, 2 * MIB, 2), gt_table_at(&w.t, 2, table));
	sync_range(0, ALL);
	ck_assert_uint_eq(translate(&w.s, 2 * MIB, IOPT_READ), 0);
	settle();
	root_map(table, PAGE, 0, RW, true);
	*gt_slot(&w.t, table, 0) = *gt_entry(&w.t, 0, 1);
	ck_assert_uint_eq(translate(&w.s, 2 * MIB, RW), HOST);
	settle();
}
END_TEST

/*
 * The same table comes to be in use at two places while the parent does not have it. All of one was
 * told of, and is there, though no more than a page of the other was told of later. @_i: how the
 * second place comes to lead there, and of what level the entries are that do.
 */
START_TEST(table_of_two_places_comes_later)
{
	const unsigned int level = 2 + (unsigned int)_i % 2;
	const uint64_t table = END - PAGE, upper = END - 2 * PAGE, page = 5 * PAGE;
	const uint64_t span = level == 2 ? 2 * MIB : GIB;
	const uint64_t first = 4 * span, second = 5 * span;
	uint64_t to, found;
	unsigned int i;

	root_map(0, 4 * MIB, HOST, RW, true);
	root_map(TABLES, END - TABLES - 2 * PAGE, 0, RW, true);
	bind(variant[_i / 6].format, variant[_i / 6].on_demand);
	gt_map(&w.t, 0, 0, 8 * PAGE, 1, RW);
	to = level == 2 ? table : upper;
	gt_store(gt_entry(&w.t, second, level), gt_table_at(&w.t, level, to));
	sync_range(0, ALL);
	root_map(upper, 2 * PAGE, 0, RW, true);
	gt_store(gt_slot(&w.t, upper, 0), gt_table_at(&w.t, 2, table));
	for (i = 0; i < 8; i++)
		gt_store(gt_slot(&w.t, table, i), gt_load(gt_entry(&w.t, i * PAGE, 1)));
	gt_store(gt_entry(&w.t, first, level), gt_table_at(&w.t, level, to));
	sync_range(first, first);
	ck_assert_uint_eq(translate(&w.s, first, RW), HOST);
	if (_i / 2 % 3 == 0)
		sync_range(second, second);
	else if (_i / 2 % 3 == 1)
		ck_assert(shadow_first(&w.s, second + page, second + 2 * page, &found) &&
			  found == second + page);
	ck_assert_uint_eq(translate(&w.s, second + page, RW), HOST + page);
	settle();
}
END_TEST

void add_bare_cases(Suite *s)
{
	TCase *tc = tcase_create("bare");

	tcase_add_checked_fixture(tc, world_open, world_close);
	tcase_add_loop_test(tc, superpage_beyond_the_end_of_a_piece, 0, VARIANTS);
	tcase_add_loop_test(tc, one_of_many_differs, 0, VARIANTS * ODD);
	tcase_add_loop_test(tc, all_differ, 0, VARIANTS);
	tcase_add_loop_test(tc, address_beyond_the_width, 0, VARIANTS);
	tcase_add_loop_test(tc, piece_goes_and_comes, 0, 2 * VARIANTS);
	tcase_add_loop_test(tc, one_follows_others, 0, 6 * VARIANTS);
	tcase_add_loop_test(tc, page_that_leads_where_a_piece_was, 0, VARIANTS);
	tcase_add_test(tc, flags_that_come_to_mean_less);
	tcase_add_loop_test(tc, neighbours_of_different_permissions, 0, 4 * VARIANTS);
	tcase_add_loop_test(tc, piece_within_a_larger_page, 14, 15);
	tcase_add_loop_test(tc, piece_within_a_larger_page, 16, 17);
	tcase_add_loop_test(tc, table_comes_later, 0, VARIANTS);
	tcase_add_loop_test(tc, table_of_two_places_comes_later, 0, 6 * VARIANTS);
	suite_add_tcase(s, tc);
}
