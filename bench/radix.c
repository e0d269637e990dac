/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bare page table that translations are compared with. */
#include <stdlib.h>
#include <string.h>

#include "reference.h"

static uint64_t *new_node(void)
{
	return memset(need(aligned_alloc(PAGE, PAGE)), 0, PAGE);
}

static uint64_t *node_of(uint64_t entry)
{
	return (uint64_t *)(uintptr_t)(entry & ~(PAGE - 1));
}

void radix_init(struct radix *radix)
{
	radix->root = new_node();
}

void radix_map(struct radix *radix, uint64_t iova, uint64_t target, unsigned int level)
{
	uint64_t *node = radix->root, *entry;
	unsigned int at;

	for (at = 4; at > level; at--) {
		entry = &node[iova >> (12 + 9 * (at - 1)) & 511];
		if (!*entry)
			*entry = (uint64_t)(uintptr_t)new_node() | 1;
		node = node_of(*entry);
	}
	node[iova >> (12 + 9 * (level - 1)) & 511] = target | 1;
}

static void free_node(uint64_t *node, unsigned int level, unsigned int leaves)
{
	unsigned int i;

	for (i = 0; level > leaves && i < 512; i++)
		if (node[i])
			free_node(node_of(node[i]), level - 1, leaves);
	free(node);
}

void radix_free(struct radix *radix, unsigned int leaves)
{
	free_node(radix->root, 4, leaves);
}
