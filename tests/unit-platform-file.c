/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Platform descriptions as text: ioasid_platform(5). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emulated/platform.h"
#include "platform_sample.h"
#include "runner.h"
#include "util/alloc.h"
#include "util/err.h"

static struct ioasid_platform *parsed(const char *text)
{
	struct ioasid_platform *platform;
	int ret = parse(text, &platform);

	ck_assert_msg(ret == 0, "%d: %s", ret, err_text());
	return platform;
}

static char *text_of(const struct ioasid_platform *p)
{
	size_t length = ioasid_platform_format(p, NULL, 0);
	char *text = malloc(length + 1);

	ck_assert_uint_eq(ioasid_platform_format(p, text, length + 1), length);
	ck_assert_uint_eq(strlen(text), length);
	return text;
}

/* format, parse, format gives the same text, and takes the same choices. */
static void expect_round_trip(const struct ioasid_platform *platform)
{
	char *once = text_of(platform), *twice;
	struct ioasid_platform *again = parsed(once);
	struct ioasid_platform *copy = platform_copy(platform), *other = platform_copy(again);
	size_t i;

	twice = text_of(again);
	ck_assert_str_eq(once, twice);
	for (i = 0; i < copy->n_iommus; i++) {
		const struct platform_iommu *a = &copy->iommus[i], *b = &other->iommus[i];

		ck_assert_uint_eq(a->address_bits, b->address_bits);
		ck_assert_uint_eq(a->pasid_bits, b->pasid_bits);
		ck_assert_uint_eq(a->pgtable_formats, b->pgtable_formats);
		ck_assert_int_eq(a->no_nesting, b->no_nesting);
		ck_assert_int_eq(a->hardware_nesting, b->hardware_nesting);
		ck_assert(!memcmp(&a->iotlb, &b->iotlb, sizeof(a->iotlb)));
		ck_assert_int_eq(a->no_page_requests, b->no_page_requests);
		ck_assert_int_eq(a->no_dirty_tracking, b->no_dirty_tracking);
	}
	for (i = 0; i < copy->n_devices; i++) {
		ck_assert_uint_eq(copy->devices[i].requester, other->devices[i].requester);
		ck_assert_uint_eq(copy->devices[i].group, other->devices[i].group);
		ck_assert_int_eq(platform_device_type(&copy->devices[i]),
				 platform_device_type(&other->devices[i]));
		ck_assert_uint_eq(copy->devices[i].parent, other->devices[i].parent);
		ck_assert_uint_eq(copy->devices[i].default_pasid, other->devices[i].default_pasid);
		ck_assert_uint_eq(copy->devices[i].pasid_pool, other->devices[i].pasid_pool);
		ck_assert_uint_eq(copy->devices[i].tlb_entries, other->devices[i].tlb_entries);
		ck_assert_int_eq(copy->devices[i].tlb_explicit, other->devices[i].tlb_explicit);
		ck_assert_uint_eq(copy->devices[i].page_requests,
				  other->devices[i].page_requests);
	}
	free(once);
	free(twice);
	ioasid_platform_free(again);
	ioasid_platform_free(copy);
	ioasid_platform_free(other);
}

START_TEST(every_word_means_what_the_manual_says)
{
	struct ioasid_platform *platform = parsed(sample);
	const struct platform_iommu *iommu = platform_find_iommu(platform, "iommu0");
	const struct platform_device *device = platform_find_device(platform, "0000:00:01.0");
	static const struct {
		const char *name;
		enum ioasid_device_type type;
	} types[] = {
		{ "soft", IOASID_DEVICE_MEDIATED_SOFTWARE },
		{ "fixed", IOASID_DEVICE_MEDIATED_DEFAULT },
		{ "user", IOASID_DEVICE_PHYSICAL_USER },
		{ "queues", IOASID_DEVICE_PHYSICAL_SHARED },
		{ "part", IOASID_DEVICE_MEDIATED_SHARED },
	};
	size_t i;

	ck_assert_uint_eq(platform->n_iommus, 5);
	ck_assert_uint_eq(platform->n_devices, 11);
	ck_assert_uint_eq(platform->n_reserved, 3);
	ck_assert_uint_eq(platform->locked_memory, 3 << 20);
	ck_assert_uint_eq(platform->n_failures, 3);
	ck_assert_uint_eq(platform->failures[0].operation, IOASID_OP_MAP);
	ck_assert_uint_eq(platform->failures[0].nth, 16);
	ck_assert_int_eq(platform->failures[0].error, ENOSPC);
	ck_assert(platform->failures[0].repeat && !platform->failures[1].repeat);
	ck_assert_uint_eq(platform->failures[1].nth, 7);
	ck_assert_uint_eq(platform->failures[2].operation, IOASID_OP_BIND_TABLE);
	ck_assert_uint_eq(platform->failures[2].nth, 1);
	ck_assert_int_eq(platform->failures[2].error, ENOMEM);
	ck_assert_uint_eq(iommu->address_bits, 39);
	ck_assert_uint_eq(iommu->pasid_bits, 16);
	ck_assert_uint_eq(iommu->pgtable_formats,
			  1u << IOASID_PGTABLE_VTD_SS | 1u << IOASID_PGTABLE_VTD_FS);
	ck_assert(!iommu->no_nesting);
	ck_assert(!iommu->no_page_requests);
	ck_assert(!iommu->no_dirty_tracking);
	ck_assert_ptr_eq(platform_device_iommu(platform, device), iommu);
	ck_assert_uint_eq(device->group, 3);
	ck_assert_uint_eq(device->pasid_bits, 16);
	ck_assert_uint_eq(device->requester, 9);

	iommu = platform_find_iommu(platform, "none");
	ck_assert(iommu->no_nesting && !iommu->hardware_nesting);
	ck_assert(iommu->no_page_requests);
	ck_assert_uint_eq(platform_find_device(platform, "disk")->page_requests, 7);
	ck_assert_uint_eq(platform_find_device(platform, "mute")->page_requests,
			  IOASID_NO_PAGE_REQUESTS);
	ck_assert(iommu->no_dirty_tracking);
	ck_assert_uint_eq(iommu->pgtable_formats, 1u << IOASID_PGTABLE_VTD_SS);
	ck_assert_uint_eq(platform_find_iommu(platform, "plain")->address_bits, 48);

	iommu = platform_find_iommu(platform, "both");
	ck_assert(iommu->hardware_nesting && !iommu->no_nesting);
	ck_assert_uint_eq(iommu->iotlb.entries, 64);
	ck_assert_uint_eq(iommu->iotlb.ways, 4);
	ck_assert_int_eq(iommu->iotlb.replacement, IOASID_REPLACE_RANDOM);
	ck_assert_uint_eq(iommu->iotlb.seed, UINT32_MAX);
	ck_assert_uint_eq(iommu->iotlb.structures, 16);
	iommu = platform_find_iommu(platform, "hard");
	ck_assert(iommu->hardware_nesting && iommu->no_nesting);
	ck_assert_int_eq(iommu->iotlb.replacement, IOASID_REPLACE_LRU);
	device = platform_find_device(platform, "cached");
	ck_assert(device->tlb_entries == 32 && device->tlb_explicit);
	device = platform_find_device(platform, "batch");
	ck_assert(device->tlb_entries == 1 && !device->tlb_explicit);

	device = platform_find_device(platform, "card");
	ck_assert_int_eq(platform_device_type(device), IOASID_DEVICE_PHYSICAL_KERNEL);
	ck_assert_uint_eq(device->pasid_pool, 100);
	ck_assert_uint_eq(platform->pasid_pool, 0x40);
	for (i = 0; i < 5; i++) {
		device = platform_find_device(platform, types[i].name);
		ck_assert_int_eq(platform_device_type(device), types[i].type);
	}
	ck_assert_uint_eq(platform_find_device(platform, "fixed")->default_pasid, 5);
	ck_assert_ptr_eq(platform_parent(platform, platform_find_device(platform, "part")),
			 platform_find_device(platform, "card"));

	ck_assert(platform->reserved[1].is_device);
	ck_assert_str_eq(platform->devices[platform->reserved[1].owner].name, "disk");
	ck_assert_uint_eq(platform->reserved[1].start, 1u << 30);
	ck_assert_uint_eq(platform->reserved[1].last, (1u << 30) + 16 * 1024 - 1);
	ck_assert_uint_eq(platform->reserved[2].start, 4096);
	ck_assert_uint_eq(platform->reserved[2].last, 8191);
	ioasid_platform_free(platform);
}
END_TEST

START_TEST(the_default_platform_is_as_documented)
{
	static const char *const names[] = {
		"0000:00:01.0", "0000:00:02.0", "0000:00:03.0", "0000:00:03.1",
	};
	static const uint32_t requesters[] = { 0x8, 0x10, 0x18, 0x19 };
	struct ioasid_platform *platform, *copy;
	const struct platform_device *device[4];
	struct ioasid_range msi;
	size_t i;

	ck_assert_int_eq(ioasid_platform_new_default(&platform), 0);
	expect_round_trip(platform);
	copy = platform_copy(platform);
	ck_assert_uint_eq(copy->n_iommus, 1);
	ck_assert_str_eq(copy->iommus[0].name, "iommu0");
	ck_assert_uint_eq(copy->iommus[0].address_bits, 48);
	ck_assert_uint_eq(copy->iommus[0].pasid_bits, 16);
	ck_assert(!copy->iommus[0].no_nesting);
	ck_assert_uint_eq(copy->n_devices, 4);
	for (i = 0; i < 4; i++) {
		device[i] = platform_find_device(copy, names[i]);
		ck_assert_uint_eq(device[i]->requester, requesters[i]);
		ck_assert_uint_eq(device[i]->page_requests, 32);
		ck_assert_uint_eq(platform_device_reserved(copy, device[i], &msi, 1), 1);
		ck_assert_uint_eq(msi.start, 0xfee00000);
		ck_assert_uint_eq(msi.length, 0x100000);
	}
	ck_assert_uint_gt(device[0]->pasid_bits, 0);
	ck_assert_uint_gt(device[1]->pasid_bits, 0);
	ck_assert_uint_ne(device[0]->group, device[1]->group);
	ck_assert_uint_ne(device[0]->group, device[2]->group);
	ck_assert_uint_ne(device[1]->group, device[2]->group);
	ck_assert_uint_eq(device[2]->group, device[3]->group);
	ioasid_platform_free(copy);
	ioasid_platform_free(platform);
}
END_TEST

START_TEST(every_format_has_a_word)
{
	unsigned int format;

	for (format = 0; format < 70; format++)
		ck_assert_int_eq(format < 64 && PLATFORM_ALL_FORMATS >> format & 1,
				 platform_pgtable_word(format) != NULL);
}
END_TEST

START_TEST(what_is_formatted_parses_to_the_same)
{
	struct ioasid_platform *platform = parsed(sample);

	expect_round_trip(platform);
	ioasid_platform_free(platform);
	platform = parsed("");
	expect_round_trip(platform);
	ioasid_platform_free(platform);
	platform = parsed("iommu i\ndevice 0000:00:00.0 iommu=i\n");
	expect_round_trip(platform);
	ioasid_platform_free(platform);
}
END_TEST

START_TEST(a_buffer_too_small_is_filled_as_far_as_it_goes)
{
	struct ioasid_platform *platform = parsed(sample);
	char *text = text_of(platform);
	size_t length = strlen(text), size, i;
	char *buf = malloc(length + 2);

	for (size = 0; size <= length + 1; size++) {
		memset(buf, '?', length + 2);
		ck_assert_uint_eq(ioasid_platform_format(platform, buf, size), length);
		if (size)
			ck_assert_int_eq(strncmp(buf, text, size - 1), 0);
		ck_assert(!size || !buf[size - 1]);
		for (i = size; i < length + 2; i++)
			ck_assert_int_eq(buf[i], '?');
	}
	free(buf);
	free(text);
	ioasid_platform_free(platform);
}
END_TEST

/* As many of everything as there can be, all written as long as can be. */
static char *longest_text(void)
{
	char pad[60], *text = malloc(4u << 20), *end = text;
	unsigned int i;

	memset(pad, 'x', sizeof(pad) - 1);
	pad[sizeof(pad) - 1] = '\0';
	for (i = 0; i < 64; i++)
		end += sprintf(
			end,
			"iommu i%03u%s address-bits=57 pasid-bits=20 "
			"formats=vtd-ss,vtd-fs nesting=software,hardware "
			"iotlb=65536 iotlb-ways=64 iotlb-replacement=random iotlb-seed=4294967295 "
			"structure-cache=1024 dirty-tracking=off\n",
			i, pad);
	for (i = 0; i < 4096; i++)
		end += sprintf(end, "device %04u%s iommu=i063%s requester=0x%x group=%u "
			       "pasid-bits=20 device-tlb=65536 device-tlb-invalidation=explicit\n",
			       i, pad, pad, 0xffff - i, UINT32_MAX - i);
	for (i = 0; i < 4096; i++)
		end += sprintf(end, "reserved 0000%s 0xffffffff00000000 0x00000000fffff000\n", pad);
	return text;
}

START_TEST(the_largest_description_fits_in_a_file)
{
	char path[] = "/tmp/ioasid-platform-XXXXXX", *text = longest_text();
	struct ioasid_platform *platform = parsed(text);
	FILE *file = fdopen(mkstemp(path), "w");
	int ret;

	expect_round_trip(platform);
	ioasid_platform_free(platform);
	fputs(text, file);
	fclose(file);
	ret = ioasid_platform_load(path, &platform);
	unlink(path);
	ck_assert_msg(ret == 0, "%d: %s", ret, err_text());
	ck_assert_uint_eq(platform->n_devices, 4096);
	ioasid_platform_free(platform);
	free(text);
}
END_TEST

START_TEST(files_that_cannot_be_read_are_named)
{
	char path[] = "/tmp/ioasid-platform-XXXXXX";
	struct ioasid_platform *platform = NULL;
	FILE *file = fdopen(mkstemp(path), "w");

	ck_assert_int_eq(ioasid_platform_load("/nonexistent/x", &platform), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err_text(), "/nonexistent/x: "));
	ck_assert_int_eq(ioasid_platform_load("/tmp", &platform), -EISDIR);
	ck_assert_ptr_nonnull(strstr(err_text(), "/tmp: "));
	ck_assert_int_eq(ioasid_platform_load("/dev/null/x", &platform), -EIO);
	ck_assert_ptr_nonnull(strstr(err_text(), "/dev/null/x: "));

	fputs("iommu a\nbus b\n", file);
	fflush(file);
	ck_assert_int_eq(ioasid_platform_load(path, &platform), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err_text(), path));
	ck_assert_ptr_nonnull(strstr(err_text(), ": line 2: "));
	ck_assert_int_eq(ftruncate(fileno(file), (2 << 20) + 1), 0);
	ck_assert_int_eq(ioasid_platform_load(path, &platform), -EFBIG);
	ck_assert_ptr_null(platform);
	fclose(file);
	unlink(path);
}
END_TEST

START_TEST(the_example_file_loads)
{
	const char *top = getenv("top_srcdir");
	struct ioasid_platform *platform;
	char path[4096];
	int ret;

	snprintf(path, sizeof(path), "%s/examples/laptop.platform", top ? top : ".");
	ret = ioasid_platform_load(path, &platform);
	ck_assert_msg(ret == 0, "%d: %s", ret, err_text());
	ck_assert_uint_eq(platform->n_iommus, 2);
	ck_assert_uint_eq(platform->n_devices, 6);
	expect_round_trip(platform);
	ioasid_platform_free(platform);
}
END_TEST

START_TEST(want_of_memory_leaves_nothing_behind)
{
	struct ioasid_platform *platform = NULL;
	size_t blocks = mem_live_blocks();
	unsigned long n;
	int ret;

	for (n = 1; n < 100; n++) {
		mem_fail_nth(n);
		ret = ioasid_platform_load("/dev/null", &platform);
		if (!ret) {
			ioasid_platform_free(platform);
			platform = NULL;
			ret = parse(sample, &platform);
		}
		if (mem_fail_nth(0))
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_ptr_null(platform);
		ck_assert_uint_eq(mem_live_blocks(), blocks);
	}
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_gt(n, 5);
	ioasid_platform_free(platform);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("platform file");
	TCase *tc = tcase_create("text");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_word_means_what_the_manual_says);
	tcase_add_test(tc, the_default_platform_is_as_documented);
	tcase_add_test(tc, every_format_has_a_word);
	tcase_add_test(tc, what_is_formatted_parses_to_the_same);
	tcase_add_test(tc, a_buffer_too_small_is_filled_as_far_as_it_goes);
	tcase_add_test(tc, the_largest_description_fits_in_a_file);
	tcase_add_test(tc, files_that_cannot_be_read_are_named);
	tcase_add_test(tc, the_example_file_loads);
	tcase_add_test(tc, want_of_memory_leaves_nothing_behind);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
