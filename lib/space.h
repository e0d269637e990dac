/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Spaces: how they come, go, and hang together. */
#ifndef LIB_SPACE_H
#define LIB_SPACE_H

#include "objects.h"

struct ioasid_space *space_new(struct ioasid_ctx *ctx);
int space_add(struct ioasid_space *space);
/* Puts it on its parent, without a number so far. err_set() */
int space_nest_on(struct ioasid_space *space, const struct ioasid_space_options *options,
		  struct reap *reap);
/* Nobody is attached to it or nested on it. It goes when DMA has drained. */
void space_take_out(struct ioasid_space *space, struct reap *reap);

static inline uint64_t space_alignment(const struct ioasid_space *space)
{
	if (bits_unlikely(space->alignment))
		return space->alignment;
	return space->users || space->parent || space->small_pages ? PAGE : 1;
}

/* Of a space that is nested in hardware: whose table an IOMMU walks below its; or NULL. */
static inline struct ioasid_space *space_walked_below(const struct ioasid_space *space)
{
	return space->parent && space->nest->nesting == IOASID_NESTING_HARDWARE ? space->parent :
										  NULL;
}

/* The next of all that is nested on @root, in whatever depth; begin with the root itself. */
struct ioasid_space *space_next_below(const struct ioasid_space *root,
				      const struct ioasid_space *space);

#endif
