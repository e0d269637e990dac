/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nesting in software: what a shadow sees of its parent, and what its space wants of it. */
#include <errno.h>

#include "dirty.h"
#include "mapped.h"
#include "objects.h"

/*
 * A root as a parent: a piece is what a leaf of its table covers, which a walk finds faster than a
 * search among the mappings. Big mappings are pieces as a whole, so that one serves for long.
 */
static int resolve(void *opaque, uint64_t addr, struct shadow_piece *piece)
{
	struct ioasid_space *root = opaque;
	struct iopt_hit hit = root->tracked ? iopt_find(&root->table, addr) :
					       iopt_walk(&root->table.root, addr);
	uint64_t mask = (UINT64_C(1) << hit.shift) - 1;

	if (!hit.entry)
		return -EFAULT;
	*piece = (struct shadow_piece){
		.start = addr & ~mask, .last = addr | mask, .host = hit.entry & IOPT_ADDR,
		.perm = hit.entry & (IOPT_PERM | IOPT_CLEAN),
	};
	if (hit.entry & IOPT_BIG) {
		struct imap_item *item = imap_find(&root->maps, addr);

		piece->start = item->start;
		piece->last = item->last;
		piece->host = bits_container_of(item, struct ioasid_mapping, item)->target;
		return 0;
	}
	piece->watch = iopt_head(&root->table, hit.slot);
	return piece->watch ? 0 : -ENOMEM;
}

/* The lowest address in a range that it maps. */
static bool first(void *opaque, uint64_t start, uint64_t last, uint64_t *addr)
{
	const struct ioasid_space *root = opaque;
	struct ioasid_mapping copy;
	const struct ioasid_mapping *m = mapping_first(root, start, last, &copy);

	if (m)
		*addr = bits_max(m->item.start, start);
	return m;
}

static void watch(struct shadow *s, bool on)
{
	struct ioasid_space *space = bits_container_of(s, struct ioasid_space, shadow);

	if (on)
		nest_watch(space);
	else
		nest_unwatch(space);
}

static int create(struct ioasid_space *space)
{
	struct ioasid_space *parent = space->parent;
	struct shadow_parent up = { resolve, track_write, parent, &parent->gen, first,
				    &parent->table.root, NULL, watch };

	if (parent->parent) {
		up = shadow_as_parent(&parent->shadow);
		parent->shadow.is_parent = true;
	}
	shadow_init(&space->shadow, &space->ctx->pages, &up,
		    space->ctx->flags & IOASID_CTX_AUDIT);
	space->shadow.tracked = parent->parent ? parent->shadow.tracked : parent->tracked;
	return 0;
}

static void destroy(struct ioasid_space *space, struct reap *reap)
{
	shadow_destroy(&space->shadow, reap);
}

static const struct pgt_pair *bound(const struct ioasid_space *space)
{
	const struct shadow_tree *tree = &space->shadow.tree;

	return tree->mode == SHADOW_GUEST ? &tree->pair : NULL;
}

static bool fill_on_demand(const struct ioasid_space *space, const struct pgt_pair *pair)
{
	if (!ioasid_ctx_has(space->ctx, IOASID_CAP_FILL_ON_DEMAND))
		return false;
	if (space->fill_asked)
		return space->fill_asked == IOASID_FILL_ON_DEMAND;
	return !pair->low.announced;
}

static int bind(struct ioasid_space *space, const struct pgt_pair *pair, struct reap *reap)
{
	if (!shadow_bind(&space->shadow, pair, fill_on_demand(space, pair), reap))
		return 0;
	return err_set(ENOMEM, "space %u: no memory to bind a page table%s", space->id,
		       nest_limit_hint(space));
}

static void unbind(struct ioasid_space *space, struct reap *reap)
{
	shadow_unbind(&space->shadow, reap);
}

static void begin(struct ioasid_space *space, uint64_t now)
{
	shadow_begin_pass(&space->shadow, now);
}

/* That only leaves changed would save a load for each upper level; to read them is always right. */
static int invalidate(struct ioasid_space *space, uint64_t start, uint64_t last, bool leaf_only,
		      struct reap *reap)
{
	(void)leaf_only;
	return shadow_sync(&space->shadow, start, last, reap);
}

static int invalidate_pages(struct ioasid_space *space, const uint64_t *iovas, size_t n,
			    struct reap *reap)
{
	return shadow_sync_pages(&space->shadow, iovas, n, reap);
}

/* The lists of small mappings went with the parent's table. */
static void parent_changed(struct ioasid_space *space, const struct ioasid_mapping *m,
			   struct reap *reap)
{
	uint64_t length = imap_length(&m->item);

	if (length >= BIG_MAPPING)
		shadow_drop_range(&space->shadow, m->item.start, m->item.last, reap);
	else
		shadow_drop_loose(&space->shadow, m->target, length, reap);
}

static void track(struct ioasid_space *space, bool on, struct reap *reap)
{
	if (on)
		shadow_take_all(&space->shadow, reap);
	else
		shadow_give_all(&space->shadow, reap);
}

static void take_written(struct ioasid_space *space, struct reap *reap)
{
	shadow_take_written(&space->shadow, reap);
}

/* Entries are resolved as they are looked at, as a DMA would. */
static void look(struct ioasid_space *space, uint64_t iova, struct shadow_view *view)
{
	struct shadow *s = &space->shadow;

	shadow_look(s, iova, view);
	if (!view->unresolved)
		return;
	if (shadow_miss(s, iova, 0)) {
		/* a superpage that leads elsewhere too */
		view->base = iova;
		view->last = iova | (PAGE - 1);
		return;
	}
	shadow_look(s, iova, view);
}

const struct nest_ops nest_shadow = {
	.nesting = IOASID_NESTING_SOFTWARE,
	.maps = true,
	.create = create,
	.destroy = destroy,
	.bound = bound,
	.bind = bind,
	.unbind = unbind,
	.begin = begin,
	.invalidate = invalidate,
	.invalidate_pages = invalidate_pages,
	.parent_changed = parent_changed,
	.track = track,
	.take_written = take_written,
	.max_looks = 1u << 20,
	.look = look,
};
