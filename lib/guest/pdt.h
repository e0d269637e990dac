/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Process directories of RISC-V's IOMMU, of one to three levels, and what their entries have in
 * common with those of device directories (RISC-V IOMMU architecture, 1.0, 3.1 and 3.2).
 */
#ifndef GUEST_PDT_H
#define GUEST_PDT_H

#include "guest/entry.h"

/*
 * capabilities (6.3): bits 59 and 60 of page tables' entries are software's (9.4); leaves have
 * memory types.
 */
#define PDT_CAP_SVRSW60T59B 14
#define PDT_CAP_SVPBMT	    15

/* A page number of 44 bits in an entry, as an address. */
static inline uint64_t pdt_address(uint64_t raw, unsigned low)
{
	return entry_field(raw, low + 43, low) << 12;
}

/* Bits of a process_id that a directory of so many levels has: PD8, PD17, PD20 (3.1.3.4). */
static inline unsigned pdt_bits(unsigned levels)
{
	static const uint8_t bits[] = { 0, 8, 17, 20 };

	return bits[levels];
}

/* The address of a process's entry in a table; those of the lowest level, 1, are contexts. */
static inline uint64_t pdt_at(uint64_t table, uint32_t process_id, unsigned level)
{
	uint32_t index = process_id & ((UINT32_C(1) << pdt_bits(level)) - 1);

	return table + (uint64_t)(index >> pdt_bits(level - 1)) * (level > 1 ? 8 : 16);
}

enum pdt_state {
	PDT_VALID,
	PDT_ABSENT,
	PDT_RESERVED,
	PDT_SCHEME, /* of a context: its mode is unknown, or not supported */
};

/* An entry that leads to a table (3.1.1, 3.2.1): V, and the page number in bits 53:10. */
static inline enum pdt_state pdt_decode(uint64_t raw, uint64_t *table)
{
	if (!entry_bit(raw, 0))
		return PDT_ABSENT;
	if (raw & (ENTRY_BITS(63, 54) | ENTRY_BITS(9, 1)))
		return PDT_RESERVED;
	*table = pdt_address(raw, 10);
	return PDT_VALID;
}

/*
 * The levels of a page table by its mode, bits 63:60 (3.1.3.2, 3.1.3.4): 0 is none, 8 is Sv32 or
 * else Sv39, 9 Sv48, 10 Sv57. Bit @least of the capabilities is Sv32, the others follow it (6.3).
 */
static inline bool pdt_scheme(uint64_t raw, bool sv32, uint64_t capabilities, unsigned least,
			      unsigned *levels)
{
	unsigned mode = (unsigned)entry_field(raw, 63, 60), most = sv32 ? 2 : 5;

	*levels = 0;
	if (!mode)
		return true;
	if (mode < 8)
		return false;
	*levels = mode - 8 + (sv32 ? 2 : 3);
	return *levels <= most && entry_bit(capabilities, least + *levels - 2);
}

/* What a first-stage context says (3.1.3.4): levels, 0 if there is no table, and its root. */
struct pdt_fsc {
	unsigned levels;
	uint64_t root;
};

#define PDT_FSC_RESERVED ENTRY_BITS(59, 44)
#define PDT_CAP_SV32	 8

static inline enum pdt_state pdt_decode_fsc(uint64_t raw, bool sv32, uint64_t capabilities,
					    struct pdt_fsc *fsc)
{
	if (raw & PDT_FSC_RESERVED)
		return PDT_RESERVED;
	if (!pdt_scheme(raw, sv32, capabilities, PDT_CAP_SV32, &fsc->levels))
		return PDT_SCHEME;
	fsc->root = fsc->levels ? pdt_address(raw, 0) : 0;
	return PDT_VALID;
}

/* A process context (3.2.3): translation attributes, of V, ENS, SUM and PSCID; first stage. */
static inline enum pdt_state pdt_decode_context(const uint64_t raw[2], bool sv32,
						uint64_t capabilities, struct pdt_fsc *fsc)
{
	if (!entry_bit(raw[0], 0))
		return PDT_ABSENT;
	if (raw[0] & (ENTRY_BITS(63, 32) | ENTRY_BITS(11, 3)))
		return PDT_RESERVED;
	return pdt_decode_fsc(raw[1], sv32, capabilities, fsc);
}

#endif
