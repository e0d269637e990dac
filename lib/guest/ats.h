/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ranges as PCIe ATS encodes them, which AMD's and Intel's commands do too. */
#ifndef GUEST_ATS_H
#define GUEST_ATS_H

#include "guest/entry.h"

/*
 * log2 of a range's length. With S set, the lowest clear bit from 12 up gives the size: if it is
 * bit 12, 8K, if it is bit 13, 16K, and so on up to bit 63, all addresses: 64. Ones everywhere have
 * no meaning there; they are read as all addresses too.
 */
static inline unsigned ats_shift(uint64_t address, bool s)
{
	unsigned shift = 12;

	if (!s)
		return shift;
	while (shift < 63 && entry_bit(address, shift))
		shift++;
	return shift + 1;
}

#endif
