/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables of a guest's whose entries lead to small pieces of a root.
 *
 * To move an entry from the list of one piece to that of another takes three places that are in no
 * cache, and is good for nothing unless the root gives up a piece before the entry changes again.
 * So a pass leaves what it has changed loose, on no list, and pays for one such place: the root's
 * entry.
 *
 * When the root gives up a small mapping, all nodes with loose entries are searched for its host
 * addresses. For a root whose mappings come and go that would be dear. So such a node has in mind
 * how much it has saved, a search takes its price off that, and when nothing is left the node's
 * entries are put on lists after all, some nodes at a time. So searches cost hardly more than what
 * was saved before, and all together about twice as much as lists from the beginning, at most.
 *
 * A search needs no memory, since an unmap cannot fail. For lists there may be none: then entries
 * stay loose.
 */
#include <errno.h>

#include "shadow/loose.h"
#include "util/bits.h"

/* What a search of one node costs, in entries that are put on a list. */
#define SEARCH_PRICE 16u

/*
 * So many nodes are put on lists when the root gives up a mapping, which should not wait for all.
 */
#define LIST_AT_ONCE 16u

/* Entries are gone through in batches, so that many of the root's can be on their way. */
#define AT_ONCE 32u

/* An entry that has changed. */
struct changed {
	const uint64_t *slot;	/* where the root has its page */
	uint32_t i;
	uint32_t perm;		/* as of piece_perm(); 0: it is no leaf */
};

struct batch {
	unsigned int count;
	struct changed changed[AT_ONCE];
	uint64_t large[AT_ONCE];	/* parts of the root's larger leaves, as if pages */
};

/*
 * A table being gone through. Neighbours mostly differ in the lower bits of their addresses only:
 * then they permit the same, and their pages are below the same node of the root's table.
 */
struct look {
	struct shadow_node *n;
	uint64_t addr_bits;	/* of a leaf, below a node of the root's of level 1 */
	uint64_t like;		/* the latest entry; others are like it but for addr_bits: */
	unsigned int perm;	/* what they permit */
	const uint64_t *node;	/* and the root's node for them; NULL: no entry is like another */
	struct iopt_near near;
	uint64_t gone;		/* not 0: there may have been a translation before */
};

/* Only where node_clear() and node_fill_leaf() would have nothing else to do. */
bool loose_fits(const struct shadow_node *n)
{
	const struct shadow *s = n->shadow;

	return s->up.root && !s->up.head && !n->heads && !s->tracked && !s->tree.on_demand &&
	       node_shift(n) == IOPT_SHIFT;
}

static void enter(struct shadow_node *n, unsigned int made)
{
	struct shadow *s = n->shadow;

	n->saved = (uint16_t)bits_min(n->saved + made, IOPT_ENTRIES);
	if (n->loose_prev)
		return;
	if (!s->loose && s->up.watch)
		s->up.watch(s, true);
	n->loose_next = s->loose;
	n->loose_prev = &s->loose;
	if (n->loose_next)
		n->loose_next->loose_prev = &n->loose_next;
	s->loose = n;
}

void loose_leave(struct shadow_node *n)
{
	struct shadow *s = n->shadow;

	if (!n->loose_prev)
		return;
	*n->loose_prev = n->loose_next;
	if (n->loose_next)
		n->loose_next->loose_prev = n->loose_prev;
	n->loose_next = NULL;
	n->loose_prev = NULL;
	n->saved = 0;
	if (!s->loose && s->up.watch)
		s->up.watch(s, false);
}

/*
 * The part of a larger leaf that an entry leads to; also of what is no leaf, and permits nothing.
 */
static uint64_t part_of(uint64_t leaf, uint64_t addr, unsigned int shift)
{
	return leaf + (addr & IOPT_ADDR & ((UINT64_C(1) << shift) - 1));
}

/*
 * Where the root has the page of entry @i, which is not like the one before; in *@large if the root
 * has it in a larger leaf, or not at all.
 */
static __attribute__((noinline)) const uint64_t *find(struct look *l, unsigned int i, uint64_t raw,
						      uint64_t *large)
{
	struct pgt_entry e = node_decode(l->n, i, raw);
	struct iopt_hit hit = iopt_approach_near(l->n->shadow->up.root, e.addr, &l->near);

	l->like = raw;
	l->node = iopt_is_near(&l->near, e.addr) && !node_rule(l->n)->far ? l->near.node : NULL;
	l->perm = 0;
	if (e.kind == PGT_LEAF)
		l->perm = entry_perm(e.perm);
	if (hit.slot && hit.shift == IOPT_SHIFT)
		return hit.slot;
	*large = part_of(hit.entry, e.addr, hit.shift);
	return large;
}

/* Takes note of what differs from entry @i on, as far as there is room. Returns where to go on. */
static inline __attribute__((always_inline)) unsigned int
collect(struct look *l, struct batch *b, const uint64_t *guest, unsigned int i, unsigned int end)
{
	uint64_t like = l->like, gone = 0, *raws = l->n->raw;
	const uint64_t addr_bits = l->addr_bits, *node = l->node, *slot;
	unsigned int perm = l->perm, count = 0;

	for (; i <= end && count < AT_ONCE; i++) {
		uint64_t raw = guest_load(&guest[i]), word;

		if (raw == raws[i])
			continue;
		if (bits_unlikely(!node || (raw ^ like) & ~addr_bits)) {
			slot = find(l, i, raw, &b->large[count]);
			like = l->like;
			node = l->node;
			perm = l->perm;
		} else {
			word = iopt_load(&node[iopt_index(raw, 1)]);
			if (bits_likely(word & IOPT_TABLE)) {
				slot = iopt_node(word) + iopt_index(raw, 0);
			} else {
				b->large[count] = part_of(word, raw & addr_bits, iopt_shift(1));
				slot = &b->large[count];
			}
		}
		__builtin_prefetch(slot);
		b->changed[count++] = (struct changed){ slot, i, perm };
		gone |= raws[i];
		raws[i] = raw;
	}
	b->count = count;
	l->gone |= gone;
	return i;
}

/* Merges what was collected. Returns all flags of the root's entries together. */
static inline __attribute__((always_inline)) uint64_t
merge(struct shadow_node *n, const struct batch *b, struct shadow_link *links)
{
	uint64_t *ptes = n->pte, flags = 0;
	unsigned int k, count = b->count;

	for (k = 0; k < count; k++) {
		const struct changed *c = &b->changed[k];
		uint64_t entry = iopt_load(c->slot), perm = entry & c->perm;

		flags |= entry;
		iopt_store(&ptes[c->i], perm ? (entry & IOPT_ADDR) | perm : 0);
		if (links && links[c->i].prev)
			list_remove(&links[c->i], n->shadow->pool);
	}
	return flags;
}

/* Is that an entry that leads to a small piece? */
static bool is_small(const struct shadow_node *n, unsigned int i, uint64_t raw)
{
	struct pgt_entry e = node_decode(n, i, raw);
	uint64_t entry = iopt_walk(n->shadow->up.root, e.addr).entry;

	return e.kind == PGT_LEAF && entry && !(entry & IOPT_BIG);
}

unsigned int loose_sync(struct shadow_node *n, const uint64_t *guest, unsigned int i,
			unsigned int end, struct reap *reap)
{
	struct batch batch[2], *b = &batch[0], *next = &batch[1], *done;
	unsigned int made = 0;
	uint64_t flags = 0, all = 0;
	struct look l;

	/* A bare node stays so as long as it can. */
	if (!n->raw && (!is_small(n, i, guest_load(&guest[i])) || node_keep(n)))
		return i;
	l.n = n;
	l.addr_bits = node_rule(n)->use[1].addr & ((UINT64_C(1) << iopt_shift(2)) - 1);
	l.like = 0;
	l.perm = 0;
	l.node = NULL;
	l.near = (struct iopt_near){ NULL, 0, 0 };
	l.gone = 0;
	i = collect(&l, b, guest, i, end);
	for (; b->count; b = next, next = done) {
		next->count = 0;
		if (!(all & IOPT_BIG))
			i = collect(&l, next, guest, i, end);
		flags = n->links ? merge(n, b, n->links) : merge(n, b, NULL);
		if (flags & (IOPT_PERM | IOPT_CLEAN))
			made += b->count;
		all |= flags;
		done = b;
	}
	if (l.gone) {
		shadow_took(n->shadow, reap);
	}
	if (made)
		enter(n, made);
	return i;
}

static bool is_loose(const struct shadow_node *n, unsigned int i)
{
	return n->pte[i] && !(n->links && n->links[i].prev);
}

/* Asks for the root's entries and list heads of those that are going to be put on lists. */
static void ask(const struct shadow_node *n, unsigned int first)
{
	struct iopt_near near = { NULL, 0, 0 };
	uint64_t *slot[AT_ONCE];
	unsigned int k;

	for (k = 0; k < AT_ONCE; k++) {
		unsigned int i = first + k;

		slot[k] = NULL;
		if (is_loose(n, i))
			slot[k] = iopt_approach_near(n->shadow->up.root,
						     node_decode(n, i, node_raw(n, i)).addr,
						     &near).slot;
		__builtin_prefetch(slot[k]);
	}
	for (k = 0; k < AT_ONCE; k++)
		if (slot[k])
			__builtin_prefetch(iopt_head_now(slot[k]), 1);
}

/* Puts all on lists; what leads nowhere any more goes. -ENOMEM: some are still loose. */
static int list_all(struct shadow_node *n, struct reap *reap)
{
	struct shadow *s = n->shadow;
	unsigned int i;

	for (i = 0; i < IOPT_ENTRIES; i++) {
		int ret;

		if (i % AT_ONCE == 0)
			ask(n, i);
		if (!is_loose(n, i))
			continue;
		ret = shadow_piece_at(s, node_decode(n, i, node_raw(n, i)).addr);
		if (!ret)
			ret = node_watch(n, i, s->piece.watch);
		if (ret == -ENOMEM)
			return ret;
		if (ret)
			node_clear(n, i, reap);
	}
	return 0;
}

/* How many lead there. @ahead is what is going to be searched next, and is in no cache. */
static unsigned int count(const uint64_t *ptes, uint64_t host, uint64_t length,
			  const uint64_t *ahead)
{
	unsigned int i, k, found = 0;

	for (i = 0; i < IOPT_ENTRIES; i += 8) {
		__builtin_prefetch(&ahead[i]);
		for (k = i; k < i + 8; k++)
			found += ptes[k] - host < length;
	}
	return found;
}

static void search(struct shadow_node *n, uint64_t host, uint64_t length, struct reap *reap)
{
	const struct shadow_node *next = n->loose_next ? n->loose_next : n;
	unsigned int i, found = count(n->pte, host, length, next->pte);

	for (i = 0; found; i++)
		if (n->pte[i] - host < length) {
			node_clear(n, i, reap);
			found--;
		}
}

void shadow_drop_loose(struct shadow *s, uint64_t host, uint64_t length, struct reap *reap)
{
	struct shadow_node *n, *next;
	unsigned int listed = 0;

	for (n = s->loose; n; n = next) {
		next = n->loose_next;
		if (n->saved < SEARCH_PRICE && listed++ < LIST_AT_ONCE && !list_all(n, reap)) {
			loose_leave(n);
			continue;
		}
		search(n, host, length, reap);
		n->saved -= (uint16_t)bits_min(n->saved, SEARCH_PRICE);
	}
}
