/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A shadow on a parent of pieces that a test places as it likes, with guest tables in real memory.
 * What leaves lead to is never touched, so host addresses are made up.
 */
#ifndef TESTS_SHADOW_WORLD_H
#define TESTS_SHADOW_WORLD_H

#include <shadow/node.h>

#include "guest_tables.h"
#include "runner.h"

#define MIB	 (UINT64_C(1) << 20)
#define GIB	 (UINT64_C(1) << 30)
#define PAGE	 UINT64_C(4096)
#define RW	 IOPT_PERM
#define ALL	 UINT64_MAX
#define TABLES	 (8 * MIB)	/* where the guest has its tables */
#define END	 (20 * MIB)	/* of the guest's memory */
#define N_PIECES 256

struct piece {
	uint64_t start, last, host;	/* last 0: not there */
	unsigned int perm;
	bool big;			/* keeps no list */
};

struct world {
	struct pages pool;
	struct reap reap;
	struct piece piece[N_PIECES];
	uint64_t *heads;		/* a list for each piece */
	uint64_t gen;
	uint8_t *tables;		/* END - TABLES bytes */
	struct ioasid_pgtable pgtable;
	struct guest_table t;
	struct shadow s;
};

extern struct world w;

void world_open(void);
void world_close(void);

/* The guest's memory at [@start, @start + @length): tables where they are, all else at @host. */
unsigned int root_map(uint64_t start, uint64_t length, uint64_t host, unsigned int perm, bool big);
void root_unmap(unsigned int i);
const struct piece *root_find(uint64_t gpa);

/*
 * A table of the guest's, bound with nothing in it; of any description that has input_bits. An
 * upper table is the same one.
 */
void bind_as(const struct ioasid_pgtable *pgtable, bool on_demand);
void bind(enum ioasid_pgtable_format format, bool on_demand);
void sync_range(uint64_t start, uint64_t last);

/* What a DMA gets: the host address, or 0. */
uint64_t translate(struct shadow *s, uint64_t iova, unsigned int need);

/* What it should get by the guest's tables and the pieces as they are now. */
uint64_t referee(uint64_t iova, unsigned int need);

/* Frees what is out of use, and checks all nodes and lists. */
void settle(void);
unsigned int count_nodes(const struct shadow *s);

uint64_t rnd(uint64_t below);
void set_seed(uint64_t seed);

void add_bare_cases(Suite *s);
void add_random_cases(Suite *s);
void add_deep_cases(Suite *s);

#endif
