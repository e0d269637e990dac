/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest costs by its PASIDs, and by writing where that is recorded: see SECURITY. */
#include "pasid_guest.h"

#define KIB  ((uint64_t)1 << 10)
/* Of a shadow, with a list of what leads to small mappings. */
#define NODE (8 * KIB + 4 * KIB + 256)

static void costs_at_most(const struct ioasid_space *space, uint64_t bytes)
{
	uint64_t is = memory_bytes(space);

	ck_assert_msg(is <= bytes, "%ju KiB, at most %ju KiB expected", (uintmax_t)(is / KIB),
		      (uintmax_t)(bytes / KIB));
}

/* Page tables of their own, or one for all. */
START_TEST(pasids)
{
	const uint32_t n = 256, tables = _i ? 1 : n;
	struct ioasid_pasid_table t = vtd_table();
	uint64_t roots[256], empty;
	struct pasid_guest g;
	uint32_t i;

	pasid_guest_open(&g);
	for (i = 0; i < tables; i++)
		roots[i] = new_table(&g, IOASID_PGTABLE_VTD_FS, i).root;
	for (i = 0; i < n; i++)
		set_entry(&g, i + 1, ENTRY_FS, roots[i % tables]);
	t.max_pasids = n;
	empty = memory_bytes(g.space);
	ck_ok(ioasid_space_bind_pasid_table(g.space, &t));
	ck_ok(ioasid_device_attach(g.device, g.space));
	for (i = 0; i < n; i++)
		ck_assert_int_eq(reached(g.device, i + 1, 0), (int)(i % tables));
	/* four levels each */
	costs_at_most(g.space, empty + tables * (4 * NODE + KIB) + n * 128 + 64 * KIB);
	ck_ok(ioasid_space_unbind_pasid_table(g.space));
	ck_assert_uint_eq(memory_bytes(g.space), empty);
	pasid_guest_close(&g);
}
END_TEST

/* All of 64 MiB is written, page by page: a table for each 2 MiB, and a bit for each page. */
START_TEST(written_pages)
{
	const uint64_t size = 64 * MIB, pieces = size / (2 * MIB);
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *root;
	uint64_t at, before;
	struct guest g;

	guest_open(&g, size, 0);
	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	ck_ok(ioasid_space_create(g.ctx, &options, &root));
	ck_ok(ioasid_space_map(root, 0, g.memory, size, RW, NULL));
	guest_attach(&g, root);
	before = memory_bytes(root);
	ck_ok(ioasid_space_dirty_start(root));
	for (at = 0; at < size; at += PAGE)
		ck_ok(dma_put(g.channel, at, 1));
	costs_at_most(root, before + pieces * (4 * KIB + 256) + size / PAGE / 8 + 64 * KIB);
	guest_close(&g);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hostile-cost");
	TCase *tc = tcase_create("hostile-cost");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, pasids, 0, 2);
	tcase_add_test(tc, written_pages);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
