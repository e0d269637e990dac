/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of blocked DMA, and the queues that hold them. */
#include <poll.h>
#include <string.h>

#include "support.h"

#define SIZE (16 * PAGE)

START_TEST(blocked_before_attach_and_after_detach)
{
	struct guest g;

	guest_open(&g, SIZE, 0);
	guest_faults(&g, 0x123, IOASID_READ, IOASID_FAULT_BLOCKED);
	guest_attach(&g, g.root);
	guest_reaches(&g, 0x123, 0x123, RW);
	ck_ok(ioasid_device_detach(g.device));
	guest_faults(&g, 0x123, IOASID_WRITE, IOASID_FAULT_BLOCKED);
	guest_close(&g);
}
END_TEST

START_TEST(reasons_of_a_root)
{
	struct guest g;

	guest_open(&g, SIZE, 0);
	guest_attach(&g, g.root);
	ck_ok(ioasid_space_map(g.root, SIZE, g.memory, PAGE, IOASID_READ, NULL));
	ck_ok(ioasid_space_map(g.root, SIZE + PAGE, g.memory, PAGE, IOASID_WRITE, NULL));
	guest_faults(&g, SIZE + 2 * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_faults(&g, SIZE, IOASID_WRITE, IOASID_FAULT_PERMISSION);
	guest_faults(&g, SIZE + PAGE + 8, IOASID_READ, IOASID_FAULT_PERMISSION);
	guest_faults(&g, UINT64_C(1) << 47, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_faults(&g, UINT64_C(1) << 60, IOASID_READ, IOASID_FAULT_ADDRESS_WIDTH);
	guest_close(&g);
}
END_TEST

START_TEST(child_with_nothing)
{
	struct ioasid_space *child;
	struct guest g;

	guest_open(&g, SIZE, 0);
	child = make_space(g.ctx, g.root, 0);
	guest_attach(&g, child);
	guest_faults(&g, 0, IOASID_READ, IOASID_FAULT_NO_PGTABLE);
	ck_ok(ioasid_space_map_parent(child, 0, 0, PAGE, RW, NULL));
	guest_reaches(&g, 0, 0, RW);
	guest_faults(&g, PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	ck_ok(ioasid_space_unmap_all(child, NULL));
	guest_faults(&g, 0, IOASID_READ, IOASID_FAULT_NO_PGTABLE);
	guest_close(&g);
}
END_TEST

/* The same as a root's, whichever way its table is made. */
START_TEST(addresses_too_wide_for_a_child)
{
	struct ioasid_space *child;
	struct guest g;

	guest_open(&g, SIZE, 0);
	child = make_space(g.ctx, g.root, 0);
	ck_ok(ioasid_space_map_parent(child, PAGE, 0, PAGE, RW, NULL));
	guest_attach(&g, child);
	guest_faults(&g, UINT64_C(1) << 59, IOASID_READ, IOASID_FAULT_ADDRESS_WIDTH);
	guest_faults(&g, UINT64_MAX, IOASID_WRITE, IOASID_FAULT_ADDRESS_WIDTH);
	guest_faults(&g, (UINT64_C(1) << 59) - 1, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_faults(&g, 2 * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_close(&g);
}
END_TEST

START_TEST(record_carries_the_pasid)
{
	struct ioasid_channel *channel;
	struct ioasid_event event;
	struct guest g;
	uint8_t byte;

	guest_open(&g, SIZE, 0);
	channel = channel_new(g.device, 42);
	ck_assert_int_eq(dma_get(channel, 0x777, &byte), -EFAULT);
	event = take_event(g.queue);
	ck_assert_int_eq(event.reason, IOASID_FAULT_BLOCKED);
	ck_assert_uint_eq(event.pasid, 42);
	ck_assert_uint_eq(event.space, 0);
	ck_ok(ioasid_device_attach_pasid(g.device, 42, g.root));
	ck_assert_int_eq(dma_put(channel, SIZE + 5, 1), -EFAULT);
	event = take_event(g.queue);
	ck_assert_int_eq(event.type, IOASID_EVENT_FAULT);
	ck_assert_int_eq(event.reason, IOASID_FAULT_NOT_MAPPED);
	ck_assert_uint_eq(event.pasid, 42);
	ck_assert_uint_eq(event.space, ioasid_space_get_id(g.root));
	ck_assert_uint_eq(event.cookie, GUEST_COOKIE);
	ck_assert_uint_eq(event.iova, SIZE + 5);
	ck_assert_uint_eq(event.access, IOASID_WRITE);
	ck_assert_uint_eq(event.level, 0);
	ck_assert_uint_eq(event.old_entry, 0);
	ck_assert_uint_eq(event.new_entry, 0);
	ck_assert_uint_eq(event.lost, 0);
	guest_close(&g);
}
END_TEST

START_TEST(reasons_have_texts)
{
	enum ioasid_fault_reason i, j;

	for (i = IOASID_FAULT_BLOCKED; i <= IOASID_FAULT_ACCESS_FLAG; i++) {
		ck_assert_ptr_nonnull(ioasid_fault_reason_text(i));
		for (j = IOASID_FAULT_BLOCKED; j < i; j++)
			ck_assert_str_ne(ioasid_fault_reason_text(i), ioasid_fault_reason_text(j));
	}
	ck_assert_ptr_null(ioasid_fault_reason_text(0));
	ck_assert_ptr_null(ioasid_fault_reason_text(1000));
	ck_assert_str_eq(ioasid_fault_reason_text(IOASID_FAULT_NOT_MAPPED), "not mapped");
}
END_TEST

static bool readable(const struct ioasid_event_queue *queue)
{
	struct pollfd pollfd = { .fd = ioasid_event_queue_get_fd(queue), .events = POLLIN };

	return poll(&pollfd, 1, 0) == 1 && pollfd.revents & POLLIN;
}

/* Faults at the pages @first to @last. */
static void fault_pages(struct guest *g, uint64_t first, uint64_t last)
{
	uint8_t byte;

	for (; first <= last; first++)
		ck_assert_int_eq(dma_get(g->channel, first * PAGE, &byte), -EFAULT);
}

START_TEST(descriptor_is_readable_while_events_wait)
{
	struct ioasid_event events[4];
	struct guest g;

	guest_open(&g, SIZE, 0);
	ck_assert(!readable(g.queue));
	fault_pages(&g, 1, 3);
	ck_assert(readable(g.queue));
	ck_assert_uint_eq(ioasid_event_queue_read(g.queue, events, 2), 2);
	ck_assert_uint_eq(events[0].iova, PAGE);
	ck_assert_uint_eq(events[1].iova, 2 * PAGE);
	ck_assert(readable(g.queue));
	ck_assert_uint_eq(ioasid_event_queue_read(g.queue, events, 4), 1);
	ck_assert_uint_eq(events[0].iova, 3 * PAGE);
	ck_assert(!readable(g.queue));
	ck_assert_uint_eq(ioasid_event_queue_read(g.queue, events, 4), 0);
	fault_pages(&g, 4, 4);
	ck_assert(readable(g.queue));
	guest_close(&g);
}
END_TEST

START_TEST(every_queue_gets_every_event_from_its_start)
{
	struct ioasid_event_queue *late;
	struct ioasid_event events[8];
	struct guest g;

	guest_open(&g, SIZE, 0);
	fault_pages(&g, 1, 2);
	ck_ok(ioasid_event_queue_create(g.ctx, 4, &late));
	ck_assert(!readable(late));
	fault_pages(&g, 3, 4);
	ck_assert_uint_eq(ioasid_event_queue_read(late, events, 8), 2);
	ck_assert_uint_eq(events[0].iova, 3 * PAGE);
	ck_ok(ioasid_event_queue_destroy(late));
	ck_assert_uint_eq(ioasid_event_queue_read(g.queue, events, 8), 4);
	ck_assert_uint_eq(events[0].iova, PAGE);
	ck_assert_uint_eq(events[3].iova, 4 * PAGE);
	guest_close(&g);
}
END_TEST

/* Reads @n events at most, which must continue at page @next; where it goes on. */
static uint64_t follow(struct ioasid_event_queue *queue, uint64_t next, size_t n, size_t *overflows)
{
	struct ioasid_event event;

	while (n-- && ioasid_event_queue_read(queue, &event, 1)) {
		if (event.type == IOASID_EVENT_OVERFLOW) {
			ck_assert_uint_gt(event.lost, 0);
			ck_assert_uint_eq(event.cookie, 0);
			next += event.lost;
			++*overflows;
			continue;
		}
		ck_assert_int_eq(event.type, IOASID_EVENT_FAULT);
		ck_assert_uint_eq(event.iova, next * PAGE);
		next++;
	}
	return next;
}

START_TEST(lost_events_are_counted_in_their_place)
{
	struct ioasid_event_queue *queue;
	size_t overflows = 0;
	struct guest g;
	uint64_t next;

	guest_open(&g, SIZE, 0);
	ck_ok(ioasid_event_queue_create(g.ctx, 4, &queue));
	fault_pages(&g, 0, 9);
	next = follow(queue, 0, SIZE_MAX, &overflows);
	ck_assert_uint_eq(next, 10);
	ck_assert_uint_eq(overflows, 1);
	ck_assert(!readable(queue));
	/* A second time, with room made in between. */
	fault_pages(&g, 10, 19);
	next = follow(queue, 10, 3, &overflows);
	fault_pages(&g, 20, 20);
	fault_pages(&g, 21, 29);
	next = follow(queue, next, SIZE_MAX, &overflows);
	ck_assert_uint_eq(next, 30);
	ck_assert_uint_ge(overflows, 2);
	fault_pages(&g, 30, 30);
	ck_assert_uint_eq(follow(queue, next, SIZE_MAX, &overflows), 31);
	guest_close(&g);
}
END_TEST

START_TEST(queue_of_one)
{
	struct ioasid_event_queue *queue;
	size_t overflows = 0;
	uint64_t next = 0;
	struct guest g;
	unsigned int i;

	guest_open(&g, SIZE, 0);
	ck_ok(ioasid_event_queue_create(g.ctx, 1, &queue));
	for (i = 0; i < 100; i++) {
		fault_pages(&g, i, i);
		if (i % 3 == 0)
			next = follow(queue, next, 1, &overflows);
	}
	next = follow(queue, next, SIZE_MAX, &overflows);
	ck_assert_uint_eq(next, 100);
	ck_assert_uint_gt(overflows, 10);
	guest_close(&g);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fault");
	TCase *tc = tcase_create("fault");

	tcase_add_test(tc, blocked_before_attach_and_after_detach);
	tcase_add_test(tc, reasons_of_a_root);
	tcase_add_test(tc, child_with_nothing);
	tcase_add_test(tc, addresses_too_wide_for_a_child);
	tcase_add_test(tc, record_carries_the_pasid);
	tcase_add_test(tc, reasons_have_texts);
	tcase_add_test(tc, descriptor_is_readable_while_events_wait);
	tcase_add_test(tc, every_queue_gets_every_event_from_its_start);
	tcase_add_test(tc, lost_events_are_counted_in_their_place);
	tcase_add_test(tc, queue_of_one);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
