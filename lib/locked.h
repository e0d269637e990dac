/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory that is locked for DMA, and who pays for it. */
#ifndef LIB_LOCKED_H
#define LIB_LOCKED_H

#include "objects.h"
#include "source.h"

/* 0, or err_set(-ENOMEM); @fmt says what for. */
int locked_charge(struct ioasid_ctx *ctx, uint64_t length, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void locked_release(struct ioasid_ctx *ctx, uint64_t length);
/*
 * Has somebody paid for the memory before? Registered memory is charged when it is registered, and
 * a dma-buf's is its exporter's affair.
 */
static inline bool locked_is_paid(const struct ioasid_ctx *ctx, const struct ioasid_mapping *m)
{
	const struct source *s = source_of(ctx, m);

	return s && (!s->is_file || s->is_dmabuf);
}

/* A root's mapping that is not paid for, if it has a page table; and all mappings that it has. */
int locked_charge_mapping(struct ioasid_space *space, const struct ioasid_mapping *m);
void locked_release_mapping(struct ioasid_space *space, const struct ioasid_mapping *m);
int locked_charge_space(struct ioasid_space *space);
/* The calling process pays for all of the context's from now on. */
int locked_change_process(struct ioasid_ctx *ctx);
void locked_release_space(struct ioasid_space *space);

#endif
