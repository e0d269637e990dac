/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a space translates, and how that differs from what is expected. */
#ifndef REPLAY_COMPARE_H
#define REPLAY_COMPARE_H

#include "capture.h"

/*
 * All that the space translates: maximal contiguous runs, ascending. To be freed, also after -1: a
 * few tables that lead to each other say more than can be listed, which is said then.
 */
int list_runs(const struct ioasid_space *space, struct ioasid_run **runs, size_t *n);

enum difference {
	/* Expected, and nothing of it is there. */
	DIFFERENCE_MISSING = 1,
	/* There, and nothing of it is expected. */
	DIFFERENCE_UNEXPECTED,
	/* Expected, and something else is there, or in its place. */
	DIFFERENCE_CHANGED,
	/* Expected and listed, but a DMA came out at another host address, or did not come out. */
	DIFFERENCE_DMA,
};

/* Receives each difference: the run expected (but for UNEXPECTED), and one listed there, if any. */
typedef void difference_fn(void *data, enum difference what, const struct ioasid_run *expected,
			   const struct ioasid_run *listed);

struct comparison {
	difference_fn *found;
	void *data;
	/*
	 * What is listed may be less than what is expected, and nothing but that: runs, or parts of
	 * runs, that are missing are counted here and are no difference. NULL: both are equal.
	 */
	size_t *not_filled;
};

/* Compares, calls @found for each difference, and returns how many there are. */
size_t compare_runs(const struct comparison *how, const struct capture_run *expected,
		    size_t n_expected, const struct ioasid_run *listed, size_t n_listed);

#endif
