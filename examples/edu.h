/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * QEMU's edu device, driven from user space: a DMA engine with a buffer. Registers as in
 * QEMU's docs/specs/edu, accesses through the VFIO device's descriptor.
 */
#ifndef EXAMPLES_EDU_H
#define EXAMPLES_EDU_H

#include <stdint.h>

#include "pci.h"

struct edu {
	struct pci_bar bar;
};

/* The buffer has 4096, but QEMU 7.2 stops at a transfer that reaches its last byte. */
#define EDU_LENGTH 2048u

/* Maps the registers and lets the device do DMA. 0; -ENODEV: it is not an edu; -errno. */
int edu_open(struct edu *edu, int fd);
void edu_close(struct edu *edu);

/*
 * One transfer of at most EDU_LENGTH bytes between the buffer's start and @iova. Waits for it. 0,
 * or -ETIMEDOUT. The device does not say whether its requests came through.
 */
int edu_read(struct edu *edu, uint64_t iova, uint32_t length);
int edu_write(struct edu *edu, uint64_t iova, uint32_t length);

#endif
