/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fault queues: page requests on their way to the program, and its responses on their way back. */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "emulated.h"

#define DEFAULT_DEPTH 256u

struct emu_queue {
	size_t waiting;	/* requests that have not been read */
};

int emu_queue_create(struct ioasid_fault_queue *q)
{
	struct emu_queue *eq = mem_calloc(1, sizeof(*eq));

	if (!eq)
		return err_set(ENOMEM, "no memory for a fault queue");
	q->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->fd < 0) {
		int err = errno;

		mem_free(eq);
		return err_set(err, "eventfd: %s", strerror(err));
	}
	if (!q->depth)
		q->depth = DEFAULT_DEPTH;
	q->backend = eq;
	return 0;
}

/* No space uses it, so nobody waits for it. */
void emu_queue_destroy(struct ioasid_fault_queue *q)
{
	close(q->fd);
	mem_free(q->backend);
}

size_t emu_queue_room(const struct ioasid_fault_queue *q)
{
	const struct emu_queue *eq = q->backend;

	return q->depth - eq->waiting;
}

void emu_queue_count(struct ioasid_fault_queue *q, long n)
{
	struct emu_queue *eq = q->backend;
	size_t before = eq->waiting;

	eq->waiting += (size_t)n;
	if (!before != !eq->waiting)
		event_fd_set(q->fd, eq->waiting);
}

/* The requests of a group, its last one marked. */
static void describe(const struct emu_request *r, struct ioasid_page_request *out)
{
	const struct ioasid_channel *ch = r->channel;
	unsigned int i, n = 0;

	for (i = 0; i < EMU_GROUP_PAGES && n < r->n_pages; i++) {
		if (!(r->pages[i / 64] >> i % 64 & 1))
			continue;
		n++;
		*out++ = (struct ioasid_page_request){
			.id = r->id, .cookie = ch->device->cookie,
			.iova = r->start + (uint64_t)i * PAGE,
			.requester = ch->device->info.requester, .pasid = ch->pasid,
			.space = r->space, .group = r->index, .access = r->access,
			.flags = (ch->pasid == IOASID_NO_PASID ? 0 : IOASID_PAGE_REQUEST_PASID) |
				 (n == r->n_pages ? IOASID_PAGE_REQUEST_LAST : 0),
		};
	}
}

int emu_queue_read(struct ioasid_fault_queue *q, struct ioasid_page_request *requests, size_t n)
{
	struct emulated *emu = q->ctx->backend;
	struct emu_link *link;
	size_t done = 0;

	for (link = emu->sent.next; link != &emu->sent; link = link->next) {
		struct emu_request *r = bits_container_of(link, struct emu_request, link);

		if (r->queue != q || r->state != EMU_REQUEST_SENT)
			continue;
		if (r->n_pages > n - done) {
			if (!done)
				return err_set(E2BIG, "the next group has %u page requests, there "
					       "is room for %zu", r->n_pages, n);
			break;
		}
		describe(r, requests + done);
		r->state = EMU_REQUEST_READ;
		emu_queue_count(q, -(long)r->n_pages);
		done += r->n_pages;
	}
	if (done)
		emu_requests_unpark(emu);
	return (int)done;
}

/* A group that was read and waits for its response; there are as many as threads that wait. */
static struct emu_request *find(const struct ioasid_fault_queue *q, uint64_t id)
{
	struct emulated *emu = q->ctx->backend;
	struct emu_link *link;

	for (link = emu->sent.next; link != &emu->sent; link = link->next) {
		struct emu_request *r = bits_container_of(link, struct emu_request, link);

		if (r->id == id && r->queue == q && r->state == EMU_REQUEST_READ)
			return r;
	}
	return NULL;
}

int emu_queue_respond(struct ioasid_fault_queue *q, const struct ioasid_page_response *responses,
		      size_t n)
{
	size_t done;

	for (done = 0; done < n; done++) {
		struct emu_request *r = find(q, responses[done].id);

		if (!r)
			break;
		if (responses[done].code == IOASID_PAGE_RESPONSE_FAILURE)
			emu_requests_fail(r->channel->device);
		else
			emu_request_finish(r, (int)responses[done].code);
	}
	if (n && !done)
		return err_set(EINVAL, "no group %llu waits for a response",
			       (unsigned long long)responses[0].id);
	return (int)done;
}
