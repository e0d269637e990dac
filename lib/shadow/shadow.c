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

void tree_publish(struct shadow *s, struct shadow_tree *old, struct reap *reap)
{
	struct shadow_node *top = s->tree.top;
	const struct pgt *pgt = &s->tree.pgt;
	uint64_t word = 0;

	if (top)
		word = iopt_root_word(top->pte, top->level - 1u, pgt->sign_extended);
	if (top && s->tree.mode == SHADOW_GUEST && !pgt->sign_extended)
		word = iopt_root_narrow(word, pgt->input_bits);
	iopt_store(&s->root.word, word);
	s->gen++;
	reap->drain = true;
	tree_drop(old, reap);
}

int shadow_bind(struct shadow *s, const struct pgt *pgt, uint64_t guest_root, bool on_demand,
		struct reap *reap)
{
	struct shadow_tree old = s->tree;

	s->tree = (struct shadow_tree){ .mode = SHADOW_GUEST, .on_demand = on_demand, .pgt = *pgt,
					.key = s->key };
	s->tree.top = node_get(s, guest_root, pgt->levels, NODE_GUEST, 0);
	if (!s->tree.top) {
		tree_drop(&s->tree, reap);
		s->tree = old;
		return -ENOMEM;
	}
	/* What cannot be read for want of memory is read when it is used. */
	if (on_demand)
		node_settle(s->tree.top);
	else
		node_sync(s->tree.top, reap);
	tree_publish(s, &old, reap);
	return 0;
}

void shadow_unbind(struct shadow *s, struct reap *reap)
{
	struct shadow_tree old = s->tree;

	s->tree = (struct shadow_tree){ .key = s->key };
	tree_publish(s, &old, reap);
}
