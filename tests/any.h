/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers that look random, and are the same in each run. */
#ifndef TESTS_ANY_H
#define TESTS_ANY_H

#include <stdbool.h>
#include <stdint.h>

/* xorshift64 (Marsaglia, "Xorshift RNGs", 3), for who keeps the state, which is not 0. */
static inline uint64_t xorshift(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* xorshift64* */
static inline uint64_t any(void)
{
	static uint64_t state = 1;

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * UINT64_C(0x2545f4914f6cdd1d);
}

static inline bool one_in(unsigned n)
{
	return any() % n == 0;
}

#endif /* TESTS_ANY_H */
