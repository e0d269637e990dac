/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call on a kernel back end of which each command and each allocation fails in turn, in a world
 * made anew for each: nothing has changed then, in the library and in the kernel that the test
 * plays, and the call succeeds when it is made again.
 */
#ifndef TESTS_SHIM_EACH_H
#define TESTS_SHIM_EACH_H

#include <stdio.h>

#include "shim_kernel.h"

struct each {
	const char *name;
	void (*prepare)(void);
	int (*call)(void);
	uint32_t kind;			/* of machine, as the world has them */
	bool partly; /* what the failed call has done remains, as its header says */
};

/* What the calls are made on. */
struct each_world {
	void (*open)(uint32_t kind);
	void (*close)(void);		/* with all that cases have made; nothing is left */
	void (*dump)(FILE *out);	/* what must not have changed */
	bool (*refuses)(const struct shim_call *call);	/* may the kernel refuse that? */
};

void fail_each(const struct each_world *world, const struct each *c);

#endif
