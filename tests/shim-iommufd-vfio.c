/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VFIO's own commands on the descriptor of an iommufd, and the space that they work on. */
#include "shim_expect.h"
#include "shim_ioas.h"
#include "util/alloc.h"

#define IOVA UINT64_C(0x40000000)
/* The operation, and what is reserved beside it. */
#define GET   U16S(0, 0)
#define SET   U16S(1, 0)
#define CLEAR U16S(2, 0)

static struct ioasid_ctx *ctx;
static struct ioasid_space *space;
static uint8_t *memory;

static void setup(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	shim_reset();
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	space = make_space(ctx, NULL, 0);
	memory = memory_new(PAGE);
	shim_forget();
}

static void teardown(void)
{
	ck_ok(ioasid_ctx_close(ctx));
	memory_free(memory, PAGE);
	ck_assert_uint_eq(shim_open_fds(), 0);
	ck_assert_uint_eq(shim_objects(), 0);
}

/* Linux 6.2, struct iommu_vfio_ioas: size, IOAS, operation. */
START_TEST(its_ioctls)
{
	int iommu = shim_iommu_fd();
	uint32_t id;

	ck_ok(ioasid_ctx_bind_vfio(ctx, space));
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(iommu, SHIM_VFIO_IOAS, 12, 1, SET);
	expect_end();
	ck_ok(ioasid_ctx_query_vfio(ctx, &id));
	expect(iommu, SHIM_VFIO_IOAS, 12, 0, GET);
	expect_end();
	ck_assert_uint_eq(id, 1);
	ck_ok(ioasid_ctx_unbind_vfio(ctx));
	expect(iommu, SHIM_VFIO_IOAS, 12, 0, CLEAR);
	expect(iommu, SHIM_DESTROY, 8, 1);
	expect_end();
	ck_assert_uint_eq(shim_vfio_ioas, 0);
}
END_TEST

/* Who else has the descriptor can choose as well. */
START_TEST(what_somebody_else_has_chosen)
{
	uint32_t id = 0;

	ck_ok(ioasid_ctx_bind_vfio(ctx, space));
	shim_vfio_ioas = 9;
	ck_ok(ioasid_ctx_query_vfio(ctx, &id));
	ck_assert_uint_eq(id, 9);
	ck_ok(ioasid_ctx_unbind_vfio(ctx));
	ck_assert_uint_eq(shim_vfio_ioas, 0);
	shim_vfio_ioas = 9;
	ck_ok(ioasid_ctx_unbind_vfio(ctx));
	ck_assert_uint_eq(shim_vfio_ioas, 0);
}
END_TEST

START_TEST(nobody_has_chosen)
{
	uint32_t id = 77;

	ck_err(ioasid_ctx_query_vfio(ctx, &id), ENOENT);
	said("VFIO's commands", "no address space");
	ck_assert_uint_eq(id, 77);
}
END_TEST

/* Of a space, what they can work on is a root, which others fill as well; it stays meanwhile. */
START_TEST(spaces_that_they_can_work_on)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_space *identity, *foreign;
	struct ioasid_ctx *another;

	options.backend = "iommufd";
	ck_ok(ioasid_ctx_get_identity_root(ctx, &identity));
	ck_err(ioasid_ctx_bind_vfio(ctx, identity), EINVAL);
	said("identity root", "registered memory");
	ck_err(ioasid_ctx_bind_vfio(ctx, make_space(ctx, space, 0)), EINVAL);
	said("space 3", "nested");
	ck_ok(ioasid_ctx_open(&options, &another));
	foreign = make_space(another, NULL, 0);
	ck_err(ioasid_ctx_bind_vfio(ctx, foreign), EINVAL);
	said("another context", "");
	ck_ok(ioasid_ctx_close(another));
	ck_assert_uint_eq(shim_vfio_ioas, 0);
	foreign = make_space(ctx, NULL, 0);
	ck_ok(ioasid_ctx_bind_vfio(ctx, foreign));
	ck_err(ioasid_space_destroy(foreign), EBUSY);
	said("space 4", "VFIO's commands");
	ck_ok(ioasid_ctx_unbind_vfio(ctx));
	ck_ok(ioasid_space_destroy(foreign));
}
END_TEST

START_TEST(what_they_have_mapped_is_in_the_way)
{
	ck_ok(ioasid_ctx_bind_vfio(ctx, space));
	ck_assert_int_eq(shim_ioas_map(1, IOVA, PAGE, (uintptr_t)memory, SHIM_READ), 0);
	ck_err(ioasid_space_map(space, IOVA, memory, PAGE, RW, NULL), EEXIST);
	said("space 1: 0x40000000-0x40000fff", "somebody else");
	ck_ok(ioasid_space_map(space, IOVA + PAGE, memory, PAGE, RW, NULL));
}
END_TEST

START_TEST(mappings_come_along)
{
	uint64_t host = 0;

	ck_ok(ioasid_space_map(space, IOVA, memory, PAGE, RW, NULL));
	ck_ok(ioasid_ctx_bind_vfio(ctx, space));
	ck_assert_uint_eq(shim_ioas_look(1, IOVA, &host), SHIM_READ | SHIM_WRITE);
	ck_assert_uint_eq(host, (uintptr_t)memory);
}
END_TEST

START_TEST(a_kernel_that_does_not)
{
	static const int errors[] = { ENOTTY, EOPNOTSUPP, ENOMEM };
	uint32_t id = 77;
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fail_nth(2, errors[i]);
		ck_err(ioasid_ctx_bind_vfio(ctx, space), EOPNOTSUPP);
		said("VFIO's commands", "another address space");
		ck_assert_uint_eq(shim_objects(), 0);
	}
	fail_nth(1, ENOMEM);
	ck_err(ioasid_ctx_bind_vfio(ctx, space), ENOMEM);
	ck_ok(ioasid_ctx_bind_vfio(ctx, space));
	fail_nth(1, ENOTTY);
	ck_err(ioasid_ctx_unbind_vfio(ctx), EOPNOTSUPP);
	fail_nth(1, ENOTTY);
	ck_err(ioasid_ctx_query_vfio(ctx, &id), EOPNOTSUPP);
	ck_assert_uint_eq(id, 77);
	ck_ok(ioasid_ctx_query_vfio(ctx, &id));
	ck_assert_uint_eq(id, 1);
}
END_TEST

START_TEST(without_memory)
{
	mem_fail_nth(1);
	ck_err(ioasid_ctx_bind_vfio(ctx, space), ENOMEM);
	mem_fail_nth(0);
	ck_assert_uint_eq(shim_objects(), 0);
	ck_ok(ioasid_space_destroy(space));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-vfio");
	TCase *tc = tcase_create("vfio");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, its_ioctls);
	tcase_add_test(tc, what_somebody_else_has_chosen);
	tcase_add_test(tc, nobody_has_chosen);
	tcase_add_test(tc, spaces_that_they_can_work_on);
	tcase_add_test(tc, what_they_have_mapped_is_in_the_way);
	tcase_add_test(tc, mappings_come_along);
	tcase_add_test(tc, a_kernel_that_does_not);
	tcase_add_test(tc, without_memory);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
