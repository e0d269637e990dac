/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects of one size, carved from the pages of a pool. */
#include "slab.h"

#include <stdbool.h>
#include <string.h>

#include "alloc.h"
#include "poison.h"

/*
 * The head of a page. A free object's first two bytes are the offset of the next free one;
 * offset 0, the head, ends the list. Objects from fresh on were never used.
 */
struct slab_page {
	uint32_t next, prev;		/* references, as of pages_ref() */
	uint16_t free;
	uint16_t fresh;
	uint16_t used;
	uint16_t reserved;
};

_Static_assert(sizeof(struct slab_page) == SLAB_HEADER_SIZE, "head of a slab page");

static struct slab_page *page_of(const void *obj)
{
	return (struct slab_page *)((uintptr_t)obj & ~(uintptr_t)(PAGES_SIZE - 1));
}

static struct slab_page *page_at(const struct slab *slab, uint32_t ref)
{
	return ref ? pages_ptr(slab->pool, ref) : NULL;
}

static void list_add(struct slab_page **list, struct slab_page *page)
{
	page->prev = 0;
	page->next = *list ? pages_ref(*list) : 0;
	if (*list)
		(*list)->prev = pages_ref(page);
	*list = page;
}

static void list_del(struct slab *slab, struct slab_page **list, struct slab_page *page)
{
	if (page->prev)
		page_at(slab, page->prev)->next = page->next;
	else
		*list = page_at(slab, page->next);
	if (page->next)
		page_at(slab, page->next)->prev = page->prev;
}

static struct slab_page *new_page(struct slab *slab)
{
	struct slab_page *page = pages_alloc_dirty(slab->pool);

	if (!page)
		return NULL;
	memset(page, 0, sizeof(*page));
	page->fresh = SLAB_HEADER_SIZE;
	pages_set_owner(page, slab->owner);
	poison(page + 1, PAGES_SIZE - sizeof(*page));
	list_add(&slab->partial, page);
	slab->pages++;
	return page;
}

static void drop_page(struct slab *slab, struct slab_page *page)
{
	unpoison(page, PAGES_SIZE);
	slab->pages--;
	pages_free(slab->pool, page);
}

void slab_init(struct slab *slab, struct pages *pool, size_t size, void *owner)
{
	memset(slab, 0, sizeof(*slab));
	slab->pool = pool;
	slab->owner = owner;
	slab->size = (uint32_t)(size + 7) & ~7u;
	slab->end = (PAGES_SIZE - SLAB_HEADER_SIZE) / slab->size * slab->size + SLAB_HEADER_SIZE;
}

static void drop_list(struct slab *slab, struct slab_page *page)
{
	struct slab_page *next;

	for (; page; page = next) {
		next = page_at(slab, page->next);
		drop_page(slab, page);
	}
}

void slab_destroy(struct slab *slab)
{
	drop_list(slab, slab->partial);
	drop_list(slab, slab->full);
	slab->partial = NULL;
	slab->full = NULL;
	slab->used = 0;
}

void *slab_alloc(struct slab *slab)
{
	struct slab_page *page = slab->partial;
	char *obj;

	if (mem_must_fail())
		return NULL;
	if (bits_unlikely(!page)) {
		page = new_page(slab);
		if (!page)
			return NULL;
	}

	if (page->free) {
		obj = (char *)page + page->free;
		unpoison(obj, slab->size);
		page->free = *(uint16_t *)(void *)obj;
	} else {
		obj = (char *)page + page->fresh;
		unpoison(obj, slab->size);
		page->fresh = (uint16_t)(page->fresh + slab->size);
	}
	page->used++;
	slab->used++;
	if (!page->free && page->fresh == slab->end) {
		list_del(slab, &slab->partial, page);
		list_add(&slab->full, page);
	}
	return obj;
}

void slab_free(struct slab *slab, void *obj)
{
	struct slab_page *page;
	bool was_full;

	if (!obj)
		return;
	page = page_of(obj);
	was_full = !page->free && page->fresh == slab->end;
	*(uint16_t *)obj = page->free;
	page->free = (uint16_t)((char *)obj - (char *)page);
	poison(obj, slab->size);
	page->used--;
	slab->used--;

	if (!page->used) {
		list_del(slab, was_full ? &slab->full : &slab->partial, page);
		drop_page(slab, page);
	} else if (was_full) {
		list_del(slab, &slab->full, page);
		list_add(&slab->partial, page);
	}
}
