/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nodes: made, shared, resolved, let go. */
#include <errno.h>

#include "util/alloc.h"
#include "shadow/list.h"
#include "shadow/loose.h"

#define MIN_BUCKETS 16u

/*
 * Multiplication by a secret odd number: a guest chooses the addresses, and must not be able to put
 * them all in one bucket.
 */
static struct shadow_node **bucket(struct shadow_tree *tree, const struct node_key *key)
{
	uint64_t x = (key->addr & IOPT_ADDR) | (uint64_t)key->level << 8 |
		     (uint64_t)key->high << 7 | (uint64_t)key->kind << 4 | key->target;

	return &tree->buckets[(size_t)(x * tree->key >> 32) & tree->mask];
}

static struct node_key key_of(const struct shadow_node *n)
{
	return (struct node_key){ n->addr, n->level, n->kind, n->target, n->high };
}

static bool has_key(const struct shadow_node *n, const struct node_key *key)
{
	return n->addr == key->addr && n->level == key->level && n->kind == key->kind &&
	       n->target == key->target && n->high == key->high;
}

/* Twice as many buckets; if there is no memory for them the chains get longer. */
static int grow(struct shadow_tree *tree)
{
	size_t n = tree->buckets ? 2 * (tree->mask + 1) : MIN_BUCKETS, i;
	struct shadow_node **old = tree->buckets,
			   **new = mem_calloc(n, sizeof(struct shadow_node *));
	size_t count = old ? tree->mask + 1 : 0;

	if (!new)
		return old ? 0 : -ENOMEM;
	tree->buckets = new;
	tree->mask = n - 1;
	for (i = 0; i < count; i++) {
		struct shadow_node *node, *next;

		for (node = old[i]; node; node = next) {
			const struct node_key key = key_of(node);
			struct shadow_node **b = bucket(tree, &key);

			next = node->hash_next;
			node->hash_next = *b;
			*b = node;
		}
	}
	mem_free(old);
	return 0;
}

static struct shadow *payer_of(struct shadow *s)
{
	return s->payer ? s->payer : s;
}

void *node_page(struct shadow *s, void *owner, bool zero)
{
	struct shadow *payer = payer_of(s);
	void *page;

	if (payer->limit && payer->pages >= payer->limit)
		return NULL;
	page = zero ? pages_alloc(s->pool) : pages_alloc_dirty(s->pool);
	if (page) {
		pages_set_owner(page, owner);
		payer->pages++;
	}
	return page;
}

static void page_free(struct shadow *s, void *page)
{
	payer_of(s)->pages -= !!page;
	pages_free(s->pool, page);
}

/* What nodes of a level are like. */
static void init_level(struct shadow_node *n)
{
	const struct shadow_part *part = node_part(n);

	if (n->shadow->tree.mode != SHADOW_GUEST) {
		n->shift = (uint8_t)iopt_shift(n->level - 1u);
		n->bits = IOPT_BITS;
		return;
	}
	n->shift = part->tree.shift[n->level - 1];
	n->bits = part->tree.bits[n->level - 1];
	n->table = n->own ? 0 : part->table[n->level];
}

/* Can it be bare? Not where an entry is to be remembered that has no translation. */
static bool needs_raw(const struct shadow_node *n)
{
	return n->own || n->shadow->audit || n->shadow->tree.on_demand || node_rule(n)->far;
}

struct shadow_node *node_new(struct shadow *s, const struct node_key *key)
{
	struct shadow_node *n = slab_alloc(&s->slab);

	if (!n)
		return NULL;
	*n = (struct shadow_node){ .shadow = s, .addr = key->addr, .refs = 1, .level = key->level,
				   .kind = key->kind, .target = key->target, .high = key->high,
				   .own = key->kind != NODE_GUEST };
	init_level(n);
	n->pte = node_page(s, n, true);
	if (!n->pte || (needs_raw(n) && node_keep(n))) {
		page_free(s, n->pte);
		slab_free(&s->slab, n);
		return NULL;
	}
	n->next = s->tree.nodes;
	n->prev = &s->tree.nodes;
	if (n->next)
		n->next->prev = &n->next;
	s->tree.nodes = n;
	return n;
}

struct shadow_node *node_get(struct shadow *s, const struct node_key *key)
{
	struct shadow_tree *tree = &s->tree;
	struct shadow_node *n, **b;

	if ((!tree->buckets || tree->shared > tree->mask) && grow(tree))
		return NULL;
	for (n = *bucket(tree, key); n; n = n->hash_next)
		if (has_key(n, key)) {
			n->refs++;
			return n;
		}
	n = node_new(s, key);
	if (!n)
		return NULL;
	b = bucket(tree, key);
	n->hash_next = *b;
	*b = n;
	n->shared = true;
	tree->shared++;
	return n;
}

static void unhash(struct shadow_node *n)
{
	struct shadow_tree *tree = &n->shadow->tree;
	const struct node_key key = key_of(n);
	struct shadow_node **p = bucket(tree, &key);

	while (*p != n)
		p = &(*p)->hash_next;
	*p = n->hash_next;
	tree->shared--;
	n->shared = false;
}

/* Takes an entry off the list that it is on, and drops what leads through it. */
static void entry_unlink(struct shadow_node *n, unsigned int i, struct reap *reap)
{
	if (n->links && n->links[i].prev)
		list_remove(&n->links[i], n->shadow->pool);
	if (n->heads && n->heads[i].first)
		list_drop_heads(n, i, reap);
}

/* Gives back a node that nothing leads to any more. */
static void node_release(struct shadow_node *n, struct reap *reap)
{
	struct shadow *s = n->shadow;
	unsigned int i;

	loose_leave(n);
	if (n->self.prev)
		list_remove(&n->self, s->pool);
	if (n->links || n->heads)
		for (i = 0; i < IOPT_ENTRIES; i++)
			entry_unlink(n, i, reap);
	page_free(s, n->raw);
	page_free(s, n->links);
	page_free(s, n->heads);
	page_free(s, n->stamps);
	reap_page(reap, n->pte);
	payer_of(s)->pages--;
	shadow_took(s, reap);
	slab_free(&s->slab, n);
}

/* One reference less; a node without any goes on @dead. */
static void node_unref(struct shadow_node *n, struct shadow_node **dead)
{
	if (--n->refs)
		return;
	if (n->shared)
		unhash(n);
	*n->prev = n->next;
	if (n->next)
		n->next->prev = n->prev;
	n->next = *dead;
	*dead = n;
}

void node_put(struct shadow_node *n, struct reap *reap)
{
	struct shadow_node *dead = NULL;
	unsigned int i;

	node_unref(n, &dead);
	while ((n = dead)) {
		dead = n->next;
		for (i = 0; i < IOPT_ENTRIES; i++)
			if (node_child(n, i))
				node_unref(node_child(n, i), &dead);
		node_release(n, reap);
	}
}

struct shadow_node *node_first(struct shadow *s)
{
	if (s->tree.nodes)
		s->tree.nodes->refs++;
	return s->tree.nodes;
}

struct shadow_node *node_next(struct shadow_node *n, struct reap *reap)
{
	struct shadow_node *next = n->next;

	if (next)
		next->refs++;
	node_put(n, reap);
	return next;
}

void tree_drop(struct shadow *s, struct shadow_tree *tree, struct reap *reap)
{
	struct shadow_node *n, *next;

	for (n = tree->nodes; n; n = next) {
		next = n->next;
		node_release(n, reap);
	}
	if (tree->far) {
		reap_page(reap, tree->far);
		payer_of(s)->pages--;
	}
	mem_free(tree->buckets);
	*tree = (struct shadow_tree){ 0 };
}

/*
 * Drops what leads through any entry below @n, on whichever way it came there. What was
 * searched is not searched again until somebody comes to lead there: see head_of().
 */
static void drop_below(struct shadow_node *n, struct reap *reap)
{
	struct shadow_node *way[SHADOW_LEVELS];
	unsigned int at[SHADOW_LEVELS], depth = 0;

	if (n->mark == n->shadow->mark)
		return;
	n->mark = n->shadow->mark;
	way[0] = n;
	at[0] = 0;
	for (;;) {
		struct shadow_node *child;
		unsigned int i = at[depth]++;

		n = way[depth];
		if (i == IOPT_ENTRIES) {
			if (!depth--)
				return;
			continue;
		}
		if (n->heads && n->heads[i].first)
			list_drop_heads(n, i, reap);
		child = node_child(n, i);
		if (!child || child->mark == n->shadow->mark)
			continue;
		child->mark = n->shadow->mark;
		way[++depth] = child;
		at[depth] = 0;
	}
}

void node_clear(struct shadow_node *n, unsigned int i, struct reap *reap)
{
	struct shadow_node *child = node_child(n, i);

	if (n->pte[i]) {
		iopt_store(&n->pte[i], 0);
		shadow_took(n->shadow, reap);
	}
	entry_unlink(n, i, reap);
	if (child) {
		if (n->shadow->is_parent)
			drop_below(child, reap);
		node_put(child, reap);
	}
}

void node_forget(struct shadow_node *n, struct reap *reap)
{
	unsigned int i;

	n->guest = NULL;
	n->unread = true;
	n->shadow->forgot = true;
	for (i = 0; i < IOPT_ENTRIES; i++)
		node_set_raw(n, i, 0, reap);
}

int node_set_raw(struct shadow_node *n, unsigned int i, uint64_t raw, struct reap *reap)
{
	if (n->pte[i] || (n->links && n->links[i].prev))
		node_clear(n, i, reap);
	if (raw && node_keep(n)) {
		n->unread = true;
		return -ENOMEM;
	}
	if (n->raw)
		n->raw[i] = raw;
	return 0;
}

int shadow_piece_at(struct shadow *s, uint64_t addr)
{
	int ret;

	if (s->piece_gen == *s->up.gen && addr >= s->piece.start && addr <= s->piece.last)
		return 0;
	ret = s->up.resolve(s->up.parent, addr, &s->piece);
	if (ret)
		s->piece = (struct shadow_piece){ .start = 1 };
	else if (s->tracked && s->piece.perm & IOPT_WRITE)
		s->piece.perm ^= IOPT_WRITE | IOPT_CLEAN;	/* not all of it, or not for long */
	s->piece_gen = *s->up.gen;
	s->line.flags = 0;
	return ret;
}

int shadow_read(struct shadow *s, uint64_t addr, uint64_t *words, unsigned int n)
{
	int ret = shadow_table_at(s, addr);
	const uint64_t *from;
	unsigned int i;

	if (ret)
		return ret;
	from = (const uint64_t *)(uintptr_t)(s->piece.host + (addr - s->piece.start));
	for (i = 0; i < n; i++)
		words[i] = guest_load(&from[i]);
	return 0;
}

const uint64_t *node_find_guest(struct shadow_node *n)
{
	struct shadow *s = n->shadow;

	n->guest = NULL;
	if (shadow_table_at(s, n->addr))
		return NULL;
	n->guest = (const uint64_t *)(uintptr_t)(s->piece.host + (n->addr - s->piece.start));
	n->guest_gen = *s->up.gen;
	if (s->piece.watch && !n->self.prev)
		list_add(s->piece.watch, &n->self, s->pool);
	return n->guest;
}

int node_watch(struct shadow_node *n, unsigned int i, uint32_t *watch)
{
	struct shadow *s = n->shadow;

	if (!watch)
		return 0;
	if (!n->links)
		n->links = node_page(s, (char *)n + OWNER_LINKS, true);
	if (!n->links)
		return -ENOMEM;
	list_add(watch, &n->links[i], s->pool);
	return 0;
}

int node_fill_leaf(struct shadow_node *n, unsigned int i, const struct pgt_entry *e)
{
	struct shadow *s = n->shadow;
	uint64_t size = UINT64_C(1) << node_shift(n), addr = e->addr;
	unsigned int perm;
	int ret = shadow_piece_at(s, addr);

	if (!ret && s->piece.last - addr >= size - 1) {
		perm = piece_perm(&s->piece, e->perm);
		if (!perm)
			return -EFAULT;
		ret = node_watch(n, i, s->piece.watch);
		if (ret)
			return ret;
		iopt_store(&n->pte[i], (s->piece.host + (addr - s->piece.start)) | perm);
		return 0;
	}
	if (ret == -ENOMEM || n->level == 1)
		return ret;
	return -EAGAIN;
}

int shadow_table_at(struct shadow *s, uint64_t addr)
{
	int ret;

	addr &= IOPT_ADDR;	/* a root can be smaller than a page */
	ret = shadow_piece_at(s, addr);
	if (!ret && (s->piece.last - addr < PAGES_SIZE - 1 || !(s->piece.perm & IOPT_READ)))
		ret = -EFAULT;
	return ret;
}
