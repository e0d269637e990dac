/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands (4.1): what they say. */
#include "export.h"
#include "guest/ats.h"
#include "riscv/bits.h"

#define FIRST_CMD_SIZE ENTRY_FIRST_SIZE(ioasid_riscv_cmd, store_address)

/* Bits that several commands have. */
enum {
	AV = 10, /* IOTINVAL, IOFENCE */
	VALID_32 = 32, /* IOTINVAL: PSCV; ATS: PV */
	VALID_33 = 33, /* IOTINVAL: GV; IODIR: DV; ATS: DSV */
	NL = 34,
	S = 9, /* of the upper doubleword */
};

#define ID(raw) ((uint32_t)entry_field((raw)[0], 31, 12)) /* PSCID, PID */

typedef enum ioasid_riscv_reason (*decode_fn)(const struct ioasid_riscv_regs *regs,
					      const uint64_t *raw, struct ioasid_riscv_cmd *cmd);

/* @length 0: all addresses. */
static void set_range(struct ioasid_riscv_cmd *cmd, uint64_t address, bool range)
{
	unsigned shift = ats_shift(address, range); /* 9.3: the convention is that of ATS */

	if (shift > 63)
		return;
	cmd->length = ENTRY_BIT(shift);
	cmd->start = address & ENTRY_BITS(63, shift);
}

/* 4.1.1, 9.2, 9.3: without an address, S and NL are ignored. */
static void decode_iotinval(const uint64_t *raw, bool address, struct ioasid_riscv_cmd *cmd)
{
	cmd->guest = entry_bit(raw[0], VALID_33);
	if (cmd->guest)
		cmd->gscid = (uint32_t)entry_field(raw[0], 59, 44);
	if (!address)
		return;
	cmd->leaf_only = !entry_bit(raw[0], NL);
	set_range(cmd, entry_field(raw[1], 61, 10) << 12, entry_bit(raw[1], S));
}

static enum ioasid_riscv_reason decode_vma(const struct ioasid_riscv_regs *regs,
					   const uint64_t *raw, struct ioasid_riscv_cmd *cmd)
{
	(void)regs;
	cmd->all_pscids = !entry_bit(raw[0], VALID_32);
	if (!cmd->all_pscids)
		cmd->pscid = ID(raw);
	decode_iotinval(raw, entry_bit(raw[0], AV), cmd);
	return IOASID_RISCV_OK;
}

/* Without a GSCID the address is ignored. */
static enum ioasid_riscv_reason decode_gvma(const struct ioasid_riscv_regs *regs,
					    const uint64_t *raw, struct ioasid_riscv_cmd *cmd)
{
	(void)regs;
	if (entry_bit(raw[0], VALID_32))
		return IOASID_RISCV_CMD_OPERAND;
	decode_iotinval(raw, entry_bit(raw[0], AV) && entry_bit(raw[0], VALID_33), cmd);
	return IOASID_RISCV_OK;
}

/* 4.1.2; WSI is reserved unless wired interrupts are enabled. */
static enum ioasid_riscv_reason decode_fence(const struct ioasid_riscv_regs *regs,
					     const uint64_t *raw, struct ioasid_riscv_cmd *cmd)
{
	cmd->store = entry_bit(raw[0], AV);
	cmd->interrupt = entry_bit(raw[0], 11);
	cmd->order_reads = entry_bit(raw[0], 12);
	cmd->order_writes = entry_bit(raw[0], 13);
	if (cmd->interrupt && !riscv_fctl(regs, RISCV_FCTL_WSI))
		return IOASID_RISCV_CMD_RESERVED;
	if (cmd->store) {
		cmd->store_address = entry_field(raw[1], 61, 0) << 2;
		cmd->store_data = (uint32_t)entry_field(raw[0], 63, 32);
	}
	return IOASID_RISCV_OK;
}

/* 4.1.3: a device has to be one that the device directory has room for, if there is one. */
static bool set_device(const struct ioasid_riscv_regs *regs, const uint64_t *raw,
		       struct ioasid_riscv_cmd *cmd)
{
	unsigned levels = riscv_ddt_levels(regs);

	cmd->device_id = (uint32_t)entry_field(raw[0], 63, 40);
	return !levels || !(cmd->device_id >> riscv_device_bits(regs, levels));
}

static enum ioasid_riscv_reason decode_ddt(const struct ioasid_riscv_regs *regs,
					   const uint64_t *raw, struct ioasid_riscv_cmd *cmd)
{
	if (ID(raw))
		return IOASID_RISCV_CMD_RESERVED;
	if (!entry_bit(raw[0], VALID_33))
		cmd->device_ignore = UINT32_MAX;
	else if (!set_device(regs, raw, cmd))
		return IOASID_RISCV_CMD_OPERAND;
	return IOASID_RISCV_OK;
}

/* Bits of a process_id that the unit has, at least those of PD8. */
static unsigned process_bits(const struct ioasid_riscv_regs *regs)
{
	if (riscv_can(regs, RISCV_CAP_PD20))
		return 20;
	return riscv_can(regs, RISCV_CAP_PD17) ? 17 : 8;
}

static enum ioasid_riscv_reason decode_pdt(const struct ioasid_riscv_regs *regs,
					   const uint64_t *raw, struct ioasid_riscv_cmd *cmd)
{
	cmd->process_id = ID(raw);
	if (!entry_bit(raw[0], VALID_33) || !set_device(regs, raw, cmd) ||
	    cmd->process_id >> process_bits(regs))
		return IOASID_RISCV_CMD_OPERAND;
	return IOASID_RISCV_OK;
}

/* 4.1.4 */
static void decode_ats(const uint64_t *raw, struct ioasid_riscv_cmd *cmd)
{
	cmd->device_id = (uint32_t)entry_field(raw[0], 55, 40);
	if (entry_bit(raw[0], VALID_33))
		cmd->device_id |= (uint32_t)entry_field(raw[0], 63, 56) << 16;
	else
		cmd->device_ignore = ~UINT32_C(0xffff);
	if (entry_bit(raw[0], VALID_32))
		cmd->process_id = ID(raw);
}

static enum ioasid_riscv_reason decode_ats_inval(const struct ioasid_riscv_regs *regs,
						 const uint64_t *raw, struct ioasid_riscv_cmd *cmd)
{
	(void)regs;
	decode_ats(raw, cmd);
	cmd->all_processes = cmd->process_id != IOASID_NO_PASID && entry_bit(raw[1], 0);
	set_range(cmd, raw[1], entry_bit(raw[1], 11));
	return IOASID_RISCV_OK;
}

static enum ioasid_riscv_reason decode_ats_prgr(const struct ioasid_riscv_regs *regs,
						const uint64_t *raw, struct ioasid_riscv_cmd *cmd)
{
	(void)regs;
	decode_ats(raw, cmd);
	cmd->group = (uint16_t)entry_field(raw[1], 40, 32);
	cmd->response = (uint32_t)entry_field(raw[1], 47, 44);
	return IOASID_RISCV_OK;
}

/* What the two groups of commands that have it reserve, whatever their function is. */
#define IODIR_RESERVED (ENTRY_BITS(39, 34) | ENTRY_BIT(32) | ENTRY_BITS(11, 10))
#define ATS_RESERVED   (ENTRY_BITS(39, 34) | ENTRY_BITS(11, 10))

/* One kind of command. */
struct command {
	enum ioasid_riscv_opcode opcode;
	decode_fn decode;
	uint64_t reserved[2];
};

static const struct command commands[] = {
	{ IOASID_RISCV_CMD_IOTINVAL_VMA, decode_vma,
	  { ENTRY_BITS(63, 60) | ENTRY_BITS(43, 35) | ENTRY_BIT(11),
	    ENTRY_BITS(63, 62) | ENTRY_BITS(8, 0) } },
	{ IOASID_RISCV_CMD_IOTINVAL_GVMA, decode_gvma,
	  { ENTRY_BITS(63, 60) | ENTRY_BITS(43, 35) | ENTRY_BIT(11),
	    ENTRY_BITS(63, 62) | ENTRY_BITS(8, 0) } },
	{ IOASID_RISCV_CMD_IOFENCE_C, decode_fence, { ENTRY_BITS(31, 14), ENTRY_BITS(63, 62) } },
	{ IOASID_RISCV_CMD_IODIR_INVAL_DDT, decode_ddt, { IODIR_RESERVED, ENTRY_BITS(63, 0) } },
	{ IOASID_RISCV_CMD_IODIR_INVAL_PDT, decode_pdt, { IODIR_RESERVED, ENTRY_BITS(63, 0) } },
	{ IOASID_RISCV_CMD_ATS_INVAL, decode_ats_inval, { ATS_RESERVED, 0 } },
	{ IOASID_RISCV_CMD_ATS_PRGR, decode_ats_prgr, { ATS_RESERVED, 0 } },
};

static bool is_ats(const struct command *c)
{
	return c->opcode == IOASID_RISCV_CMD_ATS_INVAL || c->opcode == IOASID_RISCV_CMD_ATS_PRGR;
}

static bool is_iotinval(const struct command *c)
{
	return c->opcode == IOASID_RISCV_CMD_IOTINVAL_VMA ||
	       c->opcode == IOASID_RISCV_CMD_IOTINVAL_GVMA;
}

static const struct command *find_command(const struct ioasid_riscv_regs *regs, uint64_t opcode)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if ((uint64_t)commands[i].opcode == opcode)
			return is_ats(&commands[i]) && !riscv_can(regs, RISCV_CAP_ATS) ?
				       NULL : &commands[i];
	return NULL;
}

/* 9.2, 9.3: NL and S are reserved without their extensions. */
static bool has_reserved(const struct ioasid_riscv_regs *regs, const struct command *c,
			 const uint64_t *raw)
{
	uint64_t low = c->reserved[0], high = c->reserved[1];

	if (is_iotinval(c) && !riscv_can(regs, RISCV_CAP_NL))
		low |= ENTRY_BIT(NL);
	if (is_iotinval(c) && !riscv_can(regs, RISCV_CAP_S))
		high |= ENTRY_BIT(S);
	return raw[0] & low || raw[1] & high;
}

IOASID_EXPORT int ioasid_riscv_cmd_decode(const struct ioasid_riscv_regs *regs,
					  const uint64_t raw[2], struct ioasid_riscv_cmd *cmd,
					  enum ioasid_riscv_reason *why)
{
	const struct command *c = find_command(regs, entry_field(raw[0], 9, 0));
	struct ioasid_riscv_cmd new = { .process_id = IOASID_NO_PASID };
	enum ioasid_riscv_reason reason;
	int ret = riscv_check(regs, cmd->size, FIRST_CMD_SIZE, why);

	if (ret)
		return ret;
	if (!c)
		return riscv_answer(EINVAL, IOASID_RISCV_CMD_OPCODE, why);
	if (has_reserved(regs, c, raw))
		return riscv_answer(EINVAL, IOASID_RISCV_CMD_RESERVED, why);
	new.opcode = c->opcode;
	reason = c->decode(regs, raw, &new);
	if (reason == IOASID_RISCV_OK)
		entry_put(cmd, &new, sizeof(new));
	return riscv_answer(EINVAL, reason, why);
}
