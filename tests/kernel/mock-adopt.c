/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices that another framework has bound, on the kernel's own IOMMUs for tests. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mock.h"

#define IOVA (32 * MIB)

/* A context, two roots, memory, and a device. */
struct world {
	struct ioasid_ctx *ctx;
	struct ioasid_space *one, *two;
	uint8_t *memory;
	struct mock mock;
};

#define MEMORY (16 * PAGE)

static bool world_open(struct world *w)
{
	if (!mock_ctx_open(&w->ctx))
		return false;
	w->one = make_space(w->ctx, NULL, 0);
	w->two = make_space(w->ctx, NULL, 0);
	w->memory = memory_new(MEMORY);
	mock_open(&w->mock, w->ctx, 0);
	return true;
}

static void world_close(struct world *w)
{
	mock_close(&w->mock);
	ck_ok(ioasid_ctx_close(w->ctx));
	memory_free(w->memory, MEMORY);
}

static void leads_to(struct world *w, uint64_t iova, uint64_t offset, uint64_t length)
{
	mock_leads_to(&w->mock, w->mock.page_table, iova, w->memory + offset, length);
}

static void leads_elsewhere(struct world *w, uint64_t iova, uint64_t offset)
{
	mock_leads_elsewhere(&w->mock, w->mock.page_table, iova, w->memory + offset);
}

START_TEST(its_iommu_says_what_it_translates)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_range range = { 0 };
	struct world w;
	uint32_t id;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_device_query_info(w.mock.device, &info));
	ck_assert_uint_eq(info.address_bits, 31);
	ck_assert(info.page_sizes & PAGE / 2);
	ck_assert_uint_eq(ioasid_device_query_reserved(w.mock.device, &range, 1), 1);
	ck_assert(range.start == 0 && range.length == MOCK_START);
	ck_ok(ioasid_device_get_kernel_id(w.mock.device, &id));
	ck_assert_uint_eq(id, w.mock.id);
	ck_assert_uint_eq(w.mock.calls, 0);
	world_close(&w);
}
END_TEST

START_TEST(maps_are_seen_by_the_iommu)
{
	struct ioasid_mapping *m;
	struct world w;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_space_map(w.one, IOVA, w.memory, 4 * PAGE, RW, &m));
	ck_ok(ioasid_device_attach(w.mock.device, w.one));
	leads_to(&w, IOVA, 0, 4 * PAGE);
	leads_elsewhere(&w, IOVA + 4 * PAGE, 4 * PAGE);
	ck_ok(ioasid_space_map(w.one, IOVA + 4 * PAGE, w.memory + 4 * PAGE, PAGE, RW, NULL));
	leads_to(&w, IOVA + 4 * PAGE, 4 * PAGE, PAGE);
	ck_ok(ioasid_mapping_unmap(m));
	leads_elsewhere(&w, IOVA, 0);
	leads_to(&w, IOVA + 4 * PAGE, 4 * PAGE, PAGE);
	world_close(&w);
}
END_TEST

START_TEST(replace_moves_and_detach_blocks)
{
	struct world w;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_space_map(w.one, IOVA, w.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(w.two, IOVA, w.memory + PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(w.mock.device, w.one));
	leads_to(&w, IOVA, 0, PAGE);
	ck_ok(ioasid_device_replace(w.mock.device, w.two));
	leads_to(&w, IOVA, PAGE, PAGE);
	ck_ok(ioasid_device_detach(w.mock.device));
	ck_assert_uint_eq(w.mock.page_table, 0);
	ck_assert_uint_eq(w.mock.calls, 3);
	ck_ok(ioasid_device_attach(w.mock.device, w.one));
	leads_to(&w, IOVA, 0, PAGE);
	world_close(&w);
}
END_TEST

START_TEST(two_devices_in_one_space)
{
	struct mock other;
	struct world w;

	if (!world_open(&w))
		return;
	mock_open(&other, w.ctx, 0);
	ck_ok(ioasid_device_attach(w.mock.device, w.one));
	ck_ok(ioasid_device_attach(other.device, w.one));
	ck_ok(ioasid_space_map(w.one, IOVA, w.memory, PAGE, RW, NULL));
	leads_to(&w, IOVA, 0, PAGE);
	mock_leads_to(&other, other.page_table, IOVA, w.memory, PAGE);
	ck_ok(ioasid_device_replace(other.device, w.two));
	mock_leads_elsewhere(&other, other.page_table, IOVA, w.memory);
	leads_to(&w, IOVA, 0, PAGE);
	mock_close(&other);
	world_close(&w);
}
END_TEST

/* A child's table follows its shadow, by copies of what the root has. */
START_TEST(nested_in_software)
{
	struct ioasid_space *child;
	struct world w;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_space_map(w.one, 0, w.memory, MEMORY, RW, NULL));
	child = make_space(w.ctx, w.one, 0);
	ck_ok(ioasid_space_map_parent(child, IOVA, 2 * PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(w.mock.device, child));
	leads_to(&w, IOVA, 2 * PAGE, PAGE);
	ck_ok(ioasid_space_map_parent(child, IOVA + PAGE, 5 * PAGE, PAGE, RW, NULL));
	leads_to(&w, IOVA + PAGE, 5 * PAGE, PAGE);
	ck_ok(ioasid_space_unmap_all(w.one, NULL));
	leads_elsewhere(&w, IOVA, 2 * PAGE);
	world_close(&w);
}
END_TEST

START_TEST(reserved_ranges_are_kept_free)
{
	const struct ioasid_range range = { IOVA, PAGE };
	struct ioasid_adopt_options options;
	struct mock other;
	struct world w;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_space_map(w.one, IOVA, w.memory, PAGE, RW, NULL));
	mock_create(&other, w.ctx, 0);
	mock_options(&other, &options);
	options.ranges = &range;
	options.n_ranges = 1;
	ck_ok(ioasid_device_adopt(w.ctx, &options, &other.device));
	ck_err(ioasid_device_attach(other.device, w.one), EADDRINUSE);
	ck_assert_uint_eq(other.calls, 0);
	ck_ok(ioasid_device_attach(other.device, w.two));
	ck_err(ioasid_space_map(w.two, IOVA, w.memory, PAGE, RW, NULL), EINVAL);
	ck_err(ioasid_space_map(w.two, MOCK_START - PAGE, w.memory, PAGE, RW, NULL), EINVAL);
	ck_err(ioasid_space_map(w.two, MOCK_LAST + 1, w.memory, PAGE, RW, NULL), EINVAL);
	ck_ok(ioasid_space_map(w.two, MOCK_START, w.memory, PAGE, RW, NULL));
	mock_close(&other);
	world_close(&w);
}
END_TEST

/* What the kernel alone knows to be reserved, it refuses, and the library says so. */
START_TEST(reserved_by_the_kernel_alone)
{
	struct mock_command c = { .op = MOCK_ADD_RESERVED };
	struct world w;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_device_attach(w.mock.device, w.one));
	ck_ok(ioasid_space_get_kernel_id(w.one, &c.id));
	c.u.q[0] = IOVA;
	c.u.q[1] = PAGE;
	ck_assert_int_eq(mock_command(w.mock.iommu, &c), 0);
	ck_err(ioasid_space_map(w.one, IOVA, w.memory, PAGE, RW, NULL), EINVAL);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "refused by the kernel"));
	ck_ok(ioasid_space_map(w.one, IOVA + PAGE, w.memory, PAGE, RW, NULL));
	leads_to(&w, IOVA + PAGE, 0, PAGE);
	world_close(&w);
}
END_TEST

static int add_reserved(struct world *w, uint64_t start)
{
	struct mock_command c = { .op = MOCK_ADD_RESERVED };

	ck_ok(ioasid_space_get_kernel_id(w->one, &c.id));
	c.u.q[0] = start;
	c.u.q[1] = PAGE;
	return mock_command(w->mock.iommu, &c);
}

/* What is allowed, nobody else on the descriptor can reserve, and the other way round. */
START_TEST(allowed_ranges_are_kept_by_the_kernel)
{
	const struct ioasid_range range = { IOVA, 4 * PAGE }, next = { IOVA + 4 * PAGE, PAGE };
	struct world w;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_space_allow(w.one, &range, 1));
	ck_ok(ioasid_device_attach(w.mock.device, w.one));
	ck_assert_int_eq(add_reserved(&w, IOVA + PAGE), -EADDRINUSE);
	ck_assert_int_eq(add_reserved(&w, next.start), 0);
	ck_err(ioasid_space_allow(w.one, &next, 1), EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "somebody else"));
	ck_assert_int_eq(add_reserved(&w, IOVA + PAGE), -EADDRINUSE);
	ck_ok(ioasid_space_allow(w.one, NULL, 0));
	ck_assert_int_eq(add_reserved(&w, IOVA + PAGE), 0);
	world_close(&w);
}
END_TEST

START_TEST(devices_that_are_none)
{
	struct ioasid_adopt_options options;
	struct ioasid_device *none = NULL;
	struct world w;

	if (!world_open(&w))
		return;
	mock_options(&w.mock, &options);
	ck_err(ioasid_device_adopt(w.ctx, &options, &none), EBUSY);
	options.id = w.mock.parking;	/* an IOAS */
	ck_err(ioasid_device_adopt(w.ctx, &options, &none), ENODEV);
	options.id = 12345;
	ck_err(ioasid_device_adopt(w.ctx, &options, &none), ENODEV);
	ck_assert_ptr_null(none);
	world_close(&w);
}
END_TEST

/* The group's number as the system shows it, of the mock that was made last; 0: none is shown. */
static uint32_t newest_group(void)
{
	char path[64], link[256];
	uint32_t group = 0;
	unsigned int i;

	for (i = 0; i < 64; i++) {
		ssize_t n;

		snprintf(path, sizeof(path),
			 "/sys/bus/iommufd_mock/devices/iommufd_mock%u/iommu_group", i);
		n = readlink(path, link, sizeof(link) - 1);
		if (n < 0)
			continue;
		link[n] = '\0';
		group = (uint32_t)strtoul(strrchr(link, '/') + 1, NULL, 10);
	}
	return group;
}

START_TEST(a_group_that_the_system_knows)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_adopt_options options;
	struct ioasid_device *none;
	struct mock other;
	struct world w;

	if (!world_open(&w))
		return;
	mock_create(&other, w.ctx, 0);
	mock_options(&other, &options);
	options.group = 99999;
	ck_err(ioasid_device_adopt(w.ctx, &options, &none), ENODEV);
	options.group = newest_group();
	ck_assert_uint_ne(options.group, 0);
	ck_ok(ioasid_device_adopt(w.ctx, &options, &other.device));
	ck_ok(ioasid_device_query_info(other.device, &info));
	ck_assert_uint_eq(info.group, options.group);
	ck_ok(ioasid_device_attach(other.device, w.one));
	mock_close(&other);
	world_close(&w);
}
END_TEST

/* The program's own descriptor outlives the context, with what others have made there. */
START_TEST(a_context_on_a_descriptor_of_the_programs)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_space *space;
	struct ioasid_ctx *ctx;
	struct mock mock;
	int fd;

	if (!mock_ctx_open(&ctx))
		return;
	ck_ok(ioasid_ctx_close(ctx));
	fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	options.flags = IOASID_CTX_FD;
	options.fd = fd;
	ck_ok(ioasid_ctx_open(&options, &ctx));
	mock_open(&mock, ctx, 0);
	space = make_space(ctx, NULL, 0);
	ck_ok(ioasid_device_attach(mock.device, space));
	ck_ok(ioasid_ctx_close(ctx));
	ck_assert_uint_eq(mock.page_table, 0);
	mock.iommu = fd;
	mock_drop(&mock);
	close(fd);
	options.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	ck_err(ioasid_ctx_open(&options, &ctx), EINVAL);
	close(options.fd);
}
END_TEST

TCase *mock_adopt(void)
{
	TCase *tc = tcase_create("adopt");

	tcase_add_test(tc, its_iommu_says_what_it_translates);
	tcase_add_test(tc, maps_are_seen_by_the_iommu);
	tcase_add_test(tc, replace_moves_and_detach_blocks);
	tcase_add_test(tc, two_devices_in_one_space);
	tcase_add_test(tc, nested_in_software);
	tcase_add_test(tc, reserved_ranges_are_kept_free);
	tcase_add_test(tc, reserved_by_the_kernel_alone);
	tcase_add_test(tc, allowed_ranges_are_kept_by_the_kernel);
	tcase_add_test(tc, devices_that_are_none);
	tcase_add_test(tc, a_group_that_the_system_knows);
	tcase_add_test(tc, a_context_on_a_descriptor_of_the_programs);
	return tc;
}
