/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faults as event records (7.3) of a unit that a VMM emulates, by what its tables say. */
#include "export.h"
#include "smmuv3/bits.h"
#include "smmuv3/event.h"

/* Of records of 7.3.13 to 7.3.16; CLASS: what was to be translated. */
enum {
	F_TRANSLATION = 0x10,
	PNU = 33,
	S2 = 39,
	CLASS = 40,
	CLASS_CD = 0,
	CLASS_TT = 1,
	CLASS_IN = 2,
};

/* A record of stage 1 becomes one of stage 2, which translates what @class says. */
static void to_stage2(uint64_t record[4], uint64_t class, uint64_t ipa)
{
	record[1] = (record[1] & ~ENTRY_BITS(CLASS + 1, CLASS)) | class << CLASS | ENTRY_BIT(S2);
	record[3] = ipa & ENTRY_BITS(51, 12);
}

static bool encode_blocked(const struct ioasid_smmuv3_translation *t,
			   const struct ioasid_event *event, uint64_t record[4])
{
	uint8_t code = t->silent ? 0 : ioasid_smmuv3_reason_get_code(t->reason);
	struct ioasid_event e = *event;

	/* One that has a record, of the same layout. */
	e.reason = code == F_TRANSLATION ? IOASID_FAULT_NOT_MAPPED : IOASID_FAULT_NO_PGTABLE;
	if (!code || !smmu_event_encode(&e, record))
		return false;
	smmu_event_set_code(record, code);
	entry_to_numbers(record, 4 * sizeof(*record));
	if (code == F_TRANSLATION)
		to_stage2(record, CLASS_CD, 0);
	return true;
}

/* What the parent does not map is a fault of stage 2, where the parent is that. */
static bool encode_parents(const struct ioasid_smmuv3_translation *t,
			   const struct ioasid_event *event, uint64_t record[4])
{
	struct ioasid_event e = *event;

	if (t->kind != IOASID_SMMUV3_NESTED || !t->stage2_record)
		return false;
	e.reason = IOASID_FAULT_NOT_MAPPED;
	smmu_event_encode(&e, record);
	entry_to_numbers(record, 4 * sizeof(*record));
	to_stage2(record, event->reason == IOASID_FAULT_TABLE_NOT_MAPPED ? CLASS_TT : CLASS_IN, 0);
	return true;
}

static bool encode(const struct ioasid_smmuv3_translation *t, const struct ioasid_event *event,
		   uint64_t record[4])
{
	bool stage2 = t->kind == IOASID_SMMUV3_STAGE2;

	if (t->kind == IOASID_SMMUV3_BLOCKED)
		return encode_blocked(t, event, record);
	switch (event->reason) {
	case IOASID_FAULT_BLOCKED:
	case IOASID_FAULT_NO_PGTABLE: /* the VMM has not come to it yet */
		return false;
	case IOASID_FAULT_TARGET_NOT_MAPPED:
	case IOASID_FAULT_TABLE_NOT_MAPPED:
		return encode_parents(t, event, record);
	default:
		break;
	}
	if (t->kind == IOASID_SMMUV3_BYPASS || !(stage2 ? t->stage2_record : t->record) ||
	    !smmu_event_encode(event, record))
		return false;
	entry_to_numbers(record, 4 * sizeof(*record));
	if (stage2)
		to_stage2(record, CLASS_IN, event->iova);
	return true;
}

IOASID_EXPORT bool ioasid_smmuv3_fault_encode(const struct ioasid_event *event, uint32_t stream_id,
					      const struct ioasid_smmuv3_translation *translation,
					      uint64_t record[4])
{
	struct ioasid_event e = *event;
	uint64_t got[4];

	e.virtual_id = stream_id;
	if (event->type != IOASID_EVENT_FAULT || !encode(translation, &e, got))
		return false;
	if (entry_field(got[0], 7, 0) >= F_TRANSLATION && translation->privileged)
		got[1] |= ENTRY_BIT(PNU);
	memcpy(record, got, sizeof(got));
	return true;
}
