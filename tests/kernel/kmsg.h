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

/* How many faults are logged, at whatever address. */
unsigned int kmsg_count_faults(int fd);

#endif
