/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <ioasid/version.h>
#include <stdio.h>

#include "runner.h"

START_TEST(header_and_package_version_agree)
{
	char header[32];

	snprintf(header, sizeof(header), "%d.%d.%d", IOASID_VERSION_MAJOR, IOASID_VERSION_MINOR,
		 IOASID_VERSION_PATCH);
	ck_assert_str_eq(header, PACKAGE_VERSION);
}
END_TEST

START_TEST(library_tells_the_package_version)
{
	ck_assert_str_eq(ioasid_version(), PACKAGE_VERSION);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("version");
	TCase *tc = tcase_create("version");

	tcase_add_test(tc, header_and_package_version_agree);
	tcase_add_test(tc, library_tells_the_package_version);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
