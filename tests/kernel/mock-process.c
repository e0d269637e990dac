/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files, the kernel's options, and who pays for what is locked: as a real kernel counts it, in
 * /proc/self/status and against RLIMIT_MEMLOCK.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mock.h"

#define IOVA  (32 * MIB)
#define PAGES 12u

/* struct iommu_option, Linux 6.2 */
struct option {
	uint32_t size, id;
	uint16_t op, reserved;
	uint32_t object;
	uint64_t value;
};

#define COMMAND_OPTION 0x3b87
#define RLIMIT_MODE    0u
#define HUGE_PAGES     1u
#define GET	       1u

struct world {
	struct ioasid_ctx *ctx;
	struct ioasid_space *space;
	struct mock mock;
	uint8_t *view;
	int file;
};

static bool world_open(struct world *w, uint64_t flags)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	if (!mock_ctx_open(&w->ctx))
		return false;
	if (lacks(w->ctx, IOASID_CAP_CHANGE_PROCESS)) {
		ck_ok(ioasid_ctx_close(w->ctx));
		return false;
	}
	if (flags) {
		ck_ok(ioasid_ctx_close(w->ctx));
		options.backend = "iommufd";
		options.flags = flags;
		ck_ok(ioasid_ctx_open(&options, &w->ctx));
	}
	mock_open(&w->mock, w->ctx, 0);
	w->space = make_space(w->ctx, NULL, 0);
	w->file = memfd_new(2 * PAGES * PAGE, F_SEAL_SHRINK);
	w->view = mmap(NULL, 2 * PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, w->file, 0);
	ck_assert_ptr_ne(w->view, MAP_FAILED);
	return true;
}

static void world_close(struct world *w)
{
	mock_close(&w->mock);
	ck_ok(ioasid_ctx_close(w->ctx));
	munmap(w->view, 2 * PAGES * PAGE);
	close(w->file);
}

static void map_and_attach(struct world *w)
{
	ck_ok(ioasid_space_map_file(w->space, IOVA, w->file, 0, PAGES * PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(w->mock.device, w->space));
}

static uint64_t option(const struct world *w, uint32_t id, uint32_t object)
{
	struct option o = { .size = sizeof(o), .id = id, .op = GET, .object = object };

	ck_assert_msg(!ioctl(w->mock.iommu, COMMAND_OPTION, &o), "option %u: %s", id,
		      strerror(errno));
	return o.value;
}

/* In pages: what the kernel has counted for the calling process. */
static uint64_t pinned(const struct world *w)
{
	struct ioasid_ctx_info info = IOASID_CTX_INFO_INIT;

	ck_ok(ioasid_ctx_query_info(w->ctx, &info));
	return info.locked_bytes / PAGE;
}

/*
 * capset(2): whoever has CAP_IPC_LOCK may lock any amount. Version 3, LINUX_CAPABILITY_VERSION_3.
 */
static void obey_limits(uint64_t pages)
{
	struct { uint32_t version; int pid; } header = { 0x20080522, 0 };
	struct { uint32_t effective, permitted, inheritable; } data[2];
	struct rlimit limit = { pages * PAGE, RLIM_INFINITY };

	ck_assert_int_eq((int)syscall(SYS_capget, &header, data), 0);
	data[0].effective &= ~(1u << 14);
	ck_assert_int_eq((int)syscall(SYS_capset, &header, data), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
}

static void in_a_child(struct world *w, void (*what)(struct world *w))
{
	int status = 0;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (!child) {
		what(w);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

START_TEST(files)
{
	struct ioasid_space *copy, *child;
	struct world w;

	if (!world_open(&w, 0))
		return;
	map_and_attach(&w);
	mock_leads_to(&w.mock, w.mock.page_table, IOVA, w.view, PAGES * PAGE);
	/* attached, at another offset */
	ck_ok(ioasid_space_map_file(w.space, 2 * IOVA, w.file, 5 * PAGE, 2 * PAGE, RW, NULL));
	mock_leads_to(&w.mock, w.mock.page_table, 2 * IOVA, w.view + 5 * PAGE, 2 * PAGE);
	copy = make_space(w.ctx, NULL, 0);
	ck_ok(ioasid_space_map_copy(copy, IOVA, w.space, IOVA + 3 * PAGE, 4 * PAGE, RW, NULL));
	ck_ok(ioasid_device_replace(w.mock.device, copy));
	mock_leads_to(&w.mock, w.mock.page_table, IOVA, w.view + 3 * PAGE, 4 * PAGE);
	child = make_space(w.ctx, w.space, 0);
	ck_ok(ioasid_space_map_parent(child, 3 * IOVA, IOVA + PAGE, 2 * PAGE, RW, NULL));
	ck_ok(ioasid_device_replace(w.mock.device, child));
	mock_leads_to(&w.mock, w.mock.page_table, 3 * IOVA, w.view + PAGE, 2 * PAGE);
	/* a file that is not open any more */
	close(w.file);
	ck_ok(ioasid_device_replace(w.mock.device, w.space));
	mock_leads_to(&w.mock, w.mock.page_table, IOVA, w.view, PAGES * PAGE);
	world_close(&w);
}
END_TEST

START_TEST(options_are_what_was_asked_for)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *small;
	struct world w;
	uint32_t id;

	if (!world_open(&w, _i ? IOASID_CTX_ACCOUNT_PROCESS : 0))
		return;
	ck_assert_uint_eq(option(&w, RLIMIT_MODE, 0), (uint64_t)_i);
	map_and_attach(&w);
	ck_ok(ioasid_space_get_kernel_id(w.space, &id));
	ck_assert_uint_eq(option(&w, HUGE_PAGES, id), 1);
	options.flags = IOASID_SPACE_SMALL_PAGES;
	ck_ok(ioasid_space_create(w.ctx, &options, &small));
	ck_ok(ioasid_space_map_file(small, IOVA, w.file, PAGE, 2 * PAGE, RW, NULL));
	ck_ok(ioasid_device_replace(w.mock.device, small));
	ck_ok(ioasid_space_get_kernel_id(small, &id));
	ck_assert_uint_eq(option(&w, HUGE_PAGES, id), 0);
	mock_leads_to(&w.mock, w.mock.page_table, IOVA, w.view + PAGE, 2 * PAGE);
	world_close(&w);
}
END_TEST

static void takes_over(struct world *w)
{
	ck_assert_uint_eq(pinned(w), 0);
	ck_ok(ioasid_ctx_change_process(w->ctx));
	ck_assert_uint_eq(pinned(w), PAGES);
	mock_leads_to(&w->mock, w->mock.page_table, IOVA, w->view, PAGES * PAGE);
	ck_ok(ioasid_space_map_file(w->space, 2 * IOVA, w->file, 0, PAGE, RW, NULL));
	ck_assert_uint_eq(pinned(w), PAGES + 1);
	ck_ok(ioasid_space_unmap(w->space, 2 * IOVA, PAGE, NULL));
	ck_assert_uint_eq(pinned(w), PAGES);
}

START_TEST(child_pays)
{
	struct world w;

	if (!world_open(&w, 0))
		return;
	obey_limits(2 * PAGES);
	map_and_attach(&w);
	ck_assert_uint_eq(pinned(&w), PAGES);
	in_a_child(&w, takes_over);
	ck_assert_uint_eq(pinned(&w), 0);
	mock_leads_to(&w.mock, w.mock.page_table, IOVA, w.view, PAGES * PAGE);
	ck_ok(ioasid_ctx_change_process(w.ctx));
	ck_assert_uint_eq(pinned(&w), PAGES);
	world_close(&w);
}
END_TEST

static void may_not(struct world *w)
{
	ck_err(ioasid_ctx_change_process(w->ctx), ENOMEM);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "RLIMIT_MEMLOCK"));
	ck_assert_uint_eq(pinned(w), 0);
	obey_limits(2 * PAGES);
	takes_over(w);
}

/* The user has both for a moment, as the manual says. */
START_TEST(limit_of_the_user)
{
	struct world w;

	if (!world_open(&w, 0))
		return;
	obey_limits(PAGES - 1);
	ck_ok(ioasid_space_map_file(w.space, IOVA, w.file, 0, PAGES * PAGE, RW, NULL));
	ck_err(ioasid_device_attach(w.mock.device, w.space), ENOMEM);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "RLIMIT_MEMLOCK"));
	obey_limits(2 * PAGES - 1);
	ck_ok(ioasid_device_attach(w.mock.device, w.space));
	in_a_child(&w, may_not);
	ck_assert_uint_eq(pinned(&w), 0);
	world_close(&w);
}
END_TEST

/* The child closes what it has; the parent only gives it up. */
static void takes_over_and_closes(struct world *w)
{
	ck_ok(ioasid_ctx_change_process(w->ctx));
	ck_assert_uint_eq(pinned(w), PAGES);
	ck_err(ioasid_space_map_file(w->space, 2 * IOVA, w->file, 0, 2 * PAGE, RW, NULL), ENOMEM);
	ck_ok(ioasid_space_map_file(w->space, 2 * IOVA, w->file, 0, PAGE, RW, NULL));
	world_close(w);
}

START_TEST(limit_of_the_process)
{
	struct world w;

	if (!world_open(&w, IOASID_CTX_ACCOUNT_PROCESS))
		return;
	obey_limits(PAGES + 1);
	map_and_attach(&w);
	ck_assert_uint_eq(pinned(&w), PAGES);
	in_a_child(&w, takes_over_and_closes);
	ck_ok(ioasid_ctx_abandon(w.ctx));
	munmap(w.view, 2 * PAGES * PAGE);
	close(w.file);
}
END_TEST

/*
 * What a program does after execve(), with nothing but the descriptor, the numbers, and the file:
 * here a child that does not look at its parent's handles.
 */
static void begins_anew(struct world *w)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_adopt_options adopt;
	struct world new = *w;
	uint32_t old;

	ck_ok(ioasid_space_get_kernel_id(w->space, &old));
	options.backend = "iommufd";
	options.flags = IOASID_CTX_FD;
	options.fd = w->mock.iommu;
	ck_ok(ioasid_ctx_open(&options, &new.ctx));
	ck_ok(ioasid_ctx_change_process(new.ctx));
	ck_assert_uint_eq(pinned(&new), PAGES);
	new.mock.iommu = ioasid_ctx_get_fd(new.ctx);
	mock_options(&new.mock, &adopt);
	ck_ok(ioasid_device_adopt(new.ctx, &adopt, &new.mock.device));
	mock_leads_to(&new.mock, w->mock.page_table, IOVA, w->view, PAGES * PAGE);
	/* from the old space to the new one in one step */
	new.space = make_space(new.ctx, NULL, 0);
	map_and_attach(&new);
	ck_assert_uint_ne(new.mock.page_table, w->mock.page_table);
	mock_leads_to(&new.mock, new.mock.page_table, IOVA, w->view, PAGES * PAGE);
	/* nobody uses the old one, which is there still */
	ck_assert_uint_eq(pinned(&new), PAGES);
	mock_destroy(new.mock.iommu, old);
	ck_assert_uint_eq(pinned(&new), PAGES);
	world_close(&new);
}

START_TEST(process_that_has_only_the_descriptor)
{
	struct world w;

	if (!world_open(&w, 0))
		return;
	obey_limits(3 * PAGES);
	map_and_attach(&w);
	in_a_child(&w, begins_anew);
	ck_ok(ioasid_ctx_abandon(w.ctx));
	munmap(w.view, 2 * PAGES * PAGE);
	close(w.file);
}
END_TEST

/* Somebody else's memory, on the same descriptor: the kernel finds it. */
START_TEST(memory_of_another_context)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	uint8_t *memory = memory_new(PAGE);
	struct ioasid_space *space;
	struct ioasid_ctx *other;
	struct mock mock;
	struct world w;

	if (!world_open(&w, 0))
		return;
	map_and_attach(&w);
	options.backend = "iommufd";
	options.flags = IOASID_CTX_FD;
	options.fd = ioasid_ctx_get_fd(w.ctx);
	ck_ok(ioasid_ctx_open(&options, &other));
	mock_open(&mock, other, 0);
	space = make_space(other, NULL, 0);
	ck_ok(ioasid_space_map(space, IOVA, memory, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(mock.device, space));
	ck_err(ioasid_ctx_change_process(w.ctx), EINVAL);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "somebody else"));
	ck_ok(ioasid_space_unmap_all(space, NULL));
	ck_ok(ioasid_ctx_change_process(w.ctx));
	mock_close(&mock);
	ck_ok(ioasid_ctx_close(other));
	world_close(&w);
	memory_free(memory, PAGE);
}
END_TEST

TCase *mock_process(void)
{
	TCase *tc = tcase_create("process");

	tcase_add_test(tc, files);
	tcase_add_loop_test(tc, options_are_what_was_asked_for, 0, 2);
	tcase_add_test(tc, child_pays);
	tcase_add_test(tc, limit_of_the_user);
	tcase_add_test(tc, limit_of_the_process);
	tcase_add_test(tc, process_that_has_only_the_descriptor);
	tcase_add_test(tc, memory_of_another_context);
	return tc;
}
