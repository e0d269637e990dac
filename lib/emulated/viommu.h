/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vIOMMUs of the emulated platform. */
#ifndef EMULATED_VIOMMU_H
#define EMULATED_VIOMMU_H

#include "objects.h"

extern const struct viommu_ops emu_viommu;

#define EMU_VIOMMU_TYPES                                                                           \
	(UINT64_C(1) << IOASID_VIOMMU_PLAIN | UINT64_C(1) << IOASID_VIOMMU_SMMUV3 |                \
	 UINT64_C(1) << IOASID_VIOMMU_TEGRA241)
#define EMU_SMMUV3_COMMAND 16u	/* bytes */

/*
 * Adds what a command of an SMMUv3 guest's, as its queue has it, invalidates to the vIOMMU's batch.
 * 0; err_set(): -EIO: it cannot be passed on; -ENOMEM.
 */
int emu_smmuv3_add(struct ioasid_viommu *viommu, const uint64_t command[2]);

/*
 * A guest's command can mean as many entries of the batch as its device has PASIDs, and an entry as
 * many invalidations as the vIOMMU has spaces. Is that enough for one batch?
 */
static inline bool emu_batch_is_full(const struct ioasid_viommu *viommu)
{
	uint64_t entries = ioasid_inv_get_count(viommu->batch);

	return entries * (viommu->spaces + UINT64_C(1)) >= 16384;
}

/* hw_queue.c: an IOASID_VIOMMU_TEGRA241 has registers, and a backend. 0 or err_set(-ENOMEM). */
int emu_registers_new(struct ioasid_viommu *viommu);
void emu_registers_free(struct ioasid_viommu *viommu);
/* As in struct viommu_ops. */
int emu_map_registers(struct ioasid_viommu *viommu, uint64_t offset, uint64_t length,
		      void **registers);
int emu_hw_queue_create(struct ioasid_hw_queue *queue,
			const struct ioasid_hw_queue_options *options);
int emu_hw_queue_destroy(struct ioasid_hw_queue *queue);
int emu_hw_queue_kick(struct ioasid_hw_queue *queue);

#endif
