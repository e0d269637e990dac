/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a change took away from DMA, which reads without a lock: pages of page tables, and the
 * memory that they led to. It waits here until that DMA has drained; only then may it be used
 * again.
 */
#ifndef UTIL_REAP_H
#define UTIL_REAP_H

#include <stdbool.h>

#include "pages.h"

/* Part of something else that DMA may still use: what to do with it then. */
struct reap_later {
	struct reap_later *next;
	void (*free)(struct reap_later *later);
};

struct reap {
	void *clean, *dirty;	/* chained by the pages' owner words: DMA may still read them */
	struct reap_later *later;
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

static inline void reap_later(struct reap *reap, struct reap_later *later,
			      void (*free)(struct reap_later *later))
{
	later->free = free;
	later->next = reap->later;
	reap->later = later;
}

static inline bool reap_is_empty(const struct reap *reap)
{
	return !reap->clean && !reap->dirty && !reap->later;
}

/* Does it have to wait for DMA? */
static inline bool reap_waits(const struct reap *reap)
{
	return reap->drain || !reap_is_empty(reap);
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
	while (from->later) {
		struct reap_later *later = from->later;

		from->later = later->next;
		later->next = to->later;
		to->later = later;
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
	while (reap->later) {
		struct reap_later *later = reap->later;

		reap->later = later->next;
		later->free(later);
	}
	reap->drain = false;
}

#endif
