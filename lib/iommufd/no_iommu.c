/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices without an IOMMU, in VFIO's no-IOMMU mode (Linux 7.3). The kernel keeps a page table for
 * them that nothing walks, and tells what is in it: the physical addresses that such a device is to
 * be given.
 */
#include <errno.h>
#include <string.h>

#include "iommufd.h"

/*
 * Does the kernel tell? A kernel that could, but was configured without it, refuses all flags, as
 * others do that are not known. So it is asked for nothing, which is wrong only if it can.
 */
bool iofd_knows_physical(const struct ioasid_ctx *ctx)
{
	struct uapi_get_pa get = { .size = sizeof(get) };
	struct iofd *iofd = ctx->backend;
	enum iofd_answer answer = __atomic_load_n(&iofd->physical, __ATOMIC_RELAXED);
	int ret;

	if (!answer) {
		ret = iofd_ioctl(ctx, UAPI_NOIOMMU_GET_PA, &get);
		answer = ret == -ENOTTY || ret == -EOPNOTSUPP ? IOFD_NO : IOFD_YES;
		__atomic_store_n(&iofd->physical, answer, __ATOMIC_RELAXED);
	}
	return answer == IOFD_YES;
}

static int why_not_told(const struct ioasid_space *space, uint64_t iova, int error)
{
	switch (error) {
	case ENOENT:
		return err_set(ENOENT, "space %u: nothing is mapped at 0x%llx", space->id,
			       (unsigned long long)iova);
	case EPERM:
		return err_set(EPERM, "space %u: physical addresses are told with CAP_SYS_RAWIO "
			       "only", space->id);
	default:
		return err_set(EOPNOTSUPP, "space %u: the first device that is attached is behind "
			       "an IOMMU, and has no use for physical addresses", space->id);
	}
}

int iofd_query_physical(const struct ioasid_space *space, uint64_t iova, uint64_t length,
			uint64_t *physical, uint64_t *contiguous)
{
	struct uapi_get_pa get = { .size = sizeof(get), .iova = iova, .length = length };
	int ret;

	if (!iofd_space(space))
		return err_set(EOPNOTSUPP, "space %u: no device without an IOMMU is attached",
			       space->id);
	get.ioas_id = iofd_ioas(space);
	ret = iofd_ioctl(space->ctx, UAPI_NOIOMMU_GET_PA, &get);
	if (ret)
		return why_not_told(space, iova, -ret);
	*physical = get.out_phys;
	*contiguous = get.length;
	return 0;
}
