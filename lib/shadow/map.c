/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The map protocol: a table of the library's own, merged with the parent as a guest's is. */
#include <errno.h>

#include "shadow/node.h"

static struct shadow_node *private_node(struct shadow *s, uint8_t level)
{
	return node_new(s, &(struct node_key){ .level = level, .kind = NODE_PRIVATE });
}

/* Makes the tree high enough for @last. */
static int grow(struct shadow *s, uint64_t last)
{
	struct shadow_node *top = s->tree.part[0].top;

	for (;;) {
		struct shadow_node *n;
		uint8_t level = 1;

		if (top && !(last >> (node_shift(top) + IOPT_BITS)))
			return 0;
		if (top)
			level = (uint8_t)(top->level + 1u);
		else
			while (last >> (iopt_shift(level - 1) + IOPT_BITS))
				level++;
		n = private_node(s, level);
		if (!n)
			return -ENOMEM;
		if (top) {
			n->raw[0] = IOPT_TABLE | IOPT_PERM;
			n->pte[0] = (uint64_t)(uintptr_t)top->pte | iopt_table_flags(IOPT_PERM);
		}
		s->tree.part[0].top = top = n;
		iopt_store(&s->root.word, iopt_root_word(n->pte, level - 1, false));
	}
}

/* The node of @level for @iova. */
static struct shadow_node *descend(struct shadow *s, uint64_t iova, unsigned int level)
{
	struct shadow_node *n = s->tree.part[0].top;

	while (n->level > level) {
		unsigned int i = node_index(n, iova);
		struct shadow_node *child = node_child(n, i);

		if (!child) {
			child = private_node(s, (uint8_t)(n->level - 1u));
			if (!child)
				return NULL;
			n->raw[i] = IOPT_TABLE | IOPT_PERM;
			iopt_store(&n->pte[i], (uint64_t)(uintptr_t)child->pte |
				   iopt_table_flags(IOPT_PERM));
		}
		n = child;
	}
	return n;
}

/* Unlike a leaf of an iopt, one here has an aligned target: it may have to be split. */
static unsigned int leaf_level(uint64_t iova, uint64_t target, uint64_t length, unsigned int top)
{
	unsigned int level = 1;

	while (level < top && length >> iopt_shift(level) &&
	       !((iova | target) & ((UINT64_C(1) << iopt_shift(level)) - 1)))
		level++;
	return level;
}

int shadow_map(struct shadow *s, uint64_t iova, uint64_t length, uint64_t target,
	       unsigned int perm, struct reap *reap)
{
	uint64_t done = 0;

	if (grow(s, iova + length - 1)) {
		shadow_unmap(s, iova, 1, reap);
		return -ENOMEM;
	}
	s->tree.mode = SHADOW_OWN;
	while (done < length) {
		unsigned int level = leaf_level(iova + done, target + done, length - done,
						s->tree.part[0].top->level);
		struct shadow_node *n = descend(s, iova + done, level);
		struct pgt_entry e = { PGT_LEAF, perm, target + done, 0 };
		unsigned int i;

		if (!n) {
			/* one page more: nodes made on the way to it go as well */
			shadow_unmap(s, iova, done + 1, reap);
			return -ENOMEM;
		}
		i = node_index(n, iova + done);
		n->raw[i] = e.addr | perm;
		node_fill_leaf(n, i, &e);	/* if not now, then when it is used */
		done += UINT64_C(1) << node_shift(n);
	}
	return 0;
}

static bool is_empty(const struct shadow_node *n)
{
	unsigned int i;

	for (i = 0; i < IOPT_ENTRIES; i++)
		if (n->raw[i])
			return false;
	return true;
}

/* Clears the leaf at @iova; nodes that only it needed go. Returns how much that was. */
static uint64_t unmap_one(struct shadow *s, uint64_t iova, uint64_t last, struct reap *reap)
{
	struct shadow_node *way[IOPT_LEVELS + 1], *n = s->tree.part[0].top;
	uint64_t size, at = iova;
	unsigned int i;

	for (;; n = node_child(n, i)) {
		way[n->level] = n;
		i = node_index(n, iova);
		if (!(n->raw[i] & IOPT_TABLE))
			break;
	}
	size = UINT64_C(1) << node_shift(n);
	do {
		node_set_raw(n, i, 0, reap);
		at = (at | (size - 1)) + 1;
	} while (++i < IOPT_ENTRIES && at <= last && !(n->raw[i] & IOPT_TABLE));
	while (n != s->tree.part[0].top && is_empty(n)) {
		n = way[n->level + 1u];
		node_set_raw(n, node_index(n, iova), 0, reap);
	}
	return at - iova;
}

void shadow_unmap(struct shadow *s, uint64_t iova, uint64_t length, struct reap *reap)
{
	const struct shadow_node *top = s->tree.part[0].top;
	uint64_t last = iova + length - 1;

	while (iova <= last && top && iova <= node_last(top, 0))
		iova += unmap_one(s, iova, last, reap);
	if (top && is_empty(top))
		shadow_unbind(s, reap);
}
