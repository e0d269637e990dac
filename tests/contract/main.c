/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "contract.h"

int main(void)
{
	Suite *suite = suite_create("contract");

	suite_add_tcase(suite, contract_ctx());
	suite_add_tcase(suite, contract_device());
	suite_add_tcase(suite, contract_fault_queue());
	suite_add_tcase(suite, contract_group());
	suite_add_tcase(suite, contract_pasid());
	suite_add_tcase(suite, contract_process());
	suite_add_tcase(suite, contract_space());
	suite_add_tcase(suite, contract_ranges());
	suite_add_tcase(suite, contract_map());
	suite_add_tcase(suite, contract_map_file());
	suite_add_tcase(suite, contract_map_copy());
	suite_add_tcase(suite, contract_map_parent());
	suite_add_tcase(suite, contract_unmap());
	suite_add_tcase(suite, contract_registered());
	suite_add_tcase(suite, contract_dirty());
	suite_add_tcase(suite, contract_vfio());
	suite_add_tcase(suite, contract_lifetimes());
	return run_suite(suite);
}
