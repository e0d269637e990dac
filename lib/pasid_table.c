/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a bound PASID table says, as far as DMA has asked. For each PASID used there is a record of
 * the page table that its entry led to, for each such page table one space that is nothing but its
 * shadow, however many PASIDs lead there. The guest decides how many PASIDs are used: beyond a
 * limit, what was looked up longest ago goes.
 */
#include <errno.h>

#include <ioasid/smmuv3.h>

#include "attach.h"
#include "objects.h"
#include "space.h"
#include "pasidtab/pasidtab.h"

/* A page table that entries lead to. */
struct target {
	struct imap_item item;		/* its root, if it can be found by that */
	bool by_root;
	struct target *next, **prev;	/* all of them */
	struct ioasid_pgtable pgtable;
	struct ioasid_space *space;
	uint32_t refs;			/* records */
	uint64_t batch;			/* of invalidations, the latest that was about it ... */
	uint64_t start, last;		/* ... and has refreshed this, for one PASID or another */
};

/* A PASID that has been looked up. */
struct record {
	struct imap_item item;
	struct record *older, *newer;
	struct target *target;		/* NULL: not translated */
};

struct pasid_table {
	struct ioasid_pasid_table user;
	struct ioasid_smmuv3_regs regs;	/* its copy */
	const struct pasidtab_format *format;
	uint32_t room;
	uint64_t now;			/* of the invalidation being carried out */
	struct imap by_pasid, by_root;
	struct slab records, targets;
	struct record *oldest, *newest;
	struct target *all;
};

static struct pasid_table *table_new(struct ioasid_ctx *ctx, const struct ioasid_pasid_table *user)
{
	struct pasid_table *t = mem_calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->user = *user;
	if (user->smmuv3_regs) {
		t->regs = *user->smmuv3_regs;
		t->user.smmuv3_regs = &t->regs;
	}
	t->format = pasidtab_find(user->format);
	t->room = user->max_pasids ? user->max_pasids : PASID_TABLE_ROOM;
	imap_init(&t->by_pasid, &ctx->pages);
	imap_init(&t->by_root, &ctx->pages);
	slab_init(&t->records, &ctx->pages, sizeof(struct record), t);
	slab_init(&t->targets, &ctx->pages, sizeof(struct target), t);
	return t;
}

struct ioasid_space *pasid_table_of(const struct ioasid_device *device)
{
	struct ioasid_space *space = device_space(device, IOASID_NO_PASID);

	return space && space->pasids ? space : NULL;
}

uint32_t pasid_table_room(const struct ioasid_space *space)
{
	return space->pasids->room;
}

static struct record *find_record(const struct pasid_table *t, uint32_t pasid)
{
	struct imap_item *item = imap_find(&t->by_pasid, pasid);

	return item ? bits_container_of(item, struct record, item) : NULL;
}

static void put_target(struct pasid_table *t, struct target *target, struct reap *reap)
{
	if (!target || --target->refs)
		return;
	if (target->by_root)
		imap_remove(&t->by_root, &target->item);
	*target->prev = target->next;
	if (target->next)
		target->next->prev = target->prev;
	space_take_out(target->space, reap);
	slab_free(&t->targets, target);
}

static void unlink_record(struct pasid_table *t, struct record *r)
{
	*(r->older ? &r->older->newer : &t->oldest) = r->newer;
	*(r->newer ? &r->newer->older : &t->newest) = r->older;
}

static void link_newest(struct pasid_table *t, struct record *r)
{
	r->newer = NULL;
	r->older = t->newest;
	*(t->newest ? &t->newest->newer : &t->oldest) = r;
	t->newest = r;
}

/* Forgets what is known of a PASID, and the shadow if it was the last that led there. */
static void drop(struct ioasid_space *space, struct record *r, struct reap *reap)
{
	struct pasid_table *t = space->pasids;
	uint32_t pasid = (uint32_t)r->item.start;

	space->ctx->ops->forget_route(space, pasid, reap);
	if (pasid == t->user.rid_pasid)
		space->ctx->ops->forget_route(space, IOASID_NO_PASID, reap);
	unlink_record(t, r);
	imap_remove(&t->by_pasid, &r->item);
	put_target(t, r->target, reap);
	slab_free(&t->records, r);
}

/* The PASID whose entry counts; IOASID_NO_PASID: none does. */
static uint32_t pasid_used(const struct pasid_table *t, uint32_t pasid)
{
	if (pasid != IOASID_NO_PASID)
		return pasid;
	return t->user.flags & PASIDTAB_RID_FLAGS ? IOASID_NO_PASID : t->user.rid_pasid;
}

bool pasid_table_make_room(struct ioasid_space *space, uint32_t pasid, struct reap *reap)
{
	struct pasid_table *t = space->pasids;

	if (imap_count(&t->by_pasid) < t->room || find_record(t, pasid_used(t, pasid)))
		return false;
	drop(space, t->oldest, reap);
	return true;
}

/* The guest's memory, through the parent. */
static int load(void *opaque, uint64_t addr, uint64_t *words, unsigned int n)
{
	struct ioasid_space *space = opaque;

	return shadow_read(&space->shadow, addr, words, n);
}

static void read_entry(struct ioasid_space *space, uint32_t pasid, struct pasidtab_entry *entry)
{
	const struct pasid_table *t = space->pasids;

	*entry = (struct pasidtab_entry){ .pgtable = IOASID_PGTABLE_INIT };
	/* what is wrong with it is said of a DMA, and not of an invalidation */
	err_put_aside();
	t->format->look_up(&t->user, pasid, load, space, entry);
	err_take_back();
}

static bool is_same(const struct ioasid_pgtable *a, const struct ioasid_pgtable *b)
{
	return a->root == b->root && a->format == b->format && a->levels == b->levels &&
	       a->address_bits == b->address_bits && a->flags == b->flags &&
	       a->input_bits == b->input_bits && a->granule_bits == b->granule_bits &&
	       a->upper_root == b->upper_root && a->upper_levels == b->upper_levels &&
	       a->upper_input_bits == b->upper_input_bits &&
	       a->upper_granule_bits == b->upper_granule_bits;
}

static struct target *find_target(const struct pasid_table *t, const struct ioasid_pgtable *pgtable)
{
	struct imap_item *item = imap_find(&t->by_root, pgtable->root);
	struct target *target = item ? bits_container_of(item, struct target, item) : NULL;

	return target && is_same(&target->pgtable, pgtable) ? target : NULL;
}

/* A space that is the shadow of @pair, and nobody's who creates spaces. NULL for want of memory. */
static struct ioasid_space *shadow_space(struct ioasid_space *of, const struct pgt_pair *pair,
					 struct reap *reap)
{
	const struct ioasid_space_options options = {
		.size = sizeof(options), .parent = of->parent, .fill = IOASID_FILL_ON_DEMAND,
		.viommu = of->viommu,
	};
	struct ioasid_space *space = space_new(of->ctx);
	struct reap own = { 0 };

	if (!space)
		return NULL;
	space->id = of->id;
	if (space_nest_on(space, &options, &own)) {
		mem_free(space->reserved);
		mem_free(space);
		return NULL;
	}
	space->shadow.payer = &of->shadow;
	/* It is new: nobody walks it, and there is nothing before to be reaped. */
	if (space->nest->bind(space, pair, &own)) {
		space_take_out(space, &own);
		reap_move(&own, reap);
		return NULL;
	}
	return space;
}

static int sync_target(const struct target *target, uint64_t start, uint64_t last, uint64_t now,
		       struct reap *reap)
{
	const struct nest_ops *nest = target->space->nest;

	nest->begin(target->space, now);
	return nest->invalidate(target->space, start, last, false, reap);
}

/* One more PASID leads there, which sees the page table as it is, whatever others left stale. */
static int join_target(struct target *target, struct reap *reap)
{
	target->refs++;
	return sync_target(target, 0, UINT64_MAX, 0, reap);
}

/* 0; -ENOMEM; -EOPNOTSUPP: not a page table that the device's IOMMU can use. */
static int make_target(struct ioasid_space *space, const struct ioasid_device *device,
		       const struct ioasid_pgtable *pgtable, struct target **out,
		       struct reap *reap)
{
	struct pasid_table *t = space->pasids;
	struct target *target;
	struct pgt_pair pair;

	if (pgtable_check(pgtable, &pair) || device_check_pgtable(device, space, &pair))
		return -EOPNOTSUPP;
	*out = find_target(t, pgtable);
	if (*out)
		return join_target(*out, reap);
	target = slab_alloc(&t->targets);
	if (!target)
		return -ENOMEM;
	*target = (struct target){ .item = { pgtable->root, pgtable->root }, .pgtable = *pgtable,
				   .refs = 1, .next = t->all, .prev = &t->all };
	target->space = shadow_space(space, &pair, reap);
	if (!target->space) {
		slab_free(&t->targets, target);
		return -ENOMEM;
	}
	/* It can do without: others that lead there then have their own. */
	target->by_root = !imap_insert(&t->by_root, &target->item);
	if (target->next)
		target->next->prev = &target->next;
	t->all = target;
	*out = target;
	return 0;
}

/* 0; -ENOMEM; or a reason to fault. */
static int make_record(struct ioasid_space *space, const struct ioasid_device *device,
		       uint32_t pasid, struct record **out, struct reap *reap)
{
	struct pasid_table *t = space->pasids;
	struct pasidtab_entry entry;
	struct record *r;
	int ret = 0;

	read_entry(space, pasid, &entry);
	if (entry.kind == PASIDTAB_NOMEM)
		return -ENOMEM;
	if (entry.kind == PASIDTAB_FAULT)
		return (int)entry.reason;
	r = slab_alloc(&t->records);
	if (!r)
		return -ENOMEM;
	*r = (struct record){ .item = { pasid, pasid } };
	if (entry.kind == PASIDTAB_TABLE)
		ret = make_target(space, device, &entry.pgtable, &r->target, reap);
	if (!ret)
		ret = imap_insert(&t->by_pasid, &r->item);
	if (!ret) {
		link_newest(t, r);
		*out = r;
		return 0;
	}
	put_target(t, r->target, reap);
	slab_free(&t->records, r);
	return ret == -EOPNOTSUPP ? IOASID_FAULT_PASID_MALFORMED : ret;
}

/* Which another device, on another IOMMU, may have used. */
static bool can_use(const struct ioasid_device *device, const struct ioasid_space *space,
		    const struct record *r)
{
	return !r->target ||
	       !device_check_pgtable(device, space, nest_bound(r->target->space));
}

int pasid_table_look_up(struct ioasid_space *space, const struct ioasid_device *device,
			uint32_t pasid, struct ioasid_space **out, struct reap *reap)
{
	struct pasid_table *t = space->pasids;
	struct record *r;
	int ret;
	uint32_t rid = pasid_used(t, IOASID_NO_PASID);

	if (pasid == IOASID_NO_PASID && rid == IOASID_NO_PASID) {
		*out = space->parent;
		return t->user.flags & IOASID_PASID_TABLE_RID_BYPASS ? 0 : IOASID_FAULT_BLOCKED;
	}
	if (pasid != IOASID_NO_PASID &&
	    (pasid >> t->user.pasid_bits || (pasid == rid && t->format->rid_is_own)))
		return IOASID_FAULT_PASID_RANGE;
	pasid = pasid_used(t, pasid);
	r = find_record(t, pasid);
	if (r) {
		if (!can_use(device, space, r))
			return IOASID_FAULT_PASID_MALFORMED;
		unlink_record(t, r);
		link_newest(t, r);
	} else {
		ret = make_record(space, device, pasid, &r, reap);
		if (ret)
			return ret;
	}
	*out = r->target ? r->target->space : space->parent;
	return 0;
}

uint8_t pasid_table_record_code(const struct ioasid_space *space, uint32_t pasid,
				enum ioasid_fault_reason reason)
{
	const struct pasid_table *t = space->pasids;
	bool about_table = reason >= IOASID_FAULT_PASID_RANGE &&
			   reason <= IOASID_FAULT_PASID_MALFORMED;

	return t && about_table && t->format->record_code ?
	       t->format->record_code(&t->user, pasid, load, (void *)(uintptr_t)space) : 0;
}

/*
 * What a batch says again, as it can for each PASID that leads there, it does not do again: its
 * entries stand for one time.
 */
static int sync_once(struct target *t, uint64_t start, uint64_t last, uint64_t now,
		     struct reap *reap)
{
	uint64_t batch = t->space->ctx->batch;
	bool goes_on = t->batch == batch && start <= bits_add_sat(t->last, 1) &&
		       t->start <= bits_add_sat(last, 1);

	if (goes_on && start >= t->start && last <= t->last)
		return 0;
	t->start = goes_on ? bits_min(t->start, start) : start;
	t->last = goes_on ? bits_max(t->last, last) : last;
	t->batch = batch;
	return sync_target(t, start, last, now, reap);
}

/* Reads the entry again; forgets it if it says something else now. */
static bool check_record(struct ioasid_space *space, struct record *r, struct reap *reap)
{
	struct pasidtab_entry entry;
	bool same;

	read_entry(space, (uint32_t)r->item.start, &entry);
	if (r->target)
		same = entry.kind == PASIDTAB_TABLE && is_same(&entry.pgtable, &r->target->pgtable);
	else
		same = entry.kind == PASIDTAB_BYPASS;
	if (!same)
		drop(space, r, reap);
	return same;
}

static int sync_all(const struct pasid_table *t, uint64_t start, uint64_t last, uint64_t now,
		    struct reap *reap)
{
	const struct target *target;
	int ret = 0;

	for (target = t->all; target; target = target->next)
		if (sync_target(target, start, last, now, reap))
			ret = -ENOMEM;
	return ret;
}

int pasid_table_invalidate(struct ioasid_space *space, uint32_t pasid, uint64_t start,
			   uint64_t last, uint64_t now, struct reap *reap)
{
	struct pasid_table *t = space->pasids;
	struct record *r;

	/* of one that is not known, nothing is kept: what it comes to share is read again then */
	r = find_record(t, pasid_used(t, pasid));
	if (r && !start && last == UINT64_MAX && !check_record(space, r, reap))
		return 0;
	return r && r->target ? sync_once(r->target, start, last, now, reap) : 0;
}

static void table_drop(struct ioasid_space *space, struct reap *reap)
{
	struct pasid_table *t = space->pasids;

	while (t->oldest)
		drop(space, t->oldest, reap);
	imap_destroy(&t->by_pasid);
	imap_destroy(&t->by_root);
	slab_destroy(&t->records);
	slab_destroy(&t->targets);
	mem_free(t);
	space->pasids = NULL;
}

/* Such a space as one of those on its parent. */
static const struct pgt_pair *bound(const struct ioasid_space *space)
{
	/* one for each PASID: none to be checked */
	static const struct pgt_pair many = { .low.levels = 0 };

	(void)space;
	return &many;
}

static void begin(struct ioasid_space *space, uint64_t now)
{
	space->pasids->now = now;
}

static int invalidate(struct ioasid_space *space, uint64_t start, uint64_t last, bool leaf_only,
		      struct reap *reap)
{
	struct pasid_table *t = space->pasids;
	struct record *r, *newer;

	(void)leaf_only;
	if (!start && last == UINT64_MAX)
		for (r = t->oldest; r; r = newer) {
			newer = r->newer;
			check_record(space, r, reap);
		}
	return sync_all(t, start, last, t->now, reap);
}

/* The spaces of its page tables are on the parent themselves. */
static void parent_changed(struct ioasid_space *space, const struct ioasid_mapping *m,
			   struct reap *reap)
{
	(void)space, (void)m, (void)reap;
}

static void look(struct ioasid_space *space, uint64_t iova, struct shadow_view *view)
{
	(void)space;
	*view = (struct shadow_view){ .base = iova, .last = UINT64_MAX };
}

static void destroy(struct ioasid_space *space, struct reap *reap)
{
	table_drop(space, reap);
	nest_shadow.destroy(space, reap);
}

/* Its own shadow, which reads the PASID table, can become that of a page table again. */
static void track(struct ioasid_space *space, bool on, struct reap *reap)
{
	nest_shadow.track(space, on, reap);
}

static void take_written(struct ioasid_space *space, struct reap *reap)
{
	nest_shadow.take_written(space, reap);
}

static const struct nest_ops nest_pasids = {
	.nesting = IOASID_NESTING_SOFTWARE,
	.destroy = destroy,
	.bound = bound,
	.begin = begin,
	.invalidate = invalidate,
	.parent_changed = parent_changed,
	.track = track,
	.take_written = take_written,
	.look = look,
	.max_looks = 1,
};

int pasid_table_start(struct ioasid_space *space, const struct ioasid_pasid_table *user,
		      struct reap *reap)
{
	struct pasid_table *new = table_new(space->ctx, user);

	if (!new)
		return err_set(ENOMEM, "space %u: no memory to bind a PASID table", space->id);
	if (space->pasids)
		table_drop(space, reap);
	space->pasids = new;
	space->nest = &nest_pasids;
	space_reroute(space, reap);
	return 0;
}

void pasid_table_stop(struct ioasid_space *space, struct reap *reap)
{
	table_drop(space, reap);
	space->nest = &nest_shadow;
	space_reroute(space, reap);
}
