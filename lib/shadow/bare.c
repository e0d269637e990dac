/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bare nodes: tables whose raw entries follow from what DMA walks, as those of most tables do. That
 * is half the memory, and half of what a pass has to look at. See node_raw().
 */
#include <errno.h>

#include "shadow/merge.h"
#include "util/bits.h"

int node_keep(struct shadow_node *n)
{
	unsigned int i;
	uint64_t *raw;

	if (n->raw)
		return 0;
	raw = node_page(n->shadow, n, true);
	if (!raw)
		return -ENOMEM;
	if (n->flags)	/* else there is nothing in it */
		for (i = 0; i < IOPT_ENTRIES; i++)
			raw[i] = node_raw(n, i);
	n->raw = raw;
	return 0;
}

void node_unresolve(struct shadow_node *n, unsigned int i, struct reap *reap)
{
	if (node_keep(n))
		n->unread = true;
	node_clear(n, i, reap);
}

/* A leaf of a bare node which leads nowhere so far. False: it needs raw, or memory. */
static bool fill_leaf(struct shadow_node *n, unsigned int i, uint64_t raw,
		      const struct pgt_entry *e)
{
	const struct shadow_piece *piece = &n->shadow->piece;
	uint64_t size = UINT64_C(1) << node_shift(n), flags = raw ^ e->addr;
	unsigned int perm;

	if (!node_is_like(n, flags) || shadow_piece_at(n->shadow, e->addr) || piece->watch ||
	    piece->last - e->addr < size - 1 || (n->flags && n->delta != piece_delta(piece)))
		return false;
	perm = piece_perm(piece, e->perm);
	if (!perm)
		return false;
	n->flags = flags;
	n->delta = piece_delta(piece);
	iopt_store(&n->pte[i], (e->addr + n->delta) | perm);
	return true;
}

int node_change(struct shadow_node *n, unsigned int i, uint64_t raw, const struct pgt_entry *e,
		struct reap *reap)
{
	int ret;

	if (!n->raw && n->pte[i])
		node_clear(n, i, reap);
	if (!n->raw && e->kind == PGT_NONE)
		return 0;
	if (e->kind == PGT_LEAF && fill_leaf(n, i, raw, e))
		return 0;
	if (e->kind == PGT_TABLE && node_is_like(n, raw ^ e->addr)) {
		n->flags = raw ^ e->addr;
		return 0;
	}
	ret = node_set_raw(n, i, raw, reap);
	if (!ret && e->kind == PGT_LEAF && node_fill_leaf(n, i, e) == -ENOMEM)
		ret = -ENOMEM;
	return ret;
}

struct bare {
	struct shadow_node *n;
	struct line line;
	uint64_t gone;		/* or-ed ptes that are no more */
	bool any;		/* there is a line: the node has flags */
};

static inline void put(struct bare *b, unsigned int i, uint64_t pte)
{
	uint64_t *slot = &b->n->pte[i];

	if (*slot == pte)
		return;
	b->gone |= *slot;
	iopt_store(slot, pte);
}

/* Entry @i, which is @raw. False: it needs more than this. */
static bool sync_one(struct bare *b, unsigned int i, uint64_t raw)
{
	struct shadow_node *n = b->n;
	const struct pgt_rule *rule = node_rule(n);
	enum pgt_kind kind = pgt_rule_classify(rule, raw);
	uint64_t flags = raw & ~rule->use[1].addr;

	if (kind == PGT_NONE) {
		put(b, i, 0);
		return true;
	}
	if (kind != PGT_LEAF)
		return false;
	if (!b->any && !line_of(&b->line, n, flags))
		return false;
	b->any = true;
	if (line_lacks(&b->line, raw))
		return false;
	n->flags = flags;
	n->delta = piece_delta(&n->shadow->piece);
	put(b, i, raw + b->line.add);
	return true;
}

/* Are four entries absent that were absent? */
static bool are_absent(const uint64_t *guest, const uint64_t *ptes)
{
	return !(guest_load(&guest[0]) | guest_load(&guest[1]) | guest_load(&guest[2]) |
		 guest_load(&guest[3]) | ptes[0] | ptes[1] | ptes[2] | ptes[3]);
}

/* The first of a group of entries that is not as it was; groups start at @i. */
static inline size_t skip_unchanged(const uint64_t *guest, const uint64_t *ptes, uint64_t add,
				    size_t i, size_t end)
{
	for (; i + 3 <= end; i += 4)
		if ((((guest_load(&guest[i]) + add) ^ ptes[i]) |
		     ((guest_load(&guest[i + 1]) + add) ^ ptes[i + 1]) |
		     ((guest_load(&guest[i + 2]) + add) ^ ptes[i + 2]) |
		     ((guest_load(&guest[i + 3]) + add) ^ ptes[i + 3])) &&
		    !are_absent(&guest[i], &ptes[i]))
			break;
	return i;
}

/*
 * Entries that are absent or like those before. Returns the first that is not, or end + 1. A function
 * of its own, so that its loop has all registers.
 */
static __attribute__((noinline)) unsigned int sync_line(struct bare *b, const uint64_t *guest,
							size_t i, size_t end)
{
	const struct line l = b->line;
	uint64_t *ptes = b->n->pte, gone = 0;

	for (; i <= end; i++) {
		uint64_t raw = guest_load(&guest[i]), pte = raw + l.add, was = ptes[i];

		if (bits_unlikely(line_lacks(&l, raw))) {
			if (raw)
				break;
			pte = 0;
		}
		if (pte == was) {
			i = skip_unchanged(guest, ptes, l.add, i + 1, end) - 1;
			continue;
		}
		gone |= was;
		iopt_store(&ptes[i], pte);
	}
	b->gone |= gone;
	return (unsigned int)i;
}

unsigned int bare_sync(struct shadow_node *n, const uint64_t *guest, unsigned int i,
		       unsigned int end, struct reap *reap)
{
	struct bare b = { .n = n };

	/* What is written through such a shadow is not what its entries permit by themselves. */
	if (n->shadow->tracked || (n->flags && n->delta != piece_delta(&n->shadow->piece)))
		return i;
	b.any = n->flags && line_of(&b.line, n, n->flags);
	if (n->flags && !b.any)
		return i;
	while (i <= end && sync_one(&b, i, guest_load(&guest[i]))) {
		i++;
		if (b.any)
			i = sync_line(&b, guest, i, end);
	}
	if (b.gone) {
		n->shadow->gen++;
		reap->drain = true;
	}
	return i;
}
