/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file event.h
 * Event queues: unrecoverable faults, and what the audit found. A vIOMMU has queues of its own
 * (ioasid/viommu.h), which are read in the same way.
 *
 * Faults are those of DMA on the emulated platform. A kernel back end reports faults of real
 * devices only through the queues of vIOMMUs; other faults are in the kernel's log.
 */
#ifndef IOASID_EVENT_H
#define IOASID_EVENT_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What an event is about. */
enum ioasid_event_type {
	/** A DMA was blocked. */
	IOASID_EVENT_FAULT = 1,
	/** Audit: a DMA used a translation that the guest's tables no longer give. */
	IOASID_EVENT_MISSING_INVALIDATION = 2,
	/** The queue was full: at this point as many events were lost as the member lost says. */
	IOASID_EVENT_OVERFLOW = 3,
	/** A record from a vIOMMU, of which only the members record and record_size tell. */
	IOASID_EVENT_RECORD = 4,
};

/** Why a DMA was blocked. */
enum ioasid_fault_reason {
	/** The device is not attached (for this PASID). */
	IOASID_FAULT_BLOCKED = 1,
	/** The address is wider than the page table translates, or not canonical. */
	IOASID_FAULT_ADDRESS_WIDTH = 2,
	/** Nothing is mapped there. */
	IOASID_FAULT_NOT_MAPPED = 3,
	/** Mapped, but not for this access. */
	IOASID_FAULT_PERMISSION = 4,
	/** A guest entry has reserved bits set, or a leaf where none may be. */
	IOASID_FAULT_MALFORMED_ENTRY = 5,
	/** A guest entry leads to an address that the parent does not map (for this access). */
	IOASID_FAULT_TARGET_NOT_MAPPED = 6,
	/** A guest table page is at an address that the parent does not map for reading. */
	IOASID_FAULT_TABLE_NOT_MAPPED = 7,
	/** The space is on a parent and has neither mappings nor a page table. */
	IOASID_FAULT_NO_PGTABLE = 8,
	/** The access flag of a guest entry is clear, and the IOMMU does not set it. */
	IOASID_FAULT_ACCESS_FLAG = 9,
	/** The page was requested, and the response was "invalid". */
	IOASID_FAULT_REQUEST_INVALID = 10,
	/** A page was requested, and a response to the device was "failure". */
	IOASID_FAULT_REQUEST_FAILURE = 11,
	/** The page was requested, and nobody responded in time. */
	IOASID_FAULT_REQUEST_TIMEOUT = 12,
	/**
	 * The PASID is beyond the guest's PASID table, or is the one for requests without PASID.
	 */
	IOASID_FAULT_PASID_RANGE = 13,
	/** The guest's PASID table has no entry for the PASID. */
	IOASID_FAULT_PASID_NOT_PRESENT = 14,
	/** The PASID's entry has reserved bits set, or asks for what the IOMMU cannot do. */
	IOASID_FAULT_PASID_MALFORMED = 15,
	/** The PASID table is at an address that the parent does not map for reading. */
	IOASID_FAULT_PASID_TABLE_NOT_MAPPED = 16,
};

/** The reason in words, such as "not mapped"; NULL if it is not known. Since 0.1. */
const char *ioasid_fault_reason_text(enum ioasid_fault_reason reason);

/** An event. Which members are meaningful depends on its type; the others are 0. */
struct ioasid_event {
	enum ioasid_event_type type;
	/** FAULT */
	enum ioasid_fault_reason reason;
	/** FAULT, MISSING_INVALIDATION: the cookie of ioasid_device_bind(). */
	uint64_t cookie;
	/** FAULT, MISSING_INVALIDATION: the requester ID. */
	uint32_t requester;
	/** FAULT, MISSING_INVALIDATION: the PASID or IOASID_NO_PASID. */
	uint32_t pasid;
	/** FAULT, MISSING_INVALIDATION: the address of the DMA. */
	uint64_t iova;
	/** FAULT, MISSING_INVALIDATION: IOASID_READ, IOASID_WRITE. */
	uint32_t access;
	/** FAULT, MISSING_INVALIDATION: the number of the space; 0 when not attached. */
	uint32_t space;
	/** MISSING_INVALIDATION: level of the entry, 1 the lowest. */
	uint32_t level;
	/** FAULT and RECORD, from a vIOMMU's queue: the number of the event in that queue, from 0
	 *  on, modulo 2^31. Lost events are counted too. */
	uint32_t sequence;
	/** MISSING_INVALIDATION: the guest's entry as it was when last read, and as it is now. */
	uint64_t old_entry;
	uint64_t new_entry;
	/** MISSING_INVALIDATION: CLOCK_MONOTONIC in ns of its last invalidation; 0: none. */
	uint64_t last_invalidated;
	/** OVERFLOW: how many events were lost at this point. FAULT and RECORD, from a vIOMMU's
	 *  queue: how many were lost just before this event. */
	uint64_t lost;
	/** FAULT, from a vIOMMU's queue: the guest's name for the device (ioasid/viommu.h). */
	uint64_t virtual_id;
	/** FAULT and RECORD, from a vIOMMU's queue of another format than IOASID_EVENTS_PLAIN: the
	 *  IOMMU's own record, byte for byte as the guest's event queue needs it, and its size. */
	uint64_t record[4];
	uint32_t record_size;
	uint32_t reserved;
};

/**
 * Creates a queue that receives all events of the context from now on.
 *
 * @param depth how many events it holds, 1 to 1048576; 0: 256.
 * @return 0; -EINVAL: depth; -EMFILE, -ENFILE: no file descriptor left; -ENOMEM. Since 0.1.
 */
int ioasid_event_queue_create(struct ioasid_ctx *ctx, size_t depth,
			      struct ioasid_event_queue **queue);

/** Destroys a queue and closes its descriptor. @return 0. Since 0.1. */
int ioasid_event_queue_destroy(struct ioasid_event_queue *queue);

/**
 * A descriptor that polls readable while events wait. Belongs to the queue: poll it, do not read or
 * close it. Close-on-exec. Since 0.1.
 */
int ioasid_event_queue_get_fd(const struct ioasid_event_queue *queue);

/**
 * Takes events from the queue, oldest first; does not block. Where events were lost, an
 * IOASID_EVENT_OVERFLOW stands in their place. In a vIOMMU's queue, the next event says how many
 * were lost before it, and an IOASID_EVENT_OVERFLOW comes only if there is no next event.
 *
 * @return how many were written, 0 if none wait. Since 0.1.
 */
size_t ioasid_event_queue_read(struct ioasid_event_queue *queue, struct ioasid_event *events,
			       size_t n);

#ifdef __cplusplus
}
#endif

#endif
