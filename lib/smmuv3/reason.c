/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reasons: their texts, and the numbers that the specification gives them. */
#include "export.h"
#include "guest/reason.h"
#include "smmuv3/bits.h"

/* Event numbers (7.3), and SMMU_CMDQ_CONS.ERR (7.1). */
enum {
	C_BAD_STREAMID = 0x02,
	F_STE_FETCH = 0x03,
	C_BAD_STE = 0x04,
	F_STREAM_DISABLED = 0x06,
	C_BAD_SUBSTREAMID = 0x08,
	F_CD_FETCH = 0x09,
	C_BAD_CD = 0x0a,
	F_TRANSLATION = 0x10,
	CERROR_ILL = 0x01,
};

struct reason {
	uint8_t code;
	uint8_t queue_error;
	const char *text;
};

static const struct reason reasons[] = {
	[IOASID_SMMUV3_OK] = { 0, 0, "well-formed" },

	[IOASID_SMMUV3_DISABLED] = { 0, 0, "unit disabled, and set to block all requests" },
	[IOASID_SMMUV3_STREAM_RANGE] = { C_BAD_STREAMID, 0, "StreamID beyond the stream table" },
	[IOASID_SMMUV3_STREAM_ABSENT] = { C_BAD_STREAMID, 0,
					  "no stream table entry for the StreamID" },

	[IOASID_SMMUV3_STE_ACCESS] = { F_STE_FETCH, 0, "stream table entry not readable" },
	[IOASID_SMMUV3_STE_ABSENT] = { C_BAD_STE, 0, "stream table entry not valid" },
	[IOASID_SMMUV3_STE_ABORT] = { 0, 0, "stream table entry blocks all requests" },
	[IOASID_SMMUV3_STE_STAGE] = { C_BAD_STE, 0, "stage of translation not supported" },
	[IOASID_SMMUV3_STE_ATS] = { C_BAD_STE, 0, "ATS mode not allowed" },
	[IOASID_SMMUV3_STE_WORLD] = { C_BAD_STE, 0, "StreamWorld reserved" },
	[IOASID_SMMUV3_STE_STALL] = { C_BAD_STE, 0,
				      "stall behaviour of the stream table entry not supported" },
	[IOASID_SMMUV3_STE_SUBSTREAMS] = { C_BAD_STE, 0, "more SubstreamIDs than supported" },
	[IOASID_SMMUV3_STE_FORMAT] = { C_BAD_STE, 0,
				       "two-level table of context descriptors not supported" },
	[IOASID_SMMUV3_STE_POINTER] = { C_BAD_STE, 0,
					"context descriptors beyond the address size" },
	[IOASID_SMMUV3_STE_TABLE_FORMAT] = { C_BAD_STE, 0, "stage 2 table format not supported" },
	[IOASID_SMMUV3_STE_UPDATE] = { C_BAD_STE, 0,
				       "stage 2 hardware update of flags not supported" },
	[IOASID_SMMUV3_STE_GRANULE] = { C_BAD_STE, 0, "stage 2 granule not supported" },
	[IOASID_SMMUV3_STE_SIZE] = { C_BAD_STE, 0,
				     "stage 2 input size and starting level not allowed" },
	[IOASID_SMMUV3_STE_ROOT] = { C_BAD_STE, 0, "stage 2 table beyond its address size" },
	[IOASID_SMMUV3_STE_VMID] = { C_BAD_STE, 0, "VMID wider than supported" },

	[IOASID_SMMUV3_SUBSTREAM_STAGE] = { C_BAD_SUBSTREAMID, 0, "SubstreamID without stage 1" },
	[IOASID_SMMUV3_SUBSTREAM_RANGE] = { C_BAD_SUBSTREAMID, 0,
					    "SubstreamID beyond the context descriptors" },
	[IOASID_SMMUV3_SUBSTREAM_ABSENT] = { C_BAD_SUBSTREAMID, 0,
					     "no context descriptor for the SubstreamID" },
	[IOASID_SMMUV3_STREAM_DISABLED] = { F_STREAM_DISABLED, 0,
					    "no SubstreamID, or one that is taken" },

	[IOASID_SMMUV3_CD_ACCESS] = { F_CD_FETCH, 0, "context descriptor not readable" },
	[IOASID_SMMUV3_CD_TRANSLATION] = { F_TRANSLATION, 0,
					   "context descriptor not translated by stage 2" },
	[IOASID_SMMUV3_CD_ABSENT] = { C_BAD_CD, 0, "context descriptor not valid" },
	[IOASID_SMMUV3_CD_STALL] = { C_BAD_CD, 0,
				     "stall behaviour of the context descriptor not allowed" },
	[IOASID_SMMUV3_CD_TERMINATE] = { C_BAD_CD, 0, "faults without an abort not supported" },
	[IOASID_SMMUV3_CD_TABLE_FORMAT] = { C_BAD_CD, 0, "stage 1 table format not supported" },
	[IOASID_SMMUV3_CD_UPDATE] = { C_BAD_CD, 0,
				      "stage 1 hardware update of flags not supported" },
	[IOASID_SMMUV3_CD_ASID] = { C_BAD_CD, 0, "ASID wider than supported" },
	[IOASID_SMMUV3_CD_SIZE] = { C_BAD_CD, 0, "stage 1 input size not allowed" },
	[IOASID_SMMUV3_CD_GRANULE] = { C_BAD_CD, 0, "stage 1 granule not supported" },
	[IOASID_SMMUV3_CD_ROOT] = { C_BAD_CD, 0, "stage 1 table beyond its address size" },

	[IOASID_SMMUV3_CMD_OPCODE] = { 0, CERROR_ILL, "command unknown or not supported" },
	[IOASID_SMMUV3_CMD_SECURE] = { 0, CERROR_ILL, "command about a Secure stream" },
	[IOASID_SMMUV3_CMD_RANGE] = { 0, CERROR_ILL, "granule without a level or a range" },
	[IOASID_SMMUV3_CMD_SIZE] = { 0, CERROR_ILL, "size beyond all addresses" },
	[IOASID_SMMUV3_CMD_RESPONSE] = { 0, CERROR_ILL, "page response reserved" },
	[IOASID_SMMUV3_CMD_SIGNAL] = { 0, CERROR_ILL, "completion signal reserved" },
};

IOASID_EXPORT const char *ioasid_smmuv3_reason_text(enum ioasid_smmuv3_reason reason)
{
	return REASON_GET(reasons, reason, text, "unknown reason");
}

IOASID_EXPORT uint8_t ioasid_smmuv3_reason_get_code(enum ioasid_smmuv3_reason reason)
{
	return REASON_GET(reasons, reason, code, 0);
}

IOASID_EXPORT uint8_t ioasid_smmuv3_reason_get_queue_error(enum ioasid_smmuv3_reason reason)
{
	return REASON_GET(reasons, reason, queue_error, 0);
}
