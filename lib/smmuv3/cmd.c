/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands (chapter 4): what they say. */
#include "export.h"
#include "smmuv3/bits.h"

#define FIRST_CMD_SIZE ENTRY_FIRST_SIZE(ioasid_smmuv3_cmd, msi_address)

struct decoder {
	const struct ioasid_smmuv3_regs *regs;
	const uint64_t *raw;
	struct ioasid_smmuv3_cmd *cmd;
};

/* What the unit has to be able to do: else the opcode is none of its own (7.1). */
enum need {
	NEED_NOTHING,
	NEED_STAGE1,
	NEED_STAGE2,
	NEED_EL2,
	NEED_ATS,
	NEED_PRI,
	NEED_MPAM,
	NEED_STALL,
};

/* One opcode. */
struct opcode {
	enum ioasid_smmuv3_reason (*decode)(struct decoder *d);
	enum need need;
	bool stream; /* has a StreamID */
	bool ssec; /* has SSec */
};

static bool has(const struct ioasid_smmuv3_regs *regs, enum need need)
{
	switch (need) {
	case NEED_NOTHING:
		break;
	case NEED_STAGE1:
		return smmu_can(regs, 0, SMMU_IDR0_S1P);
	case NEED_STAGE2:
		return smmu_can(regs, 0, SMMU_IDR0_S2P);
	case NEED_EL2:
		return smmu_can(regs, 0, SMMU_IDR0_HYP);
	case NEED_ATS:
		return smmu_can(regs, 0, SMMU_IDR0_ATS);
	case NEED_PRI:
		return smmu_can(regs, 0, SMMU_IDR0_PRI);
	case NEED_MPAM:
		return smmu_can(regs, 3, SMMU_IDR3_MPAM);
	case NEED_STALL:
		return smmu_stall_model(regs) != 1;
	}
	return true;
}

static bool is_el2(const struct decoder *d)
{
	return d->cmd->opcode >= IOASID_SMMUV3_CMD_TLBI_EL2_ALL &&
	       d->cmd->opcode <= IOASID_SMMUV3_CMD_TLBI_EL2_VAA;
}

/* Nothing but what all commands about a stream have. */
static enum ioasid_smmuv3_reason decode_plain(struct decoder *d)
{
	(void)d;
	return IOASID_SMMUV3_OK;
}

/* SSV and SubstreamID (4.1.6). */
static void set_substream(struct decoder *d)
{
	d->cmd->substream = IOASID_NO_PASID;
	if (entry_bit(d->raw[0], 11))
		d->cmd->substream = (uint32_t)entry_field(d->raw[0], 31, 12);
}

/* 4.2.1 */
static enum ioasid_smmuv3_reason decode_prefetch_config(struct decoder *d)
{
	set_substream(d);
	return IOASID_SMMUV3_OK;
}

/* 4.2.2: 2^Size translations, each for 2^(12 + Stride) bytes. */
static enum ioasid_smmuv3_reason decode_prefetch_addr(struct decoder *d)
{
	unsigned shift = 12 + (unsigned)entry_field(d->raw[1], 4, 0) +
			 (unsigned)entry_field(d->raw[1], 9, 5);

	set_substream(d);
	d->cmd->start = d->raw[1] & ENTRY_BITS(63, 12);
	d->cmd->length = -d->cmd->start; /* to the end: 0 is all */
	if (shift < 64 && (!d->cmd->length || ENTRY_BIT(shift) < d->cmd->length))
		d->cmd->length = ENTRY_BIT(shift);
	return IOASID_SMMUV3_OK;
}

/*
 * 4.3.1. Without Leaf, the level 1 descriptor is invalidated too, and with it what others found
 * there: that they have no entry.
 */
static enum ioasid_smmuv3_reason decode_cfgi_ste(struct decoder *d)
{
	d->cmd->leaf_only = entry_bit(d->raw[1], 0);
	if (!d->cmd->leaf_only && smmu_has_two_levels(d->regs))
		d->cmd->stream_ignore = (UINT32_C(1) << smmu_split(d->regs)) - 1;
	return IOASID_SMMUV3_OK;
}

/* 4.3.2, 4.3.6: an aligned range of 2^(Range + 1) StreamIDs */
static enum ioasid_smmuv3_reason decode_cfgi_ste_range(struct decoder *d)
{
	d->cmd->stream_ignore = UINT32_MAX >> (31 - entry_field(d->raw[1], 4, 0));
	return IOASID_SMMUV3_OK;
}

/* 4.3.3. There is no SSV: it is an index into the table of context descriptors. */
static enum ioasid_smmuv3_reason decode_cfgi_cd(struct decoder *d)
{
	d->cmd->substream = (uint32_t)entry_field(d->raw[0], 31, 12);
	d->cmd->leaf_only = entry_bit(d->raw[1], 0);
	d->cmd->all_substreams = !d->cmd->leaf_only;
	return IOASID_SMMUV3_OK;
}

/* 4.3.4 */
static enum ioasid_smmuv3_reason decode_cfgi_cd_all(struct decoder *d)
{
	d->cmd->all_substreams = true;
	return IOASID_SMMUV3_OK;
}

/* VMIDs match without their low bits if the guest says so (3.17.6, SMMU_CR0.VMW). */
static enum ioasid_smmuv3_reason decode_vmid(struct decoder *d)
{
	unsigned vmw = (unsigned)entry_field(d->regs->cr0, 8, 6);

	if (!smmu_can(d->regs, 0, SMMU_IDR0_S2P) || is_el2(d)) /* none is matched (4.4.2) */
		return IOASID_SMMUV3_OK;
	d->cmd->vmid = (uint16_t)entry_field(d->raw[0], 47, 32);
	if (smmu_can(d->regs, 0, SMMU_IDR0_VMW) && vmw <= 4)
		d->cmd->vmid_ignore = (uint16_t)((1u << vmw) - 1);
	return IOASID_SMMUV3_OK;
}

/* By ASID alone, global entries are not meant (3.17.1). */
static enum ioasid_smmuv3_reason decode_asid(struct decoder *d)
{
	d->cmd->asid = (uint16_t)entry_field(d->raw[0], 63, 48);
	return decode_vmid(d);
}

/*
 * 4.4.1.1: a range, rounded out to the granule that it is in. One that would run past the end of
 * the addresses ends there.
 */
static enum ioasid_smmuv3_reason set_range(struct decoder *d, unsigned tg)
{
	static const uint8_t granules[] = { 0, 12, 14, 16 };
	struct ioasid_smmuv3_cmd *cmd = d->cmd;
	bool ds = smmu_can(d->regs, 5, SMMU_IDR5_DS);
	unsigned scale = (unsigned)entry_field(d->raw[0], ds ? 25 : 24, 20);
	unsigned num = (unsigned)entry_field(d->raw[0], 16, 12);
	uint64_t last;

	cmd->granule_bits = granules[tg];
	cmd->level = (uint32_t)entry_field(d->raw[1], 9, 8); /* TTL */
	if (tg == 2 && cmd->level == 1 && !ds)
		cmd->level = 0;
	if (!num && !scale && !cmd->level)
		return IOASID_SMMUV3_CMD_RANGE;
	if (scale > 39)
		scale = 39;
	cmd->length = (uint64_t)(num + 1) << (scale + cmd->granule_bits);
	last = cmd->start + (cmd->length - 1);
	if (last < cmd->start)
		last = UINT64_MAX;
	cmd->start &= ~UINT64_C(0) << cmd->granule_bits;
	cmd->length = (last | (ENTRY_BIT(cmd->granule_bits) - 1)) - cmd->start + 1;
	return IOASID_SMMUV3_OK;
}

/*
 * Commands by address, of up to @top + 1 bits (4.1.6): about one entry, of any size, or a range if
 * there is a granule (TG, bits 75:74).
 */
static enum ioasid_smmuv3_reason decode_address(struct decoder *d, unsigned top)
{
	unsigned tg = (unsigned)entry_field(d->raw[1], 11, 10);

	decode_vmid(d);
	d->cmd->leaf_only = entry_bit(d->raw[1], 0);
	d->cmd->start = d->raw[1] & ENTRY_BITS(top, 12);
	d->cmd->length = 4096;
	if (!tg || !smmu_can(d->regs, 3, SMMU_IDR3_RIL))
		return IOASID_SMMUV3_OK;
	return set_range(d, tg);
}

static enum ioasid_smmuv3_reason decode_va(struct decoder *d)
{
	d->cmd->asid = (uint16_t)entry_field(d->raw[0], 63, 48);
	d->cmd->maybe_global = !(d->regs->flags & IOASID_SMMUV3_NO_GLOBAL);
	return decode_address(d, 63);
}

static enum ioasid_smmuv3_reason decode_vaa(struct decoder *d)
{
	return decode_address(d, 63);
}

static enum ioasid_smmuv3_reason decode_ipa(struct decoder *d)
{
	return decode_address(d, 55);
}

/* 4.5.1: 2^(12 + Size) bytes; 52 is all addresses */
static enum ioasid_smmuv3_reason decode_atc_inv(struct decoder *d)
{
	unsigned size = (unsigned)entry_field(d->raw[1], 5, 0);

	if (size > 52)
		return IOASID_SMMUV3_CMD_SIZE;
	set_substream(d);
	d->cmd->all_substreams = d->cmd->substream != IOASID_NO_PASID && entry_bit(d->raw[0], 9);
	if (size < 52) {
		d->cmd->length = ENTRY_BIT(12 + size);
		d->cmd->start = d->raw[1] & ENTRY_BITS(63, 12 + size);
	}
	return IOASID_SMMUV3_OK;
}

/* 4.5.2 */
static enum ioasid_smmuv3_reason decode_pri_resp(struct decoder *d)
{
	set_substream(d);
	d->cmd->group = (uint16_t)entry_field(d->raw[1], 8, 0);
	d->cmd->response = (uint32_t)entry_field(d->raw[1], 13, 12);
	return d->cmd->response == 3 ? IOASID_SMMUV3_CMD_RESPONSE : IOASID_SMMUV3_OK;
}

/* 4.7.1. A unit that can do nothing but abort does that. */
static enum ioasid_smmuv3_reason decode_resume(struct decoder *d)
{
	d->cmd->stall_tag = (uint16_t)entry_field(d->raw[1], 15, 0);
	d->cmd->retry = entry_bit(d->raw[0], 12);
	d->cmd->abort = !d->cmd->retry && (entry_bit(d->raw[0], 13) ||
					   smmu_can(d->regs, 0, SMMU_IDR0_TERM_MODEL));
	return IOASID_SMMUV3_OK;
}

/* 4.7.3 */
static enum ioasid_smmuv3_reason decode_sync(struct decoder *d)
{
	unsigned signal = (unsigned)entry_field(d->raw[0], 13, 12);

	if (signal == 3)
		return IOASID_SMMUV3_CMD_SIGNAL;
	d->cmd->signal = (enum ioasid_smmuv3_signal)signal;
	if (signal == IOASID_SMMUV3_SIGNAL_IRQ && smmu_can(d->regs, 0, SMMU_IDR0_MSI)) {
		d->cmd->msi_data = (uint32_t)entry_field(d->raw[0], 63, 32);
		d->cmd->msi_address = d->raw[1] & ENTRY_BITS(55, 2);
	}
	return IOASID_SMMUV3_OK;
}

/* 4.1.1. Those for Secure and Realm state and for EL3 are none of this interface. */
static const struct opcode opcodes[] = {
	[IOASID_SMMUV3_CMD_PREFETCH_CONFIG] = { decode_prefetch_config, NEED_NOTHING, true, true },
	[IOASID_SMMUV3_CMD_PREFETCH_ADDR] = { decode_prefetch_addr, NEED_NOTHING, true, true },
	[IOASID_SMMUV3_CMD_CFGI_STE] = { decode_cfgi_ste, NEED_NOTHING, true, true },
	[IOASID_SMMUV3_CMD_CFGI_STE_RANGE] = { decode_cfgi_ste_range, NEED_NOTHING, true, true },
	[IOASID_SMMUV3_CMD_CFGI_CD] = { decode_cfgi_cd, NEED_STAGE1, true, true },
	[IOASID_SMMUV3_CMD_CFGI_CD_ALL] = { decode_cfgi_cd_all, NEED_STAGE1, true, true },
	[IOASID_SMMUV3_CMD_CFGI_VMS_PIDM] = { decode_vmid, NEED_MPAM, false, true },
	[IOASID_SMMUV3_CMD_TLBI_NH_ALL] = { decode_vmid, NEED_STAGE1, false, false },
	[IOASID_SMMUV3_CMD_TLBI_NH_ASID] = { decode_asid, NEED_STAGE1, false, false },
	[IOASID_SMMUV3_CMD_TLBI_NH_VA] = { decode_va, NEED_STAGE1, false, false },
	[IOASID_SMMUV3_CMD_TLBI_NH_VAA] = { decode_vaa, NEED_STAGE1, false, false },
	[IOASID_SMMUV3_CMD_TLBI_EL2_ALL] = { decode_plain, NEED_EL2, false, false },
	[IOASID_SMMUV3_CMD_TLBI_EL2_ASID] = { decode_asid, NEED_EL2, false, false },
	[IOASID_SMMUV3_CMD_TLBI_EL2_VA] = { decode_va, NEED_EL2, false, false },
	[IOASID_SMMUV3_CMD_TLBI_EL2_VAA] = { decode_vaa, NEED_EL2, false, false },
	[IOASID_SMMUV3_CMD_TLBI_S12_VMALL] = { decode_vmid, NEED_STAGE2, false, false },
	[IOASID_SMMUV3_CMD_TLBI_S2_IPA] = { decode_ipa, NEED_STAGE2, false, false },
	[IOASID_SMMUV3_CMD_TLBI_NSNH_ALL] = { decode_plain, NEED_NOTHING, false, false },
	[IOASID_SMMUV3_CMD_ATC_INV] = { decode_atc_inv, NEED_ATS, true, false },
	[IOASID_SMMUV3_CMD_PRI_RESP] = { decode_pri_resp, NEED_PRI, true, false },
	[IOASID_SMMUV3_CMD_RESUME] = { decode_resume, NEED_STALL, true, true },
	[IOASID_SMMUV3_CMD_STALL_TERM] = { decode_plain, NEED_STALL, true, true },
	[IOASID_SMMUV3_CMD_SYNC] = { decode_sync, NEED_NOTHING, false, false },
};

static const struct opcode *find_opcode(uint64_t raw)
{
	uint64_t number = entry_field(raw, 7, 0);

	if (number < sizeof(opcodes) / sizeof(opcodes[0]) && opcodes[number].decode)
		return &opcodes[number];
	return NULL;
}

static enum ioasid_smmuv3_reason decode(struct decoder *d)
{
	const struct opcode *opcode = find_opcode(d->raw[0]);

	if (!opcode || !has(d->regs, opcode->need))
		return IOASID_SMMUV3_CMD_OPCODE;
	if (opcode->ssec && entry_bit(d->raw[0], 10)) /* never from the Non-secure queue (4.1.6) */
		return IOASID_SMMUV3_CMD_SECURE;
	d->cmd->opcode = (enum ioasid_smmuv3_opcode)(opcode - opcodes);
	if (opcode->stream)
		d->cmd->stream_id = (uint32_t)entry_field(d->raw[0], 63, 32);
	return opcode->decode(d);
}

IOASID_EXPORT int ioasid_smmuv3_cmd_decode(const struct ioasid_smmuv3_regs *regs,
					   const uint64_t raw[2], struct ioasid_smmuv3_cmd *cmd,
					   enum ioasid_smmuv3_reason *why)
{
	struct ioasid_smmuv3_cmd new = { 0 };
	struct decoder d = { regs, raw, &new };
	enum ioasid_smmuv3_reason reason;
	int ret = smmu_check(regs, cmd->size, FIRST_CMD_SIZE, why);

	if (ret)
		return ret;
	reason = decode(&d);
	if (reason == IOASID_SMMUV3_OK)
		entry_put(cmd, &new, sizeof(new));
	return smmu_answer(EINVAL, reason, why);
}
