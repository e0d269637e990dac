/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A memfd that somebody else changes while it is being mapped; a kernel whose pages are larger than
 * those of IOMMUs; and memory that is no pages at all.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "msan.h"
#include "support.h"

#ifndef MADV_POPULATE_READ	/* Linux 5.14 */
#define MADV_POPULATE_READ 22
#endif

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

long __real_sysconf(int name);
long __wrap_sysconf(int name);
int __real_msync(void *addr, size_t length, int flags);
int __wrap_msync(void *addr, size_t length, int flags);
int __real_madvise(void *addr, size_t length, int advice);
int __wrap_madvise(void *addr, size_t length, int advice);

/* The kernel's, if it is not 0. The linker wraps what depends on it. */
static uintptr_t page_size;

/* MSan calls it before there is anything that tells of memory whether it is initialized. */
NOT_BY_MSAN long __wrap_sysconf(int name)
{
	return page_size && name == _SC_PAGESIZE ? (long)page_size : __real_sysconf(name);
}

static bool is_page(const void *addr)
{
	errno = EINVAL;
	return !page_size || !((uintptr_t)addr % page_size);
}

int __wrap_msync(void *addr, size_t length, int flags)
{
	return is_page(addr) ? __real_msync(addr, length, flags) : -1;
}

int __wrap_madvise(void *addr, size_t length, int advice)
{
	return is_page(addr) ? __real_madvise(addr, length, advice) : -1;
}

#define LARGE 0x10000u

/* Linux, msync(2) and madvise(2): an address has to be that of a page of the kernel's. */
START_TEST(pages_of_the_kernel_are_larger)
{
	/* far from where memory is taken that the library asks for, which would fill the hole */
	uint8_t *memory = mmap((void *)(uintptr_t)GIB, 8 * LARGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *at;
	struct guest g;
	unsigned int i;

	ck_assert_ptr_ne(memory, MAP_FAILED);
	at = memory + (-(uintptr_t)memory & (LARGE - 1));
	munmap(at + 4 * LARGE, LARGE);
	guest_open(&g, MIB, 0);
	ck_ok(ioasid_device_attach(g.device, g.root));
	page_size = LARGE;
	for (i = 0; i < LARGE / PAGE; i++)
		ck_ok(ioasid_space_map(g.root, GIB + i * PAGE, at + i * PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(g.root, 2 * GIB, at + PAGE, 4 * LARGE - PAGE, RW, NULL));
	ck_err(ioasid_space_map(g.root, 3 * GIB, at + PAGE, 4 * LARGE, RW, NULL), EFAULT);
	ck_err(ioasid_space_map(g.root, 3 * GIB, at + 4 * LARGE + PAGE, PAGE, RW, NULL), EFAULT);
	page_size = 0;
	guest_close(&g);
	munmap(memory, 8 * LARGE);
}
END_TEST

/*
 * The kernel has given the process a page that is neither anonymous nor of a file, as VFIO does
 * with devices' memory: beside the vDSO, for reading. NULL where it has not.
 */
static void *special_page(void)
{
	char *vdso = (char *)(uintptr_t)getauxval(AT_SYSINFO_EHDR);

	if (!vdso || msync(vdso - PAGE, PAGE, MS_ASYNC) ||
	    !madvise(vdso - PAGE, PAGE, MADV_POPULATE_READ) || errno != EINVAL)
		return NULL;
	return vdso - PAGE;
}

/* What cannot be populated is there all the same. Its permission still counts. */
START_TEST(memory_that_has_no_pages)
{
	void *page = special_page();
	struct guest g;

	if (!page) {
		test_skip("the kernel shows no such memory");
		return;
	}
	guest_open(&g, MIB, 0);
	ck_ok(ioasid_device_attach(g.device, g.root));
	ck_ok(ioasid_space_map(g.root, GIB, page, PAGE, IOASID_READ, NULL));
	ck_err(ioasid_space_map(g.root, 2 * GIB, page, PAGE, RW, NULL), EFAULT);
	ck_err(ioasid_space_map(g.root, 2 * GIB, page, PAGE, IOASID_WRITE, NULL), EFAULT);
	guest_close(&g);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source");
	TCase *tc = tcase_create("source");

	tcase_add_test(tc, file_that_shrinks_before_it_is_sealed);
	tcase_add_test(tc, pages_of_the_kernel_are_larger);
	tcase_add_test(tc, memory_that_has_no_pages);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
