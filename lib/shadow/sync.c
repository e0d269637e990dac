/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Invalidation: what the guest's tables say now about a range, against what they said before. */
#include <errno.h>

#include "util/bits.h"
#include "shadow/loose.h"
#include "shadow/merge.h"

/* A part of a table still to be read: entries i to end, the first of them at base. */
struct frame {
	struct shadow_node *n;
	unsigned int i, end;
	uint64_t base;		/* of the node */
	bool late;		/* nobody knows what the node's entries were before */
};

#define SEEN 16u	/* tables that a pass has in mind; more take longer */

struct pass {
	struct shadow *s;
	uint64_t start, last;
	struct reap *reap;
	int ret;
	unsigned int depth;
	struct frame frame[SHADOW_LEVELS];
	uint16_t seen[SEEN];	/* by a table's page: an entry that has led there */
};

static void stamp(struct shadow_node *n, unsigned int i, unsigned int end)
{
	if (!n->stamps)
		n->stamps = node_page(n->shadow, n, true);
	if (!n->stamps)
		return;
	for (; i <= end; i++)
		n->stamps[i] = n->shadow->now;
}

/*
 * What a re-read entry becomes in a shadow that is filled on demand: an entry that was not used is
 * left alone, and a table is linked when it is used.
 */
static uint64_t demand(const struct shadow_node *n, unsigned int i, uint64_t old, uint64_t raw)
{
	return !old || node_decode(n, i, raw).kind == PGT_TABLE ? 0 : raw;
}

/* @e is what @raw says. */
static void change(struct shadow_node *n, unsigned int i, uint64_t raw, const struct pgt_entry *e,
		   struct pass *pass)
{
	if (node_change(n, i, raw, e, pass->reap))
		pass->ret = -ENOMEM;
}

/*
 * The lowest tables: most of the work. While no entry of the table is on a list, and none leads
 * elsewhere than the piece at hand, that is all that there is to do for each; and neighbours mostly
 * differ in their addresses only. Returns the first entry that needs more, or end + 1. A function
 * of its own, so that its loop has all registers.
 */
static __attribute__((noinline)) unsigned int
sync_plain(struct shadow_node *n, const uint64_t *guest, unsigned int i, unsigned int end,
	   struct reap *reap)
{
	const struct pgt_rule *rule = node_rule(n);
	const struct shadow_piece *piece = &n->shadow->piece;
	const uint64_t addr_bits = rule->use[1].addr, start = piece->start;
	struct merge m = merge_of(rule, piece, 0);
	uint64_t flags = m.flags, base = m.base, keep = m.keep, limit = m.limit;
	uint64_t *raws = n->raw, *ptes = n->pte, gone = 0;

	for (; i <= end; i++) {
		uint64_t raw = guest_load(&guest[i]), addr = raw & addr_bits;

		if (raw == raws[i]) {
			i = (unsigned int)skip_unchanged(guest, raws, 0, i + 1, end) - 1;
			continue;
		}
		if (bits_unlikely((raw ^ addr) != flags)) {
			m = merge_of(rule, piece, raw ^ addr);
			flags = m.flags;
			base = m.base;
			keep = m.keep;
			limit = m.limit;
		}
		if (bits_unlikely(addr - start > limit))
			break;
		gone |= raws[i];	/* what was 0 had no translation to lose */
		raws[i] = raw;
		iopt_store(&ptes[i], (addr - start + base) & keep);
	}
	if (gone) {
		shadow_took(n->shadow, reap);
	}
	return i;
}

static void sync_leaves(struct shadow_node *n, const uint64_t *guest, const struct frame *f,
			struct pass *pass)
{
	unsigned int i = f->i;

	for (; i <= f->end; i++) {
		struct pgt_entry e;
		uint64_t raw, was;

		if (merge_suits(n))
			i = n->raw ? sync_plain(n, guest, i, f->end, pass->reap) :
				     bare_sync(n, guest, i, f->end, pass->reap);
		if (i <= f->end && loose_fits(n))
			i = loose_sync(n, guest, i, f->end, pass->reap);
		else if (i <= f->end && pieces_are_lists(n))
			i = pieces_sync(n, guest, i, f->end, pass->reap);
		if (i > f->end)
			return;
		raw = guest_load(&guest[i]);
		was = node_raw(n, i);
		if (raw != was && n->shadow->tree.on_demand)
			raw = demand(n, i, was, raw);
		if (raw == was)
			continue;
		e = node_decode(n, i, raw);
		change(n, i, raw, &e, pass);
	}
}

/* The table cannot be read: as if it were empty, until it can. */
static void forget(const struct frame *f, struct pass *pass)
{
	unsigned int i;

	/* as node_forget(), for a part */
	f->n->unread = true;
	for (i = f->i; i <= f->end; i++)
		node_set_raw(f->n, i, 0, pass->reap);
}

/* Goes into the part of @n's range that the pass is about, unless the pass has been there. */
static void enter(struct pass *pass, struct shadow_node *n, uint64_t base)
{
	unsigned int most = node_entries(n) - 1;
	uint64_t end = node_last(n, base);
	struct frame *f = &pass->frame[pass->depth];
	const uint64_t *guest;

	if (pass->start <= base && pass->last >= end) {
		if (n->epoch == pass->s->epoch)
			return;
		n->epoch = pass->s->epoch;
	}
	*f = (struct frame){
		.n = n, .base = base, .late = n->unread,
		.i = pass->start <= base ? 0 : node_index(n, pass->start),
		.end = pass->last >= end ? most : node_index(n, pass->last),
	};
	if (n->own) {
		n->unread = n->unread && (f->i || f->end < most);
		pass->depth++;
		return;
	}
	if (pass->s->now)
		stamp(n, f->i, f->end);
	guest = node_guest(n);
	if (f->i == 0 && f->end == most)
		n->unread = false;
	if (!guest)
		forget(f, pass);
	else if (n->table == 1)
		sync_leaves(n, guest, f, pass);
	else
		pass->depth++;
}

/* What an entry of an upper table has to be now. */
static uint64_t raw_now(struct shadow_node *n, unsigned int i)
{
	bool on_demand = n->shadow->tree.on_demand;
	uint64_t raw;

	if (n->own)
		return on_demand && !node_child(n, i) ? 0 : node_derive(n, i);
	/* which enter() has found; and during a pass the parent stands still */
	raw = guest_load(&n->guest[i]);
	return on_demand && raw != n->raw[i] ? demand(n, i, n->raw[i], raw) : raw;
}

/*
 * A node that is new for entry @i, which was @was; others may lead there already. The pass may be
 * about a part of it. The rest is as absent as it was, unless it was there, or an earlier pass
 * would have read it, but could not.
 */
static bool is_unread(const struct frame *f, unsigned int i, uint64_t was, uint64_t raw)
{
	struct pgt_entry before = node_decode(f->n, i, was);

	return f->late || was == raw || node_is_usable(&before);
}

/* Links the child of a table entry, which was @was and is @raw. NULL: there is none. */
static struct shadow_node *link_child(struct pass *pass, const struct frame *f, unsigned int i,
				      uint64_t was, uint64_t raw, const struct pgt_entry *e)
{
	struct shadow_node *n = f->n, *child;
	/* No node for what is not there: addresses are free, memory is not. */
	int ret = node_table_at(n, e);

	child = ret ? NULL : node_fill_table(n, i, e);
	if (child) {
		if (is_unread(f, i, was, raw))
			node_doubt(child);
		return child;
	}
	if (node_set_raw(n, i, raw, pass->reap) || ret != -EFAULT)
		pass->ret = -ENOMEM;
	return NULL;
}

/*
 * Tables that refer to each other say the same again and again. Is entry @i, which was absent, like
 * another one, whose table the pass has been through? Then it becomes what that is.
 */
static bool repeats(struct pass *pass, struct shadow_node *n, unsigned int i, uint64_t raw)
{
	uint16_t *seen = &pass->seen[raw / PAGES_SIZE % SEEN];
	struct shadow_node *child = node_child(n, *seen);

	if (!child || child->epoch != pass->s->epoch || node_raw(n, *seen) != raw || n->own ||
	    node_rule(n)->far) {
		*seen = (uint16_t)i;
		return false;
	}
	child->refs++;
	if (n->raw)
		n->raw[i] = raw;
	iopt_store(&n->pte[i], n->pte[*seen]);
	return true;
}

/* One entry of an upper table. */
static void step(struct pass *pass, struct frame *f)
{
	struct shadow_node *n = f->n, *child;
	unsigned int i = f->i++;
	uint64_t base = f->base + ((uint64_t)i << node_shift(n));
	uint64_t was = node_raw(n, i), raw = raw_now(n, i);
	struct pgt_entry e;

	if (!(was | raw))
		return;	/* most upper entries, and not present in any format */
	if (!was && repeats(pass, n, i, raw))
		return;
	e = node_decode(n, i, raw);
	if (raw != was)
		change(n, i, raw, &e, pass);
	if (e.kind != PGT_TABLE)
		return;
	child = node_child(n, i);
	if (!child)
		child = link_child(pass, f, i, was, raw, &e);
	if (child)
		enter(pass, child, base);
}

static int run(struct pass *pass, struct shadow_node *top)
{
	pass->ret = 0;
	pass->depth = 0;
	memset(pass->seen, 0, sizeof(pass->seen));
	enter(pass, top, 0);
	while (pass->depth) {
		struct frame *f = &pass->frame[pass->depth - 1];

		if (f->i > f->end)
			pass->depth--;
		else
			step(pass, f);
	}
	return pass->ret;
}

void shadow_begin_pass(struct shadow *s, uint64_t now)
{
	s->epoch++;
	s->now = s->audit ? now : 0;
}

/* Addresses of a part of the tree, as its tables have them. */
static int sync_some(struct shadow_part *part, uint64_t start, uint64_t last, struct reap *reap)
{
	struct pass pass;
	int ret = -EAGAIN;

	if (start >> part->pgt.page_shift == last >> part->pgt.page_shift)
		ret = page_sync(part, start, reap);
	if (ret != -EAGAIN)
		return ret;
	pass.s = part->top->shadow;
	pass.start = start;
	pass.last = last;
	pass.reap = reap;
	return run(&pass, part->top);
}

static int sync_part(struct shadow_part *part, uint64_t start, uint64_t last, struct reap *reap)
{
	uint64_t top = (UINT64_C(1) << part->pgt.input_bits) - 1, half = top >> 1;
	int ret = 0;

	if (part->pgt.sign_extended) {
		/* the upper half of canonical addresses stands in the upper half of the tables */
		if (last >= ~half)
			ret = sync_some(part, start > ~half ? start & top : half + 1, last & top,
					reap);
		top = half;
	}
	if (start <= top && sync_some(part, start, bits_min(last, top), reap))
		ret = -ENOMEM;
	return ret;
}

int shadow_sync(struct shadow *s, uint64_t start, uint64_t last, struct reap *reap)
{
	struct shadow_part *low = &s->tree.part[0], *high = &s->tree.part[1];
	uint64_t first = ~UINT64_C(0) << high->pgt.input_bits; /* of high addresses */
	int ret = 0;

	if (low->top)
		ret = sync_part(low, start, last, reap);
	if (high->top && last >= first &&
	    sync_part(high, start > first ? start - first : 0, last - first, reap))
		ret = -ENOMEM;
	return ret;
}

void node_sync(struct shadow_node *n, struct reap *reap)
{
	struct pass pass;

	pass.s = n->shadow;
	pass.start = 0;
	pass.last = node_last(n, 0);
	pass.reap = reap;
	shadow_begin_pass(n->shadow, 0);
	run(&pass, n);
}
