/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Registered memory (the proposal's first version), and the identity root that it appears in (the
 * second version's).
 */
#include <errno.h>

#include "locked.h"
#include "mapped.h"
#include "objects.h"
#include "source.h"
#include "space.h"

#define PERM (IOASID_READ | IOASID_WRITE)

static int identity(struct ioasid_ctx *ctx)
{
	struct ioasid_space *space;

	if (ctx->identity)
		return 0;
	space = space_new(ctx);
	if (!space || space_add(space)) {
		mem_free(space);
		return err_set(ENOMEM, "no memory for the identity root");
	}
	space->strips.wanted = false;
	space->identity = true;
	ctx->identity = space;
	return 0;
}

IOASID_EXPORT int ioasid_ctx_get_identity_root(struct ioasid_ctx *ctx, struct ioasid_space **space)
{
	int ret;

	ctx_lock(ctx);
	ret = identity(ctx);
	if (!ret)
		*space = ctx->identity;
	ctx_unlock(ctx);
	return ret;
}

static int add(struct ioasid_ctx *ctx, const struct source *source, uint32_t flags,
	       struct reap *reap)
{
	struct ioasid_mapping r = {
		.item = { .start = source->start, .last = source->length - 1 },
		.target = source->start,
		.flags = (flags & PERM) | (flags & IOASID_WRITE ? MAPPING_WRITABLE : 0),
	};
	uint32_t number;
	int ret = identity(ctx);

	if (!ret && imap_first(&ctx->identity->maps, source->start,
			       source->start + source->length - 1))
		ret = err_set(EEXIST, "0x%llx + 0x%llx overlaps registered memory",
			      (unsigned long long)source->start,
			      (unsigned long long)source->length);
	if (!ret)
		ret = source_check_memory(ctx, source->start, source->length, flags);
	if (!ret)
		ret = locked_charge(ctx, source->length, "0x%llx + 0x%llx",
				    (unsigned long long)source->start,
				    (unsigned long long)source->length);
	if (ret)
		return ret;
	ret = source_add(ctx, source, &number);
	if (!ret) {
		r.source = number & 0xffffff;
		ret = mapping_add(ctx->identity, &r, false, reap, NULL);
		source_put(ctx, number, reap);	/* the mapping in the identity root keeps it */
	}
	if (ret)
		locked_release(ctx, source->length);
	return ret;
}

IOASID_EXPORT int ioasid_ctx_register_memory(struct ioasid_ctx *ctx, void *addr, uint64_t length,
					     uint32_t flags)
{
	struct source s = { .start = (uint64_t)(uintptr_t)addr, .length = length, .refs = 1,
			    .perm = flags, .fd = -1 };
	struct reap reap = { 0 };
	uint64_t last;
	int ret;

	if (!flags || flags & ~PERM)
		return err_set(EINVAL, "flags 0x%x: IOASID_READ, IOASID_WRITE or both", flags);
	if (!bits_is_aligned(s.start | length, PAGE) || !bits_range_last(s.start, length, &last))
		return err_set(EINVAL, "%p + 0x%llx: empty, or not a multiple of %u", addr,
			       (unsigned long long)length, PAGE);
	ctx_lock(ctx);
	ret = failure_due(ctx, IOASID_OP_REGISTER);
	if (!ret)
		ret = add(ctx, &s, flags, &reap);
	ctx_unlock_drain(ctx, &reap);
	return ret;
}

static int drop(struct ioasid_ctx *ctx, uint64_t start, uint64_t length, struct reap *reap)
{
	struct imap_item *item = ctx->identity ? imap_find(&ctx->identity->maps, start) : NULL;
	struct ioasid_mapping *m;
	int ret = ctx_check_take(ctx, reap);

	if (ret)
		return ret;
	if (!item || item->start != start || imap_length(item) != length)
		return err_set(ENOENT, "0x%llx + 0x%llx was not registered so",
			       (unsigned long long)start, (unsigned long long)length);
	m = bits_container_of(item, struct ioasid_mapping, item);
	if (ctx->sources[m->source]->refs > 1)
		return err_set(EBUSY, "mappings of that memory remain: %llu",
			       (unsigned long long)ctx->sources[m->source]->refs - 1);
	ret = hw_queue_check_unmap(ctx->identity, item->start, item->last);
	if (ret)
		return ret;
	mapping_drop(ctx->identity, m, reap);
	locked_release(ctx, length);
	return 0;
}

IOASID_EXPORT int ioasid_ctx_unregister_memory(struct ioasid_ctx *ctx, void *addr, uint64_t length)
{
	struct reap reap = { 0 };
	int ret;

	ctx_lock(ctx);
	ret = drop(ctx, (uint64_t)(uintptr_t)addr, length, &reap);
	ctx_unlock_drain(ctx, &reap);
	return ret;
}
