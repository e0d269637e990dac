/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vIOMMUs of the kernel's: between the files that give their commands. */
#ifndef IOMMUFD_VIOMMU_H
#define IOMMUFD_VIOMMU_H

#include "iommufd.h"
#include "uapi_viommu.h"

#define SMMUV3_COMMAND 16u	/* bytes */

struct iofd_viommu {
	uint32_t id;
	uint32_t commands;		/* UAPI_INV_*, or any that a program has given */
	struct iofd_pt *parent;		/* that it holds */
	bool twice;			/* an erratum wants commands so */
	void *registers;		/* or NULL */
	size_t registers_size;
};

static inline const struct iofd_viommu *iofd_viommu(const struct ioasid_viommu *v)
{
	return v->backend;
}

/* As of struct viommu_ops. */
int iofd_events_create(struct ioasid_event_queue *q,
		       const struct ioasid_viommu_events_options *options);
void iofd_events_destroy(struct ioasid_event_queue *q);
bool iofd_events_read(struct ioasid_event_queue *q, struct ioasid_event *event);
int iofd_hw_queue_create(struct ioasid_hw_queue *q, const struct ioasid_hw_queue_options *options);
int iofd_hw_queue_destroy(struct ioasid_hw_queue *q);

#endif
