/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Spaces that units walk: what they keep of one in their caches, and when it goes.
 *
 * A guest's invalidation drops entries, where a shadow reads them again. Everything else that ends
 * a translation, as what the parent or an attachment does, drops all that was made of the space, in
 * device TLBs too: that is what drivers of IOMMUs do when a nesting parent changes.
 */
#include <errno.h>
#include <string.h>

#include "dirty.h"
#include "emulated.h"
#include "walk.h"

/* Invalidations that the audit remembers of each space. */
#define RECENT 32u

struct invalidation {
	uint64_t start, last, when;
};

struct emu_nested {
	uint64_t tag;			/* of entries in caches */
	struct pgt_pair pair;		/* in the parent's space */
	bool bound;
	bool cached;			/* some cache has had something of it */
	uint64_t now;			/* audit: time of the batch being carried out; else 0 */
	uint64_t n_recent;
	struct invalidation *recent;	/* audit; NULL without */
	struct reap_later later;
};

static struct emulated *emulated_of(const struct ioasid_space *space)
{
	return space->ctx->backend;
}

/* What units have of it. */
static void drop_units(const struct ioasid_space *space, uint64_t start, uint64_t last,
		       bool leaf_only)
{
	const struct emu_nested *nested = space->backend;
	const struct emulated *emu = emulated_of(space);
	size_t i;

	for (i = 0; i < emu->platform->n_iommus; i++) {
		struct emu_unit *unit = emu->units[i];

		if (!unit)
			continue;
		iotlb_drop(&unit->iotlb, nested->tag, start, last);
		if (!leaf_only)
			psc_drop(&unit->psc, nested->tag, start, last);
	}
}

/* What devices have of it; @all: also those that want to be told themselves. */
static void drop_devices(const struct ioasid_space *space, uint64_t start, uint64_t last, bool all)
{
	const struct emu_nested *nested = space->backend;
	const struct ioasid_device *device;

	for (device = space->ctx->devices; device; device = device->next) {
		const struct emu_device *ed = device->backend;

		if (ed->tlb && (all || !ed->device->tlb_explicit))
			iotlb_drop(ed->tlb, nested->tag, start, last);
	}
}

/* Nothing is left of it anywhere. */
static void drop_all(struct ioasid_space *space, struct reap *reap)
{
	struct emu_nested *nested = space->backend;

	/* A DMA may use what it found before that was evicted. */
	reap->drain = true;
	if (!nested->cached)
		return;
	drop_units(space, 0, UINT64_MAX, false);
	drop_devices(space, 0, UINT64_MAX, true);
	nested->cached = false;
	nest_unwatch(space);
}

static void nested_free(struct emu_nested *nested)
{
	mem_free(nested->recent);
	mem_free(nested);
}

static int create(struct ioasid_space *space)
{
	struct emu_nested *nested = mem_calloc(1, sizeof(*nested));

	if (nested && space->ctx->flags & IOASID_CTX_AUDIT)
		nested->recent = mem_calloc(RECENT, sizeof(*nested->recent));
	if (!nested || (space->ctx->flags & IOASID_CTX_AUDIT && !nested->recent)) {
		mem_free(nested);
		return -ENOMEM;
	}
	/* A tag is never used again: what is left in a cache would be another space's. */
	nested->tag = ++space->ctx->serial;
	space->backend = nested;
	return 0;
}

static void free_later(struct reap_later *later)
{
	nested_free(bits_container_of(later, struct emu_nested, later));
}

static void destroy(struct ioasid_space *space, struct reap *reap)
{
	struct emu_nested *nested = space->backend;

	drop_all(space, reap);
	/* A DMA whose detach is not over yet can still look at it. */
	reap_later(reap, &nested->later, free_later);
}

static const struct pgt_pair *bound(const struct ioasid_space *space)
{
	const struct emu_nested *nested = space->backend;

	return nested->bound ? &nested->pair : NULL;
}

static int bind(struct ioasid_space *space, const struct pgt_pair *pair, struct reap *reap)
{
	struct emu_nested *nested = space->backend;

	nested->pair = *pair;
	nested->bound = true;
	drop_all(space, reap);
	return 0;
}

static void unbind(struct ioasid_space *space, struct reap *reap)
{
	struct emu_nested *nested = space->backend;

	nested->bound = false;
	drop_all(space, reap);
}

static void begin(struct ioasid_space *space, uint64_t now)
{
	struct emu_nested *nested = space->backend;

	nested->now = now;
}

static int invalidate(struct ioasid_space *space, uint64_t start, uint64_t last, bool leaf_only,
		      struct reap *reap)
{
	struct emu_nested *nested = space->backend;

	/* not that of a page request */
	if (nested->recent && nested->now)
		nested->recent[nested->n_recent++ % RECENT] =
			(struct invalidation){ start, last, nested->now };
	reap->drain = true;
	if (nested->cached) {
		drop_units(space, start, last, leaf_only);
		drop_devices(space, start, last, false);
	}
	return 0;
}

static void parent_changed(struct ioasid_space *space, const struct ioasid_mapping *m,
			   struct reap *reap)
{
	/* An address of the parent's may be a table: there is no telling what came from it. */
	(void)m;
	drop_all(space, reap);
}

/* Entries that permit writing are nowhere told from others. */
static void track(struct ioasid_space *space, bool on, struct reap *reap)
{
	if (on)
		drop_all(space, reap);
}

static void take_written(struct ioasid_space *space, struct reap *reap)
{
	drop_all(space, reap);
}

/* The unit's entry with the lowest address at or after @iova, of all units. */
static const struct iotlb_entry *next_entry(const struct ioasid_space *space, uint64_t iova,
					    const struct iotlb **owner)
{
	const struct emu_nested *nested = space->backend;
	const struct emulated *emu = emulated_of(space);
	const struct iotlb_entry *next = NULL, *e;
	size_t i;

	for (i = 0; i < emu->platform->n_iommus; i++) {
		e = emu->units[i] ? iotlb_next(&emu->units[i]->iotlb, nested->tag, iova) : NULL;
		if (!e || (next && iotlb_start(e) >= iotlb_start(next)))
			continue;
		next = e;
		*owner = &emu->units[i]->iotlb;
	}
	return next;
}

static void look(struct ioasid_space *space, uint64_t iova, struct shadow_view *view)
{
	const struct iotlb *owner = NULL;
	const struct iotlb_entry *e = next_entry(space, iova, &owner);

	*view = (struct shadow_view){ .base = iova, .last = UINT64_MAX };
	if (!e)
		return;
	if (iotlb_start(e) > iova) {
		view->last = iotlb_start(e) - 1;
		return;
	}
	view->base = iotlb_start(e);
	view->last = iotlb_last(e);
	view->mapped = true;
	view->perm = (unsigned int)e->host & IOPT_PERM;
	view->target = owner->origins[e - owner->entries].target;
}

const struct nest_ops emu_nest = {
	.nesting = IOASID_NESTING_HARDWARE,
	.maps = false,
	.create = create,
	.destroy = destroy,
	.bound = bound,
	.bind = bind,
	.unbind = unbind,
	.begin = begin,
	.invalidate = invalidate,
	.parent_changed = parent_changed,
	.track = track,
	.take_written = take_written,
	.max_looks = 256,	/* each goes through all of the IOTLBs */
	.look = look,
};

void emu_nested_leave(struct ioasid_device *device, struct ioasid_space *space,
		      struct reap *reap)
{
	const struct emu_nested *nested = space->backend;
	struct emu_device *ed = device->backend;

	iotlb_drop(&ed->unit->iotlb, nested->tag, 0, UINT64_MAX);
	psc_drop(&ed->unit->psc, nested->tag, 0, UINT64_MAX);
	if (ed->tlb)
		iotlb_drop(ed->tlb, nested->tag, 0, UINT64_MAX);
	reap->drain = true;
}

/* What requests find where they go now: what they found before a move has gone with that. */
static void drop_route(const struct emu_device *ed, const struct emu_route *r, uint64_t start,
		       uint64_t last)
{
	if (r && r->nested)
		iotlb_drop(ed->tlb, r->nested->tag, start, last);
}

void emu_device_tlb_drop(struct ioasid_device *device, const uint32_t *pasid, uint64_t start,
			 uint64_t last, struct reap *reap)
{
	struct emu_device *ed = device->backend;
	struct imap_item *item;
	struct imap_iter iter;

	if (!ed->tlb)
		return;
	reap->drain = true;
	if (pasid)
		drop_route(ed, emu_route_find(device, *pasid), start, last);
	else
		imap_for_each(item, &iter, &ed->by_pasid, 0, UINT64_MAX)
			drop_route(ed, bits_container_of(item, struct emu_route, item), start,
				   last);
}

bool emu_nested_find(const struct ioasid_channel *ch, uint64_t iova, uint32_t access,
		     struct iopt_hit *hit)
{
	/* Once it has met this the channel meets no root of a space before: see set_walk(). */
	const struct emu_nested *nested = __atomic_load_n(&ch->route->nested, __ATOMIC_ACQUIRE);
	const struct emu_device *ed = ch->device->backend;

	if (!nested || ch->audit)
		return false;
	return iotlb_find(ed->tlb ? ed->tlb : &ed->unit->iotlb, nested->tag, iova, access, hit,
			  NULL);
}

/* When the audit last saw an invalidation of @iova; 0: it does not remember one. */
static uint64_t last_invalidated(const struct emu_nested *nested, uint64_t iova)
{
	uint64_t n = bits_min(nested->n_recent, RECENT), i;

	for (i = 1; i <= n; i++) {
		const struct invalidation *inv = &nested->recent[(nested->n_recent - i) % RECENT];

		if (iova >= inv->start && iova <= inv->last)
			return inv->when;
	}
	return 0;
}

static struct walk walk_of(const struct ioasid_space *space, uint64_t iova)
{
	const struct emu_nested *nested = space->backend;
	const struct pgt_pair *pair = &nested->pair;
	bool high = pair->high.levels && (iova >> 63 || !pair->low.levels);

	return (struct walk){ .second = &space->parent->table.root, .write = track_write,
			      .root = space->parent,
			      .pgt = high ? &pair->high : &pair->low,
			      .table = high ? pair->high_root : pair->low_root,
			      .iova = iova };
}

/* Are the entries that were used, down to @level, still what the tables say? */
static void audit(struct ioasid_channel *ch, uint64_t iova, uint32_t access, const uint64_t *raw,
		  unsigned int level)
{
	const struct ioasid_space *space = ch->route->space;
	struct walk now = walk_of(space, iova);
	struct shadow_stale stale;

	if (!ch->audit || ch->asks)
		return;
	walk_look(&now);
	if (!walk_is_stale(&now, raw, level, emu_request_upgrades(ch), &stale))
		return;
	stale.last_invalidated = last_invalidated(space->backend, iova);
	emu_report_stale(ch, iova, access, &stale);
}

/* Takes the way down into the cache, as far as it was not there. */
static void keep_structures(struct emu_unit *unit, const struct emu_nested *nested,
			    const struct walk *w)
{
	unsigned int level;

	for (level = w->pgt->levels; level > w->at.level; level--)
		if (w->slot[level])
			psc_fill(&unit->psc, nested->tag, w->pgt, w->iova, level, w->raw);
}

/* The unit walks, from as far down as it knows the way. */
static enum shadow_fault walk(struct ioasid_channel *ch, uint64_t iova, uint32_t access,
			      struct iotlb_translation *x)
{
	const struct emu_device *ed = ch->device->backend;
	struct ioasid_space *space = ch->route->space;
	struct emu_nested *nested = space->backend;
	struct emu_unit *unit = ed->unit;
	struct walk w = walk_of(space, iova);
	enum shadow_fault fault;

	w.known = psc_find(&unit->psc, nested->tag, iova, w.raw);
	fault = ch->asks ? walk_ask(&w, access) : walk_translate(&w, access);
	unit->walks++;
	unit->reads += w.reads;
	audit(ch, iova, access, w.raw, w.at.level);
	if (fault)
		return fault;
	*x = w.result;
	x->entry.tag = nested->tag;
	keep_structures(unit, nested, &w);
	iotlb_fill(&unit->iotlb, x);
	nested->cached = true;
	nest_watch(space);
	return SHADOW_OK;
}

/* What has it, the device or its unit; NULL: neither, and both have counted a miss. */
static struct iotlb *look_up(const struct emu_device *ed, uint64_t tag, uint64_t iova,
			     uint32_t access, struct iotlb_translation *x)
{
	struct iotlb *caches[] = { ed->tlb, &ed->unit->iotlb };
	struct iopt_hit hit;
	unsigned int i;
	size_t index;

	for (i = 0; i < bits_array_size(caches); i++) {
		if (!caches[i])
			continue;
		if (iotlb_find(caches[i], tag, iova, access, &hit, &index)) {
			*x = iotlb_get(caches[i], index);
			return caches[i];
		}
		caches[i]->misses++;
	}
	return NULL;
}

enum shadow_fault emu_nested_translate(struct ioasid_channel *ch, uint64_t iova, uint32_t access,
				       struct iopt_hit *hit)
{
	const struct emu_device *ed = ch->device->backend;
	const struct ioasid_space *space = ch->route->space;
	const struct emu_nested *nested = space->backend;
	struct iotlb_translation x;
	struct iotlb *from;

	*hit = (struct iopt_hit){ 0 };
	if (!nested->bound)
		return SHADOW_NO_PGTABLE;
	from = look_up(ed, nested->tag, iova, access, &x);
	if (from) {
		audit(ch, iova, access, x.origin.raw, x.origin.level);
	} else {
		enum shadow_fault fault = walk(ch, iova, access, &x);

		if (fault)
			return fault;
	}
	if (ed->tlb && from != ed->tlb)
		iotlb_fill(ed->tlb, &x);
	*hit = (struct iopt_hit){ .entry = x.entry.host, .shift = iotlb_shift(&x.entry),
				  .perm = (unsigned int)x.entry.host & IOPT_PERM };
	return SHADOW_OK;
}
