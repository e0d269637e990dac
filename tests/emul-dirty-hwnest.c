/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dirty tracking under IOMMUs that walk both levels, whose caches know what was writable. */
#include "dirty_guest.h"
#include "hw_world.h"

static const char *const platforms[] = {
	HW_PLATFORM("iotlb=16 structure-cache=4", ""),
	HW_PLATFORM("iotlb=1", ""),
	HW_PLATFORM("iotlb=16", "device-tlb=8"),
};
#define PLATFORMS (int)(sizeof(platforms) / sizeof(platforms[0]))

/* The guest's memory is tracked; page n at HW_AT leads to page 16 + n. Tables: from HW_TABLES. */
static void open_tracked(struct hw *h, int i, enum ioasid_pgtable_format format)
{
	guest_platform = platforms[i];
	dirty_open(&h->g, HW_SIZE);
	h->child = hw_space(h->g.ctx, h->g.root);
	gt_init(&h->t, format, 4, h->g.memory, 0, HW_TABLES, HW_SIZE);
	gt_map(&h->t, HW_AT, 16 * PAGE, 16 * PAGE, 1, RW);
	gt_map(&h->t, HW_AT + GIB, 2 * MIB, 2 * MIB, 2, RW);
	ck_ok(bind_table(h->child, format, 4, h->t.root));
	guest_attach(&h->g, h->child);
}

static void put(struct hw *h, uint64_t iova)
{
	ck_ok(dma_put(h->g.channel, HW_AT + iova, 1));
}

START_TEST(pages_that_are_written)
{
	struct hw h;
	uint8_t byte;

	open_tracked(&h, _i, IOASID_PGTABLE_VTD_SS);
	ck_ok(dma_get(h.g.channel, HW_AT, &byte));
	dirty_none(&h.g);
	put(&h, 0);
	put(&h, 0);
	put(&h, 3 * PAGE);
	put(&h, GIB + 5 * PAGE);
	dirty_peek(&h.g, 16, 19, 517);
	dirty_are(&h.g, 16, 19, 517);
	/* What the caches had is not used again. */
	put(&h, 0);
	put(&h, GIB + 5 * PAGE);
	put(&h, GIB + 6 * PAGE);
	dirty_are(&h.g, 16, 517, 518);
	dirty_none(&h.g);
	hw_close(&h);
}
END_TEST

/* Accessed and dirty flags are written into the guest's tables, which are pages of the root too. */
START_TEST(flags_in_tables_are_writes)
{
	const uint64_t tables = HW_TABLES / PAGE;
	struct hw h;
	uint8_t byte;

	open_tracked(&h, _i, IOASID_PGTABLE_VTD_FS);
	ck_ok(dma_get(h.g.channel, HW_AT, &byte));
	dirty_are(&h.g, tables, tables + 1, tables + 2, tables + 3);
	ck_ok(dma_get(h.g.channel, HW_AT, &byte));
	dirty_none(&h.g);
	/* The leaf's dirty flag, and the page; then the page alone. */
	put(&h, 0);
	dirty_are(&h.g, 16, tables + 3);
	put(&h, 0);
	dirty_are(&h.g, 16);
	hw_close(&h);
}
END_TEST

START_TEST(starting_late_and_stopping)
{
	struct hw h;
	int i;

	open_tracked(&h, _i, IOASID_PGTABLE_VTD_SS);
	ck_ok(ioasid_space_dirty_stop(h.g.root));
	for (i = 0; i < 3; i++) {
		put(&h, PAGE);
		put(&h, GIB);
		ck_ok(ioasid_space_dirty_start(h.g.root));
		put(&h, PAGE);
		put(&h, GIB + PAGE);
		dirty_peek(&h.g, 17, 513);
		ck_ok(ioasid_space_dirty_stop(h.g.root));
	}
	hw_close(&h);
}
END_TEST

START_TEST(faults_leave_pages_clean)
{
	struct hw h;

	open_tracked(&h, _i, IOASID_PGTABLE_VTD_SS);
	gt_map(&h.t, HW_AT + PAGE, 17 * PAGE, PAGE, 1, IOASID_READ);
	gt_map(&h.t, HW_AT + 2 * PAGE, 18 * PAGE, PAGE, 1, IOASID_WRITE);
	ck_ok(inv_all(h.g.ctx, h.child));
	guest_faults(&h.g, HW_AT + PAGE, IOASID_WRITE, IOASID_FAULT_PERMISSION);
	ck_assert_ptr_null(dma_where(h.g.channel, HW_AT + 2 * PAGE, RW));
	dirty_none(&h.g);
	put(&h, 2 * PAGE);
	dirty_are(&h.g, 18);
	hw_close(&h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dirty-hwnest");
	TCase *tc = tcase_create("dirty-hwnest");

	tcase_add_loop_test(tc, pages_that_are_written, 0, PLATFORMS);
	tcase_add_loop_test(tc, flags_in_tables_are_writes, 0, PLATFORMS);
	tcase_add_loop_test(tc, starting_late_and_stopping, 0, PLATFORMS);
	tcase_add_loop_test(tc, faults_leave_pages_clean, 0, PLATFORMS);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
