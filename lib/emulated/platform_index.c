/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking things up in a platform description: by name, requester ID and group. */
#include <string.h>

#include "platform.h"

#define BUCKET_BITS 10
_Static_assert(1 << BUCKET_BITS == PLATFORM_BUCKETS, "bits of a bucket's number");
_Static_assert(PLATFORM_MAX_DEVICES < UINT16_MAX, "links of 16 bits");

/* Multiplicative hashing, 2^32 divided by the golden ratio: the upper bits are the good ones. */
static uint32_t bucket_of(uint32_t key)
{
	return key * UINT32_C(2654435769) >> (32 - BUCKET_BITS);
}

static uint32_t bucket_of_name(const char *name)
{
	uint32_t hash = 0;

	while (*name)
		hash = hash * 31 + (unsigned char)*name++;
	return bucket_of(hash);
}

/* A requester ID has 16 bits. */
static uint32_t bucket_of_requester(uint32_t iommu, uint32_t requester)
{
	return bucket_of(iommu << 16 | requester);
}

static void link_first(uint16_t *bucket, uint16_t *next, size_t index)
{
	*next = *bucket;
	*bucket = (uint16_t)(index + 1);
}

void platform_index_iommu(struct ioasid_platform *platform, size_t iommu)
{
	struct platform_iommu *i = &platform->iommus[iommu];

	link_first(&platform->iommu_named[bucket_of_name(i->name)], &i->next_named, iommu);
}

void platform_index_device(struct ioasid_platform *platform, size_t device)
{
	struct platform_device *d = &platform->devices[device];

	link_first(&platform->device_named[bucket_of_name(d->name)], &d->next_named, device);
}

void platform_index_requester(struct ioasid_platform *platform, size_t device)
{
	struct platform_device *d = &platform->devices[device];
	uint32_t bucket = bucket_of_requester(d->iommu, d->requester);

	link_first(&platform->device_requester[bucket], &d->next_requester, device);
}

void platform_index_group(struct ioasid_platform *platform, size_t device)
{
	struct platform_device *d = &platform->devices[device];

	link_first(&platform->device_group[bucket_of(d->group)], &d->next_group, device);
}

const struct platform_iommu *platform_find_iommu(const struct ioasid_platform *platform,
						 const char *name)
{
	uint16_t link = platform->iommu_named[bucket_of_name(name)];

	for (; link; link = platform->iommus[link - 1].next_named) {
		if (!strcmp(platform->iommus[link - 1].name, name))
			return &platform->iommus[link - 1];
	}
	return NULL;
}

const struct platform_device *platform_find_device(const struct ioasid_platform *platform,
						   const char *name)
{
	uint16_t link = platform->device_named[bucket_of_name(name)];

	for (; link; link = platform->devices[link - 1].next_named) {
		if (!strcmp(platform->devices[link - 1].name, name))
			return &platform->devices[link - 1];
	}
	return NULL;
}

const struct platform_device *platform_find_requester(const struct ioasid_platform *platform,
						      uint32_t iommu, uint32_t requester)
{
	uint16_t link = platform->device_requester[bucket_of_requester(iommu, requester)];

	for (; link; link = platform->devices[link - 1].next_requester) {
		const struct platform_device *device = &platform->devices[link - 1];

		if (device->iommu == iommu && device->requester == requester)
			return device;
	}
	return NULL;
}

const struct platform_device *platform_find_group(const struct ioasid_platform *platform,
						  uint32_t group)
{
	uint16_t link = platform->device_group[bucket_of(group)];

	for (; link; link = platform->devices[link - 1].next_group) {
		if (platform->devices[link - 1].group == group)
			return &platform->devices[link - 1];
	}
	return NULL;
}
