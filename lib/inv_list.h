/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parts of batches that go to a kernel as arrays, in order and not merged: those of spaces that are
 * nested in hardware there. Each space's entries are chained, so that one call has them all.
 */
#ifndef LIB_INV_LIST_H
#define LIB_INV_LIST_H

#include "objects.h"

/* Entries in a vendor's layout, as the caller has given them: a header, then the bytes. */
struct inv_raw {
	uint8_t *bytes;
	size_t used, room;
};

/* May the space have such an entry? 0, or err_set(). */
int inv_raw_check(const struct ioasid_space *space, size_t length);
/* Keeps a copy; *@at: where. 0, or err_set(-ENOMEM). */
int inv_raw_put(struct inv_raw *raw, uint32_t type, const void *entry, size_t length, uint64_t *at);
void inv_raw_get(const struct inv_raw *raw, uint64_t at, struct nest_inv *out);
void inv_raw_free(struct inv_raw *raw);

struct inv_list {
	struct nest_inv *entries;
	struct ioasid_space **spaces;	/* those that have some, in order */
	size_t n, n_spaces, room;
	size_t limit;			/* the batch's first entry that is not to be carried out, */
	int ret;			/* since it, or one that was to be before, failed so */
};

void inv_list_begin(struct inv_list *list);
/* Where there is no memory for it, all so far is carried out now. */
void inv_list_add(struct inv_list *list, struct ioasid_space *space, const struct nest_inv *inv);
/* Carries out all, as far as the limit. */
void inv_list_run(struct inv_list *list);
void inv_list_free(struct inv_list *list);

#endif
