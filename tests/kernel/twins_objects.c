/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random calls on spaces and devices. */
#include <string.h>

#include "twins.h"

int twins_some_space(const struct twins *t, uint64_t draw, enum twin_kind kind)
{
	int found = -1, s;
	unsigned int i;

	for (i = 0; i < TWIN_SPACES; i++) {
		s = (int)((draw + i) % TWIN_SPACES);
		if (!t->space[s].at[KERNEL])
			continue;
		if (kind == ANY_SPACE || (kind == ROOT_SPACE) == (t->space[s].parent < 0))
			return s;
		found = s;
	}
	/* Now and then one that is not of the kind wanted. */
	return draw >> 40 & 7 ? -1 : found;
}

static struct ioasid_space *space_at(const struct twins *t, int s, int side)
{
	return s < 0 ? NULL : t->space[s].at[side];
}

static void choose_options(struct ioasid_space_options *o, const uint64_t *draw, bool has_parent)
{
	static const enum ioasid_nesting nestings[] = { 0, IOASID_NESTING_SOFTWARE,
							IOASID_NESTING_SOFTWARE, 7 };

	if (has_parent || draw[3] % 16 == 0) {
		o->nesting = nestings[draw[3] % 64 ? draw[3] >> 8 & 1 : 3];
		o->fill = draw[4] % 8 ? IOASID_FILL_ON_INVALIDATION : 0;
		o->memory_limit = draw[5] % 16 ? 0 : draw[5] >> 8 & 1 ? 4096 : 64 * MIB;
		o->mapping_limit = draw[5] % 16 == 1 ? 100000 : 0;
	}
	if (draw[4] % 64 == 1)
		o->fill = 9;
	if (draw[6] % 64 == 0)
		o->flags = UINT64_C(1) << 40;
	else if (draw[6] % 16 == 1)
		o->flags = IOASID_SPACE_DIRTY_TRACKING;
	else if (draw[6] % 16 == 2)
		o->flags = IOASID_SPACE_SMALL_PAGES;
}

/* A root that asks for what the kernel's back end has not. */
static bool lacks_option(struct twins *t, const struct ioasid_space_options *o, int kernel)
{
	if (o->parent)
		return false;
	return (o->flags == IOASID_SPACE_DIRTY_TRACKING &&
		twins_lack(t, IOASID_CAP_DIRTY_TRACKING, kernel)) ||
	       (o->flags == IOASID_SPACE_SMALL_PAGES &&
		twins_lack(t, IOASID_CAP_SMALL_PAGES, kernel));
}

void twins_create(struct twins *t, const uint64_t *draw)
{
	int parent = draw[1] % 2 ? twins_some_space(t, draw[2], ANY_SPACE) : -1, s, ret[SIDES];
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *made[SIDES] = { NULL, NULL };
	int side;

	for (s = 0; s < (int)TWIN_SPACES && t->space[s].at[KERNEL]; s++)
		;
	if (s == TWIN_SPACES)
		return;
	if (draw[0])
		choose_options(&options, draw, parent >= 0);
	twins_say(t, "space_create: %d on %d, nesting %d, fill %d, flags %#jx, limits %ju %ju", s,
		  parent, (int)options.nesting, (int)options.fill, (uintmax_t)options.flags,
		  (uintmax_t)options.memory_limit, (uintmax_t)options.mapping_limit);
	for (side = 0; side < SIDES; side++) {
		options.parent = space_at(t, parent, side);
		ret[side] = ioasid_space_create(t->ctx[side], &options, &made[side]);
		if (!side && lacks_option(t, &options, ret[side]))
			return;
	}
	if (!twins_agree(t, ret[KERNEL], ret[EMULATED])) {
		if (made[KERNEL] || made[EMULATED])
			twins_differ(t, "a failed call has touched the handle");
		return;
	}
	t->space[s] = (struct twin_space){ .at = { made[0], made[1] }, .parent = parent,
					   .table = -1, .fill = options.fill };
}

void twins_destroy(struct twins *t, const uint64_t *draw)
{
	int s = twins_some_space(t, draw[0], ANY_SPACE), kernel;

	if (s < 0 || (!s && draw[1] % 8))
		return;
	twins_say(t, "space_destroy: %d", s);
	kernel = ioasid_space_destroy(t->space[s].at[KERNEL]);
	if (twins_agree(t, kernel, ioasid_space_destroy(t->space[s].at[EMULATED])))
		t->space[s] = (struct twin_space){ .table = -1 };
}

static void unbind(struct twins *t, struct twin_device *d)
{
	int kernel;

	twins_say(t, "device_unbind: %s", d->name);
	ck_ok(ioasid_channel_close(d->channel));
	kernel = ioasid_device_unbind(d->at[KERNEL]);
	twins_agree(t, kernel, ioasid_device_unbind(d->at[EMULATED]));
	d->at[KERNEL] = d->at[EMULATED] = NULL;
	d->space = -1;
}

/* Binds a device; one that is bound: in one of three cases unbinds it. Or one that there is not. */
void twins_bind(struct twins *t, const uint64_t *draw)
{
	struct twin_device *d = &t->device[draw[0] % TWIN_DEVICES];
	struct ioasid_device *bound[SIDES] = { NULL, NULL };
	const char *name = d->name;
	int kernel;

	if (d->at[KERNEL] && draw[1] % 3 == 0) {
		unbind(t, d);
		return;
	}
	if (draw[2] % 8 == 1)
		name = draw[2] & 8 ? "0000:00:1f.7" : "nobody";
	twins_say(t, "device_bind: %s", name);
	kernel = ioasid_device_bind(t->ctx[KERNEL], name, draw[3], &bound[KERNEL]);
	if (!twins_agree(t, kernel, ioasid_device_bind(t->ctx[EMULATED], name, draw[3],
						       &bound[EMULATED])))
		return;
	d->at[KERNEL] = bound[KERNEL];
	d->at[EMULATED] = bound[EMULATED];
	d->channel = channel_new(bound[EMULATED], IOASID_NO_PASID);
}

static struct twin_device *some_device(struct twins *t, uint64_t draw)
{
	unsigned int i;

	for (i = 0; i < TWIN_DEVICES; i++) {
		struct twin_device *d = &t->device[(draw + i) % TWIN_DEVICES];

		if (d->at[KERNEL])
			return d;
	}
	return NULL;
}

/* Where they all are: a replace moves a whole group. */
static void find_devices(struct twins *t)
{
	unsigned int i;
	int s;

	for (i = 0; i < TWIN_DEVICES; i++) {
		struct twin_device *d = &t->device[i];
		const struct ioasid_space *at;

		d->space = -1;
		at = d->at[EMULATED] ? ioasid_device_get_space(d->at[EMULATED]) : NULL;
		for (s = 0; at && s < (int)TWIN_SPACES; s++)
			if (t->space[s].at[EMULATED] == at)
				d->space = s;
	}
}

void twins_attach(struct twins *t, const uint64_t *draw)
{
	int (*const calls[])(struct ioasid_device *, struct ioasid_space *) = {
		ioasid_device_attach, ioasid_device_replace,
	};
	static const char *const names[] = { "attach", "replace" };
	struct twin_device *d = some_device(t, draw[0]);
	int s = twins_some_space(t, draw[1], ANY_SPACE), which, kernel;

	if (!d || s < 0)
		return;
	which = (d->space >= 0) ^ (draw[2] % 8 == 0);
	twins_say(t, "device_%s: %s, %d", names[which], d->name, s);
	kernel = calls[which](d->at[KERNEL], t->space[s].at[KERNEL]);
	if (draw[3] % 32 == 0)
		twins_agree(t, ioasid_device_attach_pasid(d->at[KERNEL], 5, t->space[s].at[KERNEL]),
			    ioasid_device_attach_pasid(d->at[EMULATED], 5,
						       t->space[s].at[EMULATED]));
	twins_agree(t, kernel, calls[which](d->at[EMULATED], t->space[s].at[EMULATED]));
	find_devices(t);
}

void twins_detach(struct twins *t, const uint64_t *draw)
{
	struct twin_device *d = some_device(t, draw[0]);
	int kernel;

	if (!d)
		return;
	twins_say(t, "device_detach: %s", d->name);
	kernel = ioasid_device_detach(d->at[KERNEL]);
	twins_agree(t, kernel, ioasid_device_detach(d->at[EMULATED]));
	find_devices(t);
}

void twins_allow(struct twins *t, const uint64_t *draw)
{
	int s = twins_some_space(t, draw[0], ANY_SPACE), kernel;
	struct ioasid_range range[3];
	size_t n = draw[1] % 4, i;

	if (s < 0)
		return;
	for (i = 0; i < n; i++) {
		range[i].start = twins_some_iova(t, draw[2 + i]);
		range[i].length = 8 * twins_some_length(t, draw[2 + i] >> 20);
	}
	twins_say(t, "space_allow: %d, %zu ranges, from %#jx", s, n,
		  n ? (uintmax_t)range[0].start : 0);
	kernel = ioasid_space_allow(t->space[s].at[KERNEL], range, n);
	twins_agree(t, kernel, ioasid_space_allow(t->space[s].at[EMULATED], range, n));
}

void twins_identity(struct twins *t, const uint64_t *draw)
{
	const int s = TWIN_SPACES - 1;
	struct ioasid_space *root[SIDES];
	int kernel;

	if (draw[0] % 4 || t->space[s].at[KERNEL])
		return;
	twins_say(t, "get_identity_root");
	kernel = ioasid_ctx_get_identity_root(t->ctx[KERNEL], &root[KERNEL]);
	if (twins_agree(t, kernel, ioasid_ctx_get_identity_root(t->ctx[EMULATED],
								&root[EMULATED])))
		t->space[s] = (struct twin_space){ .at = { root[0], root[1] }, .parent = -1,
						   .table = -1, .identity = true };
}

/* From itself, which takes what another would: files only. */
void twins_change_process(struct twins *t, const uint64_t *draw)
{
	int kernel;

	(void)draw;
	twins_say(t, "ctx_change_process");
	kernel = ioasid_ctx_change_process(t->ctx[KERNEL]);
	if (!twins_lack(t, IOASID_CAP_CHANGE_PROCESS, kernel))
		twins_agree(t, kernel, ioasid_ctx_change_process(t->ctx[EMULATED]));
}

void twins_register(struct twins *t, const uint64_t *draw)
{
	uint8_t *at = t->memory + (TABLE_PAGES + draw[0] % 4 * 32) * PAGE;
	uint64_t length = (draw[1] % 4 ? 32 : 40) * PAGE;
	uint32_t flags = draw[2] % 8 ? RW : IOASID_READ;
	int kernel;

	if (draw[3] % 16 == 0) {
		at = t->read_only;
		length = ODD_PAGES * PAGE;
	} else if (draw[3] % 16 == 1) {
		at += 8;
	}
	if (draw[3] & 16) {
		twins_say(t, "register_memory: %td, %#jx", at - t->memory, (uintmax_t)length);
		kernel = ioasid_ctx_register_memory(t->ctx[KERNEL], at, length, flags);
		twins_agree(t, kernel, ioasid_ctx_register_memory(t->ctx[EMULATED], at, length,
								  flags));
		return;
	}
	twins_say(t, "unregister_memory: %td, %#jx", at - t->memory, (uintmax_t)length);
	kernel = ioasid_ctx_unregister_memory(t->ctx[KERNEL], at, length);
	twins_agree(t, kernel, ioasid_ctx_unregister_memory(t->ctx[EMULATED], at, length));
}

void twins_dirty(struct twins *t, const uint64_t *draw)
{
	int s = twins_some_space(t, draw[0], ANY_SPACE), kernel;

	if (s < 0 || !ioasid_ctx_has(t->ctx[KERNEL], IOASID_CAP_DIRTY_TRACKING))
		return;
	if (draw[1] % 2) {
		twins_say(t, "dirty_start: %d", s);
		kernel = ioasid_space_dirty_start(t->space[s].at[KERNEL]);
		twins_agree(t, kernel, ioasid_space_dirty_start(t->space[s].at[EMULATED]));
		return;
	}
	twins_say(t, "dirty_stop: %d", s);
	kernel = ioasid_space_dirty_stop(t->space[s].at[KERNEL]);
	twins_agree(t, kernel, ioasid_space_dirty_stop(t->space[s].at[EMULATED]));
}
