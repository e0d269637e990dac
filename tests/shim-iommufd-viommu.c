/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vIOMMUs on iommufd: the kernel's commands to the byte, what becomes of its errors. */
#include <endian.h>
#include <string.h>

#include "shim_expect.h"
#include "shim_hwpt.h"
#include "shim_smmuv3.h"
#include "shim_version.h"
#include "shim_viommu.h"
#include "util/alloc.h"

START_TEST(info_says_which_there_are)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;

	ck_ok(ioasid_device_query_info(device, &info));
	ck_assert_uint_eq(info.viommu_types, 1u << IOASID_VIOMMU_SMMUV3 | 1u << IOASID_VIOMMU_RAW);
	shim.has_cmdqv = true;
	ck_ok(ioasid_device_query_info(bind_device(1), &info));
	ck_assert_uint_eq(info.viommu_types, 1u << IOASID_VIOMMU_SMMUV3 |
			  1u << IOASID_VIOMMU_TEGRA241 | 1u << IOASID_VIOMMU_RAW);
	shim.hw_type = 1;
	ck_ok(ioasid_device_query_info(bind_device(2), &info));
	ck_assert_uint_eq(info.viommu_types, 1u << IOASID_VIOMMU_RAW);
	shim.nests = false;
	ck_ok(ioasid_device_query_info(bind_device(3), &info));
	ck_assert_uint_eq(info.viommu_types, 0);
}
END_TEST

/* A context in which nobody has asked yet. */
static void open_again(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	ck_ok(ioasid_ctx_close(ctx));
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	iommu = shim_iommu_fd();
	shim_forget();
}

/* A kernel that has a command refuses flags that it does not know; nothing happens. Once. */
START_TEST(capabilities_are_asked_for)
{
	open_again();
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_VIOMMU));
	expect(iommu, SHIM_VIOMMU_ALLOC, 24, UINT32_MAX, 0, 0, 0, 0);
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_HW_QUEUE));
	expect(iommu, SHIM_HW_QUEUE_ALLOC, 40, UINT32_MAX, 0, 0, 0, 0, 0, 0, 0, 0);
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_VIOMMU));
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_HW_QUEUE));
	expect_end();
}
END_TEST

START_TEST(an_old_kernel_has_neither)
{
	open_again();
	shim.version = LINUX(6, 6);
	ck_assert_ptr_nonnull(strstr(ioasid_ctx_why_not(ctx, IOASID_CAP_VIOMMU), "6.13"));
	ck_assert_ptr_nonnull(strstr(ioasid_ctx_why_not(ctx, IOASID_CAP_HW_QUEUE), "6.17"));
	device = bind_device(0);
	root = make_space(ctx, NULL, 0);
	ck_err(make_viommu(IOASID_VIOMMU_SMMUV3, &viommu), EOPNOTSUPP);
	said("vIOMMU", "6.13");
}
END_TEST

/* From the page table that is nested on to a device behind it, and back. */
START_TEST(objects_come_and_go_in_order)
{
	const uint64_t ste[2] = { htole64(1 | 5 << 1), 0 };
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	ck_ok(make_viommu(IOASID_VIOMMU_SMMUV3, &viommu));
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(iommu, SHIM_MAP, 40, 7, 2, 0, U64((uintptr_t)memory), U64(MEMORY), U64(0));
	expect(iommu, SHIM_HWPT_ALLOC, 24, NEST, 1, 2, 0, 0);
	expect(iommu, SHIM_VIOMMU_ALLOC, 24, 0, SMMUV3, 1, 3, 0);
	ck_ok(ioasid_vdevice_create(viommu, device, VSID, &vdevice));
	expect(iommu, SHIM_VDEVICE_ALLOC, 24, 4, 1, 0, U64(VSID));
	options.viommu = viommu;
	ck_ok(ioasid_space_create(ctx, &options, &child));
	ck_assert_int_eq(space_info(child).nesting, IOASID_NESTING_HARDWARE);
	ck_ok(ioasid_space_bind_raw(child, 2, ste, sizeof(ste)));
	expect_end();
	/* nested on the vIOMMU, and not on the page table */
	ck_ok(ioasid_device_attach(device, child));
	expect(iommu, SHIM_HWPT_ALLOC, 40, 0, 1, 4, 0, 0, 2, 16, shim.calls[0].words[8],
	       shim.calls[0].words[9]);
	expect(shim_device_fd(0), SHIM_ATTACH, 12, 0, 6);
	ck_assert(!memcmp(shim_hwpt_data(6), ste, sizeof(ste)));
	expect_end();
	ck_ok(ioasid_device_detach(device));
	expect(shim_device_fd(0), SHIM_DETACH, 8, 0);
	expect(iommu, SHIM_DESTROY, 8, 6);
	ck_ok(ioasid_space_destroy(child));
	ck_ok(ioasid_vdevice_destroy(vdevice));
	expect(iommu, SHIM_DESTROY, 8, 5);
	ck_ok(ioasid_viommu_destroy(viommu));
	expect(iommu, SHIM_DESTROY, 8, 4);
	expect(iommu, SHIM_DESTROY, 8, 3);
	expect(iommu, SHIM_DESTROY, 8, 2);
	expect_end();
}
END_TEST

/*
 * What the nested page table of a device that uses PASIDs is made for. An SMMUv3's takes no flags,
 * since its context descriptors are the guest's (Linux, arm_vsmmu_alloc_domain_nested()).
 */
static uint32_t nested_flags(enum ioasid_viommu_type type)
{
	const uint64_t ste[2] = { htole64(1 | 5 << 1), 0 };
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_space_options on = IOASID_SPACE_OPTIONS_INIT;

	shim.pasid_bits = 20;
	ck_ok(ioasid_device_unbind(device));
	device = bind_device(0);
	ck_ok(ioasid_device_attach_pasid(device, 5, make_space(ctx, NULL, 0)));
	options.type = type;
	if (type == IOASID_VIOMMU_RAW)
		options.raw_type = options.raw_commands = shim_viommu.type;
	ck_ok(ioasid_viommu_create(root, device, &options, &viommu));
	ck_ok(ioasid_vdevice_create(viommu, device, VSID, &vdevice));
	on.viommu = viommu;
	ck_ok(ioasid_space_create(ctx, &on, &child));
	ck_ok(ioasid_space_bind_raw(child, 2, ste, sizeof(ste)));
	shim_forget();
	ck_ok(ioasid_device_attach(device, child));
	ck_assert_uint_eq(shim.calls[0].command, SHIM_HWPT_ALLOC);
	return shim.calls[0].words[1];
}

START_TEST(pasids_of_nested_page_tables)
{
	ck_assert_uint_eq(nested_flags(_i ? IOASID_VIOMMU_RAW : IOASID_VIOMMU_SMMUV3), _i ? 8 : 0);
}
END_TEST

/* One that is there already serves, if the driver takes it. */
START_TEST(parents_are_shared_by_IOMMUs_that_are_alike)
{
	struct ioasid_device *second = bind_device(1);
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_viommu *more;

	ck_ok(make_viommu(IOASID_VIOMMU_SMMUV3, &viommu));	/* 4 the page table, 5 it */
	shim_forget();
	options.type = IOASID_VIOMMU_SMMUV3;
	ck_ok(ioasid_viommu_create(root, second, &options, &more));
	expect(iommu, SHIM_VIOMMU_ALLOC, 24, 0, SMMUV3, 2, 4, 0);
	ck_ok(ioasid_viommu_destroy(more));
	expect(iommu, SHIM_DESTROY, 8, 6);
	shim.unlike = 2;
	ck_ok(ioasid_viommu_create(root, second, &options, &more));
	expect(iommu, SHIM_VIOMMU_ALLOC, 24, 0, SMMUV3, 2, 4, 0);
	expect(iommu, SHIM_HWPT_ALLOC, 24, NEST, 2, 3, 0, 0);
	expect(iommu, SHIM_VIOMMU_ALLOC, 24, 0, SMMUV3, 2, 6, 0);
	ck_err(ioasid_vdevice_create(viommu, second, 5, &vdevice), EINVAL);
	ck_ok(ioasid_viommu_destroy(more));
	ck_ok(ioasid_viommu_destroy(viommu));
	ck_assert_uint_eq(shim_objects(), 2);
}
END_TEST

/* A root's page table for plain devices is no parent: a vIOMMU gets one that is. */
START_TEST(beside_a_plain_page_table)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_device *other = bind_device(1);
	struct ioasid_viommu *v;

	shim.hw_capabilities = 1;
	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	ck_ok(ioasid_device_unbind(device));
	device = bind_device(0);
	ck_ok(ioasid_device_unbind(other));
	other = bind_device(1);
	ck_ok(ioasid_space_create(ctx, &options, &root));
	ck_ok(ioasid_space_map(root, 0, memory, MEMORY, RW, NULL));
	ck_ok(ioasid_device_attach(other, root));
	shim_forget();
	ck_ok(make_viommu(IOASID_VIOMMU_SMMUV3, &v));
	ck_assert_uint_eq(shim.calls[0].command, SHIM_HWPT_ALLOC);
	ck_assert_uint_eq(shim.calls[0].words[1] & NEST, NEST);
	ck_ok(ioasid_viommu_destroy(v));
}
END_TEST

START_TEST(a_shadow_is_not_on_a_kernels_vIOMMU)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	options.viommu = viommu;
	options.nesting = IOASID_NESTING_SOFTWARE;
	ck_err(ioasid_space_create(ctx, &options, &child), EOPNOTSUPP);
	expect_end();
}
END_TEST

START_TEST(types_with_data)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_viommu_info info = IOASID_VIOMMU_INFO_INIT;
	uint64_t data[2] = { 7, 8 };

	shim.has_cmdqv = true;
	ck_ok(ioasid_device_unbind(device));
	device = bind_device(0);
	shim_viommu.type = TEGRA241;
	shim_viommu.data_length = 16;
	shim_viommu.out[0] = 0x10000;
	shim_viommu.out[1] = 0x4000;
	ck_ok(make_viommu(IOASID_VIOMMU_TEGRA241, &viommu));
	ck_assert_uint_eq(shim.calls[shim.n_calls - 1].words[0], 40);
	ck_assert_uint_eq(shim.calls[shim.n_calls - 1].words[6], 16);
	ck_ok(ioasid_viommu_query_info(viommu, &info));
	ck_assert_int_eq(info.type, IOASID_VIOMMU_TEGRA241);
	ck_assert_uint_eq(info.registers_offset, 0x10000);
	ck_assert_uint_eq(info.registers_length, 0x4000);
	ck_ok(ioasid_viommu_destroy(viommu));

	shim_viommu.type = OTHER;
	options.type = IOASID_VIOMMU_RAW;
	options.raw_type = OTHER;
	options.data = data;
	options.data_size = sizeof(data);
	ck_ok(ioasid_viommu_create(root, device, &options, &viommu));
	ck_assert_uint_eq(shim.calls[shim.n_calls - 1].words[2], OTHER);
	ck_assert(data[0] == 0x10000 && data[1] == 0x4000);
	ck_ok(ioasid_viommu_query_info(viommu, &info));
	ck_assert_uint_eq(info.registers_length, 0);
}
END_TEST

START_TEST(options_of_raw_types)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_viommu_events_options e = IOASID_VIOMMU_EVENTS_OPTIONS_INIT;
	struct ioasid_event_queue *queue = NULL;
	struct ioasid_viommu *more = NULL;
	uint32_t data = 0;

	options.type = IOASID_VIOMMU_RAW;
	ck_err(ioasid_viommu_create(root, device, &options, &more), EINVAL);
	options.raw_type = OTHER;
	options.data_size = 4;
	ck_err(ioasid_viommu_create(root, device, &options, &more), EINVAL);
	options.data = &data;
	options.data_size = 4097;
	ck_err(ioasid_viommu_create(root, device, &options, &more), EINVAL);
	options.data_size = 4;
	options.type = IOASID_VIOMMU_SMMUV3;
	ck_err(ioasid_viommu_create(root, device, &options, &more), EINVAL);
	ck_err(make_viommu(IOASID_VIOMMU_PLAIN, &more), EOPNOTSUPP);
	ck_err(make_viommu(IOASID_VIOMMU_TEGRA241, &more), EOPNOTSUPP);
	e.format = IOASID_EVENTS_SMMUV3;
	e.raw_type = OTHER;
	ck_err(ioasid_viommu_create_events(viommu, &e, &queue), EINVAL);
	e.format = IOASID_EVENTS_RAW;
	ck_err(ioasid_viommu_create_events(viommu, &e, &queue), EINVAL);
	e.raw_size = 33;
	ck_err(ioasid_viommu_create_events(viommu, &e, &queue), EINVAL);
	e.raw_size = 32;
	ck_err(ioasid_viommu_create_events(viommu, &e, &queue), EOPNOTSUPP);
	ck_err(make_events(IOASID_EVENTS_PLAIN, 0, &queue), EOPNOTSUPP);
	ck_err(make_events(IOASID_EVENTS_TEGRA241, 0, &queue), EOPNOTSUPP);
	expect_end();
}
END_TEST

/* Commands, one array for a call. */
START_TEST(commands_go_down_as_they_are)
{
	const uint64_t commands[3][2] = { { 1, 2 }, { 3, 4 }, { 5, 6 } };
	size_t done = 7;

	ck_ok(ioasid_viommu_invalidate(viommu, commands, 16, 3, &done));
	expect(iommu, SHIM_INVALIDATE, 32, 4, U64((uintptr_t)commands), 1, 16, 3, 0);
	ck_assert_uint_eq(done, 3);
	ck_assert(!memcmp(shim_viommu.entries, commands, sizeof(commands)));
	ck_ok(ioasid_viommu_invalidate(viommu, commands, 16, 0, &done));
	ck_assert_uint_eq(done, 0);
	ck_err(ioasid_viommu_invalidate(viommu, commands, 24, 0, &done), EINVAL);
	expect_end();
	shim_viommu.bad = 2;
	shim_viommu.bad_error = EIO;
	shim_viommu.issued = 0;
	ck_err(ioasid_viommu_invalidate(viommu, commands, 16, 3, &done), EIO);
	ck_assert_uint_eq(done, 1);
	ck_assert_uint_eq(shim_viommu.issued, 1);
	/* a unit that does not answer is not asked again and again */
	shim_viommu.bad_error = ETIMEDOUT;
	shim_forget();
	ck_err(ioasid_viommu_invalidate(viommu, commands, 16, 3, &done), EINVAL);
	ck_assert_uint_eq(shim.n_calls, 1);
	shim_viommu.bad_error = EIO;
	shim_forget();
	fail_nth(2, ETIMEDOUT);
	ck_err(ioasid_viommu_invalidate(viommu, commands, 16, 3, &done), EINVAL);
	ck_assert_uint_eq(shim.n_calls, 2);
	ck_assert_uint_eq(done, 0);
	ck_err(ioasid_viommu_invalidate(viommu, commands, 24, 2, &done), EINVAL);
	ck_assert_uint_eq(done, 0);
	shim_viommu.bad = 0;
	fail_nth(1, ENOMEM);
	ck_err(ioasid_viommu_invalidate(viommu, commands, 16, 3, &done), ENOMEM);
	ck_assert_uint_eq(done, 0);
	fail_nth(1, EOPNOTSUPP);
	ck_err(ioasid_viommu_invalidate(viommu, commands, 16, 3, &done), EOPNOTSUPP);
	fail_nth(1, EFAULT);
	ck_err(ioasid_viommu_invalidate(viommu, commands, 16, 3, NULL), EINVAL);
}
END_TEST

/* What there is to ask of a driver that nobody knows. */
START_TEST(no_raw_commands_are_a_question)
{
	size_t done = 7;

	ck_ok(ioasid_viommu_invalidate(viommu, NULL, 24, 0, &done));
	expect(iommu, SHIM_INVALIDATE, 32, 4, 0, 0, OTHER, 0, 0, 0);
	ck_assert_uint_eq(done, 0);
	shim_viommu.commands = 1;
	ck_err(ioasid_viommu_invalidate(viommu, NULL, 24, 0, NULL), EINVAL);
	ck_err(ioasid_viommu_invalidate(viommu, NULL, 4097, 0, NULL), EINVAL);
}
END_TEST

/* Linux takes 2^19 at once. */
START_TEST(many_commands_are_several_arrays)
{
	size_t n = (1u << 19) + 2, done = 0;
	uint8_t *commands = calloc(n, 16);

	ck_ok(ioasid_viommu_invalidate(viommu, commands, 16, n, &done));
	ck_assert_uint_eq(done, n);
	expect(iommu, SHIM_INVALIDATE, 32, 4, U64((uintptr_t)commands), 1, 16, 1u << 19, 0);
	expect(iommu, SHIM_INVALIDATE, 32, 4, U64((uintptr_t)commands + (16u << 19)), 1, 16, 2, 0);
	expect_end();
	free(commands);
}
END_TEST

/* IOMMU_HW_INFO_ARM_SMMUV3_ERRATA_REPEAT_TLBI_CFGI */
START_TEST(an_erratum_wants_them_twice)
{
	const uint64_t command[2] = { 1, 2 };
	const uint32_t flags = 1;

	memcpy(shim.hw_data, &flags, sizeof(flags));
	ck_ok(ioasid_device_unbind(device));
	device = bind_device(0);
	ck_ok(make_viommu(IOASID_VIOMMU_SMMUV3, &viommu));
	shim_forget();
	ck_ok(ioasid_viommu_invalidate(viommu, command, 16, 1, NULL));
	expect(iommu, SHIM_INVALIDATE, 32, 4, U64((uintptr_t)command), 1, 16, 1, 0);
	expect(iommu, SHIM_INVALIDATE, 32, 4, U64((uintptr_t)command), 1, 16, 1, 0);
	expect_end();
}
END_TEST

static const int errors[][2] = {
	/* the kernel's, the library's */
	{ ENOTTY, EOPNOTSUPP }, { EOPNOTSUPP, EOPNOTSUPP }, { ENOMEM, ENOMEM }, { EINVAL, EINVAL },
	{ ENOENT, EINVAL }, { EFAULT, EINVAL },
};

#define N_ERRORS (sizeof(errors) / sizeof(errors[0]))

/* Nothing is left behind of what failed. */
START_TEST(vIOMMUs_that_fail)
{
	unsigned int n;
	size_t i;

	ck_ok(ioasid_space_create(ctx, &(struct ioasid_space_options){
		.size = sizeof(struct ioasid_space_options), .parent = root,
		.nesting = IOASID_NESTING_HARDWARE }, &child));	/* the root has its IOAS */
	n = shim_objects();
	for (i = 0; i < N_ERRORS; i++) {
		fail_nth(2, errors[i][0]);	/* after the page table */
		ck_err(make_viommu(IOASID_VIOMMU_SMMUV3, &viommu), errors[i][1]);
		ck_assert_uint_eq(shim_objects(), n);
	}
	fail_nth(1, ENOMEM);
	ck_err(make_viommu(IOASID_VIOMMU_SMMUV3, &viommu), ENOMEM);
	for (i = 1; i <= 10; i++) {
		mem_fail_nth(i);
		if (!make_viommu(IOASID_VIOMMU_SMMUV3, &viommu))
			break;
		ck_assert_uint_eq(shim_objects(), n);
	}
	mem_fail_nth(0);
	ck_assert_uint_gt(i, 3);
	ck_assert_uint_le(i, 10);
}
END_TEST

START_TEST(vdevices_that_fail)
{
	static const int more[][2] = { { EEXIST, EEXIST }, { EOPNOTSUPP, EOPNOTSUPP },
				       { ENOMEM, ENOMEM }, { EINVAL, EINVAL }, { ENOENT, EINVAL } };
	size_t i;

	ck_ok(ioasid_vdevice_destroy(vdevice));
	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		fail_nth(1, more[i][0]);
		ck_err(ioasid_vdevice_create(viommu, device, VSID, &vdevice), more[i][1]);
		ck_assert_ptr_null(ioasid_viommu_get_device(viommu, VSID));
	}
	ck_ok(ioasid_vdevice_create(viommu, device, VSID, &vdevice));
}
END_TEST

/* The context's end takes it all down, in an order in which nothing refuses. */
START_TEST(closing_takes_down_what_is_there)
{
	const uint64_t ste[2] = { htole64(1 | 5 << 1), 0 };
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_event_queue *queue;
	unsigned int i;

	options.viommu = viommu;
	ck_ok(ioasid_space_create(ctx, &options, &child));
	ck_ok(ioasid_space_bind_raw(child, 2, ste, sizeof(ste)));
	ck_ok(ioasid_device_attach(device, child));
	ck_ok(make_events(IOASID_EVENTS_SMMUV3, 0, &queue));
	shim_forget();
	nested_teardown();
	ck_assert_uint_eq(shim_objects(), 0);
	ck_assert_uint_eq(shim_open_fds(), 0);
	for (i = 0; i < shim.n_calls; i++)	/* and what is destroyed is there */
		ck_assert(shim.calls[i].command == SHIM_DESTROY ||
			  shim.calls[i].command == SHIM_DETACH);
	smmuv3_setup();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-viommu");
	TCase *tc = tcase_create("first");

	tcase_add_checked_fixture(tc, smmuv3_setup, nested_teardown);
	tcase_add_test(tc, info_says_which_there_are);
	tcase_add_test(tc, capabilities_are_asked_for);
	tcase_add_test(tc, an_old_kernel_has_neither);
	tcase_add_test(tc, objects_come_and_go_in_order);
	tcase_add_loop_test(tc, pasids_of_nested_page_tables, 0, 2);
	tcase_add_test(tc, parents_are_shared_by_IOMMUs_that_are_alike);
	tcase_add_test(tc, beside_a_plain_page_table);
	tcase_add_test(tc, types_with_data);
	tcase_add_test(tc, an_erratum_wants_them_twice);
	tcase_add_test(tc, vIOMMUs_that_fail);
	suite_add_tcase(suite, tc);
	tc = tcase_create("smmuv3");
	tcase_add_checked_fixture(tc, with_viommu, nested_teardown);
	tcase_add_test(tc, a_shadow_is_not_on_a_kernels_vIOMMU);
	tcase_add_test(tc, options_of_raw_types);
	tcase_add_test(tc, commands_go_down_as_they_are);
	tcase_add_test(tc, many_commands_are_several_arrays);
	tcase_add_test(tc, vdevices_that_fail);
	tcase_add_test(tc, closing_takes_down_what_is_there);
	suite_add_tcase(suite, tc);
	tc = tcase_create("raw");
	tcase_add_checked_fixture(tc, with_raw, nested_teardown);
	tcase_add_test(tc, no_raw_commands_are_a_question);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
