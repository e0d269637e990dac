/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dirty tracking by a real kernel: its mock IOMMU sets dirty bits where it is told to. */
#include <string.h>

#include "mock.h"

#define IOVA  (32 * MIB)
#define PAGES 192u
#define CHILD (256 * MIB)	/* where the child has the root's pages */

struct world {
	struct ioasid_ctx *ctx;
	struct ioasid_space *root;
	uint8_t *memory;
	struct mock mocks[2];
};

static bool world_open(struct world *w)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	unsigned int i;

	if (!mock_ctx_open(&w->ctx))
		return false;
	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	ck_ok(ioasid_space_create(w->ctx, &options, &w->root));
	w->memory = memory_new(PAGES * PAGE);
	/* each page by itself: an entry of the IOMMU's covers what is contiguous in a mapping */
	for (i = 0; i < PAGES; i++)
		ck_ok(ioasid_space_map(w->root, IOVA + i * PAGE, w->memory + i * PAGE, PAGE, RW,
				       NULL));
	mock_open(&w->mocks[0], w->ctx, 0);
	mock_open(&w->mocks[1], w->ctx, 0);
	return true;
}

static void world_close(struct world *w)
{
	mock_close(&w->mocks[1]);
	mock_close(&w->mocks[0]);
	ck_ok(ioasid_ctx_close(w->ctx));
	memory_free(w->memory, PAGES * PAGE);
}

/* A device writes the page at @iova: struct iommu_test_cmd, dirty. */
static void write_page(const struct mock *m, uint64_t iova)
{
	struct mock_command c = { .op = MOCK_DIRTY, .id = m->page_table };
	const uint64_t bit = 1;

	c.u.q[1] = iova;
	c.u.q[2] = c.u.q[3] = PAGE;
	c.u.q[4] = (uintptr_t)&bit;
	ck_assert_int_eq(mock_command(m->iommu, &c), 0);
	ck_assert_uint_eq(c.u.q[5], 1);
}

/* Reads pages [@first, @first + @n), and asserts that these are those of the model. */
static void read_pages(struct world *w, bool *model, unsigned int first, unsigned int n,
		       uint32_t flags)
{
	uint64_t bits[PAGES / 64] = { 0 };
	unsigned int i;

	ck_ok(ioasid_space_dirty_read(w->root, IOVA + first * PAGE, n * PAGE, PAGE, flags, bits));
	for (i = 0; i < n; i++) {
		ck_assert_msg((bits[i / 64] >> i % 64 & 1) == model[first + i],
			      "page %u is %swritten", first + i, model[first + i] ? "" : "not ");
		if (!flags)
			model[first + i] = false;
	}
}

START_TEST(who_can_record)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct mock without;
	struct world w;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_device_query_info(w.mocks[0].device, &info));
	ck_assert(info.dirty_tracking);
	mock_open(&without, w.ctx, MOCK_NO_DIRTY);
	ck_ok(ioasid_device_query_info(without.device, &info));
	ck_assert(!info.dirty_tracking);
	ck_err(ioasid_device_attach(without.device, w.root), EOPNOTSUPP);
	ck_assert_uint_eq(without.calls, 0);
	mock_close(&without);
	world_close(&w);
}
END_TEST

/* Writes, reads, peeks, and devices that come and go, against a plain array. */
START_TEST(as_a_plain_array)
{
	bool model[PAGES] = { false }, attached[2] = { false };
	struct world w;
	unsigned int i;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_device_attach(w.mocks[0].device, w.root));
	attached[0] = true;
	ck_ok(ioasid_space_dirty_start(w.root));
	srand(20);
	for (i = 0; i < 600; i++) {
		unsigned int page = (unsigned int)rand() % PAGES, k = (unsigned int)rand() % 2;

		switch (rand() % 8) {
		case 0:
			read_pages(&w, model, page, PAGES - page, 0);
			break;
		case 1:
			read_pages(&w, model, 0, page + 1, IOASID_DIRTY_PEEK);
			break;
		case 2:
			if (attached[k])
				ck_ok(ioasid_device_detach(w.mocks[k].device));
			else
				ck_ok(ioasid_device_attach(w.mocks[k].device, w.root));
			attached[k] = !attached[k];
			break;
		default:
			if (!attached[k])
				break;
			write_page(&w.mocks[k], IOVA + page * PAGE);
			model[page] = true;
		}
	}
	read_pages(&w, model, 0, PAGES, 0);
	read_pages(&w, model, 0, PAGES, 0);
	world_close(&w);
}
END_TEST

START_TEST(unmap_reports_and_forgets)
{
	uint64_t bits[PAGES / 64] = { 0 }, unmapped = 0;
	bool model[PAGES] = { false };
	struct world w;

	if (!world_open(&w))
		return;
	ck_ok(ioasid_device_attach(w.mocks[0].device, w.root));
	ck_ok(ioasid_space_dirty_start(w.root));
	write_page(&w.mocks[0], IOVA + 3 * PAGE);
	write_page(&w.mocks[0], IOVA + (PAGES - 1) * PAGE);
	ck_ok(ioasid_space_unmap_dirty(w.root, IOVA, PAGES * PAGE, PAGE, bits, &unmapped));
	ck_assert_uint_eq(unmapped, PAGES * PAGE);
	ck_assert_uint_eq(bits[0], 8);
	ck_assert_uint_eq(bits[PAGES / 64 - 1], UINT64_C(1) << 63);
	ck_ok(ioasid_space_map(w.root, IOVA, w.memory, PAGES * PAGE, RW, NULL));
	read_pages(&w, model, 0, PAGES, 0);
	write_page(&w.mocks[0], IOVA);
	ck_ok(ioasid_space_dirty_start(w.root));
	read_pages(&w, model, 0, PAGES, 0);
	world_close(&w);
}
END_TEST

/* What is written through a child in software is the root's, at the root's addresses. */
START_TEST(through_a_child)
{
	bool model[PAGES] = { false };
	struct ioasid_mapping *m;
	struct ioasid_space *child;
	struct world w;

	if (!world_open(&w))
		return;
	child = make_space(w.ctx, w.root, 0);
	ck_ok(ioasid_space_map_parent(child, CHILD, IOVA + 90 * PAGE, 20 * PAGE, RW, &m));
	ck_ok(ioasid_space_map_parent(child, CHILD + 20 * PAGE, IOVA, 4 * PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(w.mocks[0].device, child));
	ck_ok(ioasid_device_attach(w.mocks[1].device, w.root));
	ck_ok(ioasid_space_dirty_start(w.root));
	write_page(&w.mocks[0], CHILD + 7 * PAGE);
	write_page(&w.mocks[0], CHILD + 19 * PAGE);
	write_page(&w.mocks[0], CHILD + 21 * PAGE);
	write_page(&w.mocks[1], IOVA + 50 * PAGE);
	model[97] = model[109] = model[1] = model[50] = true;
	read_pages(&w, model, 0, PAGES, IOASID_DIRTY_PEEK);
	ck_ok(ioasid_mapping_unmap(m));
	read_pages(&w, model, 0, PAGES, IOASID_DIRTY_PEEK);
	ck_ok(ioasid_device_detach(w.mocks[0].device));
	read_pages(&w, model, 0, PAGES, 0);
	read_pages(&w, model, 0, PAGES, 0);
	world_close(&w);
}
END_TEST

TCase *mock_dirty(void)
{
	TCase *tc = tcase_create("dirty");

	tcase_add_test(tc, who_can_record);
	tcase_add_test(tc, as_a_plain_array);
	tcase_add_test(tc, unmap_reports_and_forgets);
	tcase_add_test(tc, through_a_child);
	return tc;
}
