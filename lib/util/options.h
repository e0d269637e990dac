/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structures of the interface that begin with their own size, so that they can grow. */
#ifndef UTIL_OPTIONS_H
#define UTIL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Copies a caller's structure, of any length, to one of @size bytes; what the caller's lacks is 0.
 * 0; -EINVAL: it does not even hold a size; -E2BIG: it has members set that are not known here.
 * @what names it.
 */
int options_copy(void *to, size_t size, const void *from, const char *what);

/* The other way: as much of @from as the caller has given room for. Errors as above. */
int options_fill(void *to, const void *from, size_t size, const char *what);

/* Is a reserved member, of any type, 0? */
bool options_is_zero(const void *member, size_t size);

#endif
