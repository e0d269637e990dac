/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts, devices, channels, queues, spaces, platforms. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <util/alloc.h>

#include "fail_world.h"

static int open_ctx(struct world *w)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	options.backend = "emulated";
	return ioasid_ctx_open(&options, &w->ctx);
}

static int open_ctx_on_platform(struct world *w)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_platform *platform;
	int rc = ioasid_platform_new_default(&platform);

	if (rc)
		return rc;
	options.platform = platform;
	rc = ioasid_ctx_open(&options, &w->ctx);
	ioasid_platform_free(platform);
	return rc;
}

static int open_ctx_that_fails_later(struct world *w)
{
	static const char text[] = "iommu iommu0 address-bits=48\nfail map at=1000 errno=EIO\n";
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_platform *platform;
	int rc = ioasid_platform_parse(text, strlen(text), &platform);

	if (rc)
		return rc;
	options.platform = platform;
	rc = ioasid_ctx_open(&options, &w->ctx);
	ioasid_platform_free(platform);
	return rc;
}

static void unbind_last(struct world *w)
{
	ck_ok(ioasid_device_unbind(w->device[3]));
	w->device[3] = NULL;
}

static int bind_last(struct world *w)
{
	return ioasid_device_bind(w->ctx, "0000:00:03.1", 3, &w->device[3]);
}

/* The device joins a group that is attached, with a channel of its own to see it. */
static void unbind_last_of_attached(struct world *w)
{
	unbind_last(w);
	make_space(w, 0, -1, 0);
	ck_ok(ioasid_space_map(w->space[0], 0, memory, 4 * PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(w->device[2], w->space[0]));
}

static int open_channel(struct world *w)
{
	return ioasid_channel_open(w->device[0], IOASID_NO_PASID, &w->channel);
}

static int open_pasid_channel(struct world *w)
{
	return ioasid_channel_open(w->device[0], PASID, &w->channel);
}

static int create_queue(struct world *w)
{
	return ioasid_event_queue_create(w->ctx, 100, &w->queue);
}

static int create_fault_queue(struct world *w)
{
	return ioasid_fault_queue_create(w->ctx, NULL, &w->faults);
}

/* As many spaces as make the table of them full. */
static void fifteen(struct world *w)
{
	int i;

	for (i = 0; i < 15; i++)
		make_space(w, i, -1, 0);
}

static int create_space(struct world *w)
{
	return ioasid_space_create(w->ctx, NULL, &w->space[20]);
}

static void a_full_root(struct world *w)
{
	fifteen(w);
	ck_ok(ioasid_space_map(w->space[0], 0, memory, 3 * PAGE, RW, NULL));
	ck_ok(ioasid_space_map(w->space[0], GIB, memory + 4 * PAGE, 5 * MIB, RW, NULL));
	ck_ok(ioasid_space_map(w->space[0], 64 * GIB, memory, PAGE, IOASID_READ, NULL));
}

static int create_child(struct world *w)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	options.parent = w->space[0];
	return ioasid_space_create(w->ctx, &options, &w->space[20]);
}

static int create_space_with_faults(struct world *w)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	options.fault_queue = w->faults;
	return ioasid_space_create(w->ctx, &options, &w->space[20]);
}

/* A failed call leaves the queue to nobody. */
static void queue_goes_unless_there_is_a_space(struct world *w, bool failed)
{
	if (failed) {
		ck_ok(ioasid_fault_queue_destroy(w->faults));
		ck_ok(ioasid_fault_queue_create(w->ctx, NULL, &w->faults));
	} else {
		ck_assert_int_eq(ioasid_fault_queue_destroy(w->faults), -EBUSY);
	}
}

static void fifteen_and_a_queue(struct world *w)
{
	fifteen(w);
	ck_ok(ioasid_fault_queue_create(w->ctx, NULL, &w->faults));
}

static int allow(struct world *w)
{
	static const struct ioasid_range ranges[] = { { GIB, PAGE }, { 0, PAGE } };

	return ioasid_space_allow(w->space[0], ranges, 2);
}

static void one_space(struct world *w)
{
	make_space(w, 0, -1, 0);
}

static int get_identity(struct world *w)
{
	return ioasid_ctx_get_identity_root(w->ctx, &w->space[0]);
}

static int register_memory(struct world *w)
{
	return ioasid_ctx_register_memory(w->ctx, memory, MIB, RW);
}

/* The root itself may stay: that it is there already is no difference. */
static void registered(struct world *w)
{
	int i;

	ck_ok(ioasid_ctx_get_identity_root(w->ctx, &w->space[0]));
	for (i = 1; i < 8; i++)
		ck_ok(ioasid_ctx_register_memory(w->ctx, memory + i * MIB, MIB, RW));
}

static void attached(struct world *w)
{
	make_space(w, 0, -1, 0);
	make_space(w, 1, -1, 0);
	ck_ok(ioasid_space_map(w->space[0], PAGE, memory, 2 * PAGE, RW, NULL));
	ck_ok(ioasid_space_map(w->space[1], 0, memory + MIB, 3 * MIB, RW, NULL));
	ck_ok(ioasid_space_map(w->space[1], GIB, memory + 3 * PAGE, 2 * PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(w->device[1], w->space[0]));
	ck_ok(ioasid_device_attach_pasid(w->device[1], PASID, w->space[0]));
}

static void attached_group(struct world *w)
{
	attached(w);
	ck_ok(ioasid_device_attach(w->device[2], w->space[0]));
	ck_ok(ioasid_device_attach(w->device[3], w->space[0]));
}

static int attach(struct world *w)
{
	return ioasid_device_attach(w->device[0], w->space[1]);
}

static int attach_pasid(struct world *w)
{
	return ioasid_device_attach_pasid(w->device[0], PASID, w->space[1]);
}

static int attach_group(struct world *w)
{
	return ioasid_device_attach(w->device[2], w->space[1]);
}

/* To a space whose table is there already. */
static int attach_group_to_used(struct world *w)
{
	return ioasid_device_attach(w->device[2], w->space[0]);
}

static int replace(struct world *w)
{
	return ioasid_device_replace(w->device[1], w->space[1]);
}

static int replace_pasid(struct world *w)
{
	return ioasid_device_replace_pasid(w->device[1], PASID, w->space[1]);
}

static int replace_group(struct world *w)
{
	return ioasid_device_replace(w->device[3], w->space[1]);
}

static const struct fail_case cases[] = {
	{ .name = "ctx_open", .call = open_ctx, .own_ctx = true },
	{ .name = "ctx_open on a platform", .call = open_ctx_on_platform, .own_ctx = true },
	{ .name = "ctx_open on one with failures", .call = open_ctx_that_fails_later,
	  .own_ctx = true },
	{ .name = "device_bind", .prepare = unbind_last, .call = bind_last },
	{ .name = "device_bind, group attached", .prepare = unbind_last_of_attached,
	  .call = bind_last },
	{ .name = "channel_open", .call = open_channel },
	{ .name = "channel_open, PASID", .call = open_pasid_channel },
	{ .name = "event_queue_create", .call = create_queue },
	{ .name = "fault_queue_create", .call = create_fault_queue },
	{ .name = "space_create", .prepare = fifteen, .call = create_space },
	{ .name = "space_create, fault queue", .prepare = fifteen_and_a_queue,
	  .call = create_space_with_faults, .check = queue_goes_unless_there_is_a_space },
	{ .name = "space_create, child", .prepare = a_full_root, .call = create_child },
	{ .name = "space_allow", .prepare = one_space, .call = allow },
	{ .name = "get_identity_root", .call = get_identity },
	{ .name = "register_memory, first", .call = register_memory },
	{ .name = "register_memory", .prepare = registered, .call = register_memory },
	{ .name = "attach", .prepare = attached, .call = attach },
	{ .name = "attach_pasid", .prepare = attached, .call = attach_pasid },
	{ .name = "attach a group", .prepare = attached, .call = attach_group },
	{ .name = "attach a group, space used", .prepare = attached,
	  .call = attach_group_to_used },
	{ .name = "replace", .prepare = attached, .call = replace },
	{ .name = "replace_pasid", .prepare = attached, .call = replace_pasid },
	{ .name = "replace a group", .prepare = attached_group, .call = replace_group },
};

START_TEST(objects)
{
	fail_each(&cases[_i]);
}
END_TEST

static int platform_new(struct ioasid_platform **p)
{
	ioasid_platform_free(*p);
	*p = NULL;
	return ioasid_platform_new(p);
}

static int platform_new_default(struct ioasid_platform **p)
{
	ioasid_platform_free(*p);
	*p = NULL;
	return ioasid_platform_new_default(p);
}

static int platform_parse(struct ioasid_platform **p)
{
	static char buf[4096];
	size_t length;

	/* what the library writes it reads; the second time from the buffer */
	length = *p ? ioasid_platform_format(*p, buf, sizeof(buf)) : strlen(buf);
	ioasid_platform_free(*p);
	*p = NULL;
	return ioasid_platform_parse(buf, length, p);
}

/* A file in memory. */
static int platform_load(struct ioasid_platform **p)
{
	static char path[64];

	if (!path[0]) {
		int fd = memfd_create("platform", MFD_CLOEXEC);

		ck_assert_int_eq(write(fd, "iommu unit\n", 11), 11);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	ioasid_platform_free(*p);
	*p = NULL;
	return ioasid_platform_load(path, p);
}

static unsigned int number;

static const char *new_name(void)
{
	static char name[32];

	snprintf(name, sizeof(name), "other-%u", number);
	return name;
}

static int add_iommu(struct ioasid_platform **p)
{
	struct ioasid_platform_iommu iommu = IOASID_PLATFORM_IOMMU_INIT;

	iommu.name = new_name();
	return ioasid_platform_add_iommu(*p, &iommu);
}

static int add_device(struct ioasid_platform **p)
{
	struct ioasid_platform_device device = IOASID_PLATFORM_DEVICE_INIT;

	device.name = new_name();
	device.iommu = "iommu0";
	return ioasid_platform_add_device(*p, &device);
}

static int add_reserved(struct ioasid_platform **p)
{
	return ioasid_platform_add_reserved(*p, "0000:00:01.0", number * MIB, MIB);
}

static int add_failure(struct ioasid_platform **p)
{
	struct ioasid_platform_failure failure = IOASID_PLATFORM_FAILURE_INIT;

	failure.operation = IOASID_OP_ALLOC;
	failure.nth = number;
	return ioasid_platform_add_failure(*p, &failure);
}

static int (*const platform_call[])(struct ioasid_platform **p) = {
	platform_new, platform_new_default, platform_parse, add_iommu, add_device, add_reserved,
	add_failure, platform_load,
};

static void format(const struct ioasid_platform *p, char *buf, size_t size)
{
	*buf = '\0';
	if (p)
		ck_assert_uint_lt(ioasid_platform_format(p, buf, size), size);
}

/* The n-th allocation of a call that has been made so many times. Was there one? */
static bool platform_fails(int (*call)(struct ioasid_platform **p), unsigned int times,
			   unsigned long n)
{
	static char before[8192], is[8192];
	struct ioasid_platform *p;
	bool fired;
	int rc;

	ck_ok(ioasid_platform_new_default(&p));
	for (number = 1; number <= times; number++)
		ck_ok(call(&p));
	format(p, before, sizeof(before));
	mem_fail_nth(n);
	rc = call(&p);
	fired = !mem_fail_nth(0);
	ck_assert_int_eq(rc, fired && rc ? -ENOMEM : 0);
	if (rc) {
		format(p, is, sizeof(is));
		ck_assert_str_eq(is, p ? before : "");
		ck_ok(call(&p));
	}
	ioasid_platform_free(p);
	return fired;
}

START_TEST(platforms)
{
	size_t blocks = mem_live_blocks();
	unsigned int times, fired = 0;

	for (times = 0; times < 20; times++) {
		unsigned long n = 1;

		for (; platform_fails(platform_call[_i], times, n); n++)
			fired++;
		ck_assert_uint_eq(mem_live_blocks(), blocks);
	}
	ck_assert_uint_gt(fired, 0);
}
END_TEST

void add_object_cases(Suite *s)
{
	TCase *tc = tcase_create("objects");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, objects, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(tc, platforms, 0, sizeof(platform_call) / sizeof(platform_call[0]));
	suite_add_tcase(s, tc);
}
