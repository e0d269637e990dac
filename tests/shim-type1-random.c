/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Software nesting on type1, at random: after each call, what a group's container has for each page
 * has to be what a slow and obvious model says: the mappings of the space that the group is
 * attached to, led through those of the spaces below. A failure names its seed and the step.
 */
#include <string.h>

#include "any.h"
#include "shim_type1_ctx.h"
#include "support.h"

#define PAGES 192u /* of each space, and of memory: no more than a container of the shim's takes \
		    */
#define SPACES	3u	/* a root, a child of it, and one of that */
#define DEVICES 2u

/* A page of a space: where it leads in the one below, or in memory. */
struct page {
	unsigned int to, mapping;
	uint32_t perm;		/* 0: nothing */
};

static struct page model[SPACES][PAGES];
static struct ioasid_space *space[SPACES];
static struct ioasid_device *device[DEVICES];
static unsigned int attached[DEVICES];	/* to which; SPACES: to none */
static unsigned int mappings;
static uint8_t *memory;
static uint64_t seed, state;
static unsigned int at_step;

static unsigned int pick(unsigned int n)
{
	return (unsigned int)(xorshift(&state) >> 33) % n;
}

/* Where a page of space @s leads in memory; what is permitted on the way there. */
static uint32_t lead(unsigned int s, unsigned int i, uint64_t *host)
{
	uint32_t perm = RW;

	for (;; s--) {
		perm &= model[s][i].perm;
		if (!perm)
			return 0;
		i = model[s][i].to;
		if (!s)
			break;
	}
	*host = (uint64_t)(uintptr_t)memory + i * PAGE;
	return perm;
}

static void check_page(unsigned int d, unsigned int i)
{
	uint64_t host = 0, got_host = 0;
	uint32_t perm = attached[d] < SPACES ? lead(attached[d], i, &host) : 0, got = 0;
	const struct shim_entry *e = NULL;
	unsigned int n = shim_entries(d + 1, &e);

	for (; n; n--, e++)
		if (i * PAGE >= e->iova && i * PAGE - e->iova < e->size) {
			got = e->flags;
			got_host = e->vaddr + (i * PAGE - e->iova);
		}
	ck_assert_msg(got == perm && (!perm || got_host == host),
		      "seed %ju, step %u: device %u at page %u: %u %#jx, expected %u %#jx",
		      (uintmax_t)seed, at_step, d, i, got, (uintmax_t)got_host, perm,
		      (uintmax_t)host);
}

static int map(unsigned int s, unsigned int first, unsigned int to, unsigned int n, uint32_t perm)
{
	if (!s)
		return ioasid_space_map(space[s], first * PAGE, memory + to * PAGE, n * PAGE, perm,
					NULL);
	return ioasid_space_map_parent(space[s], first * PAGE, to * PAGE, n * PAGE, perm, NULL);
}

/* As many pages from @first on as are free, at most @n. */
static void map_some(unsigned int s, unsigned int first, unsigned int n)
{
	unsigned int to = pick(4) ? pick(PAGES) : 0, i;
	uint32_t perm = pick(4) ? RW : IOASID_READ;

	mappings++;
	for (i = 0; i < n && first + i < PAGES && to + i < PAGES && !model[s][first + i].perm; i++)
		model[s][first + i] = (struct page){ to + i, mappings, perm };
	if (i)
		ck_ok(map(s, first, to, i, perm));
}

/* So many pages one by one that the library packs them. */
static void map_pages(unsigned int s)
{
	unsigned int first = pick(PAGES), i;

	for (i = 0; i < 96; i++)
		map_some(s, (first + i) % PAGES, 1);
}

/* The whole mapping around a page, if there is one. */
static void unmap(unsigned int s, unsigned int at)
{
	unsigned int mapping = model[s][at].mapping, first = at, end = at;

	if (!model[s][at].perm)
		return;
	while (first && model[s][first - 1].mapping == mapping)
		first--;
	while (end < PAGES && model[s][end].mapping == mapping)
		end++;
	ck_ok(ioasid_space_unmap(space[s], first * PAGE, (end - first) * PAGE, NULL));
	memset(&model[s][first], 0, (end - first) * sizeof(model[s][0]));
}

static void move(unsigned int d, unsigned int s)
{
	if (s == SPACES)
		ck_ok(ioasid_device_detach(device[d]));
	else if (attached[d] == SPACES)
		ck_ok(ioasid_device_attach(device[d], space[s]));
	else
		ck_ok(ioasid_device_replace(device[d], space[s]));
	attached[d] = s;
}

static void step(void)
{
	unsigned int s = pick(SPACES), i;

	switch (pick(16)) {
	case 0:
		map_pages(s);
		break;
	case 1:
		for (i = 0; i < PAGES; i++)
			unmap(s, i);
		break;
	case 2:
	case 3:
	case 4:
		move(pick(DEVICES), pick(SPACES + 1));
		break;
	case 5:
	case 6:
	case 7:
	case 8:
		unmap(s, pick(PAGES));
		break;
	default:
		map_some(s, pick(PAGES), 1 + pick(pick(3) ? 4 : 40));
	}
}

static void play(void)
{
	unsigned int s, d, i;

	memset(model, 0, sizeof(model));
	type1_setup();
	shim_t1.max_entries = PAGES;
	for (s = 0; s < SPACES; s++)
		space[s] = make_space(ctx, s ? space[s - 1] : NULL, 0);
	for (d = 0; d < DEVICES; d++) {
		device[d] = bind(d);
		attached[d] = SPACES;
	}
	for (at_step = 0; at_step < 100; at_step++) {
		step();
		shim_forget();
		for (d = 0; d < DEVICES; d++)
			for (i = 0; i < PAGES; i++)
				check_page(d, i);
	}
	type1_teardown();
}

START_TEST(containers_have_what_the_mappings_say)
{
	unsigned int n = rounds(20);

	memory = memory_new(PAGES * PAGE);
	for (seed = 1; seed <= n; seed++) {
		state = seed * UINT64_C(0x9e3779b97f4a7c15);
		play();
	}
	memory_free(memory, PAGES * PAGE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-type1-random");
	TCase *tc = tcase_create("random");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, containers_have_what_the_mappings_say);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
