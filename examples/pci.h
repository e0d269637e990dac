/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What each driver in user space begins with, through the device's VFIO descriptor. */
#ifndef EXAMPLES_PCI_H
#define EXAMPLES_PCI_H

#include <stdint.h>

struct pci_bar {
	volatile uint8_t *at;
	uint64_t size;
};

/* Maps BAR 0, and lets the device do DMA. 0, or -errno. */
int pci_open(struct pci_bar *bar, int fd);
void pci_close(struct pci_bar *bar);

/* A part of BAR 0, in multiples of the kernel's pages. */
struct pci_range {
	uint64_t offset, length;
};

#define PCI_RANGES 2u

/*
 * A dma-buf of up to PCI_RANGES parts of BAR 0, for other devices' DMA: its descriptor, which is
 * the caller's; or -errno.
 */
int pci_export(int fd, const struct pci_range *ranges, uint32_t n);

#endif
