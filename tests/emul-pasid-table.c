/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest's PASID table bound whole. */
#include "errmsg.h"
#include "pasid_guest.h"

static struct pasid_guest g;

static void setup(void)
{
	pasid_guest_open(&g);
}

static void teardown(void)
{
	pasid_guest_close(&g);
}

START_TEST(each_pasid_has_its_page_table)
{
	static const uint32_t pasids[] = { 0, 1, 63, 64, 65, 4095, 0xffff };
	unsigned int i;

	for (i = 0; i < 7; i++)
		set_entry(&g, pasids[i], i & 1 ? ENTRY_SS : ENTRY_FS,
			  new_table(&g, i & 1 ? IOASID_PGTABLE_VTD_SS : IOASID_PGTABLE_VTD_FS,
				    10 + i).root);
	bind_and_attach(&g);
	for (i = 1; i < 7; i++)
		ck_assert_int_eq(reached(g.device, pasids[i], 0), 10 + (int)i);
	ck_assert_int_eq(reached(g.device, IOASID_NO_PASID, 0), 10);
	ck_assert_int_eq(reached(g.device, 64, PAGE), -EFAULT);
	ck_assert(space_info(g.space).pasid_table_bound);
	ck_assert(!space_info(g.space).pgtable_bound);
	ck_assert(!space_info(g.space).caching_mode);
	ck_assert_int_eq((int)space_info(g.space).fill, IOASID_FILL_ON_DEMAND);
}
END_TEST

START_TEST(attached_first_or_bound_first)
{
	const struct ioasid_pasid_table t = vtd_table();

	set_entry(&g, 5, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 1).root);
	ck_ok(ioasid_device_attach(g.device, g.space));
	faults(&g, 5, IOASID_FAULT_BLOCKED);
	faults(&g, IOASID_NO_PASID, IOASID_FAULT_NO_PGTABLE);
	ck_ok(ioasid_space_bind_pasid_table(g.space, &t));
	ck_assert_int_eq(reached(g.device, 5, 0), 1);
	ck_ok(ioasid_space_unbind_pasid_table(g.space));
	faults(&g, IOASID_NO_PASID, IOASID_FAULT_NO_PGTABLE);
	ck_assert_int_eq(reached(g.device, 5, 0), -EFAULT);
	ck_assert(!space_info(g.space).pasid_table_bound);
	ck_err(ioasid_space_unbind_pasid_table(g.space), EINVAL);
	ck_ok(ioasid_space_bind_pasid_table(g.space, &t));
	ck_assert_int_eq(reached(g.device, 5, 0), 1);
	ck_ok(ioasid_device_detach(g.device));
	faults(&g, 5, IOASID_FAULT_BLOCKED);
	ck_ok(ioasid_device_attach(g.device, g.root));
	ck_assert_int_eq(reached(g.device, 5, 0), -EFAULT);
	ck_assert_int_eq(reached(g.device, IOASID_NO_PASID, DATA), 0);
	ck_ok(ioasid_device_replace(g.device, g.space));
	ck_assert_int_eq(reached(g.device, 5, 0), 1);
}
END_TEST

START_TEST(an_entry_can_let_addresses_pass)
{
	set_entry(&g, 5, ENTRY_PT, 0);
	bind_and_attach(&g);
	ck_assert_int_eq(reached(g.device, 5, DATA + 3 * PAGE), 3);
	set_entry(&g, 5, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 8).root);
	inv_pasid(&g, 5);
	ck_assert_int_eq(reached(g.device, 5, 0), 8);
}
END_TEST

START_TEST(requests_without_pasid)
{
	struct ioasid_pasid_table t = vtd_table();

	set_entry(&g, 0, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 1).root);
	set_entry(&g, 7, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 2).root);
	bind_and_attach(&g);
	ck_assert_int_eq(reached(g.device, IOASID_NO_PASID, 0), 1);
	faults(&g, 0, IOASID_FAULT_PASID_RANGE);
	t.rid_pasid = 7;
	ck_ok(ioasid_space_bind_pasid_table(g.space, &t));
	ck_assert_int_eq(reached(g.device, IOASID_NO_PASID, 0), 2);
	ck_assert_int_eq(reached(g.device, 0, 0), 1);
	faults(&g, 7, IOASID_FAULT_PASID_RANGE);
	t.flags = IOASID_PASID_TABLE_RID_BLOCKED;
	ck_ok(ioasid_space_bind_pasid_table(g.space, &t));
	faults(&g, IOASID_NO_PASID, IOASID_FAULT_BLOCKED);
	ck_assert_int_eq(reached(g.device, 7, 0), 2);
	t.flags = IOASID_PASID_TABLE_RID_BYPASS;
	ck_ok(ioasid_space_bind_pasid_table(g.space, &t));
	ck_assert_int_eq(reached(g.device, IOASID_NO_PASID, DATA + 9 * PAGE), 9);
	inv_pasid(&g, IOASID_NO_PASID);
	ck_assert_int_eq(reached(g.device, IOASID_NO_PASID, DATA + 9 * PAGE), 9);
}
END_TEST

START_TEST(each_mistake_of_the_guest_has_its_reason)
{
	struct ioasid_pasid_table t = vtd_table();

	set_entry(&g, 64, 0, 0);
	set_entry(&g, 65, ENTRY_FS | BIT(5), PAGE);		/* reserved */
	set_entry(&g, 66, ENTRY_P | UINT64_C(5) << 6, 0);	/* no such type */
	set_entry(&g, 67, ENTRY_NEST, PAGE);
	set_entry(&g, 68, ENTRY_P | UINT64_C(2) << 6 | UINT64_C(4) << 2, PAGE); /* no such width */
	set_entry(&g, 69, ENTRY_FS, FOREIGN);
	gt_store(word(&g, DIR + 8 * 2), FOREIGN | ENTRY_P);
	gt_store(word(&g, DIR + 8 * 3), 4 * PAGE | ENTRY_P | BIT(7)); /* reserved */
	bind_and_attach(&g);
	faults(&g, 64, IOASID_FAULT_PASID_NOT_PRESENT);
	faults(&g, 70, IOASID_FAULT_PASID_NOT_PRESENT);
	faults(&g, 65, IOASID_FAULT_PASID_MALFORMED);
	faults(&g, 66, IOASID_FAULT_PASID_MALFORMED);
	faults(&g, 67, IOASID_FAULT_PASID_MALFORMED);
	faults(&g, 68, IOASID_FAULT_PASID_MALFORMED);
	faults(&g, 69, IOASID_FAULT_TABLE_NOT_MAPPED);
	faults(&g, 128, IOASID_FAULT_PASID_TABLE_NOT_MAPPED);
	faults(&g, 192, IOASID_FAULT_PASID_MALFORMED);
	faults(&g, 256, IOASID_FAULT_PASID_NOT_PRESENT);
	faults(&g, 0x10000, IOASID_FAULT_PASID_RANGE);
	t.base = FOREIGN;
	ck_ok(ioasid_space_bind_pasid_table(g.space, &t));
	faults(&g, 64, IOASID_FAULT_PASID_TABLE_NOT_MAPPED);
	t = vtd_table();
	t.caps[1] = (ALL & ~PSS(20)) | PSS(8);
	ck_ok(ioasid_space_bind_pasid_table(g.space, &t));
	faults(&g, 255, IOASID_FAULT_PASID_MALFORMED);
	faults(&g, 256, IOASID_FAULT_PASID_RANGE);
}
END_TEST

/* What was wrong is not remembered: the next request looks again. */
START_TEST(mistakes_are_not_cached)
{
	bind_and_attach(&g);
	faults(&g, 5, IOASID_FAULT_PASID_NOT_PRESENT);
	set_entry(&g, 5, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 4).root);
	ck_assert_int_eq(reached(g.device, 5, 0), 4);
}
END_TEST

/* 0: the PASID; 1: the device; 2: the space; 3: another PASID; 4: a range of the PASID. */
static void invalidate(int how, uint32_t pasid)
{
	struct ioasid_inv *inv;

	ck_ok(ioasid_inv_new(g.ctx, 1, &inv));
	switch (how) {
	case 0: ck_ok(ioasid_inv_add_pasid(inv, g.device, pasid, 0)); break;
	case 1: ck_ok(ioasid_inv_add_device(inv, g.device, 0)); break;
	case 2: ck_ok(ioasid_inv_add_all(inv, g.space, 0)); break;
	case 3: ck_ok(ioasid_inv_add_pasid(inv, g.device, pasid + 1, 0)); break;
	case 4: ck_ok(ioasid_inv_add_pasid_range(inv, g.device, pasid, 0, 1, 0)); break;
	}
	ck_ok(ioasid_inv_submit(inv, NULL));
	ioasid_inv_free(inv);
}

START_TEST(an_entry_is_kept_until_it_is_invalidated)
{
	set_entry(&g, 5, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 1).root);
	bind_and_attach(&g);
	ck_assert_int_eq(reached(g.device, 5, 0), 1);
	set_entry(&g, 5, ENTRY_SS, new_table(&g, IOASID_PGTABLE_VTD_SS, 2).root);
	ck_assert_int_eq(reached(g.device, 5, 0), 1);
	invalidate(_i, 5);
	ck_assert_int_eq(reached(g.device, 5, 0), _i < 3 ? 2 : 1);
	set_entry(&g, 5, 0, 0);
	errmsg_fail();
	invalidate(_i, 5);
	errmsg_is_unchanged();
	ck_assert_int_eq(reached(g.device, 5, 0), _i < 3 ? -EFAULT : 1);
}
END_TEST

START_TEST(a_page_is_kept_until_it_is_invalidated)
{
	struct guest_table t = new_table(&g, IOASID_PGTABLE_VTD_FS, 1);

	set_entry(&g, 5, ENTRY_FS, t.root);
	bind_and_attach(&g);
	ck_assert_int_eq(reached(g.device, 5, 0), 1);
	gt_map(&t, 0, DATA + 2 * PAGE, PAGE, 1, RW);
	gt_map(&t, PAGE, DATA + 3 * PAGE, PAGE, 1, RW);
	ck_assert_int_eq(reached(g.device, 5, 0), 1);
	ck_assert_int_eq(reached(g.device, 5, PAGE), 3);
	invalidate(_i, 5);
	ck_assert_int_eq(reached(g.device, 5, 0), _i == 3 ? 1 : 2);
	ck_assert_int_eq(reached(g.device, 5, PAGE), 3);
}
END_TEST

START_TEST(a_range_of_all_pasids)
{
	struct guest_table t[2];
	uint32_t i;

	for (i = 0; i < 2; i++) {
		t[i] = new_table(&g, IOASID_PGTABLE_VTD_FS, i);
		set_entry(&g, 5 + i, ENTRY_FS, t[i].root);
	}
	bind_and_attach(&g);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(reached(g.device, 5 + i, 0), (int)i);
		gt_map(&t[i], 0, DATA + (7 + i) * PAGE, PAGE, 1, RW);
	}
	ck_ok(inv_range(g.ctx, g.space, PAGE, PAGE));
	ck_assert_int_eq(reached(g.device, 5, 0), 0);
	ck_ok(inv_range(g.ctx, g.space, 0, PAGE));
	ck_assert_int_eq(reached(g.device, 5, 0), 7);
	ck_assert_int_eq(reached(g.device, 6, 0), 8);
}
END_TEST

START_TEST(devices_share_a_table)
{
	struct ioasid_device *other = bind(g.ctx, "dev1");

	set_entry(&g, 5, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 1).root);
	bind_and_attach(&g);
	ck_ok(ioasid_device_attach(other, g.space));
	ck_assert_int_eq(reached(g.device, 5, 0), 1);
	ck_assert_int_eq(reached(other, 5, 0), 1);
	set_entry(&g, 5, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 2).root);
	inv_pasid(&g, 5);
	ck_assert_int_eq(reached(other, 5, 0), 2);
	ck_ok(ioasid_device_detach(g.device));
	ck_assert_int_eq(reached(g.device, 5, 0), -EFAULT);
	ck_assert_int_eq(reached(other, 5, 0), 2);
}
END_TEST

START_TEST(what_the_parent_loses_is_lost)
{
	set_entry(&g, 5, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 1).root);
	bind_and_attach(&g);
	ck_assert_int_eq(reached(g.device, 5, 0), 1);
	ck_ok(ioasid_space_unmap(g.root, 0, SIZE, NULL));
	ck_assert_int_eq(reached(g.device, 5, 0), -EFAULT);
	ck_ok(ioasid_space_map(g.root, 0, g.memory, SIZE, RW, NULL));
	ck_assert_int_eq(reached(g.device, 5, 0), 1);
}
END_TEST

/* Of a large one the parent asks all its children, and not those that it is known to concern. */
START_TEST(so_is_a_large_mapping)
{
	const uint64_t length = 64 * MIB;
	uint32_t *memory = memory_new(length);
	struct guest_table t = new_table(&g, IOASID_PGTABLE_VTD_FS, 1);

	memory[0] = 2;
	ck_ok(ioasid_space_map(g.root, GIB, memory, length, RW, NULL));
	gt_map(&t, PAGE, GIB, PAGE, 1, RW);
	set_entry(&g, 5, ENTRY_FS, t.root);
	bind_and_attach(&g);
	ck_assert_int_eq(reached(g.device, 5, PAGE), 2);
	ck_ok(ioasid_space_unmap(g.root, GIB, length, NULL));
	ck_assert_int_eq(reached(g.device, 5, PAGE), -EFAULT);
	ck_assert_int_eq(reached(g.device, 5, 0), 1);
	memory_free(memory, length);
}
END_TEST

START_TEST(pasids_with_one_page_table_share_its_shadow)
{
	struct guest_table t = new_table(&g, IOASID_PGTABLE_VTD_FS, 1);
	uint32_t i, n = 1000;
	uint64_t one;

	for (i = 1; i <= n; i++)
		set_entry(&g, i, ENTRY_FS, t.root);
	bind_and_attach(&g);
	ck_assert_int_eq(reached(g.device, 1, 0), 1);
	one = memory_bytes(g.space);
	for (i = 1; i <= n; i++)
		ck_assert_int_eq(reached(g.device, i, 0), 1);
	ck_assert_uint_eq(memory_bytes(g.space), one);
	gt_map(&t, 0, DATA + 2 * PAGE, PAGE, 1, RW);
	inv_pasid(&g, 500);
	ck_assert_int_eq(reached(g.device, 500, 0), 2);
	/* one of them goes elsewhere, the others stay */
	set_entry(&g, 500, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 3).root);
	inv_pasid(&g, 500);
	ck_assert_int_eq(reached(g.device, 500, 0), 3);
	ck_assert_int_eq(reached(g.device, 501, 0), 2);
}
END_TEST

/*
 * A PASID that is invalidated sees its page table as it is, though another PASID's use of the table
 * has left a page stale. 0: its entry led elsewhere; 1: it was not used before; 2: nor is more than
 * a range invalidated; 3: nor that.
 */
START_TEST(what_other_pasids_left_stale)
{
	struct guest_table t = new_table(&g, IOASID_PGTABLE_VTD_FS, 1);

	set_entry(&g, 5, ENTRY_FS, t.root);
	set_entry(&g, 7, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 2).root);
	bind_and_attach(&g);
	ck_assert_int_eq(reached(g.device, 5, 0), 1);
	if (_i == 0)
		ck_assert_int_eq(reached(g.device, 7, 0), 2);
	gt_map(&t, 0, DATA + 3 * PAGE, PAGE, 1, RW);
	set_entry(&g, 7, ENTRY_FS, t.root);
	if (_i < 3)
		invalidate(_i == 2 ? 4 : 0, 7);
	ck_assert_int_eq(reached(g.device, 7, 0), 3);
}
END_TEST

/* Many PASIDs, room for few: all of them work, in and outside sections, and memory stays small. */
START_TEST(more_pasids_than_there_is_room_for)
{
	struct ioasid_pasid_table t = vtd_table();
	struct ioasid_channel *channel[20];
	uint64_t four = 0;
	uint32_t i, round;
	struct iovec iov;

	t.max_pasids = 4;
	for (i = 0; i < 20; i++)
		set_entry(&g, i + 1, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, i).root);
	ck_ok(ioasid_space_bind_pasid_table(g.space, &t));
	ck_ok(ioasid_device_attach(g.device, g.space));
	for (i = 0; i < 20; i++)
		channel[i] = channel_new(g.device, i + 1);
	for (round = 0; round < 3; round++)
		for (i = 0; i < 20; i++) {
			ck_assert_ptr_eq(dma_where(channel[i], 0, RW), g.memory + DATA + i * PAGE);
			if (i == 3 && !round)
				four = memory_bytes(g.space);
			ck_assert_uint_le(memory_bytes(g.space), round || i > 3 ? four : SIZE);
		}
	/* what is used stays */
	for (i = 0; i < 20; i++) {
		ck_ok(ioasid_dma_begin(channel[i]));
		ck_assert_int_eq(ioasid_dma_translate(channel[i], 0, 4, IOASID_READ, &iov, 1), 1);
		ck_assert_ptr_eq(iov.iov_base, g.memory + DATA + i * PAGE);
		ioasid_dma_end(channel[i]);
	}
	/* in one section there is a limit to what can wait for its end */
	ck_ok(ioasid_dma_begin(channel[19]));
	for (i = 0; i < 19 && !dma_put(channel[i], 100, 1); i++)
		;
	ck_assert_uint_ge(i, 4);
	ck_assert_uint_lt(i, 19);
	ck_assert_int_eq(dma_put(channel[i], 100, 1), -ENOMEM);
	ioasid_dma_end(channel[19]);
	for (i = 0; i < 20; i++)
		ck_ok(dma_put(channel[i], 100, 1));
	ck_assert_uint_le(memory_bytes(g.space), four);
}
END_TEST

START_TEST(the_memory_limit_counts_for_all_pasids)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	uint32_t i, good;

	options.parent = g.root;
	options.memory_limit = 1 << 20;
	ck_ok(ioasid_space_create(g.ctx, &options, &g.space));
	for (i = 1; i <= 100; i++)
		set_entry(&g, i, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, i).root);
	bind_and_attach(&g);
	for (good = 0, i = 1; i <= 100; i++) {
		int n = reached(g.device, i, 0);

		ck_assert(n == (int)i || n == -ENOMEM);
		good += n == (int)i;
	}
	ck_assert_uint_gt(good, 10);
	ck_assert_uint_lt(good, 100);
	ck_assert_uint_lt(memory_bytes(g.space), 2 << 20);
}
END_TEST

/* Entries whose addresses are wider than the unit's are malformed (VT-d 3.3.1). */
START_TEST(entries_are_as_wide_as_the_unit)
{
	struct ioasid_pasid_table t = vtd_table();

	t.address_bits = 40;
	set_entry(&g, 5, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 3).root);
	set_entry(&g, 6, ENTRY_FS, UINT64_C(1) << 40);
	ck_ok(ioasid_space_bind_pasid_table(g.space, &t));
	ck_ok(ioasid_device_attach(g.device, g.space));
	ck_assert_int_eq(reached(g.device, 5, 0), 3);
	faults(&g, 6, IOASID_FAULT_PASID_MALFORMED);
}
END_TEST

/* A page table of five levels, which the unit could say it has not (VT-d 9.6, FSPM). */
START_TEST(page_tables_wider_than_the_devices_unit)
{
	g.device = bind(g.ctx, "narrow0");
	set_entry(&g, 5, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 3).root);
	set_entry(&g, 6, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 3).root | 1 << 2);
	bind_and_attach(&g);
	ck_assert_int_eq(reached(g.device, 5, 0), 3);
	faults(&g, 6, IOASID_FAULT_PASID_MALFORMED);
}
END_TEST

/* And has not for one device because another one, on another unit, has used it. */
START_TEST(page_tables_that_one_of_two_units_has)
{
	struct ioasid_device *wide = g.device;
	struct guest_table t;

	gt_init(&t, IOASID_PGTABLE_VTD_FS, 5, g.memory, 0, g.next, DATA);
	gt_map(&t, 0, DATA + 3 * PAGE, PAGE, 1, RW);
	g.next = t.next;
	set_entry(&g, 6, ENTRY_FS, t.root | 1 << 2);
	bind_and_attach(&g);
	g.device = bind(g.ctx, "narrow0");
	ck_ok(ioasid_device_attach(g.device, g.space));
	faults(&g, 6, IOASID_FAULT_PASID_MALFORMED);
	ck_assert_int_eq(reached(wide, 6, 0), 3);
	faults(&g, 6, IOASID_FAULT_PASID_MALFORMED);
}
END_TEST

/*
 * A device of the group whose PASIDs are not the guest's: of its requests, those without PASID are
 * the group's, and a fault of one with a PASID is about no space.
 */
START_TEST(pasids_beside_the_table)
{
	struct ioasid_pasid_table t = vtd_table();
	struct ioasid_ctx *ctx = open_platform("iommu iommu0 address-bits=57 pasid-bits=20\n"
		"device user iommu=iommu0 pasid-bits=20 pasid-table=user group=3\n"
		"device kernel iommu=iommu0 pasid-bits=20 group=3\n");
	struct ioasid_device *user = bind(ctx, "user"), *kernel = bind(ctx, "kernel");
	struct ioasid_space *root = make_space(ctx, NULL, 0), *child;
	struct ioasid_event_queue *queue;
	struct ioasid_event event;

	t.flags = IOASID_PASID_TABLE_RID_BLOCKED;
	ck_ok(ioasid_event_queue_create(ctx, 0, &queue));
	ck_ok(ioasid_space_map(root, 0, g.memory, SIZE, RW, NULL));
	child = make_space(ctx, root, 0);
	ck_ok(ioasid_space_bind_pasid_table(child, &t));
	ck_ok(ioasid_device_attach(user, child));
	ck_assert_int_eq(reached(kernel, 5, 0), -EFAULT);
	event = take_event(queue);
	ck_assert_int_eq((int)event.reason, IOASID_FAULT_BLOCKED);
	ck_assert_uint_eq(event.pasid, 5);
	ck_assert_uint_eq(event.space, 0);
	ck_assert_int_eq(reached(kernel, IOASID_NO_PASID, 0), -EFAULT);
	event = take_event(queue);
	ck_assert_int_eq((int)event.reason, IOASID_FAULT_BLOCKED);
	ck_assert_uint_eq(event.space, ioasid_space_get_id(child));
	ck_ok(ioasid_ctx_close(ctx));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pasid table");
	TCase *tc = tcase_create("table");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, each_pasid_has_its_page_table);
	tcase_add_test(tc, attached_first_or_bound_first);
	tcase_add_test(tc, an_entry_can_let_addresses_pass);
	tcase_add_test(tc, requests_without_pasid);
	tcase_add_test(tc, each_mistake_of_the_guest_has_its_reason);
	tcase_add_test(tc, mistakes_are_not_cached);
	tcase_add_loop_test(tc, an_entry_is_kept_until_it_is_invalidated, 0, 5);
	tcase_add_loop_test(tc, a_page_is_kept_until_it_is_invalidated, 0, 5);
	tcase_add_test(tc, a_range_of_all_pasids);
	tcase_add_test(tc, devices_share_a_table);
	tcase_add_test(tc, what_the_parent_loses_is_lost);
	tcase_add_test(tc, so_is_a_large_mapping);
	tcase_add_test(tc, pasids_with_one_page_table_share_its_shadow);
	tcase_add_loop_test(tc, what_other_pasids_left_stale, 0, 4);
	tcase_add_test(tc, more_pasids_than_there_is_room_for);
	tcase_add_test(tc, the_memory_limit_counts_for_all_pasids);
	tcase_add_test(tc, entries_are_as_wide_as_the_unit);
	tcase_add_test(tc, page_tables_wider_than_the_devices_unit);
	tcase_add_test(tc, page_tables_that_one_of_two_units_has);
	tcase_add_test(tc, pasids_beside_the_table);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
