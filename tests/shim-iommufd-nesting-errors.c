/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Software nesting on iommufd when the kernel says no, or it gets too much. */
#include <string.h>
#include <sys/mman.h>

#include "shim_expect.h"
#include "shim_ioas.h"
#include "shim_nested.h"
#include "util/alloc.h"

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
	ck_ok(inv_all(ctx, child));
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
	tcase_add_test(tc, limits_are_for_children);
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
	tcase_add_test(tc, too_many_mappings);
	tcase_add_test(tc, too_many_for_bind_and_attach);
	tcase_add_test(tc, page_table_bomb);
	tcase_add_test(tc, bombs_that_map_nothing);
	tcase_add_test(tc, bomb_where_all_is_reserved);
	tcase_add_test(tc, large_pages_on_a_bomb);
	tcase_add_test(tc, bomb_that_the_kernel_cannot_map);
	tcase_add_test(tc, bomb_in_place_of_a_large_mapping);
	tcase_add_test(tc, a_parent_whose_memory_is_not_there);
	tcase_add_test(tc, allocations_that_fail);
	tcase_add_test(tc, what_comes_to_be_mapped_without_memory);
	tcase_add_test(tc, what_an_attach_has_to_read_without_memory);
	tcase_add_test(tc, one_of_many_pages_without_memory);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
