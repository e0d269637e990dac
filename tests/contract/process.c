/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contexts that another process takes over. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contract.h"

#define FILE_PAGES 16

struct files {
	struct fixture f;
	struct ioasid_device *device;
	int fd;
};

static bool files_open(struct files *w)
{
	fixture_open(&w->f);
	if (lacks(w->f.ctx, IOASID_CAP_CHANGE_PROCESS)) {
		fixture_close(&w->f);
		return false;
	}
	w->device = fixture_bind(&w->f, ALONE_A);
	w->fd = memfd_new(FILE_PAGES * PAGE, F_SEAL_SHRINK);
	ck_ok(ioasid_device_attach(w->device, w->f.space));
	ck_ok(ioasid_space_map_file(w->f.space, 0, w->fd, 0, 8 * PAGE, RW, NULL));
	return true;
}

static void files_close(struct files *w)
{
	close(w->fd);
	fixture_close(&w->f);
}

START_TEST(without_the_capability)
{
	struct fixture f;

	fixture_open(&f);
	if (!ioasid_ctx_has(f.ctx, IOASID_CAP_CHANGE_PROCESS)) {
		ck_err(ioasid_ctx_change_process(f.ctx), EOPNOTSUPP);
		ck_err(ioasid_ctx_abandon(f.ctx), EOPNOTSUPP);
	}
	fixture_bind(&f, ALONE_A);
	fixture_close(&f);
}
END_TEST

START_TEST(process_that_has_it)
{
	struct files w;

	if (!files_open(&w))
		return;
	ck_ok(ioasid_ctx_change_process(w.f.ctx));
	ck_ok(ioasid_space_map_file(w.f.space, 8 * PAGE, w.fd, 8 * PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_ctx_change_process(w.f.ctx));
	files_close(&w);
}
END_TEST

START_TEST(memory_stays_with_its_process)
{
	struct files w;

	if (!files_open(&w))
		return;
	ck_ok(ioasid_space_map(w.f.space, 8 * PAGE, w.f.memory, PAGE, RW, NULL));
	ck_err_same(w.f.space, ioasid_ctx_change_process(w.f.ctx), EINVAL);
	ck_ok(ioasid_space_unmap(w.f.space, 8 * PAGE, PAGE, NULL));
	ck_ok(ioasid_ctx_change_process(w.f.ctx));
	ck_ok(ioasid_ctx_register_memory(w.f.ctx, w.f.memory, PAGE, RW));
	ck_err_same(w.f.space, ioasid_ctx_change_process(w.f.ctx), EINVAL);
	files_close(&w);
}
END_TEST

/* All that a child does with what its parent has made; then the context goes. */
static void go_on(struct files *w)
{
	struct ioasid_space *other = make_space(w->f.ctx, NULL, 0), *child;
	struct ioasid_device *second;

	ck_ok(ioasid_ctx_change_process(w->f.ctx));
	ck_ok(ioasid_space_map_file(w->f.space, 8 * PAGE, w->fd, 8 * PAGE, 2 * PAGE, RW, NULL));
	ck_err(ioasid_space_map_file(w->f.space, 8 * PAGE, w->fd, 0, PAGE, RW, NULL), EEXIST);
	ck_ok(ioasid_space_unmap(w->f.space, 0, 8 * PAGE, NULL));
	ck_ok(ioasid_space_map_copy(other, 0, w->f.space, 9 * PAGE, PAGE, RW, NULL));
	second = fixture_bind(&w->f, ALONE_B);
	ck_ok(ioasid_device_attach(second, w->f.space));
	ck_ok(ioasid_device_replace(w->device, other));
	child = make_space(w->f.ctx, other, 0);
	ck_ok(ioasid_space_map_parent(child, 0, 0, PAGE, RW, NULL));
	ck_ok(ioasid_device_replace(second, child));
	ck_ok(ioasid_ctx_change_process(w->f.ctx));
	ck_ok(ioasid_device_detach(second));
	ck_ok(ioasid_ctx_close(w->f.ctx));
}

START_TEST(child_takes_over)
{
	int status = 0;
	struct files w;
	pid_t child;

	if (!files_open(&w))
		return;
	child = fork();
	ck_assert_int_ge(child, 0);
	if (!child) {
		go_on(&w);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_ok(ioasid_ctx_abandon(w.f.ctx));
	close(w.fd);
	/* nothing of it is left: the device can be had again */
	memory_free(w.f.memory, MEMORY);
	fixture_open(&w.f);
	fixture_bind(&w.f, ALONE_A);
	fixture_close(&w.f);
}
END_TEST

/* The parent gives it up first, and the child has it alone. */
START_TEST(parent_gives_it_up)
{
	int status = 0, pipes[2];
	struct files w;
	pid_t child;
	char byte;

	if (!files_open(&w))
		return;
	ck_assert_int_eq(pipe(pipes), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (!child) {
		ck_ok(ioasid_ctx_change_process(w.f.ctx));
		close(pipes[1]);
		ck_assert_int_eq(read(pipes[0], &byte, 1), 0);
		go_on(&w);
		_exit(0);
	}
	close(pipes[0]);
	ck_ok(ioasid_ctx_abandon(w.f.ctx));
	close(pipes[1]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	close(w.fd);
	memory_free(w.f.memory, MEMORY);
}
END_TEST

TCase *contract_process(void)
{
	TCase *tc = tcase_create("process");

	tcase_add_test(tc, without_the_capability);
	tcase_add_test(tc, process_that_has_it);
	tcase_add_test(tc, memory_stays_with_its_process);
	tcase_add_test(tc, child_takes_over);
	tcase_add_test(tc, parent_gives_it_up);
	return tc;
}
