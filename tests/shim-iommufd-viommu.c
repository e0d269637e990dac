/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vIOMMUs on iommufd: the kernel's commands to the byte, its events, what becomes of its errors. */
#include <endian.h>
#include <string.h>

#include "shim_expect.h"
#include "shim_hwpt.h"
#include "shim_nested.h"
#include "shim_version.h"
#include "shim_viommu.h"
#include "util/alloc.h"

#define NEST	 1u		/* IOMMU_HWPT_ALLOC_NEST_PARENT */
#define SMMUV3	 1u		/* IOMMU_VIOMMU_TYPE_ARM_SMMUV3, and so its events and commands */
#define TEGRA241 2u
#define OTHER	 0xdeadbeefu	/* one that the library does not know */
#define VSID	 0x1234u

static struct ioasid_viommu *viommu;
static struct ioasid_vdevice *vdevice;

/* Objects: the device, and 2 the root's IOAS, once it is used. The driver is the SMMUv3's. */
static void setup(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	shim_reset();
	shim.nests = true;
	shim.hw_type = 2;
	shim.hw_length = 40;
	shim.nested_type = 2;
	shim_viommu.type = shim_viommu.commands = SMMUV3;
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	device = bind_device(0);
	memory = memory_new(MEMORY);
	root = make_space(ctx, NULL, 0);
	ck_ok(ioasid_space_map(root, 0, memory, MEMORY, RW, &memory_mapping));
	iommu = shim_iommu_fd();
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_NESTING_HARDWARE));	/* which it asks once */
	shim_forget();
}

static int make(enum ioasid_viommu_type type, struct ioasid_viommu **out)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;

	options.type = type;
	return ioasid_viommu_create(root, device, &options, out);
}

static void with_viommu(void)
{
	setup();
	ck_ok(make(IOASID_VIOMMU_SMMUV3, &viommu));
	ck_ok(ioasid_vdevice_create(viommu, device, VSID, &vdevice));
	shim_forget();
}

static int events(enum ioasid_event_format format, uint32_t depth,
		  struct ioasid_event_queue **queue)
{
	struct ioasid_viommu_events_options options = IOASID_VIOMMU_EVENTS_OPTIONS_INIT;

	options.format = format;
	options.depth = depth;
	return ioasid_viommu_create_events(viommu, &options, queue);
}

START_TEST(info_says_which_there_are)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;

	ck_ok(ioasid_device_query_info(device, &info));
	ck_assert_uint_eq(info.viommu_types, 1u << IOASID_VIOMMU_SMMUV3 | 1u << IOASID_VIOMMU_RAW);
	shim.has_cmdqv = true;
	ck_ok(ioasid_device_query_info(bind_device(1), &info));
	ck_assert_uint_eq(info.viommu_types, 1u << IOASID_VIOMMU_SMMUV3 |
			  1u << IOASID_VIOMMU_TEGRA241 | 1u << IOASID_VIOMMU_RAW);
	shim.hw_type = 1;
	ck_ok(ioasid_device_query_info(bind_device(2), &info));
	ck_assert_uint_eq(info.viommu_types, 1u << IOASID_VIOMMU_RAW);
	shim.nests = false;
	ck_ok(ioasid_device_query_info(bind_device(3), &info));
	ck_assert_uint_eq(info.viommu_types, 0);
}
END_TEST

/* A context in which nobody has asked yet. */
static void open_again(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	ck_ok(ioasid_ctx_close(ctx));
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	iommu = shim_iommu_fd();
	shim_forget();
}

/* A kernel that has a command refuses flags that it does not know; nothing happens. Once. */
START_TEST(capabilities_are_asked_for)
{
	open_again();
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_VIOMMU));
	expect(iommu, SHIM_VIOMMU_ALLOC, 24, UINT32_MAX, 0, 0, 0, 0);
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_HW_QUEUE));
	expect(iommu, SHIM_HW_QUEUE_ALLOC, 40, UINT32_MAX, 0, 0, 0, 0, 0, 0, 0, 0);
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_VIOMMU));
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_HW_QUEUE));
	expect_end();
}
END_TEST

START_TEST(an_old_kernel_has_neither)
{
	open_again();
	shim.version = LINUX(6, 6);
	ck_assert_ptr_nonnull(strstr(ioasid_ctx_why_not(ctx, IOASID_CAP_VIOMMU), "6.13"));
	ck_assert_ptr_nonnull(strstr(ioasid_ctx_why_not(ctx, IOASID_CAP_HW_QUEUE), "6.17"));
	device = bind_device(0);
	root = make_space(ctx, NULL, 0);
	ck_err(make(IOASID_VIOMMU_SMMUV3, &viommu), EOPNOTSUPP);
	said("vIOMMU", "6.13");
}
END_TEST

/* From the page table that is nested on to a device behind it, and back. */
START_TEST(objects_come_and_go_in_order)
{
	const uint64_t ste[2] = { htole64(1 | 5 << 1), 0 };
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	ck_ok(make(IOASID_VIOMMU_SMMUV3, &viommu));
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(iommu, SHIM_MAP, 40, 7, 2, 0, U64((uintptr_t)memory), U64(MEMORY), U64(0));
	expect(iommu, SHIM_HWPT_ALLOC, 24, NEST, 1, 2, 0, 0);
	expect(iommu, SHIM_VIOMMU_ALLOC, 24, 0, SMMUV3, 1, 3, 0);
	ck_ok(ioasid_vdevice_create(viommu, device, VSID, &vdevice));
	expect(iommu, SHIM_VDEVICE_ALLOC, 24, 4, 1, 0, U64(VSID));
	options.viommu = viommu;
	ck_ok(ioasid_space_create(ctx, &options, &child));
	ck_assert_int_eq(space_info(child).nesting, IOASID_NESTING_HARDWARE);
	ck_ok(ioasid_space_bind_raw(child, 2, ste, sizeof(ste)));
	expect_end();
	/* nested on the vIOMMU, and not on the page table */
	ck_ok(ioasid_device_attach(device, child));
	expect(iommu, SHIM_HWPT_ALLOC, 40, 0, 1, 4, 0, 0, 2, 16, shim.calls[0].words[8],
	       shim.calls[0].words[9]);
	expect(shim_device_fd(0), SHIM_ATTACH, 12, 0, 6);
	ck_assert(!memcmp(shim_hwpt_data(6), ste, sizeof(ste)));
	expect_end();
	ck_ok(ioasid_device_detach(device));
	expect(shim_device_fd(0), SHIM_DETACH, 8, 0);
	expect(iommu, SHIM_DESTROY, 8, 6);
	ck_ok(ioasid_space_destroy(child));
	ck_ok(ioasid_vdevice_destroy(vdevice));
	expect(iommu, SHIM_DESTROY, 8, 5);
	ck_ok(ioasid_viommu_destroy(viommu));
	expect(iommu, SHIM_DESTROY, 8, 4);
	expect(iommu, SHIM_DESTROY, 8, 3);
	expect(iommu, SHIM_DESTROY, 8, 2);
	expect_end();
}
END_TEST

/* One that is there already serves, if the driver takes it. */
START_TEST(parents_are_shared_by_IOMMUs_that_are_alike)
{
	struct ioasid_device *second = bind_device(1);
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_viommu *more;

	ck_ok(make(IOASID_VIOMMU_SMMUV3, &viommu));	/* 4 the page table, 5 it */
	shim_forget();
	options.type = IOASID_VIOMMU_SMMUV3;
	ck_ok(ioasid_viommu_create(root, second, &options, &more));
	expect(iommu, SHIM_VIOMMU_ALLOC, 24, 0, SMMUV3, 2, 4, 0);
	ck_ok(ioasid_viommu_destroy(more));
	expect(iommu, SHIM_DESTROY, 8, 6);
	shim.unlike = 2;
	ck_ok(ioasid_viommu_create(root, second, &options, &more));
	expect(iommu, SHIM_VIOMMU_ALLOC, 24, 0, SMMUV3, 2, 4, 0);
	expect(iommu, SHIM_HWPT_ALLOC, 24, NEST, 2, 3, 0, 0);
	expect(iommu, SHIM_VIOMMU_ALLOC, 24, 0, SMMUV3, 2, 6, 0);
	ck_err(ioasid_vdevice_create(viommu, second, 5, &vdevice), EINVAL);
	ck_ok(ioasid_viommu_destroy(more));
	ck_ok(ioasid_viommu_destroy(viommu));
	ck_assert_uint_eq(shim_objects(), 2);
}
END_TEST

START_TEST(a_shadow_is_not_on_a_kernels_vIOMMU)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	options.viommu = viommu;
	options.nesting = IOASID_NESTING_SOFTWARE;
	ck_err(ioasid_space_create(ctx, &options, &child), EOPNOTSUPP);
	expect_end();
}
END_TEST

START_TEST(types_with_data)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_viommu_info info = IOASID_VIOMMU_INFO_INIT;
	uint64_t data[2] = { 7, 8 };

	shim.has_cmdqv = true;
	ck_ok(ioasid_device_unbind(device));
	device = bind_device(0);
	shim_viommu.type = TEGRA241;
	shim_viommu.data_length = 16;
	shim_viommu.out[0] = 0x10000;
	shim_viommu.out[1] = 0x4000;
	ck_ok(make(IOASID_VIOMMU_TEGRA241, &viommu));
	ck_assert_uint_eq(shim.calls[shim.n_calls - 1].words[0], 40);
	ck_assert_uint_eq(shim.calls[shim.n_calls - 1].words[6], 16);
	ck_ok(ioasid_viommu_query_info(viommu, &info));
	ck_assert_int_eq(info.type, IOASID_VIOMMU_TEGRA241);
	ck_assert_uint_eq(info.registers_offset, 0x10000);
	ck_assert_uint_eq(info.registers_length, 0x4000);
	ck_ok(ioasid_viommu_destroy(viommu));

	shim_viommu.type = OTHER;
	options.type = IOASID_VIOMMU_RAW;
	options.raw_type = OTHER;
	options.data = data;
	options.data_size = sizeof(data);
	ck_ok(ioasid_viommu_create(root, device, &options, &viommu));
	ck_assert_uint_eq(shim.calls[shim.n_calls - 1].words[2], OTHER);
	ck_assert(data[0] == 0x10000 && data[1] == 0x4000);
	ck_ok(ioasid_viommu_query_info(viommu, &info));
	ck_assert_uint_eq(info.registers_length, 0);
}
END_TEST

START_TEST(options_of_raw_types)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_viommu_events_options e = IOASID_VIOMMU_EVENTS_OPTIONS_INIT;
	struct ioasid_event_queue *queue = NULL;
	struct ioasid_viommu *more = NULL;
	uint32_t data = 0;

	options.type = IOASID_VIOMMU_RAW;
	ck_err(ioasid_viommu_create(root, device, &options, &more), EINVAL);
	options.raw_type = OTHER;
	options.data_size = 4;
	ck_err(ioasid_viommu_create(root, device, &options, &more), EINVAL);
	options.data = &data;
	options.data_size = 4097;
	ck_err(ioasid_viommu_create(root, device, &options, &more), EINVAL);
	options.data_size = 4;
	options.type = IOASID_VIOMMU_SMMUV3;
	ck_err(ioasid_viommu_create(root, device, &options, &more), EINVAL);
	ck_err(make(IOASID_VIOMMU_PLAIN, &more), EOPNOTSUPP);
	ck_err(make(IOASID_VIOMMU_TEGRA241, &more), EOPNOTSUPP);
	e.format = IOASID_EVENTS_SMMUV3;
	e.raw_type = OTHER;
	ck_err(ioasid_viommu_create_events(viommu, &e, &queue), EINVAL);
	e.format = IOASID_EVENTS_RAW;
	ck_err(ioasid_viommu_create_events(viommu, &e, &queue), EINVAL);
	e.raw_size = 33;
	ck_err(ioasid_viommu_create_events(viommu, &e, &queue), EINVAL);
	e.raw_size = 32;
	ck_err(ioasid_viommu_create_events(viommu, &e, &queue), EOPNOTSUPP);
	ck_err(events(IOASID_EVENTS_PLAIN, 0, &queue), EOPNOTSUPP);
	ck_err(events(IOASID_EVENTS_TEGRA241, 0, &queue), EOPNOTSUPP);
	expect_end();
}
END_TEST

/* Commands, one array for a call. */
START_TEST(commands_go_down_as_they_are)
{
	const uint64_t commands[3][2] = { { 1, 2 }, { 3, 4 }, { 5, 6 } };
	size_t done = 7;

	ck_ok(ioasid_viommu_invalidate(viommu, commands, 16, 3, &done));
	expect(iommu, SHIM_INVALIDATE, 32, 4, U64((uintptr_t)commands), 1, 16, 3, 0);
	ck_assert_uint_eq(done, 3);
	ck_assert(!memcmp(shim_viommu.entries, commands, sizeof(commands)));
	ck_ok(ioasid_viommu_invalidate(viommu, commands, 16, 0, &done));
	expect(iommu, SHIM_INVALIDATE, 32, 4, 0, 0, 1, 0, 0, 0);
	ck_assert_uint_eq(done, 0);
	shim_viommu.bad = 2;
	shim_viommu.bad_error = EIO;
	ck_err(ioasid_viommu_invalidate(viommu, commands, 16, 3, &done), EIO);
	ck_assert_uint_eq(done, 1);
	ck_err(ioasid_viommu_invalidate(viommu, commands, 24, 2, &done), EINVAL);
	ck_assert_uint_eq(done, 0);
	shim_viommu.bad = 0;
	fail_nth(1, ENOMEM);
	ck_err(ioasid_viommu_invalidate(viommu, commands, 16, 3, &done), ENOMEM);
	ck_assert_uint_eq(done, 0);
	fail_nth(1, EOPNOTSUPP);
	ck_err(ioasid_viommu_invalidate(viommu, commands, 16, 3, &done), EOPNOTSUPP);
	fail_nth(1, EFAULT);
	ck_err(ioasid_viommu_invalidate(viommu, commands, 16, 3, NULL), EINVAL);
}
END_TEST

/* Linux takes 2^19 at once. */
START_TEST(many_commands_are_several_arrays)
{
	size_t n = (1u << 19) + 2, done = 0;
	uint8_t *commands = calloc(n, 16);

	ck_ok(ioasid_viommu_invalidate(viommu, commands, 16, n, &done));
	ck_assert_uint_eq(done, n);
	expect(iommu, SHIM_INVALIDATE, 32, 4, U64((uintptr_t)commands), 1, 16, 1u << 19, 0);
	expect(iommu, SHIM_INVALIDATE, 32, 4, U64((uintptr_t)commands + (16u << 19)), 1, 16, 2, 0);
	expect_end();
	free(commands);
}
END_TEST

/* IOMMU_HW_INFO_ARM_SMMUV3_ERRATA_REPEAT_TLBI_CFGI */
START_TEST(an_erratum_wants_them_twice)
{
	const uint64_t command[2] = { 1, 2 };
	const uint32_t flags = 1;

	memcpy(shim.hw_data, &flags, sizeof(flags));
	ck_ok(ioasid_device_unbind(device));
	device = bind_device(0);
	ck_ok(make(IOASID_VIOMMU_SMMUV3, &viommu));
	shim_forget();
	ck_ok(ioasid_viommu_invalidate(viommu, command, 16, 1, NULL));
	expect(iommu, SHIM_INVALIDATE, 32, 4, U64((uintptr_t)command), 1, 16, 1, 0);
	expect(iommu, SHIM_INVALIDATE, 32, 4, U64((uintptr_t)command), 1, 16, 1, 0);
	expect_end();
}
END_TEST

START_TEST(event_queues)
{
	struct ioasid_event_queue *queue;
	unsigned int fds = shim_open_fds();

	ck_ok(events(IOASID_EVENTS_SMMUV3, 0, &queue));
	expect(iommu, SHIM_VEVENTQ_ALLOC, 32, 0, 4, SMMUV3, 256, 0, 0, 0);
	ck_assert_uint_eq(shim_open_fds(), fds + 1);
	ck_err(events(IOASID_EVENTS_SMMUV3, 0, &queue), EEXIST);
	ck_err(ioasid_viommu_destroy(viommu), EBUSY);
	expect_end();
	/* the descriptor before the object that it holds */
	ck_ok(ioasid_event_queue_destroy(queue));
	expect(iommu, SHIM_DESTROY, 8, 6);
	ck_assert_uint_eq(shim_open_fds(), fds);
	ck_ok(events(IOASID_EVENTS_SMMUV3, 524288, &queue));
	expect(iommu, SHIM_VEVENTQ_ALLOC, 32, 0, 4, SMMUV3, 524288, 0, 0, 0);
	ck_assert_int_gt(ioasid_event_queue_get_fd(queue), 0);
}
END_TEST

/* 7.3: F_TRANSLATION, F_PERMISSION, C_BAD_CD, and one that only a vendor knows. */
START_TEST(records_are_read)
{
	const uint64_t sid = (uint64_t)VSID << 32;
	const uint64_t records[4][4] = {
		{ htole64(0x10 | 1 << 11 | 5 << 12 | sid), htole64(UINT64_C(1) << 35),
		  htole64(0x7000), 0 },
		{ htole64(0x13 | sid), 0, htole64(0x8000), 0 },
		{ htole64(0x0a | 1 << 11 | 9 << 12 | sid), 0, 0, 0 },
		{ htole64(0xe0 | (uint64_t)0x99 << 32), 1, 2, 3 },
	};
	struct ioasid_event_queue *queue;
	struct ioasid_event e[5];
	unsigned int i;

	ck_ok(events(IOASID_EVENTS_SMMUV3, 0, &queue));
	ck_assert_uint_eq(ioasid_event_queue_read(queue, e, 5), 0);
	for (i = 0; i < 4; i++)
		shim_viommu_event(i, records[i], sizeof(records[i]));
	ck_assert_uint_eq(ioasid_event_queue_read(queue, e, 1), 1);
	ck_assert_int_eq(e[0].type, IOASID_EVENT_FAULT);
	ck_assert_int_eq(e[0].reason, IOASID_FAULT_NOT_MAPPED);
	ck_assert_uint_eq(e[0].virtual_id, VSID);
	ck_assert_uint_eq(e[0].cookie, ioasid_device_get_cookie(device));
	ck_assert_uint_eq(e[0].pasid, 5);
	ck_assert_uint_eq(e[0].iova, 0x7000);
	ck_assert_uint_eq(e[0].access, IOASID_READ);
	ck_assert_uint_eq(e[0].record_size, 32);
	ck_assert(!memcmp(e[0].record, records[0], 32));
	ck_assert_uint_eq(ioasid_event_queue_read(queue, e + 1, 4), 3);
	ck_assert_int_eq(e[1].reason, IOASID_FAULT_PERMISSION);
	ck_assert_uint_eq(e[1].access, IOASID_WRITE);
	ck_assert_uint_eq(e[1].pasid, IOASID_NO_PASID);
	ck_assert_int_eq(e[2].reason, IOASID_FAULT_PASID_MALFORMED);
	ck_assert_uint_eq(e[2].iova, 0);
	ck_assert_int_eq(e[3].type, IOASID_EVENT_RECORD);
	ck_assert_uint_eq(e[3].virtual_id, 0x99);
	ck_assert_uint_eq(e[3].cookie, 0);
	for (i = 0; i < 4; i++)
		ck_assert_uint_eq(e[i].sequence, i);
	shim_viommu.read_error = ENOMEM;
	ck_assert_uint_eq(ioasid_event_queue_read(queue, e, 1), 0);
}
END_TEST

/* By gaps in the numbers; where nothing follows, by a header of its own. They wrap at 2^31. */
START_TEST(lost_events_are_counted)
{
	const uint64_t record[4] = { htole64(0x10) };
	struct ioasid_event_queue *queue;
	struct ioasid_event e[8];

	ck_ok(events(IOASID_EVENTS_SMMUV3, 2, &queue));
	shim_viommu_event(0, record, 32);
	shim_viommu_event(3, record, 32);
	shim_viommu_event(6, NULL, 0);
	ck_assert_uint_eq(ioasid_event_queue_read(queue, e, 8), 3);
	ck_assert_uint_eq(e[0].lost, 0);
	ck_assert_uint_eq(e[1].lost, 2);
	ck_assert_int_eq(e[1].type, IOASID_EVENT_FAULT);
	ck_assert_int_eq(e[2].type, IOASID_EVENT_OVERFLOW);
	ck_assert_uint_eq(e[2].lost, 3);
	shim_viommu_event(7, record, 32);
	shim_viommu_event(0x7fffffff, record, 32);
	shim_viommu_event(1, record, 32);
	ck_assert_uint_eq(ioasid_event_queue_read(queue, e, 8), 3);
	ck_assert_uint_eq(e[0].lost, 0);
	ck_assert_uint_eq(e[1].lost, 0x7fffffff - 8);
	ck_assert_uint_eq(e[2].lost, 1);
}
END_TEST

static int queue_make(uint32_t index, uint64_t iova, uint64_t length, struct ioasid_hw_queue **q)
{
	struct ioasid_hw_queue_options options = IOASID_HW_QUEUE_OPTIONS_INIT;

	options.type = IOASID_HW_QUEUE_RAW;
	options.raw_type = OTHER;
	options.index = index;
	options.iova = iova;
	options.length = length;
	return ioasid_hw_queue_create(viommu, &options, q);
}

static void with_raw(void)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;

	setup();
	shim_viommu.type = shim_viommu.commands = OTHER;
	options.type = IOASID_VIOMMU_RAW;
	options.raw_type = options.raw_commands = OTHER;
	ck_ok(ioasid_viommu_create(root, device, &options, &viommu));
	shim_forget();
}

START_TEST(hardware_queues)
{
	struct ioasid_hw_queue *q, *second;
	uint64_t unmapped;

	ck_ok(queue_make(0, 0x3000, 0x2000, &q));
	expect(iommu, SHIM_HW_QUEUE_ALLOC, 40, 0, 4, OTHER, 0, 0, U64(0x3000), U64(0x2000));
	ck_ok(queue_make(1, MEMORY - 32, 32, &second));
	expect(iommu, SHIM_HW_QUEUE_ALLOC, 40, 0, 4, OTHER, 1, 0, U64(MEMORY - 32), U64(32));
	ck_err(queue_make(2, 0, 0, &q), EINVAL);
	ck_err(queue_make(2, MEMORY - 32, 33, &q), ENOENT);
	ck_err(queue_make(2, UINT64_MAX, 2, &q), EOVERFLOW);
	/* its memory stays */
	ck_err(ioasid_mapping_unmap(memory_mapping), EBUSY);
	said("hardware reads", "0x1ffffe0-0x1ffffff");
	ck_err(ioasid_space_unmap(root, 0, MEMORY, &unmapped), EBUSY);
	ck_err(ioasid_space_unmap_all(root, &unmapped), EBUSY);
	ck_err(ioasid_viommu_destroy(viommu), EBUSY);
	said("hardware queue", "");
	expect_end();
	fail_nth(1, EBUSY);
	ck_err(ioasid_hw_queue_destroy(q), EBUSY);
	ck_ok(ioasid_hw_queue_destroy(second));
	ck_ok(ioasid_hw_queue_destroy(q));
	ck_ok(ioasid_hw_queue_destroy(NULL));
	ck_ok(ioasid_mapping_unmap(memory_mapping));
}
END_TEST

START_TEST(options_of_hardware_queues)
{
	struct ioasid_hw_queue_options options = IOASID_HW_QUEUE_OPTIONS_INIT;
	struct ioasid_hw_queue *q = NULL;

	options.length = 32;
	ck_err(ioasid_hw_queue_create(viommu, &options, &q), EINVAL);
	options.type = IOASID_HW_QUEUE_RAW;
	ck_err(ioasid_hw_queue_create(viommu, &options, &q), EINVAL);
	options.raw_type = OTHER;
	options.reserved = 1;
	ck_err(ioasid_hw_queue_create(viommu, &options, &q), EINVAL);
	options.reserved = 0;
	options.type = IOASID_HW_QUEUE_TEGRA241;
	ck_err(ioasid_hw_queue_create(viommu, &options, &q), EINVAL);
	options.raw_type = 0;
	ck_err(ioasid_hw_queue_create(viommu, &options, &q), EOPNOTSUPP);
	options.size = SIZE_MAX;
	ck_err(ioasid_hw_queue_create(viommu, &options, &q), E2BIG);
	expect_end();
}
END_TEST

START_TEST(raw_commands_and_events)
{
	struct ioasid_viommu_events_options options = IOASID_VIOMMU_EVENTS_OPTIONS_INIT;
	const uint32_t command[3] = { 1, 2, 3 }, record = htole32(0x55);
	struct ioasid_event_queue *queue;
	struct ioasid_event e[3];

	ck_ok(ioasid_viommu_invalidate(viommu, command, sizeof(command), 1, NULL));
	expect(iommu, SHIM_INVALIDATE, 32, 4, U64((uintptr_t)command), OTHER, 12, 1, 0);
	ck_err(ioasid_viommu_invalidate(viommu, command, 4097, 1, NULL), EINVAL);
	options.format = IOASID_EVENTS_RAW;
	options.raw_type = 0xbeefbeef;
	options.raw_size = 4;
	options.depth = 3;
	ck_ok(ioasid_viommu_create_events(viommu, &options, &queue));
	expect(iommu, SHIM_VEVENTQ_ALLOC, 32, 0, 4, 0xbeefbeef, 3, 0, 0, 0);
	shim_viommu_event(0, &record, 4);
	shim_viommu_event(1, &record, 4);
	shim_viommu_event(2, NULL, 0);
	ck_assert_uint_eq(ioasid_event_queue_read(queue, e, 3), 3);
	ck_assert_int_eq(e[1].type, IOASID_EVENT_RECORD);
	ck_assert_uint_eq(e[1].record_size, 4);
	ck_assert(!memcmp(e[1].record, &record, 4));
	ck_assert_uint_eq(e[1].virtual_id, 0);
	ck_assert_int_eq(e[2].type, IOASID_EVENT_OVERFLOW);
	ck_assert_uint_eq(e[2].lost, 1);
}
END_TEST

START_TEST(registers_are_mapped_once)
{
	void *at = NULL;

	shim_viommu.registers = memory;
	shim_viommu.map_offset = 0x10000;
	shim_viommu.map_length = 0x2000;
	ck_err(ioasid_viommu_map_registers(viommu, 0x10000, 0, &at), EINVAL);
	ck_err(ioasid_viommu_map_registers(viommu, 0x10000, 0x1000, &at), EINVAL);
	ck_ok(ioasid_viommu_map_registers(viommu, 0x10000, 0x2000, &at));
	ck_assert_ptr_eq(at, memory);
	ck_assert_int_eq(shim_viommu.map_fd, iommu);
	ck_err(ioasid_viommu_map_registers(viommu, 0x10000, 0x2000, &at), EBUSY);
	ck_ok(ioasid_viommu_destroy(viommu));
	ck_assert_uint_eq(shim_viommu.unmaps, 1);
}
END_TEST

START_TEST(an_smmuv3_has_no_registers)
{
	void *at = NULL;

	ck_err(ioasid_viommu_map_registers(viommu, 0x10000, 0x2000, &at), EOPNOTSUPP);
}
END_TEST

static const int errors[][2] = {
	/* the kernel's, the library's */
	{ ENOTTY, EOPNOTSUPP }, { EOPNOTSUPP, EOPNOTSUPP }, { ENOMEM, ENOMEM }, { EINVAL, EINVAL },
	{ ENOENT, EINVAL }, { EFAULT, EINVAL },
};
#define N_ERRORS (sizeof(errors) / sizeof(errors[0]))

/* Nothing is left behind of what failed. */
START_TEST(vIOMMUs_that_fail)
{
	unsigned int n;
	size_t i;

	ck_ok(ioasid_space_create(ctx, &(struct ioasid_space_options){
		.size = sizeof(struct ioasid_space_options), .parent = root,
		.nesting = IOASID_NESTING_HARDWARE }, &child));	/* the root has its IOAS */
	n = shim_objects();
	for (i = 0; i < N_ERRORS; i++) {
		fail_nth(2, errors[i][0]);	/* after the page table */
		ck_err(make(IOASID_VIOMMU_SMMUV3, &viommu), errors[i][1]);
		ck_assert_uint_eq(shim_objects(), n);
	}
	fail_nth(1, ENOMEM);
	ck_err(make(IOASID_VIOMMU_SMMUV3, &viommu), ENOMEM);
	for (i = 1; i <= 10; i++) {
		mem_fail_nth(i);
		if (!make(IOASID_VIOMMU_SMMUV3, &viommu))
			break;
		ck_assert_uint_eq(shim_objects(), n);
	}
	mem_fail_nth(0);
	ck_assert_uint_gt(i, 3);
	ck_assert_uint_le(i, 10);
}
END_TEST

START_TEST(vdevices_that_fail)
{
	static const int more[][2] = { { EEXIST, EEXIST }, { EOPNOTSUPP, EOPNOTSUPP },
				       { ENOMEM, ENOMEM }, { EINVAL, EINVAL }, { ENOENT, EINVAL } };
	size_t i;

	ck_ok(ioasid_vdevice_destroy(vdevice));
	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		fail_nth(1, more[i][0]);
		ck_err(ioasid_vdevice_create(viommu, device, VSID, &vdevice), more[i][1]);
		ck_assert_ptr_null(ioasid_viommu_get_device(viommu, VSID));
	}
	ck_ok(ioasid_vdevice_create(viommu, device, VSID, &vdevice));
}
END_TEST

START_TEST(event_queues_that_fail)
{
	static const int more[][2] = { { EMFILE, EMFILE }, { ENFILE, ENFILE }, { ENOMEM, ENOMEM },
				       { ENOTTY, EOPNOTSUPP }, { EOPNOTSUPP, EOPNOTSUPP },
				       { EINVAL, EINVAL } };
	struct ioasid_event_queue *queue = NULL;
	unsigned int n = shim_open_fds();
	size_t i;

	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		fail_nth(1, more[i][0]);
		ck_err(events(IOASID_EVENTS_SMMUV3, 0, &queue), more[i][1]);
	}
	mem_fail_nth(1);
	ck_err(events(IOASID_EVENTS_SMMUV3, 0, &queue), ENOMEM);
	mem_fail_nth(0);
	ck_assert_ptr_null(queue);
	ck_assert_uint_eq(shim_open_fds(), n);
	ck_ok(events(IOASID_EVENTS_SMMUV3, 0, &queue));
}
END_TEST

START_TEST(hardware_queues_that_fail)
{
	static const int more[][2] = { { EEXIST, EEXIST }, { EIO, EIO }, { EFAULT, EFAULT },
				       { ENOENT, ENOENT }, { ENOMEM, ENOMEM },
				       { ENOTTY, EOPNOTSUPP }, { EOPNOTSUPP, EOPNOTSUPP }, { EINVAL, EINVAL },
				       { ERANGE, EINVAL } };
	struct ioasid_hw_queue *q = NULL;
	size_t i;

	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		fail_nth(1, more[i][0]);
		ck_err(queue_make(0, 0, 32, &q), more[i][1]);
	}
	mem_fail_nth(1);
	ck_err(queue_make(0, 0, 32, &q), ENOMEM);
	mem_fail_nth(0);
	ck_assert_ptr_null(q);
	ck_ok(ioasid_mapping_unmap(memory_mapping));
}
END_TEST

/* The context's end takes it all down, in an order in which nothing refuses. */
START_TEST(closing_takes_down_what_is_there)
{
	const uint64_t ste[2] = { htole64(1 | 5 << 1), 0 };
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_event_queue *queue;
	unsigned int i;

	options.viommu = viommu;
	ck_ok(ioasid_space_create(ctx, &options, &child));
	ck_ok(ioasid_space_bind_raw(child, 2, ste, sizeof(ste)));
	ck_ok(ioasid_device_attach(device, child));
	ck_ok(events(IOASID_EVENTS_SMMUV3, 0, &queue));
	shim_forget();
	nested_teardown();
	ck_assert_uint_eq(shim_objects(), 0);
	ck_assert_uint_eq(shim_open_fds(), 0);
	for (i = 0; i < shim.n_calls; i++)	/* and what is destroyed is there */
		ck_assert(shim.calls[i].command == SHIM_DESTROY ||
			  shim.calls[i].command == SHIM_DETACH);
	setup();
}
END_TEST

START_TEST(a_context_takes_its_queues_along)
{
	struct ioasid_hw_queue *first, *second;

	ck_ok(queue_make(0, 0x3000, 0x2000, &first));
	ck_ok(queue_make(1, 0x5000, 0x2000, &second));
	/* the teardown looks for what is left */
}
END_TEST

START_TEST(events_of_a_tegra241)
{
	struct ioasid_event_queue *queue;

	shim.has_cmdqv = true;
	ck_ok(ioasid_device_unbind(device));
	device = bind_device(0);
	shim_viommu.type = TEGRA241;
	shim_viommu.data_length = 16;
	ck_ok(make(IOASID_VIOMMU_TEGRA241, &viommu));
	shim_forget();
	ck_ok(events(IOASID_EVENTS_TEGRA241, 8, &queue));
	ck_assert_uint_eq(shim.calls[0].command, SHIM_VEVENTQ_ALLOC);
	ck_assert_uint_eq(shim.calls[0].words[3], TEGRA241); /* IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV */
	ck_ok(ioasid_event_queue_destroy(queue));
	ck_ok(ioasid_viommu_destroy(viommu));
}
END_TEST

/* A root's page table for plain devices is no parent: a vIOMMU gets one that is. */
START_TEST(beside_a_plain_page_table)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_device *other = bind_device(1);
	struct ioasid_viommu *v;

	shim.hw_capabilities = 1;
	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	ck_ok(ioasid_device_unbind(device));
	device = bind_device(0);
	ck_ok(ioasid_device_unbind(other));
	other = bind_device(1);
	ck_ok(ioasid_space_create(ctx, &options, &root));
	ck_ok(ioasid_space_map(root, 0, memory, MEMORY, RW, NULL));
	ck_ok(ioasid_device_attach(other, root));
	shim_forget();
	ck_ok(make(IOASID_VIOMMU_SMMUV3, &v));
	ck_assert_uint_eq(shim.calls[0].command, SHIM_HWPT_ALLOC);
	ck_assert_uint_eq(shim.calls[0].words[1] & NEST, NEST);
	ck_ok(ioasid_viommu_destroy(v));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-viommu");
	TCase *tc = tcase_create("first");

	tcase_add_checked_fixture(tc, setup, nested_teardown);
	tcase_add_test(tc, info_says_which_there_are);
	tcase_add_test(tc, events_of_a_tegra241);
	tcase_add_test(tc, beside_a_plain_page_table);
	tcase_add_test(tc, capabilities_are_asked_for);
	tcase_add_test(tc, an_old_kernel_has_neither);
	tcase_add_test(tc, objects_come_and_go_in_order);
	tcase_add_test(tc, parents_are_shared_by_IOMMUs_that_are_alike);
	tcase_add_test(tc, types_with_data);
	tcase_add_test(tc, an_erratum_wants_them_twice);
	tcase_add_test(tc, vIOMMUs_that_fail);
	suite_add_tcase(suite, tc);
	tc = tcase_create("smmuv3");
	tcase_add_checked_fixture(tc, with_viommu, nested_teardown);
	tcase_add_test(tc, a_shadow_is_not_on_a_kernels_vIOMMU);
	tcase_add_test(tc, options_of_raw_types);
	tcase_add_test(tc, commands_go_down_as_they_are);
	tcase_add_test(tc, many_commands_are_several_arrays);
	tcase_add_test(tc, event_queues);
	tcase_add_test(tc, records_are_read);
	tcase_add_test(tc, lost_events_are_counted);
	tcase_add_test(tc, an_smmuv3_has_no_registers);
	tcase_add_test(tc, vdevices_that_fail);
	tcase_add_test(tc, event_queues_that_fail);
	tcase_add_test(tc, closing_takes_down_what_is_there);
	suite_add_tcase(suite, tc);
	tc = tcase_create("raw");
	tcase_add_checked_fixture(tc, with_raw, nested_teardown);
	tcase_add_test(tc, hardware_queues);
	tcase_add_test(tc, options_of_hardware_queues);
	tcase_add_test(tc, raw_commands_and_events);
	tcase_add_test(tc, registers_are_mapped_once);
	tcase_add_test(tc, hardware_queues_that_fail);
	tcase_add_test(tc, a_context_takes_its_queues_along);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
