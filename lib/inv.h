/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Invalidation batches: what inv.c fills them with, and inv_submit.c carries out. */
#ifndef LIB_INV_H
#define LIB_INV_H

#include "inv_list.h"

enum inv_kind {
	INV_SPACE,
	INV_PASID,
	INV_DEVICE,
	INV_IN_DEVICE,	/* what the device itself has cached */
	INV_VIOMMU,	/* all spaces nested on it */
	INV_RAW,	/* of a space, in a vendor's layout: start is where in the batch's bytes */
};

/* What the caller added. The object is looked up by its serial number when it is needed. */
struct inv_entry {
	uint64_t serial;
	uint64_t start, last;
	uint32_t id;		/* of the space; the PASID */
	uint16_t kind;
	bool leaf_only;
};

/* What is to be done: a range of one space. */
struct inv_job {
	struct ioasid_space *space;
	uint64_t start, last;
	bool leaf_only;
};

struct ioasid_inv {
	struct ioasid_ctx *ctx;
	struct inv_entry *entries;
	size_t count, room;
	size_t runs;		/* of neighbours in order, one entry or more */
	bool not_pages;		/* of one space: there are entries of other kinds */
	struct inv_job *jobs;	/* room for sorting: twice n_jobs */
	size_t jobs_room;
	struct inv_raw raw;
	struct inv_list list;	/* what goes to a kernel as arrays */
};

/* ioasid_inv_submit() with the lock held, of which @reap waits for the end. */
int inv_submit_locked(struct ioasid_inv *inv, size_t *handled, struct reap *reap);

#endif
