/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fault records of RISC-V's IOMMU (4.2) of what the library tells: causes, and their layout. */
#include <ioasid/riscv.h>

#include "runner.h"
#include "util/bits.h"

#define READ   IOASID_READ
#define WRITE  IOASID_WRITE
#define IOVA   UINT64_C(0xfedcba9876543217)
#define DEVICE UINT64_C(0xabcdef)

static struct ioasid_event fault(enum ioasid_fault_reason reason, uint32_t access)
{
	return (struct ioasid_event){
		.type = IOASID_EVENT_FAULT, .reason = reason, .access = access, .iova = IOVA,
		.pasid = IOASID_NO_PASID,
	};
}

static struct ioasid_riscv_translation translation(enum ioasid_riscv_kind kind)
{
	struct ioasid_riscv_translation t = IOASID_RISCV_TRANSLATION_INIT;

	t.kind = kind;
	t.process_id = IOASID_NO_PASID;
	return t;
}

/* @cause 0: no record, and nothing written. TTYP is 2 for a read, 3 for a write or an AMO. */
static void record_is(const struct ioasid_event *event, const struct ioasid_riscv_translation *t,
		      uint64_t cause, uint64_t iotval2)
{
	uint64_t raw[4] = { 5, 6, 7, 8 }, ttyp = event->access & WRITE ? 3 : 2;
	uint64_t who = event->pasid == IOASID_NO_PASID ?
			       0 : (uint64_t)event->pasid << 12 | UINT64_C(1) << 32;

	ck_assert_int_eq(ioasid_riscv_fault_encode(event, DEVICE, t, raw), cause != 0);
	ck_assert_uint_eq(raw[0], cause ? cause | ttyp << 34 | DEVICE << 40 | who : 5);
	ck_assert_uint_eq(raw[1], cause ? 0 : 6);
	ck_assert_uint_eq(raw[2], cause ? IOVA : 7);
	ck_assert_uint_eq(raw[3], cause ? iotval2 : 8);
}

/* Causes of a read, by kind: first stage, second stage, nested. */
static const struct {
	enum ioasid_fault_reason reason;
	struct {
		unsigned int cause;
		uint64_t iotval2;
	} of[3];
} walks[] = {
	/* iotval2 has the guest-physical address, and not its lowest bits */
#define STAGES { { 13, 0 }, { 21, IOVA & ~UINT64_C(3) }, { 13, 0 } }
	{ IOASID_FAULT_ADDRESS_WIDTH, STAGES },
	{ IOASID_FAULT_NOT_MAPPED, STAGES },
	{ IOASID_FAULT_PERMISSION, STAGES },
	{ IOASID_FAULT_MALFORMED_ENTRY, STAGES },
	{ IOASID_FAULT_ACCESS_FLAG, STAGES },
	/* bit 0: it is an implicit access */
	{ IOASID_FAULT_TABLE_NOT_MAPPED, { { 5, 0 }, { 5, 0 }, { 21, 1 } } },
	{ IOASID_FAULT_TARGET_NOT_MAPPED, { { 0, 0 }, { 0, 0 }, { 21, 0 } } },
	{ IOASID_FAULT_REQUEST_FAILURE, { { 0, 0 }, { 0, 0 }, { 0, 0 } } },
	{ IOASID_FAULT_BLOCKED, { { 0, 0 }, { 0, 0 }, { 0, 0 } } },
	{ IOASID_FAULT_NO_PGTABLE, { { 0, 0 }, { 0, 0 }, { 0, 0 } } },
	{ (enum ioasid_fault_reason)1000, { { 0, 0 }, { 0, 0 }, { 0, 0 } } },
};

START_TEST(faults_of_a_walk)
{
	static const enum ioasid_riscv_kind kinds[] = {
		IOASID_RISCV_FIRST_STAGE, IOASID_RISCV_SECOND_STAGE, IOASID_RISCV_NESTED,
	};

	for (unsigned int kind = 0; kind < 3; kind++) {
		struct ioasid_riscv_translation t = translation(kinds[kind]);
		struct ioasid_event event = fault(walks[_i].reason, READ);
		unsigned int cause = walks[_i].of[kind].cause;

		record_is(&event, &t, cause, walks[_i].of[kind].iotval2);
		event.access = WRITE;
		cause += cause ? 2 : 0; /* 7, 15, 23 */
		record_is(&event, &t, cause, walks[_i].of[kind].iotval2);
		event.access = READ | WRITE;
		event.pasid = 0xfedcb;
		record_is(&event, &t, cause, walks[_i].of[kind].iotval2);
		t.silent = true; /* DTF */
		record_is(&event, &t, 0, 0);
	}
}
END_TEST

/* Of a process directory that is bound as a whole. */
START_TEST(processes)
{
	struct ioasid_riscv_translation t = translation(IOASID_RISCV_FIRST_STAGE);
	struct ioasid_event event = fault(IOASID_FAULT_PASID_RANGE, READ);

	event.pasid = 5;
	record_is(&event, &t, 260, 0);
	event.reason = IOASID_FAULT_PASID_NOT_PRESENT;
	record_is(&event, &t, 266, 0);
	event.reason = IOASID_FAULT_PASID_MALFORMED;
	record_is(&event, &t, 267, 0);
	event.reason = IOASID_FAULT_PASID_TABLE_NOT_MAPPED;
	record_is(&event, &t, 265, 0);
}
END_TEST

/* Whatever the library says of it. */
START_TEST(blocked_by_its_directories)
{
	struct ioasid_riscv_translation t = translation(IOASID_RISCV_BLOCKED);
	struct ioasid_event event = fault(IOASID_FAULT_BLOCKED, WRITE);

	t.reason = IOASID_RISCV_OFF;
	record_is(&event, &t, 256, 0);
	t.reason = IOASID_RISCV_DDT_ACCESS;
	t.entry = 0x12345678;
	record_is(&event, &t, 257, 0);
	t.reason = IOASID_RISCV_DDT_ABSENT;
	record_is(&event, &t, 258, 0);
	t.reason = IOASID_RISCV_DC_MSI;
	record_is(&event, &t, 259, 0);
	event.pasid = 7;
	t.reason = IOASID_RISCV_PROCESS_RANGE;
	record_is(&event, &t, 260, 0);
	/* a guest-page fault of an implicit access, with the kind of the original one */
	t.reason = IOASID_RISCV_PDT_TRANSLATION;
	record_is(&event, &t, 23, 0x12345679);
	event.access = READ;
	record_is(&event, &t, 21, 0x12345679);
	t.silent = true;
	record_is(&event, &t, 0, 0);
}
END_TEST

START_TEST(no_record)
{
	struct ioasid_riscv_translation t = translation(IOASID_RISCV_BARE);
	struct ioasid_event event = fault(IOASID_FAULT_NOT_MAPPED, READ);
	uint64_t raw[4] = { 5 };

	record_is(&event, &t, 0, 0); /* there is no memory */
	t.kind = IOASID_RISCV_FIRST_STAGE;
	ck_assert(!ioasid_riscv_fault_encode(&event, 1 << 24, &t, raw));
	ck_assert_uint_eq(raw[0], 5);
	event.type = IOASID_EVENT_OVERFLOW;
	record_is(&event, &t, 0, 0);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("fault");
	Suite *suite = suite_create("riscv-fault");

	tcase_add_loop_test(tc, faults_of_a_walk, 0, (int)bits_array_size(walks));
	tcase_add_test(tc, processes);
	tcase_add_test(tc, blocked_by_its_directories);
	tcase_add_test(tc, no_record);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
