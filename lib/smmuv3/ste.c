/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stream table entries (5.2). */
#include "export.h"
#include "smmuv3/bits.h"

struct decoder {
	const struct ioasid_smmuv3_regs *regs;
	const uint64_t *raw;
	struct ioasid_smmuv3_ste *ste;
};

static bool has_stage1(const struct decoder *d)
{
	return d->ste->kind == IOASID_SMMUV3_STAGE1 || d->ste->kind == IOASID_SMMUV3_NESTED;
}

static bool has_stage2(const struct decoder *d)
{
	return d->ste->kind == IOASID_SMMUV3_STAGE2 || d->ste->kind == IOASID_SMMUV3_NESTED;
}

/* Config, of a valid entry that does not block: bits 3:1 are 1xx. */
static enum ioasid_smmuv3_reason decode_stages(struct decoder *d)
{
	static const enum ioasid_smmuv3_kind kinds[] = {
		IOASID_SMMUV3_BYPASS,
		IOASID_SMMUV3_STAGE1,
		IOASID_SMMUV3_STAGE2,
		IOASID_SMMUV3_NESTED,
	};

	d->ste->kind = kinds[entry_field(d->raw[0], 2, 1)];
	if ((has_stage1(d) && !smmu_can(d->regs, 0, SMMU_IDR0_S1P)) ||
	    (has_stage2(d) && !smmu_can(d->regs, 0, SMMU_IDR0_S2P)))
		return IOASID_SMMUV3_STE_STAGE;
	return IOASID_SMMUV3_OK;
}

/* EATS, bits 93:92; ignored without ATS, and in bypass. Mode 3 is that of permission tables. */
static enum ioasid_smmuv3_reason decode_ats(struct decoder *d)
{
	unsigned eats = (unsigned)entry_field(d->raw[1], 29, 28);
	bool stall = entry_bit(d->raw[2], 57); /* S2S */

	if (!smmu_can(d->regs, 0, SMMU_IDR0_ATS) || d->ste->kind == IOASID_SMMUV3_BYPASS)
		return IOASID_SMMUV3_OK;
	if (eats == 1) {
		if (has_stage2(d) && stall)
			return IOASID_SMMUV3_STE_ATS;
		d->ste->ats = IOASID_SMMUV3_ATS_FULL;
	} else if (eats == 2) {
		if (d->ste->kind != IOASID_SMMUV3_NESTED || stall ||
		    smmu_can(d->regs, 0, SMMU_IDR0_NS1ATS))
			return IOASID_SMMUV3_STE_ATS;
		if (entry_bit(d->regs->cr0, SMMU_CR0_ATSCHK))
			d->ste->ats = IOASID_SMMUV3_ATS_SPLIT;
	}
	return IOASID_SMMUV3_OK;
}

/* STRW, bits 95:94; what only stage 1 alone chooses, on a unit with EL2. */
static enum ioasid_smmuv3_reason decode_world(struct decoder *d)
{
	unsigned strw = (unsigned)entry_field(d->raw[1], 31, 30);

	d->ste->world = IOASID_SMMUV3_EL1;
	if (d->ste->kind != IOASID_SMMUV3_STAGE1 || !smmu_can(d->regs, 0, SMMU_IDR0_HYP))
		return IOASID_SMMUV3_OK;
	if (strw & 1)
		return IOASID_SMMUV3_STE_WORLD;
	if (strw)
		d->ste->world = entry_bit(d->regs->cr2, SMMU_CR2_E2H) ? IOASID_SMMUV3_EL2_E2H :
									IOASID_SMMUV3_EL2;
	return IOASID_SMMUV3_OK;
}

/* S1Fmt, S1ContextPtr, S1CDMax: bits 5:4, 55:6, 63:59. What is reserved in a pointer is 0. */
static enum ioasid_smmuv3_reason decode_cd_table(struct decoder *d)
{
	struct ioasid_smmuv3_ste *ste = d->ste;
	unsigned format = (unsigned)entry_field(d->raw[0], 5, 4);
	unsigned width = has_stage2(d) ? smmu_ias(d->regs) : smmu_oas(d->regs);
	unsigned bits = (unsigned)entry_field(d->raw[0], 63, 59), size;

	if (!smmu_ssid_bits(d->regs))
		bits = 0;
	if (bits > smmu_ssid_bits(d->regs))
		return IOASID_SMMUV3_STE_SUBSTREAMS;
	if (!bits || format == 3)
		format = IOASID_SMMUV3_CD_LINEAR;
	if (format != IOASID_SMMUV3_CD_LINEAR && !smmu_can(d->regs, 0, SMMU_IDR0_CD2L))
		return IOASID_SMMUV3_STE_FORMAT;
	ste->cd_bits = bits;
	ste->cd_format = (enum ioasid_smmuv3_cd_format)format;
	ste->cd_pointer = d->raw[0] & ENTRY_BITS(55, 6);
	if (ste->cd_pointer >> width)
		return IOASID_SMMUV3_STE_POINTER;

	/* a table is aligned to its size, one of level 1 to 64 at least */
	size = 6 + bits;
	if (format == IOASID_SMMUV3_CD_4K)
		size = bits > 9 ? 3 + bits - 6 : 6;
	else if (format == IOASID_SMMUV3_CD_64K)
		size = bits > 13 ? 3 + bits - 10 : 6;
	ste->cd_pointer &= ~UINT64_C(0) << size;
	return IOASID_SMMUV3_OK;
}

static enum ioasid_smmuv3_reason decode_stage1(struct decoder *d)
{
	struct ioasid_smmuv3_ste *ste = d->ste;
	unsigned dss = (unsigned)entry_field(d->raw[1], 1, 0);
	enum ioasid_smmuv3_reason reason;

	if (!has_stage1(d))
		return IOASID_SMMUV3_OK;
	ste->no_stall = entry_bit(d->raw[1], 27); /* S1STALLD, bit 91 */
	if (ste->no_stall && smmu_stall_model(d->regs) != 0)
		return IOASID_SMMUV3_STE_STALL;
	reason = decode_cd_table(d);
	if (reason == IOASID_SMMUV3_OK && ste->cd_bits && dss != 3) /* 3 behaves as 0 */
		ste->default_substream = (enum ioasid_smmuv3_default_substream)dss;
	return reason;
}

/*
 * The level that S2SL0 starts at, or -2 if it may not (DDI 0487, AArch64.S2StartLevel() and
 * AArch64.S2InvalidSL()): some are there with small tables only, some with wide addresses.
 */
static int start_level(const struct decoder *d, unsigned granule, unsigned sl0, bool sl2)
{
	static const int level_4k[] = { 2, 1, 0, 3 }, level[] = { 3, 2, 1, 0 };
	unsigned oas = smmu_oas(d->regs);
	bool ds = d->ste->stage2.flags & IOASID_SMMUV3_TABLE_DS;

	if (granule == 12) {
		if (sl2 && ds) /* level -1 */
			return sl0 || oas < 52 ? -2 : -1;
		if ((sl0 == 2 && oas < 44) || (sl0 == 3 && !smmu_can(d->regs, 3, SMMU_IDR3_STT)))
			return -2;
		return level_4k[sl0];
	}
	if (granule == 14 && ((sl0 == 2 && oas < 42) || (sl0 == 3 && !ds)))
		return -2;
	if (granule == 16 && (sl0 == 3 || (sl0 == 2 && oas < 44)))
		return -2;
	return level[sl0];
}

/* Does an input address of that size start at that level? Up to 16 tables stand side by side. */
static bool levels_fit(const struct ioasid_smmuv3_table *table)
{
	unsigned stride = table->granule_bits - 3;
	unsigned least = (table->levels - 1) * stride + table->granule_bits + 1;

	return table->input_bits >= least && table->input_bits <= least + (stride - 1) + 4;
}

static enum ioasid_smmuv3_reason decode_size_64(struct decoder *d)
{
	struct ioasid_smmuv3_table *table = &d->ste->stage2;
	unsigned ias = smmu_ias(d->regs);
	int start;

	table->granule_bits = smmu_granule(d->regs, entry_field(d->raw[2], 47, 46)); /* S2TG */
	if (!table->granule_bits)
		return IOASID_SMMUV3_STE_GRANULE;
	smmu_set_wide(d->regs, table);
	table->output_bits = smmu_address_bits(entry_field(d->raw[2], 50, 48)); /* S2PS */
	if (table->output_bits > smmu_oas(d->regs))
		table->output_bits = smmu_oas(d->regs);
	table->input_bits = 64 - (unsigned)entry_field(d->raw[2], 37, 32); /* S2T0SZ */
	if (!smmu_size_ok(d->regs, table, ias))
		return IOASID_SMMUV3_STE_SIZE;
	start = start_level(d, table->granule_bits, (unsigned)entry_field(d->raw[2], 39, 38),
			    entry_bit(d->raw[3], 2)); /* S2SL0, S2SL0_2 */
	if (start < -1)
		return IOASID_SMMUV3_STE_SIZE;
	table->levels = (uint32_t)(4 - start);
	return levels_fit(table) ? IOASID_SMMUV3_OK : IOASID_SMMUV3_STE_SIZE;
}

/*
 * VMSAv8-32 LPAE (DDI 0487, VTCR): T0SZ is 4 bits with a sign, SL0 is 0 for level 2 and 1 for level
 * 1. From there on the rule for sizes is that of VMSAv8-64.
 */
static enum ioasid_smmuv3_reason decode_size_32(struct decoder *d)
{
	struct ioasid_smmuv3_table *table = &d->ste->stage2;
	int t0sz = (int)entry_field(d->raw[2], 35, 32);
	unsigned sl0 = (unsigned)entry_field(d->raw[2], 39, 38);

	table->granule_bits = 12;
	table->output_bits = 40;
	table->input_bits = (uint32_t)(32 - (t0sz < 8 ? t0sz : t0sz - 16));
	table->levels = 2 + sl0;
	return sl0 < 2 && levels_fit(table) ? IOASID_SMMUV3_OK : IOASID_SMMUV3_STE_SIZE;
}

/* S2HA, S2HD: bits 184, 183; S2HAFT, bit 187. The dirty state alone is as none. */
static enum ioasid_smmuv3_reason decode_update(struct decoder *d)
{
	bool ha = entry_bit(d->raw[2], 56), hd = entry_bit(d->raw[2], 55);
	bool vmsa32 = d->ste->stage2.format == IOASID_SMMUV3_VMSA32_LPAE;
	unsigned httu = smmu_httu(d->regs);

	if (((ha || hd) && (vmsa32 || httu == 0)) || (hd && httu == 1) ||
	    (httu == 3 && entry_bit(d->raw[2], 59) && !ha))
		return IOASID_SMMUV3_STE_UPDATE;
	if (ha)
		d->ste->stage2.flags |= IOASID_SMMUV3_TABLE_HA;
	else if (entry_bit(d->raw[2], 53)) /* S2AFFD, bit 181 */
		d->ste->stage2.flags |= IOASID_SMMUV3_TABLE_AFFD;
	if (ha && hd)
		d->ste->stage2.flags |= IOASID_SMMUV3_TABLE_HD;
	return IOASID_SMMUV3_OK;
}

/* S2AA64, S2ENDI, S2FWB, S2DS: bits 179, 180, 89, 195. */
static enum ioasid_smmuv3_reason decode_table_format(struct decoder *d)
{
	struct ioasid_smmuv3_table *table = &d->ste->stage2;
	bool aa64 = entry_bit(d->raw[2], 51), big = entry_bit(d->raw[2], 52);
	unsigned endian = (unsigned)entry_field(d->regs->idr[0], 22, 21); /* TTENDIAN */

	table->format = aa64 ? IOASID_SMMUV3_VMSA64 : IOASID_SMMUV3_VMSA32_LPAE;
	if (!smmu_can(d->regs, 0, SMMU_IDR0_TTF + aa64) || (endian == 2 && big) ||
	    (endian == 3 && !big))
		return IOASID_SMMUV3_STE_TABLE_FORMAT;
	if (!aa64 && smmu_can(d->regs, 3, SMMU_IDR3_FWB) && entry_bit(d->raw[1], 25))
		return IOASID_SMMUV3_STE_TABLE_FORMAT;
	if (big)
		table->flags |= IOASID_SMMUV3_TABLE_BIG_ENDIAN;
	if (aa64 && smmu_can(d->regs, 5, SMMU_IDR5_DS) && entry_bit(d->raw[3], 3))
		table->flags |= IOASID_SMMUV3_TABLE_DS;
	return IOASID_SMMUV3_OK;
}

static enum ioasid_smmuv3_reason decode_table(struct decoder *d)
{
	struct ioasid_smmuv3_table *table = &d->ste->stage2;
	uint64_t root = d->raw[3] & ENTRY_BITS(51, 4); /* S2TTB, bits 243:196 */
	enum ioasid_smmuv3_reason reason = decode_table_format(d);

	if (reason == IOASID_SMMUV3_OK)
		reason = decode_update(d);
	if (reason == IOASID_SMMUV3_OK)
		reason = table->format == IOASID_SMMUV3_VMSA64 ? decode_size_64(d) :
								 decode_size_32(d);
	if (reason != IOASID_SMMUV3_OK)
		return reason;
	if (!smmu_root_ok(table, root))
		return IOASID_SMMUV3_STE_ROOT;
	table->root = smmu_align_root(table, root);
	return IOASID_SMMUV3_OK;
}

static enum ioasid_smmuv3_reason decode_stage2(struct decoder *d)
{
	struct ioasid_smmuv3_ste *ste = d->ste;
	unsigned model = smmu_stall_model(d->regs);

	if (!has_stage2(d))
		return IOASID_SMMUV3_OK;
	ste->stage2_stall = entry_bit(d->raw[2], 57); /* S2S, bit 185 */
	ste->stage2_record = entry_bit(d->raw[2], 58); /* S2R, bit 186 */
	ste->stage2_protect = ste->kind == IOASID_SMMUV3_NESTED && entry_bit(d->raw[2], 54);
	if ((model == 1 && ste->stage2_stall) || (model == 2 && !ste->stage2_stall))
		return IOASID_SMMUV3_STE_STALL;
	return decode_table(d);
}

/* S2VMID, bits 143:128: of all that is translated in EL1, if the unit has stage 2. */
static enum ioasid_smmuv3_reason decode_vmid(struct decoder *d)
{
	uint16_t vmid = (uint16_t)entry_field(d->raw[2], 15, 0);

	if (d->ste->kind == IOASID_SMMUV3_BYPASS || d->ste->world != IOASID_SMMUV3_EL1 ||
	    !smmu_can(d->regs, 0, SMMU_IDR0_S2P))
		return IOASID_SMMUV3_OK;
	if (vmid > 0xff && !smmu_can(d->regs, 0, SMMU_IDR0_VMID16))
		return IOASID_SMMUV3_STE_VMID;
	d->ste->vmid = vmid;
	return IOASID_SMMUV3_OK;
}

/* MEV, PPAR, PRIVCFG: bits 83, 82, 113:112. */
static enum ioasid_smmuv3_reason decode_attributes(struct decoder *d)
{
	unsigned privcfg = (unsigned)entry_field(d->raw[1], 49, 48);

	d->ste->merge_events = entry_bit(d->raw[1], 19);
	d->ste->response_pasid = entry_bit(d->raw[1], 18);
	if (smmu_can(d->regs, 1, SMMU_IDR1_ATTR_PERMS_OVR)) {
		d->ste->privileged = privcfg == 3;
		d->ste->unprivileged = privcfg == 2;
	}
	return IOASID_SMMUV3_OK;
}

/* 5.2.2 */
static enum ioasid_smmuv3_reason decode(struct decoder *d)
{
	static enum ioasid_smmuv3_reason (*const parts[])(struct decoder *d) = {
		decode_stages, decode_ats,    decode_world, decode_stage1,
		decode_stage2, decode_vmid, decode_attributes,
	};
	enum ioasid_smmuv3_reason reason = IOASID_SMMUV3_OK;

	if (!entry_bit(d->raw[0], 3)) { /* Config = 0xxb */
		d->ste->kind = IOASID_SMMUV3_BLOCKED;
		return IOASID_SMMUV3_OK;
	}
	for (size_t i = 0; reason == IOASID_SMMUV3_OK && i < sizeof(parts) / sizeof(parts[0]); i++)
		reason = parts[i](d);
	return reason;
}

IOASID_EXPORT int ioasid_smmuv3_ste_decode(const struct ioasid_smmuv3_regs *regs,
					   const uint64_t raw[8], struct ioasid_smmuv3_ste *ste,
					   enum ioasid_smmuv3_reason *why)
{
	struct ioasid_smmuv3_ste new = { 0 };
	struct decoder d = { regs, raw, &new };
	enum ioasid_smmuv3_reason reason;
	int ret = smmu_check(regs, ste->size, FIRST_STE_SIZE, why);

	if (ret)
		return ret;
	if (!entry_bit(raw[0], 0)) /* V */
		return smmu_answer(ENOENT, IOASID_SMMUV3_STE_ABSENT, why);
	reason = decode(&d);
	if (reason == IOASID_SMMUV3_OK)
		entry_put(ste, &new, sizeof(new));
	return smmu_answer(EINVAL, reason, why);
}
