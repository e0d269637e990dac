/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Paging-structure caches: upper-level entries of guests' tables, from which a walk goes on without
 * a look at memory (VT-d 6.2.5, 6.2.6). One entry stands for the way from the root down to it.
 * Fully associative, the least recently used goes. Under the lock of the context.
 */
#ifndef EMULATED_PSC_H
#define EMULATED_PSC_H

#include "pgtable/pgtable.h"

struct psc_entry {
	uint64_t tag;		/* of the space; 0: free */
	uint64_t start, last;	/* the addresses that it serves */
	uint64_t used;
	uint64_t raw[PGT_MAX_LEVELS + 1];	/* of @level and above */
	unsigned int level;	/* of the lowest */
};

struct psc {
	struct psc_entry *entries;
	uint32_t n;		/* 0: there is no such cache */
	uint64_t clock;
	uint64_t hits;
};

/* 0 or -ENOMEM. */
int psc_init(struct psc *c, uint32_t entries);
void psc_destroy(struct psc *c);

/* The longest known part of the way to @iova: entries into @raw, the lowest's level; 0: none. */
unsigned int psc_find(struct psc *c, uint64_t tag, uint64_t iova, uint64_t *raw);

/* The way to @iova is known down to the entry at @level, and was not so far by psc_find(). */
void psc_fill(struct psc *c, uint64_t tag, const struct pgt *g, uint64_t iova, unsigned int level,
	      const uint64_t *raw);

void psc_drop(struct psc *c, uint64_t tag, uint64_t start, uint64_t last);

#endif
