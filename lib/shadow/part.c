/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of the guest's, the levels of the nodes that they are kept in, and what leads to which. */
#include <errno.h>

#include "shadow/node.h"
#include "util/bits.h"

/* One level more, on top of those that there are; returns its number. */
static uint8_t add_level(struct shadow_part *part, unsigned int shift, unsigned int bits,
			 unsigned int table)
{
	unsigned int n = part->tree.level++;

	part->tree.shift[n] = (uint8_t)shift;
	part->tree.bits[n] = (uint8_t)bits;
	part->table[n + 1] = (uint8_t)table;
	return (uint8_t)(n + 1);
}

void part_init(struct shadow_part *part, const struct pgt *pgt)
{
	unsigned int table;

	*part = (struct shadow_part){ .pgt = *pgt, .tree.width = (uint8_t)pgt->input_bits };
	if (pgt->page_shift > IOPT_SHIFT)
		add_level(part, IOPT_SHIFT, pgt->page_shift - IOPT_SHIFT, 0);
	for (table = 1; table <= pgt->levels; table++) {
		unsigned int shift = pgt_shift(pgt, table), bits = pgt->rule[table].index_bits;

		part->enter[table] = add_level(part, shift, (unsigned int)bits_min(bits, IOPT_BITS),
					       table);
		if (bits > IOPT_BITS)
			part->enter[table] =
				add_level(part, shift + IOPT_BITS, bits - IOPT_BITS, 0);
	}
	part->tree.level--;
}

bool part_is_plain(const struct shadow_part *part)
{
	return part->pgt.page_shift == IOPT_SHIFT && part->tree.level < IOPT_LEVELS;
}

const struct shadow_part *shadow_part_of(const struct shadow *s, uint64_t iova, uint64_t *low)
{
	const struct shadow_part *part = s->tree.part;
	unsigned int i;

	*low = iova;
	if (s->tree.mode != SHADOW_GUEST)
		return part->top && iova <= node_last(part->top, 0) ? part : NULL;
	for (i = 0; i < 2; i++, part++) {
		if (!part->top || !pgt_input_ok(&part->pgt, iova))
			continue;
		*low = iova & ((UINT64_C(1) << part->pgt.input_bits) - 1);
		return part;
	}
	return NULL;
}

uint64_t node_table_size(const struct shadow_node *n, const struct pgt_entry *e)
{
	const struct shadow_part *part = node_part(n);
	unsigned int enter = n->own ? 1 : part->enter[n->table - 1u - e->skip];

	return n->own || part->table[enter] ? PAGES_SIZE :
					      (uint64_t)PAGES_SIZE << part->tree.bits[enter - 1];
}

int node_table_at(const struct shadow_node *n, const struct pgt_entry *e)
{
	uint64_t size = node_table_size(n, e), at;
	int ret = -EFAULT;

	for (at = 0; at < size && ret == -EFAULT; at += PAGES_SIZE)
		ret = shadow_table_at(n->shadow, e->addr + at);
	return ret;
}

/* What a table entry, or a leaf to be split, leads to. */
static struct node_key child_key(const struct shadow_node *n, const struct pgt_entry *e)
{
	const struct shadow_part *part = node_part(n);
	struct node_key key = { .addr = e->addr, .level = (uint8_t)(n->level - 1u),
				.kind = NODE_GUEST, .high = n->high };
	uint8_t enter = key.level;

	if (e->kind == PGT_LEAF) {
		key.kind = NODE_SPLIT;
		return key;
	}
	if (n->kind == NODE_SKIP)
		enter = n->target;
	else if (n->kind == NODE_GUEST)
		enter = part->enter[n->table - 1u - e->skip];
	if (key.level > enter) {
		key.kind = NODE_SKIP;
		key.target = enter;
	} else if (!part->table[enter]) {
		key.kind = NODE_JOIN;
	}
	return key;
}

struct shadow_node *node_fill_table(struct shadow_node *n, unsigned int i,
				    const struct pgt_entry *e)
{
	const struct node_key key = child_key(n, e);
	struct shadow_node *child = node_get(n->shadow, &key);

	n->split |= e->kind == PGT_LEAF;
	if (child)
		iopt_store(&n->pte[i], (uint64_t)(uintptr_t)child->pte |
			   iopt_table_flags(e->perm));
	return child;
}
