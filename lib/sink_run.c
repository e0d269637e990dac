/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a child's translations are in its root: the runs that a back end can map. */
#include "mapped.h"
#include "sink_record.h"

/* The mapping of the root that @from is in; false: none. */
static bool find_target(struct sink *sink, const struct ioasid_space *root, uint64_t from)
{
	struct ioasid_mapping copy;
	const struct ioasid_mapping *m = mapping_at(root, from, &copy);

	if (!m)
		return false;
	sink->target = (struct sink_target){ m->item.start, m->item.last, m->target };
	sink->target_gen = root->gen;
	return true;
}

/* Leads @run, at its start, up to the root. Shortens it to one permission and one mapping. */
static bool lead_up(struct sink *sink, struct sink_run *run)
{
	const struct ioasid_space *space = sink->space->parent;
	struct sink_target *target = &sink->target;
	uint64_t n = run->last - run->start;	/* less 1 */
	struct shadow_view view;

	for (; space->parent; space = space->parent) {
		shadow_look(&space->shadow, run->from, &view);
		if (!view.mapped)
			return false;
		n = bits_min(n, view.last - run->from);
		run->from = view.target + (run->from - view.base);
	}
	if ((sink->target_gen != space->gen || run->from < target->start ||
	     run->from > target->last) && !find_target(sink, space, run->from))
		return false;
	run->target = *target;
	run->last = run->start + bits_min(n, target->last - run->from);
	return true;
}

/*
 * Leaves out what no device may have translated: its IOMMU takes these addresses for something
 * else, and the kernel refuses them. False: nothing is left at the start; then run->last says how
 * far, be it beyond the run.
 */
static bool clip(const struct ioasid_space *space, struct sink_run *run)
{
	size_t i;

	for (i = 0; i < space->n_reserved; i++) {
		const struct reserved *r = &space->reserved[i];

		if (r->start > run->last || r->last < run->start)
			continue;
		if (r->start <= run->start) {
			run->last = r->last;
			return false;
		}
		run->last = r->start - 1;
	}
	return true;
}

/* The walk's next run, cut to the range, is in left. */
static bool refill(struct sink_cursor *c)
{
	struct shadow_run *left = &c->left;

	while (!c->has_left) {
		if (!shadow_walk_next(&c->walk, left))
			return false;
		if (left->start < c->lo) {
			left->target += c->lo - left->start;
			left->start = c->lo;
		}
		left->last = bits_min(left->last, c->hi);
		c->has_left = left->start <= left->last;
	}
	return true;
}

/* Takes the first part of what is left; false if that is not to be mapped. */
static bool next_part(struct sink_cursor *c, struct sink_run *part)
{
	struct shadow_run *left = &c->left;
	bool good;

	*part = (struct sink_run){ .start = left->start, .last = left->last, .from = left->target,
				   .perm = left->perm, .shift = left->shift };
	good = clip(c->sink->space, part);
	/* a guest's tables can have any number of runs there */
	if (!good && part->last > left->last)
		shadow_walk_skip(&c->walk, part->last);
	if (good && !lead_up(c->sink, part)) {
		good = false;
		part->last = part->start | (PAGE - 1);
	}
	c->has_left = part->last < left->last;
	left->target += part->last - left->start + 1;
	left->start = part->last + 1;
	return good;
}

static bool joins(const struct sink_cursor *c, const struct sink_run *run,
		  const struct sink_run *part)
{
	return part->start == run->last + 1 &&
	       part->from == run->from + (part->start - run->start) && part->perm == run->perm &&
	       part->target.start == run->target.start &&
	       (part->shift == run->shift || c->sink->space->shadow.tree.mode == SHADOW_OWN);
}

void sink_cursor_begin(struct sink_cursor *c, struct sink *sink, uint64_t lo, uint64_t hi)
{
	c->sink = sink;
	c->has_left = false;
	c->lo = lo;
	c->hi = hi;
	shadow_walk_begin(&c->walk, &sink->space->shadow, lo, hi);
}

bool sink_cursor_next(struct sink_cursor *c, struct sink_run *run)
{
	struct sink_run part;
	bool any = false;

	while (refill(c)) {
		struct shadow_run before = c->left;

		if (!next_part(c, &part))
			continue;
		if (any && !joins(c, run, &part)) {
			c->left = before;
			c->has_left = true;
			return true;
		}
		if (any)
			run->last = part.last;
		else
			*run = part;
		any = true;
	}
	return any;
}

bool sink_run_whole(struct sink *sink, const struct shadow_run *from, struct sink_run *run)
{
	*run = (struct sink_run){ .start = from->start, .last = from->last, .from = from->target,
				  .perm = from->perm, .shift = from->shift };
	return clip(sink->space, run) && lead_up(sink, run) && run->last == from->last;
}
