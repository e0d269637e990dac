/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables that no honest guest would write: each a defined fault when used, none a crash. */
#include "hw_world.h"

#define SIZE guest_size
#define TABLES (4 * MIB)
#define AT     UINT64_C(0x1234000000)

static const enum ioasid_pgtable_format formats[] = { IOASID_PGTABLE_VTD_SS,
						      IOASID_PGTABLE_VTD_FS };

#define VARIANTS (2 * HW_WAYS) /* way of nesting, format */
#define PLATFORM HW_PLATFORM("iotlb=16 structure-cache=16", "")

struct hostile {
	struct guest g;
	struct guest_table t;
	struct ioasid_space *child;
	struct ioasid_pgtable pgtable;
};

/* A 4-level table with page AT -> 5 * PAGE, bound; entries hold addresses of 40 bits. */
static void hostile_open(struct hostile *h, int i)
{
	guest_platform = PLATFORM;
	guest_open(&h->g, SIZE, 0);
	h->child = hw_any_space(h->g.ctx, h->g.root, i % HW_WAYS);
	gt_init(&h->t, formats[i / HW_WAYS], 4, h->g.memory, 0, TABLES, SIZE);
	gt_map(&h->t, AT, 5 * PAGE, PAGE, 1, RW);
	h->pgtable = (struct ioasid_pgtable)IOASID_PGTABLE_INIT;
	h->pgtable.format = formats[i / HW_WAYS];
	h->pgtable.levels = 4;
	h->pgtable.root = h->t.root;
	h->pgtable.address_bits = 40;
	ck_ok(ioasid_space_bind_pgtable(h->child, &h->pgtable));
	guest_attach(&h->g, h->child);
	guest_reaches(&h->g, AT, 5 * PAGE, RW);
}

/* With the entry of @level changed so, the page faults; with it changed back, it does not. */
static void entry_faults(struct hostile *h, unsigned int level, uint64_t value,
			 enum ioasid_fault_reason reason)
{
	uint64_t *entry = gt_entry(&h->t, AT, level);
	uint64_t good = gt_load(entry);

	gt_store(entry, value);
	ck_ok(inv_all(h->g.ctx, h->child));
	guest_faults(&h->g, AT + 8, IOASID_READ, reason);
	guest_faults(&h->g, AT + 8, IOASID_WRITE, reason);
	gt_store(entry, good);
	ck_ok(inv_range(h->g.ctx, h->child, AT, PAGE));
	guest_reaches(&h->g, AT, 5 * PAGE, RW);
}

START_TEST(address_bits_beyond_the_width)
{
	struct hostile h;
	unsigned int level, bit;

	hostile_open(&h, _i);
	for (level = 1; level <= 4; level++)
		for (bit = 40; bit < 52; bit += 11)
			entry_faults(&h, level,
				     gt_load(gt_entry(&h.t, AT, level)) | UINT64_C(1) << bit,
				     IOASID_FAULT_MALFORMED_ENTRY);
	guest_close(&h.g);
}
END_TEST

START_TEST(leaf_in_the_root)
{
	struct hostile h;

	hostile_open(&h, _i);
	entry_faults(&h, 4, gt_leaf_value(&h.t, 4, 0, RW), IOASID_FAULT_MALFORMED_ENTRY);
	guest_close(&h.g);
}
END_TEST

START_TEST(superpages_that_are_not_aligned)
{
	struct hostile h;

	hostile_open(&h, _i);
	/* Bit 12 of a first-stage superpage is PAT (9.7); the others are reserved in both. */
	entry_faults(&h, 2, gt_leaf_value(&h.t, 2, 2 * PAGE, RW), IOASID_FAULT_MALFORMED_ENTRY);
	entry_faults(&h, 2, gt_leaf_value(&h.t, 2, MIB, RW), IOASID_FAULT_MALFORMED_ENTRY);
	entry_faults(&h, 3, gt_leaf_value(&h.t, 3, 2 * PAGE, RW), IOASID_FAULT_MALFORMED_ENTRY);
	entry_faults(&h, 3, gt_leaf_value(&h.t, 3, GIB / 2, RW), IOASID_FAULT_MALFORMED_ENTRY);
	guest_close(&h.g);
}
END_TEST

START_TEST(superpages_that_are_not_allowed)
{
	struct hostile h;

	hostile_open(&h, _i);
	/* First-stage tables always have pages of 2 MiB (3.6). */
	h.pgtable.flags = IOASID_PGTABLE_NO_1G;
	if (h.t.format == IOASID_PGTABLE_VTD_SS)
		h.pgtable.flags |= IOASID_PGTABLE_NO_2M;
	ck_ok(ioasid_space_bind_pgtable(h.child, &h.pgtable));
	guest_reaches(&h.g, AT, 5 * PAGE, RW);
	entry_faults(&h, 3, gt_leaf_value(&h.t, 3, 0, RW), IOASID_FAULT_MALFORMED_ENTRY);
	if (h.t.format == IOASID_PGTABLE_VTD_SS)
		entry_faults(&h, 2, gt_leaf_value(&h.t, 2, 0, RW), IOASID_FAULT_MALFORMED_ENTRY);
	h.pgtable.flags = 1u << 20;
	ck_err(ioasid_space_bind_pgtable(h.child, &h.pgtable), EINVAL);
	h.pgtable.flags = 0;
	h.pgtable.address_bits = 53;
	ck_err(ioasid_space_bind_pgtable(h.child, &h.pgtable), EINVAL);
	h.pgtable.address_bits = 31;
	ck_err(ioasid_space_bind_pgtable(h.child, &h.pgtable), EINVAL);
	guest_close(&h.g);
}
END_TEST

START_TEST(not_present_whatever_else_it_says)
{
	/* All bits but those that make an entry present (9.7, 9.8). */
	bool second = formats[_i / HW_WAYS] == IOASID_PGTABLE_VTD_SS;
	uint64_t absent = second ? ~(SS_READ | SS_WRITE | 4) : ~FS_PRESENT;
	struct hostile h;
	unsigned int level;

	hostile_open(&h, _i);
	for (level = 1; level <= 4; level++)
		entry_faults(&h, level, absent, IOASID_FAULT_NOT_MAPPED);
	guest_close(&h.g);
}
END_TEST

START_TEST(targets_and_tables_beyond_the_guest)
{
	struct hostile h;
	unsigned int level;

	hostile_open(&h, _i);
	entry_faults(&h, 1, gt_leaf_value(&h.t, 1, SIZE, RW), IOASID_FAULT_TARGET_NOT_MAPPED);
	entry_faults(&h, 1, gt_leaf_value(&h.t, 1, (UINT64_C(1) << 40) - PAGE, RW),
		     IOASID_FAULT_TARGET_NOT_MAPPED);
	for (level = 2; level <= 4; level++) {
		entry_faults(&h, level, gt_table_value(&h.t, SIZE), IOASID_FAULT_TABLE_NOT_MAPPED);
		entry_faults(&h, level, gt_table_value(&h.t, (UINT64_C(1) << 40) - PAGE),
			     IOASID_FAULT_TABLE_NOT_MAPPED);
	}
	guest_close(&h.g);
}
END_TEST

START_TEST(table_page_that_the_parent_has_for_writing_only)
{
	struct hostile h;

	hostile_open(&h, _i);
	ck_ok(ioasid_space_map(h.g.root, SIZE, h.g.memory + 6 * PAGE, PAGE, IOASID_WRITE, NULL));
	entry_faults(&h, 2, gt_table_value(&h.t, SIZE), IOASID_FAULT_TABLE_NOT_MAPPED);
	entry_faults(&h, 4, gt_table_value(&h.t, SIZE), IOASID_FAULT_TABLE_NOT_MAPPED);
	guest_close(&h.g);
}
END_TEST

START_TEST(table_page_that_the_parent_has_for_reading_only)
{
	struct hostile h;
	uint64_t *leaf;

	hostile_open(&h, _i);
	/* That is enough to walk it. */
	leaf = gt_slot(&h.t, 6 * PAGE, (AT >> 12) & 511);
	gt_store(leaf, gt_leaf_value(&h.t, 1, 9 * PAGE, RW));
	ck_ok(ioasid_space_map(h.g.root, SIZE, h.g.memory + 6 * PAGE, PAGE, IOASID_READ, NULL));
	gt_store(gt_entry(&h.t, AT, 2), gt_table_value(&h.t, SIZE));
	ck_ok(inv_all(h.g.ctx, h.child));
	/* ... unless the walk has to set flags there: VT-d 3.6.2. */
	if (hw_is_hardware(_i % HW_WAYS) && h.t.format == IOASID_PGTABLE_VTD_FS) {
		guest_faults(&h.g, AT, IOASID_READ, IOASID_FAULT_TABLE_NOT_MAPPED);
		gt_store(leaf, gt_load(leaf) | 0x60);
	}
	guest_reaches(&h.g, AT, 9 * PAGE, RW);
	guest_close(&h.g);
}
END_TEST

START_TEST(root_that_is_mapped_later)
{
	struct hostile h;

	hostile_open(&h, _i);
	h.pgtable.root = SIZE + h.t.root;
	ck_ok(ioasid_space_bind_pgtable(h.child, &h.pgtable));
	guest_faults(&h.g, AT, IOASID_READ, IOASID_FAULT_TABLE_NOT_MAPPED);
	ck_ok(ioasid_space_map(h.g.root, SIZE, h.g.memory, SIZE, IOASID_READ, NULL));
	guest_reaches(&h.g, AT, 5 * PAGE, RW);
	ck_ok(ioasid_space_unmap(h.g.root, SIZE, SIZE, NULL));
	guest_faults(&h.g, AT, IOASID_READ, IOASID_FAULT_TABLE_NOT_MAPPED);
	guest_close(&h.g);
}
END_TEST

START_TEST(table_that_refers_to_itself)
{
	unsigned int level;
	uint64_t table;
	struct hostile h;

	hostile_open(&h, _i);
	/* One page is used at each level below; its own entry ends as a leaf to the page itself. */
	for (level = 2; level <= 4; level++) {
		uint64_t *entry = gt_entry(&h.t, AT, level), good = gt_load(entry);
		unsigned int down;
		uint64_t iova = AT >> (12 + 9 * level) << (12 + 9 * level);

		table = (uint64_t)((uint8_t *)entry - h.g.memory) & ~(PAGE - 1);
		gt_store(entry, gt_table_value(&h.t, table));
		ck_ok(inv_all(h.g.ctx, h.child));
		for (down = 1; down <= level; down++)
			iova |= (AT >> (12 + 9 * (level - 1)) & 511) << (12 + 9 * (down - 1));
		guest_reaches(&h.g, iova + 16, table + 16, RW);
		gt_store(entry, good);
		ck_ok(inv_all(h.g.ctx, h.child));
		guest_reaches(&h.g, AT, 5 * PAGE, RW);
	}
	guest_close(&h.g);
}
END_TEST

START_TEST(superpage_over_a_parent_in_small_pieces)
{
	struct hostile h;
	uint64_t i;

	hostile_open(&h, _i);
	/* Every other page of 2 MiB, in reverse order, for reading every fourth. */
	for (i = 0; i < 512; i += 2)
		ck_ok(ioasid_space_map(h.g.root, GIB + i * PAGE, h.g.memory + (511 - i) * PAGE,
				       PAGE, i % 4 ? RW : IOASID_READ, NULL));
	gt_store(gt_entry(&h.t, AT + GIB, 3), gt_leaf_value(&h.t, 3, GIB, RW));
	ck_ok(inv_all(h.g.ctx, h.child));
	for (i = 0; i < 512; i++)
		guest_reaches(&h.g, ((AT + GIB) & ~(GIB - 1)) + i * PAGE, (511 - i) * PAGE,
			      i % 2 ? 0 : i % 4 ? RW : IOASID_READ);
	ck_ok(ioasid_space_unmap(h.g.root, GIB, GIB, NULL));
	for (i = 0; i < 512; i += 64)
		guest_faults(&h.g, ((AT + GIB) & ~(GIB - 1)) + i * PAGE, IOASID_READ,
			     IOASID_FAULT_TARGET_NOT_MAPPED);
	guest_close(&h.g);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, address_bits_beyond_the_width, 0, VARIANTS);
	tcase_add_loop_test(tc, leaf_in_the_root, 0, VARIANTS);
	tcase_add_loop_test(tc, superpages_that_are_not_aligned, 0, VARIANTS);
	tcase_add_loop_test(tc, superpages_that_are_not_allowed, 0, VARIANTS);
	tcase_add_loop_test(tc, not_present_whatever_else_it_says, 0, VARIANTS);
	tcase_add_loop_test(tc, targets_and_tables_beyond_the_guest, 0, VARIANTS);
	tcase_add_loop_test(tc, table_page_that_the_parent_has_for_writing_only, 0, VARIANTS);
	tcase_add_loop_test(tc, table_page_that_the_parent_has_for_reading_only, 0, VARIANTS);
	tcase_add_loop_test(tc, root_that_is_mapped_later, 0, VARIANTS);
	tcase_add_loop_test(tc, table_that_refers_to_itself, 0, VARIANTS);
	tcase_add_loop_test(tc, superpage_over_a_parent_in_small_pieces, 0, VARIANTS);
}

int main(void)
{
	Suite *suite = suite_create("hostile");

	suite_add_sizes(suite, "hostile", add_tests);
	return run_suite(suite);
}
