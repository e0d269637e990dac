/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The formats of PASID tables, and what they share. */
#include <errno.h>

#include "pasidtab/pasidtab.h"
#include "util/bits.h"
#include "util/err.h"

#define PAGE 4096u

const struct pasidtab_format *pasidtab_find(enum ioasid_pasid_table_format format)
{
	static const struct pasidtab_format *const formats[] = {
		[IOASID_PASID_TABLE_VTD] = &pasidtab_vtd,
		[IOASID_PASID_TABLE_SMMUV3] = &pasidtab_smmuv3,
		[IOASID_PASID_TABLE_AMD] = &pasidtab_amd,
		[IOASID_PASID_TABLE_RISCV] = &pasidtab_riscv,
	};

	return (size_t)format < bits_array_size(formats) ? formats[format] : NULL;
}

int pasidtab_check(const struct ioasid_pasid_table *table, uint32_t flags, uint32_t address_bits,
		   uint32_t pasid_bits)
{
	uint32_t bits = table->address_bits ? table->address_bits : address_bits;
	uint32_t rid = table->flags & PASIDTAB_RID_FLAGS;

	if (table->flags & ~(PASIDTAB_RID_FLAGS | flags) || rid == PASIDTAB_RID_FLAGS)
		return err_set(EINVAL, "PASID-table flags 0x%x: unknown, or two at once",
			       table->flags);
	if (bits < 32 || bits > address_bits)
		return err_set(EINVAL, "address_bits %u, must be 32 to %u", bits, address_bits);
	if (!bits_is_aligned(table->base, PAGE) || table->base >> bits)
		return err_set(EINVAL, "base 0x%llx: not a multiple of %u, or beyond %u bits",
			       (unsigned long long)table->base, PAGE, bits);
	if (!table->pasid_bits || table->pasid_bits > pasid_bits)
		return err_set(EINVAL, "pasid_bits %u, must be 1 to %u", table->pasid_bits,
			       pasid_bits);
	if (!rid && table->rid_pasid >> table->pasid_bits)
		return err_set(EINVAL, "rid_pasid %u has more than %u bits", table->rid_pasid,
			       table->pasid_bits);
	if (table->smmuv3_regs ||
	    (table->pgtable_levels && table->format != IOASID_PASID_TABLE_AMD))
		return err_set(EINVAL, "smmuv3_regs or pgtable_levels, but the PASID table has "
			       "format %u", (unsigned int)table->format);
	return 0;
}

bool pasidtab_read(pasidtab_load load, void *opaque, uint64_t addr, uint64_t *words,
		   unsigned int n, struct pasidtab_entry *entry)
{
	int ret = load(opaque, addr, words, n);

	if (ret == -ENOMEM)
		entry->kind = PASIDTAB_NOMEM;
	else if (ret)
		pasidtab_fault(entry, IOASID_FAULT_PASID_TABLE_NOT_MAPPED);
	return !ret;
}
