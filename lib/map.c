/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The map calls: of memory, files, the parent, another space. */
#include <errno.h>

#include "mapped.h"
#include "objects.h"
#include "ranges.h"
#include "source.h"
#include "space.h"

#define PERM (IOASID_READ | IOASID_WRITE)

/* What all map calls check, in the order in which iommufd does. */
static int check(const struct ioasid_space *space, uint64_t iova, uint64_t source, uint64_t length,
		 uint32_t flags, struct ioasid_mapping **mapping)
{
	uint64_t last;

	if (flags & ~(PERM | IOASID_ANY_IOVA))
		return err_set(EOPNOTSUPP, "unknown map flags 0x%x",
			       flags & ~(PERM | IOASID_ANY_IOVA));
	if (iova == UINT64_MAX || length == UINT64_MAX)
		return err_set(EOVERFLOW, "0x%llx + 0x%llx runs past the end of the address space",
			       (unsigned long long)iova, (unsigned long long)length);
	if (!(flags & PERM))
		return err_set(EINVAL, "map flags have neither IOASID_READ nor IOASID_WRITE");
	if (flags & IOASID_ANY_IOVA && (iova || !mapping))
		return err_set(EINVAL, "IOASID_ANY_IOVA: IOVA must be 0, and the handle is needed");
	if (!length)
		return err_set(EINVAL, "length 0");
	if (!bits_range_last(source, length, &last))
		return err_set(EOVERFLOW, "source 0x%llx + 0x%llx runs past the end",
			       (unsigned long long)source, (unsigned long long)length);
	if (space->identity)
		return err_set(EOPNOTSUPP, "the identity root maps registered memory only");
	return 0;
}

/* Memory, or a file's: only a root maps these. */
static int check_root(const struct ioasid_space *space)
{
	if (space->parent)
		return err_set(EOPNOTSUPP,
			       "space %u is nested on space %u: it maps addresses of that, "
			       "not memory",
			       space->id, space->parent->id);
	return 0;
}

static struct ioasid_mapping record(uint64_t iova, uint64_t target, uint64_t length,
				    uint32_t flags, uint32_t source)
{
	return (struct ioasid_mapping){
		.item = { .start = iova, .last = length - 1 }, .target = target,
		.flags = (flags & PERM) | (flags & IOASID_WRITE ? MAPPING_WRITABLE : 0),
		.source = source & 0xffffff,
	};
}

static inline int add(struct ioasid_space *space, struct ioasid_mapping *r, uint32_t flags,
		      struct ioasid_mapping **mapping)
{
	struct ioasid_ctx *ctx = space->ctx;
	struct reap reap = { 0 };
	int ret = failure_due(ctx, IOASID_OP_MAP);

	if (!ret)
		ret = mapping_add(space, r, flags & IOASID_ANY_IOVA, &reap, mapping);
	ctx_unlock_drain(ctx, &reap);
	return ret;
}

/* With the context locked, which it unlocks. */
static int map_memory(struct ioasid_space *space, uint64_t iova, uint64_t va, uint64_t length,
		      uint32_t flags, struct ioasid_mapping **mapping)
{
	struct ioasid_ctx *ctx = space->ctx;
	uint32_t source = source_find_registered(ctx, va, length, flags & PERM);
	struct ioasid_mapping r = record(iova, va, length, flags, source);

	if (source || !(ctx->flags & IOASID_CTX_REGISTERED_ONLY))
		return add(space, &r, flags, mapping);
	ctx_unlock(ctx);
	return err_set(EFAULT, "%p + 0x%llx is not registered memory", (void *)(uintptr_t)va,
		       (unsigned long long)length);
}

IOASID_EXPORT int ioasid_space_map(struct ioasid_space *space, uint64_t iova, void *addr,
				   uint64_t length, uint32_t flags, struct ioasid_mapping **mapping)
{
	uint64_t va = (uint64_t)(uintptr_t)addr;
	int ret = check(space, iova, va, length, flags, mapping);

	if (!ret)
		ret = check_root(space);
	if (ret)
		return ret;
	ctx_lock(space->ctx);
	return map_memory(space, iova, va, length, flags, mapping);
}

IOASID_EXPORT int ioasid_space_map_file(struct ioasid_space *space, uint64_t iova, int fd,
					uint64_t offset, uint64_t length, uint32_t flags,
					struct ioasid_mapping **mapping)
{
	struct ioasid_mapping r;
	struct reap reap = { 0 };
	uint32_t source;
	int ret = check(space, iova, offset, length, flags, mapping);

	if (!ret)
		ret = check_root(space);
	if (ret)
		return ret;
	ctx_lock(space->ctx);
	ret = failure_due(space->ctx, IOASID_OP_MAP);
	if (!ret)
		ret = source_open_file(space->ctx, fd, offset, length, flags & PERM, &source);
	if (ret) {
		ctx_unlock(space->ctx);
		return ret;
	}
	r = record(iova, space->ctx->sources[source]->start + offset, length, flags, source);
	ret = mapping_add(space, &r, flags & IOASID_ANY_IOVA, &reap, mapping);
	source_put(space->ctx, source, &reap);
	ctx_unlock_drain(space->ctx, &reap);
	return ret;
}

IOASID_EXPORT int ioasid_space_map_parent(struct ioasid_space *space, uint64_t iova,
					  uint64_t parent_iova, uint64_t length, uint32_t flags,
					  struct ioasid_mapping **mapping)
{
	struct ioasid_mapping r = record(iova, parent_iova, length, flags, 0);
	int ret = check(space, iova, parent_iova, length, flags, mapping);

	if (ret)
		return ret;
	if (!space->parent)
		return err_set(EOPNOTSUPP, "space %u is a root: it maps memory", space->id);
	ctx_lock(space->ctx);
	ret = nest_check_maps(space);
	if (ret) {
		ctx_unlock(space->ctx);
		return ret;
	}
	return add(space, &r, flags, mapping);
}

struct copy {
	struct ioasid_space *space, *source;
	uint64_t from, last;	/* in the source */
	uint32_t flags;
	uint64_t at;		/* in the space */
};

/* The piece of the source at @from, as a record for the copy. */
static struct ioasid_mapping copy_piece(const struct copy *c, uint64_t from)
{
	struct ioasid_mapping copy;
	const struct ioasid_mapping *m = mapping_first(c->source, from, from, &copy);
	uint64_t last = bits_min(m->item.last, c->last);
	struct ioasid_mapping r = record(c->at + (from - c->from),
					 m->target + (from - m->item.start), last - from + 1,
					 c->flags, m->source);

	r.flags = (c->flags & PERM) | (m->flags & MAPPING_WRITABLE);
	return r;
}

/* Checks, before anything is mapped, what only the whole of the copy shows. */
static int check_copy(struct copy *c)
{
	uint64_t length = c->last - c->from + 1, at, n;
	struct ioasid_mapping r = copy_piece(c, c->from);
	int ret;

	if (c->flags & IOASID_ANY_IOVA && bits_is_aligned(length, space_alignment(c->space))) {
		ret = ranges_choose(c->space, mapping_congruent_with(c->space, &r), length,
				    &c->at);
		if (ret)
			return ret;
	}
	ret = mapping_check_place(c->space, c->at, length);
	if (!ret)
		ret = mapping_overlap(c->space, c->at, c->at + length - 1);
	if (ret)
		return ret;
	for (at = c->from;; at += n) {
		r = copy_piece(c, at);
		n = r.item.last + 1;
		if (c->flags & IOASID_WRITE && !(r.flags & MAPPING_WRITABLE))
			return err_set(EPERM, "the memory that space %u maps at 0x%llx cannot be "
				       "written", c->source->id, (unsigned long long)at);
		if (c->last - at < n)
			return 0;
	}
}

static int copy(struct copy *c, struct reap *reap, struct ioasid_mapping **mapping)
{
	struct ioasid_mapping *first = NULL, *m;
	struct ioasid_mapping room;
	uint64_t at, n;
	int ret;

	if (!mapping_is_whole(c->source, c->from, c->last))
		return err_set(ENOENT, "space %u: 0x%llx-0x%llx is not all mapped", c->source->id,
			       (unsigned long long)c->from, (unsigned long long)c->last);
	ret = check_copy(c);
	if (ret)
		return ret;
	for (at = c->from;; at += n) {
		struct ioasid_mapping r = copy_piece(c, at);

		n = r.item.last + 1;
		ret = mapping_add(c->space, &r, false, reap, at == c->from && mapping ? &first :
				  NULL);
		if (ret)
			break;
		if (c->last - at < n) {
			if (mapping)
				*mapping = first;
			return 0;
		}
	}
	for (; at > c->from; at -= n) {
		n = c->at + (at - c->from) - 1;
		m = mapping_first(c->space, n, n, &room);
		n = imap_length(&m->item);
		mapping_drop(c->space, m, reap);
	}
	return ret;
}

IOASID_EXPORT int ioasid_space_map_copy(struct ioasid_space *space, uint64_t iova,
					struct ioasid_space *source, uint64_t src_iova,
					uint64_t length, uint32_t flags,
					struct ioasid_mapping **mapping)
{
	struct copy c = { space, source, src_iova, src_iova + length - 1, flags, iova };
	struct reap reap = { 0 };
	uint64_t last;
	int ret = check(space, iova, src_iova, length, flags, mapping);

	if (!ret)
		ret = check_root(space);
	if (!ret)
		ret = check_root(source);
	if (ret)
		return ret;
	if (space->ctx != source->ctx)
		return err_set(EINVAL, "the spaces are of different contexts");
	if (!bits_range_last(iova, length, &last))
		return err_set(EOVERFLOW, "0x%llx + 0x%llx runs past the end of the address space",
			       (unsigned long long)iova, (unsigned long long)length);
	ctx_lock(space->ctx);
	ret = failure_due(space->ctx, IOASID_OP_MAP);
	if (!ret)
		ret = copy(&c, &reap, mapping);
	ctx_unlock_drain(space->ctx, &reap);
	return ret;
}
