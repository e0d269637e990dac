/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fault queues. There is one thread, so nobody responds while a DMA waits: each queue has a time,
 * the shortest there is, and what was asked for is gone when the DMA is over.
 */
#include "calls.h"

static void call_create(struct world *w, unsigned int kind)
{
	static const struct may_fail create = { "fault_queue_create", { E2BIG, EINVAL } };
	struct ioasid_fault_queue_options options = IOASID_FAULT_QUEUE_OPTIONS_INIT;
	int rc;

	options.depth = kind < 250 ? kind % 8 : UINT32_MAX - kind;
	options.timeout_ms = 1;
	options.size = kind == 249 ? 1 : options.size;
	rc = ioasid_fault_queue_create(w->ctx, &options, &w->faults);
	must((rc == 0) == (w->faults != NULL), "%d", rc);
	check_call(w, &create, rc);
}

static void call_destroy(struct world *w)
{
	static const struct may_fail destroy = { "fault_queue_destroy", { EBUSY } };
	struct ioasid_fault_queue *faults = w->faults;
	int rc = ioasid_fault_queue_destroy(faults);

	w->faults = rc ? faults : NULL;
	check_call(w, &destroy, rc);
}

static void call_respond(struct world *w, struct input *in, unsigned int kind)
{
	static const struct may_fail may = { "fault_queue_respond", { EINVAL } };
	struct ioasid_page_response responses[2];
	struct ioasid_page_request request;
	unsigned int i;
	int rc;

	rc = ioasid_fault_queue_read(w->faults, &request, kind % 2);
	must(!rc, "%d requests of nobody", rc);
	for (i = 0; i < 2; i++) {
		responses[i].id = take8(in);
		responses[i].code = take8(in) % 8;
		responses[i].reserved = kind == 255;
	}
	rc = ioasid_fault_queue_respond(w->faults, responses, kind % 3);
	must(rc == (kind % 3 ? -EINVAL : 0), "%d", rc);
	check_call(w, &may, rc);
}

void call_faults(struct world *w, unsigned int c, struct input *in)
{
	static const struct may_fail prefault = {
		"dma_prefault", { EDEADLK, EFAULT, EINVAL, EOVERFLOW, ETIMEDOUT }
	};
	unsigned int kind = take8(in);
	uint64_t iova, length;

	if (kind < 96 && w->channels[c]) {
		iova = kind < 80 ? take8(in) % 64 * PAGE : take(in, 8);
		length = take(in, 2);
		check_call(w, &prefault,
			   ioasid_dma_prefault(w->channels[c], iova, length, take8(in) % 5));
	} else if (!w->faults) {
		call_create(w, kind);
	} else if (kind < 128) {
		call_destroy(w);
	} else {
		call_respond(w, in, kind);
	}
}
