/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at a shadow without changing it: snapshots, and the audit. */
#include "shadow/node.h"

/* Follows @iova as far as there are nodes. Returns the last, its entry in *@i, perm combined. */
static struct shadow_node *follow(const struct shadow *s, uint64_t iova, unsigned int *i,
				  unsigned int *perm)
{
	struct shadow_node *n = s->tree.top, *child;

	for (*perm = IOPT_PERM;; n = child) {
		*i = node_index(n, iova);
		*perm &= node_decode(n, *i, n->raw[*i]).perm;
		child = node_child(n, *i);
		if (!child)
			return n;
	}
}

void shadow_look(const struct shadow *s, uint64_t iova, struct shadow_view *view)
{
	uint64_t low = iova, top, size;
	struct shadow_node *n = s->tree.top;
	unsigned int i;

	*view = (struct shadow_view){ .base = iova, .last = UINT64_MAX };
	if (!n)
		return;
	top = (UINT64_C(1) << shadow_bits(s)) - 1;
	if (s->root.word & IOPT_SIGNED) {
		if (iova > top >> 1 && iova < ~(top >> 1)) {
			view->last = ~(top >> 1) - 1;
			return;
		}
		low &= top;
	}
	if (low > top)
		return;
	n = follow(s, low, &i, &view->perm);
	size = UINT64_C(1) << node_shift(n);
	view->base = iova & ~(size - 1);
	view->last = view->base + size - 1;
	view->mapped = n->pte[i] && view->perm;
	view->perm &= iopt_granted((unsigned int)n->pte[i]);
	/* what a superpage was split into is made up entry by entry, when it is used */
	view->unresolved = !n->pte[i] && (node_decode(n, i, n->raw[i]).kind == PGT_LEAF ||
					  n->kind == NODE_SPLIT);
	view->target = node_decode(n, i, n->raw[i]).addr;
}

/* @upgrade: more permission than before is no difference. */
static bool same(const struct pgt_entry *a, const struct pgt_entry *b, bool upgrade)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == PGT_NONE || a->kind == PGT_BAD)
		return true;
	return a->addr == b->addr && (upgrade ? a->perm & b->perm : b->perm) == a->perm;
}

bool shadow_audit(struct shadow *s, uint64_t iova, bool upgrade, struct shadow_stale *stale)
{
	struct shadow_node *n = s->tree.top;

	if (s->tree.mode != SHADOW_GUEST || !pgt_input_ok(&s->tree.pgt, iova))
		return false;
	for (iova &= (UINT64_C(1) << s->tree.pgt.input_bits) - 1; n && n->kind != NODE_SPLIT;) {
		unsigned int i = node_index(n, iova);
		const uint64_t *guest;
		struct pgt_entry was = node_decode(n, i, n->raw[i]), is;
		bool lazy = s->tree.on_demand || n->unread;	/* what is absent was never read */
		uint64_t raw;

		if (n->own) {
			n = node_child(n, i);
			continue;
		}
		guest = node_guest(n);
		if (!guest)
			return false;
		raw = guest_load(&guest[i]);
		is = node_decode(n, i, raw);
		if (!same(&was, &is, upgrade) && !(lazy && !node_is_usable(&was))) {
			*stale = (struct shadow_stale){ n->level, n->raw[i], raw,
							n->stamps ? n->stamps[i] : 0 };
			return true;
		}
		n = node_child(n, i);
	}
	return false;
}
