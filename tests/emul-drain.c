/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was taken away is out of use when the call that took it returns: two threads issue DMA
 * while a third takes pages away and looks whether one is written afterwards.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "guest_tables.h"
#include "support.h"

#define SIZE guest_size
#define TABLES (2 * MIB)
#define TARGET UINT64_C(0x40000) /* IOVA of the DMA */
#define POISON 0xa5
#define WRITTEN 0x11
#define RUN_NS 150000000u

struct writer {
	pthread_t thread;
	struct ioasid_channel *channel;
	const bool *stop;
	bool in_place;
	unsigned long hits;
};

static void count_hit(struct writer *w)
{
	__atomic_store_n(&w->hits, w->hits + 1, __ATOMIC_RELAXED);
}

/* Waits until a write has got through since @before, but not for ever. */
static void wait_for_hit(const struct writer *w, unsigned long before, uint64_t patience)
{
	uint64_t end = now_ns() + patience;

	while (__atomic_load_n(&w[0].hits, __ATOMIC_RELAXED) +
		       __atomic_load_n(&w[1].hits, __ATOMIC_RELAXED) == before && now_ns() < end)
		sched_yield();
}

static void write_in_place(struct writer *w)
{
	struct iovec iov;

	if (ioasid_dma_begin(w->channel))
		return;
	if (ioasid_dma_translate(w->channel, TARGET, 64, IOASID_WRITE, &iov, 1) == 1) {
		memset(iov.iov_base, WRITTEN, iov.iov_len);
		count_hit(w);
	}
	ioasid_dma_end(w->channel);
}

static void *write_on(void *data)
{
	struct writer *w = data;
	uint8_t buf[64];

	memset(buf, WRITTEN, sizeof(buf));
	while (!__atomic_load_n(w->stop, __ATOMIC_RELAXED)) {
		if (w->in_place)
			write_in_place(w);
		else if (!ioasid_dma_write(w->channel, TARGET, buf, sizeof(buf)))
			count_hit(w);
	}
	return NULL;
}

/* One way to give the device the page and to take it away. */
struct way {
	void (*give)(struct guest *g, uint64_t page);
	void (*take)(struct guest *g);
};

static struct ioasid_space *child, *plain;
static struct guest_table table;

static void give_plain(struct guest *g, uint64_t page)
{
	ck_ok(ioasid_space_map(plain, TARGET, g->memory + page, PAGE, RW, NULL));
}

static void take_plain(struct guest *g)
{
	(void)g;
	ck_ok(ioasid_space_unmap(plain, TARGET, PAGE, NULL));
}

static void give_map(struct guest *g, uint64_t page)
{
	ck_ok(ioasid_space_map(g->root, SIZE + TARGET, g->memory + page, PAGE, RW, NULL));
}

static void take_unmap(struct guest *g)
{
	ck_ok(ioasid_space_unmap(g->root, SIZE + TARGET, PAGE, NULL));
}

static void give_child_map(struct guest *g, uint64_t page)
{
	(void)g;
	ck_ok(ioasid_space_map_parent(child, TARGET, page, PAGE, RW, NULL));
}

static void take_child_unmap(struct guest *g)
{
	(void)g;
	ck_ok(ioasid_space_unmap(child, TARGET, PAGE, NULL));
}

static void give_entry(struct guest *g, uint64_t page)
{
	gt_map(&table, TARGET, page, PAGE, 1, RW);
	ck_ok(inv_range(g->ctx, child, TARGET, PAGE));
}

static void take_entry(struct guest *g)
{
	gt_unmap(&table, TARGET, PAGE, 1);
	ck_ok(inv_range(g->ctx, child, TARGET, PAGE));
}

static void give_attach(struct guest *g, uint64_t page)
{
	gt_map(&table, TARGET, page, PAGE, 1, RW);
	ck_ok(inv_range(g->ctx, child, TARGET, PAGE));
	ck_ok(ioasid_device_attach(g->device, child));
}

static void take_detach(struct guest *g)
{
	ck_ok(ioasid_device_detach(g->device));
}

static void give_bind(struct guest *g, uint64_t page)
{
	(void)g;
	gt_map(&table, TARGET, page, PAGE, 1, RW);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
}

static void take_unbind(struct guest *g)
{
	(void)g;
	ck_ok(ioasid_space_unbind_pgtable(child));
}

/* Gives and takes pages for a while, each checked after it was taken. */
static void give_and_take(struct guest *g, const struct way *way, const struct writer *writers)
{
	uint64_t end = now_ns() + run_ns(RUN_NS);
	unsigned long n, hits;

	for (n = 0; now_ns() < end || n < 4; n++) {
		uint64_t page = (n % 16) * PAGE;
		uint8_t *memory = g->memory + page;
		int i;

		hits = __atomic_load_n(&writers[0].hits, __ATOMIC_RELAXED) +
		       __atomic_load_n(&writers[1].hits, __ATOMIC_RELAXED);
		way->give(g, page);
		wait_for_hit(writers, hits, n ? 1000000u : 5000000000u);
		way->take(g);
		memset(memory, POISON, 64);
		for (i = 0; i < 8; i++) {
			size_t at;

			sched_yield();
			for (at = 0; at < 64; at++)
				ck_assert_msg(((volatile uint8_t *)memory)[at] == POISON,
					      "written after it was taken away, round %lu", n);
		}
	}
}

static void run(struct guest *g, const struct way *way)
{
	struct writer writers[2] = { { .in_place = true }, { .in_place = false } };
	bool stop = false;
	int i;

	for (i = 0; i < 2; i++) {
		writers[i].channel = channel_new(g->device, IOASID_NO_PASID);
		writers[i].stop = &stop;
		ck_assert_int_eq(pthread_create(&writers[i].thread, NULL, write_on, &writers[i]),
				 0);
	}
	give_and_take(g, way, writers);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++)
		pthread_join(writers[i].thread, NULL);
	ck_assert_msg(writers[0].hits + writers[1].hits > 0, "no DMA ever got through");
	guest_close(g);
}

/* With a page table on the guest's memory, empty and bound, and the device attached. */
static void open_with_table(struct guest *g, enum ioasid_fill fill)
{
	guest_open(g, SIZE, 0);
	child = make_space(g->ctx, g->root, fill);
	gt_init(&table, IOASID_PGTABLE_VTD_SS, 4, g->memory, 0, TABLES, SIZE);
	gt_map(&table, TARGET + PAGE, PAGE, PAGE, 1, RW);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	guest_attach(g, child);
}

START_TEST(unmap)
{
	struct guest g;

	guest_open(&g, SIZE, 0);
	plain = make_space(g.ctx, NULL, 0);
	/* A neighbour that stays: no table goes with the page. */
	ck_ok(ioasid_space_map(plain, TARGET + PAGE, g.memory, PAGE, RW, NULL));
	guest_attach(&g, plain);
	run(&g, &(struct way){ give_plain, take_plain });
}
END_TEST

START_TEST(unmap_of_the_parent)
{
	struct ioasid_space *through;
	struct guest g;

	/* The DMA's own address is TARGET: a child shifts it to where the mappings come and go. */
	guest_open(&g, SIZE, 0);
	through = make_space(g.ctx, g.root, 0);
	ck_ok(ioasid_space_map(g.root, SIZE + TARGET + PAGE, g.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map_parent(through, TARGET + PAGE, 0, PAGE, RW, NULL));
	ck_ok(ioasid_space_map_parent(through, TARGET, SIZE + TARGET, PAGE, RW, NULL));
	guest_attach(&g, through);
	run(&g, &(struct way){ give_map, take_unmap });
}
END_TEST

START_TEST(unmap_of_a_child)
{
	struct guest g;

	guest_open(&g, SIZE, 0);
	child = make_space(g.ctx, g.root, 0);
	ck_ok(ioasid_space_map_parent(child, TARGET + PAGE, 0, PAGE, RW, NULL));
	guest_attach(&g, child);
	run(&g, &(struct way){ give_child_map, take_child_unmap });
}
END_TEST

START_TEST(invalidation_of_a_table_filled_on_invalidation)
{
	struct guest g;

	open_with_table(&g, IOASID_FILL_ON_INVALIDATION);
	run(&g, &(struct way){ give_entry, take_entry });
}
END_TEST

START_TEST(invalidation_of_a_table_filled_on_demand)
{
	struct guest g;

	open_with_table(&g, IOASID_FILL_ON_DEMAND);
	run(&g, &(struct way){ give_entry, take_entry });
}
END_TEST

START_TEST(detach)
{
	struct guest g;

	open_with_table(&g, IOASID_FILL_ON_INVALIDATION);
	ck_ok(ioasid_device_detach(g.device));
	run(&g, &(struct way){ give_attach, take_detach });
}
END_TEST

START_TEST(unbind)
{
	struct guest g;

	open_with_table(&g, IOASID_FILL_ON_DEMAND);
	run(&g, &(struct way){ give_bind, take_unbind });
}
END_TEST

static void *unbind_device(void *device)
{
	return ioasid_device_unbind(device) ? device : NULL;
}

/* While another thread waits for the section to end, which it then does not have to wait for. */
START_TEST(a_section_binds_a_device)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	struct ioasid_device *other, *third;
	struct ioasid_channel *channel;
	void *failed = NULL;
	pthread_t thread;
	struct guest g;

	guest_platform = "iommu i\ndevice 0000:00:01.0 iommu=i\ndevice 0000:00:02.0 iommu=i\n"
			 "device 0000:00:03.0 iommu=i\n";
	guest_open(&g, SIZE, 0);
	channel = channel_new(g.device, IOASID_NO_PASID);
	ck_ok(ioasid_device_bind(g.ctx, "0000:00:02.0", 2, &other));
	ck_ok(ioasid_device_attach(other, g.root));
	ck_ok(ioasid_dma_begin(channel));
	ck_assert_int_eq(pthread_create(&thread, NULL, unbind_device, other), 0);
	nanosleep(&moment, NULL);
	ck_ok(ioasid_device_bind(g.ctx, "0000:00:03.0", 3, &third));
	ioasid_dma_end(channel);
	ck_assert_int_eq(pthread_join(thread, &failed), 0);
	ck_assert_ptr_null(failed);
	ck_assert_uint_eq(ioasid_device_get_cookie(third), 3);
	guest_close(&g);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_set_timeout(tc, race_timeout(60));
	tcase_add_test(tc, unmap);
	tcase_add_test(tc, unmap_of_the_parent);
	tcase_add_test(tc, unmap_of_a_child);
	tcase_add_test(tc, invalidation_of_a_table_filled_on_invalidation);
	tcase_add_test(tc, invalidation_of_a_table_filled_on_demand);
	tcase_add_test(tc, detach);
	tcase_add_test(tc, unbind);
	tcase_add_test(tc, a_section_binds_a_device);
}

int main(void)
{
	Suite *suite = suite_create("drain");

	suite_add_sizes(suite, "drain", add_tests);
	return run_suite(suite);
}
