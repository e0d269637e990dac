/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DMA by a device of the machine, through spaces of a kernel back end. */
#ifndef TESTS_KERNEL_DMA_H
#define TESTS_KERNEL_DMA_H

#include "machine.h"

TCase *dma_mapped(void);
TCase *dma_blocked(void);
TCase *dma_replace(void);
TCase *dma_nested(void);
TCase *dma_node(void);
TCase *dma_nvme(void);
TCase *dma_peer(void);
TCase *dma_reset(void);
TCase *dma_unplug(void);
TCase *dma_user(void);
TCase *dma_vfio(void);

#endif
