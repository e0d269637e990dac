/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * What a VMM does that shows its guest a VT-d unit: it reads the guest's tables and its
 * invalidation descriptors, and keeps a space for each page table that a device uses.
 */
#ifndef REPLAY_VMM_H
#define REPLAY_VMM_H

#include <ioasid/ioasid.h>
#include <ioasid/vtd.h>

/* One of the guest's page tables, in use by one device or several. */
struct vmm_table {
	struct vmm_table *next;
	/* The translation that it is a part of: domain-id, PASID, format, levels and root. */
	struct ioasid_vtd_translation translation;
	struct ioasid_space *space;
	/* Of a first-stage table in a nested translation: the second stage, parent of its space. */
	struct vmm_table *below;
	unsigned int users;
};

struct vmm_device {
	uint16_t sid;
	struct ioasid_device *device;
	/* What the guest's tables said when last looked at, and the page table that came out. */
	struct ioasid_vtd_translation translation;
	struct vmm_table *table;
};

struct vmm {
	struct ioasid_ctx *ctx;
	/* Guest memory: as a space, and as something to read. */
	struct ioasid_space *memory;
	ioasid_vtd_read read;
	void *read_opaque;
	/* The unit's registers. */
	struct ioasid_vtd_caps caps;
	uint64_t rtaddr;
	/* When spaces follow the guest's tables; 0: by the format. */
	enum ioasid_fill fill;

	struct vmm_device *devices;
	size_t n_devices;
	struct vmm_table *tables;
	/* IOTLB invalidations that the guest has queued and not yet waited for. */
	struct ioasid_inv *batch;

	/* For people: descriptors by type, and what they led to. */
	uint64_t descriptors[IOASID_VTD_INV_PASID_DEVICE_TLB + 1];
	uint64_t submissions, spaces, moves;
};

/*
 * Those that return int: 0 or a negated errno value. @why says what is wrong with a descriptor that is refused;
 * a VMM then stops the queue and sets IQE in the Fault Status Register (VT-d 4.1, 6.5.2.9).
 */

/*
 * Looks a device up in the guest's tables, and attaches it to what is found there. If that fails the
 * device is blocked.
 */
int vmm_refresh_device(struct vmm *vmm, struct vmm_device *device);

/* Carries out one descriptor of the guest's invalidation queue: @bytes / 8 quadwords. */
int vmm_invalidate(struct vmm *vmm, const uint64_t *raw, size_t bytes, enum ioasid_vtd_reason *why);

/* Carries out what is still in the batch. */
int vmm_submit(struct vmm *vmm);

/* Detaches all devices, so that all spaces but that of guest memory go. */
void vmm_reset(struct vmm *vmm);

#endif
