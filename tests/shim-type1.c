/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The type1 back end: which ioctls it makes, byte for byte, and none beyond them. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "shim_type1_ctx.h"

#define VA(n) ((void *)(uintptr_t)(n))

static struct ioasid_device *device;

static struct ioasid_ctx *open_type1(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_ctx *new;

	options.backend = "type1";
	ck_ok(ioasid_ctx_open(&options, &new));
	return new;
}

static void setup(void)
{
	type1_setup();
	device = bind(0);
}

/* The container of @group has exactly this. */
static void has_entries(uint32_t group, const struct shim_entry *expected, unsigned int n)
{
	const struct shim_entry *e;
	unsigned int i, count = shim_entries(group, &e);

	ck_assert_uint_eq(count, n);
	for (i = 0; i < n; i++, e++, expected++)
		ck_assert_msg(e->iova == expected->iova && e->size == expected->size &&
				      e->vaddr == expected->vaddr && e->flags == expected->flags,
			      "group %u: entry %u is %#jx + %#jx -> %#jx, flags %u", group, i,
			      (uintmax_t)e->iova, (uintmax_t)e->size, (uintmax_t)e->vaddr,
			      e->flags);
}

START_TEST(opening_asks_what_the_kernel_has)
{
	struct ioasid_ctx *another;
	int fd;

	shim_forget();
	another = open_type1();
	fd = shim.calls[0].fd;
	expect(fd, SHIM_API_VERSION, 0);
	expect(fd, SHIM_CHECK_EXTENSION, U64(3));
	expect(fd, SHIM_CHECK_EXTENSION, U64(9));
	expect_end();
	ck_assert_uint_eq(shim_open_fds(), 3);	/* the group, container and device of setup() */
	ck_ok(ioasid_ctx_close(another));
	expect_end();
}
END_TEST

START_TEST(devices_of_a_group_have_its_descriptor)
{
	struct ioasid_device *a = bind(2), *b = bind(3);

	ck_assert_int_eq(ioasid_device_get_group_fd(device), shim_group_fd(1));
	ck_assert_int_eq(ioasid_device_get_group_fd(a), shim_group_fd(7));
	ck_assert_int_eq(ioasid_device_get_group_fd(b), shim_group_fd(7));
	ck_ok(ioasid_device_unbind(a));
	ck_assert_int_eq(ioasid_device_get_group_fd(b), shim_group_fd(7));
}
END_TEST

START_TEST(bind_isolates_the_group_and_takes_the_device)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_device *d;
	int group, container;
	uint32_t name[3];

	ck_ok(ioasid_device_bind(ctx, "0000:03:1f.7", 5, &d));
	group = shim_group_fd(2);
	container = shim_container_fd(2);
	memcpy(name, "0000:03:1f.7", sizeof(name));
	expect(group, SHIM_GET_STATUS, 8, 0);
	expect(group, SHIM_SET_CONTAINER, (uint32_t)container);
	expect(container, SHIM_SET_IOMMU, U64(3));
	expect(group, SHIM_GET_DEVICE_FD, name[0], name[1], name[2]);
	expect(container, SHIM_GET_INFO, 1024, 0, 0, 0, 0, 0);
	expect(container, SHIM_CHECK_EXTENSION, U64(4));
	expect_end();
	ck_assert_int_eq(ioasid_device_get_fd(d), shim_device_fd(1));
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert_uint_eq(info.requester, 0x3ff);
	ck_assert_uint_eq(info.group, 2);
	ck_assert_uint_eq(info.address_bits, 39);
	ck_assert_uint_eq(info.page_sizes, 0x40201000);
	ck_assert_uint_eq(info.max_mappings, 16);
	ck_assert(info.coherent && info.nesting_software && !info.pasid_bits);
	has_entries(2, NULL, 0);
	ck_ok(ioasid_device_unbind(d));
	expect_end();
	ck_assert_uint_eq(shim_open_fds(), 3);
}
END_TEST

/* VFIO_DMA_CC_IOMMU of the group's container decides. */
START_TEST(snooping_is_enforced_where_the_kernel_says_so)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_space *on, *none = NULL;
	struct ioasid_device *d;

	options.enforce_snoop = IOASID_ENFORCE_SNOOP_OFF;
	ck_err(ioasid_space_create(ctx, &options, &none), EOPNOTSUPP);
	options.enforce_snoop = IOASID_ENFORCE_SNOOP_ON;
	ck_ok(ioasid_space_create(ctx, &options, &on));
	ck_ok(ioasid_device_query_info(device, &info));
	ck_assert(info.enforce_snoop);
	ck_ok(ioasid_device_attach(device, on));
	shim_t1.no_snoop_control = true;
	ck_ok(ioasid_device_bind(ctx, "0000:03:1f.7", 5, &d));
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert(!info.enforce_snoop);
	shim_forget();
	ck_err(ioasid_device_attach(d, on), EOPNOTSUPP);
	expect_end();
}
END_TEST

static void check_reserved(const struct ioasid_device *d, const struct ioasid_range *expected,
			   size_t n)
{
	struct ioasid_range ranges[8] = { { 0 } };
	size_t i;

	ck_assert_uint_eq(ioasid_device_query_reserved(d, ranges, 8), n);
	for (i = 0; i < n; i++)
		ck_assert_msg(ranges[i].start == expected[i].start &&
			      ranges[i].length == expected[i].length, "%zu: %#jx + %#jx", i,
			      (uintmax_t)ranges[i].start, (uintmax_t)ranges[i].length);
}

/* A device that is bound now. */
static void bound_has(unsigned int bits, const struct ioasid_range *reserved, size_t n)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_device *d = bind(1);

	check_reserved(d, reserved, n);
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert_uint_eq(info.address_bits, bits);
	ck_ok(ioasid_device_unbind(d));
}

START_TEST(reserved_is_what_lies_between_the_ranges)
{
	static const struct ioasid_range msi[] = { { 0xfee00000, 0x100000 } };
	static const struct ioasid_range holes[] = {
		{ 0, 0x1000 }, { 0x8000, 0x1000 }, { 0x7ffff000, 0x1000 },
	};

	check_reserved(device, msi, 1);
	shim_t1.ranges[0] = (struct shim_range){ 0x1000, 0x7fff };
	shim_t1.ranges[1] = (struct shim_range){ 0x9000, 0x7fffefff };
	bound_has(31, holes, 3);
	shim_t1.ranges[0] = (struct shim_range){ 0, UINT64_MAX };
	shim_t1.n_ranges = 1;
	bound_has(64, NULL, 0);
}
END_TEST

/* Linux before 6.12 tells 57 bits of any unit of VT-d's; sysfs has the unit's register. */
START_TEST(ranges_end_where_the_unit_does)
{
	static const struct ioasid_range msi[] = { { 0xfee00000, 0x100000 } };
	static const struct ioasid_range high[] = { { 0x100000000, 0x100000000 } };
	static const struct ioasid_range hole[] = { { 0x100000000, 0x300000000 } };

	shim_t1.ranges[1].last = (UINT64_C(1) << 57) - 1;
	shim.vtd_cap = "c0000020e60262\n";
	bound_has(39, msi, 1);
	/* MGAW and SAGAW are 33 and 39 bits; what begins behind them is none of its ranges */
	shim_t1.ranges[0].last = UINT32_MAX;
	shim_t1.ranges[1].first = UINT64_C(1) << 34;
	shim.vtd_cap = "200200\n";
	bound_has(33, high, 1);
	/* no such unit */
	shim.vtd_cap = NULL;
	bound_has(57, hole, 1);
}
END_TEST

START_TEST(attach_maps_what_the_space_has)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	const int container = shim_container_fd(1);
	void *a = VA(0x123456789000);
	struct ioasid_mapping *m;

	/* Nobody has to be asked: nothing uses it yet, and what is there need not exist. */
	ck_ok(ioasid_space_map(space, 0x2fffff000, a, 0x100002000, RW, NULL));
	ck_ok(ioasid_space_map(space, 0x1000, VA(0x7000), 0x1000, IOASID_READ, &m));
	expect_end();
	ck_ok(ioasid_device_attach(device, space));
	expect(container, SHIM_MAP_DMA, 32, 1, U64(0x7000), U64(0x1000), U64(0x1000));
	expect(container, SHIM_MAP_DMA, 32, 3, U64((uintptr_t)a), U64(0x2fffff000),
	       U64(0x100002000));
	expect_end();
	ck_ok(ioasid_mapping_unmap(m));
	expect(container, SHIM_UNMAP_DMA, 24, 0, U64(0x1000), U64(0x1000));
	ck_ok(ioasid_space_map(space, 0x8000, VA(0x9000), 0x2000, IOASID_WRITE, NULL));
	expect(container, SHIM_MAP_DMA, 32, 2, U64(0x9000), U64(0x8000), U64(0x2000));
	expect_end();
	ck_ok(ioasid_device_detach(device));
	expect(container, SHIM_UNMAP_DMA, 24, 2, U64(0), U64(0));
	expect_end();
	ck_ok(ioasid_device_detach(device));
	ck_ok(ioasid_space_destroy(space));
	expect_end();
}
END_TEST

START_TEST(detach_where_nothing_is_mapped_is_free)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0);

	ck_ok(ioasid_device_attach(device, space));
	ck_ok(ioasid_device_detach(device));
	ck_ok(ioasid_device_attach(device, space));
	ck_ok(ioasid_space_map(space, 0x1000, VA(0x7000), 0x1000, RW, NULL));
	ck_ok(ioasid_space_unmap_all(space, NULL));
	shim_forget();
	ck_ok(ioasid_device_detach(device));
	expect_end();
}
END_TEST

START_TEST(before_unmap_all_each_goes_by_itself)
{
	struct ioasid_space *space;
	int container;

	ck_ok(ioasid_ctx_close(ctx));
	shim_t1.no_unmap_all = true;
	ctx = open_type1();
	device = bind(0);
	container = shim_container_fd(1);
	space = make_space(ctx, NULL, 0);
	ck_ok(ioasid_space_map(space, 0x1000, VA(0x7000), 0x1000, RW, NULL));
	ck_ok(ioasid_space_map(space, 0x5000, VA(0x7000), 0x1000, RW, NULL));
	ck_ok(ioasid_device_attach(device, space));
	shim_forget();
	ck_ok(ioasid_device_detach(device));
	expect(container, SHIM_UNMAP_DMA, 24, 0, U64(0x1000), U64(0x1000));
	expect(container, SHIM_UNMAP_DMA, 24, 0, U64(0x5000), U64(0x1000));
	expect_end();
	has_entries(1, NULL, 0);
}
END_TEST

/* What both spaces have in the same place is not touched, and the device's descriptor stays. */
START_TEST(replace_exchanges_what_differs)
{
	struct ioasid_space *old = make_space(ctx, NULL, 0), *new = make_space(ctx, NULL, 0);
	const int container = shim_container_fd(1), fd = ioasid_device_get_fd(device);
	uint8_t *memory = memory_new(2 * PAGE);

	ck_ok(ioasid_space_map(old, 0x1000, VA(0x7000), PAGE, RW, NULL));
	ck_ok(ioasid_space_map(old, 0x3000, VA(0x7000), PAGE, RW, NULL));
	ck_ok(ioasid_space_map(old, 0x5000, VA(0x7000), PAGE, RW, NULL));
	ck_ok(ioasid_space_map(old, 0x7000, VA(0x7000), PAGE, RW, NULL));
	ck_ok(ioasid_space_map(new, 0x1000, VA(0x7000), PAGE, RW, NULL));
	ck_ok(ioasid_space_map(new, 0x3000, memory, PAGE, IOASID_READ, NULL));	/* other memory */
	ck_ok(ioasid_space_map(new, 0x7000, memory, 2 * PAGE, RW, NULL));	/* longer */
	ck_ok(ioasid_device_attach(device, old));
	shim_forget();
	ck_ok(ioasid_device_replace(device, new));
	expect(container, SHIM_UNMAP_DMA, 24, 0, U64(0x3000), U64(PAGE));
	expect(container, SHIM_UNMAP_DMA, 24, 0, U64(0x5000), U64(PAGE));
	expect(container, SHIM_UNMAP_DMA, 24, 0, U64(0x7000), U64(PAGE));
	expect(container, SHIM_MAP_DMA, 32, 1, U64((uintptr_t)memory), U64(0x3000), U64(PAGE));
	expect(container, SHIM_MAP_DMA, 32, 3, U64((uintptr_t)memory), U64(0x7000), U64(2 * PAGE));
	expect_end();
	ck_ok(ioasid_device_replace(device, new));
	ck_ok(ioasid_device_attach(device, new));
	expect_end();
	ck_ok(ioasid_space_destroy(old));
	expect_end();
	ck_assert_int_eq(ioasid_device_get_fd(device), fd);
	ck_ok(ioasid_device_detach(device));
	memory_free(memory, 2 * PAGE);
}
END_TEST

/* A group has one container; its second device costs a descriptor and nothing else. */
START_TEST(groups_move_as_one)
{
	uint8_t *memory = memory_new(PAGE);
	const struct shim_entry one_has[] = { { 0x1000, PAGE, (uintptr_t)memory, 3 } };
	struct ioasid_space *one = make_space(ctx, NULL, 0), *two = make_space(ctx, NULL, 0);
	struct ioasid_device *a = bind(2), *b;
	uint32_t name[3];

	ck_ok(ioasid_space_map(one, 0x1000, memory, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(a, one));
	shim_forget();
	memcpy(name, "0000:05:00.1", sizeof(name));
	ck_ok(ioasid_device_bind(ctx, "0000:05:00.1", 0, &b));
	expect(shim_group_fd(7), SHIM_GET_DEVICE_FD, name[0], name[1], name[2]);
	ck_ok(ioasid_device_attach(b, one));
	expect_end();
	ck_ok(ioasid_device_detach(a));
	expect_end();
	has_entries(7, one_has, 1);
	ck_err(ioasid_device_attach(a, two), EINVAL);
	ck_ok(ioasid_device_replace(b, two));
	has_entries(7, NULL, 0);
	ck_ok(ioasid_device_replace(b, one));
	has_entries(7, one_has, 1);
	ck_ok(ioasid_device_unbind(b));
	has_entries(7, NULL, 0);
	ck_ok(ioasid_device_unbind(a));
	ck_assert_int_eq(shim_group_fd(7), 0);
	memory_free(memory, PAGE);
}
END_TEST

/* Each group of a space has its mappings in a container of its own. */
START_TEST(a_space_can_have_several_groups)
{
	static const struct shim_entry both[] = {
		{ 0x1000, PAGE, 0x7000, 3 }, { 0x4000, PAGE, 0x9000, 1 },
	};
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	struct ioasid_device *other = bind(1);

	ck_ok(ioasid_space_map(space, 0x1000, VA(0x7000), PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(device, space));
	ck_ok(ioasid_device_attach(other, space));
	ck_ok(ioasid_space_map(space, 0x4000, VA(0x9000), PAGE, IOASID_READ, NULL));
	has_entries(1, both, 2);
	has_entries(2, both, 2);
	ck_ok(ioasid_space_unmap(space, 0x4000, PAGE, NULL));
	has_entries(1, both, 1);
	has_entries(2, both, 1);
	ck_ok(ioasid_device_detach(device));
	has_entries(1, NULL, 0);
	has_entries(2, both, 1);
}
END_TEST

START_TEST(files_and_copies_are_mapped_by_address)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0), *copy = make_space(ctx, NULL, 0);
	int fd = memfd_new(4 * PAGE, F_SEAL_SHRINK);
	const struct shim_entry *entries;
	uint64_t va;

	ck_ok(ioasid_device_attach(device, space));
	ck_ok(ioasid_space_map_file(space, 0x10000, fd, PAGE, 2 * PAGE, RW, NULL));
	ck_assert_uint_eq(shim_entries(1, &entries), 1);
	ck_assert_uint_eq(entries[0].size, 2 * PAGE);
	va = entries[0].vaddr;
	/* its pages hold their number */
	ck_assert_uint_eq(le32toh(*(uint32_t *)(uintptr_t)va), 1);
	ck_ok(ioasid_space_map_copy(copy, 0x50000, space, 0x11000, PAGE, IOASID_READ, NULL));
	ck_ok(ioasid_device_replace(device, copy));
	ck_assert_uint_eq(shim_entries(1, &entries), 1);
	ck_assert_uint_eq(entries[0].vaddr, va + PAGE);
	close(fd);
}
END_TEST

START_TEST(closing_takes_everything_along)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	const int container = shim_container_fd(1);

	ck_ok(ioasid_space_map(space, 0x1000, VA(0x7000), 0x1000, RW, NULL));
	ck_ok(ioasid_device_attach(device, space));
	shim_forget();
	ck_ok(ioasid_ctx_close(ctx));
	expect(container, SHIM_UNMAP_DMA, 24, 2, U64(0), U64(0));
	expect_end();
	ck_assert_uint_eq(shim_open_fds(), 0);
	ctx = open_type1();	/* for the teardown */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-type1");
	TCase *tc = tcase_create("calls");

	tcase_add_checked_fixture(tc, setup, type1_teardown);
	tcase_add_test(tc, opening_asks_what_the_kernel_has);
	tcase_add_test(tc, snooping_is_enforced_where_the_kernel_says_so);
	tcase_add_test(tc, devices_of_a_group_have_its_descriptor);
	tcase_add_test(tc, bind_isolates_the_group_and_takes_the_device);
	tcase_add_test(tc, reserved_is_what_lies_between_the_ranges);
	tcase_add_test(tc, ranges_end_where_the_unit_does);
	tcase_add_test(tc, attach_maps_what_the_space_has);
	tcase_add_test(tc, detach_where_nothing_is_mapped_is_free);
	tcase_add_test(tc, before_unmap_all_each_goes_by_itself);
	tcase_add_test(tc, replace_exchanges_what_differs);
	tcase_add_test(tc, groups_move_as_one);
	tcase_add_test(tc, a_space_can_have_several_groups);
	tcase_add_test(tc, files_and_copies_are_mapped_by_address);
	tcase_add_test(tc, closing_takes_everything_along);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
