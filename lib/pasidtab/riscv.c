/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RISC-V's IOMMU: the process-directory table (RISC-V IOMMU architecture, 1.0, 3.2). */
#include <errno.h>

#include "guest/pdt.h"
#include "pasidtab/pasidtab.h"
#include "util/err.h"

static int prepare(struct ioasid_pasid_table *table)
{
	if (table->levels < 1 || table->levels > 3)
		return err_set(EINVAL, "a process directory has 1 to 3 levels, not %u",
			       table->levels);
	return pasidtab_check(table, IOASID_PASID_TABLE_IGNORE_ACCESSED, 56,
			      pdt_bits(table->levels));
}

/* False: a fault. */
static bool judge(enum pdt_state state, struct pasidtab_entry *entry)
{
	if (state != PDT_VALID)
		pasidtab_fault(entry, state == PDT_ABSENT ? IOASID_FAULT_PASID_NOT_PRESENT :
							    IOASID_FAULT_PASID_MALFORMED);
	return state == PDT_VALID;
}

static void decode(const struct ioasid_pasid_table *table, const uint64_t raw[2],
		   struct pasidtab_entry *entry)
{
	/* without the unit's capabilities, all that they can say it has */
	uint64_t capabilities = table->caps[0] ? table->caps[0] : UINT64_MAX;
	struct pdt_fsc fsc;

	if (!judge(pdt_decode_context(raw, false, capabilities, &fsc), entry))
		return;
	entry->kind = fsc.levels ? PASIDTAB_TABLE : PASIDTAB_BYPASS;
	if (!fsc.levels)
		return;
	entry->pgtable.format = IOASID_PGTABLE_RISCV;
	entry->pgtable.levels = fsc.levels;
	entry->pgtable.root = fsc.root;
	entry->pgtable.address_bits = table->address_bits;
	if (table->flags & IOASID_PASID_TABLE_IGNORE_ACCESSED)
		entry->pgtable.flags |= IOASID_PGTABLE_IGNORE_ACCESSED;
	if (entry_bit(capabilities, PDT_CAP_SVRSW60T59B))
		entry->pgtable.flags |= IOASID_PGTABLE_SOFTWARE_BITS;
	if (entry_bit(capabilities, PDT_CAP_SVPBMT))
		entry->pgtable.flags |= IOASID_PGTABLE_MEMORY_TYPES;
}

static void look_up(const struct ioasid_pasid_table *table, uint32_t pasid, pasidtab_load load,
		    void *opaque, struct pasidtab_entry *entry)
{
	uint64_t at = table->base, raw[2] = { 0 };
	unsigned level;

	for (level = table->levels; level > 1; level--)
		if (!pasidtab_read(load, opaque, pdt_at(at, pasid, level), raw, 1, entry) ||
		    !judge(pdt_decode(raw[0], &at), entry))
			return;
	if (pasidtab_read(load, opaque, pdt_at(at, pasid, 1), raw, 2, entry))
		decode(table, raw, entry);
}

const struct pasidtab_format pasidtab_riscv = { prepare, look_up, false, NULL };
