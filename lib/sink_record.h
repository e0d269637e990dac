/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table that a back end keeps for a child, where DMA does not walk the shadow: a kernel's. It
 * exists while a device is attached to the child, and follows the shadow at each change.
 *
 * What the kernel has is recorded, run by run, so that only differences cost a call. The record,
 * and not the shadow, says what has to go with a mapping of the root: what the guest has changed
 * without an invalidation yet is still in the kernel.
 */
#ifndef LIB_SINK_RECORD_H
#define LIB_SINK_RECORD_H

#include "objects.h"

/* What one call of backend_ops.run_map() has made: contiguous in the root, within one mapping. */
struct sink_item {
	struct imap_item item;		/* in the child */
	struct shadow_link link;	/* of the root mapping's */
	uint64_t from;			/* of the first address, in the root */
	uint32_t perm;			/* 0: it should have gone, but the kernel still has it */
	uint32_t unused;
};

/* From start to last, both included; start > last: nothing. */
struct sink_hull {
	uint64_t start, last;
};

/* A mapping of the root's. */
struct sink_target {
	uint64_t start, last;
	uint64_t host;			/* of start */
};

#define SINK_RECENT 256u	/* a power of two */

struct sink {
	struct ioasid_space *space;
	struct sink *next;		/* of the context's */
	struct imap items;
	struct slab slab;		/* owned by the sink */
	struct sink_item *recent[SINK_RECENT];	/* looked up latest, by the page; or NULL */
	struct sink_hull behind;	/* where it could not follow */
	struct sink_hull wait;		/* around the parent's addresses that entries wait for */
	bool blocked;			/* nothing is in the kernel, since it would be too much */
	struct sink_target target;	/* the latest used, good while ... */
	uint64_t target_gen;		/* ... this is the root's generation */
};

/*
 * Where an item that begins at @start is, if it was looked up lately: guests use addresses again.
 */
static inline struct sink_item **sink_recent(struct sink *sink, uint64_t start)
{
	return &sink->recent[start / PAGE & (SINK_RECENT - 1)];
}

static inline void sink_hull_add(struct sink_hull *hull, uint64_t start, uint64_t last)
{
	hull->start = bits_min(hull->start, start);
	hull->last = bits_max(hull->last, last);
}

static inline bool sink_hull_is_empty(const struct sink_hull *hull)
{
	return hull->start > hull->last;
}

#define SINK_NOTHING	((struct sink_hull){ UINT64_MAX, 0 })
#define SINK_ALL	((struct sink_hull){ 0, UINT64_MAX })

/*
 * sink_sync.c: makes the kernel's table what the shadow says for [@start, @last]. 0, or err_set():
 * -ENOMEM, -ENOSPC, -EINVAL: some of it is not translated, and follows next time; -E2BIG: nothing
 * is.
 */
int sink_sync(struct sink *sink, uint64_t start, uint64_t last);
/*
 * Takes [@start, @last], which has whole items, out of the kernel and the record; sink_unmap() out
 * of the kernel alone. 0, or err_set() with all of it still there, and tried again.
 */
int sink_take(struct sink *sink, uint64_t start, uint64_t last);
int sink_unmap(struct sink *sink, uint64_t start, uint64_t last);
/* Takes an item that the kernel does not have out of the record. */
void sink_forget(struct sink *sink, struct sink_item *item);

/* dirty_kept.c: whole items are going to be taken out; what was written through them is kept. */
void dirty_keep_items(struct sink *sink, uint64_t start, uint64_t last);

/* sink_run.c: the shadow's runs, led on to the root. */
struct sink_run {
	uint64_t start, last;
	uint64_t from;			/* in the root */
	uint32_t perm;
	unsigned int shift;
	struct sink_target target;	/* which all of it is in */
};

struct sink_cursor {
	struct sink *sink;
	struct shadow_walk walk;
	struct shadow_run left;		/* of the walk's latest: what is not used up */
	bool has_left;
	uint64_t lo, hi;
};

void sink_cursor_begin(struct sink_cursor *c, struct sink *sink, uint64_t lo, uint64_t hi);
/* The next run in [lo, hi] that a device may have. False: the end. */
bool sink_cursor_next(struct sink_cursor *c, struct sink_run *run);
/* All of @from as such a run. False: not all of it may be had, or it is in several mappings. */
bool sink_run_whole(struct sink *sink, const struct shadow_run *from, struct sink_run *run);

/* One comparison being carried out. After a failure it only takes away. */
struct sink_pass {
	struct sink *sink;
	int ret;
	struct sink_hull touched;
	struct sink_hull wait;
	uint64_t compared;		/* runs, */
	uint64_t refused;		/* and those that the kernel cannot map */
};

/*
 * sink_sync.c: out of the kernel; into it, where it has nothing; the same up to @last, and without
 * a record; what that has returned.
 */
void sink_pass_take(struct sink_pass *p, uint64_t start, uint64_t last);
void sink_pass_put(struct sink_pass *p, struct sink_run run);
int sink_run_map(const struct sink *sink, const struct sink_run *run, uint64_t last);
void sink_pass_mapped(struct sink_pass *p, int ret);
int sink_no_memory(const struct sink *sink);

/*
 * sink_entry.c: follows in [@start, @last] if that is in one entry of the shadow's, and it has been
 * one item or none. False, with nothing done, if there is more to it.
 */
bool sink_pass_entry(struct sink_pass *p, uint64_t start, uint64_t last);

#endif
