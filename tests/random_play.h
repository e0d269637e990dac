/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays random calls in a world of the test's, and finds the shortest list that still fails. */
#ifndef TESTS_RANDOM_PLAY_H
#define TESTS_RANDOM_PLAY_H

#include <stdint.h>
#include <stdio.h>

/* A call: what, and the numbers it draws from. */
struct call {
	unsigned int kind;
	uint64_t draw[8];
};

#define MAX_CALLS 1000u

struct game {
	unsigned int calls; /* of a seed, at most MAX_CALLS */
	unsigned int kinds;
	/* Calls are described to @trace, which can be NULL. */
	void *(*open)(uint64_t seed, FILE *trace);
	/* Makes a call, and compares; @number is that of the call in its list. */
	void (*call)(void *world, const struct call *call, unsigned int number);
	/* Compares all. */
	void (*check)(void *world);
	/* What differs; an empty text: nothing. */
	const char *(*failure)(const void *world);
	void (*close)(void *world);
	/* What is to be said of a seed, beside its calls; or NULL. */
	const char *(*about)(uint64_t seed);
};

/*
 * Plays seeds from IOASID_TEST_SEED or 1 on, IOASID_TEST_ROUNDS or @normal of them, fewer on a slow
 * machine. Fails the test at the first that differs.
 */
void play_game(const struct game *game, unsigned int normal);

#endif
