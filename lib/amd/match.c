/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands: whom they concern, and what they add to a batch. */
#include "amd/bits.h"
#include "export.h"
#include "guest/batch.h"

static bool has_guest_table(const struct ioasid_amd_translation *t)
{
	return t->kind == IOASID_AMD_GUEST || t->kind == IOASID_AMD_NESTED;
}

IOASID_EXPORT bool
ioasid_amd_cmd_is_lookup_stale(const struct ioasid_amd_cmd *cmd, uint16_t device_id,
			       const struct ioasid_amd_translation *translation)
{
	const struct ioasid_amd_translation *t = translation;

	switch (cmd->opcode) {
	case IOASID_AMD_CMD_INVALIDATE_DEVTAB_ENTRY:
		return cmd->device_id == device_id;
	case IOASID_AMD_CMD_INVALIDATE_IOMMU_ALL:
		return true;
	case IOASID_AMD_CMD_INVALIDATE_IOMMU_PAGES:
		/*
		 * What is blocked has no domain-id, and may be so for its guest CR3 table; kind 0
		 * was never looked up.
		 */
		return !cmd->leaf_only && t->pasid != IOASID_NO_PASID &&
		       (cmd->pasid == IOASID_NO_PASID || cmd->pasid == t->pasid) &&
		       (t->kind <= IOASID_AMD_BLOCKED || cmd->domain == t->domain);
	default:
		return false;
	}
}

/* 2.4.3: which entries of the IOTLB a command invalidates. */
static bool iotlb_matches(const struct ioasid_amd_cmd *cmd, const struct ioasid_amd_translation *t)
{
	if (t->kind != IOASID_AMD_HOST && !has_guest_table(t))
		return false; /* nothing that would have been translated */
	if (cmd->opcode == IOASID_AMD_CMD_INVALIDATE_IOMMU_ALL)
		return true;
	if (cmd->opcode != IOASID_AMD_CMD_INVALIDATE_IOMMU_PAGES || cmd->domain != t->domain)
		return false;
	return cmd->pasid == IOASID_NO_PASID || (has_guest_table(t) && cmd->pasid == t->pasid);
}

IOASID_EXPORT bool
ioasid_amd_cmd_is_mapping_stale(const struct ioasid_amd_cmd *cmd, uint16_t device_id,
				const struct ioasid_amd_translation *translation)
{
	if (cmd->opcode != IOASID_AMD_CMD_INVALIDATE_IOTLB_PAGES)
		return iotlb_matches(cmd, translation);
	if (cmd->device_id != device_id)
		return false;
	/* requests without PASID that use PASID 0 are cached by the device without one */
	return cmd->pasid == translation->pasid ||
	       (cmd->pasid == IOASID_NO_PASID && translation->pasid == 0);
}

IOASID_EXPORT int ioasid_amd_cmd_add(const struct ioasid_amd_cmd *cmd,
				     const struct ioasid_amd_translation *translation,
				     struct ioasid_inv *batch, struct ioasid_space *space)
{
	bool whole = cmd->pasid == IOASID_NO_PASID && has_guest_table(translation);

	if (!iotlb_matches(cmd, translation))
		return 0;
	return batch_add(batch, space, cmd->start, whole ? 0 : cmd->length, cmd->leaf_only);
}

IOASID_EXPORT int ioasid_amd_cmd_add_device_tlb(const struct ioasid_amd_cmd *cmd,
						uint16_t device_id, uint32_t pasid,
						struct ioasid_inv *batch,
						struct ioasid_device *device)
{
	/* of requests that GIoV makes those of PASID 0, guests speak so too */
	bool matches = cmd->pasid == pasid || (cmd->pasid == 0 && pasid == IOASID_NO_PASID);

	if (cmd->opcode != IOASID_AMD_CMD_INVALIDATE_IOTLB_PAGES || cmd->device_id != device_id ||
	    !matches)
		return 0;
	return batch_add_device_tlb(batch, device, pasid, cmd->start, cmd->length);
}
