/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a device's requests go: which page table of a space's it is, and who uses which. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attach.h"
#include "iommufd.h"

static int why_not_attached(const struct ioasid_device *device, const struct ioasid_space *space,
			    int error)
{
	char what[80];

	snprintf(what, sizeof(what), "%.40s: attaching to space %u", device->name, space->id);
	switch (error) {
	case ENOMEM:
		return vfio_no_memory(what);
	case EFAULT:
		return iofd_why_not_locked(what, space);
	case EADDRINUSE:
		return err_set(EADDRINUSE, "%s: a mapping lies where the device cannot have one, "
			       "or is not aligned to the IOMMU's pages", what);
	case EBUSY:
		return err_set(EBUSY, "%s: group %u is in use by somebody else", what,
			       device->info.group);
	case EINVAL:
		return err_set(EINVAL, "%s: its IOMMU cannot take on that space", what);
	case EOPNOTSUPP:
		return err_set(EOPNOTSUPP, "%s: its IOMMU, or its driver, cannot do that", what);
	default:
		return err_set(EINVAL, "%s: refused by the kernel: %s", what, strerror(error));
	}
}

/* The page table that requests of the device go to; NULL: they are blocked. */
static struct iofd_pt *now(const struct ioasid_device *device, uint32_t pasid)
{
	const struct attachment *a = device_attachment(device, pasid);

	return a ? a->backend : NULL;
}

static void note(struct attachment *a, struct iofd_pt *pt)
{
	struct iofd_pt *old = a->backend;

	a->backend = pt;
	if (pt)
		pt->users++;
	if (old)
		iofd_pt_put(old);
}

/* The kernel has attached the device, or replaced what it and its group were attached to. */
static void moved(struct ioasid_device *device, uint32_t pasid, struct iofd_pt *pt)
{
	bool group = now(device, pasid);
	struct ioasid_device *d;

	for (d = device->ctx->devices; d; d = d->next)
		if (d == device || (group && pasid_is_shared(d, device, pasid) && now(d, pasid)))
			note(device_attachment(d, pasid), pt);
}

int iofd_attach_to(struct ioasid_device *device, uint32_t pasid, struct iofd_pt *pt)
{
	int ret = iofd_move(device, pasid, pt->id);

	if (!ret)
		moved(device, pasid, pt);
	return ret;
}

void iofd_block(struct ioasid_device *device, uint32_t pasid)
{
	struct ioasid_device *d;

	for (d = device->ctx->devices; d; d = d->next)
		if (pasid_is_shared(d, device, pasid) && now(d, pasid)) {
			iofd_release(d, pasid);
			note(device_attachment(d, pasid), NULL);
		}
}

/* What the device's group is attached to already. */
static struct iofd_pt *group_now(const struct ioasid_device *device, uint32_t pasid)
{
	const struct ioasid_device *d;

	for (d = device->ctx->devices; d; d = d->next)
		if (pasid_is_shared(d, device, pasid) && now(d, pasid))
			return now(d, pasid);
	return NULL;
}

/* Once requests carry PASIDs, all of the device's page tables have to be made for that. */
static uint32_t pasid_flag(const struct ioasid_device *device)
{
	const struct attachment *a;

	for (a = device->attached; a; a = a->next)
		if (a->pasid != IOASID_NO_PASID)
			return UAPI_HWPT_PASID;
	return 0;
}

/* Page requests go to a queue of the space itself, and not of one below. */
uint32_t iofd_flags(const struct ioasid_device *device, const struct ioasid_space *space)
{
	return pasid_flag(device) |
	       (space->faults && device->info.page_requests ? UAPI_HWPT_FAULT : 0);
}

/* What the page table has to be able to do: UAPI_HWPT_* */
static uint32_t needs(const struct ioasid_device *device, const struct ioasid_space *space)
{
	uint32_t flags = iofd_flags(device, space);

	while (space->parent)
		space = space->parent;
	return flags | (space->tracks ? UAPI_HWPT_DIRTY : 0);
}

/* To a page table that was made for @flags: one that there is, else a new one. */
static int attach_made(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
		       uint32_t flags)
{
	struct uapi_hwpt_alloc alloc = { .size = UAPI_HWPT_ALLOC_PLAIN, .flags = flags };
	struct iofd_space *s = space->backend;
	struct iofd_pt *pt;
	int ret;

	for (pt = s->pts; pt; pt = pt->next) {
		if (pt->flags != flags)
			continue;
		ret = iofd_attach_to(device, pasid, pt);
		if (ret != -EINVAL)
			return ret ? why_not_attached(device, space, -ret) : 0;
	}
	alloc.pt_id = s->automatic.id;
	if (flags & UAPI_HWPT_FAULT) {
		alloc.size = UAPI_HWPT_ALLOC_FAULT;
		alloc.fault_id = iofd_queue_id(space->faults);
	}
	ret = iofd_pt_new(device, space, &alloc, &pt);
	if (ret)
		return ret;
	pt->users++;
	ret = iofd_attach_to(device, pasid, pt);
	iofd_pt_put(pt);
	return ret ? why_not_attached(device, space, -ret) : 0;
}

static int attach(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space)
{
	struct iofd_space *s = space->backend;
	struct iofd_pt *pt = now(device, pasid) ? NULL : group_now(device, pasid);
	uint32_t flags = needs(device, space);
	int ret;

	if (!pt && flags && space->nest != &iofd_nest)
		return attach_made(device, pasid, space, flags);
	if (!pt && space->nest == &iofd_nest)
		return iofd_nested_attach(device, pasid, space);
	ret = iofd_attach_to(device, pasid, pt ? pt : &s->automatic);
	return ret ? why_not_attached(device, space, -ret) : 0;
}

/*
 * Before the first PASID: requests without one go by a page table that was not made for it,
 * perhaps. They move to another of the same space, as by a replace.
 */
static int allow_pasids(struct ioasid_device *device)
{
	const struct iofd_pt *pt = now(device, IOASID_NO_PASID);

	return !pt || pt->flags & UAPI_HWPT_PASID ? 0 : attach(device, IOASID_NO_PASID, pt->space);
}

/*
 * The kernel moves what it has attached of the group. Devices that were blocked with this one, in a
 * space to which nothing was bound, are attached one by one: all of them, or none.
 */
static int attach_blocked(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space)
{
	struct ioasid_device *d;
	int ret = 0;

	for (d = device->ctx->devices; d && !ret; d = d->next)
		if (pasid_is_shared(d, device, pasid) && device_attachment(d, pasid) &&
		    !now(d, pasid))
			ret = attach(d, pasid, space);
	if (ret)
		iofd_block(device, pasid);
	return ret;
}

int iofd_route(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
	       struct reap *reap)
{
	int ret = space && pasid != IOASID_NO_PASID ? allow_pasids(device) : 0;

	(void)reap;
	if (space && !ret)
		ret = attach(device, pasid, space);
	if (space)
		return ret ? ret : attach_blocked(device, pasid, space);
	if (now(device, pasid))
		iofd_release(device, pasid);
	note(device_attachment(device, pasid), NULL);
	return 0;
}
