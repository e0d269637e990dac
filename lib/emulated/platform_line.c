/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of a platform file: words, numbers, KEY=VALUE. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "platform_line.h"
#include "util/bits.h"
#include "util/err.h"

int line_bad(const struct line *line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(EINVAL, fmt, ap);
	va_end(ap);
	return err_set(EINVAL, "line %zu: %s", line->number, err_text());
}

int line_digits(const char *s, bool unit, uint64_t *value)
{
	static const char digits[] = "0123456789abcdef", units[] = "KMGT";
	unsigned int base = s[0] == '0' && s[1] == 'x' ? 16 : 10, n;
	const char *at;
	bool over = false;

	if (base == 16)
		s += 2;
	for (*value = 0, n = 0; *s; s++, n++) {
		at = memchr(digits, *s >= 'A' && *s <= 'F' ? *s - 'A' + 'a' : *s, base);
		if (!at)
			break;
		over |= __builtin_mul_overflow(*value, base, value) ||
			__builtin_add_overflow(*value, (uint64_t)(at - digits), value);
	}
	if (n && unit && *s && (at = strchr(units, *s))) {
		over |= __builtin_mul_overflow(*value, UINT64_C(1024) << 10 * (at - units), value);
		s++;
	}
	if (!n || *s)
		return -EINVAL;
	return over ? -ERANGE : 0;
}

int line_number(const struct line *line, const struct key *key, char *word, char *value,
		void *member)
{
	uint64_t number;
	int ret = line_digits(value, false, &number);

	if (ret == -EINVAL)
		return line_bad(line, W ": not a number", word);
	if (ret || number < key->min || number > key->max)
		return line_bad(line, W ": the value can be %" PRIu64 " to %" PRIu64, word,
				key->min, key->max);
	*(uint32_t *)member = (uint32_t)number;
	return 0;
}

int line_text(const struct line *line, const struct key *key, char *word, char *value, void *member)
{
	(void)line, (void)key, (void)word;
	*(const char **)member = value;
	return 0;
}

int line_either(const struct line *line, char *word, const char *value, const char *yes,
		const char *no, void *member)
{
	if (strcmp(value, yes) && strcmp(value, no))
		return line_bad(line, W ": the value can be %s or %s", word, yes, no);
	*(bool *)member = !strcmp(value, yes);
	return 0;
}

static const struct key *find_key(const struct key *keys, const char *word)
{
	size_t length = strcspn(word, "=");

	for (; keys->name; keys++) {
		if (strlen(keys->name) == length && !memcmp(keys->name, word, length))
			return keys;
	}
	return NULL;
}

int line_keys(const struct line *line, const struct key *keys, void *object)
{
	uint64_t seen = 0;
	size_t i;

	for (i = 2; i < line->words; i++) {
		char *word = line->word[i];
		const struct key *key = find_key(keys, word);
		char *value = strchr(word, '=');
		int ret;

		if (!key)
			return line_bad(line, "unknown word " W, word);
		if (!value || !value[1])
			return line_bad(line, W ": no value; write %s=VALUE", word, key->name);
		if (seen & UINT64_C(1) << (key - keys))
			return line_bad(line, W ": %s is here twice", word, key->name);
		seen |= UINT64_C(1) << (key - keys);
		ret = key->read(line, key, word, value + 1, (char *)object + key->member);
		if (ret)
			return ret;
	}
	return 0;
}

const char *line_name(const struct line *line)
{
	return line->words > 1 && !strchr(line->word[1], '=') ? line->word[1] : NULL;
}

int line_added(const struct line *line, int ret)
{
	return ret && ret != -ENOMEM ? line_bad(line, "%s", err_text()) : ret;
}

int line_address(const struct line *line, const char *word, uint64_t *value)
{
	int ret = line_digits(word, true, value);

	if (ret == -EINVAL)
		return line_bad(line, W ": not a number", word);
	if (ret)
		return line_bad(line, W ": does not fit in 64 bits", word);
	return 0;
}

/* Cuts the line's text into words. */
static int split(struct line *line)
{
	char *rest = line->text, *word;

	line->words = 0;
	while ((word = strsep(&rest, " \t"))) {
		if (!*word)
			continue;
		if (line->words == LINE_WORDS)
			return line_bad(line, W ": more than %d words", word, LINE_WORDS);
		line->word[line->words++] = word;
	}
	return 0;
}

int line_take(struct line *line, const char *text, size_t length)
{
	size_t end = length, i;

	if (length > LINE_LENGTH)
		return line_bad(line, "longer than %d bytes", LINE_LENGTH);
	for (i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '#' && end == length)
			end = i;
		if ((c < ' ' && c != '\t') || c == 0x7f || (c > 0x7f && end == length))
			return line_bad(line, "byte 0x%02x at column %zu is not printable ASCII", c,
					i + 1);
	}
	memcpy(line->text, text, end);
	line->text[end] = '\0';
	return split(line);
}
