/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a space claims of its IOVAs: its IOAS is told, for others may use it as well, by the
 * descriptor and by devices that the library does not know. The kernel then refuses what would
 * narrow it.
 */
#include <errno.h>
#include <string.h>

#include "iommufd.h"

static int why_not_allowed(const struct ioasid_space *space, int error)
{
	switch (error) {
	case EADDRINUSE:
		return err_set(EADDRINUSE, "space %u: a range is reserved in the kernel, for "
			       "somebody else on the context's descriptor", space->id);
	case ENOMEM:
		return err_set(ENOMEM, "space %u: the kernel has no memory for allowed ranges",
			       space->id);
	default:
		return err_set(EINVAL, "space %u: allowed ranges are refused by the kernel: %s",
			       space->id, strerror(error));
	}
}

int iofd_ioas_allow(const struct ioasid_space *space, uint32_t ioas,
		    const struct ioasid_range *ranges, size_t n)
{
	struct uapi_iova_range *list = n <= UINT32_MAX ? mem_calloc(n + 1, sizeof(*list)) : NULL;
	struct uapi_allow_iovas allow = {
		.size = sizeof(allow), .ioas_id = ioas, .num_iovas = (uint32_t)n,
		.allowed_iovas = (uintptr_t)list,
	};
	size_t i;
	int ret;

	if (!list)
		return err_set(ENOMEM, "no memory for %zu ranges", n);
	for (i = 0; i < n; i++)
		list[i] = (struct uapi_iova_range){
			ranges[i].start, ranges[i].start + (ranges[i].length - 1),
		};
	ret = iofd_ioctl(space->ctx, UAPI_IOAS_ALLOW_IOVAS, &allow);
	mem_free(list);
	return ret ? why_not_allowed(space, -ret) : 0;
}

int iofd_allow(struct ioasid_space *space, const struct ioasid_range *ranges, size_t n)
{
	return iofd_space(space) ? iofd_ioas_allow(space, iofd_ioas(space), ranges, n) : 0;
}
