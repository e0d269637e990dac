/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reasons: their texts, and the numbers that the specification gives them. */
#include "export.h"
#include "guest/reason.h"
#include "vtd/bits.h"

struct reason {
	uint8_t code; /* 7.1.3 */
	uint8_t queue_error; /* 11.4.9.9, IQEI */
	const char *text;
};

static const struct reason reasons[] = {
	[IOASID_VTD_OK] = { 0, 0, "well-formed" },

	[IOASID_VTD_MODE] = { 0x30, 0, "translation table mode not supported" },
	[IOASID_VTD_MODE_PASID] = { 0x31, 0, "request with PASID in legacy mode" },
	[IOASID_VTD_MODE_ABORT] = { 0x33, 0, "abort-DMA mode" },

	[IOASID_VTD_ROOT_ACCESS] = { 0x08, 0, "root entry not readable" },
	[IOASID_VTD_ROOT_ABSENT] = { 0x01, 0, "root entry not present" },
	[IOASID_VTD_ROOT_RESERVED] = { 0x0a, 0, "reserved bit in the root entry" },
	[IOASID_VTD_CONTEXT_ACCESS] = { 0x09, 0, "context entry not readable" },
	[IOASID_VTD_CONTEXT_ABSENT] = { 0x02, 0, "context entry not present" },
	[IOASID_VTD_CONTEXT_RESERVED] = { 0x0b, 0, "reserved bit in the context entry" },
	[IOASID_VTD_CONTEXT_WIDTH] = { 0x03, 0,
				       "address width of the context entry not supported" },
	[IOASID_VTD_CONTEXT_TYPE] = { 0x03, 0,
				      "translation type of the context entry not supported" },

	[IOASID_VTD_SM_ROOT_ACCESS] = { 0x38, 0, "scalable-mode root entry not readable" },
	[IOASID_VTD_SM_ROOT_ABSENT] = { 0x39, 0, "scalable-mode root entry not present" },
	[IOASID_VTD_SM_ROOT_RESERVED] = { 0x3a, 0, "reserved bit in the scalable-mode root entry" },
	[IOASID_VTD_SM_CONTEXT_ACCESS] = { 0x40, 0, "scalable-mode context entry not readable" },
	[IOASID_VTD_SM_CONTEXT_ABSENT] = { 0x41, 0, "scalable-mode context entry not present" },
	[IOASID_VTD_SM_CONTEXT_RESERVED] = { 0x42, 0,
					     "reserved bit in the scalable-mode context entry" },
	[IOASID_VTD_SM_CONTEXT_PRE] = { 0x43, 0, "page requests enabled without the device TLB" },
	[IOASID_VTD_SM_CONTEXT_RID_PASID] = { 0x43, 0, "RID_PASID beyond the PASID directory" },
	[IOASID_VTD_SM_CONTEXT_NO_PASID] = { 0x45, 0, "requests with PASID not enabled" },
	[IOASID_VTD_SM_CONTEXT_PASID_SIZE] = { 0x46, 0, "PASID beyond the PASID directory" },
	[IOASID_VTD_SM_CONTEXT_PASID_TAKEN] = { 0x48, 0, "PASID equal to RID_PASID" },

	[IOASID_VTD_PASID_DIR_ACCESS] = { 0x50, 0, "PASID-directory entry not readable" },
	[IOASID_VTD_PASID_DIR_ABSENT] = { 0x51, 0, "PASID-directory entry not present" },
	[IOASID_VTD_PASID_DIR_RESERVED] = { 0x52, 0, "reserved bit in the PASID-directory entry" },
	[IOASID_VTD_PASID_ACCESS] = { 0x58, 0, "PASID-table entry not readable" },
	[IOASID_VTD_PASID_ABSENT] = { 0x59, 0, "PASID-table entry not present" },
	[IOASID_VTD_PASID_RESERVED] = { 0x5a, 0, "reserved bit in the PASID-table entry" },
	[IOASID_VTD_PASID_WIDTH] = { 0x5b, 0,
				     "address width of the PASID-table entry not supported" },
	[IOASID_VTD_PASID_TYPE] = { 0x5b, 0,
				    "translation type of the PASID-table entry not supported" },
	[IOASID_VTD_PASID_PAGING_MODE] = { 0x5b, 0,
					   "paging mode of the PASID-table entry not supported" },
	[IOASID_VTD_PASID_ROOT] = { 0x5b, 0, "first-stage table beyond the second-stage width" },
	[IOASID_VTD_PASID_SUPERVISOR] = { 0x5d, 0, "supervisor requests not enabled" },
	[IOASID_VTD_PASID_SIZE] = { 0x89, 0, "PASID wider than the unit supports" },

	[IOASID_VTD_DESCRIPTOR_TYPE] = { 0, 3,
					 "descriptor type unknown or not allowed in this mode" },
	[IOASID_VTD_DESCRIPTOR_MODE] = { 0, 7, "translation table mode not supported" },
	[IOASID_VTD_DESCRIPTOR_WIDTH] = { 0, 5, "descriptor width not allowed in this mode" },
	[IOASID_VTD_DESCRIPTOR_GRANULARITY] = { 0, 4, "descriptor granularity not supported" },
	[IOASID_VTD_DESCRIPTOR_ADDRESS_MASK] = { 0, 4, "descriptor address mask larger than MAMV" },
	[IOASID_VTD_DESCRIPTOR_RESERVED] = { 0, 4, "reserved bit in the descriptor" },
};

IOASID_EXPORT const char *ioasid_vtd_reason_text(enum ioasid_vtd_reason reason)
{
	return REASON_GET(reasons, reason, text, "unknown reason");
}

IOASID_EXPORT uint8_t ioasid_vtd_reason_get_code(enum ioasid_vtd_reason reason)
{
	return REASON_GET(reasons, reason, code, 0);
}

IOASID_EXPORT uint8_t ioasid_vtd_reason_get_queue_error(enum ioasid_vtd_reason reason)
{
	return REASON_GET(reasons, reason, queue_error, 0);
}
