/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What holds what, and that closing the context takes everything down. */
#include <fcntl.h>
#include <unistd.h>

#include "contract.h"

START_TEST(close_with_everything_alive)
{
	struct ioasid_event_queue *queue;
	struct ioasid_space *child, *grandchild, *identity;
	struct ioasid_inv *inv;
	struct fixture f;
	int i, fd;

	fixture_open(&f);
	for (i = 0; i < 3; i++)
		fixture_bind(&f, i);
	ck_ok(ioasid_space_map(f.space, 0, f.memory, MEMORY, RW, NULL));
	ck_ok(ioasid_event_queue_create(f.ctx, 8, &queue));
	ck_ok(ioasid_device_attach(f.device[ALONE_A], f.space));
	ck_ok(ioasid_inv_new(f.ctx, 4, &inv));
	if (ioasid_ctx_has(f.ctx, IOASID_CAP_NESTING_SOFTWARE)) {
		child = make_space(f.ctx, f.space, 0);
		grandchild = make_space(f.ctx, child, 0);
		ck_ok(ioasid_space_map_parent(child, 0, 0, PAGE, RW, NULL));
		ck_ok(ioasid_space_map_parent(grandchild, 0x1000, 0, PAGE, RW, NULL));
		ck_ok(ioasid_device_attach(f.device[ALONE_B], grandchild));
		ck_ok(ioasid_inv_add_all(inv, grandchild, 0));
	}
	if (ioasid_ctx_has(f.ctx, IOASID_CAP_REGISTER_MEMORY)) {
		ck_ok(ioasid_ctx_register_memory(f.ctx, f.memory, PAGE, RW));
		ck_ok(ioasid_ctx_get_identity_root(f.ctx, &identity));
	}
	if (ioasid_ctx_has(f.ctx, IOASID_CAP_MAP_FILE)) {
		fd = memfd_new(PAGE, F_SEAL_SHRINK);
		ck_ok(ioasid_space_map_file(f.space, MEMORY, fd, 0, PAGE, RW, NULL));
		close(fd);
	}
	if (ioasid_ctx_has(f.ctx, IOASID_CAP_DMA)) {
		channel_new(f.device[ALONE_A], IOASID_NO_PASID);
		channel_new(f.device[ALONE_B], IOASID_NO_PASID);
	}
	fixture_close(&f);
	ioasid_inv_free(inv);
	ioasid_inv_free(NULL);
}
END_TEST

/* Registered memory that nobody gave back, the identity root never asked for. */
START_TEST(close_with_registered_memory)
{
	struct fixture f;

	fixture_open(&f);
	if (ioasid_ctx_has(f.ctx, IOASID_CAP_REGISTER_MEMORY)) {
		ck_ok(ioasid_ctx_register_memory(f.ctx, f.memory, PAGE, RW));
		ck_ok(ioasid_ctx_register_memory(f.ctx, f.memory + 2 * PAGE, PAGE, IOASID_READ));
		ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, RW, NULL));
	}
	fixture_close(&f);
}
END_TEST

START_TEST(close_again_and_again)
{
	struct fixture f;
	int i;

	for (i = 0; i < 20; i++) {
		fixture_open(&f);
		ck_ok(ioasid_device_attach(fixture_bind(&f, i % DEVICES), f.space));
		ck_ok(ioasid_space_map(f.space, 0, f.memory, MEMORY, RW, NULL));
		fixture_close(&f);
	}
}
END_TEST

START_TEST(space_is_destroyed_with_its_mappings)
{
	struct ioasid_space *space;
	struct fixture f;
	int i;

	fixture_open(&f);
	space = make_space(f.ctx, NULL, 0);
	for (i = 0; i < 64; i++)
		ck_ok(ioasid_space_map(space, (uint64_t)i << 20, f.memory + i * PAGE, PAGE, RW,
				       NULL));
	ck_ok(ioasid_space_destroy(space));
	fixture_close(&f);
}
END_TEST

START_TEST(chain_goes_from_the_leaf)
{
	struct ioasid_space *chain[4];
	struct fixture f;
	int i;

	fixture_open(&f);
	if (!lacks(f.ctx, IOASID_CAP_NESTING_SOFTWARE)) {
		chain[0] = f.space;
		for (i = 1; i < 4; i++)
			chain[i] = make_space(f.ctx, chain[i - 1], 0);
		ck_ok(ioasid_device_attach(fixture_bind(&f, ALONE_A), chain[3]));
		for (i = 0; i < 4; i++)
			ck_err(ioasid_space_destroy(chain[i]), EBUSY);
		ck_ok(ioasid_device_unbind(f.device[ALONE_A]));
		for (i = 3; i >= 0; i--) {
			if (i)
				ck_err(ioasid_space_destroy(chain[i - 1]), EBUSY);
			ck_ok(ioasid_space_destroy(chain[i]));
		}
	}
	fixture_close(&f);
}
END_TEST

START_TEST(queue_descriptor_goes_with_the_queue)
{
	struct ioasid_event_queue *queue;
	struct fixture f;
	int fd;

	fixture_open(&f);
	ck_ok(ioasid_event_queue_create(f.ctx, 0, &queue));
	fd = ioasid_event_queue_get_fd(queue);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_ok(ioasid_event_queue_destroy(queue));
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	ck_ok(ioasid_event_queue_destroy(NULL));
	queue = (void *)1;
	ck_err(ioasid_event_queue_create(f.ctx, 1048577, &queue), EINVAL);
	ck_assert_ptr_eq(queue, (void *)1);
	fixture_close(&f);
}
END_TEST

START_TEST(no_descriptor_is_left_behind)
{
	struct ioasid_event_queue *queue;
	struct fixture f;
	int first, fd, last;

	first = dup(0);
	close(first);
	fixture_open(&f);
	ck_ok(ioasid_event_queue_create(f.ctx, 0, &queue));
	if (ioasid_ctx_has(f.ctx, IOASID_CAP_MAP_FILE)) {
		fd = memfd_new(PAGE, F_SEAL_SHRINK);
		ck_ok(ioasid_space_map_file(f.space, 0, fd, 0, PAGE, RW, NULL));
		close(fd);
	}
	fixture_close(&f);
	last = dup(0);
	close(last);
	ck_assert_int_eq(last, first);
}
END_TEST

START_TEST(close_inside_a_section_is_refused)
{
	struct ioasid_channel *channel;
	struct fixture f;

	fixture_open(&f);
	if (!lacks(f.ctx, IOASID_CAP_DMA)) {
		ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, RW, NULL));
		ck_ok(ioasid_device_attach(fixture_bind(&f, ALONE_A), f.space));
		channel = channel_new(f.device[ALONE_A], IOASID_NO_PASID);
		ck_ok(ioasid_dma_begin(channel));
		ck_err_same(f.space, ioasid_ctx_close(f.ctx), EDEADLK);
		ck_err(ioasid_channel_close(channel), EBUSY);
		ioasid_dma_end(channel);
		ck_assert_ptr_eq(dma_where(channel, 0, RW), f.memory);
		ck_ok(ioasid_channel_close(channel));
	}
	fixture_close(&f);
}
END_TEST

TCase *contract_lifetimes(void)
{
	TCase *tc = tcase_create("lifetimes");

	tcase_add_test(tc, close_with_everything_alive);
	tcase_add_test(tc, close_with_registered_memory);
	tcase_add_test(tc, close_again_and_again);
	tcase_add_test(tc, space_is_destroyed_with_its_mappings);
	tcase_add_test(tc, chain_goes_from_the_leaf);
	tcase_add_test(tc, queue_descriptor_goes_with_the_queue);
	tcase_add_test(tc, no_descriptor_is_left_behind);
	tcase_add_test(tc, close_inside_a_section_is_refused);
	return tc;
}
