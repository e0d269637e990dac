/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Software nesting on iommufd: which ioctls make the kernel follow a child's parent, and none
 * beyond.
 */
#include "shim_expect.h"
#include "shim_ioas.h"
#include "shim_nested.h"

/* A superpage that the parent has in pieces: those that are there, as far as they go. */
START_TEST(superpages_over_the_edge_of_the_parent)
{
	gt_map(&table, 0x80000000, MEMORY, 2 * MIB, 2, RW);
	bind_and_attach();
	ck_assert_uint_eq(shim_ioas_count(CHILD), 0);
	ck_ok(ioasid_space_map(root, MEMORY + 5 * PAGE, memory, 3 * PAGE, RW, NULL));
	shim_forget();
	ck_ok(ioasid_space_map(root, MEMORY + 16 * PAGE, memory + 2 * MIB, PAGE, IOASID_READ,
			       NULL));
	ck_assert_uint_eq(shim.n_calls, 2);	/* MAP, COPY */
	ck_assert_uint_eq(shim_ioas_count(CHILD), 2);
	reaches(0x80005000, 0, 3 * PAGE, RW);
	reaches(0x80010000, 2 * MIB, PAGE, SHIM_READ);
	reaches(0x80000000, 0, 5 * PAGE, 0);
}
END_TEST

/* On a kernel nobody misses: what waits for the parent is found when the parent maps it. */
START_TEST(parent_maps_what_entries_wait_for)
{
	struct ioasid_mapping *m;

	gt_map(&table, 0x10000, MEMORY + 8 * PAGE, 2 * PAGE, 1, RW);
	bind_and_attach();
	expect_end();
	/* nobody waits for this one: nothing is looked at */
	ck_ok(ioasid_space_map(root, 2 * GIB, memory, PAGE, RW, NULL));
	expect(iommu, SHIM_MAP, 40, FLAGS_RW, ROOT, 0, U64((uintptr_t)memory), U64(PAGE),
	       U64(2 * GIB));
	expect_end();
	ck_ok(ioasid_space_map(root, MEMORY, memory, 16 * PAGE, IOASID_READ, &m));
	ck_assert_uint_eq(shim.n_calls, 2);
	reaches(0x10000, 8 * PAGE, 2 * PAGE, SHIM_READ);
	shim_forget();
	ck_ok(ioasid_mapping_unmap(m));
	expect_unmap(0x10000, 2 * PAGE);
	expect_root_unmap(MEMORY, 16 * PAGE);
	expect_end();
	ck_ok(ioasid_space_map(root, MEMORY, memory + DATA, 16 * PAGE, RW, &m));
	reaches(0x10000, DATA + 8 * PAGE, 2 * PAGE, RW);
}
END_TEST

/* Children let go first: a copy would keep memory locked that the parent has given up. */
START_TEST(parent_unmap_takes_it_from_the_children_first)
{
	struct ioasid_mapping *m;

	ck_ok(ioasid_space_map(root, MEMORY, memory, 16 * PAGE, RW, &m));
	gt_map(&table, 0x10000, MEMORY - 4 * PAGE, 8 * PAGE, 1, RW);
	gt_map(&table, 0x50000, MEMORY + 8 * PAGE, PAGE, 1, RW);
	bind_and_attach();
	ck_assert_uint_eq(shim_ioas_count(CHILD), 3);
	ck_ok(ioasid_mapping_unmap(m));
	expect_unmap(0x50000, PAGE);
	expect_unmap(0x14000, 4 * PAGE);
	expect_root_unmap(MEMORY, 16 * PAGE);
	expect_end();
	reaches(0x10000, MEMORY - 4 * PAGE, 4 * PAGE, RW);
	reaches(0x14000, 0, 4 * PAGE, 0);
}
END_TEST

/* Neighbours on both sides that lead there too go along, in one piece, whoever came last. */
START_TEST(parent_unmap_takes_neighbours_along)
{
	struct ioasid_mapping *m;

	ck_ok(ioasid_space_map(root, MEMORY, memory, 16 * PAGE, RW, &m));
	gt_map(&table, 0x10000, MEMORY, PAGE, 1, RW);
	bind_and_attach();
	gt_map(&table, 0x12000, MEMORY + 8 * PAGE, PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 0x12000, PAGE));
	gt_map(&table, 0x11000, MEMORY + 4 * PAGE, PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 0x11000, PAGE));
	ck_assert_uint_eq(shim_ioas_count(CHILD), 3);
	shim_forget();
	ck_ok(ioasid_mapping_unmap(m));
	expect_unmap(0x10000, 3 * PAGE);
	expect_root_unmap(MEMORY, 16 * PAGE);
	expect_end();
}
END_TEST

/* A page that has moved goes with the mapping that it leads to now, and not with the other. */
START_TEST(a_page_moves_from_mapping_to_mapping)
{
	struct ioasid_mapping *m;

	ck_ok(ioasid_space_map(root, MEMORY, memory, 16 * PAGE, RW, &m));
	gt_map(&table, 0x10000, DATA, PAGE, 1, RW);
	gt_map(&table, 0x20000, MEMORY + PAGE, PAGE, 1, RW);
	bind_and_attach();
	gt_map(&table, 0x10000, MEMORY, PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 0x10000, PAGE));
	expect_unmap(0x10000, PAGE);
	expect_copy(FLAGS_RW, 0x10000, MEMORY, PAGE);
	gt_map(&table, 0x20000, DATA, PAGE, 1, IOASID_READ);
	ck_ok(inv_range(ctx, child, 0x20000, PAGE));
	expect_unmap(0x20000, PAGE);
	expect_copy(FLAGS_R, 0x20000, DATA, PAGE);
	ck_ok(inv_range(ctx, child, 0x20000, PAGE));
	expect_end();
	ck_ok(ioasid_mapping_unmap(m));
	expect_unmap(0x10000, PAGE);
	expect_root_unmap(MEMORY, 16 * PAGE);
	expect_end();
	reaches(0x20000, DATA, PAGE, SHIM_READ);
	gt_unmap(&table, 0x20000, PAGE, 1);
	ck_ok(inv_range(ctx, child, 0x20000, PAGE));
	expect_unmap(0x20000, PAGE);
	expect_end();
}
END_TEST

/* What the guest has changed but not invalidated is in the kernel until then: it goes too. */
START_TEST(parent_unmap_takes_what_is_stale_too)
{
	struct ioasid_mapping *m;
	uint64_t page;

	ck_ok(ioasid_space_map(root, MEMORY, memory, 16 * PAGE, RW, &m));
	/* one table page at two places, invalidated at one of them */
	gt_map(&table, 0x200000, MEMORY, PAGE, 1, RW);
	page = gt_load(gt_entry(&table, 0x200000, 2)) & PT_ADDRESS;
	gt_store(gt_entry(&table, 0x400000, 2), gt_table_value(&table, page));
	bind_and_attach();
	ck_assert_uint_eq(shim_ioas_count(CHILD), 2);
	gt_map(&table, 0x200000, DATA, PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 0x200000, PAGE));
	reaches(0x400000, 0, PAGE, RW);
	ck_ok(ioasid_mapping_unmap(m));
	reaches(0x200000, DATA, PAGE, RW);
	reaches(0x400000, 0, PAGE, 0);
	ck_ok(inv_all(ctx, child));
	reaches(0x400000, DATA, PAGE, RW);
}
END_TEST

/* Of a table that the parent no longer maps nothing remains, wherever its entries led. */
START_TEST(tables_go_with_the_parents_page)
{
	struct ioasid_mapping *m;
	uint64_t page = MEMORY;

	ck_ok(ioasid_space_map(root, page, memory + 8 * MIB, PAGE, RW, &m));
	gt_map(&table, 0x400000, DATA + PAGE, PAGE, 1, RW);
	gt_store(gt_entry(&table, 0x200000, 2), gt_table_value(&table, page));
	gt_store((uint64_t *)(void *)(memory + 8 * MIB), gt_leaf_value(&table, 1, DATA, RW));
	bind_and_attach();
	reaches(0x200000, DATA, PAGE, RW);
	ck_ok(ioasid_mapping_unmap(m));
	reaches(0x200000, DATA, PAGE, 0);
	reaches(0x400000, DATA + PAGE, PAGE, RW);
	ck_ok(ioasid_space_map(root, page, memory + 8 * MIB, PAGE, RW, &m));
	reaches(0x200000, DATA, PAGE, RW);
}
END_TEST

/* A child of a child leads to the root's memory, and is copied from there. */
START_TEST(deeper)
{
	struct ioasid_space *deep = make_space(ctx, child, 0);
	struct ioasid_mapping *m;

	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	gt_map(&table, 0x10000, DATA, 4 * PAGE, 1, RW);
	gt_map(&table, 0x14000, DATA + 8 * PAGE, 4 * PAGE, 1, IOASID_READ);
	ck_ok(inv_all(ctx, child));
	ck_ok(ioasid_space_map_parent(deep, 0x1000, 0x12000, 4 * PAGE, RW, &m));
	ck_ok(ioasid_device_attach(device, deep));
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect_copy(FLAGS_RW, 0x1000, DATA + 2 * PAGE, 2 * PAGE);
	expect_copy(FLAGS_R, 0x3000, DATA + 8 * PAGE, 2 * PAGE);
	expect(shim_device_fd(0), SHIM_ATTACH, 12, 0, CHILD);
	expect_end();
	gt_map(&table, 0x13000, DATA + 16 * PAGE, PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 0x13000, PAGE));
	expect_unmap(0x1000, 2 * PAGE);
	expect_copy(FLAGS_RW, 0x1000, DATA + 2 * PAGE, PAGE);
	expect_copy(FLAGS_RW, 0x2000, DATA + 16 * PAGE, PAGE);
	expect_end();
	gt_unmap(&table, 0x14000, 4 * PAGE, 1);
	ck_ok(inv_range(ctx, child, 0x14000, 4 * PAGE));
	expect_unmap(0x3000, 2 * PAGE);
	expect_end();
	gt_map(&table, 0x14000, DATA + 20 * PAGE, PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 0x14000, PAGE));
	expect_copy(FLAGS_RW, 0x3000, DATA + 20 * PAGE, PAGE);
	ck_ok(ioasid_mapping_unmap(m));
	ck_assert_uint_eq(shim_ioas_count(CHILD), 0);
	shim_forget();
	ck_ok(ioasid_mapping_unmap(memory_mapping));
	expect_root_unmap(0, MEMORY);
	expect_end();
}
END_TEST

/* Entries of 2 MiB, of which the space below has a page, or nothing yet. */
START_TEST(superpages_of_which_a_child_has_little)
{
	struct ioasid_space *deep = make_space(ctx, child, 0);

	ck_ok(ioasid_space_map_parent(child, 0, 0, TABLES, RW, NULL));
	ck_ok(ioasid_space_map_parent(child, 6 * MIB + 3 * PAGE, DATA, PAGE, RW, NULL));
	gt_map(&table, 0x40000000, 6 * MIB, 2 * MIB, 2, RW);
	gt_map(&table, 0x40200000, 8 * MIB, 2 * MIB, 2, RW);
	ck_ok(bind_table(deep, IOASID_PGTABLE_VTD_SS, 4, table.root));
	ck_ok(ioasid_device_attach(device, deep));
	reaches(0x40003000, DATA, PAGE, RW);
	reaches(0x40000000, 0, 3 * PAGE, 0);
	reaches(0x40004000, 0, PAGE, 0);
	reaches(0x40300000, 0, PAGE, 0);
	ck_ok(ioasid_space_map_parent(child, 9 * MIB, DATA + 8 * PAGE, PAGE, RW, NULL));
	reaches(0x40300000, DATA + 8 * PAGE, PAGE, RW);
	ck_ok(ioasid_space_unmap(child, 6 * MIB + 3 * PAGE, PAGE, NULL));
	reaches(0x40003000, 0, PAGE, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-nesting-parent");
	TCase *tc = tcase_create("calls");

	tcase_add_checked_fixture(tc, nested_setup, nested_teardown);
	tcase_add_test(tc, superpages_over_the_edge_of_the_parent);
	tcase_add_test(tc, parent_maps_what_entries_wait_for);
	tcase_add_test(tc, parent_unmap_takes_it_from_the_children_first);
	tcase_add_test(tc, parent_unmap_takes_neighbours_along);
	tcase_add_test(tc, a_page_moves_from_mapping_to_mapping);
	tcase_add_test(tc, parent_unmap_takes_what_is_stale_too);
	tcase_add_test(tc, tables_go_with_the_parents_page);
	tcase_add_test(tc, deeper);
	tcase_add_test(tc, superpages_of_which_a_child_has_little);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
