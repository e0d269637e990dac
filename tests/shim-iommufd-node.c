/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The iommufd back end with what a program has open itself: nodes of devices, and an iommufd. */
#include <string.h>

#include "shim_expect.h"
#include "shim_version.h"
#include "util/alloc.h"
#include "vfio/sys.h"

static struct ioasid_ctx *ctx;

static int open_ctx(const char *backend, int fd)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	options.backend = backend;
	options.flags = fd ? IOASID_CTX_FD : 0;
	options.fd = fd;
	return ioasid_ctx_open(&options, &ctx);
}

static void setup(void)
{
	shim_reset();
	ck_ok(open_ctx("iommufd", 0));
}

static void teardown(void)
{
	ck_ok(ioasid_ctx_close(ctx));
	ck_assert_uint_eq(shim_open_fds(), 0);
	ck_assert_uint_eq(shim_objects(), 0);
}

/* The device that this is, bound as if it were by address. */
static void is_device_1(struct ioasid_device *d)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_range range = { 0 };
	uint32_t id = 0;

	ck_assert_str_eq(ioasid_device_get_name(d), "0000:03:1f.7");
	ck_assert_uint_eq(ioasid_device_get_cookie(d), 9);
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert_uint_eq(info.requester, 0x3ff);
	ck_assert_uint_eq(info.group, 2);
	ck_assert_uint_eq(info.address_bits, 48);
	ck_assert_uint_eq(ioasid_device_query_reserved(d, &range, 1), 1);
	ck_assert_uint_eq(range.start, 0xfee00000);
	ck_ok(ioasid_device_get_kernel_id(d, &id));
	ck_assert_uint_eq(id, 1);
}

START_TEST(a_path_names_a_node)
{
	struct ioasid_device *d;
	const int iommu = shim_iommu_fd();

	ck_ok(ioasid_device_bind(ctx, "/dev/vfio/devices/vfio1", 9, &d));
	expect(shim_device_fd(1), SHIM_BIND, 16, 0, (uint32_t)iommu, 0);
	is_device_1(d);
	ck_assert_int_eq(ioasid_device_get_fd(d), shim_device_fd(1));
	ck_err(ioasid_device_bind(ctx, "0000:03:1f.7", 9, &d), EBUSY);
	said("0000:03:1f.7", "bound already");
	ck_ok(ioasid_device_unbind(d));
	ck_assert_uint_eq(shim_open_fds(), 1);
}
END_TEST

START_TEST(a_descriptor_goes_over_to_the_device)
{
	int fd = sys_open("/dev/vfio/devices/vfio1");
	struct ioasid_device *d;

	shim_forget();
	ck_ok(ioasid_device_bind_fd(ctx, fd, 9, &d));
	expect(fd, SHIM_BIND, 16, 0, (uint32_t)shim_iommu_fd(), 0);
	is_device_1(d);
	ck_assert_int_eq(ioasid_device_get_fd(d), fd);
	ck_ok(ioasid_device_unbind(d));
	ck_assert(!shim_is_open(fd));
}
END_TEST

/* That fails, says so, and the descriptor is still the caller's. */
static void fails(int fd, int error, const char *a, const char *b)
{
	const unsigned int fds = shim_open_fds(), objects = shim_objects();
	struct ioasid_device *none = (void *)1;

	ck_err(ioasid_device_bind_fd(ctx, fd, 0, &none), error);
	said(a, b);
	ck_assert_ptr_eq(none, (void *)1);
	ck_assert_uint_eq(shim_open_fds(), fds);
	ck_assert_uint_eq(shim_objects(), objects);
}

START_TEST(descriptors_that_are_of_no_node)
{
	int fd = sys_open("/dev/vfio/devices/vfio1");

	fails(-1, EINVAL, "descriptor -1", strerror(EBADF));
	fails(shim_iommu_fd(), EINVAL, "/dev/vfio/devices", "10:0");
	shim.class = "misc";
	fails(fd, EINVAL, "/dev/vfio/devices", "511:1");
	shim.class = "vfio-dev";
	shim.no_sysfs = true;	/* as in a sandbox */
	fails(fd, ENODEV, "/sys", "511:1");
	shim.no_sysfs = false;
	shim.no_device = true;
	fails(fd, EINVAL, "descriptor", "not the node of a device");
	shim.no_device = false;
	shim.class = "vfio-dev";
	shim.bus = "mdev";	/* vfio_register_emulated_iommu_dev(): in such a group, too */
	shim.group_name = "vfio-noiommu\n";
	fails(fd, ENODEV, "0000:03:1f.7", "mediated");
	shim.group_name = NULL;
	shim.bus = "pci";
	shim.no_group = true;
	fails(fd, ENODEV, "0000:03:1f.7", "intel_iommu=on");
	shim.no_group = false;
	ck_assert_uint_eq(shim.n_calls, 0);
	fail_nth(1, EINVAL);
	fails(fd, EBUSY, "0000:03:1f.7", "another process");
	sys_close(fd);
}
END_TEST

/* What is opened by a path is closed again. */
START_TEST(paths_that_are_of_no_node)
{
	const unsigned int fds = shim_open_fds();
	struct ioasid_device *d;

	ck_err(ioasid_device_bind(ctx, "/dev/vfio/devices/vfio7", 0, &d), ENODEV);
	said("there is no /dev/vfio/devices/vfio7", "");
	ck_err(ioasid_device_bind(ctx, "/dev/iommu", 0, &d), ENODEV);
	said("/dev/iommu", "/dev/vfio/devices");
	shim.open_vfio = EACCES;
	ck_err(ioasid_device_bind(ctx, "/dev/vfio/devices/vfio1", 0, &d), EACCES);
	said("/dev/vfio/devices/vfio1", "permission");
	shim.open_vfio = 0;
	fail_nth(1, EPERM);
	ck_err(ioasid_device_bind(ctx, "/dev/vfio/devices/vfio1", 0, &d), EPERM);
	said("0000:03:1f.7", "group 2");
	ck_assert_uint_eq(shim_open_fds(), fds);
}
END_TEST

START_TEST(allocations_that_fail)
{
	int fd = sys_open("/dev/vfio/devices/vfio1");
	const unsigned int fds = shim_open_fds();
	const size_t blocks = mem_live_blocks();
	struct ioasid_device *d;
	unsigned long n;

	for (n = 1;; n++) {
		int ret;

		mem_fail_nth(n);
		ret = ioasid_device_bind_fd(ctx, fd, 0, &d);
		if (mem_fail_nth(0))
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_uint_eq(shim_open_fds(), fds);
		ck_assert_uint_eq(mem_live_blocks(), blocks);
		/* as closing it would have the kernel do */
		shim_drop_device(1);
		shim_forget();
	}
	ck_assert_uint_ge(n, 4);
	ck_ok(ioasid_device_unbind(d));
	ck_assert_uint_eq(mem_live_blocks(), blocks);
}
END_TEST

static const uint8_t token[16] = {
	0xbd, 0x8d, 0x9d, 0x2b, 0x5a, 0x5f, 0x4f, 0x5a,
	0xa2, 0x11, 0xf5, 0x91, 0x51, 0x4b, 0xa1, 0xf3,
};
static const uint8_t nil[16];

static int bind_with_token(const uint8_t *vf_token, struct ioasid_device **d)
{
	struct ioasid_bind_options options = IOASID_BIND_OPTIONS_INIT;

	options.name = shim.devices[0].name;
	options.cookie = 9;
	options.vf_token = vf_token;
	return ioasid_device_bind_with(ctx, &options, d);
}

/* That fails, says so, and leaves nothing. */
static void token_fails(const uint8_t *vf_token, int error, const char *a, const char *b)
{
	const unsigned int fds = shim_open_fds(), objects = shim_objects();
	struct ioasid_device *none = (void *)1;

	ck_err(bind_with_token(vf_token, &none), error);
	said(a, b);
	said(shim.devices[0].name, "VF token");
	ck_assert_ptr_eq(none, (void *)1);
	ck_assert_uint_eq(shim_open_fds(), fds);
	ck_assert_uint_eq(shim_objects(), objects);
}

/* vfio_pci_core_match_token_uuid() */
START_TEST(a_token_is_given_to_the_kernel)
{
	struct ioasid_bind_options options = IOASID_BIND_OPTIONS_INIT;
	struct ioasid_device *d;
	int fd;

	shim.vf_token = token;
	shim_forget();
	ck_ok(bind_with_token(token, &d));
	expect(shim_device_fd(0), SHIM_BIND, 24, 1, (uint32_t)shim_iommu_fd(), 0,
	       U64((uintptr_t)token));
	ck_assert_uint_eq(ioasid_device_get_cookie(d), 9);
	ck_ok(ioasid_device_unbind(d));
	shim.vf_token = nil;	/* a token like others */
	ck_ok(bind_with_token(nil, &d));
	ck_ok(ioasid_device_unbind(d));
	fd = sys_open("/dev/vfio/devices/vfio0");
	options.flags = IOASID_BIND_FD;
	options.fd = fd;
	options.vf_token = nil;
	ck_ok(ioasid_device_bind_with(ctx, &options, &d));
	ck_assert_int_eq(ioasid_device_get_fd(d), fd);
	ck_ok(ioasid_device_unbind(d));
}
END_TEST

START_TEST(tokens_that_are_missing_or_wrong)
{
	shim.vf_token = token;
	shim.physical_functions = true;
	token_fails(NULL, EACCES, "virtual functions are in use", "ioasid_device_bind_with");
	token_fails(nil, EACCES, "virtual functions are in use", "this is not the VF token");
	shim.virtual_functions = true;
	token_fails(NULL, EACCES, "physical function, 0000:09:00.0", "ioasid_device_bind_with");
	token_fails(nil, EACCES, "physical function, 0000:09:00.0", "this is not the VF token");
}
END_TEST

START_TEST(tokens_that_nobody_wants)
{
	struct ioasid_device *d;

	token_fails(token, EINVAL, "no SR-IOV", "");
	shim.virtual_functions = true;
	token_fails(token, EINVAL, "0000:09:00.0", "no driver");
	shim.pf_driver = "ixgbe";
	token_fails(token, EINVAL, "0000:09:00.0", "ixgbe");
	ck_ok(bind_with_token(NULL, &d));
	ck_ok(ioasid_device_unbind(d));
}
END_TEST

/* What else the kernel says EINVAL for is not the token's fault. */
START_TEST(tokens_and_other_reasons)
{
	struct ioasid_device *none;

	shim.vf_token = token;
	shim.physical_functions = true;
	fail_nth(1, EINVAL);
	ck_err(bind_with_token(token, &none), EBUSY);
	said(shim.devices[0].name, "another process");
	shim.virtual_functions = true;
	shim.pf_driver = "vfio-pci";
	fail_nth(1, EINVAL);
	ck_err(bind_with_token(token, &none), EBUSY);
	said(shim.devices[0].name, "another process");
	fail_nth(1, EPERM);
	ck_err(bind_with_token(token, &none), EPERM);
	shim.reserved = "0x0000000000000000 0x0000000000001fff direct\n";
	fail_nth(1, EINVAL);
	ck_err(bind_with_token(token, &none), ENODEV);
	said(shim.devices[0].name, "firmware");
}
END_TEST

/*
 * Until Linux 6.17 nodes of devices knew no tokens, and nobody was asked for one. Until 6.19 (and
 * 6.18.3) one was wanted, but what carries it counted as unknown.
 */
START_TEST(kernels_that_take_no_token)
{
	struct ioasid_device *d;

	shim.vf_token = token;
	shim.version = LINUX(6, 16);
	token_fails(token, EOPNOTSUPP, "wants none", "6.17");
	ck_ok(bind_with_token(NULL, &d));
	ck_ok(ioasid_device_unbind(d));
	shim.version = LINUX(6, 18);
	shim.physical_functions = true;
	token_fails(token, EOPNOTSUPP, "cannot be given", "6.18.2");
	token_fails(NULL, EACCES, "VF token", "");
}
END_TEST

START_TEST(options_of_a_bind)
{
	struct ioasid_bind_options options = IOASID_BIND_OPTIONS_INIT;
	struct ioasid_device *none = (void *)1;

	shim_forget();
	ck_err(ioasid_device_bind_with(ctx, &options, &none), EINVAL);
	said("a device needs a name", "");
	options.name = shim.devices[0].name;
	options.flags = IOASID_BIND_FD;
	ck_err(ioasid_device_bind_with(ctx, &options, &none), EINVAL);
	said(options.name, "not both");
	options.flags = 2;
	ck_err(ioasid_device_bind_with(ctx, &options, &none), EINVAL);
	said("unknown flags 0x2", "");
	options.flags = 0;
	options.reserved = 1;
	ck_err(ioasid_device_bind_with(ctx, &options, &none), EINVAL);
	said("reserved", "");
	options.size = 4;
	ck_err(ioasid_device_bind_with(ctx, &options, &none), EINVAL);
	options.size = 8192;
	ck_err(ioasid_device_bind_with(ctx, &options, &none), E2BIG);
	ck_assert_ptr_eq(none, (void *)1);
	ck_assert_uint_eq(shim.n_calls, 0);
}
END_TEST

/* Without a look at the system's node, which the program may not open. */
START_TEST(a_context_on_the_programs_descriptor)
{
	struct ioasid_space *space;
	struct ioasid_device *d;
	uint32_t id;
	int own;

	shim_reset();
	own = sys_open("/dev/iommu");
	shim.access = EACCES;
	unsetenv("IOASID_BACKEND");
	ck_ok(open_ctx(NULL, own));
	expect_end();
	ck_assert_str_eq(ioasid_ctx_get_backend(ctx), "iommufd");
	ck_assert_int_ne(ioasid_ctx_get_fd(ctx), own);
	ck_assert(shim_is_open(ioasid_ctx_get_fd(ctx)));
	sys_close(own);
	ck_ok(ioasid_device_bind(ctx, "0000:03:1f.7", 9, &d));
	is_device_1(d);
	space = make_space(ctx, NULL, 0);
	ck_err(ioasid_space_get_kernel_id(space, &id), ENOENT);
	ck_ok(ioasid_device_attach(d, space));
	ck_ok(ioasid_space_get_kernel_id(space, &id));
	ck_assert_uint_eq(id, shim_attached(1));
	ck_ok(ioasid_device_detach(d));
	ck_err(ioasid_space_get_kernel_id(space, &id), ENOENT);
	said("space 1", "no table");
	teardown();
}
END_TEST

START_TEST(descriptors_that_are_no_iommufd)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	int fd, iommu;

	shim_reset();
	unsetenv("IOASID_BACKEND");
	fd = sys_open("/dev/vfio/devices/vfio1");
	iommu = sys_open("/dev/iommu");
	ck_err(open_ctx("iommufd", fd), EINVAL);
	said("descriptor", "/dev/iommu");
	ck_err(open_ctx("iommufd", -1), EINVAL);
	said("descriptor -1", strerror(EBADF));
	ck_err(open_ctx(NULL, fd), EINVAL);
	ck_err(open_ctx("emulated", iommu), EOPNOTSUPP);
	ck_err(open_ctx("type1", iommu), EOPNOTSUPP);
	options.reserved = 1;
	ck_err(ioasid_ctx_open(&options, &ctx), EINVAL);
	ck_assert_uint_eq(shim_open_fds(), 2);
}
END_TEST

/* The other back ends have nothing of all this, and say so. */
START_TEST(only_iommufd_has_descriptors_and_numbers)
{
	struct ioasid_device *d, *none = (void *)1;
	uint32_t id;

	shim_reset();
	ck_ok(open_ctx("emulated", 0));
	ck_err(ioasid_device_bind_fd(ctx, 3, 0, &none), EOPNOTSUPP);
	ck_err(ioasid_device_bind(ctx, "/dev/vfio/devices/vfio0", 0, &none), ENODEV);
	ck_err(ioasid_ctx_get_fd(ctx), EOPNOTSUPP);
	ck_ok(ioasid_device_bind(ctx, "0000:00:01.0", 0, &d));
	ck_err(ioasid_device_get_kernel_id(d, &id), EOPNOTSUPP);
	ck_err(ioasid_space_get_kernel_id(make_space(ctx, NULL, 0), &id), EOPNOTSUPP);
	ck_assert_ptr_eq(none, (void *)1);
	ck_ok(ioasid_ctx_close(ctx));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-node");
	TCase *tc = tcase_create("devices"), *contexts = tcase_create("contexts");
	TCase *tokens = tcase_create("VF tokens");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_path_names_a_node);
	tcase_add_test(tc, a_descriptor_goes_over_to_the_device);
	tcase_add_test(tc, descriptors_that_are_of_no_node);
	tcase_add_test(tc, paths_that_are_of_no_node);
	tcase_add_test(tc, allocations_that_fail);
	tcase_add_test(tc, options_of_a_bind);
	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tokens, setup, teardown);
	tcase_add_test(tokens, a_token_is_given_to_the_kernel);
	tcase_add_test(tokens, tokens_that_are_missing_or_wrong);
	tcase_add_test(tokens, tokens_that_nobody_wants);
	tcase_add_test(tokens, tokens_and_other_reasons);
	tcase_add_test(tokens, kernels_that_take_no_token);
	suite_add_tcase(suite, tokens);
	tcase_add_test(contexts, a_context_on_the_programs_descriptor);
	tcase_add_test(contexts, descriptors_that_are_no_iommufd);
	tcase_add_test(contexts, only_iommufd_has_descriptors_and_numbers);
	suite_add_tcase(suite, contexts);
	return run_suite(suite);
}
