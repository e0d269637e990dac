/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Live migration: threads issue DMA while another copies what they write, page by page as it
 * becomes dirty. When they stand still and the last pages are copied, both memories have to be the
 * same.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "any.h"
#include "dirty_guest.h"
#include "guest_tables.h"

#define SIZE	guest_size
#define PAGES	256u	/* that are written, from the start of the memory on */
#define TABLES	(4 * MIB)
#define WORDS	(PAGE / 8)
#define WRITERS 4
#define RUN_NS	200000000u

struct writer {
	pthread_t thread;
	struct ioasid_channel *channel;
	uint64_t seed;
	unsigned long done;
};

static struct guest g;
static struct ioasid_space *child, *grandchild;
static struct guest_table table;
static struct writer writer[WRITERS];
static uint64_t *copy;
static bool stop;

static uint64_t rnd(uint64_t *seed)
{
	return xorshift(seed) >> 8;
}

/* Each way changes what it writes. Other threads may have changed it too. */
static bool write_somewhere(struct writer *w)
{
	uint64_t r = rnd(&w->seed), iova = r % PAGES * PAGE + (r >> 16) % WORDS * 8, old;
	struct iovec iov;
	bool done;

	switch ((r >> 32) % 3) {
	case 0:
		return !ioasid_dma_fetch_add(w->channel, iova, 8, 1, &old);
	case 1:
		if (ioasid_dma_compare_swap(w->channel, iova, 8, 0, 1, &old))
			return false;
		return !ioasid_dma_compare_swap(w->channel, iova, 8, old, old + 7, &old);
	default:
		if (ioasid_dma_begin(w->channel))
			return false;
		done = ioasid_dma_translate(w->channel, iova, 8, IOASID_WRITE, &iov, 1) == 1;
		/* Late: the page may have been reported meanwhile, but not yet been copied. */
		if (done && r >> 40 & 1)
			sched_yield();
		if (done)
			__atomic_fetch_add((whole_word *)iov.iov_base, UINT64_C(1) << 32,
					   __ATOMIC_RELAXED);
		ioasid_dma_end(w->channel);
		return done;
	}
}

static void count(struct writer *w, bool done)
{
	__atomic_store_n(&w->done, w->done + done, __ATOMIC_RELAXED);
}

/* On a busy machine a thread can be long in coming. */
static bool all_wrote(unsigned int n)
{
	while (n--)
		if (!__atomic_load_n(&writer[n].done, __ATOMIC_RELAXED))
			return false;
	return true;
}

static void *write_on(void *data)
{
	struct writer *w = data;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		if (!write_somewhere(w))
			ck_abort_msg("%s", ioasid_errmsg());
		count(w, true);
	}
	return NULL;
}

static void start_writer(int i, uint32_t pasid, struct ioasid_space *space)
{
	ck_ok(ioasid_device_attach_pasid(g.device, pasid, space));
	writer[i] = (struct writer){ .channel = channel_new(g.device, pasid),
				     .seed = UINT64_C(0x9e3779b97f4a7c15) * pasid };
	ck_assert_int_eq(pthread_create(&writer[i].thread, NULL, write_on, &writer[i]), 0);
}

static void copy_page(uint64_t page)
{
	const whole_word *from = (const whole_word *)(const void *)(g.memory + page * PAGE);
	uint64_t i;

	for (i = 0; i < WORDS; i++)
		copy[page * WORDS + i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

/* Copies what was written; how many pages that were. */
static unsigned int collect(void)
{
	uint64_t bits[PAGES / 64] = { 0 }, page;
	unsigned int n = 0;

	ck_ok(ioasid_space_dirty_read(g.root, 0, PAGES * PAGE, PAGE, 0, bits));
	for (page = 0; page < PAGES; page++) {
		if (bits[page / 64] >> page % 64 & 1) {
			copy_page(page);
			n++;
		}
	}
	return n;
}

/* What goes on beside that: nothing, the guest's invalidations, tracking begun anew. */
static void disturb(int kind, unsigned int round)
{
	uint64_t page;

	if (kind == 1 && round % 2)
		ck_ok(inv_all(g.ctx, child));
	else if (kind == 1)
		ck_ok(bind_table(child, table.format, 4, table.root));
	if (kind != 2 || round % 16)
		return;
	ck_ok(ioasid_space_dirty_stop(g.root));
	ck_ok(ioasid_space_dirty_start(g.root));
	/* All of it has to be copied then. */
	for (page = 0; page < PAGES; page++)
		copy_page(page);
}

START_TEST(nothing_is_lost)
{
	uint64_t end = now_ns() + run_ns(RUN_NS);
	unsigned int round, i;

	dirty_open(&g, SIZE);
	copy = calloc(PAGES, PAGE);
	stop = false;
	child = make_space(g.ctx, g.root, 0);
	gt_init(&table, IOASID_PGTABLE_VTD_SS, 4, g.memory, 0, TABLES, TABLES + MIB);
	gt_map(&table, 0, 0, 2 * MIB, 2, RW);
	ck_ok(bind_table(child, table.format, 4, table.root));
	grandchild = make_space(g.ctx, child, 0);
	ck_ok(ioasid_space_map_parent(grandchild, 0, 0, PAGES * PAGE, RW, NULL));
	start_writer(0, 1, g.root);
	start_writer(1, 2, g.root);
	start_writer(2, 3, child);
	start_writer(3, 4, grandchild);
	for (round = 0; now_ns() < end || !all_wrote(WRITERS); round++) {
		collect();
		disturb(_i, round);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < WRITERS; i++)
		pthread_join(writer[i].thread, NULL);
	collect();
	ck_assert_uint_eq(collect(), 0);
	for (i = 0; i < PAGES; i++)
		ck_assert_msg(!memcmp(g.memory + i * PAGE, copy + i * WORDS, PAGE),
			      "page %u was written and not reported, in %u rounds", i, round);
	guest_close(&g);
	free(copy);
}
END_TEST

/*
 * The memory goes and comes again while it is written. What was written before it went is in its
 * last bits, and nothing is written afterwards.
 */
static unsigned int collect_by_unmap(void)
{
	uint64_t bits[PAGES / 64] = { 0 }, page;
	unsigned int n = 0;

	ck_ok(ioasid_space_unmap_dirty(g.root, 0, PAGES * PAGE, PAGE, bits, NULL));
	for (page = 0; page < PAGES; page++) {
		if (bits[page / 64] >> page % 64 & 1) {
			copy_page(page);
			n++;
		} else if (page % 16 == 0) {
			ck_assert(!memcmp(g.memory + page * PAGE, copy + page * WORDS, PAGE));
		}
	}
	return n;
}

static void *write_or_fault(void *data)
{
	struct writer *w = data;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		count(w, write_somewhere(w));
	return NULL;
}

START_TEST(nothing_is_lost_by_unmap)
{
	uint64_t end = now_ns() + run_ns(RUN_NS);
	unsigned int i;

	dirty_open(&g, SIZE);
	copy = calloc(PAGES, PAGE);
	stop = false;
	ck_ok(ioasid_space_unmap_all(g.root, NULL));
	ck_ok(ioasid_space_map(g.root, 0, g.memory, PAGES * PAGE, RW, NULL));
	child = make_space(g.ctx, g.root, 0);
	ck_ok(ioasid_space_map_parent(child, 0, 0, PAGES * PAGE, RW, NULL));
	ck_ok(ioasid_device_attach_pasid(g.device, 1, g.root));
	ck_ok(ioasid_device_attach_pasid(g.device, 2, child));
	for (i = 0; i < 2; i++) {
		writer[i] = (struct writer){ .channel = channel_new(g.device, i + 1),
					     .seed = i + 77 };
		ck_assert_int_eq(pthread_create(&writer[i].thread, NULL, write_or_fault,
						&writer[i]), 0);
	}
	while (now_ns() < end || !all_wrote(2)) {
		collect_by_unmap();
		ck_ok(ioasid_space_map(g.root, 0, g.memory, PAGES * PAGE, RW, NULL));
		sched_yield();
	}
	collect_by_unmap();
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++)
		pthread_join(writer[i].thread, NULL);
	ck_assert(!memcmp(g.memory, copy, PAGES * PAGE));
	guest_close(&g);
	free(copy);
}
END_TEST

static void add(TCase *tc)
{
	tcase_set_timeout(tc, race_timeout(60));
	tcase_add_loop_test(tc, nothing_is_lost, 0, 3);
	tcase_add_test(tc, nothing_is_lost_by_unmap);
}

int main(void)
{
	Suite *suite = suite_create("dirty-race");

	suite_add_sizes(suite, "race", add);
	return run_suite(suite);
}
