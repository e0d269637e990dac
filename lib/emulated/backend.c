/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The emulated back end: a platform in the process. */
#include <errno.h>
#include <stdlib.h>

#include "dirty.h"
#include "emulated.h"
#include "pasidtab/pasidtab.h"
#include "table.h"
#include "viommu.h"

static int probe(void)
{
	return 0;
}

static int find_platform(const struct ioasid_ctx_options *options, struct ioasid_platform **out)
{
	const char *path = secure_getenv("IOASID_PLATFORM");
	struct ioasid_platform *p;
	int ret;

	if (options->platform) {
		*out = platform_copy(options->platform);
	} else {
		if (path && *path)
			ret = ioasid_platform_load(path, &p);
		else
			ret = ioasid_platform_new_default(&p);
		if (ret)
			return ret;
		*out = platform_copy(p);
		ioasid_platform_free(p);
	}
	return *out ? 0 : err_set(ENOMEM, "no memory for the platform");
}

static void emu_close(struct ioasid_ctx *ctx)
{
	struct emulated *emu = ctx->backend;
	struct ioasid_channel *ch;

	while ((ch = ctx->channels)) {
		ctx->channels = ch->next;
		mem_free(ch);
	}
	payer_close(ctx->payer);
	failure_close(ctx);
	emu_units_close(emu);
	ioasid_platform_free(emu->platform);
	mem_free(emu);
}

static int emu_open(struct ioasid_ctx *ctx, const struct ioasid_ctx_options *options)
{
	struct emulated *emu;
	int ret;

	if (options->flags & IOASID_CTX_FD)
		return err_set(EOPNOTSUPP, "emulated: there is no kernel that a descriptor leads "
			       "to");
	if (options->flags & IOASID_CTX_NO_IOMMU)
		return err_set(EOPNOTSUPP, "emulated: each device is behind an IOMMU");
	emu = mem_calloc(1, sizeof(*emu));
	if (!emu)
		return err_set(ENOMEM, "no memory for the platform");
	ret = find_platform(options, &emu->platform);
	if (ret) {
		mem_free(emu);
		return ret;
	}
	ret = emu_units_open(emu);
	if (ret) {
		ioasid_platform_free(emu->platform);
		mem_free(emu);
		return ret;
	}
	emu->fences = !emu_barrier_register();
	emu_requests_init(emu);
	ctx->backend = emu;
	ret = failure_open(ctx, emu->platform->failures, emu->platform->n_failures);
	if (!ret)
		ret = payer_open(emu->platform->accounts,
				 options->flags & IOASID_CTX_ACCOUNT_PROCESS, &ctx->payer);
	if (!ret)
		ret = failure_due(ctx, IOASID_OP_OPEN);
	if (ret)
		emu_close(ctx);
	else if (emu->platform->locked_memory)
		ctx->lock_limit = emu->platform->locked_memory;
	return ret;
}

/* How many of the IOMMUs walk two levels? */
static size_t count_units(const struct ioasid_ctx *ctx)
{
	const struct emulated *emu = ctx->backend;
	size_t i, n = 0;

	for (i = 0; i < emu->platform->n_iommus; i++)
		n += emu->units[i] != NULL;
	return n;
}

static bool all_nest(const struct ioasid_ctx *ctx)
{
	const struct emulated *emu = ctx->backend;
	size_t n = count_units(ctx);

	return n && n == emu->platform->n_iommus;
}

static const char *why_not(const struct ioasid_ctx *ctx, enum ioasid_capability capability)
{
	switch (capability) {
	case IOASID_CAP_MAP_FILE:
	case IOASID_CAP_REGISTER_MEMORY:
	case IOASID_CAP_NESTING_SOFTWARE:
	case IOASID_CAP_USER_PGTABLE:
	case IOASID_CAP_USER_PASID_TABLE:
	case IOASID_CAP_FILL_ON_DEMAND:
	case IOASID_CAP_SMALL_PAGES:
	case IOASID_CAP_DIRTY_EXACT:
	case IOASID_CAP_CHANGE_PROCESS:
	case IOASID_CAP_MULTI_DEVICE_GROUPS:
	case IOASID_CAP_PASID:
	case IOASID_CAP_PAGE_REQUESTS:
	case IOASID_CAP_DMA:
	case IOASID_CAP_AUDIT:
	case IOASID_CAP_ATOMIC_REPLACE:
	case IOASID_CAP_DIRTY_TRACKING:
	case IOASID_CAP_ENFORCE_SNOOP:
	case IOASID_CAP_VIOMMU:
	case IOASID_CAP_HW_QUEUE:
		return NULL;
	case IOASID_CAP_NESTING_HARDWARE:
		return count_units(ctx) ? NULL :
		       "no IOMMU of the emulated platform walks two levels itself";
	case IOASID_CAP_NO_IOMMU:
		return "each device of a platform is behind an IOMMU";
	case IOASID_CAP_VFIO_COMMANDS:
		return "a context has no descriptor that VFIO's commands could come by";
	}
	return "not a capability that this version knows";
}

static struct pasid_policy policy_of(const struct ioasid_platform *platform,
				     const struct platform_device *device)
{
	const struct platform_device *parent = platform_parent(platform, device);

	if (!parent)
		return (struct pasid_policy){ 0 };
	return (struct pasid_policy){ parent, parent->pasid_pool, platform->pasid_pool,
				      parent->has_shared };
}

static bool ppasid_is_fixed(const struct ioasid_ctx *ctx, const void *parent, uint32_t ppasid)
{
	const struct emulated *emu = ctx->backend;

	return platform_pasid_is_default(emu->platform, parent, ppasid);
}

static int bind(struct ioasid_device *device)
{
	const struct emulated *emu = device->ctx->backend;
	const struct platform_device *pd = platform_find_device(emu->platform, device->name);
	struct emu_device *ed;
	int ret;

	if (!pd)
		return err_set(ENODEV, "the emulated platform has no device \"%s\"%s", device->name,
			       device->ctx->last_resort ? "; it was taken since no back end with "
			       "real devices can be used: ioasid-info says why" : "");
	if (pd->is_parent)
		return err_set(ENODEV, "%s belongs to its driver, which makes mediated devices of "
			       "it", device->name);
	if (device->vf_token)
		return err_set(EINVAL, "%s wants no VF token: it has no SR-IOV", device->name);
	ed = mem_calloc(1, sizeof(*ed));
	if (!ed)
		return err_set(ENOMEM, "no memory for device %s", device->name);
	ed->device = pd;
	ed->iommu = platform_device_iommu(emu->platform, pd);
	slab_init(&ed->routes, &device->ctx->pages, sizeof(struct emu_route), ed);
	imap_init(&ed->by_pasid, &device->ctx->pages);
	device->backend = ed;
	ret = emu_unit_bind(device);
	if (ret) {
		mem_free(ed);
		return ret;
	}
	device->policy = policy_of(emu->platform, pd);
	device->info = (struct ioasid_device_info){
		.size = sizeof(device->info), .requester = pd->requester, .group = pd->group,
		.page_sizes = UINT64_C(1) << 12 | UINT64_C(1) << 21 | UINT64_C(1) << 30,
		.address_bits = ed->iommu->address_bits, .pasid_bits = pd->pasid_bits,
		.nesting_software = !ed->iommu->no_nesting, .nesting_hardware = ed->unit,
		.coherent = true,
		.type = platform_device_type(pd), .default_pasid = pd->default_pasid,
		.page_requests = pd->page_requests,
		.pasid_table_formats = ed->iommu->no_nesting ? 0 : PASIDTAB_ALL,
		.dirty_tracking = !ed->iommu->no_dirty_tracking,
		.enforce_snoop = !ed->iommu->no_enforce_snoop,
	};
	if (ed->unit || !ed->iommu->no_nesting)
		device->info.pgtable_formats = ed->iommu->pgtable_formats;
	if (ed->unit || !ed->iommu->no_nesting)
		device->info.viommu_types = EMU_VIOMMU_TYPES;
	if (ed->unit)
		device->info.hardware_formats = ed->iommu->pgtable_formats;
	return 0;
}

/* Nothing here takes long. */
static int device_bind(struct ioasid_device *device)
{
	int ret;

	ctx_lock(device->ctx);
	ret = bind(device);
	ctx_unlock(device->ctx);
	return ret;
}

static void device_unbind(struct ioasid_device *device)
{
	struct emu_device *ed = device->backend;

	ctx_lock(device->ctx);
	imap_destroy(&ed->by_pasid);
	slab_destroy(&ed->routes);
	emu_unit_unbind(device);
	mem_free(ed);
	ctx_unlock(device->ctx);
}

static size_t device_reserved(const struct ioasid_device *device, struct ioasid_range *ranges,
			      size_t n)
{
	const struct emulated *emu = device->ctx->backend;
	const struct emu_device *ed = device->backend;

	return platform_device_reserved(emu->platform, ed->device, ranges, n);
}

struct emu_route *emu_route_find(const struct ioasid_device *device, uint32_t pasid)
{
	const struct emu_device *ed = device->backend;
	struct imap_item *item = imap_find(&ed->by_pasid, pasid);

	return item ? bits_container_of(item, struct emu_route, item) : NULL;
}

struct emu_route *emu_route_get(struct ioasid_device *device, uint32_t pasid)
{
	struct emu_device *ed = device->backend;
	struct emu_route *r = emu_route_find(device, pasid);

	if (r)
		return r;
	r = slab_alloc(&ed->routes);
	if (!r)
		return NULL;
	*r = (struct emu_route){ .item = { pasid, pasid } };
	if (imap_insert(&ed->by_pasid, &r->item)) {
		slab_free(&ed->routes, r);
		return NULL;
	}
	return r;
}

/* What the old space had goes first: a DMA in between finds neither, and looks under the lock. */
static void set_walk(struct emu_route *r, const struct ioasid_space *space)
{
	struct emu_nested *nested = emu_nested_of(space);

	if (nested)
		__atomic_store_n(&r->root, NULL, __ATOMIC_RELEASE);
	__atomic_store_n(&r->nested, nested, __ATOMIC_RELEASE);
	if (!nested)
		__atomic_store_n(&r->root, space ? space_root(space) : NULL, __ATOMIC_RELEASE);
}

static int route(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
		 struct reap *reap)
{
	struct emu_route *r = space ? emu_route_get(device, pasid) :
				      emu_route_find(device, pasid);

	if (!r)
		return space ? err_set(ENOMEM, "no memory to attach %s", device->name) : 0;
	if (space)
		emu_requests_allow(device);
	if (pasid == IOASID_NO_PASID) {
		emu_table_set(device, space && space->pasids ? space : NULL, reap);
		space = space && space->pasids ? NULL : space;
	}
	reap->drain |= r->space && r->space != space;
	if (r->space != space) {
		emu_requests_drop(device, r);
		if (emu_nested_of(r->space))
			emu_nested_leave(device, r->space, reap);
	}
	r->space = space;
	set_walk(r, space);
	return 0;
}

const struct backend_ops backend_emulated = {
	.name = "emulated",
	.probe = probe,
	.open = emu_open,
	.close = emu_close,
	.why_not = why_not,
	.device_bind = device_bind,
	.device_unbind = device_unbind,
	.device_reserved = device_reserved,
	.ppasid_is_fixed = ppasid_is_fixed,
	.table_create = table_create_own,
	.table_destroy = table_destroy_own,
	.map = table_map_own,
	.unmap = table_unmap_own,
	.route = route,
	.forget_route = emu_forget_route,
	.dirty_set = track_set,
	.dirty_read = track_read,
	.drain = emu_drain,
	.fault_queue_create = emu_queue_create,
	.fault_queue_destroy = emu_queue_destroy,
	.fault_queue_read = emu_queue_read,
	.fault_queue_respond = emu_queue_respond,
	.can_drain = emu_can_drain,
	.change_process = emu_change_process,
	.abandon = emu_abandon,
	.viommu = &emu_viommu,
	.channel_open = emu_channel_open,
	.nest_hardware = &emu_nest,
	.all_nest = all_nest,
	.device_tlb_drop = emu_device_tlb_drop,
	.device_stats = emu_device_stats,
};
