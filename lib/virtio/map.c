/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MAP and UNMAP of a virtio-iommu driver, carried out on a space. */
#include <errno.h>

#include <ioasid/mapping.h>
#include <ioasid/virtio.h>

#include "export.h"

/* What the guest is told about an error of a map. */
static enum ioasid_virtio_status status_of(int error)
{
	switch (error) {
	case 0:
		return IOASID_VIRTIO_OK;
	case -EEXIST: /* 5.13.6.5 */
	case -EINVAL: /* reserved addresses, for one (5.13.6.8) */
		return IOASID_VIRTIO_INVAL;
	case -EOVERFLOW:
		return IOASID_VIRTIO_RANGE;
	case -ENOMEM:
	case -ENOSPC:
	case -E2BIG: /* the space's mapping_limit */
		return IOASID_VIRTIO_NOMEM;
	case -EOPNOTSUPP:
		return IOASID_VIRTIO_UNSUPP;
	default:
		return IOASID_VIRTIO_DEVERR;
	}
}

IOASID_EXPORT enum ioasid_virtio_status
ioasid_virtio_map(const struct ioasid_virtio_request *request, struct ioasid_space *space)
{
	return status_of(ioasid_space_map_parent(space, request->first, request->target,
						 request->last - request->first + 1, request->perm,
						 NULL));
}

/*
 * All addresses, which ioasid_space_unmap() takes as UINT64_MAX from 0 on; or all but the first or
 * the last, where a mapping would be split.
 */
static enum ioasid_virtio_status unmap_all(const struct ioasid_virtio_request *request,
					   struct ioasid_space *space)
{
	if (request->first && ioasid_space_find_mapping(space, 0, 1))
		return IOASID_VIRTIO_RANGE;
	if (request->last < UINT64_MAX && ioasid_space_find_mapping(space, UINT64_MAX, 1))
		return IOASID_VIRTIO_RANGE;
	return status_of(ioasid_space_unmap_all(space, NULL));
}

IOASID_EXPORT enum ioasid_virtio_status
ioasid_virtio_unmap(const struct ioasid_virtio_request *request, struct ioasid_space *space)
{
	uint64_t less_one = request->last - request->first;
	int ret;

	if (less_one >= UINT64_MAX - 1)
		return unmap_all(request, space);
	if (!ioasid_space_find_mapping(space, request->first, less_one + 1))
		return IOASID_VIRTIO_OK;
	ret = ioasid_space_unmap(space, request->first, less_one + 1, NULL);
	/* something is there, but not only in the range */
	return ret == -ENOENT ? IOASID_VIRTIO_RANGE : status_of(ret);
}
