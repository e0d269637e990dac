/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paging-structure caches. */
#include <errno.h>
#include <string.h>

#include "emulated/psc.h"
#include "util/alloc.h"
#include "util/bits.h"

int psc_init(struct psc *c, uint32_t entries)
{
	*c = (struct psc){ .n = entries };
	if (entries)
		c->entries = mem_calloc(entries, sizeof(*c->entries));
	return entries && !c->entries ? -ENOMEM : 0;
}

void psc_destroy(struct psc *c)
{
	mem_free(c->entries);
	*c = (struct psc){ 0 };
}

unsigned int psc_find(struct psc *c, uint64_t tag, uint64_t iova, uint64_t *raw)
{
	struct psc_entry *best = NULL;
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		struct psc_entry *e = &c->entries[i];

		if (e->tag == tag && iova >= e->start && iova <= e->last &&
		    (!best || e->level < best->level))
			best = e;
	}
	if (!best)
		return 0;
	best->used = ++c->clock;
	c->hits++;
	memcpy(raw, best->raw, sizeof(best->raw));
	return best->level;
}

/* The one that was used the longest ago, or not at all. */
static struct psc_entry *oldest(struct psc *c)
{
	struct psc_entry *e, *found = c->entries;

	for (e = c->entries; e < c->entries + c->n; e++)
		if (e->used < found->used)
			found = e;
	return found;
}

void psc_fill(struct psc *c, uint64_t tag, const struct pgt *g, uint64_t iova, unsigned int level,
	      const uint64_t *raw)
{
	uint64_t span = UINT64_C(1) << pgt_shift(g, level), start = iova & ~(span - 1);
	struct psc_entry *e;

	if (!c->n)
		return;
	e = oldest(c);
	*e = (struct psc_entry){ .tag = tag, .start = start, .last = start + span - 1,
				 .used = ++c->clock, .level = level };
	memcpy(e->raw, raw, sizeof(e->raw));
}

void psc_drop(struct psc *c, uint64_t tag, uint64_t start, uint64_t last)
{
	uint32_t i;

	for (i = 0; i < c->n; i++) {
		struct psc_entry *e = &c->entries[i];

		if (e->tag == tag && bits_ranges_overlap(e->start, e->last, start, last))
			*e = (struct psc_entry){ .tag = 0 };
	}
}
