/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory under root mappings: the caller's, registered, or of a file (source_file.c). */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "objects.h"
#include "source.h"
#include "util/maps.h"

#ifndef MADV_POPULATE_READ	/* Linux 5.14 */
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

/* Emulators of a kernel take any advice, also one that there is not, and do nothing. */
bool source_can_populate(void)
{
	return !madvise(NULL, 0, MADV_POPULATE_READ) && madvise(NULL, 0, -1);
}

/*
 * Is the page at @addr there for DMA? Where the kernel cannot tell: yes. It says -EINVAL of what
 * may not be written, and also of devices' memory, which can never be populated.
 */
static bool probe_page(const struct ioasid_ctx *ctx, uint64_t addr, uint32_t perm)
{
	bool to_write = perm & IOASID_WRITE;

	if (!ctx->can_populate || !madvise((void *)(uintptr_t)addr, PAGE, to_write ?
					   MADV_POPULATE_WRITE : MADV_POPULATE_READ))
		return true;
	return errno == EINVAL && maps_permit(addr, to_write);
}

/*
 * Whether memory is mapped in the process: all of it, and the first and the last page with the
 * permission asked for. To look at every page would allocate them all.
 */
int source_check_memory(struct ioasid_ctx *ctx, uint64_t addr, uint64_t length,
			uint32_t perm)
{
	/* which has 16 or 64 KiB with some kernels: then nothing less can be asked for */
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t first = bits_align_down(addr, page);
	uint64_t last = bits_align_down(addr + length - 1, page);

	if (length - 1 <= UINTPTR_MAX - addr &&
	    !msync((void *)(uintptr_t)first, (size_t)(last - first + page), MS_ASYNC) &&
	    probe_page(ctx, first, perm) && (last == first || probe_page(ctx, last, perm)))
		return 0;
	return err_set(EFAULT, "0x%llx + 0x%llx is not all mapped in this process%s",
		       (unsigned long long)addr, (unsigned long long)length,
		       perm & IOASID_WRITE ? ", writable" : "");
}

int source_add(struct ioasid_ctx *ctx, const struct source *source, uint32_t *number)
{
	struct source **sources;
	uint32_t i = (uint32_t)bits_max(ctx->sources_full, 1);

	while (i < ctx->n_sources && ctx->sources[i])
		i++;
	if (i >= ctx->n_sources) {
		uint32_t n = ctx->n_sources ? 2 * ctx->n_sources : 8;

		sources = n >> 24 ? NULL : mem_realloc(ctx->sources, n * sizeof(*sources));
		if (!sources)
			return err_set(ENOMEM, "no memory for one more source of memory");
		memset(sources + ctx->n_sources, 0, (n - ctx->n_sources) * sizeof(*sources));
		ctx->sources = sources;
		ctx->n_sources = n;
	}
	ctx->sources[i] = mem_alloc(sizeof(*source));
	if (!ctx->sources[i])
		return err_set(ENOMEM, "no memory for one more source of memory");
	*ctx->sources[i] = *source;
	ctx->sources_full = i + 1;
	*number = i;
	return 0;
}

static void source_free(struct reap_later *later)
{
	struct source *s = bits_container_of(later, struct source, later);

	if (s->is_file)
		source_close_file(s);
	mem_free(s);
}

void source_drop(struct ioasid_ctx *ctx, uint32_t number, struct reap *reap)
{
	struct source *s = ctx->sources[number];

	ctx->sources[number] = NULL;
	ctx->sources_full = (uint32_t)bits_min(ctx->sources_full, number);
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
