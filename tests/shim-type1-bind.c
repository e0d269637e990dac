/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The type1 back end, from probing to a device that is bound, when the system says no. */
#include <errno.h>
#include <string.h>

#include "shim_type1_ctx.h"
#include "util/alloc.h"

START_TEST(probing)
{
	probing_opens_nothing("type1", "/dev/vfio/vfio", "CONFIG_VFIO_CONTAINER");
}
END_TEST

/* "auto" takes it where a group can be had, and only there; whoever names it may come first. */
START_TEST(auto_needs_a_group)
{
	static const char *const nodes[][4] = {
		{ NULL }, { "vfio", "devices", "noiommu-0" },
	};
	size_t i;

	unsetenv("IOASID_BACKEND");
	for (i = 0; i < 2; i++) {
		shim_reset();
		memcpy(shim.dev_vfio, nodes[i], sizeof(nodes[i]));
		ck_ok(open_ctx(NULL));
		ck_assert_str_eq(ioasid_ctx_get_backend(ctx), "emulated");
		ck_ok(ioasid_ctx_close(ctx));
		ck_assert_uint_eq(shim.opens, 0);
		ck_ok(open_ctx("type1"));
		ck_ok(ioasid_ctx_close(ctx));
	}
	shim.dev_vfio[0] = "a-name-that-is-longer-than-any-that-could-be-the-number-of-a-group";
	shim.dev_vfio[2] = "12";
	ck_ok(open_ctx("auto"));
	ck_assert_str_eq(ioasid_ctx_get_backend(ctx), "type1");
	ck_ok(ioasid_ctx_close(ctx));
	shim.no_entry = EMFILE;		/* which says nothing of groups */
	ck_err(open_ctx("auto"), ENOMEM);
	said("/dev/vfio", strerror(EMFILE));
	shim.no_entry = 0;
	shim_t1.no_type1 = true;
	ck_ok(open_ctx("auto"));
	ck_assert_str_eq(ioasid_ctx_get_backend(ctx), "emulated");
	ck_ok(ioasid_ctx_close(ctx));
}
END_TEST

START_TEST(kernels_that_cannot)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	shim_reset();
	shim_t1.no_type1 = true;
	ck_err(open_ctx("type1"), ENODEV);
	said("/dev/vfio/vfio", "vfio_iommu_type1");
	shim_reset();
	shim_t1.version = 1;
	ck_err(open_ctx("type1"), ENODEV);
	said("/dev/vfio/vfio", "version");
	shim_reset();
	shim_t1.open_container = ENODEV;
	ck_err(open_ctx("type1"), ENODEV);
	said("/dev/vfio/vfio", "modprobe vfio");
	shim_t1.open_container = EMFILE;
	ck_err(open_ctx("type1"), ENOMEM);
	shim_t1.open_container = EIO;
	ck_err(open_ctx("type1"), ENODEV);
	said("/dev/vfio/vfio", strerror(EIO));
	shim_reset();
	options.backend = "type1";
	options.flags = IOASID_CTX_AUDIT;
	ck_err(ioasid_ctx_open(&options, &ctx), EOPNOTSUPP);
	options.flags = IOASID_CTX_NO_IOMMU;
	ck_err(ioasid_ctx_open(&options, &ctx), EOPNOTSUPP);
	options.flags = 0;
	ck_ok(ioasid_platform_new_default((struct ioasid_platform **)(uintptr_t)&options.platform));
	ck_err(ioasid_ctx_open(&options, &ctx), EOPNOTSUPP);
	ioasid_platform_free((struct ioasid_platform *)(uintptr_t)options.platform);
	ck_assert_uint_eq(shim.opens, 0);
	mem_fail_nth(2);
	ck_err(open_ctx("type1"), ENOMEM);
	ck_assert(!mem_fail_nth(0));
	ck_assert_uint_eq(shim_open_fds(), 0);
}
END_TEST

START_TEST(capabilities_say_so_before_a_call_fails)
{
	struct ioasid_space *root = make_space(ctx, NULL, 0);
	struct ioasid_device *d = bind(0);
	struct ioasid_channel *channel;
	enum ioasid_capability cap;

	for (cap = 1; ioasid_capability_name(cap); cap++)
		ck_assert_msg(ioasid_ctx_has(ctx, cap) || strlen(ioasid_ctx_why_not(ctx, cap)) > 10,
			      "%s", ioasid_capability_name(cap));
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_MAP_FILE));
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_REGISTER_MEMORY));
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_MULTI_DEVICE_GROUPS));
	ck_assert(!ioasid_ctx_has(ctx, IOASID_CAP_ATOMIC_REPLACE));
	ck_assert(!ioasid_ctx_has(ctx, IOASID_CAP_PASID));
	ck_err(ioasid_device_attach_pasid(d, 1, root), EOPNOTSUPP);
	ck_assert(!ioasid_ctx_has(ctx, IOASID_CAP_DMA));
	ck_err(ioasid_channel_open(d, IOASID_NO_PASID, &channel), EOPNOTSUPP);
}
END_TEST

START_TEST(what_type1_has_not)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_pasid_table table = IOASID_PASID_TABLE_INIT;
	struct ioasid_space *space = make_space(ctx, NULL, 0), *none = (void *)1;

	options.flags = IOASID_SPACE_SMALL_PAGES;
	ck_err(ioasid_space_create(ctx, &options, &none), EOPNOTSUPP);
	said("small pages", "");
	ck_assert_ptr_eq(none, (void *)1);
	table.format = IOASID_PASID_TABLE_VTD;
	ck_err(ioasid_space_bind_pasid_table(space, &table), EOPNOTSUPP);
	said("PASID table", "");
}
END_TEST

START_TEST(devices_that_cannot_be_found)
{
	struct shim_device *d = &shim.devices[0];

	shim_forget();
	bind_fails(ctx, "../../../dev/sda", ENODEV, "../../../dev/sda", "PCI address");
	bind_fails(ctx, "0000:00:07.0", ENODEV, "no PCI device", "0000:00:07.0");
	shim.no_sysfs = true;
	bind_fails(ctx, d->name, ENODEV, d->name, "/sys");
	shim.no_sysfs = false;
	d->vfio = NULL;
	d->driver = "nvme";
	bind_fails(ctx, d->name, ENODEV, d->name, "bound to nvme");
	d->driver = NULL;
	bind_fails(ctx, d->name, ENODEV, d->name, "no driver");
	d->vfio = "vfio0";
	d->driver = "mlx5_vfio_pci";	/* KBUILD_MODNAME: in names of modules - is _ */
	shim.no_group = true;
	bind_fails(ctx, d->name, ENODEV, "IOMMU", "intel_iommu=on");
	shim.no_group = false;
	shim.group_name = "vfio-noiommu\n";
	bind_fails(ctx, d->name, ENODEV, d->name, "no-IOMMU mode");
	shim.no_read = EMFILE;
	bind_fails(ctx, d->name, ENOMEM, d->name, strerror(EMFILE));
	shim.no_read = 0;
	shim.group_name = "another\n";
	ck_ok(ioasid_device_unbind(bind(0)));
	ck_assert_uint_eq(shim.n_calls, 0);
}
END_TEST

/* One of a vendor's own: that the device is VFIO's is said by its folder vfio-dev, Linux 6.1. */
START_TEST(drivers_that_do_not_say_vfio)
{
	struct shim_device *d = &shim.devices[0];

	d->driver = "nvidia";
	ck_ok(ioasid_device_unbind(bind(0)));
	shim.no_entry = EMFILE;
	bind_fails(ctx, d->name, ENOMEM, d->name, strerror(EMFILE));
	shim.no_entry = 0;
	/* nor is it in the way of others */
	shim_t1.not_viable = true;
	shim.devices[3].driver = "nvidia";
	bind_fails(ctx, shim.devices[2].name, EPERM, "group 7", "another process");
}
END_TEST

START_TEST(groups_that_cannot_be_opened)
{
	const char *name = shim.devices[0].name;

	shim_forget();
	shim_t1.no_group_nodes = true;
	bind_fails(ctx, name, ENODEV, "/dev/vfio/1", "CONFIG_VFIO_GROUP");
	bind_fails(ctx, name, ENODEV, "/dev/vfio/1", "container");
	shim_t1.no_group_nodes = false;
	shim_t1.open_group = EACCES;
	bind_fails(ctx, name, EACCES, "/dev/vfio/1", "permission");
	shim_t1.open_group = EPERM;
	bind_fails(ctx, name, EACCES, "/dev/vfio/1", "cgroup");
	shim_t1.open_group = EBUSY;
	bind_fails(ctx, name, EBUSY, "/dev/vfio/1", "another process");
	shim_t1.open_group = EMFILE;
	bind_fails(ctx, name, ENOMEM, "/dev/vfio/1", strerror(EMFILE));
	shim_t1.open_group = 0;
	shim_t1.open_container = EMFILE;
	bind_fails(ctx, name, ENOMEM, "/dev/vfio/vfio", strerror(EMFILE));
	ck_assert_uint_eq(shim.n_calls, 1);	/* the status of the last */
}
END_TEST

START_TEST(groups_that_are_not_viable)
{
	const char *name = shim.devices[2].name;

	shim_t1.not_viable = true;
	bind_fails(ctx, name, EPERM, "group 7", "another process");
	ck_assert_ptr_null(strstr(ioasid_errmsg(), "interrupts"));	/* SET_IOMMU says that */
	shim.devices[3].driver = "nvme";
	shim.devices[3].vfio = NULL;
	bind_fails(ctx, name, EPERM, "group 7", "0000:05:00.1, bound to nvme");
}
END_TEST

/* GET_STATUS, SET_CONTAINER, SET_IOMMU, GET_DEVICE_FD, GET_INFO */
START_TEST(devices_that_cannot_be_bound)
{
	const struct { unsigned int nth; int error, result; const char *text; } cases[] = {
		{ 1, EIO, ENODEV, "status" },	    { 2, EBUSY, EBUSY, "somebody else" },
		{ 2, ENOMEM, ENOMEM, "memory" },    { 3, EPERM, EPERM, "allow_unsafe_interrupts" },
		{ 3, ENODEV, ENODEV, "group 7" },   { 3, EINVAL, ENODEV, "group 7" },
		{ 4, EACCES, EACCES, strerror(EACCES) },
		{ 4, EPERM, EACCES, strerror(EPERM) },
		{ 4, EBUSY, EBUSY, "another process" }, { 4, EAGAIN, EBUSY, "try again" },
		{ 4, EMFILE, ENOMEM, "descriptor" }, { 4, EIO, ENODEV, strerror(EIO) },
		{ 5, ENOMEM, ENOMEM, "IOMMU" },	    { 5, EIO, ENODEV, "IOMMU" },
	};
	const char *name = shim.devices[2].name;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fail_nth(cases[i].nth, cases[i].error);
		bind_fails(ctx, name, cases[i].result, name, cases[i].text);
	}
}
END_TEST

static int bind_with_token(const uint8_t *vf_token, struct ioasid_device **d)
{
	struct ioasid_bind_options options = IOASID_BIND_OPTIONS_INIT;

	options.name = shim.devices[0].name;
	options.vf_token = vf_token;
	return ioasid_device_bind_with(ctx, &options, d);
}

/* That fails, says so, and leaves nothing. */
static void token_fails(const uint8_t *vf_token, int error, const char *a, const char *b)
{
	struct ioasid_device *none = (void *)1;

	ck_err(bind_with_token(vf_token, &none), error);
	said(a, b);
	said(shim.devices[0].name, "");
	ck_assert_ptr_eq(none, (void *)1);
	ck_assert_uint_eq(shim_open_fds(), 0);
}

/* Somebody takes the device away from VFIO. */
static void lose_driver(void)
{
	shim.devices[0].driver = NULL;
}

/* Linux, vfio_pci_core_match() */
START_TEST(tokens_of_virtual_functions)
{
	static const uint8_t token[16] = {
		0xbd, 0x8d, 0x9d, 0x2b, 0x5a, 0x5f, 0x4f, 0x5a,
		0xa2, 0x11, 0xf5, 0x91, 0x51, 0x4b, 0xa1, 0xf3,
	};
	struct ioasid_bind_options by_fd = IOASID_BIND_OPTIONS_INIT;
	static const uint8_t nil[16];
	struct ioasid_device *d;

	token_fails(token, EINVAL, "VF token", "no SR-IOV");
	shim.virtual_functions = true;
	shim.pf_driver = "ixgbe";
	token_fails(token, EINVAL, "VF token", "ixgbe");
	shim.pf_vfio = true;
	token_fails(token, ENODEV, "group 1", strerror(EINVAL));
	shim.pf_vfio = false;
	shim.pf_driver = "vfio-pci";
	shim.vf_token = token;
	token_fails(NULL, EACCES, "0000:09:00.0", "ioasid_device_bind_with");
	token_fails(nil, EACCES, "0000:09:00.0", "this is not the VF token");
	ck_ok(bind_with_token(token, &d));
	ck_assert_str_eq(ioasid_device_get_name(d), shim.devices[0].name);
	ck_ok(ioasid_device_unbind(d));
	fail_nth(4, EINVAL);
	token_fails(token, ENODEV, "group 1", strerror(EINVAL));
	fail_nth(4, EBUSY);
	token_fails(token, EBUSY, "another process", "");
	shim_t1.no_tokens = true;
	token_fails(token, EOPNOTSUPP, "VF token", "5.7");
	shim.slow = lose_driver;
	shim.slow_command = SHIM_GET_DEVICE_FD;
	token_fails(token, ENODEV, "group 1", strerror(ENODEV));
	by_fd.flags = IOASID_BIND_FD;
	ck_err(ioasid_device_bind_with(ctx, &by_fd, &d), EOPNOTSUPP);
}
END_TEST

/*
 * Linux, __iommu_device_set_domain(): none is blocked that needs its direct mappings. Before Linux
 * 6.6 it was VT-d's driver that refused, intel_iommu_attach_device(), with what stands for
 * interrupts as well.
 */
START_TEST(devices_that_the_firmware_needs)
{
	const char *name = shim.devices[2].name;

	shim.reserved = "0x0000000000000000 0x0000000000001fff direct-relaxable\n";
	fail_nth(2, EINVAL);
	bind_fails(ctx, name, ENODEV, name, "no address space");
	shim.reserved = "0x0000000000000000 0x0000000000001fff direct\n";
	fail_nth(2, EINVAL);
	bind_fails(ctx, name, ENODEV, name, "firmware");
	fail_nth(3, EPERM);
	bind_fails(ctx, name, ENODEV, name, "firmware");
}
END_TEST

START_TEST(answers_that_are_odd)
{
	static const uint32_t offsets[] = { 4, 20, 1020, 1024, 4096, UINT32_MAX - 7, UINT32_MAX };
	const char *name = shim.devices[0].name;
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	size_t i;

	shim_t1.n_ranges = 0;
	bind_fails(ctx, name, ENODEV, name, "5.4");
	shim_t1.n_ranges = 2;
	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		shim_t1.odd_offset = offsets[i];
		bind_fails(ctx, name, ENODEV, name, "5.4");
	}
	shim_t1.odd_offset = 0;
	shim_t1.claim_ranges = 1000000;
	bind_fails(ctx, name, ENODEV, name, "nothing");
	shim_t1.claim_ranges = 0;
	/* who tells less is no worse for it */
	shim_t1.no_avail = true;
	shim_t1.page_sizes = 0;
	ck_ok(ioasid_device_query_info(bind(0), &info));
	ck_assert_uint_eq(info.max_mappings, 0);
	ck_assert_uint_eq(info.page_sizes, 0x1000);
}
END_TEST

/* Whatever there is no memory for: nothing is bound, or a device that knows all of its ranges. */
START_TEST(devices_without_memory)
{
	struct ioasid_range all[8], got[8];
	struct ioasid_device *d = bind(0);
	unsigned long n, left = 0;
	size_t n_all = ioasid_device_query_reserved(d, all, 8);
	int ret;

	ck_ok(ioasid_device_unbind(d));
	for (n = 1; !left; n++) {
		mem_fail_nth(n);
		ret = ioasid_device_bind(ctx, shim.devices[0].name, 0, &d);
		left = mem_fail_nth(0);
		if (ret) {
			ck_err(ret, ENOMEM);
			ck_assert_uint_eq(shim_open_fds(), 0);
			continue;
		}
		ck_assert_uint_eq(ioasid_device_query_reserved(d, got, 8), n_all);
		ck_assert(!memcmp(got, all, n_all * sizeof(all[0])));
		ck_ok(ioasid_device_unbind(d));
	}
	ck_assert_uint_ge(n, 6);
}
END_TEST

/*
 * Linux 5.10 to 6.5: what says how many mappings are left is 12 bytes, and what follows is where it
 * ends (vfio_info_cap_add()). On i386 a structure of 64-bit members is aligned to 4.
 */
START_TEST(capabilities_are_where_they_are_said_to_be)
{
	struct ioasid_device_info info[3] = {
		IOASID_DEVICE_INFO_INIT, IOASID_DEVICE_INFO_INIT, IOASID_DEVICE_INFO_INIT,
	};
	size_t i;

	for (i = 0; i < 3; i++) {
		struct ioasid_device *d;

		shim_t1.packed = i == 1;
		shim_t1.unpadded = i == 2;
		d = bind(0);
		ck_ok(ioasid_device_query_info(d, &info[i]));
		ck_assert_uint_eq(ioasid_device_query_reserved(d, NULL, 0), 1);
		ck_ok(ioasid_device_unbind(d));
	}
	ck_assert_mem_eq(&info[1], &info[0], sizeof(info[0]));
	ck_assert(info[0].dirty_tracking);
	ck_assert(!info[2].dirty_tracking);
	ck_assert_uint_eq(info[2].max_mappings, info[0].max_mappings);
	ck_assert_uint_eq(info[2].address_bits, info[0].address_bits);
}
END_TEST

START_TEST(long_answers_are_asked_for_again)
{
	struct ioasid_device *d;
	uint32_t container;

	shim_t1.pad = 1024;
	ck_ok(ioasid_device_bind(ctx, shim.devices[0].name, 0, &d));
	container = (uint32_t)shim_container_fd(1);
	ck_assert_uint_eq(shim.n_calls, 10);	/* the last is about snooping */
	ck_assert_uint_eq(shim.calls[7].words[0], 1024);
	ck_assert_uint_eq(shim.calls[8].words[0], 24 + 1024 + 32 + 16 + 48);
	ck_assert_int_eq(shim.calls[8].fd, (int)container);
	ck_assert_uint_eq(ioasid_device_query_reserved(d, NULL, 0), 1);
	ck_ok(ioasid_device_unbind(d));
	shim_t1.pad = 2u << 20;
	bind_fails(ctx, shim.devices[0].name, ENODEV, "IOMMU", strerror(E2BIG));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-type1-bind");
	TCase *tc = tcase_create("without a context"), *with = tcase_create("with one");

	tcase_add_test(tc, probing);
	tcase_add_test(tc, auto_needs_a_group);
	tcase_add_test(tc, kernels_that_cannot);
	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(with, type1_setup, type1_teardown);
	tcase_add_test(with, capabilities_say_so_before_a_call_fails);
	tcase_add_test(with, devices_without_memory);
	tcase_add_test(with, what_type1_has_not);
	tcase_add_test(with, devices_that_cannot_be_found);
	tcase_add_test(with, drivers_that_do_not_say_vfio);
	tcase_add_test(with, groups_that_cannot_be_opened);
	tcase_add_test(with, groups_that_are_not_viable);
	tcase_add_test(with, devices_that_cannot_be_bound);
	tcase_add_test(with, tokens_of_virtual_functions);
	tcase_add_test(with, devices_that_the_firmware_needs);
	tcase_add_test(with, answers_that_are_odd);
	tcase_add_test(with, capabilities_are_where_they_are_said_to_be);
	tcase_add_test(with, long_answers_are_asked_for_again);
	suite_add_tcase(suite, with);
	return run_suite(suite);
}
