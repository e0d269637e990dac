/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AMD's IOMMU: guest CR3 tables of one to three levels (AMD IOMMU specification, 48882, 2.2.6). */
#include <errno.h>

#include "guest/gcr3.h"
#include "pasidtab/pasidtab.h"
#include "util/bits.h"
#include "util/err.h"

static int prepare(struct ioasid_pasid_table *table)
{
	if (table->levels < 1 || table->levels > 3)
		return err_set(EINVAL, "a GCR3 table has 1 to 3 levels, not %u", table->levels);
	if (table->pgtable_levels != 4 && table->pgtable_levels != 5)
		return err_set(EINVAL, "pgtable_levels %u, must be 4 or 5", table->pgtable_levels);
	return pasidtab_check(table, 0, 52,
			      (uint32_t)bits_min(GCR3_INDEX_BITS * table->levels, 20));
}

static bool decode(const struct ioasid_pasid_table *table, uint64_t raw, uint64_t *address,
		   struct pasidtab_entry *entry)
{
	enum gcr3_state state = gcr3_decode(raw, address);

	if (state == GCR3_ABSENT)
		pasidtab_fault(entry, IOASID_FAULT_PASID_NOT_PRESENT);
	else if (state == GCR3_RESERVED ||
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

	for (level = table->levels; level; level--)
		if (!pasidtab_read(load, opaque, gcr3_at(at, pasid, level), &raw, 1, entry) ||
		    !decode(table, raw, &at, entry))
			return;
	entry->kind = PASIDTAB_TABLE;
	entry->pgtable.format = IOASID_PGTABLE_AMD_V2;
	entry->pgtable.levels = table->pgtable_levels;
	entry->pgtable.root = at;
	entry->pgtable.address_bits = table->address_bits;
}

const struct pasidtab_format pasidtab_amd = { prepare, look_up, false, NULL };
