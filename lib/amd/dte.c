/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The unit's registers, and entries of the device table (2.2.2.1). */
#include "amd/bits.h"
#include "export.h"

#define FIRST_DTE_SIZE ENTRY_FIRST_SIZE(ioasid_amd_dte, gcr3_root)

#define MODE_RESERVED 7u

IOASID_EXPORT void ioasid_amd_regs_init(struct ioasid_amd_regs *regs, uint64_t efr, uint64_t efr2)
{
	*regs = (struct ioasid_amd_regs){ .efr = efr, .efr2 = efr2 };
}

int amd_check(const struct ioasid_amd_regs *regs, size_t size, size_t least,
	      enum ioasid_amd_reason *why)
{
	int ret = amd_check_size(size, least);

	if (why)
		*why = IOASID_AMD_OK;
	if (ret)
		return ret;
	return entry_check_unit("AMD IOMMU", regs->flags, IOASID_AMD_IOTLB, regs->reserved,
				sizeof(regs->reserved) / sizeof(regs->reserved[0]));
}

/* The two low quadwords, where translation is; SATS, bit 106, is not for this unit. */
static bool has_reserved(const struct ioasid_amd_regs *regs, const uint64_t *raw)
{
	uint64_t low = ENTRY_BIT(63) | ENTRY_BITS(6, 2);
	uint64_t high = ENTRY_BIT(42);

	low |= amd_can(regs, AMD_EFR_HA) || amd_can(regs, AMD_EFR_HD) ? 0 : ENTRY_BITS(8, 7);
	low |= amd_can(regs, AMD_EFR_PPR) || amd_can(regs, AMD_EFR_EPH) ? 0 : ENTRY_BITS(53, 52);
	low |= amd_can(regs, AMD_EFR_GIO) ? 0 : ENTRY_BIT(54);
	if (!amd_can(regs, AMD_EFR_GT)) {
		low |= ENTRY_BITS(60, 55);
		high |= ENTRY_BITS(63, 43) | ENTRY_BITS(31, 16);
	}
	return raw[0] & low || raw[1] & high;
}

static enum ioasid_amd_reason decode_host(const struct ioasid_amd_regs *regs, const uint64_t *raw,
					  struct ioasid_amd_dte *dte)
{
	unsigned mode = (unsigned)entry_field(raw[0], 11, 9);
	unsigned had = (unsigned)entry_field(raw[0], 8, 7);

	if (mode == MODE_RESERVED || mode > amd_host_levels(regs))
		return IOASID_AMD_DTE_MODE;
	dte->host_levels = mode;
	if (mode)
		dte->host_root = raw[0] & ENTRY_BITS(51, 12);
	dte->host_accessed = had & 1;
	dte->host_dirty = had == 3;
	return IOASID_AMD_OK;
}

/* GCR3 TRP is in three pieces: bits 14:12, 30:15 and 51:31 of the address. */
static uint64_t gcr3_root(const uint64_t *raw)
{
	return entry_field(raw[0], 60, 58) << 12 | entry_field(raw[1], 31, 16) << 15 |
	       entry_field(raw[1], 63, 43) << 31;
}

static enum ioasid_amd_reason decode_guest(const struct ioasid_amd_regs *regs, const uint64_t *raw,
					   struct ioasid_amd_dte *dte)
{
	unsigned glx = (unsigned)entry_field(raw[0], 57, 56);
	unsigned mode = (unsigned)entry_field(raw[2], 55, 54); /* GuestPagingMode */

	if (!entry_bit(raw[0], 55) || !entry_bit(regs->control, AMD_CONTROL_GT)) /* GV */
		return IOASID_AMD_OK;
	if (glx + 1 > amd_gcr3_levels(regs))
		return IOASID_AMD_DTE_GLX;
	if (mode + 4 > amd_guest_levels(regs))
		return IOASID_AMD_DTE_GUEST_MODE;
	dte->guest = true;
	dte->guest_without_pasid = entry_bit(raw[0], 54); /* GIoV */
	dte->gcr3_levels = glx + 1;
	dte->gcr3_root = gcr3_root(raw);
	dte->guest_levels = mode + 4;
	return IOASID_AMD_OK;
}

static enum ioasid_amd_reason decode(const struct ioasid_amd_regs *regs, const uint64_t *raw,
				     struct ioasid_amd_dte *dte)
{
	enum ioasid_amd_reason reason;

	dte->valid = entry_bit(raw[0], 0);
	if (!dte->valid) /* nothing else counts */
		return IOASID_AMD_OK;
	if (has_reserved(regs, raw))
		return IOASID_AMD_DTE_RESERVED;
	dte->suppress = entry_bit(raw[1], 33);
	dte->suppress_all = entry_bit(raw[1], 34);
	dte->domain = (uint16_t)entry_field(raw[1], 15, 0);
	dte->translation_valid = entry_bit(raw[0], 1);
	if (!dte->translation_valid)
		return IOASID_AMD_OK;
	dte->page_requests = entry_bit(raw[0], 52);
	dte->response_pasid = entry_bit(raw[0], 53);
	dte->readable = entry_bit(raw[0], 61);
	dte->writable = entry_bit(raw[0], 62);
	dte->device_tlb = regs->flags & IOASID_AMD_IOTLB && entry_bit(raw[1], 32);
	reason = decode_host(regs, raw, dte);
	return reason == IOASID_AMD_OK ? decode_guest(regs, raw, dte) : reason;
}

IOASID_EXPORT int ioasid_amd_dte_decode(const struct ioasid_amd_regs *regs, const uint64_t raw[4],
					struct ioasid_amd_dte *dte, enum ioasid_amd_reason *why)
{
	struct ioasid_amd_dte new = { 0 };
	enum ioasid_amd_reason reason;
	int ret = amd_check(regs, dte->size, FIRST_DTE_SIZE, why);

	if (ret)
		return ret;
	reason = decode(regs, raw, &new);
	if (reason == IOASID_AMD_OK)
		entry_put(dte, &new, sizeof(new));
	return amd_answer(reason, why);
}
