/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Event queues of vIOMMUs. */
#include <errno.h>

#include "objects.h"
#include "smmuv3/event.h"

#define MAX_DEPTH_OF_EVENTS 524288u	/* as Linux has it */
#define MAX_SEQUENCE 0x7fffffffu

static int check_options(const struct ioasid_viommu *v,
			 const struct ioasid_viommu_events_options *user,
			 struct ioasid_viommu_events_options *options)
{
	int ret = options_copy(options, sizeof(*options), user, "event queue options");

	if (ret)
		return ret;
	if (options->format < IOASID_EVENTS_PLAIN || options->format > IOASID_EVENTS_SMMUV3)
		return err_set(EINVAL, "event format %u is not known",
			       (unsigned int)options->format);
	if (options->depth > MAX_DEPTH_OF_EVENTS)
		return err_set(EINVAL, "event queue of %u: at most %u", options->depth,
			       MAX_DEPTH_OF_EVENTS);
	if (options->format == IOASID_EVENTS_SMMUV3 && v->type != IOASID_VIOMMU_SMMUV3)
		return err_set(EOPNOTSUPP, "the vIOMMU is no SMMUv3");
	return 0;
}

static int add(struct ioasid_viommu *v, struct ioasid_event_queue *q)
{
	const struct ioasid_event_queue *other;

	for (other = v->queues; other; other = other->next)
		if (other->format == q->format)
			return err_set(EEXIST, "the vIOMMU has an event queue of format %u",
				       (unsigned int)q->format);
	q->next = v->queues;
	v->queues = q;
	return 0;
}

IOASID_EXPORT int ioasid_viommu_create_events(struct ioasid_viommu *v,
					      const struct ioasid_viommu_events_options *user,
					      struct ioasid_event_queue **out)
{
	struct ioasid_viommu_events_options options;
	struct ioasid_event_queue *q;
	int ret = check_options(v, user, &options);

	if (!ret)
		ret = event_queue_new(v->ctx, options.depth, &q);
	if (ret)
		return ret;
	q->viommu = v;
	q->format = options.format;
	ctx_lock(v->ctx);
	ret = add(v, q);
	ctx_unlock(v->ctx);
	if (ret) {
		event_queue_free(q);
		return ret;
	}
	*out = q;
	return 0;
}

/* In the queue's format; false: this event is none of those that it has. */
static bool encode(const struct ioasid_event_queue *q, struct ioasid_event *event)
{
	if (q->format == IOASID_EVENTS_PLAIN)
		return true;
	event->record_size = sizeof(event->record);
	return smmu_event_encode(event, event->record);
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
		if (!encode(q, &own))
			continue;
		own.sequence = q->sequence;
		q->sequence = (q->sequence + 1) & MAX_SEQUENCE;
		event_queue_post(q, &own);
	}
}
