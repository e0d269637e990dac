/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A kernel back end and the emulation, side by side: 100,000 random calls on each back end, half of
 * them in each of run-vm's two machines. A failure prints its seed and the shortest list of calls
 * found that still fails.
 */
#include "twins.h"

START_TEST(kernel_and_emulation_do_the_same)
{
	play_game(&twins_game, 50);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("twins");
	TCase *tc = tcase_create("twins");

	tcase_set_timeout(tc, 20); /* times 20, in the virtual machine */
	tcase_add_test(tc, kernel_and_emulation_do_the_same);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
