/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The eight types of devices, and what becomes of their PASIDs. */
#include "pasid_world.h"

static struct ioasid_ctx *ctx;
static struct ioasid_space *space[2];
static uint8_t *memory;

static void setup(void)
{
	int i;

	ctx = open_platform(pasid_platform);
	memory = memory_new(2 * PAGE);
	for (i = 0; i < 2; i++) {
		space[i] = make_space(ctx, NULL, 0);
		ck_ok(ioasid_space_map(space[i], 0, memory + (uint64_t)i * PAGE, PAGE, RW, NULL));
	}
}

static void teardown(void)
{
	ck_ok(ioasid_ctx_close(ctx));
	memory_free(memory, 2 * PAGE);
}

/* Asserts that the device's requests go through space[@to]; -1: nowhere. */
static void leads(struct ioasid_device *device, uint32_t pasid, int to)
{
	struct ioasid_channel *channel = channel_new(device, pasid);

	ck_assert_ptr_eq(dma_where(channel, 0, RW), to < 0 ? NULL : memory + (uint64_t)to * PAGE);
	ck_ok(ioasid_channel_close(channel));
}

/* name, type, width of vPASIDs */
static const struct {
	const char *name;
	enum ioasid_device_type type;
	uint32_t bits;
} kinds[] = {
	{ "plain", IOASID_DEVICE_PHYSICAL, 0 },
	{ "software", IOASID_DEVICE_MEDIATED_SOFTWARE, 0 },
	{ "fixed", IOASID_DEVICE_MEDIATED_DEFAULT, 0 },
	{ "user", IOASID_DEVICE_PHYSICAL_USER, 10 },
	{ "kernel", IOASID_DEVICE_PHYSICAL_KERNEL, 16 },
	{ "mediated-a", IOASID_DEVICE_MEDIATED, 16 },
	{ "shared", IOASID_DEVICE_PHYSICAL_SHARED, 16 },
	{ "enqcmd-a", IOASID_DEVICE_MEDIATED_SHARED, 16 },
};

START_TEST(each_type_says_what_it_is)
{
	struct ioasid_device *device = bind(ctx, kinds[_i].name);
	struct ioasid_device_info info = info_of(device);
	bool tells = info.default_pasid != IOASID_NO_PASID;
	uint32_t ppasid = 77;

	ck_assert_int_eq((int)info.type, (int)kinds[_i].type);
	ck_assert_int_eq((int)info.type, _i + 1);
	ck_assert_uint_eq(info.pasid_bits, kinds[_i].bits);
	ck_assert_int_eq(tells, _i == 2 || _i == 5 || _i == 7);
	if (tells) {
		ck_assert_uint_eq(ppasid_of(device, IOASID_NO_PASID), info.default_pasid);
	} else {
		ck_err(ioasid_device_get_ppasid(device, IOASID_NO_PASID, &ppasid), ENOENT);
		ck_assert_uint_eq(ppasid, 77);
	}
}
END_TEST

START_TEST(each_type_does_dma_without_pasid)
{
	struct ioasid_device *device = bind(ctx, kinds[_i].name);

	leads(device, IOASID_NO_PASID, -1);
	ck_ok(ioasid_device_attach(device, space[1]));
	leads(device, IOASID_NO_PASID, 1);
	ck_ok(ioasid_device_replace(device, space[0]));
	leads(device, IOASID_NO_PASID, 0);
	ck_ok(ioasid_device_detach(device));
	leads(device, IOASID_NO_PASID, -1);
}
END_TEST

START_TEST(each_type_with_a_pasid)
{
	struct ioasid_device *device = bind(ctx, kinds[_i].name);
	struct ioasid_device_info info = info_of(device);
	uint32_t vpasid = 0xfedc, ppasid = 77;
	bool kernel = info.pasid_bits == 16;

	if (!kernel) {
		ck_err(ioasid_device_attach_pasid(device, 5, space[0]), EOPNOTSUPP);
		ck_err(ioasid_device_replace_pasid(device, 5, space[0]), EOPNOTSUPP);
		ck_err(ioasid_device_detach_pasid(device, 5), EOPNOTSUPP);
		return;
	}
	ck_err(ioasid_device_get_ppasid(device, vpasid, &ppasid), ENOENT);
	ck_ok(ioasid_device_attach_pasid(device, vpasid, space[0]));
	leads(device, vpasid, 0);
	leads(device, IOASID_NO_PASID, -1);
	ppasid = ppasid_of(device, vpasid);
	if (info.type == IOASID_DEVICE_PHYSICAL_KERNEL ||
	    info.type == IOASID_DEVICE_PHYSICAL_SHARED)
		ck_assert_uint_eq(ppasid, vpasid);
	else
		ck_assert_uint_le(ppasid, POOL);
	ck_assert_uint_ne(ppasid, info.default_pasid);
	ck_ok(ioasid_device_replace_pasid(device, vpasid, space[1]));
	leads(device, vpasid, 1);
	ck_assert_uint_eq(ppasid_of(device, vpasid), ppasid);
	ck_ok(ioasid_device_detach_pasid(device, vpasid));
	ck_err(ioasid_device_get_ppasid(device, vpasid, &ppasid), ENOENT);
	leads(device, vpasid, -1);
}
END_TEST

START_TEST(faults_name_the_virtual_pasid)
{
	struct ioasid_event_queue *queue;
	struct ioasid_channel *channel;
	struct ioasid_device *device;
	struct ioasid_event event;

	ck_ok(ioasid_event_queue_create(ctx, 0, &queue));
	ck_ok(ioasid_device_bind(ctx, "mediated-a", 0xc00c1e, &device));
	ck_ok(ioasid_device_attach_pasid(device, 999, space[0]));
	channel = channel_new(device, 999);
	ck_assert_int_eq(dma_put(channel, 8 * PAGE, 1), -EFAULT);
	event = take_event(queue);
	ck_assert_int_eq((int)event.type, IOASID_EVENT_FAULT);
	ck_assert_uint_eq(event.pasid, 999);
	ck_assert_uint_eq(event.requester, 0x77);
	ck_assert_uint_eq(event.cookie, 0xc00c1e);
	ck_assert_uint_eq(event.space, ioasid_space_get_id(space[0]));
}
END_TEST

START_TEST(a_parent_belongs_to_its_driver)
{
	struct ioasid_device *device = (void *)1;

	ck_err(ioasid_device_bind(ctx, "idxd", 0, &device), ENODEV);
	ck_err(ioasid_device_bind(ctx, "card", 0, &device), ENODEV);
	ck_assert_ptr_eq(device, (void *)1);
}
END_TEST

START_TEST(a_mediated_device_is_where_its_parent_is)
{
	struct ioasid_device *a = bind(ctx, "mediated-a"), *fixed = bind(ctx, "fixed");
	struct ioasid_range range = { 0, 0 };

	ck_assert_uint_eq(info_of(a).requester, 0x77);
	ck_assert_uint_eq(info_of(a).group, 9);
	ck_assert_uint_eq(info_of(a).address_bits, 39);
	ck_assert_uint_eq(info_of(fixed).default_pasid, FIXED);
	ck_assert_uint_eq(ioasid_device_query_reserved(a, &range, 1), 1);
	ck_assert_uint_eq(range.start, GIB);
	ck_ok(ioasid_space_map(space[0], GIB, memory, PAGE, RW, NULL));
	ck_err(ioasid_device_attach(a, space[0]), EADDRINUSE);
	ck_ok(ioasid_device_attach_pasid(a, 1, space[0]));
}
END_TEST

/* Its pPASIDs tell it apart: others of the parent's group, and of the parent, are elsewhere. */
START_TEST(mediated_devices_of_one_parent_are_apart)
{
	struct ioasid_device *a = bind(ctx, "mediated-a"), *b = bind(ctx, "mediated-b");
	struct ioasid_device *fixed = bind(ctx, "fixed");

	ck_ok(ioasid_device_attach(a, space[0]));
	ck_ok(ioasid_device_attach(b, space[1]));
	ck_ok(ioasid_device_attach_pasid(a, 4, space[1]));
	ck_ok(ioasid_device_attach_pasid(b, 4, space[0]));
	leads(a, IOASID_NO_PASID, 0);
	leads(b, IOASID_NO_PASID, 1);
	leads(fixed, IOASID_NO_PASID, -1);
	leads(a, 4, 1);
	leads(b, 4, 0);
	ck_ok(ioasid_device_detach_pasid(a, 4));
	leads(a, 4, -1);
	leads(b, 4, 0);
	ck_assert_uint_ne(ppasid_of(a, IOASID_NO_PASID), ppasid_of(b, IOASID_NO_PASID));
}
END_TEST

/* All that one parent gives out are different, and none is one that is always somebody's. */
START_TEST(the_pool_of_a_parent_runs_out)
{
	struct ioasid_device *a = bind(ctx, "mediated-a"), *b = bind(ctx, "mediated-b");
	uint32_t given = 1u << FIXED, n;
	struct ioasid_device *c = (void *)1;

	given |= 1u << ppasid_of(a, IOASID_NO_PASID) | 1u << ppasid_of(b, IOASID_NO_PASID);
	ck_assert_int_eq(__builtin_popcount(given), 3);
	for (n = 1; n <= POOL - 3; n++) {
		struct ioasid_device *device = n & 1 ? a : b;

		ck_ok(ioasid_device_attach_pasid(device, n, space[0]));
		ck_assert(!(given >> ppasid_of(device, n) & 1));
		given |= 1u << ppasid_of(device, n);
	}
	ck_assert_uint_eq(given, (2u << POOL) - 2);
	ck_err(ioasid_device_attach_pasid(a, 99, space[0]), ENOSPC);
	ck_err(ioasid_device_attach_pasid(b, 99, space[0]), ENOSPC);
	ck_err(ioasid_device_bind(ctx, "enqcmd-a", 0, &c), ENOSPC);
	ck_assert_ptr_eq(c, (void *)1);
	ck_assert_ptr_null(ioasid_device_get_pasid_space(a, 99));
	/* one goes, one comes; another parent has its own */
	n = ppasid_of(a, 1);
	ck_ok(ioasid_device_detach_pasid(a, 1));
	ck_ok(ioasid_device_attach_pasid(b, 99, space[0]));
	ck_assert_uint_eq(ppasid_of(b, 99), n);
	ck_ok(ioasid_device_attach_pasid(bind(ctx, "mediated-c"), 99, space[0]));
	ck_ok(ioasid_device_unbind(b));
	ck_ok(ioasid_device_bind(ctx, "enqcmd-a", 0, &c));
}
END_TEST

START_TEST(shared_queues_have_one_pasid_everywhere)
{
	struct ioasid_device *a = bind(ctx, "enqcmd-a"), *c = bind(ctx, "enqcmd-c");
	struct ioasid_device *m = bind(ctx, "mediated-a");
	uint32_t seven, eight, ppasid;

	ck_ok(ioasid_device_attach_pasid(a, 7, space[0]));
	ck_ok(ioasid_device_attach_pasid(m, 7, space[0]));
	ck_ok(ioasid_device_attach_pasid(c, 8, space[0]));
	ck_ok(ioasid_device_attach_pasid(c, 7, space[1]));
	seven = ppasid_of(a, 7);
	eight = ppasid_of(c, 8);
	ck_assert_uint_eq(ppasid_of(c, 7), seven);
	ck_assert_uint_ne(seven, eight);
	ck_assert_uint_ne(seven, FIXED);
	/* under one parent no two are the same, whichever pool they are from */
	ck_assert_uint_ne(ppasid_of(m, 7), seven);
	ck_assert_uint_ne(ppasid_of(m, 7), eight);
	ck_assert_uint_ne(ppasid_of(m, IOASID_NO_PASID), seven);
	ck_assert_uint_ne(ppasid_of(a, IOASID_NO_PASID), seven);
	/* the parents have tables of their own */
	leads(a, 7, 0);
	leads(c, 7, 1);
	leads(a, 8, -1);
	ck_ok(ioasid_device_detach_pasid(a, 7));
	ck_err(ioasid_device_get_ppasid(a, 7, &ppasid), ENOENT);
	ck_ok(ioasid_device_attach_pasid(a, 7, space[0]));
	ck_assert_uint_eq(ppasid_of(a, 7), seven);
}
END_TEST

START_TEST(the_global_pool_runs_out)
{
	struct ioasid_device *c = bind(ctx, "enqcmd-c"), *a = bind(ctx, "enqcmd-a");
	uint32_t own = ppasid_of(c, IOASID_NO_PASID), given = 1u << FIXED, n, count = 0;

	given |= 1u << own | 1u << ppasid_of(a, IOASID_NO_PASID);
	for (n = 1; !ioasid_device_attach_pasid(c, n, space[0]); n++, count++) {
		uint32_t ppasid = ppasid_of(c, n);

		ck_assert_uint_ge(ppasid, 1);
		ck_assert_uint_le(ppasid, GLOBAL);
		ck_assert(!(given >> ppasid & 1));
		given |= 1u << ppasid;
	}
	ck_assert_uint_eq(given & ((2u << GLOBAL) - 2), (2u << GLOBAL) - 2);
	ck_err(ioasid_device_attach_pasid(c, n, space[0]), ENOSPC);
	/* what is in use anywhere needs no other */
	ck_ok(ioasid_device_attach_pasid(a, 1, space[0]));
	ck_err(ioasid_device_attach_pasid(a, n, space[0]), ENOSPC);
	ck_ok(ioasid_device_detach_pasid(c, 2));
	ck_ok(ioasid_device_attach_pasid(a, n, space[0]));
	ck_assert_uint_gt(count, 1);
}
END_TEST

/* Two mediated devices with shared queues on one parent: to the IOMMU one requester, one PASID. */
START_TEST(shared_queues_of_one_parent_go_together)
{
	struct ioasid_device *a = bind(ctx, "enqcmd-a"), *b = bind(ctx, "enqcmd-b");

	ck_ok(ioasid_device_attach_pasid(a, 7, space[0]));
	leads(b, 7, 0);
	ck_err(ioasid_device_attach_pasid(b, 7, space[1]), EINVAL);
	ck_err(ioasid_device_replace_pasid(b, 7, space[1]), EINVAL);
	ck_assert_ptr_null(ioasid_device_get_pasid_space(b, 7));
	ck_ok(ioasid_device_attach_pasid(b, 7, space[0]));
	ck_ok(ioasid_device_replace_pasid(b, 7, space[1]));
	ck_assert_ptr_eq(ioasid_device_get_pasid_space(a, 7), space[1]);
	leads(a, 7, 1);
	leads(b, 7, 1);
	ck_ok(ioasid_device_detach_pasid(a, 7));
	leads(a, 7, 1);
	ck_ok(ioasid_device_unbind(a));
	a = bind(ctx, "enqcmd-a");
	leads(a, 7, 1);
	ck_ok(ioasid_device_detach_pasid(b, 7));
	leads(a, 7, -1);
	leads(b, 7, -1);
	/* without PASID each has its own */
	ck_ok(ioasid_device_attach(a, space[0]));
	ck_ok(ioasid_device_attach(b, space[1]));
	leads(a, IOASID_NO_PASID, 0);
	leads(b, IOASID_NO_PASID, 1);
}
END_TEST

START_TEST(shared_queues_are_all_physical_or_all_mediated)
{
	struct ioasid_device *physical = bind(ctx, "shared"), *device = (void *)1;

	ck_err(ioasid_device_bind(ctx, "enqcmd-a", 0, &device), EINVAL);
	ck_assert_ptr_eq(device, (void *)1);
	bind(ctx, "mediated-a");
	bind(ctx, "kernel");
	ck_ok(ioasid_device_unbind(physical));
	ck_ok(ioasid_device_bind(ctx, "enqcmd-a", 0, &device));
	ck_err(ioasid_device_bind(ctx, "shared", 0, &physical), EINVAL);
	ck_ok(ioasid_device_bind(ctx, "enqcmd-c", 0, &physical));
}
END_TEST

START_TEST(vpasids_are_listed_in_order)
{
	static const uint32_t order[] = { 500, 3, 0xffff, 40 };
	struct ioasid_device *a = bind(ctx, "mediated-a");
	struct ioasid_pasid_info list[5];
	size_t i;

	ck_assert_uint_eq(ioasid_device_query_pasids(a, list, 5), 0);
	ck_ok(ioasid_device_attach(a, space[0]));
	for (i = 0; i < 4; i++)
		ck_ok(ioasid_device_attach_pasid(a, order[i], space[i & 1]));
	ck_assert_uint_eq(ioasid_device_query_pasids(a, NULL, 0), 4);
	memset(list, 0xee, sizeof(list));
	ck_assert_uint_eq(ioasid_device_query_pasids(a, list, 3), 4);
	ck_assert_uint_eq(list[3].vpasid, 0xeeeeeeee);
	ck_assert_uint_eq(ioasid_device_query_pasids(a, list, 5), 4);
	ck_assert_uint_eq(list[0].vpasid, 3);
	ck_assert_uint_eq(list[1].vpasid, 40);
	ck_assert_uint_eq(list[2].vpasid, 500);
	ck_assert_uint_eq(list[3].vpasid, 0xffff);
	for (i = 0; i < 4; i++) {
		ck_assert_uint_eq(list[i].ppasid, ppasid_of(a, list[i].vpasid));
		ck_assert_ptr_eq(list[i].space, ioasid_device_get_pasid_space(a, list[i].vpasid));
	}
}
END_TEST

/* As a VMM does: vPASIDs move, pPASIDs are new. */
START_TEST(vpasids_are_restored_elsewhere)
{
	struct ioasid_device *a = bind(ctx, "enqcmd-a"), *b, *other;
	struct ioasid_pasid_info saved[2], restored[2];
	struct ioasid_space *there;
	struct ioasid_ctx *ctx2;
	size_t i;

	ck_ok(ioasid_device_attach_pasid(a, 30, space[0]));
	ck_ok(ioasid_device_attach_pasid(a, 20, space[0]));
	ck_assert_uint_eq(ioasid_device_query_pasids(a, saved, 2), 2);
	ctx2 = open_platform(pasid_platform);
	there = make_space(ctx2, NULL, 0);
	other = bind(ctx2, "enqcmd-c");
	ck_ok(ioasid_device_attach_pasid(other, 5, there));
	b = bind(ctx2, "enqcmd-a");
	for (i = 0; i < 2; i++)
		ck_ok(ioasid_device_attach_pasid(b, saved[i].vpasid, there));
	ck_assert_uint_eq(ioasid_device_query_pasids(b, restored, 2), 2);
	for (i = 0; i < 2; i++) {
		ck_assert_uint_eq(restored[i].vpasid, saved[i].vpasid);
		ck_assert_uint_ne(restored[i].ppasid, ppasid_of(other, 5));
	}
	ck_ok(ioasid_ctx_close(ctx2));
}
END_TEST

/* Many PASIDs of one device on one space, and each on its own. */
START_TEST(a_thousand_pasids)
{
	struct ioasid_device *device = bind(ctx, "kernel");
	uint32_t i, n = rounds(1000);

	for (i = 1; i <= n; i++)
		ck_ok(ioasid_device_attach_pasid(device, i * 7, space[i & 1]));
	ck_assert_uint_eq(ioasid_device_query_pasids(device, NULL, 0), n);
	for (i = 1; i <= n; i += 2)
		ck_ok(ioasid_device_detach_pasid(device, i * 7));
	for (i = 1; i <= n; i++)
		ck_assert_ptr_eq(ioasid_device_get_pasid_space(device, i * 7),
				 i & 1 ? NULL : space[0]);
	leads(device, 14, 0);
	leads(device, 7, -1);
	ck_ok(ioasid_device_unbind(device));
	ck_ok(ioasid_space_destroy(space[0]));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pasid");
	TCase *tc = tcase_create("pasid");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, each_type_says_what_it_is, 0, 8);
	tcase_add_loop_test(tc, each_type_does_dma_without_pasid, 0, 8);
	tcase_add_loop_test(tc, each_type_with_a_pasid, 0, 8);
	tcase_add_test(tc, faults_name_the_virtual_pasid);
	tcase_add_test(tc, a_parent_belongs_to_its_driver);
	tcase_add_test(tc, a_mediated_device_is_where_its_parent_is);
	tcase_add_test(tc, mediated_devices_of_one_parent_are_apart);
	tcase_add_test(tc, the_pool_of_a_parent_runs_out);
	tcase_add_test(tc, shared_queues_have_one_pasid_everywhere);
	tcase_add_test(tc, the_global_pool_runs_out);
	tcase_add_test(tc, shared_queues_of_one_parent_go_together);
	tcase_add_test(tc, shared_queues_are_all_physical_or_all_mediated);
	tcase_add_test(tc, vpasids_are_listed_in_order);
	tcase_add_test(tc, vpasids_are_restored_elsewhere);
	tcase_add_test(tc, a_thousand_pasids);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
