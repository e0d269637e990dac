/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dirty tracking of a root: what counts as written, which bits are set, when pages are clean. */
#include <string.h>

#include "dirty_guest.h"

#define SIZE guest_size

static void open_attached(struct guest *g)
{
	dirty_open(g, SIZE);
	guest_attach(g, g->root);
}

static void put(struct guest *g, uint64_t page)
{
	ck_ok(dma_put(g->channel, page * PAGE + page % PAGE, 1));
}

START_TEST(pages_that_are_written)
{
	struct guest g;
	uint8_t byte;

	open_attached(&g);
	dirty_none(&g);
	put(&g, 0);
	put(&g, 7);
	put(&g, 700);
	put(&g, SIZE / PAGE - 1);
	ck_ok(dma_get(g.channel, 9 * PAGE, &byte));
	dirty_are(&g, 0, 7, 700, SIZE / PAGE - 1);
	/* Read, and so clean again; a second write is seen as the first was. */
	dirty_none(&g);
	put(&g, 7);
	put(&g, 7);
	put(&g, 8);
	dirty_are(&g, 7, 8);
	guest_close(&g);
}
END_TEST

START_TEST(a_write_across_pages)
{
	struct guest g;
	uint8_t bytes[3 * 4096] = { 0 };

	open_attached(&g);
	ck_ok(ioasid_dma_write(g.channel, 20 * PAGE + 100, bytes, sizeof(bytes)));
	dirty_are(&g, 20, 21, 22, 23);
	ck_ok(ioasid_dma_write(g.channel, 30 * PAGE, bytes, PAGE));
	dirty_are(&g, 30);
	ck_ok(ioasid_dma_write(g.channel, 31 * PAGE, bytes, 0));
	dirty_none(&g);
	/* As far as it got. */
	ck_err(ioasid_dma_write(g.channel, SIZE - PAGE, bytes, 2 * PAGE), EFAULT);
	dirty_are(&g, SIZE / PAGE - 1);
	guest_close(&g);
}
END_TEST

START_TEST(atomics_write)
{
	struct guest g;
	uint64_t old;

	open_attached(&g);
	ck_ok(ioasid_dma_fetch_add(g.channel, 3 * PAGE, 8, 1, &old));
	ck_ok(ioasid_dma_compare_swap(g.channel, 4 * PAGE, 4, 0, 5, &old));
	/* What it compared with is not there. The page was let be written. */
	ck_ok(ioasid_dma_compare_swap(g.channel, 5 * PAGE, 4, 1, 5, &old));
	dirty_are(&g, 3, 4, 5);
	guest_close(&g);
}
END_TEST

START_TEST(addresses_handed_out_for_writing)
{
	struct guest g;
	struct iovec iov[2];

	open_attached(&g);
	ck_ok(ioasid_dma_begin(g.channel));
	ck_assert_int_eq(ioasid_dma_translate(g.channel, 2 * PAGE, 2 * PAGE, IOASID_READ, iov, 1),
			 1);
	/* One piece, though its pages became writable one by one. */
	ck_assert_int_eq(ioasid_dma_translate(g.channel, 10 * PAGE + 5, 2 * PAGE, IOASID_WRITE, iov,
					      2), 1);
	ck_assert_ptr_eq(iov[0].iov_base, g.memory + 10 * PAGE + 5);
	ck_assert_uint_eq(iov[0].iov_len, 2 * PAGE);
	ck_assert_int_eq(ioasid_dma_translate(g.channel, 40 * PAGE, 8, RW, iov, 2), 1);
	dirty_peek(&g, 10, 11, 12, 40);
	ioasid_dma_end(g.channel);
	dirty_are(&g, 10, 11, 12, 40);
	guest_close(&g);
}
END_TEST

START_TEST(peeking_leaves_pages_dirty)
{
	struct guest g;

	open_attached(&g);
	put(&g, 1);
	dirty_peek(&g, 1);
	put(&g, 2);
	dirty_peek(&g, 1, 2);
	dirty_are(&g, 1, 2);
	dirty_none(&g);
	guest_close(&g);
}
END_TEST

START_TEST(a_part_is_read)
{
	struct guest g;
	uint64_t bits[2] = { 0 };

	open_attached(&g);
	put(&g, 99);
	put(&g, 100);
	put(&g, 164);
	put(&g, 165);
	put(&g, 170);
	put(&g, 171);
	/* 71 pages from 100 on: neither end is where a word of bits ends. */
	ck_ok(ioasid_space_dirty_read(g.root, 100 * PAGE, 71 * PAGE, PAGE, 0, bits));
	ck_assert_uint_eq(bits[0], 1);
	ck_assert_uint_eq(bits[1], 1 | 1 << 1 | 1 << 6);
	dirty_are(&g, 99, 171);
	guest_close(&g);
}
END_TEST

/* One read of several mappings, from the midst of one to the midst of another, and of none. */
START_TEST(holes_have_no_bits)
{
	const uint64_t more = SIZE + 70 * PAGE;
	uint64_t bits[3] = { 0 };
	struct guest g;

	open_attached(&g);
	ck_ok(ioasid_space_map(g.root, more, g.memory, 2 * PAGE, RW, NULL));
	ck_ok(ioasid_space_map(g.root, more + 2 * PAGE, g.memory, 8 * PAGE, RW, NULL));
	put(&g, SIZE / PAGE - 3);
	put(&g, SIZE / PAGE - 1);
	put(&g, more / PAGE);
	put(&g, more / PAGE + 2);
	put(&g, more / PAGE + 7);
	ck_err(ioasid_space_dirty_read(g.root, SIZE - 2 * PAGE, 80 * PAGE, PAGE, 0, bits), EINVAL);
	ck_ok(ioasid_space_dirty_read(g.root, SIZE, 70 * PAGE, PAGE, IOASID_DIRTY_HOLES, bits));
	ck_assert_uint_eq(bits[0] | bits[1], 0);
	ck_ok(ioasid_space_dirty_read(g.root, SIZE - 2 * PAGE, 78 * PAGE, PAGE,
				      IOASID_DIRTY_HOLES | IOASID_DIRTY_PEEK, bits));
	ck_assert_uint_eq(bits[0], 1 << 1);
	ck_assert_uint_eq(bits[1], 1 << 8 | 1 << 10);
	bits[0] = bits[1] = 0;
	ck_ok(ioasid_space_dirty_read(g.root, SIZE - 2 * PAGE, 78 * PAGE, 2 * PAGE,
				      IOASID_DIRTY_HOLES, bits));
	ck_assert_uint_eq(bits[0], 1 | UINT64_C(1) << 36 | UINT64_C(1) << 37);
	bits[0] = 0;
	ck_ok(ioasid_space_dirty_read(g.root, SIZE - 4 * PAGE, 96 * PAGE, PAGE, IOASID_DIRTY_HOLES,
				      bits));
	ck_assert_uint_eq(bits[0], 1 << 1);	/* the others have been read */
	ck_assert_uint_eq(bits[1], UINT64_C(1) << (74 + 7 - 64));
	guest_close(&g);
}
END_TEST

START_TEST(bits_that_are_set_stay)
{
	struct guest g;
	uint64_t bits[3] = { 0xf0, 0, 0x55 };

	open_attached(&g);
	put(&g, 64);
	ck_ok(ioasid_space_dirty_read(g.root, 0, 128 * PAGE, PAGE, 0, bits));
	ck_assert_uint_eq(bits[0], 0xf0);
	ck_assert_uint_eq(bits[1], 1);
	ck_assert_uint_eq(bits[2], 0x55);
	guest_close(&g);
}
END_TEST

/* Whether bit @i of what was read says what the rule does: some part of that page was written. */
static void check_bit(const uint64_t *bits, uint64_t i, bool want, uint64_t size)
{
	if ((bits[i / 64] >> i % 64 & 1) != want)
		ck_abort_msg("page %ju of %#jx bytes is %s", (uintmax_t)i, (uintmax_t)size,
			     want ? "clean" : "dirty");
}

static bool is_written(const uint64_t *pages, size_t n, uint64_t start, uint64_t size)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (pages[i] * PAGE >= start && pages[i] * PAGE - start < size)
			return true;
	return false;
}

START_TEST(page_sizes)
{
	static const uint64_t pages[] = { 0, 3, 511, 512, 700, 1023, 1600, 2047 };
	uint64_t size = PAGE << _i, start, length, i;
	struct guest g;

	open_attached(&g);
	for (start = 0; start < 8 * MIB && start < 3 * size; start += size) {
		for (length = size; start + length <= 8 * MIB; length += 5 * size) {
			uint64_t bits[2048 / 64 + 1] = { 0 };

			for (i = 0; i < 8; i++)
				put(&g, pages[i]);
			ck_ok(ioasid_space_dirty_read(g.root, start, length, size, 0, bits));
			for (i = 0; i < length / size; i++)
				check_bit(bits, i, is_written(pages, 8, start + i * size, size),
					  size);
			ck_assert_uint_eq(bits[length / size / 64] >> length / size % 64, 0);
		}
	}
	guest_close(&g);
}
END_TEST

/* The same memory again and again, so that there is enough of it for large pages. */
START_TEST(large_page_sizes)
{
	static const uint64_t pages[] = { 5, 0x40000, 0x7ffff, 0xc0001 };
	uint64_t at, i, bits[4] = { 0 };
	struct guest g;

	dirty_open(&g, 8 * MIB);
	for (at = 8 * MIB; at < 4 * GIB; at += 8 * MIB)
		ck_ok(ioasid_space_map(g.root, at, g.memory, 8 * MIB, RW, NULL));
	guest_attach(&g, g.root);
	for (i = 0; i < 4; i++)
		put(&g, pages[i]);
	ck_ok(ioasid_space_dirty_read(g.root, 0, 4 * GIB, GIB, IOASID_DIRTY_PEEK, bits));
	ck_assert_uint_eq(bits[0], 0xb);
	bits[0] = 0;
	ck_ok(ioasid_space_dirty_read(g.root, GIB, GIB, 512 * MIB, IOASID_DIRTY_PEEK, bits));
	ck_assert_uint_eq(bits[0], 0x3);
	ck_ok(ioasid_space_dirty_read(g.root, 0, 4 * GIB, 32 * MIB, IOASID_DIRTY_PEEK, bits));
	ck_assert_uint_eq(bits[0], 3 | UINT64_C(1) << 32 | UINT64_C(1) << 63);
	ck_assert_uint_eq(bits[1], UINT64_C(1) << 32);
	bits[0] = 0;
	ck_ok(ioasid_space_dirty_read(g.root, 0, 4 * GIB, 4 * GIB, 0, bits));
	ck_assert_uint_eq(bits[0], 1);
	ck_assert_uint_eq(bits[2] | bits[3], 0);
	dirty_none(&g);
	guest_close(&g);
}
END_TEST

START_TEST(many_pages_far_apart)
{
	const uint64_t far = UINT64_C(1) << 47;
	uint64_t i, bits[1] = { 0 };
	struct guest g;

	dirty_open(&g, 8 * MIB);
	guest_attach(&g, g.root);
	/* At addresses that have nothing in common. */
	for (i = 0; i < 40; i++)
		ck_ok(ioasid_space_map(g.root, far + i * 8 * GIB, g.memory, 64 * PAGE, RW, NULL));
	for (i = 0; i < 40; i++)
		ck_ok(dma_put(g.channel, far + i * 8 * GIB + i * PAGE, 1));
	for (i = 0; i < 40; i++) {
		ck_ok(ioasid_space_dirty_read(g.root, far + i * 8 * GIB, 64 * PAGE, PAGE, 0, bits));
		ck_assert_uint_eq(bits[0], UINT64_C(1) << i);
		bits[0] = 0;
	}
	guest_close(&g);
}
END_TEST

START_TEST(stop_and_start)
{
	struct guest g;
	uint64_t bits[40960 / 64];

	open_attached(&g);
	ck_assert(space_info(g.root).dirty_tracking);
	put(&g, 3);
	/* Again: all is clean. */
	ck_ok(ioasid_space_dirty_start(g.root));
	dirty_none(&g);
	put(&g, 3);
	put(&g, 4);
	ck_ok(ioasid_space_dirty_stop(g.root));
	ck_assert(!space_info(g.root).dirty_tracking);
	ck_err(ioasid_space_dirty_read(g.root, 0, SIZE, PAGE, 0, bits), EINVAL);
	ck_ok(ioasid_space_dirty_stop(g.root));
	put(&g, 5);
	ck_ok(ioasid_space_dirty_start(g.root));
	dirty_none(&g);
	put(&g, 5);
	dirty_are(&g, 5);
	guest_close(&g);
}
END_TEST

/* Recording takes memory, and gives it back. */
START_TEST(memory_is_given_back)
{
	uint64_t before, i;
	struct guest g;

	dirty_open(&g, SIZE);
	guest_attach(&g, g.root);
	ck_ok(ioasid_space_dirty_stop(g.root));
	before = memory_bytes(g.root);
	ck_ok(ioasid_space_dirty_start(g.root));
	ck_assert_uint_eq(memory_bytes(g.root), before);
	for (i = 0; i < 8; i++)
		put(&g, i * 256);
	/* Small pages for 8 MiB, and bits for 128 MiB with what belongs to that. */
	ck_assert_uint_gt(memory_bytes(g.root), before);
	ck_assert_uint_le(memory_bytes(g.root), before + 12 * PAGE);
	ck_ok(ioasid_space_dirty_stop(g.root));
	ck_assert_uint_eq(memory_bytes(g.root), before);
	ck_assert_ptr_eq(dma_where(g.channel, 256 * PAGE, RW), g.memory + 256 * PAGE);
	guest_close(&g);
}
END_TEST

START_TEST(mapping_while_tracking)
{
	struct guest g;

	dirty_open(&g, SIZE);
	guest_attach(&g, g.root);
	put(&g, 3);
	ck_ok(ioasid_space_unmap_all(g.root, NULL));
	guest_faults(&g, 3 * PAGE, IOASID_WRITE, IOASID_FAULT_NOT_MAPPED);
	/* What is mapped is clean, also where a page was dirty. */
	ck_ok(ioasid_space_map(g.root, 0, g.memory, 2 * MIB, RW, NULL));
	ck_ok(ioasid_space_map(g.root, 2 * MIB, g.memory, PAGE, IOASID_WRITE, NULL));
	ck_ok(ioasid_space_map(g.root, 2 * MIB + PAGE, g.memory, SIZE - 2 * MIB - PAGE, IOASID_READ,
			       NULL));
	dirty_none(&g);
	put(&g, 5);
	put(&g, 512);
	guest_faults(&g, 512 * PAGE, IOASID_READ, IOASID_FAULT_PERMISSION);
	ck_assert_ptr_null(dma_where(g.channel, 512 * PAGE, RW));
	guest_faults(&g, 513 * PAGE, IOASID_WRITE, IOASID_FAULT_PERMISSION);
	dirty_are(&g, 5, 512);
	ck_assert_ptr_null(dma_where(g.channel, 512 * PAGE, RW));
	dirty_none(&g);
	guest_close(&g);
}
END_TEST

START_TEST(what_is_recorded_outlives_the_attachment)
{
	struct guest g;

	open_attached(&g);
	put(&g, 3);
	put(&g, 600);
	ck_ok(ioasid_device_detach(g.device));
	dirty_peek(&g, 3, 600);
	ck_ok(ioasid_device_attach(g.device, g.root));
	put(&g, 4);
	put(&g, 600);
	dirty_are(&g, 3, 4, 600);
	dirty_none(&g);
	guest_close(&g);
}
END_TEST

START_TEST(recording_without_devices)
{
	uint64_t bits[1] = { 0 };
	struct ioasid_space *space;
	struct guest g;

	guest_open(&g, SIZE, 0);
	space = dirty_root(g.ctx);
	/* Nobody uses it, so that mappings need not be aligned. Parts of pages are not read. */
	ck_ok(ioasid_space_map(space, 0x1234, g.memory, 0x1dcc, RW, NULL));
	ck_ok(ioasid_space_dirty_start(space));
	ck_ok(ioasid_space_dirty_read(space, 0x2000, PAGE, PAGE, 0, bits));
	ck_err(ioasid_space_dirty_read(space, 0x1000, PAGE, PAGE, 0, bits), EINVAL);
	ck_assert_uint_eq(bits[0], 0);
	ck_ok(ioasid_space_unmap_all(space, NULL));
	/* Those that come find it on. */
	ck_ok(ioasid_space_map(space, 0, g.memory, SIZE, RW, NULL));
	guest_attach(&g, space);
	ck_ok(dma_put(g.channel, 5 * PAGE, 1));
	ck_ok(ioasid_space_dirty_read(space, 0, 64 * PAGE, PAGE, 0, bits));
	ck_assert_uint_eq(bits[0], 1 << 5);
	guest_close(&g);
}
END_TEST

/* Devices that are attached to several spaces write in each what they write there. */
START_TEST(each_space_has_its_own)
{
	struct ioasid_space *other;
	struct ioasid_channel *ch;
	uint64_t bits[1] = { 0 };
	struct guest g;

	open_attached(&g);
	other = dirty_root(g.ctx);
	ck_ok(ioasid_space_map_copy(other, 0, g.root, 0, 64 * PAGE, RW, NULL));
	ck_ok(ioasid_device_attach_pasid(g.device, 5, other));
	ch = channel_new(g.device, 5);
	ck_ok(ioasid_space_dirty_start(other));
	ck_ok(dma_put(ch, 9 * PAGE, 1));
	put(&g, 10);
	dirty_are(&g, 10);
	ck_ok(ioasid_space_dirty_read(other, 0, 64 * PAGE, PAGE, 0, bits));
	ck_assert_uint_eq(bits[0], 1 << 9);
	/* A device that moves writes there. */
	ck_ok(ioasid_device_replace(g.device, other));
	put(&g, 11);
	dirty_none(&g);
	bits[0] = 0;
	ck_ok(ioasid_space_dirty_read(other, 0, 64 * PAGE, PAGE, 0, bits));
	ck_assert_uint_eq(bits[0], 1 << 11);
	guest_close(&g);
}
END_TEST

START_TEST(unmap_with_the_last_bits)
{
	uint64_t bits[3] = { 0 }, unmapped = 0;
	struct guest g;

	dirty_open(&g, 8 * MIB);
	guest_attach(&g, g.root);
	ck_ok(ioasid_space_map(g.root, GIB + 10 * PAGE, g.memory, 20 * PAGE, RW, NULL));
	ck_ok(ioasid_space_map(g.root, GIB + 40 * PAGE, g.memory, 100 * PAGE, RW, NULL));
	ck_ok(dma_put(g.channel, GIB + 10 * PAGE, 1));
	ck_ok(dma_put(g.channel, GIB + 29 * PAGE, 1));
	ck_ok(dma_put(g.channel, GIB + 139 * PAGE, 1));
	put(&g, 3);
	/* With holes, in front, between and behind. */
	ck_ok(ioasid_space_unmap_dirty(g.root, GIB, 160 * PAGE, PAGE, bits, &unmapped));
	ck_assert_uint_eq(unmapped, 120 * PAGE);
	ck_assert_uint_eq(bits[0], 1 << 10 | 1 << 29);
	ck_assert_uint_eq(bits[1], 0);
	ck_assert_uint_eq(bits[2], 1 << (139 - 128));
	ck_assert_ptr_null(ioasid_space_find_mapping(g.root, GIB, GIB));
	guest_faults(&g, GIB + 10 * PAGE, IOASID_WRITE, IOASID_FAULT_NOT_MAPPED);
	dirty_peek(&g, 3);
	bits[0] = 0;
	ck_ok(ioasid_space_unmap_dirty(g.root, 0, 8 * MIB, 2 * MIB, bits, NULL));
	ck_assert_uint_eq(bits[0], 1);
	guest_close(&g);
}
END_TEST

START_TEST(unmap_that_fails_leaves_all)
{
	uint64_t bits[64] = { 0 }, unmapped = 1;
	struct guest g;

	dirty_open(&g, 8 * MIB);
	guest_attach(&g, g.root);
	put(&g, 3);
	ck_err(ioasid_space_unmap_dirty(g.root, 0, 4 * MIB, PAGE, bits, &unmapped), ENOENT);
	ck_err(ioasid_space_unmap_dirty(g.root, GIB, PAGE, PAGE, bits, &unmapped), ENOENT);
	ck_err(ioasid_space_unmap_dirty(g.root, 0, 0, PAGE, bits, &unmapped), EINVAL);
	ck_err(ioasid_space_unmap_dirty(g.root, 0, 8 * MIB, 6000, bits, &unmapped), EINVAL);
	ck_err(ioasid_space_unmap_dirty(g.root, PAGE, 8 * MIB, 2 * PAGE, bits, &unmapped), EINVAL);
	ck_err(ioasid_space_unmap_dirty(g.root, 2 * PAGE, UINT64_MAX & ~(PAGE - 1), PAGE,
					bits, &unmapped), EOVERFLOW);
	ck_ok(ioasid_dma_begin(g.channel));
	ck_err(ioasid_space_unmap_dirty(g.root, 0, 8 * MIB, PAGE, bits, &unmapped), EDEADLK);
	ioasid_dma_end(g.channel);
	ck_assert_uint_eq(bits[0], 0);
	ck_assert_uint_eq(unmapped, 1);
	dirty_are(&g, 3);
	ck_ok(ioasid_space_dirty_stop(g.root));
	ck_err(ioasid_space_unmap_dirty(g.root, 0, 8 * MIB, PAGE, bits, &unmapped), EINVAL);
	ck_assert_uint_eq(space_info(g.root).mappings, 1);
	guest_close(&g);
}
END_TEST

/* Who would wait for itself is told so; to look waits for nobody. */
START_TEST(inside_a_section)
{
	uint64_t bits[40960 / 64];
	struct guest g;

	open_attached(&g);
	put(&g, 3);
	ck_ok(ioasid_dma_begin(g.channel));
	ck_err(ioasid_space_dirty_start(g.root), EDEADLK);
	ck_err(ioasid_space_dirty_stop(g.root), EDEADLK);
	ck_err(ioasid_space_dirty_read(g.root, 0, SIZE, PAGE, 0, bits), EDEADLK);
	dirty_peek(&g, 3);
	ioasid_dma_end(g.channel);
	dirty_are(&g, 3);
	guest_close(&g);
}
END_TEST

START_TEST(iommus_that_do_not_record)
{
	static const char text[] = "iommu a\niommu b dirty-tracking=off\n"
				   "device on iommu=a\ndevice off iommu=b\n";
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_space *root, *child;
	struct ioasid_platform *platform;
	struct ioasid_device *on, *off;
	struct ioasid_ctx *ctx;

	ck_ok(ioasid_platform_parse(text, strlen(text), &platform));
	options.backend = "emulated";
	options.platform = platform;
	ck_ok(ioasid_ctx_open(&options, &ctx));
	ioasid_platform_free(platform);
	ck_ok(ioasid_device_bind(ctx, "on", 0, &on));
	ck_ok(ioasid_device_bind(ctx, "off", 0, &off));
	ck_ok(ioasid_device_query_info(on, &info));
	ck_assert(info.dirty_tracking);
	ck_ok(ioasid_device_query_info(off, &info));
	ck_assert(!info.dirty_tracking);

	root = dirty_root(ctx);
	child = make_space(ctx, make_space(ctx, root, 0), 0);
	ck_err(ioasid_device_attach(off, root), EOPNOTSUPP);
	ck_err(ioasid_device_attach(off, child), EOPNOTSUPP);
	ck_ok(ioasid_device_attach(on, child));
	ck_ok(ioasid_device_attach(off, make_space(ctx, NULL, 0)));
	ck_err(ioasid_device_replace(off, root), EOPNOTSUPP);
	ck_ok(ioasid_ctx_close(ctx));
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, pages_that_are_written);
	tcase_add_test(tc, a_write_across_pages);
	tcase_add_test(tc, atomics_write);
	tcase_add_test(tc, addresses_handed_out_for_writing);
	tcase_add_test(tc, peeking_leaves_pages_dirty);
	tcase_add_test(tc, a_part_is_read);
	tcase_add_test(tc, holes_have_no_bits);
	tcase_add_test(tc, bits_that_are_set_stay);
	tcase_add_loop_test(tc, page_sizes, 0, 12);
	tcase_add_test(tc, stop_and_start);
	tcase_add_test(tc, memory_is_given_back);
	tcase_add_test(tc, mapping_while_tracking);
	tcase_add_test(tc, what_is_recorded_outlives_the_attachment);
	tcase_add_test(tc, recording_without_devices);
	tcase_add_test(tc, each_space_has_its_own);
	tcase_add_test(tc, inside_a_section);
}

int main(void)
{
	Suite *suite = suite_create("dirty");
	TCase *tc = tcase_create("dirty");

	suite_add_sizes(suite, "root", add);
	tcase_add_test(tc, large_page_sizes);
	tcase_add_test(tc, many_pages_far_apart);
	tcase_add_test(tc, unmap_with_the_last_bits);
	tcase_add_test(tc, unmap_that_fails_leaves_all);
	tcase_add_test(tc, iommus_that_do_not_record);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
