/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is asked of an object in one thread while others change what hangs on it. Mostly for
 * ThreadSanitizer.
 */
#include <sched.h>

#include "pasid_guest.h"
#include "waiter.h"

#define ROUNDS 200u

static struct pasid_guest g;

static void setup(void)
{
	pasid_guest_open(&g);
}

static void teardown(void)
{
	pasid_guest_close(&g);
}

/* A handle belongs to whoever asks for it; it says the same all the time. */
static int ask_for_handles(void *data)
{
	unsigned int i;

	(void)data;
	for (i = 0; i < rounds(ROUNDS); i++) {
		struct ioasid_mapping *m = ioasid_space_find_mapping(g.root, PAGE, 1);

		if (ioasid_mapping_get_perm(m) != RW || ioasid_mapping_get_length(m) != SIZE ||
		    ioasid_mapping_get_iova(m) || ioasid_mapping_get_space(m) != g.root)
			return -EINVAL;
	}
	return 0;
}

START_TEST(handles_of_one_mapping)
{
	struct waiter w[2];
	int i;

	for (i = 0; i < 2; i++)
		waiter_start(&w[i], ask_for_handles, NULL);
	for (i = 0; i < 2; i++)
		ck_ok(waiter_end(&w[i]));
}
END_TEST

/* It is a parent, or not. */
static int nest(void *data)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *child;
	unsigned int i;

	(void)data;
	options.parent = g.space;
	for (i = 0; i < rounds(ROUNDS); i++) {
		int ret = ioasid_space_create(g.ctx, &options, &child);

		if (!ret)
			ret = ioasid_space_destroy(child);
		if (ret && ret != -EINVAL)
			return ret;
	}
	return 0;
}

START_TEST(a_parent_that_gets_a_pasid_table)
{
	const struct ioasid_pasid_table t = vtd_table();
	struct waiter w;
	unsigned int i;

	waiter_start(&w, nest, NULL);
	for (i = 0; i < rounds(ROUNDS); i++) {
		int ret = ioasid_space_bind_pasid_table(g.space, &t);

		ck_assert(!ret || ret == -EBUSY);
		if (!ret)
			ck_ok(ioasid_space_unbind_pasid_table(g.space));
	}
	ck_ok(waiter_end(&w));
}
END_TEST

/* What a space says, while it gets a PASID table. */
static int ask_space(void *data)
{
	struct ioasid_run run;
	unsigned int i;
	bool done;

	for (i = 0; i < 10 * rounds(ROUNDS); i++) {
		uint64_t cursor = 0;

		if (ioasid_space_query_runs(g.space, &cursor, UINT64_MAX, &run, 1, &done) ||
		    ioasid_space_probe_raw(g.space, 1) != -EOPNOTSUPP ||
		    ioasid_space_bind_raw(g.space, 1, "", 1) != -EOPNOTSUPP ||
		    ioasid_inv_add_raw(data, g.space, 1, "", 1) != -EOPNOTSUPP)
			return -EINVAL;
		sched_yield();	/* before it takes the lock again, which would hide a race */
	}
	return 0;
}

START_TEST(a_space_that_gets_a_pasid_table)
{
	const struct ioasid_pasid_table t = vtd_table();
	struct ioasid_inv *inv;
	struct waiter w;

	ck_ok(ioasid_inv_new(g.ctx, 0, &inv));
	waiter_start(&w, ask_space, inv);
	while (!__atomic_load_n(&w.done, __ATOMIC_ACQUIRE)) {
		ck_ok(ioasid_space_bind_pasid_table(g.space, &t));
		ck_ok(ioasid_space_unbind_pasid_table(g.space));
	}
	ck_ok(waiter_end(&w));
	ioasid_inv_free(inv);
}
END_TEST

#define VIRTUAL_ID 0x10

static int ask_for_the_device(void *viommu)
{
	const struct ioasid_device *device;
	unsigned int i;

	for (i = 0; i < 10 * rounds(ROUNDS); i++) {
		device = ioasid_viommu_get_device(viommu, VIRTUAL_ID);
		if (device && device != g.device)
			return -EINVAL;
		sched_yield();
	}
	return 0;
}

/* It is there, or not, for whoever asks by the guest's name for it. */
START_TEST(a_device_that_gets_a_virtual_id)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_vdevice *vdevice;
	struct ioasid_viommu *viommu;
	struct waiter w;

	options.type = IOASID_VIOMMU_PLAIN;
	ck_ok(ioasid_viommu_create(g.root, g.device, &options, &viommu));
	waiter_start(&w, ask_for_the_device, viommu);
	while (!__atomic_load_n(&w.done, __ATOMIC_ACQUIRE)) {
		ck_ok(ioasid_vdevice_create(viommu, g.device, VIRTUAL_ID, &vdevice));
		ck_ok(ioasid_vdevice_destroy(vdevice));
	}
	ck_ok(waiter_end(&w));
}
END_TEST

static bool stop;

static int map_until_stopped(void *data)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		int ret = ioasid_space_map(data, 0, g.memory, PAGE, RW, NULL);

		if (!ret)
			ret = ioasid_space_unmap(data, 0, PAGE, NULL);
		if (ret)
			return ret;
	}
	return 0;
}

/* The identity root comes to be while others are used. */
START_TEST(the_first_memory_that_is_registered)
{
	struct waiter w;

	waiter_start(&w, map_until_stopped, make_space(g.ctx, NULL, 0));
	usleep(1000);
	ck_ok(ioasid_ctx_register_memory(g.ctx, g.memory, PAGE, RW));
	usleep(1000);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	ck_ok(waiter_end(&w));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ask-race");
	TCase *tc = tcase_create("ask-race");

	tcase_set_timeout(tc, race_timeout(60));
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, handles_of_one_mapping);
	tcase_add_test(tc, a_parent_that_gets_a_pasid_table);
	tcase_add_test(tc, a_space_that_gets_a_pasid_table);
	tcase_add_test(tc, a_device_that_gets_a_virtual_id);
	tcase_add_test(tc, the_first_memory_that_is_registered);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
