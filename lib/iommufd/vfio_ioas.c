/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The IOAS that VFIO's commands on /dev/iommu work on: Linux calls it the compatibility IOAS. */
#include <errno.h>
#include <string.h>

#include "iommufd.h"

static int command(const struct ioasid_ctx *ctx, uint16_t op, uint32_t *ioas)
{
	struct uapi_vfio_ioas cmd = { .size = sizeof(cmd), .ioas_id = *ioas, .op = op };
	int ret = iofd_ioctl(ctx, UAPI_VFIO_IOAS, &cmd);

	if (!ret)
		*ioas = cmd.ioas_id;
	return ret;
}

int iofd_vfio_bind(const struct ioasid_ctx *ctx, const struct ioasid_space *space)
{
	uint32_t ioas = space ? iofd_ioas(space) : 0;
	int ret = command(ctx, space ? UAPI_VFIO_IOAS_SET : UAPI_VFIO_IOAS_CLEAR, &ioas);

	return ret ? err_set(EOPNOTSUPP, "VFIO's commands: the kernel does not go over to another "
			     "address space: %s", strerror(-ret)) : 0;
}

int iofd_vfio_query(const struct ioasid_ctx *ctx, uint32_t *id)
{
	uint32_t ioas = 0;
	int ret = command(ctx, UAPI_VFIO_IOAS_GET, &ioas);

	if (ret == -ENODEV)
		return err_set(ENOENT, "VFIO's commands work on no address space");
	if (ret)
		return err_set(EOPNOTSUPP, "VFIO's commands: the kernel does not say on what they "
			       "work: %s", strerror(-ret));
	*id = ioas;
	return 0;
}
