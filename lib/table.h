/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A root's page table: it exists while somebody uses it. */
#ifndef LIB_TABLE_H
#define LIB_TABLE_H

#include "objects.h"

int table_use(struct ioasid_space *space, struct reap *reap);
void table_unuse(struct ioasid_space *space, struct reap *reap);

/* A root's table in the process: that of a back end which has no other, or of a parent. */
int table_create_own(struct ioasid_space *space);
void table_destroy_own(struct ioasid_space *space, struct reap *reap);
int table_map_own(struct ioasid_space *space, const struct ioasid_mapping *m, struct reap *reap);
void table_unmap_own(struct ioasid_space *space, const struct ioasid_mapping *m,
		     struct reap *reap);
/* A root that gets its first child, or has lost its last. */
int table_nest(struct ioasid_space *space, struct reap *reap);
void table_unnest(struct ioasid_space *space, struct reap *reap);
/* A mapping of a root that has users: in its tables. 0, or err_set(). */
int table_enter(struct ioasid_space *space, const struct ioasid_mapping *m, struct reap *reap);
void table_leave(struct ioasid_space *space, struct ioasid_mapping *m, struct reap *reap);
/* Has the library to look at the memory of mappings, because nobody else does in time? */
bool table_checks_memory(const struct ioasid_space *space);

#endif
