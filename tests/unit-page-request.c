/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page requests as the records of guests' IOMMUs: each is taken apart again as that one's driver in
 * Linux does. And what the drivers' responses mean.
 */
#include <ioasid/amd.h>
#include <ioasid/riscv.h>
#include <ioasid/smmuv3.h>
#include <ioasid/vtd.h>

#include "runner.h"
#include "util/bits.h"

#define PASID IOASID_PAGE_REQUEST_PASID
#define LAST  IOASID_PAGE_REQUEST_LAST

static uint64_t bits(uint64_t raw, unsigned int high, unsigned int low)
{
	return raw >> low & (~UINT64_C(0) >> (63 - (high - low)));
}

/* What a driver finds in a record. */
struct found {
	uint64_t device;
	uint64_t pasid;
	bool pasid_valid;
	bool last;
	uint64_t group;
	uint64_t page;
	uint32_t access;
	uint64_t rest; /* bits that have no meaning */
};

static uint32_t access_of(bool read, bool write, bool execute, bool privileged)
{
	return (read ? IOASID_READ : 0) | (write ? IOASID_WRITE : 0) |
	       (execute ? IOASID_EXECUTE : 0) | (privileged ? IOASID_PRIVILEGED : 0);
}

/* struct page_req_dsc */
static struct found vtd_finds(const struct ioasid_page_request *r, uint32_t device)
{
	uint64_t raw[4];

	ioasid_vtd_page_request_encode(r, (uint16_t)device, raw);
	ck_assert_uint_eq(bits(raw[0], 7, 0), 1);
	return (struct found){
		.device = bits(raw[0], 31, 16), .pasid = bits(raw[0], 51, 32),
		.pasid_valid = bits(raw[0], 8, 8), .last = bits(raw[1], 2, 2),
		.group = bits(raw[1], 11, 3), .page = bits(raw[1], 63, 12) << 12,
		.access = access_of(bits(raw[1], 0, 0), bits(raw[1], 1, 1), bits(raw[0], 52, 52),
				    bits(raw[0], 53, 53)),
		.rest = bits(raw[0], 15, 9) | bits(raw[0], 63, 54) | raw[2] | raw[3],
	};
}

/* PRIQ_0_*, PRIQ_1_* */
static struct found smmuv3_finds(const struct ioasid_page_request *r, uint32_t device)
{
	uint64_t raw[2];

	ioasid_smmuv3_page_request_encode(r, device, raw);
	return (struct found){
		.device = bits(raw[0], 31, 0), .pasid = bits(raw[0], 51, 32),
		.pasid_valid = bits(raw[0], 63, 63), .last = bits(raw[0], 62, 62),
		.group = bits(raw[1], 8, 0), .page = bits(raw[1], 63, 12) << 12,
		.access = access_of(bits(raw[0], 60, 60), bits(raw[0], 61, 61),
				    bits(raw[0], 59, 59), bits(raw[0], 58, 58)),
		.rest = bits(raw[0], 57, 52) | bits(raw[1], 11, 9),
	};
}

/* PPR_*; bit 9 of the tag is the last request's. What is not of a user is privileged. */
static struct found amd_finds(const struct ioasid_page_request *r, uint32_t device)
{
	uint64_t raw[2], flags;

	ioasid_amd_page_request_encode(r, (uint16_t)device, raw);
	ck_assert_uint_eq(bits(raw[0], 63, 60), 1);
	flags = bits(raw[0], 59, 48);
	return (struct found){
		.device = bits(raw[0], 15, 0),
		.pasid = bits(raw[0], 45, 42) << 16 | bits(raw[0], 31, 16),
		.pasid_valid = flags & 0x100, .last = bits(raw[0], 41, 32) & 0x200,
		.group = bits(raw[0], 41, 32) & 0x1ff, .page = raw[1] & ~UINT64_C(0xfff),
		.access = access_of(flags & 0x004, flags & 0x020, flags & 0x002,
				    flags & 0x100 && !(flags & 0x040)),
		.rest = (flags & 0xe99) | bits(raw[0], 47, 46) | bits(raw[1], 11, 0),
	};
}

/* RISCV_IOMMU_PQ_HDR_*, RISCV_IOMMU_PQ_PAYLOAD_* */
static struct found riscv_finds(const struct ioasid_page_request *r, uint32_t device)
{
	uint64_t raw[2];

	ioasid_riscv_page_request_encode(r, device, raw);
	return (struct found){
		.device = bits(raw[0], 63, 40), .pasid = bits(raw[0], 31, 12),
		.pasid_valid = bits(raw[0], 32, 32), .last = bits(raw[1], 2, 2),
		.group = bits(raw[1], 11, 3), .page = bits(raw[1], 63, 12) << 12,
		.access = access_of(bits(raw[1], 0, 0), bits(raw[1], 1, 1), bits(raw[0], 34, 34),
				    bits(raw[0], 33, 33)),
		.rest = bits(raw[0], 11, 0) | bits(raw[0], 39, 35),
	};
}

static const struct {
	struct found (*finds)(const struct ioasid_page_request *r, uint32_t device);
	uint32_t device; /* the widest */
} units[] = {
	{ vtd_finds, 0xfedc }, { smmuv3_finds, 0xfedcba98 }, { amd_finds, 0xfedc },
	{ riscv_finds, 0xfedcba },
};

static void found_is(int unit, const struct ioasid_page_request *r, uint32_t access)
{
	struct found f = units[unit].finds(r, units[unit].device);

	ck_assert_uint_eq(f.device, units[unit].device);
	ck_assert_int_eq(f.pasid_valid, r->pasid != IOASID_NO_PASID);
	ck_assert_uint_eq(f.pasid, f.pasid_valid ? r->pasid : 0);
	ck_assert_int_eq(f.last, (r->flags & LAST) != 0);
	ck_assert_uint_eq(f.group, r->group);
	ck_assert_uint_eq(f.page, r->iova);
	ck_assert_uint_eq(f.access, access);
	ck_assert_uint_eq(f.rest, 0);
}

/* Whoever executes reads, and a request for neither reading nor writing is a Stop Marker. */
static uint32_t with_reading(uint32_t access)
{
	return access & IOASID_EXECUTE || !(access & IOASID_WRITE) ? access | IOASID_READ : access;
}

START_TEST(requests)
{
	struct ioasid_page_request r = {
		.iova = 0xfedcba9876543000, .pasid = 0xabcde, .group = 0x155, .flags = PASID | LAST,
	};

	for (uint32_t access = 0; access < 16; access++) {
		r.access = access;
		found_is(_i, &r, with_reading(access));
	}
	r.flags = PASID;
	r.group = 0;
	r.pasid = 0xfffff;
	found_is(_i, &r, r.access);
	r.group = 0x1ff;
	r.pasid = 0;
	found_is(_i, &r, r.access);
}
END_TEST

/* PASID, execution and privilege come with the same prefix: without it there is none of them. */
START_TEST(requests_without_pasid)
{
	struct ioasid_page_request r = {
		.iova = 0x1000, .pasid = IOASID_NO_PASID, .group = 3, .flags = LAST,
	};

	for (r.access = 0; r.access < 16; r.access++)
		found_is(_i, &r, with_reading(r.access) & (IOASID_READ | IOASID_WRITE));
}
END_TEST

/* PCIe's codes: those that have no meaning are failures. */
static const struct {
	uint32_t pcie;
	enum ioasid_page_response_code code;
} responses[] = {
	{ 0, IOASID_PAGE_RESPONSE_SUCCESS }, { 1, IOASID_PAGE_RESPONSE_INVALID },
	{ 2, IOASID_PAGE_RESPONSE_FAILURE }, { 14, IOASID_PAGE_RESPONSE_FAILURE },
	{ 15, IOASID_PAGE_RESPONSE_FAILURE },
};

START_TEST(responses_with_codes_of_pcie)
{
	struct ioasid_vtd_inv inv = IOASID_VTD_INV_INIT;
	struct ioasid_amd_cmd amd = IOASID_AMD_CMD_INIT;
	struct ioasid_riscv_cmd riscv = IOASID_RISCV_CMD_INIT;
	enum ioasid_page_response_code code;

	inv.type = IOASID_VTD_INV_PAGE_GROUP_RESPONSE;
	amd.opcode = IOASID_AMD_CMD_COMPLETE_PPR_REQUEST;
	riscv.opcode = IOASID_RISCV_CMD_ATS_PRGR;
	inv.response = amd.response = riscv.response = responses[_i].pcie;
	ck_assert(ioasid_vtd_inv_get_response(&inv, &code) && code == responses[_i].code);
	code = 0;
	ck_assert(ioasid_amd_cmd_get_response(&amd, &code) && code == responses[_i].code);
	code = 0;
	ck_assert(ioasid_riscv_cmd_get_response(&riscv, &code) && code == responses[_i].code);
}
END_TEST

/* As Linux builds CMD_PRI_RESP: deny 0, fail 1, succeed 2; the first ends the interface. */
START_TEST(responses_of_smmuv3)
{
	static const enum ioasid_page_response_code codes[] = {
		IOASID_PAGE_RESPONSE_FAILURE,
		IOASID_PAGE_RESPONSE_INVALID,
		IOASID_PAGE_RESPONSE_SUCCESS,
	};
	struct ioasid_smmuv3_regs regs;
	uint32_t idr[6] = { 1 << 10 | 1 << 16 };
	enum ioasid_page_response_code code;

	ioasid_smmuv3_regs_init(&regs, idr);
	for (uint64_t response = 0; response < 3; response++) {
		const uint64_t raw[2] = { 0x41, response << 12 | 0x155 };
		struct ioasid_smmuv3_cmd cmd = IOASID_SMMUV3_CMD_INIT;

		ck_assert_int_eq(ioasid_smmuv3_cmd_decode(&regs, raw, &cmd, NULL), 0);
		ck_assert(ioasid_smmuv3_cmd_get_response(&cmd, &code) && code == codes[response]);
		ck_assert_uint_eq(cmd.group, 0x155);
	}
}
END_TEST

START_TEST(other_commands_are_no_responses)
{
	enum ioasid_page_response_code code = IOASID_PAGE_RESPONSE_INVALID;
	struct ioasid_smmuv3_cmd smmuv3 = IOASID_SMMUV3_CMD_INIT;
	struct ioasid_riscv_cmd riscv = IOASID_RISCV_CMD_INIT;
	struct ioasid_vtd_inv inv = IOASID_VTD_INV_INIT;
	struct ioasid_amd_cmd amd = IOASID_AMD_CMD_INIT;

	smmuv3.opcode = IOASID_SMMUV3_CMD_ATC_INV;
	riscv.opcode = IOASID_RISCV_CMD_ATS_INVAL;
	inv.type = IOASID_VTD_INV_PASID_DEVICE_TLB;
	amd.opcode = IOASID_AMD_CMD_INVALIDATE_IOTLB_PAGES;
	ck_assert(!ioasid_smmuv3_cmd_get_response(&smmuv3, &code));
	ck_assert(!ioasid_riscv_cmd_get_response(&riscv, &code));
	ck_assert(!ioasid_vtd_inv_get_response(&inv, &code));
	ck_assert(!ioasid_amd_cmd_get_response(&amd, &code));
	ck_assert_int_eq(code, IOASID_PAGE_RESPONSE_INVALID);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("page request");
	Suite *suite = suite_create("page-request");

	tcase_add_loop_test(tc, requests, 0, (int)bits_array_size(units));
	tcase_add_loop_test(tc, requests_without_pasid, 0, (int)bits_array_size(units));
	tcase_add_loop_test(tc, responses_with_codes_of_pcie, 0, (int)bits_array_size(responses));
	tcase_add_test(tc, responses_of_smmuv3);
	tcase_add_test(tc, other_commands_are_no_responses);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
