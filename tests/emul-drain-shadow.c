/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whatever takes a translation out of a shadow waits for the DMA that uses it, on each of the ways
 * that an entry can be kept and be read again; and what only adds translations waits for nothing.
 */
#include "guest_tables.h"
#include "waiter.h"

#define SMALL_SIZE (8 * MIB)	/* of the guest's memory */
#define LARGE_SIZE (160 * MIB)	/* so much that nobody keeps track of its pages one by one */
#define TABLES (4 * MIB)	/* the guest's pages are below, half of them used first: */
#define OTHER  (2 * MIB)	/* this far are those that entries are moved to */
#define PIECES (4 * GIB)	/* where the parent has all pages one by one */
#define FIRST  (16 * GIB)	/* 2 MiB are mapped there, */
#define N      512u
#define INSIDE (5 * PAGE)
#define AT     (FIRST + INSIDE)	/* which the DMA uses this page of */
#define LATER  (FIRST + (N - 1) * PAGE)	/* small ones lack this at first */
#define NEW    (FIRST + 2 * MIB)	/* nothing so far */

/* What the entries lead to, and so how the library keeps them. */
enum kind {
	WHOLE,		/* a large mapping, all entries alike */
	MIXED,		/* some entries differ in their permission */
	SMALL,		/* pages of a root's */
	LISTED,		/* pages of a child's */
	LARGE,		/* an entry of 2 MiB leads to a large mapping, */
	LARGE_SMALL,	/* or to pages of a root's, */
	LARGE_LISTED,	/* or of a child's */
	KINDS
};

enum change { CLEAR, MOVE, TAKE_WRITE, CLEAR_TABLE, MOVE_TABLE, UNMAP_PARENT, CHANGES };
enum how { A_PAGE, A_LEAF, PAGES_APART, NEIGHBOURS, ALL, HOWS };

struct world {
	struct guest g;
	struct guest_table t;
	struct ioasid_space *parent, *child;
	uint64_t target;	/* the parent's address of the first page */
	unsigned int level;	/* of the leaves at AT */
	enum kind kind;
	enum how how;
};

static struct world w;

static bool is_large(void)
{
	return w.kind >= LARGE;
}

static bool is_in_pages(void)
{
	return w.kind != WHOLE && w.kind != MIXED && w.kind != LARGE;
}

/* Neighbours are not next to each other in the memory. */
static void *page_of(uint64_t offset)
{
	return w.g.memory + (is_in_pages() ? offset ^ PAGE : offset);
}

static void make_parent(void)
{
	uint64_t offset;

	w.parent = w.g.root;
	w.target = 0;
	if (w.kind == LISTED || w.kind == LARGE_LISTED) {
		w.parent = make_space(w.g.ctx, w.g.root, 0);
		ck_ok(ioasid_space_map_parent(w.parent, 0, 0, w.g.size, RW, NULL));
	}
	if (!is_in_pages())
		return;
	w.target = PIECES;
	for (offset = 0; offset < TABLES; offset += PAGE) {
		if (w.parent == w.g.root)
			ck_ok(ioasid_space_map(w.parent, PIECES + offset, page_of(offset), PAGE, RW,
					       NULL));
		else
			ck_ok(ioasid_space_map_parent(w.parent, PIECES + offset, offset ^ PAGE,
						      PAGE, RW, NULL));
	}
}

/* The leaf that the DMA uses leads @offset further than at first. */
static void lead_to(uint64_t offset, uint32_t perm)
{
	uint64_t target = w.target + offset + (is_large() ? 0 : INSIDE);

	gt_store(gt_entry(&w.t, AT, w.level), gt_leaf_value(&w.t, w.level, target, perm));
}

static void open_world(enum kind kind, enum ioasid_fill fill)
{
	uint64_t *other;

	w.kind = kind;
	w.level = is_large() ? 2 : 1;
	guest_open(&w.g, is_in_pages() ? SMALL_SIZE : LARGE_SIZE, 0);
	make_parent();
	w.child = make_space(w.g.ctx, w.parent, fill);
	gt_init(&w.t, IOASID_PGTABLE_VTD_SS, 4, w.g.memory, 0, TABLES, SMALL_SIZE);
	gt_map(&w.t, FIRST, w.target, N * PAGE, w.level, RW);
	if (!is_large())
		gt_unmap(&w.t, LATER, PAGE, 1);
	if (kind == MIXED) {
		other = gt_entry(&w.t, FIRST + 8 * PAGE, 1);
		gt_store(other, gt_leaf_value(&w.t, 1, w.target + 8 * PAGE, IOASID_READ));
	}
	ck_ok(bind_table(w.child, IOASID_PGTABLE_VTD_SS, 4, w.t.root));
	guest_attach(&w.g, w.child);
	/* once more, since what was empty may have been read in another way */
	lead_to(OTHER, RW);
	ck_ok(inv_all(w.g.ctx, w.child));
	lead_to(0, RW);
	ck_ok(inv_all(w.g.ctx, w.child));
}

/* A table like the one with the leaf at AT, but of other pages. */
static uint64_t other_table(void)
{
	uint64_t table = gt_page(&w.t);
	unsigned int i;

	if (is_large())
		gt_store(gt_slot(&w.t, table, (FIRST >> 21) % N),
			 gt_leaf_value(&w.t, 2, w.target + OTHER, RW));
	for (i = 0; i < N && !is_large(); i++)
		gt_store(gt_slot(&w.t, table, i),
			 gt_leaf_value(&w.t, 1, w.target + OTHER + i * PAGE, RW));
	return table;
}

static void do_change(enum change change)
{
	uint64_t *table = gt_entry(&w.t, AT, w.level + 1);

	if (!is_large())
		gt_map(&w.t, LATER, w.target, PAGE, 1, RW);
	if (change == CLEAR)
		gt_store(gt_entry(&w.t, AT, w.level), 0);
	else if (change == MOVE)
		lead_to(OTHER, RW);
	else if (change == TAKE_WRITE)
		lead_to(0, IOASID_READ);
	else if (change == CLEAR_TABLE)
		gt_store(table, 0);
	else if (change == MOVE_TABLE)
		gt_store(table, gt_table_at(&w.t, w.level + 1, other_table()));
}

static void add(struct ioasid_inv *inv, uint64_t iova, uint64_t length, uint32_t flags)
{
	ck_ok(ioasid_inv_add_range(inv, w.child, iova, length, flags));
}

/* Invalidates around @iova. */
static int invalidate_at(uint64_t iova)
{
	struct ioasid_inv *inv;
	unsigned int i;
	int ret;

	ck_ok(ioasid_inv_new(w.g.ctx, 0, &inv));
	if (w.how == ALL)
		ck_ok(ioasid_inv_add_all(inv, w.child, 0));
	else
		add(inv, iova, w.how == NEIGHBOURS ? 16 * PAGE : PAGE,
		    w.how == A_LEAF ? IOASID_INV_LEAF_ONLY : 0);
	for (i = 1; i < 6 && w.how == PAGES_APART; i++)
		add(inv, iova + 2 * i * PAGE, PAGE, 0);
	ret = ioasid_inv_submit(inv, NULL);
	ioasid_inv_free(inv);
	return ret;
}

static int invalidate(void *data)
{
	return invalidate_at(*(const uint64_t *)data);
}

static int unmap_parent(void *data)
{
	(void)data;
	return ioasid_space_unmap(w.parent, is_in_pages() ? w.target + INSIDE : 0,
				  is_in_pages() ? PAGE : w.g.size, NULL);
}

/* What DMA has at AT now. */
static void check_changed(enum change change)
{
	struct ioasid_channel *channel = channel_new(w.g.device, IOASID_NO_PASID);
	void *to = change == MOVE || change == MOVE_TABLE ? page_of(OTHER + INSIDE) :
		   change == TAKE_WRITE ? page_of(INSIDE) : NULL;

	ck_assert_ptr_eq(dma_where(channel, AT, IOASID_READ), to);
	ck_assert_ptr_eq(dma_where(channel, AT, IOASID_WRITE), change == TAKE_WRITE ? NULL : to);
}

static void hold(struct ioasid_channel *channel)
{
	struct iovec iov;

	ck_ok(ioasid_dma_begin(channel));
	ck_assert_int_eq(ioasid_dma_translate(channel, AT, 4, RW, &iov, 1), 1);
	ck_assert_ptr_eq(iov.iov_base, page_of(INSIDE));
}

/* What the specifications let a guest leave out: the tables above have changed. */
static bool is_not_enough(enum change change)
{
	return w.how == A_LEAF && (change == CLEAR_TABLE || change == MOVE_TABLE);
}

static void take(enum kind kind, enum change change, enum how how, enum ioasid_fill fill)
{
	static const uint64_t at = AT;
	struct waiter taker;

	open_world(kind, fill);
	w.how = how;
	if (!is_not_enough(change)) {
		hold(w.g.channel);
		do_change(change);
		waiter_start(&taker, change == UNMAP_PARENT ? unmap_parent : invalidate,
			     (void *)(uintptr_t)&at);
		ck_waits(&taker);
		ioasid_dma_end(w.g.channel);
		ck_ok(waiter_end(&taker));
		check_changed(change);
	}
	guest_close(&w.g);
}

/* The test's number is a kind and a change. */
START_TEST(taken_by_an_invalidation)
{
	enum how how;

	for (how = A_PAGE; how < HOWS; how++)
		take(_i / UNMAP_PARENT, _i % UNMAP_PARENT, how, IOASID_FILL_ON_INVALIDATION);
}
END_TEST

START_TEST(taken_by_an_invalidation_where_filled_on_demand)
{
	take(_i / UNMAP_PARENT, _i % UNMAP_PARENT, A_PAGE, IOASID_FILL_ON_DEMAND);
	take(_i / UNMAP_PARENT, _i % UNMAP_PARENT, ALL, IOASID_FILL_ON_DEMAND);
}
END_TEST

START_TEST(taken_by_the_parent)
{
	take(_i, UNMAP_PARENT, A_PAGE, IOASID_FILL_ON_INVALIDATION);
	take(_i, UNMAP_PARENT, A_PAGE, IOASID_FILL_ON_DEMAND);
}
END_TEST

static void ends(const struct waiter *waiter)
{
	uint64_t end = now_ns() + 10000000000u;

	while (!__atomic_load_n(&waiter->done, __ATOMIC_ACQUIRE) && now_ns() < end)
		usleep(100);
	ck_assert_msg(__atomic_load_n(&waiter->done, __ATOMIC_ACQUIRE), "it waits");
}

/* What was absent comes to be there, beside what is in use: also in a table that is. */
START_TEST(given_by_an_invalidation)
{
	static const uint64_t beside = FIRST + 300 * PAGE, new = NEW;
	struct waiter giver;
	enum how how;

	for (how = A_PAGE; how < HOWS; how++) {
		const uint64_t *at = _i % 2 && _i / 2 < LARGE ? &beside : &new;

		open_world(_i / 2, IOASID_FILL_ON_INVALIDATION);
		if (at == &beside) {
			gt_unmap(&w.t, *at, 16 * PAGE, 1);
			ck_ok(inv_all(w.g.ctx, w.child));
		}
		w.how = how;
		hold(w.g.channel);
		gt_map(&w.t, *at, w.target, is_large() ? 2 * MIB : 16 * PAGE, w.level, RW);
		waiter_start(&giver, invalidate, (void *)(uintptr_t)at);
		ends(&giver);
		ck_ok(waiter_end(&giver));
		ioasid_dma_end(w.g.channel);
		ck_assert_ptr_eq(dma_where(w.g.channel, *at, IOASID_WRITE), page_of(0));
		guest_close(&w.g);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("drain-shadow");
	TCase *tc = tcase_create("drain-shadow");

	tcase_set_timeout(tc, race_timeout(30));
	tcase_add_loop_test(tc, taken_by_an_invalidation, 0, KINDS * UNMAP_PARENT);
	tcase_add_loop_test(tc, taken_by_an_invalidation_where_filled_on_demand, 0,
			    KINDS * UNMAP_PARENT);
	tcase_add_loop_test(tc, taken_by_the_parent, 0, KINDS);
	tcase_add_loop_test(tc, given_by_an_invalidation, 0, 2 * KINDS);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
