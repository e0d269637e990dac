/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Software nesting on type1: what is in the containers, by which calls, and refusals. */
#include <string.h>

#include "guest_tables.h"
#include "shim_type1_ctx.h"

/* A guest's memory, from guest address 0: tables in the first part, the rest is what they map. */
#define MEMORY (8 * MIB)
#define TABLES (1 * MIB)
#define DATA   (2 * MIB)

#define GROUP 1u

static struct ioasid_device *device;
static struct ioasid_space *root, *child;
static struct ioasid_mapping *memory_mapping;
static struct guest_table table;	/* bound to the child */
static uint8_t *memory;

static void setup(void)
{
	type1_setup();
	device = bind(0);
	memory = memory_new(MEMORY);
	root = make_space(ctx, NULL, 0);
	ck_ok(ioasid_space_map(root, 0, memory, MEMORY, RW, &memory_mapping));
	child = make_space(ctx, root, 0);
	gt_init(&table, IOASID_PGTABLE_VTD_SS, 3, memory, 0, 0, TABLES);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 3, table.root));
	shim_forget();
}

static void teardown(void)
{
	type1_teardown();
	memory_free(memory, MEMORY);
}

static uint64_t host(uint64_t guest)
{
	return (uintptr_t)memory + guest;
}

/*
 * As on a CPU with pages of 64 KiB, where containers have none that are smaller
 * (vfio_update_pgsize_bitmap()).
 */
START_TEST(pages_smaller_than_the_kernels)
{
	struct ioasid_pgtable t = IOASID_PGTABLE_INIT;
	struct ioasid_device *other;

	shim_t1.page_sizes = 0x10000;
	other = bind(1);
	ck_err(ioasid_device_attach(other, child), EOPNOTSUPP);
	said("65536 bytes", "4096");
	ck_ok(ioasid_space_unbind_pgtable(child));
	ck_ok(ioasid_device_attach(other, child));
	ck_err(bind_table(child, IOASID_PGTABLE_VTD_SS, 3, table.root), EOPNOTSUPP);
	t.format = IOASID_PGTABLE_ARM_S1;
	t.granule_bits = 16;
	t.levels = 2;
	t.input_bits = 39;
	t.root = TABLES;
	ck_ok(ioasid_space_bind_pgtable(child, &t));
}
END_TEST

static void expect_map(uint32_t flags, uint64_t iova, uint64_t guest, uint64_t length)
{
	expect(shim_container_fd(GROUP), SHIM_MAP_DMA, 32, flags, U64(host(guest)), U64(iova),
	       U64(length));
}

static void expect_unmap(uint64_t iova, uint64_t length)
{
	expect(shim_container_fd(GROUP), SHIM_UNMAP_DMA, 24, 0, U64(iova), U64(length));
}

/* What devices of @group reach at @iova of the guest's memory; @perm 0: nothing. */
static void group_reaches(uint32_t group, uint64_t iova, uint64_t guest, uint32_t perm)
{
	const struct shim_entry *e;
	unsigned int n = shim_entries(group, &e);

	while (n && (iova < e->iova || iova - e->iova >= e->size)) {
		n--;
		e++;
	}
	ck_assert_msg((n ? e->flags : 0) == perm, "group %u, %#jx: permission %u, expected %u",
		      group, (uintmax_t)iova, n ? e->flags : 0, perm);
	if (perm)
		ck_assert_uint_eq(e->vaddr + (iova - e->iova), host(guest));
}

static void reaches(uint64_t iova, uint64_t guest, uint32_t perm)
{
	group_reaches(GROUP, iova, guest, perm);
}

START_TEST(attach_maps_the_runs_at_their_host_addresses)
{
	gt_map(&table, 0x10000, DATA, 4 * PAGE, 1, RW);
	gt_map(&table, 0x14000, DATA + 8 * PAGE, 2 * PAGE, 1, IOASID_READ);
	ck_ok(inv_all(ctx, child));
	expect_end();
	ck_ok(ioasid_device_attach(device, child));
	expect_map(3, 0x10000, DATA, 4 * PAGE);
	expect_map(1, 0x14000, DATA + 8 * PAGE, 2 * PAGE);
	expect_end();
	ck_ok(ioasid_device_detach(device));
	expect(shim_container_fd(GROUP), SHIM_UNMAP_DMA, 24, 2, U64(0), U64(0));
	expect_end();
	ck_assert_uint_eq(count_entries(GROUP), 0);
	ck_ok(ioasid_space_destroy(child));
	expect_end();
}
END_TEST

/* The root has lost nothing so far, and nobody has been led to anything in it. */
START_TEST(what_comes_first_can_lead_to_address_0)
{
	ck_ok(ioasid_space_unbind_pgtable(child));
	ck_ok(ioasid_device_attach(device, child));
	expect_end();
	ck_ok(ioasid_space_map_parent(child, 0x10000, 0, 2 * PAGE, RW, NULL));
	expect_map(3, 0x10000, 0, 2 * PAGE);
	expect_end();
}
END_TEST

START_TEST(invalidation_changes_what_differs)
{
	gt_map(&table, 0x10000, DATA, 2 * PAGE, 1, RW);
	gt_map(&table, 0x20000, DATA, PAGE, 1, RW);
	ck_ok(inv_all(ctx, child));
	ck_ok(ioasid_device_attach(device, child));
	shim_forget();
	gt_map(&table, 0x11000, DATA + 8 * PAGE, PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 0x11000, PAGE));
	expect_unmap(0x10000, 2 * PAGE);
	expect_map(3, 0x10000, DATA, PAGE);
	expect_map(3, 0x11000, DATA + 8 * PAGE, PAGE);
	expect_end();
	ck_ok(inv_all(ctx, child));
	expect_end();
	gt_unmap(&table, 0x10000, 2 * PAGE, 1);
	ck_ok(inv_range(ctx, child, 0x10000, 2 * PAGE));
	expect_unmap(0x10000, 2 * PAGE);
	expect_end();
	reaches(0x10000, 0, 0);
	reaches(0x20000, DATA, RW);
}
END_TEST

/* The map protocol, and memory that comes and goes below. */
START_TEST(memory_of_the_parent_comes_and_goes)
{
	struct ioasid_space *other = make_space(ctx, root, 0);

	ck_ok(ioasid_space_map_parent(other, 0x5000, MEMORY - PAGE, 2 * PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(device, other));
	reaches(0x5000, MEMORY - PAGE, RW);
	reaches(0x6000, 0, 0);
	ck_ok(ioasid_space_map(root, MEMORY, memory, PAGE, IOASID_READ, NULL));
	reaches(0x6000, 0, IOASID_READ);
	ck_ok(ioasid_mapping_unmap(memory_mapping));
	reaches(0x5000, 0, 0);
	reaches(0x6000, 0, IOASID_READ);
	ck_ok(ioasid_space_unmap_all(other, NULL));
	ck_assert_uint_eq(count_entries(GROUP), 0);
}
END_TEST

/* Whatever the library remembers of where it was led last. */
START_TEST(an_address_of_the_parent_is_other_memory_now)
{
	ck_ok(ioasid_space_map(root, 64 * MIB, memory + DATA, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(device, child));
	gt_map(&table, 0x10000, 64 * MIB, PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 0x10000, PAGE));
	reaches(0x10000, DATA, RW);
	gt_unmap(&table, 0x10000, PAGE, 1);
	ck_ok(inv_range(ctx, child, 0x10000, PAGE));
	ck_ok(ioasid_space_unmap(root, 64 * MIB, PAGE, NULL));
	ck_ok(ioasid_space_map(root, 64 * MIB, memory + DATA + 8 * PAGE, PAGE, RW, NULL));
	gt_map(&table, 0x10000, 64 * MIB, PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 0x10000, PAGE));
	reaches(0x10000, DATA + 8 * PAGE, RW);
}
END_TEST

START_TEST(two_groups_in_a_child)
{
	struct ioasid_device *other = bind(1);

	gt_map(&table, 0x10000, DATA, PAGE, 1, RW);
	ck_ok(inv_all(ctx, child));
	ck_ok(ioasid_device_attach(device, child));
	ck_ok(ioasid_device_attach(other, child));
	gt_map(&table, 0x20000, DATA + PAGE, PAGE, 1, RW);
	ck_ok(inv_all(ctx, child));
	group_reaches(2, 0x10000, DATA, RW);
	group_reaches(2, 0x20000, DATA + PAGE, RW);
	reaches(0x20000, DATA + PAGE, RW);
	gt_unmap(&table, 0x10000, PAGE, 1);
	ck_ok(inv_all(ctx, child));
	group_reaches(2, 0x10000, 0, 0);
	reaches(0x10000, 0, 0);
	ck_ok(ioasid_device_detach(device));
	ck_assert_uint_eq(count_entries(GROUP), 0);
	group_reaches(2, 0x20000, DATA + PAGE, RW);
}
END_TEST

/* Between a root and a child: what both have in the same place stays. */
START_TEST(replace_between_parent_and_child)
{
	struct ioasid_space *other = make_space(ctx, NULL, 0);

	gt_map(&table, 0x10000, DATA, PAGE, 1, RW);
	gt_map(&table, 0x20000, DATA, PAGE, 1, RW);
	ck_ok(inv_all(ctx, child));
	ck_ok(ioasid_space_map(other, 0x20000, memory + DATA, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(other, 0x30000, memory + DATA, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(device, child));
	shim_forget();
	ck_ok(ioasid_device_replace(device, other));
	expect_unmap(0x10000, PAGE);
	expect_map(3, 0x30000, DATA, PAGE);
	expect_end();
	ck_ok(ioasid_device_replace(device, child));
	expect_unmap(0x30000, PAGE);
	expect_map(3, 0x10000, DATA, PAGE);
	expect_end();
	ck_ok(inv_all(ctx, child));
	expect_end();
}
END_TEST

/* One page again and again: that is an entry of the kernel's for each, and all go in one call. */
static void map_scattered(unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		gt_map(&table, 0x100000 + i * PAGE, DATA, PAGE, 1, RW);
}

START_TEST(more_than_the_kernel_takes)
{
	map_scattered(17);
	ck_ok(inv_all(ctx, child));
	ck_err(ioasid_device_attach(device, child), ENOSPC);
	said("16 mappings", "dma_entry_limit");
	ck_assert_ptr_null(ioasid_device_get_space(device));
	gt_unmap(&table, 0x100000, PAGE, 1);
	ck_ok(inv_all(ctx, child));
	ck_ok(ioasid_device_attach(device, child));
	ck_assert_uint_eq(count_entries(GROUP), 16);
	gt_map(&table, 0x100000, DATA, PAGE, 1, RW);
	ck_err(inv_all(ctx, child), ENOSPC);
	said("16 mappings", "dma_entry_limit");
	/* fewer again: all of it follows, counted rightly */
	gt_unmap(&table, 0x100000, 17 * PAGE, 1);
	ck_ok(inv_all(ctx, child));
	ck_assert_uint_eq(count_entries(GROUP), 0);
	map_scattered(16);
	ck_ok(inv_all(ctx, child));
	ck_assert_uint_eq(count_entries(GROUP), 16);
	reaches(0x100000, DATA, RW);
}
END_TEST

START_TEST(invalidation_that_fails)
{
	ck_ok(ioasid_device_attach(device, child));
	gt_map(&table, 0x10000, DATA, PAGE, 1, RW);
	fail_nth(1, ENOMEM);
	ck_err(inv_all(ctx, child), ENOMEM);
	said("space 2", "0x10000-0x10fff");
	ck_ok(inv_range(ctx, child, 0, PAGE));
	reaches(0x10000, DATA, RW);
	/* memory that cannot be had is the device's trouble, not the call's */
	gt_map(&table, 0x20000, DATA, PAGE, 1, RW);
	fail_nth(1, EFAULT);
	ck_ok(inv_all(ctx, child));
	reaches(0x20000, 0, 0);
	ck_ok(inv_all(ctx, child));
	reaches(0x20000, DATA, RW);
	/* what the kernel does not let go of is tried again */
	gt_unmap(&table, 0x20000, PAGE, 1);
	fail_nth(1, EIO);
	ck_err(inv_all(ctx, child), EINVAL);
	ck_assert_msg(strstr(logged, "0x20000-0x20fff"), "logged: %s", logged);
	ck_ok(inv_range(ctx, child, 0, PAGE));
	reaches(0x20000, 0, 0);
}
END_TEST

/* In the second of two groups: then in neither. */
START_TEST(invalidation_that_fails_for_one_group)
{
	struct ioasid_device *other = bind(1);

	ck_ok(ioasid_device_attach(device, child));
	ck_ok(ioasid_device_attach(other, child));
	gt_map(&table, 0x10000, DATA, PAGE, 1, RW);
	fail_nth(2, ENOMEM);
	ck_err(inv_all(ctx, child), ENOMEM);
	reaches(0x10000, 0, 0);
	group_reaches(2, 0x10000, 0, 0);
	ck_ok(inv_all(ctx, child));
	reaches(0x10000, DATA, RW);
	group_reaches(2, 0x10000, DATA, RW);
}
END_TEST

/* While something is left that should have gone, a group that comes does not get it. */
START_TEST(what_should_have_gone_does_not_spread)
{
	struct ioasid_device *other = bind(1);

	gt_map(&table, 0x10000, DATA, PAGE, 1, RW);
	gt_map(&table, 0x20000, DATA, PAGE, 1, RW);
	ck_ok(inv_all(ctx, child));
	ck_ok(ioasid_device_attach(device, child));
	gt_unmap(&table, 0x10000, PAGE, 1);
	fail_nth(1, EIO);
	ck_err(inv_all(ctx, child), EINVAL);
	reaches(0x10000, DATA, RW);
	fail_nth(1, EIO);	/* the attach tries again */
	shim.fail_more = 1;
	ck_err(ioasid_device_attach(other, child), EINVAL);
	ck_ok(ioasid_device_attach(other, child));
	group_reaches(2, 0x10000, 0, 0);
	group_reaches(2, 0x20000, DATA, RW);
	reaches(0x10000, 0, 0);
}
END_TEST

/* iommufd as a container: to take out what one of two groups has taken out before is an error. */
START_TEST(what_has_gone_for_one_group_is_no_failure)
{
	struct ioasid_device *other = bind(1);

	shim_t1.is_iommufd = true;
	ck_ok(ioasid_device_attach(device, child));
	ck_ok(ioasid_device_attach(other, child));
	gt_map(&table, 0x10000, DATA, PAGE, 1, RW);
	ck_ok(inv_all(ctx, child));
	gt_unmap(&table, 0x10000, PAGE, 1);
	fail_nth(2, EIO);
	ck_err(inv_all(ctx, child), EINVAL);
	reaches(0x10000, DATA, RW);
	group_reaches(2, 0x10000, 0, 0);
	ck_ok(inv_all(ctx, child));
	reaches(0x10000, 0, 0);
	gt_map(&table, 0x10000, DATA + PAGE, PAGE, 1, RW);
	ck_ok(inv_all(ctx, child));
	reaches(0x10000, DATA + PAGE, RW);
	group_reaches(2, 0x10000, DATA + PAGE, RW);
}
END_TEST

/* Nor does it stay where the device goes. */
START_TEST(what_should_have_gone_goes_with_a_replace)
{
	struct ioasid_space *other = make_space(ctx, NULL, 0);

	gt_map(&table, 0x10000, DATA, PAGE, 1, RW);
	ck_ok(inv_all(ctx, child));
	ck_ok(ioasid_device_attach(device, child));
	gt_unmap(&table, 0x10000, PAGE, 1);
	fail_nth(1, EIO);
	ck_err(inv_all(ctx, child), EINVAL);
	reaches(0x10000, DATA, RW);
	ck_ok(ioasid_device_replace(device, other));
	ck_assert_uint_eq(count_entries(GROUP), 0);
	ck_ok(ioasid_device_replace(device, child));
	ck_assert_uint_eq(count_entries(GROUP), 0);
}
END_TEST

/* A part of what a failed replace has lost is unmapped with what it has not: the rest goes, too. */
START_TEST(what_was_lost_keeps_nothing_from_going)
{
	struct ioasid_space *plain = make_space(ctx, NULL, 0), *other = make_space(ctx, root, 0);

	ck_ok(ioasid_space_map(plain, 0x5000, memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(root, 64 * MIB, memory, 2 * PAGE, RW, NULL));
	ck_ok(ioasid_space_map_parent(other, 0x1000, 64 * MIB, PAGE, RW, NULL));
	ck_ok(ioasid_space_map_parent(other, 0x2000, 64 * MIB + PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_space_map_parent(other, 0x9000, DATA, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(device, other));
	ck_assert_uint_eq(count_entries(GROUP), 3);
	fail_nth(4, ENOMEM);	/* the new mapping, and the first on the way back */
	shim.fail_more = 1;
	ck_err(ioasid_device_replace(device, plain), ENOMEM);
	reaches(0x1000, 0, 0);
	reaches(0x2000, PAGE, RW);
	ck_ok(ioasid_space_unmap(root, 64 * MIB, 2 * PAGE, NULL));
	reaches(0x2000, 0, 0);
	reaches(0x9000, DATA, RW);
	ck_ok(ioasid_device_detach(device));
	ck_assert_uint_eq(count_entries(GROUP), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-type1-nesting");
	TCase *tc = tcase_create("nesting");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, pages_smaller_than_the_kernels);
	tcase_add_test(tc, attach_maps_the_runs_at_their_host_addresses);
	tcase_add_test(tc, what_comes_first_can_lead_to_address_0);
	tcase_add_test(tc, invalidation_changes_what_differs);
	tcase_add_test(tc, memory_of_the_parent_comes_and_goes);
	tcase_add_test(tc, an_address_of_the_parent_is_other_memory_now);
	tcase_add_test(tc, two_groups_in_a_child);
	tcase_add_test(tc, replace_between_parent_and_child);
	tcase_add_test(tc, more_than_the_kernel_takes);
	tcase_add_test(tc, invalidation_that_fails);
	tcase_add_test(tc, invalidation_that_fails_for_one_group);
	tcase_add_test(tc, what_should_have_gone_does_not_spread);
	tcase_add_test(tc, what_has_gone_for_one_group_is_no_failure);
	tcase_add_test(tc, what_should_have_gone_goes_with_a_replace);
	tcase_add_test(tc, what_was_lost_keeps_nothing_from_going);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
