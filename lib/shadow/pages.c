/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invalidation of single pages whose upper entries are as they were, as guests invalidate most of
 * the time: straight down. Of many pages each has memory of its own that is in no cache: so some
 * are gone through at a time, first to ask for all of it, and then to read and change it.
 */
#include <errno.h>

#include "shadow/merge.h"
#include "util/bits.h"

#define AT_ONCE 32u
#define AHEAD 8u	/* so many pages before its turn an entry is asked for */

/* What pages share that are invalidated together. */
struct group {
	const struct shadow_part *part;
	struct reap *reap;
	struct merge merge;		/* of the latest entry that was merged; NO_MERGE: none */
	struct shadow_node *near;	/* the table above the lowest one for the latest page, */
	uint64_t at;			/* which this was; NULL: not known */
};

/* Flags are beside the address, and these are not. */
#define NO_MERGE ((struct merge){ .flags = UINT64_MAX })

/* What entry @i of an upper table leads to, if the guest has not changed it, else NULL. */
static inline struct shadow_node *same_child(struct shadow_node *n, unsigned int i)
{
	struct shadow_node *child = node_child(n, i);
	const uint64_t *guest;

	if (!child || n->kind == NODE_JOIN)	/* what that says does not change */
		return child;
	guest = n->own ? NULL : node_guest(n);
	if (!guest || guest_load(&guest[i]) != (n->raw ? n->raw[i] : n->flags | child->addr))
		return NULL;
	return child;
}

/* Down to the guest's lowest table, or to one of @level. */
static struct shadow_node *descend(struct shadow_node *n, uint64_t iova, unsigned int level)
{
	while (n && n->table != 1 && n->level > level)
		n = same_child(n, node_index(n, iova));
	return n;
}

/* Not merged with the piece at hand. 0 or -ENOMEM. */
static int change(struct group *g, struct shadow_node *n, unsigned int i, uint64_t raw)
{
	struct pgt_entry e = node_decode(n, i, raw);

	g->merge = NO_MERGE;	/* there may be another piece afterwards */
	return node_change(n, i, raw, &e, g->reap);
}

static bool can_merge(struct group *g, const struct shadow_node *n, uint64_t raw)
{
	const struct pgt_rule *rule = node_rule(n);
	const struct shadow *s = n->shadow;
	uint64_t addr = raw & rule->use[1].addr;

	if (!merge_suits(n))
		return false;
	if ((raw ^ addr) != g->merge.flags)
		g->merge = merge_of(rule, &s->piece, raw ^ addr);
	return addr - s->piece.start <= g->merge.limit;
}

/* Makes the line at hand that of a bare node. */
static __attribute__((noinline)) bool take_line(struct shadow *s, const struct shadow_node *n)
{
	return !s->tree.far && merge_fits(s, node_rule(n)) && line_of(&s->line, n, n->flags);
}

/* Is the line at hand that of a bare node, or can it be from now on? */
static inline bool has_line(const struct shadow_node *n)
{
	struct shadow *s = n->shadow;

	if (n->raw || !n->flags || n->heads || n->split || s->tracked ||
	    s->piece_gen != *s->up.gen || (n->flags != s->line.flags && !take_line(s, n)))
		return false;
	return n->delta == line_delta(&s->line);
}

/* An entry that is absent, or on the line. False: it is neither. */
static inline bool sync_on_line(struct group *g, struct shadow_node *n, unsigned int i,
				uint64_t raw)
{
	const struct shadow_line *line = &n->shadow->line;
	uint64_t pte = raw + line->add;

	if (bits_unlikely(line_lacks(line, raw))) {
		if (raw)
			return false;
		pte = 0;
	}
	node_set_pte(n, i, pte, g->reap);
	return true;
}

/* The guest's table. NULL: the parent does not map it. */
static inline const uint64_t *guest_of(struct group *g, struct shadow_node *n)
{
	if (bits_likely(n->guest && n->guest_gen == *n->shadow->up.gen))
		return n->guest;
	g->merge = NO_MERGE;
	return node_find_guest(n);
}

/* @raw is not on the line at hand. 0 or -ENOMEM. */
static __attribute__((noinline)) int sync_beside_line(struct group *g, struct shadow_node *n,
						      unsigned int i, uint64_t raw)
{
	uint64_t pte;

	if (raw == node_raw(n, i))
		return 0;
	if (!n->raw || !can_merge(g, n, raw))
		return change(g, n, i, raw);
	pte = merge_entry(&g->merge, (raw & node_rule(n)->use[1].addr) - n->shadow->piece.start);
	n->raw[i] = raw;
	node_set_pte(n, i, pte, g->reap);
	return 0;
}

/* An entry of a lowest table, as sync_plain() does many. 0; -ENOMEM; -EAGAIN, with nothing done. */
static inline __attribute__((always_inline)) int
sync_entry(struct group *g, struct shadow_node *n, unsigned int i)
{
	const uint64_t *guest = n->table == 1 ? guest_of(g, n) : NULL;
	uint64_t raw;

	if (!guest)
		return -EAGAIN;
	raw = guest_load(&guest[i]);
	return has_line(n) && sync_on_line(g, n, i, raw) ? 0 : sync_beside_line(g, n, i, raw);
}

/* Absent entries are to be left alone there, and times to be written down. */
static bool takes_more(const struct shadow *s)
{
	return s->now || s->tree.on_demand;
}

int page_sync(struct shadow_part *part, uint64_t iova, struct reap *reap)
{
	struct group g = { .part = part, .reap = reap, .merge = NO_MERGE };
	struct shadow_node *n = part->top;

	n = takes_more(n->shadow) ? NULL : descend(n, iova, 0);
	return n ? sync_entry(&g, n, node_index(n, iova)) : -EAGAIN;
}

/* Finds a page's lowest table, and asks for it. NULL: it takes more. */
static struct shadow_node *approach(struct group *g, uint64_t iova)
{
	struct shadow_node *n = g->near;

	if (!n || (g->at ^ iova) >> (n->shift + n->bits)) {
		n = g->near = descend(g->part->top, iova, 2);
		g->at = iova;
	}
	if (n && n->table != 1)
		n = same_child(n, node_index(n, iova));
	if (n) {
		__builtin_prefetch(n);
		__builtin_prefetch((const char *)n + 64);
	}
	return n;
}

/* Asks for the entry itself, here and at the guest's. */
static void ask(const struct shadow_node *n, uint64_t iova)
{
	unsigned int i;

	if (!n)
		return;
	i = node_index(n, iova);
	if (n->guest)
		__builtin_prefetch(&n->guest[i]);
	if (n->raw)
		__builtin_prefetch(&n->raw[i], 1);
	__builtin_prefetch(&n->pte[i], 1);
}

/* Up to the first that takes more. Returns how many are done; *@ret: -ENOMEM, or as it was. */
static size_t sync_group(struct shadow_part *part, const uint64_t *iovas, size_t n,
			 struct reap *reap, int *ret)
{
	struct group g = { .part = part, .reap = reap, .merge = NO_MERGE };
	struct shadow_node *nodes[AT_ONCE];
	size_t i;

	for (i = 0; i < n; i++)
		nodes[i] = pgt_input_ok(&part->pgt, iovas[i]) ? approach(&g, iovas[i]) : NULL;
	for (i = 1; i < bits_min(n, AHEAD); i++)
		ask(nodes[i], iovas[i]);
	for (i = 0; i < n; i++) {
		int err = -EAGAIN;

		if (i + AHEAD < n)
			ask(nodes[i + AHEAD], iovas[i + AHEAD]);
		if (nodes[i])
			err = sync_entry(&g, nodes[i], node_index(nodes[i], iovas[i]));
		if (err == -EAGAIN)
			break;
		if (err)
			*ret = err;
	}
	return i;
}

/* One table of a guest's, that has the shape of an iopt. */
static bool is_plain(const struct shadow *s)
{
	return s->tree.mode == SHADOW_GUEST && !s->tree.far;
}

static int sync_one(struct shadow *s, uint64_t iova, struct reap *reap)
{
	struct shadow_part *part = &s->tree.part[0];

	return is_plain(s) && pgt_input_ok(&part->pgt, iova) ? page_sync(part, iova, reap) :
							       -EAGAIN;
}

int shadow_sync_pages(struct shadow *s, const uint64_t *iovas, size_t n, struct reap *reap)
{
	bool quick = n > 1 && is_plain(s) && !takes_more(s);
	int ret = n == 1 ? sync_one(s, iovas[0], reap) : -EAGAIN;
	size_t done = 0;

	if (ret != -EAGAIN)
		return ret;
	ret = 0;
	while (done < n) {
		size_t some = (size_t)bits_min(n - done, AT_ONCE);
		size_t k = quick ? sync_group(&s->tree.part[0], &iovas[done], some, reap, &ret) : 0;

		done += k;
		if (k == some)
			continue;
		if (shadow_sync(s, iovas[done], iovas[done] | (PAGES_SIZE - 1), reap))
			ret = -ENOMEM;
		done++;
	}
	return ret;
}
