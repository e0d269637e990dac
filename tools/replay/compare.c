/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listing and comparing. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

/* Does @b go on where @a ends, on both sides? */
static bool continues(const struct ioasid_run *a, const struct ioasid_run *b)
{
	return a->iova + a->length == b->iova && a->target + a->length == b->target &&
	       a->perm == b->perm;
}

/* As many runs, and calls that tell none, are more than a guest has use for. */
#define MAX_RUNS  (1u << 22)
#define MAX_EMPTY 16

int list_runs(const struct ioasid_space *space, struct ioasid_run **runs, size_t *n)
{
	size_t room = 0, empty = 0, got;
	struct ioasid_run piece[64];
	uint64_t cursor = 0;
	bool done = false;

	*runs = NULL;
	*n = 0;
	while (!done && *n < MAX_RUNS && empty < MAX_EMPTY) {
		got = ioasid_space_query_runs(space, &cursor, UINT64_MAX, piece,
					      sizeof(piece) / sizeof(piece[0]), &done);
		empty += !got;
		for (size_t i = 0; i < got; i++) {
			if (*n && continues(&(*runs)[*n - 1], &piece[i])) {
				(*runs)[*n - 1].length += piece[i].length;
				continue;
			}
			*runs = grow(*runs, *n, &room, sizeof(**runs));
			(*runs)[(*n)++] = piece[i];
		}
	}
	return done ? 0 : fail("the tables say too much: up to 0x%" PRIx64 " they have %zu runs",
			       cursor, *n);
}

static uint64_t last_of(const struct ioasid_run *run)
{
	return run->iova + run->length - 1;
}

static bool overlap(const struct ioasid_run *a, const struct ioasid_run *b)
{
	return a->iova <= last_of(b) && b->iova <= last_of(a);
}

static bool equal(const struct ioasid_run *a, const struct ioasid_run *b)
{
	return a->iova == b->iova && a->length == b->length && a->target == b->target &&
	       a->perm == b->perm;
}

/* Where both are, do they say the same? */
static bool agree(const struct ioasid_run *a, const struct ioasid_run *b)
{
	return a->target - a->iova == b->target - b->iova && a->perm == b->perm;
}

static size_t report(const struct comparison *how, enum difference what,
		     const struct ioasid_run *expected, const struct ioasid_run *listed)
{
	how->found(how->data, what, expected, listed);
	return 1;
}

/* What is known of a listed run. */
enum { UNSEEN, SEEN, TAKEN };

/*
 * One expected run against the listed ones that overlap it, from @first on. A run takes its equal,
 * so one that is expected twice is a difference.
 */
static size_t compare_one(const struct comparison *how, const struct ioasid_run *expected,
			  const struct ioasid_run *listed, size_t first, size_t n,
			  unsigned char *state)
{
	const struct ioasid_run *other = NULL;
	bool same = false, wrong = false;

	for (size_t i = first; i < n && listed[i].iova <= last_of(expected); i++) {
		if (!overlap(expected, &listed[i]))
			continue;
		if (equal(expected, &listed[i]) && state[i] != TAKEN) {
			state[i] = TAKEN;
			same = true;
			continue;
		}
		if (!agree(expected, &listed[i]) || state[i] == TAKEN)
			wrong = true;
		if (state[i] == UNSEEN)
			state[i] = SEEN;
		other = &listed[i];
	}
	if (same && !wrong)
		return 0;
	if (how->not_filled && !wrong) {
		++*how->not_filled;
		return 0;
	}
	return report(how, other ? DIFFERENCE_CHANGED : DIFFERENCE_MISSING, expected, other);
}

/* How many bytes of a run the expected ones from @first on cover. */
static uint64_t covered(const struct ioasid_run *run, const struct capture_run *expected,
			size_t first, size_t n)
{
	uint64_t start, last, sum = 0;

	for (size_t i = first; i < n && overlap(&expected[i].run, run); i++) {
		start = expected[i].run.iova;
		last = last_of(&expected[i].run);
		start = start > run->iova ? start : run->iova;
		last = last < last_of(run) ? last : last_of(run);
		sum += last - start + 1;
	}
	return sum;
}

/*
 * Listed runs that nobody expects; where parts of runs are allowed, also those that reach beyond.
 */
static size_t find_unexpected(const struct comparison *how, const struct capture_run *expected,
			      size_t n_expected, const struct ioasid_run *listed, size_t n_listed,
			      const unsigned char *state)
{
	size_t differing = 0, j = 0;

	for (size_t i = 0; i < n_listed; i++) {
		while (j < n_expected && last_of(&expected[j].run) < listed[i].iova)
			j++;
		if (state[i] == UNSEEN ||
		    (how->not_filled &&
		     covered(&listed[i], expected, j, n_expected) < listed[i].length))
			differing += report(how, DIFFERENCE_UNEXPECTED, NULL, &listed[i]);
	}
	return differing;
}

size_t compare_runs(const struct comparison *how, const struct capture_run *expected,
		    size_t n_expected, const struct ioasid_run *listed, size_t n_listed)
{
	unsigned char *state = xrealloc(NULL, n_listed, 1);
	size_t differing = 0, first = 0;

	memset(state, UNSEEN, n_listed);
	for (size_t i = 0; i < n_expected; i++) {
		while (first < n_listed && last_of(&listed[first]) < expected[i].run.iova)
			first++;
		differing += compare_one(how, &expected[i].run, listed, first, n_listed, state);
	}
	differing += find_unexpected(how, expected, n_expected, listed, n_listed, state);
	free(state);
	return differing;
}
