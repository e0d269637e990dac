/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Invalidation batches: what each entry covers, errors, the ends of the address space. */
#include <malloc.h>
#include <string.h>

#include "guest_tables.h"
#include "msan.h"
#include "support.h"

#define SIZE guest_size
#define TABLES (4 * MIB)
#define AT     UINT64_C(0x8000000000)
#define N      64 /* pages mapped at AT, to the guest's first */

struct fix {
	struct guest g;
	struct guest_table t[2];
	struct ioasid_space *child[2];
	struct ioasid_inv *inv;
	size_t handled;
};

/* Two spaces, filled on invalidation, with the same map; the device is in the first. */
static void fix_open(struct fix *f)
{
	int i;

	guest_open(&f->g, SIZE, 0);
	for (i = 0; i < 2; i++) {
		uint64_t tables = TABLES + (uint64_t)i * MIB;

		f->child[i] = make_space(f->g.ctx, f->g.root, IOASID_FILL_ON_INVALIDATION);
		gt_init(&f->t[i], IOASID_PGTABLE_VTD_SS, 4, f->g.memory, 0, tables, tables + MIB);
		gt_map(&f->t[i], AT, 0, N * PAGE, 1, RW);
		ck_ok(bind_table(f->child[i], IOASID_PGTABLE_VTD_SS, 4, f->t[i].root));
	}
	guest_attach(&f->g, f->child[0]);
	ck_ok(ioasid_inv_new(f->g.ctx, 0, &f->inv));
	f->handled = SIZE_MAX;
}

static void fix_close(struct fix *f)
{
	ioasid_inv_free(f->inv);
	guest_close(&f->g);
}

/* The guest moves all pages of a space by @by pages. */
static void move(struct fix *f, int i, uint64_t by)
{
	gt_map(&f->t[i], AT, by * PAGE, N * PAGE, 1, RW);
}

/* So that a program can see what it has to do about a bad entry. */
static void says(const char *what)
{
	ck_assert_msg(strstr(ioasid_errmsg(), what), "no \"%s\": %s", what, ioasid_errmsg());
}

/* Asserts that the pages @first to @last - 1 have been seen moved by @by, and no others. */
static void moved(struct fix *f, uint64_t first, uint64_t last, uint64_t by)
{
	uint64_t i;

	for (i = 0; i < N; i++)
		guest_reaches(&f->g, AT + i * PAGE, (i + (i >= first && i < last ? by : 0)) * PAGE,
			      RW);
}

START_TEST(no_memory_has_room_for_that)
{
	struct ioasid_inv *inv = NULL;
	struct fix f;

	fix_open(&f);
	ck_err(ioasid_inv_new(f.g.ctx, SIZE_MAX, &inv), ENOMEM);
	ck_err(ioasid_inv_new(f.g.ctx, SIZE_MAX / 64, &inv), ENOMEM);
	ck_assert_ptr_null(inv);
	fix_close(&f);
}
END_TEST

START_TEST(nothing_changes_without_invalidation)
{
	struct fix f;

	fix_open(&f);
	moved(&f, 0, 0, 0);
	move(&f, 0, 100);
	moved(&f, 0, 0, 0);
	ck_assert_uint_eq(ioasid_inv_get_count(f.inv), 0);
	ck_ok(ioasid_inv_submit(f.inv, &f.handled));
	ck_assert_uint_eq(f.handled, 0);
	moved(&f, 0, 0, 0);
	fix_close(&f);
}
END_TEST

START_TEST(all)
{
	struct fix f;

	fix_open(&f);
	move(&f, 0, 100);
	ck_ok(ioasid_inv_add_all(f.inv, f.child[0], 0));
	moved(&f, 0, 0, 0);
	ck_ok(ioasid_inv_submit(f.inv, &f.handled));
	ck_assert_uint_eq(f.handled, 1);
	ck_assert_uint_eq(ioasid_inv_get_count(f.inv), 1);
	moved(&f, 0, N, 100);
	fix_close(&f);
}
END_TEST

START_TEST(range_is_rounded_out_to_pages)
{
	struct fix f;

	fix_open(&f);
	move(&f, 0, 100);
	ck_ok(ioasid_inv_add_range(f.inv, f.child[0], AT + 8 * PAGE + 4095, 2, 0));
	ck_ok(ioasid_inv_submit(f.inv, NULL));
	moved(&f, 8, 10, 100);
	fix_close(&f);
}
END_TEST

START_TEST(mask_is_naturally_aligned)
{
	struct fix f;

	fix_open(&f);
	move(&f, 0, 100);
	ck_ok(ioasid_inv_add_mask(f.inv, f.child[0], AT + 21 * PAGE + 5, 3, 0));
	ck_ok(ioasid_inv_submit(f.inv, NULL));
	moved(&f, 16, 24, 100);
	ioasid_inv_reset(f.inv);
	move(&f, 0, 200);
	ck_ok(ioasid_inv_add_mask(f.inv, f.child[0], AT + 63 * PAGE, 0, 0));
	ck_ok(ioasid_inv_submit(f.inv, NULL));
	guest_reaches(&f.g, AT + 63 * PAGE, 263 * PAGE, RW);
	guest_reaches(&f.g, AT + 62 * PAGE, 62 * PAGE, RW);
	guest_reaches(&f.g, AT + 20 * PAGE, 120 * PAGE, RW);
	fix_close(&f);
}
END_TEST

START_TEST(widest_mask_is_everything)
{
	struct fix f;

	fix_open(&f);
	move(&f, 0, 100);
	ck_ok(ioasid_inv_add_mask(f.inv, f.child[0], UINT64_MAX, 52, 0));
	ck_ok(ioasid_inv_submit(f.inv, NULL));
	moved(&f, 0, N, 100);
	ck_err(ioasid_inv_add_mask(f.inv, f.child[0], 0, 53, 0), EINVAL);
	ck_assert_uint_eq(ioasid_inv_get_count(f.inv), 1);
	fix_close(&f);
}
END_TEST

START_TEST(leaf_only)
{
	struct fix f;

	fix_open(&f);
	move(&f, 0, 100);
	ck_ok(ioasid_inv_add_range(f.inv, f.child[0], AT, 5 * PAGE, IOASID_INV_LEAF_ONLY));
	ck_ok(ioasid_inv_submit(f.inv, NULL));
	moved(&f, 0, 5, 100);
	gt_unmap(&f.t[0], AT, PAGE, 1);
	ioasid_inv_reset(f.inv);
	ck_ok(ioasid_inv_add_all(f.inv, f.child[0], IOASID_INV_LEAF_ONLY));
	ck_ok(ioasid_inv_submit(f.inv, NULL));
	guest_faults(&f.g, AT, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_reaches(&f.g, AT + PAGE, 101 * PAGE, RW);
	fix_close(&f);
}
END_TEST

START_TEST(pasid_and_device)
{
	struct fix f;

	fix_open(&f);
	ck_ok(ioasid_device_attach_pasid(f.g.device, 9, f.child[1]));
	move(&f, 0, 100);
	move(&f, 1, 100);
	ck_ok(ioasid_inv_add_pasid(f.inv, f.g.device, 9, 0));
	ck_ok(ioasid_inv_submit(f.inv, &f.handled));
	ck_assert_uint_eq(f.handled, 1);
	moved(&f, 0, 0, 0);
	ck_ok(ioasid_device_replace(f.g.device, f.child[1]));
	moved(&f, 0, N, 100);
	ck_ok(ioasid_device_replace(f.g.device, f.child[0]));
	ioasid_inv_reset(f.inv);
	ck_ok(ioasid_inv_add_pasid(f.inv, f.g.device, IOASID_NO_PASID, 0));
	ck_ok(ioasid_inv_submit(f.inv, NULL));
	moved(&f, 0, N, 100);
	move(&f, 0, 200);
	move(&f, 1, 200);
	ioasid_inv_reset(f.inv);
	ck_ok(ioasid_inv_add_device(f.inv, f.g.device, 0));
	ck_ok(ioasid_inv_submit(f.inv, &f.handled));
	ck_assert_uint_eq(f.handled, 1);
	moved(&f, 0, N, 200);
	ck_ok(ioasid_device_replace(f.g.device, f.child[1]));
	moved(&f, 0, N, 200);
	fix_close(&f);
}
END_TEST

START_TEST(what_a_device_uses_is_found_when_submitted)
{
	struct fix f;

	fix_open(&f);
	ck_ok(ioasid_inv_add_device(f.inv, f.g.device, 0));
	move(&f, 1, 100);
	ck_ok(ioasid_device_replace(f.g.device, f.child[1]));
	ck_ok(ioasid_inv_submit(f.inv, NULL));
	moved(&f, 0, N, 100);
	/* Spaces without a table are passed over, and none at all is no error. */
	ck_ok(ioasid_device_replace(f.g.device, f.g.root));
	ck_ok(ioasid_inv_submit(f.inv, &f.handled));
	ck_assert_uint_eq(f.handled, 1);
	ck_ok(ioasid_device_detach(f.g.device));
	ck_ok(ioasid_inv_submit(f.inv, &f.handled));
	ck_assert_uint_eq(f.handled, 1);
	ioasid_inv_reset(f.inv);
	ck_ok(ioasid_inv_add_pasid(f.inv, f.g.device, IOASID_NO_PASID, 0));
	ck_err(ioasid_inv_submit(f.inv, &f.handled), ENOENT);
	ck_assert_uint_eq(f.handled, 0);
	says("0000:00:01.0 is not attached");
	ioasid_inv_reset(f.inv);
	ck_ok(ioasid_inv_add_pasid_range(f.inv, f.g.device, 5, AT, PAGE, 0));
	ck_err(ioasid_inv_submit(f.inv, NULL), ENOENT);
	says("0000:00:01.0 is not attached for PASID 5");
	fix_close(&f);
}
END_TEST

START_TEST(several_spaces_in_one_batch)
{
	struct fix f;

	fix_open(&f);
	move(&f, 0, 100);
	move(&f, 1, 100);
	ck_ok(ioasid_inv_add_range(f.inv, f.child[1], AT + 60 * PAGE, 2 * PAGE, 0));
	ck_ok(ioasid_inv_add_range(f.inv, f.child[0], AT + 4 * PAGE, PAGE, 0));
	ck_ok(ioasid_inv_add_range(f.inv, f.child[1], AT + 59 * PAGE, PAGE, 0));
	ck_ok(ioasid_inv_add_range(f.inv, f.child[0], AT + 3 * PAGE, 2 * PAGE, 0));
	ck_ok(ioasid_inv_add_range(f.inv, f.child[0], AT + 4 * PAGE, PAGE, 0));
	ck_ok(ioasid_inv_submit(f.inv, &f.handled));
	ck_assert_uint_eq(f.handled, 5);
	moved(&f, 3, 5, 100);
	ck_ok(ioasid_device_replace(f.g.device, f.child[1]));
	moved(&f, 59, 62, 100);
	fix_close(&f);
}
END_TEST

START_TEST(bad_entry_ends_the_batch)
{
	struct ioasid_space *gone;
	struct fix f;

	fix_open(&f);
	gone = make_space(f.g.ctx, f.g.root, 0);
	ck_ok(bind_table(gone, IOASID_PGTABLE_VTD_SS, 4, 0));
	move(&f, 0, 100);
	ck_ok(ioasid_inv_add_range(f.inv, f.child[0], AT, 2 * PAGE, 0));
	ck_ok(ioasid_inv_add_all(f.inv, gone, 0));
	ck_ok(ioasid_inv_add_range(f.inv, f.child[0], AT + 2 * PAGE, 2 * PAGE, 0));
	ck_ok(ioasid_space_destroy(gone));
	ck_err(ioasid_inv_submit(f.inv, &f.handled), ENOENT);
	ck_assert_uint_eq(f.handled, 1);
	says("entry 1: its space is gone: submit a batch before");
	moved(&f, 0, 2, 100);
	/* A space made later is not the one that was meant, even if it looks the same. */
	gone = make_space(f.g.ctx, f.g.root, 0);
	ck_ok(bind_table(gone, IOASID_PGTABLE_VTD_SS, 4, 0));
	ck_err(ioasid_inv_submit(f.inv, &f.handled), ENOENT);
	ck_assert_uint_eq(f.handled, 1);
	ioasid_inv_reset(f.inv);
	ck_ok(ioasid_inv_add_all(f.inv, f.g.root, 0));
	ck_err(ioasid_inv_submit(f.inv, &f.handled), EINVAL);
	ck_assert_uint_eq(f.handled, 0);
	ck_ok(ioasid_space_unbind_pgtable(gone));
	ioasid_inv_reset(f.inv);
	ck_ok(ioasid_inv_add_all(f.inv, f.child[0], 0));
	ck_ok(ioasid_inv_add_all(f.inv, gone, 0));
	ck_err(ioasid_inv_submit(f.inv, &f.handled), EINVAL);
	ck_assert_uint_eq(f.handled, 1);
	moved(&f, 0, N, 100);
	fix_close(&f);
}
END_TEST

START_TEST(device_that_is_gone)
{
	struct ioasid_device *other;
	struct fix f;

	fix_open(&f);
	ck_ok(ioasid_device_bind(f.g.ctx, "0000:00:02.0", 0, &other));
	ck_ok(ioasid_device_attach(other, f.child[1]));
	move(&f, 0, 100);
	ck_ok(ioasid_inv_add_all(f.inv, f.child[0], 0));
	ck_ok(ioasid_inv_add_device(f.inv, other, 0));
	ck_ok(ioasid_inv_add_pasid(f.inv, other, IOASID_NO_PASID, 0));
	ck_ok(ioasid_inv_submit(f.inv, &f.handled));
	ck_assert_uint_eq(f.handled, 3);
	ck_ok(ioasid_device_unbind(other));
	ck_err(ioasid_inv_submit(f.inv, &f.handled), ENOENT);
	ck_assert_uint_eq(f.handled, 1);
	ck_ok(ioasid_device_bind(f.g.ctx, "0000:00:02.0", 0, &other));
	ck_err(ioasid_inv_submit(f.inv, &f.handled), ENOENT);
	ck_assert_uint_eq(f.handled, 1);
	says("entry 1: its device is gone");
	ioasid_inv_reset(f.inv);
	ck_ok(ioasid_inv_add_pasid(f.inv, other, IOASID_NO_PASID, 0));
	ck_ok(ioasid_device_unbind(other));
	ck_err(ioasid_inv_submit(f.inv, NULL), ENOENT);
	says("entry 0: its device is gone");
	fix_close(&f);
}
END_TEST

START_TEST(add_refuses)
{
	struct fix f, other;

	fix_open(&f);
	fix_open(&other);
	ck_err(ioasid_inv_add_all(f.inv, f.child[0], 2), EINVAL);
	ck_err(ioasid_inv_add_all(f.inv, other.child[0], 0), EINVAL);
	ck_err(ioasid_inv_add_range(f.inv, f.child[0], AT, 0, 0), EINVAL);
	ck_err(ioasid_inv_add_range(f.inv, f.child[0], UINT64_MAX, 2, 0), EOVERFLOW);
	ck_err(ioasid_inv_add_range(f.inv, f.child[0], PAGE, UINT64_MAX, 0), EOVERFLOW);
	ck_err(ioasid_inv_add_range(f.inv, other.child[0], AT, PAGE, 0), EINVAL);
	ck_err(ioasid_inv_add_range(f.inv, f.child[0], AT, PAGE, 8), EINVAL);
	ck_err(ioasid_inv_add_mask(f.inv, f.child[0], AT, 64, 0), EINVAL);
	ck_err(ioasid_inv_add_pasid(f.inv, other.g.device, 1, 0), EINVAL);
	ck_err(ioasid_inv_add_pasid(f.inv, f.g.device, 1, 4), EINVAL);
	ck_err(ioasid_inv_add_device(f.inv, other.g.device, 0), EINVAL);
	ck_err(ioasid_inv_add_device(f.inv, f.g.device, 4), EINVAL);
	ck_assert_uint_eq(ioasid_inv_get_count(f.inv), 0);
	fix_close(&other);
	fix_close(&f);
}
END_TEST

START_TEST(ends_of_the_address_space)
{
	static const struct ioasid_range ranges[] = {
		{ 0, UINT64_MAX }, { 0, 1 }, { UINT64_MAX, 1 }, { UINT64_MAX - 4095, 4096 },
		{ 1, UINT64_MAX }, { (UINT64_C(1) << 48) - PAGE, UINT64_C(1) << 50 },
	};
	uint64_t top = (UINT64_C(1) << 48) - PAGE;
	struct fix f;
	size_t i;

	fix_open(&f);
	gt_map(&f.t[0], 0, PAGE, PAGE, 1, RW);
	gt_map(&f.t[0], top, 2 * PAGE, PAGE, 1, RW);
	for (i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		ck_ok(ioasid_inv_add_range(f.inv, f.child[0], ranges[i].start, ranges[i].length,
					   0));
	ck_ok(ioasid_inv_submit(f.inv, NULL));
	guest_reaches(&f.g, 0, PAGE, RW);
	guest_reaches(&f.g, top, 2 * PAGE, RW);
	moved(&f, 0, 0, 0);
	fix_close(&f);
}
END_TEST

/* Where the @k-th of pages is that have a table each. */
static uint64_t apart(uint64_t k)
{
	return AT + k * (2 * MIB + PAGE);
}

/*
 * Many pages in one batch, in no order, some twice, one beyond the table; one whose table is new,
 * one whose table has gone. The parent has a list of users, or none.
 */
START_TEST(pages_in_any_order)
{
	const uint64_t n = 90;
	struct guest_table t;
	struct ioasid_space *child;
	struct ioasid_inv *inv;
	size_t handled = 0;
	struct guest g;
	uint64_t k;

	guest_open(&g, _i ? 64 * MIB : 16 * MIB, 0);
	child = make_space(g.ctx, g.root, IOASID_FILL_ON_INVALIDATION);
	gt_init(&t, IOASID_PGTABLE_VTD_SS, 4, g.memory, 0, TABLES, TABLES + MIB);
	for (k = 0; k < n; k++)
		if (k != 20)
			gt_map(&t, apart(k), k * PAGE, PAGE, 1, RW);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, t.root));
	guest_attach(&g, child);
	ck_ok(ioasid_inv_new(g.ctx, 0, &inv));
	for (k = 0; k < n; k++)
		gt_map(&t, apart(k), (n + k) * PAGE, PAGE, 1, k % 3 ? RW : IOASID_READ);
	gt_store(gt_entry(&t, apart(13), 2), 0);
	gt_store(gt_entry(&t, apart(14), 1), 0);
	for (k = 0; k < 2 * n; k++)	/* all but the last, the odd ones of them twice */
		if (k * 37 % n != n - 1 && (k < n || k % 2))
			ck_ok(ioasid_inv_add_mask(inv, child, apart(k * 37 % n), 0, 0));
	ck_ok(ioasid_inv_add_mask(inv, child, UINT64_C(1) << 50, 0, IOASID_INV_LEAF_ONLY));
	ck_ok(ioasid_inv_submit(inv, &handled));
	ck_assert_uint_eq(handled, ioasid_inv_get_count(inv));
	for (k = 0; k < n - 1; k++)
		if (k == 13 || k == 14)
			guest_faults(&g, apart(k), IOASID_READ, IOASID_FAULT_NOT_MAPPED);
		else
			guest_reaches(&g, apart(k), (n + k) * PAGE, k % 3 ? RW : IOASID_READ);
	guest_reaches(&g, apart(k), k * PAGE, RW);
	ioasid_inv_free(inv);
	guest_close(&g);
}
END_TEST

#define KINDS 4

/*
 * Where entry @k leads if its turn is @turn: to small pages or a large one, far apart; to nothing.
 */
static uint64_t all_over(uint64_t k, uint64_t turn)
{
	static const uint64_t base[KINDS] = { 0, GIB, 3 * GIB, 7 * GIB };

	return base[(k + turn) % KINDS] + k * PAGE;
}

/*
 * A table whose entries lead to all kinds of places of the parent, and change places, many at once.
 */
START_TEST(a_table_leads_all_over_the_parent)
{
	const uint64_t n = 512;
	struct guest_table t;
	struct ioasid_space *child;
	uint64_t k, turn;
	struct guest g;

	guest_open(&g, 16 * MIB, 0);
	for (k = 0; k < n; k++) {
		ck_ok(ioasid_space_map(g.root, GIB + k * PAGE, g.memory + (n - k) * PAGE, PAGE, RW,
				       NULL));
		ck_ok(ioasid_space_map(g.root, 3 * GIB + k * PAGE, g.memory + (k ^ 1) * PAGE, PAGE,
				       IOASID_READ, NULL));
	}
	child = make_space(g.ctx, g.root, IOASID_FILL_ON_INVALIDATION);
	gt_init(&t, IOASID_PGTABLE_VTD_SS, 4, g.memory, 0, TABLES, TABLES + MIB);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, t.root));
	guest_attach(&g, child);
	for (turn = 0; turn < 2 * KINDS; turn++) {
		for (k = 0; k < n; k++)
			gt_map(&t, AT + k * PAGE, all_over(k, turn), PAGE, 1, RW);
		ck_ok(inv_range(g.ctx, child, AT, n * PAGE));
		for (k = 0; k < n; k++)
			switch ((k + turn) % KINDS) {
			case 0:
				guest_reaches(&g, AT + k * PAGE, k * PAGE, RW);
				break;
			case 1:
				guest_reaches(&g, AT + k * PAGE, (n - k) * PAGE, RW);
				break;
			case 2:
				guest_reaches(&g, AT + k * PAGE, (k ^ 1) * PAGE, IOASID_READ);
				break;
			default:
				guest_faults(&g, AT + k * PAGE, IOASID_READ,
					     IOASID_FAULT_TARGET_NOT_MAPPED);
			}
	}
	/* who leads where is still known */
	ck_ok(ioasid_space_unmap(g.root, GIB, n * PAGE, NULL));
	for (k = 0; k < n; k++)
		if ((k + turn - 1) % KINDS == 1)
			guest_faults(&g, AT + k * PAGE, IOASID_READ,
				     IOASID_FAULT_TARGET_NOT_MAPPED);
	guest_close(&g);
}
END_TEST

/* Bytes that are allocated; not told by other C libraries than glibc, and by MSan's. */
static size_t allocated(void)
{
#if defined(__GLIBC__) && !MSAN
	const struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
#else
	return 0;
#endif
}

START_TEST(a_batch_is_reused_without_allocating)
{
	size_t before = 0;
	struct fix f;
	uint64_t i, round;

	fix_open(&f);
	for (round = 0; round < 20; round++) {
		if (round == 2)
			before = allocated();
		ioasid_inv_reset(f.inv);
		ck_assert_uint_eq(ioasid_inv_get_count(f.inv), 0);
		move(&f, 0, 100 + round);
		for (i = 0; i < 512; i++)
			ck_ok(ioasid_inv_add_range(f.inv, f.child[i % 2], AT + i * 7 % 512 * PAGE,
						   PAGE, 0));
		ck_assert_uint_eq(ioasid_inv_get_count(f.inv), 512);
		ck_ok(ioasid_inv_submit(f.inv, NULL));
	}
	ck_assert_uint_eq(allocated(), before);
	fix_close(&f);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, no_memory_has_room_for_that);
	tcase_add_test(tc, nothing_changes_without_invalidation);
	tcase_add_test(tc, all);
	tcase_add_test(tc, range_is_rounded_out_to_pages);
	tcase_add_test(tc, mask_is_naturally_aligned);
	tcase_add_test(tc, widest_mask_is_everything);
	tcase_add_test(tc, leaf_only);
	tcase_add_test(tc, pasid_and_device);
	tcase_add_test(tc, what_a_device_uses_is_found_when_submitted);
	tcase_add_test(tc, several_spaces_in_one_batch);
	tcase_add_test(tc, bad_entry_ends_the_batch);
	tcase_add_test(tc, device_that_is_gone);
	tcase_add_test(tc, add_refuses);
	tcase_add_test(tc, ends_of_the_address_space);
	tcase_add_loop_test(tc, pages_in_any_order, 0, 2);
	tcase_add_test(tc, a_table_leads_all_over_the_parent);
	tcase_add_test(tc, a_batch_is_reused_without_allocating);
}

int main(void)
{
	Suite *suite = suite_create("inv");

	suite_add_sizes(suite, "inv", add_tests);
	return run_suite(suite);
}
