/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays random calls, and finds the shortest list of them that still fails. */
#include "random_play.h"

#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

static const struct game *game;

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
	unsigned int i, k;

	for (i = 0; i < game->calls; i++) {
		calls[i].kind = (unsigned int)(next(&state) % game->kinds);
		for (k = 0; k < 8; k++)
			calls[i].draw[k] = next(&state);
	}
}

/* Makes those calls that are not dropped; what differs goes to @failure. */
static void play(uint64_t seed, const struct call *calls, const bool *dropped, FILE *trace,
		 char *failure, size_t size)
{
	void *world = game->open(seed, trace);
	unsigned int i;

	for (i = 0; i < game->calls && !game->failure(world)[0]; i++)
		if (!dropped[i])
			game->call(world, &calls[i], i);
	if (!game->failure(world)[0])
		game->check(world);
	snprintf(failure, size, "%s", game->failure(world));
	if (!failure[0])
		game->close(world);
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
	bool tried[MAX_CALLS];
	unsigned int step, at, i;

	for (step = game->calls / 2; step >= 1; step = step == 1 ? 0 : (step + 1) / 2) {
		for (at = 0; at < game->calls; at += step) {
			bool any = false;

			memcpy(tried, dropped, sizeof(tried));
			for (i = at; i < at + step && i < game->calls; i++) {
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
	static struct call calls[MAX_CALLS];
	static bool dropped[MAX_CALLS];
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
	printf("shortest list of calls that fails%s:\n", game->about ? game->about(seed) : "");
	fails(seed, calls, dropped, stdout, failure, sizeof(failure));
	ck_abort_msg("IOASID_TEST_SEED=%ju: %s", (uintmax_t)seed, failure);
}

void play_game(const struct game *g, unsigned int normal)
{
	const char *seed = getenv("IOASID_TEST_SEED"), *count = getenv("IOASID_TEST_ROUNDS");
	uint64_t first = seed ? strtoull(seed, NULL, 0) : 1, i;
	uint64_t n = count ? strtoull(count, NULL, 0) : rounds(normal);

	ck_assert_uint_le(g->calls, MAX_CALLS);
	game = g;
	for (i = 0; i < n; i++)
		play_seed(first + i);
}
