/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a space translates now, as runs. */
#include "mapped.h"
#include "objects.h"

#define MAX_STEPS (1u << 20)

static void look_root(const struct ioasid_space *space, uint64_t iova, struct shadow_view *view)
{
	struct ioasid_mapping copy;
	const struct ioasid_mapping *m = mapping_first(space, iova, UINT64_MAX, &copy);

	*view = (struct shadow_view){ .base = iova, .last = UINT64_MAX };
	if (!m)
		return;
	if (m->item.start > iova) {
		view->last = m->item.start - 1;
		return;
	}
	*view = (struct shadow_view){
		.mapped = true, .perm = m->flags & (IOASID_READ | IOASID_WRITE),
		.target = m->target, .base = m->item.start, .last = m->item.last,
	};
}

static bool joins(const struct ioasid_run *run, const struct ioasid_run *next)
{
	return run->iova + run->length == next->iova &&
	       run->target + run->length == next->target && run->perm == next->perm;
}

IOASID_EXPORT size_t ioasid_space_query_runs(const struct ioasid_space *space, uint64_t *cursor,
					     uint64_t last, struct ioasid_run *runs, size_t n,
					     bool *done)
{
	uint64_t at = *cursor;
	size_t count = 0;
	unsigned int max, steps;

	*done = at > last;
	ctx_lock(space->ctx);
	max = space->parent ? space->nest->max_looks : MAX_STEPS;
	for (steps = 0; steps < max && !*done; steps++) {
		struct shadow_view v;
		uint64_t end;

		if (space->parent)
			space->nest->look((struct ioasid_space *)(uintptr_t)space, at, &v);
		else
			look_root(space, at, &v);
		end = bits_min(v.last, last);
		if (v.mapped && v.perm) {
			struct ioasid_run run = {
				.iova = at, .length = end - at + 1,
				.target = v.target + (at - v.base), .perm = v.perm,
			};

			if (count && joins(&runs[count - 1], &run))
				runs[count - 1].length += run.length;
			else if (count < n)
				runs[count++] = run;
			else
				break;
		}
		*done = end == last;
		at = end + 1;
	}
	ctx_unlock(space->ctx);
	*cursor = at;
	return count;
}
