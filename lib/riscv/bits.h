/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bits of the registers of RISC-V's IOMMU, and how its decoders answer. */
#ifndef RISCV_BITS_H
#define RISCV_BITS_H

#include <ioasid/riscv.h>

#include "guest/entry.h"

/* capabilities (6.3). */
enum {
	RISCV_CAP_SV32X4 = 16, /* and Sv39x4, Sv48x4, Sv57x4 */
	RISCV_CAP_SV39X4 = 17,
	RISCV_CAP_SV48X4 = 18,
	RISCV_CAP_SV57X4 = 19,
	RISCV_CAP_MSI_FLAT = 22, /* and the extended format of device contexts */
	RISCV_CAP_AMO_HWAD = 24, /* flags set by the unit */
	RISCV_CAP_ATS = 25,
	RISCV_CAP_T2GPA = 26,
	RISCV_CAP_END = 27, /* both byte orders */
	RISCV_CAP_PD8 = 38, /* and PD17, PD20 */
	RISCV_CAP_PD17 = 39,
	RISCV_CAP_PD20 = 40,
	RISCV_CAP_NL = 42, /* invalidation of entries that are no leaves (9.2) */
	RISCV_CAP_S = 43, /* invalidation of ranges (9.3) */
};

/* fctl (6.4). */
enum {
	RISCV_FCTL_BE = 0,
	RISCV_FCTL_WSI = 1,
	RISCV_FCTL_GXL = 2,
};

/* ddtp.iommu_mode (6.5); 2, 3, 4 are directories of 1, 2, 3 levels. */
enum {
	RISCV_MODE_BARE = 1,
	RISCV_MODE_1LVL = 2,
	RISCV_MODE_3LVL = 4,
};

/* Causes of faults (4.2). */
enum {
	RISCV_READ_ACCESS_FAULT = 5,
	RISCV_WRITE_ACCESS_FAULT = 7,
	RISCV_READ_PAGE_FAULT = 13,
	RISCV_WRITE_PAGE_FAULT = 15,
	RISCV_EXECUTE_GUEST_PAGE_FAULT = 20,
	RISCV_READ_GUEST_PAGE_FAULT = 21,
	RISCV_WRITE_GUEST_PAGE_FAULT = 23,
	RISCV_ALL_DISALLOWED = 256,
	RISCV_DDT_ACCESS_FAULT = 257,
	RISCV_DDT_NOT_VALID = 258,
	RISCV_DDT_MISCONFIGURED = 259,
	RISCV_TYPE_DISALLOWED = 260,
	RISCV_PDT_ACCESS_FAULT = 265,
	RISCV_PDT_NOT_VALID = 266,
	RISCV_PDT_MISCONFIGURED = 267,
};

#define RISCV_DEVICE_BITS 24u

/* 3.3.2: the cause of what the second stage does not translate is that of the original access. */
uint16_t riscv_guest_page_fault(enum ioasid_riscv_transaction transaction);

static inline bool riscv_can(const struct ioasid_riscv_regs *regs, unsigned capability)
{
	return entry_bit(regs->capabilities, capability);
}

static inline bool riscv_fctl(const struct ioasid_riscv_regs *regs, unsigned bit)
{
	return entry_bit(regs->fctl, bit);
}

static inline unsigned riscv_mode(const struct ioasid_riscv_regs *regs)
{
	return (unsigned)entry_field(regs->ddtp, 3, 0);
}

/* Levels of the device directory; 0: there is none. */
static inline unsigned riscv_ddt_levels(const struct ioasid_riscv_regs *regs)
{
	unsigned mode = riscv_mode(regs);

	return mode >= RISCV_MODE_1LVL && mode <= RISCV_MODE_3LVL ? mode - RISCV_MODE_1LVL + 1 : 0;
}

/*
 * Bits of a device_id that a device directory of so many levels has: with contexts of the base
 * format 7, 16, 24, with those of the extended format 6, 15, 24 (3).
 */
static inline unsigned riscv_device_bits(const struct ioasid_riscv_regs *regs, unsigned levels)
{
	static const uint8_t bits[2][4] = { { 0, 7, 16, 24 }, { 0, 6, 15, 24 } };

	return bits[riscv_can(regs, RISCV_CAP_MSI_FLAT)][levels];
}

/* PAS */
static inline unsigned riscv_address_bits(const struct ioasid_riscv_regs *regs)
{
	return (unsigned)entry_field(regs->capabilities, 37, 32);
}

/* A decoder's answer: -err with the reason as its message, or 0 if there is nothing wrong. */
static inline int riscv_answer(int err, enum ioasid_riscv_reason reason,
			       enum ioasid_riscv_reason *why)
{
	if (why)
		*why = reason;
	if (reason == IOASID_RISCV_OK)
		return 0;
	return err_set(err, "RISC-V IOMMU: %s", ioasid_riscv_reason_text(reason));
}

#define FIRST_DC_SIZE ENTRY_FIRST_SIZE(ioasid_riscv_dc, msi_pattern)

static inline int riscv_check_size(size_t size, size_t least)
{
	return entry_check_size("RISC-V IOMMU", size, least);
}

/*
 * What a caller gives a decoder: the unit, and a structure for the answer. A mistake there is no
 * reason for the guest's.
 */
int riscv_check(const struct ioasid_riscv_regs *regs, size_t size, size_t least,
		enum ioasid_riscv_reason *why);

#endif
