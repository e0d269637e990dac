/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reasons: their texts, and the events that the specification has for them (2.5). */
#include "amd/bits.h"
#include "export.h"
#include "guest/reason.h"

#define ILLEGAL_ENTRY(bits)    AMD_EVENT(AMD_ILLEGAL_DEV_TABLE_ENTRY, bits)
#define PAGE_FAULT(bits)       AMD_EVENT(AMD_IO_PAGE_FAULT, bits)
#define ILLEGAL_COMMAND	       AMD_EVENT(AMD_ILLEGAL_COMMAND_ERROR, 0)
#define HARDWARE_ERROR(code)   AMD_EVENT(code, AMD_EVENT_ABORT)

static const struct reason {
	uint64_t event;
	const char *text;
} reasons[] = {
	[IOASID_AMD_OK] = { 0, "well-formed" },

	[IOASID_AMD_DEVICE_RANGE] = { ILLEGAL_ENTRY(0), "device beyond the device table" },
	[IOASID_AMD_DTE_ACCESS] = { HARDWARE_ERROR(AMD_DEV_TAB_HARDWARE_ERROR),
				    "device table entry not readable" },
	[IOASID_AMD_DTE_NO_TRANSLATION] = { PAGE_FAULT(0),
					    "device table entry without translation" },
	[IOASID_AMD_DTE_PERMISSION] = { PAGE_FAULT(AMD_EVENT_PR | AMD_EVENT_PE),
					"device table entry without permission" },
	[IOASID_AMD_DTE_RESERVED] = { ILLEGAL_ENTRY(AMD_EVENT_RZ),
				      "reserved bit in the device table entry" },
	[IOASID_AMD_DTE_MODE] = { ILLEGAL_ENTRY(0), "levels of the host table not supported" },
	[IOASID_AMD_DTE_GLX] = { ILLEGAL_ENTRY(0), "levels of the guest CR3 table not supported" },
	[IOASID_AMD_DTE_GUEST_MODE] = { ILLEGAL_ENTRY(0), "levels of guest tables not supported" },

	[IOASID_AMD_PASID_DISABLED] = { PAGE_FAULT(0), "request with PASID not enabled" },
	[IOASID_AMD_PASID_RANGE] = { PAGE_FAULT(0), "PASID beyond the guest CR3 table" },
	[IOASID_AMD_GCR3_ACCESS] = { HARDWARE_ERROR(AMD_PAGE_TAB_HARDWARE_ERROR),
				     "guest CR3 table entry not readable" },
	[IOASID_AMD_GCR3_ABSENT] = { PAGE_FAULT(0), "guest CR3 table entry not valid" },
	[IOASID_AMD_GCR3_RESERVED] = { PAGE_FAULT(AMD_EVENT_PR | AMD_EVENT_RZ),
				       "reserved bit in the guest CR3 table entry" },
	[IOASID_AMD_GCR3_TRANSLATION] = { PAGE_FAULT(0),
					  "guest CR3 table not translated by the host table" },

	[IOASID_AMD_CMD_OPCODE] = { ILLEGAL_COMMAND, "command unknown or not supported" },
	[IOASID_AMD_CMD_RESERVED] = { ILLEGAL_COMMAND, "reserved bit in the command" },
	[IOASID_AMD_CMD_ACCESS] = { HARDWARE_ERROR(AMD_COMMAND_HARDWARE_ERROR),
				    "command not readable" },
	[IOASID_AMD_CMD_TIMEOUT] = { AMD_EVENT(AMD_IOTLB_INV_TIMEOUT, 0),
				     "device TLB not invalidated in time" },
};

IOASID_EXPORT const char *ioasid_amd_reason_text(enum ioasid_amd_reason reason)
{
	return REASON_GET(reasons, reason, text, "unknown reason");
}

uint64_t amd_reason_event(enum ioasid_amd_reason reason)
{
	return REASON_GET(reasons, reason, event, 0);
}

IOASID_EXPORT uint8_t ioasid_amd_reason_get_code(enum ioasid_amd_reason reason)
{
	return (uint8_t)(amd_reason_event(reason) >> 60);
}
