/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limits that ioasid(7) has: what has one stops there, and what has none goes on for long. */
#include <stdlib.h>

#include "guest_tables.h"
#include "support.h"

#define SPACES	 3000u
#define MAPPINGS 100000u
#define ENTRIES	 100000u
#define DEEPEST	 8u
#define QUEUE	 1048576u
#define GUESTS	 524288u /* events of a vIOMMU */
#define TABLES	 (4 * MIB)

static struct guest g;

static void setup(void)
{
	guest_platform = "iommu hw address-bits=48 nesting=software,hardware\n"
			 "device 0000:00:01.0 iommu=hw\n";
	guest_open(&g, 8 * MIB, 0);
}

static void teardown(void)
{
	guest_close(&g);
	guest_platform = NULL;
}

START_TEST(as_many_spaces_as_memory_holds)
{
	const unsigned int n = rounds(SPACES);
	struct ioasid_space **spaces = calloc(n, sizeof(struct ioasid_space *));
	unsigned int i;

	ck_assert_ptr_nonnull(spaces);
	for (i = 0; i < n; i++) {
		spaces[i] = make_space(g.ctx, i % 2 ? g.root : NULL, 0);
		/* numbers are the lowest that are free; the guest's root has the first */
		ck_assert_uint_eq(ioasid_space_get_id(spaces[i]), i + 2);
	}
	for (i = 0; i < n; i++)
		ck_ok(ioasid_space_destroy(spaces[i]));
	free(spaces);
}
END_TEST

START_TEST(eight_deep)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space = g.root, *none = (void *)1;
	unsigned int i;

	options.nesting = IOASID_NESTING_SOFTWARE;
	for (i = 1; i <= DEEPEST; i++) {
		options.parent = space;
		ck_ok(ioasid_space_create(g.ctx, &options, &space));
		ck_assert_uint_eq(space_info(space).depth, i);
		ck_ok(ioasid_space_map_parent(space, 0, 0, PAGE, RW, NULL));
	}
	guest_attach(&g, space);
	guest_reaches(&g, 0, 0, RW);
	options.parent = space;
	ck_err(ioasid_space_create(g.ctx, &options, &none), EINVAL);
	ck_assert_ptr_eq(none, (void *)1);
	/* and what leads through all of them goes with the first */
	ck_ok(ioasid_space_unmap_all(g.root, NULL));
	guest_reaches(&g, 0, 0, 0);
}
END_TEST

/* No two of them are neighbours, so that none can be joined. */
START_TEST(as_many_mappings)
{
	struct ioasid_space *space = make_space(g.ctx, NULL, 0);
	const unsigned int n = rounds(MAPPINGS);
	uint64_t unmapped = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		ck_ok(ioasid_space_map(space, 2 * i * PAGE, g.memory + i % 64 * PAGE, PAGE, RW,
				       NULL));
	ck_assert_uint_eq(space_info(space).mappings, n);
	guest_attach(&g, space);
	guest_reaches(&g, 0, 0, RW);
	guest_reaches(&g, 2 * (n - 1) * PAGE, (n - 1) % 64 * PAGE, RW);
	guest_reaches(&g, (2 * n - 1) * PAGE, 0, 0);
	ck_ok(ioasid_space_unmap_all(space, &unmapped));
	ck_assert_uint_eq(unmapped, n * PAGE);
}
END_TEST

START_TEST(as_many_entries_of_a_batch)
{
	struct ioasid_space *child = make_space(g.ctx, g.root, IOASID_FILL_ON_INVALIDATION);
	const unsigned int n = rounds(ENTRIES);
	struct guest_table t;
	struct ioasid_inv *inv;
	size_t handled = 0;
	unsigned int i;

	gt_init(&t, IOASID_PGTABLE_VTD_SS, 4, g.memory, 0, TABLES, 8 * MIB);
	gt_map(&t, 0, 0, PAGE, 1, RW);
	ck_ok(bind_table(child, t.format, 4, t.root));
	guest_attach(&g, child);
	gt_map(&t, 0, 16 * PAGE, PAGE, 1, RW);
	ck_ok(ioasid_inv_new(g.ctx, 0, &inv));
	for (i = 0; i < n; i++)
		ck_ok(ioasid_inv_add_range(inv, child, (n - 1 - i) * PAGE, PAGE, 0));
	ck_assert_uint_eq(ioasid_inv_get_count(inv), n);
	ck_ok(ioasid_inv_submit(inv, &handled));
	ck_assert_uint_eq(handled, n);
	guest_reaches(&g, 0, 16 * PAGE, RW);
	ioasid_inv_free(inv);
}
END_TEST

START_TEST(queues_have_their_length)
{
	struct ioasid_viommu_options viommu_options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_viommu_events_options events = IOASID_VIOMMU_EVENTS_OPTIONS_INIT;
	struct ioasid_fault_queue_options options = IOASID_FAULT_QUEUE_OPTIONS_INIT;
	struct ioasid_event_queue *queue = NULL;
	struct ioasid_fault_queue *faults = NULL;
	struct ioasid_viommu *viommu;

	ck_err(ioasid_event_queue_create(g.ctx, QUEUE + 1, &queue), EINVAL);
	ck_ok(ioasid_event_queue_create(g.ctx, QUEUE, &queue));
	ck_ok(ioasid_event_queue_destroy(queue));
	options.depth = QUEUE + 1;
	ck_err(ioasid_fault_queue_create(g.ctx, &options, &faults), EINVAL);
	options.depth = QUEUE;
	ck_ok(ioasid_fault_queue_create(g.ctx, &options, &faults));
	ck_ok(ioasid_fault_queue_destroy(faults));
	viommu_options.type = IOASID_VIOMMU_SMMUV3;
	ck_ok(ioasid_viommu_create(g.root, g.device, &viommu_options, &viommu));
	events.format = IOASID_EVENTS_SMMUV3;
	events.depth = GUESTS + 1;
	ck_err(ioasid_viommu_create_events(viommu, &events, &queue), EINVAL);
	events.depth = GUESTS;
	ck_ok(ioasid_viommu_create_events(viommu, &events, &queue));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("many");
	TCase *tc = tcase_create("many");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, as_many_spaces_as_memory_holds);
	tcase_add_test(tc, eight_deep);
	tcase_add_test(tc, as_many_mappings);
	tcase_add_test(tc, as_many_entries_of_a_batch);
	tcase_add_test(tc, queues_have_their_length);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
