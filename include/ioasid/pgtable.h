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
	/**
	 * AArch64 stage 1, as SMMUv3 has it too (Arm ARM, DDI 0487, D8.2 to D8.5), with pages of 4,
	 * 16 or 64 KiB. The root is the table that TTBR0 leads to.
	 */
	IOASID_PGTABLE_ARM_S1 = 3,
	/**
	 * AArch64 stage 2, likewise: the table of VTTBR. Instead of one more level, up to 16
	 * contiguous root tables are possible (D8.2).
	 */
	IOASID_PGTABLE_ARM_S2 = 4,
	/**
	 * Host tables of AMD's IOMMU, version 1 (AMD IOMMU specification, 48882, 2.2.3), 1 to 5
	 * levels: the Mode of the device table entry.
	 */
	IOASID_PGTABLE_AMD_V1 = 5,
	/** Guest tables of AMD's IOMMU, version 2, x86-64's (48882, 2.2.6), 4 or 5 levels. */
	IOASID_PGTABLE_AMD_V2 = 6,
	/** RISC-V's Sv39, Sv48, Sv57 (privileged architecture), 3, 4 or 5 levels. */
	IOASID_PGTABLE_RISCV = 7,
	/**
	 * RISC-V's second stage: Sv39x4, Sv48x4, Sv57x4 (privileged architecture, hypervisor
	 * extension), 3, 4 or 5 levels. The root is four contiguous tables.
	 */
	IOASID_PGTABLE_RISCV_S2 = 8,
};

/**
 * Leaves of 2 MiB are not allowed: their entries are malformed. Only for second-stage tables;
 * first-stage tables always have such leaves (9.7).
 */
#define IOASID_PGTABLE_NO_2M 0x1u
/** Leaves of 1 GiB are not allowed: their entries are malformed. */
#define IOASID_PGTABLE_NO_1G 0x2u
/**
 * Requests are privileged. VTD_FS, AMD_V2: supervisor requests, which need neither U/S nor, for
 * writing, R/W (3.6.1); ARM_S1: access needs no AP[1] (D8.4.1); RISCV: U must not be set. Without
 * this flag, requests have user privilege.
 */
#define IOASID_PGTABLE_PRIVILEGED 0x4u
/** VTD_FS, AMD_V2: privileged requests, too, need R/W to write (WPE of the PASID entry, 9.6). */
#define IOASID_PGTABLE_WRITE_PROTECT 0x8u
/**
 * ARM, RISCV, RISCV_S2: an entry whose access flag is clear can be used, since the IOMMU ignores
 * the flag (CD.AFFD). RISC-V: a page whose D is clear can be written, too. Without this flag or
 * IOASID_PGTABLE_SET_ACCESSED, DMA through such an entry faults.
 */
#define IOASID_PGTABLE_IGNORE_ACCESSED 0x10u
/** ARM_S1: permissions in table entries, APTable, are ignored (CD.HPD0; D8.4.2). */
#define IOASID_PGTABLE_NO_HIERARCHY 0x20u
/** ARM_S1: the same for the table of high addresses (CD.HPD1). */
#define IOASID_PGTABLE_UPPER_NO_HIERARCHY 0x100u
/** RISCV: privileged requests may use pages that have U set (SUM). */
#define IOASID_PGTABLE_USER_ACCESS 0x40u

/**
 * ARM: addresses have 52 bits, in entries of another layout (D8.3.1). For pages of 4 and 16 KiB: DS
 * is set (FEAT_LPA2); for pages of 64 KiB: the unit's output addresses have 52 bits (FEAT_LPA).
 */
#define IOASID_PGTABLE_WIDE 0x80u
/** ARM_S1: the same for the table of high addresses. */
#define IOASID_PGTABLE_UPPER_WIDE 0x200u
/**
 * ARM, RISCV, RISCV_S2, VTD_SS, AMD_V1: the IOMMU sets accessed flags (CD.HA, SADE, GADE, SSADE,
 * HAD), so that clear ones do not fault. In VTD_FS and AMD_V2 tables it always sets them. With
 * software nesting nobody sets flags, and DMA is permitted as if they had been set.
 */
#define IOASID_PGTABLE_SET_ACCESSED 0x400u
/**
 * The same for dirty flags; needs IOASID_PGTABLE_SET_ACCESSED, and is required with it for RISCV,
 * RISCV_S2 and VTD_SS, where an IOMMU sets both flags or neither. ARM (CD.HD): a page that is
 * read-only and has DBM set can be written, and becomes writable when it is.
 */
#define IOASID_PGTABLE_SET_DIRTY 0x800u
/**
 * RISCV, RISCV_S2: bits 59 and 60 of entries are software's, and do not count (Svrsw60t59b of the
 * IOMMU's capabilities). Without it they are reserved.
 */
#define IOASID_PGTABLE_SOFTWARE_BITS 0x1000u
/**
 * VTD_FS: with each accessed flag the IOMMU sets the extended one, bit 10, too (EAFE of the PASID
 * entry, 3.6.2).
 */
#define IOASID_PGTABLE_SET_EXTENDED 0x2000u
/**
 * RISCV, RISCV_S2: bits 61 and 62 of a leaf are its memory type, of which 3 is reserved (Svpbmt of
 * the IOMMU's capabilities). It does not count. Without this flag they are reserved.
 */
#define IOASID_PGTABLE_MEMORY_TYPES 0x4000u

/** A user-managed page table. */
struct ioasid_pgtable {
	/** sizeof(struct ioasid_pgtable) */
	size_t size;
	enum ioasid_pgtable_format format;
	/** Number of levels. ARM: 1 to 4; 1 to 3 with 64 KiB pages; 1 to 5 with 4 KiB and WIDE. */
	uint32_t levels;
	/**
	 * Address of the root table: an IOVA of the parent, a multiple of the table's size. The
	 * size is 4096 bytes; RISCV_S2: 16384; ARM: 8 for each entry that input_bits leave to the
	 * root.
	 */
	uint64_t root;
	/**
	 * Width in bits of the addresses in entries, 32 to 52, RISC-V: to 56 (the host address
	 * width of VT-d, 3.3.1; CD.IPS of SMMUv3); bits above are reserved. 0: as wide as the
	 * format allows, which is 52; ARM without WIDE: 48; RISC-V: 56.
	 */
	uint32_t address_bits;
	/** IOASID_PGTABLE_* */
	uint32_t flags;
	/**
	 * Width in bits of the addresses that the table translates. 0 stands for the most that the
	 * levels translate: 12 + 9 * levels, RISCV_S2: 2 more. VTD_SS (MGAW, 3.7) and AMD_V1 also
	 * accept less; VTD_FS, AMD_V2, RISCV and RISCV_S2 accept nothing else.
	 *
	 * ARM: 64 - T0SZ. The width has to need all levels (D8.2.4), each of which translates
	 * granule_bits - 3 bits. At most 48; 52 with WIDE or 64 KiB pages. Stage 2: up to 4 bits
	 * more than the levels translate.
	 */
	uint32_t input_bits;
	/** log2 of the smallest page. 0: 12. ARM: 12, 14 or 16; others: 12. */
	uint32_t granule_bits;
	/**
	 * ARM_S1: the table of high addresses, those whose upper bits are all set, to which TTBR1
	 * leads. address_bits, and all flags that have no counterpart with UPPER in its name, apply
	 * to both tables. If upper_levels is 0 there is no such table, and the other three members
	 * are 0. If it is not, levels may be 0: then there is no table of low addresses (EPD0), and
	 * root, input_bits and granule_bits are 0.
	 */
	uint32_t upper_levels;
	uint32_t upper_input_bits;
	uint32_t upper_granule_bits;
	uint64_t upper_root;
};

#define IOASID_PGTABLE_INIT IOASID_INIT(ioasid_pgtable)

#ifdef __cplusplus
}
#endif

#endif
