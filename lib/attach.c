/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which space a device's requests go to. Requests without PASID belong to the whole group: the IOMMU
 * cannot tell its devices apart. So all of a group that are attached are attached to one space, and
 * requests of those that are not go there too as long as one is (Linux: iommufd's groups).
 */
#include <errno.h>
#include <syslog.h>

#include "objects.h"

static struct attachment *find(const struct ioasid_device *device, uint32_t pasid)
{
	struct attachment *a;

	for (a = device->attached; a; a = a->next)
		if (a->pasid == pasid)
			return a;
	return NULL;
}

struct ioasid_space *device_space(const struct ioasid_device *device, uint32_t pasid)
{
	struct attachment *a = find(device, pasid);

	return a ? a->space : NULL;
}

#define for_each_in_group(d, device) \
	for ((d) = (device)->ctx->devices; (d); (d) = (d)->next) \
		if ((d)->info.group == (device)->info.group)

/* A device of the group that is attached, or NULL. */
static struct ioasid_device *group_member(const struct ioasid_device *device)
{
	struct ioasid_device *d;

	for_each_in_group(d, device)
		if (device_space(d, IOASID_NO_PASID))
			return d;
	return NULL;
}

/* Where requests without PASID of the device's group go now. */
static struct ioasid_space *group_space(const struct ioasid_device *device)
{
	struct ioasid_device *d = group_member(device);

	return d ? device_space(d, IOASID_NO_PASID) : NULL;
}

/* Sends the requests of a device or its group to @space. On failure they go where they went. */
static int route(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
		 struct reap *reap)
{
	const struct backend_ops *ops = device->ctx->ops;
	struct ioasid_space *was = group_space(device);
	struct ioasid_device *d, *failed;
	int ret = 0;

	if (pasid != IOASID_NO_PASID || ops->routes_groups)
		return ops->route(device, pasid, space, reap);
	for_each_in_group(d, device) {
		ret = ops->route(d, pasid, space, reap);
		if (ret)
			break;
	}
	failed = d;
	if (ret)
		for_each_in_group(d, device) {
			if (d == failed)
				break;
			ops->route(d, pasid, was, reap);
		}
	return ret;
}

int group_join(struct ioasid_device *device, struct reap *reap)
{
	const struct backend_ops *ops = device->ctx->ops;
	struct ioasid_space *space = group_space(device);

	return space && !ops->routes_groups ? ops->route(device, IOASID_NO_PASID, space, reap) : 0;
}

static int check(const struct ioasid_device *device, uint32_t pasid,
		 const struct ioasid_space *space)
{
	if (pasid != IOASID_NO_PASID) {
		if (!device->info.pasid_bits)
			return err_set(EOPNOTSUPP, "%s has no PASIDs", device->name);
		if (!pasid || pasid >> device->info.pasid_bits)
			return err_set(EINVAL, "%s: PASID %u, must be 1 to %u", device->name, pasid,
				       (1u << device->info.pasid_bits) - 1);
	}
	if (space && space->ctx != device->ctx)
		return err_set(EINVAL, "%s and the space are of different contexts", device->name);
	return 0;
}

static int attach_first(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
			struct reap *reap)
{
	struct attachment *a = mem_calloc(1, sizeof(*a));
	int ret;

	if (!a)
		return err_set(ENOMEM, "no memory to attach %s", device->name);
	*a = (struct attachment){ device->attached, pasid, space };
	ret = attachment_join(space, device, a, reap);
	if (!ret) {
		ret = route(device, pasid, space, reap);
		if (ret)
			attachment_leave(space, a, reap);
	}
	if (ret) {
		mem_free(a);
		return ret;
	}
	device->attached = a;
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
	if (pasid == IOASID_NO_PASID) {
		now = group_space(device);
		if (now && now != space)
			return err_set(EINVAL, "%s shares group %u with %s, which is attached to space "
				       "%u", device->name, device->info.group,
				       group_member(device)->name, now->id);
	}
	return attach_first(device, pasid, space, reap);
}

/* The attachment of @d that moves along with that of @device; NULL: none. */
static struct attachment *moving(const struct ioasid_device *d, const struct ioasid_device *device,
				 uint32_t pasid)
{
	return pasid == IOASID_NO_PASID || d == device ? find(d, pasid) : NULL;
}

/* Moves everybody who has to move; on failure nobody has. */
static int move(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
		struct reap *reap)
{
	struct ioasid_space *old = device_space(device, pasid);
	struct ioasid_device *d, *failed = NULL;
	struct attachment *a;
	int ret = 0;

	for_each_in_group(d, device) {
		a = moving(d, device, pasid);
		if (ret || !a)
			continue;
		ret = attachment_join(space, d, a, reap);
		if (ret)
			failed = d;
	}
	if (!ret)
		ret = route(device, pasid, space, reap);
	for_each_in_group(d, device) {
		if (d == failed)
			break;
		a = moving(d, device, pasid);
		if (!a)
			continue;
		attachment_leave(ret ? space : old, a, reap);
		if (!ret)
			a->space = space;
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
	if (now == space)
		return 0;
	ret = ctx_check_drain(device->ctx);
	if (!ret)
		ret = move(device, pasid, space, reap);
	if (!ret)
		ctx_log(device->ctx, LOG_DEBUG, "%s: moved from space %u to space %u", device->name,
			now->id, space->id);
	return ret;
}

static void detach(struct ioasid_device *device, uint32_t pasid, struct reap *reap)
{
	struct attachment **p, *a;

	for (p = &device->attached; (a = *p) && a->pasid != pasid; p = &a->next)
		;
	if (!a)
		return;
	*p = a->next;
	if (pasid != IOASID_NO_PASID || device->ctx->ops->routes_groups || !group_space(device))
		route(device, pasid, NULL, reap);
	attachment_leave(a->space, a, reap);
	ctx_log(device->ctx, LOG_DEBUG, "%s: detached from space %u", device->name, a->space->id);
	mem_free(a);
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
	ret = attach(device, pasid, space, &reap);
	ctx_unlock_drain(device->ctx, &reap);
	return ret;
}

static int replace_call(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space)
{
	struct reap reap = { 0 };
	int ret;

	ctx_lock(device->ctx);
	ret = replace(device, pasid, space, &reap);
	ctx_unlock_drain(device->ctx, &reap);
	return ret;
}

static int detach_call(struct ioasid_device *device, uint32_t pasid)
{
	struct reap reap = { 0 };
	int ret;

	ctx_lock(device->ctx);
	ret = check(device, pasid, NULL);
	if (!ret)
		ret = ctx_check_drain(device->ctx);
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
