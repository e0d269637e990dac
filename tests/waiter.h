/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call in a thread of its own, which has to wait for something. */
#ifndef TESTS_WAITER_H
#define TESTS_WAITER_H

#include <pthread.h>
#include <unistd.h>

#include "support.h"

struct waiter {
	pthread_t thread;
	int (*call)(void *data);
	void *data;
	int ret;
	bool done;
};

static inline void *waiter_run(void *data)
{
	struct waiter *w = data;

	w->ret = w->call(w->data);
	__atomic_store_n(&w->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static inline void waiter_start(struct waiter *w, int (*call)(void *data), void *data)
{
	*w = (struct waiter){ .call = call, .data = data };
	ck_assert_int_eq(pthread_create(&w->thread, NULL, waiter_run, w), 0);
}

/* Whatever time it is given, the call does not return. */
static inline void ck_waits(const struct waiter *w)
{
	usleep(20000);
	ck_assert(!__atomic_load_n(&w->done, __ATOMIC_ACQUIRE));
}

/* What the call returned. */
static inline int waiter_end(struct waiter *w)
{
	pthread_join(w->thread, NULL);
	return w->ret;
}

#endif
