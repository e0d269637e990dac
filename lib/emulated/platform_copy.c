/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The copy of a platform description that a context keeps: everything chosen, and sorted. */
#include <stdlib.h>
#include <string.h>

#include "platform.h"
#include "util/alloc.h"
#include "util/bits.h"

/* What is chosen is function 0 of a PCI device of its own; 00:00.0 is the host bridge's. */
#define REQUESTER_STEP 8
_Static_assert(PLATFORM_MAX_REQUESTER / REQUESTER_STEP > PLATFORM_MAX_DEVICES,
	       "requester IDs to choose never run out");

static void choose_requesters(struct ioasid_platform *p)
{
	uint32_t next[PLATFORM_MAX_IOMMUS];
	size_t i;

	for (i = 0; i < PLATFORM_MAX_IOMMUS; i++)
		next[i] = REQUESTER_STEP;

	for (i = 0; i < p->n_devices; i++) {
		struct platform_device *device = &p->devices[i];
		uint32_t *id = &next[device->iommu];

		if (device->has_requester || device->parent)
			continue;
		while (platform_find_requester(p, device->iommu, *id))
			*id += REQUESTER_STEP;
		device->requester = *id;
		device->has_requester = true;
		platform_index_requester(p, i);
	}
}

static void choose_groups(struct ioasid_platform *p)
{
	uint32_t next = 1;
	size_t i;

	for (i = 0; i < p->n_devices; i++) {
		if (p->devices[i].group || p->devices[i].parent)
			continue;
		while (platform_find_group(p, next))
			next++;
		p->devices[i].group = next;
		platform_index_group(p, i);
	}
}

static void choose_page_requests(struct ioasid_platform *p)
{
	size_t i;

	for (i = 0; i < p->n_devices; i++) {
		uint32_t *n = &p->devices[i].page_requests;

		if (*n == IOASID_NO_PAGE_REQUESTS ||
		    platform_device_iommu(p, &p->devices[i])->no_page_requests)
			*n = 0;
		else if (!*n)
			*n = PLATFORM_DEFAULT_PAGE_REQUESTS;
	}
}

static int by_start(const void *a, const void *b)
{
	const struct platform_reserved *x = a;
	const struct platform_reserved *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static void choose(struct ioasid_platform *p)
{
	size_t i;

	for (i = 0; i < p->n_iommus; i++) {
		if (!p->iommus[i].pgtable_formats)
			p->iommus[i].pgtable_formats = PLATFORM_ALL_FORMATS;
		platform_choose_iotlb(&p->iommus[i].iotlb);
	}
	choose_requesters(p);
	choose_groups(p);
	platform_choose_pasids(p);
	choose_page_requests(p);
	if (p->n_reserved)
		qsort(p->reserved, p->n_reserved, sizeof(*p->reserved), by_start);
}

/* *to is NULL for n = 0. */
static bool copy_array(void *to, const void *from, size_t n, size_t size)
{
	void *array = NULL;

	if (n) {
		array = mem_alloc(n * size);
		if (!array)
			return false;
		memcpy(array, from, n * size);
	}
	memcpy(to, &array, sizeof(array));
	return true;
}

struct ioasid_platform *platform_copy(const struct ioasid_platform *platform)
{
	struct ioasid_platform *p = mem_alloc(sizeof(*p));

	if (!p)
		return NULL;
	*p = *platform;
	p->accounts = accounts_get(platform->accounts);
	p->iommus = NULL;
	p->devices = NULL;
	p->reserved = NULL;
	p->failures = NULL;
	p->room_iommus = p->n_iommus;
	p->room_devices = p->n_devices;
	p->room_reserved = p->n_reserved;
	p->room_failures = p->n_failures;

	if (!copy_array(&p->iommus, platform->iommus, p->n_iommus, sizeof(*p->iommus)) ||
	    !copy_array(&p->devices, platform->devices, p->n_devices, sizeof(*p->devices)) ||
	    !copy_array(&p->reserved, platform->reserved, p->n_reserved, sizeof(*p->reserved)) ||
	    !copy_array(&p->failures, platform->failures, p->n_failures, sizeof(*p->failures))) {
		ioasid_platform_free(p);
		return NULL;
	}
	choose(p);
	return p;
}

static bool is_reserved_for(const struct ioasid_platform *platform,
			    const struct platform_reserved *reserved,
			    const struct platform_device *device)
{
	if (reserved->is_device)
		return &platform->devices[reserved->owner] == device ||
		       reserved->owner + 1 == device->parent;
	return reserved->owner == device->iommu;
}

static struct ioasid_range range_of(uint64_t start, uint64_t last)
{
	struct ioasid_range range = { start, bits_add_sat(last - start, 1) };

	return range;
}

size_t platform_device_reserved(const struct ioasid_platform *platform,
				const struct platform_device *device, struct ioasid_range *ranges,
				size_t n)
{
	uint64_t start = 0, last = 0;
	size_t count = 0, i;

	for (i = 0; i < platform->n_reserved; i++) {
		const struct platform_reserved *next = &platform->reserved[i];

		if (!is_reserved_for(platform, next, device))
			continue;
		if (!count || next->start > bits_add_sat(last, 1)) {
			count++;
			start = next->start;
			last = next->last;
		} else {
			last = bits_max(last, next->last);
		}
		if (count <= n)
			ranges[count - 1] = range_of(start, last);
	}
	return count;
}
