/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of the iommufd and of an IOAS. */
#include <errno.h>
#include <string.h>

#include "iommufd.h"
#include "uapi_option.h"

static int set_option(const struct ioasid_ctx *ctx, uint32_t id, uint32_t object, uint64_t value)
{
	struct uapi_option option = {
		.size = sizeof(option), .option_id = id, .op = UAPI_OPTION_SET,
		.object_id = object, .val64 = value,
	};

	return iofd_ioctl(ctx, UAPI_OPTION, &option);
}

int iofd_account_process(const struct ioasid_ctx *ctx)
{
	int ret = set_option(ctx, UAPI_OPTION_RLIMIT_MODE, 0, 1);

	switch (-ret) {
	case 0:
		return 0;
	case EPERM:
		return err_set(EACCES, "iommufd: to count locked memory by process needs "
			       "CAP_SYS_RESOURCE");
	case EBUSY:
		return err_set(EINVAL, "iommufd: how locked memory is counted must be said before "
			       "there are objects on the descriptor");
	default:
		return err_set(EOPNOTSUPP, "iommufd: locked memory is not counted by process: %s",
			       strerror(-ret));
	}
}

int iofd_small_pages(const struct ioasid_space *space, uint32_t ioas)
{
	int ret = set_option(space->ctx, UAPI_OPTION_HUGE_PAGES, ioas, 0);

	return ret ? err_set(EINVAL, "space %u: the kernel does not do without large pages: %s",
			     space->id, strerror(-ret)) : 0;
}
