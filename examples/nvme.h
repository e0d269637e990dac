/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * As much of an NVMe driver as an identify and a few blocks need (NVM Express 1.4): one admin queue
 * and one I/O queue, polled.
 */
#ifndef EXAMPLES_NVME_H
#define EXAMPLES_NVME_H

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

/*
 * The queues have to be mapped by then, the device attached. 0, -errno, or the status of a command
 * that failed.
 */
int nvme_open(struct nvme *nvme, int fd, uint8_t *queues, uint64_t iova);
void nvme_close(struct nvme *nvme);

/* 0, the status of the command, or -errno. Data: one page at @iova. */
int nvme_identify_controller(struct nvme *nvme, uint64_t iova);
int nvme_read(struct nvme *nvme, uint64_t block, uint32_t blocks, uint64_t iova);
int nvme_write(struct nvme *nvme, uint64_t block, uint32_t blocks, uint64_t iova);

#endif
