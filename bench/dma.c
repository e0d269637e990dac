/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading scattered pages by DMA, against memcpy of the same pages. */
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define PAGES (1u << 15)	/* 128 MiB: more than caches hold */
#define CHUNK 512u		/* pages per sample */

static void read_pages(struct ioasid_channel *channel, const uint32_t *pages, char *buf)
{
	uint32_t i;

	for (i = 0; i < CHUNK; i++)
		check(ioasid_dma_read(channel, pages[i] * PAGE, buf, PAGE), "DMA");
	sink += (uint64_t)buf[7];
}

static void copy_pages(const char *memory, const uint32_t *order, const uint32_t *pages, char *buf)
{
	uint32_t i;

	for (i = 0; i < CHUNK; i++) {
		memcpy(buf, memory + order[pages[i]] * PAGE, PAGE);
		__asm__ volatile("" : : "r"(buf) : "memory");
	}
	sink += (uint64_t)buf[7];
}

static void run(const struct measure *m)
{
	uint32_t *order = random_order(PAGES), *pages = random_order(PAGES), from = 0;
	struct series *s = series_new(m);
	struct ioasid_channel *channel;
	unsigned int i, todo = rounds(201);
	char *buf = need(aligned_alloc(PAGE, PAGE));
	struct world w;

	if (!world_open(&w, PAGES * PAGE))
		need(NULL);
	memset(w.memory, 1, w.size);
	check(ioasid_device_attach(w.devices[0], w.root), "attach");
	channel = world_channel(&w, 0);
	world_map_pages(&w, w.root, 0, PAGE, PAGES, order);
	read_pages(channel, pages, buf);
	for (i = 0; i < todo; i++) {
		uint64_t start = now_ns();
		double value, ref;

		copy_pages(w.memory, order, pages + from, buf);
		ref = per_op(start, CHUNK);
		from = (from + CHUNK) % PAGES;
		start = now_ns();
		read_pages(channel, pages + from, buf);
		value = per_op(start, CHUNK);
		from = (from + CHUNK) % PAGES;
		series_add(s, value, ref);
	}
	series_report(s);
	world_close(&w);
	free(order);
	free(pages);
	free(buf);
}

static const struct measure measures[] = {
	{ "dma-read-4k", "ns", "memcpy of as many scattered pages", AT_MOST_TIMES, 1.1 },
};

const struct group dma_group = { measures, N_ELEMENTS(measures), run };
