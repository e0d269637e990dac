/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The objects behind the public handles, and the lock that guards them. */
#ifndef LIB_OBJECTS_H
#define LIB_OBJECTS_H

#include <pthread.h>

#include <ioasid/ioasid.h>

#include "accounts.h"
#include "backend.h"
#include "event.h"
#include "export.h"
#include "failure.h"
#include "iopt/iopt.h"
#include "mapping.h"
#include "nest.h"
#include "pasid.h"
#include "pasid_table.h"
#include "shadow/shadow.h"
#include "strip.h"
#include "util/alloc.h"
#include "util/bitmap.h"
#include "util/bits.h"
#include "util/err.h"
#include "util/imap.h"
#include "util/options.h"
#include "util/slab.h"

#define PAGE 4096u
#define MAX_DEPTH 8u
#define SINK_DEFAULT_LIMIT 65536u

/*
 * Mappings from this size on keep no list of the entries of children that lead to them: when one is
 * unmapped, the children are searched instead, which such an unmap can afford.
 */
#define BIG_MAPPING (UINT64_C(64) << 20)

struct sink;
struct source;

/* A piece of registered memory; source 0: none. */
struct registered {
	uint64_t start, last;
	uint32_t source, perm;
};

struct ioasid_ctx {
	pthread_mutex_t lock;		/* guards all that hangs on the context */
	const struct backend_ops *ops;
	void *backend;
	uint64_t flags;
	ioasid_log_fn *log;
	void *log_data;
	struct pages pages;		/* page tables and mapping records */
	struct ioasid_space **spaces;	/* by id; NULL: free */
	uint32_t n_spaces;		/* elements */
	struct ioasid_device *devices;
	struct slab attachments;
	struct pasids pasids;
	struct ioasid_event_queue *queues;
	struct ioasid_fault_queue *fault_queues;
	struct ioasid_viommu *viommus;
	struct ioasid_channel *channels;	/* only ever grows; read without the lock */
	uint64_t taken;			/* times that DMA lost something, */
	bits_whole drained;		/* and how many of them are over: only ever grows */
	struct reap limbo;		/* nodes whose drain is still to come */
	struct payer *payer;		/* for memory locked for DMA; NULL: a kernel counts */
	uint64_t lock_limit;		/* of that, in bytes; UINT64_MAX: none */
	bool can_populate;		/* madvise(2) can tell whether a page is there */
	struct source **sources;	/* by number; [0] is unused */
	uint32_t n_sources;
	struct ioasid_space *identity;
	struct registered registered;	/* that was found last */
	struct ioasid_space *vfio_space;	/* that VFIO's commands work on, or NULL */
	struct sink *sinks;
	uint64_t serial;		/* of the latest object: an address can be used again */
	struct failure *failures;	/* that the platform asks for; NULL: none */
	size_t n_failures;
};

/* One PASID of a device, or its requests without one, and where they go. */
struct attachment {
	struct imap_item item;		/* the PASID */
	struct attachment *next, **prev;
	uint32_t pasid;			/* as the program names it, */
	uint32_t ppasid;		/* and on the bus */
	struct ioasid_space *space;
	void *backend;
};

struct ioasid_device {
	struct ioasid_ctx *ctx;
	struct ioasid_device *next;
	uint64_t serial;
	char *name;
	uint64_t cookie;
	struct ioasid_device_info info;
	struct attachment *attached;	/* all of them, */
	struct imap by_pasid;		/* and by PASID */
	struct pasid_policy policy;
	struct ioasid_range *reserved;	/* ranges that it has for itself */
	size_t n_reserved;
	struct ioasid_vdevice *vdevice;	/* or NULL */
	unsigned int channels;
	bool lent_fd;			/* its descriptor is the caller's till the bind has ended */
	void *backend;
};

/* Where a space can have no mappings, and how many attachments and the like say so. */
struct reserved {
	uint64_t start, last;
	size_t refs;
};

struct ioasid_space {
	struct ioasid_ctx *ctx;
	uint64_t serial;
	uint32_t id;
	uint32_t depth;
	struct ioasid_space *parent;
	struct ioasid_space *children, *sibling;	/* nested on it */
	const struct nest_ops *nest;	/* a child's */
	struct ioasid_viommu *viommu;	/* a child's that is nested on one; or NULL */
	struct pasid_table *pasids;	/* a child's, with a PASID table of the user's; or NULL */
	enum ioasid_pasid_table_format hw_pasids;	/* that the IOMMU reads itself, or 0 */
	uint64_t alignment;		/* of an attached device's IOMMU, if more than PAGE; or 0 */
	unsigned int attached;		/* attachments of devices */
	unsigned int users;		/* of its table: attachments and children */
	struct ioasid_fault_queue *faults;	/* or NULL */
	struct imap maps;		/* records; with strips it is not all: mapped.c */
	struct slab records;		/* struct ioasid_mapping */
	struct strips strips;		/* mappings that need none */
	struct reserved *reserved;	/* ascending by start and last */
	size_t n_reserved;
	uint64_t clear, clear_last;	/* nothing is in here; 1, 0: not known */
	uint64_t full_below;		/* no whole page is free and permitted below */
	struct ioasid_range *allowed;	/* ascending, merged */
	size_t n_allowed;
	uint64_t gen;			/* changes when a mapping goes away */
	struct iopt table;		/* a root's, while it has users */
	bool small_pages;		/* only those are in its page table */
	bool identity;			/* the identity root */
	bool tracks;			/* a root's: pages that are written can be recorded, */
	bool tracking;			/* and are */
	bool tracked;			/* by the library's own table: track.c, */
	struct bitmap written;		/* these pages, by number, */
	bool all_written;		/* or it could not be kept which */
	struct dirty_bits *unmap_out;	/* where an unmap reports them; NULL: it does not */
	struct shadow shadow;		/* a child's, nested in software */
	enum ioasid_fill fill_asked;
	enum ioasid_enforce_snoop enforce_snoop;	/* a root's */
	struct sink *sink;		/* a child's, where a kernel has its translations */
	uint64_t mapping_limit;		/* of what that may have */
	struct reap_later later;
	size_t inv_first, inv_last, inv_slot;	/* of a batch being carried out: inv_list.h */
	void *backend;
};

/* What the space is nested on in the end, or is itself. */
static inline struct ioasid_space *space_lowest(const struct ioasid_space *space)
{
	while (space->parent)
		space = space->parent;
	return (struct ioasid_space *)(uintptr_t)space;
}

/* What the DMA of a space walks. */
static inline const struct iopt_root *space_root(const struct ioasid_space *space)
{
	return space->parent ? &space->shadow.root : &space->table.root;
}

/*
 * The strip for @iova, or NULL, where a mapping is about to come or go. If the latest changes were
 * elsewhere, the entry of the page table is in no cache either: then it is on its way meanwhile.
 */
static inline struct strip *space_strip(const struct ioasid_space *space, uint64_t iova)
{
	struct strip *recent = strip_recent(&space->strips, iova);

	if (bits_likely(recent != NULL))
		return recent;
	iopt_prefetch(&space->table.root, iova);
	return strip_seek(&space->strips, iova);
}

struct ioasid_fault_queue {
	struct ioasid_ctx *ctx;
	struct ioasid_fault_queue *next;
	uint32_t depth;			/* 0: as the back end has it */
	uint32_t timeout_ms;
	int fd;				/* readable while requests wait to be read */
	void *backend;
};

/* Where the memory of mappings comes from, if from more than the caller's word. */
struct source {
	bool is_file;
	bool is_dmabuf;			/* a file whose memory is not there, if there is an fd */
	uint32_t perm;			/* what it can be mapped for */
	uint64_t start, length;		/* in the process */
	uint64_t dev, ino;		/* file */
	int fd;				/* file: a duplicate, for a kernel that maps it; else -1 */
	uint64_t refs;			/* mappings, and the registration */
	struct reap_later later;
};

/* NULL: the caller's word. */
static inline const struct source *source_of(const struct ioasid_ctx *ctx,
					     const struct ioasid_mapping *m)
{
	return m->source ? ctx->sources[m->source] : NULL;
}

static inline void ctx_lock(const struct ioasid_ctx *ctx)
{
	pthread_mutex_lock(&((struct ioasid_ctx *)(uintptr_t)ctx)->lock);
	if (bits_unlikely(ctx->failures != NULL))
		failure_enter((struct ioasid_ctx *)(uintptr_t)ctx);
}

static inline void ctx_unlock(const struct ioasid_ctx *ctx)
{
	if (bits_unlikely(ctx->failures != NULL))
		failure_leave();
	pthread_mutex_unlock(&((struct ioasid_ctx *)(uintptr_t)ctx)->lock);
}

/* A call of this kind is to be made, with the context locked: 0, or err_set() if it is to fail. */
static inline int failure_due(struct ioasid_ctx *ctx, enum ioasid_operation operation)
{
	return bits_unlikely(ctx->failures != NULL) ? failure_count(ctx, operation) : 0;
}

/* Before a call that may have to wait for DMA. 0, or -EDEADLK. */
int ctx_check_channels(const struct ioasid_ctx *ctx);

static inline int ctx_check_drain(const struct ioasid_ctx *ctx)
{
	return ctx->channels ? ctx_check_channels(ctx) : 0;
}

/*
 * The same before a change after which something is out of use. What others have taken away may be
 * what it finds gone, so it waits for the DMA that still uses that, too.
 */
static inline int ctx_check_take(const struct ioasid_ctx *ctx, struct reap *reap)
{
	reap->drain |= ctx->taken != __atomic_load_n(&ctx->drained, __ATOMIC_ACQUIRE);
	return ctx_check_drain(ctx);
}

/* What is in @reap waits for the drain of another call. */
void ctx_defer(struct ioasid_ctx *ctx, struct reap *reap);

/* Unlocks after a change, waits for DMA if that took something away, and lets it go. */
void ctx_unlock_reap(struct ioasid_ctx *ctx, struct reap *reap);

static inline void ctx_unlock_drain(struct ioasid_ctx *ctx, struct reap *reap)
{
	if (reap_is_empty(reap) && (!ctx->channels || !reap->drain))
		ctx_unlock(ctx);
	else
		ctx_unlock_reap(ctx, reap);
}

/* Logs at @level, a syslog priority. */
void ctx_log(struct ioasid_ctx *ctx, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* space.c */
struct ioasid_space *space_new(struct ioasid_ctx *ctx);
int space_add(struct ioasid_space *space);
/* Puts it on its parent, without a number so far. err_set() */
int space_nest_on(struct ioasid_space *space, const struct ioasid_space_options *options,
		  struct reap *reap);
/* Nobody is attached to it or nested on it. It goes when DMA has drained. */
void space_take_out(struct ioasid_space *space, struct reap *reap);

/* table.c: a space's table exists while somebody uses it */
int table_use(struct ioasid_space *space, struct reap *reap);
void table_unuse(struct ioasid_space *space, struct reap *reap);

static inline uint64_t space_alignment(const struct ioasid_space *space)
{
	if (bits_unlikely(space->alignment))
		return space->alignment;
	return space->users || space->parent || space->small_pages ? PAGE : 1;
}

/* Of a space that is nested in hardware: whose table an IOMMU walks below its; or NULL. */
static inline struct ioasid_space *space_walked_below(const struct ioasid_space *space)
{
	return space->parent && space->nest->nesting == IOASID_NESTING_HARDWARE ? space->parent :
										  NULL;
}

/* Does an IOMMU walk the space's table for it, by itself or below another? */
static inline bool attachment_walks(const struct attachment *a, const struct ioasid_space *space)
{
	return a->space && (a->space == space || space_walked_below(a->space) == space);
}

/*
 * alignment.c: can the space, and what the IOMMU walks below, keep their mappings for the device?
 * 0, or err_set(-EADDRINUSE). From now on they keep to its pages; after @going no longer.
 */
int alignment_check(const struct ioasid_space *space, const struct ioasid_device *device);
void alignment_join(struct ioasid_space *space, const struct ioasid_device *device);
void alignment_leave(struct ioasid_space *space, const struct attachment *going);

/* A root's table in the process: that of a back end which has no other, or of a parent. */
int table_create_own(struct ioasid_space *space);
void table_destroy_own(struct ioasid_space *space, struct reap *reap);
int table_map_own(struct ioasid_space *space, const struct ioasid_mapping *m, struct reap *reap);
void table_unmap_own(struct ioasid_space *space, const struct ioasid_mapping *m,
		     struct reap *reap);
/* A root that gets its first child, or has lost its last. */
int table_nest(struct ioasid_space *space, struct reap *reap);
void table_unnest(struct ioasid_space *space, struct reap *reap);
/* A mapping of a root that has users: in its tables. 0, or err_set(). */
int table_enter(struct ioasid_space *space, const struct ioasid_mapping *m, struct reap *reap);
void table_leave(struct ioasid_space *space, struct ioasid_mapping *m, struct reap *reap);
/* Has the library to look at the memory of mappings, because nobody else does in time? */
bool table_checks_memory(const struct ioasid_space *space);

/*
 * sink.c: a kernel's tables of children. On back ends where DMA walks the shadow there are none,
 * and all of this does nothing.
 */
/* A device is going to be attached, and has the ranges reserved that it needs. 0, or err_set(). */
int sink_attach(struct ioasid_space *space, struct reap *reap);
/* One is no longer, or could not be. */
void sink_detach(struct ioasid_space *space, struct reap *reap);
/* A child's translations in [@start, @last] may have changed: sink_sync(), also below it. */
int sink_follow(struct ioasid_space *space, uint64_t start, uint64_t last);
/* Before that, of a mapping of its own: would it be too much? 0, or err_set(): -E2BIG. */
int sink_check_map(const struct ioasid_space *space, uint64_t start, uint64_t last);
/* A root has a mapping more; one is going, and has gone from the table. */
void sink_mapped(struct ioasid_space *root, const struct ioasid_mapping *m);
void sink_unmapping(struct ioasid_space *root, struct ioasid_mapping *m);
void sink_unmapped(struct ioasid_space *root);
/*
 * What a device attached to it has: the first run with an address from @at on, as a host address.
 * perm 0: it should have gone, but may still be there.
 */
bool sink_first_run(const struct ioasid_space *space, uint64_t at, struct ioasid_run *run);
/* Where in the root the run leads that has @iova. */
uint64_t sink_root_address(const struct ioasid_space *space, uint64_t iova);
size_t sink_pages(const struct ioasid_space *space);

/* ranges.c */
/* Each call of the first asks for one of the second, with the same range. */
int ranges_reserve(struct ioasid_space *space, uint64_t start, uint64_t last);
void ranges_unreserve(struct ioasid_space *space, uint64_t start, uint64_t last);
bool ranges_are_reserved(const struct ioasid_space *space, uint64_t start, uint64_t last);
/* 0, or err_set(EINVAL): it touches what is reserved, and for whom. */
int ranges_check_reserved(struct ioasid_space *space, uint64_t start, uint64_t last);

static inline int ranges_check(struct ioasid_space *space, uint64_t start, uint64_t last)
{
	return start >= space->clear && last <= space->clear_last ? 0 :
		ranges_check_reserved(space, start, last);
}

int ranges_choose(struct ioasid_space *space, uint64_t address, uint64_t length, uint64_t *iova);

/* device.c: where a device comes from; without a name, from a descriptor */
struct device_source {
	const char *name;
	int fd;
	const struct ioasid_adopt_options *adopt;	/* or NULL */
};
int device_add(struct ioasid_ctx *ctx, const struct device_source *source, uint64_t cookie,
	       struct ioasid_device **device);

/* attach.c */
struct ioasid_space *device_space(const struct ioasid_device *device, uint32_t pasid);
struct attachment *device_attachment(const struct ioasid_device *device, uint32_t pasid);
void device_detach_all(struct ioasid_device *device, struct reap *reap);
/* A device joins a group that may be attached. */
int group_join(struct ioasid_device *device, struct reap *reap);

/* The space has got another table, or lost it: its devices' requests without PASID see to it. */
void space_reroute(struct ioasid_space *space, struct reap *reap);

/* attachment.c */
/* Can the device's IOMMU do what the space needs? @pair: its page tables; NULL: none. */
int device_check_pgtable(const struct ioasid_device *device, const struct ioasid_space *space,
			 const struct pgt_pair *pair);
/* @hw_format: one that the IOMMU is to read itself; 0: the library does. */
int device_check_pasid_table(const struct ioasid_device *device,
			     enum ioasid_pasid_table_format hw_format);
/* Makes the space ready for what is going to be attached. */
int attachment_join(struct ioasid_space *space, const struct ioasid_device *device,
		    const struct attachment *a, struct reap *reap);
void attachment_leave(struct ioasid_space *space, const struct ioasid_device *device,
		      const struct attachment *a, struct reap *reap);

/* mapping.c */
/* @m: item.start is the IOVA asked for, item.last the length less 1; they become the place. */
int mapping_add(struct ioasid_space *space, struct ioasid_mapping *m, bool any, struct reap *reap,
		struct ioasid_mapping **out);
/* May [@start, @start + @length) be mapped, and is it free? */
int mapping_check_place(struct ioasid_space *space, uint64_t start, uint64_t length);
int mapping_overlap(const struct ioasid_space *space, uint64_t start, uint64_t last);
/*
 * What a place that is chosen should be congruent with: where the memory is, or what is mapped of a
 * file, as in Linux. So it does not depend on where the library maps that.
 */
uint64_t mapping_congruent_with(const struct ioasid_space *space, const struct ioasid_mapping *m);
void mapping_drop(struct ioasid_space *space, struct ioasid_mapping *mapping, struct reap *reap);
/* Frees the records of a space that nobody uses. */
void mapping_forget_all(struct ioasid_space *space, struct reap *reap);

/* Is all of it mapped, without a hole? */
bool mapping_is_whole(const struct ioasid_space *space, uint64_t start, uint64_t last);
/* unmap.c: can [@start, @last] be unmapped now? @all: whatever there is. */
int mapping_check_unmap_range(struct ioasid_space *space, uint64_t start, uint64_t last, bool all,
			      struct reap *reap);
/* Does so, and returns the sum of the mappings' lengths. */
uint64_t mapping_unmap_range(struct ioasid_space *space, uint64_t start, uint64_t last,
			     struct reap *reap);

/*
 * mapped.c: a walk of mappings in ascending order, wherever they are kept; the body must not change
 * them. What it yields is a record, or a copy that is good until the next step.
 */
struct mapping_iter {
	struct imap_iter records;
	struct imap_item *record;	/* the next one, or NULL */
	struct strip_iter pages;	/* at the next one */
	struct ioasid_mapping page;	/* the copy */
	bool is_page;
};

struct ioasid_mapping *mapping_iter_first(struct mapping_iter *iter,
					  const struct ioasid_space *space, uint64_t start,
					  uint64_t last);
struct ioasid_mapping *mapping_iter_next(struct mapping_iter *iter);

/* The lowest with a byte in [@start, @last]: a record, or @copy; or NULL. */
struct ioasid_mapping *mapping_first(const struct ioasid_space *space, uint64_t start,
				     uint64_t last, struct ioasid_mapping *copy);
/* The same: the one that @iova is in. */
struct ioasid_mapping *mapping_at(const struct ioasid_space *space, uint64_t iova,
				  struct ioasid_mapping *copy);

/*
 * The list of the items of sinks that lead to a mapping of a root: NULL if it has none so far.
 * Make: of what is mapped at @iova; NULL for want of memory.
 */
uint32_t *mapping_runs(const struct ioasid_space *root, struct ioasid_mapping *m);
uint32_t *mapping_make_runs(struct ioasid_space *root, uint64_t iova);

/* What a caller's handle stands for: a record, or @copy. */
struct ioasid_mapping *mapping_of_handle(const struct ioasid_mapping *handle,
					 struct ioasid_mapping *copy);

/* for each mapping with a byte in [start, last] */
#define mapping_for_each(m, iter, space, start, last) \
	for ((m) = mapping_iter_first((iter), (space), (start), (last)); (m); \
	     (m) = mapping_iter_next(iter))

static inline size_t mapping_count(const struct ioasid_space *space)
{
	return imap_count(&space->maps) + space->strips.count;
}

/* As imap_gap(). */
int mapping_gap(struct ioasid_space *space, uint64_t lo, uint64_t hi, uint64_t length,
		uint64_t align, uint64_t offset, uint64_t *iova);

/*
 * locked.c: memory locked for DMA. To charge gives 0 or err_set(-ENOMEM); @fmt says what for.
 */
int locked_charge(struct ioasid_ctx *ctx, uint64_t length, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void locked_release(struct ioasid_ctx *ctx, uint64_t length);
/*
 * Has somebody paid for the memory before? Registered memory is charged when it is registered, and
 * a dma-buf's is its exporter's affair.
 */
static inline bool locked_is_paid(const struct ioasid_ctx *ctx, const struct ioasid_mapping *m)
{
	const struct source *s = source_of(ctx, m);

	return s && (!s->is_file || s->is_dmabuf);
}

/* A root's mapping that is not paid for, if it has a page table; and all mappings that it has. */
int locked_charge_mapping(struct ioasid_space *space, const struct ioasid_mapping *m);
void locked_release_mapping(struct ioasid_space *space, const struct ioasid_mapping *m);
int locked_charge_space(struct ioasid_space *space);
/* The calling process pays for all of the context's from now on. */
int locked_change_process(struct ioasid_ctx *ctx);
void locked_release_space(struct ioasid_space *space);

/* snoop.c: 0 or err_set() */
int snoop_check_options(const struct ioasid_ctx *ctx, const struct ioasid_space_options *options);
int snoop_check_device(const struct ioasid_device *device, const struct ioasid_space *space);
/* For all devices that are attached? */
bool snoop_is_enforced(const struct ioasid_space *space);
/* By some device that is attached? */
bool snoop_can_be_avoided(const struct ioasid_ctx *ctx);

/* dirty.c: where a caller wants bits to be set. */
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
/* The next of all that is nested on @root, in whatever depth; begin with the root itself. */
struct ioasid_space *space_next_below(const struct ioasid_space *root,
				      const struct ioasid_space *space);
/* What is no longer mapped, while pages that are written are recorded. */
void track_forget(struct ioasid_space *root, uint64_t start, uint64_t last);

/* source.c */
bool source_can_populate(void);
int source_check_memory(struct ioasid_ctx *ctx, uint64_t addr, uint64_t length,
			uint32_t perm);
int source_add(struct ioasid_ctx *ctx, const struct source *source, uint32_t *number);
/* Nobody refers to it any more. */
void source_drop(struct ioasid_ctx *ctx, uint32_t number, struct reap *reap);

/* source_file.c */
int source_open_file(struct ioasid_ctx *ctx, int fd, uint64_t offset, uint64_t length,
		     uint32_t perm, uint32_t *number);
void source_close_file(const struct source *source);

static inline void source_put(struct ioasid_ctx *ctx, uint32_t number, struct reap *reap)
{
	if (!--ctx->sources[number]->refs)
		source_drop(ctx, number, reap);
}

/* Is it in registered memory? Then ctx->registered is where. */
bool source_seek_registered(struct ioasid_ctx *ctx, uint64_t addr);

/* The number of the registered memory that this is all in, with @perm; or 0. */
static inline uint32_t source_find_registered(struct ioasid_ctx *ctx, uint64_t addr,
					      uint64_t length, uint32_t perm)
{
	const struct registered *r = &ctx->registered;

	if ((!r->source || addr < r->start || addr > r->last) &&
	    !(ctx->identity && source_seek_registered(ctx, addr)))
		return 0;
	return r->last - addr >= length - 1 && (r->perm & perm) == perm ? r->source : 0;
}


/* pgtable_check.c: makes *@pair of a user's description. 0 or -errno, with the reason set. */
int pgtable_check(const struct ioasid_pgtable *table, struct pgt_pair *pair);

/* inv_submit.c: ioasid_inv_submit() with the lock held, of which @reap waits for the end. */
int inv_submit_locked(struct ioasid_inv *inv, size_t *handled, struct reap *reap);

/* cap.c: 0, or err_set(EOPNOTSUPP): why @what, which takes the capability, is not to be had. */
int cap_check(const struct ioasid_ctx *ctx, enum ioasid_capability capability, const char *what);

/* vfio_space.c: VFIO's commands do not work on the space any more that they have worked on. */
void vfio_space_leave(struct ioasid_ctx *ctx, struct reap *reap);

/* fault.c */
void fault_queue_close_all(struct ioasid_ctx *ctx);

#endif
