/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random calls, the library against a model. A failure prints its seed and the shortest list of
 * calls found that still fails.
 *
 * IOASID_TEST_SEED: the first seed; IOASID_TEST_ROUNDS: how many.
 */
#include "random_world.h"

START_TEST(random_calls_do_what_the_model_does)
{
	play_seeds(30, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("random");
	TCase *tc = tcase_create("random");

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, random_calls_do_what_the_model_does);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
