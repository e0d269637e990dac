/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fault records (FRCD_REG, 11.4.7.6): how the unit tells its driver of a DMA that was blocked. */
#include "export.h"
#include "util/bits.h"
#include "vtd/bits.h"

/* Who has translated the request, and in which mode. */
enum stage {
	PASSED_LEGACY,
	PASSED,
	SECOND_LEGACY,
	SECOND,
	FIRST,
	NESTED,
	STAGES,
};

/* SPT.1, which is always recorded: FPD has no part in it (7.1.3). */
#define PASID_ACCESS 0x58

/* Of the tables before: whoever would have translated it. */
#define IN_SCALABLE_MODE(code) \
	{ \
		[PASSED] = { code, code }, \
		[SECOND] = { code, code }, \
		[FIRST] = { code, code }, \
		[NESTED] = { code, code }, \
	}

/*
 * Fault reasons (7.1.3), of a read and of a write. What has none is memory that is missing, and not
 * a translation. SFS.1 is 70h, SSS.1 is 78h, SGN.1 is 80h, and they count upwards.
 */
static const uint8_t codes[][STAGES][2] = {
	[IOASID_FAULT_ADDRESS_WIDTH] = {
		[PASSED_LEGACY] = { 0x04, 0x04 }, /* LGN.1 */
		[PASSED] = { 0x83, 0x83 }, /* SGN.4: the host's addresses */
		[SECOND_LEGACY] = { 0x04, 0x04 },
		[SECOND] = { 0x84, 0x84 }, /* SGN.5: MGAW */
		[FIRST] = { 0x80, 0x80 }, /* SGN.1: not canonical */
		[NESTED] = { 0x80, 0x80 },
	},
	[IOASID_FAULT_NOT_MAPPED] = {
		[SECOND_LEGACY] = { 0x06, 0x05 }, /* LGN.3, LGN.2 */
		[SECOND] = { 0x79, 0x79 }, /* SSS.2 */
		[FIRST] = { 0x71, 0x71 }, /* SFS.2 */
		[NESTED] = { 0x71, 0x71 },
	},
	[IOASID_FAULT_PERMISSION] = {
		[SECOND_LEGACY] = { 0x06, 0x05 },
		[SECOND] = { 0x86, 0x85 }, /* SGN.7, SGN.6 */
		[FIRST] = { 0x81, 0x85 }, /* SGN.2: what forbids to read is U/S */
		[NESTED] = { 0x81, 0x85 },
	},
	[IOASID_FAULT_MALFORMED_ENTRY] = {
		[SECOND_LEGACY] = { 0x0c, 0x0c },
		[SECOND] = { 0x7a, 0x7a }, /* SSS.3 */
		[FIRST] = { 0x72, 0x72 }, /* SFS.3 */
		[NESTED] = { 0x72, 0x72 },
	},
	[IOASID_FAULT_TABLE_NOT_MAPPED] = {
		[SECOND_LEGACY] = { 0x07, 0x07 },
		[SECOND] = { 0x78, 0x78 }, /* SSS.1 */
		[FIRST] = { 0x70, 0x70 }, /* SFS.1 */
		[NESTED] = { 0x79, 0x79 }, /* SSS.2: see SFS.1 */
	},
	[IOASID_FAULT_PASID_RANGE] = IN_SCALABLE_MODE(0x46), /* SCT.7 */
	[IOASID_FAULT_PASID_NOT_PRESENT] = IN_SCALABLE_MODE(0x59), /* SPT.2 */
	[IOASID_FAULT_PASID_MALFORMED] = IN_SCALABLE_MODE(0x5a), /* SPT.3 */
	[IOASID_FAULT_PASID_TABLE_NOT_MAPPED] = IN_SCALABLE_MODE(PASID_ACCESS),
	[IOASID_FAULT_TARGET_NOT_MAPPED] = {
		[NESTED] = { 0x79, 0x79 }, /* what the parent maps is the second stage */
	},
};

static enum stage stage_of(const struct ioasid_vtd_translation *t)
{
	switch (t->kind) {
	case IOASID_VTD_SECOND_STAGE:
		return t->scalable ? SECOND : SECOND_LEGACY;
	case IOASID_VTD_FIRST_STAGE:
		return FIRST;
	case IOASID_VTD_NESTED:
		return NESTED;
	case IOASID_VTD_PASSTHROUGH:
	case IOASID_VTD_BLOCKED:
		break;
	}
	return t->scalable ? PASSED : PASSED_LEGACY;
}

static uint8_t code_of(const struct ioasid_event *event, const struct ioasid_vtd_translation *t)
{
	size_t reason = (size_t)event->reason;

	if (t->kind == IOASID_VTD_BLOCKED)
		return ioasid_vtd_reason_get_code(t->reason);
	if (reason >= bits_array_size(codes))
		return 0;
	return codes[reason][stage_of(t)][event->access & IOASID_WRITE ? 1 : 0];
}

/* T1 and T2: 00b a write, 10b a read, 11b an atomic operation. */
static uint64_t type_of(const struct ioasid_event *event)
{
	switch (event->access) {
	case IOASID_READ:
		return ENTRY_BIT(62);
	case IOASID_READ | IOASID_WRITE:
		return ENTRY_BIT(62) | ENTRY_BIT(28);
	default:
		return 0;
	}
}

IOASID_EXPORT bool ioasid_vtd_fault_encode(const struct ioasid_event *event, uint16_t source_id,
					   const struct ioasid_vtd_translation *translation,
					   uint64_t raw[2])
{
	uint8_t code = event->type == IOASID_EVENT_FAULT ? code_of(event, translation) : 0;

	if (!code || (translation->fault_disable && code != PASID_ACCESS))
		return false;
	raw[0] = event->iova & ENTRY_BITS(63, 12);
	raw[1] = ENTRY_BIT(63) | (uint64_t)code << 32 | type_of(event) | source_id;
	if (event->pasid != IOASID_NO_PASID)
		raw[1] |= ENTRY_BIT(31) | (uint64_t)(event->pasid & 0xfffff) << 40;
	return true;
}
