/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inner nodes of the interval map, and the way through them. */
#include "imap_node.h"

void imap_inner_add(struct imap_inner *node, unsigned int at, uint64_t key, void *child,
		    uint64_t gap)
{
	size_t bytes = (node->count - at) * sizeof(uint64_t);

	memmove(&node->key[at + 1], &node->key[at], bytes);
	memmove(&node->gap[at + 1], &node->gap[at], bytes);
	memmove(&node->child[at + 1], &node->child[at],
		(node->count - at) * sizeof(node->child[0]));
	node->key[at] = key;
	node->gap[at] = gap;
	node->child[at] = child;
	node->count++;
}

/* What belonged to the child falls to the one before it, or to the next if it was the first. */
void imap_inner_del(struct imap_inner *node, unsigned int at)
{
	size_t bytes = (node->count - at - 1u) * sizeof(uint64_t);

	memmove(&node->key[at], &node->key[at + 1], bytes);
	memmove(&node->gap[at], &node->gap[at + 1], bytes);
	memmove(&node->child[at], &node->child[at + 1],
		(node->count - at - 1u) * sizeof(node->child[0]));
	node->count--;
}

void imap_inner_move(struct imap_inner *from, unsigned int at, struct imap_inner *to)
{
	unsigned int n = from->count - at;

	memcpy(&to->key[to->count], &from->key[at], n * sizeof(from->key[0]));
	memcpy(&to->gap[to->count], &from->gap[at], n * sizeof(from->gap[0]));
	memcpy(&to->child[to->count], &from->child[at], n * sizeof(from->child[0]));
	to->count = (uint16_t)(to->count + n);
	from->count = (uint16_t)at;
}

uint64_t imap_inner_gap(const struct imap_inner *node)
{
	uint64_t gap = 0;
	unsigned int i;

	for (i = 0; i < node->count; i++)
		gap = bits_max(gap, node->gap[i]);
	return gap;
}

void imap_path_raise(const struct imap *map, const struct imap_path *path, unsigned int level,
		     uint64_t gap)
{
	for (; level < map->height; level++) {
		uint64_t *bound = &path->node[level]->gap[path->index[level]];

		if (*bound >= gap)
			break;
		*bound = gap;
	}
}

void imap_path_seek(const struct imap *map, struct imap_path *path, uint64_t addr)
{
	unsigned int level = map->height;
	void *node = map->root;

	path->lo = 0;
	path->hi = UINT64_MAX;
	path->before = 0;
	while (level--) {
		struct imap_inner *inner = node;
		unsigned int i = imap_inner_search(inner, addr);

		path->node[level] = inner;
		path->index[level] = (uint16_t)i;
		if (i)
			path->lo = inner->key[i];
		if (i + 1 < inner->count)
			path->hi = inner->key[i + 1] - 1;
		node = inner->child[i];
	}
	path->leaf = node;
}
