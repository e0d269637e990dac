/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries of a guest's lowest tables, merged with the one large piece that they lead to. */
#ifndef SHADOW_MERGE_H
#define SHADOW_MERGE_H

#include "shadow/node.h"
#include "util/bits.h"
#include "util/tsan.h"

/*
 * What entries with the same bits beside their address become, x being their distance from the
 * start of the piece: (x + base) & keep, if x is at most limit.
 */
struct merge {
	uint64_t flags;
	uint64_t base, keep, limit;
};

static inline uint64_t merge_page_mask(const struct pgt_rule *rule)
{
	return (UINT64_C(1) << rule->shift) - 1;
}

static inline struct merge merge_of(const struct pgt_rule *rule, const struct shadow_piece *piece,
				    uint64_t flags)
{
	unsigned int perm = piece_perm(piece, pgt_rule_perm(rule, flags));

	if (pgt_rule_classify(rule, flags) != PGT_LEAF)
		return (struct merge){ .flags = flags, .limit = UINT64_MAX };
	return (struct merge){ flags, piece->host + perm, perm ? UINT64_MAX : 0,
			       piece->last - piece->start - merge_page_mask(rule) };
}

static inline uint64_t merge_entry(const struct merge *m, uint64_t x)
{
	return (x + m->base) & m->keep;
}

/*
 * How far host addresses are from those of the parent, and in the low bits what entries that permit
 * @perm have of it: the delta of a bare node.
 */
static inline uint64_t piece_delta(const struct shadow_piece *piece, unsigned int perm)
{
	return piece->host - piece->start + iopt_granted(piece_perm(piece, perm));
}

/* Can it be the piece at hand? Its users have no list then; and an entry's place says nothing. */
static inline bool merge_fits(const struct shadow *s, const struct pgt_rule *rule)
{
	return !s->piece.watch && !rule->far && s->piece.start <= s->piece.last &&
	       s->piece_gen == *s->up.gen &&
	       s->piece.last - s->piece.start >= merge_page_mask(rule);
}

/* The same for all entries of a lowest table: nothing else is to be done for any of them. */
static inline bool merge_suits(const struct shadow_node *n)
{
	const struct shadow *s = n->shadow;

	return !n->links && !n->heads && !n->split && !s->tree.on_demand &&
	       merge_fits(s, node_rule(n));
}

#define GROUP 8u	/* entries that are compared together */

/* As are_known(), below. */
static inline bool are_known_each(const uint64_t *guest, const uint64_t *known, uint64_t add)
{
	uint64_t changes = 0, any = 0;
	unsigned int i;

	for (i = 0; i < GROUP; i++) {
		uint64_t raw = guest_load(&guest[i]);

		changes |= (raw + add) ^ known[i];
		any |= raw | known[i];
	}
	return !changes || (add && !any);
}

/*
 * Is a group as it was? What is known of each entry is the entry + @add, of an absent one 0. Two at
 * a time, which can do without guest_load(): they are compared, not used, and whoever changes one
 * meanwhile is going to invalidate it.
 */
static inline bool are_known(const uint64_t *guest, const uint64_t *known, uint64_t add)
{
	typedef uint64_t pair __attribute__((vector_size(16), aligned(8), may_alias));
	const pair *g = (const pair *)guest, *k = (const pair *)known;
	pair any;

	if (TSAN || __BYTE_ORDER == __BIG_ENDIAN)
		return are_known_each(guest, known, add);
	any = ((g[0] + add) ^ k[0]) | ((g[1] + add) ^ k[1]) | ((g[2] + add) ^ k[2]) |
	      ((g[3] + add) ^ k[3]);
	if (bits_likely(!(any[0] | any[1])))
		return true;
	any = g[0] | g[1] | g[2] | g[3] | k[0] | k[1] | k[2] | k[3];
	return add && !(any[0] | any[1]);
}

/* The first of a group of entries, from @i on, that is not as it was. */
static inline size_t skip_unchanged(const uint64_t *guest, const uint64_t *known, uint64_t add,
				    size_t i, size_t end)
{
	while (i + GROUP - 1 <= end && are_known(&guest[i], &known[i], add))
		i += GROUP;
	return i;
}

static inline bool line_lacks(const struct shadow_line *l, uint64_t raw)
{
	uint64_t x = raw - l->sub;

	return (x >> l->shift | x << (64 - l->shift)) > l->most;
}

/* The delta of a bare node that is on the line. */
static inline uint64_t line_delta(const struct shadow_line *l)
{
	return l->add + l->flags;
}

/*
 * @flags are those of a leaf, the piece is at hand. False: it permits nothing, or entries that are
 * on the line could have bits below the size of a page.
 */
static inline bool line_of(struct shadow_line *l, const struct shadow_node *n, uint64_t flags)
{
	const struct shadow_piece *piece = &n->shadow->piece;
	const struct pgt_rule *rule = node_rule(n);
	uint64_t top = rule->use[1].addr | merge_page_mask(rule);
	unsigned int perm = piece_perm(piece, pgt_rule_perm(rule, flags));

	if (!perm || piece->start > top || piece->start & merge_page_mask(rule))
		return false;
	l->flags = flags;
	l->sub = piece->start + flags;
	l->add = piece->host + perm - l->sub;
	l->shift = rule->shift;
	l->most = (bits_min(piece->last, top) - piece->start - merge_page_mask(rule)) >> l->shift;
	return true;
}

#endif
