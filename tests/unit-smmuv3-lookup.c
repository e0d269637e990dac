/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMMUv3: from a StreamID and SubstreamID to the translation (3.3). */
#include <errno.h>

#include "smmuv3_streams.h"

START_TEST(one_level)
{
	struct ioasid_smmuv3_translation t;

	regs.strtab_base = 0x10fc0; /* aligned to its 4K */
	regs.strtab_base_cfg = 6;
	build_ste(0x10000 + 64 * 63, 5, 0x1a000);
	build_cd(0x1a000, 7);
	t = look(63, NONE);
	ck_assert_int_eq(t.kind, IOASID_SMMUV3_STAGE1);
	ck_assert_int_eq(t.world, IOASID_SMMUV3_EL1);
	ck_assert_uint_eq(t.asid, 7);
	ck_assert_uint_eq(t.vmid, 3);
	ck_assert_uint_eq(t.cd_index, 0);
	ck_assert_uint_eq(t.table[0].root, 0x27000);
	ck_assert_uint_eq(t.table[0].levels, 4);
	ck_assert_uint_eq(t.table[1].levels, 0);
	ck_assert_uint_eq(t.stage2.levels, 0);
	ck_assert(t.abort && t.record && !t.stall && !t.silent);
	ck_assert_uint_eq(reads, 2);
	ck_assert_int_eq(why(64, NONE), IOASID_SMMUV3_STREAM_RANGE);
	ck_assert_uint_eq(reads, 0);
	ck_assert_int_eq(why(62, NONE), IOASID_SMMUV3_STE_ABSENT);
	unreadable = 0x10000;
	ck_assert_int_eq(why(63, NONE), IOASID_SMMUV3_STE_ACCESS);
	ck_assert_uint_eq(look(63, NONE).entry, 0x10000 + 64 * 63);
	unreadable = 0x1a000;
	ck_assert_int_eq(why(63, NONE), IOASID_SMMUV3_CD_ACCESS);
	ck_assert_uint_eq(look(63, NONE).entry, 0x1a000);
	regs.strtab_base |= BIT(48); /* beyond OAS */
	ck_assert_int_eq(why(63, NONE), IOASID_SMMUV3_STE_ACCESS);
	ck_assert_uint_eq(reads, 0);
}
END_TEST

START_TEST(two_levels)
{
	build_two_levels();
	ck_assert_int_eq(look(0x10, NONE).kind, IOASID_SMMUV3_STAGE1);
	ck_assert_uint_eq(reads, 3);
	ck_assert_int_eq(look(259, NONE).kind, IOASID_SMMUV3_BYPASS);
	ck_assert_uint_eq(reads, 2);
	ck_assert_int_eq(look(768, NONE).kind, IOASID_SMMUV3_STAGE2);
	ck_assert_int_eq(why(260, NONE), IOASID_SMMUV3_STREAM_ABSENT);
	ck_assert_int_eq(why(600, NONE), IOASID_SMMUV3_STREAM_ABSENT);
	ck_assert_int_eq(why(769, NONE), IOASID_SMMUV3_STREAM_ABSENT);
	ck_assert_int_eq(why(1024, NONE), IOASID_SMMUV3_STREAM_RANGE);
	*at(0x10010) = 0x14000 | 10; /* beyond the split */
	ck_assert_int_eq(why(0x210, NONE), IOASID_SMMUV3_STREAM_ABSENT);
	*at(0x10010) = 0x14000 | 12; /* reserved */
	ck_assert_int_eq(why(0x210, NONE), IOASID_SMMUV3_STREAM_ABSENT);
	unreadable = 0x10000;
	ck_assert_int_eq(why(0x10, NONE), IOASID_SMMUV3_STE_ACCESS);
	unreadable = 0x14000;
	ck_assert_int_eq(why(0x10, NONE), IOASID_SMMUV3_STE_ACCESS);
	unreadable = 0;
	/* without the feature, FMT is reserved, and the table linear */
	regs.idr[0] &= ~ST_LEVEL;
	ck_assert_int_eq(why(0x10, NONE), IOASID_SMMUV3_STE_ABSENT);
}
END_TEST

START_TEST(sizes_of_stream_tables)
{
	build_two_levels();
	regs.strtab_base_cfg = 1 << 16 | 7 << 6 | 10; /* a reserved split is 6 */
	*at(0x10000) = 0x14000 | 7;
	ck_assert_int_eq(look(0x10, NONE).kind, IOASID_SMMUV3_STAGE1);
	ck_assert_int_eq(why(0x50, NONE), IOASID_SMMUV3_STREAM_ABSENT);
	/* larger than SIDSIZE, it is aligned to what is written, but not longer */
	regs.strtab_base_cfg = 1 << 16 | 6 << 6 | 20;
	regs.strtab_base = 0x1ffc0;
	*at(0) = 0x14000 | 7;
	ck_assert_int_eq(look(0x10, NONE).kind, IOASID_SMMUV3_STAGE1);
	ck_assert_int_eq(why(0x10010, NONE), IOASID_SMMUV3_STREAM_RANGE);
	/* a level 2 table is aligned to its size */
	*at(0) = 0x14fc0 | 7;
	ck_assert_int_eq(look(0x10, NONE).kind, IOASID_SMMUV3_STAGE1);
}
END_TEST

START_TEST(units_that_are_disabled)
{
	struct ioasid_smmuv3_translation t;

	regs.cr0 = 0;
	ck_assert_int_eq(look(1, NONE).kind, IOASID_SMMUV3_BYPASS);
	regs.gbpa = ABORT;
	t = look(1, NONE);
	ck_assert_int_eq(t.reason, IOASID_SMMUV3_DISABLED);
	ck_assert(t.silent);
	ck_assert_uint_eq(reads, 0);
}
END_TEST

START_TEST(which_events_are_recorded)
{
	build_two_levels();
	ck_assert(!look(1024, NONE).silent && !look(600, NONE).silent);
	regs.cr2 = 0;
	ck_assert(look(1024, NONE).silent && look(600, NONE).silent);
	ck_assert(!look(0x11, NONE).silent); /* C_BAD_STE always is */
	build_ste(0x14000 + 64 * 0x11, 0, 0);
	ck_assert_int_eq(why(0x11, NONE), IOASID_SMMUV3_STE_ABORT);
	ck_assert(look(0x11, NONE).silent);
}
END_TEST

START_TEST(without_substreams)
{
	build_two_levels();
	ck_assert_int_eq(why(0x10, 0), IOASID_SMMUV3_SUBSTREAM_RANGE);
	ck_assert_int_eq(why(259, 0), IOASID_SMMUV3_SUBSTREAM_STAGE);
	ck_assert_int_eq(why(768, 1), IOASID_SMMUV3_SUBSTREAM_STAGE);
	ck_assert_uint_eq(look(768, NONE).cd_index, NONE);
}
END_TEST

START_TEST(linear_substreams)
{
	build_substreams(0, 4, 0);
	build_cd(0x1a000 + 64 * 15, 9);
	ck_assert_uint_eq(look(5, 15).asid, 9);
	ck_assert_uint_eq(look(5, 15).cd_index, 15);
	ck_assert_uint_eq(reads, 2);
	ck_assert_int_eq(why(5, 16), IOASID_SMMUV3_SUBSTREAM_RANGE);
	ck_assert_int_eq(why(5, 14), IOASID_SMMUV3_CD_ABSENT);
	ck_assert_int_eq(why(5, NONE), IOASID_SMMUV3_STREAM_DISABLED);
}
END_TEST

START_TEST(requests_without_substream)
{
	struct ioasid_smmuv3_translation t;
	uint64_t *ste = build_substreams(0, 4, 1);

	build_cd(0x1a000, 4);
	build_cd(0x1a040, 5);
	t = look(5, NONE);
	ck_assert_int_eq(t.kind, IOASID_SMMUV3_BYPASS);
	ck_assert_uint_eq(t.cd_index, NONE);
	ck_assert_uint_eq(look(5, 0).asid, 4);
	put_bits(ste, 3, 1, 7);
	ck_assert_int_eq(look(5, NONE).kind, IOASID_SMMUV3_STAGE2);
	put_bits(ste, 3, 1, 5);
	put_bits(ste, 65, 64, 2);
	ck_assert_uint_eq(look(5, NONE).asid, 4);
	ck_assert_uint_eq(look(5, NONE).cd_index, 0);
	ck_assert_uint_eq(look(5, 1).asid, 5);
	ck_assert_int_eq(why(5, 0), IOASID_SMMUV3_STREAM_DISABLED);
}
END_TEST

START_TEST(two_levels_of_substreams)
{
	build_substreams(1, 14, 0);
	*at(0x1a000 + 8 * (0x1234 >> 6)) = 0x1c000 | 1;
	build_cd(0x1c000 + 64 * (0x1234 & 63), 6);
	ck_assert_uint_eq(look(5, 0x1234).asid, 6);
	ck_assert_uint_eq(reads, 3);
	ck_assert_int_eq(why(5, 0x1200 - 1), IOASID_SMMUV3_SUBSTREAM_ABSENT);
	ck_assert_int_eq(why(5, 0x4000), IOASID_SMMUV3_SUBSTREAM_RANGE);
	*at(0x1a000) = BIT(48) | 1;
	ck_assert_int_eq(why(5, 1), IOASID_SMMUV3_SUBSTREAM_ABSENT);
	unreadable = 0x1c000;
	ck_assert_int_eq(why(5, 0x1234), IOASID_SMMUV3_CD_ACCESS);
	unreadable = 0x1a000;
	ck_assert_int_eq(why(5, 0x1234), IOASID_SMMUV3_CD_ACCESS);
}
END_TEST

START_TEST(wide_level_2_tables_of_substreams)
{
	build_substreams(2, 14, 0);
	*at(0x1a000 + 8 * (0x1234 >> 10)) = 0x2f000 | 1; /* aligned to 64K */
	build_cd(0x20000 + 64 * (0x1234 & 1023), 6);
	ck_assert_uint_eq(look(5, 0x1234).asid, 6);
	ck_assert_int_eq(why(5, 0x1600), IOASID_SMMUV3_SUBSTREAM_ABSENT);
}
END_TEST

START_TEST(nested)
{
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	struct ioasid_smmuv3_translation t;
	uint64_t *ste = build_substreams(1, 10, 0);

	put_bits(ste, 3, 1, 7);
	put_bits(ste, 55, 6, 0x101a000 >> 6);
	*at(0x1a000) = 0x101c000 | 1;
	build_cd(0x1c000 + 64, 6);
	t = look(5, 1);
	ck_assert_int_eq(t.kind, IOASID_SMMUV3_NESTED);
	ck_assert_uint_eq(reads, 3);
	ck_assert_uint_eq(reads_by_stage2, 2);
	ck_assert_uint_eq(t.table[0].root, 0x26000);
	ck_assert_uint_eq(t.stage2.root, 0x80000);
	ck_assert_uint_eq(t.stage2.levels, 3);
	ck_assert(t.stage2_record && !t.stage2_stall);
	ck_assert_int_eq(ioasid_smmuv3_translation_get_pgtable(&t, IOASID_PGTABLE_ARM_S1, &p), 0);
	ck_assert_uint_eq(p.root, 0x26000);
	ck_assert_int_eq(ioasid_smmuv3_translation_get_pgtable(&t, IOASID_PGTABLE_ARM_S2, &p), 0);
	ck_assert_uint_eq(p.root, 0x80000);
	unreadable = 0x1c000;
	ck_assert_int_eq(why(5, 1), IOASID_SMMUV3_CD_TRANSLATION);
	ck_assert_uint_eq(look(5, 1).entry, 0x101c000 + 64);
	/* a fault of stage 2: it is recorded if those are (S2R) */
	ck_assert(!look(5, 1).silent);
	put_bits(ste, 186, 186, 0);
	ck_assert(look(5, 1).silent);
	put_bits(ste, 185, 185, 1); /* one that stalls is always (S2S) */
	ck_assert(!look(5, 1).silent);
}
END_TEST

START_TEST(from_a_stream_table_entry_on)
{
	struct ioasid_smmuv3_translation t = IOASID_SMMUV3_TRANSLATION_INIT;
	struct ioasid_smmuv3_ste ste = IOASID_SMMUV3_STE_INIT;

	build_substreams(0, 4, 2);
	build_cd(0x1a000 + 64 * 3, 9);
	ck_assert_int_eq(ioasid_smmuv3_ste_decode(&regs, at(0x10000 + 64 * 5), &ste, NULL), 0);
	ck_assert_int_eq(ioasid_smmuv3_lookup_cd(&regs, &ste, 3, read_memory, memory, &t), 0);
	ck_assert_int_eq(t.kind, IOASID_SMMUV3_STAGE1);
	ck_assert_uint_eq(t.asid, 9);
	ck_assert_int_eq(ioasid_smmuv3_lookup_cd(&regs, &ste, 0, read_memory, memory, &t), 0);
	ck_assert_int_eq(t.reason, IOASID_SMMUV3_STREAM_DISABLED);
	ste.size = 8;
	ck_assert_int_eq(ioasid_smmuv3_lookup_cd(&regs, &ste, 3, read_memory, memory, &t), -EINVAL);
}
END_TEST

START_TEST(arguments)
{
	struct ioasid_smmuv3_translation t = IOASID_SMMUV3_TRANSLATION_INIT;
	struct ioasid_smmuv3_ste ste = IOASID_SMMUV3_STE_INIT;

	ck_assert_int_eq(ioasid_smmuv3_lookup(&regs, 0, 1 << 20, read_memory, memory, &t), -EINVAL);
	ck_assert_int_eq(ioasid_smmuv3_lookup_cd(&regs, &ste, 1 << 20, read_memory, memory, &t),
			 -EINVAL);
	t.size--;
	ck_assert_int_eq(ioasid_smmuv3_lookup(&regs, 0, 0, read_memory, memory, &t), -EINVAL);
	ck_assert_int_eq(ioasid_smmuv3_lookup_cd(&regs, &ste, 0, read_memory, memory, &t), -EINVAL);
}
END_TEST

START_TEST(reasons)
{
	const char *unknown = ioasid_smmuv3_reason_text((enum ioasid_smmuv3_reason)9999);

	for (int i = 0; i <= IOASID_SMMUV3_CMD_SIGNAL; i++) {
		enum ioasid_smmuv3_reason reason = (enum ioasid_smmuv3_reason)i;

		ck_assert_str_ne(ioasid_smmuv3_reason_text(reason), unknown);
		ck_assert_int_eq(ioasid_smmuv3_reason_get_queue_error(reason),
				 i >= IOASID_SMMUV3_CMD_OPCODE ? 1 : 0);
		ck_assert(i < IOASID_SMMUV3_CMD_OPCODE || !ioasid_smmuv3_reason_get_code(reason));
	}
	ck_assert_uint_eq(ioasid_smmuv3_reason_get_code((enum ioasid_smmuv3_reason)9999), 0);
	ck_assert_uint_eq(ioasid_smmuv3_reason_get_queue_error((enum ioasid_smmuv3_reason)9999), 0);
	ck_assert_uint_eq(ioasid_smmuv3_reason_get_code(IOASID_SMMUV3_STE_ABSENT), 0x04);
	ck_assert_uint_eq(ioasid_smmuv3_reason_get_code(IOASID_SMMUV3_CD_TRANSLATION), 0x10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smmuv3-lookup");
	TCase *tc = tcase_create("streams");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, one_level);
	tcase_add_test(tc, two_levels);
	tcase_add_test(tc, sizes_of_stream_tables);
	tcase_add_test(tc, units_that_are_disabled);
	tcase_add_test(tc, which_events_are_recorded);
	tcase_add_test(tc, without_substreams);
	tcase_add_test(tc, linear_substreams);
	tcase_add_test(tc, requests_without_substream);
	tcase_add_test(tc, two_levels_of_substreams);
	tcase_add_test(tc, wide_level_2_tables_of_substreams);
	tcase_add_test(tc, nested);
	tcase_add_test(tc, from_a_stream_table_entry_on);
	tcase_add_test(tc, arguments);
	tcase_add_test(tc, reasons);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
