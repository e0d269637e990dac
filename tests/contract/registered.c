/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Registered memory, and the identity root in which it appears. */
#include <sys/mman.h>

#include "contract.h"

static bool registered_open(struct fixture *f, uint64_t flags)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	fixture_open(f);
	if (lacks(f->ctx, IOASID_CAP_REGISTER_MEMORY)) {
		fixture_close(f);
		return false;
	}
	if (!flags)
		return true;
	options.backend = ioasid_ctx_get_backend(f->ctx);
	options.flags = flags;
	ck_ok(ioasid_ctx_close(f->ctx));
	ck_ok(ioasid_ctx_open(&options, &f->ctx));
	f->space = make_space(f->ctx, NULL, 0);
	return true;
}

START_TEST(register_refuses)
{
	struct ioasid_ctx *c;
	struct fixture f;
	uint8_t *m;

	if (!registered_open(&f, 0))
		return;
	c = f.ctx;
	m = f.memory;
	ck_err(ioasid_ctx_register_memory(c, m + 1, PAGE, RW), EINVAL);
	ck_err(ioasid_ctx_register_memory(c, m, PAGE + 1, RW), EINVAL);
	ck_err(ioasid_ctx_register_memory(c, m, 0, RW), EINVAL);
	ck_err(ioasid_ctx_register_memory(c, m, PAGE, 0), EINVAL);
	ck_err(ioasid_ctx_register_memory(c, m, PAGE, RW | 16), EINVAL);
	if (kernel_tells_protection())
		ck_err(ioasid_ctx_register_memory(c, m, MEMORY + PAGE, RW), EFAULT);
	ck_ok(ioasid_ctx_register_memory(c, m + 2 * PAGE, 2 * PAGE, RW));
	ck_err(ioasid_ctx_register_memory(c, m + 2 * PAGE, 2 * PAGE, RW), EEXIST);
	ck_err(ioasid_ctx_register_memory(c, m + 3 * PAGE, 2 * PAGE, RW), EEXIST);
	ck_err(ioasid_ctx_register_memory(c, m, MEMORY, RW), EEXIST);
	ck_ok(ioasid_ctx_register_memory(c, m, 2 * PAGE, RW));
	ck_err(ioasid_ctx_unregister_memory(c, m, 4 * PAGE), ENOENT);
	ck_err(ioasid_ctx_unregister_memory(c, m + 2 * PAGE, PAGE), ENOENT);
	ck_err(ioasid_ctx_unregister_memory(c, m + 8 * PAGE, PAGE), ENOENT);
	ck_ok(ioasid_ctx_unregister_memory(c, m, 2 * PAGE));
	ck_ok(ioasid_ctx_unregister_memory(c, m + 2 * PAGE, 2 * PAGE));
	ck_err(ioasid_ctx_unregister_memory(c, m, 2 * PAGE), ENOENT);
	fixture_close(&f);
}
END_TEST

START_TEST(register_looks_at_the_memorys_protection)
{
	uint8_t *memory;
	struct fixture f;

	if (!kernel_tells_protection() || !registered_open(&f, 0))
		return;
	memory = memory_new(2 * PAGE);
	ck_assert_int_eq(mprotect(memory + PAGE, PAGE, PROT_READ), 0);
	ck_err(ioasid_ctx_register_memory(f.ctx, memory, 2 * PAGE, RW), EFAULT);
	ck_ok(ioasid_ctx_register_memory(f.ctx, memory, 2 * PAGE, IOASID_READ));
	fixture_close(&f);
	memory_free(memory, 2 * PAGE);
}
END_TEST

START_TEST(identity_root_shows_what_is_registered)
{
	struct ioasid_space *identity, *again, *child;
	struct ioasid_device *device;
	uint64_t at;
	struct fixture f;

	if (!registered_open(&f, 0))
		return;
	ck_ok(ioasid_ctx_get_identity_root(f.ctx, &identity));
	ck_ok(ioasid_ctx_get_identity_root(f.ctx, &again));
	ck_assert_ptr_eq(identity, again);
	ck_assert_uint_eq(space_info(identity).depth, 0);
	device = fixture_bind(&f, ALONE_A);
	at = (uint64_t)(uintptr_t)f.memory;
	if (at >> address_bits(device)) {
		test_skip("the IOMMU's addresses are shorter than those of memory");
		fixture_close(&f);
		return;
	}
	ck_ok(ioasid_device_attach(device, identity));
	is_blocked(&f, device, at);
	ck_ok(ioasid_ctx_register_memory(f.ctx, f.memory, 4 * PAGE, RW));
	ck_ok(ioasid_ctx_register_memory(f.ctx, f.memory + 4 * PAGE, PAGE, IOASID_READ));
	leads_to(&f, device, at + 5, f.memory + 5, RW);
	leads_to(&f, device, at + 4 * PAGE, f.memory + 4 * PAGE, IOASID_READ);
	is_blocked(&f, device, at + 5 * PAGE);
	if (ioasid_ctx_has(f.ctx, IOASID_CAP_NESTING_SOFTWARE)) {
		child = make_space(f.ctx, identity, 0);
		ck_ok(ioasid_space_map_parent(child, 0, at, 2 * PAGE, RW, NULL));
		ck_ok(ioasid_device_replace(device, child));
		leads_to(&f, device, PAGE, f.memory + PAGE, RW);
	}
	ck_ok(ioasid_ctx_unregister_memory(f.ctx, f.memory, 4 * PAGE));
	is_blocked(&f, device, PAGE);
	fixture_close(&f);
}
END_TEST

/* The address is the IOVA: what a device reserves cannot be registered for it. */
START_TEST(identity_root_of_a_device_that_reserves)
{
	struct ioasid_space *identity;
	struct ioasid_range range;
	struct fixture f;
	void *m;

	if (!registered_open(&f, 0))
		return;
	ck_ok(ioasid_ctx_get_identity_root(f.ctx, &identity));
	ck_ok(ioasid_device_attach(fixture_bind(&f, ALONE_A), identity));
	if (ioasid_space_query_reserved(identity, &range, 1)) {
		m = mmap((void *)(uintptr_t)range.start, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ck_assert_ptr_ne(m, MAP_FAILED);
		if ((uintptr_t)m == range.start)
			ck_err_same(identity, ioasid_ctx_register_memory(f.ctx, m, PAGE, RW),
				    EINVAL);
		munmap(m, PAGE);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(identity_root_is_the_contexts)
{
	struct ioasid_space *identity;
	struct fixture f;
	uint64_t at;

	if (!registered_open(&f, 0))
		return;
	ck_ok(ioasid_ctx_get_identity_root(f.ctx, &identity));
	ck_ok(ioasid_ctx_register_memory(f.ctx, f.memory, PAGE, RW));
	at = (uint64_t)(uintptr_t)f.memory;
	ck_err_same(identity, ioasid_space_destroy(identity), EBUSY);
	ck_err_same(identity, ioasid_space_map(identity, 0, f.memory, PAGE, RW, NULL), EOPNOTSUPP);
	ck_err_same(identity, ioasid_space_unmap(identity, at, PAGE, NULL), EPERM);
	ck_err_same(identity, ioasid_space_unmap_all(identity, NULL), EPERM);
	if (space_info(identity).mappings)
		ck_err_same(identity,
			    ioasid_mapping_unmap(ioasid_space_find_mapping(identity, at, 1)),
			    EPERM);
	fixture_close(&f);
}
END_TEST

START_TEST(mappings_hold_registered_memory)
{
	struct ioasid_mapping *m;
	struct fixture f;

	if (!registered_open(&f, IOASID_CTX_REGISTERED_ONLY))
		return;
	ck_ok(ioasid_ctx_register_memory(f.ctx, f.memory, 4 * PAGE, RW));
	ck_ok(ioasid_space_map(f.space, 0, f.memory + PAGE, PAGE, RW, &m));
	ck_err(ioasid_ctx_unregister_memory(f.ctx, f.memory, 4 * PAGE), EBUSY);
	ck_ok(ioasid_device_attach(fixture_bind(&f, ALONE_A), f.space));
	leads_to(&f, f.device[ALONE_A], 0, f.memory + PAGE, RW);
	ck_ok(ioasid_mapping_unmap(m));
	ck_ok(ioasid_ctx_unregister_memory(f.ctx, f.memory, 4 * PAGE));
	fixture_close(&f);
}
END_TEST

START_TEST(registered_only)
{
	struct ioasid_space *s;
	struct fixture f;

	if (!registered_open(&f, IOASID_CTX_REGISTERED_ONLY))
		return;
	s = f.space;
	ck_err_same(s, ioasid_space_map(s, 0, f.memory, PAGE, RW, NULL), EFAULT);
	ck_ok(ioasid_ctx_register_memory(f.ctx, f.memory, 4 * PAGE, RW));
	ck_ok(ioasid_ctx_register_memory(f.ctx, f.memory + 4 * PAGE, 4 * PAGE, IOASID_READ));
	ck_ok(ioasid_space_map(s, 0, f.memory, 4 * PAGE, RW, NULL));
	ck_err_same(s, ioasid_space_map(s, 0x10000, f.memory + 4 * PAGE, PAGE, RW, NULL), EFAULT);
	ck_ok(ioasid_space_map(s, 0x10000, f.memory + 4 * PAGE, PAGE, IOASID_READ, NULL));
	ck_err_same(s, ioasid_space_map(s, 0x20000, f.memory + 7 * PAGE, 2 * PAGE, IOASID_READ,
					NULL), EFAULT);
	/* all of it is registered, but not as one */
	ck_err_same(s, ioasid_space_map(s, 0x20000, f.memory + 3 * PAGE, 2 * PAGE, IOASID_READ,
					NULL), EFAULT);
	fixture_close(&f);
}
END_TEST

TCase *contract_registered(void)
{
	TCase *tc = tcase_create("registered");

	tcase_add_test(tc, register_refuses);
	tcase_add_test(tc, register_looks_at_the_memorys_protection);
	tcase_add_test(tc, identity_root_shows_what_is_registered);
	tcase_add_test(tc, identity_root_of_a_device_that_reserves);
	tcase_add_test(tc, identity_root_is_the_contexts);
	tcase_add_test(tc, mappings_hold_registered_memory);
	tcase_add_test(tc, registered_only);
	return tc;
}
