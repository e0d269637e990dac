/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>
#include <ioasid/common.h>
#include <stdlib.h>
#include <string.h>

#include "guest_tables.h"

static unsigned int level_shift(const struct guest_table *t, unsigned int level)
{
	return t->granule + (t->granule - 3) * (level - 1);
}

uint64_t gt_span(const struct guest_table *t, unsigned int level)
{
	return UINT64_C(1) << level_shift(t, level);
}

static bool is_riscv(const struct guest_table *t)
{
	return t->format == IOASID_PGTABLE_RISCV || t->format == IOASID_PGTABLE_RISCV_S2;
}

/* These root tables have all the bits above; those of others repeat the highest. */
static unsigned int index_of(const struct guest_table *t, unsigned int level, uint64_t iova)
{
	bool all = t->format == IOASID_PGTABLE_ARM_S1 || t->format == IOASID_PGTABLE_ARM_S2 ||
		   t->format == IOASID_PGTABLE_RISCV_S2;
	uint64_t index = iova >> level_shift(t, level);

	return (unsigned int)(all && level == t->levels ? index :
							  index & ((1u << (t->granule - 3)) - 1));
}

void gt_store(uint64_t *entry, uint64_t value)
{
	__atomic_store_n((whole_word *)entry, htole64(value), __ATOMIC_RELEASE);
}

uint64_t gt_load(const uint64_t *entry)
{
	return le64toh(__atomic_load_n((const whole_word *)entry, __ATOMIC_RELAXED));
}

static uint64_t take(struct guest_table *t, uint64_t size)
{
	uint64_t table = (t->next + size - 1) & ~(size - 1);

	if (table >= t->end || size > t->end - table)
		abort(); /* the test gave too little room */
	t->next = table + size;
	memset(t->memory + (table - t->base), 0, (size_t)size);
	return table;
}

uint64_t gt_page(struct guest_table *t)
{
	return take(t, UINT64_C(1) << t->granule);
}

void gt_init_as(struct guest_table *t, struct ioasid_pgtable *pgtable, void *memory, uint64_t base,
		uint64_t first, uint64_t end)
{
	t->format = pgtable->format;
	t->levels = pgtable->levels;
	t->granule = pgtable->granule_bits ? pgtable->granule_bits : 12;
	t->wide = pgtable->flags & IOASID_PGTABLE_WIDE;
	t->memory = memory;
	t->base = base;
	t->next = first;
	t->end = end;
	if (pgtable->format == IOASID_PGTABLE_ARM_S1 || pgtable->format == IOASID_PGTABLE_ARM_S2)
		t->root = take(t, UINT64_C(8) << (pgtable->input_bits - level_shift(t, t->levels)));
	else if (pgtable->format == IOASID_PGTABLE_RISCV_S2)
		t->root = take(t, 16384);
	else
		t->root = gt_page(t);
	pgtable->root = t->root;
}

void gt_init(struct guest_table *t, enum ioasid_pgtable_format format, uint32_t levels,
	     void *memory, uint64_t base, uint64_t first, uint64_t end)
{
	struct ioasid_pgtable pgtable = { .format = format, .levels = levels };

	pgtable.input_bits = 12 + 9 * levels;
	gt_init_as(t, &pgtable, memory, base, first, end);
}

/* Arm ARM D8.3.1: an address as it stands in a descriptor. */
static uint64_t arm_address(const struct guest_table *t, uint64_t address)
{
	if (!t->wide)
		return address;
	if (t->granule == 16)
		return (address & ~(UINT64_C(0xf) << 48)) | (address >> 48 & 0xf) << 12;
	return (address & ~(UINT64_C(3) << 50)) | (address >> 50 & 3) << 8;
}

uint64_t *gt_slot(struct guest_table *t, uint64_t table, unsigned int index)
{
	return (uint64_t *)(void *)(t->memory + (table - t->base)) + index;
}

uint64_t gt_table_at(const struct guest_table *t, unsigned int level, uint64_t table)
{
	switch (t->format) {
	case IOASID_PGTABLE_VTD_SS:
		return table | SS_READ | SS_WRITE;
	case IOASID_PGTABLE_VTD_FS:
	case IOASID_PGTABLE_AMD_V2:
		return table | FS_PRESENT | FS_WRITE | FS_USER;
	case IOASID_PGTABLE_ARM_S1:
	case IOASID_PGTABLE_ARM_S2:
		/* what makes it a page in a table of pages is ignored elsewhere */
		return arm_address(t, table) | ARM_VALID | ARM_TABLE | ARM_AF | ARM_USER;
	case IOASID_PGTABLE_AMD_V1:
		return table | AMD_PRESENT | AMD_READ | AMD_WRITE | AMD_NEXT(level - 1);
	case IOASID_PGTABLE_RISCV:
	case IOASID_PGTABLE_RISCV_S2:
		return table >> 2 | RISCV_V;
	}
	abort();
}

uint64_t gt_table_value(const struct guest_table *t, uint64_t table)
{
	if (t->format == IOASID_PGTABLE_AMD_V1 || is_riscv(t))
		abort();
	return gt_table_at(t, 2, table);
}

uint64_t gt_leaf_value(const struct guest_table *t, unsigned int level, uint64_t target,
		       uint32_t perm)
{
	bool read = perm & IOASID_READ, write = perm & IOASID_WRITE;

	switch (t->format) {
	case IOASID_PGTABLE_VTD_SS:
		return target | (level > 1 ? PT_PAGE_SIZE : 0) | (read ? SS_READ : 0) |
		       (write ? SS_WRITE : 0);
	case IOASID_PGTABLE_VTD_FS:
	case IOASID_PGTABLE_AMD_V2:
		return target | (level > 1 ? PT_PAGE_SIZE : 0) | FS_PRESENT | FS_USER |
		       (write ? FS_WRITE : 0);
	case IOASID_PGTABLE_ARM_S1:
		return arm_address(t, target) | (level > 1 ? 0 : ARM_TABLE) | ARM_VALID | ARM_AF |
		       ARM_USER | (write ? 0 : ARM_READ_ONLY);
	case IOASID_PGTABLE_ARM_S2:
		return arm_address(t, target) | (level > 1 ? 0 : ARM_TABLE) | ARM_VALID | ARM_AF |
		       (read ? ARM_S2_READ : 0) | (write ? ARM_S2_WRITE : 0);
	case IOASID_PGTABLE_AMD_V1:
		return target | AMD_PRESENT | (read ? AMD_READ : 0) | (write ? AMD_WRITE : 0);
	case IOASID_PGTABLE_RISCV:
	case IOASID_PGTABLE_RISCV_S2:
		return target >> 2 | RISCV_V | RISCV_R | RISCV_U | RISCV_A | RISCV_D |
		       (write ? RISCV_W : 0);
	}
	abort();
}

uint64_t gt_address(const struct guest_table *t, uint64_t value)
{
	if (is_riscv(t))
		return value << 10 >> 20 << 12;
	if (t->wide && t->granule == 16)
		return (value & PT_ADDRESS & ~UINT64_C(0xf00000000f000)) | (value >> 12 & 0xf)
										   << 48;
	if (t->wide)
		return (value & PT_ADDRESS & ~(UINT64_C(3) << 50)) | (value >> 8 & 3) << 50;
	return value & PT_ADDRESS;
}

bool gt_is_signed(const struct guest_table *t)
{
	return t->format == IOASID_PGTABLE_VTD_FS || t->format == IOASID_PGTABLE_AMD_V2 ||
	       t->format == IOASID_PGTABLE_RISCV;
}

bool gt_has_table_permissions(const struct guest_table *t)
{
	return t->format != IOASID_PGTABLE_ARM_S2 && !is_riscv(t);
}

uint64_t gt_accessed(const struct guest_table *t)
{
	switch (t->format) {
	case IOASID_PGTABLE_ARM_S1:
	case IOASID_PGTABLE_ARM_S2:
		return ARM_AF;
	case IOASID_PGTABLE_RISCV:
	case IOASID_PGTABLE_RISCV_S2:
		return RISCV_A;
	default:
		return 0;
	}
}

bool gt_has_write_only(const struct guest_table *t)
{
	return t->format == IOASID_PGTABLE_VTD_SS || t->format == IOASID_PGTABLE_ARM_S2 ||
	       t->format == IOASID_PGTABLE_AMD_V1;
}

uint64_t gt_deny(const struct guest_table *t, unsigned int level, uint64_t value, uint32_t perm)
{
	bool leaf = gt_is_leaf(t, level, value), read = perm & IOASID_READ;

	if (!leaf && !gt_has_table_permissions(t))
		abort();
	switch (t->format) {
	case IOASID_PGTABLE_VTD_SS:
		return value & ~(read ? SS_READ : SS_WRITE);
	case IOASID_PGTABLE_VTD_FS:
	case IOASID_PGTABLE_AMD_V2:
		return value & ~(read ? FS_USER : FS_WRITE);
	case IOASID_PGTABLE_ARM_S1:
		if (leaf)
			return read ? value & ~ARM_USER : value | ARM_READ_ONLY;
		return value | (read ? ARM_TABLE_NO_USER : ARM_TABLE_READ_ONLY);
	case IOASID_PGTABLE_ARM_S2:
		return value & ~(read ? ARM_S2_READ : ARM_S2_WRITE);
	case IOASID_PGTABLE_AMD_V1:
		return value & ~(read ? AMD_READ : AMD_WRITE);
	case IOASID_PGTABLE_RISCV:
	case IOASID_PGTABLE_RISCV_S2:
		return value & ~(read ? RISCV_U : RISCV_W);
	}
	abort();
}

bool gt_is_leaf(const struct guest_table *t, unsigned int level, uint64_t value)
{
	switch (t->format) {
	case IOASID_PGTABLE_ARM_S1:
	case IOASID_PGTABLE_ARM_S2:
		return level == 1 || !(value & ARM_TABLE);
	case IOASID_PGTABLE_AMD_V1:
		return !(value & AMD_NEXT(7)) || (value & AMD_NEXT(7)) == AMD_NEXT(7);
	case IOASID_PGTABLE_RISCV:
	case IOASID_PGTABLE_RISCV_S2:
		return value & (RISCV_R | RISCV_W);
	default:
		return level == 1 || value & PT_PAGE_SIZE;
	}
}

uint64_t *gt_entry(struct guest_table *t, uint64_t iova, unsigned int level)
{
	uint64_t table = t->root;
	unsigned int at;

	for (at = t->levels; at > level; at--) {
		uint64_t *entry = gt_slot(t, table, index_of(t, at, iova));

		if (!gt_load(entry))
			gt_store(entry, gt_table_at(t, at, gt_page(t)));
		table = gt_address(t, gt_load(entry));
	}
	return gt_slot(t, table, index_of(t, level, iova));
}

void gt_map(struct guest_table *t, uint64_t iova, uint64_t target, uint64_t length,
	    unsigned int level, uint32_t perm)
{
	uint64_t step = gt_span(t, level);
	uint64_t at;

	for (at = 0; at < length; at += step)
		gt_store(gt_entry(t, iova + at, level), gt_leaf_value(t, level, target + at, perm));
}

void gt_unmap(struct guest_table *t, uint64_t iova, uint64_t length, unsigned int level)
{
	uint64_t step = gt_span(t, level);
	uint64_t at;

	for (at = 0; at < length; at += step)
		gt_store(gt_entry(t, iova + at, level), 0);
}
