/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The iommufd back end with mappings of files: by descriptor since Linux 6.13, by address before.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim_expect.h"
#include "shim_ioas.h"
#include "shim_nested.h"
#include "shim_version.h"

#define IOVA UINT64_C(0x10000)

static struct ioasid_space *space;
static uint64_t inode;
static int file;

static unsigned int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void setup(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct stat st;

	shim_reset();
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	device = bind_device(0);
	space = make_space(ctx, NULL, 0);
	ck_ok(ioasid_device_attach(device, space));
	iommu = shim_iommu_fd();
	memory = memory_new(MEMORY);
	file = memfd_new(8 * PAGE, F_SEAL_SHRINK);
	ck_assert_int_eq(fstat(file, &st), 0);
	inode = st.st_ino;
	shim_forget();
}

static void teardown(void)
{
	nested_teardown();
	close(file);
}

/* Which shim_kernel.c answers by the version, as Linux does. */
static void is_asked(void)
{
	expect(iommu, SHIM_MAP_FILE, 40, UINT32_MAX);
}

/* What a device has there is so much of the file. */
static void has_file(unsigned int d, uint64_t iova, uint64_t offset)
{
	uint64_t host = 0;

	ck_assert_uint_eq(shim_ioas_file(shim_attached(d), iova), inode);
	ck_assert_uint_ne(shim_ioas_look(shim_attached(d), iova, &host), 0);
	ck_assert_uint_eq(host, offset);
}

/* The space is object 2, the device 1. */
START_TEST(a_file_goes_down_as_a_file)
{
	struct stat st;
	int fd;

	ck_ok(ioasid_space_map_file(space, IOVA, file, PAGE, 2 * PAGE, RW, NULL));
	fd = (int)shim.calls[1].words[3];
	is_asked();
	expect(iommu, SHIM_MAP_FILE, 40, 7, 2, (uint32_t)fd, U64(PAGE), U64(2 * PAGE), U64(IOVA));
	expect_end();
	/* it is the context's own */
	ck_assert_int_ne(fd, file);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_ino, inode);
	/* and serves all that comes of the file */
	ck_ok(ioasid_space_map_file(space, 0, file, 7 * PAGE, PAGE, IOASID_READ, NULL));
	expect(iommu, SHIM_MAP_FILE, 40, 5, 2, (uint32_t)fd, U64(7 * PAGE), U64(PAGE), U64(0));
	expect_end();
	ck_ok(ioasid_space_map(space, GIB, memory, PAGE, RW, NULL));
	ck_assert_uint_eq(shim.calls[0].command, SHIM_MAP);
}
END_TEST

START_TEST(the_descriptor_goes_with_the_last_mapping)
{
	unsigned int n = open_files();

	ck_ok(ioasid_space_map_file(space, IOVA, file, 0, PAGE, RW, NULL));
	ck_ok(ioasid_space_map_file(space, 2 * IOVA, file, PAGE, PAGE, RW, NULL));
	ck_assert_uint_eq(open_files(), n + 1);
	ck_ok(ioasid_space_unmap(space, IOVA, PAGE, NULL));
	ck_assert_uint_eq(open_files(), n + 1);
	ck_ok(ioasid_space_unmap_all(space, NULL));
	ck_assert_uint_eq(open_files(), n);
}
END_TEST

/* A space's IOAS comes with the first device, long after the program has closed the file. */
START_TEST(a_file_that_the_program_has_closed)
{
	struct ioasid_space *other = make_space(ctx, NULL, 0);

	ck_ok(ioasid_space_map_file(other, IOVA, file, 3 * PAGE, PAGE, RW, NULL));
	close(file);
	ck_ok(ioasid_device_replace(device, other));
	has_file(0, IOVA, 3 * PAGE);
	file = -1;
}
END_TEST

START_TEST(before_linux_6_13_it_goes_by_address)
{
	struct ioasid_space *copy = make_space(ctx, NULL, 0);
	unsigned int n = open_files();
	uint64_t va;

	shim.version = LINUX(6, 12);
	ck_ok(ioasid_space_map_file(space, IOVA, file, PAGE, 2 * PAGE, RW, NULL));
	ck_assert_uint_eq(open_files(), n);
	memcpy(&va, shim.calls[1].words + 4, sizeof(va));
	is_asked();
	expect(iommu, SHIM_MAP, 40, 7, 2, 0, U64(va), U64(2 * PAGE), U64(IOVA));
	expect_end();
	/* its pages hold their number */
	ck_assert_uint_eq(le32toh(*(uint32_t *)(uintptr_t)va), 1);
	ck_ok(ioasid_space_map_copy(copy, 0x50000, space, 0x11000, PAGE, IOASID_READ, NULL));
	ck_ok(ioasid_space_map_file(copy, 0, file, 0, PAGE, RW, NULL));
	expect_end();
	va += PAGE;
	ck_ok(ioasid_device_replace(device, copy));
	ck_assert_uint_eq(shim.calls[2].command, SHIM_MAP);
	ck_assert(!memcmp(shim.calls[2].words + 4, &va, sizeof(va)));
}
END_TEST

START_TEST(a_copy_is_of_the_file_too)
{
	struct ioasid_space *copy = make_space(ctx, NULL, 0);

	ck_ok(ioasid_space_map_file(space, IOVA, file, PAGE, 4 * PAGE, RW, NULL));
	ck_ok(ioasid_space_map_copy(copy, 0x50000, space, IOVA + PAGE, 2 * PAGE, RW, NULL));
	ck_ok(ioasid_device_replace(device, copy));
	has_file(0, 0x50000, 2 * PAGE);
	has_file(0, 0x51000, 3 * PAGE);
	ck_assert_uint_eq(shim_ioas_file(shim_attached(0), 0x52000), 0);
}
END_TEST

/* A nested space's run is copied from the root, and is of the file as the root's is. */
START_TEST(a_nested_space_shares_the_file)
{
	ck_ok(ioasid_space_map(space, 0, memory, MEMORY, RW, NULL));
	ck_ok(ioasid_space_map_file(space, GIB, file, 2 * PAGE, 4 * PAGE, RW, NULL));
	child = make_space(ctx, space, 0);
	gt_init(&table, IOASID_PGTABLE_VTD_SS, 4, memory, 0, 0, TABLES);
	gt_map(&table, 0x7000, GIB + PAGE, 2 * PAGE, 1, RW);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	shim_forget();
	ck_ok(ioasid_device_replace(device, child));
	has_file(0, 0x7000, 3 * PAGE);
	has_file(0, 0x8000, 4 * PAGE);
	ck_assert_uint_eq(shim.calls[1].command, SHIM_COPY);
	/* unmapped below, it is gone above */
	ck_ok(ioasid_space_unmap(space, GIB, 4 * PAGE, NULL));
	ck_assert_uint_eq(shim_ioas_file(shim_attached(0), 0x7000), 0);
}
END_TEST

/* A guest's tables in the file are read through the library's own mapping of it. */
START_TEST(guest_tables_in_a_file)
{
	uint8_t *view;

	close(file);
	file = memfd_new(4 * MIB, F_SEAL_SHRINK);
	view = mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	ck_assert_ptr_ne(view, MAP_FAILED);
	ck_ok(ioasid_space_map_file(space, 0, file, 0, 4 * MIB, RW, NULL));
	child = make_space(ctx, space, 0);
	gt_init(&table, IOASID_PGTABLE_VTD_SS, 4, view, 0, 0, TABLES);
	gt_map(&table, GIB, DATA, 3 * PAGE, 1, RW);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	ck_ok(ioasid_device_replace(device, child));
	ck_assert_uint_ne(shim_ioas_file(shim_attached(0), GIB + 2 * PAGE), 0);
	ck_assert_uint_eq(shim_ioas_file(shim_attached(0), GIB + 3 * PAGE), 0);
	munmap(view, 4 * MIB);
}
END_TEST

START_TEST(what_the_kernel_refuses)
{
	static const struct { int kernel, user; } errors[] = {
		{ ENOMEM, ENOMEM }, { EFAULT, EFAULT }, { EINVAL, EINVAL }, { EBADF, EINVAL },
	};
	unsigned int n = open_files();
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fail_nth(i ? 1 : 2, errors[i].kernel);	/* the question is asked once */
		ck_err(ioasid_space_map_file(space, IOVA, file, 0, PAGE, RW, NULL), errors[i].user);
		said("space 1", "0x10000-0x10fff");
		ck_assert_uint_eq(open_files(), n);
		ck_assert_ptr_null(ioasid_space_find_mapping(space, IOVA, PAGE));
	}
	ck_ok(ioasid_space_map_file(space, IOVA, file, 0, PAGE, RW, NULL));
}
END_TEST

START_TEST(no_descriptor_left)
{
	struct rlimit limit, none;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_err(ioasid_space_map_file(space, IOVA, file, 0, PAGE, RW, NULL), ENOMEM);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	said("descriptor", "file");
	ck_assert_ptr_null(ioasid_space_find_mapping(space, IOVA, PAGE));
	is_asked();
	expect_end();
	ck_ok(ioasid_space_map_file(space, IOVA, file, 0, PAGE, RW, NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-file");
	TCase *tc = tcase_create("files");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_file_goes_down_as_a_file);
	tcase_add_test(tc, the_descriptor_goes_with_the_last_mapping);
	tcase_add_test(tc, a_file_that_the_program_has_closed);
	tcase_add_test(tc, before_linux_6_13_it_goes_by_address);
	tcase_add_test(tc, a_copy_is_of_the_file_too);
	tcase_add_test(tc, a_nested_space_shares_the_file);
	tcase_add_test(tc, guest_tables_in_a_file);
	tcase_add_test(tc, what_the_kernel_refuses);
	tcase_add_test(tc, no_descriptor_left);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
