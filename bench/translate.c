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
	unsigned int level;	/* of the leaves */
	uint64_t *iovas;	/* what to translate, in this order */
	size_t n;
};

static uint64_t translate(const struct lookups *l, size_t from, size_t n)
{
	struct iovec piece;
	uint64_t sum = 0;
	size_t i, k;

	for (i = from; i < from + n; i += BLOCK) {
		ioasid_dma_begin(l->channel);
		for (k = i; k < i + BLOCK; k++) {
			if (ioasid_dma_translate(l->channel, l->iovas[k], 64, IOASID_READ, &piece,
						 1) != 1)
				check(-1, "translate");
			sum += (uintptr_t)piece.iov_base;
		}
		ioasid_dma_end(l->channel);
	}
	return sum;
}

static inline uint64_t walk(const struct lookups *l, size_t from, size_t n, unsigned int level)
{
	uint64_t sum = 0;
	size_t i;

	for (i = from; i < from + n; i++)
		sum += radix_walk(&l->radix, l->iovas[i], level);
	return sum;
}

static uint64_t walk_4k(const struct lookups *l, size_t from, size_t n)
{
	return walk(l, from, n, 1);
}

static uint64_t walk_2m(const struct lookups *l, size_t from, size_t n)
{
	return walk(l, from, n, 2);
}

/* Both sides have to agree, or their times mean nothing. */
static void verify(const struct lookups *l,
		   uint64_t (*reference)(const struct lookups *, size_t, size_t))
{
	if (translate(l, 0, l->n) != reference(l, 0, l->n))
		need(NULL);
}

/* Rounds of @n translations each, from a different part of the addresses each time. */
static void measure(const struct measure *m, const struct lookups *l, size_t n)
{
	uint64_t (*reference)(const struct lookups *, size_t, size_t) =
		l->level == 1 ? walk_4k : walk_2m;
	struct series *s = series_new(m);
	unsigned int i, todo = rounds(101);
	size_t from = 0;

	verify(l, reference);
	for (i = 0; i < todo; i++) {
		double value, ref;
		uint64_t start;

		start = now_ns();
		sink += reference(l, from, n);
		ref = per_op(start, n);
		from = from + 2 * n > l->n ? 0 : from + n;
		start = now_ns();
		sink += translate(l, from, n);
		value = per_op(start, n);
		from = from + 2 * n > l->n ? 0 : from + n;
		series_add(s, value, ref);
	}
	series_report(s);
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
	l->level = page_size == PAGE ? 1 : 2;
	world_map_pages(&l->w, l->w.root, 0, page_size, pages, order);
	radix_init(&l->radix);
	for (i = 0; i < pages; i++)
		radix_map(&l->radix, i * page_size,
			  (uintptr_t)l->w.memory + order[i] * page_size, l->level);
	l->n = n;
	l->iovas = need_calloc(n, sizeof(*l->iovas));
	for (k = 0; k < n; k++)
		l->iovas[k] = random_below(pages) * page_size + (random_below(page_size) & ~UINT64_C(63));
	free(order);
	return true;
}

static void close_lookups(struct lookups *l)
{
	world_close(&l->w);
	radix_free(&l->radix, l->level);
	free(l->iovas);
}

static void run_hot(const struct measure *m)
{
	struct lookups l;

	if (!open_lookups(&l, PAGE, 64, 4096)) {
		skipped(m, 1, "no memory");
		return;
	}
	measure(m, &l, 4096);
	close_lookups(&l);
}

static void run_random(const struct measure *m)
{
	struct lookups l;

	if (!open_lookups(&l, PAGE, 1 << 20, 1 << 21)) {
		skipped(m, 1, "no range of 4 GiB in this process");
		return;
	}
	measure(m, &l, 1 << 15);
	close_lookups(&l);
}

static void run_2m(const struct measure *m)
{
	struct lookups l;

	if (!open_lookups(&l, 2 * MIB, 1 << 18, 1 << 20)) {
		skipped(m, 1, "no range of 512 GiB in this process");
		return;
	}
	measure(m, &l, 1 << 15);
	close_lookups(&l);
}

static const struct measure hot[] = {
	{ "translate-hot", "ns", "bare four-level walk of the same addresses", AT_MOST_TIMES, 1.2 },
};
static const struct measure random_4k[] = {
	{ "translate-random-4k", "ns", "bare four-level walk of the same addresses", AT_MOST_TIMES,
	  1.5 },
};
static const struct measure random_2m[] = {
	{ "translate-random-2m", "ns", "bare walk of three levels, same addresses", AT_MOST_TIMES,
	  1.2 },
};

const struct group translate_hot_group = { hot, N_ELEMENTS(hot), run_hot };
const struct group translate_random_group = { random_4k, N_ELEMENTS(random_4k), run_random };
const struct group translate_2m_group = { random_2m, N_ELEMENTS(random_2m), run_2m };
