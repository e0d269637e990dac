/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Accessed and dirty flags: what a unit that walks a table itself sets in it. A shadow sets none.
 */
#ifndef PGTABLE_FLAGS_H
#define PGTABLE_FLAGS_H

#include "pgtable/pgtable.h"

struct pgt_flags {
	uint64_t accessed;	/* set in each entry that a translation used; 0: none */
	uint64_t dirty;		/* set in the leaf of one that is written through; 0: none */
};

struct pgt_flags pgt_flags(const struct pgt *g);

#endif
