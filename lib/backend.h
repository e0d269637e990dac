/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a back end supplies. The API layer has checked everything that can be checked without it:
 * alignment, overlap, reserved ranges, lifetimes, who is attached where. It calls with the context
 * locked, except where it says otherwise.
 */
#ifndef LIB_BACKEND_H
#define LIB_BACKEND_H

#include <ioasid/ctx.h>
#include <ioasid/fault.h>

#include "nest.h"
#include "viommu.h"
#include "util/reap.h"

struct dirty_bits;
struct ioasid_adopt_options;
struct ioasid_device_stats;
struct source;

struct backend_ops {
	const char *name;

	/* It looks at the memory of mappings itself, when it maps or attaches: -EFAULT. */
	bool checks_memory;
	/* It sends the requests of a device's whole group where route() sends the device's. */
	bool routes_groups;
	/* Its unmap() and run_unmap() put what was written there into the root's record. */
	bool keeps_written;
	/* It enforces snooping wherever an IOMMU can, and is not asked. */
	bool enforces_snoop;

	/*
	 * 0 if it could be opened here, or err_set() with what is missing. No side effects.
	 * Unlocked.
	 */
	int (*probe)(void);

	/*
	 * 0 if a device could be bound here, or err_set() with -ENODEV; NULL: always. Only "auto"
	 * asks. Unlocked.
	 */
	int (*find_devices)(void);

	/* Sets ctx->backend. Unlocked. close: all objects are gone. */
	int (*open)(struct ioasid_ctx *ctx, const struct ioasid_ctx_options *options);
	void (*close)(struct ioasid_ctx *ctx);

	/* NULL if it can, else the reason, a constant. */
	const char *(*why_not)(const struct ioasid_ctx *ctx, enum ioasid_capability capability);

	/*
	 * Devices come and go unlocked, one at a time: a kernel may take seconds for either. bind
	 * finds device->name; fills in device->info and sets device->backend. A mediated device has
	 * a type and a policy; without a type it is physical. A device->vf_token that nobody wants
	 * is err_set(-EINVAL).
	 */
	int (*device_bind)(struct ioasid_device *device);
	/*
	 * The same for a device whose node is open: sets device->name. Unbinding it closes @fd
	 * unless device->lent_fd is set. And for one that another framework has bound; @options has
	 * been checked. NULL where there are no such devices.
	 */
	int (*device_bind_fd)(struct ioasid_device *device, int fd);
	int (*device_adopt)(struct ioasid_device *device,
			    const struct ioasid_adopt_options *options);
	/* Of a device that has been bound, and that nobody knows any more. */
	void (*device_unbind)(struct ioasid_device *device);
	/* As ioasid_device_query_reserved(), in any order. */
	size_t (*device_reserved)(const struct ioasid_device *device, struct ioasid_range *ranges,
				  size_t n);

	/*
	 * Is @ppasid what some device of @parent (NULL: of any that shares the global pool) always
	 * uses? NULL where nothing is mediated.
	 */
	bool (*ppasid_is_fixed)(const struct ioasid_ctx *ctx, const void *parent, uint32_t ppasid);

	/* The descriptor that drives the device itself; NULL where there is none. */
	int (*device_fd)(const struct ioasid_device *device);
	/* That of its group, in the kernel; NULL where groups have none. */
	int (*group_fd)(const struct ioasid_device *device);

	/*
	 * The kernel's descriptor, and its numbers of devices and of spaces' tables on it; NULL
	 * where there are none. space_id: -ENOENT if there is no table now.
	 */
	int (*ctx_fd)(const struct ioasid_ctx *ctx);
	uint32_t (*device_id)(const struct ioasid_device *device);
	int (*space_id)(const struct ioasid_space *space, uint32_t *id);

	/* As ioasid_space_query_physical(); NULL without IOASID_CAP_NO_IOMMU. */
	int (*query_physical)(const struct ioasid_space *space, uint64_t iova, uint64_t length,
			      uint64_t *physical, uint64_t *contiguous);

	/*
	 * VFIO's own commands on the kernel's descriptor work on the table of @space, which has
	 * one; NULL: on none. The number of what they work on, be it the library's or not: -ENOENT.
	 * NULL without IOASID_CAP_VFIO_COMMANDS; err_set(). query: unlocked.
	 */
	int (*vfio_bind)(const struct ioasid_ctx *ctx, const struct ioasid_space *space);
	int (*vfio_query)(const struct ioasid_ctx *ctx, uint32_t *id);

	/*
	 * A root's page table, space->table where that is its own. The mappings that the space has
	 * are mapped one by one afterwards.
	 */
	int (*table_create)(struct ioasid_space *space);
	void (*table_destroy)(struct ioasid_space *space, struct reap *reap);
	/* 0, or err_set() with nothing mapped: -ENOMEM; -EFAULT where it checks memory. */
	int (*map)(struct ioasid_space *space, const struct ioasid_mapping *mapping,
		   struct reap *reap);
	void (*unmap)(struct ioasid_space *space, const struct ioasid_mapping *mapping,
		      struct reap *reap);
	/* Does map() take @file by its descriptor, @fd so far? NULL: it goes by addresses only. */
	bool (*maps_file)(struct ioasid_ctx *ctx, const struct source *file, int fd);

	/*
	 * These ranges stay permitted in the space's table, and no longer those before:
	 * space->allowed, which a table that is made later begins with. err_set(): -EADDRINUSE if
	 * somebody else has a part of them reserved there; -ENOMEM. NULL where nobody else can.
	 */
	int (*allow)(struct ioasid_space *space, const struct ioasid_range *ranges, size_t n);

	/*
	 * Where DMA does not walk shadows: a child to which devices are attached has a table too,
	 * made by table_create(), which the API layer makes follow the shadow. NULL: it does.
	 * run_map(): to where @run says, which a mapping of the root's has at @from: 0, or
	 * err_set() with nothing mapped: -EFAULT: the memory there cannot be had, as if nothing
	 * were mapped; -ENOMEM, -ENOSPC, -EINVAL. run_unmap() is of whole runs, of one or more: 0,
	 * or err_set(-EINVAL) with all of them still there.
	 */
	int (*run_map)(struct ioasid_space *space, const struct ioasid_run *run, uint64_t from);
	int (*run_unmap)(struct ioasid_space *space, uint64_t iova, uint64_t length);

	/*
	 * Sends the device's requests with @pasid to @space, in one step; NULL blocks them and does
	 * not fail. err_set(), with the requests going where they went.
	 */
	int (*route)(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
		     struct reap *reap);

	/*
	 * A device that is routed to a space with a PASID table looks up where requests with each
	 * PASID go: forgets what it has found for @pasid. NULL without IOASID_CAP_USER_PASID_TABLE.
	 */
	void (*forget_route)(struct ioasid_space *space, uint32_t pasid, struct reap *reap);

	/*
	 * Dirty tracking of a root whose tracks is set; NULL where there is no such capability.
	 * set: on, with all pages clean, or off. read: sets the bits of what was written in
	 * [@start, @last], which is mapped, and unless @peek makes it clean. Without keeps_written
	 * also asked for a child that has a table, in its addresses.
	 */
	int (*dirty_set)(struct ioasid_space *space, bool on, struct reap *reap);
	int (*dirty_read)(struct ioasid_space *space, uint64_t start, uint64_t last, bool peek,
			  struct dirty_bits *out, struct reap *reap);

	/*
	 * Waits until no DMA uses what was taken away before the call. Unlocked. Asked for only
	 * where there are channels: NULL where only devices do DMA, for a kernel returns from an
	 * unmap or a detach when the IOMMU has drained.
	 */
	void (*drain)(struct ioasid_ctx *ctx);
	/* May this thread wait for that, or would it wait for itself? */
	bool (*can_drain)(const struct ioasid_ctx *ctx);

	/*
	 * Fault queues; NULL where there are no page requests. create: sets queue->fd and
	 * queue->backend, or err_set(): also for options that it does not have. Both unlocked.
	 */
	int (*fault_queue_create)(struct ioasid_fault_queue *queue);
	void (*fault_queue_destroy)(struct ioasid_fault_queue *queue);
	/* As ioasid_fault_queue_read(), ioasid_fault_queue_respond(); all codes are known ones. */
	int (*fault_queue_read)(struct ioasid_fault_queue *queue,
				struct ioasid_page_request *requests, size_t n);
	int (*fault_queue_respond)(struct ioasid_fault_queue *queue,
				   const struct ioasid_page_response *responses, size_t n);

	/*
	 * How much memory the process has locked for DMA, by the kernel's count, and how much it
	 * may; NULL: the API layer counts.
	 */
	void (*locked)(const struct ioasid_ctx *ctx, uint64_t *bytes, uint64_t *limit);

	/*
	 * The calling process pays for what is locked from now on: 0 or err_set(), with nothing
	 * changed: -ENOMEM, -EBUSY, -EINVAL. And closing the context, which comes next, is to leave
	 * alone what is another process's now. NULL without IOASID_CAP_CHANGE_PROCESS.
	 */
	int (*change_process)(struct ioasid_ctx *ctx);
	void (*abandon)(struct ioasid_ctx *ctx);

	/* vIOMMUs; NULL where there are none. */
	const struct viommu_ops *viommu;

	/* DMA issued by the program; NULL where only devices can do that. */
	int (*channel_open)(struct ioasid_device *device, uint32_t pasid,
			    struct ioasid_channel **channel);

	/* Nesting by IOMMUs that walk both levels; NULL where none can. */
	const struct nest_ops *nest_hardware;
	/* Do all of the context's IOMMUs, so that none refuses a space that is nested so? */
	bool (*all_nest)(const struct ioasid_ctx *ctx);
	/*
	 * What the device itself has cached by requests with *@pasid goes; NULL: all that it has.
	 * It may have something though only others of its group are attached. NULL: devices have no
	 * caches.
	 */
	void (*device_tlb_drop)(struct ioasid_device *device, const uint32_t *pasid,
				uint64_t start, uint64_t last, struct reap *reap);
	/* As ioasid_device_query_hw_info(); NULL where there is no driver to ask. */
	int (*device_hw_info)(const struct ioasid_device *device, uint32_t *type, void *data,
			      size_t *length);
	/* As ioasid_device_query_stats(); NULL where nothing is counted. */
	int (*device_stats)(const struct ioasid_device *device, struct ioasid_device_stats *stats);
};

extern const struct backend_ops backend_emulated;
extern const struct backend_ops backend_iommufd;
extern const struct backend_ops backend_type1;

/* The back end with that name, or err_set(): -EINVAL if there is none, -EOPNOTSUPP if not built. */
int backend_find(const char *name, const struct backend_ops **ops);

/* Can it be opened so? A descriptor that is brought along needs no node of the system. */
int backend_probe_for(const struct backend_ops *ops, const struct ioasid_ctx_options *options);

/* Sets ctx->ops and opens it: the first that can be opened here and do what is asked for. */
int backend_open_any(struct ioasid_ctx *ctx, const struct ioasid_ctx_options *options);

#endif
