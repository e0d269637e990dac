/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the library adds to the kernel's time on iommufd: map, unmap and invalidations on a kernel
 * that does nothing, against the calls alone.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "iommufd/uapi.h"
#include "seam.h"
#include "vfio/sys.h"
#include "world.h"

#define PAGES  4096u	/* mapped one by one */
#define CHUNK  2048u	/* invalidations per sample */
#define RUN    512u	/* contiguous pages */
#define SINGLE 64u	/* pages each with a hole behind it */

/*
 * The guest's memory: page tables, and two places for what they map. One big mapping, as VMMs have,
 * of which most is not touched.
 */
#define SIZE	(64 * MIB)
#define DATA	(4 * MIB)
#define DATA_2	(8 * MIB)
#define SINGLES GIB	/* IOVAs; the run begins at 0 */

struct kernel {
	struct world w;	/* its first device only */
	struct ioasid_space *child;
	struct guest_table table;
	struct ioasid_inv *batch;
	uint32_t *order;
	uint64_t *slots[SINGLE];
};

static void open_kernel(struct kernel *k)
{
	struct ioasid_ctx_options open = IOASID_CTX_OPTIONS_INIT;
	void *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	k->w.memory = need(p == MAP_FAILED ? NULL : p);
	k->w.size = SIZE;
	open.backend = "iommufd";
	check(ioasid_ctx_open(&open, &k->w.ctx), "context");
	check(ioasid_device_bind(k->w.ctx, SEAM_DEVICE, 0, &k->w.devices[0]), "binding");
	k->w.root = world_space(&k->w, NULL);
}

static void reference_maps(const struct kernel *k)
{
	uint32_t i;

	for (i = 0; i < PAGES; i++) {
		struct uapi_ioas_map map = {
			.size = sizeof(map),
			.flags = UAPI_MAP_FIXED_IOVA | UAPI_MAP_READABLE | UAPI_MAP_WRITEABLE,
			.ioas_id = 1,
			.user_va = (uintptr_t)k->w.memory,
			.length = PAGE,
			.iova = k->order[i] * PAGE,
		};

		check(sys_ioctl(SEAM_IOMMU, UAPI_IOAS_MAP, &map), "map");
	}
}

static void reference_unmap(uint64_t iova)
{
	struct uapi_ioas_unmap unmap = {
		.size = sizeof(unmap), .ioas_id = 1, .iova = iova, .length = PAGE,
	};

	check(sys_ioctl(SEAM_IOMMU, UAPI_IOAS_UNMAP, &unmap), "unmap");
}

static void maps(struct kernel *k)
{
	uint32_t i;

	for (i = 0; i < PAGES; i++)
		check(ioasid_space_map(k->w.root, k->order[i] * PAGE, k->w.memory, PAGE, RW, NULL),
		      "map");
}

static void unmaps(struct kernel *k)
{
	uint32_t i;

	for (i = 0; i < PAGES; i++)
		check(ioasid_space_unmap(k->w.root, k->order[i] * PAGE, PAGE, NULL), "unmap");
}

/* All pages in, and out again. */
static void map_round(struct kernel *k, struct series *map, struct series *unmap)
{
	double ref, value;
	uint64_t start = now_ns();
	uint32_t i;

	reference_maps(k);
	ref = per_op(start, PAGES);
	start = now_ns();
	maps(k);
	value = per_op(start, PAGES);
	series_add(map, value, ref);
	start = now_ns();
	for (i = 0; i < PAGES; i++)
		reference_unmap(k->order[i] * PAGE);
	ref = per_op(start, PAGES);
	start = now_ns();
	unmaps(k);
	value = per_op(start, PAGES);
	series_add(unmap, value, ref);
}

static void run_map(const struct measure *m)
{
	struct series *map = series_new(&m[0]), *unmap = series_new(&m[1]);
	unsigned int i, todo = rounds(301);
	struct kernel k;

	open_kernel(&k);
	check(ioasid_device_attach(k.w.devices[0], k.w.root), "attach");
	k.order = random_order(PAGES);
	maps(&k);
	unmaps(&k);
	for (i = 0; i < todo; i++)
		map_round(&k, map, unmap);
	series_report(map);
	series_report(unmap);
	free(k.order);
	world_close(&k.w);
}

/* Where the @i-th of the single pages is, and leads to first. */
static uint64_t single(uint32_t i)
{
	return 2 * i * PAGE;
}

static void open_nested(struct kernel *k)
{
	uint32_t i;

	open_kernel(k);
	check(ioasid_space_map(k->w.root, 0, k->w.memory, SIZE, RW, NULL), "map");
	guest_init(&k->table, k->w.memory, 0, DATA);
	for (i = 0; i < RUN; i++)
		guest_store(guest_entry(&k->table, i * PAGE), guest_leaf(DATA + i * PAGE));
	for (i = 0; i < SINGLE; i++) {
		k->slots[i] = guest_entry(&k->table, SINGLES + single(i));
		guest_store(k->slots[i], guest_leaf(DATA + single(i)));
	}
	k->child = world_space(&k->w, k->w.root);
	guest_bind(k->child, k->table.root);
	check(ioasid_device_attach(k->w.devices[0], k->child), "attach");
	check(ioasid_inv_new(k->w.ctx, RUN, &k->batch), "batch");
}

/* From one place to the other. */
static void move(uint64_t *entry)
{
	guest_store(entry, guest_load(entry) ^ DATA ^ DATA_2);
}

static void reference_invs(const struct kernel *k)
{
	uint32_t i;

	for (i = 0; i < CHUNK; i++) {
		uint64_t iova = SINGLES + single(i % SINGLE);
		struct uapi_ioas_copy copy = {
			.size = sizeof(copy),
			.flags = UAPI_MAP_FIXED_IOVA | UAPI_MAP_READABLE | UAPI_MAP_WRITEABLE,
			.dst_ioas_id = 1,
			.src_ioas_id = 2,
			.length = PAGE,
			.dst_iova = iova,
			.src_iova = DATA,
		};

		move(k->slots[i % SINGLE]);
		reference_unmap(iova);
		check(sys_ioctl(SEAM_IOMMU, UAPI_IOAS_COPY, &copy), "copy");
	}
}

static void invs(struct kernel *k)
{
	uint32_t i;

	for (i = 0; i < CHUNK; i++) {
		move(k->slots[i % SINGLE]);
		ioasid_inv_reset(k->batch);
		check(ioasid_inv_add_mask(k->batch, k->child, SINGLES + single(i % SINGLE), 0,
					  IOASID_INV_LEAF_ONLY), "batch");
		check(ioasid_inv_submit(k->batch, NULL), "invalidation");
	}
}

static void inv_round(struct kernel *k, struct series *s)
{
	uint64_t start = now_ns();
	double ref;

	reference_invs(k);	/* an even number of moves: nothing has changed in the end */
	ref = per_op(start, CHUNK);
	start = now_ns();
	invs(k);
	series_add(s, per_op(start, CHUNK), ref);
}

/* The calls of one invalidation of the whole run. */
static void count_round(struct kernel *k, struct series *s)
{
	unsigned int before = seam_calls;
	uint32_t i;

	for (i = 0; i < RUN; i++)
		move(guest_entry(&k->table, i * PAGE));
	ioasid_inv_reset(k->batch);
	check(ioasid_inv_add_range(k->batch, k->child, 0, RUN * PAGE, IOASID_INV_LEAF_ONLY),
	      "batch");
	check(ioasid_inv_submit(k->batch, NULL), "invalidation");
	series_add(s, seam_calls - before, 2);
}

static void run_inv(const struct measure *m)
{
	struct series *inv = series_new(&m[0]), *count = series_new(&m[1]);
	unsigned int i, todo = rounds(301);
	struct kernel k;

	open_nested(&k);
	invs(&k);
	for (i = 0; i < todo; i++)
		inv_round(&k, inv);
	for (i = 0; i < todo; i++)
		count_round(&k, count);
	series_report(inv);
	series_report(count);
	world_close(&k.w);
	ioasid_inv_free(k.batch);
}

static const struct measure map_measures[] = {
	{ "kernel-map-4k", "ns", "the bare call", AT_MOST_MORE, 60 },
	{ "kernel-unmap-4k", "ns", "the bare call", AT_MOST_MORE, 60 },
};
static const struct measure inv_measures[] = {
	{ "kernel-inv-1", "ns", "a store and the two bare calls", AT_MOST_MORE, 60 },
	{ "kernel-inv-512-calls", "calls", "one unmap and one copy", AT_MOST, 2 },
};

static const struct group kernel_map = { map_measures, N_ELEMENTS(map_measures), run_map };
static const struct group kernel_inv = { inv_measures, N_ELEMENTS(inv_measures), run_inv };

const struct group *const groups[] = { &kernel_map, &kernel_inv };
const size_t n_groups = N_ELEMENTS(groups);
