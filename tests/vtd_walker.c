/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vtd_walker.h"

/* What a bit of an entry is for. */
enum purpose {
	IGNORED,
	RESERVED,
	ADDRESS,
};

static bool has_bit(uint64_t value, unsigned bit)
{
	return (value >> bit) % 2 == 1;
}

uint64_t vtdw_span(unsigned level)
{
	uint64_t span = 4096;

	while (level-- > 1)
		span *= 512;
	return span;
}

/* The lowest address bit of a page that an entry of @level maps. */
static unsigned page_bit(unsigned level)
{
	return level == 1 ? 12 : level == 2 ? 21 : 30;
}

/* 9.8, the rows of the figure, from bit 63 down. */
static enum purpose second_stage_purpose(const struct vtdw_table *t, unsigned level, bool page,
					 unsigned bit)
{
	if (bit == 63)
		return IGNORED;
	if (bit == 62)
		return RESERVED;
	if (bit >= 52)
		return IGNORED;
	if (bit >= t->haw)
		return RESERVED;
	if (bit >= 12)
		return !page || bit >= page_bit(level) ? ADDRESS : RESERVED;
	if (bit == 11)
		return page && t->snoop_control ? IGNORED : RESERVED; /* SNP */
	if (bit == 7) /* PS, in those that have it; ignored in a 4K leaf */
		return page ? IGNORED : RESERVED;
	return IGNORED; /* R, W, memory type, A, D, and those ignored */
}

/* 9.7, likewise. */
static enum purpose first_stage_purpose(const struct vtdw_table *t, unsigned level, bool page,
					unsigned bit)
{
	if (bit >= 52)
		return IGNORED;
	if (bit >= t->haw)
		return RESERVED;
	if (bit == 12 && page && level > 1)
		return IGNORED; /* PAT */
	if (bit >= 12)
		return !page || bit >= page_bit(level) ? ADDRESS : RESERVED;
	if (bit == 7) /* PS, or PAT in a 4K leaf */
		return page ? IGNORED : RESERVED;
	return IGNORED; /* P, R/W, U/S, PWT, PCD, A, D, G, EA, and those ignored */
}

/* Can a table of this level hold pages, if bit 7 says so? (3.6, 3.7) */
static bool may_hold_pages(const struct vtdw_table *t, unsigned level)
{
	if (level == 2)
		return t->first_stage || t->page_2m;
	if (level == 3)
		return t->page_1g;
	return level == 1;
}

static bool is_present(const struct vtdw_table *t, uint64_t entry)
{
	if (t->first_stage)
		return has_bit(entry, 0); /* P */
	return has_bit(entry, 0) || has_bit(entry, 1); /* R or W */
}

/* 3.6.1, 3.7.1 */
static void permissions(const struct vtdw_table *t, uint64_t entry, struct vtdw_judgement *j)
{
	if (!t->first_stage) {
		j->read = has_bit(entry, 0);
		j->write = has_bit(entry, 1);
	} else if (t->supervisor) {
		j->read = true;
		j->write = !t->write_protect || has_bit(entry, 1);
	} else {
		j->read = has_bit(entry, 2);
		j->write = has_bit(entry, 2) && has_bit(entry, 1);
	}
}

struct vtdw_judgement vtdw_judge(const struct vtdw_table *t, unsigned level, uint64_t entry)
{
	struct vtdw_judgement j = { .kind = VTDW_ENTRY_ABSENT };
	bool page = level == 1 || (may_hold_pages(t, level) && has_bit(entry, 7));

	if (!is_present(t, entry))
		return j;
	j.kind = page ? VTDW_ENTRY_PAGE : VTDW_ENTRY_TABLE;
	for (unsigned bit = 0; bit < 64; bit++) {
		enum purpose purpose = t->first_stage ? first_stage_purpose(t, level, page, bit) :
							second_stage_purpose(t, level, page, bit);

		if (!has_bit(entry, bit))
			continue;
		if (purpose == RESERVED)
			j.kind = VTDW_ENTRY_MALFORMED;
		if (purpose == ADDRESS)
			j.address += (uint64_t)1 << bit;
	}
	permissions(t, entry, &j);
	return j;
}

uint64_t vtdw_used(const struct vtdw_table *t, bool page, bool write, uint64_t entry)
{
	unsigned accessed = t->first_stage ? 5 : 8, dirty = t->first_stage ? 6 : 9;

	if (!t->first_stage && !t->ssade)
		return entry;
	entry |= (uint64_t)1 << accessed;
	if (t->first_stage && t->eafe)
		entry |= (uint64_t)1 << 10;
	if (page && write)
		entry |= (uint64_t)1 << dirty;
	return entry;
}

/* 3.6: the upper bits repeat the highest one that is translated; 3.7: they are zero. */
static bool input_is_valid(const struct vtdw_table *t, uint64_t iova)
{
	unsigned width = 12 + 9 * t->levels;

	if (!t->first_stage && t->mgaw && t->mgaw < width)
		width = t->mgaw;
	for (unsigned bit = width; bit < 64; bit++)
		if (has_bit(iova, bit) != (t->first_stage && has_bit(iova, width - 1)))
			return false;
	return true;
}

struct vtdw_result vtdw_walk(const struct vtdw_table *t, uint64_t iova, vtdw_read read,
			     void *opaque)
{
	struct vtdw_result r = {
		.fault = VTDW_OK, .level = t->levels, .read = true, .write = true
	};
	uint64_t table = t->root;

	if (!input_is_valid(t, iova)) {
		r.fault = VTDW_INPUT;
		return r;
	}
	for (r.level = t->levels; r.level >= 1; r.level--) {
		uint64_t index = iova / vtdw_span(r.level) % 512, entry;
		struct vtdw_judgement j;

		if (read(opaque, table + 8 * index, &entry)) {
			r.fault = VTDW_ACCESS;
			return r;
		}
		j = vtdw_judge(t, r.level, entry);
		if (j.kind == VTDW_ENTRY_ABSENT || j.kind == VTDW_ENTRY_MALFORMED) {
			r.fault = j.kind == VTDW_ENTRY_ABSENT ? VTDW_ABSENT : VTDW_MALFORMED;
			return r;
		}
		r.read = r.read && j.read;
		r.write = r.write && j.write;
		if (j.kind == VTDW_ENTRY_PAGE) {
			r.bytes = vtdw_span(r.level);
			r.gpa = j.address + iova % r.bytes;
			return r;
		}
		table = j.address;
	}
	return r;
}

struct visit {
	const struct vtdw_table *t;
	vtdw_read read;
	void *read_opaque;
	vtdw_page page;
	void *page_opaque;
};

static void visit_table(const struct visit *v, unsigned level, uint64_t table, uint64_t iova,
			bool can_read, bool can_write)
{
	for (uint64_t i = 0; i < 512; i++) {
		struct vtdw_judgement j;
		uint64_t entry, at = iova + i * vtdw_span(level);
		bool r, w;

		if (v->t->first_stage && level == v->t->levels && i >= 256)
			at |= ~(uint64_t)0 << (12 + 9 * level); /* the upper half */
		if (!input_is_valid(v->t, at) || v->read(v->read_opaque, table + 8 * i, &entry))
			continue;
		j = vtdw_judge(v->t, level, entry);
		r = can_read && j.read;
		w = can_write && j.write;
		if (j.kind == VTDW_ENTRY_TABLE)
			visit_table(v, level - 1, j.address, at, r, w);
		else if (j.kind == VTDW_ENTRY_PAGE && (r || w))
			v->page(v->page_opaque, at, j.address, vtdw_span(level), r, w);
	}
}

void vtdw_each_page(const struct vtdw_table *t, vtdw_read read, void *read_opaque, vtdw_page page,
		    void *page_opaque)
{
	struct visit v = { t, read, read_opaque, page, page_opaque };

	visit_table(&v, t->levels, t->root, 0, true, true);
}
