/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hardware queues: memory of a guest's that hardware reads, and that stays while it does. */
#include <errno.h>

#include "mapped.h"
#include "objects.h"

static const struct viommu_ops *ops_of(const struct ioasid_viommu *viommu)
{
	return viommu->ctx->ops->viommu;
}

static int check_options(const struct ioasid_viommu *v, const struct ioasid_hw_queue_options *user,
			 struct ioasid_hw_queue_options *options, uint64_t *last)
{
	bool raw;
	int ret = options_copy(options, sizeof(*options), user, "hardware queue options");

	if (ret)
		return ret;
	raw = options->type == IOASID_HW_QUEUE_RAW;
	if (options->type < IOASID_HW_QUEUE_TEGRA241 || options->type > IOASID_HW_QUEUE_RAW ||
	    raw != (options->raw_type != 0) || options->reserved)
		return err_set(EINVAL, "hardware queue type %u is not known, or goes with other "
			       "members than are set, or reserved is not 0",
			       (unsigned int)options->type);
	if (!options->length)
		return err_set(EINVAL, "a hardware queue of length 0");
	if (!bits_range_last(options->iova, options->length, last))
		return err_set(EOVERFLOW, "0x%llx + 0x%llx runs past the end of the address space",
			       (unsigned long long)options->iova,
			       (unsigned long long)options->length);
	if (!ops_of(v)->hw_queue_create)
		return err_set(EOPNOTSUPP, "hardware queue: %s",
			       ioasid_ctx_why_not(v->ctx, IOASID_CAP_HW_QUEUE));
	if (raw ? v->type != IOASID_VIOMMU_RAW : v->type != IOASID_VIOMMU_TEGRA241)
		return err_set(EOPNOTSUPP, "a vIOMMU of type %u has no such hardware queues",
			       (unsigned int)v->type);
	return 0;
}

static int create(struct ioasid_hw_queue *q, const struct ioasid_hw_queue_options *options)
{
	struct ioasid_viommu *v = q->viommu;
	int ret = failure_due(v->ctx, IOASID_OP_HW_QUEUE);

	if (ret)
		return ret;
	if (!mapping_is_whole(v->parent, q->start, q->last))
		return err_set(ENOENT, "space %u: not all of 0x%llx-0x%llx is mapped",
			       v->parent->id, (unsigned long long)q->start,
			       (unsigned long long)q->last);
	ret = ops_of(v)->hw_queue_create(q, options);
	if (ret)
		return ret;
	q->next = v->hw_queues;
	v->hw_queues = q;
	return 0;
}

IOASID_EXPORT int ioasid_hw_queue_create(struct ioasid_viommu *viommu,
					 const struct ioasid_hw_queue_options *user,
					 struct ioasid_hw_queue **out)
{
	struct ioasid_hw_queue_options options;
	struct ioasid_hw_queue *q;
	uint64_t last = 0;
	int ret = check_options(viommu, user, &options, &last);

	if (ret)
		return ret;
	q = mem_calloc(1, sizeof(*q));
	if (!q)
		return err_set(ENOMEM, "no memory for a hardware queue");
	q->viommu = viommu;
	q->start = options.iova;
	q->last = last;
	ctx_lock(viommu->ctx);
	ret = create(q, &options);
	ctx_unlock(viommu->ctx);
	if (ret) {
		mem_free(q);
		return ret;
	}
	*out = q;
	return 0;
}

static int take_out(struct ioasid_hw_queue *q)
{
	struct ioasid_hw_queue **p;
	int ret = ops_of(q->viommu)->hw_queue_destroy(q);

	if (ret)
		return ret;
	for (p = &q->viommu->hw_queues; *p != q; p = &(*p)->next)
		;
	*p = q->next;
	return 0;
}

IOASID_EXPORT int ioasid_hw_queue_destroy(struct ioasid_hw_queue *q)
{
	struct ioasid_ctx *ctx;
	int ret;

	if (!q)
		return 0;
	ctx = q->viommu->ctx;
	ctx_lock(ctx);
	ret = take_out(q);
	ctx_unlock(ctx);
	if (!ret)
		mem_free(q);
	return ret;
}

IOASID_EXPORT int ioasid_hw_queue_kick(struct ioasid_hw_queue *q)
{
	const struct viommu_ops *ops = ops_of(q->viommu);

	return ops->hw_queue_kick ? ops->hw_queue_kick(q) : 0;
}

/* The latest goes first, as it has to. The descriptor's end takes what refuses. */
void hw_queue_close_all(struct ioasid_viommu *v)
{
	struct ioasid_hw_queue *q;

	while ((q = v->hw_queues)) {
		ops_of(v)->hw_queue_destroy(q);
		v->hw_queues = q->next;
		mem_free(q);
	}
}

int hw_queue_check_unmap(const struct ioasid_space *root, uint64_t start, uint64_t last)
{
	const struct ioasid_hw_queue *q;
	const struct ioasid_viommu *v;

	for (v = root->ctx->viommus; v; v = v->next)
		for (q = v->parent == root ? v->hw_queues : NULL; q; q = q->next)
			if (q->start <= last && q->last >= start)
				return err_set(EBUSY, "space %u: hardware reads the queue at "
					       "0x%llx-0x%llx", root->id,
					       (unsigned long long)q->start,
					       (unsigned long long)q->last);
	return 0;
}
