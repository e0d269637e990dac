/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VT-d's invalidation descriptors: whom they concern, and what they add to a batch. */
#include <errno.h>

#define BATCH_FAILS_AT 0x2000
#include "batch_stub.h"
#include "runner.h"
#include "vtd_caps.h"

static struct ioasid_vtd_translation translation(enum ioasid_vtd_kind kind, bool scalable,
						 uint16_t domain, uint32_t pasid)
{
	struct ioasid_vtd_translation t = IOASID_VTD_TRANSLATION_INIT;

	t.kind = kind;
	t.scalable = scalable;
	t.domain = domain;
	t.pasid = pasid;
	return t;
}

static struct ioasid_vtd_inv descriptor(uint64_t low, uint64_t high)
{
	struct ioasid_vtd_caps caps = caps_of(CAP | UINT64_C(18) << 48, ALL);
	struct ioasid_vtd_inv inv = IOASID_VTD_INV_INIT;
	uint64_t raw[4] = { low, high };

	ck_assert_int_eq(ioasid_vtd_inv_decode(&caps, 0x400, raw, 32, &inv, NULL), 0);
	return inv;
}

#define CC_GLOBAL	   descriptor(0x11, 0)
#define CC_DOMAIN(did)	   descriptor(0x21 | (did) << 16, 0)
#define CC_DEVICE(sid, fm) descriptor(0x31 | (uint64_t)(sid) << 32 | (uint64_t)(fm) << 48, 0)
#define PC_DOMAIN(did)	   descriptor(0x07 | (did) << 16, 0)
#define PC_PASID(did, p)   descriptor(0x17 | (did) << 16 | (uint64_t)(p) << 32, 0)
#define PC_GLOBAL	   descriptor(0x37, 0)
#define TLB_GLOBAL	   descriptor(0x12, 0)
#define TLB_DOMAIN(did)	   descriptor(0x22 | (did) << 16, 0)
#define TLB_PAGE(did, at)  descriptor(0x32 | (did) << 16, at)
#define PTLB_PASID(did, p) descriptor(0x26 | (did) << 16 | (uint64_t)(p) << 32, 0)
#define PTLB_PAGE(did, p, at) descriptor(0x36 | (did) << 16 | (uint64_t)(p) << 32, at)

static bool lookup_stale(struct ioasid_vtd_inv inv, uint16_t source_id,
			 struct ioasid_vtd_translation t)
{
	return ioasid_vtd_inv_is_lookup_stale(&inv, source_id, &t);
}

static bool mapping_stale(struct ioasid_vtd_inv inv, uint16_t source_id,
			  struct ioasid_vtd_translation t)
{
	return ioasid_vtd_inv_is_mapping_stale(&inv, source_id, &t);
}

START_TEST(context_cache_of_a_device)
{
	struct ioasid_vtd_translation t =
		translation(IOASID_VTD_SECOND_STAGE, false, 3, IOASID_NO_PASID);

	ck_assert(lookup_stale(CC_GLOBAL, 0x10, t));
	ck_assert(lookup_stale(CC_DEVICE(0x10, 0), 0x10, t));
	ck_assert(!lookup_stale(CC_DEVICE(0x11, 0), 0x10, t));
	ck_assert(!lookup_stale(CC_DEVICE(0x110, 0), 0x10, t));
	/* function mask 1, 2, 3: bit 2, bits 2:1, bits 2:0 */
	ck_assert(lookup_stale(CC_DEVICE(0x10, 1), 0x14, t));
	ck_assert(!lookup_stale(CC_DEVICE(0x10, 1), 0x12, t));
	ck_assert(lookup_stale(CC_DEVICE(0x10, 2), 0x16, t));
	ck_assert(!lookup_stale(CC_DEVICE(0x10, 2), 0x11, t));
	ck_assert(lookup_stale(CC_DEVICE(0x10, 3), 0x17, t));
	ck_assert(!lookup_stale(CC_DEVICE(0x10, 3), 0x18, t));
}
END_TEST

START_TEST(context_cache_of_a_domain)
{
	struct ioasid_vtd_translation t =
		translation(IOASID_VTD_SECOND_STAGE, false, 3, IOASID_NO_PASID);

	ck_assert(lookup_stale(CC_DOMAIN(3), 0x10, t));
	ck_assert(!lookup_stale(CC_DOMAIN(4), 0x10, t));
	t.scalable = true; /* context entries have no domain-id there */
	ck_assert(lookup_stale(CC_DOMAIN(4), 0x10, t));
}
END_TEST

START_TEST(pasid_cache)
{
	struct ioasid_vtd_translation t = translation(IOASID_VTD_FIRST_STAGE, true, 3, 0x45);

	ck_assert(lookup_stale(PC_GLOBAL, 0, t));
	ck_assert(lookup_stale(PC_DOMAIN(3), 0, t));
	ck_assert(!lookup_stale(PC_DOMAIN(4), 0, t));
	ck_assert(lookup_stale(PC_PASID(3, 0x45), 0, t));
	ck_assert(!lookup_stale(PC_PASID(3, 0x46), 0, t));
	ck_assert(!lookup_stale(PC_PASID(4, 0x45), 0, t));
}
END_TEST

/* As little is known of what was never looked up. */
START_TEST(what_is_blocked_is_looked_up_again)
{
	const struct ioasid_vtd_translation never = IOASID_VTD_TRANSLATION_INIT;
	struct ioasid_vtd_translation t = translation(IOASID_VTD_BLOCKED, true, 0, 0);

	if (_i)
		t = never;
	ck_assert(lookup_stale(CC_DOMAIN(9), 0x10, t));
	ck_assert(lookup_stale(PC_DOMAIN(9), 0x10, t));
	ck_assert(lookup_stale(PC_PASID(9, 9), 0x10, t));
	ck_assert(!lookup_stale(CC_DEVICE(0x20, 0), 0x10, t));
	ck_assert(!mapping_stale(TLB_GLOBAL, 0x10, t));
}
END_TEST

START_TEST(the_iotlb_is_not_what_was_looked_up)
{
	struct ioasid_vtd_translation t = translation(IOASID_VTD_SECOND_STAGE, true, 3, 0);

	ck_assert(!lookup_stale(TLB_GLOBAL, 0x10, t));
	ck_assert(!lookup_stale(PTLB_PASID(3, 0), 0x10, t));
	ck_assert(!mapping_stale(CC_GLOBAL, 0x10, t));
	ck_assert(!mapping_stale(PC_GLOBAL, 0x10, t));
	ck_assert(!mapping_stale(descriptor(0x4, 0), 0x10, t));
	ck_assert(!mapping_stale(descriptor(0x5, 0), 0x10, t));
}
END_TEST

START_TEST(device_tlbs)
{
	struct ioasid_vtd_translation t = translation(IOASID_VTD_SECOND_STAGE, true, 3, 0x45);

	ck_assert(mapping_stale(descriptor(UINT64_C(0x20000000003), 0x1000), 0x200, t));
	ck_assert(!mapping_stale(descriptor(UINT64_C(0x20000000003), 0x1000), 0x201, t));
	ck_assert(mapping_stale(descriptor(UINT64_C(0x4502000008), 0x1000), 0x200, t));
	ck_assert(!mapping_stale(descriptor(UINT64_C(0x4602000008), 0x1000), 0x200, t));
	ck_assert(mapping_stale(descriptor(UINT64_C(0x4602000008), 0x1001), 0x200, t));
	ck_assert(!mapping_stale(descriptor(UINT64_C(0x4502000008), 0x1000), 0x100, t));
}
END_TEST

/* What a descriptor adds for the device 0x200: a range from @iova on; @length 0: nothing. */
static void adds(uint64_t low, uint64_t high, uint32_t pasid, uint64_t iova, uint64_t length)
{
	struct ioasid_vtd_inv inv = descriptor(low, high);

	added.calls = 0;
	ck_assert_int_eq(ioasid_vtd_inv_add_device_tlb(&inv, 0x200, pasid, BATCH, DEVICE),
			 pasid == 0xbad && length ? -ENOMEM : 0);
	ck_assert_uint_eq(added.calls, length != 0);
	if (!length)
		return;
	ck_assert_ptr_eq(added.batch, BATCH);
	ck_assert_ptr_eq(added.device, DEVICE);
	ck_assert_uint_eq(added.pasid, pasid);
	ck_assert_uint_eq(added.iova, iova);
	ck_assert_uint_eq(added.length, length);
}

/* 6.5.2.5, 6.5.2.6: the source-id is in bits 47:32, of one with PASID in 31:16. */
START_TEST(device_tlbs_that_are_told)
{
	adds(UINT64_C(0x20000000003), 0x1000, IOASID_NO_PASID, 0x1000, 0x1000);
	adds(UINT64_C(0x20000000003), UINT64_C(0x7ffffffffffff001), IOASID_NO_PASID, 0, UINT64_MAX);
	adds(UINT64_C(0x20100000003), 0x1000, IOASID_NO_PASID, 0, 0);
	adds(UINT64_C(0x20000000003), 0x1000, 0x45, 0, 0);
	adds(UINT64_C(0x4502000008), 0x1000, 0x45, 0x1000, 0x1000);
	adds(UINT64_C(0x4502000008), 0x1000, 0x46, 0, 0);
	adds(UINT64_C(0x4502000008), 0x1001, 0x46, 0x1000, 0x1000);
	adds(UINT64_C(0x4502000008), 0x1001, 0xbad, 0x1000, 0x1000);
	adds(UINT64_C(0x4502000008), 0x1000, IOASID_NO_PASID, 0, 0);
	adds(0x12, 0, IOASID_NO_PASID, 0, 0);
	adds(0x5, 0, IOASID_NO_PASID, 0, 0);
}
END_TEST

enum outcome {
	NOTHING,
	RANGE,
	ALL_OF_IT,
};

static void expect(struct ioasid_vtd_inv inv, struct ioasid_vtd_translation t,
		   enum outcome expected)
{
	added.calls = 0;
	ck_assert_int_eq(ioasid_vtd_inv_add(&inv, &t, BATCH, SPACE), 0);
	ck_assert_uint_eq(added.calls, expected == NOTHING ? 0 : 1);
	if (expected == NOTHING)
		return;
	ck_assert_ptr_eq(added.batch, BATCH);
	ck_assert_ptr_eq(added.space, SPACE);
	ck_assert_int_eq(added.all, expected == ALL_OF_IT);
}

/* The tables of VT-d 4.1, 6.5.2.3 and 6.5.2.4, row by row. */
START_TEST(second_stage_translations)
{
	struct ioasid_vtd_translation t = translation(IOASID_VTD_SECOND_STAGE, true, 3, 0x45);

	expect(TLB_GLOBAL, t, ALL_OF_IT);
	expect(TLB_DOMAIN(3), t, ALL_OF_IT);
	expect(TLB_DOMAIN(4), t, NOTHING);
	expect(TLB_PAGE(3, 0x5000), t, RANGE);
	expect(TLB_PAGE(4, 0x5000), t, NOTHING);
	expect(PTLB_PASID(3, 0x45), t, ALL_OF_IT);
	expect(PTLB_PASID(3, 0x46), t, NOTHING);
	expect(PTLB_PASID(4, 0x45), t, NOTHING);
	expect(PTLB_PAGE(3, 0x45, 0x5000), t, NOTHING);
}
END_TEST

START_TEST(first_stage_and_nested_translations)
{
	for (int nested = 0; nested < 2; nested++) {
		struct ioasid_vtd_translation t = translation(
			nested ? IOASID_VTD_NESTED : IOASID_VTD_FIRST_STAGE, true, 3, 0x45);

		expect(TLB_GLOBAL, t, ALL_OF_IT);
		expect(TLB_DOMAIN(3), t, ALL_OF_IT);
		expect(TLB_DOMAIN(4), t, NOTHING);
		expect(TLB_PAGE(3, 0x5000), t, ALL_OF_IT);
		expect(TLB_PAGE(4, 0x5000), t, NOTHING);
		expect(PTLB_PASID(3, 0x45), t, ALL_OF_IT);
		expect(PTLB_PASID(3, 0x46), t, NOTHING);
		expect(PTLB_PAGE(3, 0x45, 0x5000), t, RANGE);
		expect(PTLB_PAGE(3, 0x46, 0x5000), t, NOTHING);
		expect(PTLB_PAGE(4, 0x45, 0x5000), t, NOTHING);
	}
}
END_TEST

START_TEST(others_add_nothing)
{
	struct ioasid_vtd_translation t = translation(IOASID_VTD_SECOND_STAGE, true, 3, 0x45);

	expect(CC_GLOBAL, t, NOTHING);
	expect(PC_GLOBAL, t, NOTHING);
	expect(descriptor(0x5, 0), t, NOTHING);
	expect(descriptor(0x4, 0), t, NOTHING);
	expect(descriptor(0x3, 0x1000), t, NOTHING);
	expect(TLB_GLOBAL, translation(IOASID_VTD_PASSTHROUGH, true, 3, 0), NOTHING);
	expect(TLB_GLOBAL, translation(IOASID_VTD_BLOCKED, true, 3, 0), NOTHING);
}
END_TEST

START_TEST(range_and_hint_are_passed_on)
{
	struct ioasid_vtd_translation t = translation(IOASID_VTD_SECOND_STAGE, true, 3, 0x45);
	struct ioasid_vtd_inv inv = TLB_PAGE(3, 0x7f044); /* AM 4, IH */

	expect(inv, t, RANGE);
	ck_assert_uint_eq(added.iova, 0x70000);
	ck_assert_uint_eq(added.length, 0x10000);
	ck_assert_uint_eq(added.flags, IOASID_INV_LEAF_ONLY);
	expect(TLB_PAGE(3, 0x7f004), t, RANGE);
	ck_assert_uint_eq(added.flags, 0);
	t.kind = IOASID_VTD_FIRST_STAGE; /* the hint is of second-stage tables only */
	expect(inv, t, ALL_OF_IT);
	ck_assert_uint_eq(added.flags, 0);
}
END_TEST

START_TEST(a_batch_that_fails_is_reported)
{
	struct ioasid_vtd_translation t = translation(IOASID_VTD_SECOND_STAGE, true, 3, 0x45);
	struct ioasid_vtd_inv inv = TLB_PAGE(3, 0x2001); /* 8K: the stand-in fails */

	ck_assert_int_eq(ioasid_vtd_inv_add(&inv, &t, BATCH, SPACE), -ENOMEM);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vtd-match");
	TCase *tc = tcase_create("match");

	tcase_add_test(tc, context_cache_of_a_device);
	tcase_add_test(tc, context_cache_of_a_domain);
	tcase_add_test(tc, pasid_cache);
	tcase_add_loop_test(tc, what_is_blocked_is_looked_up_again, 0, 2);
	tcase_add_test(tc, the_iotlb_is_not_what_was_looked_up);
	tcase_add_test(tc, device_tlbs);
	tcase_add_test(tc, device_tlbs_that_are_told);
	tcase_add_test(tc, second_stage_translations);
	tcase_add_test(tc, first_stage_and_nested_translations);
	tcase_add_test(tc, others_add_nothing);
	tcase_add_test(tc, range_and_hint_are_passed_on);
	tcase_add_test(tc, a_batch_that_fails_is_reported);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
