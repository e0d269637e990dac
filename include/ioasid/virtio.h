/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file virtio.h Helpers for a VMM that offers a virtio-iommu to its guest: they decode what the
 * guest sends on the request queue, carry out its map and unmap requests on a space, and encode the
 * answers. The VMM keeps track of which domain is which space, and which endpoint is which device.
 *
 * Section numbers are those of the Virtual I/O Device specification, version 1.3. Buffers hold
 * bytes as the guest has them, little-endian; copy a buffer out of the guest's memory before it is
 * decoded.
 */
#ifndef IOASID_VIRTIO_H
#define IOASID_VIRTIO_H

#include <ioasid/common.h>
#include <ioasid/event.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Feature bits, offered and negotiated (5.13.3). */
#define IOASID_VIRTIO_F_INPUT_RANGE   0x01u
#define IOASID_VIRTIO_F_DOMAIN_RANGE  0x02u
#define IOASID_VIRTIO_F_MAP_UNMAP     0x04u
#define IOASID_VIRTIO_F_PROBE	      0x10u
#define IOASID_VIRTIO_F_MMIO	      0x20u
#define IOASID_VIRTIO_F_BYPASS_CONFIG 0x40u

/** What the device tells its guest (5.13.4). Never grows. */
struct ioasid_virtio_config {
	/** IOASID_VIRTIO_F_* */
	uint64_t features;
	/** Page sizes; the smallest is the granularity of mappings. Spaces need 4096 at least. */
	uint64_t page_size_mask;
	/** The first and last address that can be translated, with F_INPUT_RANGE. */
	uint64_t input_first;
	uint64_t input_last;
	/** The first and last number of a domain, with F_DOMAIN_RANGE. */
	uint32_t domain_first;
	uint32_t domain_last;
	/** Size in bytes of the list of properties, with F_PROBE. */
	uint32_t probe_size;
	/** 0 */
	uint32_t reserved;
};

/** Status of a request (5.13.6); the numbers are the specification's. */
enum ioasid_virtio_status {
	IOASID_VIRTIO_OK = 0,
	/** Communication error. */
	IOASID_VIRTIO_IOERR = 1,
	/** Unsupported request. */
	IOASID_VIRTIO_UNSUPP = 2,
	/** Internal device error. */
	IOASID_VIRTIO_DEVERR = 3,
	/** Invalid parameters. */
	IOASID_VIRTIO_INVAL = 4,
	/** Parameters out of range. */
	IOASID_VIRTIO_RANGE = 5,
	/** No such endpoint or domain. */
	IOASID_VIRTIO_NOENT = 6,
	/** Bad address. */
	IOASID_VIRTIO_FAULT = 7,
	/** Insufficient resources. */
	IOASID_VIRTIO_NOMEM = 8,
};

/** Requests; the numbers are the specification's (5.13.6). */
enum ioasid_virtio_type {
	IOASID_VIRTIO_ATTACH = 1,
	IOASID_VIRTIO_DETACH = 2,
	IOASID_VIRTIO_MAP = 3,
	IOASID_VIRTIO_UNMAP = 4,
	IOASID_VIRTIO_PROBE = 5,
};

/** A request. Fields that its type does not have are 0. */
struct ioasid_virtio_request {
	/** sizeof(struct ioasid_virtio_request), set by the caller. */
	size_t size;
	enum ioasid_virtio_type type;
	/** All types but PROBE. */
	uint32_t domain;
	/** ATTACH, DETACH, PROBE. */
	uint32_t endpoint;
	/** ATTACH: the domain bypasses translation. */
	bool bypass;
	/** MAP: the target is not memory (MMIO). */
	bool mmio;
	/** MAP: IOASID_READ, IOASID_WRITE or both. */
	uint32_t perm;
	/** MAP, UNMAP: the first and last address. */
	uint64_t first;
	uint64_t last;
	/** MAP: the guest-physical address that the first one leads to. */
	uint64_t target;
};

#define IOASID_VIRTIO_REQUEST_INIT IOASID_INIT(ioasid_virtio_request)

/**
 * Decodes the device-readable part of a request (5.13.6.3 to 5.13.6.7), and checks it as far as
 * possible without knowing endpoints and domains.
 *
 * @param raw,bytes the device-readable part.
 * @param request receives the fields.
 * @param status receives IOASID_VIRTIO_OK, or the status for the guest.
 * @return 0; -EINVAL: the request is refused, with *status; or request->size,
 *         config->page_size_mask or config->reserved, with IOASID_VIRTIO_DEVERR; -EOPNOTSUPP: the
 *         request is unknown, not available or too short: give the buffer back without a status,
 *         with a used length of 0. Since 0.1.
 */
int ioasid_virtio_request_decode(const struct ioasid_virtio_config *config, const void *raw,
				 size_t bytes, struct ioasid_virtio_request *request,
				 enum ioasid_virtio_status *status);

/**
 * Carries out a MAP (5.13.6.5) on the space of the request's domain, which is nested in software
 * (IOASID_NESTING_SOFTWARE) on the space of guest memory and has no page table bound.
 *
 * @return the status for the guest. Since 0.1.
 */
enum ioasid_virtio_status ioasid_virtio_map(const struct ioasid_virtio_request *request,
					    struct ioasid_space *space);

/**
 * Carries out an UNMAP (5.13.6.6) on the space of the request's domain. When the call returns, no
 * DMA uses what was unmapped. If a mapping lies only partly in the range, the request fails and
 * nothing is unmapped.
 *
 * @return the status for the guest. Since 0.1.
 */
enum ioasid_virtio_status ioasid_virtio_unmap(const struct ioasid_virtio_request *request,
					      struct ioasid_space *space);

/** Addresses that a guest cannot map for an endpoint (5.13.6.8). Never grows. */
struct ioasid_virtio_reserved {
	uint64_t first;
	uint64_t last;
	/** The range is the doorbell for message-signalled interrupts. */
	bool msi;
};

/**
 * Encodes the list of properties that answers a PROBE (5.13.6.7): a RESV_MEM property of 24 bytes
 * for each range, followed by zeros.
 *
 * @param properties,bytes room for the list, in the guest's buffer.
 * @return the status for the guest: IOASID_VIRTIO_OK; IOASID_VIRTIO_INVAL: the list is shorter than
 *         probe_size; IOASID_VIRTIO_DEVERR: probe_size has no room for so many ranges. Unless the
 *         status is IOASID_VIRTIO_OK, nothing is written. Since 0.1.
 */
enum ioasid_virtio_status ioasid_virtio_probe_encode(const struct ioasid_virtio_config *config,
						     const struct ioasid_virtio_reserved *ranges,
						     size_t n, void *properties, size_t bytes);

/** Bytes of a fault report. */
#define IOASID_VIRTIO_FAULT_BYTES 24

/**
 * Encodes a fault for the event queue (5.13.6.9).
 *
 * @param event one of type IOASID_EVENT_FAULT.
 * @param endpoint the number of its device.
 * Since 0.1.
 */
void ioasid_virtio_fault_encode(const struct ioasid_event *event, uint32_t endpoint,
				uint8_t report[IOASID_VIRTIO_FAULT_BYTES]);

#ifdef __cplusplus
}
#endif

#endif
