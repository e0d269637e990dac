/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DMA of the guest's devices, compared with what it may come to. */
#include <errno.h>

#include "guest.h"

static const char *text_of(const struct outcomes *out)
{
	static char text[1024];
	size_t n = 0, i;

	text[0] = 0;
	for (i = 0; i < out->n && n < sizeof(text) - 64; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %#jx/%u",
				      (uintmax_t)out->list[i].memory, out->list[i].perm);
	return text;
}

/* Whatever the tables say, this has to hold: it is the guest's memory, and mapped for that. */
static uint64_t memory_page(struct guest *g, const struct iovec *piece, uint32_t access)
{
	uint64_t page = (uint64_t)((uint8_t *)piece->iov_base - g->memory) / PAGE;
	size_t i;

	must((uint8_t *)piece->iov_base >= g->memory && page < MEMORY_PAGES, "%p, memory at %p",
	     piece->iov_base, (void *)g->memory);
	for (i = 0; i < g->at[ROOT].n_mappings; i++) {
		const struct mapping *m = &g->at[ROOT].mappings[i];

		if (page - m->target < m->length && (m->perm & access) == access)
			return page;
	}
	must(false, "memory page %#jx is not mapped for access %u", (uintmax_t)page, access);
	return NOWHERE;
}

static uint64_t translate(struct guest *g, int s, uint64_t page, uint32_t access)
{
	struct ioasid_channel *channel = g->at[s].channel;
	struct iovec piece;
	uint64_t at = NOWHERE;
	int rc;

	must_succeed(ioasid_dma_begin(channel));
	rc = ioasid_dma_translate(channel, page * PAGE, PAGE, access, &piece, 1);
	must(rc == 1 || rc == -EFAULT, "translate is %d: %s", rc, ioasid_errmsg());
	if (rc == 1) {
		at = memory_page(g, &piece, access);
		if (access & IOASID_WRITE)
			note_write(g, at);
		must(piece.iov_len == PAGE, "%zu bytes", piece.iov_len);
	}
	ioasid_dma_end(channel);
	return at;
}

/* What the queue has to say about one DMA. */
static void check_events(struct guest *g, int s, uint64_t page, uint32_t access, uint64_t got,
			 const struct outcomes *out)
{
	bool faulted = false, missing = false;
	struct outcomes now;
	struct ioasid_event e;

	if (!g->queue)
		return;
	while (ioasid_event_queue_read(g->queue, &e, 1)) {
		must(e.cookie == (uint64_t)s && e.iova == page * PAGE && e.access == access,
		     "an event of another DMA");
		faulted |= e.type == IOASID_EVENT_FAULT;
		missing |= e.type == IOASID_EVENT_MISSING_INVALIDATION;
		if (e.type == IOASID_EVENT_MISSING_INVALIDATION)
			must(e.old_entry != e.new_entry, "entry %#jx", (uintmax_t)e.new_entry);
	}
	must(faulted == (got == NOWHERE), "fault recorded: %d", faulted);
	must(!missing || (g->audit && (out->several || out->any)), "nothing has been changed");
	find_outcomes(g, s, page, true, &now);
	if (g->audit && s == FIRST && got != NOWHERE)
		must(missing || is_outcome(&now, got, access), "memory page %#jx, now %s",
		     (uintmax_t)got, text_of(&now));
}

/* What has just been used is listed. */
static void check_list(struct guest *g, int s, uint64_t page, uint32_t perm)
{
	uint64_t cursor = page * PAGE;
	struct ioasid_run run = { 0 };
	bool done = false;
	size_t n = ioasid_space_query_runs(g->at[s].space, &cursor, page * PAGE + PAGE - 1, &run, 1,
					   &done);

	must(n == 1 && run.iova <= page * PAGE && run.length >= PAGE && run.perm == perm,
	     "space %d, page %#jx: %zu runs, at %#jx, perm %u, expected %u", s, (uintmax_t)page, n,
	     (uintmax_t)run.iova, run.perm, perm);
}

uint64_t probe(struct guest *g, int s, uint64_t page)
{
	uint64_t reads = NOWHERE;
	uint32_t access, perm = 0;
	struct outcomes out;

	find_outcomes(g, s, page, false, &out);
	for (access = 1; access <= RW; access++) {
		uint64_t got = translate(g, s, page, access);

		trace("%ju: space %d, DMA %u at %#jx: %#jx", (uintmax_t)g->time, s, access,
		      (uintmax_t)page, (uintmax_t)got);
		must(is_outcome(&out, got, access),
		     "space %d, page %#jx, access %u: memory page %#jx, may be:%s", s,
		     (uintmax_t)page, access, (uintmax_t)got, text_of(&out));
		check_events(g, s, page, access, got, &out);
		perm |= got == NOWHERE ? 0 : access;
		if (access == IOASID_READ)
			reads = got;
	}
	/* An IOTLB has what the latest of them came by, and that can be less. */
	if (perm && !g->at[s].hardware)
		check_list(g, s, page, perm);
	return reads;
}
