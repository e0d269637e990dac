/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The walk of both levels: a guest's table, read through the mappings of the root that it is in,
 * and the root's own table for what it leads to (VT-d 3.8). Under the lock of the context.
 */
#ifndef EMULATED_WALK_H
#define EMULATED_WALK_H

#include "emulated/iotlb.h"
#include "shadow/shadow.h"

struct walk {
	/* What to walk. */
	const struct iopt_root *second;
	/* A page of the root is going to be written that is clean. 0 or -ENOMEM. */
	int (*write)(void *root, uint64_t addr);
	void *root;
	const struct pgt *pgt;
	uint64_t table;
	uint64_t iova;
	/* What is known without a look: entries of this level and above; 0: none. */
	unsigned int known;

	/* What was read, or known, by level, and where. */
	uint64_t raw[PGT_MAX_LEVELS + 1];
	bits_whole *slot[PGT_MAX_LEVELS + 1];	/* NULL: not read */
	uint64_t addr[PGT_MAX_LEVELS + 1];	/* of the root, where that is */
	uint32_t writable;			/* bit level: the second level lets it be written */
	unsigned int reads;
	struct pgt_walk at;
	/* The translation; its tag is the caller's. */
	struct iotlb_translation result;
};

/* Walks the guest's table only, and changes nothing in it. */
void walk_look(struct walk *w);

/*
 * Walks for a DMA with @access, and sets the accessed and dirty flags in the guest's entries. What
 * it may do then is in the result: a page that was never written is not writable there, so that a
 * first write comes here again. So does the first one to a page that is clean in the root.
 */
enum shadow_fault walk_translate(struct walk *w, unsigned int access);

/* The same for what is only asked for: that leaves no mark of a write, and need not permit one. */
enum shadow_fault walk_ask(struct walk *w, unsigned int access);

/*
 * Compares the entries that a translation came from with those of a walk now. True: they differ.
 * @upgrade: those that give more permission than before do not.
 */
bool walk_is_stale(const struct walk *now, const uint64_t *raw, unsigned int level, bool upgrade,
		   struct shadow_stale *stale);

#endif
