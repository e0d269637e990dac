/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vIOMMUs and what hangs on them, and what a back end supplies for that. */
#ifndef LIB_VIOMMU_H
#define LIB_VIOMMU_H

#include <ioasid/viommu.h>

#include "util/imap.h"
#include "util/reap.h"
#include "util/slab.h"

struct viommu_ops;

struct ioasid_viommu {
	struct ioasid_ctx *ctx;
	struct ioasid_viommu *next;
	uint64_t serial;
	struct ioasid_space *parent;
	enum ioasid_viommu_type type;
	bool nests_hardware, nests_software;	/* how spaces on it can be nested */
	/* Nested on it, those that the program has: so many, from the first made to the last. */
	unsigned int spaces;
	struct ioasid_space *first, **end;
	struct imap by_id;			/* vDEVICEs, by the guest's names for them */
	struct slab records;			/* struct ioasid_vdevice */
	struct ioasid_event_queue *queues;
	struct ioasid_inv *batch;		/* of commands being carried out */
	const void *iommu;			/* the back end's name for what it is a slice of */
	struct ioasid_hw_queue *hw_queues;	/* the latest first */
	uint64_t registers_offset, registers_length;
	void *backend;
};

struct ioasid_hw_queue {
	struct ioasid_viommu *viommu;
	struct ioasid_hw_queue *next;
	uint64_t start, last;			/* in the parent, which cannot unmap it */
	uint32_t id;				/* the back end's, */
	void *backend;				/* or that */
};

struct ioasid_vdevice {
	struct imap_item item;			/* the guest's name for the device */
	struct ioasid_viommu *viommu;
	struct ioasid_device *device;
	uint32_t id;				/* the back end's */
};

/* Called with the context locked. */
struct viommu_ops {
	/*
	 * The parent has a table. Fills in nests_* and iommu; 0, or err_set(): -EOPNOTSUPP where
	 * the device's IOMMU has no such type, -ENOMEM.
	 */
	int (*create)(struct ioasid_viommu *viommu, struct ioasid_device *device,
		      const struct ioasid_viommu_options *options);
	void (*destroy)(struct ioasid_viommu *viommu);

	/* The number is free. 0, or err_set(): -EINVAL: it is behind another IOMMU; -ENOMEM. */
	int (*vdevice_create)(struct ioasid_vdevice *vdevice);
	void (*vdevice_destroy)(struct ioasid_vdevice *vdevice);	/* or NULL */

	/* As ioasid_viommu_invalidate(). */
	int (*invalidate)(struct ioasid_viommu *viommu, const void *commands, size_t size,
			  size_t n, size_t *handled, struct reap *reap);

	/*
	 * Where faults come from a kernel; NULL: from the library, by viommu_post(). create: sets
	 * queue->fd and id, or err_set(): -EMFILE, -ENFILE, -ENOMEM, -EOPNOTSUPP. read: one event,
	 * with its number, and how many were lost before it; false: none waits.
	 */
	int (*events_create)(struct ioasid_event_queue *queue,
			     const struct ioasid_viommu_events_options *options);
	void (*events_destroy)(struct ioasid_event_queue *queue);
	bool (*events_read)(struct ioasid_event_queue *queue, struct ioasid_event *event);

	/* NULL where there are none. create: sets queue->id, or err_set() as
	 * ioasid_hw_queue_create(); destroy: 0, or err_set(-EBUSY). kick: as
	 * ioasid_hw_queue_kick(), unlocked; NULL where hardware sees what is written. */
	int (*hw_queue_create)(struct ioasid_hw_queue *queue,
			       const struct ioasid_hw_queue_options *options);
	int (*hw_queue_destroy)(struct ioasid_hw_queue *queue);
	int (*hw_queue_kick)(struct ioasid_hw_queue *queue);

	/* As ioasid_viommu_map_registers(); NULL where there are none. */
	int (*map_registers)(struct ioasid_viommu *viommu, uint64_t offset, uint64_t length,
			     void **registers);
};

/* The program has one more space, on the vIOMMU if it is on one; or no longer. */
void viommu_join(struct ioasid_space *space);
void viommu_leave(struct ioasid_space *space);

/* Ends all that are left on a context whose devices are gone, and the spaces on them. */
void viommu_close_all(struct ioasid_ctx *ctx, struct reap *reap);
/* The device's vDEVICE goes if it has one. */
void vdevice_close(struct ioasid_device *device);

/* err_set(-ENOENT) if the device cannot be attached to the space for want of a vDEVICE. */
int viommu_check_attach(const struct ioasid_space *space, const struct ioasid_device *device);

/* hw_queue.c: err_set(-EBUSY) if hardware reads a queue in [@start, @last] of the root. */
int hw_queue_check_unmap(const struct ioasid_space *root, uint64_t start, uint64_t last);
/* All of a vIOMMU's. */
void hw_queue_close_all(struct ioasid_viommu *viommu);

/* err_set(-EBUSY) if vIOMMUs are on it. */
int viommu_check_parent(const struct ioasid_space *space);

struct ioasid_vdevice *viommu_find(const struct ioasid_viommu *viommu, uint64_t virtual_id);
struct ioasid_viommu *viommu_find_serial(const struct ioasid_ctx *ctx, uint64_t serial);

#endif
