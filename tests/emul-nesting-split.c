/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Superpages of the guest that the parent has in pieces: what they lead to is data, not tables,
 * whatever it looks like.
 */
#include "guest_tables.h"
#include "support.h"

#define SIZE   guest_size
#define TABLES (4 * MIB)
#define AT     (5 * GIB) /* of the superpage */
#define TARGET (7 * GIB) /* where it leads */
#define FLAT   (9 * GIB) /* of a table of pages that lead there */
#define PAGES  (rounds(32) * 16) /* that are looked at: 512, or a few */

static const enum ioasid_fill fills[] = { IOASID_FILL_ON_INVALIDATION, IOASID_FILL_ON_DEMAND };
static const enum ioasid_pgtable_format formats[] = { IOASID_PGTABLE_VTD_SS,
						      IOASID_PGTABLE_VTD_FS };

#define VARIANTS 8 /* fill, format, size of the superpage */

struct split {
	struct guest g;
	struct guest_table t;
	struct ioasid_space *child;
	unsigned int level;
};

/* The guest's memory up to 2 MiB, which the superpage leads to, is full of entries. */
static void split_open(struct split *s, int i)
{
	uint64_t at;

	guest_open(&s->g, SIZE, 0);
	s->level = i / 4 ? 3 : 2;
	s->child = make_space(s->g.ctx, s->g.root, fills[i % 2]);
	gt_init(&s->t, formats[i / 2 % 2], 4, s->g.memory, 0, TABLES, SIZE);
	for (at = 0; at < 2 * MIB; at += 8) {
		uint64_t *slot = (uint64_t *)(void *)(s->g.memory + at);

		gt_store(slot, at / 8 % 3 ? gt_leaf_value(&s->t, 1, 700 * PAGE, RW) :
					    gt_table_value(&s->t, at & ~(PAGE - 1)));
	}
	gt_map(&s->t, AT, TARGET, PAGE, s->level, RW);
	ck_ok(bind_table(s->child, s->t.format, 4, s->t.root));
	guest_attach(&s->g, s->child);
}

/* Page by page, the first at the end of the memory; every seventh is missing. */
static bool missing(uint64_t page)
{
	return page % 7 == 5;
}

static void map_piece(struct split *s, uint64_t i)
{
	ck_ok(ioasid_space_map(s->g.root, TARGET + i * PAGE, s->g.memory + (PAGES - 1 - i) * PAGE,
			       PAGE, i % 5 ? RW : IOASID_READ, NULL));
}

static void map_pieces(struct split *s, uint64_t pages)
{
	uint64_t i;

	for (i = 0; i < pages; i++)
		if (!missing(i))
			map_piece(s, i);
}

static void check_pieces(struct split *s, uint64_t pages, uint64_t step)
{
	uint64_t i;

	for (i = 0; i < pages; i += step)
		guest_reaches(&s->g, AT + i * PAGE, (PAGES - 1 - i) * PAGE,
			      missing(i) ? 0 : i % 5 ? RW : IOASID_READ);
}

START_TEST(invalidations_inside_change_nothing)
{
	struct ioasid_inv *inv;
	struct split s;
	uint64_t i;

	split_open(&s, _i);
	map_pieces(&s, PAGES);
	check_pieces(&s, PAGES, 1);
	for (i = 0; i < PAGES; i += 3)
		ck_ok(inv_range(s.g.ctx, s.child, AT + i * PAGE, PAGE));
	check_pieces(&s, PAGES, 1);
	ck_ok(ioasid_inv_new(s.g.ctx, 0, &inv));
	for (i = 0; i < PAGES; i += 5)
		ck_ok(ioasid_inv_add_mask(inv, s.child, AT + i * PAGE, i % 4,
					  i % 2 ? IOASID_INV_LEAF_ONLY : 0));
	ck_ok(ioasid_inv_submit(inv, NULL));
	ioasid_inv_free(inv);
	check_pieces(&s, PAGES, 1);
	ck_ok(inv_all(s.g.ctx, s.child));
	check_pieces(&s, PAGES, 1);
	guest_close(&s.g);
}
END_TEST

START_TEST(invalidations_before_use_change_nothing)
{
	struct split s;
	uint64_t i;

	split_open(&s, _i);
	map_pieces(&s, PAGES);
	for (i = 0; i < PAGES; i += 3) {
		ck_ok(inv_range(s.g.ctx, s.child, AT + i * PAGE, PAGE));
		guest_reaches(&s.g, AT + i * PAGE, (PAGES - 1 - i) * PAGE,
			      missing(i) ? 0 : i % 5 ? RW : IOASID_READ);
	}
	check_pieces(&s, PAGES, 1);
	guest_close(&s.g);
}
END_TEST

START_TEST(parent_half_in_pieces_and_half_in_one)
{
	struct split s;
	uint64_t i;

	split_open(&s, _i);
	map_pieces(&s, PAGES / 2);
	ck_ok(ioasid_space_map(s.g.root, TARGET + PAGES / 2 * PAGE, s.g.memory + PAGE, SIZE - PAGE,
			       RW, NULL));
	for (i = 0; i < PAGES; i += 2) {
		ck_ok(inv_range(s.g.ctx, s.child, AT + i * PAGE, PAGE));
		if (i < PAGES / 2)
			check_pieces(&s, i + 1, 50);
		else
			guest_reaches(&s.g, AT + i * PAGE, (i - PAGES / 2 + 1) * PAGE, RW);
	}
	ck_ok(ioasid_space_unmap(s.g.root, TARGET + PAGES / 2 * PAGE, SIZE - PAGE, NULL));
	for (i = PAGES / 2; i < PAGES; i += 9)
		guest_reaches(&s.g, AT + i * PAGE, 0, 0);
	check_pieces(&s, PAGES / 2, 1);
	guest_close(&s.g);
}
END_TEST

START_TEST(parent_in_one_up_to_the_middle)
{
	/* The parent's mapping ends 1 MiB behind the target; it is the memory's last but one. */
	uint64_t length = SIZE - MIB, first = length - MIB, i;
	struct split s;

	split_open(&s, _i);
	for (i = 0; i < MIB; i += 8)
		*(uint64_t *)(void *)(s.g.memory + first + i) = gt_leaf_value(&s.t, 1, TARGET, RW);
	ck_ok(ioasid_space_map(s.g.root, TARGET - first, s.g.memory, length, RW, NULL));
	for (i = 0; i < 256; i += 512 / PAGES)
		guest_reaches(&s.g, AT + i * PAGE, first + i * PAGE, RW);
	for (i = 0; i < 512; i += 3)
		ck_ok(inv_range(s.g.ctx, s.child, AT + i * PAGE, PAGE));
	for (i = 0; i < 512; i += 512 / PAGES)
		guest_reaches(&s.g, AT + i * PAGE, first + i * PAGE, i < 256 ? RW : 0);
	guest_close(&s.g);
}
END_TEST

START_TEST(pieces_come_and_go)
{
	struct split s;
	uint64_t i;

	split_open(&s, _i);
	map_pieces(&s, PAGES);
	check_pieces(&s, PAGES, 1);
	for (i = 0; i < PAGES; i += 11) {
		if (missing(i))
			continue;
		ck_ok(ioasid_space_unmap(s.g.root, TARGET + i * PAGE, PAGE, NULL));
		guest_faults(&s.g, AT + i * PAGE, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
		ck_ok(ioasid_space_map(s.g.root, TARGET + i * PAGE, s.g.memory + 600 * PAGE, PAGE,
				       RW, NULL));
		guest_reaches(&s.g, AT + i * PAGE, 600 * PAGE, RW);
	}
	gt_unmap(&s.t, AT, PAGE, s.level);
	ck_ok(inv_range(s.g.ctx, s.child, AT, PAGE));
	for (i = 0; i < PAGES; i += 11)
		guest_faults(&s.g, AT + i * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_close(&s.g);
}
END_TEST

/* Page n of the table leads to page n ^ @turn. */
static void lead_to(struct split *s, uint64_t turn)
{
	uint64_t i;

	for (i = 0; i < PAGES; i++)
		gt_map(&s->t, FLAT + i * PAGE, TARGET + (i ^ turn) * PAGE, PAGE, 1, RW);
	ck_ok(inv_all(s->g.ctx, s->child));
	for (i = 0; i < PAGES; i++)
		guest_reaches(&s->g, FLAT + (i ^ turn) * PAGE, (PAGES - 1 - i) * PAGE,
			      missing(i) ? 0 : i % 5 ? RW : IOASID_READ);
}

START_TEST(table_of_pages_follows_each_piece)
{
	struct split s;
	uint64_t i;

	split_open(&s, _i);
	map_pieces(&s, PAGES);
	lead_to(&s, 0);
	lead_to(&s, 1);
	for (i = 0; i < PAGES; i += 3) {
		if (missing(i))
			continue;
		ck_ok(ioasid_space_unmap(s.g.root, TARGET + i * PAGE, PAGE, NULL));
		guest_faults(&s.g, FLAT + (i ^ 1) * PAGE, IOASID_READ,
			     IOASID_FAULT_TARGET_NOT_MAPPED);
		map_piece(&s, i);
	}
	lead_to(&s, 2);
	guest_close(&s.g);
}
END_TEST

START_TEST(superpage_over_a_page_that_is_a_table_elsewhere)
{
	uint64_t *entry, i;
	struct split s;

	/* The table is the first page of what the superpage leads to: in two roles at a time. */
	split_open(&s, _i);
	map_pieces(&s, PAGES);
	entry = gt_entry(&s.t, AT + 64 * GIB, s.level);
	gt_store(entry, gt_table_value(&s.t, TARGET));
	for (i = 0; i < 512; i++)
		gt_store((uint64_t *)(void *)(s.g.memory + (PAGES - 1) * PAGE) + i, 0);
	if (s.level == 3) {
		/* One level more: that table's first entry leads to itself. */
		gt_store((uint64_t *)(void *)(s.g.memory + (PAGES - 1) * PAGE),
			 gt_table_value(&s.t, TARGET));
	}
	gt_store((uint64_t *)(void *)(s.g.memory + (PAGES - 1) * PAGE) + 9,
		 gt_leaf_value(&s.t, 1, 800 * PAGE, RW));
	ck_ok(inv_all(s.g.ctx, s.child));
	guest_reaches(&s.g, AT + 64 * GIB + 9 * PAGE, 800 * PAGE, RW);
	check_pieces(&s, PAGES, 1);
	guest_reaches(&s.g, AT + 64 * GIB + 9 * PAGE, 800 * PAGE, RW);
	ck_ok(inv_range(s.g.ctx, s.child, AT + 9 * PAGE, PAGE));
	ck_ok(inv_range(s.g.ctx, s.child, AT + 64 * GIB + 9 * PAGE, PAGE));
	check_pieces(&s, PAGES, 1);
	guest_reaches(&s.g, AT + 64 * GIB + 9 * PAGE, 800 * PAGE, RW);
	guest_close(&s.g);
}
END_TEST

START_TEST(every_table_follows_the_mapping_it_leads_to)
{
	struct split s;

	/* The second table is read, and empty, long before an entry leads to the same mapping. */
	split_open(&s, _i);
	gt_map(&s.t, AT + 2 * GIB, 0, PAGE, 1, RW);
	gt_map(&s.t, AT + 3 * GIB, 0, PAGE, 1, RW);
	gt_unmap(&s.t, AT + 3 * GIB, PAGE, 1);
	ck_ok(inv_all(s.g.ctx, s.child));
	guest_reaches(&s.g, AT + 3 * GIB, 0, 0);
	ck_ok(ioasid_space_map(s.g.root, TARGET, s.g.memory, 4 * PAGE, RW, NULL));
	gt_map(&s.t, AT + 2 * GIB, TARGET, PAGE, 1, RW);
	gt_map(&s.t, AT + 3 * GIB, TARGET, 4 * PAGE, 1, RW);
	ck_ok(inv_range(s.g.ctx, s.child, AT + 2 * GIB, PAGE));
	ck_ok(inv_range(s.g.ctx, s.child, AT + 3 * GIB, PAGE));
	ck_ok(inv_range(s.g.ctx, s.child, AT + 3 * GIB + PAGE, 3 * PAGE));
	guest_reaches(&s.g, AT + 2 * GIB, 0, RW);
	guest_reaches(&s.g, AT + 3 * GIB, 0, RW);
	guest_reaches(&s.g, AT + 3 * GIB + 3 * PAGE, 3 * PAGE, RW);
	ck_ok(ioasid_space_unmap(s.g.root, TARGET, 4 * PAGE, NULL));
	guest_reaches(&s.g, AT + 2 * GIB, 0, 0);
	guest_reaches(&s.g, AT + 3 * GIB, 0, 0);
	guest_reaches(&s.g, AT + 3 * GIB + 3 * PAGE, 0, 0);
	guest_close(&s.g);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, invalidations_inside_change_nothing, 0, VARIANTS);
	tcase_add_loop_test(tc, invalidations_before_use_change_nothing, 0, VARIANTS);
	tcase_add_loop_test(tc, parent_half_in_pieces_and_half_in_one, 0, VARIANTS);
	tcase_add_loop_test(tc, parent_in_one_up_to_the_middle, 0, VARIANTS);
	tcase_add_loop_test(tc, pieces_come_and_go, 0, VARIANTS);
	tcase_add_loop_test(tc, table_of_pages_follows_each_piece, 0, VARIANTS);
	tcase_add_loop_test(tc, superpage_over_a_page_that_is_a_table_elsewhere, 0, VARIANTS);
	tcase_add_loop_test(tc, every_table_follows_the_mapping_it_leads_to, 0, VARIANTS);
}

int main(void)
{
	Suite *suite = suite_create("nesting-split");

	suite_add_sizes(suite, "nesting-split", add_tests);
	return run_suite(suite);
}
