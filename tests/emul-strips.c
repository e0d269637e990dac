/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mappings of one page each, close together, among others of any size: random calls, against an
 * array that says of each KiB what is mapped there.
 */
#include <limits.h>
#include <string.h>

#include "any.h"
#include "support.h"

#define UNIT	UINT64_C(1024)
#define BASE	(6 * MIB)
#define SIZE	(6 * MIB)
#define UNITS	(SIZE / UNIT)
#define IN_PAGE (PAGE / UNIT)
#define MOST	(UNITS + 1)

struct known {
	uint64_t start, length;		/* in bytes */
	uint8_t *target;
	uint32_t perm;
	struct ioasid_mapping *handle;	/* NULL: nobody has asked */
};

struct world {
	struct ioasid_ctx *ctx;
	struct ioasid_device *device;
	struct ioasid_space *space;
	struct ioasid_channel *channel;
	uint8_t *memory;
	struct known known[MOST];	/* [0] is nothing */
	uint16_t at[UNITS];		/* which of them is there */
	size_t count;
	bool attached;
	uint64_t random;
};

static uint64_t below(struct world *w, uint64_t n)
{
	return (xorshift(&w->random) >> 16) % n;
}

static void open_world(struct world *w, uint64_t seed)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_range range = { BASE, SIZE };

	memset(w, 0, sizeof(*w));
	w->random = seed * 2 + 1;
	w->memory = memory_new(2 * SIZE);
	options.backend = "emulated";
	ck_ok(ioasid_ctx_open(&options, &w->ctx));
	ck_ok(ioasid_device_bind(w->ctx, "0000:00:01.0", 1, &w->device));
	ck_ok(ioasid_ctx_register_memory(w->ctx, w->memory, SIZE, RW));
	w->space = make_space(w->ctx, NULL, 0);
	ck_ok(ioasid_space_allow(w->space, &range, 1));
	w->channel = channel_new(w->device, IOASID_NO_PASID);
}

static void close_world(struct world *w)
{
	ck_ok(ioasid_ctx_close(w->ctx));
	memory_free(w->memory, 2 * SIZE);
}

static bool is_free(const struct world *w, uint64_t start, uint64_t length)
{
	uint64_t i;

	if (start < BASE || start + length > BASE + SIZE)
		return false;
	for (i = (start - BASE) / UNIT; i < (start - BASE + length) / UNIT; i++)
		if (w->at[i])
			return false;
	return true;
}

static void note(struct world *w, const struct known *k)
{
	uint64_t i;
	uint16_t n = 1;

	while (w->known[n].length)
		n++;
	w->known[n] = *k;
	for (i = 0; i < k->length / UNIT; i++)
		w->at[(k->start - BASE) / UNIT + i] = n;
	w->count++;
}

static void forget(struct world *w, uint16_t n)
{
	uint64_t i;

	for (i = 0; i < w->known[n].length / UNIT; i++)
		w->at[(w->known[n].start - BASE) / UNIT + i] = 0;
	w->known[n].length = 0;
	w->count--;
}

static struct known random_mapping(struct world *w, bool page)
{
	uint64_t unit = w->attached || page ? PAGE : UNIT;
	struct known k = { .length = unit * (page ? 1 : 1 + below(w, below(w, 30) ? 9 : 600)) };

	k.perm = 1 + (uint32_t)below(w, 3);
	k.start = BASE + below(w, SIZE / unit) * unit;
	k.target = w->memory + below(w, (2 * SIZE - k.length) / unit + 1) * unit;
	return k;
}

static void map(struct world *w, bool page, bool handle)
{
	struct known k = random_mapping(w, page);
	bool fits = is_free(w, k.start, k.length);
	int ret;

	if (k.start + k.length > BASE + SIZE)
		return;
	ret = ioasid_space_map(w->space, k.start, k.target, k.length, k.perm,
			       handle ? &k.handle : NULL);
	ck_assert_int_eq(ret, fits ? 0 : -EEXIST);
	if (fits)
		note(w, &k);
}

/* As Linux's iopt_alloc_iova(): the lowest place, aligned as the length is, and as the memory. */
static uint64_t lowest(const struct world *w, const struct known *k)
{
	uint64_t address = (uintptr_t)k->target, align = 1, at;

	while (align < k->length && align < 2 * MIB)
		align *= 2;
	while (address % align)
		align /= 2;
	align = align < PAGE ? PAGE : align;
	for (at = BASE; at + k->length <= BASE + SIZE; at += UNIT)
		if (at % align == address % PAGE && is_free(w, at, k->length))
			return at;
	return 0;
}

static void map_anywhere(struct world *w)
{
	struct known k = random_mapping(w, false);
	uint64_t at = lowest(w, &k);
	int ret = ioasid_space_map(w->space, 0, k.target, k.length, k.perm | IOASID_ANY_IOVA,
				   &k.handle);

	ck_assert_int_eq(ret, at ? 0 : -ENOSPC);
	if (!at)
		return;
	ck_assert_uint_eq(ioasid_mapping_get_iova(k.handle), at);
	k.start = at;
	note(w, &k);
}

static void unmap(struct world *w)
{
	uint64_t from = below(w, UNITS), n = 1 + below(w, below(w, 20) ? 40 : 1000), i, sum = 0;
	uint64_t last = from + n - 1 < UNITS ? from + n - 1 : UNITS - 1, unmapped = 0;
	uint16_t first = w->at[from], end = w->at[last];
	bool cut;
	int ret;

	if (first && below(w, 2)) {	/* exactly that one */
		from = (w->known[first].start - BASE) / UNIT;
		last = from + w->known[first].length / UNIT - 1;
		end = first;
	}
	cut = (first && (w->known[first].start - BASE) / UNIT < from) ||
	      (end && (w->known[end].start - BASE + w->known[end].length) / UNIT - 1 > last);
	for (i = from; i <= last; i++)
		sum += w->at[i] ? UNIT : 0;
	ret = ioasid_space_unmap(w->space, BASE + from * UNIT, (last - from + 1) * UNIT, &unmapped);
	ck_assert_int_eq(ret, cut || !sum ? -ENOENT : 0);
	if (ret)
		return;
	ck_assert_uint_eq(unmapped, sum);
	for (i = from; i <= last; i++)
		if (w->at[i])
			forget(w, w->at[i]);
}

static void is_known(const struct known *k, const struct ioasid_mapping *m, struct world *w)
{
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), k->start);
	ck_assert_uint_eq(ioasid_mapping_get_length(m), k->length);
	ck_assert_uint_eq(ioasid_mapping_get_perm(m), k->perm);
	ck_assert_ptr_eq(ioasid_mapping_get_space(m), w->space);
}

/* A handle stays what it is, whatever happens around it. */
static void find(struct world *w)
{
	uint64_t from = below(w, UNITS), n = 1 + below(w, 100), i;
	struct ioasid_mapping *m =
		ioasid_space_find_mapping(w->space, BASE + from * UNIT, n * UNIT);
	struct known *k;

	for (i = from; i < from + n && i < UNITS && !w->at[i]; i++)
		;
	if (i == from + n || i == UNITS) {
		ck_assert_ptr_null(m);
		return;
	}
	k = &w->known[w->at[i]];
	ck_assert_ptr_nonnull(m);
	if (k->handle)
		ck_assert_ptr_eq(m, k->handle);
	k->handle = m;
	is_known(k, m, w);
}

static void unmap_handle(struct world *w)
{
	uint16_t n = w->at[below(w, UNITS)];

	if (!n || !w->known[n].handle)
		return;
	is_known(&w->known[n], w->known[n].handle, w);
	ck_ok(ioasid_mapping_unmap(w->known[n].handle));
	forget(w, n);
}

/* All of it page aligned? Else nothing can be attached. */
static bool is_aligned(const struct world *w)
{
	size_t n;

	for (n = 1; n < MOST; n++)
		if (w->known[n].length &&
		    (w->known[n].start | w->known[n].length | (uintptr_t)w->known[n].target) % PAGE)
			return false;
	return true;
}

static void attach_or_detach(struct world *w)
{
	bool can = is_aligned(w);
	int ret;

	if (w->attached) {
		ck_ok(ioasid_device_detach(w->device));
		w->attached = false;
		return;
	}
	ret = ioasid_device_attach(w->device, w->space);
	ck_assert_int_eq(ret, can ? 0 : -EADDRINUSE);
	w->attached = can;
}

/* All of it, as a list and, once attached, page by page for DMA. */
static void look(struct world *w)
{
	uint64_t cursor = 0, unit, i;
	struct ioasid_run run;
	bool done = false;

	ck_assert_uint_eq(space_info(w->space).mappings, w->count);
	for (unit = 0; !done;) {
		if (!ioasid_space_query_runs(w->space, &cursor, UINT64_MAX, &run, 1, &done))
			continue;
		for (; BASE + unit * UNIT < run.iova; unit++)
			ck_assert_uint_eq(w->at[unit], 0);
		for (i = 0; i < run.length; i += UNIT, unit++) {
			const struct known *k = &w->known[w->at[unit]];

			ck_assert_uint_ne(w->at[unit], 0);
			ck_assert_uint_eq(run.target + i, (uintptr_t)k->target +
					  (run.iova + i - k->start));
			ck_assert_uint_eq(run.perm, k->perm);
		}
	}
	for (; unit < UNITS; unit++)
		ck_assert_uint_eq(w->at[unit], 0);
	for (unit = 0; w->attached && unit < UNITS; unit += IN_PAGE) {
		const struct known *k = &w->known[w->at[unit]];
		uint64_t iova = BASE + unit * UNIT;

		ck_assert_ptr_eq(dma_where(w->channel, iova, k->perm ? k->perm : IOASID_READ),
				 w->at[unit] ? k->target + (iova - k->start) : NULL);
	}
}

static void call(struct world *w)
{
	uint64_t what = below(w, 1000);

	if (what < 600)
		map(w, true, false);
	else if (what < 640)
		map(w, true, true);
	else if (what < 680)
		map(w, false, below(w, 2));
	else if (what < 690)
		map_anywhere(w);
	else if (what < 800)
		unmap(w);
	else if (what < 900)
		find(w);
	else if (what < 997)
		unmap_handle(w);
	else
		attach_or_detach(w);
}

START_TEST(random_calls_do_what_an_array_says)
{
	static struct world w;
	unsigned int i, todo = rounds(12000);

	open_world(&w, (uint64_t)_i);
	for (i = 0; i < todo; i++) {
		call(&w);
		if (i % 512 == 0)
			look(&w);
	}
	look(&w);
	ck_ok(ioasid_space_unmap_all(w.space, NULL));
	ck_assert_uint_eq(space_info(w.space).mappings, 0);
	close_world(&w);
}
END_TEST

/* Each page of 4 MiB, one by one. */
static void fill(struct world *w)
{
	uint64_t i;

	for (i = 0; i < 4 * MIB; i += PAGE)
		ck_ok(ioasid_space_map(w->space, BASE + i, w->memory + i, PAGE, RW, NULL));
}

START_TEST(they_take_little_memory_and_give_it_back)
{
	static struct world w;
	uint64_t before;

	open_world(&w, 1);
	before = memory_bytes(w.space);
	fill(&w);
	/* 8 bytes each, and little else */
	ck_assert_uint_le(memory_bytes(w.space) - before, 4 * MIB / PAGE * 8 + 6 * PAGE);
	ck_ok(ioasid_space_unmap_all(w.space, NULL));
	ck_assert_uint_eq(memory_bytes(w.space), before);
	close_world(&w);
}
END_TEST

#define PLACES	40u
#define PLACE	(2 * MIB)
#define EACH	100u

/* 100 pages come, or those that there are go, one by one; and two together behind them. */
static void change_place(struct world *w, struct ioasid_space *space, unsigned int place,
			 bool *pages, bool *two)
{
	const uint64_t start = GIB + place * PLACE, behind = start + 2 * EACH * PAGE;
	uint64_t i;

	for (i = 0; i < EACH; i++)
		ck_ok(*pages ? ioasid_space_unmap(space, start + i * PAGE, PAGE, NULL) :
			       ioasid_space_map(space, start + i * PAGE, w->memory, PAGE, RW,
						NULL));
	*pages = !*pages;
	if (below(w, 4))
		return;
	ck_ok(*two ? ioasid_space_unmap(space, behind, 2 * PAGE, NULL) :
		     ioasid_space_map(space, behind, w->memory, 2 * PAGE, RW, NULL));
	*two = !*two;
}

static bool is_there(const struct ioasid_space *space, unsigned int place, uint64_t page)
{
	return ioasid_space_find_mapping(space, GIB + place * PLACE + page * PAGE, 1);
}

/* What has become empty is kept for use again, but not much of it, and not for ever. */
START_TEST(places_that_are_used_in_turn)
{
	bool pages[PLACES] = { false }, two[PLACES] = { false };
	static struct world w;
	struct ioasid_space *space;
	unsigned int i, k, full = 0;
	uint64_t before;

	open_world(&w, (uint64_t)_i);
	space = make_space(w.ctx, NULL, 0);
	before = memory_bytes(space);
	for (i = 0; i < 2000; i++) {
		k = (unsigned int)below(&w, PLACES);
		change_place(&w, space, k, &pages[k], &two[k]);
		full += pages[k] ? 1 : UINT_MAX;
		k = (unsigned int)below(&w, PLACES);
		ck_assert(is_there(space, k, below(&w, EACH)) == pages[k]);
		ck_assert(is_there(space, k, 2 * EACH + below(&w, 2)) == two[k]);
		if (two[k])
			ck_err(ioasid_space_map(space, GIB + k * PLACE + 2 * EACH * PAGE, w.memory,
						PAGE, RW, NULL), EEXIST);
		ck_assert_uint_le(memory_bytes(space) - before, (full + 32) * PAGE);
	}
	ck_ok(ioasid_space_unmap_all(space, NULL));
	ck_assert_uint_eq(memory_bytes(space), before);
	close_world(&w);
}
END_TEST

/* Maps so much of the memory anywhere, which is to be the page @page. */
static void fits_at(struct world *w, uint8_t *target, uint64_t length, uint64_t page)
{
	struct ioasid_mapping *m;

	ck_ok(ioasid_space_map(w->space, 0, target, length, RW | IOASID_ANY_IOVA, &m));
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), BASE + page * PAGE);
}

/* Holes of one page, of two across a multiple of 2 MiB, and of two; all behind them is free. */
START_TEST(holes_among_them_are_found)
{
	static const uint64_t holes[] = { 100, 511, 512, 601, 602, 1022 };
	static struct world w;
	uint8_t *even;
	size_t i;

	open_world(&w, 1);
	even = w.memory + (uintptr_t)w.memory % (2 * PAGE);
	fill(&w);
	for (i = 0; i < 6; i++)
		ck_ok(ioasid_space_unmap(w.space, BASE + holes[i] * PAGE, PAGE, NULL));
	fits_at(&w, even, 2 * PAGE, 1024);	/* two pages at a multiple of two */
	fits_at(&w, even + PAGE, 2 * PAGE, 511);
	fits_at(&w, even, PAGE, 100);
	fits_at(&w, even, PAGE, 601);
	fits_at(&w, even, PAGE, 602);
	fits_at(&w, even, PAGE, 1022);
	fits_at(&w, even, PAGE, 1026);
	close_world(&w);
}
END_TEST

/* A run without a hole is passed at once, and there is no place for more than all. */
START_TEST(places_behind_them_and_none)
{
	static struct world w;
	struct ioasid_mapping *m;
	struct ioasid_space *all;
	unsigned int i;

	open_world(&w, 1);
	for (i = 0; i < 512; i++)
		ck_ok(ioasid_space_map(w.space, BASE + i * PAGE, w.memory, PAGE, RW, NULL));
	fits_at(&w, w.memory, 2 * PAGE, 512);
	all = make_space(w.ctx, NULL, 0);
	ck_ok(ioasid_space_map(all, 0, w.memory, UINT64_C(1) << 63, RW, NULL));
	ck_ok(ioasid_space_map(all, UINT64_C(1) << 63, w.memory, UINT64_C(1) << 63, RW, NULL));
	ck_err(ioasid_space_map(all, 0, w.memory, PAGE, RW | IOASID_ANY_IOVA, &m), ENOSPC);
	ck_err(ioasid_space_map_copy(all, 0, w.space, BASE, PAGE, RW | IOASID_ANY_IOVA, &m),
	       ENOSPC);
	close_world(&w);
}
END_TEST

/* Of which the device could not reach one. */
START_TEST(memory_that_is_not_there)
{
	static struct world w;
	uint8_t *gone;

	open_world(&w, 1);
	gone = memory_new(PAGE);
	memory_free(gone, PAGE);
	ck_ok(ioasid_device_attach(w.device, w.space));
	fill(&w);
	ck_ok(ioasid_space_unmap(w.space, BASE + PAGE, PAGE, NULL));
	ck_err(ioasid_space_map(w.space, BASE + PAGE, gone, PAGE, RW, NULL), EFAULT);
	ck_assert_ptr_null(dma_where(w.channel, BASE + PAGE, IOASID_READ));
	ck_ok(ioasid_space_map(w.space, BASE + PAGE, w.memory, PAGE, RW, NULL));
	ck_assert_ptr_eq(dma_where(w.channel, BASE + PAGE, IOASID_READ), w.memory);
	close_world(&w);
}
END_TEST

START_TEST(a_copy_of_them_is_whole_or_not_there)
{
	static struct world w;
	struct ioasid_mapping *m = NULL;
	struct ioasid_space *to;

	open_world(&w, 1);
	to = make_space(w.ctx, NULL, 0);
	fill(&w);
	ck_ok(ioasid_space_map_copy(to, BASE, w.space, BASE, 4 * MIB, RW, &m));
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), BASE);
	ck_assert_uint_eq(space_info(to).mappings, 4 * MIB / PAGE);
	ck_ok(ioasid_mapping_unmap(m));
	ck_err(ioasid_space_map_copy(w.space, BASE + 4 * MIB, to, BASE, PAGE, RW, NULL), ENOENT);
	ck_err(ioasid_space_map_copy(to, BASE, w.space, BASE, 2 * PAGE, RW, NULL), EEXIST);
	ck_assert_uint_eq(space_info(to).mappings, 4 * MIB / PAGE - 1);
	close_world(&w);
}
END_TEST

/* Where the next page would have the address 0. */
START_TEST(the_last_pages_of_all_are_mapped_like_others)
{
	static struct world w;
	uint64_t i, top = UINT64_MAX - 4 * MIB + 1;

	open_world(&w, 1);
	ck_ok(ioasid_space_allow(w.space, NULL, 0));
	for (i = 0; i < 4 * MIB; i += PAGE)
		ck_ok(ioasid_space_map(w.space, top + i, w.memory + i, PAGE, RW, NULL));
	ck_err(ioasid_space_map(w.space, UINT64_MAX - PAGE + 1, w.memory, PAGE, RW, NULL), EEXIST);
	ck_assert_ptr_nonnull(ioasid_space_find_mapping(w.space, UINT64_MAX, 1));
	ck_ok(ioasid_space_unmap(w.space, top, 4 * MIB - PAGE, NULL));
	ck_assert_uint_eq(space_info(w.space).mappings, 1);
	close_world(&w);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("emul-strips");
	TCase *tc = tcase_create("strips");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, random_calls_do_what_an_array_says, 1, 9);
	tcase_add_test(tc, they_take_little_memory_and_give_it_back);
	tcase_add_loop_test(tc, places_that_are_used_in_turn, 0, 3);
	tcase_add_test(tc, holes_among_them_are_found);
	tcase_add_test(tc, places_behind_them_and_none);
	tcase_add_test(tc, memory_that_is_not_there);
	tcase_add_test(tc, a_copy_of_them_is_whole_or_not_there);
	tcase_add_test(tc, the_last_pages_of_all_are_mapped_like_others);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
