/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The emulated platform in the process: shared between the files of this room. */
#ifndef EMULATED_EMULATED_H
#define EMULATED_EMULATED_H

#include "objects.h"
#include "platform.h"
#include "iotlb.h"
#include "psc.h"
#include "request.h"

struct emulated {
	struct ioasid_platform *platform;
	bool fences;	/* no membarrier(2): DMA issues a fence of its own */
	struct emu_unit *units[PLATFORM_MAX_IOMMUS];	/* NULL: walks one level only */
	struct emu_link sent;	/* groups of page requests, in their order */
	struct emu_link parked;	/* threads that want to send one, but there is no room */
	uint64_t latest_group;
	struct ioasid_channel *closed;	/* for reuse, the latest first */
};

/* An IOMMU that walks both levels of nested spaces, and what it caches. */
struct emu_unit {
	struct iotlb iotlb;
	struct psc psc;
	uint64_t walks, reads;
};

/* Where the requests of a device with one PASID go. Lives until the device is unbound. */
struct emu_route {
	struct imap_item item;		/* the PASID, as the program names it */
	const struct iopt_root *root;	/* what DMA walks; NULL: nothing by itself */
	struct emu_nested *nested;	/* of a space that the unit walks; else NULL */
	struct ioasid_space *space;
	bool looked_up;			/* in a PASID table of the user's */
};

struct emu_device {
	const struct platform_device *device;
	const struct platform_iommu *iommu;
	struct slab routes;
	struct imap by_pasid;
	struct emu_unit *unit;		/* NULL: as above */
	struct iotlb *tlb;		/* its own, filled by the unit (ATS); NULL: none */
	unsigned int requests;		/* page requests that are not answered */
	uint64_t groups[8];		/* bit n: index n of a group is taken */
	bool requests_off;		/* one was answered "failure" */
	/* with a PASID table, in which all requests are looked up */
	struct ioasid_space *table;
};

/* A channel stays on the context's list for good; when closed it waits for reuse. */
struct ioasid_channel {
	bits_whole active;	/* odd: a DMA is in flight */
	struct emu_route *route;
	bool fence;
	bool audit;
	bool section;		/* inside ioasid_dma_begin() */
	bool direct;		/* ... and translations need not be looked at twice */
	bool flush;		/* what had to go in this section waits for its end */
	bool asks;		/* looks which pages to ask for: it uses none */
	const void *thread;	/* that began the section */
	struct ioasid_device *device;
	uint32_t pasid;
	struct ioasid_channel *next;
	struct ioasid_channel *closed;	/* the next that is */
};

struct emu_route *emu_route_find(const struct ioasid_device *device, uint32_t pasid);
struct emu_route *emu_route_get(struct ioasid_device *device, uint32_t pasid);

/* look_up.c */
/* Sends the device's requests to what they find in the space's PASID table; NULL: does not. */
void emu_table_set(struct ioasid_device *device, struct ioasid_space *space, struct reap *reap);
void emu_forget_route(struct ioasid_space *space, uint32_t pasid, struct reap *reap);
/*
 * The channel has no route: finds one. Needs the lock, and may give it up for a while. 0;
 * err_set(): -ENOMEM; or a reason to fault.
 */
int emu_look_up(struct ioasid_channel *ch);
/* The space that an event or a page request is about, to which the device is attached; or NULL. */
const struct ioasid_space *emu_space(const struct ioasid_channel *ch);
/* After a section in which something had to go. */
void emu_flush(struct ioasid_channel *ch);

/* channel.c */
int emu_channel_open(struct ioasid_device *device, uint32_t pasid, struct ioasid_channel **out);
void emu_drain(struct ioasid_ctx *ctx);
bool emu_can_drain(const struct ioasid_ctx *ctx);
bool emu_barrier_register(void);
const void *emu_thread(void);

/* process.c: as of struct backend_ops */
int emu_change_process(struct ioasid_ctx *ctx);
void emu_abandon(struct ioasid_ctx *ctx);

#define EMU_ACCESS (IOASID_READ | IOASID_WRITE)

/* dma.c: 0, or err_set(): -EOVERFLOW. */
int emu_check_range(uint64_t iova, uint64_t length);
/*
 * Under the lock, where tables stand still, of a channel with a route: fills what @iova needs and
 * looks it up. 0, with *@hit; why there is no translation, an enum ioasid_fault_reason; or -ENOMEM.
 */
int emu_look(struct ioasid_channel *ch, uint64_t iova, uint32_t access, struct iopt_hit *hit);
/* The same, also of a channel without a route: can give up the lock, see emu_look_up(). */
int emu_find(struct ioasid_channel *ch, uint64_t iova, uint32_t access, struct iopt_hit *hit);

/* The audit has found that a DMA used what is not in the tables any more. */
void emu_report_stale(struct ioasid_channel *ch, uint64_t iova, uint32_t access,
		      const struct shadow_stale *stale);

/* unit.c */
int emu_units_open(struct emulated *emu);
void emu_units_close(struct emulated *emu);
/* The unit and the device TLB of a device. 0 or err_set(): -ENOMEM. */
int emu_unit_bind(struct ioasid_device *device);
void emu_unit_unbind(struct ioasid_device *device);
int emu_device_stats(const struct ioasid_device *device, struct ioasid_device_stats *stats);

/* nested.c: spaces that units walk */
extern const struct nest_ops emu_nest;

static inline struct emu_nested *emu_nested_of(const struct ioasid_space *space)
{
	return space && space->nest == &emu_nest ? space->backend : NULL;
}

/* The device does not use @space any more with one of its PASIDs. */
void emu_nested_leave(struct ioasid_device *device, struct ioasid_space *space,
		      struct reap *reap);

/* As of struct backend_ops. */
void emu_device_tlb_drop(struct ioasid_device *device, const uint32_t *pasid, uint64_t start,
			 uint64_t last, struct reap *reap);

/* Without the lock: in what the channel's device or unit has cached? */
bool emu_nested_find(const struct ioasid_channel *ch, uint64_t iova, uint32_t access,
		     struct iopt_hit *hit);

/*
 * With the lock: as the unit finds it, in its caches or in the tables. SHADOW_OK with a hit that
 * permits @access, or the reason. Under audit it reports what was used and is no longer in the
 * tables.
 */
enum shadow_fault emu_nested_translate(struct ioasid_channel *ch, uint64_t iova, uint32_t access,
				       struct iopt_hit *hit);

static inline void emu_enter(struct ioasid_channel *ch)
{
	__atomic_store_n(&ch->active, ch->active + 1, __ATOMIC_RELAXED);
	/*
	 * A drain must see the mark, or this DMA what the drain is for. The drain's membarrier(2)
	 * orders both sides, so that here the compiler's order is enough.
	 */
	if (__builtin_expect(ch->fence, 0))
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	else
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void emu_leave(struct ioasid_channel *ch)
{
	__atomic_store_n(&ch->active, ch->active + 1, __ATOMIC_RELEASE);
}

#endif
