/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VT-d's invalidation descriptors: what they say, and whom they concern. */
#include <errno.h>
#include <string.h>

#include "runner.h"
#include "vtd_caps.h"

#define DIT    BIT(41)
#define PDS    BIT(42)
#define LEGACY UINT64_C(0x1000)
#define SM     UINT64_C(0x1400)

#define MAMV(n) ((uint64_t)(n) << 48)

/* A unit with all that matters here, MAMV 18. */
#define UNIT_CAP  (CAP | MAMV(18))
#define UNIT_ECAP (ALL | PDS)

static enum ioasid_vtd_reason decode_for(struct ioasid_vtd_caps caps, uint64_t rtaddr, size_t bytes,
					 const uint64_t *raw, struct ioasid_vtd_inv *inv)
{
	enum ioasid_vtd_reason why;
	int ret = ioasid_vtd_inv_decode(&caps, rtaddr, raw, bytes, inv, &why);

	ck_assert_int_eq(ret, why == IOASID_VTD_OK ? 0 : -EINVAL);
	return why;
}

/* In scalable mode, where everything is allowed. */
static enum ioasid_vtd_reason decode(uint64_t low, uint64_t high, struct ioasid_vtd_inv *inv)
{
	uint64_t raw[4] = { low, high, 0, 0 };

	*inv = (struct ioasid_vtd_inv)IOASID_VTD_INV_INIT;
	return decode_for(caps_of(UNIT_CAP, UNIT_ECAP), SM, 32, raw, inv);
}

#define decoded(low, high) ck_assert_int_eq(decode(low, high, &inv), IOASID_VTD_OK)

static void check_reserved(uint64_t low, uint64_t high, uint64_t allowed_low, uint64_t allowed_high)
{
	struct ioasid_vtd_inv inv;

	for (unsigned bit = 0; bit < 64; bit++) {
		if (!(allowed_low & BIT(bit)))
			ck_assert_int_ne(decode(low ^ BIT(bit), high, &inv), IOASID_VTD_OK);
		if (!(allowed_high & BIT(bit)))
			ck_assert_int_eq(decode(low, high ^ BIT(bit), &inv),
					 IOASID_VTD_DESCRIPTOR_RESERVED);
	}
}

START_TEST(context_cache)
{
	struct ioasid_vtd_inv inv;

	decoded(0x11, 0);
	ck_assert_int_eq(inv.type, IOASID_VTD_INV_CONTEXT_CACHE);
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_GLOBAL);
	decoded(0x12340021, 0);
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_DOMAIN);
	ck_assert_uint_eq(inv.domain, 0x1234);
	decoded(UINT64_C(0x2abcd56780031), 0);
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_DEVICE);
	ck_assert_uint_eq(inv.domain, 0x5678);
	ck_assert_uint_eq(inv.source_id, 0xabcd);
	ck_assert_uint_eq(inv.source_ignore, 6);
	decoded(UINT64_C(0x1000000000031), 0);
	ck_assert_uint_eq(inv.source_ignore, 4);
	decoded(UINT64_C(0x3000000000031), 0);
	ck_assert_uint_eq(inv.source_ignore, 7);
	ck_assert_int_eq(decode(0x01, 0, &inv), IOASID_VTD_DESCRIPTOR_GRANULARITY);
	/* reserved: all but type, G, DID, SID, FM */
	check_reserved(0x31, 0, UINT64_C(0x3ffffffff003f), 0);
}
END_TEST

START_TEST(pasid_cache)
{
	struct ioasid_vtd_inv inv;

	decoded(0x37, 0);
	ck_assert_int_eq(inv.type, IOASID_VTD_INV_PASID_CACHE);
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_GLOBAL);
	decoded(0x20007, 0);
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_DOMAIN);
	ck_assert_uint_eq(inv.domain, 2);
	decoded(UINT64_C(0xfedcb00020017), 0);
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_PASID);
	ck_assert_uint_eq(inv.domain, 2);
	ck_assert_uint_eq(inv.pasid, 0xfedcb);
	ck_assert_int_eq(decode(0x27, 0, &inv), IOASID_VTD_DESCRIPTOR_GRANULARITY);
	check_reserved(0x17, 0, UINT64_C(0xfffffffff003f), 0);
}
END_TEST

START_TEST(iotlb)
{
	struct ioasid_vtd_inv inv;

	decoded(0xd2, 0);
	ck_assert_int_eq(inv.type, IOASID_VTD_INV_IOTLB);
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_GLOBAL);
	decoded(0x200e2, 0);
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_DOMAIN);
	ck_assert_uint_eq(inv.domain, 2);
	decoded(0xb00f2, 0xffff8040);
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_RANGE);
	ck_assert_uint_eq(inv.domain, 0xb);
	ck_assert_uint_eq(inv.start, 0xffff8000);
	ck_assert_uint_eq(inv.length, 0x1000);
	ck_assert(inv.leaf_only);
	decoded(0xb00f2, 0xffec0005); /* AM 5: 128K */
	ck_assert_uint_eq(inv.start, 0xffec0000);
	ck_assert_uint_eq(inv.length, 0x20000);
	ck_assert(!inv.leaf_only);
	ck_assert_int_eq(decode(0x02, 0, &inv), IOASID_VTD_DESCRIPTOR_GRANULARITY);
	check_reserved(0x32, 0xffec0005, UINT64_C(0xffff00ff), ~UINT64_C(0xf80));
}
END_TEST

START_TEST(iotlb_ranges_are_aligned_and_within_the_address_width)
{
	struct ioasid_vtd_inv inv;

	decoded(0xf2, 0xffec7005); /* address bits below the mask do not count */
	ck_assert_uint_eq(inv.start, 0xffec0000);
	ck_assert_uint_eq(inv.length, 0x20000);
	decoded(0xf2, UINT64_C(0xfedc123456789000)); /* nor do those beyond MGAW */
	ck_assert_uint_eq(inv.start, UINT64_C(0x123456789000));
	decoded(0xf2, 18);
	ck_assert_uint_eq(inv.length, 0x40000000);
	ck_assert_int_eq(decode(0xf2, 19, &inv), IOASID_VTD_DESCRIPTOR_ADDRESS_MASK);
}
END_TEST

START_TEST(iotlb_range_of_all_addresses_is_the_domain)
{
	struct ioasid_vtd_inv inv = IOASID_VTD_INV_INIT;
	uint64_t raw[2] = { 0x700f2, 35 };

	ck_assert_int_eq(decode_for(caps_of(CAP | MAMV(63), 0), LEGACY, 16, raw, &inv),
			 IOASID_VTD_OK);
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_RANGE);
	ck_assert_uint_eq(inv.length, BIT(47));
	for (raw[1] = 36; raw[1] < 64; raw[1]++) {
		ck_assert_int_eq(decode_for(caps_of(CAP | MAMV(63), 0), LEGACY, 16, raw, &inv),
				 IOASID_VTD_OK);
		ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_DOMAIN);
		ck_assert_uint_eq(inv.domain, 7);
		ck_assert_uint_eq(inv.length, 0);
	}
}
END_TEST

START_TEST(iotlb_ranges_need_the_capability)
{
	struct ioasid_vtd_inv inv = IOASID_VTD_INV_INIT;
	uint64_t raw[2] = { 0x700f2, 0 };

	ck_assert_int_eq(decode_for(caps_of(CAP & ~BIT(39), 0), LEGACY, 16, raw, &inv),
			 IOASID_VTD_DESCRIPTOR_GRANULARITY);
}
END_TEST

START_TEST(domain_ids_are_cut_to_their_width)
{
	struct ioasid_vtd_inv inv = IOASID_VTD_INV_INIT;
	uint64_t raw[2] = { 0x123400e2, 0 };

	ck_assert_int_eq(decode_for(caps_of((CAP & ~UINT64_C(7)) | 2, 0), LEGACY, 16, raw, &inv),
			 IOASID_VTD_OK);
	ck_assert_uint_eq(inv.domain, 0x34);
}
END_TEST

START_TEST(pasid_iotlb)
{
	struct ioasid_vtd_inv inv;

	decoded(UINT64_C(0x1234500020026), 0);
	ck_assert_int_eq(inv.type, IOASID_VTD_INV_PASID_IOTLB);
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_PASID);
	ck_assert_uint_eq(inv.domain, 2);
	ck_assert_uint_eq(inv.pasid, 0x12345);
	decoded(0x40036, 0xffff8040);
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_RANGE);
	ck_assert_uint_eq(inv.domain, 4);
	ck_assert_uint_eq(inv.pasid, 0);
	ck_assert_uint_eq(inv.start, 0xffff8000);
	ck_assert_uint_eq(inv.length, 0x1000);
	ck_assert(inv.leaf_only);
	/* 64 bits of address, masks beyond MAMV */
	decoded(0x40036, UINT64_C(0xffff800000000000) | 35);
	ck_assert_uint_eq(inv.start, UINT64_C(0xffff800000000000));
	ck_assert_uint_eq(inv.length, BIT(47));
	decoded(0x40036, 51);
	ck_assert_uint_eq(inv.length, BIT(63));
	decoded(0x40036, 52);
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_PASID);
	decoded(0x40036, 63);
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_PASID);
	ck_assert_int_eq(decode(0x06, 0, &inv), IOASID_VTD_DESCRIPTOR_GRANULARITY);
	ck_assert_int_eq(decode(0x16, 0, &inv), IOASID_VTD_DESCRIPTOR_GRANULARITY);
	check_reserved(0x36, 0, UINT64_C(0xfffffffff003f), ~UINT64_C(0xf80));
}
END_TEST

START_TEST(device_tlb)
{
	struct ioasid_vtd_inv inv;

	decoded(UINT64_C(0x20000000003), 0xffff8000);
	ck_assert_int_eq(inv.type, IOASID_VTD_INV_DEVICE_TLB);
	ck_assert_uint_eq(inv.source_id, 0x200);
	ck_assert_uint_eq(inv.start, 0xffff8000);
	ck_assert_uint_eq(inv.length, 0x1000);
	decoded(0x3, 0xfffb6001); /* S: the lowest clear bit, 12, says 8K */
	ck_assert_uint_eq(inv.start, 0xfffb6000);
	ck_assert_uint_eq(inv.length, 0x2000);
	decoded(0x3, 0xfffb7001); /* bit 15 is the lowest clear one: 64K */
	ck_assert_uint_eq(inv.start, 0xfffb0000);
	ck_assert_uint_eq(inv.length, 0x10000);
	decoded(0x3, UINT64_C(0xbffffffffffff001)); /* bit 62: half of everything */
	ck_assert_uint_eq(inv.start, BIT(63));
	ck_assert_uint_eq(inv.length, BIT(63));
	decoded(0x3, UINT64_C(0x7ffffffffffff001));
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_GLOBAL);
	decoded(0x3, UINT64_C(0xfffffffffffff001));
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_GLOBAL);
	/* allowed: type, MIP, SID; S and the address */
	check_reserved(0x3, 0, UINT64_C(0xffff001f000f), ~UINT64_C(0xffe));
}
END_TEST

START_TEST(pasid_device_tlb)
{
	struct ioasid_vtd_inv inv;

	decoded(UINT64_C(0x1234502000008), 0xfffb6800); /* S is bit 11 */
	ck_assert_int_eq(inv.type, IOASID_VTD_INV_PASID_DEVICE_TLB);
	ck_assert_uint_eq(inv.source_id, 0x200);
	ck_assert_uint_eq(inv.pasid, 0x12345);
	ck_assert(!inv.all_pasids);
	ck_assert_uint_eq(inv.start, 0xfffb6000);
	ck_assert_uint_eq(inv.length, 0x2000);
	decoded(UINT64_C(0x1234502000008), 0x5001);
	ck_assert(inv.all_pasids);
	ck_assert_uint_eq(inv.pasid, 0);
	ck_assert_uint_eq(inv.length, 0x1000);
	/* allowed: type, MIP, SID, PASID; GI, S and the address */
	check_reserved(0x8, 0, UINT64_C(0xfffffffff01ff), ~UINT64_C(0x7fe));
}
END_TEST

START_TEST(throttling_hints_need_the_capability)
{
	struct ioasid_vtd_inv inv = IOASID_VTD_INV_INIT;
	uint64_t raw[4] = { UINT64_C(0x020000000000f003), 0 };

	ck_assert_int_eq(decode_for(caps_of(CAP, ALL), SM, 32, raw, &inv),
			 IOASID_VTD_DESCRIPTOR_RESERVED);
	ck_assert_int_eq(decode_for(caps_of(CAP, ALL | DIT), SM, 32, raw, &inv), IOASID_VTD_OK);
}
END_TEST

START_TEST(interrupt_entry_cache)
{
	struct ioasid_vtd_inv inv;

	decoded(0x4, 0);
	ck_assert_int_eq(inv.type, IOASID_VTD_INV_INTERRUPT_ENTRY_CACHE);
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_GLOBAL);
	decoded(UINT64_C(0x100000014), 0);
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_RANGE);
	ck_assert_uint_eq(inv.index, 1);
	ck_assert_uint_eq(inv.count, 1);
	decoded(UINT64_C(0x1718000014), 0); /* IM 3 */
	ck_assert_uint_eq(inv.index, 0x10);
	ck_assert_uint_eq(inv.count, 8);
	check_reserved(0x14, 0, UINT64_C(0xfffff800001f), 0);
}
END_TEST

/* As Linux sends it: intel_iommu_page_response(). */
START_TEST(page_group_response)
{
	struct ioasid_vtd_inv inv = IOASID_VTD_INV_INIT;
	struct ioasid_vtd_translation t = {
		.size = sizeof(t), .kind = IOASID_VTD_FIRST_STAGE, .pasid = 0x12345,
	};
	uint64_t raw[4] = { UINT64_C(0x1234502001019), 0xaa8 };

	decoded(raw[0], raw[1]);
	ck_assert_int_eq(inv.type, IOASID_VTD_INV_PAGE_GROUP_RESPONSE);
	ck_assert_int_eq(inv.granularity, IOASID_VTD_GRANULARITY_GLOBAL);
	ck_assert_uint_eq(inv.source_id, 0x200);
	ck_assert_uint_eq(inv.pasid, 0x12345);
	ck_assert_uint_eq(inv.group, 0x155);
	ck_assert_uint_eq(inv.response, 1);
	decoded(UINT64_C(0x200f009), 0xffc); /* before Linux 6.18, with QI_PGRP_LPIG() */
	ck_assert_uint_eq(inv.pasid, IOASID_NO_PASID);
	ck_assert_uint_eq(inv.group, 0x1ff);
	ck_assert_uint_eq(inv.response, 15);
	/* allowed: type, PP, code, source-id, PASID; group */
	check_reserved(raw[0], raw[1], UINT64_C(0xffffffffffe1f), 0xffc);
	ck_assert_int_eq(decode_for(caps_of(UNIT_CAP, UNIT_ECAP & ~PRS), SM, 32, raw, &inv),
			 IOASID_VTD_DESCRIPTOR_TYPE);
	ck_assert_int_eq(decode_for(caps_of(UNIT_CAP, UNIT_ECAP), LEGACY, 16, raw, &inv),
			 IOASID_VTD_DESCRIPTOR_TYPE);
	decoded(raw[0], raw[1]);
	ck_assert(!ioasid_vtd_inv_is_lookup_stale(&inv, 0x200, &t));
	ck_assert(!ioasid_vtd_inv_is_mapping_stale(&inv, 0x200, &t));
}
END_TEST

START_TEST(wait)
{
	struct ioasid_vtd_inv inv;

	decoded(UINT64_C(0x200000025), 0x157004);
	ck_assert_int_eq(inv.type, IOASID_VTD_INV_WAIT);
	ck_assert(inv.status_write && !inv.interrupt && !inv.fence && !inv.page_request_drain);
	ck_assert_uint_eq(inv.status_data, 2);
	ck_assert_uint_eq(inv.status_address, 0x157004);
	decoded(UINT64_C(0x2000000d5), 0x157004);
	ck_assert(!inv.status_write && inv.interrupt && inv.fence && inv.page_request_drain);
	ck_assert_uint_eq(inv.status_address, 0);
	check_reserved(0x25, 0x157004, ~UINT64_C(0xffffff00), ~UINT64_C(3));
}
END_TEST

START_TEST(page_request_draining_needs_the_capability)
{
	struct ioasid_vtd_inv inv = IOASID_VTD_INV_INIT;
	uint64_t raw[4] = { 0x95, 0 };

	ck_assert_int_eq(decode_for(caps_of(CAP, ALL), SM, 32, raw, &inv),
			 IOASID_VTD_DESCRIPTOR_RESERVED);
}
END_TEST

START_TEST(unknown_types)
{
	struct ioasid_vtd_inv inv;

	for (uint64_t type = 0; type < 128; type++) {
		uint64_t raw = (type & 15) | type >> 4 << 9;

		if (type == 0 || type > 9)
			ck_assert_int_eq(decode(raw | 0x30, 0, &inv), IOASID_VTD_DESCRIPTOR_TYPE);
	}
	ck_assert_int_eq(ioasid_vtd_reason_get_queue_error(IOASID_VTD_DESCRIPTOR_TYPE), 3);
}
END_TEST

START_TEST(the_mode_decides_which_are_allowed)
{
	struct ioasid_vtd_inv inv = IOASID_VTD_INV_INIT;
	struct ioasid_vtd_caps all = caps_of(CAP, ALL), plain = caps_of(CAP, 0);
	uint64_t raw[4] = { 0xd2 }, pasid[4] = { 0x37 }, device[4] = { 0x3 };

	ck_assert_int_eq(decode_for(all, LEGACY, 16, raw, &inv), IOASID_VTD_OK);
	ck_assert_int_eq(decode_for(all, LEGACY, 32, raw, &inv), IOASID_VTD_OK);
	ck_assert_int_eq(decode_for(all, SM, 16, raw, &inv), IOASID_VTD_DESCRIPTOR_WIDTH);
	ck_assert_int_eq(decode_for(all, SM, 64, raw, &inv), IOASID_VTD_DESCRIPTOR_WIDTH);
	ck_assert_int_eq(decode_for(plain, LEGACY, 32, raw, &inv), IOASID_VTD_DESCRIPTOR_WIDTH);
	ck_assert_int_eq(decode_for(plain, SM, 32, raw, &inv), IOASID_VTD_DESCRIPTOR_MODE);
	ck_assert_int_eq(decode_for(all, 0x1800, 32, raw, &inv), IOASID_VTD_DESCRIPTOR_MODE);
	ck_assert_int_eq(decode_for(all, LEGACY, 32, pasid, &inv), IOASID_VTD_DESCRIPTOR_TYPE);
	ck_assert_int_eq(decode_for(all, LEGACY, 16, pasid, &inv), IOASID_VTD_DESCRIPTOR_TYPE);
	ck_assert_int_eq(decode_for(plain, LEGACY, 16, device, &inv), IOASID_VTD_DESCRIPTOR_TYPE);
	raw[3] = 1;
	ck_assert_int_eq(decode_for(all, LEGACY, 32, raw, &inv), IOASID_VTD_DESCRIPTOR_RESERVED);
	ck_assert_int_eq(decode_for(all, LEGACY, 16, raw, &inv), IOASID_VTD_OK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vtd-inv");
	TCase *tc = tcase_create("descriptors");

	tcase_add_test(tc, context_cache);
	tcase_add_test(tc, pasid_cache);
	tcase_add_test(tc, iotlb);
	tcase_add_test(tc, iotlb_ranges_are_aligned_and_within_the_address_width);
	tcase_add_test(tc, iotlb_range_of_all_addresses_is_the_domain);
	tcase_add_test(tc, iotlb_ranges_need_the_capability);
	tcase_add_test(tc, domain_ids_are_cut_to_their_width);
	tcase_add_test(tc, pasid_iotlb);
	tcase_add_test(tc, device_tlb);
	tcase_add_test(tc, pasid_device_tlb);
	tcase_add_test(tc, throttling_hints_need_the_capability);
	tcase_add_test(tc, interrupt_entry_cache);
	tcase_add_test(tc, page_group_response);
	tcase_add_test(tc, wait);
	tcase_add_test(tc, page_request_draining_needs_the_capability);
	tcase_add_test(tc, unknown_types);
	tcase_add_test(tc, the_mode_decides_which_are_allowed);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
