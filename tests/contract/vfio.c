/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The space that VFIO's own commands work on: what the calls refuse, and what it holds. And devices
 * without an IOMMU.
 */
#include <string.h>

#include "contract.h"

START_TEST(without_the_capability)
{
	struct fixture f;
	uint32_t id = 77;

	fixture_open(&f);
	if (!ioasid_ctx_has(f.ctx, IOASID_CAP_VFIO_COMMANDS)) {
		ck_err(ioasid_ctx_bind_vfio(f.ctx, f.space), EOPNOTSUPP);
		ck_err(ioasid_ctx_unbind_vfio(f.ctx), EOPNOTSUPP);
		ck_err(ioasid_ctx_query_vfio(f.ctx, &id), EOPNOTSUPP);
		ck_assert_uint_eq(id, 77);
	}
	fixture_close(&f);
}
END_TEST

/* The back end takes the flag, or has nothing to take it for. */
START_TEST(devices_without_an_iommu)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	uint64_t physical = 77, contiguous = 78;
	struct ioasid_ctx *ctx;
	struct fixture f;
	bool has;

	fixture_open(&f);
	has = ioasid_ctx_has(f.ctx, IOASID_CAP_NO_IOMMU);
	ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, RW, NULL));
	ck_err(ioasid_space_query_physical(f.space, 0, PAGE, &physical, &contiguous), EOPNOTSUPP);
	ck_ok(ioasid_device_attach(fixture_bind(&f, ALONE_A), f.space));
	/* which is behind one */
	ck_err(ioasid_space_query_physical(f.space, 0, PAGE, &physical, &contiguous), EOPNOTSUPP);
	ck_assert_uint_eq(physical, 77);
	ck_assert_uint_eq(contiguous, 78);
	options.backend = ioasid_ctx_get_backend(f.ctx);
	options.flags = IOASID_CTX_NO_IOMMU;
	if (has) {
		ck_ok(ioasid_ctx_open(&options, &ctx));
		ck_ok(ioasid_ctx_close(ctx));
	} else if (strcmp(options.backend, "iommufd")) {
		ck_err(ioasid_ctx_open(&options, &ctx), EOPNOTSUPP);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(it_has_a_table_and_stays)
{
	uint32_t id = 77, table = 78;
	struct ioasid_space *other;
	struct fixture f;

	fixture_open(&f);
	if (lacks(f.ctx, IOASID_CAP_VFIO_COMMANDS)) {
		fixture_close(&f);
		return;
	}
	other = make_space(f.ctx, NULL, 0);
	ck_ok(ioasid_ctx_unbind_vfio(f.ctx));
	ck_err(ioasid_ctx_query_vfio(f.ctx, &id), ENOENT);
	ck_assert_uint_eq(id, 77);
	ck_ok(ioasid_ctx_bind_vfio(f.ctx, other));
	ck_ok(ioasid_ctx_bind_vfio(f.ctx, other));
	ck_err(ioasid_space_destroy(other), EBUSY);
	ck_ok(ioasid_ctx_query_vfio(f.ctx, &id));
	ck_ok(ioasid_space_get_kernel_id(other, &table));
	ck_assert_uint_eq(id, table);
	ck_ok(ioasid_ctx_bind_vfio(f.ctx, f.space));
	ck_ok(ioasid_space_destroy(other));
	ck_ok(ioasid_ctx_query_vfio(f.ctx, &id));
	ck_ok(ioasid_space_get_kernel_id(f.space, &table));
	ck_assert_uint_eq(id, table);
	/* Devices come and go. */
	ck_ok(ioasid_device_attach(fixture_bind(&f, ALONE_A), f.space));
	ck_ok(ioasid_device_detach(f.device[ALONE_A]));
	ck_ok(ioasid_space_get_kernel_id(f.space, &id));
	ck_assert_uint_eq(id, table);
	ck_ok(ioasid_ctx_unbind_vfio(f.ctx));
	ck_err(ioasid_space_get_kernel_id(f.space, &id), ENOENT);
	ck_err(ioasid_ctx_query_vfio(f.ctx, &id), ENOENT);
	ck_ok(ioasid_ctx_bind_vfio(f.ctx, f.space));
	fixture_close(&f);
}
END_TEST

START_TEST(spaces_that_it_cannot_be)
{
	struct ioasid_space *identity, *foreign;
	struct ioasid_ctx *other;
	struct fixture f;

	fixture_open(&f);
	if (lacks(f.ctx, IOASID_CAP_VFIO_COMMANDS)) {
		fixture_close(&f);
		return;
	}
	ck_err(ioasid_ctx_bind_vfio(f.ctx, make_space(f.ctx, f.space, 0)), EINVAL);
	ck_ok(ioasid_ctx_get_identity_root(f.ctx, &identity));
	ck_err(ioasid_ctx_bind_vfio(f.ctx, identity), EINVAL);
	ck_ok(ioasid_ctx_open(NULL, &other));
	foreign = make_space(other, NULL, 0);
	ck_err(ioasid_ctx_bind_vfio(f.ctx, foreign), EINVAL);
	ck_ok(ioasid_ctx_close(other));
	fixture_close(&f);
}
END_TEST

/* As with a device, mappings then have to be what a page table can hold. */
START_TEST(mappings_have_to_be_aligned)
{
	struct fixture f;

	fixture_open(&f);
	if (lacks(f.ctx, IOASID_CAP_VFIO_COMMANDS)) {
		fixture_close(&f);
		return;
	}
	ck_ok(ioasid_space_map(f.space, 100, f.memory + 100, 50, RW, NULL));
	ck_err(ioasid_ctx_bind_vfio(f.ctx, f.space), EADDRINUSE);
	ck_ok(ioasid_space_unmap_all(f.space, NULL));
	ck_ok(ioasid_ctx_bind_vfio(f.ctx, f.space));
	ck_err(ioasid_space_map(f.space, 100, f.memory + 100, 50, RW, NULL), EINVAL);
	fixture_close(&f);
}
END_TEST

TCase *contract_vfio(void)
{
	TCase *tc = tcase_create("vfio");

	tcase_add_test(tc, without_the_capability);
	tcase_add_test(tc, devices_without_an_iommu);
	tcase_add_test(tc, it_has_a_table_and_stays);
	tcase_add_test(tc, spaces_that_it_cannot_be);
	tcase_add_test(tc, mappings_have_to_be_aligned);
	return tc;
}
