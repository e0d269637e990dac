/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Heap memory: all of the library's comes from here or from pages.h. */
#ifndef UTIL_ALLOC_H
#define UTIL_ALLOC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "bits.h"

/* These return NULL, with errno set, when there is no memory. Size 0 is served as 1. */
void *mem_alloc(size_t size) __attribute__((malloc, alloc_size(1)));
void *mem_calloc(size_t n, size_t size) __attribute__((malloc, alloc_size(1, 2)));
void *mem_realloc(void *ptr, size_t size) __attribute__((alloc_size(2)));
char *mem_strdup(const char *s) __attribute__((malloc));
void mem_free(void *ptr);

/* For tests: what is allocated now, by all threads. Pages of pages.h are not in here. */
size_t mem_live_bytes(void);
size_t mem_live_blocks(void);

/*
 * For tests: the @n-th allocation from now fails once, with ENOMEM; 0 means none. Every call of
 * mem_*(), pages_alloc*() and slab_alloc() counts as one, and so does one that they make of
 * each other. Returns what was left of an earlier call: 0 if that failure has happened.
 */
unsigned long mem_fail_nth(unsigned long n);

/*
 * From now on @must_fail is asked about each allocation of this thread, which fails if it says so;
 * NULL ends that.
 */
void mem_watch(bool (*must_fail)(void *data), void *data);

extern atomic_ulong mem_fail_left;
extern atomic_uint mem_watched;		/* threads */
bool mem_fail_step(void);

/* For the allocators: must this allocation fail? */
static inline bool mem_must_fail(void)
{
	return bits_unlikely(atomic_load_explicit(&mem_fail_left, memory_order_relaxed) |
			     atomic_load_explicit(&mem_watched, memory_order_relaxed)) &&
	       mem_fail_step();
}

#endif
