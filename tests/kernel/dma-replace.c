/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From one space to another while the device works, and with a whole group. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "dma.h"

#define TRANSFERS 15

struct mover {
	struct engine *engine;
	struct ioasid_space *spaces[2];
	atomic_bool stop;
	unsigned int moves;
	int error;
};

/* Moves the device to and fro until told to stop. */
static void *move(void *data)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	struct mover *m = data;

	while (!atomic_load(&m->stop) && !m->error) {
		m->error = ioasid_device_replace(m->engine->device,
						 m->spaces[++m->moves % 2]);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

/*
 * Each transfer has to arrive in one of the spaces' pages, whole: an edu issues it as one request.
 */
static void transfers(struct machine *m, struct engine *e, unsigned int seen[2])
{
	uint8_t *source = m->memory, *a = m->memory + PAGE, *b = m->memory + 2 * PAGE;
	uint32_t seed;

	for (seed = 100; seed < 100 + TRANSFERS; seed++) {
		bool in_a, in_b;

		pattern(source, EDU_LENGTH, seed);
		edu_read(&e->edu, 0, EDU_LENGTH);
		edu_write(&e->edu, PAGE, EDU_LENGTH);
		in_a = has_pattern(a, EDU_LENGTH, seed);
		in_b = has_pattern(b, EDU_LENGTH, seed);
		ck_assert_msg(in_a != in_b, "transfer %u is in %s of the spaces", seed,
			      in_a ? "both" : "none");
		seen[in_b]++;
	}
}

START_TEST(under_dma)
{
	struct mover mover = { .error = 0 };
	unsigned int seen[2] = { 0, 0 };
	pthread_t thread;
	struct machine m;
	struct engine e;
	int i;

	machine_open(&m);
	e = engine_open(&m, EDU_ALONE);
	mover.engine = &e;
	mover.spaces[0] = m.space;
	mover.spaces[1] = make_space(m.ctx, NULL, 0);
	for (i = 0; i < 2; i++) {
		ck_ok(ioasid_space_map(mover.spaces[i], 0, m.memory, PAGE, IOASID_READ, NULL));
		ck_ok(ioasid_space_map(mover.spaces[i], PAGE, m.memory + (1 + i) * PAGE, PAGE, RW,
				       NULL));
	}
	ck_ok(ioasid_device_attach(e.device, m.space));
	ck_assert_int_eq(pthread_create(&thread, NULL, move, &mover), 0);
	transfers(&m, &e, seen);
	atomic_store(&mover.stop, true);
	pthread_join(thread, NULL);
	ck_assert_int_eq(mover.error, 0);
	ck_assert_uint_gt(mover.moves, TRANSFERS);
	ck_assert_msg(seen[0] && seen[1], "%u moves, transfers: %u and %u", mover.moves, seen[0],
		      seen[1]);
	no_faults(&m);
	engine_close(&e);
	machine_close(&m);
}
END_TEST

START_TEST(old_space_is_out_of_reach)
{
	struct ioasid_space *other;
	struct machine m;
	struct engine e;

	machine_open(&m);
	e = engine_open(&m, EDU_ALONE);
	other = make_space(m.ctx, NULL, 0);
	ck_ok(ioasid_space_map(m.space, PAGE, m.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(other, 2 * PAGE, m.memory + PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(e.device, m.space));
	reaches(&m, &e, PAGE, m.memory, RW);
	ck_ok(ioasid_device_replace(e.device, other));
	no_faults(&m);
	reaches(&m, &e, 2 * PAGE, m.memory + PAGE, RW);
	blocked(&m, &e, PAGE, m.memory);
	ck_ok(ioasid_space_destroy(m.space));
	engine_close(&e);
	machine_close(&m);
}
END_TEST

START_TEST(group_of_two)
{
	struct ioasid_space *other;
	struct engine a, b;
	struct machine m;

	machine_open(&m);
	if (lacks(m.ctx, IOASID_CAP_MULTI_DEVICE_GROUPS)) {
		machine_close(&m);
		return;
	}
	a = engine_open(&m, EDU_SHARED_A);
	b = engine_open(&m, EDU_SHARED_B);
	other = make_space(m.ctx, NULL, 0);
	ck_ok(ioasid_space_map(m.space, PAGE, m.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(other, PAGE, m.memory + PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(a.device, m.space));
	ck_ok(ioasid_device_attach(b.device, m.space));
	reaches(&m, &a, PAGE, m.memory, RW);
	reaches(&m, &b, PAGE, m.memory, RW);
	ck_ok(ioasid_device_replace(a.device, other));
	reaches(&m, &b, PAGE, m.memory + PAGE, RW);
	ck_ok(ioasid_device_detach(a.device));
	reaches(&m, &b, PAGE, m.memory + PAGE, RW);
	no_faults(&m);
	ck_ok(ioasid_device_detach(b.device));
	blocked(&m, &b, PAGE, m.memory + PAGE);
	engine_close(&a);
	engine_close(&b);
	machine_close(&m);
}
END_TEST

TCase *dma_replace(void)
{
	TCase *tc = tcase_create("replace");

	tcase_add_test(tc, under_dma);
	tcase_add_test(tc, old_space_is_out_of_reach);
	tcase_add_test(tc, group_of_two);
	return tc;
}
