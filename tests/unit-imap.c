/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lib/util/imap: the interval map, against a sorted array. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <util/alloc.h>
#include <util/bits.h>
#include <util/imap.h>

#include "runner.h"

#define MAX_ITEMS 6000

static struct pages pool;
static struct slab records;
static struct imap map;

/* The model: the same items, sorted. */
static struct imap_item *model[MAX_ITEMS];
static unsigned int count;

static uint64_t seed, state;

static uint64_t random64(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * UINT64_C(0x2545f4914f6cdd1d);
}

static uint64_t below(uint64_t n)
{
	return random64() % n;
}

static void set_seed(uint64_t n)
{
	const char *text = getenv("SEED");

	seed = text ? strtoull(text, NULL, 0) : n;
	state = seed * 2 + 1;
}

/* Cheaper than ck_assert() where it holds. */
#define check(condition) \
	do { \
		if (!(condition)) \
			ck_abort_msg("seed %" PRIu64 ", %u items: %s", seed, count, #condition); \
	} while (0)

static void setup(void)
{
	pages_init(&pool);
	slab_init(&records, &pool, sizeof(struct imap_item), NULL);
	imap_init(&map, &pool);
	count = 0;
}

static void teardown(void)
{
	imap_destroy(&map);
	slab_destroy(&records);
	ck_assert_uint_eq(pages_used(&pool), 0);
	pages_destroy(&pool);
	ck_assert_uint_eq(mem_live_blocks(), 0);
}

/* Items of the model that start at or below @addr. */
static unsigned int model_upper(uint64_t addr)
{
	unsigned int lo = 0, hi = count;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (model[mid]->start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct imap_item *model_first(uint64_t start, uint64_t last)
{
	unsigned int i = model_upper(start);

	if (i && model[i - 1]->last >= start)
		return model[i - 1];
	return i < count && model[i]->start <= last ? model[i] : NULL;
}

static struct imap_item *model_last_before(uint64_t addr)
{
	unsigned int i = model_upper(addr);

	while (i && model[i - 1]->last >= addr)
		i--;
	return i ? model[i - 1] : NULL;
}

static int model_gap(uint64_t lo, uint64_t hi, uint64_t length, uint64_t align, uint64_t offset,
		     uint64_t *out)
{
	uint64_t at = lo;
	unsigned int i = 0;

	for (;;) {
		uint64_t ahead = (offset - at) & (align - 1), last;

		if (__builtin_add_overflow(at, ahead, &at) ||
		    !bits_range_last(at, length, &last) || last > hi)
			return -ENOSPC;
		while (i < count && model[i]->last < at)
			i++;
		if (i == count || model[i]->start > last) {
			*out = at;
			return 0;
		}
		if (model[i]->last == UINT64_MAX)
			return -ENOSPC;
		at = model[i]->last + 1;
	}
}

static struct imap_item *insert(uint64_t start, uint64_t last)
{
	unsigned int at = model_upper(start);
	struct imap_item *item = slab_alloc(&records);
	bool taken = model_first(start, last);

	check(item);
	item->start = start;
	item->last = last;
	check(imap_insert(&map, item) == (taken ? -EEXIST : 0));
	if (taken) {
		slab_free(&records, item);
		return NULL;
	}
	memmove(&model[at + 1], &model[at], (count - at) * sizeof(model[0]));
	model[at] = item;
	count++;
	return item;
}

static void remove_at(unsigned int at)
{
	struct imap_item *item = model[at];

	/* it can't want memory */
	mem_fail_nth(1);
	imap_remove(&map, item);
	check(mem_fail_nth(0) == 1);
	slab_free(&records, item);
	count--;
	memmove(&model[at], &model[at + 1], (count - at) * sizeof(model[0]));
}

static void compare_at(uint64_t addr, uint64_t last)
{
	struct imap_item *item = model_first(addr, addr);

	check(imap_find(&map, addr) == item);
	check(imap_first(&map, addr, last) == model_first(addr, last));
	check(imap_last_before(&map, addr) == model_last_before(addr));
}

/* Everything in order, the tree and what it tells. */
static void compare(void)
{
	struct imap_item *item;
	struct imap_iter iter;
	unsigned int i = 0;
	int rule = imap_check(&map);

	ck_assert_msg(rule == 0, "seed %" PRIu64 ", %u items: rule %d", seed, count, rule);
	check(imap_count(&map) == count);
	imap_for_each(item, &iter, &map, 0, UINT64_MAX) {
		check(i < count && item == model[i]);
		check(imap_next(&map, item) == (i + 1 < count ? model[i + 1] : NULL));
		i++;
	}
	check(i == count);
	compare_at(0, 0);
	compare_at(UINT64_MAX, UINT64_MAX);
}

static void compare_gap(uint64_t lo, uint64_t hi, uint64_t length, uint64_t align)
{
	uint64_t offset = random64() & (align - 1), want = 1, got = 1;
	int err = model_gap(lo, hi, length, align, offset, &want);

	if (imap_gap(&map, lo, hi, length, align, offset, &got) != err || got != want) {
		ck_abort_msg("seed %" PRIu64 ": %" PRIx64 "-%" PRIx64 " length %" PRIx64
			     " align %" PRIx64 " offset %" PRIx64 ": want %d %" PRIx64 ", got %"
			     PRIx64, seed, lo, hi, length, align, offset, err, want, got);
	}
}

/* Ways to spread items over the address space. */
struct spread {
	const char *name;
	uint64_t base, unit, units;	/* starts at base + n * unit, modulo 2^64 */
	uint64_t longest;
};

static const struct spread spreads[] = {
	{ "dense pages", UINT64_C(0x100000000), 0x1000, 8000, 0x1000 },
	{ "bytes at 0", 0, 1, 30000, 5 },
	{ "bytes at the end", UINT64_MAX - 29999, 1, 30000, 5 },
	{ "around the wrap", UINT64_MAX - 0x400000, 0x100, 0x8000, 0x180 },
	{ "sparse", 0, UINT64_C(1) << 32, UINT64_C(1) << 32, UINT64_C(1) << 30 },
	{ "anything", 0, 1, UINT64_MAX, UINT64_C(1) << 50 },
};

static uint64_t pick(const struct spread *spread)
{
	return spread->base + spread->unit * below(spread->units);
}

/* Clusters far apart: 16 bits of an address don't tell much. */
static uint64_t pick_clustered(const struct spread *spread)
{
	uint64_t addr = pick(spread);

	return addr % 3 ? addr : addr % 7 << 60 | (addr & 0xffff);
}

static uint64_t some_address(const struct spread *spread)
{
	struct imap_item *item;

	switch (count ? below(4) : 3) {
	case 0:
		item = model[below(count)];
		return below(2) ? item->start : item->last;
	case 1:
		return model[below(count)]->last + 1;
	case 2:
		return model[below(count)]->start - 1;
	default:
		return pick(spread);
	}
}

static void random_query(const struct spread *spread)
{
	static const uint64_t aligns[] = { 1, 2, 0x1000, 0x200000, UINT64_C(1) << 40 };
	uint64_t a = some_address(spread), b = some_address(spread);
	uint64_t length = below(2) ? 1 + below(4 * spread->longest) :
				     UINT64_C(1) << below(64);

	compare_at(a, a > b ? a : b);
	compare_gap(a < b ? a : b, a < b ? b : a, length, aligns[below(5)]);
	compare_gap(0, UINT64_MAX, length, aligns[below(5)]);
}

static void random_insert(const struct spread *spread)
{
	uint64_t start = below(8) ? pick(spread) : pick_clustered(spread), last;

	if (!bits_range_last(start, 1 + below(spread->longest), &last))
		last = UINT64_MAX;
	insert(start, last);
}

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

			if (grow && count < MAX_ITEMS)
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
	check(most > 2000);
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
	size_t bytes;

	fill(_i ? DOWN : UP, MAX_ITEMS, 0x1000, 0x1000, 0x1000);
	compare();
	bytes = map.nodes.pages * PAGES_SIZE;
	ck_assert_uint_le(bytes, MAX_ITEMS * 7);
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
	check(failures > 30);
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
