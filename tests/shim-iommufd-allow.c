/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Allowed ranges on the iommufd back end: the kernel holds them as well, wherever there is a table.
 */
#include "shim_expect.h"
#include "shim_ioas.h"
#include "util/alloc.h"

#define IOVA UINT64_C(0x40000000)

static struct ioasid_ctx *ctx;
static struct ioasid_space *space;
static struct ioasid_device *device;
static const struct ioasid_range two[] = { { IOVA + 16 * PAGE, PAGE }, { IOVA, 2 * PAGE } };

static void setup(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	shim_reset();
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	ck_ok(ioasid_device_bind(ctx, shim.devices[0].name, 0, &device));
	space = make_space(ctx, NULL, 0);
	shim_forget();
}

static void teardown(void)
{
	ck_ok(ioasid_ctx_close(ctx));
	ck_assert_uint_eq(shim_open_fds(), 0);
	ck_assert_uint_eq(shim_objects(), 0);
}

/* The kernel's table of @s has these, {start, last} each. */
static void holds(const struct ioasid_space *s, const uint64_t *want, unsigned int n)
{
	uint64_t ranges[8];
	unsigned int i;
	uint32_t ioas;

	ck_ok(ioasid_space_get_kernel_id(s, &ioas));
	ck_assert_uint_eq(shim_ioas_allowed(ioas, ranges, 4), n);
	for (i = 0; i < 2 * n; i++)
		ck_assert_uint_eq(ranges[i], want[i]);
}

static void holds_both(const struct ioasid_space *s)
{
	const uint64_t want[] = { IOVA, IOVA + 2 * PAGE - 1, IOVA + 16 * PAGE,
				  IOVA + 17 * PAGE - 1 };

	holds(s, want, 2);
}

START_TEST(nothing_is_said_before_there_is_a_table)
{
	ck_ok(ioasid_space_allow(space, two, 2));
	ck_assert_uint_eq(shim.n_calls, 0);
	ck_ok(ioasid_device_attach(device, space));
	holds_both(space);
}
END_TEST

/* Bytes: size, IOAS, number, 0, address (Linux 6.2, struct iommu_ioas_allow_iovas). */
START_TEST(a_table_is_told_at_once)
{
	const struct shim_call *call = &shim.calls[0];
	uint32_t ioas;

	ck_ok(ioasid_device_attach(device, space));
	ck_ok(ioasid_space_get_kernel_id(space, &ioas));
	shim_forget();
	ck_ok(ioasid_space_allow(space, two, 2));
	ck_assert_uint_eq(shim.n_calls, 1);
	expect(shim_iommu_fd(), SHIM_ALLOW, 24, ioas, 2, 0, call->words[4], call->words[5]);
	holds_both(space);
	shim_forget();
	ck_ok(ioasid_space_allow(space, NULL, 0));
	ck_assert_uint_eq(call->words[2], 0);
	holds(space, NULL, 0);
}
END_TEST

START_TEST(each_new_table_is_told)
{
	ck_ok(ioasid_space_allow(space, two, 2));
	ck_ok(ioasid_device_attach(device, space));
	ck_ok(ioasid_device_detach(device));
	ck_ok(ioasid_space_allow(space, two, 1));
	ck_ok(ioasid_device_attach(device, space));
	holds(space, (const uint64_t[]){ IOVA + 16 * PAGE, IOVA + 17 * PAGE - 1 }, 1);
}
END_TEST

START_TEST(tables_of_children_are_told)
{
	struct ioasid_space *child = make_space(ctx, space, 0);

	ck_ok(ioasid_space_allow(child, two, 2));
	ck_ok(ioasid_device_attach(device, child));
	holds_both(child);
	holds(space, NULL, 0);
	ck_ok(ioasid_space_allow(child, two, 1));
	holds(child, (const uint64_t[]){ IOVA + 16 * PAGE, IOVA + 17 * PAGE - 1 }, 1);
}
END_TEST

/* What was allowed before stays so, here and there. */
START_TEST(what_somebody_else_has_reserved)
{
	struct ioasid_mapping *m;

	ck_ok(ioasid_space_allow(space, two, 1));
	ck_ok(ioasid_device_attach(device, space));
	shim_ioas_reserve(IOVA + PAGE, IOVA + PAGE);
	ck_err(ioasid_space_allow(space, two, 2), EADDRINUSE);
	said("reserved in the kernel", "somebody else");
	holds(space, (const uint64_t[]){ IOVA + 16 * PAGE, IOVA + 17 * PAGE - 1 }, 1);
	ck_ok(ioasid_space_map(space, 0, memory_new(PAGE), PAGE, RW | IOASID_ANY_IOVA, &m));
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), IOVA + 16 * PAGE);
}
END_TEST

START_TEST(a_table_that_cannot_hold_them)
{
	ck_ok(ioasid_space_allow(space, two, 2));
	fail_nth(2, EADDRINUSE);
	ck_err(ioasid_device_attach(device, space), EADDRINUSE);
	fail_nth(2, ENOMEM);
	ck_err(ioasid_device_attach(device, space), ENOMEM);
	said("space 1", "memory");
	ck_assert_uint_eq(shim_objects(), 1);
	ck_ok(ioasid_device_attach(device, space));
	fail_nth(1, ENOMEM);
	ck_err(ioasid_space_allow(space, two, 1), ENOMEM);
	fail_nth(1, ENOTTY);
	ck_err(ioasid_space_allow(space, two, 1), EINVAL);
	said("space 1", "refused by the kernel");
	holds_both(space);
}
END_TEST

START_TEST(without_memory)
{
	int nth;

	ck_ok(ioasid_device_attach(device, space));
	for (nth = 1; nth <= 2; nth++) {
		mem_fail_nth(nth);
		ck_err(ioasid_space_allow(space, two, 2), ENOMEM);
	}
	mem_fail_nth(0);
	holds(space, NULL, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-allow");
	TCase *tc = tcase_create("allow");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_is_said_before_there_is_a_table);
	tcase_add_test(tc, a_table_is_told_at_once);
	tcase_add_test(tc, each_new_table_is_told);
	tcase_add_test(tc, tables_of_children_are_told);
	tcase_add_test(tc, what_somebody_else_has_reserved);
	tcase_add_test(tc, a_table_that_cannot_hold_them);
	tcase_add_test(tc, without_memory);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
