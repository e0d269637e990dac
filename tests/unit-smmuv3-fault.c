/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMMUv3's event records of faults (7.3): event numbers, and the layouts of 7.3.3 to 7.3.16. */
#include <ioasid/smmuv3.h>

#include "runner.h"
#include "util/bits.h"

#define STREAM UINT64_C(0x12345678)
#define IOVA   UINT64_C(0xfedcba9876543210)

static struct ioasid_event fault(enum ioasid_fault_reason reason)
{
	return (struct ioasid_event){
		.type = IOASID_EVENT_FAULT, .reason = reason, .access = IOASID_READ, .iova = IOVA,
		.pasid = IOASID_NO_PASID,
	};
}

/* One whose faults are all recorded. */
static struct ioasid_smmuv3_translation translation(enum ioasid_smmuv3_kind kind)
{
	struct ioasid_smmuv3_translation t = IOASID_SMMUV3_TRANSLATION_INIT;

	t.kind = kind;
	t.record = t.stage2_record = true;
	return t;
}

/* All four doublewords; @first 0: no record, and nothing written. */
static void record_is(const struct ioasid_event *event, const struct ioasid_smmuv3_translation *t,
		      uint64_t first, uint64_t second, uint64_t third, uint64_t fourth)
{
	uint64_t record[4] = { 5, 6, 7, 8 };

	ck_assert_int_eq(ioasid_smmuv3_fault_encode(event, STREAM, t, record), first != 0);
	ck_assert_uint_eq(record[0], first ? first : 5);
	ck_assert_uint_eq(record[1], first ? second : 6);
	ck_assert_uint_eq(record[2], first ? third : 7);
	ck_assert_uint_eq(record[3], first ? fourth : 8);
}

#define S2   (UINT64_C(1) << 39)
#define RNW  (UINT64_C(1) << 35)
#define PNU  (UINT64_C(1) << 33)
#define TT   (UINT64_C(1) << 40)
#define IN   (UINT64_C(2) << 40)
#define NONE 0, 0, 0, 0

static const struct {
	enum ioasid_fault_reason reason;
	unsigned int code;
} codes[] = {
	{ IOASID_FAULT_NOT_MAPPED, 0x10 }, { IOASID_FAULT_MALFORMED_ENTRY, 0x11 },
	{ IOASID_FAULT_ADDRESS_WIDTH, 0x10 }, { IOASID_FAULT_ACCESS_FLAG, 0x12 },
	{ IOASID_FAULT_PERMISSION, 0x13 },
};

START_TEST(faults_of_a_walk)
{
	struct ioasid_smmuv3_translation t = translation(IOASID_SMMUV3_STAGE1);
	struct ioasid_event event = fault(codes[_i].reason);
	uint64_t first = STREAM << 32 | codes[_i].code;

	record_is(&event, &t, first, IN | RNW, IOVA, 0);
	t.kind = IOASID_SMMUV3_NESTED;
	record_is(&event, &t, first, IN | RNW, IOVA, 0);
	t.privileged = true;
	event.access = IOASID_WRITE;
	event.pasid = 0xabcde; /* SSV, SubstreamID */
	record_is(&event, &t, first | 0xabcde800, IN | PNU, IOVA, 0);
	t.record = false; /* CD.R */
	record_is(&event, &t, NONE);
	t.stall = true; /* with CD.S it is ignored (5.5) */
	record_is(&event, &t, first | 0xabcde800, IN | PNU, IOVA, 0);
}
END_TEST

START_TEST(faults_of_stage_2_alone)
{
	struct ioasid_smmuv3_translation t = translation(IOASID_SMMUV3_STAGE2);
	struct ioasid_event event = fault(codes[_i].reason);

	event.iova = 0x123456789abc;
	record_is(&event, &t, STREAM << 32 | codes[_i].code, IN | RNW | S2, 0x123456789abc,
		  0x123456789000);
	t.stage2_record = false; /* STE.S2R */
	record_is(&event, &t, NONE);
	t.stage2_stall = true; /* STE.S2S */
	record_is(&event, &t, STREAM << 32 | codes[_i].code, IN | RNW | S2, 0x123456789abc,
		  0x123456789000);
}
END_TEST

START_TEST(what_the_parent_does_not_map)
{
	struct ioasid_smmuv3_translation t = translation(IOASID_SMMUV3_NESTED);
	struct ioasid_event event = fault(IOASID_FAULT_TARGET_NOT_MAPPED);
	struct ioasid_event table = fault(IOASID_FAULT_TABLE_NOT_MAPPED);

	record_is(&event, &t, STREAM << 32 | 0x10, IN | RNW | S2, IOVA, 0);
	record_is(&table, &t, STREAM << 32 | 0x10, TT | RNW | S2, IOVA, 0);
	t.stage2_record = false;
	record_is(&event, &t, NONE);
	/* there is no memory, and no stage to say so */
	t = translation(IOASID_SMMUV3_STAGE1);
	record_is(&event, &t, NONE);
	t.kind = IOASID_SMMUV3_STAGE2;
	record_is(&event, &t, NONE);
	t.kind = IOASID_SMMUV3_BYPASS;
	event.reason = IOASID_FAULT_NOT_MAPPED;
	record_is(&event, &t, NONE);
}
END_TEST

/* What the unit itself has to read is an external abort, whatever the guest wants recorded. */
START_TEST(tables_that_are_missing)
{
	struct ioasid_smmuv3_translation t = translation(IOASID_SMMUV3_STAGE1);
	struct ioasid_event event = fault(IOASID_FAULT_TABLE_NOT_MAPPED);

	t.record = t.stage2_record = false;
	record_is(&event, &t, STREAM << 32 | 0x0b, TT | RNW, IOVA, 0); /* F_WALK_EABT (7.3.12) */
	t.privileged = true;
	record_is(&event, &t, STREAM << 32 | 0x0b, TT | RNW | PNU, IOVA, 0);
	t.privileged = false;
	t.kind = IOASID_SMMUV3_STAGE2;
	event.access = IOASID_WRITE;
	record_is(&event, &t, STREAM << 32 | 0x0b, IN | S2, IOVA, 0);
	t.kind = IOASID_SMMUV3_BYPASS;
	record_is(&event, &t, NONE);
}
END_TEST

/* Of context descriptors that are bound as a whole: F_CD_FETCH, or a fault of stage 2, class CD. */
START_TEST(descriptors_that_are_missing)
{
	struct ioasid_smmuv3_translation t = translation(IOASID_SMMUV3_STAGE1);
	struct ioasid_event event = fault(IOASID_FAULT_PASID_TABLE_NOT_MAPPED);

	event.pasid = 3;
	record_is(&event, &t, STREAM << 32 | 3 << 12 | 1 << 11 | 0x09, 0, 0, 0);
	t.kind = IOASID_SMMUV3_NESTED;
	record_is(&event, &t, STREAM << 32 | 3 << 12 | 1 << 11 | 0x10, RNW | S2, IOVA, 0);
	t.stage2_record = false;
	record_is(&event, &t, NONE);
}
END_TEST

START_TEST(blocked_by_its_tables)
{
	struct ioasid_smmuv3_translation t = translation(IOASID_SMMUV3_BLOCKED);
	struct ioasid_event event = fault(IOASID_FAULT_BLOCKED);

	t.reason = IOASID_SMMUV3_STREAM_RANGE;
	record_is(&event, &t, STREAM << 32 | 0x02, 0, 0, 0);
	t.reason = IOASID_SMMUV3_STE_ABSENT;
	record_is(&event, &t, STREAM << 32 | 0x04, 0, 0, 0);
	event.pasid = 3;
	t.reason = IOASID_SMMUV3_SUBSTREAM_RANGE;
	record_is(&event, &t, STREAM << 32 | 3 << 12 | 0x08, 0, 0, 0); /* without SSV (7.3.9) */
	t.reason = IOASID_SMMUV3_STREAM_DISABLED;
	record_is(&event, &t, STREAM << 32 | 0x06, 0, 0, 0); /* nor SubstreamID (7.3.7) */
	t.reason = IOASID_SMMUV3_CD_ABSENT;
	record_is(&event, &t, STREAM << 32 | 3 << 12 | 1 << 11 | 0x0a, 0, 0, 0);
	t.entry = 0x123456789040;
	t.reason = IOASID_SMMUV3_CD_TRANSLATION; /* of stage 2, class CD */
	record_is(&event, &t, STREAM << 32 | 3 << 12 | 1 << 11 | 0x10, RNW | S2, IOVA,
		  0x123456789000);
	t.reason = IOASID_SMMUV3_CD_ACCESS; /* FetchAddr */
	record_is(&event, &t, STREAM << 32 | 3 << 12 | 1 << 11 | 0x09, 0, 0, 0x123456789040);
	event.pasid = IOASID_NO_PASID;
	t.reason = IOASID_SMMUV3_STE_ACCESS;
	record_is(&event, &t, STREAM << 32 | 0x03, 0, 0, 0x123456789040);
	t.silent = true;
	record_is(&event, &t, NONE);
	t.silent = false;
	t.reason = IOASID_SMMUV3_STE_ABORT;
	record_is(&event, &t, NONE);
}
END_TEST

START_TEST(no_event_of_the_unit)
{
	struct ioasid_smmuv3_translation t = translation(IOASID_SMMUV3_STAGE1);
	struct ioasid_event event = fault(IOASID_FAULT_BLOCKED);

	record_is(&event, &t, NONE);
	event.reason = IOASID_FAULT_NO_PGTABLE;
	record_is(&event, &t, NONE);
	event.reason = IOASID_FAULT_REQUEST_INVALID;
	record_is(&event, &t, NONE);
	event = fault(IOASID_FAULT_NOT_MAPPED);
	event.type = IOASID_EVENT_OVERFLOW;
	record_is(&event, &t, NONE);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("fault");
	Suite *suite = suite_create("smmuv3-fault");

	tcase_add_loop_test(tc, faults_of_a_walk, 0, (int)bits_array_size(codes));
	tcase_add_loop_test(tc, faults_of_stage_2_alone, 0, (int)bits_array_size(codes));
	tcase_add_test(tc, what_the_parent_does_not_map);
	tcase_add_test(tc, tables_that_are_missing);
	tcase_add_test(tc, descriptors_that_are_missing);
	tcase_add_test(tc, blocked_by_its_tables);
	tcase_add_test(tc, no_event_of_the_unit);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
