/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMMUv3: stream table entries (5.2) and context descriptors (5.4). */
#include <errno.h>
#include <string.h>

#include "runner.h"
#include "smmuv3_unit.h"

static struct ioasid_smmuv3_regs regs;
static uint64_t raw_ste[8], raw_cd[8];

/* S1 only: one context descriptor at 12340h. */
static void build_stage1(void)
{
	memset(raw_ste, 0, sizeof(raw_ste));
	put_bits(raw_ste, 0, 0, 1); /* V */
	put_bits(raw_ste, 3, 1, 5); /* Config */
	put_bits(raw_ste, 55, 6, 0x12340 >> 6); /* S1ContextPtr */
	put_bits(raw_ste, 143, 128, 0x1234); /* S2VMID */
}

/* S2 only: 4K, 44 bits from level 1 with 32 tables side by side is too much, so 43 bits; to 44. */
static void build_stage2(void)
{
	memset(raw_ste, 0, sizeof(raw_ste));
	put_bits(raw_ste, 0, 0, 1);
	put_bits(raw_ste, 3, 1, 6);
	put_bits(raw_ste, 143, 128, 0x77);
	put_bits(raw_ste, 165, 160, 64 - 43); /* S2T0SZ */
	put_bits(raw_ste, 167, 166, 1); /* S2SL0 */
	put_bits(raw_ste, 178, 176, 4); /* S2PS */
	put_bits(raw_ste, 179, 179, 1); /* S2AA64 */
	put_bits(raw_ste, 186, 186, 1); /* S2R */
	put_bits(raw_ste, 243, 196, 0x80000 >> 4); /* S2TTB */
}

/* As Linux has it: 48 bits of 4K in TTB0, nothing in TTB1, ASID 1. */
static void build_cd(void)
{
	memset(raw_cd, 0, sizeof(raw_cd));
	put_bits(raw_cd, 5, 0, 16); /* T0SZ */
	put_bits(raw_cd, 30, 30, 1); /* EPD1 */
	put_bits(raw_cd, 31, 31, 1); /* V */
	put_bits(raw_cd, 34, 32, 5); /* IPS */
	put_bits(raw_cd, 41, 41, 1); /* AA64 */
	put_bits(raw_cd, 45, 45, 1); /* R */
	put_bits(raw_cd, 46, 46, 1); /* A */
	put_bits(raw_cd, 63, 48, 1); /* ASID */
	put_bits(raw_cd, 115, 68, 0x9000 >> 4); /* TTB0 */
}

static void setup(void)
{
	regs = unit();
	build_stage1();
	build_cd();
}

static enum ioasid_smmuv3_reason decode_ste(struct ioasid_smmuv3_ste *ste)
{
	enum ioasid_smmuv3_reason why;
	int ret;

	*ste = (struct ioasid_smmuv3_ste)IOASID_SMMUV3_STE_INIT;
	ret = ioasid_smmuv3_ste_decode(&regs, raw_ste, ste, &why);
	ck_assert_int_eq(ret, why == IOASID_SMMUV3_OK		? 0 :
			      why == IOASID_SMMUV3_STE_ABSENT ? -ENOENT :
								  -EINVAL);
	return why;
}

static enum ioasid_smmuv3_reason why_ste(void)
{
	struct ioasid_smmuv3_ste ste;

	return decode_ste(&ste);
}

static enum ioasid_smmuv3_reason decode_cd(struct ioasid_smmuv3_cd *cd)
{
	struct ioasid_smmuv3_ste ste;
	enum ioasid_smmuv3_reason why;
	int ret;

	ck_assert_int_eq(decode_ste(&ste), IOASID_SMMUV3_OK);
	*cd = (struct ioasid_smmuv3_cd)IOASID_SMMUV3_CD_INIT;
	ret = ioasid_smmuv3_cd_decode(&regs, &ste, raw_cd, cd, &why);
	ck_assert_int_eq(ret, why == IOASID_SMMUV3_OK	       ? 0 :
			      why == IOASID_SMMUV3_CD_ABSENT ? -ENOENT :
								 -EINVAL);
	return why;
}

static enum ioasid_smmuv3_reason why_cd(void)
{
	struct ioasid_smmuv3_cd cd;

	return decode_cd(&cd);
}

/* With bits high:low of an entry changed, for one call. */
static enum ioasid_smmuv3_reason with(uint64_t *raw, unsigned high, unsigned low, uint64_t value)
{
	uint64_t before = get_bits(raw, high, low);
	enum ioasid_smmuv3_reason why;

	put_bits(raw, high, low, value);
	why = raw == raw_ste ? why_ste() : why_cd();
	put_bits(raw, high, low, before);
	return why;
}

#define ste_with(high, low, value) with(raw_ste, high, low, value)
#define cd_with(high, low, value)  with(raw_cd, high, low, value)

#define ck_table(t, ib, ob, gb, lv, fl, rt) \
	do { \
		ck_assert_uint_eq((t).input_bits, ib); \
		ck_assert_uint_eq((t).output_bits, ob); \
		ck_assert_uint_eq((t).granule_bits, gb); \
		ck_assert_uint_eq((t).levels, lv); \
		ck_assert_uint_eq((t).flags, fl); \
		ck_assert_uint_eq((t).root, rt); \
	} while (0)

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

static void add_entries(TCase *tcase)
{
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
}

static void add_descriptors(TCase *tcase)
{
	tcase_add_test(tcase, context_descriptor);
	tcase_add_test(tcase, two_tables);
	tcase_add_test(tcase, what_makes_a_descriptor_illegal);
	tcase_add_test(tcase, faults_and_updates_of_a_descriptor);
	tcase_add_test(tcase, wide_tables);
	tcase_add_test(tcase, el2_has_one_table_and_no_asid);
	tcase_add_test(tcase, tables_of_32_bits);
	tcase_add_test(tcase, structures_of_other_sizes);
}

int main(void)
{
	Suite *suite = suite_create("smmuv3-entries");
	TCase *tcase = tcase_create("smmuv3-entries");

	tcase_add_checked_fixture(tcase, setup, NULL);
	add_entries(tcase);
	add_descriptors(tcase);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
