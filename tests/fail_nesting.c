/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests' page tables: a shadow that lacks memory translates less than the guest's tables say,
 * never something else, and catches up.
 */
#include "config.h"

#include <inttypes.h>

#include "fail_world.h"
#include "referee.h"

static const struct {
	enum ioasid_pgtable_format format;
	enum ioasid_fill fill;
} variant[] = {
	{ IOASID_PGTABLE_VTD_SS, IOASID_FILL_ON_INVALIDATION },
	{ IOASID_PGTABLE_VTD_SS, IOASID_FILL_ON_DEMAND },
	{ IOASID_PGTABLE_VTD_FS, IOASID_FILL_ON_INVALIDATION },
	{ IOASID_PGTABLE_VTD_FS, IOASID_FILL_ON_DEMAND },
	{ IOASID_PGTABLE_AMD_V1, IOASID_FILL_ON_INVALIDATION },
	{ IOASID_PGTABLE_AMD_V1, IOASID_FILL_ON_DEMAND },
};

#define N_VARIANTS (sizeof(variant) / sizeof(variant[0]))
#define HOLE	   (6 * MIB)	/* half a MiB that the root does not map */

static unsigned int v;

static bool is_mapped(uint64_t gpa)
{
	return gpa < HOLE || (gpa >= HOLE + MIB / 2 && gpa < MEMORY);
}

/* From the root straight to a table of pages (AMD 2.2.3). */
static void skip_levels(struct guest_table *t)
{
	uint64_t table = gt_page(t);

	gt_store(gt_slot(t, table, 0), gt_leaf_value(t, 1, 2 * MIB, RW));
	gt_store(gt_slot(t, t->root, 2), gt_table_at(t, 2, table));
}

/* The root in pieces, and a table with pages and superpages in one and across several of them. */
static void tables(struct world *w)
{
	struct guest_table *t = &w->table;
	unsigned int i;

	make_space(w, 0, -1, 0);
	ck_ok(ioasid_space_map(w->space[0], 0, memory, 5 * MIB, RW, NULL));
	ck_ok(ioasid_space_map(w->space[0], 5 * MIB, memory + 5 * MIB, MIB, RW, NULL));
	ck_ok(ioasid_space_map(w->space[0], HOLE + MIB / 2, memory + HOLE + MIB / 2,
			       MEMORY - HOLE - MIB / 2, RW, NULL));
	gt_init(t, variant[v].format, 4, memory, 0, 8 * MIB, MEMORY);
	for (i = 0; i < 8; i++)
		gt_map(t, i * PAGE, (7 * i + 1) * PAGE, PAGE, 1, RW);
	gt_map(t, MIB, 5 * MIB + PAGE, PAGE, 1, RW);
	gt_map(t, 2 * MIB, 4 * MIB, 2 * MIB, 2, RW);
	gt_map(t, 4 * MIB, HOLE, 2 * MIB, 2, RW);
	gt_map(t, GIB - PAGE, MIB, PAGE, 1, RW);
	gt_map(t, GIB, MIB + PAGE, 4 * PAGE, 1, RW);
	if (t->format == IOASID_PGTABLE_AMD_V1)
		skip_levels(t);
}

static void child(struct world *w)
{
	tables(w);
	make_space(w, 1, 0, variant[v].fill);
	ck_ok(ioasid_device_attach(w->device[0], w->space[1]));
}

/* And a grandchild, whose IOVAs are the child's. */
static void bound(struct world *w)
{
	child(w);
	ck_ok(bind_pgtable(w->space[1], &w->table));
	make_space(w, 2, 1, 0);
	ck_ok(ioasid_space_map_parent(w->space[2], 0, 0, 8 * MIB, RW, NULL));
	ck_ok(ioasid_space_map_parent(w->space[2], GIB - 2 * MIB, GIB - 2 * MIB, 4 * MIB, RW,
				      NULL));
	ck_ok(ioasid_device_attach(w->device[1], w->space[2]));
}

static const uint64_t place[] = {
	0, PAGE, 2 * PAGE, 3 * PAGE, 5 * PAGE, 8 * PAGE, MIB, 2 * MIB, 2 * MIB + PAGE, 3 * MIB,
	4 * MIB - PAGE, 4 * MIB, 5 * MIB, 6 * MIB - PAGE, 6 * MIB, GIB - PAGE, GIB, GIB + PAGE,
	GIB + 3 * PAGE, GIB + 4 * PAGE, GIB + MIB, 20 * PAGE, 31 * PAGE, 64 * GIB, 1024 * GIB,
};
#define N_PLACES (sizeof(place) / sizeof(place[0]))

/* Each page is used, so that a change finds it in the shadow. */
static void use_all(struct world *w, int i, uint32_t pasid)
{
	struct ioasid_channel *ch;
	unsigned int k;

	ck_ok(ioasid_channel_open(w->device[i], pasid, &ch));
	for (k = 0; k < N_PLACES; k++) {
		dma_where(ch, place[k], IOASID_READ);
		dma_where(ch, place[k], IOASID_WRITE);
	}
	ck_ok(ioasid_channel_close(ch));
}

static void change_tables(struct guest_table *t)
{
	gt_map(t, PAGE, 3 * MIB, PAGE, 1, RW);
	gt_unmap(t, 2 * PAGE, PAGE, 1);
	gt_map(t, 5 * PAGE, 5 * MIB, PAGE, 1, IOASID_READ);
	/* pages instead of a superpage, and the other way round */
	gt_unmap(t, 2 * MIB, 2 * MIB, 2);
	gt_map(t, 2 * MIB, 3 * MIB, 2 * PAGE, 1, RW);
	gt_store(gt_entry(t, GIB, 2), gt_leaf_value(t, 2, 2 * MIB, RW));
	gt_map(t, 64 * GIB, 5 * MIB - PAGE, PAGE, 1, RW);
	gt_unmap(t, GIB - PAGE, PAGE, 1);
}

static int read_entry(void *opaque, uint64_t gpa, uint64_t *entry)
{
	const struct guest_table *t = opaque;

	if (!is_mapped(gpa))
		return -1;
	*entry = gt_load((const uint64_t *)(const void *)(t->memory + gpa));
	return 0;
}

/* Where the guest's tables lead now. */
static uint8_t *referee(struct guest_table *t, uint64_t iova, uint32_t access)
{
	const struct ioasid_pgtable walked = { .format = t->format, .levels = t->levels,
					       .root = t->root };
	struct ref_entry r;
	enum ref_fault fault = ref_walk(&walked, iova, read_entry, t, &r);

	if (fault || !is_mapped(r.address) || (access & IOASID_READ && !r.read) ||
	    (access & IOASID_WRITE && !r.write))
		return NULL;
	return memory + r.address;
}

static void check_dma(struct world *w, int i, uint32_t pasid, uint64_t end, bool may_fault)
{
	struct ioasid_channel *ch;
	unsigned int k;
	uint32_t access;

	ck_ok(ioasid_channel_open(w->device[i], pasid, &ch));
	for (k = 0; k < N_PLACES; k++)
		for (access = 1; access <= 2; access++) {
			uint8_t *is = dma_where(ch, place[k], access);
			uint8_t *should = referee(&w->table, place[k], access);

			if (place[k] >= end)
				should = NULL;
			ck_assert_msg(is == should || (may_fault && !is),
				      "device %d, access %u at %#" PRIx64 ": %#tx, not %#tx", i,
				      access, place[k], is ? is - memory : -1,
				      should ? should - memory : -1);
		}
	ck_ok(ioasid_channel_close(ch));
}

/* What could not be refreshed faults until it is invalidated again; on demand not even that. */
static void check_both(struct world *w, bool failed)
{
	bool may_fault = failed && variant[v].fill == IOASID_FILL_ON_INVALIDATION;

	check_dma(w, 0, IOASID_NO_PASID, UINT64_MAX, may_fault);
	check_dma(w, 1, IOASID_NO_PASID, 64 * GIB, may_fault);
}

static void check_child(struct world *w, bool failed)
{
	if (!failed)
		check_dma(w, 0, IOASID_NO_PASID, UINT64_MAX, false);
}

static int bind(struct world *w)
{
	return bind_pgtable(w->space[1], &w->table);
}

/* The table bound before is another one, with one page of its own. */
static void bound_elsewhere(struct world *w)
{
	struct guest_table other;

	bound(w);
	gt_init(&other, variant[v].format, 3 + (variant[v].format == IOASID_PGTABLE_VTD_FS),
		memory, 0, 7 * MIB, 8 * MIB);
	gt_map(&other, PAGE, 4 * MIB, PAGE, 1, RW);
	ck_ok(bind_pgtable(w->space[1], &other));
}

static void changed(struct world *w)
{
	bound(w);
	use_all(w, 0, IOASID_NO_PASID);
	use_all(w, 1, IOASID_NO_PASID);
	change_tables(&w->table);
	ck_ok(ioasid_inv_new(w->ctx, 16, &w->inv));
}

static void all_changed(struct world *w)
{
	changed(w);
	ck_ok(ioasid_inv_add_all(w->inv, w->space[1], 0));
}

static void ranges_changed(struct world *w)
{
	unsigned int k;

	changed(w);
	for (k = N_PLACES; k--;)
		ck_ok(ioasid_inv_add_range(w->inv, w->space[1], place[k], PAGE, 0));
	ck_ok(ioasid_inv_add_mask(w->inv, w->space[1], 2 * MIB, 9, 0));
	ck_ok(ioasid_inv_add_mask(w->inv, w->space[1], GIB, 9, 0));
}

/* Pages that are no neighbours, which go down by themselves. */
static void pages_changed(struct world *w)
{
	unsigned int k;

	changed(w);
	for (k = N_PLACES; k--;)
		ck_ok(ioasid_inv_add_range(w->inv, w->space[1], place[k], PAGE, 0));
}

/* One entry that stands for many spaces: more than the batch made room for. */
#define N_PASIDS 6

static void device_changed(struct world *w)
{
	uint32_t i;

	changed(w);
	ck_ok(ioasid_device_detach(w->device[1]));
	for (i = 0; i < N_PASIDS; i++) {
		make_space(w, (int)i + 3, 0, variant[v].fill);
		ck_ok(bind_pgtable(w->space[i + 3], &w->table));
		ck_ok(ioasid_device_attach_pasid(w->device[0], PASID + i, w->space[i + 3]));
	}
	gt_map(&w->table, 3 * PAGE, 40 * PAGE, PAGE, 1, RW);
	gt_map(&w->table, 0, 5 * MIB, PAGE, 1, RW);
	ioasid_inv_free(w->inv);
	w->inv = NULL;
	ck_ok(ioasid_inv_new(w->ctx, 1, &w->inv));
	ck_ok(ioasid_inv_add_device(w->inv, w->device[0], 0));
}

static void check_pasids(struct world *w, bool failed)
{
	bool may_fault = failed && variant[v].fill == IOASID_FILL_ON_INVALIDATION;
	uint32_t i;

	check_dma(w, 0, IOASID_NO_PASID, UINT64_MAX, may_fault);
	for (i = 0; i < N_PASIDS; i++)
		check_dma(w, 0, PASID + i, UINT64_MAX, may_fault);
}

static int submit(struct world *w)
{
	size_t handled = 99;
	int rc = ioasid_inv_submit(w->inv, &handled);

	ck_assert_uint_eq(handled, rc ? 0 : ioasid_inv_get_count(w->inv));
	return rc;
}

static int new_batch(struct world *w)
{
	return ioasid_inv_new(w->ctx, 100, &w->inv);
}

static void full_batch(struct world *w)
{
	bound(w);
	ck_ok(ioasid_inv_new(w->ctx, 1, &w->inv));
	ck_ok(ioasid_inv_add_all(w->inv, w->space[1], 0));
}

static int add_to_batch(struct world *w)
{
	return ioasid_inv_add_range(w->inv, w->space[1], 0, PAGE, 0);
}

static void ready_for_dma(struct world *w)
{
	bound(w);
	ck_ok(ioasid_channel_open(w->device[1], IOASID_NO_PASID, &w->channel));
}

static int dma(struct world *w)
{
	unsigned int k;

	for (k = 0; k < N_PLACES; k++) {
		uint8_t byte;
		int rc = ioasid_dma_read(w->channel, place[k], &byte, 1);

		if (rc && rc != -EFAULT)
			return rc;
	}
	return 0;
}

/* A list that lacks memory is shorter; what the space translates stays what it is. */
static int query(struct world *w)
{
	struct ioasid_run runs[64];
	uint64_t cursor = 0;
	bool done = false;

	while (!done)
		ioasid_space_query_runs(w->space[2], &cursor, UINT64_MAX, runs, 64, &done);
	return 0;
}

/* Pages of the root's that entries lead to, the last ones by the only way. */
#define GONE   (100 * GIB)
#define N_GONE 12u

static void pages_to_go(struct world *w)
{
	unsigned int i;

	tables(w);
	make_space(w, 1, 0, IOASID_FILL_ON_INVALIDATION);
	ck_ok(ioasid_device_attach(w->device[0], w->space[1]));
	for (i = 0; i < N_GONE; i++)
		ck_ok(ioasid_space_map(w->space[0], GONE + i * PAGE, memory + i * PAGE, PAGE, RW,
				       NULL));
	gt_map(&w->table, 20 * PAGE, GONE, N_GONE * PAGE, 1, RW);
	gt_map(&w->table, GIB + 4 * PAGE, GONE + (N_GONE - 1) * PAGE, PAGE, 1, RW);
	ck_ok(bind_pgtable(w->space[1], &w->table));
	make_space(w, 2, 1, 0);
	ck_ok(ioasid_space_map_parent(w->space[2], 0, 0, 8 * MIB, RW, NULL));
	ck_ok(ioasid_space_map_parent(w->space[2], GIB - 2 * MIB, GIB - 2 * MIB, 4 * MIB, RW,
				      NULL));
	ck_ok(ioasid_device_attach(w->device[1], w->space[2]));
	use_all(w, 1, IOASID_NO_PASID);
}

/* An unmap cannot fail, however much it would like to allocate. */
static int unmap_pages(struct world *w)
{
	unsigned int i;

	for (i = 0; i < N_GONE; i++)
		ck_ok(ioasid_space_unmap(w->space[0], GONE + i * PAGE, PAGE, NULL));
	return 0;
}

static const struct fail_case cases[] = {
	{ .name = "bind_pgtable", .prepare = child, .call = bind, .check = check_child },
	{ .name = "bind_pgtable again", .prepare = bound_elsewhere, .call = bind,
	  .check = check_child },
	{ .name = "inv_submit, all", .prepare = all_changed, .call = submit, .check = check_both,
	  .changes = true },
	{ .name = "inv_submit, ranges", .prepare = ranges_changed, .call = submit,
	  .check = check_both, .changes = true },
	{ .name = "inv_submit, pages", .prepare = pages_changed, .call = submit,
	  .changes = true },
	{ .name = "inv_submit, a device", .prepare = device_changed, .call = submit,
	  .check = check_pasids, .changes = true },
	{ .name = "inv_new", .prepare = bound, .call = new_batch },
	{ .name = "inv_add", .prepare = full_batch, .call = add_to_batch },
	{ .name = "DMA", .prepare = ready_for_dma, .call = dma, .check = check_both },
	{ .name = "unmap in the root", .prepare = pages_to_go, .call = unmap_pages,
	  .check = check_both, .changes = true },
	{ .name = "query_runs", .prepare = bound, .call = query, .check = check_both },
};

#define N_CASES (sizeof(cases) / sizeof(cases[0]))

START_TEST(nesting)
{
	v = (unsigned int)_i % N_VARIANTS;
	fail_each(&cases[(unsigned int)_i / N_VARIANTS]);
}
END_TEST

void add_nesting_cases(Suite *s)
{
	TCase *tc = tcase_create("nesting");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, nesting, 0, N_CASES * N_VARIANTS);
	suite_add_tcase(s, tc);
}
