/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AMD IOMMUs for tests, and entries by the bit numbers of the specification (48882, 3.05). */
#ifndef TESTS_AMD_UNIT_H
#define TESTS_AMD_UNIT_H

#include <ioasid/amd.h>

#define BIT(n) (UINT64_C(1) << (n))

/* Extended Feature Register (3.4) */
#define PPRSUP	  BIT(1)
#define GTSUP	  BIT(4)
#define IASUP	  BIT(6)
#define HATS(n)	  ((uint64_t)(n) << 10)
#define GATS(n)	  ((uint64_t)(n) << 12)
#define GLXSUP(n) ((uint64_t)(n) << 14)
#define PASMAX(n) ((uint64_t)(n) << 32)
#define GIOSUP	  BIT(48)
#define HDSUP	  BIT(52)

/* Extended Feature 2 Register (3.4) */
#define GCR3TRPSUP BIT(3)

/* Control Register (3.4) */
#define IOMMUEN	 BIT(0)
#define GTEN	 BIT(16)
#define GCR3TRP	 BIT(58)

/* A unit with much of it, enabled: 6 and 5 levels, 20-bit PASIDs, a device table of 64K at 1M. */
static inline struct ioasid_amd_regs unit(void)
{
	struct ioasid_amd_regs regs;

	ioasid_amd_regs_init(&regs,
			     PPRSUP | GTSUP | IASUP | HATS(2) | GATS(1) | GLXSUP(2) | PASMAX(19) |
				     GIOSUP | HDSUP,
			     GCR3TRPSUP);
	regs.control = IOMMUEN | GTEN;
	regs.device_table = 0x100000 | 15;
	regs.flags = IOASID_AMD_IOTLB;
	return regs;
}

/* Bits high:low of an entry, which lie in one of its quadwords. */
static inline void put_bits(uint64_t *raw, unsigned high, unsigned low, uint64_t value)
{
	uint64_t mask = ~UINT64_C(0) >> (63 - (high - low));

	raw[low / 64] &= ~(mask << low % 64);
	raw[low / 64] |= (value & mask) << low % 64;
}

#endif /* TESTS_AMD_UNIT_H */
