/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faults as entries of the event log (2.5), by what the guest's tables say. */
#include "amd/bits.h"
#include "export.h"

/* Of requests that are none for a translation, and none for interrupts: TR and I are 0. */
#define RW ENTRY_BIT(53) /* it wants to write */
#define GN ENTRY_BIT(48) /* it has a PASID, or counts as having one */
#define US ENTRY_BIT(50) /* it is one of a user */

static unsigned code_of(uint64_t entry)
{
	return (unsigned)entry_field(entry, 63, 60);
}

/* What the device table entry forbids: nothing else is wrong with what is not translated. */
static bool is_forbidden(const struct ioasid_event *event, const struct ioasid_amd_translation *t)
{
	return (event->access & IOASID_READ && !t->readable) ||
	       (event->access & IOASID_WRITE && !t->writable);
}

/*
 * Code and bits of a fault in the tables, or 0. What the parent does not map is one where the
 * parent is the host table.
 */
static uint64_t walk_event(const struct ioasid_event *event,
			   const struct ioasid_amd_translation *t)
{
	const uint64_t unreadable = AMD_EVENT(AMD_PAGE_TAB_HARDWARE_ERROR, AMD_EVENT_ABORT);
	const uint64_t absent = AMD_EVENT(AMD_IO_PAGE_FAULT, 0);
	bool nested = t->kind == IOASID_AMD_NESTED;

	switch (event->reason) {
	case IOASID_FAULT_ADDRESS_WIDTH:
	case IOASID_FAULT_NOT_MAPPED:
	case IOASID_FAULT_PASID_RANGE:
	case IOASID_FAULT_PASID_NOT_PRESENT:
		return absent;
	case IOASID_FAULT_PERMISSION:
		return absent | AMD_EVENT_PR | AMD_EVENT_PE;
	case IOASID_FAULT_MALFORMED_ENTRY:
	case IOASID_FAULT_PASID_MALFORMED:
		return absent | AMD_EVENT_PR | AMD_EVENT_RZ;
	case IOASID_FAULT_TABLE_NOT_MAPPED:
		return nested ? absent : unreadable;
	case IOASID_FAULT_PASID_TABLE_NOT_MAPPED:
		return unreadable;
	case IOASID_FAULT_TARGET_NOT_MAPPED:
		return nested ? absent : 0;
	default:
		return 0;
	}
}

static uint64_t event_of(const struct ioasid_event *event, const struct ioasid_amd_translation *t)
{
	if (t->kind == IOASID_AMD_BLOCKED)
		return amd_reason_event(t->reason);
	if (t->kind != IOASID_AMD_BYPASS)
		return walk_event(event, t);
	return is_forbidden(event, t) ? amd_reason_event(IOASID_AMD_DTE_PERMISSION) : 0;
}

/* PASID[15:0] is where the domain-id is else, PASID[19:16] in bits 19:16. */
static uint64_t whose(const struct ioasid_event *event, const struct ioasid_amd_translation *t)
{
	bool with = event->pasid != IOASID_NO_PASID;
	uint64_t pasid = with ? event->pasid : t->pasid;

	if (pasid == IOASID_NO_PASID)
		return (uint64_t)t->domain << 32;
	return GN | (with ? US : 0) | entry_field(pasid, 15, 0) << 32 | (pasid & 0xf0000);
}

static void encode(const struct ioasid_event *event, const struct ioasid_amd_translation *t,
		   uint64_t raw[2])
{
	if (event->access & IOASID_WRITE)
		raw[0] |= RW;
	switch (code_of(raw[0])) {
	case AMD_ILLEGAL_DEV_TABLE_ENTRY: /* 2.5.2, which has neither domain-id nor US */
		if (event->pasid != IOASID_NO_PASID)
			raw[0] |= whose(event, t) & ~US;
		raw[1] = event->iova & ENTRY_BITS(63, 2);
		break;
	case AMD_IO_PAGE_FAULT: /* 2.5.3 */
		raw[0] |= whose(event, t);
		raw[1] = event->iova;
		break;
	case AMD_PAGE_TAB_HARDWARE_ERROR: /* 2.5.5 */
		raw[0] |= whose(event, t) & ~US;
		raw[1] = t->entry;
		break;
	default: /* 2.5.4: of the device table */
		raw[1] = t->entry;
		break;
	}
}

IOASID_EXPORT bool ioasid_amd_fault_encode(const struct ioasid_event *event, uint16_t device_id,
					   const struct ioasid_amd_translation *translation,
					   uint64_t raw[2])
{
	uint64_t entry = event->type == IOASID_EVENT_FAULT ? event_of(event, translation) : 0;

	if (!entry || (code_of(entry) == AMD_IO_PAGE_FAULT && translation->suppress_all))
		return false;
	raw[0] = entry | device_id;
	encode(event, translation, raw);
	return true;
}

/* 2.5.6 to 2.5.8 */
IOASID_EXPORT bool ioasid_amd_cmd_fault_encode(enum ioasid_amd_reason reason, uint16_t device_id,
					       uint64_t address, uint64_t raw[2])
{
	uint64_t entry = amd_reason_event(reason);

	if (code_of(entry) < AMD_ILLEGAL_COMMAND_ERROR)
		return false;
	raw[0] = entry | (reason == IOASID_AMD_CMD_TIMEOUT ? device_id : 0);
	raw[1] = address & ENTRY_BITS(63, 4);
	return true;
}
