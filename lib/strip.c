/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mappings of one page each, packed. */
#include <string.h>

#include "objects.h"

_Static_assert((IOASID_READ | IOASID_WRITE) == STRIP_PERM, "permissions");
_Static_assert((STRIP_PERM | MAPPING_WRITABLE) == STRIP_FLAGS, "flags");
_Static_assert(STRIP_PAGE == PAGE && STRIP_SLOTS * sizeof(uint64_t) == PAGES_SIZE, "sizes");
_Static_assert(STRIP_SLOTS * sizeof(struct strip_list) == PAGES_SIZE, "sizes");

/* So many records close together are worth a strip. The fuzzers have few. */
#ifndef STRIP_CROWD
#define STRIP_CROWD 64u
#endif

static struct strip *strip_of(struct imap_item *window)
{
	return bits_container_of(window, struct strip, window);
}

void strips_init(struct ioasid_space *space)
{
	struct pages *pool = &space->ctx->pages;

	imap_init(&space->strips.by_window, pool);
	slab_init(&space->strips.heads, pool, sizeof(struct strip), space);
	space->strips.wanted = true;
}

static void free_pages(const struct strip *strip)
{
	struct pages *pool = &strip->space->ctx->pages;

	pages_free(pool, strip->slots);
	pages_free(pool, strip->lists);
	if (strip->lists)
		strip->space->strips.lists--;
}

void strips_destroy(struct ioasid_space *space)
{
	struct strips *strips = &space->strips;
	struct imap_item *window;
	struct imap_iter iter;

	imap_for_each(window, &iter, &strips->by_window, 0, UINT64_MAX)
		free_pages(strip_of(window));
	imap_destroy(&strips->by_window);
	slab_destroy(&strips->heads);
	memset(strips->recent, 0, sizeof(strips->recent));
	strips->count = strips->empty = 0;
}

size_t strips_pages(const struct ioasid_space *space)
{
	const struct strips *strips = &space->strips;

	return strips->by_window.nodes.pages + strips->heads.pages +
	       imap_count(&strips->by_window) + strips->lists;
}

struct strip *strip_seek(const struct strips *strips, uint64_t iova)
{
	struct imap_item *window = imap_find(&strips->by_window, iova);

	return window ? strip_of(window) : NULL;
}

/* Marks the pages of a strip that [@start, @last] touches. */
static void mark(struct strip *strip, uint64_t start, uint64_t last)
{
	uint64_t *slot = strip_slot(strip, bits_max(start, strip->window.start));
	uint64_t *end = strip_slot(strip, bits_min(last, strip->window.last));

	for (; slot <= end; slot++)
		*slot = STRIP_RECORD;
}

/* A strip without mappings, in which the records that there are have their marks. */
static struct strip *strip_new(struct ioasid_space *space, uint64_t iova)
{
	struct strips *strips = &space->strips;
	struct strip *strip = slab_alloc(&strips->heads);
	struct imap_item *item;
	struct imap_iter iter;

	if (!strip)
		return NULL;
	strip->window.start = bits_align_down(iova, UINT64_C(1) << STRIP_SHIFT);
	strip->window.last = strip->window.start + (UINT64_C(1) << STRIP_SHIFT) - 1;
	strip->space = space;
	strip->lists = NULL;
	strip->used = 0;
	strip->slots = pages_alloc(&space->ctx->pages);
	if (!strip->slots || imap_insert(&strips->by_window, &strip->window)) {
		pages_free_clean(&space->ctx->pages, strip->slots);
		slab_free(&strips->heads, strip);
		return NULL;
	}
	/* What tells it from a record, whose page has the space there. */
	pages_set_owner(strip->slots, (char *)strip + 1);
	imap_for_each(item, &iter, &space->maps, strip->window.start, strip->window.last)
		mark(strip, item->start, item->last);
	strips->empty++;
	strips_note(strips, strip);
	return strip;
}

static bool drop_empty(struct strips *strips, struct strip *strip)
{
	if (!strip || strip->used)
		return false;
	strips->empty--;
	imap_remove(&strips->by_window, &strip->window);
	free_pages(strip);
	slab_free(&strips->heads, strip);
	return true;
}

void strips_turn(struct strips *strips, struct strip *strip)
{
	struct strip **recent = &strips->recent[strip->window.start >> STRIP_SHIFT &
						(STRIPS_RECENT - 1)];

	if (strips->empty)
		drop_empty(strips, *recent);
	*recent = strip;
}

void strips_trim(struct strips *strips)
{
	size_t i;

	for (i = 0; i < STRIPS_RECENT && strips->empty; i++)
		if (drop_empty(strips, strips->recent[i]))
			strips->recent[i] = NULL;
}

/* Is the page in a strip that is at least half full? */
static bool is_run(const struct ioasid_space *space, uint64_t iova)
{
	const struct strip *strip = strip_seek(&space->strips, iova);

	return strip && strip->used >= STRIP_SLOTS / 2 && strip_has(strip, iova);
}

struct strip *strip_begin(struct ioasid_space *space, uint64_t iova)
{
	uint64_t page = iova / PAGE % STRIP_SLOTS;

	if ((page == 0 && iova && is_run(space, iova - PAGE)) ||
	    (page == STRIP_SLOTS - 1 && iova < UINT64_MAX - PAGE && is_run(space, iova + PAGE)))
		return strip_new(space, iova);
	return NULL;
}

uint32_t *strip_make_list(struct strips *strips, struct strip *strip, uint64_t iova)
{
	if (!strip->lists) {
		strip->lists = pages_alloc(strips->by_window.pool);
		if (!strip->lists)
			return NULL;
		strips->lists++;
	}
	return strip_list(strip, iova);
}

void strips_enter(struct ioasid_space *space, const struct ioasid_mapping *m)
{
	struct imap_item *window;
	struct imap_iter iter;

	imap_for_each(window, &iter, &space->strips.by_window, m->item.start, m->item.last)
		mark(strip_of(window), m->item.start, m->item.last);
}

void strips_leave(struct ioasid_space *space, uint64_t start, uint64_t last)
{
	struct imap_item *window;
	struct imap_iter iter;
	uint64_t at, end;

	imap_for_each(window, &iter, &space->strips.by_window, start, last) {
		at = bits_align_down(bits_max(start, window->start), PAGE);
		end = bits_min(last, window->last);
		/* Others can be in the first and in the last page. */
		for (; at <= end; at += PAGE)
			if ((at >= start && at + PAGE - 1 <= last) ||
			    !imap_first(&space->maps, at, at + PAGE - 1))
				*strip_slot(strip_of(window), at) = 0;
	}
}

void strips_gather(struct ioasid_space *space, uint64_t iova)
{
	struct strip *strip = NULL;
	struct imap_item *item;

	if (imap_crowd(&space->maps, STRIP_SHIFT) >= STRIP_CROWD)
		strip = strip_new(space, iova);
	if (!strip)
		return;
	for (item = imap_first(&space->maps, strip->window.start, strip->window.last); item;) {
		struct ioasid_mapping *m = bits_container_of(item, struct ioasid_mapping, item);
		uint64_t last = item->last;

		if (!(m->flags & MAPPING_HANDLE) && !m->runs && strip_suits(&space->strips, m)) {
			imap_remove(&space->maps, item);
			strip_put(&space->strips, strip, m);
			slab_free(&space->records, m);
		}
		item = last < strip->window.last ?
			imap_first(&space->maps, last + 1, strip->window.last) : NULL;
	}
}

/* The first mapping of the strip from iter->at on. */
static bool find_from(struct strip_iter *iter)
{
	uint64_t end = bits_min(iter->last, iter->strip->window.last);

	for (; iter->at <= end; iter->at += PAGE)
		if (strip_has(iter->strip, iter->at))
			return true;
	return false;
}

static bool step(struct strip_iter *iter, struct imap_item *window)
{
	for (; window; window = imap_iter_next(&iter->windows)) {
		iter->strip = strip_of(window);
		iter->at = bits_max(iter->at, window->start);
		if (find_from(iter))
			return true;
	}
	iter->strip = NULL;
	return false;
}

bool strip_iter_first(struct strip_iter *iter, const struct ioasid_space *space, uint64_t start,
		      uint64_t last)
{
	iter->strip = NULL;
	if (!space->strips.count)
		return false;
	iter->at = bits_align_down(start, PAGE);
	iter->last = last;
	return step(iter, imap_iter_first(&iter->windows, &space->strips.by_window, start, last));
}

bool strip_iter_next(struct strip_iter *iter)
{
	if (!iter->strip || iter->last - iter->at < PAGE)
		return iter->strip = NULL, false;
	iter->at += PAGE;
	return find_from(iter) || step(iter, imap_iter_next(&iter->windows));
}

/* Moves *@at behind the mappings of a strip that are in its way. False: that is beyond @hi. */
static bool pass(const struct strip *strip, uint64_t *at, uint64_t hi, uint64_t length,
		 uint64_t align)
{
	uint64_t page = bits_align_down(bits_max(*at, strip->window.start), PAGE);
	uint64_t offset = *at & (align - 1);

	for (; page < strip->window.last && page - bits_min(page, *at) < length; page += PAGE) {
		if (!strip_has(strip, page))
			continue;
		if (strip->used == STRIP_SLOTS)
			page = strip->window.last - PAGE + 1;
		if (__builtin_add_overflow(page + PAGE - 1, 1, at) ||
		    __builtin_add_overflow(*at, (offset - *at) & (align - 1), at) || *at > hi)
			return false;
	}
	return true;
}

bool strips_gap(const struct ioasid_space *space, uint64_t *at, uint64_t hi, uint64_t length,
		uint64_t align)
{
	struct imap_item *window;
	struct imap_iter iter;

	imap_for_each(window, &iter, &space->strips.by_window, *at, hi) {
		if (window->start > *at && window->start - *at >= length)
			break;
		if (!pass(strip_of(window), at, hi, length, align))
			return false;
	}
	return true;
}

const struct strip *strip_of_handle(const struct ioasid_mapping *handle, uint64_t *iova)
{
	uintptr_t owner = (uintptr_t)pages_owner(handle);
	const struct strip *strip = (const struct strip *)(owner & ~(uintptr_t)1);

	if (!(owner & 1))
		return NULL;
	*iova = strip->window.start + (uintptr_t)handle % PAGE / sizeof(uint64_t) * PAGE;
	return strip;
}
