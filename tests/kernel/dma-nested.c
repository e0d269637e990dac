/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest's page table, merged in software: the device goes where it last said. */
#include "../guest_tables.h"
#include "dma.h"

/* In the root: the guest's memory from address 0, tables in its first part. */
#define TABLES (8 * PAGE)
#define IOVA   UINT64_C(0x12345000)

struct nested {
	struct machine m;
	struct engine e;
	struct ioasid_space *child;
	struct guest_table table;
};

/* False, if that is what the back end lacks. */
static bool nested_open(struct nested *n)
{
	machine_open(&n->m);
	if (lacks(n->m.ctx, IOASID_CAP_USER_PGTABLE)) {
		machine_close(&n->m);
		return false;
	}
	n->e = engine_open(&n->m, EDU_ALONE);
	ck_ok(ioasid_space_map(n->m.space, 0, n->m.memory, MEMORY, RW, NULL));
	n->child = make_space(n->m.ctx, n->m.space, 0);
	/* three levels: within 39 bits, QEMU's default width */
	gt_init(&n->table, IOASID_PGTABLE_VTD_SS, 3, n->m.memory, 0, 0, TABLES);
	ck_ok(bind_table(n->child, IOASID_PGTABLE_VTD_SS, 3, n->table.root));
	return true;
}

static void nested_close(struct nested *n)
{
	engine_close(&n->e);
	machine_close(&n->m);
}

START_TEST(nested_table_is_followed)
{
	struct nested n;
	uint8_t *data;

	if (!nested_open(&n))
		return;
	data = n.m.memory + TABLES;
	gt_map(&n.table, IOVA, TABLES, 2 * PAGE, 1, RW);
	ck_ok(inv_range(n.m.ctx, n.child, IOVA, 2 * PAGE));
	ck_ok(ioasid_device_attach(n.e.device, n.child));
	reaches(&n.m, &n.e, IOVA, data, RW);
	reaches(&n.m, &n.e, IOVA + PAGE, data + PAGE, RW);
	/* elsewhere */
	gt_map(&n.table, IOVA + PAGE, TABLES + 4 * PAGE, PAGE, 1, RW);
	ck_ok(inv_range(n.m.ctx, n.child, IOVA + PAGE, PAGE));
	reaches(&n.m, &n.e, IOVA + PAGE, data + 4 * PAGE, RW);
	reaches(&n.m, &n.e, IOVA, data, RW);
	no_faults(&n.m);
	/* nowhere */
	gt_unmap(&n.table, IOVA + PAGE, PAGE, 1);
	ck_ok(inv_range(n.m.ctx, n.child, IOVA + PAGE, PAGE));
	blocked(&n.m, &n.e, IOVA + PAGE, data + 4 * PAGE);
	reaches(&n.m, &n.e, IOVA, data, RW);
	nested_close(&n);
}
END_TEST

START_TEST(nested_permissions_of_both_levels)
{
	struct nested n;

	if (!nested_open(&n))
		return;
	gt_map(&n.table, IOVA, TABLES, PAGE, 1, IOASID_READ);
	ck_ok(inv_all(n.m.ctx, n.child));
	ck_ok(ioasid_device_attach(n.e.device, n.child));
	reaches(&n.m, &n.e, IOVA, n.m.memory + TABLES, IOASID_READ);
	nested_close(&n);
}
END_TEST

/* What the parent gives up is out of reach when it returns, and works when it is there again. */
START_TEST(nested_parent_changes)
{
	const uint64_t high = 64 * PAGE;
	struct ioasid_mapping *m;
	struct nested n;
	uint8_t *data;

	if (!nested_open(&n))
		return;
	data = n.m.memory + TABLES;
	gt_map(&n.table, IOVA, high, PAGE, 1, RW);
	ck_ok(inv_all(n.m.ctx, n.child));
	ck_ok(ioasid_device_attach(n.e.device, n.child));
	blocked(&n.m, &n.e, IOVA, data);
	ck_ok(ioasid_space_map(n.m.space, high, data, PAGE, RW, &m));
	reaches(&n.m, &n.e, IOVA, data, RW);
	ck_ok(ioasid_mapping_unmap(m));
	blocked(&n.m, &n.e, IOVA, data);
	nested_close(&n);
}
END_TEST

/* A space on the nested one; the middle one has a table, the last mappings. */
START_TEST(nested_twice)
{
	struct ioasid_space *deep;
	struct nested n;
	uint8_t *data;

	if (!nested_open(&n))
		return;
	data = n.m.memory + TABLES;
	deep = make_space(n.m.ctx, n.child, 0);
	gt_map(&n.table, IOVA, TABLES, 2 * PAGE, 1, RW);
	ck_ok(inv_all(n.m.ctx, n.child));
	ck_ok(ioasid_space_map_parent(deep, PAGE, IOVA + PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(n.e.device, deep));
	reaches(&n.m, &n.e, PAGE, data + PAGE, RW);
	gt_map(&n.table, IOVA + PAGE, TABLES + 3 * PAGE, PAGE, 1, RW);
	ck_ok(inv_range(n.m.ctx, n.child, IOVA + PAGE, PAGE));
	reaches(&n.m, &n.e, PAGE, data + 3 * PAGE, RW);
	no_faults(&n.m);
	nested_close(&n);
}
END_TEST

TCase *dma_nested(void)
{
	TCase *tc = tcase_create("nested");

	tcase_add_test(tc, nested_table_is_followed);
	tcase_add_test(tc, nested_permissions_of_both_levels);
	tcase_add_test(tc, nested_parent_changes);
	tcase_add_test(tc, nested_twice);
	return tc;
}
