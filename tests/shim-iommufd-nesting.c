/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Software nesting on iommufd: which ioctls make the kernel follow a child, byte for byte, and none
 * beyond them.
 */
#include "shim_expect.h"
#include "shim_ioas.h"
#include "shim_nested.h"

/* The root's mappings are in its IOAS once; nothing is locked for them before a device is there. */
START_TEST(a_child_costs_nothing_until_a_device_is_attached)
{
	struct ioasid_space *other = make_space(ctx, root, 0);

	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	gt_map(&table, 0x10000, DATA, 4 * PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 0x10000, 4 * PAGE));
	ck_ok(ioasid_space_map_parent(other, 0, 0, PAGE, RW, NULL));
	ck_ok(ioasid_space_unmap_all(other, NULL));
	ck_ok(ioasid_space_unbind_pgtable(child));
	expect_end();
}
END_TEST

START_TEST(attaching_copies_what_is_there_first)
{
	gt_map(&table, 0x10000, DATA, 4 * PAGE, 1, RW);
	gt_map(&table, 0x14000, DATA + 8 * PAGE, 2 * PAGE, 1, IOASID_READ);
	gt_map(&table, 0x7f0000000000, DATA + 10 * PAGE, PAGE, 1, RW);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	ck_ok(ioasid_device_attach(device, child));
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect_copy(FLAGS_RW, 0x10000, DATA, 4 * PAGE);
	expect_copy(FLAGS_R, 0x14000, DATA + 8 * PAGE, 2 * PAGE);
	expect_copy(FLAGS_RW, 0x7f0000000000, DATA + 10 * PAGE, PAGE);
	expect(shim_device_fd(0), SHIM_ATTACH, 12, 0, CHILD);
	expect_end();
	ck_ok(ioasid_device_detach(device));
	expect(shim_device_fd(0), SHIM_DETACH, 8, 0);
	expect(iommu, SHIM_DESTROY, 8, CHILD);
	expect_end();
	ck_ok(ioasid_space_destroy(child));
	child = NULL;
	expect(iommu, SHIM_DESTROY, 8, ROOT);
	expect_end();
}
END_TEST

/* The measure of software nesting here: calls for 512 contiguous pages. */
START_TEST(invalidation_of_512_pages_is_one_unmap_and_one_copy)
{
	bind_and_attach();
	gt_map(&table, 0x40005000, DATA, 512 * PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 0x40005000, 512 * PAGE));
	expect_copy(FLAGS_RW, 0x40005000, DATA, 512 * PAGE);
	expect_end();
	gt_map(&table, 0x40005000, DATA + 4 * MIB, 512 * PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 0x40005000, 512 * PAGE));
	expect_unmap(0x40005000, 512 * PAGE);
	expect_copy(FLAGS_RW, 0x40005000, DATA + 4 * MIB, 512 * PAGE);
	expect_end();
	reaches(0x40005000, DATA + 4 * MIB, 512 * PAGE, RW);
	ck_ok(inv_range(ctx, child, 0x40005000, 512 * PAGE));
	ck_ok(inv_all(ctx, child));
	expect_end();
	gt_unmap(&table, 0x40005000, 512 * PAGE, 1);
	ck_ok(inv_range(ctx, child, 0x40005000, 512 * PAGE));
	expect_unmap(0x40005000, 512 * PAGE);
	expect_end();
}
END_TEST

/* Guests round ranges out over neighbours that live on. */
START_TEST(neighbours_cost_nothing)
{
	gt_map(&table, 0x10000, DATA, PAGE, 1, RW);
	gt_map(&table, 0x12000, DATA + 2 * PAGE, PAGE, 1, RW);
	bind_and_attach();
	gt_map(&table, 0x11000, DATA + 7 * PAGE, PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 0x10000, 4 * PAGE));
	expect_copy(FLAGS_RW, 0x11000, DATA + 7 * PAGE, PAGE);
	expect_end();
	gt_unmap(&table, 0x11000, PAGE, 1);
	ck_ok(inv_range(ctx, child, 0, GIB));
	expect_unmap(0x11000, PAGE);
	expect_end();
	reaches(0x10000, DATA, PAGE, RW);
	reaches(0x12000, DATA + 2 * PAGE, PAGE, RW);
}
END_TEST

/* A mapping that loses its middle goes as a whole, and the rest comes back at once. */
START_TEST(what_remains_of_a_run_is_mapped_again_at_once)
{
	gt_map(&table, 0x10000, DATA, 16 * PAGE, 1, RW);
	bind_and_attach();
	gt_unmap(&table, 0x14000, 2 * PAGE, 1);
	gt_map(&table, 0x1a000, DATA + PAGE, PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 0x14000, 7 * PAGE));
	expect_unmap(0x10000, 16 * PAGE);
	expect_copy(FLAGS_RW, 0x10000, DATA, 4 * PAGE);
	expect_copy(FLAGS_RW, 0x16000, DATA + 6 * PAGE, 4 * PAGE);
	expect_copy(FLAGS_RW, 0x1a000, DATA + PAGE, PAGE);
	expect_copy(FLAGS_RW, 0x1b000, DATA + 11 * PAGE, 5 * PAGE);
	expect_end();
	/* only the permission */
	gt_map(&table, 0x1b000, DATA + 11 * PAGE, PAGE, 1, IOASID_READ);
	ck_ok(inv_range(ctx, child, 0x1b000, PAGE));
	expect_unmap(0x1b000, 5 * PAGE);
	expect_copy(FLAGS_R, 0x1b000, DATA + 11 * PAGE, PAGE);
	expect_copy(FLAGS_RW, 0x1c000, DATA + 12 * PAGE, 4 * PAGE);
	expect_end();
}
END_TEST

/*
 * New pages come before the old ones behind them go, so that these are missed as shortly as
 * possible.
 */
START_TEST(an_old_run_goes_when_its_turn_comes)
{
	gt_map(&table, 0x20000, DATA, 4 * PAGE, 1, RW);
	bind_and_attach();
	gt_map(&table, 0x10000, DATA + 32 * PAGE, PAGE, 1, RW);
	gt_unmap(&table, 0x23000, PAGE, 1);
	ck_ok(inv_all(ctx, child));
	expect_copy(FLAGS_RW, 0x10000, DATA + 32 * PAGE, PAGE);
	expect_unmap(0x20000, 4 * PAGE);
	expect_copy(FLAGS_RW, 0x20000, DATA, 3 * PAGE);
	expect_end();
}
END_TEST

/* A change of one page disturbs no more than 2 MiB around it, or 1 GiB of pages of 2 MiB. */
START_TEST(long_runs_are_cut)
{
	gt_map(&table, 0x40100000, DATA, 5 * MIB, 1, RW);
	bind_and_attach();
	ck_assert_uint_eq(shim_ioas_count(CHILD), 3);	/* at 0x40200000 and 0x40400000 */
	gt_unmap(&table, 0x40300000, PAGE, 1);
	ck_ok(inv_range(ctx, child, 0x40300000, PAGE));
	expect_unmap(0x40200000, 2 * MIB);
	expect_copy(FLAGS_RW, 0x40200000, DATA + 1 * MIB, 1 * MIB);
	expect_copy(FLAGS_RW, 0x40301000, DATA + 2 * MIB + PAGE, 1 * MIB - PAGE);
	expect_end();
	/* what goes as a whole goes in one call, cut or not */
	gt_unmap(&table, 0x40100000, 5 * MIB, 1);
	ck_ok(inv_range(ctx, child, 0x40100000, 5 * MIB));
	expect_unmap(0x40100000, 2 * MIB);
	expect_unmap(0x40301000, 3 * MIB - PAGE);
	expect_end();
	gt_map(&table, 0x80000000, 4 * MIB, 24 * MIB, 2, RW);
	ck_ok(inv_range(ctx, child, 0x80000000, 24 * MIB));
	expect_copy(FLAGS_RW, 0x80000000, 4 * MIB, 24 * MIB);
	expect_end();
}
END_TEST

/* The range touches a superpage: that is one entry, and comes and goes as a whole. */
START_TEST(superpages_are_one_thing)
{
	bind_and_attach();
	gt_map(&table, 0x80000000, 4 * MIB, 2 * MIB, 2, RW);
	ck_ok(inv_range(ctx, child, 0x80010000, PAGE));
	expect_copy(FLAGS_RW, 0x80000000, 4 * MIB, 2 * MIB);
	expect_end();
	gt_store(gt_entry(&table, 0x80000000, 2), 0);
	ck_ok(inv_range(ctx, child, 0x801ff000, PAGE));
	expect_unmap(0x80000000, 2 * MIB);
	expect_end();
}
END_TEST

/* Of a superpage that has come, one page is invalidated: no more is looked at, or less than all. */
START_TEST(a_part_of_a_superpage_is_invalidated)
{
	gt_map(&table, 0x10000, DATA, PAGE, 1, RW);
	bind_and_attach();
	gt_map(&table, 0x40000000, 6 * MIB, 2 * MIB, 2, RW);
	ck_ok(inv_range(ctx, child, 0x40010000, PAGE));
	reaches(0x40010000, 6 * MIB + 0x10000, PAGE, RW);
	ck_ok(inv_all(ctx, child));
	reaches(0x40000000, 6 * MIB, 2 * MIB, RW);
	gt_unmap(&table, 0x40000000, 2 * MIB, 2);
	ck_ok(inv_range(ctx, child, 0x40010000, PAGE));
	reaches(0x40010000, 0, PAGE, 0);
}
END_TEST

START_TEST(map_protocol)
{
	struct ioasid_mapping *m;

	ck_ok(ioasid_space_map_parent(child, 0x100000, DATA, 16 * MIB, IOASID_READ, NULL));
	ck_ok(ioasid_device_attach(device, child));
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect_copy(FLAGS_R, 0x100000, DATA, 16 * MIB);	/* not cut: it goes as it came */
	expect(shim_device_fd(0), SHIM_ATTACH, 12, 0, CHILD);
	ck_ok(ioasid_space_map_parent(child, 0x1100000, DATA + 16 * MIB, PAGE, IOASID_READ, &m));
	expect_copy(FLAGS_R, 0x1100000, DATA + 16 * MIB, PAGE);
	/* it reaches over the parent's end */
	ck_ok(ioasid_space_map_parent(child, 0x2000000, MEMORY - PAGE, 2 * PAGE, RW, NULL));
	expect_copy(FLAGS_RW, 0x2000000, MEMORY - PAGE, PAGE);
	ck_ok(ioasid_mapping_unmap(m));
	expect_unmap(0x1100000, PAGE);
	ck_ok(ioasid_space_unmap(child, 0x2000000, 2 * PAGE, NULL));
	expect_unmap(0x2000000, PAGE);
	expect_end();
}
END_TEST

/* One table for another: only what differs. */
START_TEST(rebind_and_unbind)
{
	struct guest_table other;

	gt_init(&other, IOASID_PGTABLE_VTD_SS, 3, memory, 0, TABLES, DATA);
	gt_map(&table, 0x10000, DATA, 4 * PAGE, 1, RW);
	gt_map(&table, 0x40000, DATA + 8 * PAGE, PAGE, 1, RW);
	gt_map(&other, 0x10000, DATA, 4 * PAGE, 1, RW);
	gt_map(&other, 0x40000, DATA + 9 * PAGE, PAGE, 1, RW);
	bind_and_attach();
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 3, other.root));
	expect_unmap(0x40000, PAGE);
	expect_copy(FLAGS_RW, 0x40000, DATA + 9 * PAGE, PAGE);
	expect_end();
	ck_ok(ioasid_space_unbind_pgtable(child));
	expect_unmap(0x10000, 4 * PAGE);
	expect_unmap(0x40000, PAGE);
	expect_end();
	ck_ok(ioasid_space_map_parent(child, 0x10000, DATA, PAGE, RW, NULL));
	expect_copy(FLAGS_RW, 0x10000, DATA, PAGE);
	expect_end();
}
END_TEST

START_TEST(replace_and_a_second_device)
{
	struct ioasid_space *other = make_space(ctx, root, 0);
	struct ioasid_device *second;
	struct ioasid_space_info info;

	gt_map(&table, 0x10000, DATA, 4 * PAGE, 1, RW);
	bind_and_attach();
	info = space_info(child);
	ck_assert(info.caching_mode && info.fill == IOASID_FILL_ON_INVALIDATION);
	ck_ok(ioasid_space_map_parent(other, 0, DATA, PAGE, RW, NULL));
	ck_ok(ioasid_device_replace(device, other));
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(iommu, SHIM_COPY, 40, FLAGS_RW, 4, ROOT, U64(PAGE), U64(0), U64(DATA));
	expect(shim_device_fd(0), SHIM_ATTACH, 12, 0, 4);
	expect(iommu, SHIM_DESTROY, 8, CHILD);
	expect_end();
	second = bind_device(1);
	shim_forget();
	ck_ok(ioasid_device_attach(second, other));
	expect(shim_device_fd(1), SHIM_ATTACH, 12, 0, 4);
	ck_ok(ioasid_device_detach(device));
	expect(shim_device_fd(0), SHIM_DETACH, 8, 0);
	expect_end();
}
END_TEST

/* The part of a large page that is not reserved is looked at by itself. */
START_TEST(a_large_page_with_a_reserved_part)
{
	gt_map(&table, 0xfee00000, DATA, 2 * MIB, 2, RW);
	bind_and_attach();
	reaches(0xfee00000, 0, MIB, 0);
	reaches(0xfef00000, DATA + MIB, MIB, RW);
	shim_forget();
	ck_ok(inv_range(ctx, child, 0xfef00000, PAGE));
	expect_end();
	gt_map(&table, 0xfee00000, DATA + 2 * MIB, 2 * MIB, 2, RW);
	ck_ok(inv_range(ctx, child, 0xfef00000, PAGE));
	reaches(0xfee00000, 0, MIB, 0);
	reaches(0xfef00000, DATA + 3 * MIB, MIB, RW);
}
END_TEST

/* A guest may map what no device can have translated; it comes back when that device has gone. */
START_TEST(reserved_ranges_are_left_out)
{
	struct ioasid_device *second;

	gt_map(&table, 0xfedff000, DATA, 0x102 * PAGE, 1, RW);
	gt_map(&table, 0x10000, DATA, 4 * PAGE, 1, RW);
	bind_and_attach();
	shim.reserved = "0x0000000000012000 0x0000000000012fff direct\n";
	second = bind_device(1);
	shim_forget();
	reaches(0xfedff000, DATA, PAGE, RW);
	reaches(0xfee00000, 0, 0x100 * PAGE, 0);
	reaches(0xfef00000, DATA + 0x101 * PAGE, PAGE, RW);
	ck_ok(ioasid_device_attach(second, child));
	expect_unmap(0x10000, 4 * PAGE);
	expect_copy(FLAGS_RW, 0x10000, DATA, 2 * PAGE);
	expect_copy(FLAGS_RW, 0x13000, DATA + 3 * PAGE, PAGE);
	expect(shim_device_fd(1), SHIM_ATTACH, 12, 0, CHILD);
	expect_end();
	ck_ok(ioasid_device_detach(second));
	expect(shim_device_fd(1), SHIM_DETACH, 8, 0);
	expect_copy(FLAGS_RW, 0x12000, DATA + 2 * PAGE, PAGE);
	expect_end();
	reaches(0x10000, DATA, 4 * PAGE, RW);
}
END_TEST

/* Canonical addresses of the upper half are beyond what IOMMUs translate here. */
START_TEST(first_stage_tables_are_followed_on_invalidation)
{
	struct guest_table fs;

	gt_init(&fs, IOASID_PGTABLE_VTD_FS, 4, memory, 0, TABLES, DATA);
	gt_map(&fs, 0x10000, DATA, PAGE, 1, RW);
	gt_map(&fs, 0xffff800000000000, DATA, PAGE, 1, RW);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_FS, 4, fs.root));
	ck_assert(space_info(child).caching_mode);
	ck_ok(ioasid_device_attach(device, child));
	ck_assert_uint_eq(shim_ioas_count(CHILD), 1);
	reaches(0x10000, DATA, PAGE, RW);
	gt_map(&fs, 0x11000, DATA + 4 * PAGE, PAGE, 1, IOASID_READ);
	ck_ok(inv_range(ctx, child, 0x11000, PAGE));
	reaches(0x11000, DATA + 4 * PAGE, PAGE, SHIM_READ);
}
END_TEST

/* Linux, pt_top_range(): an IOMMU whose first stage has four levels translates 47 bits of IOVA. */
START_TEST(the_lower_half_is_as_wide_as_a_first_stage)
{
	struct ioasid_device *narrow;
	struct guest_table fs;

	shim.aperture_last = (UINT64_C(1) << 47) - 1;
	narrow = bind_device(1);
	gt_init(&fs, IOASID_PGTABLE_VTD_FS, 4, memory, 0, TABLES, DATA);
	gt_map(&fs, 0x7ffffffff000, DATA, PAGE, 1, RW);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_FS, 4, fs.root));
	ck_ok(ioasid_device_attach(narrow, child));
	ck_assert_uint_eq(shim_ioas_count(shim_attached(1)), 1);
	ck_ok(ioasid_device_detach(narrow));
	/* five levels have 56 bits there, and a second stage 48 */
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_FS, 5, fs.root));
	ck_err(ioasid_device_attach(narrow, child), EOPNOTSUPP);
	said("translates 47 bits", "the page table 56");
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	ck_err(ioasid_device_attach(narrow, child), EOPNOTSUPP);
	said("translates 47 bits", "the page table 48");
}
END_TEST

/* Ranges that lie apart are compared each, and all tables are read before. */
START_TEST(a_batch_of_ranges)
{
	struct ioasid_inv *inv;

	gt_map(&table, 0x10000, DATA, 16 * PAGE, 1, RW);
	gt_map(&table, 0x80000, DATA + 16 * PAGE, PAGE, 1, RW);
	bind_and_attach();
	gt_unmap(&table, 0x10000, 16 * PAGE, 1);
	gt_map(&table, 0x80000, DATA, PAGE, 1, RW);
	ck_ok(ioasid_inv_new(ctx, 4, &inv));
	ck_ok(ioasid_inv_add_range(inv, child, 0x80000, PAGE, 0));
	ck_ok(ioasid_inv_add_range(inv, child, 0x10000, 8 * PAGE, 0));
	ck_ok(ioasid_inv_add_range(inv, child, 0x18000, 8 * PAGE, 0));
	ck_ok(ioasid_inv_submit(inv, NULL));
	ioasid_inv_free(inv);
	expect_unmap(0x10000, 16 * PAGE);
	expect_unmap(0x80000, PAGE);
	expect_copy(FLAGS_RW, 0x80000, DATA, PAGE);
	expect_end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-nesting");
	TCase *tc = tcase_create("calls");

	tcase_add_checked_fixture(tc, nested_setup, nested_teardown);
	tcase_add_test(tc, a_child_costs_nothing_until_a_device_is_attached);
	tcase_add_test(tc, attaching_copies_what_is_there_first);
	tcase_add_test(tc, invalidation_of_512_pages_is_one_unmap_and_one_copy);
	tcase_add_test(tc, neighbours_cost_nothing);
	tcase_add_test(tc, what_remains_of_a_run_is_mapped_again_at_once);
	tcase_add_test(tc, an_old_run_goes_when_its_turn_comes);
	tcase_add_test(tc, long_runs_are_cut);
	tcase_add_test(tc, superpages_are_one_thing);
	tcase_add_test(tc, a_part_of_a_superpage_is_invalidated);
	tcase_add_test(tc, map_protocol);
	tcase_add_test(tc, rebind_and_unbind);
	tcase_add_test(tc, replace_and_a_second_device);
	tcase_add_test(tc, a_large_page_with_a_reserved_part);
	tcase_add_test(tc, reserved_ranges_are_left_out);
	tcase_add_test(tc, first_stage_tables_are_followed_on_invalidation);
	tcase_add_test(tc, the_lower_half_is_as_wide_as_a_first_stage);
	tcase_add_test(tc, a_batch_of_ranges);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
