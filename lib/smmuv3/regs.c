/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The emulated unit's registers. */
#include "export.h"
#include "smmuv3/bits.h"

IOASID_EXPORT void ioasid_smmuv3_regs_init(struct ioasid_smmuv3_regs *regs, const uint32_t idr[6])
{
	*regs = (struct ioasid_smmuv3_regs){ 0 };
	memcpy(regs->idr, idr, sizeof(regs->idr));
}

int smmu_check(const struct ioasid_smmuv3_regs *regs, size_t size, size_t least,
	       enum ioasid_smmuv3_reason *why)
{
	int ret = smmu_check_size(size, least);

	if (why)
		*why = IOASID_SMMUV3_OK;
	if (ret)
		return ret;
	return entry_check_unit("SMMUv3", regs->flags, IOASID_SMMUV3_NO_GLOBAL, regs->reserved,
				sizeof(regs->reserved) / sizeof(regs->reserved[0]));
}
