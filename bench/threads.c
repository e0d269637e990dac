/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two threads that translate while a third invalidates, against one thread alone. */
#include <pthread.h>
#include <stdlib.h>

#include "world.h"

#define PAGES 512u
#define TABLES (4 * MIB)
#define BLOCK 64u
#define TURNS 10000u		/* blocks per thread and round */
#define PERIOD 100000		/* nanoseconds between invalidations: 10,000 a second */

struct worker {
	struct ioasid_channel *channel;
	unsigned int cpu;
	pthread_t thread;
	double rate;		/* translations per microsecond of its own time */
};

struct team {
	struct world w;
	struct ioasid_space *child;
	struct guest_table table;
	bool stop;
	uint64_t invalidations;
};

static void *translate(void *arg)
{
	struct worker *worker = arg;
	uint64_t sum = 0, start, page = worker->cpu;
	struct iovec piece;
	unsigned int i, k;

	pin(worker->cpu);
	start = now_ns();
	for (i = 0; i < TURNS; i++) {
		ioasid_dma_begin(worker->channel);
		for (k = 0; k < BLOCK; k++) {
			page = page * 5 + 1;
			if (ioasid_dma_translate(worker->channel, page % PAGES * PAGE, 64,
						 IOASID_READ, &piece, 1) != 1)
				check(-1, "translate");
			sum += (uintptr_t)piece.iov_base;
		}
		ioasid_dma_end(worker->channel);
	}
	worker->rate = TURNS * BLOCK * 1000.0 / (double)(now_ns() - start);
	__atomic_fetch_add(&sink, sum, __ATOMIC_RELAXED);
	return NULL;
}

static void *invalidate(void *arg)
{
	struct team *team = arg;
	struct ioasid_inv *batch;
	struct timespec next;

	unpin();
	check(ioasid_inv_new(team->w.ctx, 1, &batch), "batch");
	clock_gettime(CLOCK_MONOTONIC, &next);
	while (!__atomic_load_n(&team->stop, __ATOMIC_RELAXED)) {
		uint64_t iova = random_below(PAGES) * PAGE,
			 *entry = guest_entry(&team->table, iova);

		guest_store(entry, guest_load(entry) ^ PAGE);
		ioasid_inv_reset(batch);
		check(ioasid_inv_add_mask(batch, team->child, iova, 0, IOASID_INV_LEAF_ONLY),
		      "batch");
		check(ioasid_inv_submit(batch, NULL), "invalidation");
		team->invalidations++;
		next.tv_nsec += PERIOD;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	ioasid_inv_free(batch);
	return NULL;
}

static void start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	if (pthread_create(thread, NULL, run, arg))
		need(NULL);
}

static double alone(struct worker *worker)
{
	start(&worker->thread, translate, worker);
	pthread_join(worker->thread, NULL);
	return worker->rate;
}

static double together(struct team *team, struct worker *workers)
{
	pthread_t third;

	team->stop = false;
	start(&third, invalidate, team);
	start(&workers[0].thread, translate, &workers[0]);
	start(&workers[1].thread, translate, &workers[1]);
	pthread_join(workers[0].thread, NULL);
	pthread_join(workers[1].thread, NULL);
	__atomic_store_n(&team->stop, true, __ATOMIC_RELAXED);
	pthread_join(third, NULL);
	return workers[0].rate + workers[1].rate;
}

static void open_team(struct team *team)
{
	uint32_t i;

	if (!world_open(&team->w, 2 * TABLES))
		need(NULL);
	check(ioasid_space_map(team->w.root, 0, team->w.memory, 2 * TABLES, RW, NULL), "map");
	guest_init(&team->table, team->w.memory, TABLES, 2 * TABLES);
	for (i = 0; i < PAGES; i++)
		guest_store(guest_entry(&team->table, i * PAGE),
			    guest_leaf(random_below(PAGES) * PAGE));
	team->child = world_space(&team->w, team->w.root);
	guest_bind(team->child, team->table.root);
	check(ioasid_device_attach(team->w.devices[0], team->child), "attach");
}

static void run(const struct measure *m)
{
	struct series *s = series_new(m);
	unsigned int i, todo = rounds(61);
	struct worker workers[2];
	struct team team = { 0 };

	if (!pin(1)) {
		skipped(m, 1, "there is one CPU only");
		return;
	}
	open_team(&team);
	for (i = 0; i < 2; i++)
		workers[i] = (struct worker){ .channel = world_channel(&team.w, 0), .cpu = i };
	alone(&workers[0]);
	for (i = 0; i < todo; i++) {
		double ref = alone(&workers[i % 2]);

		series_add(s, together(&team, workers), ref);
	}
	series_report(s);
	world_close(&team.w);
	pin(0);
}

static const struct measure measures[] = {
	{ "translate-2-threads", "per us", "one thread alone", AT_LEAST_TIMES, 1.9 },
};

const struct group threads_group = { measures, N_ELEMENTS(measures), run };
