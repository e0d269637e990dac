/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "contract.h"

START_TEST(new_root_is_empty_and_unrestricted)
{
	struct ioasid_space_info info;
	struct ioasid_range range;
	struct fixture f;

	fixture_open(&f);
	info = space_info(f.space);
	ck_assert_uint_eq(info.id, ioasid_space_get_id(f.space));
	ck_assert_uint_eq(info.depth, 0);
	ck_assert_uint_eq(info.nesting, 0);
	ck_assert_uint_eq(info.mappings, 0);
	ck_assert(!info.pgtable_bound);
	ck_assert_uint_eq(info.iova_alignment, 1);
	ck_assert_ptr_null(ioasid_space_get_parent(f.space));
	ck_assert_uint_eq(ioasid_space_query_permitted(f.space, &range, 1), 1);
	ck_assert_uint_eq(range.start, 0);
	ck_assert_uint_eq(range.length, UINT64_MAX);
	ck_assert_uint_eq(ioasid_space_query_reserved(f.space, &range, 1), 0);
	ck_ok(ioasid_space_destroy(NULL));
	fixture_close(&f);
}
END_TEST

START_TEST(ids_are_unique)
{
	struct ioasid_space *spaces[32];
	struct fixture f;
	int i, j;

	fixture_open(&f);
	for (i = 0; i < 32; i++) {
		spaces[i] = make_space(f.ctx, NULL, 0);
		ck_assert_uint_ne(ioasid_space_get_id(spaces[i]), 0);
		ck_assert_uint_ne(ioasid_space_get_id(spaces[i]), ioasid_space_get_id(f.space));
		if (i % 5 == 4) {
			ck_ok(ioasid_space_destroy(spaces[i - 2]));
			spaces[i - 2] = make_space(f.ctx, NULL, 0);
		}
		for (j = 0; j < i; j++)
			ck_assert_uint_ne(ioasid_space_get_id(spaces[j]),
					  ioasid_space_get_id(spaces[i]));
	}
	fixture_close(&f);
}
END_TEST

START_TEST(create_refuses)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space = (void *)1;
	struct fixture f;

	fixture_open(&f);
	options.flags = UINT64_C(1) << 63;
	ck_err(ioasid_space_create(f.ctx, &options, &space), EINVAL);
	options.flags = 0;
	options.parent = f.space;
	options.nesting = 77;
	ck_err(ioasid_space_create(f.ctx, &options, &space), EINVAL);
	options.nesting = 0;
	options.fill = 77;
	ck_err(ioasid_space_create(f.ctx, &options, &space), EINVAL);
	options.fill = 0;
	options.reserved = 1;
	ck_err(ioasid_space_create(f.ctx, &options, &space), EINVAL);
	ck_assert_ptr_eq(space, (void *)1);
	ck_ok(ioasid_space_destroy(f.space));
	fixture_close(&f);
}
END_TEST

START_TEST(create_takes_options_of_another_version)
{
	struct {
		struct ioasid_space_options known;
		uint64_t beyond[2];
	} newer = { .known.size = sizeof(newer), .beyond = { 0, 1 } };
	struct ioasid_space *space = (void *)1;
	struct ioasid_space_info none = { .size = 0 };
	struct fixture f;

	fixture_open(&f);
	ck_err(ioasid_space_create(f.ctx, &newer.known, &space), E2BIG);
	ck_assert_ptr_eq(space, (void *)1);
	newer.beyond[1] = 0;
	ck_ok(ioasid_space_create(f.ctx, &newer.known, &space));
	ck_ok(ioasid_space_destroy(space));
	ck_ok(ioasid_space_create(f.ctx, NULL, &space));
	ck_ok(ioasid_space_destroy(space));
	ck_err(ioasid_space_query_info(f.space, &none), EINVAL);
	fixture_close(&f);
}
END_TEST

START_TEST(attached_device_holds_the_space_and_is_named)
{
	struct ioasid_device *device;
	struct fixture f;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_B);
	ck_ok(ioasid_device_attach(device, f.space));
	ck_err_same(f.space, ioasid_space_destroy(f.space), EBUSY);
	ck_assert_msg(strstr(ioasid_errmsg(), device_name(ALONE_B)), "does not say who: %s",
		      ioasid_errmsg());
	ck_ok(ioasid_device_detach(device));
	ck_ok(ioasid_space_destroy(f.space));
	fixture_close(&f);
}
END_TEST

START_TEST(child_holds_the_parent_and_is_named)
{
	struct ioasid_space *child;
	char number[16];
	struct fixture f;

	fixture_open(&f);
	if (!lacks(f.ctx, IOASID_CAP_NESTING_SOFTWARE)) {
		child = make_space(f.ctx, f.space, 0);
		ck_assert_ptr_eq(ioasid_space_get_parent(child), f.space);
		ck_assert_uint_eq(space_info(child).depth, 1);
		ck_assert_uint_eq(space_info(child).nesting, IOASID_NESTING_SOFTWARE);
		snprintf(number, sizeof(number), "%u", ioasid_space_get_id(child));
		ck_err_same(f.space, ioasid_space_destroy(f.space), EBUSY);
		ck_assert_msg(strstr(ioasid_errmsg(), number), "does not say who: %s",
			      ioasid_errmsg());
		ck_ok(ioasid_space_destroy(child));
	}
	ck_ok(ioasid_space_destroy(f.space));
	fixture_close(&f);
}
END_TEST

START_TEST(nesting_has_a_limit)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *chain[10], *none = (void *)1;
	struct fixture f;
	unsigned int i;

	fixture_open(&f);
	if (!lacks(f.ctx, IOASID_CAP_NESTING_SOFTWARE)) {
		chain[0] = f.space;
		for (i = 1; i <= 8; i++) {
			chain[i] = make_space(f.ctx, chain[i - 1], 0);
			ck_assert_uint_eq(space_info(chain[i]).depth, i);
		}
		options.parent = chain[8];
		ck_err_same(chain[8], ioasid_space_create(f.ctx, &options, &none), EINVAL);
		for (i = 8; i > 0; i--)
			ck_ok(ioasid_space_destroy(chain[i]));
	}
	ck_assert_ptr_eq(none, (void *)1);
	ck_ok(ioasid_space_destroy(f.space));
	fixture_close(&f);
}
END_TEST

START_TEST(first_child_asks_for_page_alignment)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *child = (void *)1;
	struct fixture f;

	fixture_open(&f);
	if (!lacks(f.ctx, IOASID_CAP_NESTING_SOFTWARE)) {
		ck_ok(ioasid_space_map(f.space, 100, f.memory + 50, 10, RW, NULL));
		options.parent = f.space;
		ck_err_same(f.space, ioasid_space_create(f.ctx, &options, &child), EADDRINUSE);
		ck_assert_ptr_eq(child, (void *)1);
		ck_ok(ioasid_space_unmap_all(f.space, NULL));
		ck_ok(ioasid_space_create(f.ctx, &options, &child));
		ck_assert_uint_eq(space_info(f.space).iova_alignment, PAGE);
		ck_err_same(f.space, ioasid_space_map(f.space, 100, f.memory, 10, RW, NULL),
			    EINVAL);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(nesting_that_cannot_be_is_refused)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *none = (void *)1;
	struct fixture f, g;

	fixture_open(&f);
	fixture_open(&g);
	options.parent = g.space;
	ck_err_same(g.space, ioasid_space_create(f.ctx, &options, &none), EINVAL);
	options.parent = f.space;
	options.nesting = IOASID_NESTING_HARDWARE;
	if (!ioasid_ctx_has(f.ctx, IOASID_CAP_NESTING_HARDWARE))
		ck_err_same(f.space, ioasid_space_create(f.ctx, &options, &none), EOPNOTSUPP);
	options.nesting = IOASID_NESTING_SOFTWARE;
	if (!ioasid_ctx_has(f.ctx, IOASID_CAP_NESTING_SOFTWARE))
		ck_err_same(f.space, ioasid_space_create(f.ctx, &options, &none), EOPNOTSUPP);
	ck_assert_ptr_eq(none, (void *)1);
	fixture_close(&g);
	fixture_close(&f);
}
END_TEST

/* Mappings are aligned also without users. */
START_TEST(small_pages_only)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *small = NULL, *child = NULL;
	struct fixture f;

	fixture_open(&f);
	options.flags = IOASID_SPACE_SMALL_PAGES;
	if (!ioasid_ctx_has(f.ctx, IOASID_CAP_SMALL_PAGES)) {
		ck_err(ioasid_space_create(f.ctx, &options, &small), EOPNOTSUPP);
		ck_assert_ptr_null(small);
		fixture_close(&f);
		return;
	}
	ck_ok(ioasid_space_create(f.ctx, &options, &small));
	ck_assert_uint_eq(space_info(small).iova_alignment, PAGE);
	ck_err_same(small, ioasid_space_map(small, 0x10000, f.memory, PAGE + 1, RW, NULL), EINVAL);
	ck_err_same(small, ioasid_space_map(small, 0x10001, f.memory, PAGE, RW, NULL), EINVAL);
	ck_ok(ioasid_space_map(small, 0x200000, f.memory, MEMORY, RW, NULL));
	ck_ok(ioasid_device_attach(fixture_bind(&f, ALONE_A), small));
	leads_to(&f, f.device[ALONE_A], 0x200000 + MEMORY - PAGE, f.memory + MEMORY - PAGE, RW);
	options.parent = small;
	ck_err(ioasid_space_create(f.ctx, &options, &child), EINVAL);
	fixture_close(&f);
}
END_TEST

TCase *contract_space(void)
{
	TCase *tc = tcase_create("space");

	tcase_add_test(tc, small_pages_only);
	tcase_add_test(tc, new_root_is_empty_and_unrestricted);
	tcase_add_test(tc, ids_are_unique);
	tcase_add_test(tc, create_refuses);
	tcase_add_test(tc, create_takes_options_of_another_version);
	tcase_add_test(tc, attached_device_holds_the_space_and_is_named);
	tcase_add_test(tc, child_holds_the_parent_and_is_named);
	tcase_add_test(tc, nesting_has_a_limit);
	tcase_add_test(tc, first_child_asks_for_page_alignment);
	tcase_add_test(tc, nesting_that_cannot_be_is_refused);
	return tc;
}
