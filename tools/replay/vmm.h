/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * What a VMM does that shows its guest an IOMMU: it reads the guest's tables and its commands, and
 * keeps a space for each page table that a device uses.
 */
#ifndef REPLAY_VMM_H
#define REPLAY_VMM_H

#include "kind.h"

/* One of the guest's page tables, in use by one device or several. */
struct vmm_table {
	struct vmm_table *next;
	/* The translation that it is a part of: its names and its root. */
	union translation translation;
	struct ioasid_space *space;
	/* Of the upper one of two tables: the lower one, parent of its space. */
	struct vmm_table *below;
	unsigned int users;
};

struct vmm_device {
	uint16_t sid;
	struct ioasid_device *device;
	/* What the guest's tables said when last looked at, and the page table that came out. */
	union translation translation;
	struct vmm_table *table;
};

struct vmm {
	struct ioasid_ctx *ctx;
	/* Guest memory: as a space, and as something to read. */
	struct ioasid_space *memory;
	ioasid_vtd_read read;
	void *read_opaque;
	const struct kind *kind;
	union unit unit;
	/* When spaces follow the guest's tables; 0: by the format. */
	enum ioasid_fill fill;

	struct vmm_device *devices;
	size_t n_devices;
	struct vmm_table *tables;
	/* TLB invalidations that the guest has queued and not yet waited for. */
	struct ioasid_inv *batch;

	/* For people: commands by type, and what they led to. */
	uint64_t commands[COMMAND_TYPES];
	uint64_t submissions, spaces, moves;
};

/*
 * Those that return int: 0 or a negated errno value. @why says what is wrong with a command that is
 * refused: a VMM then stops the queue and shows its guest the error.
 */

/*
 * Looks a device up in the guest's tables, and attaches it to what is found there. If that fails
 * the device is blocked.
 */
int vmm_refresh_device(struct vmm *vmm, struct vmm_device *device);

/* Carries out one command of the guest's queue: @bytes / 8 numbers. */
int vmm_command(struct vmm *vmm, const uint64_t *raw, size_t bytes, const char **why);

/* Carries out what is still in the batch. */
int vmm_submit(struct vmm *vmm);

/* Detaches all devices, so that all spaces but that of guest memory go. */
void vmm_reset(struct vmm *vmm);

#endif
