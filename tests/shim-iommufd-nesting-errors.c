/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Software nesting on iommufd when the kernel says no, or there is no memory. */
#include <sys/mman.h>

#include "errmsg.h"
#include "shim_expect.h"
#include "shim_ioas.h"
#include "shim_nested.h"
#include "util/alloc.h"

/* IOAS_ALLOC, two COPYs, ATTACH: each can fail, and then nothing has happened. */
START_TEST(attach_that_fails)
{
	static const struct failing cases[] = {
		{ 1, ENOMEM, ENOMEM, "address space" },	{ 2, ENOMEM, ENOMEM, "8192 KiB" },
		{ 3, ENOMEM, ENOMEM, "0x20000-0x20fff" }, { 3, EINVAL, EINVAL, "0x20000-0x20fff" },
		{ 3, EIO, EINVAL, "refused" },		{ 4, ENOMEM, ENOMEM, "8192 KiB" },
		{ 4, EFAULT, EFAULT, "memory" },	{ 4, EINVAL, EINVAL, "cannot" },
	};

	shim.lock_limit = 8 << 20;
	gt_map(&table, 0x10000, DATA, PAGE, 1, RW);
	gt_map(&table, 0x20000, DATA, PAGE, 1, RW);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	attach_fails(cases, sizeof(cases) / sizeof(cases[0]), 2);
	ck_ok(ioasid_device_attach(device, child));
	reaches(0x20000, DATA, PAGE, RW);
	/* nothing is left of it that the root's unmap could stumble over */
	ck_ok(ioasid_device_detach(device));
	ck_ok(ioasid_mapping_unmap(memory_mapping));
}
END_TEST

/* What was reserved for the device does not come back either: the message is that of the attach. */
START_TEST(attach_whose_undoing_fails)
{
	struct ioasid_device *other;

	gt_map(&table, 0x10000, DATA, 4 * PAGE, 1, RW);
	bind_and_attach();
	shim.reserved = "0x0000000000012000 0x0000000000012fff direct\n";
	other = bind_device(1);
	shim_forget();
	fail_nth(4, EBUSY);	/* an UNMAP and two COPYs before the ATTACH */
	shim.fail_more = 1;
	ck_err(ioasid_device_attach(other, child), EBUSY);
	said("group 2", "somebody else");
	ck_ok(inv_all(ctx, child));
	reaches(0x10000, DATA, 4 * PAGE, RW);
}
END_TEST

/* Of what fails nothing is in the kernel, old or new; any later invalidation repairs it. */
START_TEST(invalidation_that_fails)
{
	static const struct { unsigned int nth; int error, result; } cases[] = {
		{ 1, EBUSY, EINVAL },			/* the unmap of a run */
		{ 2, ENOMEM, ENOMEM }, { 2, EINVAL, EINVAL },	/* its first part again */
		{ 3, ENOMEM, ENOMEM },			/* what is new */
		{ 4, ENOMEM, ENOMEM },			/* its last part again */
		{ 5, EBUSY, EINVAL },			/* another that only goes */
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t handled = 7;
		struct ioasid_inv *inv;

		gt_map(&table, 0x10000, DATA, 3 * PAGE, 1, RW);
		gt_map(&table, 0x20000, DATA, PAGE, 1, RW);
		bind_and_attach();
		gt_map(&table, 0x11000, DATA + 8 * PAGE, PAGE, 1, RW);
		gt_unmap(&table, 0x20000, PAGE, 1);
		ck_ok(ioasid_inv_new(ctx, 2, &inv));
		ck_ok(ioasid_inv_add_range(inv, child, 0x11000, 16 * PAGE, 0));
		shim_forget();
		fail_nth(cases[i].nth, cases[i].error);
		ck_err(ioasid_inv_submit(inv, &handled), cases[i].result);
		ck_assert_uint_eq(handled, 0);
		said("space", "");
		ioasid_inv_free(inv);
		/* where an unmap has failed, all that can be said is that it is known */
		if (cases[i].nth != 1)
			reaches(0x11000, DATA + 8 * PAGE, PAGE, cases[i].nth < 4 ? 0 : RW);
		if (cases[i].nth != 5)
			reaches(0x20000, DATA, PAGE, 0);
		ck_ok(inv_range(ctx, child, 0x7000000, PAGE));
		reaches(0x10000, DATA, PAGE, RW);
		reaches(0x11000, DATA + 8 * PAGE, PAGE, RW);
		reaches(0x12000, DATA + 2 * PAGE, PAGE, RW);
		reaches(0x20000, DATA, PAGE, 0);
		shim_forget();
		ck_ok(inv_all(ctx, child));
		ck_assert_uint_eq(shim.n_calls, 0);
		ck_ok(ioasid_device_detach(device));
	}
}
END_TEST

/* The same of one page that leads elsewhere, with a space nested on the child or not. */
START_TEST(invalidation_of_one_page_that_fails)
{
	static const struct { unsigned int nth; int error, result; } cases[] = {
		{ 1, EBUSY, EINVAL },			/* the unmap */
		{ 2, ENOMEM, ENOMEM }, { 2, EINVAL, EINVAL },	/* the copy, */
		{ 2, EFAULT, 0 },			/* which is up to the guest then */
	};
	size_t i;

	if (_i)
		make_space(ctx, child, 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		gt_map(&table, 0x10000, DATA, PAGE, 1, RW);
		bind_and_attach();
		gt_map(&table, 0x10000, DATA + 8 * PAGE, PAGE, 1, RW);
		fail_nth(cases[i].nth, cases[i].error);
		ck_assert_int_eq(inv_range(ctx, child, 0x10000, PAGE), -cases[i].result);
		if (cases[i].nth == 2)
			reaches(0x10000, DATA, PAGE, 0);
		ck_ok(inv_range(ctx, child, cases[i].result ? 0x7000000 : 0x10000, PAGE));
		reaches(0x10000, DATA + 8 * PAGE, PAGE, RW);
		shim_forget();
		ck_ok(inv_all(ctx, child));
		ck_assert_uint_eq(shim.n_calls, 0);
		ck_ok(ioasid_device_detach(device));
	}
}
END_TEST

/* A guest may lead to memory that cannot be locked. That is no failure of its invalidation. */
START_TEST(memory_that_cannot_be_had)
{
	bind_and_attach();
	gt_map(&table, 0x10000, DATA, PAGE, 1, RW);
	gt_map(&table, 0x20000, DATA, PAGE, 1, RW);
	shim_forget();
	fail_nth(1, EFAULT);
	errmsg_fail();
	ck_ok(inv_all(ctx, child));
	errmsg_is_unchanged();
	reaches(0x10000, DATA, PAGE, 0);
	reaches(0x20000, DATA, PAGE, RW);
	ck_ok(inv_range(ctx, child, 0x10000, PAGE));
	reaches(0x10000, DATA, PAGE, RW);
}
END_TEST

START_TEST(map_of_the_parents_addresses_that_fails)
{
	struct ioasid_mapping *m = (void *)1;

	ck_ok(ioasid_device_attach(device, child));
	shim_forget();
	fail_nth(1, ENOMEM);
	ck_err(ioasid_space_map_parent(child, 0x10000, DATA, 4 * PAGE, RW, &m), ENOMEM);
	ck_assert_ptr_eq(m, (void *)1);
	ck_assert_ptr_null(ioasid_space_find_mapping(child, 0, UINT64_MAX));
	reaches(0x10000, 0, 4 * PAGE, 0);
	ck_ok(ioasid_space_map_parent(child, 0x10000, DATA, 4 * PAGE, RW, &m));
	reaches(0x10000, DATA, 4 * PAGE, RW);
	/* an unmap cannot fail: what the kernel keeps goes when that place is looked at again */
	shim_forget();
	fail_nth(1, EBUSY);
	ck_ok(ioasid_mapping_unmap(m));
	ck_ok(ioasid_space_map_parent(child, 0x11000, DATA, PAGE, RW, &m));
	reaches(0x10000, 0, PAGE, 0);
	reaches(0x11000, DATA, PAGE, RW);
	reaches(0x12000, 0, 2 * PAGE, 0);
}
END_TEST

/* Wherever that is looked at: what the kernel keeps goes with the next that changes. */
START_TEST(unmap_that_fails_beside_other_mappings)
{
	struct ioasid_mapping *m;

	ck_ok(ioasid_device_attach(device, child));
	ck_ok(ioasid_space_map_parent(child, 0x10000, DATA, PAGE, RW, &m));
	ck_ok(ioasid_space_map_parent(child, 0x30000, DATA + PAGE, PAGE, RW, NULL));
	fail_nth(1, EBUSY);
	ck_ok(ioasid_mapping_unmap(m));
	reaches(0x10000, DATA, PAGE, RW);
	fail_nth(1, EBUSY);
	ck_ok(ioasid_space_map_parent(child, 0x50000, DATA + 2 * PAGE, PAGE, RW, NULL));
	reaches(0x10000, DATA, PAGE, RW);
	ck_ok(ioasid_space_map_parent(child, 0x70000, DATA + 3 * PAGE, PAGE, RW, NULL));
	reaches(0x10000, 0, PAGE, 0);
	reaches(0x30000, DATA + PAGE, PAGE, RW);
	reaches(0x50000, DATA + 2 * PAGE, PAGE, RW);
	reaches(0x70000, DATA + 3 * PAGE, PAGE, RW);
}
END_TEST

/* The parent's mapping goes; then nothing of the guest's leads there, but the kernel still does. */
START_TEST(unmap_that_fails_before_the_parents)
{
	struct ioasid_mapping *m;

	ck_ok(ioasid_space_map(root, MEMORY, memory, PAGE, RW, &m));
	gt_map(&table, 0x10000, MEMORY, PAGE, 1, RW);
	bind_and_attach();
	gt_unmap(&table, 0x10000, PAGE, 1);
	shim_forget();
	fail_nth(1, EBUSY);
	ck_err(inv_range(ctx, child, 0x10000, PAGE), EINVAL);
	reaches(0x10000, 0, PAGE, RW);
	ck_ok(ioasid_mapping_unmap(m));
	reaches(0x10000, 0, PAGE, 0);
}
END_TEST

/*
 * Linux takes out one area after another, and stops at one that it cannot
 * (iopt_unmap_iova_range()): what has gone is said not to be there when it is tried again.
 */
START_TEST(unmap_that_fails_half_way)
{
	struct ioasid_mapping *m;

	ck_ok(ioasid_space_map(root, MEMORY, memory, 2 * PAGE, RW, &m));
	ck_ok(ioasid_device_attach(device, child));
	ck_ok(ioasid_space_map_parent(child, 0x10000, MEMORY, PAGE, RW, NULL));
	ck_ok(ioasid_space_map_parent(child, 0x11000, MEMORY + PAGE, PAGE, RW, NULL));
	ck_ok(shim_ioas_unmap(CHILD, 0x10000, PAGE));
	fail_nth(1, EBUSY);
	ck_ok(ioasid_mapping_unmap(m));
	ck_ok(ioasid_space_map(root, MEMORY, memory, 2 * PAGE, RW, NULL));
	reaches(0x10000, 0, PAGE, RW);
	reaches(0x11000, PAGE, PAGE, RW);
}
END_TEST

/* The parent's own calls do not fail because of what a guest has in its tables. */
START_TEST(parent_goes_on_where_children_cannot_follow)
{
	struct ioasid_mapping *m;

	gt_map(&table, 0x10000, MEMORY, PAGE, 1, RW);
	bind_and_attach();
	shim_forget();
	fail_nth(2, ENOMEM);
	ck_ok(ioasid_space_map(root, MEMORY, memory, PAGE, RW, &m));
	ck_assert_uint_eq(shim.n_calls, 2);
	reaches(0x10000, 0, PAGE, 0);
	ck_ok(inv_range(ctx, child, 0, PAGE));
	reaches(0x10000, 0, PAGE, RW);
	shim_forget();
	fail_nth(1, EBUSY);
	ck_ok(ioasid_mapping_unmap(m));
	ck_assert_uint_eq(shim.n_calls, 3);
	reaches(0x10000, 0, PAGE, 0);
}
END_TEST

/* All that is there, as the tables say; then everything goes. */
static void check_and_clear(void)
{
	reaches(0x10000, DATA, 2 * PAGE, RW);
	reaches(0x12000, DATA + 8 * PAGE, PAGE, RW);
	reaches(0x13000, 0, PAGE, 0);
	ck_ok(ioasid_device_detach(device));
	gt_unmap(&table, 0x10000, 4 * PAGE, 1);
	ck_ok(inv_all(ctx, child));
}

START_TEST(allocations_that_fail)
{
	unsigned long n, left = 0;
	struct ioasid_inv *inv;
	size_t blocks;

	/* so that nothing but the following itself has to allocate */
	gt_map(&table, 0x10000, DATA, 4 * PAGE, 1, RW);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	ck_ok(ioasid_inv_new(ctx, 2, &inv));
	ck_ok(ioasid_inv_add_range(inv, child, 0x12000, 2 * PAGE, 0));
	blocks = mem_live_blocks();
	for (n = 1; !left; n++) {
		gt_map(&table, 0x10000, DATA, 4 * PAGE, 1, RW);
		ck_ok(inv_all(ctx, child));
		mem_fail_nth(n);
		while (ioasid_device_attach(device, child))
			ck_assert_uint_eq(mem_fail_nth(0), 0);
		gt_map(&table, 0x12000, DATA + 8 * PAGE, PAGE, 1, RW);
		gt_unmap(&table, 0x13000, PAGE, 1);
		if (ioasid_inv_submit(inv, NULL))
			ck_ok(inv_range(ctx, child, 0, PAGE));
		left = mem_fail_nth(0);
		check_and_clear();
		ck_assert_uint_eq(mem_live_blocks(), blocks);
	}
	ck_assert_uint_ge(n, 6);
	ioasid_inv_free(inv);
}
END_TEST

#define HOLE (64 * MIB)

/* A large page leads to where the root comes to have a little. */
START_TEST(what_comes_to_be_mapped_without_memory)
{
	unsigned long n, left = 0;

	bind_and_attach();
	for (n = 1; !left; n++) {
		gt_map(&table, GIB, HOLE, 2 * MIB, 2, RW);
		ck_ok(inv_all(ctx, child));
		mem_fail_nth(n);
		while (ioasid_space_map(root, HOLE, memory + DATA, 3 * PAGE, RW, NULL))
			ck_assert_uint_eq(mem_fail_nth(0), 0);
		left = mem_fail_nth(0);
		ck_ok(inv_all(ctx, child));
		reaches(GIB, DATA, 3 * PAGE, RW);
		ck_ok(ioasid_space_unmap(root, HOLE, 3 * PAGE, NULL));
		gt_unmap(&table, GIB, 2 * MIB, 2);
		ck_ok(inv_all(ctx, child));
		reaches(GIB, 0, 3 * PAGE, 0);
	}
	ck_assert_uint_ge(n, 3);
}
END_TEST

/* The same, and nobody has read it before a device is attached: then attaching fails. */
START_TEST(what_an_attach_has_to_read_without_memory)
{
	unsigned long n, left = 0;

	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	for (n = 1; !left; n++) {
		gt_map(&table, GIB, HOLE, 2 * MIB, 2, RW);
		ck_ok(inv_all(ctx, child));
		ck_ok(ioasid_space_map(root, HOLE, memory + DATA, 3 * PAGE, RW, NULL));
		mem_fail_nth(n);
		while (ioasid_device_attach(device, child))
			ck_assert_uint_eq(mem_fail_nth(0), 0);
		left = mem_fail_nth(0);
		reaches(GIB, DATA, 3 * PAGE, RW);
		ck_ok(ioasid_device_detach(device));
		ck_ok(ioasid_space_unmap(root, HOLE, 3 * PAGE, NULL));
		gt_unmap(&table, GIB, 2 * MIB, 2);
	}
	ck_assert_uint_ge(n, 4);
}
END_TEST

/* It is about two spaces, which is more than the batch has room for. */
START_TEST(invalidation_of_a_device_without_memory)
{
	struct ioasid_space *other = make_space(ctx, root, 0);
	struct ioasid_device *second;
	unsigned long n, left = 0;
	struct ioasid_inv *inv;
	size_t handled;

	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	ck_ok(bind_table(other, IOASID_PGTABLE_VTD_SS, 4, table.root));
	shim.pasid_bits = 20;
	second = bind_device(1);
	if (_i)
		ck_ok(ioasid_device_attach_pasid(second, 5, other));
	ck_ok(ioasid_device_attach(second, child));
	if (!_i)
		ck_ok(ioasid_device_attach_pasid(second, 5, other));
	ck_ok(ioasid_device_attach(device, child));
	for (n = 1; !left; n++) {
		ck_ok(ioasid_inv_new(ctx, 1, &inv));
		ck_ok(ioasid_inv_add_device(inv, second, 0));
		gt_map(&table, 0x10000, DATA + n * PAGE, PAGE, 1, RW);
		mem_fail_nth(n);
		while (ioasid_inv_submit(inv, &handled)) {
			ck_assert_uint_eq(mem_fail_nth(0), 0);
			ck_assert_uint_eq(handled, 0);
		}
		ck_assert_uint_eq(handled, 1);
		left = mem_fail_nth(0);
		reaches(0x10000, DATA + n * PAGE, PAGE, RW);
		ioasid_inv_free(inv);
	}
	ck_assert_uint_ge(n, 3);
}
END_TEST

/* Of small pages that the library keeps packed. */
START_TEST(one_of_many_pages_without_memory)
{
	unsigned long n, left = 0;
	struct ioasid_inv *inv;
	unsigned int i;

	bind_and_attach();
	ck_ok(ioasid_inv_new(ctx, 1, &inv));
	ck_ok(ioasid_inv_add_all(inv, child, 0));
	for (n = 1; !left; n++) {
		for (i = 0; i < 200; i++)
			ck_ok(ioasid_space_map(root, HOLE + i * PAGE, memory + DATA + i * PAGE,
					       PAGE, RW, NULL));
		gt_map(&table, GIB, HOLE + 150 * PAGE, PAGE, 1, RW);
		mem_fail_nth(n);
		while (ioasid_inv_submit(inv, NULL))
			ck_assert_uint_eq(mem_fail_nth(0), 0);
		left = mem_fail_nth(0);
		reaches(GIB, DATA + 150 * PAGE, PAGE, RW);
		gt_unmap(&table, GIB, PAGE, 1);
		ck_ok(inv_all(ctx, child));
		ck_ok(ioasid_space_unmap(root, HOLE, 200 * PAGE, NULL));
	}
	ck_assert_uint_ge(n, 3);
	ioasid_inv_free(inv);
}
END_TEST

/* Without users a root takes any address; who nests on it looks at what is there. */
START_TEST(a_parent_whose_memory_is_not_there)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *bad = make_space(ctx, NULL, 0), *none = (void *)1;
	struct ioasid_mapping *m;
	/* far from where memory is taken that the library asks for, which would fill the hole */
	void *hole = mmap((void *)(uintptr_t)GIB, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(hole, MAP_FAILED);
	ck_ok(ioasid_space_map(bad, 0, hole, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(bad, MIB, hole, PAGE, RW, &m));
	munmap(hole, PAGE);
	options.parent = bad;
	options.nesting = IOASID_NESTING_SOFTWARE;
	ck_err(ioasid_space_create(ctx, &options, &none), EFAULT);
	ck_assert_ptr_eq(none, (void *)1);
	ck_ok(ioasid_space_unmap_all(bad, NULL));
	ck_ok(ioasid_space_create(ctx, &options, &none));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-nesting-errors");
	TCase *tc = tcase_create("errors");

	tcase_add_checked_fixture(tc, nested_setup, nested_teardown);
	tcase_add_test(tc, attach_that_fails);
	tcase_add_test(tc, attach_whose_undoing_fails);
	tcase_add_test(tc, invalidation_that_fails);
	tcase_add_loop_test(tc, invalidation_of_one_page_that_fails, 0, 2);
	tcase_add_test(tc, memory_that_cannot_be_had);
	tcase_add_test(tc, map_of_the_parents_addresses_that_fails);
	tcase_add_test(tc, unmap_that_fails_beside_other_mappings);
	tcase_add_test(tc, unmap_that_fails_before_the_parents);
	tcase_add_test(tc, unmap_that_fails_half_way);
	tcase_add_test(tc, parent_goes_on_where_children_cannot_follow);
	tcase_add_test(tc, a_parent_whose_memory_is_not_there);
	tcase_add_test(tc, allocations_that_fail);
	tcase_add_test(tc, what_comes_to_be_mapped_without_memory);
	tcase_add_test(tc, what_an_attach_has_to_read_without_memory);
	tcase_add_loop_test(tc, invalidation_of_a_device_without_memory, 0, 2);
	tcase_add_test(tc, one_of_many_pages_without_memory);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
