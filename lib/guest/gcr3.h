/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guest CR3 tables of AMD's IOMMU, of one to three levels (48882, 2.2.6). */
#ifndef GUEST_GCR3_H
#define GUEST_GCR3_H

#include "guest/entry.h"

#define GCR3_INDEX_BITS 9u

/* The address of a PASID's entry in a table; the lowest level is 1. */
static inline uint64_t gcr3_at(uint64_t table, uint32_t pasid, unsigned level)
{
	uint32_t index = pasid >> GCR3_INDEX_BITS * (level - 1);

	return table + 8 * (uint64_t)(index & ((1u << GCR3_INDEX_BITS) - 1));
}

enum gcr3_state {
	GCR3_VALID,
	GCR3_ABSENT,
	GCR3_RESERVED,
};

/* An entry is V, bit 0, and else an address: of the next table, or the value of CR3. */
static inline enum gcr3_state gcr3_decode(uint64_t raw, uint64_t *address)
{
	if (!entry_bit(raw, 0))
		return GCR3_ABSENT;
	if (raw & (ENTRY_BITS(63, 52) | ENTRY_BITS(11, 1)))
		return GCR3_RESERVED;
	*address = raw & ENTRY_BITS(51, 12);
	return GCR3_VALID;
}

#endif
