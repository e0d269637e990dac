/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a guest's table of 262,144 entries of 4 KiB, against passes over the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define ENTRIES (1u << 18)
#define TABLES GIB		/* guest address of the tables, above the guest's gigabyte */
#define TABLES_SIZE (4 * MIB)
#define LEAVES (TABLES + 3 * PAGE)	/* made first to last, after the three tables above them */

struct guest {
	struct world w;
	struct ioasid_space *child;
	struct guest_table table;
	struct ioasid_inv *batch;
	uint64_t *leaves;	/* all level-1 tables, one after another */
	uint64_t *copy;		/* as many bytes, */
	uint64_t *resolved;	/* and again */
	uint64_t *parent;	/* where each guest page leads: the parent's table, flat */
};

static void build_tables(struct guest *g)
{
	uint32_t *order = random_order(ENTRIES), i;

	guest_init(&g->table, g->w.memory, TABLES, TABLES + TABLES_SIZE);
	for (i = 0; i < ENTRIES; i++)
		guest_store(guest_entry(&g->table, i * PAGE), guest_leaf(order[i] * PAGE));
	g->leaves = (uint64_t *)(void *)(g->w.memory + LEAVES);
	if (guest_entry(&g->table, 0) != g->leaves)
		need(NULL);
	free(order);
}

/* @pieces: the guest's gigabyte is mapped in pages, in random order; else all in one. */
static void open_guest(struct guest *g, bool pieces)
{
	uint32_t *order = random_order(ENTRIES), i;

	if (!world_open(&g->w, 2 * GIB))
		need(NULL);
	g->parent = need_calloc(ENTRIES, sizeof(*g->parent));
	g->copy = need_calloc(ENTRIES, sizeof(*g->copy));
	g->resolved = need_calloc(ENTRIES, sizeof(*g->resolved));
	for (i = 0; i < ENTRIES; i++)
		g->parent[i] = (uintptr_t)g->w.memory + (pieces ? order[i] : i) * PAGE;
	if (pieces) {
		world_map_pages(&g->w, g->w.root, 0, PAGE, ENTRIES, order);
		check(ioasid_space_map(g->w.root, GIB, g->w.memory + GIB, GIB, RW, NULL), "map");
	} else {
		check(ioasid_space_map(g->w.root, 0, g->w.memory, 2 * GIB, RW, NULL), "map");
	}
	build_tables(g);
	g->child = world_space(&g->w, g->w.root);
	check(ioasid_device_attach(g->w.devices[0], g->child), "attach");
	check(ioasid_inv_new(g->w.ctx, 1, &g->batch), "batch");
	free(order);
}

static void close_guest(struct guest *g)
{
	world_close(&g->w);
	ioasid_inv_free(g->batch);
	free(g->resolved);
	free(g->copy);
	free(g->parent);
}

static void invalidate_all(struct guest *g)
{
	ioasid_inv_reset(g->batch);
	check(ioasid_inv_add_all(g->batch, g->child, 0), "batch");
	check(ioasid_inv_submit(g->batch, NULL), "invalidation");
}

/* The guest changes where every page leads. */
static void change_all(struct guest *g)
{
	uint32_t i;

	for (i = 0; i < ENTRIES; i++)
		guest_store(&g->leaves[i], guest_load(&g->leaves[i]) ^ PAGE);
}

static void reference_memcpy(struct guest *g)
{
	memcpy(g->copy, g->leaves, ENTRIES * sizeof(*g->leaves));
	__asm__ volatile("" : : "r"(g->copy) : "memory");
}

/* One 64-bit load each, as whoever reads a guest's table has to; the compiler keeps to that. */
static void reference_scan(struct guest *g)
{
	uint64_t present = 0;
	uint32_t i;

	for (i = 0; i < ENTRIES; i++)
		if (guest_load(&g->leaves[i]) & 3)
			present++;
	sink += present;
}

static void reference_load(struct guest *g)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < ENTRIES; i++)
		sum += g->parent[guest_load(&g->leaves[i]) / PAGE];
	sink += sum;
}

/* What is to be known of each entry afterwards, and nothing else: what it was, where it leads. */
static void resolve(struct guest *g)
{
	uint32_t i;

	for (i = 0; i < ENTRIES; i++) {
		uint64_t entry = guest_load(&g->leaves[i]);

		g->copy[i] = entry;
		__atomic_store_n(&g->resolved[i], g->parent[entry / PAGE], __ATOMIC_RELEASE);
	}
}

static double time_of(struct guest *g, void (*run)(struct guest *))
{
	uint64_t start = now_ns();

	run(g);
	return per_op(start, ENTRIES);
}

static double warm_time_of(struct guest *g, void (*run)(struct guest *))
{
	run(g);
	return time_of(g, run);
}

static void bind(struct guest *g)
{
	guest_bind(g->child, g->table.root);
}

static void measure_bind(struct guest *g, const struct measure *m,
			 void (*reference)(struct guest *))
{
	struct series *s = series_new(m);
	unsigned int i, todo = is_wanted(m) ? rounds(25) : 0;

	for (i = 0; i < todo; i++) {
		double ref = warm_time_of(g, reference);

		series_add(s, time_of(g, bind), ref);
		check(ioasid_space_unbind_pgtable(g->child), "unbinding");
	}
	bind(g);
	series_report(s);
}

static void measure_sync(struct guest *g, const struct measure *m, bool change,
			 void (*sync)(struct guest *), void (*reference)(struct guest *))
{
	struct series *s = series_new(m);
	unsigned int i, todo = is_wanted(m) ? rounds(101) : 0;

	for (i = 0; i < todo; i++) {
		double ref;

		if (change)
			change_all(g);
		ref = warm_time_of(g, reference);
		series_add(s, time_of(g, sync), ref);
	}
	series_report(s);
}

static void run(const struct measure *m)
{
	struct guest g;

	open_guest(&g, false);
	measure_bind(&g, &m[0], reference_memcpy);
	measure_sync(&g, &m[1], true, invalidate_all, reference_memcpy);
	measure_sync(&g, &m[2], false, invalidate_all, reference_scan);
	close_guest(&g);
}

static void run_pieces(const struct measure *m)
{
	struct guest g;

	open_guest(&g, true);
	measure_bind(&g, &m[0], reference_load);
	measure_sync(&g, &m[1], true, invalidate_all, reference_load);
	measure_sync(&g, &m[2], true, resolve, reference_load);
	close_guest(&g);
}

static const struct measure measures[] = {
	{ "shadow-bind-1g", "ns", "warm memcpy of the table's bytes, per entry", AT_MOST_TIMES, 8 },
	{ "shadow-sync-1g", "ns", "warm memcpy of the table's bytes, per entry", AT_MOST_TIMES, 4 },
	{ "shadow-sync-unchanged-1g", "ns", "load and test of each entry", AT_MOST_TIMES, 1.5 },
};
static const struct measure pieces[] = {
	{ "shadow-bind-1g-pieces", "ns", "load from a flat table at random, per entry",
	  AT_MOST_TIMES, 1.5 },
	{ "shadow-sync-1g-pieces", "ns", "load from a flat table at random, per entry",
	  AT_MOST_TIMES, 1.5 },
	{ "shadow-sync-1g-pieces-floor", "ns", "load from a flat table at random, per entry",
	  NO_TARGET, 0 },
};

const struct group sync_group = { measures, N_ELEMENTS(measures), run };
const struct group sync_pieces_group = { pieces, N_ELEMENTS(pieces), run_pieces };
