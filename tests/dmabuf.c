/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "dmabuf.h"
#include "support.h"

#define MAGIC 0x444d4142	/* linux/magic.h */

static uint64_t inode;
static bool is_mappable;

uint64_t dmabuf_inode(int fd)
{
	struct stat st;

	return inode && !fstat(fd, &st) && st.st_ino == inode ? inode : 0;
}

int dmabuf_new(size_t size, bool mappable)
{
	struct stat st;
	int fd;

	inode = 0;
	fd = memfd_new(size, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	inode = st.st_ino;
	is_mappable = mappable;
	return fd;
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __real_fstatfs(int fd, struct statfs *fs);
int __wrap_fstatfs(int fd, struct statfs *fs);
void *__real_mmap(void *at, size_t length, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t length, int prot, int flags, int fd, off_t offset);

/* memfd_get_seals() knows shmem and hugetlbfs. */
int __wrap_fcntl(int fd, int command, ...)
{
	va_list list;
	long argument;

	va_start(list, command);
	argument = va_arg(list, long);
	va_end(list);
	if (command != F_GET_SEALS || !dmabuf_inode(fd))
		return __real_fcntl(fd, command, argument);
	errno = EINVAL;
	return -1;
}

int __wrap_fstatfs(int fd, struct statfs *fs)
{
	int ret = __real_fstatfs(fd, fs);

	if (!ret && dmabuf_inode(fd))
		fs->f_type = MAGIC;
	return ret;
}

/* dma_buf_mmap_internal(): of an exporter that does not offer it. */
void *__wrap_mmap(void *at, size_t length, int prot, int flags, int fd, off_t offset)
{
	if (fd < 0 || is_mappable || !dmabuf_inode(fd))
		return __real_mmap(at, length, prot, flags, fd, offset);
	errno = EINVAL;
	return MAP_FAILED;
}

/* The names that they have where files are large. */
int __wrap_fcntl64(int fd, int command, ...) __attribute__((alias("__wrap_fcntl")));
int __wrap_fstatfs64(int fd, struct statfs *fs) __attribute__((alias("__wrap_fstatfs")));
void *__wrap_mmap64(void *at, size_t length, int prot, int flags, int fd, off_t offset)
	__attribute__((alias("__wrap_mmap")));
