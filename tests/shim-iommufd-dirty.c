/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dirty tracking on iommufd: page tables that are made for it, and what is asked of them. */
#include <string.h>
#include <sys/mman.h>

#include "shim_expect.h"
#include "shim_hwpt.h"
#include "shim_nested.h"
#include "util/alloc.h"

#define DIRTY 2		/* IOMMU_HWPT_ALLOC_DIRTY_TRACKING, and _HW_CAP_DIRTY_TRACKING is 1 */

static struct ioasid_device *other;
static uint64_t bitmap[4], big_bitmap[MEMORY / PAGE / 64];

static struct ioasid_space *make_tracked(void)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;

	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	ck_ok(ioasid_space_create(ctx, &options, &space));
	ck_ok(ioasid_space_map(space, 0, memory, MEMORY, RW, NULL));
	return space;
}

/* Objects: devices 1 and 2; the next are 3 and so on. */
static void setup(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	shim_reset();
	shim.hw_capabilities = 1;
	shim.hw_data[1] = 0;	/* VT-d without large pages */
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	device = bind_device(0);
	other = bind_device(1);
	memory = memory_new(MEMORY);
	root = make_tracked();
	memset(bitmap, 0, sizeof(bitmap));
	iommu = shim_iommu_fd();
	shim_forget();
}

static void attach_and_start(void)
{
	ck_ok(ioasid_device_attach(device, root));
	ck_ok(ioasid_space_dirty_start(root));
	shim_forget();
}

static void write_page(unsigned int i, uint64_t iova)
{
	ck_assert(shim_hwpt_write(shim_hwpt(i), iova));
}

/* The pages of [@iova, @iova + 64 pages) that are reported. */
static uint64_t pages(struct ioasid_space *space, uint64_t iova, uint32_t flags)
{
	uint64_t bits = 0;

	ck_ok(ioasid_space_dirty_read(space, iova, 64 * PAGE, PAGE, flags, &bits));
	return bits;
}

START_TEST(attach_makes_a_table_that_records)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	uint64_t at = (uintptr_t)bitmap, host = (uintptr_t)memory;

	ck_ok(ioasid_device_query_info(device, &info));
	ck_assert(info.dirty_tracking);
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_DIRTY_TRACKING));
	ck_ok(ioasid_device_attach(device, root));
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(iommu, SHIM_MAP, 40, 7, 3, 0, U64(host), U64(MEMORY), U64(0));
	expect(iommu, SHIM_HWPT_ALLOC, 24, DIRTY, 1, 3, 0, 0);
	expect(shim_device_fd(0), SHIM_ATTACH, 12, 0, 4);
	ck_ok(ioasid_space_dirty_start(root));
	expect(iommu, SHIM_SET_DIRTY, 16, 1, 4, 0);
	ck_ok(ioasid_space_dirty_read(root, 0x40000, 0x80000, 0x2000, 0, bitmap));
	expect(iommu, SHIM_GET_DIRTY, 48, 4, 0, 0, U64(0x40000), U64(0x80000), U64(0x2000),
	       U64(at));
	ck_ok(ioasid_space_dirty_read(root, 0, 0x40000, 0x1000, IOASID_DIRTY_PEEK, bitmap));
	expect(iommu, SHIM_GET_DIRTY, 48, 4, 1, 0, U64(0), U64(0x40000), U64(0x1000), U64(at));
	ck_ok(ioasid_space_dirty_stop(root));
	expect(iommu, SHIM_SET_DIRTY, 16, 0, 4, 0);
	ck_ok(ioasid_device_detach(device));
	expect(shim_device_fd(0), SHIM_DETACH, 8, 0);
	expect(iommu, SHIM_DESTROY, 8, 4);
	expect(iommu, SHIM_DESTROY, 8, 3);
	expect_end();
}
END_TEST

/* As on a CPU with such pages: the kernel reads whole ones of the IOMMU's, in bits of any size. */
START_TEST(pages_of_64_kib)
{
	struct ioasid_space *space = make_tracked(), *nested;
	uint64_t bits = 0;

	shim.smallest_page = 0x10000;
	device = bind_device(2);
	ck_ok(ioasid_space_unmap_all(space, NULL));
	ck_ok(ioasid_space_map(space, 0, memory + (-(uintptr_t)memory & 0xffff), 64 * PAGE, RW,
			       NULL));
	ck_ok(ioasid_device_attach(device, space));
	ck_ok(ioasid_space_dirty_start(space));
	write_page(2, 0x12000);
	ck_err(ioasid_space_dirty_read(space, 0x12000, 0x1000, PAGE, 0, &bits), EINVAL);
	said("65536", "");
	ck_err(ioasid_space_dirty_read(space, 0, 0x18000, PAGE, IOASID_DIRTY_HOLES, &bits), EINVAL);
	ck_assert_uint_eq(bits, 0);
	ck_assert_uint_eq(pages(space, 0, 0), 1u << 0x12);
	ck_assert_uint_eq(pages(space, 0, 0), 0);
	/* the same where only a space that is nested has such a device */
	nested = make_space(ctx, space, 0);
	ck_ok(ioasid_space_map_parent(nested, 0, 0, 64 * PAGE, RW, NULL));
	ck_ok(ioasid_device_replace(device, nested));
	write_page(2, 0x12000);
	ck_err(ioasid_space_dirty_read(space, 0x12000, 0x1000, PAGE, 0, &bits), EINVAL);
	ck_assert_uint_eq(pages(space, 0, 0), 1u << 0x12);
	ck_assert_uint_eq(pages(space, 0, 0), 0);
}
END_TEST

/* The kernel reads no range with a hole: one call for each piece, whatever it is mapped by. */
START_TEST(a_range_with_holes)
{
	const uint64_t more = MEMORY + 0x80000, start = MEMORY - 0x40000;

	ck_ok(ioasid_space_map(root, more, memory, 0x20000, RW, NULL));
	ck_ok(ioasid_space_map(root, more + 0x20000, memory, 0x20000, RW, NULL));
	attach_and_start();
	write_page(0, MEMORY - PAGE);
	write_page(0, more + 0x21000);
	ck_ok(ioasid_space_dirty_read(root, start, 0x100000, PAGE, IOASID_DIRTY_HOLES, bitmap));
	expect(iommu, SHIM_GET_DIRTY, 48, 4, 0, 0, U64(start), U64(0x40000), U64(PAGE),
	       U64((uintptr_t)bitmap));
	expect(iommu, SHIM_GET_DIRTY, 48, 4, 0, 0, U64(more), U64(0x40000), U64(PAGE),
	       U64((uintptr_t)(bitmap + 3)));
	expect_end();
	ck_assert_uint_eq(bitmap[0], UINT64_C(1) << 63);
	ck_assert_uint_eq(bitmap[1] | bitmap[2], 0);
	ck_assert_uint_eq(bitmap[3], UINT64_C(1) << 0x21);
	/* if the first cannot be had, the second is not asked for, and both count as written */
	fail_nth(1, ENOMEM);
	ck_err(ioasid_space_dirty_read(root, start, 0x100000, PAGE, IOASID_DIRTY_HOLES, bitmap),
	       ENOMEM);
	expect(iommu, SHIM_GET_DIRTY, 48, 4, 0, 0, U64(start), U64(0x40000), U64(PAGE),
	       U64((uintptr_t)bitmap));
	expect_end();
	memset(bitmap, 0, sizeof(bitmap));
	ck_ok(ioasid_space_dirty_read(root, start, 0x100000, PAGE, IOASID_DIRTY_HOLES, bitmap));
	ck_assert_uint_eq(bitmap[0], UINT64_MAX);
	ck_assert_uint_eq(bitmap[1] | bitmap[2], 0);
	ck_assert_uint_eq(bitmap[3], UINT64_MAX);
}
END_TEST

/* One table if the second IOMMU takes it, else a second. */
START_TEST(tables_are_shared_where_that_is_possible)
{
	attach_and_start();
	ck_ok(ioasid_device_attach(other, root));
	expect(shim_device_fd(1), SHIM_ATTACH, 12, 0, 4);
	ck_ok(ioasid_device_detach(other));
	expect(shim_device_fd(1), SHIM_DETACH, 8, 0);
	expect_end();
	shim.unlike = 2;
	ck_ok(ioasid_device_attach(other, root));
	expect(shim_device_fd(1), SHIM_ATTACH, 12, 0, 4);
	expect(iommu, SHIM_HWPT_ALLOC, 24, DIRTY, 2, 3, 0, 0);
	expect(iommu, SHIM_SET_DIRTY, 16, 1, 5, 0);	/* since it is on */
	expect(shim_device_fd(1), SHIM_ATTACH, 12, 0, 5);
	expect_end();
	write_page(0, 3 * PAGE);
	write_page(1, 3 * PAGE);
	write_page(1, 63 * PAGE);
	ck_assert_uint_eq(pages(root, 0, IOASID_DIRTY_PEEK), UINT64_C(1) << 63 | 8);
	ck_assert_uint_eq(pages(root, 0, 0), UINT64_C(1) << 63 | 8);
	ck_assert_uint_eq(pages(root, 0, 0), 0);
}
END_TEST

/* What a table knows outlives it, until it is read or recording stops. */
START_TEST(detach_loses_nothing)
{
	attach_and_start();
	write_page(0, 5 * PAGE);
	write_page(0, MEMORY - PAGE);
	ck_ok(ioasid_device_detach(device));
	ck_assert_uint_eq(shim_objects(), 2);
	ck_assert_uint_eq(pages(root, 0, IOASID_DIRTY_PEEK), 32);
	ck_ok(ioasid_device_attach(device, root));
	write_page(0, 6 * PAGE);
	ck_assert_uint_eq(pages(root, 0, 0), 96);
	ck_assert_uint_eq(pages(root, 0, 0), 0);
	ck_assert_uint_eq(pages(root, MEMORY - 64 * PAGE, 0), UINT64_C(1) << 63);
	write_page(0, 7 * PAGE);
	ck_ok(ioasid_device_detach(device));
	ck_ok(ioasid_space_dirty_start(root));
	ck_assert_uint_eq(pages(root, 0, 0), 0);
	ck_ok(ioasid_space_dirty_stop(root));
	ck_err(ioasid_space_dirty_read(root, 0, PAGE, PAGE, 0, bitmap), EINVAL);
}
END_TEST

/* A replace leaves the old table, with what it knows. */
START_TEST(replace_keeps_what_was_written)
{
	struct ioasid_space *plain = make_space(ctx, NULL, 0);

	attach_and_start();
	write_page(0, 9 * PAGE);
	ck_ok(ioasid_device_replace(device, plain));
	ck_assert_uint_eq(shim_hwpt(0), 0);
	ck_assert_uint_eq(pages(root, 0, 0), 512);
	ck_ok(ioasid_device_replace(device, root));
	ck_assert_uint_ne(shim_hwpt(0), 0);
	write_page(0, 9 * PAGE);
	ck_assert_uint_eq(pages(root, 0, 0), 512);
}
END_TEST

START_TEST(group_members_share_the_table)
{
	struct ioasid_device *a = bind_device(2), *b = bind_device(3);
	struct ioasid_space *plain = make_space(ctx, NULL, 0);

	ck_ok(ioasid_device_attach(a, root));
	ck_ok(ioasid_device_attach(b, root));
	ck_assert_uint_eq(shim_hwpt(2), shim_hwpt(3));
	ck_ok(ioasid_device_replace(b, plain));
	ck_assert_uint_eq(shim_hwpt(2), 0);
	ck_assert_uint_eq(shim_objects(), 5);	/* devices, and the IOAS of the plain one */
	ck_ok(ioasid_device_replace(a, root));
	ck_assert_uint_eq(shim_hwpt(2), shim_hwpt(3));
	ck_assert_uint_ne(shim_hwpt(2), 0);
	ck_ok(ioasid_device_detach(a));
	ck_ok(ioasid_device_unbind(b));
	ck_assert_uint_eq(shim_objects(), 3);
}
END_TEST

/* Unmapping reads each mapping first; those need not fit the size of a bit. */
START_TEST(unmap_reports_what_was_written)
{
	uint64_t unmapped, *bits;
	uint8_t *end;

	ck_ok(ioasid_space_map(root, 64 * MIB, memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(root, 64 * MIB + PAGE, memory, 3 * PAGE, RW, NULL));
	attach_and_start();
	write_page(0, 64 * MIB + 2 * PAGE);
	write_page(0, 64 * MIB);
	end = memory_new(2 * PAGE);	/* behind whose first page nothing is */
	ck_assert_int_eq(munmap(end + PAGE, PAGE), 0);
	bits = (uint64_t *)(end + PAGE) - 1;
	ck_ok(ioasid_space_unmap_dirty(root, 64 * MIB, 8 * PAGE, 2 * PAGE, bits, &unmapped));
	ck_assert_uint_eq(*bits, 3);
	munmap(end, PAGE);
	ck_assert_uint_eq(unmapped, 4 * PAGE);
	ck_ok(ioasid_space_map(root, 64 * MIB, memory, 64 * PAGE, RW, NULL));
	ck_assert_uint_eq(pages(root, 64 * MIB, 0), 0);
}
END_TEST

/* A child's IOAS records at its own addresses; what is asked for are those of the root. */
START_TEST(children_in_software_write_the_root)
{
	struct ioasid_inv *inv;

	child = make_space(ctx, root, 0);
	gt_init(&table, IOASID_PGTABLE_VTD_SS, 4, memory, 0, 0, TABLES);
	gt_map(&table, 0x40000000, DATA, 4 * PAGE, 1, RW);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	ck_ok(ioasid_device_attach(device, child));
	ck_ok(ioasid_device_attach(other, root));
	ck_ok(ioasid_space_dirty_start(root));
	ck_assert(shim_hwpt_tracks(shim_hwpt(0)));
	write_page(0, 0x40000000 + 2 * PAGE);
	write_page(1, DATA + PAGE);
	ck_assert_uint_eq(pages(root, DATA, IOASID_DIRTY_PEEK), 6);
	ck_assert_uint_eq(pages(root, DATA + 4 * PAGE, 0), 0); /* behind what the child has */
	/* what the guest takes out has been written all the same */
	gt_unmap(&table, 0x40000000, 4 * PAGE, 1);
	ck_ok(ioasid_inv_new(ctx, 1, &inv));
	ck_ok(ioasid_inv_add_all(inv, child, 0));
	ck_ok(ioasid_inv_submit(inv, NULL));
	ioasid_inv_free(inv);
	ck_assert_uint_eq(pages(root, DATA, IOASID_DIRTY_PEEK), 6);
	ck_assert_uint_eq(pages(root, 0, 0), 0);
	ck_assert_uint_eq(pages(root, DATA, 0), 6);
	ck_assert_uint_eq(pages(root, DATA, 0), 0);
	/* nothing below 0 of the root: the child's addresses are higher than the root's */
	gt_map(&table, 0x40000000, DATA, 4 * PAGE, 1, RW);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	write_page(0, 0x40000000 + 3 * PAGE);
	ck_ok(ioasid_device_detach(device));
	ck_assert_uint_eq(pages(root, DATA, 0), 8);
}
END_TEST

START_TEST(children_whose_addresses_are_lower)
{
	child = make_space(ctx, root, 0);
	ck_ok(ioasid_space_map_parent(child, 16 * PAGE, DATA, 4 * PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(device, child));
	ck_ok(ioasid_space_dirty_start(root));
	write_page(0, 17 * PAGE);
	write_page(0, 19 * PAGE);
	ck_assert_uint_eq(pages(root, DATA - 8 * PAGE, IOASID_DIRTY_PEEK), 1 << 9 | 1 << 11);
	ck_assert_uint_eq(pages(root, DATA + 3 * PAGE, 0), 1);
	ck_ok(ioasid_device_detach(device));
	ck_assert_uint_eq(pages(root, DATA, 0), 1 << 1);
}
END_TEST

START_TEST(devices_that_cannot_record)
{
	struct ioasid_space *plain = make_space(ctx, NULL, 0);
	struct ioasid_device *d;

	shim.hw_capabilities = 0;
	d = bind_device(2);
	shim_forget();
	ck_err(ioasid_device_attach(d, root), EOPNOTSUPP);
	said(shim.devices[2].name, "written pages");
	expect_end();
	ck_ok(ioasid_device_attach(d, plain));
	ck_err(ioasid_device_replace(d, root), EOPNOTSUPP);
}
END_TEST

/* Each command of an attach while recording is on: IOAS, MAP, HWPT, SET_DIRTY, ATTACH. */
START_TEST(attach_that_fails)
{
	static const struct { unsigned int nth; int error, result; const char *text; } cases[] = {
		{ 3, ENOMEM, ENOMEM, "page table" }, { 3, EOPNOTSUPP, EOPNOTSUPP, "asks for" },
		{ 3, EFAULT, EFAULT, "locked" },     { 3, EADDRINUSE, EADDRINUSE, "aligned" },
		{ 3, EINVAL, EINVAL, "refused" },    { 4, ENOMEM, ENOMEM, "record" },
		{ 4, EIO, EOPNOTSUPP, "record" },    { 5, ENOMEM, ENOMEM, "attaching" },
		{ 5, EINVAL, EINVAL, "cannot" },     { 5, EBUSY, EBUSY, "group 1" },
	};
	size_t i;

	ck_ok(ioasid_space_dirty_start(root));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		shim_forget();
		fail_nth(cases[i].nth, cases[i].error);
		ck_err(ioasid_device_attach(device, root), cases[i].result);
		said(cases[i].text, "");
		ck_assert_ptr_null(ioasid_device_get_space(device));
		ck_assert_uint_eq(shim_objects(), 2);
	}
	shim_forget();
	ck_ok(ioasid_device_attach(device, root));
	ck_assert_uint_eq(shim.n_calls, 5);
}
END_TEST

/* With two tables, the second of which fails. */
START_TEST(start_that_fails)
{
	shim.unlike = 2;
	ck_ok(ioasid_device_attach(device, root));
	ck_ok(ioasid_device_attach(other, root));
	fail_nth(2, ENOMEM);
	ck_err(ioasid_space_dirty_start(root), ENOMEM);
	ck_assert(!shim_hwpt_tracks(shim_hwpt(0)) && !shim_hwpt_tracks(shim_hwpt(1)));
	ck_err(ioasid_space_dirty_read(root, 0, PAGE, PAGE, 0, bitmap), EINVAL);
	fail_nth(1, EINVAL);
	ck_err(ioasid_space_dirty_start(root), EOPNOTSUPP);
	ck_ok(ioasid_space_dirty_start(root));
	/* anew, and one has forgotten already: so all is reported */
	write_page(0, 0);
	write_page(1, PAGE);
	fail_nth(2, ENOMEM);
	ck_err(ioasid_space_dirty_start(root), ENOMEM);
	ck_assert_uint_eq(pages(root, 0, 0), UINT64_MAX);
	ck_ok(ioasid_space_dirty_start(root));
	ck_assert_uint_eq(pages(root, 0, 0), 0);
	/* to stop does not fail */
	fail_nth(1, EIO);
	ck_ok(ioasid_space_dirty_stop(root));
}
END_TEST

/* Nobody can tell what was written: each page that is asked for counts, and none beside. */
START_TEST(all_of_a_range_counts_as_written)
{
	static const unsigned int lengths[] = { 1, 2, 63, 64, 65, 128, 130 };
	unsigned int i, k;

	attach_and_start();
	fail_nth(1, ENOMEM);
	ck_err(ioasid_space_dirty_read(root, 0, PAGE, PAGE, 0, bitmap), ENOMEM);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(bitmap, 0, sizeof(bitmap));
		ck_ok(ioasid_space_dirty_read(root, 5 * PAGE, lengths[i] * PAGE, PAGE,
					      IOASID_DIRTY_PEEK, bitmap));
		for (k = 0; k < 256; k++)
			ck_assert_msg((bitmap[k / 64] >> k % 64 & 1) == (k < lengths[i]),
				      "page %u of %u", k, lengths[i]);
	}
}
END_TEST

START_TEST(read_that_fails)
{
	shim.unlike = 2;
	attach_and_start();
	ck_ok(ioasid_device_attach(other, root));
	write_page(0, 2 * PAGE);
	fail_nth(1, ENOMEM);
	ck_err(ioasid_space_dirty_read(root, 0, 64 * PAGE, PAGE, IOASID_DIRTY_PEEK, bitmap),
	       ENOMEM);
	ck_assert_uint_eq(bitmap[0], 0);
	ck_assert_uint_eq(pages(root, 0, IOASID_DIRTY_PEEK), 4);
	fail_nth(1, EIO);
	ck_err(ioasid_space_dirty_read(root, 0, 64 * PAGE, PAGE, IOASID_DIRTY_PEEK, bitmap),
	       EOPNOTSUPP);
	/* one has forgotten, the other has failed */
	write_page(1, 3 * PAGE);
	fail_nth(2, ENOMEM);
	ck_err(ioasid_space_dirty_read(root, 0, 64 * PAGE, PAGE, 0, bitmap), ENOMEM);
	ck_assert_uint_eq(pages(root, 0, 0) & 0xc, 0xc);
	/* a table that goes without telling */
	ck_ok(ioasid_space_dirty_start(root));
	write_page(0, 2 * PAGE);
	fail_nth(2, ENOMEM);
	ck_ok(ioasid_device_detach(device));
	ck_assert_uint_eq(pages(root, 0, 0) & 4, 4);
}
END_TEST

/* In one piece, and in pieces of which bits have not the size. */
START_TEST(unmap_that_cannot_read)
{
	static const struct { uint64_t iova, length; } ranges[] = {
		{ 0, MEMORY }, { 64 * MIB, 4 * PAGE },
	};
	unsigned int i;

	ck_ok(ioasid_space_map(root, 64 * MIB, memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(root, 64 * MIB + PAGE, memory, 3 * PAGE, RW, NULL));
	attach_and_start();
	for (i = 0; i < 2; i++) {
		fail_nth(1, ENOMEM);
		ck_err(ioasid_space_unmap_dirty(root, ranges[i].iova, ranges[i].length,
						2 * PAGE, big_bitmap, NULL), ENOMEM);
		ck_assert_ptr_nonnull(ioasid_space_find_mapping(root, ranges[i].iova, PAGE));
		ck_ok(ioasid_space_unmap_dirty(root, ranges[i].iova, ranges[i].length, 2 * PAGE,
					       big_bitmap, NULL));
	}
}
END_TEST

/* Of a table, and of the record of one that goes: then nothing is left out. */
START_TEST(allocations_that_fail)
{
	unsigned long nth, left = 0;
	size_t blocks = 0;
	int ret;

	for (nth = 1; !left; nth++) {
		ck_ok(ioasid_space_dirty_start(root));
		mem_fail_nth(nth);
		while ((ret = ioasid_device_attach(device, root)))
			ck_assert_int_eq(ret, -ENOMEM);
		write_page(0, 3 * PAGE);
		ck_ok(ioasid_device_detach(device));
		left = mem_fail_nth(0);
		ck_assert_uint_eq(pages(root, 0, 0) & 8, 8);
		ck_ok(ioasid_space_dirty_stop(root));
		ck_assert_uint_eq(shim_objects(), 2);
		if (nth > 1)
			ck_assert_uint_eq(mem_live_blocks(), blocks);
		blocks = mem_live_blocks();
		shim_forget();
	}
	ck_assert_uint_ge(nth, 4);
}
END_TEST

/* What a table has recorded is kept when it goes, in as many steps as it takes. */
START_TEST(more_is_kept_than_one_step_reads)
{
	const uint64_t last = GIB + 512 * MIB - PAGE;

	ck_ok(ioasid_space_map(root, GIB, (void *)0x7000000000, 512 * MIB, RW, NULL));
	attach_and_start();
	write_page(0, GIB);
	write_page(0, GIB + 128 * MIB - PAGE);
	write_page(0, GIB + 128 * MIB);
	write_page(0, last);
	ck_ok(ioasid_device_detach(device));
	ck_assert_uint_eq(pages(root, GIB, 0), 1);
	ck_assert_uint_eq(pages(root, GIB + 128 * MIB - PAGE, 0), 3);
	ck_assert_uint_eq(pages(root, GIB + 256 * MIB, 0), 0);
	ck_assert_uint_eq(pages(root, last - 63 * PAGE, 0), UINT64_C(1) << 63);
}
END_TEST

/*
 * Two pages a bit, from an odd one on: the kernel cannot put its bits where the caller wants them.
 */
START_TEST(long_mappings_that_do_not_fit_are_read_in_steps)
{
	uint64_t *bits = calloc(1024, 8), unmapped;

	ck_ok(ioasid_space_map(root, GIB + PAGE, (void *)0x7000001000, 256 * MIB, RW, NULL));
	attach_and_start();
	write_page(0, GIB + PAGE);
	write_page(0, GIB + 128 * MIB + 2 * PAGE);
	write_page(0, GIB + 256 * MIB);
	ck_ok(ioasid_space_unmap_dirty(root, GIB, 512 * MIB, 2 * PAGE, bits, &unmapped));
	ck_assert_uint_eq(unmapped, 256 * MIB);
	ck_assert_uint_eq(bits[0], 1);
	ck_assert_uint_eq(bits[256], 1 << 1);
	ck_assert_uint_eq(bits[512], 1);
	free(bits);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-dirty");
	TCase *tc = tcase_create("calls"), *errors = tcase_create("errors");

	tcase_add_checked_fixture(tc, setup, nested_teardown);
	tcase_add_test(tc, attach_makes_a_table_that_records);
	tcase_add_test(tc, long_mappings_that_do_not_fit_are_read_in_steps);
	tcase_add_test(tc, pages_of_64_kib);
	tcase_add_test(tc, a_range_with_holes);
	tcase_add_test(tc, tables_are_shared_where_that_is_possible);
	tcase_add_test(tc, detach_loses_nothing);
	tcase_add_test(tc, replace_keeps_what_was_written);
	tcase_add_test(tc, group_members_share_the_table);
	tcase_add_test(tc, unmap_reports_what_was_written);
	tcase_add_test(tc, children_in_software_write_the_root);
	tcase_add_test(tc, children_whose_addresses_are_lower);
	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(errors, setup, nested_teardown);
	tcase_add_test(errors, devices_that_cannot_record);
	tcase_add_test(errors, attach_that_fails);
	tcase_add_test(errors, start_that_fails);
	tcase_add_test(errors, all_of_a_range_counts_as_written);
	tcase_add_test(errors, read_that_fails);
	tcase_add_test(errors, unmap_that_cannot_read);
	tcase_add_test(errors, more_is_kept_than_one_step_reads);
	tcase_add_test(errors, allocations_that_fail);
	suite_add_tcase(suite, errors);
	return run_suite(suite);
}
