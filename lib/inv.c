/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Invalidation batches, as they are filled. */
#include <errno.h>

#include "inv.h"

#define MAX_MASK 52u

static int reserve_entries(struct ioasid_inv *inv, size_t n)
{
	struct inv_entry *entries;
	struct inv_job *jobs;

	/* and so no sum of sizes overflows */
	entries = n > SIZE_MAX / sizeof(*jobs) / 4 ? NULL :
		  mem_realloc(inv->entries, n * sizeof(*entries));
	if (!entries)
		return err_set(ENOMEM, "no memory for %zu invalidations", n);
	inv->entries = entries;
	if (2 * n > inv->jobs_room) {
		jobs = mem_realloc(inv->jobs, 2 * n * sizeof(*jobs));
		if (!jobs)
			return err_set(ENOMEM, "no memory for %zu invalidations", n);
		inv->jobs = jobs;
		inv->jobs_room = 2 * n;
	}
	inv->room = n;
	return 0;
}

IOASID_EXPORT int ioasid_inv_new(struct ioasid_ctx *ctx, size_t reserve, struct ioasid_inv **out)
{
	struct ioasid_inv *inv = mem_calloc(1, sizeof(*inv));
	int ret;

	if (!inv)
		return err_set(ENOMEM, "no memory for a batch");
	inv->ctx = ctx;
	ret = reserve_entries(inv, reserve ? reserve : 16);
	if (ret) {
		ioasid_inv_free(inv);
		return ret;
	}
	*out = inv;
	return 0;
}

IOASID_EXPORT void ioasid_inv_free(struct ioasid_inv *inv)
{
	if (!inv)
		return;
	mem_free(inv->entries);
	mem_free(inv->jobs);
	inv_raw_free(&inv->raw);
	inv_list_free(&inv->list);
	mem_free(inv);
}

IOASID_EXPORT void ioasid_inv_reset(struct ioasid_inv *inv)
{
	inv->count = 0;
	inv->runs = 0;
	inv->not_pages = false;
	inv->raw.used = 0;
}

IOASID_EXPORT size_t ioasid_inv_get_count(const struct ioasid_inv *inv)
{
	return inv->count;
}

/* Such an entry as most are, and of the same space as those before. */
static bool is_page(const struct ioasid_inv *inv, const struct inv_entry *e)
{
	return e->kind == INV_SPACE && e->last - e->start == PAGE - 1 &&
	       e->serial == inv->entries[0].serial;
}

/* Is there room for one more at @inv->entries[@inv->count]? */
static inline int check_add(struct ioasid_inv *inv, const struct ioasid_ctx *ctx, uint32_t flags)
{
	if (flags & ~IOASID_INV_LEAF_ONLY)
		return err_set(EINVAL, "unknown invalidation flags 0x%x", flags);
	if (ctx != inv->ctx)
		return err_set(EINVAL, "the batch is of another context");
	return bits_unlikely(inv->count == inv->room) ? reserve_entries(inv, 2 * inv->room) : 0;
}

/* It has been filled in there. */
static inline void take(struct ioasid_inv *inv)
{
	const struct inv_entry *new = &inv->entries[inv->count];

	inv->runs += !inv->count || new->start != new[-1].last + 1;
	inv->count++;
	inv->not_pages |= !is_page(inv, new);
}

static int add(struct ioasid_inv *inv, const struct ioasid_ctx *ctx, const struct inv_entry *e,
	       uint32_t flags)
{
	int ret = check_add(inv, ctx, flags);

	if (ret)
		return ret;
	inv->entries[inv->count] = *e;
	inv->entries[inv->count].leaf_only = flags & IOASID_INV_LEAF_ONLY;
	take(inv);
	return 0;
}

/*
 * Filled in where it stays: to copy what has just been stored member by member would take longer.
 */
static inline int add_space(struct ioasid_inv *inv, struct ioasid_space *space, uint64_t start,
			    uint64_t last, uint32_t flags)
{
	int ret = check_add(inv, space->ctx, flags);

	if (ret)
		return ret;
	inv->entries[inv->count] = (struct inv_entry){
		.serial = space->serial, .start = start & ~(uint64_t)(PAGE - 1),
		.last = last | (PAGE - 1), .id = space->id, .kind = INV_SPACE,
		.leaf_only = flags & IOASID_INV_LEAF_ONLY,
	};
	take(inv);
	return 0;
}

IOASID_EXPORT int ioasid_inv_add_all(struct ioasid_inv *inv, struct ioasid_space *space,
				     uint32_t flags)
{
	return add_space(inv, space, 0, UINT64_MAX, flags);
}

static int check_range(uint64_t iova, uint64_t length, uint64_t *last)
{
	if (!length)
		return err_set(EINVAL, "length 0");
	if (!bits_range_last(iova, length, last))
		return err_set(EOVERFLOW, "0x%llx + 0x%llx runs past the end of the address space",
			       (unsigned long long)iova, (unsigned long long)length);
	return 0;
}

IOASID_EXPORT int ioasid_inv_add_range(struct ioasid_inv *inv, struct ioasid_space *space,
				       uint64_t iova, uint64_t length, uint32_t flags)
{
	uint64_t last = 0;
	int ret = check_range(iova, length, &last);

	return ret ? ret : add_space(inv, space, iova, last, flags);
}

IOASID_EXPORT int ioasid_inv_add_mask(struct ioasid_inv *inv, struct ioasid_space *space,
				      uint64_t iova, unsigned int mask, uint32_t flags)
{
	uint64_t low;

	if (mask > MAX_MASK)
		return err_set(EINVAL, "address mask %u, must be 0 to %u", mask, MAX_MASK);
	low = mask == MAX_MASK ? UINT64_MAX : (UINT64_C(4096) << mask) - 1;
	return add_space(inv, space, iova & ~low, iova | low, flags);
}

IOASID_EXPORT int ioasid_inv_add_pasid(struct ioasid_inv *inv, struct ioasid_device *device,
				       uint32_t pasid, uint32_t flags)
{
	struct inv_entry e = { .serial = device->serial, .last = UINT64_MAX, .id = pasid,
			       .kind = INV_PASID };

	return add(inv, device->ctx, &e, flags);
}

IOASID_EXPORT int ioasid_inv_add_pasid_range(struct ioasid_inv *inv, struct ioasid_device *device,
					     uint32_t pasid, uint64_t iova, uint64_t length,
					     uint32_t flags)
{
	struct inv_entry e = { .serial = device->serial, .id = pasid, .kind = INV_PASID };
	int ret = check_range(iova, length, &e.last);

	if (ret)
		return ret;
	e.start = iova & ~(uint64_t)(PAGE - 1);
	e.last |= PAGE - 1;
	return add(inv, device->ctx, &e, flags);
}

IOASID_EXPORT int ioasid_inv_add_device(struct ioasid_inv *inv, struct ioasid_device *device,
					uint32_t flags)
{
	struct inv_entry e = { .serial = device->serial, .last = UINT64_MAX, .kind = INV_DEVICE };

	return add(inv, device->ctx, &e, flags);
}

IOASID_EXPORT int ioasid_inv_add_device_tlb(struct ioasid_inv *inv, struct ioasid_device *device,
					    uint32_t pasid, uint64_t iova, uint64_t length)
{
	struct inv_entry e = { .serial = device->serial, .start = iova, .id = pasid,
			   .kind = INV_IN_DEVICE };
	int ret = check_range(iova, length, &e.last);

	return ret ? ret : add(inv, device->ctx, &e, 0);
}

IOASID_EXPORT int ioasid_inv_add_viommu(struct ioasid_inv *inv, struct ioasid_viommu *viommu,
					uint64_t iova, uint64_t length, uint32_t flags)
{
	struct inv_entry e = { .serial = viommu->serial, .kind = INV_VIOMMU };
	int ret = check_range(iova, length, &e.last);

	if (ret)
		return ret;
	e.start = iova & ~(uint64_t)(PAGE - 1);
	e.last |= PAGE - 1;
	return add(inv, viommu->ctx, &e, flags);
}

IOASID_EXPORT int ioasid_inv_add_raw(struct ioasid_inv *inv, struct ioasid_space *space,
				     uint32_t type, const void *entry, size_t length)
{
	struct inv_entry e = { .serial = space->serial, .id = space->id, .kind = INV_RAW };
	size_t was = inv->raw.used;
	int ret = inv_raw_check(space, length);

	if (!ret)
		ret = inv_raw_put(&inv->raw, type, entry, length, &e.start);
	if (!ret)
		ret = add(inv, space->ctx, &e, 0);
	if (ret)
		inv->raw.used = was;
	return ret;
}
