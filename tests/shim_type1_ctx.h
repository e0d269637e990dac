/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A context on the containers and groups that the test plays, and what it has logged. */
#ifndef TESTS_SHIM_TYPE1_CTX_H
#define TESTS_SHIM_TYPE1_CTX_H

#include "shim_expect.h"
#include "shim_type1.h"

extern struct ioasid_ctx *ctx;
extern char logged[512];		/* the last that was a warning or worse */

/* As ioasid_ctx_open(), into ctx. */
int open_ctx(const char *backend);
/* A machine as after booting, and a context on type1; nothing is left of it. */
void type1_setup(void);
void type1_teardown(void);

/* A device that is there; the calls that this takes are forgotten. */
struct ioasid_device *bind(unsigned int i);

/* How many mappings the container of a group has. */
unsigned int count_entries(uint32_t group);

#endif
