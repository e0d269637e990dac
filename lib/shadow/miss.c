/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A DMA that found no translation: what it needs is filled in, or the reason is found. */
#include <errno.h>

#include "shadow/node.h"

enum shadow_fault node_refresh(struct shadow_node *n, unsigned int i)
{
	const uint64_t *guest;
	struct pgt_entry e;

	if (n->own) {
		if (n->kind != NODE_PRIVATE)
			n->raw[i] = node_derive(n, i);
		return SHADOW_OK;
	}
	e = node_decode(n, i, node_raw(n, i));
	if ((!n->unread && !n->shadow->tree.on_demand) || node_is_usable(&e))
		return SHADOW_OK;
	guest = node_guest(n);
	if (!guest)
		return shadow_table_at(n->shadow, n->addr) == -EFAULT ? SHADOW_TABLE : SHADOW_NOMEM;
	if (node_keep(n))
		return SHADOW_NOMEM;
	n->raw[i] = guest_load(&guest[i]);
	return SHADOW_OK;
}

enum shadow_fault node_fill(struct shadow_node *n, unsigned int i, uint64_t iova,
			    const struct pgt_entry *e, struct shadow_node **next)
{
	uint64_t offset = iova & ((UINT64_C(1) << node_shift(n)) - 1);

	*next = node_child(n, i);
	if (*next && n->unread)
		node_doubt(*next);
	if (*next || n->pte[i])
		return SHADOW_OK;
	if (e->kind == PGT_LEAF) {
		int ret = node_fill_leaf(n, i, e);

		if (!ret)
			return SHADOW_OK;
		if (ret == -EAGAIN)
			ret = shadow_piece_at(n->shadow, e->addr + offset);
		if (ret)
			return ret == -ENOMEM ? SHADOW_NOMEM : SHADOW_TARGET;
	}
	if (e->kind == PGT_TABLE && n->kind != NODE_PRIVATE) {
		int ret = node_table_at(n, e);

		if (ret)
			return ret == -ENOMEM ? SHADOW_NOMEM : SHADOW_TABLE;
	}
	*next = node_fill_table(n, i, e);
	if (!*next)
		return SHADOW_NOMEM;
	/*
	 * A guest's table that is new here has not been read: entry by entry, when used. That it
	 * is known from elsewhere does not mean that all of it has been.
	 */
	if (e->kind == PGT_TABLE)
		node_doubt(*next);
	return SHADOW_OK;
}

static enum shadow_fault why_bad(const struct shadow_node *n, unsigned int i)
{
	enum pgt_bad why = pgt_reason(&node_part(n)->pgt, n->table, node_raw(n, i));

	return why == PGT_BAD_ACCESSED ? SHADOW_ACCESS_FLAG : SHADOW_MALFORMED;
}

/* The leaf entry @i is clean, and is needed for writing; *@next as above. */
static enum shadow_fault write(struct shadow_node *n, unsigned int i, const struct pgt_entry *e,
			       unsigned int need, struct shadow_node **next)
{
	int ret = -EFAULT;

	if ((iopt_granted((unsigned int)n->pte[i]) & need) == need)
		ret = node_write(n, i, e, next);
	if (ret)
		return ret == -ENOMEM ? SHADOW_NOMEM : SHADOW_TARGET;
	return SHADOW_OK;
}

enum shadow_fault shadow_miss(struct shadow *s, uint64_t iova, unsigned int need)
{
	const struct shadow_part *part = shadow_part_of(s, iova, &iova);
	struct shadow_node *n, *next;
	enum shadow_fault fault;
	unsigned int perm = IOPT_PERM;

	if (!part)
		return s->tree.mode == SHADOW_GUEST ? SHADOW_ADDRESS_WIDTH :
		       s->tree.mode == SHADOW_EMPTY ? SHADOW_NO_PGTABLE : SHADOW_NOT_MAPPED;
	for (n = part->top;; n = next) {
		unsigned int i = node_index(n, iova);
		struct pgt_entry e;

		fault = node_refresh(n, i);
		if (fault)
			return fault;
		e = node_decode(n, i, node_raw(n, i));
		if (e.kind == PGT_NONE)
			return SHADOW_NOT_MAPPED;
		if (e.kind == PGT_BAD)
			return why_bad(n, i);
		perm &= e.perm;
		if ((perm & need) != need)
			return SHADOW_PERMISSION;
		fault = node_fill(n, i, iova, &e, &next);
		if (fault)
			return fault;
		if (!next && need & IOPT_WRITE && n->pte[i] & IOPT_CLEAN)
			fault = write(n, i, &e, need, &next);
		if (fault)
			return fault;
		if (next)
			continue;
		if (!perm)
			return SHADOW_PERMISSION;
		return (n->pte[i] & need) == need ? SHADOW_OK : SHADOW_TARGET;
	}
}

/* The list of entries that lead through the entry at @slot. */
static uint32_t *head_of(void *opaque, uint64_t *slot)
{
	struct shadow *s = opaque;
	struct shadow_node *n = pages_owner(slot);

	s->mark++;
	if (!n->heads)
		n->heads = node_page(s, n, true);
	return n->heads ? &n->heads[slot - n->pte].first : NULL;
}

int shadow_resolve(void *opaque, uint64_t iova, struct shadow_piece *piece)
{
	struct shadow *s = opaque;
	struct iopt_hit hit = iopt_walk_any(&s->root, iova);
	uint64_t size;

	if (!(hit.entry & (IOPT_PERM | IOPT_CLEAN))) {
		enum shadow_fault fault = shadow_miss(s, iova, 0);

		if (fault)
			return fault == SHADOW_NOMEM ? -ENOMEM : -EFAULT;
		hit = iopt_walk_any(&s->root, iova);
	}
	if (!hit.perm)
		return -EFAULT;
	size = UINT64_C(1) << hit.shift;
	piece->start = iova & ~(size - 1);
	piece->last = piece->start + size - 1;
	piece->host = hit.entry & IOPT_ADDR;
	piece->perm = hit.perm;
	piece->watch = head_of(s, hit.slot);
	return piece->watch ? 0 : -ENOMEM;
}

struct shadow_parent shadow_as_parent(struct shadow *s)
{
	return (struct shadow_parent){ shadow_resolve, shadow_write, s, &s->gen, shadow_first,
				       &s->root, head_of, NULL };
}
