/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../support.h"
#include "edu.h"

/* QEMU docs/specs/edu: the registers in BAR 0. */
#define EDU_ID		0x00u
#define EDU_DMA_SRC	0x80u
#define EDU_DMA_DST	0x88u
#define EDU_DMA_COUNT	0x90u
#define EDU_DMA_COMMAND 0x98u
#define EDU_DMA_START	0x1u
#define EDU_DMA_TO_RAM	0x2u
#define EDU_BUFFER	0x40000u /* where the buffer is for the engine */

#define EDU_BAR_SIZE 0x100000u

/* PCI 3.0, 6.2.2: the command register. */
#define PCI_COMMAND_AT	   4
#define PCI_COMMAND_MEMORY 0x2u
#define PCI_COMMAND_MASTER 0x4u

static void set(struct edu *edu, uint32_t at, uint64_t value)
{
	*(volatile uint64_t *)(edu->bar + at) = value;
}

static uint64_t get(struct edu *edu, uint32_t at)
{
	return *(volatile uint64_t *)(edu->bar + at);
}

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

void edu_open(struct edu *edu, int fd)
{
	struct vfio_region_info bar = region(fd, VFIO_PCI_BAR0_REGION_INDEX);
	uint32_t id;

	ck_assert_uint_eq(bar.size, EDU_BAR_SIZE);
	ck_assert(bar.flags & VFIO_REGION_INFO_FLAG_MMAP);
	edu->bar = mmap(NULL, EDU_BAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			(off_t)bar.offset);
	ck_assert_ptr_ne((void *)edu->bar, MAP_FAILED);
	enable_dma(fd);
	id = *(volatile uint32_t *)(edu->bar + EDU_ID);
	ck_assert_msg((id & 0xffff) == 0x00ed, "the device says that it is %#x, not an edu", id);
}

void edu_close(struct edu *edu)
{
	munmap((void *)edu->bar, EDU_BAR_SIZE);
}

static void transfer(struct edu *edu, uint64_t src, uint64_t dst, uint32_t length, uint64_t command)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	unsigned int waits = 0;

	ck_assert_uint_le(length, EDU_LENGTH);
	set(edu, EDU_DMA_SRC, src);
	set(edu, EDU_DMA_DST, dst);
	set(edu, EDU_DMA_COUNT, length);
	set(edu, EDU_DMA_COMMAND, EDU_DMA_START | command);
	while (get(edu, EDU_DMA_COMMAND) & EDU_DMA_START) {
		ck_assert_msg(waits++ < 2000, "the device's DMA does not end");
		nanosleep(&pause, NULL);
	}
}

void edu_read(struct edu *edu, uint64_t iova, uint32_t length)
{
	transfer(edu, iova, EDU_BUFFER, length, 0);
}

void edu_write(struct edu *edu, uint64_t iova, uint32_t length)
{
	transfer(edu, EDU_BUFFER, iova, length, EDU_DMA_TO_RAM);
}
