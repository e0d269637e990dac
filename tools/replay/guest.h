/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest's memory: sparse, and only where the captured tables are does it hold anything. */
#ifndef REPLAY_GUEST_H
#define REPLAY_GUEST_H

#include "capture.h"

struct guest_region {
	uint64_t start, length;
	int fd;
	unsigned char *map;
};

struct guest {
	struct guest_region *regions;
	size_t n_regions;
	/* The space in which devices and page tables see it, at its guest-physical addresses. */
	struct ioasid_space *space;
	/* What pages that are no tables any more consist of, but for their address. */
	uint64_t spoiled_entry;
	/* Where the library has it: targets are host addresses. */
	struct ioasid_run *host;
	size_t n_host;
};

/* Makes the memory and a root space that maps it. */
int guest_init(struct guest *guest, const struct capture *capture, struct ioasid_ctx *ctx);
void guest_fini(struct guest *guest);

/* Brings memory to where it was at the end of a step. */
void guest_load(struct guest *guest, const struct capture_step *step);

/* Reads memory: an ioasid_vtd_read. */
int guest_read(void *guest, uint64_t gpa, void *buffer, size_t length);

/* The host address of a guest-physical one, and how many bytes go on from there; 0: none. */
uint64_t guest_host_address(const struct guest *guest, uint64_t gpa, uint64_t *contiguous);

#endif
