/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sparse set of numbers. */
#include "bitmap.h"

#include <errno.h>
#include <string.h>

#include "bits.h"

#define CHUNK_BITS	(8 * PAGES_SIZE)
#define LINE_WORDS	8u		/* of a cache line */
#define LINE_BITS	(64 * LINE_WORDS)

_Static_assert(CHUNK_BITS / LINE_BITS == 64, "a word has a bit for each line of a chunk");

struct chunk {
	struct imap_item item;		/* the numbers */
	uint64_t lines;			/* bit n: line n is not all 0 */
	uint64_t *bits;			/* a page */
};

static struct chunk *chunk_of(struct imap_item *item)
{
	return bits_container_of(item, struct chunk, item);
}

void bitmap_init(struct bitmap *map, struct pages *pool)
{
	imap_init(&map->chunks, pool);
	slab_init(&map->records, pool, sizeof(struct chunk), map);
	map->pages = 0;
}

void bitmap_reset(struct bitmap *map)
{
	struct imap_item *item;
	struct imap_iter iter;

	imap_for_each(item, &iter, &map->chunks, 0, UINT64_MAX)
		pages_free(map->records.pool, chunk_of(item)->bits);
	imap_destroy(&map->chunks);
	slab_destroy(&map->records);
	map->pages = 0;
}

static struct chunk *chunk_new(struct bitmap *map, uint64_t number)
{
	struct chunk *c = slab_alloc(&map->records);

	if (!c)
		return NULL;
	c->item.start = bits_align_down(number, CHUNK_BITS);
	c->item.last = c->item.start + CHUNK_BITS - 1;
	c->lines = 0;
	c->bits = pages_alloc(map->records.pool);
	if (!c->bits || imap_insert(&map->chunks, &c->item)) {
		pages_free_clean(map->records.pool, c->bits);
		slab_free(&map->records, c);
		return NULL;
	}
	map->pages++;
	return c;
}

static void chunk_free(struct bitmap *map, struct chunk *c)
{
	imap_remove(&map->chunks, &c->item);
	pages_free(map->records.pool, c->bits);
	map->pages--;
	slab_free(&map->records, c);
}

/* @first is a multiple of 64. */
static int add_word(struct bitmap *map, uint64_t first, uint64_t bits)
{
	struct imap_item *item = imap_find(&map->chunks, first);
	struct chunk *c = item ? chunk_of(item) : chunk_new(map, first);
	unsigned int bit = (unsigned int)(first % CHUNK_BITS);

	if (!c)
		return -ENOMEM;
	c->bits[bit / 64] |= bits;
	c->lines |= UINT64_C(1) << bit / LINE_BITS;
	return 0;
}

int bitmap_set(struct bitmap *map, uint64_t number)
{
	return add_word(map, bits_align_down(number, 64), UINT64_C(1) << number % 64);
}

int bitmap_add(struct bitmap *map, uint64_t first, uint64_t bits)
{
	unsigned int shift = (unsigned int)(first % 64);
	uint64_t low = bits << shift, high = shift ? bits >> (64 - shift) : 0;
	int ret = low ? add_word(map, first - shift, low) : 0;

	return ret || !high ? ret : add_word(map, first - shift + 64, high);
}

/* A scan, and what of the chunk at hand it is about: bits first to last. */
struct scan {
	bool clear;
	bitmap_found *found;
	void *data;
	unsigned int first, last;
};

/* The part of a word that the scan is about. */
static uint64_t mask_of(const struct scan *s, unsigned int word)
{
	unsigned int low = word == s->first / 64 ? s->first % 64 : 0;
	unsigned int high = word == s->last / 64 ? s->last % 64 : 63;

	return word < s->first / 64 || word > s->last / 64 ? 0 : bits_mask(high, low);
}

static void scan_line(const struct scan *s, struct chunk *c, unsigned int line)
{
	uint64_t *words = &c->bits[line * LINE_WORDS], left = 0;
	unsigned int i;

	for (i = 0; i < LINE_WORDS; i++) {
		unsigned int word = line * LINE_WORDS + i;
		uint64_t bits = words[i] ? words[i] & mask_of(s, word) : 0;

		if (bits && s->found)
			s->found(s->data, c->item.start + UINT64_C(64) * word, bits);
		if (s->clear)
			words[i] &= ~bits;
		left |= words[i];
	}
	if (!left)
		c->lines &= ~(UINT64_C(1) << line);
}

static void scan_chunk(struct scan *s, struct chunk *c, uint64_t first, uint64_t last)
{
	uint64_t lines = c->lines;

	s->first = (unsigned int)(bits_max(first, c->item.start) - c->item.start);
	s->last = (unsigned int)(bits_min(last, c->item.last) - c->item.start);
	lines &= bits_mask(s->last / LINE_BITS, s->first / LINE_BITS);
	for (; lines; lines &= lines - 1)
		scan_line(s, c, bits_ctz(lines));
}

void bitmap_scan(struct bitmap *map, uint64_t first, uint64_t last, bool clear,
		 bitmap_found *found, void *data)
{
	struct scan s = { .clear = clear, .found = found, .data = data };
	struct imap_item *item;
	struct imap_iter iter;

	imap_for_each(item, &iter, &map->chunks, first, last)
		scan_chunk(&s, chunk_of(item), first, last);
}

void bitmap_clear(struct bitmap *map, uint64_t first, uint64_t last)
{
	struct imap_item *item;

	bitmap_scan(map, first, last, true, NULL, NULL);
	while ((item = imap_first(&map->chunks, first, last))) {
		uint64_t end = item->last;

		if (!chunk_of(item)->lines)
			chunk_free(map, chunk_of(item));
		if (end >= last)
			return;
		first = end + 1;
	}
}

size_t bitmap_pages(const struct bitmap *map)
{
	return map->chunks.nodes.pages + map->records.pages + map->pages;
}
