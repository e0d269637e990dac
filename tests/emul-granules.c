/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * AArch64 tables of all granules and widths: pages that are larger than the parent's, tables that
 * the parent has in pieces, roots of all sizes. However the space is nested.
 */
#include "dirty_guest.h"
#include "hw_world.h"

#define SIZE   (16 * MIB)
#define TABLES (8 * MIB)

struct world {
	struct guest g;
	struct guest_table t;
	struct ioasid_pgtable table;
	struct ioasid_space *child;
	uint64_t page; /* the smallest */
};

static const struct ioasid_pgtable variants[] = {
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .input_bits = 48, .granule_bits = 14 },
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 3, .input_bits = 48, .granule_bits = 16 },
	{ .format = IOASID_PGTABLE_ARM_S2, .levels = 3, .input_bits = 48, .granule_bits = 14 },
	{ .format = IOASID_PGTABLE_ARM_S2, .levels = 2, .input_bits = 46, .granule_bits = 16 },
	{ .format = IOASID_PGTABLE_ARM_S2, .levels = 3, .input_bits = 43, .granule_bits = 12 },
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 5, .input_bits = 52, .granule_bits = 12,
	  .flags = IOASID_PGTABLE_WIDE },
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .input_bits = 52, .granule_bits = 14,
	  .flags = IOASID_PGTABLE_WIDE },
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 3, .input_bits = 52, .granule_bits = 16,
	  .flags = IOASID_PGTABLE_WIDE },
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 1, .input_bits = 25, .granule_bits = 16 },
};

#define VARIANTS ((int)(sizeof(variants) / sizeof(variants[0])))
/* A loop has each variant with each way to nest. */
#define CASES (VARIANTS * HW_WAYS)

static const struct ioasid_pgtable *variant(int i)
{
	return &variants[i / HW_WAYS];
}

/* The guest has its memory. */
static void world_nest(struct world *w, int i)
{
	w->child = hw_any_space(w->g.ctx, w->g.root, i % HW_WAYS);
	w->table = *variant(i);
	w->table.size = sizeof(w->table);
	w->page = UINT64_C(1) << w->table.granule_bits;
	gt_init_as(&w->t, &w->table, w->g.memory, 0, TABLES, SIZE);
	ck_ok(ioasid_space_bind_pgtable(w->child, &w->table));
	guest_attach(&w->g, w->child);
}

static void world_open(struct world *w, int i)
{
	guest_platform = HW_PLATFORM("iotlb=64 structure-cache=16", "");
	guest_open(&w->g, SIZE, 0);
	world_nest(w, i);
}

static void map(struct world *w, uint64_t iova, uint64_t target, unsigned int level, uint32_t perm)
{
	gt_map(&w->t, iova, target, gt_span(&w->t, level), level, perm);
}

static void invalidate(struct world *w, uint64_t iova, uint64_t length)
{
	ck_ok(inv_range(w->g.ctx, w->child, iova, length));
}

/* The last page of all, and one behind it. */
START_TEST(addresses_are_as_wide_as_the_input_size)
{
	struct world w;
	uint64_t end;

	world_open(&w, _i);
	end = UINT64_C(1) << w.table.input_bits;
	map(&w, end - w.page, 2 * w.page, 1, RW);
	map(&w, 0, w.page, 1, RW);
	ck_ok(inv_all(w.g.ctx, w.child));
	guest_reaches(&w.g, 5, w.page + 5, RW);
	guest_reaches(&w.g, end - 1, 3 * w.page - 1, RW);
	guest_reaches(&w.g, end - w.page, 2 * w.page, RW);
	guest_faults(&w.g, w.page, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_faults(&w.g, end - w.page - 1, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_faults(&w.g, end, IOASID_READ, IOASID_FAULT_ADDRESS_WIDTH);
	guest_faults(&w.g, UINT64_MAX, IOASID_READ, IOASID_FAULT_ADDRESS_WIDTH);
	guest_close(&w.g);
}
END_TEST

/* The parent has the parts of a page at places of their own, and one not at all. */
START_TEST(a_page_can_be_pieces_of_the_parent)
{
	uint64_t at, parts, k;
	struct world w;

	world_open(&w, _i);
	parts = w.page / PAGE;
	for (k = 0; k < parts; k++)
		if (k != 1)
			ck_ok(ioasid_space_map(w.g.root, GIB + k * PAGE,
					       w.g.memory + (2 * parts - k) * PAGE, PAGE,
					       k == 2 ? IOASID_READ : RW, NULL));
	at = 3 * w.page;
	map(&w, at, GIB, 1, RW);
	invalidate(&w, at, w.page);
	for (k = 0; k < parts; k++)
		if (k == 1)
			guest_faults(&w.g, at + PAGE, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
		else
			guest_reaches(&w.g, at + k * PAGE + k, (2 * parts - k) * PAGE + k,
				      k == 2 ? IOASID_READ : RW);
	if (parts > 1)
		ck_ok(ioasid_space_map(w.g.root, GIB + PAGE, w.g.memory, PAGE, RW, NULL));
	if (parts > 1)
		guest_reaches(&w.g, at + PAGE + 7, 7, RW);
	ck_ok(ioasid_space_unmap(w.g.root, GIB, PAGE, NULL));
	guest_faults(&w.g, at, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	if (parts > 1)
		guest_reaches(&w.g, at + 2 * PAGE, (2 * parts - 2) * PAGE, IOASID_READ);
	guest_close(&w.g);
}
END_TEST

/* A table of the lowest level whose pages the parent has in reverse order, all but the second. */
START_TEST(a_table_can_be_pieces_of_the_parent)
{
	uint64_t pieces, low, at, k;
	struct world w;

	world_open(&w, _i);
	pieces = w.page / PAGE;
	low = gt_page(&w.t);
	for (k = 0; k < pieces; k++) {
		gt_store(gt_slot(&w.t, low, (unsigned int)(k * 512 + 3)),
			 gt_leaf_value(&w.t, 1, (k + 1) * w.page, RW));
		if (k != 1)
			ck_ok(ioasid_space_map(w.g.root, 2 * GIB + (pieces - 1 - k) * PAGE,
					       w.g.memory + low + k * PAGE, PAGE, IOASID_READ,
					       NULL));
	}
	/*
	 * in the order that the guest sees: piece k of the table is what was piece pieces - 1 - k
	 */
	gt_store(gt_entry(&w.t, 0, 2), gt_table_value(&w.t, 2 * GIB));
	ck_ok(inv_all(w.g.ctx, w.child));
	for (k = 0; k < pieces; k++) {
		at = (k * 512 + 3) * w.page;
		if (k == pieces - 2)
			guest_faults(&w.g, at, IOASID_READ, IOASID_FAULT_TABLE_NOT_MAPPED);
		else
			guest_reaches(&w.g, at, (pieces - k) * w.page, RW);
	}
	if (pieces > 1) {
		at = ((pieces - 2) * 512 + 3) * w.page;
		ck_ok(ioasid_space_map(w.g.root, 2 * GIB + (pieces - 2) * PAGE,
				       w.g.memory + low + PAGE, PAGE, IOASID_READ, NULL));
		guest_reaches(&w.g, at, 2 * w.page, RW);
	}
	ck_ok(ioasid_space_unmap(w.g.root, 2 * GIB, PAGE, NULL));
	guest_faults(&w.g, 3 * w.page, IOASID_READ, IOASID_FAULT_TABLE_NOT_MAPPED);
	if (pieces > 1) {
		guest_reaches(&w.g, at, 2 * w.page, RW);
		ck_ok(ioasid_space_bind_pgtable(w.child, &w.table)); /* read anew */
		guest_reaches(&w.g, at, 2 * w.page, RW);
	}
	guest_close(&w.g);
}
END_TEST

/* Only what is invalidated has to be seen: an entry of each page of a large table. */
START_TEST(invalidations_reach_all_pages_of_a_table)
{
	uint64_t pieces, k;
	struct world w;

	world_open(&w, _i);
	pieces = w.page / PAGE;
	for (k = 0; k < pieces; k++)
		map(&w, k * 512 * w.page, w.page, 1, RW);
	ck_ok(inv_all(w.g.ctx, w.child));
	for (k = 0; k < pieces; k++)
		guest_reaches(&w.g, k * 512 * w.page, w.page, RW);
	for (k = 0; k < pieces; k++) {
		map(&w, k * 512 * w.page, 2 * w.page, 1, IOASID_READ);
		invalidate(&w, k * 512 * w.page, w.page);
		guest_reaches(&w.g, k * 512 * w.page, 2 * w.page, IOASID_READ);
		gt_unmap(&w.t, k * 512 * w.page, w.page, 1);
		invalidate(&w, k * 512 * w.page + w.page - 1, 1);
		guest_faults(&w.g, k * 512 * w.page, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	}
	guest_close(&w.g);
}
END_TEST

/* D8.3.1: a block of level 2, and those of the next level where 52-bit addresses bring them. */
START_TEST(blocks)
{
	unsigned int level = variant(_i)->levels < 3 ? 2 : 3;
	uint64_t span, at;
	bool has;
	struct world w;

	world_open(&w, _i);
	for (; level >= 2 && level <= w.table.levels; level--) {
		span = gt_span(&w.t, level);
		at = span;
		has = level == 2 || w.page == PAGE || w.t.wide;
		gt_store(gt_entry(&w.t, at, level), gt_leaf_value(&w.t, level, 0, RW));
		ck_ok(inv_all(w.g.ctx, w.child));
		if (!has) {
			guest_faults(&w.g, at, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
			continue;
		}
		guest_reaches(&w.g, at + 5 * PAGE + 1, 5 * PAGE + 1, RW);
		if (span <= SIZE) {
			guest_reaches(&w.g, at + span - 1, span - 1, RW);
			continue;
		}
		guest_reaches(&w.g, at + SIZE - 1, SIZE - 1, RW);
		guest_faults(&w.g, at + SIZE, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	}
	guest_close(&w.g);
}
END_TEST

/* Tables and pages beyond 48 bits of the parent. */
START_TEST(wide_addresses)
{
	uint64_t high = UINT64_C(0xf) << 48, low;
	struct world w;

	world_open(&w, _i);
	if (!w.t.wide) {
		guest_close(&w.g);
		return;
	}
	ck_ok(ioasid_space_map(w.g.root, high, w.g.memory, SIZE, RW, NULL));
	low = gt_page(&w.t);
	gt_store(gt_slot(&w.t, low, 1), gt_leaf_value(&w.t, 1, high | 3 * w.page, RW));
	gt_store(gt_entry(&w.t, 0, 2), gt_table_value(&w.t, high | low));
	ck_ok(inv_all(w.g.ctx, w.child));
	guest_reaches(&w.g, w.page + 9, 3 * w.page + 9, RW);
	w.table.root |= high;
	ck_ok(ioasid_space_bind_pgtable(w.child, &w.table));
	guest_reaches(&w.g, w.page + 9, 3 * w.page + 9, RW);
	w.table.root &= ~high;
	w.table.address_bits = 49;
	ck_ok(ioasid_space_bind_pgtable(w.child, &w.table));
	guest_faults(&w.g, w.page, IOASID_READ, IOASID_FAULT_MALFORMED_ENTRY);
	guest_close(&w.g);
}
END_TEST

/* A space on this one, whose own pages are 4 KiB: each is a part of one of the guest's. */
START_TEST(spaces_on_large_pages)
{
	struct ioasid_space *above;
	struct world w;

	world_open(&w, _i);
	if (hw_is_hardware(_i % HW_WAYS)) {
		guest_close(&w.g);
		return;
	}
	map(&w, w.page, 2 * w.page, 1, RW);
	ck_ok(inv_all(w.g.ctx, w.child));
	above = make_space(w.g.ctx, w.child, 0);
	ck_ok(ioasid_space_map_parent(above, 0, 2 * w.page - PAGE, PAGE, RW, NULL));
	guest_attach(&w.g, above);
	guest_reaches(&w.g, 5, 3 * w.page - PAGE + 5, RW);
	map(&w, w.page, w.page, 1, IOASID_READ);
	invalidate(&w, w.page, w.page);
	guest_reaches(&w.g, 5, 2 * w.page - PAGE + 5, IOASID_READ);
	gt_unmap(&w.t, w.page, w.page, 1);
	invalidate(&w, w.page, w.page);
	guest_faults(&w.g, 5, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	guest_close(&w.g);
}
END_TEST

/* A root of 64 entries or fewer shares its page with others, which are not looked at. */
START_TEST(a_root_can_be_smaller_than_a_page)
{
	struct ioasid_pgtable table = IOASID_PGTABLE_INIT;
	uint64_t low, middle;
	struct world w;

	world_open(&w, HW_WAYS + _i); /* 64K, 48 bits */
	low = gt_page(&w.t);
	middle = gt_page(&w.t);
	gt_store(gt_slot(&w.t, low, 0), gt_leaf_value(&w.t, 1, w.page, RW));
	gt_store(gt_slot(&w.t, middle, 0), gt_table_value(&w.t, low));
	table = w.table;
	table.root = gt_page(&w.t);
	gt_store(gt_slot(&w.t, table.root, 63), gt_table_value(&w.t, middle));
	gt_store(gt_slot(&w.t, table.root, 65), gt_table_value(&w.t, middle));
	gt_store(gt_slot(&w.t, table.root, 128), gt_table_value(&w.t, middle));
	table.root += 64 * 8;
	ck_ok(ioasid_space_bind_pgtable(w.child, &table));
	guest_faults(&w.g, 0, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_reaches(&w.g, UINT64_C(1) << 42, w.page, RW);
	gt_store(gt_slot(&w.t, table.root, 0), gt_table_value(&w.t, middle));
	ck_ok(inv_all(w.g.ctx, w.child));
	guest_reaches(&w.g, 0, w.page, RW);
	guest_faults(&w.g, UINT64_C(63) << 42, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	table.root += 8;
	ck_err(ioasid_space_bind_pgtable(w.child, &table), EINVAL);
	guest_close(&w.g);
}
END_TEST

/* A table of 4 KiB pages for low addresses, one of 64 KiB pages for high ones (TTBR0, TTBR1). */
struct split {
	struct guest g;
	struct guest_table low, high;
	struct ioasid_pgtable table;
	struct ioasid_space *child;
};

#define HIGH (UINT64_MAX << 42)

static void split_open(struct split *s, int way)
{
	struct ioasid_pgtable upper = { .format = IOASID_PGTABLE_ARM_S1, .levels = 2,
					.input_bits = 42, .granule_bits = 16 };

	guest_platform = HW_PLATFORM("iotlb=64 structure-cache=16", "");
	guest_open(&s->g, SIZE, 0);
	s->child = hw_any_space(s->g.ctx, s->g.root, way);
	s->table = (struct ioasid_pgtable)IOASID_PGTABLE_INIT;
	s->table.format = IOASID_PGTABLE_ARM_S1;
	s->table.levels = 3;
	s->table.input_bits = 39;
	gt_init_as(&s->low, &s->table, s->g.memory, 0, TABLES, 12 * MIB);
	gt_init_as(&s->high, &upper, s->g.memory, 0, 12 * MIB, SIZE);
	s->table.upper_levels = 2;
	s->table.upper_input_bits = 42;
	s->table.upper_granule_bits = 16;
	s->table.upper_root = upper.root;
	gt_map(&s->low, 5 * PAGE, 7 * PAGE, PAGE, 1, RW);
	gt_map(&s->high, 5 * 16 * PAGE, 2 * 16 * PAGE, 16 * PAGE, 1, IOASID_READ);
	ck_ok(ioasid_space_bind_pgtable(s->child, &s->table));
	guest_attach(&s->g, s->child);
	ck_ok(inv_all(s->g.ctx, s->child));
}

START_TEST(low_and_high_addresses_have_tables_of_their_own)
{
	const uint64_t at = HIGH + 5 * 16 * PAGE;
	struct split s;

	split_open(&s, _i);
	guest_reaches(&s.g, 5 * PAGE + 3, 7 * PAGE + 3, RW);
	guest_reaches(&s.g, at + 9 * PAGE + 3, 41 * PAGE + 3, IOASID_READ);
	guest_faults(&s.g, HIGH, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_faults(&s.g, UINT64_MAX, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_faults(&s.g, HIGH - 1, IOASID_READ, IOASID_FAULT_ADDRESS_WIDTH);
	guest_faults(&s.g, UINT64_C(1) << 39, IOASID_READ, IOASID_FAULT_ADDRESS_WIDTH);
	guest_faults(&s.g, UINT64_C(1) << 63, IOASID_READ, IOASID_FAULT_ADDRESS_WIDTH);

	/* A change in one is none in the other. */
	gt_map(&s.high, 5 * 16 * PAGE, 3 * 16 * PAGE, 16 * PAGE, 1, RW);
	gt_map(&s.low, 5 * PAGE, 8 * PAGE, PAGE, 1, RW);
	ck_ok(inv_range(s.g.ctx, s.child, at, 16 * PAGE));
	guest_reaches(&s.g, at + PAGE, 49 * PAGE, RW);
	guest_reaches(&s.g, 5 * PAGE, 7 * PAGE, RW);
	ck_ok(inv_range(s.g.ctx, s.child, 0, UINT64_C(1) << 39));
	guest_reaches(&s.g, 5 * PAGE, 8 * PAGE, RW);
	gt_map(&s.high, (UINT64_C(1) << 42) - 16 * PAGE, 0, 16 * PAGE, 1, RW);
	ck_ok(inv_range(s.g.ctx, s.child, UINT64_MAX - 16 * PAGE + 1, 16 * PAGE));
	guest_reaches(&s.g, UINT64_MAX, 16 * PAGE - 1, RW);
	guest_close(&s.g);
}
END_TEST

/* Both are listed, where the space is not the unit's to walk. */
START_TEST(runs_of_low_and_high_addresses)
{
	uint64_t cursor = 0, n;
	struct ioasid_run runs[4];
	struct split s;
	bool done;

	split_open(&s, _i);
	guest_reaches(&s.g, 5 * PAGE, 7 * PAGE, RW);
	guest_reaches(&s.g, HIGH + 5 * 16 * PAGE, 2 * 16 * PAGE, IOASID_READ);
	n = ioasid_space_query_runs(s.child, &cursor, UINT64_MAX, runs, 4, &done);
	ck_assert_uint_eq(n, 2);
	ck_assert(done);
	ck_assert_uint_eq(runs[0].iova, 5 * PAGE);
	ck_assert_uint_eq(runs[1].iova, HIGH + 5 * 16 * PAGE);
	ck_assert_uint_eq(runs[1].length, 16 * PAGE);
	ck_assert_uint_eq(runs[1].target, 2 * 16 * PAGE);
	guest_close(&s.g);
}
END_TEST

/* EPD0, EPD1, HPD1, DS of one table. */
START_TEST(each_table_can_be_left_out_and_has_flags)
{
	const uint64_t at = HIGH + 5 * 16 * PAGE;
	struct ioasid_pgtable table;
	struct split s;
	uint64_t *entry;

	split_open(&s, _i);
	entry = gt_entry(&s.high, 5 * 16 * PAGE, 2);
	gt_store(entry, gt_load(entry) | ARM_TABLE_NO_USER);
	ck_ok(inv_all(s.g.ctx, s.child));
	guest_faults(&s.g, at, IOASID_READ, IOASID_FAULT_PERMISSION);
	table = s.table;
	table.flags = IOASID_PGTABLE_UPPER_NO_HIERARCHY | IOASID_PGTABLE_UPPER_WIDE;
	ck_ok(ioasid_space_bind_pgtable(s.child, &table));
	guest_reaches(&s.g, at, 2 * 16 * PAGE, IOASID_READ);
	guest_reaches(&s.g, 5 * PAGE, 7 * PAGE, RW);
	table.levels = table.input_bits = 0;
	table.root = 0;
	ck_ok(ioasid_space_bind_pgtable(s.child, &table));
	guest_reaches(&s.g, at, 2 * 16 * PAGE, IOASID_READ);
	guest_faults(&s.g, 5 * PAGE, IOASID_READ, IOASID_FAULT_ADDRESS_WIDTH);
	table = s.table;
	table.upper_levels = table.upper_input_bits = table.upper_granule_bits = 0;
	table.upper_root = 0;
	ck_ok(ioasid_space_bind_pgtable(s.child, &table));
	guest_reaches(&s.g, 5 * PAGE, 7 * PAGE, RW);
	guest_faults(&s.g, at, IOASID_READ, IOASID_FAULT_ADDRESS_WIDTH);
	guest_close(&s.g);
}
END_TEST

/* Devices have to reach all that is translated. */
START_TEST(both_tables_fit_the_devices)
{
	struct split s;

	split_open(&s, _i);
	ck_ok(ioasid_device_detach(s.g.device));
	ck_ok(ioasid_ctx_close(s.g.ctx));
	memory_free(s.g.memory, s.g.size);
	guest_platform = "iommu hw address-bits=40 nesting=software,hardware\n"
			 "device 0000:00:01.0 iommu=hw\n";
	guest_open(&s.g, SIZE, 0);
	s.child = hw_any_space(s.g.ctx, s.g.root, _i);
	ck_ok(ioasid_space_bind_pgtable(s.child, &s.table));
	ck_err(ioasid_device_attach(s.g.device, s.child), EOPNOTSUPP);
	guest_close(&s.g);
}
END_TEST

START_TEST(descriptions_that_are_refused)
{
	static const struct {
		struct ioasid_pgtable table;
		int error;
	} wrong[] = {
		{ { .format = IOASID_PGTABLE_VTD_SS, .levels = 4, .granule_bits = 14 },
		  EOPNOTSUPP },
		{ { .format = IOASID_PGTABLE_VTD_SS, .levels = 4, .flags = IOASID_PGTABLE_WIDE },
		  EINVAL },
		{ { .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .granule_bits = 11 }, EINVAL },
		{ { .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .granule_bits = 15 }, EINVAL },
		{ { .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .granule_bits = 16 },
		  EOPNOTSUPP },
		{ { .format = IOASID_PGTABLE_ARM_S1, .levels = 5 }, EOPNOTSUPP },
		{ { .format = IOASID_PGTABLE_ARM_S1, .levels = 5, .granule_bits = 14,
		    .flags = IOASID_PGTABLE_WIDE }, EOPNOTSUPP },
		{ { .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .input_bits = 49,
		    .granule_bits = 14 }, EOPNOTSUPP },
		{ { .format = IOASID_PGTABLE_ARM_S1, .levels = 3, .input_bits = 40 }, EOPNOTSUPP },
		{ { .format = IOASID_PGTABLE_ARM_S2, .levels = 3, .input_bits = 44 }, EOPNOTSUPP },
		{ { .format = IOASID_PGTABLE_ARM_S2, .levels = 3, .input_bits = 53,
		    .granule_bits = 16 }, EOPNOTSUPP },
		{ { .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .upper_input_bits = 48 },
		  EINVAL },
		{ { .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .upper_root = PAGE }, EINVAL },
		{ { .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .upper_granule_bits = 12 },
		  EINVAL },
		{ { .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .upper_levels = 4,
		    .upper_granule_bits = 13 }, EINVAL },
		{ { .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .upper_levels = 4,
		    .upper_input_bits = 12 }, EINVAL },
		{ { .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .upper_levels = 4,
		    .upper_root = 8 }, EINVAL },
		{ { .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .upper_levels = 5 }, EOPNOTSUPP },
		{ { .format = IOASID_PGTABLE_ARM_S1, .upper_levels = 4, .input_bits = 48 },
		  EINVAL },
		{ { .format = IOASID_PGTABLE_ARM_S2, .levels = 4, .upper_levels = 4 }, EOPNOTSUPP },
		{ { .format = IOASID_PGTABLE_ARM_S2, .levels = 4,
		    .flags = IOASID_PGTABLE_UPPER_WIDE }, EINVAL },
		/* beside the two tables, or beyond the addresses */
		{ { .format = IOASID_PGTABLE_ARM_S2, .levels = 3, .input_bits = 40,
		    .root = TABLES + PAGE }, EINVAL },
		{ { .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .input_bits = 48,
		    .root = UINT64_C(1) << 48 }, EINVAL },
	};
	struct ioasid_pgtable table;
	struct world w;
	size_t i;

	world_open(&w, 0);
	map(&w, 0, w.page, 1, RW);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		table = wrong[i].table;
		table.size = sizeof(table);
		ck_err(ioasid_space_bind_pgtable(w.child, &table), wrong[i].error);
	}
	ck_ok(inv_all(w.g.ctx, w.child));
	guest_reaches(&w.g, 0, w.page, RW); /* the table from before */
	guest_close(&w.g);
}
END_TEST

/* Tables that lead to each other cost what they are, not what they claim to map. */
START_TEST(tables_that_lead_to_themselves)
{
	uint64_t self, pages, i;
	struct world w;

	world_open(&w, _i);
	self = w.t.root & ~(w.page - 1);
	for (i = 0; i < (UINT64_C(1) << w.table.input_bits) / gt_span(&w.t, w.t.levels); i++)
		gt_store(gt_slot(&w.t, w.t.root, (unsigned int)i), gt_table_value(&w.t, self));
	ck_ok(inv_all(w.g.ctx, w.child));
	guest_reaches(&w.g, 0, self, IOASID_READ |
		      (w.table.format == IOASID_PGTABLE_ARM_S1 ? IOASID_WRITE : 0));
	/* a node for each page of a table at each level, and what joins them, of two pages each */
	pages = i * 8 / PAGE + w.table.levels * (w.page / PAGE + 1);
	ck_assert_uint_lt(memory_bytes(w.child), (3 * pages + 16) * PAGE);
	guest_close(&w.g);
}
END_TEST

/* Pages that a DMA has split, since it is recorded which part it writes, leave no parts behind. */
START_TEST(parts_of_a_page_go_when_it_changes)
{
	uint64_t before, k;
	struct world w;

	dirty_open(&w.g, 64 * MIB);
	world_nest(&w, _i * HW_WAYS);
	for (k = 0; k < 32; k++)
		map(&w, k * w.page, k * w.page, 1, RW);
	invalidate(&w, 0, 32 * w.page);
	before = memory_bytes(w.child);
	for (k = 0; k < 32; k++)
		ck_ok(dma_put(w.g.channel, k * w.page, 1));
	ck_assert(w.page == PAGE || memory_bytes(w.child) > before);
	for (k = 0; k < 32; k++)
		map(&w, k * w.page, (32 + k) * w.page, 1, RW);
	for (k = 0; k < 16; k++)
		invalidate(&w, k * w.page, w.page);
	invalidate(&w, 16 * w.page, 16 * w.page);
	ck_assert_uint_eq(memory_bytes(w.child), before);
	guest_reaches(&w.g, 0, 32 * w.page, RW);
	guest_close(&w.g);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("granules");
	TCase *tc = tcase_create("granules");

	tcase_add_loop_test(tc, addresses_are_as_wide_as_the_input_size, 0, CASES);
	tcase_add_loop_test(tc, a_page_can_be_pieces_of_the_parent, 0, CASES);
	/* the last variant has one level only */
	tcase_add_loop_test(tc, a_table_can_be_pieces_of_the_parent, 0, CASES - HW_WAYS);
	tcase_add_loop_test(tc, invalidations_reach_all_pages_of_a_table, 0, CASES - HW_WAYS);
	tcase_add_loop_test(tc, blocks, 0, CASES - HW_WAYS);
	tcase_add_loop_test(tc, wide_addresses, 0, CASES);
	tcase_add_loop_test(tc, spaces_on_large_pages, 0, CASES);
	tcase_add_loop_test(tc, a_root_can_be_smaller_than_a_page, 0, HW_WAYS);
	tcase_add_loop_test(tc, low_and_high_addresses_have_tables_of_their_own, 0, HW_WAYS);
	tcase_add_loop_test(tc, runs_of_low_and_high_addresses, 0, HW_WAYS - 1);
	tcase_add_loop_test(tc, each_table_can_be_left_out_and_has_flags, 0, HW_WAYS);
	tcase_add_loop_test(tc, both_tables_fit_the_devices, 0, HW_WAYS);
	tcase_add_test(tc, descriptions_that_are_refused);
	tcase_add_loop_test(tc, tables_that_lead_to_themselves, 0, CASES - HW_WAYS);
	tcase_add_loop_test(tc, parts_of_a_page_go_when_it_changes, 0, VARIANTS);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
