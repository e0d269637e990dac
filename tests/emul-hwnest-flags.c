/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accessed and dirty flags: what an IOMMU that walks a guest's table leaves in it, by format. */
#include <string.h>

#include "any.h"
#include "hw_world.h"
#include "referee.h"

#define BIT(n) (UINT64_C(1) << (n))
#define SETS   (IOASID_PGTABLE_SET_ACCESSED | IOASID_PGTABLE_SET_DIRTY)
#define PLAIN  HW_PLATFORM("", "")
#define DBM    BIT(51)

/* Tables in which flags are set, and what is set where. */
static const struct marks {
	enum ioasid_pgtable_format format;
	uint32_t flags;
	uint64_t table, leaf; /* when an entry is used */
	uint64_t dirty, clean; /* set and clear in a leaf that was written */
} marks[] = {
	{ IOASID_PGTABLE_VTD_FS, 0, BIT(5), BIT(5), BIT(6), 0 }, /* VT-d 3.6.2 */
	{ IOASID_PGTABLE_VTD_FS, IOASID_PGTABLE_SET_EXTENDED, BIT(5) | BIT(10),
	  BIT(5) | BIT(10), BIT(6), 0 }, /* EAFE */
	{ IOASID_PGTABLE_AMD_V2, 0, BIT(5), BIT(5), BIT(6), 0 }, /* AMD 2.2.6 */
	{ IOASID_PGTABLE_VTD_SS, SETS, BIT(8), BIT(8), BIT(9), 0 }, /* VT-d 3.7.2 */
	{ IOASID_PGTABLE_ARM_S1, SETS, 0, BIT(10), 0, BIT(7) }, /* AF, AP[2]: D8.5 */
	{ IOASID_PGTABLE_ARM_S2, SETS, 0, BIT(10), BIT(7), 0 }, /* AF, S2AP[1] */
	{ IOASID_PGTABLE_AMD_V1, SETS, BIT(5), BIT(5), BIT(6), 0 }, /* AMD 2.2.3 */
	{ IOASID_PGTABLE_RISCV, SETS, 0, BIT(6), BIT(7), 0 }, /* Svadu */
	{ IOASID_PGTABLE_RISCV_S2, SETS, 0, BIT(6), BIT(7), 0 },
};

#define MARKS ((int)(sizeof(marks) / sizeof(*marks)))

static bool is_arm(enum ioasid_pgtable_format format)
{
	return format == IOASID_PGTABLE_ARM_S1 || format == IOASID_PGTABLE_ARM_S2;
}

/* A page that can be written, and that nobody has used. */
static uint64_t clean_page(const struct hw *h, const struct marks *m, uint64_t target)
{
	uint64_t value = gt_leaf_value(&h->t, 1, target, RW);

	value = (value & ~(m->leaf | m->dirty)) | m->clean;
	return is_arm(m->format) ? value | DBM : value;
}

static int bind_flags(struct hw *h, struct ioasid_space *space, uint32_t flags)
{
	struct ioasid_pgtable table = IOASID_PGTABLE_INIT;

	table.format = h->t.format;
	table.levels = h->t.levels;
	table.root = h->t.root;
	table.flags = flags;
	return ioasid_space_bind_pgtable(space, &table);
}

/* Of the 16 pages at HW_AT all are clean. */
static void open_clean(struct hw *h, const struct marks *m, uint32_t flags)
{
	uint64_t n;

	hw_open(h, PLAIN, m->format, 0);
	for (n = 0; n < 16; n++)
		gt_store(gt_entry(&h->t, HW_AT + n * PAGE, 1), clean_page(h, m, (16 + n) * PAGE));
	ck_ok(bind_flags(h, h->child, flags));
}

static void check_leaf(struct hw *h, const struct marks *m, uint64_t n, bool used, bool written)
{
	uint64_t expected = clean_page(h, m, (16 + n) * PAGE);

	if (used)
		expected |= m->leaf;
	if (written)
		expected = (expected | m->dirty) & ~m->clean;
	ck_assert_uint_eq(gt_load(gt_entry(&h->t, HW_AT + n * PAGE, 1)), expected);
}

static void check_tables(struct hw *h, const struct marks *m, bool used)
{
	unsigned int level;

	for (level = 2; level <= 4; level++)
		ck_assert_uint_eq(gt_load(gt_entry(&h->t, HW_AT, level)) & m->table,
				  used ? m->table : 0);
}

START_TEST(the_walk_sets_accessed_and_dirty_flags)
{
	const struct marks *m = &marks[_i];
	struct hw h;
	uint8_t byte;

	open_clean(&h, m, m->flags);
	check_tables(&h, m, false);
	ck_ok(dma_get(h.g.channel, HW_AT, &byte));
	check_tables(&h, m, true);
	check_leaf(&h, m, 0, true, false);
	check_leaf(&h, m, 1, false, false);
	/* It is in the IOTLB, but the first write still has to leave its mark. */
	ck_ok(dma_put(h.g.channel, HW_AT, 1));
	check_leaf(&h, m, 0, true, true);
	ck_ok(dma_put(h.g.channel, HW_AT + PAGE, 1));
	check_leaf(&h, m, 1, true, true);
	check_leaf(&h, m, 2, false, false);
	/* Cleared without an invalidation, it stays clear, as long as the entry is cached. */
	gt_store(gt_entry(&h.t, HW_AT, 1), clean_page(&h, m, 16 * PAGE));
	ck_ok(dma_put(h.g.channel, HW_AT, 1));
	check_leaf(&h, m, 0, false, false);
	hw_invalidate(&h, 0, 0);
	ck_ok(dma_put(h.g.channel, HW_AT, 1));
	check_leaf(&h, m, 0, true, true);
	hw_close(&h);
}
END_TEST

START_TEST(a_large_page_has_flags_of_its_own)
{
	const uint64_t at = (HW_AT & ~(2 * MIB - 1)) + GIB;
	const struct marks *m = &marks[_i];
	uint64_t value;
	struct hw h;

	hw_open(&h, PLAIN, m->format, 0);
	value = gt_leaf_value(&h.t, 2, 2 * MIB, RW);
	value = (value & ~(m->leaf | m->dirty)) | m->clean | (is_arm(m->format) ? DBM : 0);
	gt_store(gt_entry(&h.t, at, 2), value);
	ck_ok(bind_flags(&h, h.child, m->flags));
	ck_ok(dma_put(h.g.channel, at + 5 * PAGE, 1));
	ck_assert_uint_eq(gt_load(gt_entry(&h.t, at, 2)),
			  (value | m->leaf | m->dirty) & ~m->clean);
	hw_close(&h);
}
END_TEST

START_TEST(a_fault_sets_no_flags)
{
	const struct marks *m = &marks[_i];
	uint64_t before, *entry;
	struct hw h;

	open_clean(&h, m, m->flags);
	entry = gt_entry(&h.t, HW_AT, 1);
	before = gt_leaf_value(&h.t, 1, 16 * PAGE, IOASID_READ);
	before = (before & ~(m->leaf | m->dirty)) | m->clean;
	gt_store(entry, before);
	guest_faults(&h.g, HW_AT, IOASID_WRITE, IOASID_FAULT_PERMISSION);
	ck_assert_uint_eq(gt_load(entry), before);
	/* the target is not there */
	gt_store(entry, before = clean_page(&h, m, GIB));
	guest_faults(&h.g, HW_AT, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	ck_assert_uint_eq(gt_load(entry), before);
	check_tables(&h, m, false);
	hw_close(&h);
}
END_TEST

/* VT-d 3.8: to set a flag is a write, which the second level has to permit. */
START_TEST(flags_need_a_table_that_can_be_written)
{
	const struct marks *m = &marks[_i];
	struct hw h;
	uint64_t *leaf, clean;

	open_clean(&h, m, m->flags);
	ck_ok(ioasid_space_map(h.g.root, HW_SIZE, h.g.memory + 6 * PAGE, PAGE, IOASID_READ, NULL));
	leaf = gt_slot(&h.t, 6 * PAGE, (HW_AT >> 12) & 511);
	clean = clean_page(&h, m, 9 * PAGE);
	gt_store(leaf, clean);
	gt_store(gt_entry(&h.t, HW_AT, 2), gt_table_at(&h.t, 2, HW_SIZE));
	guest_faults(&h.g, HW_AT, IOASID_READ, IOASID_FAULT_TABLE_NOT_MAPPED);
	ck_assert_uint_eq(gt_load(leaf), clean);
	gt_store(leaf, (clean | m->leaf | m->dirty) & ~m->clean);
	guest_reaches(&h.g, HW_AT, 9 * PAGE, RW);
	hw_close(&h);
}
END_TEST

/* What is not asked for is not set, nor permitted: HA without HD, HAD = 01b. */
START_TEST(accessed_flags_can_be_set_alone)
{
	const struct marks *m = &marks[_i];
	bool arm = is_arm(m->format);
	struct hw h;
	uint8_t byte;

	if (!arm && m->format != IOASID_PGTABLE_AMD_V1)
		return;
	open_clean(&h, m, IOASID_PGTABLE_SET_ACCESSED);
	ck_ok(dma_get(h.g.channel, HW_AT, &byte));
	check_leaf(&h, m, 0, true, false);
	ck_assert_int_eq(dma_put(h.g.channel, HW_AT, 1), arm ? -EFAULT : 0);
	check_leaf(&h, m, 0, true, false);
	hw_close(&h);
}
END_TEST

START_TEST(flags_that_go_together_are_asked_for_together)
{
	const struct marks *m = &marks[_i];
	bool alone = is_arm(m->format) || m->format == IOASID_PGTABLE_AMD_V1;
	struct hw h;

	hw_open(&h, PLAIN, m->format, 0);
	ck_err(bind_flags(&h, h.child, IOASID_PGTABLE_SET_DIRTY), EINVAL);
	if (alone)
		ck_ok(bind_flags(&h, h.child, IOASID_PGTABLE_SET_ACCESSED));
	else
		ck_err(bind_flags(&h, h.child, IOASID_PGTABLE_SET_ACCESSED), EINVAL);
	hw_close(&h);
}
END_TEST

/* Nobody sets flags where the library walks, and what an IOMMU would set them for is permitted. */
START_TEST(a_shadow_sets_no_flags)
{
	static uint8_t before[HW_SIZE - HW_TABLES];
	const struct marks *m = &marks[_i / 2];
	struct ioasid_space *shadow;
	struct hw h;

	open_clean(&h, m, m->flags);
	shadow = hw_any_space(h.g.ctx, h.g.root, _i % 2);
	memcpy(before, h.g.memory + HW_TABLES, sizeof(before));
	ck_ok(bind_flags(&h, shadow, m->flags));
	ck_ok(ioasid_device_replace(h.g.device, shadow));
	guest_reaches(&h.g, HW_AT + 3 * PAGE, 19 * PAGE, RW);
	ck_assert(!memcmp(before, h.g.memory + HW_TABLES, sizeof(before)));
	hw_close(&h);
}
END_TEST

START_TEST(without_flags_tables_are_only_read)
{
	static uint8_t before[HW_SIZE - HW_TABLES];
	struct hw h;

	if (hw_marks(hw_formats[_i]))
		return;
	hw_open(&h, PLAIN, hw_formats[_i], 0);
	memcpy(before, h.g.memory + HW_TABLES, sizeof(before));
	guest_reaches(&h.g, HW_AT, 16 * PAGE, RW);
	ck_assert(!memcmp(before, h.g.memory + HW_TABLES, sizeof(before)));
	hw_close(&h);
}
END_TEST

/* The walk of the referee, which leaves its marks in a copy of the tables. */
struct referee {
	uint8_t copy[MIB]; /* of the guest's memory from HW_TABLES on, */
	uint64_t size; /* so much of it */
	uint64_t *way[8];
	unsigned int n;
};

static int read_copy(void *opaque, uint64_t address, uint64_t *entry)
{
	struct referee *r = opaque;

	if (address < HW_TABLES || address - HW_TABLES >= r->size)
		return -1;
	r->way[r->n] = (uint64_t *)(void *)(r->copy + (address - HW_TABLES));
	*entry = gt_load(r->way[r->n++]);
	return 0;
}

/* True: the access is permitted, and the copy is what the tables are afterwards. */
static bool walk_copy(struct referee *r, const struct ioasid_pgtable *t, uint64_t iova, bool write)
{
	struct ref_entry page;
	unsigned int i;

	r->n = 0;
	if (ref_walk(t, iova, read_copy, r, &page) || page.address >= HW_SIZE ||
	    !(write ? page.write : page.read))
		return false;
	for (i = 0; i < r->n; i++)
		gt_store(r->way[i], ref_used(t, t->levels - i, write, gt_load(r->way[i])));
	return true;
}

/* One of 32 pages that two tables are of. */
static uint64_t any_page(uint64_t *dice)
{
	return HW_AT + xorshift(dice) % 16 * PAGE + (xorshift(dice) % 2 ? GIB : 0);
}

/* A page of the guest's with any flags, permissions, and now and then a bit that is wrong. */
static void change(struct hw *h, const struct marks *m, uint64_t *dice)
{
	uint64_t iova = any_page(dice), target = (16 + xorshift(dice) % 900) * PAGE, value;
	uint64_t *entry = gt_entry(&h->t, iova, 1);

	value = gt_leaf_value(&h->t, 1, target, xorshift(dice) % 4 ? RW : IOASID_READ);
	value ^= xorshift(dice) & (m->leaf | m->dirty | m->clean);
	if (is_arm(m->format))
		value ^= xorshift(dice) & DBM;
	if (xorshift(dice) % 16 == 0)
		value ^= BIT(xorshift(dice) % 64);
	gt_store(entry, value);
	entry = gt_entry(&h->t, iova, 2);
	gt_store(entry, gt_load(entry) ^ (xorshift(dice) & m->table));
}

START_TEST(all_of_memory_is_as_the_referee_leaves_it)
{
	struct ioasid_pgtable table = IOASID_PGTABLE_INIT;
	const struct marks *m = &marks[_i / 2];
	static struct referee r;
	uint64_t dice = UINT64_C(88172645463325252) + (uint64_t)_i;
	unsigned int i, n = rounds(3000), written = 0;
	struct hw h;

	hw_open(&h, _i % 2 ? HW_PLATFORM("structure-cache=8", "") : PLAIN, m->format, 0);
	table.format = m->format;
	table.levels = 4;
	table.root = h.t.root;
	table.flags = m->flags;
	ck_ok(ioasid_space_bind_pgtable(h.child, &table));
	for (i = 0; i < n; i++) {
		uint64_t iova = any_page(&dice);
		bool write = xorshift(&dice) % 2, ok;
		uint8_t byte = 0;

		change(&h, m, &dice);
		ck_ok(inv_all(h.g.ctx, h.child));
		r.size = h.t.next - HW_TABLES;
		memcpy(r.copy, h.g.memory + HW_TABLES, (size_t)r.size);
		ok = walk_copy(&r, &table, iova, write);
		written += ok && write;
		if (write)
			ck_assert_int_eq(dma_put(h.g.channel, iova + 8, 0), ok ? 0 : -EFAULT);
		else
			ck_assert_int_eq(dma_get(h.g.channel, iova + 8, &byte), ok ? 0 : -EFAULT);
		drop_events(h.g.queue);
		ck_assert_msg(!memcmp(r.copy, h.g.memory + HW_TABLES, (size_t)r.size),
			      "format %d, round %u, iova 0x%llx", (int)m->format, i,
			      (unsigned long long)iova);
	}
	ck_assert_uint_ge(written, n / 8);
	hw_close(&h);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, the_walk_sets_accessed_and_dirty_flags, 0, MARKS);
	tcase_add_loop_test(tc, a_large_page_has_flags_of_its_own, 0, MARKS);
	tcase_add_loop_test(tc, a_fault_sets_no_flags, 0, MARKS);
	tcase_add_loop_test(tc, flags_need_a_table_that_can_be_written, 0, MARKS);
	tcase_add_loop_test(tc, accessed_flags_can_be_set_alone, 0, MARKS);
	tcase_add_loop_test(tc, flags_that_go_together_are_asked_for_together, 2, MARKS);
	tcase_add_loop_test(tc, a_shadow_sets_no_flags, 0, 2 * MARKS);
	tcase_add_loop_test(tc, without_flags_tables_are_only_read, 0, HW_FORMATS);
	tcase_add_loop_test(tc, all_of_memory_is_as_the_referee_leaves_it, 0, 2 * MARKS);
}

int main(void)
{
	Suite *suite = suite_create("hwnest-flags");
	TCase *tc = tcase_create("flags");

	add_tests(tc);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
