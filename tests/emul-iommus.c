/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Emulated IOMMUs that cannot do everything, and what then is refused. */
#include <string.h>

#include "guest_tables.h"
#include "pasid_world.h"
#include "support.h"

/*
 * dev0: all; dev1: no nesting; dev2: second stage only; dev3: 39 bits; dev4 and dev5: a group with
 * PASIDs.
 */
static const char text[] =
	"iommu all address-bits=57 pasid-bits=8\n"
	"iommu flat nesting=none\n"
	"iommu second formats=vtd-ss\n"
	"iommu narrow address-bits=39\n"
	"device dev0 iommu=all\n"
	"device dev1 iommu=flat\n"
	"device dev2 iommu=second\n"
	"device dev3 iommu=narrow\n"
	"device dev4 iommu=all group=7 pasid-bits=8\n"
	"device dev5 iommu=all group=7 pasid-bits=8\n";

#define DEVICES 6
#define SIZE (8 * MIB)

struct various {
	struct ioasid_ctx *ctx;
	struct ioasid_device *device[DEVICES];
	struct ioasid_space *root, *child;
	uint8_t *memory;
};

static void open_various(struct various *v)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_platform *platform;
	char name[] = "dev0";
	int i;

	ck_ok(ioasid_platform_parse(text, strlen(text), &platform));
	options.backend = "emulated";
	options.platform = platform;
	ck_ok(ioasid_ctx_open(&options, &v->ctx));
	ioasid_platform_free(platform);
	for (i = 0; i < DEVICES; i++, name[3]++)
		ck_ok(ioasid_device_bind(v->ctx, name, 0, &v->device[i]));
	v->memory = memory_new(SIZE);
	v->root = make_space(v->ctx, NULL, 0);
	ck_ok(ioasid_space_map(v->root, 0, v->memory, SIZE, RW, NULL));
	v->child = make_space(v->ctx, v->root, 0);
}

static void close_various(struct various *v)
{
	ck_ok(ioasid_ctx_close(v->ctx));
	memory_free(v->memory, SIZE);
}

/* Attached first or bound first: the device does not get what its IOMMU cannot do. */
static void refuses(int dev, enum ioasid_pgtable_format format, uint32_t levels)
{
	struct ioasid_device *d, *all;
	struct various v;

	open_various(&v);
	d = v.device[dev];
	all = v.device[0];
	ck_ok(bind_table(v.child, format, levels, 0));
	ck_err(ioasid_device_attach(d, v.child), EOPNOTSUPP);
	ck_assert_ptr_null(ioasid_device_get_space(d));
	ck_ok(ioasid_device_attach(d, v.root));
	ck_err(ioasid_device_replace(d, v.child), EOPNOTSUPP);
	ck_assert_ptr_eq(ioasid_device_get_space(d), v.root);
	ck_ok(ioasid_device_attach(all, v.child));

	ck_ok(ioasid_space_unbind_pgtable(v.child));
	ck_ok(ioasid_device_replace(d, v.child));
	ck_err(bind_table(v.child, format, levels, 0), EOPNOTSUPP);
	ck_assert(!space_info(v.child).pgtable_bound);
	ck_ok(ioasid_device_detach(d));
	ck_ok(bind_table(v.child, format, levels, 0));
	close_various(&v);
}

START_TEST(format_that_the_iommu_lacks)
{
	refuses(2, IOASID_PGTABLE_VTD_FS, 4);
}
END_TEST

START_TEST(table_wider_than_the_iommu)
{
	refuses(3, IOASID_PGTABLE_VTD_SS, 4);
}
END_TEST

START_TEST(table_as_wide_as_the_iommu)
{
	struct various v;

	open_various(&v);
	ck_ok(bind_table(v.child, IOASID_PGTABLE_VTD_SS, 3, 0));
	ck_ok(ioasid_device_attach(v.device[3], v.child));
	ck_ok(ioasid_device_attach(v.device[2], v.child));
	close_various(&v);
}
END_TEST

START_TEST(iommu_that_does_not_nest)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct various v;

	open_various(&v);
	ck_ok(ioasid_device_query_info(v.device[1], &info));
	ck_assert(!info.nesting_software);
	ck_assert_uint_eq(info.pgtable_formats, 0);
	ck_err(ioasid_device_attach(v.device[1], v.child), EOPNOTSUPP);
	ck_ok(ioasid_device_attach(v.device[1], v.root));
	ck_err(ioasid_device_replace(v.device[1], v.child), EOPNOTSUPP);
	ck_assert_ptr_eq(ioasid_device_get_space(v.device[1]), v.root);
	close_various(&v);
}
END_TEST

/* A PASID is the device's own: others of its group keep theirs. */
START_TEST(pasid_of_one_device_of_a_group_moves_alone)
{
	struct ioasid_channel *mine, *other;
	struct ioasid_space *second;
	struct various v;

	open_various(&v);
	second = make_space(v.ctx, NULL, 0);
	ck_ok(ioasid_space_map(second, 0, v.memory + PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach_pasid(v.device[4], 3, v.root));
	ck_ok(ioasid_device_attach_pasid(v.device[5], 3, v.root));
	mine = channel_new(v.device[4], 3);
	other = channel_new(v.device[5], 3);
	ck_ok(ioasid_device_replace_pasid(v.device[4], 3, second));
	ck_assert_ptr_eq(dma_where(mine, 0, RW), v.memory + PAGE);
	ck_assert_ptr_eq(dma_where(other, 0, RW), v.memory);
	ck_ok(ioasid_device_replace_pasid(v.device[5], 3, second));
	ck_assert_ptr_eq(dma_where(other, 0, RW), v.memory + PAGE);
	close_various(&v);
}
END_TEST

/* What a device has reserved below all others is free again when it has gone. */
START_TEST(lowest_place_with_and_without_a_device)
{
	struct ioasid_ctx *ctx = open_platform("iommu iommu0\n"
					       "device dev0 iommu=iommu0\n"
					       "reserved dev0 0x1000 0x3000\n");
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	struct ioasid_device *device = bind(ctx, "dev0");
	static const uint64_t expected[] = { 0x4000, 0x5000, 0x1000, 0x2000 };
	uint8_t *memory = memory_new(PAGE);
	struct ioasid_mapping *m;
	unsigned int i;

	ck_ok(ioasid_device_attach(device, space));
	for (i = 0; i < 4; i++) {
		if (i == 2)
			ck_ok(ioasid_device_detach(device));
		ck_ok(ioasid_space_map(space, 0, memory, PAGE, RW | IOASID_ANY_IOVA, &m));
		ck_assert_uint_eq(ioasid_mapping_get_iova(m), expected[i]);
	}
	ck_ok(ioasid_ctx_close(ctx));
	memory_free(memory, PAGE);
}
END_TEST

static void expect_ranges(const struct ioasid_range *got, size_t n_got,
			  const struct ioasid_range *expected, size_t n)
{
	size_t i;

	ck_assert_uint_eq(n_got, n);
	for (i = 0; i < n; i++) {
		ck_assert_uint_eq(got[i].start, expected[i].start);
		ck_assert_uint_eq(got[i].length, expected[i].length);
	}
}

/* Of two devices: some lie apart, some touch, overlap, and hold one another. */
START_TEST(reserved_ranges_are_told_as_a_whole)
{
	struct ioasid_ctx *ctx = open_platform("iommu iommu0 address-bits=32\n"
					       "device dev0 iommu=iommu0\n"
					       "reserved dev0 0x2000 0x1000\n"
					       "reserved dev0 0x3000 0x2000\n"
					       "reserved dev0 0x10000 0x4000\n"
					       "reserved dev0 0x20000 0x10000\n"
					       "reserved dev0 0xffff0000 0x10000\n"
					       "device dev1 iommu=iommu0\n"
					       "reserved dev1 0x13000 0x2000\n"
					       "reserved dev1 0x22000 0x1000\n"
					       "reserved dev1 0x40000 0x1000\n");
	static const struct ioasid_range reserved[] = {
		{ 0x2000, 0x3000 }, { 0x10000, 0x5000 }, { 0x20000, 0x10000 }, { 0x40000, 0x1000 },
		{ 0xffff0000, UINT64_MAX - 0xfffeffff },
	};
	static const struct ioasid_range permitted[] = {
		{ 0, 0x2000 }, { 0x5000, 0xb000 }, { 0x15000, 0xb000 }, { 0x30000, 0x10000 },
		{ 0x41000, 0xfffaf000 },
	};
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	struct ioasid_range got[8];

	ck_ok(ioasid_device_attach(bind(ctx, "dev0"), space));
	ck_ok(ioasid_device_attach(bind(ctx, "dev1"), space));
	expect_ranges(got, ioasid_space_query_reserved(space, got, 8), reserved, 5);
	expect_ranges(got, ioasid_space_query_permitted(space, got, 8), permitted, 5);
	ck_ok(ioasid_ctx_close(ctx));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("iommus");
	TCase *tc = tcase_create("iommus");

	tcase_add_test(tc, format_that_the_iommu_lacks);
	tcase_add_test(tc, table_wider_than_the_iommu);
	tcase_add_test(tc, table_as_wide_as_the_iommu);
	tcase_add_test(tc, iommu_that_does_not_nest);
	tcase_add_test(tc, pasid_of_one_device_of_a_group_moves_alone);
	tcase_add_test(tc, lowest_place_with_and_without_a_device);
	tcase_add_test(tc, reserved_ranges_are_told_as_a_whole);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
