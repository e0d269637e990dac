/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How cost grows: the same measures among 1,000 to 10 million mappings of 4 KiB. */
#include "bench.h"

enum { TRANSLATE, MEMORY, MAP, UNMAP, INVALIDATE, N_MEASURES };

static const uint32_t sizes[] = { 1000, 10000, 100000, 1000000, 10000000 };

#define MEASURES(size) { \
	{ "translate-" #size, "ns", "bare four-level walk of the same addresses", NO_TARGET, 0 }, \
	{ "memory-" #size, "bytes", "a table entry of 8 bytes", NO_TARGET, 0 }, \
	{ "map-" #size, "ns", "insertion into a red-black tree", NO_TARGET, 0 }, \
	{ "unmap-" #size, "ns", "search and removal in a red-black tree", NO_TARGET, 0 }, \
	{ "invalidate-" #size, "ns", "four dependent loads and a store", NO_TARGET, 0 }, \
}

static const struct measure measures[][N_MEASURES] = {
	MEASURES(1000), MEASURES(10000), MEASURES(100000), MEASURES(1000000), MEASURES(10000000),
};

static void run(const struct measure *m)
{
	uint32_t size;
	size_t i = 0;

	while (m != measures[i])
		i++;
	size = sizes[i];
	measure_memory(&m[MEMORY], size);
	if (is_wanted(&m[TRANSLATE]))
		measure_translate(&m[TRANSLATE], size);
	if (is_wanted(&m[MAP]) || is_wanted(&m[UNMAP]))
		measure_maps(&m[MAP], size);
	if (is_wanted(&m[INVALIDATE]))
		measure_inv(&m[INVALIDATE], size);
}

#define GROUP(i) (&(const struct group){ measures[i], N_MEASURES, run })

const struct group *const groups[] = { GROUP(0), GROUP(1), GROUP(2), GROUP(3), GROUP(4) };
const size_t n_groups = N_ELEMENTS(groups);
