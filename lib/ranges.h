/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a space can have mappings, and where it cannot. */
#ifndef LIB_RANGES_H
#define LIB_RANGES_H

#include "objects.h"

/*
 * Each call of the first asks for one of the second, with the same range. @device: whose it is;
 * NULL: what no page table has.
 */
int ranges_reserve(struct ioasid_space *space, const struct ioasid_device *device, uint64_t start,
		   uint64_t last);
void ranges_unreserve(struct ioasid_space *space, uint64_t start, uint64_t last);
/* 0, or err_set(EINVAL): it touches what is reserved, and for whom. */
int ranges_check_reserved(struct ioasid_space *space, uint64_t start, uint64_t last);

static inline int ranges_check(struct ioasid_space *space, uint64_t start, uint64_t last)
{
	return start >= space->clear && last <= space->clear_last ? 0 :
		ranges_check_reserved(space, start, last);
}

/* For qsort(3), of struct ioasid_range. */
int ranges_by_start(const void *a, const void *b);

int ranges_choose(struct ioasid_space *space, uint64_t address, uint64_t length, uint64_t *iova);

#endif
