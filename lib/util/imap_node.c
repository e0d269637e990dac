/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nodes of the interval map, one at a time. */
#include "imap_node.h"

/* Items below @n, down to those with another tag than the last one's, that start at or below. */
static unsigned int upper_among_equals(const struct imap *map, const struct imap_leaf *leaf,
				       unsigned int n, uint64_t addr)
{
	unsigned int lo = 0, hi = n - 1;

	/* item lo - 1 is below addr, item hi is above */
	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (leaf->tag[mid] < leaf->tag[hi] || imap_item_at(map, leaf, mid)->start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

unsigned int imap_leaf_upper(const struct imap *map, const struct imap_leaf *leaf, uint64_t addr)
{
	int16_t tag = imap_tag(leaf, addr);
	unsigned int n;

	if (addr < leaf->base)
		return 0;
	n = imap_leaf_tags(leaf, tag);
	if (!n || leaf->tag[n - 1] < tag || leaf->exact ||
	    imap_item_at(map, leaf, n - 1)->start <= addr)
		return n;
	return upper_among_equals(map, leaf, n, addr);
}

/* Most of the tags' range is for what may come below and above. */
static void set_base(struct imap_leaf *leaf, uint64_t first, unsigned int shift)
{
	leaf->shift = (uint8_t)shift;
	leaf->base = shift > 48 ? 0 : bits_sub_sat(first, UINT64_C(0x7000) << shift);
	leaf->base = bits_align_down(leaf->base, UINT64_C(1) << shift);
	leaf->exact = true;
	leaf->shortest = UINT64_MAX;
	leaf->longest = 0;
}

void imap_leaf_init(struct imap_leaf *leaf, uint64_t around, unsigned int shift)
{
	unsigned int i;

	leaf->next = NULL;
	leaf->prev = NULL;
	leaf->count = 0;
	for (i = 0; i < IMAP_LEAF_ITEMS; i++)
		leaf->tag[i] = INT16_MAX;
	set_base(leaf, around, shift);
}

static void set_tag(struct imap_leaf *leaf, unsigned int i, const struct imap_item *item)
{
	uint64_t length = item->last - item->start;

	leaf->tag[i] = imap_tag(leaf, item->start);
	leaf->exact = leaf->exact && imap_tag_is_exact(leaf, item->start);
	leaf->shortest = bits_min(leaf->shortest, length);
	leaf->longest = bits_max(leaf->longest, length);
}

/* What a leaf, or two, knows of its items. */
struct contents {
	unsigned int count;
	uint64_t shortest, longest;
	uint64_t start[2 * IMAP_LEAF_ITEMS];
	uint32_t ref[2 * IMAP_LEAF_ITEMS];
};

/* Adds those of @leaf to @all. A uniform leaf's items needn't be touched. */
static void gather(const struct imap *map, const struct imap_leaf *leaf, struct contents *all)
{
	uint64_t *start = &all->start[all->count];
	unsigned int i;

	memcpy(&all->ref[all->count], leaf->ref, leaf->count * sizeof(leaf->ref[0]));
	all->count += leaf->count;
	if (imap_leaf_is_uniform(leaf)) {
		for (i = 0; i < leaf->count; i++)
			start[i] = imap_start_min(leaf, i);
		all->shortest = bits_min(all->shortest, leaf->shortest);
		all->longest = bits_max(all->longest, leaf->longest);
		return;
	}
	for (i = 0; i < leaf->count; i++) {
		const struct imap_item *item = imap_item_at(map, leaf, i);

		start[i] = item->start;
		all->shortest = bits_min(all->shortest, item->last - item->start);
		all->longest = bits_max(all->longest, item->last - item->start);
	}
}

/*
 * Gives @leaf the @n items from @at on. Its unit is as fine as their span allows, but no finer
 * than they are aligned, or than a page.
 */
static void settle(struct imap_leaf *leaf, const struct contents *all, unsigned int at,
		   unsigned int n)
{
	const uint64_t *start = &all->start[at];
	uint64_t span, bits = UINT64_C(1) << 63;
	unsigned int i, shift;

	if (n) {
		for (i = 0; i < n; i++)
			bits |= start[i];
		span = start[n - 1] - start[0];
		shift = (unsigned int)bits_min(bits_ctz(bits), IMAP_PAGE_SHIFT);
		if (span >> shift >> 13)
			shift = bits_ilog2(span) - 12;
		set_base(leaf, start[0], shift);
		leaf->exact = shift <= bits_ctz(bits);
		leaf->shortest = all->shortest;
		leaf->longest = all->longest;
	}
	for (i = 0; i < n; i++)
		leaf->tag[i] = imap_tag(leaf, start[i]);
	for (; i < leaf->count; i++)
		leaf->tag[i] = INT16_MAX;
	memcpy(leaf->ref, &all->ref[at], n * sizeof(leaf->ref[0]));
	leaf->count = (uint16_t)n;
}

void imap_leaf_share(const struct imap *map, struct imap_leaf *left, struct imap_leaf *right,
		     unsigned int n)
{
	struct contents all;

	if (left->count == n)
		return;
	all.count = 0;
	all.shortest = UINT64_MAX;
	all.longest = 0;
	gather(map, left, &all);
	gather(map, right, &all);
	settle(left, &all, 0, n);
	settle(right, &all, n, all.count - n);
}

/* Chooses base and shift anew. */
static void fit(const struct imap *map, struct imap_leaf *leaf)
{
	struct contents all;

	all.count = 0;
	all.shortest = UINT64_MAX;
	all.longest = 0;
	gather(map, leaf, &all);
	settle(leaf, &all, 0, all.count);
}

void imap_leaf_add(const struct imap *map, struct imap_leaf *leaf, unsigned int at,
		   const struct imap_item *item)
{
	size_t behind = leaf->count - at;

	memmove(&leaf->tag[at + 1], &leaf->tag[at], behind * sizeof(leaf->tag[0]));
	memmove(&leaf->ref[at + 1], &leaf->ref[at], behind * sizeof(leaf->ref[0]));
	set_tag(leaf, at, item);
	leaf->ref[at] = pages_ref(item);
	leaf->count++;
	if (bits_unlikely(!imap_tag_fits(leaf, item->start))) {
		leaf->exact = false;	/* its tag is wrong */
		fit(map, leaf);
	}
}

void imap_leaf_del(struct imap_leaf *leaf, unsigned int at)
{
	size_t behind = leaf->count - at - 1u;

	memmove(&leaf->tag[at], &leaf->tag[at + 1], behind * sizeof(leaf->tag[0]));
	memmove(&leaf->ref[at], &leaf->ref[at + 1], behind * sizeof(leaf->ref[0]));
	leaf->count--;
	leaf->tag[leaf->count] = INT16_MAX;
}

uint64_t imap_leaf_gap(const struct imap *map, const struct imap_leaf *leaf)
{
	const struct imap_item *item, *next;
	unsigned int i;
	uint64_t gap = 0;
	int distance = 0;

	if (imap_leaf_is_uniform(leaf)) {
		for (i = 1; i < leaf->count; i++) {
			int d = leaf->tag[i] - leaf->tag[i - 1];

			distance = d > distance ? d : distance;
		}
		if (distance)
			gap = ((uint64_t)distance << leaf->shift) - leaf->shortest - 1;
		item = imap_item_at(map, leaf, leaf->count - 1u);
	} else {
		item = imap_item_at(map, leaf, 0);
		for (i = 1; i < leaf->count; i++, item = next) {
			next = imap_item_at(map, leaf, i);
			gap = bits_max(gap, imap_gap_between(item, next));
		}
	}
	return bits_max(gap, imap_gap_between(item, imap_behind(map, leaf)));
}

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
