/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest's PASID table: where there can be none, and what is asked of one wrongly. */
#include "pasid_guest.h"

static struct pasid_guest g;

static void setup(void)
{
	pasid_guest_open(&g);
}

static void teardown(void)
{
	pasid_guest_close(&g);
}

START_TEST(only_for_devices_whose_table_is_the_users)
{
	struct ioasid_device *kernel = bind(g.ctx, "kernel"), *flat = bind(g.ctx, "flat0");
	const struct ioasid_pasid_table t = vtd_table();
	uint32_t ppasid = 77;

	ck_assert_uint_eq(info_of(g.device).pasid_table_formats & 1 << IOASID_PASID_TABLE_VTD,
			  1 << IOASID_PASID_TABLE_VTD);
	ck_assert_uint_eq(info_of(flat).pasid_table_formats, 0);
	ck_ok(ioasid_device_attach(kernel, g.space));
	ck_err(ioasid_space_bind_pasid_table(g.space, &t), EOPNOTSUPP);
	ck_ok(ioasid_device_detach(kernel));
	bind_and_attach(&g);
	ck_err(ioasid_device_attach(kernel, g.space), EOPNOTSUPP);
	ck_err(ioasid_device_attach(flat, g.space), EOPNOTSUPP);
	ck_err(ioasid_device_attach_pasid(kernel, 1, g.space), EOPNOTSUPP);
	ck_err(ioasid_device_attach_pasid(g.device, 1, g.root), EOPNOTSUPP);
	ck_assert_uint_eq(ppasid_of(g.device, 5), 5);
	ck_err(ioasid_device_get_ppasid(g.device, 1u << 20, &ppasid), ENOENT);
	ck_assert_uint_eq(ppasid, 77);
}
END_TEST

START_TEST(a_space_with_a_pasid_table_is_nothing_else)
{
	const struct ioasid_pasid_table t = vtd_table();
	struct ioasid_space *child, *eager;

	ck_ok(ioasid_space_map_parent(g.space, 0, 0, PAGE, RW, NULL));
	ck_err(ioasid_space_bind_pasid_table(g.space, &t), EBUSY);
	ck_ok(ioasid_space_unmap_all(g.space, NULL));
	ck_ok(bind_table(g.space, IOASID_PGTABLE_VTD_SS, 4, 0));
	ck_err(ioasid_space_bind_pasid_table(g.space, &t), EBUSY);
	ck_ok(ioasid_space_unbind_pgtable(g.space));
	child = make_space(g.ctx, g.space, 0);
	ck_err(ioasid_space_bind_pasid_table(g.space, &t), EBUSY);
	ck_ok(ioasid_space_destroy(child));
	eager = make_space(g.ctx, g.root, IOASID_FILL_ON_INVALIDATION);
	ck_err(ioasid_space_bind_pasid_table(eager, &t), EOPNOTSUPP);
	ck_err(ioasid_space_bind_pasid_table(g.root, &t), EINVAL);
	bind_and_attach(&g);
	ck_err(ioasid_space_map_parent(g.space, 0, 0, PAGE, RW, NULL), EOPNOTSUPP);
	ck_err(ioasid_space_unmap_all(g.space, NULL), EOPNOTSUPP);
	ck_err(bind_table(g.space, IOASID_PGTABLE_VTD_SS, 4, 0), EBUSY);
	ck_err(ioasid_space_unbind_pgtable(g.space), EINVAL);
	ck_err(ioasid_space_destroy(g.space), EBUSY);
	ck_ok(ioasid_device_detach(g.device));
	ck_ok(ioasid_space_destroy(g.space));
	ck_ok(ioasid_space_destroy(eager));
	ck_ok(ioasid_space_destroy(g.root));
}
END_TEST

/*
 * What its entries lead to is nested on the root, not on it; and what a PASID has cached is not
 * listed.
 */
START_TEST(a_space_with_a_table_is_no_parent)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *none = (void *)1;
	struct ioasid_run runs[2];
	uint64_t cursor = 0;
	bool done = false;

	bind_and_attach(&g);
	options.parent = g.space;
	ck_err(ioasid_space_create(g.ctx, &options, &none), EINVAL);
	ck_assert_msg(strstr(ioasid_errmsg(), "PASID table"), "%s", ioasid_errmsg());
	ck_assert_ptr_eq(none, (void *)1);
	ck_assert_uint_eq(ioasid_space_query_runs(g.space, &cursor, UINT64_MAX, runs, 2, &done), 0);
	ck_assert(done);
}
END_TEST

START_TEST(a_malformed_description_changes_nothing)
{
	struct ioasid_pasid_table t;

	set_entry(&g, 5, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 1).root);
	bind_and_attach(&g);
#define REFUSED(member, value, error)                                           \
	do {                                                                    \
		t = vtd_table();                                                \
		t.member = value;                                               \
		ck_err(ioasid_space_bind_pasid_table(g.space, &t), error);      \
		ck_assert_int_eq(reached(g.device, 5, 0), 1);                   \
	} while (0)
	REFUSED(format, (enum ioasid_pasid_table_format)0, EOPNOTSUPP);
	REFUSED(format, (enum ioasid_pasid_table_format)99, EOPNOTSUPP);
	REFUSED(levels, 1, EINVAL);
	REFUSED(levels, 3, EINVAL);
	REFUSED(base, PAGE + 8, EINVAL);
	REFUSED(base, UINT64_C(1) << 52, EINVAL);
	REFUSED(pasid_bits, 0, EINVAL);
	REFUSED(pasid_bits, 12, EINVAL);
	REFUSED(pasid_bits, 21, EINVAL);
	REFUSED(rid_pasid, 0x10000, EINVAL);
	REFUSED(address_bits, 31, EINVAL);
	REFUSED(address_bits, 53, EINVAL);
	REFUSED(flags, 4, EINVAL);
	REFUSED(flags, 3, EINVAL);
	REFUSED(max_pasids, 65537, EINVAL);
	REFUSED(pgtable_levels, 4, EINVAL);
	REFUSED(size, 1, EINVAL);
#undef REFUSED
}
END_TEST

START_TEST(not_inside_a_section)
{
	const struct ioasid_pasid_table t = vtd_table();
	struct ioasid_channel *channel = channel_new(g.device, 5);

	bind_and_attach(&g);
	ck_ok(ioasid_dma_begin(channel));
	ck_err(ioasid_space_bind_pasid_table(g.space, &t), EDEADLK);
	ck_err(ioasid_space_unbind_pasid_table(g.space), EDEADLK);
	ioasid_dma_end(channel);
}
END_TEST

START_TEST(ranges_of_a_pasid_are_checked)
{
	struct ioasid_inv *inv;

	bind_and_attach(&g);
	ck_ok(ioasid_inv_new(g.ctx, 1, &inv));
	ck_err(ioasid_inv_add_pasid_range(inv, g.device, 5, 0, 0, 0), EINVAL);
	ck_err(ioasid_inv_add_pasid_range(inv, g.device, 5, PAGE, UINT64_MAX, 0), EOVERFLOW);
	ck_err(ioasid_inv_add_pasid_range(inv, g.device, 5, PAGE, PAGE, 8), EINVAL);
	ck_assert_uint_eq(ioasid_inv_get_count(inv), 0);
	/* one that nothing is known of */
	ck_ok(ioasid_inv_add_pasid_range(inv, g.device, 5, PAGE, PAGE, 0));
	ck_ok(ioasid_inv_submit(inv, NULL));
	ioasid_inv_free(inv);
}
END_TEST

START_TEST(not_where_the_IOMMU_walks)
{
	struct ioasid_ctx *ctx =
		open_platform("iommu hw address-bits=57 pasid-bits=16 "
			      "nesting=software,hardware\n"
			      "device d iommu=hw pasid-bits=16 pasid-table=user\n");
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	const struct ioasid_pasid_table t = vtd_table();
	struct ioasid_space *space = NULL;

	options.parent = make_space(ctx, NULL, 0);
	options.nesting = IOASID_NESTING_HARDWARE;
	ck_ok(ioasid_space_create(ctx, &options, &space));
	ck_err(ioasid_space_bind_pasid_table(space, &t), EOPNOTSUPP);
	ck_assert(!space_info(space).pasid_table_bound);
	ck_ok(ioasid_ctx_close(ctx));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pasid table errors");
	TCase *tc = tcase_create("table");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, only_for_devices_whose_table_is_the_users);
	tcase_add_test(tc, a_space_with_a_pasid_table_is_nothing_else);
	tcase_add_test(tc, a_space_with_a_table_is_no_parent);
	tcase_add_test(tc, a_malformed_description_changes_nothing);
	tcase_add_test(tc, not_inside_a_section);
	tcase_add_test(tc, ranges_of_a_pasid_are_checked);
	tcase_add_test(tc, not_where_the_IOMMU_walks);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
