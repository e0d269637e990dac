/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page tables of the kernel's. A space whose devices need nothing in particular is attached to as
 * its IOAS, and the kernel makes page tables behind that as it sees fit. Dirty tracking, PASIDs and
 * nesting need tables that are made for them, each for one device; another device can be attached
 * to it if their IOMMUs are alike, which the kernel says by -EINVAL when they are not.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "iommufd.h"

static int why_not_made(const struct ioasid_device *device, const struct ioasid_space *space,
			int error)
{
	char what[80];

	snprintf(what, sizeof(what), "%.40s: a page table for space %u", device->name, space->id);
	switch (error) {
	case ENOMEM:
		return vfio_no_memory(what);
	case EFAULT:
		return iofd_why_not_locked(what, space);
	case EADDRINUSE:
		return err_set(EADDRINUSE,
			       "%s: a mapping lies where the device cannot have one, or is "
			       "not aligned to the IOMMU's pages",
			       what);
	case EOPNOTSUPP:
		return err_set(EOPNOTSUPP,
			       "%s: its IOMMU or this kernel cannot do what the space asks "
			       "for",
			       what);
	default:
		return err_set(EINVAL, "%s: refused by the kernel: %s", what, strerror(error));
	}
}

int iofd_pt_make(const struct ioasid_device *device, struct ioasid_space *space,
		 struct uapi_hwpt_alloc *alloc, struct iofd_pt **out)
{
	struct iofd_space *s = space->backend;
	struct iofd_pt *pt = mem_calloc(1, sizeof(*pt));
	int ret;

	if (!pt)
		return -ENOMEM;
	alloc->dev_id = ((const struct iofd_device *)device->backend)->id;
	ret = iofd_ioctl(space->ctx, UAPI_HWPT_ALLOC, alloc);
	if (ret) {
		mem_free(pt);
		return ret;
	}
	pt->space = space;
	pt->id = alloc->out_hwpt_id;
	pt->flags = alloc->flags;
	pt->large_pages = space->small_pages ? 0 : iofd_large_pages(device);
	pt->next = s->pts;
	s->pts = pt;
	*out = pt;
	return 0;
}

static void unmake(struct iofd_pt *pt)
{
	struct iofd_space *s = pt->space->backend;
	struct iofd_pt **p;

	for (p = &s->pts; *p != pt; p = &(*p)->next)
		;
	*p = pt->next;
	iofd_destroy(pt->space->ctx, pt->id);
	mem_free(pt);
}

int iofd_pt_new(const struct ioasid_device *device, struct ioasid_space *space,
		struct uapi_hwpt_alloc *alloc, struct iofd_pt **out)
{
	struct iofd_pt *pt;
	int ret = iofd_pt_make(device, space, alloc, &pt);

	if (ret)
		return why_not_made(device, space, -ret);
	ret = iofd_dirty_join(pt);
	if (ret)
		unmake(pt);
	else
		*out = pt;
	return ret;
}

void iofd_pt_put(struct iofd_pt *pt)
{
	const struct iofd_space *s = pt->space->backend;
	struct iofd_pt *parent = pt->parent;

	if (--pt->users || pt == &s->automatic)
		return;
	iofd_dirty_leave(pt);
	unmake(pt);
	if (parent)
		iofd_pt_put(parent);
}
