/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the calls of shim-iommufd-each are made on: spaces, devices, and what cases make. */
#ifndef TESTS_SHIM_IOMMUFD_WORLD_H
#define TESTS_SHIM_IOMMUFD_WORLD_H

#include "each_calls.h"
#include "shim_each.h"
#include "shim_nested.h"

#define VTD	 1u		/* IOMMU_HW_INFO_TYPE_INTEL_VTD, and its page tables */
#define SMMUV3	 2u		/* IOMMU_HW_INFO_TYPE_ARM_SMMUV3, and its page tables */
#define PASID	 5u

/* Beside what each_calls.h has: devices 0 and 1 are bound; the rest a case may make. */
extern struct ioasid_space *nested;	/* in hardware, on the root */
extern struct ioasid_viommu *viommu;
extern struct ioasid_vdevice *vdevice;
extern struct ioasid_event_queue *queue;
extern struct ioasid_fault_queue *faults;
extern struct ioasid_hw_queue *hw_queue;
extern uint32_t adopted;	/* a device that another framework has bound; 0: none */

/* As a kind, SMMUV3; else it is VTD. */
extern const struct each_world iommufd_world;

#endif
