/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory under root mappings: the caller's, registered, or of a file that the library maps. */
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

#ifndef MADV_POPULATE_READ	/* Linux 5.14 */
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

/* Emulators of a kernel take any advice, also one that there is not, and do nothing. */
bool source_can_populate(void)
{
	return !madvise(NULL, 0, MADV_POPULATE_READ) && madvise(NULL, 0, -1);
}

/* Is this page there for DMA? Where the kernel cannot tell: yes. */
static bool probe_page(const struct ioasid_ctx *ctx, uint64_t addr, uint32_t perm)
{
	int advice = perm & IOASID_WRITE ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;

	return !ctx->can_populate || !madvise((void *)(uintptr_t)addr, PAGE, advice);
}

/*
 * Whether memory is mapped in the process: all of it, and the first and the last page with the
 * permission asked for. To look at every page would allocate them all.
 */
int source_check_memory(struct ioasid_ctx *ctx, uint64_t addr, uint64_t length,
			uint32_t perm)
{
	uint64_t first = bits_align_down(addr, PAGE);
	uint64_t last = bits_align_down(addr + length - 1, PAGE);

	if (length - 1 <= UINTPTR_MAX - addr &&
	    !msync((void *)(uintptr_t)first, (size_t)(last - first + PAGE), MS_ASYNC) &&
	    probe_page(ctx, first, perm) && (last == first || probe_page(ctx, last, perm)))
		return 0;
	return err_set(EFAULT, "0x%llx + 0x%llx is not all mapped in this process%s",
		       (unsigned long long)addr, (unsigned long long)length,
		       perm & IOASID_WRITE ? ", writable" : "");
}

int source_add(struct ioasid_ctx *ctx, const struct source *source, uint32_t *number)
{
	struct source **sources;
	uint32_t i;

	for (i = 1; i < ctx->n_sources && ctx->sources[i]; i++)
		;
	if (i >= ctx->n_sources) {
		uint32_t n = ctx->n_sources ? 2 * ctx->n_sources : 8;

		sources = n >> 24 ? NULL : mem_realloc(ctx->sources, n * sizeof(*sources));
		if (!sources)
			return err_set(ENOMEM, "no memory for one more source of memory");
		memset(sources + ctx->n_sources, 0, (n - ctx->n_sources) * sizeof(*sources));
		ctx->sources = sources;
		ctx->n_sources = n;
		i = i ? i : 1;
	}
	ctx->sources[i] = mem_alloc(sizeof(*source));
	if (!ctx->sources[i])
		return err_set(ENOMEM, "no memory for one more source of memory");
	*ctx->sources[i] = *source;
	*number = i;
	return 0;
}

static void file_unmap(const struct source *s)
{
	munmap((void *)(uintptr_t)s->start, (size_t)s->length);
	if (s->fd >= 0)
		close(s->fd);
}

static void source_free(struct reap_later *later)
{
	struct source *s = bits_container_of(later, struct source, later);

	if (s->is_file)
		file_unmap(s);
	mem_free(s);
}

void source_drop(struct ioasid_ctx *ctx, uint32_t number, struct reap *reap)
{
	struct source *s = ctx->sources[number];

	ctx->sources[number] = NULL;
	if (ctx->registered.source == number)
		ctx->registered.source = 0;
	reap_later(reap, &s->later, source_free);
}

/* All registered memory, and nothing else, is in the identity root. */
bool source_seek_registered(struct ioasid_ctx *ctx, uint64_t addr)
{
	const struct imap_item *item = imap_find(&ctx->identity->maps, addr);
	uint32_t source;

	if (!item)
		return false;
	source = bits_container_of(item, const struct ioasid_mapping, item)->source;
	ctx->registered = (struct registered){ item->start, item->last, source,
					       ctx->sources[source]->perm };
	return true;
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
	file_unmap(s);
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
		file_unmap(&s);
	return ret;
}
