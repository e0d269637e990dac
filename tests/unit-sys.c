/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The seam to the kernel itself, on files, pipes and what else is there without devices. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <unistd.h>

#include "runner.h"
#include "vfio/sys.h"

static char dir[64], path[128];

static void setup(void)
{
	strcpy(dir, "unit-sys-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
}

static void teardown(void)
{
	unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void write_file(const char *text)
{
	FILE *out = fopen(path, "w");

	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	ck_assert_int_eq(fclose(out), 0);
}

static bool is_closed_on_exec(int fd)
{
	return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

START_TEST(descriptors_are_closed_on_exec)
{
	int fd, copy;

	ck_assert_int_eq(sys_open(path), -ENOENT);
	ck_assert_int_eq(sys_access(path), -ENOENT);
	write_file("x");
	ck_assert_int_eq(sys_access(path), 0);
	fd = sys_open(path);
	ck_assert_int_ge(fd, 0);
	ck_assert(is_closed_on_exec(fd));
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	copy = sys_dup(fd);
	ck_assert_int_ge(copy, 0);
	ck_assert_int_ne(copy, fd);
	ck_assert(is_closed_on_exec(copy));
	sys_close(fd);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	sys_close(copy);
	ck_assert_int_eq(sys_dup(copy), -EBADF);
}
END_TEST

START_TEST(a_device_has_numbers)
{
	unsigned int major_number = 7, minor_number = 7;
	int fd = sys_open("/dev/null");
	struct stat st;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(stat("/dev/null", &st), 0);
	ck_assert_int_eq(sys_device(fd, &major_number, &minor_number), 0);
	ck_assert_uint_eq(major_number, major(st.st_rdev));
	ck_assert_uint_eq(minor_number, minor(st.st_rdev));
	sys_close(fd);
	ck_assert_int_eq(sys_device(fd, &major_number, &minor_number), -EBADF);
	write_file("x");
	fd = sys_open(path);
	ck_assert_int_eq(sys_device(fd, &major_number, &minor_number), -ENOTTY);
	sys_close(fd);
}
END_TEST

START_TEST(ioctls_give_what_the_kernel_gives)
{
	int ends[2], waiting = 7;
	struct winsize size;

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], "abc", 3), 3);
	ck_assert_int_eq(sys_ioctl(ends[0], FIONREAD, &waiting), 0);
	ck_assert_int_eq(waiting, 3);
	ck_assert_int_eq(sys_ioctl(ends[0], TIOCGWINSZ, &size), -ENOTTY);
	ck_assert_int_eq(sys_ioctl(-1, FIONREAD, &waiting), -EBADF);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

static int alarm_end;
static volatile sig_atomic_t alarms;

/* The third signal ends the wait. */
static void on_alarm(int number)
{
	(void)number;
	if (++alarms == 3 && write(alarm_end, "abcd", 4) != 4)
		_exit(1);
}

/* Without SA_RESTART a signal ends read(2), and nothing has been read. */
START_TEST(reads_go_on_after_a_signal)
{
	const struct itimerval often = { { 0, 20000 }, { 0, 20000 } },
			       never = { { 0, 0 }, { 0, 0 } };
	const struct sigaction action = { .sa_handler = on_alarm };
	char buffer[8] = "", file[32];
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	alarm_end = ends[1];
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	ck_assert_int_eq(sys_read_fd(ends[0], buffer, sizeof(buffer)), 4);
	ck_assert_int_eq(memcmp(buffer, "abcd", 4), 0);
	/* A file by its name; its four bytes leave no room for the NUL. */
	alarms = 0;
	snprintf(file, sizeof(file), "/proc/self/fd/%d", ends[0]);
	ck_assert_int_eq(sys_read(file, buffer, 4), -E2BIG);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
	close(ends[1]);
	ck_assert_int_eq(sys_read_fd(ends[0], buffer, sizeof(buffer)), 0);
	close(ends[0]);
	ck_assert_int_eq(sys_read_fd(ends[0], buffer, sizeof(buffer)), -EBADF);
}
END_TEST

/* A queue has whole records; that none of them fits is not to be taken for that there are none. */
START_TEST(what_does_not_fit_is_not_nothing)
{
	char buffer[8] = "";
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
	ck_assert_int_eq(sys_read_fd(ends[0], buffer, 0), 0);
	ck_assert_int_eq(sys_write_fd(ends[1], "abcd", 4), 0);
	ck_assert_int_eq(sys_read_fd(ends[0], buffer, 0), -EINVAL);
	ck_assert_int_eq(sys_read_fd(ends[0], buffer, 4), 4);
	ck_assert_int_eq(sys_read_fd(ends[0], buffer, 0), 0);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

/* A queue that takes a part only would be told a part of a response. */
START_TEST(writes_are_whole_or_an_error)
{
	static char much[1 << 20];
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
	ck_assert_int_eq(sys_write_fd(ends[1], "abcd", 4), 0);
	ck_assert_int_eq(sys_write_fd(ends[1], much, sizeof(much)), -EIO);
	ck_assert_int_eq(sys_write_fd(ends[1], much, sizeof(much)), -EAGAIN);
	close(ends[0]);
	close(ends[1]);
	ck_assert_int_eq(sys_write_fd(ends[1], "abcd", 4), -EBADF);
}
END_TEST

START_TEST(places_in_a_file)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char buffer[8] = "";
	void *at = NULL;
	int fd;

	write_file("0123456789");
	fd = sys_open(path);
	ck_assert_int_eq(ftruncate(fd, (off_t)(2 * page)), 0);
	ck_assert_int_eq(sys_read_at(fd, 4, buffer, 3), 3);
	ck_assert_str_eq(buffer, "456");
	ck_assert_int_eq(sys_read_at(fd, 2 * page, buffer, 3), 0);
	ck_assert_int_eq(sys_read_at(fd, UINT64_MAX, buffer, 3), -EINVAL);
	ck_assert_int_eq(sys_read_at(-1, 0, buffer, 3), -EBADF);
	ck_assert_int_eq(sys_map(fd, 0, page, &at), 0);
	memcpy(at, "abc", 3);
	sys_unmap(at, page);
	ck_assert_int_eq(sys_read_at(fd, 0, buffer, 4), 4);
	ck_assert_int_eq(memcmp(buffer, "abc3", 4), 0);
	at = buffer;
	ck_assert_int_eq(sys_map(fd, 1, page, &at), -EINVAL);
	ck_assert_int_eq(sys_map(fd, UINT64_MAX, page, &at), -EINVAL);
	ck_assert_int_eq(sys_map(-1, 0, page, &at), -EBADF);
	ck_assert_ptr_eq(at, buffer);
	sys_close(fd);
}
END_TEST

START_TEST(small_files)
{
	char buffer[8];

	ck_assert_int_eq(sys_read(path, buffer, sizeof(buffer)), -ENOENT);
	ck_assert_int_eq(sys_read(dir, buffer, sizeof(buffer)), -EISDIR);
	write_file("");
	ck_assert_int_eq(sys_read(path, buffer, sizeof(buffer)), 0);
	ck_assert_str_eq(buffer, "");
	write_file("0123456");
	ck_assert_int_eq(sys_read(path, buffer, sizeof(buffer)), 7);
	ck_assert_str_eq(buffer, "0123456");
	write_file("01234567");
	ck_assert_int_eq(sys_read(path, buffer, sizeof(buffer)), -E2BIG);
}
END_TEST

START_TEST(links_and_directories)
{
	char buffer[8];

	ck_assert_int_eq(sys_link_name(path, buffer, sizeof(buffer)), -ENOENT);
	ck_assert_int_eq(symlink("../../drivers/e1000e", path), 0);
	ck_assert_int_eq(sys_link_name(path, buffer, sizeof(buffer)), 0);
	ck_assert_str_eq(buffer, "e1000e");
	ck_assert_int_eq(sys_link_name(path, buffer, 6), -E2BIG);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("plain", path), 0);
	ck_assert_int_eq(sys_link_name(path, buffer, sizeof(buffer)), 0);
	ck_assert_str_eq(buffer, "plain");
	ck_assert_int_eq(sys_entry(dir, 0, buffer, sizeof(buffer)), 0);
	ck_assert_str_eq(buffer, "file");
	ck_assert_int_eq(sys_entry(dir, 0, buffer, 4), -E2BIG);
	ck_assert_int_eq(sys_entry(dir, 1, buffer, sizeof(buffer)), -ENOENT);
	ck_assert_int_eq(sys_entry(path, 0, buffer, sizeof(buffer)), -ENOENT);
}
END_TEST

START_TEST(memory_that_may_be_locked)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
	limit.rlim_cur = limit.rlim_max > 65536 ? 65536 : limit.rlim_max / 2;
	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	ck_assert_uint_eq(sys_lock_limit(), limit.rlim_cur);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	ck_assert_uint_eq(sys_lock_limit(), limit.rlim_max == RLIM_INFINITY ? UINT64_MAX :
									      limit.rlim_max);
	/* who may do that has no limit */
	limit.rlim_cur = limit.rlim_max = RLIM_INFINITY;
	if (!setrlimit(RLIMIT_MEMLOCK, &limit))
		ck_assert_uint_eq(sys_lock_limit(), UINT64_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sys");
	TCase *tc = tcase_create("sys");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, descriptors_are_closed_on_exec);
	tcase_add_test(tc, a_device_has_numbers);
	tcase_add_test(tc, ioctls_give_what_the_kernel_gives);
	tcase_add_test(tc, reads_go_on_after_a_signal);
	tcase_add_test(tc, what_does_not_fit_is_not_nothing);
	tcase_add_test(tc, writes_are_whole_or_an_error);
	tcase_add_test(tc, places_in_a_file);
	tcase_add_test(tc, small_files);
	tcase_add_test(tc, links_and_directories);
	tcase_add_test(tc, memory_that_may_be_locked);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
