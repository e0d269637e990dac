/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Platform descriptions: the copy that a context keeps, and what the back end looks up in it. */
#include <string.h>

#include "emulated/platform.h"
#include "runner.h"
#include "util/alloc.h"
#include "util/err.h"

#define PAGE UINT64_C(4096)

static struct ioasid_platform *parsed(const char *text)
{
	struct ioasid_platform *platform;
	int ret = ioasid_platform_parse(text, strlen(text), &platform);

	ck_assert_msg(ret == 0, "%d: %s", ret, err_text());
	return platform;
}

static struct ioasid_platform *copy_of(const char *text)
{
	struct ioasid_platform *platform = parsed(text), *copy = platform_copy(platform);

	ioasid_platform_free(platform);
	return copy;
}

START_TEST(names_find_what_was_added)
{
	struct ioasid_platform *copy = copy_of("iommu left\niommu right address-bits=57\n"
					       "device a iommu=right\ndevice b iommu=left\n");
	const struct platform_device *a = platform_find_device(copy, "a");
	const struct platform_device *b = platform_find_device(copy, "b");

	ck_assert_str_eq(a->name, "a");
	ck_assert_str_eq(b->name, "b");
	ck_assert_ptr_eq(platform_device_iommu(copy, a), platform_find_iommu(copy, "right"));
	ck_assert_ptr_eq(platform_device_iommu(copy, b), platform_find_iommu(copy, "left"));
	ck_assert_uint_eq(platform_device_iommu(copy, a)->address_bits, 57);
	ck_assert_ptr_null(platform_find_device(copy, "left"));
	ck_assert_ptr_null(platform_find_device(copy, "c"));
	ck_assert_ptr_null(platform_find_device(copy, ""));
	ck_assert_ptr_null(platform_find_iommu(copy, "a"));
	ioasid_platform_free(copy);
}
END_TEST

START_TEST(what_is_chosen_avoids_what_is_named)
{
	struct ioasid_platform *copy = copy_of("iommu i\n"
					       "device a iommu=i\n"
					       "device 0000:00:01 iommu=i\n"
					       "device b iommu=i\n"
					       "device 0000:00:01.00 iommu=i\n"
					       "device 0000:00:01.0 iommu=i group=1\n"
					       "device 0000:00:03.0 iommu=i group=3\n"
					       "device c iommu=i requester=0x10\n");
	size_t i, j;

	ck_assert_uint_eq(platform_find_device(copy, "0000:00:01.0")->requester, 0x8);
	ck_assert_uint_eq(platform_find_device(copy, "c")->requester, 0x10);
	ck_assert_uint_eq(platform_find_device(copy, "0000:00:01.0")->group, 1);
	ck_assert_uint_eq(platform_find_device(copy, "0000:00:03.0")->group, 3);
	for (i = 0; i < copy->n_devices; i++) {
		const struct platform_device *device = &copy->devices[i];

		ck_assert_uint_ne(device->group, 0);
		ck_assert_uint_ne(device->requester, 0);
		ck_assert_ptr_eq(platform_find_requester(copy, 0, device->requester), device);
		ck_assert_ptr_eq(platform_find_group(copy, device->group), device);
		for (j = 0; j < i; j++) {
			ck_assert_uint_ne(copy->devices[j].group, device->group);
			ck_assert_uint_ne(copy->devices[j].requester, device->requester);
		}
	}
	ioasid_platform_free(copy);
}
END_TEST

START_TEST(requester_ids_are_those_behind_one_iommu)
{
	struct ioasid_platform *copy = copy_of("iommu i\niommu j\n"
					       "device a iommu=i requester=8\n"
					       "device b iommu=j requester=8\n"
					       "device c iommu=i\n");

	ck_assert_str_eq(platform_find_requester(copy, 0, 8)->name, "a");
	ck_assert_str_eq(platform_find_requester(copy, 1, 8)->name, "b");
	ck_assert_ptr_null(
		platform_find_requester(copy, 1, platform_find_device(copy, "c")->requester));
	ioasid_platform_free(copy);
}
END_TEST

static void expect_reserved(const struct ioasid_platform *copy, const char *name,
			    const struct ioasid_range *want, size_t n)
{
	const struct platform_device *device = platform_find_device(copy, name);
	struct ioasid_range got[8];
	size_t room, i;

	for (room = 0; room <= 8; room++) {
		memset(got, 0xff, sizeof(got));
		ck_assert_uint_eq(platform_device_reserved(copy, device, got, room), n);
		for (i = 0; i < n && i < room; i++) {
			ck_assert_uint_eq(got[i].start, want[i].start);
			ck_assert_uint_eq(got[i].length, want[i].length);
		}
		for (; i < 8; i++)
			ck_assert_uint_eq(got[i].start, UINT64_MAX);
	}
}

START_TEST(a_device_reserves_its_own_and_its_iommus_ranges)
{
	static const struct ioasid_range of_a[] = {
		{ 0, 3 * PAGE }, { 16 * PAGE, 5 * PAGE }, { 32 * PAGE, PAGE }, { -PAGE, PAGE },
	};
	static const struct ioasid_range of_b[] = { { PAGE, 2 * PAGE }, { 16 * PAGE, 4 * PAGE } };
	static const struct ioasid_range everything[] = { { 0, UINT64_MAX } };
	struct ioasid_platform *copy = copy_of("iommu i\niommu j\n"
					       "device a iommu=i\n"
					       "device b iommu=i\n"
					       "device c iommu=j\n"
					       "device d iommu=j\n"
					       "reserved a 0xfffffffffffff000 4K\n"
					       "reserved a 128K 4K\n"
					       "reserved i 64K 16K\n"
					       "reserved a 68K 4K\n"
					       "reserved a 72K 12K\n"
					       "reserved b 68K 4K\n"
					       "reserved a 0 4K\n"
					       "reserved i 4K 8K\n"
					       "reserved c 4K 0xfffffffffffff000\n"
					       "reserved c 0 4K\n");

	expect_reserved(copy, "a", of_a, 4);
	expect_reserved(copy, "b", of_b, 2);
	expect_reserved(copy, "c", everything, 1);
	expect_reserved(copy, "d", NULL, 0);
	ioasid_platform_free(copy);
}
END_TEST

START_TEST(a_copy_is_independent)
{
	struct ioasid_platform *platform = parsed("iommu i\ndevice a iommu=i\n");
	struct ioasid_platform *copy = platform_copy(platform);
	struct ioasid_platform_device b = IOASID_PLATFORM_DEVICE_INIT;

	b.name = "b";
	b.iommu = "i";
	ck_assert_int_eq(ioasid_platform_add_device(platform, &b), 0);
	ck_assert_int_eq(ioasid_platform_add_reserved(platform, "a", 0, PAGE), 0);
	ck_assert_uint_eq(platform_find_device(platform, "a")->group, 0);
	ck_assert_ptr_null(platform_find_device(copy, "b"));
	expect_reserved(copy, "a", NULL, 0);
	ioasid_platform_free(platform);
	ck_assert_str_eq(platform_find_device(copy, "a")->name, "a");
	ioasid_platform_free(copy);
}
END_TEST

START_TEST(want_of_memory_leaves_nothing_behind)
{
	struct ioasid_platform *platform = parsed("iommu i\ndevice a iommu=i\nreserved a 0 4K");
	struct ioasid_platform *copy = NULL;
	size_t blocks = mem_live_blocks();
	unsigned long n;

	for (n = 1; !copy && n < 10; n++) {
		mem_fail_nth(n);
		copy = platform_copy(platform);
		mem_fail_nth(0);
		ck_assert_uint_eq(mem_live_blocks(), blocks + (copy ? 4 : 0));
	}
	ck_assert_ptr_nonnull(copy);
	ck_assert_uint_gt(n, 4);
	ioasid_platform_free(copy);
	ioasid_platform_free(platform);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("platform copy");
	TCase *tc = tcase_create("copy");

	tcase_add_test(tc, names_find_what_was_added);
	tcase_add_test(tc, what_is_chosen_avoids_what_is_named);
	tcase_add_test(tc, requester_ids_are_those_behind_one_iommu);
	tcase_add_test(tc, a_device_reserves_its_own_and_its_iommus_ranges);
	tcase_add_test(tc, a_copy_is_independent);
	tcase_add_test(tc, want_of_memory_leaves_nothing_behind);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
