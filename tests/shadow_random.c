/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random changes of a guest's tables and of the parent below them, with small pieces, big ones, and
 * both; after each, DMA must find what a slow walk finds, and all lists must be whole.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "shadow_world.h"

enum { SMALL, BIG, MIXED };

static int sizes;

static bool big(void)
{
	return sizes == BIG || (sizes == MIXED && rnd(2));
}

/* Fills a hole of the guest's memory that begins at @at, as far as it goes. */
static uint64_t fill_hole(uint64_t at)
{
	static const uint64_t length[] = { 3 * PAGE, 64 * PAGE, MIB, 2 * MIB, 4 * MIB, 4 * MIB };
	uint64_t n = length[rnd(6)], end = at < TABLES ? TABLES : END, k;

	if (n > end - at)
		n = end - at;
	for (k = PAGE; k < n; k += PAGE)
		if (root_find(at + k))
			break;
	/* the tables' pages can be read mostly: without the root there is little to see */
	root_map(at, k < n ? k : n, (1 + rnd(1 << 20)) * 16 * MIB,
		 at < TABLES || !rnd(8) ? 1 + (unsigned int)rnd(3) : RW, big());
	return k < n ? k : n;
}

static void fill_all(void)
{
	uint64_t at;

	for (at = 0; at < END;) {
		const struct piece *p = root_find(at);

		at = p ? p->last + 1 : at + fill_hole(at);
	}
}

static void change_parent(void)
{
	unsigned int i = (unsigned int)rnd(N_PIECES), used = 0, k;

	for (k = 0; k < N_PIECES; k++)
		used += !!w.piece[k].last;
	if (used) {
		while (!w.piece[i].last)
			i = (i + 1) % N_PIECES;
		root_unmap(i);
		settle();
	}
	if (used < N_PIECES / 2 && rnd(2))
		fill_all();
}

/* What needs another entry of the root table. */
static uint64_t far_away(void)
{
	uint64_t at = UINT64_C(1) << (w.pgtable.input_bits - 1);

	return w.pgtable.input_bits == 48 && w.t.granule == 12 ? at >> 8 : at;
}

static uint64_t some_iova(void)
{
	const uint64_t page = gt_span(&w.t, 1), big = gt_span(&w.t, 2);
	const uint64_t base[] = { 0, gt_span(&w.t, 3) - big, gt_span(&w.t, 3), far_away() };

	/* of a larger table two pages, and of a larger page two parts */
	return base[rnd(4)] + rnd(3) * big + rnd(6) * page +
	       (page > PAGE ? rnd(2) * 512 * page + rnd(2) * 3 * PAGE : 0);
}

/* The entry for @iova at @level, with tables above it in place of superpages. */
static uint64_t *entry_at(uint64_t iova, unsigned int level)
{
	unsigned int at;

	for (at = w.t.levels < 3 ? w.t.levels : 3; at > level; at--) {
		uint64_t *e = gt_entry(&w.t, iova, at);

		if (gt_load(e) && gt_is_leaf(&w.t, at, gt_load(e)))
			gt_store(e, 0);
	}
	return gt_entry(&w.t, iova, level);
}

/* What tells whether an entry of level 2 lets write. */
static uint64_t write_bit(uint64_t entry)
{
	uint64_t like = gt_is_leaf(&w.t, 2, entry) ? gt_leaf_value(&w.t, 2, 0, RW) :
						     gt_table_at(&w.t, 2, 0);

	return gt_deny(&w.t, 2, like, IOASID_WRITE) ^ like;
}

/* One change of the guest's; returns the last IOVA that it is about, from *@iova on. */
static uint64_t change_guest(uint64_t *iova)
{
	unsigned int level = rnd(3) ? 1 : 2;
	uint64_t gpa = rnd(TABLES / PAGE) * PAGE, *e;

	*iova = some_iova();
	e = entry_at(*iova, level);
	switch (rnd(8)) {
	case 0:
		gt_store(e, 0);
		break;
	case 1:
		/* a middle level's permission */
		level = 2;
		e = entry_at(*iova, 2);
		if (*e && (gt_has_table_permissions(&w.t) || gt_is_leaf(&w.t, 2, gt_load(e))))
			gt_store(e, gt_load(e) ^ write_bit(gt_load(e)));
		break;
	case 2:
		/* the table of another place: a change of it is one of both from now on */
		e = entry_at(*iova, 2);
		gt_store(e, gt_load(entry_at(some_iova(), 2)));
		*iova = 0;
		return ALL;
	case 3:
		/* beyond the guest */
		gt_store(entry_at(*iova, 1), gt_leaf_value(&w.t, 1, UINT64_C(1) << 47, RW));
		level = 1;
		break;
	default:
		gpa &= ~(gt_span(&w.t, level) - 1);
		gt_store(e, gt_leaf_value(&w.t, level, gpa, 1 + (uint32_t)rnd(3)));
	}
	*iova &= ~(gt_span(&w.t, level) - 1);
	return *iova + gt_span(&w.t, level) - 1;
}

/* Where addresses begin that the upper table translates; 0: there is none. */
static uint64_t upper(void)
{
	return w.pgtable.upper_levels ? ~UINT64_C(0) << w.pgtable.upper_input_bits : 0;
}

static void check_translations(unsigned int n)
{
	while (n--) {
		uint64_t iova = some_iova() + rnd(2) * 8 + rnd(2) * upper();
		unsigned int need = 1 + (unsigned int)rnd(3);
		uint64_t is = translate(&w.s, iova, need), should = referee(iova, need);

		ck_assert_msg(is == should, "%#" PRIx64 " for %u leads to %#" PRIx64 ", not %#"
			      PRIx64, iova, need, is, should);
	}
}

static void run(const struct ioasid_pgtable *pgtable, bool on_demand)
{
	unsigned int step, steps = test_is_slow() ? 400 : 1500;
	bool shared = false;

	fill_all();
	bind_as(pgtable, on_demand);
	for (step = 0; step < steps && w.t.next < END - MIB; step++) {
		uint64_t start, last;

		if (rnd(3)) {
			last = change_guest(&start);
			shared |= last == ALL;
			/* a table in two places has to be invalidated in both */
			sync_range(shared ? 0 : start, shared ? ALL : last);
			if (w.pgtable.upper_levels)
				sync_range(start + upper(), last == ALL ? ALL : last + upper());
		} else {
			change_parent();
		}
		settle();
		check_translations(6);
		if (step % 16 == 0)
			settle();
	}
	ck_assert_uint_gt(step, 300);
}

/* Formats, sizes of pieces, and ways to fill: a loop has each of them once. */
static const struct ioasid_pgtable formats[] = {
	{ .format = IOASID_PGTABLE_VTD_SS, .levels = 4, .input_bits = 48 },
	{ .format = IOASID_PGTABLE_VTD_FS, .levels = 4, .input_bits = 48 },
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .input_bits = 48 },
	{ .format = IOASID_PGTABLE_ARM_S2, .levels = 4, .input_bits = 48 },
	{ .format = IOASID_PGTABLE_AMD_V1, .levels = 4, .input_bits = 48 },
	{ .format = IOASID_PGTABLE_AMD_V2, .levels = 4, .input_bits = 48 },
	{ .format = IOASID_PGTABLE_RISCV, .levels = 4, .input_bits = 48 },
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .input_bits = 48, .granule_bits = 14 },
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 3, .input_bits = 48, .granule_bits = 16 },
	/* Root tables side by side: 16, 2, and 8. */
	{ .format = IOASID_PGTABLE_ARM_S2, .levels = 3, .input_bits = 43 },
	{ .format = IOASID_PGTABLE_ARM_S2, .levels = 3, .input_bits = 48, .granule_bits = 14 },
	{ .format = IOASID_PGTABLE_ARM_S2, .levels = 2, .input_bits = 45, .granule_bits = 16 },
	/* The same table for high addresses. */
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 3, .input_bits = 48, .granule_bits = 16,
	  .upper_levels = 3, .upper_input_bits = 48, .upper_granule_bits = 16 },
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .input_bits = 48, .granule_bits = 12,
	  .upper_levels = 4, .upper_input_bits = 48, .upper_granule_bits = 12 },
	/* 52 bits */
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 5, .input_bits = 52,
	  .flags = IOASID_PGTABLE_WIDE },
	{ .format = IOASID_PGTABLE_ARM_S2, .levels = 3, .input_bits = 51, .granule_bits = 14,
	  .flags = IOASID_PGTABLE_WIDE },
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 3, .input_bits = 52, .granule_bits = 16,
	  .flags = IOASID_PGTABLE_WIDE },
};

#define FORMATS ((int)(sizeof(formats) / sizeof(formats[0])))
#define KINDS	(FORMATS * 3 * 2)

START_TEST(random_changes)
{
	sizes = _i / 2 % 3;
	set_seed((unsigned int)_i + 1);
	run(&formats[_i / 6 % FORMATS], _i & 1);
}
END_TEST

void add_random_cases(Suite *s)
{
	TCase *tc = tcase_create("random");

	tcase_add_checked_fixture(tc, world_open, world_close);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, random_changes, 0, KINDS);
	suite_add_tcase(s, tc);
}
