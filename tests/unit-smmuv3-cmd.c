/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMMUv3's commands (chapter 4): what they say. */
#include <errno.h>
#include <string.h>

#include "runner.h"
#include "smmuv3_unit.h"

static struct ioasid_smmuv3_regs regs;

static void setup(void)
{
	regs = unit();
}

static enum ioasid_smmuv3_reason decode(uint64_t low, uint64_t high, struct ioasid_smmuv3_cmd *cmd)
{
	const uint64_t raw[2] = { low, high };
	enum ioasid_smmuv3_reason why;
	int ret;

	*cmd = (struct ioasid_smmuv3_cmd)IOASID_SMMUV3_CMD_INIT;
	ret = ioasid_smmuv3_cmd_decode(&regs, raw, cmd, &why);
	ck_assert_int_eq(ret, why == IOASID_SMMUV3_OK ? 0 : -EINVAL);
	return why;
}

static enum ioasid_smmuv3_reason why(uint64_t low, uint64_t high)
{
	struct ioasid_smmuv3_cmd cmd;

	return decode(low, high, &cmd);
}

static struct ioasid_smmuv3_cmd good(uint64_t low, uint64_t high)
{
	struct ioasid_smmuv3_cmd cmd;

	ck_assert_int_eq(decode(low, high, &cmd), IOASID_SMMUV3_OK);
	ck_assert_int_eq((int)cmd.opcode, (int)(low & 0xff));
	return cmd;
}

START_TEST(opcodes)
{
	/* those of the Non-secure queue (4.1.1) */
	static const uint8_t known[] = {
		0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x10, 0x11, 0x12, 0x13, 0x20, 0x21,
		0x22, 0x23, 0x28, 0x2a, 0x30, 0x40, 0x41, 0x44, 0x45, 0x46,
	};

	for (unsigned i = 0; i < 256; i++)
		ck_assert_int_eq(why(i, 0), memchr(known, (int)i, sizeof(known)) ?
						    IOASID_SMMUV3_OK :
						    IOASID_SMMUV3_CMD_OPCODE);
	regs.idr[3] |= MPAM;
	ck_assert_int_eq(why(0x07, 0), IOASID_SMMUV3_OK);
}
END_TEST

static void illegal(const uint8_t *opcode, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(why(opcode[i], 0), IOASID_SMMUV3_CMD_OPCODE);
	regs = unit();
}

START_TEST(what_units_do_not_have)
{
	static const uint8_t stage1[] = { 0x05, 0x06, 0x10, 0x11, 0x12, 0x13 };
	static const uint8_t stage2[] = { 0x28, 0x2a };
	static const uint8_t el2[] = { 0x20, 0x21, 0x22, 0x23 };
	static const uint8_t stall[] = { 0x44, 0x45 };

	regs.idr[0] &= ~S1P;
	illegal(stage1, sizeof(stage1));
	regs.idr[0] &= ~S2P;
	illegal(stage2, sizeof(stage2));
	regs.idr[0] &= ~HYP;
	illegal(el2, sizeof(el2));
	regs.idr[0] |= STALL_MODEL(1u);
	illegal(stall, sizeof(stall));
	regs.idr[0] &= ~ATS;
	illegal(&(uint8_t){ 0x40 }, 1);
	regs.idr[0] &= ~PRI;
	illegal(&(uint8_t){ 0x41 }, 1);
}
END_TEST

START_TEST(secure_streams)
{
	static const uint8_t with_ssec[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x44, 0x45 };

	for (size_t i = 0; i < sizeof(with_ssec); i++)
		ck_assert_int_eq(why(with_ssec[i] | BIT(10), 0), IOASID_SMMUV3_CMD_SECURE);
	ck_assert_int_eq(why(0x40 | BIT(10), 0), IOASID_SMMUV3_OK);
}
END_TEST

START_TEST(prefetch)
{
	struct ioasid_smmuv3_cmd cmd = good(0x01 | BIT(11) | 0x12345 << 12 | BIT(36), 0);

	ck_assert_uint_eq(cmd.stream_id, 16);
	ck_assert_uint_eq(cmd.substream, 0x12345);
	cmd = good(0x02 | 0x12345 << 12, 0xabcd000 | 3 << 5 | 4);
	ck_assert_uint_eq(cmd.substream, IOASID_NO_PASID);
	ck_assert_uint_eq(cmd.start, 0xabcd000);
	ck_assert_uint_eq(cmd.length, 0x80000);
	cmd = good(0x02, ~UINT64_C(0xfff) | 31 << 5 | 31);
	ck_assert_uint_eq(cmd.length, 0x1000);
	cmd = good(0x02, 31 << 5 | 31);
	ck_assert_uint_eq(cmd.start | cmd.length, 0);
}
END_TEST

START_TEST(configuration)
{
	struct ioasid_smmuv3_cmd cmd = good(0x03 | UINT64_C(0x1234) << 32, 1);

	ck_assert_uint_eq(cmd.stream_id, 0x1234);
	ck_assert_uint_eq(cmd.stream_ignore, 0);
	ck_assert(cmd.leaf_only);
	cmd = good(0x03, 0); /* a linear stream table has no level 1 */
	ck_assert_uint_eq(cmd.stream_ignore, 0);
	regs.strtab_base_cfg = 1 << 16 | 8 << 6 | 16;
	cmd = good(0x03, 0);
	ck_assert_uint_eq(cmd.stream_ignore, 0xff);
	cmd = good(0x03, 1);
	ck_assert_uint_eq(cmd.stream_ignore, 0);
	cmd = good(0x04 | UINT64_C(0x1234) << 32, 3);
	ck_assert_uint_eq(cmd.stream_ignore, 0xf);
	cmd = good(0x04, 31);
	ck_assert_uint_eq(cmd.stream_ignore, UINT32_MAX);
	cmd = good(0x05 | UINT64_C(0x7fffff000), 1);
	ck_assert_uint_eq(cmd.stream_id, 7);
	ck_assert_uint_eq(cmd.substream, 0xfffff);
	ck_assert(cmd.leaf_only && !cmd.all_substreams);
	ck_assert(good(0x05, 0).all_substreams);
	ck_assert(good(0x06, 0).all_substreams);
}
END_TEST

#define ASID(n) ((uint64_t)(n) << 48)
#define VMID(n) ((uint64_t)(n) << 32)

START_TEST(tlb_by_name)
{
	struct ioasid_smmuv3_cmd cmd = good(0x11 | ASID(0x1234) | VMID(0x5678), ~UINT64_C(0));

	ck_assert_uint_eq(cmd.asid, 0x1234);
	ck_assert_uint_eq(cmd.vmid, 0x5678);
	ck_assert_uint_eq(cmd.length, 0);
	ck_assert(!cmd.maybe_global && !cmd.leaf_only);
	cmd = good(0x10 | ASID(1) | VMID(2), 0);
	ck_assert_uint_eq(cmd.asid, 0);
	ck_assert_uint_eq(cmd.vmid, 2);
	cmd = good(0x21 | ASID(1) | VMID(2), 0);
	ck_assert_uint_eq(cmd.asid, 1);
	ck_assert_uint_eq(cmd.vmid, 0);
	regs.cr0 |= CR0_VMW(3);
	ck_assert_uint_eq(good(0x10, 0).vmid_ignore, 7);
	regs.cr0 |= CR0_VMW(5); /* 7: reserved, is as 0 */
	ck_assert_uint_eq(good(0x10, 0).vmid_ignore, 0);
	regs.cr0 = CR0_VMW(3);
	regs.idr[0] &= ~VMW;
	ck_assert_uint_eq(good(0x10, 0).vmid_ignore, 0);
	regs.idr[0] &= ~S2P; /* then there are no VMIDs */
	ck_assert_uint_eq(good(0x10 | VMID(2), 0).vmid, 0);
}
END_TEST

START_TEST(tlb_by_address)
{
	struct ioasid_smmuv3_cmd cmd =
		good(0x12 | ASID(3) | VMID(4), UINT64_C(0xffff123456789000) | 1);

	ck_assert_uint_eq(cmd.asid, 3);
	ck_assert_uint_eq(cmd.vmid, 4);
	ck_assert_uint_eq(cmd.start, UINT64_C(0xffff123456789000));
	ck_assert_uint_eq(cmd.length, 4096);
	ck_assert_uint_eq(cmd.granule_bits | cmd.level, 0);
	ck_assert(cmd.leaf_only && cmd.maybe_global);
	regs.flags = IOASID_SMMUV3_NO_GLOBAL;
	ck_assert(!good(0x12, 0).maybe_global);
	cmd = good(0x13 | ASID(3), 0x1000);
	ck_assert_uint_eq(cmd.asid, 0);
	ck_assert(!cmd.leaf_only && !cmd.maybe_global);
	cmd = good(0x2a | VMID(4), UINT64_C(0xff00000000001000)); /* an IPA has 56 bits */
	ck_assert_uint_eq(cmd.start, 0x1000);
	/* NUM, SCALE and TTL without TG are nothing */
	cmd = good(0x12 | 31 << 12 | 31 << 20, 0x1000 | 3 << 8);
	ck_assert_uint_eq(cmd.length, 4096);
	ck_assert_uint_eq(cmd.level, 0);
}
END_TEST

#define NUM(n)	 ((uint64_t)(n) << 12)
#define SCALE(n) ((uint64_t)(n) << 20)
#define TTL(n)	 ((uint64_t)(n) << 8)
#define TG(n)	 ((uint64_t)(n) << 10)

START_TEST(tlb_by_range)
{
	struct ioasid_smmuv3_cmd cmd = good(0x12 | NUM(4) | SCALE(3), 0x7000 | TG(1) | TTL(3));

	ck_assert_uint_eq(cmd.start, 0x7000);
	ck_assert_uint_eq(cmd.length, 5 * 8 * 4096);
	ck_assert_uint_eq(cmd.granule_bits, 12);
	ck_assert_uint_eq(cmd.level, 3);
	cmd = good(0x12, 0x200000 | TG(1) | TTL(2));
	ck_assert_uint_eq(cmd.length, 4096);
	ck_assert_uint_eq(cmd.level, 2);
	cmd = good(0x12 | NUM(1), 0x13000 | TG(3)); /* 64K: rounded out */
	ck_assert_uint_eq(cmd.start, 0x10000);
	ck_assert_uint_eq(cmd.length, 0x30000);
	ck_assert_uint_eq(cmd.granule_bits, 16);
	cmd = good(0x12 | NUM(31) | SCALE(31), TG(2));
	ck_assert_uint_eq(cmd.length, BIT(5 + 31 + 14));
	/* not around the end of the addresses */
	cmd = good(0x12 | NUM(31), UINT64_C(0xffffffffffffd000) | TG(1));
	ck_assert_uint_eq(cmd.start, UINT64_C(0xffffffffffffd000));
	ck_assert_uint_eq(cmd.length, 0x3000);
	ck_assert_int_eq(why(0x12, TG(1)), IOASID_SMMUV3_CMD_RANGE);
	ck_assert_int_eq(why(0x12 | BIT(25), TG(1)), IOASID_SMMUV3_CMD_RANGE); /* SCALE: 5 bits */
	ck_assert_int_eq(why(0x12, TG(2) | TTL(1)), IOASID_SMMUV3_CMD_RANGE);
	ck_assert_uint_eq(good(0x12 | NUM(1), TG(2) | TTL(1)).level, 0);
	regs.idr[5] |= DS;
	ck_assert_uint_eq(good(0x12, TG(2) | TTL(1)).level, 1);
	ck_assert_uint_eq(good(0x12 | SCALE(32), TG(1)).length, BIT(44));
	/* 39 is the most; larger ones are as 39 */
	ck_assert_uint_eq(good(0x12 | SCALE(38), TG(1)).length, BIT(38 + 12));
	for (unsigned scale = 39; scale < 64; scale++)
		ck_assert_uint_eq(good(0x12 | SCALE(scale), TG(1)).length, BIT(39 + 12));
	regs.idr[3] &= ~RIL;
	ck_assert_uint_eq(good(0x12 | NUM(4) | SCALE(3), 0x7000 | TG(1)).length, 4096);
}
END_TEST

START_TEST(device_tlb)
{
	struct ioasid_smmuv3_cmd cmd =
		good(0x40 | BIT(9) | BIT(11) | 5 << 12 | UINT64_C(0x18) << 32, 0x123456000 | 4);

	ck_assert_uint_eq(cmd.stream_id, 0x18);
	ck_assert_uint_eq(cmd.substream, 5);
	ck_assert(cmd.all_substreams);
	ck_assert_uint_eq(cmd.start, 0x123450000);
	ck_assert_uint_eq(cmd.length, 0x10000);
	cmd = good(0x40 | BIT(9), 52); /* Global without SSV is nothing */
	ck_assert_uint_eq(cmd.substream, IOASID_NO_PASID);
	ck_assert(!cmd.all_substreams);
	ck_assert_uint_eq(cmd.start | cmd.length, 0);
	ck_assert_int_eq(why(0x40, 53), IOASID_SMMUV3_CMD_SIZE);
}
END_TEST

START_TEST(responses)
{
	struct ioasid_smmuv3_cmd cmd =
		good(0x41 | BIT(11) | 9 << 12 | UINT64_C(0x18) << 32, 2 << 12 | 0x1ff);

	ck_assert_uint_eq(cmd.stream_id, 0x18);
	ck_assert_uint_eq(cmd.substream, 9);
	ck_assert_uint_eq(cmd.group, 0x1ff);
	ck_assert_uint_eq(cmd.response, 2);
	ck_assert_int_eq(why(0x41, 3 << 12), IOASID_SMMUV3_CMD_RESPONSE);

	cmd = good(0x44 | BIT(12) | BIT(13), 0xabcd);
	ck_assert_uint_eq(cmd.stall_tag, 0xabcd);
	ck_assert(cmd.retry && !cmd.abort);
	cmd = good(0x44 | BIT(13), 0);
	ck_assert(!cmd.retry && cmd.abort);
	ck_assert(!good(0x44, 0).abort);
	regs.idr[0] |= TERM_MODEL;
	ck_assert(good(0x44, 0).abort);
	ck_assert_uint_eq(good(0x45 | UINT64_C(0x18) << 32, 0).stream_id, 0x18);
}
END_TEST

START_TEST(sync)
{
	struct ioasid_smmuv3_cmd cmd = good(0x46 | UINT64_C(77) << 32, 0x8000);

	ck_assert_int_eq(cmd.signal, IOASID_SMMUV3_SIGNAL_NONE);
	ck_assert_uint_eq(cmd.msi_address, 0);
	cmd = good(0x46 | BIT(12) | UINT64_C(77) << 32, UINT64_C(0xff00000000008003));
	ck_assert_int_eq(cmd.signal, IOASID_SMMUV3_SIGNAL_IRQ);
	ck_assert_uint_eq(cmd.msi_address, 0x8000);
	ck_assert_uint_eq(cmd.msi_data, 77);
	ck_assert_int_eq(good(0x46 | BIT(13), 0).signal, IOASID_SMMUV3_SIGNAL_EVENT);
	ck_assert_int_eq(why(0x46 | BIT(12) | BIT(13), 0), IOASID_SMMUV3_CMD_SIGNAL);
	regs.idr[0] &= ~MSI;
	ck_assert_uint_eq(good(0x46 | BIT(12), 0x8000).msi_address, 0);
}
END_TEST

START_TEST(structures_of_other_sizes)
{
	const uint64_t raw[2] = { 0x30, 0 };
	struct ioasid_smmuv3_cmd cmd = IOASID_SMMUV3_CMD_INIT;

	ck_assert_int_eq(ioasid_smmuv3_cmd_decode(&regs, raw, &cmd, NULL), 0);
	cmd.size--;
	ck_assert_int_eq(ioasid_smmuv3_cmd_decode(&regs, raw, &cmd, NULL), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smmuv3-cmd");
	TCase *tcase = tcase_create("smmuv3-cmd");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, opcodes);
	tcase_add_test(tcase, what_units_do_not_have);
	tcase_add_test(tcase, secure_streams);
	tcase_add_test(tcase, prefetch);
	tcase_add_test(tcase, configuration);
	tcase_add_test(tcase, tlb_by_name);
	tcase_add_test(tcase, tlb_by_address);
	tcase_add_test(tcase, tlb_by_range);
	tcase_add_test(tcase, device_tlb);
	tcase_add_test(tcase, responses);
	tcase_add_test(tcase, sync);
	tcase_add_test(tcase, structures_of_other_sizes);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
