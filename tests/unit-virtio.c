/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virtio-iommu: requests, properties and faults (Virtual I/O Device 1.3, 5.13.6). */
#include <errno.h>
#include <ioasid/virtio.h>
#include <string.h>

#include "runner.h"

static struct ioasid_virtio_config config;
static uint8_t raw[80];

static void setup(void)
{
	config = (struct ioasid_virtio_config){
		.features = IOASID_VIRTIO_F_INPUT_RANGE | IOASID_VIRTIO_F_DOMAIN_RANGE |
			    IOASID_VIRTIO_F_MAP_UNMAP | IOASID_VIRTIO_F_PROBE |
			    IOASID_VIRTIO_F_MMIO | IOASID_VIRTIO_F_BYPASS_CONFIG,
		.page_size_mask = ~UINT64_C(0xfff),
		.input_first = 0x1000,
		.input_last = UINT64_C(0xffffffffffff),
		.domain_first = 1,
		.domain_last = 0xffff,
		.probe_size = 64,
	};
	memset(raw, 0, sizeof(raw));
}

/* A number of @bytes, little-endian, at an offset. */
static void put(size_t offset, unsigned bytes, uint64_t value)
{
	for (unsigned i = 0; i < bytes; i++)
		raw[offset + i] = (uint8_t)(value >> 8 * i);
}

static enum ioasid_virtio_status decode(size_t bytes, struct ioasid_virtio_request *request)
{
	enum ioasid_virtio_status status = (enum ioasid_virtio_status)99;
	int ret;

	*request = (struct ioasid_virtio_request)IOASID_VIRTIO_REQUEST_INIT;
	ret = ioasid_virtio_request_decode(&config, raw, bytes, request, &status);
	ck_assert_int_eq(ret, status == IOASID_VIRTIO_OK ? 0 :
			      (int)status == 99		 ? -EOPNOTSUPP :
							   -EINVAL);
	return status;
}

/* Nothing is said: the buffer goes back as it is. */
#define SILENT ((enum ioasid_virtio_status)99)

static enum ioasid_virtio_status status_of(size_t bytes)
{
	struct ioasid_virtio_request request;

	return decode(bytes, &request);
}

START_TEST(attach)
{
	struct ioasid_virtio_request r;

	put(0, 1, 1);
	put(4, 4, 0x1234);
	put(8, 4, 0x80000008);
	ck_assert_int_eq(decode(20, &r), IOASID_VIRTIO_OK);
	ck_assert_int_eq(r.type, IOASID_VIRTIO_ATTACH);
	ck_assert_uint_eq(r.domain, 0x1234);
	ck_assert_uint_eq(r.endpoint, 0x80000008);
	ck_assert(!r.bypass);
	ck_assert_int_eq(status_of(19), SILENT);
	put(1, 3, 0xffffff); /* of the head, they are ignored */
	put(12, 4, 1);
	ck_assert_int_eq(decode(20, &r), IOASID_VIRTIO_OK);
	ck_assert(r.bypass);
	put(12, 4, 2);
	ck_assert_int_eq(status_of(20), IOASID_VIRTIO_INVAL);
	put(12, 4, 0);
	put(16, 4, 0x1000000);
	ck_assert_int_eq(status_of(20), IOASID_VIRTIO_INVAL);
	put(12, 8, 1);
	config.features &= ~(uint64_t)IOASID_VIRTIO_F_BYPASS_CONFIG;
	ck_assert_int_eq(status_of(20), IOASID_VIRTIO_INVAL);
}
END_TEST

START_TEST(detach)
{
	struct ioasid_virtio_request r;

	put(0, 1, 2);
	put(4, 4, 7);
	put(8, 4, 8);
	put(12, 8, UINT64_MAX); /* reserved, and ignored */
	ck_assert_int_eq(decode(20, &r), IOASID_VIRTIO_OK);
	ck_assert_int_eq(r.type, IOASID_VIRTIO_DETACH);
	ck_assert_uint_eq(r.domain, 7);
	ck_assert_uint_eq(r.endpoint, 8);
	put(4, 4, 0);
	ck_assert_int_eq(status_of(20), IOASID_VIRTIO_RANGE);
	put(4, 4, 0x10000);
	ck_assert_int_eq(status_of(20), IOASID_VIRTIO_RANGE);
	config.features &= ~(uint64_t)IOASID_VIRTIO_F_DOMAIN_RANGE;
	ck_assert_int_eq(status_of(20), IOASID_VIRTIO_OK);
}
END_TEST

static void put_map(uint64_t first, uint64_t last, uint64_t target, uint32_t flags)
{
	put(0, 1, 3);
	put(4, 4, 7);
	put(8, 8, first);
	put(16, 8, last);
	put(24, 8, target);
	put(32, 4, flags);
}

static enum ioasid_virtio_status map(uint64_t first, uint64_t last, uint64_t target, uint32_t flags)
{
	put_map(first, last, target, flags);
	return status_of(36);
}

START_TEST(maps)
{
	struct ioasid_virtio_request r;

	put_map(0x1000, 0x2fff, 0xa000, 1);
	ck_assert_int_eq(decode(36, &r), IOASID_VIRTIO_OK);
	ck_assert_int_eq(r.type, IOASID_VIRTIO_MAP);
	ck_assert_uint_eq(r.domain, 7);
	ck_assert_uint_eq(r.first, 0x1000);
	ck_assert_uint_eq(r.last, 0x2fff);
	ck_assert_uint_eq(r.target, 0xa000);
	ck_assert_uint_eq(r.perm, IOASID_READ);
	ck_assert(!r.mmio);
	put(32, 4, 6);
	ck_assert_int_eq(decode(36, &r), IOASID_VIRTIO_OK);
	ck_assert_uint_eq(r.perm, IOASID_WRITE);
	ck_assert(r.mmio);
	ck_assert_int_eq(status_of(35), SILENT);
	put(4, 4, 0);
	ck_assert_int_eq(status_of(36), IOASID_VIRTIO_RANGE);
	config.features &= ~(uint64_t)IOASID_VIRTIO_F_MAP_UNMAP;
	ck_assert_int_eq(status_of(36), SILENT);
}
END_TEST

START_TEST(maps_that_are_refused)
{
	ck_assert_int_eq(map(0x1001, 0x1fff, 0xa000, 1), IOASID_VIRTIO_RANGE);
	ck_assert_int_eq(map(0x1000, 0x1ffe, 0xa000, 1), IOASID_VIRTIO_RANGE);
	ck_assert_int_eq(map(0x1000, 0x1fff, 0xa800, 1), IOASID_VIRTIO_RANGE);
	ck_assert_int_eq(map(0x2000, 0x1fff, 0xa000, 1), IOASID_VIRTIO_RANGE);
	ck_assert_int_eq(map(0, 0xfff, 0xa000, 1), IOASID_VIRTIO_RANGE);
	ck_assert_int_eq(map(UINT64_C(0xfffffffff000), UINT64_C(0x1000000000fff), 0xa000, 1),
			 IOASID_VIRTIO_RANGE);
	ck_assert_int_eq(map(0x1000, 0x2fff, ~UINT64_C(0xfff), 1), IOASID_VIRTIO_RANGE);
	ck_assert_int_eq(map(0x1000, 0x1fff, ~UINT64_C(0xfff), 1), IOASID_VIRTIO_OK);
	ck_assert_int_eq(map(0x1000, 0x1fff, 0xa000, 8), IOASID_VIRTIO_INVAL);
	ck_assert_int_eq(map(0x1000, 0x1fff, 0xa000, 4), IOASID_VIRTIO_INVAL);
	config.features &= ~(uint64_t)(IOASID_VIRTIO_F_MMIO | IOASID_VIRTIO_F_INPUT_RANGE);
	ck_assert_int_eq(map(0x1000, 0x1fff, 0xa000, 5), IOASID_VIRTIO_INVAL);
	ck_assert_int_eq(map(0, 0xfff, 0xa000, 1), IOASID_VIRTIO_OK);
	ck_assert_int_eq(map(~UINT64_C(0xfff), UINT64_MAX, 0, 1), IOASID_VIRTIO_OK);
	ck_assert_int_eq(map(0, UINT64_MAX, 0, 1), IOASID_VIRTIO_RANGE);
	config.page_size_mask = UINT64_C(1) << 16 | UINT64_C(1) << 29;
	ck_assert_int_eq(map(0x1000, 0x10fff, 0, 1), IOASID_VIRTIO_RANGE);
	ck_assert_int_eq(map(0x10000, 0x1ffff, 0, 1), IOASID_VIRTIO_OK);
}
END_TEST

START_TEST(unmaps)
{
	struct ioasid_virtio_request r;

	put(0, 1, 4);
	put(4, 4, 7);
	put(8, 8, 0);
	put(16, 8, UINT64_MAX); /* it may spill over what can be mapped */
	put(24, 4, 1);
	ck_assert_int_eq(decode(28, &r), IOASID_VIRTIO_OK);
	ck_assert_int_eq(r.type, IOASID_VIRTIO_UNMAP);
	ck_assert_uint_eq(r.domain, 7);
	ck_assert_uint_eq(r.first, 0);
	ck_assert_uint_eq(r.last, UINT64_MAX);
	ck_assert_int_eq(status_of(27), SILENT);
	put(8, 8, 2);
	put(16, 8, 1);
	ck_assert_int_eq(status_of(28), IOASID_VIRTIO_RANGE);
}
END_TEST

START_TEST(probe)
{
	struct ioasid_virtio_request r;

	put(0, 1, 5);
	put(4, 4, 0x18);
	ck_assert_int_eq(decode(72, &r), IOASID_VIRTIO_OK);
	ck_assert_int_eq(r.type, IOASID_VIRTIO_PROBE);
	ck_assert_uint_eq(r.endpoint, 0x18);
	ck_assert_int_eq(status_of(71), SILENT);
	config.features &= ~(uint64_t)IOASID_VIRTIO_F_PROBE;
	ck_assert_int_eq(status_of(72), SILENT);
}
END_TEST

START_TEST(other_requests)
{
	enum ioasid_virtio_status status;
	struct ioasid_virtio_request r = { .size = sizeof(r) - 1 };

	for (unsigned type = 0; type < 256; type++) {
		put(0, 1, type);
		put(32, 4, 1);
		if (type < 1 || type > 5)
			ck_assert_int_eq(status_of(80), SILENT);
		else
			ck_assert_int_ne(status_of(80), SILENT);
	}
	ck_assert_int_eq(status_of(3), SILENT);
	put(0, 1, 2);
	ck_assert_int_eq(ioasid_virtio_request_decode(&config, raw, 20, &r, &status), -EINVAL);
	ck_assert_int_eq(status, IOASID_VIRTIO_DEVERR);
}
END_TEST

START_TEST(properties)
{
	static const struct ioasid_virtio_reserved ranges[] = {
		{ 0xfee00000, 0xfeefffff, true },
		{ 0x1000, 0x1fff, false },
	};
	/* type, length 20, subtype, start, end; then zeros */
	static const uint8_t expected[64] = {
		1, 0, 20, 0, 1, 0, 0, 0, 0, 0, 0xe0, 0xfe, 0, 0, 0, 0,
		0xff, 0xff, 0xef, 0xfe, 0, 0, 0, 0,
		1, 0, 20, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0,
		0xff, 0x1f, 0, 0, 0, 0, 0, 0,
	};
	uint8_t list[64];

	memset(list, 0xee, sizeof(list));
	ck_assert_int_eq(ioasid_virtio_probe_encode(&config, ranges, 2, list, 63),
			 IOASID_VIRTIO_INVAL);
	ck_assert_int_eq(ioasid_virtio_probe_encode(&config, ranges, 3, list, 64),
			 IOASID_VIRTIO_DEVERR);
	ck_assert_uint_eq(list[0], 0xee);
	ck_assert_int_eq(ioasid_virtio_probe_encode(&config, ranges, 2, list, 64),
			 IOASID_VIRTIO_OK);
	ck_assert_mem_eq(list, expected, 64);
	ck_assert_int_eq(ioasid_virtio_probe_encode(&config, NULL, 0, list, 64), IOASID_VIRTIO_OK);
	ck_assert_uint_eq(list[0] | list[1], 0);
}
END_TEST

START_TEST(faults)
{
	static const struct {
		enum ioasid_fault_reason reason;
		uint8_t seen;
	} reasons[] = {
		{ IOASID_FAULT_BLOCKED, 1 },	    { IOASID_FAULT_NOT_MAPPED, 2 },
		{ IOASID_FAULT_PERMISSION, 2 },	    { IOASID_FAULT_TARGET_NOT_MAPPED, 2 },
		{ IOASID_FAULT_NO_PGTABLE, 2 },	    { IOASID_FAULT_ADDRESS_WIDTH, 2 },
		{ IOASID_FAULT_MALFORMED_ENTRY, 0 },
	};
	static const uint8_t expected[24] = {
		2, 0, 0, 0, 2, 1, 0, 0, 0x18, 0, 0, 0, 0, 0, 0, 0,
		0x00, 0x50, 0x34, 0x12, 1, 0, 0, 0,
	};
	struct ioasid_event event = {
		.type = IOASID_EVENT_FAULT,
		.iova = UINT64_C(0x112345000),
		.access = IOASID_WRITE,
	};
	uint8_t report[IOASID_VIRTIO_FAULT_BYTES];

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		event.reason = reasons[i].reason;
		ioasid_virtio_fault_encode(&event, 0x18, report);
		ck_assert_uint_eq(report[0], reasons[i].seen);
	}
	event.reason = IOASID_FAULT_PERMISSION;
	ioasid_virtio_fault_encode(&event, 0x18, report);
	ck_assert_mem_eq(report, expected, 24);
	event.access = IOASID_READ;
	ioasid_virtio_fault_encode(&event, 0x18, report);
	ck_assert_uint_eq(report[4], 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("virtio");
	TCase *tcase = tcase_create("virtio");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, attach);
	tcase_add_test(tcase, detach);
	tcase_add_test(tcase, maps);
	tcase_add_test(tcase, maps_that_are_refused);
	tcase_add_test(tcase, unmaps);
	tcase_add_test(tcase, probe);
	tcase_add_test(tcase, other_requests);
	tcase_add_test(tcase, properties);
	tcase_add_test(tcase, faults);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
