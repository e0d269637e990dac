/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Failures that a platform's description asks for: the n-th call of a kind on a context, or the
 * n-th allocation that is made while the context is locked. A call that is to fail does so before
 * it has changed anything.
 */
#ifndef LIB_FAILURE_H
#define LIB_FAILURE_H

#include <ioasid/platform.h>

struct ioasid_ctx;

struct failure {
	enum ioasid_operation operation;
	int error;
	bool repeat;			/* not this one only, but all from then on */
	uint64_t nth;			/* from 1 on */
	uint64_t count;			/* calls so far */
};

/* Gives the context a copy. 0, or err_set(-ENOMEM). */
int failure_open(struct ioasid_ctx *ctx, const struct failure *failures, size_t n);
void failure_close(struct ioasid_ctx *ctx);

/* One more call: 0, or err_set() if it is to fail. */
int failure_count(struct ioasid_ctx *ctx, enum ioasid_operation operation);
/* The same without the context locked. */
int failure_count_unlocked(struct ioasid_ctx *ctx, enum ioasid_operation operation);

/* The context is locked by this thread, and about to be unlocked: allocations count in between. */
void failure_enter(struct ioasid_ctx *ctx);
void failure_leave(void);

/* Its name in a platform file; NULL past the last. */
const char *failure_word(enum ioasid_operation operation);

#endif
