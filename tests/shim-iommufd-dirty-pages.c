/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dirty tracking on iommufd where IOMMUs have large pages, of which the kernel knows whether they
 * were written as a whole.
 */
#include <string.h>

#include "shim_expect.h"
#include "shim_hwpt.h"
#include "shim_nested.h"
#include "util/alloc.h"

#define LARGE_PAGES (UINT64_C(3) << 34)	/* of 2 MiB and 1 GiB, in VT-d's capability register */

static struct ioasid_space *make_tracked(uint64_t flags)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;

	options.flags = IOASID_SPACE_DIRTY_TRACKING | flags;
	ck_ok(ioasid_space_create(ctx, &options, &space));
	return space;
}

static void setup(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	shim_reset();
	shim.hw_capabilities = 1;	/* _HW_CAP_DIRTY_TRACKING */
	shim.hw_data[1] = LARGE_PAGES;
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	iommu = shim_iommu_fd();
	memory = memory_new(MEMORY);
	root = make_tracked(0);
}

/* A device that has pages of that size, too. */
static void attach_and_start(uint64_t page, struct ioasid_space *space)
{
	shim.large_page = page;
	device = bind_device(0);
	ck_ok(ioasid_device_attach(device, space));
	ck_ok(ioasid_space_dirty_start(root));
	shim_forget();
}

/* The same, on the root with a mapping from @iova on. */
static void attach_with(uint64_t page, uint64_t iova, uint64_t length)
{
	ck_ok(ioasid_space_map(root, iova, (void *)0x7000000000, length, RW, NULL));
	attach_and_start(page, root);
}

static void write_page(uint64_t iova)
{
	ck_assert(shim_hwpt_write(shim_hwpt(0), iova));
}

/* Counts the pages that are reported of [@iova, @iova + @length). */
static unsigned int count_pages(uint64_t iova, uint64_t length, uint32_t flags)
{
	uint64_t *bits = calloc((size_t)(length / PAGE / 64 + 1), 8), i;
	unsigned int n = 0;

	ck_ok(ioasid_space_dirty_read(root, iova, length, PAGE, flags | IOASID_DIRTY_HOLES, bits));
	for (i = 0; i <= length / PAGE / 64; i++)
		n += (unsigned int)__builtin_popcountll(bits[i]);
	free(bits);
	return n;
}

/* The IOMMU has one bit for all of it: who asks for a part gets that, and the rest is kept. */
START_TEST(a_large_page_is_read_by_parts)
{
	attach_with(2 * MIB, GIB, 64 * MIB);
	write_page(GIB + 5 * MIB);
	ck_assert_uint_eq(count_pages(GIB + 4 * MIB, MIB, 0), 256);
	ck_assert_uint_eq(count_pages(GIB + 4 * MIB, MIB, 0), 0);
	ck_assert_uint_eq(count_pages(GIB + 5 * MIB, 3 * MIB, IOASID_DIRTY_PEEK), 256);
	ck_assert_uint_eq(count_pages(GIB + 5 * MIB, 3 * MIB, 0), 256);
	ck_assert_uint_eq(count_pages(GIB, 64 * MIB, 0), 0);
	/* in the midst of it, with bits that fit and others */
	write_page(GIB + 5 * MIB);
	ck_assert_uint_eq(count_pages(GIB + 4 * MIB + 3 * PAGE, 64 * PAGE, 0), 64);
	ck_assert_uint_eq(count_pages(GIB, 64 * MIB, 0), 512 - 64);
	/* to begin in one says nothing of the next */
	write_page(GIB + 6 * MIB);
	ck_assert_uint_eq(count_pages(GIB + 5 * MIB, 8 * MIB, IOASID_DIRTY_PEEK), 512);
	ck_assert_uint_eq(count_pages(GIB + 5 * MIB, 8 * MIB, 0), 512);
	/* anew is anew, for what is kept too */
	write_page(GIB);
	ck_assert_uint_eq(count_pages(GIB, PAGE, 0), 1);
	ck_ok(ioasid_space_dirty_start(root));
	ck_assert_uint_eq(count_pages(GIB, 64 * MIB, 0), 0);
}
END_TEST

/* Where the caller's bits do not begin with a word: no piece ends in the midst of a page. */
START_TEST(no_piece_cuts_a_large_page)
{
	attach_with(2 * MIB, GIB + MIB, 300 * MIB);
	write_page(GIB + 130 * MIB - PAGE);
	write_page(GIB + 258 * MIB);
	ck_assert_uint_eq(count_pages(GIB, 512 * MIB, IOASID_DIRTY_PEEK), 2 * 512);
	ck_assert_uint_eq(count_pages(GIB + PAGE, 512 * MIB, IOASID_DIRTY_PEEK), 2 * 512);
	ck_assert_uint_eq(count_pages(GIB + PAGE, 512 * MIB, 0), 2 * 512);
	ck_assert_uint_eq(count_pages(GIB + PAGE, 512 * MIB, 0), 0);
	/* the same when it is kept */
	write_page(GIB + 130 * MIB - PAGE);
	write_page(GIB + 258 * MIB);
	ck_ok(ioasid_device_detach(device));
	ck_assert_uint_eq(count_pages(GIB, 512 * MIB, 0), 2 * 512);
}
END_TEST

START_TEST(a_page_of_1_gib_is_read_by_parts)
{
	unsigned int i;

	attach_with(GIB, 4 * GIB, 2 * GIB);
	write_page(4 * GIB + 700 * MIB);
	ck_assert_uint_eq(count_pages(4 * GIB + 512 * MIB, GIB, IOASID_DIRTY_PEEK), 512 * 256);
	for (i = 0; i < 8; i++)
		ck_assert_uint_eq(count_pages(4 * GIB + i * 128 * MIB, 128 * MIB, 0), 128 * 256);
	ck_assert_uint_eq(count_pages(4 * GIB, 2 * GIB, 0), 0);
	write_page(5 * GIB);
	ck_ok(ioasid_device_detach(device));
	ck_assert_uint_eq(count_pages(4 * GIB, 2 * GIB, 0), 1024 * 256);
}
END_TEST

/* As an SMMUv3 has them, and AMD's in a kernel that does not tell who it is. */
START_TEST(other_IOMMUs_have_other_pages)
{
	static const struct { uint32_t type; uint64_t page; } cases[] = {
		{ 2, 32 * MIB }, { 2, GIB }, { 4, 64 * PAGE }, { 4, 2 * GIB }, { 0, 4 * GIB },
	};
	const uint64_t part = cases[_i].page / 4;

	shim.hw_type = cases[_i].type;
	attach_with(cases[_i].page, 8 * GIB, 4 * GIB);
	write_page(8 * GIB + 3 * part);
	ck_assert_uint_eq(count_pages(8 * GIB + part, part, 0), part / PAGE);
	ck_assert_uint_eq(count_pages(8 * GIB, 4 * GIB, 0), 3 * part / PAGE);
	ck_assert_uint_eq(count_pages(8 * GIB, 4 * GIB, 0), 0);
}
END_TEST

/* A child's large pages are at its addresses, which can be others than the root's. */
START_TEST(a_large_page_of_a_child_is_read_by_parts)
{
	struct ioasid_space *nested;

	ck_ok(ioasid_space_map(root, GIB, memory, MEMORY, RW, NULL));
	nested = make_space(ctx, root, 0);
	ck_ok(ioasid_space_map_parent(nested, 4 * MIB, GIB + MIB, 8 * MIB, RW, NULL));
	attach_and_start(2 * MIB, nested);
	write_page(6 * MIB);
	ck_assert_uint_eq(count_pages(GIB + 4 * MIB, 4 * MIB, 0), 256);
	ck_assert_uint_eq(count_pages(GIB + 4 * MIB, 4 * MIB, 0), 0);
	ck_assert_uint_eq(count_pages(GIB, MEMORY, 0), 256);
	ck_assert_uint_eq(count_pages(GIB, MEMORY, 0), 0);
}
END_TEST

/* Small pages and nothing else: there is nothing around what is asked for. */
START_TEST(a_space_with_small_pages_is_read_as_asked)
{
	uint64_t bitmap[1] = { 0 };

	root = make_tracked(IOASID_SPACE_SMALL_PAGES);
	attach_with(0, 0, MEMORY);
	ck_ok(ioasid_space_dirty_read(root, 0x40000, 0x40000, PAGE, 0, bitmap));
	expect(iommu, SHIM_GET_DIRTY, 48, shim_hwpt(0), 0, 0, U64(0x40000), U64(0x40000),
	       U64(PAGE), U64((uintptr_t)bitmap));
	expect_end();
}
END_TEST

/* For want of memory for more than was asked for, nothing is read. */
START_TEST(no_memory_for_the_whole_of_a_large_page)
{
	uint64_t bitmap[8] = { 0 };

	attach_with(2 * MIB, GIB, 64 * MIB);
	write_page(GIB);
	mem_fail_nth(1);
	ck_err(ioasid_space_dirty_read(root, GIB + MIB, 4 * MIB, 8 * PAGE, IOASID_DIRTY_PEEK,
				       bitmap), ENOMEM);
	ck_assert_uint_eq(mem_fail_nth(0), 0);
	said("no memory", "");
	expect_end();
	ck_assert_uint_eq(count_pages(GIB, 64 * MIB, 0), 512);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-dirty-pages");
	TCase *tc = tcase_create("large pages");

	tcase_add_checked_fixture(tc, setup, nested_teardown);
	tcase_add_test(tc, a_large_page_is_read_by_parts);
	tcase_add_test(tc, no_piece_cuts_a_large_page);
	tcase_add_test(tc, a_page_of_1_gib_is_read_by_parts);
	tcase_add_loop_test(tc, other_IOMMUs_have_other_pages, 0, 5);
	tcase_add_test(tc, a_large_page_of_a_child_is_read_by_parts);
	tcase_add_test(tc, a_space_with_small_pages_is_read_as_asked);
	tcase_add_test(tc, no_memory_for_the_whole_of_a_large_page);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
