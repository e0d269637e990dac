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
	pthread_mutex_t hotplug;	/* before the lock: devices come and go, see device.c */
	const struct backend_ops *ops;
	void *backend;
	bool last_resort;		/* the back end, since no other could be used */
	uint64_t flags;
	ioasid_log_fn *log;
	void *log_data;
	struct pages pages;		/* page tables and mapping records */
	struct ioasid_space **spaces;	/* by id; NULL: free */
	uint32_t n_spaces;		/* elements; all from 1 on ... */
	uint32_t spaces_full;		/* ... and below this are in use */
	struct ioasid_device *devices;
	struct ioasid_device *leaving;	/* that the back end still has: nobody knows them */
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
	uint32_t n_sources;		/* and all from 1 on ... */
	uint32_t sources_full;		/* ... and below this are in use */
	struct ioasid_space *identity;
	struct registered registered;	/* that was found last */
	struct ioasid_space *vfio_space;	/* that VFIO's commands work on, or NULL */
	struct sink *sinks;
	uint64_t serial;		/* of the latest object: an address can be used again */
	uint64_t batch;			/* of invalidations: the number of the latest */
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
	const uint8_t *vf_token;	/* for the bind; NULL: none */
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
	struct ioasid_space *children;		/* nested on it */
	struct ioasid_space *sibling, **prev;	/* the next of its parent's, and what leads to it */
	struct ioasid_space *watching;		/* of those, the ones that have something to lose */
	struct ioasid_space *next_watching, **prev_watching;	/* nest_watch() */
	const struct nest_ops *nest;	/* a child's */
	struct ioasid_viommu *viommu;	/* a child's that is nested on one; or NULL */
	struct ioasid_space *on_next, **on_prev;	/* of those on it: viommu_join() */
	struct pasid_table *pasids;	/* a child's, with a PASID table of the user's; or NULL */
	enum ioasid_pasid_table_format hw_pasids;	/* that the IOMMU reads itself, or 0 */
	uint64_t alignment;		/* of an attached device's IOMMU, if more than PAGE; or 0 */
	unsigned int attached;		/* attachments of devices */
	unsigned int avoiders;		/* a root's: of such as need not snoop, to all on it too */
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

struct ioasid_fault_queue {
	struct ioasid_ctx *ctx;
	struct ioasid_fault_queue *next;
	uint32_t depth;			/* 0: as the back end has it */
	uint32_t timeout_ms;
	int fd;				/* readable while requests wait to be read */
	void *backend;
};

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

/* cap.c: 0, or err_set(EOPNOTSUPP): why @what, which takes the capability, is not to be had. */
int cap_check(const struct ioasid_ctx *ctx, enum ioasid_capability capability, const char *what);

/* vfio_space.c: VFIO's commands do not work on the space any more that they have worked on. */
void vfio_space_leave(struct ioasid_ctx *ctx, struct reap *reap);

/* fault.c: all that are left. */
void fault_queue_close_all(struct ioasid_ctx *ctx);

#endif
