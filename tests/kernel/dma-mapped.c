/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is mapped is reached: the right bytes, in both directions. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dma.h"

/* Within 39 bits, QEMU's default width. */
#define HIGH_IOVA (UINT64_C(1) << 38)

START_TEST(both_directions)
{
	struct machine m;
	struct engine e;

	machine_open(&m);
	e = engine_open(&m, EDU_ALONE);
	ck_ok(ioasid_space_map(m.space, PAGE, m.memory, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(e.device, m.space));
	reaches(&m, &e, PAGE, m.memory, RW);
	reaches(&m, &e, PAGE + 1024, m.memory + 1024, RW);
	no_faults(&m);
	engine_close(&e);
	machine_close(&m);
}
END_TEST

START_TEST(mapped_while_attached)
{
	struct machine m;
	struct engine e;

	machine_open(&m);
	e = engine_open(&m, EDU_ALONE);
	ck_ok(ioasid_device_attach(e.device, m.space));
	ck_ok(ioasid_space_map(m.space, HIGH_IOVA, m.memory, 4 * PAGE, RW, NULL));
	reaches(&m, &e, HIGH_IOVA, m.memory, RW);
	reaches(&m, &e, HIGH_IOVA + 3 * PAGE, m.memory + 3 * PAGE, RW);
	no_faults(&m);
	engine_close(&e);
	machine_close(&m);
}
END_TEST

START_TEST(read_only_is_not_written)
{
	struct machine m;
	struct engine e;

	machine_open(&m);
	e = engine_open(&m, EDU_ALONE);
	ck_ok(ioasid_space_map(m.space, 0, m.memory, PAGE, IOASID_READ, NULL));
	ck_ok(ioasid_device_attach(e.device, m.space));
	reaches(&m, &e, 0, m.memory, IOASID_READ);
	engine_close(&e);
	machine_close(&m);
}
END_TEST

/* Neighbours in the space that are not neighbours in memory. */
START_TEST(one_transfer_over_two_mappings)
{
	uint8_t expected[EDU_LENGTH];
	struct machine m;
	struct engine e;

	machine_open(&m);
	e = engine_open(&m, EDU_ALONE);
	ck_ok(ioasid_space_map(m.space, 0, m.memory + 5 * PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(m.space, PAGE, m.memory + 2 * PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(e.device, m.space));
	pattern(expected, EDU_LENGTH, 77);
	memcpy(m.memory + 6 * PAGE - 512, expected, 512);
	memcpy(m.memory + 2 * PAGE, expected + 512, EDU_LENGTH - 512);
	ck_assert_int_eq(edu_read(&e.edu, PAGE - 512, EDU_LENGTH), 0);
	memset(m.memory, 0, MEMORY);
	ck_assert_int_eq(edu_write(&e.edu, PAGE - 512, EDU_LENGTH), 0);
	ck_assert(!memcmp(m.memory + 6 * PAGE - 512, expected, 512));
	ck_assert(!memcmp(m.memory + 2 * PAGE, expected + 512, EDU_LENGTH - 512));
	no_faults(&m);
	engine_close(&e);
	machine_close(&m);
}
END_TEST

START_TEST(copy_leads_to_the_same_memory)
{
	struct ioasid_space *other;
	struct machine m;
	struct engine e;

	machine_open(&m);
	e = engine_open(&m, EDU_ALONE);
	other = make_space(m.ctx, NULL, 0);
	ck_ok(ioasid_space_map(m.space, 0, m.memory, 4 * PAGE, RW, NULL));
	ck_ok(ioasid_space_map_copy(other, 8 * PAGE, m.space, PAGE, 2 * PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(e.device, other));
	reaches(&m, &e, 9 * PAGE, m.memory + 2 * PAGE, RW);
	ck_ok(ioasid_space_destroy(m.space));
	reaches(&m, &e, 8 * PAGE, m.memory + PAGE, RW);
	no_faults(&m);
	engine_close(&e);
	machine_close(&m);
}
END_TEST

START_TEST(file)
{
	struct machine m;
	struct engine e;
	uint8_t *view;
	int fd;

	machine_open(&m);
	if (lacks(m.ctx, IOASID_CAP_MAP_FILE)) {
		machine_close(&m);
		return;
	}
	e = engine_open(&m, EDU_ALONE);
	fd = memfd_new(4 * PAGE, F_SEAL_SHRINK);
	view = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(view, MAP_FAILED);
	ck_ok(ioasid_space_map_file(m.space, PAGE, fd, 2 * PAGE, 2 * PAGE, RW, NULL));
	close(fd);
	ck_ok(ioasid_device_attach(e.device, m.space));
	reaches(&m, &e, 2 * PAGE, view + 3 * PAGE, RW);
	no_faults(&m);
	munmap(view, 4 * PAGE);
	engine_close(&e);
	machine_close(&m);
}
END_TEST

START_TEST(nested_in_software)
{
	struct ioasid_space *child;
	struct machine m;
	struct engine e;

	machine_open(&m);
	if (lacks(m.ctx, IOASID_CAP_NESTING_SOFTWARE)) {
		machine_close(&m);
		return;
	}
	e = engine_open(&m, EDU_ALONE);
	child = make_space(m.ctx, m.space, 0);
	ck_ok(ioasid_space_map(m.space, 0, m.memory, 8 * PAGE, RW, NULL));
	ck_ok(ioasid_space_map_parent(child, 0x100000, 4 * PAGE, 2 * PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(e.device, child));
	reaches(&m, &e, 0x101000, m.memory + 5 * PAGE, RW);
	no_faults(&m);
	engine_close(&e);
	machine_close(&m);
}
END_TEST

/* Two devices, each in a group of its own, so that their IOMMU has two tables for the one space. */
START_TEST(two_groups_in_one_space)
{
	struct ioasid_mapping *mapping;
	struct machine m;
	struct engine a, b;

	machine_open(&m);
	a = engine_open(&m, EDU_ALONE);
	b = engine_open(&m, EDU_SHARED_A);
	ck_ok(ioasid_space_map(m.space, PAGE, m.memory, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(a.device, m.space));
	ck_ok(ioasid_device_attach(b.device, m.space));
	ck_ok(ioasid_space_map(m.space, 4 * PAGE, m.memory + PAGE, PAGE, RW, &mapping));
	reaches(&m, &a, PAGE, m.memory, RW);
	reaches(&m, &b, PAGE, m.memory, RW);
	reaches(&m, &a, 4 * PAGE, m.memory + PAGE, RW);
	reaches(&m, &b, 4 * PAGE, m.memory + PAGE, RW);
	no_faults(&m);
	ck_ok(ioasid_mapping_unmap(mapping));
	blocked(&m, &b, 4 * PAGE, m.memory + PAGE);
	blocked(&m, &a, 4 * PAGE, m.memory + PAGE);
	engine_close(&a);
	reaches(&m, &b, PAGE, m.memory, RW);
	engine_close(&b);
	machine_close(&m);
}
END_TEST

/* How many mappings a container can have that is made from now on. */
static bool set_limit(const char *value)
{
	int fd = open("/sys/module/vfio_iommu_type1/parameters/dma_entry_limit", O_WRONLY);
	bool ok = fd >= 0 && write(fd, value, strlen(value)) > 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* The kernel's own count and the library's are the same. */
START_TEST(as_many_mappings_as_the_kernel_takes)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct machine m;
	struct engine e;
	uint64_t i;

	machine_open(&m);
	if (strcmp(ioasid_ctx_get_backend(m.ctx), "type1") || !set_limit("40")) {
		test_skip("the kernel takes any number of mappings");
		machine_close(&m);
		return;
	}
	e = engine_open(&m, EDU_ALONE);
	ck_ok(ioasid_device_query_info(e.device, &info));
	ck_assert_uint_eq(info.max_mappings, 40);
	ck_ok(ioasid_device_attach(e.device, m.space));
	for (i = 0; i < 40; i++)
		ck_ok(ioasid_space_map(m.space, i * PAGE, m.memory, PAGE, RW, NULL));
	ck_err(ioasid_space_map(m.space, 40 * PAGE, m.memory, PAGE, RW, NULL), ENOSPC);
	ck_ok(ioasid_space_unmap(m.space, 0, 3 * PAGE, NULL));
	for (i = 40; i < 43; i++)
		ck_ok(ioasid_space_map(m.space, i * PAGE, m.memory + PAGE, PAGE, RW, NULL));
	reaches(&m, &e, 42 * PAGE, m.memory + PAGE, RW);
	no_faults(&m);
	engine_close(&e);
	machine_close(&m);
	ck_assert(set_limit("65535"));
}
END_TEST

TCase *dma_mapped(void)
{
	TCase *tc = tcase_create("mapped");

	tcase_add_test(tc, both_directions);
	tcase_add_test(tc, mapped_while_attached);
	tcase_add_test(tc, read_only_is_not_written);
	tcase_add_test(tc, one_transfer_over_two_mappings);
	tcase_add_test(tc, copy_leads_to_the_same_memory);
	tcase_add_test(tc, file);
	tcase_add_test(tc, nested_in_software);
	tcase_add_test(tc, two_groups_in_one_space);
	tcase_add_test(tc, as_many_mappings_as_the_kernel_takes);
	return tc;
}
