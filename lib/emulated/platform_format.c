/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing a platform description as text, ioasid_platform(5). */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "export.h"
#include "platform.h"
#include "util/bits.h"

struct out {
	char *buf;
	size_t size;
	size_t length; /* of all the text, also where it does not fit */
};

static void put(struct out *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct out *out, const char *fmt, ...)
{
	bool fits = out->length < out->size;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(fits ? out->buf + out->length : NULL, fits ? out->size - out->length : 0,
		      fmt, ap);
	va_end(ap);
	if (n > 0)
		out->length += (size_t)n;
}

const char *platform_pgtable_word(unsigned int format)
{
	static const char *const words[] = {
		[IOASID_PGTABLE_VTD_SS] = "vtd-ss",
		[IOASID_PGTABLE_VTD_FS] = "vtd-fs",
		[IOASID_PGTABLE_ARM_S1] = "arm-s1",
		[IOASID_PGTABLE_ARM_S2] = "arm-s2",
		[IOASID_PGTABLE_AMD_V1] = "amd-v1",
		[IOASID_PGTABLE_AMD_V2] = "amd-v2",
		[IOASID_PGTABLE_RISCV] = "riscv",
		[IOASID_PGTABLE_RISCV_S2] = "riscv-s2",
	};

	return format < bits_array_size(words) ? words[format] : NULL;
}

static void put_number(struct out *out, const char *key, uint32_t value)
{
	if (value)
		put(out, " %s=%" PRIu32, key, value);
}

static void put_nesting(struct out *out, const struct platform_iommu *iommu)
{
	const struct ioasid_platform_iotlb *t = &iommu->iotlb;

	if (iommu->hardware_nesting)
		put(out, " nesting=%shardware", iommu->no_nesting ? "" : "software,");
	else if (iommu->no_nesting)
		put(out, " nesting=none");
	put_number(out, "iotlb", t->entries);
	put_number(out, "iotlb-ways", t->ways);
	if (t->replacement)
		put(out, " iotlb-replacement=%s",
		    t->replacement == IOASID_REPLACE_RANDOM ? "random" : "lru");
	put_number(out, "iotlb-seed", t->seed);
	put_number(out, "structure-cache", t->structures);
}

static void put_iommu(struct out *out, const struct platform_iommu *iommu)
{
	uint64_t left = iommu->pgtable_formats;

	put(out, "iommu %s address-bits=%" PRIu32, iommu->name, iommu->address_bits);
	if (iommu->pasid_bits)
		put(out, " pasid-bits=%" PRIu32, iommu->pasid_bits);
	for (; left; left &= left - 1)
		put(out, "%s%s", left == iommu->pgtable_formats ? " formats=" : ",",
		    platform_pgtable_word(bits_ctz(left)));
	put_nesting(out, iommu);
	if (iommu->no_page_requests)
		put(out, " page-requests=none");
	if (iommu->no_dirty_tracking)
		put(out, " dirty-tracking=off");
	if (iommu->no_enforce_snoop)
		put(out, " enforce-snoop=off");
	put(out, "\n");
}

static void put_device(struct out *out, const struct ioasid_platform *platform,
		       const struct platform_device *device)
{
	const struct platform_device *parent = platform_parent(platform, device);

	if (parent)
		put(out, "device %s parent=%s", device->name, parent->name);
	else
		put(out, "device %s iommu=%s", device->name, platform->iommus[device->iommu].name);
	if (device->requester_named)
		put(out, " requester=0x%" PRIx32, device->requester);
	if (device->group)
		put(out, " group=%" PRIu32, device->group);
	if (device->pasid_bits)
		put(out, " pasid-bits=%" PRIu32, device->pasid_bits);
	if (device->default_pasid)
		put(out, " default-pasid=%" PRIu32, device->default_pasid);
	if (device->pasid_pool)
		put(out, " pasid-pool=%" PRIu32, device->pasid_pool);
	put_number(out, "device-tlb", device->tlb_entries);
	if (device->tlb_explicit)
		put(out, " device-tlb-invalidation=explicit");
	put(out, "%s%s", device->user_pasid_table ? " pasid-table=user" : "",
	    device->shared_queues ? " work-queues=shared" : "");
	if (device->page_requests == IOASID_NO_PAGE_REQUESTS)
		put(out, " page-requests=none");
	else if (device->page_requests)
		put(out, " page-requests=%" PRIu32, device->page_requests);
	put(out, "\n");
}

static void put_reserved(struct out *out, const struct ioasid_platform *platform,
			 const struct platform_reserved *reserved)
{
	const char *owner = reserved->is_device ? platform->devices[reserved->owner].name
						: platform->iommus[reserved->owner].name;

	put(out, "reserved %s 0x%" PRIx64 " 0x%" PRIx64 "\n", owner, reserved->start,
	    reserved->last - reserved->start + 1);
}

static void put_failure(struct out *out, const struct failure *failure)
{
	put(out, "fail %s at=%" PRIu64, failure_word(failure->operation), failure->nth);
	if (failure->operation != IOASID_OP_ALLOC)
		put(out, " errno=%s", platform_error_word(failure->error));
	put(out, "%s\n", failure->repeat ? " repeat=on" : "");
}

IOASID_EXPORT size_t ioasid_platform_format(const struct ioasid_platform *platform, char *buf,
					    size_t size)
{
	struct out out = { .buf = buf, .size = size };
	size_t i;

	if (size)
		buf[0] = '\0';
	for (i = 0; i < platform->n_iommus; i++)
		put_iommu(&out, &platform->iommus[i]);
	for (i = 0; i < platform->n_devices; i++)
		put_device(&out, platform, &platform->devices[i]);
	if (platform->locked_memory)
		put(&out, "locked-memory %" PRIu64 "\n", platform->locked_memory);
	if (platform->pasid_pool)
		put(&out, "pasid-pool %" PRIu32 "\n", platform->pasid_pool);
	for (i = 0; i < platform->n_reserved; i++)
		put_reserved(&out, platform, &platform->reserved[i]);
	for (i = 0; i < platform->n_failures; i++)
		put_failure(&out, &platform->failures[i]);
	return out.length;
}
