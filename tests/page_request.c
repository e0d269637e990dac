/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <string.h>

#include "page_request.h"

struct ioasid_fault_queue *make_queue(struct ioasid_ctx *ctx, uint32_t depth, uint32_t timeout_ms)
{
	struct ioasid_fault_queue_options options = IOASID_FAULT_QUEUE_OPTIONS_INIT;
	struct ioasid_fault_queue *faults = NULL;

	options.depth = depth;
	options.timeout_ms = timeout_ms;
	ck_ok(ioasid_fault_queue_create(ctx, &options, &faults));
	ck_assert_ptr_nonnull(faults);
	return faults;
}

struct ioasid_space *make_space_with(struct ioasid_ctx *ctx, struct ioasid_space *parent,
				     enum ioasid_fill fill, struct ioasid_fault_queue *faults)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space = NULL;

	options.parent = parent;
	options.nesting = parent ? IOASID_NESTING_SOFTWARE : 0;
	options.fill = fill;
	options.fault_queue = faults;
	ck_ok(ioasid_space_create(ctx, &options, &space));
	return space;
}

void asker_open(struct asker *a, uint32_t depth, uint32_t timeout_ms)
{
	guest_open(&a->g, 64 * PAGE, 0);
	a->faults = make_queue(a->g.ctx, depth, timeout_ms);
	a->space = make_space_with(a->g.ctx, NULL, 0, a->faults);
	guest_attach(&a->g, a->space);
}

void asker_close(struct asker *a)
{
	ck_assert(!has_requests(a->faults));
	guest_close(&a->g);
}

static void *run(void *data)
{
	struct dma *d = data;
	uint64_t old;

	switch (d->kind) {
	case DMA_READ:
		d->result = ioasid_dma_read(d->channel, d->iova, d->buf, d->length);
		break;
	case DMA_WRITE:
		d->result = ioasid_dma_write(d->channel, d->iova, d->buf, d->length);
		break;
	case DMA_ADD:
		d->result = ioasid_dma_fetch_add(d->channel, d->iova, 8, 1, &old);
		break;
	case DMA_PREFAULT:
		d->result = ioasid_dma_prefault(d->channel, d->iova, d->length, d->access);
		break;
	}
	return NULL;
}

void dma_start(struct dma *d, struct ioasid_channel *channel, int kind, uint64_t iova,
	       size_t length)
{
	d->channel = channel;
	d->kind = kind;
	d->iova = iova;
	d->length = length;
	ck_assert_uint_le(kind == DMA_PREFAULT ? 0 : length, sizeof(d->buf));
	ck_assert_int_eq(pthread_create(&d->thread, NULL, run, d), 0);
}

int dma_join(struct dma *d)
{
	ck_assert_int_eq(pthread_join(d->thread, NULL), 0);
	return d->result;
}

static bool is_readable(const struct ioasid_fault_queue *faults, int timeout_ms)
{
	struct pollfd pollfd = { ioasid_fault_queue_get_fd(faults), POLLIN, 0 };

	return poll(&pollfd, 1, timeout_ms) == 1;
}

bool has_requests(const struct ioasid_fault_queue *faults)
{
	return is_readable(faults, 0);
}

int take_group(struct ioasid_fault_queue *faults, struct ioasid_page_request *requests)
{
	int n, i;

	ck_assert_msg(is_readable(faults, 20000), "no page request comes");
	/* The oldest group alone: as much room as it has requests. */
	for (n = 1; ioasid_fault_queue_read(faults, requests, (size_t)n) == -E2BIG; n++)
		ck_assert_uint_lt(n, ROOM);
	for (i = 0; i < n; i++) {
		ck_assert_uint_eq(requests[i].id, requests[0].id);
		ck_assert_uint_eq(requests[i].group, requests[0].group);
		ck_assert_uint_eq(requests[i].flags & IOASID_PAGE_REQUEST_LAST,
				  i == n - 1 ? IOASID_PAGE_REQUEST_LAST : 0);
	}
	return n;
}

struct ioasid_page_request take_request(struct ioasid_fault_queue *faults)
{
	struct ioasid_page_request requests[ROOM];

	memset(requests, 0xee, sizeof(requests));
	ck_assert_int_eq(take_group(faults, requests), 1);
	return requests[0];
}

int respond(struct ioasid_fault_queue *faults, uint64_t id, enum ioasid_page_response_code code)
{
	struct ioasid_page_response response = { id, code, 0 };

	return ioasid_fault_queue_respond(faults, &response, 1);
}

void expect_fault(struct guest *g, uint64_t iova, uint32_t access, enum ioasid_fault_reason reason)
{
	struct ioasid_event event = take_event(g->queue);

	ck_assert_int_eq(event.type, IOASID_EVENT_FAULT);
	ck_assert_msg(event.reason == reason, "%s, expected: %s",
		      ioasid_fault_reason_text(event.reason), ioasid_fault_reason_text(reason));
	ck_assert_uint_eq(event.iova, iova);
	ck_assert_uint_eq(event.access, access);
	ck_assert_uint_eq(ioasid_event_queue_read(g->queue, &event, 1), 0);
}
