/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A kernel's tables of children. On back ends where DMA walks the shadow there are none, and all of
 * this does nothing.
 */
#ifndef LIB_SINK_H
#define LIB_SINK_H

#include "objects.h"

/* A device is going to be attached, and has the ranges reserved that it needs. 0, or err_set(). */
int sink_attach(struct ioasid_space *space, struct reap *reap);
/* One is no longer, or could not be. */
void sink_detach(struct ioasid_space *space, struct reap *reap);
/* A child's translations in [@start, @last] may have changed: sink_sync(), also below it. */
int sink_follow(struct ioasid_space *space, uint64_t start, uint64_t last);
/* Before that, of a mapping of its own: would it be too much? 0, or err_set(): -E2BIG. */
int sink_check_map(const struct ioasid_space *space, uint64_t start, uint64_t last);
/* A root has a mapping more; one is going, and has gone from the table. */
void sink_mapped(struct ioasid_space *root, const struct ioasid_mapping *m);
void sink_unmapping(struct ioasid_space *root, struct ioasid_mapping *m);
void sink_unmapped(struct ioasid_space *root);
/*
 * What a device attached to it has: the first run with an address from @at on, as a host address.
 * perm 0: it should have gone, but may still be there.
 */
bool sink_first_run(const struct ioasid_space *space, uint64_t at, struct ioasid_run *run);
/* Where in the root the run leads that has @iova. */
uint64_t sink_root_address(const struct ioasid_space *space, uint64_t iova);
size_t sink_pages(const struct ioasid_space *space);

#endif
