/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The page table of a translation as ioasid_space_bind_pgtable() takes it, and a process directory
 * as ioasid_space_bind_pasid_table() does.
 */
#include "export.h"
#include "guest/pdt.h"
#include "riscv/bits.h"

#define FIRST_TABLE_SIZE ENTRY_FIRST_SIZE(ioasid_pasid_table, smmuv3_ste)

static int unsupported(const char *what)
{
	return err_set(EOPNOTSUPP, "RISC-V IOMMU: %s", what);
}

IOASID_EXPORT int
ioasid_riscv_translation_get_pgtable(const struct ioasid_riscv_translation *translation,
				     enum ioasid_pgtable_format format,
				     struct ioasid_pgtable *pgtable)
{
	const struct ioasid_riscv_translation *t = translation;
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	bool first = format == IOASID_PGTABLE_RISCV, second = format == IOASID_PGTABLE_RISCV_S2;
	int ret = riscv_check_size(pgtable->size, FIRST_PGTABLE_SIZE);

	if (ret)
		return ret;
	p.format = format;
	p.levels = first ? t->first_levels : second ? t->second_levels : 0;
	p.root = first ? t->first_root : t->second_root;
	if (!p.levels)
		return err_set(ENOENT, "the translation has no table of format %d", (int)format);
	if (p.levels < 3)
		return unsupported("tables of Sv32 and Sv32x4");
	if (first ? t->big_endian : t->second_big_endian)
		return unsupported("big-endian tables");
	if (first ? t->first_update : t->second_update)
		p.flags |= IOASID_PGTABLE_SET_ACCESSED | IOASID_PGTABLE_SET_DIRTY;
	if (t->software_bits)
		p.flags |= IOASID_PGTABLE_SOFTWARE_BITS;
	if (t->memory_types)
		p.flags |= IOASID_PGTABLE_MEMORY_TYPES;
	entry_put(pgtable, &p, sizeof(p));
	return 0;
}

IOASID_EXPORT int ioasid_riscv_dc_get_pasid_table(const struct ioasid_riscv_regs *regs,
						  const struct ioasid_riscv_dc *dc,
						  struct ioasid_pasid_table *table)
{
	struct ioasid_pasid_table t = IOASID_PASID_TABLE_INIT;
	int ret = riscv_check(regs, table->size, FIRST_TABLE_SIZE, NULL);

	if (!ret)
		ret = riscv_check_size(dc->size, FIRST_DC_SIZE);
	if (ret)
		return ret;
	if (!dc->pdt_levels || dc->pdt_levels > 3)
		return err_set(ENOENT, "the device context has no process directory");
	if (dc->second_levels)
		return unsupported("process directories behind a second stage");
	if (dc->sv32)
		return unsupported("tables of Sv32");
	if (dc->big_endian)
		return unsupported("big-endian tables");
	t.format = IOASID_PASID_TABLE_RISCV;
	t.levels = dc->pdt_levels;
	t.base = dc->pdt_root;
	t.pasid_bits = pdt_bits(dc->pdt_levels);
	t.caps[0] = regs->capabilities;
	if (!dc->default_process)
		t.flags |= IOASID_PASID_TABLE_RID_BYPASS;
	if (dc->first_update)
		t.flags |= IOASID_PASID_TABLE_IGNORE_ACCESSED;
	entry_put(table, &t, sizeof(t));
	return 0;
}
