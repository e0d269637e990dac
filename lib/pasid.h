/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the PASIDs come from that requests carry on the bus. */
#ifndef LIB_PASID_H
#define LIB_PASID_H

#include <stdbool.h>
#include <stdint.h>

#include "util/imap.h"
#include "util/slab.h"

struct ioasid_ctx;
struct ioasid_device;

/* Of a device, by its back end. All zero: what the program names goes on the bus. */
struct pasid_policy {
	const void *parent;		/* who has the pool: equal for all devices of a parent */
	uint32_t pool;			/* its pPASIDs are 1 to this */
	uint32_t global_pool;		/* the same of the one for all devices with shared queues */
	bool global_here;		/* the parent has such devices */
};

struct pasid_pool;

/* Of a context. */
struct pasids {
	struct pasid_pool *pools;
	struct imap shared;		/* by vPASID: what all devices with shared queues use */
	struct slab records;		/* of those */
	uint32_t deferred;		/* look-ups since the latest drain that others lost by */
};

void pasids_init(struct ioasid_ctx *ctx);
void pasids_destroy(struct ioasid_ctx *ctx);

/* A device has been found: chooses what its back end left open. err_set() */
int pasid_bind(struct ioasid_device *device);
void pasid_unbind(struct ioasid_device *device);

/* The pPASID for a vPASID, or for IOASID_NO_PASID, that the device is going to be attached for. */
int pasid_get(struct ioasid_device *device, uint32_t vpasid, uint32_t *ppasid);
void pasid_put(struct ioasid_device *device, uint32_t vpasid, uint32_t ppasid);

/* Can the IOMMU not tell the requests of the two with @pasid apart? So of a device and itself. */
bool pasid_is_shared(const struct ioasid_device *a, const struct ioasid_device *b, uint32_t pasid);

#endif
