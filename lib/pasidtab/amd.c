/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AMD's IOMMU: guest CR3 tables of one to three levels (AMD IOMMU specification, 48882, 2.2.6). */
#include <errno.h>

#include "pasidtab/pasidtab.h"
#include "util/bits.h"
#include "util/err.h"

#define V	  UINT64_C(1)
#define ADDRESS	  UINT64_C(0x000ffffffffff000)
#define INDEX_BITS 9u

static int prepare(struct ioasid_pasid_table *table)
{
	if (table->levels < 1 || table->levels > 3)
		return err_set(EINVAL, "a GCR3 table has 1 to 3 levels, not %u", table->levels);
	if (table->pgtable_levels != 4 && table->pgtable_levels != 5)
		return err_set(EINVAL, "pgtable_levels %u, must be 4 or 5", table->pgtable_levels);
	return pasidtab_check(table, 0, 52, (uint32_t)bits_min(INDEX_BITS * table->levels, 20));
}

/* An entry is valid, and else an address: of the next table, or the value of CR3. */
static bool decode(const struct ioasid_pasid_table *table, uint64_t raw,
		   struct pasidtab_entry *entry)
{
	if (!(raw & V))
		pasidtab_fault(entry, IOASID_FAULT_PASID_NOT_PRESENT);
	else if (raw & ~(V | ADDRESS) ||
		 (table->address_bits && raw >> table->address_bits))
		pasidtab_fault(entry, IOASID_FAULT_PASID_MALFORMED);
	else
		return true;
	return false;
}

static void look_up(const struct ioasid_pasid_table *table, uint32_t pasid, pasidtab_load load,
		    void *opaque, struct pasidtab_entry *entry)
{
	uint64_t at = table->base, raw = 0;
	uint32_t level;

	for (level = table->levels; level; level--) {
		uint32_t i = pasid >> INDEX_BITS * (level - 1) & ((1u << INDEX_BITS) - 1);

		if (!pasidtab_read(load, opaque, at + 8 * (uint64_t)i, &raw, 1, entry) ||
		    !decode(table, raw, entry))
			return;
		at = raw & ADDRESS;
	}
	entry->kind = PASIDTAB_TABLE;
	entry->pgtable.format = IOASID_PGTABLE_AMD_V2;
	entry->pgtable.levels = table->pgtable_levels;
	entry->pgtable.root = at;
	entry->pgtable.address_bits = table->address_bits;
}

const struct pasidtab_format pasidtab_amd = { prepare, look_up, false };
