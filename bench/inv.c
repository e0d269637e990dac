/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invalidations of single pages whose entry the guest has changed, end to end, against the least
 * that can do it: four dependent loads to the guest's entry, and a store.
 */
#include <linux/membarrier.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "world.h"

#define ENTRIES (1u << 18)
#define BATCH 512u
#define CHUNK (4 * BATCH)	/* invalidations per sample */

struct inv {
	struct world w;
	uint32_t entries;
	struct ioasid_space *child;
	struct guest_table table;
	struct ioasid_inv *batch;
	uint64_t *shadow;	/* the reference's */
	uint64_t *iovas;	/* CHUNK of them */
	uint64_t **slots;	/* and their entries */
};

/*
 * A guest's table of so many pages, and behind them the tables. The parent's mapping is a big one,
 * as VMMs have, also if that is more than it takes.
 */
static void open_inv(struct inv *v, uint32_t entries)
{
	uint64_t least = 64 * MIB, data = (entries + 511) / 512 * 512 * PAGE;
	uint64_t tables = data < least ? least : data;
	uint64_t size = tables + (entries / 512 + entries / 512 / 512 + 8) * PAGE;
	uint32_t i;

	if (!world_open(&v->w, size))
		need(NULL);
	v->entries = entries;
	check(ioasid_space_map(v->w.root, 0, v->w.memory, size, RW, NULL), "map");
	guest_init(&v->table, v->w.memory, tables, size);
	for (i = 0; i < entries; i++)
		guest_store(guest_entry(&v->table, i * PAGE),
			    guest_leaf(random_below(entries) * PAGE));
	v->child = world_space(&v->w, v->w.root);
	guest_bind(v->child, v->table.root);
	check(ioasid_device_attach(v->w.devices[0], v->child), "attach");
	check(ioasid_inv_new(v->w.ctx, BATCH, &v->batch), "batch");
	v->shadow = need_calloc(entries, sizeof(*v->shadow));
	v->iovas = need_calloc(CHUNK, sizeof(*v->iovas));
	v->slots = need_calloc(CHUNK, sizeof(*v->slots));
}

static void close_inv(struct inv *v)
{
	world_close(&v->w);
	ioasid_inv_free(v->batch);
	free(v->shadow);
	free(v->iovas);
	free(v->slots);
}

/* Which pages: @distinct ones, at random or one after another, again and again. */
static void choose(struct inv *v, uint32_t distinct, bool random)
{
	uint32_t *order = random_order(ENTRIES), i;

	for (i = 0; i < CHUNK; i++) {
		v->iovas[i] = (random ? order[i % distinct] : i % distinct) * PAGE;
		v->slots[i] = guest_entry(&v->table, v->iovas[i]);
	}
	free(order);
}

/* Any pages. */
static void choose_any(struct inv *v)
{
	uint32_t i;

	for (i = 0; i < CHUNK; i++) {
		v->iovas[i] = random_below(v->entries) * PAGE;
		v->slots[i] = guest_entry(&v->table, v->iovas[i]);
	}
}

static inline uint64_t load_entry(const struct inv *v, uint64_t iova)
{
	uint64_t table = v->table.root;
	unsigned int shift;

	for (shift = 39;; shift -= 9) {
		uint64_t *entry = (uint64_t *)(void *)(v->w.memory + table) + (iova >> shift & 511);
		uint64_t value = guest_load(entry);

		if (shift == 12)
			return value;
		table = value & ~(PAGE - 1);
	}
}

static void change(struct inv *v, uint32_t i)
{
	guest_store(v->slots[i], guest_load(v->slots[i]) ^ PAGE);
}

static void reference(struct inv *v, bool barrier)
{
	uint32_t i;

	for (i = 0; i < CHUNK; i++) {
		change(v, i);
		__atomic_store_n(&v->shadow[v->iovas[i] / PAGE], load_entry(v, v->iovas[i]),
				 __ATOMIC_RELEASE);
		if (barrier)
			syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
	}
}

static void invalidate(struct inv *v, uint32_t batch)
{
	uint32_t i, k;

	for (i = 0; i < CHUNK; i += batch) {
		for (k = i; k < i + batch; k++)
			change(v, k);
		ioasid_inv_reset(v->batch);
		for (k = i; k < i + batch; k++)
			check(ioasid_inv_add_mask(v->batch, v->child, v->iovas[k], 0,
						  IOASID_INV_LEAF_ONLY), "batch");
		check(ioasid_inv_submit(v->batch, NULL), "invalidation");
	}
}

static void measure(struct inv *v, const struct measure *m, uint32_t batch, bool barrier)
{
	struct series *s = series_new(m);
	unsigned int i, todo = is_wanted(m) ? rounds(301) : 0;

	invalidate(v, batch);
	for (i = 0; i < todo; i++) {
		uint64_t start;
		double ref;

		reference(v, barrier);
		start = now_ns();
		reference(v, barrier);
		ref = per_op(start, CHUNK);
		start = now_ns();
		invalidate(v, batch);
		series_add(s, per_op(start, CHUNK), ref);
	}
	series_report(s);
}

static void run(const struct measure *m)
{
	struct inv v;

	open_inv(&v, ENTRIES);
	choose(&v, 64, true);
	measure(&v, &m[0], 1, false);
	choose(&v, BATCH, false);
	measure(&v, &m[1], BATCH, false);
	choose(&v, BATCH, true);
	measure(&v, &m[2], BATCH, false);
	close_inv(&v);
}

/*
 * Of all pages: other ones each time, so that neither side finds more than its luck in the caches.
 */
void measure_inv(const struct measure *m, uint32_t pages)
{
	struct series *s = series_new(m);
	unsigned int i, todo = is_wanted(m) ? rounds(101) : 0;
	struct inv v;

	open_inv(&v, pages);
	for (i = 0; i < todo; i++) {
		uint64_t start;
		double ref;

		choose_any(&v);
		start = now_ns();
		reference(&v, false);
		ref = per_op(start, CHUNK);
		choose_any(&v);
		start = now_ns();
		invalidate(&v, 1);
		series_add(s, per_op(start, CHUNK), ref);
	}
	series_report(s);
	close_inv(&v);
}

static void run_drain(const struct measure *m)
{
	struct ioasid_channel *channel;
	char byte;
	struct inv v;

	open_inv(&v, ENTRIES);
	channel = world_channel(&v.w, 0);
	check(ioasid_dma_read(channel, 0, &byte, 1), "DMA");
	choose(&v, 64, true);
	measure(&v, &m[0], 1, true);
	close_inv(&v);
}

static const struct measure measures[] = {
	{ "shadow-inv-1", "ns", "four dependent loads and a store", AT_MOST_MORE, 100 },
	{ "shadow-inv-512", "ns", "four dependent loads and a store", AT_MOST, 25 },
	{ "shadow-inv-512-random", "ns", "four dependent loads and a store", AT_MOST, 25 },
};
static const struct measure drain[] = {
	{ "shadow-inv-1-drain", "ns", "the same and a membarrier(2)", AT_MOST_MORE, 100 },
};

const struct group inv_group = { measures, N_ELEMENTS(measures), run };
const struct group inv_drain_group = { drain, N_ELEMENTS(drain), run_drain };
