/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bits of the SMMU's registers, and how its decoders answer. */
#ifndef SMMUV3_BITS_H
#define SMMUV3_BITS_H

#include <ioasid/smmuv3.h>

#include "guest/entry.h"

/* SMMU_IDR0 (6.3.1). */
enum {
	SMMU_IDR0_S2P = 0, /* stage 2 */
	SMMU_IDR0_S1P = 1, /* stage 1 */
	SMMU_IDR0_TTF = 2, /* two bits: VMSAv8-32 LPAE, VMSAv8-64 */
	SMMU_IDR0_HYP = 9, /* EL2 */
	SMMU_IDR0_ATS = 10,
	SMMU_IDR0_NS1ATS = 11, /* no split-stage ATS */
	SMMU_IDR0_ASID16 = 12,
	SMMU_IDR0_MSI = 13,
	SMMU_IDR0_PRI = 16,
	SMMU_IDR0_VMW = 17, /* VMID wildcards */
	SMMU_IDR0_VMID16 = 18,
	SMMU_IDR0_CD2L = 19, /* two-level tables of context descriptors */
	SMMU_IDR0_TERM_MODEL = 26, /* requests end with an abort only */
	SMMU_IDR0_ST_LEVEL = 27, /* two bits, of which one is defined: two-level stream tables */
};

/* SMMU_IDR1 (6.3.2). */
enum {
	SMMU_IDR1_ATTR_PERMS_OVR = 26, /* PRIVCFG and INSTCFG */
};

/* SMMU_IDR3 (6.3.4). */
enum {
	SMMU_IDR3_HAD = 2, /* permissions in table entries can be disabled */
	SMMU_IDR3_MPAM = 7,
	SMMU_IDR3_FWB = 8,
	SMMU_IDR3_STT = 9, /* small translation tables */
	SMMU_IDR3_RIL = 10, /* TLB invalidation by range and level */
	SMMU_IDR3_E0PD = 13,
};

/* SMMU_IDR5 (6.3.6). */
enum {
	SMMU_IDR5_DS = 7, /* 52-bit addresses with granules below 64K */
};

/* SMMU_CR0, SMMU_CR2, SMMU_GBPA (6.3.9, 6.3.12, 6.3.14). */
enum {
	SMMU_CR0_SMMUEN = 0,
	SMMU_CR0_ATSCHK = 4,
	SMMU_CR2_E2H = 0,
	SMMU_CR2_RECINVSID = 1, /* unknown StreamIDs are recorded */
	SMMU_GBPA_ABORT = 20,
};

static inline bool smmu_can(const struct ioasid_smmuv3_regs *regs, unsigned idr, unsigned bit)
{
	return entry_bit(regs->idr[idr], bit);
}

/* HTTU: 0 none, 1 the access flag, 2 and the dirty state, 3 and the access flag of tables. */
static inline unsigned smmu_httu(const struct ioasid_smmuv3_regs *regs)
{
	return (unsigned)entry_field(regs->idr[0], 7, 6);
}

/* STALL_MODEL: 0 stalls can be asked for, 1 there are none, 2 they are forced. */
static inline unsigned smmu_stall_model(const struct ioasid_smmuv3_regs *regs)
{
	return (unsigned)entry_field(regs->idr[0], 25, 24);
}

static inline unsigned smmu_sid_bits(const struct ioasid_smmuv3_regs *regs)
{
	return (unsigned)entry_field(regs->idr[1], 5, 0);
}

static inline unsigned smmu_ssid_bits(const struct ioasid_smmuv3_regs *regs)
{
	return (unsigned)entry_field(regs->idr[1], 10, 6);
}

/* SMMU_STRTAB_BASE_CFG.FMT (6.3.25). */
static inline bool smmu_has_two_levels(const struct ioasid_smmuv3_regs *regs)
{
	return smmu_can(regs, 0, SMMU_IDR0_ST_LEVEL) &&
	       entry_field(regs->strtab_base_cfg, 17, 16) == 1;
}

/* SPLIT: 6, 8 or 10 bits of a StreamID are for level 2; others count as 6 (6.3.25). */
static inline unsigned smmu_split(const struct ioasid_smmuv3_regs *regs)
{
	unsigned split = (unsigned)entry_field(regs->strtab_base_cfg, 10, 6);

	return split == 8 || split == 10 ? split : 6;
}

/* The encoding that OAS, IPS and S2PS share. There is no 56 without 128-bit descriptors. */
static inline unsigned smmu_address_bits(uint64_t encoded)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48, 52, 52 };

	return bits[encoded & 7];
}

static inline unsigned smmu_oas(const struct ioasid_smmuv3_regs *regs)
{
	return smmu_address_bits(entry_field(regs->idr[5], 2, 0));
}

/* IAS, the widest address between the stages (3.4). */
static inline unsigned smmu_ias(const struct ioasid_smmuv3_regs *regs)
{
	unsigned oas = smmu_can(regs, 0, SMMU_IDR0_TTF + 1) ? smmu_oas(regs) : 0;

	return smmu_can(regs, 0, SMMU_IDR0_TTF) && oas < 40 ? 40 : oas;
}

/* A decoder's answer: -err with the reason as its message, or 0 if there is nothing wrong. */
static inline int smmu_answer(int err, enum ioasid_smmuv3_reason reason,
			      enum ioasid_smmuv3_reason *why)
{
	if (why)
		*why = reason;
	return reason == IOASID_SMMUV3_OK ?
		       0 :
		       err_set(err, "SMMUv3: %s", ioasid_smmuv3_reason_text(reason));
}

#define FIRST_STE_SIZE ENTRY_FIRST_SIZE(ioasid_smmuv3_ste, stage2)

static inline int smmu_check_size(size_t size, size_t least)
{
	return entry_check_size("SMMUv3", size, least);
}

/*
 * What a caller gives a decoder: the unit, and a structure for the answer. A mistake there is no
 * reason for the guest's.
 */
int smmu_check(const struct ioasid_smmuv3_regs *regs, size_t size, size_t least,
	       enum ioasid_smmuv3_reason *why);

/* table.c: what stream table entries and context descriptors say about tables in the same way. */

/* log2 of a granule as S2TG and TG0 encode it, or 0: reserved, or not one of the unit's. */
unsigned smmu_granule(const struct ioasid_smmuv3_regs *regs, uint64_t tg0);

/* Of 64K granules DS is RES0: what they have room for is up to OAS (DDI 0487, D8.3.1, FEAT_LPA). */
void smmu_set_wide(const struct ioasid_smmuv3_regs *regs, struct ioasid_smmuv3_table *table);

/*
 * The range of TxSZ: @address_bits is the widest input that there is room for. Whether 52 bits are
 * possible depends on the granule and DS.
 */
bool smmu_size_ok(const struct ioasid_smmuv3_regs *regs, const struct ioasid_smmuv3_table *table,
		  unsigned address_bits);

/* A table's address lies within what comes out of it (5.4 TTB0, 5.2 S2TTB). */
bool smmu_root_ok(const struct ioasid_smmuv3_table *table, uint64_t root);

/* Aligns the address of the starting level to its size; levels and input_bits are known. */
uint64_t smmu_align_root(const struct ioasid_smmuv3_table *table, uint64_t root);

#endif
