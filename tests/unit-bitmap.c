/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lib/util/bitmap: random numbers against an array of flags; ends of ranges, memory. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <util/alloc.h>
#include <util/bitmap.h>
#include <util/bits.h>
#include "any.h"
#include "runner.h"

/* Three windows, in parts of the number space that have nothing in common. */
#define WINDOW	 70000u
#define WINDOWS	 3u
static const uint64_t base[WINDOWS] = { 0, (UINT64_C(1) << 45) - 1000, UINT64_MAX - WINDOW + 1 };

static struct pages pool;
static struct bitmap map;
static bool model[WINDOWS][WINDOW];
static uint64_t seed;

static void setup(void)
{
	pages_init(&pool);
	bitmap_init(&map, &pool);
	memset(model, 0, sizeof(model));
	seed = UINT64_C(0x9e3779b97f4a7c15);
}

static void teardown(void)
{
	mem_fail_nth(0);
	bitmap_reset(&map);
	ck_assert_uint_eq(pages_used(&pool), 0);
	pages_destroy(&pool);
}

static uint64_t rnd(uint64_t below)
{
	return (xorshift(&seed) >> 8) % below;
}

struct found {
	bool is[WINDOW];
	uint64_t base, next;
};

static void note(void *data, uint64_t first, uint64_t bits)
{
	struct found *f = data;

	ck_assert_uint_eq(first % 64, 0);
	ck_assert(bits);
	for (; bits; bits &= bits - 1) {
		uint64_t number = first + bits_ctz(bits);

		if (number - f->base >= WINDOW || number < f->next || f->is[number - f->base])
			ck_abort_msg("%#" PRIx64 " is outside, or not in order", number);
		f->next = number;
		f->is[number - f->base] = true;
	}
}

/* A scan of numbers @a to @b of a window finds what the array has, and takes it or not. */
static void scan(unsigned int w, uint64_t a, uint64_t b, bool clear)
{
	static struct found f;
	uint64_t i;

	memset(&f, 0, sizeof(f));
	f.base = f.next = base[w];
	bitmap_scan(&map, base[w] + a, base[w] + b, clear, note, &f);
	for (i = 0; i < WINDOW; i++) {
		bool want = i >= a && i <= b && model[w][i];

		if (f.is[i] != want)
			ck_abort_msg("%" PRIu64 " of window %u in %" PRIu64 "-%" PRIu64, i, w, a,
				     b);
		if (want && clear)
			model[w][i] = false;
	}
}

static void set(unsigned int w, uint64_t i)
{
	ck_assert_int_eq(bitmap_set(&map, base[w] + i), 0);
	model[w][i] = true;
}

/* A word of them, which need not begin with one of the set's. */
static void add(unsigned int w, uint64_t i)
{
	uint64_t bits = rnd(UINT64_MAX) & rnd(UINT64_MAX), k;

	ck_assert_int_eq(bitmap_add(&map, base[w] + i, bits), 0);
	for (k = 0; k < 64; k++)
		if (bits >> k & 1)
			model[w][i + k] = true;
}

START_TEST(as_an_array)
{
	unsigned int round;

	for (round = 0; round < 400; round++) {
		unsigned int w = (unsigned int)rnd(WINDOWS), n = (unsigned int)rnd(40);
		uint64_t a = rnd(WINDOW), b = a + rnd(round % 2 ? 200 : WINDOW - a);
		uint64_t at = rnd(WINDOW - 700), i;

		b = b < WINDOW ? b : WINDOW - 1;
		for (i = 0; i < n; i++)
			set(w, round % 3 ? at + rnd(700) : rnd(WINDOW));
		for (i = 0; round % 5 == 0 && i < n; i++)
			add(w, round % 3 ? at + rnd(600) : rnd(WINDOW - 64));
		if (rnd(4) == 0) {
			bitmap_clear(&map, base[w] + a, base[w] + b);
			memset(&model[w][a], 0, (size_t)(b - a + 1));
		} else {
			scan(w, a, b, rnd(2));
		}
		if (round % 16 == 0)
			for (w = 0; w < WINDOWS; w++)
				scan(w, 0, WINDOW - 1, false);
	}
}
END_TEST

START_TEST(ends_of_ranges)
{
	static const uint64_t ends[] = { 0, 1, 63, 64, 511, 512, 513, 32767, 32768, 65535 };
	size_t a, b;
	uint64_t i;

	for (a = 0; a < bits_array_size(ends); a++) {
		for (b = a; b < bits_array_size(ends); b++) {
			for (i = 0; i < 66000; i += i % 64 == 63 ? 1 : i % 64 == 1 ? 62 : 1)
				set(0, i);
			scan(0, ends[a], ends[b], true);
			scan(0, 0, WINDOW - 1, true);
		}
	}
}
END_TEST

START_TEST(memory)
{
	unsigned long n;
	uint64_t i;

	ck_assert_uint_eq(bitmap_pages(&map), 0);
	for (n = 1;; n++) {
		int ret;

		mem_fail_nth(n);
		ret = bitmap_set(&map, 12345);
		if (!mem_fail_nth(0)) {
			ck_assert_int_eq(ret, -ENOMEM);
			ck_assert_uint_eq(pages_used(&pool), 0);
			ck_assert_uint_eq(bitmap_pages(&map), 0);
			continue;
		}
		ck_assert_int_eq(ret, 0);
		break;
	}
	ck_assert_uint_gt(n, 3);
	for (i = 0; i < 64; i++)
		ck_assert_int_eq(bitmap_set(&map, i << 15), 0);
	ck_assert_uint_eq(bitmap_pages(&map), pages_used(&pool));
	ck_assert_uint_ge(bitmap_pages(&map), 64);
	/* Taken out by a scan it is kept for the next time, by a clear it is not. */
	bitmap_scan(&map, 0, UINT64_MAX, true, NULL, NULL);
	ck_assert_uint_ge(bitmap_pages(&map), 64);
	bitmap_clear(&map, 1 << 15, UINT64_MAX);
	ck_assert_uint_le(bitmap_pages(&map), 3);
	ck_assert_uint_eq(bitmap_pages(&map), pages_used(&pool));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bitmap");
	TCase *tc = tcase_create("bitmap");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, as_an_array);
	tcase_add_test(tc, ends_of_ranges);
	tcase_add_test(tc, memory);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
