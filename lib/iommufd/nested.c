/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nesting in hardware. What is bound to a space becomes a page table of the kernel's when a device
 * is attached: one for each kind of IOMMU, nested on a page table of the parent's that was made to
 * be nested on. The kernel takes a table's description for good; so to bind another is to make new
 * ones, and to replace. A device that is attached where nothing is bound is blocked.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "mapped.h"
#include "viommu.h"

static struct iofd_nested *nested_of(const struct ioasid_space *space)
{
	return space->backend;
}

static int create(struct ioasid_space *space)
{
	space->backend = mem_calloc(1, sizeof(struct iofd_nested));
	return space->backend ? 0 : -ENOMEM;
}

static void destroy(struct ioasid_space *space, struct reap *reap)
{
	(void)reap;
	mem_free(nested_of(space)->vendor);
	mem_free(space->backend);
	space->backend = NULL;
}

static const struct pgt_pair *bound(const struct ioasid_space *space)
{
	const struct iofd_nested *n = space->backend;

	return n->vendor ? &n->pair : NULL;
}

static int why_not(const struct ioasid_device *device, const struct ioasid_space *space, int error)
{
	char what[80];

	snprintf(what, sizeof(what), "%.40s: the page table of space %u", device->name, space->id);
	switch (error) {
	case ENOMEM:
		return vfio_no_memory(what);
	case EOPNOTSUPP:
		return err_set(EOPNOTSUPP, "%s: its IOMMU, or this kernel, does not take a table "
			       "of type 0x%x", what, nested_of(space)->vendor->type);
	case EBUSY:
		return err_set(EBUSY, "%s: group %u is in use by somebody else", what,
			       device->info.group);
	case EADDRINUSE:
		return err_set(EADDRINUSE, "%s: somebody else on the context's descriptor has "
			       "mapped something in the parent, where the device cannot have it",
			       what);
	default:
		return err_set(EINVAL, "%s: refused by its IOMMU's driver: %s", what,
			       strerror(error));
	}
}

/* Its driver tells, so that one without it may come. */
static bool has_erratum(const struct ioasid_device *device)
{
	const struct iofd_hw *hw = &((const struct iofd_device *)device->backend)->hw;

	return hw->type == UAPI_HW_INFO_INTEL_VTD && hw->vtd.flags & UAPI_VTD_ERRATUM_772415;
}

static int no_read_only(const struct ioasid_space *space, const struct ioasid_mapping *m)
{
	return err_set(EOPNOTSUPP, "space %u: 0x%llx-0x%llx is read-only, which VT-d does not "
		       "allow where spaces are nested in hardware (erratum 772415)", space->id,
		       (unsigned long long)m->item.start, (unsigned long long)m->item.last);
}

int iofd_check_parent(const struct ioasid_device *device, const struct ioasid_space *root)
{
	const struct ioasid_mapping *m;
	struct mapping_iter iter;

	mapping_for_each(m, &iter, root, 0, UINT64_MAX)
		if (has_erratum(device) && !(m->flags & IOASID_WRITE))
			return no_read_only(root, m);
	return 0;
}

int iofd_check_mapping(const struct ioasid_space *space, const struct ioasid_mapping *m)
{
	const struct iofd_pt *pt;

	for (pt = iofd_space(space)->pts; pt && !(m->flags & IOASID_WRITE); pt = pt->next)
		if (pt->writable_only)
			return no_read_only(space, m);
	return 0;
}

/* What a nested one is made for. An SMMUv3's has all PASIDs, since the context descriptors are the
 * guest's; its driver does not want to be told. */
static uint32_t flags_for(const struct ioasid_device *device, const struct ioasid_space *space)
{
	const uint32_t flags = iofd_flags(device, space);

	if (space->viommu && space->viommu->type != IOASID_VIOMMU_RAW)
		return flags & ~UAPI_HWPT_PASID;
	return flags;
}

/*
 * To a new page table on @parent. 0 or -errno; -EINVAL says that @parent and the device do not go
 * together, or that the driver does not like the data.
 */
static int attach_nested(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
			 struct iofd_pt *parent)
{
	const struct iofd_nested *n = nested_of(space);
	struct uapi_hwpt_alloc alloc = {
		.size = UAPI_HWPT_ALLOC_DATA, .flags = flags_for(device, space),
		.pt_id = space->viommu ? iofd_viommu(space->viommu)->id : parent->id,
		.data_type = n->vendor->type,
		.data_len = n->vendor->length, .data_uptr = (uintptr_t)n->vendor->data,
	};
	struct iofd_pt *pt;
	int ret;

	if (alloc.flags & UAPI_HWPT_FAULT) {
		alloc.size = UAPI_HWPT_ALLOC_FAULT;
		alloc.fault_id = iofd_queue_id(space->faults);
	}
	ret = iofd_pt_make(device, space, &alloc, &pt);
	if (ret)
		return ret;
	pt->vendor = n->vendor;
	pt->parent = parent;
	parent->users++;
	pt->users++;
	ret = iofd_attach_to(device, pasid, pt);
	iofd_pt_put(pt);
	return ret;
}

static uint32_t parent_flags(const struct ioasid_space *root)
{
	return UAPI_HWPT_NEST_PARENT | (root->tracks ? UAPI_HWPT_DIRTY : 0);
}

bool iofd_is_parent(const struct iofd_pt *pt)
{
	return pt->flags == parent_flags(pt->space);
}

int iofd_parent_new(struct ioasid_device *device, struct ioasid_space *root, struct iofd_pt **out)
{
	struct uapi_hwpt_alloc alloc = {
		.size = UAPI_HWPT_ALLOC_PLAIN, .flags = parent_flags(root),
		.pt_id = iofd_ioas(root),
	};
	int ret = iofd_check_parent(device, root);

	if (!ret)
		ret = iofd_pt_new(device, root, &alloc, out);
	if (ret)
		return ret;
	(*out)->users++;
	(*out)->writable_only = has_erratum(device);
	return 0;
}

/* On any of the parent's page tables that goes together with the device, else on a new one. */
static int attach_new(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space)
{
	struct ioasid_space *root = space->parent;
	struct iofd_pt *pt;
	int ret;

	if (space->viommu) {
		ret = attach_nested(device, pasid, space, iofd_viommu(space->viommu)->parent);
		return ret ? why_not(device, space, -ret) : 0;
	}
	for (pt = iofd_space(root)->pts; pt; pt = pt->next) {
		if (!iofd_is_parent(pt))
			continue;
		ret = attach_nested(device, pasid, space, pt);
		if (ret != -EINVAL)
			return ret ? why_not(device, space, -ret) : 0;
	}
	ret = iofd_parent_new(device, root, &pt);
	if (ret)
		return ret;
	ret = attach_nested(device, pasid, space, pt);
	iofd_pt_put(pt);
	return ret ? why_not(device, space, -ret) : 0;
}

int iofd_nested_attach(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space)
{
	const struct iofd_nested *n = nested_of(space);
	struct iofd_pt *pt;
	int ret;

	if (!n->vendor) {
		iofd_block(device, pasid);
		return 0;
	}
	for (pt = n->space.pts; pt; pt = pt->next) {
		if (pt->vendor != n->vendor || pt->flags != flags_for(device, space))
			continue;
		ret = iofd_attach_to(device, pasid, pt);
		if (ret != -EINVAL)
			return ret ? why_not(device, space, -ret) : 0;
	}
	return attach_new(device, pasid, space);
}

/* Is it an attachment to the space that does not go by what is bound? */
static bool is_behind(const struct ioasid_space *space, const struct attachment *a)
{
	const struct iofd_pt *pt = a->backend;

	return a->space == space && (pt ? pt->vendor : NULL) != nested_of(space)->vendor;
}

/* Brings all to what is bound. A group moves as one, so that fewer calls than devices can do. */
static int follow(struct ioasid_space *space)
{
	struct ioasid_device *d;
	struct attachment *a;
	int ret = 0;

	for (d = space->ctx->devices; d; d = d->next)
		for (a = d->attached; a && !ret; a = a->next)
			if (is_behind(space, a))
				ret = iofd_nested_attach(d, a->pasid, space);
	return ret;
}

/* Back to what was bound before, whose page tables are still there. Who cannot is blocked. */
static void go_back(struct ioasid_space *space)
{
	struct ioasid_device *d;
	struct attachment *a;

	for (d = space->ctx->devices; d; d = d->next)
		for (a = d->attached; a; a = a->next) {
			if (!is_behind(space, a) || !iofd_nested_attach(d, a->pasid, space))
				continue;
			ctx_log(space->ctx, LOG_ERR, "%s: blocked, since it cannot go back to the "
				"page table that space %u had: %s", d->name, space->id, err_text());
			iofd_block(d, a->pasid);
		}
}

/* All that the space has now are used once more. */
static void hold(struct iofd_nested *n)
{
	struct iofd_pt *pt;

	for (pt = n->space.pts; pt; pt = pt->next) {
		pt->users++;
		pt->held = true;
	}
}

/* What was held is no longer: not what devices have been given since, be it for what is bound. */
static void let_go(struct iofd_nested *n)
{
	struct iofd_pt *pt, *next;

	for (pt = n->space.pts; pt; pt = next) {
		next = pt->next;
		if (!pt->held)
			continue;
		pt->held = false;
		iofd_pt_put(pt);
	}
}

static int set_vendor(struct ioasid_space *space, struct iofd_vendor *vendor,
		      const struct pgt_pair *pair)
{
	struct iofd_nested *n = nested_of(space);
	struct iofd_vendor *old = n->vendor;
	int ret;

	hold(n);
	n->vendor = vendor;
	ret = follow(space);
	if (ret) {
		n->vendor = old;
		err_put_aside();
		go_back(space);
		err_take_back();
	} else {
		n->pair = *pair;
	}
	let_go(n);
	mem_free(ret ? vendor : old);
	return ret;
}

int iofd_bind_vendor(struct ioasid_space *space, const struct pgt_pair *pair, uint32_t type,
		     const void *data, size_t length)
{
	struct iofd_vendor *vendor = mem_calloc(1, sizeof(*vendor) + length);

	if (!vendor)
		return err_set(ENOMEM, "space %u: no memory to bind a page table", space->id);
	vendor->type = type;
	vendor->length = (uint32_t)length;
	memcpy(vendor->data, data, length);
	return set_vendor(space, vendor, pair);
}

static int bind_raw(struct ioasid_space *space, uint32_t type, const void *data, size_t length,
		    struct reap *reap)
{
	const struct pgt_pair unknown = { .low.id = 0 };

	(void)reap;
	return iofd_bind_vendor(space, &unknown, type, data, length);
}

static void unbind(struct ioasid_space *space, struct reap *reap)
{
	const struct pgt_pair none = { .low.id = 0 };

	(void)reap;
	set_vendor(space, NULL, &none);	/* which blocks, and does not fail */
}

/* The kernel has drivers drop what they have cached of a parent. */
static void parent_changed(struct ioasid_space *space, const struct ioasid_mapping *m,
			   struct reap *reap)
{
	(void)space;
	(void)m;
	(void)reap;
}

/* What IOMMUs have cached, nobody can see. */
static void look(struct ioasid_space *space, uint64_t iova, struct shadow_view *view)
{
	(void)space;
	*view = (struct shadow_view){ .base = iova, .last = UINT64_MAX };
}

const struct nest_ops iofd_nest = {
	.nesting = IOASID_NESTING_HARDWARE,
	.maps = false,
	.create = create,
	.destroy = destroy,
	.bound = bound,
	.bind = iofd_bind_pgtable,
	.unbind = unbind,
	.invalidate_list = iofd_invalidate,
	.bind_raw = bind_raw,
	.probe_raw = iofd_probe_raw,
	.bind_pasid_table = iofd_bind_pasid_table,
	.parent_changed = parent_changed,
	.max_looks = 1,
	.look = look,
};
