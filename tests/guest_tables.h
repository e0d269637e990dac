/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest's part: builds page tables in guest memory, as a guest's driver does. */
#ifndef TESTS_GUEST_TABLES_H
#define TESTS_GUEST_TABLES_H

#include <ioasid/pgtable.h>
#include <stdbool.h>
#include <stdint.h>

/* A word of memory that is loaded and stored as a whole, also on i386. */
typedef uint64_t whole_word __attribute__((aligned(8)));

/* Bits of entries: VT-d 4.1, 9.8 (second stage) and 9.7 (first stage). */
#define SS_READ	  UINT64_C(0x1)
#define SS_WRITE  UINT64_C(0x2)
#define FS_PRESENT UINT64_C(0x1)
#define FS_WRITE  UINT64_C(0x2)
#define FS_USER	  UINT64_C(0x4)
#define PT_PAGE_SIZE UINT64_C(0x80) /* a leaf above level 1 */

/* Arm ARM, D8.3 and D8.4: AArch64 stage 1. */
#define ARM_VALID  UINT64_C(0x1)
#define ARM_TABLE  UINT64_C(0x2) /* a table, or a page of 4K; else a block */
#define ARM_USER   UINT64_C(0x40)
#define ARM_READ_ONLY UINT64_C(0x80)
#define ARM_AF	   UINT64_C(0x400)
#define ARM_TABLE_NO_USER (UINT64_C(1) << 61)
#define ARM_TABLE_READ_ONLY (UINT64_C(1) << 62)

/* The same, stage 2. */
#define ARM_S2_READ  UINT64_C(0x40)
#define ARM_S2_WRITE UINT64_C(0x80)

/* AMD IOMMU specification, 48882, 2.2.3: host tables. */
#define AMD_PRESENT UINT64_C(0x1)
#define AMD_NEXT(level) ((uint64_t)(level) << 9)
#define AMD_READ    (UINT64_C(1) << 61)
#define AMD_WRITE   (UINT64_C(1) << 62)

/* RISC-V privileged architecture, Sv39. */
#define RISCV_V UINT64_C(0x1)
#define RISCV_R UINT64_C(0x2)
#define RISCV_W UINT64_C(0x4)
#define RISCV_U UINT64_C(0x10)
#define RISCV_A UINT64_C(0x40)
#define RISCV_D UINT64_C(0x80)

#define PT_ADDRESS UINT64_C(0x000ffffffffff000)

struct guest_table {
	enum ioasid_pgtable_format format;
	uint32_t levels;
	unsigned int granule; /* log2 of the smallest page, and of a table */
	bool wide; /* IOASID_PGTABLE_WIDE */
	uint64_t root; /* guest address of the root table */
	uint8_t *memory; /* what is at guest address @base */
	uint64_t base;
	uint64_t next; /* next free page for tables, a guest address */
	uint64_t end; /* first one that is not for tables */
};

/*
 * Tables come from the pages @first to @end (guest addresses) of the memory that begins at @base.
 */
void gt_init(struct guest_table *t, enum ioasid_pgtable_format format, uint32_t levels,
	     void *memory, uint64_t base, uint64_t first, uint64_t end);

/* The same of any description, whose root it sets; Arm's has input_bits. */
void gt_init_as(struct guest_table *t, struct ioasid_pgtable *pgtable, void *memory, uint64_t base,
		uint64_t first, uint64_t end);

/* Takes zeroed memory for a table; its guest address. */
uint64_t gt_page(struct guest_table *t);

/* What an entry of a table of @level covers. */
uint64_t gt_span(const struct guest_table *t, unsigned int level);

/* Entry @index of the table at a guest address. */
uint64_t *gt_slot(struct guest_table *t, uint64_t table, unsigned int index);

/* The entry for @iova at @level, making tables above it if need be. */
uint64_t *gt_entry(struct guest_table *t, uint64_t iova, unsigned int level);

/* The value of an entry at @level that refers to a table of the next, or maps a page. */
uint64_t gt_table_at(const struct guest_table *t, unsigned int level, uint64_t table);
/* The same where entries do not depend on the level: not AMD_V1, nor RISC-V's. */
uint64_t gt_table_value(const struct guest_table *t, uint64_t table);
uint64_t gt_leaf_value(const struct guest_table *t, unsigned int level, uint64_t target,
		       uint32_t perm);

/* The table or page that an entry leads to. */
uint64_t gt_address(const struct guest_table *t, uint64_t value);

/* Do addresses repeat their highest bit? */
bool gt_is_signed(const struct guest_table *t);

/* Do references to tables have permissions? */
bool gt_has_table_permissions(const struct guest_table *t);

/* The access flag that leaves need; 0: none. */
uint64_t gt_accessed(const struct guest_table *t);

/* Are there pages that can be written but not read? */
bool gt_has_write_only(const struct guest_table *t);

/* The value of an entry at @level, without a permission; without IOASID_READ it has none. */
uint64_t gt_deny(const struct guest_table *t, unsigned int level, uint64_t value, uint32_t perm);

/* Does this entry, which is present, map a page? */
bool gt_is_leaf(const struct guest_table *t, unsigned int level, uint64_t value);

/* Maps pages of the size of @level: with 4 KiB ones 2 is 2 MiB, 3 is 1 GiB. */
void gt_map(struct guest_table *t, uint64_t iova, uint64_t target, uint64_t length,
	    unsigned int level, uint32_t perm);
void gt_unmap(struct guest_table *t, uint64_t iova, uint64_t length, unsigned int level);

/* Entries are little-endian (VT-d 4.1, 9). A walker on another thread sees a store whole. */
void gt_store(uint64_t *entry, uint64_t value);
uint64_t gt_load(const uint64_t *entry);

#endif
