/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VT-d's fault records: the fault reasons of 7.1.3, and the layout of 11.4.7.6. */
#include <ioasid/vtd.h>

#include "runner.h"
#include "util/bits.h"

#define READ IOASID_READ
#define WRITE IOASID_WRITE

static struct ioasid_event fault(enum ioasid_fault_reason reason, uint32_t access)
{
	return (struct ioasid_event){
		.type = IOASID_EVENT_FAULT, .reason = reason, .access = access,
		.iova = 0xfedcba9876543210, .pasid = IOASID_NO_PASID,
	};
}

static struct ioasid_vtd_translation translation(enum ioasid_vtd_kind kind, bool scalable)
{
	struct ioasid_vtd_translation t = IOASID_VTD_TRANSLATION_INIT;

	t.kind = kind;
	t.scalable = scalable;
	return t;
}

/* Fault Reason, bits 103 to 96; 0: no record, and nothing written. */
static unsigned int code(const struct ioasid_event *event, const struct ioasid_vtd_translation *t)
{
	uint64_t raw[2] = { 5, 6 };

	if (ioasid_vtd_fault_encode(event, 0x1234, t, raw))
		return raw[1] >> 32 & 0xff;
	ck_assert_uint_eq(raw[0], 5);
	ck_assert_uint_eq(raw[1], 6);
	return 0;
}

static const struct {
	enum ioasid_vtd_kind kind;
	bool scalable;
	enum ioasid_fault_reason reason;
	unsigned int read, write;
} reasons[] = {
	{ IOASID_VTD_SECOND_STAGE, false, IOASID_FAULT_ADDRESS_WIDTH, 0x04, 0x04 },
	{ IOASID_VTD_SECOND_STAGE, false, IOASID_FAULT_NOT_MAPPED, 0x06, 0x05 },
	{ IOASID_VTD_SECOND_STAGE, false, IOASID_FAULT_PERMISSION, 0x06, 0x05 },
	{ IOASID_VTD_SECOND_STAGE, false, IOASID_FAULT_TABLE_NOT_MAPPED, 0x07, 0x07 },
	{ IOASID_VTD_SECOND_STAGE, false, IOASID_FAULT_MALFORMED_ENTRY, 0x0c, 0x0c },
	{ IOASID_VTD_SECOND_STAGE, true, IOASID_FAULT_TABLE_NOT_MAPPED, 0x78, 0x78 },
	{ IOASID_VTD_SECOND_STAGE, true, IOASID_FAULT_NOT_MAPPED, 0x79, 0x79 },
	{ IOASID_VTD_SECOND_STAGE, true, IOASID_FAULT_MALFORMED_ENTRY, 0x7a, 0x7a },
	{ IOASID_VTD_SECOND_STAGE, true, IOASID_FAULT_ADDRESS_WIDTH, 0x84, 0x84 },
	{ IOASID_VTD_SECOND_STAGE, true, IOASID_FAULT_PERMISSION, 0x86, 0x85 },
	{ IOASID_VTD_FIRST_STAGE, true, IOASID_FAULT_TABLE_NOT_MAPPED, 0x70, 0x70 },
	{ IOASID_VTD_FIRST_STAGE, true, IOASID_FAULT_NOT_MAPPED, 0x71, 0x71 },
	{ IOASID_VTD_FIRST_STAGE, true, IOASID_FAULT_MALFORMED_ENTRY, 0x72, 0x72 },
	{ IOASID_VTD_FIRST_STAGE, true, IOASID_FAULT_ADDRESS_WIDTH, 0x80, 0x80 },
	{ IOASID_VTD_FIRST_STAGE, true, IOASID_FAULT_PERMISSION, 0x81, 0x85 },
	{ IOASID_VTD_NESTED, true, IOASID_FAULT_NOT_MAPPED, 0x71, 0x71 },
	{ IOASID_VTD_NESTED, true, IOASID_FAULT_MALFORMED_ENTRY, 0x72, 0x72 },
	{ IOASID_VTD_NESTED, true, IOASID_FAULT_TABLE_NOT_MAPPED, 0x79, 0x79 },
	{ IOASID_VTD_NESTED, true, IOASID_FAULT_TARGET_NOT_MAPPED, 0x79, 0x79 },
	{ IOASID_VTD_NESTED, true, IOASID_FAULT_ADDRESS_WIDTH, 0x80, 0x80 },
	{ IOASID_VTD_NESTED, true, IOASID_FAULT_PERMISSION, 0x81, 0x85 },
	/* of a PASID table that is bound as a whole: SCT.7, SPT.2, SPT.3, SPT.1 */
	{ IOASID_VTD_FIRST_STAGE, true, IOASID_FAULT_PASID_RANGE, 0x46, 0x46 },
	{ IOASID_VTD_FIRST_STAGE, true, IOASID_FAULT_PASID_NOT_PRESENT, 0x59, 0x59 },
	{ IOASID_VTD_NESTED, true, IOASID_FAULT_PASID_NOT_PRESENT, 0x59, 0x59 },
	{ IOASID_VTD_SECOND_STAGE, true, IOASID_FAULT_PASID_MALFORMED, 0x5a, 0x5a },
	{ IOASID_VTD_PASSTHROUGH, true, IOASID_FAULT_PASID_TABLE_NOT_MAPPED, 0x58, 0x58 },
	{ IOASID_VTD_SECOND_STAGE, false, IOASID_FAULT_PASID_NOT_PRESENT, 0, 0 },
	{ IOASID_VTD_PASSTHROUGH, false, IOASID_FAULT_ADDRESS_WIDTH, 0x04, 0x04 },
	{ IOASID_VTD_PASSTHROUGH, true, IOASID_FAULT_ADDRESS_WIDTH, 0x83, 0x83 },
	/* memory that is missing */
	{ IOASID_VTD_PASSTHROUGH, false, IOASID_FAULT_NOT_MAPPED, 0, 0 },
	{ IOASID_VTD_PASSTHROUGH, true, IOASID_FAULT_PERMISSION, 0, 0 },
	{ IOASID_VTD_SECOND_STAGE, false, IOASID_FAULT_TARGET_NOT_MAPPED, 0, 0 },
	{ IOASID_VTD_SECOND_STAGE, true, IOASID_FAULT_TARGET_NOT_MAPPED, 0, 0 },
	{ IOASID_VTD_FIRST_STAGE, true, IOASID_FAULT_TARGET_NOT_MAPPED, 0, 0 },
	/* the device knows, or the VMM has not attached it yet */
	{ IOASID_VTD_FIRST_STAGE, true, IOASID_FAULT_REQUEST_INVALID, 0, 0 },
	{ IOASID_VTD_NESTED, true, IOASID_FAULT_REQUEST_TIMEOUT, 0, 0 },
	{ IOASID_VTD_SECOND_STAGE, false, IOASID_FAULT_BLOCKED, 0, 0 },
	{ IOASID_VTD_SECOND_STAGE, true, (enum ioasid_fault_reason)1000, 0, 0 },
};

START_TEST(fault_reason)
{
	struct ioasid_vtd_translation t = translation(reasons[_i].kind, reasons[_i].scalable);
	struct ioasid_event event = fault(reasons[_i].reason, READ);

	ck_assert_uint_eq(code(&event, &t), reasons[_i].read);
	event.access = WRITE;
	ck_assert_uint_eq(code(&event, &t), reasons[_i].write);
	event.access = READ | WRITE;
	ck_assert_uint_eq(code(&event, &t), reasons[_i].write);
	t.fault_disable = true; /* of all but SPT.1, "qualified: no" */
	ck_assert_uint_eq(code(&event, &t), reasons[_i].write == 0x58 ? 0x58 : 0);
}
END_TEST

/* Whatever the library says of it: the VMM has detached the device, or the PASID. */
START_TEST(blocked_by_its_tables)
{
	struct ioasid_vtd_translation t = translation(IOASID_VTD_BLOCKED, true);
	struct ioasid_event event = fault(IOASID_FAULT_BLOCKED, READ);

	t.reason = IOASID_VTD_PASID_ABSENT;
	ck_assert_uint_eq(code(&event, &t), 0x59);
	event.reason = IOASID_FAULT_PASID_NOT_PRESENT;
	ck_assert_uint_eq(code(&event, &t), 0x59);
	t.reason = IOASID_VTD_SM_CONTEXT_ABSENT;
	t.fault_disable = true;
	ck_assert_uint_eq(code(&event, &t), 0);
}
END_TEST

START_TEST(layout)
{
	struct ioasid_vtd_translation t = translation(IOASID_VTD_FIRST_STAGE, true);
	struct ioasid_event event = fault(IOASID_FAULT_NOT_MAPPED, WRITE);
	uint64_t raw[2];

	ck_assert(ioasid_vtd_fault_encode(&event, 0x1234, &t, raw));
	ck_assert_uint_eq(raw[0], 0xfedcba9876543000);
	ck_assert_uint_eq(raw[1], 0x8000007100001234);
	event.access = READ; /* T1 */
	event.pasid = 0xabcde; /* PV, PP */
	ck_assert(ioasid_vtd_fault_encode(&event, 0x1234, &t, raw));
	ck_assert_uint_eq(raw[1], 0xcabcde7180001234);
	event.access = READ | WRITE; /* T1, T2 */
	ck_assert(ioasid_vtd_fault_encode(&event, 0xffff, &t, raw));
	ck_assert_uint_eq(raw[1], 0xcabcde719000ffff);
	event.type = IOASID_EVENT_OVERFLOW;
	ck_assert(!ioasid_vtd_fault_encode(&event, 0x1234, &t, raw));
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("fault");
	Suite *suite = suite_create("vtd-fault");

	tcase_add_loop_test(tc, fault_reason, 0, (int)bits_array_size(reasons));
	tcase_add_test(tc, blocked_by_its_tables);
	tcase_add_test(tc, layout);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
