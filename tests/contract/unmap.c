/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "contract.h"

/* Mappings at pages 2-3, 4, 8-11, attached. */
static struct ioasid_device *three(struct fixture *f, struct ioasid_mapping **m)
{
	struct ioasid_device *device;

	fixture_open(f);
	device = fixture_bind(f, ALONE_A);
	ck_ok(ioasid_device_attach(device, f->space));
	ck_ok(ioasid_space_map(f->space, 2 * PAGE, f->memory, 2 * PAGE, RW, &m[0]));
	ck_ok(ioasid_space_map(f->space, 4 * PAGE, f->memory + 2 * PAGE, PAGE, RW, &m[1]));
	ck_ok(ioasid_space_map(f->space, 8 * PAGE, f->memory + 3 * PAGE, 4 * PAGE, RW, &m[2]));
	return device;
}

START_TEST(by_handle)
{
	struct ioasid_mapping *m[3];
	struct ioasid_device *device;
	struct fixture f;

	device = three(&f, m);
	ck_ok(ioasid_mapping_unmap(m[1]));
	is_blocked(&f, device, 4 * PAGE);
	leads_to(&f, device, 4 * PAGE - 1, f.memory + 2 * PAGE - 1, RW);
	ck_assert_uint_eq(space_info(f.space).mappings, 2);
	ck_ok(ioasid_mapping_unmap(m[0]));
	ck_ok(ioasid_mapping_unmap(m[2]));
	ck_ok(ioasid_mapping_unmap(NULL));
	ck_assert_uint_eq(space_info(f.space).mappings, 0);
	fixture_close(&f);
}
END_TEST

START_TEST(by_range_takes_whole_mappings)
{
	struct ioasid_mapping *m[3];
	struct ioasid_device *device;
	uint64_t unmapped = 1;
	struct fixture f;

	device = three(&f, m);
	ck_ok(ioasid_space_unmap(f.space, 0, 6 * PAGE, &unmapped));
	ck_assert_uint_eq(unmapped, 3 * PAGE);
	is_blocked(&f, device, 2 * PAGE);
	is_blocked(&f, device, 4 * PAGE);
	leads_to(&f, device, 8 * PAGE, f.memory + 3 * PAGE, RW);
	/* The range need not be aligned to anything. */
	ck_ok(ioasid_space_unmap(f.space, 8 * PAGE - 1, 4 * PAGE + 2, &unmapped));
	ck_assert_uint_eq(unmapped, 4 * PAGE);
	fixture_close(&f);
}
END_TEST

START_TEST(a_mapping_is_never_split)
{
	static const struct ioasid_range parts[] = {
		{ 2, 1 }, { 3, 1 }, { 3, 2 }, { 1, 2 }, { 2, 7 }, { 9, 1 }, { 0, 9 }, { 4, 5 },
	};
	struct ioasid_mapping *m[3];
	uint64_t unmapped = 77;
	struct fixture f;
	size_t i;

	three(&f, m);
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		ck_err_same(f.space, ioasid_space_unmap(f.space, parts[i].start * PAGE,
							parts[i].length * PAGE, &unmapped), ENOENT);
	leads_to(&f, f.device[ALONE_A], 4 * PAGE, f.memory + 2 * PAGE, RW);
	leads_to(&f, f.device[ALONE_A], 2 * PAGE, f.memory, RW);
	fixture_close(&f);
}
END_TEST

START_TEST(nothing_there)
{
	struct ioasid_mapping *m[3];
	struct fixture f;

	three(&f, m);
	ck_err_same(f.space, ioasid_space_unmap(f.space, 0, 2 * PAGE, NULL), ENOENT);
	ck_err_same(f.space, ioasid_space_unmap(f.space, 5 * PAGE, 3 * PAGE, NULL), ENOENT);
	ck_err_same(f.space, ioasid_space_unmap(f.space, 1 << 30, PAGE, NULL), ENOENT);
	fixture_close(&f);
}
END_TEST

START_TEST(mistakes)
{
	struct ioasid_mapping *m[3];
	struct fixture f;

	three(&f, m);
	ck_err_same(f.space, ioasid_space_unmap(f.space, 2 * PAGE, 0, NULL), EINVAL);
	ck_err_same(f.space, ioasid_space_unmap(f.space, UINT64_MAX - PAGE + 2, PAGE, NULL),
		    EOVERFLOW);
	ck_err_same(f.space, ioasid_space_unmap(f.space, PAGE, UINT64_MAX, NULL), EOVERFLOW);
	fixture_close(&f);
}
END_TEST

START_TEST(all_of_them)
{
	struct ioasid_mapping *m[3];
	uint64_t unmapped = 1;
	struct fixture f;

	three(&f, m);
	ck_ok(ioasid_space_unmap(f.space, 0, UINT64_MAX, &unmapped));
	ck_assert_uint_eq(unmapped, 7 * PAGE);
	ck_ok(ioasid_space_unmap(f.space, 0, UINT64_MAX, &unmapped));
	ck_assert_uint_eq(unmapped, 0);
	ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_unmap_all(f.space, &unmapped));
	ck_assert_uint_eq(unmapped, PAGE);
	ck_ok(ioasid_space_unmap_all(f.space, NULL));
	is_blocked(&f, f.device[ALONE_A], 0);
	fixture_close(&f);
}
END_TEST

START_TEST(all_includes_the_topmost_byte)
{
	uint64_t unmapped = 0;
	struct fixture f;

	fixture_open(&f);
	ck_ok(ioasid_space_map(f.space, UINT64_MAX - PAGE + 1, f.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(f.space, 0, f.memory, 1, RW, NULL));
	ck_ok(ioasid_space_unmap_all(f.space, &unmapped));
	ck_assert_uint_eq(unmapped, PAGE + 1);
	ck_assert_uint_eq(space_info(f.space).mappings, 0);
	fixture_close(&f);
}
END_TEST

START_TEST(memory_can_be_mapped_again)
{
	struct ioasid_mapping *m;
	struct fixture f;
	int i;

	fixture_open(&f);
	ck_ok(ioasid_device_attach(fixture_bind(&f, ALONE_A), f.space));
	for (i = 0; i < 100; i++) {
		uint64_t iova = (uint64_t)(i % 7) << 33;

		ck_ok(ioasid_space_map(f.space, iova, f.memory, 16 * PAGE, RW, &m));
		leads_to(&f, f.device[ALONE_A], iova + 15 * PAGE, f.memory + 15 * PAGE, RW);
		ck_ok(ioasid_mapping_unmap(m));
		is_blocked(&f, f.device[ALONE_A], iova + 15 * PAGE);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(mapping_and_unmapping_does_not_gather_memory)
{
	struct fixture f;
	uint64_t first, i, j;
	unsigned int shift;

	fixture_open(&f);
	ck_ok(ioasid_device_attach(fixture_bind(&f, ALONE_A), f.space));
	/*
	 * 50 times 64 places, less than 2^12, in what the device reaches. What lies above 2^39 need
	 * not be: AMD's IOMMUs have 12 GiB reserved below 2^40 (Linux, HT_RANGE_START).
	 */
	shift = address_bits(f.device[ALONE_A]) < 39 ? address_bits(f.device[ALONE_A]) - 12 : 27;
	for (i = 0, first = 0; i < 50; i++) {
		for (j = 0; j < 64; j++)
			ck_ok(ioasid_space_map(f.space, (i * 64 + j) << shift, f.memory + j * PAGE,
					       PAGE, RW, NULL));
		if (i == 0)
			first = memory_bytes(f.space);
		/* As much lies elsewhere now, with more tables if it crosses one of theirs. */
		ck_assert_uint_le(memory_bytes(f.space), first + first / 2);
		ck_ok(ioasid_space_unmap_all(f.space, NULL));
	}
	ck_assert_uint_lt(memory_bytes(f.space), first);
	fixture_close(&f);
}
END_TEST

TCase *contract_unmap(void)
{
	TCase *tc = tcase_create("unmap");

	tcase_add_test(tc, by_handle);
	tcase_add_test(tc, by_range_takes_whole_mappings);
	tcase_add_test(tc, a_mapping_is_never_split);
	tcase_add_test(tc, nothing_there);
	tcase_add_test(tc, mistakes);
	tcase_add_test(tc, all_of_them);
	tcase_add_test(tc, all_includes_the_topmost_byte);
	tcase_add_test(tc, memory_can_be_mapped_again);
	tcase_add_test(tc, mapping_and_unmapping_does_not_gather_memory);
	return tc;
}
