/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a platform description from text, ioasid_platform(5). */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "export.h"
#include "platform.h"
#include "platform_line.h"
#include "util/bits.h"
#include "util/err.h"

/* Of an IOMMU. */
static int read_takes_requests(const struct line *line, const struct key *key, char *word,
			       char *value, void *member)
{
	(void)key;
	return line_either(line, word, value, "none", "any", member);
}

/* Of a device. */
static int read_page_requests(const struct line *line, const struct key *key, char *word,
			      char *value, void *member)
{
	if (strcmp(value, "none"))
		return line_number(line, key, word, value, member);
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
		return line_bad(line, W ": the value can be none, software, hardware or "
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
		return line_bad(line, W ": the value can be lru or random", word);
	*(enum ioasid_replacement *)member = strcmp(value, "lru") ? IOASID_REPLACE_RANDOM :
								     IOASID_REPLACE_LRU;
	return 0;
}

static int read_tlb_invalidation(const struct line *line, const struct key *key, char *word,
				 char *value, void *member)
{
	(void)key;
	return line_either(line, word, value, "explicit", "batch", member);
}

static int read_pasid_table(const struct line *line, const struct key *key, char *word,
			    char *value, void *member)
{
	(void)key;
	return line_either(line, word, value, "user", "kernel", member);
}

static int read_work_queues(const struct line *line, const struct key *key, char *word,
			    char *value, void *member)
{
	(void)key;
	return line_either(line, word, value, "shared", "dedicated", member);
}

/* Of what an IOMMU can do unless it says otherwise. */
static int read_switch_off(const struct line *line, const struct key *key, char *word,
			   char *value, void *member)
{
	(void)key;
	return line_either(line, word, value, "off", "on", member);
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
			return line_bad(line, "unknown page-table format " W, value);
		if (*formats & UINT64_C(1) << format)
			return line_bad(line, "page-table format " W " twice", value);
		*formats |= UINT64_C(1) << format;
		value = comma;
	}
	return 0;
}

static int read_iommu(const struct line *line, struct ioasid_platform *platform)
{
	static const struct key keys[] = {
		{ "address-bits", line_number, offsetof(struct ioasid_platform_iommu, address_bits),
		  PLATFORM_MIN_ADDRESS_BITS, PLATFORM_MAX_ADDRESS_BITS },
		{ "pasid-bits", line_number, offsetof(struct ioasid_platform_iommu, pasid_bits),
		  0, PLATFORM_MAX_PASID_BITS },
		{ "formats", read_formats, offsetof(struct ioasid_platform_iommu, pgtable_formats),
		  0, 0 },
		{ "nesting", read_nesting, 0, 0, 0 },
		{ "iotlb", line_number, offsetof(struct ioasid_platform_iommu, iotlb.entries),
		  1, PLATFORM_MAX_TLB },
		{ "iotlb-ways", line_number, offsetof(struct ioasid_platform_iommu, iotlb.ways),
		  1, PLATFORM_MAX_TLB_WAYS },
		{ "iotlb-replacement", read_replacement,
		  offsetof(struct ioasid_platform_iommu, iotlb.replacement), 0, 0 },
		{ "iotlb-seed", line_number, offsetof(struct ioasid_platform_iommu, iotlb.seed),
		  0, UINT32_MAX },
		{ "structure-cache", line_number,
		  offsetof(struct ioasid_platform_iommu, iotlb.structures),
		  0, PLATFORM_MAX_STRUCTURES },
		{ "page-requests", read_takes_requests,
		  offsetof(struct ioasid_platform_iommu, no_page_requests), 0, 0 },
		{ "dirty-tracking", read_switch_off,
		  offsetof(struct ioasid_platform_iommu, no_dirty_tracking), 0, 0 },
		{ "enforce-snoop", read_switch_off,
		  offsetof(struct ioasid_platform_iommu, no_enforce_snoop), 0, 0 },
		{ NULL, NULL, 0, 0, 0 },
	};
	struct ioasid_platform_iommu iommu = IOASID_PLATFORM_IOMMU_INIT;
	int ret;

	iommu.name = line_name(line);
	ret = line_keys(line, keys, &iommu);
	return ret ? ret : line_added(line, ioasid_platform_add_iommu(platform, &iommu));
}

static int read_device(const struct line *line, struct ioasid_platform *platform)
{
	static const struct key keys[] = {
		{ "iommu", line_text, offsetof(struct ioasid_platform_device, iommu), 0, 0 },
		{ "requester", line_number, offsetof(struct ioasid_platform_device, requester),
		  1, PLATFORM_MAX_REQUESTER },
		{ "group", line_number, offsetof(struct ioasid_platform_device, group),
		  1, UINT32_MAX },
		{ "pasid-bits", line_number, offsetof(struct ioasid_platform_device, pasid_bits),
		  0, PLATFORM_MAX_PASID_BITS },
		{ "parent", line_text, offsetof(struct ioasid_platform_device, parent), 0, 0 },
		{ "default-pasid", line_number,
		  offsetof(struct ioasid_platform_device, default_pasid), 1, PLATFORM_MAX_PASID },
		{ "pasid-pool", line_number, offsetof(struct ioasid_platform_device, pasid_pool),
		  1, PLATFORM_MAX_PASID },
		{ "pasid-table", read_pasid_table,
		  offsetof(struct ioasid_platform_device, user_pasid_table), 0, 0 },
		{ "work-queues", read_work_queues,
		  offsetof(struct ioasid_platform_device, shared_queues), 0, 0 },
		{ "page-requests", read_page_requests,
		  offsetof(struct ioasid_platform_device, page_requests),
		  1, PLATFORM_MAX_PAGE_REQUESTS },
		{ "device-tlb", line_number, offsetof(struct ioasid_platform_device, device_tlb),
		  0, PLATFORM_MAX_TLB },
		{ "device-tlb-invalidation", read_tlb_invalidation,
		  offsetof(struct ioasid_platform_device, device_tlb_explicit), 0, 0 },
		{ NULL, NULL, 0, 0, 0 },
	};
	struct ioasid_platform_device device = IOASID_PLATFORM_DEVICE_INIT;
	int ret;

	device.name = line_name(line);
	ret = line_keys(line, keys, &device);
	return ret ? ret : line_added(line, ioasid_platform_add_device(platform, &device));
}

static int read_reserved(const struct line *line, struct ioasid_platform *platform)
{
	uint64_t start, length;
	int ret;

	if (line->words < 4)
		return line_bad(line,
				"reserved: a word is missing; write reserved NAME START LENGTH");
	if (line->words > 4)
		return line_bad(line, "unknown word " W, line->word[4]);
	ret = line_address(line, line->word[2], &start);
	if (!ret)
		ret = line_address(line, line->word[3], &length);
	if (ret)
		return ret;
	return line_added(line,
			  ioasid_platform_add_reserved(platform, line->word[1], start, length));
}

static int read_pasid_pool(const struct line *line, struct ioasid_platform *platform)
{
	uint64_t pasids;

	if (line->words != 2)
		return line_bad(line, "pasid-pool: one number is needed; write pasid-pool N");
	if (platform->pasid_pool)
		return line_bad(line, "pasid-pool is here twice");
	if (line_digits(line->word[1], false, &pasids) || !pasids || pasids > PLATFORM_MAX_PASID)
		return line_bad(line, W ": the value can be 1 to %u", line->word[1],
				PLATFORM_MAX_PASID);
	return ioasid_platform_set_pasid_pool(platform, (uint32_t)pasids);
}

static int read_locked_memory(const struct line *line, struct ioasid_platform *platform)
{
	uint64_t bytes;
	int ret;

	if (line->words != 2)
		return line_bad(line,
				"locked-memory: one number is needed; write locked-memory BYTES");
	if (platform->locked_memory)
		return line_bad(line, "locked-memory is here twice");
	ret = line_address(line, line->word[1], &bytes);
	if (ret)
		return ret;
	if (!bytes)
		return line_bad(line, W ": the value can be 1 or more", line->word[1]);
	ioasid_platform_set_locked_memory(platform, bytes);
	return 0;
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
		{ "fail", platform_read_failure },
	};
	size_t i;

	if (!line->words)
		return 0;
	for (i = 0; i < bits_array_size(kinds); i++) {
		if (!strcmp(line->word[0], kinds[i].word))
			return kinds[i].read(line, platform);
	}
	return line_bad(line, "unknown word " W "; a line begins with iommu, device, reserved, "
			"pasid-pool, locked-memory or fail", line->word[0]);
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
		ret = line_take(&line, text, n);
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
