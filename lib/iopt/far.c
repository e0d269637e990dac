/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The walk of trees that are not of 9 bits a level. */
#include "iopt/iopt.h"

/* Which tree an address belongs to; NULL: none. */
static const struct iopt_tree *choose(const struct iopt_far *far, uint64_t iova)
{
	bool upper = iova >> 63;
	const struct iopt_tree *tree = &far->tree[upper];

	return tree->top && !((upper ? ~iova : iova) >> tree->width) ? tree : NULL;
}

struct iopt_hit iopt_walk_far(uint64_t word, uint64_t iova)
{
	struct iopt_hit hit = { 0, NULL, 0, 0 };
	const struct iopt_tree *tree = NULL;
	unsigned int level;

	/* One with a width is only too narrow for the address. */
	if (word && !(word >> IOPT_WIDTH_SHIFT & 63))
		tree = choose((const struct iopt_far *)(uintptr_t)(word & IOPT_ADDR), iova);
	if (!tree)
		return hit;
	hit.perm = IOPT_PERM | IOPT_CLEAN;
	word = (uint64_t)(uintptr_t)tree->top;
	for (level = tree->level;; level--) {
		uint64_t mask = (UINT64_C(1) << tree->bits[level]) - 1;

		hit.shift = tree->shift[level];
		hit.slot = iopt_node(word) + (iova >> hit.shift & mask);
		word = iopt_load(hit.slot);
		hit.perm &= (unsigned int)word;
		if (!(word & IOPT_TABLE))
			break;
	}
	hit.entry = word;
	return hit;
}
