/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reverse way: from a piece of the parent to the entries that lead to it. */
#include "util/bits.h"
#include "shadow/list.h"

void list_add(uint32_t *head, struct shadow_link *link, struct pages *pool)
{
	link->next = *head;
	link->prev = pages_ref(head);
	*head = pages_ref(link);
	if (link->next)
		((struct shadow_link *)pages_ptr(pool, link->next))->prev = *head;
}

void list_remove(struct shadow_link *link, struct pages *pool)
{
	*(uint32_t *)pages_ptr(pool, link->prev) = link->next;
	if (link->next)
		((struct shadow_link *)pages_ptr(pool, link->next))->prev = link->prev;
	*link = (struct shadow_link){ 0 };
}

/* Nesting is 8 deep at most, and the lists of each depth lead to the next. */
#define MAX_DEPTH 16

/* Takes the first off a list. Returns the list of what leads through it, if there is any. */
static uint32_t *drop_first(uint32_t *head, struct pages *pool, struct reap *reap)
{
	struct shadow_link *link = pages_ptr(pool, *head);
	uintptr_t owner = (uintptr_t)pages_owner(link);
	struct shadow_node *n;
	unsigned int i;

	list_remove(link, pool);
	if (!(owner & OWNER_LINKS)) {
		node_forget(bits_container_of(link, struct shadow_node, self), reap);
		return NULL;
	}
	n = (struct shadow_node *)(owner - OWNER_LINKS);
	i = (unsigned int)(link - n->links);
	if (n->pte[i]) {
		/* The parts of a leaf that was split are on the list themselves. */
		if (!(n->pte[i] & IOPT_TABLE))
			iopt_store(&n->pte[i], 0);
		shadow_took(n->shadow, reap);
	}
	return n->heads && n->heads[i].first ? &n->heads[i].first : NULL;
}

void shadow_drop_list(uint32_t *head, struct pages *pool, struct reap *reap)
{
	uint32_t *stack[MAX_DEPTH], *next;
	unsigned int depth = 0;

	stack[depth++] = head;
	while (depth) {
		head = stack[depth - 1];
		next = *head ? drop_first(head, pool, reap) : NULL;
		if (next)
			stack[depth++] = next;
		else if (!*head)
			depth--;
	}
}

void list_drop_heads(struct shadow_node *n, unsigned int i, struct reap *reap)
{
	shadow_drop_list(&n->heads[i].first, n->shadow->pool, reap);
}

static void drop_targets(struct shadow_node *n, uint64_t start, uint64_t last, struct reap *reap)
{
	uint64_t size = UINT64_C(1) << node_shift(n);
	unsigned int i;

	for (i = 0; i < IOPT_ENTRIES; i++) {
		struct pgt_entry e;

		if (!n->pte[i])
			continue;
		e = node_decode(n, i, node_raw(n, i));
		if (e.kind != PGT_LEAF || e.addr > last || e.addr + size - 1 < start)
			continue;
		/* A leaf that was split stays so; what leads through it came before that. */
		if (!(n->pte[i] & IOPT_TABLE)) {
			node_unresolve(n, i, reap);
			continue;
		}
		n->shadow->gen++;
		if (n->heads && n->heads[i].first)
			list_drop_heads(n, i, reap);
	}
}

void shadow_drop_range(struct shadow *s, uint64_t start, uint64_t last, struct reap *reap)
{
	struct shadow_node *n;

	for (n = node_first(s); n; n = node_next(n, reap)) {
		if (!n->own && n->addr <= last && n->addr + PAGES_SIZE - 1 >= start)
			node_forget(n, reap);
		else
			drop_targets(n, start, last, reap);
	}
}
