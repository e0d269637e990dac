/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a bound device and its IOMMU can do. No command tells which IOVAs an IOMMU translates before
 * something is attached. So a page table is made for the device on an empty IOAS, which shows the
 * aperture, and given back: that needs no attach, and asks the driver and not a vendor's registers.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iommufd.h"

#define MOST_RANGES 64u

struct aperture {
	uint64_t start, last;
	uint64_t alignment;
};

static int refused(const struct ioasid_device *device, const char *what, int error)
{
	return err_set(error == ENOMEM ? ENOMEM : ENODEV, "%s: %s: %s", device->name, what,
		       strerror(error));
}

/* What an IOAS permits, of @n ranges at most, from the first to the last of them. */
static int read_ranges(struct ioasid_device *device, uint32_t ioas, uint32_t n, struct aperture *a)
{
	struct uapi_iova_range list[MOST_RANGES] = { { 0, 0 } };
	struct uapi_iova_ranges ranges = {
		.size = sizeof(ranges), .ioas_id = ioas, .num_iovas = n,
		.allowed_iovas = (uintptr_t)list,
	};
	int ret = iofd_ioctl(device->ctx, UAPI_IOAS_IOVA_RANGES, &ranges);

	if (ret)
		return refused(device, "no IOVA ranges", -ret);
	if (!ranges.num_iovas)
		return err_set(ENODEV, "%s: its IOMMU translates nothing", device->name);
	*a = (struct aperture){ list[0].start, list[bits_min(ranges.num_iovas, n) - 1].last,
				ranges.out_iova_alignment };
	return 0;
}

/* What was found out for another device of its group, in front of which the same IOMMU is. */
static bool read_peer(const struct ioasid_device *device, struct aperture *a)
{
	const struct ioasid_device *d;

	for (d = device->ctx->devices; d; d = d->next) {
		const struct ioasid_device_info *info = &d->info;

		if (((const struct iofd_device *)d->backend)->fd < 0 ||
		    info->group != device->info.group || info->group == IOASID_NO_GROUP)
			continue;
		*a = (struct aperture){ 0, UINT64_MAX >> (64 - info->address_bits),
					info->page_sizes & -info->page_sizes };
		return true;
	}
	return false;
}

/*
 * Some drivers make a page table only when a device is attached, and know no aperture before: that
 * of SMMUv3s until Linux 6.9. Nothing is mapped in the IOAS, so that DMA stays blocked. Where a
 * group is attached already, its devices cannot be attached elsewhere.
 */
static int read_attached(struct ioasid_device *device, uint32_t ioas, struct aperture *a)
{
	int ret;

	if (read_peer(device, a))
		return 0;
	ret = iofd_move(device, IOASID_NO_PASID, ioas);
	if (ret)
		return refused(device, "attaching, to see what its IOMMU translates", -ret);
	ret = read_ranges(device, ioas, MOST_RANGES, a);
	iofd_release(device, IOASID_NO_PASID);
	return ret;
}

static int look_at_iommu(struct ioasid_device *device, struct aperture *a)
{
	const struct iofd_device *d = device->backend;
	struct uapi_hwpt_alloc hwpt = { .size = UAPI_HWPT_ALLOC_PLAIN, .dev_id = d->id };
	int ret = iofd_ioas_alloc(device->ctx, &hwpt.pt_id);

	if (ret)
		return ret;
	ret = iofd_ioctl(device->ctx, UAPI_HWPT_ALLOC, &hwpt);
	if (ret == -ENOENT) {
		ret = err_set(ENODEV, "%s: the kernel has no device %u behind an IOMMU on the "
			      "context's descriptor", device->name, d->id);
	} else if (ret) {
		ret = refused(device, "no page table", -ret);
	} else {
		ret = read_ranges(device, hwpt.pt_id, 1, a);
		iofd_destroy(device->ctx, hwpt.out_hwpt_id);
		if (!ret && !a->last && d->fd >= 0)
			ret = read_attached(device, hwpt.pt_id, a);
		iofd_hw_query(device);
		iofd_hw_find_nesting(device, hwpt.pt_id);
	}
	iofd_destroy(device->ctx, hwpt.pt_id);
	return ret;
}

/*
 * Is it AMD's? To iommufd its driver tells that since Linux 7.0, and only if it is built for that
 * (CONFIG_AMD_IOMMU_IOMMUFD). A device that is adopted can have any name.
 */
static bool is_amd(const struct ioasid_device *device)
{
	const struct iofd_device *d = device->backend;

	return d->hw.type == UAPI_HW_INFO_AMD ||
	       (d->hw.type == UAPI_HW_INFO_NONE && d->fd >= 0 && vfio_has_amd_iommu(device->name));
}

/*
 * Larger pages: VT-d tells of them. The others always have those of their tables' levels: AArch64's
 * with granules of 4 KiB or 64 KiB (DDI 0487, D8.3), AMD's (48882, 2.2.3, 2.2.6).
 */
static uint64_t large_pages(const struct ioasid_device *device, bool amd, uint64_t smallest)
{
	const struct iofd_hw *hw = &((const struct iofd_device *)device->backend)->hw;

	if (hw->type == UAPI_HW_INFO_ARM_SMMUV3 && smallest == UINT64_C(1) << 16)
		return UINT64_C(1) << 29;
	if (hw->type == UAPI_HW_INFO_ARM_SMMUV3 || amd)
		return smallest == PAGE ? UINT64_C(1) << 21 | UINT64_C(1) << 30 : 0;
	if (hw->type != UAPI_HW_INFO_INTEL_VTD)
		return 0;
	return (hw->vtd.cap_reg & UAPI_VTD_CAP_2M ? UINT64_C(1) << 21 : 0) |
	       (hw->vtd.cap_reg & UAPI_VTD_CAP_1G ? UINT64_C(1) << 30 : 0);
}

/*
 * VT-d's are known. SMMUv3s have up to 1 GiB (DDI 0487, D8.3); AMD's all powers of two (48882,
 * 2.2.3), of which Linux leaves out the largest (AMD_IOMMU_PGSIZES). That one is AMD's is told
 * since Linux 7.0 only.
 */
uint64_t iofd_large_pages(const struct ioasid_device *device)
{
	const struct iofd_hw *hw = &((const struct iofd_device *)device->backend)->hw;
	const uint64_t sizes = device->info.page_sizes, smallest = sizes & -sizes;
	const unsigned int most = hw->type == UAPI_HW_INFO_ARM_SMMUV3 ? 30 : 38;

	return hw->type == UAPI_HW_INFO_INTEL_VTD ? sizes ^ smallest :
						    bits_mask(most, 0) & -(2 * smallest);
}

/*
 * Can the IOMMU enforce snooping? Linux lets it wherever it can, which is known of VT-d by its
 * register, and of AMD's without one: its driver claims it for all.
 */
static bool enforces_snoop(const struct ioasid_device *device, bool amd)
{
	const struct iofd_hw *hw = &((const struct iofd_device *)device->backend)->hw;

	return amd || (hw->type == UAPI_HW_INFO_INTEL_VTD && hw->vtd.ecap_reg & UAPI_VTD_ECAP_SC);
}

int iofd_add_reserved(struct iofd_device *d, uint64_t start, uint64_t last)
{
	struct ioasid_range *ranges = mem_realloc(d->reserved,
						  (d->n_reserved + 1) * sizeof(*ranges));

	if (!ranges)
		return err_set(ENOMEM, "no memory for a reserved range");
	ranges[d->n_reserved++] = (struct ioasid_range){ start, bits_add_sat(last - start, 1) };
	d->reserved = ranges;
	return 0;
}

/* The group's reserved regions, a line each: first, last, type. */
static int read_reserved(struct ioasid_device *device)
{
	char path[64], text[4096], *line, *next, *end;
	int ret;

	snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%u/reserved_regions",
		 device->info.group);
	ret = sys_read(path, text, sizeof(text));
	if (ret < 0)
		return vfio_no_answer(device->name, path, -ret);
	ret = 0;
	for (line = text; !ret && *line; line = next) {
		uint64_t first, last;

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		first = strtoull(line, &end, 16);
		last = strtoull(end, &end, 16);
		/* These give way when a device is passed on: the kernel does not reserve them. */
		if (!strcmp(end, " direct-relaxable") || *end != ' ' || last < first)
			continue;
		ret = iofd_add_reserved(device->backend, first, last);
	}
	return ret;
}

int iofd_device_info(struct ioasid_device *device)
{
	const struct iofd_device *d = device->backend;
	struct ioasid_device_info *info = &device->info;
	struct aperture a = { 0 };
	int ret = look_at_iommu(device, &a);
	bool amd;

	if (ret)
		return ret;
	amd = is_amd(device);
	if (d->hw.type == UAPI_HW_INFO_INTEL_VTD)
		a.last = vfio_vtd_last(d->hw.vtd.cap_reg, a.last);
	info->address_bits = a.last ? bits_ilog2(a.last) + 1 : 1;
	info->page_sizes = a.alignment | large_pages(device, amd, a.alignment);
	info->enforce_snoop = enforces_snoop(device, amd);
	/* The ends of the aperture that a width cannot say. */
	if (a.start)
		ret = iofd_add_reserved(device->backend, 0, a.start - 1);
	if (!ret && a.last != UINT64_MAX >> (64 - info->address_bits))
		ret = iofd_add_reserved(device->backend, a.last + 1,
					UINT64_MAX >> (64 - info->address_bits));
	return ret || info->group == IOASID_NO_GROUP ? ret : read_reserved(device);
}
