/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMMUv3's commands: whom they concern, and what they add to a batch. */
#include <errno.h>

#define BATCH_FAILS_AT 0x10000
#include "batch_stub.h"
#include "runner.h"
#include "smmuv3_unit.h"

static struct ioasid_smmuv3_regs regs;

static void setup(void)
{
	regs = unit();
	regs.strtab_base_cfg = 1 << 16 | 6 << 6 | 16;
	added.calls = 0;
}

static struct ioasid_smmuv3_translation translation(enum ioasid_smmuv3_kind kind, uint16_t vmid,
						    uint16_t asid)
{
	struct ioasid_smmuv3_translation t = IOASID_SMMUV3_TRANSLATION_INIT;

	t.kind = kind;
	t.world = IOASID_SMMUV3_EL1;
	t.vmid = vmid;
	t.asid = asid;
	t.substream = IOASID_NO_PASID;
	t.cd_index = kind == IOASID_SMMUV3_STAGE1 || kind == IOASID_SMMUV3_NESTED ? 0 :
										    IOASID_NO_PASID;
	return t;
}

static struct ioasid_smmuv3_cmd cmd(uint64_t low, uint64_t high)
{
	const uint64_t raw[2] = { low, high };
	struct ioasid_smmuv3_cmd c = IOASID_SMMUV3_CMD_INIT;

	ck_assert_int_eq(ioasid_smmuv3_cmd_decode(&regs, raw, &c, NULL), 0);
	return c;
}

#define SID(n)	((uint64_t)(n) << 32)
#define VMID(n) ((uint64_t)(n) << 32)
#define ASID(n) ((uint64_t)(n) << 48)
#define SSID(n) ((uint64_t)(n) << 12)
#define LEAF	1

#define CFGI_STE(sid, leaf)	   cmd(0x03 | SID(sid), leaf)
#define CFGI_RANGE(sid, range)	   cmd(0x04 | SID(sid), range)
#define CFGI_CD(sid, ssid, leaf)   cmd(0x05 | SID(sid) | SSID(ssid), leaf)
#define CFGI_CD_ALL(sid)	   cmd(0x06 | SID(sid), 0)
#define NH_ALL(vmid)		   cmd(0x10 | VMID(vmid), 0)
#define NH_ASID(vmid, asid)	   cmd(0x11 | VMID(vmid) | ASID(asid), 0)
#define NH_VA(vmid, asid, at)	   cmd(0x12 | VMID(vmid) | ASID(asid), at)
#define NH_VAA(vmid, at)	   cmd(0x13 | VMID(vmid), at)
#define EL2_ALL			   cmd(0x20, 0)
#define EL2_ASID(asid)		   cmd(0x21 | ASID(asid), 0)
#define EL2_VA(asid, at)	   cmd(0x22 | ASID(asid), at)
#define EL2_VAA(at)		   cmd(0x23, at)
#define S12_VMALL(vmid)		   cmd(0x28 | VMID(vmid), 0)
#define S2_IPA(vmid, at)	   cmd(0x2a | VMID(vmid), at)
#define NSNH_ALL		   cmd(0x30, 0)
#define SYNC			   cmd(0x46, 0)

static bool lookup_stale(struct ioasid_smmuv3_cmd c, uint32_t sid,
			 struct ioasid_smmuv3_translation t)
{
	return ioasid_smmuv3_cmd_is_lookup_stale(&c, sid, &t);
}

static bool mapping_stale(struct ioasid_smmuv3_cmd c, struct ioasid_smmuv3_translation t)
{
	return ioasid_smmuv3_cmd_is_mapping_stale(&c, 0x10, &t);
}

START_TEST(stream_table_entries)
{
	struct ioasid_smmuv3_translation t = translation(IOASID_SMMUV3_STAGE1, 0, 1);

	ck_assert(lookup_stale(CFGI_STE(0x10, LEAF), 0x10, t));
	ck_assert(!lookup_stale(CFGI_STE(0x11, LEAF), 0x10, t));
	/* without Leaf, the level 1 descriptor of 64 streams */
	ck_assert(lookup_stale(CFGI_STE(0x11, 0), 0x10, t));
	ck_assert(!lookup_stale(CFGI_STE(0x51, 0), 0x10, t));
	ck_assert(lookup_stale(CFGI_RANGE(0x1f, 3), 0x10, t));
	ck_assert(!lookup_stale(CFGI_RANGE(0x20, 3), 0x10, t));
	ck_assert(lookup_stale(CFGI_RANGE(0xffff, 31), 0x10, t));
	ck_assert(!lookup_stale(NSNH_ALL, 0x10, t));
	ck_assert(!lookup_stale(SYNC, 0x10, t));
}
END_TEST

START_TEST(context_descriptors)
{
	struct ioasid_smmuv3_translation t = translation(IOASID_SMMUV3_STAGE1, 0, 1);

	ck_assert(lookup_stale(CFGI_CD(0x10, 0, LEAF), 0x10, t));
	ck_assert(!lookup_stale(CFGI_CD(0x11, 0, LEAF), 0x10, t));
	ck_assert(!lookup_stale(CFGI_CD(0x10, 5, LEAF), 0x10, t));
	ck_assert(lookup_stale(CFGI_CD(0x10, 5, 0), 0x10, t));
	ck_assert(lookup_stale(CFGI_CD_ALL(0x10), 0x10, t));
	t.cd_index = 5;
	ck_assert(lookup_stale(CFGI_CD(0x10, 5, LEAF), 0x10, t));
	/* without a descriptor, none is stale */
	t = translation(IOASID_SMMUV3_STAGE2, 0, 0);
	ck_assert(!lookup_stale(CFGI_CD(0x10, 0, 0), 0x10, t));
	ck_assert(!lookup_stale(CFGI_CD_ALL(0x10), 0x10, t));
	/* what is blocked may be so for each of them */
	t = translation(IOASID_SMMUV3_BLOCKED, 0, 0);
	ck_assert(lookup_stale(CFGI_CD(0x10, 7, LEAF), 0x10, t));
	ck_assert(!lookup_stale(CFGI_CD_ALL(0x11), 0x10, t));
	/* and any is news of what was never looked up */
	t = (struct ioasid_smmuv3_translation)IOASID_SMMUV3_TRANSLATION_INIT;
	ck_assert(lookup_stale(CFGI_CD(0x10, 7, LEAF), 0x10, t));
}
END_TEST

START_TEST(tlb_of_stage1)
{
	struct ioasid_smmuv3_translation t = translation(IOASID_SMMUV3_STAGE1, 2, 1);

	for (int i = 0; i < 2; i++) {
		ck_assert(mapping_stale(NH_ALL(2), t));
		ck_assert(!mapping_stale(NH_ALL(3), t));
		ck_assert(mapping_stale(NH_ASID(2, 1), t));
		ck_assert(!mapping_stale(NH_ASID(2, 7), t));
		ck_assert(!mapping_stale(NH_ASID(3, 1), t));
		ck_assert(mapping_stale(NH_VA(2, 1, 0x1000), t));
		ck_assert(!mapping_stale(NH_VA(3, 1, 0x1000), t));
		ck_assert(mapping_stale(NH_VAA(2, 0x1000), t));
		ck_assert(!mapping_stale(NH_VAA(3, 0x1000), t));
		ck_assert(mapping_stale(S12_VMALL(2), t));
		ck_assert(!mapping_stale(S12_VMALL(3), t));
		ck_assert(mapping_stale(NSNH_ALL, t));
		ck_assert(!mapping_stale(S2_IPA(2, 0x1000), t));
		ck_assert(!mapping_stale(EL2_ALL, t) && !mapping_stale(EL2_VAA(0x1000), t));
		ck_assert(!mapping_stale(EL2_VA(1, 0x1000), t) && !mapping_stale(EL2_ASID(1), t));
		ck_assert(!mapping_stale(SYNC, t));
		t.kind = IOASID_SMMUV3_NESTED;
	}
}
END_TEST

START_TEST(global_entries)
{
	struct ioasid_smmuv3_translation t = translation(IOASID_SMMUV3_STAGE1, 2, 1);

	ck_assert(mapping_stale(NH_VA(2, 7, 0x1000), t));
	regs.flags = IOASID_SMMUV3_NO_GLOBAL;
	ck_assert(!mapping_stale(NH_VA(2, 7, 0x1000), t));
	ck_assert(mapping_stale(NH_VA(2, 1, 0x1000), t));
}
END_TEST

START_TEST(tlb_of_stage2)
{
	struct ioasid_smmuv3_translation t = translation(IOASID_SMMUV3_STAGE2, 2, 0);

	ck_assert(mapping_stale(S2_IPA(2, 0x1000), t));
	ck_assert(!mapping_stale(S2_IPA(3, 0x1000), t));
	ck_assert(mapping_stale(S12_VMALL(2), t));
	ck_assert(mapping_stale(NSNH_ALL, t));
	ck_assert(!mapping_stale(NH_ALL(2), t) && !mapping_stale(NH_VAA(2, 0x1000), t));
	regs.cr0 |= CR0_VMW(1);
	ck_assert(mapping_stale(S12_VMALL(3), t));
	ck_assert(!mapping_stale(S12_VMALL(4), t));
}
END_TEST

START_TEST(tlb_of_el2)
{
	struct ioasid_smmuv3_translation t = translation(IOASID_SMMUV3_STAGE1, 0, 0);

	regs.flags = IOASID_SMMUV3_NO_GLOBAL;
	t.world = IOASID_SMMUV3_EL2;
	ck_assert(mapping_stale(EL2_ALL, t) && mapping_stale(EL2_VAA(0x1000), t));
	ck_assert(mapping_stale(EL2_VA(7, 0x1000), t)); /* has no ASID */
	ck_assert(!mapping_stale(EL2_ASID(0), t));
	ck_assert(!mapping_stale(NH_ALL(0), t) && !mapping_stale(NSNH_ALL, t));
	ck_assert(!mapping_stale(S12_VMALL(0), t) && !mapping_stale(NH_VAA(0, 0x1000), t));
	t.world = IOASID_SMMUV3_EL2_E2H;
	t.asid = 7;
	ck_assert(mapping_stale(EL2_VA(7, 0x1000), t) && !mapping_stale(EL2_VA(8, 0x1000), t));
	ck_assert(mapping_stale(EL2_ASID(7), t) && !mapping_stale(EL2_ASID(8), t));
}
END_TEST

START_TEST(device_tlb)
{
	struct ioasid_smmuv3_translation t = translation(IOASID_SMMUV3_STAGE1, 0, 1);
	struct ioasid_smmuv3_cmd plain = cmd(0x40 | SID(0x10), 0);
	struct ioasid_smmuv3_cmd one = cmd(0x40 | BIT(11) | SSID(5) | SID(0x10), 0);
	struct ioasid_smmuv3_cmd global = cmd(0x40 | BIT(9) | BIT(11) | SSID(5) | SID(0x10), 0);

	ck_assert(mapping_stale(plain, t) && !mapping_stale(one, t) && !mapping_stale(global, t));
	t.substream = 5;
	ck_assert(!mapping_stale(plain, t) && mapping_stale(one, t) && mapping_stale(global, t));
	t.substream = 6;
	ck_assert(!mapping_stale(plain, t) && !mapping_stale(one, t) && mapping_stale(global, t));
	ck_assert(!ioasid_smmuv3_cmd_is_mapping_stale(&global, 0x11, &t));
	ck_assert_int_eq(ioasid_smmuv3_cmd_add(&global, &t, BATCH, SPACE), 0);
	ck_assert_uint_eq(added.calls, 0);
}
END_TEST

START_TEST(device_tlb_in_a_batch)
{
	struct ioasid_smmuv3_cmd plain = cmd(0x40 | SID(0x10), 52);
	struct ioasid_smmuv3_cmd one = cmd(0x40 | BIT(11) | SSID(5) | SID(0x10), 0x6000 | 1);
	struct ioasid_smmuv3_cmd global = cmd(0x40 | BIT(9) | BIT(11) | SSID(5) | SID(0x10), 52);
	struct ioasid_smmuv3_cmd tlbi = NSNH_ALL;

#define ADD_TLB(c, stream, substream) \
	ioasid_smmuv3_cmd_add_device_tlb(&(c), stream, substream, BATCH, DEVICE)
	ck_assert_int_eq(ADD_TLB(one, 0x11, 5), 0);
	ck_assert_int_eq(ADD_TLB(one, 0x10, 6), 0);
	ck_assert_int_eq(ADD_TLB(one, 0x10, IOASID_NO_PASID), 0);
	ck_assert_int_eq(ADD_TLB(global, 0x10, IOASID_NO_PASID), 0);
	ck_assert_int_eq(ADD_TLB(plain, 0x10, 5), 0);
	ck_assert_int_eq(ADD_TLB(tlbi, 0, IOASID_NO_PASID), 0);
	ck_assert_uint_eq(added.calls, 0);
	ck_assert_int_eq(ADD_TLB(one, 0x10, 5), 0);
	ck_assert(added.batch == BATCH && added.device == DEVICE && added.pasid == 5);
	ck_assert(added.iova == 0x6000 && added.length == 0x2000);
	ck_assert_int_eq(ADD_TLB(global, 0x10, 0xbad), -ENOMEM);
	ck_assert_int_eq(ADD_TLB(plain, 0x10, IOASID_NO_PASID), 0);
	ck_assert(added.pasid == IOASID_NO_PASID && added.iova == 0 && added.length == UINT64_MAX);
	ck_assert_uint_eq(added.calls, 3);
#undef ADD_TLB
}
END_TEST

START_TEST(batch_entries)
{
	struct ioasid_smmuv3_translation t = translation(IOASID_SMMUV3_STAGE1, 2, 1);
	struct ioasid_smmuv3_cmd c = NH_VA(2, 1, 0x5000 | LEAF);

	ck_assert_int_eq(ioasid_smmuv3_cmd_add(&c, &t, BATCH, SPACE), 0);
	ck_assert(added.batch == BATCH && added.space == SPACE);
	ck_assert(!added.all && added.iova == 0x5000 && added.length == 0x1000);
	ck_assert_uint_eq(added.flags, IOASID_INV_LEAF_ONLY);
	c = NH_ASID(2, 1);
	ck_assert_int_eq(ioasid_smmuv3_cmd_add(&c, &t, BATCH, SPACE), 0);
	ck_assert(added.all && added.flags == 0);
	c = cmd(0x12 | VMID(2) | ASID(1) | 15 << 12, 0x5000 | 1 << 10);
	ck_assert_int_eq(ioasid_smmuv3_cmd_add(&c, &t, BATCH, SPACE), -ENOMEM);
	ck_assert(added.iova == 0x5000 && added.length == 0x10000 && added.flags == 0);
	ck_assert_uint_eq(added.calls, 3);
	c = NH_ASID(2, 2);
	ck_assert_int_eq(ioasid_smmuv3_cmd_add(&c, &t, BATCH, SPACE), 0);
	c = CFGI_STE(0x10, LEAF);
	ck_assert_int_eq(ioasid_smmuv3_cmd_add(&c, &t, BATCH, SPACE), 0);
	t.kind = IOASID_SMMUV3_BLOCKED;
	c = NSNH_ALL;
	ck_assert_int_eq(ioasid_smmuv3_cmd_add(&c, &t, BATCH, SPACE), 0);
	t.kind = IOASID_SMMUV3_BYPASS;
	ck_assert_int_eq(ioasid_smmuv3_cmd_add(&c, &t, BATCH, SPACE), 0);
	ck_assert_uint_eq(added.calls, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smmuv3-match");
	TCase *tcase = tcase_create("smmuv3-match");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, stream_table_entries);
	tcase_add_test(tcase, context_descriptors);
	tcase_add_test(tcase, tlb_of_stage1);
	tcase_add_test(tcase, global_entries);
	tcase_add_test(tcase, tlb_of_stage2);
	tcase_add_test(tcase, tlb_of_el2);
	tcase_add_test(tcase, device_tlb);
	tcase_add_test(tcase, device_tlb_in_a_batch);
	tcase_add_test(tcase, batch_entries);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
