/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Software nesting: a shadow page table merges a child's page table with its parent.
 *
 * A shadow is a cache of unlimited size. It keeps what the guest's entries said when they were last
 * read (raw, or nothing where pte says it all), and beside each the merged entry that DMA walks
 * (pte): the host address, with the permission that both levels give. A raw entry whose pte is 0 is
 * unresolved: the parent does not map its target, or maps it in pieces. A DMA that misses resolves
 * it, as far as that DMA needs.
 *
 * Nodes are shared: there is one for each {guest table page, level}, however often the guest's
 * tables lead to it, so work and memory are bounded by the number of the guest's table pages and
 * not by the address range that they claim. Permissions of upper levels need no nodes of their own,
 * since a walk combines them.
 *
 * All functions need the lock of the context; those that may take a translation away say so in
 * a struct reap.
 */
#ifndef SHADOW_SHADOW_H
#define SHADOW_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iopt/iopt.h"
#include "pgtable/pgtable.h"
#include "util/slab.h"

/*
 * Membership in the list of all entries that lead to one piece of the parent. References are those
 * of pages.h. prev is that of the unit whose first word leads here: a link, or the list's head.
 */
struct shadow_link {
	uint32_t next;
	uint32_t prev;
};

/* A piece of the parent that is contiguous in the host, of one permission. */
struct shadow_piece {
	uint64_t start, last;
	uint64_t host;		/* of start */
	unsigned int perm;	/* IOPT_READ, IOPT_WRITE; IOPT_CLEAN: pages to be had by write() */
	uint32_t *watch;	/* 8-byte aligned list head; NULL: users are found by scanning */
};

/*
 * What the entries with these flags become: raw + add. All that are such, and lead into the piece,
 * and no others, are (raw - sub), turned right by shift, of at most most. For what is beside
 * the flags, or below the size of a page, ends up on the left there, since an address has no bits
 * there, and those that it can have are without a gap. (A rule that is far has others.)
 */
struct shadow_line {
	uint64_t flags;		/* 0: nothing is known */
	uint64_t add, sub, most;
	unsigned int shift;
};

struct shadow;

/* The parent, as a shadow sees it. */
struct shadow_parent {
	/* The piece around @addr. 0; -EFAULT: there is none; -ENOMEM. */
	int (*resolve)(void *parent, uint64_t addr, struct shadow_piece *piece);
	/* The page at @addr is going to be written. 0; -EFAULT: it must not be; -ENOMEM. */
	int (*write)(void *parent, uint64_t addr);
	void *parent;
	const uint64_t *gen;	/* changes whenever a piece goes away */
	/* The lowest address in [@start, @last] that a piece is around. False: there is none. */
	bool (*first)(void *parent, uint64_t start, uint64_t last, uint64_t *addr);
	/*
	 * What resolve() does in parts, for many addresses at a time, or NULL: the table that it
	 * looks into. Not in use while pages are written with leave only.
	 */
	const struct iopt_root *root;
	/*
	 * The list head of a leaf there; NULL: -ENOMEM. If there is no such function, the parent
	 * says by shadow_drop_loose() when a leaf that has not IOPT_BIG goes.
	 */
	uint32_t *(*head)(void *parent, uint64_t *slot);
	/* Then it need do so only after this with @on, until it is without; NULL: always. */
	void (*watch)(struct shadow *s, bool on);
};

enum shadow_mode {
	SHADOW_EMPTY,	/* nothing bound */
	SHADOW_OWN,	/* the map protocol: raw entries are the library's own */
	SHADOW_GUEST,	/* the page-table protocol */
};

/* Why a DMA cannot be translated. In the order of the public enum ioasid_fault_reason. */
enum shadow_fault {
	SHADOW_OK,
	SHADOW_ADDRESS_WIDTH,
	SHADOW_NOT_MAPPED,
	SHADOW_PERMISSION,
	SHADOW_MALFORMED,
	SHADOW_TARGET,
	SHADOW_TABLE,
	SHADOW_NO_PGTABLE,
	SHADOW_ACCESS_FLAG,
	SHADOW_NOMEM,
};

struct shadow_node;

/*
 * One table of the guest's, and the levels of the nodes that it is kept in, 1 being that of 4 KiB.
 * A node has at most as many entries as a page. So a larger table is several nodes, and one above
 * them to join them, on a level of its own; and below pages larger than 4 KiB there is a level for
 * parts of them. With 9 bits a level there is no such level, and levels are those of the guest.
 */
#define SHADOW_LEVELS IOPT_FAR_LEVELS

struct shadow_part {
	struct pgt pgt;
	struct shadow_node *top;	/* NULL: there is no such table */
	struct iopt_tree tree;		/* its levels count from 0, so that 0 is level 1 */
	uint8_t table[SHADOW_LEVELS + 1];	/* by level: that of the guest's entries; 0: none */
	uint8_t enter[PGT_MAX_LEVELS + 1];	/* the level at which a guest's table begins */
};

/* Everything that belongs to what is bound; a rebind makes a new one and drops the old. */
struct shadow_tree {
	enum shadow_mode mode;
	bool on_demand;
	struct pgt_pair pair;		/* what is bound */
	struct shadow_part part[2];	/* of low addresses, or all; of high ones */
	struct iopt_far *far;		/* NULL: it has the shape of an iopt */
	struct shadow_node **buckets;	/* shared nodes by {address, level} */
	size_t mask;			/* buckets - 1 */
	uint64_t key;			/* of the hash; odd */
	size_t shared;
	struct shadow_node *nodes;	/* all of them */
};

struct shadow {
	struct iopt_root root;	/* what DMA walks */
	struct pages *pool;
	struct slab slab;	/* nodes */
	struct shadow_tree tree;
	struct shadow_parent up;
	struct shadow_piece piece;	/* the latest used, good while ... */
	uint64_t piece_gen;		/* ... this is the parent's generation */
	struct shadow_line line;	/* of the latest page read; leads into that piece */
	uint64_t gen;		/* own: see shadow_parent */
	uint64_t now;		/* audit: time of the invalidation being carried out; 0: no audit */
	uint64_t key;		/* of the trees' hash */
	uint64_t epoch;		/* of the latest pass: it reads each shared node once */
	uint64_t mark;		/* counts the lists handed out: see drop_below() */
	uint64_t walk;		/* of the latest struct shadow_walk */
	bool forgot;		/* a table has gone with the parent's page; its reader clears it */
	bool is_parent;		/* others are nested on this one */
	bool tracked;		/* the root's pages are written with its leave only: write.c */
	bool written;		/* there are tables with an entry that has it */
	bool audit;
	struct shadow_node *loose;	/* nodes with entries that are on no list: loose.c */
	size_t pages;		/* in use, */
	size_t limit;		/* and how many may be; 0: any number */
	struct shadow *payer;	/* whose limit it is, and whose count; NULL: its own */
};

void shadow_init(struct shadow *s, struct pages *pool, const struct shadow_parent *up, bool audit);

/* The root stays readable, and empty. */
void shadow_destroy(struct shadow *s, struct reap *reap);

/* A guest's tables. 0, or -ENOMEM with the binding before unchanged. */
int shadow_bind(struct shadow *s, const struct pgt_pair *pair, bool on_demand, struct reap *reap);
void shadow_unbind(struct shadow *s, struct reap *reap);

/*
 * Re-reads what the bound tables say about [@start, @last]. 0, or -ENOMEM: some of it is then
 * unresolved. shadow_begin_pass() goes before the ranges of one pass.
 */
void shadow_begin_pass(struct shadow *s, uint64_t now);
int shadow_sync(struct shadow *s, uint64_t start, uint64_t last, struct reap *reap);
/* The same of pages of 4 KiB, in any order. */
int shadow_sync_pages(struct shadow *s, const uint64_t *iovas, size_t n, struct reap *reap);

/* The map protocol. The range is free, aligned, below 2^IOPT_MAX_BITS. 0 or -ENOMEM, unchanged. */
int shadow_map(struct shadow *s, uint64_t iova, uint64_t length, uint64_t target,
	       unsigned int perm, struct reap *reap);
void shadow_unmap(struct shadow *s, uint64_t iova, uint64_t length, struct reap *reap);

/*
 * A DMA's walk failed: fills what it needs, or says why it cannot. After SHADOW_OK walk again.
 * Takes nothing away.
 */
enum shadow_fault shadow_miss(struct shadow *s, uint64_t iova, unsigned int need);

/* The piece around @iova, for a shadow that is nested on @s; a resolve function. */
int shadow_resolve(void *s, uint64_t iova, struct shadow_piece *piece);
/* The lowest address that is translated, for such a shadow; a first function. */
bool shadow_first(void *s, uint64_t start, uint64_t last, uint64_t *addr);

/* A shadow as the parent of another one. */
struct shadow_parent shadow_as_parent(struct shadow *s);

/* The lists of users of a piece; @head is 8-byte aligned, and @pool's. */
void list_add(uint32_t *head, struct shadow_link *link, struct pages *pool);
void list_remove(struct shadow_link *link, struct pages *pool);

/*
 * Copies @n numbers from @addr of the parent, each loaded once; they lie in one page. 0; -EFAULT:
 * the parent does not map that page for reading; -ENOMEM.
 */
int shadow_read(struct shadow *s, uint64_t addr, uint64_t *words, unsigned int n);

/*
 * write.c: a root that keeps track of the pages that are written. In shadows on it, however deep,
 * entries are clean, as those of an iopt are, until a DMA writes.
 */

/* From now on, with all entries clean; and until now. */
void shadow_take_all(struct shadow *s, struct reap *reap);
void shadow_give_all(struct shadow *s, struct reap *reap);

/* Entries that have come to be writable since are clean again. */
void shadow_take_written(struct shadow *s, struct reap *reap);

/* The page at @iova is going to be written by a shadow that is nested on @s; a write function. */
int shadow_write(void *s, uint64_t iova);

/* The parent gives up a piece: all entries on its list become unresolved. */
void shadow_drop_list(uint32_t *head, struct pages *pool, struct reap *reap);

/* The same for a piece without a list, [@start, @last] of the parent. */
void shadow_drop_range(struct shadow *s, uint64_t start, uint64_t last, struct reap *reap);

/* The same for what is on no list, by the host addresses of a root's mapping. */
void shadow_drop_loose(struct shadow *s, uint64_t host, uint64_t length, struct reap *reap);

/* What the shadow says about @iova, without reading guest memory. */
struct shadow_view {
	bool mapped;
	bool unresolved;	/* shadow_miss() may do something about it */
	unsigned int perm;
	uint64_t target;	/* in the parent's space */
	uint64_t base, last;	/* for these addresses */
};
void shadow_look(const struct shadow *s, uint64_t iova, struct shadow_view *view);

/*
 * Translations that are contiguous on both sides, and in the host, of one permission and one size
 * of pages. What is contiguous in the parent alone can be any number of pages.
 */
struct shadow_run {
	uint64_t start, last;
	uint64_t target;	/* of start, in the parent's space */
	unsigned int perm;
	unsigned int shift;	/* log2 of the pages' size */
};

struct shadow_frame {
	struct shadow_node *n;
	unsigned int i, end;
	unsigned int perm;	/* of the way to it */
	bool whole;		/* all of the node is gone through, */
	bool found;		/* and there was a translation */
	uint64_t base;
};

/*
 * A walk through all translations in a range, ascending, for those who cannot wait for a DMA to
 * miss: what is unresolved is resolved on the way, as far as the parent has it. A table page that
 * the guest's tables lead to many times is gone through again only where it has translations; so
 * the work goes with the number of runs. The shadow must not change otherwise meanwhile.
 */
struct shadow_walk {
	struct shadow *s;
	uint64_t start, last;
	unsigned int depth;
	struct shadow_frame frame[SHADOW_LEVELS];
	struct shadow_run ahead;	/* found, but not given yet, */
	uint64_t host;			/* of its start, */
	bool has_ahead;			/* if so */
	int ret;			/* -ENOMEM: something could not be resolved for that */
	uint64_t wait_start, wait_last;	/* around the parent's addresses that are not mapped yet */
};

void shadow_walk_begin(struct shadow_walk *w, struct shadow *s, uint64_t start, uint64_t last);

/* The next run, whole; so is a page that the range has a part of. False: the end. */
bool shadow_walk_next(struct shadow_walk *w, struct shadow_run *run);

/* Runs up to @last are not asked for: what comes next is behind it, or goes on there. */
void shadow_walk_skip(struct shadow_walk *w, uint64_t last);

/*
 * The one entry around @iova, of a guest's table, without a walk; perm is 0 if it translates
 * nothing. False: that takes a walk, since there is something to be resolved, or no such entry.
 */
bool shadow_entry(const struct shadow *s, uint64_t iova, struct shadow_run *run);

/*
 * Compares the way to @iova with the guest's tables. True if an entry differs. @upgrade: one that
 * gives more permission than before does not.
 */
struct shadow_stale {
	unsigned int level;	/* of the guest's, 1 the lowest */
	uint64_t old_entry, new_entry;
	uint64_t last_invalidated;
};
bool shadow_audit(struct shadow *s, uint64_t iova, bool upgrade, struct shadow_stale *stale);

#endif
