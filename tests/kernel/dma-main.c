/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dma.h"

int main(void)
{
	Suite *suite = suite_create("dma");

	suite_add_tcase(suite, dma_mapped());
	suite_add_tcase(suite, dma_blocked());
	suite_add_tcase(suite, dma_replace());
	suite_add_tcase(suite, dma_nested());
	suite_add_tcase(suite, dma_nvme());
	suite_add_tcase(suite, dma_node());
	suite_add_tcase(suite, dma_peer());
	suite_add_tcase(suite, dma_reset());
	suite_add_tcase(suite, dma_unplug());
	suite_add_tcase(suite, dma_user());
	suite_add_tcase(suite, dma_vfio());
	return run_suite(suite);
}
