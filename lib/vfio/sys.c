/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The seam to the kernel, as it is outside of tests. */
#include "sys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int sys_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

void sys_close(int fd)
{
	close(fd);
}

int sys_dup(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? -errno : copy;
}

int sys_device(int fd, unsigned int *major_number, unsigned int *minor_number)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISCHR(st.st_mode))
		return -ENOTTY;
	*major_number = major(st.st_rdev);
	*minor_number = minor(st.st_rdev);
	return 0;
}

int sys_ioctl(int fd, unsigned long command, void *arg)
{
	int ret;

	do	/* the kernel takes 32 bits of it, and musl an int */
		ret = ioctl(fd, (int)command, arg);
	while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : ret;
}

static int read_once(int fd, void *buffer, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, buffer, size);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (int)n;
}

static bool waits(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0 && p.revents & POLLIN;
}

/* Where it does not fit, many kernels give 0 as well (Linux, iommufd_fault_fops_read()). */
int sys_read_fd(int fd, void *buffer, size_t size)
{
	int n = read_once(fd, buffer, size);

	if (n || !waits(fd))
		return n;
	n = read_once(fd, buffer, size);	/* it can have come since */
	return n ? n : -EINVAL;
}

int sys_map(int fd, uint64_t offset, size_t length, void **address)
{
	void *at;

	if ((uint64_t)(off_t)offset != offset)
		return -EINVAL;
	at = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
	if (at == MAP_FAILED)
		return -errno;
	*address = at;
	return 0;
}

void sys_unmap(void *address, size_t length)
{
	munmap(address, length);
}

int sys_read_at(int fd, uint64_t offset, void *buffer, size_t size)
{
	ssize_t n;

	if ((uint64_t)(off_t)offset != offset)
		return -EINVAL;
	do {
		n = pread(fd, buffer, size, (off_t)offset);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (int)n;
}

int sys_write_fd(int fd, const void *data, size_t size)
{
	ssize_t n;

	do {
		n = write(fd, data, size);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (size_t)n == size ? 0 : -EIO;
}

int sys_access(const char *path)
{
	return faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) ? -errno : 0;
}

int sys_read(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	int n = 1;

	if (fd < 0)
		return -errno;
	while (n > 0 && length < size) {
		n = read_once(fd, buffer + length, size - length);
		if (n > 0)
			length += (size_t)n;
	}
	close(fd);
	if (n < 0)
		return n;
	if (length >= size || length > INT_MAX)
		return -E2BIG;
	buffer[length] = '\0';
	return (int)length;
}

static int copy_name(const char *name, char *buffer, size_t size)
{
	size_t length = strlen(name);

	if (length >= size)
		return -E2BIG;
	memcpy(buffer, name, length + 1);
	return 0;
}

int sys_link_name(const char *path, char *buffer, size_t size)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	const char *slash;

	if (n < 0)
		return -errno;
	target[n] = '\0';
	slash = strrchr(target, '/');
	return copy_name(slash ? slash + 1 : target, buffer, size);
}

int sys_entry(const char *path, unsigned int index, char *buffer, size_t size)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	int ret = -ENOENT;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || index--)
			continue;
		ret = copy_name(entry->d_name, buffer, size);
		break;
	}
	closedir(dir);
	return ret;
}

uint64_t sys_lock_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return limit.rlim_cur;
}
