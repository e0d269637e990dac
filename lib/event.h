/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Event queues: rings of the library's own, of a context or of a vIOMMU. */
#ifndef LIB_EVENT_H
#define LIB_EVENT_H

#include <ioasid/event.h>
#include <ioasid/viommu.h>

struct ioasid_event_queue {
	struct ioasid_ctx *ctx;
	struct ioasid_event_queue *next;
	struct ioasid_viommu *viommu;		/* NULL: of the context */
	enum ioasid_event_format format;	/* of a vIOMMU's */
	uint32_t sequence;			/* of the next event of a vIOMMU's */
	uint32_t record_size;			/* of a kernel's, */
	uint32_t id;				/* which has it by this number */
	bool from_kernel;
	int fd;					/* readable while the queue is not empty */
	size_t depth, head, count;
	uint64_t lost;				/* since the latest event in the ring */
	struct ioasid_event ring[];
};

/* One that nobody has seen yet; err_set(): -EMFILE, -ENFILE, -ENOMEM. */
int event_queue_new(struct ioasid_ctx *ctx, size_t depth, struct ioasid_event_queue **queue);

void event_queue_free(struct ioasid_event_queue *queue);

void event_queue_post(struct ioasid_event_queue *queue, const struct ioasid_event *event);

/* To all of the context's queues. */
void event_post(struct ioasid_ctx *ctx, const struct ioasid_event *event);
/* To those of the vIOMMU that @space is on, if @device has a name there. */
void viommu_post(const struct ioasid_device *device, const struct ioasid_space *space,
		 const struct ioasid_event *event);

/* Something that only the IOMMU's own record says, to the queue of @format if there is one. */
void viommu_post_record(struct ioasid_viommu *viommu, enum ioasid_event_format format,
			const void *record, uint32_t size);

void event_close_all(struct ioasid_ctx *ctx);

/* An eventfd(2), from now on: readable or not. */
void event_fd_set(int fd, bool readable);
/* After a fork both processes had the descriptors, and each went on with queues of its own. */
void event_renew_fds(const struct ioasid_ctx *ctx);

#endif
