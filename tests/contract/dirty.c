/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dirty tracking: who can have it, and what the calls refuse. What is recorded takes DMA. */
#include "contract.h"

static struct ioasid_space *tracked(struct fixture *f)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;

	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	ck_ok(ioasid_space_create(f->ctx, &options, &space));
	return space;
}

/* Whether the back end has it. */
static bool open_tracked(struct fixture *f, struct ioasid_space **space)
{
	fixture_open(f);
	if (lacks(f->ctx, IOASID_CAP_DIRTY_TRACKING)) {
		fixture_close(f);
		return false;
	}
	*space = tracked(f);
	return true;
}

START_TEST(without_the_capability)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space = NULL;
	struct fixture f;

	fixture_open(&f);
	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	if (!ioasid_ctx_has(f.ctx, IOASID_CAP_DIRTY_TRACKING)) {
		ck_err(ioasid_space_create(f.ctx, &options, &space), EOPNOTSUPP);
		ck_assert_ptr_null(space);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(spaces_that_were_not_made_for_it)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space = NULL, *child;
	uint64_t bits[1] = { 0 };
	struct fixture f;

	fixture_open(&f);
	ck_err(ioasid_space_dirty_start(f.space), EOPNOTSUPP);
	ck_err(ioasid_space_dirty_stop(f.space), EOPNOTSUPP);
	ck_err(ioasid_space_dirty_read(f.space, 0, PAGE, PAGE, 0, bits), EOPNOTSUPP);
	ck_err(ioasid_space_unmap_dirty(f.space, 0, PAGE, PAGE, bits, NULL), EOPNOTSUPP);
	if (ioasid_ctx_has(f.ctx, IOASID_CAP_NESTING_SOFTWARE)) {
		child = make_space(f.ctx, f.space, 0);
		ck_err(ioasid_space_dirty_start(child), EOPNOTSUPP);
		options.flags = IOASID_SPACE_DIRTY_TRACKING;
		options.parent = f.space;
		ck_err(ioasid_space_create(f.ctx, &options, &space), EINVAL);
		ck_assert_ptr_null(space);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(what_read_refuses)
{
	uint64_t bits[2] = { 0 };
	struct ioasid_space *s;
	struct fixture f;

	if (!open_tracked(&f, &s))
		return;
	ck_ok(ioasid_space_map(s, 0, f.memory, 16 * PAGE, RW, NULL));
	ck_ok(ioasid_space_map(s, 17 * PAGE, f.memory, 15 * PAGE, RW, NULL));
	ck_err(ioasid_space_dirty_read(s, 0, PAGE, PAGE, 0, bits), EINVAL); /* not started */
	ck_ok(ioasid_space_dirty_start(s));
	ck_ok(ioasid_space_dirty_read(s, 0, 16 * PAGE, PAGE, 0, bits));
	ck_err(ioasid_space_dirty_read(s, 0, PAGE, PAGE, 4, bits), EOPNOTSUPP);
	ck_err(ioasid_space_dirty_read(s, 0, 0, PAGE, 0, bits), EINVAL);
	ck_err(ioasid_space_dirty_read(s, 2 * PAGE, -PAGE, PAGE, 0, bits), EOVERFLOW);
	ck_err(ioasid_space_dirty_read(s, 0, PAGE, 0, 0, bits), EINVAL);
	ck_err(ioasid_space_dirty_read(s, 0, PAGE, PAGE / 2, 0, bits), EINVAL);
	ck_err(ioasid_space_dirty_read(s, 0, 3 * PAGE, 3 * PAGE, 0, bits), EINVAL);
	ck_err(ioasid_space_dirty_read(s, PAGE, 2 * PAGE, 2 * PAGE, 0, bits), EINVAL);
	ck_err(ioasid_space_dirty_read(s, 0, 3 * PAGE, 2 * PAGE, 0, bits), EINVAL);
	ck_err(ioasid_space_dirty_read(s, 1, PAGE, PAGE, 0, bits), EINVAL);
	/* A hole in the midst, at the end, and nothing at all. */
	ck_err(ioasid_space_dirty_read(s, 0, 32 * PAGE, PAGE, 0, bits), EINVAL);
	ck_err(ioasid_space_dirty_read(s, 30 * PAGE, 4 * PAGE, PAGE, 0, bits), EINVAL);
	ck_err(ioasid_space_dirty_read(s, 16 * PAGE, PAGE, PAGE, IOASID_DIRTY_PEEK, bits), EINVAL);
	ck_assert_uint_eq(bits[0] | bits[1], 0);
	fixture_close(&f);
}
END_TEST

START_TEST(what_unmap_refuses)
{
	uint64_t bits[2] = { 0 }, unmapped = 7;
	struct ioasid_space *s;
	struct fixture f;

	if (!open_tracked(&f, &s))
		return;
	ck_ok(ioasid_space_map(s, 4 * PAGE, f.memory, 16 * PAGE, RW, NULL));
	ck_err_same(s, ioasid_space_unmap_dirty(s, 0, 32 * PAGE, PAGE, bits, &unmapped), EINVAL);
	ck_ok(ioasid_space_dirty_start(s));
	ck_err_same(s, ioasid_space_unmap_dirty(s, 0, 8 * PAGE, PAGE, bits, &unmapped), ENOENT);
	ck_err_same(s, ioasid_space_unmap_dirty(s, 0, 4 * PAGE, PAGE, bits, &unmapped), ENOENT);
	ck_err_same(s, ioasid_space_unmap_dirty(s, 0, 32 * PAGE, PAGE + 1, bits, NULL), EINVAL);
	ck_err_same(s, ioasid_space_unmap_dirty(s, 0, 0, PAGE, bits, NULL), EINVAL);
	ck_err_same(s, ioasid_space_unmap_dirty(s, PAGE, 4 * PAGE, 4 * PAGE, bits, NULL), EINVAL);
	ck_err_same(s, ioasid_space_unmap_dirty(s, 2 * PAGE, -PAGE, PAGE, bits, NULL), EOVERFLOW);
	ck_assert_uint_eq(unmapped, 7);
	ck_ok(ioasid_space_unmap_dirty(s, 0, 32 * PAGE, 32 * PAGE, bits, &unmapped));
	ck_assert_uint_eq(unmapped, 16 * PAGE);
	ck_assert_uint_eq(space_info(s).mappings, 0);
	ck_assert_uint_eq(bits[0] | bits[1], 0);
	fixture_close(&f);
}
END_TEST

static bool records(struct ioasid_device *device)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;

	ck_ok(ioasid_device_query_info(device, &info));
	return info.dirty_tracking;
}

/* Attaching, and detaching, leave what is on alone. Whose IOMMU cannot record is refused. */
START_TEST(devices_come_and_go)
{
	uint64_t bits[1] = { 0 };
	struct ioasid_space *s;
	struct fixture f;

	if (!open_tracked(&f, &s))
		return;
	ck_ok(ioasid_space_map(s, 0, f.memory, 16 * PAGE, RW, NULL));
	if (!records(fixture_bind(&f, ALONE_A))) {
		ck_err(ioasid_device_attach(f.device[ALONE_A], s), EOPNOTSUPP);
		fixture_close(&f);
		return;
	}
	ck_ok(ioasid_device_attach(f.device[ALONE_A], s));
	ck_ok(ioasid_space_dirty_start(s));
	ck_assert(space_info(s).dirty_tracking);
	ck_ok(ioasid_device_attach(fixture_bind(&f, ALONE_B), s));
	ck_ok(ioasid_device_detach(f.device[ALONE_A]));
	ck_ok(ioasid_space_dirty_read(s, 0, 16 * PAGE, PAGE, IOASID_DIRTY_PEEK, bits));
	/* Nobody has written anything, as far as that can be known. */
	ck_assert_uint_eq(bits[0], ioasid_ctx_has(f.ctx, IOASID_CAP_DIRTY_EXACT) ? 0 : 0xffff);
	ck_ok(ioasid_space_dirty_stop(s));
	ck_ok(ioasid_space_dirty_stop(s));
	ck_assert(!space_info(s).dirty_tracking);
	fixture_close(&f);
}
END_TEST

/* With or without the capability to tell: never a page that no device can write. */
START_TEST(what_cannot_be_written_is_clean)
{
	uint64_t bits[1] = { 0 };
	struct ioasid_space *s;
	struct fixture f;

	if (!open_tracked(&f, &s))
		return;
	ck_ok(ioasid_space_map(s, 0, f.memory, 8 * PAGE, IOASID_READ, NULL));
	ck_ok(ioasid_space_map(s, 8 * PAGE, f.memory, 8 * PAGE, RW, NULL));
	if (records(fixture_bind(&f, ALONE_A))) {
		ck_ok(ioasid_device_attach(f.device[ALONE_A], s));
		ck_ok(ioasid_space_dirty_start(s));
		ck_ok(ioasid_space_dirty_read(s, 0, 16 * PAGE, PAGE, 0, bits));
		ck_assert_uint_eq(bits[0] & 0xff, 0);
		ck_ok(ioasid_device_detach(f.device[ALONE_A]));
		bits[0] = 0;
		ck_ok(ioasid_space_unmap_dirty(s, 0, 16 * PAGE, PAGE, bits, NULL));
		ck_assert_uint_eq(bits[0] & 0xff, 0);
	}
	fixture_close(&f);
}
END_TEST

TCase *contract_dirty(void)
{
	TCase *tc = tcase_create("dirty");

	tcase_add_test(tc, without_the_capability);
	tcase_add_test(tc, spaces_that_were_not_made_for_it);
	tcase_add_test(tc, what_read_refuses);
	tcase_add_test(tc, what_unmap_refuses);
	tcase_add_test(tc, devices_come_and_go);
	tcase_add_test(tc, what_cannot_be_written_is_clean);
	return tc;
}
