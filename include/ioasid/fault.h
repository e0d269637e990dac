/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file fault.h
 * Fault queues: page requests, which are recoverable faults, and the responses to them.
 *
 * Some devices can send page requests (page_requests of ioasid_device_query_info()). If DMA of such
 * a device finds no translation in a space that was created with a fault queue, it does not fault:
 * the device asks for the pages, and waits for a response. The program reads the request from the
 * queue, maps the pages or has the guest do so, and responds; the DMA then continues. See
 * ioasid_page_requests(7).
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
	/** How many unread page requests the queue holds, 1 to 1048576; 0: 256. On a kernel back
	 *  end only 0 is accepted, and the queue holds as many as arrive. */
	uint32_t depth;
	/** After so many milliseconds without a response, the request counts as answered with
	 *  "invalid"; 0: never. On a kernel back end only 0 is accepted. */
	uint32_t timeout_ms;
};

#define IOASID_FAULT_QUEUE_OPTIONS_INIT IOASID_INIT(ioasid_fault_queue_options)

/** Of a page request, beside IOASID_READ and IOASID_WRITE: the device wants to execute the page. */
#define IOASID_EXECUTE 0x4u
/** Of a page request: the device wants access with supervisor privilege. */
#define IOASID_PRIVILEGED 0x8u

/** The page request carries a PASID. */
#define IOASID_PAGE_REQUEST_PASID 0x1u
/** The page request is the last of its group. */
#define IOASID_PAGE_REQUEST_LAST 0x2u

/** A page that a device asks for. One or more make a group, which gets one response. */
struct ioasid_page_request {
	/** Identifies the group, for the response. */
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
	/** The device's index for the group among those that are not answered yet: 0 to 511. */
	uint32_t group;
	/** IOASID_READ, IOASID_WRITE, IOASID_EXECUTE, IOASID_PRIVILEGED */
	uint32_t access;
	/** IOASID_PAGE_REQUEST_* */
	uint32_t flags;
};

/** What the response to a group says. */
enum ioasid_page_response_code {
	/** The pages are mapped: the device tries again. */
	IOASID_PAGE_RESPONSE_SUCCESS = 1,
	/** They are not available, or not for this access: the DMA faults. */
	IOASID_PAGE_RESPONSE_INVALID = 2,
	/** Page requests of this device cannot be served: the device sends no more of them. */
	IOASID_PAGE_RESPONSE_FAILURE = 3,
};

/** The response to a group. */
struct ioasid_page_response {
	/** The id of the group's requests. */
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
 * Takes page requests from the queue, oldest first; does not block. Groups are taken whole: a group
 * that does not fit stays for the next call.
 *
 * @param requests,n room for n requests. A group has at most 512.
 * @return how many were written, 0 if none wait; -E2BIG: the next group has more than n requests;
 *         -ENOMEM: here or in the kernel, with nothing lost.
 * Since 0.1.
 */
int ioasid_fault_queue_read(struct ioasid_fault_queue *queue, struct ioasid_page_request *requests,
			    size_t n);

/**
 * Responds to groups that were read.
 *
 * It stops at the first response that is not valid; the return value is the index of that one. A
 * group can disappear before it is responded to, because it timed out, or because the device was
 * detached or moved to another space and does not wait for it any more.
 *
 * @return how many responses were taken; 0 for n = 0. If the first one is not valid: -EINVAL:
 *         unknown code, reserved is not 0, or no group that was read and waits for its response has
 *         this id; -EOPNOTSUPP: the back
 *         end does not know IOASID_PAGE_RESPONSE_FAILURE. Since 0.1.
 */
int ioasid_fault_queue_respond(struct ioasid_fault_queue *queue,
			       const struct ioasid_page_response *responses, size_t n);

#ifdef __cplusplus
}
#endif

#endif
