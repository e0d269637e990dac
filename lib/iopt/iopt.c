/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes to the library's own I/O page table. A node's owner word counts its entries in the low
 * bits; the rest is the page of list heads that users of the entries asked for.
 */
#include <errno.h>

#include "iopt/iopt.h"
#include "util/bits.h"

struct path {
	uint64_t *node[IOPT_LEVELS];
	unsigned int top;
};

static void count_add(void *node, intptr_t n)
{
	pages_set_owner(node, (void *)((intptr_t)pages_owner(node) + n));
}

/* How many entries it has. */
static unsigned int count_of(void *node)
{
	return (unsigned int)((uintptr_t)pages_owner(node) & (PAGES_SIZE - 1));
}

static struct iopt_list *heads_of(void *node)
{
	return (struct iopt_list *)((uintptr_t)pages_owner(node) & ~(uintptr_t)(PAGES_SIZE - 1));
}

uint32_t *iopt_head(struct iopt *table, uint64_t *slot)
{
	uint64_t *node = (uint64_t *)((uintptr_t)slot & ~(uintptr_t)(PAGES_SIZE - 1));
	struct iopt_list *heads = heads_of(node);

	if (!heads) {
		heads = pages_alloc(table->pool);
		if (!heads)
			return NULL;
		table->lists++;
		count_add(node, (intptr_t)heads);
	}
	return &heads[slot - node].first;
}

void iopt_init(struct iopt *table, struct pages *pool)
{
	*table = (struct iopt){ .pool = pool };
}

static uint64_t *node_new(struct iopt *table)
{
	uint64_t *node = pages_alloc(table->pool);

	if (node)
		table->nodes++;
	return node;
}

/* Makes the tree high enough for @last. */
static int grow(struct iopt *table, uint64_t last)
{
	uint64_t word = table->root.word;
	unsigned int level = (unsigned int)(word & IOPT_LEVEL);

	if (!word) {
		uint64_t *node = node_new(table);

		if (!node)
			return -ENOMEM;
		while (last >> (iopt_shift(level) + IOPT_BITS))
			level++;
		iopt_store(&table->root.word, iopt_root_word(node, level, false));
		return 0;
	}
	while (last >> (iopt_shift(level) + IOPT_BITS)) {
		uint64_t *node = node_new(table);

		if (!node)
			return -ENOMEM;
		node[0] = (word & IOPT_ADDR) | iopt_table_flags(IOPT_PERM);
		count_add(node, 1);
		word = iopt_root_word(node, ++level, false);
		iopt_store(&table->root.word, word);
	}
	return 0;
}

/* The way down to the node of @level for @iova, with new nodes where there are none. */
static uint64_t *descend(struct iopt *table, uint64_t iova, unsigned int level)
{
	uint64_t word = table->root.word;
	uint64_t *node = iopt_node(word);
	unsigned int at = (unsigned int)(word & IOPT_LEVEL);

	for (; at > level; at--) {
		uint64_t *slot = &node[iopt_index(iova, at)];

		if (!*slot) {
			uint64_t *child = node_new(table);

			if (!child)
				return NULL;
			iopt_store(slot, (uint64_t)(uintptr_t)child | iopt_table_flags(IOPT_PERM));
			count_add(node, 1);
		}
		node = iopt_node(*slot);
	}
	return node;
}

/* The highest level at which a leaf can stand at @iova. */
static unsigned int leaf_level(uint64_t iova, uint64_t length, unsigned int top)
{
	unsigned int level = 0;

	while (level < top && length >> iopt_shift(level + 1) &&
	       !(iova & ((UINT64_C(1) << iopt_shift(level + 1)) - 1)))
		level++;
	return level;
}

/* The lowest node for @iova, if that is the one at hand. */
static uint64_t *near_node(const struct iopt *table, uint64_t iova)
{
	return table->near && iova >> iopt_shift(1) == table->near_at ? table->near : NULL;
}

static void set_near(struct iopt *table, uint64_t iova, uint64_t *node)
{
	table->near = node;
	table->near_at = iova >> iopt_shift(1);
}

/* The same for one page, where neighbours go one by one. */
static bool map_near(struct iopt *table, uint64_t iova, uint64_t entry)
{
	uint64_t *node = near_node(table, iova);

	if (!node)
		return false;
	iopt_store(&node[iopt_index(iova, 0)], entry);
	count_add(node, 1);
	return true;
}

/* How much of @length bytes from @iova on the leaves of @level take that are in one node. */
static uint64_t in_node(uint64_t iova, uint64_t length, unsigned int level)
{
	uint64_t rest = (UINT64_C(1) << iopt_shift(level + 1)) -
			(iova & ((UINT64_C(1) << iopt_shift(level + 1)) - 1));

	return rest < length ? rest : length >> iopt_shift(level) << iopt_shift(level);
}

/* All nodes that the leaves of a range need; *@made: of so many bytes. 0 or -ENOMEM. */
static int make_nodes(struct iopt *table, uint64_t iova, uint64_t length, unsigned int top,
		      uint64_t *made)
{
	while (*made < length) {
		unsigned int level = leaf_level(iova + *made, length - *made, top);

		if (!descend(table, iova + *made, level))
			return -ENOMEM;
		*made += in_node(iova + *made, length - *made, level);
	}
	return 0;
}

/* Not inline: what it needs is not to be paid for by those who find a node at hand. */
static int __attribute__((noinline)) map_range(struct iopt *table, uint64_t iova, uint64_t length,
					       uint64_t host, unsigned int perm, struct reap *reap)
{
	uint64_t made = 0, done;
	unsigned int top;

	if (grow(table, iova + length - 1))
		goto fail;
	top = table->small ? 0 : table->root.word & IOPT_LEVEL;
	/* What can fail goes before the first leaf: so DMA sees nothing of a map that fails. */
	if (iova >> iopt_shift(1) != (iova + length - 1) >> iopt_shift(1) &&
	    make_nodes(table, iova, length, top, &made))
		goto fail;
	for (done = 0; done < length;) {
		uint64_t at = iova + done;
		unsigned int level = leaf_level(at, length - done, top);
		uint64_t end = done + in_node(at, length - done, level);
		uint64_t *node = descend(table, at, level);
		unsigned int first = iopt_index(at, level), i;

		if (!node)	/* the only one that it needs */
			goto fail;
		if (!level)
			set_near(table, at, node);
		for (i = first; done < end; i++, done += UINT64_C(1) << iopt_shift(level))
			iopt_store(&node[i], (host + done) | perm);
		count_add(node, i - first);
	}
	return 0;

fail:
	/* One page more than has nodes: those that were made on the way to it go as well. */
	if (table->root.word)
		iopt_unmap(table, iova, made + 4096, reap);
	return -ENOMEM;
}

int iopt_map(struct iopt *table, uint64_t iova, uint64_t length, uint64_t host, unsigned int perm,
	     struct reap *reap)
{
	if (length == PAGES_SIZE && map_near(table, iova, host | perm))
		return 0;
	return map_range(table, iova, length, host, perm, reap);
}

/* Follows @iova as far down as there are nodes; returns the level reached. */
static unsigned int find(const struct iopt *table, uint64_t iova, struct path *path)
{
	unsigned int level = path->top = (unsigned int)(table->root.word & IOPT_LEVEL);
	uint64_t entry = table->root.word;

	for (;; level--) {
		path->node[level] = iopt_node(entry);
		entry = path->node[level][iopt_index(iova, level)];
		if (!(entry & IOPT_TABLE))
			return level;
	}
}

/* The users of an entry that has gone. */
static inline void drop_users(struct iopt *table, uint64_t *node, unsigned int i, struct reap *reap)
{
	struct iopt_list *heads = heads_of(node);

	if (bits_unlikely(heads != NULL) && heads[i].first)
		table->dropped(&heads[i].first, table->pool, reap);
}

/* Takes out the nodes on @path from @level upwards that have become empty. */
static void prune(struct iopt *table, struct path *path, uint64_t iova, unsigned int level,
		  struct reap *reap)
{
	while (!count_of(path->node[level])) {
		if (level == path->top)
			iopt_store(&table->root.word, 0);
		else {
			uint64_t *up = path->node[level + 1];
			unsigned int i = iopt_index(iova, level + 1);

			iopt_store(&up[i], 0);
			drop_users(table, up, i, reap);
			count_add(up, -1);
		}
		if (path->node[level] == table->near)
			table->near = NULL;
		table->lists -= !!heads_of(path->node[level]);
		pages_free_clean(table->pool, heads_of(path->node[level]));
		reap_clean_page(reap, path->node[level]);
		table->nodes--;
		if (level++ == path->top)
			break;
	}
}

/* One page of the node at hand; false if there is more to it. */
static bool unmap_near(struct iopt *table, uint64_t iova, struct reap *reap)
{
	uint64_t *node = near_node(table, iova);
	unsigned int i = iopt_index(iova, 0);

	if (!node || !node[i] || count_of(node) == 1)
		return false;
	iopt_store(&node[i], 0);
	drop_users(table, node, i, reap);
	count_add(node, -1);
	reap->drain = true;
	return true;
}

static void __attribute__((noinline)) unmap_range(struct iopt *table, uint64_t iova,
						  uint64_t length, struct reap *reap)
{
	uint64_t last = iova + length - 1;

	while (iova <= last && table->root.word) {
		struct path path;
		unsigned int level, i;
		intptr_t n = 0;
		uint64_t at = iova, step, *node;

		if (iova >> iopt_bits(table->root.word))
			break;
		level = find(table, iova, &path);
		node = path.node[level];
		if (!level)
			set_near(table, iova, node);
		step = UINT64_C(1) << iopt_shift(level);
		for (i = iopt_index(iova, level); i < IOPT_ENTRIES && iova <= last; i++) {
			if (node[i] & IOPT_TABLE)
				break;
			n -= !!node[i];
			iopt_store(&node[i], 0);
			drop_users(table, node, i, reap);
			iova = (iova | (step - 1)) + 1; /* no more than IOPT_MAX_BITS */
		}
		count_add(node, n);
		reap->drain |= n < 0;
		prune(table, &path, at, level, reap);
	}
}

void iopt_unmap(struct iopt *table, uint64_t iova, uint64_t length, struct reap *reap)
{
	if (length != PAGES_SIZE || !unmap_near(table, iova, reap))
		unmap_range(table, iova, length, reap);
}

void iopt_clear(struct iopt *table, struct reap *reap)
{
	iopt_unmap(table, 0, UINT64_C(1) << IOPT_MAX_BITS, reap);
}
