/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the memory of mappings comes from, if from more than the caller's word. */
#ifndef LIB_SOURCE_H
#define LIB_SOURCE_H

#include "objects.h"

struct source {
	bool is_file;
	bool is_dmabuf;			/* a file whose memory is not there, if there is an fd */
	uint32_t perm;			/* what it can be mapped for */
	uint64_t start, length;		/* in the process */
	uint64_t dev, ino;		/* file */
	int fd;				/* file: a duplicate, for a kernel that maps it; else -1 */
	uint64_t refs;			/* mappings, and the registration */
	struct reap_later later;
};

/* NULL: the caller's word. */
static inline const struct source *source_of(const struct ioasid_ctx *ctx,
					     const struct ioasid_mapping *m)
{
	return m->source ? ctx->sources[m->source] : NULL;
}

/* source.c */
bool source_can_populate(void);
int source_check_memory(struct ioasid_ctx *ctx, uint64_t addr, uint64_t length,
			uint32_t perm);
int source_add(struct ioasid_ctx *ctx, const struct source *source, uint32_t *number);
/* Nobody refers to it any more. */
void source_drop(struct ioasid_ctx *ctx, uint32_t number, struct reap *reap);

/* source_file.c */
int source_open_file(struct ioasid_ctx *ctx, int fd, uint64_t offset, uint64_t length,
		     uint32_t perm, uint32_t *number);
void source_close_file(const struct source *source);

static inline void source_put(struct ioasid_ctx *ctx, uint32_t number, struct reap *reap)
{
	if (!--ctx->sources[number]->refs)
		source_drop(ctx, number, reap);
}

/* Is it in registered memory? Then ctx->registered is where. */
bool source_seek_registered(struct ioasid_ctx *ctx, uint64_t addr);

/* The number of the registered memory that this is all in, with @perm; or 0. */
static inline uint32_t source_find_registered(struct ioasid_ctx *ctx, uint64_t addr,
					      uint64_t length, uint32_t perm)
{
	const struct registered *r = &ctx->registered;

	if ((!r->source || addr < r->start || addr > r->last) &&
	    !(ctx->identity && source_seek_registered(ctx, addr)))
		return 0;
	return r->last - addr >= length - 1 && (r->perm & perm) == perm ? r->source : 0;
}

#endif
