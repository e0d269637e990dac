/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mapping a memfd: the library's own mapping of it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "contract.h"

#ifndef F_SEAL_FUTURE_WRITE /* Linux 5.1 */
#define F_SEAL_FUTURE_WRITE 0x10
#endif

#define FILE_PAGES 16

struct with_file {
	struct fixture f;
	struct ioasid_device *device;
	struct ioasid_channel *channel;
	uint8_t *view;
	int fd;
};

static bool with_file_open(struct with_file *w, int seals)
{
	fixture_open(&w->f);
	if (lacks(w->f.ctx, IOASID_CAP_MAP_FILE)) {
		fixture_close(&w->f);
		return false;
	}
	w->device = fixture_bind(&w->f, ALONE_A);
	ck_ok(ioasid_device_attach(w->device, w->f.space));
	w->channel = NULL;
	if (ioasid_ctx_has(w->f.ctx, IOASID_CAP_DMA))
		w->channel = channel_new(w->device, IOASID_NO_PASID);
	w->fd = memfd_new(FILE_PAGES * PAGE, seals);
	w->view = mmap(NULL, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd, 0);
	ck_assert_ptr_ne(w->view, MAP_FAILED);
	return true;
}

static void with_file_close(struct with_file *w)
{
	munmap(w->view, FILE_PAGES * PAGE);
	close(w->fd);
	fixture_close(&w->f);
}

/* Asserts what DMA reads, if the back end lets us issue any. */
static void reads(struct with_file *w, uint64_t iova, uint8_t expected)
{
	uint8_t byte = 0;

	if (!w->channel)
		return;
	ck_ok(dma_get(w->channel, iova, &byte));
	ck_assert_uint_eq(byte, expected);
}

START_TEST(dma_and_program_see_the_same_file)
{
	struct ioasid_mapping *m = NULL;
	struct with_file w;

	if (!with_file_open(&w, F_SEAL_SHRINK))
		return;
	ck_ok(ioasid_space_map_file(w.f.space, 0, w.fd, 4 * PAGE, 4 * PAGE, RW, &m));
	ck_assert_uint_eq(ioasid_mapping_get_length(m), 4 * PAGE);
	reads(&w, 2 * PAGE, 6);
	if (w.channel) {
		ck_ok(dma_put(w.channel, 3 * PAGE + 9, 77));
		ck_assert_uint_eq(w.view[7 * PAGE + 9], 77);
	}
	w.view[4 * PAGE] = 99;
	reads(&w, 0, 99);
	is_blocked(&w.f, w.device, 4 * PAGE);
	with_file_close(&w);
}
END_TEST

START_TEST(mapping_outlives_descriptor_and_view)
{
	struct with_file w;

	if (!with_file_open(&w, F_SEAL_SHRINK))
		return;
	ck_ok(ioasid_space_map_file(w.f.space, 0, w.fd, 0, FILE_PAGES * PAGE, RW, NULL));
	munmap(w.view, FILE_PAGES * PAGE);
	close(w.fd);
	reads(&w, 15 * PAGE, 15);
	if (w.channel)
		ck_ok(dma_put(w.channel, 0, 5));
	reads(&w, 0, 5);
	ck_ok(ioasid_space_unmap_all(w.f.space, NULL));
	is_blocked(&w.f, w.device, 0);
	fixture_close(&w.f);
}
END_TEST

START_TEST(file_cannot_be_truncated_below_a_mapping)
{
	struct with_file w;

	if (!with_file_open(&w, F_SEAL_SHRINK))
		return;
	ck_ok(ioasid_space_map_file(w.f.space, 0, w.fd, 0, FILE_PAGES * PAGE, RW, NULL));
	ck_assert_int_eq(ftruncate(w.fd, 0), -1);
	ck_assert_int_eq(ftruncate(w.fd, 2 * FILE_PAGES * PAGE), 0);
	reads(&w, 15 * PAGE, 15);
	with_file_close(&w);
}
END_TEST

START_TEST(file_that_can_shrink_is_refused)
{
	struct with_file w;

	if (!with_file_open(&w, 0))
		return;
	ck_err_same(w.f.space, ioasid_space_map_file(w.f.space, 0, w.fd, 0, PAGE, RW, NULL), EPERM);
	ck_assert_int_eq(fcntl(w.fd, F_ADD_SEALS, F_SEAL_GROW), 0);
	ck_err_same(w.f.space, ioasid_space_map_file(w.f.space, 0, w.fd, 0, PAGE, RW, NULL), EPERM);
	ck_assert_msg(strstr(ioasid_errmsg(), "F_SEAL_SHRINK"), "%s", ioasid_errmsg());
	ck_assert_int_eq(fcntl(w.fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	ck_ok(ioasid_space_map_file(w.f.space, 0, w.fd, 0, PAGE, RW, NULL));
	with_file_close(&w);
}
END_TEST

START_TEST(range_beyond_the_file)
{
	struct ioasid_space *s;
	struct with_file w;
	uint64_t end = FILE_PAGES * PAGE;

	if (!with_file_open(&w, F_SEAL_SHRINK))
		return;
	s = w.f.space;
	ck_err_same(s, ioasid_space_map_file(s, 0, w.fd, 0, end + PAGE, RW, NULL), EFAULT);
	ck_err_same(s, ioasid_space_map_file(s, 0, w.fd, end, PAGE, RW, NULL), EFAULT);
	ck_err_same(s, ioasid_space_map_file(s, 0, w.fd, end - PAGE, 2 * PAGE, RW, NULL), EFAULT);
	/* the last page of all, which ends where 2^64 would be */
	ck_err_same(s, ioasid_space_map_file(s, 0, w.fd, UINT64_MAX - PAGE + 1, PAGE, RW, NULL),
		    EFAULT);
	ck_err_same(s, ioasid_space_map_file(s, 0, w.fd, UINT64_MAX - PAGE + 1, 2 * PAGE, RW, NULL),
		    EOVERFLOW);
	ck_ok(ioasid_space_map_file(s, 0, w.fd, end - PAGE, PAGE, RW, NULL));
	with_file_close(&w);
}
END_TEST

/* A file of a file system is the same: it has the seal against seals. */
START_TEST(file_that_cannot_be_sealed_is_refused)
{
	struct with_file w;
	int fd;

	if (!with_file_open(&w, F_SEAL_SHRINK))
		return;
	fd = memfd_create("no seals", MFD_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, PAGE), 0);
	ck_err_same(w.f.space, ioasid_space_map_file(w.f.space, 0, fd, 0, PAGE, RW, NULL), EPERM);
	ck_assert_msg(strstr(ioasid_errmsg(), "MFD_ALLOW_SEALING"), "%s", ioasid_errmsg());
	close(fd);
	with_file_close(&w);
}
END_TEST

START_TEST(things_that_are_no_memfd)
{
	struct ioasid_space *s;
	struct with_file w;
	int pipes[2];

	if (!with_file_open(&w, F_SEAL_SHRINK))
		return;
	s = w.f.space;
	ck_err_same(s, ioasid_space_map_file(s, 0, -1, 0, PAGE, RW, NULL), EBADF);
	ck_err_same(s, ioasid_space_map_file(s, 0, 1000000, 0, PAGE, RW, NULL), EBADF);
	ck_assert_int_eq(pipe(pipes), 0);
	ck_err_same(s, ioasid_space_map_file(s, 0, pipes[0], 0, PAGE, IOASID_READ, NULL), EINVAL);
	close(pipes[0]);
	close(pipes[1]);
	with_file_close(&w);
}
END_TEST

START_TEST(descriptor_open_for_reading_only)
{
	struct with_file w;
	char path[64];
	int fd;

	if (!with_file_open(&w, F_SEAL_SHRINK))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", w.fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_err_same(w.f.space, ioasid_space_map_file(w.f.space, 0, fd, 0, PAGE, RW, NULL), EACCES);
	ck_err_same(w.f.space, ioasid_space_map_file(w.f.space, 0, fd, 0, PAGE, IOASID_WRITE, NULL),
		    EACCES);
	ck_ok(ioasid_space_map_file(w.f.space, 0, fd, PAGE, PAGE, IOASID_READ, NULL));
	reads(&w, 0, 1);
	if (w.channel)
		ck_assert_ptr_null(dma_where(w.channel, 0, IOASID_WRITE));
	close(fd);
	/* The same file once more, by a descriptor that can write. */
	ck_ok(ioasid_space_map_file(w.f.space, PAGE, w.fd, PAGE, PAGE, RW, NULL));
	if (w.channel) {
		ck_ok(ioasid_dma_write(w.channel, PAGE, "both", 4));
		ck_assert_mem_eq(dma_where(w.channel, 0, IOASID_READ), "both", 4);
	}
	ck_ok(ioasid_space_unmap(w.f.space, 0, PAGE, NULL));
	if (w.channel)
		ck_ok(ioasid_dma_write(w.channel, PAGE, "one", 3));
	with_file_close(&w);
}
END_TEST

START_TEST(descriptor_open_for_writing_only)
{
	struct with_file w;
	char path[64];
	int fd;

	if (!with_file_open(&w, F_SEAL_SHRINK))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", w.fd);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_err_same(w.f.space, ioasid_space_map_file(w.f.space, 0, fd, 0, PAGE, IOASID_WRITE, NULL),
		    EACCES);
	close(fd);
	with_file_close(&w);
}
END_TEST

START_TEST(mistakes_of_every_map_call)
{
	struct ioasid_space *s;
	struct with_file w;

	if (!with_file_open(&w, F_SEAL_SHRINK))
		return;
	s = w.f.space;
	ck_ok(ioasid_space_map_file(s, 8 * PAGE, w.fd, 0, PAGE, RW, NULL));
	ck_err_same(s, ioasid_space_map_file(s, 0, w.fd, 0, PAGE, 0, NULL), EINVAL);
	ck_err_same(s, ioasid_space_map_file(s, 0, w.fd, 0, 0, RW, NULL), EINVAL);
	ck_err_same(s, ioasid_space_map_file(s, 1, w.fd, 0, PAGE, RW, NULL), EINVAL);
	ck_err_same(s, ioasid_space_map_file(s, 0, w.fd, PAGE + 1, PAGE, RW, NULL), EINVAL);
	ck_assert_msg(strstr(ioasid_errmsg(), "offset 0x1001 "), "%s", ioasid_errmsg());
	ck_err_same(s, ioasid_space_map_file(s, 0, w.fd, 0, PAGE - 1, RW, NULL), EINVAL);
	ck_err_same(s, ioasid_space_map_file(s, 0, w.fd, 0, PAGE, RW | 0x4000, NULL), EOPNOTSUPP);
	ck_err_same(s, ioasid_space_map_file(s, 7 * PAGE, w.fd, 0, 2 * PAGE, RW, NULL), EEXIST);
	with_file_close(&w);
}
END_TEST

START_TEST(many_mappings_of_one_file)
{
	struct ioasid_mapping *m;
	struct with_file w;
	unsigned int i;

	if (!with_file_open(&w, F_SEAL_SHRINK))
		return;
	for (i = 0; i < 2 * FILE_PAGES; i++)
		ck_ok(ioasid_space_map_file(w.f.space, 0, w.fd, i % FILE_PAGES * PAGE, PAGE,
					    RW | IOASID_ANY_IOVA, &m));
	ck_assert_uint_eq(space_info(w.f.space).mappings, 2 * FILE_PAGES);
	reads(&w, ioasid_mapping_get_iova(m), FILE_PAGES - 1);
	with_file_close(&w);
}
END_TEST

START_TEST(file_sealed_against_writing)
{
	static const int seals[] = { F_SEAL_WRITE, F_SEAL_FUTURE_WRITE };
	struct ioasid_space *s;
	struct with_file w;
	int fd;

	if (!with_file_open(&w, F_SEAL_SHRINK))
		return;
	s = w.f.space;
	fd = memfd_new(FILE_PAGES * PAGE, F_SEAL_SHRINK | seals[_i]);
	ck_err_same(s, ioasid_space_map_file(s, 0, fd, 0, PAGE, RW, NULL), EACCES);
	ck_err_same(s, ioasid_space_map_file(s, 0, fd, 0, PAGE, IOASID_WRITE, NULL), EACCES);
	ck_ok(ioasid_space_map_file(s, 0, fd, 5 * PAGE, PAGE, IOASID_READ, NULL));
	reads(&w, 0, 5);
	close(fd);
	with_file_close(&w);
}
END_TEST

/* Which is what Linux goes by, and not where the library has mapped the file. */
START_TEST(chosen_addresses_are_aligned_as_the_offset)
{
	struct ioasid_mapping *m;
	struct with_file w;

	if (!with_file_open(&w, F_SEAL_SHRINK))
		return;
	ck_ok(ioasid_space_map_file(w.f.space, 0, w.fd, 3 * PAGE, 2 * PAGE, RW | IOASID_ANY_IOVA,
				    &m));
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), PAGE);
	ck_ok(ioasid_space_map_file(w.f.space, 0, w.fd, 4 * PAGE, 4 * PAGE, RW | IOASID_ANY_IOVA,
				    &m));
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), 4 * PAGE);
	ck_ok(ioasid_space_map_file(w.f.space, 0, w.fd, 0, PAGE, RW | IOASID_ANY_IOVA, &m));
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), 3 * PAGE);
	/* a copy's too */
	ck_ok(ioasid_space_map_copy(w.f.space, 0, w.f.space, PAGE, PAGE, RW | IOASID_ANY_IOVA,
				    &m));
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), 8 * PAGE);
	ck_ok(ioasid_space_map_copy(w.f.space, 0, w.f.space, 4 * PAGE, 4 * PAGE,
				    RW | IOASID_ANY_IOVA, &m));
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), 12 * PAGE);
	with_file_close(&w);
}
END_TEST

TCase *contract_map_file(void)
{
	TCase *tc = tcase_create("map-file");

	tcase_add_test(tc, dma_and_program_see_the_same_file);
	tcase_add_test(tc, chosen_addresses_are_aligned_as_the_offset);
	tcase_add_test(tc, mapping_outlives_descriptor_and_view);
	tcase_add_test(tc, file_cannot_be_truncated_below_a_mapping);
	tcase_add_test(tc, file_that_can_shrink_is_refused);
	tcase_add_loop_test(tc, file_sealed_against_writing, 0, 2);
	tcase_add_test(tc, range_beyond_the_file);
	tcase_add_test(tc, file_that_cannot_be_sealed_is_refused);
	tcase_add_test(tc, things_that_are_no_memfd);
	tcase_add_test(tc, descriptor_open_for_reading_only);
	tcase_add_test(tc, descriptor_open_for_writing_only);
	tcase_add_test(tc, mistakes_of_every_map_call);
	tcase_add_test(tc, many_mappings_of_one_file);
	return tc;
}
