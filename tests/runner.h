/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every test program needs: the last line of its main, and how slow the machine is. */
#ifndef TESTS_RUNNER_H
#define TESTS_RUNNER_H

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* IOASID_TEST_SLOW says so, as under valgrind: then tests do less of what is long. */
static inline bool test_is_slow(void)
{
	const char *slow = getenv("IOASID_TEST_SLOW");

	return slow && *slow;
}

#endif /* TESTS_RUNNER_H */
