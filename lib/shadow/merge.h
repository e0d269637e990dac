/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries of a guest's lowest tables, merged with the one large piece that they lead to. */
#ifndef SHADOW_MERGE_H
#define SHADOW_MERGE_H

#include "shadow/node.h"

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

/* How far host addresses are from those of the parent. */
static inline uint64_t piece_delta(const struct shadow_piece *piece)
{
	return piece->host - piece->start;
}

/* Can it be the piece at hand? Its users have no list then; and an entry's place says nothing. */
static inline bool merge_fits(const struct shadow *s, const struct pgt_rule *rule)
{
	return !s->piece.watch && !rule->far && s->piece.start <= s->piece.last &&
	       s->piece_gen == *s->up.gen &&
	       s->piece.last - s->piece.start >= merge_page_mask(rule);
}

#endif
