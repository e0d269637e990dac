/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The message for people that goes with an error number, one per thread. */
#include "err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static _Thread_local struct {
	int number;
	char text[ERR_TEXT_SIZE];
} errors[2];

static _Thread_local unsigned int aside;	/* how deep: then it is the second */

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

	memcpy(errors[!!aside].text, text, strlen(text) + 1);
	errors[!!aside].number = err;
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
	return errors[!!aside].text;
}

int err_number(void)
{
	return errors[!!aside].number;
}

void err_clear(void)
{
	errors[!!aside].number = 0;
	errors[!!aside].text[0] = '\0';
}

void err_put_aside(void)
{
	aside++;
	err_clear();
}

void err_take_back(void)
{
	aside--;
}
