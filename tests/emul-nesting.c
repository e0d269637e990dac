/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page-table protocol of nesting, for every format and both ways to fill a shadow. */
#include "guest_tables.h"
#include "support.h"

#define SIZE guest_size
#define TABLES (4 * MIB)

#define BOTH_FILLS(format, levels) \
	{ format, levels, IOASID_FILL_ON_INVALIDATION }, \
	{ format, levels, IOASID_FILL_ON_DEMAND }

static const struct variant {
	enum ioasid_pgtable_format format;
	uint32_t levels;
	enum ioasid_fill fill;
} variants[] = {
	BOTH_FILLS(IOASID_PGTABLE_VTD_SS, 3),
	BOTH_FILLS(IOASID_PGTABLE_VTD_SS, 4),
	BOTH_FILLS(IOASID_PGTABLE_VTD_SS, 5),
	BOTH_FILLS(IOASID_PGTABLE_VTD_FS, 4),
	BOTH_FILLS(IOASID_PGTABLE_VTD_FS, 5),
	BOTH_FILLS(IOASID_PGTABLE_ARM_S1, 3),
	BOTH_FILLS(IOASID_PGTABLE_ARM_S1, 4),
	BOTH_FILLS(IOASID_PGTABLE_ARM_S2, 3),
	BOTH_FILLS(IOASID_PGTABLE_ARM_S2, 4),
	BOTH_FILLS(IOASID_PGTABLE_AMD_V1, 3),
	BOTH_FILLS(IOASID_PGTABLE_AMD_V1, 5),
	BOTH_FILLS(IOASID_PGTABLE_AMD_V2, 4),
	BOTH_FILLS(IOASID_PGTABLE_AMD_V2, 5),
	BOTH_FILLS(IOASID_PGTABLE_RISCV, 3),
	BOTH_FILLS(IOASID_PGTABLE_RISCV, 4),
	BOTH_FILLS(IOASID_PGTABLE_RISCV, 5),
	BOTH_FILLS(IOASID_PGTABLE_RISCV_S2, 3),
	BOTH_FILLS(IOASID_PGTABLE_RISCV_S2, 5),
};

#define VARIANTS ((int)(sizeof(variants) / sizeof(*variants)))

struct nest {
	struct guest g;
	struct guest_table t;
	struct ioasid_space *child;
	uint64_t at; /* where the tests map: 4 GiB below the end of the addresses */
};

static void nest_open(struct nest *n, int i)
{
	const struct variant *v = &variants[i];
	unsigned int bits = 12 + 9 * v->levels;

	guest_open(&n->g, SIZE, 0);
	n->child = make_space(n->g.ctx, n->g.root, v->fill);
	gt_init(&n->t, v->format, v->levels, n->g.memory, 0, TABLES, SIZE);
	ck_ok(bind_table(n->child, v->format, v->levels, n->t.root));
	guest_attach(&n->g, n->child);
	if (gt_is_signed(&n->t))
		bits--; /* the upper half are the negative addresses */
	n->at = (UINT64_C(1) << bits) - 4 * GIB;
}

static void invalidate(struct nest *n, uint64_t offset, uint64_t length)
{
	ck_ok(inv_range(n->g.ctx, n->child, n->at + offset, length));
}

START_TEST(state_is_told)
{
	struct ioasid_space_info info;
	struct nest n;

	nest_open(&n, _i);
	info = space_info(n.child);
	ck_assert(info.pgtable_bound);
	ck_assert_int_eq(info.fill, variants[_i].fill);
	ck_assert_int_eq(info.caching_mode, variants[_i].fill == IOASID_FILL_ON_INVALIDATION);
	ck_assert_int_eq(info.nesting, IOASID_NESTING_SOFTWARE);
	ck_assert_uint_eq(info.depth, 1);
	ck_ok(ioasid_space_unbind_pgtable(n.child));
	info = space_info(n.child);
	ck_assert(!info.pgtable_bound);
	ck_assert_int_eq(info.fill, 0);
	guest_close(&n.g);
}
END_TEST

START_TEST(pages_of_every_size)
{
	struct nest n;

	nest_open(&n, _i);
	gt_map(&n.t, n.at, 3 * PAGE, 2 * PAGE, 1, RW);
	gt_map(&n.t, n.at + 2 * MIB, 2 * MIB, 2 * MIB, 2, RW);
	gt_map(&n.t, n.at + GIB, 0, GIB, 3, RW);
	ck_ok(inv_all(n.g.ctx, n.child));
	guest_faults(&n.g, n.at - 1, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_reaches(&n.g, n.at, 3 * PAGE, RW);
	guest_reaches(&n.g, n.at + 2 * PAGE - 1, 5 * PAGE - 1, RW);
	guest_faults(&n.g, n.at + 2 * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_reaches(&n.g, n.at + 2 * MIB, 2 * MIB, RW);
	guest_reaches(&n.g, n.at + 4 * MIB - 1, 4 * MIB - 1, RW);
	guest_faults(&n.g, n.at + 4 * MIB, IOASID_WRITE, IOASID_FAULT_NOT_MAPPED);
	guest_reaches(&n.g, n.at + GIB + 7 * PAGE + 9, 7 * PAGE + 9, RW);
	guest_reaches(&n.g, n.at + GIB + SIZE - 1, SIZE - 1, RW);
	guest_faults(&n.g, n.at + GIB + SIZE, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	guest_faults(&n.g, n.at + 2 * GIB - 1, IOASID_WRITE, IOASID_FAULT_TARGET_NOT_MAPPED);
	guest_faults(&n.g, n.at + 2 * GIB, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_close(&n.g);
}
END_TEST

START_TEST(invalidated_changes_are_seen)
{
	struct nest n;

	nest_open(&n, _i);
	gt_map(&n.t, n.at, PAGE, PAGE, 1, RW);
	invalidate(&n, 0, PAGE);
	guest_reaches(&n.g, n.at, PAGE, RW);
	gt_map(&n.t, n.at, 2 * PAGE, PAGE, 1, RW);
	invalidate(&n, 0, PAGE);
	guest_reaches(&n.g, n.at, 2 * PAGE, RW);
	gt_map(&n.t, n.at, 2 * PAGE, PAGE, 1, IOASID_READ);
	invalidate(&n, 0, PAGE);
	guest_reaches(&n.g, n.at, 2 * PAGE, IOASID_READ);
	gt_unmap(&n.t, n.at, PAGE, 1);
	invalidate(&n, 0, PAGE);
	guest_faults(&n.g, n.at, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_close(&n.g);
}
END_TEST

START_TEST(superpage_becomes_small_pages_and_back)
{
	uint64_t *entry, leaf;
	struct nest n;

	nest_open(&n, _i);
	gt_map(&n.t, n.at, 0, 2 * MIB, 2, RW);
	invalidate(&n, 0, 2 * MIB);
	guest_reaches(&n.g, n.at + 5 * PAGE, 5 * PAGE, RW);
	entry = gt_entry(&n.t, n.at, 2);
	leaf = gt_load(entry);
	gt_store(entry, 0);
	gt_map(&n.t, n.at + 5 * PAGE, 9 * PAGE, PAGE, 1, RW);
	invalidate(&n, 0, 2 * MIB);
	guest_reaches(&n.g, n.at + 5 * PAGE, 9 * PAGE, RW);
	guest_faults(&n.g, n.at + 6 * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	gt_store(entry, leaf);
	invalidate(&n, 0, 2 * MIB);
	guest_reaches(&n.g, n.at + 5 * PAGE, 5 * PAGE, RW);
	guest_reaches(&n.g, n.at + 6 * PAGE, 6 * PAGE, RW);
	guest_close(&n.g);
}
END_TEST

START_TEST(one_page_of_what_changed_above_it)
{
	uint64_t *entry, table;
	struct nest n;
	unsigned int level;

	/* Whole tables are exchanged; one page of them is invalidated and used. */
	nest_open(&n, _i);
	for (level = 2; level <= n.t.levels; level++) {
		gt_map(&n.t, n.at, PAGE, 8 * PAGE, 1, RW);
		ck_ok(inv_all(n.g.ctx, n.child));
		guest_reaches(&n.g, n.at + 3 * PAGE, 4 * PAGE, RW);
		entry = gt_entry(&n.t, n.at, level);
		table = gt_load(entry);
		gt_store(entry, 0);
		gt_map(&n.t, n.at, 50 * PAGE, 8 * PAGE, 1, RW);
		invalidate(&n, 3 * PAGE, PAGE);
		guest_reaches(&n.g, n.at + 3 * PAGE, 53 * PAGE, RW);
		gt_store(entry, table);
		invalidate(&n, 3 * PAGE, PAGE);
		guest_reaches(&n.g, n.at + 3 * PAGE, 4 * PAGE, RW);
		gt_store(entry, 0);
		invalidate(&n, 3 * PAGE, PAGE);
		guest_reaches(&n.g, n.at + 3 * PAGE, 0, 0);
		gt_store(entry, table);
		ck_ok(inv_all(n.g.ctx, n.child));
	}
	guest_close(&n.g);
}
END_TEST

START_TEST(one_page_of_a_superpage)
{
	struct nest n;

	nest_open(&n, _i);
	gt_map(&n.t, n.at, 0, 2 * MIB, 2, RW);
	gt_map(&n.t, n.at + GIB, 0, GIB, 3, RW);
	ck_ok(inv_all(n.g.ctx, n.child));
	invalidate(&n, 5 * PAGE, PAGE);
	invalidate(&n, GIB + 5 * PAGE, PAGE);
	guest_reaches(&n.g, n.at + 5 * PAGE, 5 * PAGE, RW);
	guest_reaches(&n.g, n.at + GIB + 5 * PAGE, 5 * PAGE, RW);
	invalidate(&n, 5 * PAGE, PAGE);
	invalidate(&n, GIB + 5 * PAGE, PAGE);
	guest_reaches(&n.g, n.at + 5 * PAGE, 5 * PAGE, RW);
	guest_reaches(&n.g, n.at + GIB + 5 * PAGE, 5 * PAGE, RW);
	gt_map(&n.t, n.at, 2 * MIB, 2 * MIB, 2, IOASID_READ);
	invalidate(&n, 5 * PAGE, PAGE);
	guest_reaches(&n.g, n.at + 5 * PAGE, 2 * MIB + 5 * PAGE, IOASID_READ);
	gt_unmap(&n.t, n.at, 2 * MIB, 2);
	invalidate(&n, 5 * PAGE, PAGE);
	guest_reaches(&n.g, n.at + 5 * PAGE, 0, 0);
	guest_close(&n.g);
}
END_TEST

START_TEST(new_entry_without_invalidation)
{
	struct nest n;

	nest_open(&n, _i);
	guest_faults(&n.g, n.at, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	gt_map(&n.t, n.at, PAGE, PAGE, 1, RW);
	if (space_info(n.child).caching_mode)
		guest_faults(&n.g, n.at, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	else
		guest_reaches(&n.g, n.at, PAGE, RW);
	guest_close(&n.g);
}
END_TEST

START_TEST(malformed_entry_put_right_without_invalidation)
{
	struct ioasid_pgtable table = IOASID_PGTABLE_INIT;
	uint64_t *entry, good;
	struct nest n;

	/* As one that is not present, it is not cached where caching mode is off (CM, 11.4.2). */
	nest_open(&n, _i);
	table.format = n.t.format;
	table.levels = n.t.levels;
	table.root = n.t.root;
	table.address_bits = 40;
	ck_ok(ioasid_space_bind_pgtable(n.child, &table));
	gt_map(&n.t, n.at, PAGE, PAGE, 1, RW);
	entry = gt_entry(&n.t, n.at, 2);
	good = gt_load(entry);
	gt_store(entry, gt_leaf_value(&n.t, 2, UINT64_C(1) << 40, RW));
	ck_ok(inv_all(n.g.ctx, n.child));
	guest_faults(&n.g, n.at, IOASID_READ, IOASID_FAULT_MALFORMED_ENTRY);
	gt_store(entry, good);
	if (space_info(n.child).caching_mode)
		guest_faults(&n.g, n.at, IOASID_READ, IOASID_FAULT_MALFORMED_ENTRY);
	else
		guest_reaches(&n.g, n.at, PAGE, RW);
	guest_close(&n.g);
}
END_TEST

START_TEST(tables_are_seen_as_they_are_when_bound)
{
	struct guest_table other;
	struct nest n;

	nest_open(&n, _i);
	gt_map(&n.t, n.at, PAGE, PAGE, 1, RW);
	gt_init(&other, n.t.format, n.t.levels, n.g.memory, 0, n.t.next, SIZE);
	gt_map(&other, n.at, 2 * PAGE, PAGE, 1, RW);
	gt_map(&other, n.at + PAGE, 3 * PAGE, PAGE, 1, RW);
	ck_ok(bind_table(n.child, n.t.format, n.t.levels, n.t.root));
	guest_reaches(&n.g, n.at, PAGE, RW);
	guest_faults(&n.g, n.at + PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	ck_ok(bind_table(n.child, n.t.format, n.t.levels, other.root));
	guest_reaches(&n.g, n.at, 2 * PAGE, RW);
	guest_reaches(&n.g, n.at + PAGE, 3 * PAGE, RW);
	ck_ok(ioasid_space_unbind_pgtable(n.child));
	guest_faults(&n.g, n.at, IOASID_READ, IOASID_FAULT_NO_PGTABLE);
	ck_err(ioasid_space_unbind_pgtable(n.child), EINVAL);
	ck_ok(bind_table(n.child, n.t.format, n.t.levels, n.t.root));
	guest_reaches(&n.g, n.at, PAGE, RW);
	guest_faults(&n.g, n.at + PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	guest_close(&n.g);
}
END_TEST

START_TEST(permission_of_every_level_counts)
{
	uint64_t *entry, value;
	unsigned int level;
	struct nest n;

	nest_open(&n, _i);
	gt_map(&n.t, n.at, PAGE, PAGE, 1, RW);
	for (level = 1; level <= (gt_has_table_permissions(&n.t) ? n.t.levels : 1); level++) {
		entry = gt_entry(&n.t, n.at, level);
		value = gt_load(entry);
		gt_store(entry, gt_deny(&n.t, level, value, IOASID_WRITE));
		ck_ok(inv_all(n.g.ctx, n.child));
		guest_reaches(&n.g, n.at, PAGE, IOASID_READ);
		guest_faults(&n.g, n.at, IOASID_WRITE, IOASID_FAULT_PERMISSION);
		gt_store(entry, value);
		ck_ok(inv_all(n.g.ctx, n.child));
		guest_reaches(&n.g, n.at, PAGE, RW);
	}
	guest_close(&n.g);
}
END_TEST

START_TEST(write_only_and_user_bits)
{
	unsigned int level;
	struct nest n;

	nest_open(&n, _i);
	gt_map(&n.t, n.at, PAGE, PAGE, 1, RW);
	if (gt_has_write_only(&n.t)) {
		gt_map(&n.t, n.at, PAGE, PAGE, 1, IOASID_WRITE);
		ck_ok(inv_all(n.g.ctx, n.child));
		guest_reaches(&n.g, n.at, PAGE, IOASID_WRITE);
		guest_faults(&n.g, n.at, IOASID_READ, IOASID_FAULT_PERMISSION);
	} else {
		for (level = 1; level <= (gt_has_table_permissions(&n.t) ? n.t.levels : 1);
		     level++) {
			uint64_t *entry = gt_entry(&n.t, n.at, level), value = gt_load(entry);

			gt_store(entry, gt_deny(&n.t, level, value, IOASID_READ));
			ck_ok(inv_all(n.g.ctx, n.child));
			guest_faults(&n.g, n.at, IOASID_READ, IOASID_FAULT_PERMISSION);
			gt_store(entry, value);
		}
	}
	guest_close(&n.g);
}
END_TEST

START_TEST(ignored_bits_are_ignored)
{
	/*
	 * Accessed and dirty, the software's own bits; AArch64: memory type, shareability, nG, the
	 * contiguous hint, execute-never, and again the software's; AMD: U and FC; RISC-V: X, G
	 * and RSW.
	 */
	static const uint64_t ignored[] = {
		[IOASID_PGTABLE_VTD_SS] = UINT64_C(0x300) | UINT64_C(1) << 52,
		[IOASID_PGTABLE_VTD_FS] = UINT64_C(0x60) | UINT64_C(0x200),
		[IOASID_PGTABLE_ARM_S1] = UINT64_C(0xb3c) | UINT64_C(0x7f) << 52,
		[IOASID_PGTABLE_ARM_S2] = UINT64_C(0xb3c) | UINT64_C(0x7f) << 52,
		[IOASID_PGTABLE_AMD_V1] = UINT64_C(0x1fe) | UINT64_C(3) << 59 | UINT64_C(1) << 63,
		[IOASID_PGTABLE_AMD_V2] = UINT64_C(0xf78) | UINT64_C(0xfff) << 52,
		[IOASID_PGTABLE_RISCV] = 0x328,
		[IOASID_PGTABLE_RISCV_S2] = 0x328,
	};
	uint64_t *entry;
	struct nest n;

	nest_open(&n, _i);
	gt_map(&n.t, n.at, PAGE, PAGE, 1, RW);
	entry = gt_entry(&n.t, n.at, 1);
	gt_store(entry, gt_load(entry) | ignored[n.t.format]);
	ck_ok(inv_all(n.g.ctx, n.child));
	guest_reaches(&n.g, n.at, PAGE, RW);
	guest_close(&n.g);
}
END_TEST

START_TEST(changes_of_the_parent_carry_through)
{
	struct nest n;

	nest_open(&n, _i);
	gt_map(&n.t, n.at, SIZE, 4 * PAGE, 1, RW);
	ck_ok(inv_all(n.g.ctx, n.child));
	guest_faults(&n.g, n.at, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	ck_ok(ioasid_space_map(n.g.root, SIZE, n.g.memory, 2 * PAGE, RW, NULL));
	guest_reaches(&n.g, n.at, 0, RW);
	guest_reaches(&n.g, n.at + PAGE, PAGE, RW);
	guest_faults(&n.g, n.at + 2 * PAGE, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	ck_ok(ioasid_space_unmap(n.g.root, SIZE, 2 * PAGE, NULL));
	guest_faults(&n.g, n.at, IOASID_WRITE, IOASID_FAULT_TARGET_NOT_MAPPED);
	ck_ok(ioasid_space_map(n.g.root, SIZE, n.g.memory + 7 * PAGE, 4 * PAGE, IOASID_READ, NULL));
	guest_reaches(&n.g, n.at, 7 * PAGE, IOASID_READ);
	guest_reaches(&n.g, n.at + 3 * PAGE, 10 * PAGE, IOASID_READ);
	guest_faults(&n.g, n.at, IOASID_WRITE, IOASID_FAULT_TARGET_NOT_MAPPED);
	guest_close(&n.g);
}
END_TEST

/* The invalidation of one page finds that nobody can read what it says. */
START_TEST(one_page_whose_table_is_gone)
{
	const uint64_t lowest = 4 * MIB, rest = lowest + PAGE;
	struct ioasid_space *child;
	struct guest_table t;
	struct guest g;

	guest_open(&g, SIZE, 0);
	ck_ok(ioasid_space_unmap_all(g.root, NULL));
	ck_ok(ioasid_space_map(g.root, 0, g.memory, lowest, RW, NULL));
	ck_ok(ioasid_space_map(g.root, lowest, g.memory + lowest, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(g.root, rest, g.memory + rest, SIZE - rest, RW, NULL));
	gt_init(&t, IOASID_PGTABLE_VTD_SS, 4, g.memory, 0, lowest - 3 * PAGE, rest);
	gt_map(&t, 0, PAGE, 2 * PAGE, 1, RW);
	child = make_space(g.ctx, g.root, IOASID_FILL_ON_INVALIDATION);
	ck_ok(bind_table(child, t.format, t.levels, t.root));
	guest_attach(&g, child);
	guest_reaches(&g, 0, PAGE, RW);
	ck_ok(ioasid_space_unmap(g.root, lowest, PAGE, NULL));
	ck_ok(inv_range(g.ctx, child, 0, PAGE));
	guest_faults(&g, 0, IOASID_READ, IOASID_FAULT_TABLE_NOT_MAPPED);
	gt_map(&t, 0, 5 * PAGE, PAGE, 1, RW);
	ck_ok(ioasid_space_map(g.root, lowest, g.memory + lowest, PAGE, RW, NULL));
	ck_ok(inv_range(g.ctx, child, 0, PAGE));
	guest_reaches(&g, 0, 5 * PAGE, RW);
	guest_reaches(&g, PAGE, 2 * PAGE, RW);
	guest_close(&g);
}
END_TEST

/* On a space between, whose pages each have a list of those that lead there. */
START_TEST(neighbours_that_leave_one_page_together)
{
	struct guest_table lower, upper;
	struct ioasid_space *between, *child;
	uint64_t i;
	struct guest g;

	guest_open(&g, SIZE, 0);
	gt_init(&lower, IOASID_PGTABLE_VTD_SS, 4, g.memory, 0, 4 * MIB, 5 * MIB);
	gt_map(&lower, 0, 0, SIZE, 1, RW);
	between = make_space(g.ctx, g.root, IOASID_FILL_ON_INVALIDATION);
	ck_ok(bind_table(between, lower.format, lower.levels, lower.root));
	gt_init(&upper, IOASID_PGTABLE_VTD_SS, 4, g.memory, 0, 5 * MIB, 6 * MIB);
	for (i = 0; i < 8; i++)
		gt_map(&upper, i * PAGE, PAGE, PAGE, 1, RW);
	child = make_space(g.ctx, between, IOASID_FILL_ON_INVALIDATION);
	ck_ok(bind_table(child, upper.format, upper.levels, upper.root));
	guest_attach(&g, child);
	for (i = 0; i < 4; i++)
		gt_map(&upper, i * PAGE, (i + 2) * PAGE, PAGE, 1, RW);
	ck_ok(inv_range(g.ctx, child, 0, 4 * PAGE));
	gt_unmap(&lower, PAGE, PAGE, 1);
	ck_ok(inv_range(g.ctx, between, PAGE, PAGE));
	for (i = 0; i < 4; i++)
		guest_reaches(&g, i * PAGE, (i + 2) * PAGE, RW);
	for (; i < 8; i++)
		guest_faults(&g, i * PAGE, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	guest_close(&g);
}
END_TEST

/* What one level lets be read and the next be written, nobody reaches, nor a space on top. */
START_TEST(permissions_that_leave_nothing)
{
	struct ioasid_space *child, *top;
	struct guest_table t;
	struct guest g;

	guest_open(&g, SIZE, 0);
	gt_init(&t, IOASID_PGTABLE_VTD_SS, 4, g.memory, 0, 4 * MIB, SIZE);
	gt_map(&t, 0, PAGE, PAGE, 1, IOASID_WRITE);
	gt_store(gt_entry(&t, 0, 3), gt_deny(&t, 3, gt_load(gt_entry(&t, 0, 3)), IOASID_WRITE));
	child = make_space(g.ctx, g.root, IOASID_FILL_ON_DEMAND);
	ck_ok(bind_table(child, t.format, t.levels, t.root));
	top = make_space(g.ctx, child, 0);
	ck_ok(ioasid_space_map_parent(top, MIB, 0, PAGE, RW, NULL));
	guest_attach(&g, top);
	guest_faults(&g, MIB, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	guest_faults(&g, MIB, IOASID_WRITE, IOASID_FAULT_TARGET_NOT_MAPPED);
	ck_ok(ioasid_device_replace(g.device, child));
	guest_faults(&g, 0, IOASID_READ, IOASID_FAULT_PERMISSION);
	guest_faults(&g, 0, IOASID_WRITE, IOASID_FAULT_PERMISSION);
	guest_close(&g);
}
END_TEST

START_TEST(several_entries_for_one_page_all_follow_the_parent)
{
	struct nest n;
	uint64_t i;

	nest_open(&n, _i);
	for (i = 0; i < 20; i++)
		gt_map(&n.t, n.at + i * 3 * MIB, SIZE, PAGE, 1, RW);
	ck_ok(inv_all(n.g.ctx, n.child));
	ck_ok(ioasid_space_map(n.g.root, SIZE, n.g.memory + PAGE, PAGE, RW, NULL));
	for (i = 0; i < 20; i++)
		guest_reaches(&n.g, n.at + i * 3 * MIB, PAGE, RW);
	ck_ok(ioasid_space_unmap(n.g.root, SIZE, PAGE, NULL));
	for (i = 0; i < 20; i++)
		guest_reaches(&n.g, n.at + i * 3 * MIB, 0, 0);
	guest_close(&n.g);
}
END_TEST

START_TEST(negative_addresses_of_the_first_stage)
{
	bool wider = variants[_i].format == IOASID_PGTABLE_RISCV_S2;
	uint64_t bits = 12 + 9 * (uint64_t)variants[_i].levels + (wider ? 2 : 0);
	uint64_t high = -(UINT64_C(1) << (bits - 1));
	struct nest n;

	nest_open(&n, _i);
	if (gt_is_signed(&n.t)) {
		gt_map(&n.t, high, PAGE, PAGE, 1, RW);
		gt_map(&n.t, -PAGE, 2 * PAGE, PAGE, 1, RW);
		ck_ok(inv_all(n.g.ctx, n.child));
		guest_reaches(&n.g, high, PAGE, RW);
		guest_reaches(&n.g, -PAGE, 2 * PAGE, RW);
		guest_faults(&n.g, high - 1, IOASID_READ, IOASID_FAULT_ADDRESS_WIDTH);
		guest_faults(&n.g, UINT64_C(1) << (bits - 1), IOASID_READ,
			     IOASID_FAULT_ADDRESS_WIDTH);
	} else {
		guest_faults(&n.g, UINT64_C(1) << bits, IOASID_READ, IOASID_FAULT_ADDRESS_WIDTH);
	}
	guest_close(&n.g);
}
END_TEST

START_TEST(access_flag_that_is_clear)
{
	struct ioasid_pgtable table = IOASID_PGTABLE_INIT;
	uint64_t *entry;
	struct nest n;

	nest_open(&n, _i);
	gt_map(&n.t, n.at, PAGE, PAGE, 1, RW);
	entry = gt_entry(&n.t, n.at, 1);
	if (gt_accessed(&n.t)) {
		gt_store(entry, gt_load(entry) & ~gt_accessed(&n.t));
		ck_ok(inv_all(n.g.ctx, n.child));
		guest_faults(&n.g, n.at, IOASID_READ, IOASID_FAULT_ACCESS_FLAG);
		/* Nobody keeps what faulted for that: on demand, no invalidation is needed. */
		gt_store(entry, gt_load(entry) | gt_accessed(&n.t));
		if (variants[_i].fill == IOASID_FILL_ON_INVALIDATION)
			ck_ok(inv_all(n.g.ctx, n.child));
		guest_reaches(&n.g, n.at, PAGE, RW);
		gt_store(entry, gt_load(entry) & ~gt_accessed(&n.t));
		table.format = n.t.format;
		table.levels = n.t.levels;
		table.root = n.t.root;
		table.flags = IOASID_PGTABLE_IGNORE_ACCESSED;
		ck_ok(ioasid_space_bind_pgtable(n.child, &table));
		guest_reaches(&n.g, n.at, PAGE, RW);
	}
	guest_close(&n.g);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, state_is_told, 0, VARIANTS);
	tcase_add_loop_test(tc, access_flag_that_is_clear, 0, VARIANTS);
	tcase_add_loop_test(tc, pages_of_every_size, 0, VARIANTS);
	tcase_add_loop_test(tc, invalidated_changes_are_seen, 0, VARIANTS);
	tcase_add_loop_test(tc, superpage_becomes_small_pages_and_back, 0, VARIANTS);
	tcase_add_loop_test(tc, one_page_of_what_changed_above_it, 0, VARIANTS);
	tcase_add_loop_test(tc, one_page_of_a_superpage, 0, VARIANTS);
	tcase_add_loop_test(tc, new_entry_without_invalidation, 0, VARIANTS);
	tcase_add_loop_test(tc, malformed_entry_put_right_without_invalidation, 0, VARIANTS);
	tcase_add_loop_test(tc, tables_are_seen_as_they_are_when_bound, 0, VARIANTS);
	tcase_add_loop_test(tc, permission_of_every_level_counts, 0, VARIANTS);
	tcase_add_loop_test(tc, write_only_and_user_bits, 0, VARIANTS);
	tcase_add_loop_test(tc, ignored_bits_are_ignored, 0, VARIANTS);
	tcase_add_loop_test(tc, changes_of_the_parent_carry_through, 0, VARIANTS);
	tcase_add_test(tc, one_page_whose_table_is_gone);
	tcase_add_test(tc, neighbours_that_leave_one_page_together);
	tcase_add_test(tc, permissions_that_leave_nothing);
	tcase_add_loop_test(tc, several_entries_for_one_page_all_follow_the_parent, 0, VARIANTS);
	tcase_add_loop_test(tc, negative_addresses_of_the_first_stage, 0, VARIANTS);
}

int main(void)
{
	Suite *suite = suite_create("nesting");

	suite_add_sizes(suite, "nesting", add_tests);
	return run_suite(suite);
}
