/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "contract.h"

START_TEST(bind_keeps_name_and_cookie)
{
	struct ioasid_device *device;
	struct fixture f;

	fixture_open(&f);
	ck_ok(ioasid_device_bind(f.ctx, device_name(ALONE_A), UINT64_MAX, &device));
	ck_assert_uint_eq(ioasid_device_get_cookie(device), UINT64_MAX);
	ck_assert_str_eq(ioasid_device_get_name(device), device_name(ALONE_A));
	ck_assert_ptr_null(ioasid_device_get_space(device));
	ck_ok(ioasid_device_unbind(device));
	ck_ok(ioasid_device_unbind(NULL));
	fixture_close(&f);
}
END_TEST

START_TEST(bind_refuses)
{
	struct ioasid_device *device, *none = (void *)1;
	struct fixture f;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	ck_err(ioasid_device_bind(f.ctx, device_name(ALONE_A), 0, &none), EBUSY);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), device_name(ALONE_A)));
	ck_err(ioasid_device_bind(f.ctx, "ffff:ff:1f.7", 0, &none), ENODEV);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "ffff:ff:1f.7"));
	ck_err(ioasid_device_bind(f.ctx, "", 0, &none), EINVAL);
	ck_err(ioasid_device_bind(f.ctx, NULL, 0, &none), EINVAL);
	ck_assert_ptr_eq(none, (void *)1);
	ck_ok(ioasid_device_unbind(device));
	ck_ok(ioasid_device_bind(f.ctx, device_name(ALONE_A), 7, &device));
	ck_assert_uint_eq(ioasid_device_get_cookie(device), 7);
	fixture_close(&f);
}
END_TEST

/* No device here has SR-IOV. A kernel that takes no token at all says so: before Linux 6.17. */
START_TEST(tokens_that_nobody_wants)
{
	struct ioasid_bind_options options = IOASID_BIND_OPTIONS_INIT;
	struct ioasid_device *device = (void *)1;
	static const uint8_t token[16] = { 1 };
	struct fixture f;
	int ret;

	fixture_open(&f);
	options.name = device_name(ALONE_A);
	options.cookie = COOKIE(ALONE_A);
	options.vf_token = token;
	ret = ioasid_device_bind_with(f.ctx, &options, &device);
	ck_assert_msg(ret == -EINVAL || ret == -EOPNOTSUPP, "%d: %s", ret, ioasid_errmsg());
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "VF token"));
	ck_assert_ptr_eq(device, (void *)1);
	options.vf_token = NULL;
	ck_ok(ioasid_device_bind_with(f.ctx, &options, &device));
	ck_assert_uint_eq(ioasid_device_get_cookie(device), COOKIE(ALONE_A));
	fixture_close(&f);
}
END_TEST

START_TEST(info_is_sane)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct fixture f;

	fixture_open(&f);
	ck_ok(ioasid_device_query_info(fixture_bind(&f, ALONE_A), &info));
	ck_assert_uint_eq(info.size, sizeof(info));
	ck_assert_msg(info.page_sizes & PAGE, "page sizes %#jx", (uintmax_t)info.page_sizes);
	ck_assert_uint_ge(info.address_bits, 32);
	ck_assert_uint_le(info.address_bits, 64);
	ck_assert_uint_le(info.pasid_bits, 20);
	ck_assert(!info.nesting_software || ioasid_ctx_has(f.ctx, IOASID_CAP_NESTING_SOFTWARE));
	ck_assert(!info.nesting_hardware || ioasid_ctx_has(f.ctx, IOASID_CAP_NESTING_HARDWARE));
	ck_assert(!info.pgtable_formats || ioasid_ctx_has(f.ctx, IOASID_CAP_USER_PGTABLE));
	ck_assert(!info.pasid_bits || ioasid_ctx_has(f.ctx, IOASID_CAP_PASID));
	ck_assert(!info.page_requests || ioasid_ctx_has(f.ctx, IOASID_CAP_PAGE_REQUESTS));
	ck_assert(!info.dirty_tracking || ioasid_ctx_has(f.ctx, IOASID_CAP_DIRTY_TRACKING));
	fixture_close(&f);
}
END_TEST

START_TEST(info_may_be_of_another_version)
{
	struct {
		struct ioasid_device_info known;
		uint64_t beyond[2];
	} newer = { .known.size = sizeof(newer) };
	struct ioasid_device_info older = { .size = offsetof(struct ioasid_device_info, group) };
	struct ioasid_device_info none = { .size = 0 };
	struct ioasid_device *device;
	struct fixture f;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_B);
	ck_ok(ioasid_device_query_info(device, &newer.known));
	ck_assert_uint_ne(newer.known.page_sizes, 0);
	newer.beyond[1] = 1;
	newer.known.size = sizeof(newer);
	ck_err(ioasid_device_query_info(device, &newer.known), E2BIG);
	older.group = 0x5a5a5a5a;
	older.page_sizes = 0x5a5a;
	ck_ok(ioasid_device_query_info(device, &older));
	ck_assert_uint_eq(older.requester, newer.known.requester);
	ck_assert_uint_eq(older.group, 0x5a5a5a5a);
	ck_assert_uint_eq(older.page_sizes, 0x5a5a);
	ck_err(ioasid_device_query_info(device, &none), EINVAL);
	fixture_close(&f);
}
END_TEST

START_TEST(requesters_differ_and_groups_are_told)
{
	struct ioasid_device_info info[DEVICES];
	struct fixture f;
	int i, j;

	fixture_open(&f);
	for (i = 0; i < DEVICES; i++) {
		info[i] = (struct ioasid_device_info)IOASID_DEVICE_INFO_INIT;
		ck_ok(ioasid_device_query_info(fixture_bind(&f, i), &info[i]));
		for (j = 0; j < i; j++)
			ck_assert_uint_ne(info[i].requester, info[j].requester);
	}
	ck_assert_uint_ne(info[ALONE_A].group, info[ALONE_B].group);
	ck_assert_uint_ne(info[ALONE_A].group, info[SHARED_A].group);
	ck_assert_uint_eq(info[SHARED_A].group, info[SHARED_B].group);
	fixture_close(&f);
}
END_TEST

START_TEST(dma_is_blocked_before_attach_and_after_detach)
{
	struct ioasid_device *device;
	struct fixture f;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, RW, NULL));
	is_blocked(&f, device, 0);
	ck_ok(ioasid_device_attach(device, f.space));
	leads_to(&f, device, 0, f.memory, RW);
	ck_ok(ioasid_device_detach(device));
	ck_assert_ptr_null(ioasid_device_get_space(device));
	is_blocked(&f, device, 0);
	ck_ok(ioasid_device_detach(device));
	fixture_close(&f);
}
END_TEST

START_TEST(attach_twice)
{
	struct ioasid_device *device;
	struct ioasid_space *other;
	struct fixture f;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	other = make_space(f.ctx, NULL, 0);
	ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(device, f.space));
	ck_ok(ioasid_device_attach(device, f.space));
	ck_err_same(other, ioasid_device_attach(device, other), EBUSY);
	ck_assert_ptr_eq(ioasid_device_get_space(device), f.space);
	leads_to(&f, device, 0, f.memory, RW);
	ck_ok(ioasid_device_detach(device));
	is_blocked(&f, device, 0);
	ck_ok(ioasid_device_attach(device, other));
	fixture_close(&f);
}
END_TEST

START_TEST(replace_moves_at_once)
{
	struct ioasid_device *device;
	struct ioasid_space *other;
	struct fixture f;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	other = make_space(f.ctx, NULL, 0);
	ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(other, 0, f.memory + PAGE, PAGE, IOASID_READ, NULL));
	ck_err_same(other, ioasid_device_replace(device, other), EINVAL);
	ck_assert_ptr_null(ioasid_device_get_space(device));
	ck_ok(ioasid_device_attach(device, f.space));
	ck_ok(ioasid_device_replace(device, other));
	ck_assert_ptr_eq(ioasid_device_get_space(device), other);
	leads_to(&f, device, 0, f.memory + PAGE, IOASID_READ);
	ck_ok(ioasid_device_replace(device, other));
	ck_ok(ioasid_space_destroy(f.space));
	fixture_close(&f);
}
END_TEST

START_TEST(failed_replace_keeps_the_old_space)
{
	struct ioasid_device *device;
	struct ioasid_space *other;
	struct fixture f;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	other = make_space(f.ctx, NULL, 0);
	ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(other, 1, f.memory + 1, 1, RW, NULL));
	ck_ok(ioasid_device_attach(device, f.space));
	ck_err_same(other, ioasid_device_replace(device, other), EADDRINUSE);
	ck_assert_ptr_eq(ioasid_device_get_space(device), f.space);
	leads_to(&f, device, 0, f.memory, RW);
	fixture_close(&f);
}
END_TEST

START_TEST(unbind_detaches)
{
	struct ioasid_device *device;
	struct fixture f;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	ck_ok(ioasid_device_attach(device, f.space));
	ck_err(ioasid_space_destroy(f.space), EBUSY);
	ck_ok(ioasid_device_unbind(device));
	ck_ok(ioasid_space_destroy(f.space));
	fixture_close(&f);
}
END_TEST

START_TEST(open_channel_holds_the_device)
{
	struct ioasid_channel *channel;
	struct ioasid_device *device;
	struct fixture f;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	if (ioasid_ctx_has(f.ctx, IOASID_CAP_DMA)) {
		ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, RW, NULL));
		ck_ok(ioasid_device_attach(device, f.space));
		channel = channel_new(device, IOASID_NO_PASID);
		ck_err(ioasid_device_unbind(device), EBUSY);
		ck_assert_ptr_eq(ioasid_device_get_space(device), f.space);
		ck_assert_ptr_eq(dma_where(channel, 5, RW), f.memory + 5);
		ck_ok(ioasid_channel_close(channel));
		ck_ok(ioasid_channel_close(NULL));
	} else {
		ck_err(ioasid_channel_open(device, IOASID_NO_PASID, &channel), EOPNOTSUPP);
	}
	ck_ok(ioasid_device_unbind(device));
	fixture_close(&f);
}
END_TEST

TCase *contract_device(void)
{
	TCase *tc = tcase_create("device");

	tcase_add_test(tc, bind_keeps_name_and_cookie);
	tcase_add_test(tc, bind_refuses);
	tcase_add_test(tc, tokens_that_nobody_wants);
	tcase_add_test(tc, info_is_sane);
	tcase_add_test(tc, info_may_be_of_another_version);
	tcase_add_test(tc, requesters_differ_and_groups_are_told);
	tcase_add_test(tc, dma_is_blocked_before_attach_and_after_detach);
	tcase_add_test(tc, attach_twice);
	tcase_add_test(tc, replace_moves_at_once);
	tcase_add_test(tc, failed_replace_keeps_the_old_space);
	tcase_add_test(tc, unbind_detaches);
	tcase_add_test(tc, open_channel_holds_the_device);
	return tc;
}
