/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Caches of an IOMMU that nests in hardware: sizes, replacement, structures, device TLBs, audit. */
#include <string.h>

#include "hw_world.h"

#define VARIANTS HW_FORMATS

START_TEST(a_capacity_of_one)
{
	struct hw h;

	hw_open(&h, HW_PLATFORM("iotlb=1", ""), hw_formats[_i], 0);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	hw_set(&h, 0, 40);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	ck_assert_int_eq(hw_page(&h, 1), 17);	/* takes its place */
	ck_assert_int_eq(hw_page(&h, 0), 40);
	ck_assert_uint_eq(hw_stats(&h).iotlb_evictions, 2);
	hw_close(&h);
}
END_TEST

START_TEST(the_least_recently_used_goes)
{
	struct hw h;
	uint64_t n;

	hw_open(&h, HW_PLATFORM("iotlb=4 iotlb-ways=4", ""), hw_formats[_i], 0);
	for (n = 0; n < 4; n++)
		ck_assert_int_eq(hw_page(&h, n), (int64_t)(16 + n));
	ck_assert_int_eq(hw_page(&h, 0), 16);
	for (n = 0; n < 4; n++)
		hw_set(&h, n, 40 + n);
	ck_assert_int_eq(hw_page(&h, 4), 20);	/* in place of page 1 */
	ck_assert_int_eq(hw_page(&h, 0), 16);
	ck_assert_int_eq(hw_page(&h, 2), 18);
	ck_assert_int_eq(hw_page(&h, 3), 19);
	ck_assert_int_eq(hw_page(&h, 1), 41);
	hw_close(&h);
}
END_TEST

START_TEST(pages_compete_in_their_set_only)
{
	struct hw h;

	hw_open(&h, HW_PLATFORM("iotlb=4 iotlb-ways=1", ""), hw_formats[_i], 0);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	hw_set(&h, 0, 40);
	ck_assert_int_eq(hw_page(&h, 1), 17);
	ck_assert_int_eq(hw_page(&h, 2), 18);
	ck_assert_int_eq(hw_page(&h, 3), 19);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	ck_assert_int_eq(hw_page(&h, 4), 20);
	ck_assert_int_eq(hw_page(&h, 0), 40);
	hw_close(&h);
}
END_TEST

/* Which of eight pages are still cached after eight others came in, as bits. */
static unsigned int survivors(const char *platform)
{
	unsigned int bits = 0;
	struct hw h;
	uint64_t n;

	hw_open(&h, platform, IOASID_PGTABLE_VTD_SS, 0);
	for (n = 0; n < 16; n++)
		hw_page(&h, n);
	for (n = 0; n < 8; n++)
		hw_set(&h, n, 64 + n);
	for (n = 0; n < 8; n++) {
		bool kept = hw_page(&h, n) == (int64_t)(16 + n);

		bits |= (unsigned int)kept << n;
		if (!kept)
			break;	/* it has taken another's place */
	}
	hw_close(&h);
	return bits | (unsigned int)n << 8;
}

#define RANDOM "iotlb=8 iotlb-replacement=random "

START_TEST(random_replacement_is_the_same_in_each_run)
{
	unsigned int first = survivors(HW_PLATFORM(RANDOM, ""));
	unsigned int others[4];
	unsigned int i, same = 0;

	for (i = 0; i < 8; i++)
		ck_assert_uint_eq(survivors(HW_PLATFORM(RANDOM, "")), first);
	others[0] = survivors(HW_PLATFORM(RANDOM "iotlb-seed=1", ""));
	others[1] = survivors(HW_PLATFORM(RANDOM "iotlb-seed=77", ""));
	others[2] = survivors(HW_PLATFORM(RANDOM "iotlb-seed=4294967295", ""));
	others[3] = survivors(HW_PLATFORM("iotlb=8 iotlb-replacement=lru", ""));
	for (i = 0; i < 3; i++)
		same += others[i] == first;
	ck_assert_uint_lt(same, 3);
	ck_assert_uint_eq(others[3], 0);	/* LRU: eight new ones, none survives */
}
END_TEST

/* Links another last table in, in which all pages lead 100 pages higher. */
static void relink(struct hw *h)
{
	uint64_t table = gt_page(&h->t), n;

	for (n = 0; n < 16; n++)
		gt_store(gt_slot(&h->t, table, (unsigned int)((HW_AT / PAGE + n) % 512)),
			 gt_leaf_value(&h->t, 1, (116 + n) * PAGE, RW));
	gt_store(gt_entry(&h->t, HW_AT, 2), gt_table_at(&h->t, 2, table));
}

START_TEST(leaf_only_leaves_structures_in_their_cache)
{
	struct hw h;

	hw_open(&h, HW_PLATFORM("structure-cache=8", ""), hw_formats[_i], 0);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	relink(&h);
	/* A page that is not in the IOTLB, by a table that is linked in no more. */
	ck_assert_int_eq(hw_page(&h, 1), 17);
	hw_invalidate(&h, 0, IOASID_INV_LEAF_ONLY);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	hw_invalidate(&h, 0, 0);
	ck_assert_int_eq(hw_page(&h, 0), 116);
	ck_assert_int_eq(hw_page(&h, 1), 17);
	hw_invalidate(&h, 1, IOASID_INV_LEAF_ONLY);
	ck_assert_int_eq(hw_page(&h, 1), 117);
	ck_assert_int_eq(hw_page(&h, 2), 118);
	ck_assert_uint_gt(hw_stats(&h).structure_hits, 0);
	hw_close(&h);
}
END_TEST

START_TEST(without_a_structure_cache_leaf_only_is_enough)
{
	struct hw h;

	hw_open(&h, HW_PLATFORM("", ""), hw_formats[_i], 0);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	relink(&h);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	ck_assert_int_eq(hw_page(&h, 1), 117);
	hw_invalidate(&h, 0, IOASID_INV_LEAF_ONLY);
	ck_assert_int_eq(hw_page(&h, 0), 116);
	ck_assert_uint_eq(hw_stats(&h).structure_hits, 0);
	hw_close(&h);
}
END_TEST

START_TEST(a_structure_cache_of_one_entry)
{
	struct hw h;

	hw_open(&h, HW_PLATFORM("structure-cache=1", ""), hw_formats[_i], 0);
	gt_map(&h.t, HW_AT + 4 * MIB, 30 * PAGE, PAGE, 1, RW);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	relink(&h);
	ck_assert_int_eq(hw_page(&h, 1), 17);
	ck_assert_int_eq(hw_page(&h, 1024), 30);
	ck_assert_int_eq(hw_page(&h, 2), 118);
	hw_close(&h);
}
END_TEST

START_TEST(a_walk_from_a_cached_structure_reads_one_entry)
{
	struct ioasid_device_stats before, after;
	struct hw h;

	hw_open(&h, HW_PLATFORM("structure-cache=8", ""), hw_formats[_i], 0);
	hw_page(&h, 0);
	before = hw_stats(&h);
	ck_assert_uint_eq(before.entries_read, 4);
	hw_page(&h, 1);
	after = hw_stats(&h);
	ck_assert_uint_eq(after.walks - before.walks, 1);
	ck_assert_uint_eq(after.entries_read - before.entries_read, 1);
	ck_assert_uint_eq(after.structure_hits - before.structure_hits, 1);
	hw_close(&h);
}
END_TEST

START_TEST(a_unit_counts_what_its_cache_does)
{
	struct ioasid_device_stats s;
	struct hw h;
	int i;

	hw_open(&h, HW_PLATFORM("iotlb=2", ""), hw_formats[_i], 0);
	for (i = 0; i < 5; i++)
		hw_page(&h, 0);
	s = hw_stats(&h);
	ck_assert_uint_eq(s.iotlb_misses, 1);
	ck_assert_uint_eq(s.iotlb_hits, 4);
	ck_assert_uint_eq(s.walks, 1);
	ck_assert_uint_eq(s.iotlb_evictions, 0);
	hw_page(&h, 1);
	hw_page(&h, 2);
	ck_assert_uint_eq(hw_stats(&h).iotlb_evictions, 1);
	ck_assert_int_eq(hw_page(&h, 100), -1);
	ck_assert_uint_eq(hw_stats(&h).walks, 4);
	ck_assert_uint_eq(hw_stats(&h).iotlb_dropped, 0);
	ck_ok(inv_all(h.g.ctx, h.child));
	s = hw_stats(&h);
	ck_assert_uint_eq(s.iotlb_dropped, 2);
	ck_assert_uint_eq(s.device_tlb_hits + s.device_tlb_misses, 0);
	s.size = sizeof(size_t) - 1;
	ck_err(ioasid_device_query_stats(h.g.device, &s), EINVAL);
	hw_close(&h);
}
END_TEST

START_TEST(devices_behind_one_unit_share_its_iotlb)
{
	struct ioasid_device *other;
	struct ioasid_channel *channel;
	struct hw h;
	void *at;

	hw_open(&h, HW_PLATFORM("", ""), hw_formats[_i], 0);
	ck_ok(ioasid_device_bind(h.g.ctx, "0000:00:02.0", 2, &other));
	ck_ok(ioasid_device_attach_pasid(other, 7, h.child));
	channel = channel_new(other, 7);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	hw_set(&h, 0, 40);
	at = dma_where(channel, HW_AT, IOASID_READ);
	ck_assert_ptr_eq(at, h.g.memory + 16 * PAGE);
	hw_close(&h);
}
END_TEST

static const char two_units[] =
	"iommu one nesting=hardware address-bits=57\n"
	"iommu two nesting=hardware address-bits=57\n"
	"device 0000:00:01.0 iommu=one\n"
	"device 0000:00:02.0 iommu=two\n";

START_TEST(units_cache_by_themselves_and_are_invalidated_together)
{
	struct ioasid_device *other;
	struct ioasid_channel *channel;
	struct hw h;

	hw_open(&h, two_units, hw_formats[_i], 0);
	ck_ok(ioasid_device_bind(h.g.ctx, "0000:00:02.0", 2, &other));
	ck_ok(ioasid_device_attach(other, h.child));
	channel = channel_new(other, IOASID_NO_PASID);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	hw_set(&h, 0, 40);
	ck_assert_ptr_eq(dma_where(channel, HW_AT, IOASID_READ), h.g.memory + 40 * PAGE);
	hw_set(&h, 0, 41);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	ck_assert_ptr_eq(dma_where(channel, HW_AT, IOASID_READ), h.g.memory + 40 * PAGE);
	hw_invalidate(&h, 0, 0);
	ck_assert_int_eq(hw_page(&h, 0), 41);
	ck_assert_ptr_eq(dma_where(channel, HW_AT, IOASID_READ), h.g.memory + 41 * PAGE);
	hw_close(&h);
}
END_TEST

static void invalidate_device(struct hw *h, uint64_t n)
{
	struct ioasid_inv *inv;

	ck_ok(ioasid_inv_new(h->g.ctx, 1, &inv));
	ck_ok(ioasid_inv_add_device_tlb(inv, h->g.device, IOASID_NO_PASID, HW_AT + n * PAGE, PAGE));
	ck_ok(ioasid_inv_submit(inv, NULL));
	ioasid_inv_free(inv);
}

START_TEST(a_device_tlb_goes_with_the_batch)
{
	struct ioasid_device_stats s;
	struct hw h;

	hw_open(&h, HW_PLATFORM("iotlb=1", "device-tlb=4"), hw_formats[_i], 0);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	ck_assert_int_eq(hw_page(&h, 1), 17);
	hw_set(&h, 0, 40);
	ck_assert_int_eq(hw_page(&h, 0), 16);	/* evicted from the IOTLB, the device has it */
	hw_invalidate(&h, 0, 0);
	ck_assert_int_eq(hw_page(&h, 0), 40);
	s = hw_stats(&h);
	ck_assert_uint_eq(s.device_tlb_hits, 1);
	ck_assert_uint_eq(s.device_tlb_misses, 3);
	ck_assert_uint_eq(s.device_tlb_dropped, 1);
	ck_assert_uint_eq(s.iotlb_misses, 3);
	hw_close(&h);
}
END_TEST

#define EXPLICIT HW_PLATFORM("", "device-tlb=4 device-tlb-invalidation=explicit")

START_TEST(a_device_tlb_that_has_to_be_told)
{
	struct hw h;

	hw_open(&h, EXPLICIT, hw_formats[_i], 0);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	hw_set(&h, 0, 40);
	hw_invalidate(&h, 0, 0);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	invalidate_device(&h, 1);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	invalidate_device(&h, 0);
	ck_assert_int_eq(hw_page(&h, 0), 40);

	/* The wrong way round, it fetches again what the IOTLB still has. */
	hw_set(&h, 0, 41);
	invalidate_device(&h, 0);
	ck_assert_int_eq(hw_page(&h, 0), 40);
	hw_invalidate(&h, 0, 0);
	ck_assert_int_eq(hw_page(&h, 0), 40);
	invalidate_device(&h, 0);
	ck_assert_int_eq(hw_page(&h, 0), 41);
	hw_close(&h);
}
END_TEST

START_TEST(an_invalidation_by_device_tells_it)
{
	struct ioasid_inv *inv;
	struct hw h;

	hw_open(&h, EXPLICIT, hw_formats[_i], 0);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	hw_set(&h, 0, 40);
	ck_ok(ioasid_inv_new(h.g.ctx, 1, &inv));
	ck_ok(ioasid_inv_add_device(inv, h.g.device, 0));
	ck_ok(ioasid_inv_submit(inv, NULL));
	ck_assert_int_eq(hw_page(&h, 0), 40);
	ioasid_inv_free(inv);
	hw_close(&h);
}
END_TEST

static const char group_of_two[] =
	"iommu hw address-bits=59 nesting=software,hardware\n"
	"device 0000:00:01.0 iommu=hw group=1\n"
	"device 0000:00:01.1 iommu=hw group=1 device-tlb=4 device-tlb-invalidation=explicit\n";

/* Its requests go where those of its group go, attached or not, and what they find is cached. */
START_TEST(a_device_tlb_in_a_group_that_another_is_attached_for)
{
	struct ioasid_channel *channel;
	struct ioasid_device *other;
	struct ioasid_inv *inv;
	struct hw h;

	hw_open(&h, group_of_two, IOASID_PGTABLE_VTD_FS, 0);
	ck_ok(ioasid_device_bind(h.g.ctx, "0000:00:01.1", 2, &other));
	channel = channel_new(other, IOASID_NO_PASID);
	ck_assert_ptr_eq(dma_where(channel, HW_AT, IOASID_READ), h.g.memory + 16 * PAGE);
	hw_set(&h, 0, 40);
	hw_invalidate(&h, 0, 0);
	ck_assert_ptr_eq(dma_where(channel, HW_AT, IOASID_READ), h.g.memory + 16 * PAGE);
	ck_ok(ioasid_inv_new(h.g.ctx, 1, &inv));
	if (_i == 0)
		ck_ok(ioasid_inv_add_device_tlb(inv, other, IOASID_NO_PASID, HW_AT, PAGE));
	else
		ck_ok(ioasid_inv_add_device(inv, other, 0));
	ck_ok(ioasid_inv_submit(inv, NULL));
	ck_assert_ptr_eq(dma_where(channel, HW_AT, IOASID_READ), h.g.memory + 40 * PAGE);
	ioasid_inv_free(inv);
	hw_close(&h);
}
END_TEST

START_TEST(what_the_library_takes_away_goes_from_a_device_tlb_too)
{
	struct ioasid_mapping *m;
	struct hw h;

	hw_open(&h, EXPLICIT, hw_formats[_i], 0);
	ck_ok(ioasid_space_map(h.g.root, HW_SIZE, h.g.memory, PAGE, RW, &m));
	gt_map(&h.t, HW_AT, HW_SIZE, PAGE, 1, RW);
	ck_assert_int_eq(hw_page(&h, 0), 0);
	ck_ok(ioasid_mapping_unmap(m));
	guest_faults(&h.g, HW_AT, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	ck_assert_int_eq(hw_page(&h, 1), 17);
	hw_set(&h, 1, 50);
	guest_attach(&h.g, h.child);	/* detaches first */
	ck_assert_int_eq(hw_page(&h, 1), 50);
	hw_set(&h, 1, 51);
	ck_ok(bind_table(h.child, hw_formats[_i], 4, h.t.root));
	ck_assert_int_eq(hw_page(&h, 1), 51);
	hw_close(&h);
}
END_TEST

START_TEST(errors_of_device_tlb_invalidations)
{
	struct ioasid_ctx *other;
	struct ioasid_device *d;
	struct ioasid_inv *inv;
	size_t handled = 7;
	struct hw h;

	hw_open(&h, EXPLICIT, hw_formats[_i], 0);
	ck_ok(ioasid_ctx_open(NULL, &other));
	ck_ok(ioasid_inv_new(other, 1, &inv));
	ck_err(ioasid_inv_add_device_tlb(inv, h.g.device, 1, 0, PAGE), EINVAL);
	ioasid_inv_free(inv);
	ck_ok(ioasid_ctx_close(other));
	ck_ok(ioasid_inv_new(h.g.ctx, 1, &inv));
	ck_err(ioasid_inv_add_device_tlb(inv, h.g.device, 1, 0, 0), EINVAL);
	ck_err(ioasid_inv_add_device_tlb(inv, h.g.device, 1, UINT64_MAX, 2), EOVERFLOW);
	ck_assert_uint_eq(ioasid_inv_get_count(inv), 0);
	ck_ok(ioasid_device_bind(h.g.ctx, "0000:00:02.0", 2, &d));
	/* Nothing attached, no TLB: nothing to do. */
	ck_ok(ioasid_inv_add_device_tlb(inv, d, 9, 0, UINT64_MAX));
	ck_ok(ioasid_inv_add_device_tlb(inv, h.g.device, 9, 0, UINT64_MAX));
	ck_ok(ioasid_inv_submit(inv, &handled));
	ck_assert_uint_eq(handled, 2);
	ck_ok(ioasid_device_unbind(d));
	ck_err(ioasid_inv_submit(inv, &handled), ENOENT);
	ck_assert_uint_eq(handled, 0);
	ioasid_inv_free(inv);
	hw_close(&h);
}
END_TEST

START_TEST(runs_are_what_the_iotlb_holds)
{
	struct ioasid_run runs[8];
	uint64_t cursor = 0;
	bool done;
	struct hw h;

	hw_open(&h, HW_PLATFORM("", ""), hw_formats[_i], 0);
	ck_assert_uint_eq(ioasid_space_query_runs(h.child, &cursor, UINT64_MAX, runs, 8, &done), 0);
	ck_assert(done);
	guest_reaches(&h.g, HW_AT + PAGE, 17 * PAGE, RW);
	guest_reaches(&h.g, HW_AT + 2 * PAGE, 18 * PAGE, RW);
	guest_reaches(&h.g, HW_AT + 5 * PAGE, 21 * PAGE, RW);
	hw_set(&h, 2, 99);
	cursor = 0;
	ck_assert_uint_eq(ioasid_space_query_runs(h.child, &cursor, UINT64_MAX, runs, 8, &done), 2);
	ck_assert(done);
	ck_assert_uint_eq(runs[0].iova, HW_AT + PAGE);
	ck_assert_uint_eq(runs[0].length, 2 * PAGE);
	ck_assert_uint_eq(runs[0].target, 17 * PAGE);
	ck_assert_uint_eq(runs[0].perm, RW);
	ck_assert_uint_eq(runs[1].iova, HW_AT + 5 * PAGE);
	ck_assert_uint_eq(runs[1].length, PAGE);
	hw_close(&h);
}
END_TEST

static struct ioasid_event missing(struct hw *h, uint64_t n, int64_t page)
{
	struct ioasid_event event;

	drop_events(h->g.queue);
	ck_assert_int_eq(hw_page(h, n), page);
	event = take_event(h->g.queue);
	ck_assert_int_eq(event.type, IOASID_EVENT_MISSING_INVALIDATION);
	ck_assert_uint_eq(event.iova, HW_AT + n * PAGE);
	ck_assert_uint_eq(event.cookie, GUEST_COOKIE);
	ck_assert_uint_eq(event.space, ioasid_space_get_id(h->child));
	return event;
}

START_TEST(the_audit_names_what_was_used_stale)
{
	uint64_t old, new, before, accessed = hw_marks(hw_formats[_i]) ? 1 << 5 : 0;
	struct ioasid_event event;
	struct hw h;

	hw_open(&h, HW_PLATFORM("structure-cache=8", "device-tlb=8"), hw_formats[_i],
		IOASID_CTX_AUDIT);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	ck_assert_uint_eq(ioasid_event_queue_read(h.g.queue, &event, 1), 0);
	old = gt_load(gt_entry(&h.t, HW_AT, 1));
	hw_set(&h, 0, 40);
	new = gt_load(gt_entry(&h.t, HW_AT, 1));
	event = missing(&h, 0, 16);
	ck_assert_uint_eq(event.level, 1);
	ck_assert_uint_eq(event.old_entry, old | accessed);
	ck_assert_uint_eq(event.new_entry, new);
	ck_assert_uint_eq(event.last_invalidated, 0);

	before = now_ns();
	hw_invalidate(&h, 0, 0);
	ck_assert_int_eq(hw_page(&h, 0), 40);
	ck_assert_uint_eq(ioasid_event_queue_read(h.g.queue, &event, 1), 0);
	gt_unmap(&h.t, HW_AT, PAGE, 1);
	event = missing(&h, 0, 40);
	ck_assert_uint_eq(event.new_entry, 0);
	ck_assert_uint_ge(event.last_invalidated, before);
	ck_assert_uint_le(event.last_invalidated, now_ns());

	/* A structure that is used stale, by a walk that finds a page and by one that does not. */
	relink(&h);
	event = missing(&h, 1, 17);
	ck_assert_uint_eq(event.level, 2);
	event = missing(&h, 30, -1);
	ck_assert_uint_eq(event.level, 2);
	ck_assert_uint_eq(event.new_entry, gt_load(gt_entry(&h.t, HW_AT, 2)));
	ck_ok(inv_all(h.g.ctx, h.child));
	drop_events(h.g.queue);
	ck_assert_int_eq(hw_page(&h, 1), 117);
	ck_assert_uint_eq(ioasid_event_queue_read(h.g.queue, &event, 1), 0);
	hw_close(&h);
}
END_TEST

START_TEST(an_invalidation_out_of_memory_of_the_audit_counts_as_none)
{
	struct ioasid_event event;
	struct hw h;
	int i;

	hw_open(&h, HW_PLATFORM("", ""), hw_formats[_i], IOASID_CTX_AUDIT);
	hw_invalidate(&h, 0, 0);
	for (i = 0; i < 100; i++)
		hw_invalidate(&h, 1, 0);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	hw_set(&h, 0, 40);
	event = missing(&h, 0, 16);
	ck_assert_uint_eq(event.last_invalidated, 0);
	hw_close(&h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hwnest-caches");
	TCase *tc = tcase_create("hwnest-caches");

	tcase_add_loop_test(tc, a_capacity_of_one, 0, VARIANTS);
	tcase_add_loop_test(tc, the_least_recently_used_goes, 0, VARIANTS);
	tcase_add_loop_test(tc, pages_compete_in_their_set_only, 0, VARIANTS);
	tcase_add_test(tc, random_replacement_is_the_same_in_each_run);
	tcase_add_loop_test(tc, leaf_only_leaves_structures_in_their_cache, 0, VARIANTS);
	tcase_add_loop_test(tc, without_a_structure_cache_leaf_only_is_enough, 0, VARIANTS);
	tcase_add_loop_test(tc, a_structure_cache_of_one_entry, 0, VARIANTS);
	tcase_add_loop_test(tc, a_walk_from_a_cached_structure_reads_one_entry, 0, VARIANTS);
	tcase_add_loop_test(tc, a_unit_counts_what_its_cache_does, 0, VARIANTS);
	tcase_add_loop_test(tc, devices_behind_one_unit_share_its_iotlb, 0, VARIANTS);
	tcase_add_loop_test(tc, units_cache_by_themselves_and_are_invalidated_together, 0,
			    VARIANTS);
	tcase_add_loop_test(tc, a_device_tlb_goes_with_the_batch, 0, VARIANTS);
	tcase_add_loop_test(tc, a_device_tlb_that_has_to_be_told, 0, VARIANTS);
	tcase_add_loop_test(tc, an_invalidation_by_device_tells_it, 0, VARIANTS);
	tcase_add_loop_test(tc, a_device_tlb_in_a_group_that_another_is_attached_for, 0, 2);
	tcase_add_loop_test(tc, what_the_library_takes_away_goes_from_a_device_tlb_too, 0,
			    VARIANTS);
	tcase_add_loop_test(tc, errors_of_device_tlb_invalidations, 0, VARIANTS);
	tcase_add_loop_test(tc, runs_are_what_the_iotlb_holds, 0, VARIANTS);
	tcase_add_loop_test(tc, the_audit_names_what_was_used_stale, 0, VARIANTS);
	tcase_add_loop_test(tc, an_invalidation_out_of_memory_of_the_audit_counts_as_none, 0,
			    VARIANTS);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
