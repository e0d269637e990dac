/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The type1 back end when the system says no: what is said about it. What is left then is seen in
 * shim-type1-each.c.
 */
#include <string.h>

#include "errmsg.h"
#include "shim_type1_ctx.h"

#define VA(n) ((void *)(uintptr_t)(n))

START_TEST(attach_that_fails)
{
	static const struct { unsigned int nth; int error, result; const char *text; } cases[] = {
		{ 1, ENOMEM, ENOMEM, "8192 KiB" }, { 2, ENOMEM, ENOMEM, "8192 KiB" },
		{ 1, EFAULT, EFAULT, "writable" }, { 2, EINVAL, EINVAL, "0x4000-0x4fff" },
		{ 2, ENOSPC, ENOSPC, "dma_entry_limit" },
	};
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	struct ioasid_device *d = bind(0);
	size_t i;

	shim.lock_limit = 8 << 20;
	ck_ok(ioasid_space_map(space, 0x1000, VA(0x7000), 0x1000, RW, NULL));
	ck_ok(ioasid_space_map(space, 0x4000, VA(0x7000), 0x1000, RW, NULL));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		shim_forget();
		fail_nth(cases[i].nth, cases[i].error);
		ck_err(ioasid_device_attach(d, space), cases[i].result);
		said(cases[i].text, "space 1");
		ck_assert_uint_eq(ioasid_space_query_reserved(space, NULL, 0), 0);
	}
}
END_TEST

/* vfio_dma_do_map() refuses less than a page of its kernel's. */
START_TEST(mappings_smaller_than_the_kernels_pages)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	struct ioasid_device *d;

	shim_t1.page_sizes = 0x20010000;
	d = bind(0);
	ck_ok(ioasid_space_map(space, 0x10000, VA(0x10000), 0x1000, RW, NULL));
	shim_forget();
	ck_err(ioasid_device_attach(d, space), EADDRINUSE);
	said("0x10000-0x10fff is not aligned to 65536", "0000:00:02.0");
	ck_ok(ioasid_space_unmap_all(space, NULL));
	ck_ok(ioasid_device_attach(d, space));
	ck_err(ioasid_space_map(space, 0x10000, VA(0x10000), 0x1000, RW, NULL), EINVAL);
	said("not a multiple of 65536", "0x1000");
	ck_assert_uint_eq(shim.n_calls, 0);
	ck_ok(ioasid_space_map(space, 0x10000, VA(0x10000), 0x20000, RW, NULL));
}
END_TEST

static void map_pages(struct ioasid_space *space, unsigned int first, unsigned int n)
{
	for (; n--; first++)
		ck_ok(ioasid_space_map(space, first * PAGE, VA(0x7000), PAGE, RW, NULL));
}

/* Counted, so that the kernel is not asked for what it would refuse. */
START_TEST(no_more_mappings_than_the_kernel_takes)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0), *big = make_space(ctx, NULL, 0);
	struct ioasid_device *d = bind(0);

	map_pages(big, 0, 17);
	ck_err(ioasid_device_attach(d, big), ENOSPC);
	said("16 mappings", "dma_entry_limit");
	ck_ok(ioasid_device_attach(d, space));
	ck_err(ioasid_device_replace(d, big), ENOSPC);
	ck_assert_uint_eq(shim.n_calls, 0);
	map_pages(space, 0, 16);
	shim_forget();
	ck_err(ioasid_space_map(space, 16 * PAGE, VA(0x7000), PAGE, RW, NULL), ENOSPC);
	said("16 mappings", "dma_entry_limit");
	ck_assert_uint_eq(shim.n_calls, 0);
	ck_ok(ioasid_space_unmap(space, 0, PAGE, NULL));
	ck_ok(ioasid_space_map(space, 16 * PAGE, VA(0x7000), PAGE, RW, NULL));
	ck_ok(ioasid_space_unmap_all(space, NULL));
	map_pages(space, 0, 16);
}
END_TEST

START_TEST(no_more_registered_memory_than_the_kernel_takes)
{
	static uint8_t memory[17 * PAGE] __attribute__((aligned(PAGE)));
	struct ioasid_space *identity;
	unsigned int i;

	shim_t1.ranges[1].last = UINT64_MAX;
	ck_ok(ioasid_ctx_get_identity_root(ctx, &identity));
	ck_ok(ioasid_device_attach(bind(0), identity));
	for (i = 0; i < 16; i++)
		ck_ok(ioasid_ctx_register_memory(ctx, memory + i * PAGE, PAGE, RW));
	shim_forget();
	ck_err(ioasid_ctx_register_memory(ctx, memory + i * PAGE, PAGE, RW), ENOSPC);
	said("16 mappings", "dma_entry_limit");
	ck_assert_uint_eq(shim.n_calls, 0);
	ck_ok(ioasid_ctx_unregister_memory(ctx, memory, PAGE));
	ck_ok(ioasid_ctx_register_memory(ctx, memory + i * PAGE, PAGE, RW));
}
END_TEST

/* Before Linux 5.10 only the kernel knows. */
START_TEST(the_kernel_alone_knows_how_many)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	struct ioasid_device *d;

	shim_t1.no_avail = true;
	d = bind(0);
	ck_ok(ioasid_device_attach(d, space));
	map_pages(space, 0, 16);
	ck_err(ioasid_space_map(space, 16 * PAGE, VA(0x7000), PAGE, RW, NULL), ENOSPC);
	said("16 mappings", "dma_entry_limit");
}
END_TEST

/* Memory that is not there is noticed before anything is taken out. */
START_TEST(replace_looks_at_memory_first)
{
	struct ioasid_space *old = make_space(ctx, NULL, 0), *new = make_space(ctx, NULL, 0);
	uint8_t *memory = memory_new(PAGE);
	struct ioasid_device *d = bind(0);

	map_pages(old, 1, 1);
	ck_ok(ioasid_space_map(new, 0x1000, memory, 2 * PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(d, old));
	memory_free(memory, PAGE);
	shim_forget();
	ck_err(ioasid_device_replace(d, new), EFAULT);
	ck_assert_uint_eq(shim.n_calls, 0);
	ck_assert_ptr_eq(ioasid_device_get_space(d), old);
}
END_TEST

/* Neither forth nor back: what is lost is said, and comes again with the next replace. */
START_TEST(replace_that_cannot_go_back)
{
	struct ioasid_space *old = make_space(ctx, NULL, 0), *new = make_space(ctx, NULL, 0);
	struct ioasid_space *like_old = make_space(ctx, NULL, 0);
	uint8_t *memory = memory_new(2 * PAGE);
	struct ioasid_device *d = bind(0);

	ck_ok(ioasid_space_map(old, 0x1000, memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(new, 0x1000, memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(like_old, 0x1000, memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(like_old, 0x2000, memory + PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(old, 0x2000, memory + PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(new, 0x2000, memory, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(d, old));
	fail_nth(2, ENOMEM);
	shim.fail_more = 1;
	ck_err(ioasid_device_replace(d, new), ENOMEM);
	said("space 2", "0x2000");
	ck_assert_msg(strstr(logged, "0x2000-0x2fff"), "logged: %s", logged);
	ck_assert_uint_eq(count_entries(1), 1);
	ck_assert_ptr_eq(ioasid_device_get_space(d), old);
	ck_ok(ioasid_device_replace(d, like_old));
	ck_assert_uint_eq(count_entries(1), 2);
	ck_ok(ioasid_device_replace(d, new));
	ck_assert_uint_eq(count_entries(1), 2);
	ck_ok(ioasid_device_replace(d, old));
	ck_assert_uint_eq(count_entries(1), 2);
	ck_ok(ioasid_device_detach(d));
	ck_assert_uint_eq(count_entries(1), 0);
	memory_free(memory, 2 * PAGE);
}
END_TEST

START_TEST(map_that_fails)
{
	static const struct { int error, result; const char *text; } cases[] = {
		{ ENOMEM, ENOMEM, "8192 KiB" }, { EFAULT, EFAULT, "writable" },
		{ EINVAL, EINVAL, "refused" },	{ EBUSY, EINVAL, "refused" },
	};
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	struct ioasid_mapping *m = (void *)1;
	struct ioasid_device *d = bind(0);
	size_t i;

	bind(1);
	shim.lock_limit = 8 << 20;
	ck_ok(ioasid_device_attach(d, space));
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		shim_forget();
		fail_nth(1, cases[i].error);
		ck_err(ioasid_space_map(space, 0x1000, VA(0x7000), 0x1000, RW, &m),
		       cases[i].result);
		said("0x1000-0x1fff", cases[i].text);
		ck_assert_uint_eq(shim.n_calls, 1);
		ck_assert_ptr_eq(m, (void *)1);
		ck_assert_ptr_null(ioasid_space_find_mapping(space, 0, UINT64_MAX));
	}
	/* what the kernel reserves is known before it is asked */
	shim_forget();
	ck_err(ioasid_space_map(space, 0xfee00000, VA(0x7000), 0x1000, RW, &m), EINVAL);
	said("reserved for 0000:00:02.0", "0xfee00000-0xfeefffff");
	ck_err(ioasid_space_map(space, UINT64_C(1) << 39, VA(0x7000), 0x1000, RW, &m), EINVAL);
	said("0000:00:02.0", "39 bits");
	ck_assert_uint_eq(shim.n_calls, 0);
}
END_TEST

/* It cannot fail, by what Linux says; if it does, the log has it. */
START_TEST(unmap_that_fails)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	struct ioasid_device *d = bind(0);

	map_pages(space, 1, 2);
	ck_ok(ioasid_device_attach(d, space));
	fail_nth(1, EIO);
	errmsg_fail();
	ck_ok(ioasid_space_unmap(space, 0x1000, PAGE, NULL));
	ck_assert_msg(strstr(logged, "0x1000-0x1fff"), "logged: %s", logged);
	fail_nth(1, EIO);
	ck_ok(ioasid_device_detach(d));
	ck_assert_msg(strstr(logged, "group 1"), "logged: %s", logged);
	errmsg_is_unchanged();
}
END_TEST

/* The second group's fails, and then the first does not give back what it has. */
START_TEST(a_map_that_leaves_mappings_behind)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	struct ioasid_device *a = bind(0), *b = bind(1);

	ck_ok(ioasid_device_attach(a, space));
	ck_ok(ioasid_device_attach(b, space));
	fail_nth(2, ENOMEM);
	shim.fail_more = 1;
	ck_err(ioasid_space_map(space, 0x1000, VA(0x7000), PAGE, RW, NULL), ENOMEM);
	ck_assert_ptr_nonnull(strstr(logged, "0x1000-0x1fff is still in the kernel"));
	ck_assert_uint_eq(count_entries(1) + count_entries(2), 1);
	ck_assert_uint_eq(space_info(space).mappings, 0);
}
END_TEST

/* What the kernel keeps is told, and tried again before the device gets anything else. */
START_TEST(a_detach_that_leaves_mappings_behind)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0), *other = make_space(ctx, NULL, 0);
	struct ioasid_ctx_info info = IOASID_CTX_INFO_INIT;
	struct ioasid_device *d = bind(0);

	shim.status = "Name:\tx\nVmLck:\t     12 kB\n";
	ck_ok(ioasid_ctx_query_info(ctx, &info));
	ck_assert_uint_eq(info.locked_bytes, 12 << 10);
	ck_ok(ioasid_space_map(space, 0x1000, VA(0x7000), 0x1000, RW, NULL));
	ck_ok(ioasid_device_attach(d, space));
	fail_nth(1, EIO);
	ck_ok(ioasid_device_detach(d));
	ck_assert_ptr_nonnull(strstr(logged, "still in the kernel"));
	ck_assert_uint_eq(count_entries(1), 1);
	fail_nth(1, EIO);
	ck_err(ioasid_device_attach(d, other), EINVAL);
	said("group 1", "still in the kernel");
	ck_assert_ptr_null(ioasid_device_get_space(d));
	ck_ok(ioasid_device_attach(d, other));
	ck_assert_uint_eq(count_entries(1), 0);
}
END_TEST

/* The same where one command does not empty a container: before Linux 5.12. */
START_TEST(an_old_kernel_that_leaves_mappings_behind)
{
	struct ioasid_space *space, *other;
	struct ioasid_device *d;

	ck_ok(ioasid_ctx_close(ctx));
	shim_t1.no_unmap_all = true;
	ck_ok(open_ctx("type1"));
	d = bind(0);
	space = make_space(ctx, NULL, 0);
	other = make_space(ctx, NULL, 0);
	map_pages(space, 1, 2);
	ck_ok(ioasid_device_attach(d, space));
	fail_nth(2, EIO);
	ck_ok(ioasid_device_detach(d));
	ck_assert_uint_eq(count_entries(1), 1);
	ck_ok(ioasid_device_attach(d, other));
	ck_assert_uint_eq(count_entries(1), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-type1-errors");
	TCase *tc = tcase_create("errors");

	tcase_add_checked_fixture(tc, type1_setup, type1_teardown);
	tcase_add_test(tc, attach_that_fails);
	tcase_add_test(tc, no_more_mappings_than_the_kernel_takes);
	tcase_add_test(tc, mappings_smaller_than_the_kernels_pages);
	tcase_add_test(tc, no_more_registered_memory_than_the_kernel_takes);
	tcase_add_test(tc, the_kernel_alone_knows_how_many);
	tcase_add_test(tc, replace_looks_at_memory_first);
	tcase_add_test(tc, replace_that_cannot_go_back);
	tcase_add_test(tc, map_that_fails);
	tcase_add_test(tc, unmap_that_fails);
	tcase_add_test(tc, a_map_that_leaves_mappings_behind);
	tcase_add_test(tc, a_detach_that_leaves_mappings_behind);
	tcase_add_test(tc, an_old_kernel_that_leaves_mappings_behind);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
