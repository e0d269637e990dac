/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lib/iopt: random ranges against a plain list of them; failures, leaf sizes, signed roots. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <iopt/iopt.h>
#include <util/alloc.h>
#include "any.h"
#include "runner.h"

#define PAGE  UINT64_C(4096)
#define M2    (UINT64_C(1) << 21)
#define G1    (UINT64_C(1) << 30)
#define TOP   (UINT64_C(1) << IOPT_MAX_BITS)
#define MANY  96u
#define RW    IOPT_PERM

struct range {
	uint64_t iova, length, host;
	unsigned int perm;
};

static struct pages pool;
static struct iopt table;
static struct reap reap;
static struct range model[MANY];
static unsigned int n_model;
static uint64_t seed;

static void setup(void)
{
	pages_init(&pool);
	iopt_init(&table, &pool);
	memset(&reap, 0, sizeof(reap));
	n_model = 0;
	seed = UINT64_C(0x2545f4914f6cdd1d);
}

static void teardown(void)
{
	mem_fail_nth(0);
	pages_destroy(&pool);
}

static uint64_t rnd(uint64_t below)
{
	return (xorshift(&seed) >> 8) % below;
}

/* What goes out of use is freed at once: nobody else walks here. The table's count is the truth. */
static void settle(void)
{
	reap_finish(&reap, &pool);
	ck_assert_uint_eq(pages_used(&pool), table.nodes);
}

static const struct range *find(uint64_t iova)
{
	unsigned int i;

	for (i = 0; i < n_model; i++)
		if (iova >= model[i].iova && iova - model[i].iova < model[i].length)
			return &model[i];
	return NULL;
}

static bool is_free(uint64_t iova, uint64_t length)
{
	unsigned int i;

	for (i = 0; i < n_model; i++)
		if (iova < model[i].iova + model[i].length && model[i].iova < iova + length)
			return false;
	return true;
}

/* The table says of one address what the list says. */
static void check_at(uint64_t iova)
{
	const struct range *r = find(iova);
	struct iopt_hit hit = iopt_walk(&table.root, iova);

	if (!r) {
		ck_assert_msg(!hit.perm && !hit.entry, "%#" PRIx64 " is mapped", iova);
		return;
	}
	ck_assert_msg(hit.perm == r->perm, "%#" PRIx64 ": permission %u, not %u", iova, hit.perm,
		      r->perm);
	ck_assert_msg(iopt_host(&hit, iova) == r->host + (iova - r->iova),
		      "%#" PRIx64 " leads to %#" PRIx64 ", not %#" PRIx64, iova,
		      iopt_host(&hit, iova), r->host + (iova - r->iova));
	ck_assert_uint_eq(iopt_load(hit.slot), hit.entry);
}

static void check_all(void)
{
	unsigned int i;

	for (i = 0; i < n_model; i++) {
		const struct range *r = &model[i];
		uint64_t end = r->iova + r->length;

		check_at(r->iova - 1);
		check_at(r->iova);
		check_at(r->iova + rnd(r->length));
		check_at(r->iova + rnd(r->length));
		check_at(end - 1);
		check_at(end);
	}
	check_at(rnd(TOP));
	check_at(TOP - 1);
	check_at(TOP);
	check_at(UINT64_MAX - rnd(G1));
}

static int map(uint64_t iova, uint64_t length, uint64_t host, unsigned int perm)
{
	int ret = iopt_map(&table, iova, length, host, perm, &reap);

	if (!ret) {
		ck_assert(!reap.drain && reap_is_empty(&reap));
		model[n_model++] = (struct range){ iova, length, host, perm };
	}
	settle();
	return ret;
}

static void unmap(unsigned int i)
{
	iopt_unmap(&table, model[i].iova, model[i].length, &reap);
	ck_assert(reap.drain);
	model[i] = model[--n_model];
	settle();
}

/* Addresses that are near each other and near the edges of all levels' entries. */
static uint64_t random_iova(void)
{
	static const uint64_t base[] = { 0, M2, G1, G1 << 9, G1 << 18, TOP / 2, TOP - 4 * G1 };
	uint64_t at = base[rnd(sizeof(base) / sizeof(base[0]))];

	switch (rnd(4)) {
	case 0: return at + rnd(4) * G1;
	case 1: return at + rnd(64) * M2;
	case 2: return at + rnd(2048) * PAGE;
	default: return at + rnd(64) * M2 + rnd(16) * PAGE;
	}
}

static uint64_t random_length(void)
{
	switch (rnd(4)) {
	case 0: return (1 + rnd(3)) * G1 + rnd(2) * M2 + rnd(2) * PAGE;
	case 1: return (1 + rnd(40)) * M2 + rnd(2) * rnd(512) * PAGE;
	default: return (1 + rnd(1200)) * PAGE;
	}
}

static void random_map(unsigned long fail)
{
	uint64_t iova = random_iova(), length = random_length();
	uint64_t host = (UINT64_C(1) << 46) + rnd(UINT64_C(1) << 30) * PAGE;
	size_t before = table.nodes;
	bool grows;

	if (iova + length > TOP || n_model == MANY || !is_free(iova, length))
		return;
	grows = !table.root.word || (iova + length - 1) >> iopt_bits(table.root.word);
	mem_fail_nth(fail);
	if (map(iova, length, host, 1 + (unsigned int)rnd(3)))
		ck_assert_uint_le(table.nodes, before + (grows ? IOPT_LEVELS - 1 : 0));
	mem_fail_nth(0);
}

static void random_calls(unsigned int fail_below)
{
	unsigned int step;

	for (step = 0; step < 4000; step++) {
		if (rnd(8) < 5 || !n_model)
			random_map(fail_below ? (unsigned int)rnd(fail_below) : 0);
		else
			unmap((unsigned int)rnd(n_model));
		if (step % 8 == 0)
			check_all();
		if (step % 1000 == 999)
			while (n_model)
				unmap((unsigned int)rnd(n_model));
		if (!n_model && !fail_below)
			ck_assert_uint_eq(table.nodes, 0);
	}
}

START_TEST(random_ranges)
{
	random_calls(0);
	ck_assert_uint_eq(table.nodes, 0);
	ck_assert_uint_eq(table.root.word, 0);
}
END_TEST

/* 4 MiB: two leaves of 2 MiB in one node, or two nodes with 512 each, and one above. */
START_TEST(small_tables_have_smallest_leaves)
{
	struct iopt small;
	struct iopt_hit hit;

	iopt_init(&small, &pool);
	small.small = true;
	ck_assert_int_eq(iopt_map(&small, 0x400000, 0x400000, 0x10000000, IOPT_READ, &reap), 0);
	ck_assert_uint_eq(small.nodes, 3);
	hit = iopt_walk(&small.root, 0x5ff123);
	ck_assert_uint_eq(hit.shift, 12);
	ck_assert_uint_eq(iopt_host(&hit, 0x5ff123), 0x101ff123);
	iopt_clear(&small, &reap);
	reap_finish(&reap, &pool);
	ck_assert_int_eq(iopt_map(&table, 0x400000, 0x400000, 0x10000000, IOPT_READ, &reap), 0);
	ck_assert_uint_eq(table.nodes, 1);
	hit = iopt_walk(&table.root, 0x5ff123);
	ck_assert_uint_eq(hit.shift, 21);
	iopt_clear(&table, &reap);
	reap_finish(&reap, &pool);
}
END_TEST

START_TEST(random_ranges_with_failures)
{
	random_calls(6);
}
END_TEST

/* A leaf is as large as IOVA and length allow, wherever the host memory is. */
START_TEST(leaf_sizes)
{
	static const struct {
		uint64_t iova, length, at;
		unsigned int shift;
	} c[] = {
		{ G1, G1, G1, 30 },
		{ G1, G1, 2 * G1 - 1, 30 },
		{ G1 + M2, M2, G1 + M2, 21 },
		{ G1 + M2, M2 - PAGE, G1 + M2, 12 },
		{ PAGE, 2 * M2, PAGE, 12 },
		{ PAGE, 2 * M2, M2, 21 },
		{ PAGE, 2 * M2, 2 * M2, 12 },
		{ 0, TOP, TOP - 1, 48 },
		{ 0, UINT64_C(1) << 48, 5, 39 },
		{ 0, 512 * PAGE, 5, 12 },
		{ M2, M2, M2, 21 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct iopt_hit hit;

		ck_assert_int_eq(map(c[i].iova, c[i].length, 0x7ffff7ff5000, RW), 0);
		hit = iopt_walk(&table.root, c[i].at);
		ck_assert_msg(hit.shift == c[i].shift, "case %u: shift %u, not %u", i, hit.shift,
			      c[i].shift);
		check_all();
		unmap(0);
		ck_assert_uint_eq(table.nodes, 0);
	}
}
END_TEST

/* Large ranges take few nodes. */
START_TEST(memory_is_by_the_edges)
{
	ck_assert_int_eq(map(0, TOP, 0, RW), 0);
	ck_assert_uint_eq(table.nodes, 1);
	unmap(0);
	/* down to the pages at both edges: at most two ways, which share the top */
	ck_assert_int_eq(map(PAGE, TOP - 2 * PAGE, PAGE, RW), 0);
	ck_assert_uint_eq(table.nodes, 2 * IOPT_LEVELS - 1);
	check_all();
	unmap(0);
	ck_assert_uint_eq(table.nodes, 0);
}
END_TEST

/* What is mapped stays where it is while the tree gets higher; the height goes with the last. */
START_TEST(tree_grows)
{
	const uint64_t at[] = { 5 * PAGE, 5 * M2, 5 * G1, 5 * G1 << 9, 5 * G1 << 18, TOP - PAGE };
	unsigned int i;

	for (i = 0; i < 6; i++) {
		ck_assert_int_eq(map(at[i], PAGE, (i + 1) * PAGE, RW), 0);
		ck_assert_uint_ge(iopt_bits(table.root.word), i < 5 ? 21 + 9 * i : 57);
		check_all();
	}
	while (n_model)
		unmap(0);
	ck_assert_uint_eq(table.root.word, 0);
	ck_assert_int_eq(map(at[0], PAGE, PAGE, RW), 0);
	ck_assert_uint_eq(table.nodes, 1);
}
END_TEST

/* Each allocation of a map fails in turn, beside what is there and in an empty table. */
static void fail_each(uint64_t iova, uint64_t length, bool grows)
{
	size_t before = table.nodes;
	unsigned long n;

	for (n = 1; n < 64; n++) {
		int ret;

		mem_fail_nth(n);
		ret = map(iova, length, UINT64_C(0x123456789000), RW);
		if (mem_fail_nth(0)) {
			ck_assert_int_eq(ret, 0);
			break;
		}
		ck_assert_int_eq(ret, -ENOMEM);
		if (!grows)
			ck_assert_uint_eq(table.nodes, before);
		check_at(iova);
		check_at(iova + length - 1);
		check_all();
	}
	ck_assert_uint_gt(n, 1);
	ck_assert_uint_lt(n, 64);
	check_all();
}

START_TEST(each_allocation_fails)
{
	fail_each(PAGE, 2 * G1, false);
	ck_assert_uint_eq(n_model, 1);
	unmap(0);
	ck_assert_uint_eq(table.nodes, 0);

	ck_assert_int_eq(map(4 * PAGE, PAGE, PAGE, RW), 0);
	fail_each(TOP - G1 - PAGE, G1 + PAGE, true);
	fail_each(3 * G1 - PAGE, G1 + 2 * PAGE, false);
	while (n_model)
		unmap(0);
	ck_assert_uint_eq(table.nodes, 0);
}
END_TEST

/* What a walk finds of a range that is being mapped, as often as memory is asked for. */
struct watched {
	uint64_t iova, length;
	unsigned int asked;
	bool seen;
};

static bool look_at(void *data)
{
	struct watched *w = data;
	uint64_t at;

	w->asked++;
	for (at = w->iova; at < w->iova + w->length; at += PAGE)
		w->seen |= iopt_walk(&table.root, at).entry != 0;
	return false;
}

/* While it can still fail, no DMA finds any of a map. */
START_TEST(nothing_is_mapped_before_all_can_be)
{
	static struct watched cases[] = {
		{ .iova = 5 * PAGE, .length = PAGE }, { .iova = M2 - PAGE, .length = 2 * PAGE },
		{ .iova = G1 - M2 - PAGE, .length = 3 * M2 + 2 * PAGE },
	};
	struct watched *w = &cases[_i];

	mem_watch(look_at, w);
	ck_assert_int_eq(iopt_map(&table, w->iova, w->length, 0x7000, RW, &reap), 0);
	mem_watch(NULL, NULL);
	ck_assert_uint_gt(w->asked, 0);
	ck_assert(!w->seen);
	look_at(w);
	ck_assert(w->seen);
	iopt_unmap(&table, w->iova, w->length, &reap);
	settle();
}
END_TEST

START_TEST(clear_takes_everything)
{
	unsigned int i;

	iopt_clear(&table, &reap);
	ck_assert(!reap.drain && reap_is_empty(&reap));
	for (i = 0; i < 400; i++)
		random_map(0);
	ck_assert_uint_gt(n_model, 8);
	iopt_clear(&table, &reap);
	ck_assert(reap.drain);
	settle();
	ck_assert_uint_eq(table.nodes, 0);
	n_model = 0;
	check_all();
}
END_TEST

/* Nodes that went out of use are not free before the reap is finished. */
START_TEST(nodes_wait_for_the_drain)
{
	ck_assert_int_eq(map(PAGE, PAGE, PAGE, RW), 0);
	iopt_unmap(&table, PAGE, PAGE, &reap);
	ck_assert_uint_eq(table.nodes, 0);
	ck_assert_uint_eq(pages_used(&pool), 1);
	settle();
}
END_TEST

/* With a signed root the upper half of the tree stands for negative addresses. */
START_TEST(signed_roots)
{
	static const unsigned int width[] = { 48, 57 };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		uint64_t half = UINT64_C(1) << (width[i] - 1), high = -half;
		struct iopt_root root;

		ck_assert_int_eq(map(0, 2 * half, PAGE, RW), 0);
		ck_assert_uint_eq(iopt_bits(table.root.word), width[i]);
		root.word = iopt_root_word(iopt_node(table.root.word), table.root.word & IOPT_LEVEL,
					   true);
		ck_assert_uint_eq(iopt_walk(&root, 0).perm, RW);
		ck_assert_uint_eq(iopt_walk(&root, half - 1).perm, RW);
		ck_assert_uint_eq(iopt_walk(&root, half).perm, 0);
		ck_assert_ptr_null(iopt_walk(&root, half).slot);
		ck_assert_uint_eq(iopt_walk(&root, 2 * half).perm, 0);
		ck_assert_uint_eq(iopt_walk(&root, high - 1).perm, 0);
		ck_assert_ptr_eq(iopt_walk(&root, high).slot, iopt_walk(&table.root, half).slot);
		ck_assert_ptr_eq(iopt_walk(&root, UINT64_MAX).slot,
				 iopt_walk(&table.root, 2 * half - 1).slot);
		unmap(0);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("iopt");
	TCase *tc = tcase_create("iopt");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, random_ranges);
	tcase_add_test(tc, small_tables_have_smallest_leaves);
	tcase_add_test(tc, random_ranges_with_failures);
	tcase_add_test(tc, leaf_sizes);
	tcase_add_test(tc, memory_is_by_the_edges);
	tcase_add_test(tc, tree_grows);
	tcase_add_test(tc, each_allocation_fails);
	tcase_add_loop_test(tc, nothing_is_mapped_before_all_can_be, 0, 3);
	tcase_add_test(tc, clear_takes_everything);
	tcase_add_test(tc, nodes_wait_for_the_drain);
	tcase_add_test(tc, signed_roots);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
