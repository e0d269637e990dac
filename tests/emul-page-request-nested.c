/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page requests of nested spaces: the guest repairs its table, and which faults can be repaired. */
#include <string.h>

#include "guest_tables.h"
#include "page_request.h"

#define IOVA   UINT64_C(0x7654321000)
#define TARGET UINT64_C(0x5000)
#define TABLES (16 * PAGE)
#define BEYOND (64 * PAGE) /* not guest memory */

/* The guest's memory is in the root; its table is bound to a space with a queue. */
struct nested {
	struct guest g;
	struct ioasid_fault_queue *faults;
	struct ioasid_space *space;
	struct ioasid_space *plain;	/* with the same table, without a queue */
	struct guest_table table;
	struct dma dma;
};

static const char hardware[] =
	"iommu u nesting=hardware address-bits=57\n"
	"device 0000:00:01.0 iommu=u device-tlb=16\n";

/* As guest_open(), with an IOMMU that walks both levels. */
static void open_hardware(struct guest *g, uint64_t ctx_flags)
{
	guest_platform = hardware;
	guest_open(g, BEYOND, ctx_flags);
	guest_platform = NULL;
}

/* Both formats with a shadow, and both walked by the IOMMU. */
#define VARIANTS 4

static enum ioasid_pgtable_format format_of(int variant)
{
	return variant % 2 ? IOASID_PGTABLE_VTD_FS : IOASID_PGTABLE_VTD_SS;
}

static void nested_open_with(struct nested *n, int variant, enum ioasid_fill fill, uint64_t flags)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	if (variant < 2)
		guest_open(&n->g, BEYOND, flags);
	else
		open_hardware(&n->g, flags);
	n->faults = make_queue(n->g.ctx, 0, 0);
	options.parent = n->g.root;
	options.nesting = variant < 2 ? IOASID_NESTING_SOFTWARE : IOASID_NESTING_HARDWARE;
	options.fill = variant < 2 ? fill : 0;
	options.fault_queue = n->faults;
	ck_ok(ioasid_space_create(n->g.ctx, &options, &n->space));
	gt_init(&n->table, format_of(variant), 4, n->g.memory, 0, TABLES, TABLES + 32 * PAGE);
	ck_ok(bind_table(n->space, n->table.format, 4, n->table.root));
	options.fault_queue = NULL;
	ck_ok(ioasid_space_create(n->g.ctx, &options, &n->plain));
	ck_ok(bind_table(n->plain, n->table.format, 4, n->table.root));
	guest_attach(&n->g, n->space);
}

static void nested_open(struct nested *n, int variant, enum ioasid_fill fill)
{
	nested_open_with(n, variant, fill, 0);
}

static void nested_close(struct nested *n)
{
	ck_assert(!has_requests(n->faults));
	guest_close(&n->g);
}

/* A write of one byte asks for its page. */
static uint64_t asks(struct nested *n, uint64_t iova)
{
	struct ioasid_page_request request;

	n->dma.buf[0] = 42;
	dma_start(&n->dma, n->g.channel, DMA_WRITE, iova, 1);
	request = take_request(n->faults);
	ck_assert_uint_eq(request.iova, iova & ~(PAGE - 1));
	ck_assert_uint_eq(request.access, IOASID_WRITE);
	ck_assert_uint_eq(request.space, ioasid_space_get_id(n->space));
	return request.id;
}

static void succeeds(struct nested *n, uint64_t id)
{
	ck_assert_int_eq(respond(n->faults, id, SUCCESS), 1);
	ck_assert_int_eq(dma_join(&n->dma), 0);
	ck_assert_uint_eq(n->g.memory[TARGET], 42);
}

START_TEST(guest_maps_the_page)
{
	static struct nested n;
	uint64_t id;

	nested_open(&n, _i, IOASID_FILL_ON_INVALIDATION);
	id = asks(&n, IOVA);
	gt_map(&n.table, IOVA, TARGET, PAGE, 1, RW);
	ck_ok(inv_range(n.g.ctx, n.space, IOVA, PAGE));
	succeeds(&n, id);
	nested_close(&n);
}
END_TEST

/*
 * Neither for a page that becomes present, nor for one that gets more permission. Bit 1 says that
 * an entry may be written in both formats.
 */
START_TEST(on_demand_needs_no_invalidation)
{
	uint64_t *upper, value, id;
	static struct nested n;
	uint8_t byte;

	nested_open(&n, _i, IOASID_FILL_ON_DEMAND);
	id = asks(&n, IOVA);
	gt_map(&n.table, IOVA, TARGET, PAGE, 1, RW);
	succeeds(&n, id);

	n.g.memory[TARGET] = 0;
	gt_map(&n.table, IOVA + GIB, TARGET, PAGE, 1, IOASID_READ);
	ck_ok(dma_get(n.g.channel, IOVA + GIB, &byte));
	id = asks(&n, IOVA + GIB);
	/* it is cached again, while the guest has not changed it yet */
	ck_assert_ptr_eq(dma_where(channel_new(n.g.device, IOASID_NO_PASID), IOVA + GIB,
				   IOASID_READ), n.g.memory + TARGET);
	gt_store(gt_entry(&n.table, IOVA + GIB, 1),
		 gt_leaf_value(&n.table, 1, TARGET, RW));
	succeeds(&n, id);

	/* the same in an upper level, which is cached apart */
	upper = gt_entry(&n.table, IOVA + GIB, 2);
	value = gt_load(upper);
	gt_store(upper, value & ~SS_WRITE);
	ck_ok(inv_range(n.g.ctx, n.space, IOVA + GIB, PAGE));
	ck_ok(dma_get(n.g.channel, IOVA + GIB, &byte));
	id = asks(&n, IOVA + GIB);
	gt_store(upper, value);
	succeeds(&n, id);
	nested_close(&n);
}
END_TEST

/*
 * Opens it with an audit. Returns the entry of a page that has been read, and must not be written.
 */
static uint64_t *audited_leaf(struct nested *n, int i)
{
	uint8_t byte;

	nested_open_with(n, i, IOASID_FILL_ON_DEMAND, IOASID_CTX_AUDIT);
	gt_map(&n->table, IOVA, TARGET, PAGE, 1, IOASID_READ);
	ck_ok(dma_get(n->g.channel, IOVA, &byte));
	return gt_entry(&n->table, IOVA, 1);
}

/* The audit knows that: more permission is no missing invalidation; less is. */
START_TEST(audit_permits_upgrades)
{
	struct ioasid_event event;
	static struct nested n;
	uint64_t *leaf, value;
	uint8_t byte;

	leaf = audited_leaf(&n, _i);
	value = gt_load(leaf);
	gt_store(leaf, value | SS_WRITE);
	ck_ok(dma_get(n.g.channel, IOVA, &byte));
	ck_assert_uint_eq(ioasid_event_queue_read(n.g.queue, &event, 1), 0);
	ck_ok(inv_range(n.g.ctx, n.space, IOVA, PAGE));
	ck_ok(dma_get(n.g.channel, IOVA, &byte));
	gt_store(leaf, value);
	ck_ok(dma_get(n.g.channel, IOVA, &byte));
	ck_assert_int_eq(take_event(n.g.queue).type, IOASID_EVENT_MISSING_INVALIDATION);
	ck_ok(inv_range(n.g.ctx, n.space, IOVA, PAGE));

	/* without anybody who responds an upgrade has to be invalidated too */
	guest_attach(&n.g, n.plain);
	ck_ok(dma_get(n.g.channel, IOVA, &byte));
	gt_store(leaf, value | SS_WRITE);
	ck_ok(dma_get(n.g.channel, IOVA, &byte));
	ck_assert_int_eq(take_event(n.g.queue).type, IOASID_EVENT_MISSING_INVALIDATION);
	nested_close(&n);
}
END_TEST

/* Nor is anything used by a prefault, and by looking which pages are to be asked for too. */
START_TEST(audit_is_of_what_is_used)
{
	struct ioasid_page_request requests[ROOM];
	struct ioasid_event event;
	static struct nested n;
	uint8_t byte;

	nested_open_with(&n, _i, IOASID_FILL_ON_DEMAND, IOASID_CTX_AUDIT);
	gt_map(&n.table, IOVA + PAGE, TARGET, PAGE, 1, RW);
	ck_ok(dma_get(n.g.channel, IOVA + PAGE, &byte));
	gt_map(&n.table, IOVA + PAGE, TARGET + PAGE, PAGE, 1, RW);
	ck_ok(ioasid_dma_prefault(n.g.channel, IOVA + PAGE, 1, IOASID_READ));
	ck_assert_uint_eq(ioasid_event_queue_read(n.g.queue, &event, 1), 0);

	dma_start(&n.dma, n.g.channel, DMA_READ, IOVA, 2 * PAGE);
	ck_assert_int_eq(take_group(n.faults, requests), 1);
	ck_assert_uint_eq(ioasid_event_queue_read(n.g.queue, &event, 1), 0);
	gt_map(&n.table, IOVA, TARGET, PAGE, 1, RW);
	ck_assert_int_eq(respond(n.faults, requests[0].id, SUCCESS), 1);
	ck_assert_int_eq(dma_join(&n.dma), 0);
	event = take_event(n.g.queue);
	ck_assert_int_eq(event.type, IOASID_EVENT_MISSING_INVALIDATION);
	ck_assert_uint_eq(event.iova, IOVA + PAGE);
	ck_assert_uint_eq(ioasid_event_queue_read(n.g.queue, &event, 1), 0);
	nested_close(&n);
}
END_TEST

/* What is read again for a page request was invalidated by nobody. */
START_TEST(audit_knows_invalidations_alone)
{
	struct ioasid_event event;
	static struct nested n;
	uint64_t *leaf, value, before, id;
	uint8_t byte;

	leaf = audited_leaf(&n, _i);
	value = gt_load(leaf);
	before = now_ns();
	ck_ok(inv_range(n.g.ctx, n.space, IOVA, PAGE));
	id = asks(&n, IOVA);
	gt_store(leaf, value | SS_WRITE);
	succeeds(&n, id);
	gt_store(leaf, value);
	ck_ok(dma_get(n.g.channel, IOVA, &byte));
	event = take_event(n.g.queue);
	ck_assert_int_eq(event.type, IOASID_EVENT_MISSING_INVALIDATION);
	ck_assert_uint_ge(event.last_invalidated, before);
	nested_close(&n);
}
END_TEST

/* A page of the guest's that its monitor has not brought in: the monitor maps it in the parent. */
START_TEST(parent_maps_the_target)
{
	static struct nested n;
	uint8_t *page = memory_new(PAGE);
	uint64_t id;

	nested_open(&n, _i, 0);
	gt_map(&n.table, IOVA, BEYOND, PAGE, 1, RW);
	ck_ok(inv_range(n.g.ctx, n.space, IOVA, PAGE));
	id = asks(&n, IOVA + 7);
	ck_ok(ioasid_space_map(n.g.root, BEYOND, page, PAGE, RW, NULL));
	ck_assert_int_eq(respond(n.faults, id, SUCCESS), 1);
	ck_assert_int_eq(dma_join(&n.dma), 0);
	ck_assert_uint_eq(page[7], 42);
	nested_close(&n);
	memory_free(page, PAGE);
}
END_TEST

START_TEST(mappings_on_a_parent)
{
	static struct nested n;
	struct ioasid_space *child;
	uint64_t id;

	nested_open(&n, 0, 0);
	child = n.space;
	n.space = make_space_with(n.g.ctx, n.g.root, 0, n.faults);
	ck_ok(ioasid_device_replace(n.g.device, n.space));
	id = asks(&n, HOLE);
	ck_ok(ioasid_space_map_parent(n.space, HOLE, TARGET, PAGE, RW, NULL));
	succeeds(&n, id);
	ck_ok(ioasid_space_destroy(child));
	nested_close(&n);
}
END_TEST

/*
 * VT-d 5.10, 7.1.3, response to translation requests: malformed entries and tables that are out of
 * reach are an error in second-stage tables (SSS.3, SSS.1: CA), and in first-stage tables a success
 * without permission (SFS.3, SFS.7), for which the device sends a page request.
 */
static void is_unrecoverable(struct nested *n, bool second_stage, enum ioasid_fault_reason reason)
{
	if (second_stage) {
		guest_faults(&n->g, IOVA, IOASID_WRITE, reason);
		return;
	}
	ck_assert_int_eq(respond(n->faults, asks(n, IOVA), INVALID), 1);
	ck_assert_int_eq(dma_join(&n->dma), -EFAULT);
	expect_fault(&n->g, IOVA, IOASID_WRITE, IOASID_FAULT_REQUEST_INVALID);
}

START_TEST(malformed_tables)
{
	bool second_stage = format_of(_i) == IOASID_PGTABLE_VTD_SS;
	uint64_t *entry, value;
	static struct nested n;

	nested_open(&n, _i, IOASID_FILL_ON_DEMAND);
	gt_map(&n.table, IOVA, TARGET, PAGE, 1, RW);
	/* a page at level 4: VT-d 4.1, 9.7, 9.8: reserved */
	entry = gt_entry(&n.table, IOVA, 4);
	value = gt_load(entry);
	gt_store(entry, value | PT_PAGE_SIZE);
	is_unrecoverable(&n, second_stage, IOASID_FAULT_MALFORMED_ENTRY);
	gt_store(entry, gt_table_value(&n.table, BEYOND));
	ck_ok(inv_all(n.g.ctx, n.space));
	is_unrecoverable(&n, second_stage, IOASID_FAULT_TABLE_NOT_MAPPED);
	gt_store(entry, value);
	ck_ok(inv_all(n.g.ctx, n.space));
	ck_ok(dma_put(n.g.channel, IOVA, 1));
	nested_close(&n);
}
END_TEST

/* SGN.1, SGN.5: success without permission, though no table can have the page. */
START_TEST(addresses_too_wide)
{
	static struct nested n;

	nested_open(&n, _i, 0);
	ck_assert_int_eq(respond(n.faults, asks(&n, UINT64_C(1) << 50), INVALID), 1);
	ck_assert_int_eq(dma_join(&n.dma), -EFAULT);
	expect_fault(&n.g, UINT64_C(1) << 50, IOASID_WRITE, IOASID_FAULT_REQUEST_INVALID);
	nested_close(&n);
}
END_TEST

/* A DMA does not ask for pages that no response can bring, nor for any behind them. */
START_TEST(group_ends_at_what_cannot_be_repaired)
{
	const uint64_t next = UINT64_C(0x7654400000);
	struct ioasid_page_request requests[ROOM];
	static struct nested n;

	nested_open(&n, 2 * _i, IOASID_FILL_ON_DEMAND);
	/* from @next on a page of 2 MiB that is not at a multiple of that: 9.8 */
	gt_store(gt_entry(&n.table, next, 2), SS_READ | SS_WRITE | PT_PAGE_SIZE | PAGE);
	dma_start(&n.dma, n.g.channel, DMA_WRITE, next - 2 * PAGE, (size_t)(4 * PAGE));
	ck_assert_int_eq(take_group(n.faults, requests), 2);
	gt_map(&n.table, next - 2 * PAGE, TARGET, 2 * PAGE, 1, RW);
	ck_assert_int_eq(respond(n.faults, requests[0].id, SUCCESS), 1);
	ck_assert_int_eq(dma_join(&n.dma), -EFAULT);
	expect_fault(&n.g, next, IOASID_WRITE, IOASID_FAULT_MALFORMED_ENTRY);
	nested_close(&n);
}
END_TEST

/* Unbinding takes the table from under a DMA that waits; binding another serves it. */
START_TEST(table_bound_while_a_dma_waits)
{
	static struct nested n;
	uint64_t id;

	nested_open(&n, 2 * _i, 0);
	id = asks(&n, IOVA);
	ck_ok(ioasid_space_unbind_pgtable(n.space));
	ck_assert_int_eq(respond(n.faults, id, SUCCESS), 1);
	id = take_request(n.faults).id;
	gt_map(&n.table, IOVA, TARGET, PAGE, 1, RW);
	ck_ok(bind_table(n.space, IOASID_PGTABLE_VTD_SS, 4, n.table.root));
	succeeds(&n, id);
	nested_close(&n);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("page-request-nested");
	TCase *tc = tcase_create("page-request-nested");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, guest_maps_the_page, 0, VARIANTS);
	tcase_add_loop_test(tc, on_demand_needs_no_invalidation, 0, VARIANTS);
	tcase_add_loop_test(tc, audit_permits_upgrades, 0, VARIANTS);
	tcase_add_loop_test(tc, audit_is_of_what_is_used, 0, VARIANTS);
	tcase_add_loop_test(tc, audit_knows_invalidations_alone, 0, VARIANTS);
	tcase_add_loop_test(tc, parent_maps_the_target, 0, VARIANTS);
	tcase_add_test(tc, mappings_on_a_parent);
	tcase_add_loop_test(tc, malformed_tables, 0, VARIANTS);
	tcase_add_loop_test(tc, addresses_too_wide, 0, VARIANTS);
	tcase_add_loop_test(tc, group_ends_at_what_cannot_be_repaired, 0, 2);
	tcase_add_loop_test(tc, table_bound_while_a_dma_waits, 0, 2);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
