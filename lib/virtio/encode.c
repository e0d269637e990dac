/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a virtio-iommu driver gets: properties of endpoints, and faults. */
#include <endian.h>
#include <string.h>

#include <ioasid/virtio.h>

#include "export.h"

/* A RESV_MEM property (5.13.6.8): the head, of 4 bytes, is not counted in its length. */
#define RESV_MEM       1
#define RESV_MEM_BYTES 24
#define RESV_MEM_MSI   1

/* Reasons and flags of a fault (5.13.6.9). */
#define FAULT_UNKNOWN 0
#define FAULT_DOMAIN  1
#define FAULT_MAPPING 2
#define FAULT_READ    0x1u
#define FAULT_WRITE   0x2u
#define FAULT_ADDRESS 0x100u

static void put16(uint8_t *to, uint16_t value)
{
	value = htole16(value);
	memcpy(to, &value, sizeof(value));
}

static void put32(uint8_t *to, uint32_t value)
{
	value = htole32(value);
	memcpy(to, &value, sizeof(value));
}

static void put64(uint8_t *to, uint64_t value)
{
	value = htole64(value);
	memcpy(to, &value, sizeof(value));
}

IOASID_EXPORT enum ioasid_virtio_status
ioasid_virtio_probe_encode(const struct ioasid_virtio_config *config,
			   const struct ioasid_virtio_reserved *ranges, size_t n, void *properties,
			   size_t bytes)
{
	uint8_t *to = properties;

	if (bytes < config->probe_size)
		return IOASID_VIRTIO_INVAL;
	if (n > config->probe_size / RESV_MEM_BYTES)
		return IOASID_VIRTIO_DEVERR;
	if (bytes)
		memset(to, 0, bytes);
	for (size_t i = 0; i < n; i++, to += RESV_MEM_BYTES) {
		put16(to, RESV_MEM);
		put16(to + 2, RESV_MEM_BYTES - 4);
		to[4] = ranges[i].msi ? RESV_MEM_MSI : 0;
		put64(to + 8, ranges[i].first);
		put64(to + 16, ranges[i].last);
	}
	return IOASID_VIRTIO_OK;
}

static uint8_t fault_reason(enum ioasid_fault_reason reason)
{
	switch (reason) {
	case IOASID_FAULT_BLOCKED:
		return FAULT_DOMAIN;
	case IOASID_FAULT_ADDRESS_WIDTH:
	case IOASID_FAULT_NOT_MAPPED:
	case IOASID_FAULT_PERMISSION:
	case IOASID_FAULT_TARGET_NOT_MAPPED:
	case IOASID_FAULT_NO_PGTABLE: /* nothing is mapped yet */
		return FAULT_MAPPING;
	default:
		return FAULT_UNKNOWN;
	}
}

IOASID_EXPORT void ioasid_virtio_fault_encode(const struct ioasid_event *event, uint32_t endpoint,
					      uint8_t report[IOASID_VIRTIO_FAULT_BYTES])
{
	uint32_t flags = FAULT_ADDRESS;

	if (event->access & IOASID_READ)
		flags |= FAULT_READ;
	if (event->access & IOASID_WRITE)
		flags |= FAULT_WRITE;
	memset(report, 0, IOASID_VIRTIO_FAULT_BYTES);
	report[0] = fault_reason(event->reason);
	put32(report + 4, flags);
	put32(report + 8, endpoint);
	put64(report + 16, event->iova);
}
