/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a space has to be, and becomes, for a device that is attached to it. */
#include <errno.h>

#include "alignment.h"
#include "attach.h"
#include "objects.h"
#include "ranges.h"
#include "sink.h"
#include "snoop.h"
#include "space.h"
#include "table.h"

/* The first @n of the ranges that the device has for itself. */
static void unreserve_own(struct ioasid_space *space, const struct ioasid_device *device, size_t n)
{
	const struct ioasid_range *r = device->reserved;

	while (n--)
		ranges_unreserve(space, r[n].start, r[n].start + r[n].length - 1);
}

/* They are of the requests without PASID, as MSIs are. */
static int reserve_own(struct ioasid_space *space, const struct ioasid_device *device)
{
	const struct ioasid_range *r = device->reserved;
	size_t i;

	for (i = 0; i < device->n_reserved; i++) {
		int ret = ranges_reserve(space, device, r[i].start, r[i].start + r[i].length - 1);

		if (!ret)
			continue;
		unreserve_own(space, device, i);
		return ret;
	}
	return 0;
}

static void unreserve_width(struct ioasid_space *space, const struct ioasid_device *device)
{
	if (device->info.address_bits < 64)
		ranges_unreserve(space, UINT64_C(1) << device->info.address_bits, UINT64_MAX);
}

/* What a device, and the width of its IOMMU, forbid. */
static int reserve_in(struct ioasid_space *space, const struct ioasid_device *device,
		      const struct attachment *a)
{
	int ret = 0;

	if (device->info.address_bits < 64)
		ret = ranges_reserve(space, device, UINT64_C(1) << device->info.address_bits,
				     UINT64_MAX);
	if (ret || a->pasid != IOASID_NO_PASID)
		return ret;
	ret = reserve_own(space, device);
	if (ret)
		unreserve_width(space, device);
	return ret;
}

static void unreserve_in(struct ioasid_space *space, const struct ioasid_device *device,
			 const struct attachment *a)
{
	if (a->pasid == IOASID_NO_PASID)
		unreserve_own(space, device, device->n_reserved);
	unreserve_width(space, device);
}

/* At the second level that an IOMMU walks, it forbids the same (Linux, find_hwpt_paging()). */
static int reserve_for(struct ioasid_space *space, const struct ioasid_device *device,
		       const struct attachment *a)
{
	struct ioasid_space *below = space_walked_below(space);
	int ret = reserve_in(space, device, a);

	if (ret || !below)
		return ret;
	ret = reserve_in(below, device, a);
	if (ret)
		unreserve_in(space, device, a);
	return ret;
}

static void unreserve_for(struct ioasid_space *space, const struct ioasid_device *device,
			  const struct attachment *a)
{
	struct ioasid_space *below = space_walked_below(space);

	if (below)
		unreserve_in(below, device, a);
	unreserve_in(space, device, a);
}

/* Where a kernel's table follows the shadow, it has to take the page table's smallest pages. */
static int check_pages(const struct ioasid_device *device, const struct ioasid_space *space,
		       const struct pgt_pair *pair)
{
	const struct pgt *pgt = pair->low.levels ? &pair->low : &pair->high;
	const uint64_t own = UINT64_C(1) << pgt->page_shift;
	const uint64_t least = device->info.page_sizes & -device->info.page_sizes;

	if (!device->ctx->ops->run_map || space->nest->nesting == IOASID_NESTING_HARDWARE ||
	    least <= own)
		return 0;
	return err_set(EOPNOTSUPP, "%s: its smallest pages have %llu bytes, those of the page "
		       "table %llu", device->name, (unsigned long long)least,
		       (unsigned long long)own);
}

/*
 * A kernel's tables have the lower half of signed addresses alone: so wide are IOMMUs whose first
 * stage Linux uses for itself. Tables that an IOMMU walks are for its driver to judge: the width is
 * that of the tables which the kernel would have made, of the other stage perhaps.
 */
static int check_width(const struct ioasid_device *device, const struct ioasid_space *space,
		       const struct pgt_pair *pair)
{
	const bool kernel = device->ctx->ops->run_map;
	const unsigned int low = pair->low.input_bits - (kernel && pair->low.sign_extended);
	const unsigned int bits = (unsigned int)bits_max(low, pair->high.input_bits);

	if (bits <= device->info.address_bits ||
	    (kernel && space->nest->nesting == IOASID_NESTING_HARDWARE))
		return 0;
	return err_set(EOPNOTSUPP, "%s: its IOMMU translates %u bits, the page table %u",
		       device->name, device->info.address_bits, bits);
}

int device_check_pgtable(const struct ioasid_device *device, const struct ioasid_space *space,
			 const struct pgt_pair *pair)
{
	const struct ioasid_device_info *info = &device->info;
	bool hardware;
	int ret;

	if (!space->parent)
		return 0;
	hardware = space->nest->nesting == IOASID_NESTING_HARDWARE;
	if (hardware ? !info->nesting_hardware : !info->nesting_software)
		return err_set(EOPNOTSUPP, "%s: its IOMMU does not nest%s", device->name,
			       hardware ? " in hardware" :
			       info->nesting_hardware ? " but in hardware" : "");
	/* one in a vendor's layout is for the kernel to judge */
	if (!pair || !pair->low.id)
		return 0;
	if (!((hardware ? info->hardware_formats : info->pgtable_formats) >> pair->low.id & 1))
		return err_set(EOPNOTSUPP, "%s: its IOMMU does not %s page-table format %u%s",
			       device->name, hardware ? "walk" : "know",
			       (unsigned int)pair->low.id, hardware ?
			       ": create the space with IOASID_NESTING_SOFTWARE" : "");
	ret = check_width(device, space, pair);
	return ret ? ret : check_pages(device, space, pair);
}

int device_check_pasid_table(const struct ioasid_device *device,
			     enum ioasid_pasid_table_format hw_format)
{
	if (hw_format)
		return device->info.pasid_table_formats >> hw_format & 1 ? 0 :
		       err_set(EOPNOTSUPP, "%s: its IOMMU does not read PASID-table format %u "
			       "itself", device->name, (unsigned int)hw_format);
	if (device->info.type != IOASID_DEVICE_PHYSICAL_USER)
		return err_set(EOPNOTSUPP, "%s: its PASID table is not the user's", device->name);
	if (!device->info.pasid_table_formats)
		return err_set(EOPNOTSUPP, "%s: its IOMMU does not nest", device->name);
	return 0;
}

/* A root that records what is written wants that of all devices, also of those on nested spaces. */
static int check_tracking(const struct ioasid_device *device, const struct ioasid_space *space)
{
	while (space->parent)
		space = space->parent;
	if (!space->tracks || device->info.dirty_tracking)
		return 0;
	return err_set(EOPNOTSUPP, "%s: its IOMMU does not record written pages, which space %u "
		       "asks for", device->name, space->id);
}

int attachment_join(struct ioasid_space *space, const struct ioasid_device *device,
		    const struct attachment *a, struct reap *reap)
{
	int ret;

	ret = pasid_table_is_bound(space) ? device_check_pasid_table(device, space->hw_pasids) :
			      device_check_pgtable(device, space, nest_bound(space));
	if (!ret)
		ret = check_tracking(device, space);
	if (!ret)
		ret = snoop_check_device(device, space);
	if (!ret)
		ret = viommu_check_attach(space, device);
	if (!ret)
		ret = reserve_for(space, device, a);
	if (ret)
		return ret;
	ret = alignment_check(space, device);
	if (!ret)
		ret = table_use(space, reap);
	if (ret) {
		unreserve_for(space, device, a);
		return ret;
	}
	ret = sink_attach(space, reap);
	if (ret) {
		table_unuse(space, reap);
		unreserve_for(space, device, a);
		sink_detach(space, reap);
		return ret;
	}
	space->attached++;
	snoop_join(space, device);
	alignment_join(space, device);
	return 0;
}

void attachment_leave(struct ioasid_space *space, const struct ioasid_device *device,
		      const struct attachment *a, struct reap *reap)
{
	space->attached--;
	snoop_leave(space, device);
	alignment_leave(space);
	table_unuse(space, reap);
	unreserve_for(space, device, a);
	sink_detach(space, reap);
}

/* As many as there are: what a device is attached to else can be much more. */
int attachment_check_all(const struct ioasid_space *space,
			 int (*check)(const struct ioasid_device *device,
				      const struct ioasid_space *space, const void *what),
			 const void *what)
{
	unsigned int left = space->attached;
	const struct ioasid_device *device;
	const struct attachment *a;
	int ret = 0;

	for (device = space->ctx->devices; device && left && !ret; device = device->next)
		for (a = device->attached; a && left && !ret; a = a->next) {
			if (a->space != space)
				continue;
			ret = check(device, space, what);
			left--;
		}
	return ret;
}
