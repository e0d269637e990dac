/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unmapping: by handle, and whole mappings of a range. */
#include <errno.h>

#include "mapped.h"
#include "objects.h"

static inline int check_unmap(const struct ioasid_space *space, uint64_t start, uint64_t last,
			      struct reap *reap)
{
	const struct ioasid_ctx *ctx = space->ctx;
	int ret;

	if (space == ctx->identity)
		return err_set(EPERM, "mappings of the identity root go by "
			       "ioasid_ctx_unregister_memory()");
	ret = ctx_check_take(ctx, reap);
	if (!ret && ctx->viommus)
		ret = hw_queue_check_unmap(space, start, last);
	return ret;
}

IOASID_EXPORT int ioasid_mapping_unmap(struct ioasid_mapping *handle)
{
	struct ioasid_mapping *m, copy;
	struct ioasid_space *space;
	struct reap reap = { 0 };
	int ret;

	if (!handle)
		return 0;
	space = ioasid_mapping_get_space(handle);
	m = mapping_of_handle(handle, &copy);
	ctx_lock(space->ctx);
	ret = failure_due(space->ctx, IOASID_OP_UNMAP);
	if (!ret)
		ret = check_unmap(space, m->item.start, m->item.last, &reap);
	if (!ret)
		mapping_drop(space, m, &reap);
	ctx_unlock_drain(space->ctx, &reap);
	return ret;
}

/* Only whole mappings are unmapped, and there has to be one. */
static int check_range(const struct ioasid_space *space, uint64_t start, uint64_t last)
{
	struct ioasid_mapping at_start, at_last;
	const struct ioasid_mapping *first = mapping_first(space, start, last, &at_start);
	const struct ioasid_mapping *end, *cut;

	if (first && first->item.start >= start && first->item.last == last)
		return 0;
	end = mapping_first(space, last, last, &at_last);
	if (!first)
		return err_set(ENOENT, "space %u: nothing is mapped in 0x%llx-0x%llx", space->id,
			       (unsigned long long)start, (unsigned long long)last);
	cut = first->item.start < start ? first : end && end->item.last > last ? end : NULL;
	if (!cut)
		return 0;
	return err_set(ENOENT, "space %u: 0x%llx-0x%llx has only a part of the mapping "
		       "0x%llx-0x%llx", space->id, (unsigned long long)start,
		       (unsigned long long)last, (unsigned long long)cut->item.start,
		       (unsigned long long)cut->item.last);
}

int mapping_check_unmap_range(struct ioasid_space *space, uint64_t start, uint64_t last, bool all,
			      struct reap *reap)
{
	int ret = check_unmap(space, start, last, reap);

	if (!ret && space->parent)
		ret = nest_check_maps(space);
	if (!ret && !all)
		ret = check_range(space, start, last);
	return ret;
}

uint64_t mapping_unmap_range(struct ioasid_space *space, uint64_t start, uint64_t last,
			     struct reap *reap)
{
	struct ioasid_mapping *m, copy;
	uint64_t sum = 0, at = start, end;

	while ((m = mapping_first(space, at, last, &copy))) {
		end = m->item.last;
		sum += imap_length(&m->item);
		mapping_drop(space, m, reap);
		if (end == last)
			break;
		at = end + 1;
	}
	if (!start && last == UINT64_MAX)
		strips_trim(&space->strips);
	return sum;
}

/* The strip that has exactly that, or NULL. */
static const struct strip *strip_with(const struct ioasid_space *space, uint64_t start,
				      uint64_t last)
{
	const struct strip *strip;

	if (last - start != PAGE - 1 || !bits_is_aligned(start, PAGE))
		return NULL;
	strip = space_strip(space, start);
	return strip && strip_has(strip, start) ? strip : NULL;
}

/* Not inline: a page in a strip needs little, and does not pay for what this does. */
static int __attribute__((noinline)) unmap_any(struct ioasid_space *space, uint64_t start,
					       uint64_t last, struct reap *reap, uint64_t *sum)
{
	bool all = !start && last == UINT64_MAX;
	int ret = mapping_check_unmap_range(space, start, last, all, reap);

	if (!ret)
		*sum = mapping_unmap_range(space, start, last, reap);
	return ret;
}

static inline int unmap(struct ioasid_space *space, uint64_t start, uint64_t last,
			struct reap *reap, uint64_t *sum)
{
	const struct strip *strip = strip_with(space, start, last);
	struct ioasid_mapping page;
	int ret;

	if (!strip)
		return unmap_any(space, start, last, reap, sum);
	ret = check_unmap(space, start, last, reap);
	if (ret)
		return ret;
	strip_read(strip, start, &page);
	mapping_drop(space, &page, reap);
	*sum = PAGE;
	return 0;
}

static inline int check_length(uint64_t iova, uint64_t length, uint64_t *last)
{
	if (!length)
		return err_set(EINVAL, "length 0");
	if (length != UINT64_MAX && iova != UINT64_MAX && bits_range_last(iova, length, last))
		return 0;
	*last = UINT64_MAX;
	if (length == UINT64_MAX && !iova)
		return 0;
	return err_set(EOVERFLOW, "0x%llx + 0x%llx runs past the end of the address space",
		       (unsigned long long)iova, (unsigned long long)length);
}

IOASID_EXPORT int ioasid_space_unmap(struct ioasid_space *space, uint64_t iova, uint64_t length,
				     uint64_t *unmapped)
{
	struct ioasid_ctx *ctx = space->ctx;
	struct reap reap = { 0 };
	uint64_t last, sum = 0;
	int ret = check_length(iova, length, &last);

	if (ret)
		return ret;
	ctx_lock(ctx);
	ret = failure_due(ctx, IOASID_OP_UNMAP);
	if (!ret)
		ret = unmap(space, iova, last, &reap, &sum);
	ctx_unlock_drain(ctx, &reap);
	if (!ret && unmapped)
		*unmapped = sum;
	return ret;
}

IOASID_EXPORT int ioasid_space_unmap_all(struct ioasid_space *space, uint64_t *unmapped)
{
	return ioasid_space_unmap(space, 0, UINT64_MAX, unmapped);
}
