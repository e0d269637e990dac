/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The I/O page table that the library itself owns, and the walk of it.
 *
 * A radix tree of 512-entry nodes, 9 bits a level, level 0 mapping 4 KiB. An entry holds a page
 * aligned host address. A leaf can stand at any level, and its host address needs no more than page
 * alignment there: translation adds the offset instead of or-ing it. The tree is only as high as
 * its highest address asks for.
 *
 * Readers (DMA) take no lock: they load the root and each entry once. Writers, one at a time, store
 * entries whole, make a node's contents visible before the entry that leads to it, and give nodes
 * back through a struct reap.
 */
#ifndef IOPT_IOPT_H
#define IOPT_IOPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bits.h"
#include "util/pages.h"
#include "util/reap.h"
#include "util/tsan.h"

#define IOPT_READ	0x1u
#define IOPT_WRITE	0x2u
#define IOPT_PERM	(IOPT_READ | IOPT_WRITE)
#define IOPT_TABLE	0x4u	/* leads to a node of the next lower level */
#define IOPT_BIG	0x8u	/* free for the writer's use */
#define IOPT_CLEAN	0x10u	/* IOPT_WRITE is to be had, by iopt_give_write() */
#define IOPT_SPLIT	0x20u	/* beside IOPT_TABLE: what was a leaf, see iopt_split() */
#define IOPT_ADDR	(~UINT64_C(0xfff))

#define IOPT_SHIFT	12u
#define IOPT_BITS	9u
#define IOPT_ENTRIES	512u
#define IOPT_LEVELS	5u	/* 57 bits */
#define IOPT_MAX_BITS	(IOPT_SHIFT + IOPT_BITS * IOPT_LEVELS)

/* What leads to a node permits everything, if it permits @perm. */
static inline uint64_t iopt_table_flags(unsigned int perm)
{
	return IOPT_TABLE | (perm & IOPT_PERM) | (perm & IOPT_WRITE ? IOPT_CLEAN : 0);
}

/* The permission that an entry has or can be given. */
static inline unsigned int iopt_granted(unsigned int perm)
{
	return (perm & IOPT_PERM) | (perm & IOPT_CLEAN ? IOPT_WRITE : 0);
}

/* log2 of what an entry of @level covers */
static inline unsigned int iopt_shift(unsigned int level)
{
	return IOPT_SHIFT + IOPT_BITS * level;
}

static inline unsigned int iopt_index(uint64_t iova, unsigned int level)
{
	return (unsigned int)(iova >> iopt_shift(level)) & (IOPT_ENTRIES - 1);
}

/*
 * Where a walk starts: the top node with, in its low bits, its level, whether the tree is signed,
 * and the width of the addresses that go straight down; all 0: an empty table. In a signed tree the
 * highest address bit is repeated in all above it (x86: canonical), so the width is one bit less.
 */
struct iopt_root {
	bits_whole word;
};

#define IOPT_LEVEL		0x7u
#define IOPT_SIGNED		0x8u
#define IOPT_WIDTH_SHIFT	4u

static inline uint64_t iopt_root_word(const uint64_t *node, unsigned int level, bool is_signed)
{
	uint64_t width = iopt_shift(level) + IOPT_BITS - is_signed;

	return (uint64_t)(uintptr_t)node | level | (is_signed ? IOPT_SIGNED : 0) |
	       width << IOPT_WIDTH_SHIFT;
}

/* The same for a tree, not a signed one, that translates fewer bits than it has room for. */
static inline uint64_t iopt_root_narrow(uint64_t word, unsigned int bits)
{
	return (word & (IOPT_ADDR | IOPT_LEVEL)) | (uint64_t)bits << IOPT_WIDTH_SHIFT;
}

/*
 * Trees of other shapes than that of 9 bits a level, and two trees of which the upper one
 * translates the addresses whose upper bits are all set: such a root leads to a page with this, its
 * width is 0. So all addresses take the way of those that are too wide, and others pay nothing for
 * it.
 */
#define IOPT_FAR_LEVELS 9u

struct iopt_tree {
	const uint64_t *top;	/* NULL: translates nothing */
	uint8_t level;		/* of the top node, from 0 */
	uint8_t width;		/* of the addresses */
	uint8_t shift[IOPT_FAR_LEVELS];	/* by level: log2 of what an entry covers */
	uint8_t bits[IOPT_FAR_LEVELS];	/* and of the number of entries */
};

struct iopt_far {
	struct iopt_tree tree[2];
};

static inline uint64_t iopt_far_word(const struct iopt_far *far)
{
	return (uint64_t)(uintptr_t)far;
}

/* Width of all addresses that a tree translates; not of an empty one. */
static inline unsigned int iopt_bits(uint64_t word)
{
	return IOPT_SHIFT + IOPT_BITS * (unsigned int)((word & IOPT_LEVEL) + 1);
}

/* Is the address one of a signed tree with @bits? */
static inline bool iopt_is_canonical(uint64_t iova, unsigned int bits)
{
	return (uint64_t)((int64_t)(iova << (64 - bits)) >> (64 - bits)) == iova;
}

static inline uint64_t iopt_load(const uint64_t *p)
{
	return __atomic_load_n((const bits_whole *)p, TSAN_ORDER_POINTER);
}

static inline void iopt_store(uint64_t *p, uint64_t v)
{
	__atomic_store_n((bits_whole *)p, v, __ATOMIC_RELEASE);
}

/* A leaf that has @from has @to instead. */
static inline void iopt_swap(uint64_t *slot, unsigned int from, unsigned int to)
{
	uint64_t entry = *slot;

	if (entry & from && !(entry & IOPT_TABLE))
		iopt_store(slot, (entry & ~(uint64_t)from) | to);
}

static inline uint64_t *iopt_node(uint64_t entry)
{
	return (uint64_t *)(uintptr_t)(entry & IOPT_ADDR);
}

/* The result of a walk: the last entry seen and what it covers. */
struct iopt_hit {
	uint64_t entry;		/* 0: nothing there */
	uint64_t *slot;		/* where it stands; NULL if the address is beyond the tree */
	unsigned int shift;
	unsigned int perm;	/* of the whole way, with IOPT_CLEAN; 0 without an entry */
};

static inline uint64_t iopt_host(const struct iopt_hit *hit, uint64_t iova)
{
	return (hit->entry & IOPT_ADDR) + (iova & ((UINT64_C(1) << hit->shift) - 1));
}

/* far.c: a walk from a word whose width @iova is beyond: such a root's, or there is nothing. */
struct iopt_hit iopt_walk_far(uint64_t word, uint64_t iova);

/* One level of a walk, for each level at which it can begin; the compiler sees all shifts. */
#define IOPT_STEP(hit, word, iova, level) \
	do { \
		(hit).shift = IOPT_SHIFT + IOPT_BITS * (level); \
		(hit).slot = iopt_node(word) + (((iova) >> (hit).shift) & (IOPT_ENTRIES - 1)); \
		(word) = iopt_load((hit).slot); \
		(hit).perm &= (unsigned int)(word); \
	} while (0)

/* A walk that finds nothing in trees of other shapes. */
static inline __attribute__((always_inline)) struct iopt_hit
iopt_walk(const struct iopt_root *root, uint64_t iova)
{
	struct iopt_hit hit = { 0, NULL, 0, IOPT_PERM | IOPT_CLEAN };
	uint64_t word = iopt_load(&root->word);

	/* The 1 sees to an empty table, whose width is 0. */
	if (__builtin_expect((iova | 1) >> (word >> IOPT_WIDTH_SHIFT & 63) != 0, 0) &&
	    !(word & IOPT_SIGNED && iopt_is_canonical(iova, iopt_bits(word)))) {
		hit.perm = 0;
		return hit;
	}
	switch (word & IOPT_LEVEL) {
	case 4:
		IOPT_STEP(hit, word, iova, 4);
		if (!(word & IOPT_TABLE))
			break;
		/* fallthrough */
	case 3:
		IOPT_STEP(hit, word, iova, 3);
		if (!(word & IOPT_TABLE))
			break;
		/* fallthrough */
	case 2:
		IOPT_STEP(hit, word, iova, 2);
		if (!(word & IOPT_TABLE))
			break;
		/* fallthrough */
	case 1:
		IOPT_STEP(hit, word, iova, 1);
		if (!(word & IOPT_TABLE))
			break;
		/* fallthrough */
	default:
		IOPT_STEP(hit, word, iova, 0);
	}
	hit.entry = word;
	return hit;
}

/* A walk of a shadow's, which can have any shape. */
static inline struct iopt_hit iopt_walk_any(const struct iopt_root *root, uint64_t iova)
{
	struct iopt_hit hit = iopt_walk(root, iova);

	if (__builtin_expect(!hit.slot, 0))
		return iopt_walk_far(iopt_load(&root->word), iova);
	return hit;
}

/* Where a walk has been: the node of level 1 that @at is below. Zero: nowhere yet. */
struct iopt_near {
	uint64_t *node;
	uint64_t at;
	unsigned int perm;	/* of the way to it */
};

/*
 * iopt_walk() up to an entry of level 0, which is not loaded: the caller can do other things before
 * it waits for that. entry is 0 then, and perm that of the way to it. It finds nothing in signed
 * trees. @near is where it comes by.
 */
static inline struct iopt_hit iopt_approach(const struct iopt_root *root, uint64_t iova,
					    struct iopt_near *near)
{
	struct iopt_hit hit = { 0, NULL, 0, IOPT_PERM | IOPT_CLEAN };
	uint64_t word = iopt_load(&root->word);
	unsigned int level = (unsigned int)(word & IOPT_LEVEL);
	unsigned int width = (unsigned int)(word >> IOPT_WIDTH_SHIFT & 63);

	if ((iova | 1) >> width)
		return hit;
	for (;; level--) {
		hit.shift = iopt_shift(level);
		hit.slot = iopt_node(word) + iopt_index(iova, level);
		if (!level)
			return hit;
		/* in a tree that is narrower, not all that is near is an address */
		if (level == 1 && width >= iopt_shift(2))
			*near = (struct iopt_near){ iopt_node(word), iova, hit.perm };
		word = iopt_load(hit.slot);
		hit.perm &= (unsigned int)word;
		if (!(word & IOPT_TABLE)) {
			hit.entry = word;
			return hit;
		}
	}
}

/* Is the node of level 0 for @iova, if there is one, below that which the walk was near to? */
static inline bool iopt_is_near(const struct iopt_near *near, uint64_t iova)
{
	return near->node && !((near->at ^ iova) >> iopt_shift(2));
}

/* The same from where another has been, while the table keeps its shape. */
static inline struct iopt_hit iopt_approach_near(const struct iopt_root *root, uint64_t iova,
						 struct iopt_near *near)
{
	uint64_t *slot, word;
	unsigned int perm;

	if (!iopt_is_near(near, iova))
		return iopt_approach(root, iova, near);
	slot = near->node + iopt_index(iova, 1);
	word = iopt_load(slot);
	perm = near->perm & (unsigned int)word;
	if (!(word & IOPT_TABLE))
		return (struct iopt_hit){ word, slot, iopt_shift(1), perm };
	return (struct iopt_hit){ 0, iopt_node(word) + iopt_index(iova, 0), IOPT_SHIFT, perm };
}

/* The entry for the page at @iova is going to be changed. */
static inline void iopt_prefetch(const struct iopt_root *root, uint64_t iova)
{
	struct iopt_near near;

	__builtin_prefetch(iopt_approach(root, iova, &near).slot, 1);
}

/* The head of a list of references (pages.h). With a node goes a page of them, for its entries. */
struct iopt_list {
	uint32_t first;
	uint32_t unused;
};

/* A table that ranges are mapped in and unmapped from, each range whole. */
struct iopt {
	struct iopt_root root;
	struct pages *pool;
	size_t nodes;
	size_t lists;		/* pages of list heads */
	bool small;		/* leaves are at level 0 only; set while it is empty */
	uint64_t *near;		/* the lowest node of the latest change, or NULL, */
	uint64_t near_at;	/* and which it is: the address without what it translates */
	/* Called with the list of an entry that is unmapped, unless it is 0; empties it. */
	void (*dropped)(uint32_t *head, struct pages *pool, struct reap *reap);
};

void iopt_init(struct iopt *table, struct pages *pool);

/* Unmaps everything. */
void iopt_clear(struct iopt *table, struct reap *reap);

/*
 * A list head, 8-byte aligned, for the users of the leaf at @slot, kept as long as the leaf. NULL
 * for want of memory.
 */
uint32_t *iopt_head(struct iopt *table, uint64_t *slot);

/* The same, if it is there already; else NULL. */
static inline uint32_t *iopt_head_now(uint64_t *slot)
{
	uintptr_t heads = (uintptr_t)pages_owner(slot) & ~(uintptr_t)(PAGES_SIZE - 1);
	size_t i = ((uintptr_t)slot & (PAGES_SIZE - 1)) / sizeof(*slot);

	return heads ? &((struct iopt_list *)heads)[i].first : NULL;
}

/*
 * Maps [@iova, @iova + @length) to @host; @perm can have IOPT_BIG. All page aligned, the range free
 * and below 2^IOPT_MAX_BITS. 0, or -ENOMEM with nothing mapped; @reap can get nodes then.
 */
int iopt_map(struct iopt *table, uint64_t iova, uint64_t length, uint64_t host, unsigned int perm,
	     struct reap *reap);

/* Unmaps [@iova, @iova + @length): what was mapped by whole calls of iopt_map(). */
void iopt_unmap(struct iopt *table, uint64_t iova, uint64_t length, struct reap *reap);

/*
 * protect.c: pages that must not be written before somebody has taken note. Such a page is clean:
 * where its leaf had IOPT_WRITE it has IOPT_CLEAN.
 */

/* All that is writable becomes clean. */
void iopt_take_all(struct iopt *table);

/* Takes that back; leaves that were split are put together again. */
void iopt_give_all(struct iopt *table, struct reap *reap);

/* Of 64 pages from @iova on, a multiple of 64 pages, those in @pages become clean. */
void iopt_take_write(struct iopt *table, uint64_t iova, uint64_t pages);

/* The page at @iova, which iopt_split() has a leaf for, can be written. */
void iopt_give_write(struct iopt *table, uint64_t iova);

/*
 * Makes the leaf at @iova one of 4 KiB, if there is one. The lists of its users stay with the entry
 * that was the leaf. 0, or -ENOMEM: it can be smaller than it was, and means the same.
 */
int iopt_split(struct iopt *table, uint64_t iova);

/* As iopt_walk(), to the leaf as it was mapped: splits do not count. perm is its first page's. */
struct iopt_hit iopt_find(const struct iopt *table, uint64_t iova);

#endif
