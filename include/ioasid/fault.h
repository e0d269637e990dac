/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file fault.h
 * Fault queues: page requests, which are faults that can be recovered from, and the responses to
 * them.
 *
 * A device with page requests (ioasid_device_query_info()) whose DMA finds no translation in a
 * space that was created with a fault queue does not fault: it asks for the pages, and waits until
 * somebody responds. The program reads the request from the queue, maps the pages or has the guest
 * do that, and responds; the DMA then goes on. See ioasid_page_requests(7).
 */
#ifndef IOASID_FAULT_H
#define IOASID_FAULT_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How to create a fault queue. */
struct ioasid_fault_queue_options {
	/** sizeof(struct ioasid_fault_queue_options) */
	size_t size;
	/** How many page requests wait in it to be read, 1 to 1048576; 0: 256, or as many as come
	 *  where the kernel has the queue, which takes no other number. */
	uint32_t depth;
	/** After so many milliseconds without a response it is "invalid"; 0: never, as it is where
	 *  the kernel has the queue. */
	uint32_t timeout_ms;
};

#define IOASID_FAULT_QUEUE_OPTIONS_INIT IOASID_INIT(ioasid_fault_queue_options)

/** Beside IOASID_READ and IOASID_WRITE, what a page is requested for: to execute from it. */
#define IOASID_EXECUTE 0x4u
/** ... with the privilege of a supervisor. */
#define IOASID_PRIVILEGED 0x8u

/** A page request: it carries a PASID. */
#define IOASID_PAGE_REQUEST_PASID 0x1u
/** A page request: the last of its group. */
#define IOASID_PAGE_REQUEST_LAST 0x2u

/** A page that a device asks for. One or more make a group, which is responded to as a whole. */
struct ioasid_page_request {
	/** Names the group in the response. */
	uint64_t id;
	/** The cookie of ioasid_device_bind(). */
	uint64_t cookie;
	/** The page, in the address space of @p space: a multiple of 4096. */
	uint64_t iova;
	/** The requester ID. */
	uint32_t requester;
	/** The PASID or IOASID_NO_PASID. */
	uint32_t pasid;
	/** The number of the space that the device is attached to. */
	uint32_t space;
	/** The group's index, as the device numbers those that are not answered: 0 to 511. */
	uint32_t group;
	/** IOASID_READ, IOASID_WRITE, IOASID_EXECUTE, IOASID_PRIVILEGED */
	uint32_t access;
	/** IOASID_PAGE_REQUEST_* */
	uint32_t flags;
};

/** What became of a group. */
enum ioasid_page_response_code {
	/** The pages are there: the device tries again. */
	IOASID_PAGE_RESPONSE_SUCCESS = 1,
	/** They are not to be had, or not for this access: the DMA faults. */
	IOASID_PAGE_RESPONSE_INVALID = 2,
	/** Page requests of this device cannot be served: it sends none any more. */
	IOASID_PAGE_RESPONSE_FAILURE = 3,
};

/** The response to a group. */
struct ioasid_page_response {
	/** From the group's requests. */
	uint64_t id;
	enum ioasid_page_response_code code;
	uint32_t reserved;
};

/**
 * Creates a fault queue, for ioasid_space_options.fault_queue.
 *
 * @param options NULL for the defaults.
 * @return 0; -EINVAL: depth, or options->size too small to hold a size; -E2BIG: options longer than
 *         this library knows; -EMFILE, -ENFILE: no file descriptor left; -EOPNOTSUPP: no
 *         IOASID_CAP_PAGE_REQUESTS, or the back end has no such option; -ENOMEM. Since 0.1.
 */
int ioasid_fault_queue_create(struct ioasid_ctx *ctx,
			      const struct ioasid_fault_queue_options *options,
			      struct ioasid_fault_queue **queue);

/**
 * Destroys a queue and closes its descriptor.
 *
 * @return 0; -EBUSY: a space was created with it and still exists. Since 0.1.
 */
int ioasid_fault_queue_destroy(struct ioasid_fault_queue *queue);

/**
 * A descriptor that polls readable while page requests wait to be read. Belongs to the queue: poll
 * it, do not read, write or close it. Close-on-exec. Since 0.1.
 */
int ioasid_fault_queue_get_fd(const struct ioasid_fault_queue *queue);

/**
 * Takes page requests from the queue, oldest first; does not block. Groups are taken whole: what
 * does not fit any more stays for the next call.
 *
 * @param requests,n room for n requests. A group has at most 512.
 * @return how many were written, 0 if none wait; -E2BIG: the group that is next has more than n;
 *         -ENOMEM: here or in the kernel, and nothing is lost.
 * Since 0.1.
 */
int ioasid_fault_queue_read(struct ioasid_fault_queue *queue, struct ioasid_page_request *requests,
			    size_t n);

/**
 * Responds to groups that were read.
 *
 * It stops at the first response that is not in order: how many were taken before tells which one.
 * A group can be gone before it is responded to: its time was over, or the device does not wait for
 * it any more, since it was detached or moved to another space.
 *
 * @return how many were taken; if that is none: -EINVAL: unknown code, reserved not 0, or an id
 *         that no group has that was read and is still to be responded to; -EOPNOTSUPP: the back
 *         end does not know IOASID_PAGE_RESPONSE_FAILURE. 0 for n = 0. Since 0.1.
 */
int ioasid_fault_queue_respond(struct ioasid_fault_queue *queue,
			       const struct ioasid_page_response *responses, size_t n);

#ifdef __cplusplus
}
#endif

#endif
