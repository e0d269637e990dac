/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Linux's rules: iommufd_hwpt_set_dirty_tracking(), iommufd_hwpt_get_dirty_bitmap(). */
#include "shim_hwpt.h"

#include <errno.h>
#include <string.h>

#include "shim_ioas.h"
#include "shim_kernel.h"

#define N_HWPTS	 16u
#define N_DIRTY	 4096u
#define NEST_PARENT 1u
#define DIRTY_OK 2u		/* IOMMU_HWPT_ALLOC_DIRTY_TRACKING */
#define FAULT_OK 4u		/* IOMMU_HWPT_FAULT_ID_VALID */
#define PASID_OK 8u		/* IOMMU_HWPT_ALLOC_PASID */

static struct {
	uint32_t maker, flags;
	uint32_t ioas;			/* if it is not nested */
	bool nested;
	uint8_t data[SHIM_BYTES], entries[SHIM_BYTES];
	bool on;
	unsigned int n;
	uint64_t dirty[N_DIRTY];	/* numbers of pages */
} hwpts[N_HWPTS];

static uint64_t get64(const uint32_t *words)
{
	uint64_t value;

	memcpy(&value, words, sizeof(value));
	return value;
}

int shim_hwpt_check(const uint32_t *w, uint32_t parent)
{
	if (!parent)
		return (w[1] & NEST_PARENT && !shim.nests) ||
		       (w[1] & DIRTY_OK && !(shim.hw_capabilities & 1)) ? -EOPNOTSUPP : 0;
	if (!(hwpts[parent].flags & NEST_PARENT))
		return -EINVAL;
	if (w[0] < 40 || w[1] & ~(FAULT_OK | PASID_OK) || !w[7] || w[6] != shim.nested_type)
		return -EOPNOTSUPP;
	return w[7] > SHIM_BYTES ? -EINVAL : 0;
}

void shim_hwpt_new(uint32_t id, const uint32_t *w)
{
	shim_hwpt_destroy(id);
	hwpts[id].maker = w[2];
	hwpts[id].flags = w[1];
	hwpts[id].ioas = w[3];
	hwpts[id].nested = w[0] >= 40;
	if (hwpts[id].nested && w[7])
		memcpy(hwpts[id].data, (const void *)(uintptr_t)get64(w + 8), w[7]);
}

const uint8_t *shim_hwpt_data(uint32_t id)
{
	return hwpts[id].data;
}

const uint8_t *shim_hwpt_entries(uint32_t id)
{
	return hwpts[id].entries;
}

void shim_hwpt_destroy(uint32_t id)
{
	memset(&hwpts[id], 0, sizeof(hwpts[id]));
}

void shim_hwpt_reset(void)
{
	memset(hwpts, 0, sizeof(hwpts));
}

bool shim_hwpt_has_pasids(uint32_t id)
{
	return hwpts[id].flags & PASID_OK;
}

uint32_t shim_hwpt_maker(uint32_t id)
{
	return hwpts[id].maker;
}

bool shim_hwpt_write(uint32_t id, uint64_t iova)
{
	if (!hwpts[id].on || hwpts[id].n == N_DIRTY)
		return false;
	hwpts[id].dirty[hwpts[id].n++] = iova / 4096;
	return true;
}

void shim_hwpt_unmapped(uint32_t id, uint64_t iova, uint64_t length)
{
	unsigned int i;

	for (i = 0; i < hwpts[id].n; i++)
		if (hwpts[id].dirty[i] * 4096 - iova < length)
			hwpts[id].dirty[i--] = hwpts[id].dirty[--hwpts[id].n];
}

bool shim_hwpt_tracks(uint32_t id)
{
	return hwpts[id].on;
}

/* A large page is where one mapping has all of it. */
static uint64_t page_size(uint32_t id, uint64_t iova)
{
	const uint64_t size = shim.large_page, start = iova & -size;

	return size && shim_ioas_has(hwpts[id].ioas, start, start + size - 1) ? size : 4096;
}

/* Has an entry of the page table been written? */
static bool is_dirty(uint32_t id, uint64_t start, uint64_t length, bool clear)
{
	bool dirty = false;
	unsigned int i;

	for (i = 0; i < hwpts[id].n; i++) {
		if (hwpts[id].dirty[i] * 4096 - start >= length)
			continue;
		dirty = true;
		if (clear)
			hwpts[id].dirty[i--] = hwpts[id].dirty[--hwpts[id].n];
	}
	return dirty;
}

/*
 * With large pages, as Linux does it (intel_iommu_read_and_clear_dirty()): an entry is told of, and
 * made clean, from where the walk is on, which goes on by the size of that.
 */
static void walk_dirty(uint32_t id, uint64_t start, uint64_t last, bool clear, uint64_t size,
		       uint64_t *bitmap)
{
	uint64_t iova, n, at;

	for (iova = start; iova <= last; iova += n) {
		n = page_size(id, iova);
		if (!is_dirty(id, iova & -n, n, clear))
			continue;
		for (at = iova; at < iova + n && at <= last; at += 4096)
			bitmap[(at - start) / size / 64] |= UINT64_C(1) << (at - start) / size % 64;
	}
}

static int get_dirty(uint32_t id, const uint32_t *w)
{
	uint64_t start = get64(w + 4), last = start + get64(w + 6) - 1, size = get64(w + 8);
	uint64_t *bitmap = (uint64_t *)(uintptr_t)get64(w + 10);
	unsigned int i;

	if (w[2] & ~1u || w[3])
		return -EOPNOTSUPP;
	if (last < start || size < 4096 || (start | (last + 1)) & (size - 1) ||
	    (start | (last + 1)) & (shim.smallest_page - 1))	/* iommufd_check_iova_range() */
		return -EINVAL;
	if (shim.large_page) {
		walk_dirty(id, start, last, !(w[2] & 1), size, bitmap);
		return 0;
	}
	for (i = 0; i < hwpts[id].n; i++) {
		uint64_t iova = hwpts[id].dirty[i] * 4096, bit = (iova - start) / size;

		if (iova < start || iova > last)
			continue;
		bitmap[bit / 64] |= UINT64_C(1) << bit % 64;
		if (!(w[2] & 1))
			hwpts[id].dirty[i--] = hwpts[id].dirty[--hwpts[id].n];
	}
	return 0;
}

static int invalidate(uint32_t id, uint32_t *w)
{
	const uint32_t n = w[6], bytes = w[5] * n;
	const void *entries = (const void *)(uintptr_t)get64(w + 2);

	w[6] = 0;
	if (!hwpts[id].nested || w[4] != shim.inv_type || w[7])
		return -EINVAL;
	if (n)
		memcpy(hwpts[id].entries, entries, bytes < SHIM_BYTES ? bytes : SHIM_BYTES);
	w[6] = shim.inv_bad && shim.inv_bad <= n ? shim.inv_bad - 1 : n;
	return w[6] < n ? -EOPNOTSUPP : 0;
}

int shim_hwpt_ioctl(unsigned long command, uint32_t *w)
{
	uint32_t id = w[command == SHIM_SET_DIRTY ? 2 : 1];

	if (command == SHIM_INVALIDATE)
		return invalidate(id, w);
	if (!(hwpts[id].flags & DIRTY_OK))
		return -EOPNOTSUPP;
	if (command == SHIM_GET_DIRTY)
		return get_dirty(id, w);
	if (w[1] & ~1u)
		return -EOPNOTSUPP;
	hwpts[id].on = w[1];
	if (hwpts[id].on)
		hwpts[id].n = 0;
	return 0;
}
