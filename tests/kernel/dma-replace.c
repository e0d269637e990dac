/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From one space to another while the device works, and with a whole group. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dma.h"

#define TRANSFERS 30

/*
 * VT-d 4.1, 7.2.3: the context entry is not present, which is how Linux blocks a device; or a page
 * table entry does not grant writing, which is how it looks where mappings are exchanged.
 */
#define REASON_BLOCKED	    2
#define REASON_NOT_WRITABLE 5

struct mover {
	struct machine m;
	struct engine engine;
	struct ioasid_space *spaces[2];
	atomic_bool stop;
	unsigned int moves;
	int error;
	unsigned int in_a, in_b, lost;
};

/* Moves the device to and fro until told to stop. */
static void *move(void *data)
{
	struct mover *m = data;

	while (!atomic_load(&m->stop) && !m->error)
		m->error = ioasid_device_replace(m->engine.device, m->spaces[++m->moves % 2]);
	return NULL;
}

/* A page to read from in both spaces, and one for each to write to. */
static void mover_open(struct mover *m)
{
	int i;

	memset(m, 0, sizeof(*m));
	machine_open(&m->m);
	m->engine = engine_open(&m->m, EDU_ALONE);
	m->spaces[0] = m->m.space;
	m->spaces[1] = make_space(m->m.ctx, NULL, 0);
	for (i = 0; i < 2; i++) {
		ck_ok(ioasid_space_map(m->spaces[i], 0, m->m.memory, PAGE, IOASID_READ, NULL));
		ck_ok(ioasid_space_map(m->spaces[i], PAGE, m->m.memory + (1 + i) * PAGE, PAGE, RW,
				       NULL));
	}
	ck_ok(ioasid_device_attach(m->engine.device, m->spaces[0]));
}

static void mover_close(struct mover *m)
{
	engine_close(&m->engine);
	machine_close(&m->m);
}

static bool all_zero(const uint8_t *at, uint32_t length)
{
	while (length--)
		if (*at++)
			return false;
	return true;
}

/* An edu makes one request of a transfer, so that it arrives as a whole or not at all. */
static void transfer(struct mover *m, uint32_t seed)
{
	uint8_t *source = m->m.memory, *a = source + PAGE, *b = a + PAGE;

	memset(a, 0, 2 * PAGE);
	pattern(source, EDU_LENGTH, seed);
	ck_assert_int_eq(edu_read(&m->engine.edu, 0, EDU_LENGTH), 0);
	ck_assert_int_eq(edu_write(&m->engine.edu, PAGE, EDU_LENGTH), 0);
	ck_assert_msg(all_zero(a, PAGE) || all_zero(b, PAGE), "transfer %u is in both spaces",
		      seed);
	if (has_pattern(a, EDU_LENGTH, seed))
		m->in_a++;
	else if (has_pattern(b, EDU_LENGTH, seed))
		m->in_b++;
	else
		m->lost++;
}

static void transfers(struct mover *m)
{
	pthread_t thread;
	uint32_t i;

	atomic_store(&m->stop, false);
	m->lost = 0;
	ck_assert_int_eq(pthread_create(&thread, NULL, move, m), 0);
	for (i = 0; i < TRANSFERS; i++)
		transfer(m, 100 + i);
	atomic_store(&m->stop, true);
	pthread_join(thread, NULL);
	ck_assert_int_eq(m->error, 0);
	ck_assert_uint_gt(m->moves, TRANSFERS);
}

/*
 * What is logged of faults: the device was blocked, where it should have got through. Without a
 * replace in one step, that is so only where the spaces differ: where it writes.
 */
static unsigned int faults_of_a_gap(struct mover *m)
{
	bool whole = ioasid_ctx_has(m->m.ctx, IOASID_CAP_ATOMIC_REPLACE);
	struct kmsg_fault fault;
	unsigned int n = 0;

	for (; kmsg_next_fault(m->m.kmsg, &fault); n++)
		ck_assert_msg(whole ? fault.reason == REASON_BLOCKED && fault.iova <= PAGE :
			      fault.reason == REASON_NOT_WRITABLE && fault.iova == PAGE,
			      "a fault is logged at %#jx, reason %#x", (uintmax_t)fault.iova,
			      fault.reason);
	return n;
}

START_TEST(under_dma_goes_to_the_one_or_the_other)
{
	struct mover m;

	mover_open(&m);
	transfers(&m);
	ck_assert_msg(m.in_a && m.in_b, "%u moves, transfers: %u, %u, lost: %u", m.moves, m.in_a,
		      m.in_b, m.lost);
	faults_of_a_gap(&m);
	mover_close(&m);
}
END_TEST

/*
 * One call replaces the table, which other tests count. Whether a device is blocked meanwhile is up
 * to the kernel's driver of the IOMMU. That of VT-d clears the context entry before it sets it.
 */
START_TEST(under_dma_loses_nothing)
{
	char why[128];
	struct mover m;

	mover_open(&m);
	if (lacks(m.m.ctx, IOASID_CAP_ATOMIC_REPLACE)) {
		mover_close(&m);
		return;
	}
	transfers(&m);
	if (m.lost && !faults_of_a_gap(&m)) {
		/* The kernel says no more than a few lines in 5 seconds: again, when it speaks. */
		sleep(6);
		transfers(&m);
		ck_assert_msg(!m.lost || faults_of_a_gap(&m),
			      "%u transfers are lost without a fault", m.lost);
	}
	if (m.lost) {
		snprintf(why, sizeof(why),
			 "this kernel blocks a device while it replaces its table: "
			 "%u of %u transfers were lost",
			 m.lost, TRANSFERS);
		test_skip(why);
	} else {
		no_faults(&m.m);
	}
	mover_close(&m);
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

	tcase_add_test(tc, under_dma_goes_to_the_one_or_the_other);
	tcase_add_test(tc, under_dma_loses_nothing);
	tcase_add_test(tc, old_space_is_out_of_reach);
	tcase_add_test(tc, group_of_two);
	return tc;
}
