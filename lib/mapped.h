/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mappings of a space, wherever they are kept. */
#ifndef LIB_MAPPED_H
#define LIB_MAPPED_H

#include "objects.h"

/*
 * The strip for @iova, or NULL, where a mapping is about to come or go. If the latest changes were
 * elsewhere, the entry of the page table is in no cache either: then it is on its way meanwhile.
 */
static inline struct strip *space_strip(const struct ioasid_space *space, uint64_t iova)
{
	struct strip *recent = strip_recent(&space->strips, iova);

	if (bits_likely(recent != NULL))
		return recent;
	iopt_prefetch(&space->table.root, iova);
	return strip_seek(&space->strips, iova);
}

/* mapping.c */
/* @m: item.start is the IOVA asked for, item.last the length less 1; they become the place. */
int mapping_add(struct ioasid_space *space, struct ioasid_mapping *m, bool any, struct reap *reap,
		struct ioasid_mapping **out);
/* May [@start, @start + @length) be mapped, and is it free? */
int mapping_check_place(struct ioasid_space *space, uint64_t start, uint64_t length);
int mapping_overlap(const struct ioasid_space *space, uint64_t start, uint64_t last);
/*
 * What a place that is chosen should be congruent with: where the memory is, or what is mapped of a
 * file, as in Linux. So it does not depend on where the library maps that.
 */
uint64_t mapping_congruent_with(const struct ioasid_space *space, const struct ioasid_mapping *m);
void mapping_drop(struct ioasid_space *space, struct ioasid_mapping *mapping, struct reap *reap);
/* Frees the records of a space that nobody uses. */
void mapping_forget_all(struct ioasid_space *space, struct reap *reap);

/* Is all of it mapped, without a hole? */
bool mapping_is_whole(const struct ioasid_space *space, uint64_t start, uint64_t last);
/* unmap.c: can [@start, @last] be unmapped now? @all: whatever there is. */
int mapping_check_unmap_range(struct ioasid_space *space, uint64_t start, uint64_t last, bool all,
			      struct reap *reap);
/* Does so, and returns the sum of the mappings' lengths. */
uint64_t mapping_unmap_range(struct ioasid_space *space, uint64_t start, uint64_t last,
			     struct reap *reap);

/*
 * mapped.c: a walk of mappings in ascending order, wherever they are kept; the body must not change
 * them. What it yields is a record, or a copy that is good until the next step.
 */
struct mapping_iter {
	struct imap_iter records;
	struct imap_item *record;	/* the next one, or NULL */
	struct strip_iter pages;	/* at the next one */
	struct ioasid_mapping page;	/* the copy */
	bool is_page;
};

struct ioasid_mapping *mapping_iter_first(struct mapping_iter *iter,
					  const struct ioasid_space *space, uint64_t start,
					  uint64_t last);
struct ioasid_mapping *mapping_iter_next(struct mapping_iter *iter);

/* The lowest with a byte in [@start, @last]: a record, or @copy; or NULL. */
struct ioasid_mapping *mapping_first(const struct ioasid_space *space, uint64_t start,
				     uint64_t last, struct ioasid_mapping *copy);
/* The same: the one that @iova is in. */
struct ioasid_mapping *mapping_at(const struct ioasid_space *space, uint64_t iova,
				  struct ioasid_mapping *copy);

/*
 * The list of the items of sinks that lead to a mapping of a root: NULL if it has none so far.
 * Make: of what is mapped at @iova; NULL for want of memory.
 */
uint32_t *mapping_runs(const struct ioasid_space *root, struct ioasid_mapping *m);
uint32_t *mapping_make_runs(struct ioasid_space *root, uint64_t iova);

/* What a caller's handle stands for: a record, or @copy. */
struct ioasid_mapping *mapping_of_handle(const struct ioasid_mapping *handle,
					 struct ioasid_mapping *copy);

/* for each mapping with a byte in [start, last] */
#define mapping_for_each(m, iter, space, start, last) \
	for ((m) = mapping_iter_first((iter), (space), (start), (last)); (m); \
	     (m) = mapping_iter_next(iter))

static inline size_t mapping_count(const struct ioasid_space *space)
{
	return imap_count(&space->maps) + space->strips.count;
}

/* As imap_gap(). */
int mapping_gap(struct ioasid_space *space, uint64_t lo, uint64_t hi, uint64_t length,
		uint64_t align, uint64_t offset, uint64_t *iova);

#endif
