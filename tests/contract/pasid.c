/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests that carry a PASID go through the space attached for it. */
#include "contract.h"

static bool open_with_pasids(struct fixture *f, struct ioasid_device_info *info)
{
	*info = (struct ioasid_device_info)IOASID_DEVICE_INFO_INIT;
	fixture_open(f);
	ck_ok(ioasid_device_query_info(fixture_bind(f, ALONE_A), info));
	if (info->pasid_bits)
		return true;
	test_skip("the device has no PASIDs");
	fixture_close(f);
	return false;
}

static void pasid_leads_to(struct fixture *f, struct ioasid_device *device, uint32_t pasid,
			   const void *host)
{
	struct ioasid_channel *channel;

	if (!ioasid_ctx_has(f->ctx, IOASID_CAP_DMA))
		return;
	channel = channel_new(device, pasid);
	ck_assert_ptr_eq(dma_where(channel, 0, IOASID_READ), host);
	ck_ok(ioasid_channel_close(channel));
}

START_TEST(each_pasid_has_its_space)
{
	struct ioasid_device_info info;
	struct ioasid_space *other;
	struct ioasid_device *a;
	struct fixture f;
	uint32_t last;

	if (!open_with_pasids(&f, &info))
		return;
	a = f.device[ALONE_A];
	last = (1u << info.pasid_bits) - 1;
	other = make_space(f.ctx, NULL, 0);
	ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(other, 0, f.memory + PAGE, PAGE, RW, NULL));
	pasid_leads_to(&f, a, 1, NULL);
	ck_ok(ioasid_device_attach_pasid(a, 1, f.space));
	ck_ok(ioasid_device_attach_pasid(a, last, other));
	is_blocked(&f, a, 0);
	pasid_leads_to(&f, a, 1, f.memory);
	pasid_leads_to(&f, a, last, f.memory + PAGE);
	ck_assert_ptr_eq(ioasid_device_get_pasid_space(a, 1), f.space);
	ck_assert_ptr_eq(ioasid_device_get_pasid_space(a, last), other);
	ck_assert_ptr_null(ioasid_device_get_pasid_space(a, 2));
	ck_assert_ptr_null(ioasid_device_get_space(a));
	ck_ok(ioasid_device_replace_pasid(a, 1, other));
	pasid_leads_to(&f, a, 1, f.memory + PAGE);
	ck_ok(ioasid_space_destroy(f.space));
	ck_ok(ioasid_device_detach_pasid(a, 1));
	pasid_leads_to(&f, a, 1, NULL);
	pasid_leads_to(&f, a, last, f.memory + PAGE);
	ck_err(ioasid_space_destroy(other), EBUSY);
	ck_ok(ioasid_device_detach_pasid(a, 1));
	ck_ok(ioasid_device_detach_pasid(a, last));
	ck_ok(ioasid_space_destroy(other));
	fixture_close(&f);
}
END_TEST

START_TEST(detach_without_pasid_leaves_pasids)
{
	struct ioasid_device_info info;
	struct ioasid_device *a;
	struct fixture f;

	if (!open_with_pasids(&f, &info))
		return;
	a = f.device[ALONE_A];
	ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(a, f.space));
	ck_ok(ioasid_device_attach_pasid(a, 3, f.space));
	ck_ok(ioasid_device_detach(a));
	pasid_leads_to(&f, a, 3, f.memory);
	is_blocked(&f, a, 0);
	ck_ok(ioasid_device_unbind(a));
	ck_ok(ioasid_space_destroy(f.space));
	fixture_close(&f);
}
END_TEST

START_TEST(attach_pasid_twice)
{
	struct ioasid_device_info info;
	struct ioasid_space *other;
	struct ioasid_device *a;
	struct fixture f;

	if (!open_with_pasids(&f, &info))
		return;
	a = f.device[ALONE_A];
	other = make_space(f.ctx, NULL, 0);
	ck_err(ioasid_device_replace_pasid(a, 1, other), EINVAL);
	ck_ok(ioasid_device_attach_pasid(a, 1, f.space));
	ck_ok(ioasid_device_attach_pasid(a, 1, f.space));
	ck_err_same(other, ioasid_device_attach_pasid(a, 1, other), EBUSY);
	ck_assert_ptr_eq(ioasid_device_get_pasid_space(a, 1), f.space);
	fixture_close(&f);
}
END_TEST

START_TEST(bad_pasids_are_refused)
{
	struct ioasid_device_info info;
	struct ioasid_channel *channel = (void *)1;
	struct ioasid_device *a;
	struct fixture f;
	uint32_t bad[3];
	int i;

	if (!open_with_pasids(&f, &info))
		return;
	a = f.device[ALONE_A];
	bad[0] = 0;
	bad[1] = 1u << info.pasid_bits;
	bad[2] = IOASID_NO_PASID;
	for (i = 0; i < 3; i++) {
		ck_err_same(f.space, ioasid_device_attach_pasid(a, bad[i], f.space), EINVAL);
		ck_err(ioasid_device_replace_pasid(a, bad[i], f.space), EINVAL);
		ck_err(ioasid_device_detach_pasid(a, bad[i]), EINVAL);
		ck_assert_ptr_null(ioasid_device_get_pasid_space(a, bad[i]));
	}
	if (ioasid_ctx_has(f.ctx, IOASID_CAP_DMA))
		ck_err(ioasid_channel_open(a, bad[1], &channel), EINVAL);
	ck_assert_ptr_eq(channel, (void *)1);
	fixture_close(&f);
}
END_TEST

START_TEST(device_without_pasids)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_device *device;
	struct fixture f;
	int i;

	fixture_open(&f);
	for (i = 0; i < DEVICES; i++) {
		device = fixture_bind(&f, i);
		ck_ok(ioasid_device_query_info(device, &info));
		if (info.pasid_bits)
			continue;
		ck_err_same(f.space, ioasid_device_attach_pasid(device, 1, f.space), EOPNOTSUPP);
		ck_err(ioasid_device_replace_pasid(device, 1, f.space), EOPNOTSUPP);
		ck_err(ioasid_device_detach_pasid(device, 1), EOPNOTSUPP);
		ck_assert_ptr_null(ioasid_device_get_pasid_space(device, 1));
	}
	fixture_close(&f);
}
END_TEST

START_TEST(pasids_are_no_wider_than_the_iommu)
{
	struct ioasid_device_info info;
	struct ioasid_range range;
	struct ioasid_device *a;
	struct fixture f;
	uint64_t end;

	if (!open_with_pasids(&f, &info))
		return;
	a = f.device[ALONE_A];
	if (info.address_bits < 57) {
		end = UINT64_C(1) << info.address_bits;
		ck_ok(ioasid_space_map(f.space, end, f.memory, PAGE, RW, NULL));
		ck_err_same(f.space, ioasid_device_attach_pasid(a, 3, f.space), EADDRINUSE);
		ck_ok(ioasid_space_unmap(f.space, end, PAGE, NULL));
		ck_ok(ioasid_device_attach_pasid(a, 3, f.space));
		ck_ok(ioasid_device_attach_pasid(a, 4, f.space));
		ck_ok(ioasid_device_detach_pasid(a, 3));
		ck_err_same(f.space, ioasid_space_map(f.space, end, f.memory, PAGE, RW, NULL),
			    EINVAL);
		ck_ok(ioasid_device_detach_pasid(a, 4));
		ck_ok(ioasid_space_map(f.space, end, f.memory, PAGE, RW, NULL));
		ck_ok(ioasid_space_unmap(f.space, end, PAGE, NULL));
	}
	/* What is reserved is reserved for requests without PASID. */
	if (ioasid_device_query_reserved(a, &range, 1)) {
		ck_ok(ioasid_space_map(f.space, range.start, f.memory, PAGE, RW, NULL));
		ck_ok(ioasid_device_attach_pasid(a, 3, f.space));
		ck_err_same(f.space, ioasid_device_attach(a, f.space), EADDRINUSE);
	}
	fixture_close(&f);
}
END_TEST

TCase *contract_pasid(void)
{
	TCase *tc = tcase_create("pasid");

	tcase_add_test(tc, each_pasid_has_its_space);
	tcase_add_test(tc, detach_without_pasid_leaves_pasids);
	tcase_add_test(tc, attach_pasid_twice);
	tcase_add_test(tc, bad_pasids_are_refused);
	tcase_add_test(tc, pasids_are_no_wider_than_the_iommu);
	tcase_add_test(tc, device_without_pasids);
	return tc;
}
