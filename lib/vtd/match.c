/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Invalidation descriptors: whom they concern. */
#include "export.h"
#include "vtd/bits.h"

IOASID_EXPORT bool ioasid_vtd_inv_is_lookup_stale(const struct ioasid_vtd_inv *inv,
						  uint16_t source_id,
						  const struct ioasid_vtd_translation *translation)
{
	/*
	 * What is not present may be tagged with domain-id 0, or with none (6.1, 6.2.2). Of what
	 * was never looked up nothing is known: its kind is 0.
	 */
	bool any = translation->kind <= IOASID_VTD_BLOCKED;

	if (inv->type == IOASID_VTD_INV_CONTEXT_CACHE) {
		if (inv->granularity == IOASID_VTD_GRANULARITY_DEVICE)
			return !((inv->source_id ^ source_id) & ~inv->source_ignore);
		/* in scalable mode context entries have no domain-id: all are meant (6.5.2.1) */
		return any || translation->scalable ||
		       inv->granularity == IOASID_VTD_GRANULARITY_GLOBAL ||
		       inv->domain == translation->domain;
	}
	if (inv->type != IOASID_VTD_INV_PASID_CACHE)
		return false;
	if (any || inv->granularity == IOASID_VTD_GRANULARITY_GLOBAL)
		return true;
	return inv->domain == translation->domain &&
	       (inv->granularity == IOASID_VTD_GRANULARITY_DOMAIN ||
		inv->pasid == translation->pasid);
}

/* The tables of 6.5.2.3 and 6.5.2.4: which entries of the IOTLB a descriptor invalidates. */
static bool iotlb_matches(const struct ioasid_vtd_inv *inv,
			  const struct ioasid_vtd_translation *translation)
{
	bool second = translation->kind == IOASID_VTD_SECOND_STAGE;

	if (translation->kind <= IOASID_VTD_PASSTHROUGH)
		return false; /* nothing that would have been translated */
	if (inv->type == IOASID_VTD_INV_IOTLB)
		return inv->granularity == IOASID_VTD_GRANULARITY_GLOBAL ||
		       inv->domain == translation->domain;
	if (inv->type != IOASID_VTD_INV_PASID_IOTLB)
		return false;
	if (second && inv->granularity == IOASID_VTD_GRANULARITY_RANGE)
		return false;
	return inv->domain == translation->domain && inv->pasid == translation->pasid;
}

IOASID_EXPORT bool
ioasid_vtd_inv_is_mapping_stale(const struct ioasid_vtd_inv *inv, uint16_t source_id,
				const struct ioasid_vtd_translation *translation)
{
	if (inv->type == IOASID_VTD_INV_DEVICE_TLB)
		return inv->source_id == source_id;
	if (inv->type == IOASID_VTD_INV_PASID_DEVICE_TLB)
		return inv->source_id == source_id &&
		       (inv->all_pasids || inv->pasid == translation->pasid);
	return iotlb_matches(inv, translation);
}
