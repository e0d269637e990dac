/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What IOMMUs and devices of a platform cache. */
#include <errno.h>
#include <inttypes.h>

#include "platform.h"
#include "util/bits.h"
#include "util/err.h"

#define DEFAULT_ENTRIES	256
#define DEFAULT_WAYS	8u

static int check_size(const char *what, const char *name, uint32_t entries)
{
	if (!entries || (entries <= PLATFORM_MAX_TLB && bits_is_pow2(entries)))
		return 0;
	return err_set(EINVAL, "%s %s: a TLB of %" PRIu32 " entries; powers of two up to %d are "
		       "possible", what, name, entries, PLATFORM_MAX_TLB);
}

static bool is_empty(const struct ioasid_platform_iotlb *t)
{
	return !t->entries && !t->ways && !t->replacement && !t->seed && !t->structures;
}

int platform_check_iotlb(const struct ioasid_platform_iommu *iommu)
{
	struct ioasid_platform_iotlb t = iommu->iotlb;
	int ret = check_size("IOMMU", iommu->name, t.entries);

	if (ret)
		return ret;
	if (!iommu->hardware_nesting && !is_empty(&t))
		return err_set(EINVAL, "IOMMU %s: an IOTLB, but not the nesting in hardware that "
			       "would use it", iommu->name);
	if (t.replacement > IOASID_REPLACE_RANDOM)
		return err_set(EINVAL, "IOMMU %s: replacement %u is not known", iommu->name,
			       (unsigned int)t.replacement);
	if (t.structures > PLATFORM_MAX_STRUCTURES)
		return err_set(EINVAL, "IOMMU %s: %" PRIu32 " paging-structure cache entries; at "
			       "most %d are possible", iommu->name, t.structures,
			       PLATFORM_MAX_STRUCTURES);
	platform_choose_iotlb(&t);
	if (!bits_is_pow2(t.ways) || t.ways > PLATFORM_MAX_TLB_WAYS || t.ways > t.entries)
		return err_set(EINVAL, "IOMMU %s: %" PRIu32 " ways of %" PRIu32 " IOTLB entries; "
			       "powers of two up to %d, and to the entries, are possible",
			       iommu->name, t.ways, t.entries, PLATFORM_MAX_TLB_WAYS);
	return 0;
}

int platform_check_device_tlb(const struct platform_iommu *iommu,
			      const struct ioasid_platform_device *device)
{
	if (!device->device_tlb && device->device_tlb_explicit)
		return err_set(EINVAL, "device %s: how to invalidate a TLB that it does not have",
			       device->name);
	if (device->device_tlb && !iommu->hardware_nesting)
		return err_set(EINVAL,
			       "device %s: a TLB of its own, but %s does not nest in hardware",
			       device->name, iommu->name);
	return check_size("device", device->name, device->device_tlb);
}

void platform_choose_iotlb(struct ioasid_platform_iotlb *t)
{
	if (!t->entries)
		t->entries = DEFAULT_ENTRIES;
	if (!t->ways)
		t->ways = (uint32_t)bits_min(t->entries, DEFAULT_WAYS);
	if (!t->replacement)
		t->replacement = IOASID_REPLACE_LRU;
}
