/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A space's table is an IOAS. The kernel makes the page table behind it when the first device is
 * attached, and looks at the memory of the mappings only then.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "iommufd.h"

int iofd_table_create(struct ioasid_space *space)
{
	uint32_t id;
	int ret = iofd_ioas_alloc(space->ctx, &id);

	if (!ret)
		space->backend = (void *)(uintptr_t)id;
	return ret;
}

void iofd_table_destroy(struct ioasid_space *space, struct reap *reap)
{
	(void)reap;
	iofd_destroy(space->ctx, iofd_ioas(space));
	space->backend = NULL;
}

int iofd_map(struct ioasid_space *space, const struct ioasid_mapping *m, struct reap *reap)
{
	struct uapi_ioas_map map = {
		.size = sizeof(map),
		.flags = UAPI_MAP_FIXED_IOVA | (m->flags & IOASID_READ ? UAPI_MAP_READABLE : 0) |
			 (m->flags & IOASID_WRITE ? UAPI_MAP_WRITEABLE : 0),
		.ioas_id = iofd_ioas(space),
		.user_va = m->target,
		.length = imap_length(&m->item),
		.iova = m->item.start,
	};
	const struct ioasid_run run = {
		.iova = map.iova, .length = map.length, .target = map.user_va,
		.perm = m->flags & (IOASID_READ | IOASID_WRITE),
	};
	int ret = iofd_ioctl(space->ctx, UAPI_IOAS_MAP, &map);

	(void)reap;
	return ret ? vfio_why_not_mapped(space, &run, -ret) : 0;
}

void iofd_unmap(struct ioasid_space *space, const struct ioasid_mapping *m, struct reap *reap)
{
	struct uapi_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = iofd_ioas(space),
		.iova = m->item.start,
		.length = imap_length(&m->item),
	};
	int ret = iofd_ioctl(space->ctx, UAPI_IOAS_UNMAP, &unmap);

	(void)reap;
	if (ret)
		ctx_log(space->ctx, LOG_ERR, "space %u: mapping 0x%llx-0x%llx is still in the kernel: %s",
			space->id, (unsigned long long)m->item.start,
			(unsigned long long)m->item.last, strerror(-ret));
}

static int why_not_attached(const struct ioasid_device *device, const struct ioasid_space *space,
			    int error)
{
	char what[80];

	snprintf(what, sizeof(what), "%.40s: attaching to space %u", device->name, space->id);
	switch (error) {
	case ENOMEM:
		return vfio_no_memory(what);
	case EFAULT:
		return err_set(EFAULT, "%s: memory of a mapping cannot be locked for DMA: it is no "
			       "longer mapped in this process, or not ordinary memory", what);
	case EADDRINUSE:
		return err_set(EADDRINUSE, "%s: a mapping lies where the device cannot have one, or is "
			       "not aligned to the IOMMU's pages", what);
	case EBUSY:
		return err_set(EBUSY, "%s: group %u is in use by somebody else", what,
			       device->info.group);
	case EINVAL:
		return err_set(EINVAL, "%s: its IOMMU cannot take on that space", what);
	default:
		return err_set(EINVAL, "%s: refused by the kernel: %s", what, strerror(error));
	}
}

/* An attach while attached is a replace, for the whole group; a failed one changes nothing. */
int iofd_route(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
	       struct reap *reap)
{
	const struct iofd_device *d = device->backend;
	struct uapi_attach attach = { .argsz = sizeof(attach) };
	struct uapi_detach detach = { .argsz = sizeof(detach) };
	int ret;

	(void)pasid;
	(void)reap;
	if (space) {
		attach.pt_id = iofd_ioas(space);
		ret = sys_ioctl(d->fd, UAPI_ATTACH, &attach);
		return ret ? why_not_attached(device, space, -ret) : 0;
	}
	ret = sys_ioctl(d->fd, UAPI_DETACH, &detach);
	if (ret)
		ctx_log(device->ctx, LOG_ERR, "%s: was not detached: %s", device->name,
			strerror(-ret));
	return 0;
}
