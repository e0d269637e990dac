/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nested spaces: what a shadow sees of its parent, and which table it shadows. */
#include <errno.h>

#include "objects.h"

/*
 * A root as a parent: a piece is what a leaf of its table covers, which a walk finds faster than a
 * search among the mappings. Big mappings are pieces as a whole, so that one serves for long.
 */
static int resolve(void *opaque, uint64_t addr, struct shadow_piece *piece)
{
	struct ioasid_space *root = opaque;
	struct iopt_hit hit = iopt_walk(&root->table.root, addr);
	uint64_t mask = (UINT64_C(1) << hit.shift) - 1;

	if (!hit.entry)
		return -EFAULT;
	*piece = (struct shadow_piece){
		.start = addr & ~mask, .last = addr | mask, .host = hit.entry & IOPT_ADDR,
		.perm = hit.entry & IOPT_PERM,
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

int nest_init(struct ioasid_space *space)
{
	struct ioasid_space *parent = space->parent;
	struct shadow_parent up = { resolve, parent, &parent->gen };

	if (parent->parent) {
		up = (struct shadow_parent){ shadow_resolve, &parent->shadow,
					     &parent->shadow.gen };
		parent->shadow.is_parent = true;
	}
	shadow_init(&space->shadow, &space->ctx->pages, &up,
		    space->ctx->flags & IOASID_CTX_AUDIT);
	return 0;
}

/*
 * A root's mapping has gone: so does what children made of it. The lists of small ones went with the
 * table.
 */
void nest_unmapped(struct ioasid_space *space, struct ioasid_mapping *m, struct reap *reap)
{
	struct ioasid_space *child;

	space->gen++;
	if (imap_length(&m->item) < BIG_MAPPING)
		return;
	for (child = space->children; child; child = child->sibling)
		shadow_drop_range(&child->shadow, m->item.start, m->item.last, reap);
}

static int check_pgtable(const struct ioasid_space *space, const struct ioasid_pgtable *t,
			 struct pgt *pgt)
{
	const uint32_t known = IOASID_PGTABLE_NO_2M | IOASID_PGTABLE_NO_1G;
	struct pgt_caps caps = {
		.haw = t->address_bits ? t->address_bits : 52,
		.page_2m = !(t->flags & IOASID_PGTABLE_NO_2M),
		.page_1g = !(t->flags & IOASID_PGTABLE_NO_1G),
		.snoop_control = true,	/* a guest may set SNP: all DMA here is coherent */
	};
	int ret;

	if (!space->parent)
		return err_set(EINVAL, "space %u is a root: a page table needs a parent to be in",
			       space->id);
	if (t->flags & ~known)
		return err_set(EINVAL, "unknown page-table flags 0x%x", t->flags & ~known);
	if (caps.haw < 32 || caps.haw > 52)
		return err_set(EINVAL, "address_bits %u, must be 32 to 52", caps.haw);
	if (!bits_is_aligned(t->root, PAGE) || t->root >> caps.haw)
		return err_set(EINVAL, "root 0x%llx: not a multiple of %u, or beyond %u bits",
			       (unsigned long long)t->root, PAGE, caps.haw);
	ret = pgt_init(pgt, (enum pgt_id)t->format, t->levels, &caps);
	if (ret)
		return err_set(-ret, "page-table format %u with %u levels is not supported",
			       (unsigned int)t->format, t->levels);
	return 0;
}

/* Everybody attached has to be able to use it. */
static int check_devices(const struct ioasid_space *space, const struct pgt *pgt)
{
	const struct ioasid_device *device;
	const struct attachment *a;
	int ret = 0;

	for (device = space->ctx->devices; device && !ret; device = device->next)
		for (a = device->attached; a && !ret; a = a->next)
			if (a->space == space)
				ret = device_check_pgtable(device, space, pgt);
	return ret;
}

static bool fill_on_demand(const struct ioasid_space *space, const struct pgt *pgt)
{
	if (space->fill_asked)
		return space->fill_asked == IOASID_FILL_ON_DEMAND;
	return pgt->id == PGT_VTD_FS;
}

static int bind(struct ioasid_space *space, const struct pgt *pgt, uint64_t root,
		struct reap *reap)
{
	int ret = ctx_check_drain(space->ctx);

	if (ret)
		return ret;
	ret = check_devices(space, pgt);
	if (ret)
		return ret;
	if (imap_count(&space->maps))
		return err_set(EBUSY, "space %u has %zu mappings", space->id,
			       imap_count(&space->maps));
	if (shadow_bind(&space->shadow, pgt, root, fill_on_demand(space, pgt), reap))
		return err_set(ENOMEM, "no memory for a shadow page table");
	return 0;
}

IOASID_EXPORT int ioasid_space_bind_pgtable(struct ioasid_space *space,
					    const struct ioasid_pgtable *user)
{
	struct ioasid_pgtable t;
	struct reap reap = { 0 };
	struct pgt pgt;
	int ret = options_copy(&t, sizeof(t), user, "page table");

	if (!ret)
		ret = check_pgtable(space, &t, &pgt);
	if (ret)
		return ret;
	ctx_lock(space->ctx);
	ret = bind(space, &pgt, t.root, &reap);
	ctx_unlock_drain(space->ctx, &reap);
	return ret;
}

IOASID_EXPORT int ioasid_space_unbind_pgtable(struct ioasid_space *space)
{
	struct reap reap = { 0 };
	int ret;

	ctx_lock(space->ctx);
	ret = ctx_check_drain(space->ctx);
	if (!ret && (!space->parent || space->shadow.tree.mode != SHADOW_GUEST))
		ret = err_set(EINVAL, "space %u has no page table bound", space->id);
	if (!ret)
		shadow_unbind(&space->shadow, &reap);
	ctx_unlock_drain(space->ctx, &reap);
	return ret;
}
