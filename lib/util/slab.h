/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects of one size, carved from the pages of a pool. Locked by its user, like the pool. */
#ifndef UTIL_SLAB_H
#define UTIL_SLAB_H

#include <stddef.h>
#include <stdint.h>

#include "pages.h"

#define SLAB_HEADER_SIZE	24u
#define SLAB_MAX_SIZE		((PAGES_SIZE - SLAB_HEADER_SIZE) / 2 & ~7u)

struct slab_page;

/* Pages on a list; references, as of pages_ref(). */
struct slab_link {
	uint32_t next, prev;
};

/*
 * All pages, and those with a free object. Full ones have no list of their own: they would have to
 * be taken out of the middle of it, and its pages are not in any cache.
 */
enum slab_list { SLAB_ALL, SLAB_PARTIAL };

struct slab {
	struct pages *pool;
	void *owner;
	uint32_t size;			/* of an object */
	uint32_t end;			/* offset in a page behind the last object */
	struct slab_page *list[2];	/* by enum slab_list; empty pages go back to the pool */
	size_t used;			/* objects */
	size_t pages;
};

/*
 * @size is rounded up to 8 bytes, the alignment of all objects, and is at most SLAB_MAX_SIZE.
 * @owner is what slab_owner_of() returns. Takes no memory yet.
 */
void slab_init(struct slab *slab, struct pages *pool, size_t size, void *owner);

/* Gives all pages back, those with live objects included. The slab is as after slab_init(). */
void slab_destroy(struct slab *slab);

/* An object with undefined contents, or NULL for want of memory. */
void *slab_alloc(struct slab *slab) __attribute__((malloc));

/* NULL is a no-op. */
void slab_free(struct slab *slab, void *obj);

/* The owner given to the slab that @obj is from. */
static inline void *slab_owner_of(const void *obj)
{
	return pages_owner(obj);
}

static inline size_t slab_used(const struct slab *slab)
{
	return slab->used;
}

#endif
