/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RISC-V's IOMMU: device and process contexts, what is made of them, fault records. */
#include <errno.h>

#include "riscv_unit.h"
#include "runner.h"

static struct ioasid_riscv_regs regs;

/* A device context by its doublewords (3.1.2). */
static union {
	uint64_t words[8];
	struct {
		uint64_t tc, iohgatp, ta, fsc, msiptp, msi_mask, msi_pattern, reserved;
	};
} e;

static void setup(void)
{
	regs = unit();
	memset(&e, 0, sizeof(e));
	e.tc = TC_V;
}

static struct ioasid_riscv_dc decoded(void)
{
	struct ioasid_riscv_dc dc = IOASID_RISCV_DC_INIT;
	enum ioasid_riscv_reason why;

	ck_assert_int_eq(ioasid_riscv_dc_decode(&regs, e.words, &dc, &why), 0);
	ck_assert_int_eq(why, IOASID_RISCV_OK);
	return dc;
}

static enum ioasid_riscv_reason refused(void)
{
	struct ioasid_riscv_dc dc = IOASID_RISCV_DC_INIT;
	enum ioasid_riscv_reason why;

	dc.gscid = 0x5555;
	ck_assert_int_eq(ioasid_riscv_dc_decode(&regs, e.words, &dc, &why), -EINVAL);
	ck_assert_int_eq(ioasid_riscv_dc_decode(&regs, e.words, &dc, NULL), -EINVAL);
	ck_assert_uint_eq(dc.gscid, 0x5555);
	return why;
}

/* 3.1.3.1 */
START_TEST(control)
{
	struct ioasid_riscv_dc dc = decoded();

	ck_assert(!dc.ats && !dc.page_requests && !dc.translate_to_gpa && !dc.silent);
	ck_assert(!dc.response_pasid && !dc.first_update && !dc.second_update && !dc.processes);
	ck_assert(!dc.first_levels && !dc.second_levels && !dc.pdt_levels && !dc.msi);
	e.tc |= TC_EN_ATS | TC_DTF | TC_GADE;
	dc = decoded();
	ck_assert(dc.ats && !dc.page_requests && dc.silent && dc.second_update && !dc.first_update);
	e.tc |= TC_EN_PRI | TC_PRPR | TC_SADE;
	e.tc |= UINT64_C(0xff) << 24; /* custom */
	dc = decoded();
	ck_assert(dc.page_requests && dc.response_pasid && dc.first_update);
	e.tc &= ~TC_GADE;
	ck_assert(!decoded().second_update);
	e.tc |= TC_T2GPA;
	e.iohgatp = POINTER(8, 0x4000);
	ck_assert(decoded().translate_to_gpa);
	/* nothing counts in one that is not valid */
	memset(&e, 0xff, sizeof(e));
	e.tc &= ~TC_V;
	dc.size = sizeof(dc);
	ck_assert_int_eq(ioasid_riscv_dc_decode(&regs, e.words, &dc, NULL), -ENOENT);
}
END_TEST

/* 3.1.3.4: SXL chooses what mode 8 is. */
START_TEST(first_stage)
{
	struct ioasid_riscv_dc dc;

	e.ta = PSCID(0xabcde);
	e.fsc = POINTER(8, UINT64_C(0xabcdef12345000));
	dc = decoded();
	ck_assert(dc.first_levels == 3 && dc.first_root == UINT64_C(0xabcdef12345000));
	ck_assert(dc.pscid == 0xabcde && !dc.sv32);
	e.fsc = POINTER(9, 0x1000);
	ck_assert_uint_eq(decoded().first_levels, 4);
	e.fsc = POINTER(10, 0x1000);
	ck_assert_uint_eq(decoded().first_levels, 5);
	e.fsc = POINTER(0, 0x1000); /* Bare: PPN does not count */
	dc = decoded();
	ck_assert(dc.first_levels == 0 && dc.first_root == 0);
	for (unsigned mode = 1; mode < 16; mode++) {
		e.fsc = POINTER(mode, 0x1000);
		if (mode < 8 || mode > 10)
			ck_assert_int_eq(refused(), IOASID_RISCV_DC_FIRST_STAGE);
	}
	regs.flags = IOASID_RISCV_GXL_WRITABLE;
	e.tc |= TC_SXL;
	for (unsigned mode = 1; mode < 16; mode++) {
		e.fsc = POINTER(mode, 0x1000);
		if (mode != 8)
			ck_assert_int_eq(refused(), IOASID_RISCV_DC_FIRST_STAGE);
	}
	e.fsc = POINTER(8, 0x1000);
	dc = decoded();
	ck_assert(dc.first_levels == 2 && dc.first_root == 0x1000 && dc.sv32);
}
END_TEST

/* 3.1.3.2: GXL chooses what mode 8 is. The root has four pages. */
START_TEST(second_stage)
{
	struct ioasid_riscv_dc dc;

	e.iohgatp = POINTER(8, UINT64_C(0xabcdef1234c000)) | GSCID(0xabcd);
	dc = decoded();
	ck_assert(dc.second_levels == 3 && dc.second_root == UINT64_C(0xabcdef1234c000));
	ck_assert_uint_eq(dc.gscid, 0xabcd);
	e.iohgatp = POINTER(9, 0x4000);
	ck_assert_uint_eq(decoded().second_levels, 4);
	e.iohgatp = POINTER(10, 0x4000);
	ck_assert_uint_eq(decoded().second_levels, 5);
	for (unsigned mode = 1; mode < 16; mode++) {
		e.iohgatp = POINTER(mode, 0x4000);
		if (mode < 8 || mode > 10)
			ck_assert_int_eq(refused(), IOASID_RISCV_DC_SECOND_STAGE);
	}
	for (unsigned page = 1; page < 4; page++) {
		e.iohgatp = POINTER(8, 0x4000 + page * 0x1000);
		ck_assert_int_eq(refused(), IOASID_RISCV_DC_ROOT);
	}
	e.iohgatp = POINTER(0, 0x5000) | GSCID(7);
	dc = decoded();
	ck_assert(dc.second_levels == 0 && dc.second_root == 0 && dc.gscid == 0);
	regs.fctl = FCTL_GXL;
	e.tc |= TC_SXL;
	e.iohgatp = POINTER(9, 0x4000);
	ck_assert_int_eq(refused(), IOASID_RISCV_DC_SECOND_STAGE);
	e.iohgatp = POINTER(8, 0x4000);
	ck_assert_uint_eq(decoded().second_levels, 2);
}
END_TEST

/* 3.1.3.4 */
START_TEST(process_directory)
{
	struct ioasid_riscv_dc dc;

	e.ta = PSCID(5);
	e.tc |= TC_PDTV;
	for (unsigned mode = 0; mode < 4; mode++) {
		e.fsc = POINTER(mode, UINT64_C(0xabcdef12345000));
		dc = decoded();
		ck_assert(dc.processes && !dc.default_process && dc.pdt_levels == mode);
		ck_assert_uint_eq(dc.pdt_root, mode ? UINT64_C(0xabcdef12345000) : 0);
		ck_assert(dc.first_levels == 0 && dc.pscid == 0);
	}
	for (unsigned mode = 4; mode < 16; mode++) {
		e.fsc = POINTER(mode, 0x1000);
		ck_assert_int_eq(refused(), IOASID_RISCV_DC_PDT);
	}
	e.fsc = POINTER(1, 0x1000);
	e.tc |= TC_DPE;
	ck_assert(decoded().default_process);
	e.tc &= ~TC_PDTV;
	e.fsc = 0;
	ck_assert_int_eq(refused(), IOASID_RISCV_DC_RESERVED);
}
END_TEST

/* What the unit cannot do (3.1.4). */
START_TEST(capabilities)
{
	static const struct {
		uint64_t capability, tc, iohgatp, fsc;
		enum ioasid_riscv_reason reason;
	} needs[] = {
		{ ATS, TC_EN_ATS, 0, 0, IOASID_RISCV_DC_ATS },
		{ T2GPA, TC_EN_ATS | TC_T2GPA, POINTER(8, 0), 0, IOASID_RISCV_DC_ATS },
		{ AMO_HWAD, TC_SADE, 0, 0, IOASID_RISCV_DC_UPDATE },
		{ AMO_HWAD, TC_GADE, 0, 0, IOASID_RISCV_DC_UPDATE },
		{ PD8, TC_PDTV, 0, POINTER(1, 0), IOASID_RISCV_DC_PDT },
		{ PD17, TC_PDTV, 0, POINTER(2, 0), IOASID_RISCV_DC_PDT },
		{ PD20, TC_PDTV, 0, POINTER(3, 0), IOASID_RISCV_DC_PDT },
		{ SV39, 0, 0, POINTER(8, 0), IOASID_RISCV_DC_FIRST_STAGE },
		{ SV48, 0, 0, POINTER(9, 0), IOASID_RISCV_DC_FIRST_STAGE },
		{ SV57, 0, 0, POINTER(10, 0), IOASID_RISCV_DC_FIRST_STAGE },
		{ SV32, TC_SXL, 0, POINTER(8, 0), IOASID_RISCV_DC_FIRST_STAGE },
		{ SV39X4, 0, POINTER(8, 0), 0, IOASID_RISCV_DC_SECOND_STAGE },
		{ SV48X4, 0, POINTER(9, 0), 0, IOASID_RISCV_DC_SECOND_STAGE },
		{ SV57X4, 0, POINTER(10, 0), 0, IOASID_RISCV_DC_SECOND_STAGE },
		{ END, TC_SBE, 0, 0, IOASID_RISCV_DC_ENDIAN },
	};

	regs.flags = IOASID_RISCV_GXL_WRITABLE;
	regs.capabilities |= END;
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		e.tc = TC_V | needs[i].tc;
		e.iohgatp = needs[i].iohgatp;
		e.fsc = needs[i].fsc;
		decoded();
		regs.capabilities &= ~needs[i].capability;
		ck_assert_msg(refused() == needs[i].reason, "capability %zu", i);
		regs.capabilities |= needs[i].capability;
	}
	setup();
	regs.fctl = FCTL_GXL;
	e.tc |= TC_SXL;
	e.iohgatp = POINTER(8, 0);
	decoded();
	regs.capabilities &= ~SV32X4;
	ck_assert_int_eq(refused(), IOASID_RISCV_DC_SECOND_STAGE);
}
END_TEST

/* 3.1.4: what does not go without the other. */
START_TEST(dependencies)
{
	static const struct {
		uint64_t tc;
		bool second, allowed;
	} ats[] = {
		{ TC_T2GPA, true, false },
		{ TC_EN_PRI, false, false },
		{ TC_PRPR, false, false },
		{ TC_EN_ATS | TC_PRPR, false, false },
		{ TC_EN_ATS | TC_T2GPA, false, false },
		{ TC_EN_ATS | TC_T2GPA, true, true },
		{ TC_EN_ATS | TC_EN_PRI, false, true },
		{ TC_EN_ATS | TC_EN_PRI | TC_PRPR, false, true },
	};

	for (size_t i = 0; i < sizeof(ats) / sizeof(ats[0]); i++) {
		e.tc = TC_V | ats[i].tc;
		e.iohgatp = ats[i].second ? POINTER(8, 0x4000) : 0;
		if (ats[i].allowed)
			decoded();
		else
			ck_assert_int_eq(refused(), IOASID_RISCV_DC_ATS);
	}
}
END_TEST

/* 3.1.3.1: SBE is as fctl.BE unless both are possible, SXL as GXL unless that can be written. */
START_TEST(byte_order_and_width)
{
	for (unsigned i = 0; i < 8; i++) {
		bool be = i & 1, sbe = i & 2, end = i & 4;

		setup();
		regs.fctl = be ? FCTL_BE : 0;
		regs.capabilities |= end ? END : 0;
		e.tc |= sbe ? TC_SBE : 0;
		if (end || be == sbe)
			ck_assert(decoded().big_endian == sbe);
		else
			ck_assert_int_eq(refused(), IOASID_RISCV_DC_ENDIAN);
	}
	for (unsigned i = 0; i < 8; i++) {
		bool gxl = i & 1, sxl = i & 2, writable = i & 4;

		setup();
		regs.fctl = gxl ? FCTL_GXL : 0;
		regs.flags = writable ? IOASID_RISCV_GXL_WRITABLE : 0;
		e.tc |= sxl ? TC_SXL : 0;
		if (gxl ? sxl : !sxl || writable)
			ck_assert(decoded().sv32 == sxl);
		else
			ck_assert_int_eq(refused(), IOASID_RISCV_DC_WIDTH);
	}
}
END_TEST

static void each_reserved(uint64_t *word, unsigned high, unsigned low)
{
	for (unsigned i = low; i <= high; i++) {
		uint64_t before = *word;

		*word |= BIT(i);
		ck_assert_msg(refused() == IOASID_RISCV_DC_RESERVED, "bit %u", i);
		*word = before;
	}
}

START_TEST(reserved_bits)
{
	each_reserved(&e.tc, 23, 12);
	each_reserved(&e.tc, 63, 32);
	each_reserved(&e.ta, 11, 0);
	each_reserved(&e.ta, 63, 32); /* RCID and MCID too: there is no QOSID */
	each_reserved(&e.fsc, 59, 44);
	e.tc |= TC_PDTV;
	each_reserved(&e.fsc, 59, 44);
	/* the base format ends there */
	memset(&e.words[4], 0xff, 32);
	decoded();
}
END_TEST

/* 3.1.3.5, 3.1.3.6 */
START_TEST(msi_tables)
{
	struct ioasid_riscv_dc dc;

	regs.capabilities |= MSI_FLAT;
	e.iohgatp = POINTER(8, 0x4000);
	e.msiptp = POINTER(1, UINT64_C(0xabcdef12345000));
	e.msi_mask = 0xff0ff;
	e.msi_pattern = 0x12345;
	dc = decoded();
	ck_assert(dc.msi && dc.msi_root == UINT64_C(0xabcdef12345000));
	ck_assert(dc.msi_mask == 0xff0ff && dc.msi_pattern == 0x12345);
	each_reserved(&e.msiptp, 59, 44);
	each_reserved(&e.reserved, 63, 0);
	/* MGPAW is 59: bits 51:47 are reserved, as bits 63:52 always are; then 50, 41, 34, PAS */
	each_reserved(&e.msi_mask, 63, 47);
	each_reserved(&e.msi_pattern, 63, 47);
	regs.capabilities &= ~SV57X4;
	each_reserved(&e.msi_mask, 63, 38);
	regs.capabilities &= ~SV48X4;
	each_reserved(&e.msi_mask, 63, 29);
	e.msiptp = POINTER(0, 0x5000);
	ck_assert(!decoded().msi);
	e.msiptp = POINTER(2, 0x5000);
	ck_assert_int_eq(refused(), IOASID_RISCV_DC_MSI);
	e.msiptp = POINTER(15, 0x5000);
	ck_assert_int_eq(refused(), IOASID_RISCV_DC_MSI);
	e.msiptp = POINTER(1, 0x5000);
	e.iohgatp = 0;
	ck_assert_int_eq(refused(), IOASID_RISCV_DC_MSI);
	e.msiptp = 0;
	regs.capabilities &= ~SV39X4;
	each_reserved(&e.msi_mask, 63, 22);
	regs.capabilities &= ~(SV32X4 | PAS(63));
	regs.capabilities |= PAS(40);
	each_reserved(&e.msi_mask, 63, 28);
	regs.capabilities &= ~PAS(63);
	each_reserved(&e.msi_pattern, 63, 0);
}
END_TEST

/* 3.2.3, 3.2.4 */
START_TEST(process_contexts)
{
	struct ioasid_riscv_pc pc = IOASID_RISCV_PC_INIT;
	uint64_t raw[2] = { 7 | PSCID(0xabcde), POINTER(9, UINT64_C(0xabcdef12345000)) };
	struct ioasid_riscv_dc dc = decoded();
	enum ioasid_riscv_reason why;

	dc.size = sizeof(dc);
	ck_assert_int_eq(ioasid_riscv_pc_decode(&regs, &dc, raw, &pc, &why), 0);
	ck_assert_int_eq(why, IOASID_RISCV_OK);
	ck_assert(pc.supervisor && pc.user_access && pc.pscid == 0xabcde && pc.first_levels == 4);
	ck_assert_uint_eq(pc.first_root, UINT64_C(0xabcdef12345000));
	raw[0] = 1 | BIT(2);
	raw[1] = POINTER(0, 0x1000);
	ck_assert_int_eq(ioasid_riscv_pc_decode(&regs, &dc, raw, &pc, NULL), 0);
	ck_assert(!pc.supervisor && pc.user_access && !pc.first_levels && !pc.first_root);
	for (unsigned i = 0; i < 128; i++) {
		bool reserved = (i >= 3 && i <= 11) || (i >= 32 && i < 64) || (i >= 108 && i < 124);

		raw[0] = 1 | (i < 64 ? BIT(i) : 0);
		raw[1] = i < 64 ? 0 : BIT(i - 64);
		if (!reserved && i < 124)
			continue;
		ck_assert_int_eq(ioasid_riscv_pc_decode(&regs, &dc, raw, &pc, &why),
				 i == 127 ? 0 : -EINVAL);
		if (i != 127) /* MODE 8 is Sv39 */
			ck_assert_int_eq(why, reserved ? IOASID_RISCV_PC_RESERVED :
							 IOASID_RISCV_PC_FIRST_STAGE);
	}
	raw[0] = ~UINT64_C(1);
	ck_assert_int_eq(ioasid_riscv_pc_decode(&regs, &dc, raw, &pc, &why), -ENOENT);
	ck_assert_int_eq(why, IOASID_RISCV_PDT_ABSENT);
	raw[0] = 1;
	raw[1] = POINTER(8, 0x1000);
	dc.sv32 = true;
	ck_assert_int_eq(ioasid_riscv_pc_decode(&regs, &dc, raw, &pc, &why), 0);
	ck_assert_uint_eq(pc.first_levels, 2);
	regs.capabilities &= ~SV32;
	ck_assert_int_eq(ioasid_riscv_pc_decode(&regs, &dc, raw, &pc, &why), -EINVAL);
}
END_TEST

START_TEST(page_tables)
{
	struct ioasid_riscv_translation t = IOASID_RISCV_TRANSLATION_INIT;
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;

#define DESCRIBE(format) ioasid_riscv_translation_get_pgtable(&t, format, &p)
	ck_assert_int_eq(DESCRIBE(IOASID_PGTABLE_RISCV), -ENOENT);
	t.first_levels = 4;
	t.first_root = 0x3000;
	ck_assert_int_eq(DESCRIBE(IOASID_PGTABLE_VTD_SS), -ENOENT);
	ck_assert_int_eq(DESCRIBE(IOASID_PGTABLE_RISCV), 0);
	ck_assert(p.format == IOASID_PGTABLE_RISCV && p.levels == 4 && p.root == 0x3000);
	ck_assert(p.address_bits == 0 && p.flags == 0 && p.input_bits == 0);
	t.first_update = true;
	ck_assert_int_eq(DESCRIBE(IOASID_PGTABLE_RISCV), 0);
	ck_assert_uint_eq(p.flags, IOASID_PGTABLE_SET_ACCESSED | IOASID_PGTABLE_SET_DIRTY);
	t.big_endian = true;
	ck_assert_int_eq(DESCRIBE(IOASID_PGTABLE_RISCV), -EOPNOTSUPP);
	t.big_endian = false;

	ck_assert_int_eq(DESCRIBE(IOASID_PGTABLE_RISCV_S2), -ENOENT);
	t.second_levels = 5;
	t.second_root = 0x8000;
	ck_assert_int_eq(DESCRIBE(IOASID_PGTABLE_RISCV_S2), 0);
	ck_assert(p.format == IOASID_PGTABLE_RISCV_S2 && p.levels == 5 && p.root == 0x8000);
	ck_assert(p.address_bits == 0 && p.flags == 0 && p.input_bits == 0);
	t.second_update = true;
	t.big_endian = true; /* the first stage's alone */
	ck_assert_int_eq(DESCRIBE(IOASID_PGTABLE_RISCV_S2), 0);
	ck_assert_uint_eq(p.flags, IOASID_PGTABLE_SET_ACCESSED | IOASID_PGTABLE_SET_DIRTY);
	t.big_endian = false;
	t.second_big_endian = true;
	ck_assert_int_eq(DESCRIBE(IOASID_PGTABLE_RISCV), 0);
	ck_assert_int_eq(DESCRIBE(IOASID_PGTABLE_RISCV_S2), -EOPNOTSUPP);
	t.second_big_endian = false;
	t.second_levels = 2;
	ck_assert_int_eq(DESCRIBE(IOASID_PGTABLE_RISCV_S2), -EOPNOTSUPP);
	t.first_levels = 2;
	ck_assert_int_eq(DESCRIBE(IOASID_PGTABLE_RISCV), -EOPNOTSUPP);
	p.size--;
	ck_assert_int_eq(DESCRIBE(IOASID_PGTABLE_RISCV), -EINVAL);
#undef DESCRIBE
}
END_TEST

START_TEST(pasid_tables)
{
	struct ioasid_pasid_table p = IOASID_PASID_TABLE_INIT;
	struct ioasid_riscv_dc dc;

	e.tc |= TC_PDTV | TC_DPE;
	e.fsc = POINTER(2, 0x7000);
	dc = decoded();
	ck_assert_int_eq(ioasid_riscv_dc_get_pasid_table(&regs, &dc, &p), 0);
	ck_assert(p.format == IOASID_PASID_TABLE_RISCV && p.levels == 2 && p.base == 0x7000);
	ck_assert(p.pasid_bits == 17 && p.rid_pasid == 0 && p.flags == 0);
	ck_assert(p.address_bits == 0 && p.caps[0] == regs.capabilities);
	e.tc = TC_V | TC_PDTV | TC_SADE;
	dc = decoded();
	ck_assert_int_eq(ioasid_riscv_dc_get_pasid_table(&regs, &dc, &p), 0);
	ck_assert_uint_eq(p.flags,
			  IOASID_PASID_TABLE_RID_BYPASS | IOASID_PASID_TABLE_IGNORE_ACCESSED);
	dc.second_levels = 3;
	ck_assert_int_eq(ioasid_riscv_dc_get_pasid_table(&regs, &dc, &p), -EOPNOTSUPP);
	dc.second_levels = 0;
	dc.sv32 = true;
	ck_assert_int_eq(ioasid_riscv_dc_get_pasid_table(&regs, &dc, &p), -EOPNOTSUPP);
	dc.sv32 = false;
	dc.big_endian = true;
	ck_assert_int_eq(ioasid_riscv_dc_get_pasid_table(&regs, &dc, &p), -EOPNOTSUPP);
	e.fsc = POINTER(0, 0x7000);
	dc = decoded();
	ck_assert_int_eq(ioasid_riscv_dc_get_pasid_table(&regs, &dc, &p), -ENOENT);
	p.size--;
	ck_assert_int_eq(ioasid_riscv_dc_get_pasid_table(&regs, &dc, &p), -EINVAL);
	dc.size--;
	p.size++;
	ck_assert_int_eq(ioasid_riscv_dc_get_pasid_table(&regs, &dc, &p), -EINVAL);
}
END_TEST

/* 4.2 */
START_TEST(fault_records)
{
	struct ioasid_riscv_fault f = IOASID_RISCV_FAULT_INIT;
	uint64_t raw[4];

	f.transaction = IOASID_RISCV_WRITE;
	f.cause = 260;
	f.device_id = 0xabcdef;
	f.supervisor = true; /* not without a process_id */
	f.address = 0x123456789abcdef0;
	f.gpa = 7;
	ck_assert_int_eq(ioasid_riscv_record_encode(&f, raw), 0);
	ck_assert_uint_eq(raw[0], 260 | UINT64_C(3) << 34 | UINT64_C(0xabcdef) << 40);
	ck_assert(raw[1] == 0 && raw[2] == f.address && raw[3] == 4);
	f.process_id = 0xfedcb;
	f.cause = 23;
	f.implicit = true;
	ck_assert_int_eq(ioasid_riscv_record_encode(&f, raw), 0);
	ck_assert_uint_eq(raw[0], 23 | UINT64_C(0xfedcb) << 12 | BIT(32) | BIT(33) |
				  UINT64_C(3) << 34 | UINT64_C(0xabcdef) << 40);
	ck_assert_uint_eq(raw[3], 5);
	f.update = true;
	f.supervisor = false;
	ck_assert_int_eq(ioasid_riscv_record_encode(&f, raw), 0);
	ck_assert(raw[3] == 7 && !(raw[0] & BIT(33)));
	f.implicit = false;
	ck_assert_int_eq(ioasid_riscv_record_encode(&f, raw), 0);
	ck_assert_uint_eq(raw[3], 4);
	/* of no transaction: DID, PV, PID, PRIV are 0 */
	f.transaction = IOASID_RISCV_NO_TRANSACTION;
	f.device_id = UINT32_MAX;
	ck_assert_int_eq(ioasid_riscv_record_encode(&f, raw), 0);
	ck_assert_uint_eq(raw[0], 23);
}
END_TEST

START_TEST(fault_records_out_of_range)
{
	struct {
		struct ioasid_riscv_fault fault;
		uint64_t more;
	} longer = { .more = 1 };
	struct ioasid_riscv_fault f = IOASID_RISCV_FAULT_INIT;
	uint64_t raw[4] = { 0x5555 };

	f.transaction = IOASID_RISCV_READ;
	f.device_id = 1 << 24;
	ck_assert_int_eq(ioasid_riscv_record_encode(&f, raw), -EINVAL);
	f.device_id--;
	f.process_id = 1 << 20;
	ck_assert_int_eq(ioasid_riscv_record_encode(&f, raw), -EINVAL);
	f.process_id--;
	f.cause = 4096;
	ck_assert_int_eq(ioasid_riscv_record_encode(&f, raw), -EINVAL);
	f.cause--;
	f.transaction = (enum ioasid_riscv_transaction)64;
	ck_assert_int_eq(ioasid_riscv_record_encode(&f, raw), -EINVAL);
	f.transaction = (enum ioasid_riscv_transaction)63;
	f.size--;
	ck_assert_int_eq(ioasid_riscv_record_encode(&f, raw), -EINVAL);
	ck_assert_uint_eq(raw[0], 0x5555);
	f.size++;
	longer.fault = f;
	longer.fault.size = sizeof(longer);
	ck_assert_int_eq(ioasid_riscv_record_encode(&longer.fault, raw), -E2BIG);
	ck_assert_uint_eq(raw[0], 0x5555);
	longer.more = 0;
	ck_assert_int_eq(ioasid_riscv_record_encode(&longer.fault, raw), 0);
	ck_assert_int_eq(ioasid_riscv_record_encode(&f, raw), 0);
	ck_assert_uint_eq(raw[0], 4095 | UINT64_C(0xfffff) << 12 | BIT(32) | UINT64_C(63) << 34 |
				  UINT64_C(0xffffff) << 40);
}
END_TEST

START_TEST(sizes)
{
	struct ioasid_riscv_dc dc = IOASID_RISCV_DC_INIT;
	struct ioasid_riscv_pc pc = IOASID_RISCV_PC_INIT;
	const uint64_t raw[2] = { 1, 0 };

	pc.size--;
	ck_assert_int_eq(ioasid_riscv_pc_decode(&regs, &dc, raw, &pc, NULL), -EINVAL);
	pc.size++;
	dc.size--;
	ck_assert_int_eq(ioasid_riscv_pc_decode(&regs, &dc, raw, &pc, NULL), -EINVAL);
	ck_assert_int_eq(ioasid_riscv_dc_decode(&regs, e.words, &dc, NULL), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("riscv-entries");
	TCase *tcase = tcase_create("riscv-entries");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, control);
	tcase_add_test(tcase, first_stage);
	tcase_add_test(tcase, second_stage);
	tcase_add_test(tcase, process_directory);
	tcase_add_test(tcase, capabilities);
	tcase_add_test(tcase, dependencies);
	tcase_add_test(tcase, byte_order_and_width);
	tcase_add_test(tcase, reserved_bits);
	tcase_add_test(tcase, msi_tables);
	tcase_add_test(tcase, process_contexts);
	tcase_add_test(tcase, page_tables);
	tcase_add_test(tcase, pasid_tables);
	tcase_add_test(tcase, fault_records);
	tcase_add_test(tcase, fault_records_out_of_range);
	tcase_add_test(tcase, sizes);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
