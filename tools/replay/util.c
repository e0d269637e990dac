/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages, memory, byte order. */
#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ioasid/ioasid.h>

#include "util.h"

void make_printable(char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}

/* What is on its way to standard output comes first, where both are one terminal or file. */
static void put_message(const char *format, va_list args)
{
	char *text;

	fflush(stdout);
	if (vasprintf(&text, format, args) < 0)
		exit(2);
	make_printable(text);
	fprintf(stderr, "ioasid-replay: %s", text);
	free(text);
}

int fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_message(format, args);
	va_end(args);
	fputc('\n', stderr);
	return -1;
}

int fail_call(int error, const char *format, ...)
{
	const char *reason = ioasid_errmsg();
	va_list args;

	va_start(args, format);
	put_message(format, args);
	va_end(args);
	fprintf(stderr, ": %s", strerror(-error));
	if (*reason)
		fprintf(stderr, " (%s)", reason);
	fputc('\n', stderr);
	return -1;
}

void out_of_memory(void)
{
	fail("out of memory");
	exit(2);
}

void *xrealloc(void *old, size_t n, size_t size)
{
	void *new = reallocarray(old, n ? n : 1, size);

	if (!new)
		out_of_memory();
	return new;
}

char *xformat(const char *format, ...)
{
	va_list args;
	char *text;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		out_of_memory();
	return text;
}

void *grow(void *array, size_t used, size_t *room, size_t size)
{
	if (used < *room)
		return array;
	*room = *room ? 2 * *room : 16;
	return xrealloc(array, *room, size);
}

uint64_t get_le64(const unsigned char *p)
{
	uint64_t raw;

	memcpy(&raw, p, sizeof(raw));
	return le64toh(raw);
}

void put_le64(unsigned char *p, uint64_t value)
{
	uint64_t raw = htole64(value);

	memcpy(p, &raw, sizeof(raw));
}
