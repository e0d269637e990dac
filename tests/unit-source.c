/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A memfd that somebody else changes while it is being mapped. */
#include "config.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support.h"

/* What happens when the library has asked for the size of a file. */
static void (*after_fstat)(int fd);

int fstat(int fd, struct stat *st)
{
	int ret = fstatat(fd, "", st, AT_EMPTY_PATH);
	void (*then)(int fd) = after_fstat;

	after_fstat = NULL;
	if (then)
		then(fd);
	return ret;
}

static void shrink_and_seal(int fd)
{
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
}

/* The seal says nothing about the size that was asked for before. */
START_TEST(file_that_shrinks_before_it_is_sealed)
{
	struct ioasid_space *space;
	struct guest g;
	int fd = memfd_new(16 * PAGE, 0);

	guest_open(&g, MIB, 0);
	space = make_space(g.ctx, NULL, 0);
	after_fstat = shrink_and_seal;
	ck_err(ioasid_space_map_file(space, 0, fd, 0, PAGE, RW, NULL), EPERM);
	ck_assert_ptr_null(after_fstat);
	ck_err(ioasid_space_map_file(space, 0, fd, 0, PAGE, RW, NULL), EFAULT);
	close(fd);
	guest_close(&g);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source");
	TCase *tc = tcase_create("source");

	tcase_add_test(tc, file_that_shrinks_before_it_is_sealed);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
