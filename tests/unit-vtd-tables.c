/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VT-d's root, context and PASID entries, and the look-up through them. */
#include <errno.h>
#include <ioasid/vtd.h>
#include <string.h>

#include "runner.h"
#include "util/err.h"
#include "vtd_caps.h"

static enum ioasid_vtd_reason root_reason(uint64_t low, uint64_t high, bool scalable, uint8_t devfn,
					  uint64_t expected)
{
	struct ioasid_vtd_caps caps = caps_of(CAP, ALL);
	uint64_t raw[2] = { low, high }, table = 0;
	enum ioasid_vtd_reason why;
	int ret;

	caps.haw = 46;
	ret = ioasid_vtd_root_decode(&caps, raw, scalable, devfn, &table, &why);
	if (ret == 0)
		ck_assert_int_eq(why, IOASID_VTD_OK);
	ck_assert_uint_eq(table, ret == 0 ? expected : 0);
	ck_assert_int_eq(ret == -ENOENT,
			 why == IOASID_VTD_ROOT_ABSENT || why == IOASID_VTD_SM_ROOT_ABSENT);
	return why;
}

START_TEST(legacy_root_entry)
{
	ck_assert_int_eq(root_reason(0x12345001, 0, false, 0xff, 0x12345000), IOASID_VTD_OK);
	ck_assert_int_eq(root_reason(0x12345000, ~UINT64_C(0), false, 0, 0),
			 IOASID_VTD_ROOT_ABSENT);
	ck_assert_int_eq(root_reason(0x12345003, 0, false, 0, 0), IOASID_VTD_ROOT_RESERVED);
	ck_assert_int_eq(root_reason(0x12345801, 0, false, 0, 0), IOASID_VTD_ROOT_RESERVED);
	ck_assert_int_eq(root_reason(0x12345001, 1, false, 0, 0), IOASID_VTD_ROOT_RESERVED);
	ck_assert_int_eq(root_reason(BIT(46) | 1, 0, false, 0, 0), IOASID_VTD_ROOT_RESERVED);
	ck_assert_int_eq(root_reason(BIT(45) | 1, 0, false, 0, BIT(45)), IOASID_VTD_OK);
}
END_TEST

START_TEST(scalable_root_entry_has_two_halves)
{
	ck_assert_int_eq(root_reason(0x1001, 0x2001, true, 0x7f, 0x1000), IOASID_VTD_OK);
	ck_assert_int_eq(root_reason(0x1001, 0x2001, true, 0x80, 0x2000), IOASID_VTD_OK);
	ck_assert_int_eq(root_reason(0x1001, 0x2000, true, 0x80, 0), IOASID_VTD_SM_ROOT_ABSENT);
	ck_assert_int_eq(root_reason(0x1001, 0x2003, true, 0x80, 0), IOASID_VTD_SM_ROOT_RESERVED);
	ck_assert_int_eq(root_reason(0x1001, 0x2003, true, 0, 0x1000), IOASID_VTD_OK);
}
END_TEST

static enum ioasid_vtd_reason context_reason(uint64_t ecap, bool scalable, uint64_t low,
					     uint64_t high, struct ioasid_vtd_context *context)
{
	struct ioasid_vtd_caps caps = caps_of(CAP, ecap);
	struct ioasid_vtd_context unused = IOASID_VTD_CONTEXT_INIT;
	uint64_t raw[4] = { low, high };
	enum ioasid_vtd_reason why;

	caps.haw = 46;
	ioasid_vtd_context_decode(&caps, raw, scalable, context ? context : &unused, &why);
	return why;
}

#define legacy_reason(low, high) context_reason(DT | PT, false, low, high, NULL)

START_TEST(legacy_context_entry)
{
	struct ioasid_vtd_context c = IOASID_VTD_CONTEXT_INIT;

	/* domain-id 1234h, AW 010b: 48 bits, 4 levels */
	ck_assert_int_eq(context_reason(0, false, 0x7654001, 0x123402, &c), IOASID_VTD_OK);
	ck_assert_int_eq(c.kind, IOASID_VTD_SECOND_STAGE);
	ck_assert_uint_eq(c.domain, 0x1234);
	ck_assert_uint_eq(c.levels, 4);
	ck_assert_uint_eq(c.root, 0x7654000);
	ck_assert(!c.device_tlb && !c.fault_disable);

	/* TT = 01b, FPD; AW 001b; the ignored bits 70:67 set */
	ck_assert_int_eq(context_reason(DT, false, 0x7654007, 0x179, &c), IOASID_VTD_OK);
	ck_assert(c.device_tlb && c.fault_disable);
	ck_assert_uint_eq(c.levels, 3);
	ck_assert_uint_eq(c.domain, 1);

	/* TT = 10b: the address is ignored */
	ck_assert_int_eq(context_reason(PT, false, BIT(50) | 9, 0x202, &c), IOASID_VTD_OK);
	ck_assert_int_eq(c.kind, IOASID_VTD_PASSTHROUGH);
	ck_assert_uint_eq(c.root, 0);
}
END_TEST

START_TEST(malformed_legacy_context_entry)
{
	ck_assert_int_eq(legacy_reason(0x1000, 0x102), IOASID_VTD_CONTEXT_ABSENT);
	ck_assert_int_eq(legacy_reason(0x1001, 0x102), IOASID_VTD_OK);
	ck_assert_int_eq(legacy_reason(0x1011, 0x102), IOASID_VTD_CONTEXT_RESERVED);
	ck_assert_int_eq(legacy_reason(0x1801, 0x102), IOASID_VTD_CONTEXT_RESERVED);
	ck_assert_int_eq(legacy_reason(BIT(46) | 1, 0x102), IOASID_VTD_CONTEXT_RESERVED);
	ck_assert_int_eq(legacy_reason(0x1001, 0x182), IOASID_VTD_CONTEXT_RESERVED);
	ck_assert_int_eq(legacy_reason(0x1001, 0x1000102), IOASID_VTD_CONTEXT_RESERVED);
	ck_assert_int_eq(legacy_reason(0x1001, 0x100), IOASID_VTD_CONTEXT_WIDTH);
	ck_assert_int_eq(legacy_reason(0x1001, 0x103), IOASID_VTD_CONTEXT_WIDTH); /* SAGAW */
	ck_assert_int_eq(legacy_reason(0x1001, 0x107), IOASID_VTD_CONTEXT_WIDTH);
	ck_assert_int_eq(legacy_reason(0x100d, 0x102), IOASID_VTD_CONTEXT_TYPE);
	ck_assert_int_eq(context_reason(PT, false, 0x1005, 0x102, NULL), IOASID_VTD_CONTEXT_TYPE);
	ck_assert_int_eq(context_reason(DT, false, 0x1009, 0x102, NULL), IOASID_VTD_CONTEXT_TYPE);
}
END_TEST

START_TEST(domain_ids_are_as_wide_as_the_unit_says)
{
	struct ioasid_vtd_caps caps = caps_of((CAP & ~UINT64_C(7)) | 2, 0); /* 8 bits */
	struct ioasid_vtd_context c = IOASID_VTD_CONTEXT_INIT;
	uint64_t raw[2] = { 0x1001, 0xff02 };
	uint64_t entry[8] = { 0x7000 | 2 << 6 | 1 << 2 | 1, 0xff };
	struct ioasid_vtd_pasid p = IOASID_VTD_PASID_INIT;
	enum ioasid_vtd_reason why;

	ck_assert_int_eq(ioasid_vtd_context_decode(&caps, raw, false, &c, &why), 0);
	ck_assert_uint_eq(c.domain, 0xff);
	raw[1] = 0x10002;
	ck_assert_int_eq(ioasid_vtd_context_decode(&caps, raw, false, &c, &why), -EINVAL);
	ck_assert_int_eq(why, IOASID_VTD_CONTEXT_RESERVED);
	ck_assert_uint_eq(c.domain, 0xff);

	caps = caps_of((CAP & ~UINT64_C(7)) | 2, ALL);
	ck_assert_int_eq(ioasid_vtd_pasid_decode(&caps, entry, &p, &why), 0);
	ck_assert_uint_eq(p.domain, 0xff);
	entry[1] = 0x1ff;
	ck_assert_int_eq(ioasid_vtd_pasid_decode(&caps, entry, &p, &why), -EINVAL);
	ck_assert_int_eq(why, IOASID_VTD_PASID_RESERVED);
}
END_TEST

START_TEST(scalable_context_entry)
{
	struct ioasid_vtd_context c = IOASID_VTD_CONTEXT_INIT;

	/* PDTS 2, PRE, PASIDE, DTE; RID_PRIV, RID_PASID 5 */
	ck_assert_int_eq(context_reason(ALL, true, 0x89a41d, BIT(20) | 5, &c), IOASID_VTD_OK);
	ck_assert_uint_eq(c.pasid_dir, 0x89a000);
	ck_assert_uint_eq(c.pasid_bits, 15); /* 512 directory entries of 64 */
	ck_assert_uint_eq(c.rid_pasid, 5);
	ck_assert(c.device_tlb && c.pasid_enable && c.page_request && c.rid_supervisor);
	ck_assert(!c.fault_disable);

	ck_assert_int_eq(context_reason(ALL, true, 0x89a002, 0, &c), IOASID_VTD_SM_CONTEXT_ABSENT);
	ck_assert(c.fault_disable);
}
END_TEST

START_TEST(malformed_scalable_context_entry)
{
	static const struct {
		uint64_t ecap, low, high;
		enum ioasid_vtd_reason why;
	} cases[] = {
		{ ALL & ~DT, 0x1005, 0, IOASID_VTD_SM_CONTEXT_RESERVED },
		{ ALL & ~PASID, 0x1009, 0, IOASID_VTD_SM_CONTEXT_RESERVED },
		{ ALL & ~PRS, 0x1015, 0, IOASID_VTD_SM_CONTEXT_RESERVED },
		{ ALL & ~RPS, 0x1001, 1, IOASID_VTD_SM_CONTEXT_RESERVED },
		{ ALL & ~RPRIVS, 0x1001, BIT(20), IOASID_VTD_SM_CONTEXT_RESERVED },
		{ ALL, 0x1021, 0, IOASID_VTD_SM_CONTEXT_RESERVED },
		{ ALL, 0x1101, 0, IOASID_VTD_SM_CONTEXT_RESERVED },
		{ ALL, BIT(46) | 1, 0, IOASID_VTD_SM_CONTEXT_RESERVED },
		{ ALL, 0x1001, BIT(21), IOASID_VTD_SM_CONTEXT_RESERVED },
		{ ALL, 0x1011, 0, IOASID_VTD_SM_CONTEXT_PRE },
		{ ALL, 0x1001, 0x2000, IOASID_VTD_SM_CONTEXT_RID_PASID },
		{ ALL, 0x1001, 0x1fff, IOASID_VTD_OK },
		{ ALL, 0x1e01, 0xfffff, IOASID_VTD_OK },
	};
	struct ioasid_vtd_caps caps = caps_of(CAP, ALL);
	struct ioasid_vtd_context c = IOASID_VTD_CONTEXT_INIT;
	uint64_t raw[4] = { 0x1001, 0, 0, 1 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_int_eq(context_reason(cases[i].ecap, true, cases[i].low, cases[i].high,
						NULL),
				 cases[i].why);
	ck_assert_int_eq(ioasid_vtd_context_decode(&caps, raw, true, &c, NULL), -EINVAL);
	ck_assert_str_ne(err_text(), "");
}
END_TEST

START_TEST(pasid_directory_entry)
{
	struct ioasid_vtd_caps caps = caps_of(CAP, ALL);
	enum ioasid_vtd_reason why;
	uint64_t table = 0;
	bool quiet = false;

	ck_assert_int_eq(ioasid_vtd_pasid_dir_decode(&caps, 0x5003, &table, &quiet, &why), 0);
	ck_assert_uint_eq(table, 0x5000);
	ck_assert(quiet);
	ck_assert_int_eq(ioasid_vtd_pasid_dir_decode(&caps, 0x5005, &table, NULL, &why), -EINVAL);
	ck_assert_int_eq(why, IOASID_VTD_PASID_DIR_RESERVED);
	ck_assert_int_eq(ioasid_vtd_pasid_dir_decode(&caps, 0x5000, &table, &quiet, &why), -ENOENT);
	ck_assert_int_eq(why, IOASID_VTD_PASID_DIR_ABSENT);
	ck_assert(!quiet);
}
END_TEST

START_TEST(pasid_entry_of_the_second_stage)
{
	struct ioasid_vtd_caps caps = caps_of(CAP, ALL | BIT(45));
	struct ioasid_vtd_pasid p = IOASID_VTD_PASID_INIT;
	/* SSADE, PGTT 010b, AW 010b; PGSNP, domain-id 77h */
	uint64_t raw[8] = { 0x7000 | BIT(9) | 2 << 6 | 2 << 2 | 1, BIT(24) | 0x77 };

	ck_assert_int_eq(ioasid_vtd_pasid_decode(&caps, raw, &p, NULL), 0);
	ck_assert_int_eq(p.kind, IOASID_VTD_SECOND_STAGE);
	ck_assert_uint_eq(p.domain, 0x77);
	ck_assert_uint_eq(p.second_levels, 4);
	ck_assert_uint_eq(p.second_root, 0x7000);
	ck_assert_uint_eq(p.first_levels, 0);
	ck_assert(p.second_dirty && p.page_snoop && !p.supervisor);
}
END_TEST

START_TEST(pasid_entry_of_the_first_stage)
{
	struct ioasid_vtd_caps caps = caps_of(CAP, ALL);
	struct ioasid_vtd_pasid p = IOASID_VTD_PASID_INIT;
	/* PGTT 001b, domain-id 3; root, WPE, FSPM 01b: 5 levels, SRE. AW is ignored. */
	uint64_t raw[8] = { 1 << 6 | 7 << 2 | 1, 3, 0x89e000 | 1 << 4 | 1 << 2 | 1 };

	ck_assert_int_eq(ioasid_vtd_pasid_decode(&caps, raw, &p, NULL), 0);
	ck_assert_int_eq(p.kind, IOASID_VTD_FIRST_STAGE);
	ck_assert_uint_eq(p.domain, 3);
	ck_assert_uint_eq(p.first_levels, 5);
	ck_assert_uint_eq(p.first_root, 0x89e000);
	ck_assert_uint_eq(p.second_levels, 0);
	ck_assert(p.supervisor && p.write_protect);
}
END_TEST

START_TEST(pasid_entry_as_linux_writes_it_without_second_stage)
{
	/* a real one: AW = 010b though SSTS = 0 */
	struct ioasid_vtd_caps caps =
		caps_of(UINT64_C(0x1d2008c222f0686), UINT64_C(0x880000f00f4a));
	struct ioasid_vtd_pasid p = IOASID_VTD_PASID_INIT;
	uint64_t raw[8] = { 0x49, 3, 0x89e000 };

	ck_assert_int_eq(ioasid_vtd_pasid_decode(&caps, raw, &p, NULL), 0);
	ck_assert_int_eq(p.kind, IOASID_VTD_FIRST_STAGE);
	ck_assert_uint_eq(p.first_levels, 4);
}
END_TEST

START_TEST(nested_pasid_entry)
{
	struct ioasid_vtd_caps caps = caps_of(CAP, ALL);
	struct ioasid_vtd_pasid p = IOASID_VTD_PASID_INIT;
	uint64_t raw[8] = { 0x7000 | 3 << 6 | 1 << 2 | 1, 9, 0x8000 };
	enum ioasid_vtd_reason why;

	ck_assert_int_eq(ioasid_vtd_pasid_decode(&caps, raw, &p, NULL), 0);
	ck_assert_int_eq(p.kind, IOASID_VTD_NESTED);
	ck_assert_uint_eq(p.second_levels, 3);
	ck_assert_uint_eq(p.second_root, 0x7000);
	ck_assert_uint_eq(p.first_levels, 4);
	ck_assert_uint_eq(p.first_root, 0x8000);
	raw[2] = BIT(39); /* beyond what 3 levels translate */
	ck_assert_int_eq(ioasid_vtd_pasid_decode(&caps, raw, &p, &why), -EINVAL);
	ck_assert_int_eq(why, IOASID_VTD_PASID_ROOT);
	/* nor may it be beyond what the unit does (MGAW), if the table has more levels */
	caps.cap = (CAP & ~(UINT64_C(63) << 16)) | UINT64_C(38) << 16;
	raw[0] = 0x7000 | 3 << 6 | 2 << 2 | 1;
	ck_assert_int_eq(ioasid_vtd_pasid_decode(&caps, raw, &p, &why), -EINVAL);
	ck_assert_int_eq(why, IOASID_VTD_PASID_ROOT);
	raw[2] = BIT(38);
	ck_assert_int_eq(ioasid_vtd_pasid_decode(&caps, raw, &p, &why), 0);
	ck_assert_uint_eq(p.first_root, BIT(38));
}
END_TEST

START_TEST(malformed_pasid_entry)
{
	static const struct {
		uint64_t ecap, raw[8];
		enum ioasid_vtd_reason why;
	} cases[] = {
		{ ALL, { 0x7088 }, IOASID_VTD_PASID_ABSENT },
		{ ALL, { 0x7089 }, IOASID_VTD_OK },
		{ ALL, { 0x7085 }, IOASID_VTD_OK }, /* AW 001b */
		{ ALL, { 0x7081 }, IOASID_VTD_PASID_WIDTH },
		{ ALL, { 0x708d }, IOASID_VTD_PASID_WIDTH }, /* SAGAW has no 5 levels */
		{ ALL, { 0x7009 }, IOASID_VTD_PASID_TYPE },
		{ ALL, { 0x7149 }, IOASID_VTD_PASID_TYPE },
		{ ALL & ~FSTS, { 0x7049 }, IOASID_VTD_PASID_TYPE },
		{ ALL & ~SSTS, { 0x89 }, IOASID_VTD_PASID_TYPE },
		{ ALL & ~NEST, { 0x70c9 }, IOASID_VTD_PASID_TYPE },
		{ ALL & ~PT, { 0x7109 }, IOASID_VTD_PASID_TYPE },
		{ ALL, { 0x7109 }, IOASID_VTD_OK },
		{ ALL, { 0x70a9 }, IOASID_VTD_PASID_RESERVED },
		{ ALL, { 0x7489 }, IOASID_VTD_PASID_RESERVED },
		{ ALL, { 0x7289 }, IOASID_VTD_PASID_RESERVED }, /* SSADE without SSADS */
		{ ALL, { 0x7089, BIT(16) }, IOASID_VTD_PASID_RESERVED },
		{ ALL, { 0x7089, BIT(23) }, IOASID_VTD_PASID_RESERVED }, /* SMPWCS */
		{ ALL & ~SC, { 0x7089, BIT(24) }, IOASID_VTD_PASID_RESERVED },
		{ ALL, { 0x7089, BIT(32) }, IOASID_VTD_PASID_RESERVED }, /* PAT, without MTS */
		{ ALL, { 0x7089, 0, BIT(1) }, IOASID_VTD_PASID_RESERVED },
		{ ALL, { 0x7089, 0, BIT(5) | BIT(6) }, IOASID_VTD_OK }, /* ignored */
		{ ALL & ~SRS, { 0x7089, 0, BIT(0) }, IOASID_VTD_PASID_RESERVED },
		{ ALL & ~FSTS, { 0x7089, 0, 0x1000 }, IOASID_VTD_PASID_RESERVED },
		{ ALL, { 0x7089, 0, 0, 1 }, IOASID_VTD_PASID_RESERVED },
		{ ALL, { 0x7089, 0, 0, 0, 1 }, IOASID_VTD_PASID_RESERVED },
		{ ALL, { 0x7089, 0, 0, 0, 0, 0, 0, BIT(63) }, IOASID_VTD_PASID_RESERVED },
		{ ALL, { 0x7049, 0, 0x1000 | 2 << 2 }, IOASID_VTD_PASID_PAGING_MODE },
		{ ALL, { 0x7049, 0, 0x1000 | 3 << 2 }, IOASID_VTD_PASID_PAGING_MODE },
		{ ALL, { 0x7089, 0, 0x1000 | 3 << 2 }, IOASID_VTD_OK }, /* ignored */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ioasid_vtd_caps caps = caps_of(CAP, cases[i].ecap);
		struct ioasid_vtd_pasid p = IOASID_VTD_PASID_INIT;
		enum ioasid_vtd_reason why;

		ioasid_vtd_pasid_decode(&caps, cases[i].raw, &p, &why);
		ck_assert_msg(why == cases[i].why, "case %zu: %s, not %s", i,
			      ioasid_vtd_reason_text(why), ioasid_vtd_reason_text(cases[i].why));
	}
}
END_TEST

START_TEST(five_levels_need_the_capability)
{
	struct ioasid_vtd_caps caps = caps_of(CAP & ~BIT(60), ALL);
	struct ioasid_vtd_pasid p = IOASID_VTD_PASID_INIT;
	uint64_t raw[8] = { 0x49, 3, 0x89e000 | 1 << 2 };
	enum ioasid_vtd_reason why;

	ck_assert_int_eq(ioasid_vtd_pasid_decode(&caps, raw, &p, &why), -EINVAL);
	ck_assert_int_eq(why, IOASID_VTD_PASID_PAGING_MODE);
}
END_TEST

START_TEST(reasons_have_the_numbers_of_the_specification)
{
	static const struct {
		enum ioasid_vtd_reason reason;
		uint8_t code;
	} cases[] = { /* 7.1.3 */
		{ IOASID_VTD_OK, 0 }, { IOASID_VTD_ROOT_ABSENT, 0x1 },
		{ IOASID_VTD_CONTEXT_ABSENT, 0x2 }, { IOASID_VTD_CONTEXT_WIDTH, 0x3 },
		{ IOASID_VTD_CONTEXT_TYPE, 0x3 }, { IOASID_VTD_ROOT_ACCESS, 0x8 },
		{ IOASID_VTD_CONTEXT_ACCESS, 0x9 }, { IOASID_VTD_ROOT_RESERVED, 0xa },
		{ IOASID_VTD_CONTEXT_RESERVED, 0xb }, { IOASID_VTD_MODE, 0x30 },
		{ IOASID_VTD_MODE_PASID, 0x31 }, { IOASID_VTD_MODE_ABORT, 0x33 },
		{ IOASID_VTD_SM_ROOT_ACCESS, 0x38 }, { IOASID_VTD_SM_ROOT_ABSENT, 0x39 },
		{ IOASID_VTD_SM_ROOT_RESERVED, 0x3a }, { IOASID_VTD_SM_CONTEXT_ACCESS, 0x40 },
		{ IOASID_VTD_SM_CONTEXT_ABSENT, 0x41 }, { IOASID_VTD_SM_CONTEXT_RESERVED, 0x42 },
		{ IOASID_VTD_SM_CONTEXT_PRE, 0x43 }, { IOASID_VTD_SM_CONTEXT_RID_PASID, 0x43 },
		{ IOASID_VTD_SM_CONTEXT_NO_PASID, 0x45 },
		{ IOASID_VTD_SM_CONTEXT_PASID_SIZE, 0x46 },
		{ IOASID_VTD_SM_CONTEXT_PASID_TAKEN, 0x48 },
		{ IOASID_VTD_PASID_DIR_ACCESS, 0x50 }, { IOASID_VTD_PASID_DIR_ABSENT, 0x51 },
		{ IOASID_VTD_PASID_DIR_RESERVED, 0x52 }, { IOASID_VTD_PASID_ACCESS, 0x58 },
		{ IOASID_VTD_PASID_ABSENT, 0x59 }, { IOASID_VTD_PASID_RESERVED, 0x5a },
		{ IOASID_VTD_PASID_WIDTH, 0x5b }, { IOASID_VTD_PASID_TYPE, 0x5b },
		{ IOASID_VTD_PASID_PAGING_MODE, 0x5b }, { IOASID_VTD_PASID_ROOT, 0x5b },
		{ IOASID_VTD_PASID_SUPERVISOR, 0x5d }, { IOASID_VTD_PASID_SIZE, 0x89 },
		{ IOASID_VTD_DESCRIPTOR_TYPE, 0 }, { IOASID_VTD_DESCRIPTOR_RESERVED, 0 },
		{ (enum ioasid_vtd_reason)1000, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_uint_eq(ioasid_vtd_reason_get_code(cases[i].reason), cases[i].code);
		ck_assert_str_ne(ioasid_vtd_reason_text(cases[i].reason), "");
	}
	/* 11.4.9.9 */
	ck_assert_uint_eq(ioasid_vtd_reason_get_queue_error(IOASID_VTD_DESCRIPTOR_TYPE), 3);
	ck_assert_uint_eq(ioasid_vtd_reason_get_queue_error(IOASID_VTD_DESCRIPTOR_RESERVED), 4);
	ck_assert_uint_eq(ioasid_vtd_reason_get_queue_error(IOASID_VTD_DESCRIPTOR_WIDTH), 5);
	ck_assert_uint_eq(ioasid_vtd_reason_get_queue_error(IOASID_VTD_DESCRIPTOR_MODE), 7);
	ck_assert_uint_eq(ioasid_vtd_reason_get_queue_error(IOASID_VTD_PASID_ROOT), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vtd-tables");
	TCase *tc = tcase_create("entries");

	tcase_add_test(tc, legacy_root_entry);
	tcase_add_test(tc, scalable_root_entry_has_two_halves);
	tcase_add_test(tc, legacy_context_entry);
	tcase_add_test(tc, malformed_legacy_context_entry);
	tcase_add_test(tc, domain_ids_are_as_wide_as_the_unit_says);
	tcase_add_test(tc, scalable_context_entry);
	tcase_add_test(tc, malformed_scalable_context_entry);
	tcase_add_test(tc, pasid_directory_entry);
	tcase_add_test(tc, pasid_entry_of_the_second_stage);
	tcase_add_test(tc, pasid_entry_of_the_first_stage);
	tcase_add_test(tc, pasid_entry_as_linux_writes_it_without_second_stage);
	tcase_add_test(tc, nested_pasid_entry);
	tcase_add_test(tc, malformed_pasid_entry);
	tcase_add_test(tc, five_levels_need_the_capability);
	tcase_add_test(tc, reasons_have_the_numbers_of_the_specification);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
