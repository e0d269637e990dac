/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AMD's IOMMU: look-ups of random tables, against one that is written down bit by bit. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "amd_unit.h"
#include "any.h"
#include "runner.h"

#define ROUNDS 200000

static struct ioasid_amd_regs regs;

/* The entry of the one device, and what an entry of a guest CR3 table at some address is. */
static uint64_t entry[4], salt;

static uint64_t gcr3_word(uint64_t address, bool host)
{
	uint64_t h = (address ^ salt ^ (host ? 0x55 : 0)) * UINT64_C(0x9e3779b97f4a7c15);

	h ^= h >> 29;
	if (h % 16 == 0) /* any bits */
		return h | 1;
	return (h & UINT64_C(0xfffffffff000)) | (h % 16 != 1);
}

static bool gcr3_is_there(uint64_t address)
{
	return (address >> 3 ^ salt) % 32 != 0;
}

static int read_memory(void *opaque, const struct ioasid_amd_dte *host, uint64_t address,
		       void *buffer, size_t length)
{
	uint64_t words[4];

	(void)opaque;
	if (length == 8) {
		if (!gcr3_is_there(address))
			return -1;
		words[0] = htole64(gcr3_word(address, host != NULL));
	} else {
		ck_assert(!host && length == 32 && address == 0x100000 + 32 * 0x10);
		for (int i = 0; i < 4; i++)
			words[i] = htole64(entry[i]);
	}
	memcpy(buffer, words, length);
	return 0;
}

/* Bits high:low of the entry, one after the other. */
static uint64_t bits(unsigned high, unsigned low)
{
	uint64_t value = 0;

	for (unsigned i = high + 1; i-- > low;)
		value = value << 1 | (entry[i / 64] >> i % 64 & 1);
	return value;
}

static bool has(unsigned efr_bit)
{
	return regs.efr >> efr_bit & 1;
}

static bool entry_has_reserved(void)
{
	for (unsigned i = 0; i < 128; i++) {
		bool guest = (i >= 55 && i <= 60) || (i >= 80 && i <= 95) || i >= 107;
		bool reserved = (i >= 2 && i <= 6) || i == 63 || i == 106;

		if (i == 7 || i == 8)
			reserved = !has(49) && !has(52);
		else if (i == 52 || i == 53)
			reserved = !has(1) && !has(50);
		else if (i == 54)
			reserved = !has(48);
		else if (guest)
			reserved = !has(4);
		if (reserved && bits(i, i))
			return true;
	}
	return false;
}

static const unsigned most_host[] = { 4, 5, 6, 6 }, most_glx[] = { 1, 2, 3, 3 };

static enum ioasid_amd_reason judge_entry(void)
{
	if (entry_has_reserved())
		return IOASID_AMD_DTE_RESERVED;
	if (!bits(1, 1))
		return IOASID_AMD_DTE_NO_TRANSLATION;
	if (bits(11, 9) == 7 || bits(11, 9) > most_host[regs.efr >> 10 & 3])
		return IOASID_AMD_DTE_MODE;
	if (!bits(55, 55) || !(regs.control >> 16 & 1))
		return IOASID_AMD_OK;
	if (bits(57, 56) + 1 > most_glx[regs.efr >> 14 & 3])
		return IOASID_AMD_DTE_GLX;
	if (bits(183, 182) > (has(12) || has(13)))
		return IOASID_AMD_DTE_GUEST_MODE;
	return IOASID_AMD_OK;
}

static enum ioasid_amd_reason judge_guest(uint64_t pasid, uint64_t *cr3)
{
	uint64_t at = bits(60, 58) << 12 | bits(95, 80) << 15 | bits(127, 107) << 31;
	bool host = bits(11, 9) && regs.efr2 & 8 && regs.control >> 58 & 1;
	int shift = 9 * (int)bits(57, 56);

	if (pasid >= BIT((regs.efr >> 32 & 31) + 1) || pasid >= BIT(shift + 9))
		return IOASID_AMD_PASID_RANGE;
	for (; shift >= 0; shift -= 9) {
		uint64_t where = at + (pasid >> shift) % 512 * 8, word = gcr3_word(where, host);

		if (!gcr3_is_there(where))
			return host ? IOASID_AMD_GCR3_TRANSLATION : IOASID_AMD_GCR3_ACCESS;
		if (word % 2 == 0)
			return IOASID_AMD_GCR3_ABSENT;
		if (word >> 52 || word % 4096 != 1)
			return IOASID_AMD_GCR3_RESERVED;
		at = word - 1;
	}
	*cr3 = at;
	return IOASID_AMD_OK;
}

static bool is_illegal(enum ioasid_amd_reason reason)
{
	return ioasid_amd_reason_get_code(reason) == 1;
}

static struct ioasid_amd_translation judge(uint32_t pasid)
{
	struct ioasid_amd_translation t = IOASID_AMD_TRANSLATION_INIT;
	bool guest = bits(55, 55) && regs.control >> 16 & 1;
	bool use = guest && (pasid != IOASID_NO_PASID || bits(54, 54));
	enum ioasid_amd_reason bad = judge_entry();

	t.kind = IOASID_AMD_BLOCKED;
	if (!is_illegal(bad))
		t.domain = (uint16_t)bits(79, 64);
	if (bad == IOASID_AMD_OK && !bits(62, 61))
		bad = IOASID_AMD_DTE_PERMISSION;
	if (bad == IOASID_AMD_OK && pasid != IOASID_NO_PASID && !guest)
		bad = IOASID_AMD_PASID_DISABLED;
	if (bad == IOASID_AMD_OK && use)
		bad = judge_guest(pasid == IOASID_NO_PASID ? 0 : pasid, &t.guest_root);
	t.reason = bad;
	if (bad != IOASID_AMD_OK)
		return t;
	t.host_levels = (uint32_t)bits(11, 9);
	t.host_root = t.host_levels ? bits(51, 12) << 12 : 0;
	t.guest_levels = use ? 4 + (uint32_t)bits(183, 182) : 0;
	t.kind = use ? (t.host_levels ? IOASID_AMD_NESTED : IOASID_AMD_GUEST) :
		 t.host_levels ? IOASID_AMD_HOST : IOASID_AMD_BYPASS;
	return t;
}

static void make_case(void)
{
	regs = unit();
	if (one_in(2))
		regs.efr = any();
	if (one_in(2))
		regs.control = any() | IOMMUEN;
	if (one_in(4))
		regs.efr2 = any();
	salt = any();
	for (int i = 0; i < 4; i++)
		entry[i] = any();
	entry[0] |= 1;
	if (!one_in(8))
		entry[0] |= 2;
	if (!one_in(8)) { /* what is reserved on any unit */
		entry[0] &= ~(BIT(63) | 0x7c);
		entry[1] &= ~BIT(42);
	}
	if (!has(4) && !one_in(4)) {
		put_bits(entry, 60, 55, 0);
		put_bits(entry, 95, 80, 0);
		put_bits(entry, 127, 107, 0);
	}
	if (one_in(2))
		put_bits(entry, 183, 182, any() & 1);
}

START_TEST(random_tables)
{
	unsigned seen[IOASID_AMD_CMD_RESERVED + 1] = { 0 }, kinds[6] = { 0 };

	for (int i = 0; i < ROUNDS; i++) {
		struct ioasid_amd_translation t = IOASID_AMD_TRANSLATION_INIT, expected;
		uint32_t pasid = IOASID_NO_PASID;

		make_case();
		if (!one_in(3))
			pasid = (uint32_t)(any() & 0xfffff) >> any() % 20;
		expected = judge(pasid);
		ck_assert_int_eq(ioasid_amd_lookup(&regs, 0x10, pasid, read_memory, NULL, &t), 0);
		ck_assert_msg(t.kind == expected.kind && t.reason == expected.reason,
			      "round %d: kind %d, expected %d; reason %d, expected %d", i,
			      (int)t.kind, (int)expected.kind, (int)t.reason, (int)expected.reason);
		ck_assert_uint_eq(t.host_levels, expected.host_levels);
		ck_assert_uint_eq(t.host_root, expected.host_root);
		ck_assert_uint_eq(t.guest_levels, expected.guest_levels);
		if (expected.kind != IOASID_AMD_BLOCKED)
			ck_assert_uint_eq(t.guest_root, expected.guest_root);
		ck_assert_uint_eq(t.domain, expected.domain);
		ck_assert_int_eq(t.entry != 0, t.reason == IOASID_AMD_GCR3_ACCESS ||
						       t.reason == IOASID_AMD_GCR3_TRANSLATION);
		seen[t.reason]++;
		kinds[t.kind]++;
	}
	for (int i = IOASID_AMD_DTE_NO_TRANSLATION; i < IOASID_AMD_CMD_OPCODE; i++)
		ck_assert_msg(seen[i], "reason %d was never seen", i);
	for (int i = IOASID_AMD_BLOCKED; i <= IOASID_AMD_NESTED; i++)
		ck_assert_msg(kinds[i], "kind %d was never seen", i);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("amd-random");
	TCase *tcase = tcase_create("amd-random");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, random_tables);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
