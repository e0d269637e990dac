/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The flags that hardware sets in page tables, by format. */
#include "pgtable/flags.h"

struct pgt_flags pgt_flags(const struct pgt *g)
{
	switch (g->id) {
	case PGT_VTD_FS:
	case PGT_AMD_V2:
		/* 3.6.2, 9.7, AMD 2.2.6: A is bit 5 at every level, D is bit 6 of a leaf. */
		return (struct pgt_flags){ .accessed = UINT64_C(1) << 5,
					   .dirty = UINT64_C(1) << 6 };
	default:
		/* Second-stage ones have them only where SSADE says so (3.7.2, 9.6). */
		return (struct pgt_flags){ 0, 0 };
	}
}
