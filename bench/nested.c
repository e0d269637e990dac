/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Translations through a space that is nested in hardware: found in the IOTLB, or walked for.
 * Against a bare walk of both levels, which takes 24 loads: 4 for each of the guest's 4 tables, and
 * their entries, and 4 for the page.
 */
#include <stdlib.h>

#include "reference.h"
#include "world.h"

#define BLOCK 64	/* translations between ioasid_dma_begin() and ioasid_dma_end() */
#define PAGES (1u << 14)
#define TABLES (PAGES * PAGE)	/* guest address of the tables, behind the pages */
#define SIZE (TABLES + MIB)
#define LOOKUPS (1u << 14)

struct nested {
	struct world w;
	struct ioasid_space *space;
	struct ioasid_channel *channel;
	struct guest_table table;
	struct radix second;
	uint64_t *iovas;
};

static uint64_t translate(const struct nested *n, const uint64_t *iovas, size_t count)
{
	struct iovec piece = { 0 };
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		if (i % BLOCK == 0)
			ioasid_dma_begin(n->channel);
		if (ioasid_dma_translate(n->channel, iovas[i], 64, IOASID_READ, &piece, 1) != 1)
			check(-1, "translate");
		sum += (uintptr_t)piece.iov_base;
		if (i % BLOCK == BLOCK - 1)
			ioasid_dma_end(n->channel);
	}
	return sum;
}

/* Each address of the guest's, its tables' too, goes through the second level. */
static uint64_t walk_one(const struct nested *n, uint64_t iova)
{
	uint64_t at = n->table.root;
	int shift;

	for (shift = 39; shift >= 12; shift -= 9) {
		uint64_t slot = radix_walk_4k(&n->second, at + 8 * (iova >> shift & 511));
		uint64_t entry = guest_load((const uint64_t *)(uintptr_t)slot);

		if ((entry & 3) != 3)
			return 0;
		at = entry & ~(PAGE - 1);
	}
	return radix_walk_4k(&n->second, at + (iova & (PAGE - 1)));
}

static uint64_t walk(const struct nested *n, const uint64_t *iovas, size_t count)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < count; i++)
		sum += walk_one(n, iovas[i]);
	return sum;
}

static bool open_nested(struct nested *n)
{
	struct ioasid_space_options nested = IOASID_SPACE_OPTIONS_INIT;
	uint32_t *order = random_order(PAGES), i;

	if (!world_open(&n->w, SIZE)) {
		free(order);
		return false;
	}
	radix_init(&n->second);
	for (i = 0; i < SIZE / PAGE; i++) {
		uint64_t at = i * PAGE;

		check(ioasid_space_map(n->w.root, at, n->w.memory + at, PAGE, RW, NULL), "map");
		radix_map(&n->second, at, (uintptr_t)n->w.memory + at, 1);
	}
	guest_init(&n->table, n->w.memory, TABLES, SIZE);
	for (i = 0; i < PAGES; i++)
		guest_store(guest_entry(&n->table, i * PAGE), guest_leaf(order[i] * PAGE));
	nested.parent = n->w.root;
	nested.nesting = IOASID_NESTING_HARDWARE;
	check(ioasid_space_create(n->w.ctx, &nested, &n->space), "space");
	guest_bind(n->space, n->table.root);
	check(ioasid_device_attach(n->w.devices[0], n->space), "attach");
	n->channel = world_channel(&n->w, 0);
	n->iovas = need_calloc(LOOKUPS, sizeof(*n->iovas));
	free(order);
	return true;
}

static void close_nested(struct nested *n)
{
	world_close(&n->w);
	radix_free(&n->second, 1);
	free(n->iovas);
}

/* Among so many pages. */
static void measure(const struct measure *m, struct nested *n, uint32_t pages)
{
	struct series *s = series_new(m);
	unsigned int i, todo = is_wanted(m) ? rounds(101) : 0;
	size_t k;

	for (k = 0; k < LOOKUPS; k++)
		n->iovas[k] = random_below(pages) * PAGE + (random_below(PAGE) & ~UINT64_C(63));
	/* Both sides have to agree, or their times mean nothing. */
	if (translate(n, n->iovas, LOOKUPS) != walk(n, n->iovas, LOOKUPS))
		need(NULL);
	for (i = 0; i < todo; i++) {
		uint64_t start = now_ns();
		double value, ref;

		sink += walk(n, n->iovas, LOOKUPS);
		ref = per_op(start, LOOKUPS);
		start = now_ns();
		sink += translate(n, n->iovas, LOOKUPS);
		value = per_op(start, LOOKUPS);
		series_add(s, value, ref);
	}
	series_report(s);
}

static void run(const struct measure *m)
{
	struct nested n;

	if (!open_nested(&n)) {
		skipped(m, 2, "no memory");
		return;
	}
	measure(&m[0], &n, 64);
	measure(&m[1], &n, PAGES);
	close_nested(&n);
}

#define WALK_24 "bare walk of both levels, same addresses"

static const struct measure measures[] = {
	{ "nested-iotlb-warm", "ns", WALK_24, AT_MOST_TIMES, 1.0 },
	{ "nested-iotlb-cold", "ns", WALK_24, AT_MOST_TIMES, 6.0 },
};

const struct group nested_group = { measures, N_ELEMENTS(measures), run };
