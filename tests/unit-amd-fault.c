/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * AMD's event log (48882, 2.5): event codes, flags and layouts. Entries are taken apart as Linux
 * does before it prints them; some lines are what it has printed on real machines.
 */
#include <ioasid/amd.h>

#include "runner.h"
#include "util/bits.h"

#define READ  IOASID_READ
#define WRITE IOASID_WRITE
#define IOVA  UINT64_C(0xfedcba9876543217)

/* "Event logged [NAME device=... domain=... address=... flags=...]" */
struct line {
	unsigned int type;
	unsigned int device;
	unsigned int pasid; /* or domain-id */
	uint64_t address;
	unsigned int flags;
};

static struct line line_of(const uint64_t raw[2])
{
	uint32_t low = (uint32_t)raw[0], high = (uint32_t)(raw[0] >> 32);

	ck_assert_uint_eq(low >> 20, 0); /* reserved */
	return (struct line){
		high >> 28, low & 0xffff, (low & 0xf0000) | (high & 0xffff), raw[1],
		high >> 16 & 0xfff,
	};
}

static void line_is(const uint64_t raw[2], unsigned int type, unsigned int pasid, uint64_t address,
		    unsigned int flags)
{
	struct line l = line_of(raw);

	ck_assert_uint_eq(l.type, type);
	ck_assert_uint_eq(l.device, 0x2500);
	ck_assert_uint_eq(l.pasid, pasid);
	ck_assert_uint_eq(l.address, address);
	ck_assert_uint_eq(l.flags, flags);
}

static struct ioasid_event fault(enum ioasid_fault_reason reason, uint32_t access)
{
	return (struct ioasid_event){
		.type = IOASID_EVENT_FAULT, .reason = reason, .access = access, .iova = IOVA,
		.pasid = IOASID_NO_PASID,
	};
}

static struct ioasid_amd_translation translation(enum ioasid_amd_kind kind)
{
	struct ioasid_amd_translation t = IOASID_AMD_TRANSLATION_INIT;

	t.kind = kind;
	t.domain = 0x10;
	t.pasid = IOASID_NO_PASID;
	t.readable = t.writable = true;
	return t;
}

/* One that is blocked, as ioasid_amd_lookup() leaves it. */
static struct ioasid_amd_translation blocked(enum ioasid_amd_reason reason)
{
	struct ioasid_amd_translation t = IOASID_AMD_TRANSLATION_INIT;

	t.kind = IOASID_AMD_BLOCKED;
	t.reason = reason;
	t.domain = 0x10;
	t.pasid = IOASID_NO_PASID;
	t.entry = 0x123456780;
	return t;
}

static void encode(const struct ioasid_event *event, const struct ioasid_amd_translation *t,
		   uint64_t raw[2])
{
	ck_assert(ioasid_amd_fault_encode(event, 0x2500, t, raw));
}

static void no_entry(const struct ioasid_event *event, const struct ioasid_amd_translation *t)
{
	uint64_t raw[2] = { 5, 6 };

	ck_assert(!ioasid_amd_fault_encode(event, 0x2500, t, raw));
	ck_assert(raw[0] == 5 && raw[1] == 6);
}

/* What an ixgbe of bus 25 did, in domain 0x10, and what Linux then printed. */
static const struct {
	enum ioasid_fault_reason reason;
	uint32_t access;
	uint64_t address;
	unsigned int flags;
} printed[] = {
	{ IOASID_FAULT_NOT_MAPPED, READ, 0x1bbc8f040, 0x0000 },
	{ IOASID_FAULT_NOT_MAPPED, WRITE, 0x1bdcb70c0, 0x0020 },
	{ IOASID_FAULT_PERMISSION, READ, 0xbbcc1c40, 0x0050 },
	{ IOASID_FAULT_PERMISSION, WRITE, 0xbdcb70c0, 0x0070 },
};

START_TEST(as_real_units_do)
{
	struct ioasid_amd_translation t = translation(IOASID_AMD_HOST);
	struct ioasid_event event = fault(printed[_i].reason, printed[_i].access);
	uint64_t raw[2];

	event.iova = printed[_i].address;
	encode(&event, &t, raw);
	line_is(raw, 2, 0x10, printed[_i].address, printed[_i].flags);
}
END_TEST

#define GN 0x001u
#define US 0x004u
#define PR 0x010u
#define RW 0x020u
#define PE 0x040u
#define RZ 0x080u
#define MASTER_ABORT 0x200u

/* By kind: host, guest, nested; type 0: no entry. */
static const struct {
	enum ioasid_fault_reason reason;
	struct {
		unsigned int type, flags;
	} of[3];
} walks[] = {
	{ IOASID_FAULT_ADDRESS_WIDTH, { { 2, 0 }, { 2, 0 }, { 2, 0 } } },
	{ IOASID_FAULT_NOT_MAPPED, { { 2, 0 }, { 2, 0 }, { 2, 0 } } },
	{ IOASID_FAULT_PERMISSION, { { 2, PR | PE }, { 2, PR | PE }, { 2, PR | PE } } },
	{ IOASID_FAULT_MALFORMED_ENTRY, { { 2, PR | RZ }, { 2, PR | RZ }, { 2, PR | RZ } } },
	{ IOASID_FAULT_TABLE_NOT_MAPPED,
	  { { 4, MASTER_ABORT }, { 4, MASTER_ABORT }, { 2, 0 } } },
	/* memory that is missing, or the host table's fault */
	{ IOASID_FAULT_TARGET_NOT_MAPPED, { { 0, 0 }, { 0, 0 }, { 2, 0 } } },
	{ IOASID_FAULT_PASID_RANGE, { { 2, 0 }, { 2, 0 }, { 2, 0 } } },
	{ IOASID_FAULT_PASID_NOT_PRESENT, { { 2, 0 }, { 2, 0 }, { 2, 0 } } },
	{ IOASID_FAULT_PASID_MALFORMED, { { 2, PR | RZ }, { 2, PR | RZ }, { 2, PR | RZ } } },
	{ IOASID_FAULT_PASID_TABLE_NOT_MAPPED,
	  { { 4, MASTER_ABORT }, { 4, MASTER_ABORT }, { 4, MASTER_ABORT } } },
	/* the device knows, or the VMM has not attached it yet */
	{ IOASID_FAULT_REQUEST_INVALID, { { 0, 0 }, { 0, 0 }, { 0, 0 } } },
	{ IOASID_FAULT_BLOCKED, { { 0, 0 }, { 0, 0 }, { 0, 0 } } },
	{ IOASID_FAULT_NO_PGTABLE, { { 0, 0 }, { 0, 0 }, { 0, 0 } } },
	{ (enum ioasid_fault_reason)1000, { { 0, 0 }, { 0, 0 }, { 0, 0 } } },
};

static void walk_is(size_t i, unsigned int kind, struct ioasid_amd_translation *t, uint32_t pasid,
		    unsigned int id, unsigned int flags)
{
	unsigned int type = walks[i].of[kind].type;
	struct ioasid_event event = fault(walks[i].reason, READ | WRITE); /* an atomic operation */
	uint64_t raw[2];

	event.pasid = pasid;
	if (!type) {
		no_entry(&event, t);
		return;
	}
	encode(&event, t, raw);
	if (type == 4) /* neither users nor addresses, that of the entry is not known */
		flags &= ~US;
	line_is(raw, type, id, type == 4 ? 0 : IOVA, walks[i].of[kind].flags | RW | flags);
}

START_TEST(faults_of_a_walk)
{
	static const enum ioasid_amd_kind kinds[] = {
		IOASID_AMD_HOST, IOASID_AMD_GUEST, IOASID_AMD_NESTED,
	};
	struct ioasid_amd_translation t;

	for (unsigned int kind = 0; kind < 3; kind++) {
		t = translation(kinds[kind]);
		walk_is((size_t)_i, kind, &t, IOASID_NO_PASID, 0x10, 0);
		if (kinds[kind] == IOASID_AMD_HOST)
			continue;
		t.pasid = 0; /* of requests without PASID, by GIoV */
		walk_is((size_t)_i, kind, &t, IOASID_NO_PASID, 0, GN);
		t.pasid = 0xabcde;
		walk_is((size_t)_i, kind, &t, 0xabcde, 0xabcde, GN | US);
	}
}
END_TEST

static const struct {
	enum ioasid_amd_reason reason;
	unsigned int type, flags;
} blocks[] = {
	{ IOASID_AMD_DEVICE_RANGE, 1, 0 },
	{ IOASID_AMD_DTE_RESERVED, 1, RZ },
	{ IOASID_AMD_DTE_MODE, 1, 0 },
	{ IOASID_AMD_DTE_GLX, 1, 0 },
	{ IOASID_AMD_DTE_GUEST_MODE, 1, 0 },
	{ IOASID_AMD_DTE_NO_TRANSLATION, 2, 0 },
	{ IOASID_AMD_DTE_PERMISSION, 2, PR | PE },
	{ IOASID_AMD_PASID_DISABLED, 2, 0 },
	{ IOASID_AMD_PASID_RANGE, 2, 0 },
	{ IOASID_AMD_GCR3_ABSENT, 2, 0 },
	{ IOASID_AMD_GCR3_RESERVED, 2, PR | RZ },
	{ IOASID_AMD_GCR3_TRANSLATION, 2, 0 },
	{ IOASID_AMD_DTE_ACCESS, 3, MASTER_ABORT },
	{ IOASID_AMD_GCR3_ACCESS, 4, MASTER_ABORT },
};

/* Whatever the library says of it: the VMM has detached the device, or the PASID. */
START_TEST(blocked_by_its_tables)
{
	struct ioasid_event event = fault(IOASID_FAULT_BLOCKED, READ);
	struct ioasid_amd_translation t = blocked(blocks[_i].reason);
	unsigned int type = blocks[_i].type, flags = blocks[_i].flags;
	/* of the address of a request an ILLEGAL_DEV_TABLE_ENTRY leaves out two bits */
	uint64_t address = type == 1 ? IOVA & ~UINT64_C(3) : type == 2 ? IOVA : 0x123456780;
	uint64_t raw[2];

	encode(&event, &t, raw);
	line_is(raw, type, type == 2 || type == 4 ? 0x10 : 0, address, flags);
	event.access = WRITE;
	event.pasid = 0xfffff;
	encode(&event, &t, raw);
	if (type == 3) /* of the device table: it has no PASID */
		line_is(raw, type, 0, address, flags | RW);
	else
		line_is(raw, type, 0xfffff, address, flags | RW | GN | (type == 2 ? US : 0));
}
END_TEST

/* SA is about page faults, and SE about those after the first one: the caller counts. */
START_TEST(page_faults_that_are_suppressed)
{
	struct ioasid_event event = fault(IOASID_FAULT_NOT_MAPPED, READ);
	struct ioasid_amd_translation t = translation(IOASID_AMD_HOST);
	uint64_t raw[2];

	t.suppress = true;
	encode(&event, &t, raw);
	t.suppress_all = true;
	no_entry(&event, &t);
	event.reason = IOASID_FAULT_TABLE_NOT_MAPPED;
	encode(&event, &t, raw);
	t = blocked(IOASID_AMD_DTE_MODE);
	t.suppress_all = true;
	encode(&event, &t, raw);
	t.reason = IOASID_AMD_GCR3_ABSENT;
	no_entry(&event, &t);
}
END_TEST

START_TEST(nothing_translates)
{
	struct ioasid_event event = fault(IOASID_FAULT_PERMISSION, WRITE);
	struct ioasid_amd_translation t = translation(IOASID_AMD_BYPASS);
	uint64_t raw[2];

	no_entry(&event, &t); /* memory that cannot be written */
	t.writable = false;
	encode(&event, &t, raw);
	line_is(raw, 2, 0x10, IOVA, PR | PE | RW);
	event.access = READ;
	no_entry(&event, &t);
	event = fault(IOASID_FAULT_NOT_MAPPED, READ);
	no_entry(&event, &t);
	event = fault(IOASID_FAULT_NOT_MAPPED, READ);
	event.type = IOASID_EVENT_OVERFLOW;
	t = translation(IOASID_AMD_HOST);
	no_entry(&event, &t);
}
END_TEST

START_TEST(commands)
{
	uint64_t raw[2] = { 5, 6 };

	ck_assert(!ioasid_amd_cmd_fault_encode(IOASID_AMD_OK, 0x2500, 0x8000, raw));
	ck_assert(!ioasid_amd_cmd_fault_encode(IOASID_AMD_GCR3_ACCESS, 0x2500, 0x8000, raw));
	ck_assert(raw[0] == 5 && raw[1] == 6);
	ck_assert(ioasid_amd_cmd_fault_encode(IOASID_AMD_CMD_OPCODE, 0x2500, 0x123456780, raw));
	ck_assert(raw[0] == UINT64_C(5) << 60 && raw[1] == 0x123456780);
	ck_assert(ioasid_amd_cmd_fault_encode(IOASID_AMD_CMD_RESERVED, 0x2500, 0x123456780, raw));
	ck_assert(raw[0] == UINT64_C(5) << 60 && raw[1] == 0x123456780);
	ck_assert(ioasid_amd_cmd_fault_encode(IOASID_AMD_CMD_ACCESS, 0x2500, 0x8010, raw));
	ck_assert(raw[0] == (UINT64_C(6) << 60 | UINT64_C(1) << 57) && raw[1] == 0x8010);
	ck_assert(ioasid_amd_cmd_fault_encode(IOASID_AMD_CMD_TIMEOUT, 0x2500, 0x801f, raw));
	ck_assert(raw[0] == (UINT64_C(7) << 60 | 0x2500) && raw[1] == 0x8010);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("fault");
	Suite *suite = suite_create("amd-fault");

	tcase_add_loop_test(tc, as_real_units_do, 0, (int)bits_array_size(printed));
	tcase_add_loop_test(tc, faults_of_a_walk, 0, (int)bits_array_size(walks));
	tcase_add_loop_test(tc, blocked_by_its_tables, 0, (int)bits_array_size(blocks));
	tcase_add_test(tc, page_faults_that_are_suppressed);
	tcase_add_test(tc, nothing_translates);
	tcase_add_test(tc, commands);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
