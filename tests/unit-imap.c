/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lib/util/imap: the interval map, against a sorted array. Built twice: unit-imap-small has nodes
 * of few items, hence many levels.
 */
#include "config.h"

#include <stdio.h>
#include <util/imap_node.h>

#include "imap_model.h"
#include "runner.h"

/* Grows and shrinks the map in turns, through all heights, and empties it. */
START_TEST(random_operations_equal_the_model)
{
	const struct spread *spread = &spreads[_i % 6];
	unsigned int phase, i, steps, most = 0;

	set_seed((uint64_t)_i + 1);
	for (phase = 0; phase < 8; phase++) {
		steps = phase < 3 ? 300 : 9000;
		for (i = 0; i < steps; i++) {
			bool grow = below(10) < (phase % 2 ? 2 : 8);

			if (below(100) == 0 && (grow || count))
				random_run(spread, grow);
			else if (grow && count < MAX_ITEMS)
				random_insert(spread);
			else if (!grow && count)
				remove_at((unsigned int)below(count));
			if (count > most)
				most = count;
			random_query(spread);
			if (i % 997 == 0)
				compare();
		}
	}
	check(most > MAX_ITEMS / 4);
	while (count)
		remove_at((unsigned int)below(count));
	compare();
	check(slab_used(&map.nodes) == 0);
}
END_TEST

enum order { UP, DOWN, OUTWARDS, RANDOM };

static void fill(enum order order, unsigned int n, uint64_t base, uint64_t stride, uint64_t length)
{
	unsigned int i, at;

	for (i = 0; i < n; i++) {
		uint64_t start;

		at = i;
		if (order == DOWN)
			at = n - 1 - i;
		else if (order == OUTWARDS)
			at = i % 2 ? n / 2 - 1 - i / 2 : n / 2 + i / 2;
		start = base + at * stride;
		check(insert(start, start + length - 1));
	}
}

START_TEST(runs_fill_the_leaves)
{
	const size_t leaves = MAX_ITEMS / IMAP_LEAF_ITEMS + 2;

	fill(_i ? DOWN : UP, MAX_ITEMS, 0x1000, 0x1000, 0x1000);
	compare();
	ck_assert_uint_le(slab_used(&map.nodes), leaves + leaves * 3 / (2 * IMAP_FANOUT) + 2);
}
END_TEST

static void insert_page(uint64_t start)
{
	insert(start, start + 0xfff);
}

/* Leaves that items come to at random share with their neighbours before they split. */
START_TEST(random_order_fills_the_leaves_well)
{
	size_t most;

	set_seed(5);
	while (count < MAX_ITEMS)
		insert_page(below(UINT64_C(1) << 30) << 12);
	compare();
	most = MAX_ITEMS * 5 / 4 / IMAP_LEAF_ITEMS;
	ck_assert_uint_le(slab_used(&map.nodes), most + most * 2 / IMAP_FANOUT + 2);
}
END_TEST

/* Where one item follows the other, leaves come to be full, whatever the order. */
START_TEST(neighbours_in_random_order_fill_windows)
{
	static unsigned int order[MAX_ITEMS];
	size_t most = MAX_ITEMS * 4 / 3 / IMAP_SLOTS;
	unsigned int i;

	set_seed(7);
	for (i = 0; i < MAX_ITEMS; i++) {
		unsigned int k = (unsigned int)below(i + 1);

		order[i] = order[k];
		order[k] = i;
	}
	for (i = 0; i < MAX_ITEMS; i++)
		check(insert(order[i] * UINT64_C(0x1000), order[i] * UINT64_C(0x1000) + 0xfff));
	compare();
	ck_assert_uint_le(slab_used(&map.nodes), most + most * 2 / IMAP_FANOUT + 2);
}
END_TEST

/* Among items of one size one after another, those that start elsewhere, and far away. */
START_TEST(odd_items_among_neighbours)
{
	uint64_t base = UINT64_C(1) << 40;
	unsigned int i;

	fill(UP, 2 * IMAP_SLOTS, base, 0x1000, 0x800);
	check(insert(base + 0x5800, base + 0x5fff));
	check(!insert(base + 0x5900, base + 0x5900));
	check(!insert(base + 0x57ff, base + 0x57ff));
	compare();
	for (i = 1; i < IMAP_SLOTS; i += 2)
		remove_at(2 * IMAP_SLOTS - i);
	check(insert(base * 2, base * 2 + 0xfff));
	check(insert(base * 3 + 7, UINT64_MAX));
	check(insert(0, base - 1));
	compare();
	while (count)
		remove_at(count / 2);
	compare();
}
END_TEST

#define LARGE 60000

static struct imap_item *large[LARGE];
static unsigned int shuffled[LARGE];

static void shuffle(void)
{
	unsigned int i, k, swap;

	for (i = 0; i < LARGE; i++)
		shuffled[i] = i;
	for (i = LARGE - 1; i; i--) {
		k = (unsigned int)below(i + 1);
		swap = shuffled[i];
		shuffled[i] = shuffled[k];
		shuffled[k] = swap;
	}
}

static uint64_t large_start(unsigned int i)
{
	return UINT64_C(0x7f0000000000) + i * UINT64_C(0x3000);
}

static void compare_large(void)
{
	struct imap_iter iter;
	struct imap_item *item = imap_iter_first(&iter, &map, 0, UINT64_MAX);
	unsigned int i;

	check(!imap_check(&map));
	for (i = 0; i < LARGE; i++) {
		check(imap_find(&map, large_start(i) + 0xfff) == large[i]);
		check(!imap_find(&map, large_start(i) + 0x1000));
		if (large[i]) {
			check(item == large[i]);
			item = imap_iter_next(&iter);
		}
	}
	check(!item);
}

/* More than the model can bear: all levels of a map of full-size nodes. */
START_TEST(many_items_in_random_order)
{
	uint64_t out;
	unsigned int i;

	set_seed(3);
	shuffle();
	for (i = 0; i < LARGE; i++) {
		struct imap_item *item = slab_alloc(&records);

		item->start = large_start(shuffled[i]);
		item->last = item->start + 0xfff;
		check(!imap_insert(&map, item));
		large[shuffled[i]] = item;
	}
	compare_large();
	check(!imap_gap(&map, large_start(0), UINT64_MAX, 0x2001, 1, 0, &out));
	check(out == large_start(LARGE - 1) + 0x1000);
	imap_remove(&map, large[LARGE / 3]);
	check(!imap_gap(&map, large_start(0), UINT64_MAX, 0x5000, 1, 0, &out));
	check(out == large_start(LARGE / 3 - 1) + 0x1000);
	check(!imap_insert(&map, large[LARGE / 3]));
	shuffle();
	for (i = 0; i < LARGE; i++) {
		if (i == LARGE / 2 || i == LARGE - 100)
			compare_large();
		imap_remove(&map, large[shuffled[i]]);
		large[shuffled[i]] = NULL;
	}
	compare_large();
}
END_TEST

static void erase(enum order order)
{
	unsigned int steps = 0;

	while (count) {
		unsigned int at = (unsigned int)below(count);

		if (order != RANDOM)
			at = order == UP ? 0 : order == DOWN ? count - 1 : count / 2;
		remove_at(at);
		if (steps++ % 101 == 0)
			compare();
	}
	compare();
}

/* Built and erased in every order. */
START_TEST(erase_of_everything)
{
	enum order build = (enum order)(_i % 3), destroy = (enum order)(_i / 3);

	set_seed((uint64_t)_i + 1);
	fill(build, 4000, UINT64_MAX - 4000 * 0x1000 + 1, 0x1000, _i % 2 ? 0x1000 : 0x800);
	compare();
	erase(destroy);
	ck_assert_uint_eq(slab_used(&map.nodes), 0);
	ck_assert_ptr_null(map.root);
}
END_TEST

START_TEST(whole_space_is_an_item)
{
	uint64_t out = 5;
	struct imap_item *all;

	check(!imap_gap(&map, 0, UINT64_MAX, UINT64_MAX, 1, 0, &out) && out == 0);
	check(!imap_gap(&map, 7, UINT64_MAX, 1, 0x1000, 0xffe, &out) && out == 0xffe);
	all = insert(0, UINT64_MAX);
	check(all);
	ck_assert_uint_eq(imap_length(all), 0);
	check(!insert(0, 0));
	check(!insert(UINT64_MAX, UINT64_MAX));
	ck_assert_int_eq(imap_gap(&map, 0, UINT64_MAX, 1, 1, 0, &out), -ENOSPC);
	compare();
	remove_at(0);
	check(insert(0, 0) && insert(UINT64_MAX, UINT64_MAX) && insert(1, UINT64_MAX - 1));
	compare();
	ck_assert_int_eq(imap_gap(&map, 0, UINT64_MAX, 1, 1, 0, &out), -ENOSPC);
}
END_TEST

START_TEST(overlap_is_refused_at_every_edge)
{
	check(insert(100, 199) && insert(300, 399));
	check(!insert(100, 199));
	check(!insert(99, 100));
	check(!insert(199, 250));
	check(!insert(50, 500));
	check(!insert(250, 300));
	check(!insert(320, 330));
	check(insert(200, 299));
	check(insert(99, 99) && insert(400, 400));
	compare();
}
END_TEST

/* An item that reaches over the addresses of many leaves. */
START_TEST(long_item_over_sparse_leaves)
{
	uint64_t out;
	unsigned int i;

	fill(UP, 3000, 0x100000, 0x1000, 0x1000);
	for (i = 0; i < 1000; i++)
		remove_at(1001);
	check(insert(model[1000]->last + 1, model[1001]->start - 1));
	compare();
	for (i = 0; i < 1000; i++)
		compare_at(0x100000 + (1000 + i) * 0x1000, UINT64_MAX);
	check(!imap_gap(&map, 0x100000, UINT64_MAX, 0x1000, 0x1000, 0, &out));
	check(out == 0x100000 + 3000 * 0x1000);
	remove_at(1001);
	compare();
	check(!imap_gap(&map, 0x100000, UINT64_MAX, 0x2000, 0x1000, 0, &out));
	check(out == 0x100000 + 1001 * 0x1000);
}
END_TEST

/* First fit used as an allocator; the bounds must follow what comes and goes. */
START_TEST(first_fit_allocates)
{
	const uint64_t lo = 0x10000, hi = 0x3ffffff;
	unsigned int i;

	set_seed(11);
	for (i = 0; i < 20000; i++) {
		uint64_t length = (1 + below(6)) * 0x1000, want = 0, got = 0;
		uint64_t align = UINT64_C(0x1000) << below(3);
		int err = model_gap(lo, hi, length, align, 0, &want);

		check(imap_gap(&map, lo, hi, length, align, 0, &got) == err && got == want);
		if (!err && count < MAX_ITEMS)
			check(insert(got, got + length - 1));
		if (count && below(5) < (i > 10000 ? 3u : 2u))
			remove_at((unsigned int)below(count));
		if (i % 1999 == 0)
			compare();
	}
}
END_TEST

/* Each allocation of a growing map fails in turn: nothing has changed, nothing is lost. */
START_TEST(insertion_without_memory_changes_nothing)
{
	unsigned int failures = 0, i;

	set_seed((uint64_t)_i + 1);
	for (i = 0; count < MAX_ITEMS; i++) {
		uint64_t start = _i == 0 ? i * UINT64_C(0x1000) :
				 _i == 1 ? (UINT64_C(1) << 40) - i * UINT64_C(0x1000) :
				 below(UINT64_C(1) << 40) & ~UINT64_C(0xfff);
		struct imap_item item = { start, start + 0xfff }, *copy = slab_alloc(&records);
		size_t nodes = slab_used(&map.nodes), used = pages_used(&pool);
		unsigned long n = 1;
		int err;

		*copy = item;
		do {
			mem_fail_nth(n++);
			err = imap_insert(&map, copy);
			if (err != -ENOMEM)
				break;
			failures++;
			check(mem_fail_nth(0) == 0);
			check(slab_used(&map.nodes) == nodes && pages_used(&pool) == used);
			check(imap_count(&map) == count && !imap_check(&map));
			check(!imap_find(&map, start));
		} while (n < 20);
		mem_fail_nth(0);
		check(err == 0 || err == -EEXIST);
		if (!err)
			imap_remove(&map, copy);
		slab_free(&records, copy);
		insert(start, start + 0xfff);
	}
	compare();
	check(failures >= MAX_ITEMS / IMAP_SLOTS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("imap");
	TCase *basic = tcase_create("basic"), *random = tcase_create("random");
	TCase *memory = tcase_create("memory");

	tcase_add_checked_fixture(basic, setup, teardown);
	tcase_add_test(basic, whole_space_is_an_item);
	tcase_add_test(basic, overlap_is_refused_at_every_edge);
	tcase_add_test(basic, long_item_over_sparse_leaves);
	tcase_add_loop_test(basic, runs_fill_the_leaves, 0, 2);
	tcase_add_test(basic, random_order_fills_the_leaves_well);
	tcase_add_test(basic, neighbours_in_random_order_fill_windows);
	tcase_add_test(basic, odd_items_among_neighbours);
	tcase_add_test(basic, many_items_in_random_order);
	tcase_add_loop_test(basic, erase_of_everything, 0, 12);
	suite_add_tcase(suite, basic);

	tcase_add_checked_fixture(random, setup, teardown);
	tcase_set_timeout(random, 120);
	tcase_add_loop_test(random, random_operations_equal_the_model, 0, 6);
	tcase_add_test(random, first_fit_allocates);
	suite_add_tcase(suite, random);

	tcase_add_checked_fixture(memory, setup, teardown);
	tcase_set_timeout(memory, 120);
	tcase_add_loop_test(memory, insertion_without_memory_changes_nothing, 0, 3);
	suite_add_tcase(suite, memory);
	return run_suite(suite);
}
