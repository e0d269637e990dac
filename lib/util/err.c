/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The message for people that goes with an error number, one per thread. */
#include "err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static _Thread_local struct {
	int number;
	char text[ERR_TEXT_SIZE];
} last_error;

int err_vset(int err, const char *fmt, va_list ap)
{
	static const char mark[] = "...";
	char text[ERR_TEXT_SIZE];	/* not in place: the arguments may name the old text */
	int saved = errno;
	int length;

	length = vsnprintf(text, sizeof(text), fmt, ap);
	if (length < 0)
		text[0] = '\0';
	else if ((size_t)length >= sizeof(text))
		memcpy(text + sizeof(text) - sizeof(mark), mark, sizeof(mark));

	memcpy(last_error.text, text, strlen(text) + 1);
	last_error.number = err;
	errno = saved;
	return -err;
}

int err_set(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err = err_vset(err, fmt, ap);
	va_end(ap);
	return err;
}

const char *err_text(void)
{
	return last_error.text;
}

int err_number(void)
{
	return last_error.number;
}

void err_clear(void)
{
	last_error.number = 0;
	last_error.text[0] = '\0';
}
