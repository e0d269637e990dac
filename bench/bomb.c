/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Four pages of tables that refer to each other describe 2^36 leaves. Reading them, against reading
 * four ordinary ones.
 */
#include "world.h"

/* Of the guest's memory, data and tables: one mapping, as that of a virtual machine. */
#define SIZE (256 * MIB)
#define ORDINARY (2 * MIB)
#define BOMB (3 * MIB)
#define PAGES 4u
#define REPEAT 16u

/* Time of a first reading. */
static double bind_time(struct ioasid_space *space, uint64_t root)
{
	uint64_t spent = 0;
	unsigned int i;

	for (i = 0; i < REPEAT; i++) {
		uint64_t start = now_ns();

		guest_bind(space, root);
		spent += now_ns() - start;
		check(ioasid_space_unbind_pgtable(space), "unbinding");
	}
	return (double)spent / REPEAT / 1000;
}

static double held_by(struct ioasid_space *space, uint64_t root)
{
	double bytes, before = (double)world_memory_bytes(space);

	guest_bind(space, root);
	bytes = (double)world_memory_bytes(space) - before;
	check(ioasid_space_unbind_pgtable(space), "unbinding");
	return bytes / (double)KIB;
}

static void build_tables(struct world *w)
{
	uint64_t *bomb = (uint64_t *)(void *)(w->memory + BOMB);
	struct guest_table ordinary;
	uint32_t i;

	guest_init(&ordinary, w->memory, ORDINARY, ORDINARY + PAGES * PAGE);
	for (i = 0; i < 512; i++)
		guest_store(guest_entry(&ordinary, i * PAGE), guest_leaf(i * PAGE));
	for (i = 0; i < PAGES * 512; i++)
		guest_store(&bomb[i], guest_leaf(BOMB + i % PAGES * PAGE));
}

static void run(const struct measure *m)
{
	struct series *time = series_new(&m[0]), *memory = series_new(&m[1]);
	unsigned int i, todo = rounds(41);
	struct ioasid_space *child;
	struct world w;

	if (!world_open(&w, SIZE))
		need(NULL);
	check(ioasid_space_map(w.root, 0, w.memory, SIZE, RW, NULL), "map");
	build_tables(&w);
	child = world_space(&w, w.root);
	check(ioasid_device_attach(w.devices[0], child), "attach");
	bind_time(child, BOMB);
	for (i = 0; i < todo; i++) {
		double ref = bind_time(child, ORDINARY);

		series_add(time, bind_time(child, BOMB), ref);
	}
	series_add(memory, held_by(child, BOMB), held_by(child, ORDINARY));
	series_report(time);
	series_report(memory);
	world_close(&w);
}

static const struct measure measures[] = {
	{ "bomb-sync", "us", "four ordinary table pages", AT_MOST_TIMES, 10 },
	{ "bomb-memory", "KiB", "four ordinary table pages", AT_MOST, 64 },
};

const struct group bomb_group = { measures, N_ELEMENTS(measures), run };
