/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hardware queues: the kernel locks their pages, and tells the hardware where they are. */
#include <errno.h>
#include <string.h>

#include "viommu.h"

static int why_not(const struct ioasid_hw_queue *q, int error)
{
	unsigned long long start = q->start, last = q->last;

	switch (error) {
	case ENOTTY:
		return err_set(EOPNOTSUPP, "this kernel has no hardware queues (Linux 6.17)");
	case EOPNOTSUPP:
		return err_set(EOPNOTSUPP, "the vIOMMU has no such hardware queues");
	case EEXIST:
		return err_set(EEXIST, "the vIOMMU has a hardware queue with that index");
	case EIO:
		return err_set(EIO, "hardware queues are made in the order of their indices, and "
			       "this is not the next");
	case EFAULT:
		return err_set(EFAULT, "0x%llx-0x%llx: its pages do not follow each other in "
			       "physical memory, or cannot be had", start, last);
	case ENOENT:
		return err_set(ENOENT, "0x%llx-0x%llx is not mapped as a whole", start, last);
	case ENOMEM:
		return err_set(ENOMEM, "the kernel has no memory for a hardware queue");
	default:
		return err_set(EINVAL, "no hardware queue at 0x%llx-0x%llx: %s", start, last,
			       strerror(error));
	}
}

int iofd_hw_queue_create(struct ioasid_hw_queue *q, const struct ioasid_hw_queue_options *options)
{
	struct uapi_hw_queue_alloc alloc = {
		.size = sizeof(alloc), .viommu_id = iofd_viommu(q->viommu)->id,
		.type = options->type == IOASID_HW_QUEUE_TEGRA241 ? UAPI_HW_QUEUE_TEGRA241 :
								    options->raw_type,
		.index = options->index, .nesting_parent_iova = options->iova,
		.length = options->length,
	};
	int ret = iofd_ioctl(q->viommu->ctx, UAPI_HW_QUEUE_ALLOC, &alloc);

	if (ret)
		return why_not(q, -ret);
	q->id = alloc.out_hw_queue_id;
	return 0;
}

int iofd_hw_queue_destroy(struct ioasid_hw_queue *q)
{
	struct uapi_destroy destroy = { .size = sizeof(destroy), .id = q->id };
	int ret = iofd_ioctl(q->viommu->ctx, UAPI_DESTROY, &destroy);

	return ret ? err_set(EBUSY, "a hardware queue with a higher index has to go before the one "
			     "at 0x%llx: %s", (unsigned long long)q->start, strerror(-ret)) : 0;
}
