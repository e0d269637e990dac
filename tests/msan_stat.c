/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For check-all's clang-msan: MemorySanitizer of older clangs does not know the functions that
 * glibc has since 2.33 in place of __fxstat() and the like, and takes what the kernel has filled in
 * for uninitialized. These begin with zeros, and so does what it sees.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((weak)) int fstatat64(int dir, const char *path, struct stat64 *st, int flags)
{
	memset(st, 0, sizeof(*st));
	return (int)syscall(SYS_newfstatat, dir, path, st, flags);
}

__attribute__((weak)) int fstat64(int fd, struct stat64 *st)
{
	return fstatat64(fd, "", st, AT_EMPTY_PATH);
}

__attribute__((weak)) int stat64(const char *path, struct stat64 *st)
{
	return fstatat64(AT_FDCWD, path, st, 0);
}

__attribute__((weak)) int lstat64(const char *path, struct stat64 *st)
{
	return fstatat64(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}
