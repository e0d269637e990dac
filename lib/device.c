/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices: bound, asked, unbound. A kernel resets a device that it gives or takes back, which can
 * take seconds. So back ends are asked for that without the lock, one at a time: ctx->hotplug. No
 * DMA is waited for with that held, since a thread may bind a device while others wait for its DMA.
 * Thus a device that goes is off the list for a while before it is given back. Till then it is not
 * to be had again: the kernel would not reset it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "attach.h"
#include "device.h"
#include "objects.h"
#include "ranges.h"

static bool has(const struct ioasid_device *list, const char *name)
{
	while (list && strcmp(list->name, name))
		list = list->next;
	return list;
}

static void take_off(struct ioasid_device **p, const struct ioasid_device *device)
{
	while (*p != device)
		p = &(*p)->next;
	*p = device->next;
}

static void leave(struct ioasid_device *device)
{
	device->next = device->ctx->leaving;
	device->ctx->leaving = device;
}

/* Kept, for to give them back in a detach nothing may be allocated; and in order. */
static int find_reserved(struct ioasid_device *device)
{
	const struct backend_ops *ops = device->ctx->ops;
	size_t n = ops->device_reserved(device, NULL, 0);

	device->reserved = mem_calloc(n + 1, sizeof(*device->reserved));
	if (!device->reserved)
		return err_set(ENOMEM, "no memory for device %s", device->name);
	device->n_reserved = ops->device_reserved(device, device->reserved, n);
	qsort(device->reserved, n, sizeof(*device->reserved), ranges_by_start);
	return 0;
}

static int check(struct ioasid_device *device)
{
	struct ioasid_ctx *ctx = device->ctx;
	int ret;

	ctx_lock(ctx);
	ret = failure_due(ctx, IOASID_OP_BIND);
	if (!ret && device->name && has(ctx->devices, device->name))
		ret = err_set(EBUSY, "%s is bound already", device->name);
	if (!ret && device->name && has(ctx->leaving, device->name))
		ret = err_set(EBUSY, "%s is being unbound by another thread", device->name);
	ctx_unlock(ctx);
	return ret;
}

/* By its name, unless something else is said. */
static int take(struct ioasid_device *device, const struct device_source *source)
{
	const struct backend_ops *ops = device->ctx->ops;
	int ret = check(device);

	if (ret)
		return ret;
	if (source->adopt)
		return ops->device_adopt(device, source->adopt);
	if (device->name)
		return ops->device_bind(device);
	device->lent_fd = true;
	return ops->device_bind_fd(device, source->fd);
}

/* With hotplug. */
static void give_back(struct ioasid_device *device)
{
	struct ioasid_ctx *ctx = device->ctx;

	ctx->ops->device_unbind(device);
	ctx_lock(ctx);
	take_off(&ctx->leaving, device);
	ctx_unlock(ctx);
}

static int join(struct ioasid_device *device, struct reap *reap)
{
	struct ioasid_ctx *ctx = device->ctx;
	int ret = find_reserved(device);

	if (ret)
		return ret;
	ret = pasid_bind(device);
	if (ret)
		goto forget;
	ret = group_join(device, reap);
	if (ret)
		goto leave;
	device->lent_fd = false;
	device->vf_token = NULL;
	imap_init(&device->by_pasid, &ctx->pages);
	device->serial = ++ctx->serial;
	device->next = ctx->devices;
	ctx->devices = device;
	return 0;

leave:
	pasid_unbind(device);
forget:
	mem_free(device->reserved);
	return ret;
}

static int bind(struct ioasid_device *device, const struct device_source *source)
{
	struct ioasid_ctx *ctx = device->ctx;
	struct reap reap = { 0 };
	int ret;

	pthread_mutex_lock(&ctx->hotplug);
	ret = take(device, source);
	if (!ret)
		ctx_lock(ctx);
	pthread_mutex_unlock(&ctx->hotplug);
	if (ret)
		return ret;
	ret = join(device, &reap);
	if (ret)
		leave(device);
	ctx_unlock_drain(ctx, &reap);
	if (ret) {
		pthread_mutex_lock(&ctx->hotplug);
		give_back(device);
		pthread_mutex_unlock(&ctx->hotplug);
	}
	return ret;
}

int device_add(struct ioasid_ctx *ctx, const struct device_source *source, uint64_t cookie,
	       struct ioasid_device **out)
{
	struct ioasid_device *device = mem_calloc(1, sizeof(*device));
	int ret;

	if (device && source->name)
		device->name = mem_strdup(source->name);
	if (!device || (source->name && !device->name)) {
		mem_free(device);
		return err_set(ENOMEM, "no memory for a device");
	}
	device->ctx = ctx;
	device->cookie = cookie;
	device->vf_token = source->vf_token;
	ret = bind(device, source);
	if (ret) {
		mem_free(device->name);
		mem_free(device);
		return ret;
	}
	ctx_log(ctx, LOG_DEBUG, "%s: bound, group %u", device->name, device->info.group);
	*out = device;
	return 0;
}

static int check_options(const struct ioasid_bind_options *user, struct ioasid_bind_options *o)
{
	int ret = options_copy(o, sizeof(*o), user, "bind options");

	if (ret)
		return ret;
	if (o->flags & ~(uint64_t)IOASID_BIND_FD)
		return err_set(EINVAL, "bind options: unknown flags 0x%llx",
			       (unsigned long long)(o->flags & ~(uint64_t)IOASID_BIND_FD));
	if (o->reserved)
		return err_set(EINVAL, "bind options: reserved is not 0");
	if (o->flags & IOASID_BIND_FD && o->name)
		return err_set(EINVAL, "%s: a device has a name or a descriptor, not both",
			       o->name);
	if (!(o->flags & IOASID_BIND_FD) && (!o->name || !*o->name))
		return err_set(EINVAL, "a device needs a name");
	return 0;
}

IOASID_EXPORT int ioasid_device_bind_with(struct ioasid_ctx *ctx,
					  const struct ioasid_bind_options *user,
					  struct ioasid_device **out)
{
	struct device_source source = { 0 };
	struct ioasid_bind_options o;
	int ret = check_options(user, &o);

	if (ret)
		return ret;
	if (o.flags & IOASID_BIND_FD && !ctx->ops->device_bind_fd)
		return err_set(EOPNOTSUPP, "%s: no device is had by a descriptor", ctx->ops->name);
	source.name = o.name;
	source.fd = o.fd;
	source.vf_token = o.vf_token;
	return device_add(ctx, &source, o.cookie, out);
}

IOASID_EXPORT int ioasid_device_bind(struct ioasid_ctx *ctx, const char *name, uint64_t cookie,
				     struct ioasid_device **out)
{
	struct ioasid_bind_options options = IOASID_BIND_OPTIONS_INIT;

	options.name = name;
	options.cookie = cookie;
	return ioasid_device_bind_with(ctx, &options, out);
}

IOASID_EXPORT int ioasid_device_bind_fd(struct ioasid_ctx *ctx, int fd, uint64_t cookie,
					struct ioasid_device **out)
{
	struct ioasid_bind_options options = IOASID_BIND_OPTIONS_INIT;

	options.flags = IOASID_BIND_FD;
	options.fd = fd;
	options.cookie = cookie;
	return ioasid_device_bind_with(ctx, &options, out);
}

static void take_out(struct ioasid_device *device, struct reap *reap)
{
	device_detach_all(device, reap);
	take_off(&device->ctx->devices, device);
	leave(device);
	pasid_unbind(device);
	imap_destroy(&device->by_pasid);
}

/* From the list to those that leave, detached. */
static int let_go(struct ioasid_device *device)
{
	struct ioasid_ctx *ctx = device->ctx;
	struct reap reap = { 0 };
	int ret;

	ctx_lock(ctx);
	ret = ctx_check_take(ctx, &reap);
	if (!ret && device->channels)
		ret = err_set(EBUSY, "%s: channels of it are open: %u", device->name,
			      device->channels);
	if (!ret && device->vdevice)
		ret = err_set(EBUSY, "%s has a vDEVICE, 0x%llx", device->name,
			      (unsigned long long)ioasid_vdevice_get_id(device->vdevice));
	if (!ret)
		take_out(device, &reap);
	ctx_unlock_drain(ctx, &reap);
	return ret;
}

/*
 * A kernel that resets a device lets nobody detach those that are reset with it (Linux,
 * vfio_df_ioctl_detach_pt()). So where it is the kernel that waits for DMA, the turn comes first,
 * which is waited for without the lock.
 */
static int let_go_in_turn(struct ioasid_device *device)
{
	struct ioasid_ctx *ctx = device->ctx;
	int ret = ctx->ops->drain ? let_go(device) : 0;

	if (ret)
		return ret;
	pthread_mutex_lock(&ctx->hotplug);
	if (!ctx->ops->drain)
		ret = let_go(device);
	if (!ret)
		give_back(device);
	pthread_mutex_unlock(&ctx->hotplug);
	return ret;
}

IOASID_EXPORT int ioasid_device_unbind(struct ioasid_device *device)
{
	int ret = device ? let_go_in_turn(device) : 0;

	if (ret || !device)
		return ret;
	mem_free(device->reserved);
	mem_free(device->name);
	mem_free(device);
	return 0;
}

IOASID_EXPORT uint64_t ioasid_device_get_cookie(const struct ioasid_device *device)
{
	return device->cookie;
}

IOASID_EXPORT const char *ioasid_device_get_name(const struct ioasid_device *device)
{
	return device->name;
}

IOASID_EXPORT int ioasid_device_get_fd(const struct ioasid_device *device)
{
	const struct backend_ops *ops = device->ctx->ops;

	if (!ops->device_fd)
		return err_set(EOPNOTSUPP, "%s: devices have no descriptor", ops->name);
	return ops->device_fd(device);
}

IOASID_EXPORT int ioasid_device_get_group_fd(const struct ioasid_device *device)
{
	const struct backend_ops *ops = device->ctx->ops;

	if (!ops->group_fd)
		return err_set(EOPNOTSUPP, "%s: groups have no descriptor", ops->name);
	return ops->group_fd(device);
}

IOASID_EXPORT int ioasid_device_get_kernel_id(const struct ioasid_device *device, uint32_t *id)
{
	const struct backend_ops *ops = device->ctx->ops;

	if (!ops->device_id)
		return err_set(EOPNOTSUPP, "%s: no kernel has a number for a device", ops->name);
	*id = ops->device_id(device);
	return 0;
}

IOASID_EXPORT int ioasid_device_query_info(const struct ioasid_device *device,
					   struct ioasid_device_info *info)
{
	return options_fill(info, &device->info, sizeof(device->info), "device info");
}

IOASID_EXPORT int ioasid_device_query_stats(const struct ioasid_device *device,
					    struct ioasid_device_stats *out)
{
	const struct backend_ops *ops = device->ctx->ops;
	struct ioasid_device_stats stats = { .size = sizeof(stats) };
	int ret;

	if (!ops->device_stats)
		return err_set(EOPNOTSUPP, "%s: IOMMUs do not say what their caches do", ops->name);
	ctx_lock(device->ctx);
	ret = ops->device_stats(device, &stats);
	ctx_unlock(device->ctx);
	return ret ? ret : options_fill(out, &stats, sizeof(stats), "device statistics");
}

IOASID_EXPORT size_t ioasid_device_query_reserved(const struct ioasid_device *device,
						  struct ioasid_range *ranges, size_t n)
{
	size_t count = (size_t)bits_min(n, device->n_reserved);

	if (count)
		memcpy(ranges, device->reserved, count * sizeof(*ranges));
	return device->n_reserved;
}
