/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory locked for DMA, counted against a limit where a platform has one. Counted is what Linux's
 * iommufd would pin: the pages of each mapping of a root, while the root has a page table. It does
 * not notice that two mappings are of the same memory. Registered memory is counted once, however
 * often it is mapped. A kernel counts by itself: there nobody pays here.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "locked.h"
#include "mapped.h"
#include "objects.h"

static int beyond_limit(const struct ioasid_ctx *ctx, const char *what, uint64_t length,
			uint64_t in_use)
{
	return err_set(ENOMEM,
		       "%s: needs %llu KiB of locked memory; the limit is %llu KiB, of which "
		       "%llu KiB are in use",
		       what, (unsigned long long)(length >> 10),
		       (unsigned long long)(ctx->lock_limit >> 10),
		       (unsigned long long)(in_use >> 10));
}

int locked_charge(struct ioasid_ctx *ctx, uint64_t length, const char *fmt, ...)
{
	uint64_t in_use;
	char what[80];
	va_list ap;

	if (!ctx->payer || payer_charge(ctx->payer, length, ctx->lock_limit, &in_use))
		return 0;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return beyond_limit(ctx, what, length, in_use);
}

void locked_release(struct ioasid_ctx *ctx, uint64_t length)
{
	if (ctx->payer)
		payer_release(ctx->payer, length);
}

int locked_change_process(struct ioasid_ctx *ctx)
{
	uint64_t in_use;

	if (!payer_change(ctx->payer, ctx->lock_limit, &in_use))
		return 0;
	return beyond_limit(ctx, "this process, before the other gives its own back",
			    payer_bytes(ctx->payer), in_use);
}

int locked_charge_mapping(struct ioasid_space *space, const struct ioasid_mapping *m)
{
	return locked_charge(space->ctx, imap_length(&m->item), "space %u: 0x%llx-0x%llx",
			     space->id, (unsigned long long)m->item.start,
			     (unsigned long long)m->item.last);
}

void locked_release_mapping(struct ioasid_space *space, const struct ioasid_mapping *m)
{
	locked_release(space->ctx, imap_length(&m->item));
}

static uint64_t cost_of_all(const struct ioasid_space *space)
{
	const struct ioasid_mapping *m;
	struct mapping_iter iter;
	uint64_t sum = 0;

	mapping_for_each(m, &iter, space, 0, UINT64_MAX)
		if (!locked_is_paid(space->ctx, m))
			sum += imap_length(&m->item);
	return sum;
}

int locked_charge_space(struct ioasid_space *space)
{
	return locked_charge(space->ctx, cost_of_all(space), "space %u with all its mappings",
			     space->id);
}

void locked_release_space(struct ioasid_space *space)
{
	locked_release(space->ctx, cost_of_all(space));
}
