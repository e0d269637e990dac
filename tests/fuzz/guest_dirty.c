/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dirty tracking: what devices have written, by the memory's pages, and what the root reports, by
 * its own. A page of the root is dirty only if its page of the memory was written; and a page that
 * was written is so through some page of the root, unless one that led there has been unmapped.
 */
#include <errno.h>

#include "guest.h"

#define WORDS(pages) (((pages) + 63) / 64)

static bool get(const uint64_t *bits, uint64_t i)
{
	return bits[i / 64] >> i % 64 & 1;
}

static void set(uint64_t *bits, uint64_t i)
{
	bits[i / 64] |= UINT64_C(1) << i % 64;
}

/* What is recorded of a mapping, page by page; @bits are zero. */
static void read_mapping(struct guest *g, const struct mapping *m, uint32_t flags, uint64_t *bits)
{
	must_succeed(ioasid_space_dirty_read(g->at[ROOT].space, m->start * PAGE, m->length * PAGE,
					     PAGE, flags, bits));
}

/* Checks all that is recorded, and that it stays so. */
void check_dirty(struct guest *g)
{
	static uint64_t bits[WORDS(MEMORY_PAGES)], through[WORDS(MEMORY_PAGES)];
	struct space *root = &g->at[ROOT];
	uint64_t page;
	size_t i;

	if (!g->recording)
		return;
	memset(through, 0, sizeof(through));
	for (i = 0; i < root->n_mappings; i++) {
		const struct mapping *m = &root->mappings[i];

		memset(bits, 0, sizeof(bits));
		read_mapping(g, m, IOASID_DIRTY_PEEK, bits);
		for (page = 0; page < m->length; page++) {
			if (!get(bits, page))
				continue;
			must(get(g->written, m->target + page), "page %#jx is dirty, not written",
			     (uintmax_t)(m->start + page));
			set(through, m->target + page);
		}
	}
	for (page = 0; page < MEMORY_PAGES; page++)
		must(get(through, page) || !get(g->written, page) || get(g->unmapped, page),
		     "memory page %#jx was written", (uintmax_t)page);
}

/* Pages of the memory that are written, from now on, are those that the root still reports. */
static void recount(struct guest *g)
{
	static uint64_t bits[WORDS(MEMORY_PAGES)], written[WORDS(MEMORY_PAGES)];
	struct space *root = &g->at[ROOT];
	uint64_t page;
	size_t i;

	memset(written, 0, sizeof(written));
	memset(g->unmapped, 0, sizeof(g->unmapped));
	for (i = 0; i < root->n_mappings; i++) {
		memset(bits, 0, sizeof(bits));
		read_mapping(g, &root->mappings[i], IOASID_DIRTY_PEEK, bits);
		for (page = 0; page < root->mappings[i].length; page++)
			if (get(bits, page))
				set(written, root->mappings[i].target + page);
	}
	memcpy(g->written, written, sizeof(written));
}

/*
 * Reads and clears a mapping, by pages of @shift, or a part of it: what it was, and then nothing.
 */
static void read_and_clear(struct guest *g, const struct mapping *m, unsigned int shift)
{
	static uint64_t before[WORDS(MEMORY_PAGES)], got[WORDS(MEMORY_PAGES)];
	uint64_t unit = UINT64_C(1) << shift, page;

	if ((m->start | m->length) & (unit - 1))
		unit = 1;
	memset(before, 0, sizeof(before));
	memset(got, 0, sizeof(got));
	read_mapping(g, m, IOASID_DIRTY_PEEK, before);
	must_succeed(ioasid_space_dirty_read(g->at[ROOT].space, m->start * PAGE, m->length * PAGE,
					     unit * PAGE, 0, got));
	for (page = 0; page < m->length; page++)
		must(!get(before, page) || get(got, page / unit), "page %#jx is lost",
		     (uintmax_t)page);
	for (page = 0; page < m->length; page += unit) {
		uint64_t k = 0;

		while (k < unit && !get(before, page + k))
			k++;
		must(get(got, page / unit) == (k < unit), "page %#jx", (uintmax_t)page);
	}
	memset(got, 0, sizeof(got));
	read_mapping(g, m, IOASID_DIRTY_PEEK, got);
	for (page = 0; page < m->length; page++)
		must(!get(got, page), "page %#jx is still dirty", (uintmax_t)page);
	recount(g);
}

void note_write(struct guest *g, uint64_t page)
{
	if (g->recording)
		set(g->written, page);
}

/* Nobody can say any more which of its pages were written. */
void note_unmap(struct guest *g, const struct mapping *m)
{
	uint64_t i;

	for (i = 0; i < m->length; i++)
		set(g->unmapped, m->target + i);
}

int unmap_dirty(struct guest *g, uint64_t page, const struct mapping *m, uint64_t *unmapped)
{
	static uint64_t before[WORDS(MEMORY_PAGES)], got[WORDS(MEMORY_PAGES)];
	uint64_t length = m ? m->length : 1;
	int rc;

	memset(before, 0, sizeof(before));
	memset(got, 0, sizeof(got));
	if (m)
		read_mapping(g, m, IOASID_DIRTY_PEEK, before);
	rc = ioasid_space_unmap_dirty(g->at[ROOT].space, page * PAGE, length * PAGE, PAGE, got,
				      unmapped);
	must(!memcmp(before, got, sizeof(got)), "unmapped, and others were dirty");
	if (m)
		note_unmap(g, m);
	return rc;
}

void do_dirty(struct guest *g, struct input *in)
{
	unsigned int kind = take8(in);
	struct space *root = &g->at[ROOT];
	uint64_t none = 0;

	trace("%ju: dirty tracking, %#x", (uintmax_t)g->time, kind);
	switch (kind & 3) {
	case 0:
		must_succeed(kind & 0xc0 ? ioasid_space_dirty_start(root->space) :
					   ioasid_space_dirty_stop(root->space));
		g->recording = kind & 0xc0;
		memset(g->written, 0, sizeof(g->written));
		memset(g->unmapped, 0, sizeof(g->unmapped));
		break;
	case 1:
		check_dirty(g);
		break;
	default:
		if (!root->n_mappings)
			return;
		if (g->recording)
			read_and_clear(g, &root->mappings[(kind >> 2 & 7) % root->n_mappings],
				       kind >> 5);
		else
			must(ioasid_space_dirty_read(root->space, 0, PAGE, PAGE, 0, &none) ==
				     -EINVAL, "nothing is recorded");
	}
}
