/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Event records (7.3). */
#include "smmuv3/bits.h"
#include "smmuv3/event.h"

enum {
	C_BAD_STE = 0x04,
	F_STREAM_DISABLED = 0x06,
	C_BAD_SUBSTREAMID = 0x08,
	C_BAD_CD = 0x0a,
	F_TRANSLATION = 0x10,
	F_ADDR_SIZE = 0x11,
	F_ACCESS = 0x12,
	F_PERMISSION = 0x13,
};

/* Of records of 7.3.13 to 7.3.16: SSV, RnW, and CLASS, which is 10b: the input address. */
#define SSV ENTRY_BIT(11)
#define RNW ENTRY_BIT(35)
#define CLASS_IN (UINT64_C(2) << 40)

/* 0: no record. */
static uint8_t code_of(enum ioasid_fault_reason reason)
{
	switch (reason) {
	case IOASID_FAULT_NO_PGTABLE:
		return C_BAD_STE;	/* 5.2: V = 0 */
	case IOASID_FAULT_BLOCKED:
		return F_STREAM_DISABLED; /* 5.2: S1DSS = 00b */
	case IOASID_FAULT_PASID_RANGE:
		return C_BAD_SUBSTREAMID;
	case IOASID_FAULT_PASID_NOT_PRESENT:
	case IOASID_FAULT_PASID_MALFORMED:
		return C_BAD_CD;
	case IOASID_FAULT_ADDRESS_WIDTH: /* 3.4.1: beyond TxSZ is a fault of translation */
	case IOASID_FAULT_NOT_MAPPED:
		return F_TRANSLATION;
	case IOASID_FAULT_MALFORMED_ENTRY:
		return F_ADDR_SIZE; /* what else is wrong with an entry of Arm's makes it invalid */
	case IOASID_FAULT_ACCESS_FLAG:
		return F_ACCESS;
	case IOASID_FAULT_PERMISSION:
		return F_PERMISSION;
	case IOASID_FAULT_TARGET_NOT_MAPPED:
	case IOASID_FAULT_TABLE_NOT_MAPPED:
	case IOASID_FAULT_PASID_TABLE_NOT_MAPPED:
	case IOASID_FAULT_REQUEST_INVALID:
	case IOASID_FAULT_REQUEST_FAILURE:
	case IOASID_FAULT_REQUEST_TIMEOUT:
		break;
	}
	return 0;
}

bool smmu_event_encode(const struct ioasid_event *event, uint64_t record[4])
{
	uint8_t code = code_of(event->reason);
	uint64_t first = event->virtual_id << 32;

	if (!code)
		return false;
	if (event->pasid != IOASID_NO_PASID)
		first |= SSV | (uint64_t)event->pasid << 12;
	record[0] = htole64(first);
	smmu_event_set_code(record, code);
	record[1] = record[2] = record[3] = 0;
	if (code < F_TRANSLATION)
		return true;
	/* Of one that reads and writes, as an atomic does, RnW is 0 (7.3.13). */
	record[1] = htole64(CLASS_IN | (event->access & IOASID_WRITE ? 0 : RNW));
	record[2] = htole64(event->iova);
	return true;
}

/* Two have no SSV: one no SubstreamID either (7.3.7), and one always a SubstreamID (7.3.9). */
void smmu_event_set_code(uint64_t record[4], uint8_t code)
{
	uint64_t first = (le64toh(record[0]) & ~ENTRY_BITS(7, 0)) | code;

	if (code == F_STREAM_DISABLED)
		first &= ~ENTRY_BITS(31, 8);
	else if (code == C_BAD_SUBSTREAMID)
		first &= ~SSV;
	record[0] = htole64(first);
}

/* The other way; 0: not known. */
static enum ioasid_fault_reason reason_of(unsigned int code)
{
	switch (code) {
	case C_BAD_STE:
		return IOASID_FAULT_NO_PGTABLE;
	case F_STREAM_DISABLED:
		return IOASID_FAULT_BLOCKED;
	case C_BAD_SUBSTREAMID:
		return IOASID_FAULT_PASID_RANGE;
	case C_BAD_CD:
		return IOASID_FAULT_PASID_MALFORMED;
	case F_TRANSLATION:
		return IOASID_FAULT_NOT_MAPPED;
	case F_ADDR_SIZE:	/* of what comes out (3.4) */
		return IOASID_FAULT_MALFORMED_ENTRY;
	case F_ACCESS:
		return IOASID_FAULT_ACCESS_FLAG;
	case F_PERMISSION:
		return IOASID_FAULT_PERMISSION;
	default:
		return (enum ioasid_fault_reason)0;
	}
}

bool smmu_event_decode(const uint64_t record[4], struct ioasid_event *event)
{
	const uint64_t first = le64toh(record[0]), second = le64toh(record[1]);
	unsigned int code = (unsigned int)entry_field(first, 7, 0);

	event->virtual_id = entry_field(first, 63, 32);
	event->reason = reason_of(code);
	if (!event->reason)
		return false;
	event->type = IOASID_EVENT_FAULT;
	event->pasid = IOASID_NO_PASID;
	if (code == C_BAD_SUBSTREAMID || (first & SSV && code != F_STREAM_DISABLED))
		event->pasid = (uint32_t)entry_field(first, 31, 12);
	if (code < F_TRANSLATION)
		return true;
	event->iova = le64toh(record[2]);
	event->access = second & RNW ? IOASID_READ : IOASID_WRITE;
	return true;
}
