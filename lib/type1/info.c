/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a container tells of its IOMMU: page sizes, the IOVAs that can be mapped, and how many
 * mappings it takes. The answer has a chain of capabilities behind it, and says how long it is.
 */
#include <errno.h>
#include <string.h>

#include "type1.h"

#define FIRST_TRY 1024u
#define LONGEST	  (1u << 20)

static int refused(const struct ioasid_device *device, int error)
{
	return err_set(error == ENOMEM ? ENOMEM : ENODEV, "%s: nothing is told of its IOMMU: %s",
		       device->name, strerror(error));
}

/* The answer, @size bytes with its length in argsz, which the caller frees; NULL: err_set(). */
static struct uapi_iommu_info *read_info(const struct ioasid_device *device, int container,
					 uint32_t size)
{
	struct uapi_iommu_info *info = mem_calloc(1, size);
	uint32_t needed;
	int ret;

	if (!info) {
		err_set(ENOMEM, "no memory for device %s", device->name);
		return NULL;
	}
	info->argsz = size;
	ret = sys_ioctl(container, UAPI_IOMMU_GET_INFO, info);
	needed = info->argsz;
	if (!ret && needed <= size) {
		info->argsz = size;
		return info;
	}
	mem_free(info);
	if (ret || size > FIRST_TRY || needed > LONGEST) {
		refused(device, ret ? -ret : E2BIG);
		return NULL;
	}
	return read_info(device, container, needed);
}

/* The capability @id if it is there with at least @size bytes, else NULL. Offsets only ascend. */
static const void *find_cap(const struct uapi_iommu_info *info, uint16_t id, size_t size)
{
	uint32_t at = info->flags & UAPI_INFO_CAPS ? info->cap_offset : 0, previous = 0;
	struct uapi_cap cap;

	while (at > previous && at <= info->argsz - sizeof(cap) && !(at % sizeof(cap))) {
		memcpy(&cap, (const char *)info + at, sizeof(cap));
		if (cap.id == id)
			return info->argsz - at >= size ? (const char *)info + at : NULL;
		previous = at;
		at = cap.next;
	}
	return NULL;
}

static int reserve(struct t1_group *group, uint64_t start, uint64_t last)
{
	struct ioasid_range *ranges = mem_realloc(group->reserved,
						  (group->n_reserved + 1) * sizeof(*ranges));

	if (!ranges)
		return err_set(ENOMEM, "no memory for a reserved range");
	ranges[group->n_reserved++] = (struct ioasid_range){ start, bits_add_sat(last - start, 1) };
	group->reserved = ranges;
	return 0;
}

/* Reserved is what lies between the ranges, which ascend, and below the width of the last. */
static int take_ranges(struct t1_group *group, const struct uapi_iova_range *ranges, uint32_t n)
{
	uint64_t last = ranges[n - 1].end, at = 0, end;
	uint32_t i;
	int ret = 0;

	group->address_bits = last ? bits_ilog2(last) + 1 : 1;
	end = UINT64_MAX >> (64 - group->address_bits);
	for (i = 0; i < n && !ret; i++) {
		if (ranges[i].start > at)
			ret = reserve(group, at, ranges[i].start - 1);
		at = bits_add_sat(ranges[i].end, 1);
	}
	if (!ret && last < end)
		ret = reserve(group, at, end);
	return ret;
}

/* Linux 5.8. A bit stands for the smallest page. */
static void find_dirty(struct t1_group *group, const struct uapi_iommu_info *info)
{
	const struct uapi_cap_migration *cap = find_cap(info, UAPI_CAP_MIGRATION, sizeof(*cap));
	uint64_t page = cap ? cap->pgsize_bitmap & -cap->pgsize_bitmap : 0;

	if (page < PAGE)
		return;
	group->dirty_page = page;
	group->dirty_limit = bits_min(cap->max_dirty_bitmap_size, UINT64_MAX / 8) * 8;
}

static int parse(const struct ioasid_device *device, struct t1_group *group,
		 const struct uapi_iommu_info *info)
{
	const struct uapi_cap_iova_range *iovas =
		find_cap(info, UAPI_CAP_IOVA_RANGE, sizeof(*iovas));
	const struct uapi_cap_dma_avail *avail = find_cap(info, UAPI_CAP_DMA_AVAIL, sizeof(*avail));
	size_t room;
	int ret;

	if (!iovas)
		return err_set(ENODEV, "%s: this kernel does not tell what its IOMMU translates "
			       "(Linux 5.4)", device->name);
	room = info->argsz - (size_t)((const char *)(iovas + 1) - (const char *)info);
	if (!iovas->nr_iovas || iovas->nr_iovas > room / sizeof(struct uapi_iova_range))
		return err_set(ENODEV, "%s: its IOMMU translates nothing", device->name);
	ret = take_ranges(group, (const struct uapi_iova_range *)(iovas + 1), iovas->nr_iovas);
	if (ret)
		return ret;
	find_dirty(group, info);
	group->max_entries = avail ? avail->avail : UINT32_MAX;
	group->page_sizes = info->flags & UAPI_INFO_PGSIZES && info->iova_pgsizes ?
			    info->iova_pgsizes : PAGE;
	return 0;
}

int t1_group_info(const struct ioasid_device *device, struct t1_group *group)
{
	struct uapi_iommu_info *info = read_info(device, group->container, FIRST_TRY);
	int ret = info ? parse(device, group, info) : -err_number();

	mem_free(info);
	/* It asks that of the IOMMU for each container, and keeps to what it finds. */
	group->enforces_snoop = !ret && t1_ioctl_number(group->container, UAPI_CHECK_EXTENSION,
							UAPI_DMA_CC_IOMMU) > 0;
	return ret;
}
