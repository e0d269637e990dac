/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A slow and obvious walker of RISC-V's Sv39, Sv48 and Sv57 tables, and of those of its second
 * stage: the referee of random tests. It shares nothing with the library; it goes by "Virtual
 * Address Translation Process", "Guest Physical Address Translation" and the PTE figures of the
 * privileged architecture, and counts levels as these do: the last one is 0.
 */
#ifndef TESTS_RISCV_WALKER_H
#define TESTS_RISCV_WALKER_H

#include <stdbool.h>
#include <stdint.h>

struct riscvw_table {
	int levels; /* 3, 4, 5 */
	unsigned pa_bits; /* width of physical addresses */
	uint64_t root;
	bool second; /* the second stage: Sv39x4, Sv48x4, Sv57x4 */
	bool supervisor;
	bool sum; /* supervisors may use a user's pages */
	bool adue; /* hardware updates A and D (Svadu) */
	bool ignore; /* or does not look at them */
	bool rsw; /* bits 60 and 59 are software's (Svrsw60t59b) */
	bool pbmt; /* leaves have memory types (Svpbmt) */
};

enum riscvw_entry {
	RISCVW_INVALID, /* V is clear */
	RISCVW_POINTER,
	RISCVW_LEAF,
	RISCVW_RESERVED, /* a page fault for what is reserved, or beyond the address width */
	RISCVW_NOT_ACCESSED, /* A is clear */
};

struct riscvw_judgement {
	enum riscvw_entry kind;
	uint64_t address; /* of the table, or of the part of the page that the entry is for */
	bool read, write;
};

/* Entry number @index of a table at @level. */
struct riscvw_judgement riscvw_judge(const struct riscvw_table *t, int level, unsigned index,
				     uint64_t pte);

/* What a PTE has become when it was used, a leaf or not, for a write or a read. */
uint64_t riscvw_used(const struct riscvw_table *t, bool leaf, bool write, uint64_t pte);

/* Which entry of a table at @level an address belongs to. */
unsigned riscvw_index(const struct riscvw_table *t, int level, uint64_t va);

bool riscvw_is_input(const struct riscvw_table *t, uint64_t va);

#endif
