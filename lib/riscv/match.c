/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands: whom they concern, and what they add to a batch. */
#include "export.h"
#include "guest/batch.h"
#include "riscv/bits.h"

static bool device_matches(const struct ioasid_riscv_cmd *cmd, uint32_t device_id)
{
	return !((cmd->device_id ^ device_id) & ~cmd->device_ignore);
}

IOASID_EXPORT bool
ioasid_riscv_cmd_is_lookup_stale(const struct ioasid_riscv_cmd *cmd, uint32_t device_id,
				 const struct ioasid_riscv_translation *translation)
{
	switch (cmd->opcode) {
	case IOASID_RISCV_CMD_IODIR_INVAL_DDT:
		return device_matches(cmd, device_id);
	case IOASID_RISCV_CMD_IODIR_INVAL_PDT:
		return device_matches(cmd, device_id) && cmd->process_id == translation->process_id;
	default:
		return false;
	}
}

static bool has_second(const struct ioasid_riscv_translation *t)
{
	return t->kind == IOASID_RISCV_SECOND_STAGE || t->kind == IOASID_RISCV_NESTED;
}

static bool has_first(const struct ioasid_riscv_translation *t)
{
	return t->kind == IOASID_RISCV_FIRST_STAGE || t->kind == IOASID_RISCV_NESTED;
}

/*
 * The table of IOTINVAL.VMA (4.1.1). Entries of a second stage alone have neither a PSCID nor a
 * first-stage leaf: they are meant where all of a GSCID's are.
 */
static bool vma_matches(const struct ioasid_riscv_cmd *cmd,
			const struct ioasid_riscv_translation *t)
{
	if (cmd->guest != has_second(t) || (cmd->guest && cmd->gscid != t->gscid))
		return false;
	if (has_first(t))
		return cmd->all_pscids || cmd->pscid == t->pscid;
	return cmd->guest && cmd->all_pscids && !cmd->length;
}

/* 4.1.1: which entries of the IOATC a command invalidates. */
static bool iotinval_matches(const struct ioasid_riscv_cmd *cmd,
			     const struct ioasid_riscv_translation *t)
{
	switch (cmd->opcode) {
	case IOASID_RISCV_CMD_IOTINVAL_VMA:
		return vma_matches(cmd, t);
	case IOASID_RISCV_CMD_IOTINVAL_GVMA:
		return has_second(t) && (!cmd->guest || cmd->gscid == t->gscid);
	default:
		return false;
	}
}

IOASID_EXPORT bool
ioasid_riscv_cmd_is_mapping_stale(const struct ioasid_riscv_cmd *cmd, uint32_t device_id,
				  const struct ioasid_riscv_translation *translation)
{
	uint32_t process_id = translation->process_id;

	if (cmd->opcode != IOASID_RISCV_CMD_ATS_INVAL)
		return iotinval_matches(cmd, translation);
	if (!device_matches(cmd, device_id))
		return false;
	/* requests without process_id that count as of process 0 are cached without one */
	return cmd->process_id == process_id ||
	       (cmd->all_processes && process_id != IOASID_NO_PASID) ||
	       (cmd->process_id == IOASID_NO_PASID && process_id == 0);
}

IOASID_EXPORT int ioasid_riscv_cmd_add(const struct ioasid_riscv_cmd *cmd,
				       const struct ioasid_riscv_translation *translation,
				       struct ioasid_inv *batch, struct ioasid_space *space)
{
	/* guest-physical addresses are not those of the first stage */
	bool whole = cmd->opcode == IOASID_RISCV_CMD_IOTINVAL_GVMA && has_first(translation);

	if (!iotinval_matches(cmd, translation))
		return 0;
	return batch_add(batch, space, cmd->start, whole ? 0 : cmd->length, cmd->leaf_only);
}

IOASID_EXPORT int ioasid_riscv_cmd_add_device_tlb(const struct ioasid_riscv_cmd *cmd,
						  uint32_t device_id, uint32_t process_id,
						  struct ioasid_inv *batch,
						  struct ioasid_device *device)
{
	bool all = cmd->all_processes && process_id != IOASID_NO_PASID;

	if (cmd->opcode != IOASID_RISCV_CMD_ATS_INVAL || !device_matches(cmd, device_id) ||
	    (cmd->process_id != process_id && !all))
		return 0;
	return batch_add_device_tlb(batch, device, process_id, cmd->start, cmd->length);
}
