/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The walk of both levels, and the flags that it leaves behind. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "emulated/walk.h"
#include "util/bits.h"

/* How often an entry may change under the walk before the DMA faults. */
#define MAX_TRIES 16

/* One entry, read once, through the second level. pgt_walk() has set the level. */
static int read_entry(void *opaque, uint64_t addr, uint64_t *entry)
{
	struct walk *w = opaque;
	unsigned int level = w->at.level;
	struct iopt_hit hit;

	if (!w->known || level < w->known) {
		hit = iopt_walk(w->second, addr);
		if (!(hit.perm & IOPT_READ))
			return -EFAULT;
		w->slot[level] = (bits_whole *)(uintptr_t)iopt_host(&hit, addr);
		w->raw[level] = le64toh(__atomic_load_n(w->slot[level], __ATOMIC_RELAXED));
		w->addr[level] = addr;
		w->writable |= (iopt_granted(hit.perm) & IOPT_WRITE ? 1u : 0u) << level;
		w->reads++;
	}
	*entry = w->raw[level];
	return 0;
}

void walk_look(struct walk *w)
{
	memset(w->slot, 0, sizeof(w->slot));
	w->writable = 0;
	pgt_walk(w->pgt, w->table, w->iova, read_entry, w, &w->at);
}

/* In the order of enum pgt_fault. */
static enum shadow_fault fault_of(const struct walk *w)
{
	static const uint8_t faults[] = {
		[PGT_FAULT_NONE] = SHADOW_OK,
		[PGT_FAULT_INPUT] = SHADOW_ADDRESS_WIDTH,
		[PGT_FAULT_ACCESS] = SHADOW_TABLE,
		[PGT_FAULT_ABSENT] = SHADOW_NOT_MAPPED,
		[PGT_FAULT_BAD] = SHADOW_MALFORMED,
	};

	if (w->at.fault == PGT_FAULT_BAD &&
	    pgt_reason(w->pgt, w->at.level, w->at.entry) == PGT_BAD_ACCESSED)
		return SHADOW_ACCESS_FLAG;
	return (enum shadow_fault)faults[w->at.fault];
}

/* The page at @addr of the root is going to be written. 0; -EFAULT; -ENOMEM. */
static int take_note(const struct walk *w, uint64_t addr)
{
	struct iopt_hit hit = iopt_walk(w->second, addr);

	return hit.perm & IOPT_CLEAN ? w->write(w->root, addr) : 0;
}

/*
 * Changes flags in the entry of a level, if it is still what the walk has read: as a locked
 * operation, so that nothing is lost that a CPU writes meanwhile (VT-d 3.6.2). 0; -EAGAIN: it has
 * changed; -EFAULT: the second level does not let it be written; -ENOMEM: nor can it be recorded.
 */
static int set_flags(struct walk *w, unsigned int level, uint64_t set, uint64_t clear)
{
	uint64_t was = htole64(w->raw[level]), new = (w->raw[level] | set) & ~clear;
	int ret;

	if (!w->slot[level] || new == w->raw[level])
		return 0;
	if (!(w->writable >> level & 1))
		return -EFAULT;
	ret = take_note(w, w->addr[level]);
	if (ret)
		return ret;
	if (!__atomic_compare_exchange_n(w->slot[level], &was, htole64(new), false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return -EAGAIN;
	w->raw[level] = new;
	return 0;
}

/* From the root to the leaf. Entries that were known have had theirs set when they were read. */
static int set_all_flags(struct walk *w, unsigned int access)
{
	const struct pgt_flags *f = &w->pgt->flags;
	bool write = access & IOPT_WRITE;
	unsigned int level;
	int ret = 0;

	for (level = w->pgt->levels; level > w->at.level && !ret; level--)
		ret = set_flags(w, level, f->table, 0);
	return ret ? ret : set_flags(w, level, f->leaf | (write ? f->dirty : 0),
				     write ? f->clean : 0);
}

/* Has a write still to leave its mark in the leaf? */
static bool is_clean(const struct walk *w)
{
	const struct pgt_flags *f = &w->pgt->flags;
	uint64_t leaf = w->raw[w->at.level];

	return (leaf & f->dirty) != f->dirty || leaf & f->clean;
}

/* What both levels give together: the smaller of both pages. */
static void combine(struct walk *w, const struct iopt_hit *second)
{
	unsigned int leaf = pgt_shift(w->pgt, w->at.level);
	unsigned int shift = (unsigned int)bits_min(leaf, second->shift);
	unsigned int perm = w->at.perm & second->perm;
	uint64_t low = w->iova & ((UINT64_C(1) << shift) - 1), span = UINT64_C(1) << leaf;
	struct iotlb_translation *x = &w->result;

	if (is_clean(w))
		perm &= ~IOPT_WRITE;
	x->entry.page = (w->iova - low) | shift;
	x->entry.host = (iopt_host(second, w->at.addr) - low) | perm;
	x->origin.start = w->iova & ~(span - 1);
	x->origin.last = x->origin.start + span - 1;
	x->origin.target = w->at.addr - low;
	x->origin.level = w->at.level;
	memcpy(x->origin.raw, w->raw, sizeof(w->raw));
}

/* Do both levels let it? */
static enum shadow_fault check(struct walk *w, unsigned int access)
{
	struct iopt_hit second;

	walk_look(w);
	if (w->at.fault)
		return fault_of(w);
	if ((w->at.perm & access) != access)
		return SHADOW_PERMISSION;
	second = iopt_walk(w->second, w->at.addr);
	return (iopt_granted(second.perm) & access) == access ? SHADOW_OK : SHADOW_TARGET;
}

/* Once; -EAGAIN in *@ret: an entry changed before its flags were set. */
static enum shadow_fault walk_once(struct walk *w, unsigned int access, int *ret)
{
	enum shadow_fault fault = check(w, access);
	struct iopt_hit second;

	*ret = 0;
	if (fault)
		return fault;
	*ret = set_all_flags(w, access);
	if (!*ret && access & IOPT_WRITE)
		*ret = take_note(w, w->at.addr);
	if (*ret)
		return *ret == -ENOMEM ? SHADOW_NOMEM : SHADOW_TABLE;
	second = iopt_walk(w->second, w->at.addr);
	combine(w, &second);
	return SHADOW_OK;
}

enum shadow_fault walk_translate(struct walk *w, unsigned int access)
{
	enum shadow_fault fault;
	unsigned int tries = 0;
	int ret;

	do {
		fault = walk_once(w, access, &ret);
	} while (ret == -EAGAIN && ++tries < MAX_TRIES);
	/* It never stood still: as if it had not been present when the walk came by. */
	return ret == -EAGAIN ? SHADOW_NOT_MAPPED : fault;
}

enum shadow_fault walk_ask(struct walk *w, unsigned int access)
{
	enum shadow_fault fault = check(w, access);

	return fault ? fault : walk_translate(w, access & IOPT_READ);
}

static bool is_same(const struct pgt *g, unsigned int level, uint64_t a, uint64_t b, bool upgrade)
{
	const struct pgt_entry was = pgt_decode(g, level, 0, a), is = pgt_decode(g, level, 0, b);

	return pgt_is_same(&was, &is, upgrade);
}

bool walk_is_stale(const struct walk *now, const uint64_t *raw, unsigned int level, bool upgrade,
		   struct shadow_stale *stale)
{
	unsigned int at;

	/* Above a level that the walk did not get to there is one that differs. */
	for (at = now->pgt->levels; at >= level; at--) {
		if (!now->slot[at] || is_same(now->pgt, at, raw[at], now->raw[at], upgrade))
			continue;
		*stale = (struct shadow_stale){ .level = at, .old_entry = raw[at],
						.new_entry = now->raw[at] };
		return true;
	}
	return false;
}
