/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * As much of an NVMe driver as an identify and a few blocks need (NVM Express 1.4): one admin queue
 * and one I/O queue, polled.
 */
#ifndef TESTS_KERNEL_NVME_H
#define TESTS_KERNEL_NVME_H

#include <stdint.h>

#include "pci.h"

/* Where the queues are: NVME_QUEUE_PAGES pages of memory, and their IOVA. */
#define NVME_QUEUE_PAGES 4u

struct nvme_queue {
	uint8_t *sq;
	volatile uint8_t *cq;
	uint32_t tail, head, phase;
};

struct nvme {
	struct pci_bar bar;
	struct nvme_queue queue[2]; /* admin, I/O */
	uint32_t stride;	    /* of the doorbells */
	uint32_t next_id;
};

/* The queues have to be mapped by then, the device attached. */
void nvme_open(struct nvme *nvme, int fd, uint8_t *queues, uint64_t iova);
void nvme_close(struct nvme *nvme);

/* The status of the command, 0 for success. Data: one page at @iova. */
uint32_t nvme_identify_controller(struct nvme *nvme, uint64_t iova);
uint32_t nvme_read(struct nvme *nvme, uint64_t block, uint32_t blocks, uint64_t iova);
uint32_t nvme_write(struct nvme *nvme, uint64_t block, uint32_t blocks, uint64_t iova);

#endif
