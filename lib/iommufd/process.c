/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's objects belong to the descriptor; processes pay for the memory that they lock. */
#include <errno.h>
#include <string.h>

#include "iommufd.h"

int iofd_change_process(struct ioasid_ctx *ctx)
{
	struct uapi_change_process change = { .size = sizeof(change) };
	int ret = iofd_ioctl(ctx, UAPI_CHANGE_PROCESS, &change);

	switch (-ret) {
	case 0:
		return 0;
	case ENOMEM:
		return vfio_no_memory("this process, before the other gives its own back");
	case EBUSY:
		return err_set(EBUSY, "iommufd: another process is mapping memory by the same "
			       "descriptor");
	case EINVAL:
		return err_set(EINVAL, "iommufd: somebody else has mapped a process's own memory "
			       "by the same descriptor, or the process that pays has ended");
	default:
		return err_set(EINVAL, "iommufd: refused by the kernel: %s", strerror(-ret));
	}
}

/* Descriptors are closed here as ever, which changes nothing while others have them. */
void iofd_abandon(struct ioasid_ctx *ctx)
{
	struct iofd *iofd = ctx->backend;

	iofd->abandoned = true;
}
