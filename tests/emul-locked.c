/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory locked for DMA: what is counted, and what the limit of the platform forbids. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

#define SIZE (64 * PAGE)
#define N_SPACES 3
#define N_MAPS 12

static struct ioasid_ctx *ctx;
static struct ioasid_device *device, *other;
static uint8_t *memory;

/* @pages 0: any amount. */
static void open_limited(uint64_t pages)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_platform *platform;

	ck_ok(ioasid_platform_new_default(&platform));
	ioasid_platform_set_locked_memory(platform, pages * PAGE);
	options.backend = "emulated";
	options.platform = platform;
	ck_ok(ioasid_ctx_open(&options, &ctx));
	ioasid_platform_free(platform);
	ck_ok(ioasid_device_bind(ctx, "0000:00:01.0", 1, &device));
	ck_ok(ioasid_device_bind(ctx, "0000:00:02.0", 2, &other));
	memory = memory_new(SIZE);
}

static void close_limited(void)
{
	ck_ok(ioasid_ctx_close(ctx));
	memory_free(memory, SIZE);
}

/* In pages. */
static uint64_t locked(void)
{
	struct ioasid_ctx_info info = IOASID_CTX_INFO_INIT;

	ck_ok(ioasid_ctx_query_info(ctx, &info));
	ck_assert_uint_eq(info.locked_bytes % PAGE, 0);
	return info.locked_bytes / PAGE;
}

static int map(struct ioasid_space *space, uint64_t iova_page, uint64_t page, uint64_t pages)
{
	return ioasid_space_map(space, iova_page * PAGE, memory + page * PAGE, pages * PAGE, RW,
				NULL);
}

START_TEST(what_is_mapped_counts_while_somebody_uses_it)
{
	struct ioasid_space *space, *child;

	open_limited(0);
	space = make_space(ctx, NULL, 0);
	ck_ok(map(space, 0, 0, 4));
	ck_ok(map(space, 16, 8, 3));
	ck_assert_uint_eq(locked(), 0);
	ck_ok(ioasid_device_attach(device, space));
	ck_assert_uint_eq(locked(), 7);
	ck_ok(ioasid_device_attach(other, space));
	ck_assert_uint_eq(locked(), 7);
	ck_ok(map(space, 32, 0, 2));	/* the same memory again */
	ck_assert_uint_eq(locked(), 9);
	ck_ok(ioasid_space_unmap(space, 16 * PAGE, 3 * PAGE, NULL));
	ck_assert_uint_eq(locked(), 6);
	ck_ok(ioasid_device_detach(device));
	ck_assert_uint_eq(locked(), 6);
	child = make_space(ctx, space, 0);
	ck_ok(ioasid_device_detach(other));
	ck_assert_uint_eq(locked(), 6);
	ck_ok(ioasid_space_map_parent(child, 0, 0, 4 * PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(device, child));
	ck_assert_uint_eq(locked(), 6);	/* what is nested has no memory of its own */
	ck_ok(ioasid_device_detach(device));
	ck_ok(ioasid_space_destroy(child));
	ck_assert_uint_eq(locked(), 0);
	close_limited();
}
END_TEST

START_TEST(limit_is_none_unless_described)
{
	struct ioasid_ctx_info info = IOASID_CTX_INFO_INIT;

	open_limited(0);
	ck_ok(ioasid_ctx_query_info(ctx, &info));
	ck_assert_uint_eq(info.locked_limit, UINT64_MAX);
	close_limited();
	open_limited(5);
	ck_ok(ioasid_ctx_query_info(ctx, &info));
	ck_assert_uint_eq(info.locked_limit, 5 * PAGE);
	info.size = sizeof(size_t) - 1;
	ck_err(ioasid_ctx_query_info(ctx, &info), EINVAL);
	info.size = 5000;
	ck_err(ioasid_ctx_query_info(ctx, &info), E2BIG);
	close_limited();
}
END_TEST

/* The whole limit can be used, and not a page more. */
START_TEST(map_beyond_the_limit_changes_nothing)
{
	struct ioasid_channel *channel;
	struct ioasid_space *space;
	uint8_t byte;

	open_limited(10);
	space = make_space(ctx, NULL, 0);
	ck_ok(ioasid_device_attach(device, space));
	channel = channel_new(device, IOASID_NO_PASID);
	ck_ok(map(space, 0, 0, 7));
	ck_err(map(space, 7, 7, 4), ENOMEM);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "needs 16 KiB"));
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "limit is 40 KiB"));
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "28 KiB are in use"));
	ck_assert_ptr_null(ioasid_space_find_mapping(space, 7 * PAGE, 4 * PAGE));
	ck_err(dma_get(channel, 7 * PAGE, &byte), EFAULT);
	ck_assert_uint_eq(locked(), 7);
	ck_ok(map(space, 7, 7, 3));
	ck_assert_uint_eq(locked(), 10);
	ck_err(map(space, 10, 0, 1), ENOMEM);
	ck_ok(ioasid_space_unmap(space, 0, 7 * PAGE, NULL));
	ck_ok(map(space, 10, 0, 7));
	ck_ok(dma_get(channel, 16 * PAGE, &byte));
	close_limited();
}
END_TEST

START_TEST(attach_beyond_the_limit_changes_nothing)
{
	struct ioasid_space *small, *large, *child;
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_channel *channel;
	uint8_t byte;

	open_limited(10);
	small = make_space(ctx, NULL, 0);
	large = make_space(ctx, NULL, 0);
	ck_ok(map(small, 0, 0, 4));
	ck_ok(map(large, 0, 0, 6));
	ck_ok(map(large, 100, 0, 1));
	ck_ok(ioasid_device_attach(device, small));
	channel = channel_new(device, IOASID_NO_PASID);
	ck_err(ioasid_device_attach(other, large), ENOMEM);
	ck_assert_ptr_null(ioasid_device_get_space(other));
	/* both are there for a moment, as in a kernel */
	ck_err(ioasid_device_replace(device, large), ENOMEM);
	ck_assert_ptr_eq(ioasid_device_get_space(device), small);
	ck_ok(dma_get(channel, 0, &byte));
	options.parent = large;
	ck_err(ioasid_space_create(ctx, &options, &child), ENOMEM);
	ck_assert_uint_eq(locked(), 4);
	/* nobody uses it: it can still have mappings of any kind */
	ck_ok(ioasid_space_map(large, 0x123456789, memory + 1, 17, RW, NULL));
	ck_ok(ioasid_space_unmap(large, 0x123456789, 17, NULL));
	ck_ok(ioasid_space_unmap(large, 100 * PAGE, PAGE, NULL));
	ck_ok(ioasid_device_replace(device, large));
	ck_assert_uint_eq(locked(), 6);
	close_limited();
}
END_TEST

START_TEST(registered_memory_counts_once)
{
	struct ioasid_space *space, *identity;

	open_limited(20);
	space = make_space(ctx, NULL, 0);
	ck_ok(ioasid_device_attach(device, space));
	ck_ok(ioasid_ctx_register_memory(ctx, memory, 16 * PAGE, RW));
	ck_assert_uint_eq(locked(), 16);
	ck_ok(map(space, 0, 0, 16));
	ck_ok(map(space, 16, 2, 10));
	ck_assert_uint_eq(locked(), 16);
	ck_ok(ioasid_ctx_get_identity_root(ctx, &identity));
	ck_ok(ioasid_device_attach(other, identity));
	ck_assert_uint_eq(locked(), 16);
	ck_err(ioasid_ctx_register_memory(ctx, memory + 32 * PAGE, 5 * PAGE, RW), ENOMEM);
	ck_assert_ptr_null(
		ioasid_space_find_mapping(identity, (uintptr_t)memory + 32 * PAGE, PAGE));
	ck_assert_uint_eq(locked(), 16);
	ck_ok(ioasid_ctx_register_memory(ctx, memory + 32 * PAGE, 4 * PAGE, RW));
	ck_assert_uint_eq(locked(), 20);
	ck_ok(ioasid_ctx_unregister_memory(ctx, memory + 32 * PAGE, 4 * PAGE));
	ck_assert_uint_eq(locked(), 16);
	ck_err(ioasid_ctx_unregister_memory(ctx, memory, 16 * PAGE), EBUSY);
	ck_assert_uint_eq(locked(), 16);
	ck_ok(ioasid_space_unmap_all(space, NULL));
	ck_ok(ioasid_ctx_unregister_memory(ctx, memory, 16 * PAGE));
	ck_assert_uint_eq(locked(), 0);
	close_limited();
}
END_TEST

START_TEST(files_and_copies_count_by_the_mapping)
{
	struct ioasid_space *space, *second;
	int fd;

	open_limited(12);
	space = make_space(ctx, NULL, 0);
	second = make_space(ctx, NULL, 0);
	fd = memfd_new(SIZE, F_SEAL_SHRINK);
	ck_ok(ioasid_device_attach(device, space));
	ck_ok(ioasid_device_attach(other, second));
	ck_ok(ioasid_space_map_file(space, 0, fd, PAGE, 5 * PAGE, RW, NULL));
	ck_assert_uint_eq(locked(), 5);
	ck_ok(ioasid_space_map_copy(second, 0, space, PAGE, 4 * PAGE, RW, NULL));
	ck_assert_uint_eq(locked(), 9);
	ck_err(ioasid_space_map_copy(second, 8 * PAGE, space, 0, 5 * PAGE, RW, NULL), ENOMEM);
	ck_err(ioasid_space_map_file(space, 8 * PAGE, fd, 0, 4 * PAGE, RW, NULL), ENOMEM);
	ck_assert_uint_eq(locked(), 9);
	ck_ok(ioasid_space_unmap_all(space, NULL));
	ck_assert_uint_eq(locked(), 4);
	close(fd);
	close_limited();
}
END_TEST

/* Each space by itself: where its mappings are, and whether a device is attached. */
struct model {
	uint64_t start[N_MAPS], pages[N_MAPS];
	bool used[N_SPACES];
	uint64_t at[N_SPACES][N_MAPS];	/* pages of the mapping there, 0: none */
};

static uint64_t model_sum(const struct model *m)
{
	uint64_t sum = 0;
	int i, j;

	for (i = 0; i < N_SPACES; i++)
		for (j = 0; m->used[i] && j < N_MAPS; j++)
			sum += m->at[i][j];
	return sum;
}

static uint32_t random_below(uint32_t *state, uint32_t below)
{
	*state = *state * 1103515245 + 12345;
	return (*state >> 16) % below;
}

/* One call: what the model says about it, and what it does. */
static void step(struct model *m, struct ioasid_space **space, uint32_t *seed, uint64_t limit)
{
	int i = (int)random_below(seed, N_SPACES), j = (int)random_below(seed, N_MAPS), ret;
	struct ioasid_device *d = i ? other : device;
	struct model after = *m;

	if (i < 2 && !random_below(seed, 4)) {
		after.used[i] = !m->used[i];
		ret = after.used[i] ? ioasid_device_attach(d, space[i]) : ioasid_device_detach(d);
	} else if (m->at[i][j]) {
		after.at[i][j] = 0;
		ret = ioasid_space_unmap(space[i], (uint64_t)j * SIZE, SIZE, NULL);
	} else {
		after.at[i][j] = 1 + random_below(seed, 8);
		ret = map(space[i], (uint64_t)j * SIZE / PAGE, random_below(seed, 32),
			  after.at[i][j]);
	}
	ck_assert_int_eq(ret, model_sum(&after) > limit ? -ENOMEM : 0);
	if (!ret)
		*m = after;
	ck_assert_uint_eq(locked(), model_sum(m));
}

START_TEST(random_calls_against_a_model)
{
	struct ioasid_space *space[N_SPACES];
	struct model m = { .used = { false } };
	uint32_t seed = 1 + (uint32_t)_i;
	unsigned int i;

	open_limited(40);
	for (i = 0; i < N_SPACES; i++)
		space[i] = make_space(ctx, NULL, 0);
	for (i = 0; i < rounds(3000); i++)
		step(&m, space, &seed, 40);
	close_limited();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("emul-locked");
	TCase *tc = tcase_create("locked");

	tcase_add_test(tc, what_is_mapped_counts_while_somebody_uses_it);
	tcase_add_test(tc, limit_is_none_unless_described);
	tcase_add_test(tc, map_beyond_the_limit_changes_nothing);
	tcase_add_test(tc, attach_beyond_the_limit_changes_nothing);
	tcase_add_test(tc, registered_memory_counts_once);
	tcase_add_test(tc, files_and_copies_count_by_the_mapping);
	tcase_add_loop_test(tc, random_calls_against_a_model, 0, 4);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
