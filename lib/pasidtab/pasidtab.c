/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The formats of PASID tables, and what they share. */
#include <errno.h>

#include "pasidtab/pasidtab.h"
#include "util/bits.h"

const struct pasidtab_format *pasidtab_find(enum ioasid_pasid_table_format format)
{
	static const struct pasidtab_format *const formats[] = {
		[IOASID_PASID_TABLE_VTD] = &pasidtab_vtd,
	};

	return (size_t)format < bits_array_size(formats) ? formats[format] : NULL;
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
