/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The space that VFIO's own commands work on, where they come by the context's descriptor. */
#include <errno.h>

#include "objects.h"
#include "table.h"

static int check_capability(const struct ioasid_ctx *ctx)
{
	return cap_check(ctx, IOASID_CAP_VFIO_COMMANDS, "VFIO's commands");
}

static int check_space(const struct ioasid_ctx *ctx, const struct ioasid_space *space)
{
	if (space->ctx != ctx)
		return err_set(EINVAL, "the space is of another context");
	if (space->parent)
		return err_set(EINVAL, "space %u is nested: nobody but its parents' tables fill it",
			       space->id);
	if (space == ctx->identity)
		return err_set(EINVAL, "space %u is the identity root: it has registered memory "
			       "and nothing else", space->id);
	return 0;
}

/* The kernel has gone over to another one, or to none; or it forgets that with the table. */
void vfio_space_leave(struct ioasid_ctx *ctx, struct reap *reap)
{
	struct ioasid_space *space = ctx->vfio_space;

	ctx->vfio_space = NULL;
	if (space)
		table_unuse(space, reap);
}

static int bind(struct ioasid_ctx *ctx, struct ioasid_space *space, struct reap *reap)
{
	int ret = check_space(ctx, space);

	if (!ret)
		ret = table_use(space, reap);
	if (ret)
		return ret;
	ret = ctx->ops->vfio_bind(ctx, space);
	if (ret) {
		table_unuse(space, reap);
		return ret;
	}
	vfio_space_leave(ctx, reap);
	ctx->vfio_space = space;
	return 0;
}

IOASID_EXPORT int ioasid_ctx_bind_vfio(struct ioasid_ctx *ctx, struct ioasid_space *space)
{
	struct reap reap = { 0 };
	int ret = check_capability(ctx);

	if (ret)
		return ret;
	ctx_lock(ctx);
	ret = bind(ctx, space, &reap);
	ctx_unlock_drain(ctx, &reap);
	return ret;
}

IOASID_EXPORT int ioasid_ctx_unbind_vfio(struct ioasid_ctx *ctx)
{
	struct reap reap = { 0 };
	int ret = check_capability(ctx);

	if (ret)
		return ret;
	ctx_lock(ctx);
	ret = ctx->ops->vfio_bind(ctx, NULL);
	if (!ret)
		vfio_space_leave(ctx, &reap);
	ctx_unlock_drain(ctx, &reap);
	return ret;
}

IOASID_EXPORT int ioasid_ctx_query_vfio(const struct ioasid_ctx *ctx, uint32_t *id)
{
	int ret = check_capability(ctx);

	return ret ? ret : ctx->ops->vfio_query(ctx, id);
}
