/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptions of page tables: what each member means for each format, and what is refused. */
#include "guest_tables.h"
#include "support.h"

#define SIZE (8 * MIB)
#define TABLES (4 * MIB)

struct world {
	struct guest g;
	struct guest_table t;
	struct ioasid_space *child;
	struct ioasid_pgtable table;
};

static void world_open(struct world *w, enum ioasid_pgtable_format format, uint32_t levels)
{
	guest_open(&w->g, SIZE, 0);
	w->child = make_space(w->g.ctx, w->g.root, 0);
	gt_init(&w->t, format, levels, w->g.memory, 0, TABLES, SIZE);
	w->table = (struct ioasid_pgtable)IOASID_PGTABLE_INIT;
	w->table.format = format;
	w->table.levels = levels;
	w->table.root = w->t.root;
	ck_ok(ioasid_space_bind_pgtable(w->child, &w->table));
	guest_attach(&w->g, w->child);
}

static void bind_flags(struct world *w, uint32_t flags)
{
	w->table.flags = flags;
	ck_ok(ioasid_space_bind_pgtable(w->child, &w->table));
}

#define SETS (IOASID_PGTABLE_SET_ACCESSED | IOASID_PGTABLE_SET_DIRTY)

static const struct {
	enum ioasid_pgtable_format format;
	uint32_t levels;
	enum ioasid_fill fill;
	uint32_t flags;
	uint32_t address_bits;
} formats[] = {
	{ IOASID_PGTABLE_VTD_SS, 4, IOASID_FILL_ON_INVALIDATION,
	  IOASID_PGTABLE_NO_2M | IOASID_PGTABLE_NO_1G | SETS, 52 },
	{ IOASID_PGTABLE_VTD_FS, 4, IOASID_FILL_ON_DEMAND,
	  IOASID_PGTABLE_NO_2M | IOASID_PGTABLE_NO_1G | IOASID_PGTABLE_PRIVILEGED |
	  IOASID_PGTABLE_WRITE_PROTECT | IOASID_PGTABLE_SET_EXTENDED, 52 },
	{ IOASID_PGTABLE_ARM_S1, 4, IOASID_FILL_ON_DEMAND,
	  IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_IGNORE_ACCESSED |
	  IOASID_PGTABLE_NO_HIERARCHY | IOASID_PGTABLE_WIDE |
	  IOASID_PGTABLE_UPPER_NO_HIERARCHY | IOASID_PGTABLE_UPPER_WIDE | SETS, 48 },
	{ IOASID_PGTABLE_ARM_S2, 4, IOASID_FILL_ON_DEMAND,
	  IOASID_PGTABLE_IGNORE_ACCESSED | IOASID_PGTABLE_WIDE | SETS, 48 },
	{ IOASID_PGTABLE_AMD_V1, 4, IOASID_FILL_ON_INVALIDATION, SETS, 52 },
	{ IOASID_PGTABLE_AMD_V2, 4, IOASID_FILL_ON_DEMAND,
	  IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_WRITE_PROTECT, 52 },
	{ IOASID_PGTABLE_RISCV, 4, IOASID_FILL_ON_DEMAND,
	  IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_USER_ACCESS |
	  IOASID_PGTABLE_IGNORE_ACCESSED | SETS | IOASID_PGTABLE_SOFTWARE_BITS |
	  IOASID_PGTABLE_MEMORY_TYPES, 56 },
	{ IOASID_PGTABLE_RISCV_S2, 4, IOASID_FILL_ON_DEMAND,
	  IOASID_PGTABLE_IGNORE_ACCESSED | SETS | IOASID_PGTABLE_SOFTWARE_BITS |
	  IOASID_PGTABLE_MEMORY_TYPES, 56 },
};

#define FORMATS ((int)(sizeof(formats) / sizeof(*formats)))

START_TEST(fill_follows_the_format)
{
	struct ioasid_space_info info;
	struct world w;

	world_open(&w, formats[_i].format, formats[_i].levels);
	info = space_info(w.child);
	ck_assert_int_eq(info.fill, formats[_i].fill);
	ck_assert_int_eq(info.caching_mode, info.fill == IOASID_FILL_ON_INVALIDATION);
	guest_close(&w.g);
}
END_TEST

START_TEST(flags_belong_to_formats)
{
	struct world w;
	uint32_t flag;

	world_open(&w, formats[_i].format, formats[_i].levels);
	for (flag = 1; flag; flag <<= 1) {
		w.table.flags = flag & SETS ? SETS : flag; /* which go together */
		if (flag & formats[_i].flags)
			ck_ok(ioasid_space_bind_pgtable(w.child, &w.table));
		else
			ck_err(ioasid_space_bind_pgtable(w.child, &w.table), EINVAL);
	}
	guest_close(&w.g);
}
END_TEST

START_TEST(roots_are_where_addresses_reach)
{
	struct world w;

	world_open(&w, formats[_i].format, formats[_i].levels);
	w.table.root = (UINT64_C(1) << formats[_i].address_bits) - 4 * PAGE;
	ck_ok(ioasid_space_bind_pgtable(w.child, &w.table));
	w.table.root += 4 * PAGE;
	ck_err(ioasid_space_bind_pgtable(w.child, &w.table), EINVAL);
	w.table.root = TABLES + 8;
	ck_err(ioasid_space_bind_pgtable(w.child, &w.table), EINVAL);
	w.table.address_bits = 40;
	w.table.root = UINT64_C(1) << 40;
	ck_err(ioasid_space_bind_pgtable(w.child, &w.table), EINVAL);
	guest_close(&w.g);
}
END_TEST

START_TEST(widths_are_checked)
{
	static const struct {
		uint32_t address_bits, input_bits, granule_bits;
	} wrong[] = { { 31, 0, 0 }, { 57, 0, 0 }, { 0, 12, 0 }, { 0, 65, 0 }, { 0, 0, 13 } };
	struct world w;
	size_t i;

	world_open(&w, formats[_i].format, formats[_i].levels);
	gt_map(&w.t, 0, PAGE, PAGE, 1, RW);
	ck_ok(inv_all(w.g.ctx, w.child));
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		w.table.address_bits = wrong[i].address_bits;
		w.table.input_bits = wrong[i].input_bits;
		w.table.granule_bits = wrong[i].granule_bits;
		ck_err(ioasid_space_bind_pgtable(w.child, &w.table), EINVAL);
	}
	w.table.granule_bits = 0;
	w.table.address_bits = 53;
	if (w.table.format != IOASID_PGTABLE_RISCV && w.table.format != IOASID_PGTABLE_RISCV_S2)
		ck_err(ioasid_space_bind_pgtable(w.child, &w.table), EINVAL);
	guest_reaches(&w.g, 0, PAGE, RW); /* the table from before */
	guest_close(&w.g);
}
END_TEST

/* Of a table that has entries for more, those beyond input_bits do not count. */
static void is_narrow(struct world *w, uint32_t bits)
{
	uint64_t end = UINT64_C(1) << bits, cursor = end - 2 * PAGE;
	struct ioasid_run run;
	bool done;

	gt_map(&w->t, end - PAGE, PAGE, 2 * PAGE, 1, RW);
	w->table.input_bits = bits;
	ck_ok(ioasid_space_bind_pgtable(w->child, &w->table));
	ck_ok(inv_all(w->g.ctx, w->child));
	guest_reaches(&w->g, end - PAGE, PAGE, RW);
	guest_faults(&w->g, end, IOASID_READ, IOASID_FAULT_ADDRESS_WIDTH);
	guest_faults(&w->g, UINT64_MAX, IOASID_READ, IOASID_FAULT_ADDRESS_WIDTH);
	ck_assert_uint_eq(ioasid_space_query_runs(w->child, &cursor, UINT64_MAX, &run, 1, &done),
			  1);
	ck_assert_uint_eq(run.iova, end - PAGE);
	ck_assert_uint_eq(run.length, PAGE);
	ck_ok(inv_range(w->g.ctx, w->child, end, PAGE));
	guest_faults(&w->g, end, IOASID_READ, IOASID_FAULT_ADDRESS_WIDTH);
}

START_TEST(second_stage_addresses_can_be_narrower_than_the_levels)
{
	struct world w;

	world_open(&w, IOASID_PGTABLE_VTD_SS, 4);
	is_narrow(&w, 36);
	is_narrow(&w, 42);
	w.table.input_bits = 49;
	ck_err(ioasid_space_bind_pgtable(w.child, &w.table), EOPNOTSUPP);
	guest_close(&w.g);
}
END_TEST

START_TEST(first_stage_addresses_are_as_wide_as_the_levels)
{
	struct world w;

	world_open(&w, IOASID_PGTABLE_VTD_FS, 4);
	w.table.input_bits = 48;
	ck_ok(ioasid_space_bind_pgtable(w.child, &w.table));
	w.table.input_bits = 47;
	ck_err(ioasid_space_bind_pgtable(w.child, &w.table), EOPNOTSUPP);
	guest_close(&w.g);
}
END_TEST

/* D8.2.4 */
START_TEST(arm_addresses_need_all_their_levels)
{
	struct world w;

	world_open(&w, IOASID_PGTABLE_ARM_S1, 4);
	is_narrow(&w, 42);
	w.table.input_bits = 39;
	ck_err(ioasid_space_bind_pgtable(w.child, &w.table), EOPNOTSUPP);
	w.table.input_bits = 49;
	ck_err(ioasid_space_bind_pgtable(w.child, &w.table), EOPNOTSUPP);
	guest_close(&w.g);
	world_open(&w, IOASID_PGTABLE_ARM_S1, 2);
	is_narrow(&w, 25);
	w.table.input_bits = 31;
	ck_err(ioasid_space_bind_pgtable(w.child, &w.table), EOPNOTSUPP);
	guest_close(&w.g);
}
END_TEST

/* VT-d 3.6.1 and 9.6, WPE; Arm ARM D8.4.1 */
START_TEST(privileged_requests_need_less)
{
	bool arm = _i;
	struct world w;
	uint64_t *entry;

	world_open(&w, arm ? IOASID_PGTABLE_ARM_S1 : IOASID_PGTABLE_VTD_FS, 4);
	gt_map(&w.t, 0, PAGE, PAGE, 1, RW);
	entry = gt_entry(&w.t, 0, 1);
	gt_store(entry, gt_deny(&w.t, 1, gt_load(entry), IOASID_READ));
	guest_faults(&w.g, 0, IOASID_READ, IOASID_FAULT_PERMISSION);
	bind_flags(&w, IOASID_PGTABLE_PRIVILEGED);
	guest_reaches(&w.g, 0, PAGE, RW);
	gt_store(entry, gt_deny(&w.t, 1, gt_load(entry), IOASID_WRITE));
	bind_flags(&w, IOASID_PGTABLE_PRIVILEGED);
	guest_reaches(&w.g, 0, PAGE, arm ? IOASID_READ : RW);
	if (!arm) {
		bind_flags(&w, IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_WRITE_PROTECT);
		guest_reaches(&w.g, 0, PAGE, IOASID_READ);
	}
	guest_close(&w.g);
}
END_TEST

/* Arm ARM D8.4.2 */
START_TEST(permissions_of_tables_can_be_switched_off)
{
	struct world w;
	uint64_t *entry;

	world_open(&w, IOASID_PGTABLE_ARM_S1, 4);
	gt_map(&w.t, 0, PAGE, PAGE, 1, RW);
	entry = gt_entry(&w.t, 0, 3);
	gt_store(entry, gt_load(entry) | ARM_TABLE_READ_ONLY);
	guest_reaches(&w.g, 0, PAGE, IOASID_READ);
	bind_flags(&w, IOASID_PGTABLE_NO_HIERARCHY);
	guest_reaches(&w.g, 0, PAGE, RW);
	guest_close(&w.g);
}
END_TEST

static void open_filled(struct world *w, enum ioasid_pgtable_format format, uint32_t levels,
			bool on_demand)
{
	guest_open(&w->g, SIZE, 0);
	w->child = make_space(w->g.ctx, w->g.root,
			      on_demand ? IOASID_FILL_ON_DEMAND : IOASID_FILL_ON_INVALIDATION);
	gt_init(&w->t, format, levels, w->g.memory, 0, TABLES, SIZE);
	ck_ok(bind_table(w->child, format, levels, w->t.root));
	guest_attach(&w->g, w->child);
}

/* AMD 2.2.3: from level 4 straight to tables of levels 2 and 1. */
START_TEST(amd_tables_skip_levels)
{
	uint64_t at = UINT64_C(3) << 39, low, middle, *entry;
	struct world w;

	open_filled(&w, IOASID_PGTABLE_AMD_V1, 4, _i);
	low = gt_page(&w.t);
	middle = gt_page(&w.t);
	gt_store(gt_slot(&w.t, low, 5), gt_leaf_value(&w.t, 1, 7 * PAGE, RW));
	gt_store(gt_slot(&w.t, middle, 9), gt_leaf_value(&w.t, 2, 2 * MIB, RW));
	gt_store(gt_slot(&w.t, middle, 0), gt_table_at(&w.t, 2, low));
	entry = gt_slot(&w.t, w.t.root, 3);
	gt_store(entry, gt_table_at(&w.t, 2, low)); /* of level 1 */
	gt_store(entry + 1, gt_table_at(&w.t, 3, middle)); /* of level 2 */
	ck_ok(inv_all(w.g.ctx, w.child));
	guest_reaches(&w.g, at + 5 * PAGE, 7 * PAGE, RW);
	guest_faults(&w.g, at + 6 * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	/* bits of skipped levels have to be zero */
	guest_faults(&w.g, at + 2 * MIB + 5 * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_faults(&w.g, at + GIB + 5 * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	at += UINT64_C(1) << 39;
	guest_reaches(&w.g, at + 18 * MIB + 1, 2 * MIB + 1, RW);
	guest_reaches(&w.g, at + 5 * PAGE, 7 * PAGE, RW);
	guest_faults(&w.g, at + GIB + 18 * MIB, IOASID_READ, IOASID_FAULT_NOT_MAPPED);

	/* Changes below, invalidated by page, and of the permission above, as a whole. */
	gt_store(gt_slot(&w.t, low, 5), gt_leaf_value(&w.t, 1, 8 * PAGE, RW));
	ck_ok(inv_range(w.g.ctx, w.child, UINT64_C(3) << 39 | 5 * PAGE, PAGE));
	guest_reaches(&w.g, UINT64_C(3) << 39 | 5 * PAGE, 8 * PAGE, RW);
	gt_store(entry, gt_deny(&w.t, 4, gt_load(entry), IOASID_WRITE));
	ck_ok(inv_all(w.g.ctx, w.child));
	guest_reaches(&w.g, UINT64_C(3) << 39 | 5 * PAGE, 8 * PAGE, IOASID_READ);
	gt_store(entry, 0);
	gt_store(entry + 1, gt_table_at(&w.t, 4, middle)); /* the same page, one level higher */
	gt_store(gt_slot(&w.t, middle, 9), gt_leaf_value(&w.t, 3, 0, RW));
	ck_ok(inv_all(w.g.ctx, w.child));
	guest_faults(&w.g, UINT64_C(3) << 39 | 5 * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_reaches(&w.g, at + 9 * GIB + 3, 3, RW);
	guest_close(&w.g);
}
END_TEST

/* A skipped level over a table that the parent comes to map later, and takes away. */
START_TEST(amd_skipped_table_comes_and_goes_with_the_parent)
{
	uint64_t at = UINT64_C(1) << 39, low;
	struct world w;

	open_filled(&w, IOASID_PGTABLE_AMD_V1, 4, _i);
	low = gt_page(&w.t);
	gt_store(gt_slot(&w.t, low, 1), gt_leaf_value(&w.t, 1, PAGE, RW));
	gt_store(gt_slot(&w.t, w.t.root, 1), gt_table_at(&w.t, 2, GIB));
	ck_ok(inv_all(w.g.ctx, w.child));
	guest_faults(&w.g, at + PAGE, IOASID_READ, IOASID_FAULT_TABLE_NOT_MAPPED);
	ck_ok(ioasid_space_map(w.g.root, GIB, w.g.memory + low, PAGE, IOASID_READ, NULL));
	guest_reaches(&w.g, at + PAGE, PAGE, RW);
	ck_ok(ioasid_space_unmap(w.g.root, GIB, PAGE, NULL));
	guest_faults(&w.g, at + PAGE, IOASID_READ, IOASID_FAULT_TABLE_NOT_MAPPED);
	guest_close(&w.g);
}
END_TEST

/* RISC-V, hypervisor extension: 2 bits more than the levels have, and four root tables. */
START_TEST(second_stage_addresses_of_riscv)
{
	uint32_t levels = 3 + (uint32_t)_i % 3, bits = 14 + 9 * levels;
	uint64_t end = UINT64_C(1) << bits, step = end / 4, at, cursor = end - 2 * PAGE;
	struct ioasid_run run;
	struct world w;
	bool done;

	open_filled(&w, IOASID_PGTABLE_RISCV_S2, levels, _i / 3);
	for (at = step - PAGE; at < end; at += step)
		gt_map(&w.t, at, PAGE + at / step * PAGE, PAGE, 1, RW);
	gt_map(&w.t, 2 * step, 2 * MIB, 2 * MIB, 2, RW);
	ck_ok(inv_all(w.g.ctx, w.child));
	for (at = step - PAGE; at < end; at += step)
		guest_reaches(&w.g, at, PAGE + at / step * PAGE, RW);
	guest_reaches(&w.g, 2 * step + MIB, 3 * MIB, RW);
	guest_faults(&w.g, step, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_faults(&w.g, end, IOASID_READ, IOASID_FAULT_ADDRESS_WIDTH);
	guest_faults(&w.g, UINT64_MAX, IOASID_READ, IOASID_FAULT_ADDRESS_WIDTH);
	ck_assert_uint_eq(ioasid_space_query_runs(w.child, &cursor, UINT64_MAX, &run, 1, &done), 1);
	ck_assert_uint_eq(run.iova, end - PAGE);
	ck_assert_uint_eq(run.length, PAGE);
	gt_unmap(&w.t, end - PAGE, PAGE, 1);
	ck_ok(inv_range(w.g.ctx, w.child, end - PAGE, PAGE));
	guest_faults(&w.g, end - PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);

	w.table = (struct ioasid_pgtable)IOASID_PGTABLE_INIT;
	w.table.format = IOASID_PGTABLE_RISCV_S2;
	w.table.levels = levels;
	w.table.root = w.t.root + PAGE;
	ck_err(ioasid_space_bind_pgtable(w.child, &w.table), EINVAL);
	w.table.root = w.t.root;
	w.table.input_bits = bits - 2;
	ck_err(ioasid_space_bind_pgtable(w.child, &w.table), EOPNOTSUPP);
	w.table.input_bits = bits;
	ck_ok(ioasid_space_bind_pgtable(w.child, &w.table));
	guest_close(&w.g);
}
END_TEST

/* All requests are a user's: "Guest Physical Address Translation". */
START_TEST(second_stage_of_riscv_is_for_users)
{
	struct world w;
	uint64_t *entry;

	world_open(&w, IOASID_PGTABLE_RISCV_S2, 3);
	gt_map(&w.t, 0, PAGE, PAGE, 1, RW);
	entry = gt_entry(&w.t, 0, 1);
	gt_store(entry, gt_load(entry) & ~RISCV_U);
	guest_faults(&w.g, 0, IOASID_READ, IOASID_FAULT_PERMISSION);
	gt_store(entry, gt_load(entry) | RISCV_U | 1 << 5); /* G is ignored */
	bind_flags(&w, 0);
	guest_reaches(&w.g, 0, PAGE, RW);
	gt_store(entry, gt_load(entry) & ~RISCV_D);
	bind_flags(&w, 0);
	guest_reaches(&w.g, 0, PAGE, IOASID_READ);
	bind_flags(&w, SETS);
	guest_reaches(&w.g, 0, PAGE, RW);
	guest_close(&w.g);
}
END_TEST

/* AMD 2.2.3, next level 7; RISC-V, Svnapot: one page in several entries. */
START_TEST(pages_of_several_entries)
{
	bool amd = _i & 1;
	enum ioasid_pgtable_format riscv = _i & 4 ? IOASID_PGTABLE_RISCV_S2 : IOASID_PGTABLE_RISCV;
	/* 64K at 1M: the mark of its size stands in the address */
	uint64_t value, n = 16, i;
	struct world w;

	open_filled(&w, amd ? IOASID_PGTABLE_AMD_V1 : riscv, 4, _i & 2);
	if (amd)
		value = gt_leaf_value(&w.t, 1, MIB | 7 * PAGE, RW) | AMD_NEXT(7);
	else
		value = gt_leaf_value(&w.t, 1, MIB | 8 * PAGE, RW) | UINT64_C(1) << 63;
	for (i = 0; i < n; i++)
		gt_store(gt_entry(&w.t, 2 * MIB + i * PAGE, 1), value);
	ck_ok(inv_all(w.g.ctx, w.child));
	for (i = 0; i < n; i++)
		guest_reaches(&w.g, 2 * MIB + i * PAGE + i, MIB + i * PAGE + i, RW);
	guest_faults(&w.g, 2 * MIB + n * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	/* one of the entries alone; the same in the middle of another page */
	gt_store(gt_entry(&w.t, 2 * MIB + 3 * PAGE, 1), 0);
	gt_store(gt_entry(&w.t, 3 * MIB + 20 * PAGE, 1), value);
	ck_ok(inv_range(w.g.ctx, w.child, 2 * MIB, 2 * MIB));
	guest_faults(&w.g, 2 * MIB + 3 * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_reaches(&w.g, 2 * MIB + 4 * PAGE, MIB + 4 * PAGE, RW);
	guest_reaches(&w.g, 3 * MIB + 20 * PAGE, MIB + 4 * PAGE, RW);
	/* a size that there is not */
	gt_store(gt_entry(&w.t, 2 * MIB, 1), value | (amd ? 0xff000 : 1 << 10));
	ck_ok(inv_all(w.g.ctx, w.child));
	guest_faults(&w.g, 2 * MIB, IOASID_READ, IOASID_FAULT_MALFORMED_ENTRY);
	guest_close(&w.g);
}
END_TEST

/* The unmapping of a piece finds the entries that lead to it, whatever their encoding. */
START_TEST(pages_of_several_entries_follow_the_parent)
{
	struct world w;
	uint64_t i;

	open_filled(&w, IOASID_PGTABLE_AMD_V1, 3, _i);
	/* 4M at 1G, of level 2: each half of it is a superpage over pieces */
	for (i = 0; i < 2; i++)
		gt_store(gt_entry(&w.t, 4 * MIB + i * 2 * MIB, 2),
			 gt_leaf_value(&w.t, 2, GIB | (2 * MIB - PAGE), RW) | AMD_NEXT(7));
	ck_ok(inv_all(w.g.ctx, w.child));
	guest_faults(&w.g, 4 * MIB, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	ck_ok(ioasid_space_map(w.g.root, GIB + 2 * MIB, w.g.memory, 2 * MIB, RW, NULL));
	ck_ok(ioasid_space_map(w.g.root, GIB + PAGE, w.g.memory, PAGE, RW, NULL));
	guest_reaches(&w.g, 6 * MIB + 5 * PAGE, 5 * PAGE, RW);
	guest_reaches(&w.g, 4 * MIB + PAGE, 0, RW);
	guest_faults(&w.g, 4 * MIB, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	ck_ok(ioasid_space_unmap(w.g.root, GIB + 2 * MIB, 2 * MIB, NULL));
	guest_faults(&w.g, 6 * MIB + 5 * PAGE, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	guest_reaches(&w.g, 4 * MIB + PAGE, 0, RW);
	guest_close(&w.g);
}
END_TEST

/* RISC-V: SUM, and D for writing. */
START_TEST(riscv_supervisors_and_dirty_pages)
{
	struct world w;
	uint64_t *entry;

	world_open(&w, IOASID_PGTABLE_RISCV, 3);
	gt_map(&w.t, 0, PAGE, PAGE, 1, RW);
	entry = gt_entry(&w.t, 0, 1);
	bind_flags(&w, IOASID_PGTABLE_PRIVILEGED);
	guest_faults(&w.g, 0, IOASID_READ, IOASID_FAULT_PERMISSION);
	bind_flags(&w, IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_USER_ACCESS);
	guest_reaches(&w.g, 0, PAGE, RW);
	gt_store(entry, gt_load(entry) & ~RISCV_U);
	bind_flags(&w, IOASID_PGTABLE_PRIVILEGED);
	guest_reaches(&w.g, 0, PAGE, RW);
	bind_flags(&w, 0);
	guest_faults(&w.g, 0, IOASID_READ, IOASID_FAULT_PERMISSION);
	gt_store(entry, (gt_load(entry) | RISCV_U) & ~RISCV_D);
	bind_flags(&w, 0);
	guest_reaches(&w.g, 0, PAGE, IOASID_READ);
	bind_flags(&w, IOASID_PGTABLE_IGNORE_ACCESSED);
	guest_reaches(&w.g, 0, PAGE, RW);
	guest_close(&w.g);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("formats");
	TCase *tc = tcase_create("formats");

	tcase_add_loop_test(tc, fill_follows_the_format, 0, FORMATS);
	tcase_add_loop_test(tc, flags_belong_to_formats, 0, FORMATS);
	tcase_add_loop_test(tc, roots_are_where_addresses_reach, 0, FORMATS);
	tcase_add_loop_test(tc, widths_are_checked, 0, FORMATS);
	tcase_add_test(tc, second_stage_addresses_can_be_narrower_than_the_levels);
	tcase_add_test(tc, first_stage_addresses_are_as_wide_as_the_levels);
	tcase_add_test(tc, arm_addresses_need_all_their_levels);
	tcase_add_loop_test(tc, privileged_requests_need_less, 0, 2);
	tcase_add_test(tc, permissions_of_tables_can_be_switched_off);
	tcase_add_loop_test(tc, amd_tables_skip_levels, 0, 2);
	tcase_add_loop_test(tc, amd_skipped_table_comes_and_goes_with_the_parent, 0, 2);
	tcase_add_loop_test(tc, pages_of_several_entries, 0, 8);
	tcase_add_loop_test(tc, pages_of_several_entries_follow_the_parent, 0, 2);
	tcase_add_test(tc, riscv_supervisors_and_dirty_pages);
	tcase_add_loop_test(tc, second_stage_addresses_of_riscv, 0, 6);
	tcase_add_test(tc, second_stage_of_riscv_is_for_users);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
