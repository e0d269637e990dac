/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A context that goes from one process to another, by fork(2) or by its descriptor. */
#include <errno.h>

#include "mapped.h"
#include "objects.h"
#include "source.h"

static int check_space(const struct ioasid_space *space)
{
	const struct ioasid_mapping *m;
	const struct source *s;
	struct mapping_iter iter;

	mapping_for_each(m, &iter, space, 0, UINT64_MAX) {
		s = source_of(space->ctx, m);
		if (!s || !s->is_file || s->is_dmabuf)
			return err_set(EINVAL,
				       "space %u: 0x%llx-0x%llx is %s; only memfds go over to "
				       "another process",
				       space->id, (unsigned long long)m->item.start,
				       (unsigned long long)m->item.last,
				       s && s->is_dmabuf ? "a dma-buf" : "a process's own memory");
	}
	return 0;
}

/* Whether devices reach it now or not: in the new process, the memory there is a copy at best. */
static int check_memory(const struct ioasid_ctx *ctx)
{
	uint32_t i;
	int ret = 0;

	for (i = 0; i < ctx->n_spaces && !ret; i++)
		if (ctx->spaces[i] && !ctx->spaces[i]->parent)
			ret = check_space(ctx->spaces[i]);
	return ret;
}

static int check_capability(const struct ioasid_ctx *ctx)
{
	return cap_check(ctx, IOASID_CAP_CHANGE_PROCESS, ctx->ops->name);
}

IOASID_EXPORT int ioasid_ctx_change_process(struct ioasid_ctx *ctx)
{
	int ret = check_capability(ctx);

	if (ret)
		return ret;
	ctx_lock(ctx);
	ret = failure_due(ctx, IOASID_OP_CHANGE_PROCESS);
	if (!ret)
		ret = check_memory(ctx);
	if (!ret)
		ret = ctx->ops->change_process(ctx);
	ctx_unlock(ctx);
	return ret;
}

IOASID_EXPORT int ioasid_ctx_abandon(struct ioasid_ctx *ctx)
{
	int ret;

	if (!ctx)
		return 0;
	ret = check_capability(ctx);
	if (!ret)
		ret = ctx_check_drain(ctx);
	if (ret)
		return ret;
	ctx->ops->abandon(ctx);
	return ioasid_ctx_close(ctx);
}
