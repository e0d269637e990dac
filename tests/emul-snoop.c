/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enforced snooping: on, off, and on as long as all can. */
#include <string.h>

#include "support.h"

static const char text[] =
	"iommu good pasid-bits=8 enforce-snoop=on\n"
	"iommu poor enforce-snoop=off\n"
	"device a iommu=good pasid-bits=8\n"
	"device b iommu=good\n"
	"device c iommu=poor\n";

static struct ioasid_ctx *ctx;
static struct ioasid_device *a, *b, *c;

static void setup(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_platform *platform;

	ck_ok(ioasid_platform_parse(text, strlen(text), &platform));
	options.backend = "emulated";
	options.platform = platform;
	ck_ok(ioasid_ctx_open(&options, &ctx));
	ioasid_platform_free(platform);
	ck_ok(ioasid_device_bind(ctx, "a", 1, &a));
	ck_ok(ioasid_device_bind(ctx, "b", 2, &b));
	ck_ok(ioasid_device_bind(ctx, "c", 3, &c));
}

static void teardown(void)
{
	ck_ok(ioasid_ctx_close(ctx));
}

static struct ioasid_space *space_with(enum ioasid_enforce_snoop enforce)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;

	options.enforce_snoop = enforce;
	ck_ok(ioasid_space_create(ctx, &options, &space));
	return space;
}

static bool enforced(const struct ioasid_space *space)
{
	return space_info(space).snoop_enforced;
}

/* VFIO_DMA_CC_IOMMU, the other way round. */
static bool noncoherent(void)
{
	struct ioasid_ctx_info info = IOASID_CTX_INFO_INIT;

	ck_ok(ioasid_ctx_query_info(ctx, &info));
	return info.noncoherent_dma;
}

START_TEST(devices_tell_what_their_iommu_can)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;

	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_ENFORCE_SNOOP));
	ck_ok(ioasid_device_query_info(a, &info));
	ck_assert(info.enforce_snoop && info.coherent);
	ck_ok(ioasid_device_query_info(c, &info));
	ck_assert(!info.enforce_snoop && info.coherent);
}
END_TEST

START_TEST(on_refuses_devices_that_cannot)
{
	struct ioasid_space *on = space_with(IOASID_ENFORCE_SNOOP_ON);
	struct ioasid_space *any = space_with(0);
	struct ioasid_space *child = make_space(ctx, on, 0);

	ck_assert(enforced(on) && enforced(child));
	ck_ok(ioasid_device_attach(a, on));
	ck_err(ioasid_device_attach(c, on), EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "c: "));
	ck_err(ioasid_device_attach(c, child), EOPNOTSUPP);
	ck_assert_ptr_null(ioasid_device_get_space(c));
	ck_ok(ioasid_device_attach(c, any));
	ck_err(ioasid_device_replace(c, on), EOPNOTSUPP);
	ck_assert_ptr_eq(ioasid_device_get_space(c), any);
	ck_ok(ioasid_device_attach(b, child));
	ck_assert(enforced(on));
}
END_TEST

START_TEST(by_default_it_is_on_while_all_can)
{
	struct ioasid_space *space = space_with(0);
	struct ioasid_space *child = make_space(ctx, space, 0);

	ck_assert(enforced(space) && !noncoherent());
	ck_ok(ioasid_device_attach(a, space));
	ck_ok(ioasid_device_attach_pasid(a, 3, child));
	ck_assert(enforced(space) && enforced(child) && !noncoherent());
	ck_ok(ioasid_device_attach(c, child));
	ck_assert(!enforced(space) && !enforced(child) && noncoherent());
	ck_ok(ioasid_device_detach(c));
	ck_assert(enforced(space) && enforced(child) && !noncoherent());
	ck_ok(ioasid_device_attach(c, space));
	ck_assert(!enforced(child));
	ck_ok(ioasid_device_unbind(c));
	ck_assert(enforced(child) && !noncoherent());
}
END_TEST

START_TEST(off_is_off)
{
	struct ioasid_space *off = space_with(IOASID_ENFORCE_SNOOP_OFF);
	struct ioasid_space *other = space_with(0);

	ck_assert(!enforced(off) && !noncoherent());
	ck_ok(ioasid_device_attach(b, other));
	ck_assert(enforced(other) && !noncoherent());
	ck_ok(ioasid_device_attach_pasid(a, 7, off));
	ck_assert(noncoherent());
	ck_ok(ioasid_device_attach(c, off));
	ck_ok(ioasid_device_detach(c));
	ck_ok(ioasid_device_detach_pasid(a, 7));
	ck_assert(!noncoherent());
}
END_TEST

START_TEST(options_are_checked)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *none = NULL;

	options.enforce_snoop = IOASID_ENFORCE_SNOOP_OFF + 1;
	ck_err(ioasid_space_create(ctx, &options, &none), EINVAL);
	options.enforce_snoop = IOASID_ENFORCE_SNOOP_ON;
	options.parent = space_with(0);
	ck_err(ioasid_space_create(ctx, &options, &none), EINVAL);
	ck_assert_ptr_null(none);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("emul-snoop");
	TCase *tc = tcase_create("snoop");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, devices_tell_what_their_iommu_can);
	tcase_add_test(tc, on_refuses_devices_that_cannot);
	tcase_add_test(tc, by_default_it_is_on_while_all_can);
	tcase_add_test(tc, off_is_off);
	tcase_add_test(tc, options_are_checked);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
