/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vIOMMUs of the emulated platform. */
#ifndef EMULATED_VIOMMU_H
#define EMULATED_VIOMMU_H

#include "objects.h"

extern const struct viommu_ops emu_viommu;

#define EMU_VIOMMU_TYPES (UINT64_C(1) << IOASID_VIOMMU_PLAIN | UINT64_C(1) << IOASID_VIOMMU_SMMUV3)
#define EMU_SMMUV3_COMMAND 16u	/* bytes */

/*
 * Adds what a command of an SMMUv3 guest's, as its queue has it, invalidates to the vIOMMU's batch.
 * 0; err_set(): -EIO: it cannot be passed on; -ENOMEM.
 */
int emu_smmuv3_add(struct ioasid_viommu *viommu, const uint64_t command[2]);

#endif
