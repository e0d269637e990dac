/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nesting in hardware on iommufd: page tables on page tables, and arrays of invalidations. */
#include <errno.h>
#include <string.h>

#include "shim_expect.h"
#include "shim_hwnest.h"
#include "shim_hwpt.h"
#include "shim_version.h"

START_TEST(info_says_what_the_driver_and_registers_do)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_device *d;

	ck_ok(ioasid_device_query_info(device, &info));
	ck_assert(info.nesting_hardware && info.nesting_software);
	ck_assert_uint_eq(info.hardware_formats, 1u << IOASID_PGTABLE_VTD_FS);
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_NESTING_HARDWARE));
	shim.hw_data[2] = 0;
	d = bind_device(2);
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert(info.nesting_hardware);
	ck_assert_uint_eq(info.hardware_formats, 0);
	shim.version = LINUX(6, 6);	/* what was answered is kept */
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_NESTING_HARDWARE));
	shim.version = LINUX(7, 3);
	shim.nests = false;
	d = bind_device(3);
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert(!info.nesting_hardware);
	ck_ok(bind_fs(child, 0x5000, 0));
	shim_forget();
	ck_err(ioasid_device_attach(d, child), EOPNOTSUPP);
	said("does not nest in hardware", "");
	expect_end();
}
END_TEST

/* The parent that is nested on is made first, then what is bound. */
START_TEST(attach_makes_two_tables)
{
	ck_ok(bind_fs(child, 0x123000, IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_WRITE_PROTECT));
	expect_end();
	ck_ok(ioasid_device_attach(device, child));
	expect(iommu, SHIM_HWPT_ALLOC, 24, NEST, 1, 3, 0, 0);
	ck_assert_uint_eq(shim.calls[1].words[6], VTD_S1);
	expect(iommu, SHIM_HWPT_ALLOC, 40, 0, 1, 4, 0, 0, VTD_S1, 24, shim.calls[1].words[8],
	       shim.calls[1].words[9]);
	expect(shim_device_fd(0), SHIM_ATTACH, 12, 0, 5);
	is_bound(0, 0x123000, 5);	/* SRE and WPE */
	/* another takes the same */
	ck_ok(ioasid_device_attach(other, child));
	expect(shim_device_fd(1), SHIM_ATTACH, 12, 0, 5);
	ck_ok(ioasid_device_detach(device));
	expect(shim_device_fd(0), SHIM_DETACH, 8, 0);
	ck_ok(ioasid_device_detach(other));
	expect(shim_device_fd(1), SHIM_DETACH, 8, 0);
	expect(iommu, SHIM_DESTROY, 8, 5);
	expect(iommu, SHIM_DESTROY, 8, 4);
	expect_end();
}
END_TEST

/* EAFE is the guest's to enable, too, in its PASID table (VT-d 9.6). */
START_TEST(extended_accessed_flags_are_asked_for)
{
	ck_ok(bind_fs(child, 0x123000, IOASID_PGTABLE_SET_EXTENDED));
	ck_ok(ioasid_device_attach(device, child));
	is_bound(0, 0x123000, 2);
}
END_TEST

/*
 * Linux's own tables of VT-d are of the first stage where there is one, 0 to 2^47 - 1 with four
 * levels (pt_top_range() of PT_FEAT_SIGN_EXTEND), and narrower with a smaller MGAW. What a guest's
 * table takes is for its driver to judge.
 */
START_TEST(apertures_of_the_first_stage)
{
	static const unsigned int widths[] = { 47, 45 };
	struct ioasid_device *d;
	unsigned int i;

	ck_ok(bind_fs(child, 0x5000, 0));
	for (i = 0; i < 2; i++) {
		shim.aperture_last = (UINT64_C(1) << widths[i]) - 1;
		d = bind_device(2 + i);
		ck_ok(ioasid_device_attach(d, child));
		is_bound(2 + i, 0x5000, 0);
	}
}
END_TEST

/*
 * Linux, find_hwpt_paging(): the ranges of a device are kept free in what its table is nested on.
 */
START_TEST(reserved_is_what_the_parent_cannot_map)
{
	struct ioasid_range range;

	ck_ok(bind_fs(child, 0x5000, 0));
	ck_ok(ioasid_space_map(root, 0xfee00000, memory, PAGE, RW, NULL));
	ck_err(ioasid_device_attach(device, child), EADDRINUSE);
	said("space 1 has a mapping", "0xfee00000-0xfeefffff is reserved for 0000:00:02.0");
	ck_assert_uint_eq(ioasid_space_query_reserved(root, NULL, 0), 1);
	ck_ok(ioasid_space_unmap(root, 0xfee00000, PAGE, NULL));
	ck_ok(ioasid_device_attach(device, child));
	ck_assert_uint_eq(ioasid_space_query_reserved(root, &range, 1), 2);
	ck_assert_uint_eq(range.start, 0xfee00000);
	ck_err(ioasid_space_map(root, 0xfee00000, memory, PAGE, RW, NULL), EINVAL);
	said("reserved for 0000:00:02.0", "0xfee00000-0xfeefffff");
	ck_ok(ioasid_device_detach(device));
	ck_ok(ioasid_space_map(root, 0xfee00000, memory, PAGE, RW, NULL));
	ck_assert_uint_eq(ioasid_space_query_reserved(root, NULL, 0), 1);
	ck_assert_uint_eq(ioasid_space_query_reserved(child, NULL, 0), 1);
}
END_TEST

/* The kernel has drivers forget what goes: a large mapping, too, is its affair alone. */
START_TEST(what_the_parent_loses_is_the_kernels_affair)
{
	const uint64_t length = 64 * MIB;
	uint8_t *large = memory_new(length);

	attach_bound();
	ck_ok(ioasid_space_map(root, 0x40000000, large, length, RW, NULL));
	shim_forget();
	ck_ok(ioasid_space_unmap(root, 0x40000000, length, NULL));
	expect(iommu, SHIM_UNMAP, 24, 3, U64(0x40000000), U64(length));
	expect_end();
	memory_free(large, length);
}
END_TEST

START_TEST(to_bind_again_is_a_replace)
{
	attach_bound();
	ck_ok(bind_fs(child, 0x6000, 0));
	expect(iommu, SHIM_HWPT_ALLOC, 40, 0, 1, 4, 0, 0, VTD_S1, 24, shim.calls[0].words[8],
	       shim.calls[0].words[9]);
	expect(shim_device_fd(0), SHIM_ATTACH, 12, 0, 6);
	expect(iommu, SHIM_DESTROY, 8, 5);
	expect_end();
	is_bound(0, 0x6000, 0);
	ck_ok(ioasid_space_unbind_pgtable(child));
	expect(shim_device_fd(0), SHIM_DETACH, 8, 0);
	expect(iommu, SHIM_DESTROY, 8, 6);
	expect(iommu, SHIM_DESTROY, 8, 4);
	expect_end();
	ck_assert_ptr_eq(ioasid_device_get_space(device), child);
	ck_ok(bind_fs(child, 0x7000, 0));
	is_bound(0, 0x7000, 0);
}
END_TEST

/* A space where nothing is bound blocks, whichever way a device comes there. */
START_TEST(unbound_is_blocked)
{
	struct ioasid_space *plain = make_space(ctx, NULL, 0);

	ck_ok(ioasid_device_attach(device, child));
	expect_end();
	ck_ok(ioasid_device_replace(device, plain));
	ck_assert_uint_ne(shim_attached(0), 0);
	ck_ok(ioasid_device_replace(device, child));
	ck_assert_uint_eq(shim_attached(0), 0);
	ck_ok(bind_fs(child, 0x5000, 0));
	is_bound(0, 0x5000, 0);
	ck_ok(ioasid_device_replace(device, plain));
	ck_assert_uint_eq(shim_hwpt(0), 0);
	ck_assert_uint_eq(shim_objects(), 4);	/* devices, and two IOASes */
	ck_ok(ioasid_device_replace(device, child));
	is_bound(0, 0x5000, 0);
	ck_ok(ioasid_space_unbind_pgtable(child));
	ck_ok(ioasid_device_detach(device));
	ck_assert_uint_eq(shim_objects(), 3);
}
END_TEST

/* What the root has for other devices is no parent. */
START_TEST(beside_tables_of_the_root)
{
	struct ioasid_device *d;

	shim.pasid_bits = 20;
	d = bind_device(2);
	ck_ok(ioasid_device_attach_pasid(d, 5, root));
	ck_ok(bind_fs(child, 0x5000, 0));
	shim_forget();
	ck_ok(ioasid_device_attach(device, child));
	ck_assert_uint_eq(shim.n_calls, 3);
	ck_assert_uint_eq(shim.calls[0].command, SHIM_HWPT_ALLOC);
	ck_assert_uint_eq(shim.calls[0].words[1], NEST);
	ck_assert_uint_eq(shim.calls[1].command, SHIM_HWPT_ALLOC);
	ck_assert_uint_eq(shim.calls[1].words[3], 6);	/* and the PASID's is 5 */
	ck_assert_uint_eq(shim.calls[2].command, SHIM_ATTACH);
	is_bound(0, 0x5000, 0);
}
END_TEST

/* IOMMUs that are not alike have tables of their own, at both levels. */
START_TEST(unlike_iommus_have_their_own)
{
	shim.unlike = 3;
	attach_bound();
	ck_ok(ioasid_device_attach(other, child));
	ck_assert_uint_eq(shim_objects(), 7);
	is_bound(0, 0x5000, 0);
	is_bound(1, 0x5000, 0);
	ck_assert_uint_ne(shim_hwpt(0), shim_hwpt(1));
	ck_ok(bind_fs(child, 0x6000, 0));
	is_bound(0, 0x6000, 0);
	is_bound(1, 0x6000, 0);
	ck_assert_uint_eq(shim_objects(), 7);
	/* an invalidation is for both */
	shim_forget();
	ck_ok(ioasid_inv_add_all(inv, child, 0));
	ck_ok(ioasid_inv_submit(inv, NULL));
	ck_assert_uint_eq(shim.n_calls, 2);
	ck_ok(ioasid_device_detach(other));
	ck_assert_uint_eq(shim_objects(), 5);
}
END_TEST

START_TEST(groups_move_as_one)
{
	struct ioasid_device *a = bind_device(2), *b = bind_device(3);

	ck_ok(bind_fs(child, 0x5000, 0));
	ck_ok(ioasid_device_attach(a, child));
	ck_ok(ioasid_device_attach(b, child));
	ck_assert_uint_eq(shim_hwpt(2), shim_hwpt(3));
	shim_forget();
	ck_ok(bind_fs(child, 0x6000, 0));
	ck_assert_uint_eq(shim.n_calls, 3);
	is_bound(2, 0x6000, 0);
	is_bound(3, 0x6000, 0);
	ck_ok(ioasid_space_unbind_pgtable(child));
	ck_assert_uint_eq(shim_attached(2) | shim_attached(3), 0);
	ck_ok(ioasid_device_unbind(a));
	ck_ok(ioasid_device_unbind(b));
	ck_assert_uint_eq(shim_objects(), 3);
}
END_TEST

/* The kernel has none of them attached, and each has to be, so that it stays when others go. */
START_TEST(groups_that_were_blocked_move_as_one)
{
	struct ioasid_space *one = make_space(ctx, NULL, 0), *two = make_space(ctx, NULL, 0);
	struct ioasid_device *a = bind_device(2), *b = bind_device(3);
	uint32_t id = 0;

	ck_ok(ioasid_device_attach(a, child));
	ck_ok(ioasid_device_attach(b, child));
	ck_assert_uint_eq(shim_attached(2) | shim_attached(3), 0);
	ck_ok(ioasid_device_replace(a, one));
	ck_ok(ioasid_space_get_kernel_id(one, &id));
	ck_assert_uint_eq(shim_attached(2), id);
	ck_assert_uint_eq(shim_attached(3), id);
	ck_ok(ioasid_device_replace(b, two));
	ck_ok(ioasid_space_get_kernel_id(two, &id));
	ck_assert_uint_eq(shim_attached(2), id);
	ck_assert_uint_eq(shim_attached(3), id);
	ck_ok(ioasid_space_destroy(one));
	ck_ok(ioasid_device_detach(a));
	ck_assert_uint_eq(shim_attached(3), id);
	ck_ok(ioasid_device_unbind(a));
	ck_ok(ioasid_device_unbind(b));
	ck_assert_uint_eq(shim_objects(), 3);
}
END_TEST

START_TEST(groups_that_were_blocked_move_or_stay)
{
	struct ioasid_space *plain = make_space(ctx, NULL, 0);
	struct ioasid_device *a = bind_device(2), *b = bind_device(3);
	unsigned int objects = shim_objects();

	ck_ok(ioasid_device_attach(a, child));
	ck_ok(ioasid_device_attach(b, child));
	fail_nth(3, ENOMEM);	/* a table, one device, and the other */
	ck_err(ioasid_device_replace(a, plain), ENOMEM);
	ck_assert_ptr_eq(ioasid_device_get_space(a), child);
	ck_assert_ptr_eq(ioasid_device_get_space(b), child);
	ck_assert_uint_eq(shim_attached(2) | shim_attached(3), 0);
	ck_assert_uint_eq(shim_objects(), objects);
	ck_ok(ioasid_device_replace(b, plain));
	ck_assert_uint_eq(shim_attached(2), shim_attached(3));
	ck_assert_uint_ne(shim_attached(2), 0);
}
END_TEST

/* A page table of an IOMMU's is no address space of the kernel's. */
START_TEST(no_kernel_id)
{
	uint32_t id = 77;

	ck_err(ioasid_space_get_kernel_id(child, &id), ENOENT);
	attach_bound();
	ck_err(ioasid_space_get_kernel_id(child, &id), ENOENT);
	ck_assert_uint_eq(id, 77);
	ck_ok(ioasid_space_get_kernel_id(root, &id));
	ck_assert_uint_eq(id, 3);
}
END_TEST

/* The root, which the IOMMU walks below each of them, keeps to its pages. */
START_TEST(pages_of_64_kib_stay_when_devices_move)
{
	struct ioasid_space *second = make_nested();
	struct ioasid_device *d;

	ck_ok(ioasid_space_unmap_all(root, NULL));
	ck_ok(bind_fs(child, 0x5000, 0));
	ck_ok(bind_fs(second, 0x6000, 0));
	shim.smallest_page = 0x10000;
	d = bind_device(2);
	ck_ok(ioasid_device_attach(d, child));
	ck_assert_uint_eq(space_info(root).iova_alignment, 0x10000);
	ck_ok(ioasid_device_replace(d, second));
	ck_assert_uint_eq(space_info(root).iova_alignment, 0x10000);
	ck_assert_uint_eq(space_info(second).iova_alignment, 0x10000);
	ck_assert_uint_eq(space_info(child).iova_alignment, PAGE);
	ck_err(ioasid_space_map(root, PAGE, memory, PAGE, RW, NULL), EINVAL);
	said("65536", "");
	fail_nth(1, ENOMEM);
	ck_err(ioasid_device_replace(d, child), ENOMEM);
	ck_assert_uint_eq(space_info(root).iova_alignment, 0x10000);
	ck_assert_uint_eq(space_info(child).iova_alignment, PAGE);
	ck_ok(ioasid_device_replace(d, root));
	ck_assert_uint_eq(space_info(root).iova_alignment, 0x10000);
	ck_ok(ioasid_device_replace(d, child));
	ck_assert_uint_eq(space_info(root).iova_alignment, 0x10000);
	ck_ok(ioasid_device_detach(d));
	ck_assert_uint_eq(space_info(root).iova_alignment, PAGE);
}
END_TEST

/* A guest's page table for a PASID, beside its own for requests without one. */
START_TEST(tables_for_pasids)
{
	struct ioasid_space *second = make_nested();
	struct ioasid_device *d;
	uint32_t first;

	shim.pasid_bits = 20;
	d = bind_device(2);
	ck_ok(bind_fs(child, 0x5000, 0));
	ck_ok(bind_fs(second, 0x6000, 0));
	ck_ok(ioasid_device_attach(d, child));
	first = shim_hwpt(2);
	ck_assert(!shim_hwpt_has_pasids(first));
	shim_forget();
	/* what is there moves to a table that was made for PASIDs, and then comes the PASID's */
	ck_ok(ioasid_device_attach_pasid(d, 5, second));
	ck_assert_uint_eq(shim.calls[0].command, SHIM_HWPT_ALLOC);
	ck_assert_uint_eq(shim.calls[0].words[1], 8);
	ck_assert_uint_eq(shim.calls[1].command, SHIM_ATTACH);
	ck_assert_uint_eq(shim.calls[1].words[1], 0);
	ck_assert_uint_eq(shim.calls[2].command, SHIM_DESTROY);
	ck_assert_uint_eq(shim.calls[2].words[1], first);
	ck_assert_uint_eq(shim.calls[3].command, SHIM_HWPT_ALLOC);
	ck_assert_uint_eq(shim.calls[3].words[1], 8);
	ck_assert_uint_eq(shim.calls[4].command, SHIM_ATTACH);
	ck_assert_uint_eq(shim.calls[4].words[3], 5);
	ck_assert_uint_eq(shim.n_calls, 5);
	is_bound(2, 0x5000, 0);
	first = shim.calls[4].words[2];
	shim_forget();
	ck_ok(bind_fs(second, 0x7000, 0));
	ck_assert_uint_eq(shim.calls[1].words[3], 5);
	ck_assert_uint_ne(shim.calls[1].words[2], first);
	ck_ok(ioasid_inv_add_pasid(inv, d, 5, 0));
	ck_ok(ioasid_inv_submit(inv, NULL));
	ck_ok(ioasid_space_unbind_pgtable(second));
	ck_ok(ioasid_device_unbind(d));
	ck_assert_uint_eq(shim_objects(), 3);
}
END_TEST

START_TEST(page_sizes_are_those_of_the_tables)
{
	static const struct { uint32_t type; uint64_t smallest, sizes; } cases[] = {
		{ 1, 0x1000, 0x40201000 }, { 2, 0x1000, 0x40201000 }, { 2, 0x10000, 0x20010000 },
		{ 2, 0x4000, 0x4000 }, { 4, 0x1000, 0x40201000 }, { 0xfeed, 0x1000, 0x1000 },
	};
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_device *d;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		shim.hw_type = cases[i].type;
		shim.smallest_page = cases[i].smallest;
		d = bind_device(2);
		ck_ok(ioasid_device_query_info(d, &info));
		ck_assert_uint_eq(info.page_sizes, cases[i].sizes);
		ck_ok(ioasid_device_unbind(d));
	}
}
END_TEST

/* In order, in one array; ranges are not merged. */
START_TEST(a_batch_is_one_array)
{
	const struct s1_inv expected[] = {
		{ 0x9000, 1, 0, 0 }, { 0x4000, 2, 1, 0 }, { 0, UINT64_MAX, 0, 0 },
	};
	uint32_t id;
	size_t n;

	attach_bound();
	id = shim_hwpt(0);
	ck_ok(ioasid_inv_add_range(inv, child, 0x9000, 1, 0));
	ck_ok(ioasid_inv_add_range(inv, child, 0x4800, 0x1000, IOASID_INV_LEAF_ONLY));
	ck_ok(ioasid_inv_add_all(inv, child, 0));
	ck_ok(ioasid_inv_submit(inv, &n));
	ck_assert_uint_eq(n, 3);
	expect(iommu, SHIM_INVALIDATE, 32, id, shim.calls[0].words[2], shim.calls[0].words[3], 0,
	       24, 3, 0);
	expect_end();
	ck_assert(!memcmp(shim_hwpt_entries(id), expected, sizeof(expected)));
	/* by device, and by what it uses for requests without PASID */
	ioasid_inv_reset(inv);
	ck_ok(ioasid_inv_add_device(inv, device, 0));
	ck_ok(ioasid_inv_add_pasid(inv, device, IOASID_NO_PASID, 0));
	ck_ok(ioasid_inv_submit(inv, &n));
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(shim.n_calls, 1);
	ck_assert_uint_eq(shim.calls[0].words[6], 2);
	/* nobody has it: nothing to do */
	ck_ok(ioasid_device_detach(device));
	ioasid_inv_reset(inv);
	ck_ok(ioasid_inv_add_all(inv, child, 0));
	shim_forget();
	ck_ok(ioasid_inv_submit(inv, &n));
	ck_assert_uint_eq(n, 1);
	expect_end();
}
END_TEST

/*
 * VT-d's driver asks for blocks of 2^n pages, aligned to their size. Before Linux 6.11 it makes one
 * of as many pages as a range has, which ends before the range does if that is not aligned
 * (qi_flush_piotlb()).
 */
START_TEST(a_range_is_rounded_out_to_an_aligned_block)
{
	static const struct { uint64_t start, length; struct s1_inv expected; } cases[] = {
		{ 0x3000, 0x1000, { 0x3000, 1, 0, 0 } },
		{ 0x3000, 0x2000, { 0, 8, 0, 0 } },
		{ 0x5000, 0x3000, { 0x4000, 4, 0, 0 } },
		{ 0x4000, 0x3000, { 0x4000, 4, 0, 0 } },
		{ 0x3fffff000, 0x2000, { 0, UINT64_C(1) << 23, 0, 0 } },
		{ UINT64_MAX - 0x1fff, 0x2000, { UINT64_MAX - 0x1fff, 2, 0, 0 } },
		{ 0x1000, UINT64_MAX - 0xfff, { 0, UINT64_MAX, 0, 0 } },
	};
	size_t i, n;

	attach_bound();
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ioasid_inv_reset(inv);
		ck_ok(ioasid_inv_add_range(inv, child, cases[i].start, cases[i].length, 0));
		ck_ok(ioasid_inv_submit(inv, &n));
		ck_assert_msg(!memcmp(shim_hwpt_entries(shim_hwpt(0)), &cases[i].expected,
				      sizeof(cases[i].expected)), "case %zu", i);
	}
}
END_TEST

/* The driver stops at an entry: those of other spaces behind it are not carried out either. */
START_TEST(a_refused_entry_ends_the_batch)
{
	struct ioasid_space *second = make_nested();
	size_t n = 77;

	attach_bound();
	ck_ok(bind_fs(second, 0x8000, 0));
	ck_ok(ioasid_device_attach(other, second));
	ck_ok(ioasid_inv_add_range(inv, child, 0x1000, 1, 0));
	ck_ok(ioasid_inv_add_range(inv, second, 0x2000, 1, 0));
	ck_ok(ioasid_inv_add_range(inv, child, 0x3000, 1, 0));
	ck_ok(ioasid_inv_add_range(inv, second, 0x4000, 1, 0));
	shim_forget();
	shim.inv_bad = 2;	/* of the first array: entry 2 of the batch */
	ck_err(ioasid_inv_submit(inv, &n), EINVAL);
	said("entry 2", "space 2");
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(shim.n_calls, 2);
	ck_assert_uint_eq(shim.calls[0].words[6], 2);
	ck_assert_uint_eq(shim.calls[1].words[6], 1);
	shim.inv_bad = 1;
	shim_forget();
	ck_err(ioasid_inv_submit(inv, &n), EINVAL);
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(shim.n_calls, 1);
	shim.inv_bad = 0;
	fail_nth(2, ENOMEM);
	ck_err(ioasid_inv_submit(inv, &n), ENOMEM);
	ck_assert_uint_eq(n, 1);
	fail_nth(1, ENOTTY);
	ck_err(ioasid_inv_submit(inv, &n), EINVAL);
	ck_assert_uint_eq(n, 0);
	ck_ok(ioasid_inv_submit(inv, &n));
	ck_assert_uint_eq(n, 4);
	/* a bad entry of the batch's own comes after */
	ck_ok(ioasid_inv_add_range(inv, root, 0, 1, 0));
	ck_err(ioasid_inv_submit(inv, &n), EINVAL);
	ck_assert_uint_eq(n, 4);
}
END_TEST

/* What the library does not know goes through as it is. */
START_TEST(raw_tables_and_entries)
{
	const uint32_t data[2] = { 0x1234, 0 }, a[2] = { 1, 0 }, b[2] = { 0, 3 };
	const char longer[12] = "hello world";
	struct ioasid_space_info info = IOASID_SPACE_INFO_INIT;
	uint32_t id;
	size_t n;

	shim.nested_type = 0xdead;
	shim.inv_type = 0xdeadbeef;
	ck_ok(ioasid_space_bind_raw(child, 0xdead, data, sizeof(data)));
	ck_err(ioasid_space_probe_raw(child, 0xdeadbeef), EINVAL);
	ck_ok(ioasid_device_attach(device, child));
	id = shim_hwpt(0);
	ck_assert(!memcmp(shim_hwpt_data(id), data, sizeof(data)));
	ck_ok(ioasid_space_query_info(child, &info));
	ck_assert(info.pgtable_bound);
	shim_forget();
	ck_ok(ioasid_space_probe_raw(child, 0xdeadbeef));
	expect(iommu, SHIM_INVALIDATE, 32, id, 0, 0, 0xdeadbeef, 0, 0, 0);
	ck_err(ioasid_space_probe_raw(child, 0), EOPNOTSUPP);
	shim_forget();
	ck_ok(ioasid_inv_add_raw(inv, child, 0xdeadbeef, a, sizeof(a)));
	ck_ok(ioasid_inv_add_raw(inv, child, 0xdeadbeef, b, sizeof(b)));
	ck_ok(ioasid_inv_add_raw(inv, child, 0xdeadbeef, longer, sizeof(longer)));
	ck_ok(ioasid_inv_submit(inv, &n));
	ck_assert_uint_eq(n, 3);
	expect(iommu, SHIM_INVALIDATE, 32, id, shim.calls[0].words[2], shim.calls[0].words[3],
	       0xdeadbeef, 8, 2, 0);
	expect(iommu, SHIM_INVALIDATE, 32, id, shim.calls[1].words[2], shim.calls[1].words[3],
	       0xdeadbeef, 12, 1, 0);
	expect_end();
	ck_assert_str_eq((const char *)shim_hwpt_entries(id), longer);
	/* a range says nothing about such a table */
	ck_ok(ioasid_inv_add_all(inv, child, 0));
	ck_err(ioasid_inv_submit(inv, &n), EINVAL);
	said("entry 3", "vendor");
	ck_assert_uint_eq(n, 3);
	ck_ok(ioasid_space_unbind_pgtable(child));
	ck_err(ioasid_inv_submit(inv, &n), EINVAL);
	ck_assert_uint_eq(n, 0);
	ck_err(ioasid_space_probe_raw(child, 0xdeadbeef), EINVAL);
}
END_TEST

START_TEST(hw_info_is_copied)
{
	uint64_t regs[8] = { 0 };
	size_t length = sizeof(regs);
	uint32_t type = 0;

	shim_forget();
	ck_ok(ioasid_device_query_hw_info(device, &type, regs, &length));
	expect(iommu, SHIM_HW_INFO, 40, 0, 1, 64, U64((uintptr_t)regs), 0, 0, 0, 0);
	ck_assert_uint_eq(type, 1);
	ck_assert_uint_eq(length, 24);
	ck_assert_uint_eq(regs[2], FSTS);
	type = 3;
	ioasid_device_query_hw_info(device, &type, regs, &length);
	ck_assert_uint_eq(shim.calls[1].words[1], 1);	/* IOMMU_HW_INFO_FLAG_INPUT_TYPE */
	ck_assert_uint_eq(shim.calls[1].words[6], 3);
	length = sizeof(regs);
	fail_nth(1, ENOMEM);
	ck_err(ioasid_device_query_hw_info(device, &type, regs, &length), ENOMEM);
	fail_nth(1, EOPNOTSUPP);
	ck_err(ioasid_device_query_hw_info(device, &type, regs, &length), EOPNOTSUPP);
	ck_assert_uint_eq(length, sizeof(regs));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-hwnest");
	TCase *tc = tcase_create("calls");

	tcase_add_checked_fixture(tc, hwnest_setup, hwnest_teardown);
	tcase_add_test(tc, info_says_what_the_driver_and_registers_do);
	tcase_add_test(tc, attach_makes_two_tables);
	tcase_add_test(tc, extended_accessed_flags_are_asked_for);
	tcase_add_test(tc, apertures_of_the_first_stage);
	tcase_add_test(tc, reserved_is_what_the_parent_cannot_map);
	tcase_add_test(tc, what_the_parent_loses_is_the_kernels_affair);
	tcase_add_test(tc, to_bind_again_is_a_replace);
	tcase_add_test(tc, unbound_is_blocked);
	tcase_add_test(tc, beside_tables_of_the_root);
	tcase_add_test(tc, unlike_iommus_have_their_own);
	tcase_add_test(tc, groups_move_as_one);
	tcase_add_test(tc, groups_that_were_blocked_move_as_one);
	tcase_add_test(tc, groups_that_were_blocked_move_or_stay);
	tcase_add_test(tc, no_kernel_id);
	tcase_add_test(tc, pages_of_64_kib_stay_when_devices_move);
	tcase_add_test(tc, tables_for_pasids);
	tcase_add_test(tc, page_sizes_are_those_of_the_tables);
	tcase_add_test(tc, a_batch_is_one_array);
	tcase_add_test(tc, a_range_is_rounded_out_to_an_aligned_block);
	tcase_add_test(tc, a_refused_entry_ends_the_batch);
	tcase_add_test(tc, raw_tables_and_entries);
	tcase_add_test(tc, hw_info_is_copied);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
