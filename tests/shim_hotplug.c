/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim_hotplug.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "guest_tables.h"
#include "shim_expect.h"
#include "util/alloc.h"
#include "waiter.h"

#define MEMORY (4 * MIB)
#define TABLES (1 * MIB)
#define DATA   (2 * MIB)

static struct ioasid_ctx *ctx;
static const char *backend;
static unsigned long reset_command;
static struct ioasid_space *root, *child;
static struct ioasid_device *worker;
static struct guest_table table;
static uint8_t *memory;

/* What another thread does, and what came of it. */
static struct {
	pthread_t thread;
	unsigned int device;
	struct ioasid_device *bound;
	int ret;
	bool done;
} other;

/* Device @i. */
static int bind(unsigned int i, struct ioasid_device **device)
{
	return ioasid_device_bind(ctx, shim.devices[i].name, i, device);
}

static void setup(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	shim_reset();
	options.backend = backend;
	ck_ok(ioasid_ctx_open(&options, &ctx));
	memory = memory_new(MEMORY);
	root = make_space(ctx, NULL, 0);
	ck_ok(ioasid_space_map(root, 0, memory, MEMORY, RW, NULL));
	child = make_space(ctx, root, 0);
	gt_init(&table, IOASID_PGTABLE_VTD_SS, 3, memory, 0, 0, TABLES);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 3, table.root));
	ck_ok(bind(0, &worker));
	ck_ok(ioasid_device_attach(worker, child));
	other.done = false;
	shim_forget();
}

static void teardown(void)
{
	ck_ok(ioasid_ctx_close(ctx));
	memory_free(memory, MEMORY);
	ck_assert_uint_eq(shim_open_fds(), 0);
	ck_assert_uint_eq(shim_objects(), 0);
}

/* The next reset in a bind goes on when @meanwhile has returned; or the next in an unbind. */
static void slow_bind(void (*meanwhile)(void))
{
	shim.slow = meanwhile;
	shim.slow_command = reset_command;
}

static void slow_unbind(void (*meanwhile)(void))
{
	shim.slow = meanwhile;
	shim.slow_command = 0;
}

/* Not for ever. */
static void join(void)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 10;
	ck_assert_msg(!pthread_timedjoin_np(other.thread, NULL, &end),
		      "another thread waits for the kernel to reset a device");
}

/* A guest maps a page, uses it, and gives it up; and its machine gets more memory for a while. */
static int work(void)
{
	int ret;

	gt_map(&table, DATA, DATA, PAGE, 1, RW);
	ret = inv_all(ctx, child);
	if (ret)
		return ret;
	gt_unmap(&table, DATA, PAGE, 1);
	ret = inv_all(ctx, child);
	if (!ret)
		ret = ioasid_space_map(root, MEMORY, memory, PAGE, RW, NULL);
	return ret ? ret : ioasid_space_unmap(root, MEMORY, PAGE, NULL);
}

static void *run_work(void *unused)
{
	(void)unused;
	other.ret = work();
	other.done = true;
	return NULL;
}

static void others_work(void)
{
	ck_assert_int_eq(pthread_create(&other.thread, NULL, run_work, NULL), 0);
	join();
	ck_assert_int_eq(other.ret, 0);
}

static void *run_bind(void *unused)
{
	(void)unused;
	other.ret = bind(other.device, &other.bound);
	return NULL;
}

/* Another thread begins to bind device @i; and what came of it in the end. */
static void begin(unsigned int i)
{
	const struct timespec moment = { .tv_nsec = 20000000 };

	other.device = i;
	other.bound = NULL;
	ck_assert_int_eq(pthread_create(&other.thread, NULL, run_bind, NULL), 0);
	nanosleep(&moment, NULL);	/* to get as far as it can */
}

static int finish(struct ioasid_device **device)
{
	join();
	*device = other.bound;
	return other.ret;
}

START_TEST(others_work_while_a_device_is_bound)
{
	struct ioasid_device *device;

	slow_bind(others_work);
	ck_ok(bind(1, &device));
	ck_assert(other.done);
	ck_assert_uint_eq(ioasid_device_get_cookie(device), 1);
}
END_TEST

START_TEST(others_work_while_a_device_is_unbound)
{
	struct ioasid_device *device;

	ck_ok(bind(1, &device));
	ck_ok(ioasid_device_attach(device, root));
	slow_unbind(others_work);
	ck_ok(ioasid_device_unbind(device));
	ck_assert(other.done);
}
END_TEST

/* The last allocation of a bind fails, and the device is given back, which takes as long. */
START_TEST(others_work_while_a_bind_fails)
{
	struct ioasid_device *device = NULL;
	unsigned long n;

	for (n = 1; !device; n++) {
		mem_fail_nth(n);
		bind(1, &device);
		mem_fail_nth(0);
	}
	ck_ok(ioasid_device_unbind(device));
	slow_unbind(others_work);
	mem_fail_nth(n - 2);
	ck_err(bind(1, &device), ENOMEM);
	mem_fail_nth(0);
	ck_assert(other.done);
}
END_TEST

static void begin_same(void)
{
	begin(1);
}

START_TEST(two_threads_bind_one_device)
{
	struct ioasid_device *device, *second;

	slow_bind(begin_same);
	ck_ok(bind(1, &device));
	ck_assert_int_eq(finish(&second), -EBUSY);
	ck_assert_ptr_null(second);
	ck_ok(ioasid_device_unbind(device));
	ck_ok(bind(1, &device));
}
END_TEST

static void begin_neighbour(void)
{
	begin(3);
}

/* They share a group. */
START_TEST(two_threads_bind_neighbours)
{
	struct ioasid_device *device, *second;

	slow_bind(begin_neighbour);
	ck_ok(bind(2, &device));
	ck_assert_int_eq(finish(&second), 0);
	ck_ok(ioasid_device_attach(device, root));
	ck_ok(ioasid_device_attach(second, root));
	ck_ok(ioasid_device_unbind(device));
	ck_ok(ioasid_device_unbind(second));
}
END_TEST

START_TEST(a_device_comes_while_its_neighbour_goes)
{
	struct ioasid_device *device, *second;

	ck_ok(bind(2, &device));
	slow_unbind(begin_neighbour);
	ck_ok(ioasid_device_unbind(device));
	ck_assert_int_eq(finish(&second), 0);
	ck_ok(ioasid_device_attach(second, root));
}
END_TEST

static struct ioasid_device *leaving;
static struct waiter leaver;

static int unbind(void *device)
{
	return ioasid_device_unbind(device);
}

/* Another thread wants to bind the device, and a third one unbinds it, who both have to wait. */
static void begin_same_that_goes(void)
{
	begin(1);
	waiter_start(&leaver, unbind, leaving);
	usleep(20000);
}

/*
 * While a kernel resets another device, one waits to be given back that is already off the
 * context's list. Opened once more, it would not be reset.
 */
START_TEST(a_device_is_wanted_again_before_it_has_gone)
{
	struct ioasid_device *device, *again;
	int ret;

	ck_ok(bind(1, &leaving));
	slow_bind(begin_same_that_goes);
	ck_ok(bind(2, &device));
	ret = finish(&again);
	ck_ok(waiter_end(&leaver));
	ck_assert(!ret || ret == -EBUSY);
	ck_assert(!shim.open_twice);
	if (ret)
		ck_ok(bind(1, &again));
	ck_ok(ioasid_device_attach(again, root));
}
END_TEST

static void others_work_beside_an_unbind(void)
{
	waiter_start(&leaver, unbind, leaving);
	usleep(20000);	/* to get as far as it can */
	others_work();
}

/* They may be on one bus, where Linux detaches nothing as long as it resets something. */
START_TEST(others_work_while_one_comes_and_one_goes)
{
	struct ioasid_device *device;

	ck_ok(bind(1, &leaving));
	ck_ok(ioasid_device_attach(leaving, root));
	slow_bind(others_work_beside_an_unbind);
	ck_ok(bind(2, &device));
	ck_assert(other.done);
	ck_ok(waiter_end(&leaver));
	ck_ok(bind(1, &leaving));
}
END_TEST

int hotplug_run(const char *name, unsigned long command)
{
	Suite *suite = suite_create("hotplug");
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, others_work_while_a_device_is_bound);
	tcase_add_test(tc, others_work_while_a_device_is_unbound);
	tcase_add_test(tc, others_work_while_a_bind_fails);
	tcase_add_test(tc, two_threads_bind_one_device);
	tcase_add_test(tc, two_threads_bind_neighbours);
	tcase_add_test(tc, a_device_comes_while_its_neighbour_goes);
	tcase_add_test(tc, a_device_is_wanted_again_before_it_has_gone);
	tcase_add_test(tc, others_work_while_one_comes_and_one_goes);
	suite_add_tcase(suite, tc);
	backend = name;
	reset_command = command;
	return run_suite(suite);
}
