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

/*
 * Takes one apart: "DMAR: [DMA Write NO_PASID] Request device [0000:00:02.0] fault addr 0x1000
 * [fault reason 0x05] ...".
 */
static bool parse_fault(const char *line, struct kmsg_fault *fault)
{
	const char *addr = strstr(line, "fault addr 0x"), *reason = strstr(line, "fault reason 0x");
	unsigned long long iova;

	if (!strstr(line, "DMAR") || !addr || !reason ||
	    sscanf(addr, "fault addr 0x%llx", &iova) != 1 ||
	    sscanf(reason, "fault reason 0x%x", &fault->reason) != 1)
		return false;
	fault->iova = iova;
	return true;
}

bool kmsg_next_fault(int fd, struct kmsg_fault *fault)
{
	char line[2048];
	ssize_t n;

	/* EPIPE: lines were overwritten before they were read. */
	while ((n = read(fd, line, sizeof(line) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		line[n > 0 ? n : 0] = '\0';
		if (parse_fault(line, fault))
			return true;
	}
	return false;
}

bool kmsg_has_fault(int fd, uint64_t iova)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	struct kmsg_fault fault;
	unsigned int waits;

	for (waits = 0; waits < 150; waits++) {
		while (kmsg_next_fault(fd, &fault))
			if (fault.iova == iova / PAGE * PAGE)
				return true;
		nanosleep(&pause, NULL);
	}
	return false;
}
