/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dirty tracking through nested spaces: what they write are pages of the root. */
#include <string.h>

#include "dirty_guest.h"
#include "guest_tables.h"

#define SIZE	guest_size
#define TABLES	(4 * MIB) /* guest address of the child's tables */
#define TABLES2 (5 * MIB) /* and of the grandchild's */
#define SHIFT	(64 * GIB) /* a child sees guest address x at SHIFT + x */

/* How a child is filled. */
static const struct kind {
	enum ioasid_pgtable_format format; /* 0: by the map protocol */
	enum ioasid_fill fill;
	unsigned int level; /* of its leaves */
} kinds[] = {
	{ 0, 0, 0 },
	{ IOASID_PGTABLE_VTD_SS, IOASID_FILL_ON_INVALIDATION, 1 },
	{ IOASID_PGTABLE_VTD_SS, IOASID_FILL_ON_INVALIDATION, 2 },
	{ IOASID_PGTABLE_VTD_SS, IOASID_FILL_ON_DEMAND, 1 },
	{ IOASID_PGTABLE_VTD_SS, IOASID_FILL_ON_DEMAND, 2 },
	{ IOASID_PGTABLE_VTD_FS, IOASID_FILL_ON_DEMAND, 2 },
	{ IOASID_PGTABLE_VTD_FS, IOASID_FILL_ON_INVALIDATION, 3 },
};
#define KINDS (int)(sizeof(kinds) / sizeof(kinds[0]))

struct nested {
	struct guest g;
	struct guest_table t;
	struct ioasid_space *child;
};

/* A space on @parent, in which guest address 0 is @base, that sees the guest's memory at SHIFT. */
static struct ioasid_space *make_child(struct guest *g, struct ioasid_space *parent, uint64_t base,
				       const struct kind *kind, uint64_t tables,
				       struct guest_table *t)
{
	struct ioasid_space *space = make_space(g->ctx, parent, kind->fill);

	if (!kind->format) {
		ck_ok(ioasid_space_map_parent(space, SHIFT, base, SIZE, RW, NULL));
		return space;
	}
	gt_init(t, kind->format, 4, g->memory, base, base + tables, base + tables + MIB);
	gt_map(t, SHIFT, kind->level == 3 ? base & -GIB : base, kind->level == 3 ? GIB : SIZE,
	       kind->level, RW);
	ck_ok(bind_table(space, kind->format, 4, t->root));
	return space;
}

static void nested_open(struct nested *n, int i)
{
	dirty_open(&n->g, SIZE);
	n->child = make_child(&n->g, n->g.root, 0, &kinds[i], TABLES, &n->t);
	guest_attach(&n->g, n->child);
}

static void put(struct guest *g, uint64_t page)
{
	ck_ok(dma_put(g->channel, SHIFT + page * PAGE, (uint8_t)page));
	ck_assert_uint_eq(g->memory[page * PAGE], (uint8_t)page);
}

START_TEST(a_child_writes_pages_of_the_root)
{
	struct nested n;
	uint8_t byte;

	nested_open(&n, _i);
	ck_ok(dma_get(n.g.channel, SHIFT + 9 * PAGE, &byte));
	dirty_none(&n.g);
	put(&n.g, 3);
	put(&n.g, 3);
	put(&n.g, 511);
	put(&n.g, 700);
	dirty_peek(&n.g, 3, 511, 700);
	dirty_are(&n.g, 3, 511, 700);
	dirty_none(&n.g);
	put(&n.g, 3);
	put(&n.g, 4);
	dirty_are(&n.g, 3, 4);
	guest_close(&n.g);
}
END_TEST

/* What was filled before recording started is recorded too, and again when it starts anew. */
START_TEST(tracking_starts_late_and_stops)
{
	struct nested n;
	uint64_t before;
	int i;

	nested_open(&n, _i);
	ck_ok(ioasid_space_dirty_stop(n.g.root));
	before = memory_bytes(n.child);
	for (i = 0; i < 3; i++) {
		put(&n.g, 3);
		put(&n.g, 700);
		ck_ok(ioasid_space_dirty_start(n.g.root));
		dirty_none(&n.g);
		put(&n.g, 3);
		ck_assert_ptr_eq(dma_where(n.g.channel, SHIFT + 4 * PAGE, IOASID_READ),
				 n.g.memory + 4 * PAGE);
		put(&n.g, 512);
		dirty_peek(&n.g, 3, 512);
		if (i == 1) {
			ck_ok(ioasid_space_dirty_start(n.g.root));
			dirty_none(&n.g);
			put(&n.g, 512);
			dirty_peek(&n.g, 512);
		}
		ck_ok(ioasid_space_dirty_stop(n.g.root));
	}
	put(&n.g, 3);
	put(&n.g, 700);
	/* Superpages are whole again. */
	if (kinds[_i].fill == IOASID_FILL_ON_INVALIDATION && kinds[_i].level == 2)
		ck_assert_uint_eq(memory_bytes(n.child), before);
	guest_close(&n.g);
}
END_TEST

/* Root and child write the same page by turns; a second child as well. */
START_TEST(many_write_one_page)
{
	struct ioasid_space *second;
	struct ioasid_channel *ch;
	struct nested n;

	nested_open(&n, _i);
	second = make_space(n.g.ctx, n.g.root, 0);
	ck_ok(ioasid_space_map_parent(second, 0, 0, SIZE, RW, NULL));
	ck_ok(ioasid_device_attach_pasid(n.g.device, 1, n.g.root));
	ck_ok(ioasid_device_attach_pasid(n.g.device, 2, second));
	ch = channel_new(n.g.device, 1);
	put(&n.g, 5);
	ck_ok(dma_put(ch, 5 * PAGE, 1));
	ck_ok(ioasid_channel_close(ch));
	ch = channel_new(n.g.device, 2);
	ck_ok(dma_put(ch, 5 * PAGE, 1));
	dirty_are(&n.g, 5);
	ck_ok(dma_put(ch, 5 * PAGE, 1));
	dirty_are(&n.g, 5);
	put(&n.g, 5);
	dirty_are(&n.g, 5);
	guest_close(&n.g);
}
END_TEST

START_TEST(a_part_is_read)
{
	struct nested n;
	uint64_t bits[1] = { 0 };

	nested_open(&n, _i);
	put(&n.g, 3);
	put(&n.g, 70);
	ck_ok(ioasid_space_dirty_read(n.g.root, 0, 64 * PAGE, PAGE, 0, bits));
	ck_assert_uint_eq(bits[0], 1 << 3);
	/* Page 70 is dirty still, whether it is written again or not. */
	put(&n.g, 70);
	put(&n.g, 71);
	dirty_are(&n.g, 70, 71);
	guest_close(&n.g);
}
END_TEST

/* Faults are faults, and leave pages clean. */
START_TEST(permissions_stay)
{
	struct nested n;
	uint8_t byte;

	dirty_open(&n.g, SIZE);
	n.child = make_space(n.g.ctx, n.g.root, _i ? IOASID_FILL_ON_DEMAND : 0);
	gt_init(&n.t, IOASID_PGTABLE_VTD_SS, 4, n.g.memory, 0, TABLES, TABLES2);
	gt_map(&n.t, 0, 0, PAGE, 1, IOASID_READ);
	gt_map(&n.t, PAGE, PAGE, PAGE, 1, IOASID_WRITE);
	gt_map(&n.t, 2 * MIB, 0, 2 * MIB, 2, IOASID_READ);
	gt_map(&n.t, 4 * MIB, 0, 2 * MIB, 2, RW);
	gt_store(gt_entry(&n.t, GIB, 2), gt_leaf_value(&n.t, 2, 0, RW));
	gt_store(gt_entry(&n.t, GIB, 3), gt_load(gt_entry(&n.t, GIB, 3)) & ~SS_WRITE);
	ck_ok(bind_table(n.child, n.t.format, 4, n.t.root));
	guest_attach(&n.g, n.child);
	guest_faults(&n.g, 0, IOASID_WRITE, IOASID_FAULT_PERMISSION);
	guest_faults(&n.g, 2 * MIB, IOASID_WRITE, IOASID_FAULT_PERMISSION);
	guest_faults(&n.g, GIB, IOASID_WRITE, IOASID_FAULT_PERMISSION);
	guest_faults(&n.g, PAGE, IOASID_READ, IOASID_FAULT_PERMISSION);
	ck_assert_ptr_null(dma_where(n.g.channel, PAGE, RW));
	ck_ok(dma_get(n.g.channel, GIB, &byte));
	dirty_none(&n.g);
	ck_ok(dma_put(n.g.channel, PAGE, 1));
	ck_assert_ptr_null(dma_where(n.g.channel, PAGE, RW));
	dirty_are(&n.g, 1);

	/* A root that can only be read or only be written in a part. */
	ck_ok(ioasid_space_unmap_all(n.g.root, NULL));
	ck_ok(ioasid_space_map(n.g.root, 0, n.g.memory, 4 * PAGE, IOASID_READ, NULL));
	ck_ok(ioasid_space_map(n.g.root, 4 * PAGE, n.g.memory + 4 * PAGE, 4 * PAGE, IOASID_WRITE,
			       NULL));
	ck_ok(ioasid_space_map(n.g.root, 8 * PAGE, n.g.memory + 8 * PAGE, SIZE - 8 * PAGE, RW,
			       NULL));
	guest_faults(&n.g, 4 * MIB, IOASID_WRITE, IOASID_FAULT_TARGET_NOT_MAPPED);
	guest_faults(&n.g, 4 * MIB + 4 * PAGE, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	ck_assert_ptr_null(dma_where(n.g.channel, 4 * MIB + 4 * PAGE, RW));
	dirty_none(&n.g);
	ck_ok(dma_put(n.g.channel, 4 * MIB + 4 * PAGE, 1));
	ck_ok(dma_put(n.g.channel, 4 * MIB + 8 * PAGE, 1));
	dirty_are(&n.g, 4, 8);
	guest_close(&n.g);
}
END_TEST

/* Entries that change and are invalidated, while their pages are clean and dirty. */
START_TEST(invalidations_while_tracking)
{
	struct nested n;

	dirty_open(&n.g, SIZE);
	n.child = make_space(n.g.ctx, n.g.root, _i ? IOASID_FILL_ON_DEMAND : 0);
	gt_init(&n.t, IOASID_PGTABLE_VTD_SS, 4, n.g.memory, 0, TABLES, TABLES2);
	gt_map(&n.t, SHIFT, 0, 16 * PAGE, 1, RW);
	ck_ok(bind_table(n.child, n.t.format, 4, n.t.root));
	guest_attach(&n.g, n.child);
	put(&n.g, 1);
	gt_map(&n.t, SHIFT + 2 * PAGE, 1 * PAGE, PAGE, 1, RW);
	gt_map(&n.t, SHIFT + 1 * PAGE, 20 * PAGE, PAGE, 1, RW);
	ck_ok(inv_range(n.g.ctx, n.child, SHIFT, 4 * PAGE));
	dirty_are(&n.g, 1);
	ck_ok(dma_put(n.g.channel, SHIFT + PAGE, 1));
	dirty_are(&n.g, 20);
	ck_ok(dma_put(n.g.channel, SHIFT + 2 * PAGE, 1));
	dirty_are(&n.g, 1);
	/* A table becomes a superpage, and a table again. */
	gt_store(gt_entry(&n.t, SHIFT, 2), gt_leaf_value(&n.t, 2, 2 * MIB, RW));
	ck_ok(inv_range(n.g.ctx, n.child, SHIFT, 2 * MIB));
	ck_ok(dma_put(n.g.channel, SHIFT + 7 * PAGE, 1));
	dirty_are(&n.g, 519);
	ck_ok(dma_put(n.g.channel, SHIFT + 7 * PAGE, 1));
	gt_store(gt_entry(&n.t, SHIFT, 2), 0);
	gt_map(&n.t, SHIFT, 0, 16 * PAGE, 1, RW);
	ck_ok(inv_range(n.g.ctx, n.child, SHIFT, 2 * MIB));
	put(&n.g, 7);
	dirty_are(&n.g, 7, 519);
	gt_unmap(&n.t, SHIFT + 7 * PAGE, PAGE, 1);
	ck_ok(inv_range(n.g.ctx, n.child, SHIFT + 7 * PAGE, PAGE));
	guest_faults(&n.g, SHIFT + 7 * PAGE, IOASID_WRITE, IOASID_FAULT_NOT_MAPPED);
	/* Another table; and a child that is made while tracking is on. */
	gt_init(&n.t, IOASID_PGTABLE_VTD_FS, 4, n.g.memory, 0, TABLES2, TABLES2 + MIB);
	gt_map(&n.t, SHIFT, 0, 4 * MIB, 2, RW);
	ck_ok(bind_table(n.child, n.t.format, 4, n.t.root));
	put(&n.g, 9);
	dirty_are(&n.g, 9);
	guest_close(&n.g);
}
END_TEST

/* What tracking makes of the tables does not show in what a space lists. */
START_TEST(lists_are_as_before)
{
	struct ioasid_run run[8];
	uint64_t cursor = 0;
	struct nested n;
	size_t count;
	bool done;

	nested_open(&n, _i);
	put(&n.g, 3);
	put(&n.g, 700);
	count = ioasid_space_query_runs(n.child, &cursor, SHIFT + 4 * MIB - 1, run, 8, &done);
	if (kinds[_i].fill != IOASID_FILL_ON_DEMAND || kinds[_i].level != 1) {
		ck_assert_uint_eq(count, 1);
		ck_assert_uint_eq(run[0].iova, SHIFT);
		ck_assert_uint_eq(run[0].length, 4 * MIB);
		ck_assert_uint_eq(run[0].perm, RW);
	}
	cursor = 0;
	count = ioasid_space_query_runs(n.g.root, &cursor, UINT64_MAX, run, 8, &done);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(run[0].length, SIZE);
	ck_assert_uint_eq(run[0].perm, RW);
	dirty_are(&n.g, 3, 700);
	guest_close(&n.g);
}
END_TEST

/* Root <- child <- grandchild <- great-grandchild, the kinds of the first two by the loop. */
struct deep {
	struct nested n;
	struct guest_table t2;
	struct ioasid_space *second, *third;
};

static void deep_open(struct deep *d, int i)
{
	nested_open(&d->n, i % KINDS);
	d->second = make_child(&d->n.g, d->n.child, SHIFT, &kinds[i / KINDS], TABLES2, &d->t2);
	d->third = make_space(d->n.g.ctx, d->second, 0);
	ck_ok(ioasid_space_map_parent(d->third, SHIFT, SHIFT, SIZE, RW, NULL));
	guest_attach(&d->n.g, d->third);
}

START_TEST(three_deep)
{
	struct deep d;
	struct guest *g = &d.n.g;

	deep_open(&d, _i);
	put(g, 3);
	put(g, 700);
	put(g, 3);
	dirty_are(g, 3, 700);
	dirty_none(g);
	/* The spaces between write too: nobody's permission is taken for granted. */
	guest_attach(g, d.second);
	put(g, 3);
	put(g, 4);
	dirty_are(g, 3, 4);
	guest_attach(g, d.n.child);
	put(g, 3);
	guest_attach(g, d.third);
	put(g, 3);
	dirty_are(g, 3);
	put(g, 3);
	dirty_are(g, 3);
	guest_close(g);
}
END_TEST

/*
 * Reads through what is whole, before a write splits it somewhere on the way: when the root's
 * mapping goes, so do they.
 */
START_TEST(unmapped_after_a_split)
{
	struct deep d;
	struct guest *g = &d.n.g;
	uint8_t byte;

	deep_open(&d, _i);
	ck_ok(dma_get(g->channel, SHIFT + 5 * PAGE, &byte));
	ck_ok(dma_get(g->channel, SHIFT + 6 * PAGE, &byte));
	guest_attach(g, d.n.child);
	put(g, 5);
	guest_attach(g, d.second);
	put(g, 7);
	guest_attach(g, d.third);
	ck_ok(dma_get(g->channel, SHIFT + 8 * PAGE, &byte));
	dirty_are(g, 5, 7);
	ck_ok(ioasid_space_unmap_all(g->root, NULL));
	ck_assert_ptr_null(dma_where(g->channel, SHIFT + 5 * PAGE, IOASID_READ));
	ck_assert_ptr_null(dma_where(g->channel, SHIFT + 6 * PAGE, IOASID_READ));
	ck_assert_ptr_null(dma_where(g->channel, SHIFT + 7 * PAGE, IOASID_WRITE));
	ck_assert_ptr_null(dma_where(g->channel, SHIFT + 8 * PAGE, IOASID_READ));
	ck_ok(ioasid_space_map(g->root, 0, g->memory, SIZE, RW, NULL));
	dirty_none(g);
	put(g, 6);
	dirty_are(g, 6);
	guest_close(g);
}
END_TEST

/* The way of a middle space changes after a write has split it. */
START_TEST(changed_after_a_split)
{
	struct deep d;
	struct guest *g = &d.n.g;
	uint8_t byte;

	deep_open(&d, _i);
	ck_ok(dma_get(g->channel, SHIFT + 6 * PAGE, &byte));
	put(g, 5);
	if (kinds[_i % KINDS].format) {
		memset(g->memory + TABLES, 0, MIB);
		ck_ok(inv_all(g->ctx, d.n.child));
	} else {
		ck_ok(ioasid_space_unmap_all(d.n.child, NULL));
	}
	ck_assert_ptr_null(dma_where(g->channel, SHIFT + 5 * PAGE, IOASID_WRITE));
	ck_assert_ptr_null(dma_where(g->channel, SHIFT + 6 * PAGE, IOASID_READ));
	dirty_are(g, 5);
	guest_close(g);
}
END_TEST

/* A DMA that cannot be recorded does not write. */
START_TEST(no_memory_to_split)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	unsigned int i, failed = 0;
	struct nested n;

	dirty_open(&n.g, SIZE);
	options.parent = n.g.root;
	options.memory_limit = 128 * 1024;
	ck_ok(ioasid_space_create(n.g.ctx, &options, &n.child));
	/* Many times the same memory: each a superpage that has to be split. */
	gt_init(&n.t, IOASID_PGTABLE_VTD_SS, 4, n.g.memory, 0, TABLES, TABLES2);
	for (i = 0; i < 32; i++)
		gt_map(&n.t, i * 2 * MIB, 2 * MIB * (i % 2), 2 * MIB, 2, RW);
	for (i = 0; i < 32; i++)
		gt_map(&n.t, GIB + i * GIB, i * PAGE, PAGE, 1, RW);
	ck_ok(bind_table(n.child, n.t.format, 4, n.t.root));
	guest_attach(&n.g, n.child);
	for (i = 0; i < 32; i++) {
		int rc = dma_put(n.g.channel, GIB + i * GIB, 0x77);

		ck_assert(rc == 0 || rc == -ENOMEM);
		failed += rc != 0;
		ck_assert_uint_eq(n.g.memory[i * PAGE], rc ? 0 : 0x77);
	}
	ck_assert_uint_gt(failed, 0);
	ck_err(dma_put(n.g.channel, 40 * PAGE, 1), ENOMEM);
	ck_assert_uint_eq(n.g.memory[40 * PAGE], 0);
	guest_close(&n.g);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_loop_test(tc, a_child_writes_pages_of_the_root, 0, KINDS);
	tcase_add_loop_test(tc, tracking_starts_late_and_stops, 0, KINDS);
	tcase_add_loop_test(tc, many_write_one_page, 0, KINDS);
	tcase_add_loop_test(tc, a_part_is_read, 0, KINDS);
	tcase_add_loop_test(tc, permissions_stay, 0, 2);
	tcase_add_loop_test(tc, invalidations_while_tracking, 0, 2);
	tcase_add_loop_test(tc, lists_are_as_before, 0, KINDS);
	tcase_add_loop_test(tc, three_deep, 0, KINDS * KINDS);
	tcase_add_loop_test(tc, unmapped_after_a_split, 0, KINDS * KINDS);
	tcase_add_loop_test(tc, changed_after_a_split, 0, KINDS * KINDS);
	tcase_add_test(tc, no_memory_to_split);
}

int main(void)
{
	Suite *suite = suite_create("dirty-nesting");

	suite_add_sizes(suite, "nested", add);
	return run_suite(suite);
}
