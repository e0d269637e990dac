/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small things that all of ioasid-replay uses. */
#ifndef REPLAY_UTIL_H
#define REPLAY_UTIL_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES 4096u

/* Puts a ? for each control character: a terminal would obey what is in a capture. */
void make_printable(char *text);

/* Says on standard error what is wrong. Returns -1. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As fail(), for a call of the library that returned @error: with the library's own words. */
int fail_call(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Memory that is there, or the end of the program. */
void out_of_memory(void) __attribute__((noreturn));
void *xrealloc(void *old, size_t n, size_t size);
char *xformat(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first capacity, or twice the old one, when @used elements fill an array. */
void *grow(void *array, size_t used, size_t *room, size_t size);

/* Little-endian numbers. */
uint64_t get_le64(const unsigned char *p);
void put_le64(unsigned char *p, uint64_t value);

#endif
