/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The iommufd back end with a device that another framework has bound, which the test plays. */
#include <string.h>

#include "shim_expect.h"
#include "shim_hwpt.h"
#include "util/alloc.h"

enum call { NOTHING, ATTACH, REPLACE, DETACH };

/* The framework: what it was asked for last, and how often. */
static struct framework {
	enum call call;
	unsigned int calls;
	uint32_t pasid, table;
	int error;		/* of the next call */
} framework;

static struct ioasid_ctx *ctx;
static uint32_t id;		/* of its device */
static struct ioasid_adopt_options options;

static int called(struct framework *f, enum call call, uint32_t pasid, uint32_t table)
{
	int error = f->error;

	*f = (struct framework){
		.call = call, .calls = f->calls + 1, .pasid = pasid, .table = table
	};
	return error;
}

static int attach(void *data, uint32_t pasid, uint32_t table, uint32_t *out)
{
	*out = 1000;	/* of the automatic page table */
	return called(data, ATTACH, pasid, table);
}

static int replace(void *data, uint32_t pasid, uint32_t table, uint32_t *out)
{
	(void)out;	/* a framework need not say */
	return called(data, REPLACE, pasid, table);
}

static int detach(void *data, uint32_t pasid)
{
	return called(data, DETACH, pasid, 0);
}

static void setup(void)
{
	struct ioasid_ctx_options ctx_options = IOASID_CTX_OPTIONS_INIT;

	shim_reset();
	framework = (struct framework){ 0 };
	ctx_options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&ctx_options, &ctx));
	id = shim_new_device();
	options = (struct ioasid_adopt_options)IOASID_ADOPT_OPTIONS_INIT;
	options.name = "thing";
	options.cookie = 5;
	options.id = id;
	options.attach = attach;
	options.replace = replace;
	options.detach = detach;
	options.data = &framework;
}

/* The device is the framework's, and outlives the context. */
static void teardown(void)
{
	ck_ok(ioasid_ctx_close(ctx));
	shim_drop_device(id);
	ck_assert_uint_eq(shim_open_fds(), 0);
	ck_assert_uint_eq(shim_objects(), 0);
}

static struct ioasid_device *adopt(void)
{
	struct ioasid_device *d = NULL;

	ck_ok(ioasid_device_adopt(ctx, &options, &d));
	return d;
}

START_TEST(its_iommu_is_asked_and_its_node_is_not)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	const int iommu = shim_iommu_fd();
	struct ioasid_device *d;
	uint32_t number = 0;

	options.requester = 0x1234;
	shim_forget();
	d = adopt();
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(iommu, SHIM_HWPT_ALLOC, 24, 0, id, id + 1, 0, 0);
	for (; shim.expected < shim.n_calls; shim.expected++)
		ck_assert_int_eq(shim.calls[shim.expected].fd, iommu);
	expect_end();
	ck_assert_uint_eq(shim_objects(), 1);
	ck_assert_uint_eq(framework.calls, 0);
	ck_assert_str_eq(ioasid_device_get_name(d), "thing");
	ck_assert_uint_eq(ioasid_device_get_cookie(d), 5);
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert_uint_eq(info.requester, 0x1234);
	ck_assert_uint_eq(info.group, IOASID_NO_GROUP);
	ck_assert_uint_eq(info.address_bits, 48);
	ck_ok(ioasid_device_get_kernel_id(d, &number));
	ck_assert_uint_eq(number, id);
	ck_err(ioasid_device_get_fd(d), EOPNOTSUPP);
	said("thing", "framework");
	ck_assert_uint_eq(ioasid_device_query_reserved(d, NULL, 0), 0);
	ck_ok(ioasid_device_unbind(d));
	expect_end();
	ck_assert_uint_eq(framework.calls, 0);
	ck_assert_uint_eq(shim_objects(), 1);
}
END_TEST

START_TEST(ranges_are_those_given_and_those_of_the_group)
{
	const struct ioasid_range given[2] = { { 0x1000, 0x2000 },
					       { 0xffffffffffff0000, 0x10000 } };
	struct ioasid_range r[4] = { { 0 } };
	struct ioasid_device *d;

	options.group = 1;
	options.ranges = given;
	options.n_ranges = 2;
	d = adopt();
	ck_assert_uint_eq(ioasid_device_query_reserved(d, r, 4), 3);
	ck_assert(!memcmp(&r[0], &given[0], sizeof(r[0])));
	ck_assert(r[1].start == 0xfee00000 && r[1].length == 0x100000);
	ck_assert(!memcmp(&r[2], &given[1], sizeof(r[2])));
}
END_TEST

/* The framework is called once for each step, with the number of the space's IOAS. */
START_TEST(attach_replace_detach)
{
	struct ioasid_space *one = make_space(ctx, NULL, 0), *two = make_space(ctx, NULL, 0);
	struct ioasid_device *d = adopt();
	uint32_t table = 0;

	shim_forget();
	ck_ok(ioasid_device_attach(d, one));
	ck_ok(ioasid_space_get_kernel_id(one, &table));
	ck_assert_int_eq(framework.call, ATTACH);
	ck_assert_uint_eq(framework.pasid, IOASID_NO_PASID);
	ck_assert_uint_eq(framework.table, table);
	ck_ok(ioasid_device_replace(d, two));
	ck_ok(ioasid_space_get_kernel_id(two, &table));
	ck_assert_int_eq(framework.call, REPLACE);
	ck_assert_uint_eq(framework.pasid, IOASID_NO_PASID);
	ck_assert_uint_eq(framework.table, table);
	ck_ok(ioasid_device_detach(d));
	ck_assert_int_eq(framework.call, DETACH);
	ck_assert_uint_eq(framework.pasid, IOASID_NO_PASID);
	ck_assert_uint_eq(framework.calls, 3);
	ck_ok(ioasid_device_attach(d, one));
	ck_assert_int_eq(framework.call, ATTACH);
	ck_ok(ioasid_device_unbind(d));
	ck_assert_int_eq(framework.call, DETACH);
	ck_assert_uint_eq(framework.calls, 5);
}
END_TEST

/* The framework is told which requests it is about, and gets page tables that take PASIDs. */
START_TEST(pasids)
{
	struct ioasid_space *one = make_space(ctx, NULL, 0), *two = make_space(ctx, NULL, 0);
	struct ioasid_device *d;
	uint32_t table;

	shim.pasid_bits = 20;
	d = adopt();
	ck_ok(ioasid_device_attach_pasid(d, 5, one));
	ck_assert_int_eq(framework.call, ATTACH);
	ck_assert_uint_eq(framework.pasid, 5);
	table = framework.table;
	ck_assert(shim_hwpt_has_pasids(table));
	ck_ok(ioasid_device_replace_pasid(d, 5, two));
	ck_assert_int_eq(framework.call, REPLACE);
	ck_assert_uint_eq(framework.pasid, 5);
	ck_assert_uint_ne(framework.table, table);
	ck_ok(ioasid_device_detach_pasid(d, 5));
	ck_assert_int_eq(framework.call, DETACH);
	ck_assert_uint_eq(framework.pasid, 5);
	ck_assert_uint_eq(framework.calls, 3);
	ck_assert_uint_eq(shim_objects(), 1);
}
END_TEST

START_TEST(closing_detaches_too)
{
	struct ioasid_ctx_options ctx_options = IOASID_CTX_OPTIONS_INIT;

	ck_ok(ioasid_device_attach(adopt(), make_space(ctx, NULL, 0)));
	ck_ok(ioasid_ctx_close(ctx));
	ck_assert_int_eq(framework.call, DETACH);
	ck_assert_uint_eq(shim_objects(), 1);
	ctx_options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&ctx_options, &ctx));	/* for the teardown */
}
END_TEST

/* Of one group: on one space, and the kernel moves them together. */
START_TEST(groups_are_kept_together)
{
	struct ioasid_space *one = make_space(ctx, NULL, 0), *two = make_space(ctx, NULL, 0);
	struct ioasid_device *a, *b, *alone;
	uint32_t ids[2] = { shim_new_device(), shim_new_device() };

	options.group = 7;
	a = adopt();
	options.name = "other";
	options.id = ids[0];
	b = adopt();
	options.name = "alone";
	options.id = ids[1];
	options.group = IOASID_NO_GROUP;
	alone = adopt();
	ck_ok(ioasid_device_attach(a, one));
	ck_err(ioasid_device_attach(b, two), EINVAL);
	said("other shares group 7", "thing");
	ck_ok(ioasid_device_attach(b, one));
	ck_ok(ioasid_device_attach(alone, two));
	framework.calls = 0;
	ck_ok(ioasid_device_replace(a, two));
	ck_assert_uint_eq(framework.calls, 1);
	ck_assert_ptr_eq(ioasid_device_get_space(b), two);
	ck_ok(ioasid_device_unbind(b));
	ck_ok(ioasid_device_unbind(alone));
	shim_drop_device(ids[0]);
	shim_drop_device(ids[1]);
}
END_TEST

/* What the framework says is what the kernel would have said. */
START_TEST(failures_of_the_framework)
{
	static const struct { int error, result; const char *text; } cases[] = {
		{ -ENOMEM, ENOMEM, "memory" }, { -EFAULT, EFAULT, "locked" },
		{ -EADDRINUSE, EADDRINUSE, "aligned" }, { -EBUSY, EBUSY, "somebody else" },
		{ -EINVAL, EINVAL, "cannot" }, { -EIO, EINVAL, "refused" },
		{ 1, EINVAL, "refused" },
	};
	struct ioasid_space *one = make_space(ctx, NULL, 0), *two = make_space(ctx, NULL, 0);
	struct ioasid_device *d = adopt();
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		framework.error = cases[i].error;
		ck_err(ioasid_device_attach(d, one), cases[i].result);
		said("thing: attaching to space 1", cases[i].text);
		ck_assert_ptr_null(ioasid_device_get_space(d));
		ck_assert_uint_eq(shim_objects(), 1);
	}
	ck_ok(ioasid_device_attach(d, one));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		framework.error = cases[i].error;
		ck_err(ioasid_device_replace(d, two), cases[i].result);
		ck_assert_ptr_eq(ioasid_device_get_space(d), one);
		ck_assert_uint_eq(shim_objects(), 2);
	}
	framework.error = -EIO;	/* is logged */
	ck_ok(ioasid_device_detach(d));
	ck_assert_ptr_null(ioasid_device_get_space(d));
}
END_TEST

static void fails(int error, const char *a, const char *b)
{
	const unsigned int objects = shim_objects();
	struct ioasid_device *none = (void *)1;

	ck_err(ioasid_device_adopt(ctx, &options, &none), error);
	said(a, b);
	ck_assert_ptr_eq(none, (void *)1);
	ck_assert_uint_eq(shim_objects(), objects);
}

START_TEST(what_is_refused)
{
	const struct ioasid_adopt_options good = options;
	const struct ioasid_range empty = { 0x1000, 0 }, over = { UINT64_MAX, 2 };

	options.name = NULL;
	fails(EINVAL, "name", "");
	options.name = "";
	fails(EINVAL, "name", "");
	options = good;
	options.attach = NULL;
	fails(EINVAL, "thing", "attach");
	options = good;
	options.replace = NULL;
	fails(EINVAL, "thing", "replace");
	options = good;
	options.detach = NULL;
	fails(EINVAL, "thing", "detach");
	options = good;
	options.flags = 0x3;
	fails(EINVAL, "thing", "0x2");
	options = good;
	options.n_ranges = 1;
	fails(EINVAL, "thing", "NULL");
	options.ranges = &empty;
	fails(EINVAL, "thing", "0x1000 + 0x0");
	options.ranges = &over;
	fails(EINVAL, "thing", "0xffffffffffffffff + 0x2");
	options = good;
	options.size = 2;
	fails(EINVAL, "options", "size 2");
	options.size = 8192;
	fails(E2BIG, "options", "8192");
	ck_assert_uint_eq(shim.n_calls, 0);
}
END_TEST

START_TEST(devices_that_are_not_there_or_bound_already)
{
	options.id = id + 1;
	fails(ENODEV, "no device 2", "");
	options.id = id;
	options.group = 1;
	shim.reserved = NULL;
	fails(ENODEV, "iommu_groups/1", "");
	options.group = IOASID_NO_GROUP;
	adopt();
	fails(EBUSY, "thing", "already");
	options.name = "other";
	fails(EBUSY, "other", "thing");
}
END_TEST

START_TEST(allocations_that_fail)
{
	const struct ioasid_range range = { 0x1000, 0x1000 };
	const size_t blocks = mem_live_blocks();
	struct ioasid_device *d;
	unsigned long n;

	options.ranges = &range;
	options.n_ranges = 1;
	options.group = 1;
	for (n = 1;; n++) {
		int ret;

		mem_fail_nth(n);
		ret = ioasid_device_adopt(ctx, &options, &d);
		if (mem_fail_nth(0))
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_uint_eq(shim_objects(), 1);
		ck_assert_uint_eq(mem_live_blocks(), blocks);
	}
	ck_assert_uint_ge(n, 5);
	ck_ok(ioasid_device_unbind(d));
	ck_assert_uint_eq(mem_live_blocks(), blocks);
}
END_TEST

START_TEST(other_back_ends_have_no_other_frameworks)
{
	struct ioasid_ctx_options ctx_options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_ctx *other;
	struct ioasid_device *d;

	ctx_options.backend = "emulated";
	ck_ok(ioasid_ctx_open(&ctx_options, &other));
	ck_err(ioasid_device_adopt(other, &options, &d), EOPNOTSUPP);
	said("thing", "emulated");
	ck_ok(ioasid_ctx_close(other));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-adopt");
	TCase *tc = tcase_create("adopt");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, its_iommu_is_asked_and_its_node_is_not);
	tcase_add_test(tc, ranges_are_those_given_and_those_of_the_group);
	tcase_add_test(tc, attach_replace_detach);
	tcase_add_test(tc, pasids);
	tcase_add_test(tc, closing_detaches_too);
	tcase_add_test(tc, groups_are_kept_together);
	tcase_add_test(tc, failures_of_the_framework);
	tcase_add_test(tc, what_is_refused);
	tcase_add_test(tc, devices_that_are_not_there_or_bound_already);
	tcase_add_test(tc, allocations_that_fail);
	tcase_add_test(tc, other_back_ends_have_no_other_frameworks);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
