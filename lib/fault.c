/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fault queues: what the caller says is checked here, the back end has the requests. */
#include <errno.h>
#include <limits.h>

#include "objects.h"

#define MAX_DEPTH_OF_QUEUE 1048576u

static int check_options(const struct ioasid_fault_queue_options *user,
			 struct ioasid_fault_queue_options *options)
{
	int ret;

	*options = (struct ioasid_fault_queue_options)IOASID_FAULT_QUEUE_OPTIONS_INIT;
	ret = user ? options_copy(options, sizeof(*options), user, "fault queue options") : 0;
	if (ret)
		return ret;
	if (options->depth > MAX_DEPTH_OF_QUEUE)
		return err_set(EINVAL, "fault queue of %u: at most %u", options->depth,
			       MAX_DEPTH_OF_QUEUE);
	return 0;
}

IOASID_EXPORT int ioasid_fault_queue_create(struct ioasid_ctx *ctx,
					    const struct ioasid_fault_queue_options *user,
					    struct ioasid_fault_queue **out)
{
	struct ioasid_fault_queue_options options;
	struct ioasid_fault_queue *q;
	int ret = check_options(user, &options);

	if (!ret)
		ret = cap_check(ctx, IOASID_CAP_PAGE_REQUESTS, "fault queue");
	if (ret)
		return ret;
	ret = failure_count_unlocked(ctx, IOASID_OP_QUEUE);
	if (ret)
		return ret;
	q = mem_calloc(1, sizeof(*q));
	if (!q)
		return err_set(ENOMEM, "no memory for a fault queue");
	q->ctx = ctx;
	q->depth = options.depth;
	q->timeout_ms = options.timeout_ms;
	ret = ctx->ops->fault_queue_create(q);
	if (ret) {
		mem_free(q);
		return ret;
	}
	ctx_lock(ctx);
	q->next = ctx->fault_queues;
	ctx->fault_queues = q;
	ctx_unlock(ctx);
	*out = q;
	return 0;
}

/* Who keeps a queue from going, for people. */
static int busy(const struct ioasid_fault_queue *q)
{
	const struct ioasid_ctx *ctx = q->ctx;
	uint32_t id;

	for (id = 1; id < ctx->n_spaces; id++)
		if (ctx->spaces[id] && ctx->spaces[id]->faults == q)
			return err_set(EBUSY, "the fault queue is that of space %u", id);
	return 0;
}

IOASID_EXPORT int ioasid_fault_queue_destroy(struct ioasid_fault_queue *q)
{
	struct ioasid_fault_queue **p;
	int ret;

	if (!q)
		return 0;
	ctx_lock(q->ctx);
	ret = busy(q);
	if (!ret) {
		for (p = &q->ctx->fault_queues; *p != q; p = &(*p)->next)
			;
		*p = q->next;
	}
	ctx_unlock(q->ctx);
	if (ret)
		return ret;
	q->ctx->ops->fault_queue_destroy(q);
	mem_free(q);
	return 0;
}

void fault_queue_close_all(struct ioasid_ctx *ctx)
{
	struct ioasid_fault_queue *q;

	while ((q = ctx->fault_queues)) {
		ctx->fault_queues = q->next;
		ctx->ops->fault_queue_destroy(q);
		mem_free(q);
	}
}

IOASID_EXPORT int ioasid_fault_queue_get_fd(const struct ioasid_fault_queue *q)
{
	return q->fd;
}

IOASID_EXPORT int ioasid_fault_queue_read(struct ioasid_fault_queue *q,
					  struct ioasid_page_request *requests, size_t n)
{
	int ret;

	ctx_lock(q->ctx);
	ret = q->ctx->ops->fault_queue_read(q, requests, (size_t)bits_min(n, INT_MAX));
	ctx_unlock(q->ctx);
	return ret;
}

/* How many responses from the beginning on are well-formed. */
static size_t count_good(const struct ioasid_page_response *responses, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (responses[i].code < IOASID_PAGE_RESPONSE_SUCCESS ||
		    responses[i].code > IOASID_PAGE_RESPONSE_FAILURE || responses[i].reserved)
			break;
	return i;
}

IOASID_EXPORT int ioasid_fault_queue_respond(struct ioasid_fault_queue *q,
					     const struct ioasid_page_response *responses, size_t n)
{
	size_t good = count_good(responses, (size_t)bits_min(n, INT_MAX));
	int ret;

	if (n && !good)
		return err_set(EINVAL, "response code %u is not known, or reserved is not 0",
			       (unsigned int)responses[0].code);
	ctx_lock(q->ctx);
	ret = q->ctx->ops->fault_queue_respond(q, responses, good);
	ctx_unlock(q->ctx);
	return ret;
}
