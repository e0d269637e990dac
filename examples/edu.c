/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#include "edu.h"

#include <endian.h>
#include <errno.h>
#include <time.h>

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
	*(volatile uint64_t *)(edu->bar.at + at) = htole64(value);
}

static uint64_t get(struct edu *edu, uint32_t at)
{
	return le64toh(*(volatile uint64_t *)(edu->bar.at + at));
}

int edu_open(struct edu *edu, int fd)
{
	int ret = pci_open(&edu->bar, fd);

	if (ret)
		return ret;
	if (edu->bar.size > EDU_DMA_COMMAND &&
	    (le32toh(*(volatile uint32_t *)(edu->bar.at + EDU_ID)) & 0xffff) == 0x00ed)
		return 0;
	pci_close(&edu->bar);
	return -ENODEV;
}

void edu_close(struct edu *edu)
{
	pci_close(&edu->bar);
}

static int transfer(struct edu *edu, uint64_t src, uint64_t dst, uint32_t length, uint64_t command)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	unsigned int waits;

	if (length > EDU_LENGTH)
		return -EINVAL;
	set(edu, EDU_DMA_SRC, src);
	set(edu, EDU_DMA_DST, dst);
	set(edu, EDU_DMA_COUNT, length);
	set(edu, EDU_DMA_COMMAND, EDU_DMA_START | command);
	for (waits = 0; waits < 2000; waits++) {
		if (!(get(edu, EDU_DMA_COMMAND) & EDU_DMA_START))
			return 0;
		nanosleep(&pause, NULL);
	}
	return -ETIMEDOUT;
}

int edu_read(struct edu *edu, uint64_t iova, uint32_t length)
{
	return transfer(edu, iova, EDU_BUFFER, length, 0);
}

int edu_write(struct edu *edu, uint64_t iova, uint32_t length)
{
	return transfer(edu, EDU_BUFFER, iova, length, EDU_DMA_TO_RAM);
}
