/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The formats. Every bit of an entry has its section. */
#include "pgtable/format.h"

/* P, R/W, U/S, at every level. */
#define X86_PERMISSIONS \
	{ \
		.read = BIT(0) | BIT(2), .readable = BIT(0) | BIT(2), \
		.write = BIT(0) | BIT(1) | BIT(2), .writable = BIT(0) | BIT(1) | BIT(2), \
		.supervisor_ignores = BIT(1) | BIT(2), .write_protect_honours = BIT(1), \
	}

/* 3.6.2, 9.7, AMD 2.2.6: A is bit 5 at every level, D is bit 6 of a leaf. */
#define X86_FLAGS \
	.flags = { .table = BIT(5), .leaf = BIT(5), .dirty = BIT(6) }, .always_set = true

/* Each of two bits permits one thing. */
#define TWO_PERMISSIONS(r, w) \
	{ \
		.read = BIT(r), .readable = BIT(r), .write = BIT(w), .writable = BIT(w), \
	}

/* Sets of values of the three bits: those with the lowest bit clear, and set. */
#define EVEN 0x55
#define ODD  0xaa
#define ALL  0xff

/*
 * D8.3.1: bit 0 is valid, bit 1 tells tables and pages from blocks; where there are no blocks, an
 * entry with bit 1 clear is invalid. Address bits below a block's size are RES0 and do nothing (nT,
 * bit 16, too), as those above bit 47 do without 52-bit addresses. D8.5: AF is bit 10.
 * Execute-never bits, also those of tables, are nothing to DMA. So is the contiguous hint, bit 52
 * (D8.7.1): each entry has its own address. Where hardware updates the dirty state (HD), a page
 * with DBM, bit 51, is clean as long as it is read-only, and becomes writable when it is written;
 * otherwise DBM is ignored (D8.5.2; SMMUv3, IHI 0070, 3.13.3). Tables have no access flag.
 */
#define ARM_COMMON \
	.min_levels = 1, .input_sets_levels = true, .addr_bits = 48, .kind_shift = 1, \
	.tables = ODD, .leaves = EVEN, .last = ALL, .present = BIT(0), \
	.need_both = BIT(0) | BIT(1), .leaf_ignored = BITS(47, 12), .ignored_beyond = true, \
	.accessed = BIT(10), .modifier = BIT(51)

/*
 * The granules (D8.2): how much a table resolves, and where blocks are. With 52 bits
 * (FEAT_LPA2, "DS"; FEAT_LPA for 64K) there are larger ones, and address bits 51 and 50 stand in
 * bits 9 and 8, 51 to 48 in bits 15 to 12 (D8.3.1). Input addresses of 52 bits have room in tables
 * of 64K anyway (FEAT_LVA).
 */
#define ARM_4K \
	.page_shift = 12, .index_bits = 9, .max_levels = 4, .max_input = 48, \
	.big_levels = BIT(2) | BIT(3), \
	.wide = { .addr_bits = 52, .top = 49, .high = BITS(9, 8), .high_shift = 42, \
		  .big_levels = BIT(4), .max_levels = 5, .max_input = 52 }
#define ARM_16K \
	.page_shift = 14, .index_bits = 11, .max_levels = 4, .max_input = 48, \
	.big_levels = BIT(2), \
	.wide = { .addr_bits = 52, .top = 49, .high = BITS(9, 8), .high_shift = 42, \
		  .big_levels = BIT(3), .max_levels = 4, .max_input = 52 }
#define ARM_64K \
	.page_shift = 16, .index_bits = 13, .max_levels = 3, .max_input = 52, \
	.big_levels = BIT(2), \
	.wide = { .addr_bits = 52, .top = 47, .high = BITS(15, 12), .high_shift = 36, \
		  .big_levels = BIT(3), .max_levels = 3, .max_input = 52 }

/*
 * D8.4.1: AP[1], bit 6, is access without privilege, AP[2], bit 7, read-only; APTable[0], bit 61,
 * takes away the first, APTable[1], bit 62, writing.
 */
#define ARM_STAGE1(...) \
	{ \
		.id = PGT_ARM_S1, ARM_COMMON, __VA_ARGS__, \
		.table = { .read = BIT(61), .write = BIT(62) | BIT(61), \
			   .supervisor_ignores = BIT(61) }, \
		.leaf = { .read = BIT(6), .readable = BIT(6), .write = BIT(7) | BIT(6), \
			  .writable = BIT(6), .supervisor_ignores = BIT(6) }, \
		.flags = { .leaf = BIT(10), .clean = BIT(7) }, \
	}

/*
 * S2AP, bits 6 and 7 of a leaf, permit reading and writing (D8.4.3), and tables have no
 * permissions. Up to 16 tables stand side by side in place of one level more (D8.2.4).
 */
#define ARM_STAGE2(...) \
	{ \
		.id = PGT_ARM_S2, ARM_COMMON, __VA_ARGS__, .concatenated = 4, \
		.leaf = TWO_PERMISSIONS(6, 7), \
		.flags = { .leaf = BIT(10), .dirty = BIT(7) }, \
	}

/*
 * RISC-V, "Sv39", "Addressing and Memory Protection": V is bit 0; R, W and X, bits 1 to 3, are 0 in
 * a reference to a table, and W without R is reserved. U, A and D, bits 4, 6 and 7, are a leaf's,
 * and reserved in other entries. So are bits 54 to 63, but for N, bit 63 of a leaf at level 1,
 * which is of 64K (Svnapot), PBMT, bits 61 and 62 of a leaf, where there are memory types, of which
 * 3 is reserved (Svpbmt), and bits 59 and 60 where they are software's (Svrsw60t59b). The page
 * number is in bits 10 to 53.
 */
#define RISCV_COMMON \
	.page_shift = 12, .index_bits = 9, .min_levels = 3, .max_levels = 5, .addr_bits = 56, \
	.addr_shift = 2, .kind_shift = 1, .tables = 0x01, .leaves = 0xba, .last = 0xba, \
	.big_levels = ~0u, .present = BIT(0), \
	.table_reserved = BITS(63, 61) | BITS(58, 54) | BITS(7, 6) | BIT(4), \
	.leaf_reserved = BITS(58, 54), .software = BITS(60, 59), .memory_type = BITS(62, 61), \
	.never = BIT(61) | BIT(62), .accessed = BIT(6), .sized = BIT(63), .size_only = 16, \
	.flags = { .leaf = BIT(6), .dirty = BIT(7) }
#define RISCV_PERMISSIONS(...) \
	{ \
		.read = BIT(1) | BIT(4), .readable = BIT(1) | BIT(4), \
		.write = BIT(2) | BIT(4), .writable = BIT(2) | BIT(4), .dirty = BIT(7), \
		__VA_ARGS__ \
	}

const struct pgt_format pgt_formats[] = {
	{
		/*
		 * 9.8. There is no present bit: R = W = 0 means not present (3.7). Bit 7 (PS)
		 * makes a leaf of an entry above level 1. Bits 2-6 and 10 and, without SSADE, A
		 * and D are ignored: bit 8 of each entry, bit 9 of a leaf (3.7.2). Bit 62 is
		 * reserved.
		 */
		.id = PGT_VTD_SS,
		.page_shift = 12,
		.index_bits = 9,
		.min_levels = 3,
		.max_levels = 5,
		.announced = true,
		.addr_bits = 52,
		.kind_shift = 7,
		.tables = EVEN,
		.leaves = ODD,
		.last = ALL,
		.sizes = true,
		.optional_levels = BIT(2) | BIT(3),
		.present = BIT(0) | BIT(1),
		.table_reserved = BIT(62) | BIT(11),
		.leaf_reserved = BIT(62),
		.snoop = BIT(11),
		.table = TWO_PERMISSIONS(0, 1),
		.leaf = TWO_PERMISSIONS(0, 1),
		.flags = { .table = BIT(8), .leaf = BIT(8), .dirty = BIT(9) },
	},
	{
		/*
		 * 9.7. Bits 52-63 are ignored, bit 63 (XD on a processor) too: there
		 * are no execute requests. Bit 12 of a superpage is PAT. U/S is bit 2.
		 */
		.id = PGT_VTD_FS,
		.page_shift = 12,
		.index_bits = 9,
		.min_levels = 4,
		.max_levels = 5,
		.sign_extended = true,
		.addr_bits = 52,
		.kind_shift = 7,
		.tables = EVEN,
		.leaves = ODD,
		.last = ALL,
		.sizes = true,
		.big_levels = BIT(2),
		.optional_levels = BIT(3),
		.present = BIT(0),
		.leaf_ignored = BIT(12),
		.table = X86_PERMISSIONS,
		.leaf = X86_PERMISSIONS,
		X86_FLAGS,
		.extended = BIT(10),
	},
	ARM_STAGE1(ARM_4K),
	ARM_STAGE1(ARM_16K),
	ARM_STAGE1(ARM_64K),
	ARM_STAGE2(ARM_4K),
	ARM_STAGE2(ARM_16K),
	ARM_STAGE2(ARM_64K),
	{
		/*
		 * AMD 2.2.3. PR is bit 0, IR bit 61 and IW bit 62 at every level. Bits 9-11 are the
		 * next level: 0 for a page of the level's size, 7 for one whose size is where the
		 * lowest 0 of its address stands. U and FC, bits 59 and 60 of a leaf, are no matter
		 * of translation; other bits from 52 on are reserved. Address bits below a page's
		 * size do not count. A is bit 5 at every level, D bit 6 of a leaf (HAD of the
		 * device table entry, 2.2.2.1).
		 */
		.id = PGT_AMD_V1,
		.page_shift = 12,
		.index_bits = 9,
		.min_levels = 1,
		.max_levels = 5,
		.announced = true,
		.addr_bits = 52,
		.kind_shift = 9,
		.next_level = true,
		.leaves = 0x81,
		.last = 0x81,
		.big_levels = ~0u,
		.present = BIT(0),
		.table_reserved = BITS(60, 52),
		.leaf_reserved = BITS(58, 52),
		.leaf_ignored = BITS(51, 12),
		.sized = BITS(11, 9),
		.size_by_zero = true,
		.table = TWO_PERMISSIONS(61, 62),
		.leaf = TWO_PERMISSIONS(61, 62),
		.flags = { .table = BIT(5), .leaf = BIT(5), .dirty = BIT(6) },
	},
	{
		/*
		 * AMD 2.2.6: the tables of a processor in long mode (AMD64 volume 2, 5.3 and 5.4).
		 * Bits 7 and 8 are reserved in the two highest levels, bits 13 up to its size in a
		 * superpage; bit 12 there is PAT.
		 */
		.id = PGT_AMD_V2,
		.page_shift = 12,
		.index_bits = 9,
		.min_levels = 4,
		.max_levels = 5,
		.sign_extended = true,
		.addr_bits = 52,
		.kind_shift = 7,
		.tables = EVEN,
		.leaves = ODD,
		.last = ALL,
		.sizes = true,
		.big_levels = BIT(2) | BIT(3),
		.present = BIT(0),
		.high_table_reserved = BIT(8),
		.leaf_ignored = BIT(12),
		.table = X86_PERMISSIONS,
		.leaf = X86_PERMISSIONS,
		X86_FLAGS,
	},
	{
		/* U counts: requests are a user's, or those of supervisors. */
		.id = PGT_RISCV,
		RISCV_COMMON,
		.sign_extended = true,
		.leaf = RISCV_PERMISSIONS(.user = BIT(4)),
	},
	{
		/*
		 * "Two-Stage Address Translation": addresses have two bits more, which the root
		 * resolves, 16 KiB long, and no sign. All requests are a user's. G does not count.
		 */
		.id = PGT_RISCV_S2,
		RISCV_COMMON,
		.side_by_side = 2,
		.leaf = RISCV_PERMISSIONS(),
	},
};

const size_t pgt_n_formats = sizeof(pgt_formats) / sizeof(pgt_formats[0]);
