/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reverse way: from a piece of the parent to the entries that lead to it. */
#include "list.h"

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

void shadow_drop_list(uint32_t *head, struct pages *pool, struct reap *reap)
{
	uint32_t *stack[MAX_DEPTH];
	unsigned int depth = 0;

	stack[depth++] = head;
	while (depth) {
		struct shadow_link *link;
		struct shadow_node *n;
		unsigned int i;

		head = stack[depth - 1];
		if (!*head) {
			depth--;
			continue;
		}
		link = pages_ptr(pool, *head);
		n = pages_owner(link);
		i = (unsigned int)(link - n->links);
		list_remove(link, pool);
		if (n->pte[i]) {
			iopt_store(&n->pte[i], 0);
			n->shadow->gen++;
			reap->drain = true;
		}
		if (n->heads && (uint32_t)n->heads[i])
			stack[depth++] = (uint32_t *)&n->heads[i];
	}
}

void list_drop_heads(struct shadow_node *n, unsigned int i, struct reap *reap)
{
	shadow_drop_list((uint32_t *)&n->heads[i], n->shadow->pool, reap);
}

void shadow_drop_range(struct shadow *s, uint64_t start, uint64_t last, struct reap *reap)
{
	struct shadow_node *n;

	for (n = s->tree.nodes; n; n = n->next) {
		uint64_t size = UINT64_C(1) << node_shift(n);
		unsigned int i;

		for (i = 0; i < IOPT_ENTRIES; i++) {
			uint64_t addr;

			if (!n->pte[i] || n->pte[i] & IOPT_TABLE)
				continue;
			addr = node_decode(n, n->raw[i]).addr;
			if (addr <= last && addr + size - 1 >= start)
				node_clear(n, i, reap);
		}
	}
}
