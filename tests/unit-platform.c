/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Platform descriptions: the builder, and its checks at the door. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emulated/platform.h"
#include "runner.h"
#include "util/alloc.h"
#include "util/err.h"

#define PAGE UINT64_C(4096)

static struct ioasid_platform *platform;
static size_t blocks_before;

static void setup(void)
{
	blocks_before = mem_live_blocks();
	ck_assert_int_eq(ioasid_platform_new(&platform), 0);
}

static void teardown(void)
{
	ioasid_platform_free(platform);
	ck_assert_uint_eq(mem_live_blocks(), blocks_before);
}

static char *text_of(const struct ioasid_platform *p)
{
	size_t length = ioasid_platform_format(p, NULL, 0);
	char *text = malloc(length + 1);

	ck_assert_uint_eq(ioasid_platform_format(p, text, length + 1), length);
	ck_assert_uint_eq(strlen(text), length);
	return text;
}

/* The call fails so, says something that has @word in it, and leaves the description alone. */
#define refused(call, error, word)                                                             \
	do {                                                                                   \
		char *before_ = text_of(platform), *after_;                                    \
		int rc_ = (call);                                                              \
		ck_assert_msg(rc_ == -(error), "%s is %d, expected %d", #call, rc_, -(error)); \
		ck_assert_msg(strstr(err_text(), word), "\"%s\" lacks %s", err_text(), word);  \
		after_ = text_of(platform);                                                    \
		ck_assert_str_eq(before_, after_);                                             \
		free(before_);                                                                 \
		free(after_);                                                                  \
	} while (0)

static int add_iommu(const char *name)
{
	struct ioasid_platform_iommu iommu = IOASID_PLATFORM_IOMMU_INIT;

	iommu.name = name;
	iommu.pasid_bits = 16;
	return ioasid_platform_add_iommu(platform, &iommu);
}

static int add_device(const char *name, const char *iommu, uint32_t requester, uint32_t group)
{
	struct ioasid_platform_device device = IOASID_PLATFORM_DEVICE_INIT;

	device.name = name;
	device.iommu = iommu;
	device.requester = requester;
	device.group = group;
	return ioasid_platform_add_device(platform, &device);
}

START_TEST(a_new_description_is_empty)
{
	char *text = text_of(platform);

	ck_assert_str_eq(text, "");
	ck_assert_ptr_null(platform_find_iommu(platform, "iommu0"));
	ck_assert_ptr_null(platform_find_device(platform, "0000:00:01.0"));
	free(text);
}
END_TEST

START_TEST(zeros_of_an_iommu_stand_for_the_defaults)
{
	struct ioasid_platform_iommu iommu = IOASID_PLATFORM_IOMMU_INIT;
	const struct platform_iommu *found;
	struct ioasid_platform *copy;

	iommu.name = "iommu0";
	ck_assert_int_eq(ioasid_platform_add_iommu(platform, &iommu), 0);
	copy = platform_copy(platform);
	found = platform_find_iommu(copy, "iommu0");
	ck_assert_uint_eq(found->address_bits, 48);
	ck_assert_uint_eq(found->pasid_bits, 0);
	ck_assert_uint_eq(found->pgtable_formats, 1u << IOASID_PGTABLE_VTD_SS |
			  1u << IOASID_PGTABLE_VTD_FS | 1u << IOASID_PGTABLE_ARM_S1 |
			  1u << IOASID_PGTABLE_ARM_S2 | 1u << IOASID_PGTABLE_AMD_V1 |
			  1u << IOASID_PGTABLE_AMD_V2 | 1u << IOASID_PGTABLE_RISCV |
			  1u << IOASID_PGTABLE_RISCV_S2);
	ck_assert(!found->no_nesting);
	ioasid_platform_free(copy);
}
END_TEST

START_TEST(names_are_plain_and_bounded)
{
	static const char longest[] =
		"abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	static const char *const wrong[] = {
		"", "a b", "a=b", "a#", "a/b", "a\n", "\xc3\xa9", "a,b", "a\"", "\x7f", longest,
	};
	static const char *const right[] = { "a", "0000:00:01.0", "-_.:9Z", longest + 1 };
	size_t i;

	ck_assert_uint_eq(strlen(longest), 64);
	refused(add_iommu(NULL), EINVAL, "IOMMU without a name");
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		refused(add_iommu(wrong[i]), EINVAL, "IOMMU");
	for (i = 0; i < sizeof(right) / sizeof(*right); i++)
		ck_assert_int_eq(add_iommu(right[i]), 0);
	refused(add_device(NULL, "a", 0, 0), EINVAL, "device without a name");
	refused(add_device(longest, "a", 0, 0), EINVAL, "63 characters");
}
END_TEST

START_TEST(iommus_and_devices_share_their_names)
{
	ck_assert_int_eq(add_iommu("one"), 0);
	ck_assert_int_eq(add_device("two", "one", 0, 0), 0);
	refused(add_iommu("one"), EEXIST, "one");
	refused(add_iommu("two"), EEXIST, "two");
	refused(add_device("one", "one", 0, 0), EEXIST, "one");
	refused(add_device("two", "one", 0, 0), EEXIST, "two");
}
END_TEST

/* One member of an IOMMU, out of range or just not. */
static int iommu_with(uint32_t address_bits, uint32_t pasid_bits, uint64_t formats)
{
	static unsigned int count;
	struct ioasid_platform_iommu iommu = IOASID_PLATFORM_IOMMU_INIT;
	char name[16];

	snprintf(name, sizeof(name), "iommu%u", count++);
	iommu.name = name;
	iommu.address_bits = address_bits;
	iommu.pasid_bits = pasid_bits;
	iommu.pgtable_formats = formats;
	return ioasid_platform_add_iommu(platform, &iommu);
}

START_TEST(members_of_an_iommu_have_ranges)
{
	refused(iommu_with(31, 0, 0), EINVAL, "31 address bits");
	refused(iommu_with(60, 0, 0), EINVAL, "60 address bits");
	refused(iommu_with(UINT32_MAX, 0, 0), EINVAL, "address bits");
	refused(iommu_with(0, 21, 0), EINVAL, "21 PASID bits");
	refused(iommu_with(0, 0, 1), EINVAL, "bit 0");
	refused(iommu_with(0, 0, UINT64_C(1) << 63), EINVAL, "bit 63");
	ck_assert_int_eq(iommu_with(32, 1, 1u << IOASID_PGTABLE_VTD_SS), 0);
	ck_assert_int_eq(iommu_with(59, 20, 1u << IOASID_PGTABLE_VTD_FS), 0);
}
END_TEST

static int iommu_caching(bool nests, struct ioasid_platform_iotlb iotlb)
{
	struct ioasid_platform_iommu iommu = IOASID_PLATFORM_IOMMU_INIT;

	iommu.name = "caches";
	iommu.hardware_nesting = nests;
	iommu.iotlb = iotlb;
	return ioasid_platform_add_iommu(platform, &iommu);
}

#define CACHING(nests, ...) iommu_caching(nests, (struct ioasid_platform_iotlb){ __VA_ARGS__ })

START_TEST(caches_have_ranges)
{
	struct ioasid_platform_device device = IOASID_PLATFORM_DEVICE_INIT;
	const struct platform_iommu *iommu;
	struct ioasid_platform *copy;

	refused(CACHING(true, .entries = 3), EINVAL, "3 entries");
	refused(CACHING(true, .entries = 131072), EINVAL, "131072 entries");
	refused(CACHING(true, .ways = 6), EINVAL, "6 ways");
	refused(CACHING(true, .ways = 128), EINVAL, "128 ways");
	refused(CACHING(true, .entries = 2, .ways = 4), EINVAL, "4 ways of 2");
	refused(CACHING(true, .replacement = 3), EINVAL, "replacement 3");
	refused(CACHING(true, .structures = 1025), EINVAL, "1025");
	refused(CACHING(false, .structures = 1), EINVAL, "nesting in hardware");
	ck_assert_int_eq(CACHING(true, .entries = 4), 0);
	copy = platform_copy(platform);
	iommu = platform_find_iommu(copy, "caches");
	ck_assert_uint_eq(iommu->iotlb.entries, 4);
	ck_assert_uint_eq(iommu->iotlb.ways, 4);
	ck_assert_int_eq(iommu->iotlb.replacement, IOASID_REPLACE_LRU);
	ioasid_platform_free(copy);

	ck_assert_int_eq(add_iommu("plain"), 0);
	device.name = "cached";
	device.iommu = "plain";
	device.device_tlb = 4;
	refused(ioasid_platform_add_device(platform, &device), EINVAL, "plain does not nest");
	device.iommu = "caches";
	device.device_tlb = 5;
	refused(ioasid_platform_add_device(platform, &device), EINVAL, "5 entries");
	device.device_tlb = 0;
	device.device_tlb_explicit = true;
	refused(ioasid_platform_add_device(platform, &device), EINVAL, "does not have");
	device.device_tlb = 65536;
	ck_assert_int_eq(ioasid_platform_add_device(platform, &device), 0);
}
END_TEST

START_TEST(structures_may_be_shorter_or_longer)
{
	struct {
		struct ioasid_platform_iommu known;
		uint64_t newer;
	} from;
	struct ioasid_platform_iommu *iommu = &from.known;
	const struct platform_iommu *found;

	memset(&from, 0, sizeof(from));
	iommu->name = "short";
	iommu->address_bits = 99;
	refused(ioasid_platform_add_iommu(platform, iommu), EINVAL, "size 0");
	iommu->size = sizeof(size_t) - 1;
	refused(ioasid_platform_add_iommu(platform, iommu), EINVAL,
		sizeof(size_t) == 8 ? "size 7" : "size 3");
	iommu->size = SIZE_MAX;
	refused(ioasid_platform_add_iommu(platform, iommu), E2BIG, "size");
	iommu->size = offsetof(struct ioasid_platform_iommu, address_bits);
	ck_assert_int_eq(ioasid_platform_add_iommu(platform, iommu), 0);
	found = platform_find_iommu(platform, "short");
	ck_assert_uint_eq(found->address_bits, 48);

	iommu->name = "long";
	iommu->address_bits = 39;
	iommu->size = sizeof(from);
	from.newer = 1;
	refused(ioasid_platform_add_iommu(platform, iommu), E2BIG, "byte");
	from.newer = 0;
	ck_assert_int_eq(ioasid_platform_add_iommu(platform, iommu), 0);
	found = platform_find_iommu(platform, "long");
	ck_assert_uint_eq(found->address_bits, 39);
}
END_TEST

START_TEST(devices_are_checked)
{
	struct ioasid_platform_device device = IOASID_PLATFORM_DEVICE_INIT;

	ck_assert_int_eq(add_iommu("iommu0"), 0);
	ck_assert_int_eq(add_iommu("iommu1"), 0);
	refused(add_device("gpu", NULL, 0, 0), EINVAL, "gpu");
	refused(add_device("gpu", "nowhere", 0, 0), ENOENT, "nowhere");
	refused(add_device("gpu", "iommu0", 0x10000, 0), EINVAL, "0x10000");
	refused(add_device("0000:00:20.0", "iommu0", 0, 0), EINVAL, "0000:00:20.0");
	refused(add_device("0000:00:1f.8", "iommu0", 0, 0), EINVAL, "0000:00:1f.8");

	device.name = "gpu";
	device.iommu = "iommu0";
	device.pasid_bits = 17;
	refused(ioasid_platform_add_device(platform, &device), EINVAL, "17 PASID bits");
	device.pasid_bits = 16;
	device.page_requests = 513;
	refused(ioasid_platform_add_device(platform, &device), EINVAL, "513 page requests");
	device.page_requests = 512;
	ck_assert_int_eq(ioasid_platform_add_device(platform, &device), 0);
	device.size = 0;
	refused(ioasid_platform_add_device(platform, &device), EINVAL, "size 0");

	ck_assert_int_eq(add_device("nic", "iommu0", 0x10, 7), 0);
	refused(add_device("hba", "iommu0", 0x10, 0), EEXIST, "0x10 is that of nic");
	refused(add_device("0000:00:02.0", "iommu0", 0, 0), EEXIST, "0x10 is that of nic");
	ck_assert_int_eq(add_device("hba", "iommu1", 0x10, 0), 0);
	refused(add_device("usb", "iommu1", 0, 7), EINVAL, "group 7 is behind iommu0");
	ck_assert_int_eq(add_device("usb", "iommu0", 0, 7), 0);
}
END_TEST

static uint32_t requester_of(const char *name)
{
	struct ioasid_platform *copy = platform_copy(platform);
	uint32_t requester = platform_find_device(copy, name)->requester;

	ioasid_platform_free(copy);
	return requester;
}

/* What is reserved can come to mean something: who has set it would be surprised. */
START_TEST(reserved_members_are_zero)
{
	struct ioasid_platform_iommu iommu = IOASID_PLATFORM_IOMMU_INIT;
	struct ioasid_platform_device device = IOASID_PLATFORM_DEVICE_INIT;
	struct ioasid_platform_failure failure = IOASID_PLATFORM_FAILURE_INIT;

	iommu.name = "unit";
	iommu.reserved[2] = 1;
	refused(ioasid_platform_add_iommu(platform, &iommu), EINVAL, "unit: reserved");
	iommu.reserved[2] = 0;
	iommu.hardware_nesting = true;
	iommu.iotlb.reserved = 1;
	refused(ioasid_platform_add_iommu(platform, &iommu), EINVAL, "unit: reserved");
	iommu.iotlb.reserved = 0;
	ck_assert_int_eq(ioasid_platform_add_iommu(platform, &iommu), 0);

	device.name = "disk";
	device.iommu = "unit";
	device.reserved[0] = 1;
	refused(ioasid_platform_add_device(platform, &device), EINVAL, "disk: reserved");
	device.reserved[0] = 0;
	device.reserved2 = 1;
	refused(ioasid_platform_add_device(platform, &device), EINVAL, "disk: reserved");
	device.reserved2 = 0;
	ck_assert_int_eq(ioasid_platform_add_device(platform, &device), 0);

	failure.operation = IOASID_OP_MAP;
	failure.reserved[6] = 1;
	refused(ioasid_platform_add_failure(platform, &failure), EINVAL, "map: reserved");
	failure.reserved[6] = 0;
	ck_assert_int_eq(ioasid_platform_add_failure(platform, &failure), 0);
}
END_TEST

START_TEST(a_pci_address_gives_the_requester_id)
{
	static const struct {
		const char *name;
		uint32_t requester;
	} known[] = {
		{ "0000:00:00.0", 0 },
		{ "0000:00:00.1", 1 },
		{ "0000:00:01.0", 0x8 },
		{ "0000:3a:02.1", 0x3a11 },
		{ "00A1:0C:1D.2", 0x0cea },
		{ "ffff:ff:1f.7", 0xffff },
	};
	size_t i;

	ck_assert_int_eq(add_iommu("iommu0"), 0);
	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		ck_assert_int_eq(add_device(known[i].name, "iommu0", 0, 0), 0);
		ck_assert_uint_eq(requester_of(known[i].name), known[i].requester);
	}
	ck_assert_int_eq(add_device("0000:01:00.0", "iommu0", 0x77, 0), 0);
	ck_assert_uint_eq(requester_of("0000:01:00.0"), 0x77);
}
END_TEST

START_TEST(counts_are_bounded)
{
	char name[16];
	int i;

	for (i = 0; i < 64; i++) {
		snprintf(name, sizeof(name), "iommu%d", i);
		ck_assert_int_eq(add_iommu(name), 0);
	}
	refused(add_iommu("more"), E2BIG, "64 IOMMUs");
	for (i = 0; i < 4096; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		ck_assert_int_eq(add_device(name, "iommu0", 0, 0), 0);
	}
	refused(add_device("more", "iommu0", 0, 0), E2BIG, "4096 devices");
	for (i = 0; i < 4096; i++)
		ck_assert_int_eq(ioasid_platform_add_reserved(platform, "d7", 0, PAGE), 0);
	refused(ioasid_platform_add_reserved(platform, "d7", 0, PAGE), E2BIG, "4096 reserved");
	refused(ioasid_platform_set_pasid_pool(platform, 1 << 20), EINVAL, "at most 1048575");
	ck_assert_uint_eq(requester_of("d4095"), 4096 * 8);
	ck_assert_str_eq(platform_find_device(platform, "d4095")->name, "d4095");
}
END_TEST

START_TEST(reserved_ranges_are_checked)
{
	ck_assert_int_eq(add_iommu("iommu0"), 0);
	refused(ioasid_platform_add_reserved(platform, "x", 0, PAGE), ENOENT, "x");
	refused(ioasid_platform_add_reserved(platform, NULL, 0, PAGE), ENOENT, "no IOMMU");
	refused(ioasid_platform_add_reserved(platform, "iommu0", 0, 0), EINVAL, "iommu0");
	refused(ioasid_platform_add_reserved(platform, "iommu0", 0, 1), EINVAL, "4096");
	refused(ioasid_platform_add_reserved(platform, "iommu0", 8, PAGE), EINVAL, "4096");
	refused(ioasid_platform_add_reserved(platform, "iommu0", -PAGE, 2 * PAGE), EOVERFLOW,
		"past the end");
	ck_assert_int_eq(ioasid_platform_add_reserved(platform, "iommu0", -PAGE, PAGE), 0);
}
END_TEST

/* Runs @step with the first, second, ... allocation failing, until one goes through. */
static void starve(int (*step)(void))
{
	unsigned long n;
	int ret;

	for (n = 1; n < 100; n++) {
		char *before = text_of(platform), *after;
		size_t blocks = mem_live_blocks();

		mem_fail_nth(n);
		ret = step();
		if (mem_fail_nth(0)) {
			free(before);
			ck_assert_int_eq(ret, 0);
			return;
		}
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_uint_eq(mem_live_blocks(), blocks);
		after = text_of(platform);
		ck_assert_str_eq(before, after);
		free(before);
		free(after);
	}
	ck_abort_msg("never enough memory");
}

static int step_add_iommu(void)
{
	return add_iommu("iommu0");
}

static int step_add_device(void)
{
	return add_device("a", "iommu0", 0, 0);
}

static int step_add_reserved(void)
{
	return ioasid_platform_add_reserved(platform, "a", 0, PAGE);
}

static int step_new(void)
{
	struct ioasid_platform *p = platform;
	int ret = ioasid_platform_new(&p);

	ck_assert(!ret || p == platform);
	ioasid_platform_free(ret ? NULL : p);
	return ret;
}

static int step_default(void)
{
	struct ioasid_platform *p = platform;
	int ret = ioasid_platform_new_default(&p);

	ck_assert(!ret || p == platform);
	ioasid_platform_free(ret ? NULL : p);
	return ret;
}

START_TEST(want_of_memory_changes_nothing)
{
	starve(step_new);
	starve(step_add_iommu);
	starve(step_add_device);
	starve(step_add_reserved);
	starve(step_default);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("platform");
	TCase *tc = tcase_create("builder");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_new_description_is_empty);
	tcase_add_test(tc, zeros_of_an_iommu_stand_for_the_defaults);
	tcase_add_test(tc, names_are_plain_and_bounded);
	tcase_add_test(tc, iommus_and_devices_share_their_names);
	tcase_add_test(tc, members_of_an_iommu_have_ranges);
	tcase_add_test(tc, caches_have_ranges);
	tcase_add_test(tc, structures_may_be_shorter_or_longer);
	tcase_add_test(tc, devices_are_checked);
	tcase_add_test(tc, reserved_members_are_zero);
	tcase_add_test(tc, a_pci_address_gives_the_requester_id);
	tcase_add_test(tc, counts_are_bounded);
	tcase_add_test(tc, reserved_ranges_are_checked);
	tcase_add_test(tc, want_of_memory_changes_nothing);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
