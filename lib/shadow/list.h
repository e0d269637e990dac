/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of the entries that lead to one piece of a parent. */
#ifndef SHADOW_LIST_H
#define SHADOW_LIST_H

#include "shadow/node.h"

/* All that leads through an entry of ours becomes unresolved. */
void list_drop_heads(struct shadow_node *n, unsigned int i, struct reap *reap);

#endif
