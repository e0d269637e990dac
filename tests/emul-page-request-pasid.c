/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page requests of a device whose PASID table is the guest's. */
#include "page_request.h"
#include "pasid_guest.h"

#define NUMBER 5 /* the PASID */
#define NEW_PAGE (8 * PAGE) /* in the guest's page table */

static struct pasid_guest g;
static struct ioasid_fault_queue *queue;
static struct guest_table table;
static struct dma dma;

static void setup(void)
{
	pasid_guest_open(&g);
	queue = make_queue(g.ctx, 0, 0);
	ck_ok(ioasid_space_destroy(g.space));
	g.space = make_space_with(g.ctx, g.root, 0, queue);
	table = new_table(&g, IOASID_PGTABLE_VTD_FS, 1);
	set_entry(&g, NUMBER, ENTRY_FS, table.root);
	bind_and_attach(&g);
	memset(&dma, 0, sizeof(dma));
}

static void teardown(void)
{
	ck_assert(!has_requests(queue));
	pasid_guest_close(&g);
}

/* A read asks for its page, of the space that the table is bound to. */
static uint64_t asks(void)
{
	struct ioasid_page_request request;

	dma_start(&dma, channel_new(g.device, NUMBER), DMA_READ, NEW_PAGE, 4);
	request = take_request(queue);
	ck_assert_uint_eq(request.pasid, NUMBER);
	ck_assert_uint_eq(request.flags, IOASID_PAGE_REQUEST_PASID | IOASID_PAGE_REQUEST_LAST);
	ck_assert_uint_eq(request.iova, NEW_PAGE);
	ck_assert_uint_eq(request.space, ioasid_space_get_id(g.space));
	return request.id;
}

static void reads(uint32_t expected)
{
	uint32_t n;

	ck_assert_int_eq(dma_join(&dma), 0);
	memcpy(&n, dma.buf, sizeof(n));
	ck_assert_uint_eq(n, expected);
}

START_TEST(guest_maps_the_page)
{
	uint64_t id = asks();

	gt_map(&table, NEW_PAGE, DATA + 3 * PAGE, PAGE, 1, RW);
	ck_assert_int_eq(respond(queue, id, SUCCESS), 1);
	reads(3);
}
END_TEST

/* The PASID gets another page table meanwhile: that is where the DMA goes on. */
START_TEST(guest_changes_the_entry)
{
	struct guest_table other = new_table(&g, IOASID_PGTABLE_VTD_FS, 2);
	uint64_t id = asks();

	gt_map(&other, NEW_PAGE, DATA + 4 * PAGE, PAGE, 1, RW);
	set_entry(&g, NUMBER, ENTRY_FS, other.root);
	inv_pasid(&g, NUMBER);
	ck_assert_int_eq(respond(queue, id, SUCCESS), 1);
	reads(4);
}
END_TEST

/* VT-d 5.10, 7.1.3: a PASID entry that is not present (SPT.2) answers with "invalid". */
START_TEST(guest_takes_the_pasid_away)
{
	uint64_t id = asks();

	set_entry(&g, NUMBER, 0, 0);
	inv_pasid(&g, NUMBER);
	ck_assert_int_eq(respond(queue, id, SUCCESS), 1);
	ck_assert_int_eq(dma_join(&dma), -EFAULT);
	ck_assert_int_eq(take_event(g.queue).reason, IOASID_FAULT_PASID_NOT_PRESENT);
	ck_assert_int_eq(reached(g.device, NUMBER, NEW_PAGE), -EFAULT);
}
END_TEST

START_TEST(detach_ends_the_wait)
{
	uint64_t id = asks();

	ck_ok(ioasid_device_detach(g.device));
	ck_assert_int_eq(dma_join(&dma), -EFAULT);
	ck_assert_int_eq(take_event(g.queue).reason, IOASID_FAULT_BLOCKED);
	ck_err(respond(queue, id, SUCCESS), EINVAL);
}
END_TEST

/* The same when the PASID leads nowhere by then: nobody could end the wait afterwards. */
START_TEST(detach_ends_the_wait_of_what_was_forgotten)
{
	uint64_t id = asks();

	if (_i == 0) {
		set_entry(&g, NUMBER, 0, 0);
		inv_pasid(&g, NUMBER);
	} else {
		ck_ok(ioasid_space_unbind_pasid_table(g.space));
	}
	ck_ok(ioasid_device_detach(g.device));
	ck_err(respond(queue, id, SUCCESS), EINVAL);
	ck_assert_int_eq(dma_join(&dma), -EFAULT);
	ck_assert_int_eq(take_event(g.queue).reason, IOASID_FAULT_BLOCKED);
	ck_ok(ioasid_space_destroy(g.space));
	ck_ok(ioasid_fault_queue_destroy(queue));
	queue = make_queue(g.ctx, 0, 0);
}
END_TEST

/*
 * A request that goes straight to the parent asks the space that its device is attached to, like
 * all others: 0: by its entry; 1: since it has no PASID.
 */
START_TEST(what_is_passed_through_asks_too)
{
	struct ioasid_pasid_table t = vtd_table();
	struct ioasid_page_request request;
	uint32_t pasid = _i ? IOASID_NO_PASID : NUMBER;

	if (_i)
		t.flags = IOASID_PASID_TABLE_RID_BYPASS;
	set_entry(&g, NUMBER, ENTRY_PT, 0);
	ck_ok(ioasid_space_bind_pasid_table(g.space, &t));
	dma_start(&dma, channel_new(g.device, pasid), DMA_READ, FOREIGN, 4);
	request = take_request(queue);
	ck_assert_uint_eq(request.space, ioasid_space_get_id(g.space));
	ck_ok(ioasid_space_map(g.root, FOREIGN, g.memory + DATA + 3 * PAGE, PAGE, RW, NULL));
	ck_assert_int_eq(respond(queue, request.id, SUCCESS), 1);
	reads(3);
	ck_assert_int_eq(reached(g.device, pasid, 0), 0);
	dma_start(&dma, dma.channel, DMA_READ, FOREIGN + PAGE, 4);
	ck_assert_int_eq(respond(queue, take_request(queue).id, INVALID), 1);
	ck_assert_int_eq(dma_join(&dma), -EFAULT);
	ck_assert_uint_eq(take_event(g.queue).space, ioasid_space_get_id(g.space));
}
END_TEST

static const char group_platform[] =
	"iommu iommu0 address-bits=57 pasid-bits=20\n"
	"device user iommu=iommu0 pasid-bits=20 pasid-table=user group=3\n"
	"device kernel iommu=iommu0 pasid-bits=20 group=3\n";

/* A device whose group leaves a table goes on waiting for what it has of its own. */
START_TEST(requests_beside_the_table)
{
	const struct ioasid_pasid_table t = vtd_table();
	struct ioasid_ctx *ctx = open_platform(group_platform);
	struct ioasid_device *user = bind(ctx, "user"), *kernel = bind(ctx, "kernel");
	struct ioasid_space *root = make_space(ctx, NULL, 0), *child, *own;
	struct ioasid_fault_queue *faults = make_queue(ctx, 0, 0);
	uint64_t id;

	ck_ok(ioasid_space_map(root, 0, g.memory, SIZE, RW, NULL));
	child = make_space(ctx, root, 0);
	own = make_space_with(ctx, NULL, 0, faults);
	ck_ok(ioasid_space_bind_pasid_table(child, &t));
	ck_ok(ioasid_device_attach(user, child));
	ck_ok(ioasid_device_attach_pasid(kernel, NUMBER, own));
	dma_start(&dma, channel_new(kernel, NUMBER), DMA_READ, NEW_PAGE, 4);
	id = take_request(faults).id;
	ck_ok(ioasid_device_detach(user));
	ck_assert_int_eq(respond(faults, id, INVALID), 1);
	ck_assert_int_eq(dma_join(&dma), -EFAULT);
	ck_ok(ioasid_ctx_close(ctx));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("page-request-pasid");
	TCase *tc = tcase_create("page-request-pasid");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, guest_maps_the_page);
	tcase_add_test(tc, guest_changes_the_entry);
	tcase_add_test(tc, guest_takes_the_pasid_away);
	tcase_add_test(tc, detach_ends_the_wait);
	tcase_add_loop_test(tc, detach_ends_the_wait_of_what_was_forgotten, 0, 2);
	tcase_add_loop_test(tc, what_is_passed_through_asks_too, 0, 2);
	tcase_add_test(tc, requests_beside_the_table);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
