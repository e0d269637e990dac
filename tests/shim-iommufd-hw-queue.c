/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hardware queues of vIOMMUs on iommufd, and their registers. */
#include "shim_expect.h"
#include "shim_smmuv3.h"
#include "shim_viommu.h"
#include "util/alloc.h"

START_TEST(hardware_queues)
{
	struct ioasid_hw_queue *q, *second;
	uint64_t unmapped;

	ck_ok(make_hw_queue(0, 0x3000, 0x2000, &q));
	expect(iommu, SHIM_HW_QUEUE_ALLOC, 40, 0, 4, OTHER, 0, 0, U64(0x3000), U64(0x2000));
	ck_ok(make_hw_queue(1, MEMORY - 32, 32, &second));
	expect(iommu, SHIM_HW_QUEUE_ALLOC, 40, 0, 4, OTHER, 1, 0, U64(MEMORY - 32), U64(32));
	ck_err(make_hw_queue(2, 0, 0, &q), EINVAL);
	ck_err(make_hw_queue(2, MEMORY - 32, 33, &q), ENOENT);
	ck_err(make_hw_queue(2, UINT64_MAX, 2, &q), EOVERFLOW);
	/* its memory stays */
	ck_err(ioasid_mapping_unmap(memory_mapping), EBUSY);
	said("hardware reads", "0x1ffffe0-0x1ffffff");
	ck_err(ioasid_space_unmap(root, 0, MEMORY, &unmapped), EBUSY);
	ck_err(ioasid_space_unmap_all(root, &unmapped), EBUSY);
	ck_err(ioasid_viommu_destroy(viommu), EBUSY);
	said("hardware queue", "");
	expect_end();
	fail_nth(1, EBUSY);
	ck_err(ioasid_hw_queue_destroy(q), EBUSY);
	ck_ok(ioasid_hw_queue_destroy(second));
	ck_ok(ioasid_hw_queue_destroy(q));
	ck_ok(ioasid_hw_queue_destroy(NULL));
	ck_ok(ioasid_mapping_unmap(memory_mapping));
}
END_TEST

START_TEST(options_of_hardware_queues)
{
	struct ioasid_hw_queue_options options = IOASID_HW_QUEUE_OPTIONS_INIT;
	struct ioasid_hw_queue *q = NULL;

	options.length = 32;
	ck_err(ioasid_hw_queue_create(viommu, &options, &q), EINVAL);
	options.type = IOASID_HW_QUEUE_RAW;
	ck_err(ioasid_hw_queue_create(viommu, &options, &q), EINVAL);
	options.raw_type = OTHER;
	options.reserved = 1;
	ck_err(ioasid_hw_queue_create(viommu, &options, &q), EINVAL);
	options.reserved = 0;
	options.type = IOASID_HW_QUEUE_TEGRA241;
	ck_err(ioasid_hw_queue_create(viommu, &options, &q), EINVAL);
	options.raw_type = 0;
	ck_err(ioasid_hw_queue_create(viommu, &options, &q), EOPNOTSUPP);
	options.size = SIZE_MAX;
	ck_err(ioasid_hw_queue_create(viommu, &options, &q), E2BIG);
	expect_end();
}
END_TEST

START_TEST(registers_are_mapped_once)
{
	void *at = NULL;

	shim_viommu.registers = memory;
	shim_viommu.map_offset = 0x10000;
	shim_viommu.map_length = 0x2000;
	ck_err(ioasid_viommu_map_registers(viommu, 0x10000, 0, &at), EINVAL);
	ck_err(ioasid_viommu_map_registers(viommu, 0x10000, 0x1000, &at), EINVAL);
	ck_ok(ioasid_viommu_map_registers(viommu, 0x10000, 0x2000, &at));
	ck_assert_ptr_eq(at, memory);
	ck_assert_int_eq(shim_viommu.map_fd, iommu);
	ck_err(ioasid_viommu_map_registers(viommu, 0x10000, 0x2000, &at), EBUSY);
	ck_ok(ioasid_viommu_destroy(viommu));
	ck_assert_uint_eq(shim_viommu.unmaps, 1);
}
END_TEST

START_TEST(an_smmuv3_has_no_registers)
{
	void *at = NULL;

	ck_err(ioasid_viommu_map_registers(viommu, 0x10000, 0x2000, &at), EOPNOTSUPP);
}
END_TEST

START_TEST(hardware_queues_that_fail)
{
	static const int more[][2] = { { EEXIST, EEXIST },	   { EIO, EIO },
				       { EFAULT, EFAULT },	   { ENOENT, ENOENT },
				       { ENOMEM, ENOMEM },	   { ENOTTY, EOPNOTSUPP },
				       { EOPNOTSUPP, EOPNOTSUPP }, { EINVAL, EINVAL },
				       { ERANGE, EINVAL } };
	struct ioasid_hw_queue *q = NULL;
	size_t i;

	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		fail_nth(1, more[i][0]);
		ck_err(make_hw_queue(0, 0, 32, &q), more[i][1]);
	}
	mem_fail_nth(1);
	ck_err(make_hw_queue(0, 0, 32, &q), ENOMEM);
	mem_fail_nth(0);
	ck_assert_ptr_null(q);
	ck_ok(ioasid_mapping_unmap(memory_mapping));
}
END_TEST

START_TEST(a_context_takes_its_queues_along)
{
	struct ioasid_hw_queue *first, *second;

	ck_ok(make_hw_queue(0, 0x3000, 0x2000, &first));
	ck_ok(make_hw_queue(1, 0x5000, 0x2000, &second));
	/* the teardown looks for what is left */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-hw-queue");
	TCase *tc = tcase_create("smmuv3");

	tcase_add_checked_fixture(tc, with_viommu, nested_teardown);
	tcase_add_test(tc, an_smmuv3_has_no_registers);
	suite_add_tcase(suite, tc);
	tc = tcase_create("raw");
	tcase_add_checked_fixture(tc, with_raw, nested_teardown);
	tcase_add_test(tc, hardware_queues);
	tcase_add_test(tc, options_of_hardware_queues);
	tcase_add_test(tc, registers_are_mapped_once);
	tcase_add_test(tc, hardware_queues_that_fail);
	tcase_add_test(tc, a_context_takes_its_queues_along);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
