/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events of vIOMMUs: read one by one from the kernel's queue, as headers with a record each.
 * Numbers that are left out are of events that were lost; a header without a record says so of the
 * latest.
 */
#include <errno.h>
#include <string.h>

#include "smmuv3/event.h"
#include "viommu.h"

#define DEFAULT_DEPTH 256u

struct message {
	struct uapi_vevent_header header;
	uint64_t record[4];
};

static uint32_t kernel_type(const struct ioasid_viommu_events_options *options)
{
	switch (options->format) {
	case IOASID_EVENTS_SMMUV3:
		return UAPI_VEVENTQ_SMMUV3;
	case IOASID_EVENTS_TEGRA241:
		return UAPI_VEVENTQ_TEGRA241;
	default:
		return options->raw_type;
	}
}

static uint32_t record_size(const struct ioasid_viommu_events_options *options)
{
	switch (options->format) {
	case IOASID_EVENTS_SMMUV3:
		return 32;	/* struct iommu_vevent_arm_smmuv3, Linux 6.15 */
	case IOASID_EVENTS_TEGRA241:
		return 16;	/* struct iommu_vevent_tegra241_cmdqv, Linux 6.17 */
	default:
		return options->raw_size;
	}
}

int iofd_events_create(struct ioasid_event_queue *q,
		       const struct ioasid_viommu_events_options *options)
{
	struct uapi_veventq_alloc alloc = {
		.size = sizeof(alloc), .viommu_id = iofd_viommu(q->viommu)->id,
		.type = kernel_type(options),
		.veventq_depth = options->depth ? options->depth : DEFAULT_DEPTH,
	};
	int ret;

	iofd_destroy_busy(q->ctx);	/* of each type a vIOMMU has one */
	ret = iofd_ioctl(q->ctx, UAPI_VEVENTQ_ALLOC, &alloc);
	switch (-ret) {
	case 0:
		q->id = alloc.out_veventq_id;
		q->fd = (int)alloc.out_veventq_fd;
		q->record_size = record_size(options);
		return 0;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return err_set(-ret, "no event queue in the kernel: %s", strerror(-ret));
	case EEXIST:
		return err_set(EEXIST, "the vIOMMU has an event queue of type 0x%x that is open "
			       "still in another process, or that another program made",
			       alloc.type);
	case ENOTTY:
		return err_set(EOPNOTSUPP, "this kernel has no events of vIOMMUs (Linux 6.15)");
	case EOPNOTSUPP:
		return err_set(EOPNOTSUPP, "the kernel has no events of type 0x%x", alloc.type);
	default:
		return err_set(EINVAL, "no event queue of type 0x%x: %s", alloc.type,
			       strerror(-ret));
	}
}

void iofd_events_destroy(struct ioasid_event_queue *q)
{
	/* The descriptor holds the object. */
	sys_close(q->fd);
	iofd_destroy(q->ctx, q->id);
}

/* What the record says of a device: who it is. */
static void name_device(const struct ioasid_viommu *v, struct ioasid_event *event)
{
	const struct ioasid_vdevice *vdevice = viommu_find(v, event->virtual_id);

	if (!vdevice)
		return;
	event->cookie = vdevice->device->cookie;
	event->requester = vdevice->device->info.requester;
	event->space = iofd_space_number(vdevice->device, event->pasid);
}

bool iofd_events_read(struct ioasid_event_queue *q, struct ioasid_event *event)
{
	struct message m = { .record = { 0 } };
	size_t size = sizeof(m.header) + q->record_size;
	int ret = sys_read_fd(q->fd, &m, size);
	uint32_t lost = (m.header.sequence - q->sequence) & UAPI_VEVENT_MAX;

	if (ret < (int)sizeof(m.header))
		return false;
	q->sequence = (m.header.sequence + 1) & UAPI_VEVENT_MAX;
	if (m.header.flags & UAPI_VEVENT_LOST) {
		*event = (struct ioasid_event){ .type = IOASID_EVENT_OVERFLOW, .lost = lost + 1 };
		return true;
	}
	*event = (struct ioasid_event){ .type = IOASID_EVENT_RECORD, .sequence = m.header.sequence,
					.lost = lost, .record_size = q->record_size };
	memcpy(event->record, m.record, sizeof(event->record));
	if (q->format == IOASID_EVENTS_SMMUV3 && smmu_event_decode(m.record, event))
		name_device(q->viommu, event);
	return true;
}
