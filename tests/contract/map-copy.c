/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same memory in a second space. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "contract.h"

struct two {
	struct fixture f;
	struct ioasid_device *device; /* attached to the second space */
	struct ioasid_space *from, *to;
};

static void two_open(struct two *t)
{
	fixture_open(&t->f);
	t->device = fixture_bind(&t->f, ALONE_A);
	t->from = t->f.space;
	t->to = make_space(t->f.ctx, NULL, 0);
	ck_ok(ioasid_device_attach(t->device, t->to));
	ck_ok(ioasid_space_map(t->from, 0x10000, t->f.memory, 4 * PAGE, RW, NULL));
}

START_TEST(copy_leads_to_the_same_memory)
{
	struct ioasid_mapping *m = NULL;
	struct two t;

	two_open(&t);
	ck_ok(ioasid_space_map_copy(t.to, 0x50000, t.from, 0x10000, 4 * PAGE, RW, &m));
	ck_assert_uint_eq(ioasid_mapping_get_iova(m), 0x50000);
	ck_assert_uint_eq(ioasid_mapping_get_length(m), 4 * PAGE);
	leads_to(&t.f, t.device, 0x50000, t.f.memory, RW);
	leads_to(&t.f, t.device, 0x53fff, t.f.memory + 4 * PAGE - 1, RW);
	ck_ok(ioasid_space_unmap_all(t.from, NULL));
	leads_to(&t.f, t.device, 0x51000, t.f.memory + PAGE, RW);
	ck_ok(ioasid_space_destroy(t.from));
	leads_to(&t.f, t.device, 0x52000, t.f.memory + 2 * PAGE, RW);
	fixture_close(&t.f);
}
END_TEST

START_TEST(part_of_a_mapping)
{
	struct ioasid_mapping *m = NULL;
	struct two t;

	two_open(&t);
	ck_ok(ioasid_space_map_copy(t.to, 0, t.from, 0x11000, 2 * PAGE, RW | IOASID_ANY_IOVA, &m));
	ck_assert_uint_eq(ioasid_mapping_get_length(m), 2 * PAGE);
	leads_to(&t.f, t.device, ioasid_mapping_get_iova(m), t.f.memory + PAGE, RW);
	is_blocked(&t.f, t.device, ioasid_mapping_get_iova(m) + 2 * PAGE);
	fixture_close(&t.f);
}
END_TEST

START_TEST(across_mappings_without_a_hole)
{
	uint64_t unmapped = 0;
	struct two t;

	two_open(&t);
	ck_ok(ioasid_space_map(t.from, 0x14000, t.f.memory + 8 * PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(t.from, 0x15000, t.f.memory + 4 * PAGE, 2 * PAGE, RW, NULL));
	ck_ok(ioasid_space_map_copy(t.to, 0, t.from, 0x13000, 3 * PAGE, RW, NULL));
	leads_to(&t.f, t.device, 0, t.f.memory + 3 * PAGE, RW);
	leads_to(&t.f, t.device, PAGE, t.f.memory + 8 * PAGE, RW);
	leads_to(&t.f, t.device, 2 * PAGE, t.f.memory + 4 * PAGE, RW);
	is_blocked(&t.f, t.device, 3 * PAGE);
	ck_ok(ioasid_space_unmap(t.to, 0, 3 * PAGE, &unmapped));
	ck_assert_uint_eq(unmapped, 3 * PAGE);
	fixture_close(&t.f);
}
END_TEST

START_TEST(source_with_a_hole)
{
	struct two t;

	two_open(&t);
	ck_ok(ioasid_space_map(t.from, 0x15000, t.f.memory, PAGE, RW, NULL));
	ck_err_same(t.to, ioasid_space_map_copy(t.to, 0, t.from, 0, PAGE, RW, NULL), ENOENT);
	ck_err_same(t.to, ioasid_space_map_copy(t.to, 0, t.from, 0xf000, 2 * PAGE, RW, NULL),
		    ENOENT);
	ck_err_same(t.to, ioasid_space_map_copy(t.to, 0, t.from, 0x13000, 2 * PAGE, RW, NULL),
		    ENOENT);
	ck_err_same(t.to, ioasid_space_map_copy(t.to, 0, t.from, 0x13000, 3 * PAGE, RW, NULL),
		    ENOENT);
	fixture_close(&t.f);
}
END_TEST

START_TEST(permission_is_the_memorys)
{
	struct two t;

	two_open(&t);
	ck_ok(ioasid_space_map(t.from, 0, t.f.memory + 8 * PAGE, PAGE, IOASID_READ, NULL));
	ck_err_same(t.to, ioasid_space_map_copy(t.to, 0, t.from, 0, PAGE, RW, NULL), EPERM);
	ck_err_same(t.to, ioasid_space_map_copy(t.to, 0, t.from, 0, PAGE, IOASID_WRITE, NULL),
		    EPERM);
	ck_ok(ioasid_space_map_copy(t.to, 0, t.from, 0, PAGE, IOASID_READ, NULL));
	leads_to(&t.f, t.device, 0, t.f.memory + 8 * PAGE, IOASID_READ);
	/* A copy for reading of memory that can be written can be copied for writing. */
	ck_ok(ioasid_space_map_copy(t.to, PAGE, t.from, 0x10000, PAGE, IOASID_READ, NULL));
	leads_to(&t.f, t.device, PAGE, t.f.memory, IOASID_READ);
	ck_ok(ioasid_space_map_copy(t.to, 2 * PAGE, t.to, PAGE, PAGE, RW, NULL));
	leads_to(&t.f, t.device, 2 * PAGE, t.f.memory, RW);
	fixture_close(&t.f);
}
END_TEST

/* In a space without devices nobody has looked at it. */
START_TEST(memory_that_is_not_there)
{
	uint8_t *memory;
	struct two t;

	if (!kernel_tells_protection())
		return;
	two_open(&t);
	/* At an address that nobody gets who does not ask for it: the hole stays one. */
	memory = mmap((void *)0x10000000, 2 * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	ck_assert_int_eq(munmap(memory + PAGE, PAGE), 0);
	ck_ok(ioasid_space_map(t.from, 0, memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(t.from, PAGE, memory + PAGE, PAGE, RW, NULL));
	ck_err_same(t.to, ioasid_space_map_copy(t.to, 0, t.from, 0, 2 * PAGE, RW, NULL), EFAULT);
	ck_ok(ioasid_space_map_copy(t.to, 0, t.from, 0, PAGE, RW, NULL));
	leads_to(&t.f, t.device, 0, memory, RW);
	fixture_close(&t.f);
	memory_free(memory, PAGE);
}
END_TEST

START_TEST(within_one_space)
{
	struct two t;

	two_open(&t);
	ck_err_same(t.from, ioasid_space_map_copy(t.from, 0x12000, t.from, 0x10000, PAGE, RW, NULL),
		    EEXIST);
	ck_ok(ioasid_space_map_copy(t.from, 0x14000, t.from, 0x10000, 4 * PAGE, RW, NULL));
	ck_ok(ioasid_device_replace(t.device, t.from));
	leads_to(&t.f, t.device, 0x16000, t.f.memory + 2 * PAGE, RW);
	fixture_close(&t.f);
}
END_TEST

START_TEST(mistakes_of_every_map_call)
{
	struct ioasid_space *to, *from;
	struct two t;

	two_open(&t);
	to = t.to;
	from = t.from;
	ck_err_same(to, ioasid_space_map_copy(to, 0, from, 0x10000, 0, RW, NULL), EINVAL);
	ck_err_same(to, ioasid_space_map_copy(to, 0, from, 0x10000, PAGE, 0, NULL), EINVAL);
	ck_err_same(to, ioasid_space_map_copy(to, 1, from, 0x10000, PAGE, RW, NULL), EINVAL);
	ck_err_same(to, ioasid_space_map_copy(to, 0, from, 0x10001, PAGE, RW, NULL), EINVAL);
	ck_err_same(to, ioasid_space_map_copy(to, 0, from, 0x10000, PAGE + 1, RW, NULL), EINVAL);
	ck_err_same(to, ioasid_space_map_copy(to, 0, from, 0x10000, PAGE, RW | 8, NULL),
		    EOPNOTSUPP);
	ck_err_same(to, ioasid_space_map_copy(to, 0, from, UINT64_MAX - PAGE + 2, PAGE, RW, NULL),
		    EOVERFLOW);
	ck_err_same(to, ioasid_space_map_copy(to, UINT64_MAX - PAGE + 1, from, 0x10000, 2 * PAGE,
					      RW, NULL), EOVERFLOW);
	ck_err_same(to, ioasid_space_map_copy(to, 0, from, 0x10000, PAGE, RW | IOASID_ANY_IOVA,
					      NULL), EINVAL);
	fixture_close(&t.f);
}
END_TEST

START_TEST(other_context_is_refused)
{
	struct ioasid_space *other;
	struct fixture g;
	struct two t;

	two_open(&t);
	fixture_open(&g);
	other = g.space;
	ck_err_same(other, ioasid_space_map_copy(other, 0, t.from, 0x10000, PAGE, RW, NULL),
		    EINVAL);
	fixture_close(&g);
	fixture_close(&t.f);
}
END_TEST

START_TEST(copy_of_a_file)
{
	uint8_t *host;
	struct two t;
	int fd;

	two_open(&t);
	if (ioasid_ctx_has(t.f.ctx, IOASID_CAP_MAP_FILE)) {
		fd = memfd_new(8 * PAGE, F_SEAL_SHRINK);
		ck_ok(ioasid_space_map_file(t.from, 0, fd, 0, 8 * PAGE, RW, NULL));
		close(fd);
		ck_ok(ioasid_space_map_copy(t.to, 0, t.from, 5 * PAGE, PAGE, RW, NULL));
		ck_ok(ioasid_space_destroy(t.from));
		if (ioasid_ctx_has(t.f.ctx, IOASID_CAP_DMA)) {
			struct ioasid_channel *channel = channel_new(t.device, IOASID_NO_PASID);

			host = dma_where(channel, 0, RW);
			ck_assert_ptr_nonnull(host);
			ck_assert_uint_eq(*host, 5);
		}
	}
	fixture_close(&t.f);
}
END_TEST

TCase *contract_map_copy(void)
{
	TCase *tc = tcase_create("map-copy");

	tcase_add_test(tc, copy_leads_to_the_same_memory);
	tcase_add_test(tc, part_of_a_mapping);
	tcase_add_test(tc, across_mappings_without_a_hole);
	tcase_add_test(tc, source_with_a_hole);
	tcase_add_test(tc, permission_is_the_memorys);
	tcase_add_test(tc, memory_that_is_not_there);
	tcase_add_test(tc, within_one_space);
	tcase_add_test(tc, mistakes_of_every_map_call);
	tcase_add_test(tc, other_context_is_refused);
	tcase_add_test(tc, copy_of_a_file);
	return tc;
}
