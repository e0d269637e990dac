/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The emulated unit's registers. */
#include "export.h"
#include "smmuv3/bits.h"

IOASID_EXPORT void ioasid_smmuv3_regs_init(struct ioasid_smmuv3_regs *regs, const uint32_t idr[6])
{
	*regs = (struct ioasid_smmuv3_regs){ 0 };
	memcpy(regs->idr, idr, sizeof(regs->idr));
}
