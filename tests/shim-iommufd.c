/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The iommufd back end: which ioctls it makes, byte for byte, and none beyond them. */
#include <string.h>

#include "shim_expect.h"

static struct ioasid_ctx *ctx;
static struct ioasid_device *device;

static struct ioasid_device *bind(unsigned int i)
{
	struct ioasid_device *d;

	ck_ok(ioasid_device_bind(ctx, shim.devices[i].name, i, &d));
	shim_forget();
	return d;
}

static void setup(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	shim_reset();
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	device = bind(0);
}

static void teardown(void)
{
	ck_ok(ioasid_ctx_close(ctx));
	ck_assert_uint_eq(shim_open_fds(), 0);
}

/* With device 1 bound to id 1, the next objects are 2, 3, and so on. */
START_TEST(bind_asks_what_the_iommu_translates)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	const int iommu = shim_iommu_fd();
	struct ioasid_device *d;
	const struct shim_call *c = shim.calls;

	ck_ok(ioasid_device_bind(ctx, "0000:03:1f.7", 5, &d));
	expect(shim_device_fd(1), SHIM_BIND, 16, 0, (uint32_t)iommu, 0);
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(iommu, SHIM_HWPT_ALLOC, 24, 0, 2, 3, 0, 0);
	expect(iommu, SHIM_IOVA_RANGES, 32, 3, 1, 0, c[3].words[4], c[3].words[5], 0, 0);
	expect(iommu, SHIM_DESTROY, 8, 4);
	expect(iommu, SHIM_HW_INFO, 40, 0, 2, 64, c[5].words[4], c[5].words[5], 0, 0, 0, 0);
	expect(iommu, SHIM_HWPT_ALLOC, 24, 1, 2, 3, 0, 0);	/* can it nest? */
	expect(iommu, SHIM_DESTROY, 8, 3);
	expect_end();
	ck_assert_int_eq(ioasid_device_get_fd(d), shim_device_fd(1));
	ck_err(ioasid_device_get_group_fd(d), EOPNOTSUPP);
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert_uint_eq(info.requester, 0x3ff);
	ck_assert_uint_eq(info.group, 2);
	ck_assert_uint_eq(info.address_bits, 48);
	ck_assert_uint_eq(info.page_sizes, 0x40201000);
	ck_assert(info.coherent && info.nesting_software && !info.pasid_bits);
	ck_ok(ioasid_device_unbind(d));
	expect_end();
	ck_assert_uint_eq(shim_open_fds(), 2);
	ck_assert_uint_eq(shim_objects(), 1);
}
END_TEST

START_TEST(reserved_ranges_are_those_of_group_and_aperture)
{
	struct ioasid_range r[4] = { { 0 } };
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_device *d;

	shim.reserved = "0x0000000000001000 0x0000000000001fff direct\n"
			"0x0000000000003000 0x0000000000003fff direct-relaxable\n"
			"0x00000000fee00000 0x00000000feefffff msi\n";
	shim.aperture_start = 0x1000;
	shim.aperture_last = 0x7fffefff;
	shim.hw_type = 0;
	d = bind(1);
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert_uint_eq(info.address_bits, 31);
	ck_assert_uint_eq(info.page_sizes, 0x1000);
	ck_assert_uint_eq(ioasid_device_query_reserved(d, r, 4), 4);
	ck_assert(r[0].start == 0 && r[0].length == 0x1000);
	ck_assert(r[1].start == 0x1000 && r[1].length == 0x1000);
	ck_assert(r[2].start == 0x7ffff000 && r[2].length == 0x1000);
	ck_assert(r[3].start == 0xfee00000 && r[3].length == 0x100000);
}
END_TEST

/* VT-d 4.1, 11.4.3: SC is bit 7. */
START_TEST(snooping_is_enforced_where_the_iommu_can)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_space *on, *none = NULL;
	struct ioasid_device *d;

	options.enforce_snoop = IOASID_ENFORCE_SNOOP_OFF;
	ck_err(ioasid_space_create(ctx, &options, &none), EOPNOTSUPP);
	options.enforce_snoop = IOASID_ENFORCE_SNOOP_ON;
	ck_ok(ioasid_space_create(ctx, &options, &on));
	ck_ok(ioasid_device_query_info(device, &info));
	ck_assert(!info.enforce_snoop);
	ck_err(ioasid_device_attach(device, on), EOPNOTSUPP);
	shim.hw_data[2] = 1 << 7;
	d = bind(1);
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert(info.enforce_snoop);
	ck_ok(ioasid_device_attach(d, on));
	ck_assert(space_info(on).snoop_enforced);
}
END_TEST

/*
 * AMD's driver sets what enforces it in each entry (amd_iommu_enforce_cache_coherency()). Whose it
 * is need not be told by iommufd.
 */
START_TEST(snooping_is_enforced_by_amd)
{
	struct ioasid_ctx_info state = IOASID_CTX_INFO_INIT;
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	struct ioasid_device *d;

	shim.hw_type = 0;
	d = bind(1);
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert(!info.enforce_snoop);
	ck_ok(ioasid_device_unbind(d));
	shim.amd_cap = "40f\n";
	d = bind(1);
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert(info.enforce_snoop);
	ck_assert_uint_eq(info.page_sizes, 0x40201000);
	ck_ok(ioasid_device_attach(d, space));
	ck_ok(ioasid_ctx_query_info(ctx, &state));
	ck_assert(!state.noncoherent_dma);
}
END_TEST

/* struct iommu_option: size, option, op and reserved, object, value */
START_TEST(options_are_set_before_there_is_anything)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_ctx_options open = IOASID_CTX_OPTIONS_INIT;
	const int iommu = shim_iommu_fd();
	struct ioasid_space *space;
	struct ioasid_ctx *other = NULL;

	options.flags = IOASID_SPACE_SMALL_PAGES;
	ck_ok(ioasid_space_create(ctx, &options, &space));
	expect_end();
	shim.fail_nth = 2;
	shim.fail_error = EINVAL;
	ck_err(ioasid_device_attach(device, space), EINVAL);
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(iommu, SHIM_OPTION, 24, 1, 0, 2, 0, 0);
	expect(iommu, SHIM_DESTROY, 8, 2);
	expect_end();
	ck_ok(ioasid_device_attach(device, space));
	shim_forget();
	ck_ok(ioasid_ctx_close(ctx));
	shim_forget();

	open.backend = "iommufd";
	open.flags = IOASID_CTX_ACCOUNT_PROCESS;
	shim.fail_nth = 1;
	shim.fail_error = EPERM;
	ck_err(ioasid_ctx_open(&open, &other), EACCES);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "CAP_SYS_RESOURCE"));
	shim.fail_nth = 1;
	shim.fail_error = EBUSY;
	ck_err(ioasid_ctx_open(&open, &other), EINVAL);
	shim.fail_nth = 1;
	shim.fail_error = ENOTTY;
	ck_err(ioasid_ctx_open(&open, &other), EOPNOTSUPP);
	ck_assert_ptr_null(other);
	ck_assert_uint_eq(shim_open_fds(), 0);
	shim_forget();
	ck_ok(ioasid_ctx_open(&open, &ctx));	/* the teardown closes it */
	expect(shim_iommu_fd(), SHIM_OPTION, 24, 0, 0, 0, U64(1));
	expect_end();
}
END_TEST

START_TEST(maps_first_and_attaches_then)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	const int iommu = shim_iommu_fd();
	void *a = (void *)(uintptr_t)0x123456789000, *b = (void *)(uintptr_t)0x7000;
	struct ioasid_mapping *m;

	/* Nobody has to be asked: nothing uses it yet, and what is there need not exist. */
	ck_ok(ioasid_space_map(space, 0x2fffff000, a, 0x100002000, RW, NULL));
	ck_ok(ioasid_space_map(space, 0x1000, b, 0x1000, IOASID_READ, &m));
	expect_end();
	ck_ok(ioasid_device_attach(device, space));
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(iommu, SHIM_MAP, 40, 5, 2, 0, U64(0x7000), U64(0x1000), U64(0x1000));
	expect(iommu, SHIM_MAP, 40, 7, 2, 0, U64((uintptr_t)a), U64(0x100002000),
	       U64(0x2fffff000));
	expect(shim_device_fd(0), SHIM_ATTACH, 12, 0, 2);
	expect_end();
	ck_ok(ioasid_mapping_unmap(m));
	expect(iommu, SHIM_UNMAP, 24, 2, U64(0x1000), U64(0x1000));
	ck_ok(ioasid_space_map(space, 0x5000, b, 0x1000, IOASID_WRITE, NULL));
	expect(iommu, SHIM_MAP, 40, 3, 2, 0, U64(0x7000), U64(0x1000), U64(0x5000));
	ck_ok(ioasid_space_unmap_all(space, NULL));
	expect(iommu, SHIM_UNMAP, 24, 2, U64(0x5000), U64(0x1000));
	expect(iommu, SHIM_UNMAP, 24, 2, U64(0x2fffff000), U64(0x100002000));
	expect_end();
	ck_ok(ioasid_device_detach(device));
	expect(shim_device_fd(0), SHIM_DETACH, 8, 0);
	expect(iommu, SHIM_DESTROY, 8, 2);
	expect_end();
	ck_ok(ioasid_device_detach(device));
	ck_ok(ioasid_space_destroy(space));
	expect_end();
}
END_TEST

/* One attach, on the new space: the kernel leaves no gap between the two. */
START_TEST(replace_is_one_attach)
{
	struct ioasid_space *old = make_space(ctx, NULL, 0), *new = make_space(ctx, NULL, 0);
	const int iommu = shim_iommu_fd();
	void *a = (void *)(uintptr_t)0x7000;

	ck_ok(ioasid_space_map(old, 0x1000, a, 0x1000, RW, NULL));
	ck_ok(ioasid_space_map(new, 0x9000, a, 0x1000, RW, NULL));
	ck_ok(ioasid_device_attach(device, old));
	shim_forget();
	ck_ok(ioasid_device_replace(device, new));
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(iommu, SHIM_MAP, 40, 7, 3, 0, U64(0x7000), U64(0x1000), U64(0x9000));
	expect(shim_device_fd(0), SHIM_ATTACH, 12, 0, 3);
	expect(iommu, SHIM_DESTROY, 8, 2);
	expect_end();
	ck_ok(ioasid_device_replace(device, new));
	ck_ok(ioasid_device_attach(device, new));
	expect_end();
}
END_TEST

/* The group follows its members; each is attached and detached for itself. */
START_TEST(groups_move_in_one_call)
{
	struct ioasid_space *one = make_space(ctx, NULL, 0), *two = make_space(ctx, NULL, 0);
	struct ioasid_device *a = bind(2), *b;
	const int iommu = shim_iommu_fd();
	int vfio;

	ck_ok(ioasid_device_attach(a, one));
	shim_forget();
	b = bind(3);	/* ids: devices 1, 2, 4; space "one" is 3 */
	ck_ok(ioasid_device_attach(b, one));
	expect(shim_device_fd(3), SHIM_ATTACH, 12, 0, 3);
	ck_ok(ioasid_device_replace(a, two));
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(shim_device_fd(2), SHIM_ATTACH, 12, 0, 5);
	expect(iommu, SHIM_DESTROY, 8, 3);
	ck_assert_ptr_eq(ioasid_device_get_space(b), two);
	ck_ok(ioasid_device_detach(a));
	expect(shim_device_fd(2), SHIM_DETACH, 8, 0);
	expect_end();
	ck_err(ioasid_device_attach(a, one), EINVAL);
	expect_end();
	vfio = shim_device_fd(3);
	ck_ok(ioasid_device_unbind(b));
	expect(vfio, SHIM_DETACH, 8, 0);
	expect(iommu, SHIM_DESTROY, 8, 5);
	expect_end();
}
END_TEST

START_TEST(closing_takes_everything_along)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	const int iommu = shim_iommu_fd(), vfio = shim_device_fd(0);

	ck_ok(ioasid_space_map(space, 0x1000, (void *)0x7000, 0x1000, RW, NULL));
	ck_ok(ioasid_device_attach(device, space));
	shim_forget();
	ck_ok(ioasid_ctx_close(ctx));
	expect(vfio, SHIM_DETACH, 8, 0);
	expect(iommu, SHIM_DESTROY, 8, 2);
	expect_end();
	ck_assert_uint_eq(shim_open_fds(), 0);
	ck_assert_uint_eq(shim_objects(), 0);
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));	/* for the teardown */
	expect_end();
}
END_TEST

static uint64_t alignment_of(const struct ioasid_space *space)
{
	struct ioasid_space_info info = IOASID_SPACE_INFO_INIT;

	ck_ok(ioasid_space_query_info(space, &info));
	return info.iova_alignment;
}

/* Linux, iopt_table_add_domain(): the page tables of all attached devices have to suit. */
START_TEST(mappings_consist_of_the_smallest_pages)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	struct ioasid_device *coarse;
	struct ioasid_mapping *m;

	shim.smallest_page = 0x10000;
	coarse = bind(1);
	ck_ok(ioasid_space_map(space, 0x1000, (void *)0x1000, 0x1000, RW, NULL));
	ck_err(ioasid_device_attach(coarse, space), EADDRINUSE);
	said("0x1000-0x1fff is not aligned to 65536", "0000:03:1f.7");
	ck_ok(ioasid_space_unmap_all(space, NULL));
	ck_ok(ioasid_device_attach(device, space));
	ck_assert_uint_eq(alignment_of(space), 0x1000);
	ck_ok(ioasid_device_attach(coarse, space));
	ck_assert_uint_eq(alignment_of(space), 0x10000);
	shim_forget();
	ck_err(ioasid_space_map(space, 0x11000, (void *)0x10000, 0x10000, RW, NULL), EINVAL);
	ck_err(ioasid_space_map(space, 0x10000, (void *)0x11000, 0x10000, RW, NULL), EINVAL);
	ck_err(ioasid_space_map(space, 0x10000, (void *)0x10000, 0x1000, RW, NULL), EINVAL);
	ck_err(ioasid_space_map(space, 0, (void *)0x11000, 0x10000, RW | IOASID_ANY_IOVA, &m),
	       EINVAL);
	expect_end();
	ck_ok(ioasid_space_map(space, 0, (void *)0x10000, 0x10000, RW | IOASID_ANY_IOVA, &m));
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), 0x10000);
	ck_ok(ioasid_device_detach(coarse));
	ck_assert_uint_eq(alignment_of(space), 0x1000);
	ck_ok(ioasid_device_attach(coarse, space));
	ck_ok(ioasid_device_detach(device));
	ck_assert_uint_eq(alignment_of(space), 0x10000);
	ck_ok(ioasid_device_replace(coarse, make_space(ctx, NULL, 0)));
	ck_assert_uint_eq(alignment_of(space), 1);
}
END_TEST

/* proc_pid_status(5): in units of KiB */
START_TEST(locked_memory_is_what_the_kernel_has_counted)
{
	struct ioasid_ctx_info info = IOASID_CTX_INFO_INIT;

	shim.lock_limit = 8 << 20;
	/* whatever the program is called */
	shim.status = "Name:\tVmPin: 7\nVmLck:\t       8 kB\nVmPin:\t    4096 kB\nVmHWM:\t 1 kB\n";
	ck_ok(ioasid_ctx_query_info(ctx, &info));
	ck_assert_uint_eq(info.locked_bytes, 4 << 20);
	ck_assert_uint_eq(info.locked_limit, 8 << 20);
	shim.status = NULL;
	ck_ok(ioasid_ctx_query_info(ctx, &info));
	ck_assert_uint_eq(info.locked_bytes, UINT64_MAX);
	shim.status = "Name:\ttest\n";
	ck_ok(ioasid_ctx_query_info(ctx, &info));
	ck_assert_uint_eq(info.locked_bytes, UINT64_MAX);
	expect_end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd");
	TCase *tc = tcase_create("calls");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, bind_asks_what_the_iommu_translates);
	tcase_add_test(tc, reserved_ranges_are_those_of_group_and_aperture);
	tcase_add_test(tc, snooping_is_enforced_where_the_iommu_can);
	tcase_add_test(tc, snooping_is_enforced_by_amd);
	tcase_add_test(tc, options_are_set_before_there_is_anything);
	tcase_add_test(tc, maps_first_and_attaches_then);
	tcase_add_test(tc, replace_is_one_attach);
	tcase_add_test(tc, groups_move_in_one_call);
	tcase_add_test(tc, mappings_consist_of_the_smallest_pages);
	tcase_add_test(tc, locked_memory_is_what_the_kernel_has_counted);
	tcase_add_test(tc, closing_takes_everything_along);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
