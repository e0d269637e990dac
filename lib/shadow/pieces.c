/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables of a guest's whose entries lead to pieces of the parent that are small. Each entry that
 * changes is a look-up at another place of the parent's table, and goes from one list to another:
 * four places that are in no cache. So some entries are gone through at a time: first all their
 * places are asked for, and then they are changed.
 */
#include "shadow/node.h"
#include "util/bits.h"

#define AT_ONCE 16u

/* An entry that has changed. */
struct changed {
	unsigned int i;
	unsigned int perm;	/* its own, as of piece_perm() */
	uint64_t raw, addr;
	uint64_t pte;
	struct iopt_hit hit;	/* where the parent has its page; slot NULL: it leads nowhere */
	uint32_t *head;		/* of the list there */
};

/* Only where node_clear() and node_fill_leaf() would have nothing else to do. */
bool pieces_are_lists(const struct shadow_node *n)
{
	const struct shadow *s = n->shadow;

	return n->links && !n->heads && s->up.head && !s->tracked && !s->tree.on_demand &&
	       node_shift(n) == IOPT_SHIFT;
}

/* Asks for the neighbours on the list that the entry leaves, and for the parent's entry. */
static bool prepare(const struct shadow_node *n, struct changed *c, unsigned int i, uint64_t raw)
{
	const struct shadow_link *link = &n->links[i];
	struct pgt_entry e = node_decode(n, i, raw);

	*c = (struct changed){ .i = i, .raw = raw, .addr = e.addr };
	if (link->prev)
		__builtin_prefetch(pages_ptr(n->shadow->pool, link->prev), 1);
	if (link->next)
		__builtin_prefetch(pages_ptr(n->shadow->pool, link->next), 1);
	if (e.kind != PGT_LEAF)
		return true;
	c->perm = e.perm | (e.perm & IOPT_WRITE) * (IOPT_CLEAN / IOPT_WRITE);
	c->hit = iopt_approach(n->shadow->up.root, e.addr);
	__builtin_prefetch(c->hit.slot);
	return c->hit.slot;
}

/* Loads the parent's entry, and asks for the list that leads there. */
static bool look(const struct shadow_node *n, struct changed *c)
{
	const struct shadow_parent *up = &n->shadow->up;
	uint64_t entry;
	unsigned int perm;

	if (!c->hit.slot)
		return true;
	entry = iopt_load(c->hit.slot);
	perm = c->perm & c->hit.perm & (unsigned int)entry;
	if (!perm || entry & IOPT_BIG)
		return false;
	c->pte = ((entry & IOPT_ADDR) + (c->addr & ((UINT64_C(1) << c->hit.shift) - 1))) | perm;
	c->head = up->head(up->parent, c->hit.slot);
	if (c->head)
		__builtin_prefetch(c->head, 1);
	return c->head;
}

static void carry_out(struct shadow_node *n, const struct changed *c, struct reap *reap)
{
	struct shadow_link *link = &n->links[c->i];

	if (n->pte[c->i]) {
		n->shadow->gen++;
		reap->drain = true;
	}
	n->raw[c->i] = c->raw;
	iopt_store(&n->pte[c->i], c->pte);
	if (link->prev)
		list_remove(link, n->shadow->pool);
	if (c->pte)
		list_add(c->head, link, n->shadow->pool);
}

unsigned int pieces_sync(struct shadow_node *n, const uint64_t *guest, unsigned int i,
			 unsigned int end, struct reap *reap)
{
	struct changed changed[AT_ONCE];
	bool more = true;

	while (more && i <= end) {
		unsigned int count = 0, k;

		for (; i <= end && count < AT_ONCE; i++) {
			uint64_t raw = guest_load(&guest[i]);

			if (raw == n->raw[i])
				continue;
			more = prepare(n, &changed[count], i, raw);
			if (!more)
				break;
			count++;
		}
		for (k = 0; k < count; k++) {
			if (!look(n, &changed[k])) {
				more = false;
				i = changed[k].i;
				count = k;
			}
		}
		for (k = 0; k < count; k++)
			carry_out(n, &changed[k], reap);
	}
	return i;
}
