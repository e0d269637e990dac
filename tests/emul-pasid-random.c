/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random calls against a model of the policy that is nothing but tables. */
#include <stdio.h>
#include <stdlib.h>

#include "pasid_world.h"

#define DEVICES 9
#define VPASIDS 8
#define SPACES	3
#define NUMBERS 300 /* more than the widest parent has */

static const struct {
	const char *name;
	int parent;	/* 0: none */
	enum ioasid_device_type type;
	uint32_t fixed;
} kind[DEVICES] = {
	{ "kernel", 0, IOASID_DEVICE_PHYSICAL_KERNEL, 0 },
	{ "shared", 0, IOASID_DEVICE_PHYSICAL_SHARED, 0 },
	{ "fixed", 1, IOASID_DEVICE_MEDIATED_DEFAULT, FIXED },
	{ "mediated-a", 1, IOASID_DEVICE_MEDIATED, 0 },
	{ "mediated-b", 1, IOASID_DEVICE_MEDIATED, 0 },
	{ "enqcmd-a", 1, IOASID_DEVICE_MEDIATED_SHARED, 0 },
	{ "enqcmd-b", 1, IOASID_DEVICE_MEDIATED_SHARED, 0 },
	{ "enqcmd-c", 2, IOASID_DEVICE_MEDIATED_SHARED, 0 },
	{ "mediated-c", 2, IOASID_DEVICE_MEDIATED, 9 },
};

static const uint32_t pool_of[] = { 0, POOL, 15 };

static struct {
	struct ioasid_device *device;	/* NULL: not bound */
	int space[VPASIDS];		/* -1: not attached; by vPASID, from 1 on */
} model[DEVICES];

static struct ioasid_ctx *ctx;
static struct ioasid_space *space[SPACES];
static unsigned int seed;

static unsigned int any(unsigned int n)
{
	return (unsigned int)rand_r(&seed) % n;
}

static bool mediated(int d)
{
	return kind[d].type == IOASID_DEVICE_MEDIATED ||
	       kind[d].type == IOASID_DEVICE_MEDIATED_SHARED;
}

static bool global(int d)
{
	return kind[d].type == IOASID_DEVICE_MEDIATED_SHARED;
}

/* Marks what is in use: under @parent by its own pool, or by the global pool (0). */
static void mark(int parent, bool *used)
{
	int d, v;

	for (d = 0; d < DEVICES; d++) {
		if (!model[d].device || !mediated(d))
			continue;
		if (parent && kind[d].parent == parent)
			used[ppasid_of(model[d].device, IOASID_NO_PASID)] = true;
		for (v = 0; v < VPASIDS; v++)
			if (model[d].space[v] >= 0 &&
			    (parent ? kind[d].parent == parent && !global(d) : global(d)))
				used[ppasid_of(model[d].device, (uint32_t)v + 1)] = true;
	}
}

/* Is there a number left for device @d: for a vPASID, or for its requests without? */
static bool has_room(int d, bool without)
{
	bool used[NUMBERS] = { false };
	bool from_global = global(d) && !without;
	uint32_t n, size = from_global ? GLOBAL : pool_of[kind[d].parent];
	int p, i;

	/* both parents have devices with shared queues, so that the pools must not meet */
	for (p = from_global ? 1 : kind[d].parent; p <= (from_global ? 2 : kind[d].parent); p++) {
		mark(p, used);
		for (i = 0; i < DEVICES; i++)
			if (kind[i].parent == p)
				used[kind[i].fixed] = true;
	}
	mark(0, used);
	for (n = 1; n <= size; n++)
		if (!used[n])
			return true;
	return false;
}

/* The space that all who share the PASID are attached to; -1: none is. */
static int peers_at(int d, int v)
{
	int i;

	for (i = 0; i < DEVICES; i++)
		if (model[i].device && model[i].space[v] >= 0 &&
		    (i == d || (global(i) && global(d) && kind[i].parent == kind[d].parent)))
			return model[i].space[v];
	return -1;
}

/* Does any device with shared queues use the vPASID? */
static bool known(int v)
{
	int i;

	for (i = 0; i < DEVICES; i++)
		if (model[i].device && global(i) && model[i].space[v] >= 0)
			return true;
	return false;
}

static int expect_bind(int d)
{
	int i;

	for (i = 0; i < DEVICES; i++)
		if (model[i].device &&
		    ((global(i) && kind[d].type == IOASID_DEVICE_PHYSICAL_SHARED) ||
		     (global(d) && kind[i].type == IOASID_DEVICE_PHYSICAL_SHARED)))
			return -EINVAL;
	return mediated(d) && !kind[d].fixed && !has_room(d, true) ? -ENOSPC : 0;
}

static void bind_or_unbind(int d)
{
	int v, expected;

	if (model[d].device) {
		ck_ok(ioasid_device_unbind(model[d].device));
		model[d].device = NULL;
		return;
	}
	expected = expect_bind(d);
	ck_assert_int_eq(ioasid_device_bind(ctx, kind[d].name, 0, &model[d].device), expected);
	for (v = 0; v < VPASIDS; v++)
		model[d].space[v] = -1;
}

static void attach(int d, int v, int to)
{
	int expected = 0, now = model[d].space[v], at = peers_at(d, v);

	if (kind[d].type == IOASID_DEVICE_MEDIATED_DEFAULT)
		expected = -EOPNOTSUPP;
	else if (now >= 0)
		expected = now == to ? 0 : -EBUSY;
	else if (at >= 0 && at != to)
		expected = -EINVAL;
	else if (mediated(d) && !(global(d) && known(v)) && !has_room(d, false))
		expected = -ENOSPC;
	ck_assert_int_eq(ioasid_device_attach_pasid(model[d].device, (uint32_t)v + 1, space[to]),
			 expected);
	if (!expected)
		model[d].space[v] = to;
}

static void replace(int d, int v, int to)
{
	int expected = 0, i;

	if (kind[d].type == IOASID_DEVICE_MEDIATED_DEFAULT)
		expected = -EOPNOTSUPP;
	else if (model[d].space[v] < 0)
		expected = -EINVAL;
	ck_assert_int_eq(ioasid_device_replace_pasid(model[d].device, (uint32_t)v + 1, space[to]),
			 expected);
	for (i = 0; i < DEVICES && !expected; i++)
		if (model[i].device && model[i].space[v] >= 0 &&
		    (i == d || (global(i) && global(d) && kind[i].parent == kind[d].parent)))
			model[i].space[v] = to;
}

static void detach(int d, int v)
{
	ck_assert_int_eq(ioasid_device_detach_pasid(model[d].device, (uint32_t)v + 1),
			 kind[d].type == IOASID_DEVICE_MEDIATED_DEFAULT ? -EOPNOTSUPP : 0);
	model[d].space[v] = -1;
}

/* Who has which pPASID under a parent: of devices that share it, one stands for all. */
static void check_numbers(int parent)
{
	int owner[NUMBERS] = { 0 }, d, v;

	for (d = 0; d < DEVICES; d++) {
		if (!model[d].device || kind[d].parent != parent || !parent)
			continue;
		for (v = -1; v < VPASIDS; v++) {
			int me = v >= 0 && global(d) ? 1000 + v : 100 * (d + 1) + v + 1;
			uint32_t n;

			if (v >= 0 && model[d].space[v] < 0)
				continue;
			n = ppasid_of(model[d].device, v < 0 ? IOASID_NO_PASID : (uint32_t)v + 1);
			ck_assert_uint_lt(n, NUMBERS);
			ck_assert_msg(!owner[n] || owner[n] == me, "pPASID %u has two owners", n);
			owner[n] = me;
			ck_assert_uint_ne(n, 0);
		}
	}
}

static void check_device(int d)
{
	struct ioasid_pasid_info list[VPASIDS];
	size_t n = ioasid_device_query_pasids(model[d].device, list, VPASIDS), i = 0;
	int v, other;

	for (v = 0; v < VPASIDS; v++) {
		if (model[d].space[v] < 0)
			continue;
		ck_assert_uint_lt(i, n);
		ck_assert_uint_eq(list[i].vpasid, (uint32_t)v + 1);
		ck_assert_ptr_eq(list[i].space, space[model[d].space[v]]);
		if (!kind[d].parent)
			ck_assert_uint_eq(list[i].ppasid, (uint32_t)v + 1);
		for (other = 0; other < d; other++)
			if (model[other].device && global(d) && global(other) &&
			    model[other].space[v] >= 0)
				ck_assert_uint_eq(ppasid_of(model[other].device, (uint32_t)v + 1),
						  list[i].ppasid);
		i++;
	}
	ck_assert_uint_eq(i, n);
}

START_TEST(calls_follow_the_policy)
{
	unsigned int i, n = rounds(3000);
	int d;

	seed = (unsigned int)_i * 7919 + 1;
	printf("seed %u\n", seed);
	memset(model, 0, sizeof(model));
	ctx = open_platform(pasid_platform);
	for (i = 0; i < SPACES; i++)
		space[i] = make_space(ctx, NULL, 0);
	for (i = 0; i < n; i++) {
		int v = (int)any(VPASIDS), to = (int)any(SPACES);

		d = (int)any(DEVICES);
		if (!model[d].device || !any(12))
			bind_or_unbind(d);
		else if (any(5) < 3)
			attach(d, v, to);
		else if (any(2))
			replace(d, v, to);
		else
			detach(d, v);
		for (d = 0; d < DEVICES; d++)
			if (model[d].device)
				check_device(d);
		check_numbers(1);
		check_numbers(2);
	}
	ck_ok(ioasid_ctx_close(ctx));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pasid random");
	TCase *tc = tcase_create("random");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, calls_follow_the_policy, 0, 4);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
