/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking for pages without a DMA, and who cannot ask or wait. */
#include "page_request.h"

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

int main(void)
{
	Suite *suite = suite_create("page-request-prefault");
	TCase *tc = tcase_create("page-request-prefault");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, who_cannot_ask_faults);
	tcase_add_test(tc, section_does_not_wait);
	tcase_add_test(tc, prefault_says_what_became_of_it);
	tcase_add_test(tc, prefault_of_a_range);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
