/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's objects, as they go. One that has a descriptor is busy as long as that is open,
 * which it is in whatever process has a copy: a child between its fork(2) and its execve(2), say.
 * What it was made on is busy then too, down to the memory that is locked. So what is busy is tried
 * again whenever another object goes, or comes of which there can be one alone.
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "iommufd.h"

static int destroy(const struct ioasid_ctx *ctx, uint32_t id)
{
	struct uapi_destroy destroy = { .size = sizeof(destroy), .id = id };

	return iofd_ioctl(ctx, UAPI_DESTROY, &destroy);
}

/* In the order in which they were to go: each before what it was made on. */
void iofd_destroy_busy(const struct ioasid_ctx *ctx)
{
	struct iofd *iofd = ctx->backend;
	size_t i, n = 0;

	for (i = 0; i < iofd->n_busy; i++)
		if (destroy(ctx, iofd->busy[i]) == -EBUSY)
			iofd->busy[n++] = iofd->busy[i];
	iofd->n_busy = n;
}

static void remember(struct iofd *iofd, uint32_t id)
{
	uint32_t *busy = mem_realloc(iofd->busy, (iofd->n_busy + 1) * sizeof(*busy));

	if (!busy)
		return;
	busy[iofd->n_busy++] = id;
	iofd->busy = busy;
}

void iofd_destroy(struct ioasid_ctx *ctx, uint32_t id)
{
	int ret;

	iofd_destroy_busy(ctx);
	ret = destroy(ctx, id);
	if (!ret)
		return;
	if (ret == -EBUSY)
		remember(ctx->backend, id);
	ctx_log(ctx, LOG_ERR, "iommufd: object %u was not destroyed: %s", id, strerror(-ret));
}

void iofd_destroy_unlocked(struct ioasid_ctx *ctx, uint32_t id)
{
	ctx_lock(ctx);
	iofd_destroy(ctx, id);
	ctx_unlock(ctx);
}
