/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dirty tracking on type1: which ioctls it takes, what is told of whom, and what is lost never. */
#include <string.h>

#include "shim_type1_ctx.h"
#include "util/alloc.h"

#define GROUP  1u
#define OTHER  2u
#define MEMORY (64 * PAGE)

static struct ioasid_device *device, *other;
static struct ioasid_space *root;
static uint8_t *memory;

static struct ioasid_space *make_tracked(void)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;

	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	ck_ok(ioasid_space_create(ctx, &options, &space));
	return space;
}

static void open_type1(void)
{
	ck_ok(open_ctx("type1"));
	device = bind(0);
	other = bind(1);
	root = make_tracked();
	shim_forget();
}

static void setup(void)
{
	logged[0] = '\0';
	shim_reset();
	memory = memory_new(MEMORY);
	open_type1();
}

static void teardown(void)
{
	type1_teardown();
	memory_free(memory, MEMORY);
}

static void map(struct ioasid_space *space, uint64_t iova, uint64_t pages, uint32_t flags)
{
	ck_ok(ioasid_space_map(space, iova, memory + iova, pages * PAGE, flags, NULL));
}

/* 16 pages that can be written, a hole, 8 pages that cannot; one device; on. */
static void usual(void)
{
	map(root, 0, 16, RW);
	map(root, 20 * PAGE, 8, IOASID_READ);
	ck_ok(ioasid_device_attach(device, root));
	ck_ok(ioasid_space_dirty_start(root));
	shim_forget();
}

static uint64_t pages(struct ioasid_space *space, uint64_t iova, uint64_t n, uint32_t flags)
{
	uint64_t bits = 0;

	ck_ok(ioasid_space_dirty_read(space, iova, n * PAGE, PAGE, flags, &bits));
	return bits;
}

static unsigned int count(unsigned long command, uint32_t flags)
{
	unsigned int i, n = 0;

	for (i = 0; i < shim.n_calls; i++)
		n += shim.calls[i].command == command && shim.calls[i].words[1] == flags;
	return n;
}

START_TEST(the_container_says_whether_it_records)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;

	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_DIRTY_TRACKING));
	ck_assert(!ioasid_ctx_has(ctx, IOASID_CAP_DIRTY_EXACT));
	ck_ok(ioasid_device_query_info(device, &info));
	ck_assert(info.dirty_tracking);
	ck_ok(ioasid_ctx_close(ctx));
	shim_t1.no_migration = _i == 0;
	shim_t1.dirty_sizes = 2048;	/* smaller than any mapping */
	open_type1();
	ck_ok(ioasid_device_query_info(device, &info));
	ck_assert(!info.dirty_tracking);
	ck_err(ioasid_device_attach(device, root), EOPNOTSUPP);
}
END_TEST

/* Linux 5.8, struct vfio_iommu_type1_dirty_bitmap and what follows it. */
START_TEST(its_ioctls)
{
	int container = shim_container_fd(GROUP);
	uint64_t bits[1] = { 0 };

	map(root, 0, 16, RW);
	ck_ok(ioasid_device_attach(device, root));
	shim_forget();
	ck_ok(ioasid_space_dirty_start(root));
	expect(container, SHIM_DIRTY_PAGES, 8, 1);
	expect_end();
	ck_ok(ioasid_space_dirty_start(root));
	expect_end();
	ck_ok(ioasid_space_dirty_read(root, 0, 16 * PAGE, PAGE, 0, bits));
	expect(container, SHIM_DIRTY_PAGES, 48, 4, U64(0), U64(16 * PAGE), U64(PAGE), U64(8),
	       shim.calls[0].words[10], shim.calls[0].words[11]);
	expect_end();
	ck_ok(ioasid_space_unmap_dirty(root, 0, 16 * PAGE, PAGE, bits, NULL));
	expect(container, SHIM_UNMAP_DMA, 48, 1, U64(0), U64(16 * PAGE), U64(PAGE), U64(8),
	       shim.calls[0].words[10], shim.calls[0].words[11]);
	expect_end();
	ck_ok(ioasid_space_dirty_stop(root));
	expect(container, SHIM_DIRTY_PAGES, 8, 2);
	expect_end();
	map(root, 0, 16, RW);
	ck_ok(ioasid_space_unmap_all(root, NULL));
	ck_assert_uint_eq(shim.calls[1].words[1], 0);
}
END_TEST

START_TEST(all_that_a_device_can_write_is_reported_at_each_read)
{
	usual();
	ck_assert_uint_eq(pages(root, 0, 16, 0), 0xffff);
	ck_assert_uint_eq(pages(root, 0, 16, 0), 0xffff);
	ck_assert_uint_eq(pages(root, 4 * PAGE, 4, IOASID_DIRTY_PEEK), 0xf);
	/* What cannot be written is not even asked for. */
	shim_forget();
	ck_assert_uint_eq(pages(root, 20 * PAGE, 8, 0), 0);
	ck_assert_uint_eq(shim.n_calls, 0);
}
END_TEST

/* As where a driver tells what it writes. The kernel clears whole mappings at each read. */
START_TEST(what_the_kernel_knows_better_is_passed_on)
{
	usual();
	shim_t1.narrows = true;
	ck_assert_uint_eq(pages(root, 0, 16, 0), 0);
	shim_write(GROUP, 3 * PAGE);
	shim_write(GROUP, 9 * PAGE);
	ck_assert_uint_eq(pages(root, 0, 16, IOASID_DIRTY_PEEK), 1 << 3 | 1 << 9);
	ck_assert_uint_eq(pages(root, 0, 8, 0), 1 << 3);
	ck_assert_uint_eq(pages(root, 0, 16, 0), 1 << 9);
	ck_assert_uint_eq(pages(root, 0, 16, 0), 0);
}
END_TEST

/* What was read before another read fails is nowhere else: all counts as written then. */
START_TEST(a_range_with_holes)
{
	uint64_t bits = 0;

	usual();
	map(root, 32 * PAGE, 16, RW);
	shim_t1.narrows = true;
	shim_write(GROUP, 3 * PAGE);
	shim_write(GROUP, 40 * PAGE);
	ck_assert_uint_eq(pages(root, 0, 48, IOASID_DIRTY_HOLES | IOASID_DIRTY_PEEK),
			  1 << 3 | UINT64_C(1) << 40);
	ck_assert_uint_eq(pages(root, 0, 48, IOASID_DIRTY_HOLES), 1 << 3 | UINT64_C(1) << 40);
	ck_assert_uint_eq(pages(root, 0, 48, IOASID_DIRTY_HOLES), 0);
	shim_write(GROUP, 3 * PAGE);
	fail_nth(2, ENOMEM);
	ck_err(ioasid_space_dirty_read(root, 0, 48 * PAGE, PAGE, IOASID_DIRTY_HOLES, &bits),
	       ENOMEM);
	ck_assert_uint_eq(pages(root, 0, 48, IOASID_DIRTY_HOLES), UINT64_C(0xffff0ff0ffff));
}
END_TEST

START_TEST(all_containers_of_a_space_count)
{
	usual();
	ck_ok(ioasid_device_attach(other, root));
	ck_assert(shim_records(OTHER));
	shim_t1.narrows = true;
	shim_write(GROUP, 1 * PAGE);
	shim_write(OTHER, 2 * PAGE);
	ck_assert_uint_eq(pages(root, 0, 16, 0), 1 << 1 | 1 << 2);
	ck_ok(ioasid_space_dirty_stop(root));
	ck_assert(!shim_records(GROUP) && !shim_records(OTHER));
}
END_TEST

/* By the root's addresses, wherever the child has them. */
START_TEST(what_children_write_counts)
{
	struct ioasid_space *child = make_space(ctx, root, 0);
	struct ioasid_mapping *m;

	usual();
	ck_ok(ioasid_space_map_parent(child, 0x40000000, 8 * PAGE, 4 * PAGE, RW, &m));
	ck_ok(ioasid_space_map_parent(child, 0x50000000, 2 * PAGE, 1 * PAGE, IOASID_READ, NULL));
	ck_ok(ioasid_device_attach(other, child));
	ck_assert(shim_records(OTHER));
	shim_t1.narrows = true;
	shim_write(OTHER, 0x40000000 + 1 * PAGE);
	ck_assert_uint_eq(pages(root, 8 * PAGE, 4, IOASID_DIRTY_PEEK), 1 << 1);
	ck_assert_uint_eq(pages(root, 0, 8, 0), 0);
	ck_assert_uint_eq(pages(root, 8 * PAGE, 4, 0), 1 << 1);
	/* and of a translation that has gone */
	shim_write(OTHER, 0x40000000 + 3 * PAGE);
	ck_ok(ioasid_mapping_unmap(m));
	ck_assert_uint_eq(pages(root, 0, 16, 0), 1 << 11);
	ck_assert_uint_eq(pages(root, 0, 16, 0), 0);
}
END_TEST

START_TEST(what_was_written_is_kept_when_a_device_goes)
{
	usual();
	shim_t1.narrows = true;
	shim_write(GROUP, 5 * PAGE);
	ck_ok(ioasid_device_detach(device));
	ck_assert(!shim_records(GROUP));
	ck_assert_uint_eq(pages(root, 0, 16, 0), 1 << 5);
	ck_assert_uint_eq(pages(root, 0, 16, 0), 0);
	ck_ok(ioasid_device_attach(device, root));
	ck_assert(shim_records(GROUP));
}
END_TEST

START_TEST(what_was_written_is_kept_when_a_device_is_moved)
{
	struct ioasid_space *plain = make_space(ctx, NULL, 0);

	usual();
	map(root, 32 * PAGE, 4, RW);
	map(plain, 0, 8, RW);
	map(plain, 32 * PAGE, 4, RW);
	shim_t1.narrows = true;
	shim_write(GROUP, 5 * PAGE);
	ck_ok(ioasid_device_replace(device, plain));
	ck_assert(!shim_records(GROUP));
	ck_assert_uint_eq(pages(root, 0, 16, 0), 1 << 5);
	/* What both have stays in the container, which tells no more of it. */
	ck_assert_uint_eq(pages(root, 32 * PAGE, 4, 0), 0xf);
	ck_assert_uint_eq(pages(root, 32 * PAGE, 4, 0), 0);
	ck_ok(ioasid_device_replace(device, root));
	ck_assert(shim_records(GROUP));
	ck_assert_uint_eq(pages(root, 0, 16, 0), 0);
}
END_TEST

START_TEST(an_unmap_reports_and_forgets)
{
	uint64_t bits = 0, unmapped = 0;

	usual();
	shim_t1.narrows = true;
	shim_write(GROUP, 7 * PAGE);
	ck_assert_uint_eq(pages(root, 0, 16, IOASID_DIRTY_PEEK), 1 << 7);
	shim_write(GROUP, 8 * PAGE);
	ck_ok(ioasid_space_unmap_dirty(root, 0, 32 * PAGE, PAGE, &bits, &unmapped));
	ck_assert_uint_eq(bits, 1 << 7 | 1 << 8);
	ck_assert_uint_eq(unmapped, 24 * PAGE);
	map(root, 0, 16, RW);
	shim_write(GROUP, 2 * PAGE);
	ck_ok(ioasid_space_unmap_all(root, NULL));
	map(root, 0, 16, RW);
	ck_assert_uint_eq(pages(root, 0, 16, 0), 0);
}
END_TEST

/* A bit of the kernel's is 16 pages of 4 KiB there. */
START_TEST(kernels_with_large_pages)
{
	ck_ok(ioasid_ctx_close(ctx));
	shim_t1.page_sizes = 0x20010000;
	open_type1();
	ck_ok(ioasid_space_map(root, 0, memory + (-(uintptr_t)memory & 0xffff), 48 * PAGE, RW,
			       NULL));
	ck_ok(ioasid_device_attach(device, root));
	ck_ok(ioasid_space_dirty_start(root));
	shim_t1.narrows = true;
	shim_write(GROUP, 16 * PAGE);
	ck_assert_uint_eq(pages(root, 0, 48, 0), UINT64_C(0xffff0000));
	shim_write(GROUP, 32 * PAGE);
	ck_ok(ioasid_device_detach(device));
	ck_assert_uint_eq(pages(root, 0, 48, 0), UINT64_C(0xffff00000000));
}
END_TEST

START_TEST(recording_that_cannot_be_started)
{
	static const struct { int error, want; const char *say; } cases[] = {
		{ ENOMEM, ENOMEM, "memory" }, { EINVAL, EOPNOTSUPP, "does not record" },
	};
	size_t i;

	map(root, 0, 16, RW);
	ck_ok(ioasid_device_attach(device, root));
	ck_ok(ioasid_device_attach(other, root));
	for (i = 0; i < 2; i++) {
		fail_nth(2, cases[i].error);
		ck_err(ioasid_space_dirty_start(root), cases[i].want);
		said("space 1", cases[i].say);
		ck_assert(!shim_records(GROUP) && !shim_records(OTHER));
	}
	ck_ok(ioasid_space_dirty_start(root));
	ck_ok(ioasid_device_detach(other));
	for (i = 0; i < 2; i++) {
		const struct shim_entry *e;

		fail_nth(1, cases[i].error);
		ck_err(ioasid_device_attach(other, root), cases[i].want);
		ck_assert_uint_eq(shim_entries(OTHER, &e), 0);
		ck_assert(!shim_records(OTHER));
	}
}
END_TEST

START_TEST(mappings_that_are_too_large_to_record)
{
	shim_t1.dirty_limit = 8;	/* 64 pages */
	ck_ok(ioasid_ctx_close(ctx));
	open_type1();
	ck_ok(ioasid_space_map(root, 0, memory, MEMORY, RW, NULL));
	ck_ok(ioasid_space_map(root, GIB, memory, MEMORY, RW, NULL));
	ck_ok(ioasid_device_attach(device, root));
	ck_ok(ioasid_space_dirty_start(root));
	ck_err(ioasid_space_map(root, 2 * GIB, memory, MEMORY + PAGE, RW, NULL), EINVAL);
	said("0x80000000-0x80040fff", "no more than 64 pages");
	ck_ok(ioasid_space_dirty_stop(root));
	ck_ok(ioasid_space_map(root, 2 * GIB, memory, MEMORY + PAGE, RW, NULL));
	ck_err(ioasid_space_dirty_start(root), EOPNOTSUPP);
	said("0x80000000-0x80040fff", "no more than 64 pages");
	ck_assert(!shim_records(GROUP));
}
END_TEST

START_TEST(reads_that_fail)
{
	uint64_t bits = 0;

	usual();
	map(root, 32 * PAGE, 16, RW);
	map(root, 16 * PAGE, 4, RW);
	map(root, 28 * PAGE, 4, RW);
	shim_t1.narrows = true;
	shim_write(GROUP, 1 * PAGE);
	shim_write(GROUP, 33 * PAGE);
	fail_nth(2, ENOMEM);
	ck_err(ioasid_space_dirty_read(root, 0, 48 * PAGE, PAGE, 0, &bits), ENOMEM);
	fail_nth(2, EFAULT);
	ck_err(ioasid_space_dirty_read(root, 0, 48 * PAGE, PAGE, 0, &bits), EOPNOTSUPP);
	said("space 1", "written in 0x10000-0x13fff");
	mem_fail_nth(1);
	ck_err(ioasid_space_dirty_read(root, 0, 48 * PAGE, PAGE, 0, &bits), ENOMEM);
	mem_fail_nth(0);
	ck_assert_uint_eq(bits, 0);
	ck_assert_uint_eq(pages(root, 0, 48, 0), 1 << 1 | UINT64_C(1) << 33);
	ck_assert_uint_eq(pages(root, 0, 48, 0), 0);
}
END_TEST

/* The record has no room: until recording begins anew all counts as written. */
START_TEST(a_record_that_cannot_be_kept)
{
	usual();
	shim_t1.narrows = true;
	shim_write(GROUP, 1 * PAGE);
	mem_fail_nth(2);
	ck_assert_uint_eq(pages(root, 0, 16, 0), 0xffff);
	mem_fail_nth(0);
	ck_assert_ptr_nonnull(strstr(logged, "all of it counts as written"));
	ck_assert_uint_eq(pages(root, 20 * PAGE, 8, 0), 0xff);
	ck_ok(ioasid_space_dirty_start(root));
	ck_assert_uint_eq(pages(root, 0, 16, 0), 0);
}
END_TEST

/* It is unmapped all the same, and nothing written there is lost. */
START_TEST(an_unmap_that_cannot_tell)
{
	const struct shim_entry *e;
	uint64_t bits;
	int way;

	usual();
	shim_t1.narrows = true;
	for (way = 0; way < 2; way++) {
		bits = 0;
		if (way)
			mem_fail_nth(1);
		else
			fail_nth(1, EFAULT);
		ck_ok(ioasid_space_unmap_dirty(root, 0, 16 * PAGE, PAGE, &bits, NULL));
		mem_fail_nth(0);
		ck_assert_uint_eq(bits, 0xffff);
		ck_assert_uint_eq(shim_entries(GROUP, &e), 1);
		map(root, 0, 16, RW);
		ck_assert_uint_eq(pages(root, 0, 16, 0), 0);
	}
	shim.fail_more = 1;
	fail_nth(1, EIO);
	ck_ok(ioasid_space_unmap(root, 0, 16 * PAGE, NULL));
	ck_assert_ptr_nonnull(strstr(logged, "is still in the kernel"));
	ck_assert_uint_eq(shim_entries(GROUP, &e), 2);
}
END_TEST

START_TEST(a_stop_that_fails_is_logged)
{
	usual();
	fail_nth(1, EIO);
	ck_ok(ioasid_space_dirty_stop(root));
	ck_assert_ptr_nonnull(strstr(logged, "group 1: written pages go on being recorded"));
	ck_assert_uint_eq(count(SHIM_DIRTY_PAGES, 2), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-type1-dirty");
	TCase *tc = tcase_create("dirty");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, the_container_says_whether_it_records, 0, 2);
	tcase_add_test(tc, its_ioctls);
	tcase_add_test(tc, all_that_a_device_can_write_is_reported_at_each_read);
	tcase_add_test(tc, what_the_kernel_knows_better_is_passed_on);
	tcase_add_test(tc, a_range_with_holes);
	tcase_add_test(tc, all_containers_of_a_space_count);
	tcase_add_test(tc, what_children_write_counts);
	tcase_add_test(tc, what_was_written_is_kept_when_a_device_goes);
	tcase_add_test(tc, what_was_written_is_kept_when_a_device_is_moved);
	tcase_add_test(tc, an_unmap_reports_and_forgets);
	tcase_add_test(tc, kernels_with_large_pages);
	tcase_add_test(tc, recording_that_cannot_be_started);
	tcase_add_test(tc, mappings_that_are_too_large_to_record);
	tcase_add_test(tc, reads_that_fail);
	tcase_add_test(tc, a_record_that_cannot_be_kept);
	tcase_add_test(tc, an_unmap_that_cannot_tell);
	tcase_add_test(tc, a_stop_that_fails_is_logged);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
