/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The message for people that goes with an error number, one per thread. */
#include "err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DEEPEST 3u

static _Thread_local struct {
	int number;
	char text[ERR_TEXT_SIZE];
} errors[DEEPEST + 1];

static _Thread_local unsigned int aside;	/* how deep: below the deepest all share one */

static unsigned int current(void)
{
	return aside < DEEPEST ? aside : DEEPEST;
}

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

	memcpy(errors[current()].text, text, strlen(text) + 1);
	errors[current()].number = err;
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
	return errors[current()].text;
}

int err_number(void)
{
	return errors[current()].number;
}

void err_clear(void)
{
	errors[current()].number = 0;
	errors[current()].text[0] = '\0';
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

void err_take_over(void)
{
	if (aside-- <= DEEPEST)
		errors[aside] = errors[aside + 1];
}
