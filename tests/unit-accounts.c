/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Accounts that processes share: as many as there can be, and what a process leaves that just ends.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "accounts.h"
#include "runner.h"
#include "util/err.h"

#define PROCESSES 2100u

void *__real_mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);

static struct accounts *accounts;
static bool no_memory;

/* The linker wraps it. */
void *__wrap_mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
{
	return no_memory ? MAP_FAILED : __real_mmap(addr, length, prot, flags, fd, offset);
}

/* The name that it has where files are large. */
void *__wrap_mmap64(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
	__attribute__((alias("__wrap_mmap")));

static void setup(void)
{
	ck_assert_int_eq(accounts_new(&accounts), 0);
}

static void teardown(void)
{
	accounts_put(accounts);
}

/* A child that ends without giving anything back. Its status. */
static int leave_behind(uint64_t bytes)
{
	pid_t child = fork();
	struct payer *p;
	uint64_t in_use;
	int status;

	ck_assert_int_ge(child, 0);
	if (!child)
		_exit(payer_open(accounts, false, &p) ? 1 :
		      payer_charge(p, bytes, UINT64_MAX, &in_use) ? 0 : 2);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(limit_is_exact)
{
	struct payer *a, *b;
	uint64_t in_use;

	ck_assert_int_eq(payer_open(accounts, false, &a), 0);
	ck_assert_int_eq(payer_open(accounts, false, &b), 0);
	ck_assert(payer_charge(a, 6, 10, &in_use));
	ck_assert(!payer_charge(b, 5, 10, &in_use));
	ck_assert_uint_eq(in_use, 6);
	ck_assert(payer_charge(b, 4, 10, &in_use));
	ck_assert(payer_charge(b, 0, 10, &in_use));
	ck_assert(!payer_charge(b, UINT64_MAX, 10, &in_use));
	ck_assert_uint_eq(payer_bytes(b), 4);
	ck_assert_uint_eq(payer_process_bytes(a), 10);
	payer_release(a, 100);	/* more than it has: what b has stays */
	ck_assert_uint_eq(payer_process_bytes(a), 4);
	payer_close(b);
	ck_assert_uint_eq(payer_process_bytes(a), 0);
	payer_close(a);
	payer_close(NULL);
	payer_abandon(NULL);
}
END_TEST

START_TEST(nothing_to_share)
{
	struct accounts *others = NULL;

	no_memory = true;
	ck_assert_int_eq(accounts_new(&others), -ENOMEM);
	no_memory = false;
	ck_assert_ptr_null(others);
}
END_TEST

/* Its user goes on paying, as for what a kernel cannot take back; its account is its own. */
START_TEST(process_that_just_ends)
{
	struct payer *p;
	uint64_t in_use;

	ck_assert_int_eq(leave_behind(7), 0);
	ck_assert_int_eq(payer_open(accounts, false, &p), 0);
	ck_assert_uint_eq(payer_process_bytes(p), 0);
	ck_assert(!payer_charge(p, 4, 10, &in_use));
	ck_assert_uint_eq(in_use, 7);
	payer_close(p);
}
END_TEST

/* Whoever closes a context in one process counts nothing for it in the other any more. */
START_TEST(what_another_process_has_closed)
{
	struct payer *p;
	uint64_t in_use;
	int status;
	pid_t child;

	ck_assert_int_eq(payer_open(accounts, false, &p), 0);
	ck_assert(payer_charge(p, 6, 10, &in_use));
	child = fork();
	ck_assert_int_ge(child, 0);
	if (!child) {
		payer_close(p);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert(payer_charge(p, 100, 10, &in_use));
	ck_assert_uint_eq(payer_bytes(p), 0);
	payer_close(p);
}
END_TEST

START_TEST(processes_without_end)
{
	struct payer *p;
	unsigned int i, n = 0;

	if (test_is_slow())
		return;
	for (i = 0; i < PROCESSES; i++)
		n += !leave_behind(1);
	ck_assert_uint_eq(n, 2048);
	ck_assert_int_eq(payer_open(accounts, false, &p), -ENOMEM);
	ck_assert_ptr_nonnull(strstr(err_text(), "too many contexts"));
}
END_TEST

/* What nobody needs is used again. */
START_TEST(processes_one_after_another)
{
	struct payer *p;
	unsigned int i;
	int status;

	if (test_is_slow())
		return;
	for (i = 0; i < PROCESSES; i++) {
		pid_t child = fork();

		ck_assert_int_ge(child, 0);
		if (!child) {
			if (payer_open(accounts, true, &p))
				_exit(1);
			payer_close(p);
			_exit(0);
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unit-accounts");
	TCase *tc = tcase_create("accounts");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, limit_is_exact);
	tcase_add_test(tc, nothing_to_share);
	tcase_add_test(tc, process_that_just_ends);
	tcase_add_test(tc, what_another_process_has_closed);
	tcase_add_test(tc, processes_without_end);
	tcase_add_test(tc, processes_one_after_another);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
