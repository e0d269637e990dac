/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands: whom they concern, and what they add to a batch. */
#include "export.h"
#include "guest/batch.h"
#include "smmuv3/bits.h"

static bool stream_matches(const struct ioasid_smmuv3_cmd *cmd, uint32_t stream_id)
{
	return !((cmd->stream_id ^ stream_id) & ~cmd->stream_ignore);
}

IOASID_EXPORT bool
ioasid_smmuv3_cmd_is_lookup_stale(const struct ioasid_smmuv3_cmd *cmd, uint32_t stream_id,
				  const struct ioasid_smmuv3_translation *translation)
{
	switch (cmd->opcode) {
	case IOASID_SMMUV3_CMD_CFGI_STE:
	case IOASID_SMMUV3_CMD_CFGI_STE_RANGE:
		return stream_matches(cmd, stream_id);
	case IOASID_SMMUV3_CMD_CFGI_CD:
	case IOASID_SMMUV3_CMD_CFGI_CD_ALL:
		if (!stream_matches(cmd, stream_id))
			return false;
		if (translation->kind <= IOASID_SMMUV3_BLOCKED)	/* 0: never looked up */
			return true;
		return translation->cd_index != IOASID_NO_PASID &&
		       (cmd->all_substreams || cmd->substream == translation->cd_index);
	default:
		return false;
	}
}

static bool has_stage1(const struct ioasid_smmuv3_translation *t)
{
	return t->kind == IOASID_SMMUV3_STAGE1 || t->kind == IOASID_SMMUV3_NESTED;
}

static bool has_stage2(const struct ioasid_smmuv3_translation *t)
{
	return t->kind == IOASID_SMMUV3_STAGE2 || t->kind == IOASID_SMMUV3_NESTED;
}

static bool vmid_matches(const struct ioasid_smmuv3_cmd *cmd,
			 const struct ioasid_smmuv3_translation *t)
{
	return !((cmd->vmid ^ t->vmid) & ~cmd->vmid_ignore);
}

/* By ASID; where there is none, in EL2, it is ignored (4.4.2.8). */
static bool asid_matches(const struct ioasid_smmuv3_cmd *cmd,
			 const struct ioasid_smmuv3_translation *t)
{
	return t->world == IOASID_SMMUV3_EL2 || cmd->maybe_global || cmd->asid == t->asid;
}

/* 4.4.2 to 4.4.4: which entries of the TLB a command invalidates. */
static bool tlb_matches(const struct ioasid_smmuv3_cmd *cmd,
			const struct ioasid_smmuv3_translation *t)
{
	bool el1 = t->world == IOASID_SMMUV3_EL1;
	bool stage1 = has_stage1(t), stage2 = has_stage2(t);

	switch (cmd->opcode) {
	case IOASID_SMMUV3_CMD_TLBI_NH_ALL:
	case IOASID_SMMUV3_CMD_TLBI_NH_VAA:
		return el1 && stage1 && vmid_matches(cmd, t);
	case IOASID_SMMUV3_CMD_TLBI_NH_ASID:
	case IOASID_SMMUV3_CMD_TLBI_NH_VA:
		return el1 && stage1 && vmid_matches(cmd, t) && asid_matches(cmd, t);
	case IOASID_SMMUV3_CMD_TLBI_EL2_ALL:
	case IOASID_SMMUV3_CMD_TLBI_EL2_VAA:
		return !el1 && stage1;
	case IOASID_SMMUV3_CMD_TLBI_EL2_ASID: /* not of what has no ASID (4.4.2.10) */
		return t->world == IOASID_SMMUV3_EL2_E2H && stage1 && asid_matches(cmd, t);
	case IOASID_SMMUV3_CMD_TLBI_EL2_VA:
		return !el1 && stage1 && asid_matches(cmd, t);
	case IOASID_SMMUV3_CMD_TLBI_S12_VMALL:
		return el1 && (stage1 || stage2) && vmid_matches(cmd, t);
	case IOASID_SMMUV3_CMD_TLBI_S2_IPA: /* not of what both stages made (4.4.3.1) */
		return t->kind == IOASID_SMMUV3_STAGE2 && vmid_matches(cmd, t);
	case IOASID_SMMUV3_CMD_TLBI_NSNH_ALL:
		return el1 && (stage1 || stage2);
	default:
		return false;
	}
}

/* 4.5.1: Global is about all SubstreamIDs, and not about requests without one. */
static bool atc_matches(const struct ioasid_smmuv3_cmd *cmd, uint32_t stream_id,
			uint32_t substream)
{
	return stream_matches(cmd, stream_id) &&
	       (cmd->substream == substream ||
		(cmd->all_substreams && substream != IOASID_NO_PASID));
}

IOASID_EXPORT bool
ioasid_smmuv3_cmd_is_mapping_stale(const struct ioasid_smmuv3_cmd *cmd, uint32_t stream_id,
				   const struct ioasid_smmuv3_translation *translation)
{
	if (cmd->opcode == IOASID_SMMUV3_CMD_ATC_INV)
		return atc_matches(cmd, stream_id, translation->substream);
	return tlb_matches(cmd, translation);
}

IOASID_EXPORT int ioasid_smmuv3_cmd_add(const struct ioasid_smmuv3_cmd *cmd,
					const struct ioasid_smmuv3_translation *translation,
					struct ioasid_inv *batch, struct ioasid_space *space)
{
	if (!tlb_matches(cmd, translation))
		return 0;
	return batch_add(batch, space, cmd->start, cmd->length, cmd->leaf_only);
}

IOASID_EXPORT int ioasid_smmuv3_cmd_add_device_tlb(const struct ioasid_smmuv3_cmd *cmd,
						   uint32_t stream_id, uint32_t substream,
						   struct ioasid_inv *batch,
						   struct ioasid_device *device)
{
	if (cmd->opcode != IOASID_SMMUV3_CMD_ATC_INV ||
	    !atc_matches(cmd, stream_id, substream))
		return 0;
	return batch_add_device_tlb(batch, device, substream, cmd->start, cmd->length);
}
