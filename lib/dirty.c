/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dirty tracking: on, off, and what was written. */
#include <errno.h>

#include "dirty.h"
#include "mapped.h"
#include "objects.h"
#include "space.h"

#define KNOWN_FLAGS (IOASID_DIRTY_PEEK | IOASID_DIRTY_HOLES)

static int check_tracks(const struct ioasid_space *space)
{
	if (space->parent)
		return err_set(EOPNOTSUPP,
			       "space %u is nested: what it writes is recorded by its root",
			       space->id);
	if (!space->tracks)
		return err_set(EOPNOTSUPP, "space %u was not created with "
			       "IOASID_SPACE_DIRTY_TRACKING", space->id);
	return 0;
}

static int set(struct ioasid_space *space, bool on)
{
	struct reap reap = { 0 };
	int ret = check_tracks(space);

	if (ret)
		return ret;
	ctx_lock(space->ctx);
	ret = on ? failure_due(space->ctx, IOASID_OP_DIRTY) : 0;
	if (!ret)
		ret = ctx_check_take(space->ctx, &reap);
	if (!ret && (on || space->tracking))
		ret = space->ctx->ops->dirty_set(space, on, &reap);
	if (!ret)
		space->tracking = on;
	ctx_unlock_drain(space->ctx, &reap);
	return ret;
}

IOASID_EXPORT int ioasid_space_dirty_start(struct ioasid_space *space)
{
	return set(space, true);
}

IOASID_EXPORT int ioasid_space_dirty_stop(struct ioasid_space *space)
{
	return set(space, false);
}

/* In the order of iommufd's checks. */
static int check_range(uint64_t iova, uint64_t length, uint64_t page_size, uint64_t *last)
{
	if (!length)
		return err_set(EINVAL, "length 0");
	if (!bits_range_last(iova, length, last))
		return err_set(EOVERFLOW, "0x%llx + 0x%llx runs past the end of the address space",
			       (unsigned long long)iova, (unsigned long long)length);
	if (page_size < PAGE || !bits_is_pow2(page_size))
		return err_set(EINVAL, "page size %llu, must be a power of two, at least %u",
			       (unsigned long long)page_size, PAGE);
	if (!bits_is_aligned(iova | length, page_size))
		return err_set(EINVAL, "0x%llx + 0x%llx is not a multiple of the page size %llu",
			       (unsigned long long)iova, (unsigned long long)length,
			       (unsigned long long)page_size);
	return 0;
}

static struct dirty_bits bits_for(uint64_t iova, uint64_t page_size, uint64_t *bitmap)
{
	return (struct dirty_bits){ bitmap, iova / PAGE, bits_ctz(page_size / PAGE) };
}

void dirty_bits_add(struct dirty_bits *out, uint64_t first, uint64_t bits)
{
	uint64_t at = first - out->first;

	/* The range can begin in the midst of the 64 pages; numbers can have wrapped around. */
	if ((int64_t)at < 0) {
		bits >>= out->first - first;
		at = 0;
	}
	if (!out->shift) {
		out->bitmap[at / 64] |= bits << at % 64;
		if (at % 64 && bits >> (64 - at % 64))
			out->bitmap[at / 64 + 1] |= bits >> (64 - at % 64);
		return;
	}
	while (bits) {
		uint64_t page = (at + bits_ctz(bits)) >> out->shift;
		uint64_t end = ((page + 1) << out->shift) - at;

		out->bitmap[page / 64] |= UINT64_C(1) << page % 64;
		bits = end < 64 ? bits & ~UINT64_C(0) << end : 0;
	}
}

static int check_tracking(const struct ioasid_space *space)
{
	return space->tracking ? 0 :
	       err_set(EINVAL, "space %u: dirty tracking is not started", space->id);
}

/*
 * IOMMUs record by their pages, which can be larger than 4 KiB, and kernels read whole ones (Linux,
 * iommufd_check_iova_range()).
 */
static int check_pages(const struct ioasid_space *root, uint64_t iova, uint64_t last)
{
	const struct ioasid_space *space;
	uint64_t page = space_alignment(root);

	for (space = space_next_below(root, root); space; space = space_next_below(root, space))
		page = bits_max(page, space->alignment);
	if (bits_is_aligned(iova | (last + 1), page))
		return 0;
	return err_set(EINVAL,
		       "space %u: 0x%llx-0x%llx has only a part of a page of %llu bytes, as "
		       "devices' IOMMUs have them",
		       root->id, (unsigned long long)iova, (unsigned long long)last,
		       (unsigned long long)page);
}

/* What is mapped between holes, each piece as a whole: a kernel reads none with a hole. */
static int read_pieces(struct ioasid_space *space, uint64_t iova, uint64_t last, bool peek,
		       struct dirty_bits *out, struct reap *reap)
{
	const struct backend_ops *ops = space->ctx->ops;
	uint64_t start = 0, end = 0;	/* the piece; there is none yet where end is 0 */
	const struct ioasid_mapping *m;
	struct mapping_iter iter;
	int ret = 0;

	mapping_for_each(m, &iter, space, iova, last) {
		if (end && m->item.start != end + 1) {
			ret = ops->dirty_read(space, start, end, peek, out, reap);
			end = 0;
		}
		if (ret)
			break;
		if (!end)
			start = bits_max(m->item.start, iova);
		end = bits_min(m->item.last, last);
	}
	if (!ret && end)
		ret = ops->dirty_read(space, start, end, peek, out, reap);
	/* what was told of the pieces before is forgotten there */
	if (ret && !peek)
		space->all_written = true;
	return ret;
}

static int read(struct ioasid_space *space, uint64_t iova, uint64_t last, uint32_t flags,
		struct dirty_bits *out, struct reap *reap)
{
	bool peek = flags & IOASID_DIRTY_PEEK, holes = flags & IOASID_DIRTY_HOLES;
	int ret = check_tracking(space);

	if (!ret)
		ret = check_pages(space, iova, last);
	if (!ret && !holes && !mapping_is_whole(space, iova, last))
		ret = err_set(EINVAL, "space %u: 0x%llx-0x%llx is not all mapped", space->id,
			      (unsigned long long)iova, (unsigned long long)last);
	if (!ret && !peek)
		ret = ctx_check_take(space->ctx, reap);
	if (ret)
		return ret;
	return holes ? read_pieces(space, iova, last, peek, out, reap) :
	       space->ctx->ops->dirty_read(space, iova, last, peek, out, reap);
}

IOASID_EXPORT int ioasid_space_dirty_read(struct ioasid_space *space, uint64_t iova,
					  uint64_t length, uint64_t page_size, uint32_t flags,
					  uint64_t *bitmap)
{
	struct reap reap = { 0 };
	struct dirty_bits out;
	uint64_t last;
	int ret;

	if (flags & ~KNOWN_FLAGS)
		return err_set(EOPNOTSUPP, "unknown flags 0x%x", flags & ~KNOWN_FLAGS);
	ret = check_tracks(space);
	if (!ret)
		ret = check_range(iova, length, page_size, &last);
	if (ret)
		return ret;
	out = bits_for(iova, page_size, bitmap);
	ctx_lock(space->ctx);
	ret = failure_due(space->ctx, IOASID_OP_DIRTY);
	if (!ret)
		ret = read(space, iova, last, flags, &out, &reap);
	ctx_unlock_drain(space->ctx, &reap);
	return ret;
}

static int unmap(struct ioasid_space *space, uint64_t iova, uint64_t last, struct dirty_bits *out,
		 struct reap *reap, uint64_t *sum)
{
	const struct backend_ops *ops = space->ctx->ops;
	const struct ioasid_mapping *m;
	struct mapping_iter iter;
	int ret = check_tracking(space);

	if (!ret)
		ret = mapping_check_unmap_range(space, iova, last, false, reap);
	mapping_for_each(m, &iter, space, iova, last)
		if (!ret && !ops->keeps_written)
			ret = ops->dirty_read(space, m->item.start, m->item.last, true, out, reap);
	if (ret)
		return ret;
	space->unmap_out = ops->keeps_written ? out : NULL;
	*sum = mapping_unmap_range(space, iova, last, reap);
	space->unmap_out = NULL;
	return 0;
}

IOASID_EXPORT int ioasid_space_unmap_dirty(struct ioasid_space *space, uint64_t iova,
					   uint64_t length, uint64_t page_size, uint64_t *bitmap,
					   uint64_t *unmapped)
{
	struct reap reap = { 0 };
	struct dirty_bits out;
	uint64_t last, sum = 0;
	int ret = check_tracks(space);

	if (!ret)
		ret = check_range(iova, length, page_size, &last);
	if (ret)
		return ret;
	out = bits_for(iova, page_size, bitmap);
	ctx_lock(space->ctx);
	ret = failure_due(space->ctx, IOASID_OP_UNMAP);
	if (!ret)
		ret = unmap(space, iova, last, &out, &reap, &sum);
	ctx_unlock_drain(space->ctx, &reap);
	if (!ret && unmapped)
		*unmapped = sum;
	return ret;
}
