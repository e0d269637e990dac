/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A slow and obvious walker of the page tables of AMD's IOMMU: the referee of random tests. It
 * shares nothing with the library. Host tables: AMD I/O Virtualization Technology Specification
 * (48882), 2.2.3. Guest tables: 2.2.6 and the AMD64 Architecture Programmer's Manual, volume 2,
 * 5.3, 5.4.
 */
#ifndef TESTS_AMD_WALKER_H
#define TESTS_AMD_WALKER_H

#include <stdbool.h>
#include <stdint.h>

struct amdw_table {
	bool guest; /* guest, version 2; else host, version 1 */
	unsigned levels; /* Mode: 1 to 6; guest: 4, 5 */
	unsigned pa_bits;
	unsigned va_bits; /* host: 12 + 9 * levels at most */
	bool supervisor; /* guest */
	bool write_protect;
	unsigned had; /* host: HAD of the device table entry (2.2.2.1); 1: accessed, 3: and dirty */
};

enum amdw_entry {
	AMDW_ABSENT,
	AMDW_TABLE,
	AMDW_PAGE,
	AMDW_RESERVED,
};

struct amdw_judgement {
	enum amdw_entry kind;
	uint64_t address; /* of the table, or of the part of the page that the entry is for */
	unsigned next; /* of a table: its level */
	bool read, write;
};

/* Entry number @index of a table at @level, 1 being the lowest. */
struct amdw_judgement amdw_judge(const struct amdw_table *t, unsigned level, unsigned index,
				 uint64_t entry);

/* What an entry has become when it was used, a page's or not, for a write or a read. */
uint64_t amdw_used(const struct amdw_table *t, bool page, bool write, uint64_t entry);

bool amdw_is_input(const struct amdw_table *t, uint64_t va);

#endif
