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

static const struct {
	enum ioasid_pgtable_format format;
	uint32_t levels;
	enum ioasid_fill fill;
	uint32_t flags;
	uint32_t address_bits;
} formats[] = {
	{ IOASID_PGTABLE_VTD_SS, 4, IOASID_FILL_ON_INVALIDATION,
	  IOASID_PGTABLE_NO_2M | IOASID_PGTABLE_NO_1G, 52 },
	{ IOASID_PGTABLE_VTD_FS, 4, IOASID_FILL_ON_DEMAND,
	  IOASID_PGTABLE_NO_2M | IOASID_PGTABLE_NO_1G | IOASID_PGTABLE_PRIVILEGED |
	  IOASID_PGTABLE_WRITE_PROTECT, 52 },
	{ IOASID_PGTABLE_ARM_S1, 4, IOASID_FILL_ON_DEMAND,
	  IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_IGNORE_ACCESSED |
	  IOASID_PGTABLE_NO_HIERARCHY, 48 },
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
		w.table.flags = flag;
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
	w.table.root = (UINT64_C(1) << formats[_i].address_bits) - PAGE;
	ck_ok(ioasid_space_bind_pgtable(w.child, &w.table));
	w.table.root += PAGE;
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
		uint32_t address_bits, input_bits, reserved;
	} wrong[] = { { 31, 0, 0 }, { 53, 0, 0 }, { 0, 12, 0 }, { 0, 65, 0 }, { 0, 0, 1 } };
	struct world w;
	size_t i;

	world_open(&w, formats[_i].format, formats[_i].levels);
	gt_map(&w.t, 0, PAGE, PAGE, 1, RW);
	ck_ok(inv_all(w.g.ctx, w.child));
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		w.table.address_bits = wrong[i].address_bits;
		w.table.input_bits = wrong[i].input_bits;
		w.table.reserved = wrong[i].reserved;
		ck_err(ioasid_space_bind_pgtable(w.child, &w.table), EINVAL);
	}
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
	ck_assert_uint_eq(ioasid_space_query_runs(w->child, &cursor, UINT64_MAX, &run, 1, &done), 1);
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
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
