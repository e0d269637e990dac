/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest whose root records what is written, and what has to be recorded. */
#ifndef TESTS_DIRTY_GUEST_H
#define TESTS_DIRTY_GUEST_H

#include "support.h"

/* The guest of guest_open(), with recording on. */
void dirty_open(struct guest *g, uint64_t size);

struct ioasid_space *dirty_root(struct ioasid_ctx *ctx);

/*
 * Asserts that exactly these pages of the whole root are dirty, a list in any order that ends with
 * NONE; reads them, so that they are clean afterwards.
 */
#define NONE UINT64_MAX
#define dirty_are(g, ...) dirty_check(g, 0, (const uint64_t[]){ __VA_ARGS__, NONE })
#define dirty_none(g) dirty_check(g, 0, (const uint64_t[]){ NONE })
/* The same, and they stay dirty. */
#define dirty_peek(g, ...) \
	dirty_check(g, IOASID_DIRTY_PEEK, (const uint64_t[]){ __VA_ARGS__, NONE })
void dirty_check(struct guest *g, uint32_t flags, const uint64_t *pages);

#endif
