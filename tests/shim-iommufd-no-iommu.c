/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices without an IOMMU on the iommufd back end, and physical addresses. */
#include <string.h>

#include "shim_expect.h"
#include "shim_version.h"

#define IOVA	 UINT64_C(0x40000000)
#define MEMORY	 (4 * PAGE)
#define PHYSICAL (UINT64_C(1) << 40)	/* where the test's kernel has the process's memory */

static struct ioasid_ctx *ctx;
static struct ioasid_space *space;
static uint8_t *memory;

static void open_ctx(uint64_t flags)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	options.backend = "iommufd";
	options.flags = flags;
	ck_ok(ioasid_ctx_open(&options, &ctx));
	space = make_space(ctx, NULL, 0);
	ck_ok(ioasid_space_map(space, IOVA, memory, MEMORY, RW, NULL));
}

static void setup(void)
{
	shim_reset();
	shim.group_name = "vfio-noiommu\n";
	memory = memory_new(MEMORY);
	open_ctx(IOASID_CTX_NO_IOMMU);
}

static void teardown(void)
{
	ck_ok(ioasid_ctx_close(ctx));
	memory_free(memory, MEMORY);
	ck_assert_uint_eq(shim_open_fds(), 0);
	ck_assert_uint_eq(shim_objects(), 0);
}

static struct ioasid_device *bind_one(void)
{
	struct ioasid_device *device;

	ck_ok(ioasid_device_bind(ctx, shim.devices[0].name, 0, &device));
	return device;
}

static bool has_none(const struct ioasid_device *device)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;

	ck_ok(ioasid_device_query_info(device, &info));
	return info.no_iommu;
}

static void refused(int error, const char *a, const char *b)
{
	uint64_t physical = 77, contiguous = 78;

	ck_err(ioasid_space_query_physical(space, IOVA, PAGE, &physical, &contiguous), error);
	said(a, b);
	ck_assert_uint_eq(physical, 77);
	ck_assert_uint_eq(contiguous, 78);
}

START_TEST(only_who_asks_for_them_gets_them)
{
	struct ioasid_device *device;

	ck_assert(has_none(bind_one()));
	ck_ok(ioasid_ctx_close(ctx));
	open_ctx(0);
	ck_err(ioasid_device_bind(ctx, shim.devices[0].name, 0, &device), ENODEV);
	said(shim.devices[0].name, "no-IOMMU mode");
	ck_ok(ioasid_ctx_close(ctx));
	/* One that has an IOMMU is what it was. */
	shim.group_name = NULL;
	open_ctx(IOASID_CTX_NO_IOMMU);
	ck_assert(!has_none(bind_one()));
}
END_TEST

/* Whoever asks for them is not told that they are not to be had for want of an IOMMU. */
START_TEST(before_they_have_nodes)
{
	struct ioasid_device *device;

	shim.no_cdev = shim.no_dev = true;
	ck_err(ioasid_device_bind(ctx, shim.devices[0].name, 0, &device), ENODEV);
	said(shim.devices[0].name, "before Linux 7.3");
	ck_assert_ptr_null(strstr(ioasid_errmsg(), "intel_iommu=on"));
}
END_TEST

/* VFIO without groups (CONFIG_VFIO_GROUP): the device is all that there is. */
START_TEST(there_need_not_be_a_group)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_device *device = bind_one();

	ck_ok(ioasid_device_unbind(device));
	shim.no_group = true;
	device = bind_one();
	ck_ok(ioasid_device_query_info(device, &info));
	ck_assert(info.no_iommu && info.group == IOASID_NO_GROUP);
	ck_ok(ioasid_device_attach(device, space));
	ck_ok(ioasid_device_detach(device));
	ck_ok(ioasid_device_unbind(device));
	ck_ok(ioasid_device_bind(ctx, "/dev/vfio/devices/vfio0", 0, &device));
	ck_assert(has_none(device));
	ck_ok(ioasid_ctx_close(ctx));
	open_ctx(0);
	ck_err(ioasid_device_bind(ctx, "/dev/vfio/devices/vfio0", 0, &device), ENODEV);
	said(shim.devices[0].name, "behind no IOMMU");
}
END_TEST

/*
 * Bytes: size, flags, IOAS, 0, IOVA, length, address (Linux 7.3, struct iommu_ioas_noiommu_get_pa).
 */
START_TEST(physical_addresses)
{
	struct ioasid_device *device = bind_one();
	uint64_t physical = 0, contiguous = 0;
	uint32_t ioas;

	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_NO_IOMMU));
	ck_ok(ioasid_device_attach(device, space));
	ck_ok(ioasid_space_get_kernel_id(space, &ioas));
	shim_forget();
	ck_ok(ioasid_space_query_physical(space, IOVA + 0x1100, 0x3000, &physical, &contiguous));
	expect(shim_iommu_fd(), SHIM_GET_PA, 40, 0, ioas, 0, U64(IOVA + 0x1100), U64(0x3000),
	       U64(0));
	expect_end();
	ck_assert_uint_eq(physical, (uintptr_t)memory + 0x1100 + PHYSICAL);
	ck_assert_uint_eq(contiguous, PAGE - 0x100);
	ck_ok(ioasid_space_query_physical(space, IOVA, 8, &physical, &contiguous));
	ck_assert_uint_eq(contiguous, 8);
}
END_TEST

START_TEST(what_it_refuses)
{
	struct ioasid_device *device = bind_one();
	uint64_t physical, contiguous;

	refused(EOPNOTSUPP, "space 1", "is attached");
	ck_ok(ioasid_device_attach(device, space));
	ck_err(ioasid_space_query_physical(space, IOVA, 0, &physical, &contiguous), EINVAL);
	ck_err(ioasid_space_query_physical(space, IOVA, UINT64_MAX, &physical, &contiguous),
	       EOVERFLOW);
	ck_err(ioasid_space_query_physical(space, UINT64_MAX, 1, &physical, &contiguous),
	       EOVERFLOW);
	ck_err(ioasid_space_query_physical(space, IOVA + MEMORY, 1, &physical, &contiguous),
	       ENOENT);
	shim.no_physical = EPERM;
	refused(EPERM, "space 1", "CAP_SYS_RAWIO");
	shim.no_physical = EOPNOTSUPP;
	refused(EOPNOTSUPP, "space 1", "IOMMU");
}
END_TEST

/* Nobody but the IOMMU knows where such a space leads. */
START_TEST(not_of_what_is_nested_in_hardware)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	uint64_t physical, contiguous;
	struct ioasid_space *nested;

	shim.group_name = NULL;
	shim.nests = true;
	bind_one();
	options.parent = space;
	options.nesting = IOASID_NESTING_HARDWARE;
	ck_ok(ioasid_space_create(ctx, &options, &nested));
	ck_err(ioasid_space_query_physical(nested, IOVA, PAGE, &physical, &contiguous), EOPNOTSUPP);
	said("space 2", "nested in hardware");
}
END_TEST

/* Too old, configured without; without the permission it is there all the same. */
START_TEST(kernels_that_tell_nothing)
{
	static const struct { unsigned int version; int error; bool has;
	} kernels[] = {
		{ LINUX(7, 0), 0, false },
		{ LINUX(7, 3), EOPNOTSUPP, false },
		{ LINUX(7, 3), EPERM, true },
	};
	size_t i;

	for (i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		ck_ok(ioasid_ctx_close(ctx));
		shim.version = kernels[i].version;
		shim.no_physical = kernels[i].error;
		open_ctx(IOASID_CTX_NO_IOMMU);
		shim_forget();
		ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_NO_IOMMU) == kernels[i].has);
		ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_NO_IOMMU) == kernels[i].has);
		ck_assert_uint_eq(shim.n_calls, 1);
		if (!kernels[i].has)
			refused(EOPNOTSUPP, "physical addresses", "Linux 7.3");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-no-iommu");
	TCase *tc = tcase_create("no-iommu");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, only_who_asks_for_them_gets_them);
	tcase_add_test(tc, before_they_have_nodes);
	tcase_add_test(tc, there_need_not_be_a_group);
	tcase_add_test(tc, physical_addresses);
	tcase_add_test(tc, what_it_refuses);
	tcase_add_test(tc, not_of_what_is_nested_in_hardware);
	tcase_add_test(tc, kernels_that_tell_nothing);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
