/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VT-d: from a device's source-id and PASID to its translation. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "errmsg.h"
#include "runner.h"
#include "vtd_caps.h"

#define BUS    0x12
#define DEVFN  0x9b
#define SID    (BUS << 8 | DEVFN)
#define LEGACY 0x1000 /* RTADDR_REG: root table at 1000h */
#define SM     0x1400 /* the same, TTM = 01b */

/* Guest memory as numbers: the first 16 pages. */
static uint64_t memory[16 * 512];
static unsigned reads;
static uint64_t unreadable; /* a page that cannot be read; 0: none */

static int read_memory(void *opaque, uint64_t gpa, void *buffer, size_t length)
{
	size_t i;

	ck_assert_ptr_eq(opaque, memory);
	ck_assert_uint_eq(gpa % length, 0);
	reads++;
	if (gpa + length > sizeof(memory) || (unreadable && gpa / 4096 == unreadable / 4096))
		return -EFAULT;
	for (i = 0; i < length / 8; i++) {
		uint64_t raw = htole64(memory[gpa / 8 + i]);

		memcpy((char *)buffer + 8 * i, &raw, 8);
	}
	return 0;
}

static uint64_t *at(uint64_t gpa)
{
	return &memory[gpa / 8];
}

static void build_legacy(void)
{
	at(0x1000 + 16 * BUS)[0] = 0x2001;
	at(0x2000 + 16 * DEVFN)[0] = 0x8001;
	at(0x2000 + 16 * DEVFN)[1] = 0x3402; /* domain-id 34h, 4 levels */
}

/* Context tables 2000h and 3000h, PASID directory 4000h, PASID table 5000h. */
static void build_scalable(void)
{
	at(0x1000 + 16 * BUS)[0] = 0x2001;
	at(0x1000 + 16 * BUS)[1] = 0x3001;
	at(0x3000 + 32 * (DEVFN - 0x80))[0] = 0x400d; /* PASIDE, DTE */
	at(0x3000 + 32 * (DEVFN - 0x80))[1] = 0x45; /* RID_PASID */
	at(0x4000 + 8)[0] = 0x5001; /* PASIDs 40h to 7fh */
	at(0x5000 + 64 * 5)[0] = 0x8089; /* PASID 45h: second stage, 4 levels */
	at(0x5000 + 64 * 5)[1] = 7;
	at(0x5000 + 64 * 0x3f)[0] = 0x41; /* PASID 7fh: first stage, WPE */
	at(0x5000 + 64 * 0x3f)[1] = 8;
	at(0x5000 + 64 * 0x3f)[2] = 0x9010;
}

static struct ioasid_vtd_translation look(uint64_t ecap, uint64_t rtaddr, uint32_t pasid)
{
	struct ioasid_vtd_caps caps = caps_of(CAP, ecap);
	struct ioasid_vtd_translation t = IOASID_VTD_TRANSLATION_INIT;

	reads = 0;
	errmsg_fail();
	ck_assert_int_eq(ioasid_vtd_lookup(&caps, rtaddr, SID, pasid, read_memory, memory, &t), 0);
	errmsg_is_unchanged();
	if (t.kind == IOASID_VTD_BLOCKED)
		ck_assert_int_ne(t.reason, IOASID_VTD_OK);
	else
		ck_assert_int_eq(t.reason, IOASID_VTD_OK);
	return t;
}

static enum ioasid_vtd_reason why(uint64_t ecap, uint64_t rtaddr, uint32_t pasid)
{
	return look(ecap, rtaddr, pasid).reason;
}

START_TEST(legacy_mode)
{
	struct ioasid_vtd_translation t;

	build_legacy();
	t = look(0, LEGACY, IOASID_NO_PASID);
	ck_assert_int_eq(t.kind, IOASID_VTD_SECOND_STAGE);
	ck_assert_uint_eq(t.domain, 0x34);
	ck_assert_uint_eq(t.second_levels, 4);
	ck_assert_uint_eq(t.second_root, 0x8000);
	ck_assert_uint_eq(t.pasid, IOASID_NO_PASID);
	ck_assert(!t.scalable && !t.device_tlb && !t.fault_disable);
	ck_assert_uint_eq(reads, 2);
}
END_TEST

START_TEST(scalable_mode_without_pasid)
{
	struct ioasid_vtd_translation t;

	build_scalable();
	t = look(ALL, SM, IOASID_NO_PASID);
	ck_assert_int_eq(t.kind, IOASID_VTD_SECOND_STAGE);
	ck_assert_uint_eq(t.domain, 7);
	ck_assert_uint_eq(t.pasid, 0x45);
	ck_assert_uint_eq(t.second_levels, 4);
	ck_assert_uint_eq(t.second_root, 0x8000);
	ck_assert(t.scalable && t.device_tlb && !t.page_request && !t.supervisor);
	ck_assert_uint_eq(reads, 4);
}
END_TEST

START_TEST(scalable_mode_with_pasid)
{
	struct ioasid_vtd_translation t;

	build_scalable();
	t = look(ALL, SM, 0x7f);
	ck_assert_int_eq(t.kind, IOASID_VTD_FIRST_STAGE);
	ck_assert_uint_eq(t.domain, 8);
	ck_assert_uint_eq(t.pasid, 0x7f);
	ck_assert_uint_eq(t.first_levels, 4);
	ck_assert_uint_eq(t.first_root, 0x9000);
	ck_assert(t.write_protect && !t.supervisor);
}
END_TEST

START_TEST(modes_that_are_not_there)
{
	build_legacy();
	ck_assert_int_eq(why(0, SM, IOASID_NO_PASID), IOASID_VTD_MODE);
	ck_assert_int_eq(why(ALL, 0x1800, IOASID_NO_PASID), IOASID_VTD_MODE);
	ck_assert_int_eq(why(ALL, 0x1c00, IOASID_NO_PASID), IOASID_VTD_MODE);
	ck_assert_int_eq(why(ALL | ADMS, 0x1c00, IOASID_NO_PASID), IOASID_VTD_MODE_ABORT);
	ck_assert_int_eq(why(0, LEGACY, 1), IOASID_VTD_MODE_PASID);
	ck_assert_uint_eq(reads, 0);
}
END_TEST

START_TEST(legacy_entries_that_block)
{
	build_legacy();
	unreadable = 0x1000;
	ck_assert_int_eq(why(0, LEGACY, IOASID_NO_PASID), IOASID_VTD_ROOT_ACCESS);
	unreadable = 0x2000;
	ck_assert_int_eq(why(0, LEGACY, IOASID_NO_PASID), IOASID_VTD_CONTEXT_ACCESS);
	unreadable = 0;
	at(0x2000 + 16 * DEVFN)[0] = 0x8011;
	ck_assert_int_eq(why(0, LEGACY, IOASID_NO_PASID), IOASID_VTD_CONTEXT_RESERVED);
	at(0x2000 + 16 * DEVFN)[0] = 0x8000;
	ck_assert_int_eq(why(0, LEGACY, IOASID_NO_PASID), IOASID_VTD_CONTEXT_ABSENT);
	at(0x1000 + 16 * BUS)[0] = 0x2003;
	ck_assert_int_eq(why(0, LEGACY, IOASID_NO_PASID), IOASID_VTD_ROOT_RESERVED);
	at(0x1000 + 16 * BUS)[0] = 0x2000;
	ck_assert_int_eq(why(0, LEGACY, IOASID_NO_PASID), IOASID_VTD_ROOT_ABSENT);
}
END_TEST

START_TEST(scalable_entries_that_block)
{
	static const struct {
		uint64_t page;
		enum ioasid_vtd_reason why;
	} pages[] = {
		{ 0x1000, IOASID_VTD_SM_ROOT_ACCESS },
		{ 0x3000, IOASID_VTD_SM_CONTEXT_ACCESS },
		{ 0x4000, IOASID_VTD_PASID_DIR_ACCESS },
		{ 0x5000, IOASID_VTD_PASID_ACCESS },
	};

	build_scalable();
	for (size_t i = 0; i < 4; i++) {
		unreadable = pages[i].page;
		ck_assert_int_eq(why(ALL, SM, IOASID_NO_PASID), pages[i].why);
	}
	unreadable = 0;
	at(0x5000 + 64 * 5)[0] = 0;
	ck_assert_int_eq(why(ALL, SM, IOASID_NO_PASID), IOASID_VTD_PASID_ABSENT);
	at(0x4000 + 8)[0] = 0x5005;
	ck_assert_int_eq(why(ALL, SM, IOASID_NO_PASID), IOASID_VTD_PASID_DIR_RESERVED);
	at(0x4000 + 8)[0] = 0;
	ck_assert_int_eq(why(ALL, SM, IOASID_NO_PASID), IOASID_VTD_PASID_DIR_ABSENT);
	at(0x3000 + 32 * (DEVFN - 0x80))[0] = 0;
	ck_assert_int_eq(why(ALL, SM, IOASID_NO_PASID), IOASID_VTD_SM_CONTEXT_ABSENT);
	at(0x1000 + 16 * BUS)[1] = 0;
	ck_assert_int_eq(why(ALL, SM, IOASID_NO_PASID), IOASID_VTD_SM_ROOT_ABSENT);
}
END_TEST

START_TEST(pasids_that_are_not_allowed)
{
	struct ioasid_vtd_caps caps = caps_of(CAP, ALL);
	struct ioasid_vtd_translation t = IOASID_VTD_TRANSLATION_INIT;

	build_scalable();
	ck_assert_int_eq(why(ALL, SM, 0x45), IOASID_VTD_SM_CONTEXT_PASID_TAKEN);
	ck_assert_int_eq(why(ALL, SM, 0x2000), IOASID_VTD_SM_CONTEXT_PASID_SIZE);
	ck_assert_int_eq(why(ALL, SM, 0x1fff), IOASID_VTD_PASID_DIR_ABSENT);
	ck_assert_int_eq(why((ALL & ~PSS(32)) | PSS(8), SM, 0x1ff), IOASID_VTD_PASID_SIZE);
	at(0x3000 + 32 * (DEVFN - 0x80))[0] = 0x4001;
	ck_assert_int_eq(why(ALL, SM, 0x7f), IOASID_VTD_SM_CONTEXT_NO_PASID);
	ck_assert_int_eq(ioasid_vtd_lookup(&caps, SM, SID, 1 << 20, read_memory, memory, &t),
			 -EINVAL);
}
END_TEST

START_TEST(supervisors_have_to_be_allowed)
{
	struct ioasid_vtd_translation t;

	build_scalable();
	at(0x3000 + 32 * (DEVFN - 0x80))[1] = 1 << 20 | 0x7f; /* RID_PRIV */
	t = look(ALL, SM, IOASID_NO_PASID);
	ck_assert_int_eq(t.reason, IOASID_VTD_PASID_SUPERVISOR);
	ck_assert_uint_eq(ioasid_vtd_reason_get_code(t.reason), 0x5d);
	at(0x5000 + 64 * 0x3f)[2] |= 1; /* SRE */
	t = look(ALL, SM, IOASID_NO_PASID);
	ck_assert_int_eq(t.kind, IOASID_VTD_FIRST_STAGE);
	ck_assert(t.supervisor);
}
END_TEST

START_TEST(fault_processing_can_be_disabled_at_each_entry)
{
	static const uint64_t entries[] = {
		0x3000 + 32 * (DEVFN - 0x80), /* context */
		0x4000 + 8, /* PASID directory */
		0x5000 + 64 * 5, /* PASID table */
	};

	for (size_t i = 0; i < 3; i++) {
		build_scalable();
		ck_assert(!look(ALL, SM, IOASID_NO_PASID).fault_disable);
		*at(entries[i]) |= 2;
		ck_assert(look(ALL, SM, IOASID_NO_PASID).fault_disable);
		/* it counts for the entry's own faults too, present or not */
		*at(entries[i]) = 2;
		ck_assert_int_eq(look(ALL, SM, IOASID_NO_PASID).kind, IOASID_VTD_BLOCKED);
		ck_assert(look(ALL, SM, IOASID_NO_PASID).fault_disable);
	}
	/* that a table cannot be read is recorded all the same */
	build_scalable();
	*at(entries[0]) |= 2;
	unreadable = 0x5000;
	ck_assert(!look(ALL, SM, IOASID_NO_PASID).fault_disable);
}
END_TEST

START_TEST(the_table_is_described_for_a_space)
{
	struct ioasid_vtd_caps caps = caps_of(CAP & ~BIT(35), ALL);
	struct ioasid_vtd_translation t;
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;

	caps.haw = 39;
	build_scalable();
	t = look(ALL, SM, IOASID_NO_PASID);
	ck_assert_int_eq(ioasid_vtd_translation_get_pgtable(&t, &caps, IOASID_PGTABLE_VTD_SS, &p),
			 0);
	ck_assert_int_eq(p.format, IOASID_PGTABLE_VTD_SS);
	ck_assert_uint_eq(p.levels, 4);
	ck_assert_uint_eq(p.root, 0x8000);
	ck_assert_uint_eq(p.address_bits, 39);
	ck_assert_uint_eq(p.input_bits, 0);
	ck_assert_uint_eq(p.flags, IOASID_PGTABLE_NO_1G);
	ck_assert_uint_eq(p.size, sizeof(p));
	ck_assert(!t.second_dirty);
	at(0x5000 + 64 * 5)[0] |= BIT(9); /* SSADE */
	t = look(ALL | SSADS, SM, IOASID_NO_PASID);
	ck_assert_int_eq(ioasid_vtd_translation_get_pgtable(&t, &caps, IOASID_PGTABLE_VTD_SS, &p),
			 0);
	ck_assert_uint_eq(p.flags, IOASID_PGTABLE_NO_1G | IOASID_PGTABLE_SET_ACCESSED |
					   IOASID_PGTABLE_SET_DIRTY);
	ck_assert_int_eq(ioasid_vtd_translation_get_pgtable(&t, &caps, IOASID_PGTABLE_VTD_FS, &p),
			 -ENOENT);

	t = look(ALL, SM, 0x7f);
	ck_assert_int_eq(ioasid_vtd_translation_get_pgtable(&t, &caps, IOASID_PGTABLE_VTD_FS, &p),
			 0);
	ck_assert_int_eq(p.format, IOASID_PGTABLE_VTD_FS);
	ck_assert_uint_eq(p.root, 0x9000);
	ck_assert_uint_eq(p.flags, IOASID_PGTABLE_WRITE_PROTECT);
}
END_TEST

/* The unit can translate fewer bits than the levels have (3.7, MGAW): here 39 of 48. */
START_TEST(addresses_of_the_second_stage_are_those_of_the_unit)
{
	struct ioasid_vtd_caps caps = caps_of((CAP & ~(UINT64_C(0x3f) << 16)) | 38 << 16, ALL);
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	struct ioasid_vtd_translation t;

	build_scalable();
	t = look(ALL, SM, IOASID_NO_PASID);
	ck_assert_int_eq(ioasid_vtd_translation_get_pgtable(&t, &caps, IOASID_PGTABLE_VTD_SS, &p),
			 0);
	ck_assert(p.levels == 4 && p.input_bits == 39);
	t = look(ALL, SM, 0x7f); /* those of the first are canonical (3.6) */
	ck_assert_int_eq(ioasid_vtd_translation_get_pgtable(&t, &caps, IOASID_PGTABLE_VTD_FS, &p),
			 0);
	ck_assert_uint_eq(p.input_bits, 0);
}
END_TEST

static uint32_t first_stage_flags(void)
{
	struct ioasid_vtd_caps caps = caps_of(CAP, ALL);
	struct ioasid_vtd_translation t = look(ALL | EAFS, SM, IOASID_NO_PASID);
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;

	ck_assert_int_eq(ioasid_vtd_translation_get_pgtable(&t, &caps, IOASID_PGTABLE_VTD_FS, &p),
			 0);
	return p.flags;
}

/* RID_PRIV (9.4), SRE and WPE (9.6) of requests without PASID. */
START_TEST(the_table_is_described_with_its_privileges)
{
	build_scalable();
	at(0x3000 + 32 * (DEVFN - 0x80))[1] = 0x7f;
	ck_assert_uint_eq(first_stage_flags(), IOASID_PGTABLE_WRITE_PROTECT);
	at(0x5000 + 64 * 0x3f)[2] |= 1; /* SRE alone makes nobody a supervisor */
	ck_assert_uint_eq(first_stage_flags(), IOASID_PGTABLE_WRITE_PROTECT);
	at(0x3000 + 32 * (DEVFN - 0x80))[1] |= 1 << 20;
	ck_assert_uint_eq(first_stage_flags(),
			  IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_WRITE_PROTECT);
	at(0x5000 + 64 * 0x3f)[2] &= ~UINT64_C(0x10);
	ck_assert_uint_eq(first_stage_flags(), IOASID_PGTABLE_PRIVILEGED);
	at(0x5000 + 64 * 0x3f)[2] |= 0x80; /* EAFE */
	ck_assert_uint_eq(first_stage_flags(),
			  IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_SET_EXTENDED);
}
END_TEST

START_TEST(structures_may_be_larger_but_not_smaller)
{
	struct ioasid_vtd_caps caps = caps_of(CAP, ALL);
	struct {
		struct ioasid_vtd_translation t;
		uint64_t later[2];
	} s;

	build_legacy();
	memset(&s, 0xff, sizeof(s));
	s.t.size = sizeof(s);
	ck_assert_int_eq(ioasid_vtd_lookup(&caps, LEGACY, SID, IOASID_NO_PASID, read_memory, memory,
					   &s.t),
			 0);
	ck_assert_uint_eq(s.t.size, sizeof(s));
	ck_assert_int_eq(s.t.kind, IOASID_VTD_SECOND_STAGE);
	ck_assert_uint_eq(s.later[0] | s.later[1], 0);
	s.t.size = sizeof(s.t) - 1;
	ck_assert_int_eq(ioasid_vtd_lookup(&caps, LEGACY, SID, IOASID_NO_PASID, read_memory, memory,
					   &s.t),
			 -EINVAL);
}
END_TEST

START_TEST(so_it_is_for_what_entries_say)
{
	struct ioasid_vtd_caps caps = caps_of(CAP, ALL);
	struct ioasid_vtd_translation t = IOASID_VTD_TRANSLATION_INIT;
	struct ioasid_vtd_context context = { .size = sizeof(context) - 1, .domain = 7 };
	struct ioasid_vtd_pasid pasid = { .size = sizeof(pasid) - 1, .domain = 7 };
	struct ioasid_vtd_inv inv = { .size = sizeof(inv) - 1, .domain = 7 };
	struct ioasid_pgtable pgtable = { .size = sizeof(pgtable) - 1, .root = 7 };
	const uint64_t raw[8] = { 1 };

	ck_assert_int_eq(ioasid_vtd_context_decode(&caps, raw, false, &context, NULL), -EINVAL);
	ck_assert_int_eq(ioasid_vtd_pasid_decode(&caps, raw, &pasid, NULL), -EINVAL);
	ck_assert_int_eq(ioasid_vtd_inv_decode(&caps, LEGACY, raw, 16, &inv, NULL), -EINVAL);
	ck_assert_int_eq(ioasid_vtd_translation_get_pgtable(&t, &caps, IOASID_PGTABLE_VTD_SS,
							    &pgtable), -EINVAL);
	ck_assert_uint_eq(context.domain, 7);
	ck_assert_uint_eq(pasid.domain, 7);
	ck_assert_uint_eq(inv.domain, 7);
	ck_assert_uint_eq(pgtable.root, 7);
}
END_TEST

static void forget(void)
{
	memset(memory, 0, sizeof(memory));
	unreadable = 0;
}

int main(void)
{
	Suite *suite = suite_create("vtd-lookup");
	TCase *tc = tcase_create("lookup");

	tcase_add_checked_fixture(tc, forget, NULL);
	tcase_add_test(tc, legacy_mode);
	tcase_add_test(tc, scalable_mode_without_pasid);
	tcase_add_test(tc, scalable_mode_with_pasid);
	tcase_add_test(tc, modes_that_are_not_there);
	tcase_add_test(tc, legacy_entries_that_block);
	tcase_add_test(tc, scalable_entries_that_block);
	tcase_add_test(tc, pasids_that_are_not_allowed);
	tcase_add_test(tc, supervisors_have_to_be_allowed);
	tcase_add_test(tc, fault_processing_can_be_disabled_at_each_entry);
	tcase_add_test(tc, the_table_is_described_for_a_space);
	tcase_add_test(tc, addresses_of_the_second_stage_are_those_of_the_unit);
	tcase_add_test(tc, the_table_is_described_with_its_privileges);
	tcase_add_test(tc, structures_may_be_larger_but_not_smaller);
	tcase_add_test(tc, so_it_is_for_what_entries_say);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
