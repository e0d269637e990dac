/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the benchmark's files share: measures and their samples, time, random order. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define KIB UINT64_C(1024)
#define MIB (KIB * 1024)
#define GIB (MIB * 1024)
#define TIB (GIB * 1024)
#define PAGE UINT64_C(4096)

#define MAX_ROUNDS 1001

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* How a measure is compared with its reference. */
enum rule {
	AT_MOST_TIMES,	/* value / reference <= target */
	AT_LEAST_TIMES,	/* value / reference >= target */
	AT_MOST_MORE,	/* value - reference <= target */
	AT_MOST,	/* value <= target */
	NO_TARGET,
};

struct measure {
	const char *name;
	const char *unit;
	const char *reference;	/* what it is */
	enum rule rule;
	double target;
};

/* Measures that share their set-up, and are therefore taken together. */
struct group {
	const struct measure *measures;
	size_t n;
	void (*run)(const struct measure *measures);
};

extern const struct group memory_group, translate_hot_group, translate_random_group,
	translate_2m_group, dma_group, threads_group, map_group, map_1t_group, sync_group,
	sync_pieces_group, inv_group, inv_drain_group, parent_group, bomb_group, fault_group,
	nested_group, pasid_group, dirty_read_group, dirty_write_group;

/* What main() runs, in this order: each program has its own. */
extern const struct group *const groups[];
extern const size_t n_groups;

/*
 * What can be measured among any number of mappings: translations of pages in random order, and
 * their memory; map and unmap of one (two measures); invalidation of one in a guest's table.
 */
void measure_translate(const struct measure *m, uint32_t pages);
void measure_memory(const struct measure *m, uint32_t pages);
void measure_maps(const struct measure *m, uint32_t pages);
void measure_inv(const struct measure *m, uint32_t pages);

/* The command line. */
struct options {
	bool quick;
	bool json;
	unsigned int rounds;	/* 0: what the measure takes for itself */
	const char *filter;	/* part of a measure's name, or NULL */
};

extern struct options options;

/* One measure's samples: value and reference of the same round. */
struct series {
	const struct measure *measure;
	unsigned int n;
	double value[MAX_ROUNDS];
	double reference[MAX_ROUNDS];
};

/* Rounds to take when @normal is enough for a full run. */
unsigned int rounds(unsigned int normal);

/* Does the command line ask for it? */
bool is_wanted(const struct measure *measure);

struct series *series_new(const struct measure *measure);
void series_add(struct series *series, double value, double reference);

/* Prints the line and frees the samples. */
void series_report(struct series *series);

/* Says on stderr why measures are left out. */
void skipped(const struct measure *measures, size_t n, const char *why);

/* Results go here, so that the compiler cannot leave out what made them. */
extern volatile uint64_t sink;

/* Time that this thread has been running: on a busy machine what others take does not count. */
static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Nanoseconds per operation since @start. */
static inline double per_op(uint64_t start, uint64_t operations)
{
	return (double)(now_ns() - start) / (double)operations;
}

/* Pseudorandom numbers, the same ones in each run (xorshift64*). */
uint64_t random_next(void);
uint64_t random_below(uint64_t n);

/* The numbers below @n in random order; the caller frees them. */
uint32_t *random_order(uint32_t n);

/* Memory or the end of the program. */
void *need(void *p);
void *need_calloc(size_t n, size_t size);

/* Ends the program if a call of the library has failed. */
void check(int ret, const char *what);

/* Runs this thread on one CPU only; @nth of those allowed. False if there are not so many. */
bool pin(unsigned int nth);
void unpin(void);

#endif
