/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables of a guest's whose entries lead to another shadow's. Each entry that changes is a look-up
 * at another place of the parent's table, and goes from one list to another: four places that are
 * in no cache. So some entries are gone through at a time: first all their places are asked for,
 * and then they are changed. (Of a root: loose.c. What a shadow gives up it gives up entry by
 * entry, and that would be too often for a search.)
 */
#include "shadow/node.h"
#include "util/bits.h"

#define AT_ONCE 32u
#define AHEAD 4u	/* so many entries before its turn a neighbour on the list is asked for */

/* An entry that has changed. */
struct changed {
	uint64_t raw, addr;
	uint64_t pte;
	uint64_t *slot;		/* where the parent has its page; NULL: it leads nowhere */
	uint32_t *head;		/* of the list there */
	uint16_t i;
	uint8_t shift;		/* of the parent's entry */
	uint8_t perm;		/* of both ways, as of piece_perm() */
};

/* A table being gone through. */
struct look {
	struct shadow_node *n;
	uint64_t addr_bits;	/* of a leaf */
	uint64_t flags;		/* beside the address of the latest entry; JUDGE: not known */
	unsigned int perm;	/* what such an entry permits, as of piece_perm() */
	bool leaf;		/* it is one */
	struct iopt_near near;
	struct changed changed[AT_ONCE];
};

#define JUDGE UINT64_MAX

/* Only where node_clear() and node_fill_leaf() would have nothing else to do. */
bool pieces_are_lists(const struct shadow_node *n)
{
	const struct shadow *s = n->shadow;

	return n->links && !n->heads && s->up.head && !s->tracked && !s->tree.on_demand &&
	       node_shift(n) == IOPT_SHIFT;
}

/* What all entries are that differ from this one in nothing but the address, which is returned. */
static uint64_t judge(struct look *l, unsigned int i, uint64_t raw)
{
	struct pgt_entry e = node_decode(l->n, i, raw);

	l->flags = node_rule(l->n)->far ? JUDGE : raw & ~l->addr_bits;
	l->leaf = e.kind == PGT_LEAF;
	l->perm = entry_perm(e.perm);
	return e.addr;
}

/* Asks for the neighbours on the list that the entry leaves, and for the parent's entry. */
static bool prepare(struct look *l, struct changed *c, unsigned int i, uint64_t raw)
{
	const struct shadow *s = l->n->shadow;
	const struct shadow_link *link = &l->n->links[i];
	struct iopt_hit hit;

	c->i = (uint16_t)i;
	c->raw = raw;
	c->pte = 0;
	c->slot = NULL;
	c->addr = raw & l->addr_bits;
	if (link->prev)
		__builtin_prefetch(pages_ptr(s->pool, link->prev), 1);
	if (link->next)
		__builtin_prefetch(pages_ptr(s->pool, link->next), 1);
	if ((raw ^ c->addr) != l->flags)
		c->addr = judge(l, i, raw);
	if (!l->leaf)
		return true;
	hit = iopt_approach_near(s->up.root, c->addr, &l->near);
	__builtin_prefetch(hit.slot);
	c->slot = hit.slot;
	c->shift = (uint8_t)hit.shift;
	c->perm = (uint8_t)(l->perm & hit.perm);
	return hit.slot;
}

/* Loads the parent's entry, and asks for the list that leads there. */
static bool look(const struct look *l, struct changed *c)
{
	const struct shadow_parent *up = &l->n->shadow->up;
	uint64_t entry;
	unsigned int perm;

	if (!c->slot)
		return true;
	entry = iopt_load(c->slot);
	perm = c->perm & (unsigned int)entry;
	if (!perm || entry & IOPT_BIG)
		return false;
	c->pte = ((entry & IOPT_ADDR) + (c->addr & ((UINT64_C(1) << c->shift) - 1))) | perm;
	c->head = up->head(up->parent, c->slot);
	if (c->head)
		__builtin_prefetch(c->head, 1);
	return c->head;
}

/* Asks for the entry that will be behind this one. */
static void ask_next(const struct look *l, const struct changed *c)
{
	if (c->slot && *c->head)
		__builtin_prefetch(pages_ptr(l->n->shadow->pool, *c->head), 1);
}

static void carry_out(struct shadow_node *n, const struct changed *c, struct reap *reap)
{
	struct shadow_link *link = &n->links[c->i];

	if (n->pte[c->i]) {
		shadow_took(n->shadow, reap);
	}
	n->raw[c->i] = c->raw;
	iopt_store(&n->pte[c->i], c->pte);
	if (link->prev)
		list_remove(link, n->shadow->pool);
	if (c->pte)
		list_add(c->head, link, n->shadow->pool);
}

/* Those that differ of the entries from *@i on, as far as there is room. False: *@i takes more. */
static bool collect(struct look *l, const uint64_t *guest, unsigned int *i, unsigned int end,
		    unsigned int *count)
{
	const uint64_t *raws = l->n->raw;

	for (*count = 0; *i <= end && *count < AT_ONCE; ++*i) {
		uint64_t raw = guest_load(&guest[*i]);

		if (raw == raws[*i])
			continue;
		if (!prepare(l, &l->changed[*count], *i, raw))
			return false;
		++*count;
	}
	return true;
}

unsigned int pieces_sync(struct shadow_node *n, const uint64_t *guest, unsigned int i,
			 unsigned int end, struct reap *reap)
{
	struct look l;
	bool more = true;

	l.n = n;
	l.addr_bits = node_rule(n)->use[1].addr;
	l.flags = JUDGE;
	l.leaf = false;
	l.perm = 0;
	l.near = (struct iopt_near){ NULL, 0, 0 };
	while (more && i <= end) {
		unsigned int count, k;

		more = collect(&l, guest, &i, end, &count);
		for (k = 0; k < count; k++) {
			if (!look(&l, &l.changed[k])) {
				more = false;
				i = l.changed[k].i;
				count = k;
			}
		}
		for (k = 0; k < count; k++) {
			if (k + AHEAD < count)
				ask_next(&l, &l.changed[k + AHEAD]);
			carry_out(n, &l.changed[k], reap);
		}
	}
	return i;
}
