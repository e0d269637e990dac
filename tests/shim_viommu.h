/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vIOMMUs of the kernel that is played, and what is on them. */
#ifndef TESTS_SHIM_VIOMMU_H
#define TESTS_SHIM_VIOMMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* _IO(';', number), Linux 6.13 to 6.17. */
enum shim_viommu_command {
	SHIM_VIOMMU_ALLOC = 0x3b90,
	SHIM_VDEVICE_ALLOC = 0x3b91,
	SHIM_HW_QUEUE_ALLOC = 0x3b94,
};

struct shim_viommu {
	uint32_t type;			/* the driver has vIOMMUs of this type; 0: none */
	bool any_type;			/* of all, as AMD's (amd_iommufd_get_viommu_size()), */
	bool nothing_on_it;		/* but no nested page tables on them */
	uint32_t data_length;		/* and takes so many bytes of data, */
	uint64_t out[2];		/* which it answers with these */
	uint32_t commands;		/* it takes commands of this type, */
	uint32_t bad;			/* but not this one of an array, 1: the first; 0: all */
	int bad_error;
	uint32_t issued;		/* what it has come to so far; it does so in batches */
	uint8_t entries[128];		/* of the latest array */

	/* What the event queue has: a header and a record each. */
	uint8_t messages[8][40];
	size_t sizes[8];
	unsigned int n_messages;
	int read_error;

	/* The latest mapping of registers; memory that there is to map. */
	int map_fd;
	uint64_t map_offset;
	size_t map_length;
	unsigned int maps, unmaps;
	uint8_t *registers;
};

extern struct shim_viommu shim_viommu;

void shim_viommu_reset(void);
/* A message for the event queue. @record NULL: events were lost. */
void shim_viommu_event(uint32_t sequence, const void *record, size_t size);
/* What the driver says to the words of a command: 0 or -errno. */
int shim_viommu_check(unsigned long command, uint32_t *words);
int shim_viommu_invalidate(uint32_t *words);

#endif
