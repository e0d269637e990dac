/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The iommufd back end: how wide an IOMMU translates, where its driver tells late, or too much. */
#include "shim_iommufd_ctx.h"

/* Linux before 6.9: arm_smmu_domain_alloc() makes nothing that arm_smmu_attach_dev() would not. */
START_TEST(apertures_that_come_with_an_attach)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	const char *name = shim.devices[2].name;
	struct ioasid_range reserved[2];
	struct ioasid_device *d;

	shim.late_aperture = true;
	d = bind(2);
	ck_assert_uint_eq(shim_attached(2), 0);
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert_uint_eq(info.address_bits, 48);
	ck_assert_uint_eq(ioasid_device_query_reserved(d, reserved, 2), 1);
	ck_assert_uint_eq(reserved[0].start, 0xfee00000);
	ck_ok(ioasid_device_unbind(d));
	fail_nth(6, EINVAL);
	bind_fails(ctx, name, ENODEV, name, "attaching");
	fail_nth(7, EMSGSIZE);
	bind_fails(ctx, name, ENODEV, name, "IOVA");
}
END_TEST

/*
 * Linux before 6.12: intel_iommu_domain_alloc() says 57 bits of any unit, or 56 of a first stage's
 * lower half; what the unit has comes with an attach (prepare_domain_attach_device()), and is not
 * told.
 */
START_TEST(apertures_that_are_wider_than_the_unit)
{
	static const struct { unsigned int told, mgaw, sagaw, bits; } cases[] = {
		{ 57, 39, 2, 39 }, { 57, 48, 4, 48 }, { 57, 48, 6, 48 }, { 57, 57, 8, 57 },
		{ 57, 46, 4, 46 }, { 57, 57, 6, 48 }, { 56, 48, 4, 47 }, { 56, 57, 12, 56 },
		{ 48, 39, 2, 48 }, { 47, 39, 2, 47 }, { 57, 39, 0, 57 },
	};
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_device *d;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		shim.aperture_last = (UINT64_C(1) << cases[i].told) - 1;
		shim.hw_data[1] = (cases[i].mgaw - 1) << 16 | cases[i].sagaw << 8;
		d = bind(2);
		ck_ok(ioasid_device_query_info(d, &info));
		ck_assert_msg(info.address_bits == cases[i].bits, "case %zu: %u", i,
			      info.address_bits);
		ck_assert_uint_eq(ioasid_device_query_reserved(d, NULL, 0), 1);
		ck_ok(ioasid_device_unbind(d));
	}
}
END_TEST

/* The group is attached as one: a device of it cannot be attached elsewhere to see that. */
START_TEST(apertures_of_groups_that_are_attached)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_range reserved[2];
	struct ioasid_device *d;

	shim.late_aperture = true;
	shim.aperture_last = (UINT64_C(1) << 39) - 1;
	shim.smallest_page = 0x4000;
	ck_ok(ioasid_device_attach(bind(2), space));
	bind(0);	/* is of another group */
	d = bind(3);
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert_uint_eq(info.address_bits, 39);
	ck_assert_uint_eq(info.page_sizes, 0x40204000);
	ck_assert_uint_eq(ioasid_device_query_reserved(d, reserved, 2), 1);
	ck_assert_uint_eq(reserved[0].start, 0xfee00000);
	ck_ok(ioasid_device_attach(d, space));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-aperture");
	TCase *tc = tcase_create("aperture");

	tcase_add_checked_fixture(tc, iommufd_setup, iommufd_teardown);
	tcase_add_test(tc, apertures_that_come_with_an_attach);
	tcase_add_test(tc, apertures_of_groups_that_are_attached);
	tcase_add_test(tc, apertures_that_are_wider_than_the_unit);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
