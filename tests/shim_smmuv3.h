/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An SMMUv3 of the kernel's that the test plays: its vIOMMUs, and what hangs on one. */
#ifndef TESTS_SHIM_SMMUV3_H
#define TESTS_SHIM_SMMUV3_H

#include "shim_nested.h"

#define NEST	 1u		/* IOMMU_HWPT_ALLOC_NEST_PARENT */
#define SMMUV3	 1u		/* IOMMU_VIOMMU_TYPE_ARM_SMMUV3, and so its events and commands */
#define TEGRA241 2u
#define OTHER	 0xdeadbeefu	/* one that the library does not know */
#define VSID	 0x1234u

extern struct ioasid_viommu *viommu;
extern struct ioasid_vdevice *vdevice;

/*
 * Objects: the device, and 2 the root's IOAS, once it is used. The driver is the SMMUv3's. The
 * others have a vIOMMU as well: an SMMUv3's, with a vDEVICE; one of a type that the library does
 * not know. nested_teardown() takes down each of them.
 */
void smmuv3_setup(void);
void with_viommu(void);
void with_raw(void);

int make_viommu(enum ioasid_viommu_type type, struct ioasid_viommu **out);
/* On that vIOMMU. The queue is of the type that the library does not know. */
int make_events(enum ioasid_event_format format, uint32_t depth,
		struct ioasid_event_queue **queue);
int make_hw_queue(uint32_t index, uint64_t iova, uint64_t length, struct ioasid_hw_queue **q);

#endif
