/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A forked process has the platform as it was. What does not come by itself is what it pays for,
 * and what descriptors say of event queues, since those are the other process's, too. Page requests
 * are in no queue then: each has a thread that waits, and no other thread may have been in a call.
 */
#include "emulated.h"
#include "locked.h"

/* Whether a child inherits what its parent has registered for membarrier(2), that does not say. */
static void renew_barrier(const struct ioasid_ctx *ctx, struct emulated *emu)
{
	struct ioasid_channel *ch;

	if (emu->fences || emu_barrier_register())
		return;
	emu->fences = true;
	for (ch = ctx->channels; ch; ch = ch->next)
		ch->fence = true;
}

int emu_change_process(struct ioasid_ctx *ctx)
{
	int ret = locked_change_process(ctx);

	if (ret)
		return ret;
	renew_barrier(ctx, ctx->backend);
	event_renew_fds(ctx);
	return 0;
}

void emu_abandon(struct ioasid_ctx *ctx)
{
	payer_abandon(ctx->payer);
	ctx->payer = NULL;
}
