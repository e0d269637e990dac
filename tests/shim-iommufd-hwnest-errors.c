/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nesting in hardware on iommufd, where it is refused, or fails. */
#include <string.h>

#include "shim_expect.h"
#include "shim_hwnest.h"
#include "shim_version.h"
#include "shim_viommu.h"
#include "util/alloc.h"

START_TEST(old_kernels_say_so)
{
	static const struct {
		enum ioasid_capability capability;
		const char *since;
	} lacking[] = {
		{ IOASID_CAP_DIRTY_TRACKING, "6.7" },
		{ IOASID_CAP_NESTING_HARDWARE, "6.8" },
		{ IOASID_CAP_USER_PASID_TABLE, "6.13" },
	};
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_ctx_options open = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_space *space;
	size_t i;

	ck_ok(ioasid_ctx_close(ctx));
	open.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&open, &ctx));
	ioasid_inv_free(inv);
	ck_ok(ioasid_inv_new(ctx, 1, &inv));
	shim.version = LINUX(6, 6);
	shim_forget();
	for (i = 0; i < sizeof(lacking) / sizeof(lacking[0]); i++) {
		ck_assert(!ioasid_ctx_has(ctx, lacking[i].capability));
		ck_assert_ptr_nonnull(strstr(ioasid_ctx_why_not(ctx, lacking[i].capability),
					     lacking[i].since));
	}
	ck_assert_uint_eq(shim.n_calls, 3);	/* each is asked for once */
	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	ck_err(ioasid_space_create(ctx, &options, &space), EOPNOTSUPP);
	options.flags = 0;
	options.parent = make_space(ctx, NULL, 0);
	options.nesting = IOASID_NESTING_HARDWARE;
	ck_err(ioasid_space_create(ctx, &options, &space), EOPNOTSUPP);
	said("6.8", "nesting-hardware");
}
END_TEST

START_TEST(raw_calls_refuse)
{
	struct ioasid_space *soft = make_space(ctx, root, 0);
	static uint8_t big[IOASID_RAW_MAX + 1];

	ck_err(ioasid_space_bind_raw(root, 1, big, 8), EINVAL);
	ck_err(ioasid_space_bind_raw(soft, 1, big, 8), EOPNOTSUPP);
	ck_err(ioasid_space_bind_raw(child, 0, big, 8), EINVAL);
	ck_err(ioasid_space_bind_raw(child, 1, big, 0), EINVAL);
	ck_err(ioasid_space_bind_raw(child, 1, big, sizeof(big)), EINVAL);
	ck_err(ioasid_inv_add_raw(inv, root, 1, big, 8), EOPNOTSUPP);
	ck_err(ioasid_inv_add_raw(inv, soft, 1, big, 8), EOPNOTSUPP);
	ck_err(ioasid_inv_add_raw(inv, child, 1, big, 0), EINVAL);
	ck_err(ioasid_inv_add_raw(inv, child, 1, big, sizeof(big)), EINVAL);
	ck_err(ioasid_space_probe_raw(root, 1), EOPNOTSUPP);
	ck_err(ioasid_space_probe_raw(soft, 1), EOPNOTSUPP);
	ck_assert_uint_eq(ioasid_inv_get_count(inv), 0);
	/* the formats that no driver has by itself */
	ck_err(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, 0x5000), EOPNOTSUPP);
	said("page-table format 1", "IOASID_NESTING_SOFTWARE");
	ck_ok(ioasid_device_attach(device, child));
	ck_err(bind_table(child, IOASID_PGTABLE_ARM_S1, 4, 0x5000), EOPNOTSUPP);
	expect_end();
}
END_TEST

/* They need a vIOMMU; and a space in software would have to be filled on demand. */
START_TEST(pasid_tables_refuse)
{
	struct ioasid_space *soft = make_space(ctx, root, 0);
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_pasid_table t = IOASID_PASID_TABLE_INIT;
	struct ioasid_device *d;

	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_USER_PASID_TABLE));
	t.format = IOASID_PASID_TABLE_AMD;
	t.levels = 1;
	t.pgtable_levels = 4;
	t.pasid_bits = 9;
	t.base = 0x5000;
	ck_err(ioasid_space_bind_pasid_table(child, &t), EOPNOTSUPP);
	said("vIOMMU", "");
	ck_err(ioasid_space_bind_pasid_table(soft, &t), EOPNOTSUPP);
	ck_err(ioasid_space_unbind_pasid_table(child), EINVAL);
	ck_ok(ioasid_device_attach(device, child));
	ck_err(ioasid_space_bind_pasid_table(child, &t), EOPNOTSUPP);
	said("PASID-table format 3", shim.devices[0].name);
	ck_ok(ioasid_space_bind_raw(child, 1, "data", 4));
	ck_err(ioasid_space_bind_pasid_table(child, &t), EBUSY);
	shim_viommu.any_type = true;
	shim.hw_type = 4;
	shim.nested_type = 3;
	d = bind_device(2);
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert_uint_eq(info.pasid_table_formats, 1u << IOASID_PASID_TABLE_AMD);
	shim.hw_type = shim.nested_type = 2;
	d = bind_device(3);
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert_uint_eq(info.pasid_table_formats, 1u << IOASID_PASID_TABLE_SMMUV3);
	ck_assert_uint_ne(info.viommu_types >> IOASID_VIOMMU_SMMUV3 & 1, 0);
	/*
	 * Linux, arm_smmu_get_viommu_size(): none for what does not snoop, whatever the tables are
	 */
	ck_ok(ioasid_device_unbind(d));
	shim_viommu.any_type = false;
	d = bind_device(3);
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert(!info.pasid_table_formats && !info.nesting_hardware);
	ck_assert_uint_eq(info.viommu_types, 1u << IOASID_VIOMMU_RAW);
}
END_TEST

/*
 * Two devices, which cannot share: each command of a bind fails in turn, and nothing has happened.
 */
START_TEST(bind_that_fails)
{
	static const int errors[] = { ENOMEM, EOPNOTSUPP, EIO };
	static const int results[] = { ENOMEM, EOPNOTSUPP, EINVAL };
	unsigned int nth, i;

	shim.unlike = 3;
	attach_bound();
	ck_ok(ioasid_device_attach(other, child));
	/*
	 * HWPT_ALLOC, ATTACH for one; for the other both are tried with what is not its own first
	 */
	for (nth = 1; nth <= 6; nth++)
		for (i = 0; i < 3; i++) {
			fail_nth(nth, errors[i]);
			shim_forget();
			ck_err(bind_fs(child, 0x6000, 0), results[i]);
			is_bound(0, 0x5000, 0);
			is_bound(1, 0x5000, 0);
			ck_assert_uint_eq(shim_objects(), 7);
		}
	ck_ok(bind_fs(child, 0x6000, 0));
}
END_TEST

/*
 * What a device goes back to can be new: what it had was made for PASIDs, of which it has none any
 * more.
 */
START_TEST(bind_that_fails_after_pasids)
{
	struct ioasid_space *plain = make_space(ctx, NULL, 0);
	unsigned int nth, objects;

	ck_ok(ioasid_device_unbind(other));
	ck_ok(ioasid_device_unbind(device));
	shim.pasid_bits = 20;
	shim.unlike = 3;
	device = bind_device(0);
	other = bind_device(1);
	attach_bound();
	ck_ok(ioasid_device_attach(other, child));
	/* HWPT_ALLOC, ATTACH for one; for the other its parent is the second that is tried */
	for (nth = 1; nth <= 5; nth++) {
		ck_ok(ioasid_device_attach_pasid(device, 5, plain));
		ck_ok(ioasid_device_attach_pasid(other, 5, plain));
		ck_ok(ioasid_device_detach_pasid(other, 5));
		objects = shim_objects();
		fail_nth(nth, EIO);
		ck_err(bind_fs(child, 0x6000, 0), EINVAL);
		is_bound(0, 0x5000, 0);
		is_bound(1, 0x5000, 0);
		ck_assert_uint_eq(shim_objects(), objects);
		ck_ok(ioasid_device_detach_pasid(device, 5));
		shim_forget();
	}
	ck_ok(bind_fs(child, 0x6000, 0));
	is_bound(0, 0x6000, 0);
	is_bound(1, 0x6000, 0);
}
END_TEST

START_TEST(attach_that_fails)
{
	static const struct failing cases[] = {
		{ 1, ENOMEM, ENOMEM, "page table" }, { 1, EADDRINUSE, EADDRINUSE, "aligned" },
		{ 1, EFAULT, EFAULT, "locked" },     { 2, ENOMEM, ENOMEM, "space 2" },
		{ 2, EOPNOTSUPP, EOPNOTSUPP, "type 0x1" }, { 2, EIO, EINVAL, "refused" },
		{ 3, EBUSY, EBUSY, "group 1" },	     { 3, EINVAL, EINVAL, "refused" },
		/* by VFIO's commands, say: iopt_table_enforce_dev_resv_regions() */
		{ 3, EADDRINUSE, EADDRINUSE, "somebody else" },
	};

	ck_ok(bind_fs(child, 0x5000, 0));
	attach_fails(cases, sizeof(cases) / sizeof(cases[0]), 3);
	ck_ok(ioasid_device_attach(device, child));
}
END_TEST

/* Each allocation of a life fails once, and what could not be done is done again. */
START_TEST(allocations_that_fail)
{
	const uint32_t entry[6] = { 0 };
	size_t blocks = 0, n;
	unsigned long nth, left = 0;
	int ret;

	for (nth = 1; !left; nth++) {
		mem_fail_nth(nth);
		while ((ret = bind_fs(child, 0x5000, 0)))
			ck_assert_int_eq(ret, -ENOMEM);
		while ((ret = ioasid_device_attach(device, child)))
			ck_assert_int_eq(ret, -ENOMEM);
		while ((ret = bind_fs(child, 0x6000, 0)))
			ck_assert_int_eq(ret, -ENOMEM);
		is_bound(0, 0x6000, 0);
		for (n = 0; n < 40;) {
			ret = n % 2 ? ioasid_inv_add_raw(inv, child, 0, entry, sizeof(entry)) :
				      ioasid_inv_add_range(inv, child, 0x1000, 1, 0);
			if (!ret)
				n++;
			ck_assert(!ret || ret == -ENOMEM);
		}
		while ((ret = ioasid_inv_submit(inv, &n)))
			ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_uint_eq(n, 40);
		left = mem_fail_nth(0);
		ioasid_inv_free(inv);
		ck_ok(ioasid_inv_new(ctx, 1, &inv));
		ck_ok(ioasid_device_detach(device));
		ck_ok(ioasid_space_unbind_pgtable(child));
		ck_assert_uint_eq(shim_objects(), 3);
		if (nth > 1)
			ck_assert_uint_eq(mem_live_blocks(), blocks);
		blocks = mem_live_blocks();
		shim_forget();
	}
	ck_assert_uint_ge(nth, 10);
}
END_TEST

/* Who cannot go back is blocked, and that is told. */
START_TEST(what_cannot_be_undone_is_blocked)
{
	shim.unlike = 3;
	attach_bound();
	ck_ok(ioasid_device_attach(other, child));
	fail_nth(5, EIO); /* a page table for the second, and then the way back of the first */
	shim.fail_more = 1;
	ck_err(bind_fs(child, 0x6000, 0), EINVAL);
	ck_assert_uint_eq((shim_attached(0) != 0) + (shim_attached(1) != 0), 1);
	ck_ok(bind_fs(child, 0x6000, 0));
	is_bound(0, 0x6000, 0);
	is_bound(1, 0x6000, 0);
}
END_TEST

START_TEST(vtd_parents_have_nothing_read_only)
{
	struct ioasid_mapping *m;
	unsigned int i;

	/* among many that the library keeps packed, or by itself */
	for (i = 0; _i && i < 200; i++)
		ck_ok(ioasid_space_map(root, 64 * MIB + (i + 1) * PAGE, memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(root, 64 * MIB, memory, PAGE, IOASID_READ, _i ? NULL : &m));
	m = ioasid_space_find_mapping(root, 64 * MIB, PAGE);
	ck_ok(bind_fs(child, 0x5000, 0));
	shim_forget();
	ck_err(ioasid_device_attach(device, child), EOPNOTSUPP);
	said("0x4000000-0x4000fff", "772415");
	expect_end();
	ck_ok(ioasid_mapping_unmap(m));
	ck_ok(ioasid_device_attach(device, child));
	shim_forget();
	ck_err(ioasid_space_map(root, 64 * MIB, memory, PAGE, IOASID_READ, &m), EOPNOTSUPP);
	said("0x4000000-0x4000fff", "772415");
	expect_end();
	ck_ok(ioasid_space_map(root, 64 * MIB, memory, PAGE, RW, &m));
	ck_ok(ioasid_device_detach(device));
	ck_ok(ioasid_space_map(root, 65 * MIB, memory, PAGE, IOASID_READ, &m));
}
END_TEST

/* Where the driver does not tell of the erratum. */
START_TEST(parents_may_have_read_only_mappings)
{
	memset(shim.hw_data, 0, sizeof(uint32_t));
	ck_ok(ioasid_device_unbind(device));
	device = bind_device(0);
	ck_ok(ioasid_space_map(root, 64 * MIB, memory, PAGE, IOASID_READ, NULL));
	ck_ok(bind_fs(child, 0x5000, 0));
	ck_ok(ioasid_device_attach(device, child));
	ck_ok(ioasid_space_map(root, 65 * MIB, memory, PAGE, IOASID_READ, NULL));
}
END_TEST

/* What IOMMUs have cached, nobody can see. */
START_TEST(nothing_is_listed)
{
	struct ioasid_run runs[2];
	uint64_t cursor = 0;
	bool done = false;

	attach_bound();
	ck_assert_uint_eq(ioasid_space_query_runs(child, &cursor, UINT64_MAX, runs, 2, &done), 0);
	ck_assert(done);
	expect_end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-hwnest-errors");
	TCase *tc = tcase_create("errors");

	tcase_add_checked_fixture(tc, hwnest_setup, hwnest_teardown);
	tcase_add_test(tc, old_kernels_say_so);
	tcase_add_test(tc, raw_calls_refuse);
	tcase_add_test(tc, pasid_tables_refuse);
	tcase_add_test(tc, bind_that_fails);
	tcase_add_test(tc, bind_that_fails_after_pasids);
	tcase_add_test(tc, attach_that_fails);
	tcase_add_test(tc, allocations_that_fail);
	tcase_add_test(tc, what_cannot_be_undone_is_blocked);
	tcase_add_loop_test(tc, vtd_parents_have_nothing_read_only, 0, 2);
	tcase_add_test(tc, parents_may_have_read_only_mappings);
	tcase_add_test(tc, nothing_is_listed);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
