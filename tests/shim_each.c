/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim_each.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shim_expect.h"
#include "util/alloc.h"

#define MAX_CALLS 64u

static void world_open(const struct each_world *world, const struct each *c)
{
	world->open(c->kind);
	if (c->prepare)
		c->prepare();
}

static char *dump(const struct each_world *world)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	world->dump(out);
	fclose(out);
	return text;
}

static void same(const struct each *c, unsigned int n, int error, char *is, const char *should)
{
	ck_assert_msg(!strcmp(is, should),
		      "%s, failure %u with %d: there is\n%s\nbut should be\n%s", c->name, n, error,
		      is, should);
	free(is);
}

/* @error: of an ioctl, 0: an allocation. False when there was no @n-th. */
static bool fail_one(const struct each_world *world, const struct each *c, unsigned int n,
		     int error, char *const states[2])
{
	bool fired;
	int rc;

	world_open(world, c);
	if (error)
		fail_nth(n, error);
	else
		mem_fail_nth(n);
	rc = c->call();
	fired = error ? !shim.fail_nth : !mem_fail_nth(0);
	fail_nth(0, 0);
	ck_assert_msg(!rc || (fired && ioasid_errmsg()[0]), "%s, failure %u with %d: %d: %s",
		      c->name, n, error, rc, ioasid_errmsg());
	ck_assert_msg(!rc || error || rc == -ENOMEM, "%s, allocation %u: %d", c->name, n, rc);
	if (rc) {
		if (!c->partly)
			same(c, n, error, dump(world), states[0]);
		ck_ok(c->call());
	}
	same(c, n, error, dump(world), states[1]);
	world->close();
	return fired;
}

/* What is there before the call and after it; how many ioctls it takes, and which may fail. */
static unsigned int watch(const struct each_world *world, const struct each *c, bool *fails,
			  char **states)
{
	unsigned int n_calls, n;

	world_open(world, c);
	states[0] = dump(world);
	shim_forget();
	ck_ok(c->call());
	n_calls = shim.n_calls;
	ck_assert_msg(n_calls && n_calls <= MAX_CALLS, "%s: %u ioctls", c->name, n_calls);
	for (n = 0; n < n_calls; n++)
		fails[n] = world->refuses(&shim.calls[n]);
	states[1] = dump(world);
	world->close();
	return n_calls;
}

void fail_each(const struct each_world *world, const struct each *c)
{
	bool fails[MAX_CALLS];
	char *states[2];
	unsigned int n_calls = watch(world, c, fails, states), n;
	size_t blocks = mem_live_blocks();

	for (n = 1; fail_one(world, c, n, 0, states); n++)
		ck_assert_uint_lt(n, 500);
	for (n = 1; n <= n_calls; n++) {
		if (!fails[n - 1])
			continue;
		ck_assert(fail_one(world, c, n, ENOMEM, states));
		ck_assert(fail_one(world, c, n, EIO, states));
	}
	ck_assert_uint_eq(mem_live_blocks(), blocks);
	free(states[0]);
	free(states[1]);
}
