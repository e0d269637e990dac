/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The random calls of emul-random, most of which run out of memory somewhere: those that say so
 * have changed nothing, and those that cannot fail do not.
 */
#include "random_world.h"
#include "util/alloc.h"

static void fail_nth(unsigned long n)
{
	mem_fail_nth(n);
}

START_TEST(calls_without_memory_change_nothing)
{
	play_seeds(20, fail_nth);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("no-memory");
	TCase *tc = tcase_create("no-memory");

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, calls_without_memory_change_nothing);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
