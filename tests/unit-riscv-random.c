/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * RISC-V's IOMMU: look-ups of random directories, against the steps of the specification (3.3) and
 * its rules (3.1.4, 3.2.4) as they stand there, bit by bit.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "any.h"
#include "riscv_unit.h"
#include "runner.h"

#define ROUNDS 200000

static struct ioasid_riscv_regs regs;

/* The device context, the process context, and what an entry of a table at some address is. */
static uint64_t dc[8], pc[2], salt;

static uint64_t entry_at(uint64_t address, bool second)
{
	uint64_t h = (address ^ salt ^ (second ? 0x55 : 0)) * UINT64_C(0x9e3779b97f4a7c15), word;

	h ^= h >> 29;
	if (h % 32 == 0) /* any bits */
		return h | 1;
	word = (h & UINT64_C(0x3ffffffffffc00)) | (h % 32 != 1);
	return h % 32 == 2 ? word | BIT(h >> 58) : word; /* any one */
}

static bool is_there(uint64_t address)
{
	return (address >> 3 ^ salt) % 64 != 0;
}

static void put(void *buffer, size_t i, uint64_t word, bool big_endian)
{
	word = big_endian ? htobe64(word) : htole64(word);
	memcpy((char *)buffer + 8 * i, &word, 8);
}

static int read_memory(void *opaque, const struct ioasid_riscv_dc *second, uint64_t address,
		       void *buffer, size_t length)
{
	bool pdt = *(bool *)opaque; /* the device context has been read */
	bool big_endian = pdt ? dc[0] >> 10 & 1 : regs.fctl & 1;

	if (!is_there(address))
		return -1;
	if (length >= 32) {
		for (size_t i = 0; i < length / 8; i++)
			put(buffer, i, dc[i], big_endian);
		*(bool *)opaque = true;
	} else if (length == 16) {
		put(buffer, 0, pc[0], big_endian);
		put(buffer, 1, pc[1], big_endian);
	} else {
		put(buffer, 0, entry_at(address, second), big_endian);
	}
	return 0;
}

/* Bits high:low of a doubleword, one after the other. */
static uint64_t bits(uint64_t word, int high, int low)
{
	uint64_t value = 0;

	for (int i = high; i >= low; i--)
		value = value * 2 + (word >> i) % 2;
	return value;
}

static bool has(int capability)
{
	return bits(regs.capabilities, capability, capability);
}

static bool tc(int bit)
{
	return bits(dc[0], bit, bit);
}

/* "MGPAW is determined as follows" (3.1.3.6) */
static int mgpaw(void)
{
	return has(19) ? 59 : has(18) ? 50 : has(17) ? 41 : has(16) ? 34 :
	       (int)bits(regs.capabilities, 37, 32);
}

static bool dc_has_reserved(void)
{
	int width = mgpaw() - 12 < 0 ? 0 : mgpaw() - 12;

	if (bits(dc[0], 23, 12) || bits(dc[0], 63, 32) || bits(dc[2], 11, 0) ||
	    bits(dc[2], 63, 32) || bits(dc[3], 59, 44))
		return true;
	if (!tc(5) && tc(9)) /* "PDTV is 0 and DPE is 1" */
		return true;
	return has(22) && (bits(dc[4], 59, 44) || bits(dc[5], 63, width) ||
			   bits(dc[6], 63, width) || dc[7]);
}

/* "not a valid encoding", or "not one of the supported modes": first Sv32, Sv39, Sv48, Sv57 */
static bool has_scheme(uint64_t word, bool rv32, int first)
{
	switch (bits(word, 63, 60)) {
	case 0:
		return true;
	case 8:
		return has(rv32 ? first : first + 1);
	case 9:
		return !rv32 && has(first + 2);
	case 10:
		return !rv32 && has(first + 3);
	default:
		return false;
	}
}

static bool ats_is_wrong(void)
{
	bool en_ats = tc(1), en_pri = tc(2), t2gpa = tc(3), prpr = tc(6);

	return (!has(25) && (en_ats || en_pri || prpr)) || (!en_ats && t2gpa) ||
	       (!en_ats && en_pri) || (!en_pri && prpr) || (!has(26) && t2gpa) ||
	       (t2gpa && bits(dc[1], 63, 60) == 0);
}

static enum ioasid_riscv_reason judge_dc(void)
{
	bool gxl = regs.fctl & FCTL_GXL, sxl = tc(11);
	uint64_t pdtp = bits(dc[3], 63, 60);

	if (!tc(0))
		return IOASID_RISCV_DDT_ABSENT;
	if (dc_has_reserved())
		return IOASID_RISCV_DC_RESERVED;
	if (!has(24) && (tc(8) || tc(7)))
		return IOASID_RISCV_DC_UPDATE;
	if (!has(27) && tc(10) != (regs.fctl & 1))
		return IOASID_RISCV_DC_ENDIAN;
	if (gxl ? !sxl : sxl && !(regs.flags & IOASID_RISCV_GXL_WRITABLE))
		return IOASID_RISCV_DC_WIDTH;
	if (!has_scheme(dc[1], gxl, 16))
		return IOASID_RISCV_DC_SECOND_STAGE;
	if (bits(dc[1], 63, 60) && bits(dc[1], 1, 0))
		return IOASID_RISCV_DC_ROOT;
	if (ats_is_wrong())
		return IOASID_RISCV_DC_ATS;
	if (tc(5) && pdtp && (pdtp > 3 || !has(37 + (int)pdtp)))
		return IOASID_RISCV_DC_PDT;
	if (!tc(5) && !has_scheme(dc[3], sxl, 8))
		return IOASID_RISCV_DC_FIRST_STAGE;
	if (has(22) && (bits(dc[4], 63, 60) > 1 || (bits(dc[4], 63, 60) && !bits(dc[1], 63, 60))))
		return IOASID_RISCV_DC_MSI;
	return IOASID_RISCV_OK;
}

static bool can_read(uint64_t address, bool second)
{
	uint64_t pas = bits(regs.capabilities, 37, 32);

	return is_there(address) && (second || address < BIT(pas));
}

/* 3.3.1 */
static enum ioasid_riscv_reason locate_dc(uint32_t device_id)
{
	bool extended = has(22);
	uint64_t ddi[3] = { bits(device_id, extended ? 5 : 6, 0),
			    extended ? bits(device_id, 14, 6) : bits(device_id, 15, 7),
			    extended ? bits(device_id, 23, 15) : bits(device_id, 23, 16) };
	uint64_t mode = bits(regs.ddtp, 3, 0), a = bits(regs.ddtp, 53, 10) << 12;

	if (mode == 0 || mode > 4)
		return IOASID_RISCV_OFF;
	if ((mode == 3 && ddi[2]) || (mode == 2 && (ddi[2] || ddi[1])))
		return IOASID_RISCV_DEVICE_RANGE;
	for (int i = (int)mode - 2; i > 0; i--) {
		uint64_t ddte = entry_at(a + 8 * ddi[i], false);

		if (!can_read(a + 8 * ddi[i], false))
			return IOASID_RISCV_DDT_ACCESS;
		if (!bits(ddte, 0, 0))
			return IOASID_RISCV_DDT_ABSENT;
		if (bits(ddte, 9, 1) || bits(ddte, 63, 54))
			return IOASID_RISCV_DDT_RESERVED;
		a = bits(ddte, 53, 10) << 12;
	}
	if (!can_read(a + ddi[0] * (extended ? 64 : 32), false))
		return IOASID_RISCV_DDT_ACCESS;
	return judge_dc();
}

/* 3.3.2 */
static enum ioasid_riscv_reason locate_pc(uint32_t process_id)
{
	uint64_t pdi[3] = { bits(process_id, 7, 0), bits(process_id, 16, 8),
			    bits(process_id, 19, 17) };
	uint64_t a = bits(dc[3], 43, 0) << 12;
	bool second = bits(dc[1], 63, 60);

	for (int i = (int)bits(dc[3], 63, 60) - 1; i >= 0; i--) {
		uint64_t at = a + pdi[i] * (i ? 8 : 16), pdte = entry_at(at, second);

		if (!can_read(at, second))
			return second ? IOASID_RISCV_PDT_TRANSLATION : IOASID_RISCV_PDT_ACCESS;
		if (i == 0)
			break;
		if (!bits(pdte, 0, 0))
			return IOASID_RISCV_PDT_ABSENT;
		if (bits(pdte, 9, 1) || bits(pdte, 63, 54))
			return IOASID_RISCV_PDT_RESERVED;
		a = bits(pdte, 53, 10) << 12;
	}
	if (!bits(pc[0], 0, 0))
		return IOASID_RISCV_PDT_ABSENT;
	if (bits(pc[0], 11, 3) || bits(pc[0], 63, 32) || bits(pc[1], 59, 44))
		return IOASID_RISCV_PC_RESERVED;
	return has_scheme(pc[1], tc(11), 8) ? IOASID_RISCV_OK : IOASID_RISCV_PC_FIRST_STAGE;
}

static void use_first(struct ioasid_riscv_translation *t, uint64_t ta, uint64_t fsc)
{
	uint64_t mode = bits(fsc, 63, 60);

	if (!mode)
		return;
	t->first_levels = (uint32_t)(tc(11) ? 2 : mode - 5);
	t->first_root = bits(fsc, 43, 0) << 12;
	t->pscid = (uint32_t)bits(ta, 31, 12);
}

/* Steps 7 and 10 to 16. */
static enum ioasid_riscv_reason judge_process(uint32_t process_id,
					      struct ioasid_riscv_translation *t)
{
	uint64_t mode = bits(dc[3], 63, 60);
	enum ioasid_riscv_reason reason;

	if (!tc(5)) {
		if (process_id != IOASID_NO_PASID)
			return IOASID_RISCV_PROCESS_DISABLED;
		use_first(t, dc[2], dc[3]);
		return IOASID_RISCV_OK;
	}
	if (process_id != IOASID_NO_PASID &&
	    ((mode == 1 && process_id > 0xff) || (mode == 2 && process_id > 0x1ffff)))
		return IOASID_RISCV_PROCESS_RANGE;
	if (process_id == IOASID_NO_PASID && tc(9))
		process_id = 0;
	if (process_id == IOASID_NO_PASID || mode == 0)
		return IOASID_RISCV_OK;
	reason = locate_pc(process_id);
	if (reason == IOASID_RISCV_OK)
		use_first(t, pc[0], pc[1]);
	return reason;
}

static struct ioasid_riscv_translation judge(uint32_t device_id, uint32_t process_id)
{
	struct ioasid_riscv_translation t = IOASID_RISCV_TRANSLATION_INIT;
	uint64_t second;

	if (bits(regs.ddtp, 3, 0) == 1) {
		t.kind = IOASID_RISCV_BARE;
		return t;
	}
	t.kind = IOASID_RISCV_BLOCKED;
	t.reason = locate_dc(device_id);
	if (t.reason == IOASID_RISCV_OK) {
		t.silent = tc(4);
		t.reason = judge_process(process_id, &t);
	}
	if (t.reason != IOASID_RISCV_OK)
		return t;
	second = bits(dc[1], 63, 60);
	if (second) {
		t.second_levels = (uint32_t)(regs.fctl & FCTL_GXL ? 2 : second - 5);
		t.second_root = bits(dc[1], 43, 0) << 12;
		t.gscid = (uint32_t)bits(dc[1], 59, 44);
	}
	t.kind = second ? t.first_levels ? IOASID_RISCV_NESTED : IOASID_RISCV_SECOND_STAGE :
		 t.first_levels ? IOASID_RISCV_FIRST_STAGE : IOASID_RISCV_BARE;
	return t;
}

/* A word with a mode in its highest bits, which is mostly one of those that there are. */
static uint64_t pointer(uint64_t modes, unsigned n)
{
	uint64_t mode = one_in(16) ? any() % 16 : modes >> 4 * (any() % n) & 15;
	uint64_t odd = one_in(16) ? any() & ~(UINT64_C(0xf) << 60) : 0;

	return (any() & UINT64_C(0xffffffffffc)) | odd | mode << 60;
}

static void make_dc(void)
{
	dc[0] = 1 | (any() & any() & 0xfff);
	if (!one_in(4))
		dc[0] &= ~(TC_T2GPA | TC_EN_PRI | TC_PRPR | TC_SXL);
	dc[0] = (dc[0] & ~TC_SBE) | (one_in(8) ? TC_SBE : regs.fctl & FCTL_BE ? TC_SBE : 0);
	if (dc[0] & TC_PDTV) {
		dc[3] = pointer(0x3210, 4);
	} else {
		dc[0] &= one_in(8) ? ~UINT64_C(0) : ~TC_DPE;
		dc[3] = pointer(0xa980, 4);
	}
	dc[1] = pointer(0xa980, 4) | (any() & UINT64_C(0xffff) << 44);
	dc[2] = one_in(16) ? any() : any() & UINT64_C(0xfffff000);
	dc[4] = pointer(0x10, 2);
	dc[5] = one_in(8) ? any() : any() & 0x3fff;
	dc[6] = any() & 0x3fff;
	dc[7] = one_in(32) ? any() : 0;
	if (one_in(32))
		dc[any() % 8] = any();
	if (one_in(32))
		dc[0] ^= 1;
}

static void make_case(void)
{
	regs = unit();
	if (one_in(2))
		regs.capabilities ^= MSI_FLAT;
	if (one_in(4))
		regs.capabilities ^= END;
	if (one_in(4))
		regs.capabilities &= any() | PAS(63);
	if (one_in(16))
		regs.capabilities = (regs.capabilities & ~PAS(63)) | PAS(any() % 64);
	regs.fctl = one_in(4) ? (uint32_t)any() & 7 : 0;
	regs.flags = one_in(4) ? IOASID_RISCV_GXL_WRITABLE : 0;
	regs.ddtp = any() & UINT64_C(0x3ffffffffffc00);
	regs.ddtp |= one_in(16) ? any() % 16 : 2 + any() % 3;
	salt = any();
	make_dc();
	pc[0] = one_in(8) ? any() : (any() & UINT64_C(0xfffff006)) | !one_in(8);
	pc[1] = pointer(0xa980, 4);
}

/* Checks of the framework's are system calls: only what differs comes to one. */
static void compare(int round, const struct ioasid_riscv_translation *t,
		    const struct ioasid_riscv_translation *expected)
{
	if (t->kind != expected->kind || t->reason != expected->reason)
		ck_abort_msg("round %d: kind %d, expected %d; reason %d, expected %d", round,
			     (int)t->kind, (int)expected->kind, (int)t->reason,
			     (int)expected->reason);
	if (t->silent != expected->silent || t->first_levels != expected->first_levels ||
	    t->first_root != expected->first_root || t->second_levels != expected->second_levels ||
	    t->second_root != expected->second_root || t->pscid != expected->pscid ||
	    t->gscid != expected->gscid)
		ck_abort_msg("round %d: %d/%u/0x%llx/%u/0x%llx/%u/%u, "
			     "expected %d/%u/0x%llx/%u/0x%llx/%u/%u", round, t->silent,
			     t->first_levels, (unsigned long long)t->first_root,
			     t->second_levels, (unsigned long long)t->second_root, t->pscid,
			     t->gscid, expected->silent, expected->first_levels,
			     (unsigned long long)expected->first_root, expected->second_levels,
			     (unsigned long long)expected->second_root, expected->pscid,
			     expected->gscid);
}

START_TEST(random_directories)
{
	unsigned seen[IOASID_RISCV_CMD_OPERAND + 1] = { 0 }, kinds[6] = { 0 };

	for (int i = 0; i < ROUNDS; i++) {
		struct ioasid_riscv_translation t = IOASID_RISCV_TRANSLATION_INIT, expected;
		uint32_t process_id = IOASID_NO_PASID, device_id;
		bool past_dc = false;

		make_case();
		device_id = (uint32_t)(any() & 0xffffff) >> any() % 24;
		if (dc[0] & TC_PDTV ? !one_in(3) : one_in(8))
			process_id = (uint32_t)(any() & 0xfffff) >> any() % 20;
		expected = judge(device_id, process_id);
		if (ioasid_riscv_lookup(&regs, device_id, process_id, read_memory, &past_dc, &t))
			ck_abort_msg("round %d: %s", i, ioasid_errmsg());
		compare(i, &t, &expected);
		seen[t.reason]++;
		kinds[t.kind]++;
	}
	for (int i = IOASID_RISCV_OFF; i < IOASID_RISCV_CMD_OPCODE; i++)
		ck_assert_msg(seen[i], "reason %d was never seen", i);
	for (int i = IOASID_RISCV_BLOCKED; i <= IOASID_RISCV_NESTED; i++)
		ck_assert_msg(kinds[i], "kind %d was never seen", i);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("riscv-random");
	TCase *tcase = tcase_create("riscv-random");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, random_directories);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
