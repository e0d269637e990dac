/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PASIDs on iommufd, by VFIO: which ioctls, and what is left of them when one fails. */
#include <string.h>

#include "shim_expect.h"
#include "shim_hwpt.h"
#include "shim_version.h"

static struct ioasid_ctx *ctx;
static struct ioasid_device *device;
static struct ioasid_space *one, *two;

static void setup(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	shim_reset();
	shim.pasid_bits = 20;
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	ck_ok(ioasid_device_bind(ctx, shim.devices[0].name, 0, &device));
	one = make_space(ctx, NULL, 0);
	two = make_space(ctx, NULL, 0);
	shim_forget();
}

static void teardown(void)
{
	ck_ok(ioasid_ctx_close(ctx));
	ck_assert_uint_eq(shim_open_fds(), 0);
	ck_assert_uint_eq(shim_objects(), 0);
}

/* Linux owns the PASID table of a device, and gives out no PASIDs that differ from the bus's. */
START_TEST(a_device_with_pasids_is_of_the_kernels_kind)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_device *plain;
	uint32_t pasid;

	ck_ok(ioasid_device_query_info(device, &info));
	ck_assert_uint_eq(info.pasid_bits, 20);
	ck_assert_int_eq(info.type, IOASID_DEVICE_PHYSICAL_KERNEL);
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_PASID));
	ck_ok(ioasid_device_attach_pasid(device, 5, one));
	ck_ok(ioasid_device_get_ppasid(device, 5, &pasid));
	ck_assert_uint_eq(pasid, 5);
	shim.pasid_bits = 0;
	ck_ok(ioasid_device_bind(ctx, shim.devices[1].name, 0, &plain));
	ck_ok(ioasid_device_query_info(plain, &info));
	ck_assert_int_eq(info.type, IOASID_DEVICE_PHYSICAL);
	ck_err(ioasid_device_attach_pasid(plain, 5, one), EOPNOTSUPP);
}
END_TEST

START_TEST(an_old_kernel_has_none)
{
	shim.version = LINUX(6, 6);
	ck_assert(!ioasid_ctx_has(ctx, IOASID_CAP_PASID));
	ck_assert_ptr_nonnull(strstr(ioasid_ctx_why_not(ctx, IOASID_CAP_PASID), "6.15"));
}
END_TEST

/* With the device as 1: a table for each of two spaces, made for PASIDs; and one attach a step. */
START_TEST(attach_replace_detach)
{
	const int iommu = shim_iommu_fd(), vfio = shim_device_fd(0);

	ck_ok(ioasid_device_attach_pasid(device, 5, one));
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(iommu, SHIM_HWPT_ALLOC, 24, 8, 1, 2, 0, 0);
	expect(vfio, SHIM_ATTACH, 16, 1, 3, 5);
	ck_ok(ioasid_device_attach_pasid(device, 0xfffff, one));
	expect(vfio, SHIM_ATTACH, 16, 1, 3, 0xfffff);
	ck_ok(ioasid_device_replace_pasid(device, 5, two));
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(iommu, SHIM_HWPT_ALLOC, 24, 8, 1, 4, 0, 0);
	expect(vfio, SHIM_ATTACH, 16, 1, 5, 5);
	ck_ok(ioasid_device_detach_pasid(device, 0xfffff));
	expect(vfio, SHIM_DETACH, 12, 1, 0xfffff);
	expect(iommu, SHIM_DESTROY, 8, 3);
	expect(iommu, SHIM_DESTROY, 8, 2);
	ck_ok(ioasid_device_detach_pasid(device, 5));
	expect(vfio, SHIM_DETACH, 12, 1, 5);
	expect(iommu, SHIM_DESTROY, 8, 5);
	expect(iommu, SHIM_DESTROY, 8, 4);
	expect_end();
}
END_TEST

/*
 * What carries none moves to a table that allows for PASIDs, of the same space, before the first.
 */
START_TEST(requests_without_a_pasid_make_way)
{
	const int iommu = shim_iommu_fd(), vfio = shim_device_fd(0);

	ck_ok(ioasid_device_attach(device, one));
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(vfio, SHIM_ATTACH, 12, 0, 2);
	ck_ok(ioasid_device_attach_pasid(device, 5, two));
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(iommu, SHIM_HWPT_ALLOC, 24, 8, 1, 2, 0, 0);
	expect(vfio, SHIM_ATTACH, 12, 0, 4);
	expect(iommu, SHIM_HWPT_ALLOC, 24, 8, 1, 3, 0, 0);
	expect(vfio, SHIM_ATTACH, 16, 1, 5, 5);
	ck_ok(ioasid_device_attach_pasid(device, 6, one));
	expect(vfio, SHIM_ATTACH, 16, 1, 4, 6);
	ck_ok(ioasid_device_replace(device, two));
	expect(vfio, SHIM_ATTACH, 12, 0, 5);
	expect_end();
}
END_TEST

/* The other way round they get such a table at once. */
START_TEST(requests_without_a_pasid_come_later)
{
	const int vfio = shim_device_fd(0);

	ck_ok(ioasid_device_attach_pasid(device, 5, one));
	shim_forget();
	ck_ok(ioasid_device_attach(device, one));
	expect(vfio, SHIM_ATTACH, 12, 0, 3);
	ck_ok(ioasid_device_detach(device));
	expect(vfio, SHIM_DETACH, 8, 0);
	expect_end();
}
END_TEST

START_TEST(attach_that_fails)
{
	static const struct { unsigned int nth; int error, result; const char *text; } cases[] = {
		{ 2, EOPNOTSUPP, EOPNOTSUPP, "kernel" }, { 2, ENOMEM, ENOMEM, "memory" },
		{ 3, EOPNOTSUPP, EOPNOTSUPP, "cannot do that" }, { 3, ENOMEM, ENOMEM, "memory" },
		{ 3, EADDRINUSE, EADDRINUSE, "mapping" }, { 3, EINVAL, EINVAL, "cannot" },
		{ 3, ENODEV, EINVAL, "refused" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		shim_forget();
		fail_nth(cases[i].nth, cases[i].error);
		ck_err(ioasid_device_attach_pasid(device, 5, one), cases[i].result);
		said("space 1", cases[i].text);
		ck_assert_ptr_null(ioasid_device_get_pasid_space(device, 5));
		ck_assert_uint_eq(shim_objects(), 1);
	}
}
END_TEST

/*
 * The requests without a PASID cannot make way: then there is no PASID, and they are where they
 * were.
 */
START_TEST(way_that_is_not_made)
{
	const uint32_t table = 2;
	unsigned int n;

	ck_ok(ioasid_device_attach(device, one));
	ck_assert_uint_eq(shim_attached(0), table);
	for (n = 1; n <= 7; n++) {
		/* from the fourth call on they have made way, which nobody sees */
		shim_forget();
		fail_nth(n > 4 ? n - 4 : n, ENOMEM);
		ck_err(ioasid_device_attach_pasid(device, 5, two), ENOMEM);
		ck_assert_ptr_null(ioasid_device_get_pasid_space(device, 5));
		ck_assert_ptr_eq(ioasid_device_get_space(device), one);
		ck_assert_uint_eq(shim_attached(0), table);
	}
	ck_ok(ioasid_device_attach_pasid(device, 5, two));
}
END_TEST

START_TEST(replace_that_fails)
{
	unsigned int n;

	ck_ok(ioasid_device_attach_pasid(device, 5, one));
	for (n = 1; n <= 3; n++) {
		fail_nth(n, ENOMEM);
		ck_err(ioasid_device_replace_pasid(device, 5, two), ENOMEM);
		ck_assert_ptr_eq(ioasid_device_get_pasid_space(device, 5), one);
		ck_assert_uint_eq(shim_objects(), 3);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-pasid");
	TCase *tc = tcase_create("pasid");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_device_with_pasids_is_of_the_kernels_kind);
	tcase_add_test(tc, an_old_kernel_has_none);
	tcase_add_test(tc, attach_replace_detach);
	tcase_add_test(tc, requests_without_a_pasid_make_way);
	tcase_add_test(tc, requests_without_a_pasid_come_later);
	tcase_add_test(tc, attach_that_fails);
	tcase_add_test(tc, way_that_is_not_made);
	tcase_add_test(tc, replace_that_fails);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
