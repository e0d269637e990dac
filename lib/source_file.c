/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files under root mappings: memfds, which the library maps for itself, and dma-bufs. Those are
 * devices' memory mostly, which iommufd takes by their descriptor alone: there is nothing in the
 * process then, and where others would have their memory is a range of zeros. So a guest that puts
 * a table there has none, whatever the device does with its memory meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "objects.h"
#include "source.h"

#ifndef F_SEAL_FUTURE_WRITE	/* Linux 5.1 */
#define F_SEAL_FUTURE_WRITE 0x10
#endif

#define DMA_BUF_MAGIC 0x444d4142	/* linux/magic.h: Linux 5.2 */

void source_close_file(const struct source *s)
{
	munmap((void *)(uintptr_t)s->start, (size_t)s->length);
	if (s->fd >= 0)
		close(s->fd);
}

/* What a memfd has to be so that DMA to it can never meet a hole. */
static int check_memfd(int seals, uint32_t *allowed)
{
	if (!(seals & F_SEAL_SHRINK))
		return err_set(EPERM, "the file can still shrink, and a DMA would meet a hole: %s",
			       seals & F_SEAL_SEAL ? "it takes a memfd with MFD_ALLOW_SEALING" :
			       "seal it with F_SEAL_SHRINK");
	if (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		*allowed &= ~IOASID_WRITE;
	return 0;
}

/* Asked only of what has no seals: programs that permit themselves few system calls have memfds. */
static int check_dmabuf(int fd)
{
	struct statfs fs;

	if (!fstatfs(fd, &fs) && fs.f_type == DMA_BUF_MAGIC)
		return 0;
	return err_set(EINVAL, "descriptor %d is neither a memfd nor a dma-buf", fd);
}

/* Fills in what there is to know of the file, but where it is. */
static int examine(int fd, uint32_t perm, uint64_t offset, uint64_t length, struct source *s)
{
	int mode = fcntl(fd, F_GETFL), seals = fcntl(fd, F_GET_SEALS), ret;
	struct stat st;

	/* The size is good from here on only if the seals were there before. */
	if (mode < 0 || fstat(fd, &st))
		return err_set(EBADF, "%d is not an open file descriptor", fd);
	s->is_dmabuf = seals < 0;
	s->perm = IOASID_READ | ((mode & O_ACCMODE) == O_RDWR ? IOASID_WRITE : 0);
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	s->length = (uint64_t)st.st_size;
	ret = s->is_dmabuf ? check_dmabuf(fd) : check_memfd(seals, &s->perm);
	if (ret)
		return ret;
	if ((mode & O_ACCMODE) == O_WRONLY || perm & ~s->perm)
		return err_set(EACCES, "the file is not open for that, or sealed against it");
	/* no sum: that of the last page of all is 0 */
	if (length > s->length || offset > s->length - length)
		return err_set(EFAULT, "the file ends at 0x%llx, before 0x%llx + 0x%llx",
			       (unsigned long long)s->length, (unsigned long long)offset,
			       (unsigned long long)length);
	return 0;
}

/* One mapping of the whole file serves all that comes of it. */
static int find_file(const struct ioasid_ctx *ctx, const struct source *want, uint64_t end)
{
	uint32_t i;

	for (i = 1; i < ctx->n_sources; i++) {
		const struct source *s = ctx->sources[i];

		if (s && s->is_file && s->dev == want->dev && s->ino == want->ino &&
		    s->perm == want->perm && s->length >= end)
			return (int)i;
	}
	return 0;
}

static int no_mapping(const struct source *s)
{
	if (s->is_dmabuf && errno != ENOMEM)
		return err_set(EOPNOTSUPP, "the dma-buf can only be mapped by iommufd (since Linux "
			       "6.19): mmap: %s", strerror(errno));
	return err_set(ENOMEM, "mmap of the file, 0x%llx bytes: %s",
		       (unsigned long long)s->length, strerror(errno));
}

/* In the process: where guests' tables are read, and all is that a kernel maps by address. */
static int map_here(struct source *s, int fd, bool by_descriptor)
{
	int prot = PROT_READ | (s->perm & IOASID_WRITE ? PROT_WRITE : 0), flags = MAP_SHARED;
	void *at = MAP_FAILED;

	if (s->is_dmabuf && by_descriptor) {
		prot = PROT_READ;
		flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
		fd = -1;
	}
	errno = ENOMEM;
	if (s->length <= SIZE_MAX)
		at = mmap(NULL, (size_t)s->length, prot, flags, fd, 0);
	if (at == MAP_FAILED)
		return no_mapping(s);
	s->start = (uint64_t)(uintptr_t)at;
	return 0;
}

static int file_open(struct ioasid_ctx *ctx, struct source *s, int fd)
{
	bool by_descriptor = ctx->ops->maps_file && ctx->ops->maps_file(ctx, s, fd);
	int ret = map_here(s, fd, by_descriptor);

	if (ret || !by_descriptor)
		return ret;
	s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (s->fd >= 0)
		return 0;
	ret = err_set(ENOMEM, "no descriptor left for a file: %s", strerror(errno));
	source_close_file(s);
	return ret;
}

int source_open_file(struct ioasid_ctx *ctx, int fd, uint64_t offset, uint64_t length,
		     uint32_t perm, uint32_t *number)
{
	struct source s = { .is_file = true, .refs = 1, .fd = -1 };
	int ret = examine(fd, perm, offset, length, &s), found;

	if (ret)
		return ret;
	found = find_file(ctx, &s, offset + length);
	if (found) {
		*number = (uint32_t)found;
		ctx->sources[found]->refs++;
		return 0;
	}
	ret = file_open(ctx, &s, fd);
	if (ret)
		return ret;
	ret = source_add(ctx, &s, number);
	if (ret)
		source_close_file(&s);
	return ret;
}
