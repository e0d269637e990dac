/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMMUv3: from a StreamID and SubstreamID to the translation (3.3). */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "runner.h"
#include "smmuv3_unit.h"

/* Guest memory as numbers: the first 64 pages. */
static uint64_t memory[64 * 512];
static struct ioasid_smmuv3_regs regs;
static unsigned reads, reads_by_stage2;
static uint64_t unreadable; /* a page that cannot be read; 0: none */

static int read_memory(void *opaque, const struct ioasid_smmuv3_table *stage2, uint64_t address,
		       void *buffer, size_t length)
{
	ck_assert_ptr_eq(opaque, memory);
	ck_assert_uint_eq(address % length, 0);
	reads++;
	if (stage2) {
		ck_assert_uint_eq(stage2->root, 0x80000);
		reads_by_stage2++;
		address -= 0x1000000; /* what stage 2 does */
	}
	if (address + length > sizeof(memory) || (unreadable && address / 4096 == unreadable / 4096))
		return -EFAULT;
	for (size_t i = 0; i < length / 8; i++) {
		uint64_t raw = htole64(memory[address / 8 + i]);

		memcpy((char *)buffer + 8 * i, &raw, 8);
	}
	return 0;
}

static uint64_t *at(uint64_t address)
{
	return &memory[address / 8];
}

/* A descriptor with 48 bits of 4K in TTB0. */
static void build_cd(uint64_t address, uint16_t asid)
{
	uint64_t *cd = at(address);

	put_bits(cd, 5, 0, 16);
	put_bits(cd, 30, 30, 1);
	put_bits(cd, 31, 31, 1);
	put_bits(cd, 34, 32, 5);
	put_bits(cd, 41, 41, 1);
	put_bits(cd, 46, 45, 3);
	put_bits(cd, 63, 48, asid);
	put_bits(cd, 115, 68, (0x20000 + 4096 * (uint64_t)asid) >> 4);
}

static void build_ste(uint64_t address, unsigned config, uint64_t cds)
{
	uint64_t *ste = at(address);

	put_bits(ste, 0, 0, 1);
	put_bits(ste, 3, 1, config);
	put_bits(ste, 55, 6, cds >> 6);
	put_bits(ste, 165, 160, 25);
	put_bits(ste, 167, 166, 1);
	put_bits(ste, 178, 176, 5);
	put_bits(ste, 179, 179, 1);
	put_bits(ste, 186, 186, 1);
	put_bits(ste, 243, 196, 0x80000 >> 4);
	put_bits(ste, 143, 128, 3);
}

/* The table of 3.3.1.2: level 1 at 10000h, split at 8 bits. */
static void build_two_levels(void)
{
	regs.strtab_base = BIT(62) | 0x10000;
	regs.strtab_base_cfg = 1 << 16 | 8 << 6 | 10;
	*at(0x10000) = 0x14000 | 9;
	*at(0x10008) = 0x18000 | 3;
	*at(0x10018) = 0x19000 | 1;
	build_ste(0x14000 + 64 * 0x10, 5, 0x1a000);
	build_ste(0x18000 + 64 * 3, 4, 0);
	build_ste(0x19000, 6, 0);
	build_cd(0x1a000, 1);
}

/* StreamID 5 of a linear table at 10000h, with substreams: 2^bits descriptors from 1a000h. */
static uint64_t *build_substreams(unsigned format, unsigned bits, unsigned dss)
{
	uint64_t *ste = at(0x10000 + 64 * 5);

	regs.strtab_base = 0x10000;
	regs.strtab_base_cfg = 6;
	build_ste(0x10000 + 64 * 5, 5, 0x1a000);
	put_bits(ste, 5, 4, format);
	put_bits(ste, 63, 59, bits);
	put_bits(ste, 65, 64, dss);
	return ste;
}

static void setup(void)
{
	memset(memory, 0, sizeof(memory));
	regs = unit();
	unreadable = 0;
}

static struct ioasid_smmuv3_translation look(uint32_t stream_id, uint32_t substream)
{
	struct ioasid_smmuv3_translation t = IOASID_SMMUV3_TRANSLATION_INIT;

	reads = reads_by_stage2 = 0;
	ck_assert_int_eq(ioasid_smmuv3_lookup(&regs, stream_id, substream, read_memory, memory, &t),
			 0);
	ck_assert_uint_eq(t.substream, substream);
	ck_assert_int_eq(t.kind == IOASID_SMMUV3_BLOCKED, t.reason != IOASID_SMMUV3_OK);
	return t;
}

static enum ioasid_smmuv3_reason why(uint32_t stream_id, uint32_t substream)
{
	return look(stream_id, substream).reason;
}

#define NONE IOASID_NO_PASID

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
	unreadable = 0x1a000;
	ck_assert_int_eq(why(63, NONE), IOASID_SMMUV3_CD_ACCESS);
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

static void add_substreams(TCase *tcase)
{
	tcase_add_test(tcase, without_substreams);
	tcase_add_test(tcase, linear_substreams);
	tcase_add_test(tcase, requests_without_substream);
	tcase_add_test(tcase, two_levels_of_substreams);
	tcase_add_test(tcase, wide_level_2_tables_of_substreams);
	tcase_add_test(tcase, nested);
	tcase_add_test(tcase, from_a_stream_table_entry_on);
}

int main(void)
{
	Suite *suite = suite_create("smmuv3-lookup");
	TCase *tcase = tcase_create("smmuv3-lookup");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, one_level);
	tcase_add_test(tcase, two_levels);
	tcase_add_test(tcase, sizes_of_stream_tables);
	tcase_add_test(tcase, units_that_are_disabled);
	tcase_add_test(tcase, which_events_are_recorded);
	add_substreams(tcase);
	tcase_add_test(tcase, page_tables);
	tcase_add_test(tcase, page_tables_of_stage2);
	tcase_add_test(tcase, page_tables_of_stage2_that_the_library_does_not_have);
	tcase_add_test(tcase, page_tables_of_stage2_with_starting_levels_of_all_sizes);
	tcase_add_test(tcase, page_tables_that_the_library_does_not_have);
	tcase_add_test(tcase, page_tables_of_all_granules_and_widths);
	tcase_add_test(tcase, page_tables_of_high_addresses);
	tcase_add_test(tcase, arguments);
	tcase_add_test(tcase, reasons);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
