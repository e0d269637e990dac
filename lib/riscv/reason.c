/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reasons: their texts, and the causes that fault records have for them (4.2). */
#include "export.h"
#include "guest/reason.h"
#include "riscv/bits.h"

static const struct {
	uint16_t cause;
	const char *text;
} reasons[] = {
	[IOASID_RISCV_OK] = { 0, "well-formed" },

	[IOASID_RISCV_OFF] = { RISCV_ALL_DISALLOWED, "the unit is off" },
	[IOASID_RISCV_DEVICE_RANGE] = { RISCV_TYPE_DISALLOWED,
					"device beyond the device directory" },
	[IOASID_RISCV_DDT_ACCESS] = { RISCV_DDT_ACCESS_FAULT, "device directory not readable" },
	[IOASID_RISCV_DDT_ABSENT] = { RISCV_DDT_NOT_VALID, "device directory entry not valid" },
	[IOASID_RISCV_DDT_RESERVED] = { RISCV_DDT_MISCONFIGURED,
					"reserved bit in the device directory entry" },
	[IOASID_RISCV_DC_RESERVED] = { RISCV_DDT_MISCONFIGURED,
				       "reserved bit in the device context" },
	[IOASID_RISCV_DC_ATS] = { RISCV_DDT_MISCONFIGURED,
				  "ATS of the device context not supported or not enabled" },
	[IOASID_RISCV_DC_UPDATE] = { RISCV_DDT_MISCONFIGURED,
				     "hardware update of flags not supported" },
	[IOASID_RISCV_DC_ENDIAN] = { RISCV_DDT_MISCONFIGURED,
				     "byte order of the device context not supported" },
	[IOASID_RISCV_DC_WIDTH] = { RISCV_DDT_MISCONFIGURED,
				    "SXL of the device context not allowed" },
	[IOASID_RISCV_DC_SECOND_STAGE] = { RISCV_DDT_MISCONFIGURED,
					   "second-stage scheme not supported" },
	[IOASID_RISCV_DC_ROOT] = { RISCV_DDT_MISCONFIGURED,
				   "second-stage table not aligned to 16K" },
	[IOASID_RISCV_DC_FIRST_STAGE] = {
		RISCV_DDT_MISCONFIGURED, "first-stage scheme of the device context not supported" },
	[IOASID_RISCV_DC_PDT] = { RISCV_DDT_MISCONFIGURED,
				  "kind of process directory not supported" },
	[IOASID_RISCV_DC_MSI] = { RISCV_DDT_MISCONFIGURED,
				  "MSI page table of unknown kind or without second stage" },

	[IOASID_RISCV_PROCESS_DISABLED] = { RISCV_TYPE_DISALLOWED,
					    "request with process_id not enabled" },
	[IOASID_RISCV_PROCESS_RANGE] = { RISCV_TYPE_DISALLOWED,
					 "process_id beyond the process directory" },
	[IOASID_RISCV_PDT_ACCESS] = { RISCV_PDT_ACCESS_FAULT, "process directory not readable" },
	[IOASID_RISCV_PDT_TRANSLATION] = { RISCV_READ_GUEST_PAGE_FAULT,
					   "process directory not translated by the second stage" },
	[IOASID_RISCV_PDT_ABSENT] = { RISCV_PDT_NOT_VALID, "process directory entry not valid" },
	[IOASID_RISCV_PDT_RESERVED] = { RISCV_PDT_MISCONFIGURED,
					"reserved bit in the process directory entry" },
	[IOASID_RISCV_PC_RESERVED] = { RISCV_PDT_MISCONFIGURED,
				       "reserved bit in the process context" },
	[IOASID_RISCV_PC_FIRST_STAGE] = {
		RISCV_PDT_MISCONFIGURED,
		"first-stage scheme of the process context not supported" },

	[IOASID_RISCV_CMD_OPCODE] = { 0, "command unknown or not supported" },
	[IOASID_RISCV_CMD_RESERVED] = { 0, "reserved bit in the command" },
	[IOASID_RISCV_CMD_OPERAND] = { 0, "operand of the command too wide or missing" },
};

IOASID_EXPORT const char *ioasid_riscv_reason_text(enum ioasid_riscv_reason reason)
{
	return REASON_GET(reasons, reason, text, "unknown reason");
}

uint16_t riscv_guest_page_fault(enum ioasid_riscv_transaction transaction)
{
	switch (transaction) {
	case IOASID_RISCV_EXECUTE:
	case IOASID_RISCV_TRANSLATED_EXECUTE:
		return RISCV_EXECUTE_GUEST_PAGE_FAULT;
	case IOASID_RISCV_WRITE:
	case IOASID_RISCV_TRANSLATED_WRITE:
		return RISCV_WRITE_GUEST_PAGE_FAULT;
	default:
		return RISCV_READ_GUEST_PAGE_FAULT;
	}
}

IOASID_EXPORT uint16_t ioasid_riscv_reason_get_cause(enum ioasid_riscv_reason reason,
						     enum ioasid_riscv_transaction transaction)
{
	if (reason == IOASID_RISCV_PDT_TRANSLATION)
		return riscv_guest_page_fault(transaction);
	return REASON_GET(reasons, reason, cause, 0);
}
