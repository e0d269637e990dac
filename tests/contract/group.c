/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices that share an isolation group are all in one space. */
#include <string.h>

#include "contract.h"

struct pair {
	struct fixture f;
	struct ioasid_device *a, *b;
	struct ioasid_space *other;
};

static bool pair_open(struct pair *p)
{
	fixture_open(&p->f);
	if (lacks(p->f.ctx, IOASID_CAP_MULTI_DEVICE_GROUPS)) {
		fixture_close(&p->f);
		return false;
	}
	p->a = fixture_bind(&p->f, SHARED_A);
	p->b = fixture_bind(&p->f, SHARED_B);
	p->other = make_space(p->f.ctx, NULL, 0);
	ck_ok(ioasid_space_map(p->f.space, 0, p->f.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(p->other, 0, p->f.memory + PAGE, PAGE, RW, NULL));
	return true;
}

START_TEST(second_device_joins_the_same_space)
{
	struct pair p;

	if (!pair_open(&p))
		return;
	ck_ok(ioasid_device_attach(p.a, p.f.space));
	ck_ok(ioasid_device_attach(p.b, p.f.space));
	leads_to(&p.f, p.a, 0, p.f.memory, RW);
	leads_to(&p.f, p.b, 0, p.f.memory, RW);
	ck_err(ioasid_space_destroy(p.f.space), EBUSY);
	ck_ok(ioasid_device_detach(p.a));
	leads_to(&p.f, p.b, 0, p.f.memory, RW);
	ck_err(ioasid_space_destroy(p.f.space), EBUSY);
	ck_ok(ioasid_device_detach(p.b));
	is_blocked(&p.f, p.a, 0);
	is_blocked(&p.f, p.b, 0);
	ck_ok(ioasid_space_destroy(p.f.space));
	fixture_close(&p.f);
}
END_TEST

START_TEST(second_device_cannot_be_elsewhere)
{
	struct pair p;

	if (!pair_open(&p))
		return;
	ck_ok(ioasid_device_attach(p.a, p.f.space));
	ck_err_same(p.other, ioasid_device_attach(p.b, p.other), EINVAL);
	ck_assert_msg(strstr(ioasid_errmsg(), device_name(SHARED_A)),
		      "does not name the device that holds the group: %s", ioasid_errmsg());
	ck_assert_ptr_null(ioasid_device_get_space(p.b));
	ck_ok(ioasid_device_detach(p.a));
	ck_ok(ioasid_device_attach(p.b, p.other));
	leads_to(&p.f, p.b, 0, p.f.memory + PAGE, RW);
	fixture_close(&p.f);
}
END_TEST

START_TEST(replace_moves_the_whole_group)
{
	struct pair p;

	if (!pair_open(&p))
		return;
	ck_ok(ioasid_device_attach(p.a, p.f.space));
	ck_ok(ioasid_device_attach(p.b, p.f.space));
	ck_ok(ioasid_device_replace(p.a, p.other));
	ck_assert_ptr_eq(ioasid_device_get_space(p.a), p.other);
	ck_assert_ptr_eq(ioasid_device_get_space(p.b), p.other);
	leads_to(&p.f, p.a, 0, p.f.memory + PAGE, RW);
	leads_to(&p.f, p.b, 0, p.f.memory + PAGE, RW);
	ck_ok(ioasid_space_destroy(p.f.space));
	ck_err(ioasid_space_destroy(p.other), EBUSY);
	ck_ok(ioasid_device_unbind(p.a));
	leads_to(&p.f, p.b, 0, p.f.memory + PAGE, RW);
	fixture_close(&p.f);
}
END_TEST

START_TEST(replace_needs_the_device_itself_attached)
{
	struct pair p;

	if (!pair_open(&p))
		return;
	ck_ok(ioasid_device_attach(p.a, p.f.space));
	ck_err(ioasid_device_replace(p.b, p.other), EINVAL);
	ck_assert_ptr_eq(ioasid_device_get_space(p.a), p.f.space);
	ck_assert_ptr_null(ioasid_device_get_space(p.b));
	fixture_close(&p.f);
}
END_TEST

START_TEST(failed_replace_moves_nobody)
{
	struct pair p;

	if (!pair_open(&p))
		return;
	ck_ok(ioasid_space_map(p.other, PAGE + 1, p.f.memory, 1, RW, NULL));
	ck_ok(ioasid_device_attach(p.a, p.f.space));
	ck_ok(ioasid_device_attach(p.b, p.f.space));
	ck_err_same(p.other, ioasid_device_replace(p.b, p.other), EADDRINUSE);
	ck_assert_ptr_eq(ioasid_device_get_space(p.a), p.f.space);
	ck_assert_ptr_eq(ioasid_device_get_space(p.b), p.f.space);
	leads_to(&p.f, p.a, 0, p.f.memory, RW);
	leads_to(&p.f, p.b, 0, p.f.memory, RW);
	fixture_close(&p.f);
}
END_TEST

TCase *contract_group(void)
{
	TCase *tc = tcase_create("group");

	tcase_add_test(tc, second_device_joins_the_same_space);
	tcase_add_test(tc, second_device_cannot_be_elsewhere);
	tcase_add_test(tc, replace_moves_the_whole_group);
	tcase_add_test(tc, replace_needs_the_device_itself_attached);
	tcase_add_test(tc, failed_replace_moves_nobody);
	return tc;
}
