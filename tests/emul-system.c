/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the system refuses or interrupts, and what it says about the platform. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "forbid.h"
#include "support.h"

static const char text[] = "iommu one\ndevice only iommu=one\n";

static void temporary(char *dir, char *path)
{
	strcpy(dir, "/tmp/ioasid-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	sprintf(path, "%s/platform", dir);
}

static void is_the_platform(const struct ioasid_ctx_options *options)
{
	struct ioasid_device *device;
	struct ioasid_ctx *ctx;

	ck_ok(ioasid_ctx_open(options, &ctx));
	ck_ok(ioasid_device_bind(ctx, "only", 0, &device));
	ck_err(ioasid_device_bind(ctx, "0000:00:01.0", 0, &device), ENODEV);
	ck_ok(ioasid_ctx_close(ctx));
}

START_TEST(platform_of_the_environment)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_ctx *ctx = NULL;
	char dir[32], path[64];
	FILE *file;

	temporary(dir, path);
	options.backend = "emulated";
	setenv("IOASID_PLATFORM", path, 1);
	ck_err(ioasid_ctx_open(&options, &ctx), ENOENT);
	ck_assert_ptr_null(ctx);
	file = fopen(path, "w");
	ck_assert(file && fputs(text, file) >= 0 && !fclose(file));
	is_the_platform(&options);
	unsetenv("IOASID_PLATFORM");
	unlink(path);
	rmdir(dir);
}
END_TEST

static void ignore(int signal)
{
	(void)signal;
}

struct reader {
	const char *path;
	struct ioasid_platform *platform;
	int ret;
	bool over;
};

static void *read_platform(void *data)
{
	struct reader *r = data;

	r->ret = ioasid_platform_load(r->path, &r->platform);
	__atomic_store_n(&r->over, true, __ATOMIC_RELEASE);
	return NULL;
}

/* The file is a pipe, and signals arrive while it says nothing. */
START_TEST(signal_while_a_platform_is_read)
{
	struct sigaction action = { .sa_handler = ignore };
	char dir[32], path[64];
	struct reader r = { .path = path };
	pthread_t thread;
	int fd, i;

	temporary(dir, path);
	ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, read_platform, &r), 0);
	fd = open(path, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	for (i = 0; i < 20; i++) {
		usleep(2000);
		ck_assert(!__atomic_load_n(&r.over, __ATOMIC_ACQUIRE));
		pthread_kill(thread, SIGUSR1);
	}
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	pthread_join(thread, NULL);
	ck_ok(r.ret);
	ioasid_platform_free(r.platform);
	unlink(path);
	rmdir(dir);
}
END_TEST

START_TEST(no_descriptor_for_a_queue)
{
	struct rlimit none, before;
	struct ioasid_event_queue *queue = NULL;
	struct ioasid_fault_queue *faults = NULL;
	struct guest g;
	int rc, rc2;

	guest_open(&g, MIB, 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	rc = ioasid_event_queue_create(g.ctx, 4, &queue);
	rc2 = ioasid_fault_queue_create(g.ctx, NULL, &faults);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_eq(rc, -EMFILE);
	ck_assert_int_eq(rc2, -EMFILE);
	ck_assert_ptr_null(queue);
	ck_assert_ptr_null(faults);
	ck_ok(ioasid_event_queue_create(g.ctx, 4, &queue));
	ck_ok(ioasid_fault_queue_create(g.ctx, NULL, &faults));
	guest_close(&g);
}
END_TEST

/* A memfd is mapped as a whole, and this one is larger than what a process can address. */
START_TEST(no_addresses_for_a_file)
{
	struct guest g;
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	guest_open(&g, MIB, 0);
	ck_assert_int_ge(fd, 0);
	if (!ftruncate(fd, (off_t)1 << 57) && !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK)) {
		ck_err(ioasid_space_map_file(g.root, GIB, fd, 0, PAGE, RW, NULL), ENOMEM);
		ck_assert_uint_eq(space_info(g.root).mappings, 1);
	}
	close(fd);
	guest_close(&g);
}
END_TEST

static void count_critical(void *data, int level, const char *message)
{
	*(unsigned int *)data += level <= LOG_CRIT && strstr(message, "membarrier");
}

/*
 * Something is taken away, and once more after @change, if that can be. So often the log says that
 * DMA in flight was not waited for.
 */
static void fails_after(bool (*change)(void), unsigned int expected)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	uint8_t *memory = memory_new(PAGE);
	struct ioasid_device *device;
	struct ioasid_space *root;
	unsigned int warnings = 0;
	struct ioasid_ctx *ctx;
	int i;

	options.backend = "emulated";
	options.log = count_critical;
	options.log_data = &warnings;
	ck_ok(ioasid_ctx_open(&options, &ctx));
	ck_ok(ioasid_device_bind(ctx, "0000:00:02.0", 0, &device));
	root = make_space(ctx, NULL, 0);
	ck_ok(ioasid_device_attach(device, root));
	channel_new(device, IOASID_NO_PASID);
	for (i = 0; i < 2; i++) {
		ck_ok(ioasid_space_map(root, 0, memory, PAGE, RW, NULL));
		ck_ok(ioasid_space_unmap(root, 0, PAGE, NULL));
		ck_assert_uint_eq(warnings, i ? expected : 0);
		if (!i && !change())
			break;
	}
	ck_ok(ioasid_ctx_close(ctx));
	memory_free(memory, PAGE);
}

/*
 * A filter of system calls that comes after the context was opened: the log says what that breaks.
 */
START_TEST(barrier_that_is_forbidden_later)
{
	fails_after(forbid_calls, 1);
}
END_TEST

/* Linux 5.4 and later, membarrier_private_expedited(). */
START_TEST(barrier_that_is_short_of_memory)
{
	fails_after(starve_barrier, 0);
}
END_TEST

static bool uses_barriers(void)
{
#ifdef __SANITIZE_THREAD__	/* there, requests issue fences */
	return false;
#else
	return true;
#endif
}

int main(void)
{
	Suite *suite = suite_create("system");
	TCase *tc = tcase_create("system");

	tcase_add_test(tc, platform_of_the_environment);
	tcase_add_test(tc, signal_while_a_platform_is_read);
	tcase_add_test(tc, no_descriptor_for_a_queue);
	tcase_add_test(tc, no_addresses_for_a_file);
	if (uses_barriers()) {
		tcase_add_test(tc, barrier_that_is_forbidden_later);
		tcase_add_test(tc, barrier_that_is_short_of_memory);
	}
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
