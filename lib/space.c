/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Spaces: created, asked, destroyed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "mapped.h"
#include "objects.h"
#include "ranges.h"
#include "sink.h"
#include "snoop.h"
#include "space.h"
#include "table.h"

/* Of a shadow: room for one way from the root to a page, with its lists. */
#define MIN_LIMIT (128u << 10)

struct ioasid_space *space_next_below(const struct ioasid_space *root,
				      const struct ioasid_space *space)
{
	if (space->children)
		return space->children;
	while (space != root && !space->sibling)
		space = space->parent;
	return space == root ? NULL : space->sibling;
}

struct ioasid_space *space_new(struct ioasid_ctx *ctx)
{
	struct ioasid_space *space = mem_calloc(1, sizeof(*space));

	if (!space)
		return NULL;
	space->ctx = ctx;
	imap_init(&space->maps, &ctx->pages);
	strips_init(space);
	bitmap_init(&space->written, &ctx->pages);
	slab_init(&space->records, &ctx->pages, sizeof(struct ioasid_mapping), space);
	return space;
}

/* Gives it the lowest free number from 1 on, as the kernel does. */
int space_add(struct ioasid_space *space)
{
	struct ioasid_ctx *ctx = space->ctx;
	uint32_t id = (uint32_t)bits_max(ctx->spaces_full, 1);

	while (id < ctx->n_spaces && ctx->spaces[id])
		id++;
	if (id >= ctx->n_spaces) {
		uint32_t n = ctx->n_spaces ? 2 * ctx->n_spaces : 16;
		struct ioasid_space **spaces = mem_realloc(ctx->spaces, n * sizeof(*spaces));

		if (!spaces)
			return -ENOMEM;
		memset(spaces + ctx->n_spaces, 0, (n - ctx->n_spaces) * sizeof(*spaces));
		ctx->spaces = spaces;
		ctx->n_spaces = n;
	}
	space->id = id;
	space->serial = ++ctx->serial;
	ctx->spaces[id] = space;
	ctx->spaces_full = id + 1;
	return 0;
}

static void link_child(struct ioasid_space *space)
{
	space->prev = &space->parent->children;
	space->sibling = *space->prev;
	if (space->sibling)
		space->sibling->prev = &space->sibling;
	*space->prev = space;
}

static void unlink_child(struct ioasid_space *space)
{
	*space->prev = space->sibling;
	if (space->sibling)
		space->sibling->prev = space->prev;
}

static int use_parent(struct ioasid_space *parent, struct reap *reap)
{
	int ret = table_use(parent, reap);

	if (ret)
		return ret;
	ret = table_nest(parent, reap);
	if (ret)
		table_unuse(parent, reap);
	return ret;
}

static void unuse_parent(struct ioasid_space *parent, struct reap *reap)
{
	table_unnest(parent, reap);
	table_unuse(parent, reap);
}

static void leave_parent(struct ioasid_space *space, struct reap *reap)
{
	space->nest->destroy(space, reap);
	unlink_child(space);
	unuse_parent(space->parent, reap);
}

static void space_free(struct reap_later *later)
{
	mem_free(bits_container_of(later, struct ioasid_space, later));
}

void space_take_out(struct ioasid_space *space, struct reap *reap)
{
	struct ioasid_ctx *ctx = space->ctx;

	if (space->parent)
		leave_parent(space, reap);
	mapping_forget_all(space, reap);
	imap_destroy(&space->maps);
	bitmap_reset(&space->written);
	slab_destroy(&space->records);
	strips_destroy(space);
	mem_free(space->reserved);
	mem_free(space->allowed);
	/* Those of a PASID table have the number of the space that it is bound to. */
	if (ctx->spaces[space->id] == space) {
		ctx->spaces[space->id] = NULL;
		ctx->spaces_full = (uint32_t)bits_min(ctx->spaces_full, space->id);
		viommu_leave(space);
	}
	/* A detach that is not over yet can have DMA in flight that still looks at the root. */
	reap_later(reap, &space->later, space_free);
}

static int check_nesting(struct ioasid_ctx *ctx, const struct ioasid_space_options *options)
{
	const struct ioasid_space *parent = options->parent;

	if (options->flags & ~(IOASID_SPACE_DIRTY_TRACKING | IOASID_SPACE_SMALL_PAGES))
		return err_set(EINVAL, "unknown space flags 0x%llx",
			       (unsigned long long)(options->flags & ~(IOASID_SPACE_DIRTY_TRACKING |
								       IOASID_SPACE_SMALL_PAGES)));
	if (options->nesting > IOASID_NESTING_HARDWARE || options->fill > IOASID_FILL_ON_DEMAND)
		return err_set(EINVAL, "nesting %u or fill %u is no known value",
			       (unsigned int)options->nesting, (unsigned int)options->fill);
	if (options->reserved)
		return err_set(EINVAL, "space options: reserved is not 0");
	if (options->fault_queue && options->fault_queue->ctx != ctx)
		return err_set(EINVAL, "the fault queue is of another context");
	if (options->viommu && options->viommu->ctx != ctx)
		return err_set(EINVAL, "the vIOMMU is of another context");
	if (options->viommu && parent != options->viommu->parent)
		return err_set(EINVAL, "the vIOMMU is on another parent");
	if (!parent) {
		if (options->nesting || options->fill || options->memory_limit ||
		    options->mapping_limit)
			return err_set(EINVAL, "nesting, fill and limits are for a space with a "
				       "parent");
		return 0;
	}
	if (options->memory_limit && options->memory_limit < MIN_LIMIT)
		return err_set(EINVAL, "memory_limit %llu, at least %u",
			       (unsigned long long)options->memory_limit, MIN_LIMIT);
	if (parent->ctx != ctx)
		return err_set(EINVAL, "the parent is of another context");
	if (options->nesting == IOASID_NESTING_HARDWARE) {
		if (options->fill || options->memory_limit || options->mapping_limit)
			return err_set(EINVAL, "fill and limits are for nesting in software");
		if (parent->parent)
			return err_set(EINVAL, "space %u is no root: hardware walks two levels",
				       parent->id);
	}
	if (parent->depth >= MAX_DEPTH)
		return err_set(EINVAL, "nested deeper than %u", MAX_DEPTH);
	if (options->fill == IOASID_FILL_ON_DEMAND &&
	    !ioasid_ctx_has(ctx, IOASID_CAP_FILL_ON_DEMAND))
		return err_set(EOPNOTSUPP, "fill on demand: %s",
			       ioasid_ctx_why_not(ctx, IOASID_CAP_FILL_ON_DEMAND));
	return 0;
}

static int check_tracking(const struct ioasid_ctx *ctx, const struct ioasid_space_options *options)
{
	if (!(options->flags & IOASID_SPACE_DIRTY_TRACKING))
		return 0;
	if (options->parent)
		return err_set(EINVAL, "IOASID_SPACE_DIRTY_TRACKING is for a root: it records what "
			       "spaces nested on it write");
	if (!ioasid_ctx_has(ctx, IOASID_CAP_DIRTY_TRACKING))
		return err_set(EOPNOTSUPP, "dirty tracking: %s",
			       ioasid_ctx_why_not(ctx, IOASID_CAP_DIRTY_TRACKING));
	return 0;
}

/* Do all IOMMUs that the space can be in front of walk two levels? */
static bool all_nest(const struct ioasid_ctx *ctx, const struct ioasid_viommu *viommu)
{
	if (viommu)
		return viommu->nests_hardware;
	return ctx->ops->all_nest && ctx->ops->all_nest(ctx);
}

static bool viommu_nests(const struct ioasid_viommu *viommu, enum ioasid_nesting nesting)
{
	return nesting == IOASID_NESTING_HARDWARE ? viommu->nests_hardware :
						    viommu->nests_software;
}

static int check_small_pages(const struct ioasid_ctx *ctx,
			     const struct ioasid_space_options *options)
{
	if (!(options->flags & IOASID_SPACE_SMALL_PAGES))
		return 0;
	if (options->parent)
		return err_set(EINVAL, "IOASID_SPACE_SMALL_PAGES is for a root: spaces nested on "
			       "it have such pages too");
	if (!ioasid_ctx_has(ctx, IOASID_CAP_SMALL_PAGES))
		return err_set(EOPNOTSUPP, "small pages: %s",
			       ioasid_ctx_why_not(ctx, IOASID_CAP_SMALL_PAGES));
	return 0;
}

/*
 * Who translates: as asked, else the IOMMUs if all can and nothing asks for a shadow. NULL:
 * err_set().
 */
static const struct nest_ops *choose_nesting(const struct ioasid_ctx *ctx,
					     const struct ioasid_space_options *options)
{
	bool for_shadow = options->fill || options->memory_limit || options->mapping_limit;
	enum ioasid_nesting nesting = options->nesting;
	enum ioasid_capability capability = IOASID_CAP_NESTING_SOFTWARE;

	if (!nesting && !for_shadow && !options->parent->parent && all_nest(ctx, options->viommu))
		nesting = IOASID_NESTING_HARDWARE;
	if (nesting == IOASID_NESTING_HARDWARE)
		capability = IOASID_CAP_NESTING_HARDWARE;
	if (!ioasid_ctx_has(ctx, capability)) {
		err_set(EOPNOTSUPP, "%s: %s", ioasid_capability_name(capability),
			ioasid_ctx_why_not(ctx, capability));
		return NULL;
	}
	if (options->viommu && !viommu_nests(options->viommu, nesting)) {
		err_set(EOPNOTSUPP, "%s: not by the IOMMU of the vIOMMU",
			ioasid_capability_name(capability));
		return NULL;
	}
	return nesting == IOASID_NESTING_HARDWARE ? ctx->ops->nest_hardware : &nest_shadow;
}

int space_nest_on(struct ioasid_space *space, const struct ioasid_space_options *options,
		  struct reap *reap)
{
	const struct ioasid_space *parent = options->parent;
	int ret;

	if (parent->pasids)
		return err_set(EINVAL, "space %u has a PASID table: it is no parent", parent->id);
	if (parent->nest && !parent->nest->maps)
		return err_set(EINVAL,
			       "space %u is nested in hardware: nothing nests on it, unless "
			       "it is created with IOASID_NESTING_SOFTWARE",
			       parent->id);
	space->nest = choose_nesting(space->ctx, options);
	if (!space->nest)
		return -EOPNOTSUPP;
	/* A nested space is no wider than the widest table. */
	ret = ranges_reserve(space, NULL, UINT64_C(1) << IOPT_MAX_BITS, UINT64_MAX);
	if (!ret)
		ret = use_parent(options->parent, reap);
	if (ret)
		return ret;
	space->parent = options->parent;
	space->small_pages = options->parent->small_pages;
	space->fill_asked = options->fill;
	space->mapping_limit = options->mapping_limit ? options->mapping_limit :
			       SINK_DEFAULT_LIMIT;
	space->depth = space->parent->depth + 1;
	ret = space->nest->create(space);
	if (ret) {
		unuse_parent(space->parent, reap);
		return err_set(-ret, "no memory for a space");
	}
	space->shadow.limit = (size_t)bits_min(options->memory_limit / PAGE, SIZE_MAX);
	link_child(space);
	space->viommu = options->viommu;
	return 0;
}

static int create(struct ioasid_space *space, const struct ioasid_space_options *options,
		  struct reap *reap)
{
	int ret = failure_due(space->ctx, IOASID_OP_CREATE);

	if (!ret && options->parent)
		ret = space_nest_on(space, options, reap);
	if (ret)
		return ret;
	space->faults = options->fault_queue;
	ret = space_add(space);
	if (ret) {
		if (space->parent)
			leave_parent(space, reap);
		return err_set(ENOMEM, "no memory for a space");
	}
	viommu_join(space);
	return 0;
}

IOASID_EXPORT int ioasid_space_create(struct ioasid_ctx *ctx,
				      const struct ioasid_space_options *user,
				      struct ioasid_space **out)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;
	struct reap reap = { 0 };
	int ret = 0;

	if (user)
		ret = options_copy(&options, sizeof(options), user, "space options");
	if (options.viommu && !options.parent)
		options.parent = options.viommu->parent;
	if (!ret)
		ret = check_nesting(ctx, &options);
	if (!ret)
		ret = check_tracking(ctx, &options);
	if (!ret)
		ret = check_small_pages(ctx, &options);
	if (!ret)
		ret = snoop_check_options(ctx, &options);
	if (ret)
		return ret;
	space = space_new(ctx);
	if (!space)
		return err_set(ENOMEM, "no memory for a space");
	space->tracks = options.flags & IOASID_SPACE_DIRTY_TRACKING;
	space->small_pages = options.flags & IOASID_SPACE_SMALL_PAGES;
	space->enforce_snoop = options.enforce_snoop;
	ctx_lock(ctx);
	ret = create(space, &options, &reap);
	ctx_unlock_drain(ctx, &reap);
	if (ret) {
		mem_free(space->reserved);
		mem_free(space);
		return ret;
	}
	*out = space;
	return 0;
}

static int is_attached(const struct ioasid_device *device, const struct ioasid_space *space,
		       const void *what)
{
	(void)what;
	return err_set(EBUSY, "space %u: %s is attached", space->id, device->name);
}

/* Who keeps a space from going, for people. */
static int busy(const struct ioasid_space *space)
{
	int ret;

	if (space == space->ctx->identity)
		return err_set(EBUSY, "space %u is the identity root of the context", space->id);
	if (space == space->ctx->vfio_space)
		return err_set(EBUSY, "space %u: VFIO's commands work on it", space->id);
	if (space->children)
		return err_set(EBUSY, "space %u is the parent of space %u", space->id,
			       space->children->id);
	ret = attachment_check_all(space, is_attached, NULL);
	return ret ? ret : viommu_check_parent(space);
}

IOASID_EXPORT int ioasid_space_destroy(struct ioasid_space *space)
{
	struct ioasid_ctx *ctx;
	struct reap reap = { 0 };
	int ret;

	if (!space)
		return 0;
	ctx = space->ctx;
	ctx_lock(ctx);
	ret = busy(space);
	if (!ret)
		ret = ctx_check_take(ctx, &reap);
	if (!ret)
		space_take_out(space, &reap);
	ctx_unlock_drain(ctx, &reap);
	return ret;
}

IOASID_EXPORT uint32_t ioasid_space_get_id(const struct ioasid_space *space)
{
	return space->id;
}

IOASID_EXPORT int ioasid_space_get_kernel_id(const struct ioasid_space *space, uint32_t *id)
{
	const struct backend_ops *ops = space->ctx->ops;
	int ret;

	if (!ops->space_id)
		return err_set(EOPNOTSUPP, "%s: no kernel has a number for a space", ops->name);
	ctx_lock(space->ctx);
	ret = ops->space_id(space, id);
	ctx_unlock(space->ctx);
	return ret ? err_set(ENOENT, "space %u has no table in the kernel now", space->id) : 0;
}

IOASID_EXPORT struct ioasid_space *ioasid_space_get_parent(const struct ioasid_space *space)
{
	return space->parent;
}

IOASID_EXPORT int ioasid_space_query_info(const struct ioasid_space *space,
					  struct ioasid_space_info *out)
{
	struct ioasid_space_info info = { .size = sizeof(info), .id = space->id,
					  .depth = space->depth };
	const struct shadow *s = &space->shadow;

	ctx_lock(space->ctx);
	if (space->parent) {
		info.nesting = space->nest->nesting;
		info.pasid_table_bound = pasid_table_is_bound(space);
		info.pgtable_bound = !info.pasid_table_bound && nest_bound(space);
	}
	if (space->pasids)
		info.fill = IOASID_FILL_ON_DEMAND;
	if (s->tree.mode == SHADOW_GUEST) {
		info.fill = s->tree.on_demand ? IOASID_FILL_ON_DEMAND : IOASID_FILL_ON_INVALIDATION;
		info.caching_mode = !s->tree.on_demand;
	}
	info.iova_alignment = space_alignment(space);
	info.mappings = mapping_count(space);
	info.dirty_tracking = space->tracking;
	info.snoop_enforced = snoop_is_enforced(space);
	info.memory_bytes = sizeof(*space) +
			    (space->maps.nodes.pages + space->records.pages + space->table.nodes +
			     space->table.lists + s->pages + s->slab.pages + sink_pages(space) +
			     bitmap_pages(&space->written) + strips_pages(space)) * PAGE;
	ctx_unlock(space->ctx);
	return options_fill(out, &info, sizeof(info), "space info");
}
