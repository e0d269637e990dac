/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Software nesting on a kernel, at random: after each call, what it has for each page has to
 * be what a slow and obvious model says: the guest's tables as last invalidated, led through what
 * the parent maps now. A failure names its seed and the step.
 */
#ifndef TESTS_RANDOM_NESTED_H
#define TESTS_RANDOM_NESTED_H

#include "shim_nested.h"

/* A kernel that the test plays, with the objects of shim_nested.h. */
struct random_kernel {
	void (*setup)(void);
	void (*teardown)(void);
	struct ioasid_device *(*bind)(unsigned int i);
	/* What device @i, which is attached, may do at @iova, and where that is in the process. */
	uint32_t (*look)(unsigned int i, uint64_t iova, uint64_t *host);
};

/* Plays IOASID_TEST_ROUNDS rounds, or 20. */
void random_nested(const struct random_kernel *kernel);

#endif
