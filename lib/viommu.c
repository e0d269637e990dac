/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vIOMMUs: made, asked, given the guest's commands. */
#include <errno.h>

#include "objects.h"
#include "table.h"

#define RAW_MAX 4096u	/* of data in a driver's layout */

static const struct viommu_ops *ops_of(const struct ioasid_viommu *viommu)
{
	return viommu->ctx->ops->viommu;
}

static int check_raw(const struct ioasid_viommu_options *options)
{
	bool raw = options->type == IOASID_VIOMMU_RAW;

	if (raw ? !options->raw_type : options->raw_type || options->raw_commands || options->data)
		return err_set(EINVAL, raw ? "IOASID_VIOMMU_RAW without raw_type" :
				       "raw_type, raw_commands and data are for IOASID_VIOMMU_RAW");
	if (!options->data != !options->data_size || options->data_size > RAW_MAX)
		return err_set(EINVAL, "data of %zu bytes: at most %u, and 0 without any",
			       options->data_size, RAW_MAX);
	return 0;
}

static int check_options(const struct ioasid_space *parent, const struct ioasid_device *device,
			 const struct ioasid_viommu_options *user,
			 struct ioasid_viommu_options *options)
{
	const struct ioasid_ctx *ctx = parent->ctx;
	int ret = options_copy(options, sizeof(*options), user, "vIOMMU options");

	if (ret)
		return ret;
	if (options->type < IOASID_VIOMMU_PLAIN || options->type > IOASID_VIOMMU_RAW ||
	    options->reserved)
		return err_set(EINVAL, "vIOMMU type %u is not known, or reserved is not 0",
			       (unsigned int)options->type);
	ret = check_raw(options);
	if (ret)
		return ret;
	if (device->ctx != ctx)
		return err_set(EINVAL, "%s and the parent are of different contexts", device->name);
	if (parent->parent)
		return err_set(EINVAL, "space %u is no root: a vIOMMU is on the guest's memory",
			       parent->id);
	if (device->info.viommu_types >> options->type & 1)
		return 0;
	ret = cap_check(ctx, IOASID_CAP_VIOMMU, "vIOMMU");
	return ret ? ret : err_set(EOPNOTSUPP, "%s: its IOMMU has no vIOMMUs of type %u",
				   device->name, (unsigned int)options->type);
}

static int no_memory(void)
{
	return err_set(ENOMEM, "no memory for a vIOMMU");
}

static int viommu_new(struct ioasid_ctx *ctx, struct ioasid_viommu **out)
{
	struct ioasid_viommu *v = mem_calloc(1, sizeof(*v));

	if (!v)
		return no_memory();
	if (ioasid_inv_new(ctx, 0, &v->batch)) {
		mem_free(v);
		return no_memory();
	}
	v->ctx = ctx;
	v->end = &v->first;
	imap_init(&v->by_id, &ctx->pages);
	slab_init(&v->records, &ctx->pages, sizeof(struct ioasid_vdevice), v);
	*out = v;
	return 0;
}

static void viommu_free(struct ioasid_viommu *v)
{
	ioasid_inv_free(v->batch);
	mem_free(v);
}

static int create(struct ioasid_viommu *v, struct ioasid_space *parent,
		  struct ioasid_device *device, const struct ioasid_viommu_options *options,
		  struct reap *reap)
{
	int ret = failure_due(v->ctx, IOASID_OP_VIOMMU);

	if (!ret)
		ret = table_use(parent, reap);
	if (ret)
		return ret;
	v->parent = parent;
	ret = ops_of(v)->create(v, device, options);
	if (ret) {
		table_unuse(parent, reap);
		return ret;
	}
	v->serial = ++v->ctx->serial;
	v->next = v->ctx->viommus;
	v->ctx->viommus = v;
	return 0;
}

IOASID_EXPORT int ioasid_viommu_create(struct ioasid_space *parent, struct ioasid_device *device,
				       const struct ioasid_viommu_options *user,
				       struct ioasid_viommu **out)
{
	struct ioasid_viommu_options options;
	struct ioasid_viommu *v = NULL;
	struct reap reap = { 0 };
	int ret = check_options(parent, device, user, &options);

	if (!ret)
		ret = viommu_new(parent->ctx, &v);
	if (ret)
		return ret;
	v->type = options.type;
	ctx_lock(v->ctx);
	ret = create(v, parent, device, &options, &reap);
	ctx_unlock_drain(v->ctx, &reap);
	if (ret) {
		viommu_free(v);
		return ret;
	}
	*out = v;
	return 0;
}

static void take_out(struct ioasid_viommu *v, struct reap *reap)
{
	struct ioasid_viommu **p;

	for (p = &v->ctx->viommus; *p != v; p = &(*p)->next)
		;
	*p = v->next;
	ops_of(v)->destroy(v);
	imap_destroy(&v->by_id);
	slab_destroy(&v->records);
	table_unuse(v->parent, reap);
}

void viommu_join(struct ioasid_space *space)
{
	struct ioasid_viommu *v = space->viommu;

	if (!v)
		return;
	space->on_next = NULL;
	space->on_prev = v->end;
	*v->end = space;
	v->end = &space->on_next;
	v->spaces++;
}

void viommu_leave(struct ioasid_space *space)
{
	struct ioasid_viommu *v = space->viommu;

	if (!v)
		return;
	*space->on_prev = space->on_next;
	*(space->on_next ? &space->on_next->on_prev : &v->end) = space->on_prev;
	v->spaces--;
}

/* Who keeps it from going, for people. */
static int busy(const struct ioasid_viommu *v)
{
	struct imap_item *item = imap_first(&v->by_id, 0, UINT64_MAX);

	if (v->first)
		return err_set(EBUSY, "the vIOMMU has space %u", v->first->id);
	if (item)
		return err_set(EBUSY, "the vIOMMU has the vDEVICE 0x%llx of %s",
			       (unsigned long long)item->start,
			       bits_container_of(item, struct ioasid_vdevice, item)->device->name);
	if (v->queues)
		return err_set(EBUSY, "the vIOMMU has an event queue");
	if (v->hw_queues)
		return err_set(EBUSY, "the vIOMMU has a hardware queue at 0x%llx",
			       (unsigned long long)v->hw_queues->start);
	return 0;
}

IOASID_EXPORT int ioasid_viommu_destroy(struct ioasid_viommu *v)
{
	struct ioasid_ctx *ctx;
	struct reap reap = { 0 };
	int ret;

	if (!v)
		return 0;
	ctx = v->ctx;
	ctx_lock(ctx);
	ret = busy(v);
	if (!ret)
		take_out(v, &reap);
	ctx_unlock_drain(ctx, &reap);
	if (!ret)
		viommu_free(v);
	return ret;
}

void viommu_close_all(struct ioasid_ctx *ctx, struct reap *reap)
{
	struct ioasid_viommu *v;

	while ((v = ctx->viommus)) {
		while (v->queues)
			ioasid_event_queue_destroy(v->queues);
		hw_queue_close_all(v);
		take_out(v, reap);
		viommu_free(v);
	}
}

int viommu_check_parent(const struct ioasid_space *space)
{
	const struct ioasid_viommu *v;

	for (v = space->ctx->viommus; v; v = v->next)
		if (v->parent == space)
			return err_set(EBUSY, "space %u is the parent of a vIOMMU", space->id);
	return 0;
}

struct ioasid_viommu *viommu_find_serial(const struct ioasid_ctx *ctx, uint64_t serial)
{
	struct ioasid_viommu *v;

	for (v = ctx->viommus; v && v->serial != serial; v = v->next)
		;
	return v;
}

IOASID_EXPORT struct ioasid_space *ioasid_viommu_get_parent(const struct ioasid_viommu *v)
{
	return v->parent;
}

IOASID_EXPORT int ioasid_viommu_invalidate(struct ioasid_viommu *v, const void *commands,
					   size_t size, size_t n, size_t *out)
{
	struct reap reap = { 0 };
	size_t handled = 0;
	int ret;

	ctx_lock(v->ctx);
	ret = failure_due(v->ctx, IOASID_OP_INVALIDATE);
	if (!ret)
		ret = ctx_check_take(v->ctx, &reap);
	if (!ret)
		ret = ops_of(v)->invalidate(v, commands, size, n, &handled, &reap);
	ctx_unlock_drain(v->ctx, &reap);
	if (out)
		*out = handled;
	return ret;
}

IOASID_EXPORT int ioasid_viommu_query_info(const struct ioasid_viommu *v,
					   struct ioasid_viommu_info *out)
{
	const struct ioasid_viommu_info info = {
		.size = sizeof(info), .type = v->type, .registers_offset = v->registers_offset,
		.registers_length = v->registers_length,
	};

	return options_fill(out, &info, sizeof(info), "vIOMMU info");
}

IOASID_EXPORT int ioasid_viommu_map_registers(struct ioasid_viommu *v, uint64_t offset,
					      uint64_t length, void **registers)
{
	int ret;

	if (!ops_of(v)->map_registers)
		return err_set(EOPNOTSUPP, "%s: vIOMMUs have no registers", v->ctx->ops->name);
	ctx_lock(v->ctx);
	ret = ops_of(v)->map_registers(v, offset, length, registers);
	ctx_unlock(v->ctx);
	return ret;
}
