/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "amd_walker.h"
#include "arm_walker.h"
#include "referee.h"
#include "riscv_walker.h"
#include "vtd_walker.h"

static struct vtdw_table vtd_table(const struct ioasid_pgtable *t)
{
	return (struct vtdw_table){
		.first_stage = t->format == IOASID_PGTABLE_VTD_FS, .levels = t->levels,
		.haw = t->address_bits ? t->address_bits : 52, .mgaw = t->input_bits,
		.page_2m = !(t->flags & IOASID_PGTABLE_NO_2M),
		.page_1g = !(t->flags & IOASID_PGTABLE_NO_1G), .snoop_control = true,
		.supervisor = t->flags & IOASID_PGTABLE_PRIVILEGED,
		.write_protect = t->flags & IOASID_PGTABLE_WRITE_PROTECT,
		.ssade = t->flags & IOASID_PGTABLE_SET_DIRTY,
		.eafe = t->flags & IOASID_PGTABLE_SET_EXTENDED,
	};
}

static struct armw_table arm_table(const struct ioasid_pgtable *t)
{
	bool wide = t->flags & IOASID_PGTABLE_WIDE;
	unsigned int most = wide || t->granule_bits == 16 ? 52 : 48;
	unsigned int granule = t->granule_bits ? t->granule_bits : 12;
	unsigned int bits = granule + (granule - 3) * t->levels;

	return (struct armw_table){
		.stage2 = t->format == IOASID_PGTABLE_ARM_S2,
		.tsz = 64 - (t->input_bits ? t->input_bits : bits < most ? bits : most),
		.oas = t->address_bits ? t->address_bits : wide ? 52 : 48,
		.granule = 1u << (granule - 10),
		.wide = wide,
		.start = 4 - (int)t->levels,
		.privileged = t->flags & IOASID_PGTABLE_PRIVILEGED,
		.aff = !(t->flags & (IOASID_PGTABLE_IGNORE_ACCESSED | IOASID_PGTABLE_SET_ACCESSED)),
		.ha = t->flags & IOASID_PGTABLE_SET_ACCESSED,
		.hd = t->flags & IOASID_PGTABLE_SET_DIRTY,
		.hpd = t->flags & IOASID_PGTABLE_NO_HIERARCHY,
	};
}

static struct amdw_table amd_table(const struct ioasid_pgtable *t)
{
	unsigned int most = t->levels == 6 ? 64 : 12 + 9 * t->levels;

	return (struct amdw_table){
		.guest = t->format == IOASID_PGTABLE_AMD_V2, .levels = t->levels,
		.pa_bits = t->address_bits ? t->address_bits : 52,
		.va_bits = t->input_bits ? t->input_bits : most,
		.supervisor = t->flags & IOASID_PGTABLE_PRIVILEGED,
		.write_protect = t->flags & IOASID_PGTABLE_WRITE_PROTECT,
		.had = (t->flags & IOASID_PGTABLE_SET_ACCESSED ? 1 : 0) |
		       (t->flags & IOASID_PGTABLE_SET_DIRTY ? 2 : 0),
	};
}

static struct riscvw_table riscv_table(const struct ioasid_pgtable *t)
{
	return (struct riscvw_table){
		.levels = (int)t->levels, .pa_bits = t->address_bits ? t->address_bits : 56,
		.second = t->format == IOASID_PGTABLE_RISCV_S2,
		.supervisor = t->flags & IOASID_PGTABLE_PRIVILEGED,
		.sum = t->flags & IOASID_PGTABLE_USER_ACCESS,
		.ignore = t->flags & IOASID_PGTABLE_IGNORE_ACCESSED,
		.adue = t->flags & IOASID_PGTABLE_SET_ACCESSED,
		.rsw = t->flags & IOASID_PGTABLE_SOFTWARE_BITS,
		.pbmt = t->flags & IOASID_PGTABLE_MEMORY_TYPES,
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

	return (struct ref_entry){ kinds[j.kind], j.address, level - 1, j.read, j.write };
}

static struct ref_entry judge_arm(const struct ioasid_pgtable *t, unsigned int level,
				  uint64_t entry)
{
	static const enum ref_kind kinds[] = {
		[ARMW_INVALID] = REF_ABSENT, [ARMW_TABLE] = REF_TABLE, [ARMW_BLOCK] = REF_PAGE,
		[ARMW_ADDRESS_SIZE] = REF_MALFORMED, [ARMW_ACCESS_FLAG] = REF_NOT_ACCESSED,
	};
	struct armw_table table = arm_table(t);
	struct armw_judgement j = armw_judge(&table, 4 - (int)level, entry);

	return (struct ref_entry){ kinds[j.kind], j.address, level - 1, j.read, j.write };
}

static struct ref_entry judge_amd(const struct ioasid_pgtable *t, unsigned int level,
				  unsigned int index, uint64_t entry)
{
	static const enum ref_kind kinds[] = {
		[AMDW_ABSENT] = REF_ABSENT, [AMDW_TABLE] = REF_TABLE, [AMDW_PAGE] = REF_PAGE,
		[AMDW_RESERVED] = REF_MALFORMED,
	};
	struct amdw_table table = amd_table(t);
	struct amdw_judgement j = amdw_judge(&table, level, index, entry);

	return (struct ref_entry){ kinds[j.kind], j.address, j.next, j.read, j.write };
}

static struct ref_entry judge_riscv(const struct ioasid_pgtable *t, unsigned int level,
				    unsigned int index, uint64_t entry)
{
	static const enum ref_kind kinds[] = {
		[RISCVW_INVALID] = REF_ABSENT, [RISCVW_POINTER] = REF_TABLE,
		[RISCVW_LEAF] = REF_PAGE, [RISCVW_RESERVED] = REF_MALFORMED,
		[RISCVW_NOT_ACCESSED] = REF_NOT_ACCESSED,
	};
	struct riscvw_table table = riscv_table(t);
	struct riscvw_judgement j = riscvw_judge(&table, (int)level - 1, index, entry);

	return (struct ref_entry){ kinds[j.kind], j.address, level - 1, j.read, j.write };
}

struct ref_entry ref_judge(const struct ioasid_pgtable *t, unsigned int level, unsigned int index,
			   uint64_t entry)
{
	switch (t->format) {
	case IOASID_PGTABLE_ARM_S1:
	case IOASID_PGTABLE_ARM_S2:
		return judge_arm(t, level, entry);
	case IOASID_PGTABLE_AMD_V1:
	case IOASID_PGTABLE_AMD_V2:
		return judge_amd(t, level, index, entry);
	case IOASID_PGTABLE_RISCV:
	case IOASID_PGTABLE_RISCV_S2:
		return judge_riscv(t, level, index, entry);
	default:
		return judge_vtd(t, level, entry);
	}
}

uint64_t ref_used(const struct ioasid_pgtable *t, unsigned int level, bool write, uint64_t entry)
{
	bool page = ref_judge(t, level, 0, entry).kind == REF_PAGE;
	struct vtdw_table vtd = vtd_table(t);
	struct armw_table arm = arm_table(t);
	struct amdw_table amd = amd_table(t);
	struct riscvw_table riscv = riscv_table(t);

	switch (t->format) {
	case IOASID_PGTABLE_ARM_S1:
	case IOASID_PGTABLE_ARM_S2:
		return armw_used(&arm, 4 - (int)level, write, entry);
	case IOASID_PGTABLE_AMD_V1:
	case IOASID_PGTABLE_AMD_V2:
		return amdw_used(&amd, page, write, entry);
	case IOASID_PGTABLE_RISCV:
	case IOASID_PGTABLE_RISCV_S2:
		return riscvw_used(&riscv, page, write, entry);
	default:
		return vtdw_used(&vtd, page, write, entry);
	}
}

static bool is_arm(const struct ioasid_pgtable *t)
{
	return t->format == IOASID_PGTABLE_ARM_S1 || t->format == IOASID_PGTABLE_ARM_S2;
}

uint64_t ref_span(const struct ioasid_pgtable *t, unsigned int level)
{
	struct armw_table arm = arm_table(t);

	return is_arm(t) ? armw_span(&arm, 4 - (int)level) : vtdw_span(level);
}

unsigned int ref_index(const struct ioasid_pgtable *t, unsigned int level, uint64_t iova)
{
	struct armw_table arm = arm_table(t);
	struct riscvw_table riscv = riscv_table(t);

	if (is_arm(t))
		return armw_index(&arm, 4 - (int)level, iova);
	if (t->format == IOASID_PGTABLE_RISCV_S2)
		return riscvw_index(&riscv, (int)level - 1, iova);
	return (unsigned int)(iova / ref_span(t, level) % 512);
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
	struct amdw_table amd = amd_table(t);
	struct riscvw_table riscv = riscv_table(t);

	switch (t->format) {
	case IOASID_PGTABLE_ARM_S1:
	case IOASID_PGTABLE_ARM_S2:
		return !armw_walk(&arm, iova, no_entry, 0).input;
	case IOASID_PGTABLE_AMD_V1:
	case IOASID_PGTABLE_AMD_V2:
		return amdw_is_input(&amd, iova);
	case IOASID_PGTABLE_RISCV:
	case IOASID_PGTABLE_RISCV_S2:
		return riscvw_is_input(&riscv, iova);
	default:
		return vtdw_walk(&vtd, iova, no_entry, 0).fault != VTDW_INPUT;
	}
}

/* The table of high addresses (TTBR1) as one of low addresses; its input_bits are given. */
static struct ioasid_pgtable upper_table(const struct ioasid_pgtable *t)
{
	struct ioasid_pgtable upper = *t;

	upper.levels = t->upper_levels;
	upper.root = t->upper_root;
	upper.input_bits = t->upper_input_bits;
	upper.granule_bits = t->upper_granule_bits;
	upper.upper_levels = 0;
	upper.flags &= ~(IOASID_PGTABLE_WIDE | IOASID_PGTABLE_NO_HIERARCHY);
	if (t->flags & IOASID_PGTABLE_UPPER_WIDE)
		upper.flags |= IOASID_PGTABLE_WIDE;
	if (t->flags & IOASID_PGTABLE_UPPER_NO_HIERARCHY)
		upper.flags |= IOASID_PGTABLE_NO_HIERARCHY;
	return upper;
}

struct ioasid_pgtable ref_tree(const struct ioasid_pgtable *t, uint64_t *iova)
{
	struct ioasid_pgtable tree = *t;

	if (t->upper_levels && *iova >> 63) {
		tree = upper_table(t);
		if (~*iova >> tree.input_bits)
			tree.levels = 0;
		*iova %= UINT64_C(1) << tree.input_bits;
	}
	tree.upper_levels = 0;
	return tree;
}

static enum ref_fault walk_tree(const struct ioasid_pgtable *t, uint64_t iova, ref_read read,
				void *opaque, struct ref_entry *page)
{
	uint64_t table = t->root, entry;
	unsigned int level = t->levels;

	*page = (struct ref_entry){ REF_ABSENT, 0, level, true, true };
	if (!level || !ref_is_input(t, iova))
		return REF_NO_INPUT;
	for (;;) {
		unsigned int index = ref_index(t, level, iova);
		struct ref_entry e;

		page->level = level;
		if (read(opaque, table + 8 * index, &entry))
			return REF_NO_ACCESS;
		e = ref_judge(t, level, index, entry);
		if (e.kind == REF_ABSENT)
			return REF_NO_ENTRY;
		if (e.kind == REF_MALFORMED || e.kind == REF_NOT_ACCESSED)
			return REF_BAD_ENTRY;
		page->read = page->read && e.read;
		page->write = page->write && e.write;
		if (e.kind == REF_PAGE) {
			page->address = e.address + iova % ref_span(t, level);
			return REF_OK;
		}
		/* address bits of levels that are skipped have to be zero (AMD 2.2.3) */
		if (e.level + 1 < level && iova % ref_span(t, level) / ref_span(t, e.level + 1))
			return REF_NO_ENTRY;
		table = e.address;
		level = e.level;
	}
}

enum ref_fault ref_walk(const struct ioasid_pgtable *t, uint64_t iova, ref_read read, void *opaque,
			struct ref_entry *page)
{
	const struct ioasid_pgtable tree = ref_tree(t, &iova);

	return walk_tree(&tree, iova, read, opaque, page);
}
