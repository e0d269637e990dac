/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page requests (PCIe 6.0, 10.4): a thread whose DMA finds no translation sends a group of them to
 * the fault queue of the space, and waits for the response. The group is on that thread's stack.
 * Everything here is under the lock of the context, so that no wake-up is lost; a thread that waits
 * gives up the lock and the mark of its channel.
 */
#ifndef EMULATED_REQUEST_H
#define EMULATED_REQUEST_H

#include <pthread.h>
#include <time.h>

#include <ioasid/fault.h>

struct emulated;
struct emu_route;

#define EMU_GROUP_PAGES 512u

/* As often a DMA asks for one page: "success" does not say that the page is still there. */
#define EMU_REQUEST_TRIES 8u

/* A circular list, through its head. */
struct emu_link {
	struct emu_link *next, *prev;
};

enum emu_request_state {
	EMU_REQUEST_PARKED,	/* not sent: waits for room */
	EMU_REQUEST_SENT,	/* in the queue */
	EMU_REQUEST_READ,	/* and out of it */
};

/* What became of a group: the values of enum ioasid_page_response_code, or one of these. */
enum emu_answer {
	EMU_ANSWER_NONE = 0,
	EMU_ANSWER_AGAIN = 16,	/* look again: there is room now; */
	EMU_ANSWER_MOVED,	/* or the device was moved, where another queue has its own time */
	EMU_ANSWER_TIMEOUT,
};

/* A group, and the thread that waits for it. */
struct emu_request {
	struct emu_link link;
	struct ioasid_channel *channel;
	struct ioasid_fault_queue *queue;
	uint64_t id;
	uint64_t start;				/* the first page, and of those behind it ... */
	uint64_t pages[EMU_GROUP_PAGES / 64];	/* ... bit n: page n is asked for */
	unsigned int n_pages;
	unsigned int index;			/* as the device numbers its groups */
	uint32_t space;				/* number */
	uint32_t access;
	enum emu_request_state state;
	int answer;
	pthread_cond_t wake;
};

/* What a DMA, or a part of it, wants. */
struct emu_ask {
	uint64_t iova, length;
	uint32_t access;
	unsigned int tries;		/* so far, for the page at iova */
	bool timed;
	struct timespec deadline;	/* if timed */
};

/*
 * The DMA found no translation for ask->iova, for @reason, an enum ioasid_fault_reason. If pages
 * can be asked for it does that, and waits. 0: look again; a reason: the DMA faults; or err_set():
 * -EAGAIN.
 */
int emu_request(struct ioasid_channel *ch, struct emu_ask *ask, int reason);

/* May the guest give more permission without an invalidation? For the device asks for the page. */
bool emu_request_upgrades(const struct ioasid_channel *ch);

void emu_requests_init(struct emulated *emu);
/* The requests of the route go elsewhere from now on: who waits for a response looks again. */
void emu_requests_drop(struct ioasid_device *device, const struct emu_route *route);
/* The device may send page requests again after a "failure". */
void emu_requests_allow(struct ioasid_device *device);

/* The group is over: takes it off its list and wakes its thread. */
void emu_request_finish(struct emu_request *request, int answer);
/* All groups of the device, and those that it would send, are answered "failure". */
void emu_requests_fail(struct ioasid_device *device);
/* There may be room: for those who wait for it. */
void emu_requests_unpark(struct emulated *emu);

/* queue.c: a fault queue, as backend.h has it */
int emu_queue_create(struct ioasid_fault_queue *queue);
void emu_queue_destroy(struct ioasid_fault_queue *queue);
int emu_queue_read(struct ioasid_fault_queue *queue, struct ioasid_page_request *requests,
		   size_t n);
int emu_queue_respond(struct ioasid_fault_queue *queue,
		      const struct ioasid_page_response *responses, size_t n);
/* How many requests more it takes. */
size_t emu_queue_room(const struct ioasid_fault_queue *queue);
/* So many requests come in, or go out. */
void emu_queue_count(struct ioasid_fault_queue *queue, long n);

#endif
