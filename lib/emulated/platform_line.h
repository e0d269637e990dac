/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of a platform file, taken apart. Those that give an int give 0 or err_set(). */
#ifndef EMULATED_PLATFORM_LINE_H
#define EMULATED_PLATFORM_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE_LENGTH 1024 /* without the newline */
#define LINE_WORDS 32

/* How much of a word a message repeats. */
#define W "\"%.80s\""

struct line {
	size_t number;
	char text[LINE_LENGTH + 1];
	char *word[LINE_WORDS];
	size_t words;
};

/* KEY=VALUE on a line: what a value may be, and which member of the API's structure it sets. */
struct key {
	const char *name;
	int (*read)(const struct line *line, const struct key *key, char *word, char *value,
		    void *member);
	size_t member;
	uint64_t min, max;
};

/* err_set(-EINVAL), with the line's number in front. */
int line_bad(const struct line *line, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Takes over a line of the text without its comment, in which any script may be written. */
int line_take(struct line *line, const char *text, size_t length);
/* NULL if the line has no name where one belongs. */
const char *line_name(const struct line *line);
/* The words behind the name, into @object; the last of @keys has no name. */
int line_keys(const struct line *line, const struct key *keys, void *object);
/* What the builder said about it, unless that was want of memory, is a malformed line. */
int line_added(const struct line *line, int ret);

/* Decimal or 0x...; with a @unit, K, M, G, T may follow. -EINVAL: not one; -ERANGE: too large. */
int line_digits(const char *s, bool unit, uint64_t *value);
/* Such a word with a unit. */
int line_address(const struct line *line, const char *word, uint64_t *value);

/* For struct key: a uint32_t; a const char *. */
int line_number(const struct line *line, const struct key *key, char *word, char *value,
		void *member);
int line_text(const struct line *line, const struct key *key, char *word, char *value,
	      void *member);
/* One of two words: what they make of a bool. */
int line_either(const struct line *line, char *word, const char *value, const char *yes,
		const char *no, void *member);

#endif
