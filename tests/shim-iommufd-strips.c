/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mappings of one page each on iommufd, so many that the library keeps them packed, without a
 * record for each: the kernel is asked for the same as of any others, also for children that have
 * some.
 */
#include <string.h>

#include "shim_expect.h"
#include "shim_hwpt.h"
#include "shim_ioas.h"
#include "shim_nested.h"
#include "util/alloc.h"

#define BASE	 (64 * MIB)	/* behind the root's memory */
#define N	 200u		/* enough to be packed, and fewer than fill 2 MiB */
#define MAX	 512u		/* those do */

static int map_page(unsigned int i)
{
	return ioasid_space_map(root, BASE + i * PAGE, memory + DATA + i * PAGE, PAGE, RW, NULL);
}

static void map_pages(unsigned int first, unsigned int n)
{
	unsigned int i;

	for (i = first; i < first + n; i++)
		ck_ok(map_page(i));
	shim_forget();
}

static int unmap_page(unsigned int i)
{
	return ioasid_space_unmap(root, BASE + i * PAGE, PAGE, NULL);
}

/* Entries that lead to the pages, from iova @i on with a gap behind each. */
static void lead_to_pages(unsigned int first, unsigned int n)
{
	unsigned int i;

	for (i = first; i < first + n; i++)
		gt_map(&table, 2 * i * PAGE, BASE + i * PAGE, PAGE, 1, RW);
}

static void child_has(unsigned int i, bool there)
{
	reaches(2 * i * PAGE, DATA + i * PAGE, PAGE, there ? RW : 0);
}

/* Eight bytes each, and a page or two for all. */
START_TEST(packed_they_are)
{
	uint64_t before = memory_bytes(root);

	map_pages(0, MAX);
	ck_assert_uint_le(memory_bytes(root) - before, 4 * PAGE);
	ck_assert_uint_eq(space_info(root).mappings, MAX + 1);
}
END_TEST

START_TEST(each_is_one_call)
{
	ck_ok(ioasid_device_attach(device, root));
	map_pages(0, N);
	ck_assert_uint_eq(shim_ioas_count(ROOT), N + 1);
	ck_ok(map_page(N));
	expect(iommu, SHIM_MAP, 40, FLAGS_RW, ROOT, 0, U64((uintptr_t)memory + DATA + N * PAGE),
	       U64(PAGE), U64(BASE + N * PAGE));
	expect_end();
	ck_ok(unmap_page(7));
	expect_root_unmap(BASE + 7 * PAGE, PAGE);
	expect_end();
	ck_err(map_page(8), EEXIST);
	ck_err(unmap_page(7), ENOENT);
	expect_end();
}
END_TEST

/* What the kernel refuses is not there, wherever it would have been kept. */
START_TEST(a_map_that_fails_leaves_nothing)
{
	static const struct {
		int error, want;
	} errors[] = { { ENOMEM, ENOMEM }, { EFAULT, EFAULT } };
	unsigned int i, n;

	ck_ok(ioasid_device_attach(device, root));
	for (n = 0; n < MAX + 2; n++) {
		uint64_t bytes = memory_bytes(root);

		for (i = 0; i < 2; i++) {
			fail_nth(1, errors[i].error);
			ck_err(map_page(n), errors[i].want);
			ck_assert(!ioasid_space_find_mapping(root, BASE + n * PAGE, PAGE));
			ck_assert_uint_eq(space_info(root).mappings, n + 1);
			ck_assert_uint_eq(shim_ioas_count(ROOT), n + 1);
		}
		/* no page more than it may need once it is there */
		ck_assert_uint_le(memory_bytes(root), bytes + PAGE);
		ck_ok(map_page(n));
		shim_forget();
	}
	ck_assert_uint_eq(shim_ioas_count(ROOT), MAX + 3);
}
END_TEST

START_TEST(allocations_that_fail)
{
	unsigned int i, n;

	ck_ok(ioasid_device_attach(device, root));
	for (i = 0; i < MAX + 2; i++) {
		for (n = 1;; n++) {
			int ret;

			mem_fail_nth(n);
			ret = map_page(i);
			if (mem_fail_nth(0)) {
				ck_ok(ret);
				break;
			}
			/* packing them can be left for later */
			if (!ret)
				break;
			ck_assert_int_eq(ret, -ENOMEM);
			ck_assert_uint_eq(shim_ioas_count(ROOT), i + 1);
			ck_assert_uint_eq(space_info(root).mappings, i + 1);
		}
		shim_forget();
	}
	ck_assert_uint_eq(shim_ioas_count(ROOT), MAX + 3);
}
END_TEST

/* A table that is made later has all of them; if one fails, there is none. */
START_TEST(a_device_that_comes_later_gets_all)
{
	unsigned int objects, n;

	ck_ok(ioasid_space_destroy(child));
	child = NULL;
	map_pages(0, N);
	expect_end();
	objects = shim_objects();
	for (n = 1; n <= N + 2; n++) {
		fail_nth(1 + n, ENOMEM);	/* behind IOAS_ALLOC */
		ck_err(ioasid_device_attach(device, root), ENOMEM);
		ck_assert_uint_eq(shim_objects(), objects);
		shim_forget();
	}
	ck_ok(ioasid_device_attach(device, root));
	ck_assert_uint_eq(shim_ioas_count(shim_attached(0)), N + 1);
	for (n = 0; n < N; n++)
		reaches(BASE + n * PAGE, DATA + n * PAGE, PAGE, RW);
	ck_ok(ioasid_device_detach(device));
	ck_assert_uint_eq(shim_objects(), objects);
	shim_forget();
	ck_ok(unmap_page(3));
	expect_end();
	ck_ok(ioasid_device_attach(device, root));
	reaches(BASE + 3 * PAGE, 0, PAGE, 0);
}
END_TEST

/* A range has pages, others among them that have handles, and one of several pages behind them. */
START_TEST(a_range_of_all_kinds)
{
	struct ioasid_mapping *handle, *late;
	uint64_t sum;

	ck_ok(ioasid_device_attach(device, root));
	map_pages(0, 100);
	ck_ok(ioasid_space_map(root, BASE + 100 * PAGE, memory, PAGE, RW, &handle));
	map_pages(101, 50);
	ck_ok(ioasid_space_map(root, BASE + 151 * PAGE, memory, 8 * PAGE, RW, NULL));
	map_pages(159, 10);
	late = ioasid_space_find_mapping(root, BASE + 160 * PAGE, PAGE);
	ck_assert_uint_eq(ioasid_mapping_get_iova(late), BASE + 160 * PAGE);
	shim_forget();
	ck_err(ioasid_space_unmap(root, BASE + 90 * PAGE, 62 * PAGE, NULL), ENOENT);
	expect_end();
	ck_ok(ioasid_space_unmap(root, BASE + 90 * PAGE, 72 * PAGE, &sum));
	ck_assert_uint_eq(sum, 72 * PAGE);
	ck_assert_uint_eq(shim.n_calls, 72 - 7);
	ck_assert_uint_eq(shim_ioas_count(ROOT), 1 + 90 + 7);
	shim_forget();
	ck_ok(ioasid_space_unmap_all(root, &sum));
	ck_assert_uint_eq(sum, MEMORY + 97 * PAGE);
	ck_assert_uint_eq(shim_ioas_count(ROOT), 0);
}
END_TEST

/* Children let go first, page by page, and have again what comes back. */
START_TEST(a_child_follows_pages)
{
	unsigned int i;

	map_pages(0, N);
	lead_to_pages(0, N);
	bind_and_attach();
	for (i = 0; i < N; i++) {
		child_has(i, true);
		ck_ok(unmap_page(i));
		expect_unmap(2 * i * PAGE, PAGE);
		expect_root_unmap(BASE + i * PAGE, PAGE);
		expect_end();
	}
	for (i = 0; i < N; i++) {
		ck_ok(map_page(i));
		ck_assert_uint_eq(shim.n_calls, 2);	/* MAP, COPY */
		child_has(i, true);
		shim_forget();
	}
	/* these had the child's before they were packed */
	for (i = 0; i < N; i++) {
		ck_ok(unmap_page(i));
		child_has(i, false);
		ck_assert_uint_eq(shim.n_calls, 2);
		shim_forget();
	}
	ck_assert_uint_eq(shim_ioas_count(CHILD), 0);
}
END_TEST

/*
 * Every second one has a handle, and the others are had by the child before they could be packed;
 * or each comes twice.
 */
START_TEST(pages_that_cannot_be_packed)
{
	struct ioasid_mapping *m;
	unsigned int i, k;

	lead_to_pages(0, N);
	bind_and_attach();
	for (k = 0; k < N << _i; k++) {
		i = k >> _i;
		ck_ok(ioasid_space_map(root, BASE + i * PAGE, memory + DATA + i * PAGE, PAGE, RW,
				       i % 2 ? &m : NULL));
		ck_err(map_page(i), EEXIST);
		if (_i && k % 2 == 0)
			ck_ok(unmap_page(i));
		shim_forget();
	}
	for (i = 0; i < N; i++) {
		child_has(i, true);
		ck_ok(unmap_page(i));
		child_has(i, false);
		ck_ok(map_page(i));
		ck_err(map_page(i), EEXIST);
		shim_forget();
	}
	ck_ok(ioasid_space_unmap(root, BASE, N * PAGE, NULL));
	ck_assert_uint_eq(shim_ioas_count(CHILD), 0);
}
END_TEST

/* An entry that is led elsewhere: it goes with the page that it leads to now. */
START_TEST(an_entry_moves_from_page_to_page)
{
	map_pages(0, N);
	lead_to_pages(0, 2);
	bind_and_attach();
	gt_map(&table, 0, BASE + 5 * PAGE, PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 0, PAGE));
	expect_unmap(0, PAGE);
	expect_copy(FLAGS_RW, 0, BASE + 5 * PAGE, PAGE);
	expect_end();
	ck_ok(unmap_page(0));
	ck_ok(unmap_page(1));
	reaches(0, DATA + 5 * PAGE, PAGE, RW);
	ck_ok(unmap_page(5));
	ck_assert_uint_eq(shim_ioas_count(CHILD), 0);
	/* from the guest's memory to a page, and back */
	gt_map(&table, 4 * PAGE, DATA, PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 4 * PAGE, PAGE));
	gt_map(&table, 4 * PAGE, BASE + 9 * PAGE, PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 4 * PAGE, PAGE));
	reaches(4 * PAGE, DATA + 9 * PAGE, PAGE, RW);
	gt_map(&table, 4 * PAGE, DATA, PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, 4 * PAGE, PAGE));
	ck_ok(unmap_page(9));
	reaches(4 * PAGE, DATA, PAGE, RW);
}
END_TEST

/* A handle of a page is good before there are children, and with them. */
START_TEST(handles_of_pages)
{
	struct ioasid_mapping *m;

	map_pages(0, N);
	m = ioasid_space_find_mapping(root, BASE + 20 * PAGE, PAGE);
	lead_to_pages(20, 1);
	bind_and_attach();
	child_has(20, true);
	ck_assert_ptr_eq(ioasid_space_find_mapping(root, BASE + 20 * PAGE, PAGE), m);
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), BASE + 20 * PAGE);
	ck_assert_ptr_eq(ioasid_mapping_get_space(m), root);
	ck_ok(ioasid_mapping_unmap(m));
	child_has(20, false);
	ck_assert_uint_eq(shim_ioas_count(CHILD), 0);
}
END_TEST

/*
 * The first entry that leads into 2 MiB of pages takes memory; without it, the old one goes all the
 * same, if there is one.
 */
START_TEST(no_memory_for_an_entry)
{
	const uint64_t size = MAX * PAGE;	/* others each time */
	struct ioasid_inv *inv;
	bool failed = true;
	uint64_t host = 0;
	unsigned int n, i;
	int ret;

	bind_and_attach();
	ck_ok(ioasid_inv_new(ctx, 1, &inv));
	ck_ok(ioasid_inv_add_range(inv, child, 0, PAGE, 0));
	for (n = 1; failed; n++) {
		gt_map(&table, 0, DATA, PAGE, 1, RW);
		if (_i)
			gt_unmap(&table, 0, PAGE, 1);
		ck_ok(ioasid_inv_submit(inv, NULL));
		for (i = 0; i < N; i++)	/* when nobody waits for them */
			ck_ok(ioasid_space_map(root, BASE + n * size + i * PAGE,
					       memory + DATA + i * PAGE, PAGE, RW, NULL));
		gt_map(&table, 0, BASE + n * size + 3 * PAGE, PAGE, 1, RW);
		mem_fail_nth(n);
		ret = ioasid_inv_submit(inv, NULL);
		ck_assert(!ret || ret == -ENOMEM);
		failed = !mem_fail_nth(0);
		ck_assert(!shim_ioas_look(CHILD, 0, &host) || host != (uintptr_t)memory + DATA);
		ck_ok(ioasid_inv_submit(inv, NULL));
		reaches(0, DATA + 3 * PAGE, PAGE, RW);
		ck_ok(ioasid_space_unmap(root, BASE + n * size, N * PAGE, NULL));
		reaches(0, 0, PAGE, 0);
	}
	ck_assert_uint_gt(n, 2);
	ioasid_inv_free(inv);
}
END_TEST

/* Pages of a child's own, each an item for the kernel as any other mapping is. */
START_TEST(pages_of_a_child)
{
	unsigned int i;

	for (i = 0; i < N; i++)
		ck_ok(ioasid_space_map_parent(child, i * PAGE, DATA + 2 * i * PAGE, PAGE, RW,
					      NULL));
	expect_end();
	ck_ok(ioasid_device_attach(device, child));
	ck_assert_uint_eq(shim_ioas_count(CHILD), N);
	shim_forget();
	ck_ok(ioasid_space_map_parent(child, N * PAGE, DATA, PAGE, IOASID_READ, NULL));
	expect_copy(FLAGS_R, N * PAGE, DATA, PAGE);
	expect_end();
	fail_nth(1, ENOMEM);
	ck_err(ioasid_space_map_parent(child, (N + 1) * PAGE, DATA, PAGE, RW, NULL), ENOMEM);
	ck_assert_uint_eq(space_info(child).mappings, N + 1);
	shim_forget();
	ck_ok(ioasid_space_unmap(child, 0, 2 * PAGE, NULL));
	expect_unmap(0, PAGE);
	expect_unmap(PAGE, PAGE);
	expect_end();
	/* the limit counts them too */
	ck_ok(ioasid_device_detach(device));
	ck_ok(ioasid_device_attach(device, child));
	ck_assert_uint_eq(shim_ioas_count(shim_attached(0)), N - 1);
	reaches(2 * PAGE, DATA + 4 * PAGE, PAGE, RW);
}
END_TEST

static void track(void)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	ck_ok(ioasid_space_destroy(child));
	ck_ok(ioasid_space_destroy(root));
	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	ck_ok(ioasid_space_create(ctx, &options, &root));
	ck_ok(ioasid_space_map(root, 0, memory, TABLES, RW, NULL));
	map_pages(0, N);
	child = make_space(ctx, root, 0);
	ck_ok(ioasid_space_dirty_start(root));
}

static uint64_t written(uint32_t flags)
{
	uint64_t bits = 0;

	ck_ok(ioasid_space_dirty_read(root, BASE, 64 * PAGE, PAGE, flags, &bits));
	return bits;
}

/* By a page table of the root's, also of one that has gone; and by one of a child's. */
START_TEST(what_is_written)
{
	shim.hw_capabilities = 1;	/* _HW_CAP_DIRTY_TRACKING */
	ck_ok(ioasid_device_unbind(device));
	device = bind_device(0);
	track();
	ck_ok(ioasid_device_attach(device, root));
	ck_assert(shim_hwpt_write(shim_hwpt(0), BASE + 3 * PAGE));
	ck_assert_uint_eq(written(IOASID_DIRTY_PEEK), 1 << 3);
	ck_ok(ioasid_device_detach(device));
	ck_assert_uint_eq(written(0), 1 << 3);
	ck_assert_uint_eq(written(0), 0);
	lead_to_pages(0, 64);
	bind_and_attach();
	ck_assert(shim_hwpt_write(shim_hwpt(0), 2 * 5 * PAGE));
	ck_assert(shim_hwpt_write(shim_hwpt(0), 2 * 6 * PAGE));
	ck_assert_uint_eq(written(0), 1 << 5 | 1 << 6);
	ck_assert(shim_hwpt_write(shim_hwpt(0), 2 * 7 * PAGE));
	gt_unmap(&table, 2 * 7 * PAGE, PAGE, 1);
	ck_ok(inv_range(ctx, child, 2 * 7 * PAGE, PAGE));
	ck_assert_uint_eq(written(0), 1 << 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-strips");
	TCase *tc = tcase_create("strips");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, nested_setup, nested_teardown);
	tcase_add_test(tc, packed_they_are);
	tcase_add_test(tc, each_is_one_call);
	tcase_add_test(tc, a_map_that_fails_leaves_nothing);
	tcase_add_test(tc, allocations_that_fail);
	tcase_add_test(tc, a_device_that_comes_later_gets_all);
	tcase_add_test(tc, a_range_of_all_kinds);
	tcase_add_test(tc, a_child_follows_pages);
	tcase_add_loop_test(tc, pages_that_cannot_be_packed, 0, 2);
	tcase_add_test(tc, an_entry_moves_from_page_to_page);
	tcase_add_test(tc, handles_of_pages);
	tcase_add_loop_test(tc, no_memory_for_an_entry, 0, 2);
	tcase_add_test(tc, pages_of_a_child);
	tcase_add_test(tc, what_is_written);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
