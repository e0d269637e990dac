/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page requests: what a device asks for, what each response does, and who is woken by what. */
#include <unistd.h>

#include "page_request.h"

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

/* The time of the queue there begins when it asks there; 1: while it waits for room. */
START_TEST(replaced_dma_has_the_time_of_the_new_queue)
{
	const useconds_t ms = 1000;
	struct ioasid_page_request request;
	struct ioasid_fault_queue *faults;
	static struct dma dma[2];
	struct asker a;
	int i;

	asker_open(&a, 1, 1000);
	faults = make_queue(a.g.ctx, 0, 60000);
	for (i = 0; i <= _i; i++)
		dma_start(&dma[i], channel_new(a.g.device, IOASID_NO_PASID), DMA_READ, HOLE, 1);
	usleep(SETTLE);
	ck_ok(ioasid_device_replace(a.g.device, make_space_with(a.g.ctx, NULL, 0, faults)));
	usleep(1200 * ms);
	for (i = 0; i <= _i; i++) {
		request = take_request(faults);
		ck_assert_int_eq(respond(faults, request.id, INVALID), 1);
	}
	for (i = 0; i <= _i; i++) {
		ck_assert_int_eq(dma_join(&dma[i]), -EFAULT);
		ck_assert_int_eq(take_event(a.g.queue).reason, IOASID_FAULT_REQUEST_INVALID);
	}
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
	tcase_add_test(tc, detach_ends_the_wait);
	tcase_add_test(tc, replaced_dma_goes_on_in_the_new_space);
	tcase_add_loop_test(tc, replaced_dma_has_the_time_of_the_new_queue, 0, 2);
	tcase_add_test(tc, pasids_ask_for_themselves);
	tcase_add_test(tc, several_threads_on_one_page);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
