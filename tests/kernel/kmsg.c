/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../support.h"
#include "kmsg.h"

int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "/dev/kmsg: errno %d", errno);
	ck_assert_int_ge(lseek(fd, 0, SEEK_END), 0);
	return fd;
}

/* The next line about a fault: "DMAR: [DMA Write NO_PASID] Request device [..] fault addr 0x1000 ...". */
static bool next_fault(int fd, uint64_t *iova)
{
	char line[2048];
	ssize_t n;

	/* EPIPE: lines were overwritten before they were read. */
	while ((n = read(fd, line, sizeof(line) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		unsigned long long addr;
		const char *at;

		if (n < 0)
			continue;
		line[n] = '\0';
		at = strstr(line, "fault addr 0x");
		if (at && strstr(line, "DMAR") && sscanf(at, "fault addr 0x%llx", &addr) == 1) {
			*iova = addr;
			return true;
		}
	}
	return false;
}

bool kmsg_has_fault(int fd, uint64_t iova)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	unsigned int waits;
	uint64_t addr;

	for (waits = 0; waits < 150; waits++) {
		while (next_fault(fd, &addr))
			if (addr == iova / PAGE * PAGE)
				return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

unsigned int kmsg_count_faults(int fd)
{
	unsigned int n = 0;
	uint64_t addr;

	while (next_fault(fd, &addr))
		n++;
	return n;
}
