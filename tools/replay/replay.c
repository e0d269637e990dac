/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of a pass. */
#include <inttypes.h>
#include <string.h>

#include "replay.h"

/* Descriptors between two signs of life. */
#define PROGRESS_INTERVAL 1024

static int feed_descriptor(struct replay *r, const unsigned char *raw)
{
	const char *why = NULL;
	size_t bytes = r->capture->descriptor_bytes;
	uint64_t quads[4] = { 0 };
	int ret;

	for (size_t i = 0; i < bytes / 8; i++)
		quads[i] = get_le64(raw + 8 * i);
	if (r->position == r->options->drop) {
		report_dropped(r, quads);
		return 0;
	}
	ret = vmm_command(&r->vmm, quads, bytes, &why);
	if (ret && why)
		return fail("%03zu.inv: offset %" PRIu64 ": %s", r->step,
			    r->step_descriptors * bytes, why);
	if (ret)
		return fail_call(ret, "%03zu.inv: offset %" PRIu64, r->step,
				 r->step_descriptors * bytes);
	return 0;
}

static int feed_step(struct replay *r)
{
	const struct capture_step *s = &r->capture->steps[r->step];
	const unsigned char *raw = s->inv;
	int ret;

	for (size_t i = 0; i < s->n_inv; i++, raw += r->capture->descriptor_bytes) {
		if (i % PROGRESS_INTERVAL == 0)
			report_progress(r);
		if (feed_descriptor(r, raw))
			return -1;
		if (r->audit)
			audit_mark(r->audit, r->position);
		r->position++;
		r->step_descriptors++;
	}
	ret = vmm_submit(&r->vmm);
	return ret ? fail_call(ret, "step %03zu: its last invalidations", r->step) : 0;
}

static int run_step(struct replay *r)
{
	r->step_descriptors = 0;
	r->step_differing = 0;
	r->step_shown = 0;
	r->step_named = 0;
	r->step_not_filled = 0;
	guest_load(&r->guest, &r->capture->steps[r->step]);
	if (feed_step(r) || check_step(r))
		return -1;
	report_step(r);
	r->totals.steps++;
	r->totals.descriptors += r->step_descriptors;
	return 0;
}

int replay_pass(const struct options *o, const struct capture *c, enum ioasid_fill fill,
		struct totals *totals)
{
	struct replay r = { .options = o, .capture = c, .fill = fill };
	int ret;

	r.lacks_new_mappings =
		fill == IOASID_FILL_ON_INVALIDATION && !c->new_mappings_are_invalidated;
	ret = platform_open(&r);
	if (!ret)
		report_pass(&r);
	for (r.step = 0; !ret && r.step < c->n_steps && r.step <= o->last_step; r.step++)
		ret = run_step(&r);
	if (!ret)
		report_queue(&r);
	platform_close(&r);
	/* A second pass sees the same steps; what differs there is another matter. */
	totals->steps = r.totals.steps;
	totals->descriptors = r.totals.descriptors;
	totals->runs = r.totals.runs;
	totals->differing += r.totals.differing;
	totals->named += r.totals.named;
	totals->unnamed += r.totals.unnamed;
	return ret;
}
