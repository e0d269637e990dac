/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Missing invalidations, as the library names them. */
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "replay.h"

#define QUEUE_EVENTS 65536

struct seen {
	uint32_t requester;
	uint64_t iova, old_entry, new_entry;
};

struct audit {
	struct ioasid_event_queue *queue;
	/* When each descriptor had been carried out, by CLOCK_MONOTONIC. */
	uint64_t *times;
	size_t n_times, times_room;
	/* What was named before, a tree of tsearch(3). */
	void *seen;
};

int audit_open(struct replay *r)
{
	struct audit *a = xrealloc(NULL, 1, sizeof(*a));
	int ret;

	if (!ioasid_ctx_has(r->ctx, IOASID_CAP_AUDIT)) {
		free(a);
		return fail("no audit: %s", ioasid_ctx_why_not(r->ctx, IOASID_CAP_AUDIT));
	}
	memset(a, 0, sizeof(*a));
	r->audit = a;
	ret = ioasid_event_queue_create(r->ctx, QUEUE_EVENTS, &a->queue);
	return ret ? fail_call(ret, "an event queue") : 0;
}

void audit_close(struct audit *a)
{
	if (!a)
		return;
	if (a->queue)
		ioasid_event_queue_destroy(a->queue);
	free(a->times);
	tdestroy(a->seen, free);
	free(a);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Descriptors without a mark were left out: they count as carried out with the next. */
void audit_mark(struct audit *a, uint64_t position)
{
	uint64_t time = now();

	while (a->n_times <= position) {
		a->times = grow(a->times, a->n_times, &a->times_room, sizeof(*a->times));
		a->times[a->n_times++] = time;
	}
}

/* The descriptor that was at work at a time: the first that was done then or later. 0: never. */
static uint64_t descriptor_at(const struct audit *a, uint64_t time)
{
	size_t low = 0, high = a->n_times, middle;

	if (!time)
		return UINT64_MAX;
	while (low < high) {
		middle = low + (high - low) / 2;
		if (a->times[middle] < time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first address that the entry is for: 9 bits for each level above the pages of 4096 bytes. */
static uint64_t start_of_entry(const struct ioasid_event *event)
{
	uint32_t level = event->level > 1 && event->level <= 5 ? event->level : 1;

	return event->iova & -((uint64_t)PAGE_BYTES << 9 * (level - 1));
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_seen(const void *left, const void *right)
{
	const struct seen *a = left, *b = right;
	int order = compare(a->requester, b->requester);

	order = order ? order : compare(a->iova, b->iova);
	order = order ? order : compare(a->old_entry, b->old_entry);
	return order ? order : compare(a->new_entry, b->new_entry);
}

static bool is_new(struct audit *a, const struct ioasid_event *event)
{
	struct seen *seen = xrealloc(NULL, 1, sizeof(*seen)), **found;

	*seen = (struct seen){
		.requester = event->requester,
		.iova = start_of_entry(event),
		.old_entry = event->old_entry,
		.new_entry = event->new_entry,
	};
	found = tsearch(seen, &a->seen, compare_seen);
	if (!found)
		out_of_memory();
	if (*found != seen)
		free(seen);
	return *found == seen;
}

void audit_report(struct replay *r)
{
	struct ioasid_event events[64];
	struct audit *a = r->audit;
	size_t n;

	while ((n = ioasid_event_queue_read(a->queue, events, 64))) {
		for (size_t i = 0; i < n; i++) {
			const struct ioasid_event *e = &events[i];

			if (e->type == IOASID_EVENT_OVERFLOW)
				r->totals.unnamed += e->lost;
			if (e->type != IOASID_EVENT_MISSING_INVALIDATION || !is_new(a, e))
				continue;
			r->totals.named++;
			report_missing(r, e, descriptor_at(a, e->last_invalidated));
		}
	}
}
