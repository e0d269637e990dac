/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The IOTLB against a plain model: a list of entries in the order of their use, of which those in a
 * set are looked up one by one.
 */
#include <ioasid/common.h>
#include <string.h>

#include "emulated/iotlb.h"
#include "emulated/platform.h"
#include "runner.h"
#include "util/alloc.h"

#define MAX 64

struct model_entry {
	uint64_t tag, start, size, host, from, to;
	unsigned int perm;
};

/* Front to back: the least recently used first. */
struct model {
	struct model_entry entry[MAX];
	unsigned int n, entries, ways;
	unsigned int hits, misses, evictions;
};

static void take_out(struct model *m, unsigned int i)
{
	memmove(&m->entry[i], &m->entry[i + 1], (m->n - i - 1) * sizeof(m->entry[0]));
	m->n--;
}

static uint64_t set_of(const struct model *m, const struct model_entry *e)
{
	return e->start / e->size % (m->entries / m->ways);
}

static void model_fill(struct model *m, const struct model_entry *e)
{
	unsigned int i, in_set = 0, oldest = MAX;

	for (i = 0; i < m->n; i++)
		if (m->entry[i].tag == e->tag && m->entry[i].start == e->start &&
		    m->entry[i].size == e->size) {
			take_out(m, i);
			m->entry[m->n++] = *e;
			return;
		}
	for (i = m->n; i-- > 0;)
		if (set_of(m, &m->entry[i]) == set_of(m, e)) {
			in_set++;
			oldest = i;
		}
	if (in_set == m->ways) {
		take_out(m, oldest);
		m->evictions++;
	}
	m->entry[m->n++] = *e;
}

/* The smallest page that permits it. */
static const struct model_entry *model_find(struct model *m, uint64_t tag, uint64_t iova,
					    unsigned int access)
{
	struct model_entry found;
	unsigned int i, best = MAX;

	for (i = 0; i < m->n; i++) {
		const struct model_entry *e = &m->entry[i];

		if (e->tag == tag && iova >= e->start && iova - e->start < e->size &&
		    (e->perm & access) == access &&
		    (best == MAX || e->size < m->entry[best].size))
			best = i;
	}
	if (best == MAX)
		return NULL;
	found = m->entry[best];
	take_out(m, best);
	m->entry[m->n++] = found;
	m->hits++;
	return &m->entry[m->n - 1];
}

static void model_drop(struct model *m, uint64_t tag, uint64_t start, uint64_t last)
{
	unsigned int i;

	for (i = m->n; i-- > 0;)
		if (m->entry[i].tag == tag && m->entry[i].from <= last && m->entry[i].to >= start)
			take_out(m, i);
}

static uint64_t dice_state;

static uint64_t roll(uint64_t n)
{
	dice_state = dice_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (dice_state >> 33) % n;
}

/* A page of one of three sizes; sometimes a piece of a guest's page, up to that size, of more. */
static struct model_entry some_entry(unsigned int largest)
{
	static const unsigned int shifts[] = { 12, 12, 12, 21, 30 };
	unsigned int shift = shifts[roll(5)], leaf = shifts[roll(5)];
	struct model_entry e = { .tag = 1 + roll(3),
				 .size = UINT64_C(1) << shift,
				 .host = (1 + roll(1000)) << 12,
				 .perm = 1 + (unsigned int)roll(3) };

	if (leaf < shift || leaf > largest)
		leaf = shift;
	e.start = (roll(24) << 12 | roll(3) << 21 | roll(2) << 30) >> shift << shift;
	e.from = e.start >> leaf << leaf;
	e.to = e.from + (UINT64_C(1) << leaf) - 1;
	return e;
}

static void fill(struct iotlb *t, const struct model_entry *e)
{
	unsigned int shift = (unsigned int)__builtin_ctzll(e->size);
	struct iotlb_translation x = {
		.entry = { .tag = e->tag, .page = e->start | shift, .host = e->host | e->perm },
		.origin = { .start = e->from, .last = e->to, .target = e->host + 7 },
	};

	iotlb_fill(t, &x);
}

static void step(struct iotlb *t, struct model *m, unsigned int largest)
{
	struct model_entry e = some_entry(largest);
	const struct model_entry *expected;
	struct iopt_hit hit;
	size_t index = 0;
	uint64_t last;
	bool found;

	switch (roll(8)) {
	case 0:
	case 1:
	case 2:
		fill(t, &e);
		model_fill(m, &e);
		return;
	case 3:
		last = e.start + e.size * (1 + roll(3)) - 1;
		iotlb_drop(t, e.tag, e.start, last);
		model_drop(m, e.tag, e.start, last);
		return;
	default:
		e.start += roll(e.size);
		found = iotlb_find(t, e.tag, e.start, e.perm, &hit, &index);
		expected = model_find(m, e.tag, e.start, e.perm);
		ck_assert_int_eq(found, expected != NULL);
		if (!found)
			return;
		ck_assert_uint_eq(hit.perm, expected->perm);
		ck_assert_uint_eq(UINT64_C(1) << hit.shift, expected->size);
		ck_assert_uint_eq(iopt_host(&hit, e.start),
				  expected->host + (e.start - expected->start));
		ck_assert_uint_eq(iotlb_get(t, index).origin.target, expected->host + 7);
	}
}

static const struct ioasid_platform_iotlb geometries[] = {
	{ .entries = 1, .ways = 1 },
	{ .entries = 4, .ways = 1 },
	{ .entries = 4, .ways = 4 },
	{ .entries = 16, .ways = 2 },
	{ .entries = 64, .ways = 8 },
	{ .entries = 64, .ways = 64 },
	{ .entries = 64, .ways = 1 },
};

START_TEST(an_iotlb_is_what_the_model_says)
{
	static const unsigned int largest[] = { 12, 21, 30 };
	const struct ioasid_platform_iotlb *g = &geometries[_i / 3];
	struct model m = { .entries = g->entries, .ways = g->ways };
	struct iotlb t;
	int i;

	dice_state = (uint64_t)_i + 1;
	ck_assert_int_eq(iotlb_init(&t, g), 0);
	for (i = 0; i < 50000; i++)
		step(&t, &m, largest[_i % 3]);
	ck_assert_uint_eq(iotlb_hits(&t), m.hits);
	ck_assert_uint_eq(t.evictions, m.evictions);
	iotlb_destroy(&t);
}
END_TEST

START_TEST(the_next_entry_is_the_lowest_that_ends_later)
{
	const struct model_entry a = { .tag = 1, .start = 0x200000, .size = 0x200000,
				       .host = 0x1000, .perm = 3, .from = 0x200000,
				       .to = 0x3fffff };
	const struct model_entry b = { .tag = 1, .start = 0x5000, .size = 4096, .host = 0x2000,
				       .perm = 1, .from = 0x5000, .to = 0x5fff };
	struct iotlb t;

	ck_assert_int_eq(iotlb_init(&t, &geometries[3]), 0);
	ck_assert_ptr_null(iotlb_next(&t, 1, 0));
	fill(&t, &a);
	fill(&t, &b);
	ck_assert_uint_eq(iotlb_start(iotlb_next(&t, 1, 0)), b.start);
	ck_assert_uint_eq(iotlb_start(iotlb_next(&t, 1, 0x5fff)), b.start);
	ck_assert_uint_eq(iotlb_start(iotlb_next(&t, 1, 0x6000)), a.start);
	ck_assert_uint_eq(iotlb_last(iotlb_next(&t, 1, 0x3fffff)), 0x3fffff);
	ck_assert_ptr_null(iotlb_next(&t, 1, 0x400000));
	ck_assert_ptr_null(iotlb_next(&t, 2, 0));
	iotlb_destroy(&t);
}
END_TEST

START_TEST(without_memory_there_is_none)
{
	size_t before = mem_live_blocks();
	struct iotlb t;
	unsigned long n;

	for (n = 1; n <= 3; n++) {
		mem_fail_nth(n);
		ck_assert_int_ne(iotlb_init(&t, &geometries[3]), 0);
		ck_assert_uint_eq(mem_fail_nth(0), 0);
		ck_assert_uint_eq(mem_live_blocks(), before);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("iotlb");
	TCase *tc = tcase_create("iotlb");

	tcase_add_loop_test(tc, an_iotlb_is_what_the_model_says, 0,
			    3 * sizeof(geometries) / sizeof(geometries[0]));
	tcase_add_test(tc, the_next_entry_is_the_lowest_that_ends_later);
	tcase_add_test(tc, without_memory_there_is_none);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
