/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fault queues: what their calls accept, and who holds whom. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "contract.h"

static struct ioasid_fault_queue *new_queue(struct ioasid_ctx *ctx)
{
	struct ioasid_fault_queue *queue = NULL;

	ck_ok(ioasid_fault_queue_create(ctx, NULL, &queue));
	ck_assert_ptr_nonnull(queue);
	return queue;
}

START_TEST(capability_says_whether_there_are_queues)
{
	struct ioasid_fault_queue *queue = (void *)1;
	struct fixture f;

	fixture_open(&f);
	if (ioasid_ctx_has(f.ctx, IOASID_CAP_PAGE_REQUESTS)) {
		ck_ok(ioasid_fault_queue_create(f.ctx, NULL, &queue));
		ck_ok(ioasid_fault_queue_destroy(queue));
	} else {
		ck_err(ioasid_fault_queue_create(f.ctx, NULL, &queue), EOPNOTSUPP);
		ck_assert_ptr_eq(queue, (void *)1);
	}
	ck_ok(ioasid_fault_queue_destroy(NULL));
	fixture_close(&f);
}
END_TEST

START_TEST(create_refuses)
{
	struct {
		struct ioasid_fault_queue_options known;
		uint64_t beyond;
	} newer = { .known.size = sizeof(newer), .beyond = 1 };
	struct ioasid_fault_queue_options options = IOASID_FAULT_QUEUE_OPTIONS_INIT;
	struct ioasid_fault_queue *queue = (void *)1;
	struct fixture f;

	fixture_open(&f);
	options.depth = 1048577;
	ck_err(ioasid_fault_queue_create(f.ctx, &options, &queue), EINVAL);
	options.size = sizeof(size_t) - 1;
	ck_err(ioasid_fault_queue_create(f.ctx, &options, &queue), EINVAL);
	ck_err(ioasid_fault_queue_create(f.ctx, &newer.known, &queue), E2BIG);
	ck_assert_ptr_eq(queue, (void *)1);
	fixture_close(&f);
}
END_TEST

START_TEST(empty_queue)
{
	struct ioasid_page_response response = { 1, IOASID_PAGE_RESPONSE_SUCCESS, 0 };
	struct ioasid_page_request request;
	struct ioasid_fault_queue *queue;
	struct pollfd pollfd = { .events = POLLIN };
	struct fixture f;

	fixture_open(&f);
	if (!lacks(f.ctx, IOASID_CAP_PAGE_REQUESTS)) {
		queue = new_queue(f.ctx);
		pollfd.fd = ioasid_fault_queue_get_fd(queue);
		ck_assert_int_ne(fcntl(pollfd.fd, F_GETFD) & FD_CLOEXEC, 0);
		ck_assert_int_eq(poll(&pollfd, 1, 0), 0);
		ck_assert_int_eq(ioasid_fault_queue_read(queue, &request, 1), 0);
		ck_assert_int_eq(ioasid_fault_queue_read(queue, NULL, 0), 0);
		ck_assert_int_eq(ioasid_fault_queue_respond(queue, NULL, 0), 0);
		ck_err(ioasid_fault_queue_respond(queue, &response, 1), EINVAL);
		response.code = 0;
		ck_err(ioasid_fault_queue_respond(queue, &response, 1), EINVAL);
		response.code = 4;
		ck_err(ioasid_fault_queue_respond(queue, &response, 1), EINVAL);
		ck_ok(ioasid_fault_queue_destroy(queue));
		ck_assert_int_eq(fcntl(pollfd.fd, F_GETFD), -1);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(space_holds_its_queue_and_is_named)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space = (void *)1;
	struct fixture f, g;
	char name[32];

	fixture_open(&f);
	fixture_open(&g);
	if (!lacks(f.ctx, IOASID_CAP_PAGE_REQUESTS)) {
		options.fault_queue = new_queue(g.ctx);
		ck_err(ioasid_space_create(f.ctx, &options, &space), EINVAL);
		ck_assert_ptr_eq(space, (void *)1);
		ck_ok(ioasid_fault_queue_destroy(options.fault_queue));

		options.fault_queue = new_queue(f.ctx);
		ck_ok(ioasid_space_create(f.ctx, &options, &space));
		ck_err(ioasid_fault_queue_destroy(options.fault_queue), EBUSY);
		snprintf(name, sizeof(name), "space %u", ioasid_space_get_id(space));
		ck_assert_msg(strstr(ioasid_errmsg(), name), "does not say who: %s",
			      ioasid_errmsg());
		ck_ok(ioasid_space_destroy(space));
		ck_ok(ioasid_fault_queue_destroy(options.fault_queue));

		/* the context ends what is left */
		options.fault_queue = new_queue(f.ctx);
		ck_ok(ioasid_space_create(f.ctx, &options, &space));
	}
	fixture_close(&g);
	fixture_close(&f);
}
END_TEST

/* iommufd's drivers differ there; here it is allowed, and the device's DMA faults. */
START_TEST(any_device_can_be_attached)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_space *space;
	struct fixture f;
	int i;

	fixture_open(&f);
	if (!lacks(f.ctx, IOASID_CAP_PAGE_REQUESTS)) {
		options.fault_queue = new_queue(f.ctx);
		ck_ok(ioasid_space_create(f.ctx, &options, &space));
		for (i = 0; i < DEVICES; i++) {
			struct ioasid_device *device = fixture_bind(&f, i);

			ck_ok(ioasid_device_query_info(device, &info));
			ck_ok(ioasid_device_attach(device, space));
			if (!info.page_requests)
				is_blocked(&f, device, 0);
		}
	}
	fixture_close(&f);
}
END_TEST

TCase *contract_fault_queue(void)
{
	TCase *tc = tcase_create("fault-queue");

	tcase_add_test(tc, capability_says_whether_there_are_queues);
	tcase_add_test(tc, create_refuses);
	tcase_add_test(tc, empty_queue);
	tcase_add_test(tc, space_holds_its_queue_and_is_named);
	tcase_add_test(tc, any_device_can_be_attached);
	return tc;
}
