/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays random calls, and finds the shortest list of them that still fails. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "random_world.h"

#define CALLS 300

static void (*fail_nth)(unsigned long n);

static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void make_calls(uint64_t seed, struct call *calls)
{
	uint64_t state = seed;
	int i, k;

	for (i = 0; i < CALLS; i++) {
		calls[i].kind = (unsigned int)(next(&state) % CALL_KINDS);
		for (k = 0; k < 8; k++)
			calls[i].draw[k] = next(&state);
	}
}

/* Makes those calls that are not dropped; what differs goes to @failure. */
static void play(uint64_t seed, const struct call *calls, const bool *dropped, FILE *trace,
		 char *failure, size_t size)
{
	static struct world w;
	int i;

	world_open(&w, seed);
	w.fail_nth = fail_nth;
	w.trace = trace;
	for (i = 0; i < CALLS && !w.failure[0]; i++) {
		if (dropped[i])
			continue;
		make_call(&w, &calls[i]);
		if (!w.failure[0])
			check_some(&w, calls[i].draw[7]);
		if (!w.failure[0] && i % 16 == 15)
			check_all(&w);
	}
	if (!w.failure[0])
		check_all(&w);
	snprintf(failure, size, "%s", w.failure);
	if (!w.failure[0])
		world_close(&w);
}

/* The same in a process of its own, so that a crash is a failure too. Whether it fails. */
static bool fails(uint64_t seed, const struct call *calls, const bool *dropped, FILE *trace,
		  char *failure, size_t size)
{
	int ends[2], status;
	ssize_t n;
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	fflush(NULL);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (!child) {
		play(seed, calls, dropped, trace, failure, size);
		if (trace)
			fflush(trace);
		_exit(write(ends[1], failure, strlen(failure)) < 0);
	}
	close(ends[1]);
	n = read(ends[0], failure, size - 1);
	failure[n < 0 ? 0 : n] = 0;
	close(ends[0]);
	waitpid(child, &status, 0);
	if (!failure[0] && (!WIFEXITED(status) || WEXITSTATUS(status)))
		snprintf(failure, size, "crash, status %#x", (unsigned int)status);
	return failure[0];
}

/* Drops calls, many at once and then fewer, as long as it still fails. */
static void shrink(uint64_t seed, const struct call *calls, bool *dropped)
{
	char failure[512];
	bool tried[CALLS];
	int step, at, i;

	for (step = CALLS / 2; step >= 1; step = step == 1 ? 0 : (step + 1) / 2) {
		for (at = 0; at < CALLS; at += step) {
			bool any = false;

			memcpy(tried, dropped, sizeof(tried));
			for (i = at; i < at + step && i < CALLS; i++) {
				any |= !tried[i];
				tried[i] = true;
			}
			if (any && fails(seed, calls, tried, NULL, failure, sizeof(failure)))
				memcpy(dropped, tried, sizeof(tried));
		}
	}
}

static void play_seed(uint64_t seed)
{
	static struct call calls[CALLS];
	static bool dropped[CALLS];
	char failure[512];

	make_calls(seed, calls);
	memset(dropped, 0, sizeof(dropped));
	if (getenv("CK_FORK"))
		play(seed, calls, dropped, NULL, failure, sizeof(failure));
	else
		fails(seed, calls, dropped, NULL, failure, sizeof(failure));
	if (!failure[0])
		return;
	printf("seed %ju: %s\n", (uintmax_t)seed, failure);
	shrink(seed, calls, dropped);
	printf("shortest list of calls that fails (fill of TABLE1: %s, of TABLE2: %s):\n",
	       seed & 1 ? "on demand" : "on invalidation",
	       seed & 2 ? "on demand" : "on invalidation");
	fails(seed, calls, dropped, stdout, failure, sizeof(failure));
	ck_abort_msg("IOASID_TEST_SEED=%ju: %s", (uintmax_t)seed, failure);
}

void play_seeds(unsigned int normal, void (*fail)(unsigned long n))
{
	const char *seed = getenv("IOASID_TEST_SEED"), *count = getenv("IOASID_TEST_ROUNDS");
	uint64_t first = seed ? strtoull(seed, NULL, 0) : 1, i;
	uint64_t n = count ? strtoull(count, NULL, 0) : rounds(normal);

	fail_nth = fail;
	for (i = 0; i < n; i++)
		play_seed(first + i);
}
