/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The map protocol of nesting: ranges of a child lead to addresses of its parent. */
#include "contract.h"

struct nest {
	struct fixture f;
	struct ioasid_device *device; /* attached to the child */
	struct ioasid_space *child;
};

static bool nest_open(struct nest *n)
{
	fixture_open(&n->f);
	if (lacks(n->f.ctx, IOASID_CAP_NESTING_SOFTWARE)) {
		fixture_close(&n->f);
		return false;
	}
	n->child = make_space(n->f.ctx, n->f.space, 0);
	n->device = fixture_bind(&n->f, ALONE_A);
	ck_ok(ioasid_device_attach(n->device, n->child));
	ck_ok(ioasid_space_map(n->f.space, 0x10000, n->f.memory, 8 * PAGE, RW, NULL));
	return true;
}

START_TEST(child_leads_through_the_parent)
{
	struct ioasid_mapping *m = NULL;
	struct nest n;

	if (!nest_open(&n))
		return;
	is_blocked(&n.f, n.device, 0);
	is_blocked(&n.f, n.device, 0x10000);
	ck_ok(ioasid_space_map_parent(n.child, 0, 0x12000, 2 * PAGE, RW, &m));
	ck_assert_ptr_eq(ioasid_mapping_get_space(m), n.child);
	ck_assert_uint_eq(space_info(n.child).mappings, 1);
	leads_to(&n.f, n.device, 0, n.f.memory + 2 * PAGE, RW);
	leads_to(&n.f, n.device, 0x1fff, n.f.memory + 4 * PAGE - 1, RW);
	is_blocked(&n.f, n.device, 0x2000);
	ck_ok(ioasid_mapping_unmap(m));
	is_blocked(&n.f, n.device, 0);
	fixture_close(&n.f);
}
END_TEST

START_TEST(parent_may_come_later_and_go_again)
{
	struct nest n;

	if (!nest_open(&n))
		return;
	ck_ok(ioasid_space_map_parent(n.child, 0, 0x40000, 2 * PAGE, RW, NULL));
	is_blocked(&n.f, n.device, 0);
	ck_ok(ioasid_space_map(n.f.space, 0x40000, n.f.memory, PAGE, IOASID_READ, NULL));
	leads_to(&n.f, n.device, 0, n.f.memory, IOASID_READ);
	is_blocked(&n.f, n.device, PAGE);
	ck_ok(ioasid_space_unmap(n.f.space, 0x40000, PAGE, NULL));
	is_blocked(&n.f, n.device, 0);
	ck_ok(ioasid_space_map(n.f.space, 0x40000, n.f.memory + 5 * PAGE, 2 * PAGE, RW, NULL));
	leads_to(&n.f, n.device, 0, n.f.memory + 5 * PAGE, RW);
	leads_to(&n.f, n.device, PAGE, n.f.memory + 6 * PAGE, RW);
	fixture_close(&n.f);
}
END_TEST

START_TEST(permission_is_what_both_levels_grant)
{
	uint32_t upper, lower;
	struct nest n;

	if (!nest_open(&n))
		return;
	for (upper = 1; upper <= RW; upper++) {
		for (lower = 1; lower <= RW; lower++) {
			ck_ok(ioasid_space_map(n.f.space, 0, n.f.memory, PAGE, lower, NULL));
			ck_ok(ioasid_space_map_parent(n.child, 0x7000, 0, PAGE, upper, NULL));
			leads_to(&n.f, n.device, 0x7000, n.f.memory, upper & lower);
			ck_ok(ioasid_space_unmap_all(n.child, NULL));
			ck_ok(ioasid_space_unmap(n.f.space, 0, PAGE, NULL));
		}
	}
	fixture_close(&n.f);
}
END_TEST

START_TEST(mistakes)
{
	struct ioasid_space *c;
	struct nest n;

	if (!nest_open(&n))
		return;
	c = n.child;
	ck_ok(ioasid_space_map_parent(c, 8 * PAGE, 0x10000, PAGE, RW, NULL));
	ck_err_same(c, ioasid_space_map_parent(c, 0, 0x10000, PAGE, 0, NULL), EINVAL);
	ck_err_same(c, ioasid_space_map_parent(c, 0, 0x10000, 0, RW, NULL), EINVAL);
	ck_err_same(c, ioasid_space_map_parent(c, 1, 0x10000, PAGE, RW, NULL), EINVAL);
	ck_err_same(c, ioasid_space_map_parent(c, 0, 0x10001, PAGE, RW, NULL), EINVAL);
	ck_err_same(c, ioasid_space_map_parent(c, 0, 0x10000, PAGE / 2, RW, NULL), EINVAL);
	ck_err_same(c, ioasid_space_map_parent(c, 0, 0x10000, PAGE, RW | 0x40, NULL), EOPNOTSUPP);
	ck_err_same(c, ioasid_space_map_parent(c, 8 * PAGE, 0x10000, PAGE, RW, NULL), EEXIST);
	ck_err_same(c, ioasid_space_map_parent(c, 7 * PAGE, 0x10000, 2 * PAGE, RW, NULL), EEXIST);
	ck_err_same(c, ioasid_space_map_parent(c, UINT64_MAX - PAGE + 1, 0x10000, 2 * PAGE, RW,
					       NULL), EOVERFLOW);
	ck_err_same(c, ioasid_space_map_parent(c, 0, UINT64_MAX - PAGE + 1, 2 * PAGE, RW, NULL),
		    EOVERFLOW);
	fixture_close(&n.f);
}
END_TEST

START_TEST(each_kind_of_space_takes_its_kind_of_mapping)
{
	struct ioasid_space *root;
	struct nest n;

	if (!nest_open(&n))
		return;
	root = n.f.space;
	ck_err_same(root, ioasid_space_map_parent(root, 0, 0, PAGE, RW, NULL), EOPNOTSUPP);
	ck_err_same(n.child, ioasid_space_map(n.child, 0, n.f.memory, PAGE, RW, NULL), EOPNOTSUPP);
	ck_err_same(n.child, ioasid_space_map_copy(n.child, 0, root, 0x10000, PAGE, RW, NULL),
		    EOPNOTSUPP);
	fixture_close(&n.f);
}
END_TEST

START_TEST(reserved_ranges_of_the_device_are_the_childs)
{
	struct ioasid_range range;
	struct nest n;

	if (!nest_open(&n))
		return;
	if (ioasid_device_query_reserved(n.device, &range, 1)) {
		ck_err_same(n.child, ioasid_space_map_parent(n.child, range.start, 0x10000, PAGE,
							     RW, NULL), EINVAL);
		ck_assert_uint_ne(ioasid_space_query_reserved(n.child, NULL, 0), 0);
		ck_ok(ioasid_device_detach(n.device));
		ck_ok(ioasid_space_map_parent(n.child, range.start, 0x10000, PAGE, RW, NULL));
		ck_err_same(n.child, ioasid_device_attach(n.device, n.child), EADDRINUSE);
	}
	fixture_close(&n.f);
}
END_TEST

START_TEST(highest_addresses)
{
	static const uint64_t high[] = { UINT64_C(1) << 57, UINT64_C(1) << 60, UINT64_C(1) << 63,
					 UINT64_MAX - PAGE + 1 };
	struct ioasid_space *plain;
	struct nest n;
	size_t i;
	int rc;

	if (!nest_open(&n))
		return;
	plain = make_space(n.f.ctx, n.f.space, 0);
	for (i = 0; i < sizeof(high) / sizeof(*high); i++) {
		/* Where a child without a device may have mappings is for the back end to say. */
		rc = ioasid_space_map_parent(plain, high[i], 0x10000, PAGE, RW, NULL);
		ck_assert_msg(rc == 0 || rc == -EINVAL, "%#jx: %d", (uintmax_t)high[i], rc);
		if (!rc)
			ck_ok(ioasid_space_unmap(plain, high[i], PAGE, NULL));
		/* What they lead to can be anywhere: it is not there. */
		ck_ok(ioasid_space_map_parent(n.child, PAGE, high[i], PAGE, RW, NULL));
		is_blocked(&n.f, n.device, PAGE);
		ck_ok(ioasid_space_unmap_all(n.child, NULL));
	}
	fixture_close(&n.f);
}
END_TEST

START_TEST(siblings_are_independent)
{
	struct ioasid_space *sibling;
	struct ioasid_device *other;
	struct nest n;

	if (!nest_open(&n))
		return;
	other = fixture_bind(&n.f, ALONE_B);
	sibling = make_space(n.f.ctx, n.f.space, 0);
	ck_ok(ioasid_device_attach(other, sibling));
	ck_ok(ioasid_space_map_parent(n.child, 0, 0x10000, PAGE, RW, NULL));
	ck_ok(ioasid_space_map_parent(sibling, 0, 0x11000, PAGE, RW, NULL));
	leads_to(&n.f, n.device, 0, n.f.memory, RW);
	leads_to(&n.f, other, 0, n.f.memory + PAGE, RW);
	ck_ok(ioasid_space_unmap_all(n.child, NULL));
	is_blocked(&n.f, n.device, 0);
	leads_to(&n.f, other, 0, n.f.memory + PAGE, RW);
	fixture_close(&n.f);
}
END_TEST

START_TEST(library_chooses_the_address)
{
	struct ioasid_mapping *a = NULL, *b = NULL;
	struct nest n;

	if (!nest_open(&n))
		return;
	ck_ok(ioasid_space_map_parent(n.child, 0, 0x10000, 2 * PAGE, RW | IOASID_ANY_IOVA, &a));
	ck_ok(ioasid_space_map_parent(n.child, 0, 0x12000, 2 * PAGE, RW | IOASID_ANY_IOVA, &b));
	leads_to(&n.f, n.device, ioasid_mapping_get_iova(a), n.f.memory, RW);
	leads_to(&n.f, n.device, ioasid_mapping_get_iova(b), n.f.memory + 2 * PAGE, RW);
	fixture_close(&n.f);
}
END_TEST

TCase *contract_map_parent(void)
{
	TCase *tc = tcase_create("map-parent");

	tcase_add_test(tc, child_leads_through_the_parent);
	tcase_add_test(tc, parent_may_come_later_and_go_again);
	tcase_add_test(tc, permission_is_what_both_levels_grant);
	tcase_add_test(tc, mistakes);
	tcase_add_test(tc, each_kind_of_space_takes_its_kind_of_mapping);
	tcase_add_test(tc, reserved_ranges_of_the_device_are_the_childs);
	tcase_add_test(tc, highest_addresses);
	tcase_add_test(tc, siblings_are_independent);
	tcase_add_test(tc, library_chooses_the_address);
	return tc;
}
