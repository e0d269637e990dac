/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Map and unmap of 4 KiB among 1M mappings, against a red-black tree of as many nodes. */
#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reference.h"
#include "world.h"

#ifndef MADV_POPULATE_WRITE	/* Linux 5.14 */
#define MADV_POPULATE_WRITE 23
#endif

#define LIVE (1u << 20)
#define CHUNK 8192u	/* operations per sample, if there are so many mappings */
#define N_MEASURES 6

struct maps {
	struct world w;
	uint32_t live, chunk;
	struct rb_tree tree;
	struct rb_node *nodes;	/* node i has key i */
	uint32_t *order;	/* where IOVA page i leads */
	uint32_t *pages;	/* IOVA pages in random order */
	char *unregistered;	/* CHUNK pages */
};

static void rb_inserts(struct maps *m, const uint32_t *pages, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		rb_insert(&m->tree, &m->nodes[pages[i]]);
}

static void rb_removes(struct maps *m, const uint32_t *pages, uint32_t n, bool barrier)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		rb_remove(&m->tree, rb_find(&m->tree, pages[i] * PAGE));
		if (barrier)
			syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
	}
}

static void maps(struct maps *m, const uint32_t *pages, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		check(ioasid_space_map(m->w.root, pages[i] * PAGE,
				       m->w.memory + m->order[pages[i]] * PAGE, PAGE, RW, NULL),
		      "map");
}

/* Memory that is not registered is looked at with each map. */
static void maps_unregistered(struct maps *m, const uint32_t *pages, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		check(ioasid_space_map(m->w.root, pages[i] * PAGE, m->unregistered + i * PAGE, PAGE,
				       RW, NULL), "map");
}

static void look_at_memory(struct maps *m, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		msync(m->unregistered + i * PAGE, PAGE, MS_ASYNC);
		madvise(m->unregistered + i * PAGE, PAGE, MADV_POPULATE_WRITE);
	}
}

static void unmaps(struct maps *m, const uint32_t *pages, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		check(ioasid_space_unmap(m->w.root, pages[i] * PAGE, PAGE, NULL), "unmap");
}

static bool open_maps(struct maps *m, uint32_t live)
{
	uint32_t i;

	if (!world_open(&m->w, live * PAGE))
		return false;
	m->live = live;
	m->chunk = live / 2 < CHUNK ? live / 2 : CHUNK;
	check(ioasid_device_attach(m->w.devices[0], m->w.root), "attach");
	m->order = random_order(live);
	m->pages = random_order(live);
	m->nodes = need_calloc(live, sizeof(*m->nodes));
	m->unregistered = memset(need(aligned_alloc(PAGE, CHUNK * PAGE)), 1, CHUNK * PAGE);
	rb_init(&m->tree);
	for (i = 0; i < live; i++)
		m->nodes[i].key = i * PAGE;
	/* In random order, as a heap in use and a tree in use look. */
	rb_inserts(m, m->pages, live);
	maps(m, m->pages, live);
	return true;
}

static void close_maps(struct maps *m)
{
	world_close(&m->w);
	free(m->order);
	free(m->pages);
	free(m->nodes);
	free(m->unregistered);
}

/* Takes these pages out and puts them back, in both. */
static void round_of(struct maps *m, const uint32_t *pages, bool barrier, struct series *map,
		     struct series *unmap)
{
	double out, in, ref_out, ref_in;
	uint64_t start = now_ns();

	rb_removes(m, pages, m->chunk, barrier);
	ref_out = per_op(start, m->chunk);
	start = now_ns();
	unmaps(m, pages, m->chunk);
	out = per_op(start, m->chunk);
	start = now_ns();
	rb_inserts(m, pages, m->chunk);
	ref_in = per_op(start, m->chunk);
	start = now_ns();
	maps(m, pages, m->chunk);
	in = per_op(start, m->chunk);
	if (map)
		series_add(map, in, ref_in);
	series_add(unmap, out, ref_out);
}

static void in_order(struct maps *m, struct series *map, struct series *unmap)
{
	uint32_t *pages = need_calloc(CHUNK, sizeof(*pages)), i;
	unsigned int round, todo = rounds(81);

	for (round = 0; round < todo; round++) {
		uint32_t from = (uint32_t)random_below(LIVE - CHUNK);

		for (i = 0; i < CHUNK; i++)
			pages[i] = from + i;
		round_of(m, pages, false, map, unmap);
	}
	free(pages);
}

static void in_random_order(struct maps *m, bool barrier, struct series *map, struct series *unmap)
{
	unsigned int round, todo = rounds(81);

	for (round = 0; round < todo; round++)
		round_of(m, m->pages + round * m->chunk % (m->live - m->chunk), barrier, map,
			 unmap);
}

static void unregistered(struct maps *m, struct series *map)
{
	unsigned int round, todo = rounds(81);

	for (round = 0; round < todo; round++) {
		const uint32_t *pages = m->pages + round * CHUNK % LIVE;
		uint64_t start;
		double ref;

		unmaps(m, pages, CHUNK);
		start = now_ns();
		look_at_memory(m, CHUNK);
		ref = per_op(start, CHUNK);
		start = now_ns();
		maps_unregistered(m, pages, CHUNK);
		series_add(map, per_op(start, CHUNK), ref);
		unmaps(m, pages, CHUNK);
		maps(m, pages, CHUNK);
	}
}

static void run(const struct measure *m)
{
	struct series *s[N_MEASURES];
	struct ioasid_channel *channel;
	struct maps maps;
	size_t i;

	if (!open_maps(&maps, LIVE)) {
		skipped(m, N_MEASURES, "no range of 4 GiB in this process");
		return;
	}
	for (i = 0; i < N_MEASURES; i++)
		s[i] = series_new(&m[i]);
	if (is_wanted(&m[0]) || is_wanted(&m[1]))
		in_order(&maps, s[0], s[1]);
	if (is_wanted(&m[2]) || is_wanted(&m[3]))
		in_random_order(&maps, false, s[2], s[3]);
	if (is_wanted(&m[4]))
		unregistered(&maps, s[4]);
	channel = world_channel(&maps.w, 0);
	if (is_wanted(&m[5]))
		in_random_order(&maps, true, NULL, s[5]);
	check(ioasid_channel_close(channel), "closing a channel");
	for (i = 0; i < N_MEASURES; i++)
		series_report(s[i]);
	close_maps(&maps);
}

void measure_maps(const struct measure *m, uint32_t pages)
{
	struct series *map = series_new(&m[0]), *unmap = series_new(&m[1]);
	struct maps maps;

	if (!open_maps(&maps, pages)) {
		skipped(m, 2, "no range of so many addresses in this process");
		return;
	}
	in_random_order(&maps, false, map, unmap);
	series_report(map);
	series_report(unmap);
	close_maps(&maps);
}

#define INSERTION "insertion into a red-black tree of 1M"
#define REMOVAL "search and removal in a red-black tree of 1M"

static const struct measure measures[N_MEASURES] = {
	{ "map-4k-in-order", "ns", INSERTION, AT_MOST_TIMES, 0.5 },
	{ "unmap-4k-in-order", "ns", REMOVAL, AT_MOST_TIMES, 0.5 },
	{ "map-4k-random", "ns", INSERTION, AT_MOST_TIMES, 0.5 },
	{ "unmap-4k-random", "ns", REMOVAL, AT_MOST_TIMES, 0.5 },
	{ "map-4k-unregistered", "ns", "msync(2) and madvise(2) of the page", NO_TARGET, 0 },
	{ "unmap-4k-random-drain", "ns", "the same removal, and a membarrier(2)", AT_MOST_TIMES,
	  1 },
};

const struct group map_group = { measures, N_ELEMENTS(measures), run };
