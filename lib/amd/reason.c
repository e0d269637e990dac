/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reasons: their texts, and the events that the specification has for them (2.5). */
#include "amd/bits.h"
#include "export.h"
#include "guest/reason.h"

enum {
	ILLEGAL_DEV_TABLE_ENTRY = 0x1,
	IO_PAGE_FAULT = 0x2,
	DEV_TAB_HARDWARE_ERROR = 0x3,
	PAGE_TAB_HARDWARE_ERROR = 0x4,
	ILLEGAL_COMMAND_ERROR = 0x5,
};

static const struct reason {
	uint8_t code;
	const char *text;
} reasons[] = {
	[IOASID_AMD_OK] = { 0, "well-formed" },

	[IOASID_AMD_DEVICE_RANGE] = { ILLEGAL_DEV_TABLE_ENTRY, "device beyond the device table" },
	[IOASID_AMD_DTE_ACCESS] = { DEV_TAB_HARDWARE_ERROR, "device table entry not readable" },
	[IOASID_AMD_DTE_NO_TRANSLATION] = { IO_PAGE_FAULT,
					    "device table entry without translation" },
	[IOASID_AMD_DTE_PERMISSION] = { IO_PAGE_FAULT, "device table entry without permission" },
	[IOASID_AMD_DTE_RESERVED] = { ILLEGAL_DEV_TABLE_ENTRY,
				      "reserved bit in the device table entry" },
	[IOASID_AMD_DTE_MODE] = { ILLEGAL_DEV_TABLE_ENTRY,
				  "levels of the host table not supported" },
	[IOASID_AMD_DTE_GLX] = { ILLEGAL_DEV_TABLE_ENTRY,
				 "levels of the guest CR3 table not supported" },
	[IOASID_AMD_DTE_GUEST_MODE] = { ILLEGAL_DEV_TABLE_ENTRY,
					"levels of guest tables not supported" },

	[IOASID_AMD_PASID_DISABLED] = { IO_PAGE_FAULT, "request with PASID not enabled" },
	[IOASID_AMD_PASID_RANGE] = { IO_PAGE_FAULT, "PASID beyond the guest CR3 table" },
	[IOASID_AMD_GCR3_ACCESS] = { PAGE_TAB_HARDWARE_ERROR,
				     "guest CR3 table entry not readable" },
	[IOASID_AMD_GCR3_ABSENT] = { IO_PAGE_FAULT, "guest CR3 table entry not valid" },
	[IOASID_AMD_GCR3_RESERVED] = { IO_PAGE_FAULT,
				       "reserved bit in the guest CR3 table entry" },

	[IOASID_AMD_CMD_OPCODE] = { ILLEGAL_COMMAND_ERROR, "command unknown or not supported" },
	[IOASID_AMD_CMD_RESERVED] = { ILLEGAL_COMMAND_ERROR, "reserved bit in the command" },
};

IOASID_EXPORT const char *ioasid_amd_reason_text(enum ioasid_amd_reason reason)
{
	return REASON_GET(reasons, reason, text, "unknown reason");
}

IOASID_EXPORT uint8_t ioasid_amd_reason_get_code(enum ioasid_amd_reason reason)
{
	return REASON_GET(reasons, reason, code, 0);
}
