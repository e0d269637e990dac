/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each driver in user space begins with, through the VFIO device's descriptor. */
#ifndef TESTS_KERNEL_PCI_H
#define TESTS_KERNEL_PCI_H

#include <stdint.h>

struct pci_bar {
	volatile uint8_t *at;
	uint64_t size;
};

/* Maps BAR 0, and lets the device do DMA. */
struct pci_bar pci_open(int fd);
void pci_close(struct pci_bar *bar);

#endif
