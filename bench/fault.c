/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A page fault of a device, from one thread to another and back: a DMA without a translation, a
 * page request that is read, a page that is mapped, a response, and the DMA that goes on. Against
 * the least that wakes two threads in the same way: an eventfd there, a condition variable back.
 */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "world.h"

#define FAULTS 256u	/* per sample */
#define PATIENCE 20	/* ms between two looks whether it is over */

struct pair {
	struct world w;
	struct ioasid_space_options options;
	struct ioasid_space *space;
	struct ioasid_channel *channel;
	bool stop;
	int there;		/* the reference's */
	pthread_mutex_t lock;
	pthread_cond_t back;
	bool waits;
};

/* Both threads are on one CPU: the time that they have been running together. */
static uint64_t both_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void answer(struct pair *p)
{
	struct ioasid_fault_queue *queue = p->options.fault_queue;
	struct ioasid_page_response response = { .code = IOASID_PAGE_RESPONSE_SUCCESS };
	struct ioasid_page_request request;

	if (ioasid_fault_queue_read(queue, &request, 1) != 1)
		return;
	check(ioasid_space_map(p->space, request.iova, p->w.memory + request.iova, PAGE, RW, NULL),
	      "map");
	response.id = request.id;
	check(ioasid_fault_queue_respond(queue, &response, 1), "respond");
}

static void answer_reference(struct pair *p)
{
	eventfd_t ignored;

	if (eventfd_read(p->there, &ignored))
		return;
	pthread_mutex_lock(&p->lock);
	p->waits = false;
	pthread_cond_signal(&p->back);
	pthread_mutex_unlock(&p->lock);
}

static void *answer_both(void *arg)
{
	struct pair *p = arg;
	struct pollfd fds[2] = {
		{ ioasid_fault_queue_get_fd(p->options.fault_queue), POLLIN, 0 },
		{ p->there, POLLIN, 0 },
	};

	while (!__atomic_load_n(&p->stop, __ATOMIC_RELAXED)) {
		if (poll(fds, 2, PATIENCE) <= 0)
			continue;
		if (fds[0].revents)
			answer(p);
		if (fds[1].revents)
			answer_reference(p);
	}
	return NULL;
}

static double faults(struct pair *p)
{
	uint64_t start = both_ns(), byte = 0, i;
	double ns;

	for (i = 0; i < FAULTS; i++)
		check(ioasid_dma_read(p->channel, i * PAGE, &byte, 1), "read");
	ns = (double)(both_ns() - start) / FAULTS;
	sink += byte;
	check(ioasid_space_unmap_all(p->space, NULL), "unmap");
	return ns;
}

static double ping_pong(struct pair *p)
{
	uint64_t start = both_ns(), i;

	for (i = 0; i < FAULTS; i++) {
		pthread_mutex_lock(&p->lock);
		p->waits = true;
		eventfd_write(p->there, 1);
		while (p->waits)
			pthread_cond_wait(&p->back, &p->lock);
		pthread_mutex_unlock(&p->lock);
	}
	return (double)(both_ns() - start) / FAULTS;
}

static void open_pair(struct pair *p)
{
	*p = (struct pair){ .options = IOASID_SPACE_OPTIONS_INIT };
	if (!world_open(&p->w, FAULTS * PAGE))
		need(NULL);
	check(ioasid_fault_queue_create(p->w.ctx, NULL, &p->options.fault_queue), "fault queue");
	check(ioasid_space_create(p->w.ctx, &p->options, &p->space), "space");
	check(ioasid_device_attach(p->w.devices[0], p->space), "attach");
	p->channel = world_channel(&p->w, 0);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->back, NULL);
	p->there = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->there < 0)
		need(NULL);
}

static void run(const struct measure *m)
{
	unsigned int i, todo = rounds(101);
	struct series *s = series_new(m);
	pthread_t other;
	struct pair p;

	open_pair(&p);
	if (pthread_create(&other, NULL, answer_both, &p))
		need(NULL);
	ping_pong(&p);
	faults(&p);
	for (i = 0; i < todo; i++) {
		double ref = ping_pong(&p);

		series_add(s, faults(&p), ref);
	}
	__atomic_store_n(&p.stop, true, __ATOMIC_RELAXED);
	pthread_join(other, NULL);
	series_report(s);
	close(p.there);
	world_close(&p.w);
}

static const struct measure measures[] = {
	{ "fault-round-trip", "ns", "eventfd there, condition variable back", AT_MOST_TIMES, 2.0 },
};

const struct group fault_group = { measures, N_ELEMENTS(measures), run };
