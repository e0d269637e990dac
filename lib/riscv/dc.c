/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The unit's registers, and device contexts (3.1.3, 3.1.4). */
#include "export.h"
#include "guest/pdt.h"
#include "riscv/bits.h"

/* The doublewords of a device context. */
enum { TC, IOHGATP, TA, FSC, MSIPTP, MSI_MASK, MSI_PATTERN, RESERVED };

/* Bits of tc (3.1.3.1). */
enum {
	TC_V = 0,
	TC_EN_ATS = 1,
	TC_EN_PRI = 2,
	TC_T2GPA = 3,
	TC_DTF = 4,
	TC_PDTV = 5,
	TC_PRPR = 6,
	TC_GADE = 7,
	TC_SADE = 8,
	TC_DPE = 9,
	TC_SBE = 10,
	TC_SXL = 11,
};

#define TC_RESERVED (ENTRY_BITS(63, 32) | ENTRY_BITS(23, 12)) /* between them: custom */
#define TA_RESERVED (ENTRY_BITS(63, 32) | ENTRY_BITS(11, 0)) /* without QOSID */

/* What is said of tables stands at the same place: PPN in bits 43:0, MODE in bits 63:60. */
#define PPN_LOW 0

IOASID_EXPORT void ioasid_riscv_regs_init(struct ioasid_riscv_regs *regs, uint64_t capabilities)
{
	*regs = (struct ioasid_riscv_regs){ .capabilities = capabilities };
}

int riscv_check(const struct ioasid_riscv_regs *regs, size_t size, size_t least,
		enum ioasid_riscv_reason *why)
{
	int ret = riscv_check_size(size, least);

	if (why)
		*why = IOASID_RISCV_OK;
	if (ret)
		return ret;
	return entry_check_unit("RISC-V IOMMU", regs->flags, IOASID_RISCV_GXL_WRITABLE,
				regs->reserved, sizeof(regs->reserved) / sizeof(regs->reserved[0]));
}

/* Width of guest-physical addresses, MGPAW (3.1.3.6). */
static unsigned gpa_bits(const struct ioasid_riscv_regs *regs)
{
	if (riscv_can(regs, RISCV_CAP_SV57X4))
		return 59;
	if (riscv_can(regs, RISCV_CAP_SV48X4))
		return 50;
	if (riscv_can(regs, RISCV_CAP_SV39X4))
		return 41;
	if (riscv_can(regs, RISCV_CAP_SV32X4))
		return 34;
	return riscv_address_bits(regs);
}

/* Mask and pattern are of guest-physical page numbers. */
static bool has_reserved(const struct ioasid_riscv_regs *regs, const uint64_t *raw)
{
	unsigned bits = gpa_bits(regs);
	uint64_t beyond = bits > 12 ? ~UINT64_C(0) << (bits - 12) : ~UINT64_C(0);

	if (raw[TC] & TC_RESERVED || raw[TA] & TA_RESERVED || raw[FSC] & PDT_FSC_RESERVED)
		return true;
	if (entry_bit(raw[TC], TC_DPE) && !entry_bit(raw[TC], TC_PDTV))
		return true;
	return riscv_can(regs, RISCV_CAP_MSI_FLAT) &&
	       (raw[MSIPTP] & ENTRY_BITS(59, 44) || (raw[MSI_MASK] | raw[MSI_PATTERN]) & beyond ||
		raw[RESERVED]);
}

/* Rules 2 to 7. */
static enum ioasid_riscv_reason decode_ats(const struct ioasid_riscv_regs *regs, uint64_t tc,
					   struct ioasid_riscv_dc *dc)
{
	dc->ats = entry_bit(tc, TC_EN_ATS);
	dc->page_requests = entry_bit(tc, TC_EN_PRI);
	dc->translate_to_gpa = entry_bit(tc, TC_T2GPA);
	dc->response_pasid = entry_bit(tc, TC_PRPR);
	if (dc->ats && !riscv_can(regs, RISCV_CAP_ATS))
		return IOASID_RISCV_DC_ATS;
	if (!dc->ats && (dc->page_requests || dc->translate_to_gpa))
		return IOASID_RISCV_DC_ATS;
	if (!dc->page_requests && dc->response_pasid)
		return IOASID_RISCV_DC_ATS;
	if (dc->translate_to_gpa && (!riscv_can(regs, RISCV_CAP_T2GPA) || !dc->second_levels))
		return IOASID_RISCV_DC_ATS;
	return IOASID_RISCV_OK;
}

static enum ioasid_riscv_reason decode_second(const struct ioasid_riscv_regs *regs,
					      uint64_t iohgatp, struct ioasid_riscv_dc *dc)
{
	bool sv32 = riscv_fctl(regs, RISCV_FCTL_GXL);
	unsigned levels;

	if (!pdt_scheme(iohgatp, sv32, regs->capabilities, RISCV_CAP_SV32X4, &levels))
		return IOASID_RISCV_DC_SECOND_STAGE;
	if (!levels)
		return IOASID_RISCV_OK;
	if (iohgatp & 3) /* four pages, at a multiple of their size */
		return IOASID_RISCV_DC_ROOT;
	dc->second_levels = levels;
	dc->second_root = pdt_address(iohgatp, PPN_LOW);
	dc->gscid = (uint32_t)entry_field(iohgatp, 59, 44);
	return IOASID_RISCV_OK;
}

/* Modes 1, 2, 3 are PD8, PD17, PD20, of as many levels; so are the unit's capabilities. */
static enum ioasid_riscv_reason decode_pdtp(const struct ioasid_riscv_regs *regs, uint64_t pdtp,
					    struct ioasid_riscv_dc *dc)
{
	unsigned mode = (unsigned)entry_field(pdtp, 63, 60);

	if (!mode)
		return IOASID_RISCV_OK;
	if (mode > 3 || !riscv_can(regs, RISCV_CAP_PD8 + mode - 1))
		return IOASID_RISCV_DC_PDT;
	dc->pdt_levels = mode;
	dc->pdt_root = pdt_address(pdtp, PPN_LOW);
	return IOASID_RISCV_OK;
}

static enum ioasid_riscv_reason decode_first(const struct ioasid_riscv_regs *regs,
					     const uint64_t *raw, struct ioasid_riscv_dc *dc)
{
	struct pdt_fsc fsc;

	dc->processes = entry_bit(raw[TC], TC_PDTV);
	dc->default_process = entry_bit(raw[TC], TC_DPE);
	if (dc->processes)
		return decode_pdtp(regs, raw[FSC], dc);
	if (pdt_decode_fsc(raw[FSC], dc->sv32, regs->capabilities, &fsc) != PDT_VALID)
		return IOASID_RISCV_DC_FIRST_STAGE;
	dc->first_levels = fsc.levels;
	dc->first_root = fsc.root;
	dc->pscid = (uint32_t)entry_field(raw[TA], 31, 12);
	return IOASID_RISCV_OK;
}

static enum ioasid_riscv_reason decode_msi(const struct ioasid_riscv_regs *regs,
					   const uint64_t *raw, struct ioasid_riscv_dc *dc)
{
	unsigned mode;

	if (!riscv_can(regs, RISCV_CAP_MSI_FLAT))
		return IOASID_RISCV_OK;
	mode = (unsigned)entry_field(raw[MSIPTP], 63, 60);
	if (mode > 1 || (mode && !dc->second_levels))
		return IOASID_RISCV_DC_MSI;
	if (!mode)
		return IOASID_RISCV_OK;
	dc->msi = true;
	dc->msi_root = pdt_address(raw[MSIPTP], PPN_LOW);
	dc->msi_mask = raw[MSI_MASK];
	dc->msi_pattern = raw[MSI_PATTERN];
	return IOASID_RISCV_OK;
}

/* Byte order, width and flags of tables. */
static enum ioasid_riscv_reason decode_control(const struct ioasid_riscv_regs *regs, uint64_t tc,
					       struct ioasid_riscv_dc *dc)
{
	bool gxl = riscv_fctl(regs, RISCV_FCTL_GXL);

	dc->silent = entry_bit(tc, TC_DTF);
	dc->first_update = entry_bit(tc, TC_SADE);
	dc->second_update = entry_bit(tc, TC_GADE);
	dc->big_endian = entry_bit(tc, TC_SBE);
	dc->sv32 = entry_bit(tc, TC_SXL);
	if ((dc->first_update || dc->second_update) && !riscv_can(regs, RISCV_CAP_AMO_HWAD))
		return IOASID_RISCV_DC_UPDATE;
	if (!riscv_can(regs, RISCV_CAP_END) && dc->big_endian != riscv_fctl(regs, RISCV_FCTL_BE))
		return IOASID_RISCV_DC_ENDIAN;
	if (dc->sv32 != gxl && (gxl || !(regs->flags & IOASID_RISCV_GXL_WRITABLE)))
		return IOASID_RISCV_DC_WIDTH;
	return IOASID_RISCV_OK;
}

static enum ioasid_riscv_reason decode(const struct ioasid_riscv_regs *regs, const uint64_t *raw,
				       struct ioasid_riscv_dc *dc)
{
	enum ioasid_riscv_reason reason;

	if (!entry_bit(raw[TC], TC_V))
		return IOASID_RISCV_DDT_ABSENT;
	if (has_reserved(regs, raw))
		return IOASID_RISCV_DC_RESERVED;
	reason = decode_control(regs, raw[TC], dc);
	if (reason == IOASID_RISCV_OK)
		reason = decode_second(regs, raw[IOHGATP], dc);
	if (reason == IOASID_RISCV_OK)
		reason = decode_ats(regs, raw[TC], dc);
	if (reason == IOASID_RISCV_OK)
		reason = decode_first(regs, raw, dc);
	if (reason == IOASID_RISCV_OK)
		reason = decode_msi(regs, raw, dc);
	return reason;
}

IOASID_EXPORT int ioasid_riscv_dc_decode(const struct ioasid_riscv_regs *regs, const uint64_t *raw,
					 struct ioasid_riscv_dc *dc, enum ioasid_riscv_reason *why)
{
	struct ioasid_riscv_dc new = { 0 };
	enum ioasid_riscv_reason reason;
	int ret = riscv_check(regs, dc->size, FIRST_DC_SIZE, why);

	if (ret)
		return ret;
	reason = decode(regs, raw, &new);
	if (reason == IOASID_RISCV_OK)
		entry_put(dc, &new, sizeof(new));
	return riscv_answer(reason == IOASID_RISCV_DDT_ABSENT ? ENOENT : EINVAL, reason, why);
}
