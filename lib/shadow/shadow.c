/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A shadow as a whole: what it is bound to. */
#include <errno.h>
#include <sys/random.h>

#include "util/bits.h"
#include "shadow/node.h"

/* A secret of this shadow; without the kernel's help, what address randomisation gives. */
static uint64_t new_key(const struct shadow *s)
{
	uint64_t key;

	if (getrandom(&key, sizeof(key), GRND_NONBLOCK) != sizeof(key))
		key = (uint64_t)(uintptr_t)s * UINT64_C(0x9e3779b97f4a7c15) ^ (uintptr_t)&key;
	return key | 1;
}

void shadow_init(struct shadow *s, struct pages *pool, const struct shadow_parent *up, bool audit)
{
	*s = (struct shadow){ .pool = pool, .up = *up, .audit = audit, .key = new_key(s) };
	s->tree.key = s->key;
	s->piece.start = 1;
	slab_init(&s->slab, pool, sizeof(struct shadow_node), s);
}

void shadow_destroy(struct shadow *s, struct reap *reap)
{
	shadow_unbind(s, reap);
	slab_destroy(&s->slab);
}

static uint64_t root_word(const struct shadow_tree *tree)
{
	const struct shadow_node *top = tree->part[0].top;
	const struct pgt *pgt = &tree->part[0].pgt;
	uint64_t word;

	if (tree->far)
		return iopt_far_word(tree->far);
	if (!top)
		return 0;
	word = iopt_root_word(top->pte, top->level - 1u, pgt->sign_extended);
	if (tree->mode == SHADOW_GUEST && !pgt->sign_extended)
		word = iopt_root_narrow(word, pgt->input_bits);
	return word;
}

void tree_publish(struct shadow *s, struct shadow_tree *old, struct reap *reap)
{
	iopt_store(&s->root.word, root_word(&s->tree));
	shadow_took(s, reap);
	tree_drop(s, old, reap);
}

/* The nodes of a table, of which the root is made. 0, also if there is none; or -ENOMEM. */
static int part_open(struct shadow *s, bool high, const struct pgt *pgt, uint64_t root)
{
	struct shadow_part *part = &s->tree.part[high];
	struct node_key key = { .addr = root, .high = high };

	if (!pgt->levels)
		return 0;
	part_init(part, pgt);
	key.level = part->enter[pgt->levels];
	key.kind = part->table[key.level] ? NODE_GUEST : NODE_JOIN;
	part->top = node_get(s, &key);
	if (!part->top)
		return -ENOMEM;
	part->tree.top = part->top->pte;
	return 0;
}

/* What DMA walks by if that is not the shape of an iopt. */
static int make_far(struct shadow *s)
{
	struct shadow_tree *tree = &s->tree;

	if (!tree->part[1].top && part_is_plain(&tree->part[0]))
		return 0;
	tree->far = node_page(s, NULL, true);
	if (!tree->far)
		return -ENOMEM;
	tree->far->tree[0] = tree->part[0].tree;
	tree->far->tree[1] = tree->part[1].tree;
	return 0;
}

/* What cannot be read for want of memory is read when it is used. */
static void read_all(struct shadow *s, struct reap *reap)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct shadow_node *top = s->tree.part[i].top;

		if (top && !s->tree.on_demand)
			node_sync(top, reap);
	}
}

int shadow_bind(struct shadow *s, const struct pgt_pair *pair, bool on_demand, struct reap *reap)
{
	struct shadow_tree old = s->tree;

	s->tree = (struct shadow_tree){ .mode = SHADOW_GUEST, .on_demand = on_demand,
					.key = s->key };
	s->line.flags = 0;
	if (part_open(s, false, &pair->low, pair->low_root) ||
	    part_open(s, true, &pair->high, pair->high_root) || make_far(s)) {
		tree_drop(s, &s->tree, reap);
		s->tree = old;
		return -ENOMEM;
	}
	s->tree.pair = *pair;
	read_all(s, reap);
	tree_publish(s, &old, reap);
	return 0;
}

void shadow_unbind(struct shadow *s, struct reap *reap)
{
	struct shadow_tree old = s->tree;

	s->tree = (struct shadow_tree){ .key = s->key };
	tree_publish(s, &old, reap);
}
