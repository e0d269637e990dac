/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMMUv3: stream table entries (5.2). */
#include "smmuv3/event.h"
#include "smmuv3_entries.h"

START_TEST(config)
{
	static const enum ioasid_smmuv3_kind kinds[] = {
		IOASID_SMMUV3_BLOCKED, IOASID_SMMUV3_BLOCKED, IOASID_SMMUV3_BLOCKED,
		IOASID_SMMUV3_BLOCKED, IOASID_SMMUV3_BYPASS,  IOASID_SMMUV3_STAGE1,
		IOASID_SMMUV3_STAGE2,  IOASID_SMMUV3_NESTED,
	};
	struct ioasid_smmuv3_ste ste;

	build_stage2();
	for (unsigned i = 0; i < 8; i++) {
		put_bits(raw_ste, 3, 1, i);
		ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
		ck_assert_int_eq(ste.kind, kinds[i]);
	}
	ck_assert_int_eq(ste_with(0, 0, 0), IOASID_SMMUV3_STE_ABSENT);
	regs.idr[0] &= ~S1P;
	ck_assert_int_eq(ste_with(3, 1, 5), IOASID_SMMUV3_STE_STAGE);
	ck_assert_int_eq(ste_with(3, 1, 7), IOASID_SMMUV3_STE_STAGE);
	ck_assert_int_eq(ste_with(3, 1, 6), IOASID_SMMUV3_OK);
	regs = unit();
	regs.idr[0] &= ~S2P;
	ck_assert_int_eq(ste_with(3, 1, 6), IOASID_SMMUV3_STE_STAGE);
	ck_assert_int_eq(ste_with(3, 1, 7), IOASID_SMMUV3_STE_STAGE);
	ck_assert_int_eq(ste_with(3, 1, 4), IOASID_SMMUV3_OK);
}
END_TEST

START_TEST(stage1_entry)
{
	struct ioasid_smmuv3_ste ste;

	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_assert_int_eq(ste.world, IOASID_SMMUV3_EL1);
	ck_assert_uint_eq(ste.cd_pointer, 0x12340);
	ck_assert_uint_eq(ste.cd_bits, 0);
	ck_assert_uint_eq(ste.vmid, 0x1234);
	ck_assert(!ste.no_stall && !ste.merge_events && !ste.privileged && !ste.unprivileged);
	ck_assert_uint_eq(ste.stage2.levels | ste.stage2.format, 0);

	put_bits(raw_ste, 83, 82, 3); /* MEV, PPAR */
	put_bits(raw_ste, 91, 91, 1); /* S1STALLD */
	put_bits(raw_ste, 113, 112, 3); /* PRIVCFG */
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_assert(ste.merge_events && ste.response_pasid && ste.no_stall && ste.privileged);
	put_bits(raw_ste, 113, 112, 2);
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_assert(ste.unprivileged && !ste.privileged);
	regs.idr[1] &= ~ATTR_PERMS_OVR;
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_assert(!ste.unprivileged);

	regs.idr[0] |= STALL_MODEL(1u);
	ck_assert_int_eq(why_ste(), IOASID_SMMUV3_STE_STALL);
}
END_TEST

START_TEST(tables_of_context_descriptors)
{
	static const struct {
		unsigned format, bits;
		enum ioasid_smmuv3_cd_format seen;
		uint64_t pointer; /* of 7ffffffc0h, aligned */
	} tables[] = {
		{ 1, 0, IOASID_SMMUV3_CD_LINEAR, 0x7ffffffc0 },
		{ 0, 1, IOASID_SMMUV3_CD_LINEAR, 0x7ffffff80 },
		{ 3, 20, IOASID_SMMUV3_CD_LINEAR, 0x7fc000000 },
		{ 1, 9, IOASID_SMMUV3_CD_4K, 0x7ffffffc0 },
		{ 1, 10, IOASID_SMMUV3_CD_4K, 0x7ffffff80 },
		{ 1, 20, IOASID_SMMUV3_CD_4K, 0x7fffe0000 },
		{ 2, 13, IOASID_SMMUV3_CD_64K, 0x7ffffffc0 },
		{ 2, 20, IOASID_SMMUV3_CD_64K, 0x7ffffe000 },
	};
	struct ioasid_smmuv3_ste ste;

	put_bits(raw_ste, 55, 6, 0x7ffffffc0 >> 6);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		put_bits(raw_ste, 5, 4, tables[i].format);
		put_bits(raw_ste, 63, 59, tables[i].bits);
		put_bits(raw_ste, 65, 64, 2); /* S1DSS */
		ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
		ck_assert_int_eq(ste.cd_format, tables[i].seen);
		ck_assert_uint_eq(ste.cd_bits, tables[i].bits);
		ck_assert_uint_eq(ste.cd_pointer, tables[i].pointer);
		ck_assert_int_eq(ste.default_substream,
				 tables[i].bits ? IOASID_SMMUV3_SUBSTREAM_0 :
						  IOASID_SMMUV3_SUBSTREAM_TERMINATE);
	}
	ck_assert_int_eq(ste_with(63, 59, 21), IOASID_SMMUV3_STE_SUBSTREAMS);
	ck_assert_int_eq(ste_with(55, 6, BIT(48) >> 6), IOASID_SMMUV3_STE_POINTER);
	put_bits(raw_ste, 65, 64, 3);
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_assert_int_eq(ste.default_substream, IOASID_SMMUV3_SUBSTREAM_TERMINATE);

	regs.idr[0] &= ~CD2L;
	ck_assert_int_eq(why_ste(), IOASID_SMMUV3_STE_FORMAT);
	ck_assert_int_eq(ste_with(5, 4, 3), IOASID_SMMUV3_OK);
	regs.idr[1] &= ~SSIDSIZE(31u); /* S1CDMax and S1Fmt are ignored */
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_assert_uint_eq(ste.cd_bits, 0);
}
END_TEST

START_TEST(ats_modes)
{
	struct ioasid_smmuv3_ste ste;

	put_bits(raw_ste, 93, 92, 1);
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_assert_int_eq(ste.ats, IOASID_SMMUV3_ATS_FULL);
	ck_assert_int_eq(ste_with(93, 92, 2), IOASID_SMMUV3_STE_ATS);
	build_stage2();
	put_bits(raw_ste, 93, 92, 1);
	ck_assert_int_eq(ste_with(185, 185, 1), IOASID_SMMUV3_STE_ATS);
	put_bits(raw_ste, 3, 1, 7);
	put_bits(raw_ste, 93, 92, 2);
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_assert_int_eq(ste.ats, IOASID_SMMUV3_ATS_SPLIT);
	ck_assert_int_eq(ste_with(185, 185, 1), IOASID_SMMUV3_STE_ATS);
	regs.cr0 &= ~ATSCHK; /* then 10b is as 00b */
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_assert_int_eq(ste.ats, IOASID_SMMUV3_ATS_NONE);
	regs.idr[0] |= NS1ATS;
	ck_assert_int_eq(why_ste(), IOASID_SMMUV3_STE_ATS);
	regs.idr[0] &= ~ATS; /* then EATS is ignored */
	ck_assert_int_eq(why_ste(), IOASID_SMMUV3_OK);
}
END_TEST

START_TEST(worlds)
{
	struct ioasid_smmuv3_ste ste;

	put_bits(raw_ste, 95, 94, 2);
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_assert_int_eq(ste.world, IOASID_SMMUV3_EL2);
	ck_assert_uint_eq(ste.vmid, 0);
	regs.cr2 |= E2H;
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_assert_int_eq(ste.world, IOASID_SMMUV3_EL2_E2H);
	ck_assert_int_eq(ste_with(95, 94, 1), IOASID_SMMUV3_STE_WORLD);
	ck_assert_int_eq(ste_with(95, 94, 3), IOASID_SMMUV3_STE_WORLD);
	regs.idr[0] &= ~HYP;
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_assert_int_eq(ste.world, IOASID_SMMUV3_EL1);
	regs = unit();
	build_stage2();
	put_bits(raw_ste, 95, 94, 3); /* ignored with stage 2 */
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_assert_int_eq(ste.world, IOASID_SMMUV3_EL1);
}
END_TEST

START_TEST(stage2_entry)
{
	struct ioasid_smmuv3_ste ste;

	build_stage2();
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_assert_int_eq(ste.stage2.format, IOASID_SMMUV3_VMSA64);
	/* 2^(43 - 39) = 16 tables of 4K: 64K */
	ck_table(ste.stage2, 43, 44, 12, 3, 0, 0x80000);
	ck_assert_uint_eq(ste.vmid, 0x77);
	ck_assert(ste.stage2_record && !ste.stage2_stall && !ste.stage2_protect);
	put_bits(raw_ste, 243, 196, 0x9fff0 >> 4);
	put_bits(raw_ste, 181, 181, 1); /* S2AFFD */
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_table(ste.stage2, 43, 44, 12, 3, IOASID_SMMUV3_TABLE_AFFD, 0x90000);
	put_bits(raw_ste, 184, 183, 3); /* S2HA, S2HD: AFFD is ignored */
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_assert_uint_eq(ste.stage2.flags, IOASID_SMMUV3_TABLE_HA | IOASID_SMMUV3_TABLE_HD);
	put_bits(raw_ste, 3, 1, 7);
	put_bits(raw_ste, 182, 182, 1); /* S2PTW */
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_assert(ste.stage2_protect);
}
END_TEST

START_TEST(stage2_sizes)
{
	/* granule, input size, S2SL0: levels, or 0 if they do not fit (DDI 0487, D8.2) */
	static const struct {
		unsigned tg, bits, sl0, levels;
	} sizes[] = {
		{ 0, 48, 2, 4 }, { 0, 40, 2, 4 }, { 0, 39, 2, 0 }, { 0, 43, 1, 3 }, { 0, 44, 1, 0 },
		{ 0, 31, 1, 3 }, { 0, 30, 1, 0 }, { 0, 34, 0, 2 }, { 0, 35, 0, 0 }, { 0, 25, 0, 2 },
		{ 0, 24, 0, 0 }, { 0, 25, 3, 0 }, { 1, 48, 2, 3 }, { 1, 42, 1, 2 }, { 1, 46, 1, 2 },
		{ 1, 47, 1, 0 }, { 1, 30, 0, 1 }, { 1, 33, 0, 1 }, { 1, 42, 3, 0 }, { 2, 48, 2, 3 },
		{ 2, 40, 1, 2 }, { 2, 41, 1, 0 }, { 2, 48, 3, 0 }, { 3, 48, 2, 0 },
	};
	struct ioasid_smmuv3_ste ste;
	enum ioasid_smmuv3_reason why;

	build_stage2();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		put_bits(raw_ste, 165, 160, 64 - sizes[i].bits);
		put_bits(raw_ste, 167, 166, sizes[i].sl0);
		put_bits(raw_ste, 175, 174, sizes[i].tg);
		why = decode_ste(&ste);
		if (sizes[i].levels) {
			ck_assert_int_eq(why, IOASID_SMMUV3_OK);
			ck_assert_uint_eq(ste.stage2.levels, sizes[i].levels);
		} else {
			ck_assert_int_eq(why, sizes[i].tg == 3 ? IOASID_SMMUV3_STE_GRANULE :
								 IOASID_SMMUV3_STE_SIZE);
		}
	}
}
END_TEST

START_TEST(small_and_wide_stage2_tables)
{
	struct ioasid_smmuv3_ste ste;

	build_stage2();
	put_bits(raw_ste, 165, 160, 64 - 17);
	put_bits(raw_ste, 167, 166, 3);
	ck_assert_int_eq(why_ste(), IOASID_SMMUV3_STE_SIZE);
	regs.idr[3] |= STT;
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_table(ste.stage2, 17, 44, 12, 1, 0, 0x80000);

	regs.idr[5] = OAS(6) | GRAN4K | DS | VAX(1);
	put_bits(raw_ste, 165, 160, 12);
	put_bits(raw_ste, 167, 166, 0);
	put_bits(raw_ste, 178, 176, 6);
	put_bits(raw_ste, 195, 194, 3); /* S2DS, S2SL0_2 */
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_table(ste.stage2, 52, 52, 12, 5, IOASID_SMMUV3_TABLE_DS, 0x80000);
	ck_assert_int_eq(ste_with(195, 195, 0), IOASID_SMMUV3_STE_SIZE);
	put_bits(raw_ste, 195, 194, 0);
	put_bits(raw_ste, 165, 160, 16);
	put_bits(raw_ste, 167, 166, 2);
	ck_assert_int_eq(ste_with(243, 196, BIT(48) >> 4), IOASID_SMMUV3_STE_ROOT);
	put_bits(raw_ste, 195, 195, 1);
	ck_assert_int_eq(ste_with(243, 196, BIT(48) >> 4), IOASID_SMMUV3_OK);
}
END_TEST

START_TEST(what_makes_stage2_illegal)
{
	build_stage2();
	ck_assert_int_eq(why_ste(), IOASID_SMMUV3_OK);
	ck_assert_int_eq(ste_with(179, 179, 0), IOASID_SMMUV3_STE_TABLE_FORMAT);
	ck_assert_int_eq(ste_with(180, 180, 1), IOASID_SMMUV3_STE_TABLE_FORMAT);
	ck_assert_int_eq(ste_with(243, 196, BIT(44) >> 4), IOASID_SMMUV3_STE_ROOT);
	regs.idr[0] ^= TTENDIAN(1u); /* 3: big-endian only */
	ck_assert_int_eq(why_ste(), IOASID_SMMUV3_STE_TABLE_FORMAT);
	ck_assert_int_eq(ste_with(180, 180, 1), IOASID_SMMUV3_OK);
	regs = unit();
	regs.idr[0] |= STALL_MODEL(1u);
	ck_assert_int_eq(ste_with(185, 185, 1), IOASID_SMMUV3_STE_STALL);
	regs.idr[0] ^= STALL_MODEL(3u);
	ck_assert_int_eq(why_ste(), IOASID_SMMUV3_STE_STALL);
	regs = unit();
	regs.idr[0] &= ~HTTU(3u);
	ck_assert_int_eq(ste_with(184, 184, 1), IOASID_SMMUV3_STE_UPDATE);
	regs.idr[0] |= HTTU(1u);
	ck_assert_int_eq(ste_with(184, 184, 1), IOASID_SMMUV3_OK);
	ck_assert_int_eq(ste_with(184, 183, 3), IOASID_SMMUV3_STE_UPDATE);
	regs.idr[0] |= HTTU(3u);
	ck_assert_int_eq(ste_with(187, 187, 1), IOASID_SMMUV3_STE_UPDATE); /* S2HAFT */
	regs.idr[0] &= ~VMID16;
	ck_assert_int_eq(ste_with(143, 128, 0x100), IOASID_SMMUV3_STE_VMID);
}
END_TEST

START_TEST(stage2_of_32_bit_tables)
{
	struct ioasid_smmuv3_ste ste;

	build_stage2();
	regs.idr[0] |= TTF_32;
	put_bits(raw_ste, 179, 179, 0);
	put_bits(raw_ste, 165, 160, 0x3 << 4 | 8); /* -8; bits 5:4 are ignored */
	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	ck_assert_int_eq(ste.stage2.format, IOASID_SMMUV3_VMSA32_LPAE);
	ck_table(ste.stage2, 40, 40, 12, 3, 0, 0x80000);
	ck_assert_int_eq(ste_with(167, 166, 0), IOASID_SMMUV3_STE_SIZE);
	ck_assert_int_eq(ste_with(167, 166, 2), IOASID_SMMUV3_STE_SIZE);
	ck_assert_int_eq(ste_with(184, 184, 1), IOASID_SMMUV3_STE_UPDATE);
	ck_assert_int_eq(ste_with(243, 196, BIT(40) >> 4), IOASID_SMMUV3_STE_ROOT);
	ck_assert_int_eq(ste_with(89, 89, 1), IOASID_SMMUV3_OK);
	regs.idr[3] |= FWB;
	ck_assert_int_eq(ste_with(89, 89, 1), IOASID_SMMUV3_STE_TABLE_FORMAT);
	/* no VMSAv8-64 on top of it */
	put_bits(raw_ste, 3, 1, 7);
	ck_assert_int_eq(why_cd(), IOASID_SMMUV3_CD_TABLE_FORMAT);
	ck_assert_int_eq(cd_with(41, 41, 0), IOASID_SMMUV3_OK);
}
END_TEST

static enum ioasid_fault_reason reason_after(enum ioasid_fault_reason reason, uint64_t code)
{
	struct ioasid_event event = { .type = IOASID_EVENT_FAULT, .reason = reason, .pasid = 5,
				      .iova = 0x12345000, .access = IOASID_READ,
				      .virtual_id = 0x77 };
	struct ioasid_event back = { 0 };
	uint64_t record[4], first;

	ck_assert(smmu_event_encode(&event, record));
	first = le64toh(record[0]);
	ck_assert_uint_eq(get_bits(&first, 7, 0), code);
	ck_assert(smmu_event_decode(record, &back));
	ck_assert_uint_eq(back.virtual_id, 0x77);
	/* 7.3.7 has no SubstreamID, 7.3.9 no SSV */
	ck_assert_uint_eq(back.pasid, code == 0x06 ? IOASID_NO_PASID : 5);
	ck_assert_uint_eq(get_bits(&first, 11, 11), code != 0x06 && code != 0x08);
	return back.reason;
}

/* The numbers of records: 7.3.3 to 7.3.16. */
START_TEST(faults_are_records)
{
	uint64_t record[4] = { htole64(0x01) }; /* F_UUT */
	struct ioasid_event event = { 0 };

	ck_assert_int_eq(reason_after(IOASID_FAULT_NO_PGTABLE, 0x04), IOASID_FAULT_NO_PGTABLE);
	ck_assert_int_eq(reason_after(IOASID_FAULT_BLOCKED, 0x06), IOASID_FAULT_BLOCKED);
	ck_assert_int_eq(reason_after(IOASID_FAULT_PASID_RANGE, 0x08), IOASID_FAULT_PASID_RANGE);
	ck_assert_int_eq(reason_after(IOASID_FAULT_PASID_MALFORMED, 0x0a),
			 IOASID_FAULT_PASID_MALFORMED);
	ck_assert_int_eq(reason_after(IOASID_FAULT_NOT_MAPPED, 0x10), IOASID_FAULT_NOT_MAPPED);
	ck_assert_int_eq(reason_after(IOASID_FAULT_MALFORMED_ENTRY, 0x11),
			 IOASID_FAULT_MALFORMED_ENTRY);
	ck_assert_int_eq(reason_after(IOASID_FAULT_ACCESS_FLAG, 0x12), IOASID_FAULT_ACCESS_FLAG);
	ck_assert_int_eq(reason_after(IOASID_FAULT_PERMISSION, 0x13), IOASID_FAULT_PERMISSION);
	ck_assert(!smmu_event_decode(record, &event));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smmuv3-entries");
	TCase *tcase = tcase_create("smmuv3-entries");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, config);
	tcase_add_test(tcase, stage1_entry);
	tcase_add_test(tcase, tables_of_context_descriptors);
	tcase_add_test(tcase, ats_modes);
	tcase_add_test(tcase, worlds);
	tcase_add_test(tcase, stage2_entry);
	tcase_add_test(tcase, stage2_sizes);
	tcase_add_test(tcase, small_and_wide_stage2_tables);
	tcase_add_test(tcase, what_makes_stage2_illegal);
	tcase_add_test(tcase, stage2_of_32_bit_tables);
	tcase_add_test(tcase, faults_are_records);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
