/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RISC-V IOMMUs for tests, and entries by the bit numbers of the specification (1.0, 20260222). */
#ifndef TESTS_RISCV_UNIT_H
#define TESTS_RISCV_UNIT_H

#include <ioasid/riscv.h>

#define BIT(n) (UINT64_C(1) << (n))

/* capabilities (6.3) */
#define SV32	 BIT(8)
#define SV39	 BIT(9)
#define SV48	 BIT(10)
#define SV57	 BIT(11)
#define SVRSW	 BIT(14)
#define SVPBMT	 BIT(15)
#define SV32X4	 BIT(16)
#define SV39X4	 BIT(17)
#define SV48X4	 BIT(18)
#define SV57X4	 BIT(19)
#define MSI_FLAT BIT(22)
#define AMO_HWAD BIT(24)
#define ATS	 BIT(25)
#define T2GPA	 BIT(26)
#define END	 BIT(27)
#define PAS(n)	 ((uint64_t)(n) << 32)
#define PD8	 BIT(38)
#define PD17	 BIT(39)
#define PD20	 BIT(40)
#define CAP_NL	 BIT(42)
#define CAP_S	 BIT(43)

/* fctl (6.4) */
#define FCTL_BE	 0x1u
#define FCTL_WSI 0x2u
#define FCTL_GXL 0x4u

/* Bits of DC.tc (3.1.3.1) */
#define TC_V	  BIT(0)
#define TC_EN_ATS BIT(1)
#define TC_EN_PRI BIT(2)
#define TC_T2GPA  BIT(3)
#define TC_DTF	  BIT(4)
#define TC_PDTV	  BIT(5)
#define TC_PRPR	  BIT(6)
#define TC_GADE	  BIT(7)
#define TC_SADE	  BIT(8)
#define TC_DPE	  BIT(9)
#define TC_SBE	  BIT(10)
#define TC_SXL	  BIT(11)

/* ddtp (6.5): a directory of so many levels, or 0: Off, and Bare. */
#define DDTP(levels, at) ((uint64_t)((levels) + 1) | (uint64_t)(at) >> 12 << 10)
#define DDTP_BARE	 1

/* iosatp, iohgatp, pdtp, msiptp and fsc (3.1.3): MODE and PPN. */
#define POINTER(mode, at) ((uint64_t)(mode) << 60 | (uint64_t)(at) >> 12)
#define GSCID(n)	  ((uint64_t)(n) << 44)
#define PSCID(n)	  ((uint64_t)(n) << 12)

/* An entry that leads to a table (3.1.1, 3.2.1). */
#define NEXT(at) ((uint64_t)(at) >> 12 << 10 | 1)

/* A unit with all but the extended format and other byte orders, with 3 levels at 1M. */
static inline struct ioasid_riscv_regs unit(void)
{
	struct ioasid_riscv_regs regs;

	ioasid_riscv_regs_init(&regs, 0x10 | SV32 | SV39 | SV48 | SV57 | SV32X4 | SV39X4 | SV48X4 |
					      SV57X4 | AMO_HWAD | ATS | T2GPA | PAS(56) | PD8 |
					      PD17 | PD20 | CAP_NL | CAP_S);
	regs.ddtp = DDTP(3, 0x100000);
	return regs;
}

#endif /* TESTS_RISCV_UNIT_H */
