/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pools of aligned 4 KiB pages. */
#include "pages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "alloc.h"
#include "poison.h"

#define CHUNK_PAGES (PAGES_CHUNK_SIZE / PAGES_SIZE)

/*
 * What the header page has no room for: its first word, which would be the header's own owner,
 * points here. A free page's first word is the index of the next free one; 0, the header, ends
 * a list.
 */
struct pages_chunk {
	char *base;
	struct pages_chunk *next, *prev;
	uint32_t number;
	uint16_t used;
	uint16_t fresh;			/* first page never used; CHUNK_PAGES: none */
	uint16_t clean, dirty;		/* free pages with zeroes, or anything, behind the link */
};

static struct pages_chunk *chunk_of(const void *addr)
{
	return *(void **)((uintptr_t)addr & ~(uintptr_t)(PAGES_CHUNK_SIZE - 1));
}

static void partial_add(struct pages *pool, struct pages_chunk *chunk)
{
	chunk->prev = NULL;
	chunk->next = pool->partial;
	if (chunk->next)
		chunk->next->prev = chunk;
	pool->partial = chunk;
}

static void partial_del(struct pages *pool, struct pages_chunk *chunk)
{
	if (chunk->prev)
		chunk->prev->next = chunk->next;
	else
		pool->partial = chunk->next;
	if (chunk->next)
		chunk->next->prev = chunk->prev;
}

static void *map_anonymous(size_t size)
{
	void *addr = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return addr == MAP_FAILED ? NULL : addr;
}

/* The system tends to place mappings side by side: once one is aligned, the next ones are. */
static char *map_chunk(void)
{
	const size_t size = PAGES_CHUNK_SIZE;
	char *addr = map_anonymous(size);
	size_t before;

	if (!addr || !((uintptr_t)addr & (size - 1)))
		return addr;
	munmap(addr, size);

	addr = map_anonymous(2 * size);
	if (!addr)
		return NULL;
	before = -(uintptr_t)addr & (size - 1);
	if (before)
		munmap(addr, before);
	munmap(addr + before + size, size - before);
	return addr + before;
}

static void unmap_chunk(struct pages *pool, struct pages_chunk *chunk)
{
	pool->base[chunk->number] = NULL;
	pool->taken = (uint32_t)bits_min(pool->taken, chunk->number);
	pool->chunks--;
	unpoison(chunk->base, PAGES_CHUNK_SIZE);
	munmap(chunk->base, PAGES_CHUNK_SIZE);
	mem_free(chunk);
}

#define TABLE_SIZE (PAGES_MAX_CHUNKS * sizeof(char *))

/*
 * A number no chunk has, or PAGES_MAX_CHUNKS. The table has all its address space at once, but
 * memory only where it is used: it never moves, so that pages_ptr() needs no lock.
 */
static uint32_t free_number(struct pages *pool)
{
	if (!pool->base)
		pool->base = map_anonymous(TABLE_SIZE);
	if (!pool->base)
		return PAGES_MAX_CHUNKS;
	while (pool->taken < PAGES_MAX_CHUNKS && pool->base[pool->taken])
		pool->taken++;
	return pool->taken;
}

static struct pages_chunk *new_chunk(struct pages *pool)
{
	struct pages_chunk *chunk;
	uint32_t number = free_number(pool);

	if (number == PAGES_MAX_CHUNKS)
		return NULL;
	chunk = mem_calloc(1, sizeof(*chunk));
	if (!chunk)
		return NULL;
	chunk->base = map_chunk();
	if (!chunk->base) {
		mem_free(chunk);
		return NULL;
	}
	/* A small pool stays small: it pays for the pages it touches only. */
	if (pool->chunks)
		(void)madvise(chunk->base, PAGES_CHUNK_SIZE, MADV_HUGEPAGE);

	chunk->number = number;
	chunk->fresh = 1;
	*(void **)chunk->base = chunk;
	pool->base[number] = chunk->base;
	pool->chunks++;
	partial_add(pool, chunk);
	return chunk;
}

/* A chunk with a free page. */
static struct pages_chunk *get_chunk(struct pages *pool)
{
	struct pages_chunk *chunk = pool->partial;

	if (bits_likely(chunk))
		return chunk;
	chunk = pool->spare;
	if (!chunk)
		return new_chunk(pool);
	pool->spare = NULL;
	partial_add(pool, chunk);
	return chunk;
}

static void *take(struct pages_chunk *chunk, uint16_t *list)
{
	uint64_t *page = (uint64_t *)(void *)(chunk->base + *list * (size_t)PAGES_SIZE);

	unpoison(page, PAGES_SIZE);
	*list = (uint16_t)*page;
	*page = 0;
	return page;
}

static void *alloc_page(struct pages *pool, bool zeroed)
{
	struct pages_chunk *chunk;
	void *page;

	if (mem_must_fail())
		return NULL;
	chunk = get_chunk(pool);
	if (!chunk) {
		errno = ENOMEM;
		return NULL;
	}

	if (chunk->dirty && (!zeroed || !chunk->clean)) {
		page = take(chunk, &chunk->dirty);
		if (zeroed)
			memset(page, 0, PAGES_SIZE);
	} else if (chunk->clean) {
		page = take(chunk, &chunk->clean);
	} else {
		page = chunk->base + chunk->fresh++ * (size_t)PAGES_SIZE;
	}
	chunk->used++;
	pool->used++;
	if (chunk->used == CHUNK_PAGES - 1)
		partial_del(pool, chunk);
	return page;
}

void *pages_alloc(struct pages *pool)
{
	return alloc_page(pool, true);
}

void *pages_alloc_dirty(struct pages *pool)
{
	return alloc_page(pool, false);
}

static void free_page(struct pages *pool, void *page, bool clean)
{
	struct pages_chunk *chunk = chunk_of(page);
	uint16_t *list = clean ? &chunk->clean : &chunk->dirty;

	pages_set_owner(page, NULL);
	*(uint64_t *)page = *list;
	*list = (uint16_t)((size_t)((char *)page - chunk->base) / PAGES_SIZE);
	poison(page, PAGES_SIZE);

	pool->used--;
	if (chunk->used-- == CHUNK_PAGES - 1)
		partial_add(pool, chunk);
	if (chunk->used)
		return;
	partial_del(pool, chunk);
	if (pool->spare)
		unmap_chunk(pool, chunk);
	else
		pool->spare = chunk;
}

void pages_free(struct pages *pool, void *page)
{
	if (page)
		free_page(pool, page, false);
}

void pages_free_clean(struct pages *pool, void *page)
{
	if (page)
		free_page(pool, page, true);
}

void pages_init(struct pages *pool)
{
	memset(pool, 0, sizeof(*pool));
}

void pages_destroy(struct pages *pool)
{
	uint32_t number;

	for (number = 0; pool->chunks; number++) {
		if (pool->base[number])
			unmap_chunk(pool, chunk_of(pool->base[number]));
	}
	if (pool->base)
		munmap(pool->base, TABLE_SIZE);
	pages_init(pool);
}

/* To the sanitizer a chunk is one piece of memory: a page that was lost in it would be no leak. */
void pages_destroy_unused(struct pages *pool)
{
#ifdef POISON_ASAN
	if (pool->used) {
		fprintf(stderr, "%zu pages have been lost\n", pool->used);
		abort();
	}
#endif
	pages_destroy(pool);
}

size_t pages_bytes(const struct pages *pool)
{
	return pool->chunks * PAGES_CHUNK_SIZE;
}

size_t pages_used(const struct pages *pool)
{
	return pool->used;
}

uint32_t pages_ref(const void *addr)
{
	size_t offset = (uintptr_t)addr & (PAGES_CHUNK_SIZE - 1);

	return chunk_of(addr)->number << PAGES_REF_CHUNK_SHIFT |
	       (uint32_t)(offset >> PAGES_REF_SHIFT);
}
