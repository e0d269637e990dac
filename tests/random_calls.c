/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random calls on mappings and devices, each made on the library and on the model. */
#include <errno.h>
#include <string.h>

#include "random_world.h"

/* For calls that take something away: they never fail for want of memory. */
static void arm_always(struct world *w, uint64_t draw)
{
	arm(w, draw);
	w->armed = false;
}

static const int roots[] = { ROOT, ROOT, ROOT, OTHER };
static const int mapped[] = { ROOT, ROOT, MAP1, MAP2, OTHER };
static const int children[] = { MAP1, MAP2 };

/* What every map of a range that the caller chose comes to, before its source is looked at. */
static int map_result(struct world *w, int s, uint64_t start, uint64_t length)
{
	if (!length)
		return -EINVAL;
	if (model_reserved(w, s, start, length))
		return -EINVAL;
	return model_overlaps(&w->at[s], start, length) ? -EEXIST : 0;
}

static uint32_t some_perm(uint64_t draw)
{
	static const uint32_t perms[] = { RW, RW, RW, RW, IOASID_READ, IOASID_WRITE, RW, 0 };

	return perms[draw % 8];
}

static void call_map(struct world *w, const uint64_t *draw)
{
	int s = roots[draw[0] % 4], want;
	struct model_space *m = &w->at[s];
	struct model_mapping n = { .start = m->base + draw[1] % (WINDOW + 8),
				   .length = draw[2] % 32 ? 1 + draw[2] % 16 : 0,
				   .perm = some_perm(draw[4]) };
	char call[128];

	n.target = draw[3] % (MEMORY_PAGES - n.length);
	if (draw[5] % 24 == 0)
		n.length = LARGE;
	n.writable = n.perm & IOASID_WRITE;
	want = n.perm ? map_result(w, s, n.start, n.length) : -EINVAL;
	snprintf(call, sizeof(call), "map(%s, %#jx, memory %ju, %ju pages, %u)", space_name(s),
		 (uintmax_t)n.start, (uintmax_t)n.target, (uintmax_t)n.length, n.perm);
	arm(w, draw[6]);
	if (follows(w, ioasid_space_map(m->space, n.start * PAGE, w->memory + n.target * PAGE,
					n.length * PAGE, n.perm, &n.handle), want, call))
		model_add(w, s, &n);
}

static void call_map_parent(struct world *w, const uint64_t *draw)
{
	int s = children[draw[0] % 2], want;
	struct model_space *m = &w->at[s], *parent = &w->at[m->parent];
	struct model_mapping n = { .start = m->base + draw[1] % WINDOW,
				   .length = 1 + draw[2] % 24,
				   .target = parent->base + draw[3] % WINDOW,
				   .perm = some_perm(draw[4]) };
	char call[128];

	if (draw[5] % 16 == 0)
		n.length <<= 14; /* a large one, most of it of nothing */
	want = n.perm ? map_result(w, s, n.start, n.length) : -EINVAL;
	snprintf(call, sizeof(call), "map_parent(%s, %#jx, parent %#jx, %ju pages, %u)",
		 space_name(s), (uintmax_t)n.start, (uintmax_t)n.target, (uintmax_t)n.length,
		 n.perm);
	arm(w, draw[6]);
	if (follows(w, ioasid_space_map_parent(m->space, n.start * PAGE, n.target * PAGE,
					       n.length * PAGE, n.perm, &n.handle), want, call))
		model_add(w, s, &n);
}

static void call_map_any(struct world *w, const uint64_t *draw)
{
	int s = roots[draw[0] % 4], rc;
	struct model_space *m = &w->at[s];
	struct model_mapping n = { .length = 1 + draw[2] % 16, .perm = RW, .writable = true };
	char call[128];

	n.target = draw[3] % (MEMORY_PAGES - n.length);
	arm(w, draw[6]);
	rc = ioasid_space_map(m->space, 0, w->memory + n.target * PAGE, n.length * PAGE,
			      RW | IOASID_ANY_IOVA, &n.handle);
	if (!rc)
		n.start = ioasid_mapping_get_iova(n.handle) / PAGE;
	snprintf(call, sizeof(call), "map(%s, any, memory %ju, %ju pages), at %#jx", space_name(s),
		 (uintmax_t)n.target, (uintmax_t)n.length, (uintmax_t)n.start);
	if (!follows(w, rc, rc == -ENOSPC && m->allowed.length ? rc : 0, call))
		return;
	if (map_result(w, s, n.start, n.length))
		differs(w, "map(%s, any) chose %#jx, which is taken or reserved", space_name(s),
			(uintmax_t)n.start);
	if (m->allowed.length &&
	    (n.start < m->allowed.start ||
	     n.start + n.length > m->allowed.start + m->allowed.length))
		differs(w, "map(%s, any) chose %#jx, which is not allowed", space_name(s),
			(uintmax_t)n.start);
	model_add(w, s, &n);
}

/* The library may make one mapping of a copy or several: the model takes over which. */
static void add_copies(struct world *w, int to, int from, uint64_t start, uint64_t source,
		       uint64_t length, uint32_t perm)
{
	uint64_t at = start;

	while (at < start + length) {
		struct ioasid_mapping *m = ioasid_space_find_mapping(w->at[to].space, at * PAGE, 1);
		struct model_mapping n = { .start = at, .perm = perm, .handle = m };
		uint64_t i;

		if (!m || ioasid_mapping_get_iova(m) != at * PAGE)
			return differs(w, "map_copy: no mapping begins at %#jx", (uintmax_t)at);
		n.length = ioasid_mapping_get_length(m) / PAGE;
		if (!n.length || at + n.length > start + length)
			return differs(w, "map_copy: wrong length at %#jx", (uintmax_t)at);
		/* The model's own pieces are of one source mapping each. */
		for (i = 0; i < n.length; i++) {
			struct model_mapping *src =
				model_find(&w->at[from], source + at - start + i);

			if (!i) {
				n.target = src->target + (source + at - start - src->start);
				n.writable = src->writable;
			} else if (src->target + (source + at - start + i - src->start) !=
				   n.target + i) {
				return differs(w,
					       "map_copy: one mapping of memory that is not one");
			}
		}
		model_add(w, to, &n);
		at += n.length;
	}
}

static void call_map_copy(struct world *w, const uint64_t *draw)
{
	int from = roots[draw[0] % 4], to = roots[draw[1] % 4], want;
	uint64_t start = draw[2] % WINDOW, source = draw[3] % WINDOW, length = 1 + draw[4] % 6, i;
	uint32_t perm = some_perm(draw[5] % 7);
	bool holes = false, protected = false;
	char call[128];

	for (i = 0; i < length; i++) {
		struct model_mapping *src = model_find(&w->at[from], source + i);

		holes |= !src;
		protected |= src && !src->writable && perm & IOASID_WRITE;
	}
	want = holes ? -ENOENT : map_result(w, to, start, length);
	if (!want && protected)
		want = -EPERM;
	snprintf(call, sizeof(call), "map_copy(%s, %#jx, %s, %#jx, %ju pages, %u)", space_name(to),
		 (uintmax_t)start, space_name(from), (uintmax_t)source, (uintmax_t)length, perm);
	arm(w, draw[6]);
	if (follows(w, ioasid_space_map_copy(w->at[to].space, start * PAGE, w->at[from].space,
					     source * PAGE, length * PAGE, perm, NULL), want, call))
		add_copies(w, to, from, start, source, length, perm);
}

/* Pages that hold tables stay, but for one time in eight: without them little else happens. */
static bool keeps_tables(struct world *w, int s, uint64_t start, uint64_t length, uint64_t draw)
{
	uint64_t i;
	uint32_t perm;

	if ((s != ROOT && s != MAP1) || draw % 8 == 0)
		return false;
	for (i = 0; i < length && i < 2 * WINDOW; i++)
		if (model_memory(w, s, start + i, &perm) < TABLE_PAGES)
			return true;
	return false;
}

void clear_range(struct world *w, int s, uint64_t start, uint64_t length)
{
	struct model_space *m = &w->at[s];
	size_t i = 0;

	while (i < m->mappings) {
		uint64_t a = m->mapping[i].start, n = m->mapping[i].length;
		char call[128];

		if (a >= start + length || a + n <= start) {
			i++;
			continue;
		}
		snprintf(call, sizeof(call), "mapping_unmap(%s, %#jx)", space_name(s),
			 (uintmax_t)a);
		follows(w, ioasid_mapping_unmap(m->mapping[i].handle), 0, call);
		model_remove(m, a, n);
	}
}

static void call_unmap(struct world *w, const uint64_t *draw)
{
	int s = mapped[draw[0] % 5], want = -ENOENT;
	struct model_space *m = &w->at[s];
	uint64_t start = m->base + draw[1] % WINDOW, length = 1 + draw[2] % 32, sum = 0, got = 0;
	char call[128];
	size_t i;

	if (keeps_tables(w, s, start, length, draw[3]))
		return;
	for (i = 0; i < m->mappings; i++) {
		uint64_t a = m->mapping[i].start, b = a + m->mapping[i].length;

		if (a >= start + length || b <= start)
			continue;
		if (a < start || b > start + length)
			break;
		sum += b - a;
	}
	if (i == m->mappings && sum)
		want = 0;
	snprintf(call, sizeof(call), "unmap(%s, %#jx, %ju pages)", space_name(s), (uintmax_t)start,
		 (uintmax_t)length);
	arm_always(w, draw[6]);
	if (!follows(w, ioasid_space_unmap(m->space, start * PAGE, length * PAGE, &got), want,
		     call))
		return;
	if (got != sum * PAGE)
		differs(w, "%s says %ju bytes, expected %ju", call, (uintmax_t)got,
			(uintmax_t)sum * PAGE);
	model_remove(m, start, length);
}

static void call_unmap_one(struct world *w, const uint64_t *draw)
{
	int s = mapped[draw[0] % 5];
	struct model_space *m = &w->at[s];
	struct model_mapping *one;
	char call[128];

	if (!m->mappings)
		return;
	one = &m->mapping[draw[1] % m->mappings];
	if (keeps_tables(w, s, one->start, one->length, draw[3]))
		return;
	snprintf(call, sizeof(call), "mapping_unmap(%s, %#jx)", space_name(s),
		 (uintmax_t)one->start);
	arm_always(w, draw[6]);
	follows(w, ioasid_mapping_unmap(one->handle), 0, call);
	model_remove(m, one->start, one->length);
}

static void call_unmap_all(struct world *w, const uint64_t *draw)
{
	int s = mapped[draw[0] % 5];
	struct model_space *m = &w->at[s];
	char call[64];

	/* Seldom: it takes a while until there is something again. */
	if (draw[1] % 6)
		return call_unmap_one(w, draw);
	snprintf(call, sizeof(call), "unmap_all(%s)", space_name(s));
	arm_always(w, draw[6]);
	follows(w, ioasid_space_unmap_all(m->space, NULL), 0, call);
	m->mappings = 0;
}

static void call_allow(struct world *w, const uint64_t *draw)
{
	int s = roots[draw[0] % 4], want = 0;
	struct model_space *m = &w->at[s];
	struct ioasid_range range = { draw[1] % WINDOW, draw[2] % 3 ? 1 + draw[2] % 64 : 0 };
	struct ioasid_range bytes = { range.start * PAGE, range.length * PAGE };
	char call[128];

	if (range.length && w->guest_in == s && range.start < 104 &&
	    range.start + range.length > 100)
		want = -EADDRINUSE;
	snprintf(call, sizeof(call), "allow(%s, %#jx, %ju pages)", space_name(s),
		 (uintmax_t)range.start, (uintmax_t)range.length);
	arm(w, draw[6]);
	if (follows(w, ioasid_space_allow(m->space, &bytes, range.length ? 1 : 0), want, call))
		m->allowed = range;
}

static int attach_result(struct world *w, int s)
{
	struct model_space *m = &w->at[s];

	if (m->allowed.length && m->allowed.start < 104 &&
	    m->allowed.start + m->allowed.length > 100)
		return -EADDRINUSE;
	return model_overlaps(m, 100, 4) ? -EADDRINUSE : 0;
}

static void call_attach(struct world *w, const uint64_t *draw)
{
	int s = mapped[draw[0] % 5], want;
	char call[64];
	bool done;

	if (w->guest_in < 0 || draw[1] % 2) {
		want = w->guest_in < 0 ? attach_result(w, s) : w->guest_in == s ? 0 : -EBUSY;
		snprintf(call, sizeof(call), "attach(guest, %s)", space_name(s));
		arm(w, draw[6]);
		done = follows(w, ioasid_device_attach(w->guest, w->at[s].space), want, call);
	} else {
		want = w->guest_in == s ? 0 : attach_result(w, s);
		snprintf(call, sizeof(call), "replace(guest, %s)", space_name(s));
		arm(w, draw[6]);
		done = follows(w, ioasid_device_replace(w->guest, w->at[s].space), want, call);
	}
	if (done)
		w->guest_in = s;
}

static void call_detach(struct world *w, const uint64_t *draw)
{
	arm_always(w, draw[6]);
	follows(w, ioasid_device_detach(w->guest), 0, "detach(guest)");
	w->guest_in = -1;
}

void make_call(struct world *w, const struct call *call)
{
	static void (*const kinds[CALL_KINDS])(struct world *w, const uint64_t *draw) = {
		call_map, call_map, call_map, call_map, call_map_parent, call_map_parent,
		call_map_parent, call_map_parent, call_map_any, call_map_copy, call_map_copy,
		call_unmap, call_unmap, call_unmap, call_unmap_one, call_unmap_one, call_unmap_one,
		call_unmap_all, call_allow, call_attach, call_detach, call_write, call_write,
		call_write, call_write, call_write, call_write, call_write, call_write, call_bind,
		call_needless, call_repair, call_dirty, call_dirty, call_dirty, call_unmap_dirty,
	};

	kinds[call->kind % CALL_KINDS](w, call->draw);
}
