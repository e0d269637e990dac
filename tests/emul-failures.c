/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Failures that a platform's description asks for. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest_tables.h"
#include "support.h"

#define SIZE MIB

static struct ioasid_ctx *ctx;
static struct ioasid_device *device, *other;
static struct ioasid_space *root, *second, *child;
static struct ioasid_channel *channel;
static struct ioasid_viommu *viommu;
static struct guest_table table;
static uint8_t *memory;
static int file;

static const char unit[] = "iommu unit pasid-bits=16\ndevice a iommu=unit pasid-bits=16\n"
			   "device b iommu=unit pasid-bits=16\n"
			   "device u iommu=unit pasid-bits=4 pasid-table=user\n";

/* The platform with @failures besides. */
static int open_with(const char *failures, struct ioasid_ctx **out)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_platform *platform;
	char text[1024];
	int ret;

	snprintf(text, sizeof(text), "%s%s", unit, failures);
	ck_ok(ioasid_platform_parse(text, strlen(text), &platform));
	options.backend = "emulated";
	options.platform = platform;
	ret = ioasid_ctx_open(&options, out);
	ioasid_platform_free(platform);
	return ret;
}

/* The call succeeds, if memory is there the second time. */
#define ck_ok_at_last(call)                                                                        \
	do {                                                                                       \
		int ck_first = (call);                                                             \
		if (ck_first)                                                                      \
			ck_assert_int_eq(ck_first, -ENOMEM);                                       \
		if (ck_first)                                                                      \
			ck_ok(call);                                                               \
	} while (0)

/* A root that a device is attached to, with a channel. */
static void world_open(const char *failures)
{
	struct ioasid_space_options tracking = IOASID_SPACE_OPTIONS_INIT;

	memory = memory_new(SIZE);
	file = memfd_new(PAGE, F_SEAL_SHRINK);
	ck_ok(open_with(failures, &ctx));
	ck_ok_at_last(ioasid_device_bind(ctx, "a", 1, &device));
	tracking.flags = IOASID_SPACE_DIRTY_TRACKING;
	ck_ok_at_last(ioasid_space_create(ctx, &tracking, &root));
	ck_ok_at_last(ioasid_space_map(root, 0, memory, SIZE, RW, NULL));
	ck_ok_at_last(ioasid_device_attach(device, root));
	ck_ok_at_last(ioasid_channel_open(device, IOASID_NO_PASID, &channel));
	gt_init(&table, IOASID_PGTABLE_VTD_SS, 4, memory, 0, SIZE / 2, SIZE);
	gt_map(&table, 0, PAGE, PAGE, 1, RW);
}

static void world_close(void)
{
	ck_ok(ioasid_ctx_close(ctx));
	close(file);
	memory_free(memory, SIZE);
}

/* The calls: each can be made again if it has failed. */
static int bind(void)
{
	return ioasid_device_bind(ctx, "b", 2, &other);
}

static int create(void)
{
	return ioasid_space_create(ctx, NULL, &second);
}

static int create_child(void)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	options.parent = root;
	return ioasid_space_create(ctx, &options, &child);
}

static int register_memory(void)
{
	return ioasid_ctx_register_memory(ctx, memory, PAGE, RW);
}

static int map(void)
{
	return ioasid_space_map(root, GIB, memory, PAGE, RW, NULL);
}

static int map_file(void)
{
	return ioasid_space_map_file(root, GIB, file, 0, PAGE, RW, NULL);
}

static int map_copy(void)
{
	return ioasid_space_map_copy(root, GIB, root, 0, PAGE, RW, NULL);
}

static int map_parent(void)
{
	return ioasid_space_map_parent(child, 0, 0, PAGE, RW, NULL);
}

static int unmap(void)
{
	return ioasid_space_unmap(root, 0, SIZE, NULL);
}

static int change_process(void)
{
	return ioasid_ctx_change_process(ctx);
}

static int unmap_mapping(void)
{
	return ioasid_mapping_unmap(ioasid_space_find_mapping(root, 0, 1));
}

static int unmap_dirty(void)
{
	uint64_t bits[SIZE / PAGE / 64];

	memset(bits, 0, sizeof(bits));
	return ioasid_space_unmap_dirty(root, 0, SIZE, PAGE, bits, NULL);
}

static int attach_pasid(void)
{
	return ioasid_device_attach_pasid(device, 5, root);
}

static int replace(void)
{
	return ioasid_device_replace(device, second);
}

static int replace_pasid(void)
{
	return ioasid_device_replace_pasid(device, 5, second);
}

static int detach(void)
{
	return ioasid_device_detach(device);
}

static int detach_pasid(void)
{
	return ioasid_device_detach_pasid(device, 5);
}

static int bind_pgtable(void)
{
	return bind_table(child, table.format, table.levels, table.root);
}

static int bind_pasid_table(void)
{
	struct ioasid_pasid_table t = IOASID_PASID_TABLE_INIT;

	t.format = IOASID_PASID_TABLE_VTD;
	t.levels = 2;
	t.base = SIZE / 2;
	t.pasid_bits = 13;
	return ioasid_space_bind_pasid_table(child, &t);
}

static int invalidate(void)
{
	return inv_all(ctx, child);
}

static int event_queue(void)
{
	struct ioasid_event_queue *queue;

	return ioasid_event_queue_create(ctx, 0, &queue);
}

static int fault_queue(void)
{
	struct ioasid_fault_queue *queue;

	return ioasid_fault_queue_create(ctx, NULL, &queue);
}

static int open_channel(void)
{
	struct ioasid_channel *ch;

	return ioasid_channel_open(device, 7, &ch);
}

static int dirty_start(void)
{
	return ioasid_space_dirty_start(root);
}

static int dirty_read(void)
{
	uint64_t bits[SIZE / PAGE / 64];

	memset(bits, 0, sizeof(bits));
	return ioasid_space_dirty_read(root, 0, SIZE, PAGE, 0, bits);
}

static int make_viommu(void)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;

	options.type = IOASID_VIOMMU_SMMUV3;
	return ioasid_viommu_create(root, device, &options, &viommu);
}

static int make_vdevice(void)
{
	struct ioasid_vdevice *vdevice;

	return ioasid_vdevice_create(viommu, device, 5, &vdevice);
}

/* One whose IOMMU reads commands by itself. */
static void need_tegra241(void)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;

	options.type = IOASID_VIOMMU_TEGRA241;
	ck_ok(ioasid_viommu_create(root, device, &options, &viommu));
}

static int make_hw_queue(void)
{
	struct ioasid_hw_queue_options options = IOASID_HW_QUEUE_OPTIONS_INIT;
	struct ioasid_hw_queue *queue;

	options.type = IOASID_HW_QUEUE_TEGRA241;
	options.length = PAGE;
	return ioasid_hw_queue_create(viommu, &options, &queue);
}

static int viommu_events(void)
{
	struct ioasid_viommu_events_options options = IOASID_VIOMMU_EVENTS_OPTIONS_INIT;
	struct ioasid_event_queue *queue;

	options.format = IOASID_EVENTS_SMMUV3;
	return ioasid_viommu_create_events(viommu, &options, &queue);
}

static int viommu_invalidate(void)
{
	return ioasid_viommu_invalidate(viommu, NULL, 16, 0, NULL);
}

static void nothing(void)
{
}

static void need_viommu(void)
{
	ck_ok(make_viommu());
}

static void need_child(void)
{
	ck_ok(create_child());
}

static void need_bound(void)
{
	need_child();
	ck_ok(bind_pgtable());
}

static void need_second(void)
{
	ck_ok(create());
}

static void need_pasid(void)
{
	need_second();
	ck_ok(attach_pasid());
}

static void need_tracking(void)
{
	ck_ok(dirty_start());
}

static void need_files(void)
{
	ck_ok(unmap());
}

static const struct {
	const char *operation;
	unsigned int nth;	/* how many have been made by then, and one */
	void (*prepare)(void);
	int (*call)(void);
} calls[] = {
	{ "bind", 2, nothing, bind },
	{ "create", 2, nothing, create },
	{ "create", 2, nothing, create_child },
	{ "register", 1, nothing, register_memory },
	{ "map", 2, nothing, map },
	{ "map", 2, nothing, map_file },
	{ "map", 2, nothing, map_copy },
	{ "map", 2, need_child, map_parent },
	{ "unmap", 1, nothing, unmap },
	{ "unmap", 1, nothing, unmap_mapping },
	{ "unmap", 1, need_tracking, unmap_dirty },
	{ "attach", 2, nothing, attach_pasid },
	{ "replace", 1, need_second, replace },
	{ "replace", 1, need_pasid, replace_pasid },
	{ "detach", 1, nothing, detach },
	{ "detach", 1, need_pasid, detach_pasid },
	{ "bind-table", 1, need_child, bind_pgtable },
	{ "bind-table", 1, need_child, bind_pasid_table },
	{ "invalidate", 1, need_bound, invalidate },
	{ "queue", 1, nothing, event_queue },
	{ "queue", 1, nothing, fault_queue },
	{ "channel", 2, nothing, open_channel },
	{ "dirty", 1, nothing, dirty_start },
	{ "dirty", 2, need_tracking, dirty_read },
	{ "change-process", 1, need_files, change_process },
	{ "viommu", 1, nothing, make_viommu },
	{ "vdevice", 1, need_viommu, make_vdevice },
	{ "queue", 1, need_viommu, viommu_events },
	{ "invalidate", 1, need_viommu, viommu_invalidate },
	{ "hw-queue", 1, need_tegra241, make_hw_queue },
};

#define N_CALLS (sizeof(calls) / sizeof(calls[0]))

/* What can be seen, as text. */
static void look(char *text, size_t size)
{
	struct ioasid_ctx_info info = IOASID_CTX_INFO_INIT;
	struct ioasid_space *spaces[] = { root, second, child };
	size_t i, at = 0;
	uint8_t byte;

	ck_ok(ioasid_ctx_query_info(ctx, &info));
	at += (size_t)snprintf(text + at, size - at, "locked %u, %p, %p, dma %d %d\n",
			       (unsigned int)info.locked_bytes,
			       (void *)ioasid_device_get_space(device),
			       (void *)ioasid_device_get_pasid_space(device, 5),
			       dma_get(channel, 0, &byte), dma_get(channel, GIB, &byte));
	for (i = 0; i < 3; i++) {
		struct ioasid_space_info s;

		if (!spaces[i])
			continue;
		s = space_info(spaces[i]);
		at += (size_t)snprintf(text + at, size - at, "%u: %u %d %d %d\n", s.id,
				       (unsigned int)s.mappings, s.pgtable_bound,
				       s.pasid_table_bound, s.dirty_tracking);
	}
	ck_assert_uint_lt(at, size);
}

static void fails_and_changes_nothing(size_t i, int error)
{
	char before[400], after[400], start[40];

	look(before, sizeof(before));
	ck_assert_int_eq(calls[i].call(), -error);
	snprintf(start, sizeof(start), "%s %u: ", calls[i].operation, calls[i].nth);
	ck_assert_msg(!strncmp(ioasid_errmsg(), start, strlen(start)), "%s", ioasid_errmsg());
	look(after, sizeof(after));
	ck_assert_str_eq(before, after);
}

START_TEST(each_call_fails_once_and_changes_nothing)
{
	size_t i = (size_t)_i;
	char line[80];

	second = child = NULL;
	snprintf(line, sizeof(line), "fail %s at=%u errno=EIO\n", calls[i].operation,
		 calls[i].nth);
	world_open(line);
	calls[i].prepare();
	fails_and_changes_nothing(i, EIO);
	ck_ok(calls[i].call());
	world_close();
}
END_TEST

START_TEST(each_call_fails_from_then_on)
{
	size_t i = (size_t)_i;
	char line[80];
	int again;

	second = child = NULL;
	snprintf(line, sizeof(line), "fail %s at=%u repeat=on\n", calls[i].operation,
		 calls[i].nth);
	world_open(line);
	calls[i].prepare();
	fails_and_changes_nothing(i, ENOMEM);
	for (again = 0; again < 3; again++)
		ck_err(calls[i].call(), ENOMEM);
	world_close();
}
END_TEST

START_TEST(open_fails)
{
	struct ioasid_ctx *none = NULL;

	ck_err(open_with("fail open errno=EACCES\n", &none), EACCES);
	ck_assert_ptr_null(none);
	ck_ok(open_with("fail open at=2\n", &none));	/* a context is opened once */
	ck_ok(ioasid_ctx_close(none));
}
END_TEST

START_TEST(several_failures_and_each_context_by_itself)
{
	struct ioasid_ctx *a, *b;
	struct ioasid_space *s;

	ck_ok(open_with("fail create at=2 errno=EIO\nfail create at=3 errno=EPERM\n"
			"fail create at=3 errno=EBUSY\n", &a));
	ck_ok(open_with("fail create at=2\n", &b));
	ck_ok(ioasid_space_create(a, NULL, &s));
	ck_ok(ioasid_space_create(b, NULL, &s));
	ck_err(ioasid_space_create(a, NULL, &s), EIO);
	ck_err(ioasid_space_create(a, NULL, &s), EPERM);	/* the first that is due */
	ck_ok(ioasid_space_create(a, NULL, &s));
	ck_err(ioasid_space_create(b, NULL, &s), ENOMEM);
	ck_ok(ioasid_ctx_close(a));
	ck_ok(ioasid_ctx_close(b));
}
END_TEST

START_TEST(a_call_that_is_wrong_by_itself_does_not_count)
{
	world_open("fail map at=2 errno=EIO\n");
	ck_err(ioasid_space_map(root, GIB, memory, 0, RW, NULL), EINVAL);
	ck_err(map(), EIO);
	ck_ok(map());
	world_close();
}
END_TEST

static int unmap_child(void)
{
	return ioasid_space_unmap_all(child, NULL);
}

/* These in a row; what fails for want of memory is called once more. Returns how many were. */
static unsigned int play(void)
{
	static int (*const sequence[])(void) = {
		bind, create, create_child, register_memory, map, map_parent, unmap_child,
		bind_pgtable, invalidate, attach_pasid, replace, replace_pasid, open_channel,
		dirty_start, dirty_read, event_queue, fault_queue, detach, detach_pasid, unmap,
	};
	unsigned int failures = 0;
	size_t i;

	second = child = NULL;
	for (i = 0; i < sizeof(sequence) / sizeof(sequence[0]); i++) {
		int ret = sequence[i]();

		if (!ret)
			continue;
		ck_assert_int_eq(ret, -ENOMEM);
		failures++;
		ck_ok(sequence[i]());
	}
	return failures;
}

/* What is counted of allocations depends on the library: so all, until there is none. */
START_TEST(each_allocation_fails)
{
	char line[80], good[400], text[400];
	unsigned int n, failed = 0, none = 0;

	world_open("");
	play();
	look(good, sizeof(good));
	world_close();
	for (n = 1; none < 200 && n < 2000; n++) {
		unsigned int failures;

		snprintf(line, sizeof(line), "fail alloc at=%u\n", n);
		world_open(line);
		failures = play();
		ck_assert_uint_le(failures, 1);
		failed += failures;
		none = failures ? 0 : none + 1;
		look(text, sizeof(text));
		ck_assert_str_eq(strchr(text, '\n'), strchr(good, '\n'));
		world_close();
	}
	ck_assert_uint_gt(failed, 5);
}
END_TEST

START_TEST(no_memory_from_then_on)
{
	struct ioasid_ctx *c;
	struct ioasid_device *d;
	struct ioasid_space *s;
	uint8_t *page = memory_new(PAGE);

	ck_ok(open_with("fail alloc repeat=on\n", &c));
	ck_err(ioasid_device_bind(c, "a", 1, &d), ENOMEM);
	ck_err(ioasid_space_create(c, NULL, &s), ENOMEM);
	ck_err(ioasid_ctx_register_memory(c, page, PAGE, RW), ENOMEM);
	ck_ok(ioasid_ctx_close(c));
	/* another context of the same thread has memory */
	ck_ok(open_with("", &c));
	ck_ok(ioasid_space_create(c, NULL, &s));
	ck_ok(ioasid_ctx_close(c));
	memory_free(page, PAGE);
}
END_TEST

START_TEST(failures_are_checked)
{
	struct ioasid_platform_failure f = IOASID_PLATFORM_FAILURE_INIT;
	struct ioasid_platform *p;
	int i;

	ck_ok(ioasid_platform_new(&p));
	ck_err(ioasid_platform_add_failure(p, &f), EINVAL);
	f.operation = IOASID_OP_HW_QUEUE + 1;
	ck_err(ioasid_platform_add_failure(p, &f), EINVAL);
	f.operation = IOASID_OP_MAP;
	f.error = ENOTTY;
	ck_err(ioasid_platform_add_failure(p, &f), EINVAL);
	f.error = -ENOMEM;
	ck_err(ioasid_platform_add_failure(p, &f), EINVAL);
	f.operation = IOASID_OP_ALLOC;
	f.error = EIO;
	ck_err(ioasid_platform_add_failure(p, &f), EINVAL);
	f.error = ENOMEM;
	for (i = 0; i < 256; i++)
		ck_ok(ioasid_platform_add_failure(p, &f));
	ck_err(ioasid_platform_add_failure(p, &f), E2BIG);
	ioasid_platform_free(p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("emul-failures");
	TCase *tc = tcase_create("failures");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, each_call_fails_once_and_changes_nothing, 0, N_CALLS);
	tcase_add_loop_test(tc, each_call_fails_from_then_on, 0, N_CALLS);
	tcase_add_test(tc, open_fails);
	tcase_add_test(tc, several_failures_and_each_context_by_itself);
	tcase_add_test(tc, a_call_that_is_wrong_by_itself_does_not_count);
	tcase_add_test(tc, each_allocation_fails);
	tcase_add_test(tc, no_memory_from_then_on);
	tcase_add_test(tc, failures_are_checked);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
