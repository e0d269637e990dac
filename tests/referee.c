/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "arm_walker.h"
#include "referee.h"
#include "vtd_walker.h"

static bool is_arm(const struct ioasid_pgtable *t)
{
	return t->format == IOASID_PGTABLE_ARM_S1;
}

static struct vtdw_table vtd_table(const struct ioasid_pgtable *t)
{
	return (struct vtdw_table){
		.first_stage = t->format == IOASID_PGTABLE_VTD_FS, .levels = t->levels,
		.root = t->root, .haw = t->address_bits ? t->address_bits : 52,
		.mgaw = t->input_bits, .page_2m = !(t->flags & IOASID_PGTABLE_NO_2M),
		.page_1g = !(t->flags & IOASID_PGTABLE_NO_1G), .snoop_control = true,
		.supervisor = t->flags & IOASID_PGTABLE_PRIVILEGED,
		.write_protect = t->flags & IOASID_PGTABLE_WRITE_PROTECT,
	};
}

static struct armw_table arm_table(const struct ioasid_pgtable *t)
{
	return (struct armw_table){
		.tsz = 64 - (t->input_bits ? t->input_bits : 12 + 9 * t->levels),
		.oas = t->address_bits ? t->address_bits : 48, .root = t->root,
		.privileged = t->flags & IOASID_PGTABLE_PRIVILEGED,
		.ha = t->flags & IOASID_PGTABLE_IGNORE_ACCESSED,
		.hpd = t->flags & IOASID_PGTABLE_NO_HIERARCHY,
	};
}

static struct ref_entry judge_vtd(const struct ioasid_pgtable *t, unsigned int level,
				  uint64_t entry)
{
	static const enum ref_kind kinds[] = {
		[VTDW_ENTRY_ABSENT] = REF_ABSENT, [VTDW_ENTRY_TABLE] = REF_TABLE,
		[VTDW_ENTRY_PAGE] = REF_PAGE, [VTDW_ENTRY_MALFORMED] = REF_MALFORMED,
	};
	struct vtdw_table table = vtd_table(t);
	struct vtdw_judgement j = vtdw_judge(&table, level, entry);

	return (struct ref_entry){ kinds[j.kind], j.address, j.read, j.write };
}

static struct ref_entry judge_arm(const struct ioasid_pgtable *t, unsigned int level,
				  uint64_t entry)
{
	static const enum ref_kind kinds[] = {
		[ARMW_INVALID] = REF_ABSENT, [ARMW_TABLE] = REF_TABLE, [ARMW_BLOCK] = REF_PAGE,
		[ARMW_ADDRESS_SIZE] = REF_MALFORMED, [ARMW_ACCESS_FLAG] = REF_MALFORMED,
	};
	struct armw_table table = arm_table(t);
	struct armw_judgement j = armw_judge(&table, 4 - (int)level, entry);

	return (struct ref_entry){ kinds[j.kind], j.address, j.read, j.write };
}

struct ref_entry ref_judge(const struct ioasid_pgtable *t, unsigned int level, uint64_t entry)
{
	return is_arm(t) ? judge_arm(t, level, entry) : judge_vtd(t, level, entry);
}

uint64_t ref_span(const struct ioasid_pgtable *t, unsigned int level)
{
	(void)t;
	return vtdw_span(level);
}

static int no_entry(void *opaque, uint64_t address, uint64_t *entry)
{
	(void)opaque;
	(void)address;
	(void)entry;
	return -1;
}

bool ref_is_input(const struct ioasid_pgtable *t, uint64_t iova)
{
	struct vtdw_table vtd = vtd_table(t);
	struct armw_table arm = arm_table(t);

	if (is_arm(t))
		return !armw_walk(&arm, iova, no_entry, NULL).input;
	return vtdw_walk(&vtd, iova, no_entry, NULL).fault != VTDW_INPUT;
}

bool ref_walk(const struct ioasid_pgtable *t, uint64_t iova, ref_read read, void *opaque,
	      struct ref_entry *page)
{
	struct vtdw_table vtd = vtd_table(t);
	struct armw_table arm = arm_table(t);

	if (is_arm(t)) {
		struct armw_result r = armw_walk(&arm, iova, read, opaque);

		*page = (struct ref_entry){ REF_PAGE, r.pa, r.read, r.write };
		return r.fault == ARMW_BLOCK;
	} else {
		struct vtdw_result r = vtdw_walk(&vtd, iova, read, opaque);

		*page = (struct ref_entry){ REF_PAGE, r.gpa, r.read, r.write };
		return r.fault == VTDW_OK;
	}
}
