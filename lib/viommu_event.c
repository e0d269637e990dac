/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Event queues of vIOMMUs. */
#include <errno.h>
#include <string.h>

#include "objects.h"
#include "smmuv3/event.h"

#define MAX_DEPTH_OF_EVENTS 524288u	/* as Linux has it */
#define MAX_SEQUENCE 0x7fffffffu

/* Do events of the format come from vIOMMUs of the type? Which a kernel supplies, that decides. */
static bool has_format(const struct ioasid_viommu *v, enum ioasid_event_format format)
{
	bool smmuv3 = v->type == IOASID_VIOMMU_SMMUV3 || v->type == IOASID_VIOMMU_TEGRA241;

	switch (format) {
	case IOASID_EVENTS_PLAIN:
		return !v->ctx->ops->viommu->events_create;
	case IOASID_EVENTS_SMMUV3:
		return smmuv3;
	case IOASID_EVENTS_TEGRA241:
		return v->type == IOASID_VIOMMU_TEGRA241;
	case IOASID_EVENTS_RAW:
		break;
	}
	return v->type == IOASID_VIOMMU_RAW;
}

static int check_options(const struct ioasid_viommu *v,
			 const struct ioasid_viommu_events_options *user,
			 struct ioasid_viommu_events_options *options)
{
	const size_t most = sizeof(((struct ioasid_event *)0)->record);
	bool raw;
	int ret = options_copy(options, sizeof(*options), user, "event queue options");

	if (ret)
		return ret;
	if (options->format < IOASID_EVENTS_PLAIN || options->format > IOASID_EVENTS_RAW)
		return err_set(EINVAL, "event format %u is not known",
			       (unsigned int)options->format);
	if (options->depth > MAX_DEPTH_OF_EVENTS)
		return err_set(EINVAL, "event queue of %u: at most %u", options->depth,
			       MAX_DEPTH_OF_EVENTS);
	raw = options->format == IOASID_EVENTS_RAW;
	if (raw != (options->raw_type != 0) || raw != (options->raw_size != 0) ||
	    options->raw_size > most)
		return err_set(EINVAL, "IOASID_EVENTS_RAW and no other format has a raw_type, and "
			       "a raw_size of 1 to %zu", most);
	if (!has_format(v, options->format))
		return err_set(EOPNOTSUPP, "events of a vIOMMU of type %u do not come in format %u",
			       (unsigned int)v->type, (unsigned int)options->format);
	return 0;
}

static int check_first(const struct ioasid_viommu *v, enum ioasid_event_format format)
{
	const struct ioasid_event_queue *other;

	for (other = v->queues; other; other = other->next)
		if (other->format == format)
			return err_set(EEXIST, "the vIOMMU has an event queue of format %u",
				       (unsigned int)format);
	return 0;
}

/* A ring of the library's, or a queue of the kernel's. */
static int queue_new(struct ioasid_ctx *ctx, const struct ioasid_viommu_events_options *options,
		     struct ioasid_event_queue **out)
{
	if (!ctx->ops->viommu->events_create)
		return event_queue_new(ctx, options->depth, out);
	*out = mem_calloc(1, sizeof(**out));
	if (!*out)
		return err_set(ENOMEM, "no memory for an event queue");
	(*out)->ctx = ctx;
	return 0;
}

static void queue_drop(struct ioasid_event_queue *q)
{
	if (q->ctx->ops->viommu->events_create)
		mem_free(q);
	else
		event_queue_free(q);
}

static int add(struct ioasid_viommu *v, struct ioasid_event_queue *q,
	       const struct ioasid_viommu_events_options *options)
{
	const struct viommu_ops *ops = v->ctx->ops->viommu;
	int ret = failure_due(v->ctx, IOASID_OP_QUEUE);

	if (!ret)
		ret = check_first(v, q->format);
	if (!ret && ops->events_create)
		ret = ops->events_create(q, options);
	if (ret)
		return ret;
	q->from_kernel = ops->events_create;
	q->next = v->queues;
	v->queues = q;
	return 0;
}

IOASID_EXPORT int ioasid_viommu_create_events(struct ioasid_viommu *v,
					      const struct ioasid_viommu_events_options *user,
					      struct ioasid_event_queue **out)
{
	struct ioasid_viommu_events_options options;
	struct ioasid_event_queue *q = NULL;
	int ret = check_options(v, user, &options);

	if (!ret)
		ret = queue_new(v->ctx, &options, &q);
	if (ret)
		return ret;
	q->viommu = v;
	q->format = options.format;
	ctx_lock(v->ctx);
	ret = add(v, q, &options);
	ctx_unlock(v->ctx);
	if (ret) {
		queue_drop(q);
		return ret;
	}
	*out = q;
	return 0;
}

/* In the queue's format; false: this event is none of those that it has. */
static bool encode(const struct ioasid_event_queue *q, const struct ioasid_space *space,
		   struct ioasid_event *event)
{
	uint8_t code;

	if (q->format == IOASID_EVENTS_PLAIN)
		return true;
	if (q->format != IOASID_EVENTS_SMMUV3 || !smmu_event_encode(event, event->record))
		return false;
	event->record_size = sizeof(event->record);
	code = pasid_table_record_code(space, event->pasid, event->reason);
	if (code)
		smmu_event_set_code(event->record, code);
	return true;
}

static void post(struct ioasid_event_queue *q, struct ioasid_event *event)
{
	event->lost = q->lost;
	event->sequence = q->sequence;
	q->sequence = (q->sequence + 1) & MAX_SEQUENCE;
	event_queue_post(q, event);
}

void viommu_post(const struct ioasid_device *device, const struct ioasid_space *space,
		 const struct ioasid_event *event)
{
	const struct ioasid_vdevice *v = device->vdevice;
	struct ioasid_event_queue *q;

	if (!space || !space->viommu || !v || v->viommu != space->viommu)
		return;
	for (q = space->viommu->queues; q; q = q->next) {
		struct ioasid_event own = *event;

		own.virtual_id = v->item.start;
		if (encode(q, space, &own))
			post(q, &own);
	}
}

void viommu_post_record(struct ioasid_viommu *v, enum ioasid_event_format format,
			const void *record, uint32_t size)
{
	struct ioasid_event event = { .type = IOASID_EVENT_RECORD, .record_size = size };
	struct ioasid_event_queue *q;

	memcpy(event.record, record, size);
	for (q = v->queues; q; q = q->next)
		if (q->format == format)
			post(q, &event);
}
