/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lib/util: numbers, heap, error text, pages, slab. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <util/alloc.h>
#include <util/bits.h>
#include <util/err.h>
#include <util/pages.h>
#include <util/slab.h>

#include "runner.h"

START_TEST(align_up_tells_of_overflow)
{
	uint64_t out = 7;

	ck_assert(bits_align_up(0x1001, 0x1000, &out));
	ck_assert_uint_eq(out, 0x2000);
	ck_assert(bits_align_up(0x2000, 0x1000, &out));
	ck_assert_uint_eq(out, 0x2000);
	ck_assert(bits_align_up(UINT64_MAX - 0xfff, 0x1000, &out));
	ck_assert_uint_eq(out, UINT64_MAX - 0xfff);
	ck_assert(!bits_align_up(UINT64_MAX - 0xffe, 0x1000, &out));
	ck_assert_uint_eq(out, UINT64_MAX - 0xfff);
}
END_TEST

START_TEST(range_last_refuses_empty_and_wrapping)
{
	uint64_t last = 7;

	ck_assert(bits_range_last(0, 1, &last));
	ck_assert_uint_eq(last, 0);
	ck_assert(bits_range_last(UINT64_MAX, 1, &last));
	ck_assert_uint_eq(last, UINT64_MAX);
	ck_assert(bits_range_last(0x1000, UINT64_MAX - 0xfff, &last));
	ck_assert_uint_eq(last, UINT64_MAX);
	last = 7;
	ck_assert(!bits_range_last(5, 0, &last));
	ck_assert(!bits_range_last(0x1000, UINT64_MAX - 0xffe, &last));
	ck_assert_uint_eq(last, 7);
}
END_TEST

START_TEST(bit_fields_at_both_ends)
{
	ck_assert_uint_eq(bits_mask(63, 0), UINT64_MAX);
	ck_assert_uint_eq(bits_mask(51, 12), 0x000ffffffffff000);
	ck_assert_uint_eq(bits_mask(0, 0), 1);
	ck_assert_uint_eq(bits_field(UINT64_C(0xa5) << 56, 63, 56), 0xa5);
	ck_assert_uint_eq(bits_ilog2(1), 0);
	ck_assert_uint_eq(bits_ilog2(UINT64_MAX), 63);
	ck_assert_uint_eq(bits_ctz(UINT64_C(1) << 40), 40);
	ck_assert(bits_is_pow2(1) && bits_is_pow2(UINT64_C(1) << 63));
	ck_assert(!bits_is_pow2(0) && !bits_is_pow2(6));
	ck_assert_uint_eq(bits_add_sat(UINT64_MAX, 1), UINT64_MAX);
	ck_assert_uint_eq(bits_sub_sat(3, 4), 0);
	ck_assert(bits_ranges_overlap(0, 5, 5, 9) && !bits_ranges_overlap(0, 4, 5, 9));
}
END_TEST

START_TEST(heap_counts_what_lives)
{
	size_t bytes = mem_live_bytes(), blocks = mem_live_blocks();
	char *a = mem_alloc(100), *b = mem_calloc(10, 30), *c = mem_strdup("text");

	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_nonnull(b);
	ck_assert_str_eq(c, "text");
	ck_assert_int_eq(b[0] | b[299], 0);
	ck_assert_uint_eq(mem_live_blocks(), blocks + 3);
	ck_assert_uint_ge(mem_live_bytes(), bytes + 405);
	memset(a, 5, 100);
	a = mem_realloc(a, 100000);
	ck_assert_int_eq(a[99], 5);
	ck_assert_uint_eq(mem_live_blocks(), blocks + 3);
	ck_assert_uint_ge(mem_live_bytes(), bytes + 100305);
	mem_free(a);
	mem_free(b);
	mem_free(c);
	mem_free(NULL);
	ck_assert_uint_eq(mem_live_blocks(), blocks);
	ck_assert_uint_eq(mem_live_bytes(), bytes);
}
END_TEST

START_TEST(heap_serves_size_zero)
{
	void *a = mem_alloc(0), *b = mem_calloc(0, 8), *c = mem_realloc(NULL, 0);

	ck_assert(a && b && c);
	mem_free(a);
	mem_free(b);
	mem_free(c);
}
END_TEST

START_TEST(nth_allocation_fails_once)
{
	char *a, *b, *c;

	ck_assert_uint_eq(mem_fail_nth(2), 0);
	a = mem_alloc(8);
	ck_assert_ptr_nonnull(a);
	errno = 0;
	b = mem_realloc(a, 1 << 20);
	ck_assert_ptr_null(b);
	ck_assert_int_eq(errno, ENOMEM);
	a[7] = 1;	/* still there */
	c = mem_calloc(1, 1);
	ck_assert_ptr_nonnull(c);
	mem_free(a);
	mem_free(c);
	ck_assert_uint_eq(mem_fail_nth(0), 0);
	mem_fail_nth(5);
	mem_free(mem_alloc(1));
	ck_assert_uint_eq(mem_fail_nth(0), 4);
}
END_TEST

START_TEST(error_text_is_kept_and_cleared)
{
	ck_assert_str_eq(err_text(), "");
	errno = ENOENT;
	ck_assert_int_eq(err_set(EINVAL, "length %d", 0), -EINVAL);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_str_eq(err_text(), "length 0");
	ck_assert_int_eq(err_number(), EINVAL);
	ck_assert_int_eq(err_set(EBUSY, "space 3: %s", err_text()), -EBUSY);
	ck_assert_str_eq(err_text(), "space 3: length 0");
	err_clear();
	ck_assert_str_eq(err_text(), "");
	ck_assert_int_eq(err_number(), 0);
}
END_TEST

START_TEST(long_error_text_ends_in_dots)
{
	char text[ERR_TEXT_SIZE + 1];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(EINVAL, "%s", text);
	ck_assert_uint_eq(strlen(err_text()), ERR_TEXT_SIZE - 1);
	ck_assert_str_eq(err_text() + ERR_TEXT_SIZE - 5, "x...");
	text[ERR_TEXT_SIZE - 1] = '\0';
	err_set(EINVAL, "%s", text);
	ck_assert_str_eq(err_text(), text);
}
END_TEST

static void *other_thread(void *arg)
{
	(void)arg;
	if (*err_text())
		return (void *)1;
	err_set(EPERM, "of the other thread");
	return NULL;
}

START_TEST(error_text_is_per_thread)
{
	pthread_t thread;
	void *result;

	err_set(EINVAL, "mine");
	ck_assert_int_eq(pthread_create(&thread, NULL, other_thread, NULL), 0);
	pthread_join(thread, &result);
	ck_assert_ptr_null(result);
	ck_assert_str_eq(err_text(), "mine");
}
END_TEST

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
	ck_assert_uint_eq(pool.slots, 8);
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

	/* the page; the table of chunks; the chunk's record */
	for (n = 1; n <= 3; n++) {
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
	for (i = 0; i < 170; i++)
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
	for (n = 1; n <= 4; n++) {
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
	Suite *suite = suite_create("util");
	TCase *bits = tcase_create("bits"), *heap = tcase_create("alloc");
	TCase *err = tcase_create("err"), *pages = tcase_create("pages");
	TCase *slab = tcase_create("slab");

	tcase_add_test(bits, align_up_tells_of_overflow);
	tcase_add_test(bits, range_last_refuses_empty_and_wrapping);
	tcase_add_test(bits, bit_fields_at_both_ends);
	suite_add_tcase(suite, bits);

	tcase_add_test(heap, heap_counts_what_lives);
	tcase_add_test(heap, heap_serves_size_zero);
	tcase_add_test(heap, nth_allocation_fails_once);
	suite_add_tcase(suite, heap);

	tcase_add_checked_fixture(err, err_clear, err_clear);
	tcase_add_test(err, error_text_is_kept_and_cleared);
	tcase_add_test(err, long_error_text_ends_in_dots);
	tcase_add_test(err, error_text_is_per_thread);
	suite_add_tcase(suite, err);

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
