/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Invalidation batches, as they are carried out: what is next to each other goes together. */
#include <errno.h>
#include <time.h>

#include "attach.h"
#include "inv.h"
#include "sink.h"

static struct ioasid_device *find_device(const struct ioasid_ctx *ctx, uint64_t serial)
{
	struct ioasid_device *device;

	for (device = ctx->devices; device; device = device->next)
		if (device->serial == serial)
			return device;
	return NULL;
}

/* The device that an entry names; NULL and err_set(ENOENT): it is gone. */
static struct ioasid_device *device_of(const struct ioasid_ctx *ctx, const struct inv_entry *e,
				       size_t index)
{
	struct ioasid_device *device = find_device(ctx, e->serial);

	if (!device)
		err_set(ENOENT, "entry %zu: its device is gone", index);
	return device;
}

/* What it uses for the entry's PASID; NULL and err_set(ENOENT): nothing, or it is gone. */
static struct ioasid_space *used_space(const struct ioasid_ctx *ctx, const struct inv_entry *e,
				       size_t index)
{
	const struct ioasid_device *device = device_of(ctx, e, index);
	struct ioasid_space *space = device ? device_space(device, e->id) : NULL;

	if (space || !device)
		return space;
	if (e->id == IOASID_NO_PASID)
		err_set(ENOENT, "entry %zu: %s is not attached", index, device->name);
	else
		err_set(ENOENT, "entry %zu: %s is not attached for PASID %u", index, device->name,
			e->id);
	return NULL;
}

/* The space that an entry names; NULL: it is gone. */
static inline struct ioasid_space *space_of(const struct ioasid_ctx *ctx,
					    const struct inv_entry *e)
{
	struct ioasid_space *space = e->id < ctx->n_spaces ? ctx->spaces[e->id] : NULL;

	return space && space->serial == e->serial ? space : NULL;
}

/* The one space that an entry is about; -errno if there is none. */
static int find_space(const struct ioasid_ctx *ctx, const struct inv_entry *e, size_t index,
		      struct ioasid_space **out)
{
	const bool named = e->kind == INV_SPACE || e->kind == INV_RAW;
	struct ioasid_space *space = named ? space_of(ctx, e) : used_space(ctx, e, index);

	if (!space && named)
		return err_set(ENOENT, "entry %zu: its space is gone: submit a batch before "
			       "destroying what it may name", index);
	if (!space)
		return -ENOENT;
	if (!nest_bound(space))
		return err_set(EINVAL, "entry %zu: space %u has no page table bound", index,
			       space->id);
	*out = space;
	return 0;
}

/* A batch being carried out. */
struct submission {
	struct ioasid_inv *inv;
	size_t n;		/* jobs that wait */
	size_t index;		/* of the entry that is looked at */
	uint64_t now;		/* audit: when; else 0 */
	struct reap *reap;
	int ret;		/* -ENOMEM: of what has been done, some could not be refreshed */
};

/* What an invalidation of a space has returned. */
static void note(struct submission *sub, const struct ioasid_space *space, int ret)
{
	if (ret)
		sub->ret = err_set(ENOMEM, "space %u: no memory to refresh it%s", space->id,
				   nest_limit_hint(space));
}

static void refresh(struct submission *sub, const struct inv_job *job)
{
	struct ioasid_space *space = job->space;

	note(sub, space, space->nest->invalidate(space, job->start, job->last, job->leaf_only,
						 sub->reap));
}

static void follow(struct submission *sub, struct ioasid_space *space, uint64_t start,
		   uint64_t last)
{
	int ret = sink_follow(space, start, last);

	if (ret)
		sub->ret = ret;
}

/* @job covers @next too. */
static void merge(struct inv_job *job, const struct inv_job *next)
{
	job->last = bits_max(job->last, next->last);
	job->leaf_only &= next->leaf_only;
}

static void add_to_list(struct submission *sub, struct ioasid_space *space,
			const struct inv_entry *e)
{
	struct nest_inv i = { .start = e->start, .last = e->last, .leaf_only = e->leaf_only,
			      .index = sub->index };

	if (e->kind == INV_RAW)
		inv_raw_get(&sub->inv->raw, e->start, &i);
	inv_list_add(&sub->inv->list, space, &i);
}

static void add_job(struct submission *sub, struct ioasid_space *space, const struct inv_entry *e)
{
	struct ioasid_inv *inv = sub->inv;
	size_t n = sub->n;
	struct inv_job *last = n ? &inv->jobs[n - 1] : NULL;
	const struct inv_job job = { space, e->start, e->last, e->leaf_only };

	if (space->nest->invalidate_list) {
		add_to_list(sub, space, e);
		return;
	}
	/* Neighbours in order are the common case: they need no sorting. */
	if (last && last->space == space && e->start >= last->start &&
	    e->start <= bits_add_sat(last->last, 1)) {
		merge(last, &job);
		return;
	}
	if (2 * (n + 1) > inv->jobs_room) {
		struct inv_job *jobs = mem_realloc(inv->jobs, 4 * (n + 1) * sizeof(*jobs));

		if (!jobs) {
			/* nowhere to wait: done by itself, since it must not be left out */
			space->nest->begin(space, sub->now);
			refresh(sub, &job);
			follow(sub, space, job.start, job.last);
			return;
		}
		inv->jobs = jobs;
		inv->jobs_room = 4 * (n + 1);
	}
	inv->jobs[sub->n++] = job;
}

/* Of a device whose PASIDs are looked up in a guest's table; false if they are not. */
static bool invalidate_looked_up(struct submission *sub, const struct inv_entry *e)
{
	const struct ioasid_device *device;
	struct ioasid_space *space;

	device = e->kind == INV_PASID ? find_device(sub->inv->ctx, e->serial) : NULL;
	space = device ? pasid_table_of(device) : NULL;
	if (space)
		note(sub, space, pasid_table_invalidate(space, e->id, e->start, e->last, sub->now,
							sub->reap));
	return space;
}

/* While the context is locked, what a device has cached itself gets nothing new. */
static int plan_device(struct submission *sub, const struct inv_entry *e, size_t index)
{
	struct ioasid_device *device = device_of(sub->inv->ctx, e, index);
	const uint32_t *pasid = e->kind == INV_IN_DEVICE ? &e->id : NULL;
	const struct attachment *a;

	if (!device)
		return -ENOENT;
	if (device->ctx->ops->device_tlb_drop)
		device->ctx->ops->device_tlb_drop(device, pasid, e->start, e->last, sub->reap);
	if (pasid)
		return 0;
	for (a = device->attached; a; a = a->next)
		if (nest_bound(a->space))
			add_job(sub, a->space, e);
	return 0;
}

static int plan_viommu(struct submission *sub, const struct inv_entry *e, size_t index)
{
	const struct ioasid_ctx *ctx = sub->inv->ctx;
	const struct ioasid_viommu *viommu = viommu_find_serial(ctx, e->serial);
	struct ioasid_space *space;

	if (!viommu)
		return err_set(ENOENT, "entry %zu: its vIOMMU is gone", index);
	for (space = viommu->first; space; space = space->on_next)
		if (nest_bound(space))
			add_job(sub, space, e);
	return 0;
}

/* Turns the entries up to the first bad one into jobs. */
static int plan(struct submission *sub, size_t *handled)
{
	const struct ioasid_inv *inv = sub->inv;
	struct ioasid_space *space = NULL;
	int ret;

	for (*handled = 0; *handled < inv->count; ++*handled) {
		const struct inv_entry *e = &inv->entries[*handled];

		sub->index = *handled;
		if (e->kind == INV_DEVICE || e->kind == INV_IN_DEVICE) {
			ret = plan_device(sub, e, *handled);
		} else if (e->kind == INV_VIOMMU) {
			ret = plan_viommu(sub, e, *handled);
		} else if (invalidate_looked_up(sub, e)) {
			ret = 0;
		} else {
			ret = find_space(inv->ctx, e, *handled, &space);
			if (!ret)
				add_job(sub, space, e);
		}
		if (ret)
			return ret;
	}
	return 0;
}

static bool before(const struct inv_job *a, const struct inv_job *b)
{
	return a->space != b->space ? a->space->id < b->space->id : a->start < b->start;
}

/* Merge sort, bottom up, between the two halves of the array; qsort(3) may allocate. */
static struct inv_job *sort(struct inv_job *from, size_t n)
{
	struct inv_job *to = from + n, *swap;
	size_t width, i, a, b, k;

	for (i = 1; i < n && !before(&from[i], &from[i - 1]); i++)
		;
	if (i >= n)
		return from;
	for (width = 1; width < n; width *= 2) {
		for (i = 0, k = 0; i < n; i += 2 * width) {
			size_t a_end = (size_t)bits_min(i + width, n);
			size_t b_end = (size_t)bits_min(i + 2 * width, n);

			for (a = i, b = a_end; a < a_end || b < b_end;)
				to[k++] = b == b_end || (a < a_end && !before(&from[b], &from[a])) ?
					  from[a++] : from[b++];
		}
		swap = from;
		from = to;
		to = swap;
	}
	return from;
}

/* Neighbours become one. Returns how many are left. */
static size_t compact(struct inv_job *jobs, size_t n)
{
	size_t i, k = 0;

	for (i = 1; i < n; i++)
		if (jobs[i].space == jobs[k].space &&
		    jobs[i].start <= bits_add_sat(jobs[k].last, 1))
			merge(&jobs[k], &jobs[i]);
		else
			jobs[++k] = jobs[i];
	return n ? k + 1 : 0;
}

static void run(struct submission *sub)
{
	struct inv_job *jobs = sort(sub->inv->jobs, sub->n);
	size_t i, n = compact(jobs, sub->n);

	for (i = 0; i < n; i++) {
		if (!i || jobs[i - 1].space != jobs[i].space)
			jobs[i].space->nest->begin(jobs[i].space, sub->now);
		refresh(sub, &jobs[i]);
	}
	for (i = 0; i < n; i++)
		follow(sub, jobs[i].space, jobs[i].start, jobs[i].last);
	inv_list_run(&sub->inv->list);
}

/*
 * Pages of one space need no plan, and no order, unless they are mostly neighbours, or a kernel
 * follows: which wants one call for neighbours. False, with nothing done: it takes a plan.
 */
static bool run_pages(struct submission *sub)
{
	const struct ioasid_inv *inv = sub->inv;
	struct ioasid_space *space;
	uint64_t iovas[64];
	size_t i, k;

	if (inv->not_pages || inv->count >= 4 * inv->runs || (inv->count > 1 && inv->ctx->sinks))
		return false;
	space = space_of(inv->ctx, &inv->entries[0]);
	if (!space || !nest_bound(space) || !space->nest->invalidate_pages)
		return false;
	space->nest->begin(space, sub->now);
	for (i = 0; i < inv->count; i += k) {
		for (k = 0; k < bits_array_size(iovas) && i + k < inv->count; k++)
			iovas[k] = inv->entries[i + k].start;
		note(sub, space, space->nest->invalidate_pages(space, iovas, k, sub->reap));
	}
	if (inv->ctx->sinks)
		follow(sub, space, inv->entries[0].start, inv->entries[0].last);
	return true;
}

static uint64_t audit_time(const struct ioasid_ctx *ctx)
{
	struct timespec ts;

	if (!(ctx->flags & IOASID_CTX_AUDIT))
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

int inv_submit_locked(struct ioasid_inv *inv, size_t *handled, struct reap *reap)
{
	struct submission sub = { .inv = inv, .now = audit_time(inv->ctx), .reap = reap };
	int ret = 0;

	inv->ctx->batch++;
	if (run_pages(&sub)) {
		*handled = inv->count;
	} else {
		inv_list_begin(&inv->list);
		ret = plan(&sub, handled);
		run(&sub);
		if (inv->list.ret) {
			ret = inv->list.ret;
			*handled = inv->list.limit;
		}
	}
	if (!sub.ret)
		return ret;
	*handled = 0;
	return sub.ret;
}

IOASID_EXPORT int ioasid_inv_submit(struct ioasid_inv *inv, size_t *out)
{
	struct ioasid_ctx *ctx = inv->ctx;
	struct reap reap = { 0 };
	size_t handled = 0;
	int ret;

	ctx_lock(ctx);
	ret = failure_due(ctx, IOASID_OP_INVALIDATE);
	if (!ret)
		ret = ctx_check_take(ctx, &reap);
	if (!ret)
		ret = inv_submit_locked(inv, &handled, &reap);
	ctx_unlock_drain(ctx, &reap);
	if (out)
		*out = handled;
	return ret;
}
