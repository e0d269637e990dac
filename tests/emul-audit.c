/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Audit mode names the invalidation that a guest forgot, and nothing else. */
#include "guest_tables.h"
#include "support.h"

#define SIZE guest_size
#define TABLES (4 * MIB)
#define AT     UINT64_C(0x7654321000)

static const enum ioasid_fill fills[] = { IOASID_FILL_ON_INVALIDATION, IOASID_FILL_ON_DEMAND };
static const enum ioasid_pgtable_format formats[] = { IOASID_PGTABLE_VTD_SS,
						      IOASID_PGTABLE_VTD_FS };

#define VARIANTS 4 /* fill, format */

struct audit {
	struct guest g;
	struct guest_table t;
	struct ioasid_space *child;
};

static void audit_open(struct audit *a, int i, uint64_t flags)
{
	guest_open(&a->g, SIZE, flags);
	a->child = make_space(a->g.ctx, a->g.root, fills[i % 2]);
	gt_init(&a->t, formats[i / 2], 4, a->g.memory, 0, TABLES, SIZE);
	gt_map(&a->t, AT, PAGE, 4 * PAGE, 1, RW);
	ck_ok(bind_table(a->child, a->t.format, 4, a->t.root));
	guest_attach(&a->g, a->child);
}

/* A DMA at page @n goes where it should, and nothing is said. */
static void is_silent(struct audit *a, uint64_t n, uint64_t target)
{
	struct ioasid_event event;
	uint8_t byte;

	drop_events(a->g.queue);
	a->g.memory[target] = (uint8_t)~a->g.memory[target];
	ck_ok(dma_get(a->g.channel, AT + n * PAGE, &byte));
	ck_assert_uint_eq(byte, a->g.memory[target]);
	ck_assert_uint_eq(ioasid_event_queue_read(a->g.queue, &event, 1), 0);
}

/* A write at page @n still goes to @target, and the stale entry is named. */
static struct ioasid_event is_named(struct audit *a, uint64_t n, uint64_t target,
				    unsigned int level, uint64_t before, uint64_t now)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_event event;

	drop_events(a->g.queue);
	ck_ok(dma_put(a->g.channel, AT + n * PAGE + 12, 0x5c));
	ck_assert_uint_eq(a->g.memory[target + 12], 0x5c);
	a->g.memory[target + 12] = 0;
	event = take_event(a->g.queue);
	ck_ok(ioasid_device_query_info(a->g.device, &info));
	ck_assert_int_eq(event.type, IOASID_EVENT_MISSING_INVALIDATION);
	ck_assert_int_eq(event.reason, 0);
	ck_assert_uint_eq(event.cookie, GUEST_COOKIE);
	ck_assert_uint_eq(event.requester, info.requester);
	ck_assert_uint_eq(event.pasid, IOASID_NO_PASID);
	ck_assert_uint_eq(event.iova, AT + n * PAGE + 12);
	ck_assert_uint_eq(event.access, IOASID_WRITE);
	ck_assert_uint_eq(event.space, ioasid_space_get_id(a->child));
	ck_assert_uint_eq(event.level, level);
	ck_assert_uint_eq(event.old_entry, before);
	ck_assert_uint_eq(event.new_entry, now);
	return event;
}

START_TEST(moved_page)
{
	uint64_t *entry, before;
	struct ioasid_event event;
	struct audit a;

	audit_open(&a, _i, IOASID_CTX_AUDIT);
	is_silent(&a, 0, PAGE);
	is_silent(&a, 1, 2 * PAGE);
	entry = gt_entry(&a.t, AT + PAGE, 1);
	before = gt_load(entry);
	gt_map(&a.t, AT + PAGE, 77 * PAGE, PAGE, 1, RW);
	is_silent(&a, 0, PAGE);
	event = is_named(&a, 1, 2 * PAGE, 1, before, gt_load(entry));
	ck_assert_uint_eq(event.last_invalidated, 0);
	ck_ok(inv_range(a.g.ctx, a.child, AT + PAGE, PAGE));
	is_silent(&a, 1, 77 * PAGE);
	guest_close(&a.g);
}
END_TEST

START_TEST(page_taken_away)
{
	uint64_t *entry, before;
	struct audit a;

	audit_open(&a, _i, IOASID_CTX_AUDIT);
	is_silent(&a, 2, 3 * PAGE);
	entry = gt_entry(&a.t, AT + 2 * PAGE, 1);
	before = gt_load(entry);
	gt_store(entry, 0);
	is_named(&a, 2, 3 * PAGE, 1, before, 0);
	ck_ok(inv_all(a.g.ctx, a.child));
	guest_faults(&a.g, AT + 2 * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_close(&a.g);
}
END_TEST

START_TEST(permission_taken_away)
{
	uint64_t *entry, before;
	struct audit a;

	audit_open(&a, _i, IOASID_CTX_AUDIT);
	is_silent(&a, 3, 4 * PAGE);
	entry = gt_entry(&a.t, AT + 3 * PAGE, 1);
	before = gt_load(entry);
	gt_store(entry, before & ~SS_WRITE);
	is_named(&a, 3, 4 * PAGE, 1, before, before & ~SS_WRITE);
	guest_close(&a.g);
}
END_TEST

START_TEST(table_exchanged)
{
	uint64_t *entry, before, table;
	struct audit a;

	audit_open(&a, _i, IOASID_CTX_AUDIT);
	is_silent(&a, 0, PAGE);
	entry = gt_entry(&a.t, AT, 2);
	before = gt_load(entry);
	table = gt_page(&a.t);
	gt_store(gt_slot(&a.t, table, (AT >> 12) & 511), gt_leaf_value(&a.t, 1, 50 * PAGE, RW));
	gt_store(entry, gt_table_value(&a.t, table));
	is_named(&a, 0, PAGE, 2, before, gt_load(entry));
	ck_ok(inv_range(a.g.ctx, a.child, AT, PAGE));
	is_silent(&a, 0, 50 * PAGE);
	guest_close(&a.g);
}
END_TEST

START_TEST(when_it_was_last_invalidated)
{
	uint64_t *entry, before, from, to;
	struct ioasid_event event;
	struct audit a;

	audit_open(&a, _i, IOASID_CTX_AUDIT);
	is_silent(&a, 0, PAGE);
	from = now_ns();
	ck_ok(inv_range(a.g.ctx, a.child, AT, PAGE));
	to = now_ns();
	is_silent(&a, 0, PAGE);
	entry = gt_entry(&a.t, AT, 1);
	before = gt_load(entry);
	gt_store(entry, gt_leaf_value(&a.t, 1, 60 * PAGE, RW));
	event = is_named(&a, 0, PAGE, 1, before, gt_load(entry));
	ck_assert_uint_ge(event.last_invalidated, from);
	ck_assert_uint_le(event.last_invalidated, to);
	guest_close(&a.g);
}
END_TEST

START_TEST(invalidations_that_are_not_needed_are_harmless)
{
	struct audit a;
	uint64_t i;

	audit_open(&a, _i, IOASID_CTX_AUDIT);
	for (i = 0; i < 4; i++) {
		is_silent(&a, i, (i + 1) * PAGE);
		ck_ok(inv_range(a.g.ctx, a.child, AT + i * PAGE, PAGE));
		ck_ok(inv_range(a.g.ctx, a.child, AT - GIB, 2 * GIB));
		ck_ok(inv_all(a.g.ctx, a.child));
		is_silent(&a, i, (i + 1) * PAGE);
	}
	guest_close(&a.g);
}
END_TEST

START_TEST(changes_that_mean_nothing)
{
	uint64_t *entry;
	struct audit a;

	audit_open(&a, _i, IOASID_CTX_AUDIT);
	is_silent(&a, 0, PAGE);
	/* The accessed flag is the unit's to set (3.6.2, 3.7.2). */
	entry = gt_entry(&a.t, AT, 1);
	gt_store(entry, gt_load(entry) | (a.t.format == IOASID_PGTABLE_VTD_FS ? 0x20 : 0x100));
	is_silent(&a, 0, PAGE);
	/* A store of what is there already is none. */
	entry = gt_entry(&a.t, AT, 2);
	gt_store(entry, gt_load(entry));
	is_silent(&a, 0, PAGE);
	guest_close(&a.g);
}
END_TEST

START_TEST(nothing_is_said_without_audit)
{
	struct audit a;

	audit_open(&a, _i, 0);
	is_silent(&a, 0, PAGE);
	gt_map(&a.t, AT, 77 * PAGE, PAGE, 1, RW);
	is_silent(&a, 0, PAGE);
	guest_close(&a.g);
}
END_TEST

START_TEST(parent_changes_need_no_invalidation)
{
	struct ioasid_event event;
	struct audit a;
	uint8_t byte;

	audit_open(&a, _i, IOASID_CTX_AUDIT);
	gt_map(&a.t, AT, SIZE, PAGE, 1, RW);
	ck_ok(inv_all(a.g.ctx, a.child));
	ck_ok(ioasid_space_map(a.g.root, SIZE, a.g.memory + 8 * PAGE, PAGE, RW, NULL));
	is_silent(&a, 0, 8 * PAGE);
	ck_ok(ioasid_space_unmap(a.g.root, SIZE, PAGE, NULL));
	ck_assert_int_eq(dma_get(a.g.channel, AT, &byte), -EFAULT);
	event = take_event(a.g.queue);
	ck_assert_int_eq(event.type, IOASID_EVENT_FAULT);
	ck_assert_int_eq(event.reason, IOASID_FAULT_TARGET_NOT_MAPPED);
	ck_assert_uint_eq(ioasid_event_queue_read(a.g.queue, &event, 1), 0);
	guest_close(&a.g);
}
END_TEST

/* What it said is gone, and read again when it is used: nobody has to say so. */
START_TEST(table_that_was_away_for_a_while)
{
	uint64_t table;
	struct audit a;

	audit_open(&a, _i, IOASID_CTX_AUDIT);
	ck_ok(ioasid_space_map(a.g.root, SIZE, a.g.memory + TABLES, SIZE - TABLES, RW, NULL));
	table = SIZE + (a.t.root - TABLES);
	for (uint64_t *entry = gt_slot(&a.t, a.t.root, 0); entry < gt_slot(&a.t, a.t.root, 512);
	     entry++)
		if (gt_load(entry))
			gt_store(entry, gt_load(entry) + (SIZE - TABLES));
	ck_ok(bind_table(a.child, a.t.format, 4, table));
	is_silent(&a, 0, PAGE);
	ck_ok(ioasid_space_unmap(a.g.root, SIZE, SIZE - TABLES, NULL));
	ck_ok(ioasid_space_map(a.g.root, SIZE, a.g.memory + TABLES, SIZE - TABLES, RW, NULL));
	is_silent(&a, 0, PAGE);
	is_silent(&a, 3, 4 * PAGE);
	guest_close(&a.g);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, moved_page, 0, VARIANTS);
	tcase_add_loop_test(tc, page_taken_away, 0, VARIANTS);
	tcase_add_loop_test(tc, permission_taken_away, 0, VARIANTS);
	tcase_add_loop_test(tc, table_exchanged, 0, VARIANTS);
	tcase_add_loop_test(tc, when_it_was_last_invalidated, 0, VARIANTS);
	tcase_add_loop_test(tc, invalidations_that_are_not_needed_are_harmless, 0, VARIANTS);
	tcase_add_loop_test(tc, changes_that_mean_nothing, 0, VARIANTS);
	tcase_add_loop_test(tc, nothing_is_said_without_audit, 0, VARIANTS);
	tcase_add_loop_test(tc, parent_changes_need_no_invalidation, 0, VARIANTS);
	tcase_add_loop_test(tc, table_that_was_away_for_a_while, 0, VARIANTS);
}

int main(void)
{
	Suite *suite = suite_create("audit");

	suite_add_sizes(suite, "audit", add_tests);
	return run_suite(suite);
}
