/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory of 1M separate mappings of 4 KiB: as the library counts it, and as the process grows. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "world.h"

#define LIVE (1u << 20)

static double resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	if (f && fscanf(f, "%*u %lu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* How much so many mappings take, each. False: there are no addresses for them. */
static bool map_all(uint32_t live, double *counted, double *resident)
{
	struct world world, *w = &world;
	uint32_t *order = random_order(live), *pages = random_order(live), i;
	bool fits = world_open(w, live * PAGE);
	uint64_t held;
	double before;

	if (fits) {
		check(ioasid_device_attach(w->devices[0], w->root), "attach");
		held = world_memory_bytes(w->root);
		before = resident_bytes();
		for (i = 0; i < live; i++)
			check(ioasid_space_map(w->root, pages[i] * PAGE,
					       w->memory + order[i] * PAGE, PAGE, RW, NULL),
			      "map");
		*counted = (double)(world_memory_bytes(w->root) - held) / live;
		*resident = before > 0 ? (resident_bytes() - before) / live : 0;
		world_close(w);
	}
	free(order);
	free(pages);
	return fits;
}

static void run(const struct measure *m)
{
	struct series *counted = series_new(&m[0]), *resident = series_new(&m[1]);
	double bytes, grown;

	if (!map_all(LIVE, &bytes, &grown)) {
		skipped(m, 2, "no range of 4 GiB in this process");
		return;
	}
	series_add(counted, bytes, 8);
	if (grown > 0)
		series_add(resident, grown, 8);
	series_report(counted);
	series_report(resident);
}

void measure_memory(const struct measure *m, uint32_t pages)
{
	struct series *counted = series_new(m);
	double bytes, grown;

	if (is_wanted(m) && map_all(pages, &bytes, &grown))
		series_add(counted, bytes, 8);
	series_report(counted);
}

static const struct measure measures[] = {
	{ "memory-per-mapping", "bytes", "a table entry of 8 bytes", AT_MOST_TIMES, 5 },
	{ "memory-per-mapping-rss", "bytes", "a table entry of 8 bytes", AT_MOST_TIMES, 5 },
};

const struct group memory_group = { measures, N_ELEMENTS(measures), run };
