/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest's tables may cost: the limit on the memory of a shadow page table. */
#include <errno.h>
#include <string.h>

#include "guest_tables.h"
#include "support.h"

#define LIMIT (128 * 1024)
#define TABLES (MIB)
#define REGIONS 100 /* of 2 MiB, each with a table of its own: more than the limit holds */

static struct ioasid_space *limited(struct guest *g, enum ioasid_fill fill, uint64_t limit)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;

	options.parent = g->root;
	options.fill = fill;
	options.memory_limit = limit;
	ck_ok(ioasid_space_create(g->ctx, &options, &space));
	return space;
}

/* One page in each of many regions. */
static void many_tables(struct guest *g, struct guest_table *t, unsigned int n)
{
	unsigned int i;

	gt_init(t, IOASID_PGTABLE_VTD_SS, 3, g->memory, 0, TABLES, 3 * MIB);
	for (i = 0; i < n; i++)
		gt_map(t, i * 2 * MIB, 4 * MIB + i * PAGE, PAGE, 1, RW);
}

START_TEST(too_many_tables_fail_until_there_are_fewer)
{
	struct guest g;
	struct guest_table t;
	struct ioasid_space *space;
	unsigned int i, reached = 0;

	guest_open(&g, guest_size, 0);
	many_tables(&g, &t, 1);
	space = limited(&g, (enum ioasid_fill)_i, LIMIT);
	guest_attach(&g, space);
	ck_ok(bind_table(space, t.format, t.levels, t.root));
	guest_reaches(&g, 0, 4 * MIB, RW);

	for (i = 1; i < REGIONS; i++)
		gt_map(&t, i * 2 * MIB, 4 * MIB + i * PAGE, PAGE, 1, RW);
	if (_i == IOASID_FILL_ON_INVALIDATION) {
		ck_err(inv_all(g.ctx, space), ENOMEM);
		ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "memory_limit"));
	}
	for (i = 0; i < REGIONS; i++) {
		uint8_t byte;
		int ret = dma_get(g.channel, i * 2 * MIB, &byte);

		ck_assert_msg(!ret || ret == -ENOMEM, "region %u: %d", i, ret);
		ck_assert(!ret || strstr(ioasid_errmsg(), "memory_limit"));
		reached += !ret;
	}
	ck_assert_uint_gt(reached, 0);
	ck_assert_uint_lt(reached, REGIONS);
	ck_assert_uint_le(memory_bytes(space), memory_bytes(g.root) + LIMIT + 64 * 1024);
	guest_reaches(&g, 0, 4 * MIB, RW);

	for (i = 1; i < REGIONS - 1; i++)
		gt_store(gt_entry(&t, i * 2 * MIB, 2), 0);
	ck_ok(inv_all(g.ctx, space));
	guest_reaches(&g, (REGIONS - 1) * 2 * MIB, 4 * MIB + (REGIONS - 1) * PAGE, RW);
	guest_faults(&g, 2 * MIB, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_close(&g);
}
END_TEST

START_TEST(table_that_does_not_fit_is_bound)
{
	struct guest g;
	struct guest_table t;
	struct ioasid_space *space;
	uint8_t byte;

	guest_open(&g, guest_size, 0);
	many_tables(&g, &t, REGIONS);
	space = limited(&g, (enum ioasid_fill)_i, LIMIT);
	guest_attach(&g, space);
	ck_ok(bind_table(space, t.format, t.levels, t.root));
	guest_reaches(&g, 0, 4 * MIB, RW);
	for (unsigned int i = 1; i < REGIONS - 1; i++)
		dma_get(g.channel, i * 2 * MIB, &byte);
	ck_err(dma_get(g.channel, (REGIONS - 1) * 2 * MIB, &byte), ENOMEM);
	guest_close(&g);
}
END_TEST

/* Nobody uses what the tables no longer say: a monitor can tell its guest that it is done. */
START_TEST(batch_that_does_not_fit_leaves_nothing_stale)
{
	struct ioasid_channel *channel;
	struct ioasid_device *second;
	struct guest_table t, other_t;
	struct ioasid_space *space, *other;
	struct ioasid_inv *inv;
	size_t handled = 5;
	struct guest g;
	uint8_t byte;
	int ret;

	guest_open(&g, guest_size, 0);
	many_tables(&g, &t, 1);
	gt_init(&other_t, IOASID_PGTABLE_VTD_SS, 3, g.memory, 0, 3 * MIB, 4 * MIB);
	gt_map(&other_t, 0, 5 * MIB, PAGE, 1, RW);
	space = limited(&g, IOASID_FILL_ON_INVALIDATION, LIMIT);
	other = limited(&g, IOASID_FILL_ON_INVALIDATION, 0);
	guest_attach(&g, space);
	ck_ok(ioasid_device_bind(g.ctx, "0000:00:02.0", 2, &second));
	ck_ok(ioasid_device_attach(second, other));
	channel = channel_new(second, IOASID_NO_PASID);
	ck_ok(bind_table(space, t.format, t.levels, t.root));
	ck_ok(bind_table(other, other_t.format, other_t.levels, other_t.root));
	guest_reaches(&g, 0, 4 * MIB, RW);
	ck_assert_ptr_eq(dma_where(channel, 0, RW), g.memory + 5 * MIB);

	for (unsigned int i = 1; i < REGIONS; i++)
		gt_map(&t, i * 2 * MIB, 4 * MIB + i * PAGE, PAGE, 1, RW);
	gt_store(gt_entry(&t, 0, 1), 0);
	gt_store(gt_entry(&other_t, 0, 1), 0);
	ck_ok(ioasid_inv_new(g.ctx, 0, &inv));
	ck_ok(ioasid_inv_add_all(inv, space, 0));
	ck_ok(ioasid_inv_add_all(inv, other, 0));
	ck_err(ioasid_inv_submit(inv, &handled), ENOMEM);
	ck_assert_uint_eq(handled, 0);
	ret = dma_get(g.channel, 0, &byte);
	ck_assert_msg(ret == -EFAULT || ret == -ENOMEM, "%d", ret);	/* which is left out? */
	ck_assert_ptr_null(dma_where(channel, 0, RW));
	ioasid_inv_free(inv);
	ck_ok(ioasid_channel_close(channel));
	guest_close(&g);
}
END_TEST

START_TEST(without_a_limit_all_fit)
{
	struct guest g;
	struct guest_table t;
	struct ioasid_space *space;
	unsigned int i;

	guest_open(&g, guest_size, 0);
	many_tables(&g, &t, REGIONS);
	space = limited(&g, (enum ioasid_fill)_i, 0);
	guest_attach(&g, space);
	ck_ok(bind_table(space, t.format, t.levels, t.root));
	for (i = 0; i < REGIONS; i++)
		guest_reaches(&g, i * 2 * MIB, 4 * MIB + i * PAGE, RW);
	guest_close(&g);
}
END_TEST

START_TEST(limits_are_checked)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space = NULL;
	struct guest g;

	guest_open(&g, guest_size, 0);
	options.memory_limit = LIMIT;
	ck_err(ioasid_space_create(g.ctx, &options, &space), EINVAL);
	options.parent = g.root;
	options.memory_limit = LIMIT - 1;
	ck_err(ioasid_space_create(g.ctx, &options, &space), EINVAL);
	ck_assert_ptr_null(space);
	guest_close(&g);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_loop_test(tc, too_many_tables_fail_until_there_are_fewer,
			    IOASID_FILL_ON_INVALIDATION, IOASID_FILL_ON_DEMAND + 1);
	tcase_add_loop_test(tc, table_that_does_not_fit_is_bound, IOASID_FILL_ON_INVALIDATION,
			    IOASID_FILL_ON_DEMAND + 1);
	tcase_add_test(tc, batch_that_does_not_fit_leaves_nothing_stale);
	tcase_add_loop_test(tc, without_a_limit_all_fit, IOASID_FILL_ON_INVALIDATION,
			    IOASID_FILL_ON_DEMAND + 1);
	tcase_add_test(tc, limits_are_checked);
}

int main(void)
{
	Suite *suite = suite_create("limit");

	suite_add_sizes(suite, "limit", add);
	return run_suite(suite);
}
