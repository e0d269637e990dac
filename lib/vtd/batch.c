/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Invalidation descriptors: how they go into a batch. */
#include "export.h"
#include "guest/batch.h"
#include "vtd/bits.h"

IOASID_EXPORT int ioasid_vtd_inv_add(const struct ioasid_vtd_inv *inv,
				     const struct ioasid_vtd_translation *translation,
				     struct ioasid_inv *batch, struct ioasid_space *space)
{
	bool range = inv->granularity == IOASID_VTD_GRANULARITY_RANGE;

	if (inv->type != IOASID_VTD_INV_IOTLB && inv->type != IOASID_VTD_INV_PASID_IOTLB)
		return 0;
	if (!ioasid_vtd_inv_is_mapping_stale(inv, 0, translation))
		return 0;
	/* the range of one without PASID is of second-stage addresses (6.5.2.3) */
	if (inv->type == IOASID_VTD_INV_IOTLB && translation->kind != IOASID_VTD_SECOND_STAGE)
		range = false;
	return batch_add(batch, space, inv->start, range ? inv->length : 0, inv->leaf_only);
}

IOASID_EXPORT int ioasid_vtd_inv_add_device_tlb(const struct ioasid_vtd_inv *inv,
						uint16_t source_id, uint32_t pasid,
						struct ioasid_inv *batch,
						struct ioasid_device *device)
{
	/* one without PASID concerns requests without, and vice versa (6.5.2.5, 6.5.2.6) */
	bool without = inv->type == IOASID_VTD_INV_DEVICE_TLB;

	if ((!without && inv->type != IOASID_VTD_INV_PASID_DEVICE_TLB) ||
	    inv->source_id != source_id || without != (pasid == IOASID_NO_PASID) ||
	    (!without && !inv->all_pasids && inv->pasid != pasid))
		return 0;
	if (inv->granularity != IOASID_VTD_GRANULARITY_RANGE)
		return ioasid_inv_add_device_tlb(batch, device, pasid, 0, UINT64_MAX);
	return ioasid_inv_add_device_tlb(batch, device, pasid, inv->start, inv->length);
}
