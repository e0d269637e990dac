/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices' memory on the iommufd back end: dma-bufs, which Linux maps by descriptor since 6.19, and
 * of which there is nothing in the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dmabuf.h"
#include "errmsg.h"
#include "shim_expect.h"
#include "shim_ioas.h"
#include "shim_nested.h"
#include "shim_version.h"

#define IOVA  UINT64_C(0x10000)
#define PAGES 8

static int dmabuf;

/* Objects as in shim_nested.h; the guest's memory is mapped, the device attached. */
static void setup(void)
{
	nested_setup();
	dmabuf = dmabuf_new(PAGES * PAGE, false);
	ck_ok(ioasid_device_attach(device, root));
	shim_forget();
}

static void teardown(void)
{
	nested_teardown();
	close(dmabuf);
}

static int map(struct ioasid_space *space, uint64_t iova)
{
	return ioasid_space_map_file(space, iova, dmabuf, 0, PAGES * PAGE, RW, NULL);
}

/* @iova leads to so much of it. */
static void has_it(uint64_t iova, uint64_t offset)
{
	uint64_t at = 0;

	ck_assert_uint_eq(shim_ioas_file(shim_attached(0), iova), dmabuf_inode(dmabuf));
	ck_assert_uint_ne(shim_ioas_look(shim_attached(0), iova, &at), 0);
	ck_assert_uint_eq(at, offset);
}

/* Whether kernels take dma-bufs is asked once, in an IOAS that goes again. */
START_TEST(by_descriptor)
{
	uint32_t fd, ioas;

	ck_ok(ioasid_space_map_file(root, GIB, dmabuf, PAGE, 2 * PAGE, RW, NULL));
	expect(iommu, SHIM_MAP_FILE, 40, UINT32_MAX);
	ioas = shim.calls[2].words[2];
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(iommu, SHIM_MAP_FILE, 40, 5, ioas, (uint32_t)dmabuf, U64(PAGES * PAGE), U64(PAGE),
	       U64(PAGE));
	expect(iommu, SHIM_DESTROY, 8, ioas);
	fd = shim.calls[4].words[3];
	expect(iommu, SHIM_MAP_FILE, 40, 7, ROOT, fd, U64(PAGE), U64(2 * PAGE), U64(GIB));
	expect_end();
	ck_assert_int_eq(fcntl((int)fd, F_GETFD), FD_CLOEXEC);
	has_it(GIB + PAGE, 2 * PAGE);
	ck_ok(ioasid_space_map_file(root, 2 * GIB, dmabuf, 0, PAGE, IOASID_READ, NULL));
	expect(iommu, SHIM_MAP_FILE, 40, 5, ROOT, fd, U64(0), U64(PAGE), U64(2 * GIB));
	expect_end();
	ck_ok(ioasid_space_unmap(root, GIB, 2 * PAGE, NULL));
	ck_assert_uint_eq(shim_ioas_file(shim_attached(0), GIB), 0);
	ck_ok(ioasid_space_unmap(root, 2 * GIB, PAGE, NULL));
	ck_assert_int_eq(fcntl((int)fd, F_GETFD), -1);
}
END_TEST

/* A space that has no IOAS yet: the question is the same, and the answer comes at once. */
START_TEST(before_linux_6_19)
{
	static const unsigned int versions[] = { LINUX(6, 12), LINUX(6, 13), LINUX(6, 18) };
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	unsigned int objects = shim_objects();

	shim.version = versions[_i];
	ck_err(map(root, GIB), EOPNOTSUPP);
	said("dma-buf", "6.19");
	ck_err(map(space, GIB), EOPNOTSUPP);
	ck_assert_ptr_null(ioasid_space_find_mapping(root, GIB, PAGE));
	ck_assert_uint_eq(shim_objects(), objects);
	ck_assert_uint_eq(shim_ioas_file(shim_attached(0), GIB), 0);
}
END_TEST

/* The question gets no answer, of the IOAS or of the file; so it is asked again. */
START_TEST(no_memory_to_ask)
{
	fail_nth(2, ENOMEM);
	errmsg_fail();
	ck_ok(map(root, GIB));
	errmsg_is_unchanged();
	ck_ok(ioasid_space_unmap(root, GIB, PAGES * PAGE, NULL));
	fail_nth(2, ENOMEM);
	ck_ok(map(root, GIB));
	ck_ok(ioasid_space_unmap(root, GIB, PAGES * PAGE, NULL));
	shim.version = LINUX(6, 18);
	ck_err(map(root, GIB), EOPNOTSUPP);
}
END_TEST

START_TEST(what_the_kernel_refuses)
{
	static const struct { int kernel, user; const char *text; } errors[] = {
		{ EOPNOTSUPP, EOPNOTSUPP, "of one range" }, { ENODEV, EFAULT, "switched off" },
		{ ENOMEM, ENOMEM, "memory" },
	};
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		shim.no_dmabuf = errors[i].kernel;
		ck_err(map(root, GIB), errors[i].user);
		said("space", errors[i].text);
		ck_assert_ptr_null(ioasid_space_find_mapping(root, GIB, PAGE));
	}
	shim.no_dmabuf = 0;
	ck_ok(map(root, GIB));
}
END_TEST

/* Whoever needs the space's table first is told. */
START_TEST(what_the_kernel_refuses_later)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	uint32_t id;

	ck_ok(map(space, GIB));
	shim.no_dmabuf = ENODEV;
	ck_err(ioasid_ctx_bind_vfio(ctx, space), EFAULT);
	said("space", "switched off");
	ck_err(ioasid_space_get_kernel_id(space, &id), ENOENT);
	ck_err(ioasid_device_replace(device, space), EFAULT);
	ck_assert_ptr_eq(ioasid_device_get_space(device), root);
	shim.no_dmabuf = 0;
	ck_ok(ioasid_ctx_bind_vfio(ctx, space));
	ck_ok(ioasid_device_replace(device, space));
	has_it(GIB, 0);
}
END_TEST

START_TEST(what_the_library_refuses)
{
	uint64_t end = PAGES * PAGE;
	char path[64];
	int fd;

	ck_err(ioasid_space_map_file(root, GIB, dmabuf, PAGE, end, RW, NULL), EFAULT);
	ck_err(ioasid_space_map_file(root, GIB, dmabuf, -PAGE, PAGE, RW, NULL), EFAULT);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", dmabuf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_err(ioasid_space_map_file(root, GIB, fd, 0, PAGE, RW, NULL), EACCES);
	ck_ok(ioasid_space_map_file(root, GIB, fd, 0, PAGE, IOASID_READ, NULL));
	close(fd);
}
END_TEST

START_TEST(a_nested_space_shares_it)
{
	ck_ok(map(root, GIB));
	gt_map(&table, 0x7000, GIB + PAGE, 2 * PAGE, 1, RW);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	ck_ok(ioasid_device_replace(device, child));
	has_it(0x7000, PAGE);
	has_it(0x8000, 2 * PAGE);
	ck_ok(ioasid_space_unmap(root, GIB, PAGES * PAGE, NULL));
	ck_assert_uint_eq(shim_ioas_file(shim_attached(0), 0x7000), 0);
}
END_TEST

/* A guest may have its tables where it likes, the root of them or others. Here it has none. */
START_TEST(no_table_is_read_there)
{
	ck_ok(map(root, GIB));
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, GIB + PAGE));
	ck_ok(ioasid_device_replace(device, child));
	ck_assert_uint_eq(shim_ioas_count(shim_attached(0)), 0);
	gt_map(&table, 0x7000, DATA, PAGE, 1, RW);
	gt_map(&table, 4 * MIB, DATA, PAGE, 1, RW);
	gt_store(gt_entry(&table, 4 * MIB, 2), GIB | RW);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	ck_assert_uint_eq(shim_ioas_count(shim_attached(0)), 1);
}
END_TEST

/* iommufd_ioas_change_process() takes files only. */
START_TEST(it_does_not_go_to_another_process)
{
	int file = memfd_new(PAGE, F_SEAL_SHRINK);

	ck_ok(ioasid_space_unmap_all(root, NULL));
	ck_ok(ioasid_space_map_file(root, 0, file, 0, PAGE, RW, NULL));
	ck_ok(ioasid_ctx_change_process(ctx));
	ck_ok(map(root, GIB));
	ck_err(ioasid_ctx_change_process(ctx), EINVAL);
	said("space 1", "a dma-buf");
	close(file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-dmabuf");
	TCase *tc = tcase_create("dma-bufs");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, by_descriptor);
	tcase_add_loop_test(tc, before_linux_6_19, 0, 3);
	tcase_add_test(tc, no_memory_to_ask);
	tcase_add_test(tc, what_the_kernel_refuses);
	tcase_add_test(tc, what_the_kernel_refuses_later);
	tcase_add_test(tc, what_the_library_refuses);
	tcase_add_test(tc, a_nested_space_shares_it);
	tcase_add_test(tc, no_table_is_read_there);
	tcase_add_test(tc, it_does_not_go_to_another_process);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
