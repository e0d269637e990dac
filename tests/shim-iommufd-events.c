/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events of vIOMMUs on iommufd: the kernel's queues, its records, and how many it has lost. */
#include <endian.h>
#include <string.h>

#include "shim_expect.h"
#include "shim_smmuv3.h"
#include "shim_version.h"
#include "shim_viommu.h"
#include "util/alloc.h"
#include "vfio/sys.h"
#include "waiter.h"

START_TEST(event_queues)
{
	struct ioasid_event_queue *queue;
	unsigned int fds = shim_open_fds();

	ck_ok(make_events(IOASID_EVENTS_SMMUV3, 0, &queue));
	expect(iommu, SHIM_VEVENTQ_ALLOC, 32, 0, 4, SMMUV3, 256, 0, 0, 0);
	ck_assert_uint_eq(shim_open_fds(), fds + 1);
	ck_err(make_events(IOASID_EVENTS_SMMUV3, 0, &queue), EEXIST);
	ck_err(ioasid_viommu_destroy(viommu), EBUSY);
	expect_end();
	/* the descriptor before the object that it holds */
	ck_ok(ioasid_event_queue_destroy(queue));
	expect(iommu, SHIM_DESTROY, 8, 6);
	ck_assert_uint_eq(shim_open_fds(), fds);
	ck_ok(make_events(IOASID_EVENTS_SMMUV3, 524288, &queue));
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

	ck_ok(make_events(IOASID_EVENTS_SMMUV3, 0, &queue));
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

/* In a guest's table of context descriptors PASIDs are its own, and their faults the space's. */
START_TEST(records_are_of_a_space)
{
	const uint64_t sid = (uint64_t)VSID << 32, ste[2] = { htole64(1 | 5 << 1), 0 };
	const uint64_t records[2][4] = {
		{ htole64(0x10 | sid) }, { htole64(0x10 | 1 << 11 | 5 << 12 | sid) },
	};
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_event_queue *queue;
	struct ioasid_event e[2];
	unsigned int i;

	ck_ok(ioasid_vdevice_destroy(vdevice));
	ck_ok(ioasid_device_unbind(device));
	ck_ok(ioasid_device_bind(ctx, shim.devices[0].name, 7, &device));
	ck_ok(ioasid_device_query_info(device, &info));
	ck_ok(ioasid_vdevice_create(viommu, device, VSID, &vdevice));
	options.viommu = viommu;
	ck_ok(ioasid_space_create(ctx, &options, &child));
	ck_ok(ioasid_space_bind_raw(child, 2, ste, sizeof(ste)));
	ck_ok(make_events(IOASID_EVENTS_SMMUV3, 0, &queue));
	for (i = 0; i < 2; i++)
		shim_viommu_event(i, records[i], sizeof(records[i]));
	ck_assert_uint_eq(ioasid_event_queue_read(queue, e, 2), 2);
	for (i = 0; i < 2; i++) {
		ck_assert_uint_eq(e[i].cookie, 7);
		ck_assert_uint_eq(e[i].requester, info.requester);
		ck_assert_uint_eq(e[i].space, 0);
	}
	ck_ok(ioasid_device_attach(device, child));
	for (i = 0; i < 2; i++)
		shim_viommu_event(2 + i, records[i], sizeof(records[i]));
	ck_assert_uint_eq(ioasid_event_queue_read(queue, e, 2), 2);
	ck_assert_uint_eq(e[0].space, ioasid_space_get_id(child));
	ck_assert_uint_eq(e[1].pasid, 5);
	ck_assert_uint_eq(e[1].space, ioasid_space_get_id(child));
}
END_TEST

/* By gaps in the numbers; where nothing follows, by a header of its own. They wrap at 2^31. */
START_TEST(lost_events_are_counted)
{
	const uint64_t record[4] = { htole64(0x10) };
	struct ioasid_event_queue *queue;
	struct ioasid_event e[8];

	ck_ok(make_events(IOASID_EVENTS_SMMUV3, 2, &queue));
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
		ck_err(make_events(IOASID_EVENTS_SMMUV3, 0, &queue), more[i][1]);
	}
	mem_fail_nth(1);
	ck_err(make_events(IOASID_EVENTS_SMMUV3, 0, &queue), ENOMEM);
	mem_fail_nth(0);
	ck_assert_ptr_null(queue);
	ck_assert_uint_eq(shim_open_fds(), n);
	ck_ok(make_events(IOASID_EVENTS_SMMUV3, 0, &queue));
}
END_TEST

/* A queue was destroyed, but the kernel says that it is busy, and will once more. */
static void leave_busy_queue(void)
{
	struct ioasid_event_queue *queue;

	ck_ok(make_events(IOASID_EVENTS_SMMUV3, 0, &queue));
	shim_forget();
	fail_nth(1, EBUSY);
	shim.fail_more = 1;
	ck_ok(ioasid_event_queue_destroy(queue));
}

/*
 * A child of fork(2) that is not another program yet has the descriptor, too. So the kernel's
 * object is busy, and what it is on; till then it has to wait, but not for ever.
 */
START_TEST(a_queue_that_is_open_in_a_child)
{
	leave_busy_queue();
	expect(iommu, SHIM_DESTROY, 8, 6);
	ck_ok(ioasid_vdevice_destroy(vdevice));
	expect(iommu, SHIM_DESTROY, 8, 6);
	expect(iommu, SHIM_DESTROY, 8, 5);
	ck_ok(ioasid_viommu_destroy(viommu));
	expect(iommu, SHIM_DESTROY, 8, 6);
	expect(iommu, SHIM_DESTROY, 8, 4);
	expect(iommu, SHIM_DESTROY, 8, 3);
	expect(iommu, SHIM_DESTROY, 8, 2);
	expect_end();
	ck_assert_uint_eq(shim_objects(), 1);
}
END_TEST

/* Of each type there can be one alone. So who comes after it has to wait as long, and no longer. */
START_TEST(a_queue_after_one_that_was_busy)
{
	struct ioasid_event_queue *queue;

	leave_busy_queue();
	ck_err(make_events(IOASID_EVENTS_SMMUV3, 0, &queue), EEXIST);
	said("another process", "");
	ck_ok(make_events(IOASID_EVENTS_SMMUV3, 0, &queue));
	expect(iommu, SHIM_DESTROY, 8, 6);
	expect(iommu, SHIM_DESTROY, 8, 6);
	expect(iommu, SHIM_VEVENTQ_ALLOC, 32, 0, 4, SMMUV3, 256, 0, 0, 0);
	expect(iommu, SHIM_DESTROY, 8, 6);
	expect(iommu, SHIM_VEVENTQ_ALLOC, 32, 0, 4, SMMUV3, 256, 0, 0, 0);
	expect_end();
}
END_TEST

/* Without memory to keep it in mind it stays till the context is closed. */
START_TEST(a_busy_queue_that_is_forgotten)
{
	uint32_t by_hand[] = { 8, 6 };
	struct ioasid_event_queue *queue;

	ck_ok(make_events(IOASID_EVENTS_SMMUV3, 0, &queue));
	shim_forget();
	fail_nth(1, EBUSY);
	mem_fail_nth(1);
	ck_ok(ioasid_event_queue_destroy(queue));
	ck_assert_uint_eq(mem_fail_nth(0), 0);
	expect(iommu, SHIM_DESTROY, 8, 6);
	ck_assert_int_eq(sys_ioctl(iommu, SHIM_DESTROY, by_hand), 0);
	expect(iommu, SHIM_DESTROY, 8, 6);
	ck_ok(ioasid_vdevice_destroy(vdevice));
	expect(iommu, SHIM_DESTROY, 8, 5);
	expect_end();
}
END_TEST

static struct waiter other;

static int destroy_viommu(void *data)
{
	return ioasid_viommu_destroy(data);
}

static void others_destroy_the_viommu(void)
{
	waiter_start(&other, destroy_viommu, viommu);
	usleep(20000);	/* to get as far as it can */
}

/* What the queue is on goes after it, also if another thread has waited for nothing else. */
START_TEST(a_vIOMMU_that_goes_while_its_queue_does)
{
	struct ioasid_event_queue *queue;

	ck_ok(make_events(IOASID_EVENTS_SMMUV3, 0, &queue));
	ck_ok(ioasid_vdevice_destroy(vdevice));
	shim_forget();
	shim.slow = others_destroy_the_viommu;	/* in the close(2) of its descriptor */
	ck_ok(ioasid_event_queue_destroy(queue));
	ck_ok(waiter_end(&other));
	expect(iommu, SHIM_DESTROY, 8, 6);
	expect(iommu, SHIM_DESTROY, 8, 4);
	expect(iommu, SHIM_DESTROY, 8, 3);
	expect(iommu, SHIM_DESTROY, 8, 2);
	expect_end();
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
	ck_ok(make_viommu(IOASID_VIOMMU_TEGRA241, &viommu));
	shim_forget();
	ck_ok(make_events(IOASID_EVENTS_TEGRA241, 8, &queue));
	ck_assert_uint_eq(shim.calls[0].command, SHIM_VEVENTQ_ALLOC);
	ck_assert_uint_eq(shim.calls[0].words[3], TEGRA241); /* IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV */
	ck_ok(ioasid_event_queue_destroy(queue));
	ck_ok(ioasid_viommu_destroy(viommu));
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

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-events");
	TCase *tc = tcase_create("first");

	tcase_add_checked_fixture(tc, smmuv3_setup, nested_teardown);
	tcase_add_test(tc, events_of_a_tegra241);
	suite_add_tcase(suite, tc);
	tc = tcase_create("smmuv3");
	tcase_add_checked_fixture(tc, with_viommu, nested_teardown);
	tcase_add_test(tc, event_queues);
	tcase_add_test(tc, records_are_read);
	tcase_add_test(tc, records_are_of_a_space);
	tcase_add_test(tc, lost_events_are_counted);
	tcase_add_test(tc, event_queues_that_fail);
	tcase_add_test(tc, a_queue_that_is_open_in_a_child);
	tcase_add_test(tc, a_queue_after_one_that_was_busy);
	tcase_add_test(tc, a_busy_queue_that_is_forgotten);
	tcase_add_test(tc, a_vIOMMU_that_goes_while_its_queue_does);
	suite_add_tcase(suite, tc);
	tc = tcase_create("raw");
	tcase_add_checked_fixture(tc, with_raw, nested_teardown);
	tcase_add_test(tc, raw_commands_and_events);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
