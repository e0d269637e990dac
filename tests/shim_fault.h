/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's fault queue, played: groups of page requests that wait to be read, under the lowest
 * cookie that is free then, and responses to them (Linux 7.3, drivers/iommu/iommufd/eventq.c).
 */
#ifndef TESTS_SHIM_FAULT_H
#define TESTS_SHIM_FAULT_H

#include <stddef.h>
#include <stdint.h>

#define SHIM_GROUPS 8u

/* struct iommu_hwpt_pgfault */
struct shim_pgfault {
	uint32_t flags, dev_id, pasid, grpid, perm, reserved;
	uint64_t addr;
	uint32_t length, cookie;
};

struct shim_fault {
	int read_error, write_error;	/* 0: none */
	unsigned int torn;		/* so many bytes too few are said to be read */
	uint32_t skip_cookies;		/* the next are so much higher than they should be */
	int fd;				/* of the latest queue */
	/* the latest response */
	unsigned int responses;
	uint32_t cookie, code;
};

extern struct shim_fault shim_fault;

void shim_fault_reset(void);
/* What sys_read_fd() does on such a descriptor. */
int shim_fault_read(void *buffer, size_t size);
/*
 * A group of @n whose requests differ in their addresses, a page each; the last one is so marked.
 */
void shim_fault_post(const struct shim_pgfault *first, unsigned int n);
/* A detach: what the device has asked for is answered and forgotten. */
void shim_fault_detach(uint32_t dev_id);

#endif
