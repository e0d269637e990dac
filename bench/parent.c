/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unmap and map of a page that a shadow of 1M entries uses, against the same without a child. */
#include <stdlib.h>

#include "world.h"

#define LIVE (1u << 20)
#define CHUNK 4096u
#define TABLES (LIVE * PAGE)	/* guest address */
#define TABLES_SIZE (16 * MIB)

struct family {
	struct world w;
	struct ioasid_space *alone;	/* the same mappings as the root, but no child */
	struct ioasid_space *child;
	uint32_t *order;
	uint32_t *pages;
};

static void open_family(struct family *f)
{
	uint32_t *leads = random_order(LIVE), i;
	struct guest_table table;

	check(ioasid_device_attach(f->w.devices[1], f->alone), "attach");
	f->order = random_order(LIVE);
	f->pages = random_order(LIVE);
	world_map_pages(&f->w, f->w.root, 0, PAGE, LIVE, f->order);
	world_map_pages(&f->w, f->alone, 0, PAGE, LIVE, f->order);
	check(ioasid_space_map(f->w.root, TABLES, f->w.memory + TABLES, TABLES_SIZE, RW, NULL),
	      "map");
	guest_init(&table, f->w.memory, TABLES, TABLES + TABLES_SIZE);
	for (i = 0; i < LIVE; i++)
		guest_store(guest_entry(&table, i * PAGE), guest_leaf(leads[i] * PAGE));
	f->child = world_space(&f->w, f->w.root);
	guest_bind(f->child, table.root);
	check(ioasid_device_attach(f->w.devices[0], f->child), "attach");
	free(leads);
}

static double unmaps(struct ioasid_space *space, const uint32_t *pages)
{
	uint64_t start = now_ns();
	uint32_t i;

	for (i = 0; i < CHUNK; i++)
		check(ioasid_space_unmap(space, pages[i] * PAGE, PAGE, NULL), "unmap");
	return per_op(start, CHUNK);
}

static double maps(struct family *f, struct ioasid_space *space, const uint32_t *pages)
{
	uint64_t start = now_ns();
	uint32_t i;

	for (i = 0; i < CHUNK; i++)
		check(ioasid_space_map(space, pages[i] * PAGE,
				       f->w.memory + f->order[pages[i]] * PAGE, PAGE, RW, NULL),
		      "map");
	return per_op(start, CHUNK);
}

static void run(const struct measure *m)
{
	struct series *unmap = series_new(&m[0]), *map = series_new(&m[1]);
	unsigned int i, todo = rounds(81);
	struct family f;

	if (!world_open(&f.w, 5 * GIB)) {
		skipped(m, 2, "no range of 5 GiB in this process");
		return;
	}
	f.alone = world_space(&f.w, NULL);
	open_family(&f);
	for (i = 0; i < todo; i++) {
		const uint32_t *pages = f.pages + i * CHUNK % LIVE;
		double ref = unmaps(f.alone, pages);

		series_add(unmap, unmaps(f.w.root, pages), ref);
		ref = maps(&f, f.alone, pages);
		series_add(map, maps(&f, f.w.root, pages), ref);
	}
	series_report(unmap);
	series_report(map);
	world_close(&f.w);
	free(f.order);
	free(f.pages);
}

static const struct measure measures[] = {
	{ "parent-unmap-4k", "ns", "unmap without children", AT_MOST_TIMES, 5 },
	{ "parent-map-4k", "ns", "map without children", NO_TARGET, 0 },
};

const struct group parent_group = { measures, N_ELEMENTS(measures), run };
