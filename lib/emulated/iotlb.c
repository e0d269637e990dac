/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cache of translations: looked up without a lock, changed under the context's. */
#include <errno.h>
#include <stdlib.h>

#include "emulated/iotlb.h"
#include "util/alloc.h"
#include "util/bits.h"

int iotlb_init(struct iotlb *t, const struct ioasid_platform_iotlb *g)
{
	*t = (struct iotlb){ .sets = g->entries / g->ways, .ways = g->ways };
	if (g->replacement == IOASID_REPLACE_RANDOM)
		t->random = UINT64_C(1) << 32 | g->seed;
	t->entries = mem_calloc(g->entries, sizeof(*t->entries));
	t->origins = mem_calloc(g->entries, sizeof(*t->origins));
	t->sequences = mem_calloc(t->sets, sizeof(*t->sequences));
	if (t->entries && t->origins && t->sequences)
		return 0;
	iotlb_destroy(t);
	return -ENOMEM;
}

void iotlb_destroy(struct iotlb *t)
{
	mem_free(t->entries);
	mem_free(t->origins);
	mem_free(t->sequences);
	*t = (struct iotlb){ 0 };
}

static inline size_t first_of_set(const struct iotlb *t, uint64_t iova, unsigned int shift)
{
	return ((size_t)(iova >> shift) & (t->sets - 1)) * t->ways;
}

static inline bits_whole *sequence_of(const struct iotlb *t, size_t index)
{
	return &t->sequences[index / t->ways];
}

/* What is loaded before does not move behind the next load, and so not behind the check. */
static inline uint64_t load(const bits_whole *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void touch(struct iotlb *t, struct iotlb_entry *e)
{
	__atomic_store_n(&e->used, __atomic_add_fetch(&t->clock, 1, __ATOMIC_RELAXED),
			 __ATOMIC_RELAXED);
}

static bool find_size(struct iotlb *t, uint64_t tag, uint64_t iova, unsigned int shift,
		      unsigned int access, struct iopt_hit *hit, size_t *index)
{
	uint64_t page = (iova >> shift << shift) | shift, sequence, host;
	size_t first = first_of_set(t, iova, shift), i;

	sequence = load(sequence_of(t, first));
	for (i = first; i < first + t->ways; i++) {
		struct iotlb_entry *e = &t->entries[i];

		if (load(&e->tag) != tag || load(&e->page) != page)
			continue;
		host = load(&e->host);
		if (sequence & 1 ||
		    __atomic_load_n(sequence_of(t, first), __ATOMIC_RELAXED) != sequence)
			return false;
		if ((host & access) != access)
			continue;
		touch(t, e);
		*hit = (struct iopt_hit){ .entry = host, .shift = shift,
					  .perm = (unsigned int)host & IOPT_PERM };
		if (index)
			*index = i;
		return true;
	}
	return false;
}

bool iotlb_find(struct iotlb *t, uint64_t tag, uint64_t iova, unsigned int access,
		struct iopt_hit *hit, size_t *index)
{
	uint64_t sizes = __atomic_load_n(&t->sizes, __ATOMIC_RELAXED);

	for (; sizes; sizes &= sizes - 1)
		if (find_size(t, tag, iova, bits_ctz(sizes), access, hit, index))
			return true;
	return false;
}

struct iotlb_translation iotlb_get(const struct iotlb *t, size_t index)
{
	const struct iotlb_entry *e = &t->entries[index];

	/* DMA on other threads may be writing when it was used. */
	return (struct iotlb_translation){
		.entry = { .tag = e->tag, .page = e->page, .host = e->host },
		.origin = t->origins[index],
	};
}

/* Whole as one for DMA, which sees the sequence change. */
static void store(struct iotlb *t, size_t index, const struct iotlb_entry *new)
{
	bits_whole *sequence = sequence_of(t, index);
	uint64_t was = *sequence;
	struct iotlb_entry *e = &t->entries[index];

	__atomic_store_n(sequence, was + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&e->tag, new->tag, __ATOMIC_RELEASE);
	__atomic_store_n(&e->page, new->page, __ATOMIC_RELEASE);
	__atomic_store_n(&e->host, new->host, __ATOMIC_RELEASE);
	__atomic_store_n(sequence, was + 2, __ATOMIC_RELEASE);
}

/* xorshift64: the same seed, the same victims. */
static uint64_t next_random(struct iotlb *t)
{
	t->random ^= t->random << 13;
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return t->random;
}

static size_t choose_victim(struct iotlb *t, size_t first)
{
	size_t victim = first, i;

	t->evictions++;
	if (t->random)
		return first + (size_t)(next_random(t) >> 32) % t->ways;
	for (i = first + 1; i < first + t->ways; i++)
		if (__atomic_load_n(&t->entries[i].used, __ATOMIC_RELAXED) <
		    __atomic_load_n(&t->entries[victim].used, __ATOMIC_RELAXED))
			victim = i;
	return victim;
}

/* The entry of the same page, else a free one, else a victim. */
static size_t choose(struct iotlb *t, const struct iotlb_entry *new)
{
	size_t first = first_of_set(t, iotlb_start(new), iotlb_shift(new)), i, unused = SIZE_MAX;

	for (i = first; i < first + t->ways; i++) {
		const struct iotlb_entry *e = &t->entries[i];

		if (e->tag == new->tag && e->page == new->page)
			return i;
		if (!e->tag && unused == SIZE_MAX)
			unused = i;
	}
	return unused != SIZE_MAX ? unused : choose_victim(t, first);
}

void iotlb_fill(struct iotlb *t, const struct iotlb_translation *x)
{
	unsigned int leaf = bits_ilog2(x->origin.last - x->origin.start) + 1;
	uint8_t *widest = &t->leaf[iotlb_shift(&x->entry)];
	size_t i = choose(t, &x->entry);

	*widest = (uint8_t)bits_max(*widest, leaf);
	t->fills++;
	t->origins[i] = x->origin;
	store(t, i, &x->entry);
	touch(t, &t->entries[i]);
	__atomic_store_n(&t->sizes, t->sizes | UINT64_C(1) << iotlb_shift(&x->entry),
			 __ATOMIC_RELAXED);
}

static bool drop_in(struct iotlb *t, size_t set, uint64_t tag, uint64_t start, uint64_t last)
{
	static const struct iotlb_entry none;
	size_t i, first = set * t->ways;
	bool had = false;

	for (i = first; i < first + t->ways; i++) {
		const struct iotlb_origin *o = &t->origins[i];

		if (t->entries[i].tag != tag ||
		    !bits_ranges_overlap(o->start, o->last, start, last))
			continue;
		store(t, i, &none);
		t->dropped++;
		had = true;
	}
	return had;
}

bool iotlb_drop(struct iotlb *t, uint64_t tag, uint64_t start, uint64_t last)
{
	uint64_t sizes, leaf, page, n;
	bool had = false;

	for (sizes = t->sizes; sizes; sizes &= sizes - 1) {
		unsigned int shift = bits_ctz(sizes);

		/* Its page can be anywhere in a leaf of which the change is a part. */
		leaf = (UINT64_C(1) << t->leaf[shift]) - 1;
		page = (start & ~leaf) >> shift;
		n = ((last | leaf) >> shift) - page;
		if (n >= t->sets - 1) {
			/* all of them, where pages of other sizes are too */
			for (page = 0; page < t->sets; page++)
				had |= drop_in(t, (size_t)page, tag, start, last);
			break;
		}
		for (n += page; page <= n; page++)
			had |= drop_in(t, (size_t)page & (t->sets - 1), tag, start, last);
	}
	return had;
}

const struct iotlb_entry *iotlb_next(const struct iotlb *t, uint64_t tag, uint64_t iova)
{
	const struct iotlb_entry *next = NULL;
	size_t i, n = (size_t)t->sets * t->ways;

	for (i = 0; i < n; i++) {
		const struct iotlb_entry *e = &t->entries[i];

		if (e->tag != tag || iotlb_last(e) < iova)
			continue;
		if (!next || iotlb_start(e) < iotlb_start(next))
			next = e;
	}
	return next;
}
