/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Physical addresses, for devices that no IOMMU translates for. */
#include <errno.h>

#include "objects.h"

IOASID_EXPORT int ioasid_space_query_physical(const struct ioasid_space *space, uint64_t iova,
					      uint64_t length, uint64_t *physical,
					      uint64_t *contiguous)
{
	int ret = cap_check(space->ctx, IOASID_CAP_NO_IOMMU, "physical addresses");
	uint64_t last;

	if (ret)
		return ret;
	if (!length)
		return err_set(EINVAL, "length 0");
	if (!bits_range_last(iova, length, &last) || iova == UINT64_MAX)
		return err_set(EOVERFLOW, "0x%llx + 0x%llx runs past the end of the address space",
			       (unsigned long long)iova, (unsigned long long)length);
	ctx_lock(space->ctx);
	ret = space->nest && !space->nest->maps ?
	      err_set(EOPNOTSUPP, "space %u is nested in hardware", space->id) :
	      space->ctx->ops->query_physical(space, iova, length, physical, contiguous);
	ctx_unlock(space->ctx);
	return ret;
}
