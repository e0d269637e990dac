/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream table entry and a context descriptor that are right, to change bits of. */
#ifndef TESTS_SMMUV3_ENTRIES_H
#define TESTS_SMMUV3_ENTRIES_H

#include <errno.h>
#include <string.h>

#include "runner.h"
#include "smmuv3_unit.h"

static struct ioasid_smmuv3_regs regs;
static uint64_t raw_ste[8], raw_cd[8];

/* S1 only: one context descriptor at 12340h. */
static inline void build_stage1(void)
{
	memset(raw_ste, 0, sizeof(raw_ste));
	put_bits(raw_ste, 0, 0, 1); /* V */
	put_bits(raw_ste, 3, 1, 5); /* Config */
	put_bits(raw_ste, 55, 6, 0x12340 >> 6); /* S1ContextPtr */
	put_bits(raw_ste, 143, 128, 0x1234); /* S2VMID */
}

/* S2 only: 4K, 44 bits from level 1 with 32 tables side by side is too much, so 43 bits; to 44. */
static inline void build_stage2(void)
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
static inline void build_cd(void)
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

static inline void setup(void)
{
	regs = unit();
	build_stage1();
	build_cd();
}

static inline enum ioasid_smmuv3_reason decode_ste(struct ioasid_smmuv3_ste *ste)
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

static inline enum ioasid_smmuv3_reason why_ste(void)
{
	struct ioasid_smmuv3_ste ste;

	return decode_ste(&ste);
}

static inline enum ioasid_smmuv3_reason decode_cd(struct ioasid_smmuv3_cd *cd)
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

static inline enum ioasid_smmuv3_reason why_cd(void)
{
	struct ioasid_smmuv3_cd cd;

	return decode_cd(&cd);
}

/* With bits high:low of an entry changed, for one call. */
static inline enum ioasid_smmuv3_reason with(uint64_t *raw, unsigned high, unsigned low,
					     uint64_t value)
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

#endif /* TESTS_SMMUV3_ENTRIES_H */
