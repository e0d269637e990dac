/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest's invalidation command means for one space, or device, as an entry of a batch. */
#ifndef GUEST_BATCH_H
#define GUEST_BATCH_H

#include <ioasid/inv.h>

/* @length 0: all addresses. Of a range, @leaf_only says that no table came or went. */
static inline int batch_add(struct ioasid_inv *batch, struct ioasid_space *space, uint64_t start,
			    uint64_t length, bool leaf_only)
{
	if (!length)
		return ioasid_inv_add_all(batch, space, 0);
	return ioasid_inv_add_range(batch, space, start, length,
				    leaf_only ? IOASID_INV_LEAF_ONLY : 0);
}

/* The same of what a device has cached itself for its requests with @pasid. */
static inline int batch_add_device_tlb(struct ioasid_inv *batch, struct ioasid_device *device,
				       uint32_t pasid, uint64_t start, uint64_t length)
{
	return ioasid_inv_add_device_tlb(batch, device, pasid, start,
					 length ? length : UINT64_MAX);
}

#endif
