/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Everything at once, in one context: a thread for each way of giving a device a page and taking it
 * away; devices that read and write by all ways; somebody who makes, attaches, invalidates, tracks,
 * asks and destroys beside them. A page that was taken is poisoned as soon as the call has
 * returned: a write that comes late is seen in it, and a read that comes late sees it.
 *
 * IOASID_TEST_SECONDS is how long: a few minutes are worth while.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "threads_ways.h"

#define DEVICES 4	/* threads that do DMA, each by all ways */
#define BYTES	64
#define CLEAN	0x00
#define WRITTEN 0x11
#define POISON	0xa5
#define RUN_NS	1500000000u
#define ROUNDS	2u	/* at least */

struct device {
	pthread_t thread;
	struct threads *t;
	struct ioasid_channel *channel[WAYS];
	uint64_t dice;
	unsigned long hits[WAYS];
	const char *complaint;
};

struct owner {
	pthread_t thread;
	struct threads *t;
	struct way way;
	const char *complaint;
};

struct threads {
	struct stage stage;
	struct owner owners[WAYS];
	struct device devices[DEVICES];
	uint64_t end;
	bool stop;
};

static uint64_t roll(uint64_t *dice)
{
	*dice = *dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *dice >> 33;
}

/* How many bytes are. Devices write there meanwhile: tests/tsan.supp knows this name. */
static unsigned int poisoned_bytes(const volatile uint8_t *data)
{
	unsigned int i, n = 0;

	for (i = 0; i < BYTES; i++)
		n += data[i] == POISON;
	return n;
}

/* One DMA; did it get through? */
static bool access_page(struct device *d, struct ioasid_channel *channel)
{
	uint64_t what = roll(&d->dice) % 4;
	uint8_t data[BYTES];
	struct iovec piece;
	bool got;

	if (what == 0) {
		got = !ioasid_dma_read(channel, WAY_AT, data, BYTES);
		if (got && poisoned_bytes(data))
			d->complaint = "a read met what had been taken away";
		return got;
	}
	if (what == 1) {
		memset(data, WRITTEN, BYTES);
		return !ioasid_dma_write(channel, WAY_AT, data, BYTES);
	}
	if (ioasid_dma_begin(channel)) {
		d->complaint = "a section cannot begin";
		return false;
	}
	got = ioasid_dma_translate(channel, WAY_AT, BYTES, what == 2 ? IOASID_READ : IOASID_WRITE,
				   &piece, 1) == 1;
	if (got && poisoned_bytes(piece.iov_base))
		d->complaint = "a section met what had been taken away";
	if (got && what == 3)
		memset(piece.iov_base, WRITTEN, BYTES);
	ioasid_dma_end(channel);
	return got;
}

static void *issue_dma(void *data)
{
	struct device *d = data;

	while (!__atomic_load_n(&d->t->stop, __ATOMIC_RELAXED) && !d->complaint) {
		unsigned int way = (unsigned int)(roll(&d->dice) % WAYS);

		if (access_page(d, d->channel[way]))
			__atomic_store_n(&d->hits[way], d->hits[way] + 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static unsigned long hits_of(const struct threads *t, unsigned int way)
{
	unsigned long sum = 0;
	int i;

	for (i = 0; i < DEVICES; i++)
		sum += __atomic_load_n(&t->devices[i].hits[way], __ATOMIC_RELAXED);
	return sum;
}

/* Waits until a DMA has got through since @before, but not for ever. */
static void wait_for_hit(const struct threads *t, unsigned int way, unsigned long before,
			 uint64_t patience)
{
	uint64_t end = now_ns() + patience;

	while (hits_of(t, way) == before && now_ns() < end)
		sched_yield();
}

static void *give_and_take(void *data)
{
	struct owner *o = data;
	struct way *w = &o->way;
	int i;

	for (w->turn = 0; (now_ns() < o->t->end || w->turn < ROUNDS) && !o->complaint; w->turn++) {
		uint64_t page = WAY_DATA + (w->number * WAY_PAGES + w->turn % WAY_PAGES) * PAGE;
		uint8_t *memory = w->stage->memory + page;
		unsigned long before = hits_of(o->t, w->number);

		memset(memory, CLEAN, BYTES);
		w->kind->give(w, page, memory);
		wait_for_hit(o->t, w->number, before, w->turn ? 2000000u : 10000000000u);
		w->kind->take(w);
		memset(memory, POISON, BYTES);
		for (i = 0; i < 8 && !o->complaint; i++) {
			sched_yield();
			if (poisoned_bytes(memory) != BYTES)
				o->complaint = "written after it had been taken away";
		}
	}
	return NULL;
}

/* A space of its own comes, is used, and goes. */
static void come_and_go(struct stage *s, unsigned int turn)
{
	struct ioasid_space *space = hw_any_space(s->ctx, s->root, (int)(turn % HW_WAYS));
	struct ioasid_device *spare;
	struct ioasid_channel *channel;
	char name[16];
	uint8_t byte;

	snprintf(name, sizeof(name), "way%u", WAYS);
	ck_ok(ioasid_device_bind(s->ctx, name, 1, &spare));
	ck_ok(ioasid_device_attach(spare, turn % 2 ? space : s->root));
	/* any page may be the root of a table */
	ck_ok(bind_table(space, IOASID_PGTABLE_VTD_SS, 4, turn % 64 * PAGE));
	channel = channel_new(spare, IOASID_NO_PASID);
	(void)dma_get(channel, turn % 256 * PAGE, &byte);
	ck_ok(ioasid_channel_close(channel));
	ck_ok(ioasid_device_unbind(spare));
	ck_ok(ioasid_space_destroy(space));
}

static void ask(struct threads *t, unsigned int turn)
{
	const struct way *w = &t->owners[turn % WAYS].way;
	uint64_t bits[4] = { 0 }, cursor = 0;
	struct ioasid_run runs[4];
	bool done;

	(void)space_info(w->space);
	(void)memory_bytes(w->space);
	if (w->pasid == IOASID_NO_PASID)
		(void)ioasid_space_query_runs(w->space, &cursor, UINT64_MAX, runs, 4, &done);
	drop_events(t->stage.events);
	switch (turn % 8) {
	case 0:
		ck_ok(ioasid_space_dirty_start(t->stage.root));
		break;
	case 7:
		ck_ok(ioasid_space_dirty_stop(t->stage.root));
		break;
	default:
		ck_ok(ioasid_space_dirty_read(t->stage.root, 0, MIB, PAGE, 0, bits));
	}
}

static void disturb(struct threads *t)
{
	struct ioasid_inv *inv;
	unsigned int turn;
	size_t done;

	for (turn = 0; now_ns() < t->end; turn++) {
		const struct way *w = &t->owners[turn % WAYS].way;

		come_and_go(&t->stage, turn);
		ask(t, turn);
		ck_ok(ioasid_inv_new(t->stage.ctx, 2, &inv));
		ck_ok(ioasid_inv_add_device(inv, w->device, 0));
		ck_ok(ioasid_inv_add_device_tlb(inv, w->device, IOASID_NO_PASID, WAY_AT, PAGE));
		/* a device that is detached, or without a table, has nothing to invalidate */
		(void)ioasid_inv_submit(inv, &done);
		ioasid_inv_free(inv);
	}
}

static void start(struct threads *t)
{
	unsigned int i, way;

	stage_open(&t->stage, guest_size);
	for (way = 0; way < WAYS; way++) {
		t->owners[way].t = t;
		way_open(&t->owners[way].way, &t->stage, way);
	}
	for (i = 0; i < DEVICES; i++) {
		struct device *d = &t->devices[i];

		d->t = t;
		d->dice = i + 1;
		for (way = 0; way < WAYS; way++)
			d->channel[way] = channel_new(t->owners[way].way.device,
						      t->owners[way].way.pasid);
		ck_assert_int_eq(pthread_create(&d->thread, NULL, issue_dma, d), 0);
	}
	t->end = now_ns() + run_ns(RUN_NS);
	for (way = 0; way < WAYS; way++)
		ck_assert_int_eq(pthread_create(&t->owners[way].thread, NULL, give_and_take,
						&t->owners[way]), 0);
}

static void stop(struct threads *t)
{
	unsigned int i;

	for (i = 0; i < WAYS; i++)
		pthread_join(t->owners[i].thread, NULL);
	__atomic_store_n(&t->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < DEVICES; i++)
		pthread_join(t->devices[i].thread, NULL);
	for (i = 0; i < WAYS; i++)
		way_close(&t->owners[i].way);
	stage_close(&t->stage);
}

START_TEST(what_was_taken_is_out_of_use)
{
	static struct threads t;
	unsigned int i;

	start(&t);
	disturb(&t);
	stop(&t);
	for (i = 0; i < WAYS; i++) {
		ck_assert_msg(!t.owners[i].complaint, "%s: %s, round %u", way_kinds[i].name,
			      t.owners[i].complaint, t.owners[i].way.turn);
		ck_assert_msg(hits_of(&t, i), "%s: no DMA ever got through", way_kinds[i].name);
	}
	for (i = 0; i < DEVICES; i++)
		ck_assert_msg(!t.devices[i].complaint, "%s", t.devices[i].complaint);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_set_timeout(tc, race_timeout(120));
	tcase_add_test(tc, what_was_taken_is_out_of_use);
}

int main(void)
{
	Suite *suite = suite_create("threads");

	suite_add_sizes(suite, "threads", add_tests);
	return run_suite(suite);
}
