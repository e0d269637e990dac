/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables that a thread rewrites while others invalidate and issue DMA: each DMA faults or hits the
 * guest's memory, whatever the tables say.
 */
#include <pthread.h>

#include "hw_world.h"

#define SIZE guest_size
#define TABLES (2 * MIB) /* 16 pages of tables */
#define PAGES  16 /* for tables; where these are of 64 KiB, they are in one another */
#define HIGH   (UINT64_MAX << 48) /* addresses of a second tree */
#define RUN_NS 60000000u

static const struct ioasid_pgtable kinds[] = {
	{ .format = IOASID_PGTABLE_VTD_SS, .levels = 4 },
	{ .format = IOASID_PGTABLE_VTD_FS, .levels = 4 },
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .input_bits = 48 },
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .input_bits = 48, .upper_levels = 4,
	  .upper_input_bits = 48 },
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 3, .input_bits = 47, .granule_bits = 14 },
	{ .format = IOASID_PGTABLE_ARM_S2, .levels = 3, .input_bits = 48, .granule_bits = 16 },
	{ .format = IOASID_PGTABLE_ARM_S2, .levels = 3, .input_bits = 40 },
	{ .format = IOASID_PGTABLE_AMD_V1, .levels = 4 },
	{ .format = IOASID_PGTABLE_AMD_V2, .levels = 4 },
	{ .format = IOASID_PGTABLE_RISCV, .levels = 4 },
};

#define KINDS	 (int)(sizeof(kinds) / sizeof(kinds[0]))
#define VARIANTS (KINDS * HW_WAYS)
#define PLATFORM HW_PLATFORM("iotlb=16 structure-cache=16", "")

struct race {
	struct guest g;
	struct guest_table t;
	struct ioasid_space *child;
	bool stop, has_high;
};

struct dice {
	uint64_t state;
};

static uint64_t roll(struct dice *d)
{
	d->state = d->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return d->state >> 20;
}

static bool stopped(const struct race *r)
{
	return __atomic_load_n(&r->stop, __ATOMIC_RELAXED);
}

/* Any page of those for tables; half of the time one that a table may begin at. */
static uint64_t some_table(const struct race *r, struct dice *d)
{
	uint64_t table = TABLES + roll(d) % PAGES * PAGE;

	return roll(d) % 2 ? table : table & -gt_span(&r->t, 1);
}

/* What a guest could write: tables, leaves of any size in it and beyond it, noise. */
static uint64_t some_entry(struct race *r, struct dice *d)
{
	uint64_t page = roll(d) % (2 * SIZE / PAGE) * PAGE;
	uint32_t perm = 1 + (uint32_t)roll(d) % RW;

	switch (roll(d) % 8) {
	case 0:
	case 1:
	case 2:
		return gt_table_at(&r->t, 2 + (unsigned int)roll(d) % 3, some_table(r, d));
	case 3:
	case 4:
		return gt_leaf_value(&r->t, 1, page & -gt_span(&r->t, 1), perm);
	case 5:
		return gt_leaf_value(&r->t, 2, page & -gt_span(&r->t, 2), perm);
	case 6:
		return 0;
	default:
		return roll(d) << 24 | roll(d);
	}
}

static uint64_t some_address(const struct race *r, struct dice *d)
{
	uint64_t iova = roll(d) << 12 & 0xffffffffffff;

	return r->has_high && roll(d) % 2 ? iova | HIGH : iova;
}

static void *rewrite(void *data)
{
	struct race *r = data;
	struct dice d = { 1 };

	while (!stopped(r)) {
		uint64_t table = TABLES + roll(&d) % PAGES * PAGE;

		gt_store(gt_slot(&r->t, table, roll(&d) % 512), some_entry(r, &d));
	}
	return NULL;
}

static void *issue_dma(void *data)
{
	struct race *r = data;
	struct dice d = { 2 };
	const char *complaint = NULL;
	struct iovec iov[4];
	int i, n;

	while (!stopped(r) && !complaint) {
		uint64_t iova = some_address(r, &d);

		if (ioasid_dma_begin(r->g.channel))
			return "cannot begin";
		n = ioasid_dma_translate(r->g.channel, iova, 2 * PAGE, 1 + (uint32_t)roll(&d) % RW,
					 iov, 4);
		for (i = 0; i < n; i++) {
			uint8_t *at = iov[i].iov_base;

			if (at < r->g.memory || at + iov[i].iov_len > r->g.memory + SIZE)
				complaint = "outside the guest's memory";
			else
				(void)__atomic_load_n(at, __ATOMIC_RELAXED);
		}
		ioasid_dma_end(r->g.channel);
		if (n < 0 && n != -EFAULT)
			complaint = "neither fault nor translation";
	}
	return (void *)(uintptr_t)complaint;
}

static void invalidate_on(struct race *r)
{
	uint64_t end = now_ns() + run_ns(RUN_NS);
	struct dice d = { 3 };
	struct ioasid_inv *inv;
	int i;

	ck_ok(ioasid_inv_new(r->g.ctx, 8, &inv));
	do {
		ioasid_inv_reset(inv);
		for (i = 0; i < 4; i++)
			ck_ok(ioasid_inv_add_mask(inv, r->child, some_address(r, &d),
						  (unsigned int)(roll(&d) % 37),
						  roll(&d) & IOASID_INV_LEAF_ONLY));
		if (roll(&d) % 8 == 0)
			ck_ok(ioasid_inv_add_all(inv, r->child, 0));
		ck_ok(ioasid_inv_submit(inv, NULL));
		if (roll(&d) % 16 == 0) {
			uint64_t page = roll(&d) % (SIZE / PAGE / 2) * PAGE;

			ck_ok(ioasid_space_map(r->g.root, SIZE, r->g.memory + page, SIZE / 2, RW,
					       NULL));
			ck_ok(ioasid_space_unmap(r->g.root, SIZE, SIZE / 2, NULL));
		}
		drop_events(r->g.queue);
	} while (now_ns() < end);
	ioasid_inv_free(inv);
}

/* A table of that kind; where it has two trees, both begin with pages that the writer writes. */
static void bind_kind(struct race *r, const struct ioasid_pgtable *kind)
{
	struct ioasid_pgtable table = *kind;

	table.size = sizeof(table);
	r->has_high = table.upper_levels;
	if (!kind->input_bits)
		table.input_bits = 12 + 9 * table.levels;
	gt_init_as(&r->t, &table, r->g.memory, 0, TABLES, TABLES + PAGES * PAGE);
	table.input_bits = kind->input_bits;
	if (r->has_high)
		table.upper_root = table.root + PAGE;
	ck_ok(ioasid_space_bind_pgtable(r->child, &table));
}

START_TEST(every_dma_faults_or_hits_guest_memory)
{
	pthread_t writer, device;
	struct race r = { .stop = false };
	void *complaint;
	struct dice d = { 4 };
	int i;

	guest_platform = PLATFORM;
	guest_open(&r.g, SIZE, 0);
	r.child = hw_any_space(r.g.ctx, r.g.root, _i % HW_WAYS);
	bind_kind(&r, &kinds[_i / HW_WAYS]);
	for (i = 0; i < PAGES * 512; i++)
		gt_store(gt_slot(&r.t, TABLES, (unsigned int)i), some_entry(&r, &d));
	ck_ok(inv_all(r.g.ctx, r.child));
	guest_attach(&r.g, r.child);
	ck_assert_int_eq(pthread_create(&writer, NULL, rewrite, &r), 0);
	ck_assert_int_eq(pthread_create(&device, NULL, issue_dma, &r), 0);
	invalidate_on(&r);
	__atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
	pthread_join(device, &complaint);
	ck_assert_msg(!complaint, "a DMA was %s", (const char *)complaint);
	/* What is true once nobody writes any more. */
	gt_store(gt_entry(&r.t, 0, r.t.levels), 0);
	ck_ok(inv_all(r.g.ctx, r.child));
	guest_reaches(&r.g, 0x1000, 0, 0);
	guest_close(&r.g);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_set_timeout(tc, race_timeout(60));
	tcase_add_loop_test(tc, every_dma_faults_or_hits_guest_memory, 0, VARIANTS);
}

int main(void)
{
	Suite *suite = suite_create("hostile-race");

	suite_add_sizes(suite, "hostile-race", add_tests);
	return run_suite(suite);
}
