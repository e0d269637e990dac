/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading scattered pages by DMA, against memcpy of the same pages. */
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define PAGES (1u << 15)	/* 128 MiB: more than caches hold */
#define CHUNK 512u		/* pages per sample */
#define TOGETHER 16u

struct reads {
	struct world w;
	struct ioasid_channel *channel;
	uint32_t *order;	/* where IOVA page i leads */
	uint32_t *pages;	/* what to read */
	char *buf;		/* TOGETHER pages */
};

/* @n pages with each call. */
static void read_pages(const struct reads *r, uint32_t from, uint32_t n)
{
	uint32_t i;

	for (i = from; i < from + CHUNK; i += n)
		check(ioasid_dma_read(r->channel, r->pages[i] / n * n * PAGE, r->buf, n * PAGE),
		      "DMA");
	sink += (uint64_t)r->buf[7];
}

static void copy_pages(const struct reads *r, uint32_t from, uint32_t n)
{
	uint32_t i, k;

	for (i = from; i < from + CHUNK; i += n) {
		const uint32_t *order = r->order + r->pages[i] / n * n;

		for (k = 0; k < n; k++)
			memcpy(r->buf + k * PAGE, r->w.memory + order[k] * PAGE, PAGE);
		__asm__ volatile("" : : "r"(r->buf) : "memory");
	}
	sink += (uint64_t)r->buf[7];
}

static void measure(const struct measure *m, const struct reads *r, uint32_t n)
{
	struct series *s = series_new(m);
	unsigned int i, todo = is_wanted(m) ? rounds(201) : 0;
	uint32_t from = 0;

	for (i = 0; i < todo; i++) {
		uint64_t start = now_ns();
		double value, ref;

		copy_pages(r, from, n);
		ref = per_op(start, CHUNK);
		from = (from + CHUNK) % PAGES;
		start = now_ns();
		read_pages(r, from, n);
		value = per_op(start, CHUNK);
		from = (from + CHUNK) % PAGES;
		series_add(s, value, ref);
	}
	series_report(s);
}

static void run(const struct measure *m)
{
	struct reads r = { .order = random_order(PAGES), .pages = random_order(PAGES) };

	if (!world_open(&r.w, PAGES * PAGE))
		need(NULL);
	memset(r.w.memory, 1, r.w.size);
	check(ioasid_device_attach(r.w.devices[0], r.w.root), "attach");
	r.channel = world_channel(&r.w, 0);
	world_map_pages(&r.w, r.w.root, 0, PAGE, PAGES, r.order);
	r.buf = need(aligned_alloc(PAGE, TOGETHER * PAGE));
	read_pages(&r, 0, 1);
	measure(&m[0], &r, 1);
	measure(&m[1], &r, TOGETHER);
	world_close(&r.w);
	free(r.order);
	free(r.pages);
	free(r.buf);
}

static const struct measure measures[] = {
	{ "dma-read-4k", "ns", "memcpy of as many scattered pages", AT_MOST_TIMES, 1.1 },
	{ "dma-read-64k", "ns", "memcpy of as many scattered pages", AT_MOST_TIMES, 1.1 },
};

const struct group dma_group = { measures, N_ELEMENTS(measures), run };
