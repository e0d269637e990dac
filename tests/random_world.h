/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small world in which random calls are made on the library, and a slow and obvious model of it:
 * lists of mappings, and a walk of the guest's tables for each look.
 *
 *   ROOT <- TABLE1 (second-stage table in ROOT) <- MAP2 (map protocol)
 *        <- MAP1 (map protocol) <- TABLE2 (first-stage table in MAP1)
 *   OTHER: a root on its own, which mappings are copied to
 *
 * All numbers are of pages unless they are called address.
 */
#ifndef TESTS_RANDOM_WORLD_H
#define TESTS_RANDOM_WORLD_H

#include <stdarg.h>
#include <stdio.h>

#include "guest_tables.h"
#include "random_play.h"
#include "support.h"

enum { ROOT, TABLE1, MAP2, MAP1, TABLE2, OTHER, SPACES };

#define WINDOW	     128 /* pages of each space that are looked at */
#define MEMORY_PAGES 64
#define LARGE	     16384 /* a mapping so large that the library need not list its users */
#define TABLE_PAGES  12 /* the first of them, in which guests write entries */
#define MAX_MAPPINGS 200
#define NOWHERE	     UINT64_MAX
#define DIRTY_PAGES  (8 * LARGE) /* of ROOT, which are more than it has */

struct model_mapping {
	uint64_t start, length;
	uint64_t target; /* of memory, for roots; else of the parent */
	uint32_t perm;
	bool writable; /* what the memory was mapped with first */
	struct ioasid_mapping *handle;
};

struct model_space {
	struct ioasid_space *space;
	struct ioasid_device *device; /* always attached */
	struct ioasid_channel *channel;
	int parent; /* -1: none */
	bool is_table;
	bool bound;
	struct guest_table format; /* format and levels */
	uint64_t table_root; /* of the parent */
	uint64_t base; /* first page of the window */
	struct ioasid_range allowed; /* length 0: none */
	struct model_mapping mapping[MAX_MAPPINGS];
	size_t mappings;
};

struct world {
	struct ioasid_ctx *ctx;
	struct ioasid_inv *inv;
	uint8_t *memory;
	struct model_space at[SPACES];
	struct ioasid_device *guest; /* reserves pages 100-103; attached to ->guest_in, or -1 */
	int guest_in;
	bool tracking; /* ROOT records what is written: */
	bool dirty[DIRTY_PAGES]; /* these, unless they are not mapped any more */
	/* Makes the n-th allocation from now fail, 0: none; NULL where that cannot be done. */
	void (*fail_nth)(unsigned long n);
	bool armed;
	FILE *trace;
	char failure[512]; /* what the library did that the model did not */
};

void world_open(struct world *w, uint64_t seed);
void world_close(struct world *w);

/* Notes a difference; the first one counts. */
void differs(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The next library call may run out of memory; until disarm(). */
void arm(struct world *w, uint64_t draw);
void disarm(struct world *w);
/* Compares the result of a library call; whether the model is to follow it. */
bool follows(struct world *w, int got, int want, const char *call);
void traces(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *space_name(int s);

/* The model's answers. */
struct model_mapping *model_find(struct model_space *m, uint64_t page);
bool model_overlaps(struct model_space *m, uint64_t start, uint64_t length);
void model_add(struct world *w, int s, const struct model_mapping *mapping);
void model_remove(struct model_space *m, uint64_t start, uint64_t length);
bool model_reserved(struct world *w, int s, uint64_t start, uint64_t length);

/* Where @page of space @s leads in the memory, with the permission; NOWHERE. */
uint64_t model_memory(struct world *w, int s, uint64_t page, uint32_t *perm);
/* Where it leads in the parent; NOWHERE. */
uint64_t model_target(struct world *w, int s, uint64_t page, uint32_t *perm);
/* Whether the walk for @page reads this entry, and at which level; 0: no. */
unsigned int model_reads(struct world *w, int s, uint64_t page, const uint64_t *entry);

/* Unmaps whatever touches the range. */
void clear_range(struct world *w, int s, uint64_t start, uint64_t length);

/* Makes a call on the library and the model. */
void make_call(struct world *w, const struct call *call);
#define CALL_KINDS 36u

/* The guest's part of that: stores and invalidations, binding. */
void call_write(struct world *w, const uint64_t *draw);
void call_bind(struct world *w, const uint64_t *draw);
void call_needless(struct world *w, const uint64_t *draw);
/* Puts tables and what they lie in back in order, where calls have left little of it. */
void call_repair(struct world *w, const uint64_t *draw);

/* Dirty tracking of ROOT. */
void call_dirty(struct world *w, const uint64_t *draw);
void call_unmap_dirty(struct world *w, const uint64_t *draw);
/* A DMA was let write this page. */
void model_wrote(struct world *w, int s, uint64_t page);

/* Compares some pages, or all windows and lists. */
void check_some(struct world *w, uint64_t draw);
void check_all(struct world *w);

/* Plays seeds, fewer on a slow machine; fails the test at the first that differs. */
void play_seeds(unsigned int normal, void (*fail_nth)(unsigned long n));

#endif
