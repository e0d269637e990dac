/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vIOMMUs, vDEVICEs and their event queues: what there can be, what holds what, whose faults come.
 */
#include <poll.h>

#include "viommu_world.h"

static struct guest g;

static void setup(void)
{
	guest_platform = VIOMMU_PLATFORM;
	guest_open(&g, HW_SIZE, 0);
}

static void teardown(void)
{
	guest_close(&g);
}

START_TEST(devices_say_which_vIOMMUs_there_are)
{
	struct ioasid_device *sw = viommu_bind(g.ctx, "0000:01:01.0");
	struct ioasid_device *none = viommu_bind(g.ctx, "0000:02:01.0");
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	uint64_t all = 1u << IOASID_VIOMMU_PLAIN | 1u << IOASID_VIOMMU_SMMUV3 |
		       1u << IOASID_VIOMMU_TEGRA241;
	struct ioasid_viommu *viommu = NULL;

	ck_assert(ioasid_ctx_has(g.ctx, IOASID_CAP_VIOMMU));
	ck_assert_str_eq(ioasid_capability_name(IOASID_CAP_VIOMMU), "viommu");
	ck_ok(ioasid_device_query_info(g.device, &info));
	ck_assert_uint_eq(info.viommu_types, all);
	ck_ok(ioasid_device_query_info(sw, &info));
	ck_assert_uint_eq(info.viommu_types, all);
	ck_ok(ioasid_device_query_info(none, &info));
	ck_assert_uint_eq(info.viommu_types, 0);
	ck_err(viommu_make(g.root, none, IOASID_VIOMMU_PLAIN, &viommu), EOPNOTSUPP);
	ck_assert_ptr_null(viommu);
	ck_ok(viommu_make(g.root, sw, IOASID_VIOMMU_SMMUV3, &viommu));
	ck_assert_ptr_eq(ioasid_viommu_get_parent(viommu), g.root);
}
END_TEST

START_TEST(wrong_options)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct {
		struct ioasid_viommu_options options;
		uint64_t more;
	} longer = { .options = { .size = sizeof(longer), .type = IOASID_VIOMMU_PLAIN },
		     .more = 1 };
	struct ioasid_space *child = make_space(g.ctx, g.root, 0);
	struct ioasid_viommu *viommu = NULL;
	struct guest other;

	ck_err(ioasid_viommu_create(g.root, g.device, &options, &viommu), EINVAL);
	ck_err(viommu_make(g.root, g.device, (enum ioasid_viommu_type)5, &viommu), EINVAL);
	options.type = IOASID_VIOMMU_PLAIN;
	options.reserved = 1;
	ck_err(ioasid_viommu_create(g.root, g.device, &options, &viommu), EINVAL);
	options.reserved = 0;
	options.size = sizeof(size_t) - 1;
	ck_err(ioasid_viommu_create(g.root, g.device, &options, &viommu), EINVAL);
	ck_err(ioasid_viommu_create(g.root, g.device, &longer.options, &viommu), E2BIG);
	longer.more = 0;
	ck_err(ioasid_viommu_create(child, g.device, &longer.options, &viommu), EINVAL);
	guest_open(&other, HW_SIZE, 0);
	ck_err(ioasid_viommu_create(other.root, g.device, &longer.options, &viommu), EINVAL);
	guest_close(&other);
	ck_assert_ptr_null(viommu);
	ck_ok(ioasid_viommu_create(g.root, g.device, &longer.options, &viommu));
	ck_ok(ioasid_viommu_destroy(viommu));
	ck_ok(ioasid_viommu_destroy(NULL));
}
END_TEST

/* The parent becomes one as if a space were nested on it. */
START_TEST(a_parent_that_no_table_can_hold)
{
	struct ioasid_space *odd = make_space(g.ctx, NULL, 0);
	struct ioasid_viommu *viommu = NULL;

	ck_ok(ioasid_space_map(odd, 0x123, g.memory + 0x123, 0x10, RW, NULL));
	ck_err(viommu_make(odd, g.device, IOASID_VIOMMU_PLAIN, &viommu), EADDRINUSE);
	ck_ok(ioasid_space_unmap_all(odd, NULL));
	ck_ok(viommu_make(odd, g.device, IOASID_VIOMMU_PLAIN, &viommu));
	ck_err(ioasid_space_map(odd, 0x123, g.memory + 0x123, 0x10, RW, NULL), EINVAL);
	ck_ok(ioasid_viommu_destroy(viommu));
	ck_ok(ioasid_space_map(odd, 0x123, g.memory + 0x123, 0x10, RW, NULL));
}
END_TEST

START_TEST(virtual_ids_are_unique_and_a_device_has_one)
{
	struct ioasid_device *two = viommu_bind(g.ctx, "0000:00:02.0");
	struct ioasid_device *sw = viommu_bind(g.ctx, "0000:01:01.0");
	struct ioasid_viommu *plain = viommu_new(g.root, g.device, IOASID_VIOMMU_PLAIN);
	struct ioasid_viommu *smmu = viommu_new(g.root, two, IOASID_VIOMMU_SMMUV3);
	struct ioasid_vdevice *v = NULL, *w = NULL;

	ck_err(ioasid_vdevice_create(smmu, g.device, UINT64_C(1) << 32, &v), EINVAL);
	ck_ok(ioasid_vdevice_create(smmu, g.device, UINT32_MAX, &v));
	ck_ok(ioasid_vdevice_destroy(v));
	ck_ok(ioasid_vdevice_create(plain, g.device, UINT64_MAX, &v));
	ck_assert_uint_eq(ioasid_vdevice_get_id(v), UINT64_MAX);
	ck_err(ioasid_vdevice_create(plain, g.device, 5, &w), EEXIST);
	ck_err(ioasid_vdevice_create(smmu, g.device, 5, &w), EEXIST);
	ck_err(ioasid_vdevice_create(plain, two, UINT64_MAX, &w), EEXIST);
	ck_err(ioasid_vdevice_create(plain, sw, 5, &w), EINVAL);
	ck_assert_ptr_null(w);
	ck_ok(ioasid_vdevice_create(smmu, two, 0, &w));
	ck_assert_ptr_eq(ioasid_viommu_get_device(plain, UINT64_MAX), g.device);
	ck_assert_ptr_null(ioasid_viommu_get_device(plain, 0));
	ck_assert_ptr_eq(ioasid_viommu_get_device(smmu, 0), two);
	ck_ok(ioasid_vdevice_destroy(v));
	ck_ok(ioasid_vdevice_destroy(NULL));
	ck_assert_ptr_null(ioasid_viommu_get_device(plain, UINT64_MAX));
	ck_ok(ioasid_vdevice_create(plain, g.device, UINT64_MAX, &v));
}
END_TEST

START_TEST(objects_of_another_context)
{
	struct ioasid_viommu *viommu = viommu_new(g.root, g.device, IOASID_VIOMMU_PLAIN);
	struct ioasid_vdevice *v = NULL;
	struct ioasid_space *space = NULL;
	struct ioasid_inv *inv;
	struct guest other;

	guest_open(&other, HW_SIZE, 0);
	ck_err(ioasid_vdevice_create(viommu, other.device, 1, &v), EINVAL);
	ck_err(viommu_space(other.ctx, viommu, 0, &space), EINVAL);
	ck_ok(ioasid_inv_new(other.ctx, 1, &inv));
	ck_err(ioasid_inv_add_viommu(inv, viommu, 0, PAGE, 0), EINVAL);
	ioasid_inv_free(inv);
	guest_close(&other);
}
END_TEST

START_TEST(whoever_is_needed_refuses_to_go)
{
	struct ioasid_device *two = viommu_bind(g.ctx, "0000:00:02.0");
	struct ioasid_viommu *viommu = viommu_new(g.root, two, IOASID_VIOMMU_PLAIN);
	struct ioasid_event_queue *queue;
	struct ioasid_space *space = NULL;
	struct ioasid_vdevice *v;

	ck_ok(ioasid_device_unbind(two));	/* has only said which IOMMU */
	ck_err(ioasid_space_destroy(g.root), EBUSY);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "vIOMMU"));
	ck_ok(viommu_space(g.ctx, viommu, 0, &space));
	ck_err(ioasid_device_attach(g.device, space), ENOENT);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "vDEVICE"));
	ck_assert_ptr_null(ioasid_device_get_space(g.device));
	ck_ok(ioasid_vdevice_create(viommu, g.device, VSID, &v));
	ck_ok(ioasid_device_attach(g.device, space));
	queue = events_new(viommu, IOASID_EVENTS_PLAIN, 0);

	ck_err(ioasid_viommu_destroy(viommu), EBUSY);
	ck_err(ioasid_vdevice_destroy(v), EBUSY);
	ck_ok(ioasid_channel_close(g.channel));
	ck_err(ioasid_device_unbind(g.device), EBUSY);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "0x1234"));
	ck_ok(ioasid_device_detach(g.device));
	ck_err(ioasid_viommu_destroy(viommu), EBUSY);
	ck_ok(ioasid_space_destroy(space));
	ck_err(ioasid_viommu_destroy(viommu), EBUSY);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "0000:00:01.0"));
	ck_ok(ioasid_vdevice_destroy(v));
	ck_err(ioasid_viommu_destroy(viommu), EBUSY);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "event queue"));
	ck_ok(ioasid_event_queue_destroy(queue));
	ck_ok(ioasid_viommu_destroy(viommu));
	ck_ok(ioasid_device_unbind(g.device));
	ck_ok(ioasid_space_destroy(g.root));
}
END_TEST

/* Of the vIOMMU's IOMMU, which decides: not of all that there are. */
START_TEST(spaces_nest_as_the_IOMMU_can)
{
	struct ioasid_device *sw = viommu_bind(g.ctx, "0000:01:01.0");
	struct ioasid_viommu *both = viommu_new(g.root, g.device, IOASID_VIOMMU_PLAIN);
	struct ioasid_viommu *soft = viommu_new(g.root, sw, IOASID_VIOMMU_PLAIN);
	struct ioasid_space *space = NULL, *other = make_space(g.ctx, NULL, 0);
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	ck_ok(viommu_space(g.ctx, both, 0, &space));
	ck_assert_int_eq(space_info(space).nesting, IOASID_NESTING_HARDWARE);
	ck_assert_ptr_eq(ioasid_space_get_parent(space), g.root);
	ck_ok(viommu_space(g.ctx, both, IOASID_NESTING_SOFTWARE, &space));
	ck_assert_int_eq(space_info(space).nesting, IOASID_NESTING_SOFTWARE);
	ck_ok(viommu_space(g.ctx, soft, 0, &space));
	ck_assert_int_eq(space_info(space).nesting, IOASID_NESTING_SOFTWARE);
	ck_err(viommu_space(g.ctx, soft, IOASID_NESTING_HARDWARE, &space), EOPNOTSUPP);
	options.viommu = both;
	options.parent = g.root;
	options.fill = IOASID_FILL_ON_DEMAND;
	ck_ok(ioasid_space_create(g.ctx, &options, &space));
	ck_assert_int_eq(space_info(space).nesting, IOASID_NESTING_SOFTWARE);
	options.parent = other;
	ck_err(ioasid_space_create(g.ctx, &options, &space), EINVAL);
}
END_TEST

START_TEST(a_vdevice_elsewhere_is_none_here)
{
	struct ioasid_viommu *here = viommu_new(g.root, g.device, IOASID_VIOMMU_PLAIN);
	struct ioasid_viommu *elsewhere = viommu_new(g.root, g.device, IOASID_VIOMMU_PLAIN);
	struct ioasid_space *space = NULL;
	struct ioasid_vdevice *v;

	ck_ok(viommu_space(g.ctx, here, 0, &space));
	ck_ok(ioasid_vdevice_create(elsewhere, g.device, 1, &v));
	ck_err(ioasid_device_attach(g.device, space), ENOENT);
	ck_err(ioasid_device_attach_pasid(g.device, 9, space), ENOENT);
	ck_ok(ioasid_device_attach(g.device, g.root));
	ck_err(ioasid_device_replace(g.device, space), ENOENT);
	ck_assert_ptr_eq(ioasid_device_get_space(g.device), g.root);
	ck_ok(ioasid_vdevice_destroy(v));	/* the root is not on it */
	ck_ok(ioasid_vdevice_create(here, g.device, 1, &v));
	ck_ok(ioasid_device_replace(g.device, space));
	ck_ok(ioasid_device_attach_pasid(g.device, 9, space));
	ck_ok(ioasid_device_detach(g.device));
	ck_err(ioasid_vdevice_destroy(v), EBUSY);	/* the PASID is still there */
	ck_ok(ioasid_device_detach_pasid(g.device, 9));
	ck_ok(ioasid_vdevice_destroy(v));
}
END_TEST

START_TEST(event_queues_one_of_each_format)
{
	struct ioasid_viommu *plain = viommu_new(g.root, g.device, IOASID_VIOMMU_PLAIN);
	struct ioasid_viommu *smmu = viommu_new(g.root, g.device, IOASID_VIOMMU_SMMUV3);
	struct ioasid_viommu_events_options options = IOASID_VIOMMU_EVENTS_OPTIONS_INIT;
	struct ioasid_event_queue *queue = NULL, *more = NULL;

	ck_err(ioasid_viommu_create_events(plain, &options, &queue), EINVAL);
	ck_err(events_make(plain, (enum ioasid_event_format)5, 0, &queue), EINVAL);
	ck_err(events_make(plain, IOASID_EVENTS_PLAIN, 524289, &queue), EINVAL);
	ck_err(events_make(plain, IOASID_EVENTS_SMMUV3, 0, &queue), EOPNOTSUPP);
	options.size = SIZE_MAX;
	ck_err(ioasid_viommu_create_events(plain, &options, &queue), E2BIG);
	ck_assert_ptr_null(queue);
	queue = events_new(smmu, IOASID_EVENTS_PLAIN, 524288);
	more = events_new(smmu, IOASID_EVENTS_SMMUV3, 1);
	ck_err(events_make(smmu, IOASID_EVENTS_PLAIN, 0, &queue), EEXIST);
	ck_err(events_make(smmu, IOASID_EVENTS_SMMUV3, 0, &queue), EEXIST);
	ck_ok(ioasid_event_queue_destroy(queue));
	ck_ok(events_make(smmu, IOASID_EVENTS_PLAIN, 0, &queue));
	ck_ok(ioasid_event_queue_destroy(more));
}
END_TEST

static bool readable(const struct ioasid_event_queue *queue)
{
	struct pollfd fd = { ioasid_event_queue_get_fd(queue), POLLIN, 0 };

	return poll(&fd, 1, 0) == 1;
}

START_TEST(faults_come_by_the_virtual_id)
{
	enum ioasid_nesting nesting = _i ? IOASID_NESTING_HARDWARE : IOASID_NESTING_SOFTWARE;
	struct ioasid_event_queue *queue;
	struct ioasid_event event;
	struct viommu_world w;

	viommu_open(&w, IOASID_VIOMMU_PLAIN, nesting);
	queue = events_new(w.viommu, IOASID_EVENTS_PLAIN, 0);
	ck_assert(!readable(queue));
	guest_reaches(&w.g, HW_AT, 16 * PAGE, RW);
	drop_events(queue);
	guest_faults(&w.g, HW_AT + 16 * PAGE + 8, IOASID_WRITE, IOASID_FAULT_NOT_MAPPED);
	ck_assert(readable(queue));
	event = take_event(queue);
	ck_assert_int_eq(event.type, IOASID_EVENT_FAULT);
	ck_assert_int_eq(event.reason, IOASID_FAULT_NOT_MAPPED);
	ck_assert_uint_eq(event.virtual_id, VSID);
	ck_assert_uint_eq(event.cookie, GUEST_COOKIE);
	ck_assert_uint_eq(event.pasid, IOASID_NO_PASID);
	ck_assert_uint_eq(event.iova, HW_AT + 16 * PAGE + 8);
	ck_assert_uint_eq(event.access, IOASID_WRITE);
	ck_assert_uint_eq(event.space, ioasid_space_get_id(w.space));
	ck_assert_uint_eq(event.sequence, 0);
	ck_assert_uint_eq(event.record_size, 0);
	ck_assert(!readable(queue));
	/* a target outside of the guest's memory */
	gt_map(&w.t, HW_AT + 32 * PAGE, 64 * HW_SIZE, PAGE, 1, RW);
	guest_faults(&w.g, HW_AT + 32 * PAGE, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	event = take_event(queue);
	ck_assert_int_eq(event.reason, IOASID_FAULT_TARGET_NOT_MAPPED);
	ck_assert_uint_eq(event.sequence, 1);
	guest_close(&w.g);
}
END_TEST

START_TEST(other_faults_are_not_the_guests)
{
	struct ioasid_event_queue *queue;
	struct ioasid_event event;
	struct viommu_world w;

	viommu_open(&w, IOASID_VIOMMU_PLAIN, 0);
	queue = events_new(w.viommu, IOASID_EVENTS_PLAIN, 0);
	ck_ok(ioasid_device_replace(w.g.device, w.g.root));
	guest_faults(&w.g, HW_SIZE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	event = (struct ioasid_event){ 0 };
	ck_ok(ioasid_device_detach(w.g.device));
	guest_faults(&w.g, 0, IOASID_READ, IOASID_FAULT_BLOCKED);
	ck_ok(ioasid_device_attach(w.g.device, make_space(w.g.ctx, w.g.root, 0)));
	guest_faults(&w.g, 0, IOASID_READ, IOASID_FAULT_NO_PGTABLE);
	ck_assert_uint_eq(ioasid_event_queue_read(queue, &event, 1), 0);
	ck_assert(!readable(queue));
	guest_close(&w.g);
}
END_TEST

/* What is lost is counted, marked, and has its numbers. */
START_TEST(a_full_queue_loses_what_comes)
{
	struct ioasid_event_queue *queue;
	struct ioasid_event events[4];
	struct viommu_world w;
	uint64_t i;

	viommu_open(&w, IOASID_VIOMMU_PLAIN, 0);
	queue = events_new(w.viommu, IOASID_EVENTS_PLAIN, 2);
	for (i = 0; i < 5; i++)
		guest_faults(&w.g, i * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	ck_assert_uint_eq(ioasid_event_queue_read(queue, events, 4), 3);
	ck_assert_uint_eq(events[0].sequence, 0);
	ck_assert_uint_eq(events[1].iova, PAGE);
	ck_assert_int_eq(events[2].type, IOASID_EVENT_OVERFLOW);
	ck_assert_uint_eq(events[2].lost, 3);
	guest_faults(&w.g, 0, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	ck_assert_uint_eq(take_event(queue).sequence, 5);
	guest_close(&w.g);
}
END_TEST

/* A batch by the numbers that the guest uses. */
START_TEST(batches_reach_all_spaces_of_a_vIOMMU)
{
	struct ioasid_space *second = NULL, *elsewhere;
	struct ioasid_channel *channel;
	struct viommu_world w;
	struct ioasid_inv *inv;
	size_t done = 0;

	viommu_open(&w, IOASID_VIOMMU_PLAIN, IOASID_NESTING_HARDWARE);
	ck_ok(viommu_space(w.g.ctx, w.viommu, IOASID_NESTING_SOFTWARE, &second));
	elsewhere = hw_space(w.g.ctx, w.g.root);
	ck_ok(bind_table(second, IOASID_PGTABLE_ARM_S1, 4, w.t.root));
	ck_ok(bind_table(elsewhere, IOASID_PGTABLE_ARM_S1, 4, w.t.root));
	ck_ok(ioasid_device_attach_pasid(w.g.device, 1, second));
	ck_ok(ioasid_device_attach_pasid(w.g.device, 2, elsewhere));
	channel = channel_new(w.g.device, 1);
	ck_assert_int_eq(viommu_page(&w, w.g.channel, 0), 16);
	ck_assert_int_eq(viommu_page(&w, channel, 0), 16);
	ck_assert_int_eq(viommu_page(&w, channel_new(w.g.device, 2), 0), 16);
	viommu_set(&w, 0, 40);
	viommu_set(&w, 1, 41);
	ck_assert_int_eq(viommu_page(&w, channel, 0), 16);

	ck_ok(ioasid_inv_new(w.g.ctx, 1, &inv));
	ck_err(ioasid_inv_add_viommu(inv, w.viommu, 0, 0, 0), EINVAL);
	ck_err(ioasid_inv_add_viommu(inv, w.viommu, 2, UINT64_MAX, 0), EOVERFLOW);
	ck_err(ioasid_inv_add_viommu(inv, w.viommu, 0, 1, 2), EINVAL);
	ck_ok(ioasid_inv_add_viommu(inv, w.viommu, HW_AT, 1, IOASID_INV_LEAF_ONLY));
	ck_ok(ioasid_inv_submit(inv, &done));
	ck_assert_uint_eq(done, 1);
	ck_assert_int_eq(viommu_page(&w, w.g.channel, 0), 40);
	ck_assert_int_eq(viommu_page(&w, channel, 0), 40);
	ck_assert_int_eq(viommu_page(&w, channel_new(w.g.device, 2), 0), 16);
	ioasid_inv_free(inv);
	guest_close(&w.g);
}
END_TEST

START_TEST(a_batch_outlives_its_vIOMMU)
{
	struct ioasid_viommu *viommu = viommu_new(g.root, g.device, IOASID_VIOMMU_PLAIN);
	struct ioasid_inv *inv;
	size_t done = 7;

	ck_ok(ioasid_inv_new(g.ctx, 1, &inv));
	ck_ok(ioasid_inv_add_viommu(inv, viommu, 0, PAGE, 0));
	ck_ok(ioasid_inv_submit(inv, &done));	/* it has no spaces */
	ck_assert_uint_eq(done, 1);
	ck_ok(ioasid_viommu_destroy(viommu));
	viommu = viommu_new(g.root, g.device, IOASID_VIOMMU_PLAIN);
	ck_err(ioasid_inv_submit(inv, &done), ENOENT);
	ck_assert_uint_eq(done, 0);
	ioasid_inv_free(inv);
}
END_TEST

START_TEST(closing_the_context_takes_all_down)
{
	struct viommu_world w;

	viommu_open(&w, IOASID_VIOMMU_SMMUV3, _i ? IOASID_NESTING_HARDWARE :
						   IOASID_NESTING_SOFTWARE);
	events_new(w.viommu, IOASID_EVENTS_PLAIN, 0);
	events_new(w.viommu, IOASID_EVENTS_SMMUV3, 0);
	viommu_new(w.g.root, w.g.device, IOASID_VIOMMU_PLAIN);
	ck_ok(ioasid_device_attach_pasid(w.g.device, 3, w.space));
	guest_close(&w.g);
}
END_TEST

START_TEST(what_only_a_kernel_has)
{
	struct ioasid_hw_queue_options options = IOASID_HW_QUEUE_OPTIONS_INIT;
	struct ioasid_hw_queue *queue = (void *)1;
	struct viommu_world w;
	void *registers = &w;

	viommu_open(&w, IOASID_VIOMMU_SMMUV3, IOASID_NESTING_HARDWARE);
	options.type = IOASID_HW_QUEUE_TEGRA241;
	options.length = PAGE;
	ck_err(ioasid_hw_queue_create(w.viommu, &options, &queue), EOPNOTSUPP);
	ck_assert_ptr_eq(queue, (void *)1);
	ck_err(ioasid_viommu_map_registers(w.viommu, 0, PAGE, &registers), EOPNOTSUPP);
	ck_assert_ptr_eq(registers, &w);
	ck_err(ioasid_device_get_fd(w.g.device), EOPNOTSUPP);
	ck_err(ioasid_device_get_group_fd(w.g.device), EOPNOTSUPP);
	guest_close(&w.g);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("viommu");
	TCase *tc = tcase_create("objects");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, devices_say_which_vIOMMUs_there_are);
	tcase_add_test(tc, wrong_options);
	tcase_add_test(tc, a_parent_that_no_table_can_hold);
	tcase_add_test(tc, virtual_ids_are_unique_and_a_device_has_one);
	tcase_add_test(tc, objects_of_another_context);
	tcase_add_test(tc, whoever_is_needed_refuses_to_go);
	tcase_add_test(tc, spaces_nest_as_the_IOMMU_can);
	tcase_add_test(tc, a_vdevice_elsewhere_is_none_here);
	tcase_add_test(tc, event_queues_one_of_each_format);
	tcase_add_test(tc, a_batch_outlives_its_vIOMMU);
	suite_add_tcase(suite, tc);
	tc = tcase_create("faults");
	tcase_add_loop_test(tc, faults_come_by_the_virtual_id, 0, 2);
	tcase_add_test(tc, other_faults_are_not_the_guests);
	tcase_add_test(tc, a_full_queue_loses_what_comes);
	tcase_add_test(tc, batches_reach_all_spaces_of_a_vIOMMU);
	tcase_add_test(tc, what_only_a_kernel_has);
	tcase_add_loop_test(tc, closing_the_context_takes_all_down, 0, 2);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
