/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hostile guest: PASID tables that lead to themselves, and entries that change while they are
 * read, looked up, invalidated and made room for by other threads. DMA reaches the guest's pages or
 * faults.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "pasid_guest.h"

#define PASIDS 24u

static struct pasid_guest g;
static uint64_t root[4];
static bool stop;

static void setup(void)
{
	unsigned int i;

	pasid_guest_open(&g);
	for (i = 0; i < 4; i++)
		root[i] = new_table(&g, IOASID_PGTABLE_VTD_FS, 100 + i).root;
	stop = false;
}

static void teardown(void)
{
	pasid_guest_close(&g);
}

START_TEST(a_directory_that_is_its_own_table)
{
	struct ioasid_pasid_table t = vtd_table();
	uint32_t pasid;

	/* each word of the page is a directory entry, and all of them a PASID-table entry */
	for (pasid = 0; pasid < 512; pasid++)
		gt_store(word(&g, DIR + 8 * (uint64_t)pasid), DIR | ENTRY_P);
	bind_and_attach(&g);
	for (pasid = 1; pasid < 0x10000; pasid += 97)
		ck_assert_int_eq(reached(g.device, pasid, 0), -EFAULT);
	/* an entry of a page table, too: P, PGTT = 1, and the root is the page itself */
	for (pasid = 0; pasid < 512; pasid += 8) {
		gt_store(word(&g, DIR + 8 * (uint64_t)pasid), DIR | ENTRY_FS);
		gt_store(word(&g, DIR + 8 * (uint64_t)pasid + 16), DIR);
	}
	t.max_pasids = 3;
	ck_ok(ioasid_space_bind_pasid_table(g.space, &t));
	for (pasid = 1; pasid < 0x10000; pasid += 97)
		ck_assert_int_le(reached(g.device, pasid, 0), 0x7fffffff);
	ck_assert_uint_lt(memory_bytes(g.space), 4 << 20);
}
END_TEST

static void *rewrite(void *arg)
{
	unsigned int seed = 1;

	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		uint32_t pasid = (uint32_t)rand_r(&seed) % PASIDS + 1;
		unsigned int what = (unsigned int)rand_r(&seed) % 8;

		if (what < 4)
			set_entry(&g, pasid, ENTRY_FS, root[what]);
		else if (what == 4)
			gt_store(word(&g, entry_at(&g, pasid)),
				 (uint64_t)rand_r(&seed) << 20 ^ 0x41);
		else if (what == 5)
			gt_store(word(&g, entry_at(&g, pasid) + 16), FOREIGN);
		else if (what == 6)
			gt_store(word(&g, entry_at(&g, pasid)), 0);
		else
			sched_yield();
	}
	return NULL;
}

static void *invalidate(void *arg)
{
	struct ioasid_inv *inv;
	unsigned int seed = 2;

	(void)arg;
	ck_ok(ioasid_inv_new(g.ctx, 1, &inv));
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		uint32_t pasid = (uint32_t)rand_r(&seed) % PASIDS + 1;

		ioasid_inv_reset(inv);
		if (rand_r(&seed) % 8)
			ck_ok(ioasid_inv_add_pasid(inv, g.device, pasid, 0));
		else
			ck_ok(ioasid_inv_add_device(inv, g.device, 0));
		ck_ok(ioasid_inv_submit(inv, NULL));
	}
	ioasid_inv_free(inv);
	return NULL;
}

static void *use(void *arg)
{
	unsigned int seed = (unsigned int)(uintptr_t)arg, i;

	for (i = 0; i < rounds(4000); i++) {
		int n = reached(g.device, (uint32_t)rand_r(&seed) % PASIDS + 1, 0);

		ck_assert_msg(n == -EFAULT || n == -ENOMEM || (n >= 100 && n < 104),
			      "a DMA got %d", n);
	}
	return NULL;
}

START_TEST(entries_change_while_they_are_used)
{
	struct ioasid_pasid_table t = vtd_table();
	pthread_t writer, inv, dma[3];
	uintptr_t i;
	uint32_t pasid;

	t.max_pasids = 6;
	for (pasid = 1; pasid <= PASIDS; pasid++)
		set_entry(&g, pasid, ENTRY_FS, root[pasid % 4]);
	ck_ok(ioasid_space_bind_pasid_table(g.space, &t));
	ck_ok(ioasid_device_attach(g.device, g.space));
	ck_assert(!pthread_create(&writer, NULL, rewrite, NULL));
	ck_assert(!pthread_create(&inv, NULL, invalidate, NULL));
	for (i = 0; i < 3; i++)
		ck_assert(!pthread_create(&dma[i], NULL, use, (void *)(i + 10)));
	for (i = 0; i < 3; i++)
		pthread_join(dma[i], NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
	pthread_join(inv, NULL);
	for (pasid = 1; pasid <= PASIDS; pasid++) {
		set_entry(&g, pasid, ENTRY_FS, root[0]);
		inv_pasid(&g, pasid);
		ck_assert_int_eq(reached(g.device, pasid, 0), 100);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pasid race");
	TCase *tc = tcase_create("race");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_directory_that_is_its_own_table);
	tcase_add_test(tc, entries_change_while_they_are_used);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
