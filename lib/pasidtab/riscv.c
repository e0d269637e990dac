/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RISC-V's IOMMU: the process-directory table (RISC-V IOMMU architecture, 1.0, 3.2). */
#include <errno.h>

#include "pasidtab/pasidtab.h"
#include "util/bits.h"
#include "util/err.h"

#define V	   UINT64_C(1)
#define PPN_BITS   44u

/* A non-leaf entry (3.2.1): V, PPN in bits 53:10. */
#define NEXT_RESERVED (~(V | ((UINT64_C(1) << PPN_BITS) - 1) << 10))

/*
 * A process context (3.2.3): translation attributes (V, ENS, SUM, PSCID), first-stage context
 * (MODE, PPN).
 */
#define TA_KNOWN   (UINT64_C(0x7) | UINT64_C(0xfffff) << 12)
#define FSC_PPN	   ((UINT64_C(1) << PPN_BITS) - 1)
#define FSC_MODE_SHIFT 60u
#define FSC_RESERVED (UINT64_C(0xffff) << PPN_BITS)
enum { BARE = 0, SV39 = 8, SV48 = 9, SV57 = 10 };

/* The modes of pdtp: PD8, PD17, PD20 (3.1.3, 3.2). */
static const struct {
	unsigned int bits;	/* of a process_id */
	unsigned int shift;	/* of those that index the first table */
} modes[] = { { 0, 0 }, { 8, 0 }, { 17, 8 }, { 20, 17 } };

static int prepare(struct ioasid_pasid_table *table)
{
	if (table->levels < 1 || table->levels > 3)
		return err_set(EINVAL, "a process directory has 1 to 3 levels, not %u",
			       table->levels);
	return pasidtab_check(table, IOASID_PASID_TABLE_IGNORE_ACCESSED, 56,
			      modes[table->levels].bits);
}

static void decode(const struct ioasid_pasid_table *table, const uint64_t raw[2],
		   struct pasidtab_entry *entry)
{
	uint64_t mode = raw[1] >> FSC_MODE_SHIFT;

	if (!(raw[0] & V)) {
		pasidtab_fault(entry, IOASID_FAULT_PASID_NOT_PRESENT);
	} else if (raw[0] & ~TA_KNOWN || raw[1] & FSC_RESERVED ||
		   (mode != BARE && (mode < SV39 || mode > SV57))) {
		pasidtab_fault(entry, IOASID_FAULT_PASID_MALFORMED);
	} else if (mode == BARE) {
		entry->kind = PASIDTAB_BYPASS;
	} else {
		entry->kind = PASIDTAB_TABLE;
		entry->pgtable.format = IOASID_PGTABLE_RISCV;
		entry->pgtable.levels = (uint32_t)mode - SV39 + 3;
		entry->pgtable.root = (raw[1] & FSC_PPN) << 12;
		entry->pgtable.address_bits = table->address_bits;
		if (table->flags & IOASID_PASID_TABLE_IGNORE_ACCESSED)
			entry->pgtable.flags = IOASID_PGTABLE_IGNORE_ACCESSED;
	}
}

static void look_up(const struct ioasid_pasid_table *table, uint32_t pasid, pasidtab_load load,
		    void *opaque, struct pasidtab_entry *entry)
{
	uint64_t at = table->base, raw[2] = { 0 };
	uint32_t level;

	for (level = table->levels; level > 1; level--) {
		uint32_t i = pasid >> modes[level].shift & (level == 3 ? 0x7 : 0x1ff);

		if (!pasidtab_read(load, opaque, at + 8 * (uint64_t)i, raw, 1, entry))
			return;
		if (!(raw[0] & V) || raw[0] & NEXT_RESERVED) {
			pasidtab_fault(entry, raw[0] & V ? IOASID_FAULT_PASID_MALFORMED :
							   IOASID_FAULT_PASID_NOT_PRESENT);
			return;
		}
		at = raw[0] >> 10 << 12;
	}
	if (pasidtab_read(load, opaque, at + 16 * (uint64_t)(pasid & 0xff), raw, 2, entry))
		decode(table, raw, entry);
}

const struct pasidtab_format pasidtab_riscv = { prepare, look_up, false };
