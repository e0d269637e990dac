/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RISC-V's IOMMU: look-ups through device and process directories (3.3), and reasons. */
#include <endian.h>
#include <errno.h>

#include "errmsg.h"
#include "riscv_unit.h"
#include "runner.h"

static struct ioasid_riscv_regs regs;

/* Guest memory: words that are not 0, by address; second says who may read them. */
static struct word {
	uint64_t address, value;
	bool second;
} words[64];

static unsigned n_words, reads;
static uint64_t unreadable;

static void store(uint64_t address, uint64_t value, bool second)
{
	words[n_words++] = (struct word){ address, htole64(value), second };
}

static int read_memory(void *opaque, const struct ioasid_riscv_dc *second, uint64_t address,
		       void *buffer, size_t length)
{
	ck_assert_ptr_eq(opaque, words);
	ck_assert(length == 8 || length == 16 || length == 32 || length == 64);
	ck_assert_uint_eq(address % length, 0);
	ck_assert(!second || second->second_levels);
	reads++;
	if (address == unreadable)
		return -1;
	memset(buffer, 0, length);
	for (unsigned i = 0; i < n_words; i++)
		if (words[i].address >= address && words[i].address < address + length &&
		    words[i].second == (second != NULL))
			memcpy((char *)buffer + (words[i].address - address), &words[i].value, 8);
	return 0;
}

static void setup(void)
{
	regs = unit();
	n_words = reads = 0;
	unreadable = UINT64_MAX;
}

/* A device context of the base format, four doublewords. */
static void store_dc(uint64_t at, uint64_t tc, uint64_t iohgatp, uint64_t ta, uint64_t fsc)
{
	store(at, tc, false);
	store(at + 8, iohgatp, false);
	store(at + 16, ta, false);
	store(at + 24, fsc, false);
}

static struct ioasid_riscv_translation look(uint32_t device_id, uint32_t process_id)
{
	struct ioasid_riscv_translation t = IOASID_RISCV_TRANSLATION_INIT;

	reads = 0;
	errmsg_fail();
	ck_assert_int_eq(
		ioasid_riscv_lookup(&regs, device_id, process_id, read_memory, words, &t), 0);
	errmsg_is_unchanged();
	ck_assert((t.kind == IOASID_RISCV_BLOCKED) == (t.reason != IOASID_RISCV_OK));
	ck_assert(t.size == sizeof(t));
	return t;
}

static enum ioasid_riscv_reason blocked(uint32_t device_id, uint32_t process_id)
{
	struct ioasid_riscv_translation t = look(device_id, process_id);

	ck_assert_int_eq(t.kind, IOASID_RISCV_BLOCKED);
	ck_assert_uint_eq(t.process_id, process_id);
	return t.reason;
}

/* 3.3, steps 1 and 2 */
START_TEST(without_directory)
{
	struct ioasid_riscv_dc dc = IOASID_RISCV_DC_INIT;
	struct ioasid_riscv_translation t;
	enum ioasid_riscv_reason why;

	regs.ddtp = DDTP_BARE;
	t = look(0xffffff, 5);
	ck_assert(t.kind == IOASID_RISCV_BARE && t.process_id == 5 && t.supervisor && !t.ats);
	ck_assert_int_eq(ioasid_riscv_lookup_dc(&regs, 0, read_memory, words, &dc, &why), -ENOENT);
	ck_assert_int_eq(why, IOASID_RISCV_OK);
	for (unsigned mode = 0; mode < 16; mode++) {
		regs.ddtp = mode | 0x100000 >> 2;
		if (mode >= 1 && mode <= 4)
			continue;
		ck_assert_int_eq(blocked(1, IOASID_NO_PASID), IOASID_RISCV_OFF);
		ck_assert_int_eq(ioasid_riscv_lookup_dc(&regs, 1, read_memory, words, &dc, &why),
				 -ENOENT);
		ck_assert_int_eq(why, IOASID_RISCV_OFF);
	}
	ck_assert_uint_eq(reads, 0);
}
END_TEST

/* 3: device_id is 8, 9 and 7 bits; 9, 9 and 6 with contexts of the extended format. */
START_TEST(device_directory)
{
	static const unsigned bits[2][4] = { { 0, 7, 16, 24 }, { 0, 6, 15, 24 } };
	bool extended = _i & 4;
	unsigned levels = (unsigned)_i & 3;
	const unsigned *b = bits[extended];
	uint32_t last = (1u << b[levels]) - 1;
	uint64_t table[4] = { 0, 0x110000, 0x120000, 0x100000 };
	struct ioasid_riscv_translation t;

	table[levels] = 0x100000;
	regs.ddtp = DDTP(levels, 0x100000);
	if (extended)
		regs.capabilities |= MSI_FLAT;
	for (unsigned i = levels; i > 1; i--)
		store(table[i] + 8 * (last >> b[i - 1] & 511), NEXT(table[i - 1]), false);
	store_dc(table[1] + (extended ? 64 * 63 : 32 * 127), TC_V, 0, PSCID(9), POINTER(9, 0x7000));
	t = look(last, IOASID_NO_PASID);
	ck_assert_int_eq(t.kind, IOASID_RISCV_FIRST_STAGE);
	ck_assert(t.first_levels == 4 && t.first_root == 0x7000 && t.pscid == 9);
	ck_assert(reads == levels && t.process_id == IOASID_NO_PASID);
	ck_assert_int_eq(blocked(last - 1, IOASID_NO_PASID), IOASID_RISCV_DDT_ABSENT);
	if (levels < 3) {
		ck_assert_int_eq(blocked(last + 1, IOASID_NO_PASID), IOASID_RISCV_DEVICE_RANGE);
		ck_assert_uint_eq(reads, 0);
	} else {
		ck_assert_int_eq(blocked(1 << 24, IOASID_NO_PASID), IOASID_RISCV_DEVICE_RANGE);
	}
}
END_TEST

START_TEST(device_directory_refused)
{
	struct ioasid_riscv_dc dc = IOASID_RISCV_DC_INIT;
	enum ioasid_riscv_reason why;

	/* entries 0 to 3 of the root are for devices 0, 65536 and so on */
	store(0x100000, NEXT(0x110000), false);
	store(0x100008, NEXT(0x110000) | BIT(1), false);
	store(0x100010, NEXT(0x110000) | BIT(54), false);
	store(0x110000, NEXT(0x120000), false);
	store(0x110008, NEXT(UINT64_C(0x80000000000)), false);
	store_dc(0x120000, TC_V | BIT(12), 0, 0, 0);
	store_dc(0x120020, TC_V, 0, 0, POINTER(8, 0x7000));
	ck_assert_int_eq(blocked(0, IOASID_NO_PASID), IOASID_RISCV_DC_RESERVED);
	ck_assert_int_eq(blocked(2, IOASID_NO_PASID), IOASID_RISCV_DDT_ABSENT);
	ck_assert_int_eq(blocked(256, IOASID_NO_PASID), IOASID_RISCV_DDT_ABSENT);
	ck_assert_int_eq(blocked(0x10000, IOASID_NO_PASID), IOASID_RISCV_DDT_RESERVED);
	ck_assert_int_eq(blocked(0x20000, IOASID_NO_PASID), IOASID_RISCV_DDT_RESERVED);
	ck_assert_int_eq(blocked(0x30000, IOASID_NO_PASID), IOASID_RISCV_DDT_ABSENT);
	ck_assert_int_eq(ioasid_riscv_lookup_dc(&regs, 0, read_memory, words, &dc, &why), -EINVAL);
	ck_assert_int_eq(why, IOASID_RISCV_DC_RESERVED);
	ck_assert_int_eq(ioasid_riscv_lookup_dc(&regs, 2, read_memory, words, &dc, &why), -ENOENT);
	ck_assert_int_eq(why, IOASID_RISCV_DDT_ABSENT);
	ck_assert_int_eq(ioasid_riscv_lookup_dc(&regs, 1, read_memory, words, &dc, NULL), 0);
	ck_assert(dc.first_levels == 3 && dc.first_root == 0x7000);
	unreadable = 0x120020;
	ck_assert_int_eq(blocked(1, IOASID_NO_PASID), IOASID_RISCV_DDT_ACCESS);
	ck_assert_uint_eq(look(1, IOASID_NO_PASID).entry, 0x120020);
	unreadable = 0x110000;
	ck_assert_int_eq(blocked(1, IOASID_NO_PASID), IOASID_RISCV_DDT_ACCESS);
	ck_assert_uint_eq(look(1, IOASID_NO_PASID).entry, 0x110000);
	/* beyond the unit's physical addresses */
	regs.capabilities &= ~PAS(63);
	regs.capabilities |= PAS(43);
	unreadable = UINT64_MAX;
	ck_assert_int_eq(blocked(128, IOASID_NO_PASID), IOASID_RISCV_DDT_ACCESS);
	ck_assert_uint_eq(reads, 2);
}
END_TEST

START_TEST(stages)
{
	struct ioasid_riscv_translation t;

	regs.ddtp = DDTP(1, 0x100000);
	store_dc(0x100000, TC_V | TC_DTF, 0, PSCID(5), 0);
	store_dc(0x100020, TC_V | TC_EN_ATS | TC_GADE, POINTER(9, 0x4000) | GSCID(7), PSCID(5), 0);
	store_dc(0x100040, TC_V | TC_SADE, POINTER(9, 0x4000) | GSCID(7), PSCID(5),
		 POINTER(8, 0x9000));
	t = look(0, IOASID_NO_PASID);
	ck_assert(t.kind == IOASID_RISCV_BARE && t.pscid == 0 && t.gscid == 0 && t.silent);
	t = look(1, IOASID_NO_PASID);
	ck_assert(t.kind == IOASID_RISCV_SECOND_STAGE && t.second_levels == 4 && t.gscid == 7);
	ck_assert(t.second_root == 0x4000 && t.pscid == 0 && t.ats && !t.page_requests);
	ck_assert(t.second_update && !t.first_update && !t.silent && !t.supervisor);
	t = look(2, IOASID_NO_PASID);
	ck_assert(t.kind == IOASID_RISCV_NESTED && t.second_levels == 4 && t.first_levels == 3);
	ck_assert(t.first_root == 0x9000 && t.pscid == 5 && t.gscid == 7 && t.first_update);
	ck_assert_int_eq(blocked(2, 5), IOASID_RISCV_PROCESS_DISABLED);
	ck_assert(look(0, 5).silent && !look(2, 5).silent);
}
END_TEST

/* 3.1.3.4: process_id is 3, 9 and 8 bits. */
START_TEST(process_directory)
{
	static const unsigned bits[] = { 0, 8, 17, 20 };
	unsigned levels = (unsigned)_i;
	uint64_t table[4] = { 0, 0x30000, 0x31000, 0x32000 };
	uint32_t last = (1u << bits[levels]) - 1;
	struct ioasid_riscv_translation t;

	regs.ddtp = DDTP(1, 0x100000);
	store_dc(0x100000, TC_V | TC_PDTV, 0, PSCID(5), POINTER(levels, table[levels]));
	for (unsigned i = levels; i > 1; i--)
		store(table[i] + 8 * (last >> bits[i - 1] & 511), NEXT(table[i - 1]), false);
	store(table[1] + 16 * 255, 3 | PSCID(6), false);
	store(table[1] + 16 * 255 + 8, POINTER(10, 0x7000), false);
	t = look(0, last);
	ck_assert(t.kind == IOASID_RISCV_FIRST_STAGE && t.process_id == last);
	ck_assert(t.first_levels == 5 && t.first_root == 0x7000 && t.pscid == 6);
	ck_assert(t.supervisor && !t.user_access && reads == levels + 1);
	ck_assert_int_eq(blocked(0, last - 1), IOASID_RISCV_PDT_ABSENT);
	if (levels > 1)
		ck_assert_int_eq(blocked(0, 0), IOASID_RISCV_PDT_ABSENT);
	if (levels < 3)
		ck_assert_int_eq(blocked(0, last + 1), IOASID_RISCV_PROCESS_RANGE);
	/* without a process_id there is no first stage */
	t = look(0, IOASID_NO_PASID);
	ck_assert(t.kind == IOASID_RISCV_BARE && reads == 1 && t.pscid == 0 && !t.supervisor);
}
END_TEST

START_TEST(process_directory_refused)
{
	regs.ddtp = DDTP(1, 0x100000);
	store_dc(0x100000, TC_V | TC_PDTV | TC_DTF, 0, 0, POINTER(2, 0x30000));
	store(0x30000, NEXT(0x31000), false);
	store(0x30008, NEXT(0x31000) | BIT(9), false);
	store(0x30010, NEXT(0x31000) | BIT(63), false);
	store(0x30018, NEXT(UINT64_C(1) << 55), false);
	store(0x31000, 1 | BIT(3), false);
	store(0x31010, 1, false);
	store(0x31018, POINTER(7, 0), false);
	ck_assert_int_eq(blocked(0, 0), IOASID_RISCV_PC_RESERVED);
	ck_assert_int_eq(blocked(0, 1), IOASID_RISCV_PC_FIRST_STAGE);
	ck_assert_int_eq(blocked(0, 2), IOASID_RISCV_PDT_ABSENT);
	ck_assert_int_eq(blocked(0, 256), IOASID_RISCV_PDT_RESERVED);
	ck_assert_int_eq(blocked(0, 512), IOASID_RISCV_PDT_RESERVED);
	ck_assert(look(0, 512).silent);
	regs.capabilities &= ~PAS(63);
	regs.capabilities |= PAS(50);
	ck_assert_int_eq(blocked(0, 768), IOASID_RISCV_PDT_ACCESS);
	ck_assert_uint_eq(reads, 2);
	unreadable = 0x31010;
	ck_assert_int_eq(blocked(0, 1), IOASID_RISCV_PDT_ACCESS);
	unreadable = 0x30000;
	ck_assert_int_eq(blocked(0, 1), IOASID_RISCV_PDT_ACCESS);
}
END_TEST

/* 3.3, steps 11 to 13 */
START_TEST(default_process)
{
	struct ioasid_riscv_translation t;

	regs.ddtp = DDTP(1, 0x100000);
	store_dc(0x100000, TC_V | TC_PDTV | TC_DPE, 0, 0, POINTER(1, 0x30000));
	store_dc(0x100020, TC_V | TC_PDTV | TC_DPE, 0, 0, POINTER(0, 0x30000));
	store(0x30000, 5 | PSCID(6), false);
	store(0x30008, POINTER(8, 0x7000), false);
	t = look(0, IOASID_NO_PASID);
	ck_assert(t.kind == IOASID_RISCV_FIRST_STAGE && t.process_id == 0 && t.first_levels == 3);
	ck_assert(t.user_access && !t.supervisor);
	/* there are process_ids, but no table for them */
	t = look(1, 0xfffff);
	ck_assert(t.kind == IOASID_RISCV_BARE && t.process_id == 0xfffff && reads == 1);
	ck_assert(t.supervisor);
}
END_TEST

/* 3.3.2: process directories behind a second stage are at its input addresses. */
START_TEST(behind_second_stage)
{
	struct ioasid_riscv_translation t;

	regs.ddtp = DDTP(1, 0x100000);
	regs.capabilities &= ~PAS(63);
	regs.capabilities |= PAS(32);
	store_dc(0x100000, TC_V | TC_PDTV, POINTER(8, 0x4000) | GSCID(3), 0,
		 POINTER(1, UINT64_C(0x1000000000)));
	store(UINT64_C(0x1000000000), 1 | PSCID(6), true);
	store(UINT64_C(0x1000000008), POINTER(9, UINT64_C(0x2000000000)), true);
	t = look(0, 0);
	ck_assert(t.kind == IOASID_RISCV_NESTED && t.first_root == UINT64_C(0x2000000000));
	ck_assert(t.gscid == 3 && t.pscid == 6 && t.second_root == 0x4000 && reads == 2);
	t = look(0, IOASID_NO_PASID);
	ck_assert(t.kind == IOASID_RISCV_SECOND_STAGE && t.gscid == 3);
	unreadable = UINT64_C(0x1000000010);
	ck_assert_int_eq(blocked(0, 1), IOASID_RISCV_PDT_TRANSLATION);
	ck_assert_uint_eq(look(0, 1).entry, unreadable);
	ck_assert_uint_eq(look(0, 2).entry, 0);
	ck_assert_int_eq(blocked(0, 2), IOASID_RISCV_PDT_ABSENT);
}
END_TEST

/* Svrsw60t59b, Svpbmt: of the tables of both stages */
START_TEST(bits_that_the_unit_knows)
{
	static const struct {
		uint64_t capability;
		uint32_t flag;
	} bits[] = {
		{ SVRSW, IOASID_PGTABLE_SOFTWARE_BITS },
		{ SVPBMT, IOASID_PGTABLE_MEMORY_TYPES },
	};
	static const enum ioasid_pgtable_format formats[] = {
		IOASID_PGTABLE_RISCV, IOASID_PGTABLE_RISCV_S2,
	};
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	struct ioasid_riscv_translation t;

	regs.ddtp = DDTP(1, 0x100000);
	store_dc(0x100000, TC_V, POINTER(8, 0x4000), 0, POINTER(8, 0x7000));
	for (unsigned i = 0; i < 2; i++) {
		t = look(0, IOASID_NO_PASID);
		ck_assert_int_eq(t.kind, IOASID_RISCV_NESTED);
		ck_assert_int_eq(ioasid_riscv_translation_get_pgtable(&t, formats[i], &p), 0);
		ck_assert_uint_eq(p.flags, 0);
		regs.capabilities ^= bits[_i].capability;
		t = look(0, IOASID_NO_PASID);
		ck_assert_int_eq(ioasid_riscv_translation_get_pgtable(&t, formats[i], &p), 0);
		ck_assert_uint_eq(p.flags, bits[_i].flag);
		regs.capabilities ^= bits[_i].capability;
	}
}
END_TEST

START_TEST(msi_table)
{
	struct ioasid_riscv_translation t;

	regs.capabilities |= MSI_FLAT;
	regs.ddtp = DDTP(1, 0x100000);
	store_dc(0x100000, TC_V, POINTER(8, 0x4000), 0, 0);
	store(0x100020, POINTER(1, 0x8000), false);
	store(0x100028, 0xf, false);
	store(0x100030, 0x28000, false);
	t = look(0, IOASID_NO_PASID);
	ck_assert(t.kind == IOASID_RISCV_SECOND_STAGE && t.msi && t.msi_root == 0x8000);
	ck_assert(t.msi_mask == 0xf && t.msi_pattern == 0x28000);
}
END_TEST

/* 3.10: fctl.BE is about the device directory, SBE about the process directory. */
START_TEST(byte_orders)
{
	struct ioasid_riscv_translation t;

	regs.capabilities |= END;
	regs.ddtp = DDTP(1, 0x100000);
	store_dc(0x100000, TC_V | TC_PDTV | TC_SBE, 0, 0, POINTER(1, 0x30000));
	store(0x30000, __builtin_bswap64(1 | PSCID(6)), false);
	store(0x30008, __builtin_bswap64(POINTER(9, 0x7000)), false);
	t = look(0, 0);
	ck_assert(t.kind == IOASID_RISCV_FIRST_STAGE && t.pscid == 6 && t.big_endian);
	for (unsigned i = 0; i < n_words; i++)
		words[i].value = __builtin_bswap64(words[i].value);
	regs.fctl = FCTL_BE;
	words[0].value = htobe64(TC_V | TC_PDTV);
	t = look(0, 0);
	ck_assert(t.kind == IOASID_RISCV_FIRST_STAGE && t.pscid == 6 && !t.big_endian);
}
END_TEST

/* Device contexts of the VMM's own. */
START_TEST(second_half)
{
	struct ioasid_riscv_translation t = IOASID_RISCV_TRANSLATION_INIT;
	struct ioasid_riscv_dc dc = IOASID_RISCV_DC_INIT;

#define LOOK(process_id) ioasid_riscv_lookup_pc(&regs, &dc, process_id, read_memory, words, &t)
	dc.processes = true;
	dc.pdt_levels = 1;
	dc.pdt_root = 0x30000;
	store(0x30050, 1 | PSCID(6), false);
	store(0x30058, POINTER(8, 0x7000), false);
	ck_assert_int_eq(LOOK(5), 0);
	ck_assert(t.kind == IOASID_RISCV_FIRST_STAGE && t.first_root == 0x7000 && reads == 1);
	ck_assert_int_eq(LOOK(1 << 20), -EINVAL);
	dc.pdt_levels = 4;
	ck_assert_int_eq(LOOK(5), -EINVAL);
	dc.size--;
	ck_assert_int_eq(LOOK(5), -EINVAL);
	dc.size++;
	t.size--;
	ck_assert_int_eq(LOOK(5), -EINVAL);
	ck_assert_int_eq(ioasid_riscv_lookup(&regs, 0, 0, read_memory, words, &t), -EINVAL);
	t.size++;
	ck_assert_int_eq(ioasid_riscv_lookup(&regs, 0, 1 << 20, read_memory, words, &t), -EINVAL);
	dc.size--;
	ck_assert_int_eq(ioasid_riscv_lookup_dc(&regs, 0, read_memory, words, &dc, NULL), -EINVAL);
	ck_assert_uint_eq(reads, 1);
#undef LOOK
}
END_TEST

/* 4.2, 3.3 */
START_TEST(reasons)
{
	static const uint16_t causes[] = {
		[IOASID_RISCV_OK] = 0,
		[IOASID_RISCV_OFF] = 256,
		[IOASID_RISCV_DEVICE_RANGE] = 260,
		[IOASID_RISCV_DDT_ACCESS] = 257,
		[IOASID_RISCV_DDT_ABSENT] = 258,
		[IOASID_RISCV_DDT_RESERVED] = 259,
		[IOASID_RISCV_DC_RESERVED] = 259,
		[IOASID_RISCV_DC_ATS] = 259,
		[IOASID_RISCV_DC_UPDATE] = 259,
		[IOASID_RISCV_DC_ENDIAN] = 259,
		[IOASID_RISCV_DC_WIDTH] = 259,
		[IOASID_RISCV_DC_SECOND_STAGE] = 259,
		[IOASID_RISCV_DC_ROOT] = 259,
		[IOASID_RISCV_DC_FIRST_STAGE] = 259,
		[IOASID_RISCV_DC_PDT] = 259,
		[IOASID_RISCV_DC_MSI] = 259,
		[IOASID_RISCV_PROCESS_DISABLED] = 260,
		[IOASID_RISCV_PROCESS_RANGE] = 260,
		[IOASID_RISCV_PDT_ACCESS] = 265,
		[IOASID_RISCV_PDT_TRANSLATION] = 21,
		[IOASID_RISCV_PDT_ABSENT] = 266,
		[IOASID_RISCV_PDT_RESERVED] = 267,
		[IOASID_RISCV_PC_RESERVED] = 267,
		[IOASID_RISCV_PC_FIRST_STAGE] = 267,
		[IOASID_RISCV_CMD_OPCODE] = 0,
		[IOASID_RISCV_CMD_RESERVED] = 0,
		[IOASID_RISCV_CMD_OPERAND] = 0,
	};
	static const uint16_t guest_page_faults[] = { 21, 20, 21, 23, 21, 20, 21, 23, 21, 21 };

	for (unsigned i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		enum ioasid_riscv_reason reason = (enum ioasid_riscv_reason)i;

		ck_assert_uint_eq(ioasid_riscv_reason_get_cause(reason, IOASID_RISCV_READ),
				  causes[i]);
		ck_assert_str_ne(ioasid_riscv_reason_text(reason), "unknown reason");
	}
	for (unsigned i = 0; i < sizeof(guest_page_faults) / sizeof(guest_page_faults[0]); i++)
		ck_assert_uint_eq(ioasid_riscv_reason_get_cause(
					  IOASID_RISCV_PDT_TRANSLATION,
					  (enum ioasid_riscv_transaction)i), guest_page_faults[i]);
	ck_assert_uint_eq(ioasid_riscv_reason_get_cause((enum ioasid_riscv_reason)99,
							IOASID_RISCV_READ), 0);
	ck_assert_str_eq(ioasid_riscv_reason_text((enum ioasid_riscv_reason)99), "unknown reason");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("riscv-lookup");
	TCase *tcase = tcase_create("riscv-lookup");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, without_directory);
	tcase_add_loop_test(tcase, device_directory, 1, 4);
	tcase_add_loop_test(tcase, device_directory, 5, 8);
	tcase_add_test(tcase, device_directory_refused);
	tcase_add_test(tcase, stages);
	tcase_add_loop_test(tcase, process_directory, 1, 4);
	tcase_add_test(tcase, process_directory_refused);
	tcase_add_test(tcase, default_process);
	tcase_add_test(tcase, behind_second_stage);
	tcase_add_loop_test(tcase, bits_that_the_unit_knows, 0, 2);
	tcase_add_test(tcase, msi_table);
	tcase_add_test(tcase, byte_orders);
	tcase_add_test(tcase, second_half);
	tcase_add_test(tcase, reasons);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
