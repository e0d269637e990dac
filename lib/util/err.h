/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The message for people that goes with an error number, one per thread. */
#ifndef UTIL_ERR_H
#define UTIL_ERR_H

#include <stdarg.h>

/* Bytes of the longest message with its NUL; a longer one is cut and ends in "...". */
#define ERR_TEXT_SIZE 512

/*
 * Keeps @err (positive) and the message for this thread, and returns -@err:
 *	return err_set(EINVAL, "length 0");
 * The arguments may include err_text(). errno is unchanged.
 */
int err_set(int err, const char *fmt, ...) __attribute__((cold, format(printf, 2, 3)));
int err_vset(int err, const char *fmt, va_list ap) __attribute__((cold, format(printf, 2, 0)));

/* Never NULL; "" if nothing was set. Valid until this thread's next err_set or err_clear. */
const char *err_text(void);

/* The positive number given to err_set, 0 if none. */
int err_number(void);

void err_clear(void);

/*
 * What is done after a failure can fail itself, and is logged. Between these two it sets another
 * message, and reads that; then the one before is there again. What is aside is one, however deep.
 */
void err_put_aside(void);
void err_take_back(void);

/*
 * What is tried on the way to a success can fail too, and that is nobody's message. Begun in the
 * same way, it ends with the other one if it was a failure after all: what was set since stays.
 */
void err_take_over(void);

#endif
