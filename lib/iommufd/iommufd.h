/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of this back end share. */
#ifndef IOMMUFD_IOMMUFD_H
#define IOMMUFD_IOMMUFD_H

#include "objects.h"
#include "uapi.h"
#include "vfio/sys.h"
#include "vfio/vfio.h"

#define IOFD_NODE "/dev/iommu"
#define IOFD_CDEV "CONFIG_VFIO_DEVICE_CDEV (Linux 6.6)"

struct iofd {
	int fd;			/* of IOFD_NODE */
};

struct iofd_device {
	int fd;			/* of the device's VFIO node */
	uint32_t id;		/* the device in the iommufd */
	struct ioasid_range *reserved;
	size_t n_reserved;
};

static inline int iofd_ioctl(const struct ioasid_ctx *ctx, unsigned long command, void *arg)
{
	return sys_ioctl(((const struct iofd *)ctx->backend)->fd, command, arg);
}

/* The IOAS of a root that has a table. */
static inline uint32_t iofd_ioas(const struct ioasid_space *space)
{
	return (uint32_t)(uintptr_t)space->backend;
}

/* A new IOAS; err_set(). */
int iofd_ioas_alloc(struct ioasid_ctx *ctx, uint32_t *id);
/* Destroys an object that nothing holds; a failure is logged. */
void iofd_destroy(struct ioasid_ctx *ctx, uint32_t id);

/* device.c */
int iofd_device_bind(struct ioasid_device *device);
void iofd_device_unbind(struct ioasid_device *device);
size_t iofd_device_reserved(const struct ioasid_device *device, struct ioasid_range *ranges,
			    size_t n);
int iofd_device_fd(const struct ioasid_device *device);

/* info.c: fills in what needs the bound device; err_set(). */
int iofd_device_info(struct ioasid_device *device);

/* diagnose.c: why the device has no node, or cannot be bound. Each is err_set(). */
int iofd_why_no_node(const char *name);
int iofd_why_not_bound(const struct ioasid_device *device, int error);

/* space.c */
int iofd_table_create(struct ioasid_space *space);
void iofd_table_destroy(struct ioasid_space *space, struct reap *reap);
int iofd_map(struct ioasid_space *space, const struct ioasid_mapping *mapping, struct reap *reap);
void iofd_unmap(struct ioasid_space *space, const struct ioasid_mapping *mapping,
		struct reap *reap);
int iofd_run_map(struct ioasid_space *space, uint64_t iova, uint64_t length,
		 const struct ioasid_mapping *m, uint64_t from, uint32_t perm);
int iofd_run_unmap(struct ioasid_space *space, uint64_t iova, uint64_t length);
int iofd_route(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
	       struct reap *reap);

#endif
