/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The seam to the kernel: nothing else in the kernel back ends does a system call. A test that
 * defines these functions itself gets them instead of sys.c, which the linker then leaves in its
 * archive.
 */
#ifndef VFIO_SYS_H
#define VFIO_SYS_H

#include <stddef.h>
#include <stdint.h>

/* Each gives 0 (or what it says), or -errno. */

/* For reading and writing, close-on-exec. The descriptor. */
int sys_open(const char *path);
void sys_close(int fd);
/* A duplicate, close-on-exec. */
int sys_dup(int fd);
/* The numbers of the character device that @fd is open on; -ENOTTY: of none. */
int sys_device(int fd, unsigned int *major_number, unsigned int *minor_number);
/* Again for as long as a signal interrupts it. What it gives, which is 0 for most commands. */
int sys_ioctl(int fd, unsigned long command, void *arg);
/*
 * What waits there, at most @size bytes, without waiting for it. Its length; 0: nothing; -EINVAL:
 * it does not fit.
 */
int sys_read_fd(int fd, void *buffer, size_t size);
/* Maps what is at @offset, to be read and written, and shared. */
int sys_map(int fd, uint64_t offset, size_t length, void **address);
void sys_unmap(void *address, size_t length);
/* @size bytes at @offset; how many there were. */
int sys_read_at(int fd, uint64_t offset, void *buffer, size_t size);
/* Writes all of it or nothing. */
int sys_write_fd(int fd, const void *data, size_t size);
/* May the process open it for reading and writing? */
int sys_access(const char *path);
/* The contents of a small file, with a NUL; -E2BIG if they do not fit. Their length. */
int sys_read(const char *path, char *buffer, size_t size);
/* The last part of what the link at @path leads to. */
int sys_link_name(const char *path, char *buffer, size_t size);
/* The name of the @index-th entry of a directory; -ENOENT past the last. */
int sys_entry(const char *path, unsigned int index, char *buffer, size_t size);
/* How much memory the process may lock (RLIMIT_MEMLOCK); UINT64_MAX: any amount. */
uint64_t sys_lock_limit(void);

#endif
