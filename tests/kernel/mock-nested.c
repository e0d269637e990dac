/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nesting in hardware, as far as a mock IOMMU does it: a nested page table is of a layout that the
 * library does not know, and has an IOTLB of four numbers, which an invalidation sets to 0.
 */
#include <string.h>

#include "mock.h"

#define IOVA	   (32 * MIB)
#define DATA_TYPE  0xdead	/* IOMMU_HWPT_DATA_SELFTEST */
#define INV_TYPE   0xdeadbeef	/* IOMMU_HWPT_INVALIDATE_DATA_SELFTEST */
#define ENTRIES	   4u

struct world {
	struct ioasid_ctx *ctx;
	struct ioasid_space *root, *child;
	struct ioasid_inv *inv;
	uint8_t *memory;
	struct mock mock;
};

static struct ioasid_space *make_nested(struct world *w)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;

	options.parent = w->root;
	options.nesting = IOASID_NESTING_HARDWARE;
	ck_ok(ioasid_space_create(w->ctx, &options, &space));
	return space;
}

static bool world_open(struct world *w)
{
	if (!mock_ctx_open(&w->ctx))
		return false;
	w->root = make_space(w->ctx, NULL, 0);
	w->memory = memory_new(16 * PAGE);
	ck_ok(ioasid_space_map(w->root, IOVA, w->memory, 16 * PAGE, RW, NULL));
	w->child = make_nested(w);
	ck_ok(ioasid_inv_new(w->ctx, 0, &w->inv));
	mock_open(&w->mock, w->ctx, 0);
	return true;
}

static void world_close(struct world *w)
{
	mock_close(&w->mock);
	ioasid_inv_free(w->inv);
	ck_ok(ioasid_ctx_close(w->ctx));
	memory_free(w->memory, 16 * PAGE);
}

/* struct iommu_hwpt_selftest */
static int bind_value(struct ioasid_space *space, uint32_t value)
{
	const uint32_t data[2] = { value, 0 };

	return ioasid_space_bind_raw(space, DATA_TYPE, data, sizeof(data));
}

/* struct iommu_hwpt_invalidate_selftest */
static void add(struct world *w, uint32_t flags, uint32_t entry)
{
	const uint32_t inv[2] = { flags, entry };

	ck_ok(ioasid_inv_add_raw(w->inv, w->child, INV_TYPE, inv, sizeof(inv)));
}

/* Bit i of @gone: entry i has been invalidated; the others are @value. */
static void has(const struct mock *m, uint32_t value, unsigned int gone)
{
	unsigned int i;

	for (i = 0; i < ENTRIES; i++) {
		struct mock_command c = { .op = MOCK_CHECK_IOTLB, .id = m->page_table };

		c.u.w[0] = i;
		c.u.w[1] = gone >> i & 1 ? 0 : value;
		ck_assert_msg(!mock_command(m->iommu, &c), "entry %u of page table %u is not %#x",
			      i, m->page_table, c.u.w[1]);
	}
}

START_TEST(what_its_iommu_says)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	uint32_t type = 0, data[4] = { 9, 9, 9, 9 };
	size_t length = sizeof(data);
	struct world w;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_device_query_info(w.mock.device, &info));
	ck_assert(info.nesting_hardware);
	ck_assert_uint_eq(info.hardware_formats, 0);
	/* struct iommu_test_hw_info */
	ck_ok(ioasid_device_query_hw_info(w.mock.device, &type, data, &length));
	ck_assert_uint_eq(type, 0xfeedbeef);
	ck_assert_uint_eq(length, 8);
	ck_assert_uint_eq(data[1], 0xdeadbeef);
	ck_assert_uint_eq(data[2] | data[3], 0);
	type = 1;
	ck_err(ioasid_device_query_hw_info(w.mock.device, &type, data, &length), EOPNOTSUPP);
	world_close(&w);
}
END_TEST

START_TEST(bound_rebound_unbound)
{
	struct world w;
	uint32_t first;

	if (!world_open(&w))
		return;
	ck_ok(bind_value(w.child, 0x1234));
	ck_ok(ioasid_device_attach(w.mock.device, w.child));
	first = w.mock.page_table;
	has(&w.mock, 0x1234, 0);
	ck_ok(bind_value(w.child, 0x5678));
	ck_assert_uint_ne(w.mock.page_table, first);
	has(&w.mock, 0x5678, 0);
	/* of another type, or with what is not 0 and not known: what was bound stays */
	ck_err(ioasid_space_bind_raw(w.child, 1, "12345678", 8), EOPNOTSUPP);
	has(&w.mock, 0x5678, 0);
	ck_ok(ioasid_space_unbind_pgtable(w.child));
	ck_assert_uint_eq(w.mock.page_table, 0);
	ck_ok(bind_value(w.child, 0x9abc));
	has(&w.mock, 0x9abc, 0);
	ck_ok(ioasid_device_replace(w.mock.device, w.root));
	mock_leads_to(&w.mock, w.mock.page_table, IOVA, w.memory, PAGE);
	ck_ok(ioasid_device_replace(w.mock.device, w.child));
	has(&w.mock, 0x9abc, 0);
	ck_ok(ioasid_device_detach(w.mock.device));
	ck_ok(ioasid_space_destroy(w.child));
	ck_ok(ioasid_space_destroy(w.root));
	world_close(&w);
}
END_TEST

START_TEST(invalidations_in_order)
{
	struct world w;
	size_t n = 99;

	if (!world_open(&w))
		return;
	ck_ok(bind_value(w.child, 0x1234));
	ck_ok(ioasid_device_attach(w.mock.device, w.child));
	ck_ok(ioasid_space_probe_raw(w.child, INV_TYPE));
	ck_err(ioasid_space_probe_raw(w.child, 0xdadbeef), EOPNOTSUPP);
	has(&w.mock, 0x1234, 0);
	add(&w, 0, 2);
	add(&w, 0, 0);
	ck_ok(ioasid_inv_submit(w.inv, &n));
	ck_assert_uint_eq(n, 2);
	has(&w.mock, 0x1234, 5);
	/* the driver refuses the third: the first two are done, the last is not */
	ck_ok(bind_value(w.child, 0x4321));
	add(&w, 2, 0);
	add(&w, 0, 3);
	ck_err(ioasid_inv_submit(w.inv, &n), EINVAL);
	ck_assert_uint_eq(n, 2);
	has(&w.mock, 0x4321, 5);
	ioasid_inv_reset(w.inv);
	add(&w, 0, ENTRIES);
	ck_err(ioasid_inv_submit(w.inv, &n), EINVAL);
	ck_assert_uint_eq(n, 0);
	ioasid_inv_reset(w.inv);
	add(&w, 1, 0);		/* all */
	ck_ok(ioasid_inv_submit(w.inv, &n));
	has(&w.mock, 0x4321, 15);
	/* a range means nothing to it */
	ck_ok(ioasid_inv_add_all(w.inv, w.child, 0));
	ck_err(ioasid_inv_submit(w.inv, &n), EINVAL);
	ck_assert_uint_eq(n, 1);
	world_close(&w);
}
END_TEST

START_TEST(two_devices_and_two_spaces)
{
	struct ioasid_space *second;
	struct mock other;
	struct world w;

	if (!world_open(&w))
		return;
	mock_open(&other, w.ctx, 0);
	second = make_nested(&w);
	ck_ok(bind_value(w.child, 0x1111));
	ck_ok(bind_value(second, 0x2222));
	ck_ok(ioasid_device_attach(w.mock.device, w.child));
	ck_ok(ioasid_device_attach(other.device, w.child));
	ck_assert_uint_eq(w.mock.page_table, other.page_table);
	ck_ok(ioasid_device_replace(other.device, second));
	has(&other, 0x2222, 0);
	has(&w.mock, 0x1111, 0);
	add(&w, 1, 0);
	ck_ok(ioasid_inv_submit(w.inv, NULL));
	has(&w.mock, 0x1111, 15);
	has(&other, 0x2222, 0);
	/* the parent's mappings come and go below */
	ck_ok(ioasid_space_map(w.root, 2 * IOVA, w.memory, PAGE, IOASID_READ, NULL));
	ck_ok(ioasid_space_unmap_all(w.root, NULL));
	mock_close(&other);
	world_close(&w);
}
END_TEST

/* A page table of the guest's for a PASID, as it has them for processes. */
START_TEST(a_table_for_a_pasid)
{
	struct ioasid_space *process;
	struct mock m;
	struct world w;
	uint32_t without, with;

	if (!world_open(&w))
		return;
	if (lacks(w.ctx, IOASID_CAP_PASID)) {
		world_close(&w);
		return;
	}
	mock_open(&m, w.ctx, MOCK_PASID);
	process = make_nested(&w);
	ck_ok(bind_value(w.child, 0x1111));
	ck_ok(bind_value(process, 0x2222));
	ck_ok(ioasid_device_attach(m.device, w.child));
	has(&m, 0x1111, 0);
	ck_ok(ioasid_device_attach_pasid(m.device, 7, process));
	has(&m, 0x1111, 0);
	without = m.page_table;
	with = m.pasid_table;
	m.page_table = with;
	has(&m, 0x2222, 0);
	ck_ok(bind_value(process, 0x3333));
	ck_assert_uint_ne(m.pasid_table, with);
	m.page_table = m.pasid_table;
	has(&m, 0x3333, 0);
	m.page_table = without;
	has(&m, 0x1111, 0);
	ck_ok(ioasid_device_detach_pasid(m.device, 7));
	has(&m, 0x1111, 0);
	mock_close(&m);
	world_close(&w);
}
END_TEST

TCase *mock_nested(void)
{
	TCase *tc = tcase_create("nested");

	tcase_add_test(tc, what_its_iommu_says);
	tcase_add_test(tc, bound_rebound_unbound);
	tcase_add_test(tc, invalidations_in_order);
	tcase_add_test(tc, two_devices_and_two_spaces);
	tcase_add_test(tc, a_table_for_a_pasid);
	return tc;
}
