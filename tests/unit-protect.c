/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lib/iopt/protect.c: random ranges that become clean, are written page by page, and are clean
 * again, against a plain list of ranges and of pages written; and the lists of those that lead
 * there.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <iopt/iopt.h>
#include <util/alloc.h>
#include "any.h"
#include "runner.h"

#define PAGE	UINT64_C(4096)
#define M2	(UINT64_C(1) << 21)
#define G1	(UINT64_C(1) << 30)
#define RANGES	16u
#define MANY	256u

struct range {
	uint64_t iova, length, host;
	unsigned int perm;	/* as mapped, with IOPT_BIG */
	uint64_t marked;	/* an address whose leaf has a list; UINT64_MAX: none */
};

static struct pages pool;
static struct iopt table;
static struct reap reap;
static struct range range[RANGES];
static unsigned int n_ranges;
static uint64_t written[MANY];
static unsigned int n_written, dropped;
static bool tracking;
static uint64_t seed;

/* A list is not empty if its head is not 0; what it leads to is its user's. */
static void count_dropped(uint32_t *head, struct pages *unused, struct reap *with)
{
	(void)unused;
	(void)with;
	ck_assert_uint_eq(*head, 1);
	*head = 0;
	dropped++;
}

static void setup(void)
{
	pages_init(&pool);
	iopt_init(&table, &pool);
	table.dropped = count_dropped;
	memset(&reap, 0, sizeof(reap));
	n_ranges = n_written = dropped = 0;
	tracking = false;
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

static void settle(void)
{
	reap_finish(&reap, &pool);
	ck_assert_uint_eq(pages_used(&pool), table.nodes + table.lists);
}

static struct range *find(uint64_t iova)
{
	unsigned int i;

	for (i = 0; i < n_ranges; i++)
		if (iova - range[i].iova < range[i].length)
			return &range[i];
	return NULL;
}

static unsigned int find_written(uint64_t page)
{
	unsigned int i;

	for (i = 0; i < n_written && written[i] != page; i++)
		;
	return i;
}

static void check_at(uint64_t iova)
{
	const struct range *r = find(iova);
	struct iopt_hit hit = iopt_walk(&table.root, iova), leaf = iopt_find(&table, iova);
	unsigned int want;

	if (!r) {
		ck_assert_msg(!hit.entry && !leaf.entry, "%#" PRIx64 " is mapped", iova);
		return;
	}
	want = r->perm & IOPT_PERM;
	if (tracking && want & IOPT_WRITE && find_written(iova / PAGE) == n_written)
		want ^= IOPT_WRITE | IOPT_CLEAN;
	ck_assert_msg(hit.perm == want, "%#" PRIx64 ": permission %#x, not %#x", iova, hit.perm,
		      want);
	ck_assert_msg(iopt_host(&hit, iova) == r->host + (iova - r->iova), "%#" PRIx64
		      " leads elsewhere", iova);
	ck_assert_uint_eq(hit.entry & IOPT_BIG, r->perm & IOPT_BIG);
	/* The leaf as it was mapped leads to the same, and nothing is smaller than it has to be. */
	ck_assert_uint_eq(iopt_host(&leaf, iova), iopt_host(&hit, iova));
	ck_assert_uint_ge(leaf.shift, hit.shift);
	if (!tracking)
		ck_assert_uint_eq(leaf.shift, hit.shift);
}

static void check_all(void)
{
	unsigned int i;

	for (i = 0; i < n_ranges; i++) {
		check_at(range[i].iova - 1);
		check_at(range[i].iova);
		check_at(range[i].iova + rnd(range[i].length));
		check_at(range[i].iova + range[i].length - 1);
		check_at(range[i].iova + range[i].length);
	}
	for (i = 0; i < n_written; i++) {
		check_at(written[i] * PAGE);
		check_at(written[i] * PAGE - 1);
		check_at(written[i] * PAGE + PAGE);
	}
}

static void random_map(void)
{
	static const uint64_t base[] = { 0, 5 * M2, G1, 5 * G1, G1 << 9 };
	struct range r = {
		.iova = base[rnd(5)] + rnd(3) * M2 + rnd(2) * rnd(512) * PAGE,
		.length = rnd(3) ? (1 + rnd(3)) * M2 + rnd(2) * rnd(300) * PAGE : 2 * G1,
		.host = (UINT64_C(1) << 46) + rnd(UINT64_C(1) << 30) * PAGE,
		.perm = (1 + (unsigned int)rnd(3)) | (rnd(2) ? IOPT_BIG : 0), .marked = UINT64_MAX,
	};
	unsigned int i, perm = r.perm;

	for (i = 0; i < n_ranges; i++)
		if (r.iova < range[i].iova + range[i].length && range[i].iova < r.iova + r.length)
			return;
	if (n_ranges == RANGES)
		return;
	if (tracking && perm & IOPT_WRITE)
		perm ^= IOPT_WRITE | IOPT_CLEAN;
	ck_assert_int_eq(iopt_map(&table, r.iova, r.length, r.host, perm, &reap), 0);
	range[n_ranges++] = r;
}

static void random_unmap(void)
{
	struct range *r = &range[rnd(n_ranges)];
	unsigned int i = 0, before = dropped;

	iopt_unmap(&table, r->iova, r->length, &reap);
	ck_assert(reap.drain);
	ck_assert_uint_eq(dropped - before, r->marked != UINT64_MAX);
	while (i < n_written)
		if (find(written[i] * PAGE) == r)
			written[i] = written[--n_written];
		else
			i++;
	*r = range[--n_ranges];
}

/* Somebody leads to a leaf, whatever has become of it: what is found is always the same list. */
static void random_list(void)
{
	struct range *r = &range[rnd(n_ranges)];
	struct iopt_hit leaf;
	uint32_t *head;

	if (r->marked == UINT64_MAX)
		r->marked = r->iova + rnd(r->length);
	leaf = iopt_find(&table, r->marked);
	head = iopt_head(&table, leaf.slot);
	ck_assert_ptr_nonnull(head);
	*head = 1;
}

static void random_write(void)
{
	const struct range *r = &range[rnd(n_ranges)];
	uint64_t iova = r->iova + rnd(r->length);

	if (!tracking || !(r->perm & IOPT_WRITE) || n_written == MANY ||
	    find_written(iova / PAGE) < n_written)
		return;
	mem_fail_nth((unsigned long)rnd(6));
	if (iopt_split(&table, iova)) {
		mem_fail_nth(0);
		return;
	}
	mem_fail_nth(0);
	iopt_give_write(&table, iova);
	written[n_written++] = iova / PAGE;
}

/* 64 pages, those in a random mask. */
static void random_take(void)
{
	uint64_t mask = rnd(2) ? UINT64_MAX : rnd(UINT64_MAX), first;
	unsigned int i = 0;

	first = n_written ? written[rnd(n_written)] & ~UINT64_C(63) : rnd(4096) * 64;
	iopt_take_write(&table, first * PAGE, mask);
	while (i < n_written)
		if (written[i] - first < 64 && mask >> (written[i] - first) & 1)
			written[i] = written[--n_written];
		else
			i++;
}

static void random_switch(void)
{
	tracking = !tracking || rnd(3) == 0;
	if (tracking)
		iopt_take_all(&table);
	else
		iopt_give_all(&table, &reap);
	n_written = 0;
}

START_TEST(random_calls)
{
	unsigned int step;

	for (step = 0; step < 6000; step++) {
		uint64_t kind = rnd(32);

		if (!n_ranges || kind < 3)
			random_map();
		else if (kind < 5)
			random_unmap();
		else if (kind < 8)
			random_list();
		else if (kind < 28)
			random_write();
		else if (kind < 31)
			random_take();
		else
			random_switch();
		settle();
		if (step % 8 == 0)
			check_all();
	}
	while (n_ranges)
		random_unmap();
	settle();
	ck_assert_uint_eq(table.nodes + table.lists, 0);
}
END_TEST

/* From 1 GiB down to a page: a node for each level, and none for what is not written. */
START_TEST(memory_of_a_split)
{
	struct range r = { 0, G1 << 9, UINT64_C(1) << 46, IOPT_PERM, UINT64_MAX };
	unsigned int n;

	ck_assert_int_eq(iopt_map(&table, r.iova, r.length, r.host, IOPT_PERM, &reap), 0);
	ck_assert_uint_eq(table.nodes, 1);
	range[n_ranges++] = r;
	iopt_take_all(&table);
	tracking = true;
	check_at(7 * G1 + 5 * PAGE);
	for (n = 1; n <= 2; n++) {
		mem_fail_nth(1);
		ck_assert_int_eq(iopt_split(&table, 7 * G1 + 5 * PAGE), -ENOMEM);
		mem_fail_nth(2);
		/* It goes on where it stood: a level further each time. */
		ck_assert_int_eq(iopt_split(&table, 7 * G1 + 5 * PAGE), n < 2 ? -ENOMEM : 0);
		mem_fail_nth(0);
		ck_assert_uint_eq(table.nodes, 1 + n);
		check_at(7 * G1 + 5 * PAGE);
		check_at(8 * G1);
	}
	ck_assert_int_eq(iopt_split(&table, 7 * G1 + 6 * PAGE), 0);
	ck_assert_uint_eq(table.nodes, 3);
	iopt_give_write(&table, 7 * G1 + 5 * PAGE);
	written[n_written++] = (7 * G1 + 5 * PAGE) / PAGE;
	check_all();
	iopt_give_all(&table, &reap);
	tracking = false;
	settle();
	ck_assert_uint_eq(table.nodes, 1);
	check_at(7 * G1 + 5 * PAGE);
	ck_assert_int_eq(iopt_split(&table, r.length + PAGE), 0);
	ck_assert_uint_eq(table.nodes, 1);
}
END_TEST

START_TEST(empty_tables)
{
	iopt_take_all(&table);
	iopt_take_write(&table, 0, UINT64_MAX);
	iopt_give_all(&table, &reap);
	ck_assert_int_eq(iopt_split(&table, PAGE), 0);
	ck_assert(!iopt_find(&table, PAGE).entry);
	ck_assert(reap_is_empty(&reap) && !table.nodes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("protect");
	TCase *tc = tcase_create("protect");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, random_calls);
	tcase_add_test(tc, memory_of_a_split);
	tcase_add_test(tc, empty_tables);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
