/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>
#include <ioasid/common.h>
#include <stdlib.h>
#include <string.h>

#include "guest_tables.h"

static unsigned int level_shift(unsigned int level)
{
	return 12 + 9 * (level - 1);
}

void gt_store(uint64_t *entry, uint64_t value)
{
	__atomic_store_n(entry, htole64(value), __ATOMIC_RELEASE);
}

uint64_t gt_load(const uint64_t *entry)
{
	return le64toh(__atomic_load_n(entry, __ATOMIC_RELAXED));
}

uint64_t gt_page(struct guest_table *t)
{
	uint64_t page = t->next;

	if (page >= t->end)
		abort(); /* the test gave too little room */
	t->next += 4096;
	memset(t->memory + (page - t->base), 0, 4096);
	return page;
}

void gt_init(struct guest_table *t, enum ioasid_pgtable_format format, uint32_t levels,
	     void *memory, uint64_t base, uint64_t first, uint64_t end)
{
	t->format = format;
	t->levels = levels;
	t->memory = memory;
	t->base = base;
	t->next = first;
	t->end = end;
	t->root = gt_page(t);
}

uint64_t *gt_slot(struct guest_table *t, uint64_t table, unsigned int index)
{
	return (uint64_t *)(void *)(t->memory + (table - t->base)) + index;
}

uint64_t gt_table_value(const struct guest_table *t, uint64_t table)
{
	if (t->format == IOASID_PGTABLE_VTD_FS)
		return table | FS_PRESENT | FS_WRITE | FS_USER;
	return table | SS_READ | SS_WRITE;
}

uint64_t gt_leaf_value(const struct guest_table *t, unsigned int level, uint64_t target,
		       uint32_t perm)
{
	uint64_t value = target;

	if (level > 1)
		value |= PT_PAGE_SIZE;
	if (t->format == IOASID_PGTABLE_VTD_FS) {
		/* There is no write-only page in this format. */
		return value | FS_PRESENT | FS_USER | (perm & IOASID_WRITE ? FS_WRITE : 0);
	}
	if (perm & IOASID_READ)
		value |= SS_READ;
	if (perm & IOASID_WRITE)
		value |= SS_WRITE;
	return value;
}

uint64_t *gt_entry(struct guest_table *t, uint64_t iova, unsigned int level)
{
	uint64_t table = t->root;
	unsigned int at;

	for (at = t->levels; at > level; at--) {
		uint64_t *entry = gt_slot(t, table, (iova >> level_shift(at)) & 511);

		if (!*entry)
			gt_store(entry, gt_table_value(t, gt_page(t)));
		table = gt_load(entry) & PT_ADDRESS;
	}
	return gt_slot(t, table, (iova >> level_shift(level)) & 511);
}

void gt_map(struct guest_table *t, uint64_t iova, uint64_t target, uint64_t length,
	    unsigned int level, uint32_t perm)
{
	uint64_t step = UINT64_C(1) << level_shift(level);
	uint64_t at;

	for (at = 0; at < length; at += step)
		gt_store(gt_entry(t, iova + at, level), gt_leaf_value(t, level, target + at, perm));
}

void gt_unmap(struct guest_table *t, uint64_t iova, uint64_t length, unsigned int level)
{
	uint64_t step = UINT64_C(1) << level_shift(level);
	uint64_t at;

	for (at = 0; at < length; at += step)
		gt_store(gt_entry(t, iova + at, level), 0);
}
