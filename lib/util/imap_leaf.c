/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Leaves of the interval map, one or two at a time: with tags, and with slots. */
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

static unsigned int leaf_upper(const struct imap *map, const struct imap_leaf *leaf, uint64_t addr)
{
	int16_t tag = imap_tag(leaf, addr);
	unsigned int n = imap_leaf_tags(leaf, tag);

	if (!n || leaf->tag[n - 1] < tag || leaf->exact ||
	    imap_item_at(map, leaf, n - 1)->start <= addr)
		return n;
	return upper_among_equals(map, leaf, n, addr);
}

unsigned int imap_leaf_floor(const struct imap *map, const struct imap_leaf *leaf, uint64_t addr)
{
	if (addr < leaf->base)
		return IMAP_END;
	if (leaf->dense)
		return imap_slot_upto(leaf, (unsigned int)
				      bits_min((addr - leaf->base) >> leaf->shift, IMAP_SLOTS - 1));
	return leaf_upper(map, leaf, addr) - 1;
}

static void set_base(struct imap_leaf *leaf, uint64_t base, unsigned int shift)
{
	leaf->shift = (uint8_t)shift;
	leaf->base = bits_align_down(base, UINT64_C(1) << shift);
	leaf->exact = true;
	leaf->shortest = UINT64_MAX;
	leaf->longest = 0;
}

/* No items, and tags. Most of their range is for what may come below and above. */
static void reset(struct imap_leaf *leaf, uint64_t first, unsigned int shift)
{
	unsigned int i;

	set_base(leaf, shift > 48 ? 0 : bits_sub_sat(first, UINT64_C(0x7000) << shift), shift);
	leaf->count = 0;
	leaf->dense = false;
	for (i = 0; i < IMAP_LEAF_ITEMS; i++)
		leaf->tag[i] = INT16_MAX;
}

void imap_leaf_init(struct imap_leaf *leaf, uint64_t around, unsigned int shift)
{
	leaf->next = NULL;
	leaf->prev = NULL;
	reset(leaf, around, shift);
}

/* What a leaf, or two, knows of its items. */
struct contents {
	unsigned int count;
	uint64_t shortest, longest;
	uint64_t start[2 * IMAP_SLOTS];
	uint32_t ref[2 * IMAP_SLOTS];
};

/* Adds those of @leaf to @all. A uniform leaf's items needn't be touched. */
static void gather(const struct imap *map, const struct imap_leaf *leaf, struct contents *all)
{
	bool known = imap_leaf_is_uniform(leaf);
	unsigned int at = IMAP_END;

	if (known && leaf->count) {
		all->shortest = bits_min(all->shortest, leaf->shortest);
		all->longest = bits_max(all->longest, leaf->longest);
	}
	while ((at = imap_behind_place(leaf, at)) != IMAP_END) {
		all->ref[all->count] = imap_ref_at(leaf, at);
		if (known) {
			all->start[all->count++] = imap_start_min(leaf, at);
		} else {
			const struct imap_item *item = imap_item_at(map, leaf, at);

			all->start[all->count++] = item->start;
			all->shortest = bits_min(all->shortest, item->last - item->start);
			all->longest = bits_max(all->longest, item->last - item->start);
		}
	}
}

static void gather_all(const struct imap *map, const struct imap_leaf *left,
		       const struct imap_leaf *right, struct contents *all)
{
	all->count = 0;
	all->shortest = UINT64_MAX;
	all->longest = 0;
	gather(map, left, all);
	if (right)
		gather(map, right, all);
}

/* The unit that all of @n starts from @start on are multiples of, as a shift. */
static unsigned int unit_of(const uint64_t *start, unsigned int n)
{
	uint64_t bits = UINT64_C(1) << (63 - IMAP_WINDOW_SHIFT);
	unsigned int i;

	for (i = 0; i < n; i++)
		bits |= start[i];
	return bits_ctz(bits);
}

/* Are so many items, from @first to @last, worth a window, and in one? */
static bool is_dense(uint64_t first, uint64_t last, unsigned int n, unsigned int shift)
{
	return n >= IMAP_SLOTS / 4 && !((first ^ last) >> (shift + IMAP_WINDOW_SHIFT));
}

static void settle_slots(struct imap_leaf *leaf, const struct contents *all, unsigned int at,
			 unsigned int n, unsigned int unit)
{
	unsigned int i;

	set_base(leaf, bits_align_down(all->start[at], (uint64_t)IMAP_SLOTS << unit), unit);
	leaf->dense = true;
	memset(leaf->used, 0, sizeof(leaf->used));
	for (i = at; i < at + n; i++) {
		unsigned int slot = (unsigned int)((all->start[i] - leaf->base) >> unit);

		leaf->used[slot / 64] |= UINT64_C(1) << slot % 64;
		leaf->slot[slot] = all->ref[i];
	}
}

/* The unit is as fine as their span allows, but no finer than they are aligned, or than a page. */
static void settle_tags(struct imap_leaf *leaf, const struct contents *all, unsigned int at,
			unsigned int n, unsigned int unit)
{
	uint64_t span = all->start[at + n - 1] - all->start[at];
	unsigned int i, shift = (unsigned int)bits_min(unit, IMAP_PAGE_SHIFT);

	if (span >> shift >> 13)
		shift = bits_ilog2(span) - 12;
	reset(leaf, all->start[at], shift);
	leaf->exact = shift <= unit;
	for (i = 0; i < n; i++)
		leaf->tag[i] = imap_tag(leaf, all->start[at + i]);
	memcpy(leaf->ref, &all->ref[at], n * sizeof(leaf->ref[0]));
}

/* Gives @leaf the @n items from @at on, not none, all multiples of @unit. */
static void settle(struct imap_leaf *leaf, const struct contents *all, unsigned int at,
		   unsigned int n, unsigned int unit, bool dense)
{
	if (dense)
		settle_slots(leaf, all, at, n, unit);
	else
		settle_tags(leaf, all, at, n, unit);
	leaf->shortest = all->shortest;
	leaf->longest = all->longest;
	leaf->count = (uint16_t)n;
}

static void settle_best(struct imap_leaf *leaf, const struct contents *all, unsigned int at,
			unsigned int n)
{
	const uint64_t *start = &all->start[at];
	unsigned int unit = unit_of(start, n);

	settle(leaf, all, at, n, unit, is_dense(start[0], start[n - 1], n, unit));
}

bool imap_leaf_change(const struct imap *map, struct imap_leaf *leaf, uint64_t start)
{
	struct contents all;
	unsigned int unit;
	uint64_t first, last;

	if (leaf->dense && leaf->count >= IMAP_LEAF_ITEMS)
		return false;
	gather_all(map, leaf, NULL, &all);
	first = bits_min(all.start[0], start);
	last = bits_max(all.start[all.count - 1], start);
	unit = unit_of(all.start, all.count);
	if (!leaf->dense) {
		unit = (unsigned int)bits_min(unit, unit_of(&start, 1));
		if (!is_dense(first, last, all.count, unit))
			return false;
	}
	settle(leaf, &all, 0, all.count, unit, !leaf->dense);
	return true;
}

/* Where @right begins if it has @next and what is before it has @prev: at a window, if possible. */
static uint64_t key_between(uint64_t prev, uint64_t next, unsigned int unit)
{
	uint64_t key = bits_align_down(next, (uint64_t)IMAP_SLOTS << unit);

	return key > prev ? key : next;
}

/*
 * How many items to leave on the left for the right ones to begin with a window: the number next to
 * @n with which neither has too many or too few. 0: there is none.
 */
static unsigned int cut_near(const struct contents *all, unsigned int n, unsigned int unit)
{
	const unsigned int most = IMAP_LEAF_ITEMS - 1, far = all->count / 4;
	unsigned int i, k;

	for (i = 0; i <= 2 * far; i++) {
		k = i % 2 ? n - (i + 1) / 2 : n + i / 2;	/* n, n - 1, n + 1, ... */
		if (k && k < all->count && k <= most && all->count - k <= most &&
		    (all->start[k - 1] ^ all->start[k]) >> (unit + IMAP_WINDOW_SHIFT))
			return k;
	}
	return 0;
}

/* Are they one run, with a few holes at most? */
static bool is_run(const struct contents *all, unsigned int unit)
{
	uint64_t span = all->start[all->count - 1] - all->start[0];

	return span >> unit < all->count + all->count / 4;
}

bool imap_leaf_part(const struct imap *map, struct imap_leaf *left, struct imap_leaf *right,
		    unsigned int n, uint64_t start, bool by_window, uint64_t *key)
{
	struct contents all;
	unsigned int unit, cut = 0;
	uint64_t prev = start, next = start;

	gather_all(map, left, right, &all);
	unit = (unsigned int)bits_min(unit_of(all.start, all.count), unit_of(&start, 1));
	if (n && n < all.count)
		cut = cut_near(&all, n, unit);
	else if (!left->dense && is_run(&all, unit))
		cut = cut_near(&all, all.count / 2, unit);
	if (!cut && by_window)
		return false;
	cut = cut ? cut : n;
	if (cut)
		prev = all.start[cut - 1];
	if (cut < all.count)
		next = all.start[cut];

	if (left->count != cut) {
		if (cut)
			settle_best(left, &all, 0, cut);
		else
			reset(left, start, (unsigned int)bits_min(unit, IMAP_PAGE_SHIFT));
		if (cut < all.count)
			settle_best(right, &all, cut, all.count - cut);
	}
	*key = key_between(prev, next, unit);
	return true;
}

void imap_leaf_join(const struct imap *map, struct imap_leaf *left, struct imap_leaf *right)
{
	struct contents all;

	gather_all(map, left, right, &all);
	settle_best(left, &all, 0, all.count);
}

/* Chooses base and unit anew. */
static void fit(const struct imap *map, struct imap_leaf *leaf)
{
	struct contents all;

	gather_all(map, leaf, NULL, &all);
	settle_best(leaf, &all, 0, all.count);
}

static void add_tag(const struct imap *map, struct imap_leaf *leaf, unsigned int at,
		    const struct imap_item *item)
{
	size_t behind = leaf->count - at;

	memmove(&leaf->tag[at + 1], &leaf->tag[at], behind * sizeof(leaf->tag[0]));
	memmove(&leaf->ref[at + 1], &leaf->ref[at], behind * sizeof(leaf->ref[0]));
	leaf->tag[at] = imap_tag(leaf, item->start);
	leaf->ref[at] = pages_ref(item);
	leaf->count++;
	if (bits_unlikely(!imap_tag_fits(leaf, item->start))) {
		leaf->exact = false;	/* its tag is wrong */
		fit(map, leaf);
	}
}

void imap_leaf_add(const struct imap *map, struct imap_leaf *leaf, unsigned int at,
		   const struct imap_item *item)
{
	uint64_t length = item->last - item->start;

	leaf->exact = leaf->exact && imap_tag_is_exact(leaf, item->start);
	leaf->shortest = bits_min(leaf->shortest, length);
	leaf->longest = bits_max(leaf->longest, length);
	if (leaf->dense) {
		at = (unsigned int)((item->start - leaf->base) >> leaf->shift);
		leaf->used[at / 64] |= UINT64_C(1) << at % 64;
		leaf->slot[at] = pages_ref(item);
		leaf->count++;
	} else {
		add_tag(map, leaf, at + 1, item);
	}
}

void imap_leaf_del(struct imap_leaf *leaf, unsigned int at)
{
	size_t behind = leaf->count - at - 1u;

	leaf->count--;
	if (leaf->dense) {
		leaf->used[at / 64] &= ~(UINT64_C(1) << at % 64);
		return;
	}
	memmove(&leaf->tag[at], &leaf->tag[at + 1], behind * sizeof(leaf->tag[0]));
	memmove(&leaf->ref[at], &leaf->ref[at + 1], behind * sizeof(leaf->ref[0]));
	leaf->tag[leaf->count] = INT16_MAX;
}

uint64_t imap_leaf_gap(const struct imap *map, const struct imap_leaf *leaf)
{
	unsigned int at = imap_behind_place(leaf, IMAP_END), next;
	bool known = imap_leaf_is_uniform(leaf);
	uint64_t gap = 0;

	while ((next = imap_behind_place(leaf, at)) != IMAP_END) {
		if (known)
			gap = bits_max(gap, imap_start_min(leaf, next) - imap_start_min(leaf, at) -
				       leaf->shortest - 1);
		else
			gap = bits_max(gap, imap_gap_between(imap_item_at(map, leaf, at),
							     imap_item_at(map, leaf, next)));
		at = next;
	}
	return bits_max(gap, imap_gap_between(imap_item_at(map, leaf, at), imap_behind(map, leaf)));
}
