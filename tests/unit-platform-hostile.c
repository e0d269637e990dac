/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Platform files that are wrong, by mistake or on purpose: refused, and said why. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emulated/platform.h"
#include "platform_sample.h"
#include "runner.h"
#include "util/alloc.h"
#include "util/err.h"

/* A device that can be a parent. */
#define CARD "iommu a pasid-bits=8\ndevice b iommu=a pasid-bits=8\n"

static const struct {
	const char *text;
	const char *line;
	const char *word;
} malformed[] = {
	{ "bus a", "line 1:", "\"bus\"" },
	{ "\n#\niommu", "line 3:", "IOMMU without a name" },
	{ "iommu address-bits=48", "line 1:", "IOMMU without a name" },
	{ "iommu a\niommu a", "line 2:", "a is taken" },
	{ "iommu a colour=red", "line 1:", "unknown word \"colour=red\"" },
	{ "iommu a address=48", "line 1:", "unknown word \"address=48\"" },
	{ "iommu a =48", "line 1:", "unknown word \"=48\"" },
	{ "iommu a address-bits", "line 1:", "\"address-bits\": no value" },
	{ "iommu a address-bits=", "line 1:", "\"address-bits=\": no value" },
	{ "iommu a address-bits=31", "line 1:", "\"address-bits=31\"" },
	{ "iommu a address-bits=60", "line 1:", "\"address-bits=60\"" },
	{ "iommu a address-bits=0", "line 1:", "\"address-bits=0\"" },
	{ "iommu a address-bits=48 address-bits=48", "line 1:", "twice" },
	{ "iommu a address-bits=48K", "line 1:", "\"address-bits=48K\": not a number" },
	{ "iommu a address-bits=-48", "line 1:", "\"address-bits=-48\": not a number" },
	{ "iommu a address-bits=0x", "line 1:", "\"address-bits=0x\": not a number" },
	{ "iommu a address-bits=3a", "line 1:", "\"address-bits=3a\": not a number" },
	{ "iommu a address-bits=4294967344", "line 1:", "4294967344" },
	{ "iommu a address-bits=18446744073709551664", "line 1:", "18446744073709551664" },
	{ "iommu a pasid-bits=21", "line 1:", "\"pasid-bits=21\"" },
	{ "iommu a formats=vtd-ss,arm", "line 1:", "\"arm\"" },
	{ "iommu a formats=vtd-ss,", "line 1:", "\"\"" },
	{ "iommu a formats=vtd-fs,vtd-fs", "line 1:", "\"vtd-fs\" twice" },
	{ "iommu a dirty-tracking=yes", "line 1:", "\"dirty-tracking=yes\"" },
	{ "iommu a nesting=hard", "line 1:", "\"nesting=hard\"" },
	{ "iommu a nesting=hardware,software", "line 1:", "software,hardware" },
	{ "iommu a iotlb=64", "line 1:", "an IOTLB, but not" },
	{ "iommu a iotlb-seed=1", "line 1:", "an IOTLB, but not" },
	{ "iommu a nesting=hardware iotlb=0", "line 1:", "\"iotlb=0\"" },
	{ "iommu a nesting=hardware iotlb=65537", "line 1:", "\"iotlb=65537\"" },
	{ "iommu a nesting=hardware iotlb=48", "line 1:", "48 entries" },
	{ "iommu a nesting=hardware iotlb-ways=3", "line 1:", "3 ways" },
	{ "iommu a nesting=hardware iotlb=4 iotlb-ways=8", "line 1:", "8 ways" },
	{ "iommu a nesting=hardware iotlb-ways=128", "line 1:", "\"iotlb-ways=128\"" },
	{ "iommu a nesting=hardware iotlb-replacement=fifo", "line 1:", "lru or random" },
	{ "iommu a nesting=hardware structure-cache=1025", "line 1:", "structure-cache=1025" },
	{ "iommu a\ndevice b iommu=a device-tlb=8", "line 2:", "does not nest in hardware" },
	{ "iommu a nesting=hardware\ndevice b iommu=a device-tlb=9", "line 2:", "9 entries" },
	{ "iommu a nesting=hardware\ndevice b iommu=a device-tlb=8 device-tlb-invalidation=x",
	  "line 2:", "explicit or batch" },
	{ "iommu a nesting=hardware\ndevice b iommu=a device-tlb-invalidation=explicit",
	  "line 2:", "does not have" },
	{ "iommu a page-requests=8", "line 1:", "none or any" },
	{ "iommu a\ndevice b iommu=a page-requests=0", "line 2:", "\"page-requests=0\"" },
	{ "iommu a\ndevice b iommu=a page-requests=513", "line 2:", "can be 1 to 512" },
	{ "iommu a\ndevice b iommu=a page-requests=any", "line 2:", "not a number" },
	{ "iommu a page-requests=none\ndevice b iommu=a page-requests=1", "line 2:", "takes none" },
	{ "device b", "line 1:", "no IOMMU named" },
	{ "device b iommu=a\niommu a", "line 1:", "no IOMMU a" },
	{ "iommu a\ndevice b iommu=b", "line 2:", "no IOMMU b" },
	{ "iommu a\ndevice iommu=a", "line 2:", "device without a name" },
	{ "iommu a\ndevice a iommu=a", "line 2:", "a is taken" },
	{ "iommu a\ndevice b iommu=a requester=0", "line 2:", "\"requester=0\"" },
	{ "iommu a\ndevice b iommu=a requester=0x10000", "line 2:", "\"requester=0x10000\"" },
	{ "iommu a\ndevice b iommu=a requester=8\ndevice c iommu=a requester=8", "line 3:", "0x8" },
	{ "iommu a\ndevice b iommu=a group=0", "line 2:", "\"group=0\"" },
	{ "iommu a\ndevice b iommu=a group=4294967296", "line 2:", "\"group=4294967296\"" },
	{ "iommu a\ndevice b iommu=a pasid-bits=1", "line 2:", "1 PASID bits" },
	{ "iommu a\ndevice 0000:00:20.0 iommu=a", "line 2:", "0000:00:20.0" },
	{ "iommu a\niommu c\ndevice b iommu=a group=1\ndevice d iommu=c group=1", "line 4:", "1" },
	{ "iommu a\nreserved a 0", "line 2:", "a word is missing" },
	{ "iommu a\nreserved a 0 4K 4K", "line 2:", "unknown word \"4K\"" },
	{ "iommu a\nreserved b 0 4K", "line 2:", "b" },
	{ "iommu a\nreserved a zero 4K", "line 2:", "\"zero\"" },
	{ "iommu a\nreserved a 0 4KiB", "line 2:", "\"4KiB\"" },
	{ "iommu a\nreserved a 0 4k", "line 2:", "\"4k\"" },
	{ "iommu a\nreserved a 0 K", "line 2:", "\"K\"" },
	{ "iommu a\nreserved a 0 16777216T", "line 2:", "\"16777216T\"" },
	{ "iommu a\nreserved a 0x10000000000000000 4K", "line 2:", "\"0x10000000000000000\"" },
	{ "iommu a\nreserved a 0 0", "line 2:", "a" },
	{ "iommu a\nreserved a 1 4K", "line 2:", "4096" },
	{ "iommu a\nreserved a 0xfffffffffffff000 8K", "line 2:", "past the end" },
	{ CARD "device c parent=d", "line 3:", "no device d" },
	{ CARD "device c parent=a", "line 3:", "no device a" },
	{ CARD "device c parent=b iommu=a", "line 3:", "those of its parent" },
	{ CARD "device c parent=b requester=9", "line 3:", "those of its parent" },
	{ CARD "device c parent=b group=9", "line 3:", "those of its parent" },
	{ CARD "device c parent=b pasid-pool=9", "line 3:", "those of its parent" },
	{ CARD "device c parent=b pasid-table=user", "line 3:", "those of its parent" },
	{ CARD "device c parent=b\ndevice d parent=c", "line 4:", "is mediated itself" },
	{ CARD "device c parent=b default-pasid=0", "line 3:", "\"default-pasid=0\"" },
	{ CARD "device c parent=b default-pasid=256", "line 3:", "PASIDs of 8 bits" },
	{ CARD "device c parent=b pasid-bits=9", "line 3:", "9 PASID bits" },
	{ CARD "device c parent=b work-queues=shared", "line 3:", "but no PASIDs" },
	{ CARD "device c parent=b default-pasid=7\ndevice d parent=b default-pasid=7",
	  "line 4:", "7 is taken" },
	{ CARD "device c iommu=a default-pasid=7", "line 3:", "for a mediated device" },
	{ CARD "device c iommu=a pasid-pool=7", "line 3:", "but no PASIDs" },
	{ CARD "device c iommu=a pasid-table=user", "line 3:", "but no PASIDs" },
	{ CARD "device c iommu=a pasid-table=mine", "line 3:", "can be user or kernel" },
	{ CARD "device c iommu=a work-queues=many", "line 3:", "can be shared or dedicated" },
	{ CARD "device c iommu=a work-queues=shared", "line 3:", "but no PASIDs" },
	{ CARD "device c iommu=a pasid-bits=4 pasid-pool=16", "line 3:", "PASIDs of 4 bits" },
	{ CARD "device c iommu=a pasid-bits=4 pasid-table=user work-queues=shared",
	  "line 3:", "kernel's" },
	{ CARD "device c iommu=a pasid-bits=4 pasid-table=user\ndevice d parent=c",
	  "line 4:", "is the user's" },
	{ "iommu a pasid-bits=8\ndevice b iommu=a\n"
	  "device c parent=b pasid-bits=4", "line 3:", "has no PASIDs" },
	{ "iommu a pasid-bits=8\ndevice b iommu=a\n"
	  "device c parent=b default-pasid=4", "line 3:", "has no PASIDs" },
	{ "pasid-pool", "line 1:", "one number" },
	{ "pasid-pool 1 2", "line 1:", "one number" },
	{ "pasid-pool 0", "line 1:", "\"0\"" },
	{ "pasid-pool 1K", "line 1:", "\"1K\"" },
	{ "pasid-pool 1048576", "line 1:", "\"1048576\"" },
	{ "pasid-pool 1\npasid-pool 1", "line 2:", "twice" },
	{ "fail", "line 1:", "of what?" },
	{ "fail at=1", "line 1:", "of what?" },
	{ "fail fly", "line 1:", "\"fly\"" },
	{ "fail map 3", "line 1:", "\"3\"" },
	{ "fail map at=0", "line 1:", "\"at=0\"" },
	{ "fail map at=-1", "line 1:", "\"at=-1\"" },
	{ "fail map at=18446744073709551616", "line 1:", "1 or more" },
	{ "fail map at=1 at=2", "line 1:", "twice" },
	{ "fail map errno=12", "line 1:", "\"errno=12\"" },
	{ "fail map errno=ENOTTY", "line 1:", "\"errno=ENOTTY\"" },
	{ "fail map repeat=yes", "line 1:", "on or off" },
	{ "fail alloc errno=EIO", "line 1:", "ENOMEM" },
	{ "locked-memory", "line 1:", "one number" },
	{ "locked-memory 1 2", "line 1:", "one number" },
	{ "locked-memory 0", "line 1:", "\"0\"" },
	{ "locked-memory x", "line 1:", "\"x\"" },
	{ "locked-memory 17179869184G", "line 1:", "64 bits" },
	{ "locked-memory 1G\nlocked-memory 1K", "line 2:", "twice" },
	{ "iommu a\r\n", "line 1:", "byte 0x0d at column 8" },
	{ "iommu \x80", "line 1:", "byte 0x80 at column 7" },
	{ "# \x1b[2J", "line 1:", "byte 0x1b" },
	{ "# \x7f", "line 1:", "byte 0x7f" },
};

START_TEST(what_is_malformed_is_named_by_line_and_word)
{
	struct ioasid_platform *untouched = (struct ioasid_platform *)&untouched;
	struct ioasid_platform *platform = untouched;
	const char *text = malformed[_i].text;
	size_t blocks = mem_live_blocks();

	ck_assert_int_eq(parse(text, &platform), -EINVAL);
	ck_assert_ptr_eq(platform, untouched);
	ck_assert_uint_eq(mem_live_blocks(), blocks);
	ck_assert_msg(strstr(err_text(), malformed[_i].line) == err_text(), "%s\n%s", text,
		      err_text());
	ck_assert_msg(strstr(err_text(), malformed[_i].word), "%s\n%s", text, err_text());
}
END_TEST

START_TEST(lines_are_bounded)
{
	struct ioasid_platform *platform;
	char text[2048] = "iommu a", *end;
	int i;

	memset(text + 7, ' ', 1024 - 7);
	strcpy(text + 1024, "\niommu b");
	ck_assert_int_eq(parse(text, &platform), 0);
	ioasid_platform_free(platform);
	strcpy(text + 1024, " \niommu b");
	ck_assert_int_eq(parse(text, &platform), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err_text(), "line 1: longer than 1024"));

	end = stpcpy(text, "iommu a");
	for (i = 0; i < 31; i++)
		end = stpcpy(end, " x");
	ck_assert_int_eq(parse(text, &platform), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err_text(), "line 1: \"x\": more than 32 words"));

	ck_assert_int_eq(ioasid_platform_parse("iommu a\0", 8, &platform), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err_text(), "byte 0x00"));
	ck_assert_int_eq(ioasid_platform_parse("iommu ab", 7, &platform), 0);
	ck_assert_ptr_nonnull(platform_find_iommu(platform, "a"));
	ioasid_platform_free(platform);
	ck_assert_int_eq(ioasid_platform_parse(NULL, 0, &platform), 0);
	ioasid_platform_free(platform);
}
END_TEST

/* What was read can be written and read again. Frees @platform. */
static void expect_round_trip(struct ioasid_platform *platform)
{
	char once[2048], twice[2048];
	struct ioasid_platform *again;

	ck_assert_uint_lt(ioasid_platform_format(platform, once, sizeof(once)), sizeof(once));
	ck_assert_msg(parse(once, &again) == 0, "%s\n%s", err_text(), once);
	ioasid_platform_format(again, twice, sizeof(twice));
	ck_assert_str_eq(once, twice);
	ioasid_platform_free(platform);
	ioasid_platform_free(again);
}

static uint64_t state;

static uint32_t below(uint32_t n)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 33) % n;
}

/* One to four bytes changed, lines doubled, the end cut off. */
static size_t mutate(char *text, size_t length, size_t room)
{
	static const char bytes[] = "0123456789abfxKMGT=,#:.- \t\n\r\377iommudevicereserved";
	unsigned int changes = 1 + below(4);

	while (changes--) {
		size_t at = below((uint32_t)length), n = below(64);

		switch (below(4)) {
		case 0:
			text[at] = (char)below(256);
			break;
		case 1:
			text[at] = bytes[below(sizeof(bytes) - 1)];
			break;
		case 2: /* a piece moves over another */
			n = n < length - at ? n : length - at;
			memmove(text + below((uint32_t)(length - n) + 1), text + at, n);
			break;
		default: /* a piece again at the end */
			n = n < length - at ? n : length - at;
			n = n < room - length ? n : room - length;
			memcpy(text + length, text + at, n);
			length += n;
		}
	}
	return below(8) ? length : 1 + below((uint32_t)length);
}

START_TEST(mutated_texts_are_read_or_refused)
{
	const char *text = getenv("SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : 1;
	size_t blocks = mem_live_blocks();
	struct ioasid_platform *platform;
	unsigned int i, good = 0;

	printf("seed %" PRIu64 "\n", seed);
	state = seed;
	for (i = 0; i < 20000; i++) {
		/* In a block of its very size, so that sanitizers see a byte too far. */
		char buf[2048], *mutant;
		size_t length;
		int ret;

		memcpy(buf, sample, sizeof(sample) - 1);
		length = mutate(buf, sizeof(sample) - 1, sizeof(buf));
		mutant = malloc(length);
		memcpy(mutant, buf, length);
		ret = ioasid_platform_parse(mutant, length, &platform);
		free(mutant);
		if (!ret) {
			good++;
			expect_round_trip(platform);
			continue;
		}
		ck_assert_msg(ret == -EINVAL, "seed %" PRIu64 ", text %u: %d", seed, i, ret);
		ck_assert_int_eq(strncmp(err_text(), "line ", 5), 0);
	}
	ck_assert_uint_gt(good, 1000);
	ck_assert_uint_lt(good, 19000);
	ck_assert_uint_eq(mem_live_blocks(), blocks);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("platform hostile");
	TCase *tc = tcase_create("text");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, what_is_malformed_is_named_by_line_and_word, 0,
			    sizeof(malformed) / sizeof(*malformed));
	tcase_add_test(tc, lines_are_bounded);
	tcase_add_test(tc, mutated_texts_are_read_or_refused);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
