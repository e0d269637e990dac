/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#include "pci.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Linux, include/uapi/linux/vfio.h, which is not there with every C library. */
#define VFIO_GET_REGION_INFO _IO(';', 100 + 8)
#define VFIO_REGION_MMAP     0x4u
#define VFIO_PCI_BAR0	     0u
#define VFIO_PCI_CONFIG	     7u

struct vfio_region {
	uint32_t argsz, flags, index, cap_offset;
	uint64_t size, offset;
};

/* Linux 6.19: VFIO_DEVICE_FEATURE_DMA_BUF, which takes any number of ranges. */
#define VFIO_FEATURE	     _IO(';', 100 + 17)
#define VFIO_FEATURE_GET     (1u << 16)
#define VFIO_FEATURE_DMA_BUF 11u

struct vfio_dma_buf {
	uint32_t argsz, flags;
	uint32_t region, open_flags, unused, ranges;
	struct pci_range range[PCI_RANGES];
};

/* PCI 3.0, 6.2.2: the command register. */
#define COMMAND_AT     4
#define COMMAND_MEMORY 0x2u
#define COMMAND_MASTER 0x4u

static int find_region(int fd, uint32_t index, struct vfio_region *region)
{
	*region = (struct vfio_region){ .argsz = sizeof(*region), .index = index };
	return ioctl(fd, VFIO_GET_REGION_INFO, region) ? -errno : 0;
}

static int enable_dma(int fd)
{
	struct vfio_region config;
	uint8_t command[2];
	off_t at;
	int ret = find_region(fd, VFIO_PCI_CONFIG, &config);

	if (ret)
		return ret;
	at = (off_t)config.offset + COMMAND_AT;
	if (pread(fd, command, sizeof(command), at) != sizeof(command))
		return -EIO;
	command[0] |= COMMAND_MEMORY | COMMAND_MASTER;
	return pwrite(fd, command, sizeof(command), at) == sizeof(command) ? 0 : -EIO;
}

int pci_open(struct pci_bar *bar, int fd)
{
	struct vfio_region region;
	void *at;
	int ret = find_region(fd, VFIO_PCI_BAR0, &region);

	if (ret)
		return ret;
	if (!(region.flags & VFIO_REGION_MMAP))
		return -EOPNOTSUPP;
	at = mmap(NULL, (size_t)region.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		  (off_t)region.offset);
	if (at == MAP_FAILED)
		return -errno;
	*bar = (struct pci_bar){ at, region.size };
	ret = enable_dma(fd);
	if (ret)
		pci_close(bar);
	return ret;
}

void pci_close(struct pci_bar *bar)
{
	munmap((void *)(uintptr_t)bar->at, (size_t)bar->size);
}

int pci_export(int fd, const struct pci_range *ranges, uint32_t n)
{
	struct vfio_dma_buf get = {
		.argsz = sizeof(get),
		.flags = VFIO_FEATURE_GET | VFIO_FEATURE_DMA_BUF,
		.region = VFIO_PCI_BAR0,
		.open_flags = O_RDWR | O_CLOEXEC,
		.ranges = n,
	};
	int buffer;

	if (n > PCI_RANGES)
		return -EINVAL;
	memcpy(get.range, ranges, n * sizeof(*ranges));
	buffer = ioctl(fd, VFIO_FEATURE, &get);
	return buffer < 0 ? -errno : buffer;
}
