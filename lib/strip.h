/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mappings of one page each, 8 bytes for each of them.
 *
 * A guest's IOMMU maps by the page, and keeps no handle: the address is all that it unmaps by.
 * Where such mappings are close together there is no record for each (struct ioasid_mapping, in
 * space->maps), but a strip for all in 2 MiB: a page with a slot for each page of addresses. So the
 * place says where a mapping is, nothing is searched or moved, and neighbours are neighbours in
 * memory too. A strip is made when enough records are in its range, which it takes in, or when a
 * run of mappings leaves the strip before. When its last mapping has gone it stays for a while,
 * since guests map again where they have just unmapped: until some others have been used.
 *
 * A slot's address is good as long as the mapping, and serves as its handle if somebody asks for
 * one (ioasid_space_find_mapping()). Records that somebody has a handle of stay records, and so
 * does all that is not one page, or lies on no boundary. The slots of pages that these touch say
 * so: a slot of 0 means that nothing is mapped there.
 *
 * Where a kernel's table of a child has some of the pages, there is a second page beside the slots,
 * with a list for each of what leads there (sink.h). The identity root has no strips.
 */
#ifndef LIB_STRIP_H
#define LIB_STRIP_H

#include "mapping.h"
#include "util/bits.h"

#define STRIP_SHIFT	21u
#define STRIP_SLOTS	512u
#define STRIP_PAGE	4096u
#define STRIPS_RECENT	16u	/* a power of two */

/* A slot is the target with, in the low bits, the flags of the mapping, and its source. */
#define STRIP_FLAGS	0x7u
#define STRIP_PERM	0x3u
#define STRIP_RECORD	0x8u	/* alone: a record is, or some are, in that page */
#define STRIP_SOURCE_SHIFT 4u
#define STRIP_SOURCES	256u	/* what has a source of a higher number is a record */

/* Of the items of sinks that lead to one mapping. */
struct strip_list {
	_Alignas(8) uint32_t first;
};

struct strip {
	struct imap_item window;
	struct ioasid_space *space;
	uint64_t *slots;
	struct strip_list *lists;	/* NULL: all are empty */
	uint32_t used;			/* mappings in it */
};

struct strips {
	struct imap by_window;
	struct slab heads;
	struct strip *recent[STRIPS_RECENT];	/* changed latest, by their places; or NULL */
	size_t count;			/* mappings in all; */
	size_t lists;			/* strips that have lists, */
	size_t empty;			/* and those without a mapping, which are all recent ones */
	bool wanted;
};

void strips_init(struct ioasid_space *space);
/* Their mappings are forgotten. */
void strips_destroy(struct ioasid_space *space);
/* Those without a mapping go. */
void strips_trim(struct strips *strips);
/* Pages of memory. */
size_t strips_pages(const struct ioasid_space *space);

/* Could a strip have it? None is at the end of the address space, where ends would be 0. */
static inline bool strip_suits(const struct strips *strips, const struct ioasid_mapping *m)
{
	return strips->wanted && m->item.last - m->item.start == STRIP_PAGE - 1 &&
	       bits_is_aligned(m->item.start | m->target, STRIP_PAGE) &&
	       m->source < STRIP_SOURCES && m->item.last < UINT64_MAX >> STRIP_SHIFT << STRIP_SHIFT;
}

struct strip *strip_seek(const struct strips *strips, uint64_t iova);

/* Are there any? Then they are told of records. */
static inline bool strips_exist(const struct strips *strips)
{
	return imap_count(&strips->by_window);
}

/* The strip for @iova if it is a recent one, or NULL. */
static inline struct strip *strip_recent(const struct strips *strips, uint64_t iova)
{
	struct strip *recent = strips->recent[iova >> STRIP_SHIFT & (STRIPS_RECENT - 1)];

	return recent && !((recent->window.start ^ iova) >> STRIP_SHIFT) ? recent : NULL;
}

/* The strip for @iova, or NULL. */
static inline struct strip *strip_at(const struct strips *strips, uint64_t iova)
{
	struct strip *recent = strip_recent(strips, iova);

	return recent ? recent : strip_seek(strips, iova);
}

/*
 * For a mapping that is about to be there, and for which there is none: a new strip, if the page
 * before or behind is the end of one that is well filled.
 */
struct strip *strip_begin(struct ioasid_space *space, uint64_t iova);

/* Another one has been changed latest among those of its place: that goes if it is empty. */
void strips_turn(struct strips *strips, struct strip *strip);

static inline void strips_note(struct strips *strips, struct strip *strip)
{
	if (strips->recent[strip->window.start >> STRIP_SHIFT & (STRIPS_RECENT - 1)] != strip)
		strips_turn(strips, strip);
}

static inline uint64_t *strip_slot(const struct strip *strip, uint64_t iova)
{
	return &strip->slots[(iova - strip->window.start) / STRIP_PAGE];
}

static inline bool strip_has(const struct strip *strip, uint64_t iova)
{
	return *strip_slot(strip, iova) & STRIP_PERM;
}

/* Puts a mapping into a slot that is 0; takes it out. */
static inline void strip_put(struct strips *strips, struct strip *strip,
			     const struct ioasid_mapping *m)
{
	*strip_slot(strip, m->item.start) = m->target |
		(uint64_t)m->source << STRIP_SOURCE_SHIFT | (m->flags & STRIP_FLAGS);
	strips_note(strips, strip);
	if (!strip->used++)
		strips->empty--;
	strips->count++;
}

static inline void strip_take(struct strips *strips, struct strip *strip, uint64_t iova)
{
	*strip_slot(strip, iova) = 0;
	strips_note(strips, strip);
	if (!--strip->used)
		strips->empty++;
	strips->count--;
}

/* The list for @iova; NULL: there is none so far. Make: for want of memory. */
static inline uint32_t *strip_list(const struct strip *strip, uint64_t iova)
{
	return strip->lists ? &strip->lists[(iova - strip->window.start) / STRIP_PAGE].first : NULL;
}

uint32_t *strip_make_list(struct strips *strips, struct strip *strip, uint64_t iova);

/* What the slot for @iova says, as a record. */
static inline void strip_read(const struct strip *strip, uint64_t iova, struct ioasid_mapping *m)
{
	uint64_t slot = *strip_slot(strip, iova), start = bits_align_down(iova, STRIP_PAGE);

	*m = (struct ioasid_mapping){
		.item = { start, start + STRIP_PAGE - 1 },
		.target = bits_align_down(slot, STRIP_PAGE),
		.flags = (slot & STRIP_FLAGS) | MAPPING_PACKED,
		.source = slot >> STRIP_SOURCE_SHIFT & (STRIP_SOURCES - 1),
	};
}

/* Records: one is in the map now; one has gone from it. */
void strips_enter(struct ioasid_space *space, const struct ioasid_mapping *m);
void strips_leave(struct ioasid_space *space, uint64_t start, uint64_t last);
/* A record is new, and has no handle: a strip for it and others like it, if they are many. */
void strips_gather(struct ioasid_space *space, uint64_t iova);

/* A walk of the mappings in strips, in ascending order. */
struct strip_iter {
	struct imap_iter windows;
	const struct strip *strip;	/* NULL: at the end */
	uint64_t at, last;
};

/* The address of the lowest in [@start, @last], and of the next one. False at the end. */
bool strip_iter_first(struct strip_iter *iter, const struct ioasid_space *space, uint64_t start,
		      uint64_t last);
bool strip_iter_next(struct strip_iter *iter);

/*
 * As imap_gap(), as far as strips know: the lowest place from *@at on. False: it begins beyond
 * @hi.
 */
bool strips_gap(const struct ioasid_space *space, uint64_t *at, uint64_t hi, uint64_t length,
		uint64_t align);

/* Handles that are slots. */
const struct strip *strip_of_handle(const struct ioasid_mapping *handle, uint64_t *iova);

static inline struct ioasid_mapping *strip_handle(const struct strip *strip, uint64_t iova)
{
	return (struct ioasid_mapping *)(void *)strip_slot(strip, iova);
}

#endif
