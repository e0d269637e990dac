/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at a shadow without changing it: snapshots, and the audit. */
#include "shadow/node.h"

/* Follows @iova as far as there are nodes. Returns the last, its entry in *@i, perm combined. */
static struct shadow_node *follow(struct shadow_node *n, uint64_t iova, unsigned int *i,
				  unsigned int *perm)
{
	struct shadow_node *child;

	for (*perm = IOPT_PERM;; n = child) {
		*i = node_index(n, iova);
		*perm &= node_decode(n, *i, node_raw(n, *i)).perm;
		child = node_child(n, *i);
		if (!child)
			return n;
	}
}

/* Where addresses begin whose upper bits are all set; 0: there are none. */
static uint64_t first_high(const struct shadow *s)
{
	const struct shadow_part *low = &s->tree.part[0], *high = &s->tree.part[1];

	if (high->top)
		return ~UINT64_C(0) << high->pgt.input_bits;
	return low->pgt.sign_extended ? ~UINT64_C(0) << (low->pgt.input_bits - 1) : 0;
}

void shadow_look(const struct shadow *s, uint64_t iova, struct shadow_view *view)
{
	uint64_t low, size, high = first_high(s);
	const struct shadow_part *part = shadow_part_of(s, iova, &low);
	struct shadow_node *n;
	struct pgt_entry e;
	unsigned int i;

	*view = (struct shadow_view){ .base = iova, .last = UINT64_MAX };
	if (!part) {
		if (iova < high)
			view->last = high - 1;
		return;
	}
	n = follow(part->top, low, &i, &view->perm);
	size = UINT64_C(1) << node_shift(n);
	view->base = iova & ~(size - 1);
	view->last = view->base + size - 1;
	view->mapped = n->pte[i] && view->perm;
	view->perm &= iopt_granted((unsigned int)n->pte[i]);
	e = node_decode(n, i, node_raw(n, i));
	/* what a superpage was split into is made up entry by entry, when it is used */
	view->unresolved = !n->pte[i] && (e.kind == PGT_LEAF || n->kind == NODE_SPLIT);
	view->target = e.addr;
}

bool shadow_audit(struct shadow *s, uint64_t iova, bool upgrade, struct shadow_stale *stale)
{
	const struct shadow_part *part = shadow_part_of(s, iova, &iova);
	struct shadow_node *n;

	if (s->tree.mode != SHADOW_GUEST || !part)
		return false;
	for (n = part->top; n && n->kind != NODE_SPLIT;) {
		unsigned int i = node_index(n, iova);
		const uint64_t *guest;
		uint64_t old = node_raw(n, i), raw;
		struct pgt_entry was = node_decode(n, i, old), is;
		bool lazy = s->tree.on_demand || n->unread;	/* what is absent was never read */

		if (n->own) {
			n = node_child(n, i);
			continue;
		}
		guest = node_guest(n);
		if (!guest)
			return false;
		raw = guest_load(&guest[i]);
		is = node_decode(n, i, raw);
		if (!pgt_is_same(&was, &is, upgrade) && !(lazy && !node_is_usable(&was))) {
			*stale = (struct shadow_stale){ n->table, old, raw,
							n->stamps ? n->stamps[i] : 0 };
			return true;
		}
		n = node_child(n, i);
	}
	return false;
}
