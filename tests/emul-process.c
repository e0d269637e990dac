/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A context that a forked process takes over, and who pays for what it locks. */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

#define FILE_PAGES 32u

static struct ioasid_platform *platform;
static struct ioasid_ctx *ctx;
static struct ioasid_device *device;
static struct ioasid_space *space;
static uint8_t *view;
static int file;

static struct ioasid_ctx *open_ctx(uint64_t flags)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_ctx *c = NULL;

	options.backend = "emulated";
	options.platform = platform;
	options.flags = flags;
	ck_ok(ioasid_ctx_open(&options, &c));
	return c;
}

/* A root with @pages of a file, attached; @limit in pages, 0: none. */
static void open_world(uint64_t flags, uint64_t limit, uint64_t pages)
{
	ck_ok(ioasid_platform_new_default(&platform));
	ioasid_platform_set_locked_memory(platform, limit * PAGE);
	ctx = open_ctx(flags);
	ck_ok(ioasid_device_bind(ctx, "0000:00:01.0", 1, &device));
	space = make_space(ctx, NULL, 0);
	ck_ok(ioasid_device_attach(device, space));
	file = memfd_new(FILE_PAGES * PAGE, F_SEAL_SHRINK);
	view = mmap(NULL, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	ck_assert_ptr_ne(view, MAP_FAILED);
	if (pages)
		ck_ok(ioasid_space_map_file(space, 0, file, 0, pages * PAGE, RW, NULL));
}

static void close_world(void)
{
	ck_ok(ioasid_ctx_close(ctx));
	ioasid_platform_free(platform);
	munmap(view, FILE_PAGES * PAGE);
	close(file);
}

/* In pages, of the calling process. */
static uint64_t locked(const struct ioasid_ctx *c)
{
	struct ioasid_ctx_info info = IOASID_CTX_INFO_INIT;

	ck_ok(ioasid_ctx_query_info(c, &info));
	ck_assert_uint_eq(info.locked_bytes % PAGE, 0);
	return info.locked_bytes / PAGE;
}

/*
 * Runs @what in a child, after @meanwhile in the parent; an assertion that fails there ends it, and
 * with it the test.
 */
static void in_a_child_after(void (*meanwhile)(void), void (*what)(void))
{
	int status = 0, over[2];
	pid_t child;
	char byte;

	ck_assert_int_eq(pipe(over), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (!child) {
		close(over[1]);
		ck_assert_int_eq((int)read(over[0], &byte, 1), 0);
		what();
		_exit(0);
	}
	close(over[0]);
	if (meanwhile)
		meanwhile();
	close(over[1]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

static void in_a_child(void (*what)(void))
{
	in_a_child_after(NULL, what);
}

static struct ioasid_channel *channel;
static struct ioasid_mapping *mapping;

static void go_on(void)
{
	struct ioasid_space *other = make_space(ctx, NULL, 0);
	struct ioasid_device *second;
	uint8_t byte = 0;

	ck_ok(ioasid_ctx_change_process(ctx));
	ck_assert_uint_eq(ioasid_device_get_cookie(device), 1);
	/* DMA by the channel that was open, and the program's own view of the file */
	ck_ok(dma_get(channel, 3 * PAGE, &byte));
	ck_assert_uint_eq(byte, 3);
	ck_ok(dma_put(channel, 3 * PAGE, 33));
	ck_assert_uint_eq(view[3 * PAGE], 33);
	/* everything can be changed, with a drain where it takes something away */
	ck_ok(ioasid_space_map_file(space, GIB, file, 8 * PAGE, PAGE, RW, NULL));
	ck_ok(dma_put(channel, GIB, 88));
	ck_ok(ioasid_mapping_unmap(mapping));
	ck_err(dma_get(channel, 3 * PAGE, &byte), EFAULT);
	ck_ok(ioasid_device_bind(ctx, "0000:00:02.0", 2, &second));
	ck_ok(ioasid_device_replace(device, other));
	ck_err(dma_get(channel, GIB, &byte), EFAULT);
	ck_ok(ioasid_ctx_close(ctx));
}

START_TEST(child_goes_on_with_all_handles)
{
	open_world(0, 0, 0);
	ck_ok(ioasid_space_map_file(space, 0, file, 0, 8 * PAGE, RW, &mapping));
	channel = channel_new(device, IOASID_NO_PASID);
	in_a_child(go_on);
	ck_assert_uint_eq(view[3 * PAGE], 33);
	ck_assert_uint_eq(view[8 * PAGE], 88);
	ck_ok(ioasid_ctx_abandon(ctx));
	ctx = open_ctx(0);
	close_world();
}
END_TEST

static struct ioasid_space *child_space;

static void go_on_nested(void)
{
	uint8_t byte = 0;

	ck_ok(ioasid_ctx_change_process(ctx));
	ck_ok(dma_get(channel, 0x7000, &byte));
	ck_assert_uint_eq(byte, 2);
	ck_ok(ioasid_space_unmap(child_space, 0x7000, PAGE, NULL));
	ck_err(dma_get(channel, 0x7000, &byte), EFAULT);
	ck_ok(ioasid_ctx_close(ctx));
}

/* Copies of a file's mappings, and what is nested, are of files too. */
START_TEST(nested_spaces_and_copies_go_along)
{
	struct ioasid_space *copy;

	open_world(0, 0, 8);
	copy = make_space(ctx, NULL, 0);
	ck_ok(ioasid_space_map_copy(copy, GIB, space, PAGE, 2 * PAGE, RW, NULL));
	child_space = make_space(ctx, space, 0);
	ck_ok(ioasid_space_map_parent(child_space, 0x7000, 2 * PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_device_replace(device, child_space));
	channel = channel_new(device, IOASID_NO_PASID);
	in_a_child(go_on_nested);
	ck_ok(ioasid_ctx_abandon(ctx));
	ctx = open_ctx(0);
	close_world();
}
END_TEST

static struct ioasid_event_queue *queue;

static bool is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* A DMA of the channel faults. */
static void fault_at(uint64_t iova)
{
	uint8_t byte;

	ck_err(dma_get(channel, iova, &byte), EFAULT);
}

/* The queue has this event, and no other. */
static void ck_event_at(uint64_t iova)
{
	struct ioasid_event e[2];

	ck_assert(is_readable(ioasid_event_queue_get_fd(queue)));
	ck_assert_uint_eq(ioasid_event_queue_read(queue, e, 2), 1);
	ck_assert_uint_eq(e[0].iova, iova);
	ck_assert(!is_readable(ioasid_event_queue_get_fd(queue)));
}

static void read_it(void)
{
	ck_event_at(GIB);
}

static void finds_it_too(void)
{
	ck_ok(ioasid_ctx_change_process(ctx));
	ck_event_at(GIB);
	fault_at(3 * GIB);
	ck_event_at(3 * GIB);
}

/* The device is behind a vIOMMU, in a space where all faults. */
static void open_viommu_queue(void)
{
	struct ioasid_viommu_events_options events = IOASID_VIOMMU_EVENTS_OPTIONS_INIT;
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_space_options nested = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *child;
	struct ioasid_vdevice *vdevice;

	options.type = IOASID_VIOMMU_PLAIN;
	ck_ok(ioasid_viommu_create(space, device, &options, &nested.viommu));
	ck_ok(ioasid_vdevice_create(nested.viommu, device, 1, &vdevice));
	ck_ok(ioasid_space_create(ctx, &nested, &child));
	ck_ok(ioasid_device_replace(device, child));
	events.format = IOASID_EVENTS_PLAIN;
	ck_ok(ioasid_viommu_create_events(nested.viommu, &events, &queue));
}

static void open_queue(bool of_viommu)
{
	open_world(0, 0, 8);
	channel = channel_new(device, IOASID_NO_PASID);
	if (of_viommu)
		open_viommu_queue();
	else
		ck_ok(ioasid_event_queue_create(ctx, 0, &queue));
}

/* The child has a queue of its own, with what was in the parent's; a descriptor that both have. */
START_TEST(an_event_waits_in_both)
{
	open_queue(_i);
	fault_at(GIB);
	in_a_child_after(read_it, finds_it_too);
	close_world();
}
END_TEST

static void have_another(void)
{
	fault_at(2 * GIB);
}

static void finds_none(void)
{
	ck_ok(ioasid_ctx_change_process(ctx));
	ck_assert(!is_readable(ioasid_event_queue_get_fd(queue)));
	fault_at(3 * GIB);
	ck_event_at(3 * GIB);
}

START_TEST(events_of_the_parent_are_its_own)
{
	open_queue(_i);
	in_a_child_after(have_another, finds_none);
	close_world();
}
END_TEST

static void pays_after_the_change(void)
{
	ck_assert_uint_eq(locked(ctx), 0);
	ck_ok(ioasid_ctx_change_process(ctx));
	ck_assert_uint_eq(locked(ctx), 10);
	ck_ok(ioasid_ctx_change_process(ctx));	/* it has it: nothing to do */
	ck_assert_uint_eq(locked(ctx), 10);
	ck_ok(ioasid_space_map_file(space, GIB, file, 0, PAGE, RW, NULL));
	ck_assert_uint_eq(locked(ctx), 11);
}

START_TEST(what_is_locked_moves)
{
	open_world(_i ? IOASID_CTX_ACCOUNT_PROCESS : 0, 0, 10);
	ck_assert_uint_eq(locked(ctx), 10);
	in_a_child(pays_after_the_change);
	ck_assert_uint_eq(locked(ctx), 0);
	/* and back */
	ck_ok(ioasid_ctx_change_process(ctx));
	ck_assert_uint_eq(locked(ctx), 11);
	ck_ok(ioasid_space_unmap_all(space, NULL));
	ck_assert_uint_eq(locked(ctx), 1); /* the child's mapping, of which nobody knows here */
	close_world();
}
END_TEST

static void cannot_pay(void)
{
	ck_err(ioasid_ctx_change_process(ctx), ENOMEM);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "needs 40 KiB"));
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "40 KiB are in use"));
	ck_assert_uint_eq(locked(ctx), 0);
}

static void can_pay(void)
{
	ck_ok(ioasid_ctx_change_process(ctx));
	ck_assert_uint_eq(locked(ctx), 10);
}

/* iommufd/ioas.c, iommufd_ioas_change_process(): to the new user first, also if that is the old. */
START_TEST(user_has_both_for_a_moment)
{
	open_world(0, 19, 10);
	in_a_child(cannot_pay);
	ck_assert_uint_eq(locked(ctx), 10);
	close_world();
	open_world(0, 20, 10);
	in_a_child(can_pay);
	close_world();
}
END_TEST

START_TEST(limit_of_a_process_is_its_own)
{
	open_world(IOASID_CTX_ACCOUNT_PROCESS, 10, 10);
	in_a_child(can_pay);
	close_world();
}
END_TEST

/* What other contexts of the child's have is a part of what it may lock. */
static void has_locked_before(void)
{
	struct ioasid_ctx *own = open_ctx(IOASID_CTX_ACCOUNT_PROCESS);
	struct ioasid_space *s = make_space(own, NULL, 0);
	struct ioasid_device *d;

	ck_ok(ioasid_device_bind(own, "0000:00:01.0", 1, &d));
	ck_ok(ioasid_space_map_file(s, 0, file, 0, 3 * PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(d, s));
	ck_err(ioasid_ctx_change_process(ctx), ENOMEM);
	ck_ok(ioasid_space_unmap_all(s, NULL));
	ck_ok(ioasid_ctx_change_process(ctx));
	ck_err(ioasid_space_map_file(s, 0, file, 0, 3 * PAGE, RW, NULL), ENOMEM);
	ck_ok(ioasid_space_map_file(s, 0, file, 0, 2 * PAGE, RW, NULL));
	ck_assert_uint_eq(locked(own), 12);
	ck_ok(ioasid_ctx_close(own));
	ck_assert_uint_eq(locked(ctx), 10);
}

START_TEST(contexts_of_a_process_count_together)
{
	open_world(IOASID_CTX_ACCOUNT_PROCESS, 12, 10);
	in_a_child(has_locked_before);
	close_world();
}
END_TEST

static struct ioasid_ctx *second;

static uint64_t lock_second(uint64_t flags, uint64_t pages)
{
	struct ioasid_device *d;
	struct ioasid_space *s;
	int ret;

	second = open_ctx(flags);
	s = make_space(second, NULL, 0);
	ck_ok(ioasid_device_bind(second, "0000:00:01.0", 1, &d));
	ck_ok(ioasid_device_attach(d, s));
	ret = ioasid_space_map_file(s, 0, file, 0, pages * PAGE, RW, NULL);
	ck_assert(!ret || ret == -ENOMEM);
	return ret ? 0 : pages;
}

static void locks_three(void)
{
	ck_assert_uint_eq(lock_second(0, 3), 0);
	ck_ok(ioasid_ctx_close(second));
	ck_assert_uint_eq(lock_second(0, 2), 2);
	ck_ok(ioasid_ctx_close(second));
	ck_assert_uint_eq(lock_second(IOASID_CTX_ACCOUNT_PROCESS, 12), 12);
	ck_assert_uint_eq(locked(second), 12);
	ck_ok(ioasid_ctx_close(second));
}

/* By user all of the user's processes count, by process none but its own. */
START_TEST(processes_of_a_user_count_together)
{
	open_world(0, 12, 10);
	in_a_child(locks_three);
	ck_assert_uint_eq(lock_second(0, 3), 0);
	ck_ok(ioasid_ctx_close(second));
	ck_assert_uint_eq(lock_second(IOASID_CTX_ACCOUNT_PROCESS, 12), 12);
	ck_assert_uint_eq(locked(ctx), 22);	/* of the process, whoever is limited */
	ck_ok(ioasid_ctx_close(second));
	ck_assert_uint_eq(locked(ctx), 10);
	close_world();
}
END_TEST

START_TEST(memory_of_a_process_does_not_go_over)
{
	uint8_t *memory = memory_new(PAGE);
	struct ioasid_space *unused;

	open_world(0, 0, 2);
	unused = make_space(ctx, NULL, 0);
	ck_ok(ioasid_space_map(space, GIB, memory, PAGE, RW, NULL));
	ck_err(ioasid_ctx_change_process(ctx), EINVAL);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "0x40000000-0x40000fff"));
	ck_ok(ioasid_space_unmap(space, GIB, PAGE, NULL));
	ck_ok(ioasid_ctx_change_process(ctx));
	/* whether a device reaches it or not */
	ck_ok(ioasid_space_map(unused, 5, memory, 100, RW, NULL));
	ck_err(ioasid_ctx_change_process(ctx), EINVAL);
	ck_ok(ioasid_space_destroy(unused));
	ck_ok(ioasid_ctx_register_memory(ctx, memory, PAGE, RW));
	ck_err(ioasid_ctx_change_process(ctx), EINVAL);
	ck_ok(ioasid_ctx_unregister_memory(ctx, memory, PAGE));
	ck_ok(ioasid_ctx_change_process(ctx));
	close_world();
	memory_free(memory, PAGE);
}
END_TEST

START_TEST(what_is_abandoned_stays_charged)
{
	open_world(0, 12, 10);
	ck_ok(ioasid_ctx_abandon(ctx));
	ctx = open_ctx(0);
	ck_assert_uint_eq(locked(ctx), 10);
	ck_assert_uint_eq(lock_second(0, 3), 0);
	ck_ok(ioasid_ctx_close(second));
	ck_ok(ioasid_ctx_abandon(NULL));
	close_world();
}
END_TEST

START_TEST(abandon_inside_a_section)
{
	open_world(0, 0, 4);
	channel = channel_new(device, IOASID_NO_PASID);
	ck_ok(ioasid_dma_begin(channel));
	ck_ok(ioasid_ctx_change_process(ctx));	/* takes nothing away */
	ck_err(ioasid_ctx_abandon(ctx), EDEADLK);
	ioasid_dma_end(channel);
	ck_assert_uint_eq(locked(ctx), 4);
	close_world();
}
END_TEST

static void close_all(void)
{
	ck_ok(ioasid_ctx_close(ctx));
}

/* Against the rules: what is given back twice is given back once. */
START_TEST(both_close)
{
	open_world(0, 20, 10);
	ck_assert_uint_eq(lock_second(0, 5), 5);
	in_a_child(close_all);
	ck_assert_uint_eq(locked(second), 5);
	ck_ok(ioasid_ctx_close(ctx));
	ctx = second;
	ck_assert_uint_eq(locked(ctx), 5);
	close_world();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("emul-process");
	TCase *tc = tcase_create("process");

	tcase_add_test(tc, child_goes_on_with_all_handles);
	tcase_add_test(tc, nested_spaces_and_copies_go_along);
	tcase_add_loop_test(tc, an_event_waits_in_both, 0, 2);
	tcase_add_loop_test(tc, events_of_the_parent_are_its_own, 0, 2);
	tcase_add_loop_test(tc, what_is_locked_moves, 0, 2);
	tcase_add_test(tc, user_has_both_for_a_moment);
	tcase_add_test(tc, limit_of_a_process_is_its_own);
	tcase_add_test(tc, contexts_of_a_process_count_together);
	tcase_add_test(tc, processes_of_a_user_count_together);
	tcase_add_test(tc, memory_of_a_process_does_not_go_over);
	tcase_add_test(tc, what_is_abandoned_stays_charged);
	tcase_add_test(tc, abandon_inside_a_section);
	tcase_add_test(tc, both_close);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
