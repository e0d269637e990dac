/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands (2.4): what they say. */
#include "amd/bits.h"
#include "export.h"
#include "guest/ats.h"

#define FIRST_CMD_SIZE ENTRY_FIRST_SIZE(ioasid_amd_cmd, store_data)

#define GN ENTRY_BIT(2) /* of the upper quadword */

/* One kind of command. Bits 63:60 are the opcode. */
struct command {
	void (*decode)(const uint64_t *raw, struct ioasid_amd_cmd *cmd);
	uint64_t reserved[2];
	bool guest; /* may have GN */
	int needs; /* bit of EFR, or -1 */
};

static void decode_device(const uint64_t *raw, struct ioasid_amd_cmd *cmd)
{
	cmd->device_id = (uint16_t)entry_field(raw[0], 15, 0);
}

/* S and the address, bits 63:12 of the upper quadword. */
static void decode_range(const uint64_t *raw, struct ioasid_amd_cmd *cmd)
{
	unsigned shift = ats_shift(raw[1], entry_bit(raw[1], 0));

	if (shift > 63) /* all addresses */
		return;
	cmd->length = ENTRY_BIT(shift);
	cmd->start = raw[1] & ENTRY_BITS(63, shift);
}

/* 2.4.1 */
static void decode_wait(const uint64_t *raw, struct ioasid_amd_cmd *cmd)
{
	cmd->store = entry_bit(raw[0], 0);
	cmd->interrupt = entry_bit(raw[0], 1);
	cmd->flush = entry_bit(raw[0], 2);
	if (cmd->store) {
		cmd->store_address = raw[0] & ENTRY_BITS(51, 3);
		cmd->store_data = raw[1];
	}
}

/* 2.4.3 */
static void decode_iommu_pages(const uint64_t *raw, struct ioasid_amd_cmd *cmd)
{
	cmd->domain = (uint16_t)entry_field(raw[0], 47, 32);
	cmd->leaf_only = !entry_bit(raw[1], 1); /* PDE */
	if (raw[1] & GN)
		cmd->pasid = (uint32_t)entry_field(raw[0], 19, 0);
	decode_range(raw, cmd);
}

/* 2.4.4: bits 7:0, 15:8 and 19:16 of the PASID. MaxPend and QueueID are for throttling. */
static void decode_iotlb_pages(const uint64_t *raw, struct ioasid_amd_cmd *cmd)
{
	decode_device(raw, cmd);
	if (raw[1] & GN)
		cmd->pasid = (uint32_t)(entry_field(raw[0], 55, 48) |
					entry_field(raw[0], 23, 16) << 8 |
					entry_field(raw[0], 59, 56) << 16);
	decode_range(raw, cmd);
}

/* 2.4.7: the completion tag is the group's index, and above it the response code. */
static void decode_complete_ppr(const uint64_t *raw, struct ioasid_amd_cmd *cmd)
{
	decode_device(raw, cmd);
	if (raw[1] & GN)
		cmd->pasid = (uint32_t)entry_field(raw[0], 51, 32);
	cmd->group = (uint16_t)entry_field(raw[1], 40, 32);
	cmd->response = (uint32_t)entry_field(raw[1], 47, 44);
}

static void decode_nothing(const uint64_t *raw, struct ioasid_amd_cmd *cmd)
{
	(void)raw;
	(void)cmd;
}

static const struct command commands[] = {
	[IOASID_AMD_CMD_COMPLETION_WAIT] = {
		decode_wait, { ENTRY_BITS(59, 52), 0 }, false, -1,
	},
	[IOASID_AMD_CMD_INVALIDATE_DEVTAB_ENTRY] = {
		decode_device, { ENTRY_BITS(59, 16), ENTRY_BITS(63, 0) }, false, -1,
	},
	[IOASID_AMD_CMD_INVALIDATE_IOMMU_PAGES] = {
		decode_iommu_pages, { ENTRY_BITS(59, 48) | ENTRY_BITS(31, 20), ENTRY_BITS(11, 3) },
		true, -1,
	},
	[IOASID_AMD_CMD_INVALIDATE_IOTLB_PAGES] = {
		decode_iotlb_pages, { 0, ENTRY_BITS(11, 3) | ENTRY_BIT(1) }, true, -1,
	},
	[IOASID_AMD_CMD_INVALIDATE_INTERRUPT_TABLE] = {
		decode_device, { ENTRY_BITS(59, 16), ENTRY_BITS(63, 0) }, false, -1,
	},
	[IOASID_AMD_CMD_COMPLETE_PPR_REQUEST] = {
		decode_complete_ppr,
		{ ENTRY_BITS(59, 52) | ENTRY_BITS(31, 16),
		  ENTRY_BITS(63, 48) | ENTRY_BITS(31, 3) | ENTRY_BITS(1, 0) },
		true, AMD_EFR_PPR,
	},
	[IOASID_AMD_CMD_INVALIDATE_IOMMU_ALL] = {
		decode_nothing, { ENTRY_BITS(59, 0), ENTRY_BITS(63, 0) }, false, AMD_EFR_IA,
	},
};

static const struct command *find_command(const struct ioasid_amd_regs *regs, size_t opcode)
{
	const struct command *c;

	if (opcode >= sizeof(commands) / sizeof(commands[0]))
		return NULL;
	c = &commands[opcode];
	if (!c->decode)
		return NULL;
	if (c->needs >= 0 && !amd_can(regs, (unsigned)c->needs))
		return NULL;
	if (opcode == IOASID_AMD_CMD_INVALIDATE_IOTLB_PAGES && !(regs->flags & IOASID_AMD_IOTLB))
		return NULL;
	return c;
}

static bool has_reserved(const struct ioasid_amd_regs *regs, const struct command *c,
			 const uint64_t *raw)
{
	uint64_t guest = c->guest && !amd_can(regs, AMD_EFR_GT) ? GN : 0;

	return raw[0] & c->reserved[0] || raw[1] & (c->reserved[1] | guest);
}

IOASID_EXPORT int ioasid_amd_cmd_decode(const struct ioasid_amd_regs *regs, const uint64_t raw[2],
					struct ioasid_amd_cmd *cmd, enum ioasid_amd_reason *why)
{
	size_t opcode = (size_t)entry_field(raw[0], 63, 60);
	struct ioasid_amd_cmd new = { .pasid = IOASID_NO_PASID };
	const struct command *c = find_command(regs, opcode);
	int ret = amd_check(regs, cmd->size, FIRST_CMD_SIZE, why);

	if (ret)
		return ret;
	if (!c)
		return amd_answer(IOASID_AMD_CMD_OPCODE, why);
	if (has_reserved(regs, c, raw))
		return amd_answer(IOASID_AMD_CMD_RESERVED, why);
	new.opcode = (enum ioasid_amd_opcode)opcode;
	c->decode(raw, &new);
	entry_put(cmd, &new, sizeof(new));
	return amd_answer(IOASID_AMD_OK, why);
}
