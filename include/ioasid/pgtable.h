/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file pgtable.h
 * Page tables that a user (a guest) manages: their formats and how they are described.
 */
#ifndef IOASID_PGTABLE_H
#define IOASID_PGTABLE_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Page-table formats. */
enum ioasid_pgtable_format {
	/** Intel VT-d second-stage tables (VT-d specification, 3.7 and 9.8), 3, 4 or 5 levels. */
	IOASID_PGTABLE_VTD_SS = 1,
	/** Intel VT-d first-stage tables, the format of x86-64 (3.6 and 9.7), 4 or 5 levels. */
	IOASID_PGTABLE_VTD_FS = 2,
};

/**
 * Leaves of 2 MiB are not allowed: their entries are malformed. Of second-stage tables; first-stage
 * ones always have them (9.7).
 */
#define IOASID_PGTABLE_NO_2M 0x1u
/** Leaves of 1 GiB are not allowed: their entries are malformed. */
#define IOASID_PGTABLE_NO_1G 0x2u

/** A user-managed page table. */
struct ioasid_pgtable {
	/** sizeof(struct ioasid_pgtable) */
	size_t size;
	enum ioasid_pgtable_format format;
	/** Number of levels. */
	uint32_t levels;
	/** Address of the root table: an IOVA of the parent, a multiple of 4096. */
	uint64_t root;
	/**
	 * Width in bits of the addresses that entries hold, 32 to 52 (the host address width of
	 * VT-d, 3.3.1); bits above are reserved. 0: 52.
	 */
	uint32_t address_bits;
	/** IOASID_PGTABLE_* */
	uint32_t flags;
};

#define IOASID_PGTABLE_INIT { .size = sizeof(struct ioasid_pgtable) }

#ifdef __cplusplus
}
#endif

#endif
