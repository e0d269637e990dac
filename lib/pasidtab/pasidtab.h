/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Formats of PASID tables: from a PASID to the page table that a guest has entered for it. Entries
 * are read through a function of the caller's, each 64-bit word once, and what they say is decided
 * on that copy. A look-up reads as many entries as the table has levels.
 */
#ifndef PASIDTAB_PASIDTAB_H
#define PASIDTAB_PASIDTAB_H

#include <ioasid/event.h>
#include <ioasid/pasid.h>

/* What is read at once is at most this long, aligned to its length. */
#define PASIDTAB_MAX_WORDS 8u

/*
 * Copies @n words, little-endian in memory, from @addr, a multiple of their size. 0; -EFAULT: the
 * parent does not map them for reading; -ENOMEM.
 */
typedef int (*pasidtab_load)(void *opaque, uint64_t addr, uint64_t *words, unsigned int n);

enum pasidtab_kind {
	PASIDTAB_TABLE,		/* translated by a page table */
	PASIDTAB_BYPASS,	/* addresses are the parent's */
	PASIDTAB_FAULT,
	PASIDTAB_NOMEM,
};

struct pasidtab_entry {
	enum pasidtab_kind kind;
	enum ioasid_fault_reason reason;	/* of a fault */
	struct ioasid_pgtable pgtable;		/* as for ioasid_space_bind_pgtable() */
};

struct pasidtab_format {
	/* Checks a description, and completes it. 0, or err_set(): -EINVAL. */
	int (*prepare)(struct ioasid_pasid_table *table);
	/* @pasid is below 2^table->pasid_bits. */
	void (*look_up)(const struct ioasid_pasid_table *table, uint32_t pasid, pasidtab_load load,
			void *opaque, struct pasidtab_entry *entry);
	/* rid_pasid is not for requests with a PASID. */
	bool rid_is_own;
	/*
	 * The number of the unit's own record of requests with that PASID, or IOASID_NO_PASID,
	 * which the table does not let through; 0: none. NULL: records say no more than the reason.
	 */
	uint8_t (*record_code)(const struct ioasid_pasid_table *table, uint32_t pasid,
			       pasidtab_load load, void *opaque);
};

extern const struct pasidtab_format pasidtab_amd;
extern const struct pasidtab_format pasidtab_riscv;
extern const struct pasidtab_format pasidtab_smmuv3;
extern const struct pasidtab_format pasidtab_vtd;

#define PASIDTAB_RID_FLAGS (IOASID_PASID_TABLE_RID_BYPASS | IOASID_PASID_TABLE_RID_BLOCKED)

/* NULL: not known. */
const struct pasidtab_format *pasidtab_find(enum ioasid_pasid_table_format format);

/* All that are known: bit IOASID_PASID_TABLE_*. */
#define PASIDTAB_ALL \
	(UINT64_C(1) << IOASID_PASID_TABLE_VTD | UINT64_C(1) << IOASID_PASID_TABLE_SMMUV3 | \
	 UINT64_C(1) << IOASID_PASID_TABLE_AMD | UINT64_C(1) << IOASID_PASID_TABLE_RISCV)

/*
 * The members of most formats: @flags that it has beside those about requests without PASID, at
 * most
 * @address_bits and @pasid_bits. 0, or err_set(): -EINVAL.
 */
int pasidtab_check(const struct ioasid_pasid_table *table, uint32_t flags, uint32_t address_bits,
		   uint32_t pasid_bits);

static inline void pasidtab_fault(struct pasidtab_entry *entry, enum ioasid_fault_reason reason)
{
	entry->kind = PASIDTAB_FAULT;
	entry->reason = reason;
}

/* Reads, or says why that cannot be. */
bool pasidtab_read(pasidtab_load load, void *opaque, uint64_t addr, uint64_t *words,
		   unsigned int n, struct pasidtab_entry *entry);

#endif
