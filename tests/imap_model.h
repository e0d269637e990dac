/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The interval map beside its model, a sorted array, and random operations on both. */
#ifndef TESTS_IMAP_MODEL_H
#define TESTS_IMAP_MODEL_H

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <util/alloc.h>
#include <util/bits.h>
#include <util/imap.h>

#include "any.h"

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
	return xorshift(&state) * UINT64_C(0x2545f4914f6cdd1d);
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

/* A run of neighbours goes, or comes: whole subtrees at a time. */
static void random_run(const struct spread *spread, bool grow)
{
	unsigned int n = 1 + (unsigned int)below(400), at;
	uint64_t start, last, step;
	bool up = below(2);

	if (!grow) {
		for (at = (unsigned int)below(count); n-- && at < count;)
			remove_at(at);
		return;
	}
	start = pick(spread);
	step = spread->unit * (1 + below(3));
	for (; n-- && count < MAX_ITEMS; start = up ? start + step : start - step) {
		if (bits_range_last(start, 1 + below(spread->unit), &last))
			insert(start, last);
	}
}

#endif /* TESTS_IMAP_MODEL_H */
