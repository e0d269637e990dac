/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pages that a device asks for, or looks at before it asks for others, are not written thereby. */
#include <string.h>

#include "guest_tables.h"
#include "page_request.h"

#define SIZE   (64 * PAGE)
#define TABLES (32 * PAGE)
#define ABSENT (8 * PAGE)	/* at first; the page behind it is there */
#define THERE  (ABSENT + PAGE)

static const char platform[] =
	"iommu u nesting=software,hardware address-bits=57\n"
	"device 0000:00:01.0 iommu=u\n";

/*
 * The device is attached to the root, to a shadow that is filled either way, or nested in hardware.
 */
#define WAYS 4

static struct guest g;
static struct ioasid_fault_queue *faults;
static struct guest_table table;

static struct ioasid_space *nested(int way)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space = NULL;

	options.parent = g.root;
	options.nesting = way < 3 ? IOASID_NESTING_SOFTWARE : IOASID_NESTING_HARDWARE;
	if (way == 1)
		options.fill = IOASID_FILL_ON_INVALIDATION;
	else if (way == 2)
		options.fill = IOASID_FILL_ON_DEMAND;
	options.fault_queue = faults;
	ck_ok(ioasid_space_create(g.ctx, &options, &space));
	gt_init(&table, IOASID_PGTABLE_VTD_SS, 4, g.memory, 0, TABLES, SIZE);
	gt_map(&table, THERE, THERE, PAGE, 1, RW);
	ck_ok(bind_table(space, table.format, 4, table.root));
	return space;
}

static void open_way(int way)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	guest_platform = platform;
	guest_open(&g, SIZE, 0);
	guest_platform = NULL;
	ck_ok(ioasid_space_destroy(g.root));
	faults = make_queue(g.ctx, 0, 0);
	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	options.fault_queue = faults;
	ck_ok(ioasid_space_create(g.ctx, &options, &g.root));
	ck_ok(ioasid_space_map(g.root, 0, g.memory, ABSENT, RW, NULL));
	ck_ok(ioasid_space_map(g.root, THERE, g.memory + THERE, SIZE - THERE, RW, NULL));
	ck_ok(ioasid_space_dirty_start(g.root));
	ck_ok(ioasid_device_attach(g.device, way ? nested(way) : g.root));
}

static bool is_dirty(void)
{
	uint64_t bits = 0;

	ck_ok(ioasid_space_dirty_read(g.root, THERE, PAGE, PAGE, 0, &bits));
	return bits;
}

/* 1: it was written before, so that the page was known. */
START_TEST(what_is_asked_for_stays_clean)
{
	struct ioasid_page_request requests[ROOM];
	static struct dma dma;

	open_way(_i / 2);
	if (_i % 2) {
		ck_ok(dma_put(g.channel, THERE, 1));
		ck_assert(is_dirty());
	}
	dma_start(&dma, g.channel, DMA_WRITE, ABSENT, 2 * PAGE);
	ck_assert_int_eq(take_group(faults, requests), 1);
	ck_assert_uint_eq(requests[0].iova, ABSENT);
	ck_assert_int_eq(respond(faults, requests[0].id, INVALID), 1);
	ck_assert_int_eq(dma_join(&dma), -EFAULT);
	ck_assert(!is_dirty());

	ck_ok(ioasid_dma_prefault(g.channel, THERE, PAGE, RW));
	ck_ok(ioasid_dma_prefault(g.channel, THERE, PAGE, IOASID_WRITE));
	ck_assert(!is_dirty());
	ck_ok(dma_put(g.channel, THERE, 1));
	ck_assert(is_dirty());
	guest_close(&g);
}
END_TEST

/* Whether a page can be written is told all the same. */
START_TEST(what_cannot_be_written_is_asked_for)
{
	struct ioasid_page_request request;
	static struct dma dma;

	open_way(_i);
	if (_i) {
		gt_map(&table, ABSENT, THERE, PAGE, 1, IOASID_READ);
		ck_ok(inv_range(g.ctx, ioasid_device_get_space(g.device), ABSENT, PAGE));
	} else {
		ck_ok(ioasid_space_map(g.root, ABSENT, g.memory, PAGE, IOASID_READ, NULL));
	}
	ck_ok(ioasid_dma_prefault(g.channel, ABSENT, PAGE, IOASID_READ));
	dma.access = IOASID_WRITE;
	dma_start(&dma, g.channel, DMA_PREFAULT, ABSENT, PAGE);
	request = take_request(faults);
	ck_assert_uint_eq(request.access, IOASID_WRITE);
	ck_assert_int_eq(respond(faults, request.id, INVALID), 1);
	ck_assert_int_eq(dma_join(&dma), -EFAULT);
	ck_assert(!is_dirty());
	guest_close(&g);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dirty-request");
	TCase *tc = tcase_create("dirty-request");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, what_is_asked_for_stays_clean, 0, 2 * WAYS);
	tcase_add_loop_test(tc, what_cannot_be_written_is_asked_for, 0, WAYS);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
