/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who translates for a space on a parent: the library, by a shadow page table (nest_shadow.c), or
 * the IOMMU, which walks both levels (struct backend_ops). Called with the context locked.
 */
#ifndef LIB_NEST_H
#define LIB_NEST_H

#include <ioasid/space.h>

#include "pgtable/pgtable.h"
#include "shadow/shadow.h"
#include "util/reap.h"

struct ioasid_mapping;
struct ioasid_pasid_table;

/* An entry of a batch, for nest_ops.invalidate_list(). */
struct nest_inv {
	uint64_t start, last;	/* without raw */
	const void *raw;	/* in a vendor's layout; or NULL */
	uint32_t type, length;	/* of raw */
	bool leaf_only;
	size_t index;		/* in the batch */
	size_t next;		/* of the same space: its place in the array; NEST_INV_END: none */
};

#define NEST_INV_END SIZE_MAX

struct nest_ops {
	enum ioasid_nesting nesting;
	bool maps;	/* the map protocol is possible */

	/* The space has its parent. 0, or -ENOMEM; destroy: nobody is attached. */
	int (*create)(struct ioasid_space *space);
	void (*destroy)(struct ioasid_space *space, struct reap *reap);

	/* The page table, or the two, that are bound; NULL: none is. */
	const struct pgt_pair *(*bound)(const struct ioasid_space *space);
	/* In one step. 0, or err_set() with the table before still bound. */
	int (*bind)(struct ioasid_space *space, const struct pgt_pair *pair, struct reap *reap);
	void (*unbind)(struct ioasid_space *space, struct reap *reap);

	/*
	 * The table may have changed. begin() goes before the ranges of one batch; @now: as that of
	 * shadow_begin_pass(). @leaf_only: upper levels have not changed. 0, or -ENOMEM: some of it
	 * is not translated now.
	 */
	void (*begin)(struct ioasid_space *space, uint64_t now);
	int (*invalidate)(struct ioasid_space *space, uint64_t start, uint64_t last, bool leaf_only,
			  struct reap *reap);
	/* The same of pages in any order, where that costs no more than in order; or NULL. */
	int (*invalidate_pages)(struct ioasid_space *space, const uint64_t *iovas, size_t n,
				struct reap *reap);

	/*
	 * Instead of these, where a kernel takes arrays: the entries that are chained from
	 * @all[@first], in order. *@done: the index in the batch of the first that was not carried
	 * out; untouched on success, 0. Else err_set().
	 */
	int (*invalidate_list)(struct ioasid_space *space, const struct nest_inv *all, size_t first,
			       size_t *done);

	/*
	 * A table in a vendor's layout, as bind(); and: 0 if the driver takes invalidations of that
	 * type, or err_set(). NULL without a kernel. Such a table has a struct pgt_pair whose id is
	 * 0.
	 */
	int (*bind_raw)(struct ioasid_space *space, uint32_t type, const void *data, size_t length,
			struct reap *reap);
	int (*probe_raw)(struct ioasid_space *space, uint32_t type);
	/* The same of a PASID table. */
	int (*bind_pasid_table)(struct ioasid_space *space, const struct ioasid_pasid_table *table,
				struct reap *reap);

	/*
	 * The parent's translations of @m are gone, or not what they were. Not called of a small
	 * mapping, less than BIG_MAPPING, unless the space is being watched.
	 */
	void (*parent_changed)(struct ioasid_space *space, const struct ioasid_mapping *m,
			       struct reap *reap);

	/*
	 * Dirty tracking of the root (track.c): it has begun with all pages clean, or ended; and
	 * some of the pages that have become writable since are clean again.
	 */
	void (*track)(struct ioasid_space *space, bool on, struct reap *reap);
	void (*take_written)(struct ioasid_space *space, struct reap *reap);

	/* What it translates at @iova, without reading guest memory; so often under the lock. */
	unsigned int max_looks;
	void (*look)(struct ioasid_space *space, uint64_t iova, struct shadow_view *view);
};

extern const struct nest_ops nest_shadow;

/* What page tables it has; NULL: none, or it is a root. */
const struct pgt_pair *nest_bound(const struct ioasid_space *space);

/* Belongs behind an error text that says of a space that there is no memory. */
const char *nest_limit_hint(const struct ioasid_space *space);

/* May the space have mappings? 0, or err_set(): -EOPNOTSUPP. Of a root: it may. */
int nest_check_maps(const struct ioasid_space *space);

/* From now on the child has something made of small mappings of its parent's, or no longer. */
void nest_watch(struct ioasid_space *space);
void nest_unwatch(struct ioasid_space *space);

/* A mapping of a root that has children has gone: so does what they made of it. */
void nest_unmapped(struct ioasid_space *space, struct ioasid_mapping *mapping, struct reap *reap);

/* pgtable_check.c: makes *@pair of a user's description. 0 or -errno, with the reason set. */
int pgtable_check(const struct ioasid_pgtable *table, struct pgt_pair *pair);

#endif
