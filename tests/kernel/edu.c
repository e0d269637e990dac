/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <time.h>

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

static void set(struct edu *edu, uint32_t at, uint64_t value)
{
	*(volatile uint64_t *)(edu->bar.at + at) = value;
}

static uint64_t get(struct edu *edu, uint32_t at)
{
	return *(volatile uint64_t *)(edu->bar.at + at);
}

void edu_open(struct edu *edu, int fd)
{
	uint32_t id;

	edu->bar = pci_open(fd);
	id = *(volatile uint32_t *)(edu->bar.at + EDU_ID);
	ck_assert_msg((id & 0xffff) == 0x00ed, "the device says that it is %#x, not an edu", id);
}

void edu_close(struct edu *edu)
{
	pci_close(&edu->bar);
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
