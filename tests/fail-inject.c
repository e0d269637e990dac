/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each allocation of each call fails in turn. */
#include "config.h"

#include <sys/mman.h>

#include "fail_world.h"

int main(void)
{
	Suite *s = suite_create("fail-inject");

	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return EXIT_FAILURE;
	add_batch_cases(s);
	add_dirty_cases(s);
	add_object_cases(s);
	add_mapping_cases(s);
	add_nesting_cases(s);
	add_far_cases(s);
	add_pasid_cases(s);
	add_hardware_cases(s);
	add_viommu_cases(s);
	return run_suite(s);
}
