/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files under root mappings: the library maps them for itself. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "objects.h"

#ifndef F_SEAL_FUTURE_WRITE	/* Linux 5.1 */
#define F_SEAL_FUTURE_WRITE 0x10
#endif

void source_close_file(const struct source *s)
{
	munmap((void *)(uintptr_t)s->start, (size_t)s->length);
	if (s->fd >= 0)
		close(s->fd);
}

/* What a file has to be so that DMA to it can never meet a hole. */
static int check_file(int fd, uint32_t perm, uint64_t offset, uint64_t length, struct stat *st,
		      uint32_t *allowed)
{
	int mode = fcntl(fd, F_GETFL), seals = fcntl(fd, F_GET_SEALS);

	/* The size is good from here on only if the seals were there before. */
	if (mode < 0 || fstat(fd, st))
		return err_set(EBADF, "%d is not an open file descriptor", fd);
	if (seals < 0)
		return err_set(EINVAL, "descriptor %d is not a memfd", fd);
	if (!(seals & F_SEAL_SHRINK))
		return err_set(EPERM, "the file can still shrink, and a DMA would meet a hole: %s",
			       seals & F_SEAL_SEAL ? "it takes a memfd with MFD_ALLOW_SEALING" :
			       "seal it with F_SEAL_SHRINK");
	if ((mode & O_ACCMODE) == O_RDWR && !(seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)))
		*allowed |= IOASID_WRITE;
	if ((mode & O_ACCMODE) == O_WRONLY || perm & ~*allowed & IOASID_WRITE)
		return err_set(EACCES, "the memfd is not open for that, or sealed against it");
	/* no sum: that of the last page of all is 0 */
	if (length > (uint64_t)st->st_size || offset > (uint64_t)st->st_size - length)
		return err_set(EFAULT, "the memfd ends at 0x%llx, before 0x%llx + 0x%llx",
			       (unsigned long long)st->st_size, (unsigned long long)offset,
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

/* In the process: where guests' tables are read, and all is that a kernel maps by address. */
static int file_map(struct source *s, int fd)
{
	void *at;

	errno = ENOMEM;
	at = s->length > SIZE_MAX ? MAP_FAILED : mmap(NULL, (size_t)s->length, PROT_READ |
		(s->perm & IOASID_WRITE ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return err_set(ENOMEM, "mmap of the memfd, 0x%llx bytes: %s",
			       (unsigned long long)s->length, strerror(errno));
	s->start = (uint64_t)(uintptr_t)at;
	return 0;
}

static int file_open(const struct ioasid_ctx *ctx, struct source *s, int fd)
{
	int ret = file_map(s, fd);

	if (ret || !ctx->ops->maps_files || !ctx->ops->maps_files(ctx))
		return ret;
	s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (s->fd >= 0)
		return 0;
	ret = err_set(ENOMEM, "no descriptor left for a memfd: %s", strerror(errno));
	source_close_file(s);
	return ret;
}

int source_open_file(struct ioasid_ctx *ctx, int fd, uint64_t offset, uint64_t length,
		     uint32_t perm, uint32_t *number)
{
	struct source s = { .is_file = true, .refs = 1, .perm = IOASID_READ, .fd = -1 };
	struct stat st;
	int ret = check_file(fd, perm, offset, length, &st, &s.perm), found;

	if (ret)
		return ret;
	s.dev = st.st_dev;
	s.ino = st.st_ino;
	s.length = (uint64_t)st.st_size;
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
