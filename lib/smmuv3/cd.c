/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Context descriptors (5.4). */
#include "export.h"
#include "smmuv3/bits.h"

#define FIRST_CD_SIZE ENTRY_FIRST_SIZE(ioasid_smmuv3_cd, mair)

struct decoder {
	const struct ioasid_smmuv3_regs *regs;
	const struct ioasid_smmuv3_ste *ste;
	const uint64_t *raw;
	struct ioasid_smmuv3_cd *cd;
	bool used[2]; /* table[i] is not disabled (EPDi) */
};

/* EPD0, EPD1: bits 14, 30. EL2 has one table, which cannot be disabled. */
static void find_tables(struct decoder *d)
{
	bool el2 = d->ste->world == IOASID_SMMUV3_EL2;

	d->used[0] = el2 || !entry_bit(d->raw[0], 14);
	d->used[1] = !el2 && !entry_bit(d->raw[0], 30);
}

/* A, R, S: bits 46, 45, 44 (5.5). */
static enum ioasid_smmuv3_reason decode_faults(struct decoder *d)
{
	struct ioasid_smmuv3_cd *cd = d->cd;
	unsigned model = smmu_stall_model(d->regs);

	cd->stall = entry_bit(d->raw[0], 44);
	cd->record = entry_bit(d->raw[0], 45);
	cd->abort = entry_bit(d->raw[0], 46);
	if ((cd->stall && d->ste->no_stall) || (model == 1 && cd->stall) ||
	    (model == 2 && !cd->stall))
		return IOASID_SMMUV3_CD_STALL;
	if (!cd->abort && smmu_can(d->regs, 0, SMMU_IDR0_TERM_MODEL))
		return IOASID_SMMUV3_CD_TERMINATE;
	return IOASID_SMMUV3_OK;
}

/* ENDI and AA64: bits 15, 41. A stage 2 of VMSAv8-32 has no stage 1 of VMSAv8-64. */
static enum ioasid_smmuv3_reason check_format(const struct decoder *d)
{
	unsigned endian = (unsigned)entry_field(d->regs->idr[0], 22, 21); /* TTENDIAN */
	bool big = entry_bit(d->raw[0], 15), aa64 = entry_bit(d->raw[0], 41);

	if ((d->used[0] || d->used[1]) && ((endian == 2 && big) || (endian == 3 && !big)))
		return IOASID_SMMUV3_CD_TABLE_FORMAT;
	if (!smmu_can(d->regs, 0, SMMU_IDR0_TTF + aa64))
		return IOASID_SMMUV3_CD_TABLE_FORMAT;
	if (aa64 ? d->ste->stage2.format == IOASID_SMMUV3_VMSA32_LPAE :
		   d->ste->world == IOASID_SMMUV3_EL2_E2H)
		return IOASID_SMMUV3_CD_TABLE_FORMAT;
	return IOASID_SMMUV3_OK;
}

/* HD, HA, HAFT: bits 42, 43, 67; ignored in VMSAv8-32. */
static enum ioasid_smmuv3_reason check_update(const struct decoder *d)
{
	bool hd = entry_bit(d->raw[0], 42), ha = entry_bit(d->raw[0], 43);
	unsigned httu = smmu_httu(d->regs);

	if (!entry_bit(d->raw[0], 41))
		return IOASID_SMMUV3_OK;
	if (((ha || hd) && httu == 0) || (hd && httu == 1) ||
	    (httu == 3 && entry_bit(d->raw[1], 3) && !ha))
		return IOASID_SMMUV3_CD_UPDATE;
	return IOASID_SMMUV3_OK;
}

/* ASID, bits 63:48, and ASET, bit 47. EL2 has none. */
static enum ioasid_smmuv3_reason decode_asid(struct decoder *d)
{
	uint16_t asid = (uint16_t)entry_field(d->raw[0], 63, 48);

	d->cd->private_asid = entry_bit(d->raw[0], 47);
	if (d->ste->world == IOASID_SMMUV3_EL2)
		return IOASID_SMMUV3_OK;
	if (asid > 0xff && !smmu_can(d->regs, 0, SMMU_IDR0_ASID16))
		return IOASID_SMMUV3_CD_ASID;
	d->cd->asid = asid;
	return IOASID_SMMUV3_OK;
}

/* What both tables have in common, and what has a bit for each. */
static uint32_t table_flags(const struct decoder *d, unsigned i)
{
	bool ha = entry_bit(d->raw[0], 43), hd = entry_bit(d->raw[0], 42);
	uint32_t flags = 0;

	if (entry_bit(d->raw[0], 15)) /* ENDI */
		flags |= IOASID_SMMUV3_TABLE_BIG_ENDIAN;
	/* HAD0, HAD1: bits 65, 129 */
	if (smmu_can(d->regs, 3, SMMU_IDR3_HAD) && entry_bit(d->raw[1 + i], 1))
		flags |= IOASID_SMMUV3_TABLE_HAD;
	if (!entry_bit(d->raw[0], 41))
		return flags | (entry_bit(d->raw[0], 35) ? IOASID_SMMUV3_TABLE_AFFD : 0);

	if (entry_bit(d->raw[0], 38 + i)) /* TBI0, TBI1 */
		flags |= IOASID_SMMUV3_TABLE_TBI;
	/* E0PD0, E0PD1: bits 66, 130 */
	if (smmu_can(d->regs, 3, SMMU_IDR3_E0PD) && d->ste->world != IOASID_SMMUV3_EL2 &&
	    entry_bit(d->raw[1 + i], 2))
		flags |= IOASID_SMMUV3_TABLE_E0PD;
	if (ha)
		flags |= IOASID_SMMUV3_TABLE_HA | (hd ? IOASID_SMMUV3_TABLE_HD : 0);
	else if (entry_bit(d->raw[0], 35)) /* AFFD */
		flags |= IOASID_SMMUV3_TABLE_AFFD;
	if (smmu_can(d->regs, 5, SMMU_IDR5_DS) && entry_bit(d->raw[2], 58)) /* DS, bit 186 */
		flags |= IOASID_SMMUV3_TABLE_DS;
	return flags;
}

/* TG1 encodes the same granules in another way: 1, 2, 3 for 16K, 4K, 64K. */
static unsigned granule(const struct decoder *d, unsigned i)
{
	static const uint8_t tg0_of_tg1[] = { 3, 2, 0, 1 };
	uint64_t tg = i ? tg0_of_tg1[entry_field(d->raw[0], 23, 22)] : entry_field(d->raw[0], 7, 6);

	return smmu_granule(d->regs, tg);
}

static enum ioasid_smmuv3_reason decode_size_64(const struct decoder *d, unsigned i,
						struct ioasid_smmuv3_table *table)
{
	unsigned vax = (unsigned)entry_field(d->regs->idr[5], 11, 10); /* 6.3.6 */
	unsigned stride;

	table->format = IOASID_SMMUV3_VMSA64;
	table->output_bits = smmu_address_bits(entry_field(d->raw[0], 34, 32)); /* IPS */
	if (table->output_bits > smmu_oas(d->regs))
		table->output_bits = smmu_oas(d->regs);
	table->granule_bits = granule(d, i);
	if (!table->granule_bits)
		return IOASID_SMMUV3_CD_GRANULE;
	smmu_set_wide(d->regs, table);
	table->input_bits = 64 - (unsigned)entry_field(d->raw[0], 5 + 16 * i, 16 * i); /* TxSZ */
	if (!smmu_size_ok(d->regs, table, vax ? 52 : 48))
		return IOASID_SMMUV3_CD_SIZE;
	stride = table->granule_bits - 3;
	table->levels = (table->input_bits - table->granule_bits + stride - 1) / stride;
	return IOASID_SMMUV3_OK;
}

/*
 * VMSAv8-32 LPAE (DDI 0487, TTBCR): 4K tables of 40-bit addresses. What is not of the lower 2^(32 -
 * T0SZ) bytes is of the upper table, which without T1SZ has all the rest.
 */
static void decode_size_32(const struct decoder *d, unsigned i, struct ioasid_smmuv3_table *table)
{
	unsigned txsz = (unsigned)entry_field(d->raw[0], 2 + 16 * i, 16 * i);

	table->format = IOASID_SMMUV3_VMSA32_LPAE;
	table->output_bits = 40;
	table->granule_bits = 12;
	table->input_bits = 32 - txsz;
	table->levels = table->input_bits > 30 ? 3 : 2;
}

static enum ioasid_smmuv3_reason decode_table(struct decoder *d, unsigned i)
{
	struct ioasid_smmuv3_table *table = &d->cd->table[i];
	uint64_t root = d->raw[1 + i] & ENTRY_BITS(51, 4); /* TTB0, TTB1: bits 115:68, 179:132 */
	enum ioasid_smmuv3_reason reason = IOASID_SMMUV3_OK;

	if (!d->used[i])
		return IOASID_SMMUV3_OK;
	table->flags = table_flags(d, i);
	if (entry_bit(d->raw[0], 41)) /* AA64 */
		reason = decode_size_64(d, i, table);
	else
		decode_size_32(d, i, table);
	if (reason != IOASID_SMMUV3_OK)
		return reason;
	if (!smmu_root_ok(table, root))
		return IOASID_SMMUV3_CD_ROOT;
	table->root = smmu_align_root(table, root);
	return IOASID_SMMUV3_OK;
}

/* 5.4.2 */
static enum ioasid_smmuv3_reason decode(struct decoder *d)
{
	enum ioasid_smmuv3_reason reason = decode_faults(d);

	find_tables(d);
	if (reason == IOASID_SMMUV3_OK)
		reason = check_format(d);
	if (reason == IOASID_SMMUV3_OK)
		reason = check_update(d);
	if (reason == IOASID_SMMUV3_OK)
		reason = decode_asid(d);
	for (unsigned i = 0; reason == IOASID_SMMUV3_OK && i < 2; i++)
		reason = decode_table(d, i);
	/* WXN, UWXN, PAN: bits 36, 37, 40; the memory attributes are bits 255:192 */
	d->cd->write_no_execute = entry_bit(d->raw[0], 36);
	d->cd->unprivileged_write_no_execute = entry_bit(d->raw[0], 37);
	d->cd->privileged_no_access = entry_bit(d->raw[0], 40);
	d->cd->mair = d->raw[3];
	return reason;
}

IOASID_EXPORT int ioasid_smmuv3_cd_decode(const struct ioasid_smmuv3_regs *regs,
					  const struct ioasid_smmuv3_ste *ste,
					  const uint64_t raw[8], struct ioasid_smmuv3_cd *cd,
					  enum ioasid_smmuv3_reason *why)
{
	struct ioasid_smmuv3_cd new = { 0 };
	struct decoder d = { .regs = regs, .ste = ste, .raw = raw, .cd = &new };
	enum ioasid_smmuv3_reason reason;
	int ret = smmu_check(regs, cd->size, FIRST_CD_SIZE, why);

	if (!ret)
		ret = smmu_check_size(ste->size, FIRST_STE_SIZE);
	if (ret)
		return ret;
	if (!entry_bit(raw[0], 31)) /* V */
		return smmu_answer(ENOENT, IOASID_SMMUV3_CD_ABSENT, why);
	reason = decode(&d);
	if (reason == IOASID_SMMUV3_OK)
		entry_put(cd, &new, sizeof(new));
	return smmu_answer(EINVAL, reason, why);
}
