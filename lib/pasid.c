/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the PASIDs that a program names to those on the bus. What a physical device is told to send
 * is what it sends. The requests of mediated devices are their parent's, so that each needs a PASID
 * that no other has there: from a pool of the parent, or from one of the whole context where CPUs
 * put it in (ENQCMD), since they translate for all devices alike.
 */
#include <errno.h>

#include "attach.h"
#include "objects.h"

struct pasid_pool {
	struct pasid_pool *next;
	const void *parent;		/* NULL: the global one */
	bool global_here;
	uint32_t size;			/* 1 to this */
	uint32_t low;			/* none below is free, here and in the others */
	uint32_t refs;			/* devices */
	uint64_t used[];		/* bit: pPASID */
};

/* What all devices with shared queues use for a vPASID. */
struct shared_pasid {
	struct imap_item item;		/* the vPASID */
	uint32_t ppasid;
	uint32_t refs;			/* attachments */
};

void pasids_init(struct ioasid_ctx *ctx)
{
	imap_init(&ctx->pasids.shared, &ctx->pages);
	slab_init(&ctx->pasids.records, &ctx->pages, sizeof(struct shared_pasid), ctx);
}

/* The devices are gone, and their pools with them. */
void pasids_destroy(struct ioasid_ctx *ctx)
{
	imap_destroy(&ctx->pasids.shared);
	slab_destroy(&ctx->pasids.records);
}

static bool is_mediated(const struct ioasid_device *device)
{
	return device->policy.parent;
}

static bool is_global(const struct ioasid_device *device)
{
	return device->info.type == IOASID_DEVICE_MEDIATED_SHARED;
}

bool pasid_is_shared(const struct ioasid_device *a, const struct ioasid_device *b, uint32_t pasid)
{
	if (a == b)
		return true;
	if (pasid == IOASID_NO_PASID)
		return !is_mediated(a) && !is_mediated(b) && a->info.group == b->info.group &&
		       a->info.group != IOASID_NO_GROUP;
	return is_global(a) && is_global(b) && a->policy.parent == b->policy.parent;
}

static struct pasid_pool *find_pool(const struct ioasid_ctx *ctx, const void *parent)
{
	struct pasid_pool *pool = ctx->pasids.pools;

	while (pool && pool->parent != parent)
		pool = pool->next;
	return pool;
}

/* Makes the pool if it is not there, and counts the device. */
static struct pasid_pool *join_pool(struct ioasid_ctx *ctx, const void *parent, uint32_t size,
				    bool global_here)
{
	struct pasid_pool *pool = find_pool(ctx, parent);

	if (!pool) {
		pool = mem_calloc(1, sizeof(*pool) + (size / 64 + 1) * sizeof(pool->used[0]));
		if (!pool)
			return NULL;
		pool->parent = parent;
		pool->global_here = global_here;
		pool->size = size;
		pool->low = 1;
		pool->next = ctx->pasids.pools;
		ctx->pasids.pools = pool;
	}
	pool->refs++;
	return pool;
}

static void leave_pool(struct ioasid_ctx *ctx, const void *parent)
{
	struct pasid_pool **p = &ctx->pasids.pools, *pool;

	while ((*p)->parent != parent)
		p = &(*p)->next;
	pool = *p;
	if (--pool->refs)
		return;
	*p = pool->next;
	mem_free(pool);
}

static bool is_used(const struct pasid_pool *pool, uint32_t n)
{
	return n <= pool->size && pool->used[n / 64] >> n % 64 & 1;
}

/* Pools that hand out PASIDs under one parent must not hand out the same. */
static bool is_free(const struct ioasid_ctx *ctx, const struct pasid_pool *pool, uint32_t n)
{
	const struct pasid_pool *p;

	if (is_used(pool, n) || ctx->ops->ppasid_is_fixed(ctx, pool->parent, n))
		return false;
	for (p = ctx->pasids.pools; p; p = p->next)
		if ((pool->parent ? !p->parent && pool->global_here : p->global_here) &&
		    is_used(p, n))
			return false;
	return true;
}

static int take(const struct ioasid_ctx *ctx, struct pasid_pool *pool, uint32_t *ppasid)
{
	while (pool->low <= pool->size && !is_free(ctx, pool, pool->low))
		pool->low++;
	if (pool->low > pool->size)
		return -ENOSPC;
	*ppasid = pool->low++;
	pool->used[*ppasid / 64] |= UINT64_C(1) << *ppasid % 64;
	return 0;
}

/* Others may have gone past it. */
static void give_back(const struct ioasid_ctx *ctx, struct pasid_pool *pool, uint32_t ppasid)
{
	struct pasid_pool *p;

	pool->used[ppasid / 64] &= ~(UINT64_C(1) << ppasid % 64);
	for (p = ctx->pasids.pools; p; p = p->next)
		p->low = (uint32_t)bits_min(p->low, ppasid);
}

/* The CPU translates PASIDs for all devices with shared queues, or for none. */
static int check_mix(const struct ioasid_device *device)
{
	const struct ioasid_device *d;
	enum ioasid_device_type other;

	if (device->info.type == IOASID_DEVICE_PHYSICAL_SHARED)
		other = IOASID_DEVICE_MEDIATED_SHARED;
	else if (device->info.type == IOASID_DEVICE_MEDIATED_SHARED)
		other = IOASID_DEVICE_PHYSICAL_SHARED;
	else
		return 0;
	for (d = device->ctx->devices; d; d = d->next)
		if (d->info.type == other)
			return err_set(EINVAL,
				       "%s and %s have shared work queues, one as a physical "
				       "and one as a mediated device: the CPU cannot translate "
				       "PASIDs for one alone",
				       device->name, d->name);
	return 0;
}

/* The pools that it takes pPASIDs from, and the one for its requests that name none. */
static int join_pools(struct ioasid_device *device)
{
	const struct pasid_policy *policy = &device->policy;
	struct ioasid_ctx *ctx = device->ctx;
	struct pasid_pool *pool;

	if (is_global(device) && !join_pool(ctx, NULL, policy->global_pool, true))
		return err_set(ENOMEM, "no memory for a pool of PASIDs");
	pool = join_pool(ctx, policy->parent, policy->pool, policy->global_here);
	if (!pool) {
		if (is_global(device))
			leave_pool(ctx, NULL);
		return err_set(ENOMEM, "no memory for a pool of PASIDs");
	}
	if (device->info.default_pasid == IOASID_NO_PASID &&
	    take(ctx, pool, &device->info.default_pasid)) {
		pasid_unbind(device);
		return err_set(ENOSPC, "%s: its parent has no PASID left for it, of %u",
			       device->name, policy->pool);
	}
	return 0;
}

static bool has_pools(const struct ioasid_device *device)
{
	return device->info.type == IOASID_DEVICE_MEDIATED || is_global(device);
}

int pasid_bind(struct ioasid_device *device)
{
	struct ioasid_device_info *info = &device->info;
	int ret;

	if (!info->type)
		info->type =
			info->pasid_bits ? IOASID_DEVICE_PHYSICAL_KERNEL : IOASID_DEVICE_PHYSICAL;
	if (!info->default_pasid)
		info->default_pasid = IOASID_NO_PASID;
	ret = check_mix(device);
	return ret || !has_pools(device) ? ret : join_pools(device);
}

void pasid_unbind(struct ioasid_device *device)
{
	const struct pasid_policy *policy = &device->policy;
	uint32_t pasid = device->info.default_pasid;
	struct pasid_pool *pool;

	if (!has_pools(device))
		return;
	pool = find_pool(device->ctx, policy->parent);
	if (is_used(pool, pasid))	/* else it is fixed */
		give_back(device->ctx, pool, pasid);
	leave_pool(device->ctx, policy->parent);
	if (is_global(device))
		leave_pool(device->ctx, NULL);
}

static struct shared_pasid *find_shared(const struct ioasid_ctx *ctx, uint32_t vpasid)
{
	struct imap_item *item = imap_find(&ctx->pasids.shared, vpasid);

	return item ? bits_container_of(item, struct shared_pasid, item) : NULL;
}

static int get_shared(struct ioasid_ctx *ctx, uint32_t vpasid, uint32_t *ppasid)
{
	struct shared_pasid *s = find_shared(ctx, vpasid);
	struct pasid_pool *pool = find_pool(ctx, NULL);
	int ret;

	if (s) {
		s->refs++;
		*ppasid = s->ppasid;
		return 0;
	}
	s = slab_alloc(&ctx->pasids.records);
	if (!s)
		return -ENOMEM;
	*s = (struct shared_pasid){ .item = { vpasid, vpasid }, .refs = 1 };
	ret = imap_insert(&ctx->pasids.shared, &s->item);
	if (!ret) {
		ret = take(ctx, pool, &s->ppasid);
		if (ret)
			imap_remove(&ctx->pasids.shared, &s->item);
	}
	if (ret) {
		slab_free(&ctx->pasids.records, s);
		return ret;
	}
	*ppasid = s->ppasid;
	return 0;
}

static void put_shared(struct ioasid_ctx *ctx, uint32_t vpasid)
{
	struct shared_pasid *s = find_shared(ctx, vpasid);

	if (--s->refs)
		return;
	give_back(ctx, find_pool(ctx, NULL), s->ppasid);
	imap_remove(&ctx->pasids.shared, &s->item);
	slab_free(&ctx->pasids.records, s);
}

int pasid_get(struct ioasid_device *device, uint32_t vpasid, uint32_t *ppasid)
{
	struct ioasid_ctx *ctx = device->ctx;
	int ret = 0;

	if (vpasid == IOASID_NO_PASID)
		*ppasid = device->info.default_pasid;
	else if (!is_mediated(device))
		*ppasid = vpasid;
	else if (is_global(device))
		ret = get_shared(ctx, vpasid, ppasid);
	else
		ret = take(ctx, find_pool(ctx, device->policy.parent), ppasid);
	if (ret == -ENOSPC)
		return err_set(ENOSPC, "%s: no PASID is left for its PASID %u", device->name,
			       vpasid);
	return ret ? err_set(ENOMEM, "no memory for PASID %u of %s", vpasid, device->name) : 0;
}

void pasid_put(struct ioasid_device *device, uint32_t vpasid, uint32_t ppasid)
{
	if (vpasid == IOASID_NO_PASID || !is_mediated(device))
		return;
	if (is_global(device))
		put_shared(device->ctx, vpasid);
	else
		give_back(device->ctx, find_pool(device->ctx, device->policy.parent), ppasid);
}

/* Who reads it does not matter. */
static bool has_users_table(const struct ioasid_device *device)
{
	const struct ioasid_space *space = device_space(device, IOASID_NO_PASID);

	return space && (space->pasids || space->hw_pasids);
}

IOASID_EXPORT int ioasid_device_get_ppasid(const struct ioasid_device *device, uint32_t vpasid,
					   uint32_t *out)
{
	uint32_t ppasid = device->info.default_pasid;
	const struct attachment *a;

	if (vpasid != IOASID_NO_PASID) {
		ctx_lock(device->ctx);
		a = device_attachment(device, vpasid);
		ppasid = a ? a->ppasid : IOASID_NO_PASID;
		/* in a table of the user's they are on the bus what they are in the table */
		if (has_users_table(device) && !(vpasid >> device->info.pasid_bits))
			ppasid = vpasid;
		ctx_unlock(device->ctx);
	}
	if (ppasid == IOASID_NO_PASID)
		return vpasid == ppasid ?
		       err_set(ENOENT, "%s: requests without PASID carry none", device->name) :
		       err_set(ENOENT, "%s is not attached for PASID %u", device->name, vpasid);
	*out = ppasid;
	return 0;
}

IOASID_EXPORT size_t ioasid_device_query_pasids(const struct ioasid_device *device,
						struct ioasid_pasid_info *pasids, size_t n)
{
	struct imap_item *item;
	struct imap_iter iter;
	size_t count = 0;

	ctx_lock(device->ctx);
	imap_for_each(item, &iter, &device->by_pasid, 0, IOASID_NO_PASID - 1) {
		const struct attachment *a = bits_container_of(item, struct attachment, item);

		if (count++ < n)
			pasids[count - 1] = (struct ioasid_pasid_info){ a->pasid, a->ppasid,
									a->space };
	}
	ctx_unlock(device->ctx);
	return count;
}
