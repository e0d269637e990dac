/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faults as event records (7.3) of a unit that a VMM emulates, by what its tables say. */
#include "export.h"
#include "smmuv3/bits.h"
#include "smmuv3/event.h"

/* Of records of 7.3.12 to 7.3.16; CLASS: what was to be translated. */
enum {
	F_STE_FETCH = 0x03,
	F_CD_FETCH = 0x09,
	F_WALK_EABT = 0x0b, /* 7.3.12 */
	F_TRANSLATION = 0x10,
	PNU = 33,
	S2 = 39,
	CLASS = 40,
	CLASS_CD = 0,
	CLASS_TT = 1,
	CLASS_IN = 2,
};

static void set_class(uint64_t record[4], uint64_t class)
{
	record[1] = (record[1] & ~ENTRY_BITS(CLASS + 1, CLASS)) | class << CLASS;
}

/* A record of stage 1 becomes one of stage 2, which translates what @class says. */
static void to_stage2(uint64_t record[4], uint64_t class, uint64_t ipa)
{
	set_class(record, class);
	record[1] |= ENTRY_BIT(S2);
	record[3] = ipa & ENTRY_BITS(51, 12);
}

/* The record of a reason that has one, with the number of another of the same layout. */
static void encode_as(const struct ioasid_event *event, enum ioasid_fault_reason reason,
		      uint8_t code, uint64_t record[4])
{
	struct ioasid_event e = *event;

	e.reason = reason;
	smmu_event_encode(&e, record);
	smmu_event_set_code(record, code);
	entry_to_numbers(record, 4 * sizeof(*record));
}

/* One without a stage, and with an address of what could not be read: 0 if nobody knows it. */
static void encode_config(const struct ioasid_event *event, uint8_t code, uint64_t fetch,
			  uint64_t record[4])
{
	encode_as(event, IOASID_FAULT_NO_PGTABLE, code, record);
	record[3] = fetch & ENTRY_BITS(55, 3); /* FetchAddr (7.3.4, 7.3.10) */
}

/* One about the input address, of stage 1. */
static void encode_walk(const struct ioasid_event *event, uint8_t code, uint64_t record[4])
{
	encode_as(event, IOASID_FAULT_NOT_MAPPED, code, record);
}

static bool encode_blocked(const struct ioasid_smmuv3_translation *t,
			   const struct ioasid_event *event, uint64_t record[4])
{
	uint8_t code = t->silent ? 0 : ioasid_smmuv3_reason_get_code(t->reason);

	if (!code)
		return false;
	if (code != F_TRANSLATION) {
		encode_config(event, code, t->entry, record);
		return true;
	}
	encode_walk(event, code, record);
	to_stage2(record, CLASS_CD, t->entry);
	return true;
}

/* R, which does not count with S: a fault that stalls is always reported (5.5). */
static bool wants_record(const struct ioasid_smmuv3_translation *t, bool stage2)
{
	return stage2 ? t->stage2_record || t->stage2_stall : t->record || t->stall;
}

/* What the parent does not map is a fault of stage 2, where the parent is that. */
static bool encode_nested(const struct ioasid_smmuv3_translation *t,
			  const struct ioasid_event *event, uint64_t record[4])
{
	uint64_t class = CLASS_IN;

	if (!wants_record(t, true))
		return false;
	if (event->reason == IOASID_FAULT_TABLE_NOT_MAPPED)
		class = CLASS_TT;
	else if (event->reason == IOASID_FAULT_PASID_TABLE_NOT_MAPPED)
		class = CLASS_CD;
	encode_walk(event, F_TRANSLATION, record);
	to_stage2(record, class, 0);
	return true;
}

/* Else it is memory that is missing: of which there are records if the unit wants to read it. */
static bool encode_parents(const struct ioasid_smmuv3_translation *t,
			   const struct ioasid_event *event, uint64_t record[4])
{
	if (t->kind == IOASID_SMMUV3_NESTED)
		return encode_nested(t, event, record);
	if (event->reason == IOASID_FAULT_PASID_TABLE_NOT_MAPPED) {
		encode_config(event, F_CD_FETCH, 0, record);
		return true;
	}
	if (event->reason != IOASID_FAULT_TABLE_NOT_MAPPED)
		return false;
	encode_walk(event, F_WALK_EABT, record);
	if (t->kind == IOASID_SMMUV3_STAGE2)
		to_stage2(record, CLASS_IN, 0);
	else /* unlike other faults of stage 1 (7.3.12) */
		set_class(record, CLASS_TT);
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
	case IOASID_FAULT_PASID_TABLE_NOT_MAPPED:
		return t->kind != IOASID_SMMUV3_BYPASS && encode_parents(t, event, record);
	default:
		break;
	}
	if (t->kind == IOASID_SMMUV3_BYPASS || !wants_record(t, stage2) ||
	    !smmu_event_encode(event, record))
		return false;
	entry_to_numbers(record, 4 * sizeof(*record));
	if (stage2)
		to_stage2(record, CLASS_IN, event->iova);
	return true;
}

static bool has_privilege(uint64_t code)
{
	return code == F_WALK_EABT || code >= F_TRANSLATION;
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
	if (has_privilege(entry_field(got[0], 7, 0)) && translation->privileged)
		got[1] |= ENTRY_BIT(PNU);
	memcpy(record, got, sizeof(got));
	return true;
}
