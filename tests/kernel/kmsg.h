/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel logs: the faults that the IOMMU reports to it. */
#ifndef TESTS_KERNEL_KMSG_H
#define TESTS_KERNEL_KMSG_H

#include <stdbool.h>
#include <stdint.h>

/* From here on; a descriptor. */
int kmsg_open(void);

/* Whether a fault is logged, at the page of @iova; waits for one for a while. */
bool kmsg_has_fault(int fd, uint64_t iova);

struct kmsg_fault {
	uint64_t iova;
	uint32_t reason; /* VT-d 4.1, 7.2.3 */
};

/* The next fault that is logged already, if there is one. */
bool kmsg_next_fault(int fd, struct kmsg_fault *fault);

#endif
