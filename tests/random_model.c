/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "random_world.h"

#define ADDRESS_BITS 40 /* of the guests' entries */

const char *space_name(int s)
{
	static const char *const names[SPACES] = { "ROOT", "TABLE1", "MAP2", "MAP1", "TABLE2",
						   "OTHER" };

	return names[s];
}

void differs(struct world *w, const char *format, ...)
{
	va_list args;

	if (w->failure[0])
		return;
	va_start(args, format);
	vsnprintf(w->failure, sizeof(w->failure), format, args);
	va_end(args);
}

void arm(struct world *w, uint64_t draw)
{
	if (!w->fail_nth)
		return;
	w->armed = true;
	w->fail_nth(1 + (unsigned int)(draw % 12));
}

void disarm(struct world *w)
{
	if (w->fail_nth)
		w->fail_nth(0);
}

bool follows(struct world *w, int got, int want, const char *call)
{
	bool armed = w->armed;

	disarm(w);
	w->armed = false;
	traces(w, "%s = %d", call, got);
	if (armed && got == -ENOMEM)
		return false;
	if (got != want)
		differs(w, "%s is %d, expected %d: %s", call, got, want, ioasid_errmsg());
	return got == 0;
}

void traces(struct world *w, const char *format, ...)
{
	va_list args;

	if (!w->trace)
		return;
	va_start(args, format);
	vfprintf(w->trace, format, args);
	va_end(args);
	fputc('\n', w->trace);
}

struct model_mapping *model_find(struct model_space *m, uint64_t page)
{
	size_t i;

	for (i = 0; i < m->mappings; i++)
		if (page >= m->mapping[i].start &&
		    page - m->mapping[i].start < m->mapping[i].length)
			return &m->mapping[i];
	return NULL;
}

bool model_overlaps(struct model_space *m, uint64_t start, uint64_t length)
{
	size_t i;

	for (i = 0; i < m->mappings; i++)
		if (start < m->mapping[i].start + m->mapping[i].length &&
		    m->mapping[i].start < start + length)
			return true;
	return false;
}

void model_add(struct world *w, int s, const struct model_mapping *mapping)
{
	struct model_space *m = &w->at[s];

	if (m->mappings == MAX_MAPPINGS)
		differs(w, "the model's list of mappings is full");
	else
		m->mapping[m->mappings++] = *mapping;
	/* What is mapped is clean. */
	if (s == ROOT && mapping->start < DIRTY_PAGES)
		memset(&w->dirty[mapping->start], 0, (size_t)mapping->length);
}

void model_remove(struct model_space *m, uint64_t start, uint64_t length)
{
	size_t i = 0;

	while (i < m->mappings) {
		if (m->mapping[i].start >= start &&
		    m->mapping[i].start + m->mapping[i].length <= start + length)
			m->mapping[i] = m->mapping[--m->mappings];
		else
			i++;
	}
}

bool model_reserved(struct world *w, int s, uint64_t start, uint64_t length)
{
	if (start + length > UINT64_C(1) << (48 - 12))
		return true;
	return w->guest_in == s && start < 104 && start + length > 100;
}

/* What an entry says: leads to a table, is a leaf, or ends the walk. */
enum { ENDS, IS_TABLE, IS_LEAF };

static int judge(const struct model_space *m, unsigned int level, uint64_t entry, uint32_t *perm)
{
	bool first_stage = m->format.format == IOASID_PGTABLE_VTD_FS;
	bool leaf = level == 1 || entry & PT_PAGE_SIZE;
	uint64_t offset = (UINT64_C(1) << (9 * (level - 1))) - 1;

	if (first_stage ? !(entry & FS_PRESENT) : !(entry & (SS_READ | SS_WRITE)))
		return ENDS;
	if (entry >> ADDRESS_BITS & ((1u << (52 - ADDRESS_BITS)) - 1))
		return ENDS;
	if (leaf && level > 3)
		return ENDS;
	/* Bit 12 of a first-stage superpage is PAT, not address (9.7). */
	if (first_stage && level > 1)
		offset &= ~UINT64_C(1);
	if (leaf && (entry & PT_ADDRESS) >> 12 & offset)
		return ENDS;
	if (first_stage)
		*perm &= !(entry & FS_USER) ? 0 : entry & FS_WRITE ? RW : IOASID_READ;
	else
		*perm &= (uint32_t)(entry & (SS_READ | SS_WRITE));
	return leaf ? IS_LEAF : IS_TABLE;
}

/* Walks the table of @s; the entries read go into @read, one a level. */
static uint64_t walk(struct world *w, int s, uint64_t page, uint32_t *perm, const uint64_t **read)
{
	struct model_space *m = &w->at[s];
	uint64_t table = m->table_root;
	unsigned int level;

	*perm = RW;
	for (level = m->format.levels; m->bound && level >= 1; level--) {
		unsigned int shift = 9 * (level - 1);
		uint32_t readable;
		uint64_t memory = model_memory(w, m->parent, table, &readable);
		const uint64_t *entry;
		int what;

		if (memory == NOWHERE || !(readable & IOASID_READ))
			return NOWHERE;
		entry = (uint64_t *)(void *)(w->memory + memory * PAGE) + (page >> shift & 511);
		read[level] = entry;
		what = judge(m, level, gt_load(entry), perm);
		if (what == ENDS)
			return NOWHERE;
		table = (gt_load(entry) & PT_ADDRESS) >> 12;
		if (what == IS_LEAF)
			return (table & ~((UINT64_C(1) << shift) - 1)) |
			       (page & ((UINT64_C(1) << shift) - 1));
	}
	return NOWHERE;
}

unsigned int model_reads(struct world *w, int s, uint64_t page, const uint64_t *entry)
{
	const uint64_t *read[6] = { NULL };
	unsigned int level;
	uint32_t perm;

	walk(w, s, page, &perm, read);
	for (level = 1; level <= 5; level++)
		if (read[level] == entry)
			return level;
	return 0;
}

uint64_t model_target(struct world *w, int s, uint64_t page, uint32_t *perm)
{
	const uint64_t *read[6];
	struct model_mapping *mapping;

	if (w->at[s].is_table)
		return walk(w, s, page, perm, read);
	mapping = model_find(&w->at[s], page);
	if (!mapping)
		return NOWHERE;
	*perm = mapping->perm;
	return mapping->target + (page - mapping->start);
}

uint64_t model_memory(struct world *w, int s, uint64_t page, uint32_t *perm)
{
	uint64_t target = model_target(w, s, page, perm);
	uint32_t below;

	if (target == NOWHERE || w->at[s].parent < 0)
		return target;
	target = model_memory(w, w->at[s].parent, target, &below);
	if (target != NOWHERE)
		*perm &= below;
	return target;
}
