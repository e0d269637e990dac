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
	struct slab_link all;		/* of the slab's pages, */
	struct slab_link partial;	/* and of those with a free object */
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

static struct slab_link *link_of(struct slab_page *page, enum slab_list which)
{
	return which == SLAB_ALL ? &page->all : &page->partial;
}

static void list_add(struct slab *slab, enum slab_list which, struct slab_page *page)
{
	struct slab_page *next = slab->list[which];

	*link_of(page, which) = (struct slab_link){ .next = next ? pages_ref(next) : 0 };
	if (next)
		link_of(next, which)->prev = pages_ref(page);
	slab->list[which] = page;
}

static void list_del(struct slab *slab, enum slab_list which, struct slab_page *page)
{
	const struct slab_link *link = link_of(page, which);
	struct slab_page *prev = page_at(slab, link->prev), *next = page_at(slab, link->next);

	if (prev)
		link_of(prev, which)->next = link->next;
	else
		slab->list[which] = next;
	if (next)
		link_of(next, which)->prev = link->prev;
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
	list_add(slab, SLAB_ALL, page);
	list_add(slab, SLAB_PARTIAL, page);
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

void slab_destroy(struct slab *slab)
{
	struct slab_page *page = slab->list[SLAB_ALL], *next;

	for (; page; page = next) {
		next = page_at(slab, page->all.next);
		drop_page(slab, page);
	}
	slab->list[SLAB_ALL] = NULL;
	slab->list[SLAB_PARTIAL] = NULL;
	slab->used = 0;
}

void *slab_alloc(struct slab *slab)
{
	struct slab_page *page = slab->list[SLAB_PARTIAL];
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
	if (!page->free && page->fresh == slab->end)
		list_del(slab, SLAB_PARTIAL, page);
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

	if (was_full)
		list_add(slab, SLAB_PARTIAL, page);
	if (!page->used) {
		list_del(slab, SLAB_PARTIAL, page);
		list_del(slab, SLAB_ALL, page);
		drop_page(slab, page);
	}
}
