/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMMUv3: what a translation says of the page tables, of both stages (3.4, 5.4). */
#include <errno.h>

#include "smmuv3_streams.h"

START_TEST(page_tables)
{
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	struct ioasid_smmuv3_translation t;

	build_two_levels();
	put_bits(at(0x1a000), 5, 0, 64 - 39);
	put_bits(at(0x1a000), 34, 32, 2);
	t = look(0x10, NONE);
	ck_assert_int_eq(ioasid_smmuv3_translation_get_pgtable(&t, IOASID_PGTABLE_ARM_S1, &p), 0);
	ck_assert_int_eq(p.format, IOASID_PGTABLE_ARM_S1);
	ck_assert_uint_eq(p.levels, 3);
	ck_assert_uint_eq(p.root, 0x21000);
	ck_assert_uint_eq(p.input_bits, 39);
	ck_assert_uint_eq(p.address_bits, 40);
	ck_assert_uint_eq(p.flags, 0);
	put_bits(at(0x1a000), 43, 43, 1); /* HA */
	t = look(0x10, NONE);
	ck_assert_int_eq(ioasid_smmuv3_translation_get_pgtable(&t, IOASID_PGTABLE_ARM_S1, &p), 0);
	ck_assert_uint_eq(p.flags, IOASID_PGTABLE_SET_ACCESSED);
	put_bits(at(0x1a000), 43, 42, 3); /* HA, HD */
	t = look(0x10, NONE);
	ck_assert_int_eq(ioasid_smmuv3_translation_get_pgtable(&t, IOASID_PGTABLE_ARM_S1, &p), 0);
	ck_assert_uint_eq(p.flags, IOASID_PGTABLE_SET_ACCESSED | IOASID_PGTABLE_SET_DIRTY);
	put_bits(at(0x1a000), 43, 42, 0);
	put_bits(at(0x1a000), 35, 35, 1); /* AFFD */
	put_bits(at(0x1a000), 65, 65, 1); /* HAD0 */
	put_bits(at(0x14000 + 64 * 0x10), 113, 112, 3); /* PRIVCFG */
	t = look(0x10, NONE);
	ck_assert_int_eq(ioasid_smmuv3_translation_get_pgtable(&t, IOASID_PGTABLE_ARM_S1, &p), 0);
	ck_assert_uint_eq(p.flags, IOASID_PGTABLE_IGNORE_ACCESSED | IOASID_PGTABLE_NO_HIERARCHY |
					   IOASID_PGTABLE_PRIVILEGED);
	put_bits(at(0x14000 + 64 * 0x10), 113, 112, 0);
	put_bits(at(0x14000 + 64 * 0x10), 95, 94, 2); /* EL2, which is privileged */
	t = look(0x10, NONE);
	ck_assert_int_eq(ioasid_smmuv3_translation_get_pgtable(&t, IOASID_PGTABLE_ARM_S1, &p), 0);
	ck_assert(p.flags & IOASID_PGTABLE_PRIVILEGED);

	ck_assert_int_eq(ioasid_smmuv3_translation_get_pgtable(&t, IOASID_PGTABLE_VTD_SS, &p),
			 -ENOENT);
	t = look(259, NONE);
	ck_assert_int_eq(ioasid_smmuv3_translation_get_pgtable(&t, IOASID_PGTABLE_ARM_S1, &p),
			 -ENOENT);
	p.size--;
	ck_assert_int_eq(ioasid_smmuv3_translation_get_pgtable(&t, IOASID_PGTABLE_ARM_S1, &p),
			 -EINVAL);
}
END_TEST

/* Of StreamID 768, whose stage 2 is 3 levels of 39 bits; or of what bits high:low make of it. */
static int get_stage2(unsigned high, unsigned low, uint64_t value, struct ioasid_pgtable *p)
{
	uint64_t *entry = at(0x19000), ste[8];
	struct ioasid_smmuv3_translation t;

	memcpy(ste, entry, sizeof(ste));
	put_bits(entry, high, low, value);
	t = look(768, NONE);
	memcpy(entry, ste, sizeof(ste));
	ck_assert_int_eq(t.kind, IOASID_SMMUV3_STAGE2);
	return ioasid_smmuv3_translation_get_pgtable(&t, IOASID_PGTABLE_ARM_S2, p);
}

START_TEST(page_tables_of_stage2)
{
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	struct ioasid_smmuv3_translation t;

	build_two_levels();
	ck_assert_int_eq(get_stage2(178, 176, 2, &p), 0); /* S2PS */
	ck_assert_int_eq(p.format, IOASID_PGTABLE_ARM_S2);
	ck_assert_uint_eq(p.levels, 3);
	ck_assert_uint_eq(p.root, 0x80000);
	ck_assert_uint_eq(p.input_bits, 39);
	ck_assert_uint_eq(p.address_bits, 40);
	ck_assert_uint_eq(p.flags, 0);
	ck_assert_int_eq(get_stage2(181, 181, 1, &p), 0); /* S2AFFD */
	ck_assert_uint_eq(p.flags, IOASID_PGTABLE_IGNORE_ACCESSED);
	ck_assert_int_eq(get_stage2(184, 184, 1, &p), 0); /* S2HA */
	ck_assert_uint_eq(p.flags, IOASID_PGTABLE_SET_ACCESSED);
	ck_assert_int_eq(get_stage2(184, 183, 3, &p), 0); /* and S2HD */
	ck_assert_uint_eq(p.flags, IOASID_PGTABLE_SET_ACCESSED | IOASID_PGTABLE_SET_DIRTY);
	ck_assert_int_eq(get_stage2(113, 112, 3, &p), 0); /* PRIVCFG is nothing to stage 2 */
	ck_assert_uint_eq(p.flags, 0);
	t = look(768, NONE);
	ck_assert_int_eq(ioasid_smmuv3_translation_get_pgtable(&t, IOASID_PGTABLE_ARM_S1, &p),
			 -ENOENT);
	t = look(0x10, NONE);
	ck_assert_int_eq(ioasid_smmuv3_translation_get_pgtable(&t, IOASID_PGTABLE_ARM_S2, &p),
			 -ENOENT);
}
END_TEST

START_TEST(page_tables_of_stage2_that_the_library_does_not_have)
{
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;

	build_two_levels();
	regs.idr[0] |= TTF_32;
	regs.idr[0] &= ~TTENDIAN(3u);
	regs.idr[3] |= STT;
	regs.idr[5] = OAS(6) | GRAN4K | GRAN16K | DS | VAX(1);
	ck_assert_int_eq(get_stage2(165, 160, 64 - 31, &p), 0); /* S2T0SZ: all of 3 levels, */
	ck_assert_uint_eq(p.input_bits, 31);
	ck_assert_int_eq(get_stage2(179, 179, 0, &p), -EOPNOTSUPP); /* S2AA64 */
	ck_assert_int_eq(get_stage2(180, 180, 1, &p), -EOPNOTSUPP); /* S2ENDI */
}
END_TEST

START_TEST(page_tables_of_stage2_with_starting_levels_of_all_sizes)
{
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;

	build_two_levels();
	regs.idr[3] |= STT;
	regs.idr[5] = OAS(6) | GRAN4K | GRAN16K | DS;
	ck_assert_int_eq(get_stage2(165, 160, 64 - 43, &p), 0); /* S2T0SZ: 16 tables of level 1 */
	ck_assert_uint_eq(p.levels, 3);
	ck_assert_uint_eq(p.input_bits, 43);
	ck_assert_uint_eq(p.root, 0x80000);
	ck_assert_int_eq(get_stage2(167, 160, 3 << 6 | (64 - 21), &p), 0); /* one level */
	ck_assert_uint_eq(p.levels, 1);
	ck_assert_int_eq(get_stage2(175, 174, 2, &p), 0); /* S2TG: 16K, from level 2 */
	ck_assert_uint_eq(p.granule_bits, 14);
	ck_assert_uint_eq(p.levels, 2);
	ck_assert_int_eq(get_stage2(195, 195, 1, &p), 0); /* S2DS */
	ck_assert_uint_eq(p.flags, IOASID_PGTABLE_WIDE);
}
END_TEST

/* With bits high:low of the descriptor at 1a000h changed, and those of the entry. */
static int get_with(unsigned high, unsigned low, uint64_t value, unsigned privcfg)
{
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	uint64_t cd[8];
	struct ioasid_smmuv3_translation t;

	memcpy(cd, at(0x1a000), sizeof(cd));
	put_bits(at(0x1a000), high, low, value);
	put_bits(at(0x14000 + 64 * 0x10), 113, 112, privcfg);
	t = look(0x10, NONE);
	memcpy(at(0x1a000), cd, sizeof(cd));
	ck_assert_int_eq(t.kind, IOASID_SMMUV3_STAGE1);
	return ioasid_smmuv3_translation_get_pgtable(&t, IOASID_PGTABLE_ARM_S1, &p);
}

START_TEST(page_tables_that_the_library_does_not_have)
{
	build_two_levels();
	put_bits(at(0x1a000), 21, 16, 16); /* T1SZ */
	put_bits(at(0x1a000), 23, 22, 2); /* TG1 */
	regs.idr[0] |= TTF_32;
	regs.idr[0] &= ~TTENDIAN(3u);
	regs.idr[5] = OAS(6) | GRAN4K | GRAN16K | DS | VAX(1);
	ck_assert_int_eq(get_with(36, 36, 1, 0), 0); /* WXN is nothing to DMA */
	ck_assert_int_eq(get_with(38, 38, 1, 0), 0); /* TBI0 */
	ck_assert_int_eq(get_with(41, 41, 0, 0), -EOPNOTSUPP); /* AA64 */
	ck_assert_int_eq(get_with(15, 15, 1, 0), -EOPNOTSUPP); /* ENDI */
	ck_assert_int_eq(get_with(66, 66, 1, 0), -EOPNOTSUPP); /* E0PD0, and no other table */
	ck_assert_int_eq(get_with(66, 66, 1, 3), 0);
	ck_assert_int_eq(get_with(40, 40, 1, 3), -EOPNOTSUPP); /* PAN */
	ck_assert_int_eq(get_with(40, 40, 1, 0), 0);
}
END_TEST

/* TG0, DS, IPS, T0SZ, TTB0: what each says about the table. */
static struct ioasid_pgtable with_table(unsigned tg0, unsigned ds, unsigned ips, unsigned bits,
					uint64_t root)
{
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	struct ioasid_smmuv3_translation t;
	uint64_t *cd = at(0x1a000);

	put_bits(cd, 7, 6, tg0);
	put_bits(cd, 186, 186, ds);
	put_bits(cd, 34, 32, ips);
	put_bits(cd, 5, 0, 64 - bits);
	put_bits(cd, 115, 68, root >> 4);
	t = look(0x10, NONE);
	ck_assert_int_eq(t.kind, IOASID_SMMUV3_STAGE1);
	ck_assert_int_eq(ioasid_smmuv3_translation_get_pgtable(&t, IOASID_PGTABLE_ARM_S1, &p), 0);
	ck_assert_uint_eq(p.input_bits, bits);
	return p;
}

static int get_high(struct ioasid_pgtable *p)
{
	struct ioasid_smmuv3_translation t = look(0x10, NONE);

	return ioasid_smmuv3_translation_get_pgtable(&t, IOASID_PGTABLE_ARM_S1, p);
}

#define ck_pgtable(p, gb, lv, ab, fl, rt) \
	do { \
		struct ioasid_pgtable pgtable = p; \
		ck_assert_uint_eq(pgtable.granule_bits, gb); \
		ck_assert_uint_eq(pgtable.levels, lv); \
		ck_assert_uint_eq(pgtable.address_bits, ab); \
		ck_assert_uint_eq(pgtable.flags, fl); \
		ck_assert_uint_eq(pgtable.root, rt); \
	} while (0)

/* TTB1, T1SZ, TG1, HAD1, E0PD1; EPD0. */
START_TEST(page_tables_of_high_addresses)
{
	struct ioasid_pgtable p;
	uint64_t *cd = at(0x1a000);

	build_two_levels();
	regs.idr[3] |= HAD | E0PD;
	regs.idr[5] = OAS(5) | GRAN4K | GRAN64K;
	put_bits(cd, 30, 30, 0); /* EPD1 */
	put_bits(cd, 21, 16, 64 - 42);
	put_bits(cd, 23, 22, 3); /* 64K */
	put_bits(cd, 179, 132, 0x90000 >> 4);
	put_bits(cd, 129, 129, 1); /* HAD1 */
	p = with_table(0, 0, 5, 48, 0x21000);
	ck_pgtable(p, 12, 4, 48, IOASID_PGTABLE_UPPER_NO_HIERARCHY, 0x21000);
	ck_assert_uint_eq(p.upper_levels, 2);
	ck_assert_uint_eq(p.upper_input_bits, 42);
	ck_assert_uint_eq(p.upper_granule_bits, 16);
	ck_assert_uint_eq(p.upper_root, 0x90000);

	put_bits(cd, 66, 66, 1); /* E0PD0: no access by requests that are not privileged */
	p = (struct ioasid_pgtable)IOASID_PGTABLE_INIT;
	ck_assert_int_eq(get_high(&p), 0);
	ck_pgtable(p, 0, 0, 48, IOASID_PGTABLE_UPPER_NO_HIERARCHY, 0);
	ck_assert_uint_eq(p.upper_root, 0x90000);
	put_bits(cd, 130, 130, 1); /* E0PD1 */
	ck_assert_int_eq(get_high(&p), -EOPNOTSUPP);
	put_bits(cd, 66, 66, 0);
	ck_assert_int_eq(get_high(&p), 0);
	ck_assert_uint_eq(p.upper_levels, 0);
	put_bits(cd, 130, 130, 0);
	put_bits(cd, 14, 14, 1); /* EPD0 */
	ck_assert_int_eq(get_high(&p), 0);
	ck_assert_uint_eq(p.levels, 0);
	ck_assert_uint_eq(p.upper_levels, 2);
	/* DS is of 4K, and an output size of 52 bits of 64K */
	put_bits(cd, 14, 14, 0);
	regs.idr[5] = OAS(6) | GRAN4K | GRAN64K | DS;
	p = with_table(0, 0, 6, 48, 0x21000);
	ck_pgtable(p, 12, 4, 52, IOASID_PGTABLE_UPPER_NO_HIERARCHY | IOASID_PGTABLE_UPPER_WIDE,
		   0x21000);
}
END_TEST

START_TEST(page_tables_of_all_granules_and_widths)
{
	build_two_levels();
	regs.idr[5] = OAS(6) | GRAN4K | GRAN16K | GRAN64K | DS | VAX(1);
	regs.idr[3] |= STT;
	ck_pgtable(with_table(0, 0, 6, 48, 0x21000), 12, 4, 48, 0, 0x21000);
	ck_pgtable(with_table(2, 0, 5, 48, 0x21000), 14, 4, 48, 0, 0x21000);
	ck_pgtable(with_table(2, 1, 5, 48, 0x21000), 14, 4, 48, IOASID_PGTABLE_WIDE, 0x21000);
	ck_pgtable(with_table(0, 1, 6, 52, BIT(51)), 12, 5, 52, IOASID_PGTABLE_WIDE, BIT(51));
	ck_pgtable(with_table(1, 1, 6, 48, 0x21200), 16, 3, 52, IOASID_PGTABLE_WIDE, 0x21200);
	ck_pgtable(with_table(1, 0, 5, 48, 0x21200), 16, 3, 48, IOASID_PGTABLE_WIDE, 0x21200);
	ck_pgtable(with_table(0, 0, 5, 21, 0x21000), 12, 1, 48, 0, 0x21000);
	ck_pgtable(with_table(0, 0, 5, 32, 0x21020), 12, 3, 48, 0, 0x21020);
	regs.idr[5] = OAS(5) | GRAN64K | VAX(1);
	ck_pgtable(with_table(1, 0, 5, 52, 0x22000), 16, 3, 48, 0, 0x22000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smmuv3-pgtable");
	TCase *tc = tcase_create("page tables");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, page_tables);
	tcase_add_test(tc, page_tables_of_stage2);
	tcase_add_test(tc, page_tables_of_stage2_that_the_library_does_not_have);
	tcase_add_test(tc, page_tables_of_stage2_with_starting_levels_of_all_sizes);
	tcase_add_test(tc, page_tables_that_the_library_does_not_have);
	tcase_add_test(tc, page_tables_of_high_addresses);
	tcase_add_test(tc, page_tables_of_all_granules_and_widths);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
