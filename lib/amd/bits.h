/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bits of the registers of AMD's IOMMU, and how its decoders answer. */
#ifndef AMD_BITS_H
#define AMD_BITS_H

#include <ioasid/amd.h>

#include "guest/entry.h"

/* Extended Feature Register (3.4). */
enum {
	AMD_EFR_PPR = 1, /* page requests */
	AMD_EFR_GT = 4, /* guest translation */
	AMD_EFR_IA = 6, /* INVALIDATE_IOMMU_ALL */
	AMD_EFR_GIO = 48, /* guest translation of requests without PASID */
	AMD_EFR_HA = 49, /* accessed flags of host tables */
	AMD_EFR_EPH = 50, /* enhanced handling of page requests */
	AMD_EFR_HD = 52, /* dirty flags of host tables */
};

/* Extended Feature 2 Register (3.4). */
enum {
	AMD_EFR2_GCR3TRP = 3, /* guest CR3 tables at guest-physical addresses */
};

/* Control Register (3.4). */
enum {
	AMD_CONTROL_ENABLE = 0, /* IommuEn */
	AMD_CONTROL_GT = 16, /* GTEn */
	AMD_CONTROL_GCR3TRP = 58, /* GCR3TRPMode */
};

/* Event codes (2.5). */
enum {
	AMD_ILLEGAL_DEV_TABLE_ENTRY = 0x1,
	AMD_IO_PAGE_FAULT = 0x2,
	AMD_DEV_TAB_HARDWARE_ERROR = 0x3,
	AMD_PAGE_TAB_HARDWARE_ERROR = 0x4,
	AMD_ILLEGAL_COMMAND_ERROR = 0x5,
	AMD_COMMAND_HARDWARE_ERROR = 0x6,
	AMD_IOTLB_INV_TIMEOUT = 0x7,
};

/*
 * The lower quadword of an event log entry: its code, and the bits that say what is wrong (2.5.2 to
 * 2.5.10). Memory that is not there is a master abort.
 */
#define AMD_EVENT(code, bits) ((uint64_t)(code) << 60 | (bits))
#define AMD_EVENT_PR	      ENTRY_BIT(52) /* present */
#define AMD_EVENT_PE	      ENTRY_BIT(54) /* but not permitted */
#define AMD_EVENT_RZ	      ENTRY_BIT(55) /* since reserved bits are not 0 */
#define AMD_EVENT_ABORT	      ENTRY_BIT(57)

static inline bool amd_can(const struct ioasid_amd_regs *regs, unsigned efr_bit)
{
	return entry_bit(regs->efr, efr_bit);
}

/* HATS: 4, 5, 6; 11b is reserved. */
static inline unsigned amd_host_levels(const struct ioasid_amd_regs *regs)
{
	unsigned hats = (unsigned)entry_field(regs->efr, 11, 10);

	return hats < 2 ? 4 + hats : 6;
}

/* GATS: 4, 5; the others are reserved, or of 6 levels, which no table has. */
static inline unsigned amd_guest_levels(const struct ioasid_amd_regs *regs)
{
	return entry_field(regs->efr, 13, 12) ? 5 : 4;
}

/* GLXSup: 1, 2, 3; 11b is reserved. */
static inline unsigned amd_gcr3_levels(const struct ioasid_amd_regs *regs)
{
	unsigned glx = (unsigned)entry_field(regs->efr, 15, 14);

	return glx < 2 ? 1 + glx : 3;
}

/* PASmax, less one. */
static inline unsigned amd_pasid_bits(const struct ioasid_amd_regs *regs)
{
	return (unsigned)entry_field(regs->efr, 36, 32) + 1;
}

/* A decoder's answer: -EINVAL with the reason as its message, or 0 if there is nothing wrong. */
static inline int amd_answer(enum ioasid_amd_reason reason, enum ioasid_amd_reason *why)
{
	if (why)
		*why = reason;
	if (reason == IOASID_AMD_OK)
		return 0;
	return err_set(EINVAL, "AMD IOMMU: %s", ioasid_amd_reason_text(reason));
}

static inline int amd_check_size(size_t size, size_t least)
{
	return entry_check_size("AMD IOMMU", size, least);
}

/*
 * What a caller gives a decoder: the unit, and a structure for the answer. A mistake there is no
 * reason for the guest's.
 */
int amd_check(const struct ioasid_amd_regs *regs, size_t size, size_t least,
	      enum ioasid_amd_reason *why);

/* What the event log entry of a reason says of it; 0 for IOASID_AMD_OK. */
uint64_t amd_reason_event(enum ioasid_amd_reason reason);

#endif
