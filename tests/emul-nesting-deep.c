/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Spaces on spaces on spaces: tables in a parent that has tables itself, and both protocols mixed.
 */
#include "guest_tables.h"
#include "support.h"

#define SIZE	guest_size
#define TABLES1 (3 * MIB) /* guest address of the child's tables */
#define TABLES2 (5 * MIB) /* and of the grandchild's */
#define SHIFT	(64 * GIB) /* the child sees guest address x at SHIFT + x */

static const enum ioasid_fill fills[] = { IOASID_FILL_ON_INVALIDATION, IOASID_FILL_ON_DEMAND };

/* root <- child with a table <- grandchild with a table in the child's addresses <- mapped one. */
struct deep {
	struct guest g;
	struct guest_table t1, t2;
	struct ioasid_space *child, *grandchild, *last;
};

static void deep_open(struct deep *d, int i)
{
	enum ioasid_fill fill = fills[i % 2];

	guest_open(&d->g, SIZE, 0);
	d->child = make_space(d->g.ctx, d->g.root, fill);
	d->grandchild = make_space(d->g.ctx, d->child, fills[i / 2]);
	d->last = make_space(d->g.ctx, d->grandchild, 0);
	gt_init(&d->t1, IOASID_PGTABLE_VTD_SS, 4, d->g.memory, 0, TABLES1, TABLES2);
	gt_map(&d->t1, SHIFT, 0, SIZE, 2, RW);
	ck_ok(bind_table(d->child, d->t1.format, 4, d->t1.root));
	gt_init(&d->t2, IOASID_PGTABLE_VTD_FS, 4, d->g.memory, SHIFT, SHIFT + TABLES2,
		SHIFT + SIZE);
	gt_map(&d->t2, 0x1000, SHIFT + 5 * PAGE, 8 * PAGE, 1, RW);
	ck_ok(bind_table(d->grandchild, d->t2.format, 4, d->t2.root));
	ck_ok(ioasid_space_map_parent(d->last, 0x7000000, 0x2000, 4 * PAGE, RW, NULL));
	guest_attach(&d->g, d->last);
}

/* The first page of each of the two upper spaces leads to this guest address. */
static void all_reach(struct deep *d, uint64_t target, uint32_t perm)
{
	guest_attach(&d->g, d->grandchild);
	guest_reaches(&d->g, 0x2000, target, perm);
	guest_attach(&d->g, d->last);
	guest_reaches(&d->g, 0x7000000, target, perm);
}

static void all_fault(struct deep *d)
{
	all_reach(d, 0, 0);
}

START_TEST(translates_through_all_levels)
{
	struct deep d;

	deep_open(&d, _i);
	ck_assert_uint_eq(space_info(d.last).depth, 3);
	all_reach(&d, 6 * PAGE, RW);
	guest_reaches(&d.g, 0x7000000 + 3 * PAGE + 17, 9 * PAGE + 17, RW);
	guest_faults(&d.g, 0x7000000 + 4 * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_close(&d.g);
}
END_TEST

START_TEST(root_changes_reach_the_last)
{
	struct deep d;

	deep_open(&d, _i);
	all_reach(&d, 6 * PAGE, RW);
	ck_ok(ioasid_space_unmap_all(d.g.root, NULL));
	all_fault(&d);
	/* All but the page, then with it. */
	ck_ok(ioasid_space_map(d.g.root, 0, d.g.memory, 6 * PAGE, RW, NULL));
	ck_ok(ioasid_space_map(d.g.root, 7 * PAGE, d.g.memory + 7 * PAGE, SIZE - 7 * PAGE, RW,
			       NULL));
	all_fault(&d);
	guest_reaches(&d.g, 0x7000000 + PAGE, 7 * PAGE, RW);
	ck_ok(ioasid_space_map(d.g.root, 6 * PAGE, d.g.memory + PAGE, PAGE, IOASID_READ, NULL));
	all_reach(&d, PAGE, IOASID_READ);
	guest_close(&d.g);
}
END_TEST

START_TEST(table_pages_that_move_in_the_root)
{
	uint64_t leaf_table;
	struct deep d;
	uint8_t *copy;

	deep_open(&d, _i);
	all_reach(&d, 6 * PAGE, RW);
	/* Other memory, with another table, appears where the grandchild's leaf table was. */
	leaf_table = (gt_load(gt_entry(&d.t2, 0x2000, 2)) & PT_ADDRESS) - SHIFT;
	copy = memory_new(PAGE);
	gt_store((uint64_t *)(void *)copy + 2, gt_leaf_value(&d.t2, 1, SHIFT + 3 * PAGE, RW));
	ck_ok(ioasid_space_unmap_all(d.g.root, NULL));
	ck_ok(ioasid_space_map(d.g.root, 0, d.g.memory, leaf_table, RW, NULL));
	ck_ok(ioasid_space_map(d.g.root, leaf_table + PAGE, d.g.memory + leaf_table + PAGE,
			       SIZE - leaf_table - PAGE, RW, NULL));
	all_fault(&d);
	ck_ok(ioasid_space_map(d.g.root, leaf_table, copy, PAGE, RW, NULL));
	all_reach(&d, 3 * PAGE, RW);
	guest_close(&d.g);
	memory_free(copy, PAGE);
}
END_TEST

START_TEST(child_changes_reach_the_last)
{
	struct deep d;

	deep_open(&d, _i);
	all_reach(&d, 6 * PAGE, RW);
	/* The first 2 MiB of what the child sees now come in small pages, one of them elsewhere. */
	gt_store(gt_entry(&d.t1, SHIFT, 2), 0);
	gt_map(&d.t1, SHIFT, 0, 2 * MIB, 1, RW);
	gt_map(&d.t1, SHIFT + 6 * PAGE, 50 * PAGE, PAGE, 1, IOASID_READ);
	ck_ok(inv_range(d.g.ctx, d.child, SHIFT, 2 * MIB));
	all_reach(&d, 50 * PAGE, IOASID_READ);
	guest_reaches(&d.g, 0x7000000 + PAGE, 7 * PAGE, RW);
	gt_unmap(&d.t1, SHIFT + 6 * PAGE, PAGE, 1);
	ck_ok(inv_range(d.g.ctx, d.child, SHIFT + 6 * PAGE, PAGE));
	all_fault(&d);
	gt_map(&d.t1, SHIFT + 6 * PAGE, 6 * PAGE, PAGE, 1, RW);
	ck_ok(inv_range(d.g.ctx, d.child, SHIFT + 6 * PAGE, PAGE));
	all_reach(&d, 6 * PAGE, RW);
	guest_close(&d.g);
}
END_TEST

START_TEST(new_entry_of_the_child_without_invalidation)
{
	struct deep d;

	deep_open(&d, _i);
	/* Beyond what the child maps; all upper levels know that nothing is there. */
	gt_map(&d.t2, 0x2000, SHIFT + SIZE, PAGE, 1, RW);
	ck_ok(inv_all(d.g.ctx, d.grandchild));
	all_fault(&d);
	gt_map(&d.t1, SHIFT + SIZE, 99 * PAGE, PAGE, 1, RW);
	if (space_info(d.child).caching_mode)
		ck_ok(inv_range(d.g.ctx, d.child, SHIFT + SIZE, PAGE));
	all_reach(&d, 99 * PAGE, RW);
	guest_close(&d.g);
}
END_TEST

START_TEST(grandchild_changes_reach_the_last)
{
	struct deep d;

	deep_open(&d, _i);
	gt_map(&d.t2, 0x2000, SHIFT + 77 * PAGE, PAGE, 1, IOASID_READ);
	ck_ok(inv_range(d.g.ctx, d.grandchild, 0x2000, PAGE));
	all_reach(&d, 77 * PAGE, IOASID_READ);
	gt_unmap(&d.t2, 0x2000, PAGE, 1);
	ck_ok(inv_all(d.g.ctx, d.grandchild));
	all_fault(&d);
	guest_faults(&d.g, 0x7000000, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	guest_close(&d.g);
}
END_TEST

START_TEST(map_protocol_changes_reach_those_above)
{
	struct ioasid_space *a, *b;
	struct ioasid_mapping *m;
	struct guest g;

	guest_open(&g, SIZE, 0);
	a = make_space(g.ctx, g.root, 0);
	b = make_space(g.ctx, a, 0);
	guest_attach(&g, b);
	ck_ok(ioasid_space_map_parent(b, 0x100000, 0x200000, 8 * PAGE, RW, NULL));
	guest_faults(&g, 0x100000, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	ck_ok(ioasid_space_map_parent(a, 0x201000, 3 * PAGE, 2 * PAGE, IOASID_READ, &m));
	guest_reaches(&g, 0x100000, 0, 0);
	guest_reaches(&g, 0x101000, 3 * PAGE, IOASID_READ);
	guest_reaches(&g, 0x102000, 4 * PAGE, IOASID_READ);
	guest_reaches(&g, 0x103000, 0, 0);
	ck_ok(ioasid_mapping_unmap(m));
	guest_reaches(&g, 0x101000, 0, 0);
	ck_ok(ioasid_space_map_parent(a, 0x200000, SIZE - 4 * PAGE, 8 * PAGE, RW, NULL));
	guest_reaches(&g, 0x103000, SIZE - PAGE, RW);
	guest_reaches(&g, 0x104000, 0, 0);
	ck_ok(ioasid_space_unmap_all(b, NULL));
	guest_reaches(&g, 0x103000, 0, 0);
	guest_close(&g);
}
END_TEST

START_TEST(permission_of_every_space_counts)
{
	uint32_t p1, p2, p3;
	struct deep d;

	deep_open(&d, _i);
	ck_ok(ioasid_space_unmap_all(d.last, NULL));
	gt_store(gt_entry(&d.t1, SHIFT, 2), 0);
	gt_map(&d.t1, SHIFT, 0, 2 * MIB, 1, RW);
	ck_ok(inv_all(d.g.ctx, d.child));
	for (p1 = 1; p1 <= RW; p1++) {
		gt_map(&d.t1, SHIFT + 6 * PAGE, 6 * PAGE, PAGE, 1, p1);
		ck_ok(inv_all(d.g.ctx, d.child));
		for (p2 = IOASID_READ; p2 <= RW; p2 += IOASID_WRITE) {
			gt_map(&d.t2, 0x2000, SHIFT + 6 * PAGE, PAGE, 1, p2);
			ck_ok(inv_all(d.g.ctx, d.grandchild));
			for (p3 = 1; p3 <= RW; p3++) {
				ck_ok(ioasid_space_map_parent(d.last, 0, 0x2000, PAGE, p3, NULL));
				guest_reaches(&d.g, 0, 6 * PAGE, p1 & p2 & p3);
				ck_ok(ioasid_space_unmap_all(d.last, NULL));
			}
		}
	}
	guest_close(&d.g);
}
END_TEST

START_TEST(unbind_and_rebind_of_the_child)
{
	struct guest_table other;
	struct deep d;

	deep_open(&d, _i);
	all_reach(&d, 6 * PAGE, RW);
	ck_ok(ioasid_space_unbind_pgtable(d.child));
	all_fault(&d);
	gt_init(&other, IOASID_PGTABLE_VTD_SS, 3, d.g.memory, 0, d.t1.next, TABLES2);
	gt_map(&other, SHIFT, 0, SIZE, 2, IOASID_READ);
	ck_ok(bind_table(d.child, other.format, 3, other.root));
	all_reach(&d, 6 * PAGE, IOASID_READ);
	ck_ok(bind_table(d.child, d.t1.format, 4, d.t1.root));
	all_reach(&d, 6 * PAGE, RW);
	guest_close(&d.g);
}
END_TEST

START_TEST(protocols_exclude_each_other)
{
	struct ioasid_space *plain;
	struct deep d;

	deep_open(&d, _i);
	ck_err(ioasid_space_map_parent(d.child, 0, 0, PAGE, RW, NULL), EOPNOTSUPP);
	ck_err(ioasid_space_unmap(d.child, 0, PAGE, NULL), EOPNOTSUPP);
	ck_err(ioasid_space_unmap_all(d.child, NULL), EOPNOTSUPP);
	ck_err(ioasid_space_allow(d.child, &(struct ioasid_range){ 0, PAGE }, 1), EOPNOTSUPP);
	ck_err(bind_table(d.last, IOASID_PGTABLE_VTD_SS, 4, 0), EBUSY);
	ck_err(bind_table(d.g.root, IOASID_PGTABLE_VTD_SS, 4, 0), EINVAL);
	plain = make_space(d.g.ctx, d.g.root, 0);
	ck_err(ioasid_space_unbind_pgtable(plain), EINVAL);
	ck_err(bind_table(plain, IOASID_PGTABLE_VTD_SS, 4, 8), EINVAL);
	ck_err(bind_table(plain, IOASID_PGTABLE_VTD_SS, 4, UINT64_C(1) << 52), EINVAL);
	ck_err(bind_table(plain, IOASID_PGTABLE_VTD_SS, 2, 0), EOPNOTSUPP);
	ck_err(bind_table(plain, IOASID_PGTABLE_VTD_SS, 6, 0), EOPNOTSUPP);
	ck_err(bind_table(plain, IOASID_PGTABLE_VTD_FS, 3, 0), EOPNOTSUPP);
	ck_err(bind_table(plain, 99, 4, 0), EOPNOTSUPP);
	all_reach(&d, 6 * PAGE, RW);
	guest_close(&d.g);
}
END_TEST

/* An entry of the child's beyond the width of its addresses is none, nor near to those below. */
START_TEST(addresses_beyond_a_narrow_child)
{
	struct ioasid_pgtable table = IOASID_PGTABLE_INIT;
	const uint64_t end = 256 * MIB;
	struct guest_table t1, t2;
	struct ioasid_space *child, *grandchild;
	struct guest g;

	guest_open(&g, SIZE, 0);
	child = make_space(g.ctx, g.root, fills[0]);
	grandchild = make_space(g.ctx, child, fills[0]);
	gt_init(&t1, IOASID_PGTABLE_VTD_SS, 3, g.memory, 0, TABLES1, TABLES2);
	gt_map(&t1, 0, 0, SIZE, 2, RW);
	gt_map(&t1, end, 0, 2 * MIB, (unsigned int)_i, RW);
	table.format = t1.format;
	table.levels = 3;
	table.input_bits = 28;
	table.root = t1.root;
	ck_ok(ioasid_space_bind_pgtable(child, &table));
	gt_init(&t2, IOASID_PGTABLE_VTD_SS, 4, g.memory, 0, TABLES2, SIZE);
	gt_map(&t2, 0, 0, 8 * PAGE, 1, RW);
	ck_ok(bind_table(grandchild, t2.format, 4, t2.root));
	guest_attach(&g, grandchild);
	guest_reaches(&g, PAGE, PAGE, RW);
	gt_map(&t2, 0, 3 * PAGE, PAGE, 1, RW);
	gt_map(&t2, PAGE, end + PAGE, PAGE, 1, RW);
	ck_ok(inv_range(g.ctx, grandchild, 0, 2 * PAGE));
	guest_reaches(&g, 0, 3 * PAGE, RW);
	guest_faults(&g, PAGE, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	guest_close(&g);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, translates_through_all_levels, 0, 4);
	tcase_add_loop_test(tc, root_changes_reach_the_last, 0, 4);
	tcase_add_loop_test(tc, table_pages_that_move_in_the_root, 0, 4);
	tcase_add_loop_test(tc, child_changes_reach_the_last, 0, 4);
	tcase_add_loop_test(tc, new_entry_of_the_child_without_invalidation, 0, 4);
	tcase_add_loop_test(tc, grandchild_changes_reach_the_last, 0, 4);
	tcase_add_test(tc, map_protocol_changes_reach_those_above);
	tcase_add_loop_test(tc, permission_of_every_space_counts, 0, 4);
	tcase_add_loop_test(tc, unbind_and_rebind_of_the_child, 0, 4);
	tcase_add_loop_test(tc, protocols_exclude_each_other, 0, 4);
	tcase_add_loop_test(tc, addresses_beyond_a_narrow_child, 1, 3);
}

int main(void)
{
	Suite *suite = suite_create("nesting-deep");

	suite_add_sizes(suite, "nesting-deep", add_tests);
	return run_suite(suite);
}
