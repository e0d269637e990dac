/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AMD's IOMMU: device table entries, guest CR3 tables, look-ups. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "amd_unit.h"
#include "errmsg.h"
#include "runner.h"

static struct ioasid_amd_regs regs;

/* A device table entry by its bits (2.2.2.1). */
static uint64_t entry[4];

static void put(unsigned high, unsigned low, uint64_t value)
{
	put_bits(entry, high, low, value);
}

/* Guest CR3 table: bits 60:58, 95:80 and 127:107 of the entry. */
static void put_gcr3(uint64_t address, unsigned levels)
{
	put(55, 55, 1);
	put(57, 56, levels - 1);
	put(60, 58, address >> 12);
	put(95, 80, address >> 15);
	put(127, 107, address >> 31);
}

/* Guest memory: words that are not 0, by address; host says who may read them. */
static struct word {
	uint64_t address, value;
	bool through_host;
} words[64];

static unsigned n_words, reads;
static uint64_t unreadable = UINT64_MAX;

static void store(uint64_t address, uint64_t value, bool through_host)
{
	words[n_words++] = (struct word){ address, value, through_host };
}

static void store_entry(uint16_t device)
{
	for (unsigned i = 0; i < 4; i++)
		store(0x100000 + 32 * (uint64_t)device + 8 * i, entry[i], false);
}

static int read_memory(void *opaque, const struct ioasid_amd_dte *host, uint64_t address,
		       void *buffer, size_t length)
{
	ck_assert_ptr_eq(opaque, words);
	ck_assert(length == 8 || length == 32);
	ck_assert_uint_eq(address % length, 0);
	ck_assert(!host || host->host_levels);
	reads++;
	if (address == unreadable)
		return -1;
	memset(buffer, 0, length);
	for (unsigned i = 0; i < n_words; i++) {
		uint64_t value = htole64(words[i].value);

		if (words[i].address < address || words[i].address >= address + length ||
		    words[i].through_host != (host != NULL))
			continue;
		memcpy((char *)buffer + (words[i].address - address), &value, 8);
	}
	return 0;
}

static void setup(void)
{
	regs = unit();
	memset(entry, 0, sizeof(entry));
	put(0, 0, 1); /* V */
	put(1, 1, 1); /* TV */
	put(62, 61, 3); /* IW, IR */
	put(79, 64, 0x1234);
	n_words = reads = 0;
	unreadable = UINT64_MAX;
}

static struct ioasid_amd_dte decoded(void)
{
	struct ioasid_amd_dte dte = IOASID_AMD_DTE_INIT;
	enum ioasid_amd_reason why;

	ck_assert_int_eq(ioasid_amd_dte_decode(&regs, entry, &dte, &why), 0);
	ck_assert_int_eq(why, IOASID_AMD_OK);
	return dte;
}

static enum ioasid_amd_reason refused(void)
{
	struct ioasid_amd_dte dte = IOASID_AMD_DTE_INIT;
	enum ioasid_amd_reason why;

	dte.domain = 0x5555;
	ck_assert_int_eq(ioasid_amd_dte_decode(&regs, entry, &dte, &why), -EINVAL);
	ck_assert_int_eq(ioasid_amd_dte_decode(&regs, entry, &dte, NULL), -EINVAL);
	ck_assert_uint_eq(dte.domain, 0x5555);
	return why;
}

static struct ioasid_amd_translation look(uint16_t device, uint32_t pasid)
{
	struct ioasid_amd_translation t = IOASID_AMD_TRANSLATION_INIT;

	reads = 0;
	errmsg_fail();
	ck_assert_int_eq(ioasid_amd_lookup(&regs, device, pasid, read_memory, words, &t), 0);
	errmsg_is_unchanged();
	ck_assert((t.kind == IOASID_AMD_BLOCKED) == (t.reason != IOASID_AMD_OK));
	return t;
}

static enum ioasid_amd_reason blocked(uint16_t device, uint32_t pasid)
{
	struct ioasid_amd_translation t = look(device, pasid);

	ck_assert_int_eq(t.kind, IOASID_AMD_BLOCKED);
	return t.reason;
}

START_TEST(entry_fields)
{
	struct ioasid_amd_dte dte;

	put(8, 7, 3);
	put(11, 9, 5);
	put(51, 12, UINT64_C(0xabcde12345));
	put(53, 53, 1);
	put(96, 96, 1);
	put(97, 97, 1);
	dte = decoded();
	ck_assert(!dte.page_requests);
	put(52, 52, 1);
	dte = decoded();
	ck_assert(dte.page_requests);
	ck_assert(dte.valid && dte.translation_valid && dte.readable && dte.writable);
	ck_assert(dte.device_tlb && dte.suppress && !dte.suppress_all && dte.response_pasid);
	ck_assert(dte.host_accessed && dte.host_dirty && !dte.guest);
	ck_assert_uint_eq(dte.domain, 0x1234);
	ck_assert_uint_eq(dte.host_levels, 5);
	ck_assert_uint_eq(dte.host_root, UINT64_C(0xabcde12345000));
	put(8, 7, 2); /* reserved */
	dte = decoded();
	ck_assert(!dte.host_accessed && !dte.host_dirty);
	put(8, 7, 1);
	put(61, 61, 0);
	put(98, 97, 2);
	regs.flags = 0;
	dte = decoded();
	ck_assert(!dte.readable && dte.writable && !dte.device_tlb);
	ck_assert(!dte.suppress && dte.suppress_all && dte.host_accessed && !dte.host_dirty);
}
END_TEST

START_TEST(entry_of_guest)
{
	struct ioasid_amd_dte dte;

	put_gcr3(UINT64_C(0xabcde12345000), 3);
	put(54, 54, 1);
	put(183, 182, 1);
	dte = decoded();
	ck_assert(dte.guest && dte.guest_without_pasid);
	ck_assert_uint_eq(dte.gcr3_levels, 3);
	ck_assert_uint_eq(dte.gcr3_root, UINT64_C(0xabcde12345000));
	ck_assert_uint_eq(dte.guest_levels, 5);
	ck_assert(dte.host_levels == 0 && dte.host_root == 0);
	regs.control = IOMMUEN;
	ck_assert(!decoded().guest);
}
END_TEST

START_TEST(entry_not_valid)
{
	struct ioasid_amd_dte dte;

	put(1, 1, 0);
	put(11, 9, 7);
	dte = decoded();
	ck_assert(dte.valid && !dte.translation_valid);
	memset(entry, 0xff, sizeof(entry));
	put(0, 0, 0);
	dte = decoded();
	ck_assert(!dte.valid && !dte.translation_valid && dte.domain == 0);
}
END_TEST

START_TEST(entry_levels)
{
	for (unsigned hats = 0; hats < 3; hats++)
		for (unsigned mode = 0; mode < 8; mode++) {
			regs.efr = HATS(hats);
			put(11, 9, mode);
			if (mode <= 4 + hats)
				ck_assert_uint_eq(decoded().host_levels, mode);
			else
				ck_assert_int_eq(refused(), IOASID_AMD_DTE_MODE);
		}
	setup();
	for (unsigned sup = 0; sup < 3; sup++)
		for (unsigned levels = 1; levels <= 4; levels++) {
			regs.efr = GTSUP | GLXSUP(sup);
			put_gcr3(0, levels);
			if (levels <= sup + 1)
				ck_assert_uint_eq(decoded().gcr3_levels, levels);
			else
				ck_assert_int_eq(refused(), IOASID_AMD_DTE_GLX);
		}
	setup();
	put_gcr3(0, 1);
	for (unsigned gats = 0; gats < 2; gats++)
		for (unsigned mode = 0; mode < 4; mode++) {
			regs.efr = GTSUP | GATS(gats);
			put(183, 182, mode);
			if (mode <= gats)
				ck_assert_uint_eq(decoded().guest_levels, 4 + mode);
			else
				ck_assert_int_eq(refused(), IOASID_AMD_DTE_GUEST_MODE);
		}
}
END_TEST

/* Bits that mean nothing, and bits that mean nothing without a feature. */
START_TEST(entry_reserved)
{
	static const uint8_t always[] = { 2, 3, 4, 5, 6, 63, 106 };
	static const struct {
		uint8_t bit;
		uint64_t efr;
	} needs[] = {
		{ 7, HDSUP },  { 8, HDSUP },   { 52, PPRSUP }, { 53, PPRSUP },	{ 54, GIOSUP },
		{ 55, GTSUP }, { 56, GTSUP },  { 60, GTSUP },  { 80, GTSUP },	{ 95, GTSUP },
		{ 107, GTSUP }, { 127, GTSUP },
	};

	for (size_t i = 0; i < sizeof(always); i++) {
		put(always[i], always[i], 1);
		ck_assert_int_eq(refused(), IOASID_AMD_DTE_RESERVED);
		put(always[i], always[i], 0);
	}
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		put(needs[i].bit, needs[i].bit, 1);
		regs.efr = needs[i].efr;
		decoded();
		regs.efr = unit().efr & ~needs[i].efr;
		ck_assert_int_eq(refused(), IOASID_AMD_DTE_RESERVED);
		put(needs[i].bit, needs[i].bit, 0);
	}
}
END_TEST

START_TEST(lookup_without_tables)
{
	struct ioasid_amd_translation t;

	store_entry(0x10);
	t = look(0x10, IOASID_NO_PASID);
	ck_assert_int_eq(t.kind, IOASID_AMD_BYPASS);
	ck_assert(t.readable && t.writable && t.domain == 0x1234 && reads == 1);
	/* an entry that says nothing, and a unit that is off */
	t = look(0x11, 5);
	ck_assert(t.kind == IOASID_AMD_BYPASS && t.readable && t.pasid == IOASID_NO_PASID);
	regs.control = 0;
	t = look(0x10, 5);
	ck_assert(t.kind == IOASID_AMD_BYPASS && t.writable && reads == 0);
}
END_TEST

START_TEST(lookup_of_host_table)
{
	struct ioasid_amd_translation t;

	put(11, 9, 3);
	put(51, 12, 0x3000 >> 12);
	put(61, 61, 0);
	put(96, 96, 1);
	store_entry(0x7ff);
	t = look(0x7ff, IOASID_NO_PASID);
	ck_assert_int_eq(t.kind, IOASID_AMD_HOST);
	ck_assert(t.host_levels == 3 && t.host_root == 0x3000 && t.domain == 0x1234);
	ck_assert(!t.readable && t.writable && t.device_tlb && t.pasid == IOASID_NO_PASID);
	ck_assert(t.guest_levels == 0 && t.guest_root == 0);
}
END_TEST

START_TEST(lookup_refused)
{
	ck_assert_int_eq(blocked(0x800, IOASID_NO_PASID), IOASID_AMD_DEVICE_RANGE);
	ck_assert_uint_eq(reads, 0);
	unreadable = 0x100000 + 32 * 0x10;
	ck_assert_int_eq(blocked(0x10, IOASID_NO_PASID), IOASID_AMD_DTE_ACCESS);
	ck_assert_uint_eq(look(0x10, IOASID_NO_PASID).entry, unreadable);
	ck_assert_uint_eq(look(0x10, IOASID_NO_PASID).domain, 0);
	unreadable = UINT64_MAX;
	put(98, 97, 3);
	put(1, 1, 0);
	store_entry(0x10);
	ck_assert_int_eq(blocked(0x10, IOASID_NO_PASID), IOASID_AMD_DTE_NO_TRANSLATION);
	ck_assert(look(0x10, IOASID_NO_PASID).suppress);
	ck_assert(look(0x10, IOASID_NO_PASID).suppress_all);
	ck_assert_uint_eq(look(0x10, IOASID_NO_PASID).domain, 0x1234);
	ck_assert_uint_eq(look(0x10, IOASID_NO_PASID).entry, 0);
	put(1, 1, 1);
	put(62, 61, 0);
	store_entry(0x11);
	ck_assert_int_eq(blocked(0x11, IOASID_NO_PASID), IOASID_AMD_DTE_PERMISSION);
	put(62, 61, 3);
	store_entry(0x12);
	ck_assert_int_eq(blocked(0x12, 5), IOASID_AMD_PASID_DISABLED);
	ck_assert_uint_eq(look(0x12, 5).pasid, 5);
	put(63, 63, 1);
	store_entry(0x13);
	ck_assert_int_eq(blocked(0x13, IOASID_NO_PASID), IOASID_AMD_DTE_RESERVED);
}
END_TEST

/* 2.2.6: nine bits of a PASID choose the entry at each level. */
START_TEST(lookup_of_guest_table)
{
	const uint32_t pasid = 3 << 18 | 5 << 9 | 7;
	struct ioasid_amd_translation t;

	put_gcr3(0x40000, 3);
	store_entry(0x10);
	store(0x40000 + 8 * 3, 0x50000 | 1, false);
	store(0x50000 + 8 * 5, 0x60000 | 1, false);
	store(0x60000 + 8 * 7, UINT64_C(0xfffff00070000) | 1, false);
	t = look(0x10, pasid);
	ck_assert_int_eq(t.kind, IOASID_AMD_GUEST);
	ck_assert(t.guest_levels == 4 && t.guest_root == UINT64_C(0xfffff00070000));
	ck_assert(t.pasid == pasid && t.domain == 0x1234 && reads == 4);
	/* without PASID there is no table */
	t = look(0x10, IOASID_NO_PASID);
	ck_assert(t.kind == IOASID_AMD_BYPASS && t.pasid == IOASID_NO_PASID && reads == 1);
	unreadable = 0x60000 + 8 * 7;
	ck_assert_int_eq(blocked(0x10, pasid), IOASID_AMD_GCR3_ACCESS);
	ck_assert_uint_eq(look(0x10, pasid).entry, 0x60000 + 8 * 7);
	ck_assert_int_eq(blocked(0x10, pasid + 1), IOASID_AMD_GCR3_ABSENT);
	ck_assert_int_eq(blocked(0x10, 0), IOASID_AMD_GCR3_ABSENT);
	regs.efr = (regs.efr & ~PASMAX(31)) | PASMAX(18);
	ck_assert_int_eq(blocked(0x10, pasid), IOASID_AMD_PASID_RANGE);
}
END_TEST

START_TEST(lookup_without_pasid_of_guest_table)
{
	struct ioasid_amd_translation t;

	regs.control |= GCR3TRP; /* of no meaning without a host table */
	put_gcr3(0x40000, 1);
	put(54, 54, 1);
	store_entry(0x10);
	store(0x40000, 0x50000 | 1, false);
	store(0x40008, 0x50000 | 1 | 1 << 11, false);
	store(0x40010, 0x50000 | 1 | BIT(52), false);
	t = look(0x10, IOASID_NO_PASID);
	ck_assert(t.kind == IOASID_AMD_GUEST && t.guest_root == 0x50000 && t.pasid == 0);
	ck_assert_int_eq(blocked(0x10, 1), IOASID_AMD_GCR3_RESERVED);
	ck_assert_int_eq(blocked(0x10, 2), IOASID_AMD_GCR3_RESERVED);
	ck_assert_int_eq(blocked(0x10, 511), IOASID_AMD_GCR3_ABSENT);
	ck_assert_int_eq(blocked(0x10, 512), IOASID_AMD_PASID_RANGE);
}
END_TEST

START_TEST(lookup_of_both_tables)
{
	struct ioasid_amd_translation t;

	put(11, 9, 4);
	put(51, 12, 0x3000 >> 12);
	put_gcr3(0x40000, 1);
	put(8, 7, 3); /* HAD */
	put(53, 52, 3); /* GPRP, PPR */
	store_entry(0x10);
	store(0x40000 + 8, 0x50000 | 1, false);
	store(0x40000 + 8, 0x60000 | 1, true);
	t = look(0x10, 1);
	ck_assert_int_eq(t.kind, IOASID_AMD_NESTED);
	ck_assert(t.host_levels == 4 && t.host_root == 0x3000 && t.guest_root == 0x50000);
	ck_assert(t.host_accessed && t.host_dirty && t.page_requests && t.response_pasid);
	unreadable = 0x40000 + 8;
	ck_assert_int_eq(blocked(0x10, 1), IOASID_AMD_GCR3_ACCESS);
	unreadable = UINT64_MAX;
	regs.control |= GCR3TRP;
	ck_assert_uint_eq(look(0x10, 1).guest_root, 0x60000);
	unreadable = 0x40000 + 8; /* the host table does not translate it */
	ck_assert_int_eq(blocked(0x10, 1), IOASID_AMD_GCR3_TRANSLATION);
	ck_assert_uint_eq(look(0x10, 1).entry, 0x40000 + 8);
	unreadable = UINT64_MAX;
	regs.efr2 = 0;
	ck_assert_uint_eq(look(0x10, 1).guest_root, 0x50000);
	ck_assert_int_eq(look(0x10, IOASID_NO_PASID).kind, IOASID_AMD_HOST);
}
END_TEST

START_TEST(page_tables)
{
	struct ioasid_amd_translation t = IOASID_AMD_TRANSLATION_INIT;
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;

	t.readable = t.writable = true;
	ck_assert_int_eq(ioasid_amd_translation_get_pgtable(&t, IOASID_PGTABLE_AMD_V1, &p),
			 -ENOENT);
	ck_assert_int_eq(ioasid_amd_translation_get_pgtable(&t, IOASID_PGTABLE_VTD_SS, &p),
			 -ENOENT);
	t.host_levels = 3;
	t.host_root = 0x3000;
	t.guest_levels = 5;
	t.guest_root = 0x5000;
	ck_assert_int_eq(ioasid_amd_translation_get_pgtable(&t, IOASID_PGTABLE_AMD_V1, &p), 0);
	ck_assert(p.format == IOASID_PGTABLE_AMD_V1 && p.levels == 3 && p.root == 0x3000);
	ck_assert_uint_eq(p.flags, 0);
	t.host_accessed = true;
	ck_assert_int_eq(ioasid_amd_translation_get_pgtable(&t, IOASID_PGTABLE_AMD_V1, &p), 0);
	ck_assert_uint_eq(p.flags, IOASID_PGTABLE_SET_ACCESSED);
	t.host_dirty = true;
	ck_assert_int_eq(ioasid_amd_translation_get_pgtable(&t, IOASID_PGTABLE_AMD_V1, &p), 0);
	ck_assert_uint_eq(p.flags, IOASID_PGTABLE_SET_ACCESSED | IOASID_PGTABLE_SET_DIRTY);
	ck_assert_int_eq(ioasid_amd_translation_get_pgtable(&t, IOASID_PGTABLE_AMD_V2, &p), 0);
	ck_assert(p.format == IOASID_PGTABLE_AMD_V2 && p.levels == 5 && p.root == 0x5000);
	ck_assert_uint_eq(p.flags, 0);
	t.host_levels = 6;
	ck_assert_int_eq(ioasid_amd_translation_get_pgtable(&t, IOASID_PGTABLE_AMD_V1, &p),
			 -EOPNOTSUPP);
	t.writable = false;
	ck_assert_int_eq(ioasid_amd_translation_get_pgtable(&t, IOASID_PGTABLE_AMD_V2, &p),
			 -EOPNOTSUPP);
	ck_assert_uint_eq(p.root, 0x5000);
}
END_TEST

START_TEST(sizes)
{
	struct ioasid_amd_translation t = IOASID_AMD_TRANSLATION_INIT;
	struct ioasid_amd_dte dte = IOASID_AMD_DTE_INIT;
	struct ioasid_pgtable p = { .size = sizeof(p) - 1 };

	ck_assert_int_eq(ioasid_amd_lookup(&regs, 0, 1 << 20, read_memory, words, &t), -EINVAL);
	t.size--;
	ck_assert_int_eq(ioasid_amd_lookup(&regs, 0, 0, read_memory, words, &t), -EINVAL);
	ck_assert_int_eq(ioasid_amd_translation_get_pgtable(&t, IOASID_PGTABLE_AMD_V1, &p),
			 -EINVAL);
	dte.size--;
	ck_assert_int_eq(ioasid_amd_dte_decode(&regs, entry, &dte, NULL), -EINVAL);
	ck_assert_uint_eq(reads, 0);
}
END_TEST

/* 2.5.2 to 2.5.8 */
START_TEST(reasons)
{
	static const uint8_t codes[] = {
		[IOASID_AMD_OK] = 0,
		[IOASID_AMD_DEVICE_RANGE] = 1,
		[IOASID_AMD_DTE_ACCESS] = 3,
		[IOASID_AMD_DTE_NO_TRANSLATION] = 2,
		[IOASID_AMD_DTE_PERMISSION] = 2,
		[IOASID_AMD_DTE_RESERVED] = 1,
		[IOASID_AMD_DTE_MODE] = 1,
		[IOASID_AMD_DTE_GLX] = 1,
		[IOASID_AMD_DTE_GUEST_MODE] = 1,
		[IOASID_AMD_PASID_DISABLED] = 2,
		[IOASID_AMD_PASID_RANGE] = 2,
		[IOASID_AMD_GCR3_ACCESS] = 4,
		[IOASID_AMD_GCR3_ABSENT] = 2,
		[IOASID_AMD_GCR3_RESERVED] = 2,
		[IOASID_AMD_GCR3_TRANSLATION] = 2,
		[IOASID_AMD_CMD_OPCODE] = 5,
		[IOASID_AMD_CMD_RESERVED] = 5,
		[IOASID_AMD_CMD_ACCESS] = 6,
		[IOASID_AMD_CMD_TIMEOUT] = 7,
	};

	for (unsigned i = 0; i < sizeof(codes); i++) {
		ck_assert_uint_eq(ioasid_amd_reason_get_code((enum ioasid_amd_reason)i), codes[i]);
		ck_assert_str_ne(ioasid_amd_reason_text((enum ioasid_amd_reason)i),
				 "unknown reason");
	}
	ck_assert_uint_eq(ioasid_amd_reason_get_code((enum ioasid_amd_reason)99), 0);
	ck_assert_str_eq(ioasid_amd_reason_text((enum ioasid_amd_reason)99), "unknown reason");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("amd-tables");
	TCase *tcase = tcase_create("amd-tables");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, entry_fields);
	tcase_add_test(tcase, entry_of_guest);
	tcase_add_test(tcase, entry_not_valid);
	tcase_add_test(tcase, entry_levels);
	tcase_add_test(tcase, entry_reserved);
	tcase_add_test(tcase, lookup_without_tables);
	tcase_add_test(tcase, lookup_of_host_table);
	tcase_add_test(tcase, lookup_refused);
	tcase_add_test(tcase, lookup_of_guest_table);
	tcase_add_test(tcase, lookup_without_pasid_of_guest_table);
	tcase_add_test(tcase, lookup_of_both_tables);
	tcase_add_test(tcase, page_tables);
	tcase_add_test(tcase, sizes);
	tcase_add_test(tcase, reasons);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
