/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Translations on one channel, against a bare radix walk of the same addresses. */
#include <stdlib.h>

#include "reference.h"
#include "world.h"

#define BLOCK 64	/* translations between ioasid_dma_begin() and ioasid_dma_end() */

struct lookups {
	struct world w;
	struct ioasid_channel *channel;
	struct radix radix;
	uint64_t page_size;
	uint64_t *iovas;	/* what to translate, in this order */
	size_t n;
	uint64_t zero;		/* but the compiler does not know */
};

typedef uint64_t lookup_fn(const struct lookups *l, size_t from, size_t n);

/*
 * The next address to translate. Chained, it depends on the result before, as in a device that
 * follows descriptors; else the CPU can begin many translations at a time.
 */
static inline uint64_t next_iova(const struct lookups *l, size_t i, uint64_t result, bool chained)
{
	return chained ? l->iovas[i] + (result & l->zero) : l->iovas[i];
}

static inline uint64_t translate(const struct lookups *l, size_t from, size_t n, bool chained)
{
	struct iovec piece = { 0 };
	uint64_t sum = 0;
	size_t i, k;

	for (i = from; i < from + n; i += BLOCK) {
		ioasid_dma_begin(l->channel);
		for (k = i; k < i + BLOCK; k++) {
			uint64_t iova = next_iova(l, k, (uintptr_t)piece.iov_base, chained);

			if (ioasid_dma_translate(l->channel, iova, 64, IOASID_READ, &piece, 1) != 1)
				check(-1, "translate");
			sum += (uintptr_t)piece.iov_base;
		}
		ioasid_dma_end(l->channel);
	}
	return sum;
}

static inline uint64_t walk(const struct lookups *l, size_t from, size_t n, bool chained,
			    uint64_t (*walk_one)(const struct radix *, uint64_t))
{
	uint64_t sum = 0, result = 0;
	size_t i;

	for (i = from; i < from + n; i++) {
		result = walk_one(&l->radix, next_iova(l, i, result, chained));
		sum += result;
	}
	return sum;
}

static uint64_t translate_chained(const struct lookups *l, size_t from, size_t n)
{
	return translate(l, from, n, true);
}

static uint64_t translate_pipelined(const struct lookups *l, size_t from, size_t n)
{
	return translate(l, from, n, false);
}

static uint64_t walk_chained_4k(const struct lookups *l, size_t from, size_t n)
{
	return walk(l, from, n, true, radix_walk_4k);
}

static uint64_t walk_pipelined_4k(const struct lookups *l, size_t from, size_t n)
{
	return walk(l, from, n, false, radix_walk_4k);
}

static uint64_t walk_chained_2m(const struct lookups *l, size_t from, size_t n)
{
	return walk(l, from, n, true, radix_walk_2m);
}

static uint64_t walk_pipelined_2m(const struct lookups *l, size_t from, size_t n)
{
	return walk(l, from, n, false, radix_walk_2m);
}

/* Rounds of @n translations each, from a different part of the addresses each time. */
static void measure(const struct measure *m, const struct lookups *l, size_t n,
		    lookup_fn *library, lookup_fn *reference)
{
	struct series *s = series_new(m);
	unsigned int i, todo = is_wanted(m) ? rounds(201) : 0;
	size_t from = 0;

	/* Both sides have to agree, or their times mean nothing. */
	if (library(l, 0, l->n) != reference(l, 0, l->n))
		need(NULL);
	for (i = 0; i < todo; i++) {
		double value, ref;
		uint64_t start;

		start = now_ns();
		sink += reference(l, from, n);
		ref = per_op(start, n);
		from = from + 2 * n > l->n ? 0 : from + n;
		start = now_ns();
		sink += library(l, from, n);
		value = per_op(start, n);
		from = from + 2 * n > l->n ? 0 : from + n;
		series_add(s, value, ref);
	}
	series_report(s);
}

static void measure_both(const struct measure *m, const struct lookups *l, size_t n)
{
	bool small = l->page_size == PAGE;

	measure(&m[0], l, n, translate_chained, small ? walk_chained_4k : walk_chained_2m);
	measure(&m[1], l, n, translate_pipelined,
		small ? walk_pipelined_4k : walk_pipelined_2m);
}

/* @pages pages of @page_size bytes, mapped one by one to other ones in random order. */
static bool open_lookups(struct lookups *l, uint64_t page_size, uint32_t pages, size_t n)
{
	uint32_t *order = random_order(pages), i;
	size_t k;

	if (!world_open(&l->w, pages * page_size)) {
		free(order);
		return false;
	}
	check(ioasid_device_attach(l->w.devices[0], l->w.root), "attach");
	l->channel = world_channel(&l->w, 0);
	l->page_size = page_size;
	l->zero = 0;
	world_map_pages(&l->w, l->w.root, 0, page_size, pages, order);
	radix_init(&l->radix);
	for (i = 0; i < pages; i++)
		radix_map(&l->radix, i * page_size,
			  (uintptr_t)l->w.memory + order[i] * page_size, page_size == PAGE ? 1 : 2);
	l->n = n;
	l->iovas = need_calloc(n, sizeof(*l->iovas));
	for (k = 0; k < n; k++)
		l->iovas[k] =
			random_below(pages) * page_size + (random_below(page_size) & ~UINT64_C(63));
	free(order);
	return true;
}

static void close_lookups(struct lookups *l)
{
	world_close(&l->w);
	radix_free(&l->radix, l->page_size == PAGE ? 1 : 2);
	free(l->iovas);
}

static void run_hot(const struct measure *m)
{
	struct lookups l;

	if (!open_lookups(&l, PAGE, 64, 4096)) {
		skipped(m, 2, "no memory");
		return;
	}
	measure_both(m, &l, 4096);
	close_lookups(&l);
}

static void run_random(const struct measure *m)
{
	struct lookups l;

	if (!open_lookups(&l, PAGE, 1 << 20, 1 << 21)) {
		skipped(m, 2, "no range of 4 GiB in this process");
		return;
	}
	measure_both(m, &l, 1 << 15);
	close_lookups(&l);
}

static void run_2m(const struct measure *m)
{
	struct lookups l;

	if (!open_lookups(&l, 2 * MIB, 1 << 18, 1 << 20)) {
		skipped(m, 2, "no range of 512 GiB in this process");
		return;
	}
	measure_both(m, &l, 1 << 15);
	close_lookups(&l);
}

void measure_translate(const struct measure *m, uint32_t pages)
{
	struct lookups l;

	if (!open_lookups(&l, PAGE, pages, 1 << 20)) {
		skipped(m, 1, "no range of so many addresses in this process");
		return;
	}
	measure(m, &l, 1 << 14, translate_chained, walk_chained_4k);
	close_lookups(&l);
}

#define WALK_4 "bare four-level walk of the same addresses"
#define WALK_3 "bare walk of three levels, same addresses"

static const struct measure hot[] = {
	{ "translate-hot", "ns", WALK_4, AT_MOST_TIMES, 1.0 },
	{ "translate-hot-pipelined", "ns", WALK_4, AT_MOST_TIMES, 1.0 },
};
static const struct measure random_4k[] = {
	{ "translate-random-4k", "ns", WALK_4, AT_MOST_TIMES, 1.2 },
	{ "translate-random-4k-pipelined", "ns", WALK_4, AT_MOST_TIMES, 1.2 },
};
static const struct measure random_2m[] = {
	{ "translate-random-2m", "ns", WALK_3, AT_MOST_TIMES, 1.2 },
	{ "translate-random-2m-pipelined", "ns", WALK_3, AT_MOST_TIMES, 1.2 },
};

const struct group translate_hot_group = { hot, N_ELEMENTS(hot), run_hot };
const struct group translate_random_group = { random_4k, N_ELEMENTS(random_4k), run_random };
const struct group translate_2m_group = { random_2m, N_ELEMENTS(random_2m), run_2m };
