/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands of RISC-V's IOMMU (4.1): what they say, whom they concern, what they add to a batch. */
#define BATCH_FAILS_AT 0x10000
#include "cmd_unit.h"
#include "riscv_unit.h"

CMD_UNIT(riscv, RISCV, gscid, low & 0x3ff)

/* Opcode and func3. */
#define VMA	  0x001
#define GVMA	  0x081
#define FENCE	  0x002
#define INVAL_DDT 0x003
#define INVAL_PDT 0x083
#define ATS_INVAL 0x004
#define ATS_PRGR  0x084

#define AV	BIT(10)
#define PSCV	BIT(32)
#define GV	BIT(33)
#define NL	BIT(34)
#define DV	BIT(33)
#define PV	BIT(32)
#define DSV	BIT(33)
#define PID(n)	((uint64_t)(n) << 12)
#define DID(n)	((uint64_t)(n) << 40)
#define ADDR(a) ((uint64_t)(a) >> 12 << 10)
#define S	BIT(9)

/* 4.1.1 */
START_TEST(of_page_tables)
{
	struct ioasid_riscv_cmd c = cmd(VMA, ~UINT64_C(0x3ff) >> 2 & ~UINT64_C(0x3ff));

	ck_assert(c.all_pscids && !c.guest && c.start == 0 && c.length == 0 && !c.leaf_only);
	c = cmd(VMA | AV | PSCID(0xabcde) | PSCV | GV | GSCID(0xfedc),
		ADDR(UINT64_C(0x123456789abcd000)));
	ck_assert(!c.all_pscids && c.pscid == 0xabcde && c.guest && c.gscid == 0xfedc);
	ck_assert(c.leaf_only && c.start == UINT64_C(0x123456789abcd000) && c.length == 0x1000);
	/* what is not valid is ignored */
	c = cmd(VMA | PSCID(5) | GSCID(6) | NL, ADDR(0x5000) | S);
	ck_assert(c.pscid == 0 && c.gscid == 0 && c.length == 0 && !c.leaf_only);
	c = cmd(GVMA | AV | GV | GSCID(7), ADDR(0x5000));
	ck_assert(c.guest && c.gscid == 7 && c.start == 0x5000 && c.length == 0x1000);
	c = cmd(GVMA | AV | NL, ADDR(0x5000) | S);
	ck_assert(!c.guest && c.length == 0 && !c.leaf_only);
	ck_assert_int_eq(refused(GVMA | PSCV, 0), IOASID_RISCV_CMD_OPERAND);
}
END_TEST

/* 9.2, 9.3 */
START_TEST(of_ranges)
{
	struct ioasid_riscv_cmd c = cmd(VMA | AV | NL, ADDR(0x5000));

	ck_assert(!c.leaf_only && c.start == 0x5000 && c.length == 0x1000);
	/* the lowest 0 from bit 12 up gives the size */
	for (unsigned i = 12; i < 63; i++) {
		c = cmd(VMA | AV, ADDR(BIT(63) | (BIT(i) - BIT(12))) | S);
		ck_assert(c.start == BIT(63) && c.length == BIT(i + 1));
	}
	c = cmd(GVMA | AV | GV, ADDR(BIT(63) - BIT(12)) | S);
	ck_assert(c.start == 0 && c.length == 0);
	c = cmd(VMA | AV, ADDR(~(BIT(12) - 1)) | S);
	ck_assert(c.start == 0 && c.length == 0);
	regs.capabilities &= ~CAP_NL;
	ck_assert_int_eq(refused(VMA | AV | NL, 0), IOASID_RISCV_CMD_RESERVED);
	cmd(VMA | AV, S);
	regs.capabilities &= ~CAP_S;
	ck_assert_int_eq(refused(GVMA | AV, S), IOASID_RISCV_CMD_RESERVED);
}
END_TEST

/* 4.1.2 */
START_TEST(fences)
{
	struct ioasid_riscv_cmd c = cmd(FENCE | AV | UINT64_C(0x89abcdef) << 32,
					UINT64_C(0x3fedcba987654321));

	ck_assert(c.store && !c.interrupt && !c.order_reads && !c.order_writes);
	ck_assert(c.store_address == UINT64_C(0xffb72ea61d950c84) && c.store_data == 0x89abcdef);
	c = cmd(FENCE | BIT(12) | UINT64_C(5) << 32, 0x1000);
	ck_assert(!c.store && c.order_reads && !c.order_writes);
	ck_assert(c.store_address == 0 && c.store_data == 0);
	ck_assert(cmd(FENCE | BIT(13), 0).order_writes);
	ck_assert_int_eq(refused(FENCE | BIT(11), 0), IOASID_RISCV_CMD_RESERVED);
	regs.fctl = FCTL_WSI;
	ck_assert(cmd(FENCE | BIT(11), 0).interrupt);
}
END_TEST

/* 4.1.3 */
START_TEST(of_directories)
{
	struct ioasid_riscv_cmd c = cmd(INVAL_DDT | DV | DID(0xabcdef), 0);

	ck_assert(c.device_id == 0xabcdef && c.device_ignore == 0);
	c = cmd(INVAL_DDT | DID(0xabcdef), 0);
	ck_assert(c.device_id == 0 && c.device_ignore == UINT32_MAX);
	c = cmd(INVAL_PDT | DV | DID(0xabcdef) | PID(0xfedcb), 0);
	ck_assert(c.device_id == 0xabcdef && c.process_id == 0xfedcb);
	ck_assert_int_eq(refused(INVAL_DDT | PID(1), 0), IOASID_RISCV_CMD_RESERVED);
	ck_assert_int_eq(refused(INVAL_PDT | DID(1), 0), IOASID_RISCV_CMD_OPERAND);
	/* as wide as the device directory, and as the unit's process_ids */
	for (unsigned levels = 1; levels <= 2; levels++) {
		unsigned bits = levels == 1 ? 7 : 16;

		regs.ddtp = DDTP(levels, 0);
		cmd(INVAL_DDT | DV | DID((1 << bits) - 1), 0);
		ck_assert_int_eq(refused(INVAL_DDT | DV | DID(1 << bits), 0),
				 IOASID_RISCV_CMD_OPERAND);
		ck_assert_int_eq(refused(INVAL_PDT | DV | DID(1 << bits), 0),
				 IOASID_RISCV_CMD_OPERAND);
	}
	regs.ddtp = 0;
	cmd(INVAL_DDT | DV | DID(0xffffff), 0);
	regs.capabilities &= ~PD20;
	cmd(INVAL_PDT | DV | PID(0x1ffff), 0);
	ck_assert_int_eq(refused(INVAL_PDT | DV | PID(0x20000), 0), IOASID_RISCV_CMD_OPERAND);
	regs.capabilities &= ~PD17;
	cmd(INVAL_PDT | DV | PID(0xff), 0);
	ck_assert_int_eq(refused(INVAL_PDT | DV | PID(0x100), 0), IOASID_RISCV_CMD_OPERAND);
}
END_TEST

/* 4.1.4 */
START_TEST(of_devices)
{
	struct ioasid_riscv_cmd c;

	c = cmd(ATS_INVAL | PV | PID(0xfedcb) | DSV | DID(0xabcdef), UINT64_C(0x123456789abcd000));
	ck_assert(c.device_id == 0xabcdef && c.device_ignore == 0 && c.process_id == 0xfedcb);
	ck_assert(c.start == UINT64_C(0x123456789abcd000) && c.length == 0x1000);
	ck_assert(!c.all_processes);
	c = cmd(ATS_INVAL | PID(5) | DID(0xabcdef), 0x3000 | BIT(11) | 1);
	ck_assert(c.device_id == 0xcdef && c.device_ignore == 0xffff0000);
	ck_assert(c.process_id == IOASID_NO_PASID && !c.all_processes);
	ck_assert(c.start == 0 && c.length == 0x8000);
	c = cmd(ATS_INVAL | PV, (BIT(63) - BIT(12)) | BIT(11) | 1);
	ck_assert(c.all_processes && c.length == 0);
	c = cmd(ATS_PRGR | PV | PID(7) | DID(0x10), UINT64_C(0xf1a5) << 32);
	ck_assert(c.device_id == 0x10 && c.process_id == 7 && c.group == 0x1a5);
	ck_assert(c.response == 15 && c.length == 0);
	regs.capabilities &= ~ATS;
	ck_assert_int_eq(refused(ATS_INVAL, 0), IOASID_RISCV_CMD_OPCODE);
	ck_assert_int_eq(refused(ATS_PRGR, 0), IOASID_RISCV_CMD_OPCODE);
}
END_TEST

START_TEST(illegal)
{
	static const struct {
		uint64_t op;
		uint8_t high, low; /* bits of the command */
	} reserved[] = {
		{ VMA, 11, 11 },	{ VMA, 43, 35 },	{ VMA, 63, 60 },
		{ VMA, 72, 64 },	{ VMA, 127, 126 },	{ GVMA, 11, 11 },
		{ GVMA, 43, 35 },	{ GVMA, 63, 60 },	{ GVMA, 72, 64 },
		{ GVMA, 127, 126 },	{ FENCE, 31, 14 },	{ FENCE, 127, 126 },
		{ INVAL_DDT, 11, 10 },	{ INVAL_DDT, 32, 32 },	{ INVAL_DDT, 39, 34 },
		{ INVAL_DDT, 127, 64 }, { INVAL_PDT, 11, 10 },	{ INVAL_PDT, 32, 32 },
		{ INVAL_PDT, 39, 34 },	{ INVAL_PDT, 127, 64 }, { ATS_INVAL, 11, 10 },
		{ ATS_INVAL, 39, 34 },	{ ATS_PRGR, 11, 10 },	{ ATS_PRGR, 39, 34 },
	};
	static const uint64_t known[] = { VMA,	     GVMA,	FENCE,	 INVAL_DDT,
					  INVAL_PDT, ATS_INVAL, ATS_PRGR };
	const uint64_t raw[2] = { FENCE, 0 };
	struct ioasid_riscv_cmd c = IOASID_RISCV_CMD_INIT;

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		for (unsigned bit = reserved[i].low; bit <= reserved[i].high; bit++)
			ck_assert_msg(refused(reserved[i].op | (bit < 64 ? BIT(bit) : 0),
					      bit < 64 ? 0 : BIT(bit - 64)) ==
					      IOASID_RISCV_CMD_RESERVED,
				      "command %zu, bit %u", i, bit);
	for (uint64_t op = 0; op < 1024; op++) {
		bool found = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found |= op == known[i];
		if (!found)
			ck_assert_int_eq(refused(op, 0), IOASID_RISCV_CMD_OPCODE);
	}
	c.size--;
	ck_assert_int_eq(ioasid_riscv_cmd_decode(&regs, raw, &c, NULL), -EINVAL);
}
END_TEST

static struct ioasid_riscv_translation translation(enum ioasid_riscv_kind kind, uint32_t gscid,
						   uint32_t pscid)
{
	struct ioasid_riscv_translation t = IOASID_RISCV_TRANSLATION_INIT;

	t.kind = kind;
	t.gscid = gscid;
	t.pscid = pscid;
	t.process_id = 3;
	return t;
}

#define FIRST  translation(IOASID_RISCV_FIRST_STAGE, 0, 5)
#define SECOND translation(IOASID_RISCV_SECOND_STAGE, 7, 0)
#define NESTED translation(IOASID_RISCV_NESTED, 7, 5)

static bool lookup_stale(struct ioasid_riscv_cmd c, struct ioasid_riscv_translation t)
{
	return ioasid_riscv_cmd_is_lookup_stale(&c, 0x10, &t);
}

static bool mapping_stale(struct ioasid_riscv_cmd c, struct ioasid_riscv_translation t)
{
	return ioasid_riscv_cmd_is_mapping_stale(&c, 0x10, &t);
}

START_TEST(stale_lookups)
{
	ck_assert(lookup_stale(cmd(INVAL_DDT, 0), FIRST));
	ck_assert(lookup_stale(cmd(INVAL_DDT | DV | DID(0x10), 0), FIRST));
	ck_assert(!lookup_stale(cmd(INVAL_DDT | DV | DID(0x11), 0), FIRST));
	ck_assert(lookup_stale(cmd(INVAL_PDT | DV | DID(0x10) | PID(3), 0), FIRST));
	ck_assert(!lookup_stale(cmd(INVAL_PDT | DV | DID(0x10) | PID(4), 0), FIRST));
	ck_assert(!lookup_stale(cmd(INVAL_PDT | DV | DID(0x11) | PID(3), 0), FIRST));
	ck_assert(!lookup_stale(cmd(VMA, 0), FIRST) && !lookup_stale(cmd(FENCE, 0), FIRST));
}
END_TEST

/* The tables of IOTINVAL.VMA and IOTINVAL.GVMA (4.1.1). */
START_TEST(stale_mappings)
{
	struct ioasid_riscv_translation bare = translation(IOASID_RISCV_BARE, 0, 0);
	struct ioasid_riscv_translation none = translation(IOASID_RISCV_BLOCKED, 7, 5);

	ck_assert(mapping_stale(cmd(VMA, 0), FIRST));
	ck_assert(mapping_stale(cmd(VMA | PSCV | PSCID(5), 0), FIRST));
	ck_assert(!mapping_stale(cmd(VMA | PSCV | PSCID(6), 0), FIRST));
	ck_assert(mapping_stale(cmd(VMA | AV, 0), FIRST));
	ck_assert(!mapping_stale(cmd(VMA | GV, 0), FIRST));
	ck_assert(!mapping_stale(cmd(GVMA, 0), FIRST));

	ck_assert(mapping_stale(cmd(VMA | GV | GSCID(7), 0), NESTED));
	ck_assert(!mapping_stale(cmd(VMA | GV | GSCID(8), 0), NESTED));
	ck_assert(!mapping_stale(cmd(VMA, 0), NESTED));
	ck_assert(mapping_stale(cmd(VMA | GV | GSCID(7) | PSCV | PSCID(5), 0), NESTED));
	ck_assert(!mapping_stale(cmd(VMA | GV | GSCID(7) | PSCV | PSCID(6), 0), NESTED));
	ck_assert(mapping_stale(cmd(GVMA, 0), NESTED));
	ck_assert(mapping_stale(cmd(GVMA | GV | GSCID(7), 0), NESTED));
	ck_assert(!mapping_stale(cmd(GVMA | GV | GSCID(8), 0), NESTED));

	ck_assert(mapping_stale(cmd(GVMA, 0), SECOND));
	ck_assert(mapping_stale(cmd(GVMA | GV | GSCID(7), 0), SECOND));
	ck_assert(!mapping_stale(cmd(GVMA | GV | GSCID(8), 0), SECOND));
	/* all entries, but none that has a first-stage leaf or a PSCID */
	ck_assert(mapping_stale(cmd(VMA | GV | GSCID(7), 0), SECOND));
	ck_assert(!mapping_stale(cmd(VMA | GV | GSCID(7) | AV, 0), SECOND));
	ck_assert(!mapping_stale(cmd(VMA | GV | GSCID(7) | PSCV, 0), SECOND));

	ck_assert(!mapping_stale(cmd(VMA, 0), bare) && !mapping_stale(cmd(GVMA, 0), bare));
	ck_assert(!mapping_stale(cmd(VMA, 0), none) && !mapping_stale(cmd(GVMA, 0), none));
	ck_assert(!mapping_stale(cmd(FENCE, 0), FIRST) && !mapping_stale(cmd(INVAL_DDT, 0), FIRST));
}
END_TEST

START_TEST(stale_device_tlbs)
{
	struct ioasid_riscv_cmd one = cmd(ATS_INVAL | PV | PID(3) | DID(0x10), 0x3000);
	struct ioasid_riscv_cmd all = cmd(ATS_INVAL | PV | PID(4) | DID(0x10), 0x3001);
	struct ioasid_riscv_cmd plain = cmd(ATS_INVAL | DID(0x10),
					    (BIT(63) - BIT(12)) | BIT(11));
	struct ioasid_riscv_translation t = FIRST;

	ck_assert(mapping_stale(one, t) && mapping_stale(all, t) && !mapping_stale(plain, t));
	ck_assert(!ioasid_riscv_cmd_is_mapping_stale(&one, 0x11, &t));
	/* a segment that is not given is any */
	ck_assert(ioasid_riscv_cmd_is_mapping_stale(&one, 0x20010, &t));
	one = cmd(ATS_INVAL | PV | PID(3) | DSV | DID(0x10), 0x3000);
	ck_assert(!ioasid_riscv_cmd_is_mapping_stale(&one, 0x20010, &t));
	t.process_id = 0; /* of requests without */
	ck_assert(!mapping_stale(one, t) && mapping_stale(plain, t));
	t.process_id = IOASID_NO_PASID;
	ck_assert(!mapping_stale(one, t) && !mapping_stale(all, t) && mapping_stale(plain, t));

#define ADD_TLB(c, device_id, pid) \
	ioasid_riscv_cmd_add_device_tlb(&(c), device_id, pid, BATCH, DEVICE)
	ck_assert_int_eq(ADD_TLB(one, 0x11, 3), 0);
	ck_assert_int_eq(ADD_TLB(one, 0x10, 4), 0);
	ck_assert_int_eq(ADD_TLB(all, 0x10, IOASID_NO_PASID), 0);
	ck_assert_int_eq(ioasid_riscv_cmd_add(&one, &t, BATCH, SPACE), 0);
	ck_assert_uint_eq(added.calls, 0);
	ck_assert_int_eq(ADD_TLB(one, 0x10, 3), 0);
	ck_assert(added.batch == BATCH && added.device == DEVICE && added.pasid == 3);
	ck_assert(added.iova == 0x3000 && added.length == 0x1000);
	ck_assert_int_eq(ADD_TLB(all, 0x10, 0xbad), -ENOMEM);
	ck_assert_int_eq(ADD_TLB(plain, 0x10, IOASID_NO_PASID), 0);
	ck_assert(added.pasid == IOASID_NO_PASID && added.iova == 0 && added.length == UINT64_MAX);
	one = cmd(VMA, 0);
	ck_assert_int_eq(ADD_TLB(one, 0, IOASID_NO_PASID), 0);
	ck_assert_uint_eq(added.calls, 3);
#undef ADD_TLB
}
END_TEST

static int add(struct ioasid_riscv_cmd c, struct ioasid_riscv_translation t)
{
	return ioasid_riscv_cmd_add(&c, &t, BATCH, SPACE);
}

START_TEST(batch_entries)
{
	ck_assert_int_eq(add(cmd(VMA | AV, ADDR(0x5000)), FIRST), 0);
	ck_assert(added.batch == BATCH && added.space == SPACE);
	ck_assert(!added.all && added.iova == 0x5000 && added.length == 0x1000);
	ck_assert_uint_eq(added.flags, IOASID_INV_LEAF_ONLY);
	ck_assert_int_eq(add(cmd(VMA | AV | NL, ADDR(0x7000) | S), FIRST), -ENOMEM);
	ck_assert(added.iova == 0 && added.length == 0x10000 && added.flags == 0);
	ck_assert_int_eq(add(cmd(VMA, 0), FIRST), 0);
	ck_assert(added.all && added.flags == 0);
	ck_assert_int_eq(add(cmd(VMA | PSCV | PSCID(6), 0), FIRST), 0);
	ck_assert_uint_eq(added.calls, 3);
	/* guest-physical addresses are those of the second stage alone */
	ck_assert_int_eq(add(cmd(GVMA | GV | GSCID(7) | AV, ADDR(0x5000)), SECOND), 0);
	ck_assert(!added.all && added.iova == 0x5000);
	ck_assert_int_eq(add(cmd(GVMA | GV | GSCID(7) | AV, ADDR(0x5000)), NESTED), 0);
	ck_assert(added.all && added.flags == 0);
	ck_assert_int_eq(add(cmd(VMA | GV | GSCID(7) | AV, ADDR(0x6000)), NESTED), 0);
	ck_assert(!added.all && added.iova == 0x6000);
	ck_assert_int_eq(add(cmd(VMA | GV | GSCID(7), 0), SECOND), 0);
	ck_assert(added.all && added.calls == 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("riscv-cmd");
	TCase *tcase = tcase_create("riscv-cmd");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, of_page_tables);
	tcase_add_test(tcase, of_ranges);
	tcase_add_test(tcase, fences);
	tcase_add_test(tcase, of_directories);
	tcase_add_test(tcase, of_devices);
	tcase_add_test(tcase, illegal);
	tcase_add_test(tcase, stale_lookups);
	tcase_add_test(tcase, stale_mappings);
	tcase_add_test(tcase, stale_device_tlbs);
	tcase_add_test(tcase, batch_entries);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
