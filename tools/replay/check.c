/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* After a step: is each device's space what is expected? */
#include <stdlib.h>
#include <string.h>

#include "dma.h"
#include "replay.h"

/* The device's expected runs: they stand together. */
static const struct capture_run *runs_of(const struct capture_step *s, uint16_t sid, size_t *n)
{
	size_t first = 0;

	while (first < s->n_runs && s->runs[first].sid != sid)
		first++;
	*n = 0;
	while (first + *n < s->n_runs && s->runs[first + *n].sid == sid)
		++*n;
	return s->runs + first;
}

/* What the device is translated to; passed through, it is guest memory at its own addresses. */
static int list_device(const struct replay *r, const struct vmm_device *d,
		       struct ioasid_run **runs, size_t *n)
{
	const struct ioasid_space *space = ioasid_device_get_space(d->device);
	int ret;

	*runs = NULL;
	*n = 0;
	if (!space)
		return 0;
	ret = list_runs(space, runs, n);
	if (space == r->guest.space)
		for (size_t i = 0; i < *n; i++)
			(*runs)[i].target = (*runs)[i].iova;
	return ret;
}

static void found(void *data, enum difference what, const struct ioasid_run *expected,
		  const struct ioasid_run *listed)
{
	report_difference(data, what, expected, listed);
}

/* A DMA has to come out where the list says. */
static size_t check_dma(struct replay *r, const struct ioasid_run *listed, size_t n)
{
	size_t differing = 0;

	for (size_t i = 0; i < n; i++) {
		if (touch_run(r->channels[r->device], &r->guest, &listed[i], r->audit) == TOUCH_OK)
			continue;
		report_difference(r, DIFFERENCE_DMA, &listed[i], NULL);
		differing++;
	}
	return differing;
}

static int check_device(struct replay *r, const struct capture_step *s)
{
	const struct vmm_device *d = &r->vmm.devices[r->device];
	struct comparison how = {
		.found = found,
		.data = r,
		.not_filled = r->lacks_new_mappings ? &r->step_not_filled : NULL,
	};
	const struct capture_run *expected;
	struct ioasid_run *listed;
	size_t n_expected, n_listed;
	int ret;

	expected = runs_of(s, d->sid, &n_expected);
	/* What is filled on demand is there once a DMA has used it; the audit looks at each DMA. */
	if (r->fill == IOASID_FILL_ON_DEMAND || r->audit)
		for (size_t i = 0; i < n_expected; i++)
			touch_run(r->channels[r->device], &r->guest, &expected[i].run, r->audit);
	ret = list_device(r, d, &listed, &n_listed);
	if (!ret && !r->capture->lacks_maps)
		r->step_differing += compare_runs(&how, expected, n_expected, listed, n_listed);
	if (!ret)
		r->step_differing += check_dma(r, listed, n_listed);
	if (r->audit)
		audit_report(r);
	free(listed);
	return ret;
}

int check_step(struct replay *r)
{
	const struct capture_step *s = &r->capture->steps[r->step];
	int ret = 0;

	for (r->device = 0; !ret && r->device < r->vmm.n_devices; r->device++)
		ret = check_device(r, s);
	r->totals.runs += s->n_runs;
	r->totals.differing += r->step_differing;
	return ret;
}
