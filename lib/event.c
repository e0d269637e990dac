/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Event queues. */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "objects.h"

#define DEFAULT_DEPTH 256u
#define MAX_QUEUE 1048576u

IOASID_EXPORT const char *ioasid_fault_reason_text(enum ioasid_fault_reason reason)
{
	switch (reason) {
	case IOASID_FAULT_BLOCKED: return "blocked: the device is not attached";
	case IOASID_FAULT_ADDRESS_WIDTH: return "address too wide";
	case IOASID_FAULT_NOT_MAPPED: return "not mapped";
	case IOASID_FAULT_PERMISSION: return "not permitted";
	case IOASID_FAULT_MALFORMED_ENTRY: return "malformed page-table entry";
	case IOASID_FAULT_TARGET_NOT_MAPPED: return "target not mapped in the parent";
	case IOASID_FAULT_TABLE_NOT_MAPPED: return "page table not mapped in the parent";
	case IOASID_FAULT_NO_PGTABLE: return "no page table bound";
	case IOASID_FAULT_ACCESS_FLAG: return "access flag clear in the page-table entry";
	case IOASID_FAULT_REQUEST_INVALID: return "page request answered: invalid";
	case IOASID_FAULT_REQUEST_FAILURE: return "page request answered: failure";
	case IOASID_FAULT_REQUEST_TIMEOUT: return "page request not answered in time";
	case IOASID_FAULT_PASID_RANGE: return "PASID out of range";
	case IOASID_FAULT_PASID_NOT_PRESENT: return "no PASID-table entry";
	case IOASID_FAULT_PASID_MALFORMED: return "malformed PASID-table entry";
	case IOASID_FAULT_PASID_TABLE_NOT_MAPPED: return "PASID table not mapped in the parent";
	}
	return NULL;
}

int event_queue_new(struct ioasid_ctx *ctx, size_t depth, struct ioasid_event_queue **out)
{
	struct ioasid_event_queue *q;

	if (!depth)
		depth = DEFAULT_DEPTH;
	q = mem_calloc(1, sizeof(*q) + depth * sizeof(q->ring[0]));
	if (!q)
		return err_set(ENOMEM, "no memory for a queue of %zu events", depth);
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->fd < 0) {
		int err = errno;

		mem_free(q);
		return err_set(err, "eventfd: %s", strerror(err));
	}
	q->ctx = ctx;
	q->depth = depth;
	*out = q;
	return 0;
}

void event_queue_free(struct ioasid_event_queue *q)
{
	if (q->from_kernel)
		q->ctx->ops->viommu->events_destroy(q);
	else
		close(q->fd);
	mem_free(q);
}

IOASID_EXPORT int ioasid_event_queue_create(struct ioasid_ctx *ctx, size_t depth,
					    struct ioasid_event_queue **out)
{
	struct ioasid_event_queue *q;
	int ret;

	if (depth > MAX_QUEUE)
		return err_set(EINVAL, "event queue of %zu: at most %u", depth, MAX_QUEUE);
	ret = failure_count_unlocked(ctx, IOASID_OP_QUEUE);
	if (!ret)
		ret = event_queue_new(ctx, depth, &q);
	if (ret)
		return ret;
	ctx_lock(ctx);
	q->next = ctx->queues;
	ctx->queues = q;
	ctx_unlock(ctx);
	*out = q;
	return 0;
}

/* In one step: a vIOMMU that nobody needs any more is to be free of it in the kernel, too. */
IOASID_EXPORT int ioasid_event_queue_destroy(struct ioasid_event_queue *q)
{
	struct ioasid_event_queue **p;
	struct ioasid_ctx *ctx;

	if (!q)
		return 0;
	ctx = q->ctx;
	ctx_lock(ctx);
	for (p = q->viommu ? &q->viommu->queues : &ctx->queues; *p != q; p = &(*p)->next)
		;
	*p = q->next;
	event_queue_free(q);
	ctx_unlock(ctx);
	return 0;
}

void event_close_all(struct ioasid_ctx *ctx)
{
	while (ctx->queues)
		ioasid_event_queue_destroy(ctx->queues);
}

IOASID_EXPORT int ioasid_event_queue_get_fd(const struct ioasid_event_queue *q)
{
	return q->fd;
}

void event_fd_set(int fd, bool readable)
{
	eventfd_t ignored;

	if (readable)
		eventfd_write(fd, 1);
	else
		eventfd_read(fd, &ignored);
}

static bool is_empty(const struct ioasid_event_queue *q)
{
	return !q->count && !q->lost;
}

static void renew_fds(const struct ioasid_event_queue *q)
{
	for (; q; q = q->next)
		event_fd_set(q->fd, !is_empty(q));
}

void event_renew_fds(const struct ioasid_ctx *ctx)
{
	const struct ioasid_viommu *v;

	renew_fds(ctx->queues);
	for (v = ctx->viommus; v; v = v->next)
		renew_fds(v->queues);
}

static void push(struct ioasid_event_queue *q, const struct ioasid_event *event)
{
	q->ring[(q->head + q->count++) % q->depth] = *event;
}

/*
 * A full ring loses what comes; the mark for it goes in front of the next event that fits. An event
 * of a vIOMMU says so itself, since a kernel's can only be taken whole.
 */
void event_queue_post(struct ioasid_event_queue *q, const struct ioasid_event *event)
{
	const struct ioasid_event mark = { .type = IOASID_EVENT_OVERFLOW, .lost = q->lost };
	bool was_empty = is_empty(q);
	bool marks = q->lost && !q->viommu;

	if (q->depth - q->count < 1u + marks) {
		q->lost++;
	} else {
		if (marks)
			push(q, &mark);
		q->lost = 0;
		push(q, event);
	}
	if (was_empty)
		event_fd_set(q->fd, true);
}

void event_post(struct ioasid_ctx *ctx, const struct ioasid_event *event)
{
	struct ioasid_event_queue *q;

	for (q = ctx->queues; q; q = q->next)
		event_queue_post(q, event);
}

static size_t read_kernel(struct ioasid_event_queue *q, struct ioasid_event *events, size_t n)
{
	size_t done;

	for (done = 0; done < n; done++)
		if (!q->ctx->ops->viommu->events_read(q, &events[done]))
			break;
	return done;
}

static size_t read_ring(struct ioasid_event_queue *q, struct ioasid_event *events, size_t n)
{
	size_t done = 0;

	while (done < n && q->count) {
		events[done++] = q->ring[q->head];
		q->head = (q->head + 1) % q->depth;
		q->count--;
	}
	if (done < n && q->lost) {
		events[done++] = (struct ioasid_event){ .type = IOASID_EVENT_OVERFLOW,
							.lost = q->lost };
		q->lost = 0;
	}
	if (done && is_empty(q))
		event_fd_set(q->fd, false);
	return done;
}

IOASID_EXPORT size_t ioasid_event_queue_read(struct ioasid_event_queue *q,
					     struct ioasid_event *events, size_t n)
{
	size_t done;

	ctx_lock(q->ctx);
	done = q->from_kernel ? read_kernel(q, events, n) : read_ring(q, events, n);
	ctx_unlock(q->ctx);
	return done;
}
