/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DMA of the emulated platform: data, atomics, access in place. */
#include <string.h>

#include "support.h"
#include "waiter.h"

#define SIZE (64 * PAGE)

/* Guest memory is at IOVA 0, in one mapping. */
static void open_attached(struct guest *g)
{
	guest_open(g, SIZE, 0);
	guest_attach(g, g->root);
}

START_TEST(read_and_write_move_bytes)
{
	struct guest g;
	uint8_t out[64], in[64];
	size_t i;

	open_attached(&g);
	for (i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7 + 1);
	ck_ok(ioasid_dma_write(g.channel, 100, out, sizeof(out)));
	ck_assert_mem_eq(g.memory + 100, out, sizeof(out));
	ck_assert_uint_eq(g.memory[99], 0);
	ck_assert_uint_eq(g.memory[164], 0);
	ck_ok(ioasid_dma_read(g.channel, 100, in, sizeof(in)));
	ck_assert_mem_eq(in, out, sizeof(in));
	guest_close(&g);
}
END_TEST

START_TEST(requests_cross_pages_and_mappings)
{
	static uint8_t out[5 * 4096], in[5 * 4096];
	uint8_t *scattered;
	struct guest g;
	size_t i;

	open_attached(&g);
	scattered = memory_new(8 * PAGE);
	for (i = 0; i < 5; i++)
		ck_ok(ioasid_space_map(g.root, SIZE + i * PAGE, scattered + (7 - i) * PAGE, PAGE,
				       RW, NULL));
	for (i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i ^ i >> 8);
	ck_ok(ioasid_dma_write(g.channel, SIZE - 10, out, 4 * PAGE + 100));
	ck_assert_mem_eq(g.memory + SIZE - 10, out, 10);
	for (i = 0; i < 4; i++)
		ck_assert_mem_eq(scattered + (7 - i) * PAGE, out + 10 + i * PAGE, PAGE);
	ck_assert_mem_eq(scattered + 3 * PAGE, out + 10 + 4 * PAGE, 90);
	ck_ok(ioasid_dma_read(g.channel, SIZE - 10, in, 4 * PAGE + 100));
	ck_assert_mem_eq(in, out, 4 * PAGE + 100);
	guest_close(&g);
	memory_free(scattered, 8 * PAGE);
}
END_TEST

START_TEST(pages_before_a_fault_are_done)
{
	struct ioasid_event event;
	uint8_t out[100];
	struct guest g;

	open_attached(&g);
	memset(out, 9, sizeof(out));
	ck_assert_int_eq(ioasid_dma_write(g.channel, SIZE - 50, out, 100), -EFAULT);
	ck_assert_mem_eq(g.memory + SIZE - 50, out, 50);
	event = take_event(g.queue);
	ck_assert_int_eq(event.reason, IOASID_FAULT_NOT_MAPPED);
	ck_assert_uint_eq(event.iova, SIZE);
	ck_assert_uint_eq(event.access, IOASID_WRITE);
	ck_assert_uint_eq(ioasid_event_queue_read(g.queue, &event, 1), 0);
	guest_close(&g);
}
END_TEST

START_TEST(range_past_the_end)
{
	uint8_t buf[16] = { 0 };
	struct guest g;
	struct iovec iov;

	open_attached(&g);
	ck_err(ioasid_dma_read(g.channel, UINT64_MAX - 7, buf, 16), EOVERFLOW);
	ck_err(ioasid_dma_write(g.channel, UINT64_MAX - 7, buf, 16), EOVERFLOW);
	ck_ok(ioasid_dma_begin(g.channel));
	ck_err(ioasid_dma_translate(g.channel, UINT64_MAX - 7, 16, RW, &iov, 1), EOVERFLOW);
	ioasid_dma_end(g.channel);
	guest_close(&g);
}
END_TEST

/* Memory holds little-endian numbers. */
static uint64_t get_le(const uint8_t *p, unsigned int bytes)
{
	return bytes ? get_le(p + 1, bytes - 1) << 8 | *p : 0;
}

static void put_le(uint8_t *p, unsigned int bytes, uint64_t value)
{
	for (; bytes; bytes--, value >>= 8)
		*p++ = (uint8_t)value;
}

START_TEST(fetch_add)
{
	struct guest g;
	uint64_t old = 0;
	uint8_t *at;

	open_attached(&g);
	at = g.memory + 8;
	put_le(at, 8, UINT64_MAX - 1);
	ck_ok(ioasid_dma_fetch_add(g.channel, 8, 8, 5, &old));
	ck_assert_uint_eq(old, UINT64_MAX - 1);
	ck_assert_uint_eq(get_le(at, 8), 3);
	put_le(at + 8, 4, 1);
	put_le(at + 12, 4, 0xfffffff0);
	put_le(at + 16, 4, 3);
	ck_ok(ioasid_dma_fetch_add(g.channel, 20, 4, 0x20, &old));
	ck_assert_uint_eq(old, 0xfffffff0);
	ck_assert_uint_eq(get_le(at + 8, 4), 1);
	ck_assert_uint_eq(get_le(at + 12, 4), 0x10);
	ck_assert_uint_eq(get_le(at + 16, 4), 3);
	guest_close(&g);
}
END_TEST

START_TEST(compare_swap)
{
	const uint64_t value = UINT64_C(0x1122334455667788);
	struct guest g;
	uint64_t old = 0;
	uint8_t *at;

	open_attached(&g);
	at = g.memory + PAGE;
	put_le(at, 8, value);
	ck_ok(ioasid_dma_compare_swap(g.channel, PAGE, 8, 1, 2, &old));
	ck_assert_uint_eq(old, value);
	ck_assert_uint_eq(get_le(at, 8), value);
	ck_ok(ioasid_dma_compare_swap(g.channel, PAGE, 8, value, 2, &old));
	ck_assert_uint_eq(old, value);
	ck_assert_uint_eq(get_le(at, 8), 2);
	ck_ok(ioasid_dma_compare_swap(g.channel, PAGE + 4, 4, 0, 0x99887766, &old));
	ck_assert_uint_eq(old, 0);
	ck_assert_uint_eq(get_le(at + 4, 4), 0x99887766);
	guest_close(&g);
}
END_TEST

START_TEST(atomics_need_size_alignment_and_both_permissions)
{
	struct guest g;
	uint64_t old = 77;

	open_attached(&g);
	ck_ok(ioasid_space_map(g.root, SIZE, g.memory, PAGE, IOASID_READ, NULL));
	ck_ok(ioasid_space_map(g.root, SIZE + PAGE, g.memory, PAGE, IOASID_WRITE, NULL));
	ck_err(ioasid_dma_fetch_add(g.channel, 0, 2, 1, &old), EINVAL);
	ck_err(ioasid_dma_fetch_add(g.channel, 0, 16, 1, &old), EINVAL);
	ck_err(ioasid_dma_fetch_add(g.channel, 4, 8, 1, &old), EINVAL);
	ck_err(ioasid_dma_compare_swap(g.channel, 2, 4, 1, 1, &old), EINVAL);
	drop_events(g.queue);
	ck_assert_int_eq(ioasid_dma_fetch_add(g.channel, SIZE, 4, 1, &old), -EFAULT);
	ck_assert_int_eq(take_event(g.queue).reason, IOASID_FAULT_PERMISSION);
	ck_assert_int_eq(ioasid_dma_compare_swap(g.channel, SIZE + PAGE, 8, 0, 1, &old), -EFAULT);
	ck_assert_int_eq(take_event(g.queue).reason, IOASID_FAULT_PERMISSION);
	ck_assert_uint_eq(g.memory[0], 0);
	guest_close(&g);
}
END_TEST

START_TEST(contiguous_memory_is_one_piece)
{
	struct iovec iov[4];
	struct guest g;

	open_attached(&g);
	ck_ok(ioasid_space_map(g.root, SIZE, g.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(g.root, SIZE + PAGE, g.memory + PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(g.root, SIZE + 2 * PAGE, g.memory + 8 * PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_dma_begin(g.channel));
	ck_assert_int_eq(ioasid_dma_translate(g.channel, 1, SIZE - 1, RW, iov, 4), 1);
	ck_assert_ptr_eq(iov[0].iov_base, g.memory + 1);
	ck_assert_uint_eq(iov[0].iov_len, SIZE - 1);
	ck_assert_int_eq(ioasid_dma_translate(g.channel, SIZE - 9, 3 * PAGE + 9, RW, iov, 4), 3);
	ck_assert_ptr_eq(iov[0].iov_base, g.memory + SIZE - 9);
	ck_assert_uint_eq(iov[0].iov_len, 9);
	ck_assert_ptr_eq(iov[1].iov_base, g.memory);
	ck_assert_uint_eq(iov[1].iov_len, 2 * PAGE);
	ck_assert_ptr_eq(iov[2].iov_base, g.memory + 8 * PAGE);
	ck_assert_uint_eq(iov[2].iov_len, PAGE);
	ck_err(ioasid_dma_translate(g.channel, SIZE - 9, 3 * PAGE + 9, RW, iov, 2), E2BIG);
	ck_assert_int_eq(ioasid_dma_translate(g.channel, SIZE, 2 * PAGE, RW, iov, 1), 1);
	ioasid_dma_end(g.channel);
	guest_close(&g);
}
END_TEST

START_TEST(translate_refuses)
{
	struct iovec iov;
	struct guest g;

	open_attached(&g);
	ck_err(ioasid_dma_translate(g.channel, 0, 1, RW, &iov, 1), EINVAL);
	ck_ok(ioasid_dma_begin(g.channel));
	ck_err(ioasid_dma_begin(g.channel), EBUSY);
	ck_err(ioasid_dma_translate(g.channel, 0, 0, RW, &iov, 1), EINVAL);
	ck_err(ioasid_dma_translate(g.channel, 0, 1, 0, &iov, 1), EINVAL);
	ck_err(ioasid_dma_translate(g.channel, 0, 1, RW | 4, &iov, 1), EINVAL);
	ck_err(ioasid_dma_translate(g.channel, 0, 1, RW, &iov, 0), E2BIG);
	ck_assert_int_eq(ioasid_dma_translate(g.channel, SIZE, 1, RW, &iov, 1), -EFAULT);
	ioasid_dma_end(g.channel);
	ck_err(ioasid_dma_translate(g.channel, 0, 1, RW, &iov, 1), EINVAL);
	guest_close(&g);
}
END_TEST

static int unmap_all(void *space)
{
	return ioasid_space_unmap_all(space, NULL);
}

/* A request inside a section is part of it, and does not end it. */
START_TEST(requests_inside_a_section)
{
	uint64_t old = 0;
	char in[6] = "";
	struct waiter w;
	struct guest g;

	open_attached(&g);
	ioasid_dma_end(g.channel);
	ck_ok(ioasid_dma_begin(g.channel));
	ck_ok(ioasid_dma_write(g.channel, 8, "inside", 6));
	ck_ok(ioasid_dma_read(g.channel, 8, in, 6));
	ck_assert_mem_eq(in, "inside", 6);
	ck_ok(ioasid_dma_fetch_add(g.channel, 0, 8, 5, &old));
	ck_ok(ioasid_dma_compare_swap(g.channel, 0, 8, 5, 7, &old));
	ck_assert_uint_eq(old, 5);
	waiter_start(&w, unmap_all, g.root);
	ck_waits(&w);
	ioasid_dma_end(g.channel);
	ck_ok(waiter_end(&w));
	ck_err(ioasid_dma_read(g.channel, 8, in, 6), EFAULT);
	guest_close(&g);
}
END_TEST

START_TEST(nothing_that_waits_is_done_inside_a_section)
{
	struct ioasid_space *child;
	struct ioasid_mapping *m;
	struct ioasid_inv *inv;
	size_t handled = 9, i;
	struct guest g;

	open_attached(&g);
	child = make_space(g.ctx, g.root, 0);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, 0));
	ck_ok(ioasid_space_map(g.root, SIZE, g.memory, PAGE, RW, &m));
	for (i = 1; i < 200; i++)	/* kept packed: nobody has a handle */
		ck_ok(ioasid_space_map(g.root, SIZE + i * PAGE, g.memory, PAGE, RW, NULL));
	ck_ok(ioasid_ctx_register_memory(g.ctx, g.memory, PAGE, RW));
	ck_ok(ioasid_inv_new(g.ctx, 1, &inv));
	ck_ok(ioasid_inv_add_all(inv, child, 0));
	ck_ok(ioasid_dma_begin(g.channel));
	ck_err(ioasid_mapping_unmap(m), EDEADLK);
	ck_err(ioasid_space_unmap(g.root, SIZE, PAGE, NULL), EDEADLK);
	ck_err(ioasid_space_unmap(g.root, SIZE + 150 * PAGE, PAGE, NULL), EDEADLK);
	ck_err(ioasid_ctx_unregister_memory(g.ctx, g.memory, PAGE), EDEADLK);
	ck_err(ioasid_space_unmap_all(g.root, NULL), EDEADLK);
	ck_err(ioasid_device_detach(g.device), EDEADLK);
	ck_err(ioasid_device_replace(g.device, child), EDEADLK);
	ck_err(ioasid_inv_submit(inv, &handled), EDEADLK);
	ck_err(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, PAGE), EDEADLK);
	ck_err(ioasid_space_unbind_pgtable(child), EDEADLK);
	ck_err(ioasid_ctx_close(g.ctx), EDEADLK);
	ioasid_dma_end(g.channel);
	ck_assert_uint_eq(space_info(g.root).mappings, 201);
	ck_assert_ptr_eq(ioasid_device_get_space(g.device), g.root);
	guest_reaches(&g, 5, 5, RW);
	ck_ok(ioasid_mapping_unmap(m));
	ck_ok(ioasid_ctx_unregister_memory(g.ctx, g.memory, PAGE));
	ck_ok(ioasid_inv_submit(inv, &handled));
	ck_assert_uint_eq(handled, 1);
	ioasid_inv_free(inv);
	guest_close(&g);
}
END_TEST

START_TEST(channels_of_one_device_are_independent)
{
	struct ioasid_channel *second, *pasid;
	struct ioasid_space *other;
	struct guest g;

	open_attached(&g);
	other = make_space(g.ctx, NULL, 0);
	ck_ok(ioasid_space_map(other, 0, g.memory + 9 * PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach_pasid(g.device, 5, other));
	second = channel_new(g.device, IOASID_NO_PASID);
	pasid = channel_new(g.device, 5);
	ck_ok(ioasid_dma_begin(g.channel));
	ck_assert_ptr_eq(dma_where(second, 0, RW), g.memory);
	ck_assert_ptr_eq(dma_where(pasid, 0, RW), g.memory + 9 * PAGE);
	ioasid_dma_end(g.channel);
	ck_ok(ioasid_channel_close(second));
	ck_ok(ioasid_channel_close(pasid));
	guest_close(&g);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dma");
	TCase *tc = tcase_create("dma");

	tcase_add_test(tc, read_and_write_move_bytes);
	tcase_add_test(tc, requests_cross_pages_and_mappings);
	tcase_add_test(tc, pages_before_a_fault_are_done);
	tcase_add_test(tc, range_past_the_end);
	tcase_add_test(tc, fetch_add);
	tcase_add_test(tc, compare_swap);
	tcase_add_test(tc, atomics_need_size_alignment_and_both_permissions);
	tcase_add_test(tc, contiguous_memory_is_one_piece);
	tcase_add_test(tc, translate_refuses);
	tcase_add_test(tc, requests_inside_a_section);
	tcase_add_test(tc, nothing_that_waits_is_done_inside_a_section);
	tcase_add_test(tc, channels_of_one_device_are_independent);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
