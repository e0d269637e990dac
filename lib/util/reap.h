/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a change took out of page tables that DMA reads without a lock. The pages wait here until
 * that DMA has drained; only then may they be used again.
 */
#ifndef UTIL_REAP_H
#define UTIL_REAP_H

#include <stdbool.h>

#include "pages.h"

struct reap {
	void *clean, *dirty;	/* chained through the pages' owner words: DMA may still read them */
	bool drain;		/* a translation was taken away or narrowed */
};

static inline void reap_clean_page(struct reap *reap, void *page)
{
	pages_set_owner(page, reap->clean);
	reap->clean = page;
}

static inline void reap_page(struct reap *reap, void *page)
{
	pages_set_owner(page, reap->dirty);
	reap->dirty = page;
}

static inline bool reap_has_pages(const struct reap *reap)
{
	return reap->clean || reap->dirty;
}

/* Adds what is in @from to @to. */
static inline void reap_move(struct reap *from, struct reap *to)
{
	void *page;

	while ((page = from->clean)) {
		from->clean = pages_owner(page);
		reap_clean_page(to, page);
	}
	while ((page = from->dirty)) {
		from->dirty = pages_owner(page);
		reap_page(to, page);
	}
	to->drain |= from->drain;
	from->drain = false;
}

/* After the drain, under the pool's lock. */
static inline void reap_finish(struct reap *reap, struct pages *pool)
{
	void *page;

	while ((page = reap->clean)) {
		reap->clean = pages_owner(page);
		pages_free_clean(pool, page);
	}
	while ((page = reap->dirty)) {
		reap->dirty = pages_owner(page);
		pages_free(pool, page);
	}
	reap->drain = false;
}

#endif
