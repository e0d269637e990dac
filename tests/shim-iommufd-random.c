/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Software nesting on iommufd, at random: what is in the IOAS of a nested space. */
#include "random_nested.h"
#include "shim_ioas.h"

static uint32_t look(unsigned int i, uint64_t iova, uint64_t *host)
{
	return shim_ioas_look(shim_attached(i), iova, host);
}

START_TEST(kernel_has_what_the_tables_say)
{
	random_nested(&(struct random_kernel){ nested_setup, nested_teardown, bind_device, look });
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-random");
	TCase *tc = tcase_create("random");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, kernel_has_what_the_tables_say);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
