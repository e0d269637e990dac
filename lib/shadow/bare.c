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
	uint64_t flags = raw ^ e->addr, delta;

	if (!node_is_like(n, flags) || shadow_piece_at(n->shadow, e->addr) || piece->watch)
		return false;
	delta = piece_delta(piece, e->perm);
	if ((n->flags && n->delta != delta) || node_fill_leaf(n, i, e))
		return false;
	n->flags = flags;
	n->delta = delta;
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

/*
 * Entry @i, which is @raw. @l is the node's line, if it has flags. False: it needs more than this.
 */
static bool sync_one(struct shadow_node *n, struct shadow_line *l, unsigned int i, uint64_t raw,
		     struct reap *reap)
{
	const struct pgt_rule *rule = node_rule(n);
	enum pgt_kind kind = pgt_rule_classify(rule, raw);
	uint64_t flags = raw & ~rule->use[1].addr;

	if (kind == PGT_NONE) {
		node_set_pte(n, i, 0, reap);
		return true;
	}
	if (kind != PGT_LEAF || (!n->flags && !line_of(l, n, flags)) || line_lacks(l, raw))
		return false;
	n->flags = flags;
	n->delta = line_delta(l);
	node_set_pte(n, i, raw + l->add, reap);
	return true;
}

/*
 * Entries that are absent or like those before. Returns the first that is not, or end + 1. A
 * function of its own, so that its loop has all registers.
 */
static __attribute__((noinline)) unsigned int
sync_line(struct shadow_node *n, const struct shadow_line *line, const uint64_t *guest, size_t i,
	  size_t end, struct reap *reap)
{
	const struct shadow_line l = *line;
	uint64_t *ptes = n->pte, gone = 0;

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
	if (gone)
		shadow_took(n->shadow, reap);
	return (unsigned int)i;
}

unsigned int bare_sync(struct shadow_node *n, const uint64_t *guest, unsigned int i,
		       unsigned int end, struct reap *reap)
{
	struct shadow_line l;

	/* What is written through such a shadow is not what its entries permit by themselves. */
	if (n->shadow->tracked ||
	    (n->flags && (!line_of(&l, n, n->flags) || n->delta != line_delta(&l))))
		return i;
	while (i <= end && sync_one(n, &l, i, guest_load(&guest[i]), reap)) {
		i++;
		if (n->flags)
			i = sync_line(n, &l, guest, i, end, reap);
	}
	return i;
}
