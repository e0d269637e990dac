/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a space can have mappings: permitted, reserved, allowed. */
#include <string.h>

#include "contract.h"

static bool overlap(const struct ioasid_range *a, const struct ioasid_range *b)
{
	return a->start <= b->start + (b->length - 1) && b->start <= a->start + (a->length - 1);
}

static bool inside(const struct state *s, uint64_t start, uint64_t length)
{
	size_t i;

	for (i = 0; i < s->n_permitted; i++)
		if (start >= s->permitted[i].start &&
		    start + (length - 1) <= s->permitted[i].start + (s->permitted[i].length - 1))
			return true;
	return false;
}

START_TEST(attach_narrows_and_detach_widens)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct state before, narrow, after;
	struct ioasid_range reserved[MAX_RANGES];
	struct ioasid_device *device;
	struct fixture f;
	size_t n, i, j;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	n = ioasid_device_query_reserved(device, reserved, MAX_RANGES);
	ck_ok(ioasid_device_query_info(device, &info));
	state_get(f.space, &before);
	ck_ok(ioasid_device_attach(device, f.space));
	state_get(f.space, &narrow);
	ck_assert_uint_eq(narrow.info.iova_alignment, PAGE);
	for (i = 0; i < narrow.n_permitted; i++) {
		const struct ioasid_range *permitted = &narrow.permitted[i];
		uint64_t last = permitted->start + (permitted->length - 1);

		if (info.address_bits < 64)
			ck_assert_uint_eq(last >> info.address_bits, 0);
		if (i)
			ck_assert_uint_gt(permitted->start, narrow.permitted[i - 1].start +
					  narrow.permitted[i - 1].length);
		for (j = 0; j < n; j++)
			ck_assert(!overlap(permitted, &reserved[j]));
	}
	for (j = 0; j < n; j++) {
		bool found = false;

		for (i = 0; i < narrow.n_reserved; i++)
			found |= overlap(&narrow.reserved[i], &reserved[j]);
		ck_assert(found);
	}
	ck_ok(ioasid_device_detach(device));
	state_get(f.space, &after);
	ck_assert_mem_eq(&after, &before, sizeof(after));
	fixture_close(&f);
}
END_TEST

START_TEST(what_two_reserve_stays_until_both_are_gone)
{
	struct ioasid_device *a, *b;
	struct state none, one;
	struct fixture f;

	fixture_open(&f);
	a = fixture_bind(&f, SHARED_A);
	b = fixture_bind(&f, SHARED_B);
	state_get(f.space, &none);
	ck_ok(ioasid_device_attach(a, f.space));
	state_get(f.space, &one);
	ck_ok(ioasid_device_attach(b, f.space));
	ck_ok(ioasid_device_detach(a));
	state_same(f.space, &one, "attach of the second, detach of the first");
	ck_ok(ioasid_device_attach(a, f.space));
	ck_ok(ioasid_device_detach(b));
	state_same(f.space, &one, "attach of the first again, detach of the second");
	ck_ok(ioasid_device_detach(a));
	state_same(f.space, &none, "detach of both");
	fixture_close(&f);
}
END_TEST

START_TEST(counts_do_not_depend_on_the_room)
{
	struct ioasid_range one, all[MAX_RANGES];
	struct fixture f;
	size_t n;

	fixture_open(&f);
	ck_ok(ioasid_device_attach(fixture_bind(&f, ALONE_A), f.space));
	n = ioasid_space_query_permitted(f.space, NULL, 0);
	ck_assert_uint_ge(n, 1);
	ck_assert_uint_eq(ioasid_space_query_permitted(f.space, &one, 1), n);
	ck_assert_uint_eq(ioasid_space_query_permitted(f.space, all, MAX_RANGES), n);
	ck_assert_mem_eq(&one, &all[0], sizeof(one));
	n = ioasid_space_query_reserved(f.space, NULL, 0);
	ck_assert_uint_eq(ioasid_space_query_reserved(f.space, all, MAX_RANGES), n);
	n = ioasid_device_query_reserved(f.device[ALONE_A], NULL, 0);
	ck_assert_uint_eq(ioasid_device_query_reserved(f.device[ALONE_A], all, MAX_RANGES), n);
	fixture_close(&f);
}
END_TEST

static void says_whose(const struct ioasid_device *device)
{
	ck_assert_msg(strstr(ioasid_errmsg(), ioasid_device_get_name(device)),
		      "does not say who: %s", ioasid_errmsg());
}

START_TEST(reserved_ranges_cannot_be_mapped)
{
	struct ioasid_range range;
	struct ioasid_device *device;
	struct fixture f;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	if (ioasid_device_query_reserved(device, &range, 1)) {
		uint64_t at = range.start, last = range.start + range.length - PAGE;

		ck_ok(ioasid_device_attach(device, f.space));
		ck_err_same(f.space, ioasid_space_map(f.space, at, f.memory, PAGE, RW, NULL),
			    EINVAL);
		ck_err_same(f.space, ioasid_space_map(f.space, last, f.memory, 2 * PAGE, RW, NULL),
			    EINVAL);
		ck_ok(ioasid_space_map(f.space, at - PAGE, f.memory, PAGE, RW, NULL));
		ck_err_same(f.space, ioasid_space_map(f.space, at - PAGE, f.memory, 2 * PAGE, RW,
						      NULL), EINVAL);
		ck_ok(ioasid_space_map(f.space, last + PAGE, f.memory, PAGE, RW, NULL));
		ck_ok(ioasid_device_detach(device));
		ck_ok(ioasid_space_map(f.space, at, f.memory, PAGE, RW, NULL));
	}
	fixture_close(&f);
}
END_TEST

START_TEST(addresses_beyond_the_iommu_cannot_be_mapped)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_device *device;
	struct fixture f;
	uint64_t end;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	ck_ok(ioasid_device_query_info(device, &info));
	if (info.address_bits < 64) {
		end = UINT64_C(1) << info.address_bits;
		ck_ok(ioasid_space_map(f.space, end, f.memory, PAGE, RW, NULL));
		ck_err_same(f.space, ioasid_device_attach(device, f.space), EADDRINUSE);
		says_whose(device);
		ck_assert_ptr_null(ioasid_device_get_space(device));
		ck_ok(ioasid_space_unmap(f.space, end, PAGE, NULL));
		ck_ok(ioasid_device_attach(device, f.space));
		ck_err_same(f.space, ioasid_space_map(f.space, end, f.memory, PAGE, RW, NULL),
			    EINVAL);
		ck_err_same(f.space, ioasid_space_map(f.space, end - PAGE, f.memory, 2 * PAGE, RW,
						      NULL), EINVAL);
		ck_ok(ioasid_space_map(f.space, end - PAGE, f.memory, PAGE, RW, NULL));
		leads_to(&f, device, end - 1, f.memory + PAGE - 1, RW);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(mapping_in_the_way_of_attach)
{
	struct ioasid_range range;
	struct ioasid_device *device;
	struct fixture f;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	if (ioasid_device_query_reserved(device, &range, 1)) {
		ck_ok(ioasid_space_map(f.space, range.start, f.memory, PAGE, RW, NULL));
		ck_err_same(f.space, ioasid_device_attach(device, f.space), EADDRINUSE);
		says_whose(device);
		ck_assert_ptr_null(ioasid_device_get_space(device));
		ck_ok(ioasid_space_unmap_all(f.space, NULL));
		ck_ok(ioasid_device_attach(device, f.space));
	}
	fixture_close(&f);
}
END_TEST

START_TEST(misaligned_mapping_in_the_way_of_attach)
{
	static const struct {
		uint64_t iova, offset, length;
	} odd[] = { { 1, 0, PAGE }, { 0, 0, 100 }, { 0, 64, PAGE } };
	struct ioasid_device *device;
	struct fixture f;
	size_t i;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	for (i = 0; i < 3; i++) {
		ck_ok(ioasid_space_map(f.space, odd[i].iova, f.memory + odd[i].offset,
				       odd[i].length, RW, NULL));
		ck_err_same(f.space, ioasid_device_attach(device, f.space), EADDRINUSE);
		ck_ok(ioasid_space_unmap(f.space, odd[i].iova, odd[i].length, NULL));
	}
	ck_ok(ioasid_device_attach(device, f.space));
	for (i = 0; i < 3; i++)
		ck_err_same(f.space, ioasid_space_map(f.space, odd[i].iova,
						      f.memory + odd[i].offset, odd[i].length, RW,
						      NULL), EINVAL);
	fixture_close(&f);
}
END_TEST

/* Wherever it lies: memory is looked at when all else is right. */
START_TEST(misaligned_mapping_comes_before_missing_memory)
{
	struct ioasid_device *device;
	struct fixture f;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	/* what lies behind the memory cannot be accessed */
	ck_ok(ioasid_space_map(f.space, 0, f.memory + MEMORY, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(f.space, 16 * PAGE, f.memory, 100, RW, NULL));
	ck_err_same(f.space, ioasid_device_attach(device, f.space), EADDRINUSE);
	ck_ok(ioasid_space_unmap(f.space, 16 * PAGE, 100, NULL));
	if (kernel_tells_protection())
		ck_err_same(f.space, ioasid_device_attach(device, f.space), EFAULT);
	fixture_close(&f);
}
END_TEST

START_TEST(allowed_ranges_guide_the_choice)
{
	struct ioasid_range list[] = { { 64 * PAGE, 2 * PAGE }, { 16 * PAGE, 2 * PAGE } };
	struct ioasid_mapping *m;
	struct fixture f;
	uint64_t at;
	int i;

	fixture_open(&f);
	ck_ok(ioasid_space_allow(f.space, list, 2));
	for (i = 0; i < 4; i++) {
		ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, RW | IOASID_ANY_IOVA, &m));
		at = ioasid_mapping_get_iova(m);
		if (i < 2)
			ck_assert(at >= 16 * PAGE && at < 18 * PAGE);
		else
			ck_assert(at >= 64 * PAGE && at < 66 * PAGE);
	}
	ck_err_same(f.space, ioasid_space_map(f.space, 0, f.memory, PAGE, RW | IOASID_ANY_IOVA, &m),
		    ENOSPC);
	/* An address that the caller chooses may lie elsewhere. */
	ck_ok(ioasid_space_map(f.space, 32 * PAGE, f.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_allow(f.space, NULL, 0));
	ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, RW | IOASID_ANY_IOVA, &m));
	fixture_close(&f);
}
END_TEST

START_TEST(allow_refuses)
{
	struct ioasid_range keep[] = { { 16 * PAGE, PAGE } };
	struct ioasid_range overlapping[] = { { 0, 2 * PAGE }, { PAGE, 2 * PAGE } };
	struct ioasid_range twice[] = { { 0, PAGE }, { 0, PAGE } };
	struct ioasid_range empty[] = { { 0, PAGE }, { 4 * PAGE, 0 } };
	struct ioasid_range byte[] = { { 0, PAGE }, { 4 * PAGE, 1 } };
	struct ioasid_range beyond[] = { { UINT64_MAX - 10, 100 } };
	struct ioasid_mapping *m;
	struct fixture f;

	fixture_open(&f);
	ck_ok(ioasid_space_allow(f.space, keep, 1));
	ck_err_same(f.space, ioasid_space_allow(f.space, overlapping, 2), EINVAL);
	ck_err_same(f.space, ioasid_space_allow(f.space, twice, 2), EINVAL);
	ck_err_same(f.space, ioasid_space_allow(f.space, empty, 2), EINVAL);
	ck_err_same(f.space, ioasid_space_allow(f.space, byte, 2), EINVAL);
	ck_err_same(f.space, ioasid_space_allow(f.space, beyond, 1), EINVAL);
	ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, RW | IOASID_ANY_IOVA, &m));
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), 16 * PAGE);
	fixture_close(&f);
}
END_TEST

START_TEST(allowed_and_reserved_exclude_each_other)
{
	struct ioasid_range range, low = { 16 * PAGE, PAGE };
	struct ioasid_mapping *m;
	struct ioasid_device *device;
	struct fixture f;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	if (ioasid_device_query_reserved(device, &range, 1)) {
		range.start -= PAGE;
		range.length = 2 * PAGE;
		ck_ok(ioasid_space_allow(f.space, &range, 1));
		ck_err_same(f.space, ioasid_device_attach(device, f.space), EADDRINUSE);
		says_whose(device);
		ck_ok(ioasid_space_allow(f.space, &low, 1));
		ck_ok(ioasid_device_attach(device, f.space));
		ck_err_same(f.space, ioasid_space_allow(f.space, &range, 1), EADDRINUSE);
		says_whose(device);
		ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, RW | IOASID_ANY_IOVA, &m));
		ck_assert_uint_eq(ioasid_mapping_get_iova(m), low.start);
	}
	fixture_close(&f);
}
END_TEST

/* What is wrong in itself comes first: Linux, iommufd_ioas_allow_iovas(). */
START_TEST(allowed_ranges_are_looked_at_before_reserved_ones)
{
	struct ioasid_range ranges[2] = { { 0 } };
	struct ioasid_device *device;
	struct fixture f;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	ck_ok(ioasid_device_attach(device, f.space));
	if (ioasid_space_query_reserved(f.space, ranges, 1)) {
		ranges[1].start = ranges[0].start + ranges[0].length - 1;
		ranges[1].length = PAGE;
		ck_err_same(f.space, ioasid_space_allow(f.space, ranges, 2), EINVAL);
		ck_err_same(f.space, ioasid_space_allow(f.space, ranges, 1), EADDRINUSE);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(chosen_addresses_are_permitted)
{
	struct state s;
	struct fixture f;
	int i;

	fixture_open(&f);
	ck_ok(ioasid_device_attach(fixture_bind(&f, ALONE_A), f.space));
	for (i = 1; i < 20; i++) {
		struct ioasid_mapping *m = NULL;
		uint64_t length = (uint64_t)i * PAGE;

		ck_ok(ioasid_space_map(f.space, 0, f.memory, length, RW | IOASID_ANY_IOVA, &m));
		state_get(f.space, &s);
		ck_assert(inside(&s, ioasid_mapping_get_iova(m), length));
		ck_assert_uint_eq(ioasid_mapping_get_length(m), length);
		ck_assert_uint_ne(ioasid_mapping_get_iova(m), 0);
		leads_to(&f, f.device[ALONE_A], ioasid_mapping_get_iova(m), f.memory, RW);
	}
	fixture_close(&f);
}
END_TEST

/* Nobody is attached: mappings need not be whole pages, nor what is free between them. */
START_TEST(choice_can_do_with_parts_of_pages)
{
	const uint32_t flags = RW | IOASID_ANY_IOVA;
	const uint64_t half = PAGE / 2;
	struct ioasid_mapping *m;
	struct fixture f;

	fixture_open(&f);
	ck_ok(ioasid_space_map(f.space, PAGE, f.memory, half, RW, NULL));
	ck_ok(ioasid_space_map(f.space, 2 * PAGE + half, f.memory, half, RW, NULL));
	ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, flags, &m));
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), 3 * PAGE);
	ck_ok(ioasid_space_map(f.space, 0, (char *)f.memory + half, PAGE, flags, &m));
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), PAGE + half);
	fixture_close(&f);
}
END_TEST

START_TEST(choice_that_cannot_be)
{
	struct ioasid_range all[MAX_RANGES];
	uint32_t flags = RW | IOASID_ANY_IOVA;
	struct ioasid_mapping *m = NULL;
	struct ioasid_device *device;
	struct fixture f;
	size_t n;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	ck_err_same(f.space, ioasid_space_map(f.space, 0, f.memory, UINT64_MAX / 2, flags, &m),
		    EOVERFLOW);
	ck_ok(ioasid_device_attach(device, f.space));
	ck_err_same(f.space, ioasid_space_map(f.space, 0, f.memory + 8, PAGE, flags, &m), EINVAL);
	/* Only the last page is left, and then none. */
	n = ioasid_space_query_permitted(f.space, all, MAX_RANGES);
	ck_assert(n && n <= MAX_RANGES);
	all[0].start += all[0].length - PAGE;
	all[0].length = PAGE;
	ck_ok(ioasid_space_allow(f.space, all, 1));
	ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, flags, &m));
	ck_err_same(f.space, ioasid_space_map(f.space, 0, f.memory, PAGE, flags, &m), ENOSPC);
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), all[0].start);
	leads_to(&f, device, all[0].start, f.memory, RW);
	fixture_close(&f);
}
END_TEST

START_TEST(choice_goes_on_behind_what_is_reserved)
{
	struct ioasid_mapping *m = NULL;
	struct ioasid_range reserved;
	struct ioasid_space *child;
	struct fixture f;

	fixture_open(&f);
	if (ioasid_ctx_has(f.ctx, IOASID_CAP_NESTING_SOFTWARE)) {
		child = make_space(f.ctx, f.space, 0);
		ck_ok(ioasid_device_attach(fixture_bind(&f, ALONE_A), child));
		if (ioasid_space_query_reserved(child, &reserved, 1) > 1) {
			ck_ok(ioasid_space_map_parent(child, PAGE, 0, reserved.start - PAGE, RW,
						      NULL));
			ck_ok(ioasid_space_map_parent(child, 0, 0, PAGE, RW | IOASID_ANY_IOVA, &m));
			ck_assert_uint_eq(ioasid_mapping_get_iova(m),
					  reserved.start + reserved.length);
		}
	}
	fixture_close(&f);
}
END_TEST

START_TEST(allowed_ranges_that_touch_are_one)
{
	struct ioasid_range list[] = { { 16 * PAGE, PAGE }, { 17 * PAGE, PAGE } };
	struct ioasid_mapping *m = NULL;
	struct fixture f;

	fixture_open(&f);
	ck_ok(ioasid_space_allow(f.space, list, 2));
	ck_ok(ioasid_space_map(f.space, 0, f.memory, 2 * PAGE, RW | IOASID_ANY_IOVA, &m));
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), 16 * PAGE);
	fixture_close(&f);
}
END_TEST

START_TEST(permitted_ranges_of_a_child_can_be_mapped)
{
	struct ioasid_mapping *m = NULL;
	struct ioasid_range beyond;
	struct ioasid_space *child;
	struct fixture f;
	struct state s;
	uint64_t last;
	size_t i;

	fixture_open(&f);
	if (lacks(f.ctx, IOASID_CAP_NESTING_SOFTWARE)) {
		fixture_close(&f);
		return;
	}
	child = make_space(f.ctx, f.space, 0);
	state_get(child, &s);
	ck_assert_uint_ge(s.n_permitted, 1);
	for (i = 0; i < s.n_permitted; i++) {
		last = s.permitted[i].start + s.permitted[i].length - PAGE;
		ck_ok(ioasid_space_map_parent(child, s.permitted[i].start, 0, PAGE, RW, NULL));
		ck_ok(ioasid_space_map_parent(child, last, 0, PAGE, RW, NULL));
	}
	for (i = 0; i < s.n_reserved; i++) {
		beyond = s.reserved[i];
		ck_err(ioasid_space_map_parent(child, beyond.start, 0, PAGE, RW, NULL), EINVAL);
		ck_err(ioasid_space_allow(child, &beyond, 1), EADDRINUSE);
	}
	ck_ok(ioasid_space_map_parent(child, 0, 0, PAGE, RW | IOASID_ANY_IOVA, &m));
	fixture_close(&f);
}
END_TEST

TCase *contract_ranges(void)
{
	TCase *tc = tcase_create("ranges");

	tcase_add_test(tc, attach_narrows_and_detach_widens);
	tcase_add_test(tc, what_two_reserve_stays_until_both_are_gone);
	tcase_add_test(tc, counts_do_not_depend_on_the_room);
	tcase_add_test(tc, reserved_ranges_cannot_be_mapped);
	tcase_add_test(tc, addresses_beyond_the_iommu_cannot_be_mapped);
	tcase_add_test(tc, mapping_in_the_way_of_attach);
	tcase_add_test(tc, misaligned_mapping_in_the_way_of_attach);
	tcase_add_test(tc, misaligned_mapping_comes_before_missing_memory);
	tcase_add_test(tc, allowed_ranges_guide_the_choice);
	tcase_add_test(tc, allow_refuses);
	tcase_add_test(tc, allowed_and_reserved_exclude_each_other);
	tcase_add_test(tc, allowed_ranges_are_looked_at_before_reserved_ones);
	tcase_add_test(tc, chosen_addresses_are_permitted);
	tcase_add_test(tc, choice_can_do_with_parts_of_pages);
	tcase_add_test(tc, choice_that_cannot_be);
	tcase_add_test(tc, choice_goes_on_behind_what_is_reserved);
	tcase_add_test(tc, allowed_ranges_that_touch_are_one);
	tcase_add_test(tc, permitted_ranges_of_a_child_can_be_mapped);
	return tc;
}
