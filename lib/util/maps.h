/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the process may do with its memory, as the kernel lists it: slow, and right for any memory.
 */
#ifndef UTIL_MAPS_H
#define UTIL_MAPS_H

#include <stdbool.h>
#include <stdint.h>

/* Can the page at @addr be read, or also written? False also where nobody tells. */
bool maps_permit(uint64_t addr, bool to_write);

#endif
