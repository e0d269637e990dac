/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries that lead to small pieces of a root, and are on no list. */
#ifndef SHADOW_LOOSE_H
#define SHADOW_LOOSE_H

#include "shadow/node.h"

/*
 * Can a table of leaves be done; and does so for entries @i to @end. Returns the first that leads
 * to a big piece, or end + 1.
 */
bool loose_fits(const struct shadow_node *n);
unsigned int loose_sync(struct shadow_node *n, const uint64_t *guest, unsigned int i,
			unsigned int end, struct reap *reap);

/* The node goes. */
void loose_leave(struct shadow_node *n);

#endif
