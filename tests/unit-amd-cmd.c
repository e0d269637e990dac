/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands of AMD's IOMMU (2.4): what they say, whom they concern, what they add to a batch. */
#define BATCH_FAILS_AT 0x10000
#include "amd_unit.h"
#include "cmd_unit.h"

CMD_UNIT(amd, AMD, domain, low >> 60)

#define OP(n)	  ((uint64_t)(n) << 60)
#define DOMAIN(n) ((uint64_t)(n) << 32)
#define S	  BIT(0)
#define PDE	  BIT(1)
#define GN	  BIT(2)

/* 2.4.1 */
START_TEST(waits)
{
	struct ioasid_amd_cmd c = cmd(OP(1) | UINT64_C(0xfffffabcdef08) | 5, 0x123456789abcdef0);

	ck_assert(c.store && !c.interrupt && c.flush);
	ck_assert_uint_eq(c.store_address, UINT64_C(0xfffffabcdef08));
	ck_assert_uint_eq(c.store_data, 0x123456789abcdef0);
	c = cmd(OP(1) | 0x1000 | 2, 7);
	ck_assert(!c.store && c.interrupt && !c.flush);
	ck_assert(c.store_address == 0 && c.store_data == 0);
}
END_TEST

/* 2.4.2, 2.4.5, 2.4.7, 2.4.8 */
START_TEST(of_devices)
{
	struct ioasid_amd_cmd c;

	ck_assert_uint_eq(cmd(OP(2) | 0xabcd, 0).device_id, 0xabcd);
	ck_assert_uint_eq(cmd(OP(5) | 0xabcd, 0).device_id, 0xabcd);
	c = cmd(OP(7) | (uint64_t)0x54321 << 32 | 0xabcd, GN | (uint64_t)0xf1a5 << 32);
	ck_assert(c.device_id == 0xabcd && c.pasid == 0x54321);
	ck_assert(c.group == 0x1a5 && c.response == 15);
	ck_assert_uint_eq(cmd(OP(7) | DOMAIN(5), 0).pasid, IOASID_NO_PASID);
	cmd(OP(8), 0);
}
END_TEST

/* 2.4.3 */
START_TEST(of_pages)
{
	struct ioasid_amd_cmd c = cmd(OP(3) | DOMAIN(0xabcd), 0x5000);

	ck_assert(c.domain == 0xabcd && c.pasid == IOASID_NO_PASID && c.leaf_only);
	ck_assert(c.start == 0x5000 && c.length == 0x1000);
	c = cmd(OP(3) | DOMAIN(1) | 0xfedcb, GN | PDE | BIT(63) | 0x5000);
	ck_assert(c.pasid == 0xfedcb && !c.leaf_only);
	ck_assert(c.start == (BIT(63) | 0x5000) && c.length == 0x1000);
	/* the lowest 0 from bit 12 up gives the size */
	for (unsigned i = 12; i < 63; i++) {
		c = cmd(OP(3), BIT(63) | (BIT(i) - BIT(12)) | S);
		ck_assert(c.start == BIT(63) && c.length == BIT(i + 1));
	}
	c = cmd(OP(3), (BIT(63) - BIT(12)) | S);
	ck_assert(c.start == 0 && c.length == 0);
	c = cmd(OP(3), ~(BIT(12) - 1) | S);
	ck_assert(c.start == 0 && c.length == 0);
}
END_TEST

/* 2.4.4 */
START_TEST(of_device_tlbs)
{
	struct ioasid_amd_cmd c;

	/* MaxPend, PASID 19:16, 15:8 and 7:0, QueueID */
	c = cmd(OP(4) | 0x07ULL << 56 | 0x89ULL << 48 | 0x1234ULL << 32 | 0xff5600abULL,
		GN | S | 0x2000);
	ck_assert(c.device_id == 0xab && c.pasid == 0x75689);
	ck_assert(c.start == 0x2000 && c.length == 0x2000);
	ck_assert_uint_eq(cmd(OP(4) | 0x560000, 0).pasid, IOASID_NO_PASID);
}
END_TEST

START_TEST(illegal)
{
	static const struct {
		unsigned op;
		uint64_t low, high;
	} reserved[] = {
		{ 1, BIT(52), 0 },   { 1, BIT(59), 0 },	  { 2, BIT(16), 0 },   { 2, BIT(59), 0 },
		{ 2, 0, 1 },	     { 3, BIT(20), 0 },	  { 3, BIT(31), 0 },   { 3, BIT(48), 0 },
		{ 3, BIT(59), 0 },   { 3, 0, BIT(3) },	  { 3, 0, BIT(11) },   { 4, 0, BIT(1) },
		{ 4, 0, BIT(3) },    { 4, 0, BIT(4) },	  { 4, 0, BIT(11) },   { 5, BIT(16), 0 },
		{ 5, 0, BIT(63) },   { 7, BIT(16), 0 },	  { 7, BIT(52), 0 },   { 7, 0, BIT(0) },
		{ 7, 0, BIT(3) },    { 7, 0, BIT(31) },	  { 7, 0, BIT(48) },   { 8, BIT(0), 0 },
		{ 8, BIT(59), 0 },   { 8, 0, BIT(63) },
	};
	static const uint8_t unknown[] = { 0, 6, 9, 10, 11, 12, 13, 14, 15 };

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		ck_assert_int_eq(refused(OP(reserved[i].op) | reserved[i].low, reserved[i].high),
				 IOASID_AMD_CMD_RESERVED);
	for (size_t i = 0; i < sizeof(unknown); i++)
		ck_assert_int_eq(refused(OP(unknown[i]), 0), IOASID_AMD_CMD_OPCODE);
}
END_TEST

/* What the unit does not have. */
START_TEST(not_supported)
{
	const uint64_t raw[2] = { OP(1), 0 };
	struct ioasid_amd_cmd c = IOASID_AMD_CMD_INIT;

	regs.flags = 0;
	ck_assert_int_eq(refused(OP(4), 0), IOASID_AMD_CMD_OPCODE);
	regs.efr &= ~PPRSUP;
	ck_assert_int_eq(refused(OP(7), 0), IOASID_AMD_CMD_OPCODE);
	regs.efr &= ~IASUP;
	ck_assert_int_eq(refused(OP(8), 0), IOASID_AMD_CMD_OPCODE);
	cmd(OP(3), GN);
	regs.efr &= ~GTSUP;
	ck_assert_int_eq(refused(OP(3), GN), IOASID_AMD_CMD_RESERVED);
	c.size--;
	ck_assert_int_eq(ioasid_amd_cmd_decode(&regs, raw, &c, NULL), -EINVAL);
}
END_TEST

static struct ioasid_amd_translation translation(enum ioasid_amd_kind kind, uint16_t domain,
						 uint32_t pasid)
{
	struct ioasid_amd_translation t = IOASID_AMD_TRANSLATION_INIT;

	t.kind = kind;
	t.domain = domain;
	t.pasid = pasid;
	return t;
}

static bool lookup_stale(struct ioasid_amd_cmd c, struct ioasid_amd_translation t)
{
	return ioasid_amd_cmd_is_lookup_stale(&c, 0x10, &t);
}

static bool mapping_stale(struct ioasid_amd_cmd c, struct ioasid_amd_translation t)
{
	return ioasid_amd_cmd_is_mapping_stale(&c, 0x10, &t);
}

START_TEST(stale_lookups)
{
	struct ioasid_amd_translation host = translation(IOASID_AMD_HOST, 7, IOASID_NO_PASID);
	struct ioasid_amd_translation guest = translation(IOASID_AMD_GUEST, 7, 5);
	struct ioasid_amd_translation none = translation(IOASID_AMD_BLOCKED, 0, 5);
	struct ioasid_amd_translation never = IOASID_AMD_TRANSLATION_INIT;

	ck_assert(lookup_stale(cmd(OP(2) | 0x10, 0), host));
	ck_assert(!lookup_stale(cmd(OP(2) | 0x11, 0), host));
	ck_assert(lookup_stale(cmd(OP(8), 0), host));
	ck_assert(!lookup_stale(cmd(OP(1), 0), host) && !lookup_stale(cmd(OP(5) | 0x10, 0), host));
	/* guest CR3 tables: of the domain and PASID, and not of leaves alone */
	ck_assert(lookup_stale(cmd(OP(3) | DOMAIN(7) | 5, GN | PDE), guest));
	ck_assert(!lookup_stale(cmd(OP(3) | DOMAIN(7) | 5, GN), guest));
	ck_assert(!lookup_stale(cmd(OP(3) | DOMAIN(7) | 6, GN | PDE), guest));
	ck_assert(!lookup_stale(cmd(OP(3) | DOMAIN(8) | 5, GN | PDE), guest));
	ck_assert(lookup_stale(cmd(OP(3) | DOMAIN(7), PDE), guest));
	ck_assert(!lookup_stale(cmd(OP(3) | DOMAIN(7), PDE), host));
	ck_assert(lookup_stale(cmd(OP(3) | DOMAIN(8) | 5, GN | PDE), none));
	ck_assert(!lookup_stale(cmd(OP(3) | DOMAIN(8) | 6, GN | PDE), none));
	never.pasid = 5;
	ck_assert(lookup_stale(cmd(OP(3) | DOMAIN(8) | 5, GN | PDE), never));
}
END_TEST

START_TEST(stale_mappings)
{
	static const enum ioasid_amd_kind guests[] = { IOASID_AMD_GUEST, IOASID_AMD_NESTED };
	struct ioasid_amd_translation t = translation(IOASID_AMD_HOST, 7, IOASID_NO_PASID);

	ck_assert(mapping_stale(cmd(OP(3) | DOMAIN(7), 0), t) && mapping_stale(cmd(OP(8), 0), t));
	ck_assert(!mapping_stale(cmd(OP(3) | DOMAIN(8), 0), t));
	ck_assert(!mapping_stale(cmd(OP(3) | DOMAIN(7), GN), t));
	ck_assert(!mapping_stale(cmd(OP(1), 0), t) && !mapping_stale(cmd(OP(2) | 0x10, 0), t));
	for (unsigned i = 0; i < 2; i++) {
		t = translation(guests[i], 7, 5);
		ck_assert(mapping_stale(cmd(OP(3) | DOMAIN(7), 0), t));
		ck_assert(mapping_stale(cmd(OP(3) | DOMAIN(7) | 5, GN), t));
		ck_assert(!mapping_stale(cmd(OP(3) | DOMAIN(7) | 6, GN), t));
		ck_assert(!mapping_stale(cmd(OP(3) | DOMAIN(8) | 5, GN), t));
	}
	t.kind = IOASID_AMD_BYPASS;
	ck_assert(!mapping_stale(cmd(OP(8), 0), t));
	t.kind = IOASID_AMD_BLOCKED;
	ck_assert(!mapping_stale(cmd(OP(3) | DOMAIN(7), 0), t));
}
END_TEST

START_TEST(stale_device_tlbs)
{
	struct ioasid_amd_translation t = translation(IOASID_AMD_GUEST, 7, 5);
	struct ioasid_amd_cmd one = cmd(OP(4) | 0x10 | (uint64_t)5 << 48, GN | 0x3000);
	struct ioasid_amd_cmd plain = cmd(OP(4) | 0x10, ~(BIT(12) - 1) | S);

	ck_assert(mapping_stale(one, t) && !mapping_stale(plain, t));
	ck_assert(!ioasid_amd_cmd_is_mapping_stale(&one, 0x11, &t));
	t.pasid = 0; /* of requests without */
	ck_assert(!mapping_stale(one, t) && mapping_stale(plain, t));
	t.pasid = IOASID_NO_PASID;
	ck_assert(!mapping_stale(one, t) && mapping_stale(plain, t));

	ck_assert_int_eq(ioasid_amd_cmd_add_device_tlb(&one, 0x11, 5, BATCH, DEVICE), 0);
	ck_assert_int_eq(ioasid_amd_cmd_add_device_tlb(&one, 0x10, 6, BATCH, DEVICE), 0);
	ck_assert_int_eq(ioasid_amd_cmd_add(&one, &t, BATCH, SPACE), 0);
	ck_assert_uint_eq(added.calls, 0);
	ck_assert_int_eq(ioasid_amd_cmd_add_device_tlb(&one, 0x10, 5, BATCH, DEVICE), 0);
	ck_assert(added.batch == BATCH && added.device == DEVICE && added.pasid == 5);
	ck_assert(added.iova == 0x3000 && added.length == 0x1000);
	ck_assert_int_eq(
		ioasid_amd_cmd_add_device_tlb(&plain, 0x10, IOASID_NO_PASID, BATCH, DEVICE), 0);
	ck_assert(added.pasid == IOASID_NO_PASID && added.iova == 0 && added.length == UINT64_MAX);
	one = cmd(OP(3), 0);
	ck_assert_int_eq(ioasid_amd_cmd_add_device_tlb(&one, 0, IOASID_NO_PASID, BATCH, DEVICE), 0);
	ck_assert_uint_eq(added.calls, 2);
	/* Linux, __domain_flush_pages(): of a domain with guest tables, PASID 0 is meant so */
	one = cmd(OP(4) | 0x10, GN | 0x3000);
	ck_assert_int_eq(ioasid_amd_cmd_add_device_tlb(&one, 0x10, IOASID_NO_PASID, BATCH, DEVICE),
			 0);
	ck_assert(added.pasid == IOASID_NO_PASID && added.iova == 0x3000);
	ck_assert_int_eq(ioasid_amd_cmd_add_device_tlb(&one, 0x10, 0, BATCH, DEVICE), 0);
	ck_assert_int_eq(ioasid_amd_cmd_add_device_tlb(&one, 0x10, 5, BATCH, DEVICE), 0);
	ck_assert_uint_eq(added.calls, 4);
}
END_TEST

START_TEST(batch_entries)
{
	struct ioasid_amd_translation t = translation(IOASID_AMD_HOST, 7, IOASID_NO_PASID);
	struct ioasid_amd_cmd c = cmd(OP(3) | DOMAIN(7), 0x5000);

	ck_assert_int_eq(ioasid_amd_cmd_add(&c, &t, BATCH, SPACE), 0);
	ck_assert(added.batch == BATCH && added.space == SPACE);
	ck_assert(!added.all && added.iova == 0x5000 && added.length == 0x1000);
	ck_assert_uint_eq(added.flags, IOASID_INV_LEAF_ONLY);
	c = cmd(OP(3) | DOMAIN(7), PDE | S | 0x7000);
	ck_assert_int_eq(ioasid_amd_cmd_add(&c, &t, BATCH, SPACE), -ENOMEM);
	ck_assert(added.iova == 0 && added.length == 0x10000 && added.flags == 0);
	c = cmd(OP(8), 0);
	ck_assert_int_eq(ioasid_amd_cmd_add(&c, &t, BATCH, SPACE), 0);
	ck_assert(added.all && added.flags == 0);
	c = cmd(OP(3) | DOMAIN(8), 0);
	ck_assert_int_eq(ioasid_amd_cmd_add(&c, &t, BATCH, SPACE), 0);
	ck_assert_uint_eq(added.calls, 3);
	/* addresses that host tables translate are not those of guest tables */
	t = translation(IOASID_AMD_NESTED, 7, 5);
	c = cmd(OP(3) | DOMAIN(7) | 5, GN | 0x5000);
	ck_assert_int_eq(ioasid_amd_cmd_add(&c, &t, BATCH, SPACE), 0);
	ck_assert(!added.all && added.iova == 0x5000);
	c = cmd(OP(3) | DOMAIN(7), 0x5000);
	ck_assert_int_eq(ioasid_amd_cmd_add(&c, &t, BATCH, SPACE), 0);
	ck_assert(added.all && added.calls == 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("amd-cmd");
	TCase *tcase = tcase_create("amd-cmd");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, waits);
	tcase_add_test(tcase, of_devices);
	tcase_add_test(tcase, of_pages);
	tcase_add_test(tcase, of_device_tlbs);
	tcase_add_test(tcase, illegal);
	tcase_add_test(tcase, not_supported);
	tcase_add_test(tcase, stale_lookups);
	tcase_add_test(tcase, stale_mappings);
	tcase_add_test(tcase, stale_device_tlbs);
	tcase_add_test(tcase, batch_entries);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
