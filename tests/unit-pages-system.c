/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lib/util/pages.c on a system that places mappings badly, or has no memory. The linker wraps mmap.
 */
#include "config.h"

#include <string.h>
#include <sys/mman.h>
#include <util/alloc.h>
#include <util/pages.h>

#include "runner.h"

void *__real_mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);

static int fail_nth;	/* counts down to the call that fails */
static bool badly;	/* a page beside an alignment of chunks */
static size_t mapped;

void *__wrap_mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
	char *p, *good;

	if (fail_nth && !--fail_nth)
		return MAP_FAILED;
	mapped++;
	if (!badly)
		return __real_mmap(addr, length, prot, flags, fd, offset);
	p = __real_mmap(addr, length + 2 * PAGES_CHUNK_SIZE, prot, flags, fd, offset);
	if (p == MAP_FAILED)
		return p;
	good = (char *)(((uintptr_t)p | (PAGES_CHUNK_SIZE - 1)) + 1 + PAGES_SIZE);
	munmap(p, (size_t)(good - p));
	munmap(good + length, (size_t)(p + 2 * PAGES_CHUNK_SIZE - good));
	return good;
}

/* The name that it has where files are large. */
void *__wrap_mmap64(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
	__attribute__((alias("__wrap_mmap")));

#define N 1100	/* three chunks */

static void use(struct pages *pool)
{
	char *page[N];
	int i;

	for (i = 0; i < N; i++) {
		page[i] = pages_alloc(pool);
		ck_assert_ptr_nonnull(page[i]);
		pages_set_owner(page[i], &page[i]);
		memset(page[i], i, PAGES_SIZE);
	}
	for (i = 0; i < N; i++) {
		ck_assert_ptr_eq(pages_owner(page[i] + 5), &page[i]);
		ck_assert_ptr_eq(pages_ptr(pool, pages_ref(page[i])), page[i]);
		ck_assert_int_eq(page[i][PAGES_SIZE - 1], (char)i);
		pages_free(pool, page[i]);
	}
}

START_TEST(chunks_are_aligned_wherever_the_system_maps)
{
	struct pages pool;

	pages_init(&pool);
	badly = true;
	use(&pool);
	badly = false;
	ck_assert_uint_gt(mapped, 4);
	pages_destroy(&pool);
	ck_assert_uint_eq(mem_live_blocks(), 0);
}
END_TEST

static void fails(struct pages *pool, int nth)
{
	fail_nth = nth;
	ck_assert_ptr_null(pages_alloc(pool));
	ck_assert_int_eq(fail_nth, 0);
	ck_assert_uint_eq(pages_used(pool), 0);
	ck_assert_uint_eq(pages_bytes(pool), 0);
}

START_TEST(system_without_memory)
{
	struct pages pool;

	pages_init(&pool);
	badly = true;
	fails(&pool, 1);	/* the names of chunks */
	fails(&pool, 2);	/* the same, then a chunk */
	fails(&pool, 2);	/* a chunk, then once more for it to be aligned */
	use(&pool);
	badly = false;
	pages_destroy(&pool);
	ck_assert_uint_eq(mem_live_blocks(), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pages-system");
	TCase *tc = tcase_create("pages-system");

	tcase_add_test(tc, chunks_are_aligned_wherever_the_system_maps);
	tcase_add_test(tc, system_without_memory);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
