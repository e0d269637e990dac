/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs of a child. They are copied from the root's IOAS: so the kernel locks and accounts memory
 * once, whoever maps it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "iommufd.h"

static int why_not_copied(const struct ioasid_space *space, const struct uapi_ioas_copy *copy,
			  int error)
{
	char what[80];

	snprintf(what, sizeof(what), "space %u: 0x%llx-0x%llx", space->id,
		 (unsigned long long)copy->dst_iova,
		 (unsigned long long)(copy->dst_iova + copy->length - 1));
	switch (error) {
	case ENOMEM:
		return vfio_no_memory(what);
	case EFAULT:
		return err_set(EFAULT, "%s: the memory at 0x%llx below cannot be locked for DMA",
			       what, (unsigned long long)copy->src_iova);
	default:
		return err_set(EINVAL, "%s: refused by the kernel: %s", what, strerror(error));
	}
}

int iofd_run_map(struct ioasid_space *space, const struct ioasid_run *run, uint64_t from)
{
	struct uapi_ioas_copy copy = {
		.size = sizeof(copy),
		.flags = UAPI_MAP_FIXED_IOVA | (run->perm & IOASID_READ ? UAPI_MAP_READABLE : 0) |
			 (run->perm & IOASID_WRITE ? UAPI_MAP_WRITEABLE : 0),
		.dst_ioas_id = iofd_ioas(space),
		.src_ioas_id = iofd_ioas(space_lowest(space)),
		.length = run->length,
		.dst_iova = run->iova,
		.src_iova = from,
	};
	int ret = iofd_ioctl(space->ctx, UAPI_IOAS_COPY, &copy);

	return ret ? why_not_copied(space, &copy, -ret) : 0;
}

int iofd_run_unmap(struct ioasid_space *space, uint64_t iova, uint64_t length)
{
	struct uapi_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = iofd_ioas(space),
		.iova = iova,
		.length = length,
	};
	int ret = iofd_ioctl(space->ctx, UAPI_IOAS_UNMAP, &unmap);

	/* Nothing is there: a call that failed half-way has taken it out before. */
	if (!ret || ret == -ENOENT)
		return 0;
	return err_set(EINVAL, "space %u: 0x%llx-0x%llx is still in the kernel: %s", space->id,
		       (unsigned long long)iova, (unsigned long long)(iova + length - 1),
		       strerror(-ret));
}
