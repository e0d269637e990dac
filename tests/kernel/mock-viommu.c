/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vIOMMUs of the kernel's IOMMU for tests, and what is on them. Structures are iommufd_test.h's. */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mock.h"

#define IOVA	 (32 * MIB)
#define MEMORY	 (4 * PAGE)
#define NESTED	 0xdeadu	/* IOMMU_HWPT_DATA_SELFTEST */
#define SELFTEST 0xdeadbeefu	/* type of vIOMMU, of its commands, of hardware queues */
#define EVENTS	 0xbeefbeefu
#define IOTLB	 0xbadbeefu	/* what is cached: by IOMMUs, */
#define CACHE	 0xbaddadu	/* and by devices */
#define VIRT_ID	 UINT64_C(0x99)

/* struct iommu_viommu_selftest; Linux 6.17, before that without registers */
struct selftest {
	uint32_t in, out;
	uint64_t offset, length;
};

/* struct iommu_viommu_invalidate_selftest */
struct command {
	uint32_t flags, vdev_id, cache_id;
};

struct world {
	struct ioasid_ctx *ctx;
	struct ioasid_space *root, *space;
	struct ioasid_viommu *viommu;
	struct ioasid_vdevice *vdevice;
	struct mock mock;
	uint8_t *memory;
};

static int make(struct world *w, struct selftest *data)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;

	options.type = IOASID_VIOMMU_RAW;
	options.raw_type = options.raw_commands = SELFTEST;
	options.data = data;
	options.data_size = data ? sizeof(*data) : 0;
	return ioasid_viommu_create(w->root, w->mock.device, &options, &w->viommu);
}

static bool world_open(struct world *w)
{
	memset(w, 0, sizeof(*w));
	if (!mock_ctx_open(&w->ctx))
		return false;
	if (lacks(w->ctx, IOASID_CAP_VIOMMU)) {
		ck_ok(ioasid_ctx_close(w->ctx));
		return false;
	}
	w->root = make_space(w->ctx, NULL, 0);
	w->memory = memory_new(MEMORY);
	ck_ok(ioasid_space_map(w->root, IOVA, w->memory, MEMORY, RW, NULL));
	mock_open(&w->mock, w->ctx, 0);
	return true;
}

static void world_close(struct world *w)
{
	if (w->space) {
		ck_ok(ioasid_device_detach(w->mock.device));
		ck_ok(ioasid_space_destroy(w->space));
	}
	ck_ok(ioasid_vdevice_destroy(w->vdevice));
	ck_ok(ioasid_viommu_destroy(w->viommu));
	mock_close(&w->mock);
	ck_ok(ioasid_ctx_close(w->ctx));
	memory_free(w->memory, MEMORY);
}

/* A space nested on the vIOMMU, with what the mock takes for a page table. */
static void nest(struct world *w)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	const uint32_t data[2] = { IOTLB, 0 };

	options.viommu = w->viommu;
	ck_ok(ioasid_space_create(w->ctx, &options, &w->space));
	ck_ok(ioasid_space_bind_raw(w->space, NESTED, data, sizeof(data)));
}

static void attach(struct world *w)
{
	ck_ok(make(w, NULL));
	ck_ok(ioasid_vdevice_create(w->viommu, w->mock.device, VIRT_ID, &w->vdevice));
	nest(w);
	ck_ok(ioasid_device_attach(w->mock.device, w->space));
}

static int command(const struct world *w, enum mock_op op, uint32_t id, uint32_t a, uint32_t b)
{
	struct mock_command c = { .op = op, .id = id, .u.w = { a, b } };

	return mock_command(w->mock.iommu, &c);
}

START_TEST(a_driver_answers_and_shows_registers)
{
	struct selftest data = { .in = 0x1234567 };
	void *registers = NULL;
	struct world w;

	if (!world_open(&w))
		return;
	ck_ok(make(&w, &data));
	ck_assert_uint_eq(data.out, data.in);
	ck_assert_uint_eq(data.length, 2 * PAGE);
	ck_err(ioasid_viommu_map_registers(w.viommu, data.offset, PAGE, &registers), EINVAL);
	ck_ok(ioasid_viommu_map_registers(w.viommu, data.offset, data.length, &registers));
	ck_assert_uint_eq(*(uint32_t *)registers, data.in);
	world_close(&w);	/* which unmaps them, or it would be busy */
}
END_TEST

START_TEST(drivers_refuse)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_vdevice *more = NULL;
	struct mock other;
	struct world w;

	if (!world_open(&w))
		return;
	options.type = IOASID_VIOMMU_RAW;
	options.raw_type = 0xdadbeef;
	ck_err(ioasid_viommu_create(w.root, w.mock.device, &options, &w.viommu), EOPNOTSUPP);
	options.type = IOASID_VIOMMU_SMMUV3;
	options.raw_type = 0;
	ck_err(ioasid_viommu_create(w.root, w.mock.device, &options, &w.viommu), EOPNOTSUPP);
	ck_ok(make(&w, NULL));
	ck_ok(ioasid_vdevice_create(w.viommu, w.mock.device, VIRT_ID, &w.vdevice));
	mock_open(&other, w.ctx, 0);
	ck_err(ioasid_vdevice_create(w.viommu, other.device, VIRT_ID, &more), EEXIST);
	ck_ok(ioasid_vdevice_create(w.viommu, other.device, VIRT_ID + 1, &more));
	ck_ok(ioasid_vdevice_destroy(more));
	mock_close(&other);
	world_close(&w);
}
END_TEST

START_TEST(a_device_needs_its_number_before)
{
	struct world w;

	if (!world_open(&w))
		return;
	ck_ok(make(&w, NULL));
	nest(&w);
	ck_err(ioasid_device_attach(w.mock.device, w.space), ENOENT);
	ck_ok(ioasid_vdevice_create(w.viommu, w.mock.device, VIRT_ID, &w.vdevice));
	ck_ok(ioasid_device_attach(w.mock.device, w.space));
	ck_assert_int_eq(command(&w, MOCK_CHECK_IOTLB, w.mock.page_table, 0, IOTLB), 0);
	world_close(&w);
}
END_TEST

static struct ioasid_event_queue *events_new(struct world *w, uint32_t depth)
{
	struct ioasid_viommu_events_options options = IOASID_VIOMMU_EVENTS_OPTIONS_INIT;
	struct ioasid_event_queue *queue = NULL;

	options.format = IOASID_EVENTS_RAW;
	options.raw_type = EVENTS;
	options.raw_size = sizeof(uint32_t);
	options.depth = depth;
	ck_ok(ioasid_viommu_create_events(w->viommu, &options, &queue));
	return queue;
}

static void trigger(struct world *w, unsigned int times)
{
	while (times--)
		ck_assert_int_eq(command(w, MOCK_TRIGGER_VEVENT, 0, w->mock.id, 0), 0);
}

static bool readable(const struct ioasid_event_queue *queue)
{
	struct pollfd fd = { ioasid_event_queue_get_fd(queue), POLLIN, 0 };

	return poll(&fd, 1, 0) == 1;
}

START_TEST(events_come_by_number)
{
	struct ioasid_event_queue *queue;
	struct ioasid_event e[4];
	struct world w;
	uint32_t id;

	if (!world_open(&w))
		return;
	attach(&w);
	queue = events_new(&w, 2);
	ck_assert(!readable(queue));
	ck_assert_uint_eq(ioasid_event_queue_read(queue, e, 4), 0);
	trigger(&w, 1);
	ck_assert(readable(queue));
	ck_assert_uint_eq(ioasid_event_queue_read(queue, e, 4), 1);
	ck_assert_int_eq(e[0].type, IOASID_EVENT_RECORD);
	ck_assert_uint_eq(e[0].record_size, 4);
	memcpy(&id, e[0].record, sizeof(id));
	ck_assert_uint_eq(id, VIRT_ID);
	ck_assert(!readable(queue));
	trigger(&w, 5);
	ck_assert_uint_eq(ioasid_event_queue_read(queue, e, 1), 1);
	ck_assert_uint_eq(e[0].sequence, 1);
	trigger(&w, 1);
	ck_assert(readable(queue));
	ck_assert_uint_eq(ioasid_event_queue_read(queue, e, 4), 2);
	ck_assert_uint_eq(e[0].sequence, 2);
	ck_assert_uint_eq(e[1].sequence, 6);
	ck_assert_uint_eq(e[1].lost, 3);
	trigger(&w, 4);
	ck_assert_uint_eq(ioasid_event_queue_read(queue, e, 4), 3);
	ck_assert_uint_eq(e[1].lost, 0);
	ck_assert_int_eq(e[2].type, IOASID_EVENT_OVERFLOW);
	ck_assert_uint_eq(e[2].lost, 2);
	ck_assert(!readable(queue));
	ck_err(ioasid_viommu_destroy(w.viommu), EBUSY);
	ck_ok(ioasid_event_queue_destroy(queue));
	world_close(&w);
}
END_TEST

static void cached(const struct world *w, uint32_t a, uint32_t b)
{
	ck_assert_int_eq(command(w, MOCK_CHECK_CACHE, w->mock.id, 0, a), 0);
	ck_assert_int_eq(command(w, MOCK_CHECK_CACHE, w->mock.id, 1, b), 0);
}

START_TEST(commands_find_devices_by_number)
{
	struct command c[2] = { { 0, VIRT_ID, 0 }, { 0, VIRT_ID + 1, 1 } };
	struct world w;
	size_t done = 7;

	if (!world_open(&w))
		return;
	attach(&w);
	cached(&w, CACHE, CACHE);
	ck_ok(ioasid_viommu_invalidate(w.viommu, NULL, sizeof(c[0]), 0, NULL));
	ck_err(ioasid_viommu_invalidate(w.viommu, c, sizeof(c[0]), 2, &done), EINVAL);
	ck_assert_uint_eq(done, 1);
	cached(&w, 0, CACHE);
	c[1].vdev_id = VIRT_ID;
	c[1].flags = 2;
	ck_err(ioasid_viommu_invalidate(w.viommu, c, sizeof(c[0]), 2, &done), EOPNOTSUPP);
	ck_assert_uint_eq(done, 1);
	c[1].flags = 1;		/* all */
	ck_ok(ioasid_viommu_invalidate(w.viommu, c, sizeof(c[0]), 2, &done));
	ck_assert_uint_eq(done, 2);
	cached(&w, 0, 0);
	world_close(&w);
}
END_TEST

static int queue_make(struct world *w, uint32_t index, uint64_t iova, uint64_t length,
		      struct ioasid_hw_queue **queue)
{
	struct ioasid_hw_queue_options options = IOASID_HW_QUEUE_OPTIONS_INIT;

	options.type = IOASID_HW_QUEUE_RAW;
	options.raw_type = SELFTEST;
	options.index = index;
	options.iova = iova;
	options.length = length;
	return ioasid_hw_queue_create(w->viommu, &options, queue);
}

START_TEST(queues_keep_their_memory)
{
	struct ioasid_hw_queue *first = NULL, *second = NULL;
	struct world w;
	uint64_t gone;

	if (!world_open(&w))
		return;
	if (lacks(w.ctx, IOASID_CAP_HW_QUEUE)) {
		world_close(&w);
		return;
	}
	ck_ok(make(&w, NULL));
	ck_err(queue_make(&w, 1, IOVA, PAGE, &first), EIO);
	ck_err(queue_make(&w, 2, IOVA, PAGE, &first), EINVAL);
	ck_err(queue_make(&w, 0, IOVA - PAGE, 2 * PAGE, &first), ENOENT);
	ck_ok(queue_make(&w, 0, IOVA, 64, &first));
	ck_err(queue_make(&w, 0, IOVA, 64, &second), EEXIST);
	ck_ok(queue_make(&w, 1, IOVA + PAGE + 64, 128, &second));
	ck_err(ioasid_space_unmap_all(w.root, &gone), EBUSY);
	ck_err(ioasid_hw_queue_destroy(first), EBUSY);
	ck_err(ioasid_viommu_destroy(w.viommu), EBUSY);
	ck_ok(ioasid_hw_queue_destroy(second));
	ck_ok(ioasid_hw_queue_destroy(first));
	ck_ok(ioasid_space_unmap_all(w.root, &gone));
	ck_assert_uint_eq(gone, MEMORY);
	world_close(&w);
}
END_TEST

static uint64_t locked(const struct world *w)
{
	struct ioasid_ctx_info info = IOASID_CTX_INFO_INIT;

	ck_ok(ioasid_ctx_query_info(w->ctx, &info));
	return info.locked_bytes;
}

/* A child that has not become another program yet has its descriptor: nothing stays for that. */
START_TEST(a_queue_that_is_open_in_a_child)
{
	struct ioasid_event_queue *queue;
	struct world w;
	uint64_t before;
	pid_t child;

	if (!world_open(&w))
		return;
	before = locked(&w);
	attach(&w);
	queue = events_new(&w, 0);
	ck_assert_uint_eq(locked(&w), before + MEMORY);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (!child) {
		pause();
		_exit(0);
	}
	ck_ok(ioasid_event_queue_destroy(queue));
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_ok(ioasid_device_detach(w.mock.device));
	ck_ok(ioasid_space_destroy(w.space));
	ck_ok(ioasid_vdevice_destroy(w.vdevice));
	ck_ok(ioasid_viommu_destroy(w.viommu));
	ck_assert_uint_eq(locked(&w), before);
	w.space = NULL;
	w.vdevice = NULL;
	w.viommu = NULL;
	world_close(&w);
}
END_TEST

/* Whatever needs what. */
START_TEST(a_context_ends_with_all_that_is_on_it)
{
	struct ioasid_hw_queue *first, *second;
	struct world w;

	if (!world_open(&w))
		return;
	attach(&w);
	events_new(&w, 0);
	if (ioasid_ctx_has(w.ctx, IOASID_CAP_HW_QUEUE)) {
		ck_ok(queue_make(&w, 0, IOVA, 64, &first));
		ck_ok(queue_make(&w, 1, IOVA + PAGE, 64, &second));
	}
	ck_ok(ioasid_ctx_close(w.ctx));
	memory_free(w.memory, MEMORY);
}
END_TEST

TCase *mock_viommu(void)
{
	TCase *tc = tcase_create("mock-viommu");

	tcase_add_test(tc, a_driver_answers_and_shows_registers);
	tcase_add_test(tc, drivers_refuse);
	tcase_add_test(tc, a_device_needs_its_number_before);
	tcase_add_test(tc, events_come_by_number);
	tcase_add_test(tc, commands_find_devices_by_number);
	tcase_add_test(tc, queues_keep_their_memory);
	tcase_add_test(tc, a_queue_that_is_open_in_a_child);
	tcase_add_test(tc, a_context_ends_with_all_that_is_on_it);
	return tc;
}
