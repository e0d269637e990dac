/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything about spaces and devices that a program can ask for, on both sides. */
#include <string.h>

#include "twins.h"

#define RANGES 32u
#define RUNS   32u

/* A member of a structure, for both to have. */
#define SAME(t, about, info, member)                                                               \
	do {                                                                                       \
		if ((info)[KERNEL].member != (info)[EMULATED].member)                              \
			twins_differ(t, "%s: %s is %#jx, %#jx emulated", about, #member,           \
				     (uintmax_t)(info)[KERNEL].member,                             \
				     (uintmax_t)(info)[EMULATED].member);                          \
	} while (0)

static void compare_info(struct twins *t, int s)
{
	struct ioasid_space_info info[SIDES];
	char about[16];

	snprintf(about, sizeof(about), "space %d", s);
	info[KERNEL] = space_info(t->space[s].at[KERNEL]);
	info[EMULATED] = space_info(t->space[s].at[EMULATED]);
	SAME(t, about, info, id);
	SAME(t, about, info, depth);
	SAME(t, about, info, nesting);
	SAME(t, about, info, fill);
	SAME(t, about, info, caching_mode);
	SAME(t, about, info, pgtable_bound);
	SAME(t, about, info, pasid_table_bound);
	SAME(t, about, info, dirty_tracking);
	SAME(t, about, info, iova_alignment);
	SAME(t, about, info, mappings);
}

static void compare_ranges(struct twins *t, int s, const char *what,
			   size_t (*query)(const struct ioasid_space *, struct ioasid_range *,
					   size_t))
{
	struct ioasid_range range[SIDES][RANGES];
	size_t n[SIDES], i;
	int side;

	for (side = 0; side < SIDES; side++)
		n[side] = query(t->space[s].at[side], range[side], RANGES);
	if (n[KERNEL] != n[EMULATED]) {
		twins_differ(t, "space %d: %zu ranges are %s, %zu emulated", s, n[KERNEL], what,
			     n[EMULATED]);
		return;
	}
	for (i = 0; i < n[KERNEL] && i < RANGES; i++)
		if (memcmp(&range[KERNEL][i], &range[EMULATED][i], sizeof(range[0][0])))
			twins_differ(t, "space %d: %#jx + %#jx is %s, %#jx + %#jx emulated", s,
				     (uintmax_t)range[0][i].start, (uintmax_t)range[0][i].length,
				     what, (uintmax_t)range[1][i].start,
				     (uintmax_t)range[1][i].length);
}

static bool same_mapping(const struct ioasid_mapping *a, const struct ioasid_mapping *b)
{
	return ioasid_mapping_get_iova(a) == ioasid_mapping_get_iova(b) &&
	       ioasid_mapping_get_length(a) == ioasid_mapping_get_length(b) &&
	       ioasid_mapping_get_perm(a) == ioasid_mapping_get_perm(b);
}

static void compare_mappings(struct twins *t, int s)
{
	uint64_t at = 0;

	while (1) {
		struct ioasid_mapping *m[SIDES];
		int side;

		for (side = 0; side < SIDES; side++)
			m[side] = ioasid_space_find_mapping(t->space[s].at[side], at,
							    UINT64_MAX - at);
		if (!m[KERNEL] && !m[EMULATED])
			return;
		if (!m[KERNEL] || !m[EMULATED] || !same_mapping(m[KERNEL], m[EMULATED])) {
			twins_differ(t, "space %d: mappings differ from %#jx on", s, (uintmax_t)at);
			return;
		}
		at = ioasid_mapping_get_iova(m[KERNEL]) + ioasid_mapping_get_length(m[KERNEL]);
		if (!at || at == UINT64_MAX)
			return;
	}
}

/* A list of runs, however they come in pieces. */
struct list {
	const struct ioasid_space *space;
	struct ioasid_run run[RUNS];
	size_t n, i;
	uint64_t cursor;
	bool done;
};

static bool next_piece(struct list *l, struct ioasid_run *run)
{
	while (l->i == l->n) {
		if (l->done)
			return false;
		l->n = ioasid_space_query_runs(l->space, &l->cursor, UINT64_MAX, l->run, RUNS,
					       &l->done);
		l->i = 0;
	}
	*run = l->run[l->i++];
	return true;
}

static bool next_run(struct list *l, struct ioasid_run *run)
{
	struct ioasid_run more;

	if (!next_piece(l, run))
		return false;
	while (next_piece(l, &more)) {
		if (more.iova != run->iova + run->length || more.perm != run->perm ||
		    more.target != run->target + run->length) {
			l->i--;
			break;
		}
		run->length += more.length;
	}
	return true;
}

/*
 * Where runs of a root lead is memory: the same, or the same file, which each context maps for
 * itself and can thus have joined otherwise. Pages begin with their numbers.
 */
static bool same_target(const struct twins *t, int s, const struct ioasid_run run[SIDES])
{
	if (t->space[s].parent >= 0 || run[KERNEL].target == run[EMULATED].target)
		return run[KERNEL].target == run[EMULATED].target;
	return *(uint8_t *)(uintptr_t)run[KERNEL].target ==
	       *(uint8_t *)(uintptr_t)run[EMULATED].target;
}

/* Goes through both lists up to where they differ: true, with that in @run. */
static bool runs_differ(const struct twins *t, int s, struct ioasid_run run[SIDES])
{
	struct list list[SIDES] = { { .space = t->space[s].at[KERNEL] },
				    { .space = t->space[s].at[EMULATED] } };
	bool more[SIDES];

	do {
		memset(run, 0, SIDES * sizeof(run[0]));
		more[KERNEL] = next_run(&list[KERNEL], &run[KERNEL]);
		more[EMULATED] = next_run(&list[EMULATED], &run[EMULATED]);
		if (run[KERNEL].iova != run[EMULATED].iova ||
		    run[KERNEL].length != run[EMULATED].length ||
		    run[KERNEL].perm != run[EMULATED].perm ||
		    (more[KERNEL] && more[EMULATED] && !same_target(t, s, run)))
			return true;
	} while (more[KERNEL] || more[EMULATED]);
	return false;
}

void twins_check_runs(struct twins *t, int s)
{
	const struct twin_device *d = twins_device_in(t, s);
	struct ioasid_run run[SIDES];

	if (!t->space[s].at[KERNEL] || t->failure[0] || !runs_differ(t, s, run) ||
	    twins_runs_differ_unused(t, s, d))
		return;
	/* What a DMA finds when it looks again is there from then on. */
	if (d)
		twins_use_all(t, s, d);
	if (runs_differ(t, s, run))
		twins_differ(t,
			     "space %d: run %#jx + %#jx, access %u to %#jx; emulated %#jx + %#jx, "
			     "access %u to %#jx",
			     s, (uintmax_t)run[0].iova, (uintmax_t)run[0].length, run[0].perm,
			     (uintmax_t)run[0].target, (uintmax_t)run[1].iova,
			     (uintmax_t)run[1].length, run[1].perm, (uintmax_t)run[1].target);
}

void twins_check_space(struct twins *t, int s)
{
	if (!t->space[s].at[KERNEL] || t->failure[0])
		return;
	compare_info(t, s);
	compare_ranges(t, s, "permitted", ioasid_space_query_permitted);
	compare_ranges(t, s, "reserved", ioasid_space_query_reserved);
	compare_mappings(t, s);
}

static void compare_device(struct twins *t, const struct twin_device *d)
{
	struct ioasid_device_info info[SIDES] = { IOASID_DEVICE_INFO_INIT,
						  IOASID_DEVICE_INFO_INIT };
	struct ioasid_space *where[SIDES];
	int side;

	for (side = 0; side < SIDES; side++) {
		ck_ok(ioasid_device_query_info(d->at[side], &info[side]));
		where[side] = d->space < 0 ? NULL : t->space[d->space].at[side];
		if (ioasid_device_get_space(d->at[side]) != where[side])
			twins_differ(t, "%s is attached elsewhere", d->name);
	}
	twins_even_out_device(info);
	SAME(t, d->name, info, requester);
	SAME(t, d->name, info, group);
	SAME(t, d->name, info, page_sizes);
	SAME(t, d->name, info, address_bits);
	SAME(t, d->name, info, pasid_bits);
	SAME(t, d->name, info, pgtable_formats);
	SAME(t, d->name, info, nesting_software);
	SAME(t, d->name, info, nesting_hardware);
	SAME(t, d->name, info, caching_mode);
	SAME(t, d->name, info, coherent);
	SAME(t, d->name, info, page_requests);
	SAME(t, d->name, info, dirty_tracking);
	SAME(t, d->name, info, type);
	SAME(t, d->name, info, default_pasid);
	SAME(t, d->name, info, max_mappings);
	SAME(t, d->name, info, pasid_table_formats);
}

void twins_check_devices(struct twins *t)
{
	unsigned int i;

	for (i = 0; i < TWIN_DEVICES; i++)
		if (t->device[i].at[KERNEL])
			compare_device(t, &t->device[i]);
}
