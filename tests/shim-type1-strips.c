/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mappings of one page each on type1, so many that the library keeps them packed, without a record
 * for each: containers have the same as of any others.
 */
#include <string.h>

#include "shim_expect.h"
#include "shim_type1.h"

#define GROUP  1u
#define OTHER  2u
#define N      100u		/* enough to be packed */
#define MEMORY (N * PAGE)

static struct ioasid_ctx *ctx;
static struct ioasid_device *device, *other;
static struct ioasid_space *root;
static uint8_t *memory;

static struct ioasid_device *bind(unsigned int i)
{
	struct ioasid_device *d;

	ck_ok(ioasid_device_bind(ctx, shim.devices[i].name, i, &d));
	return d;
}

static void setup(void)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_ctx_options open = IOASID_CTX_OPTIONS_INIT;

	shim_reset();
	shim_t1.max_entries = N;
	memory = memory_new(MEMORY);
	open.backend = "type1";
	ck_ok(ioasid_ctx_open(&open, &ctx));
	device = bind(0);
	other = bind(1);
	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	ck_ok(ioasid_space_create(ctx, &options, &root));
	shim_forget();
}

static void teardown(void)
{
	ck_ok(ioasid_ctx_close(ctx));
	memory_free(memory, MEMORY);
	ck_assert_uint_eq(shim_open_fds(), 0);
}

static int map(struct ioasid_space *space, unsigned int i)
{
	return ioasid_space_map(space, i * PAGE, memory + i * PAGE, PAGE, RW, NULL);
}

static void map_all(struct ioasid_space *space)
{
	unsigned int i;

	for (i = 0; i < N; i++)
		ck_ok(map(space, i));
	shim_forget();
}

/* The container of the group has the first @n pages of the memory, at @iova on. */
static void has(uint32_t group, uint64_t iova, unsigned int n)
{
	const struct shim_entry *e;
	unsigned int i;

	ck_assert_uint_eq(shim_entries(group, &e), n);
	for (i = 0; i < n; i++, e++)
		ck_assert_msg(e->iova == iova + i * PAGE && e->size == PAGE &&
			      e->vaddr == (uintptr_t)memory + i * PAGE,
			      "group %u: entry %u is %#jx + %#jx -> %#jx", group, i,
			      (uintmax_t)e->iova, (uintmax_t)e->size, (uintmax_t)e->vaddr);
}

START_TEST(a_device_that_comes_later_gets_all)
{
	map_all(root);
	fail_nth(N / 2, ENOMEM);
	ck_err(ioasid_device_attach(device, root), ENOMEM);
	has(GROUP, 0, 0);
	ck_ok(ioasid_device_attach(device, root));
	has(GROUP, 0, N);
	ck_ok(ioasid_space_unmap(root, (N - 1) * PAGE, PAGE, NULL));
	has(GROUP, 0, N - 1);
	ck_ok(ioasid_device_detach(device));
	has(GROUP, 0, 0);
}
END_TEST

/*
 * What the second container refuses is taken out of the first, whether that tells what was written
 * or not; and does not count against what it takes.
 */
START_TEST(a_map_that_fails_leaves_nothing)
{
	unsigned int i;

	ck_ok(ioasid_device_attach(device, root));
	ck_ok(ioasid_device_attach(other, root));
	if (_i)
		ck_ok(ioasid_space_dirty_start(root));
	for (i = 0; i < N; i++) {
		fail_nth(2, ENOMEM);
		ck_err(map(root, i), ENOMEM);
		has(GROUP, 0, i);
		has(OTHER, 0, i);
		ck_ok(map(root, i));
		shim_forget();
	}
	has(OTHER, 0, N);
	ck_err(map(root, N), ENOSPC);
}
END_TEST

/* What both spaces have in a place stays there. */
START_TEST(a_replace_exchanges_what_differs)
{
	struct ioasid_space *plain = make_space(ctx, NULL, 0);

	map_all(root);
	map_all(plain);
	ck_ok(ioasid_space_unmap(plain, 70 * PAGE, PAGE, NULL));
	ck_ok(ioasid_space_map(plain, 70 * PAGE, memory, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(device, plain));
	shim_forget();
	ck_ok(ioasid_device_replace(device, root));
	ck_assert_uint_eq(shim.n_calls, 2);	/* out, in */
	has(GROUP, 0, N);
}
END_TEST

/* Items of a child go down with the host addresses of the pages. */
START_TEST(a_child_has_pages)
{
	struct ioasid_space *child;

	map_all(root);
	child = make_space(ctx, root, 0);
	ck_ok(ioasid_space_map_parent(child, 0x40000000, 0, MEMORY, RW, NULL));
	ck_ok(ioasid_device_attach(device, child));
	has(GROUP, 0x40000000, N);
	ck_ok(ioasid_device_detach(device));
	ck_ok(ioasid_device_attach(device, child));
	ck_ok(ioasid_space_unmap(root, (N - 1) * PAGE, PAGE, NULL));
	has(GROUP, 0x40000000, N - 1);
	ck_ok(map(root, N - 1));
	has(GROUP, 0x40000000, N);
}
END_TEST

START_TEST(what_is_written)
{
	uint64_t bits = 0;

	map_all(root);
	ck_ok(ioasid_device_attach(device, root));
	ck_ok(ioasid_space_dirty_start(root));
	shim_t1.narrows = true;
	shim_write(GROUP, 5 * PAGE);
	shim_write(GROUP, 9 * PAGE);
	ck_ok(ioasid_space_unmap_dirty(root, 9 * PAGE, PAGE, PAGE, &bits, NULL));
	ck_assert_uint_eq(bits, 1);
	bits = 0;
	ck_ok(ioasid_space_dirty_read(root, 0, 8 * PAGE, PAGE, 0, &bits));
	ck_assert_uint_eq(bits, 1 << 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-type1-strips");
	TCase *tc = tcase_create("strips");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_device_that_comes_later_gets_all);
	tcase_add_loop_test(tc, a_map_that_fails_leaves_nothing, 0, 2);
	tcase_add_test(tc, a_replace_exchanges_what_differs);
	tcase_add_test(tc, a_child_has_pages);
	tcase_add_test(tc, what_is_written);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
