/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest's tables cost at most, in memory and in time to find them again: see SECURITY. */
#include <string.h>
#include <sys/mman.h>

#include "guest_tables.h"
#include "support.h"

#define SIZE guest_size
#define KIB  ((uint64_t)1 << 10)

static const enum ioasid_fill fills[] = { IOASID_FILL_ON_INVALIDATION, IOASID_FILL_ON_DEMAND };
static const enum ioasid_pgtable_format formats[] = {
	IOASID_PGTABLE_VTD_SS, IOASID_PGTABLE_VTD_FS
};

#define VARIANTS 4 /* fill, format */

/* What the shadow keeps about a node, beside its pages. */
#define RECORD 256

/* What a space takes that has no nodes, and what is taken in whole pages. */
#define REST (72 * KIB)

struct host {
	struct guest g;
	struct guest_table t;
	struct ioasid_space *child;
};

static void host_open(struct host *h, int i, uint32_t levels, uint64_t ctx_flags)
{
	guest_open(&h->g, SIZE, ctx_flags);
	h->child = make_space(h->g.ctx, h->g.root, fills[i % 2]);
	guest_attach(&h->g, h->child);
	gt_init(&h->t, formats[i / 2], levels, h->g.memory, 0, 0, 4 * MIB);
}

static void set_off(struct host *h)
{
	ck_ok(bind_table(h->child, h->t.format, h->t.levels, h->t.root));
	ck_ok(inv_all(h->g.ctx, h->child));
}

static void costs_at_most(struct host *h, uint64_t bytes)
{
	uint64_t is = memory_bytes(h->child);

	ck_assert_msg(is <= bytes, "the shadow takes %ju KiB, at most %ju KiB expected",
		      (uintmax_t)(is / KIB), (uintmax_t)(bytes / KIB));
}

/* As many tables as there are entries, none of them in the guest's memory: of all levels. */
START_TEST(tables_outside_the_guest_cost_nothing)
{
	const unsigned int pages = 16;
	uint64_t outside = UINT64_C(1) << 40;
	struct host h;
	unsigned int i, k;

	host_open(&h, _i, 4, 0);
	for (i = 0; i < pages; i++) {
		uint64_t page = gt_page(&h.t);

		gt_store(gt_slot(&h.t, h.t.root, i), gt_table_value(&h.t, page));
		for (k = 0; k < 512; k++, outside += PAGE)
			gt_store(gt_slot(&h.t, page, k), gt_table_value(&h.t, outside));
		/* and on the way to there, at the next lower level */
		gt_store(gt_slot(&h.t, page, 0), gt_table_value(&h.t, page));
	}
	set_off(&h);
	for (i = 0; i < pages * 512; i++) {
		if (i % 512 == 0)
			continue;
		ck_assert_ptr_null(dma_where(h.g.channel, (uint64_t)i << 30, IOASID_READ));
		ck_assert_ptr_null(dma_where(h.g.channel, (uint64_t)(i / 512) << 39 | i % 512 << 21,
					     IOASID_READ));
	}
	drop_events(h.g.queue);
	guest_faults(&h.g, GIB, IOASID_READ, IOASID_FAULT_TABLE_NOT_MAPPED);
	/* the root, and each page at three levels */
	costs_at_most(&h, (1 + 3 * pages) * (8 * KIB + RECORD) + REST);
	guest_close(&h.g);
}
END_TEST

/* Every page of 1 MiB is a table at each of five levels, and is read as such. */
static void every_page_a_table(struct host *h, unsigned int pages)
{
	unsigned int page, i;
	uint8_t byte;

	for (page = 0; page < pages; page++)
		for (i = 0; i < 512; i++)
			gt_store(gt_slot(&h->t, page * PAGE, i),
				 i % 2 ? gt_leaf_value(&h->t, 2, 0, RW) :
					 gt_table_value(&h->t, (page + i / 2) % pages * PAGE));
	set_off(h);
	for (page = 0; page < pages; page++)
		for (i = 12; i < 48; i += 9)
			dma_get(h->g.channel, (uint64_t)page << i << 1, &byte);
	drop_events(h->g.queue);
}

START_TEST(every_page_a_table_at_every_level)
{
	const unsigned int pages = 256;
	bool lists = guest_size < 64 * MIB, audit = _i >= VARIANTS;
	uint64_t node = 8 * KIB + RECORD + (lists ? 4 * KIB : 0) + (audit ? 4 * KIB : 0);
	struct host h;

	host_open(&h, _i % VARIANTS, 5, audit ? IOASID_CTX_AUDIT : 0);
	every_page_a_table(&h, pages);
	/* The top level has the root only. A superpage in pieces has a node of the level below. */
	costs_at_most(&h, (1 + 4 * pages + 4) * node + REST);
	if (fills[_i % 2] == IOASID_FILL_ON_INVALIDATION)
		ck_assert_uint_gt(memory_bytes(h.child), 4 * pages * 8 * KIB);

	/* All of it comes back. */
	memset(h.g.memory, 0, pages * PAGE);
	ck_ok(inv_all(h.g.ctx, h.child));
	costs_at_most(&h, 128 * KIB);
	guest_close(&h.g);
}
END_TEST

#define TABLES	 2048
#define PARENTS	 64
#define SPARSE	 (64 * GIB)
#define AT	 (UINT64_C(1) << 40) /* of the sparse memory, in the guest */

/* Time to read tables that lead to tables[] many times over. */
static uint64_t time_tables(struct host *h, const uint64_t *tables)
{
	uint64_t start;
	unsigned int i, k;

	for (i = 0; i < PARENTS; i++)
		for (k = 0; k < 512; k++)
			*gt_slot(&h->t, h->t.root + PAGE * (1 + i), k) =
				gt_table_value(&h->t, tables[(i * 512 + k) % TABLES]);
	ck_ok(bind_table(h->child, h->t.format, 3, h->t.root));
	start = now_ns();
	ck_ok(bind_table(h->child, h->t.format, 3, h->t.root));
	return now_ns() - start;
}

/* Addresses that multiplication by the golden ratio, the usual hash, puts in one bucket of many. */
static void collide(uint64_t *tables)
{
	uint64_t page;
	unsigned int n = 0;

	for (page = 0; n < TABLES && page < SPARSE / PAGE; page++) {
		uint64_t x =
			((AT / PAGE + page) ^ UINT64_C(1) << 60) * UINT64_C(0x9e3779b97f4a7c15);

		if (!(x >> 24 & 0xfff))
			tables[n++] = AT + page * PAGE;
	}
	ck_assert_uint_eq(n, TABLES);
}

START_TEST(chosen_addresses_take_no_longer)
{
	static uint64_t tables[TABLES];
	uint64_t ordinary, distance, collision;
	struct host h;
	unsigned int i;
	void *sparse;

	guest_size = 64 * MIB;
	host_open(&h, 0, 3, 0);
	for (i = 0; i < PARENTS; i++)
		gt_store(gt_slot(&h.t, h.t.root, i), gt_table_value(&h.t, gt_page(&h.t)));
	sparse = SPARSE > SIZE_MAX ? MAP_FAILED : mmap(NULL, (size_t)SPARSE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (sparse == MAP_FAILED) /* with 32 bits, or under a tool that cannot have so much */
		goto out;
	ck_ok(ioasid_space_map(h.g.root, AT, sparse, SPARSE, RW, NULL));
	for (i = 0; i < TABLES; i++)
		tables[i] = AT + i * PAGE;
	ordinary = time_tables(&h, tables);
	for (i = 0; i < TABLES; i++)
		tables[i] = AT + i * (SPARSE / TABLES);
	distance = time_tables(&h, tables);
	collide(tables);
	collision = time_tables(&h, tables);
	ck_assert_msg(distance < 8 * ordinary + 50000000, "%ju us, ordinary ones %ju us",
		      (uintmax_t)distance / 1000, (uintmax_t)ordinary / 1000);
	ck_assert_msg(collision < 8 * ordinary + 50000000, "%ju us, ordinary ones %ju us",
		      (uintmax_t)collision / 1000, (uintmax_t)ordinary / 1000);
	ck_ok(ioasid_space_unmap(h.g.root, AT, SPARSE, NULL));
	munmap(sparse, (size_t)SPARSE);
out:
	guest_close(&h.g);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, tables_outside_the_guest_cost_nothing, 0, VARIANTS);
	tcase_add_loop_test(tc, every_page_a_table_at_every_level, 0, 2 * VARIANTS);
}

int main(void)
{
	Suite *suite = suite_create("hostile-memory");
	TCase *tc = tcase_create("time");

	suite_add_sizes(suite, "hostile-memory", add_tests);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, chosen_addresses_take_no_longer);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
