/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lib/util: pages and slab. */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <util/alloc.h>
#include <util/pages.h>
#include <util/slab.h>

#include "runner.h"

#define CHUNK_PAGES (PAGES_CHUNK_SIZE / PAGES_SIZE - 1)
#define MANY (3 * CHUNK_PAGES + 5)

static struct pages pool;
static void *page[MANY];

static void pool_setup(void)
{
	pages_init(&pool);
}

/* Every test leaves an empty pool, which holds at most its spare chunk. */
static void pool_teardown(void)
{
	ck_assert_uint_eq(pages_used(&pool), 0);
	ck_assert_uint_le(pages_bytes(&pool), PAGES_CHUNK_SIZE);
	pages_destroy(&pool);
	ck_assert_uint_eq(pages_bytes(&pool), 0);
	ck_assert_uint_eq(mem_live_blocks(), 0);
}

static bool all_zero(const void *addr)
{
	const uint64_t *word = addr;
	unsigned int i;

	for (i = 0; i < PAGES_SIZE / 8; i++) {
		if (word[i])
			return false;
	}
	return true;
}

static void alloc_many(void)
{
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		page[i] = pages_alloc(&pool);
		ck_assert_ptr_nonnull(page[i]);
		ck_assert_uint_eq((uintptr_t)page[i] % PAGES_SIZE, 0);
	}
}

START_TEST(pages_are_zero_however_they_were_freed)
{
	unsigned int i;

	alloc_many();
	for (i = 0; i < MANY; i++)
		ck_assert_msg(all_zero(page[i]), "page %u", i);
	for (i = 0; i < MANY; i += 2) {
		pages_set_owner(page[i], &pool);
		if (i % 4) {
			memset(page[i], 0xff, PAGES_SIZE);
			pages_free(&pool, page[i]);
		} else {
			pages_free_clean(&pool, page[i]);
		}
	}
	for (i = 0; i < MANY; i += 2) {
		page[i] = pages_alloc(&pool);
		ck_assert_msg(all_zero(page[i]), "page %u", i);
		ck_assert_ptr_null(pages_owner(page[i]));
	}
	for (i = 0; i < MANY; i++)
		pages_free(&pool, page[i]);
	pages_free(&pool, NULL);
	pages_free_clean(&pool, NULL);
}
END_TEST

START_TEST(pages_keep_owner_and_name)
{
	unsigned int i;

	alloc_many();
	for (i = 0; i < MANY; i++) {
		memset(page[i], (int)i, PAGES_SIZE);
		pages_set_owner(page[i], &page[i]);
	}
	for (i = 0; i < MANY; i++) {
		char *inside = (char *)page[i] + (i % 511 + 1) * 8;

		ck_assert_ptr_eq(pages_owner(inside), &page[i]);
		ck_assert_ptr_eq(pages_ptr(&pool, pages_ref(inside)), inside);
		ck_assert_uint_ne(pages_ref(page[i]), 0);
		ck_assert_uint_eq(*(unsigned char *)inside, i % 256);
	}
	for (i = 0; i < MANY; i++)
		pages_free(&pool, page[i]);
}
END_TEST

START_TEST(empty_chunks_go_back_but_one)
{
	unsigned int i;
	size_t full;

	alloc_many();
	full = pages_bytes(&pool);
	ck_assert_uint_eq(full, 4 * PAGES_CHUNK_SIZE);
	ck_assert_uint_eq(pages_used(&pool), MANY);
	for (i = 0; i < MANY; i++)
		pages_free(&pool, page[i]);
	ck_assert_uint_eq(pages_bytes(&pool), PAGES_CHUNK_SIZE);
	alloc_many();		/* numbers of chunks are used again */
	ck_assert_uint_eq(pages_bytes(&pool), full);
	ck_assert_uint_lt(pages_ref(page[MANY - 1]) >> PAGES_REF_CHUNK_SHIFT, 4);
	for (i = MANY; i-- > 0;)
		pages_free(&pool, page[i]);
}
END_TEST

START_TEST(pool_goes_with_pages_in_use)
{
	unsigned int i;

	alloc_many();
	for (i = 0; i < MANY; i += 3)
		pages_free(&pool, page[i]);
	pages_destroy(&pool);
}
END_TEST

START_TEST(pages_want_of_memory)
{
	unsigned long n;

	/* the page; the chunk's record */
	for (n = 1; n <= 2; n++) {
		mem_fail_nth(n);
		errno = 0;
		ck_assert_ptr_null(pages_alloc(&pool));
		ck_assert_int_eq(errno, ENOMEM);
		ck_assert_uint_eq(mem_fail_nth(0), 0);
		ck_assert_uint_eq(pages_used(&pool), 0);
		ck_assert_uint_eq(pages_bytes(&pool), 0);
	}
	page[0] = pages_alloc(&pool);
	ck_assert_ptr_nonnull(page[0]);
	pages_free(&pool, page[0]);
}
END_TEST

#define OBJECTS 5000

static unsigned char *object[OBJECTS];

static void fill(unsigned int i, size_t size)
{
	memset(object[i], (int)(i * 7 % 251), size);
}

static void check_filled(unsigned int i, size_t size)
{
	size_t k;

	for (k = 0; k < size; k++) {
		if (object[i][k] != i * 7 % 251)
			ck_abort_msg("object %u of size %zu", i, size);
	}
}

START_TEST(slab_objects_are_apart)
{
	static const size_t sizes[] = { 1, 8, 24, 40, 64, 200, 1016, SLAB_MAX_SIZE };
	size_t size = sizes[_i];
	struct slab slab;
	unsigned int i, round;

	slab_init(&slab, &pool, size, &slab);
	for (round = 0; round < 3; round++) {
		for (i = round ? 1 : 0; i < OBJECTS; i += round ? 2 : 1) {
			object[i] = slab_alloc(&slab);
			ck_assert_ptr_nonnull(object[i]);
			ck_assert_uint_eq((uintptr_t)object[i] % 8, 0);
			ck_assert_ptr_eq(slab_owner_of(object[i] + size - 1), &slab);
			fill(i, size);
		}
		ck_assert_uint_eq(slab_used(&slab), OBJECTS);
		for (i = 0; i < OBJECTS; i++)
			check_filled(i, size);
		for (i = 1; i < OBJECTS; i += 2)
			slab_free(&slab, object[i]);
	}
	for (i = 0; i < OBJECTS; i += 2)
		slab_free(&slab, object[i]);
	slab_free(&slab, NULL);
	ck_assert_uint_eq(slab_used(&slab), 0);
	ck_assert_uint_eq(slab.pages, 0);
}
END_TEST

START_TEST(slab_overhead_is_small)
{
	struct slab slab;
	unsigned int i;

	slab_init(&slab, &pool, 24, NULL);
	for (i = 0; i < 169; i++)
		slab_alloc(&slab);
	ck_assert_uint_eq(slab.pages, 1);
	slab_alloc(&slab);
	ck_assert_uint_eq(slab.pages, 2);
	slab_destroy(&slab);
}
END_TEST

START_TEST(slab_goes_with_objects_in_use)
{
	struct slab slab;
	unsigned int i;

	slab_init(&slab, &pool, 48, NULL);
	for (i = 0; i < OBJECTS; i++)
		object[i] = slab_alloc(&slab);
	for (i = 0; i < OBJECTS; i += 3)
		slab_free(&slab, object[i]);
	slab_destroy(&slab);
	ck_assert_uint_eq(pages_used(&pool), 0);
	object[0] = slab_alloc(&slab);
	ck_assert_ptr_nonnull(object[0]);
	slab_free(&slab, object[0]);
}
END_TEST

START_TEST(slab_want_of_memory)
{
	struct slab slab;
	unsigned long n;

	slab_init(&slab, &pool, 32, NULL);
	for (n = 1; n <= 3; n++) {
		mem_fail_nth(n);
		ck_assert_ptr_null(slab_alloc(&slab));
		ck_assert_uint_eq(mem_fail_nth(0), 0);
		ck_assert_uint_eq(slab_used(&slab), 0);
		ck_assert_uint_eq(slab.pages, 0);
	}
	slab_free(&slab, slab_alloc(&slab));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pages");
	TCase *pages = tcase_create("pages"), *slab = tcase_create("slab");

	tcase_add_checked_fixture(pages, pool_setup, pool_teardown);
	tcase_add_test(pages, pages_are_zero_however_they_were_freed);
	tcase_add_test(pages, pages_keep_owner_and_name);
	tcase_add_test(pages, empty_chunks_go_back_but_one);
	tcase_add_test(pages, pool_goes_with_pages_in_use);
	tcase_add_test(pages, pages_want_of_memory);
	suite_add_tcase(suite, pages);

	tcase_add_checked_fixture(slab, pool_setup, pool_teardown);
	tcase_add_loop_test(slab, slab_objects_are_apart, 0, 8);
	tcase_add_test(slab, slab_overhead_is_small);
	tcase_add_test(slab, slab_goes_with_objects_in_use);
	tcase_add_test(slab, slab_want_of_memory);
	suite_add_tcase(suite, slab);
	return run_suite(suite);
}
