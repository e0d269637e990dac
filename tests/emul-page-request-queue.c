/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fault queues: groups of requests, how they are read and answered, and what is held up when full.
 */
#include <string.h>
#include <unistd.h>

#include "page_request.h"

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
	Suite *suite = suite_create("page-request-queue");
	TCase *tc = tcase_create("page-request-queue");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, one_group_for_a_dma_of_many_pages);
	tcase_add_test(tc, groups_are_cut_to_what_fits);
	tcase_add_test(tc, reading_takes_whole_groups);
	tcase_add_test(tc, responses_that_are_not_in_order);
	tcase_add_test(tc, full_queue_holds_up_who_comes);
	tcase_add_test(tc, full_queue_does_not_stop_the_clock);
	tcase_add_test(tc, what_the_platform_says);
	tcase_add_test(tc, device_without_a_request_left_waits);
	tcase_add_test(tc, queue_is_busy_while_a_space_has_it);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
