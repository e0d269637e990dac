/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The side of the device: which pages it asks for, and how it waits for the response. */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "emulated.h"

static struct emu_request *request_of(struct emu_link *link)
{
	return bits_container_of(link, struct emu_request, link);
}

static void put_last(struct emu_link *head, struct emu_link *link)
{
	link->next = head;
	link->prev = head->prev;
	head->prev->next = link;
	head->prev = link;
}

static void take_off(struct emu_link *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
}

void emu_requests_init(struct emulated *emu)
{
	emu->sent.next = emu->sent.prev = &emu->sent;
	emu->parked.next = emu->parked.prev = &emu->parked;
}

static void wake(struct emu_request *r, int answer)
{
	take_off(&r->link);
	r->answer = answer;
	pthread_cond_signal(&r->wake);
}

void emu_request_finish(struct emu_request *r, int answer)
{
	struct emu_device *ed = r->channel->device->backend;
	struct emulated *emu = r->channel->device->ctx->backend;

	wake(r, answer);
	if (r->state == EMU_REQUEST_PARKED)
		return;
	if (r->state == EMU_REQUEST_SENT)
		emu_queue_count(r->queue, -(long)r->n_pages);
	ed->requests -= r->n_pages;
	ed->groups[r->index / 64] &= ~(UINT64_C(1) << r->index % 64);
	emu_requests_unpark(emu);
}

void emu_requests_unpark(struct emulated *emu)
{
	while (emu->parked.next != &emu->parked)
		wake(request_of(emu->parked.next), EMU_ANSWER_AGAIN);
}

/* Ends the groups of a list that are the device's; @route: and of that route, unless it is NULL. */
static void finish_all(struct emu_link *head, const struct ioasid_device *device,
		       const struct emu_route *route, int answer)
{
	struct emu_link *link, *next;

	for (link = head->next; link != head; link = next) {
		struct emu_request *r = request_of(link);

		next = link->next;
		if (r->channel->device == device && (!route || r->channel->route == route))
			emu_request_finish(r, answer);
	}
}

/*
 * The device gives up the requests, and knows no response that comes later (VT-d 5.10, 7.9). What
 * the DMA finds when it looks again decides about it. First those that are parked: the others
 * that end would wake them.
 */
void emu_requests_drop(struct ioasid_device *device, const struct emu_route *route)
{
	struct emulated *emu = device->ctx->backend;

	finish_all(&emu->parked, device, route, EMU_ANSWER_MOVED);
	finish_all(&emu->sent, device, route, EMU_ANSWER_MOVED);
}

/* "Response failure" disables the page request interface of the function (PCIe 6.0, 10.4.2.1). */
void emu_requests_fail(struct ioasid_device *device)
{
	struct emulated *emu = device->ctx->backend;
	struct emu_device *ed = device->backend;

	ed->requests_off = true;
	finish_all(&emu->parked, device, NULL, IOASID_PAGE_RESPONSE_FAILURE);
	finish_all(&emu->sent, device, NULL, IOASID_PAGE_RESPONSE_FAILURE);
	ctx_log(device->ctx, LOG_WARNING, "%s: page requests are disabled: response failure",
		device->name);
}

void emu_requests_allow(struct ioasid_device *device)
{
	struct emu_device *ed = device->backend;

	ed->requests_off = false;
}

/*
 * Does a translation request of the device come back with success and without permission, so that
 * it may ask for the page, or with an error? VT-d 5.10, 7.1.3, the columns of translation requests:
 * what is absent or not permitted, at either stage, is of the first kind, and so is an address that
 * is too wide (SGN.1, SGN.5). Malformed entries are in first-stage tables (SFS.3), not in
 * second-stage ones (SSS.3), and tables out of reach likewise (SFS.1, SSS.1). Other formats are
 * taken for the like of first-stage tables, as SMMUv3 has it (3.9.1: translation, address size, and
 * stage 2 faults of table walks).
 */
static bool is_recoverable(const struct ioasid_space *space, int reason)
{
	const struct pgt_pair *bound = nest_bound(space);

	switch (reason) {
	case IOASID_FAULT_MALFORMED_ENTRY:
	case IOASID_FAULT_TABLE_NOT_MAPPED:
		return bound && bound->low.id != PGT_VTD_SS;
	default:
		return true;
	}
}

/* Has the device page requests, and the space somebody to respond? */
static bool has_requests(const struct ioasid_channel *ch)
{
	const struct ioasid_space *space = emu_space(ch);
	const struct emu_device *ed = ch->device->backend;

	return ch->route->space && space->faults && ch->device->info.page_requests &&
	       !ed->requests_off;
}

/* Where not-present entries are cached too, a guest leaves no invalidation out. */
static bool leaves_out_invalidations(const struct ioasid_space *space)
{
	const struct shadow_tree *tree = &space->shadow.tree;

	return nest_bound(space) && (tree->mode != SHADOW_GUEST || tree->on_demand);
}

bool emu_request_upgrades(const struct ioasid_channel *ch)
{
	return has_requests(ch) && leaves_out_invalidations(ch->route->space);
}

/* How many pages the device may ask for now, in one group. */
static unsigned int room_for(const struct ioasid_channel *ch, const struct ioasid_fault_queue *q)
{
	const struct emu_device *ed = ch->device->backend;

	return (unsigned int)bits_min(ed->device->page_requests - ed->requests, emu_queue_room(q));
}

/*
 * The pages of the DMA from ask->iova on that have no translation either: as many as there is room
 * for, and in a stretch of EMU_GROUP_PAGES.
 */
static void collect(struct emu_request *r, const struct emu_ask *ask, unsigned int room)
{
	uint64_t last = ask->iova + ask->length - 1, i;
	bool asks = r->channel->asks;

	r->channel->asks = true;
	r->start = ask->iova & ~(uint64_t)(PAGE - 1);
	for (i = 0; i < EMU_GROUP_PAGES && r->n_pages < room; i++) {
		struct iopt_hit hit;
		int reason;

		if (i * PAGE > last - r->start)
			break;
		if (i) {
			reason = emu_look(r->channel, r->start + i * PAGE, ask->access, &hit);
			if (!reason)
				continue;
			if (reason < 0 || !is_recoverable(r->channel->route->space, reason))
				break;
		}
		r->pages[i / 64] |= UINT64_C(1) << i % 64;
		r->n_pages++;
	}
	r->channel->asks = asks;
}

static void send(struct emu_request *r)
{
	struct emu_device *ed = r->channel->device->backend;
	struct emulated *emu = r->channel->device->ctx->backend;
	unsigned int i;

	/* There are as many indices as requests that can be out. */
	for (i = 0; ed->groups[i / 64] >> i % 64 & 1; i++)
		;
	ed->groups[i / 64] |= UINT64_C(1) << i % 64;
	ed->requests += r->n_pages;
	r->index = i;
	r->id = ++emu->latest_group;
	r->state = EMU_REQUEST_SENT;
	put_last(&emu->sent, &r->link);
	emu_queue_count(r->queue, (long)r->n_pages);
}

static void set_deadline(struct emu_ask *ask, uint32_t timeout_ms)
{
	long ns;

	clock_gettime(CLOCK_MONOTONIC, &ask->deadline);
	ns = ask->deadline.tv_nsec + (long)(timeout_ms % 1000) * 1000000;
	ask->deadline.tv_sec += (time_t)(timeout_ms / 1000) + ns / 1000000000;
	ask->deadline.tv_nsec = ns % 1000000000;
	ask->timed = true;
}

static void wait_for_answer(struct emu_request *r, const struct emu_ask *ask)
{
	pthread_mutex_t *lock = &r->channel->device->ctx->lock;
	int err = 0;

	while (!r->answer && !err)
		err = ask->timed ? pthread_cond_timedwait(&r->wake, lock, &ask->deadline) :
				   pthread_cond_wait(&r->wake, lock);
	if (!r->answer)
		emu_request_finish(r, EMU_ANSWER_TIMEOUT);
}

static void wake_init(pthread_cond_t *wake)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(wake, &attr);
	pthread_condattr_destroy(&attr);
}

/*
 * Sends what there is room for and waits. Without room the IOMMU drops the request, and answers
 * "success" itself (VT-d 5.10, 7.4.1, table of error conditions; SMMUv3, 8.1): the device tries
 * again. Here it waits with that until there is room.
 */
static void send_and_wait(struct emu_request *r, struct emu_ask *ask)
{
	struct ioasid_ctx *ctx = r->channel->device->ctx;
	struct emulated *emu = ctx->backend;
	unsigned int room = room_for(r->channel, r->queue);

	if (room) {
		collect(r, ask, room);
		send(r);
	} else {
		put_last(&emu->parked, &r->link);
	}
	if (!r->queue->timeout_ms)
		ask->timed = false;
	else if (!ask->timed)
		set_deadline(ask, r->queue->timeout_ms);
	emu_leave(r->channel);
	wake_init(&r->wake);
	wait_for_answer(r, ask);
	pthread_cond_destroy(&r->wake);
}

/*
 * A page request invalidates what the IOMMU has cached for its page (VT-d 5.10, 6.5.3.1), so that a
 * guest may give a page more permission without an invalidation (6.5.3.5). It is done before the
 * device looks again, which is late enough for all that the guest did. Not in flight.
 */
static void invalidate(struct ioasid_space *space, const struct emu_request *r)
{
	struct reap reap = { 0 };
	uint64_t i;

	if (!leaves_out_invalidations(space))
		return;
	space->nest->begin(space, 0);
	for (i = 0; i < EMU_GROUP_PAGES; i++) {
		uint64_t page = r->start + i * PAGE;

		/* What cannot be had for want of memory the DMA will notice. */
		if (r->pages[i / 64] >> i % 64 & 1)
			space->nest->invalidate(space, page, page + PAGE - 1, false, &reap);
	}
	if (reap_waits(&reap)) {
		struct ioasid_ctx *ctx = space->ctx;

		ctx_unlock_drain(ctx, &reap);
		ctx_lock(ctx);
	}
}

int emu_request(struct ioasid_channel *ch, struct emu_ask *ask, int reason)
{
	struct emu_request r;

	if (!has_requests(ch) || !is_recoverable(ch->route->space, reason) ||
	    ask->tries == EMU_REQUEST_TRIES)
		return reason;
	if (!emu_can_drain(ch->device->ctx))
		return err_set(EAGAIN, "%s: DMA at 0x%llx would wait for a page: end the section, "
			       "call ioasid_dma_prefault(), and begin again", ch->device->name,
			       (unsigned long long)ask->iova);
	memset(&r, 0, sizeof(r));
	r.channel = ch;
	r.queue = emu_space(ch)->faults;
	r.space = emu_space(ch)->id;
	r.access = ask->access;
	send_and_wait(&r, ask);
	if (r.answer == IOASID_PAGE_RESPONSE_SUCCESS || r.answer == EMU_ANSWER_MOVED)
		ask->timed = false;
	if (r.answer == IOASID_PAGE_RESPONSE_SUCCESS) {
		ask->tries++;
		if (ch->route->space)
			invalidate(ch->route->space, &r);
	}
	emu_enter(ch);
	switch (r.answer) {
	case IOASID_PAGE_RESPONSE_INVALID:
		return IOASID_FAULT_REQUEST_INVALID;
	case IOASID_PAGE_RESPONSE_FAILURE:
		return IOASID_FAULT_REQUEST_FAILURE;
	case EMU_ANSWER_TIMEOUT:
		return IOASID_FAULT_REQUEST_TIMEOUT;
	default:
		return 0;
	}
}
