/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The iommufd back end when the system says no: what is left, and what is said about it. */
#include <string.h>

#include "errmsg.h"
#include "shim_iommufd_ctx.h"
#include "shim_version.h"
#include "util/alloc.h"

START_TEST(probing)
{
	probing_opens_nothing("iommufd", "/dev/iommu", "CONFIG_IOMMUFD");
}
END_TEST

START_TEST(auto_goes_on_where_opening_fails)
{
	static const int errors[] = { ENOENT, ENODEV, EACCES, EPERM };
	struct ioasid_device *d;
	size_t i;

	unsetenv("IOASID_BACKEND");
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		shim_reset();
		shim.open_iommu = errors[i];
		ck_assert_int_lt(open_ctx("iommufd"), 0);
		said("/dev/iommu", errors[i] == ENODEV ? "modprobe" : "");
		ck_ok(open_ctx(NULL));
		ck_assert_str_eq(ioasid_ctx_get_backend(ctx), "emulated");
		ck_err(ioasid_device_bind(ctx, "0000:3b:00.0", 0, &d), ENODEV);
		said("0000:3b:00.0", "ioasid-info");	/* which says why it is the emulation */
		ck_ok(ioasid_ctx_close(ctx));
	}
	ck_ok(open_ctx("emulated"));
	ck_err(ioasid_device_bind(ctx, "0000:3b:00.0", 0, &d), ENODEV);
	ck_assert_ptr_null(strstr(ioasid_errmsg(), "ioasid-info"));
	ck_ok(ioasid_ctx_close(ctx));
	shim_reset();
	ck_ok(open_ctx("auto"));
	ck_assert_str_eq(ioasid_ctx_get_backend(ctx), "iommufd");
	ck_ok(ioasid_ctx_close(ctx));
}
END_TEST

/* Linux, iommufd/main.c: iommufd_fops has no compat_ioctl. */
START_TEST(auto_goes_on_where_there_are_no_commands)
{
	unsetenv("IOASID_BACKEND");
	shim_reset();
	shim.no_commands = true;
	ck_err(open_ctx("iommufd"), ENODEV);
	said("/dev/iommu", "32-bit");
	ck_assert_uint_eq(shim_open_fds(), 0);
	errmsg_fail();
	ck_ok(open_ctx("auto"));
	errmsg_is_unchanged();
	ck_assert_str_eq(ioasid_ctx_get_backend(ctx), "emulated");
	ck_ok(ioasid_ctx_close(ctx));
}
END_TEST

/* type1 is for them; who names iommufd, or brings a descriptor of its own, gets it. */
START_TEST(auto_goes_on_where_devices_have_no_nodes)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_ctx *other;

	unsetenv("IOASID_BACKEND");
	shim_reset();
	shim.dev_vfio[0] = "devices";
	shim.dev_vfio[1] = "7";
	ck_ok(open_ctx("auto"));
	ck_assert_str_eq(ioasid_ctx_get_backend(ctx), "iommufd");
	ck_ok(ioasid_ctx_close(ctx));
	shim.no_cdev = true;
	ck_ok(open_ctx("auto"));
	ck_assert_str_eq(ioasid_ctx_get_backend(ctx), "emulated");
	ck_ok(ioasid_ctx_close(ctx));
	ck_ok(open_ctx("iommufd"));
	options.flags = IOASID_CTX_FD;
	options.fd = shim_iommu_fd();
	ck_ok(ioasid_ctx_open(&options, &other));
	ck_assert_str_eq(ioasid_ctx_get_backend(other), "iommufd");
	ck_ok(ioasid_ctx_close(other));
	ck_ok(ioasid_ctx_close(ctx));
	shim.dev_vfio[1] = NULL;	/* nobody knows what is going to be bound */
	ck_ok(open_ctx("auto"));
	ck_assert_str_eq(ioasid_ctx_get_backend(ctx), "iommufd");
	ck_ok(ioasid_ctx_close(ctx));
}
END_TEST

START_TEST(what_only_the_emulation_has)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	shim_reset();
	unsetenv("IOASID_BACKEND");
	options.flags = IOASID_CTX_AUDIT;
	ck_ok(ioasid_ctx_open(&options, &ctx));
	ck_assert_str_eq(ioasid_ctx_get_backend(ctx), "emulated");
	ck_ok(ioasid_ctx_close(ctx));
	options.backend = "iommufd";
	ck_err(ioasid_ctx_open(&options, &ctx), EOPNOTSUPP);
	options.flags = 0;
	ck_ok(ioasid_platform_new_default((struct ioasid_platform **)(uintptr_t)&options.platform));
	ck_err(ioasid_ctx_open(&options, &ctx), EOPNOTSUPP);
	ioasid_platform_free((struct ioasid_platform *)(uintptr_t)options.platform);
	ck_assert_uint_eq(shim.opens, 0);
}
END_TEST

START_TEST(capabilities_say_so_before_a_call_fails)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *root = make_space(ctx, NULL, 0), *child = (void *)1;
	struct ioasid_device *d = bind(0);
	struct ioasid_channel *channel;
	struct ioasid_fault_queue *faults;

	shim.version = LINUX(6, 6);
	ck_assert(!ioasid_ctx_has(ctx, IOASID_CAP_PAGE_REQUESTS));
	ck_err(ioasid_fault_queue_create(ctx, NULL, &faults), EOPNOTSUPP);
	options.parent = root;
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_NESTING_SOFTWARE));
	ck_assert(!ioasid_ctx_has(ctx, IOASID_CAP_FILL_ON_DEMAND));
	options.fill = IOASID_FILL_ON_DEMAND;
	ck_err(ioasid_space_create(ctx, &options, &child), EOPNOTSUPP);
	options.fill = 0;
	ck_assert_ptr_eq(child, (void *)1);
	ck_assert(!ioasid_ctx_has(ctx, IOASID_CAP_PASID));
	ck_err(ioasid_device_attach_pasid(d, 1, root), EOPNOTSUPP);
	ck_assert(!ioasid_ctx_has(ctx, IOASID_CAP_DMA));
	ck_err(ioasid_channel_open(d, IOASID_NO_PASID, &channel), EOPNOTSUPP);
	ck_ok(ioasid_device_unbind(d));
}
END_TEST

/* Linux's pci_setup_device() prints a domain with %04x; those of VMDs are 0x10000 and on. */
START_TEST(a_domain_of_more_digits)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_device *d;

	shim.devices[0].name = "10000:e1:02.3";
	ck_ok(ioasid_device_bind(ctx, "10000:e1:02.3", 0, &d));
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert_uint_eq(info.requester, 0xe113);
	ck_ok(ioasid_device_unbind(d));
}
END_TEST

START_TEST(devices_that_cannot_be_found)
{
	struct shim_device *d = &shim.devices[0];

	bind_fails(ctx, "../../../dev/sda", ENODEV, "there is no ../../../dev/sda", "");
	bind_fails(ctx, "0000:00:02.0/..", ENODEV, "there is no 0000:00:02.0/..", "");
	bind_fails(ctx, "0000:00:02.8", ENODEV, "PCI address", "");
	bind_fails(ctx, "0000:00:0A.0", ENODEV, "PCI address", "");
	bind_fails(ctx, "0000:", ENODEV, "PCI address", "");
	bind_fails(ctx, "000:00:02.0", ENODEV, "PCI address", "");
	bind_fails(ctx, "100000000:00:02.0", ENODEV, "PCI address", "");
	bind_fails(ctx, "0000:00:07.0", ENODEV, "no PCI device", "0000:00:07.0");
	shim.no_sysfs = true;
	bind_fails(ctx, d->name, ENODEV, d->name, "/sys");
	shim.no_sysfs = false;
	d->vfio = NULL;
	bind_fails(ctx, d->name, ENODEV, d->name, "CONFIG_VFIO_DEVICE_CDEV");
	d->driver = "nvme";
	bind_fails(ctx, d->name, ENODEV, d->name, "bound to nvme");
	d->driver = NULL;
	bind_fails(ctx, d->name, ENODEV, d->name, "no driver");
	ck_assert_uint_eq(shim.n_calls, 0);
}
END_TEST

START_TEST(devices_that_cannot_be_opened)
{
	struct shim_device *d = &shim.devices[0];

	shim.no_cdev = true;
	bind_fails(ctx, d->name, ENODEV, "/dev/vfio/devices/vfio0", "container");
	ck_assert_ptr_null(strstr(ioasid_errmsg(), "CONFIG"));	/* sysfs has its number */
	shim.no_dev = true;
	bind_fails(ctx, d->name, ENODEV, d->name, "CONFIG_VFIO_DEVICE_CDEV");
	shim.group_name = "vfio-noiommu\n";
	bind_fails(ctx, d->name, ENODEV, d->name, "no-IOMMU mode");
	shim.group_name = NULL;
	shim.no_dev = shim.no_cdev = false;
	shim.open_vfio = EACCES;
	bind_fails(ctx, d->name, EACCES, "/dev/vfio/devices/vfio0", "permission");
	shim.open_vfio = EPERM;		/* of a cgroup's devices, or vfio_device_fops_cdev_open() */
	bind_fails(ctx, d->name, EACCES, "/dev/vfio/devices/vfio0", "cgroup");
	said("CAP_SYS_RAWIO", "");
	shim.open_vfio = EBUSY;
	bind_fails(ctx, d->name, EBUSY, "/dev/vfio/devices/vfio0", "group");
	shim.open_vfio = EMFILE;
	bind_fails(ctx, d->name, ENOMEM, "/dev/vfio/devices/vfio0", "");
	shim.open_vfio = 0;
	shim.no_group = true;
	bind_fails(ctx, d->name, ENODEV, "IOMMU", "intel_iommu=on");
	shim.no_group = false;
	shim.group_name = "vfio-noiommu\n";	/* Linux 7.3 binds these, too */
	bind_fails(ctx, d->name, ENODEV, d->name, "no-IOMMU mode");
	bind_fails(ctx, "/dev/vfio/devices/vfio0", ENODEV, d->name, "no-IOMMU mode");
	shim.group_name = "another\n";
	ck_assert_uint_eq(shim.n_calls, 0);
}
END_TEST

/* What the system shows cannot be looked at: nothing is taken for true or for missing. */
START_TEST(descriptors_that_run_out)
{
	const char *name = shim.devices[0].name;

	shim.no_entry = EMFILE;
	bind_fails(ctx, name, ENOMEM, name, strerror(EMFILE));
	shim.no_entry = EACCES;
	bind_fails(ctx, name, ENODEV, name, strerror(EACCES));
	shim.no_entry = 0;
	shim.group_name = "vfio-noiommu\n";
	shim.no_read = EMFILE;
	bind_fails(ctx, name, ENOMEM, name, strerror(EMFILE));
	bind_fails(ctx, "/dev/vfio/devices/vfio0", ENOMEM, name, strerror(EMFILE));
	shim.no_read = EIO;
	bind_fails(ctx, name, ENODEV, name, strerror(EIO));
	ck_assert_uint_eq(shim.n_calls, 0);
}
END_TEST

START_TEST(devices_that_cannot_be_bound)
{
	const char *name = shim.devices[2].name;

	fail_nth(1, EPERM);
	bind_fails(ctx, name, EPERM, "group 7", "another process");
	fail_nth(1, EPERM);	/* iommufd_device_bind() */
	bind_fails(ctx, name, EPERM, "iommufd", "allow_unsafe_interrupts");
	fail_nth(1, EACCES);	/* of its runtime power management: there is no SR-IOV */
	bind_fails(ctx, name, EACCES, name, strerror(EACCES));
	ck_assert_ptr_null(strstr(ioasid_errmsg(), "token"));
	fail_nth(1, EAGAIN);	/* pci_try_reset_function() */
	bind_fails(ctx, name, EBUSY, name, "try again");
	shim.devices[3].driver = "nvme";
	shim.devices[3].vfio = NULL;
	fail_nth(1, EPERM);
	bind_fails(ctx, name, EPERM, "group 7", "0000:05:00.1, bound to nvme");
	fail_nth(1, EINVAL);
	bind_fails(ctx, name, EBUSY, name, "another process");
	shim.reserved = "0x0000000000000000 0x0000000000001fff direct\n";
	fail_nth(1, EINVAL);	/* __iommu_device_set_domain() */
	bind_fails(ctx, name, ENODEV, name, "firmware");
	fail_nth(1, EBUSY);
	bind_fails(ctx, name, EBUSY, name, "group 7");
	fail_nth(1, ENOTTY);
	bind_fails(ctx, name, ENODEV, name, "6.6");
	fail_nth(1, EIO);
	bind_fails(ctx, name, ENODEV, name, strerror(EIO));
	fail_nth(1, ENOMEM);
	bind_fails(ctx, name, ENOMEM, name, "memory");
	shim.open_vfio = EIO;
	bind_fails(ctx, name, ENODEV, name, strerror(EIO));
	shim.open_vfio = 0;
	/* making the IOAS, the page table, asking for ranges */
	fail_nth(2, ENOMEM);
	bind_fails(ctx, name, ENOMEM, "address space", "");
	fail_nth(3, ENOMEM);
	bind_fails(ctx, name, ENOMEM, name, "page table");
	fail_nth(3, EOPNOTSUPP);
	bind_fails(ctx, name, ENODEV, name, "page table");
	fail_nth(4, EMSGSIZE);
	bind_fails(ctx, name, ENODEV, name, "IOVA");
	shim.no_aperture = true;
	bind_fails(ctx, name, ENODEV, name, "translates nothing");
	shim.no_aperture = false;
	/* who tells nothing about itself is no worse for it */
	fail_nth(6, EOPNOTSUPP);
	ck_ok(ioasid_device_unbind(bind(2)));
}
END_TEST

START_TEST(allocations_that_fail)
{
	unsigned int fds = shim_open_fds(), objects = shim_objects();
	size_t blocks = mem_live_blocks();
	struct ioasid_device *d;
	unsigned long n;

	for (n = 1;; n++) {
		int ret;

		mem_fail_nth(n);
		ret = ioasid_device_bind(ctx, shim.devices[0].name, 0, &d);
		if (mem_fail_nth(0))
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_uint_eq(shim_open_fds(), fds);
		ck_assert_uint_eq(shim_objects(), objects);
		ck_assert_uint_eq(mem_live_blocks(), blocks);
		shim_forget();
	}
	ck_assert_uint_ge(n, 4);
	ck_ok(ioasid_device_unbind(d));
	ck_assert_uint_eq(mem_live_blocks(), blocks);
}
END_TEST

/* IOAS_ALLOC, two MAPs, ATTACH: each can fail, and then nothing has happened. */
START_TEST(attach_that_fails)
{
	static const struct { unsigned int nth; int error, result; const char *text; } cases[] = {
		{ 1, ENOMEM, ENOMEM, "address space" },	{ 2, ENOMEM, ENOMEM, "0x1000-0x1fff" },
		{ 3, EINVAL, EINVAL, "0x4000-0x4fff" },	{ 4, ENOMEM, ENOMEM, "8192 KiB" },
		{ 4, EFAULT, EFAULT, "0x1000-0x1fff" },	{ 4, EADDRINUSE, EADDRINUSE, "aligned" },
		{ 4, EINVAL, EINVAL, "cannot" },	{ 4, EBUSY, EBUSY, "group 1" },
		{ 4, EIO, EINVAL, "refused" },
	};
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	struct ioasid_device *d = bind(0);
	size_t i;

	shim.lock_limit = 8 << 20;
	ck_ok(ioasid_space_map(space, 0x1000, (void *)0x7000, 0x1000, RW, NULL));
	ck_ok(ioasid_space_map(space, 0x4000, (void *)0x7000, 0x1000, RW, NULL));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		shim_forget();
		fail_nth(cases[i].nth, cases[i].error);
		ck_err(ioasid_device_attach(d, space), cases[i].result);
		said(cases[i].text, "space");
		ck_assert_ptr_null(ioasid_device_get_space(d));
		ck_assert_uint_eq(shim_objects(), 1);
		ck_assert_uint_eq(ioasid_space_query_reserved(space, NULL, 0), 0);
	}
	shim_forget();
	ck_ok(ioasid_device_attach(d, space));
	ck_assert_uint_eq(shim.n_calls, 4);
}
END_TEST

/* iommufd locks no memory of devices that is mapped in the process: whose it is, nobody says. */
START_TEST(attach_to_memory_of_another_kind)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	uint8_t *memory = memory_new(PAGE);
	struct ioasid_device *d = bind(0);

	ck_ok(ioasid_space_map(space, 0x1000, memory, PAGE, RW, NULL));
	fail_nth(3, EFAULT);
	ck_err(ioasid_device_attach(d, space), EFAULT);
	said("not ordinary", "dma-buf");
	memory_free(memory, PAGE);
	fail_nth(3, EFAULT);
	ck_err(ioasid_device_attach(d, space), EFAULT);
	said("0x1000-0x1fff", "mapped in this process, writable");
}
END_TEST

START_TEST(replace_that_fails)
{
	struct ioasid_space *old = make_space(ctx, NULL, 0), *new = make_space(ctx, NULL, 0);
	struct ioasid_device *d = bind(0);
	unsigned int n;

	ck_ok(ioasid_space_map(new, 0x1000, (void *)0x7000, 0x1000, RW, NULL));
	ck_ok(ioasid_device_attach(d, old));
	for (n = 1; n <= 3; n++) {
		fail_nth(n, ENOMEM);
		ck_err(ioasid_device_replace(d, new), ENOMEM);
		ck_assert_ptr_eq(ioasid_device_get_space(d), old);
		ck_assert_uint_eq(shim_objects(), 2);
		ck_assert_uint_eq(ioasid_space_query_reserved(new, NULL, 0), 0);
	}
	ck_ok(ioasid_device_replace(d, new));
	ck_ok(ioasid_space_destroy(old));
}
END_TEST

START_TEST(map_that_fails)
{
	static const struct { int error, result; const char *text; } cases[] = {
		{ ENOMEM, ENOMEM, "8192 KiB" }, { EFAULT, EFAULT, "writable" },
		{ EOVERFLOW, EFAULT, "mapped" },
		{ EINVAL, EINVAL, "refused" }, { EIO, EINVAL, "refused" },
	};
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	struct ioasid_mapping *m = (void *)1;
	struct ioasid_device *d = bind(0);
	size_t i;

	shim.lock_limit = 8 << 20;
	ck_ok(ioasid_device_attach(d, space));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		shim_forget();
		fail_nth(1, cases[i].error);
		ck_err(ioasid_space_map(space, 0x1000, (void *)0x7000, 0x1000, RW, &m),
		       cases[i].result);
		said("0x1000-0x1fff", cases[i].text);
		ck_assert_uint_eq(shim.n_calls, 1);
		ck_assert_ptr_eq(m, (void *)1);
		ck_assert_ptr_null(ioasid_space_find_mapping(space, 0, UINT64_MAX));
	}
	shim.lock_limit = UINT64_MAX;
	fail_nth(1, ENOMEM);
	ck_err(ioasid_space_map(space, 0x1000, (void *)0x7000, 0x1000, RW, &m), ENOMEM);
	ck_assert_ptr_null(strstr(ioasid_errmsg(), "RLIMIT"));
}
END_TEST

/* What the kernel reserves is known before it is asked; and who it is that forbids it. */
START_TEST(places_that_cannot_be_had)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0), *other = make_space(ctx, NULL, 0);
	const uint64_t beyond = UINT64_C(1) << 48;
	struct ioasid_mapping *m = (void *)1;
	void *va = (void *)0x7000;
	struct ioasid_device *d;

	shim.aperture_last = (UINT64_C(1) << 39) - 1;
	d = bind(1);
	shim.aperture_last = beyond - 1;
	ck_ok(ioasid_device_attach(bind(0), space));
	shim_forget();
	ck_err(ioasid_space_map(space, 0xfedff000, va, 0x2000, RW, &m), EINVAL);
	said("0xfedff000-0xfee00fff", "0xfee00000-0xfeefffff is reserved for 0000:00:02.0");
	ck_err(ioasid_space_map(space, beyond - PAGE, va, 0x2000, RW, &m), EINVAL);
	said("0000:00:02.0", "48 bits");
	/* and the other way round */
	ck_ok(ioasid_space_map(other, 0xfee00000, va, PAGE, RW, &m));
	ck_err(ioasid_device_attach(d, other), EADDRINUSE);
	said("0xfee00000-0xfee00fff", "0xfee00000-0xfeefffff is reserved for 0000:03:1f.7");
	ck_ok(ioasid_mapping_unmap(m));
	ck_ok(ioasid_space_map(other, UINT64_C(1) << 39, va, PAGE, RW, NULL));
	ck_err(ioasid_device_attach(d, other), EADDRINUSE);
	said("0x8000000000-0x8000000fff", "the IOMMU of 0000:03:1f.7 translates no more than 39 ");
	ck_assert_uint_eq(shim.n_calls, 0);
}
END_TEST

/* Of two devices, the one that has it. */
START_TEST(who_reserves_a_place_is_named)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	struct ioasid_device *first = bind(0);

	shim.reserved = "";
	ck_ok(ioasid_device_attach(bind(1), space));
	ck_ok(ioasid_device_attach(first, space));
	shim_forget();
	ck_err(ioasid_space_map(space, 0xfee00000, (void *)0x7000, PAGE, RW, NULL), EINVAL);
	said("0xfee00000-0xfee00fff", "0xfee00000-0xfeefffff is reserved for 0000:00:02.0");
	ck_assert_uint_eq(shim.n_calls, 0);
}
END_TEST

static char logged[512];

static void keep_log(void *data, int level, const char *text)
{
	(void)data;
	if (level <= 3)	/* LOG_ERR */
		strncpy(logged, text, sizeof(logged) - 1);
}

/*
 * What takes down cannot fail; what the kernel keeps is told to the log, and goes with the
 * descriptor.
 */
START_TEST(what_the_kernel_keeps_is_told)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_space *space;
	struct ioasid_device *d;

	shim_reset();
	options.backend = "iommufd";
	options.log = keep_log;
	ck_ok(ioasid_ctx_open(&options, &ctx));
	space = make_space(ctx, NULL, 0);
	d = bind(0);
	ck_ok(ioasid_space_map(space, 0x1000, (void *)0x7000, 0x1000, RW, NULL));
	ck_ok(ioasid_device_attach(d, space));
	fail_nth(1, EIO);
	ck_ok(ioasid_space_unmap(space, 0x1000, 0x1000, NULL));
	ck_assert_ptr_nonnull(strstr(logged, "0x1000-0x1fff is still in the kernel"));
	fail_nth(2, EIO);	/* behind the detach */
	ck_ok(ioasid_device_detach(d));
	ck_assert_ptr_nonnull(strstr(logged, "was not destroyed"));
	ck_ok(ioasid_ctx_close(ctx));
	ck_assert_uint_eq(shim_open_fds(), 0);
}
END_TEST

START_TEST(contexts_that_find_no_memory)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	size_t blocks = mem_live_blocks();
	unsigned long n;
	int ret;

	shim_reset();
	options.backend = "iommufd";
	for (n = 1;; n++) {
		mem_fail_nth(n);
		ret = ioasid_ctx_open(&options, &ctx);
		if (mem_fail_nth(0))
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_uint_eq(shim_open_fds(), 0);
		ck_assert_uint_eq(mem_live_blocks(), blocks);
	}
	ck_assert_uint_ge(n, 2);
	ck_ok(ioasid_ctx_close(ctx));
}
END_TEST

START_TEST(caches_and_tables_that_a_kernel_does_not_show)
{
	struct ioasid_device_stats stats = IOASID_DEVICE_STATS_INIT;

	ck_err(ioasid_device_query_stats(bind(0), &stats), EOPNOTSUPP);
	said("iommufd", "caches");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-errors");
	TCase *tc = tcase_create("without a context"), *with = tcase_create("with one");

	tcase_add_test(tc, probing);
	tcase_add_test(tc, what_the_kernel_keeps_is_told);
	tcase_add_test(tc, contexts_that_find_no_memory);
	tcase_add_test(tc, auto_goes_on_where_opening_fails);
	tcase_add_test(tc, auto_goes_on_where_there_are_no_commands);
	tcase_add_test(tc, auto_goes_on_where_devices_have_no_nodes);
	tcase_add_test(tc, what_only_the_emulation_has);
	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(with, iommufd_setup, iommufd_teardown);
	tcase_add_test(with, capabilities_say_so_before_a_call_fails);
	tcase_add_test(with, a_domain_of_more_digits);
	tcase_add_test(with, devices_that_cannot_be_found);
	tcase_add_test(with, devices_that_cannot_be_opened);
	tcase_add_test(with, descriptors_that_run_out);
	tcase_add_test(with, devices_that_cannot_be_bound);
	tcase_add_test(with, allocations_that_fail);
	tcase_add_test(with, attach_that_fails);
	tcase_add_test(with, attach_to_memory_of_another_kind);
	tcase_add_test(with, replace_that_fails);
	tcase_add_test(with, map_that_fails);
	tcase_add_test(with, places_that_cannot_be_had);
	tcase_add_test(with, who_reserves_a_place_is_named);
	tcase_add_test(with, caches_and_tables_that_a_kernel_does_not_show);
	suite_add_tcase(suite, with);
	return run_suite(suite);
}
