/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of reasons: what is known of each, by its number. */
#ifndef GUEST_REASON_H
#define GUEST_REASON_H

#include "util/bits.h"

/* A member of a table's row number @reason; @otherwise beyond the table's end. */
#define REASON_GET(table, reason, member, otherwise) \
	((size_t)(reason) < bits_array_size(table) ? (table)[(size_t)(reason)].member : (otherwise))

#endif
