/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dma-bufs for tests on systems that have none: files that fcntl(2) and fstatfs(2), and mmap(2) if
 * so wanted, answer for as Linux does for dma-bufs. A program has one at a time, and the linker
 * wraps these functions: $(wrap_dmabuf).
 */
#ifndef TESTS_DMABUF_H
#define TESTS_DMABUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Its descriptor, open for reading and writing. As of VFIO's, nothing of it can be mapped in the
 * process, unless @mappable. Its pages hold their numbers.
 */
int dmabuf_new(size_t size, bool mappable);

/* Its inode's number; 0: the descriptor is of something else. */
uint64_t dmabuf_inode(int fd);

#endif
