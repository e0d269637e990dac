/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of the entries that lead to one piece of a parent. */
#ifndef SHADOW_LIST_H
#define SHADOW_LIST_H

#include "shadow/node.h"

void list_add(uint32_t *head, struct shadow_link *link, struct pages *pool);
void list_remove(struct shadow_link *link, struct pages *pool);

/* All that leads through an entry of ours becomes unresolved. */
void list_drop_heads(struct shadow_node *n, unsigned int i, struct reap *reap);

#endif
