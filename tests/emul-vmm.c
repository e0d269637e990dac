/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The replay's VMM, with what no capture has: pass-through, nested translation, failures. */
#include "vmm_world.h"

#define ROOT	  0x1000u
#define CONTEXT	  0x2000u
#define PASID_DIR 0x3000u

/* 16 bits of domain-id, caching mode, 3 and 4 levels, 48 bits, superpages, PSI (11.4.2) */
#define CAP (UINT64_C(6) | 1u << 7 | 6u << 8 | 47u << 16 | UINT64_C(3) << 34 | UINT64_C(1) << 39 | \
	     UINT64_C(18) << 48)
/* queued invalidation, pass-through, nesting, scalable mode, both stages (11.4.3) */
#define ECAP (UINT64_C(1) << 1 | 1u << 6 | 1u << 26 | UINT64_C(1) << 43 | UINT64_C(3) << 46)

static void world_open(struct world *u, bool scalable)
{
	union unit unit;

	ioasid_vtd_caps_init(&unit.vtd.caps, CAP, ECAP);
	unit.vtd.rtaddr = ROOT | (scalable ? 1u << 10 : 0);
	world_begin(u, &kind_vtd, &unit, IOASID_FILL_ON_INVALIDATION);
	gt_store(quads(u, ROOT), CONTEXT | 1);
}

/* A legacy context entry (9.3); type 0: translated, 2: passed through. */
static void set_context(struct world *u, unsigned int sid, unsigned int type, uint64_t root,
			unsigned int domain)
{
	uint64_t *entry = quads(u, CONTEXT + 16 * sid);

	gt_store(&entry[1], 1u | domain << 8); /* 3 levels */
	gt_store(&entry[0], root | type << 2 | 1);
}

static void clear_context(struct world *u, unsigned int sid)
{
	gt_store(quads(u, CONTEXT + 16 * sid), 0);
}

/* Scalable mode: the PASID entry (9.6) for requests without PASID; type 2: second, 3: nested. */
static void set_pasid(struct world *u, unsigned int sid, unsigned int type, unsigned int domain,
		      uint64_t second, uint64_t first)
{
	/* each device has a directory of its own, and behind it a table */
	uint64_t dir = sid == SECOND ? PASID_DIR + 2 * PAGE : PASID_DIR, table = dir + PAGE;
	uint64_t *entry;

	gt_store(quads(u, CONTEXT + 32 * sid), dir | 1);
	gt_store(quads(u, dir), table | 1);
	entry = quads(u, table);
	gt_store(&entry[1], domain);
	gt_store(&entry[2], first);
	gt_store(&entry[0], second | 1u << 2 | type << 6 | 1); /* 3 levels */
}

static int feed(struct world *u, uint64_t low, uint64_t high)
{
	uint64_t raw[4] = { low, high };
	const char *why;

	return vmm_command(&u->v, raw, u->v.unit.vtd.rtaddr >> 10 & 1 ? 32 : 16, &why);
}

/* 6.5.2.1: device-selective */
static int context_cache(struct world *u, unsigned int sid, unsigned int mask, unsigned int domain)
{
	return feed(u, 0x31 | domain << 16 | (uint64_t)sid << 32 | (uint64_t)mask << 48, 0);
}

/* 6.5.2.2: PASID-selective */
static int pasid_cache(struct world *u, unsigned int domain)
{
	return feed(u, 0x17 | domain << 16, 0);
}

/* 6.5.2.3: page-selective, one page */
static int iotlb_page(struct world *u, unsigned int domain, uint64_t iova)
{
	return feed(u, 0x32 | domain << 16, iova);
}

/* 6.5.2.4: the same with PASID 0 */
static int pasid_iotlb_page(struct world *u, unsigned int domain, uint64_t iova)
{
	return feed(u, 0x36 | domain << 16, iova);
}

/* 6.5.2.8 */
static int wait_for_it(struct world *u)
{
	return feed(u, 0x5, 0);
}

START_TEST(context_entry_comes_and_goes)
{
	struct guest_table t;
	struct world u;

	world_open(&u, false);
	guest_faults(&u.g, IOVA, IOASID_READ, IOASID_FAULT_BLOCKED);
	t = table_new(&u, IOASID_PGTABLE_VTD_SS, 3, DATA);
	set_context(&u, FIRST, 0, t.root, 5);
	ck_ok(context_cache(&u, SECOND, 3, 0));
	guest_faults(&u.g, IOVA, IOASID_READ, IOASID_FAULT_BLOCKED);
	ck_ok(context_cache(&u, FIRST, 0, 0));
	guest_reaches(&u.g, IOVA, DATA, RW);
	clear_context(&u, FIRST);
	ck_ok(context_cache(&u, FIRST, 0, 5));
	guest_faults(&u.g, IOVA, IOASID_READ, IOASID_FAULT_BLOCKED);
	ck_assert_ptr_null(u.v.tables);
	world_close(&u);
}
END_TEST

START_TEST(function_mask_names_all_functions)
{
	struct guest_table t;
	struct world u;

	world_open(&u, false);
	t = table_new(&u, IOASID_PGTABLE_VTD_SS, 3, DATA);
	set_context(&u, FIRST, 0, t.root, 5);
	ck_ok(context_cache(&u, FIRST + 7, 0, 0));
	guest_faults(&u.g, IOVA, IOASID_READ, IOASID_FAULT_BLOCKED);
	ck_ok(context_cache(&u, FIRST + 7, 3, 0));
	guest_reaches(&u.g, IOVA, DATA, RW);
	world_close(&u);
}
END_TEST

START_TEST(passed_through)
{
	struct guest_table t;
	struct world u;

	world_open(&u, false);
	set_context(&u, FIRST, 2, 0, 1);
	ck_ok(context_cache(&u, FIRST, 0, 0));
	guest_reaches(&u.g, DATA, DATA, RW);
	ck_assert_ptr_null(u.v.tables);
	t = table_new(&u, IOASID_PGTABLE_VTD_SS, 3, OTHER);
	set_context(&u, FIRST, 0, t.root, 5);
	ck_ok(context_cache(&u, FIRST, 0, 1));
	guest_reaches(&u.g, IOVA, OTHER, RW);
	guest_faults(&u.g, DATA, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	world_close(&u);
}
END_TEST

START_TEST(devices_of_a_domain_share_its_space)
{
	struct guest_table t;
	struct world u;

	world_open(&u, false);
	t = table_new(&u, IOASID_PGTABLE_VTD_SS, 3, DATA);
	set_context(&u, FIRST, 0, t.root, 5);
	set_context(&u, SECOND, 0, t.root, 5);
	ck_ok(context_cache(&u, FIRST, 0, 0));
	ck_ok(context_cache(&u, SECOND, 0, 0));
	ck_assert_ptr_eq(ioasid_device_get_space(u.devices[0].device),
			 ioasid_device_get_space(u.devices[1].device));
	ck_assert_uint_eq(u.v.spaces, 1);
	clear_context(&u, FIRST);
	ck_ok(context_cache(&u, FIRST, 0, 5));
	guest_faults(&u.g, IOVA, IOASID_READ, IOASID_FAULT_BLOCKED);
	ck_assert_ptr_nonnull(u.v.tables);
	second_reaches(&u, DATA);
	clear_context(&u, SECOND);
	ck_ok(context_cache(&u, SECOND, 0, 5));
	ck_assert_ptr_null(u.v.tables);
	world_close(&u);
}
END_TEST

START_TEST(domain_id_of_two_tables)
{
	struct guest_table a, b;
	struct world u;

	world_open(&u, false);
	a = table_new(&u, IOASID_PGTABLE_VTD_SS, 3, DATA);
	b = table_new(&u, IOASID_PGTABLE_VTD_SS, 3, DATA + PAGE);
	set_context(&u, FIRST, 0, a.root, 5);
	set_context(&u, SECOND, 0, b.root, 5);
	ck_ok(context_cache(&u, FIRST, 0, 0));
	ck_ok(context_cache(&u, SECOND, 0, 0));
	gt_map(&a, IOVA, OTHER, PAGE, 1, RW);
	gt_map(&b, IOVA, OTHER + PAGE, PAGE, 1, RW);
	ck_ok(iotlb_page(&u, 6, IOVA));
	ck_assert_uint_eq(ioasid_inv_get_count(u.v.batch), 0);
	ck_ok(iotlb_page(&u, 5, IOVA));
	ck_assert_uint_eq(ioasid_inv_get_count(u.v.batch), 2);
	ck_ok(wait_for_it(&u));
	ck_assert_uint_eq(ioasid_inv_get_count(u.v.batch), 0);
	guest_reaches(&u.g, IOVA, OTHER, RW);
	second_reaches(&u, OTHER + PAGE);
	world_close(&u);
}
END_TEST

/* Invalidations of a space that then goes, and no wait between. */
START_TEST(batch_is_carried_out_before_spaces_go)
{
	struct guest_table a, b;
	struct world u;

	world_open(&u, false);
	a = table_new(&u, IOASID_PGTABLE_VTD_SS, 3, DATA);
	b = table_new(&u, IOASID_PGTABLE_VTD_SS, 3, OTHER);
	set_context(&u, FIRST, 0, a.root, 5);
	ck_ok(context_cache(&u, FIRST, 0, 0));
	ck_ok(iotlb_page(&u, 5, IOVA));
	set_context(&u, FIRST, 0, b.root, 5);
	ck_ok(context_cache(&u, FIRST, 0, 5));
	ck_ok(wait_for_it(&u));
	guest_reaches(&u.g, IOVA, OTHER, RW);
	world_close(&u);
}
END_TEST

START_TEST(batch_does_not_grow_without_end)
{
	struct guest_table t;
	struct world u;

	world_open(&u, false);
	t = table_new(&u, IOASID_PGTABLE_VTD_SS, 3, DATA);
	set_context(&u, FIRST, 0, t.root, 5);
	ck_ok(context_cache(&u, FIRST, 0, 0));
	for (unsigned int i = 0; i < 2000; i++) {
		ck_ok(iotlb_page(&u, 5, IOVA + i * PAGE));
		ck_assert_uint_lt(ioasid_inv_get_count(u.v.batch), 1000);
	}
	ck_assert_uint_ge(u.v.submissions, 1);
	world_close(&u);
}
END_TEST

/* The second stage moves what is used: the first stage's tables stay where they are. */
static void open_nested(struct world *u, struct guest_table *first, struct guest_table *second)
{
	world_open(u, true);
	*second = table_new(u, IOASID_PGTABLE_VTD_SS, 3, DATA);
	*first = table_new(u, IOASID_PGTABLE_VTD_FS, 4, IOVA);
	gt_map(second, TABLES, TABLES, SIZE - TABLES, 1, RW);
	set_pasid(u, FIRST, 3, 5, second->root, first->root);
}

START_TEST(nested_translation_follows_both_stages)
{
	struct guest_table first, second;
	struct world u;

	open_nested(&u, &first, &second);
	ck_ok(pasid_cache(&u, 5));
	guest_reaches(&u.g, IOVA, DATA, RW);
	ck_assert_uint_eq(u.v.spaces, 2);

	gt_map(&second, IOVA, OTHER, PAGE, 1, RW);
	ck_ok(iotlb_page(&u, 5, IOVA));
	ck_ok(wait_for_it(&u));
	guest_reaches(&u.g, IOVA, OTHER, RW);

	gt_map(&second, IOVA + PAGE, DATA, PAGE, 1, RW);
	ck_ok(iotlb_page(&u, 5, IOVA + PAGE));
	gt_map(&first, IOVA, IOVA + PAGE, PAGE, 1, IOASID_READ);
	ck_ok(pasid_iotlb_page(&u, 5, IOVA));
	ck_ok(wait_for_it(&u));
	guest_reaches(&u.g, IOVA, DATA, IOASID_READ);
	world_close(&u);
}
END_TEST

/* Fault Reason (7.1.3) of the record that the guest gets of a DMA that faults. */
static unsigned int recorded(struct world *u, uint64_t iova, uint32_t access)
{
	struct ioasid_event event;
	uint8_t byte = 0;
	uint64_t raw[2];

	drop_events(u->g.queue);
	ck_err(access == IOASID_WRITE ? dma_put(u->g.channel, iova, 0) :
					dma_get(u->g.channel, iova, &byte), EFAULT);
	event = take_event(u->g.queue);
	if (!ioasid_vtd_fault_encode(&event, FIRST, &u->devices[0].translation.vtd, raw))
		return 0;
	ck_assert_uint_eq(raw[0], iova & ~UINT64_C(0xfff));
	ck_assert_uint_eq(raw[1] & 0xffff, FIRST);
	ck_assert_uint_eq(raw[1] >> 62, access == IOASID_WRITE ? 2 : 3); /* F, T1 */
	return raw[1] >> 32 & 0xff;
}

/* Legacy mode: of the tables above, of the second stage, and of memory that is not there: none. */
START_TEST(faults_become_records)
{
	struct guest_table t;
	struct world u;

	world_open(&u, false);
	clear_context(&u, FIRST);
	ck_ok(context_cache(&u, FIRST, 0, 0));
	ck_assert_uint_eq(recorded(&u, IOVA, IOASID_READ), 0x02);
	t = table_new(&u, IOASID_PGTABLE_VTD_SS, 3, DATA);
	gt_map(&t, IOVA, DATA, PAGE, 1, IOASID_READ);
	gt_map(&t, IOVA + 4 * PAGE, 64 * GIB, PAGE, 1, RW);
	set_context(&u, FIRST, 0, t.root, 5);
	ck_ok(context_cache(&u, FIRST, 0, 0));
	ck_assert_uint_eq(recorded(&u, IOVA, IOASID_WRITE), 0x05);
	ck_assert_uint_eq(recorded(&u, IOVA + GIB, IOASID_WRITE), 0x05);
	ck_assert_uint_eq(recorded(&u, IOVA + GIB, IOASID_READ), 0x06);
	ck_assert_uint_eq(recorded(&u, UINT64_C(1) << 40, IOASID_READ), 0x04);
	ck_assert_uint_eq(recorded(&u, IOVA + 4 * PAGE, IOASID_READ), 0);
	world_close(&u);
}
END_TEST

START_TEST(faults_of_both_stages_become_records)
{
	struct guest_table first, second;
	struct world u;

	open_nested(&u, &first, &second);
	gt_map(&first, IOVA + PAGE, IOVA, PAGE, 1, IOASID_READ);
	gt_map(&first, IOVA + 2 * PAGE, IOVA + GIB, PAGE, 1, RW);
	ck_ok(pasid_cache(&u, 5));
	guest_reaches(&u.g, IOVA, DATA, RW);
	ck_assert_uint_eq(recorded(&u, IOVA + GIB, IOASID_READ), 0x71);
	ck_assert_uint_eq(recorded(&u, IOVA + PAGE, IOASID_WRITE), 0x85);
	ck_assert_uint_eq(recorded(&u, IOVA + 2 * PAGE, IOASID_READ), 0x79);
	ck_assert_uint_eq(recorded(&u, UINT64_C(1) << 50, IOASID_READ), 0x80);
	/* the second stage no longer lets the first one's tables be read: R = W = 0 is SSS.2 */
	gt_map(&second, first.root, first.root, PAGE, 1, 0);
	ck_ok(iotlb_page(&u, 5, first.root));
	ck_ok(wait_for_it(&u));
	ck_assert_uint_eq(recorded(&u, IOVA, IOASID_READ), 0x79);
	world_close(&u);
}
END_TEST

START_TEST(nested_devices_share_the_second_stage)
{
	struct guest_table a, b, second;
	struct world u;

	open_nested(&u, &a, &second);
	b = table_new(&u, IOASID_PGTABLE_VTD_FS, 4, IOVA);
	set_pasid(&u, SECOND, 3, 5, second.root, b.root);
	ck_ok(pasid_cache(&u, 5));
	ck_assert_uint_eq(u.v.spaces, 3);
	quads(&u, PASID_DIR + PAGE)[0] = 0;
	ck_ok(pasid_cache(&u, 5));
	guest_faults(&u.g, IOVA, IOASID_READ, IOASID_FAULT_BLOCKED);
	second_reaches(&u, DATA);
	world_close(&u);
}
END_TEST

/* Whose privilege its requests have is said beside the table (9.4, RID_PRIV; 9.6, SRE and WPE). */
START_TEST(another_privilege_is_another_table)
{
	struct guest_table t;
	struct world u;

	world_open(&u, true);
	u.v.unit.vtd.caps.ecap |= UINT64_C(1) << 31 | UINT64_C(1) << 53;
	t = table_new(&u, IOASID_PGTABLE_VTD_FS, 4, DATA);
	gt_store(gt_entry(&t, IOVA, 1), DATA | 1);	/* neither R/W nor U/S */
	set_pasid(&u, FIRST, 1, 5, 0, t.root | 1);
	ck_ok(pasid_cache(&u, 5));
	guest_faults(&u.g, IOVA, IOASID_READ, IOASID_FAULT_PERMISSION);
	gt_store(quads(&u, CONTEXT + 32 * FIRST) + 1, 1u << 20);
	ck_ok(context_cache(&u, FIRST, 0, 0));
	guest_reaches(&u.g, IOVA, DATA, RW);
	set_pasid(&u, FIRST, 1, 5, 0, t.root | 1 << 4 | 1);
	ck_ok(pasid_cache(&u, 5));
	guest_reaches(&u.g, IOVA, DATA, IOASID_READ);
	world_close(&u);
}
END_TEST

START_TEST(malformed_descriptor_changes_nothing)
{
	uint64_t raw[2] = { 0xf, 0 };
	const char *why = NULL;
	struct guest_table t;
	struct world u;

	world_open(&u, false);
	t = table_new(&u, IOASID_PGTABLE_VTD_SS, 3, DATA);
	set_context(&u, FIRST, 0, t.root, 5);
	ck_ok(context_cache(&u, FIRST, 0, 0));
	ck_ok(iotlb_page(&u, 5, IOVA));
	ck_err(vmm_command(&u.v, raw, 16, &why), EINVAL);
	ck_assert_str_eq(why, ioasid_vtd_reason_text(IOASID_VTD_DESCRIPTOR_TYPE));
	ck_assert_uint_eq(ioasid_inv_get_count(u.v.batch), 1);
	guest_reaches(&u.g, IOVA, DATA, RW);
	world_close(&u);
}
END_TEST

/* No space can be made: the device does not keep the old one. */
START_TEST(failure_blocks_the_device)
{
	struct guest_table a, b;
	struct world u;

	world_open(&u, false);
	a = table_new(&u, IOASID_PGTABLE_VTD_SS, 3, DATA);
	b = table_new(&u, IOASID_PGTABLE_VTD_SS, 3, OTHER);
	set_context(&u, FIRST, 0, a.root, 5);
	ck_ok(context_cache(&u, FIRST, 0, 0));
	set_context(&u, FIRST, 0, b.root, 5);
	u.v.memory = NULL;
	ck_err(context_cache(&u, FIRST, 0, 5), EINVAL);
	guest_faults(&u.g, IOVA, IOASID_READ, IOASID_FAULT_BLOCKED);
	ck_assert_ptr_null(u.v.tables);
	u.v.memory = u.g.root;
	ck_ok(context_cache(&u, FIRST, 0, 5));
	guest_reaches(&u.g, IOVA, OTHER, RW);
	world_close(&u);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vmm");
	TCase *tc = tcase_create("vmm");

	tcase_add_test(tc, context_entry_comes_and_goes);
	tcase_add_test(tc, function_mask_names_all_functions);
	tcase_add_test(tc, passed_through);
	tcase_add_test(tc, devices_of_a_domain_share_its_space);
	tcase_add_test(tc, domain_id_of_two_tables);
	tcase_add_test(tc, batch_is_carried_out_before_spaces_go);
	tcase_add_test(tc, batch_does_not_grow_without_end);
	tcase_add_test(tc, nested_translation_follows_both_stages);
	tcase_add_test(tc, faults_become_records);
	tcase_add_test(tc, faults_of_both_stages_become_records);
	tcase_add_test(tc, nested_devices_share_the_second_stage);
	tcase_add_test(tc, another_privilege_is_another_table);
	tcase_add_test(tc, malformed_descriptor_changes_nothing);
	tcase_add_test(tc, failure_blocks_the_device);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
