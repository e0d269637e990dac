/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mock.h"

int main(void)
{
	Suite *suite = suite_create("mock");

	suite_add_tcase(suite, mock_adopt());
	suite_add_tcase(suite, mock_dirty());
	suite_add_tcase(suite, mock_fault());
	suite_add_tcase(suite, mock_nested());
	suite_add_tcase(suite, mock_pasid());
	suite_add_tcase(suite, mock_process());
	suite_add_tcase(suite, mock_viommu());
	return run_suite(suite);
}
