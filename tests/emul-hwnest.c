/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nesting in hardware: what an IOTLB does to a guest that invalidates, and to one that does not. */
#include <string.h>

#include "hw_world.h"

#define VARIANTS HW_FORMATS
#define PLAIN HW_PLATFORM("", "")

START_TEST(dma_goes_through_both_levels)
{
	struct ioasid_space_info info;
	struct hw h;

	hw_open(&h, PLAIN, hw_formats[_i], 0);
	guest_reaches(&h.g, HW_AT, 16 * PAGE, RW);
	guest_reaches(&h.g, HW_AT + 15 * PAGE + 8, 31 * PAGE + 8, RW);
	guest_faults(&h.g, HW_AT + 16 * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_faults(&h.g, UINT64_C(1) << 50, IOASID_WRITE, IOASID_FAULT_ADDRESS_WIDTH);
	info = space_info(h.child);
	ck_assert_int_eq(info.nesting, IOASID_NESTING_HARDWARE);
	ck_assert_int_eq(info.fill, 0);
	ck_assert(info.pgtable_bound && !info.caching_mode);
	ck_assert_uint_eq(info.depth, 1);
	hw_close(&h);
}
END_TEST

START_TEST(permissions_of_both_levels_count)
{
	struct hw h;

	hw_open(&h, PLAIN, hw_formats[_i], 0);
	gt_map(&h.t, HW_AT, 16 * PAGE, PAGE, 1, IOASID_READ);
	guest_reaches(&h.g, HW_AT, 16 * PAGE, IOASID_READ);
	guest_faults(&h.g, HW_AT, IOASID_WRITE, IOASID_FAULT_PERMISSION);
	ck_ok(ioasid_space_map(h.g.root, HW_SIZE, h.g.memory, PAGE, IOASID_READ, NULL));
	gt_map(&h.t, HW_AT + PAGE, HW_SIZE, PAGE, 1, RW);
	guest_reaches(&h.g, HW_AT + PAGE, 0, IOASID_READ);
	guest_faults(&h.g, HW_AT + PAGE, IOASID_WRITE, IOASID_FAULT_TARGET_NOT_MAPPED);
	hw_close(&h);
}
END_TEST

/* What a device has reserved, the IOMMU does not translate at either level. */
START_TEST(reserved_ranges_are_the_parents_too)
{
	struct ioasid_range range;
	struct hw h;

	hw_open(&h, HW_PLATFORM("", "") "reserved hw 0x30000000 0x1000\n", hw_formats[_i], 0);
	ck_assert_uint_ge(ioasid_space_query_reserved(h.g.root, &range, 1), 1);
	ck_assert_uint_eq(range.start, 0x30000000);
	ck_err(ioasid_space_map(h.g.root, 0x30000000, h.g.memory, PAGE, RW, NULL), EINVAL);
	ck_ok(ioasid_device_detach(h.g.device));
	ck_ok(ioasid_space_map(h.g.root, 0x30000000, h.g.memory, PAGE, RW, NULL));
	ck_err(ioasid_device_attach(h.g.device, h.child), EADDRINUSE);
	hw_close(&h);
}
END_TEST

START_TEST(a_stale_entry_is_used_until_it_is_invalidated)
{
	struct hw h;

	hw_open(&h, PLAIN, hw_formats[_i], 0);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	hw_set(&h, 0, 40);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	hw_invalidate(&h, 1, 0);	/* another page's */
	ck_assert_int_eq(hw_page(&h, 0), 16);
	hw_invalidate(&h, 0, 0);
	ck_assert_int_eq(hw_page(&h, 0), 40);

	gt_unmap(&h.t, HW_AT, PAGE, 1);
	ck_assert_int_eq(hw_page(&h, 0), 40);
	ck_ok(inv_all(h.g.ctx, h.child));
	guest_faults(&h.g, HW_AT, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	hw_close(&h);
}
END_TEST

START_TEST(what_is_not_present_is_not_cached)
{
	struct hw h;

	hw_open(&h, PLAIN, hw_formats[_i], 0);
	guest_faults(&h.g, HW_AT + 20 * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	hw_set(&h, 20, 50);
	ck_assert_int_eq(hw_page(&h, 20), 50);
	guest_faults(&h.g, HW_AT + GIB, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	gt_map(&h.t, HW_AT + GIB, 51 * PAGE, PAGE, 1, RW);
	guest_reaches(&h.g, HW_AT + GIB, 51 * PAGE, RW);
	hw_close(&h);
}
END_TEST

START_TEST(more_permission_needs_no_invalidation)
{
	struct hw h;

	hw_open(&h, PLAIN, hw_formats[_i], 0);
	gt_map(&h.t, HW_AT, 16 * PAGE, PAGE, 1, IOASID_READ);
	guest_reaches(&h.g, HW_AT, 16 * PAGE, IOASID_READ);
	gt_map(&h.t, HW_AT, 16 * PAGE, PAGE, 1, RW);
	guest_reaches(&h.g, HW_AT, 16 * PAGE, RW);
	/* ... and less of it does. */
	gt_map(&h.t, HW_AT, 16 * PAGE, PAGE, 1, IOASID_READ);
	guest_reaches(&h.g, HW_AT, 16 * PAGE, RW);
	hw_invalidate(&h, 0, 0);
	guest_reaches(&h.g, HW_AT, 16 * PAGE, IOASID_READ);
	hw_close(&h);
}
END_TEST

START_TEST(unneeded_invalidations_are_harmless)
{
	struct ioasid_inv *inv;
	struct hw h;
	unsigned int i;

	hw_open(&h, PLAIN, hw_formats[_i], 0);
	ck_ok(ioasid_inv_new(h.g.ctx, 8, &inv));
	for (i = 0; i < 20; i++) {
		guest_reaches(&h.g, HW_AT + i % 16 * PAGE, (16 + i % 16) * PAGE, RW);
		ioasid_inv_reset(inv);
		ck_ok(ioasid_inv_add_mask(inv, h.child, HW_AT, i, i & 1));
		ck_ok(ioasid_inv_add_pasid(inv, h.g.device, IOASID_NO_PASID, 0));
		ck_ok(ioasid_inv_add_device(inv, h.g.device, IOASID_INV_LEAF_ONLY));
		ck_ok(ioasid_inv_add_device_tlb(inv, h.g.device, IOASID_NO_PASID, 0, UINT64_MAX));
		ck_ok(ioasid_inv_submit(inv, NULL));
	}
	ioasid_inv_free(inv);
	hw_close(&h);
}
END_TEST

START_TEST(every_way_to_invalidate_drops)
{
	struct ioasid_inv *inv;
	struct hw h;
	unsigned int way;

	hw_open(&h, PLAIN, hw_formats[_i], 0);
	ck_ok(ioasid_inv_new(h.g.ctx, 8, &inv));
	for (way = 0; way < 5; way++) {
		int64_t before = hw_page(&h, 3);

		hw_set(&h, 3, 60 + way);
		ck_assert_int_eq(hw_page(&h, 3), before);
		ioasid_inv_reset(inv);
		if (way == 0)
			ck_ok(ioasid_inv_add_range(inv, h.child, HW_AT + 2 * PAGE, 2 * PAGE, 0));
		else if (way == 1)
			ck_ok(ioasid_inv_add_mask(inv, h.child, HW_AT, 2, 0));
		else if (way == 2)
			ck_ok(ioasid_inv_add_all(inv, h.child, IOASID_INV_LEAF_ONLY));
		else if (way == 3)
			ck_ok(ioasid_inv_add_pasid(inv, h.g.device, IOASID_NO_PASID, 0));
		else
			ck_ok(ioasid_inv_add_device(inv, h.g.device, 0));
		ck_ok(ioasid_inv_submit(inv, NULL));
		ck_assert_int_eq(hw_page(&h, 3), 60 + way);
	}
	ioasid_inv_free(inv);
	hw_close(&h);
}
END_TEST

START_TEST(an_unmap_in_the_parent_drops_before_it_returns)
{
	struct ioasid_mapping *m;
	struct hw h;

	hw_open(&h, PLAIN, hw_formats[_i], 0);
	ck_ok(ioasid_space_map(h.g.root, HW_SIZE, h.g.memory, 4 * PAGE, RW, &m));
	gt_map(&h.t, HW_AT, HW_SIZE, 4 * PAGE, 1, RW);
	guest_reaches(&h.g, HW_AT + PAGE, PAGE, RW);
	ck_ok(ioasid_mapping_unmap(m));
	guest_faults(&h.g, HW_AT + PAGE, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	ck_ok(ioasid_space_map(h.g.root, HW_SIZE, h.g.memory + 4 * PAGE, 4 * PAGE, RW, NULL));
	guest_reaches(&h.g, HW_AT + PAGE, 5 * PAGE, RW);

	/* The tables themselves: nothing that they said remains. */
	ck_ok(ioasid_space_unmap(h.g.root, 0, HW_SIZE, NULL));
	guest_faults(&h.g, HW_AT + PAGE, IOASID_READ, IOASID_FAULT_TABLE_NOT_MAPPED);
	hw_close(&h);
}
END_TEST

START_TEST(rebinding_and_unbinding_drop)
{
	bool arm =
		hw_formats[_i] == IOASID_PGTABLE_ARM_S1 || hw_formats[_i] == IOASID_PGTABLE_ARM_S2;
	uint32_t levels = arm ? 3 : 5;
	struct guest_table other;
	struct hw h;

	hw_open(&h, PLAIN, hw_formats[_i], 0);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	gt_init(&other, hw_formats[_i], levels, h.g.memory, 0, h.t.next, HW_SIZE);
	gt_map(&other, HW_AT, 70 * PAGE, PAGE, 1, RW);
	ck_ok(bind_table(h.child, hw_formats[_i], levels, other.root));
	ck_assert_int_eq(hw_page(&h, 0), 70);
	ck_assert_int_eq(hw_page(&h, 1), -1);
	ck_ok(ioasid_space_unbind_pgtable(h.child));
	guest_faults(&h.g, HW_AT, IOASID_READ, IOASID_FAULT_NO_PGTABLE);
	ck_err(ioasid_space_unbind_pgtable(h.child), EINVAL);
	ck_assert(!space_info(h.child).pgtable_bound);
	ck_ok(bind_table(h.child, hw_formats[_i], 4, h.t.root));
	ck_assert_int_eq(hw_page(&h, 0), 16);
	hw_close(&h);
}
END_TEST

START_TEST(attachments_drop_what_they_end)
{
	struct ioasid_space *shadow;
	struct hw h;

	hw_open(&h, PLAIN, hw_formats[_i], 0);
	shadow = make_space(h.g.ctx, h.g.root, IOASID_FILL_ON_DEMAND);
	ck_ok(bind_table(shadow, hw_formats[_i], 4, h.t.root));
	ck_assert_int_eq(hw_page(&h, 0), 16);
	ck_ok(ioasid_device_replace(h.g.device, h.g.root));
	ck_assert_ptr_eq(dma_where(h.g.channel, 5 * PAGE, RW), h.g.memory + 5 * PAGE);
	hw_set(&h, 0, 41);
	ck_ok(ioasid_device_replace(h.g.device, h.child));
	ck_assert_int_eq(hw_page(&h, 0), 41);
	hw_set(&h, 0, 42);
	ck_ok(ioasid_device_detach(h.g.device));
	guest_faults(&h.g, HW_AT, IOASID_READ, IOASID_FAULT_BLOCKED);
	ck_ok(ioasid_device_attach(h.g.device, h.child));
	ck_assert_int_eq(hw_page(&h, 0), 42);
	ck_ok(ioasid_device_replace(h.g.device, shadow));
	hw_set(&h, 0, 43);
	ck_ok(inv_all(h.g.ctx, shadow));
	ck_assert_int_eq(hw_page(&h, 0), 43);
	ck_ok(ioasid_device_detach(h.g.device));
	ck_ok(ioasid_space_destroy(h.child));
	hw_close(&h);
}
END_TEST

/* A level-2 entry that maps 2 MiB, where the parent has pages of 4 KiB in disorder. */
START_TEST(the_smaller_of_both_pages_is_cached)
{
	const uint64_t at = HW_AT & ~(2 * MIB - 1);
	struct hw h;
	uint64_t i;

	hw_open(&h, PLAIN, hw_formats[_i], 0);
	for (i = 0; i < 512; i++)
		ck_ok(ioasid_space_map(h.g.root, GIB + i * PAGE, h.g.memory + (511 - i) * PAGE,
				       PAGE, RW, NULL));
	gt_store(gt_entry(&h.t, at + GIB, 2), gt_leaf_value(&h.t, 2, GIB, RW));
	for (i = 0; i < 512; i += 37)
		guest_reaches(&h.g, at + GIB + i * PAGE + 8, (511 - i) * PAGE + 8, RW);
	/* One invalidation in a page concerns all of that page: SDM 4.10.4.1, of INVLPG. */
	gt_store(gt_entry(&h.t, at + GIB, 2), gt_leaf_value(&h.t, 2, 2 * MIB, RW));
	guest_reaches(&h.g, at + GIB + 37 * PAGE, 474 * PAGE, RW);
	ck_ok(inv_range(h.g.ctx, h.child, at + GIB, 1));
	for (i = 0; i < 512; i += 37)
		guest_reaches(&h.g, at + GIB + i * PAGE, 2 * MIB + i * PAGE, RW);
	hw_close(&h);
}
END_TEST

START_TEST(accesses_across_pages_and_atomics)
{
	struct iovec iov[2];
	char text[8] = "abcdefg";
	uint64_t old;
	struct hw h;

	hw_open(&h, PLAIN, hw_formats[_i], 0);
	hw_set(&h, 1, 80);
	ck_ok(ioasid_dma_write(h.g.channel, HW_AT + PAGE - 4, text, 8));
	ck_assert(!memcmp(h.g.memory + 17 * PAGE - 4, "abcd", 4));
	ck_assert(!memcmp(h.g.memory + 80 * PAGE, "efg", 4));
	memset(text, 0, 8);
	ck_ok(ioasid_dma_read(h.g.channel, HW_AT + PAGE - 4, text, 8));
	ck_assert_str_eq(text, "abcdefg");
	ck_ok(ioasid_dma_fetch_add(h.g.channel, HW_AT + 2 * PAGE, 8, 7, &old));
	ck_assert_uint_eq(old, 0);
	ck_assert_uint_eq(h.g.memory[18 * PAGE], 7);
	ck_ok(ioasid_dma_begin(h.g.channel));
	ck_assert_int_eq(ioasid_dma_translate(h.g.channel, HW_AT + PAGE - 4, 8, RW, iov, 2), 2);
	ck_assert_ptr_eq(iov[1].iov_base, h.g.memory + 80 * PAGE);
	ck_err(inv_all(h.g.ctx, h.child), EDEADLK);
	ioasid_dma_end(h.g.channel);
	hw_close(&h);
}
END_TEST

START_TEST(only_a_page_table_fills_it)
{
	struct ioasid_range range = { 0x10000, PAGE };
	struct ioasid_space *child;
	struct hw h;

	hw_open(&h, PLAIN, hw_formats[_i], 0);
	child = hw_space(h.g.ctx, h.g.root);
	ck_err(ioasid_space_map_parent(child, 0x10000, 0, PAGE, RW, NULL), EOPNOTSUPP);
	ck_err(ioasid_space_map(child, 0x10000, h.g.memory, PAGE, RW, NULL), EOPNOTSUPP);
	ck_err(ioasid_space_unmap_all(child, NULL), EOPNOTSUPP);
	ck_err(ioasid_space_allow(child, &range, 1), EOPNOTSUPP);
	guest_attach(&h.g, child);
	guest_faults(&h.g, HW_AT, IOASID_READ, IOASID_FAULT_NO_PGTABLE);
	ck_err(inv_all(h.g.ctx, child), EINVAL);
	hw_close(&h);
}
END_TEST

START_TEST(there_are_two_levels_and_no_more)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *shadow, *space = NULL;
	struct hw h;

	hw_open(&h, PLAIN, hw_formats[_i], 0);
	shadow = make_space(h.g.ctx, h.g.root, 0);
	options.nesting = IOASID_NESTING_HARDWARE;
	options.parent = shadow;
	ck_err(ioasid_space_create(h.g.ctx, &options, &space), EINVAL);
	options.parent = h.child;
	ck_err(ioasid_space_create(h.g.ctx, &options, &space), EINVAL);
	options.nesting = IOASID_NESTING_SOFTWARE;
	ck_err(ioasid_space_create(h.g.ctx, &options, &space), EINVAL);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "IOASID_NESTING_SOFTWARE"));
	options.nesting = IOASID_NESTING_HARDWARE;
	options.parent = h.g.root;
	options.fill = IOASID_FILL_ON_DEMAND;
	ck_err(ioasid_space_create(h.g.ctx, &options, &space), EINVAL);
	options.fill = 0;
	options.memory_limit = MIB;
	ck_err(ioasid_space_create(h.g.ctx, &options, &space), EINVAL);
	ck_assert_ptr_null(space);
	hw_close(&h);
}
END_TEST

static enum ioasid_nesting chosen(const char *platform, enum ioasid_fill fill)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	enum ioasid_nesting nesting;
	struct ioasid_space *space;
	struct guest g;

	guest_platform = platform;
	guest_open(&g, HW_SIZE, 0);
	options.parent = g.root;
	options.fill = fill;
	ck_ok(ioasid_space_create(g.ctx, &options, &space));
	nesting = space_info(space).nesting;
	guest_close(&g);
	return nesting;
}

START_TEST(hardware_is_chosen_where_no_device_would_refuse_it)
{
	ck_assert_int_eq(chosen(NULL, 0), IOASID_NESTING_SOFTWARE);
	ck_assert_int_eq(chosen(PLAIN, 0), IOASID_NESTING_HARDWARE);
	ck_assert_int_eq(chosen(PLAIN, IOASID_FILL_ON_DEMAND), IOASID_NESTING_SOFTWARE);
	ck_assert_int_eq(chosen(PLAIN "iommu other\n", 0), IOASID_NESTING_SOFTWARE);
}
END_TEST

START_TEST(the_default_platform_has_no_such_iommu)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_device_stats stats = IOASID_DEVICE_STATS_INIT;
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_space *space;
	struct guest g;

	guest_platform = NULL;
	guest_open(&g, HW_SIZE, 0);
	ck_assert(!ioasid_ctx_has(g.ctx, IOASID_CAP_NESTING_HARDWARE));
	ck_assert_ptr_nonnull(ioasid_ctx_why_not(g.ctx, IOASID_CAP_NESTING_HARDWARE));
	options.parent = g.root;
	options.nesting = IOASID_NESTING_HARDWARE;
	ck_err(ioasid_space_create(g.ctx, &options, &space), EOPNOTSUPP);
	ck_ok(ioasid_device_query_info(g.device, &info));
	ck_assert(!info.nesting_hardware && info.nesting_software);
	ck_err(ioasid_device_query_stats(g.device, &stats), EOPNOTSUPP);
	guest_close(&g);
}
END_TEST

static const char mixed[] =
	"iommu one nesting=software\n"
	"iommu two nesting=hardware\n"
	"device 0000:00:01.0 iommu=one\n"
	"device 0000:00:02.0 iommu=two\n";

START_TEST(devices_are_refused_what_their_iommu_cannot_do)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_space *hw, *shadow;
	struct ioasid_device *two;
	struct guest g;

	guest_platform = mixed;
	guest_open(&g, HW_SIZE, 0);
	ck_assert(ioasid_ctx_has(g.ctx, IOASID_CAP_NESTING_HARDWARE));
	ck_ok(ioasid_device_bind(g.ctx, "0000:00:02.0", 2, &two));
	ck_ok(ioasid_device_query_info(two, &info));
	ck_assert(info.nesting_hardware && !info.nesting_software && !info.caching_mode);
	ck_assert(info.pgtable_formats);
	hw = hw_space(g.ctx, g.root);
	shadow = make_space(g.ctx, g.root, 0);
	ck_err(ioasid_device_attach(g.device, hw), EOPNOTSUPP);
	ck_ok(ioasid_device_attach(g.device, shadow));
	ck_err(ioasid_device_replace(g.device, hw), EOPNOTSUPP);
	ck_assert_ptr_eq(ioasid_device_get_space(g.device), shadow);
	ck_err(ioasid_device_attach(two, shadow), EOPNOTSUPP);
	ck_ok(ioasid_device_attach(two, hw));
	guest_close(&g);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, dma_goes_through_both_levels, 0, VARIANTS);
	tcase_add_loop_test(tc, permissions_of_both_levels_count, 0, VARIANTS);
	tcase_add_loop_test(tc, a_stale_entry_is_used_until_it_is_invalidated, 0, VARIANTS);
	tcase_add_loop_test(tc, what_is_not_present_is_not_cached, 0, VARIANTS);
	tcase_add_loop_test(tc, reserved_ranges_are_the_parents_too, 0, VARIANTS);
	tcase_add_loop_test(tc, more_permission_needs_no_invalidation, 0, VARIANTS);
	tcase_add_loop_test(tc, unneeded_invalidations_are_harmless, 0, VARIANTS);
	tcase_add_loop_test(tc, every_way_to_invalidate_drops, 0, VARIANTS);
	tcase_add_loop_test(tc, an_unmap_in_the_parent_drops_before_it_returns, 0, VARIANTS);
	tcase_add_loop_test(tc, rebinding_and_unbinding_drop, 0, VARIANTS);
	tcase_add_loop_test(tc, attachments_drop_what_they_end, 0, VARIANTS);
	tcase_add_loop_test(tc, the_smaller_of_both_pages_is_cached, 0, VARIANTS);
	tcase_add_loop_test(tc, accesses_across_pages_and_atomics, 0, VARIANTS);
	tcase_add_loop_test(tc, only_a_page_table_fills_it, 0, VARIANTS);
	tcase_add_loop_test(tc, there_are_two_levels_and_no_more, 0, VARIANTS);
	tcase_add_test(tc, hardware_is_chosen_where_no_device_would_refuse_it);
	tcase_add_test(tc, the_default_platform_has_no_such_iommu);
	tcase_add_test(tc, devices_are_refused_what_their_iommu_cannot_do);
}

int main(void)
{
	Suite *suite = suite_create("hwnest");
	TCase *tc = tcase_create("hwnest");

	add_tests(tc);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
