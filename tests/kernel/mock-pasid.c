/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PASIDs of a mock device: each has a page table, and they do not get in each other's way. */
#include "mock.h"

#define IOVA   (32 * MIB)
#define MEMORY (4 * PAGE)
/* For which the mock fails every second change (IOMMU_TEST_PASID_RESERVED). */
#define FICKLE 1024u

struct world {
	struct ioasid_ctx *ctx;
	struct ioasid_space *one, *two;
	uint8_t *memory;
	struct mock mock;
};

/* Kernels before Linux 6.15 have no PASIDs there, and say so. */
static bool world_open(struct world *w)
{
	if (!mock_ctx_open(&w->ctx))
		return false;
	if (lacks(w->ctx, IOASID_CAP_PASID)) {
		ck_ok(ioasid_ctx_close(w->ctx));
		return false;
	}
	w->one = make_space(w->ctx, NULL, 0);
	w->two = make_space(w->ctx, NULL, 0);
	w->memory = memory_new(MEMORY);
	mock_open(&w->mock, w->ctx, MOCK_PASID);
	ck_ok(ioasid_space_map(w->one, IOVA, w->memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(w->two, IOVA, w->memory + PAGE, PAGE, RW, NULL));
	return true;
}

static void world_close(struct world *w)
{
	mock_close(&w->mock);
	ck_ok(ioasid_ctx_close(w->ctx));
	memory_free(w->memory, MEMORY);
}

/* The kernel itself has this page table for the PASID; 0: none. */
static void has_table(struct world *w, uint32_t pasid, uint32_t table)
{
	struct mock_command c = {
		.op = MOCK_PASID_CHECK_HWPT, .id = w->mock.number, .u.w = { pasid, table },
	};

	ck_assert_int_eq(mock_command(w->mock.iommu, &c), 0);
}

START_TEST(how_wide_they_are)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct mock plain;
	struct world w;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_device_query_info(w.mock.device, &info));
	ck_assert_uint_eq(info.pasid_bits, MOCK_PASID_BITS);
	ck_assert_int_eq(info.type, IOASID_DEVICE_PHYSICAL_KERNEL);
	mock_open(&plain, w.ctx, 0);
	ck_ok(ioasid_device_query_info(plain.device, &info));
	ck_assert_uint_eq(info.pasid_bits, 0);
	mock_close(&plain);
	world_close(&w);
}
END_TEST

START_TEST(each_has_its_table)
{
	struct world w;
	uint32_t first;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_device_attach_pasid(w.mock.device, 7, w.one));
	first = w.mock.pasid_table;
	has_table(&w, 7, first);
	mock_leads_to(&w.mock, first, IOVA, w.memory, PAGE);
	ck_ok(ioasid_device_attach_pasid(w.mock.device, 8, w.two));
	has_table(&w, 8, w.mock.pasid_table);
	mock_leads_to(&w.mock, w.mock.pasid_table, IOVA, w.memory + PAGE, PAGE);
	ck_ok(ioasid_device_replace_pasid(w.mock.device, 8, w.one));
	has_table(&w, 8, first);
	ck_ok(ioasid_device_detach_pasid(w.mock.device, 7));
	has_table(&w, 7, 0);
	has_table(&w, 8, first);
	world_close(&w);
}
END_TEST

/* The mock IOMMU takes a PASID only if the requests without one go by a table made for PASIDs. */
START_TEST(beside_requests_without_a_pasid)
{
	struct world w;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_device_attach(w.mock.device, w.one));
	ck_ok(ioasid_device_attach_pasid(w.mock.device, 7, w.two));
	mock_leads_to(&w.mock, w.mock.page_table, IOVA, w.memory, PAGE);
	mock_leads_to(&w.mock, w.mock.pasid_table, IOVA, w.memory + PAGE, PAGE);
	ck_ok(ioasid_device_replace(w.mock.device, w.two));
	mock_leads_to(&w.mock, w.mock.page_table, IOVA, w.memory + PAGE, PAGE);
	world_close(&w);
}
END_TEST

START_TEST(replace_that_the_kernel_fails)
{
	struct world w;
	uint32_t table;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_device_attach_pasid(w.mock.device, FICKLE, w.one));
	table = w.mock.pasid_table;
	ck_err(ioasid_device_replace_pasid(w.mock.device, FICKLE, w.two), ENOMEM);
	ck_assert_ptr_eq(ioasid_device_get_pasid_space(w.mock.device, FICKLE), w.one);
	has_table(&w, FICKLE, table);
	ck_ok(ioasid_space_destroy(w.two));
	ck_ok(ioasid_device_detach_pasid(w.mock.device, FICKLE));
	world_close(&w);
}
END_TEST

TCase *mock_pasid(void)
{
	TCase *tc = tcase_create("pasid");

	tcase_add_test(tc, how_wide_they_are);
	tcase_add_test(tc, each_has_its_table);
	tcase_add_test(tc, beside_requests_without_a_pasid);
	tcase_add_test(tc, replace_that_the_kernel_fails);
	return tc;
}
