/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The iommufd back end in a new process, and in the one that gives its context up. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "shim_expect.h"
#include "shim_ioas.h"
#include "shim_nested.h"
#include "shim_version.h"

static int file;

static void setup(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	shim_reset();
	shim.hw_capabilities = 1;	/* it records written pages */
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	device = bind_device(0);
	root = make_space(ctx, NULL, 0);
	memory = memory_new(MEMORY);
	file = memfd_new(MEMORY, F_SEAL_SHRINK);
	ck_ok(ioasid_space_map_file(root, 0, file, 0, MEMORY, RW, NULL));
	ck_ok(ioasid_device_attach(device, root));
	iommu = shim_iommu_fd();
	shim_forget();
}

static void teardown(void)
{
	if (ctx)
		ck_ok(ioasid_ctx_close(ctx));
	memory_free(memory, MEMORY);
	close(file);
	ck_assert_uint_eq(shim_open_fds(), 0);
}

/* struct iommu_ioas_change_process: its size, and 0. The question is asked once. */
START_TEST(one_command)
{
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_CHANGE_PROCESS));
	expect(iommu, SHIM_CHANGE_PROCESS, 8, UINT32_MAX);
	expect_end();
	ck_ok(ioasid_ctx_change_process(ctx));
	ck_ok(ioasid_ctx_change_process(ctx));
	expect(iommu, SHIM_CHANGE_PROCESS, 8, 0);
	expect(iommu, SHIM_CHANGE_PROCESS, 8, 0);
	expect_end();
}
END_TEST

START_TEST(before_linux_6_13)
{
	shim.version = LINUX(6, 12);
	ck_err(ioasid_ctx_change_process(ctx), EOPNOTSUPP);
	said("iommufd", "6.13");
	ck_err(ioasid_ctx_abandon(ctx), EOPNOTSUPP);
	expect(iommu, SHIM_CHANGE_PROCESS, 8, UINT32_MAX);
	expect_end();
}
END_TEST

/* The library sees it before the kernel is asked. */
START_TEST(memory_of_the_process)
{
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_CHANGE_PROCESS));
	ck_ok(ioasid_space_map(root, GIB, memory, PAGE, RW, NULL));
	shim_forget();
	ck_err(ioasid_ctx_change_process(ctx), EINVAL);
	said("space 1", "0x40000000-0x40000fff");
	expect_end();
}
END_TEST

/* And this one the kernel: somebody has mapped it by the descriptor. */
START_TEST(memory_of_somebody_else)
{
	ck_ok(shim_ioas_map(2, GIB, PAGE, 0x7000, SHIM_READ));
	ck_err(ioasid_ctx_change_process(ctx), EINVAL);
	said("somebody else", "descriptor");
	ck_ok(shim_ioas_unmap(2, GIB, PAGE));
	ck_ok(ioasid_ctx_change_process(ctx));
}
END_TEST

START_TEST(what_the_kernel_refuses)
{
	static const struct { int kernel, user; const char *text; } errors[] = {
		{ ENOMEM, ENOMEM, "RLIMIT_MEMLOCK" }, { EBUSY, EBUSY, "mapping" },
		{ EINVAL, EINVAL, "descriptor" }, { EIO, EINVAL, "refused" },
	};
	size_t i;

	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_CHANGE_PROCESS));
	shim.lock_limit = 8 << 20;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fail_nth(1, errors[i].kernel);
		ck_err(ioasid_ctx_change_process(ctx), errors[i].user);
		said(errors[i].text, "");
	}
	ck_ok(ioasid_ctx_change_process(ctx));
}
END_TEST

/* Of everything that a close would take down the kernel hears nothing; only descriptors go. */
START_TEST(what_is_abandoned_is_left_alone)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	uint32_t ioas = shim_attached(0);
	struct ioasid_fault_queue *queue;
	struct ioasid_space *tracked;
	struct ioasid_device *other = bind_device(1);

	ck_ok(ioasid_fault_queue_create(ctx, NULL, &queue));
	child = make_space(ctx, root, 0);
	ck_ok(ioasid_space_map_parent(child, 0x7000, PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_device_replace(device, child));
	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	ck_ok(ioasid_space_create(ctx, &options, &tracked));
	ck_ok(ioasid_space_map_file(tracked, 0, file, 0, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(other, tracked));
	ck_ok(ioasid_space_dirty_start(tracked));
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_CHANGE_PROCESS));
	ck_assert_uint_gt(shim_open_fds(), 3);
	shim_forget();
	ck_ok(ioasid_ctx_abandon(ctx));
	expect_end();
	ck_assert_uint_eq(shim_open_fds(), 0);
	ck_assert_uint_ne(shim_ioas_count(ioas), 0);
	ctx = NULL;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-process");
	TCase *tc = tcase_create("process");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, one_command);
	tcase_add_test(tc, before_linux_6_13);
	tcase_add_test(tc, memory_of_the_process);
	tcase_add_test(tc, memory_of_somebody_else);
	tcase_add_test(tc, what_the_kernel_refuses);
	tcase_add_test(tc, what_is_abandoned_is_left_alone);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
