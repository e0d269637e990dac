/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel that does nothing: an iommufd and one device behind it. */
#include "seam.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "iommufd/uapi.h"
#include "iommufd/uapi_hwpt.h"
#include "vfio/sys.h"

unsigned int seam_calls;

static uint32_t last_id;	/* of objects */

int sys_open(const char *path)
{
	return strcmp(path, "/dev/iommu") ? SEAM_IOMMU + 1 : SEAM_IOMMU;
}

void sys_close(int fd)
{
	(void)fd;
}

int sys_read_fd(int fd, void *buffer, size_t size)
{
	(void)fd;
	(void)buffer;
	(void)size;
	return 0;
}

int sys_map(int fd, uint64_t offset, size_t length, void **address)
{
	(void)fd;
	(void)offset;
	(void)length;
	(void)address;
	return -ENXIO;
}

void sys_unmap(void *address, size_t length)
{
	(void)address;
	(void)length;
}

int sys_dup(int fd)
{
	return fd;
}

int sys_device(int fd, unsigned int *major_number, unsigned int *minor_number)
{
	(void)fd;
	(void)major_number;
	(void)minor_number;
	return -ENOTTY;
}

int sys_access(const char *path)
{
	(void)path;
	return 0;
}

/* No reserved regions. */
int sys_read(const char *path, char *buffer, size_t size)
{
	(void)path;
	(void)size;
	buffer[0] = '\0';
	return 0;
}

/* The number of the group. */
int sys_link_name(const char *path, char *buffer, size_t size)
{
	(void)path;
	snprintf(buffer, size, "1");
	return 0;
}

int sys_entry(const char *path, unsigned int index, char *buffer, size_t size)
{
	(void)path;
	if (index)
		return -ENOENT;
	snprintf(buffer, size, "vfio0");
	return 0;
}

int sys_read_at(int fd, uint64_t offset, void *buffer, size_t size)
{
	(void)offset;
	return sys_read_fd(fd, buffer, size);
}

int sys_write_fd(int fd, const void *data, size_t size)
{
	(void)fd;
	(void)data;
	(void)size;
	return 0;
}

uint64_t sys_lock_limit(void)
{
	return UINT64_MAX;
}

static void say_ranges(struct uapi_iova_ranges *ranges)
{
	struct uapi_iova_range *range = (void *)(uintptr_t)ranges->allowed_iovas;

	*range = (struct uapi_iova_range){ 0, (UINT64_C(1) << 48) - 1 };
	ranges->out_iova_alignment = 4096;
}

int sys_ioctl(int fd, unsigned long command, void *arg)
{
	(void)fd;
	seam_calls++;
	switch (command) {
	case UAPI_DESTROY:
		return ((struct uapi_destroy *)arg)->id ? 0 : -ENOENT;
	case UAPI_IOAS_ALLOC:
		((struct uapi_ioas_alloc *)arg)->out_ioas_id = ++last_id;
		break;
	case UAPI_HWPT_ALLOC:
		((struct uapi_hwpt_alloc *)arg)->out_hwpt_id = ++last_id;
		break;
	case UAPI_BIND:
		((struct uapi_bind *)arg)->out_devid = ++last_id;
		break;
	case UAPI_IOAS_IOVA_RANGES:
		say_ranges(arg);
		break;
	}
	return 0;
}
