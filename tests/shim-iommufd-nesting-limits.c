/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Software nesting on iommufd when a guest's tables take more mappings than there may be. */
#include <string.h>
#include <sys/mman.h>

#include "shim_expect.h"
#include "shim_ioas.h"
#include "shim_nested.h"

static struct ioasid_space *limited(struct ioasid_space *parent, uint64_t limit)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;

	options.parent = parent;
	options.mapping_limit = limit;
	ck_ok(ioasid_space_create(ctx, &options, &space));
	return space;
}

/* The child is another, with a limit. */
static void limit_child(uint64_t limit)
{
	ck_ok(ioasid_space_destroy(child));
	child = limited(root, limit);
}

START_TEST(limits_are_for_children)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;

	options.mapping_limit = 1;
	ck_err(ioasid_space_create(ctx, &options, &space), EINVAL);
}
END_TEST

START_TEST(too_many_mappings)
{
	unsigned int i;

	limit_child(4);
	gt_map(&table, 0x10000, DATA, PAGE, 1, RW);
	bind_and_attach();
	for (i = 0; i < 5; i++)
		gt_map(&table, 0x20000 + 2 * i * PAGE, DATA, PAGE, 1, RW);
	ck_err(inv_range(ctx, child, 0x20000, 16 * PAGE), E2BIG);
	said("mapping_limit", "");
	ck_assert_uint_eq(shim_ioas_count(shim_attached(0)), 0);
	/* it stays so, whatever is invalidated, and without a call */
	shim_forget();
	ck_err(inv_range(ctx, child, 0x10000, PAGE), E2BIG);
	ck_ok(ioasid_space_map(root, MEMORY, memory, PAGE, RW, NULL));
	ck_assert_uint_eq(shim.n_calls, 1);
	/* four are not too many, in whatever order they come and go */
	gt_unmap(&table, 0x20000, 3 * PAGE, 1);
	ck_ok(inv_range(ctx, child, 0x20000, 3 * PAGE));
	ck_assert_uint_eq(shim_ioas_count(shim_attached(0)), 4);
	reaches(0x10000, DATA, PAGE, RW);
	gt_map(&table, 0x1000, DATA, PAGE, 1, RW);
	gt_unmap(&table, 0x28000, PAGE, 1);
	ck_ok(inv_all(ctx, child));
	reaches(0x1000, DATA, PAGE, RW);
	ck_assert_uint_eq(shim_ioas_count(shim_attached(0)), 4);
}
END_TEST

START_TEST(too_many_for_bind_and_attach)
{
	struct guest_table small;
	struct ioasid_mapping *m;
	unsigned int i;

	limit_child(2);
	for (i = 0; i < 3; i++)
		gt_map(&table, 2 * i * PAGE, DATA, PAGE, 1, RW);
	gt_init(&small, IOASID_PGTABLE_VTD_SS, 3, memory, 0, TABLES, DATA);
	gt_map(&small, 0, DATA, 2 * PAGE, 1, RW);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	ck_err(ioasid_device_attach(device, child), E2BIG);
	ck_assert_uint_eq(shim_objects(), 2);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 3, small.root));
	ck_ok(ioasid_device_attach(device, child));
	ck_err(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root), E2BIG);
	ck_assert_uint_eq(shim_ioas_count(shim_attached(0)), 0);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 3, small.root));
	reaches(0, DATA, 2 * PAGE, RW);
	ck_err(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root), E2BIG);
	ck_ok(ioasid_space_unbind_pgtable(child));
	/* mappings count as well, each for itself */
	ck_ok(ioasid_space_map_parent(child, 0, DATA, PAGE, RW, NULL));
	ck_ok(ioasid_space_map_parent(child, PAGE, DATA + PAGE, PAGE, RW, NULL));
	shim_forget();
	ck_err(ioasid_space_map_parent(child, 2 * PAGE, DATA, PAGE, RW, &m), E2BIG);
	said("mapping_limit", "");
	ck_assert_uint_eq(shim.n_calls, 0);	/* what is there stays there all the time */
	reaches(0, DATA, 2 * PAGE, RW);
	reaches(2 * PAGE, 0, PAGE, 0);
	ck_ok(ioasid_device_detach(device));
	ck_ok(ioasid_space_map_parent(child, 2 * PAGE, DATA, PAGE, RW, &m));
	ck_err(ioasid_device_attach(device, child), E2BIG);
	ck_ok(ioasid_mapping_unmap(m));
	ck_ok(ioasid_device_attach(device, child));
	reaches(0, DATA, 2 * PAGE, RW);
}
END_TEST

/* Each of four tables leads 512 times to the next, and the last to one page: 2^36 pages. */
static void make_bomb(uint64_t target)
{
	uint64_t pages[4] = { table.root };
	unsigned int level, i;

	for (level = 1; level < 4; level++)
		pages[level] = gt_page(&table);
	for (level = 0; level < 4; level++)
		for (i = 0; i < 512; i++)
			gt_store(gt_slot(&table, pages[level], i), level == 3 ?
				 gt_leaf_value(&table, 1, target, RW) :
				 gt_table_value(&table, pages[level + 1]));
}

START_TEST(page_table_bomb)
{
	limit_child(1000);
	bind_and_attach();
	make_bomb(DATA);
	ck_err(inv_all(ctx, child), E2BIG);
	ck_assert_uint_eq(shim_ioas_count(shim_attached(0)), 0);
	ck_err(inv_range(ctx, child, 0x10000, PAGE), E2BIG);
	gt_store(gt_slot(&table, table.root, 0), 0);
	ck_err(inv_all(ctx, child), E2BIG);
	memset(memory, 0, 4096);
	gt_map(&table, 0x10000, DATA, PAGE, 1, RW);
	ck_ok(inv_all(ctx, child));
	reaches(0x10000, DATA, PAGE, RW);
}
END_TEST

/* Nor does one keep the library busy that leads nowhere, yet, or that nobody may use. */
START_TEST(bombs_that_map_nothing)
{
	unsigned int i;

	limit_child(1000);
	make_bomb(MEMORY);
	bind_and_attach();
	ck_ok(inv_all(ctx, child));
	ck_ok(ioasid_space_map(root, MEMORY, memory, PAGE, RW, NULL));
	ck_assert_uint_eq(shim_ioas_count(shim_attached(0)), 0);
	ck_err(inv_all(ctx, child), E2BIG);
	/* write-only tables, and pages that can be read */
	for (i = 0; i < 512; i++) {
		uint64_t *entry = gt_slot(&table, table.root, i);

		gt_store(entry, (gt_load(entry) & ~(SS_READ | SS_WRITE)) | SS_WRITE);
		entry = gt_slot(&table, 3 * PAGE, i);
		gt_store(entry, (gt_load(entry) & ~(SS_READ | SS_WRITE)) | SS_READ);
	}
	ck_ok(inv_all(ctx, child));
	ck_assert_uint_eq(shim_ioas_count(shim_attached(0)), 0);
}
END_TEST

/* What is reserved for a device is left out of the limit, and costs nothing either. */
START_TEST(bomb_where_all_is_reserved)
{
	struct ioasid_device *second;

	shim.reserved = "0x0000000000020000 0x000000000002ffff direct\n"
			"0x0000008000000000 0x0000ffffffffefff reserved\n";
	second = bind_device(1);
	make_bomb(DATA);
	gt_store(gt_slot(&table, table.root, 0), 0);
	gt_map(&table, 0x10000, DATA, 0x30 * PAGE, 1, RW);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	ck_ok(ioasid_device_attach(second, child));
	ck_ok(inv_all(ctx, child));
	ck_ok(inv_range(ctx, child, 0x8000000000, 0x7f8000000000));
	ck_assert_uint_eq(shim_ioas_count(shim_attached(1)), 3);
}
END_TEST

/*
 * The parent's table is one, and the child's has its pages of 1 GiB one behind the other: what
 * these are below is not looked at further than the limit goes.
 */
START_TEST(large_pages_on_a_bomb)
{
	struct ioasid_space *grandchild;
	uint64_t last, i;

	make_bomb(DATA);
	last = 3 * PAGE;	/* of the bomb's tables */
	for (i = 1; i < 512; i += 2)
		gt_store(gt_slot(&table, last, (unsigned int)i),
			 gt_leaf_value(&table, 1, DATA + PAGE, RW));
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	grandchild = limited(child, 1000);
	/* which has the two pages everywhere */
	gt_store(gt_slot(&table, DATA, 0), gt_table_value(&table, PAGE));
	for (i = 0; i < 512; i++)
		gt_store(gt_slot(&table, DATA + PAGE, (unsigned int)i),
			 gt_leaf_value(&table, 3, i * GIB, RW));
	ck_ok(bind_table(grandchild, IOASID_PGTABLE_VTD_SS, 4, 0));
	ck_err(ioasid_device_attach(device, grandchild), E2BIG);
	ck_assert_uint_lt(memory_bytes(grandchild), MIB);
}
END_TEST

/* The kernel takes none of it: that is no failure, but not asked for any number of times. */
START_TEST(bomb_that_the_kernel_cannot_map)
{
	limit_child(100);
	bind_and_attach();
	make_bomb(DATA);
	fail_nth(1, EFAULT);
	shim.fail_more = 10000;
	ck_err(inv_all(ctx, child), E2BIG);
	said("mapping_limit", "");
	ck_assert_uint_lt(shim.n_calls, 1000);
	shim.fail_nth = shim.fail_more = 0;
	ck_err(inv_all(ctx, child), E2BIG);
	ck_assert_uint_eq(shim_ioas_count(shim_attached(0)), 0);
}
END_TEST

/*
 * What the kernel has as one mapping, of 1 GiB pages, becomes 2^27 pages that do not follow each
 * other: that these are too many is seen before all of them have been looked at.
 */
START_TEST(bomb_in_place_of_a_large_mapping)
{
	const uint64_t start = UINT64_C(1) << 39, to = UINT64_C(1) << 40;
	uint64_t pages[3], begin;
	unsigned int level, i;
	void *large = MAP_FAILED;

	if (sizeof(void *) > 4)
		large = mmap(NULL, (size_t)(512 * GIB), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (large == MAP_FAILED) {
		test_skip("no room for 512 GiB of addresses");
		return;
	}
	ck_ok(ioasid_space_map(root, to, large, 512 * GIB, RW, NULL));
	limit_child(1000);
	gt_map(&table, 0x10000, DATA, PAGE, 1, RW);
	gt_map(&table, start, to, 512 * GIB, 3, RW);
	bind_and_attach();
	ck_assert_uint_eq(shim_ioas_count(shim_attached(0)), 2);
	for (level = 0; level < 3; level++)
		pages[level] = gt_page(&table);
	for (i = 0; i < 512; i++) {
		gt_store(gt_slot(&table, pages[0], i), gt_table_value(&table, pages[1]));
		gt_store(gt_slot(&table, pages[1], i), gt_table_value(&table, pages[2]));
		gt_store(gt_slot(&table, pages[2], i),
			 gt_leaf_value(&table, 1, to + (i ^ 1) * PAGE, RW));
	}
	gt_store(gt_entry(&table, start, 4), gt_table_value(&table, pages[0]));
	begin = now_ns();
	ck_err(inv_range(ctx, child, start, 512 * GIB), E2BIG);
	ck_assert_uint_lt(now_ns() - begin, 1000000000);
	ck_assert_uint_eq(shim_ioas_count(shim_attached(0)), 0);
	ck_ok(ioasid_space_unmap(root, to, 512 * GIB, NULL));
	munmap(large, (size_t)(512 * GIB));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-nesting-limits");
	TCase *tc = tcase_create("limits");

	tcase_add_checked_fixture(tc, nested_setup, nested_teardown);
	tcase_add_test(tc, limits_are_for_children);
	tcase_add_test(tc, too_many_mappings);
	tcase_add_test(tc, too_many_for_bind_and_attach);
	tcase_add_test(tc, page_table_bomb);
	tcase_add_test(tc, bombs_that_map_nothing);
	tcase_add_test(tc, bomb_where_all_is_reserved);
	tcase_add_test(tc, large_pages_on_a_bomb);
	tcase_add_test(tc, bomb_that_the_kernel_cannot_map);
	tcase_add_test(tc, bomb_in_place_of_a_large_mapping);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
