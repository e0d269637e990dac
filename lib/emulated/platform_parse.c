/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a platform description from text, ioasid_platform(5). */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "export.h"
#include "platform.h"
#include "util/bits.h"
#include "util/err.h"

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

static int bad(const struct line *line, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int bad(const struct line *line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_vset(EINVAL, fmt, ap);
	va_end(ap);
	return err_set(EINVAL, "line %zu: %s", line->number, err_text());
}

/* Decimal or 0x...; with a @unit, K, M, G, T may follow. -EINVAL: not one; -ERANGE: too large. */
static int read_digits(const char *s, bool unit, uint64_t *value)
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

static int read_number(const struct line *line, const struct key *key, char *word, char *value,
		       void *member)
{
	uint64_t number;
	int ret = read_digits(value, false, &number);

	if (ret == -EINVAL)
		return bad(line, W ": not a number", word);
	if (ret || number < key->min || number > key->max)
		return bad(line, W ": the value can be %" PRIu64 " to %" PRIu64, word, key->min,
			   key->max);
	*(uint32_t *)member = (uint32_t)number;
	return 0;
}

static int read_text(const struct line *line, const struct key *key, char *word, char *value,
		     void *member)
{
	(void)line, (void)key, (void)word;
	*(const char **)member = value;
	return 0;
}

/* One of two words: what they make of a bool. */
static int read_either(const struct line *line, char *word, const char *value, const char *yes,
		       const char *no, void *member)
{
	if (strcmp(value, yes) && strcmp(value, no))
		return bad(line, W ": the value can be %s or %s", word, yes, no);
	*(bool *)member = !strcmp(value, yes);
	return 0;
}

/* Of an IOMMU. */
static int read_takes_requests(const struct line *line, const struct key *key, char *word,
			       char *value, void *member)
{
	(void)key;
	return read_either(line, word, value, "none", "any", member);
}

/* Of a device. */
static int read_page_requests(const struct line *line, const struct key *key, char *word,
			      char *value, void *member)
{
	if (strcmp(value, "none"))
		return read_number(line, key, word, value, member);
	*(uint32_t *)member = IOASID_NO_PAGE_REQUESTS;
	return 0;
}

/* @member is the IOMMU. */
static int read_nesting(const struct line *line, const struct key *key, char *word, char *value,
			void *member)
{
	static const char *const values[] = { "software", "none", "software,hardware", "hardware" };
	struct ioasid_platform_iommu *iommu = member;
	unsigned int i;

	(void)key;
	for (i = 0; i < bits_array_size(values) && strcmp(value, values[i]); i++)
		;
	if (i == bits_array_size(values))
		return bad(line, W ": the value can be none, software, hardware or "
			   "software,hardware", word);
	iommu->no_nesting = i & 1;
	iommu->hardware_nesting = i & 2;
	return 0;
}

static int read_replacement(const struct line *line, const struct key *key, char *word,
			    char *value, void *member)
{
	(void)key;
	if (strcmp(value, "lru") && strcmp(value, "random"))
		return bad(line, W ": the value can be lru or random", word);
	*(enum ioasid_replacement *)member = strcmp(value, "lru") ? IOASID_REPLACE_RANDOM :
								     IOASID_REPLACE_LRU;
	return 0;
}

static int read_tlb_invalidation(const struct line *line, const struct key *key, char *word,
				 char *value, void *member)
{
	(void)key;
	return read_either(line, word, value, "explicit", "batch", member);
}

static int read_pasid_table(const struct line *line, const struct key *key, char *word,
			    char *value, void *member)
{
	(void)key;
	return read_either(line, word, value, "user", "kernel", member);
}

static int read_work_queues(const struct line *line, const struct key *key, char *word,
			    char *value, void *member)
{
	(void)key;
	return read_either(line, word, value, "shared", "dedicated", member);
}

static int read_dirty_tracking(const struct line *line, const struct key *key, char *word,
			       char *value, void *member)
{
	(void)key;
	return read_either(line, word, value, "off", "on", member);
}

static unsigned int find_format(const char *word)
{
	unsigned int format;

	for (format = 1; format < 64; format++) {
		const char *known = platform_pgtable_word(format);

		if (known && !strcmp(known, word))
			return format;
	}
	return 0;
}

static int read_formats(const struct line *line, const struct key *key, char *word, char *value,
			void *member)
{
	uint64_t *formats = member;

	(void)key, (void)word;
	while (value) {
		char *comma = strchr(value, ',');
		unsigned int format;

		if (comma)
			*comma++ = '\0';
		format = find_format(value);
		if (!format)
			return bad(line, "unknown page-table format " W, value);
		if (*formats & UINT64_C(1) << format)
			return bad(line, "page-table format " W " twice", value);
		*formats |= UINT64_C(1) << format;
		value = comma;
	}
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

/* The words behind "iommu NAME" or "device NAME", into @object. */
static int read_keys(const struct line *line, const struct key *keys, void *object)
{
	uint64_t seen = 0;
	size_t i;

	for (i = 2; i < line->words; i++) {
		char *word = line->word[i];
		const struct key *key = find_key(keys, word);
		char *value = strchr(word, '=');
		int ret;

		if (!key)
			return bad(line, "unknown word " W, word);
		if (!value || !value[1])
			return bad(line, W ": no value; write %s=VALUE", word, key->name);
		if (seen & UINT64_C(1) << (key - keys))
			return bad(line, W ": %s is here twice", word, key->name);
		seen |= UINT64_C(1) << (key - keys);
		ret = key->read(line, key, word, value + 1, (char *)object + key->member);
		if (ret)
			return ret;
	}
	return 0;
}

/* NULL if the line has no name where one belongs. */
static const char *name_of(const struct line *line)
{
	return line->words > 1 && !strchr(line->word[1], '=') ? line->word[1] : NULL;
}

/* What the builder said about it, unless that was want of memory, is a malformed line. */
static int added(const struct line *line, int ret)
{
	return ret && ret != -ENOMEM ? bad(line, "%s", err_text()) : ret;
}

static int read_iommu(const struct line *line, struct ioasid_platform *platform)
{
	static const struct key keys[] = {
		{ "address-bits", read_number, offsetof(struct ioasid_platform_iommu, address_bits),
		  PLATFORM_MIN_ADDRESS_BITS, PLATFORM_MAX_ADDRESS_BITS },
		{ "pasid-bits", read_number, offsetof(struct ioasid_platform_iommu, pasid_bits),
		  0, PLATFORM_MAX_PASID_BITS },
		{ "formats", read_formats, offsetof(struct ioasid_platform_iommu, pgtable_formats),
		  0, 0 },
		{ "nesting", read_nesting, 0, 0, 0 },
		{ "iotlb", read_number, offsetof(struct ioasid_platform_iommu, iotlb.entries),
		  1, PLATFORM_MAX_TLB },
		{ "iotlb-ways", read_number, offsetof(struct ioasid_platform_iommu, iotlb.ways),
		  1, PLATFORM_MAX_TLB_WAYS },
		{ "iotlb-replacement", read_replacement,
		  offsetof(struct ioasid_platform_iommu, iotlb.replacement), 0, 0 },
		{ "iotlb-seed", read_number, offsetof(struct ioasid_platform_iommu, iotlb.seed),
		  0, UINT32_MAX },
		{ "structure-cache", read_number,
		  offsetof(struct ioasid_platform_iommu, iotlb.structures),
		  0, PLATFORM_MAX_STRUCTURES },
		{ "page-requests", read_takes_requests,
		  offsetof(struct ioasid_platform_iommu, no_page_requests), 0, 0 },
		{ "dirty-tracking", read_dirty_tracking,
		  offsetof(struct ioasid_platform_iommu, no_dirty_tracking), 0, 0 },
		{ NULL, NULL, 0, 0, 0 },
	};
	struct ioasid_platform_iommu iommu = IOASID_PLATFORM_IOMMU_INIT;
	int ret;

	iommu.name = name_of(line);
	ret = read_keys(line, keys, &iommu);
	return ret ? ret : added(line, ioasid_platform_add_iommu(platform, &iommu));
}

static int read_device(const struct line *line, struct ioasid_platform *platform)
{
	static const struct key keys[] = {
		{ "iommu", read_text, offsetof(struct ioasid_platform_device, iommu), 0, 0 },
		{ "requester", read_number, offsetof(struct ioasid_platform_device, requester),
		  1, PLATFORM_MAX_REQUESTER },
		{ "group", read_number, offsetof(struct ioasid_platform_device, group),
		  1, UINT32_MAX },
		{ "pasid-bits", read_number, offsetof(struct ioasid_platform_device, pasid_bits),
		  0, PLATFORM_MAX_PASID_BITS },
		{ "parent", read_text, offsetof(struct ioasid_platform_device, parent), 0, 0 },
		{ "default-pasid", read_number,
		  offsetof(struct ioasid_platform_device, default_pasid), 1, PLATFORM_MAX_PASID },
		{ "pasid-pool", read_number, offsetof(struct ioasid_platform_device, pasid_pool),
		  1, PLATFORM_MAX_PASID },
		{ "pasid-table", read_pasid_table,
		  offsetof(struct ioasid_platform_device, user_pasid_table), 0, 0 },
		{ "work-queues", read_work_queues,
		  offsetof(struct ioasid_platform_device, shared_queues), 0, 0 },
		{ "page-requests", read_page_requests,
		  offsetof(struct ioasid_platform_device, page_requests),
		  1, PLATFORM_MAX_PAGE_REQUESTS },
		{ "device-tlb", read_number, offsetof(struct ioasid_platform_device, device_tlb),
		  0, PLATFORM_MAX_TLB },
		{ "device-tlb-invalidation", read_tlb_invalidation,
		  offsetof(struct ioasid_platform_device, device_tlb_explicit), 0, 0 },
		{ NULL, NULL, 0, 0, 0 },
	};
	struct ioasid_platform_device device = IOASID_PLATFORM_DEVICE_INIT;
	int ret;

	device.name = name_of(line);
	ret = read_keys(line, keys, &device);
	return ret ? ret : added(line, ioasid_platform_add_device(platform, &device));
}

static int read_address(const struct line *line, const char *word, uint64_t *value)
{
	int ret = read_digits(word, true, value);

	if (ret == -EINVAL)
		return bad(line, W ": not a number", word);
	if (ret)
		return bad(line, W ": does not fit in 64 bits", word);
	return 0;
}

static int read_reserved(const struct line *line, struct ioasid_platform *platform)
{
	uint64_t start, length;
	int ret;

	if (line->words < 4)
		return bad(line, "reserved: a word is missing; write reserved NAME START LENGTH");
	if (line->words > 4)
		return bad(line, "unknown word " W, line->word[4]);
	ret = read_address(line, line->word[2], &start);
	if (!ret)
		ret = read_address(line, line->word[3], &length);
	if (ret)
		return ret;
	return added(line, ioasid_platform_add_reserved(platform, line->word[1], start, length));
}

static int read_pasid_pool(const struct line *line, struct ioasid_platform *platform)
{
	uint64_t pasids;

	if (line->words != 2)
		return bad(line, "pasid-pool: one number is needed; write pasid-pool N");
	if (platform->pasid_pool)
		return bad(line, "pasid-pool is here twice");
	if (read_digits(line->word[1], false, &pasids) || !pasids || pasids > PLATFORM_MAX_PASID)
		return bad(line, W ": the value can be 1 to %u", line->word[1],
			   PLATFORM_MAX_PASID);
	return ioasid_platform_set_pasid_pool(platform, (uint32_t)pasids);
}

static int read_locked_memory(const struct line *line, struct ioasid_platform *platform)
{
	uint64_t bytes;
	int ret;

	if (line->words != 2)
		return bad(line, "locked-memory: one number is needed; write locked-memory BYTES");
	if (platform->locked_memory)
		return bad(line, "locked-memory is here twice");
	ret = read_address(line, line->word[1], &bytes);
	if (ret)
		return ret;
	if (!bytes)
		return bad(line, W ": the value can be 1 or more", line->word[1]);
	ioasid_platform_set_locked_memory(platform, bytes);
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
			return bad(line, W ": more than %d words", word, LINE_WORDS);
		line->word[line->words++] = word;
	}
	return 0;
}

/* Takes over a line of the text without its comment, in which any script may be written. */
static int take_line(struct line *line, const char *text, size_t length)
{
	size_t end = length, i;

	if (length > LINE_LENGTH)
		return bad(line, "longer than %d bytes", LINE_LENGTH);
	for (i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '#' && end == length)
			end = i;
		if ((c < ' ' && c != '\t') || c == 0x7f || (c > 0x7f && end == length))
			return bad(line, "byte 0x%02x at column %zu is not printable ASCII", c,
				   i + 1);
	}
	memcpy(line->text, text, end);
	line->text[end] = '\0';
	return split(line);
}

static int read_line(struct line *line, struct ioasid_platform *platform)
{
	static const struct {
		const char *word;
		int (*read)(const struct line *line, struct ioasid_platform *platform);
	} kinds[] = {
		{ "iommu", read_iommu },
		{ "device", read_device },
		{ "reserved", read_reserved },
		{ "pasid-pool", read_pasid_pool },
		{ "locked-memory", read_locked_memory },
	};
	size_t i;

	if (!line->words)
		return 0;
	for (i = 0; i < bits_array_size(kinds); i++) {
		if (!strcmp(line->word[0], kinds[i].word))
			return kinds[i].read(line, platform);
	}
	return bad(line, "unknown word " W "; a line begins with iommu, device, reserved, pasid-pool "
		   "or locked-memory", line->word[0]);
}

IOASID_EXPORT int ioasid_platform_parse(const char *text, size_t length,
					struct ioasid_platform **platform)
{
	struct ioasid_platform *p;
	struct line line = { .number = 0 };
	int ret = ioasid_platform_new(&p);

	if (ret)
		return ret;
	while (!ret && length) {
		const char *newline = memchr(text, '\n', length);
		size_t n = newline ? (size_t)(newline - text) : length;

		line.number++;
		ret = take_line(&line, text, n);
		if (!ret)
			ret = read_line(&line, p);
		n += newline != NULL;
		text += n;
		length -= n;
	}
	if (ret) {
		ioasid_platform_free(p);
		return ret;
	}
	*platform = p;
	return 0;
}
