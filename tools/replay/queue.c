/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* The guest's queue of commands: invalidations, and waits for them. */
#include "vmm.h"

/*
 * A guest that waits for many invalidations at once gets them as one batch. It may see them carried
 * out earlier than it asks for, so a batch does not have to grow without end.
 */
#define BATCH_ENTRIES 512

int vmm_submit(struct vmm *v)
{
	int ret;

	if (!ioasid_inv_get_count(v->batch))
		return 0;
	ret = ioasid_inv_submit(v->batch, NULL);
	ioasid_inv_reset(v->batch);
	v->submissions++;
	return ret;
}

/*
 * The entries that a device was looked up from may have changed. Spaces come and go here, so what
 * the batch holds for them is carried out before. One that fails leaves no other with what it had.
 */
static int refresh_devices(struct vmm *v, const union command *c)
{
	int ret = vmm_submit(v), error;

	for (size_t i = 0; i < v->n_devices; i++) {
		struct vmm_device *d = &v->devices[i];

		if (!v->kind->is_lookup_stale(c, d->sid, &d->translation))
			continue;
		error = vmm_refresh_device(v, d);
		ret = ret ? ret : error;
	}
	return ret;
}

/*
 * TLB invalidations name a domain-id or ASID, and several spaces can have the same one: the guest
 * reuses them, and a nested translation has two spaces.
 */
static int add_to_batch(struct vmm *v, const union command *c)
{
	int ret;

	for (struct vmm_table *t = v->tables; t; t = t->next) {
		ret = v->kind->add(c, &t->translation, v->batch, t->space);
		if (ret)
			return ret;
	}
	return ioasid_inv_get_count(v->batch) < BATCH_ENTRIES ? 0 : vmm_submit(v);
}

int vmm_command(struct vmm *v, const uint64_t *raw, size_t bytes, const char **why)
{
	union command c;
	int ret = v->kind->decode(&v->unit, raw, bytes, &c, why);

	if (ret)
		return ret;
	v->commands[v->kind->type(&c)]++;
	switch (v->kind->effect(&c)) {
	case EFFECT_LOOKUP:
		return refresh_devices(v, &c);
	case EFFECT_MAPPINGS:
		return add_to_batch(v, &c);
	case EFFECT_WAIT:
		/* When this has returned, no DMA uses what the guest took away: a VMM says so. */
		return vmm_submit(v);
	case EFFECT_NONE:
		break;
	}
	return 0;
}
