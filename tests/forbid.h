/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TESTS_FORBID_H
#define TESTS_FORBID_H

#include <stdbool.h>

/*
 * From now on there are no membarrier(2) and no getrandom(2) in this thread. False: it cannot be.
 */
bool forbid_calls(void);

/*
 * From now on the kernel is short of memory for the membarrier(2) of a process alone, in this
 * thread. False: that cannot be, or it has no other one.
 */
bool starve_barrier(void);

#endif
