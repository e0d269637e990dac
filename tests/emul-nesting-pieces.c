/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests' tables whose entries lead to pages that the parent has one by one. When the parent gives
 * up some, exactly what leads there goes, however the entries came to lead there, and whatever
 * happened before.
 */
#include <string.h>

#include "dirty_guest.h"
#include "guest_tables.h"

#define SIZE	 (8 * MIB)
#define TABLES	 (4 * MIB)
#define PIECES	 (4 * GIB)	/* where the parent has the pages: */
#define N_PIECES 512u
#define AT	 (16 * GIB)	/* where the child has */
#define N	 1024u		/* entries, two tables full, */
#define NOWHERE	 UINT32_MAX
#define MANY	 150		/* unmaps: so that entries are sought, and found without that */

static const enum ioasid_pgtable_format formats[] = {
	IOASID_PGTABLE_VTD_SS, IOASID_PGTABLE_VTD_FS, IOASID_PGTABLE_AMD_V1,
};

#define FORMATS (int)(sizeof(formats) / sizeof(formats[0]))

struct world {
	struct guest g;
	struct guest_table t;
	struct ioasid_space *parent;	/* the root, or a child of it */
	struct ioasid_space *child;
	uint64_t at;			/* what DMA has AT at */
	uint32_t leads[N];		/* to pieces */
	uint32_t perm[N];
	bool mapped[N_PIECES];
	uint64_t page[N_PIECES];	/* of the memory: where a piece is */
};

static struct world w;

/* The parent has pages of the memory at @iova. */
static void map_pages(uint64_t iova, uint64_t page, uint64_t n)
{
	if (w.parent == w.g.root)
		ck_ok(ioasid_space_map(w.parent, iova, w.g.memory + page * PAGE, n * PAGE, RW,
				       NULL));
	else
		ck_ok(ioasid_space_map_parent(w.parent, iova, page * PAGE, n * PAGE, RW, NULL));
}

static void unmap_pages(uint64_t iova, uint64_t n)
{
	ck_ok(ioasid_space_unmap(w.parent, iova, n * PAGE, NULL));
}

static void map_piece(uint32_t piece, uint64_t page)
{
	w.mapped[piece] = true;
	w.page[piece] = page;
	map_pages(PIECES + piece * PAGE, page, 1);
}

static void unmap_pieces(uint32_t piece, uint32_t n)
{
	uint32_t i;

	for (i = piece; i < piece + n; i++)
		w.mapped[i] = false;
	unmap_pages(PIECES + piece * PAGE, n);
}

/* No order that a neighbour could follow from. */
static uint32_t scatter(uint32_t i, uint32_t n)
{
	return (i * 197 + 31) % n;
}

static void lead(uint32_t i, uint32_t piece, uint32_t perm)
{
	uint64_t *entry = gt_entry(&w.t, AT + i * PAGE, 1);

	w.leads[i] = piece;
	w.perm[i] = perm;
	gt_store(entry, piece == NOWHERE ? 0 :
		 gt_leaf_value(&w.t, 1, PIECES + piece * PAGE, perm));
}

static uint32_t some_perm(uint32_t i)
{
	return i % 5 == 3 ? IOASID_READ : RW;
}

/* All entries lead somewhere: each piece has several that do, not all in one table. */
static void lead_all(uint32_t shift)
{
	uint32_t i;

	for (i = 0; i < N; i++)
		lead(i, scatter(i + shift, N_PIECES), some_perm(i + shift));
}

static void sync_all(void)
{
	ck_ok(inv_all(w.g.ctx, w.child));
}

static void open_with(enum ioasid_pgtable_format format, struct ioasid_space *parent)
{
	uint32_t i;

	w.parent = parent;
	for (i = 0; i < N_PIECES; i++)
		map_piece(i, scatter(i, N_PIECES));
	w.at = AT;
	w.child = make_space(w.g.ctx, w.parent, IOASID_FILL_ON_INVALIDATION);
	gt_init(&w.t, format, 4, w.g.memory, 0, TABLES, SIZE);
	lead_all(0);
	ck_ok(bind_table(w.child, format, 4, w.t.root));
	guest_attach(&w.g, w.child);
}

/* With each format the pieces are a root's, and a child's. */
#define WORLDS (2 * FORMATS)

static void open_world(int i)
{
	struct ioasid_space *parent;

	guest_open(&w.g, SIZE, 0);
	parent = w.g.root;
	if (i / FORMATS) {
		parent = make_space(w.g.ctx, w.g.root, 0);
		ck_ok(ioasid_space_map_parent(parent, 0, 0, SIZE, RW, NULL));
	}
	open_with(formats[i % FORMATS], parent);
}

static void check_entry(uint32_t i)
{
	uint32_t piece = w.leads[i];
	bool reaches = piece != NOWHERE && w.mapped[piece];

	guest_reaches(&w.g, w.at + i * PAGE, reaches ? w.page[piece] * PAGE : 0,
		      reaches ? w.perm[i] : 0);
}

/* Those that led to @piece, and @some others. */
static void check_piece(uint32_t piece, uint32_t some)
{
	uint32_t i;

	for (i = 0; i < N; i++)
		if (w.leads[i] == piece || i % (N / some) == piece % (N / some))
			check_entry(i);
}

static void check_all(void)
{
	uint32_t i;

	for (i = 0; i < N; i++)
		check_entry(i);
}

static void close_world(void)
{
	check_all();
	guest_close(&w.g);
}

START_TEST(a_page_takes_all_that_led_there)
{
	uint32_t i;

	open_world(_i);
	for (i = 0; i < MANY; i++) {
		uint32_t piece = scatter(i * 3, N_PIECES);

		unmap_pieces(piece, 1);
		check_piece(piece, 4);
	}
	close_world();
}
END_TEST

/* Nothing of it has been used when it goes: what a DMA resolves is another way to lead there. */
START_TEST(pages_go_before_they_are_used)
{
	uint32_t i;

	open_world(_i);
	for (i = 0; i < MANY; i++)
		unmap_pieces(scatter(i * 3, N_PIECES), 1);
	close_world();
}
END_TEST

START_TEST(many_pages_go_in_one_call)
{
	open_world(_i);
	unmap_pieces(40, 3);
	check_all();
	unmap_pieces(100, 300);
	close_world();
}
END_TEST

START_TEST(pages_come_back_elsewhere)
{
	uint32_t i;

	open_world(_i);
	for (i = 0; i < MANY; i++) {
		uint32_t piece = scatter(i * 3, N_PIECES);

		unmap_pieces(piece, 1);
		map_piece(piece, (w.page[piece] + 1) % N_PIECES);
		check_piece(piece, 4);
	}
	close_world();
}
END_TEST

/* What has changed since lists were made is on none again, and what has not still is. */
START_TEST(entries_change_between)
{
	uint32_t round, i;

	open_world(_i);
	for (round = 1; round < 6; round++) {
		for (i = 0; i < 70; i++)
			unmap_pieces(scatter(round * 70 + i, N_PIECES), 1);
		if (round % 2)
			lead_all(round);
		else
			for (i = round; i < N; i += 7)
				lead(i, scatter(i * round, N_PIECES), some_perm(i + round));
		sync_all();
		check_all();
		for (i = 0; i < 70; i++)
			map_piece(scatter(round * 70 + i, N_PIECES), scatter(i + round, N_PIECES));
		check_all();
	}
	close_world();
}
END_TEST

/* One invalidation of one page has a way of its own. */
START_TEST(entries_change_one_by_one)
{
	uint32_t i;

	open_world(_i);
	for (i = 0; i < MANY; i++) {
		uint32_t at = scatter(i, N), piece = w.leads[at];

		lead(at, scatter(i * 11, N_PIECES), RW);
		ck_ok(inv_range(w.g.ctx, w.child, AT + at * PAGE, PAGE));
		unmap_pieces(i % 2 ? piece : w.leads[at], 1);
		check_piece(piece, 2);
		check_piece(w.leads[at], 2);
		map_piece(i % 2 ? piece : w.leads[at], i);
	}
	close_world();
}
END_TEST

/* Entries that are absent, and pages that are not there, between others. */
START_TEST(tables_with_gaps)
{
	uint32_t i, round;

	open_world(_i);
	for (round = 0; round < 4; round++) {
		for (i = 0; i < N; i++)
			lead(i, (i + round) % 3 ? scatter(i + round, N_PIECES) : NOWHERE,
			     some_perm(i * round));
		for (i = 10 * round; i < 10 * round + 10; i++)
			unmap_pieces(scatter(i, N_PIECES), 1);
		sync_all();
		check_all();
	}
	for (i = 0; i < N; i++)
		lead(i, NOWHERE, 0);
	sync_all();
	check_all();
	for (i = 100; i < 110; i++)
		unmap_pieces(scatter(i, N_PIECES), 1);
	lead_all(2);
	sync_all();
	close_world();
}
END_TEST

/*
 * Entries that lead a GiB and more away from each other: to pages, to a place where the parent has
 * nothing for as far, to a single page, and back.
 */
START_TEST(entries_lead_far_away)
{
	static const uint64_t far[] = { 0, GIB, 5 * GIB, 64 * GIB, 700 * GIB, 255 * 1024 * GIB };
	const uint32_t ways = sizeof(far) / sizeof(far[0]);
	uint32_t i;

	open_world(_i);
	map_pages(PIECES + far[2], 1, 1);
	map_pages(PIECES + far[4], 2, 1);
	for (i = 0; i < N; i++)
		gt_store(gt_entry(&w.t, AT + i * PAGE, 1),
			 gt_leaf_value(&w.t, 1, PIECES + far[i / 3 % ways] + i % 2 * PAGE, RW));
	sync_all();
	for (i = 0; i < N; i++) {
		uint64_t to = far[i / 3 % ways];
		bool one = i % 2 == 0 && (to == far[2] || to == far[4]);

		guest_reaches(&w.g, AT + i * PAGE,
			      !to ? w.page[i % 2] * PAGE : one ? (to == far[2] ? 1 : 2) * PAGE : 0,
			      !to || one ? RW : 0);
	}
	lead_all(1);
	sync_all();
	close_world();
}
END_TEST

/* Entries are what a guest likes them to be, the opposite of the one before as well. */
START_TEST(entries_without_a_likeness)
{
	static uint8_t before[N / 512 * PAGE];
	uint64_t *table;
	uint32_t i, round;

	open_world(_i);
	table = gt_entry(&w.t, AT, 1);
	memcpy(before, table, sizeof(before));
	for (round = 0; round < 3; round++) {
		for (i = 0; i < N; i++)
			gt_store(&table[i], i % 2 ? ~gt_load(&table[i - 1]) :
				 round ? (uint64_t)i * i * UINT64_C(0x9e3779b97f4a7c15) : 0);
		sync_all();
		unmap_pieces(round, 1);
	}
	memcpy(table, before, sizeof(before));
	sync_all();
	close_world();
}
END_TEST

/* Mappings that are more than a page, and end within what an entry of an upper level covers. */
START_TEST(pieces_of_many_sizes)
{
	static const struct {
		uint64_t at, page, pages;
	} sizes[] = {
		{ 0, 0, 512 }, { 512, 3, 1 }, { 513, 7, 700 }, { 2048, 512, 1024 }, { 4096, 5, 64 },
	};
	uint32_t i, k;

	open_world(_i);
	for (k = 0; k < 5; k++)
		map_pages(2 * PIECES + sizes[k].at * PAGE, sizes[k].page, sizes[k].pages);
	for (i = 0; i < N; i++)
		gt_map(&w.t, AT + i * PAGE, 2 * PIECES +
		       (sizes[i % 5].at + scatter(i, (uint32_t)sizes[i % 5].pages)) * PAGE, PAGE, 1,
		       RW);
	sync_all();
	for (k = 0; k <= 5; k++) {
		for (i = 0; i < N; i++)
			guest_reaches(&w.g, AT + i * PAGE,
				      (sizes[i % 5].page +
				       scatter(i, (uint32_t)sizes[i % 5].pages)) * PAGE,
				      i % 5 < k ? 0 : RW);
		if (k < 5)
			unmap_pages(2 * PIECES + sizes[k].at * PAGE, sizes[k].pages);
	}
	lead_all(3);
	sync_all();
	close_world();
}
END_TEST

/* Two pages of the parent's that are one: the other stays. */
START_TEST(pages_that_are_the_same)
{
	uint32_t i;

	open_world(_i);
	for (i = 0; i < 100; i++) {
		unmap_pieces(i, 1);
		map_piece(i, w.page[i + 256]);
	}
	check_all();
	lead_all(9);
	sync_all();
	for (i = 0; i < 100; i++) {
		unmap_pieces(i % 2 ? i : i + 256, 1);
		check_piece(i, 2);
		check_piece(i + 256, 2);
	}
	close_world();
}
END_TEST

START_TEST(another_table_is_bound)
{
	struct guest_table other;
	uint32_t i;

	open_world(_i);
	gt_init(&other, w.t.format, 4, w.g.memory, 0, w.t.next, SIZE);
	w.t = other;
	lead_all(77);
	ck_ok(bind_table(w.child, w.t.format, 4, w.t.root));
	for (i = 0; i < 20; i++)
		unmap_pieces(i, 1);
	check_all();
	ck_ok(ioasid_space_unbind_pgtable(w.child));
	for (; i < 40; i++)
		unmap_pieces(i, 1);
	ck_ok(bind_table(w.child, w.t.format, 4, w.t.root));
	for (; i < 60; i++)
		unmap_pieces(i, 1);
	close_world();
}
END_TEST

/* The tables themselves are in pages that go. */
START_TEST(tables_go)
{
	uint32_t i;

	open_world(_i);
	unmap_pieces(3, 1);
	unmap_pages(0, SIZE / PAGE);
	for (i = 0; i < N; i += 3)
		guest_reaches(&w.g, AT + i * PAGE, 0, 0);
	for (i = 10; i < MANY; i++)
		unmap_pieces(i, 1);
	map_pages(0, 0, SIZE / PAGE);
	close_world();
}
END_TEST

static void make_grandchild(void)
{
	struct ioasid_space *space = make_space(w.g.ctx, w.child, 0);

	w.at = 3 * GIB;
	ck_ok(ioasid_space_map_parent(space, w.at, AT, N * PAGE, RW, NULL));
	ck_ok(ioasid_device_replace(w.g.device, space));
}

START_TEST(grandchildren_follow)
{
	uint32_t i;

	open_world(_i);
	make_grandchild();
	for (i = 0; i < MANY; i++) {
		uint32_t piece = scatter(i * 3, N_PIECES);

		if (i == 50) {
			lead_all(5);
			sync_all();
		}
		unmap_pieces(piece, 1);
		check_piece(piece, 4);
	}
	check_all();
	lead_all(21);
	sync_all();
	close_world();
}
END_TEST

/* Exactly the pages that were written through the child since the last time. */
static void check_dirty(const bool *written)
{
	uint64_t got[N_PIECES / 64] = { 0 };
	uint32_t i;

	ck_ok(ioasid_space_dirty_read(w.g.root, PIECES, N_PIECES * PAGE, PAGE, 0, got));
	for (i = 0; i < N_PIECES; i++)
		ck_assert_msg((got[i / 64] >> i % 64 & 1) == written[i], "piece %u is %s", i,
			      written[i] ? "clean" : "dirty");
}

static void write_some(bool *written, uint32_t step)
{
	uint32_t i;

	memset(written, 0, N_PIECES * sizeof(*written));
	for (i = 0; i < N; i += step) {
		bool may = w.mapped[w.leads[i]] && w.perm[i] & IOASID_WRITE;

		ck_assert_int_eq(dma_put(w.g.channel, w.at + i * PAGE, 1), may ? 0 : -EFAULT);
		if (may)
			written[w.leads[i]] = true;
	}
	drop_events(w.g.queue);
}

#define CHILDREN 4u
#define SOME	 64u		/* entries of each, of a table of its own */

/* How many of the children have a translation of their entry @i. */
static unsigned int count_having(struct ioasid_space *const *children, uint32_t i)
{
	unsigned int k, n = 0;

	for (k = 0; k < CHILDREN; k++) {
		uint64_t cursor = AT + i * PAGE;
		struct ioasid_run run;
		bool done;

		n += children[k] && ioasid_space_query_runs(children[k], &cursor, cursor + PAGE - 1,
							    &run, 1, &done) == 1;
	}
	return n;
}

/* Entries that an invalidation has found changed: whoever comes and goes, all others are told. */
START_TEST(each_of_several_children_follows)
{
	struct ioasid_space *children[CHILDREN];
	struct guest_table t[CHILDREN];
	unsigned int k;
	uint32_t i;

	open_world(_i);
	for (k = 0; k < CHILDREN; k++) {
		const uint64_t tables = TABLES + MIB + k * 64 * PAGE;

		children[k] = make_space(w.g.ctx, w.parent, IOASID_FILL_ON_INVALIDATION);
		gt_init(&t[k], formats[_i % FORMATS], 4, w.g.memory, 0, tables, tables + 64 * PAGE);
		gt_map(&t[k], AT, PIECES, SOME * PAGE, 1, RW);
		ck_ok(bind_table(children[k], formats[_i % FORMATS], 4, t[k].root));
		gt_map(&t[k], AT, PIECES + SOME * PAGE, SOME * PAGE, 1, RW);
		ck_ok(inv_all(w.g.ctx, children[k]));
	}
	for (i = 0; i < CHILDREN; i++) {
		ck_assert_uint_eq(count_having(children, i), CHILDREN - i);
		unmap_pieces(SOME + i, 1);
		ck_assert_uint_eq(count_having(children, i), 0);
		k = (1 + i * 3) % CHILDREN;	/* within the others, and at both ends */
		if (i % 2)
			ck_ok(ioasid_space_unbind_pgtable(children[k]));
		else
			ck_ok(ioasid_space_destroy(children[k]));
		children[k] = NULL;
	}
	close_world();
}
END_TEST

/* @_i / FORMATS: 0: recording begins before anything has gone; 1: a grandchild writes. */
START_TEST(recording_begins_and_ends_between)
{
	bool written[N_PIECES];
	uint32_t i;

	guest_open(&w.g, SIZE, 0);
	ck_ok(ioasid_space_destroy(w.g.root));
	w.g.root = dirty_root(w.g.ctx);
	ck_ok(ioasid_space_map(w.g.root, 0, w.g.memory, SIZE, RW, NULL));
	open_with(formats[_i % FORMATS], w.g.root);
	if (_i / FORMATS)
		make_grandchild();
	for (i = 0; i < MANY; i++) {
		uint32_t piece = scatter(i, N_PIECES);

		unmap_pieces(piece, 1);
		check_piece(piece, 2);
		map_piece(piece, (w.page[piece] + i) % N_PIECES);
		if (i % 40 == 10) {
			ck_ok(ioasid_space_dirty_start(w.g.root));
			write_some(written, 5);
			check_dirty(written);
			write_some(written, 3);
			check_dirty(written);
		} else if (i % 40 == 30) {
			check_all();
			ck_ok(ioasid_space_dirty_stop(w.g.root));
			lead_all(i);
			sync_all();
		}
	}
	close_world();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nesting-pieces");
	TCase *tc = tcase_create("nesting-pieces");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, a_page_takes_all_that_led_there, 0, WORLDS);
	tcase_add_loop_test(tc, pages_go_before_they_are_used, 0, WORLDS);
	tcase_add_loop_test(tc, many_pages_go_in_one_call, 0, WORLDS);
	tcase_add_loop_test(tc, pages_come_back_elsewhere, 0, WORLDS);
	tcase_add_loop_test(tc, entries_change_between, 0, WORLDS);
	tcase_add_loop_test(tc, entries_change_one_by_one, 0, WORLDS);
	tcase_add_loop_test(tc, tables_with_gaps, 0, WORLDS);
	tcase_add_loop_test(tc, entries_lead_far_away, 0, WORLDS);
	tcase_add_loop_test(tc, entries_without_a_likeness, 0, WORLDS);
	tcase_add_loop_test(tc, pieces_of_many_sizes, 0, WORLDS);
	tcase_add_loop_test(tc, pages_that_are_the_same, 0, WORLDS);
	tcase_add_loop_test(tc, another_table_is_bound, 0, WORLDS);
	tcase_add_loop_test(tc, tables_go, 0, WORLDS);
	tcase_add_loop_test(tc, grandchildren_follow, 0, WORLDS);
	tcase_add_loop_test(tc, each_of_several_children_follows, 0, WORLDS);
	tcase_add_loop_test(tc, recording_begins_and_ends_between, 0, 2 * FORMATS);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
