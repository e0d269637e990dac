/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mapping memory of the process. */
#include <sys/mman.h>

#include "contract.h"

START_TEST(fixed_address)
{
	struct ioasid_mapping *m = NULL;
	struct ioasid_device *device;
	struct fixture f;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	ck_ok(ioasid_device_attach(device, f.space));
	ck_ok(ioasid_space_map(f.space, 0x10000, f.memory + PAGE, 3 * PAGE, RW, &m));
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), 0x10000);
	ck_assert_uint_eq(ioasid_mapping_get_length(m), 3 * PAGE);
	ck_assert_uint_eq(ioasid_mapping_get_perm(m), RW);
	ck_assert_ptr_eq(ioasid_mapping_get_space(m), f.space);
	is_blocked(&f, device, 0xffff);
	leads_to(&f, device, 0x10000, f.memory + PAGE, RW);
	leads_to(&f, device, 0x12fff, f.memory + 4 * PAGE - 1, RW);
	is_blocked(&f, device, 0x13000);
	fixture_close(&f);
}
END_TEST

START_TEST(permissions)
{
	struct ioasid_device *device;
	struct fixture f;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, IOASID_READ, NULL));
	ck_ok(ioasid_space_map(f.space, PAGE, f.memory, PAGE, IOASID_WRITE, NULL));
	ck_ok(ioasid_device_attach(device, f.space));
	leads_to(&f, device, 0, f.memory, IOASID_READ);
	leads_to(&f, device, PAGE, f.memory, IOASID_WRITE);
	ck_assert_uint_eq(ioasid_mapping_get_perm(ioasid_space_find_mapping(f.space, 0, 1)),
			  IOASID_READ);
	ck_assert_uint_eq(ioasid_mapping_get_perm(ioasid_space_find_mapping(f.space, PAGE, 1)),
			  IOASID_WRITE);
	fixture_close(&f);
}
END_TEST

START_TEST(mapped_before_attach_is_there_after)
{
	struct ioasid_device *device;
	struct fixture f;
	unsigned int shift;
	int i;

	fixture_open(&f);
	device = fixture_bind(&f, ALONE_A);
	shift = address_bits(device) - 3;
	for (i = 0; i < 8; i++)
		ck_ok(ioasid_space_map(f.space, (uint64_t)i << shift, f.memory + i * PAGE, PAGE,
				       RW, NULL));
	ck_ok(ioasid_device_attach(device, f.space));
	for (i = 0; i < 8; i++)
		leads_to(&f, device, (uint64_t)i << shift, f.memory + i * PAGE, RW);
	fixture_close(&f);
}
END_TEST

START_TEST(without_device_any_byte_is_an_address)
{
	struct fixture f;

	fixture_open(&f);
	ck_ok(ioasid_space_map(f.space, 1, f.memory + 3, 5, RW, NULL));
	ck_ok(ioasid_space_map(f.space, 6, f.memory, 1, RW, NULL));
	ck_err_same(f.space, ioasid_space_map(f.space, 0, f.memory, 2, RW, NULL), EEXIST);
	ck_ok(ioasid_space_map(f.space, 0, f.memory, 1, RW, NULL));
	ck_ok(ioasid_space_unmap(f.space, 1, 5, NULL));
	ck_assert_uint_eq(space_info(f.space).mappings, 2);
	fixture_close(&f);
}
END_TEST

START_TEST(mistakes)
{
	struct ioasid_space *s;
	struct fixture f;
	uint8_t *mem;

	fixture_open(&f);
	s = f.space;
	mem = f.memory;
	ck_ok(ioasid_space_map(s, 8 * PAGE, mem, 2 * PAGE, RW, NULL));
	ck_err_same(s, ioasid_space_map(s, 0, mem, PAGE, 0, NULL), EINVAL);
	ck_err_same(s, ioasid_space_map(s, 0, mem, 0, RW, NULL), EINVAL);
	ck_err_same(s, ioasid_space_map(s, 0, mem, PAGE, RW | 0x80, NULL), EOPNOTSUPP);
	ck_err_same(s, ioasid_space_map(s, 0, mem, PAGE, RW | 1u << 31, NULL), EOPNOTSUPP);
	ck_err_same(s, ioasid_space_map(s, UINT64_MAX - PAGE + 2, mem, PAGE, RW, NULL), EOVERFLOW);
	ck_err_same(s, ioasid_space_map(s, 0, mem, UINT64_MAX - PAGE, RW, NULL), EOVERFLOW);
	ck_err_same(s, ioasid_space_map(s, 0, mem, UINT64_MAX, RW, NULL), EOVERFLOW);
	ck_err_same(s, ioasid_space_map(s, 0, mem, PAGE, RW | IOASID_ANY_IOVA, NULL), EINVAL);
	fixture_close(&f);
}
END_TEST

START_TEST(overlaps_of_every_kind)
{
	struct ioasid_space *s;
	struct fixture f;

	fixture_open(&f);
	s = f.space;
	ck_ok(ioasid_space_map(s, 8 * PAGE, f.memory, 2 * PAGE, RW, NULL));
	ck_err_same(s, ioasid_space_map(s, 8 * PAGE, f.memory, 2 * PAGE, RW, NULL), EEXIST);
	ck_err_same(s, ioasid_space_map(s, 9 * PAGE, f.memory, PAGE, RW, NULL), EEXIST);
	ck_err_same(s, ioasid_space_map(s, 7 * PAGE, f.memory, 2 * PAGE, RW, NULL), EEXIST);
	ck_err_same(s, ioasid_space_map(s, 9 * PAGE, f.memory, 2 * PAGE, RW, NULL), EEXIST);
	ck_err_same(s, ioasid_space_map(s, 0, f.memory, 32 * PAGE, RW, NULL), EEXIST);
	ck_ok(ioasid_space_map(s, 7 * PAGE, f.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(s, 10 * PAGE, f.memory, PAGE, RW, NULL));
	ck_assert_uint_eq(space_info(s).mappings, 3);
	fixture_close(&f);
}
END_TEST

START_TEST(top_of_the_address_space)
{
	struct fixture f;

	fixture_open(&f);
	ck_ok(ioasid_space_map(f.space, UINT64_MAX - PAGE + 1, f.memory, PAGE, RW, NULL));
	ck_err_same(f.space, ioasid_space_map(f.space, UINT64_MAX - PAGE + 1, f.memory, PAGE, RW,
					      NULL), EEXIST);
	ck_assert_ptr_nonnull(ioasid_space_find_mapping(f.space, UINT64_MAX, 1));
	ck_ok(ioasid_space_unmap(f.space, UINT64_MAX - PAGE + 1, PAGE, NULL));
	ck_assert_uint_eq(space_info(f.space).mappings, 0);
	fixture_close(&f);
}
END_TEST

/* Whether memory is there is seen at once or, at the latest, when a device needs it. */
static void map_or_attach_fails(struct fixture *f, void *memory, uint32_t perm)
{
	struct ioasid_device *device = fixture_bind(f, ALONE_A);
	int rc = ioasid_space_map(f->space, 0, memory, 2 * PAGE, perm, NULL);

	if (rc == 0) {
		ck_err_same(f->space, ioasid_device_attach(device, f->space), EFAULT);
		ck_assert_ptr_null(ioasid_device_get_space(device));
		ck_ok(ioasid_space_unmap_all(f->space, NULL));
	} else {
		ck_assert_int_eq(rc, -EFAULT);
		ck_assert_uint_eq(space_info(f->space).mappings, 0);
	}
	ck_ok(ioasid_device_attach(device, f->space));
	ck_err_same(f->space, ioasid_space_map(f->space, 0, memory, 2 * PAGE, perm, NULL), EFAULT);
	is_blocked(f, device, 0);
	ck_ok(ioasid_device_detach(device));
}

START_TEST(memory_that_is_not_there)
{
	uint8_t *memory;
	struct fixture f;

	if (!kernel_tells_protection())
		return;
	fixture_open(&f);
	/* At an address that nobody gets who does not ask for it: the hole stays one. */
	memory = mmap((void *)0x10000000, 4 * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	ck_assert_int_eq(munmap(memory + PAGE, PAGE), 0);
	map_or_attach_fails(&f, memory, RW);
	map_or_attach_fails(&f, memory, IOASID_READ);
	ck_assert_int_eq(mprotect(memory + 2 * PAGE, PAGE, PROT_NONE), 0);
	map_or_attach_fails(&f, memory + 2 * PAGE, IOASID_READ);
	memory_free(memory, 4 * PAGE);
	fixture_close(&f);
}
END_TEST

/* Of a length that 32 bits take for one page. */
START_TEST(memory_that_is_not_all_there)
{
	const uint64_t length = (UINT64_C(1) << 32) + PAGE;
	struct fixture f;

	fixture_open(&f);
	ck_ok(ioasid_device_attach(fixture_bind(&f, ALONE_A), f.space));
	ck_err_same(f.space, ioasid_space_map(f.space, UINT64_C(1) << 32, f.memory, length, RW,
					      NULL), EFAULT);
	fixture_close(&f);
}
END_TEST

START_TEST(read_only_memory_can_be_read_only)
{
	uint8_t *memory;
	struct fixture f;

	if (!kernel_tells_protection())
		return;
	fixture_open(&f);
	memory = memory_new(2 * PAGE);
	ck_assert_int_eq(mprotect(memory + PAGE, PAGE, PROT_READ), 0);
	map_or_attach_fails(&f, memory, RW);
	map_or_attach_fails(&f, memory, IOASID_WRITE);
	ck_ok(ioasid_space_map(f.space, 0, memory, 2 * PAGE, IOASID_READ, NULL));
	ck_ok(ioasid_device_attach(f.device[ALONE_A], f.space));
	leads_to(&f, f.device[ALONE_A], PAGE, memory + PAGE, IOASID_READ);
	fixture_close(&f);
	memory_free(memory, 2 * PAGE);
}
END_TEST

START_TEST(any_address_fills_holes_from_below)
{
	struct ioasid_mapping *m[4];
	uint64_t at[4];
	struct fixture f;
	int i;

	fixture_open(&f);
	ck_ok(ioasid_device_attach(fixture_bind(&f, ALONE_A), f.space));
	for (i = 0; i < 4; i++) {
		ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, RW | IOASID_ANY_IOVA, &m[i]));
		at[i] = ioasid_mapping_get_iova(m[i]);
		ck_assert_uint_eq(at[i] % PAGE, 0);
		if (i)
			ck_assert_uint_gt(at[i], at[i - 1]);
	}
	ck_ok(ioasid_mapping_unmap(m[1]));
	ck_ok(ioasid_space_map(f.space, 0, f.memory, PAGE, RW | IOASID_ANY_IOVA, &m[1]));
	ck_assert_uint_eq(ioasid_mapping_get_iova(m[1]), at[1]);
	ck_err_same(f.space, ioasid_space_map(f.space, PAGE, f.memory, PAGE, RW | IOASID_ANY_IOVA,
					      &m[0]), EINVAL);
	fixture_close(&f);
}
END_TEST

START_TEST(find_is_the_first_that_touches)
{
	struct ioasid_mapping *a, *b;
	struct fixture f;

	fixture_open(&f);
	ck_assert_ptr_null(ioasid_space_find_mapping(f.space, 0, UINT64_MAX));
	ck_ok(ioasid_space_map(f.space, 8 * PAGE, f.memory, PAGE, RW, &b));
	ck_ok(ioasid_space_map(f.space, 2 * PAGE, f.memory, 2 * PAGE, RW, &a));
	ck_assert_ptr_eq(ioasid_space_find_mapping(f.space, 0, UINT64_MAX), a);
	ck_assert_ptr_eq(ioasid_space_find_mapping(f.space, 0, 2 * PAGE + 1), a);
	ck_assert_ptr_null(ioasid_space_find_mapping(f.space, 0, 2 * PAGE));
	ck_assert_ptr_eq(ioasid_space_find_mapping(f.space, 3 * PAGE, 9 * PAGE), a);
	ck_assert_ptr_eq(ioasid_space_find_mapping(f.space, 4 * PAGE, 9 * PAGE), b);
	ck_assert_ptr_null(ioasid_space_find_mapping(f.space, 4 * PAGE, 4 * PAGE));
	ck_assert_ptr_eq(ioasid_space_find_mapping(f.space, 9 * PAGE - 1, 1), b);
	ck_assert_ptr_null(ioasid_space_find_mapping(f.space, 9 * PAGE, UINT64_MAX - 9 * PAGE));
	fixture_close(&f);
}
END_TEST

TCase *contract_map(void)
{
	TCase *tc = tcase_create("map");

	tcase_add_test(tc, fixed_address);
	tcase_add_test(tc, permissions);
	tcase_add_test(tc, mapped_before_attach_is_there_after);
	tcase_add_test(tc, without_device_any_byte_is_an_address);
	tcase_add_test(tc, mistakes);
	tcase_add_test(tc, overlaps_of_every_kind);
	tcase_add_test(tc, top_of_the_address_space);
	tcase_add_test(tc, memory_that_is_not_there);
	tcase_add_test(tc, memory_that_is_not_all_there);
	tcase_add_test(tc, read_only_memory_can_be_read_only);
	tcase_add_test(tc, any_address_fills_holes_from_below);
	tcase_add_test(tc, find_is_the_first_that_touches);
	return tc;
}
