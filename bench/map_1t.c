/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Map of 1 TiB, against map of 4 KiB. */
#include "world.h"

#define REPEAT 64u

/* Maps and unmaps; the time of the maps. */
static double map_time(struct world *w, uint64_t length)
{
	uint64_t spent = 0;
	uint32_t i;

	for (i = 0; i < REPEAT; i++) {
		uint64_t start = now_ns();

		check(ioasid_space_map(w->root, TIB, w->memory, length, RW, NULL), "map");
		spent += now_ns() - start;
		check(ioasid_space_unmap(w->root, TIB, length, NULL), "unmap");
	}
	return (double)spent / REPEAT;
}

static void run(const struct measure *m)
{
	struct series *s = series_new(m);
	unsigned int i, todo = rounds(101);
	struct world w;

	if (!world_open(&w, TIB)) {
		skipped(m, 1, "no range of 1 TiB in this process");
		return;
	}
	check(ioasid_device_attach(w.devices[0], w.root), "attach");
	/* Something beside, so that the upper tables stay. */
	check(ioasid_space_map(w.root, 3 * TIB, w.memory, PAGE, RW, NULL), "map");
	map_time(&w, TIB);
	for (i = 0; i < todo; i++) {
		double ref = map_time(&w, PAGE);

		series_add(s, map_time(&w, TIB), ref);
	}
	series_report(s);
	world_close(&w);
}

static const struct measure measures[] = {
	{ "map-1t", "ns", "map of 4 KiB", AT_MOST_TIMES, 4 },
};

const struct group map_1t_group = { measures, N_ELEMENTS(measures), run };
