/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dirty tracking by a root's own table: a page that has not been written is clean there, and in the
 * shadows of all that is nested on the root. The first DMA that writes it finds no permission,
 * comes here under the lock, and leaves a bit and the permission behind; the next ones go at full
 * speed.
 *
 * While tracking is on, a page that can be written anywhere has its bit set. So to take bits is to
 * take permissions, and what is taken has to drain: a request in flight may have seen them still.
 * It belongs to those that were reported, and is over when the call returns. A request that comes
 * later finds the page clean, waits for the lock if it has to, and sets the bit again. So does one
 * that came before and lost the race for the lock: it has written nothing yet.
 *
 * Addresses from ioasid_dma_translate() stay good until ioasid_dma_end(): their permission has been
 * given when they were handed out, and the drain waits for that end.
 */
#include <errno.h>

#include "dirty.h"
#include "objects.h"
#include "space.h"

int track_set(struct ioasid_space *root, bool on, struct reap *reap)
{
	struct ioasid_space *s;

	root->tracked = on;
	bitmap_reset(&root->written);
	if (on)
		iopt_take_all(&root->table);
	else
		iopt_give_all(&root->table, reap);
	for (s = space_next_below(root, root); s; s = space_next_below(root, s))
		s->nest->track(s, on, reap);
	reap->drain = true;
	return 0;
}

int track_write(void *opaque, uint64_t iova)
{
	struct ioasid_space *root = opaque;
	struct iopt_hit hit = iopt_walk(&root->table.root, iova);

	if (!(hit.perm & IOPT_CLEAN))
		return 0;	/* somebody else has written it */
	if (iopt_split(&root->table, iova) || bitmap_set(&root->written, iova / PAGE))
		return -ENOMEM;
	iopt_give_write(&root->table, iova);
	return 0;
}

struct reading {
	struct ioasid_space *root;
	struct dirty_bits *out;
	bool take, any;
};

static void found(void *data, uint64_t first, uint64_t bits)
{
	struct reading *r = data;

	dirty_bits_add(r->out, first, bits);
	if (r->take)
		iopt_take_write(&r->root->table, first * PAGE, bits);
	r->any = true;
}

int track_read(struct ioasid_space *root, uint64_t start, uint64_t last, bool peek,
	       struct dirty_bits *out, struct reap *reap)
{
	struct reading r = { .root = root, .out = out, .take = !peek };
	struct ioasid_space *s;

	bitmap_scan(&root->written, start / PAGE, last / PAGE, !peek, found, &r);
	if (peek || !r.any)
		return 0;
	/* Children lose more than they have to: what is dirty still comes back when it is used. */
	for (s = space_next_below(root, root); s; s = space_next_below(root, s))
		s->nest->take_written(s, reap);
	reap->drain = true;
	return 0;
}

void track_forget(struct ioasid_space *root, uint64_t start, uint64_t last)
{
	bitmap_clear(&root->written, start / PAGE, last / PAGE);
}
