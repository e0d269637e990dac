/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest that owns its devices' PASID table, in any of the formats, and what its entries have
 * said: the referee of pasid.c.
 *
 * The guest's memory is a few pages. The first hold the PASID table and four page tables, each of
 * which maps page 0 to one page of the rest. For each PASID there is what its entry has said since
 * it was invalidated, and for each page table what its leaf has: a DMA may come to any of that.
 */
#ifndef TESTS_FUZZ_PASID_H
#define TESTS_FUZZ_PASID_H

#include "fuzz.h"

#define TABLE_PAGES 48
#define DATA	    48 /* pages from here on */
#define PAGES	    64
#define TABLES	    4 /* page tables */
#define PASIDS	    8

/* What an entry says: one of the page tables, or one of these. */
enum { SAYS_BYPASS = TABLES, SAYS_NOTHING, SAYS_KINDS };

struct pasid_guest {
	struct ioasid_pasid_table table;
	uint8_t *memory;
	uint64_t next; /* page that is free */
	uint64_t root[TABLES], leaf_at[TABLES], entry_at[PASIDS];
	uint32_t pasid[PASIDS]; /* numbers that are played with; n_pasids of them */
	unsigned int n_pasids;
	/* Memory holds what nobody can say any more. */
	bool tainted;
	/*
	 * By the index of a PASID: bits SAYS_*, and of each table bits of data pages; bit 16: none.
	 */
	uint32_t said[PASIDS], leaves[PASIDS][TABLES];
	uint32_t says[PASIDS], leaf[TABLES]; /* now */
};

#define NO_LEAF 16u

/* Lays out a table of format @options & 3 with up to three levels, whose entries say nothing. */
void pasid_guest_new(struct pasid_guest *g, uint8_t *memory, unsigned int options);

/* What the guest stores. */
void set_entry(struct pasid_guest *g, unsigned int i, unsigned int says);
void set_leaf(struct pasid_guest *g, unsigned int table, unsigned int leaf);
void set_word(struct pasid_guest *g, unsigned int word, uint64_t value);

/* The entry of a PASID, or of all, has been invalidated. */
void note_invalidated(struct pasid_guest *g, unsigned int i);

/* May a DMA with PASID number @i to page @iova end at page @got of the memory; PAGES: a fault? */
bool may_reach(const struct pasid_guest *g, unsigned int i, unsigned int iova, unsigned int got);

#endif
