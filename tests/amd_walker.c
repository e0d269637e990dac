/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "amd_walker.h"

static uint64_t field(uint64_t entry, unsigned high, unsigned low)
{
	uint64_t value = 0;

	for (unsigned bit = high + 1; bit-- > low;)
		value = value * 2 + (entry >> bit) % 2;
	return value;
}

static uint64_t span(unsigned level)
{
	uint64_t bytes = 4096;

	while (level-- > 1)
		bytes *= 512;
	return bytes;
}

/* Next level 7: "the page size is determined by the first zero bit in the page address". */
static bool sized_page(unsigned level, unsigned index, uint64_t address,
		       struct amdw_judgement *j)
{
	uint64_t bytes = 8192;
	unsigned bit = 12;

	while (bit < 52 && field(address, bit, bit)) {
		bytes *= 2;
		bit++;
	}
	/* at least a page of the level, less than one of the next */
	if (bytes < span(level) || bytes >= span(level) * 512)
		return false;
	/* software repeats the entry for each page of the level that there is in it */
	j->address = address - address % bytes + index * span(level) % bytes;
	return true;
}

static struct amdw_judgement judge_host(const struct amdw_table *t, unsigned level, unsigned index,
					uint64_t entry)
{
	struct amdw_judgement j = { .kind = AMDW_ABSENT };
	uint64_t address = field(entry, 51, 12) * 4096;

	if (!field(entry, 0, 0)) /* PR */
		return j;
	j.next = (unsigned)field(entry, 11, 9);
	j.read = field(entry, 61, 61); /* IR */
	j.write = field(entry, 62, 62); /* IW */
	if (j.next == 0 || j.next == 7) {
		j.kind = AMDW_PAGE;
		j.address = address - address % span(level);
		if (field(entry, 58, 52)) /* above are U and FC */
			j.kind = AMDW_RESERVED;
		if (j.next == 7 && !sized_page(level, index, address, &j))
			j.kind = AMDW_RESERVED;
	} else {
		j.kind = j.next < level ? AMDW_TABLE : AMDW_RESERVED;
		j.address = address;
		if (field(entry, 60, 52))
			j.kind = AMDW_RESERVED;
	}
	if (t->pa_bits < 52 && address >> t->pa_bits)
		j.kind = AMDW_RESERVED;
	return j;
}

static struct amdw_judgement judge_guest(const struct amdw_table *t, unsigned level, uint64_t entry)
{
	struct amdw_judgement j = { .kind = AMDW_ABSENT, .next = level - 1 };
	bool ps = level > 1 && field(entry, 7, 7), rw = field(entry, 1, 1), us = field(entry, 2, 2);
	uint64_t address = field(entry, 51, 12) * 4096;

	if (!field(entry, 0, 0)) /* P */
		return j;
	j.kind = level == 1 || ps ? AMDW_PAGE : AMDW_TABLE;
	if (level >= 4 && field(entry, 8, 7)) /* MBZ */
		j.kind = AMDW_RESERVED;
	if (ps && field(entry, level == 2 ? 20 : 29, 13)) /* MBZ; bit 12 is PAT */
		j.kind = AMDW_RESERVED;
	if (t->pa_bits < 52 && address >> t->pa_bits)
		j.kind = AMDW_RESERVED;
	j.address = ps ? address - address % span(level) : address;
	if (t->supervisor) {
		j.read = true;
		j.write = rw || !t->write_protect;
	} else {
		j.read = us;
		j.write = us && rw;
	}
	return j;
}

struct amdw_judgement amdw_judge(const struct amdw_table *t, unsigned level, unsigned index,
				 uint64_t entry)
{
	return t->guest ? judge_guest(t, level, entry) : judge_host(t, level, index, entry);
}

uint64_t amdw_used(const struct amdw_table *t, bool page, bool write, uint64_t entry)
{
	const uint64_t a = (uint64_t)1 << 5, d = (uint64_t)1 << 6;

	if (t->guest || t->had != 0)
		entry |= a;
	if (page && write && (t->guest || t->had == 3))
		entry |= d;
	return entry;
}

bool amdw_is_input(const struct amdw_table *t, uint64_t va)
{
	uint64_t high = t->va_bits == 64 ? 0 : va >> t->va_bits;

	if (!t->guest)
		return high == 0;
	/* canonical: from the highest translated bit on all are the same */
	high = va >> (t->va_bits - 1);
	return high == 0 || high == UINT64_MAX >> (t->va_bits - 1);
}
