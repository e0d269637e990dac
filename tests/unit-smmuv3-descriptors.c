/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMMUv3: context descriptors (5.4). */
#include "smmuv3_entries.h"

START_TEST(context_descriptor)
{
	struct ioasid_smmuv3_cd cd;

	put_bits(raw_cd, 223, 192, 0xff44);
	put_bits(raw_cd, 255, 224, 0xdd);
	ck_assert_int_eq(decode_cd(&cd), IOASID_SMMUV3_OK);
	ck_assert_uint_eq(cd.asid, 1);
	ck_assert(cd.abort && cd.record && !cd.stall && !cd.private_asid);
	ck_assert(!cd.write_no_execute && !cd.unprivileged_write_no_execute);
	ck_assert(!cd.privileged_no_access);
	ck_assert_uint_eq(cd.mair, UINT64_C(0xdd0000ff44));
	ck_assert_int_eq(cd.table[0].format, IOASID_SMMUV3_VMSA64);
	ck_table(cd.table[0], 48, 48, 12, 4, 0, 0x9000);
	ck_assert_int_eq((int)cd.table[1].format, 0);
	ck_table(cd.table[1], 0, 0, 0, 0, 0, 0);

	put_bits(raw_cd, 47, 47, 1); /* ASET */
	put_bits(raw_cd, 37, 36, 3); /* UWXN, WXN */
	put_bits(raw_cd, 40, 40, 1); /* PAN */
	put_bits(raw_cd, 44, 44, 1); /* S */
	ck_assert_int_eq(decode_cd(&cd), IOASID_SMMUV3_OK);
	ck_assert(cd.private_asid && cd.write_no_execute && cd.unprivileged_write_no_execute);
	ck_assert(cd.privileged_no_access && cd.stall);
}
END_TEST

START_TEST(two_tables)
{
	struct ioasid_smmuv3_cd cd;

	put_bits(raw_cd, 30, 30, 0);
	put_bits(raw_cd, 21, 16, 25); /* T1SZ: 39 bits */
	put_bits(raw_cd, 23, 22, 3); /* TG1: 64K */
	put_bits(raw_cd, 179, 132, 0xa00f0 >> 4); /* TTB1: 2^(39 - 29) entries, 8K */
	put_bits(raw_cd, 39, 39, 1); /* TBI1 */
	put_bits(raw_cd, 65, 65, 1); /* HAD0 */
	put_bits(raw_cd, 130, 130, 1); /* E0PD1 */
	put_bits(raw_cd, 35, 35, 1); /* AFFD */
	ck_assert_int_eq(decode_cd(&cd), IOASID_SMMUV3_OK);
	ck_table(cd.table[0], 48, 48, 12, 4,
		 IOASID_SMMUV3_TABLE_HAD | IOASID_SMMUV3_TABLE_AFFD, 0x9000);
	ck_table(cd.table[1], 39, 48, 16, 2,
		 IOASID_SMMUV3_TABLE_TBI | IOASID_SMMUV3_TABLE_E0PD | IOASID_SMMUV3_TABLE_AFFD,
		 0xa0000);
	put_bits(raw_cd, 43, 42, 3); /* HA, HD */
	put_bits(raw_cd, 14, 14, 1); /* EPD0 */
	put_bits(raw_cd, 23, 22, 1); /* 16K: 2^(39 - 36) entries, 64 bytes */
	regs.idr[3] = 0; /* no HAD, no E0PD */
	ck_assert_int_eq(decode_cd(&cd), IOASID_SMMUV3_OK);
	ck_table(cd.table[0], 0, 0, 0, 0, 0, 0);
	ck_table(cd.table[1], 39, 48, 14, 3,
		 IOASID_SMMUV3_TABLE_TBI | IOASID_SMMUV3_TABLE_HA | IOASID_SMMUV3_TABLE_HD,
		 0xa00c0);
	ck_assert_int_eq(cd_with(23, 22, 0), IOASID_SMMUV3_CD_GRANULE);
}
END_TEST

START_TEST(what_makes_a_descriptor_illegal)
{
	ck_assert_int_eq(cd_with(31, 31, 0), IOASID_SMMUV3_CD_ABSENT);
	ck_assert_int_eq(cd_with(5, 0, 15), IOASID_SMMUV3_CD_SIZE);
	ck_assert_int_eq(cd_with(5, 0, 39), IOASID_SMMUV3_OK);
	ck_assert_int_eq(cd_with(5, 0, 40), IOASID_SMMUV3_CD_SIZE);
	ck_assert_int_eq(cd_with(7, 6, 3), IOASID_SMMUV3_CD_GRANULE);
	ck_assert_int_eq(cd_with(15, 15, 1), IOASID_SMMUV3_CD_TABLE_FORMAT);
	ck_assert_int_eq(cd_with(41, 41, 0), IOASID_SMMUV3_CD_TABLE_FORMAT);
	ck_assert_int_eq(cd_with(115, 68, BIT(48) >> 4), IOASID_SMMUV3_CD_ROOT);
	put_bits(raw_cd, 34, 32, 0); /* IPS: 32 bits */
	ck_assert_int_eq(cd_with(115, 68, BIT(32) >> 4), IOASID_SMMUV3_CD_ROOT);
	/* what EPD0 disables is ignored: T0SZ, TG0, TTB0, and ENDI if both are */
	put_bits(raw_cd, 14, 14, 1);
	ck_assert_int_eq(cd_with(5, 0, 15), IOASID_SMMUV3_OK);
	ck_assert_int_eq(cd_with(7, 6, 3), IOASID_SMMUV3_OK);
	ck_assert_int_eq(cd_with(115, 68, BIT(47)), IOASID_SMMUV3_OK);
	ck_assert_int_eq(cd_with(15, 15, 1), IOASID_SMMUV3_OK);
	build_cd();
	regs.idr[3] |= STT;
	ck_assert_int_eq(cd_with(5, 0, 48), IOASID_SMMUV3_OK);
	ck_assert_int_eq(cd_with(5, 0, 49), IOASID_SMMUV3_CD_SIZE);
	regs.idr[0] &= ~ASID16;
	ck_assert_int_eq(cd_with(63, 48, 0x100), IOASID_SMMUV3_CD_ASID);
	ck_assert_int_eq(cd_with(63, 48, 0xff), IOASID_SMMUV3_OK);
}
END_TEST

START_TEST(faults_and_updates_of_a_descriptor)
{
	regs.idr[0] |= TERM_MODEL;
	ck_assert_int_eq(cd_with(46, 46, 0), IOASID_SMMUV3_CD_TERMINATE);
	regs = unit();
	ck_assert_int_eq(cd_with(46, 46, 0), IOASID_SMMUV3_OK);
	put_bits(raw_cd, 44, 44, 1);
	ck_assert_int_eq(ste_with(91, 91, 1), IOASID_SMMUV3_OK);
	put_bits(raw_ste, 91, 91, 1);
	ck_assert_int_eq(why_cd(), IOASID_SMMUV3_CD_STALL);
	put_bits(raw_ste, 91, 91, 0);
	regs.idr[0] |= STALL_MODEL(1u);
	ck_assert_int_eq(why_cd(), IOASID_SMMUV3_CD_STALL);
	regs.idr[0] ^= STALL_MODEL(3u);
	ck_assert_int_eq(why_cd(), IOASID_SMMUV3_OK);
	ck_assert_int_eq(cd_with(44, 44, 0), IOASID_SMMUV3_CD_STALL);
	regs.idr[0] &= ~HTTU(3u);
	ck_assert_int_eq(cd_with(43, 43, 1), IOASID_SMMUV3_CD_UPDATE);
	ck_assert_int_eq(cd_with(42, 42, 1), IOASID_SMMUV3_CD_UPDATE);
	regs.idr[0] |= HTTU(1u);
	ck_assert_int_eq(cd_with(43, 43, 1), IOASID_SMMUV3_OK);
	ck_assert_int_eq(cd_with(42, 42, 1), IOASID_SMMUV3_CD_UPDATE);
	regs.idr[0] |= HTTU(3u);
	ck_assert_int_eq(cd_with(67, 67, 1), IOASID_SMMUV3_CD_UPDATE); /* HAFT */
}
END_TEST

START_TEST(wide_tables)
{
	struct ioasid_smmuv3_cd cd;

	regs.idr[5] = OAS(6) | GRAN4K | GRAN64K | DS | VAX(1);
	put_bits(raw_cd, 34, 32, 6);
	ck_assert_int_eq(cd_with(5, 0, 12), IOASID_SMMUV3_CD_SIZE);
	ck_assert_int_eq(cd_with(115, 68, BIT(48) >> 4), IOASID_SMMUV3_CD_ROOT);
	put_bits(raw_cd, 5, 0, 12);
	put_bits(raw_cd, 115, 68, (BIT(51) | 0xff0) >> 4);
	put_bits(raw_cd, 186, 186, 1); /* DS: 52 bits need a fifth level, of 16 entries */
	ck_assert_int_eq(decode_cd(&cd), IOASID_SMMUV3_OK);
	ck_table(cd.table[0], 52, 52, 12, 5, IOASID_SMMUV3_TABLE_DS, BIT(51) | 0xf80);
	put_bits(raw_cd, 186, 186, 0);
	put_bits(raw_cd, 7, 6, 1); /* 64K: the top level has 2^10 entries */
	ck_assert_int_eq(decode_cd(&cd), IOASID_SMMUV3_OK);
	ck_table(cd.table[0], 52, 52, 16, 3, IOASID_SMMUV3_TABLE_LPA, BIT(51));
	put_bits(raw_cd, 5, 0, 64 - 43); /* 2 entries, but 64 bytes with 52-bit addresses */
	ck_assert_int_eq(decode_cd(&cd), IOASID_SMMUV3_OK);
	ck_table(cd.table[0], 43, 52, 16, 3, IOASID_SMMUV3_TABLE_LPA, BIT(51) | 0xfc0);
	put_bits(raw_cd, 5, 0, 64 - 44); /* likewise with 4 entries, */
	ck_assert_int_eq(decode_cd(&cd), IOASID_SMMUV3_OK);
	ck_table(cd.table[0], 44, 52, 16, 3, IOASID_SMMUV3_TABLE_LPA, BIT(51) | 0xfc0);
	put_bits(raw_cd, 5, 0, 64 - 46); /* and 16 are more than that */
	ck_assert_int_eq(decode_cd(&cd), IOASID_SMMUV3_OK);
	ck_table(cd.table[0], 46, 52, 16, 3, IOASID_SMMUV3_TABLE_LPA, BIT(51) | 0xf80);
}
END_TEST

START_TEST(el2_has_one_table_and_no_asid)
{
	struct ioasid_smmuv3_cd cd;

	put_bits(raw_ste, 95, 94, 2);
	put_bits(raw_cd, 14, 14, 1); /* EPD0 is ignored */
	put_bits(raw_cd, 30, 30, 0);
	ck_assert_int_eq(decode_cd(&cd), IOASID_SMMUV3_OK);
	ck_assert_uint_eq(cd.asid, 0);
	ck_table(cd.table[0], 48, 48, 12, 4, 0, 0x9000);
	ck_assert_uint_eq(cd.table[1].levels, 0);
	regs.cr2 |= E2H;
	put_bits(raw_cd, 14, 14, 0);
	put_bits(raw_cd, 30, 30, 1);
	ck_assert_int_eq(decode_cd(&cd), IOASID_SMMUV3_OK);
	ck_assert_uint_eq(cd.asid, 1);
	regs.idr[0] |= TTF_32;
	ck_assert_int_eq(cd_with(41, 41, 0), IOASID_SMMUV3_CD_TABLE_FORMAT);
}
END_TEST

START_TEST(tables_of_32_bits)
{
	struct ioasid_smmuv3_cd cd;

	regs.idr[0] |= TTF_32;
	put_bits(raw_cd, 41, 41, 0);
	put_bits(raw_cd, 5, 0, 0x38 | 2); /* bits 5:3 are ignored */
	put_bits(raw_cd, 7, 6, 3); /* and TG0 */
	put_bits(raw_cd, 43, 42, 3); /* and HA and HD */
	ck_assert_int_eq(decode_cd(&cd), IOASID_SMMUV3_OK);
	ck_assert_int_eq(cd.table[0].format, IOASID_SMMUV3_VMSA32_LPAE);
	ck_table(cd.table[0], 30, 40, 12, 2, 0, 0x9000);
	put_bits(raw_cd, 5, 0, 0);
	put_bits(raw_cd, 35, 35, 1);
	ck_assert_int_eq(decode_cd(&cd), IOASID_SMMUV3_OK);
	ck_table(cd.table[0], 32, 40, 12, 3, IOASID_SMMUV3_TABLE_AFFD, 0x9000);
	ck_assert_int_eq(cd_with(115, 68, BIT(40) >> 4), IOASID_SMMUV3_CD_ROOT);
}
END_TEST

START_TEST(structures_of_other_sizes)
{
	struct {
		struct ioasid_smmuv3_ste ste;
		uint64_t more;
	} longer = { { .size = sizeof(longer) }, ~UINT64_C(0) };
	struct ioasid_smmuv3_ste ste = IOASID_SMMUV3_STE_INIT;
	struct ioasid_smmuv3_cd cd = IOASID_SMMUV3_CD_INIT;

	ck_assert_int_eq(ioasid_smmuv3_ste_decode(&regs, raw_ste, &longer.ste, NULL), 0);
	ck_assert_uint_eq(longer.ste.size, sizeof(longer));
	ck_assert_uint_eq(longer.more, 0);
	ste.size--;
	ck_assert_int_eq(ioasid_smmuv3_ste_decode(&regs, raw_ste, &ste, NULL), -EINVAL);
	ck_assert_int_eq(ioasid_smmuv3_cd_decode(&regs, &ste, raw_cd, &cd, NULL), -EINVAL);
	cd.size--;
	ck_assert_int_eq(ioasid_smmuv3_cd_decode(&regs, &longer.ste, raw_cd, &cd, NULL), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smmuv3-descriptors");
	TCase *tcase = tcase_create("smmuv3-descriptors");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, context_descriptor);
	tcase_add_test(tcase, two_tables);
	tcase_add_test(tcase, what_makes_a_descriptor_illegal);
	tcase_add_test(tcase, faults_and_updates_of_a_descriptor);
	tcase_add_test(tcase, wide_tables);
	tcase_add_test(tcase, el2_has_one_table_and_no_asid);
	tcase_add_test(tcase, tables_of_32_bits);
	tcase_add_test(tcase, structures_of_other_sizes);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
