/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page requests. The kernel's fault queue is a descriptor from which they are read, in whole
 * groups, and to which responses are written. It names a group by a cookie, the lowest that is
 * free: what a detach has answered is used again. So a group's id is that and a number of our own,
 * by which a response that comes too late is told from one to the next group with the cookie.
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "iommufd.h"
#include "uapi_fault.h"

#define USUAL_ROOM   512u	/* requests: as many as a group has (PCIe 6.0, 10.4.1) */
#define LARGEST_ROOM 65536u

struct iofd_queue {
	uint32_t id;
	uint32_t serial;		/* of the latest group */
	uint32_t *serials;		/* by cookie: of the group that was read; 0: none */
	size_t n_serials;
	size_t groups;			/* with a serial: at least those that wait for a response */
	struct uapi_pgfault *room;
	size_t n_room;
};

uint32_t iofd_queue_id(const struct ioasid_fault_queue *q)
{
	return ((const struct iofd_queue *)q->backend)->id;
}

static int why_no_queue(int error)
{
	switch (error) {
	case EMFILE:
	case ENFILE:
		return err_set(error, "fault queue: %s", strerror(error));
	case ENOMEM:
		return err_set(ENOMEM, "the kernel has no memory for a fault queue");
	default:
		return err_set(EOPNOTSUPP, "fault queue: refused by the kernel: %s",
			       strerror(error));
	}
}

int iofd_queue_create(struct ioasid_fault_queue *q)
{
	struct uapi_fault_alloc alloc = { .size = sizeof(alloc) };
	struct iofd_queue *iq;
	int ret;

	if (q->depth)
		return err_set(EOPNOTSUPP, "fault queue of %u: the kernel's has no such limit",
			       q->depth);
	if (q->timeout_ms)
		return err_set(EOPNOTSUPP, "fault queue: the kernel waits for responses without a "
			       "limit");
	iq = mem_calloc(1, sizeof(*iq));
	if (iq)
		iq->room = mem_calloc(USUAL_ROOM, sizeof(*iq->room));
	if (!iq || !iq->room) {
		mem_free(iq);
		return err_set(ENOMEM, "no memory for a fault queue");
	}
	iq->n_room = USUAL_ROOM;
	ret = iofd_ioctl(q->ctx, UAPI_FAULT_ALLOC, &alloc);
	if (ret) {
		mem_free(iq->room);
		mem_free(iq);
		return why_no_queue(-ret);
	}
	iq->id = alloc.out_fault_id;
	q->fd = (int)alloc.out_fault_fd;
	q->backend = iq;
	return 0;
}

/* The descriptor holds the queue. The kernel answers what is left. */
void iofd_queue_destroy(struct ioasid_fault_queue *q)
{
	struct iofd_queue *iq = q->backend;

	sys_close(q->fd);
	iofd_destroy_unlocked(q->ctx, iq->id);
	mem_free(iq->serials);
	mem_free(iq->room);
	mem_free(iq);
}

/* What is read must not be lost for want of memory: so that is there before. */
static int make_room(struct iofd_queue *iq, size_t requests)
{
	const size_t cookies = iq->groups + requests + 2;	/* they begin with 1 */
	struct uapi_pgfault *room;
	uint32_t *serials;

	if (cookies > iq->n_serials) {
		serials = mem_realloc(iq->serials, 2 * cookies * sizeof(*serials));
		if (!serials)
			return err_set(ENOMEM, "no memory to read page requests");
		memset(serials + iq->n_serials, 0,
		       (2 * cookies - iq->n_serials) * sizeof(*serials));
		iq->serials = serials;
		iq->n_serials = 2 * cookies;
	}
	if (requests > iq->n_room) {
		room = mem_realloc(iq->room, requests * sizeof(*room));
		if (!room)
			return err_set(ENOMEM, "no memory to read page requests");
		iq->room = room;
		iq->n_room = requests;
	}
	return 0;
}

static int answer(const struct ioasid_fault_queue *q, uint32_t cookie, uint32_t code)
{
	const struct uapi_page_response response = { cookie, code };

	return sys_write_fd(q->fd, &response, sizeof(response));
}

static const struct ioasid_device *find_device(const struct ioasid_ctx *ctx, uint32_t id)
{
	const struct ioasid_device *d = ctx->devices;

	while (d && iofd_device_id(d) != id)
		d = d->next;
	return d;
}

static void describe(const struct uapi_pgfault *f, const struct ioasid_device *d, uint64_t id,
		     struct ioasid_page_request *out)
{
	const uint32_t access = (f->perm & UAPI_PGFAULT_READ ? IOASID_READ : 0) |
				(f->perm & UAPI_PGFAULT_WRITE ? IOASID_WRITE : 0) |
				(f->perm & UAPI_PGFAULT_EXEC ? IOASID_EXECUTE : 0) |
				(f->perm & UAPI_PGFAULT_PRIV ? IOASID_PRIVILEGED : 0);
	const uint32_t pasid = f->flags & UAPI_PGFAULT_PASID ? f->pasid : IOASID_NO_PASID;

	*out = (struct ioasid_page_request){
		.id = id, .cookie = d->cookie, .iova = f->addr & ~(uint64_t)(PAGE - 1),
		.requester = d->info.requester, .pasid = pasid,
		.space = iofd_space_number(d, pasid),
		.group = f->grpid, .access = access,
		.flags = pasid == IOASID_NO_PASID ? 0 : IOASID_PAGE_REQUEST_PASID,
	};
}

/* A group of @n that was read. How many requests it makes: none if nobody can respond to it. */
static size_t take_group(struct ioasid_fault_queue *q, const struct uapi_pgfault *f, size_t n,
			 struct ioasid_page_request *out)
{
	const struct ioasid_device *d = find_device(q->ctx, f->dev_id);
	struct iofd_queue *iq = q->backend;
	uint64_t id;
	size_t i;

	if (!d || !f->cookie || f->cookie >= iq->n_serials) {
		ctx_log(q->ctx, LOG_ERR, "iommufd: page request of device %u, group %u: %s",
			f->dev_id, f->cookie, d ? "a number out of order" : "it is not bound here");
		answer(q, f->cookie, UAPI_RESPONSE_INVALID);
		return 0;
	}
	if (!iq->serials[f->cookie])
		iq->groups++;
	if (!++iq->serial)
		iq->serial++;
	iq->serials[f->cookie] = iq->serial;
	id = (uint64_t)iq->serial << 32 | f->cookie;
	for (i = 0; i < n; i++)
		describe(&f[i], d, id, &out[i]);
	out[n - 1].flags |= IOASID_PAGE_REQUEST_LAST;
	return n;
}

/* At most @room requests, in whole groups. 0: none wait; -EINVAL: more than @room; -errno. */
static int read_groups(struct ioasid_fault_queue *q, struct ioasid_page_request *out, size_t room,
		       size_t *done)
{
	const struct iofd_queue *iq = q->backend;
	int ret = sys_read_fd(q->fd, iq->room, room * sizeof(*iq->room));
	size_t n, i, end;

	if (ret <= 0)
		return ret;
	n = (size_t)ret / sizeof(*iq->room);
	for (i = 0; i < n && i < room; i = end) {
		for (end = i + 1; end < n && iq->room[end].cookie == iq->room[i].cookie; end++)
			;
		*done += take_group(q, &iq->room[i], end - i, out + *done);
	}
	return 1;
}

static int why_not_read(int error, size_t n)
{
	if (error == EINVAL)
		return err_set(E2BIG, "the next group has more page requests than %zu", n);
	return err_set(ENOMEM, "no page requests are read: %s", strerror(error));
}

int iofd_queue_read(struct ioasid_fault_queue *q, struct ioasid_page_request *requests, size_t n)
{
	struct iofd_queue *iq = q->backend;
	size_t done = 0, room = iq->n_room;
	int ret = 1;

	n = (size_t)bits_min(n, LARGEST_ROOM);
	while (ret > 0) {
		room = (size_t)bits_min(room, n - done);
		ret = make_room(iq, room);
		if (ret)
			return done ? (int)done : ret;
		ret = done && !room ? 0 : read_groups(q, requests, room, &done);
		/* Some device does not keep to the limit. */
		if (ret == -EINVAL && !done && room < n) {
			room = n;
			ret = 1;
		}
	}
	return ret && !done ? why_not_read(-ret, n) : (int)done;
}

static bool waits(const struct iofd_queue *iq, uint64_t id)
{
	const uint32_t cookie = (uint32_t)id;

	return id >> 32 && cookie < iq->n_serials && iq->serials[cookie] == id >> 32;
}

int iofd_queue_respond(struct ioasid_fault_queue *q, const struct ioasid_page_response *responses,
		       size_t n)
{
	struct iofd_queue *iq = q->backend;
	size_t done;

	for (done = 0; done < n; done++) {
		const struct ioasid_page_response *r = &responses[done];
		int ret;

		if (r->code == IOASID_PAGE_RESPONSE_FAILURE || !waits(iq, r->id))
			break;
		ret = answer(q, (uint32_t)r->id, r->code == IOASID_PAGE_RESPONSE_SUCCESS ?
						 UAPI_RESPONSE_SUCCESS : UAPI_RESPONSE_INVALID);
		iq->serials[(uint32_t)r->id] = 0;
		iq->groups--;
		if (ret)	/* a detach or a replace has answered it */
			break;
	}
	if (done || !n)
		return (int)done;
	if (responses[0].code == IOASID_PAGE_RESPONSE_FAILURE)
		return err_set(EOPNOTSUPP, "the kernel knows no response \"failure\"");
	return err_set(EINVAL, "no group 0x%llx waits for a response",
		       (unsigned long long)responses[0].id);
}
