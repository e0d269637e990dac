/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../support.h"
#include "pci.h"

/* PCI 3.0, 6.2.2: the command register. */
#define PCI_COMMAND_AT	   4
#define PCI_COMMAND_MEMORY 0x2u
#define PCI_COMMAND_MASTER 0x4u

static struct vfio_region_info region(int fd, uint32_t index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	ck_assert_msg(!ioctl(fd, VFIO_DEVICE_GET_REGION_INFO, &info), "region %u: errno %d", index,
		      errno);
	return info;
}

static void enable_dma(int fd)
{
	off_t at = (off_t)region(fd, VFIO_PCI_CONFIG_REGION_INDEX).offset + PCI_COMMAND_AT;
	uint16_t command;

	ck_assert_int_eq(pread(fd, &command, sizeof(command), at), sizeof(command));
	command = (uint16_t)(command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	ck_assert_int_eq(pwrite(fd, &command, sizeof(command), at), sizeof(command));
}

struct pci_bar pci_open(int fd)
{
	struct vfio_region_info info = region(fd, VFIO_PCI_BAR0_REGION_INDEX);
	struct pci_bar bar;

	ck_assert(info.flags & VFIO_REGION_INFO_FLAG_MMAP);
	bar.size = info.size;
	bar.at = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)info.offset);
	ck_assert_ptr_ne((void *)bar.at, MAP_FAILED);
	enable_dma(fd);
	return bar;
}

void pci_close(struct pci_bar *bar)
{
	munmap((void *)bar->at, bar->size);
}
