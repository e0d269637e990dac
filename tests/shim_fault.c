/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim_fault.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "vfio/sys.h"

struct shim_fault shim_fault;

static struct group {
	struct shim_pgfault first;
	unsigned int n;			/* 0: free */
	bool read;
} groups[SHIM_GROUPS];			/* in the order in which they came */

void shim_fault_reset(void)
{
	memset(&shim_fault, 0, sizeof(shim_fault));
	memset(groups, 0, sizeof(groups));
}

void shim_fault_post(const struct shim_pgfault *first, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < SHIM_GROUPS - 1 && groups[i].n; i++)
		;
	groups[i] = (struct group){ *first, n, false };
}

static void forget(unsigned int i)
{
	memmove(groups + i, groups + i + 1, (SHIM_GROUPS - 1 - i) * sizeof(groups[0]));
	groups[SHIM_GROUPS - 1].n = 0;
}

void shim_fault_detach(uint32_t dev_id)
{
	unsigned int i = 0;

	while (i < SHIM_GROUPS && groups[i].n)
		if (groups[i].first.dev_id == dev_id)
			forget(i);
		else
			i++;
}

static uint32_t free_cookie(void)
{
	uint32_t cookie;
	unsigned int i;

	for (cookie = 1;; cookie++) {
		for (i = 0; i < SHIM_GROUPS; i++)
			if (groups[i].n && groups[i].read && groups[i].first.cookie == cookie)
				break;
		if (i == SHIM_GROUPS)
			return cookie + shim_fault.skip_cookies;
	}
}

int shim_fault_read(void *buffer, size_t size)
{
	struct shim_pgfault *out = buffer;
	size_t room = size / sizeof(*out), done = 0;
	unsigned int i, k;

	if (shim_fault.read_error)
		return -shim_fault.read_error;
	if (size % sizeof(*out))
		return -ESPIPE;
	for (i = 0; i < SHIM_GROUPS && groups[i].n; i++) {
		struct group *g = &groups[i];

		if (g->read)
			continue;
		if (g->n > room - done)
			return done ? (int)(done * sizeof(*out)) : -EINVAL;
		g->first.cookie = free_cookie();
		g->read = true;
		for (k = 0; k < g->n; k++) {
			out[done] = g->first;
			out[done].addr += 4096 * (uint64_t)k;
			out[done++].flags |= k + 1 == g->n ? 2 : 0;
		}
	}
	return (int)(done * sizeof(*out)) - (done ? (int)shim_fault.torn : 0);
}

int sys_write_fd(int fd, const void *data, size_t size)
{
	uint32_t response[2];
	unsigned int i;

	(void)fd;
	if (size != sizeof(response))
		return -ESPIPE;
	memcpy(response, data, sizeof(response));
	shim_fault.responses++;
	shim_fault.cookie = response[0];
	shim_fault.code = response[1];
	if (shim_fault.write_error)
		return -shim_fault.write_error;
	for (i = 0; i < SHIM_GROUPS; i++)
		if (groups[i].n && groups[i].read && groups[i].first.cookie == response[0]) {
			forget(i);
			return 0;
		}
	return -EINVAL;
}
