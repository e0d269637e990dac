/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lib/util: numbers, heap, error text. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <util/alloc.h>
#include <util/bits.h>
#include <util/err.h>

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

START_TEST(err_of_what_comes_after_a_failure)
{
	err_set(EINVAL, "the failure");
	err_put_aside();
	ck_assert_str_eq(err_text(), "");
	ck_assert_int_eq(err_number(), 0);
	err_set(EBUSY, "undoing it");
	ck_assert_str_eq(err_text(), "undoing it");
	err_put_aside();
	err_set(ENOMEM, "more of it");
	err_take_back();
	err_set(EBUSY, "and more");
	ck_assert_int_eq(err_number(), EBUSY);
	err_take_back();
	ck_assert_str_eq(err_text(), "the failure");
	ck_assert_int_eq(err_number(), EINVAL);
}
END_TEST

START_TEST(err_of_what_was_tried)
{
	int i;

	err_set(EINVAL, "the one before");
	err_put_aside();
	err_set(ENODEV, "one way");
	err_put_aside();
	err_set(EBUSY, "undoing it");
	err_take_back();
	ck_assert_str_eq(err_text(), "one way");
	err_take_back();
	ck_assert_str_eq(err_text(), "the one before");
	for (i = 0; i < 5; i++)
		err_put_aside();
	err_set(ENOMEM, "the last way");
	for (i = 0; i < 5; i++)
		err_take_over();
	ck_assert_str_eq(err_text(), "the last way");
	ck_assert_int_eq(err_number(), ENOMEM);
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

/* No byte sequence says this character, so there is no text. */
START_TEST(error_text_that_cannot_be_printed)
{
	ck_assert_int_eq(err_set(EINVAL, "%ls", L"\xdc80"), -EINVAL);
	ck_assert_str_eq(err_text(), "");
	ck_assert_int_eq(err_number(), EINVAL);
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

int main(void)
{
	Suite *suite = suite_create("util");
	TCase *bits = tcase_create("bits"), *heap = tcase_create("alloc");
	TCase *err = tcase_create("err");

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
	tcase_add_test(err, err_of_what_comes_after_a_failure);
	tcase_add_test(err, err_of_what_was_tried);
	tcase_add_test(err, long_error_text_ends_in_dots);
	tcase_add_test(err, error_text_that_cannot_be_printed);
	tcase_add_test(err, error_text_is_per_thread);
	suite_add_tcase(suite, err);

	return run_suite(suite);
}
