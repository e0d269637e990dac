/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An IOTLB that several threads look into while entries come and go: once an invalidation, or an
 * unmap in the parent, has returned, nobody uses what it took away.
 */
#include <endian.h>
#include <pthread.h>

#include "hw_world.h"

#define THREADS 3
#define RUN_NS	200000000u

struct race {
	struct hw h;
	bool stop;
	struct ioasid_device *device[THREADS];
	struct ioasid_channel *channel[THREADS];
};

struct runner {
	struct race *r;
	unsigned int number;
	uint64_t sum;		/* of what it has added to page 0 */
	const char *complaint;
};

static bool stopped(const struct race *r)
{
	return __atomic_load_n(&r->stop, __ATOMIC_RELAXED);
}

/* Adds 1 in page 0, wherever that is; and keeps the IOTLB busy with others. */
static void *issue_dma(void *data)
{
	struct runner *me = data;
	struct ioasid_channel *ch = me->r->channel[me->number];
	uint64_t old, n = me->number;

	while (!stopped(me->r) && !me->complaint) {
		int ret = ioasid_dma_fetch_add(ch, HW_AT, 8, 1, &old);

		if (ret && ret != -EFAULT)
			me->complaint = "page 0";
		me->sum += !ret;
		n = (n * 5 + 1) % 15;
		if (ioasid_dma_fetch_add(ch, HW_AT + (n + 1) * PAGE, 8, 1, &old))
			me->complaint = "another page";
	}
	return NULL;
}

static uint64_t counter(const struct race *r, uint64_t page)
{
	return le64toh(__atomic_load_n((whole_word *)(void *)(r->h.g.memory + page * PAGE),
				       __ATOMIC_RELAXED));
}

/* For a while nothing happens in a page that nobody may use any more. */
static void is_quiet(const struct race *r, uint64_t page)
{
	uint64_t before = counter(r, page), end = now_ns() + 300000;

	do {
		ck_assert_uint_eq(counter(r, page), before);
	} while (now_ns() < end);
}

static void by_invalidation(struct race *r)
{
	uint64_t end = now_ns() + run_ns(RUN_NS), page = 16;

	do {
		uint64_t old = page;

		page = page == 16 ? 40 : 16;
		hw_set(&r->h, 0, page);
		hw_invalidate(&r->h, 0, IOASID_INV_LEAF_ONLY);
		is_quiet(r, old);
	} while (now_ns() < end);
}

static void by_unmap(struct race *r)
{
	uint64_t end = now_ns() + run_ns(RUN_NS);

	hw_set(&r->h, 0, HW_SIZE / PAGE);
	hw_invalidate(&r->h, 0, 0);
	do {
		ck_ok(ioasid_space_map(r->h.g.root, HW_SIZE, r->h.g.memory + 40 * PAGE, PAGE, RW,
				       NULL));
		while (counter(r, 40) == 0 && now_ns() < end)
			;
		ck_ok(ioasid_space_unmap(r->h.g.root, HW_SIZE, PAGE, NULL));
		is_quiet(r, 40);
		drop_events(r->h.g.queue);
	} while (now_ns() < end);
}

static void by_replace(struct race *r)
{
	uint64_t end = now_ns() + run_ns(RUN_NS);
	struct ioasid_space *other = hw_space(r->h.g.ctx, r->h.g.root);
	struct guest_table t;
	unsigned int i;
	int round = 0;

	gt_init(&t, r->h.t.format, 4, r->h.g.memory, 0, 6 * MIB, HW_SIZE);
	gt_map(&t, HW_AT, 40 * PAGE, 16 * PAGE, 1, RW);
	ck_ok(bind_table(other, t.format, 4, t.root));
	do {
		round++;
		for (i = 0; i < THREADS; i++)
			ck_ok(ioasid_device_replace(r->device[i], round & 1 ? other : r->h.child));
		is_quiet(r, round & 1 ? 16 : 40);
	} while (now_ns() < end);
}

static void (*const ways[])(struct race *) = { by_invalidation, by_unmap, by_replace };

static const char *const platforms[] = {
	HW_PLATFORM("iotlb=1", "") "device 0000:00:03.0 iommu=hw\n",
	HW_PLATFORM("iotlb=16 iotlb-ways=2 structure-cache=4", "device-tlb=2")
		"device 0000:00:03.0 iommu=hw device-tlb=8\n",
};

START_TEST(what_is_taken_away_is_not_used_any_more)
{
	static const char *const names[] = { NULL, "0000:00:02.0", "0000:00:03.0" };
	struct runner runner[THREADS];
	pthread_t thread[THREADS];
	struct race r = { .stop = false };
	unsigned int i;

	hw_open(&r.h, platforms[_i % 2], _i / 2 % 2 ? IOASID_PGTABLE_VTD_FS : IOASID_PGTABLE_VTD_SS,
		0);
	for (i = 0; i < THREADS; i++) {
		r.device[i] = r.h.g.device;
		r.channel[i] = r.h.g.channel;
		if (i) {
			ck_ok(ioasid_device_bind(r.h.g.ctx, names[i], i, &r.device[i]));
			ck_ok(ioasid_device_attach(r.device[i], r.h.child));
			r.channel[i] = channel_new(r.device[i], IOASID_NO_PASID);
		}
		runner[i] = (struct runner){ &r, i, 0, NULL };
	}
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, issue_dma, &runner[i]), 0);
	ways[_i / 4](&r);
	__atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		ck_assert_msg(!runner[i].complaint, "thread %u: %s", i, runner[i].complaint);
	}
	/* Every access was done once, in one of the two pages. */
	ck_assert_uint_eq(counter(&r, 16) + counter(&r, 40),
			  runner[0].sum + runner[1].sum + runner[2].sum);
	hw_close(&r.h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hwnest-race");
	TCase *tc = tcase_create("hwnest-race");

	tcase_set_timeout(tc, race_timeout(60));
	tcase_add_loop_test(tc, what_is_taken_away_is_not_used_any_more, 0, 12);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
