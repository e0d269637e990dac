/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which space a device's requests go to. Requests without PASID belong to the whole group: the
 * IOMMU cannot tell its devices apart. So all of a group that are attached are attached to one
 * space, and requests of those that are not go there too as long as one is (Linux: iommufd's
 * groups). The same holds for a PASID that mediated devices share: pasid_is_shared() says who are
 * peers.
 */
#include <errno.h>
#include <syslog.h>

#include "attach.h"
#include "objects.h"

struct attachment *device_attachment(const struct ioasid_device *device, uint32_t pasid)
{
	struct imap_item *item = imap_find(&device->by_pasid, pasid);

	return item ? bits_container_of(item, struct attachment, item) : NULL;
}

struct ioasid_space *device_space(const struct ioasid_device *device, uint32_t pasid)
{
	struct attachment *a = device_attachment(device, pasid);

	return a ? a->space : NULL;
}

#define for_each_peer(d, device, pasid) \
	for ((d) = (device)->ctx->devices; (d); (d) = (d)->next) \
		if (pasid_is_shared(d, device, pasid))

/* A peer that is attached, or NULL. */
static struct ioasid_device *peer_attached(const struct ioasid_device *device, uint32_t pasid)
{
	struct ioasid_device *d;

	for_each_peer(d, device, pasid)
		if (device_space(d, pasid))
			return d;
	return NULL;
}

/* Where requests of all peers go now. */
static struct ioasid_space *peers_space(const struct ioasid_device *device, uint32_t pasid)
{
	struct ioasid_device *d = peer_attached(device, pasid);

	return d ? device_space(d, pasid) : NULL;
}

/* Sends the requests of a device and its peers to @space. On failure they go where they went. */
static int route(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
		 struct reap *reap)
{
	const struct backend_ops *ops = device->ctx->ops;
	struct ioasid_space *was = peers_space(device, pasid);
	struct ioasid_device *d, *failed;
	int ret = 0;

	if (ops->routes_groups)
		return ops->route(device, pasid, space, reap);
	for_each_peer(d, device, pasid) {
		ret = ops->route(d, pasid, space, reap);
		if (ret)
			break;
	}
	failed = d;
	if (ret)
		for_each_peer(d, device, pasid) {
			if (d == failed)
				break;
			ops->route(d, pasid, was, reap);
		}
	return ret;
}

void space_reroute(struct ioasid_space *space, struct reap *reap)
{
	struct ioasid_device *d;

	for (d = space->ctx->devices; d; d = d->next)
		if (device_space(d, IOASID_NO_PASID) == space)
			route(d, IOASID_NO_PASID, space, reap);
}

int group_join(struct ioasid_device *device, struct reap *reap)
{
	const struct backend_ops *ops = device->ctx->ops;
	struct ioasid_space *space = peers_space(device, IOASID_NO_PASID);
	const struct attachment *a;
	struct ioasid_device *d;
	int ret = 0;

	if (space && !ops->routes_groups)
		ret = ops->route(device, IOASID_NO_PASID, space, reap);
	for (d = device->ctx->devices; d; d = d->next)
		for (a = d->attached; a && !ret; a = a->next)
			if (a->pasid != IOASID_NO_PASID && pasid_is_shared(d, device, a->pasid))
				ret = ops->route(device, a->pasid, a->space, reap);
	return ret;
}

/* Not PASID by PASID: its type says that, or that it is attached to what the IOMMU reads itself. */
static bool is_attached_whole(const struct ioasid_device *device)
{
	const struct ioasid_space *space = device_space(device, IOASID_NO_PASID);

	return device->info.type == IOASID_DEVICE_PHYSICAL_USER || (space && space->hw_pasids);
}

/* @space: to attach it there; NULL: to detach it. */
static int check(const struct ioasid_device *device, uint32_t pasid,
		 const struct ioasid_space *space)
{
	if (pasid != IOASID_NO_PASID) {
		if (!device->info.pasid_bits)
			return err_set(EOPNOTSUPP, "%s has no PASIDs", device->name);
		if (space ? is_attached_whole(device) :
			    device->info.type == IOASID_DEVICE_PHYSICAL_USER)
			return err_set(EOPNOTSUPP, "%s: its PASID table is the user's, who "
				       "attaches it whole", device->name);
		if (!pasid || pasid >> device->info.pasid_bits)
			return err_set(EINVAL, "%s: PASID %u, must be 1 to %u", device->name, pasid,
				       (1u << device->info.pasid_bits) - 1);
	}
	if (space && space->ctx != device->ctx)
		return err_set(EINVAL, "%s and the space are of different contexts", device->name);
	return 0;
}

static void forget(struct ioasid_device *device, struct attachment *a)
{
	imap_remove(&device->by_pasid, &a->item);
	*a->prev = a->next;
	if (a->next)
		a->next->prev = a->prev;
	pasid_put(device, a->pasid, a->ppasid);
	slab_free(&device->ctx->attachments, a);
}

/* An attachment that nobody has seen yet. */
static int remember(struct ioasid_device *device, uint32_t pasid, struct attachment **out)
{
	struct slab *slab = &device->ctx->attachments;
	struct attachment *a = slab_alloc(slab);
	int ret;

	if (!a)
		return err_set(ENOMEM, "no memory to attach %s", device->name);
	*a = (struct attachment){ .item = { pasid, pasid }, .pasid = pasid };
	ret = pasid_get(device, pasid, &a->ppasid);
	if (!ret && imap_insert(&device->by_pasid, &a->item)) {
		pasid_put(device, pasid, a->ppasid);
		ret = err_set(ENOMEM, "no memory to attach %s", device->name);
	}
	if (ret) {
		slab_free(slab, a);
		return ret;
	}
	a->next = device->attached;
	a->prev = &device->attached;
	if (a->next)
		a->next->prev = &a->next;
	device->attached = a;
	*out = a;
	return 0;
}

static int attach_first(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
			struct reap *reap)
{
	struct attachment *a = NULL;
	int ret = remember(device, pasid, &a);

	if (ret)
		return ret;
	ret = attachment_join(space, device, a, reap);
	if (!ret) {
		ret = route(device, pasid, space, reap);
		if (ret)
			attachment_leave(space, device, a, reap);
	}
	if (ret) {
		forget(device, a);
		return ret;
	}
	a->space = space;
	ctx_log(device->ctx, LOG_DEBUG, "%s: attached to space %u", device->name, space->id);
	return 0;
}

static int attach(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
		  struct reap *reap)
{
	struct ioasid_space *now = device_space(device, pasid);
	int ret = check(device, pasid, space);

	if (ret || now == space)
		return ret;
	if (now)
		return err_set(EBUSY, "%s is attached to space %u: detach or replace", device->name,
			       now->id);
	now = peers_space(device, pasid);
	if (now && now != space)
		return err_set(EINVAL, "%s shares %s %u with %s, which is attached to space %u",
			       device->name, pasid == IOASID_NO_PASID ? "group" : "PASID",
			       pasid == IOASID_NO_PASID ? device->info.group : pasid,
			       peer_attached(device, pasid)->name, now->id);
	return attach_first(device, pasid, space, reap);
}

/* Moves everybody who has to move; on failure nobody has. */
static int move(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
		struct reap *reap)
{
	struct ioasid_space *old = device_space(device, pasid);
	struct ioasid_device *d, *failed = NULL;
	struct attachment *a;
	int ret = 0;

	for_each_peer(d, device, pasid) {
		a = device_attachment(d, pasid);
		if (ret || !a)
			continue;
		ret = attachment_join(space, d, a, reap);
		if (ret)
			failed = d;
	}
	if (!ret)
		ret = route(device, pasid, space, reap);
	for_each_peer(d, device, pasid) {
		if (d == failed)
			break;
		a = device_attachment(d, pasid);
		if (!a)
			continue;
		if (!ret)
			a->space = space;
		attachment_leave(ret ? space : old, d, a, reap);
	}
	return ret;
}

static int replace(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
		   struct reap *reap)
{
	struct ioasid_space *now = device_space(device, pasid);
	int ret = check(device, pasid, space);

	if (ret)
		return ret;
	if (!now)
		return err_set(EINVAL, "%s is not attached", device->name);
	ret = ctx_check_take(device->ctx, reap);
	if (ret || now == space)
		return ret;
	ret = move(device, pasid, space, reap);
	if (!ret)
		ctx_log(device->ctx, LOG_DEBUG, "%s: moved from space %u to space %u", device->name,
			now->id, space->id);
	return ret;
}

static void detach(struct ioasid_device *device, uint32_t pasid, struct reap *reap)
{
	struct attachment *a = device_attachment(device, pasid);
	struct ioasid_space *space = a ? a->space : NULL;

	if (!a)
		return;
	a->space = NULL;
	if (device->ctx->ops->routes_groups || !peers_space(device, pasid))
		route(device, pasid, NULL, reap);
	attachment_leave(space, device, a, reap);
	ctx_log(device->ctx, LOG_DEBUG, "%s: detached from space %u", device->name, space->id);
	forget(device, a);
}

void device_detach_all(struct ioasid_device *device, struct reap *reap)
{
	while (device->attached)
		detach(device, device->attached->pasid, reap);
}

/* The calls with and without PASID; IOASID_NO_PASID is no PASID that a caller may name. */
static int check_pasid(uint32_t pasid)
{
	return pasid == IOASID_NO_PASID ? err_set(EINVAL, "IOASID_NO_PASID is no PASID") : 0;
}

static int attach_call(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space)
{
	struct reap reap = { 0 };
	int ret;

	ctx_lock(device->ctx);
	ret = failure_due(device->ctx, IOASID_OP_ATTACH);
	if (!ret)
		ret = attach(device, pasid, space, &reap);
	ctx_unlock_drain(device->ctx, &reap);
	return ret;
}

static int replace_call(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space)
{
	struct reap reap = { 0 };
	int ret;

	ctx_lock(device->ctx);
	ret = failure_due(device->ctx, IOASID_OP_REPLACE);
	if (!ret)
		ret = replace(device, pasid, space, &reap);
	ctx_unlock_drain(device->ctx, &reap);
	return ret;
}

static int detach_call(struct ioasid_device *device, uint32_t pasid)
{
	struct reap reap = { 0 };
	int ret;

	ctx_lock(device->ctx);
	ret = failure_due(device->ctx, IOASID_OP_DETACH);
	if (!ret)
		ret = check(device, pasid, NULL);
	if (!ret)
		ret = ctx_check_take(device->ctx, &reap);
	if (!ret)
		detach(device, pasid, &reap);
	ctx_unlock_drain(device->ctx, &reap);
	return ret;
}

IOASID_EXPORT int ioasid_device_attach(struct ioasid_device *device, struct ioasid_space *space)
{
	return attach_call(device, IOASID_NO_PASID, space);
}

IOASID_EXPORT int ioasid_device_replace(struct ioasid_device *device, struct ioasid_space *space)
{
	return replace_call(device, IOASID_NO_PASID, space);
}

IOASID_EXPORT int ioasid_device_detach(struct ioasid_device *device)
{
	return detach_call(device, IOASID_NO_PASID);
}

IOASID_EXPORT int ioasid_device_attach_pasid(struct ioasid_device *device, uint32_t pasid,
					     struct ioasid_space *space)
{
	int ret = check_pasid(pasid);

	return ret ? ret : attach_call(device, pasid, space);
}

IOASID_EXPORT int ioasid_device_replace_pasid(struct ioasid_device *device, uint32_t pasid,
					      struct ioasid_space *space)
{
	int ret = check_pasid(pasid);

	return ret ? ret : replace_call(device, pasid, space);
}

IOASID_EXPORT int ioasid_device_detach_pasid(struct ioasid_device *device, uint32_t pasid)
{
	int ret = check_pasid(pasid);

	return ret ? ret : detach_call(device, pasid);
}

IOASID_EXPORT struct ioasid_space *
ioasid_device_get_pasid_space(const struct ioasid_device *device, uint32_t pasid)
{
	struct ioasid_space *space;

	ctx_lock(device->ctx);
	space = device_space(device, pasid);
	ctx_unlock(device->ctx);
	return space;
}

IOASID_EXPORT struct ioasid_space *ioasid_device_get_space(const struct ioasid_device *device)
{
	return ioasid_device_get_pasid_space(device, IOASID_NO_PASID);
}
