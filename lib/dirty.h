/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dirty tracking: dirty.c, dirty_kept.c, track.c. */
#ifndef LIB_DIRTY_H
#define LIB_DIRTY_H

#include "objects.h"

/* Where a caller wants bits to be set. */
struct dirty_bits {
	uint64_t *bitmap;
	uint64_t first;		/* page of 4 KiB that the bitmap begins with */
	unsigned int shift;	/* log2 of how many of them a bit stands for */
};
/* Sets those for pages @first on, a multiple of 64, where bits are set in @bits. */
void dirty_bits_add(struct dirty_bits *out, uint64_t first, uint64_t bits);

/* The root of the space, if it records what is written; else NULL. */
struct ioasid_space *space_tracking_root(const struct ioasid_space *space);

/*
 * dirty_kept.c: where a kernel's tables record. What was kept of tables that have gone: reported,
 * as of backend_ops.dirty_read(); forgotten.
 */
void dirty_kept_read(struct ioasid_space *root, uint64_t start, uint64_t last, bool peek,
		     struct dirty_bits *out);
void dirty_kept_reset(struct ioasid_space *root);
/*
 * The @n pages from @page on are kept where their bit is set in @bits; NULL: all. NULL for @root:
 * nobody records.
 */
void dirty_keep_bits(struct ioasid_space *root, uint64_t page, const uint64_t *bits, uint64_t n);
/* Of a root, or a child that has a sink: all that its page tables know is kept. */
void dirty_keep_all(struct ioasid_space *space);
/* A root's children that have sinks, as of backend_ops.dirty_read(), which is asked for each. */
int dirty_read_children(struct ioasid_space *root, uint64_t start, uint64_t last, bool peek,
			struct dirty_bits *out, struct reap *reap);

/* track.c: dirty tracking by a root's own table; the first two as of struct backend_ops */
int track_set(struct ioasid_space *root, bool on, struct reap *reap);
int track_read(struct ioasid_space *root, uint64_t start, uint64_t last, bool peek,
	       struct dirty_bits *out, struct reap *reap);
/* The page at @iova is going to be written. 0; -EFAULT: it cannot be; -ENOMEM: it must not be. */
int track_write(void *root, uint64_t iova);
/* What is no longer mapped, while pages that are written are recorded. */
void track_forget(struct ioasid_space *root, uint64_t start, uint64_t last);

#endif
