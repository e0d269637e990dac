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

/*
 * The capability @id, and in *@size how much of it there is; NULL: it is not there. One ends where
 * the next begins: aligned since Linux 6.6 only, and ascending.
 */
static const char *find_cap(const struct uapi_iommu_info *info, uint16_t id, size_t *size)
{
	uint32_t at = info->flags & UAPI_INFO_CAPS ? info->cap_offset : 0;
	uint32_t previous = UAPI_INFO_LEAST - 1;
	struct uapi_cap cap;

	while (at > previous && at <= info->argsz - sizeof(cap)) {
		memcpy(&cap, (const char *)info + at, sizeof(cap));
		if (cap.id == id) {
			*size = (size_t)(cap.next > at ? bits_min(cap.next, info->argsz) :
							 info->argsz) - at;
			return (const char *)info + at;
		}
		previous = at;
		at = cap.next;
	}
	return NULL;
}

/* Copies the first @size bytes of it. False: it is not there, or shorter. */
static bool copy_cap(const struct uapi_iommu_info *info, uint16_t id, void *to, size_t size)
{
	size_t length = 0;
	const char *cap = find_cap(info, id, &length);

	if (!cap || length < size)
		return false;
	memcpy(to, cap, size);
	return true;
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

static struct uapi_iova_range range_at(const char *ranges, uint32_t i)
{
	struct uapi_iova_range range;

	memcpy(&range, ranges + i * sizeof(range), sizeof(range));
	return range;
}

/*
 * Reserved is what lies between the ranges, which ascend, and below the width of the last address,
 * which is @last.
 */
static int take_ranges(struct t1_group *group, const char *ranges, uint32_t n, uint64_t last)
{
	uint64_t at = 0, taken = 0, end;
	uint32_t i;
	int ret = 0;

	group->address_bits = last ? bits_ilog2(last) + 1 : 1;
	end = UINT64_MAX >> (64 - group->address_bits);
	for (i = 0; i < n && !ret; i++) {
		struct uapi_iova_range range = range_at(ranges, i);

		if (range.start > last)
			break;
		if (range.start > at)
			ret = reserve(group, at, range.start - 1);
		taken = range.end;
		at = bits_add_sat(taken, 1);
	}
	if (!ret && taken < end)
		ret = reserve(group, at, end);
	return ret;
}

static int find_ranges(const struct ioasid_device *device, struct t1_group *group,
		       const struct uapi_iommu_info *info)
{
	struct uapi_cap_iova_range head;
	uint64_t last;
	size_t size = 0;
	const char *cap = find_cap(info, UAPI_CAP_IOVA_RANGE, &size);

	if (!cap || size < sizeof(head))
		return err_set(ENODEV, "%s: this kernel does not tell what its IOMMU translates "
			       "(Linux 5.4)", device->name);
	memcpy(&head, cap, sizeof(head));
	if (!head.nr_iovas ||
	    head.nr_iovas > (size - sizeof(head)) / sizeof(struct uapi_iova_range))
		return err_set(ENODEV, "%s: its IOMMU translates nothing", device->name);
	last = range_at(cap + sizeof(head), head.nr_iovas - 1).end;
	return take_ranges(group, cap + sizeof(head), head.nr_iovas,
			   vfio_last_address(device->name, last));
}

/* Linux 5.8. A bit stands for the smallest page. */
static void find_dirty(struct t1_group *group, const struct uapi_iommu_info *info)
{
	struct uapi_cap_migration cap = { .pgsize_bitmap = 0 };
	uint64_t page;

	if (!copy_cap(info, UAPI_CAP_MIGRATION, &cap, sizeof(cap)))
		return;
	page = cap.pgsize_bitmap & -cap.pgsize_bitmap;
	if (page < PAGE)
		return;
	group->dirty_page = page;
	group->dirty_limit = bits_min(cap.max_dirty_bitmap_size, UINT64_MAX / 8) * 8;
}

static int parse(const struct ioasid_device *device, struct t1_group *group,
		 const struct uapi_iommu_info *info)
{
	struct uapi_cap_dma_avail avail = { .avail = UINT32_MAX };
	int ret = find_ranges(device, group, info);

	if (ret)
		return ret;
	find_dirty(group, info);
	copy_cap(info, UAPI_CAP_DMA_AVAIL, &avail, sizeof(avail));
	group->max_entries = avail.avail;
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
