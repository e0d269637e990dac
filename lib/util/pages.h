/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pools of aligned 4 KiB pages.
 *
 * A pool takes 2 MiB chunks, 2 MiB aligned, from the system. The first page of a chunk is its
 * header: one word for each page of the chunk, its owner, found from any address in the page by
 * masking. An object in a pool also has a 32-bit name (pages_ref), half of a pointer.
 *
 * A pool is not locked: its user is. pages_owner() and pages_ptr() of what is in use need no lock.
 */
#ifndef UTIL_PAGES_H
#define UTIL_PAGES_H

#include <stddef.h>
#include <stdint.h>

#define PAGES_SIZE		4096u
#define PAGES_CHUNK_SHIFT	21
#define PAGES_CHUNK_SIZE	(1ul << PAGES_CHUNK_SHIFT)

/* A reference counts units of 8 bytes: 2^18 of them in a chunk, which leaves 2^14 chunks. */
#define PAGES_REF_SHIFT		3
#define PAGES_REF_CHUNK_SHIFT	(PAGES_CHUNK_SHIFT - PAGES_REF_SHIFT)
#define PAGES_MAX_CHUNKS	(1u << (32 - PAGES_REF_CHUNK_SHIFT))

struct pages_chunk;

struct pages {
	char **base;			/* start of each chunk, by its number; NULL: free number */
	uint32_t taken;			/* all numbers below are taken */
	uint32_t chunks;		/* chunks held, spare included */
	struct pages_chunk *partial;	/* chunks with a free page; the spare is in none */
	struct pages_chunk *spare;	/* one empty chunk, kept */
	size_t used;			/* pages in use */
};

void pages_init(struct pages *pool);

/* Gives everything back to the system, pages still in use included. */
void pages_destroy(struct pages *pool);

/* The same when none is in use any more, which AddressSanitizer's builds check. */
void pages_destroy_unused(struct pages *pool);

/* A zeroed page, or NULL for want of memory. Its owner word is NULL. */
void *pages_alloc(struct pages *pool);

/* The same, with whatever contents the page has. */
void *pages_alloc_dirty(struct pages *pool);

/* Frees a page; pages_free_clean() one that the caller knows to be all zero. NULL is a no-op. */
void pages_free(struct pages *pool, void *page);
void pages_free_clean(struct pages *pool, void *page);

/* Bytes held from the system, headers and spare included, and pages in use. */
size_t pages_bytes(const struct pages *pool);
size_t pages_used(const struct pages *pool);

/* The owner word of the page that @addr is in; @addr must be in a pool's page. */
static inline void **pages_owner_word(const void *addr)
{
	uintptr_t a = (uintptr_t)addr;
	void **words = (void **)(a & ~(uintptr_t)(PAGES_CHUNK_SIZE - 1));

	return &words[(a & (PAGES_CHUNK_SIZE - 1)) / PAGES_SIZE];
}

static inline void *pages_owner(const void *addr)
{
	return *pages_owner_word(addr);
}

static inline void pages_set_owner(void *addr, void *owner)
{
	*pages_owner_word(addr) = owner;
}

/* The 32-bit name of @addr (8-byte aligned, in a page of a pool), and back. 0 names nothing. */
uint32_t pages_ref(const void *addr);

static inline void *pages_ptr(const struct pages *pool, uint32_t ref)
{
	return pool->base[ref >> PAGES_REF_CHUNK_SHIFT] +
	       ((size_t)(ref & ((1u << PAGES_REF_CHUNK_SHIFT) - 1)) << PAGES_REF_SHIFT);
}

#endif
