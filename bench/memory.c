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

static void run(const struct measure *m)
{
	struct series *counted = series_new(&m[0]), *resident = series_new(&m[1]);
	uint32_t *order = random_order(LIVE), *pages = random_order(LIVE), i;
	double before, grown;
	uint64_t held;
	struct world w;

	if (!world_open(&w, LIVE * PAGE)) {
		skipped(m, 2, "no range of 4 GiB in this process");
		return;
	}
	check(ioasid_device_attach(w.devices[0], w.root), "attach");
	held = world_memory_bytes(w.root);
	before = resident_bytes();
	for (i = 0; i < LIVE; i++)
		check(ioasid_space_map(w.root, pages[i] * PAGE, w.memory + order[i] * PAGE, PAGE,
				       RW, NULL), "map");
	grown = resident_bytes() - before;
	series_add(counted, (double)(world_memory_bytes(w.root) - held) / LIVE, 8);
	if (before > 0)
		series_add(resident, grown / LIVE, 8);
	series_report(counted);
	series_report(resident);
	world_close(&w);
	free(order);
	free(pages);
}

static const struct measure measures[] = {
	{ "memory-per-mapping", "bytes", "a table entry of 8 bytes", AT_MOST_TIMES, 5 },
	{ "memory-per-mapping-rss", "bytes", "a table entry of 8 bytes", AT_MOST_TIMES, 5 },
};

const struct group memory_group = { measures, N_ELEMENTS(measures), run };
