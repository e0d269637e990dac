/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dirty tracking: reading what was written, and DMA that writes while it is recorded. */
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define SPACE	(64 * GIB)
#define APART	(16 * MIB)	/* from a dirty page to the next */
#define WORDS	(SPACE / PAGE / 64)
#define PAGES	4096u		/* that are written, of 4 KiB, in random order */
#define BYTES	64u

static struct ioasid_space *tracked_root(struct world *w)
{
	struct ioasid_space_options tracked = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;

	tracked.flags = IOASID_SPACE_DIRTY_TRACKING;
	check(ioasid_space_create(w->ctx, &tracked, &space), "space");
	check(ioasid_space_dirty_start(space), "dirty tracking");
	return space;
}

static void write_at(struct ioasid_channel *channel, uint64_t iova)
{
	char bytes[BYTES] = { 1 };

	check(ioasid_dma_write(channel, iova, bytes, BYTES), "DMA");
}

static uint64_t pass_over(const uint64_t *bitmap)
{
	uint64_t sum = 0, i;

	for (i = 0; i < WORDS; i++)
		sum += bitmap[i];
	return sum;
}

static void run_read(const struct measure *m)
{
	struct series *s = series_new(m);
	uint64_t *bitmap = need_calloc(WORDS, sizeof(*bitmap)), at;
	unsigned int i, todo = rounds(101);
	struct ioasid_channel *channel;
	struct ioasid_space *space;
	struct world w;

	if (!world_open(&w, GIB))
		need(NULL);
	space = tracked_root(&w);
	for (at = 0; at < SPACE; at += GIB)
		check(ioasid_space_map(space, at, w.memory, GIB, RW, NULL), "map");
	check(ioasid_device_attach(w.devices[0], space), "attach");
	channel = world_channel(&w, 0);
	for (i = 0; i <= todo; i++) {
		uint64_t start;
		double ref;

		for (at = 0; at < SPACE; at += APART)
			write_at(channel, at);
		start = now_ns();
		sink += pass_over(bitmap);
		ref = per_op(start, 1000);
		start = now_ns();
		check(ioasid_space_dirty_read(space, 0, SPACE, PAGE, 0, bitmap), "reading");
		if (i)
			series_add(s, per_op(start, 1000), ref);
	}
	series_report(s);
	world_close(&w);
	free(bitmap);
}

static double write_all(struct ioasid_channel *channel, const uint32_t *order)
{
	uint64_t start = now_ns();
	uint32_t i;

	for (i = 0; i < PAGES; i++)
		write_at(channel, order[i] * PAGE);
	return per_op(start, PAGES);
}

/* m[0]: pages that are dirty; m[1]: that are clean. Both against a space that records nothing. */
static void run_write(const struct measure *m)
{
	uint32_t *pages = random_order(PAGES), *order = random_order(PAGES);
	struct series *dirty = series_new(&m[0]), *clean = series_new(&m[1]);
	struct ioasid_channel *plain_channel, *channel;
	unsigned int i, todo = rounds(101);
	uint64_t bits[PAGES / 64];
	struct ioasid_space *space;
	struct world w;

	if (!world_open(&w, PAGES * PAGE))
		need(NULL);
	memset(w.memory, 1, w.size);
	space = tracked_root(&w);
	world_map_pages(&w, w.root, 0, PAGE, PAGES, pages);
	world_map_pages(&w, space, 0, PAGE, PAGES, pages);
	check(ioasid_device_attach(w.devices[0], w.root), "attach");
	check(ioasid_device_attach(w.devices[1], space), "attach");
	plain_channel = world_channel(&w, 0);
	channel = world_channel(&w, 1);
	for (i = 0; i <= todo; i++) {
		double first, ref = write_all(plain_channel, order);

		check(ioasid_space_dirty_read(space, 0, PAGES * PAGE, PAGE, 0, bits), "reading");
		first = write_all(channel, order);
		if (!i)
			continue;
		series_add(clean, first, ref);
		series_add(dirty, write_all(channel, order), ref);
	}
	series_report(dirty);
	series_report(clean);
	world_close(&w);
	free(pages);
	free(order);
}

static const struct measure read_measures[] = {
	{ "dirty-read-64g-sparse", "us", "a pass over the bitmap's bytes", AT_MOST_TIMES, 3 },
};

static const struct measure write_measures[] = {
	{ "dirty-dma-write", "ns", "the same with tracking off", AT_MOST_TIMES, 1.05 },
	{ "dirty-dma-write-first", "ns", "with tracking off", NO_TARGET, 0 },
};

const struct group dirty_read_group = { read_measures, N_ELEMENTS(read_measures), run_read };
const struct group dirty_write_group = { write_measures, N_ELEMENTS(write_measures), run_write };
