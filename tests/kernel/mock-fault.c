/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page requests of a mock device, which the kernel makes up when it is told to. */
#include <poll.h>
#include <string.h>

#include "mock.h"

#define IOVA (32 * MIB)

struct world {
	struct ioasid_ctx *ctx;
	struct ioasid_fault_queue *queue;
	struct ioasid_space *one, *two;
	struct mock mock;
};

static struct ioasid_space *make_with_queue(struct world *w)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space = NULL;

	options.fault_queue = w->queue;
	ck_ok(ioasid_space_create(w->ctx, &options, &space));
	return space;
}

static bool world_open(struct world *w)
{
	struct ioasid_adopt_options options;

	if (!mock_ctx_open(&w->ctx))
		return false;
	if (lacks(w->ctx, IOASID_CAP_PAGE_REQUESTS) || lacks(w->ctx, IOASID_CAP_PASID)) {
		ck_ok(ioasid_ctx_close(w->ctx));
		return false;
	}
	ck_ok(ioasid_fault_queue_create(w->ctx, NULL, &w->queue));
	w->one = make_with_queue(w);
	w->two = make_with_queue(w);
	mock_create(&w->mock, w->ctx, MOCK_PASID);
	mock_options(&w->mock, &options);
	options.flags = IOASID_ADOPT_PAGE_REQUESTS;
	options.cookie = 99;
	options.requester = 0x88;
	ck_ok(ioasid_device_adopt(w->ctx, &options, &w->mock.device));
	return true;
}

static void world_close(struct world *w)
{
	mock_close(&w->mock);
	ck_ok(ioasid_ctx_close(w->ctx));
}

/* The device asks for a page: a group of one. */
static void ask(struct world *w, uint32_t pasid, uint32_t group, uint64_t iova)
{
	struct mock_command c = { .op = MOCK_TRIGGER_IOPF };

	c.u.w[0] = w->mock.id;
	c.u.w[1] = pasid == IOASID_NO_PASID ? 0 : pasid;	/* 0 is the kernel's "none" */
	c.u.w[2] = group;
	c.u.w[3] = RW;
	c.u.q[2] = iova;
	ck_assert_int_eq(mock_command(w->mock.iommu, &c), 0);
}

/* The kernel hands a request over in a thread of its own. */
static bool waits(struct world *w, int ms)
{
	struct pollfd pollfd = { .fd = ioasid_fault_queue_get_fd(w->queue), .events = POLLIN };

	return poll(&pollfd, 1, ms) == 1;
}

static struct ioasid_page_request take(struct world *w)
{
	struct ioasid_page_request r = { 0 };

	ck_assert_msg(waits(w, 10000), "no page request comes");
	ck_assert_int_eq(ioasid_fault_queue_read(w->queue, &r, 1), 1);
	return r;
}

static int respond(struct world *w, uint64_t id, enum ioasid_page_response_code code)
{
	const struct ioasid_page_response r = { id, code, 0 };

	return ioasid_fault_queue_respond(w->queue, &r, 1);
}

START_TEST(a_request_and_its_response)
{
	struct ioasid_page_request r;
	struct world w;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_device_attach(w.mock.device, w.one));
	ck_assert(!waits(&w, 0));
	ask(&w, IOASID_NO_PASID, 17, IOVA);
	r = take(&w);
	ck_assert(!waits(&w, 0));
	ck_assert_uint_eq(r.cookie, 99);
	ck_assert_uint_eq(r.requester, 0x88);
	ck_assert_uint_eq(r.iova, IOVA);
	ck_assert_uint_eq(r.pasid, IOASID_NO_PASID);
	ck_assert_uint_eq(r.group, 17);
	ck_assert_uint_eq(r.access, RW);
	ck_assert_uint_eq(r.flags, IOASID_PAGE_REQUEST_LAST);
	ck_assert_uint_eq(r.space, ioasid_space_get_id(w.one));
	ck_err(respond(&w, r.id + 1, IOASID_PAGE_RESPONSE_SUCCESS), EINVAL);
	ck_err(respond(&w, r.id, IOASID_PAGE_RESPONSE_FAILURE), EOPNOTSUPP);
	ck_assert_int_eq(respond(&w, r.id, IOASID_PAGE_RESPONSE_SUCCESS), 1);
	ck_err(respond(&w, r.id, IOASID_PAGE_RESPONSE_SUCCESS), EINVAL);
	world_close(&w);
}
END_TEST

START_TEST(with_a_pasid)
{
	struct ioasid_page_request r;
	struct world w;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_device_attach_pasid(w.mock.device, 7, w.two));
	ask(&w, 7, 1, IOVA);
	r = take(&w);
	ck_assert_uint_eq(r.pasid, 7);
	ck_assert_uint_eq(r.flags, IOASID_PAGE_REQUEST_PASID | IOASID_PAGE_REQUEST_LAST);
	ck_assert_uint_eq(r.space, ioasid_space_get_id(w.two));
	ck_assert_int_eq(respond(&w, r.id, IOASID_PAGE_RESPONSE_INVALID), 1);
	world_close(&w);
}
END_TEST

/* What was asked is answered by the kernel, read or not, and its cookie is the next group's. */
START_TEST(detach_and_replace_with_requests_outstanding)
{
	struct ioasid_page_request old, new;
	struct world w;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_device_attach(w.mock.device, w.one));
	ask(&w, IOASID_NO_PASID, 1, IOVA);
	old = take(&w);
	ck_ok(ioasid_device_replace(w.mock.device, w.two));
	ask(&w, IOASID_NO_PASID, 2, IOVA + PAGE);
	new = take(&w);
	ck_assert_uint_eq(new.space, ioasid_space_get_id(w.two));
	ck_err(respond(&w, old.id, IOASID_PAGE_RESPONSE_SUCCESS), EINVAL);
	ck_assert_int_eq(respond(&w, new.id, IOASID_PAGE_RESPONSE_SUCCESS), 1);
	ask(&w, IOASID_NO_PASID, 3, IOVA);
	old = take(&w);
	ask(&w, IOASID_NO_PASID, 4, IOVA);
	ck_assert(waits(&w, 10000));
	ck_ok(ioasid_device_detach(w.mock.device));
	ck_assert_int_eq(ioasid_fault_queue_read(w.queue, &new, 1), 0);
	ck_err(respond(&w, old.id, IOASID_PAGE_RESPONSE_SUCCESS), EINVAL);
	world_close(&w);
}
END_TEST

START_TEST(several_at_once)
{
	struct ioasid_page_request r[4];
	struct ioasid_page_response answer[3];
	struct world w;
	int i, n = 0;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_device_attach(w.mock.device, w.one));
	for (i = 0; i < 3; i++)
		ask(&w, IOASID_NO_PASID, (uint32_t)i, IOVA + (uint64_t)i * PAGE);
	while (n < 3 && waits(&w, 10000))
		n += ioasid_fault_queue_read(w.queue, r + n, (size_t)(4 - n));
	ck_assert_int_eq(n, 3);
	for (i = 0; i < 3; i++)
		answer[i] = (struct ioasid_page_response){
			r[i].id, IOASID_PAGE_RESPONSE_SUCCESS, 0,
		};
	ck_assert_int_eq(ioasid_fault_queue_respond(w.queue, answer, 3), 3);
	ck_err(ioasid_fault_queue_destroy(w.queue), EBUSY);
	world_close(&w);
}
END_TEST

TCase *mock_fault(void)
{
	TCase *tc = tcase_create("fault");

	tcase_add_test(tc, a_request_and_its_response);
	tcase_add_test(tc, with_a_pasid);
	tcase_add_test(tc, detach_and_replace_with_requests_outstanding);
	tcase_add_test(tc, several_at_once);
	return tc;
}
