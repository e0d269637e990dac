/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nodes of a shadow page table, shared between the files of this room. */
#ifndef SHADOW_NODE_H
#define SHADOW_NODE_H

#include <endian.h>
#include <string.h>

#include "shadow/shadow.h"

/*
 * One table of 512 entries. The owner word of each of its pages is the node, that of the links
 * marked by bit 0 (OWNER_LINKS).
 */
#define OWNER_LINKS 1u

enum node_kind {
	NODE_GUEST,	/* a guest's table; all others have raw in own format */
	NODE_PRIVATE,	/* a table of the map protocol */
	/* Not stored anywhere: what raw says follows from addr. See node_derive(). */
	NODE_SPLIT,	/* parts of a superpage */
	NODE_SKIP,	/* between a guest's table and one of a level further down */
	NODE_JOIN,	/* above the pages of a guest's table that is larger than one */
};

/* What shared nodes are found by. */
struct node_key {
	uint64_t addr;
	uint8_t level;
	uint8_t kind;
	uint8_t target;
	bool high;
};

struct shadow_node {
	struct shadow *shadow;
	uint64_t *pte;			/* what DMA walks */
	uint64_t *raw;			/* the guest's entries as read, or in own format; or NULL */
	struct shadow_link *links;	/* lists that entries are on; NULL: on none */
	struct iopt_list *heads;	/* lists of other shadows' entries that lead through ours */
	uint64_t *stamps;		/* audit: when each entry was last invalidated */
	struct shadow_link self;	/* list of the piece that the guest's table is in */
	const uint64_t *guest;		/* the table itself, good while ... */
	uint64_t guest_gen;		/* ... this is the parent's generation */
	uint64_t flags, delta;		/* while raw is NULL: see node_raw() */
	uint64_t addr;			/* of the table, or of the first page, in the parent */
	uint32_t refs;			/* entries, or the root, that lead here */
	uint8_t level;			/* 1 maps 4 KiB */
	uint8_t kind;			/* enum node_kind */
	uint8_t target;			/* of a NODE_SKIP: the level of the table */
	uint8_t table;			/* of a NODE_GUEST: the guest's level */
	uint8_t shift;			/* log2 of what an entry covers */
	uint8_t bits;			/* log2 of the number of entries */
	bool high;			/* of which part of the tree */
	bool own;			/* raw is in own format: not a NODE_GUEST */
	bool shared;			/* in the hash */
	bool split;			/* a leaf has led to a table of its parts */
	bool written;			/* an entry has come to be writable: write.c */
	bool unread;			/* not read by a pass: what is absent is read when used, */
					/* here and, when that is looked at, below; */
					/* of a NODE_SKIP: also tables that nothing led to */
	uint64_t epoch;			/* the pass that has read all of it */
	uint64_t mark;			/* when drop_below() was here */
	uint16_t saved;			/* loose.c: by entries that are on no list, in entries */
	struct shadow_node *loose_next, **loose_prev;	/* those with such; prev NULL: none */
	uint64_t barren_walk;		/* the walk that found no translation here, */
	uint8_t barren;			/* by way of these permissions: bits of IOPT_PERM */
	struct shadow_node *hash_next;
	struct shadow_node *next, **prev;	/* all of the tree's */
};

static inline unsigned int node_shift(const struct shadow_node *n)
{
	return n->shift;
}

static inline unsigned int node_entries(const struct shadow_node *n)
{
	return 1u << n->bits;
}

static inline unsigned int node_index(const struct shadow_node *n, uint64_t iova)
{
	return (unsigned int)(iova >> n->shift) & (node_entries(n) - 1);
}

/* The last address of a node that begins at @base. */
static inline uint64_t node_last(const struct shadow_node *n, uint64_t base)
{
	return base + ((uint64_t)node_entries(n) << n->shift) - 1;
}

static inline const struct shadow_part *node_part(const struct shadow_node *n)
{
	return &n->shadow->tree.part[n->high];
}

/* The rules for the entries of a guest's table. */
static inline const struct pgt_rule *node_rule(const struct shadow_node *n)
{
	return &node_part(n)->pgt.rule[n->table];
}

/*
 * Which part of the tree translates @iova; in *@low the address as its nodes have it. NULL: none.
 */
const struct shadow_part *shadow_part_of(const struct shadow *s, uint64_t iova, uint64_t *low);

/*
 * What a raw entry @i says. Own format of one: the flags of an iopt entry, and an address of the
 * parent.
 */
static inline struct pgt_entry node_decode(const struct shadow_node *n, unsigned int i,
					   uint64_t raw)
{
	if (n->own)
		return (struct pgt_entry){
			!raw ? PGT_NONE : raw & IOPT_TABLE ? PGT_TABLE : PGT_LEAF,
			raw & IOPT_PERM, raw & IOPT_ADDR, 0,
		};
	return pgt_rule_decode(node_rule(n), i, raw);
}

/*
 * What an entry that permits @perm can do with any piece, where writing a clean one is still to be
 * asked for; and with this piece.
 */
static inline unsigned int entry_perm(unsigned int perm)
{
	return perm | (perm & IOPT_WRITE) * (IOPT_CLEAN / IOPT_WRITE);
}

static inline unsigned int piece_perm(const struct shadow_piece *piece, unsigned int perm)
{
	return piece->perm & entry_perm(perm);
}

/*
 * Neither not present nor malformed. Filled on demand, a shadow keeps nothing else, as a unit whose
 * caching mode is off (VT-d, capability register, CM).
 */
static inline bool node_is_usable(const struct pgt_entry *e)
{
	return e->kind == PGT_TABLE || e->kind == PGT_LEAF;
}

static inline struct shadow_node *node_child(const struct shadow_node *n, unsigned int i)
{
	return n->pte[i] & IOPT_TABLE ? pages_owner(iopt_node(n->pte[i])) : NULL;
}

/* part.c: the levels of a table's nodes; whether they are those of an iopt. */
void part_init(struct shadow_part *part, const struct pgt *pgt);
bool part_is_plain(const struct shadow_part *part);

/* A page for a node, within the shadow's limit. NULL for want of memory. */
void *node_page(struct shadow *s, void *owner, bool zero);

/* A node that is not shared. NULL for want of memory. */
struct shadow_node *node_new(struct shadow *s, const struct node_key *key);

/* The shared node of that key, one reference more. */
struct shadow_node *node_get(struct shadow *s, const struct node_key *key);

/* What raw entry @i of a node is that is neither a guest's table nor private. */
static inline uint64_t node_derive(const struct shadow_node *n, unsigned int i)
{
	if (n->kind == NODE_SPLIT)
		return (n->addr + ((uint64_t)i << node_shift(n))) | IOPT_PERM;
	if (n->kind == NODE_JOIN)
		return (n->addr + (uint64_t)i * PAGES_SIZE) | IOPT_TABLE | IOPT_PERM;
	return i ? 0 : n->addr | IOPT_TABLE | IOPT_PERM;
}

/* One reference less; at the last the node goes, and what only it leads to. */
void node_put(struct shadow_node *n, struct reap *reap);

/* A loop over all nodes of the tree, whose body may free some: this and the next are held. */
struct shadow_node *node_first(struct shadow *s);
struct shadow_node *node_next(struct shadow_node *n, struct reap *reap);

/* Frees what a tree of the shadow's holds. */
void tree_drop(struct shadow *s, struct shadow_tree *tree, struct reap *reap);

/* Lets DMA walk the tree that the shadow has now, and drops the one that it had. */
void tree_publish(struct shadow *s, struct shadow_tree *old, struct reap *reap);

/* The guest's table is no longer what it was: all entries go, and are read when they are used. */
void node_forget(struct shadow_node *n, struct reap *reap);

/*
 * What the guest's entry @i was when it was last read. A node without raw is bare: most tables are
 * such that pte says that as well. All of a bare node's entries that are present have a pte, the
 * same flags beside the address, and, if they are leaves, the same distance to the host's address
 * and the same permission, which delta has in its low bits.
 */
static inline uint64_t node_raw(const struct shadow_node *n, unsigned int i)
{
	uint64_t pte = n->pte[i];

	if (n->raw)
		return n->raw[i];
	if (!pte)
		return 0;
	if (pte & IOPT_TABLE)
		return n->flags | node_child(n, i)->addr;
	return n->flags | ((pte & IOPT_ADDR) - (n->delta & IOPT_ADDR));
}

/* Could an entry with these flags be one of a bare node's? */
static inline bool node_is_like(const struct shadow_node *n, uint64_t flags)
{
	return !n->raw && (!n->flags || n->flags == flags);
}

/*
 * bare.c: gives a bare node its raw, for what pte cannot say. 0 or -ENOMEM.
 */
int node_keep(struct shadow_node *n);

/* Translations have gone: nothing holds that was learnt of them, and DMA has to drain. */
static inline void shadow_took(struct shadow *s, struct reap *reap)
{
	s->gen++;
	reap->drain = true;
}

/* DMA finds @pte in an entry from now on. */
static inline void node_set_pte(struct shadow_node *n, unsigned int i, uint64_t pte,
				struct reap *reap)
{
	if (pte == n->pte[i])
		return;
	if (n->pte[i])
		shadow_took(n->shadow, reap);
	iopt_store(&n->pte[i], pte);
}

/* The translation of an entry goes; a bare node then says that it is absent. */
void node_clear(struct shadow_node *n, unsigned int i, struct reap *reap);

/*
 * Makes an entry unresolved: its translation goes, its raw entry stays; for want of memory it is
 * read again when it is used.
 */
void node_unresolve(struct shadow_node *n, unsigned int i, struct reap *reap);

/*
 * The node has come to be where more was to be read of it than has been. A walk that found nothing
 * there may find something.
 */
static inline void node_doubt(struct shadow_node *n)
{
	if (!n->unread)
		n->barren_walk = 0;
	n->unread = true;
}

/* Makes @raw the entry and leaves it unresolved. 0; -ENOMEM: it is read again when it is used. */
int node_set_raw(struct shadow_node *n, unsigned int i, uint64_t raw, struct reap *reap);

/* Makes @raw, which says @e, the entry, and resolves it if it is a leaf. 0; -ENOMEM: not that. */
int node_change(struct shadow_node *n, unsigned int i, uint64_t raw, const struct pgt_entry *e,
		struct reap *reap);

/*
 * Reads entries @i to @end of a lowest table that is bare and leads into the piece at hand. Returns
 * the first that needs more, or end + 1.
 */
unsigned int bare_sync(struct shadow_node *n, const uint64_t *guest, unsigned int i,
		       unsigned int end, struct reap *reap);

/*
 * Resolves a leaf entry. 0; -EFAULT: its target is not mapped, for nothing that it permits;
 * -EAGAIN: the parent has it in pieces or in part, so it has to be split; -ENOMEM.
 */
int node_fill_leaf(struct shadow_node *n, unsigned int i, const struct pgt_entry *e);

/*
 * Puts entry @i on the list of the piece that it leads to, @watch; NULL: it has none. 0 or -ENOMEM.
 */
int node_watch(struct shadow_node *n, unsigned int i, uint32_t *watch);

/* Links the child that a table entry, or a leaf to be split, asks for. NULL for want of memory. */
struct shadow_node *node_fill_table(struct shadow_node *n, unsigned int i,
				    const struct pgt_entry *e);

/*
 * write.c: a DMA is going to write through the leaf entry @i, which is clean. *@next: the node to
 * go on with where it had to be split; NULL: it may. 0; -EFAULT: it may not; -ENOMEM.
 */
int node_write(struct shadow_node *n, unsigned int i, const struct pgt_entry *e,
	       struct shadow_node **next);

/* The piece of the parent around @addr: cached, or resolved into the cache. */
int shadow_piece_at(struct shadow *s, uint64_t addr);

/* Does the parent map the table page around @addr, for reading? 0; -EFAULT; -ENOMEM. */
int shadow_table_at(struct shadow *s, uint64_t addr);

/* How large the table is that an entry of the node leads to. */
uint64_t node_table_size(const struct shadow_node *n, const struct pgt_entry *e);

/* Does the parent map any page of it? 0; -EFAULT; -ENOMEM. */
int node_table_at(const struct shadow_node *n, const struct pgt_entry *e);

/* The guest's table page itself, or NULL if the parent does not map it for reading. */
const uint64_t *node_find_guest(struct shadow_node *n);

static inline const uint64_t *node_guest(struct shadow_node *n)
{
	return n->guest && n->guest_gen == *n->shadow->up.gen ? n->guest : node_find_guest(n);
}

/*
 * One of the guest's entries, read once. The tables of all formats here are little-endian
 * (VT-d 9.7, 9.8).
 */
static inline uint64_t guest_load(const uint64_t *p)
{
	return le64toh(__atomic_load_n((const bits_whole *)p, __ATOMIC_RELAXED));
}

/*
 * pieces.c: can it do a table of leaves, and does so for entries @i to @end. Returns the first that
 * needs more, or end + 1.
 */
bool pieces_are_lists(const struct shadow_node *n);
unsigned int pieces_sync(struct shadow_node *n, const uint64_t *guest, unsigned int i,
			 unsigned int end, struct reap *reap);

/*
 * pages.c: the page at @iova, as the part has it. 0; -ENOMEM; -EAGAIN, with nothing done: it takes
 * a pass.
 */
int page_sync(struct shadow_part *part, uint64_t iova, struct reap *reap);

/* Makes raw entry @i what the shadow's rules say that it is for a DMA that comes now. */
enum shadow_fault node_refresh(struct shadow_node *n, unsigned int i);

/*
 * Fills entry @i for @iova; *@next is the node to go on with, NULL if this was the page. A
 * superpage is split only where the parent has something: what nodes that takes is up to the
 * parent.
 */
enum shadow_fault node_fill(struct shadow_node *n, unsigned int i, uint64_t iova,
			    const struct pgt_entry *e, struct shadow_node **next);

/* Reads a whole table and what hangs on it, as far as memory goes. */
void node_sync(struct shadow_node *n, struct reap *reap);

#endif
