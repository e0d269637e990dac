/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "attach.h"
#include "objects.h"
#include "snoop.h"
#include "source.h"
#include "space.h"

IOASID_EXPORT const char *ioasid_errmsg(void)
{
	return err_text();
}

void ctx_log(struct ioasid_ctx *ctx, int level, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (!ctx->log)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ctx->log(ctx->log_data, level, text);
}

int ctx_check_channels(const struct ioasid_ctx *ctx)
{
	if (ctx->ops->can_drain(ctx))
		return 0;
	return err_set(EDEADLK,
		       "this thread is between ioasid_dma_begin() and ioasid_dma_end(): the "
		       "call would wait for that end");
}

void ctx_defer(struct ioasid_ctx *ctx, struct reap *reap)
{
	ctx->taken += reap->drain;
	reap_move(reap, &ctx->limbo);
}

/* A drain is over that began when so much had been taken; others may have seen more. */
static void set_drained(struct ioasid_ctx *ctx, uint64_t taken)
{
	uint64_t now = __atomic_load_n(&ctx->drained, __ATOMIC_RELAXED);

	while (now < taken && !__atomic_compare_exchange_n(&ctx->drained, &now, taken, true,
							   __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

void ctx_unlock_reap(struct ioasid_ctx *ctx, struct reap *reap)
{
	uint64_t taken;

	if (!ctx->channels || !reap_waits(reap)) {
		reap_finish(reap, &ctx->pages);
		ctx_unlock(ctx);
		return;
	}
	if (!ctx->ops->can_drain(ctx)) {
		/* A map that failed inside ioasid_dma_begin(): its nodes wait for the next. */
		ctx_defer(ctx, reap);
		ctx_unlock(ctx);
		return;
	}
	taken = ctx->taken += reap->drain;
	reap_move(&ctx->limbo, reap);
	ctx->pasids.deferred = 0;
	/* Not under the lock: a DMA in flight may need it to find its translation. */
	ctx_unlock(ctx);
	ctx->ops->drain(ctx);
	set_drained(ctx, taken);
	if (reap_is_empty(reap))
		return;
	ctx_lock(ctx);
	reap_finish(reap, &ctx->pages);
	ctx_unlock(ctx);
}

static int open_backend(struct ioasid_ctx *ctx, const struct ioasid_ctx_options *options)
{
	const char *name = options->backend;
	int ret;

	if (!name)
		name = secure_getenv("IOASID_BACKEND");
	if (!name || !*name || !strcmp(name, "auto"))
		return backend_open_any(ctx, options);
	ret = backend_find(name, &ctx->ops);
	if (!ret)
		ret = backend_probe_for(ctx->ops, options);
	return ret ? ret : ctx->ops->open(ctx, options);
}

static int check_options(const struct ioasid_ctx_options *user, struct ioasid_ctx_options *options)
{
	const uint64_t known = IOASID_CTX_AUDIT | IOASID_CTX_REGISTERED_ONLY | IOASID_CTX_FD |
			       IOASID_CTX_ACCOUNT_PROCESS | IOASID_CTX_NO_IOMMU;
	int ret;

	*options = (struct ioasid_ctx_options)IOASID_CTX_OPTIONS_INIT;
	if (!user)
		return 0;
	ret = options_copy(options, sizeof(*options), user, "context options");
	if (ret)
		return ret;
	if (options->flags & ~known)
		return err_set(EINVAL, "unknown context flags 0x%llx",
			       (unsigned long long)(options->flags & ~known));
	if (options->reserved)
		return err_set(EINVAL, "context options: reserved is not 0");
	return 0;
}

IOASID_EXPORT int ioasid_ctx_open(const struct ioasid_ctx_options *user, struct ioasid_ctx **out)
{
	struct ioasid_ctx_options options;
	struct ioasid_ctx *ctx;
	int ret = check_options(user, &options);

	if (ret)
		return ret;
	ctx = mem_calloc(1, sizeof(*ctx));
	if (!ctx)
		return err_set(ENOMEM, "no memory for a context");
	pthread_mutex_init(&ctx->lock, NULL);
	pthread_mutex_init(&ctx->hotplug, NULL);
	pages_init(&ctx->pages);
	slab_init(&ctx->attachments, &ctx->pages, sizeof(struct attachment), ctx);
	pasids_init(ctx);
	ctx->flags = options.flags;
	ctx->lock_limit = UINT64_MAX;
	ctx->can_populate = source_can_populate();
	ctx->log = options.log;
	ctx->log_data = options.log_data;
	ret = open_backend(ctx, &options);
	if (ret) {
		pthread_mutex_destroy(&ctx->hotplug);
		pthread_mutex_destroy(&ctx->lock);
		mem_free(ctx);
		return ret;
	}
	ctx_log(ctx, LOG_INFO, "libioasid %s: back end %s", ioasid_version(), ctx->ops->name);
	*out = ctx;
	return 0;
}

/* Children before their parents, with the vIOMMUs in between. */
static void free_spaces(struct ioasid_ctx *ctx, struct reap *reap)
{
	unsigned int depth = MAX_DEPTH + 1;
	uint32_t i;

	while (depth--) {
		if (!depth)
			viommu_close_all(ctx, reap);
		for (i = 0; i < ctx->n_spaces; i++)
			if (ctx->spaces[i] && ctx->spaces[i]->depth == depth)
				space_take_out(ctx->spaces[i], reap);
	}
	mem_free(ctx->spaces);
}

IOASID_EXPORT int ioasid_ctx_close(struct ioasid_ctx *ctx)
{
	struct ioasid_device *device;
	struct reap reap = { 0 };
	int ret;

	if (!ctx)
		return 0;
	ret = ctx_check_drain(ctx);
	if (ret)
		return ret;
	event_close_all(ctx);
	for (device = ctx->devices; device; device = device->next)
		device_detach_all(device, &reap);
	while ((device = ctx->devices)) {
		ctx->devices = device->next;
		vdevice_close(device);
		pasid_unbind(device);
		ctx->ops->device_unbind(device);
		mem_free(device->reserved);
		mem_free(device->name);
		mem_free(device);
	}
	vfio_space_leave(ctx, &reap);
	free_spaces(ctx, &reap);
	fault_queue_close_all(ctx);
	reap_finish(&ctx->limbo, &ctx->pages);
	reap_finish(&reap, &ctx->pages);
	mem_free(ctx->sources);
	pasids_destroy(ctx);
	ctx->ops->close(ctx);
	pages_destroy_unused(&ctx->pages);
	pthread_mutex_destroy(&ctx->hotplug);
	pthread_mutex_destroy(&ctx->lock);
	mem_free(ctx);
	return 0;
}

IOASID_EXPORT const char *ioasid_ctx_get_backend(const struct ioasid_ctx *ctx)
{
	return ctx->ops->name;
}

IOASID_EXPORT int ioasid_ctx_query_info(const struct ioasid_ctx *ctx, struct ioasid_ctx_info *out)
{
	struct ioasid_ctx_info info = { .size = sizeof(info) };

	ctx_lock(ctx);
	info.locked_bytes = ctx->payer ? payer_process_bytes(ctx->payer) : 0;
	info.locked_limit = ctx->lock_limit;
	if (ctx->ops->locked)
		ctx->ops->locked(ctx, &info.locked_bytes, &info.locked_limit);
	info.noncoherent_dma = snoop_can_be_avoided(ctx);
	ctx_unlock(ctx);
	return options_fill(out, &info, sizeof(info), "context info");
}

IOASID_EXPORT int ioasid_ctx_get_fd(const struct ioasid_ctx *ctx)
{
	if (!ctx->ops->ctx_fd)
		return err_set(EOPNOTSUPP, "%s: a context has no descriptor", ctx->ops->name);
	return ctx->ops->ctx_fd(ctx);
}
