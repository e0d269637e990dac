/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest that does what the input says, and the referee: what a DMA may come to.
 *
 *   ROOT <- FIRST <- SECOND
 *
 * ROOT maps memory; the others have a page table, or mappings of the parent's addresses. The first
 * pages of the memory are the guest's tables, and each store to them is written down. A translation
 * may use of each entry what it said at the last invalidation of the address, or at any time since;
 * filled on demand, an entry that gives no translation only as it is now.
 *
 * Addresses are in pages, but for those of table entries.
 */
#ifndef TESTS_FUZZ_GUEST_H
#define TESTS_FUZZ_GUEST_H

#include "fuzz.h"
#include "referee.h"

enum { ROOT, FIRST, SECOND, SPACES };

#define TABLE_PAGES  8
#define SMALL	     32 /* pages that a guest begins with */
#define LARGE	     16384 /* 64 MiB: the library keeps no list of what leads there */
#define MEMORY_PAGES (LARGE + 256)
#define NOWHERE	     UINT64_MAX

#define MAX_STORES   512
#define MAX_PASSES   256
#define MAX_MAPPINGS 64

struct mapping {
	uint64_t start, length, target; /* of the parent, or of the memory */
	uint32_t perm;
};

/* An invalidation. */
struct pass {
	uint64_t start, last, time;
};

struct space {
	struct ioasid_space *space;
	struct ioasid_device *device;
	struct ioasid_channel *channel;
	bool exists, is_table, bound, on_demand, hardware;
	bool tells_device; /* its TLB has to be told by itself */
	struct ioasid_pgtable table;
	struct pass passes[MAX_PASSES];
	size_t n_passes;
	struct mapping mappings[MAX_MAPPINGS];
	size_t n_mappings;
};

struct store {
	uint64_t time, value;
	unsigned int word;
};

struct guest {
	struct ioasid_ctx *ctx;
	struct ioasid_inv *inv;
	struct ioasid_event_queue *queue; /* or NULL */
	bool audit;
	uint8_t *memory;
	struct space at[SPACES];
	uint64_t time;
	struct store stores[MAX_STORES];
	size_t n_stores;
	bool tracked, recording; /* dirty tracking: possible, and on */
	/* By pages of the memory: written since they were read; of a mapping that is gone. */
	uint64_t written[MEMORY_PAGES / 64 + 1], unmapped[MEMORY_PAGES / 64 + 1];
};

/* What a page may lead to. */
struct outcome {
	uint64_t memory; /* page of the memory, or NOWHERE */
	uint32_t perm;
};

struct outcomes {
	struct outcome list[32];
	size_t n;
	bool any; /* too many to say: anything may be */
	bool several; /* some entry on the way has been changed */
};

/* @only_now: as the tables are now, whatever was invalidated. */
void find_outcomes(struct guest *g, int s, uint64_t page, bool only_now, struct outcomes *out);
bool is_outcome(const struct outcomes *out, uint64_t memory, uint32_t access);

struct mapping *find_mapping(struct space *s, uint64_t page);
bool overlaps(const struct space *s, uint64_t start, uint64_t length);

/* Stores an entry into a table page, and writes it down. */
void store_entry(struct guest *g, unsigned int word, uint64_t value);
/* An invalidation of those pages has just been carried out. */
void note_pass(struct guest *g, int s, uint64_t start, uint64_t last);
/* When the page was last invalidated. */
uint64_t last_pass(const struct space *s, uint64_t page);

/* Does DMA to a page and compares; returns the page of the memory that it may read, or NOWHERE. */
uint64_t probe(struct guest *g, int s, uint64_t page);

/* guest_dirty.c */
void do_dirty(struct guest *g, struct input *in);
void check_dirty(struct guest *g);
void note_unmap(struct guest *g, const struct mapping *m);
void note_write(struct guest *g, uint64_t page);
/* As ioasid_space_unmap() of a mapping of the root, or, NULL, of nothing at @page. */
int unmap_dirty(struct guest *g, uint64_t page, const struct mapping *m, uint64_t *unmapped);

/* guest_world.c: @options are bits of the input. */
void guest_open(struct guest *g, uint64_t options);
void guest_close(struct guest *g);
void map_pages(struct guest *g, int s, const struct mapping *m);
void bind_table(struct guest *g, int s, uint64_t root, unsigned int options);

/*
 * An entry in the format of a space for a table at @level: a reference to a table (a page, at the
 * lowest), or a large page; @bits are permissions and oddities.
 */
uint64_t entry_value(const struct space *space, unsigned int level, uint64_t target, bool large,
		     unsigned int bits);

#endif
