/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMMUv3 units for tests, and entries by the bit numbers of the specification (IHI 0070, H.a). */
#ifndef TESTS_SMMUV3_UNIT_H
#define TESTS_SMMUV3_UNIT_H

#include <ioasid/smmuv3.h>

#define BIT(n) (UINT64_C(1) << (n))

/* SMMU_IDR0 (6.3.1) */
#define S2P	       (1u << 0)
#define S1P	       (1u << 1)
#define TTF_32	       (1u << 2)
#define TTF_64	       (1u << 3)
#define HTTU(n)	       ((n) << 6)
#define HYP	       (1u << 9)
#define ATS	       (1u << 10)
#define NS1ATS	       (1u << 11)
#define ASID16	       (1u << 12)
#define MSI	       (1u << 13)
#define PRI	       (1u << 16)
#define VMW	       (1u << 17)
#define VMID16	       (1u << 18)
#define CD2L	       (1u << 19)
#define TTENDIAN(n)    ((n) << 21)
#define STALL_MODEL(n) ((n) << 24)
#define TERM_MODEL     (1u << 26)
#define ST_LEVEL       (1u << 27)

/* SMMU_IDR1 (6.3.2) */
#define SIDSIZE(n)	((n) << 0)
#define SSIDSIZE(n)	((n) << 6)
#define ATTR_PERMS_OVR	(1u << 26)

/* SMMU_IDR3 (6.3.4) */
#define HAD  (1u << 2)
#define MPAM (1u << 7)
#define FWB  (1u << 8)
#define STT  (1u << 9)
#define RIL  (1u << 10)
#define E0PD (1u << 13)

/* SMMU_IDR5 (6.3.6) */
#define OAS(n)	((n) << 0)
#define GRAN4K	(1u << 4)
#define GRAN16K (1u << 5)
#define GRAN64K (1u << 6)
#define DS	(1u << 7)
#define VAX(n)	((n) << 10)

/* SMMU_CR0, SMMU_CR2, SMMU_GBPA (6.3.9, 6.3.12, 6.3.14) */
#define SMMUEN	  (1u << 0)
#define ATSCHK	  (1u << 4)
#define CR0_VMW(n) ((n) << 6)
#define E2H	  (1u << 0)
#define RECINVSID (1u << 1)
#define ABORT	  (1u << 20)

/* A unit with much of it, enabled: both stages, 48 bits, 16-bit StreamIDs, 20-bit SubstreamIDs. */
static inline struct ioasid_smmuv3_regs unit(void)
{
	const uint32_t idr[6] = {
		S1P | S2P | TTF_64 | HTTU(2) | HYP | ATS | ASID16 | MSI | PRI | VMW | VMID16 |
			CD2L | TTENDIAN(2) | ST_LEVEL,
		SIDSIZE(16) | SSIDSIZE(20) | ATTR_PERMS_OVR,
		0,
		HAD | RIL | E0PD,
		0,
		OAS(5) | GRAN4K | GRAN16K | GRAN64K,
	};
	struct ioasid_smmuv3_regs regs;

	ioasid_smmuv3_regs_init(&regs, idr);
	regs.cr0 = SMMUEN | ATSCHK;
	regs.cr2 = RECINVSID;
	return regs;
}

/* Bits high:low of an entry, which lie in one of its doublewords. */
static inline uint64_t get_bits(const uint64_t *raw, unsigned high, unsigned low)
{
	return (raw[low / 64] >> low % 64) & (~UINT64_C(0) >> (63 - (high - low)));
}

static inline void put_bits(uint64_t *raw, unsigned high, unsigned low, uint64_t value)
{
	uint64_t mask = ~UINT64_C(0) >> (63 - (high - low));

	raw[low / 64] &= ~(mask << low % 64);
	raw[low / 64] |= (value & mask) << low % 64;
}

#endif /* TESTS_SMMUV3_UNIT_H */
