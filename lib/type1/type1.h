/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of this back end share. */
#ifndef TYPE1_TYPE1_H
#define TYPE1_TYPE1_H

#include "objects.h"
#include "uapi.h"
#include "vfio/sys.h"
#include "vfio/vfio.h"

#define T1_NODE "/dev/vfio/vfio"

/*
 * A group of devices that the IOMMU cannot tell apart, and its container: an address space of the
 * kernel's, with what is mapped for the group. It is open while a device of the group is bound.
 */
struct t1_group {
	struct t1_group *next;
	uint32_t id;
	unsigned int devices;		/* that are bound */
	int fd, container;
	struct ioasid_space *space;	/* whose mappings are in the container; NULL: it is empty */
	bool partial;			/* some of them are not: see route.c */
	uint32_t entries;		/* mappings in the container */
	uint32_t max_entries;
	uint64_t page_sizes;		/* 0: not asked for yet */
	unsigned int address_bits;
	bool enforces_snoop;
	uint64_t dirty_page;		/* that a bit of written pages stands for; 0: none */
	uint64_t dirty_limit;		/* bits that the kernel has for a mapping */
	bool tracking;			/* it records them */
	struct ioasid_range *reserved;
	size_t n_reserved;
};

struct t1 {
	struct t1_group *groups;	/* changes while devices come and go, with the lock too */
	bool unmap_all;			/* Linux 5.12: one command empties a container */
};

struct t1_device {
	struct t1_group *group;
	int fd;
};

static inline struct t1 *t1_of(const struct ioasid_ctx *ctx)
{
	return ctx->backend;
}

/* A command whose argument is a number. */
static inline int t1_ioctl_number(int fd, unsigned long command, uintptr_t number)
{
	return sys_ioctl(fd, command, (void *)number);
}

/* group.c: the group of a device, opened if need be; err_set(). */
int t1_group_get(const struct ioasid_device *device, uint32_t id, struct t1_group **group);
void t1_group_put(struct ioasid_ctx *ctx, struct t1_group *group);

/* info.c: fills in what the container tells of the IOMMU; err_set(). */
int t1_group_info(const struct ioasid_device *device, struct t1_group *group);

/* device.c */
int t1_device_bind(struct ioasid_device *device);
void t1_device_unbind(struct ioasid_device *device);
size_t t1_device_reserved(const struct ioasid_device *device, struct ioasid_range *ranges,
			  size_t n);
int t1_device_fd(const struct ioasid_device *device);
int t1_group_fd(const struct ioasid_device *device);

/* map.c: in the containers of all groups that are attached to the space */
int t1_map(struct ioasid_space *space, const struct ioasid_mapping *mapping, struct reap *reap);
void t1_unmap(struct ioasid_space *space, const struct ioasid_mapping *mapping,
	      struct reap *reap);
int t1_run_map(struct ioasid_space *space, const struct ioasid_run *run, uint64_t from);
int t1_run_unmap(struct ioasid_space *space, uint64_t iova, uint64_t length);
/*
 * The first run of the space with an address from @at on, as a host address; false: none. perm 0:
 * it is only to be removed.
 */
bool t1_first_run(const struct ioasid_space *space, uint64_t at, struct ioasid_run *run);
/* In one container: a run, and all runs that are in a range; err_set(). */
int t1_enter(struct t1_group *group, const struct ioasid_space *space,
	     const struct ioasid_run *run);
int t1_remove(struct t1_group *group, const struct ioasid_space *space, uint64_t iova,
	      uint64_t length);
/* Removes a run; a failure is logged. */
void t1_drop(struct t1_group *group, const struct ioasid_space *space,
	     const struct ioasid_run *run);
/* err_set() with -ENOSPC if the space has more runs than a container takes. */
int t1_check_count(const struct t1_group *group, const struct ioasid_space *space);

/*
 * dirty.c
 * The first two as of struct backend_ops.
 */
int t1_dirty_set(struct ioasid_space *root, bool on, struct reap *reap);
int t1_dirty_read(struct ioasid_space *root, uint64_t start, uint64_t last, bool peek,
		  struct dirty_bits *out, struct reap *reap);
/* The container records from now on, for a root that tracks or is going to: err_set(). */
int t1_dirty_start(struct t1_group *group, const struct ioasid_space *root);
void t1_dirty_stop(struct ioasid_ctx *ctx, struct t1_group *group);
/* Has the kernel bits enough for a run? */
bool t1_dirty_fits(const struct t1_group *group, const struct ioasid_run *run);
/*
 * Unmaps a run of a space whose root tracks, and keeps what was written there. -errno; else *@size
 * is what was unmapped.
 */
int t1_dirty_unmap(const struct t1_group *group, const struct ioasid_space *space,
		   const struct ioasid_run *run, uint64_t *size);
/* All of a run counts as written. */
void t1_dirty_keep_run(const struct ioasid_space *space, const struct ioasid_run *run);

/* route.c */
int t1_route(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
	     struct reap *reap);

#endif
