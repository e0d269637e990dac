/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Failures that a platform's description asks for. */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "objects.h"

static const char *const words[] = {
	[IOASID_OP_ALLOC] = "alloc",
	[IOASID_OP_OPEN] = "open",
	[IOASID_OP_BIND] = "bind",
	[IOASID_OP_CREATE] = "create",
	[IOASID_OP_REGISTER] = "register",
	[IOASID_OP_MAP] = "map",
	[IOASID_OP_UNMAP] = "unmap",
	[IOASID_OP_ATTACH] = "attach",
	[IOASID_OP_REPLACE] = "replace",
	[IOASID_OP_DETACH] = "detach",
	[IOASID_OP_BIND_TABLE] = "bind-table",
	[IOASID_OP_INVALIDATE] = "invalidate",
	[IOASID_OP_QUEUE] = "queue",
	[IOASID_OP_CHANNEL] = "channel",
	[IOASID_OP_DIRTY] = "dirty",
	[IOASID_OP_CHANGE_PROCESS] = "change-process",
	[IOASID_OP_VIOMMU] = "viommu",
	[IOASID_OP_VDEVICE] = "vdevice",
	[IOASID_OP_HW_QUEUE] = "hw-queue",
};

const char *failure_word(enum ioasid_operation operation)
{
	return (size_t)operation < bits_array_size(words) ? words[operation] : NULL;
}

int failure_open(struct ioasid_ctx *ctx, const struct failure *failures, size_t n)
{
	if (!n)
		return 0;
	ctx->failures = mem_alloc(n * sizeof(*failures));
	if (!ctx->failures)
		return err_set(ENOMEM, "no memory for the failures of the platform");
	memcpy(ctx->failures, failures, n * sizeof(*failures));
	ctx->n_failures = n;
	return 0;
}

void failure_close(struct ioasid_ctx *ctx)
{
	mem_free(ctx->failures);
	ctx->failures = NULL;
}

/* The first that says that this call is to fail; all that are about such calls count it. */
static const struct failure *due(struct ioasid_ctx *ctx, enum ioasid_operation operation)
{
	const struct failure *found = NULL;
	struct failure *f;

	for (f = ctx->failures; f < ctx->failures + ctx->n_failures; f++) {
		if (f->operation != operation)
			continue;
		f->count++;
		if (!found && (f->count == f->nth || (f->repeat && f->count > f->nth)))
			found = f;
	}
	return found;
}

int failure_count(struct ioasid_ctx *ctx, enum ioasid_operation operation)
{
	const struct failure *f = due(ctx, operation);

	if (!f)
		return 0;
	ctx_log(ctx, LOG_NOTICE, "%s %llu fails, as the platform's description says",
		words[operation], (unsigned long long)f->count);
	return err_set(f->error, "%s %llu: the platform's description lets it fail: %s",
		       words[operation], (unsigned long long)f->count, strerror(f->error));
}

int failure_count_unlocked(struct ioasid_ctx *ctx, enum ioasid_operation operation)
{
	int ret;

	ctx_lock(ctx);
	ret = failure_due(ctx, operation);
	ctx_unlock(ctx);
	return ret;
}

static bool alloc_due(void *ctx)
{
	return due(ctx, IOASID_OP_ALLOC);
}

void failure_enter(struct ioasid_ctx *ctx)
{
	mem_watch(alloc_due, ctx);
}

void failure_leave(void)
{
	mem_watch(NULL, NULL);
}
