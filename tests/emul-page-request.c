/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page requests: what a device asks for, what each response does, and who is woken by what. */
#include <string.h>
#include <unistd.h>

#include "page_request.h"

/* Microseconds in which threads have come to where they wait, as a rule. */
#define SETTLE 20000

START_TEST(dma_waits_for_its_page)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_page_request request;
	struct ioasid_event event;
	static struct dma dma;
	struct asker a;

	asker_open(&a, 0, 0);
	ck_assert(ioasid_ctx_has(a.g.ctx, IOASID_CAP_PAGE_REQUESTS));
	ck_ok(ioasid_device_query_info(a.g.device, &info));
	ck_assert(info.page_requests);
	a.g.memory[5] = 77;
	dma_start(&dma, a.g.channel, DMA_READ, HOLE + 5, 1);
	request = take_request(a.faults);
	ck_assert_uint_eq(request.cookie, GUEST_COOKIE);
	ck_assert_uint_eq(request.requester, info.requester);
	ck_assert_uint_eq(request.pasid, IOASID_NO_PASID);
	ck_assert_uint_eq(request.iova, HOLE);
	ck_assert_uint_eq(request.space, ioasid_space_get_id(a.space));
	ck_assert_uint_eq(request.access, IOASID_READ);
	ck_assert_uint_eq(request.flags, IOASID_PAGE_REQUEST_LAST);
	ck_assert(!has_requests(a.faults));
	ck_ok(ioasid_space_map(a.space, HOLE, a.g.memory, PAGE, IOASID_READ, NULL));
	ck_assert_int_eq(respond(a.faults, request.id, SUCCESS), 1);
	ck_assert_int_eq(dma_join(&dma), 0);
	ck_assert_uint_eq(dma.buf[0], 77);
	ck_assert_uint_eq(ioasid_event_queue_read(a.g.queue, &event, 1), 0);
	asker_close(&a);
}
END_TEST

/* The responder may take away what the DMA waits in front of: a change does not wait for it. */
START_TEST(changes_do_not_wait_for_a_dma_that_waits)
{
	struct ioasid_page_request request;
	static struct dma dma;
	struct asker a;

	asker_open(&a, 0, 0);
	ck_ok(ioasid_space_map(a.space, HOLE, a.g.memory, PAGE, IOASID_READ, NULL));
	dma.buf[0] = 9;
	dma_start(&dma, a.g.channel, DMA_WRITE, HOLE, 1);
	request = take_request(a.faults);
	ck_assert_uint_eq(request.access, IOASID_WRITE);
	ck_ok(ioasid_space_unmap(a.space, HOLE, PAGE, NULL));
	ck_ok(ioasid_space_map(a.space, HOLE, a.g.memory + PAGE, PAGE, RW, NULL));
	ck_assert_int_eq(respond(a.faults, request.id, SUCCESS), 1);
	ck_assert_int_eq(dma_join(&dma), 0);
	ck_assert_uint_eq(a.g.memory[0], 0);
	ck_assert_uint_eq(a.g.memory[PAGE], 9);
	asker_close(&a);
}
END_TEST

START_TEST(invalid_is_a_fault)
{
	static struct dma dma;
	struct asker a;

	asker_open(&a, 0, 0);
	dma_start(&dma, a.g.channel, DMA_WRITE, HOLE + 1, 8);
	ck_assert_int_eq(respond(a.faults, take_request(a.faults).id, INVALID), 1);
	ck_assert_int_eq(dma_join(&dma), -EFAULT);
	expect_fault(&a.g, HOLE + 1, IOASID_WRITE, IOASID_FAULT_REQUEST_INVALID);

	/* the next one asks again */
	dma_start(&dma, a.g.channel, DMA_ADD, HOLE, 8);
	ck_assert_uint_eq(take_request(a.faults).access, RW);
	ck_ok(ioasid_device_detach(a.g.device));
	ck_assert_int_eq(dma_join(&dma), -EFAULT);
	asker_close(&a);
}
END_TEST

/* PCIe: the page request interface is disabled; until the device is attached again. */
START_TEST(failure_disables_the_device)
{
	struct ioasid_channel *second;
	struct ioasid_device *other;
	static struct dma dma[3];
	struct ioasid_page_request request;
	struct asker a;
	int i;

	asker_open(&a, 0, 0);
	ck_ok(ioasid_device_bind(a.g.ctx, "0000:00:02.0", 2, &other));
	ck_ok(ioasid_device_attach(other, a.space));
	second = channel_new(a.g.device, IOASID_NO_PASID);
	dma_start(&dma[0], channel_new(other, IOASID_NO_PASID), DMA_READ, HOLE, 1);
	ck_assert_uint_eq(take_request(a.faults).cookie, 2);
	dma_start(&dma[1], second, DMA_READ, HOLE, 1);
	request = take_request(a.faults);
	ck_assert_uint_eq(request.cookie, GUEST_COOKIE);
	dma_start(&dma[2], a.g.channel, DMA_READ, HOLE + PAGE, 1);
	while (!has_requests(a.faults))
		;
	ck_assert_int_eq(respond(a.faults, request.id, FAILURE), 1);
	for (i = 1; i < 3; i++) {
		struct ioasid_event event;

		ck_assert_int_eq(dma_join(&dma[i]), -EFAULT);
		event = take_event(a.g.queue);
		ck_assert_int_eq(event.reason, IOASID_FAULT_REQUEST_FAILURE);
	}
	ck_assert(!has_requests(a.faults));
	guest_faults(&a.g, HOLE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	ck_assert(!has_requests(a.faults));

	guest_attach(&a.g, a.space);
	dma_start(&dma[1], second, DMA_READ, HOLE, 1);
	request = take_request(a.faults);
	ck_ok(ioasid_space_map(a.space, HOLE, a.g.memory, PAGE, RW, NULL));
	ck_assert_int_eq(respond(a.faults, request.id, SUCCESS), 1);
	ck_assert_int_eq(dma_join(&dma[1]), 0);

	/* the other device still waits for its response */
	ck_ok(ioasid_device_detach(other));
	ck_assert_int_eq(dma_join(&dma[0]), -EFAULT);
	expect_fault(&a.g, HOLE, IOASID_READ, IOASID_FAULT_BLOCKED);
	asker_close(&a);
}
END_TEST

/* One that was read, one in the queue, and one that there is no room for. */
START_TEST(failure_ends_all_that_wait)
{
	struct ioasid_page_request request;
	static struct dma dma[3];
	struct asker a;
	int i;

	asker_open(&a, 1, 0);
	for (i = 0; i < 3; i++)
		dma[i].channel = channel_new(a.g.device, IOASID_NO_PASID);
	dma_start(&dma[0], dma[0].channel, DMA_READ, HOLE, 1);
	request = take_request(a.faults);
	for (i = 1; i < 3; i++)
		dma_start(&dma[i], dma[i].channel, DMA_READ, HOLE, 1);
	usleep(SETTLE);
	ck_assert_int_eq(respond(a.faults, request.id, FAILURE), 1);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(dma_join(&dma[i]), -EFAULT);
		ck_assert_int_eq(take_event(a.g.queue).reason, IOASID_FAULT_REQUEST_FAILURE);
	}
	asker_close(&a);
}
END_TEST

START_TEST(no_response_in_time)
{
	struct ioasid_page_request request;
	static struct dma dma;
	struct asker a;
	uint64_t begin;

	asker_open(&a, 0, 50);
	begin = now_ns();
	ck_assert_int_eq(ioasid_dma_read(a.g.channel, HOLE, dma.buf, 1), -EFAULT);
	ck_assert_uint_ge(now_ns() - begin, 50000000);
	expect_fault(&a.g, HOLE, IOASID_READ, IOASID_FAULT_REQUEST_TIMEOUT);
	ck_assert(!has_requests(a.faults));

	dma_start(&dma, a.g.channel, DMA_READ, HOLE, 1);
	request = take_request(a.faults);
	ck_assert_int_eq(dma_join(&dma), -EFAULT);
	ck_err(respond(a.faults, request.id, SUCCESS), EINVAL);
	asker_close(&a);
}
END_TEST

/* "Success" does not mean that the page is there; but not for ever. */
START_TEST(success_without_the_page)
{
	static struct dma dma;
	unsigned int asked;
	struct asker a;

	asker_open(&a, 0, 0);
	dma_start(&dma, a.g.channel, DMA_READ, HOLE, 1);
	for (asked = 0; asked < 8; asked++)
		ck_assert_int_eq(respond(a.faults, take_request(a.faults).id, SUCCESS), 1);
	ck_assert_int_eq(dma_join(&dma), -EFAULT);
	expect_fault(&a.g, HOLE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);

	/* found at the last one */
	dma_start(&dma, a.g.channel, DMA_READ, HOLE, 1);
	for (asked = 0; asked < 8; asked++) {
		struct ioasid_page_request request = take_request(a.faults);

		if (asked == 7)
			ck_ok(ioasid_space_map(a.space, HOLE, a.g.memory, PAGE, RW, NULL));
		ck_assert_int_eq(respond(a.faults, request.id, SUCCESS), 1);
	}
	ck_assert_int_eq(dma_join(&dma), 0);
	asker_close(&a);
}
END_TEST

/* Pages 1, 3 and 4 of five are missing. */
START_TEST(one_group_for_a_dma_of_many_pages)
{
	struct ioasid_page_request requests[ROOM];
	static struct dma dma;
	struct asker a;
	int i;

	asker_open(&a, 0, 0);
	ck_ok(ioasid_space_map(a.space, HOLE, a.g.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(a.space, HOLE + 2 * PAGE, a.g.memory + 2 * PAGE, PAGE, RW, NULL));
	for (i = 0; i < 5; i++)
		memset(dma.buf + i * 4096, i + 1, 4096);
	dma_start(&dma, a.g.channel, DMA_WRITE, HOLE + 8, 5 * PAGE - 8);
	ck_assert_int_eq(take_group(a.faults, requests), 3);
	ck_assert_uint_eq(requests[0].iova, HOLE + PAGE);
	ck_assert_uint_eq(requests[1].iova, HOLE + 3 * PAGE);
	ck_assert_uint_eq(requests[2].iova, HOLE + 4 * PAGE);
	for (i = 0; i < 3; i++)
		ck_ok(ioasid_space_map(a.space, requests[i].iova,
				       a.g.memory + (requests[i].iova - HOLE), PAGE, RW, NULL));
	ck_assert_int_eq(respond(a.faults, requests[0].id, SUCCESS), 1);
	ck_assert_int_eq(dma_join(&dma), 0);
	ck_assert_mem_eq(a.g.memory + 8, dma.buf, 5 * PAGE - 8);
	asker_close(&a);
}
END_TEST

/* What does not fit is asked for next: in the queue, and of what the device can have out. */
START_TEST(groups_are_cut_to_what_fits)
{
	struct ioasid_page_request requests[ROOM];
	static struct dma dma;
	struct asker a;
	int n, done = 0;

	asker_open(&a, 2, 0);
	dma_start(&dma, a.g.channel, DMA_READ, HOLE, 5 * PAGE);
	for (; done < 5; done += n) {
		int i;

		n = take_group(a.faults, requests);
		ck_assert_int_eq(n, done == 4 ? 1 : 2);
		for (i = 0; i < n; i++) {
			ck_assert_uint_eq(requests[i].iova, HOLE + (uint64_t)(done + i) * PAGE);
			ck_ok(ioasid_space_map(a.space, requests[i].iova, a.g.memory, PAGE, RW,
					       NULL));
		}
		ck_assert_int_eq(respond(a.faults, requests[0].id, SUCCESS), 1);
	}
	ck_assert_int_eq(dma_join(&dma), 0);
	asker_close(&a);
}
END_TEST

START_TEST(reading_takes_whole_groups)
{
	struct ioasid_page_request requests[8];
	struct ioasid_page_response responses[4];
	static struct dma dma[3];
	struct asker a;
	uint64_t ids[3];
	int i;

	asker_open(&a, 0, 0);
	for (i = 0; i < 3; i++) {
		dma_start(&dma[i], channel_new(a.g.device, IOASID_NO_PASID), DMA_READ,
			  HOLE + (uint64_t)i * 4 * PAGE, (size_t)(2 * PAGE));
		while (!i && ioasid_fault_queue_read(a.faults, requests, 1) != -E2BIG)
			;
	}
	ck_assert_int_eq(ioasid_fault_queue_read(a.faults, requests, 3), 2);
	ids[0] = requests[0].id;
	for (i = 1; i < 3;) {
		int n = ioasid_fault_queue_read(a.faults, requests, 5), k;

		ck_assert(n >= 0 && n <= 4 && n % 2 == 0);
		for (k = 0; k < n; k += 2)
			ids[i++] = requests[k].id;
	}
	ck_assert(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
	ck_assert(!has_requests(a.faults));

	for (i = 0; i < 3; i++)
		responses[i] = (struct ioasid_page_response){ ids[i], INVALID, 0 };
	responses[3] = responses[0];
	ck_assert_int_eq(ioasid_fault_queue_respond(a.faults, responses, 0), 0);
	ck_assert_int_eq(ioasid_fault_queue_respond(a.faults, responses, 4), 3);
	ck_err(ioasid_fault_queue_respond(a.faults, responses, 1), EINVAL);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(dma_join(&dma[i]), -EFAULT);
	asker_close(&a);
}
END_TEST

START_TEST(responses_that_are_not_in_order)
{
	struct ioasid_page_response responses[2] = { { 0 } };
	struct ioasid_page_request request;
	struct ioasid_fault_queue *other;
	static struct dma dma;
	struct asker a;

	asker_open(&a, 0, 0);
	other = make_queue(a.g.ctx, 0, 0);
	ck_err(respond(a.faults, 1, SUCCESS), EINVAL);
	dma_start(&dma, a.g.channel, DMA_READ, HOLE, 1);
	while (!has_requests(a.faults))
		;
	/* not read yet: the first group of a context is number 1 at the latest */
	ck_err(respond(a.faults, 1, SUCCESS), EINVAL);
	request = take_request(a.faults);
	ck_err(respond(other, request.id, SUCCESS), EINVAL);
	ck_err(respond(a.faults, request.id + 1, SUCCESS), EINVAL);
	ck_err(respond(a.faults, request.id, 0), EINVAL);
	ck_err(respond(a.faults, request.id, 4), EINVAL);
	responses[0] = (struct ioasid_page_response){ request.id, SUCCESS, 1 };
	ck_err(ioasid_fault_queue_respond(a.faults, responses, 2), EINVAL);
	responses[0].code = INVALID;
	responses[0].reserved = 0;
	ck_assert_int_eq(ioasid_fault_queue_respond(a.faults, responses, 2), 1);
	ck_assert_int_eq(dma_join(&dma), -EFAULT);
	asker_close(&a);
}
END_TEST

/* The second thread's request has no room before the first one's was read. */
START_TEST(full_queue_holds_up_who_comes)
{
	struct ioasid_page_request first, second;
	static struct dma dma[2];
	struct asker a;
	int i;

	asker_open(&a, 1, 0);
	ck_ok(ioasid_space_map(a.g.root, HOLE, a.g.memory, 2 * PAGE, RW, NULL));
	for (i = 0; i < 2; i++)
		dma_start(&dma[i], channel_new(a.g.device, IOASID_NO_PASID), DMA_READ,
			  HOLE + (uint64_t)i * PAGE, 1);
	usleep(SETTLE);
	first = take_request(a.faults);
	second = take_request(a.faults);
	ck_assert_uint_ne(first.iova, second.iova);
	ck_assert_uint_ne(first.group, second.group);
	ck_assert_int_eq(respond(a.faults, second.id, INVALID), 1);
	ck_assert_int_eq(respond(a.faults, first.id, INVALID), 1);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(dma_join(&dma[i]), -EFAULT);
	drop_events(a.g.queue);

	/* and who waits for room is woken like all others */
	for (i = 0; i < 2; i++)
		dma_start(&dma[i], dma[i].channel, DMA_READ, HOLE + (uint64_t)i * PAGE, 1);
	usleep(SETTLE);
	ck_ok(ioasid_device_replace(a.g.device, a.g.root));
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(dma_join(&dma[i]), 0);
	asker_close(&a);
}
END_TEST

START_TEST(full_queue_does_not_stop_the_clock)
{
	static struct dma dma[2];
	struct asker a;
	int i;

	asker_open(&a, 1, 60);
	for (i = 0; i < 2; i++)
		dma_start(&dma[i], channel_new(a.g.device, IOASID_NO_PASID), DMA_READ,
			  HOLE + (uint64_t)i * PAGE, 1);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(dma_join(&dma[i]), -EFAULT);
		ck_assert_int_eq(take_event(a.g.queue).reason, IOASID_FAULT_REQUEST_TIMEOUT);
	}
	asker_close(&a);
}
END_TEST

START_TEST(detach_ends_the_wait)
{
	struct ioasid_page_request request;
	static struct dma dma;
	struct asker a;

	asker_open(&a, 0, 0);
	dma_start(&dma, a.g.channel, DMA_READ, HOLE, 1);
	request = take_request(a.faults);
	ck_ok(ioasid_device_detach(a.g.device));
	ck_assert_int_eq(dma_join(&dma), -EFAULT);
	expect_fault(&a.g, HOLE, IOASID_READ, IOASID_FAULT_BLOCKED);
	ck_err(respond(a.faults, request.id, SUCCESS), EINVAL);

	/* not read yet: it leaves the queue */
	ck_ok(ioasid_device_attach(a.g.device, a.space));
	dma_start(&dma, a.g.channel, DMA_READ, HOLE, 1);
	while (!has_requests(a.faults))
		;
	ck_ok(ioasid_device_detach(a.g.device));
	ck_assert_int_eq(dma_join(&dma), -EFAULT);
	ck_assert(!has_requests(a.faults));
	ck_assert_int_eq(ioasid_fault_queue_read(a.faults, &request, 1), 0);
	ck_ok(ioasid_space_destroy(a.space));
	ck_ok(ioasid_fault_queue_destroy(a.faults));
	guest_close(&a.g);
}
END_TEST

START_TEST(replaced_dma_goes_on_in_the_new_space)
{
	struct ioasid_page_request request;
	struct ioasid_fault_queue *faults;
	struct ioasid_space *space;
	static struct dma dma;
	struct asker a;

	asker_open(&a, 0, 0);
	a.g.memory[0] = 55;
	faults = make_queue(a.g.ctx, 0, 0);
	space = make_space_with(a.g.ctx, NULL, 0, faults);
	dma_start(&dma, a.g.channel, DMA_READ, HOLE, 1);
	request = take_request(a.faults);
	ck_ok(ioasid_device_replace(a.g.device, space));
	ck_err(respond(a.faults, request.id, SUCCESS), EINVAL);
	/* there it asks too */
	request = take_request(faults);
	ck_assert_uint_eq(request.space, ioasid_space_get_id(space));
	ck_ok(ioasid_space_map(a.g.root, HOLE, a.g.memory, PAGE, RW, NULL));
	ck_ok(ioasid_device_replace(a.g.device, a.g.root));
	ck_assert_int_eq(dma_join(&dma), 0);
	ck_assert_uint_eq(dma.buf[0], 55);
	asker_close(&a);
}
END_TEST

START_TEST(pasids_ask_for_themselves)
{
	struct ioasid_page_request plain, tagged;
	static struct dma dma[2];
	struct asker a;

	asker_open(&a, 0, 0);
	ck_ok(ioasid_device_attach_pasid(a.g.device, 7, a.space));
	dma_start(&dma[0], a.g.channel, DMA_READ, HOLE, 1);
	plain = take_request(a.faults);
	dma_start(&dma[1], channel_new(a.g.device, 7), DMA_READ, HOLE, 1);
	tagged = take_request(a.faults);
	ck_assert_uint_eq(tagged.pasid, 7);
	ck_assert_uint_eq(tagged.flags, IOASID_PAGE_REQUEST_PASID | IOASID_PAGE_REQUEST_LAST);
	/* both are out: their numbers differ */
	ck_assert_uint_ne(plain.group, tagged.group);
	ck_ok(ioasid_device_detach_pasid(a.g.device, 7));
	ck_assert_int_eq(dma_join(&dma[1]), -EFAULT);
	expect_fault(&a.g, HOLE, IOASID_READ, IOASID_FAULT_BLOCKED);
	ck_err(respond(a.faults, tagged.id, SUCCESS), EINVAL);
	ck_ok(ioasid_space_map(a.space, HOLE, a.g.memory, PAGE, RW, NULL));
	ck_assert_int_eq(respond(a.faults, plain.id, SUCCESS), 1);
	ck_assert_int_eq(dma_join(&dma[0]), 0);
	asker_close(&a);
}
END_TEST

START_TEST(several_threads_on_one_page)
{
	enum { N = 12 };
	struct ioasid_page_request requests[N];
	static struct dma dma[N];
	struct asker a;
	int i, k;

	asker_open(&a, 0, 0);
	for (i = 0; i < N; i++)
		dma_start(&dma[i], channel_new(a.g.device, IOASID_NO_PASID), DMA_ADD, HOLE, 8);
	for (i = 0; i < N; i++) {
		requests[i] = take_request(a.faults);
		ck_assert_uint_eq(requests[i].iova, HOLE);
		ck_assert_uint_lt(requests[i].group, 512);
		for (k = 0; k < i; k++) {
			ck_assert_uint_ne(requests[i].group, requests[k].group);
			ck_assert_uint_ne(requests[i].id, requests[k].id);
		}
	}
	ck_ok(ioasid_space_map(a.space, HOLE, a.g.memory, PAGE, RW, NULL));
	/* in any order */
	for (i = 0; i < N; i++)
		ck_assert_int_eq(respond(a.faults, requests[(i * 5 + 3) % N].id, SUCCESS), 1);
	for (i = 0; i < N; i++)
		ck_assert_int_eq(dma_join(&dma[i]), 0);
	ck_assert_uint_eq(a.g.memory[0], N);
	asker_close(&a);
}
END_TEST

START_TEST(who_cannot_ask_faults)
{
	struct ioasid_space *child;
	struct asker a;

	asker_open(&a, 0, 0);
	/* the queue is the space's that the device is attached to */
	child = make_space(a.g.ctx, a.space, 0);
	guest_attach(&a.g, child);
	ck_ok(ioasid_space_map_parent(child, 0, 0, PAGE, RW, NULL));
	guest_faults(&a.g, HOLE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_faults(&a.g, 0, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	guest_attach(&a.g, a.g.root);
	guest_faults(&a.g, HOLE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	ck_ok(ioasid_device_detach(a.g.device));
	guest_faults(&a.g, HOLE, IOASID_READ, IOASID_FAULT_BLOCKED);
	asker_close(&a);
}
END_TEST

static const char devices[] =
	"iommu plain page-requests=none\n"
	"iommu able page-requests=any\n"
	"device a iommu=plain\n"
	"device b iommu=able page-requests=none\n"
	"device c iommu=able page-requests=2\n"
	"device d iommu=able\n"
	"device e iommu=able page-requests=512\n";

/* How many pages each device asks for at once, of more than it needs. */
START_TEST(what_the_platform_says)
{
	static const int expected[] = { 0, 0, 2, 32, 512 };
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	static struct ioasid_page_request requests[1024];
	struct ioasid_fault_queue *faults;
	struct ioasid_platform *platform;
	struct ioasid_space *space;
	struct ioasid_ctx *ctx;
	static struct dma dma;
	char name[] = "a";

	ck_ok(ioasid_platform_parse(devices, sizeof(devices) - 1, &platform));
	options.backend = "emulated";
	options.platform = platform;
	ck_ok(ioasid_ctx_open(&options, &ctx));
	ioasid_platform_free(platform);
	faults = make_queue(ctx, 1024, 0);
	space = make_space_with(ctx, NULL, 0, faults);
	dma.access = IOASID_READ;
	for (; *name <= 'e'; ++*name) {
		struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
		int n = expected[*name - 'a'];
		struct ioasid_device *device;

		ck_ok(ioasid_device_bind(ctx, name, 1, &device));
		ck_ok(ioasid_device_query_info(device, &info));
		ck_assert(info.page_requests == (n > 0));
		ck_ok(ioasid_device_attach(device, space));
		dma_start(&dma, channel_new(device, IOASID_NO_PASID), DMA_PREFAULT, HOLE,
			  (size_t)(1024 * PAGE));
		while (n && !has_requests(faults))
			;
		if (n > 1)
			ck_err(ioasid_fault_queue_read(faults, requests, (size_t)n - 1), E2BIG);
		ck_assert_int_eq(ioasid_fault_queue_read(faults, requests, 1024), n);
		ck_assert_int_eq(n ? respond(faults, requests[n - 1].id, INVALID) : 1, 1);
		ck_assert_int_eq(dma_join(&dma), -EFAULT);
	}
	ck_ok(ioasid_ctx_close(ctx));
}
END_TEST

/* Of its 32 requests a device has none left; the next one goes out when some are answered. */
START_TEST(device_without_a_request_left_waits)
{
	struct ioasid_page_request requests[ROOM];
	static struct dma dma[3];
	struct asker a;
	uint64_t ids[2];
	int i;

	asker_open(&a, 0, 0);
	for (i = 0; i < 2; i++) {
		dma_start(&dma[i], channel_new(a.g.device, IOASID_NO_PASID), DMA_READ,
			  HOLE + (uint64_t)i * 64 * PAGE, sizeof(dma[i].buf));
		ck_assert_int_eq(take_group(a.faults, requests), 16);
		ids[i] = requests[0].id;
	}
	dma_start(&dma[2], a.g.channel, DMA_READ, 0, 1);
	usleep(SETTLE);
	ck_assert(!has_requests(a.faults));
	ck_assert_int_eq(respond(a.faults, ids[0], INVALID), 1);
	ck_assert_int_eq(dma_join(&dma[0]), -EFAULT);
	ck_assert_int_eq(take_group(a.faults, requests), 1);
	ck_assert_uint_eq(requests[0].iova, 0);
	ck_assert_int_eq(respond(a.faults, requests[0].id, INVALID), 1);
	ck_assert_int_eq(respond(a.faults, ids[1], INVALID), 1);
	ck_assert_int_eq(dma_join(&dma[1]), -EFAULT);
	ck_assert_int_eq(dma_join(&dma[2]), -EFAULT);
	asker_close(&a);
}
END_TEST

/* A thread that hands out addresses cannot wait. */
START_TEST(section_does_not_wait)
{
	struct ioasid_page_request request;
	struct ioasid_channel *other;
	struct ioasid_event event;
	static struct dma dma;
	struct iovec piece;
	struct asker a;

	asker_open(&a, 0, 0);
	other = channel_new(a.g.device, IOASID_NO_PASID);
	ck_ok(ioasid_dma_begin(a.g.channel));
	ck_err(ioasid_dma_translate(a.g.channel, HOLE, 1, IOASID_WRITE, &piece, 1), EAGAIN);
	ck_err(dma_get(a.g.channel, HOLE, dma.buf), EAGAIN);
	ck_err(dma_put(other, HOLE, 1), EAGAIN);
	ck_err(ioasid_dma_prefault(other, HOLE, 1, IOASID_READ), EDEADLK);
	ck_assert_uint_eq(ioasid_event_queue_read(a.g.queue, &event, 1), 0);
	ck_assert(!has_requests(a.faults));
	ioasid_dma_end(a.g.channel);

	dma.access = IOASID_WRITE;
	dma_start(&dma, a.g.channel, DMA_PREFAULT, HOLE, 1);
	request = take_request(a.faults);
	ck_assert_uint_eq(request.access, IOASID_WRITE);
	ck_ok(ioasid_space_map(a.space, HOLE, a.g.memory, PAGE, RW, NULL));
	ck_assert_int_eq(respond(a.faults, request.id, SUCCESS), 1);
	ck_assert_int_eq(dma_join(&dma), 0);
	ck_assert_ptr_eq(dma_where(a.g.channel, HOLE, IOASID_WRITE), a.g.memory);
	asker_close(&a);
}
END_TEST

START_TEST(prefault_says_what_became_of_it)
{
	static const struct {
		enum ioasid_page_response_code code;
		int result;
	} cases[] = { { INVALID, -EFAULT }, { SUCCESS, -EFAULT }, { FAILURE, -EIO } };
	struct ioasid_event event;
	static struct dma dma;
	struct asker a;
	unsigned int i;

	asker_open(&a, 0, 0);
	dma.access = RW;
	for (i = 0; i < 3; i++) {
		dma_start(&dma, a.g.channel, DMA_PREFAULT, HOLE + 3, 1);
		do {
			struct ioasid_page_request request = take_request(a.faults);

			ck_assert_uint_eq(request.access, RW);
			/* success alone brings no page */
			ck_assert_int_eq(respond(a.faults, request.id, cases[i].code), 1);
		} while (cases[i].code == SUCCESS && ++dma.buf[0] < 8);
		ck_assert_int_eq(dma_join(&dma), cases[i].result);
	}
	/* after the failure nothing is asked for */
	ck_err(ioasid_dma_prefault(a.g.channel, HOLE, 1, RW), EFAULT);
	ck_ok(ioasid_space_map(a.space, HOLE, a.g.memory, 3 * PAGE, IOASID_READ, NULL));
	ck_ok(ioasid_dma_prefault(a.g.channel, HOLE, 3 * PAGE, IOASID_READ));
	ck_err(ioasid_dma_prefault(a.g.channel, HOLE, 3 * PAGE, IOASID_WRITE), EFAULT);
	ck_err(ioasid_dma_prefault(a.g.channel, HOLE, 0, RW), EINVAL);
	ck_err(ioasid_dma_prefault(a.g.channel, HOLE, 1, 0), EINVAL);
	ck_err(ioasid_dma_prefault(a.g.channel, HOLE, 1, 4), EINVAL);
	ck_err(ioasid_dma_prefault(a.g.channel, UINT64_MAX, 2, RW), EOVERFLOW);
	guest_attach(&a.g, make_space_with(a.g.ctx, NULL, 0, make_queue(a.g.ctx, 0, 1)));
	ck_err(ioasid_dma_prefault(a.g.channel, HOLE, 1, RW), ETIMEDOUT);
	ck_ok(ioasid_device_detach(a.g.device));
	ck_err(ioasid_dma_prefault(a.g.channel, HOLE, 1, RW), EFAULT);
	ck_assert_uint_eq(ioasid_event_queue_read(a.g.queue, &event, 1), 0);
	asker_close(&a);
}
END_TEST

/* A range in many groups, some of it there already. */
START_TEST(prefault_of_a_range)
{
	struct ioasid_page_request requests[ROOM];
	static struct dma dma;
	struct asker a;
	uint64_t page;

	asker_open(&a, 5, 0);
	ck_ok(ioasid_space_map(a.space, HOLE + 40 * PAGE, a.g.memory, 8 * PAGE, RW, NULL));
	dma.access = IOASID_READ;
	dma_start(&dma, a.g.channel, DMA_PREFAULT, HOLE, (size_t)(100 * PAGE));
	for (page = 0; page < 100;) {
		int n = take_group(a.faults, requests), i;

		for (i = 0; i < n; i++, page++) {
			page = page == 40 ? 48 : page;
			ck_assert_uint_eq(requests[i].iova, HOLE + page * PAGE);
			ck_ok(ioasid_space_map(a.space, requests[i].iova, a.g.memory, PAGE, RW,
					       NULL));
		}
		ck_assert_int_eq(respond(a.faults, requests[0].id, SUCCESS), 1);
	}
	ck_assert_int_eq(dma_join(&dma), 0);
	asker_close(&a);
}
END_TEST

START_TEST(queue_is_busy_while_a_space_has_it)
{
	struct ioasid_space *child;
	struct asker a;

	asker_open(&a, 0, 0);
	child = make_space_with(a.g.ctx, a.g.root, 0, a.faults);
	ck_err(ioasid_fault_queue_destroy(a.faults), EBUSY);
	guest_attach(&a.g, a.g.root);
	ck_ok(ioasid_space_destroy(a.space));
	ck_err(ioasid_fault_queue_destroy(a.faults), EBUSY);
	ck_ok(ioasid_space_destroy(child));
	ck_ok(ioasid_fault_queue_destroy(a.faults));
	ck_ok(ioasid_fault_queue_destroy(NULL));
	guest_close(&a.g);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("page-request");
	TCase *tc = tcase_create("page-request");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, dma_waits_for_its_page);
	tcase_add_test(tc, changes_do_not_wait_for_a_dma_that_waits);
	tcase_add_test(tc, invalid_is_a_fault);
	tcase_add_test(tc, failure_disables_the_device);
	tcase_add_test(tc, failure_ends_all_that_wait);
	tcase_add_test(tc, no_response_in_time);
	tcase_add_test(tc, success_without_the_page);
	tcase_add_test(tc, one_group_for_a_dma_of_many_pages);
	tcase_add_test(tc, groups_are_cut_to_what_fits);
	tcase_add_test(tc, reading_takes_whole_groups);
	tcase_add_test(tc, responses_that_are_not_in_order);
	tcase_add_test(tc, full_queue_holds_up_who_comes);
	tcase_add_test(tc, full_queue_does_not_stop_the_clock);
	tcase_add_test(tc, detach_ends_the_wait);
	tcase_add_test(tc, replaced_dma_goes_on_in_the_new_space);
	tcase_add_test(tc, pasids_ask_for_themselves);
	tcase_add_test(tc, several_threads_on_one_page);
	tcase_add_test(tc, who_cannot_ask_faults);
	tcase_add_test(tc, what_the_platform_says);
	tcase_add_test(tc, device_without_a_request_left_waits);
	tcase_add_test(tc, section_does_not_wait);
	tcase_add_test(tc, prefault_says_what_became_of_it);
	tcase_add_test(tc, prefault_of_a_range);
	tcase_add_test(tc, queue_is_busy_while_a_space_has_it);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
