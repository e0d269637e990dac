/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page-table bombs: a few pages that refer to each other describe 2^36 leaves, and must cost about
 * as much as a few pages.
 */
#include "guest_tables.h"
#include "support.h"

#define SIZE guest_size
#define TABLES (4 * MIB)
#define PAGES  4

static const enum ioasid_fill fills[] = { IOASID_FILL_ON_INVALIDATION, IOASID_FILL_ON_DEMAND };
static const enum ioasid_pgtable_format formats[] = { IOASID_PGTABLE_VTD_SS,
						      IOASID_PGTABLE_VTD_FS };

#define VARIANTS 8 /* fill, format, where the pages are */

struct bomb {
	struct guest g;
	struct guest_table t;
	struct ioasid_space *child;
	uint64_t at; /* guest address of the pages: 0, or SIZE, where they are mapped one by one */
	uint64_t normal; /* ns to read an honest table of 1 GiB in small pages */
	uint64_t normal_bytes;
};

static void map_page(struct bomb *b, unsigned int page)
{
	if (!b->at)
		return;
	ck_ok(ioasid_space_map(b->g.root, b->at + page * PAGE, b->g.memory + page * PAGE, PAGE, RW,
			       NULL));
}

/* How long an honest table of 262144 entries takes, and what it holds. */
static void measure_normal(struct bomb *b)
{
	struct guest_table t;
	uint64_t i, n = rounds(512), start;
	uint8_t byte;

	gt_init(&t, b->t.format, 4, b->g.memory, 0, TABLES, SIZE);
	for (i = 0; i < n; i++)
		gt_map(&t, i * 2 * MIB, 0, 2 * MIB, 1, RW);
	start = now_ns();
	ck_ok(bind_table(b->child, t.format, 4, t.root));
	for (i = 0; i < n * 512; i += 64)
		ck_ok(dma_get(b->g.channel, i * PAGE, &byte));
	ck_ok(inv_all(b->g.ctx, b->child));
	b->normal = now_ns() - start;
	b->normal_bytes = memory_bytes(b->child);
	ck_ok(ioasid_space_unbind_pgtable(b->child));
}

/* Entry @i of each page refers to page @i mod 4; @mixed: with all kinds of permission. */
static void bomb_open(struct bomb *b, int i, bool mixed)
{
	unsigned int page, at;

	guest_open(&b->g, SIZE, 0);
	b->at = i / 4 ? 0 : SIZE;
	b->child = make_space(b->g.ctx, b->g.root, fills[i % 2]);
	guest_attach(&b->g, b->child);
	gt_init(&b->t, formats[i / 2 % 2], 4, b->g.memory, b->at, b->at, b->at + PAGES * PAGE);
	measure_normal(b);
	for (page = 0; page < PAGES; page++) {
		map_page(b, page);
		for (at = 0; at < 512; at++) {
			uint64_t value = gt_table_value(&b->t, b->at + at % PAGES * PAGE);

			if (mixed && at / PAGES % 3 == 1)
				value &= ~SS_WRITE;
			if (mixed && at / PAGES % 3 == 2)
				value &= formats[i / 2 % 2] == IOASID_PGTABLE_VTD_FS ? ~FS_USER :
										   ~SS_READ;
			gt_store(gt_slot(&b->t, b->at + page * PAGE, at), value);
		}
	}
}

/* Not longer than an honest table, with room for a busy machine, nor much memory. */
static void was_cheap(struct bomb *b, uint64_t start, const char *what)
{
	uint64_t took = now_ns() - start, bytes = memory_bytes(b->child);

	ck_assert_msg(took < 4 * b->normal + 100000000, "%s took %ju us, an honest table %ju us",
		      what, (uintmax_t)took / 1000, (uintmax_t)b->normal / 1000);
	ck_assert_msg(bytes < MIB, "%s left %ju KiB, an honest table %ju KiB", what,
		      (uintmax_t)bytes / 1024, (uintmax_t)b->normal_bytes / 1024);
}

static uint64_t some_iova(uint64_t n)
{
	return (n * UINT64_C(0x9e3779b97f4a7c15) >> 17) & 0x7ffffffffff8;
}

/* Where @iova leads, by the tables' own rule; -1 if not for @access, or by way of page @gone. */
static int64_t leads_where(struct bomb *b, uint64_t iova, bool mixed, uint32_t access, int gone)
{
	unsigned int level, page = 0;

	for (level = 4; level >= 1; level--) {
		unsigned int at = (iova >> (12 + 9 * (level - 1))) & 511;

		if (mixed && at / PAGES % 3 == 1 && access & IOASID_WRITE)
			return -1;
		if (mixed && at / PAGES % 3 == 2 &&
		    (b->t.format == IOASID_PGTABLE_VTD_FS || access & IOASID_READ))
			return -1;
		page = at % PAGES;
		if ((int)page == gone)
			return -1;
	}
	return (int64_t)(page * PAGE + iova % PAGE);
}

static void check(struct bomb *b, bool mixed, int gone, unsigned int n)
{
	uint64_t i;

	n = rounds(n);
	for (i = 0; i < n; i++) {
		uint32_t access = 1 + (uint32_t)i % RW;
		uint64_t iova = some_iova(i);
		int64_t want = leads_where(b, iova, mixed, access, gone);
		uint8_t *got = dma_where(b->g.channel, iova, access);

		ck_assert_msg(got == (want < 0 ? NULL : b->g.memory + want),
			      "%#jx for access %u leads to %#jx, expected %#jx", (uintmax_t)iova,
			      access, (uintmax_t)(got ? got - b->g.memory : -1), (uintmax_t)want);
	}
	drop_events(b->g.queue);
}

static void set_off(struct bomb *b, bool mixed)
{
	uint64_t start = now_ns();

	ck_ok(bind_table(b->child, b->t.format, 4, b->at));
	was_cheap(b, start, "bind");
	check(b, mixed, -1, 4000);
	start = now_ns();
	ck_ok(inv_all(b->g.ctx, b->child));
	was_cheap(b, start, "invalidation of all");
	start = now_ns();
	ck_ok(inv_range(b->g.ctx, b->child, 0x123456789000, PAGE));
	was_cheap(b, start, "invalidation of a page");
	start = now_ns();
	ck_ok(inv_range(b->g.ctx, b->child, PAGE, (UINT64_C(1) << 48) - 2 * PAGE));
	was_cheap(b, start, "invalidation of all but two pages");
	check(b, mixed, -1, 4000);
}

START_TEST(bomb_is_cheap)
{
	struct bomb b;

	bomb_open(&b, _i, false);
	set_off(&b, false);
	guest_close(&b.g);
}
END_TEST

START_TEST(bomb_with_permissions_is_cheap)
{
	struct bomb b;

	bomb_open(&b, _i, true);
	set_off(&b, true);
	guest_close(&b.g);
}
END_TEST

START_TEST(parent_of_a_bomb_can_change)
{
	struct bomb b;
	uint64_t start;

	bomb_open(&b, _i, false);
	ck_ok(bind_table(b.child, b.t.format, 4, b.at));
	check(&b, false, -1, 2000);
	start = now_ns();
	if (b.at) {
		ck_ok(ioasid_space_unmap(b.g.root, b.at + 3 * PAGE, PAGE, NULL));
		was_cheap(&b, start, "unmap of a page in the parent");
		check(&b, false, 3, 2000);
	} else {
		ck_ok(ioasid_space_unmap(b.g.root, 0, SIZE, NULL));
		was_cheap(&b, start, "unmap of the parent");
		guest_reaches(&b.g, some_iova(1), 0, 0);
		ck_ok(ioasid_space_map(b.g.root, 0, b.g.memory, SIZE, RW, NULL));
	}
	start = now_ns();
	map_page(&b, 3);
	was_cheap(&b, start, "map of a page in the parent");
	check(&b, false, -1, 2000);
	start = now_ns();
	ck_ok(ioasid_space_unbind_pgtable(b.child));
	was_cheap(&b, start, "unbind");
	guest_close(&b.g);
}
END_TEST

/* The address that leads through these entries of the four levels. */
static uint64_t by_entries(uint64_t l4, uint64_t l3, uint64_t l2, uint64_t l1)
{
	return l4 << 39 | l3 << 30 | l2 << 21 | l1 << 12;
}

START_TEST(bomb_whose_entries_change)
{
	uint64_t *entry, good, start;
	struct bomb b;

	bomb_open(&b, _i, false);
	ck_ok(bind_table(b.child, b.t.format, 4, b.at));
	check(&b, false, -1, 1000);
	entry = gt_slot(&b.t, b.at + 2 * PAGE, 100);
	good = gt_load(entry);
	start = now_ns();
	gt_store(entry, 0);
	ck_ok(inv_all(b.g.ctx, b.child));
	was_cheap(&b, start, "taking an entry out");
	/* Entry 2, 2 and 2 lead to page 2 again, in which entry 100 is gone. */
	guest_reaches(&b.g, by_entries(2, 2, 2, 100), 0, 0);
	guest_reaches(&b.g, by_entries(2, 2, 100, 2), 0, 0);
	guest_reaches(&b.g, by_entries(2, 2, 1, 100), 0, RW);
	gt_store(entry, good);
	ck_ok(inv_all(b.g.ctx, b.child));
	check(&b, false, -1, 1000);
	guest_close(&b.g);
}
END_TEST

START_TEST(space_on_a_bomb)
{
	struct ioasid_space *last;
	uint64_t start;
	struct bomb b;

	bomb_open(&b, _i, false);
	last = make_space(b.g.ctx, b.child, 0);
	ck_ok(bind_table(b.child, b.t.format, 4, b.at));
	start = now_ns();
	ck_ok(ioasid_space_map_parent(last, 0, 0, UINT64_C(1) << 47, RW, NULL));
	was_cheap(&b, start, "map of a space over a bomb");
	guest_attach(&b.g, last);
	check(&b, false, -1, 1000);
	ck_assert_uint_lt(memory_bytes(last), 64 * MIB);
	start = now_ns();
	ck_ok(ioasid_space_unmap_all(last, NULL));
	was_cheap(&b, start, "unmap of it");
	guest_close(&b.g);
}
END_TEST

/* A table of 512 tables that are not there: each would cost more than it, and none is needed. */
START_TEST(tables_that_are_nowhere)
{
	struct ioasid_space *child;
	struct guest_table t;
	struct guest g;
	uint64_t empty, at;
	unsigned int i, k;

	guest_open(&g, SIZE, 0);
	child = make_space(g.ctx, g.root, fills[_i % 2]);
	guest_attach(&g, child);
	gt_init(&t, formats[_i / 2 % 2], 4, g.memory, 0, TABLES, SIZE);
	ck_ok(bind_table(child, t.format, 4, t.root));
	empty = memory_bytes(child);
	for (k = 0; k < 4; k++)
		for (i = 0; i < 512; i++)
			gt_store(gt_entry(&t, by_entries(k, i, 0, 0), 3),
				 gt_table_value(&t, GIB + (k * 512 + i) * PAGE));
	ck_ok(inv_all(g.ctx, child));
	for (i = 0; i < 2048; i++)
		guest_faults(&g, by_entries(i / 512, i % 512, 3, 3), IOASID_READ,
			     IOASID_FAULT_TABLE_NOT_MAPPED);
	ck_assert_uint_le(memory_bytes(child), empty + 64 * PAGE);

	/* One of them comes. */
	at = gt_page(&t);
	ck_ok(ioasid_space_map(g.root, GIB + 3 * PAGE, g.memory + at, PAGE, RW, NULL));
	gt_store(gt_slot(&t, at, 5), gt_leaf_value(&t, 2, 2 * MIB, RW));
	guest_reaches(&g, by_entries(0, 3, 5, 1), 2 * MIB + PAGE, RW);
	ck_ok(inv_range(g.ctx, child, by_entries(0, 3, 6, 0), 2 * MIB));
	guest_reaches(&g, by_entries(0, 3, 5, 2), 2 * MIB + 2 * PAGE, RW);
	guest_close(&g);
}
END_TEST

/* How long it takes to empty tables all of whose entries lead to the same 513. */
static uint64_t empty_tables(int variant, unsigned int tables, bool is_parent)
{
	struct ioasid_space *child;
	struct guest_table t;
	struct guest g;
	uint64_t page, start, took;
	unsigned int i, k;

	guest_open(&g, SIZE, 0);
	child = make_space(g.ctx, g.root, IOASID_FILL_ON_INVALIDATION);
	gt_init(&t, formats[variant % 2], 4, g.memory, 0, TABLES, SIZE);
	page = gt_page(&t);
	for (i = 0; i < 512; i++)
		gt_store(gt_slot(&t, page, i), gt_table_value(&t, gt_page(&t)));
	for (k = 0; k < tables; k++)
		for (i = 0; i < 512; i++)
			gt_store(gt_entry(&t, by_entries(k, i, 0, 0), 3), gt_table_value(&t, page));
	ck_ok(bind_table(child, t.format, 4, t.root));
	if (is_parent)
		make_space(g.ctx, child, 0);
	for (k = 0; k < tables; k++)
		gt_unmap(&t, by_entries(k, 0, 0, 0), 512 * GIB, 3);
	start = now_ns();
	ck_ok(inv_all(g.ctx, child));
	took = now_ns() - start;
	guest_close(&g);
	return took;
}

START_TEST(tables_are_visited_once)
{
	uint64_t alone = empty_tables(_i, 16, false), took = empty_tables(_i, 16, true);

	ck_assert_msg(took < 20 * alone + 100000000, "%ju us as a parent, %ju us alone",
		      (uintmax_t)took / 1000, (uintmax_t)alone / 1000);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, bomb_is_cheap, 0, VARIANTS);
	tcase_add_loop_test(tc, bomb_with_permissions_is_cheap, 0, VARIANTS);
	tcase_add_loop_test(tc, parent_of_a_bomb_can_change, 0, VARIANTS);
	tcase_add_loop_test(tc, bomb_whose_entries_change, 0, VARIANTS);
	tcase_add_loop_test(tc, space_on_a_bomb, 0, VARIANTS);
	tcase_add_loop_test(tc, tables_that_are_nowhere, 0, 4);
	tcase_add_loop_test(tc, tables_are_visited_once, 0, 2);
}

int main(void)
{
	Suite *suite = suite_create("hostile-bomb");

	suite_add_sizes(suite, "hostile-bomb", add_tests);
	return run_suite(suite);
}
