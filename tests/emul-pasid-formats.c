/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PASID tables of other IOMMUs than VT-d's. Entries are written by the bit numbers of the
 * specifications: Arm IHI 0070 (SMMUv3), 48882 (AMD), RISC-V IOMMU 1.0.
 */
#include "pasid_guest.h"
#undef BIT
#include "smmuv3_unit.h"

static struct pasid_guest g;
static uint64_t ste[8];
static struct ioasid_smmuv3_regs regs;

static void setup(void)
{
	pasid_guest_open(&g);
	regs = unit();
	memset(ste, 0, sizeof(ste));
}

static void teardown(void)
{
	pasid_guest_close(&g);
}

static void put(uint64_t table, uint64_t index, uint64_t value)
{
	gt_store(word(&g, table + 8 * index), value);
}

/* A table of four levels that maps address 0 to page @n of the data. */
static uint64_t four_levels(uint64_t to_table, uint64_t to_page, unsigned int shift, unsigned int n)
{
	uint64_t root = new_page(&g), at = root, next;
	int level;

	for (level = 4; level > 1; level--, at = next) {
		next = new_page(&g);
		put(at, 0, next >> 12 << shift | to_table);
	}
	put(at, 0, (DATA + n * PAGE) >> 12 << shift | to_page);
	return root;
}

static uint64_t arm_table(unsigned int n)
{
	/* D8.3: a table; a page with AF, SH = 11b, AP[2:1] = 01b */
	return four_levels(3, 3 | 1 << 10 | 3 << 8 | 1 << 6, 12, n);
}

static uint64_t x86_table(unsigned int n)
{
	return four_levels(7, 7, 12, n);
}

static uint64_t riscv_table(unsigned int n)
{
	/* V; V, R, W, U, A, D */
	return four_levels(1, 0xd7, 10, n);
}

static void bind_it(const struct ioasid_pasid_table *t)
{
	ck_ok(ioasid_space_bind_pasid_table(g.space, t));
	if (!ioasid_device_get_space(g.device))
		ck_ok(ioasid_device_attach(g.device, g.space));
}

/* A context descriptor (5.4): T0SZ = 16, 4K, EPD1, V, IPS = 5, AA64, R, A, ASID. */
static void set_cd(uint64_t at, uint64_t root)
{
	put(at, 1, root);
	put(at, 0, 16 | BIT(30) | BIT(31) | UINT64_C(5) << 32 | BIT(41) | BIT(45) | BIT(46) |
		   BIT(48));
}

static struct ioasid_pasid_table smmuv3(uint64_t base, unsigned int s1fmt, unsigned int bits,
					unsigned int dss)
{
	struct ioasid_pasid_table t = IOASID_PASID_TABLE_INIT;

	/* 5.2: V, Config, S1Fmt, S1ContextPtr, S1CDMax; S1DSS */
	ste[0] = 1 | 5 << 1 | s1fmt << 4 | base | (uint64_t)bits << 59;
	ste[1] = dss;
	t.format = IOASID_PASID_TABLE_SMMUV3;
	t.smmuv3_regs = &regs;
	memcpy(t.smmuv3_ste, ste, sizeof(ste));
	return t;
}

START_TEST(smmuv3_linear)
{
	uint64_t cds = 64 * PAGE;
	struct ioasid_pasid_table t;

	g.next = 80 * PAGE;
	set_cd(cds, arm_table(1));
	set_cd(cds + 64 * 5, arm_table(2));
	set_cd(cds + 64 * 255, arm_table(3));
	t = smmuv3(cds, 0, 8, 2);
	bind_it(&t);
	ck_assert_int_eq(reached(g.device, IOASID_NO_PASID, 0), 1);
	ck_assert_int_eq(reached(g.device, 5, 0), 2);
	ck_assert_int_eq(reached(g.device, 255, 0), 3);
	faults(&g, 0, IOASID_FAULT_PASID_RANGE);
	faults(&g, 6, IOASID_FAULT_PASID_NOT_PRESENT);
	faults(&g, 256, IOASID_FAULT_PASID_RANGE);
	set_cd(cds + 64 * 5, arm_table(4));
	ck_assert_int_eq(reached(g.device, 5, 0), 2);
	inv_pasid(&g, 5);
	ck_assert_int_eq(reached(g.device, 5, 0), 4);
	put(cds + 64 * 7, 0, BIT(31));	/* not AA64, no TTB */
	faults(&g, 7, IOASID_FAULT_PASID_MALFORMED);
	/* which a unit can have, but not the library: a big-endian table (ENDI) */
	regs.idr[0] &= ~TTENDIAN(3u);
	bind_it(&t);
	set_cd(cds + 64 * 9, arm_table(6));
	ck_assert_int_eq(reached(g.device, 9, 0), 6);
	put(cds + 64 * 9, 0, le64toh(*word(&g, cds + 64 * 9)) | BIT(15));
	inv_pasid(&g, 9);
	faults(&g, 9, IOASID_FAULT_PASID_MALFORMED);
}
END_TEST

START_TEST(smmuv3_two_levels)
{
	unsigned int split = _i == 1 ? 6 : 10;
	uint64_t l1 = 16 * PAGE, l2 = 64 * PAGE, last = (1u << 12) - 1;
	struct ioasid_pasid_table t;

	g.next = 128 * PAGE;
	put(l1, last >> split, l2 | 1);
	set_cd(l2 + 64 * (last & ((1u << split) - 1)), arm_table(7));
	put(l1, 1, FOREIGN | 1);
	t = smmuv3(l1, (unsigned int)_i, 12, 1);
	bind_it(&t);
	ck_assert_int_eq(reached(g.device, (uint32_t)last, 0), 7);
	faults(&g, 3, IOASID_FAULT_PASID_NOT_PRESENT);
	faults(&g, 1u << split, IOASID_FAULT_PASID_TABLE_NOT_MAPPED);
	/* S1DSS: bypass, then terminate */
	ck_assert_int_eq(reached(g.device, IOASID_NO_PASID, DATA + 9 * PAGE), 9);
	t = smmuv3(l1, (unsigned int)_i, 12, 0);
	bind_it(&t);
	faults(&g, IOASID_NO_PASID, IOASID_FAULT_BLOCKED);
	ck_assert_int_eq(reached(g.device, (uint32_t)last, 0), 7);
}
END_TEST

START_TEST(smmuv3_without_substreams)
{
	uint64_t cd = 16 * PAGE;
	struct ioasid_pasid_table t;

	g.next = 32 * PAGE;
	set_cd(cd, arm_table(1));
	t = smmuv3(cd, 0, 0, 0);
	bind_it(&t);
	ck_assert_int_eq(reached(g.device, IOASID_NO_PASID, 0), 1);
	faults(&g, 0, IOASID_FAULT_PASID_RANGE);
	faults(&g, 1, IOASID_FAULT_PASID_RANGE);
}
END_TEST

START_TEST(smmuv3_descriptions)
{
	struct ioasid_pasid_table t = smmuv3(16 * PAGE, 0, 8, 2);

	t.base = PAGE;
	ck_err(ioasid_space_bind_pasid_table(g.space, &t), EINVAL);
	t = smmuv3(16 * PAGE, 0, 8, 2);
	t.smmuv3_regs = NULL;
	ck_err(ioasid_space_bind_pasid_table(g.space, &t), EINVAL);
	t = smmuv3(16 * PAGE, 0, 8, 2);
	t.smmuv3_ste[0] &= ~UINT64_C(1);
	ck_err(ioasid_space_bind_pasid_table(g.space, &t), EINVAL);
	t = smmuv3(16 * PAGE, 0, 8, 2);
	t.smmuv3_ste[0] ^= 1 << 1;	/* Config: bypass */
	ck_err(ioasid_space_bind_pasid_table(g.space, &t), EINVAL);
	t = vtd_table();
	t.smmuv3_regs = &regs;
	ck_err(ioasid_space_bind_pasid_table(g.space, &t), EINVAL);
}
END_TEST

static struct ioasid_pasid_table amd(uint64_t base, uint32_t levels)
{
	struct ioasid_pasid_table t = IOASID_PASID_TABLE_INIT;

	t.format = IOASID_PASID_TABLE_AMD;
	t.base = base;
	t.levels = levels;
	t.pasid_bits = levels < 3 ? 9 * levels : 20;
	t.pgtable_levels = 4;
	return t;
}

START_TEST(amd_levels)
{
	uint64_t table[4], level;
	struct ioasid_pasid_table t;
	uint32_t last;

	for (level = 1; level <= 3; level++)
		table[level] = new_page(&g);
	t = amd(table[_i], (uint32_t)_i);
	last = (1u << t.pasid_bits) - 1;
	for (level = (uint64_t)_i; level > 1; level--) {
		put(table[level], 0, table[level - 1] | 1);
		put(table[level], last >> 9 * (level - 1) & 511, table[level - 1] | 1);
		put(table[level], 1, FOREIGN | 1);
		put(table[level], 2, table[level - 1] | 1 | 1 << 4);
	}
	put(table[1], 0, x86_table(1) | 1);
	put(table[1], 5, x86_table(2) | 1);
	put(table[1], 511, x86_table(3) | 1);
	put(table[1], 6, PAGE | 1 | BIT(52));
	bind_it(&t);
	ck_assert_int_eq(reached(g.device, IOASID_NO_PASID, 0), 1);
	ck_assert_int_eq(reached(g.device, 0, 0), 1);
	ck_assert_int_eq(reached(g.device, 5, 0), 2);
	ck_assert_int_eq(reached(g.device, last, 0), 3);
	faults(&g, 7, IOASID_FAULT_PASID_NOT_PRESENT);
	faults(&g, 6, IOASID_FAULT_PASID_MALFORMED);
	if (_i > 1) {
		faults(&g, 1u << 9 * (_i - 1), IOASID_FAULT_PASID_TABLE_NOT_MAPPED);
		faults(&g, 2u << 9 * (_i - 1), IOASID_FAULT_PASID_MALFORMED);
	}
	if (last < 0xfffff)
		faults(&g, last + 1, IOASID_FAULT_PASID_RANGE);
	put(table[1], 5, x86_table(4) | 1);
	inv_pasid(&g, 5);
	ck_assert_int_eq(reached(g.device, 5, 0), 4);
}
END_TEST

START_TEST(amd_descriptions)
{
	struct ioasid_pasid_table t = amd(PAGE, 1);

	t.levels = 4;
	ck_err(ioasid_space_bind_pasid_table(g.space, &t), EINVAL);
	t = amd(PAGE, 0);
	ck_err(ioasid_space_bind_pasid_table(g.space, &t), EINVAL);
	t = amd(PAGE, 1);
	t.pasid_bits = 10;
	ck_err(ioasid_space_bind_pasid_table(g.space, &t), EINVAL);
	t = amd(PAGE, 1);
	t.pgtable_levels = 3;
	ck_err(ioasid_space_bind_pasid_table(g.space, &t), EINVAL);
	t = amd(PAGE, 1);
	t.flags = IOASID_PASID_TABLE_IGNORE_ACCESSED;
	ck_err(ioasid_space_bind_pasid_table(g.space, &t), EINVAL);
}
END_TEST

static struct ioasid_pasid_table riscv(uint64_t base, uint32_t levels)
{
	static const uint32_t bits[] = { 0, 8, 17, 20 };
	struct ioasid_pasid_table t = IOASID_PASID_TABLE_INIT;

	t.format = IOASID_PASID_TABLE_RISCV;
	t.base = base;
	t.levels = levels;
	t.pasid_bits = bits[levels];
	return t;
}

/* A process context: V, PSCID; MODE, PPN. */
static void set_pc(uint64_t table, unsigned int index, uint64_t mode, uint64_t root)
{
	put(table + 16 * index, 1, mode << 60 | root >> 12);
	put(table + 16 * index, 0, 1 | 3 << 12);
}

START_TEST(riscv_levels)
{
	static const unsigned int shift[] = { 0, 0, 8, 17 };
	uint64_t table[4], level;
	struct ioasid_pasid_table t;
	uint32_t last;

	for (level = 1; level <= 3; level++)
		table[level] = new_page(&g);
	t = riscv(table[_i], (uint32_t)_i);
	last = (1u << t.pasid_bits) - 1;
	for (level = (uint64_t)_i; level > 1; level--) {
		put(table[level], 0, table[level - 1] >> 2 | 1);
		put(table[level], last >> shift[level] & (level == 3 ? 7 : 511),
		    table[level - 1] >> 2 | 1);
		put(table[level], 1, FOREIGN >> 2 | 1);
		put(table[level], 2, table[level - 1] >> 2 | 1 | 1 << 4);
	}
	set_pc(table[1], 0, 9, riscv_table(1));
	set_pc(table[1], 5, 9, riscv_table(2));
	set_pc(table[1], 255, 9, riscv_table(3));
	set_pc(table[1], 6, 0, 0);
	set_pc(table[1], 7, 11, PAGE);
	set_pc(table[1], 8, 9, PAGE);
	put(table[1] + 16 * 8, 0, 1 | 1 << 4);
	bind_it(&t);
	ck_assert_int_eq(reached(g.device, IOASID_NO_PASID, 0), 1);
	ck_assert_int_eq(reached(g.device, 0, 0), 1);
	ck_assert_int_eq(reached(g.device, 5, 0), 2);
	ck_assert_int_eq(reached(g.device, last, 0), 3);
	ck_assert_int_eq(reached(g.device, 6, DATA + 4 * PAGE), 4);
	faults(&g, 7, IOASID_FAULT_PASID_MALFORMED);
	faults(&g, 8, IOASID_FAULT_PASID_MALFORMED);
	faults(&g, 9, IOASID_FAULT_PASID_NOT_PRESENT);
	if (_i > 1) {
		faults(&g, 1u << shift[_i], IOASID_FAULT_PASID_TABLE_NOT_MAPPED);
		faults(&g, 2u << shift[_i], IOASID_FAULT_PASID_MALFORMED);
	}
	if (last < 0xfffff)
		faults(&g, last + 1, IOASID_FAULT_PASID_RANGE);
}
END_TEST

/* An access flag that is clear is the device's to set, or faults (DC.tc.SADE). */
START_TEST(riscv_access_flags)
{
	uint64_t table = new_page(&g);
	struct ioasid_pasid_table t = riscv(table, 1);

	set_pc(table, 5, 9, four_levels(1, 0x17, 10, 6));
	bind_it(&t);
	ck_assert_int_eq(reached(g.device, 5, 0), -EFAULT);
	t.flags = IOASID_PASID_TABLE_IGNORE_ACCESSED;
	bind_it(&t);
	ck_assert_int_eq(reached(g.device, 5, 0), 6);
	t.levels = 0;
	ck_err(ioasid_space_bind_pasid_table(g.space, &t), EINVAL);
	t = riscv(table, 1);
	t.pasid_bits = 9;
	ck_err(ioasid_space_bind_pasid_table(g.space, &t), EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pasid formats");
	TCase *tc = tcase_create("formats");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, smmuv3_linear);
	tcase_add_loop_test(tc, smmuv3_two_levels, 1, 3);
	tcase_add_test(tc, smmuv3_without_substreams);
	tcase_add_test(tc, smmuv3_descriptions);
	tcase_add_loop_test(tc, amd_levels, 1, 4);
	tcase_add_test(tc, amd_descriptions);
	tcase_add_loop_test(tc, riscv_levels, 1, 4);
	tcase_add_test(tc, riscv_access_flags);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
