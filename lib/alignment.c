/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * IOMMUs whose smallest page is larger than 4 KiB: those of kernels that have such pages
 * themselves. While a device behind one is attached, mappings have to consist of such pages. Linux
 * counts so for each of iommufd's address spaces; on type1 it refuses, map by map.
 */
#include <errno.h>

#include "alignment.h"
#include "attach.h"
#include "mapped.h"
#include "objects.h"
#include "space.h"

static uint64_t smallest_page(const struct ioasid_device *device)
{
	return device->info.page_sizes & -device->info.page_sizes;
}

static int check_mappings(const struct ioasid_space *space, const struct ioasid_device *device)
{
	const uint64_t page = smallest_page(device);
	const struct ioasid_mapping *m;
	struct mapping_iter iter;

	mapping_for_each(m, &iter, space, 0, UINT64_MAX)
		if (!bits_is_aligned(m->item.start | imap_length(&m->item) | m->target, page))
			return err_set(EADDRINUSE, "space %u: mapping 0x%llx-0x%llx is not aligned "
				       "to %llu, the smallest page of the IOMMU of %s", space->id,
				       (unsigned long long)m->item.start,
				       (unsigned long long)m->item.last, (unsigned long long)page,
				       device->name);
	return 0;
}

int alignment_check(const struct ioasid_space *space, const struct ioasid_device *device)
{
	int ret = 0;

	for (; space && smallest_page(device) > PAGE && !ret; space = space_walked_below(space))
		ret = check_mappings(space, device);
	return ret;
}

static void suit(struct ioasid_space *space, const struct ioasid_device *device)
{
	if (smallest_page(device) > PAGE)
		space->alignment = bits_max(space->alignment, smallest_page(device));
}

void alignment_join(struct ioasid_space *space, const struct ioasid_device *device)
{
	for (; space; space = space_walked_below(space))
		suit(space, device);
}

void alignment_leave(struct ioasid_space *space)
{
	const struct ioasid_device *d;
	const struct attachment *a;

	for (; space && space->alignment; space = space_walked_below(space)) {
		space->alignment = 0;
		for (d = space->ctx->devices; d; d = d->next)
			for (a = d->attached; a; a = a->next)
				if (attachment_walks(a, space))
					suit(space, d);
	}
}
