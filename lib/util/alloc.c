/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Heap memory, counted, with failures on demand. */
#include "alloc.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

atomic_ulong mem_fail_left;
atomic_uint mem_watched;

static _Thread_local struct {
	bool (*must_fail)(void *data);
	void *data;
} watch;

static atomic_size_t live_bytes;
static atomic_size_t live_blocks;

static void count_block(void *ptr)
{
	atomic_fetch_add_explicit(&live_bytes, malloc_usable_size(ptr), memory_order_relaxed);
	atomic_fetch_add_explicit(&live_blocks, 1, memory_order_relaxed);
}

static void uncount_block(void *ptr)
{
	atomic_fetch_sub_explicit(&live_bytes, malloc_usable_size(ptr), memory_order_relaxed);
	atomic_fetch_sub_explicit(&live_blocks, 1, memory_order_relaxed);
}

void *mem_alloc(size_t size)
{
	void *ptr;

	if (mem_must_fail())
		return NULL;
	ptr = malloc(size ? size : 1);
	if (ptr)
		count_block(ptr);
	return ptr;
}

void *mem_calloc(size_t n, size_t size)
{
	void *ptr;

	if (mem_must_fail())
		return NULL;
	ptr = n && size ? calloc(n, size) : calloc(1, 1);
	if (ptr)
		count_block(ptr);
	return ptr;
}

void *mem_realloc(void *ptr, size_t size)
{
	size_t before;
	void *moved;

	if (!ptr)
		return mem_alloc(size);
	if (mem_must_fail())
		return NULL;

	before = malloc_usable_size(ptr);
	moved = realloc(ptr, size ? size : 1);
	if (moved) {
		atomic_fetch_add_explicit(&live_bytes, malloc_usable_size(moved) - before,
					  memory_order_relaxed);
	}
	return moved;
}

char *mem_strdup(const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = mem_alloc(size);

	return copy ? memcpy(copy, s, size) : NULL;
}

void mem_free(void *ptr)
{
	if (!ptr)
		return;
	uncount_block(ptr);
	free(ptr);
}

size_t mem_live_bytes(void)
{
	return atomic_load_explicit(&live_bytes, memory_order_relaxed);
}

size_t mem_live_blocks(void)
{
	return atomic_load_explicit(&live_blocks, memory_order_relaxed);
}

unsigned long mem_fail_nth(unsigned long n)
{
	return atomic_exchange_explicit(&mem_fail_left, n, memory_order_relaxed);
}

void mem_watch(bool (*must_fail)(void *data), void *data)
{
	if (must_fail && !watch.must_fail)
		atomic_fetch_add_explicit(&mem_watched, 1, memory_order_relaxed);
	else if (!must_fail && watch.must_fail)
		atomic_fetch_sub_explicit(&mem_watched, 1, memory_order_relaxed);
	watch.must_fail = must_fail;
	watch.data = data;
}

/* Is it the n-th of mem_fail_nth()? */
static bool is_nth(void)
{
	unsigned long left = atomic_load_explicit(&mem_fail_left, memory_order_relaxed);

	do {
		if (!left)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&mem_fail_left, &left, left - 1,
							memory_order_relaxed,
							memory_order_relaxed));
	return left == 1;
}

bool mem_fail_step(void)
{
	bool fail = is_nth();

	if (watch.must_fail && watch.must_fail(watch.data))
		fail = true;
	if (fail)
		errno = ENOMEM;
	return fail;
}
