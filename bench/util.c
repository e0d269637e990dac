/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random order, memory, checks and CPUs for all measures. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <ioasid/ioasid.h>

#include "bench.h"

volatile uint64_t sink;

static uint64_t random_state = 88172645463325252;
static cpu_set_t all_cpus;
static bool know_cpus;

uint64_t random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(2685821657736338717);
}

uint64_t random_below(uint64_t n)
{
	return (random_next() >> 11) % n;
}

uint32_t *random_order(uint32_t n)
{
	uint32_t *order = need_calloc(n, sizeof(*order)), i;

	for (i = 0; i < n; i++) {
		uint32_t k = (uint32_t)random_below(i + 1);

		order[i] = order[k];
		order[k] = i;
	}
	return order;
}

void *need(void *p)
{
	if (!p) {
		fprintf(stderr, "out of memory\n");
		exit(EXIT_FAILURE);
	}
	return p;
}

void *need_calloc(size_t n, size_t size)
{
	return need(calloc(n, size));
}

void check(int ret, const char *what)
{
	if (ret < 0) {
		fprintf(stderr, "%s: %s\n", what, ioasid_errmsg());
		exit(EXIT_FAILURE);
	}
}

bool pin(unsigned int nth)
{
	cpu_set_t set;
	int cpu;

	if (!know_cpus && sched_getaffinity(0, sizeof(all_cpus), &all_cpus))
		return false;
	know_cpus = true;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all_cpus) || nth--)
			continue;
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		return !sched_setaffinity(0, sizeof(set), &set);
	}
	return false;
}

void unpin(void)
{
	if (know_cpus)
		sched_setaffinity(0, sizeof(all_cpus), &all_cpus);
}
